//! What the values of documents are there for: one row for each, in each format.
//!
//! Checks beyond the schema know roles, not keys: what defines an id, what refers to one, where a
//! picture is. So they work on any format that has its rows here.

use watchtower_model::format::{Document, Format};

use super::ids::Kind;

/// What a value is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The id of a thing, to which others refer.
    Defines(Kind),
    /// The id of a thing that must exist, and be in use in the project.
    Refers(Kind),
    /// The id of a thing that must exist; where there are any in the list, the project uses no others.
    Lists(Kind),
    /// The id of a task type that must exist, be in use in the project, and be for shots.
    ShotTaskType,
    /// The id of a task type that must exist, be in use in the project, and be for assets.
    AssetTaskType,
    /// The id of a sequence that must exist, among those of an episode.
    EpisodeSequence,
    /// The id of a shot that must exist, and is cast once.
    CastShot,
    /// The id of a project in the list of projects.
    ListedProject,
    /// The id of an episode in the list of projects.
    ListedEpisode,
    /// The end of a project in the list of projects.
    ListedProjectEnd,
    /// The id of a project in its own folder.
    OwnProject,
    /// A list of everything of a kind that the project uses.
    ListOf(Kind),
    /// What people read.
    Name,
    /// Whether shots have tasks of a type.
    ForShots,
    /// The end of a task type.
    TaskTypeEnd,
    /// The end of an episode.
    EpisodeEnd,
    /// The end of a shot.
    ShotEnd,
    /// The end of an edit.
    EditEnd,
    /// The end of the counts of a task type.
    CountsEnd,
    /// The path of a shot's or asset's picture, to which the client adds a prefix.
    Picture,
    /// The path of a person's picture, to which the client adds a prefix.
    Avatar,
    /// The path or address of a picture, which the client takes as it is.
    PlainPicture,
    /// The path of a movie, to which the client adds a prefix.
    Movie,
    /// The media type of a movie.
    MovieType,
    FrameIn,
    FrameOut,
    StartFrame,
    DurationSeconds,
    /// Whether a shot has a place on the timeline.
    OnTimeline,
    /// Frames per second of a shot's own range.
    ShotFps,
    /// Frames per second of the timeline.
    TimelineFps,
    TotalFrames,
}

impl Role {
    /// What documents learn from a value in this role.
    pub(super) fn gives(self) -> Option<Kind> {
        match self {
            Self::Defines(kind) => Some(kind),
            Self::ListedProject => Some(Kind::Project),
            Self::Lists(_) => Some(Kind::Selection),
            Self::EditEnd => Some(Kind::Timeline),
            Self::TimelineFps => Some(Kind::FrameRate),
            _ => None,
        }
    }

    /// What must be known before a value in this role can be judged.
    pub(super) fn takes(self) -> impl Iterator<Item = Kind> {
        let kinds = match self {
            Self::Refers(kind) => [Some(kind), Some(Kind::Selection)],
            Self::ShotTaskType | Self::AssetTaskType => {
                [Some(Kind::TaskType), Some(Kind::Selection)]
            }
            Self::EpisodeSequence => [Some(Kind::Sequence), None],
            Self::CastShot => [Some(Kind::Shot), None],
            Self::StartFrame => [Some(Kind::Timeline), None],
            Self::DurationSeconds | Self::Movie => [Some(Kind::FrameRate), None],
            _ => [None, None],
        };
        kinds.into_iter().flatten()
    }
}

struct Row {
    format: Format,
    document: &'static str,
    /// The place from the entry on: keys, and `*` for any element of a list.
    place: &'static str,
    role: Role,
}

macro_rules! roles {
    ($($format:ident $document:literal { $($place:literal $role:expr;)* })*) => {
        &[$($(Row {
            format: Format::$format,
            document: $document,
            place: $place,
            role: $role,
        }),*),*]
    };
}

static ROWS: &[Row] = {
    use Kind::{Asset, AssetType, Episode, Sequence, Shot, TaskStatus, TaskType, User};
    use Role::{
        AssetTaskType, Avatar, CastShot, CountsEnd, Defines, DurationSeconds, EditEnd, EpisodeEnd,
        EpisodeSequence, ForShots, FrameIn, FrameOut, ListOf, ListedEpisode, ListedProject,
        ListedProjectEnd, Lists, Movie, MovieType, Name, OnTimeline, OwnProject, Picture,
        PlainPicture, Refers, ShotEnd, ShotFps, ShotTaskType, StartFrame, TaskTypeEnd, TimelineFps,
        TotalFrames,
    };
    roles! {
        V0 "context" {
            "asset_types/*/id" Defines(AssetType);
            "asset_types/*/name" Name;
            "users/*/id" Defines(User);
            "users/*/full_name" Name;
            "users/*/thumbnailUrl" Avatar;
            "projects/*/id" ListedProject;
            "projects/*/name" Name;
            "projects/*/asset_types/*" Refers(AssetType);
            "projects/*/task_types/*" Refers(TaskType);
            "projects/*/task_statuses/*" Refers(TaskStatus);
            "projects/*/team/*" Refers(User);
            "projects/*/thumbnailUrl" PlainPicture;
            "task_status/*/id" Defines(TaskStatus);
            "task_status/*/name" Name;
            "task_types/*" TaskTypeEnd;
            "task_types/*/id" Defines(TaskType);
            "task_types/*/name" Name;
            "task_types/*/for_shots" ForShots;
        }
        V0 "project" {
            "id" OwnProject;
            "name" Name;
            "asset_types/*" Lists(AssetType);
            "task_types/*" Lists(TaskType);
            "task_statuses/*" Lists(TaskStatus);
            "team/*" Lists(User);
            "thumbnailUrl" PlainPicture;
            "fps" TimelineFps;
        }
        V0 "edit" {
            "" EditEnd;
            "totalFrames" TotalFrames;
            "sourceName" Movie;
            "sourceType" MovieType;
        }
        V0 "assets" {
            "id" Defines(Asset);
            "name" Name;
            "asset_type_id" Refers(AssetType);
            "tasks/*/task_type_id" AssetTaskType;
            "tasks/*/task_status_id" Refers(TaskStatus);
            "tasks/*/assignees/*" Refers(User);
            "thumbnailUrl" Picture;
        }
        V0 "shots" {
            "" ShotEnd;
            "id" Defines(Shot);
            "name" Name;
            "sequence_id" Refers(Sequence);
            "data/frame_in" FrameIn;
            "data/frame_out" FrameOut;
            "tasks/*/task_type_id" ShotTaskType;
            "tasks/*/task_status_id" Refers(TaskStatus);
            "tasks/*/assignees/*" Refers(User);
            "startFrame" StartFrame;
            "durationSeconds" DurationSeconds;
            "onTimeline" OnTimeline;
            "thumbnailUrl" Picture;
            "fps" ShotFps;
        }
        V0 "sequences" {
            "id" Defines(Sequence);
            "name" Name;
        }
        V0 "casting" {
            "shot_id" CastShot;
            "asset_ids/*" Refers(Asset);
        }
        V1 "index" {
            "projects/*" ListedProjectEnd;
            "projects/*/id" ListedProject;
            "projects/*/name" Name;
            "projects/*/thumbnailUrl" PlainPicture;
            "projects/*/episodes/*/id" ListedEpisode;
            "projects/*/episodes/*/name" Name;
        }
        V1 "project" {
            "id" OwnProject;
            "name" Name;
            "asset_types" ListOf(AssetType);
            "asset_types/*/id" Defines(AssetType);
            "asset_types/*/name" Name;
            "task_types" ListOf(TaskType);
            "task_types/*" TaskTypeEnd;
            "task_types/*/id" Defines(TaskType);
            "task_types/*/name" Name;
            "task_types/*/for_shots" ForShots;
            "task_statuses" ListOf(TaskStatus);
            "task_statuses/*/id" Defines(TaskStatus);
            "task_statuses/*/name" Name;
            "team" ListOf(User);
            "team/*/id" Defines(User);
            "team/*/full_name" Name;
            "team/*/thumbnailUrl" Avatar;
            "thumbnailUrl" PlainPicture;
            "fps" TimelineFps;
            "episodes/*" EpisodeEnd;
            "episodes/*/id" Defines(Episode);
            "episodes/*/name" Name;
            "episodes/*/sequences/*/id" EpisodeSequence;
        }
        V1 "edits" {
            "" EditEnd;
            "totalFrames" TotalFrames;
            "sourceName" Movie;
            "sourceType" MovieType;
            "episodeId" Refers(Episode);
        }
        V1 "assets" {
            "id" Defines(Asset);
            "name" Name;
            "asset_type_id" Refers(AssetType);
            "tasks/*/task_type_id" AssetTaskType;
            "tasks/*/task_status_id" Refers(TaskStatus);
            "tasks/*/assignees/*" Refers(User);
            "thumbnailUrl" Picture;
        }
        V1 "shots" {
            "" ShotEnd;
            "id" Defines(Shot);
            "name" Name;
            "sequence_id" Refers(Sequence);
            "data/frame_in" FrameIn;
            "data/frame_out" FrameOut;
            "tasks/*/task_type_id" ShotTaskType;
            "tasks/*/task_status_id" Refers(TaskStatus);
            "tasks/*/assignees/*" Refers(User);
            "startFrame" StartFrame;
            "durationSeconds" DurationSeconds;
            "onTimeline" OnTimeline;
            "thumbnailUrl" Picture;
            "fps" ShotFps;
        }
        V1 "sequences" {
            "id" Defines(Sequence);
            "name" Name;
        }
        V1 "casting" {
            "shot_id" CastShot;
            "asset_ids/*" Refers(Asset);
        }
        V1 "task_counts" {
            "" CountsEnd;
            "task_type_id" Refers(TaskType);
            "episode_id" Refers(Episode);
            "task_statuses/*/task_status_id" Refers(TaskStatus);
        }
    }
};

/// The roles of a document's values: the place of each, and what it is there for.
pub(super) fn of(document: &Document) -> impl Iterator<Item = (&'static str, Role)> {
    ROWS.iter()
        .filter(move |row| row.format == document.format && row.document == document.name)
        .map(|row| (row.place, row.role))
}

/// Whether a document holds edits, one of which the client cannot do without.
pub(super) fn holds_edits(document: &Document) -> bool {
    of(document).any(|(_, role)| role == Role::EditEnd)
}

/// The colours the client has for sequences: it throws when it draws one beyond. `None` where it
/// goes round.
pub(super) fn sequence_colors(format: Format) -> Option<usize> {
    match format {
        Format::V0 => Some(21),
        _ => None,
    }
}

/// The documents of a project in the order in which they can be judged: each group builds on what
/// the groups before it gave.
pub(super) fn stages(format: Format) -> Vec<Vec<&'static Document>> {
    use watchtower_model::format::Scope;

    let mut left: Vec<_> = format
        .documents()
        .filter(|it| it.scope == Scope::Project)
        .collect();
    let mut stages = Vec::new();
    while !left.is_empty() {
        let awaited = |document: &&Document| {
            of(document).flat_map(|(_, role)| role.takes()).any(|kind| {
                left.iter()
                    .any(|it| it != document && of(it).any(|(_, role)| role.gives() == Some(kind)))
            })
        };
        let (later, mut now): (Vec<_>, Vec<_>) = left.iter().copied().partition(awaited);
        if now.is_empty() {
            // Documents that wait for each other: nothing is gained by waiting longer.
            now = later;
            left = Vec::new();
        } else {
            left = later;
        }
        stages.push(now);
    }
    stages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_judged_behind_what_they_refer_to() {
        let names = |format| -> Vec<Vec<_>> {
            let stages = stages(format).into_iter();
            let names = stages.map(|stage| stage.iter().map(|it| it.name).collect());
            names.collect()
        };
        assert_eq!(
            names(Format::V0),
            [
                vec!["project", "sequences"],
                vec!["edit", "assets"],
                vec!["shots"],
                vec!["casting"]
            ]
        );
        assert_eq!(
            names(Format::V1),
            [
                vec!["sequences"],
                vec!["project"],
                vec!["edits", "assets", "task_counts"],
                vec!["shots"],
                vec!["casting"]
            ]
        );
    }
}
