//! Makes what was read fit together: each id once, and nothing that refers to nothing.
//!
//! The client takes sites of which that cannot be said, and does not show what leads nowhere. Here a
//! type, status or sequence of which only the id is known gets a stand-in that is named by it, so that
//! nothing that belongs to it is lost. A person, a cast shot or asset that nobody knows is left out.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use watchtower_model::{
    AssetType, AssetTypeId, EditId, EntityKind, LeftOut, ProjectList, ProjectSnapshot, Reason,
    Sequence, TaskStatus, TaskStatusId, TaskType, TaskTypeId, UserId,
};

use super::mended::Mended;
use super::{Found, FoundProject};

pub(super) fn settle(found: &mut Found) {
    let list = &mut found.list;
    let mut known = Known::of(list);
    for project in &mut found.projects {
        let FoundProject {
            snapshot,
            none_is_all,
            mended,
        } = project;
        once_each(snapshot);
        sequences(snapshot, mended);
        tasks(snapshot, &mut known, mended);
        asset_types(snapshot, &mut known, mended);
        casting(snapshot);
        edits(snapshot, mended);
        uses(snapshot, *none_is_all, &known, mended);
    }
    known.add_to(list);
    // What is listed is what the project says of itself.
    let projects = found.projects.iter();
    list.projects = projects.map(|it| it.snapshot.project.clone()).collect();
}

/// The ids of what projects share, and stand-ins for those that are only referred to.
struct Known {
    asset_types: StandIns<AssetTypeId, AssetType>,
    task_types: StandIns<TaskTypeId, TaskType>,
    task_statuses: StandIns<TaskStatusId, TaskStatus>,
    users: HashSet<UserId>,
}

struct StandIns<I, T> {
    ids: HashSet<I>,
    made: Vec<T>,
    id: fn(&T) -> &I,
}

impl<I: Clone + Eq + Hash, T> StandIns<I, T> {
    /// Keeps the first of each id.
    fn of(all: &mut Vec<T>, id: fn(&T) -> &I) -> Self {
        let mut ids = HashSet::new();
        all.retain(|it| ids.insert(id(it).clone()));
        let made = Vec::new();
        Self { ids, made, id }
    }

    /// Has an id, by a stand-in if need be; says whether there was need.
    fn have(&mut self, id: &I, make: impl FnOnce() -> T) -> bool {
        let is_new = !self.ids.contains(id);
        if is_new {
            self.ids.insert(id.clone());
            self.made.push(make());
        }
        is_new
    }
}

impl Known {
    fn of(list: &mut ProjectList) -> Self {
        let mut users = HashSet::new();
        list.users.retain(|it| users.insert(it.id.clone()));
        Self {
            asset_types: StandIns::of(&mut list.asset_types, |it| &it.id),
            task_types: StandIns::of(&mut list.task_types, |it| &it.id),
            task_statuses: StandIns::of(&mut list.task_statuses, |it| &it.id),
            users,
        }
    }

    fn add_to(self, list: &mut ProjectList) {
        list.asset_types.extend(self.asset_types.made);
        list.task_types.extend(self.task_types.made);
        list.task_statuses.extend(self.task_statuses.made);
    }
}

/// What is said of a stand-in.
const STAND_IN: &str = "without a name, called by the id";

fn left_out(kind: EntityKind, id: &str, name: &str, reason: Reason) -> LeftOut {
    LeftOut {
        kind,
        id: id.to_owned(),
        name: name.to_owned(),
        reason,
    }
}

/// Keeps the first of those that have the same id.
fn once_each(snapshot: &mut ProjectSnapshot) {
    let ProjectSnapshot {
        episodes,
        sequences,
        assets,
        shots,
        left_out: out,
        ..
    } = snapshot;
    unique(
        episodes,
        EntityKind::Episode,
        |it| (it.id.as_str(), &it.name),
        out,
    );
    unique(
        sequences,
        EntityKind::Sequence,
        |it| (it.id.as_str(), &it.name),
        out,
    );
    unique(
        assets,
        EntityKind::Asset,
        |it| (it.id.as_str(), &it.name),
        out,
    );
    unique(
        shots,
        EntityKind::Shot,
        |it| (it.id.as_str(), &it.name),
        out,
    );
}

fn unique<T>(
    all: &mut Vec<T>,
    kind: EntityKind,
    id_and_name: impl Fn(&T) -> (&str, &str),
    out: &mut Vec<LeftOut>,
) {
    let mut ids = HashSet::new();
    all.retain(|it| {
        let (id, name) = id_and_name(it);
        let is_first = ids.insert(id.to_owned());
        if !is_first {
            let reason = Reason::Duplicate("another has the same id".to_owned());
            out.push(left_out(kind, id, name, reason));
        }
        is_first
    });
}

/// Every shot belongs to a sequence.
fn sequences(snapshot: &mut ProjectSnapshot, mended: &mut Mended) {
    let known = &mut snapshot.sequences;
    let mut ids: HashSet<_> = known.iter().map(|it| it.id.clone()).collect();
    for shot in &snapshot.shots {
        if ids.insert(shot.sequence_id.clone()) {
            let id = shot.sequence_id.clone();
            let none = Sequence::new(super::entities::NO_SEQUENCE);
            if id == none.id {
                known.push(none);
                continue;
            }
            mended.note("sequence", STAND_IN, id.as_str());
            known.push(Sequence {
                name: id.to_string(),
                id,
                episode_id: None,
            });
        }
    }
}

/// Every task has a type and a status, and people who are known.
fn tasks(snapshot: &mut ProjectSnapshot, known: &mut Known, mended: &mut Mended) {
    let of_shots = snapshot.shots.iter_mut().map(|it| (true, &mut it.tasks));
    let of_assets = snapshot.assets.iter_mut().map(|it| (false, &mut it.tasks));
    for (for_shots, tasks) in of_shots.chain(of_assets) {
        for task in tasks {
            let id = &task.task_type_id;
            let stand_in = || TaskType {
                id: id.clone(),
                for_shots,
                ..TaskType::new(id.as_str())
            };
            if known.task_types.have(id, stand_in) {
                mended.note("task type", STAND_IN, id.as_str());
            }
            let id = &task.task_status_id;
            let stand_in = || TaskStatus {
                id: id.clone(),
                ..TaskStatus::new(id.as_str())
            };
            if known.task_statuses.have(id, stand_in) {
                mended.note("task status", STAND_IN, id.as_str());
            }
            task.assignees.retain(|id| {
                let is_known = known.users.contains(id);
                if !is_known {
                    mended.note("assignee", "left out, who is nobody known", id.as_str());
                }
                is_known
            });
        }
    }
}

/// Every asset has a type.
fn asset_types(snapshot: &mut ProjectSnapshot, known: &mut Known, mended: &mut Mended) {
    for asset in &snapshot.assets {
        let id = &asset.asset_type_id;
        let none = AssetType::new(super::entities::NO_TYPE);
        if *id == none.id {
            known.asset_types.have(id, || none);
            continue;
        }
        let stand_in = || AssetType {
            id: id.clone(),
            ..AssetType::new(id.as_str())
        };
        if known.asset_types.have(id, stand_in) {
            mended.note("asset type", STAND_IN, id.as_str());
        }
    }
}

/// Each shot is cast once, with assets that are there. Of two entries the client takes the first.
fn casting(snapshot: &mut ProjectSnapshot) {
    let ProjectSnapshot {
        shots,
        assets,
        casting,
        left_out: out,
        ..
    } = snapshot;
    let shots: HashMap<_, _> = shots.iter().map(|it| (&it.id, &it.name)).collect();
    let assets: HashSet<_> = assets.iter().map(|it| &it.id).collect();
    let mut cast = HashSet::new();
    casting.retain_mut(|entry| {
        let id = &entry.shot_id;
        let mut leave_out = |id: &str, name: &str, reason| {
            out.push(left_out(EntityKind::Casting, id, name, reason));
        };
        let Some(name) = shots.get(id) else {
            leave_out(id.as_str(), id.as_str(), Reason::Dangling);
            return false;
        };
        if !cast.insert(id.clone()) {
            let reason = Reason::Duplicate("the shot is cast already".to_owned());
            leave_out(id.as_str(), name, reason);
            return false;
        }
        entry.asset_ids.retain(|asset| {
            let is_there = assets.contains(asset);
            if !is_there {
                let name = format!("{asset} in {name}");
                leave_out(asset.as_str(), &name, Reason::Dangling);
            }
            is_there
        });
        true
    });
}

/// Each edit has an id of its own, and an episode that is there or none.
fn edits(snapshot: &mut ProjectSnapshot, mended: &mut Mended) {
    let mut ids = HashSet::new();
    for (number, edit) in snapshot.edits.iter_mut().enumerate() {
        if !ids.insert(edit.id.clone()) {
            mended.note("edit", "with an id that another has", edit.id.as_str());
            edit.id = EditId::derived(&[snapshot.project.id.as_str(), &number.to_string()]);
        }
        let mut episodes = snapshot.episodes.iter();
        if let Some(id) = &edit.episode_id
            && episodes.all(|it| it.id != *id)
        {
            mended.note("edit", "of an episode that is not there", id.as_str());
            edit.episode_id = None;
        }
    }
}

/// A project lists what is there. Where it does not list all, stand-ins that it refers to are among them.
fn uses(snapshot: &mut ProjectSnapshot, none_is_all: bool, known: &Known, mended: &mut Mended) {
    let ProjectSnapshot {
        project,
        shots,
        assets,
        ..
    } = snapshot;
    let mut keep = |kind: &'static str, id: &str, is_there: bool| {
        if !is_there {
            mended.note(kind, "listed by the project and not there", id);
        }
        is_there
    };
    let Known {
        asset_types,
        task_types,
        task_statuses,
        users,
    } = known;
    let team = &mut project.team;
    team.retain(|id| keep("user", id.as_str(), users.contains(id)));
    let list = &mut project.asset_types;
    list.retain(|id| keep("asset type", id.as_str(), asset_types.ids.contains(id)));
    let list = &mut project.task_types;
    list.retain(|id| keep("task type", id.as_str(), task_types.ids.contains(id)));
    let list = &mut project.task_statuses;
    list.retain(|id| keep("task status", id.as_str(), task_statuses.ids.contains(id)));

    let tasks = || {
        let of_shots = shots.iter().flat_map(|it| &it.tasks);
        of_shots.chain(assets.iter().flat_map(|it| &it.tasks))
    };
    let mut add_to = Additions {
        none_is_all,
        project: &project.name,
        mended,
    };
    let used = assets.iter().map(|it| &it.asset_type_id);
    add_to.list("asset types", &mut project.asset_types, asset_types, used);
    let used = tasks().map(|it| &it.task_type_id);
    add_to.list("task types", &mut project.task_types, task_types, used);
    let used = tasks().map(|it| &it.task_status_id);
    let list = &mut project.task_statuses;
    add_to.list("task statuses", list, task_statuses, used);
}

/// What is added to the lists of a project.
struct Additions<'a> {
    none_is_all: bool,
    project: &'a str,
    mended: &'a mut Mended,
}

impl Additions<'_> {
    /// Adds the stand-ins in use to a list that is not of all. One that stays without any is of all from
    /// now on.
    fn list<'a, I: Clone + Eq + Hash + 'a, T>(
        &mut self,
        what: &str,
        list: &mut Vec<I>,
        known: &StandIns<I, T>,
        used: impl Iterator<Item = &'a I>,
    ) {
        if self.none_is_all && list.is_empty() {
            return;
        }
        if !known.made.is_empty() {
            let used: HashSet<_> = used.collect();
            let listed: HashSet<_> = list.iter().cloned().collect();
            let stand_ins = known.made.iter().map(known.id);
            let new = stand_ins.filter(|it| used.contains(it) && !listed.contains(it));
            list.extend(new.cloned());
        }
        if list.is_empty() && !known.ids.is_empty() {
            let sentence = format!("without any {what}, which means all of them from now on");
            self.mended.note("project", &sentence, self.project);
        }
    }
}
