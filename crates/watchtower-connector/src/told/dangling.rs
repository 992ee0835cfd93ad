//! What refers to something that is not there.
//!
//! A tracker that is asked one thing after the other, while people work on it, always has some of that.

use std::collections::{BTreeMap, HashSet};

use watchtower_model::{
    Asset, EntityKind, LeftOut, ProjectList, ProjectSnapshot, Reason, Sequence, Shot, Task,
};

/// How many ids a note names.
const NAMED: usize = 5;

/// Takes out of a project what refers to something that is neither in it nor in the list, and counts it
/// among what is left out. Nothing dangles afterwards.
pub(super) fn leave_out(snapshot: &mut ProjectSnapshot, list: &ProjectList) {
    let mut missing = Missing::default();
    let types = Shared::of(list);
    let project = &mut snapshot.project;
    let from = "the project refers";
    project.asset_types.retain(|it| {
        let id = it.as_str();
        missing.unless(types.asset_types.contains(id), from, "asset types", id)
    });
    project.task_types.retain(|it| {
        let id = it.as_str();
        missing.unless(types.task_types.contains(id), from, "task types", id)
    });
    project.task_statuses.retain(|it| {
        let id = it.as_str();
        missing.unless(types.task_statuses.contains(id), from, "task statuses", id)
    });
    project.team.retain(|it| {
        let id = it.as_str();
        missing.unless(types.users.contains(id), from, "people", id)
    });

    let episodes: HashSet<_> = snapshot.episodes.iter().map(|it| &it.id).collect();
    let sequences = snapshot.sequences.iter_mut();
    let sequences = sequences.map(|it| ("sequences refer", &mut it.episode_id));
    let edits = snapshot.edits.iter_mut();
    let edits = edits.map(|it| ("edits refer", &mut it.episode_id));
    for (from, episode) in sequences.chain(edits) {
        episode.take_if(|id| !missing.unless(episodes.contains(id), from, "episodes", id.as_str()));
    }

    let mut left_out = Vec::new();
    let names = snapshot.sequences.iter();
    let names: BTreeMap<_, _> = names
        .map(|Sequence { id, name, .. }| (id, &**name))
        .collect();
    let shots = std::mem::take(&mut snapshot.shots);
    for mut shot in shots {
        let id = &shot.sequence_id;
        let sequence = names.get(id).copied();
        let name = format!("{} / {}", sequence.unwrap_or(id.as_str()), shot.name);
        if missing.unless(sequence.is_some(), "shots refer", "sequences", id.as_str()) {
            types.tasks(
                &mut shot.tasks,
                shot.id.as_str(),
                &name,
                &mut missing,
                &mut left_out,
            );
            snapshot.shots.push(shot);
        } else {
            left_out.push(dangling(EntityKind::Shot, shot.id.as_str(), name));
        }
    }
    let assets = std::mem::take(&mut snapshot.assets);
    for mut asset in assets {
        let id = asset.asset_type_id.as_str();
        if missing.unless(
            types.asset_types.contains(id),
            "assets refer",
            "asset types",
            id,
        ) {
            let (id, name) = (asset.id.as_str(), &asset.name);
            types.tasks(&mut asset.tasks, id, name, &mut missing, &mut left_out);
            snapshot.assets.push(asset);
        } else {
            left_out.push(dangling(EntityKind::Asset, asset.id.as_str(), asset.name));
        }
    }
    snapshot.left_out.append(&mut left_out);
    leave_out_of_casting(snapshot, &mut missing);
    snapshot.notes.extend(missing.notes());
}

/// What is cast in a shot that was left out, or is an asset that was, goes with it without a word.
fn leave_out_of_casting(snapshot: &mut ProjectSnapshot, missing: &mut Missing) {
    let gone: HashSet<String> = snapshot.left_out.iter().map(|it| it.id.clone()).collect();
    let shots: BTreeMap<&str, &str> = snapshot
        .shots
        .iter()
        .map(|Shot { id, name, .. }| (id.as_str(), &**name))
        .collect();
    let assets: HashSet<&str> = snapshot
        .assets
        .iter()
        .map(|Asset { id, .. }| id.as_str())
        .collect();
    let left_out = &mut snapshot.left_out;
    snapshot.casting.retain_mut(|casting| {
        let id = casting.shot_id.as_str();
        let Some(name) = shots.get(id) else {
            if !gone.contains(id) {
                missing.unless(false, "castings refer", "shots", id);
                left_out.push(dangling(EntityKind::Casting, id, id.to_owned()));
            }
            return false;
        };
        casting.asset_ids.retain(|asset| {
            let asset = asset.as_str();
            let is_there = assets.contains(asset);
            if !is_there && !gone.contains(asset) {
                missing.unless(false, "castings refer", "assets", asset);
                left_out.push(dangling(
                    EntityKind::Casting,
                    id,
                    format!("{asset} in {name}"),
                ));
            }
            is_there
        });
        true
    });
}

fn dangling(kind: EntityKind, id: &str, name: String) -> LeftOut {
    LeftOut {
        kind,
        id: id.to_owned(),
        name,
        reason: Reason::Dangling,
    }
}

/// The ids of what projects share.
struct Shared<'a> {
    asset_types: HashSet<&'a str>,
    task_types: HashSet<&'a str>,
    task_statuses: HashSet<&'a str>,
    users: HashSet<&'a str>,
}

impl<'a> Shared<'a> {
    fn of(list: &'a ProjectList) -> Self {
        Self {
            asset_types: list.asset_types.iter().map(|it| it.id.as_str()).collect(),
            task_types: list.task_types.iter().map(|it| it.id.as_str()).collect(),
            task_statuses: list.task_statuses.iter().map(|it| it.id.as_str()).collect(),
            users: list.users.iter().map(|it| it.id.as_str()).collect(),
        }
    }

    /// Leaves out tasks without a type or status, and people nobody knows, of what has an id and a name.
    fn tasks(
        &self,
        tasks: &mut Vec<Task>,
        id: &str,
        name: &str,
        missing: &mut Missing,
        left_out: &mut Vec<LeftOut>,
    ) {
        tasks.retain_mut(|task| {
            let task_type = task.task_type_id.as_str();
            let status = task.task_status_id.as_str();
            let is_known = self.task_types.contains(task_type);
            let is_whole = missing.unless(is_known, "tasks refer", "task types", task_type)
                && missing.unless(
                    self.task_statuses.contains(status),
                    "tasks refer",
                    "task statuses",
                    status,
                );
            if !is_whole {
                let id = task.id.as_ref().map_or(id, |id| id.as_str());
                left_out.push(dangling(EntityKind::Task, id, name.to_owned()));
            }
            task.assignees.retain(|it| {
                let id = it.as_str();
                missing.unless(self.users.contains(id), "tasks refer", "people", id)
            });
            is_whole
        });
    }
}

/// What is missing: the ids, by what refers to them and what they are of.
#[derive(Default)]
struct Missing(BTreeMap<(&'static str, &'static str), BTreeMap<String, usize>>);

impl Missing {
    /// Takes down that something refers to an id, unless that is there. Gives back whether it is.
    fn unless(&mut self, is_there: bool, from: &'static str, of: &'static str, id: &str) -> bool {
        if !is_there {
            let ids = self.0.entry((from, of)).or_default();
            *ids.entry(id.to_owned()).or_default() += 1;
        }
        is_there
    }

    fn notes(self) -> impl Iterator<Item = String> {
        self.0.into_iter().map(|((from, of), ids)| {
            let times = ids.values().sum::<usize>();
            let named = ids
                .keys()
                .take(NAMED)
                .map(|id| format!("`{}`", id.escape_debug()));
            let named = named.collect::<Vec<_>>().join(", ");
            let more = match ids.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let times = match times {
                1 => "once".to_owned(),
                times => format!("{times} times"),
            };
            format!("{from} to {of} that are not there, {times}: {named}{more}")
        })
    }
}
