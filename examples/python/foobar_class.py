#!/usr/bin/env python3
"""The Foobar connector as one class, for which version 1 of the Python package has a base.

    export FOOBAR_URL=https://foobar.example/api FOOBAR_KEY=… PYTHONPATH=python
    watchtower export process --output site --format v1 -- python3 examples/python/foobar_class.py

With `watchtower_pipeline` in its imports in place of `watchtower_tracker` it runs on that package.
"""

import json
import os
import sys
import urllib.parse
import urllib.request
from collections import Counter
from datetime import datetime, timezone
from typing import List

from watchtower_tracker import argparser, models, writers


class FoobarWriter(writers.AbstractWriter):
    """Asks Foobar for whatever is wanted."""

    def __init__(self):
        self.url = os.environ["FOOBAR_URL"].rstrip("/")

    @property
    def request_headers(self):
        # Keys come from the environment and not from the command line, which others can see.
        return {"Authorization": f"Bearer {os.environ['FOOBAR_KEY']}"}

    def address(self, *path):
        return "/".join([self.url, *(urllib.parse.quote(part, safe="") for part in path)])

    def get(self, *path):
        request = urllib.request.Request(self.address(*path), headers=self.request_headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def file(self, name):
        return self.address("files", name) if name else None

    def get_project_list(self) -> List[models.ProjectListItem]:
        return [
            models.ProjectListItem(id=it["id"], name=it["title"], thumbnailUrl=self.file(it["picture"]))
            for it in self.get("context")["projects"]
        ]

    def get_project(self, project_id) -> models.Project:
        context = self.get("context")
        found = next(it for it in context["projects"] if it["id"] == project_id)
        return models.Project(
            id=found["id"],
            name=found["title"],
            ratio="16:9",
            resolution="1920x1080",
            fps=float(found["fps"]),
            asset_types=[models.AssetType(**it) for it in context["asset_types"]],
            task_types=[models.TaskType(**it) for it in context["task_types"]],
            task_statuses=[models.TaskStatus(**it) for it in context["task_statuses"]],
            team=[
                models.User(
                    id=it["id"],
                    name=it["name"],
                    has_avatar=it["picture"] is not None,
                    thumbnailUrl=self.file(it["picture"]),
                )
                for it in context["people"]
                if it["id"] in found["people"]
            ],
        )

    def get_project_sequences(self, project: models.Project) -> List[models.Sequence]:
        return [models.Sequence(**it) for it in self.get("projects", project.id, "sequences")]

    def get_project_shots(self, project: models.Project) -> List[models.Shot]:
        return [
            models.Shot(
                id=it["id"],
                name=it["name"],
                sequence_id=it["sequence"],
                # Foobar counts frames from 1 and names the last of a shot; the timeline counts from 0, and
                # `frame_out` is the one after the last.
                data=models.ShotData(frame_in=it["first_frame"] - 1, frame_out=it["last_frame"]),
                thumbnailUrl=self.file(it["picture"]),
                tasks=[models.Task(**task) for task in it["tasks"]],
                fps=project.fps,
            )
            for it in self.get("projects", project.id, "shots")
            if not it["omitted"] and it["first_frame"] and it["first_frame"] <= it["last_frame"]
        ]

    def get_project_assets(self, project: models.Project) -> List[models.Asset]:
        return [
            models.Asset(
                id=it["id"],
                name=it["name"],
                asset_type_id=it["asset_type"],
                thumbnailUrl=self.file(it["picture"]),
                tasks=[models.Task(**task) for task in it["tasks"]],
            )
            for it in self.get("projects", project.id, "assets")
        ]

    def get_project_casting(self, project, sequences, shots, assets) -> List[models.ShotCasting]:
        shots = {shot.id: shot for shot in shots}
        assets = {asset.id: asset for asset in assets}
        return [
            models.ShotCasting(shot=shots[it["shot_id"]], assets=[assets[id] for id in it["asset_ids"]])
            for it in self.get("projects", project.id, "casting")
            # Foobar goes on casting omitted shots.
            if it["shot_id"] in shots
        ]

    def get_project_edits(self, project: models.Project) -> List[models.Edit]:
        edit = self.get("projects", project.id, "edit")
        return [
            models.Edit(
                id=f"{project.id}-v{edit['version']}",
                name=f"Edit v{edit['version']}",
                project_id=project.id,
                frameOffset=0,
                sourceName=self.file(edit["movie"]),
            )
        ]

    def get_task_count(self, project_id):
        """How many tasks of shots stand in each status now. `watchtower` counts them itself."""
        shots = self.get_project_shots(self.get_project(project_id))
        tasks = (task for shot in shots for task in shot.tasks)
        counted = Counter((task.task_type_id, task.task_status_id) for task in tasks)
        now = datetime.now(timezone.utc).isoformat()
        return [
            {
                "task_type_id": kind,
                "episode_id": None,
                "task_statuses": [{"task_status_id": status, "data": [{"timestamp": now, "count": count}]}],
            }
            for (kind, status), count in counted.items()
        ]


def main(arguments):
    parsed = argparser.parse_args(arguments)
    writer = FoobarWriter()
    if not parsed.project_ids:
        writer.write_all(parsed.destination_path)
    for project_id in parsed.project_ids:
        writer.write_project(project_id, parsed.destination_path)
    if parsed.bundle:
        writers.WatchtowerBundler.bundle(parsed.destination_path)


if __name__ == "__main__":
    main(sys.argv[1:])
