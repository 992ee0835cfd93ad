//! What both formats write the same way: shots, assets, sequences, casting, and the types and people
//! that they refer to.

use serde_json::Value;
use watchtower_model::{
    Asset, AssetId, AssetType, AssetTypeId, Cut, Edit, EditId, EpisodeId, FrameRate, MediaRef,
    Project, ProjectId, ProjectSnapshot, Sequence, SequenceId, Shot, ShotCasting, ShotData, ShotId,
    Task, TaskStatus, TaskStatusId, TaskType, TaskTypeId, User, UserId,
};

use super::fields::Fields;
use super::media::Address;
use super::mended::Mended;
use super::{Error, Reader};
use crate::render::v1::unnamed_edit;
use crate::validate::Role;

/// What a shot without a sequence belongs to.
pub(super) const NO_SEQUENCE: &str = "No sequence";
/// What an asset without a type is. The client calls their group so.
pub(super) const NO_TYPE: &str = "No Type";

/// Reads what a project's folder holds beside the project itself and its edits.
pub(super) fn read_into(
    snapshot: &mut ProjectSnapshot,
    reader: &Reader,
    mended: &mut Mended,
) -> Result<(), Error> {
    let ProjectSnapshot {
        project: Project { id, fps, .. },
        sequences,
        assets,
        shots,
        casting,
        ..
    } = snapshot;
    *sequences = reader.list("sequences", id, mended, |mended, number, fields| {
        Some(sequence(fields, id, number, mended))
    })?;
    *assets = reader.list("assets", id, mended, |mended, number, fields| {
        Some(asset(fields, id, number, reader, mended))
    })?;
    *shots = reader.list("shots", id, mended, |mended, number, fields| {
        shot(fields, id, number, *fps, reader, mended)
    })?;
    *casting = reader.list("casting", id, mended, |mended, number, fields| {
        cast(fields, number, mended)
    })?;
    Ok(())
}

/// A sequence, also one that an episode lists.
pub(super) fn sequence(
    mut fields: Fields,
    project: &ProjectId,
    number: usize,
    mended: &mut Mended,
) -> Sequence {
    let name = fields.text("name").unwrap_or_default();
    let derived = || SequenceId::derived(&[project.as_str(), &number.to_string()]);
    let id = fields.id("id").unwrap_or_else(derived);
    tell_of_the_rest(fields, "sequence", &name, mended);
    Sequence {
        id,
        name,
        episode_id: None,
    }
}

fn asset(
    mut fields: Fields,
    project: &ProjectId,
    number: usize,
    reader: &Reader,
    mended: &mut Mended,
) -> Asset {
    let name = fields.text("name").unwrap_or_default();
    let derived = || AssetId::derived(&[project.as_str(), &number.to_string()]);
    let id = fields.id("id").unwrap_or_else(derived);
    let asset_type_id = fields.id("asset_type_id").unwrap_or_else(|| {
        mended.note("asset", "without a type", &name);
        AssetType::new(NO_TYPE).id
    });
    let tasks = tasks(&mut fields, &name, mended);
    let thumbnail = picture(&mut fields, Role::Picture, "asset", &name, reader, mended);
    tell_of_the_rest(fields, "asset", &name, mended);
    Asset {
        id,
        name,
        asset_type_id,
        tasks,
        thumbnail,
    }
}

fn shot(
    mut fields: Fields,
    project: &ProjectId,
    number: usize,
    timeline_fps: FrameRate,
    reader: &Reader,
    mended: &mut Mended,
) -> Option<Shot> {
    let name = fields.text("name").unwrap_or_default();
    let derived = || ShotId::derived(&[project.as_str(), &number.to_string()]);
    let id = fields.id("id").unwrap_or_else(derived);
    let sequence_id = fields.id("sequence_id").unwrap_or_else(|| {
        mended.note("shot", "without a sequence", &name);
        Sequence::new(NO_SEQUENCE).id
    });
    let fps = match fields.frame_rate("fps") {
        Some((fps, is_text)) => {
            if is_text {
                mended.note("shot", "with `fps` as a text", &name);
            }
            fps
        }
        None => {
            mended.note(
                "shot",
                "without a frame rate, which get the project's",
                &name,
            );
            timeline_fps
        }
    };
    let data = range(&mut fields, fps, &name, mended);
    let tasks = tasks(&mut fields, &name, mended);
    let thumbnail = picture(&mut fields, Role::Picture, "shot", &name, reader, mended);
    tell_of_the_rest(fields, "shot", &name, mended);
    Some(Shot {
        id,
        name,
        sequence_id,
        data: data?,
        tasks,
        thumbnail,
        fps,
    })
}

/// A shot's frame range. The client goes by the place on the timeline, `startFrame` and
/// `durationSeconds`, so where the range says otherwise or is missing, it is made from that.
fn range(fields: &mut Fields, fps: FrameRate, name: &str, mended: &mut Mended) -> Option<ShotData> {
    // As validation has it: seconds are rounded by some.
    const TOLERANCE: f64 = 0.5;
    let mut number = |fields: &mut Fields, key: &str| {
        let (number, is_text) = fields.number(key)?;
        if is_text {
            mended.note("shot", "with numbers as texts", name);
        }
        Some(number)
    };
    let is_unplaced = fields.take("onTimeline") == Some(Value::Bool(false));
    let start = number(fields, "startFrame");
    let seconds = number(fields, "durationSeconds").map(|it| it.as_f64());
    let mut data = fields.object("data");
    let frame_in = number(&mut data, "frame_in");
    let frame_out = number(&mut data, "frame_out");
    let custom = data.rest();
    let (Some(start), Some(seconds)) = (start, seconds) else {
        mended.note("shot", "left out: it has no place on the timeline", name);
        return None;
    };
    if is_unplaced {
        let length = Some(frames(seconds, fps)).filter(|&it| it > 0);
        return Some(ShotData {
            nb_frames: length,
            custom,
            ..ShotData::default()
        });
    }
    let end = start.whole().saturating_add(frames(seconds, fps));
    let mut range = ShotData {
        custom,
        ..ShotData::new(start.whole(), end)
    };
    let Some((frame_in, frame_out)) = frame_in.zip(frame_out) else {
        mended.note(
            "shot",
            "without a frame range, made from the timeline",
            name,
        );
        return Some(range);
    };
    let said = (frame_in.whole(), frame_out.whole());
    let starts = (start.as_f64() - frame_in.as_f64()).abs() <= TOLERANCE;
    let lasts = fps.seconds(said.1.saturating_sub(said.0));
    #[expect(
        clippy::float_cmp,
        reason = "what was computed the same way is the same"
    )]
    let lasts = lasts == seconds || ((lasts - seconds) * fps.as_f64()).abs() <= TOLERANCE;
    if starts && lasts {
        (range.frame_in, range.frame_out) = (Some(said.0), Some(said.1));
    } else {
        let sentence = "of a range that contradicts the place on the timeline, which is kept";
        mended.note("shot", sentence, name);
    }
    Some(range)
}

/// How many frames so many seconds are.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn frames(seconds: f64, fps: FrameRate) -> i64 {
    (seconds * fps.as_f64()).round() as i64
}

fn tasks(fields: &mut Fields, of: &str, mended: &mut Mended) -> Vec<Task> {
    let read = |mut fields: Fields| {
        let task_type_id = fields.id("task_type_id");
        let task_status_id = fields.id("task_status_id");
        let task = Task {
            id: fields.id("id"),
            task_type_id: task_type_id?,
            task_status_id: task_status_id?,
            assignees: fields.ids("assignees"),
        };
        Some((task, fields))
    };
    let mut tasks = Vec::new();
    for entry in fields.list("tasks") {
        match Fields::of(entry).and_then(read) {
            Some((task, fields)) => {
                tell_of_the_rest(fields, "task", of, mended);
                tasks.push(task);
            }
            None => mended.note("task", "left out for want of a type or a status", of),
        }
    }
    tasks
}

fn cast(mut fields: Fields, number: usize, mended: &mut Mended) -> Option<ShotCasting> {
    let Some(shot_id) = fields.id("shot_id") else {
        let name = format!("number {}", number + 1);
        mended.note("entry", "of no shot left out of casting.json", &name);
        return None;
    };
    let asset_ids = fields.ids("asset_ids");
    Some(ShotCasting { shot_id, asset_ids })
}

/// A picture, where there is one.
pub(super) fn picture(
    fields: &mut Fields,
    role: Role,
    kind: &'static str,
    name: &str,
    reader: &Reader,
    mended: &mut Mended,
) -> Option<MediaRef> {
    let path = fields.text("thumbnailUrl")?;
    address(role, &path, kind, name, reader, mended)
}

fn address(
    role: Role,
    path: &str,
    kind: &'static str,
    name: &str,
    reader: &Reader,
    mended: &mut Mended,
) -> Option<MediaRef> {
    match reader.media.address(role, path) {
        Address::There(media) => Some(media),
        Address::Mended(media) => {
            let sentence = "with a full address, written as the client takes it";
            mended.note(kind, sentence, name);
            Some(media)
        }
        Address::Nowhere(reason) => {
            let sentence = format!("with a placeholder, since {reason}");
            mended.note(kind, &sentence, name);
            None
        }
    }
}

/// What a project says of itself, but for the types, statuses and people it uses.
///
/// `listed` is the project as the list of projects has it: its id, its name and its picture, where it
/// has one there.
pub(super) fn project(
    fields: &mut Fields,
    listed: &Project,
    reader: &Reader,
    mended: &mut Mended,
) -> Project {
    let kind = "project";
    // The client goes by the folder.
    fields.take("id");
    let name = fields.text("name").unwrap_or_default();
    if name != listed.name && !name.is_empty() {
        let sentence = format!("called `{name}` in its own folder, and as here in the list");
        mended.note(kind, &sentence, &listed.name);
    }
    let name = match listed.name.is_empty() {
        true => name,
        false => listed.name.clone(),
    };
    let own_picture = picture(fields, Role::PlainPicture, kind, &name, reader, mended);
    let fps = match fields.frame_rate("fps") {
        Some((fps, is_text)) => {
            if is_text {
                mended.note(kind, "with `fps` as a text", &name);
            }
            fps
        }
        None => FrameRate::default(),
    };
    Project {
        ratio: fields.text("ratio"),
        resolution: fields.text("resolution"),
        thumbnail: listed.thumbnail.clone().or(own_picture),
        fps,
        name,
        ..listed.clone()
    }
}

/// The length of a timeline that has an edit without a movie: only the edit tells it.
pub(super) fn length_without_movie(edit: &Edit) -> Option<Cut> {
    let frames = edit.total_frames.filter(|_| edit.movie.is_none())?;
    Some(Cut {
        name: edit.name.clone(),
        episode_id: edit.episode_id.clone(),
        frames: i64::try_from(frames).unwrap_or(i64::MAX),
        ranges: Vec::new(),
        is_followed: false,
    })
}

/// An edit: a movie, and its place on the timeline. The first without an id gets the one that stands for
/// no edit: which of both it is shows when its movie is opened.
pub(super) fn edit(
    mut fields: Fields,
    project: &ProjectId,
    number: usize,
    reader: &Reader,
    mended: &mut Mended,
) -> Edit {
    let id: Option<EditId> = fields.id("id");
    let episode_id: Option<EpisodeId> = fields.id("episodeId");
    let name = id
        .as_ref()
        .map_or_else(|| "edit".to_owned(), ToString::to_string);
    let path = fields.text("sourceName").unwrap_or_default();
    let movie = (!path.is_empty())
        .then(|| address(Role::Movie, &path, "edit", &name, reader, mended))
        .flatten();
    fields.take("sourceType");
    let frames = |fields: &mut Fields, key: &str| Some(fields.number(key)?.0.whole());
    let total_frames = frames(&mut fields, "totalFrames");
    let frame_offset = frames(&mut fields, "frameOffset").unwrap_or(0);
    tell_of_the_rest(fields, "edit", &name, mended);
    let derived = || match number {
        0 => unnamed_edit(project, episode_id.as_ref()),
        number => EditId::derived(&[project.as_str(), &number.to_string()]),
    };
    Edit {
        id: id.unwrap_or_else(derived),
        name,
        movie,
        total_frames: total_frames
            .and_then(|it| u64::try_from(it).ok())
            .filter(|it| *it > 0),
        frame_offset,
        episode_id,
    }
}

/// A type of assets.
pub(super) fn asset_type(mut fields: Fields, mended: &mut Mended) -> Option<AssetType> {
    let name = fields.text("name").unwrap_or_default();
    let id: AssetTypeId = known("asset type", fields.id("id"), &name, mended)?;
    tell_of_the_rest(fields, "asset type", &name, mended);
    Some(AssetType {
        id,
        name,
        archived: false,
    })
}

/// A type of tasks.
pub(super) fn task_type(mut fields: Fields, mended: &mut Mended) -> Option<TaskType> {
    let name = fields.text("name").unwrap_or_default();
    let id: TaskTypeId = known("task type", fields.id("id"), &name, mended)?;
    let color = fields.color("color");
    if color.is_none() {
        mended.note("task type", "without a colour that is one", &name);
    }
    let for_shots = fields.flag("for_shots");
    tell_of_the_rest(fields, "task type", &name, mended);
    Some(TaskType {
        id,
        name,
        color,
        for_shots,
        archived: false,
    })
}

/// A status of tasks.
pub(super) fn task_status(mut fields: Fields, mended: &mut Mended) -> Option<TaskStatus> {
    let name = fields.text("name").unwrap_or_default();
    let id: TaskStatusId = known("task status", fields.id("id"), &name, mended)?;
    let color = fields.color("color");
    if color.is_none() {
        mended.note("task status", "without a colour that is one", &name);
    }
    tell_of_the_rest(fields, "task status", &name, mended);
    Some(TaskStatus {
        id,
        name,
        color,
        archived: false,
    })
}

/// A person. The pre-release package writes the name under `name` alone.
pub(super) fn user(mut fields: Fields, reader: &Reader, mended: &mut Mended) -> Option<User> {
    let short = fields.text("name");
    let name = fields.text("full_name").or(short).unwrap_or_default();
    let id: UserId = known("user", fields.id("id"), &name, mended)?;
    let has_avatar = fields.flag("has_avatar");
    let thumbnail = picture(&mut fields, Role::Avatar, "user", &name, reader, mended);
    if has_avatar && thumbnail.is_none() {
        mended.note("user", "with an avatar that is nowhere", &name);
    }
    tell_of_the_rest(fields, "user", &name, mended);
    Some(User {
        id,
        name,
        has_avatar: has_avatar && thumbnail.is_some(),
        thumbnail,
        archived: false,
    })
}

/// An id, or that the thing is left out for want of one: nothing can refer to it.
fn known<I>(kind: &'static str, id: Option<I>, name: &str, mended: &mut Mended) -> Option<I> {
    if id.is_none() {
        mended.note(kind, "left out for want of an id", name);
    }
    id
}

/// Tells of keys that no document has: there is nowhere to put them.
pub(super) fn tell_of_the_rest(
    fields: Fields,
    kind: &'static str,
    name: &str,
    mended: &mut Mended,
) {
    for key in fields.rest().keys() {
        let sentence = format!("with a key `{}`, which is left out", key.escape_debug());
        mended.note(kind, &sentence, name);
    }
}
