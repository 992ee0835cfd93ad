// What is looked at in a page of the web client, and all that is heard from it.

import { VIEWPORT } from "./chromium.mjs";

// --- what runs inside the page -------------------------------------------------------------------

// Runs before the client's own code.
function instrument() {
  const probe = { texts: new WeakMap() };
  globalThis.__probe = probe;
  probe.pixels = (canvas, width = canvas.width, height = canvas.height) => {
    const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0, width, height);
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

export function describeCanvases() {
  return [...document.querySelectorAll("canvas")].map((canvas) => {
    const { width, height } = canvas;
    const result = { id: canvas.id, width, height, drawn: 0, colours: 0 };
    result.texts = [...new Set(globalThis.__probe.texts.get(canvas) ?? [])];
    if (width === 0 || height === 0) return result;
    const counts = new Map();
    const pixels = globalThis.__probe.pixels(canvas);
    for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
    // A blank one is of one colour all over; what has another was drawn.
    const commonest = Math.max(...counts.values());
    result.drawn = Number((1 - commonest / pixels.length).toFixed(5));
    result.colours = counts.size;
    return result;
  });
}

// One number for all that the canvases show: whether two looks differ. It is taken from afar, which is
// much faster.
export function look() {
  let checksum = 0;
  for (const canvas of document.querySelectorAll("canvas")) {
    checksum = (Math.imul(checksum, 31) + canvas.width) | 0;
    if (canvas.width === 0 || canvas.height === 0) continue;
    const [width, height] = [Math.ceil(canvas.width / 4), Math.ceil(canvas.height / 4)];
    for (const pixel of globalThis.__probe.pixels(canvas, width, height))
      checksum = (Math.imul(checksum, 31) + pixel) | 0;
  }
  return checksum;
}

// People are drawn on the canvas, their pictures inside one texture; the DOM knows neither. What the
// client took in is read from its state instead: the store of v0, a component's property in v1.
export function describeState() {
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

export function describePlayer() {
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
    // Whether this browser decodes HEVC, which depends on the machine.
    hevc: video.canPlayType('video/mp4; codecs="hvc1.1.6.L93.B0"') !== "",
  };
}

export const drawTwice = () =>
  new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

// From now on it is known which frame of the movie is on the screen. A player that went somewhere says so before
// it shows what is there.
export function watchFrames() {
  const video = document.querySelector(".videojs-container video");
  const presented = (_, { mediaTime }) => {
    globalThis.__probe.presented = mediaTime;
    video.requestVideoFrameCallback(presented);
  };
  video.requestVideoFrameCallback(presented);
}

// Whether the frame on the screen is the one where the player is.
export function isPresented(fps) {
  const video = document.querySelector(".videojs-container video");
  const behind = video.currentTime - globalThis.__probe.presented;
  return behind > -0.5 / fps && behind < 1.5 / fps;
}

// Where the page says it is in the film, and what the player shows there: the colour of its picture
// near the upper left corner.
export function describePlace() {
  const video = document.querySelector(".videojs-container video");
  let corner = null;
  if (video?.readyState >= 2) {
    const spot = new OffscreenCanvas(1, 1).getContext("2d");
    spot.drawImage(video, 4, 4, 4, 4, 0, 0, 1, 1);
    corner = [...spot.getImageData(0, 0, 1, 1).data].slice(0, 3);
  }
  return {
    frame: Number(document.querySelector('[title="Frame Number"]')?.textContent ?? NaN),
    shown: document.querySelector('[title="Current Sequence"]')?.innerText ?? null,
    currentTime: video?.currentTime ?? null,
    corner,
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
    this.note("failed", `${url} ${status}`);
  }

  note(kind, text) {
    this.heard[kind].set(text, (this.heard[kind].get(text) ?? 0) + 1);
  }

  start() {
    const kinds = ["thrown", "caught", "console", "warnings", "failed"];
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

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// Settled: no request under way, the player knows its movie or has given up, and looks at the
// canvases agree. Returns whether that came about in time.
export async function settle(page, ear, { limit = 60_000, looks = 3 } = {}) {
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

export async function newPage(browser, origin) {
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

