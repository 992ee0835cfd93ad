//! What a tracker tells.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use watchtower_model::{EntityKind, ProjectList, ProjectSnapshot, Reason, Task};

use super::{Found, Judgement};
use crate::conformance::difference::one;
use crate::conformance::media::{Received, referred};
use crate::conformance::observe::{Film, Observed};
use crate::{Capability, Description};

/// The largest number that every reader of JSON takes for what it is: 2^53.
const LARGEST_FRAME: i64 = 1 << 53;

fn list(seen: &Observed) -> Result<&ProjectList, String> {
    match &seen.list {
        Some(Ok(list)) => Ok(list),
        _ => Err("the projects could not be listed".to_owned()),
    }
}

fn films(seen: &Observed) -> Result<&[Film], String> {
    match seen.films.as_slice() {
        [] => Err("no project could be read".to_owned()),
        films => Ok(films),
    }
}

/// Judges each project that was read.
fn each(seen: &Observed, judge: impl Fn(&ProjectSnapshot, &mut Vec<String>)) -> Judgement {
    let mut against = Vec::new();
    for film in films(seen)? {
        let mut of_film = Vec::new();
        judge(&film.snapshot, &mut of_film);
        let name = &film.listed.name;
        against.extend(of_film.into_iter().map(|it| format!("{name}: {it}")));
    }
    Ok(against.into())
}

/// The tasks of a project, with what they are on.
fn tasks(film: &ProjectSnapshot) -> impl Iterator<Item = (String, &Task)> {
    let shots = film.shots.iter().flat_map(|shot| {
        let on = one("shot", &shot.name, shot.id.as_str());
        shot.tasks.iter().map(move |task| (on.clone(), task))
    });
    let assets = film.assets.iter().flat_map(|asset| {
        let on = one("asset", &asset.name, asset.id.as_str());
        asset.tasks.iter().map(move |task| (on.clone(), task))
    });
    shots.chain(assets)
}

/// What is there more than once, each named once.
fn repeated<T: Hash + Eq + Copy>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut counts: HashMap<T, usize> = HashMap::new();
    let mut repeated = Vec::new();
    for it in all {
        let count = counts.entry(it).or_default();
        *count += 1;
        if *count == 2 {
            repeated.push(it);
        }
    }
    repeated
}

/// Gives `$judge` a kind, and the id and name of everything of that kind; of a list of projects, or of a
/// project.
macro_rules! each_kind {
    (list $list:expr, $judge:expr) => {
        each_kind!($list, $judge, "project" projects, "asset type" asset_types, "task type" task_types,
            "task status" task_statuses, "person" users)
    };
    (film $film:expr, $judge:expr) => {
        each_kind!($film, $judge, "episode" episodes, "sequence" sequences, "asset" assets, "shot" shots,
            "edit" edits)
    };
    ($all:expr, $judge:expr, $($kind:literal $field:ident),+) => {
        $($judge($kind, $all.$field.iter().map(|it| (it.id.as_str(), &*it.name)).collect());)+
    };
}

type Named<'a> = Vec<(&'a str, &'a str)>;

fn find_repeated(kind: &str, things: &Named<'_>, against: &mut Vec<String>) {
    for id in repeated(things.iter().map(|(id, _)| *id)) {
        let names = things.iter().filter(|it| it.0 == id).map(|it| it.1);
        let names: Vec<_> = names.collect();
        let names = names.join("`, `");
        against.push(format!("the id `{id}` is that of the {kind}s `{names}`"));
    }
}

pub(super) fn ids_unique(seen: &Observed) -> Judgement {
    let mut against = Vec::new();
    each_kind!(list list(seen)?, |kind, things| find_repeated(kind, &things, &mut against));
    let mut found = each(seen, |film, against| {
        each_kind!(film film, |kind, things| find_repeated(kind, &things, against));
        let tasks: Vec<_> = tasks(film).collect();
        let ids = tasks.iter().filter_map(|(_, it)| it.id.as_ref());
        for id in repeated(ids) {
            let on = tasks.iter().filter(|(_, it)| it.id.as_ref() == Some(id));
            let on: Vec<_> = on.map(|(on, _)| &**on).collect();
            against.push(format!(
                "tasks on the {} have the id `{id}`",
                on.join(" and the ")
            ));
        }
    })?;
    found.against.splice(..0, against);
    Ok(found)
}

pub(super) fn project_folders(seen: &Observed) -> Judgement {
    let list = list(seen)?;
    let mut folders: HashMap<String, &str> = HashMap::new();
    let mut against = Vec::new();
    for id in list.projects.iter().map(|it| it.id.as_str()) {
        let folder = id.to_lowercase();
        if folder == "context.json" {
            against.push(format!("`{id}` is the name of a document"));
        }
        match folders.insert(folder, id) {
            Some(other) if other != id => {
                against.push(format!("`{other}` and `{id}` differ in case alone"));
            }
            _ => {}
        }
    }
    Ok(against.into())
}

pub(super) fn project_same(seen: &Observed) -> Judgement {
    let films = films(seen)?.iter();
    let others = films.filter(|it| {
        let read = &it.snapshot.project;
        read.id != it.listed.id || read.name != it.listed.name
    });
    let against: Vec<_> = others
        .map(|Film { listed, snapshot }| {
            let project = |it: &watchtower_model::Project| one("project", &it.name, it.id.as_str());
            let (asked, read) = (project(listed), project(&snapshot.project));
            format!("the {asked} was asked for, and the {read} came")
        })
        .collect();
    Ok(against.into())
}

/// Notes what refers to something of a kind that is not there.
fn refers(against: &mut Vec<String>, ids: &HashSet<&str>, what: &str, kind: &str, id: &str) {
    if !ids.contains(id) {
        against.push(format!(
            "the {what} refers to the {kind} `{id}`, and there is none"
        ));
    }
}

macro_rules! ids {
    ($all:expr) => {
        $all.iter().map(|it| it.id.as_str()).collect::<HashSet<_>>()
    };
}

pub(super) fn references_project(seen: &Observed) -> Judgement {
    each(seen, |film, against| {
        let (episodes, sequences) = (ids!(film.episodes), ids!(film.sequences));
        let (shots, assets) = (ids!(film.shots), ids!(film.assets));
        for it in &film.sequences {
            let what = one("sequence", &it.name, it.id.as_str());
            if let Some(id) = &it.episode_id {
                refers(against, &episodes, &what, "episode", id.as_str());
            }
        }
        for it in &film.edits {
            let what = one("edit", &it.name, it.id.as_str());
            if let Some(id) = &it.episode_id {
                refers(against, &episodes, &what, "episode", id.as_str());
            }
        }
        for it in &film.shots {
            let what = one("shot", &it.name, it.id.as_str());
            refers(
                against,
                &sequences,
                &what,
                "sequence",
                it.sequence_id.as_str(),
            );
        }
        for it in &film.casting {
            let id = it.shot_id.as_str();
            refers(against, &shots, "casting", "shot", id);
            for asset in &it.asset_ids {
                let what = format!("casting of the shot {id}");
                refers(against, &assets, &what, "asset", asset.as_str());
            }
        }
    })
}

pub(super) fn references_list(seen: &Observed) -> Judgement {
    let list = list(seen)?;
    let (asset_types, task_types) = (ids!(list.asset_types), ids!(list.task_types));
    let (statuses, users) = (ids!(list.task_statuses), ids!(list.users));
    each(seen, |film, against| {
        let project = &film.project;
        let what = one("project", &project.name, project.id.as_str());
        for it in &project.asset_types {
            refers(against, &asset_types, &what, "asset type", it.as_str());
        }
        for it in &project.task_types {
            refers(against, &task_types, &what, "task type", it.as_str());
        }
        for it in &project.task_statuses {
            refers(against, &statuses, &what, "task status", it.as_str());
        }
        for it in &project.team {
            refers(against, &users, &what, "person", it.as_str());
        }
        for it in &film.assets {
            let what = one("asset", &it.name, it.id.as_str());
            refers(
                against,
                &asset_types,
                &what,
                "asset type",
                it.asset_type_id.as_str(),
            );
        }
        for (on, task) in tasks(film) {
            let what = format!("task on the {on}");
            refers(
                against,
                &task_types,
                &what,
                "task type",
                task.task_type_id.as_str(),
            );
            refers(
                against,
                &statuses,
                &what,
                "task status",
                task.task_status_id.as_str(),
            );
            for it in &task.assignees {
                refers(against, &users, &what, "person", it.as_str());
            }
        }
    })
}

pub(super) fn own_lists(seen: &Observed) -> Judgement {
    each(seen, |film, against| {
        let project = &film.project;
        let mut used = Vec::new();
        for (_, task) in tasks(film) {
            let id = &task.task_type_id;
            if !project.task_types.is_empty() && !project.task_types.contains(id) {
                used.push(("task type", id.as_str()));
            }
            let id = &task.task_status_id;
            if !project.task_statuses.is_empty() && !project.task_statuses.contains(id) {
                used.push(("task status", id.as_str()));
            }
        }
        for asset in &film.assets {
            let id = &asset.asset_type_id;
            if !project.asset_types.is_empty() && !project.asset_types.contains(id) {
                used.push(("asset type", id.as_str()));
            }
        }
        let mut named = HashSet::new();
        used.retain(|it| named.insert(*it));
        let text = |(kind, id)| format!("the {kind} `{id}` is in use, and not in its own list");
        against.extend(used.into_iter().map(text));
    })
}

pub(super) fn no_repeats(seen: &Observed) -> Judgement {
    each(seen, |film, against| {
        let mut find = |what: &str, ids: Vec<&str>| {
            let repeated = repeated(ids).into_iter();
            against.extend(repeated.map(|id| format!("{what} names `{id}` twice")));
        };
        macro_rules! strings {
            ($ids:expr) => {
                $ids.iter().map(|it| it.as_str()).collect()
            };
        }
        find("its team", strings!(film.project.team));
        find(
            "its list of asset types",
            strings!(film.project.asset_types),
        );
        find("its list of task types", strings!(film.project.task_types));
        find(
            "its list of task statuses",
            strings!(film.project.task_statuses),
        );
        for it in &film.casting {
            let what = format!("the casting of the shot {}", it.shot_id);
            find(&what, strings!(it.asset_ids));
        }
        for (on, task) in tasks(film) {
            find(&format!("a task on the {on}"), strings!(task.assignees));
        }
    })
}

pub(super) fn casting_once(seen: &Observed) -> Judgement {
    each(seen, |film, against| {
        let shots = film.casting.iter().map(|it| it.shot_id.as_str());
        let twice = repeated(shots).into_iter();
        against.extend(twice.map(|id| format!("the shot `{id}` is cast in several entries")));
    })
}

pub(super) fn names(seen: &Observed) -> Judgement {
    let unnamed = |kind: &str, things: Named<'_>, against: &mut Vec<String>| {
        let unnamed = things.into_iter().filter(|it| it.1.trim().is_empty());
        against.extend(unnamed.map(|(id, _)| format!("the {kind} `{id}` has no name")));
    };
    let mut against = Vec::new();
    each_kind!(list list(seen)?, |kind, things| unnamed(kind, things, &mut against));
    let mut found = each(seen, |film, against| {
        each_kind!(film film, |kind, things| unnamed(kind, things, against));
    })?;
    found.against.splice(..0, against);
    Ok(found)
}

pub(super) fn ranges(seen: &Observed) -> Judgement {
    each(seen, |film, against| {
        for shot in &film.shots {
            let data = &shot.data;
            let named = || one("shot", &shot.name, shot.id.as_str());
            if let Some((start, end)) = data.frame_in.zip(data.frame_out)
                && (end <= start || end > LARGEST_FRAME)
            {
                against.push(format!("the {} goes from frame {start} to {end}", named()));
            }
            if let Some(length) = data.nb_frames
                && !(1..=LARGEST_FRAME).contains(&length)
            {
                against.push(format!("the {} has a length of {length} frames", named()));
            }
        }
    })
}

pub(super) fn places_left_to_us(seen: &Observed) -> Judgement {
    each(seen, |film, against| {
        for it in &film.left_out {
            if it.kind == EntityKind::Shot && it.reason == Reason::NoFrameRange {
                let shot = one("shot", &it.name, &it.id);
                against.push(format!("the {shot} is left out for want of a frame range"));
            }
        }
    })
}

pub(super) fn fps(seen: &Observed) -> Judgement {
    each(seen, |film, against| {
        let fps = film.project.fps;
        if let Some(first) = film.shots.first()
            && film.shots.iter().all(|it| it.fps != fps)
        {
            against.push(format!(
                "it has {fps} frames per second, and none of its shots has: the {} has {}",
                one("shot", &first.name, first.id.as_str()),
                first.fps
            ));
        }
    })
}

pub(super) fn task_types(seen: &Observed) -> Judgement {
    let types = list(seen)?.task_types.iter();
    // An archived type is kept for old tasks, whatever it was for.
    let types: Vec<_> = types.filter(|it| !it.archived).collect();
    each(seen, |film, against| {
        let of_shots = film.shots.iter().flat_map(|it| &it.tasks);
        let of_shots: HashSet<_> = of_shots.map(|it| &it.task_type_id).collect();
        let of_assets = film.assets.iter().flat_map(|it| &it.tasks);
        let of_assets: HashSet<_> = of_assets.map(|it| &it.task_type_id).collect();
        for task_type in &types {
            let (shots, assets) = (
                of_shots.contains(&task_type.id),
                of_assets.contains(&task_type.id),
            );
            let what = one("task type", &task_type.name, task_type.id.as_str());
            match (shots, assets, task_type.for_shots) {
                (true, false, false) => {
                    against.push(format!(
                        "shots have tasks of the {what}, which is for assets"
                    ));
                }
                (false, true, true) => {
                    against.push(format!(
                        "assets have tasks of the {what}, which is for shots"
                    ));
                }
                _ => {}
            }
        }
    })
}

pub(super) fn avatars(seen: &Observed) -> Judgement {
    let users = list(seen)?.users.iter();
    let without = users.filter(|it| it.has_avatar && it.thumbnail.is_none());
    let text = |it: &watchtower_model::User| {
        let person = one("person", &it.name, it.id.as_str());
        format!("the {person} has an avatar, and no picture")
    };
    Ok(without.map(text).collect::<Vec<_>>().into())
}

pub(super) fn edits(seen: &Observed) -> Judgement {
    each(seen, |film, against| {
        for edit in &film.edits {
            let what = one("edit", &edit.name, edit.id.as_str());
            match (edit.total_frames, &edit.movie) {
                (Some(0), _) => against.push(format!("the movie of the {what} has 0 frames")),
                (Some(frames), None) => {
                    against.push(format!(
                        "the {what} is {frames} frames long, and has no movie"
                    ));
                }
                _ => {}
            }
        }
    })
}

pub(super) fn left_out_named(seen: &Observed) -> Judgement {
    each(seen, |film, against| {
        for it in &film.left_out {
            let what = one(it.kind, &it.name, &it.id);
            if it.id.trim().is_empty() {
                against.push(format!("the {what}, which is left out, has no id"));
            }
            if it.name.trim().is_empty() {
                against.push(format!("the {what}, which is left out, has no name"));
            }
            if matches!(&it.reason, Reason::Other(reason) if reason.trim().is_empty()) {
                against.push(format!("the {what} is left out without a reason"));
            }
        }
        if film.notes.iter().any(|it| it.trim().is_empty()) {
            against.push("a note is empty".to_owned());
        }
    })
}

pub(super) fn left_out_apart(seen: &Observed) -> Judgement {
    each(seen, |film, against| {
        let tasks = film.tasks().filter_map(|it| it.id.as_ref());
        let given: HashMap<EntityKind, HashSet<&str>> = [
            (EntityKind::Asset, ids!(film.assets)),
            (EntityKind::Shot, ids!(film.shots)),
            (EntityKind::Sequence, ids!(film.sequences)),
            (EntityKind::Episode, ids!(film.episodes)),
            (EntityKind::Edit, ids!(film.edits)),
            (EntityKind::Task, tasks.map(|it| it.as_str()).collect()),
        ]
        .into();
        for it in &film.left_out {
            if given.get(&it.kind).is_some_and(|ids| ids.contains(&*it.id)) {
                let what = one(it.kind, &it.name, &it.id);
                against.push(format!("the {what} is left out, and there"));
            }
        }
        let named = film
            .left_out
            .iter()
            .filter(|it| given.contains_key(&it.kind));
        for (kind, id) in repeated(named.map(|it| (it.kind, &*it.id))) {
            against.push(format!("the {kind} `{id}` is named twice as left out"));
        }
    })
}

pub(super) fn known_keys(seen: &Observed) -> Judgement {
    Ok(seen.unknown_keys.clone().into())
}

pub(super) fn capabilities(seen: &Observed) -> Judgement {
    let films = films(seen)?;
    let description = seen.descriptions.first();
    let Description {
        capabilities: declared,
        ..
    } = description.ok_or("there is no description")?;
    let list = list(seen)?;
    let any = |has: &dyn Fn(&ProjectSnapshot) -> bool| films.iter().any(|it| has(&it.snapshot));
    let films: Vec<_> = films.iter().map(|it| &it.snapshot).collect();
    let mut media = referred(list, &films);
    let movies = media.pop().is_some_and(|it| !it.is_empty());
    let unchanged =
        |it: &crate::conformance::media::Opening| matches!(it.known, Some(Ok(Received::Unchanged)));
    let given = |capability: &Capability| match capability {
        Capability::Assets => any(&|it| !it.assets.is_empty()),
        Capability::Casting => any(&|it| !it.casting.is_empty()),
        Capability::Tasks => any(&|it| it.tasks().next().is_some()),
        Capability::Users => !list.users.is_empty(),
        Capability::Episodes => any(&|it| !it.episodes.is_empty()),
        Capability::Edits => any(&|it| !it.edits.is_empty()),
        Capability::Pictures => media.iter().any(|it| !it.is_empty()),
        Capability::Movies => movies,
        Capability::ConditionalMedia => seen.media.iter().any(unchanged),
        Capability::Changes => seen.has_mark(),
    };
    let all = Capability::ALL.iter();
    let undeclared = all.clone().filter(|it| given(it) && !declared.contains(it));
    let against = undeclared.map(|it| format!("`{it}` is given, and not declared"));
    let unseen = all.filter(|it| declared.contains(it) && !given(it));
    let unseen: Vec<_> = unseen.map(ToString::to_string).collect();
    Ok(Found {
        against: against.collect(),
        note: match unseen.is_empty() {
            true => None,
            false => Some(format!(
                "declared, and not in what was read: {}",
                unseen.join(", ")
            )),
        },
    })
}
