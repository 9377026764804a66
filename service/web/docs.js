// Draws the page from the contract and lets a reader try each call. Text only ever becomes text nodes.
const VERBS = ["get", "post", "put", "delete"];
const RAW = "raw bytes";
const base = new URL(".", document.baseURI);
let contract;

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, run] of Object.entries(value)) node.addEventListener(event, run);
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** What a $ref leads to, with what stands beside it. */
function resolve(node) {
  if (!node?.$ref) return node;
  const { $ref, ...beside } = node;
  return { ...resolve($ref.slice(2).split("/").reduce((at, part) => at[part], contract)), ...beside };
}

/** `code` and **bold** of a line; everything else as it stands. */
function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).filter(Boolean).map((part) => {
    if (part.startsWith("`")) return make("code", {}, part.slice(1, -1));
    if (part.startsWith("**")) return make("b", {}, part.slice(2, -2));
    return part;
  });
}

const prose = (text = "") => text.trim().split(/\n\s*\n/).map((paragraph) => make("p", {}, ...inline(paragraph.replaceAll("\n", " "))));
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const pretty = (value) => JSON.stringify(value, null, 2);

function operations() {
  const all = [];
  for (const [path, item] of Object.entries({ ...contract.paths, ...contract["x-own-routes"] })) {
    for (const verb of VERBS.filter((name) => item[name])) {
      const operation = item[verb];
      const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(resolve);
      all.push({ path, verb, operation, parameters, slug: operation["x-action"] });
    }
  }
  return all;
}

// --- inputs ---

function bounds(schema) {
  const words = [];
  if (schema.enum) words.push(schema.enum.join(" | "));
  if (schema.minimum !== undefined) words.push(`${schema.minimum} … ${schema.maximum}`);
  if (schema.maxLength !== undefined) words.push(`${schema.minLength ?? 0} … ${schema.maxLength} characters`);
  if (schema.maxItems !== undefined) words.push(`${schema.minItems ?? 0} … ${schema.maxItems} entries`);
  if (schema.items && resolve(schema.items).enum) words.push(`of ${resolve(schema.items).enum.join(", ")}`);
  if (schema["x-default"] !== undefined) words.push(`default ${schema["x-default"]}`);
  return words.join(" · ");
}

function inputRow(name, schema, required, description, place) {
  const type = Array.isArray(schema.type) ? schema.type.join(" or ") : schema.type ?? "bytes";
  return make("div", {},
    make("dt", {}, make("b", {}, name), make("span", {}, type), place ? make("span", {}, place) : null,
      required ? make("span", { class: "must" }, "required") : null),
    make("dd", {}, ...prose(description ?? schema.description), bounds(schema) ? make("p", {}, bounds(schema)) : null));
}

function bodySchema(operation) {
  const content = operation.requestBody?.content ?? {};
  return content["application/json"] ? resolve(content["application/json"].schema) : null;
}

function inputs({ operation, parameters }) {
  const schema = bodySchema(operation);
  const named = new Set(Object.keys(schema?.properties ?? {}));
  const row = (p) => inputRow(p.name, resolve(p.schema), p.required, p.description, `in ${p.in}`);
  const rows = [
    ...parameters.filter((p) => p.in === "path").map(row),
    ...Object.entries(schema?.properties ?? {}).map(([name, part]) =>
      inputRow(name, resolve(part), schema.required?.includes(name), part.description, null)),
    ...parameters.filter((p) => p.in === "query" && !named.has(p.name)).map(row),
    ...parameters.filter((p) => p.in === "header").map(row),
  ];
  return rows.length ? [make("h4", {}, "Inputs"), make("dl", { class: "inputs" }, ...rows)] : [];
}

function problems(operation) {
  const codes = operation["x-problem-codes"] ?? [];
  if (!codes.length) return [];
  return [make("h4", {}, "Problems of this call"),
    make("ul", { class: "chips" }, ...codes.map((code) => make("li", {}, make("a", { href: `#code-${code}` }, code))))];
}

// --- examples ---

function copyable(text) {
  const code = make("code", {}, text);
  const button = make("button", { type: "button", on: { click: async () => {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  } } }, "Copy");
  return { box: make("div", { class: "example" }, make("pre", { tabindex: "0" }, code), button), code };
}

function answers(operation) {
  const parts = [];
  for (const [status, answer] of Object.entries(operation.responses).filter(([code]) => code.startsWith("2"))) {
    const examples = answer.content?.["application/json"]?.examples ?? {};
    for (const example of Object.values(examples)) {
      parts.push(make("h4", {}, `${status} · ${example.summary}`), copyable(pretty(example.value)).box);
    }
  }
  return parts;
}

// --- try it ---

function field(name, schema, value = "") {
  const choices = schema.enum ?? (schema.type === "boolean" ? ["true", "false"] : null);
  const control = choices
    ? make("select", { name }, make("option", { value: "" }, "–"), ...choices.map((choice) => make("option", { value: choice }, choice)))
    : make("input", { name, value, autocomplete: "off", type: schema.type === "integer" ? "number" : "text" });
  return { label: make("label", {}, make("span", {}, name), control), control, name };
}

function headersOf({ parameters }) {
  return parameters.filter((p) => p.in === "header").map((p) => field(p.name, { type: "string" }));
}

function bodyFields(operation) {
  const content = operation.requestBody?.content;
  if (!content) return null;
  const raw = Object.keys(content).filter((type) => type.startsWith("video/") || type === "application/octet-stream");
  const json = content["application/json"];
  const example = json ? pretty(Object.values(json.examples)[0].value) : "";
  const kind = make("select", { name: "body as" }, json ? make("option", {}, "application/json") : null,
    raw.length ? make("option", {}, RAW) : null);
  const text = make("textarea", { name: "body", spellcheck: "false" });
  text.value = example;
  const file = make("input", { type: "file", name: "file" });
  const rows = [make("label", {}, make("span", {}, "body as"), kind), make("label", {}, make("span", {}, "body"), text),
    make("label", {}, make("span", {}, "file"), file)];
  const show = () => { rows[1].hidden = kind.value === RAW; rows[2].hidden = kind.value !== RAW; };
  kind.addEventListener("change", show);
  show();
  rows[0].hidden = kind.options.length < 2;
  return { rows, kind, text, file };
}

/** What the form would send, as a URL, headers and a body. */
function request(shape, form) {
  let path = shape.path.slice(1);
  const query = new URLSearchParams();
  const raw = form.body && form.body.kind.value === RAW;
  for (const { name, control, where } of form.fields) {
    if (where === "path") path = path.replace(`{${name}}`, control.value ? encodeURIComponent(control.value) : `{${name}}`);
    else if (control.value && (raw || !form.alsoInBody.has(name))) query.set(name, control.value);
  }
  const headers = new Map();
  const key = document.getElementById("key").value.trim();
  if (key && shape.operation.security === undefined) headers.set("Authorization", `Bearer ${key}`);
  for (const { name, control } of form.headers) if (control.value) headers.set(name, control.value);
  const chosen = form.body?.file.files[0];
  if (form.body) headers.set("Content-Type", raw ? chosen?.type || "video/mp4" : "application/json");
  const url = new URL(path.replaceAll("{", "%7B").replaceAll("}", "%7D"), base);
  url.search = query.toString();
  return { url, headers, body: form.body ? (raw ? chosen ?? "" : form.body.text.value) : undefined, file: raw ? chosen?.name ?? "video.mp4" : null };
}

function curl(shape, form) {
  const { url, headers, body, file } = request(shape, form);
  const lines = [`curl ${shape.verb === "get" ? "" : `-X ${shape.verb.toUpperCase()} `}${quoted(url.href.replaceAll("%7B", "{").replaceAll("%7D", "}"))}`];
  if (!headers.has("Authorization") && shape.operation.security === undefined) lines.push("-H 'Authorization: Bearer KEY'");
  for (const [name, value] of headers) lines.push(`-H ${quoted(`${name}: ${name === "Authorization" ? "Bearer KEY" : value}`)}`);
  if (file) lines.push(`--data-binary @${quoted(file)}`);
  else if (body !== undefined) lines.push(`--data ${quoted(body.replaceAll(/\s*\n\s*/g, " "))}`);
  return lines.join(" \\\n  ");
}

async function send(shape, form, output, button) {
  const { url, headers, body } = request(shape, form);
  button.disabled = true;
  output.replaceChildren("Sending…");
  const began = performance.now();
  try {
    const answer = await fetch(url, { method: shape.verb.toUpperCase(), headers: [...headers], body, cache: "no-store", credentials: "omit" });
    const text = await answer.text();
    const took = Math.round(performance.now() - began);
    let shown = text;
    try { shown = pretty(JSON.parse(text)); } catch { /* not JSON: shown as it came */ }
    output.replaceChildren(
      make("div", {}, make("span", { class: answer.ok ? "good" : "bad" }, `${answer.status} ${answer.statusText}`), ` in ${took} ms`),
      make("pre", { tabindex: "0" }, make("code", {}, shown)),
      make("pre", { tabindex: "0" }, make("code", {}, [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n"))));
  } catch (failure) {
    output.replaceChildren(make("span", { class: "bad" }, `No answer: ${failure.message}`));
  }
  button.disabled = false;
}

function trial(shape) {
  const body = bodyFields(shape.operation);
  const alsoInBody = new Set(Object.keys(bodySchema(shape.operation)?.properties ?? {}));
  const fields = shape.parameters.filter((p) => p.in === "path" || p.in === "query").map((p) =>
    ({ ...field(p.name, resolve(p.schema), p.in === "path" ? p.example ?? "" : ""), where: p.in }));
  const form = { body, fields, alsoInBody, headers: headersOf(shape) };
  const line = copyable("");
  const redraw = () => {
    line.code.textContent = curl(shape, form);
    for (const { name, label, where } of fields) {
      label.hidden = where === "query" && alsoInBody.has(name) && body?.kind.value !== RAW;
    }
  };
  const output = make("div", { class: "answer", role: "status" });
  const button = make("button", { class: "send", type: "submit" }, "Send");
  const node = make("form", { on: { input: redraw, submit: (event) => { event.preventDefault(); send(shape, form, output, button); } } },
    ...fields.map((f) => f.label), ...(body?.rows ?? []), ...form.headers.map((f) => f.label), button, output);
  document.getElementById("key").addEventListener("input", redraw);
  redraw();
  return { line: line.box, node: make("details", {}, make("summary", {}, "Try it"), node) };
}

// --- the page ---

function article(shape) {
  const { path, verb, operation, slug } = shape;
  const { line, node } = trial(shape);
  return make("article", { id: slug, "aria-labelledby": `${slug}-title` },
    make("header", {}, make("div", { class: "slug" }, slug), make("h3", { id: `${slug}-title` }, operation.summary),
      make("p", { class: "route" }, make("span", { class: `verb ${verb}` }, verb.toUpperCase()), path)),
    make("div", {}, ...prose(operation.description), ...inputs(shape), ...problems(operation)),
    make("div", {}, make("h4", {}, "Request"), line, ...answers(operation), node));
}

function codes() {
  const facts = contract.components.schemas.ProblemCode["x-problem-codes"];
  // On a phone the cells stand below each other. The roles stay those of a table then, and each cell tells its column.
  const cell = (column, ...inside) => make("td", { role: "cell", "data-column": column }, ...inside);
  const rows = Object.entries(facts).map(([code, { status, retryable, cause, cure }]) =>
    make("tr", { id: `code-${code}`, role: "row" }, cell("Code", make("code", {}, code)), cell("Status", String(status)),
      cell("Retryable", retryable ? "yes" : "no"), cell("Cause", ...inline(cause)), cell("Cure", ...inline(cure))));
  const heads = ["Code", "Status", "Retryable", "Cause", "Cure"].map((word) => make("th", { scope: "col", role: "columnheader" }, word));
  return [make("h2", { class: "part", id: "problems" }, "Problem codes"),
    make("table", { class: "codes", role: "table", "aria-labelledby": "problems" },
      make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...heads)),
      make("tbody", { role: "rowgroup" }, ...rows))];
}

function navigation(all) {
  const groups = contract.tags.map(({ name }) => make("section", {}, make("h2", {}, name), make("ul", {},
    ...all.filter(({ operation }) => operation.tags[0] === name).map(({ slug, verb, operation }) =>
      make("li", { "data-words": `${slug} ${operation.summary}`.toLowerCase() },
        make("a", { href: `#${slug}` }, make("span", { class: `verb ${verb}` }, verb.toUpperCase()), operation.summary))))));
  const reference = [["Problem codes", "#problems"], ["Contract in prose", "docs/contract.md"], ["Snippets", "docs/snippets.md"],
    ["Generated clients", "docs/clients.md"], ["Troubleshooting", "docs/troubleshooting.md"], ["Limits", "docs/limits.md"],
    ["All pages, for agents", "docs/llms.txt"]];
  const more = make("section", {}, make("h2", {}, "Reference"), make("ul", {}, ...reference.map(([words, href]) =>
    make("li", { "data-words": words.toLowerCase() }, make("a", { href }, words)))));
  document.getElementById("navigation").replaceChildren(...groups, more);
  document.getElementById("filter").addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const entry of document.querySelectorAll("nav li")) entry.hidden = !words.every((word) => entry.dataset.words.includes(word));
    for (const group of document.querySelectorAll("nav section")) group.hidden = !group.querySelector("li:not([hidden])");
  });
}

/** Marks, in the navigation, the action that is being read. */
function follow() {
  const seen = new IntersectionObserver((entries) => {
    const current = entries.find((entry) => entry.isIntersecting)?.target.id;
    if (!current) return;
    for (const link of document.querySelectorAll("nav li a[href^='#']")) {
      if (link.hash === `#${current}`) link.setAttribute("aria-current", "location");
      else link.removeAttribute("aria-current");
    }
  }, { rootMargin: "-64px 0px -70% 0px" });
  for (const node of document.querySelectorAll("article")) seen.observe(node);
}

async function draw() {
  const state = document.getElementById("state");
  try {
    const answer = await fetch(new URL("docs/openapi.json", base));
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    contract = await answer.json();
  } catch (failure) {
    state.textContent = `The contract could not be read: ${failure.message}`;
    return;
  }
  const all = operations();
  document.getElementById("version").textContent = contract.info.version;
  const parts = contract.tags.flatMap(({ name, description }) => [
    make("h2", { class: "part" }, name), make("p", { class: "lead" }, description),
    ...all.filter(({ operation }) => operation.tags[0] === name).map(article)]);
  document.getElementById("content").replaceChildren(
    make("section", { id: "top", class: "prose" }, make("h1", {}, contract.info.title),
      make("p", { class: "lead" }, contract.info.summary), ...prose(contract.info.description)),
    ...parts, ...codes());
  navigation(all);
  follow();
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView({ behavior: "instant" });
}

draw();
