// Opens what `watchtower view` serves and reports, as one line of JSON, what the client made of its one
// project: the state of the page, the player, and where a click in the middle of the timeline leads.
//
//   node view.mjs --modules STATE_DIR --origin URL --output OUT_DIR [--chromium PATH]
//
// A screenshot goes to OUT_DIR. Exit status: 0 it was opened (whatever was found), 1 it was not.

import { mkdir } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";

import { launch } from "./chromium.mjs";
import { describePlace, describePlayer, describeState, newPage, pause, settle } from "./probe.mjs";

const { values } = parseArgs({
  options: {
    modules: { type: "string" },
    origin: { type: "string" },
    output: { type: "string" },
    chromium: { type: "string" },
  },
});

const origin = values.origin.replace(/\/$/, "");
const browser = await launch(values.modules, values.chromium);
try {
  const { page, ear } = await newPage(browser, origin);
  await page.goto(`${origin}/#/`);
  await settle(page, ear);
  await page.locator(".projects-list li a").first().click();
  await page.waitForSelector(".project-detail", { state: "attached" });
  await settle(page, ear);
  const state = await page.evaluate(describeState);
  const player = await page.evaluate(describePlayer);
  // The client moves its playhead on release, and only if the button went down before.
  const box = await page.locator("#canvas-timeline-text").boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.up();
  await pause(500);
  await settle(page, ear);
  const place = await page.evaluate(describePlace);
  await mkdir(values.output, { recursive: true });
  await page.screenshot({ path: path.join(values.output, "view.png") });
  process.stdout.write(JSON.stringify({ ...ear.take(), state, player, place }) + "\n");
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await browser.close();
}
