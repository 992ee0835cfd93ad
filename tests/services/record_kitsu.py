#!/usr/bin/env python3
"""Record what a real Kitsu server answers, for tests that must do without one.

    tests/services/zou up STATE_DIR
    STATE_DIR/venv/bin/python tests/services/record_kitsu.py STATE_DIR [OUT_DIR]

STATE_DIR needs to be a folder of its own, not one that `zou seed` has filled: small projects are made
here, so that the recordings stay small. Each exchange becomes one JSON file in OUT_DIR, whose JSON
files are removed first; `expected.json` says which id is which project.
"""

import base64
import json
import pathlib
import re
import subprocess
import sys

import jwt
import psycopg
import requests

state = pathlib.Path(sys.argv[1]).resolve()
here = pathlib.Path(__file__).resolve().parent
out = here.parent.parent / "crates/watchtower-connector/tests/recorded/kitsu"
if len(sys.argv) > 2:
    out = pathlib.Path(sys.argv[2])

KEPT_HEADERS = ["accept-ranges", "content-length", "content-range", "content-type", "etag", "last-modified", "location"]
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def read_env(name):
    return dict(line.split("=", 1) for line in (state / name).read_text().splitlines())


env = read_env("env")
private = read_env("env.private")
if (state / "done.seed").exists():
    raise SystemExit(f"{state} is filled already: take another folder")

# --- content -------------------------------------------------------------------------------

# One second of a single colour: Zou makes at least 1280 pixels in width of it, yet it stays small.
movie = state / "second.mp4"
subprocess.run(
    ["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", "color=c=teal:size=160x68:rate=24", "-f", "lavfi"]
    + ["-i", "anullsrc", "-t", "1", "-pix_fmt", "yuv420p", "-c:a", "aac", str(movie)],
    check=True,
)
small = ["--people", "3", "--frames", "24", "--thumbnails"]
for name, options in {
    "Nasty Film": ["--sequences", "2", "--shots", "3", "--assets", "5", "--movie", str(movie), "--nasty", *small],
    "Small Series": ["--tvshow", "2", "--sequences", "1", "--shots", "2", "--assets", "5", "--movie", str(movie), *small],
    "Lengths Only": ["--sequences", "1", "--shots", "3", "--assets", "2", "--edit", "empty", "--lengths-only", "--people", "2", "--frames", "24"],
}.items():
    subprocess.run([sys.executable, here / "seed.py", "--state", state, name, *options], check=True)
projects = json.loads((state / "projects.json").read_text())
nasty, series, lengths = (projects[n] for n in ("Nasty Film", "Small Series", "Lengths Only"))

# --- recording -----------------------------------------------------------------------------

tokens = {}  # what is sent: what is written down
written = set()


def scrub(text):
    for token, name in tokens.items():
        text = text.replace(token, name)
    if re.search(r"eyJ[\w-]{10,}\.", text):
        raise SystemExit("an unknown token is left in a recording")
    return text


def send(method, path, token=None, body=None, **headers):
    headers = {k.replace("_", "-"): v for k, v in headers.items()}
    if token:
        headers["authorization"] = f"Bearer {token}"
    # No session: its cookies would log in where the test of a missing token must not.
    return headers, requests.request(
        method,
        env["ZOU_URL"] + path,
        headers={"accept-encoding": "identity", **headers},
        json=body,
        allow_redirects=False,
        timeout=60,
        proxies={"http": None},
    )


def write(name, method, path, headers, answer, body=None):
    if name in written:
        raise SystemExit(f"two recordings are called {name}")
    written.add(name)
    request = {"method": method, "path": path}
    if headers:
        request["headers"] = headers
    if body is not None:
        request["body"] = body
    kept = {k: answer.headers[k] for k in KEPT_HEADERS if k in answer.headers}
    response = {"status": answer.status_code, "headers": kept}
    if kept.get("content-type", "").startswith("application/json") and answer.content:
        response["body"] = answer.json()
        if scrub(answer.text) != answer.text:
            del kept["content-length"]
    elif answer.content:
        if len(answer.content) > 40_000:
            raise SystemExit(f"{name}: {len(answer.content)} bytes are too many to keep")
        response["body_base64"] = base64.b64encode(answer.content).decode()
    text = json.dumps({"request": request, "response": response}, indent=1, ensure_ascii=False)
    (out / f"{name}.json").write_text(scrub(text) + "\n")


def record(name, path, token="", method="GET", body=None, **headers):
    """`token` is empty for the logged-in user, None for nobody."""
    headers, answer = send(method, path, access if token == "" else token, body, **headers)
    write(name, method, path, headers, answer, body)
    return answer


def record_twice(name, path, **options):
    """Once more as a client that has the answer already: 304 where the route knows an ETag."""
    answer = record(name, path, **options)
    if "etag" in answer.headers:
        record(f"{name}-not-modified", path, if_none_match=answer.headers["etag"], **options)
    return answer


out.mkdir(parents=True, exist_ok=True)
for old in out.glob("*.json"):
    old.unlink()

# Logging in: tokens must be known before anything is written.
login = {"email": env["ZOU_EMAIL"], "password": env["ZOU_PASSWORD"]}
headers, answer = send("POST", "/auth/login", body=login)
access = answer.json()["access_token"]
tokens[access] = "recorded-access-token"
tokens[answer.json()["refresh_token"]] = "recorded-refresh-token"
refresh = answer.json()["refresh_token"]
write("login", "POST", "/auth/login", headers, answer, login)
record("login-wrong-password", "/auth/login", None, "POST", {**login, "password": "wrong"})

headers, answer = send("GET", "/auth/refresh-token", refresh)
tokens[answer.json()["access_token"]] = "recorded-refreshed-token"
write("refresh", "GET", "/auth/refresh-token", headers, answer)

claims = jwt.decode(access, options={"verify_signature": False})
expired = jwt.encode({**claims, "exp": claims["iat"] - 1, "iat": claims["iat"] - 9, "nbf": claims["iat"] - 9}, private["ZOU_SECRET_KEY"])
tokens[expired] = "recorded-expired-token"
record("context-no-token", "/data/user/context", None)
record("context-expired-token", "/data/user/context", expired)
record("context-broken-token", "/data/user/context", "not-a-token")
record("refresh-with-access-token", "/auth/refresh-token")

# Somebody who has to give a second factor. The API only sets it up with a device at hand.
person = {"first_name": "Two", "last_name": "Factors", "email": "two@example.com", "password": "two-factors", "role": "manager"}
two = send("POST", "/data/persons", access, person)[1].json()
with psycopg.connect(private["ZOU_DB"]) as db:
    db.execute("update person set totp_enabled = true, preferred_two_factor_authentication = 'totp' where id = %s", (two["id"],))
record("login-two-factors", "/auth/login", None, "POST", {"email": "two@example.com", "password": "two-factors"})

# A bot: a token that does not end, and no login. It is in the team of two of the projects.
body = {"first_name": "Exporter", "last_name": "", "email": "exporter@example.com", "role": "user", "is_bot": True}
headers, answer = send("POST", "/data/persons", access, body)
bot = answer.json()["access_token"]
tokens[bot] = "recorded-bot-token"
write("bot-new", "POST", "/data/persons", headers, answer, body)
for project in (nasty, series):
    send("POST", f"/data/projects/{project}/team", access, {"person_id": answer.json()["id"]})
record("bot-context", "/data/user/context", bot)
record("bot-projects-open", "/data/projects/open", bot)
for kind in ("persons", "task-types", "task-status", "asset-types"):
    record(f"bot-{kind}", f"/data/{kind}", bot)
record("bot-shots", f"/data/shots/with-tasks?project_id={series}", bot)
record("bot-shots-not-in-team", f"/data/shots/with-tasks?project_id={lengths}", bot)

# The server.
record("index", "/", None)
record("status", "/status", None)
record("unknown-route", "/api/data/user/context")  # what a wrong prefix meets

# The studio.
context = record("context", "/data/user/context").json()
for route in ("projects/open", "persons", "task-types", "task-status", "asset-types"):
    record(route.replace("/", "-"), f"/data/{route}")
for number, person in enumerate(sorted(context["persons"], key=lambda p: p["email"])):
    if person["has_avatar"]:
        record_twice(f"thumbnail-person-{number:02}", f"/pictures/thumbnails/persons/{person['id']}.png")
without = next(p for p in context["persons"] if not p["has_avatar"])
record("thumbnail-person-without-avatar", f"/pictures/thumbnails/persons/{without['id']}.png")

# The projects.
for slug, project in {"nasty-film": nasty, "small-series": series, "lengths-only": lengths}.items():
    base = f"/data/projects/{project}"
    record(f"{slug}-project", base)
    record(f"{slug}-team", f"{base}/team")
    record(f"{slug}-thumbnail-project", f"/pictures/thumbnails/projects/{project}.png")
    shots = record_twice(f"{slug}-shots", f"/data/shots/with-tasks?project_id={project}").json()
    assets = record_twice(f"{slug}-assets", f"/data/assets/with-tasks?project_id={project}").json()
    record(f"{slug}-shared-assets", f"{base}/assets/shared-used")
    edits = record_twice(f"{slug}-edits", f"/data/edits/with-tasks?project_id={project}").json()
    sequences = record_twice(f"{slug}-sequences", f"/data/sequences?project_id={project}").json()
    episodes = record_twice(f"{slug}-episodes", f"{base}/episodes").json()
    record_twice(f"{slug}-casting", f"{base}/sequences/all/casting")
    for number, sequence in enumerate(sequences):
        record(f"{slug}-casting-sequence-{number}", f"{base}/sequences/{sequence['id']}/casting")
    record(f"{slug}-casting-episodes", f"{base}/episodes/casting")
    for number, episode in enumerate(episodes):
        record(f"{slug}-casting-episode-{number}", f"{base}/episodes/{episode['id']}/sequences/all/casting")
    for kind, entities in (("shot", shots), ("asset", assets)):
        for number, entity in enumerate(entities):
            if entity["preview_file_id"]:
                path = f"/pictures/thumbnails/preview-files/{entity['preview_file_id']}.png"
                answer = record(f"{slug}-thumbnail-{kind}-{number:02}", path)
    for number, edit in enumerate(edits):
        previews = record(f"{slug}-edit-{number}-previews", f"/data/edits/{edit['id']}/preview-files").json()
        for revision in [p for of_type in previews.values() for p in of_type]:
            record(f"{slug}-edit-{number}-movie-{revision['revision']}", f"/movies/low/preview-files/{revision['id']}.mp4")
            if revision["status"] == "ready" and edit["name"].startswith("Edit E01"):
                path = f"/movies/originals/preview-files/{revision['id']}.mp4"
                answer = record_twice(f"{slug}-edit-{number}-movie-original", path)
                record(f"{slug}-edit-{number}-movie-range", path, range="bytes=0-99")

# What a proxy that compresses makes of an ETag: the server does not take it for its own.
path = f"/data/shots/with-tasks?project_id={lengths}"
etag = send("GET", path, access)[1].headers["etag"]
record("lengths-only-shots-weak-etag", path, if_none_match=f"W/{etag}")

# One picture in all the ways a client may ask for it.
picture = next(s for s in send("GET", f"/data/shots/with-tasks?project_id={series}", access)[1].json() if s["preview_file_id"])
path = f"/pictures/thumbnails/preview-files/{picture['preview_file_id']}.png"
etag = send("GET", path, access)[1].headers["etag"]
record("picture-not-modified", path, if_none_match=etag)
record("picture-range", path, range="bytes=0-99")
record("picture-no-token", path, None)
record("picture-unknown", f"/pictures/thumbnails/preview-files/{UNKNOWN}.png")

# A project that is not there is not always said to be missing.
record("unknown-project", f"/data/projects/{UNKNOWN}")
record("malformed-project", "/data/projects/nonsense")
record("unknown-project-shots", f"/data/shots/with-tasks?project_id={UNKNOWN}")
record("malformed-project-shots", "/data/shots/with-tasks?project_id=nonsense")
record("unknown-project-sequences", f"/data/sequences?project_id={UNKNOWN}")
record("unknown-project-episodes", f"/data/projects/{UNKNOWN}/episodes")
record("unknown-project-edits", f"/data/edits/with-tasks?project_id={UNKNOWN}")
record("unknown-project-casting", f"/data/projects/{UNKNOWN}/sequences/all/casting")

version = send("GET", "/")[1].json()["version"]
(out / "expected.json").write_text(json.dumps({"zou": version, "projects": projects}, indent=1) + "\n")
print(f"{len(written)} exchanges in {out}")
