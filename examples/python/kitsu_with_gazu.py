#!/usr/bin/env python3
"""Kitsu by way of `gazu`, its own Python client, as a program of `watchtower export process`.

    pip install gazu
    export KITSU_DATA_SOURCE_URL=https://kitsu.studio.example/api
    export KITSU_DATA_SOURCE_USER_EMAIL=… KITSU_DATA_SOURCE_USER_PASSWORD=…
    watchtower export process --output site -- python3 examples/python/kitsu_with_gazu.py

For Kitsu alone nobody needs this: `watchtower export kitsu` makes the same site, asks less, and takes older
servers as well. It shows how a studio that has scripts with `gazu` goes on from there, and is the place to
change what a shot, an asset or an edit is.
"""

import json
import os
import re
import sys
from urllib.parse import urlsplit

import gazu
from gazu.client import get


# --- values --------------------------------------------------------------------------------


def by_name(record):
    """People read `sh2` before `sh10`."""
    name = record["name"] or ""
    key, zeros = [], []
    for part in re.findall("[0-9]+|[^0-9]", name):
        number = part[0] in "0123456789"
        key.append((ord("0"), int(part)) if number else (ord(part), 0))
        if number:
            zeros.append(len(part) - len(part.lstrip("0")))
    return key, zeros, record["id"]


def number(value):
    """A whole number, or text of one, as in 10, "10" and "10.0"."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        value = float(value)
    except ValueError:
        return None
    return int(value) if value.is_integer() and abs(value) <= 2**53 else None


def frame_rate(value):
    try:
        fps = float(value)
    except (TypeError, ValueError):
        return 24
    return fps if 0 < fps <= 100000 else 24


def color(text):
    """A colour that cannot be read is none: the site has a neutral one for that."""
    text = (text or "").strip()
    return text if re.fullmatch("#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})", text) else None


def first(*values):
    return next((it for it in values if it is not None), None)


def order(value):
    return value if value is not None else sys.maxsize


def known(ids, things):
    """The ids that are known, in the order of the things. Kitsu keeps ids of what was deleted."""
    ids = set(ids or [])
    return [it["id"] for it in things if it["id"] in ids]


# --- pictures and movies -------------------------------------------------------------------


def address(path):
    return f"{gazu.client.get_host().rstrip('/')}/{path}"


def thumbnail(kind, id, changes=False):
    return {"url": address(f"pictures/thumbnails/{kind}/{id}.png"), "changes": changes}


def preview(record):
    id = record.get("preview_file_id")
    return thumbnail("preview-files", id) if id else None


# --- what projects share -------------------------------------------------------------------

ASSETS, SHOTS, ELSEWHERE = 0, 1, 2


def entity(task_type):
    for_entity = task_type.get("for_entity")
    return {None: ASSETS, "Asset": ASSETS, "Shot": SHOTS}.get(for_entity, ELSEWHERE)


def project_list():
    context = get("data/user/context")
    asset_types = sorted(context["asset_types"], key=by_name)
    task_types = sorted(
        context["task_types"], key=lambda it: (entity(it), order(it.get("priority")), by_name(it))
    )
    statuses = sorted(
        context["task_status"], key=lambda it: (order(it.get("priority")), by_name(it))
    )
    people = [{**it, "name": full_name(it)} for it in context["persons"]]
    people.sort(key=by_name)
    scheme, host, *_ = urlsplit(gazu.client.get_host())
    shared = {
        "asset_types": [
            {"id": it["id"], "name": it["name"], "archived": bool(it.get("archived"))}
            for it in asset_types
        ],
        "task_types": [
            {
                "id": it["id"],
                "name": it["name"],
                "color": color(it.get("color")),
                "for_shots": entity(it) == SHOTS,
                # Types for edits, sequences and the like are of use only where a shot or asset has such
                # a task after all.
                "archived": bool(it.get("archived")) or entity(it) == ELSEWHERE,
            }
            for it in task_types
        ],
        "task_statuses": [
            {
                "id": it["id"],
                "name": it["name"],
                "color": color(it.get("color")),
                "archived": bool(it.get("archived")),
            }
            for it in statuses
        ],
        "users": [
            {
                "id": it["id"],
                "name": it["name"],
                "has_avatar": bool(it.get("has_avatar")),
                "thumbnail": thumbnail("persons", it["id"], True) if it.get("has_avatar") else None,
                "archived": bool(it.get("archived")) or it.get("active") is False,
            }
            for it in people
        ],
        # Pictures are for those who are logged in. This is sent to Kitsu alone.
        "media_headers": {f"{scheme}://{host}": gazu.client.make_auth_header()},
    }
    elsewhere = {it["id"] for it in task_types if entity(it) == ELSEWHERE}
    places = {it["id"]: (it["for_shots"], n) for n, it in enumerate(shared["task_types"])}
    projects = []
    for it in sorted(context["projects"], key=by_name):
        priorities = it.get("task_types_priority") or {}
        types = [id for id in known(it.get("task_types"), task_types) if id not in elsewhere]
        types.sort(key=lambda id: (places[id][0], order(priorities.get(id)), places[id][1]))
        projects.append(
            {
                "id": it["id"],
                "name": it["name"],
                "ratio": it.get("ratio") or None,
                "resolution": it.get("resolution") or None,
                "asset_types": known(it.get("asset_types"), asset_types),
                "task_types": types,
                "task_statuses": known(it.get("task_statuses"), statuses),
                "team": known(it.get("team"), people),
                "thumbnail": thumbnail("projects", it["id"], True) if it.get("has_avatar") else None,
                "fps": frame_rate(it.get("fps")),
            }
        )
    return {"projects": projects, **shared}


def full_name(person):
    parts = (person.get("first_name"), person.get("last_name"))
    name = (person.get("full_name") or "").strip()
    return name or " ".join((part or "").strip() for part in parts).strip()


# --- one project ---------------------------------------------------------------------------


class ProjectReader:
    def __init__(self, id):
        self.shared = project_list()
        found = [it for it in self.shared["projects"] if it["id"] == id]
        if not found:
            sys.exit(f"there is no project {id} among those we may see")
        self.project = found[0]
        self.record = get(f"data/projects/{id}")
        self.project["fps"] = frame_rate(self.record.get("fps"))
        self.is_series = self.record.get("production_type") == "tvshow"
        self.left_out = []

    def place(self, kind):
        return {it["id"]: n for n, it in enumerate(self.shared[kind])}

    def leave_out(self, kind, record, name, reason="canceled"):
        self.left_out.append({"kind": kind, "id": record["id"], "name": name, "reason": reason})

    def read(self):
        id = self.project["id"]
        episodes = self.episodes(get(f"data/projects/{id}/episodes"))
        sequences, groups = self.sequences(get(f"data/sequences?project_id={id}"), episodes)
        shots = self.shots(get(f"data/shots/with-tasks?project_id={id}"), groups)
        casting = get(f"data/projects/{id}/sequences/all/casting")
        assets = self.assets(
            get(f"data/assets/with-tasks?project_id={id}"),
            get(f"data/projects/{id}/assets/shared-used"),
            {it["asset_id"] for cast in casting.values() for it in cast or []},
        )
        edits = self.edits(get(f"data/edits/with-tasks?project_id={id}"), episodes)
        self.list_what_is_used(shots, assets)
        return {
            "project": self.project,
            "episodes": [it for it in episodes.values() if it],
            "sequences": sequences,
            "assets": assets,
            "shots": shots,
            "casting": self.casting(casting, shots, assets),
            "edits": edits,
            "left_out": self.left_out,
        }

    def episodes(self, records):
        """Episodes by id, in order; none for those that are cancelled."""
        episodes = {}
        # Kitsu keeps the episodes of a project that is no series any more.
        for it in sorted(records if self.is_series else [], key=by_name):
            if it.get("canceled"):
                self.leave_out("episode", it, it["name"])
                episodes[it["id"]] = None
            else:
                episodes[it["id"]] = {"id": it["id"], "name": it["name"]}
        return episodes

    def sequences(self, records, episodes):
        """The sequences by episode and name; and each one's name and place by its id, no place for
        those that are cancelled."""
        places = {id: n for n, id in enumerate(id for id, it in episodes.items() if it)}

        def episode(record):
            return record.get("parent_id") if self.is_series else None

        sequences, groups = [], {}
        for it in sorted(records, key=lambda it: (order(places.get(episode(it))), by_name(it))):
            is_cancelled = episode(it) in episodes and episode(it) not in places
            if it.get("canceled") or is_cancelled:
                self.leave_out("sequence", it, it["name"])
                groups[it["id"]] = (it["name"], None)
                continue
            groups[it["id"]] = (it["name"], len(sequences))
            episode_id = episode(it) if episode(it) in places else None
            sequences.append({"id": it["id"], "name": it["name"], "episode_id": episode_id})
        return sequences, groups

    def shots(self, records, groups):
        placed = []
        for it in records:
            group, place = groups.get(it.get("sequence_id"), (None, None))
            it["full_name"] = f"{group or it.get('sequence_name') or 'no sequence'} / {it['name']}"
            if it.get("canceled") or (group is not None and place is None):
                self.leave_out("shot", it, it["full_name"])
            elif group is None:
                self.leave_out("shot", it, it["full_name"], "dangling")
            else:
                placed.append((place, it))
        placed.sort(key=lambda it: (it[0], by_name(it[1])))
        # The order of the story: where each shot goes is decided by `watchtower`.
        shots = []
        for _, it in placed:
            data = it.get("data") if isinstance(it.get("data"), dict) else {}
            custom = {k: v for k, v in data.items() if k not in ("frame_in", "frame_out", "nb_frames")}
            shots.append(
                {
                    "id": it["id"],
                    "name": it["name"],
                    "sequence_id": it["sequence_id"],
                    "data": {**timing(it), **custom},
                    "tasks": self.tasks(it, it["full_name"]),
                    "thumbnail": preview(it),
                    # The range is on the timeline of the film, whatever rate a shot has of its own.
                    "fps": self.project["fps"],
                }
            )
        return shots

    def assets(self, records, lent, cast):
        types = self.place("asset_types")
        own = {it["id"] for it in records}
        if cast - own:
            # Work on what is lent is work of the other project.
            for it in lent:
                if it["id"] not in own:
                    own.add(it["id"])
                    records.append({**it, "asset_type_id": it.get("entity_type_id"), "tasks": []})
                    records[-1].pop("canceled", None)
        assets = []
        for it in sorted(records, key=lambda it: (order(types.get(it["asset_type_id"])), by_name(it))):
            if it.get("canceled"):
                self.leave_out("asset", it, it["name"])
            elif it["asset_type_id"] not in types:
                self.leave_out("asset", it, it["name"], "dangling")
            else:
                assets.append(
                    {
                        "id": it["id"],
                        "name": it["name"],
                        "asset_type_id": it["asset_type_id"],
                        "tasks": self.tasks(it, it["name"]),
                        "thumbnail": preview(it),
                    }
                )
        return assets

    def tasks(self, record, name):
        types, statuses = self.place("task_types"), self.place("task_statuses")
        users, tasks = self.place("users"), []
        for it in record.get("tasks") or []:
            if it["task_type_id"] not in types or it["task_status_id"] not in statuses:
                self.leave_out("task", it, name, "dangling")
                continue
            tasks.append(
                {
                    "id": it["id"],
                    "task_type_id": it["task_type_id"],
                    "task_status_id": it["task_status_id"],
                    "assignees": sorted({id for id in it.get("assignees") or [] if id in users}),
                }
            )
        return sorted(tasks, key=lambda it: (types[it["task_type_id"]], it["id"]))

    def casting(self, records, shots, assets):
        """Who appears where, without what was left out."""
        places, casting = {it["id"]: n for n, it in enumerate(assets)}, []
        for shot in shots:
            cast = {it["asset_id"] for it in records.get(shot["id"]) or []} & places.keys()
            if cast:
                casting.append({"shot_id": shot["id"], "asset_ids": sorted(cast, key=places.get)})
        return casting

    def edits(self, records, episodes):
        places = {id: n for n, id in enumerate(id for id, it in episodes.items() if it)}
        edits = []
        for it in records:
            episode = it.get("episode_id") or it.get("parent_id") if self.is_series else None
            if it.get("canceled") or (episode in episodes and episode not in places):
                self.leave_out("edit", it, it["name"])
                continue
            previews = newest_first(get(f"data/edits/{it['id']}/preview-files"))
            movie = first(*(it for it in previews if is_movie(it)))
            is_outdated = movie is not None and movie is not previews[0]
            data = it.get("data") if isinstance(it.get("data"), dict) else {}
            place = places.get(episode, -1)
            edit = {
                "id": it["id"],
                "name": it["name"],
                "movie": movie and {"url": address(f"movies/low/preview-files/{movie['id']}.mp4"), "changes": False},
                "frame_offset": number(data.get("frame_start")) or 0,
                "episode_id": episode if episode in places else None,
            }
            edits.append(((movie is None, is_outdated, place, by_name(it)), edit))
        edits.sort(key=lambda it: it[0])
        return [edit for _, edit in edits]

    def list_what_is_used(self, shots, assets):
        """Adds what shots and assets refer to. In Kitsu a project's lists say what new tasks may be made
        of; what is taken off them stays on the tasks there are."""
        tasks = [task for thing in shots + assets for task in thing["tasks"]]
        self.add("team", "users", {id for it in tasks for id in it["assignees"]})
        # Empty lists name everything already.
        for kind, ids in (
            ("task_types", {it["task_type_id"] for it in tasks}),
            ("task_statuses", {it["task_status_id"] for it in tasks}),
            ("asset_types", {it["asset_type_id"] for it in assets}),
        ):
            if self.project[kind]:
                self.add(kind, kind, ids)

    def add(self, key, kind, ids):
        listed = self.project[key]
        listed += [it["id"] for it in self.shared[kind] if it["id"] in ids and it["id"] not in listed]


def timing(shot):
    """What Kitsu knows of a shot's range and length in frames. An end that is missing follows from the length;
    an end at or before the start is no range."""
    data = shot.get("data") if isinstance(shot.get("data"), dict) else {}
    start = first(number(data.get("frame_in")), number(shot.get("frame_in")))
    end = first(number(data.get("frame_out")), number(shot.get("frame_out")))
    length = first(number(data.get("nb_frames")), number(shot.get("nb_frames")))
    known = {"nb_frames": length} if length and length > 0 else {}
    if start is not None and end is None and known:
        end = start + length
    elif end is not None and start is None and known:
        start = end - length
    if start is not None and end is not None and start < end:
        known.update(frame_in=start, frame_out=end)
    return known


def is_movie(preview):
    is_ready = preview.get("status") in (None, "ready")
    return is_ready and (preview.get("extension") or "").lower() == "mp4"


def newest_first(by_task_type):
    """The previews of all task types. A revision is as new as its newest preview; within it, the first
    position is the one that Kitsu shows."""
    previews = []
    for of_type in by_task_type.values():
        for it in of_type:
            revision = [other for other in of_type if other.get("revision") == it.get("revision")]
            previews.append({**it, "created": max(other.get("created_at") or "" for other in revision)})
    previews.sort(key=lambda it: (it.get("position") or 0, it["id"]))
    previews.sort(key=lambda it: (it["created"], it.get("revision") or 0), reverse=True)
    return previews


# --- the call ------------------------------------------------------------------------------


def main():
    question = sys.argv[1:]
    if question != ["project-list"] and (len(question) != 2 or question[0] != "project"):
        sys.exit(f"called with {question}: expected `project-list` or `project ID`")
    gazu.set_host(os.environ["KITSU_DATA_SOURCE_URL"])
    gazu.log_in(
        os.environ["KITSU_DATA_SOURCE_USER_EMAIL"], os.environ["KITSU_DATA_SOURCE_USER_PASSWORD"]
    )
    document = project_list() if len(question) == 1 else ProjectReader(question[1]).read()
    json.dump({"watchtower_tracker": 1, **document}, sys.stdout)


if __name__ == "__main__":
    main()
