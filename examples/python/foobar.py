#!/usr/bin/env python3
"""The specification's Foobar connector, made concrete: with `watchtower_tracker` in place of the package
it was written for, it runs as a program of `watchtower export process`.

    export FOOBAR_URL=https://foobar.example/api FOOBAR_KEY=… PYTHONPATH=python
    watchtower export process --output site -- python3 examples/python/foobar.py

Foobar does not exist. `crates/watchtower-connector/examples/foobar` is the same connector in Rust, and
makes the same site.
"""

import json
import os
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import List

from watchtower_tracker import models, writers


@dataclass
class FoobarClient:
    """Client used to connect to production API."""

    url: str = field(default_factory=lambda: os.environ["FOOBAR_URL"].rstrip("/"))
    # Keys come from the environment and not from the command line, which others can see.
    key: str = field(default_factory=lambda: os.environ["FOOBAR_KEY"], repr=False)

    @property
    def headers(self):
        return {"Authorization": f"Bearer {self.key}"}

    def get(self, *path):
        request = urllib.request.Request(self.address(*path), headers=self.headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def address(self, *path):
        return "/".join([self.url, *(urllib.parse.quote(part, safe="") for part in path)])

    def file(self, name):
        """A picture or movie is fetched from Foobar itself. It never changes under its name."""
        return models.Media(self.address("files", name), changes=False) if name else None

    @property
    def media_headers(self):
        """Files are for those who have the key; it is sent to Foobar alone."""
        scheme, host, *_ = urllib.parse.urlsplit(self.url)
        return {f"{scheme}://{host}": self.headers}


@dataclass
class FoobarProjectListWriter:
    """Fetches and aggregates all the generic information, which each project refers to."""

    foobar_client: FoobarClient

    def fetch_user_context(self):
        return self.foobar_client.get("context")

    def setup(self) -> writers.ProjectListWriter:
        context = self.fetch_user_context()
        file = self.foobar_client.file
        return writers.ProjectListWriter(
            projects=[
                models.Project(
                    id=it["id"],
                    name=it["title"],
                    fps=float(it["fps"]),
                    team=it["people"],
                    thumbnailUrl=file(it["picture"]),
                )
                for it in context["projects"]
            ],
            asset_types=[models.AssetType(**it) for it in context["asset_types"]],
            task_types=[models.TaskType(**it) for it in context["task_types"]],
            task_status=[models.TaskStatus(**it) for it in context["task_statuses"]],
            users=[
                models.User(
                    id=it["id"],
                    name=it["name"],
                    has_avatar=it["picture"] is not None,
                    thumbnailUrl=file(it["picture"]),
                )
                for it in context["people"]
            ],
            media_headers=self.foobar_client.media_headers,
        )


@dataclass
class FoobarProjectWriter:
    """Fetches one project."""

    foobar_client: FoobarClient
    left_out: List[models.LeftOut] = field(default_factory=list)

    def get_project_assets(self, project_id):
        return [
            models.Asset(
                id=it["id"],
                name=it["name"],
                asset_type_id=it["asset_type"],
                thumbnailUrl=self.foobar_client.file(it["picture"]),
                tasks=self.tasks(it),
            )
            for it in self.foobar_client.get("projects", project_id, "assets")
        ]

    def get_project_sequences(self, project_id):
        sequences = self.foobar_client.get("projects", project_id, "sequences")
        return [models.Sequence(**it) for it in sequences]

    def get_project_shots(self, p: models.Project):
        shots = []
        for it in self.foobar_client.get("projects", p.id, "shots"):
            if it["omitted"]:
                name = f"{it['sequence']} {it['name']}"
                self.left_out.append(models.LeftOut("shot", it["id"], name, "canceled"))
                continue
            shot = models.Shot(
                id=it["id"],
                name=it["name"],
                sequence_id=it["sequence"],
                thumbnailUrl=self.foobar_client.file(it["picture"]),
                tasks=self.tasks(it),
                fps=p.fps,
            )
            # Foobar counts frames from 1 and names the last of a shot; the timeline counts from 0, and
            # `frame_out` is the one after the last. A shot without a range stays on the wall.
            first, last = it["first_frame"], it["last_frame"]
            if first is not None and last is not None and 1 <= first <= last:
                shot.data = models.ShotData(frame_in=first - 1, frame_out=last)
            shots.append(shot)
        return shots

    def get_project_casting(self, p: models.Project, shots, assets):
        shots = {shot.id: shot for shot in shots}
        assets = {asset.id: asset for asset in assets}
        return [
            models.ShotCasting(
                shot=shots[it["shot_id"]], assets=[assets[id] for id in it["asset_ids"]]
            )
            for it in self.foobar_client.get("projects", p.id, "casting")
            # Foobar goes on casting omitted shots.
            if it["shot_id"] in shots
        ]

    def get_project_edit(self, p: models.Project):
        edit = self.foobar_client.get("projects", p.id, "edit")
        if not edit:
            return None
        # Foobar's edits have no ids; one is derived from the name.
        movie = self.foobar_client.file(edit["movie"])
        return models.Edit(name=f"Edit v{edit['version']}", sourceName=movie)

    def tasks(self, it):
        return [models.Task(**task) for task in it["tasks"]]

    def setup(self, p: models.Project) -> writers.ProjectWriter:
        assets = self.get_project_assets(p.id)
        sequences = self.get_project_sequences(p.id)
        shots = self.get_project_shots(p)
        casting = self.get_project_casting(p, shots, assets)
        edit = self.get_project_edit(p)
        return writers.ProjectWriter(
            project=p,
            assets=assets,
            shots=shots,
            sequences=sequences,
            edit=edit,
            casting=casting,
            left_out=self.left_out,
        )


def fetch_and_save():
    foobar_client = FoobarClient()
    context_writer = FoobarProjectListWriter(foobar_client=foobar_client).setup()
    context_writer.write_as_json()
    for p in context_writer.projects:
        project_writer = FoobarProjectWriter(foobar_client=foobar_client).setup(p)
        project_writer.write_as_json()


if __name__ == "__main__":
    fetch_and_save()
