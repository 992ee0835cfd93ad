"""python3 -m unittest discover python"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

from watchtower_tracker import models, writers

HERE = os.path.dirname(os.path.abspath(__file__))

SCRIPT = """
import argparse, os, subprocess, sys
from watchtower_tracker import models, writers
print("hello from the script")
subprocess.run(["echo", "hello from a program it started"], check=True)
options = argparse.ArgumentParser()
options.add_argument("--studio", required=True)
options.parse_args()

class Read(list):
    def __iter__(self):
        for it in super().__iter__():
            print("reading", it.id)
            yield it

todo = models.TaskStatus(name="Todo", color="#f5f5f5")
anim = models.TaskType(id="anim", name="Animation", for_shots=True)
character = models.AssetType(name="Character")
film, other = models.Project(id="film", name="Film", fps=25), models.Project(id="other", name="Other")
list_writer = writers.ProjectListWriter(
    projects=[other, film], asset_types=[character], task_types=[anim], task_status=[todo])
list_writer.write_as_json()
for p in list_writer.projects:
    print("reading", p.id)
    seq = models.Sequence(name="010")
    rex = models.Asset(name="Rex", asset_type_id=character.id, thumbnailUrl="rex.png")
    task = models.Task(task_type_id=anim.id, task_status_id=todo.id)
    shots = [
        models.Shot(name="a", sequence_id=seq.id, data=models.ShotData(0, 48, lens="35mm"), tasks=[task]),
        models.Shot(name="b", sequence_id=seq.id, startFrame=48, durationSeconds=2, fps=25),
        models.Shot(name="c", sequence_id=seq.id),
        models.Shot(name="d", sequence_id=seq.id, data={"frame_in": 9, "frame_out": 8}),
        models.Shot(name="e", sequence_id=seq.id, data=models.ShotData(nb_frames=24)),
    ]
    writers.ProjectWriter(
        projects=p, shots=shots, assets=[rex], sequences=[seq], edit=models.Edit(name="Edit v1"),
        casting=[models.ShotCasting(shot=s, assets=[rex]) for s in (shots[0], shots[2])],
    ).write_as_json()
raise RuntimeError("this is not reached")
"""


# The same names in other hands: as code for the package has them, by position, in subclasses, filled after
# they were made, things in place of their ids.
OTHER_SCRIPT = """
from dataclasses import dataclass, replace
from watchtower_tracker.models import *
from watchtower_tracker.writers import ContextWriter, ProjectWriter

@dataclass
class OurAsset(Asset):
    pipeline_code: str = ""

anim = TaskType("Animation", "#ff0000", True)
todo, done = TaskStatus("Todo", "#f5f5f5", 7), TaskStatus(name="Done", color="", id="done")
jade = User("Jade", True, "u1", "https://a.example/jade.png")
ravi = User(name="Ravi")
ravi.has_avatar, ravi.thumbnailUrl = True, "file:///srv/Ravi%20Roe.png"
film = Project("Film", "2.35:1", "2048x858", task_types=[anim], team=[jade, ravi.id], fps="25")
context = ContextWriter([film], [AssetType("Prop")], [anim], [todo, done], [jade, ravi], destination_path="out")
context.download_previews({"X-Key": "hunter2"}, force=True)

def project():
    sequence = Sequence()
    sequence.name = "010"
    rex = OurAsset(pipeline_code="rex_v1")
    rex.name, rex.asset_type_id, rex.thumbnailUrl = "Rex", AssetType("Prop").id, "https://a.example/rex.png"
    first = Shot("0010", sequence.id, ShotData(dict(frame_in="0", frame_out=50.0, lens=35)), fps=25)
    assert (first.startFrame, first.durationSeconds) == (0, 2.0), first
    first.tasks.append(Task(todo.id, anim, [jade, ravi]))
    second = replace(first, name="0020", id=None, data={"frame_in": 50, "frame_out": 75}, tasks=None)
    second.thumbnailUrl = Media("https://b.example/0020.png", changes=False, headers={"X-Other": 1})
    writer = ProjectWriter(
        film, [first, second], [rex], [sequence],
        Edit(project=film, totalFrames=75, frameOffset=0, sourceName="https://a.example/edit.mp4", sourceType="video/mp4"),
        [ShotCasting(second, [rex])])
    writer.download_previews(requests_headers={"X-Key": "hunter2"})
    writer.download_edits({"X-Edits": "hunter2"})
    assert "hunter2" not in repr(context)
    return writer

# The projects before the list, and nothing taken from what the list writer keeps.
project().write_as_json()
context.write_as_json()
"""


def call(*arguments, script=SCRIPT, options=("--studio", "us")):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "connector.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(script)
        environment = {**os.environ, "PYTHONPATH": HERE, "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [sys.executable, path, *options, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            universal_newlines=True,
            check=False,
        )


CLASS = """
import sys
from watchtower_tracker import argparser, models, writers

class Writer(writers.AbstractWriter):
    request_headers = {"X-Key": "k"}

    def get_project_list(self):
        episodes = [models.EpisodeListItem("Pilot"), models.EpisodeListItem("Two")]
        series = models.ProjectListItem(id="series", name="The Series", thumbnailUrl="https://a.example/s.png")
        return [series, models.ProjectListItem(id="film", name="Film", episodes=episodes)]

    def get_project(self, project_id):
        print("project", project_id)
        todo = models.TaskStatus("Todo", "#f5f5f5" if project_id == "film" else "#000000")
        pilot = models.Episode("Pilot", [models.Sequence("010")])
        two = models.Episode("Two", [models.Sequence("010")])
        return models.Project(
            "Project", "16:9", "1920x1080", [models.AssetType("Prop")], [models.TaskType("Anim", "#fff", True)],
            [todo], [models.User("Jade")], project_id, episodes=[pilot, two])

    def get_project_sequences(self, project):
        print("sequences")
        self.sequences = [it for episode in project.episodes for it in episode.sequences]
        return self.sequences

    def get_project_shots(self, project):
        print("shots")
        data = models.ShotData(frame_in=0, frame_out=48)
        return [models.Shot("0010", it.id, data, thumbnailUrl="https://a.example/1.png") for it in self.sequences]

    def get_project_assets(self, project):
        print("assets")
        return [models.Asset("Lamp", project.asset_types[0].id)]

    def get_project_casting(self, project, sequences, shots, assets):
        print("casting")
        return [models.ShotCasting(shot=shot, assets=assets) for shot in shots]

    def get_project_edits(self, project):
        print("edits")
        return [models.Edit("Edit", project.id, 20, episode_id=it.id) for it in project.episodes]

parsed = argparser.parse_args()
writer = Writer()
if not parsed.project_ids:
    writer.write_all(parsed.destination_path)
for project_id in parsed.project_ids:
    writer.write_project(project_id, parsed.destination_path)
if parsed.bundle:
    writers.WatchtowerBundler.bundle(parsed.destination_path)
"""


class AbstractWriterTest(unittest.TestCase):
    def call(self, *arguments, fails=False):
        done = call(*arguments, script=CLASS, options=())
        self.assertEqual(done.returncode != 0, fails, done.stderr)
        return (None if fails else json.loads(done.stdout)), done.stderr

    def test_the_list_has_what_its_projects_refer_to(self):
        document, said = self.call("project-list")
        self.assertEqual([(it["id"], it["name"]) for it in document["projects"]], [("series", "The Series"), ("film", "Film")])
        thumbnail = document["projects"][0]["thumbnail"]
        self.assertEqual(thumbnail["headers"], {"X-Key": "k"})
        self.assertEqual(len(document["task_statuses"]), 1)
        self.assertEqual(document["task_statuses"][0]["color"], "#000000")
        self.assertIn("has other task_statuses under the id", said)
        self.assertNotIn("shots", said)
        self.assertEqual(document["projects"][0]["team"], [document["users"][0]["id"]])

    def test_a_project_is_told_with_its_episodes_in_the_packages_order(self):
        document, said = self.call("project", "series")
        self.assertEqual(said.split(), ["project", "series", "sequences", "shots", "assets", "casting", "edits"])
        pilot, two = (it["id"] for it in document["episodes"])
        self.assertNotEqual(pilot, two)
        sequences = document["sequences"]
        self.assertEqual([it["episode_id"] for it in sequences], [pilot, two])
        self.assertEqual(len({it["id"] for it in sequences}), 2, "they have one name, in two episodes")
        self.assertEqual([it["episode_id"] for it in document["edits"]], [pilot, two])
        self.assertEqual(len({it["id"] for it in document["edits"]}), 2)
        self.assertEqual(document["edits"][0]["frame_offset"], 20)
        self.assertEqual(document["shots"][0]["thumbnail"]["headers"], {"X-Key": "k"})
        self.assertEqual(document["project"]["name"], "The Series")
        self.assertEqual(document["project"]["thumbnail"]["url"], "https://a.example/s.png")
        self.assertIn("there is no project gone", self.call("project", "gone", fails=True)[1])

    def test_the_packages_arguments_choose_projects(self):
        document, said = self.call("--projects", "film", "series", "--destination", "x", "--bundle", "project-list")
        self.assertEqual([it["id"] for it in document["projects"]], ["film", "series"])
        self.assertIn("--destination says nothing here", said)
        self.assertIn("`watchtower bundle SITE", said)
        document, said = self.call("--bundle", "--projects", "film", "--no-bundle", "project", "film")
        self.assertEqual(document["project"]["id"], "film")
        self.assertNotIn("watchtower bundle", said)
        said = self.call("--projects", "gone", "--no-bundle", "project-list", fails=True)[1]
        self.assertIn("there is no project gone", said)

    def test_a_class_that_gives_other_things_is_told_so(self):
        script = CLASS.replace("[models.User(\"Jade\")], project_id", "[\"jade\"], project_id")
        done = call("project-list", script=script, options=())
        self.assertIn("TypeError: the project 'The Series': team has 'jade', expected a User", done.stderr)
        script = CLASS.replace("project_id, episodes=", "\"another\", episodes=")
        done = call("project", "film", script=script, options=())
        self.assertIn("ValueError: get_project('film') gives the project 'another'", done.stderr)

    def test_the_module_says_how_to_go_on(self):
        environment = {**os.environ, "PYTHONPATH": HERE, "PYTHONDONTWRITEBYTECODE": "1", "PATH": "/nowhere"}
        command = [sys.executable, "-m", "watchtower_tracker"]
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, universal_newlines=True, check=False)
        self.assertIn("watchtower export process --output site -- python3 SCRIPT", done.stdout)
        # Whoever has installed the command may run these tests as well.
        says_how = "`pip install watchtower-rs` brings it" in done.stdout
        self.assertEqual(done.returncode, 1 if says_how else 0)


class ScriptTest(unittest.TestCase):
    def test_the_list_alone_is_printed_and_the_script_ends(self):
        done = call("project-list")
        self.assertEqual(done.returncode, 0, done.stderr)
        document = json.loads(done.stdout)
        self.assertEqual(document["watchtower_tracker"], 1)
        self.assertEqual([it["id"] for it in document["projects"]], ["other", "film"])
        self.assertEqual(document["task_types"][0]["for_shots"], True)
        self.assertNotIn("reading", done.stderr)
        self.assertIn("hello from the script", done.stderr)
        self.assertIn("hello from a program it started", done.stderr)

    def test_the_project_asked_for_is_the_only_one_that_is_read(self):
        done = call("project", "film")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("reading film", done.stderr)
        self.assertNotIn("reading other", done.stderr)
        document = json.loads(done.stdout)
        self.assertEqual(document["project"]["fps"], 25)
        ranges = [it["data"] for it in document["shots"]]
        self.assertEqual(
            ranges,
            [
                {"frame_in": 0, "frame_out": 48, "lens": "35mm"},
                {"frame_in": 48, "frame_out": 98},
                {},
                {},
                {"nb_frames": 24},
            ],
            "a tracker says what it knows, and leaves no shot out for want of a range",
        )
        self.assertEqual(document["left_out"], [])
        cast = [it["shot_id"] for it in document["casting"]]
        self.assertEqual(cast, [document["shots"][0]["id"], document["shots"][2]["id"]])
        self.assertEqual(document["assets"][0]["thumbnail"], {"file": "rex.png", "changes": True})

    def test_ranges_may_count_from_the_start_of_each_sequence(self):
        self.assertNotIn("range_scope", json.loads(call("project", "film").stdout))
        script = SCRIPT.replace("projects=p,", "projects=p, range_scope='sequence',")
        document = json.loads(call("project", "film", script=script).stdout)
        self.assertEqual(document["range_scope"], "sequence")

    def test_code_in_another_style_runs_as_well(self):
        done = call("project-list", script=OTHER_SCRIPT)
        self.assertEqual(done.returncode, 0, done.stderr)
        document = json.loads(done.stdout)
        jade, ravi = document["users"]
        self.assertEqual((jade["id"], jade["thumbnail"]["headers"]), ("u1", {"X-Key": "hunter2"}))
        self.assertEqual(ravi["thumbnail"], {"file": "/srv/Ravi Roe.png", "changes": True})
        self.assertEqual([it["id"] for it in document["task_statuses"]], ["7", "done"])
        [film] = document["projects"]
        self.assertEqual(film["team"], [jade["id"], ravi["id"]])
        self.assertEqual(film["task_types"], [document["task_types"][0]["id"]])

        done = call("project", film["id"], script=OTHER_SCRIPT)
        self.assertEqual(done.returncode, 0, done.stderr)
        document = json.loads(done.stdout)
        [sequence], [rex] = document["sequences"], document["assets"]
        first, second = document["shots"]
        self.assertEqual(sequence["id"], models.Sequence(name="010").id)
        self.assertEqual(rex["id"], models.Asset("Rex", models.AssetType("Prop").id).id)
        self.assertEqual(first["data"], {"frame_in": 0, "frame_out": 50, "lens": 35})
        self.assertEqual(first["tasks"][0]["assignees"], [jade["id"], ravi["id"]])
        self.assertEqual(first["tasks"][0]["task_status_id"], "7")
        self.assertEqual(second["data"], {"frame_in": 50, "frame_out": 75})
        self.assertNotEqual(first["id"], second["id"])
        self.assertEqual((second["tasks"], second["fps"]), ([], 25))
        self.assertEqual(
            second["thumbnail"],
            {"url": "https://b.example/0020.png", "changes": False, "headers": {"X-Other": "1"}},
        )
        self.assertEqual(rex["thumbnail"]["headers"], {"X-Key": "hunter2"})
        [edit] = document["edits"]
        self.assertEqual((edit["name"], edit["total_frames"]), ("Edit", 75))
        self.assertEqual(edit["movie"]["headers"], {"X-Edits": "hunter2"})
        self.assertEqual(
            document["casting"], [{"shot_id": second["id"], "asset_ids": [rex["id"]]}]
        )

    def test_a_project_that_is_not_there_is_said(self):
        done = call("project", "gone")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("there is no project gone", done.stderr)

    def test_started_by_hand_it_says_how_it_is_started(self):
        done = call()
        self.assertEqual(done.returncode, 1)
        self.assertIn("watchtower export process", done.stderr)

    def test_a_script_that_never_writes_is_told(self):
        done = call("project", "film", script="from watchtower_tracker import writers")
        self.assertEqual(done.stdout, "")
        self.assertIn("ended without writing the project film", done.stderr)

    def test_what_json_cannot_hold_is_refused(self):
        done = call("project-list", script=SCRIPT.replace("fps=25", "fps=float('nan')"))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("not finite", done.stderr)


class ModelsTest(unittest.TestCase):
    def test_ids_are_derived_as_the_crates_derive_them(self):
        # The ids of `watchtower_model::{Project, Shot}::new`, which its own tests hold fast.
        with open(os.path.join(HERE, "derived_ids.json"), encoding="utf-8") as file:
            expected = json.load(file)
        sequence = models.Sequence(name="Rextoria")
        character = models.AssetType(name="Character")
        found = {
            "project": models.Project(name="Sprite Fright").id,
            "sequence": sequence.id,
            "shot": models.Shot(name="Tür 10", sequence_id=sequence.id).id,
            "asset_type": character.id,
            "asset": models.Asset(name="Rex", asset_type_id=character.id).id,
            "task_type": models.TaskType("Animation").id,
            "task_status": models.TaskStatus(name="Todo").id,
            "user": models.User(name="Jade Doe").id,
            "edit": models.Edit(name="Edit v12").id,
        }
        self.assertEqual(found, expected)

    def test_an_id_is_derived_when_it_is_first_asked_for_and_stays(self):
        shot = models.Shot()
        self.assertIsNone(shot.id)
        shot.sequence_id, shot.name = "010", "0010"
        id = shot.id
        self.assertEqual(id, models.Shot(name="0010", sequence_id="010").id)
        shot.name = "0020"
        self.assertEqual(shot.id, id)

    def test_what_is_no_field_value_is_told(self):
        with self.assertRaisesRegex(TypeError, "given by their names"):
            models.Edit(models.Project("Film"), 75, 0)
        with self.assertRaisesRegex(TypeError, "expected a ShotData"):
            models.Shot("id", "0010", "sequence")
        with self.assertRaisesRegex(ValueError, "'ten' is no number of frames"):
            models.Shot("0010", "010", {"frame_in": "ten", "frame_out": 12})
        with self.assertRaisesRegex(TypeError, "needs one project"):
            writers.ProjectWriter(projects=[models.Project("A"), models.Project("B")])
        with self.assertRaisesRegex(ValueError, "range_scope is 'timeline' or 'sequence', and not 'shot'"):
            writers.ProjectWriter(models.Project("A"), range_scope="shot")

    def test_a_text_or_dict_in_place_of_a_list_is_told(self):
        task = models.Task("todo", "anim", assignees="jade")
        shot = models.Shot("0010", "010", tasks=[task])
        with self.assertRaisesRegex(TypeError, "shot '0010': assignees of a task is 'jade', expected a list"):
            shot._document()
        shot.tasks = [{"task_type_id": "anim", "task_status_id": "todo"}]
        with self.assertRaisesRegex(TypeError, "shot '0010': tasks has {.*expected a Task"):
            shot._document()
        with self.assertRaisesRegex(TypeError, "project 'Film': team is 'jade'"):
            models.Project("Film", team="jade")._document()
        with self.assertRaisesRegex(TypeError, "is no object of a class of models"):
            writers._documents([{"name": "Rex"}])

    def test_a_shot_without_a_rate_has_its_projects(self):
        shot = models.Shot("0010", "010", startFrame=25, durationSeconds=2)
        self.assertEqual(shot._data(25), {"frame_in": 25, "frame_out": 75})
        self.assertNotIn("fps", shot._document(None, 25))
        shot.fps = 24
        self.assertEqual(shot._data(25), {"frame_in": 25, "frame_out": 73})
        self.assertEqual(shot._document(None, 25)["fps"], 24)

    def test_media_changes_unless_it_is_said_not_to(self):
        self.assertEqual(models.Media("a.png")._document(None)["changes"], True)
        path = os.path.join(HERE, "..", "docs", "process.md")
        with open(path, encoding="utf-8") as file:
            self.assertIn("`models.Media(place, changes=True, headers=None)`", file.read())

    def test_types_are_offered_to_who_checks_them(self):
        self.assertTrue(os.path.exists(os.path.join(HERE, "watchtower_tracker", "py.typed")))

    def test_an_id_of_the_trackers_stays(self):
        self.assertEqual(models.Sequence(id="010", name="x").id, "010")

    def test_what_is_missing_is_named(self):
        with self.assertRaisesRegex(ValueError, "User 'u1' has no name"):
            models.User(id="u1")._document()
        with self.assertRaisesRegex(ValueError, "Rex.*no asset_type_id"):
            models.Asset(id="a1", name="Rex")._document()
        with self.assertRaisesRegex(ValueError, "0010.*12.5 is no whole number"):
            shot = models.Shot(id="s", name="0010", sequence_id="q")
            shot.data = models.ShotData(12.5, 24)
            shot._data()

    def test_the_examples_of_the_specification_work(self):
        user = models.User(id="a52cfbb8", name="Jade Doe", has_avatar=False)
        user.thumbnailUrl = "/url/to/thumbnail.png"
        self.assertIsNone(user._document()["thumbnail"], "who has no avatar has no picture")
        user.has_avatar = True
        self.assertEqual(user._document()["thumbnail"]["file"], "/url/to/thumbnail.png")
        task = models.Task(task_status_id="d0b0f234", task_type_id="122f7c71")
        self.assertEqual(task._document()["assignees"], [])
        self.assertEqual(models.Project().fps, 24)


if __name__ == "__main__":
    unittest.main()
