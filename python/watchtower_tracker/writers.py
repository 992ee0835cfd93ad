"""The specification's writers. They print what `watchtower` asks for, and nothing else."""

import sys
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional

from . import _call, models


@dataclass
class ProjectListWriter:
    """The projects, and what they refer to in common.

    Beyond the specification's fields, `media_headers` names the headers with which pictures and movies
    are asked for, by the address of their server or of what they are below:
    `{"https://tracker.example": {"Authorization": …}}`. They are sent to that server alone, and stored
    nowhere. `destination_path` is the package's, and says nothing here.
    """

    projects: List[models.Project]
    asset_types: List[models.AssetType]
    task_types: List[models.TaskType]
    task_status: List[models.TaskStatus]
    users: List[models.User] = field(default_factory=list)
    media_headers: Dict[str, Dict[str, str]] = field(default_factory=dict, repr=False)
    destination_path: Any = None

    def download_previews(self, requests_headers=None, force=False, display_progress=True):
        """Keeps the headers with which pictures of projects and people are asked for: `watchtower` fetches
        them itself. It comes before `write_as_json`."""
        self._headers = requests_headers

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
                "projects": _documents(self.projects, self._headers),
                "asset_types": _documents(self.asset_types),
                "task_types": _documents(self.task_types),
                "task_statuses": _documents(self.task_status),
                "users": _documents(self.users, self._headers),
                "media_headers": self.media_headers or {},
            }
        )

    _headers = None


#: The same under the name that it has in the package up to 0.1.
ContextWriter = ProjectListWriter


@dataclass
class ProjectWriter:
    """One project, whole. The specification names its first field `projects` in one place and `project`
    in another: both are taken. `destination_path` is the package's, and says nothing here.

    `range_scope` is ours: "timeline" where frame ranges count from the start of the film or episode, and
    "sequence" where they count from the start of each sequence."""

    project: models.Project = None
    shots: List[models.Shot] = field(default_factory=list)
    assets: List[models.Asset] = field(default_factory=list)
    sequences: List[models.Sequence] = field(default_factory=list)
    edit: Optional[models.Edit] = None
    casting: List[models.ShotCasting] = field(default_factory=list)
    #: What the tracker holds and this does not. Ours, not the specification's.
    left_out: List[models.LeftOut] = field(default_factory=list)
    projects: Optional[models.Project] = None
    edits: List[models.Edit] = field(default_factory=list)
    destination_path: Any = None
    range_scope: str = "timeline"

    _headers = None
    _edit_headers = None

    def __post_init__(self):
        self.project = self.project or self.projects
        if isinstance(self.project, (list, tuple)) and len(self.project) == 1:
            self.project = self.project[0]
        if not isinstance(self.project, models.Project):
            raise TypeError(f"ProjectWriter needs one project, and has {self.project!r}")
        if self.range_scope not in ("timeline", "sequence"):
            raise ValueError(f"range_scope is 'timeline' or 'sequence', and not {self.range_scope!r}")

    def download_previews(self, requests_headers=None, force=False):
        """Keeps the headers with which pictures of shots and assets are asked for: `watchtower` fetches
        them itself. It comes before `write_as_json`."""
        self._headers = requests_headers

    def download_edits(self, requests_headers=None, force=False):
        """The same for the movies of edits."""
        self._edit_headers = requests_headers

    def write_as_json(self):
        """Prints the project and ends the script, where it is the one that was asked for."""
        if _call.current().project_id != str(self.project.id):
            return
        shots = models._of_class(self.shots, models.Shot, "shots of a ProjectWriter")
        edits = [*([self.edit] if self.edit else []), *(self.edits or [])]
        _call.current().answer(
            {
                "project": self.project._document(self._headers),
                "sequences": _documents(self.sequences),
                "assets": _documents(self.assets, self._headers),
                "shots": _documents(shots, self._headers, self.project.fps),
                **({"range_scope": self.range_scope} if self.range_scope != "timeline" else {}),
                "casting": _documents(self.casting),
                "edits": _documents(edits, self._edit_headers),
                "left_out": _documents(self.left_out),
            }
        )


def _documents(things, *headers):
    things = models._list(things)
    for thing in things:
        if not hasattr(thing, "_document"):
            raise TypeError(f"{thing!r} is no object of a class of models")
    return [thing._document(*headers) for thing in things]
