// Opens every project of a bundle in the web client that lies in it and reports, as one JSON document
// on stdout, what the client made of it. It reports and does not judge: what is acceptable is the
// calling test's business.
//
//   node inspect.mjs --bundle DIR --format v0|v1 --output OUT_DIR --modules STATE_DIR
//                    [--walk ID]… [--seek] [--chromium PATH]
//
// DIR is what `watchtower bundle` made; a plain static server serves it. STATE_DIR is the folder that
// ./setup prepared. --walk goes through all the menus of a project, --seek from shot to shot in each.
// Screenshots go to OUT_DIR. Exit status: 0 inspected (whatever was found), 1 could not inspect, 2
// wrong usage.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";

import { launch } from "./chromium.mjs";
import {
  describeCanvases,
  describePlace,
  describePlayer,
  describeState,
  drawTwice,
  isPresented,
  newPage,
  pause,
  settle,
  watchFrames,
} from "./probe.mjs";
import { startServer } from "./server.mjs";

const USAGE =
  "usage: node inspect.mjs --bundle DIR --format v0|v1 --output OUT_DIR --modules STATE_DIR" +
  " [--walk ID]… [--seek] [--chromium PATH]";

// How long an element may take to come, in milliseconds. A browser that starts on a busy machine takes long;
// nothing is waited for this long that is there.
const PATIENCE = { timeout: 30_000 };

// --- the pages -----------------------------------------------------------------------------------

// The about page carries the menu of projects and nothing else. From there a project opens for certain;
// opened by its address, v1 stays empty when its list of projects comes late.
async function openProject(page, origin, route) {
  await page.goto(`${origin}/index.html#/about`);
  await page
    .waitForFunction(() => document.querySelector(".app-toolbar select option"), null, PATIENCE)
    .catch(() => {});
  await page.evaluate((hash) => void (location.hash = hash), route);
  const view = route.endsWith("/dashboard") ? ".dashboard" : ".project-detail";
  await page.waitForSelector(view, { ...PATIENCE, state: "attached" }).catch(() => {});
}

async function inspectHome({ browser, origin, output }) {
  const { context, page, ear } = await newPage(browser, origin);
  await page.goto(`${origin}/index.html#/`);
  const settled = await settle(page, ear);
  const projects = await page.$$eval(".projects-list li", (items) =>
    items.map((item) => {
      const picture = item.querySelector("img");
      return {
        name: item.textContent.trim(),
        link: item.querySelector("a")?.getAttribute("href") ?? null,
        picture: picture?.getAttribute("src") ?? null,
        loaded: (picture?.naturalWidth ?? 0) > 0,
      };
    }),
  );
  const screenshot = path.join(output, "home.png");
  await page.screenshot({ path: screenshot });
  const result = { settled, ...ear.take(), projects, screenshot };
  await context.close();
  return result;
}

async function inspectProject({ browser, origin, output, format, walk, seek }, id) {
  const { context, page, ear } = await newPage(browser, origin);
  const file = (suffix) => path.join(output, `${encodeURIComponent(id)}${suffix}.png`);
  const route = `/pro/${encodeURIComponent(id)}`;

  await openProject(page, origin, route);
  const result = { id, ...(await describeProject(page, ear, file)) };
  result.projects_menu = names(await menu(page.locator(".app-toolbar select").first()));
  if (seek && result.player.source) result.seek = await seekEverywhere(page);
  if (walk.includes(id)) Object.assign(result, await walkThrough(page, ear, file));

  // The first episode is the one that opens.
  const episodes = await menu(page.locator(".app-toolbar select.episode"));
  result.episodes_menu = names(episodes);
  result.episodes = [];
  for (const [place, { value, name }] of episodes.slice(1).entries()) {
    await chooseEpisode(page, value);
    const of = (suffix) => file(`-episode-${place + 2}${suffix}`);
    const episode = { episode: name, ...(await describeProject(page, ear, of)) };
    if (seek && episode.player.source) episode.seek = await seekEverywhere(page);
    result.episodes.push({ ...episode, steps: [{ step: `seek in ${name}`, ...ear.take() }] });
  }
  await context.close();
  if (format === "v1") result.dashboards = await inspectDashboards({ browser, origin }, route, file);
  return result;
}

async function inspectDashboards({ browser, origin }, route, file) {
  const { context, page, ear } = await newPage(browser, origin);
  await openProject(page, origin, `${route}/dashboard`);
  const dashboards = [await describeDashboard(page, ear, file("-dashboard"))];
  const episodes = await menu(page.locator(".app-toolbar select.episode"));
  for (const [place, { value, name }] of episodes.slice(1).entries()) {
    await chooseEpisode(page, value);
    const screenshot = file(`-dashboard-episode-${place + 2}`);
    dashboards.push({ episode: name, ...(await describeDashboard(page, ear, screenshot)) });
  }
  await context.close();
  return dashboards;
}

async function chooseEpisode(page, value) {
  await page.locator(".app-toolbar select.episode").selectOption(value, PATIENCE);
  await page.waitForFunction((id) => location.hash.includes(id), value, PATIENCE).catch(() => {});
}

// --- what a page shows ---------------------------------------------------------------------------

// The project, or the episode of it, that is open.
async function describeProject(page, ear, file) {
  const settled = await settle(page, ear);
  const opened = ear.take();
  const screenshot = file("");
  await page.screenshot({ path: screenshot });
  const result = { settled, ...opened, screenshot };
  result.grid = await storePicture(page, "#canvas-thumb-grid", file("-grid"));
  result.timeline = await storePicture(page, "#canvas-timeline", file("-timeline"));
  const state = await page.evaluate(describeState);
  result.people = (state?.people ?? []).map((person) => ({
    ...person,
    loaded: (ear.status.get(person.picture) ?? 404) < 400,
  }));
  result.state = state && { ...state, people: undefined };
  result.task_types_menu = names((await menu(taskTypes(page))).filter(isTaskType));
  result.canvas = await page.evaluate(describeCanvases);
  result.player = await page.evaluate(describePlayer);
  return result;
}

// Stores what was drawn on a canvas. Names lie over it on a canvas of their own, so no font is in it.
async function storePicture(page, canvas, path) {
  if ((await page.locator(canvas).count()) === 0) return null;
  const url = await page.locator(canvas).evaluate((it) => it.toDataURL("image/png"));
  await writeFile(path, Buffer.from(url.slice(url.indexOf(",") + 1), "base64"));
  return path;
}

async function describeDashboard(page, ear, screenshot) {
  // The charts grow into place for a second.
  const settled = await settle(page, ear, { looks: 5 });
  await page.screenshot({ path: screenshot });
  const charts = await page.evaluate(describeCanvases);
  return { settled, ...ear.take(), charts, screenshot };
}

async function menu(locator) {
  if ((await locator.count()) === 0) return [];
  return locator
    .first()
    .locator("option")
    .evaluateAll((all) => all.map((one) => ({ value: one.value, name: one.textContent.trim() })));
}

const toolbar = (page) => page.locator("#canvas-thumb-grid-container select");
// Found by what it offers, since the menus beside it come and go.
const taskTypes = (page) => toolbar(page).filter({ has: page.locator('option[value=""]') });
// The first entry is for none of them.
const isTaskType = (entry) => entry.value !== "";
const names = (entries) => entries.map((entry) => entry.name);

async function labels(page, id) {
  const canvases = await page.evaluate(describeCanvases);
  return canvases.find((canvas) => canvas.id === id)?.texts ?? [];
}

// --- what a visitor does -------------------------------------------------------------------------

// Goes through the menus and boxes, and notes after each step what went wrong because of it.
async function walkThrough(page, ear, file) {
  const steps = [{ step: "seek", ...ear.take() }];
  async function step(name, action) {
    let problem = null;
    try {
      await action();
    } catch (error) {
      problem = String(error.message).split("\n")[0];
    }
    const settled = await settle(page, ear, { limit: 30_000, looks: 1 });
    steps.push({ step: name, ...(problem && { problem }), settled, ...ear.take() });
  }
  const mode = toolbar(page).nth(0);
  const grouping = toolbar(page).filter({ has: page.locator('option[value="chronological"]') });
  // The canvas above may overlap a box, so the click goes to the element and not to its place.
  const check = (box) =>
    page.locator(box).evaluate((it) => it.checked || it.click(), null, PATIENCE);
  const chooseTaskType = (value) => taskTypes(page).selectOption(value, PATIENCE);
  const result = {};

  const forShots = (await menu(taskTypes(page))).filter(isTaskType);
  for (const [place, { value, name }] of forShots.entries()) {
    await step(`task type ${name}`, () => chooseTaskType(value));
    // On from the start in v0, off in v1; without it v1 never looks at who a task is assigned to.
    if (place === 0) await step("show assignees", () => check("#showAssignees"));
  }
  result.assignee_groups = [];
  if (forShots.length > 0) {
    for (const by of ["groupBySequence", "groupByTaskStatus", "groupByAssignee"])
      await step(by, () => grouping.selectOption(by, PATIENCE));
    result.assignee_groups = await labels(page, "canvas-thumb-grid-text");
    result.assignees = await storePicture(page, "#canvas-thumb-grid", file("-assignees"));
  }
  // v0 hides the timeline's rows of tasks until asked; v1 shows them at once.
  await step("timeline tasks", () => check("#showTasksStatus"));
  await page.screenshot({ path: file("-tasks") });

  // Back to no task type first: with one chosen, a project without task types for assets breaks the
  // client by the change of mode alone.
  if (forShots.length > 0)
    await step("no task type", async () => {
      await grouping.selectOption("chronological", PATIENCE);
      await chooseTaskType("");
    });
  await step("assets", () => mode.selectOption("assets", PATIENCE));
  const forAssets = (await menu(taskTypes(page))).filter(isTaskType);
  result.asset_task_types_menu = names(forAssets);
  for (const { value, name } of forAssets)
    await step(`asset task type ${name}`, () => chooseTaskType(value));
  await step("groupByAssetType", () => grouping.selectOption("groupByAssetType", PATIENCE));
  result.asset_groups = await labels(page, "canvas-thumb-grid-text");
  await page.screenshot({ path: file("-assets") });
  await step("shots", async () => {
    if (forAssets.length > 0) await chooseTaskType("");
    await mode.selectOption("shots", PATIENCE);
  });
  return { ...result, steps };
}

async function clickTimeline(page, share) {
  const box = await page.locator("#canvas-timeline-text").boundingBox(PATIENCE);
  if (!box) throw new Error("no timeline");
  // The client moves its playhead on release, and only if the button went down before.
  await page.mouse.move(box.x + box.width * share, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.up();
}

// Where the player went after clicks along the timeline, and after keys that go to the shot before or
// behind. How wide the names before the timeline are is the client's business, so `frame` is the frame
// that it displays itself.
async function seekEverywhere(page) {
  const { fps } = await page.evaluate(describeState);
  await page.evaluate(watchFrames);
  const actions = [0.25, 0.45, 0.65, 0.85, 0.35].map((share) => [
    `click at ${share}`,
    () => clickTimeline(page, share),
  ]);
  for (const key of ["ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowLeft"])
    actions.push([key, () => page.keyboard.press(key)]);
  const results = [];
  for (const [by, action] of actions) {
    await action();
    // A busy page may draw nothing for a while, and the player goes where the timeline is when it does.
    await pause(100);
    await page.evaluate(drawTwice);
    const waited = await page
      .waitForFunction(
        () => {
          const video = document.querySelector(".videojs-container video");
          return video.error || (!video.seeking && video.readyState >= 2);
        },
        null,
        PATIENCE,
      )
      .then(() => true, () => false);
    await page.waitForFunction(isPresented, fps, { timeout: 2_000 }).catch(() => {});
    const { readyState } = await page.evaluate(describePlayer);
    const place = await page.evaluate(describePlace);
    results.push({ by, arrived: waited && readyState >= 2, ...place });
  }
  return results;
}

// --- start ---------------------------------------------------------------------------------------

class UsageError extends Error {}

function readArguments() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        bundle: { type: "string" },
        modules: { type: "string" },
        format: { type: "string" },
        output: { type: "string" },
        walk: { type: "string", multiple: true, default: [] },
        seek: { type: "boolean", default: false },
        chromium: { type: "string" },
      },
    }));
  } catch (error) {
    throw new UsageError(error.message);
  }
  for (const name of ["bundle", "format", "output", "modules"])
    if (!values[name]) throw new UsageError(`--${name} is missing`);
  if (!["v0", "v1"].includes(values.format)) throw new UsageError("--format is v0 or v1");
  for (const name of ["bundle", "modules", "output"]) values[name] = path.resolve(values[name]);
  return values;
}

// The ids come from the site's own list, not from the client's menu, so that a client which shows no
// projects at all is still asked for each of them.
async function listProjects(bundle, format) {
  const list = format === "v0" ? "data/projects/context.json" : "data/projects-list/index.json";
  const document = JSON.parse(await readFile(path.join(bundle, list), "utf8"));
  return document.projects.map((project) => String(project.id));
}

async function main() {
  const { bundle, modules, chromium, ...setting } = readArguments();
  await mkdir(setting.output, { recursive: true });
  const server = await startServer(bundle);
  setting.origin = `http://127.0.0.1:${server.address().port}`;
  try {
    setting.browser = await launch(modules, chromium);
    const report = { format: setting.format, home: await inspectHome(setting), projects: [] };
    for (const id of await listProjects(bundle, setting.format))
      report.projects.push(await inspectProject(setting, id));
    return report;
  } finally {
    await setting.browser?.close();
    server.closeAllConnections?.();
    server.close();
  }
}

try {
  process.stdout.write(JSON.stringify(await main(), null, 2) + "\n");
} catch (error) {
  console.error(error instanceof UsageError ? `${error.message}\n${USAGE}` : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
