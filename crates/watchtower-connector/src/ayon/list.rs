//! From what AYON's projects hold to a [`ProjectList`].
//!
//! AYON names types and statuses by project, without ids. What has the same name in two projects is
//! the same to us, with an id that follows from the name.

use std::collections::{HashMap, HashSet};

use watchtower_model::{
    AssetType, AssetTypeId, FrameRate, HexColor, InvalidId, Project, ProjectId, ProjectList,
    TaskStatus, TaskType, User, UserId,
};

use super::by_name;
use super::media::Addresses;
use super::records::{self, Folder, ListedProject};
use super::tree::{Kind, Tree};
use crate::{Error, ErrorKind, Result};

/// What is read of a project to know what it shares with the others.
#[derive(Clone, Debug, Default)]
pub(super) struct Details {
    pub project: records::Project,
    pub folders: Vec<Folder>,
    pub tasks: Vec<records::Task>,
}

impl Details {
    pub(super) fn tree(&self, omitted: &[String]) -> Tree<'_> {
        Tree::new(&self.folders, &self.project.statuses, omitted)
    }

    /// The types of the assets, by name.
    fn asset_types(&self, tree: &Tree<'_>) -> Vec<AssetType> {
        let assets = self.folders.iter();
        let assets = assets.filter(|it| Kind::of(it) == Kind::Asset && !tree.is_canceled(it));
        let mut types: Vec<AssetType> = Vec::new();
        let mut known = HashSet::new();
        for asset in assets {
            let asset_type = tree.asset_type(asset);
            if known.insert(asset_type.id.clone()) {
                types.push(asset_type);
            }
        }
        sort_asset_types(&mut types);
        types
    }
}

fn sort_asset_types(types: &mut [AssetType]) {
    types.sort_by(|a, b| by_name(&a.name, &b.name).then_with(|| a.id.cmp(&b.id)));
}

/// Gathers what projects have in common, each thing once.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    list: ProjectList,
    asset_types: HashSet<AssetTypeId>,
    task_types: HashMap<String, usize>,
    task_statuses: HashMap<String, usize>,
    assignees: HashSet<String>,
}

impl Gathered {
    /// Adds what a project holds. The order of types and statuses is that of the first project.
    pub(super) fn add(&mut self, details: &Details, tree: &Tree<'_>) {
        for asset_type in details.asset_types(tree) {
            if self.asset_types.insert(asset_type.id.clone()) {
                self.list.asset_types.push(asset_type);
            }
        }
        for record in &details.project.task_types {
            let task_type = self.task_type(&record.name);
            task_type.archived = false;
            task_type.color = task_type.color.or(color(record.color.as_deref()));
        }
        for record in &details.project.statuses {
            let status = self.task_status(&record.name);
            status.archived &= !is_for_tasks(record);
            status.color = status.color.or(color(record.color.as_deref()));
        }
        for task in &details.tasks {
            // What was taken off the project's lists stays on its tasks.
            if let Some(status) = &task.status {
                self.task_status(status);
            }
            if let Some(name) = &task.task_type {
                let folder = task.folder_id.as_deref().and_then(|id| tree.get(id));
                let for_shots = folder.is_some_and(|it| Kind::of(it) == Kind::Shot);
                self.task_type(name).for_shots |= for_shots;
            }
            for name in &task.assignees {
                if !self.assignees.contains(name) {
                    self.assignees.insert(name.clone());
                }
            }
        }
    }

    /// The task type of a name. One that is new is archived, until a project lists it.
    fn task_type(&mut self, name: &str) -> &mut TaskType {
        let all = &mut self.list.task_types;
        let place = *self.task_types.entry(name.to_owned()).or_insert_with(|| {
            all.push(TaskType {
                archived: true,
                ..TaskType::new(name)
            });
            all.len() - 1
        });
        &mut all[place]
    }

    /// The status of a name. One that is new is archived, until a project lists it for tasks.
    fn task_status(&mut self, name: &str) -> &mut TaskStatus {
        let all = &mut self.list.task_statuses;
        let place = *self
            .task_statuses
            .entry(name.to_owned())
            .or_insert_with(|| {
                all.push(TaskStatus {
                    archived: true,
                    ..TaskStatus::new(name)
                });
                all.len() - 1
            });
        &mut all[place]
    }

    /// The list, in a lasting order, without projects.
    ///
    /// People who have tasks and whom AYON does not list to us, or not any more, are known by the
    /// names of their accounts.
    pub(super) fn finish(
        mut self,
        users: Vec<records::User>,
        avatars: &HashSet<String>,
        addresses: Addresses<'_>,
    ) -> Result<ProjectList> {
        let list = &mut self.list;
        sort_asset_types(&mut list.asset_types);
        // Work on assets comes before work on shots.
        list.task_types.sort_by_key(|it| it.for_shots);
        for user in users {
            self.assignees.remove(&user.name);
            let has_avatar = avatars.contains(&user.name);
            list.users.push(User {
                id: user_id(&user.name)?,
                has_avatar,
                thumbnail: has_avatar.then(|| addresses.avatar(&user.name)),
                archived: user.active == Some(false),
                ..User::new(user.attrib.full_name(&user.name))
            });
        }
        for name in self.assignees.iter().filter(|name| !name.is_empty()) {
            list.users.push(User {
                id: user_id(name)?,
                archived: true,
                ..User::new(name)
            });
        }
        list.users
            .sort_by(|a, b| by_name(&a.name, &b.name).then_with(|| a.id.cmp(&b.id)));
        list.users.dedup_by(|a, b| a.id == b.id);
        Ok(self.list)
    }
}

fn user_id(name: &str) -> Result<UserId> {
    UserId::new(name).map_err(|error| invalid("list the people", &error))
}

pub(super) fn invalid(operation: impl Into<String>, error: &InvalidId) -> Error {
    Error::new(ErrorKind::Invalid, operation, error.to_string())
}

/// Whether tasks may have a status.
fn is_for_tasks(status: &records::Status) -> bool {
    status.scope.is_empty() || status.scope.iter().any(|it| it == "task")
}

/// A colour that cannot be read is none: the site has a neutral one for that.
fn color(text: Option<&str>) -> Option<HexColor> {
    text?.parse().ok()
}

/// A project of which only the list's entry was read.
pub(super) fn listed_project(listed: &ListedProject) -> Result<Project> {
    let id = ProjectId::new(listed.name.as_str()).map_err(|error| {
        let operation = format!("read the project `{}`", listed.title().escape_debug());
        invalid(operation, &error)
    })?;
    Ok(Project {
        id,
        ..Project::new(listed.title())
    })
}

/// Adds to a project what its details say. What the list does not have is left out of its own lists.
pub(super) fn fill_in(
    project: &mut Project,
    details: &Details,
    tree: &Tree<'_>,
    list: &ProjectList,
) {
    let records::ProjectAttributes {
        fps,
        resolution_width,
        resolution_height,
    } = details.project.attrib;
    project.fps = fps.and_then(frame_rate).unwrap_or_default();
    let size = resolution_width.zip(resolution_height);
    let size = size.filter(|(width, height)| *width > 0 && *height > 0);
    project.resolution = size.map(|(width, height)| format!("{width}x{height}"));
    project.ratio = size.map(|(width, height)| ratio(width, height));

    let asset_types = details.asset_types(tree);
    project.asset_types = asset_types.into_iter().map(|it| it.id).collect();
    let known: HashSet<_> = list.asset_types.iter().map(|it| &it.id).collect();
    project.asset_types.retain(|id| known.contains(id));

    let names: HashSet<&str> = details
        .project
        .task_types
        .iter()
        .map(|it| it.name.as_str())
        .chain(
            details
                .tasks
                .iter()
                .filter_map(|it| it.task_type.as_deref()),
        )
        .collect();
    let task_types = list.task_types.iter();
    project.task_types = task_types
        .filter(|it| names.contains(it.name.as_str()))
        .map(|it| it.id.clone())
        .collect();

    let listed = details.project.statuses.iter();
    let names: HashSet<&str> = listed
        .filter(|it| is_for_tasks(it))
        .map(|it| it.name.as_str())
        .chain(details.tasks.iter().filter_map(|it| it.status.as_deref()))
        .collect();
    let statuses = list.task_statuses.iter();
    project.task_statuses = statuses
        .filter(|it| names.contains(it.name.as_str()))
        .map(|it| it.id.clone())
        .collect();

    let names: HashSet<&str> = details
        .tasks
        .iter()
        .flat_map(|it| it.assignees.iter().map(String::as_str))
        .collect();
    let users = list.users.iter();
    project.team = users
        .filter(|it| names.contains(it.id.as_str()))
        .map(|it| it.id.clone())
        .collect();
}

pub(super) fn frame_rate(fps: f64) -> Option<FrameRate> {
    FrameRate::new(fps).ok()
}

/// The shape of a picture, as in `2.39:1`.
#[allow(clippy::cast_precision_loss)] // Pictures are not that large.
fn ratio(width: i64, height: i64) -> String {
    let ratio = format!("{:.2}", width as f64 / height as f64);
    let ratio = ratio.trim_end_matches('0').trim_end_matches('.');
    format!("{ratio}:1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_told_as_people_tell_it() {
        assert_eq!(ratio(2048, 858), "2.39:1");
        assert_eq!(ratio(1920, 1080), "1.78:1");
        assert_eq!(ratio(4096, 2048), "2:1");
        assert_eq!(ratio(1000, 1000), "1:1");
        assert_eq!(ratio(10, 100), "0.1:1");
    }
}
