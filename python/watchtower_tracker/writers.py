"""The specification's writers. They print what `watchtower` asks for, and nothing else."""

import sys
from dataclasses import dataclass, field
from typing import Dict, List, Optional

from . import _call, models


@dataclass
class ProjectListWriter:
    """The projects, and what they refer to in common.

    Beyond the specification's fields, `media_headers` names the headers with which pictures and movies
    are asked for, by the address of their server: `{"https://tracker.example": {"Authorization": …}}`.
    They are sent to that server alone, and stored nowhere.
    """

    projects: List[models.Project]
    asset_types: List[models.AssetType]
    task_types: List[models.TaskType]
    task_status: List[models.TaskStatus]
    users: List[models.User] = field(default_factory=list)
    media_headers: Dict[str, Dict[str, str]] = field(default_factory=dict)

    def write_as_json(self):
        """Prints the list of projects and ends the script, where that is what was asked for.

        Otherwise only the project that was asked for stays in `projects`, so that the script does not
        read the others in vain.
        """
        call = _call.current()
        if call.project_id is not None:
            self.projects = [it for it in self.projects if str(it.id) == call.project_id]
            if not self.projects:
                sys.exit(f"there is no project {call.project_id}")
            return
        call.answer(
            {
                "projects": _documents(self.projects),
                "asset_types": _documents(self.asset_types),
                "task_types": _documents(self.task_types),
                "task_statuses": _documents(self.task_status),
                "users": _documents(self.users),
                "media_headers": self.media_headers or {},
            }
        )


@dataclass
class ProjectWriter:
    """One project, whole. The specification names its first field `projects` in one place and `project`
    in another: both are taken."""

    project: models.Project = None
    shots: List[models.Shot] = field(default_factory=list)
    assets: List[models.Asset] = field(default_factory=list)
    sequences: List[models.Sequence] = field(default_factory=list)
    edit: Optional[models.Edit] = None
    casting: List[models.ShotCasting] = field(default_factory=list)
    #: What the tracker holds and this does not. Ours, not the specification's.
    left_out: List[models.LeftOut] = field(default_factory=list)
    projects: Optional[models.Project] = None

    def __post_init__(self):
        self.project = self.project or self.projects
        if self.project is None:
            raise TypeError("ProjectWriter needs a project")

    def write_as_json(self):
        """Prints the project and ends the script, where it is the one that was asked for."""
        if _call.current().project_id != str(self.project.id):
            return
        shots, left_out, gone = [], _documents(self.left_out), set()
        for shot in self.shots or []:
            frames = shot._range()
            if frames is None:
                gone.add(str(shot.id))
                left = models.LeftOut("shot", shot.id, self._name(shot), "no_frame_range")
                left_out.append(left._document())
            else:
                shots.append(shot._document(frames))
        casting = [it for it in _documents(self.casting) if it["shot_id"] not in gone]
        _call.current().answer(
            {
                "project": self.project._document(),
                "sequences": _documents(self.sequences),
                "assets": _documents(self.assets),
                "shots": shots,
                "casting": casting,
                "edits": _documents([self.edit] if self.edit else []),
                "left_out": left_out,
            }
        )

    def _name(self, shot):
        """A shot's name, with its sequence's in front."""
        names = {it.id: it.name for it in self.sequences or []}
        return f"{names.get(shot.sequence_id, shot.sequence_id)} / {shot.name}"


def _documents(things):
    return [thing._document() for thing in things or []]
