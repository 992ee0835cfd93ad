// Opens a project of a site that `watchtower serve` or `view` serves, and tells when what the page shows becomes
// another.
//
//   node status.mjs --modules STATE_DIR --origin URL --project NAME [--chromium PATH]
//
// For each line that it reads it prints a line of JSON. `settle` waits until nothing moves any more, and says what
// the canvases show, as a number: `{"shown": N}`. `differs N` does so when they show something else than N. `await N`
// waits until they show N, and says when that was, in milliseconds since 1970: `{"at": T}`. Both are null where that
// was not within two minutes.
// Exit status: 0 until there are no more lines, 1 it could not go on.

import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

import { launch } from "./chromium.mjs";
import { look, newPage, pause, settle } from "./probe.mjs";

const { values } = parseArgs({
  options: {
    modules: { type: "string" },
    origin: { type: "string" },
    project: { type: "string" },
    chromium: { type: "string" },
  },
});

// What the page shows; null while it is being loaded.
async function shown(page) {
  const isThere = await page.locator("#canvas-timeline").count().catch(() => 0);
  return isThere ? page.evaluate(look).catch(() => null) : null;
}

const LIMIT = 120_000;

async function becomes(page, wanted) {
  const deadline = Date.now() + LIMIT;
  while (Date.now() < deadline) {
    if ((await shown(page)) === wanted) return Date.now();
    await pause(20);
  }
  return null;
}

async function settled(page, ear) {
  // It may be loaded anew meanwhile.
  await settle(page, ear).catch(() => {});
  return shown(page);
}

async function differs(page, ear, before) {
  const deadline = Date.now() + LIMIT;
  while (Date.now() < deadline) {
    const now = await settled(page, ear);
    if (now !== null && now !== before) return now;
  }
  return null;
}

const origin = values.origin.replace(/\/$/, "");
const browser = await launch(values.modules, values.chromium);
try {
  const { page, ear } = await newPage(browser, origin);
  await page.goto(`${origin}/#/`);
  await settle(page, ear);
  const link = page.locator(".projects-list li a", { hasText: values.project }).first();
  // The first export may be under way.
  await link.click({ timeout: LIMIT });
  await page.waitForSelector(".project-detail", { state: "attached", timeout: LIMIT });
  for await (const line of createInterface({ input: process.stdin })) {
    const [order, number] = line.split(" ");
    const orders = {
      settle: async () => ({ shown: await settled(page, ear) }),
      differs: async () => ({ shown: await differs(page, ear, Number(number)) }),
      await: async () => ({ at: await becomes(page, Number(number)) }),
    };
    const answer = await orders[order]();
    process.stdout.write(JSON.stringify(answer) + "\n");
  }
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await browser.close();
}
