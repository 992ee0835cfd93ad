//! Stages documents: each is rendered, written, and checked against its schema as it was written.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use watchtower_model::ProjectSnapshot;
use watchtower_model::format::{Document, Format, v0};

use crate::error::{Error, Result};
use crate::media::ResolvedMedia;
use crate::render::{self, write_list, write_object};
use crate::site::{Site, Transaction};
use crate::validate;

/// Stages all documents of a project.
pub(crate) fn stage_project(
    change: &Transaction,
    snapshot: &ProjectSnapshot,
    media: &ResolvedMedia,
) -> Result<()> {
    let project = &snapshot.project;
    let stage = |name: &str, write: &dyn Fn(&mut dyn Write) -> io::Result<()>| {
        let document = document(name);
        write_checked(
            change,
            document,
            &document.path(&project.id),
            &project.name,
            write,
        )
    };
    stage("project", &|out| {
        write_object(out, &render::v0::project(project, media))
    })?;
    stage("edit", &|out| {
        write_object(out, &render::v0::edit(snapshot, media))
    })?;
    stage("assets", &|out| {
        write_list(out, render::v0::assets(snapshot, media))
    })?;
    stage("shots", &|out| {
        write_list(out, render::v0::shots(snapshot, media))
    })?;
    stage("sequences", &|out| {
        write_list(out, render::v0::sequences(snapshot))
    })?;
    stage("casting", &|out| {
        write_list(out, render::v0::casting(snapshot))
    })
}

/// Stages what the projects share.
pub(crate) fn stage_context(change: &Transaction, context: &v0::Context<'_>) -> Result<()> {
    let document = document("context");
    let write = |out: &mut dyn Write| write_object(out, context);
    write_checked(change, document, CONTEXT, "the site", &write)
}

const CONTEXT: &str = "data/projects/context.json";

/// The text of the `context.json` that a site holds now; empty when it holds none that can be read.
pub(crate) fn present_context(site: &Site) -> String {
    fs::read_to_string(site.path(CONTEXT)).unwrap_or_default()
}

/// What a `context.json` says, and nothing if it cannot be understood: then there is nothing in the
/// site that could be kept.
pub(crate) fn parse_context(text: &str) -> v0::Context<'_> {
    serde_json::from_str(text).unwrap_or_else(|_| v0::Context {
        asset_types: Vec::new(),
        users: Vec::new(),
        projects: Vec::new(),
        task_status: Vec::new(),
        task_types: Vec::new(),
    })
}

fn document(name: &str) -> &'static Document {
    Format::V0
        .document(name)
        .expect("the names in this file are rows of the table of documents")
}

fn write_checked(
    change: &Transaction,
    document: &'static Document,
    path: &str,
    owner: &str,
    write: &dyn Fn(&mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    change.write(path, |out| write(out))?;
    let options = validate::Options::default();
    let findings = validate::document(document, Path::new(path), change.open(path)?, &options);
    if findings.is_empty() {
        return Ok(());
    }
    Err(Error::Invalid {
        project: owner.to_owned(),
        document: document.file_name(),
        findings,
    })
}
