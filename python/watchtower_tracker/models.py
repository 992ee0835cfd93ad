"""The specification's data classes, with its names and defaults.

Positional arguments come in the order of the Python package: the name first, the id among the last.

An id may be any text that stays the same from export to export. Where there is none, one is derived from
what identifies the thing, the same in every run. Where an id is expected, the thing itself will do.

A `thumbnailUrl`, and the movie of an edit, is a full address, which is fetched, or the path of a file,
which is copied; or a `Media`, which says more.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Union
from urllib.parse import urlsplit
from urllib.request import url2pathname

_NAMESPACE = uuid.UUID("2f74aec1-c5d5-5dd5-acff-88ac4550c58d")


def _derived(kind: str, *parts: Optional[str]) -> Optional[str]:
    """An id made of the parts that identify a thing; none where one is missing."""
    if any(part is None for part in parts):
        return None
    text = kind
    for part in parts:
        part = str(part)
        text += f"\x1f{len(part.encode())}:{part}"
    return str(uuid.uuid5(_NAMESPACE, text))


def _derives_id(kind, *parts, within=None):
    """Makes a class derive an id that nobody gave when it is first asked for: the parts that identify the
    thing may be set until then. `within` is one that need not be there."""

    def decorate(cls):
        def get(self):
            if self._id is None or self._id == "":
                inside = within and getattr(self, within)
                values = ([inside] if inside else []) + [getattr(self, part) for part in parts]
                self._id = _derived(kind, *(None if it is None else _id(it) for it in values))
            return self._id

        def put(self, value):
            self._id = value

        cls.id = property(get, put)
        return cls

    return decorate


@dataclass
class Media:
    """A picture or movie: its address or file, and whether other bytes may stand there tomorrow.

    What changes is asked for again in every export, and fetched only if it did. `headers` are sent with
    the request, to that server alone, and stored nowhere.
    """

    place: str
    changes: bool = True
    headers: Optional[Dict[str, str]] = field(default=None, repr=False)

    def _document(self, headers: Optional[Dict[str, str]]) -> Dict[str, Any]:
        place = str(self.place)
        if place.lower().startswith("file://"):
            place = url2pathname(urlsplit(place).path)
        if not place.lower().startswith(("http://", "https://")):
            return {"file": place, "changes": self.changes}
        document = {"url": place, "changes": self.changes}
        headers = headers if self.headers is None else self.headers
        if headers is not None:
            document["headers"] = {str(name): str(value) for name, value in headers.items()}
        return document


#: What is taken for a picture or movie.
AnyMedia = Union[str, Media, None]


def _media(media: AnyMedia, headers: Optional[Dict[str, str]] = None) -> Optional[Dict[str, Any]]:
    if not media:
        return None
    if not isinstance(media, Media):
        media = Media(media)
    return media._document(headers)


def _list(values, what: str = "a list") -> list:
    """The values; a text or a dict in their place is a mistake that would become many wrong ones."""
    if values is None or values == "":
        return []
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise TypeError(f"{what} is {values!r}, expected a list, as in [{values!r}]")
    return list(values)


def _id(value) -> str:
    """An id, of a thing or as it is."""
    return str(getattr(value, "id", value))


def _ids(values, what: str) -> List[str]:
    return [_id(value) for value in _list(values, what)]


def _of_class(things, cls, what: str) -> list:
    """The things, all of which must be of a class."""
    things = _list(things, what)
    for thing in things:
        if not isinstance(thing, cls):
            raise TypeError(f"{what} has {thing!r}, expected a {cls.__name__}")
    return things


def _is_missing(value) -> bool:
    return value is None or value == ""


def _identity(thing) -> Dict[str, str]:
    """The id and the name, which both must be there."""
    kind = type(thing).__name__
    if _is_missing(thing.name):
        raise ValueError(f"{kind} {thing.id!r} has no name")
    if _is_missing(thing.id):
        raise ValueError(f"{kind} {thing.name!r} has no id, and none can be derived")
    return {"id": str(thing.id), "name": str(thing.name)}


@_derives_id("user", "name")
@dataclass
class User:
    name: str = None
    has_avatar: bool = False
    id: Optional[str] = None
    thumbnailUrl: AnyMedia = None

    @property
    def full_name(self):
        return self.name

    def _document(self, headers=None):
        thumbnail = _media(self.thumbnailUrl, headers) if self.has_avatar else None
        return {**_identity(self), "has_avatar": thumbnail is not None, "thumbnail": thumbnail}


@_derives_id("asset-type", "name")
@dataclass
class AssetType:
    name: str = None
    id: Optional[str] = None

    def _document(self):
        return _identity(self)


@_derives_id("task-type", "name")
@dataclass
class TaskType:
    name: str = None
    color: str = None
    for_shots: bool = False
    id: Optional[str] = None

    def _document(self):
        return {**_identity(self), "color": self.color or None, "for_shots": bool(self.for_shots)}


@_derives_id("task-status", "name")
@dataclass
class TaskStatus:
    name: str = None
    color: str = None
    id: Optional[str] = None

    def _document(self):
        return {**_identity(self), "color": self.color or None}


@_derives_id("project", "name")
@dataclass
class Project:
    """A film or series. Empty lists of types and statuses mean all of them."""

    name: str = None
    ratio: str = None
    resolution: str = None
    asset_types: List[str] = field(default_factory=list)
    task_types: List[str] = field(default_factory=list)
    task_statuses: List[str] = field(default_factory=list)
    team: List[str] = field(default_factory=list)
    id: Optional[str] = None
    thumbnailUrl: AnyMedia = None
    fps: float = 24
    #: Those of a series, in order. From version 1 of the package on.
    episodes: List["Episode"] = field(default_factory=list)

    def _episodes(self):
        return _of_class(self.episodes, Episode, f"the project {self.name!r}: episodes")

    def _document(self, headers=None):
        return {
            **_identity(self),
            "ratio": self.ratio or None,
            "resolution": self.resolution or None,
            "asset_types": _ids(self.asset_types, f"the project {self.name!r}: asset_types"),
            "task_types": _ids(self.task_types, f"the project {self.name!r}: task_types"),
            "task_statuses": _ids(self.task_statuses, f"the project {self.name!r}: task_statuses"),
            "team": _ids(self.team, f"the project {self.name!r}: team"),
            "thumbnail": _media(self.thumbnailUrl, headers),
            "fps": _fps(self.fps),
        }


def _fps(fps):
    """Frames per second: a number or a text with one, 24 for none."""
    return 24 if _is_missing(fps) else fps


@dataclass
class Task:
    task_status_id: str = None
    task_type_id: str = None
    assignees: List[str] = None
    id: Optional[str] = None

    def _document(self, on: str = "a task"):
        if _is_missing(self.task_type_id) or _is_missing(self.task_status_id):
            raise ValueError(f"{on}: a task needs a type and a status: {self}")
        return {
            "id": None if _is_missing(self.id) else str(self.id),
            "task_type_id": _id(self.task_type_id),
            "task_status_id": _id(self.task_status_id),
            "assignees": _ids(self.assignees, f"{on}: assignees of a task"),
        }


def _tasks(tasks, on: str) -> List[Dict[str, Any]]:
    return [task._document(on) for task in _of_class(tasks, Task, f"{on}: tasks")]


@_derives_id("asset", "asset_type_id", "name")
@dataclass
class Asset:
    name: str = None
    asset_type_id: str = None
    tasks: List[Task] = field(default_factory=list)
    id: Optional[str] = None
    thumbnailUrl: AnyMedia = None

    def _document(self, headers=None):
        identity = _identity(self)
        if _is_missing(self.asset_type_id):
            raise ValueError(f"the asset {self.name!r} has no asset_type_id")
        return {
            **identity,
            "asset_type_id": _id(self.asset_type_id),
            "tasks": _tasks(self.tasks, f"the asset {self.name!r}"),
            "thumbnail": _media(self.thumbnailUrl, headers),
        }


@_derives_id("sequence", "name", within="episode_id")
@dataclass
class Sequence:
    name: str = None
    id: Optional[str] = None
    #: The episode it belongs to, in a series; an `Episode` says it for its sequences.
    episode_id: Optional[str] = None

    def _document(self, episodes=None):
        episode = self.episode_id or (episodes or {}).get(str(self.id))
        return {**_identity(self), "episode_id": None if _is_missing(episode) else _id(episode)}


@_derives_id("episode", "name")
@dataclass
class Episode:
    """An episode of a series, with its sequences. Format v1 alone shows it."""

    name: str = None
    sequences: List[Sequence] = field(default_factory=list)
    id: Optional[str] = None

    def __post_init__(self):
        for sequence in _of_class(self.sequences, Sequence, f"the episode {self.name!r}: sequences"):
            sequence.episode_id = sequence.episode_id or self.id

    def _document(self):
        return _identity(self)


@_derives_id("episode", "name")
@dataclass
class EpisodeListItem:
    """An episode in the list of projects. What is told of it is its `Episode`."""

    name: str = None
    id: Optional[str] = None


@_derives_id("project", "name")
@dataclass
class ProjectListItem:
    """A project in the list of projects. Its `Project` tells the rest."""

    name: str = None
    id: Optional[str] = None
    thumbnailUrl: AnyMedia = None
    episodes: List[EpisodeListItem] = field(default_factory=list)


class ShotData(dict):
    """What you know of a shot's place and length, in frames, with any keys of your own.

    `frame_in` and `frame_out` count from the start of the film. The shot has ended at `frame_out`: it is the
    `frame_in` of the shot that follows without a gap. `nb_frames` is a length without a place.
    """

    def __init__(
        self,
        frame_in: Optional[int] = None,
        frame_out: Optional[int] = None,
        nb_frames: Optional[int] = None,
        **custom,
    ):
        if isinstance(frame_in, Mapping):
            custom = {**frame_in, **custom}
            frame_in = custom.pop("frame_in", None)
            frame_out = custom.pop("frame_out", frame_out)
            nb_frames = custom.pop("nb_frames", nb_frames)
        if nb_frames is not None:
            custom = {"nb_frames": nb_frames, **custom}
        super().__init__(frame_in=frame_in, frame_out=frame_out, **custom)

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name, value):
        self[name] = value


_PLACE = ("frame_in", "frame_out", "nb_frames")


@_derives_id("shot", "sequence_id", "name")
@dataclass
class Shot:
    """A piece of the film between two cuts.

    `data` decides where it stands, and `startFrame` and `durationSeconds` follow from it. Without a range
    in it, those two do. A shot with neither stays on the wall: `watchtower` decides where it goes.
    """

    name: str = None
    sequence_id: str = None
    data: ShotData = None
    tasks: List[Task] = field(default_factory=list)
    startFrame: int = 0
    durationSeconds: float = 0
    id: Optional[str] = None
    thumbnailUrl: AnyMedia = None
    #: Frames per second of its range; none for the project's.
    fps: Optional[float] = None

    def __post_init__(self):
        if self.data is not None and not isinstance(self.data, Mapping):
            raise TypeError(f"the shot {self.name!r}: data is {self.data!r}, expected a ShotData")
        frames = self._frames()
        if frames is not None:
            start, end = frames
            self.startFrame = start
            self.durationSeconds = (end - start) / float(_fps(self.fps))

    def _frames(self):
        """The first frame and the one at which it has ended, as `data` has them; none without both."""
        data = self.data or {}
        frames = (data.get("frame_in"), data.get("frame_out"))
        if any(_is_missing(frame) for frame in frames):
            return None
        start, end = (_frame(frame, self.name) for frame in frames)
        return start, end

    def _data(self, project_fps=None):
        """What is known of its place and length, by way of `startFrame` and `durationSeconds` if need be."""
        frames = self._frames()
        data = self.data or {}
        known = {}
        length = data.get("nb_frames")
        if not _is_missing(length):
            known["nb_frames"] = _frame(length, self.name)
        elif frames is None and self.durationSeconds:
            start = _frame(self.startFrame or 0, self.name)
            fps = project_fps if _is_missing(self.fps) else self.fps
            length = round(float(self.durationSeconds) * float(_fps(fps)))
            frames = (start, start + length)
        # An end at or before the start is no range.
        if frames is not None and frames[0] < frames[1]:
            known["frame_in"], known["frame_out"] = frames
        known.update((key, value) for key, value in data.items() if key not in _PLACE)
        return known

    def _document(self, headers=None, project_fps=None):
        identity = _identity(self)
        if _is_missing(self.sequence_id):
            raise ValueError(f"the shot {self.name!r} has no sequence_id")
        document = {
            **identity,
            "sequence_id": _id(self.sequence_id),
            "data": self._data(project_fps),
            "tasks": _tasks(self.tasks, f"the shot {self.name!r}"),
            "thumbnail": _media(self.thumbnailUrl, headers),
        }
        if not _is_missing(self.fps):
            document["fps"] = self.fps
        return document


def _frame(value, shot) -> int:
    # Not by way of a float, which is not exact for large numbers.
    if isinstance(value, int):
        return int(value)
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"the shot {shot!r}: {value!r} is no number of frames") from None
    if not number.is_integer():
        raise ValueError(f"the shot {shot!r}: {value!r} is no whole number of frames")
    return int(number)


@dataclass
class ShotCasting:
    """The assets that appear in a shot."""

    shot: Shot
    assets: List[Asset] = field(default_factory=list)

    def _document(self):
        return {"shot_id": _id(self.shot), "asset_ids": _ids(self.assets, "assets of a ShotCasting")}


@_derives_id("edit", "name", within="episode_id")
@dataclass
class Edit:
    """The film, or an episode of a series, as it is cut so far.

    Beyond the specification's fields, these are the package's: `sourceName` is the movie, an mp4 file or
    address; `totalFrames` its length in video frames, which is counted in the movie where there is one;
    `frameOffset` the frame of the timeline at which it starts. `project`, `project_id` and `sourceType` say
    what is known already.
    """

    name: str = "Edit"
    project_id: Optional[str] = None
    frameOffset: int = 0
    id: Optional[str] = None
    episode_id: Optional[str] = None
    sourceName: AnyMedia = None
    totalFrames: Optional[int] = None
    sourceType: str = "video/mp4"
    project: Optional[Project] = None

    def __post_init__(self):
        if isinstance(self.name, Project):
            raise TypeError("the fields of an Edit are given by their names, as in Edit(project=…)")
        self.name = "Edit" if _is_missing(self.name) else self.name

    def _document(self, headers=None):
        return {
            **_identity(self),
            "movie": _media(self.sourceName, headers),
            "total_frames": self.totalFrames or None,
            "frame_offset": self.frameOffset or 0,
            "episode_id": None if _is_missing(self.episode_id) else _id(self.episode_id),
        }


@dataclass
class TaskStatusCountSnapshot:
    """How many tasks stood in a status at a moment. `watchtower` counts itself and reads none."""

    timestamp: Any = None
    count: int = 0


@dataclass
class TaskStatusCount:
    """The counts of a status. `watchtower` counts itself and reads none."""

    task_status_id: str = None
    data: List[TaskStatusCountSnapshot] = field(default_factory=list)


@dataclass
class TaskCount:
    """The counts of a task type. `watchtower` counts itself and reads none."""

    name: str = None
    task_type_id: str = None
    episode_id: Optional[str] = None
    task_statuses: List[TaskStatusCount] = field(default_factory=list)


@dataclass
class LeftOut:
    """Something the tracker holds and the export does not. It is counted in the export's summary.

    `kind` is `shot`, `asset`, `sequence`, `episode`, `casting`, `task` or `edit`; `reason` is `canceled`,
    `no_frame_range`, `dangling`, or anything else in a few words. This class is ours, not the
    specification's.
    """

    kind: str
    id: str
    name: str
    reason: str = "canceled"

    def _document(self):
        return {
            "kind": self.kind,
            "id": str(self.id),
            "name": str(self.name),
            "reason": str(self.reason),
        }
