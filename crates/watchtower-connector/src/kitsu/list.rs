//! From what Kitsu's projects share to a [`ProjectList`].

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use serde_json::Value;
use watchtower_model::{
    AssetType, AssetTypeId, FrameRate, HexColor, InvalidId, MediaRef, Project, ProjectId,
    ProjectList, TaskStatus, TaskStatusId, TaskType, TaskTypeId, User, UserId,
};

use super::media::Addresses;
use super::records;
use crate::snapshot_builder::sort_by_name;
use crate::{Error, ErrorKind, Result};

/// What the projects share, in a lasting order: Kitsu's own order of task types and statuses is
/// their priority, everything else comes by name.
pub(super) fn project_list(
    context: records::Context,
    addresses: &Addresses<'_>,
) -> Result<ProjectList> {
    let mut asset_types = convert(context.asset_types, "asset type", asset_type)?;
    sort_by_name(&mut asset_types, |it| ((), &it.name, &it.id));

    let mut task_type_records = context.task_types;
    sort_by_name(&mut task_type_records, |it| {
        let order = (entity_order(it), it.priority.unwrap_or(i64::MAX));
        (order, &it.name, &it.id)
    });
    // Types whose tasks never are in an export. Their ids stand in the lists of projects all the same.
    let elsewhere: HashSet<String> = task_type_records
        .iter()
        .filter(|it| entity_order(it) == ELSEWHERE)
        .map(|it| it.id.clone())
        .collect();
    let task_types = convert(task_type_records, "task type", task_type)?;

    let mut status_records = context.task_status;
    sort_by_name(&mut status_records, |it| {
        (it.priority.unwrap_or(i64::MAX), &it.name, &it.id)
    });
    let task_statuses = convert(status_records, "task status", task_status)?;

    let mut users = convert(context.persons, "person", |it| user(it, addresses))?;
    sort_by_name(&mut users, |it| ((), &it.name, &it.id));

    let mut list = ProjectList {
        projects: Vec::new(),
        asset_types,
        task_types,
        task_statuses,
        users,
    };
    list.projects = convert(context.projects, "project", |it| {
        project(it, &list, &elsewhere, addresses)
    })?;
    sort_by_name(&mut list.projects, |it| ((), &it.name, &it.id));
    Ok(list)
}

/// Records of this kind have a name and an id.
trait Named {
    fn names(&self) -> (&str, String);
}

macro_rules! named {
    ($($record:ident),*) => {$(
        impl Named for records::$record {
            fn names(&self) -> (&str, String) {
                (&self.id, self.name.clone())
            }
        }
    )*};
}

named!(Project, AssetType, TaskType, TaskStatus);

impl Named for records::Person {
    fn names(&self) -> (&str, String) {
        (&self.id, self.name())
    }
}

fn convert<R: Named, T>(
    records: Vec<R>,
    kind: &str,
    convert: impl Fn(&R) -> Result<T, InvalidId>,
) -> Result<Vec<T>> {
    let convert = |record: &R| {
        convert(record).map_err(|error| {
            let (_, name) = record.names();
            let operation = format!("read the {kind} `{}`", name.escape_debug());
            Error::new(ErrorKind::Invalid, operation, error.to_string())
        })
    };
    records.iter().map(convert).collect()
}

fn asset_type(record: &records::AssetType) -> Result<AssetType, InvalidId> {
    Ok(AssetType {
        id: AssetTypeId::new(&record.id)?,
        archived: record.archived,
        ..AssetType::new(&record.name)
    })
}

const ASSETS: u8 = 0;
const SHOTS: u8 = 1;
const ELSEWHERE: u8 = 2;

/// Work on assets comes before work on shots.
fn entity_order(record: &records::TaskType) -> u8 {
    match record.for_entity.as_deref() {
        None | Some("Asset") => ASSETS,
        Some("Shot") => SHOTS,
        Some(_) => ELSEWHERE,
    }
}

fn task_type(record: &records::TaskType) -> Result<TaskType, InvalidId> {
    Ok(TaskType {
        id: TaskTypeId::new(&record.id)?,
        color: color(record.color.as_deref()),
        for_shots: entity_order(record) == SHOTS,
        // Types for edits, sequences, episodes and concepts are of use only where a shot or asset
        // has such a task after all, as in databases from before Kitsu checked that.
        archived: record.archived || entity_order(record) == ELSEWHERE,
        ..TaskType::new(&record.name)
    })
}

fn task_status(record: &records::TaskStatus) -> Result<TaskStatus, InvalidId> {
    Ok(TaskStatus {
        id: TaskStatusId::new(&record.id)?,
        color: color(record.color.as_deref()),
        archived: record.archived,
        ..TaskStatus::new(&record.name)
    })
}

/// A colour that cannot be read is none: the site has a neutral one for that.
fn color(text: Option<&str>) -> Option<HexColor> {
    text?.parse().ok()
}

fn user(record: &records::Person, addresses: &Addresses<'_>) -> Result<User, InvalidId> {
    let avatar = || addresses.thumbnail("persons", &record.id).changing();
    Ok(User {
        id: UserId::new(&record.id)?,
        has_avatar: record.has_avatar,
        thumbnail: record.has_avatar.then(avatar),
        archived: record.archived || record.active == Some(false),
        ..User::new(record.name())
    })
}

fn project(
    record: &records::Project,
    list: &ProjectList,
    elsewhere: &HashSet<String>,
    addresses: &Addresses<'_>,
) -> Result<Project, InvalidId> {
    // Kitsu keeps ids of what was deleted since, or is hidden from us.
    let asset_types = known(
        &record.asset_types,
        list.asset_types.iter().map(|it| &it.id),
    );
    let task_statuses = known(
        &record.task_statuses,
        list.task_statuses.iter().map(|it| &it.id),
    );
    let team = known(&record.team, list.users.iter().map(|it| &it.id));
    let mut task_types = known(&record.task_types, list.task_types.iter().map(|it| &it.id));
    task_types.retain(|id| !elsewhere.contains(id.as_str()));
    let places: HashMap<_, _> = list
        .task_types
        .iter()
        .enumerate()
        .map(|(place, it)| (&it.id, (it.for_shots, place)))
        .collect();
    task_types.sort_by_key(|id| {
        let (for_shots, place) = places.get(id).copied().unwrap_or_default();
        let priority = record
            .task_types_priority
            .get(id.as_str())
            .copied()
            .flatten();
        (for_shots, priority.unwrap_or(i64::MAX), place)
    });
    let picture = || -> MediaRef { addresses.thumbnail("projects", &record.id).changing() };
    Ok(Project {
        id: ProjectId::new(&record.id)?,
        ratio: record.ratio.clone().filter(|it| !it.is_empty()),
        resolution: record.resolution.clone().filter(|it| !it.is_empty()),
        asset_types,
        task_types,
        task_statuses,
        team,
        thumbnail: record.has_avatar.then(picture),
        fps: frame_rate(&record.fps)
            .unwrap_or_default()
            .unwrap_or_default(),
        ..Project::new(&record.name)
    })
}

/// Reads a frame rate: a number, or text as in `23.976`. Null and empty text are none; what is
/// neither is given back as it is shown to people.
pub(super) fn frame_rate(value: &Value) -> Result<Option<FrameRate>, String> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    };
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| text)
}

/// The ids that are known, each once, in the order in which the others come.
fn known<'a, I>(wanted: &[String], known: impl Iterator<Item = &'a I>) -> Vec<I>
where
    I: AsRef<str> + Clone + Eq + Hash + 'a,
{
    let wanted: HashSet<&str> = wanted.iter().map(String::as_str).collect();
    known
        .filter(|id| wanted.contains(id.as_ref()))
        .cloned()
        .collect()
}
