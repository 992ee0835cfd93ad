// Opens a site that `watchtower serve` serves, and waits for the page to reload itself.
//
//   node reload.mjs --modules STATE_DIR --origin URL [--chromium PATH]
//
// Prints the projects that the page lists as one line of JSON, waits for the page to be loaded anew,
// and prints the same again. Exit status: 0 it was, 1 it was not within a minute.

import { parseArgs } from "node:util";

import { launch } from "./chromium.mjs";
import { newPage, settle } from "./probe.mjs";

const { values } = parseArgs({
  options: {
    modules: { type: "string" },
    origin: { type: "string" },
    chromium: { type: "string" },
  },
});

const origin = values.origin.replace(/\/$/, "");
const browser = await launch(values.modules, values.chromium);
try {
  const { page, ear } = await newPage(browser, origin);

  async function print() {
    await settle(page, ear);
    const projects = await page.locator(".projects-list li").allInnerTexts();
    process.stdout.write(JSON.stringify({ ...ear.take(), projects }) + "\n");
  }

  await page.goto(`${origin}/#/`);
  // Asked for before the other side is told that it may export.
  const reloaded = page.waitForEvent("load", { timeout: 60_000 });
  await print();
  await reloaded;
  await print();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await browser.close();
}
