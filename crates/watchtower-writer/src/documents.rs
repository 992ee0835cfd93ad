//! Stages documents: each is rendered, written, and checked against its schema as it was written, or
//! before, where its entries are plain.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::io::{self, BufReader, Write};
use std::path::Path;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, Serialize};
use watchtower_model::ProjectSnapshot;
use watchtower_model::format::{Document, Format, v0};

use crate::conform::Conform;
use crate::error::{Error, Result};
use crate::media::{PREVIEWS, ResolvedMedia};
use crate::render::{self, write_judged_list, write_object};
use crate::site::{Site, Transaction};
use crate::validate::{self, Finding, Severity};

/// Stages all documents of a project. Answers what the client will show wrongly in them.
///
/// # Errors
///
/// [`Error::Invalid`] when a document would break the client, or a part of it.
pub(crate) fn stage_project(
    change: &Transaction,
    snapshot: &ProjectSnapshot,
    media: &ResolvedMedia,
) -> Result<Vec<String>> {
    let project = &snapshot.project;
    let mut warnings = Vec::new();
    let mut stage = |name: &str, write: &dyn Fn(&mut (dyn Write + Send)) -> io::Result<bool>| {
        let document = document(name);
        let path = document.path(&project.id);
        let findings = write_checked(change, document, &path, &project.name, write)?;
        warnings.extend(warning(document, &findings));
        Ok(())
    };
    stage("project", &|out| {
        write_object(out, &render::v0::project(project, media)).map(|()| false)
    })?;
    stage("edit", &|out| {
        write_object(out, &render::v0::edit(snapshot, media)).map(|()| false)
    })?;
    stage("assets", &|out| {
        write_plain(out, &snapshot.assets, |it| render::v0::asset(it, media))
    })?;
    stage("shots", &|out| {
        write_plain(out, &snapshot.shots, |it| render::v0::shot(it, media))
    })?;
    stage("sequences", &|out| {
        write_plain(out, &snapshot.sequences, render::v0::sequence)
    })?;
    stage("casting", &|out| {
        write_plain(out, &snapshot.casting, render::v0::casting)
    })?;
    Ok(warnings)
}

/// What the client shows wrongly of a document, in a line.
fn warning(document: &Document, findings: &[Finding]) -> Option<String> {
    let first = findings.first()?;
    let name = document.file_name();
    let (place, message) = (&first.pointer, &first.message);
    Some(match findings.len() - 1 {
        0 => format!("{name}{place}: {message}"),
        more => {
            format!("{name}{place}: {message} (and {more} more; `watchtower validate` lists them)")
        }
    })
}

/// Stages what the projects share.
pub(crate) fn stage_context(change: &Transaction, context: &v0::Context<'_>) -> Result<()> {
    let document = document("context");
    let write = |out: &mut (dyn Write + Send)| write_object(out, context).map(|()| false);
    write_checked(change, document, CONTEXT, "the site", &write).map(drop)
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

/// The files of the site to which the staged documents of a folder refer. When one of them cannot be
/// understood, all pictures.
pub(crate) fn files_referred_to(change: &Transaction, folder: &str) -> Result<HashSet<String>> {
    let mut found = HashSet::new();
    for path in change.files(folder)? {
        if !path.ends_with(".json") {
            continue;
        }
        let input = BufReader::with_capacity(1 << 16, change.open(&path)?);
        let mut document = serde_json::Deserializer::from_reader(input);
        let paths = Paths {
            found: &mut found,
            is_path: false,
        };
        if paths.deserialize(&mut document).is_err() {
            found.extend(change.files(PREVIEWS)?);
        }
    }
    Ok(found)
}

/// Reads any JSON, and finds the paths of pictures and movies in it.
struct Paths<'a> {
    found: &'a mut HashSet<String>,
    /// Whether a text that stands here is one.
    is_path: bool,
}

impl<'de> DeserializeSeed<'de> for Paths<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Paths<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            map.next_value_seed(Paths {
                found: self.found,
                is_path: matches!(&*key, "thumbnailUrl" | "sourceName"),
            })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        loop {
            let element = Paths {
                found: self.found,
                is_path: false,
            };
            if list.next_element_seed(element)?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if self.is_path && !self.found.contains(text) {
            self.found.insert(text.to_owned());
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
}

fn document(name: &str) -> &'static Document {
    Format::V0
        .document(name)
        .expect("the names in this file are rows of the table of documents")
}

/// Writes a list, and says whether all its entries are plain.
fn write_plain<'a, T: Sync, D: Serialize + Conform>(
    out: &mut (dyn Write + Send),
    elements: &'a [T],
    document: impl Fn(&'a T) -> D + Sync,
) -> io::Result<bool> {
    write_judged_list(out, elements, document, Conform::is_plain)
}

/// Stages a document, and answers what the client shows wrongly of it. `write` says whether the
/// document is beyond doubt; otherwise it is read again and validated.
fn write_checked(
    change: &Transaction,
    document: &'static Document,
    path: &str,
    owner: &str,
    write: &dyn Fn(&mut (dyn Write + Send)) -> io::Result<bool>,
) -> Result<Vec<Finding>> {
    let mut is_plain = false;
    change.write(path, |out| {
        is_plain = write(out)?;
        Ok(())
    })?;
    if is_plain {
        return Ok(Vec::new());
    }
    let options = validate::Options::default();
    let findings = validate::document(document, Path::new(path), change.open(path)?, &options);
    let (errors, warnings): (Vec<_>, Vec<_>) = findings
        .into_iter()
        .partition(|it| it.severity == Severity::Error);
    if errors.is_empty() {
        return Ok(warnings);
    }
    Err(Error::Invalid {
        project: owner.to_owned(),
        document: document.file_name(),
        findings: errors,
    })
}
