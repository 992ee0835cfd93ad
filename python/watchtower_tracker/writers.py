"""The specification's writers. They print what `watchtower` asks for, and nothing else."""

import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional

from . import _call, argparser, models


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
        episodes = self.project._episodes()
        of_sequence = {models._id(it): models._id(ep) for ep in episodes for it in ep.sequences}
        edits = [*([self.edit] if self.edit else []), *(self.edits or [])]
        _call.current().answer(
            {
                "project": self.project._document(self._headers),
                **({"episodes": _documents(episodes)} if episodes else {}),
                "sequences": _documents(self.sequences, of_sequence),
                "assets": _documents(self.assets, self._headers),
                "shots": _documents(shots, self._headers, self.project.fps),
                **({"range_scope": self.range_scope} if self.range_scope != "timeline" else {}),
                "casting": _documents(self.casting),
                "edits": _documents(edits, self._edit_headers),
                "left_out": _documents(self.left_out),
            }
        )


class AbstractProjectListWriter(ABC):
    """Tells which projects there are."""

    @abstractmethod
    def get_project_list(self) -> List[models.ProjectListItem]:
        """The projects, in the order in which the client shows them."""


class AbstractProjectWriter(ABC):
    """Tells what there is of one project. The methods are called in the order in which they stand here."""

    @abstractmethod
    def get_project(self, project_id) -> models.Project:
        """The project with this id. Its types, statuses and people are objects, and not their ids."""

    @abstractmethod
    def get_project_sequences(self, project: models.Project) -> List[models.Sequence]:
        """Its sequences, in the order of the story."""

    @abstractmethod
    def get_project_shots(self, project: models.Project) -> List[models.Shot]:
        """Its shots, in the order of the story."""

    @abstractmethod
    def get_project_assets(self, project: models.Project) -> List[models.Asset]:
        """Its assets."""

    @abstractmethod
    def get_project_casting(
        self,
        project: models.Project,
        sequences: List[models.Sequence],
        shots: List[models.Shot],
        assets: List[models.Asset],
    ) -> List[models.ShotCasting]:
        """Which assets appear in which shot."""

    @abstractmethod
    def get_project_edits(self, project: models.Project) -> List[models.Edit]:
        """Its edits, the one to show first; a series has one for each episode."""

    def get_task_count(self, project_id):
        """Is not called: `watchtower` counts the tasks of shots itself, in every export to format v1."""
        return []


class AbstractWriter(AbstractProjectListWriter, AbstractProjectWriter):
    """A connector as a class, as version 1 of the package has it: extend it, and call `write_all`."""

    @property
    @abstractmethod
    def request_headers(self) -> Optional[Dict[str, str]]:
        """The headers with which pictures and movies are asked for."""

    def write_all(self, destination_path: Any = None):
        """Prints the list of projects, or the one that was asked for, and ends the script. Where the site is,
        `watchtower` knows, so `destination_path` says nothing here."""
        call = _call.current()
        items = self._items()
        if call.project_id is None:
            call.answer(self._list_of(items.values()))
        if call.project_id not in items:
            sys.exit(f"there is no project {call.project_id}")
        self._writer_of(call.project_id, items[call.project_id]).write_as_json()

    def write_project(self, project_id, destination_path: Any = None):
        """Prints the project and ends the script, where it is the one that was asked for. Where the list was,
        that has the projects for which this is called, and is printed when the script ends."""
        call = _call.current()
        if call.project_id is None:
            items = self._items()
            if str(project_id) not in items:
                sys.exit(f"there is no project {project_id}")
            self._asked = [*self._asked, items[str(project_id)]]
            call.answer_at_end(self._list_of(self._asked))
        elif call.project_id == str(project_id):
            self._writer_of(project_id).write_as_json()

    _asked = []

    def _items(self) -> Dict[str, models.ProjectListItem]:
        items = models._of_class(self.get_project_list(), models.ProjectListItem, "get_project_list()")
        return {str(item.id): item for item in items}

    def _project(self, project_id, item=None) -> models.Project:
        """The project, with the name and picture that the list has for it."""
        project = self.get_project(project_id)
        if not isinstance(project, models.Project):
            raise TypeError(f"get_project({project_id!r}) gives {project!r}, expected a Project")
        if str(project.id) != str(project_id):
            raise ValueError(f"get_project({project_id!r}) gives the project {project.id!r}")
        if item is not None:
            project.name = item.name or project.name
            project.thumbnailUrl = item.thumbnailUrl or project.thumbnailUrl
        return project

    def _list_of(self, items) -> Dict[str, Any]:
        """The list of projects: what the list tells of each, and what it refers to from itself."""
        headers = self.request_headers
        projects = []
        kinds = {
            "asset_types": models.AssetType,
            "task_types": models.TaskType,
            "task_statuses": models.TaskStatus,
            "team": models.User,
        }
        found = {kind: {} for kind in kinds}
        for item in items:
            project = self._project(item.id, item)
            projects.append(project._document(headers))
            for kind, cls in kinds.items():
                things = getattr(project, kind)
                for thing in models._of_class(things, cls, f"the project {project.name!r}: {kind}"):
                    document = thing._document(headers) if kind == "team" else thing._document()
                    known = found[kind].setdefault(document["id"], document)
                    if known != document:
                        print(
                            f"the project {project.name!r} has other {kind} under the id "
                            f"{document['id']!r} than a project before it, whose are kept: {document}",
                            file=sys.stderr,
                        )
        return {
            "projects": projects,
            "asset_types": list(found["asset_types"].values()),
            "task_types": list(found["task_types"].values()),
            "task_statuses": list(found["task_statuses"].values()),
            "users": list(found["team"].values()),
        }

    def _writer_of(self, project_id, item=None) -> ProjectWriter:
        writer = ProjectWriter(self._project(project_id, item))
        writer.sequences = self.get_project_sequences(writer.project)
        writer.shots = self.get_project_shots(writer.project)
        writer.assets = self.get_project_assets(writer.project)
        writer.casting = self.get_project_casting(writer.project, writer.sequences, writer.shots, writer.assets)
        edits = self.get_project_edits(writer.project)
        writer.edits = [edits] if isinstance(edits, models.Edit) else edits
        writer._headers = writer._edit_headers = self.request_headers
        return writer


class WatchtowerBundler:
    """Says how a site and its web client come into one folder."""

    @staticmethod
    def bundle(destination_path: Any = None):
        """Bundles nothing: the script ends before, and `watchtower bundle` does it."""
        print(argparser.NO_BUNDLE, file=sys.stderr)


def _documents(things, *headers):
    things = models._list(things)
    for thing in things:
        if not hasattr(thing, "_document"):
            raise TypeError(f"{thing!r} is no object of a class of models")
    return [thing._document(*headers) for thing in things]
