//! The documents of format v1.

use std::collections::{HashMap, HashSet};

use watchtower_model::{
    AssetType, AssetTypeId, Episode, EpisodeId, Project, ProjectId, ProjectList, ProjectSnapshot,
    References, SequenceId, TaskStatus, TaskStatusId, TaskType, TaskTypeId, User, UserId,
};

use super::fields::Fields;
use super::mended::Mended;
use super::{Error, Found, FoundProject, Reader, entities, is_listed, v0};

/// Reads `index.json`, and each project that it lists.
pub(super) fn read(reader: &mut Reader) -> Result<Found, Error> {
    let mut index = reader.shared("index")?;
    let mut mended = Mended::default();
    let mut context = index.object("context");
    let mut list = v0::shared(&mut context, reader, &mut mended);
    let selections: HashMap<ProjectId, Selection> = context
        .objects("projects")
        .filter_map(|mut it| Some((it.id("id")?, Selection::of(&mut it))))
        .collect();
    let mut projects = Vec::new();
    for mut fields in index.objects("projects") {
        let episodes = fields.objects("episodes").collect();
        let listed = v0::listed(fields, reader, &mut mended)?;
        if is_listed(&list.projects, &listed.id) {
            mended.note("project", "listed twice", &listed.name);
            continue;
        }
        let selection = selections.get(&listed.id);
        let found = project(&listed, episodes, selection, &mut list, reader)?;
        list.projects.push(found.snapshot.project.clone());
        projects.push(found);
    }
    entities::tell_of_the_rest(index, "site", "index.json", &mut mended);
    reader.mended = mended;
    Ok(Found { list, projects })
}

/// A project, and what it shares with others. What it lists stands in `selection` if the site was
/// converted from format v0; then the list holds all that others may refer to, and only what the project
/// refers to itself is added.
fn project(
    listed: &Project,
    listed_episodes: Vec<Fields>,
    selection: Option<&Selection>,
    list: &mut ProjectList,
    reader: &Reader,
) -> Result<FoundProject, Error> {
    let mut mended = Mended::default();
    let id = &listed.id;
    let mut fields = reader.of_project("project", id)?;
    let project = entities::project(&mut fields, listed, reader, &mut mended);
    let own = v0::shared_of(
        ["asset_types", "task_types", "task_statuses", "team"],
        &mut fields,
        reader,
        &mut mended,
    );
    let episodes: Vec<_> = fields.objects("episodes").collect();
    entities::tell_of_the_rest(fields, "project", &project.name, &mut mended);
    let mut snapshot = ProjectSnapshot::new(project);
    selection
        .unwrap_or(&Selection::all(&own))
        .apply(&mut snapshot.project);
    entities::read_into(&mut snapshot, reader, &mut mended)?;
    series(&mut snapshot, episodes, listed_episodes, &mut mended);
    snapshot.edits = reader.list("edits", id, &mut mended, |mended, number, fields| {
        Some(entities::edit(fields, id, number, reader, mended))
    })?;
    let lengths = snapshot
        .edits
        .iter()
        .filter_map(entities::length_without_movie);
    snapshot.cuts = lengths.collect();
    let mut used = References::default();
    used.add_snapshot(&snapshot);
    let is_shared = |id: &str| selection.is_none() || used.contains(id);
    share(
        &mut list.asset_types,
        own.asset_types,
        is_shared,
        &mut mended,
    );
    share(&mut list.task_types, own.task_types, is_shared, &mut mended);
    share(
        &mut list.task_statuses,
        own.task_statuses,
        is_shared,
        &mut mended,
    );
    share(&mut list.users, own.users, is_shared, &mut mended);
    let readings = reader.list("task_counts", id, &mut mended, |_, _, fields| {
        Some(readings(fields))
    })?;
    let readings: usize = readings.into_iter().sum();
    if readings > 0 {
        let note = format!("the history of task counts, {readings} readings, is left out");
        snapshot.notes.push(note);
    }
    Ok(FoundProject {
        snapshot,
        none_is_all: selection.is_some(),
        mended,
    })
}

/// What a project lists of what projects share.
struct Selection {
    asset_types: Vec<AssetTypeId>,
    task_types: Vec<TaskTypeId>,
    task_statuses: Vec<TaskStatusId>,
    team: Vec<UserId>,
}

impl Selection {
    /// As format v0 has it: none of a kind means all.
    fn of(fields: &mut Fields) -> Self {
        Self {
            asset_types: fields.ids("asset_types"),
            task_types: fields.ids("task_types"),
            task_statuses: fields.ids("task_statuses"),
            team: fields.ids("team"),
        }
    }

    /// All that a project has.
    fn all(own: &ProjectList) -> Self {
        Self {
            asset_types: own.asset_types.iter().map(|it| it.id.clone()).collect(),
            task_types: own.task_types.iter().map(|it| it.id.clone()).collect(),
            task_statuses: own.task_statuses.iter().map(|it| it.id.clone()).collect(),
            team: own.users.iter().map(|it| it.id.clone()).collect(),
        }
    }

    fn apply(&self, project: &mut Project) {
        project.asset_types.clone_from(&self.asset_types);
        project.task_types.clone_from(&self.task_types);
        project.task_statuses.clone_from(&self.task_statuses);
        project.team.clone_from(&self.team);
    }
}

/// How many readings a history has of a type.
fn readings(mut counts: Fields) -> usize {
    let statuses = counts.objects("task_statuses");
    statuses.map(|mut it| it.list("data").len()).sum()
}

/// Something that projects share.
trait Shared {
    const KIND: &'static str;

    fn id(&self) -> &str;

    /// Whether another project says the same of it. Where a picture is does not matter: each project
    /// has its own.
    fn is_same(&self, other: &Self) -> bool;
}

macro_rules! shared {
    ($($name:ident $kind:literal: $($field:ident),*;)*) => {$(
        impl Shared for $name {
            const KIND: &'static str = $kind;

            fn id(&self) -> &str {
                self.id.as_str()
            }

            fn is_same(&self, other: &Self) -> bool {
                $(self.$field == other.$field)&&*
            }
        }
    )*};
}

shared! {
    AssetType "asset type": name;
    TaskType "task type": name, color, for_shots;
    TaskStatus "task status": name, color;
    User "user": name;
}

/// Adds what a project has to what the projects share. What another said of the same id counts.
fn share<T: Shared>(
    shared: &mut Vec<T>,
    own: Vec<T>,
    is_shared: impl Fn(&str) -> bool,
    mended: &mut Mended,
) {
    for it in own {
        match shared.iter().find(|other| other.id() == it.id()) {
            None if is_shared(it.id()) => shared.push(it),
            Some(other) if !other.is_same(&it) => {
                mended.note(T::KIND, "as another project has it", it.id());
            }
            _ => {}
        }
    }
}

/// Reads the episodes, and which sequences belong to each. The menu of episodes is in the list of
/// projects, what they hold in the project.
fn series(
    snapshot: &mut ProjectSnapshot,
    episodes: Vec<Fields>,
    listed: Vec<Fields>,
    mended: &mut Mended,
) {
    let mut listed: Vec<Episode> = listed
        .into_iter()
        .filter_map(|it| episode(it).map(|it| it.0))
        .collect();
    let mut known: HashSet<SequenceId> =
        snapshot.sequences.iter().map(|it| it.id.clone()).collect();
    for fields in episodes {
        let Some((mut episode, sequences)) = episode(fields) else {
            mended.note(
                "episode",
                "left out for want of an id",
                &snapshot.project.name,
            );
            continue;
        };
        if let Some(place) = listed.iter().position(|it| it.id == episode.id) {
            // The client reads the name there.
            let listed = listed.remove(place);
            if !listed.name.is_empty() {
                episode.name = listed.name;
            }
        }
        for (number, fields) in sequences.into_iter().enumerate() {
            let sequence = entities::sequence(fields, &snapshot.project.id, number, mended);
            if known.insert(sequence.id.clone()) {
                mended.note("sequence", "known only from its episode", &sequence.name);
                snapshot.sequences.push(sequence.clone());
            }
            let mut all = snapshot.sequences.iter_mut();
            let Some(own) = all.find(|it| it.id == sequence.id) else {
                continue;
            };
            match &own.episode_id {
                None => own.episode_id = Some(episode.id.clone()),
                Some(_) => mended.note("sequence", "listed twice by episodes", &own.name),
            }
        }
        snapshot.episodes.push(episode);
    }
    for episode in listed {
        mended.note("episode", "only in the list of projects", &episode.name);
        snapshot.episodes.push(episode);
    }
}

/// An episode, and the sequences it lists.
fn episode(mut fields: Fields) -> Option<(Episode, Vec<Fields>)> {
    let id: EpisodeId = fields.id("id")?;
    let name = fields.text("name").unwrap_or_default();
    Some((Episode { id, name }, fields.objects("sequences").collect()))
}
