//! From what AYON's projects hold to a [`ProjectList`].
//!
//! AYON names types and statuses by project, without ids. What has the same name in two projects is
//! the same to us, with an id that follows from the name.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use watchtower_model::{
    AssetType, AssetTypeId, FrameRate, HexColor, InvalidId, MediaRef, Project, ProjectId,
    ProjectList, TaskStatus, TaskType, TaskTypeId, User, UserId,
};

use super::access::Access;
use super::media::Addresses;
use super::records::{self, Folder, ListedProject};
use super::tree::{Kind, Tree};
use crate::snapshot_builder::sort_by_name;
use crate::{Error, ErrorKind, Result};

/// What is read of a project to know what it shares with the others.
#[derive(Clone, Debug, Default)]
pub(super) struct Details {
    pub project: records::Project,
    pub folders: Vec<Folder>,
    pub tasks: Vec<records::Task>,
    pub access: Access,
}

impl Details {
    pub(super) fn tree(&self, omitted: &[String]) -> Tree<'_> {
        Tree::new(&self.folders, &self.project.statuses, omitted)
    }

    /// The tasks that are in the film, with what they are on. Others decide nothing about what projects
    /// share.
    fn work<'a>(&'a self, tree: &Tree<'a>) -> impl Iterator<Item = (&'a records::Task, Kind)> {
        let active = self.tasks.iter().filter(|it| it.active != Some(false));
        active.filter_map(|task| {
            let folder = tree.get(task.folder_id.as_deref()?)?;
            (!tree.is_canceled(folder)).then(|| (task, Kind::of(folder)))
        })
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
        sort_by_name(&mut types, |it| ((), &it.name, &it.id));
        types
    }
}

/// What a project has in common with others: what the list says of it, and nothing of what is in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Share {
    project: records::Project,
    /// The types of its assets, by name.
    asset_types: Vec<AssetType>,
    /// The types that its tasks are of, and whether those are tasks of shots, or else of assets.
    task_types: Vec<(String, bool)>,
    /// The statuses that its tasks have.
    statuses: Vec<String>,
    /// The accounts that its tasks are assigned to.
    assignees: Vec<String>,
}

impl Share {
    /// What a project has in common with others, each thing once and in the order in which it comes.
    pub(super) fn new(details: &Details, tree: &Tree<'_>) -> Self {
        let work = || details.work(tree);
        let task_type = |(task, kind): (&records::Task, Kind)| match kind {
            Kind::Shot | Kind::Asset => Some((task.task_type.clone()?, kind == Kind::Shot)),
            _ => None,
        };
        let assignees = work().flat_map(|(it, _)| it.assignees.iter());
        Self {
            project: details.project.clone(),
            asset_types: details.asset_types(tree),
            task_types: distinct(work().filter_map(task_type)),
            statuses: distinct(work().filter_map(|(it, _)| it.status.clone())),
            assignees: distinct(assignees.filter(|it| !it.is_empty()).cloned()),
        }
    }
}

fn distinct<T: Clone + Eq + Hash>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    all.filter(|it| seen.insert(it.clone())).collect()
}

/// Gathers what projects have in common, each thing once.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    list: ProjectList,
    asset_types: HashSet<AssetTypeId>,
    task_types: Vec<NamedTaskType>,
    task_type_places: HashMap<String, usize>,
    task_statuses: HashMap<String, usize>,
    assignees: HashSet<String>,
}

/// What a name of a task type stands for: one type of the tasks of shots, and one of all others, for the
/// client has a menu of each.
#[derive(Debug, Default)]
struct NamedTaskType {
    name: String,
    color: Option<HexColor>,
    /// Whether a project lists it.
    listed: bool,
    of_shots: bool,
    of_assets: bool,
}

/// The task type that a name stands for on shots, or on assets. What is done on one of them in a project
/// must not change what it is in another, so these are two, whether there are both or not.
fn task_type(name: &str, for_shots: bool) -> TaskType {
    let id = match for_shots {
        true => TaskTypeId::derived(&[name]),
        false => TaskTypeId::derived(&[name, "assets"]),
    };
    TaskType {
        id,
        for_shots,
        ..TaskType::new(name)
    }
}

impl Gathered {
    /// Adds what a project holds. The order of types and statuses is that of the first project.
    pub(super) fn add(&mut self, share: &Share) {
        for asset_type in &share.asset_types {
            if self.asset_types.insert(asset_type.id.clone()) {
                self.list.asset_types.push(asset_type.clone());
            }
        }
        for record in &share.project.task_types {
            let task_type = self.task_type(&record.name);
            task_type.listed = true;
            task_type.color = task_type.color.or(color(record.color.as_deref()));
        }
        for record in &share.project.statuses {
            let status = self.task_status(&record.name);
            status.archived &= !is_for_tasks(record);
            status.color = status.color.or(color(record.color.as_deref()));
        }
        // What was taken off the project's lists stays on its tasks.
        for status in &share.statuses {
            self.task_status(status);
        }
        for (name, of_shots) in &share.task_types {
            let task_type = self.task_type(name);
            task_type.of_shots |= of_shots;
            task_type.of_assets |= !of_shots;
        }
        self.assignees.extend(share.assignees.iter().cloned());
    }

    /// Of some people, those who have something to do.
    pub(super) fn at_work(&self, users: Vec<records::User>) -> Vec<records::User> {
        let mut users = users;
        users.retain(|it| self.assignees.contains(&it.name));
        users
    }

    fn task_type(&mut self, name: &str) -> &mut NamedTaskType {
        let all = &mut self.task_types;
        let place = *self
            .task_type_places
            .entry(name.to_owned())
            .or_insert_with(|| {
                all.push(NamedTaskType {
                    name: name.to_owned(),
                    ..NamedTaskType::default()
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
        is_there: impl Fn(&MediaRef) -> bool,
        addresses: Addresses<'_>,
    ) -> Result<ProjectList> {
        let list = &mut self.list;
        sort_by_name(&mut list.asset_types, |it| ((), &it.name, &it.id));
        // Work on assets comes before work on shots.
        for for_shots in [false, true] {
            let of_these = self.task_types.iter().filter(|it| match for_shots {
                true => it.of_shots,
                false => it.of_assets || !it.of_shots,
            });
            list.task_types.extend(of_these.map(|it| TaskType {
                color: it.color,
                // One that no project lists is there for the tasks that still have it.
                archived: !it.listed,
                ..task_type(&it.name, for_shots)
            }));
        }
        for user in users {
            self.assignees.remove(&user.name);
            let avatar = Some(addresses.avatar(&user.name)).filter(&is_there);
            list.users.push(User {
                id: user_id(&user.name)?,
                has_avatar: avatar.is_some(),
                thumbnail: avatar,
                archived: user.active == Some(false),
                ..User::new(user.attrib.full_name(&user.name))
            });
        }
        for name in &self.assignees {
            list.users.push(User {
                id: user_id(name)?,
                archived: true,
                ..User::new(name)
            });
        }
        sort_by_name(&mut list.users, |it| ((), &it.name, &it.id));
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

/// A colour, without how transparent it is. One that cannot be read is none: the site has a neutral one
/// for that.
fn color(text: Option<&str>) -> Option<HexColor> {
    let text = text?.trim();
    let opaque = match text.len() {
        5 => text.get(..4)?,
        9 => text.get(..7)?,
        _ => text,
    };
    opaque.parse().ok()
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

/// Adds to a project what is known of it. What the list does not have is left out of its own lists.
pub(super) fn fill_in(project: &mut Project, share: &Share, list: &ProjectList) {
    let records::ProjectAttributes {
        fps,
        resolution_width,
        resolution_height,
    } = share.project.attrib;
    project.fps = fps.and_then(frame_rate).unwrap_or_default();
    let size = resolution_width.zip(resolution_height);
    let size = size.filter(|(width, height)| *width > 0 && *height > 0);
    project.resolution = size.map(|(width, height)| format!("{width}x{height}"));
    project.ratio = size.map(|(width, height)| ratio(width, height));

    let asset_types = share.asset_types.iter();
    project.asset_types = asset_types.map(|it| it.id.clone()).collect();
    let known: HashSet<_> = list.asset_types.iter().map(|it| &it.id).collect();
    project.asset_types.retain(|id| known.contains(id));

    let used = share.task_types.iter();
    let used: HashSet<_> = used
        .map(|(name, of_shots)| (name.as_str(), *of_shots))
        .collect();
    let names = share.project.task_types.iter();
    let names: HashSet<&str> = names.map(|it| it.name.as_str()).collect();
    let task_types = list.task_types.iter();
    project.task_types = task_types
        .filter(|it| {
            let name = it.name.as_str();
            let is_used = |for_shots: bool| used.contains(&(name, for_shots));
            // One that is listed, and that nobody works on yet, may be either.
            is_used(it.for_shots) || names.contains(name) && !is_used(!it.for_shots)
        })
        .map(|it| it.id.clone())
        .collect();

    let listed = share.project.statuses.iter();
    let names: HashSet<&str> = listed
        .filter(|it| is_for_tasks(it))
        .map(|it| it.name.as_str())
        .chain(share.statuses.iter().map(String::as_str))
        .collect();
    let statuses = list.task_statuses.iter();
    project.task_statuses = statuses
        .filter(|it| names.contains(it.name.as_str()))
        .map(|it| it.id.clone())
        .collect();

    let names: HashSet<&str> = share.assignees.iter().map(String::as_str).collect();
    let users = list.users.iter();
    project.team = users
        .filter(|it| names.contains(it.id.as_str()))
        .map(|it| it.id.clone())
        .collect();
}

/// A frame rate. The rates of NTSC are written with two to five decimals: those are the same.
pub(super) fn frame_rate(fps: f64) -> Option<FrameRate> {
    const NTSC: [f64; 5] = [23.976, 29.97, 47.952, 59.94, 119.88];
    let is_near = |rate: &&f64| (fps - **rate).abs() < 0.022;
    FrameRate::new(NTSC.iter().find(is_near).copied().unwrap_or(fps)).ok()
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
    fn the_same_rate_is_told_with_more_or_fewer_decimals() {
        let rate = |fps: f64| frame_rate(fps).map(FrameRate::as_f64);
        for fps in [23.976, 23.98, 23.997, 23.976_023_976, 24000.0 / 1001.0] {
            assert_eq!(rate(fps), Some(23.976), "{fps}");
        }
        assert_eq!(rate(29.969_999), Some(29.97));
        for fps in [24.0, 25.0, 30.0, 48.0, 59.0, 60.0, 12.5] {
            assert_eq!(rate(fps), Some(fps));
        }
        assert_eq!(rate(0.0), None);
    }

    #[test]
    fn a_colour_may_say_how_transparent_it_is() {
        let shown = |text: &str| color(Some(text)).map(|it| it.to_string());
        assert_eq!(shown("#12345678").as_deref(), Some("#123456"));
        assert_eq!(shown("#1234").as_deref(), Some("#112233"));
        assert_eq!(shown(" #FF6600 ").as_deref(), Some("#ff6600"));
        for odd in ["12345678", "#1234567", "#é2345678", "red", ""] {
            assert_eq!(shown(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_ratio_is_told_as_people_tell_it() {
        assert_eq!(ratio(2048, 858), "2.39:1");
        assert_eq!(ratio(1920, 1080), "1.78:1");
        assert_eq!(ratio(4096, 2048), "2:1");
        assert_eq!(ratio(1000, 1000), "1:1");
        assert_eq!(ratio(10, 100), "0.1:1");
    }
}
