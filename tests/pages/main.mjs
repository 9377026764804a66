// Looks at every page at 390 and 1280 pixels, light and dark: axe has no finding, and nothing runs out of the page.
// Then each kind of callback page is loaded again, as people do it.
import { createServer } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ENDS, loadAgain } from "./again.mjs";
import { SHAPES, judge, open, shape } from "./browser.mjs";
import { Programs } from "./programs.mjs";
import { VIEWS } from "./views.mjs";

const wanted = process.argv.slice(2);
const isWanted = (name) => !wanted.length || wanted.some((word) => name.includes(word));
let faults = 0;

/** Runs `look`, and tells the faults that it gives; what it throws is one. */
async function note(name, look) {
  const found = await look().catch((thrown) => [`${name}: ${thrown.stack}`]) ?? [];
  for (const fault of found) console.error(fault);
  console.log(`${name}: ${found.length ? `${found.length} faults` : "good"}`);
  faults += found.length;
}

/** Each page is come to once, and judged in all shapes where it stands. */
async function lookAtAll(at) {
  const profile = mkdtempSync(join(tmpdir(), "tiktok-gateway-profile-"));
  const browser = await open(profile);
  try {
    for (const name of Object.keys(VIEWS).filter(isWanted)) {
      await note(name, async () => {
        const page = await browser.newPage();
        page.setDefaultTimeout(60_000);
        try {
          await shape(page, SHAPES[0]);
          await VIEWS[name](page, at);
          const found = [];
          for (const how of SHAPES) {
            await shape(page, how);
            found.push(...await judge(page, `${name}-${how.name}`));
          }
          return found;
        } finally {
          await page.close();
        }
      });
    }
  } finally {
    await browser.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

const callersPage = createServer((request, answer) => {
  answer.setHeader("Content-Type", "text/html; charset=utf-8");
  answer.end("<!doctype html><html lang=en><title>Done</title><main><h1>The caller's own page</h1></main></html>");
});
await new Promise((done) => callersPage.listen(0, "127.0.0.1", done));
const at = await Programs.start(process.env.GATEWAY_PROGRAM, process.env.SIMULATOR_PROGRAM,
  `http://127.0.0.1:${callersPage.address().port}/done`);
try {
  await lookAtAll(at);
  for (const name of Object.keys(ENDS)) {
    for (const how of [SHAPES[0], SHAPES[2]]) {
      const full = `again-${name}-${how.width}`;
      if (isWanted(full)) await note(full, () => loadAgain(at, name, how));
    }
  }
} finally {
  await at.stop();
  callersPage.close();
}
console.log(faults ? `${faults} faults` : "no fault");
process.exitCode = faults ? 1 : 0;
