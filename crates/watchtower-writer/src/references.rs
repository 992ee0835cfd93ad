//! Whether what a project refers to is there: ids in hash sets, before anything is written.

use std::sync::atomic::{AtomicBool, Ordering};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rapidhash::RapidHashMap;
use rapidhash::v3::rapidhash_v3;
use rayon::prelude::*;
use watchtower_model::{
    Asset, AssetId, Edit, Episode, ProjectList, ProjectSnapshot, References, Sequence, Shot, Task,
};

use crate::error::{Error, Result};

/// What projects share, by id.
#[derive(Debug)]
pub(crate) struct SharedIds<'a> {
    asset_types: Targets<'a>,
    task_types: Targets<'a>,
    task_statuses: Targets<'a>,
    users: Targets<'a>,
}

/// The ids of one kind of thing, and whether something refers to each.
#[derive(Debug)]
struct Targets<'a>(RapidHashMap<&'a str, AtomicBool>);

impl<'a> Targets<'a> {
    fn of(ids: impl Iterator<Item = &'a str>) -> Self {
        Self(ids.map(|id| (id, AtomicBool::new(false))).collect())
    }

    /// Whether an id is there, which something refers to.
    fn contains(&self, id: &str) -> bool {
        let found = self.0.get(id);
        // To look first leaves the flag in the caches of both processors.
        if let Some(used) = found
            && !used.load(Ordering::Relaxed)
        {
            used.store(true, Ordering::Relaxed);
        }
        found.is_some()
    }
}

impl<'a> SharedIds<'a> {
    pub(crate) fn of(list: &'a ProjectList) -> Self {
        Self {
            asset_types: Targets::of(list.asset_types.iter().map(|it| it.id.as_str())),
            task_types: Targets::of(list.task_types.iter().map(|it| it.id.as_str())),
            task_statuses: Targets::of(list.task_statuses.iter().map(|it| it.id.as_str())),
            users: Targets::of(list.users.iter().map(|it| it.id.as_str())),
        }
    }

    /// Whether all that tasks refer to is there.
    fn know(&self, tasks: &[Task]) -> bool {
        let all = tasks.iter().map(|task| {
            self.task_types.contains(task.task_type_id.as_str())
                & self.task_statuses.contains(task.task_status_id.as_str())
                & task
                    .assignees
                    .iter()
                    .all(|it| self.users.contains(it.as_str()))
        });
        all.fold(true, |all, it| all & it)
    }

    /// What was found since the last call.
    fn take_used(&self) -> References {
        let mut used = References::default();
        for targets in [
            &self.asset_types,
            &self.task_types,
            &self.task_statuses,
            &self.users,
        ] {
            let found = targets.0.iter();
            found
                .filter(|(_, is_used)| is_used.swap(false, Ordering::Relaxed))
                .for_each(|(id, _)| used.add(id));
        }
        used
    }
}

/// Checks that ids are unique in a project, and that everything it refers to is in it or, where that
/// is known, among what projects share. Answers which of these it refers to.
///
/// # Errors
///
/// [`Error::Data`] that names the first thing at fault, what it refers to, and how many more there
/// are.
pub(crate) fn check(
    snapshot: &ProjectSnapshot,
    shared: Option<&SharedIds<'_>>,
) -> Result<References> {
    let mut check = Check::default();
    let episodes = Index::of(&snapshot.episodes);
    let sequences = Index::of(&snapshot.sequences);
    let (assets, shots) = rayon::join(
        || Index::of(&snapshot.assets),
        || Index::of(&snapshot.shots),
    );
    check.unique("sequences", &sequences);
    check.unique("episodes", &episodes);
    check.unique("edits", &Index::of(&snapshot.edits));
    check.unique("assets", &assets);
    check.unique("shots", &shots);

    let of_sequences = snapshot.sequences.iter();
    let of_sequences = of_sequences.map(|it| ("sequence", &it.name, &it.episode_id));
    let of_edits = snapshot.edits.iter();
    let of_edits = of_edits.map(|it| ("edit", &it.name, &it.episode_id));
    for (kind, name, episode) in of_sequences.chain(of_edits) {
        if let Some(id) = episode.as_ref().map(|it| it.as_str()) {
            check.refers((kind, name), "episode", id, episodes.find(id).is_some());
        }
    }
    // Most entries are good, so all are looked at side by side, and only the others one by one.
    let is_stray = |it: &&Shot| sequences.find(it.sequence_id.as_str()).is_none();
    let strays: Vec<_> = snapshot.shots.par_iter().filter(is_stray).collect();
    for shot in strays {
        let (from, id) = (("shot", &*shot.name), shot.sequence_id.as_str());
        check.refers(from, "sequence", id, false);
    }

    let casting = snapshot.casting.par_iter();
    let cast: Vec<_> = casting.map(|it| shots.find(it.shot_id.as_str())).collect();
    let mut is_cast = vec![false; snapshot.shots.len()];
    for (casting, place) in snapshot.casting.iter().zip(cast) {
        match place {
            Some(place) if std::mem::replace(&mut is_cast[place], true) => {
                let name = &snapshot.shots[place].name;
                check.problem(|| {
                    format!("the shot `{name}` is cast twice; one entry must have it all")
                });
            }
            Some(_) => {}
            None => {
                let id = casting.shot_id.as_str();
                check.refers(("casting of", id), "shot", id, false);
            }
        }
    }
    let is_there = |id: &AssetId| assets.find(id.as_str()).is_some();
    let casting = snapshot.casting.par_iter();
    let strays: Vec<_> = casting
        .filter(|it| !it.asset_ids.iter().all(is_there))
        .collect();
    for casting in strays {
        let id = casting.shot_id.as_str();
        let name = shots.find(id).map_or(id, |it| &snapshot.shots[it].name);
        for id in &casting.asset_ids {
            check.refers(("casting of", name), "asset", id.as_str(), is_there(id));
        }
    }
    let mut used = References::default();
    if let Some(shared) = shared {
        check.shared(snapshot, shared);
        used = shared.take_used();
    }
    check.finish(&snapshot.project.name)?;
    Ok(used)
}

/// Something that others refer to by its id.
trait Entity {
    fn id(&self) -> &str;
    fn name(&self) -> &str;
}

macro_rules! entities {
    ($($entity:ident)*) => {$(
        impl Entity for $entity {
            fn id(&self) -> &str {
                self.id.as_str()
            }

            fn name(&self) -> &str {
                &self.name
            }
        }
    )*};
}

entities! { Asset Edit Episode Sequence Shot }

/// The places of things by their ids, 9 to 21 bytes for each: a film has so many that fresh memory for
/// more would take longer than all that is looked up.
struct Index<'a, T> {
    things: &'a [T],
    places: HashTable<usize>,
    /// The places of those that have the id of one before.
    twice: Vec<(usize, usize)>,
}

impl<'a, T: Entity> Index<'a, T> {
    fn of(things: &'a [T]) -> Self {
        let mut index = Self {
            things,
            places: HashTable::with_capacity(things.len()),
            twice: Vec::new(),
        };
        let hash_at = |place: &usize| hash(things[*place].id());
        for (place, thing) in things.iter().enumerate() {
            let is_same = |other: &usize| things[*other].id() == thing.id();
            let hash = hash(thing.id());
            match index.places.entry(hash, is_same, hash_at) {
                Entry::Occupied(other) => index.twice.push((*other.get(), place)),
                Entry::Vacant(vacant) => {
                    vacant.insert(place);
                }
            }
        }
        index
    }

    fn find(&self, id: &str) -> Option<usize> {
        let is_it = |place: &usize| self.things[*place].id() == id;
        self.places.find(hash(id), is_it).copied()
    }
}

fn hash(id: &str) -> u64 {
    rapidhash_v3(id.as_bytes())
}

/// The first problem, and how many more there are.
#[derive(Default)]
struct Check {
    first: Option<String>,
    more: usize,
}

impl Check {
    fn problem(&mut self, text: impl FnOnce() -> String) {
        match self.first {
            None => self.first = Some(text()),
            Some(_) => self.more += 1,
        }
    }

    /// Judges whether ids are unique.
    fn unique<T: Entity>(&mut self, kind: &str, index: &Index<'_, T>) {
        for (one, other) in &index.twice {
            let [one, other] = [one, other].map(|it| &index.things[*it]);
            self.problem(|| {
                format!(
                    "the {kind} `{}` and `{}` have the same id, `{}`; ids must be unique",
                    one.name(),
                    other.name(),
                    one.id()
                )
            });
        }
    }

    /// Judges a reference of something, by its kind and name.
    fn refers(&mut self, from: (&str, &str), kind: &str, id: &str, is_there: bool) {
        if !is_there {
            let (from, name) = from;
            self.problem(|| {
                format!("the {from} `{name}` refers to the {kind} `{id}`, and there is none with that id")
            });
        }
    }

    /// Judges what refers to something that projects share.
    fn shared(&mut self, snapshot: &ProjectSnapshot, shared: &SharedIds<'_>) {
        let project = &snapshot.project;
        let from = ("project", project.name.as_str());
        for id in project.asset_types.iter().map(|it| it.as_str()) {
            self.refers(from, "asset type", id, shared.asset_types.contains(id));
        }
        for id in project.task_types.iter().map(|it| it.as_str()) {
            self.refers(from, "task type", id, shared.task_types.contains(id));
        }
        for id in project.task_statuses.iter().map(|it| it.as_str()) {
            self.refers(from, "task status", id, shared.task_statuses.contains(id));
        }
        for id in project.team.iter().map(|it| it.as_str()) {
            self.refers(from, "person", id, shared.users.contains(id));
        }
        for asset in &snapshot.assets {
            let from = ("asset", asset.name.as_str());
            let id = asset.asset_type_id.as_str();
            self.refers(from, "asset type", id, shared.asset_types.contains(id));
        }
        let assets = snapshot.assets.par_iter();
        let strays: Vec<_> = assets.filter(|it| !shared.know(&it.tasks)).collect();
        for asset in strays {
            self.tasks(("asset", &asset.name), &asset.tasks, shared);
        }
        let shots = snapshot.shots.par_iter();
        let strays: Vec<_> = shots.filter(|it| !shared.know(&it.tasks)).collect();
        for shot in strays {
            self.tasks(("shot", &shot.name), &shot.tasks, shared);
        }
    }

    fn tasks(&mut self, (kind, name): (&str, &str), tasks: &[Task], shared: &SharedIds<'_>) {
        for task in tasks {
            let refers = [
                ("task type", task.task_type_id.as_str(), &shared.task_types),
                (
                    "task status",
                    task.task_status_id.as_str(),
                    &shared.task_statuses,
                ),
            ];
            let people = task.assignees.iter();
            let people = people.map(|it| ("person", it.as_str(), &shared.users));
            for (target, id, ids) in refers.into_iter().chain(people) {
                if !ids.contains(id) {
                    let from = format!("task on the {kind}");
                    self.refers((&from, name), target, id, false);
                }
            }
        }
    }

    fn finish(self, project: &str) -> Result<()> {
        let Some(first) = self.first else {
            return Ok(());
        };
        let more = match self.more {
            0 => String::new(),
            1 => " (and 1 problem more)".to_owned(),
            more => format!(" (and {more} problems more)"),
        };
        Err(Error::Data(format!(
            "`{project}` does not fit together: {first}{more}"
        )))
    }
}

#[cfg(test)]
mod tests {
    use watchtower_model::{
        Asset, AssetType, Edit, Episode, Project, Sequence, Shot, ShotCasting, ShotData, Task,
        TaskStatus, TaskType, User,
    };

    use super::*;

    fn film() -> (ProjectList, ProjectSnapshot) {
        let list = ProjectList {
            asset_types: vec![AssetType::new("Character")],
            task_types: vec![TaskType::new("Animation")],
            task_statuses: vec![TaskStatus::new("Todo")],
            users: vec![User::new("Jade")],
            ..ProjectList::default()
        };
        let mut film = ProjectSnapshot::new(Project::new("Film"));
        film.project.team = vec![list.users[0].id.clone()];
        film.sequences = vec![Sequence::new("010")];
        film.edits = vec![Edit::new("Edit")];
        film.assets = vec![Asset::new("Rex", &list.asset_types[0].id)];
        let mut shot = Shot::new("0010", &film.sequences[0].id, ShotData::new(0, 10));
        let task_type = list.task_types[0].id.clone();
        let mut task = Task::new(task_type, list.task_statuses[0].id.clone());
        task.assignees = film.project.team.clone();
        shot.tasks = vec![task];
        film.casting = vec![ShotCasting::new(&shot, &film.assets)];
        film.shots = vec![shot];
        (list, film)
    }

    fn message(change: impl FnOnce(&mut ProjectList, &mut ProjectSnapshot)) -> String {
        let (mut list, mut film) = film();
        change(&mut list, &mut film);
        let result = check(&film, Some(&SharedIds::of(&list)));
        result.map_or_else(|error| error.to_string(), |_| "fits".into())
    }

    #[test]
    fn what_fits_together_passes() {
        assert_eq!(message(|_, _| {}), "fits");
        let (_, mut film) = film();
        assert!(check(&film, None).is_ok());
        film.shots[0].sequence_id = Sequence::new("020").id;
        assert!(check(&film, None).is_err());
    }

    #[test]
    fn every_reference_is_looked_at() {
        let own_type = AssetType::new("Set").id;
        let (fx, done) = (TaskType::new("FX").id, TaskStatus::new("Done").id);
        let messages = [
            message(|_, film| film.sequences.clear()),
            message(|_, film| film.sequences[0].episode_id = Some(Episode::new("E01").id)),
            message(|_, film| film.edits[0].episode_id = Some(Episode::new("E01").id)),
            message(|_, film| film.shots.clear()),
            message(|_, film| film.assets.clear()),
            message(|list, _| list.asset_types.clear()),
            message(|list, _| list.task_types.clear()),
            message(|list, _| list.task_statuses.clear()),
            message(|list, _| list.users.clear()),
            message(|_, film| film.project.asset_types = vec![own_type]),
            message(|_, film| film.project.task_types = vec![fx]),
            message(|_, film| film.project.task_statuses = vec![done]),
            message(|_, film| film.sequences.push(film.sequences[0].clone())),
            message(|_, film| film.shots.push(film.shots[0].clone())),
            message(|_, film| film.assets.push(film.assets[0].clone())),
            message(|_, film| film.casting.push(film.casting[0].clone())),
            message(|_, film| film.episodes = vec![Episode::new("E01"), Episode::new("E01")]),
            message(|_, film| film.edits.push(film.edits[0].clone())),
        ];
        insta::assert_snapshot!(messages.join("\n"));
    }
}
