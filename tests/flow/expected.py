"""What an export should contain: the rules of spec/flow.md as a program, over the rows of the store.

It reads rows, not the wire, so it knows nothing of pages, signatures or faults. Where a connector and this
disagree, one of them is wrong; ask the spec which. Not here, and not in the seed: cuts of sequences at another rate
than the project's, and the statuses that each project offers.

The timeline is Watchtower's (`place.rs`), so where that differs from section 8 of the spec, it is followed here. Each
place is marked `timeline`:
 1. a shot without a place is there, with `frame_in` and `frame_out` null, and not left out;
 2. where nothing is known of any shot of a film or episode, its shots are laid end to end, a second each, behind what
    its cut has;
 3. a sequence ends with its last shot, even if its cut goes on with items that have no shot;
 4. a shot is in the episode of its sequence, so what stands for the sequence of a shot with an episode of its own is in
    that episode, and where it stands in several, those after the first are sequences of their own;
 5. where a film or episode has a cut, sequences come in the order of their first shots on the timeline;
 6. the cut of a sequence counts from its first shot where that starts before 0, or later than its shots last.
"""

import re

OMITTED = {"omt", "omit", "omitted", "cancelled", "canceled", "cancel"}
FPS_FIELDS = ["sg_fps", "fps", "sg_frame_rate", "sg_framerate"]


def natural(name):
    return [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in re.findall(r"\d+|\D+", (name or "").lower())]


def hex_color(text):
    parts = [p.strip() for p in (text or "").split(",")]
    if len(parts) != 3 or not all(p.isdigit() and int(p) < 256 for p in parts):
        return None
    return "#%02x%02x%02x" % tuple(map(int, parts))


def timecode(text, fps):
    match = re.fullmatch(r"(\d\d):(\d\d):(\d\d)[:;](\d\d)", text or "")
    if not match or not fps:
        return None
    h, m, s, f = map(int, match.groups())
    return ((h * 60 + m) * 60 + s) * round(fps) + f


class Mapper:
    def __init__(self, grid, projects=None, edit_version=None):
        self.grid, self.only, self.edit_version = grid, projects, edit_version

    def rows(self, entity, **where):
        rows = [r for r in self.grid._db.get(entity, {}).values() if not r["__retired"]]
        for field, value in where.items():
            rows = [r for r in rows if (r.get(field) or {}).get("id") == value]
        return sorted(rows, key=lambda r: r["id"])

    def live(self, link):
        return link if link and self.grid._row(link) else None

    def omitted(self, code):
        status = next((s for s in self.rows("Status") if s["code"] == code), None)
        words = {code or "", (status["name"] or "").lower() if status else ""}
        return bool(words & OMITTED)

    # -- lists

    def lists(self):
        projects, left = [], []
        for row in self.rows("Project"):
            if self.only is not None and row["id"] not in self.only:
                continue
            why = "archived" if row["archived"] else "template" if row["is_template"] or row["is_template_project"] else None
            if why:
                left.append({"id": row["id"], "name": row["name"], "why": why})
            else:
                projects.append(self.project(row))
        statuses = []
        for row in self.rows("Status"):
            statuses.append({"code": row["code"], "name": row["name"], "color": hex_color(row["bg_color"])})
        for project in projects:
            for thing in project["shots"] + project["assets"]:
                for task in thing["tasks"]:
                    if task["status"] not in [s["code"] for s in statuses]:
                        statuses.append({"code": task["status"], "name": {"": "No status"}.get(task["status"], task["status"]), "color": None})
        names = [s["name"] for s in statuses]
        for status in statuses:
            if names.count(status["name"]) > 1:
                status["name"] += " (%s)" % status["code"]
        used = {u for p in projects for u in p["team"]}
        users = []
        for row in self.rows("HumanUser"):
            who, gone = "person-%d" % row["id"], row["sg_status_list"] != "act"
            if gone and who not in used:
                continue
            users.append({"id": who, "name": self.grid.display("HumanUser", row), "archived": gone, "picture": self.picture(row)})
        for row in self.rows("Group"):
            if "group-%d" % row["id"] in used:
                users.append({"id": "group-%d" % row["id"], "name": row["code"], "archived": False, "picture": None})
        types = {t["type"] for p in projects for thing in p["shots"] + p["assets"] for t in thing["tasks"]}
        steps = [{"id": "step-%d" % r["id"], "name": r["code"], "color": hex_color(r["color"]), "for_shots": r["entity_type"] == "Shot"}
                 for r in sorted(self.rows("Step"), key=lambda r: (r["list_order"] is None, r["list_order"] or 0, r["id"]))
                 if r["entity_type"] in ("Shot", "Asset") or "step-%d" % r["id"] in types]
        named = {}
        for project in projects:
            for thing, shots in [(s, True) for s in project["shots"]] + [(a, False) for a in project["assets"]]:
                for task in thing["tasks"]:
                    if not task["type"].startswith("step-"):
                        named.setdefault(task["type"], {"id": task["type"], "name": task["type"][5:] or "Task", "color": None, "for_shots": False})
                        named[task["type"]]["for_shots"] |= shots
        return {"projects": projects, "left_out_projects": left, "task_statuses": statuses, "users": users,
                "task_types": steps + [named[k] for k in sorted(named)]}

    def picture(self, row):
        image = row.get("image")
        return None if image in (None, "transient") else image

    # -- one project

    def fps(self, row):
        for field in FPS_FIELDS:
            try:
                if float(row.get(field) or 0) > 0:
                    return float(row[field])
            except ValueError:
                pass
        return 24.0

    @staticmethod
    def length(shot):
        for first, last, long in (("sg_cut_in", "sg_cut_out", "sg_cut_duration"), ("cut_in", "cut_out", "cut_duration")):
            if shot[first] is not None and shot[last] is not None and shot[last] >= shot[first]:
                return shot[last] - shot[first] + 1
            if (shot[long] or 0) > 0:
                return shot[long]
        return None

    def cuts(self, project_id):
        """The cut that counts for each thing cuts are of: the name that has most shots, of it the newest revision."""
        heaps = {}
        for cut in self.rows("Cut", project=project_id):
            if self.omitted(cut["sg_status_list"]) or cut["sg_status_list"] == "na":
                continue
            entity = cut["entity"]
            if entity and not self.live(entity):
                continue
            level = (entity["type"], entity["id"]) if entity else ("Project", project_id)
            heaps.setdefault(level, {}).setdefault(cut["code"], []).append(cut)
        chosen = {}
        for level, names in heaps.items():
            newest = [max(cuts, key=lambda c: (c["revision_number"] or 0, c["id"])) for cuts in names.values()]
            chosen[level] = max(newest, key=lambda c: (len(self.shots_of(c)), c["id"]))
        return chosen

    def shots_of(self, cut):
        return {i["shot"]["id"] for i in self.rows("CutItem", cut=cut["id"]) if self.live(i["shot"])}

    def places(self, cut, notes):
        """Where a cut has its shots: {shot id: (start, end)}, end exclusive, from 0; and its length."""
        fps = cut["fps"] or None
        items = sorted(self.rows("CutItem", cut=cut["id"]), key=lambda i: (i["cut_order"] is None, i["cut_order"] or 0, i["id"]))
        start_tc = timecode(cut["timecode_start_text"], fps)
        framed = [i for i in items if i["edit_in"] is not None and i["edit_out"] is not None]
        ordered = sorted(framed, key=lambda i: i["edit_in"])
        inclusive = exclusive = 0
        for item in framed:
            long = item["cut_item_duration"]
            inclusive += long == item["edit_out"] - item["edit_in"] + 1
            exclusive += long == item["edit_out"] - item["edit_in"]
        if inclusive == exclusive:
            for this, following in zip(ordered, ordered[1:]):
                inclusive += following["edit_in"] == this["edit_out"] + 1
                exclusive += following["edit_in"] == this["edit_out"]
        past = 0 if exclusive > inclusive else 1
        differences = {}
        for item in framed:
            tc = timecode(item["timecode_edit_in_text"], fps)
            if tc is not None and start_tc is not None:
                difference = item["edit_in"] - (tc - start_tc)
                differences[difference] = differences.get(difference, 0) + 1
        if differences:
            base = max(differences, key=lambda d: (differences[d], -d))
        elif not framed:
            base = 1
        else:
            low = ordered[0]["edit_in"]
            base = (start_tc or 0) + (0 if low in (0, start_tc) else 1) if not start_tc or low >= start_tc else (0 if low == 0 else 1)
        pieces, end, nameless, repeated = {}, 0, 0, []
        for item in items:
            if item in framed and item["edit_out"] + past > item["edit_in"]:
                place = (item["edit_in"] - base, item["edit_out"] - base + past)
            else:
                a, b = (timecode(item["timecode_edit_%s_text" % k], fps) for k in ("in", "out"))
                if item in framed or None in (a, b, start_tc) or b <= a:
                    continue
                place = (a - start_tc, b - start_tc)
            end = max(end, place[1])
            shot = self.live(item["shot"])
            if not shot:
                nameless += 1
                continue
            held = pieces.get(shot["id"])
            if held is None:
                pieces[shot["id"]] = place
            elif place[0] <= held[1] and place[1] >= held[0]:
                pieces[shot["id"]] = (min(held[0], place[0]), max(held[1], place[1]))
            else:
                repeated.append(shot["id"])
        if nameless:
            notes.append("%d items of cut %s have no shot" % (nameless, self.grid.display("Cut", cut)))
        for shot_id in repeated:
            notes.append("shot %d is in cut %s more than once, apart; the first place counts" % (shot_id, self.grid.display("Cut", cut)))
        return pieces, end

    def movie(self, version):
        """The file to show, of a version: the transcoded mp4, or an upload that is one. Without an upload it is stale."""
        if not version["sg_uploaded_movie"]:
            return None
        for field in ("sg_uploaded_movie_mp4", "sg_uploaded_movie"):
            file = version[field]
            if file and file.get("link_type") == "upload" and (
                    file.get("content_type") == "video/mp4" or (file.get("name") or "").lower().endswith(".mp4")):
                return file["key"]
        return None

    def edit(self, name, version, episode, notes):
        movie, offset = None, 0
        if version:
            movie = self.movie(version)
            offset = (version["sg_first_frame"] or 1) - 1 - (1 if version["sg_movie_has_slate"] else 0)
            if movie is None:
                notes.append("version %s has no mp4" % version["code"])
        return {"name": name, "movie": movie, "frame_offset": offset if movie else 0, "episode": episode}

    def project(self, row):
        pid, notes, left = row["id"], [], []
        episodes = {e["id"]: e for e in self.rows("Episode", project=pid)}
        sequences = {s["id"]: s for s in self.rows("Sequence", project=pid)}
        known = lambda link: (self.live(link) or {}).get("id") if (self.live(link) or {}).get("id") in episodes else None
        of_episode = {s["id"]: known(s["episode"]) for s in sequences.values()} if "Episode" in self.grid._schema else {}
        chosen = self.cuts(pid)
        # A cut knows its rate; the project's is a field that a studio made, if it did.
        rates = [(level[0] == "Project", len(self.shots_of(cut)), -cut["id"], cut["fps"]) for level, cut in chosen.items() if cut["fps"]]
        fps = max(rates)[-1] if rates else self.fps(row)

        assets = []
        for asset in self.rows("Asset", project=pid):
            if self.omitted(asset["sg_status_list"]):
                left.append({"kind": "asset", "id": asset["id"], "name": asset["code"], "reason": "canceled"})
            else:
                assets.append(asset)
        kept = {a["id"] for a in assets}

        shots = []
        for shot in self.rows("Shot", project=pid):
            if self.omitted(shot["sg_status_list"]):
                left.append({"kind": "shot", "id": shot["id"], "name": shot["code"], "reason": "canceled"})
            else:
                shots.append(shot)

        def home(shot):
            sequence = self.live(shot["sg_sequence"])
            if sequence and sequence["id"] in sequences:
                return "sequence-%d" % sequence["id"], of_episode.get(sequence["id"])
            scene = self.live(shot.get("sg_scene"))
            own = known(shot["sg_episode"]) if "Episode" in self.grid._schema else None
            return ("scene-%d" % scene["id"] if scene else "project-%d" % pid), own

        homes = {s["id"]: home(s) for s in shots}
        episode_rank = lambda e: (e is None, natural(episodes[e]["code"]) if e else [], e or 0)
        firsts = {}  # timeline 4
        for key, episode in homes.values():
            firsts[key] = min(firsts.get(key, episode), episode, key=episode_rank)
        apart = lambda key, episode: key if key.startswith("sequence-") or episode == firsts[key] else "%s-episode-%d" % (key, episode or 0)
        homes = {i: (apart(*h), h[1]) for i, h in homes.items()}
        orders = [s["sg_cut_order"] for s in shots if s["sg_cut_order"] is not None]
        overall = len(orders) == len(set(orders))

        episode_of_home = dict(homes.values())

        def sequence_key(key):
            kind, number = key.split("-")[:2]
            if kind == "sequence":
                return (0, natural(sequences[int(number)]["code"]), int(number), ())
            if kind == "scene":
                return (1, natural(self.grid._db["Scene"][int(number)]["code"]), int(number), episode_rank(episode_of_home[key]))
            return (2, [], 0, episode_rank(episode_of_home[key]))

        sequence_rank = {}
        for key in {h[0] for h in homes.values()} | {"sequence-%d" % s for s in sequences}:
            mine = [s["sg_cut_order"] for s in shots if homes[s["id"]][0] == key and s["sg_cut_order"] is not None]
            first = min(mine) if mine and overall else None
            sequence_rank[key] = (first is None, first or 0, sequence_key(key))
        in_order = lambda s: (sequence_rank[homes[s["id"]][0]], s["sg_cut_order"] is None, s["sg_cut_order"] or 0, natural(s["code"]), s["id"])

        placed, edits, by_cut, on_timeline = {}, [], False, []
        timelines = sorted({h[1] for h in homes.values()} | ({e for e in episodes} if episodes else set()) | (set() if episodes else {None}),
                           key=lambda e: (e is None, natural(episodes[e]["code"]) if e else []))
        for episode in timelines:
            mine = sorted((s for s in shots if homes[s["id"]][1] == episode), key=in_order)
            level = ("Episode", episode) if episode else ("Project", pid)
            cut = chosen.get(level)
            if cut:
                pieces, end = self.places(cut, notes)
                rate = cut["fps"] or fps
                for shot in mine:
                    if shot["id"] in pieces:
                        placed[shot["id"]] = (*pieces[shot["id"]], rate, "cut")
                version = self.live(cut["version"])
                edits.append(self.edit(self.grid.display("Cut", cut), self.grid._row(version) if version else None, episode, notes))
                rest, at = [s for s in mine if s["id"] not in placed], end
                for shot in rest:
                    long = self.length(shot)
                    if long:
                        placed[shot["id"]] = (at, at + long, rate, "after the cut")
                        at += long
            else:
                at, rate = 0, fps
                for key in sorted({homes[s["id"]][0] for s in mine}, key=lambda k: sequence_rank[k]):
                    group = [s for s in mine if homes[s["id"]][0] == key]
                    kind, number = key.split("-")[:2]
                    own = chosen.get(({"sequence": "Sequence", "scene": "Scene"}.get(kind), int(number)))
                    if own:
                        pieces, end = self.places(own, notes)
                        pieces = {s["id"]: pieces[s["id"]] for s in group if s["id"] in pieces}
                        first, last = min([a for a, b in pieces.values()] or [0]), max([b for a, b in pieces.values()] or [0])
                        if not 0 <= first <= last - first:  # timeline 6
                            pieces = {i: (a - first, b - first) for i, (a, b) in pieces.items()}
                        for shot in group:
                            if shot["id"] in pieces:
                                a, b = pieces[shot["id"]]
                                placed[shot["id"]] = (at + a, at + b, own["fps"] or rate, "cut of the sequence")
                        at += max([0] + [pieces[s["id"]][1] for s in group if s["id"] in pieces])  # timeline 3
                    for shot in group:
                        long = self.length(shot)
                        if shot["id"] not in placed and long:
                            placed[shot["id"]] = (at, at + long, rate, "end to end")
                            at += long
            if mine and not any(s["id"] in placed for s in mine):  # timeline 2
                at = end if cut else 0
                for shot in mine:
                    placed[shot["id"]] = (at, at + round(rate), rate, "a second each")
                    at += round(rate)
            by_cut = by_cut or bool(cut and mine)
            on_timeline += sorted((s for s in mine if s["id"] in placed), key=lambda s: (placed[s["id"]][0], in_order(s)))
        if self.edit_version and not edits:
            versions = [v for v in self.rows("Version", project=pid) if (v["code"] or "").lower().startswith(self.edit_version.lower()) and self.movie(v)]
            if versions:
                newest = max(versions, key=lambda v: v["id"])
                edits.append(self.edit(newest["code"], newest, None, notes))

        people = {"person-%d" % u["id"] for u in row["users"] if self.live(u)}

        def tasks(entity, row_id):
            answer = []
            for task in self.rows("Task", project=pid):
                link = self.live(task["entity"])
                if not link or (link["type"], link["id"]) != (entity, row_id):
                    continue
                step = self.live(task["step"])
                who = [("person-%d" if a["type"] == "HumanUser" else "group-%d") % a["id"] for a in task["task_assignees"] if self.live(a)]
                people.update(who)
                answer.append({"id": task["id"], "type": "step-%d" % step["id"] if step else "task-%s" % (task["content"] or ""),
                               "status": task["sg_status_list"] or "", "assignees": sorted(who)})
            return answer

        out_shots = []
        for shot in sorted(shots, key=lambda s: (placed.get(s["id"], (0,))[0], s["id"])):
            start, end, rate, how = placed.get(shot["id"], (None, None, fps, "no place"))  # timeline 1
            out_shots.append({"id": shot["id"], "name": shot["code"], "sequence": homes[shot["id"]][0], "frame_in": start, "frame_out": end,
                              "fps": rate, "how": how, "picture": self.picture(shot), "tasks": tasks("Shot", shot["id"])})
        out_assets = [{"id": a["id"], "name": a["code"], "type": a["sg_asset_type"] or "No type", "picture": self.picture(a),
                       "tasks": tasks("Asset", a["id"])} for a in assets]
        for task in self.rows("Task", project=pid):
            link = self.live(task["entity"])
            if not link or link["type"] not in ("Shot", "Asset"):
                left.append({"kind": "task", "id": task["id"], "name": task["content"], "reason": "neither of a shot nor of an asset"})
        out_ids = {s["id"] for s in out_shots}
        casting = {}
        for shot in shots:
            cast = sorted({a["id"] for a in shot["assets"] if self.live(a) and a["id"] in kept})
            if cast and shot["id"] in out_ids:
                casting[shot["id"]] = cast
        used_homes = {s["sequence"] for s in out_shots}
        out_sequences = []
        for key in sorted(set(sequence_rank) & (used_homes | {"sequence-%d" % s for s in sequences}), key=lambda k: sequence_rank[k]):
            kind, number = key.split("-")[:2]
            name = {"sequence": lambda: sequences[int(number)]["code"], "scene": lambda: self.grid._db["Scene"][int(number)]["code"],
                    "project": lambda: row["name"]}[kind]()
            episode = of_episode.get(int(number)) if kind == "sequence" else episode_of_home[key]  # timeline 4
            if "-episode-" in key:
                name = "%s (%s)" % (name or "%s %s" % (kind.title(), number), (episodes[episode]["code"] or "Episode %d" % episode) if episode else "no episode")
            out_sequences.append({"id": key, "name": name, "episode": episode})
        if by_cut:  # timeline 5
            first = [homes[s["id"]][0] for s in on_timeline]
            out_sequences.sort(key=lambda s: first.index(s["id"]) if s["id"] in first else len(first))
        return {"id": pid, "name": row["name"], "fps": fps, "ratio": row.get("sg_aspect_ratio"), "resolution": row.get("sg_resolution"),
                "picture": self.picture(row), "team": sorted(people),
                "episodes": [{"id": e["id"], "name": e["code"]} for e in sorted(episodes.values(), key=lambda e: (natural(e["code"]), e["id"]))],
                "sequences": out_sequences, "shots": out_shots, "assets": out_assets, "casting": casting, "edits": edits,
                "left_out": sorted(left, key=lambda l: (l["kind"], l["id"])), "notes": notes}
