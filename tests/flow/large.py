"""A counterpart with one film of 10,000 shots, 60,000 tasks and a cut, for `cargo xtask bench flow`.

    python large.py [arguments of server.py]

It is slow: what it answers is recorded once.
"""

import json
import os
import sys
import threading

import server
import seed
from grid import Account

SHOTS, OF_A_SEQUENCE, STEPS, PEOPLE, ASSETS = 10_000, 100, 6, 60, 600


def build(grid):
    ids = {}

    def put(entity, /, **data):
        ids[entity] = ids.get(entity, 0) + 1
        return grid.put(entity, data, ids[entity])

    statuses = ["wtg", "ip", "rev", "fin", "omt"]
    for code, name in zip(statuses, ["Waiting", "In Progress", "Pending Review", "Final", "Omit"]):
        put("Status", code=code, name=name, bg_color="1,2,3")
    steps = [put("Step", code="Step %d" % n, color="9,9,9", entity_type="Shot", list_order=n) for n in range(STEPS)]
    people = [put("HumanUser", name="Person %02d" % n, login="p%02d" % n) for n in range(PEOPLE)]
    film = put("Project", name="Large", code="large", sg_fps=24.0, users=people[:10])
    assets = [put("Asset", code="Asset %03d" % n, project=film, sg_asset_type=["Character", "Prop", "Set"][n % 3]) for n in range(ASSETS)]
    version = put("Version", code="large_v001", project=film, sg_first_frame=1)
    cut = put("Cut", code="Large", project=film, entity=film, fps=24.0, revision_number=1, version=version, timecode_start_text="00:00:00:00")
    sequence = None
    for n in range(SHOTS):
        if n % OF_A_SEQUENCE == 0:
            sequence = put("Sequence", code="%03d" % (n // OF_A_SEQUENCE), project=film)
        shot = put("Shot", code="%05d" % n, project=film, sg_sequence=sequence, sg_status_list=statuses[n % 4], sg_cut_order=n, sg_cut_in=1001,
                   sg_cut_out=1048, sg_cut_duration=48, assets=[assets[(n * 7 + k * 131) % ASSETS] for k in range(3)])
        put("CutItem", code="%05d" % n, project=film, cut=cut, shot=shot, cut_order=n + 1, edit_in=n * 48 + 1, edit_out=n * 48 + 48, cut_item_duration=48)
        for k, step in enumerate(steps):
            put("Task", content="Task %d" % k, project=film, entity=shot, step=step, sg_status_list=statuses[(n + k) % 4], task_assignees=[people[(n + k) % PEOPLE]])
    accounts = {"scripts": {"watchtower": {"key": "correct-horse-battery-staple", "account": Account("ApiUser", 298, "watchtower")}}, "people": {}}
    return {"accounts": accounts, "expected": {}, "hidden_statuses": {}}


if __name__ == "__main__":
    seed.build = build
    site, *_ = server.start(sys.argv[1:])
    print(json.dumps({"url": site.url, "pid": os.getpid()}), flush=True)
    threading.Event().wait()
