//! Whether what a project refers to is there: ids in hash sets, before anything is written.

use rapidhash::{HashMapExt, RapidHashMap, RapidHashSet};
use rayon::prelude::*;
use watchtower_model::{ProjectList, ProjectSnapshot, ShotCasting, Task};

use crate::error::{Error, Result};

/// The ids of what projects share.
#[derive(Debug)]
pub(crate) struct SharedIds<'a> {
    asset_types: RapidHashSet<&'a str>,
    task_types: RapidHashSet<&'a str>,
    task_statuses: RapidHashSet<&'a str>,
    users: RapidHashSet<&'a str>,
}

impl<'a> SharedIds<'a> {
    pub(crate) fn of(list: &'a ProjectList) -> Self {
        Self {
            asset_types: list.asset_types.iter().map(|it| it.id.as_str()).collect(),
            task_types: list.task_types.iter().map(|it| it.id.as_str()).collect(),
            task_statuses: list.task_statuses.iter().map(|it| it.id.as_str()).collect(),
            users: list.users.iter().map(|it| it.id.as_str()).collect(),
        }
    }

    /// Whether all that tasks refer to is there.
    fn knows(&self, tasks: &[Task]) -> bool {
        tasks.iter().all(|task| {
            self.task_types.contains(task.task_type_id.as_str())
                && self.task_statuses.contains(task.task_status_id.as_str())
                && task
                    .assignees
                    .iter()
                    .all(|it| self.users.contains(it.as_str()))
        })
    }
}

/// Checks that ids are unique in a project, and that everything it refers to is in it or, where that
/// is known, among what projects share.
///
/// # Errors
///
/// [`Error::Data`] that names the first thing at fault, what it refers to, and how many more there
/// are.
pub(crate) fn check(snapshot: &ProjectSnapshot, shared: Option<&SharedIds<'_>>) -> Result<()> {
    let sequences = snapshot.sequences.iter();
    let (mut check, sequences) =
        Check::unique("sequences", sequences.map(|it| (it.id.as_str(), &*it.name)));
    let episodes = snapshot.episodes.iter();
    let episodes = episodes.map(|it| (it.id.as_str(), &*it.name));
    let (of_episodes, episodes) = Check::unique("episodes", episodes);
    check.add(of_episodes);
    let edits = snapshot.edits.iter().map(|it| (it.id.as_str(), &*it.name));
    check.add(Check::unique("edits", edits).0);
    let assets = snapshot.assets.iter().map(|it| (it.id.as_str(), &*it.name));
    let shots = snapshot.shots.iter().map(|it| (it.id.as_str(), &*it.name));
    let ((of_assets, assets), (of_shots, shots)) = rayon::join(
        || Check::unique("assets", assets),
        || Check::unique("shots", shots),
    );
    check.add(of_assets);
    check.add(of_shots);

    let of_sequences = snapshot.sequences.iter();
    let of_sequences = of_sequences.map(|it| ("sequence", &it.name, &it.episode_id));
    let of_edits = snapshot.edits.iter();
    let of_edits = of_edits.map(|it| ("edit", &it.name, &it.episode_id));
    for (kind, name, episode) in of_sequences.chain(of_edits) {
        if let Some(id) = episode.as_ref().map(|it| it.as_str()) {
            check.refers((kind, name), "episode", id, episodes.contains_key(id));
        }
    }
    for shot in &snapshot.shots {
        let id = shot.sequence_id.as_str();
        check.refers(
            ("shot", &shot.name),
            "sequence",
            id,
            sequences.contains_key(id),
        );
    }
    let mut cast = RapidHashSet::default();
    for casting in &snapshot.casting {
        let id = casting.shot_id.as_str();
        let shot = shots.get(id).copied();
        check.refers(("casting of", id), "shot", id, shot.is_some());
        let name = shot.unwrap_or(id);
        if !cast.insert(id) {
            check
                .problem(|| format!("the shot `{name}` is cast twice; one entry must have it all"));
        }
    }
    // Most entries are good, so all are looked at side by side, and only the others one by one.
    let is_there = |id: &str| assets.contains_key(id);
    let all_there = |it: &ShotCasting| it.asset_ids.iter().all(|id| is_there(id.as_str()));
    let casting = snapshot.casting.par_iter();
    let strays: Vec<_> = casting.filter(|it| !all_there(it)).collect();
    for casting in strays {
        let id = casting.shot_id.as_str();
        let name = shots.get(id).copied().unwrap_or(id);
        for id in casting.asset_ids.iter().map(|it| it.as_str()) {
            check.refers(("casting of", name), "asset", id, is_there(id));
        }
    }
    if let Some(shared) = shared {
        check.shared(snapshot, shared);
    }
    check.finish(&snapshot.project.name)
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

    /// Adds what another found, after what was found here.
    fn add(&mut self, other: Self) {
        let Some(first) = other.first else {
            return;
        };
        self.problem(|| first);
        self.more += other.more;
    }

    /// The names of things by id, each of which must be there once.
    fn unique<'a>(
        kind: &str,
        things: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> (Self, RapidHashMap<&'a str, &'a str>) {
        let mut check = Self::default();
        let mut names = RapidHashMap::with_capacity(things.size_hint().0);
        for (id, name) in things {
            if let Some(other) = names.insert(id, name) {
                check.problem(|| {
                    format!("the {kind} `{other}` and `{name}` have the same id, `{id}`; ids must be unique")
                });
            }
        }
        (check, names)
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
        let strays: Vec<_> = assets.filter(|it| !shared.knows(&it.tasks)).collect();
        for asset in strays {
            self.tasks(("asset", &asset.name), &asset.tasks, shared);
        }
        let shots = snapshot.shots.par_iter();
        let strays: Vec<_> = shots.filter(|it| !shared.knows(&it.tasks)).collect();
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
        result.map_or_else(|error| error.to_string(), |()| "fits".into())
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
