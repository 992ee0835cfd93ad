// Opens every project of an exported site in the published web client and reports, as one JSON
// document on stdout, what the client made of it. It reports and does not judge: what is acceptable
// is the calling test's business.
//
//   node inspect.mjs --site SITE_DIR [--client CLIENT_DIR] --format v0|v1 --output OUT_DIR
//                    [--modules STATE_DIR] [--origin URL] [--project ID] [--seek] [--direct]
//                    [--chromium PATH]
//
// CLIENT_DIR is client-v0 or client-v1 of the folder that ./setup prepared; without it SITE_DIR is a
// bundle, which holds the client. playwright-core is found from STATE_DIR, that folder, or else from
// CLIENT_DIR. The site is served by a plain static server, or by the one that answers at URL already. Exit status: 0 inspected (whatever was found), 1 could not inspect, 2 wrong usage.

import { createReadStream, existsSync } from "node:fs";
import { mkdir, readFile, stat } from "node:fs/promises";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { parseArgs } from "node:util";

const USAGE =
  "usage: node inspect.mjs --site SITE_DIR [--client CLIENT_DIR] --format v0|v1 --output OUT_DIR" +
  " [--modules STATE_DIR] [--origin URL] [--project ID] [--seek] [--direct] [--chromium PATH]";

// The client draws with WebGL 2 only. Without a graphics card Chromium refuses WebGL unless its
// software renderer is named and declared acceptable.
const CHROMIUM_FLAGS = [
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--ignore-gpu-blocklist",
  // Containers run as root and have a small /dev/shm.
  "--no-sandbox",
  "--disable-dev-shm-usage",
  // Nothing but the page under test may reach the network.
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--no-default-browser-check",
  "--mute-audio",
];

const VIEWPORT = { width: 1400, height: 900 };

// What the published clients ask for and do not carry. Reported apart from the site's own failures,
// since no export can supply the first; a bundle may supply the placeholders.
const CLIENT_LACKS = new Set([
  "/24px_inconsolata_bitmap_font.png",
  "/static/img/placeholder-asset.png",
  "/static/img/placeholder-user.png",
]);

const CONTENT_TYPES = {
  ".css": "text/css; charset=utf-8",
  ".gif": "image/gif",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/vnd.microsoft.icon",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".mp4": "video/mp4",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".webm": "video/webm",
  ".webp": "image/webp",
};

// --- the site, as a web server would show it -----------------------------------------------------

function startServer(site, client) {
  const server = http.createServer(async (request, response) => {
    try {
      await answer(request, response, site, client);
    } catch (error) {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    }
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

async function locate(pathname, site, client) {
  // The data is always the site's. All else is the client's first: the client under test is the one
  // named, even on a site that was bundled with another.
  const roots = pathname.startsWith("/data/") ? [site] : [client, site];
  for (const root of roots) {
    const file = path.join(root, pathname.endsWith("/") ? pathname + "index.html" : pathname);
    if (!file.startsWith(root + path.sep)) continue;
    const info = await stat(file).catch(() => null);
    if (info?.isFile()) return { file, size: info.size };
  }
  return null;
}

async function answer(request, response, site, client) {
  let pathname;
  try {
    pathname = decodeURIComponent(new URL(request.url, "http://site").pathname);
  } catch {
    response.writeHead(400).end();
    return;
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
    return;
  }
  const found = await locate(pathname, site, client);
  if (!found) {
    response.writeHead(404, { "content-type": "text/plain" }).end("not found\n");
    return;
  }
  const headers = {
    "accept-ranges": "bytes",
    "cache-control": "no-store",
    "content-type":
      CONTENT_TYPES[path.extname(found.file).toLowerCase()] ?? "application/octet-stream",
  };
  let [status, start, end] = [200, 0, found.size - 1];
  // Without ranges Chromium cannot seek in a movie that it has not loaded whole.
  const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
  if (range && (range[1] || range[2])) {
    if (range[1]) {
      start = Number(range[1]);
      if (range[2]) end = Math.min(Number(range[2]), end);
    } else {
      start = Math.max(0, found.size - Number(range[2]));
    }
    if (start > end) {
      response.writeHead(416, { "content-range": `bytes */${found.size}` }).end();
      return;
    }
    status = 206;
    headers["content-range"] = `bytes ${start}-${end}/${found.size}`;
  }
  headers["content-length"] = Math.max(0, end - start + 1);
  response.writeHead(status, headers);
  if (request.method === "HEAD" || found.size === 0) {
    response.end();
    return;
  }
  const stream = createReadStream(found.file, { start, end });
  stream.on("error", () => response.destroy());
  response.on("close", () => stream.destroy());
  stream.pipe(response);
}

// --- what runs inside the page -------------------------------------------------------------------

// Runs before the client's own code.
function instrument() {
  const probe = { texts: new WeakMap() };
  globalThis.__probe = probe;
  probe.pixels = (canvas) => {
    const { width, height } = canvas;
    const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    return new Uint32Array(copy.getImageData(0, 0, width, height).data.buffer);
  };

  // A WebGL canvas is emptied once it is shown; keeping its pixels makes them readable.
  const getContext = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, attributes) {
    if (/^webgl/.test(kind)) attributes = { ...attributes, preserveDrawingBuffer: true };
    return getContext.call(this, kind, attributes);
  };

  // Labels are pixels; what was last written on a canvas is only known while it is written.
  const { clearRect, fillText } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.clearRect = function (...args) {
    probe.texts.set(this.canvas, []);
    return clearRect.apply(this, args);
  };
  CanvasRenderingContext2D.prototype.fillText = function (text, ...args) {
    if (!probe.texts.has(this.canvas)) probe.texts.set(this.canvas, []);
    probe.texts.get(this.canvas).push(String(text));
    return fillText.call(this, text, ...args);
  };

  // The client catches most of its own errors and logs them as plain messages, so they reach neither
  // the error event nor the error level of the console.
  for (const level of ["log", "info", "warn", "debug"]) {
    const original = console[level];
    console[level] = function (...args) {
      for (const argument of args) {
        if (argument instanceof Error) {
          const url = argument.config?.url;
          globalThis.__caught(`${argument}${url ? ` (${url})` : ""}`);
        }
      }
      return original.apply(this, args);
    };
  }
}

function describeCanvases() {
  return [...document.querySelectorAll("canvas")].map((canvas) => {
    const { width, height } = canvas;
    const result = { id: canvas.id, width, height, fraction: 0, colours: 0 };
    result.texts = [...new Set(globalThis.__probe.texts.get(canvas) ?? [])];
    if (width === 0 || height === 0) return result;
    const counts = new Map();
    const pixels = globalThis.__probe.pixels(canvas);
    for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
    const commonest = Math.max(...counts.values());
    result.fraction = Number((1 - commonest / pixels.length).toFixed(5));
    result.colours = counts.size;
    return result;
  });
}

// One number for all that the canvases and the player show: whether two looks differ.
function look() {
  let checksum = 0;
  for (const canvas of document.querySelectorAll("canvas")) {
    checksum = (Math.imul(checksum, 31) + canvas.width) | 0;
    if (canvas.width === 0 || canvas.height === 0) continue;
    for (const pixel of globalThis.__probe.pixels(canvas))
      checksum = (Math.imul(checksum, 31) + pixel) | 0;
  }
  return checksum;
}

// People are drawn on the canvas, their pictures inside one texture; the DOM knows neither. What the
// client took in is read from its state instead: the store of v0, a component's property in v1.
function describeState() {
  const root = document.querySelector("#app");
  const app = root?.__vue_app__;
  if (!app) return null;
  let state = app.config.globalProperties.$pinia?.state.value.project;
  const visit = (vnode) => {
    if (!vnode || typeof vnode !== "object" || state) return;
    const { component, children } = vnode;
    if (component?.props?.projectStore) state = component.props.projectStore;
    else if (component) visit(component.subTree);
    if (Array.isArray(children)) children.forEach(visit);
  };
  visit(root._vnode);
  if (!state) return null;
  const plain = (value) => (["number", "string"].includes(typeof value) ? value : null);
  return {
    name: plain(state.name),
    fps: plain(state.fps),
    totalFrames: plain(state.totalFrames),
    frameOffset: plain(state.frameOffset),
    shots: state.shots?.length ?? null,
    assets: state.assets?.length ?? null,
    sequences: state.sequences?.length ?? null,
    people: [...(state.team ?? [])].map((person) => ({
      name: person.name ?? null,
      picture: person.profilePicture ?? null,
    })),
  };
}

function describePlayer() {
  const video = document.querySelector(".videojs-container video");
  if (!video) return { present: false };
  const number = (value) => (Number.isFinite(value) ? value : null);
  return {
    present: Boolean(video.closest(".video-js")?.id),
    source: video.currentSrc.replace(location.origin, "") || null,
    duration: number(video.duration),
    readyState: video.readyState,
    error: video.error?.code ?? null,
    width: video.videoWidth,
    height: video.videoHeight,
  };
}

// --- one page, and all that is heard from it -----------------------------------------------------

class Ear {
  constructor(page, origin) {
    this.page = page;
    this.origin = origin;
    this.pending = new Set();
    this.status = new Map();
    this.start();

    page.on("pageerror", (error) => this.note("thrown", `${error.name}: ${error.message}`));
    page.on("console", (message) => {
      const [level, text] = [message.type(), message.text()];
      // Chromium repeats each failed request as an error; `failed` already names them.
      if (level === "error" && !text.startsWith("Failed to load resource"))
        this.note("console", text.replaceAll(origin, ""));
      if (level === "warning") this.note("warnings", text.replaceAll(origin, ""));
    });
    page.on("request", (request) => {
      // A movie's request stays open for as long as the player likes, and that for the news of
      // exports, which `watchtower serve` adds, for as long as the page.
      if (!["media", "eventsource"].includes(request.resourceType())) this.pending.add(request);
    });
    page.on("response", (response) => {
      const url = this.short(response.url());
      this.status.set(url, response.status());
      if (response.status() >= 400) this.failed(url, response.status());
    });
    page.on("requestfinished", (request) => this.pending.delete(request));
    page.on("requestfailed", (request) => {
      this.pending.delete(request);
      const url = this.short(request.url());
      const reason = request.failure()?.errorText ?? "failed";
      // The player drops a movie's request as soon as it has what it needs.
      if (reason === "net::ERR_ABORTED" && (this.status.get(url) ?? 0) < 400) return;
      this.failed(url, reason);
    });
  }

  short(url) {
    return url.startsWith(this.origin) ? url.slice(this.origin.length) : url;
  }

  failed(url, status) {
    this.note(CLIENT_LACKS.has(url) ? "client_lacks" : "failed", `${url} ${status}`);
  }

  note(kind, text) {
    this.heard[kind].set(text, (this.heard[kind].get(text) ?? 0) + 1);
  }

  start() {
    const kinds = ["thrown", "caught", "console", "warnings", "failed", "client_lacks"];
    this.heard = Object.fromEntries(kinds.map((kind) => [kind, new Map()]));
  }

  // What was heard since the last call. A message that came more than once is listed once.
  take() {
    const texts = ([kind, counts]) => [
      kind,
      [...counts].map(([text, count]) => (count > 1 ? `${text} (${count} times)` : text)),
    ];
    const heard = Object.fromEntries(Object.entries(this.heard).map(texts));
    this.start();
    return heard;
  }
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// Settled: no request under way, the player knows its movie or has given up, and looks at the
// canvases agree. Returns whether that came about in time.
async function settle(page, ear, { limit = 20_000, looks = 3 } = {}) {
  const deadline = Date.now() + limit;
  let previous = null;
  let quiet = 0;
  while (Date.now() < deadline) {
    await pause(100);
    if (ear.pending.size > 0) {
      quiet = 0;
      continue;
    }
    const player = await page.evaluate(describePlayer);
    const movie =
      !player.present || !player.source || player.readyState >= 2 || player.error !== null;
    const seen = await page.evaluate(look);
    quiet = movie && seen === previous ? quiet + 1 : 0;
    previous = seen;
    if (quiet >= looks) return true;
  }
  return false;
}

async function newPage(browser, origin) {
  const context = await browser.newContext({ viewport: VIEWPORT, deviceScaleFactor: 1 });
  const page = await context.newPage();
  const ear = new Ear(page, origin);
  // The client reports a missing WebGL with a dialog, which would wait for ever.
  page.on("dialog", (dialog) => {
    ear.note("thrown", `dialog: ${dialog.message()}`);
    dialog.dismiss().catch(() => {});
  });
  await page.exposeFunction("__caught", (text) => ear.note("caught", text));
  await page.addInitScript(instrument);
  return { context, page, ear };
}

// The about page carries the menu of projects and nothing else. From there a project opens for certain;
// opened by its address (--direct), v1 stays empty when its list of projects comes late.
async function openProject(page, origin, route, direct) {
  if (!direct) {
    await page.goto(`${origin}/index.html#/about`);
    await page
      .waitForFunction(() => document.querySelector(".app-toolbar select option"), null, {
        timeout: 5_000,
      })
      .catch(() => {});
    await page.evaluate((hash) => void (location.hash = hash), route);
  } else {
    await page.goto(`${origin}/index.html#${route}`);
  }
  const view = route.endsWith("/dashboard") ? ".dashboard" : ".project-detail";
  await page.waitForSelector(view, { timeout: 10_000, state: "attached" }).catch(() => {});
}

// --- inspections ---------------------------------------------------------------------------------

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

// One action in the page, and what went wrong because of it.
async function step(run, name, action) {
  let problem = null;
  try {
    await action();
  } catch (error) {
    problem = String(error.message).split("\n")[0];
  }
  const settled = await settle(run.page, run.ear, { limit: 8_000, looks: 1 });
  const heard = run.ear.take();
  run.steps.push({ step: name, ...(problem && { problem }), settled, ...heard });
}

async function inspectProject({ browser, origin, output, format, seek, direct }, id) {
  const { context, page, ear } = await newPage(browser, origin);
  const file = (suffix) => path.join(output, encodeURIComponent(id) + suffix + ".png");
  const route = `/pro/${encodeURIComponent(id)}`;

  await openProject(page, origin, route, direct);
  const settled = await settle(page, ear);
  const screenshot = file("");
  await page.screenshot({ path: screenshot });
  const opened = ear.take();

  const state = await page.evaluate(describeState);
  const canvas = await page.evaluate(describeCanvases);
  const player = await page.evaluate(describePlayer);
  const projectsMenu = await menu(page.locator(".app-toolbar select").first());

  const run = { page, ear, steps: [] };
  const toolbar = page.locator("#canvas-thumb-grid-container select");
  const mode = toolbar.nth(0);
  // Found by what it offers, since the menus beside it come and go.
  const taskTypes = toolbar.filter({ has: page.locator('option[value=""]') });
  const grouping = toolbar.filter({ has: page.locator('option[value="chronological"]') });
  const options = { timeout: 3_000 };

  const taskTypesMenu = (await menu(taskTypes)).filter((entry) => entry.value !== "");
  let taskTypeScreenshot = null;
  for (const { value, name } of taskTypesMenu) {
    await step(run, `task type ${name}`, () => taskTypes.selectOption(value, options));
    if (!taskTypeScreenshot) {
      // On from the start in v0, off in v1; without it v1 never looks at who a task is assigned to.
      await step(run, "show assignees", () =>
        page.locator("#showAssignees").evaluate((box) => box.checked || box.click(), null, options),
      );
      taskTypeScreenshot = file("-task-type");
      await page.screenshot({ path: taskTypeScreenshot });
    }
  }
  let groups = [];
  if (taskTypesMenu.length > 0) {
    for (const by of ["groupBySequence", "groupByTaskStatus", "groupByAssignee"])
      await step(run, by, () => grouping.selectOption(by, options));
    groups = await labels(page, "canvas-thumb-grid-text");
    await page.screenshot({ path: file("-assignees") });
  }
  // v0 hides the timeline's rows of tasks until asked; v1 shows them at once.
  // The canvas above may overlap the box, so the click goes to the element and not to its place.
  await step(run, "timeline tasks", () =>
    page.locator("#showTasksStatus").evaluate((box) => box.checked || box.click(), null, options),
  );

  // Back to no task type first: with one chosen, a project without task types for assets breaks the
  // client by the change of mode alone.
  if (taskTypesMenu.length > 0)
    await step(run, "no task type", async () => {
      await grouping.selectOption("chronological", options);
      await taskTypes.selectOption("", options);
    });
  await step(run, "assets", () => mode.selectOption("assets", options));
  const assetTaskTypesMenu = (await menu(taskTypes)).filter((entry) => entry.value !== "");
  for (const { value, name } of assetTaskTypesMenu)
    await step(run, `asset task type ${name}`, () => taskTypes.selectOption(value, options));
  await step(run, "groupByAssetType", () => grouping.selectOption("groupByAssetType", options));
  const assetGroups = await labels(page, "canvas-thumb-grid-text");
  const assetsScreenshot = file("-assets");
  await page.screenshot({ path: assetsScreenshot });
  await step(run, "shots", async () => {
    if (assetTaskTypesMenu.length > 0) await taskTypes.selectOption("", options);
    await mode.selectOption("shots", options);
  });

  // A click in the middle of the timeline chooses a shot, whose details then appear beside it.
  let details = null;
  await step(run, "choose a shot", async () => {
    await clickTimeline(page, 0.5);
    details = await page.evaluate(() => ({
      sequence: document.querySelector(".player-header")?.innerText ?? null,
      shot: document.querySelector(".inspector-details")?.innerText ?? null,
    }));
  });

  const pictures = { loaded: 0, failed: 0 };
  for (const [url, status] of ear.status)
    if (/\.(png|jpe?g|webp)$/i.test(url) && !CLIENT_LACKS.has(url))
      pictures[status < 400 ? "loaded" : "failed"] += 1;

  const result = {
    id,
    settled,
    ...opened,
    projects_menu: projectsMenu.map((entry) => entry.name),
    task_types_menu: taskTypesMenu.map((entry) => entry.name),
    asset_task_types_menu: assetTaskTypesMenu.map((entry) => entry.name),
    people: (state?.people ?? []).map((person) => ({
      ...person,
      loaded: (ear.status.get(person.picture) ?? 404) < 400,
    })),
    state: state && { ...state, people: undefined },
    canvas,
    pictures,
    player,
    assignee_groups: groups,
    asset_groups: assetGroups,
    details,
    steps: run.steps,
    screenshot,
    task_type_screenshot: taskTypeScreenshot,
    assets_screenshot: assetsScreenshot,
  };
  if (seek) result.seek = await seekEverywhere(page);
  await context.close();
  if (format === "v1") result.dashboard = await inspectDashboard({ browser, origin, direct }, route, file);
  return result;
}

async function menu(locator) {
  if ((await locator.count()) === 0) return [];
  return locator
    .first()
    .locator("option")
    .evaluateAll((all) => all.map((one) => ({ value: one.value, name: one.textContent.trim() })));
}

async function labels(page, id) {
  const canvases = await page.evaluate(describeCanvases);
  return canvases.find((canvas) => canvas.id === id)?.texts ?? [];
}

async function clickTimeline(page, share) {
  const box = await page.locator("#canvas-timeline-text").boundingBox({ timeout: 3_000 });
  if (!box) throw new Error("no timeline");
  // The client moves its playhead on release, and only if the button went down before.
  await page.mouse.move(box.x + box.width * share, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.up();
  return Math.round(box.width * share);
}

// Where the player went after clicks along the timeline. How wide the names before the timeline are is
// the client's business, so `frame` is the frame that it displays itself for the click.
async function seekEverywhere(page) {
  const results = [];
  for (const share of [0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 0.3]) {
    const x = await clickTimeline(page, share).catch(() => null);
    if (x === null) return results;
    await pause(100);
    // A player without a movie never arrives, but says so at once.
    const waited = await page
      .waitForFunction(
        () => {
          const video = document.querySelector(".videojs-container video");
          return !video || video.error || (!video.seeking && video.readyState >= 2);
        },
        null,
        { timeout: 5_000 },
      )
      .then(() => true, () => false);
    const player = await page.evaluate(describePlayer);
    results.push({
      x,
      arrived: waited && player.readyState >= 2,
      ...(await page.evaluate(() => ({
        frame: Number(document.querySelector('[title="Frame Number"]')?.textContent ?? NaN),
        currentTime: document.querySelector(".videojs-container video")?.currentTime ?? null,
        shown: document.querySelector('[title="Current Sequence"]')?.innerText ?? null,
      }))),
    });
  }
  return results;
}

async function inspectDashboard({ browser, origin, direct }, route, file) {
  const { context, page, ear } = await newPage(browser, origin);
  await openProject(page, origin, `${route}/dashboard`, direct);
  // The charts grow into place for a second.
  const settled = await settle(page, ear, { looks: 5 });
  const screenshot = file("-dashboard");
  await page.screenshot({ path: screenshot });
  const canvases = await page.evaluate(describeCanvases);
  const charts = await page.locator(".dashboard .chart canvas").count();
  const result = { settled, ...ear.take(), charts, canvas: canvases, screenshot };
  await context.close();
  return result;
}

// --- start ---------------------------------------------------------------------------------------

class UsageError extends Error {}

function readArguments() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        site: { type: "string" },
        client: { type: "string" },
        modules: { type: "string" },
        origin: { type: "string" },
        format: { type: "string" },
        output: { type: "string" },
        project: { type: "string" },
        seek: { type: "boolean", default: false },
        direct: { type: "boolean", default: false },
        chromium: { type: "string" },
      },
    }));
  } catch (error) {
    throw new UsageError(error.message);
  }
  values.client ??= values.site;
  values.modules ??= values.client;
  for (const name of ["site", "format", "output"])
    if (!values[name]) throw new UsageError(`--${name} is missing`);
  if (!["v0", "v1"].includes(values.format)) throw new UsageError("--format is v0 or v1");
  for (const name of ["site", "client", "modules", "output"])
    values[name] = path.resolve(values[name]);
  if (!values.origin && !existsSync(path.join(values.client, "index.html")))
    throw new UsageError(`no web client in ${values.client}`);
  return values;
}

// The ids come from the site's own list, not from the client's menu, so that a client which shows no
// projects at all is still asked for each of them.
async function listProjects(site, format) {
  const list = format === "v0" ? "data/projects/context.json" : "data/projects-list/index.json";
  try {
    const document = JSON.parse(await readFile(path.join(site, list), "utf8"));
    return document.projects.map((project) => String(project.id));
  } catch (error) {
    console.error(`${list}: ${error.message}`);
    return [];
  }
}

function findChromium(named) {
  const candidates = [named, process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser"];
  const found = candidates.find((candidate) => candidate && existsSync(candidate));
  if (!found || (named && found !== named)) throw new Error("no chromium: run ./setup, or name one");
  return found;
}

async function main() {
  const { site, client, format, output, project, seek, direct, ...rest } = readArguments();
  const { chromium } = createRequire(path.join(rest.modules, "index.html"))("playwright-core");
  await mkdir(output, { recursive: true });
  const server = rest.origin ? null : await startServer(site, client);
  const origin = rest.origin?.replace(/\/$/, "") ?? `http://127.0.0.1:${server.address().port}`;
  let browser;
  try {
    browser = await chromium.launch({
      executablePath: findChromium(rest.chromium),
      headless: true,
      args: CHROMIUM_FLAGS,
    });
    const setting = { browser, origin, output, format, seek, direct };
    const report = {
      format,
      chromium: browser.version(),
      home: await inspectHome(setting),
      projects: [],
    };
    for (const id of project ? [project] : await listProjects(site, format))
      report.projects.push(await inspectProject(setting, id));
    return report;
  } finally {
    await browser?.close();
    server?.closeAllConnections?.();
    server?.close();
  }
}

try {
  process.stdout.write(JSON.stringify(await main(), null, 2) + "\n");
} catch (error) {
  console.error(error instanceof UsageError ? `${error.message}\n${USAGE}` : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
