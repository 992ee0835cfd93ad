// A plain static server, as anybody has one: content types and ranges, and nothing else.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import http from "node:http";
import path from "node:path";

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

// Serves a folder on a free port of 127.0.0.1.
export function startServer(root) {
  const server = http.createServer(async (request, response) => {
    try {
      await answer(request, response, root);
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

async function locate(pathname, root) {
  const file = path.join(root, pathname.endsWith("/") ? pathname + "index.html" : pathname);
  if (!file.startsWith(root + path.sep)) return null;
  const info = await stat(file).catch(() => null);
  return info?.isFile() ? { file, size: info.size } : null;
}

async function answer(request, response, root) {
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
  const found = await locate(pathname, root);
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

