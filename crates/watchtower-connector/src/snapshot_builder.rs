//! From a tracker's records to a [`ProjectSnapshot`] in which nothing dangles.
//!
//! What every connector needs on that way: to look up the types, statuses and people that tasks refer to, to
//! name what is left out, to note what a person should know, and to put it all in a lasting order.
//!
//! ```
//! use watchtower_connector::snapshot_builder::{SnapshotBuilder, TaskRecord};
//! use watchtower_model::{EntityKind, Project, ProjectList, Reason, TaskStatus, TaskType};
//!
//! let (animation, done) = (TaskType::new("Animation"), TaskStatus::new("Done"));
//! let list = ProjectList {
//!     task_types: vec![animation.clone()],
//!     task_statuses: vec![done.clone()],
//!     ..ProjectList::default()
//! };
//! let mut builder = SnapshotBuilder::new("Foobar", &Project::new("Film"), &list);
//! let tasks = builder.tasks("010 / 0020", [TaskRecord {
//!     id: "1".into(),
//!     task_type: Some(animation.id.as_str().into()),
//!     status: Some(done.id.as_str().into()),
//!     assignees: vec!["nobody-knows".into()],
//! }])?;
//! assert_eq!(tasks.len(), 1);
//! builder.leave_out(EntityKind::Shot, "7", "010 / 0030", Reason::Canceled);
//! let snapshot = builder.finish();
//! assert_eq!(snapshot.notes, ["1 of the people on tasks is left out: Foobar does not list them"]);
//! # Ok::<(), watchtower_model::InvalidId>(())
//! ```

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use watchtower_model::{
    EntityKind, InvalidId, LeftOut, Project, ProjectList, ProjectSnapshot, Reason, ShotCasting,
    Task, TaskId, TaskStatusId, TaskTypeId, UserId,
};

/// Gathers a [`ProjectSnapshot`].
#[derive(Debug)]
pub struct SnapshotBuilder<'a> {
    /// What was gathered so far. Connectors add sequences, shots, assets and the rest to it.
    pub snapshot: ProjectSnapshot,
    /// The name of the tracker, as people know it.
    tracker: &'a str,
    list: &'a ProjectList,
    task_types: HashMap<&'a str, (&'a TaskTypeId, usize)>,
    task_statuses: HashMap<&'a str, &'a TaskStatusId>,
    users: HashMap<&'a str, &'a UserId>,
    unknown_assignees: usize,
}

/// A task as a tracker tells it.
#[derive(Clone, Debug)]
pub struct TaskRecord<'r> {
    /// Its id.
    pub id: Cow<'r, str>,
    /// What names its type.
    pub task_type: Option<Cow<'r, str>>,
    /// What names its status.
    pub status: Option<Cow<'r, str>>,
    /// The ids of the people who do it.
    pub assignees: Vec<Cow<'r, str>>,
}

impl<'a> SnapshotBuilder<'a> {
    /// An empty project. What tasks refer to is looked up in the list by id.
    pub fn new(tracker: &'a str, project: &Project, list: &'a ProjectList) -> Self {
        let task_types = list.task_types.iter().zip(0..);
        let task_statuses = list.task_statuses.iter();
        let users = list.users.iter();
        Self {
            snapshot: ProjectSnapshot::new(project.clone()),
            tracker,
            list,
            task_types: task_types
                .map(|(it, place)| (it.id.as_str(), (&it.id, place)))
                .collect(),
            task_statuses: task_statuses.map(|it| (it.id.as_str(), &it.id)).collect(),
            users: users.map(|it| (it.id.as_str(), &it.id)).collect(),
            unknown_assignees: 0,
        }
    }

    /// The list of projects that the snapshot goes with.
    pub fn list(&self) -> &'a ProjectList {
        self.list
    }

    /// Names something that the tracker holds and the snapshot does not.
    pub fn leave_out(
        &mut self,
        kind: EntityKind,
        id: impl Into<String>,
        name: impl Into<String>,
        reason: Reason,
    ) {
        self.snapshot.left_out.push(LeftOut {
            kind,
            id: id.into(),
            name: name.into(),
            reason,
        });
    }

    /// Says something that a person who reads the summary should know.
    pub fn note(&mut self, note: impl Into<String>) {
        self.snapshot.notes.push(note.into());
    }

    /// The tasks of a shot or asset, in the order of task types. One whose type or status is not in the list
    /// of projects is left out, under the name of what it is `of`; people who are not are counted.
    ///
    /// # Errors
    ///
    /// When a task's id is empty.
    pub fn tasks<'r>(
        &mut self,
        of: &str,
        records: impl IntoIterator<Item = TaskRecord<'r>>,
    ) -> Result<Vec<Task>, InvalidId> {
        let mut tasks = Vec::new();
        for record in records {
            let task_type = record.task_type.and_then(|it| self.task_types.get(&*it));
            let status = record.status.and_then(|it| self.task_statuses.get(&*it));
            let (Some(&(task_type_id, place)), Some(&task_status_id)) = (task_type, status) else {
                self.leave_out(EntityKind::Task, record.id, of, Reason::Dangling);
                continue;
            };
            let known = record
                .assignees
                .iter()
                .filter_map(|id| self.users.get(&**id));
            let mut assignees: Vec<UserId> = known.map(|&id| id.clone()).collect();
            self.unknown_assignees += record.assignees.len() - assignees.len();
            assignees.sort();
            assignees.dedup();
            let task = Task {
                id: Some(TaskId::new(record.id)?),
                assignees,
                ..Task::new(task_type_id.clone(), task_status_id.clone())
            };
            tasks.push((place, task));
        }
        tasks.sort_by(|(place_a, a), (place_b, b)| {
            place_a.cmp(place_b).then_with(|| a.id.cmp(&b.id))
        });
        Ok(tasks.into_iter().map(|(_, task)| task).collect())
    }

    /// Casts assets in shots, as pairs of the id of a shot and that of an asset say, in the order of the
    /// shots and assets gathered so far, each asset of a shot once. Gives back the pairs of which one is not
    /// among those.
    pub fn cast<S: AsRef<str>>(&mut self, pairs: impl IntoIterator<Item = (S, S)>) -> Vec<(S, S)> {
        let shots = ids(self.snapshot.shots.iter().map(|it| &it.id));
        let assets = ids(self.snapshot.assets.iter().map(|it| &it.id));
        let (mut cast, mut missing) = (Vec::new(), Vec::new());
        for (shot, asset) in pairs {
            match (shots.get(shot.as_ref()), assets.get(asset.as_ref())) {
                (Some((_, shot)), Some((_, asset))) => cast.push((*shot, *asset)),
                _ => missing.push((shot, asset)),
            }
        }
        cast.sort_unstable();
        cast.dedup();
        let casting = cast.chunk_by(|(a, _), (b, _)| a == b).map(|of_shot| {
            let asset = |(_, asset): &(usize, usize)| self.snapshot.assets[*asset].id.clone();
            ShotCasting {
                shot_id: self.snapshot.shots[of_shot[0].0].id.clone(),
                asset_ids: of_shot.iter().map(asset).collect(),
            }
        });
        self.snapshot.casting = casting.collect();
        missing
    }

    /// Adds to the project's own lists the types, statuses and people that its tasks and assets refer to, in
    /// the order of the list of projects. An empty list of types or statuses means all, and stays empty.
    pub fn list_what_is_used(&mut self) {
        let ProjectSnapshot {
            project,
            shots,
            assets,
            ..
        } = &mut self.snapshot;
        let (mut types, mut statuses, mut people) =
            (HashSet::new(), HashSet::new(), HashSet::new());
        let of_shots = shots.iter().flat_map(|it| &it.tasks);
        for task in of_shots.chain(assets.iter().flat_map(|it| &it.tasks)) {
            types.insert(&task.task_type_id);
            statuses.insert(&task.task_status_id);
            people.extend(&task.assignees);
        }
        let list = self.list;
        let all = list.users.iter().map(|it| &it.id);
        add_used(&mut project.team, &people, all);
        if !project.task_types.is_empty() {
            let all = list.task_types.iter().map(|it| &it.id);
            add_used(&mut project.task_types, &types, all);
        }
        if !project.task_statuses.is_empty() {
            let all = list.task_statuses.iter().map(|it| &it.id);
            add_used(&mut project.task_statuses, &statuses, all);
        }
        if !project.asset_types.is_empty() {
            let used = assets.iter().map(|it| &it.asset_type_id).collect();
            let all = list.asset_types.iter().map(|it| &it.id);
            add_used(&mut project.asset_types, &used, all);
        }
    }

    /// Last touches on the whole: people nobody lists are noted, and what is left out is sorted by kind and
    /// name.
    pub fn finish(mut self) -> ProjectSnapshot {
        let unknown = self.unknown_assignees;
        if unknown > 0 {
            let are = if unknown == 1 { "is" } else { "are" };
            self.note(format!(
                "{unknown} of the people on tasks {are} left out: {} does not list them",
                self.tracker
            ));
        }
        let mut snapshot = self.snapshot;
        sort_by_name(&mut snapshot.left_out, |it| (it.kind, &it.name, &*it.id));
        snapshot
    }
}

/// Adds what is used and not listed yet, in the order of all.
fn add_used<'l, I: Clone + Eq + Hash + 'l>(
    listed: &mut Vec<I>,
    used: &HashSet<&I>,
    all: impl Iterator<Item = &'l I>,
) {
    let known: HashSet<I> = listed.iter().cloned().collect();
    let missing = all.filter(|id| used.contains(id) && !known.contains(id));
    listed.extend(missing.cloned());
}

/// The order of names in which people read them: `sh2` before `sh10`.
pub fn by_name(a: &str, b: &str) -> std::cmp::Ordering {
    alphanumeric_sort::compare_str(a, b)
}

/// Sorts by place first, then by name as people read it, then by id.
///
/// ```
/// use watchtower_connector::snapshot_builder::sort_by_name;
///
/// let mut shots = [(1, "sh10", "a"), (1, "sh2", "c"), (0, "sh3", "b"), (1, "sh2", "b")];
/// sort_by_name(&mut shots, |(place, name, id)| (*place, name, *id));
/// assert_eq!(shots, [(0, "sh3", "b"), (1, "sh2", "b"), (1, "sh2", "c"), (1, "sh10", "a")]);
/// ```
pub fn sort_by_name<T, P: Ord, I: Ord + ?Sized>(
    things: &mut [T],
    key: impl Fn(&T) -> (P, &str, &I),
) {
    things.sort_by(|a, b| {
        let ((place_a, name_a, id_a), (place_b, name_b, id_b)) = (key(a), key(b));
        let names = || by_name(name_a, name_b).then_with(|| id_a.cmp(id_b));
        place_a.cmp(&place_b).then_with(names)
    });
}

/// Ids and their places in a list, by their text.
pub fn ids<'a, I>(list: impl Iterator<Item = &'a I>) -> HashMap<String, (I, usize)>
where
    I: AsRef<str> + Clone + 'a,
{
    let entry = |(id, place): (&I, usize)| (id.as_ref().to_owned(), (id.clone(), place));
    list.zip(0..).map(entry).collect()
}

/// A number of things, in words.
///
/// ```
/// use watchtower_connector::snapshot_builder::count;
///
/// assert_eq!(count(1, "shot is", "shots are"), "1 shot is");
/// assert_eq!(count(2, "shot is", "shots are"), "2 shots are");
/// ```
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
