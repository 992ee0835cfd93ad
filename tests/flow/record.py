"""Records what the counterpart answers `watchtower export flow`, for the connector's fast tests.

    python record.py WATCHTOWER > ../../crates/watchtower-connector/tests/recorded/flow.json

WATCHTOWER is the program. Addresses are written as `{site}` and `{media}`, and signatures as `recorded`.
"""

import json
import re
import subprocess
import sys
import tempfile
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from server import start

# All but the big one.
PROJECTS = [70, 71, 72, 73, 74, 79, 80, 82]


def main(program):
    site, *_ = start([])
    exchanges = {}

    class Recorder(BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with urllib.request.urlopen(urllib.request.Request(site.url + self.path, body)) as answer:
                answer = answer.read()
            asked, told = json.loads(body), answer.decode().replace(site.url, "{site}").replace(site.media_url, "{media}")
            told = json.loads(re.sub(r'\?X-Amz-[^"]*', "?X-Amz-Signature=recorded", told))
            params = asked.get("params", [])
            request = {"method": asked["method_name"], "args": params[1] if len(params) > 1 else None}
            exchanges[json.dumps(request, sort_keys=True)] = {"request": request, "response": told}
            self.send_response(200)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "export", "flow", "--quiet", "--output", folder, "--edit-version", "fbo_edit"]
                       + [word for one in PROJECTS for word in ("--project", "project-%d" % one)], check=True, env={
                           "SHOTGRID_URL": "http://127.0.0.1:%d" % proxy.server_port,
                           "SHOTGRID_SCRIPT_NAME": "watchtower",
                           "SHOTGRID_API_KEY": "correct-horse-battery-staple"})
    lines = [json.dumps(exchanges[key], ensure_ascii=False) for key in sorted(exchanges)]
    print("[\n" + ",\n".join(lines) + "\n]")


main(sys.argv[1])
