// Debian's chromium, as people hold it (a phone, a desk; light, dark), and axe, which judges what it shows.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const fromPlace = createRequire(join(process.env.PAGES_PLACE, "package.json"));
const puppeteer = fromPlace("puppeteer-core");
const axe = readFileSync(fromPlace.resolve("axe-core/axe.min.js"), "utf8");
const pictures = join(process.env.PAGES_PLACE, "pictures");
mkdirSync(pictures, { recursive: true });

export const SHAPES = [390, 1280].flatMap((width) => ["light", "dark"].map((theme) => ({ width, theme, name: `${width}-${theme}` })));

/** The simulator's certificate is its own. `profile` is the folder of what the browser remembers. */
export function open(profile, more = []) {
  return puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", userDataDir: profile, acceptInsecureCerts: true,
    args: ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
      // Without a user of its own chromium has no sandbox; it sees nothing but loopback here.
      ...(process.getuid() === 0 ? ["--no-sandbox"] : []), ...more],
  });
}

export async function shape(page, { width, theme }) {
  await page.setViewport({ width, height: 844, isMobile: width < 800, hasTouch: width < 800 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme },
    { name: "prefers-reduced-motion", value: "reduce" }]);
}

/** What axe finds, as lines; nothing is left out of its rules. */
async function findings(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, {
    rules: { "target-size": { enabled: true } }, resultTypes: ["violations"],
  }));
  return violations.map(({ id, help, nodes: [{ target, failureSummary }, ...more] }) =>
    `${id}: ${help}: ${target.join(" ")}: ${failureSummary.replaceAll(/\s+/g, " ")}${more.length ? ` (and ${more.length} more)` : ""}`);
}

/** Everything that runs out of the page, or stands where no scrolling brings it. */
function overflow(page) {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const name = (node) => `${node.tagName.toLowerCase()}${node.id && `#${node.id}`}${node.className && `.${node.className}`}`;
    const out = [];
    if (document.documentElement.scrollWidth > width) out.push(`the page is ${document.documentElement.scrollWidth} wide`);
    for (const node of document.body.querySelectorAll("*")) {
      const box = node.getBoundingClientRect();
      const text = [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim());
      if (!text || box.width === 0 || node.closest("pre") || box.right < 0) continue;
      if (box.right > width + 1 || node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 0)
        out.push(`${name(node)} ends at ${Math.round(Math.max(box.right, box.left + node.scrollWidth))} of ${width}: ${node.textContent.slice(0, 40)}`);
    }
    return out.slice(0, 20);
  });
}

/** The faults of what is shown now; leaves a picture. */
export async function judge(page, name) {
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: !name.startsWith("docs") }); // those are 60,000 high
  return [...await findings(page), ...await overflow(page)].map((fault) => `${name}: ${fault}`);
}
