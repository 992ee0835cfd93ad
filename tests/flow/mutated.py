"""A counterpart whose seed somebody has shuffled, so that it holds what nobody thought of.

    python mutated.py NUMBER [arguments of server.py]

Names, numbers, links, statuses and the trash change by chance, the same for the same NUMBER. What an export should
contain follows from the rules, as for the seed itself. Left as they are, because `expected.py` has no rules for them:
the rates of cuts, and which statuses a project offers.
"""

import json
import os
import random
import sys
import threading

import seed
import server
from expected import Mapper

NAMES = ["Ärger im Büro", "日本語の名前", "عربي", "👩‍🚀 in space", "<script>alert(1)</script>", "a & b", "../../etc/passwd", "con", "名/前\\x",
         "sh2", "SH10", "sh010", "sh0010", "0", "007", "E101", "“quoted” 'name'", "a\tb", "ı İ ß ẞ", "é", "e\u0301", "x" * 300, "-", ".", "%20", "?a=b#c",
         "null", "{site}", "9", "10", "10a", "1.5"]
STATUSES = ["wtg", "ip", "fin", "hld", "na", "omt", "nr", "rev", "blk", "gibt-es-nicht", "", None, "zzx"]
NUMBERS = [None, None, 0, 1, 2, 24, 1001, 1048, -5, 86400, 2147483647]
TIMECODES = [None, "banana", "01:00:00:00", "01:00:01:00", "01:00:02;12", "00:00:00:00", "24:61:61:99", ""]


def mutate(grid, number):
    chance = random.Random(number)
    often, seldom = lambda: chance.random() < 0.15, lambda: chance.random() < 0.04
    # Not those of the big one, of which there are many, all the same.
    rows = lambda entity: [r for r in grid._db.get(entity, {}).values() if not r["__retired"] and (r.get("project") or {}).get("id") != 90]
    link = lambda entity, row: {"type": entity, "id": row["id"]}
    some = lambda entity, project=None: [link(entity, r) for r in rows(entity) if project is None or r.get("project") == project]

    def change(entity, **fields):
        for row in rows(entity):
            for field, values in fields.items():
                if field in grid._schema[entity] and often():
                    row[field] = chance.choice(values() if callable(values) else values)

    def relink(entity, field, targets):
        """Links to another of the project, to nothing, to what is in the trash or in another project."""
        if entity not in grid._schema or field not in grid._schema[entity]:
            return
        for row in rows(entity):
            if not often():
                continue
            of = [it for target in targets for it in some(target, None if seldom() else row.get("project"))] + [None]
            row[field] = chance.choice(of)

    def relink_many(entity, field, targets):
        for row in rows(entity):
            if often():
                of = [it for target in targets for it in some(target)]
                row[field] = chance.sample(of, min(len(of), chance.randrange(6)))

    text = NAMES + [None]
    for entity in ("Episode", "Sequence", "Scene", "Shot", "Asset"):
        change(entity, code=text)
    for field in ("sg_cut_in", "sg_cut_out", "sg_cut_duration", "sg_cut_order", "cut_in", "cut_out", "cut_duration", "sg_head_in"):
        change("Shot", **{field: NUMBERS})
    change("Shot", sg_status_list=STATUSES, image=[None, "transient", "a.png", "b.png"])
    relink("Shot", "sg_sequence", ["Sequence"])
    relink("Shot", "sg_scene", ["Scene"])
    relink("Shot", "sg_episode", ["Episode"])
    relink("Sequence", "episode", ["Episode"])
    relink_many("Shot", "assets", ["Asset"])
    change("Asset", sg_status_list=STATUSES, sg_asset_type=["Character", "Prop", "Décor", "", None, "No type"], image=[None, "transient", "a.png"])
    change("Task", content=text + ["Anim", "anim"], sg_status_list=STATUSES)
    relink("Task", "entity", ["Shot", "Asset", "Sequence"])
    relink("Task", "step", ["Step"])
    for row in rows("Task"):
        if often():
            row["step"] = chance.choice(some("Step") + [None])
    relink_many("Task", "task_assignees", ["HumanUser", "Group"])
    relink_many("Project", "users", ["HumanUser"])
    change("Project", sg_fps=[None, 12.0, 23.976, 0.0, -1.0], sg_frame_rate=[None, "25", "banana", "0", " 30 ", "29.97"], archived=[False, False, False, True],
           image=[None, "transient", "a.png"], sg_status=[None, "Lost"])
    change("Step", code=NAMES, color=[None, "1,2,3", "red", "1,2", "256,0,0", " 1, 2, 3 ", "1,2,3,4"], list_order=[None, 0, 1, 1, 7, -1])
    change("Status", name=NAMES[:8] + ["Pending Review", "OMIT", "omitted", "Cancelled"], bg_color=[None, "1,2,3", "blau", "300,1,1"])
    change("HumanUser", name=text, sg_status_list=["act", "dis"], image=[None, "transient", "a.png"])
    change("Group", code=NAMES)
    change("Cut", code=["Main Edit", "Trailer", "a"], revision_number=[None, 1, 2, 99], sg_status_list=STATUSES, timecode_start_text=TIMECODES)
    relink("Cut", "entity", ["Project", "Episode", "Sequence", "Scene"])
    relink("Cut", "version", ["Version"])
    change("CutItem", cut_order=[None, 0, 1, 5, 5, -1], edit_in=NUMBERS, edit_out=NUMBERS, cut_item_duration=NUMBERS, timecode_edit_in_text=TIMECODES,
           timecode_edit_out_text=TIMECODES)
    relink("CutItem", "shot", ["Shot"])
    change("Version", code=NAMES[:6], sg_first_frame=[None, 0, 1, 1001], sg_movie_has_slate=[False, True], sg_uploaded_movie=[None])
    for entity in ("Episode", "Sequence", "Scene", "Shot", "Asset", "Task", "Step", "Status", "HumanUser", "Group", "Cut", "CutItem", "Version"):
        for row in rows(entity):
            if seldom():
                grid.delete(entity, row["id"])
    # What is in the trash still names the cuts that are of it.
    for entity in ("Episode", "Sequence", "Scene"):
        for row in grid._db.get(entity, {}).values():
            if "cuts" in row:
                row["cuts"] = []
    grid.relink()


def build(number, original):
    def made(grid):
        facts = original(grid)
        mutate(grid, number)
        facts["expected"] = Mapper(grid).lists()
        return facts
    return made


if __name__ == "__main__":
    seed.build = build(int(sys.argv[1]), seed.build)
    site, *_ = server.start(sys.argv[2:])
    print(json.dumps({"url": site.url, "media_url": site.media_url, "pid": os.getpid()}), flush=True)
    threading.Event().wait()
