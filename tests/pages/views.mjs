// Every page that gateway and simulator serve, and how to come to it.
import assert from "node:assert/strict";

export const title = (page) => page.$eval("h1", (node) => node.textContent);
export const text = (page) => page.$eval("main, body", (node) => node.innerText);

/** On TikTok's page; the gateway's page is shown then. */
export async function decide(page, url, decision, refuse = []) {
  await page.goto(url);
  for (const scope of refuse) await page.click(`input[value="${scope}"]`);
  await Promise.all([page.waitForNavigation(), page.click(`button[value="${decision}"]`)]);
}

const redirectOf = (url, query) => {
  const asked = new URL(url).searchParams;
  return `${asked.get("redirect_uri")}?${new URLSearchParams({ ...query, state: asked.get("state") })}`;
};
const TOKEN = "/v2/oauth/token/";

async function docs(page, at) {
  await page.goto(`${at.url}/docs`);
  await page.waitForSelector("#problems");
}

/** Each leaves the page where it is to be judged. */
export const VIEWS = {
  docs,
  async "docs-open"(page, at) {
    await docs(page, at);
    await page.evaluate(() => { for (const details of document.querySelectorAll("details")) details.open = true; });
  },
  async "docs-answered"(page, at) {
    await docs(page, at);
    await page.type("#key", at.key);
    await page.type("#filter", "user");
    await page.evaluate(() => {
      const article = document.querySelector("article");
      article.querySelector("details").open = true;
      article.querySelector("form").requestSubmit();
      article.scrollIntoView();
    });
    await page.waitForSelector("article .answer pre");
  },
  async "docs-problems"(page, at) {
    await docs(page, at);
    await page.$eval("#problems", (node) => node.scrollIntoView());
  },
  /** The name goes through the form of the page as it is. */
  async "docs-tries-a-name"(page, at) {
    const name = "auth0|rye+t=";
    await at.connect(name, "demo");
    await docs(page, at);
    await page.type("#key", at.key);
    const article = (await page.evaluateHandle(() => [...document.querySelectorAll("article")].find((one) =>
      one.querySelector(".route").textContent === "GET/v1/users/{user_id}"))).asElement();
    await article.evaluate((node) => { node.querySelector("details").open = true; node.scrollIntoView(); });
    const input = await article.$('input[name="user_id"]');
    await input.evaluate((node) => { node.value = ""; });
    await input.type(name);
    await article.$eval("form", (form) => form.requestSubmit());
    await article.waitForSelector(".answer pre");
    assert.equal(JSON.parse(await article.$eval(".answer pre", (node) => node.textContent)).data.user_id, name);
  },
  /** What a body of bytes needs is asked for, and nothing else; every page of the reference is there. */
  async "docs-raw-bytes"(page, at) {
    await docs(page, at);
    const article = await page.$("#TIKTOK_UPLOAD_VIDEO");
    await article.evaluate((node) => { node.querySelector("details").open = true; node.querySelector("form").scrollIntoView(); });
    const shown = () => article.$$eval("form input, form textarea", (all) => all.filter((one) => one.offsetParent).map((one) => one.name));
    assert.ok(!(await shown()).includes("file"), "a file that would not be sent can be chosen");
    await (await article.$('select[name="body as"]')).select("raw bytes");
    assert.ok((await shown()).includes("file") && (await shown()).includes("caption") && !(await shown()).includes("body"), await shown());
    const gone = await page.$$eval("nav a[href^='docs/']", (links) => Promise.all(links.map(async (link) =>
      ((await fetch(link.href)).ok ? "" : link.href))));
    assert.ok(gone.length > 4 && gone.every((link) => !link), `not served: ${gone}`);
  },
  async "docs-without-contract"(page, at) {
    await page.setRequestInterception(true);
    page.on("request", (request) => (request.url().endsWith("openapi.json") ? request.abort() : request.continue()));
    await page.goto(`${at.url}/docs`);
    await page.waitForFunction(() => document.getElementById("state").textContent.startsWith("The contract"));
  },
  async "callback-connected"(page, at) {
    await decide(page, await at.login("auth0|5f7c"), "allow", ["video.list"]);
    assert.equal(await title(page), "TikTok is connected");
    assert.match(await text(page), /You did not allow it to:/);
  },
  async "callback-longest-names"(page, at) {
    await decide(page, `${await at.login("W".repeat(128))}&account=other`, "allow");
    assert.equal(await title(page), "TikTok is connected");
  },
  async "callback-declined"(page, at) {
    await decide(page, await at.login("somebody"), "refuse");
    assert.match(await text(page), /You did not allow the connection/);
  },
  async "callback-another-account"(page, at) {
    await at.connect("rye", "demo");
    await decide(page, `${await at.login("rye")}&account=other`, "allow");
    assert.equal(await title(page), "This is another TikTok account");
  },
  async "callback-account-full"(page, at) {
    // Only pairs that TikTok gave to the gateway count: an access token that has ended is refreshed by the import.
    for (let number = 0; number < 50; ++number) await at.connect(`full-${number}`, "full", { expires_in: 0 });
    await decide(page, `${await at.login("one-more")}&account=full`, "allow");
    assert.match(await text(page), /as many users here as it may have/);
  },
  async "callback-link-spent"(page, at) {
    await page.goto(`${at.url}/oauth/callback?code=c&state=nobody-began-it`);
    assert.match(await text(page), /used before/);
  },
  async "callback-not-complete"(page, at) {
    await page.goto(`${at.url}/oauth/callback`);
    assert.match(await text(page), /not complete/);
  },
  async "callback-code-refused"(page, at) {
    await page.goto(redirectOf(await at.login("somebody"), { code: "made-up" }));
    assert.match(await text(page), /did not accept the code/);
  },
  async "callback-app-refused"(page, at) {
    await page.goto(redirectOf(await at.login("somebody"), { error: "invalid_scope" }));
    assert.match(await text(page), /asked TikTok for more/);
  },
  async "callback-tiktok-unreachable"(page, at) {
    const url = await at.login("somebody");
    await at.fault(TOKEN, { status: 503, apply: false });
    await decide(page, url, "allow");
    assert.match(await text(page), /could not do it at the moment/);
  },
  async "callback-not-allowed"(page, at) {
    const url = await at.login("somebody");
    await at.withoutCaller(() => decide(page, url, "allow"));
    assert.match(await text(page), /may not finish it/);
  },
  async "callback-unavailable"(page, at) {
    await page.goto(redirectOf(await at.login("somebody"), { error: "server_error" }));
    assert.match(await text(page), /in a few minutes/);
  },
  async "callback-unfinished"(page, at) {
    const url = await at.login("somebody");
    await at.fault(TOKEN, { delay_ms: 8_000 });
    const first = await page.browser().newPage();
    const landing = first.waitForRequest((request) => request.url().startsWith(`${at.url}/oauth/callback?`));
    const [second] = await Promise.all([landing.then((request) => page.goto(request.url())), decide(first, url, "allow")]);
    assert.equal(second.status(), 400);
    assert.equal(await title(page), "This login is being finished");
    await first.close();
  },
  async "simulator-consent"(page, at) {
    await page.goto(await at.login("somebody"));
    assert.match(await text(page), /wants to use your account/);
  },
  async "simulator-error"(page, at) {
    await page.goto(`${at.tiktok}/v2/auth/authorize/?client_key=unknown`);
    assert.match(await text(page), /Something went wrong/);
  },
};
