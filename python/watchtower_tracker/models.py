"""The specification's data classes, with its names and defaults.

An id may be any text that stays the same from export to export. Where there is none, one is derived from
what identifies the thing, the same in every run.

A `thumbnailUrl`, and the movie of an edit, is a full address, which is fetched, or the path of a file,
which is copied; or a `Media`, which says more.
"""

import uuid
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Union

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


@dataclass
class Media:
    """A picture or movie: its address or file, and whether other bytes may stand there tomorrow.

    What changes is asked for again in every export, and fetched only if it did.
    """

    place: str
    changes: bool = True

    def _document(self) -> Dict[str, Any]:
        place = str(self.place)
        is_address = place.lower().startswith(("http://", "https://"))
        return {"url" if is_address else "file": place, "changes": self.changes}


#: What is taken for a picture or movie.
AnyMedia = Union[str, Media, None]


def _media(media: AnyMedia) -> Optional[Dict[str, Any]]:
    if not media:
        return None
    if not isinstance(media, Media):
        media = Media(media)
    return media._document()


def _list(values) -> list:
    return list(values or [])


def _texts(values) -> List[str]:
    return [str(value) for value in _list(values)]


def _identity(thing) -> Dict[str, str]:
    """The id and the name, which both must be there."""
    kind = type(thing).__name__
    if not thing.name:
        raise ValueError(f"{kind} {thing.id!r} has no name")
    if thing.id is None or thing.id == "":
        raise ValueError(f"{kind} {thing.name!r} has no id, and none can be derived")
    return {"id": str(thing.id), "name": str(thing.name)}


@dataclass
class User:
    id: Optional[str] = None
    name: str = None
    thumbnailUrl: AnyMedia = None
    has_avatar: bool = False

    def __post_init__(self):
        self.id = self.id or _derived("user", self.name)

    def _document(self):
        thumbnail = _media(self.thumbnailUrl) if self.has_avatar else None
        return {**_identity(self), "has_avatar": thumbnail is not None, "thumbnail": thumbnail}


@dataclass
class AssetType:
    id: Optional[str] = None
    name: str = None

    def __post_init__(self):
        self.id = self.id or _derived("asset-type", self.name)

    def _document(self):
        return _identity(self)


@dataclass
class TaskType:
    id: Optional[str] = None
    name: str = None
    color: str = None
    for_shots: bool = False

    def __post_init__(self):
        self.id = self.id or _derived("task-type", self.name)

    def _document(self):
        return {**_identity(self), "color": self.color or None, "for_shots": bool(self.for_shots)}


@dataclass
class TaskStatus:
    id: Optional[str] = None
    name: str = None
    color: str = None

    def __post_init__(self):
        self.id = self.id or _derived("task-status", self.name)

    def _document(self):
        return {**_identity(self), "color": self.color or None}


@dataclass
class Project:
    """A film or series. Empty lists of types and statuses mean all of them."""

    id: Optional[str] = None
    name: str = None
    ratio: str = None
    resolution: str = None
    asset_types: List[str] = field(default_factory=list)
    task_types: List[str] = field(default_factory=list)
    task_statuses: List[str] = field(default_factory=list)
    team: List[str] = field(default_factory=list)
    thumbnailUrl: AnyMedia = None
    fps: float = 24

    def __post_init__(self):
        self.id = self.id or _derived("project", self.name)

    def _document(self):
        return {
            **_identity(self),
            "ratio": self.ratio or None,
            "resolution": self.resolution or None,
            "asset_types": _texts(self.asset_types),
            "task_types": _texts(self.task_types),
            "task_statuses": _texts(self.task_statuses),
            "team": _texts(self.team),
            "thumbnail": _media(self.thumbnailUrl),
            "fps": self.fps,
        }


@dataclass
class Task:
    id: Optional[str] = None
    task_status_id: str = None
    task_type_id: str = None
    assignees: List[str] = None

    def _document(self):
        if not self.task_type_id or not self.task_status_id:
            raise ValueError(f"a task needs a type and a status: {self}")
        return {
            "id": str(self.id) if self.id else None,
            "task_type_id": str(self.task_type_id),
            "task_status_id": str(self.task_status_id),
            "assignees": _texts(self.assignees),
        }


def _tasks(tasks) -> List[Dict[str, Any]]:
    return [task._document() for task in _list(tasks)]


@dataclass
class Asset:
    id: Optional[str] = None
    tasks: List[Task] = field(default_factory=list)
    asset_type_id: str = None
    thumbnailUrl: AnyMedia = None
    name: str = None

    def __post_init__(self):
        self.id = self.id or _derived("asset", self.asset_type_id, self.name)

    def _document(self):
        identity = _identity(self)
        if not self.asset_type_id:
            raise ValueError(f"the asset {self.name!r} has no asset_type_id")
        return {
            **identity,
            "asset_type_id": str(self.asset_type_id),
            "tasks": _tasks(self.tasks),
            "thumbnail": _media(self.thumbnailUrl),
        }


@dataclass
class Sequence:
    id: Optional[str] = None
    name: str = None

    def __post_init__(self):
        self.id = self.id or _derived("sequence", self.name)

    def _document(self):
        return _identity(self)


class ShotData(dict):
    """A shot's place on the timeline, in frames from the start of the film, with any keys of your own.

    The shot has ended at `frame_out`: it is the `frame_in` of the shot that follows without a gap.
    """

    def __init__(self, frame_in: Optional[int] = None, frame_out: Optional[int] = None, **custom):
        super().__init__(frame_in=frame_in, frame_out=frame_out, **custom)

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name, value):
        self[name] = value


@dataclass
class Shot:
    """A piece of the film between two cuts.

    `data` decides where it stands. Without a range in it, `startFrame` and `durationSeconds` do. A shot
    with neither has no place on the timeline, and is counted among what is left out.
    """

    id: Optional[str] = None
    name: str = None
    sequence_id: str = None
    data: ShotData = None
    tasks: List[Task] = field(default_factory=list)
    startFrame: int = 0
    durationSeconds: float = 0
    thumbnailUrl: AnyMedia = None
    fps: float = 24

    def __post_init__(self):
        self.id = self.id or _derived("shot", self.sequence_id, self.name)

    def _range(self):
        """The first frame and the one at which it has ended; none for a shot without a place."""
        data = self.data or {}
        frames = (data.get("frame_in"), data.get("frame_out"))
        if None in frames:
            if not self.durationSeconds:
                return None
            length = round(float(self.durationSeconds) * float(self.fps))
            frames = (self.startFrame, self.startFrame + length)
        start, end = (_frame(frame, self.name) for frame in frames)
        return (start, end) if start <= end else None

    def _document(self, frames):
        identity = _identity(self)
        if not self.sequence_id:
            raise ValueError(f"the shot {self.name!r} has no sequence_id")
        start, end = frames
        custom = {
            key: value
            for key, value in (self.data or {}).items()
            if key not in ("frame_in", "frame_out")
        }
        return {
            **identity,
            "sequence_id": str(self.sequence_id),
            "data": {"frame_in": start, "frame_out": end, **custom},
            "tasks": _tasks(self.tasks),
            "thumbnail": _media(self.thumbnailUrl),
            "fps": self.fps,
        }


def _frame(value, shot) -> int:
    number = float(value)
    if not number.is_integer():
        raise ValueError(f"the shot {shot!r}: {value!r} is no whole number of frames")
    # Not by way of the float, which is not exact for large numbers.
    return value if isinstance(value, int) else int(number)


@dataclass
class ShotCasting:
    """The assets that appear in a shot."""

    shot: Shot
    assets: List[Asset] = field(default_factory=list)

    def _document(self):
        return {
            "shot_id": str(self.shot.id),
            "asset_ids": [str(asset.id) for asset in _list(self.assets)],
        }


@dataclass
class Edit:
    """The film as it is cut so far.

    Beyond the specification's fields: `sourceName` is the movie, an mp4 file or address; `totalFrames`
    its length in video frames, which is counted in the movie where there is one; `frameOffset` the frame
    of the timeline at which it starts.
    """

    id: Optional[str] = None
    name: str = None
    sourceName: AnyMedia = None
    totalFrames: Optional[int] = None
    frameOffset: int = 0

    def __post_init__(self):
        self.id = self.id or _derived("edit", self.name)

    def _document(self):
        return {
            **_identity(self),
            "movie": _media(self.sourceName),
            "total_frames": self.totalFrames or None,
            "frame_offset": self.frameOffset,
        }


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
