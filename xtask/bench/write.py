"""Time the writer of the Python package over a film: write.py SITE OUTPUT

SITE is a site of format v0 with one project, which gives the data. Prints the seconds that the package's
writer takes for the same documents, from objects that are there.
"""

import json
import os
import sys
import time
from pathlib import Path



site, output = map(Path, sys.argv[1:])
# The package writes below the folder in which it is imported.
os.makedirs(output, exist_ok=True)
os.chdir(output)
from watchtower_pipeline import models, writers  # noqa: E402


def read(path):
    return json.loads((site / "data/projects" / path).read_text())


def tasks(entity):
    return [models.Task(**task) for task in entity["tasks"]]


context = read("context.json")
(entry,) = context["projects"]
folder = entry["id"]
project = models.Project(**{**entry, "ratio": entry["ratio"] or "", "resolution": entry["resolution"] or ""})
assets = [models.Asset(**{**it, "tasks": tasks(it)}) for it in read(f"{folder}/assets.json")]
shots = [
    models.Shot(**{**it, "data": models.ShotData(**it["data"]), "tasks": tasks(it)})
    for it in read(f"{folder}/shots.json")
]
by_id = {it.id: it for it in [*assets, *shots]}
casting = [
    models.ShotCasting(by_id[it["shot_id"]], [by_id[asset] for asset in it["asset_ids"]])
    for it in read(f"{folder}/casting.json")
]
edit = read(f"{folder}/edit.json")
project_writer = writers.ProjectWriter(
    project=project,
    shots=shots,
    assets=assets,
    sequences=[models.Sequence(**it) for it in read(f"{folder}/sequences.json")],
    edit=models.Edit(project, edit["totalFrames"], edit["frameOffset"]),
    casting=casting,
)
context_writer = writers.ContextWriter(
    projects=[project],
    asset_types=[models.AssetType(**it) for it in context["asset_types"]],
    task_types=[models.TaskType(**it) for it in context["task_types"]],
    task_status=[models.TaskStatus(**it) for it in context["task_status"]],
    users=[models.User(it["full_name"], id=it["id"]) for it in context["users"]],
)
start = time.perf_counter()
project_writer.write_as_json()
context_writer.write_as_json()
print(time.perf_counter() - start)
