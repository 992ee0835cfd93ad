#!/usr/bin/env python3
"""Fill a running Kitsu server with one project. The same name gives the same content (not the same ids).

    seed.py --state STATE_DIR NAME [options]

STATE_DIR is the folder of `zou up`: its `env` says where the server is and how to log in, its
`env.private` how to reach the database, for the few things the API refuses to create although old
servers hold them. The project's id is added to STATE_DIR/projects.json. A project of that name is
removed first.

Frames: the shots of a film (of an episode, in a series) follow each other without a gap, from 0 to
--frames. `frame_out` is the next shot's `frame_in`, `nb_frames` their difference.
"""

import argparse

import json
import os
import random
import re
import tempfile

import gazu
import psycopg
import redis
from gazu.client import delete, get, post, put, upload
from PIL import Image

parser = argparse.ArgumentParser()
parser.add_argument("name")
parser.add_argument("--state", required=True, metavar="STATE_DIR")
parser.add_argument("--sequences", type=int, default=2, help="per film or episode")
parser.add_argument("--shots", type=int, default=4, help="per sequence")
parser.add_argument("--assets", type=int, default=10)
parser.add_argument("--people", type=int, default=6)
parser.add_argument("--frames", type=int, default=240, help="per film or episode")
parser.add_argument("--tvshow", type=int, default=0, metavar="EPISODES")
parser.add_argument("--thumbnails", action="store_true")
parser.add_argument("--movie", help="the file that is the edit's preview")
parser.add_argument("--bot", action="store_true", help="a bot is in the team; its token is in STATE_DIR/bot.token")
parser.add_argument("--edit", choices=["none", "empty"], help="no edit at all, or only one without preview")
parser.add_argument("--no-fps", action="store_true", help="fps, ratio and resolution are null")
parser.add_argument("--lengths-only", action="store_true", help="no shot has a range, all have nb_frames")
parser.add_argument("--nasty", action="store_true", help="what breaks naive readers")
args = parser.parse_args()

rnd = random.Random(args.name)
slug = re.sub(r"\W+", "-", args.name.lower())


def read_env(name):
    with open(os.path.join(args.state, name)) as f:
        # Only the first "=" separates: values may hold more of them.
        return dict(line.rstrip("\n").split("=", 1) for line in f)


env = read_env("env")
gazu.set_host(env["ZOU_URL"])
gazu.log_in(env["ZOU_EMAIL"], env["ZOU_PASSWORD"])


def sql(statement, *values):
    """For what the API refuses to write; Zou's cache in redis is dropped, as it knows nothing of this."""
    private = read_env("env.private")
    with psycopg.connect(private["ZOU_DB"]) as db:
        db.execute(statement, values)
    redis.Redis("127.0.0.1", int(private["ZOU_CACHE_PORT"]), db=1).flushdb()


# --- pictures ------------------------------------------------------------------------------


def picture():
    """A few coloured blocks: different for everything, and tiny as a png."""
    image = Image.new("RGB", (320, 180), tuple(rnd.randrange(30, 90) for _ in range(3)))
    for _ in range(3):
        x, y = rnd.randrange(8) * 32, rnd.randrange(4) * 36
        colour = tuple(rnd.randrange(100, 250) for _ in range(3))
        image.paste(colour, (x, y, x + rnd.randrange(1, 4) * 32, y + rnd.randrange(1, 3) * 36))
    return image


def upload_picture(path):
    with tempfile.NamedTemporaryFile(suffix=".png") as f:
        picture().save(f, "PNG")
        f.flush()
        return upload(path, f.name)


def comment(task):
    return post(f"actions/tasks/{task['id']}/comment", {"task_status_id": task["task_status_id"], "comment": "new"})


def empty_preview(task):
    """A preview whose file never arrived: it stays in status "processing"."""
    return post(f"actions/tasks/{task['id']}/comments/{comment(task)['id']}/add-preview", {})


def add_preview(task, file=None, main=False):
    preview = empty_preview(task)
    # no_job: the answer comes when the thumbnails exist, so nothing is "processing" afterwards.
    path = f"pictures/preview-files/{preview['id']}?no_job=true"
    preview = upload(path, file) if file else upload_picture(path)
    if get(f"data/preview-files/{preview['id']}")["status"] != "ready":
        raise SystemExit(f"the server could not read {file or 'a picture'}: see its log")
    if main:
        put(f"actions/preview-files/{preview['id']}/set-main-preview", {})
    return preview


def lose_files(kind, instance_id):
    """Storage that was cleaned or moved: the record says there is a picture, the file is gone."""
    for folder, _, names in os.walk(os.path.join(args.state, "previews")):
        for name in names:
            if name.endswith(instance_id) and kind in folder + name:
                os.remove(os.path.join(folder, name))


# --- project -------------------------------------------------------------------------------


def fresh_project(name, **fields):
    for old in get("data/projects"):
        if old["name"] == name:
            closed = next(s for s in get("data/project-status") if s["name"].lower() == "closed")
            put(f"data/projects/{old['id']}", {"project_status_id": closed["id"]})
            delete(f"data/projects/{old['id']}?force=true")
    return post("data/projects", {"name": name, **fields})


def remember(project):
    path = os.path.join(args.state, "projects.json")
    known = {}
    if os.path.exists(path):
        with open(path) as f:
            known = json.load(f)
    known[project["name"]] = project["id"]
    with open(path + ".new", "w") as f:
        json.dump(known, f, indent=1)
        f.write("\n")
    os.replace(path + ".new", path)


project = fresh_project(
    args.name,
    production_type="tvshow" if args.tvshow else "short",
    fps=None if args.no_fps else "23.976" if args.nasty else "24",
    ratio=None if args.no_fps else "2.35:1",
    resolution=None if args.no_fps else "640x272",
    description="Line one\nline <b>two</b> & \"three\"" if args.nasty else None,
)
base = f"data/projects/{project['id']}"
if args.no_fps:
    # A new project takes 25, 16:9 and 1920x1080 where it is given null.
    project = put(base, {"fps": None, "ratio": None, "resolution": None})
if args.thumbnails:
    upload_picture(f"pictures/thumbnails/projects/{project['id']}")


def shared(route, name, **fields):
    """Task types, statuses and asset types belong to all projects: made once."""
    for known in get(f"data/{route}"):
        if known["name"] == name and known.get("for_entity") == fields.get("for_entity", known.get("for_entity")):
            return known
    return post(f"data/{route}", {"name": name, **fields})


types = {kind: [] for kind in ("Asset", "Shot", "Edit", "Sequence", "Episode")}
for task_type in sorted(get("data/task-types"), key=lambda t: t["name"]):
    if not task_type["archived"] and not task_type["name"].startswith("Odd"):
        types.setdefault(task_type["for_entity"], []).append(task_type)
statuses = sorted((s for s in get("data/task-status") if not s["archived"] and not s.get("for_concept")), key=lambda s: s["name"])
asset_types = sorted((t for t in get("data/asset-types") if not t["archived"]), key=lambda t: t["name"])

# --- people --------------------------------------------------------------------------------


def person(key, first, last, in_team=True, **fields):
    email = f"{slug}.{key}@example.com"
    known = next((p for p in get("data/persons") if p["email"] == email), None)
    made = known or post("data/persons", {"first_name": first, "last_name": last, "email": email, **fields})
    if in_team:
        post(f"{base}/team", {"person_id": made["id"]})
    return made


people = [person(i, f"First{i}", f"Last{i} {args.name}") for i in range(args.people)]
if args.thumbnails:
    for someone in people[::2]:  # the others have no avatar
        upload_picture(f"pictures/thumbnails/persons/{someone['id']}")
if args.bot:
    # As much as the account of a person who exports the whole studio may see.
    bot = post("data/persons", {"first_name": "Export", "last_name": "", "is_bot": True, "role": "admin"})
    post(f"{base}/team", {"person_id": bot["id"]})
    # The server tells the token this once.
    with open(os.open(os.path.join(args.state, "bot.token"), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as f:
        f.write(bot["access_token"])
if args.nasty:
    gone = person("gone", "Gone", "Away")  # deactivated below, once tasks are assigned
    lone = person("lone", "Zoë 🎬 \"Z\"", "")
    left = person("left", "Not", "In Team", in_team=False)
    lost = person("lost", "Lost", "Avatar")
    upload_picture(f"pictures/thumbnails/persons/{lost['id']}")
    lose_files("thumbnails", lost["id"])

# --- entities ------------------------------------------------------------------------------


def new_task(entity, task_type, assignees=(), status=None, name="main", **fields):
    body = {
        "project_id": project["id"],
        "entity_id": entity["id"],
        "task_type_id": task_type["id"],
        "task_status_id": (status or rnd.choice(statuses))["id"],
        "assignees": [p["id"] for p in assignees],
        "name": name,
    }
    return post("data/tasks", {**body, **fields})


def new_tasks(entity, kind, count, with_picture=False):
    tasks = [
        new_task(entity, t, rnd.sample(people, rnd.choice([0, 1, 1, 1, 2])), priority=rnd.choice([0, 0, 0, 1, 2, 3]))
        for t in rnd.sample(types[kind], min(count, len(types[kind])))
    ]
    if with_picture and tasks:
        add_preview(tasks[0], main=True)
    return tasks


def new_asset(name, asset_type=None, **fields):
    asset_type = asset_type or rnd.choice(asset_types)
    return post(f"{base}/asset-types/{asset_type['id']}/assets/new", {"name": name, **fields})


def new_sequence(name, episode=None, **fields):
    return post(f"{base}/sequences", {"name": name, "episode_id": episode and episode["id"], **fields})


def new_shot(sequence, name, **fields):
    return post(f"{base}/shots", {"sequence_id": sequence["id"], "name": name, **fields})


def new_edit(name, episode=None, **fields):
    return post(f"{base}/edits", {"name": name, "episode_id": episode and episode["id"], **fields})


def cast(entity, cast_assets):
    put(f"{base}/entities/{entity['id']}/casting", [{"asset_id": a["id"], "nb_occurences": rnd.randrange(1, 4)} for a in cast_assets])


def lengths(count, total):
    """`count` whole numbers, none below 1, of which the sum is `total`."""
    cuts = sorted(rnd.sample(range(1, total), count - 1))
    return [b - a for a, b in zip([0, *cuts], [*cuts, total])]


episodes = [None]
if args.tvshow:
    # Zou makes the first episode of a series itself.
    known = {e["name"]: e for e in get(f"{base}/episodes")}
    names = [f"E{i:02d}" for i in range(1, args.tvshow + 1)]
    episodes = [known.get(n) or post(f"{base}/episodes", {"name": n}) for n in names]

assets = []
for i in range(args.assets):
    # In a series, some assets belong to one episode, the others to the "main pack".
    own = {"episode_id": rnd.choice(episodes)["id"]} if args.tvshow and i % 4 == 3 else {}
    name = 'Rex "the dog" 🐕 a/b\\c' if args.nasty and i == 0 else f"Asset {i:03d}"
    assets.append(new_asset(name, **own))
    # Every fifth has no picture.
    new_tasks(assets[-1], "Asset", 3, args.thumbnails and i % 5 != 4)

shots = []
edit_type = next(t for t in types["Edit"] if t["name"] == "Edit")
for index, episode in enumerate(episodes):
    frame = 0
    if episode:
        # Before its shots: setting it later takes what it does not name out of them.
        cast(episode, rnd.sample(assets, min(4, len(assets))))
    numbers = iter(lengths(args.sequences * args.shots, args.frames))
    for q in range(1, args.sequences + 1):
        sequence = new_sequence(f"{q * 10:03d}", episode)
        for h in range(1, args.shots + 1):
            length = next(numbers)
            place = {} if args.lengths_only else {"frame_in": frame, "frame_out": frame + length}
            shot = new_shot(sequence, f"{h * 10:04d}", nb_frames=length, data=place)
            frame += length
            new_tasks(shot, "Shot", 4, args.thumbnails and len(shots) % 5 != 4)
            cast(shot, rnd.sample(assets, min(3, len(assets))))
            shots.append(shot)
    if args.edit != "none":
        edit = new_edit(f"Edit {episode['name']}" if episode else "Edit", episode)
        task = new_task(edit, edit_type)
        if args.movie and args.edit != "empty":
            add_preview(task, args.movie)

# --- what breaks naive readers -------------------------------------------------------------

if args.nasty:
    # Types and statuses: archived ones that tasks still use, and colours as people type them.
    old_step = shared("task-types", "Odd Archived Step", for_entity="Shot", color="#ABCDEF")
    put(f"data/task-types/{old_step['id']}", {"archived": True})
    short_colour = shared("task-types", "Odd Short Colour", for_entity="Shot", color="#FA0")
    no_colour = shared("task-types", "Odd No Colour", for_entity="Asset", color=None)
    put(f"data/task-types/{no_colour['id']}", {"color": None})
    old_status = shared("task-status", "Odd Archived Status", short_name="oddold", color="#AABBCC")
    put(f"data/task-status/{old_status['id']}", {"archived": True})
    old_kind = shared("entity-types", "Odd Archived Kind")
    put(f"data/entity-types/{old_kind['id']}", {"archived": True})

    # Assets. Cancelled: a deleted entity that has tasks is only marked.
    delete(f"data/assets/{assets[1]['id']}")
    relic = new_asset("Of an archived kind, no task", old_kind)
    faded = new_asset("Picture lost", description="line one\nline two, \"quoted\"")
    task = new_task(faded, types["Asset"][0], [lost, gone], old_status)
    lose_files("", add_preview(task, main=True)["id"])
    new_task(assets[2], no_colour, [lone])
    unset = new_asset("Cancelled is null")
    sql("update entity set canceled = null where id = %s", unset["id"])
    # A library project lends its assets: castings name assets that the project does not list.
    library = next((p for p in get("data/projects") if p["name"] == "Asset Library"), None)
    library = library or post("data/projects", {"name": "Asset Library", "production_type": "assets"})
    remember(library)
    lent = post(f"data/projects/{library['id']}/asset-types/{asset_types[0]['id']}/assets/new", {"name": f"Lent to {args.name}", "is_shared": True})

    # Shots.
    delete(f"data/shots/{shots[1]['id']}")
    cast(shots[1], [assets[1], assets[2]])
    cast(shots[0], [assets[0], assets[1], lent, relic])
    cast(shots[2], [])
    odd = new_sequence("Odd \"shots\" / 🎞")
    put(f"data/entities/{shots[2]['id']}", {"description": "<i>not html</i>\nsecond line"})

    def odd_shot(name, **fields):
        shot = new_shot(odd, name, **fields)
        new_task(shot, types["Shot"][0], [people[0]])
        return shot

    odd_shot("no-range", data={})
    odd_shot("text-range", data={"frame_in": "10", "frame_out": "35"})
    odd_shot("cleared-range", data={"frame_in": "", "frame_out": ""}, nb_frames=0)
    odd_shot("null-range", data={"frame_in": None, "frame_out": None})
    odd_shot("half-range", data={"frame_in": 40}, nb_frames=12)
    odd_shot("backwards", data={"frame_in": 90, "frame_out": 60})
    odd_shot("beyond-the-end", data={"frame_in": args.frames + 100, "frame_out": args.frames + 124})
    odd_shot("fraction", data={"frame_in": 12.5, "frame_out": "24.0"})
    odd_shot("words", data={"frame_in": "about ten", "frame_out": "n/a"})
    odd_shot("length-only", nb_frames=25)
    odd_shot("own-fps", data={"frame_in": 0, "frame_out": 25, "fps": "25", "max_retakes": "3"})
    null_data = odd_shot("data-null", nb_frames=10)
    # Answers show `{}`, except for the routes without tasks.
    sql("update entity set data = null where id = %s", null_data["id"])
    busy = odd_shot('a/b\\c "d" 🐕 ../e', data={"frame_in": 0, "frame_out": 4})
    new_task(busy, old_step, [gone, left], old_status)
    new_task(busy, short_colour, [lone, gone])
    new_task(busy, types["Shot"][0], [], name="second task of a type")
    new_task(busy, types["Shot"][1], [people[0], people[1], lone])
    lose_files("", add_preview(new_task(odd_shot("picture-lost", data={"frame_in": 0, "frame_out": 4}), types["Shot"][2]), main=True)["id"])
    new_sequence("Empty sequence")
    dead = new_sequence("Cancelled sequence")
    new_shot(dead, "0010", data={"frame_in": 0, "frame_out": 4})
    put(f"data/entities/{dead['id']}", {"canceled": True})

    # Edits. The good one is the one named "Edit"; it starts later than the timeline.
    put(f"data/entities/{edit['id']}", {"data": {"frame_start": 12}})
    new_edit("Edit without task")
    new_task(new_edit("Edit without preview", data={"frame_start": None}), edit_type)
    mixed = new_task(new_edit("Edit with a newer picture", data={"frame_start": "12"}), edit_type)
    if args.movie:
        add_preview(mixed, args.movie)
    add_preview(mixed)
    still = new_task(new_edit("Edit only a picture"), edit_type)
    add_preview(still)
    busy_edit = new_task(new_edit("Edit in processing", data={"frame_start": 0}), edit_type)
    if args.movie:
        add_preview(busy_edit, args.movie)
    # The file's extension is only known once it has arrived.
    waiting = empty_preview(busy_edit)
    sql("update preview_file set extension = 'mp4' where id = %s", waiting["id"])
    broken = empty_preview(new_task(new_edit("Edit broken"), edit_type))
    sql("update preview_file set status = 'broken', extension = 'mp4' where id = %s", broken["id"])
    ended = new_edit("Edit cancelled")
    empty_preview(new_task(ended, edit_type))
    delete(f"data/edits/{ended['id']}")

    # Lists of its own rather than "all": some of what its entities use is missing from them.
    for priority, task_type in enumerate([*types["Shot"], *types["Asset"], *types["Edit"], short_colour], start=1):
        post(f"{base}/settings/task-types", {"task_type_id": task_type["id"], "priority": priority})
    for status in statuses:
        post(f"{base}/settings/task-status", {"task_status_id": status["id"]})
    for asset_type in asset_types:
        post(f"{base}/settings/asset-types", {"asset_type_id": asset_type["id"]})

    put(f"data/persons/{gone['id']}", {"active": False})

remember(project)
print(f"{args.name}: {project['id']}, {len(assets)} assets, {len(shots)} shots, {args.frames} frames each film or episode")
