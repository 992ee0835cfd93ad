"""Drives the counterpart with the official client, and prints what came back.

    python prove.py          # starts its own server on free ports

A line `ok` says that what was expected came, `NO` that it did not; the exit code is the number of NOs.
"""

import datetime
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

os.environ.setdefault("SHOTGUN_API_RETRY_INTERVAL", "50")
import shotgun_api3
from shotgun_api3 import Shotgun

from expected import Mapper
from server import start

BAD = 0


def show(name, got, want=None, ok=None):
    global BAD
    fine = ok if ok is not None else (got == want)
    BAD += not fine
    text = json.dumps(got, ensure_ascii=False, default=str)
    print("%s  %-58s %s" % ("ok" if fine else "NO", name, text if len(text) < 200 else text[:197] + "…"))
    if not fine:
        print("    wanted: %s" % json.dumps(want, ensure_ascii=False, default=str))


def fails(name, call, kind=None, has=""):
    try:
        show(name, call(), ok=False)
    except Exception as error:  # noqa: BLE001
        show(name, "%s: %s" % (type(error).__name__, str(error).replace("\n", " ")[:150]),
             ok=(kind is None or type(error).__name__ == kind) and has in str(error))


site, server, media = start(["--per-page", "500"])
print("# %s, files at %s, client %s, python %s" % (site.url, site.media_url, shotgun_api3.__version__ if hasattr(shotgun_api3, "__version__") else shotgun_api3.shotgun.__version__, sys.version.split()[0]))


def control(**order):
    request = urllib.request.Request(site.url + "/_control", json.dumps(order).encode(), {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))


def get(url, headers=(), method="GET"):
    request = urllib.request.Request(url, headers=dict(headers), method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


def script(name="watchtower", key=None, **more):
    return Shotgun(site.url, script_name=name, api_key=key or site.accounts["scripts"][name]["key"], **more)


print("\n# who we are")
sg = script()
show("connect, info: version", list(sg.server_caps.version), [8, 78, 0])
show("info", sg.info(), ok=sg.info()["user_authentication_method"] == "default")
fails("wrong key: the first call fails, connecting does not", lambda: script(key="wrong").find_one("Shot", []), "AuthenticationFault", "Can't authenticate script 'watchtower'")
fails("unknown script", lambda: script("nobody", "x").find_one("Shot", []), "AuthenticationFault")
person = Shotgun(site.url, login="ada", password="ada-password")
show("login with password", person.find_one("HumanUser", [["login", "is", "ada"]], ["name"]), {"type": "HumanUser", "id": 11, "name": "Ada Lovelace"})
fails("wrong password", lambda: Shotgun(site.url, login="ada", password="no").find_one("Shot", []), "AuthenticationFault")
fails("disabled person", lambda: Shotgun(site.url, login="gone", password="gone-password").find_one("Shot", []), "AuthenticationFault")
fails("two factors", lambda: Shotgun(site.url, login="two", password="two-password").find_one("Shot", []), "MissingTwoFactorAuthenticationFault")
show("two factors, with the code: a session", len(Shotgun(site.url, login="two", password="two-password", auth_token="123456").config.session_token), 32)
control(auth_method="saml2")
fails("SSO site", lambda: Shotgun(site.url, login="ada", password="ada-password").find_one("Shot", []), "UserCredentialsNotAllowedForSSOAuthenticationFault")
control(auth_method="oxygen")
fails("Autodesk Identity site, no personal access token", lambda: Shotgun(site.url, login="ada", password="ada-password").find_one("Shot", []), "UserCredentialsNotAllowedForOxygenAuthenticationFault")
show("Autodesk Identity site, passphrase of a person with a token", bool(Shotgun(site.url, login="vendor@studio.example", password="legacy-passphrase").find_one("Shot", [])), True)
show("Autodesk Identity site, script", bool(script().find_one("Shot", [])), True)
control(auth_method="default")
token = person.get_session_token()
session = Shotgun(site.url, session_token=token)
show("tasks of task templates have no project", sg.find("Task", [["project", "is", None]], ["content"]), [{"type": "Task", "id": 5100, "content": "Template Anim"}])
show("session token", bool(session.find_one("Project", [])), True)
control(expire_sessions=True)
fails("session that is over", lambda: session.find_one("Project", []), "AuthenticationFault", "session token ending with")
show("script that may see one project", [p["id"] for p in script("limited").find("Project", [])], [70])
show("… its shots elsewhere", script("limited").find("Shot", [["project", "is", {"type": "Project", "id": 90}]]), [])
fails("script that may not read people", lambda: script("nopeople").find("HumanUser", []), "Fault", "can not be accessed by this user")
show("… but links name them", script("nopeople").find_one("Task", [["id", "is", 5001]], ["task_assignees"])["task_assignees"], [{"id": 11, "name": "Ada Lovelace", "type": "HumanUser"}])
show("… who may not see a field reads null", script("nofields").find_one("Shot", [["id", "is", 860]], ["image", "code"]), {"type": "Shot", "id": 860, "image": None, "code": "sh0010"})

print("\n# pages")
big = {"type": "Project", "id": 90}
control(clear=True)
rows = sg.find("Shot", [["project", "is", big]], ["code", "sg_cut_order", "sg_sequence"])
calls = [c for c in site.log if c.get("method") == "read"]
show("1,200 shots: how many, how many different", [len(rows), len({r["id"] for r in rows})], [1200, 1200])
show("… in how many requests, of what size, which pages", [len(calls), calls[0]["per_page"], [c["page"] for c in calls]], [3, 500, [1, 2, 3]])
show("… order without any", [r["id"] for r in rows] == sorted(r["id"] for r in rows), True)
control(options={"max_per_page": 5000})
control(clear=True)
show("a site that says 5000 a page: requests", (len(script().find("Shot", [["project", "is", big]])), len([c for c in site.log if c.get("method") == "read"])), (1200, 1))
control(options={"max_per_page": 400})
control(clear=True)
show("400 a page, an exact fit of three", (len(script().find("Shot", [["project", "is", big]])), len([c for c in site.log if c.get("method") == "read"])), (1200, 3))
control(options={"max_per_page": 500})
show("limit 7, page 3", [r["id"] for r in sg.find("Shot", [["project", "is", big]], limit=7, page=3)], list(range(2014, 2021)))
show("limit 600 over pages", len(sg.find("Shot", [["project", "is", big]], limit=600)), 600)
control(version=[7, 3, 0])
old = script()
control(clear=True)
show("a server before 7.4 counts", (len(old.find("Shot", [["project", "is", big]])), len([c for c in site.log if c.get("method") == "read"])), (1200, 3))
control(version=[8, 78, 0])
control(options={"unstable_ties": True})
seen = sg.find("Shot", [["project", "is", big]], order=[{"field_name": "sg_status_list", "direction": "asc"}])
show("ties that move between pages lose and double rows", [len(seen), len({r["id"] for r in seen})], ok=len({r["id"] for r in seen}) < 1200)
seen = sg.find("Shot", [["project", "is", big]], order=[{"field_name": "id", "direction": "asc"}])
show("… not when ordered by id", len({r["id"] for r in seen}), 1200)
control(options={"unstable_ties": False})

print("\n# filters")
film = {"type": "Project", "id": 70}
names = lambda filters, entity="Shot", field="code", **more: [r[field] for r in sg.find(entity, filters, [field], **more)]
in_film = ["project", "is", film]
show("and of or", names([in_film, {"filter_operator": "any", "filters": [["code", "is", "SH0010"], ["code", "ends_with", "90"]]}]), ["sh0010", "sh0090"])
show("multi entity is", names([in_film, ["assets", "is", {"type": "Asset", "id": 1226}]]), ["sh0010", "sh0020"])
show("multi entity is nothing", len(names([in_film, ["assets", "is", None]])), 7)
show("entity in", names([["sg_sequence", "in", [{"type": "Sequence", "id": 100}, {"type": "Sequence", "id": 1}]]]), ["sh0010", "sh0020", "sh0030"])
show("deep link: sequence's name", names([in_film, ["sg_sequence.Sequence.code", "starts_with", "020"]])[:2], ["sh0040", "sh0050"])
show("two hops", names([["entity.Shot.sg_sequence.Sequence.code", "is", "010"], ["entity.Shot.project.Project.name", "is", "Film With Cut"]], "Task", "content")[:2], ["Anim Primary", "Anim Secondary"])
show("deep through many", names([["project", "is", film], ["shots.Shot.code", "is", "sh0010"]], "Sequence"), ["010"])
show("type_is", len(names([in_film, ["entity", "type_is", "Asset"]], "Task", "content")), 3)
show("name_contains", names([in_film, ["sg_sequence", "name_contains", "chase"]])[0], "sh0040")
show("is_not has those without, too", names([in_film, ["sg_cut_order", "is_not", 1]])[:2], ["sh0020", "sh0030"])
show("greater_than has not", names([in_film, ["sg_cut_order", "greater_than", 1]]), ["sh0020", "sh0080"])
show("between", names([in_film, ["sg_cut_order", "between", [1, 2]]]), ["sh0010", "sh0020"])
show("image is_not None, transient is one", names([in_film, ["image", "is_not", None]]), ["sh0010", "sh0020", "sh0030", "sh0050"])
fails("a field that is not there", lambda: names([["sg_nope", "is", 1]]), "Fault", "API read() Shot.sg_nope doesn't exist.")
fails("text given an entity", lambda: names([["code", "is", film]]), "Fault", "expected [String, NilClass] data type(s) but got Hash")
fails("files cannot be filtered by", lambda: names([["sg_uploaded_movie", "is_not", None]], "Version"), "Fault", "'url' data type cannot be used in a filter.")
fails("an operator that is not there", lambda: names([["sg_cut_in", "contains", "1"]]), "Fault", "data type doesn't support 'contains'")
fails("an entity type that is not there", lambda: sg.find("Shoot", []), "Fault", "does not exist")
show("retired only", names([], retired_only=True), ["sh0100 retired"])
show("shots of archived projects are there", names([["id", "is", 960]]), ["archived shot"])
show("… unless asked not", names([["id", "is", 960]], include_archived_projects=False), [])
show("shots of a project in the trash are not", names([["id", "is", 970]]), [])
show("archived and templates, by their checkboxes", names([["archived", "is", False], ["is_template", "is", False]], "Project", "id"), ok=not {75, 77} & set(names([["archived", "is", False], ["is_template", "is", False]], "Project", "id")))

print("\n# order")
by = lambda field, direction="asc": [{"field_name": field, "direction": direction}]
show("up: those without come last", names([in_film], order=by("sg_cut_order"), field="sg_cut_order")[:4], [1, 2, 90, None])
show("down: so they do", names([in_film], order=by("sg_cut_order", "desc"), field="sg_cut_order")[:4], [90, 2, 1, None])
show("deep", names([["project", "is", {"type": "Project", "id": 71}]], order=by("sg_sequence.Sequence.code") + by("sg_cut_order"), field="id"), [903, 904, 905, 906, 907, 908, 900, 901, 902])
show("by what cannot be: ignored", names([in_film], "Version", order=by("sg_uploaded_movie", "desc"))[0], "fwc_edit_v011")
show("cut items by cut_order", names([["cut", "is", {"type": "Cut", "id": 18}]], "CutItem", order=by("cut_order"))[-1], "sh0060")

print("\n# fields")
one = sg.find_one("Shot", [["id", "is", 860]], ["code", "project", "sg_sequence", "sg_sequence.Sequence.code", "sg_sequence.Sequence.episode.Episode.code", "assets", "assets.Asset.code", "sg_nope", "smart_cut_in", "open_notes_count", "step_0", "sg_scene.Scene.code"])
show("links", [one["project"], one["sg_sequence"]], [{"id": 70, "name": "Film With Cut", "type": "Project"}, {"id": 100, "name": "010", "type": "Sequence"}])
show("many links: what is in the trash is dropped", [a["name"] for a in one["assets"]], ["Omitted Asset", "Prop/Lamp", "Rex"])
show("deep; deep through many; unknown; summaries", [one["sg_sequence.Sequence.code"], one["assets.Asset.code"], one["sg_nope"], one["smart_cut_in"], one["open_notes_count"], one["step_0"]], ["010", None, None, None, None, None])
show("a link's name of a cut has its revision", sg.find_one("CutItem", [["cut", "is", {"type": "Cut", "id": 18}]], ["cut"])["cut"]["name"], "Main Edit v012")
show("Cut.cut_items is not the order of the cut", [i["name"] for i in sg.find_one("Cut", [["id", "is", 18]], ["cut_items"])["cut_items"]][:3], ["orphan numbers", "retired", "sh0010"])
show("a link to a retired shot is null", sg.find_one("CutItem", [["code", "is", "retired"]], ["shot"])["shot"], None)
show("< comes as &lt;: the client undoes it in texts", sg.find_one("Shot", [["id", "is", 869]], ["code"])["code"], "loose <b> & ends")
raw = json.loads(urllib.request.urlopen(urllib.request.Request(site.url + "/api3/json", json.dumps({"method_name": "read", "params": [{"script_name": "watchtower", "script_key": "correct-horse-battery-staple"}, {"type": "Shot", "return_fields": ["code"], "filters": {"logical_operator": "and", "conditions": [{"path": "id", "relation": "is", "values": [869]}]}, "paging": {"entities_per_page": 1, "current_page": 1}, "return_paging_info_without_counts": True}]}).encode(), {"Content-Type": "application/json"})).read())
show("… on the wire", raw, {"results": {"entities": [{"type": "Shot", "id": 869, "code": "loose &lt;b> & ends"}], "paging_info": {"current_page": 1, "entities_per_page": 1, "has_next_page": False}}})
show("a status in the trash is still on a task", sg.find_one("Task", [["id", "is", 5004]], ["sg_status_list"])["sg_status_list"], "blk")
show("assignees: people and groups", [(a["type"], a["name"]) for a in sg.find_one("Task", [["id", "is", 5002]], ["task_assignees"])["task_assignees"]], [("HumanUser", "Björn Ångström"), ("HumanUser", "Gone Person"), ("Group", "Lighting / Vendor")])
show("date and time", sg.find_one("Shot", [["id", "is", 860]], ["created_at"])["created_at"], ok=isinstance(sg.find_one("Shot", [["id", "is", 860]], ["created_at"])["created_at"], datetime.datetime))
show("unicode", names([["name", "contains", "été"]], "Project", "name"), ["Série — Été"])

print("\n# summaries, schema, settings")
show("summarize: tasks of a film by status", [(g["group_value"], g["summaries"]["id"]) for g in sg.summarize("Task", [in_film], [{"field": "id", "type": "count"}], grouping=[{"field": "sg_status_list", "type": "exact", "direction": "asc"}])["groups"]][:4], ok=True)
show("… sum of durations", sg.summarize("Shot", [["project", "is", big]], [{"field": "id", "type": "count"}, {"field": "sg_cut_duration", "type": "sum"}])["summaries"], {"id": 1200, "sg_cut_duration": 12000})
schema = sg.schema_read()
show("schema_read: entity types", len(schema), ok=len(schema) > 30)
show("… types of assets", sg.schema_field_read("Asset", "sg_asset_type")["sg_asset_type"]["properties"]["valid_values"]["value"][:3], ["Character", "Environment", "FX"])
show("… statuses a project hides", sg.schema_field_read("Task", "sg_status_list", film)["sg_status_list"]["properties"]["hidden_values"]["value"], ["hld", "na"])
show("schema_entity_read", sg.schema_entity_read()["HumanUser"]["name"]["value"], "Person")
show("preferences_read", sg.preferences_read(["hours_per_day"]), {"hours_per_day": 8.0})
show("work_schedule_read", sg.work_schedule_read("2026-01-03", "2026-01-05"), ok=True)

print("\n# files")
first, second = (sg.find_one("Shot", [["id", "is", 860]], ["image"])["image"] for _ in range(2))
show("a picture's address: other at every reading, its path the same", [first != second, urllib.parse.urlsplit(first).path == urllib.parse.urlsplit(second).path], [True, True])
status, data, headers = get(first)
show("… is a PNG", [status, data[:4], headers["Content-Type"]], [200, b"\x89PNG", "image/png"])
show("… or a JPEG", get(sg.find_one("Shot", [["id", "is", 861]], ["image"])["image"])[1][:3], b"\xff\xd8\xff")
show("HEAD of a signed address", get(first, method="HEAD")[0], 403)
show("our key sent along", [get(first, {"Authorization": "Bearer x"})[0], b"Only one auth" in get(first, {"Authorization": "Bearer x"})[1]], [400, True])
control(expires=1)
short = sg.find_one("Shot", [["id", "is", 860]], ["image"])["image"]
time.sleep(2.2)
show("an address that is over", [get(short)[0], b"Request has expired" in get(short)[1]], [403, True])
control(expires=900)
show("not yet there", sg.find_one("Shot", [["id", "is", 862]], ["image"])["image"], site.url + "/images/status/transient/thumbnail_pending.png")
show("… the placeholder", get(site.url + "/images/status/transient/thumbnail_pending.png")[1][:4], b"\x89PNG")
version = sg.find_one("Version", [["id", "is", 501]], ["sg_uploaded_movie", "sg_uploaded_movie_mp4"])
show("a movie's field", {k: v for k, v in version["sg_uploaded_movie"].items() if k != "url"}, ok=version["sg_uploaded_movie"]["link_type"] == "upload")
movie = sg.download_attachment(version["sg_uploaded_movie_mp4"])
show("download_attachment by url: an mp4", [len(movie), movie[4:8]], [os.path.getsize("media/edit_v012.mp4"), b"ftyp"])
try:
    probe = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=codec_name,nb_read_frames,r_frame_rate", "-of", "csv=p=0", "-"], input=movie, capture_output=True).stdout.decode().strip()
    show("… that ffprobe reads", probe, "h264,24/1,192")
except FileNotFoundError:
    print("--  no ffprobe here")
show("a part of it", [get(version["sg_uploaded_movie_mp4"]["url"], {"Range": "bytes=0-9"})[0], len(get(version["sg_uploaded_movie_mp4"]["url"], {"Range": "bytes=0-9"})[1])], [206, 10])
# (The client's own cookie is for `host:port`, which its cookie jar never sends to a port: by hand here.)
by_id = site.url + "/file_serve/attachment/%d" % version["sg_uploaded_movie_mp4"]["id"]
show("download by id: session cookie, redirect to the files' place", get(by_id, {"Cookie": "_session_id=" + sg.get_session_token()})[1][4:8], b"ftyp")
sg = script()
show("… without the cookie it is the login page, at 200", get(by_id)[1][:15], b"<!DOCTYPE html>")
show("a local file has no url", sg.find_one("Version", [["id", "is", 503]], ["sg_uploaded_movie"])["sg_uploaded_movie"].get("url"), "file:///mnt/a.mov")
raw_local = site.grid.render("Version", site.grid._db["Version"][503], "sg_uploaded_movie")
show("… on the wire (the client made that up)", "url" in raw_local, False)
show("upload_thumbnail", isinstance(sg.upload_thumbnail("Shot", 865, "media/photo.jpg"), int), True)
show("… and back", get(sg.find_one("Shot", [["id", "is", 865]], ["image"])["image"])[1] == open("media/photo.jpg", "rb").read(), True)
show("upload of a movie", sg.upload("Version", 504, "media/reel.mov", "sg_uploaded_movie") > 0, True)
show("… and back", sg.find_one("Version", [["id", "is", 504]], ["sg_uploaded_movie"])["sg_uploaded_movie"]["name"], "reel.mov")

print("\n# writing, as others do meanwhile")
made = sg.create("Shot", {"project": film, "code": "new"}, ["sg_status_list"])
show("create", made, {"type": "Shot", "id": made["id"], "project": {"id": 70, "name": "Film With Cut", "type": "Project"}, "code": "new", "sg_status_list": "wtg"})
show("update", sg.update("Shot", made["id"], {"sg_cut_in": 3})["sg_cut_in"], 3)
show("batch", [r if isinstance(r, bool) else r["type"] for r in sg.batch([{"request_type": "create", "entity_type": "Asset", "data": {"project": film, "code": "b"}}, {"request_type": "delete", "entity_type": "Shot", "entity_id": made["id"]}])], ["Asset", True])
show("deleted is gone, and revives", [sg.find_one("Shot", [["id", "is", made["id"]]]), sg.revive("Shot", made["id"]), bool(sg.find_one("Shot", [["id", "is", made["id"]]]))], [None, True, True])

print("\n# faults on demand")
read = lambda: len(script(connect=False).find("Shot", [["project", "is", big]]))


def with_fault(name, kind, want=None, call=read, **more):
    on = more.pop("on", {"method": "read"})
    control(faults=[{"on": on, "kind": kind, **more}])
    started = time.monotonic()
    if isinstance(want, str):
        fails(name, call, want or None)
    else:
        show(name, call(), want)
    return time.monotonic() - started


with_fault("503 with a page of HTML: the client gives up", "503", "ProtocolError")
with_fault("502 once: the client repeats", "502", 1200)
with_fault("504 once: so it does", "504", 1200)
with_fault("502 for ever", "502", "ProtocolError", times=9)
with_fault("500", "500", "ProtocolError")
with_fault("429 with Retry-After", "429", "ProtocolError")
with_fault("403 page: API access is blocked", "403", "ProtocolError")
with_fault("the second page breaks off", "cut", "", on={"method": "read", "page": 2})
with_fault("no answer at all", "drop", "", times=9)
with_fault("200 and a login page: the client takes it for data", "login-page", "")
with_fault("200 and half a JSON", "bad-json", "JSONDecodeError")
with_fault("an authentication fault in the middle, on page 2", "auth", "AuthenticationFault", on={"method": "read", "page": 2})
with_fault("a fault of the server", "fault", "Fault")
took = with_fault("slow", "slow", 1200, seconds=1.5)
show("… by so much", took > 1.5, True)
control(faults=[], rate={"per_second": 2, "kind": "503"})
fails("more than two calls a second", lambda: (time.sleep(1.1), [sg.find_one("Shot", []) for _ in range(4)]), "ProtocolError", "too busy")
control(rate=None)
control(faults=[{"on": {"media": True, "method": "GET"}, "kind": "cut"}])
fails("a file that breaks off", lambda: get(sg.find_one("Shot", [["id", "is", 860]], ["image"])["image"])[1], "IncompleteRead")
control(faults=[])

print("\n# what an export should contain")
control(reset=True)
sg = script()


class Wire:
    """Everything that the wire tells, in the form that the reference mapper reads."""

    def __init__(self):
        self._schema = sg.schema_read()
        self._db = {}
        for entity in ("Project", "Episode", "Sequence", "Scene", "Shot", "Asset", "Task", "Step", "Status", "HumanUser", "Group", "Cut", "CutItem", "Version"):
            if entity not in self._schema:
                continue
            rows = sg.find(entity, [], list(self._schema[entity]))
            self._db[entity] = {r["id"]: {**r, "__retired": False} for r in rows}
        for entity, rows in self._db.items():
            for row in rows.values():
                if row.get("image"):
                    path = urllib.parse.urlsplit(row["image"]).path
                    row["image"] = "transient" if "/images/status/transient/" in path else urllib.parse.unquote(path.rsplit("/", 1)[1])
                for field, value in row.items():
                    if isinstance(value, dict) and value.get("link_type") == "upload":
                        value["key"] = urllib.parse.unquote(urllib.parse.urlsplit(value["url"]).path.rsplit("/", 1)[1])

    def _row(self, link):
        return self._db.get(link["type"], {}).get(link["id"])

    def display(self, entity, row):
        return row["name"] if entity == "HumanUser" else row["cached_display_name"]


control(clear=True)
wire = Wire()
print("    %d requests for everything" % len([c for c in site.log if c.get("method") == "read"]))
over_wire = json.loads(json.dumps(Mapper(wire).lists()))
want = json.loads(json.dumps(site.facts["expected"]))
show("the rules over what the wire tells, and over the store: the same", over_wire == want, True)
if over_wire != want:
    for a, b in zip(over_wire["projects"], want["projects"]):
        for key in a:
            if a[key] != b[key]:
                print("    %s %s\n      wire  %s\n      store %s" % (a["name"], key, a[key], b[key]))
    for key in ("task_statuses", "users", "task_types", "left_out_projects"):
        if over_wire[key] != want[key]:
            print("   ", key, over_wire[key], want[key])
projects = {p["id"]: p for p in want["projects"]}
places = lambda p: [(s["name"], s["frame_in"], s["frame_out"]) for s in projects[p]["shots"]]
# By hand, from the tables in seed.py:
show("70, by hand", places(70), [("sh0090", None, None), ("sh0010", 24, 72), ("sh0020", 72, 120), ("sh0030", 139, 168), ("sh0040", 168, 192), ("sh0060", 202, 210), ("sh0080", 210, 234), ("sh0070", 234, 254), ("loose <b> & ends", 254, 264)])
show("71, by hand", places(71), [("010", 0, 1), ("020", None, None), ("030", None, None), ("9", 1, 6), ("10", 6, 13), ("040", 13, 23), ("010", 23, 134), ("020", 134, 158), ("030", 158, 206)])
show("72, by hand", sorted(places(72)), [("SH010", 0, 30), ("SH010", 0, 48), ("SH010", 30, 70), ("SH020", 48, 96), ("SH020", 70, 82), ("direct", 82, 90), ("main title", 0, 50)])
show("79, by hand", places(79), [("P0", 0, 24), ("P1", 24, 48), ("P2", 48, 60), ("P3", 60, 72), ("P4", 72, 92), ("P5", 92, 102)])
show("73, by hand", places(73), [("NAME_0", 0, 24), ("NAME_1", 24, 48), ("NAME_2", 48, 72)])
show("left out, by hand", [(l["kind"], l["name"], l["reason"]) for l in projects[70]["left_out"]][:3], [("asset", "Omitted Asset", "canceled"), ("shot", "sh0050", "canceled"), ("task", "Sequence task", "neither of a shot nor of an asset")])
show("edit, by hand", projects[70]["edits"], [{"name": "Main Edit v012", "movie": "edit_v012.mp4", "frame_offset": 0, "episode": None}])
with_name = {p["id"]: p for p in Mapper(site.grid, edit_version="fbo_edit").lists()["projects"]}
show("an edit by its version's name, with a slate", with_name[71]["edits"], [{"name": "fbo_edit_v002", "movie": "edit_v012.mp4", "frame_offset": -1, "episode": None}])

other, *_ = start(["--disable", "Cut,CutItem,Episode", "--per-page", "0"])
plain = Shotgun(other.url, script_name="watchtower", api_key="correct-horse-battery-staple")
show("a site without cuts and episodes: not in its schema", [e in plain.schema_entity_read() for e in ("Cut", "Episode", "Shot")], [False, False, True])
fails("… reading cuts", lambda: plain.find("Cut", []), "Fault", "does not exist")
show("… pages of the client's own 500", len(plain.find("Shot", [["project", "is", big]])), 1200)

print("\n%s" % ("all as expected" if not BAD else "%d are not" % BAD))
sys.exit(min(BAD, 99))
