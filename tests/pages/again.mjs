// A callback page that is loaded again, as people do it: reload, the back key, a restored tab (docs/contract.md §6).
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open, shape } from "./browser.mjs";
import { decide, text, title } from "./views.mjs";

/** What stays the same however often it is shown. */
const shown = async (page) => ({ title: await title(page), text: await text(page), url: page.url() });

async function reloadAndBack(page, at) {
  const first = await shown(page);
  for (let times = 0; times < 2; ++times) {
    await page.reload();
    assert.deepEqual(await shown(page), first, "reloaded");
  }
  await page.goto(`${at.url}/docs`);
  await page.goBack();
  assert.deepEqual(await shown(page), first, "come back to with the back key");
  await page.goBack();
  assert.match(await text(page), /wants to use your account/, "one more step back is TikTok's page");
  await page.goForward();
  assert.deepEqual(await shown(page), first, "come back to with the forward key");
  const other = await page.browser().newPage();
  await other.goto(first.url);
  assert.deepEqual(await shown(other), first, "opened in another tab");
  await other.close();
  return first;
}

/** The browser ends, and brings its tabs back when it is started again. */
async function restored(profile, how, first) {
  const browser = await open(profile, ["--restore-last-session"]);
  try {
    const target = await browser.waitForTarget((one) => one.type() === "page" && one.url() === first.url, { timeout: 20_000 });
    const page = await target.page();
    await shape(page, how);
    await page.waitForSelector("h1");
    assert.deepEqual(await shown(page), first, "restored with its tab");
  } finally {
    await browser.close();
  }
}

export const ENDS = {
  async connected(page, at, user) {
    await decide(page, await at.login(user), "allow");
    assert.equal(await title(page), "TikTok is connected");
    assert.match(await text(page), /The demo creator/);
  },
  async refused(page, at, user) {
    await decide(page, await at.login(user), "refuse");
    assert.equal(await title(page), "TikTok is not connected");
    assert.match(await text(page), /You did not allow the connection/);
  },
  async pending(page, at, user) {
    await decide(page, await at.login(user, { return_url: at.returnUrl, confirm: true }), "allow");
    assert.equal(await title(page), "The caller's own page");
    assert.match(page.url(), /[?&]result=pending&confirmation=/);
  },
};

export async function loadAgain(at, name, how) {
  const profile = mkdtempSync(join(tmpdir(), "tiktok-gateway-profile-"));
  try {
    const browser = await open(profile);
    let first;
    try {
      const [page] = await browser.pages();
      page.setDefaultTimeout(60_000);
      await shape(page, how);
      await ENDS[name](page, at, `${name}-${how.name}`);
      first = await reloadAndBack(page, at);
    } finally {
      await browser.close();
    }
    await restored(profile, how, first);
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
}
