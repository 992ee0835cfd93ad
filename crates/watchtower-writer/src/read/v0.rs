//! The documents of format v0.

use watchtower_model::{Project, ProjectList, ProjectSnapshot};

use super::fields::Fields;
use super::mended::Mended;
use super::{Error, Found, FoundProject, Reader, entities, is_listed, project_id};
use crate::validate::Role;

/// Reads `context.json`, and each project that it lists.
pub(super) fn read(reader: &mut Reader) -> Result<Found, Error> {
    let mut context = reader.shared("context")?;
    let mut mended = Mended::default();
    let mut list = shared(&mut context, reader, &mut mended);
    let mut projects = Vec::new();
    for fields in context.objects("projects") {
        let listed = listed(fields, reader, &mut mended)?;
        if is_listed(&list.projects, &listed.id) {
            mended.note("project", "listed twice", &listed.name);
            continue;
        }
        let found = project(&listed, reader)?;
        list.projects.push(found.snapshot.project.clone());
        projects.push(found);
    }
    entities::tell_of_the_rest(context, "site", "context.json", &mut mended);
    reader.mended = mended;
    Ok(Found { list, projects })
}

/// What `context.json` says that projects share.
pub(super) fn shared(context: &mut Fields, reader: &Reader, mended: &mut Mended) -> ProjectList {
    let keys = ["asset_types", "task_types", "task_status", "users"];
    shared_of(keys, context, reader, mended)
}

/// The types of assets and of tasks, the statuses and the people that stand under these keys.
pub(super) fn shared_of(
    keys: [&str; 4],
    fields: &mut Fields,
    reader: &Reader,
    mended: &mut Mended,
) -> ProjectList {
    let [asset_types, task_types, task_statuses, users] = keys.map(|key| fields.objects(key));
    ProjectList {
        projects: Vec::new(),
        asset_types: asset_types
            .filter_map(|it| entities::asset_type(it, mended))
            .collect(),
        task_types: task_types
            .filter_map(|it| entities::task_type(it, mended))
            .collect(),
        task_statuses: task_statuses
            .filter_map(|it| entities::task_status(it, mended))
            .collect(),
        users: users
            .filter_map(|it| entities::user(it, reader, mended))
            .collect(),
    }
}

/// A project as the list has it: the client takes its id, name and picture from there, and everything
/// else from its own folder.
pub(super) fn listed(
    mut fields: Fields,
    reader: &Reader,
    mended: &mut Mended,
) -> Result<Project, Error> {
    let id = project_id(reader, &fields.text("id").unwrap_or_default())?;
    let name = fields.text("name").unwrap_or_default();
    let role = Role::PlainPicture;
    let thumbnail = entities::picture(&mut fields, role, "project", &name, reader, mended);
    Ok(Project {
        id,
        thumbnail,
        ..Project::new(name)
    })
}

fn project(listed: &Project, reader: &Reader) -> Result<FoundProject, Error> {
    let mut mended = Mended::default();
    let id = &listed.id;
    let mut fields = reader.of_project("project", id)?;
    let mut project = entities::project(&mut fields, listed, reader, &mut mended);
    project.asset_types = fields.ids("asset_types");
    project.task_types = fields.ids("task_types");
    project.task_statuses = fields.ids("task_statuses");
    project.team = fields.ids("team");
    entities::tell_of_the_rest(fields, "project", &project.name, &mut mended);
    let mut snapshot = ProjectSnapshot::new(project);
    entities::read_into(&mut snapshot, reader, &mut mended)?;
    let edit = entities::edit(reader.of_project("edit", id)?, id, 0, reader, &mut mended);
    snapshot.cuts.extend(entities::length_without_movie(&edit));
    if edit.movie.is_some() {
        snapshot.edits.push(edit);
    }
    Ok(FoundProject {
        snapshot,
        none_is_all: true,
        mended,
    })
}
