//! What the clients cannot show as a tracker tells it, told so that they can.
//!
//! Nothing of it depends on a format, and the same data gives the same answer.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use watchtower_model::{
    Asset, Edit, Episode, ProjectList, ProjectSnapshot, Shot, Task, TaskId, TaskType, TaskTypeId,
    UserId,
};

use crate::summary::first_names;

/// Makes a project such that the clients show all of it, and says what a person should know of that.
/// Answers also the types of tasks that it adds to those that projects share.
pub(crate) fn fit(snapshot: &mut ProjectSnapshot, list: &ProjectList) -> Fitted {
    add_assignees_to_team(snapshot, list);
    let mut notes = Vec::new();
    notes.extend(put_least_done_first(snapshot, list));
    notes.extend(other_rates(snapshot));
    give_edits_to_episodes(snapshot);
    let types = part_types(snapshot, list);
    Fitted { types, notes }
}

/// What was added to a project to make it fit.
#[derive(Debug, Default)]
pub(crate) struct Fitted {
    /// Twins of types of tasks, by the id of the type each is a twin of.
    pub(crate) types: BTreeMap<TaskTypeId, TaskType>,
    /// What a person should know.
    pub(crate) notes: Vec<String>,
}

/// Whoever is assigned to a task belongs to the team: in format v1 nobody else is known.
fn add_assignees_to_team(snapshot: &mut ProjectSnapshot, list: &ProjectList) {
    let mut team: HashSet<UserId> = snapshot.project.team.iter().cloned().collect();
    let assigned: HashSet<&UserId> = snapshot.tasks().flat_map(|it| &it.assignees).collect();
    let people = list.users.iter().map(|it| &it.id);
    let missing = people.filter(|it| assigned.contains(it) && team.insert((*it).clone()));
    let missing: Vec<_> = missing.cloned().collect();
    snapshot.project.team.extend(missing);
}

/// A list of tasks, with the id and name of what they are on.
fn all_tasks(snapshot: &mut ProjectSnapshot) -> impl Iterator<Item = (&str, &str, &mut Vec<Task>)> {
    let shots = snapshot.shots.iter_mut();
    let shots = shots.map(
        |Shot {
             id, name, tasks, ..
         }| (id.as_str(), &**name, tasks),
    );
    let assets = snapshot.assets.iter_mut();
    let assets = assets.map(
        |Asset {
             id, name, tasks, ..
         }| (id.as_str(), &**name, tasks),
    );
    shots.chain(assets)
}

/// Of several tasks of one type on a shot, the clients show the first: that is the one whose status comes
/// first in the list of statuses, as the least done.
fn put_least_done_first(snapshot: &mut ProjectSnapshot, list: &ProjectList) -> Option<String> {
    let statuses = list.task_statuses.iter().enumerate();
    let order: HashMap<_, _> = statuses.map(|(place, it)| (&it.id, place)).collect();
    let mut names = Vec::new();
    for (id, name, tasks) in all_tasks(snapshot) {
        let mut types = HashSet::new();
        if tasks.iter().all(|it| types.insert(it.task_type_id.clone())) {
            continue;
        }
        names.push(name.to_owned());
        for task_type in types {
            let is_of_type = |it: &&Task| it.task_type_id == task_type;
            if tasks.iter().filter(is_of_type).count() < 2 {
                continue;
            }
            // An id that is derived from the place stays the same, whatever the order is.
            let of_type = tasks.iter_mut().filter(|it| it.task_type_id == task_type);
            for (place, task) in of_type.enumerate() {
                let derived = || derived_id(id, &task_type, place);
                task.id.get_or_insert_with(derived);
            }
            let places: Vec<_> = (0..tasks.len())
                .filter(|it| tasks[*it].task_type_id == task_type)
                .collect();
            let mut sorted: Vec<_> = places.iter().map(|it| tasks[*it].clone()).collect();
            sorted.sort_by_key(|it| order.get(&it.task_status_id).copied());
            for (place, task) in places.into_iter().zip(sorted) {
                tasks[place] = task;
            }
        }
    }
    if names.is_empty() {
        return None;
    }
    let (have, number) = match names.len() {
        1 => ("shot or asset has", 1),
        many => ("shots and assets have", many),
    };
    let named: Vec<_> = names.iter().map(String::as_str).collect();
    Some(format!(
        "{number} {have} several tasks of one type, and Watchtower shows one of them: the one whose status \
         is first in the list of statuses: {}",
        first_names(&named)
    ))
}

/// The id of a task that has none: from what it belongs to, its type, and its place among the tasks of
/// that type.
pub(crate) fn derived_id(entity: &str, task_type: &TaskTypeId, place: usize) -> TaskId {
    TaskId::derived(&[entity, task_type.as_str(), &place.to_string()])
}

/// Shots that count at another rate than their project: a connector may have left them at the usual 24.
fn other_rates(snapshot: &ProjectSnapshot) -> Option<String> {
    let fps = snapshot.project.fps;
    let others: Vec<_> = snapshot.shots.iter().filter(|it| it.fps != fps).collect();
    let rates: BTreeSet<_> = others.iter().map(|it| it.fps.to_string()).collect();
    let names: Vec<_> = others.iter().map(|it| &*it.name).collect();
    let (count, have) = match names.len() {
        0 => return None,
        1 => ("1 shot".to_owned(), "has"),
        many => (format!("{many} shots"), "have"),
    };
    Some(format!(
        "{count} {have} {} frames a second, and the project {fps}: {} may be drawn too long or too short: {}",
        rates.into_iter().collect::<Vec<_>>().join(", "),
        if names.len() == 1 { "it" } else { "they" },
        first_names(&names)
    ))
}

/// The edit of an episode that is not said to be its: the only one whose name has the episode's.
fn give_edits_to_episodes(snapshot: &mut ProjectSnapshot) {
    let with_edit: HashSet<_> = snapshot.edits.iter().map(|it| &it.episode_id).collect();
    let without = |it: &&Episode| !with_edit.contains(&Some(it.id.clone()));
    let mut found: BTreeMap<usize, Vec<&Episode>> = BTreeMap::new();
    for episode in snapshot.episodes.iter().filter(without) {
        let edits = snapshot.edits.iter().enumerate();
        let mut named = edits.filter(|(_, it)| it.episode_id.is_none() && names(it, &episode.name));
        if let (Some((place, _)), None) = (named.next(), named.next()) {
            found.entry(place).or_default().push(episode);
        }
    }
    let found: Vec<_> = found
        .into_iter()
        .filter_map(|(place, episodes)| match episodes.as_slice() {
            [only] => Some((place, only.id.clone())),
            _ => None,
        })
        .collect();
    for (place, episode) in found {
        snapshot.edits[place].episode_id = Some(episode);
    }
}

/// Whether the words of an episode's name stand in that of an edit, side by side.
fn names(edit: &Edit, episode: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|it: char| !it.is_alphanumeric());
        let words = words.filter(|it| !it.is_empty());
        words.map(str::to_lowercase).collect()
    };
    let (edit, episode) = (words(&edit.name), words(episode));
    !episode.is_empty() && edit.windows(episode.len()).any(|it| it == episode)
}

/// A type of tasks is for shots or for assets, and those of the others are seen nowhere. So what stands
/// on the other kind is of a twin of the type, with the same name and colour.
fn part_types(
    snapshot: &mut ProjectSnapshot,
    list: &ProjectList,
) -> BTreeMap<TaskTypeId, TaskType> {
    let for_shots = |id: &TaskTypeId| {
        let mut types = list.task_types.iter();
        types.find(|it| it.id == *id).map(|it| it.for_shots)
    };
    let of_shots: BTreeSet<_> = types_of(snapshot.shots.iter().map(|it| &it.tasks));
    let of_assets: BTreeSet<_> = types_of(snapshot.assets.iter().map(|it| &it.tasks));
    let misplaced = of_shots.iter().filter(|id| for_shots(id) == Some(false));
    let misplaced = misplaced.chain(of_assets.iter().filter(|id| for_shots(id) == Some(true)));
    let misplaced: BTreeSet<TaskTypeId> = misplaced.cloned().collect();
    let mut twins = BTreeMap::new();
    for id in misplaced {
        let is_for_shots = for_shots(&id) == Some(true);
        let original = list.task_types.iter().find(|it| it.id == id);
        let Some(twin) = original.map(twin) else {
            continue;
        };
        let mut tasks: Vec<_> = match is_for_shots {
            true => snapshot.assets.iter_mut().map(|it| &mut it.tasks).collect(),
            false => snapshot.shots.iter_mut().map(|it| &mut it.tasks).collect(),
        };
        let tasks = tasks.iter_mut().flat_map(|it| it.iter_mut());
        for task in tasks.filter(|it| it.task_type_id == id) {
            task.task_type_id = twin.id.clone();
        }
        let chosen = &mut snapshot.project.task_types;
        if let Some(place) = chosen.iter().position(|it| *it == id) {
            chosen.insert(place + 1, twin.id.clone());
        }
        twins.insert(id, twin);
    }
    twins
}

fn types_of<'a>(tasks: impl Iterator<Item = &'a Vec<Task>>) -> BTreeSet<TaskTypeId> {
    let mut types = BTreeSet::new();
    for task in tasks.flatten() {
        if !types.contains(&task.task_type_id) {
            types.insert(task.task_type_id.clone());
        }
    }
    types
}

/// The twin of a type of tasks, for assets where that is for shots, and the other way round.
pub(crate) fn twin(task_type: &TaskType) -> TaskType {
    let what_for = match task_type.for_shots {
        true => "for assets",
        false => "for shots",
    };
    TaskType {
        id: TaskTypeId::derived(&[task_type.id.as_str(), what_for]),
        for_shots: !task_type.for_shots,
        ..task_type.clone()
    }
}

/// Types of tasks with their twins behind them.
pub(crate) fn with_twins(
    types: &[TaskType],
    has_twin: impl Fn(&TaskType) -> bool,
) -> Vec<TaskType> {
    let both = |it: &TaskType| [Some(it.clone()), has_twin(it).then(|| twin(it))];
    types.iter().flat_map(both).flatten().collect()
}

#[cfg(test)]
mod tests {
    use watchtower_model::{AssetType, Project, Sequence, ShotData, TaskStatus, User};

    use super::*;

    /// A film with a shot and an asset, and a task of one type on each.
    fn film() -> (ProjectSnapshot, ProjectList) {
        let mut animation = TaskType::new("Animation");
        animation.for_shots = true;
        let list = ProjectList {
            task_types: vec![animation.clone(), TaskType::new("Modeling")],
            task_statuses: ["Todo", "Doing", "Done"].map(TaskStatus::new).to_vec(),
            users: ["Ana", "Jade"].map(User::new).to_vec(),
            ..ProjectList::default()
        };
        let mut film = ProjectSnapshot::new(Project::new("Film"));
        film.sequences = vec![Sequence::new("010")];
        let mut shot = Shot::new("0010", &film.sequences[0].id, ShotData::new(0, 10));
        let task = Task::new(animation.id, list.task_statuses[2].id.clone());
        shot.tasks = vec![task.clone()];
        let mut asset = Asset::new("Rex", &AssetType::new("Character").id);
        asset.tasks = vec![task];
        film.shots = vec![shot];
        film.assets = vec![asset];
        (film, list)
    }

    #[test]
    fn whoever_is_assigned_is_in_the_team() {
        let (mut film, list) = film();
        let [ana, jade] = [0, 1].map(|it| list.users[it].id.clone());
        film.project.team = vec![jade.clone()];
        film.assets[0].tasks[0].assignees = vec![ana.clone(), jade.clone()];
        fit(&mut film, &list);
        assert_eq!(film.project.team, [jade, ana]);
    }

    #[test]
    fn a_type_that_shots_and_assets_have_is_parted() {
        let (mut film, list) = film();
        let animation = list.task_types[0].clone();
        film.project.task_types = list.task_types.iter().map(|it| it.id.clone()).collect();
        let fitted = fit(&mut film, &list);
        let twin = fitted.types[&animation.id].clone();
        assert_eq!((&*twin.name, twin.for_shots), ("Animation", false));
        assert_eq!(film.shots[0].tasks[0].task_type_id, animation.id);
        assert_eq!(film.assets[0].tasks[0].task_type_id, twin.id);
        let modeling = list.task_types[1].id.clone();
        let types = [animation.id, twin.id.clone(), modeling];
        assert_eq!(film.project.task_types, types);
        // Another export has the same ids, and one whose assets have none is left as it is.
        let (mut film, _) = self::film();
        film.assets.clear();
        assert!(fit(&mut film, &list).types.is_empty());
        // One that stands on the other kind alone would be seen nowhere.
        let (mut film, _) = self::film();
        film.shots.clear();
        fit(&mut film, &list);
        assert_eq!(film.assets[0].tasks[0].task_type_id, twin.id);
    }

    #[test]
    fn of_several_tasks_the_least_done_is_first_under_the_same_ids() {
        let (mut film, list) = film();
        let [todo, doing, done] = [0, 1, 2].map(|it| list.task_statuses[it].id.clone());
        let [animation, modeling] = [0, 1].map(|it| list.task_types[it].id.clone());
        film.shots[0].tasks = vec![
            Task::new(animation.clone(), done.clone()),
            Task::new(modeling, done.clone()),
            Task::new(animation.clone(), todo.clone()),
            Task::new(animation.clone(), doing.clone()),
        ];
        film.assets.clear();
        let fitted = fit(&mut film, &list);
        let tasks = &film.shots[0].tasks;
        let statuses: Vec<_> = tasks.iter().map(|it| it.task_status_id.clone()).collect();
        assert_eq!(statuses, [todo, done.clone(), doing, done]);
        let id = film.shots[0].id.as_str();
        assert_eq!(tasks[0].id, Some(derived_id(id, &animation, 1)));
        assert_eq!(tasks[3].id, Some(derived_id(id, &animation, 0)));
        insta::assert_snapshot!(fitted.notes.join("\n"), @"1 shot or asset has several tasks of one type, and Watchtower shows one of them: the one whose status is first in the list of statuses: 0010");
    }

    #[test]
    fn a_shot_of_another_rate_is_told() {
        let (mut film, list) = film();
        film.assets.clear();
        film.project.fps = watchtower_model::FrameRate::new(25.0).unwrap();
        let fitted = fit(&mut film, &list);
        insta::assert_snapshot!(fitted.notes.join("\n"), @"1 shot has 24 frames a second, and the project 25: it may be drawn too long or too short: 0010");
        film.shots[0].fps = film.project.fps;
        assert_eq!(fit(&mut film, &list).notes, [] as [&str; 0]);
    }

    #[test]
    fn an_edit_whose_name_has_the_episodes_is_its() {
        let (mut film, list) = film();
        film.episodes = ["E01", "E02", "E03", "Pilot Two"]
            .map(Episode::new)
            .to_vec();
        let names = [
            "Show_E01_v3",
            "E02 a",
            "e02 b",
            "E03 with pilot two",
            "Trailer",
        ];
        film.edits = names.map(Edit::new).to_vec();
        fit(&mut film, &list);
        let given: Vec<_> = film.edits.iter().map(|it| it.episode_id.clone()).collect();
        let first = film.episodes[0].id.clone();
        assert_eq!(given, [Some(first), None, None, None, None]);
    }
}
