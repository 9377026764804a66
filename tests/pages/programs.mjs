// Starts a simulator and a gateway on free ports, in a folder of their own, and speaks with both.
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { on, once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const CLIENT_KEY = "pages-client-key";

/** The redirect URI must be known before the gateway starts. */
function freePort() {
  return new Promise((done, failed) => {
    const probe = createServer().on("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

/** Resolves with the program once it has told its addresses, in its first line. */
async function start(command, settings) {
  const child = spawn(command, ["--config", settings], { stdio: ["ignore", "pipe", "inherit"] });
  const program = { child, lines: createInterface({ input: child.stdout }) };
  const ended = once(child, "exit").then(([code]) => { throw new Error(`${command} ended with ${code}`); });
  const [first] = await Promise.race([once(program.lines, "line"), ended]);
  ended.catch(() => {});
  program.listening = JSON.parse(first);
  return program;
}

/** Resolves once the program has logged this event. */
async function logged({ lines }, event) {
  for await (const [line] of on(lines, "line")) if (JSON.parse(line).event === event) return;
}

async function stop({ child }) {
  if (child.exitCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

async function json(method, url, body, headers = {}) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const answer = await fetch(url, { method, body: text, headers: { "Content-Type": "application/json", ...headers } });
  const content = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${url}: ${JSON.stringify(content)}`);
  return content;
}

export class Programs {
  static async start(gateway, simulator, returnUrl) {
    const made = new Programs();
    made.folder = mkdtempSync(join(tmpdir(), "tiktok-gateway-pages-"));
    made.returnUrl = returnUrl;
    made.secret = randomBytes(20).toString("hex");
    const said = (...words) => execFileSync(gateway, words, { encoding: "utf8" });
    const pair = said("new-key", "pages");
    [, made.key] = /^key: (.+)$/m.exec(pair);
    [, made.keySha256] = /^key_sha256: (.+)$/m.exec(pair);
    made.write("vault.keys", said("new-vault-key"));
    made.simulator = await start(simulator, made.write("simulator.yaml", made.simulatorSettings()));
    made.port = await freePort();
    made.gateway = await start(gateway, made.write("gateway.yaml", made.gatewaySettings("pages")));
    return made;
  }

  write(name, text) {
    const path = join(this.folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  simulatorSettings() {
    return `directory: ${this.folder}
apps:
  - {client_key: ${CLIENT_KEY}, client_secret: ${this.secret}, kind: desktop,
     redirect_uris: ["http://127.0.0.1:*/oauth/callback"]}
accounts:
  - {username: demo, display_name: The demo creator}
  - {username: other, display_name: "Another creator \u0645\u0646\u0634\u0626 with a name as long as TikTok lets it be"}
  - {username: full, display_name: Everybody's}
`;
  }

  /** The one caller is named `caller`: another name takes its logins away. */
  gatewaySettings(caller) {
    const { api, ca_file: ca } = this.simulator.listening;
    return `listen: {port: ${this.port}}
admin: {port: 0}
public_url: http://127.0.0.1:${this.port}
tiktok:
  api_url: ${api}
  authorize_url: ${api}/v2/auth/authorize/
  ca_file: ${ca}
  client_key: ${CLIENT_KEY}
  client_secret: ${this.secret}
store: {url: "sqlite:${this.folder}/gateway.db"}
vault: {keys_file: ${this.folder}/vault.keys}
files: {directory: ${this.folder}/files}
drain: {delay_ms: 0}
callers:
  - {name: ${caller}, key_sha256: ${this.keySha256}, return_url_prefixes: ["${this.returnUrl}"]}
`;
  }

  get url() { return this.gateway.listening.api; }
  get tiktok() { return this.simulator.listening.api; }

  call(method, path, body) {
    return json(method, this.url + path, body, { Authorization: `Bearer ${this.key}` });
  }
  control(method, path, body) {
    return json(method, this.simulator.listening.control + path, body);
  }

  async login(user, options = {}) {
    const { data } = await this.call("POST", `/v1/users/${encodeURIComponent(user)}/connect`, options);
    return data.authorize_url;
  }
  /** By an import; `more` is what the caller says of the tokens beside what TikTok said. */
  async connect(user, account, more = {}) {
    const tokens = await this.control("POST", "/tokens", { account });
    await this.call("PUT", `/v1/users/${encodeURIComponent(user)}/tokens`, { ...tokens, ...more });
  }
  /** TikTok answers the next call of this path like that. */
  fault(path, what) { return this.control("POST", "/faults", { match: { path }, do: what }); }

  /** While `during` runs, the gateway knows its caller under another name. */
  async withoutCaller(during) {
    const reload = async (caller) => {
      this.write("gateway.yaml", this.gatewaySettings(caller));
      const done = logged(this.gateway, "settings_reloaded");
      this.gateway.child.kill("SIGHUP");
      await done;
    };
    await reload("renamed");
    try { return await during(); } finally { await reload("pages"); }
  }

  async stop() {
    if (this.gateway) await stop(this.gateway);
    if (this.simulator) await stop(this.simulator);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
