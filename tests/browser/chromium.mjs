// Starts the distribution's Chromium under playwright-core.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

// The client draws with WebGL 2 only. Without a graphics card Chromium refuses WebGL unless its
// software renderer is named and declared acceptable.
const FLAGS = [
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

export const VIEWPORT = { width: 1400, height: 900 };

function find(named) {
  const candidates = [named, process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser"];
  const found = candidates.find((candidate) => candidate && existsSync(candidate));
  if (!found || (named && found !== named)) throw new Error("no chromium: run ./setup, or name one");
  return found;
}

// `modules` is a folder at or below the one that ./setup prepared, where playwright-core is.
export function launch(modules, named) {
  const { chromium } = createRequire(path.join(modules, "index.html"))("playwright-core");
  return chromium.launch({ executablePath: find(named), headless: true, args: FLAGS });
}
