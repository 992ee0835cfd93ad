//! The documents of format v1.

use std::collections::HashSet;

use watchtower_model::{Episode, EpisodeId, Project, ProjectList, ProjectSnapshot, SequenceId};

use super::fields::Fields;
use super::mended::Mended;
use super::{Error, Found, FoundProject, Reader, entities, is_listed, v0};

/// Reads `index.json`, and each project that it lists.
pub(super) fn read(reader: &mut Reader) -> Result<Found, Error> {
    let mut index = reader.shared("index")?;
    let mut mended = Mended::default();
    let mut list = ProjectList::default();
    let mut projects = Vec::new();
    for mut fields in index.objects("projects") {
        let episodes = fields.objects("episodes").collect();
        let listed = v0::listed(fields, reader, &mut mended)?;
        if is_listed(&list.projects, &listed.id) {
            mended.note("project", "listed twice", &listed.name);
            continue;
        }
        let found = project(&listed, episodes, &mut list, reader)?;
        list.projects.push(found.snapshot.project.clone());
        projects.push(found);
    }
    entities::tell_of_the_rest(index, "site", "index.json", &mut mended);
    reader.mended = mended;
    Ok(Found { list, projects })
}

/// A project, and what it shares with others.
fn project(
    listed: &Project,
    listed_episodes: Vec<Fields>,
    list: &mut ProjectList,
    reader: &Reader,
) -> Result<FoundProject, Error> {
    let mut mended = Mended::default();
    let id = &listed.id;
    let mut fields = reader.of_project("project", id)?;
    let mut project = entities::project(&mut fields, listed, reader, &mut mended);
    for it in fields.objects("asset_types") {
        if let Some(it) = entities::asset_type(it, &mut mended) {
            project.asset_types.push(it.id.clone());
            share(
                &mut list.asset_types,
                it,
                |it| it.id.as_str(),
                "asset type",
                &mut mended,
            );
        }
    }
    for it in fields.objects("task_types") {
        if let Some(it) = entities::task_type(it, &mut mended) {
            project.task_types.push(it.id.clone());
            share(
                &mut list.task_types,
                it,
                |it| it.id.as_str(),
                "task type",
                &mut mended,
            );
        }
    }
    for it in fields.objects("task_statuses") {
        if let Some(it) = entities::task_status(it, &mut mended) {
            project.task_statuses.push(it.id.clone());
            share(
                &mut list.task_statuses,
                it,
                |it| it.id.as_str(),
                "task status",
                &mut mended,
            );
        }
    }
    for it in fields.objects("team") {
        if let Some(it) = entities::user(it, reader, &mut mended) {
            project.team.push(it.id.clone());
            share(
                &mut list.users,
                it,
                |it| it.id.as_str(),
                "user",
                &mut mended,
            );
        }
    }
    let episodes: Vec<_> = fields.objects("episodes").collect();
    entities::tell_of_the_rest(fields, "project", &project.name, &mut mended);
    let mut snapshot = ProjectSnapshot::new(project);
    entities::read_into(&mut snapshot, reader, &mut mended)?;
    series(&mut snapshot, episodes, listed_episodes, &mut mended);
    snapshot.edits = reader.list("edits", id, &mut mended, |mended, number, fields| {
        Some(entities::edit(fields, id, number, reader, mended))
    })?;
    let readings = reader.list("task_counts", id, &mut mended, |_, _, fields| {
        Some(readings(fields))
    })?;
    let readings: usize = readings.into_iter().sum();
    if readings > 0 {
        let note = format!("the history of task counts, {readings} readings, is left out");
        snapshot.notes.push(note);
    }
    Ok(FoundProject { snapshot, mended })
}

/// How many readings a history has of a type.
fn readings(mut counts: Fields) -> usize {
    let statuses = counts.objects("task_statuses");
    statuses.map(|mut it| it.list("data").len()).sum()
}

/// Adds what a project uses to what the projects share. What another said of the same id counts.
fn share<T: PartialEq>(
    shared: &mut Vec<T>,
    it: T,
    id: impl Fn(&T) -> &str,
    kind: &'static str,
    mended: &mut Mended,
) {
    match shared.iter().find(|other| id(other) == id(&it)) {
        None => shared.push(it),
        Some(other) if *other == it => {}
        Some(_) => mended.note(kind, "as another project has it", id(&it)),
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
