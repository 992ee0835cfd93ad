//! The documents of format v0.

use std::borrow::Cow;
use std::collections::HashMap;

use watchtower_model::format::v0::{
    Asset, AssetType, Casting, Context, Edit, Project, Sequence, Shot, ShotData, Task, TaskStatus,
    TaskType, User,
};
use watchtower_model::place::Placement;
use watchtower_model::{self as model, HexColor, ProjectList, ProjectSnapshot};

use crate::fit::derived_id;
use crate::media::{Movie, ResolvedMedia};

/// How many sequences with shots the client can draw: its palette has so many colours, and it throws
/// at one more.
pub const MAX_SEQUENCES: usize = 21;

/// The place of a project's movie, by its path from the site root.
pub fn movie_path(project: &model::ProjectId) -> String {
    format!("data/projects/{project}/edit.mp4")
}

/// `context.json`.
pub fn context<'a>(list: &'a ProjectList, media: &'a ResolvedMedia) -> Context<'a> {
    Context {
        asset_types: list.asset_types.iter().map(asset_type).collect(),
        users: list.users.iter().map(|it| user(it, media)).collect(),
        projects: list.projects.iter().map(|it| project(it, media)).collect(),
        task_status: list.task_statuses.iter().map(task_status).collect(),
        task_types: list.task_types.iter().map(task_type).collect(),
    }
}

/// `project.json`, and the project's entry in `context.json`.
pub fn project<'a>(project: &'a model::Project, media: &'a ResolvedMedia) -> Project<'a> {
    Project {
        id: project.id.as_str().into(),
        name: text(&project.name),
        ratio: project.ratio.as_deref().map(text),
        resolution: project.resolution.as_deref().map(text),
        asset_types: project
            .asset_types
            .iter()
            .map(|id| id.as_str().into())
            .collect(),
        task_types: project
            .task_types
            .iter()
            .map(|id| id.as_str().into())
            .collect(),
        task_statuses: project
            .task_statuses
            .iter()
            .map(|id| id.as_str().into())
            .collect(),
        team: project.team.iter().map(|id| id.as_str().into()).collect(),
        thumbnail_url: media.project(project).map(as_listed),
        fps: project.fps.into(),
    }
}

/// The address of a picture for the list of projects. The client puts `/` before every other address
/// and nothing before these, so a protocol-relative one needs both its slashes.
pub(super) fn as_listed(path: &str) -> Cow<'_, str> {
    match path.starts_with('/') {
        true => format!("/{path}").into(),
        false => path.into(),
    }
}

/// The edit that the document shows, if any has a movie: there is room for one.
pub fn shown_edit<'a>(
    snapshot: &'a ProjectSnapshot,
    media: &'a ResolvedMedia,
) -> Option<(&'a model::Edit, &'a Movie)> {
    let mut edits = edits(snapshot);
    edits.find_map(|edit| Some((edit, media.movie(edit.movie.as_ref())?)))
}

/// The edits whose movie the document can show. The episodes of a series follow each other on its one
/// timeline, so the movie of one of several has no place there.
pub fn edits(snapshot: &ProjectSnapshot) -> impl Iterator<Item = &model::Edit> {
    let is_of_all = |it: &&model::Edit| snapshot.episodes.len() < 2 || it.episode_id.is_none();
    snapshot.edits.iter().filter(is_of_all)
}

/// `edit.json`.
///
/// Without a movie the timeline is as long as the shots or the edit laid over, and one frame long without
/// shots: the client divides by its length. The movie's place and type are then empty, which is how the
/// client asks for none.
pub fn edit<'a>(
    snapshot: &'a ProjectSnapshot,
    media: &'a ResolvedMedia,
    placement: &Placement,
) -> Edit<'a> {
    match shown_edit(snapshot, media) {
        Some((edit, movie)) => Edit {
            total_frames: movie.frames,
            frame_offset: edit.frame_offset,
            source_name: text(&movie.path),
            source_type: text("video/mp4"),
        },
        None => Edit {
            total_frames: timeline_length(placement, None),
            frame_offset: 0,
            source_name: text(""),
            source_type: text(""),
        },
    }
}

/// An entry of `assets.json`.
pub fn asset<'a>(asset: &'a model::Asset, media: &'a ResolvedMedia) -> Asset<'a> {
    Asset {
        id: asset.id.as_str().into(),
        name: text(&asset.name),
        asset_type_id: asset.asset_type_id.as_str().into(),
        tasks: tasks(asset.id.as_str(), &asset.tasks),
        thumbnail_url: media.tile(asset.thumbnail.as_ref()).map(text),
    }
}

/// The length of a timeline without a movie, in frames: at least one, for the client divides by it.
pub(super) fn timeline_length(placement: &Placement, episode_id: Option<&model::EpisodeId>) -> u64 {
    let length = placement.length(episode_id);
    u64::try_from(length).unwrap_or(0).max(1)
}

/// An entry of `shots.json`. `behind` tells the start of a shot that has no place on the timeline.
pub fn shot<'a>(
    shot: &'a model::Shot,
    media: &'a ResolvedMedia,
    behind: &HashMap<model::ShotId, i64>,
) -> Shot<'a> {
    let place = shot.data.frame_in;
    Shot {
        id: shot.id.as_str().into(),
        name: text(&shot.name),
        sequence_id: shot.sequence_id.as_str().into(),
        data: Some(ShotData {
            frame_in: shot.data.frame_in,
            frame_out: shot.data.frame_out,
            custom: Cow::Borrowed(&shot.data.custom),
        }),
        tasks: tasks(shot.id.as_str(), &shot.tasks),
        start_frame: place.unwrap_or_else(|| behind.get(&shot.id).copied().unwrap_or(0)),
        duration_seconds: shot.duration_seconds(),
        on_timeline: place.is_some(),
        thumbnail_url: media.tile(shot.thumbnail.as_ref()).map(text),
        fps: Some(shot.fps.into()),
    }
}

/// An entry of `sequences.json`.
pub fn sequence(sequence: &model::Sequence) -> Sequence<'_> {
    Sequence {
        id: sequence.id.as_str().into(),
        name: text(&sequence.name),
    }
}

/// An entry of `casting.json`.
pub fn casting(casting: &model::ShotCasting) -> Casting<'_> {
    Casting {
        shot_id: casting.shot_id.as_str().into(),
        asset_ids: casting
            .asset_ids
            .iter()
            .map(|id| id.as_str().into())
            .collect(),
    }
}

pub(super) fn text(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}

pub(super) fn asset_type(asset_type: &model::AssetType) -> AssetType<'_> {
    AssetType {
        id: asset_type.id.as_str().into(),
        name: text(&asset_type.name),
    }
}

pub(super) fn task_type(task_type: &model::TaskType) -> TaskType<'_> {
    TaskType {
        id: task_type.id.as_str().into(),
        name: text(&task_type.name),
        color: task_type.color.unwrap_or(HexColor::NEUTRAL).into(),
        for_shots: task_type.for_shots,
    }
}

pub(super) fn task_status(task_status: &model::TaskStatus) -> TaskStatus<'_> {
    TaskStatus {
        id: task_status.id.as_str().into(),
        name: text(&task_status.name),
        color: task_status.color.unwrap_or(HexColor::NEUTRAL).into(),
    }
}

/// The client asks for the picture of everybody who has one, so only who has one here does.
fn user<'a>(user: &'a model::User, media: &'a ResolvedMedia) -> User<'a> {
    let avatar = media.avatar(user);
    User {
        id: user.id.as_str().into(),
        full_name: text(&user.name),
        has_avatar: avatar.is_some(),
        thumbnail_url: avatar.map(text),
    }
}

/// A task without an id gets one from what it belongs to, its type, and its place among the tasks of
/// that type.
fn tasks<'a>(entity: &str, tasks: &'a [model::Task]) -> Vec<Task<'a>> {
    let task = |(place, task): (usize, &'a model::Task)| {
        let id = match &task.id {
            Some(id) => id.as_str().into(),
            None => {
                let same = |it: &&model::Task| it.task_type_id == task.task_type_id;
                let before = tasks[..place].iter().filter(same).count();
                String::from(derived_id(entity, &task.task_type_id, before)).into()
            }
        };
        Task {
            id: Some(id),
            task_type_id: task.task_type_id.as_str().into(),
            task_status_id: task.task_status_id.as_str().into(),
            assignees: task.assignees.iter().map(|id| id.as_str().into()).collect(),
        }
    };
    tasks.iter().enumerate().map(task).collect()
}
