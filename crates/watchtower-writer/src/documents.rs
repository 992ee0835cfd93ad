//! Stages documents: each is rendered, written, and checked against its schema as it was written, or
//! before, where its entries are plain.

use std::collections::HashSet;
use std::fmt;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, Serialize};
use serde_json::Value;
use watchtower_model::format::Document;

use crate::conform::Conform;
use crate::error::{Error, IoContext, Result};
use crate::render::write_judged_list;
use crate::site::Transaction;
use crate::validate::{self, Finding, Severity};

/// What the client shows wrongly of a document, in a line.
pub(crate) fn warning(document: &Document, findings: &[Finding]) -> Option<String> {
    let first = findings.first()?;
    let name = document.file_name();
    let message = &first.message;
    // Who is named needs no number.
    let place = match message.starts_with("the ") && message.contains("`: ") {
        true => String::new(),
        false => format!("{name}{}: ", first.pointer),
    };
    Some(match findings.len() - 1 {
        0 => format!("{place}{message}"),
        more => {
            format!("{place}{message} (and {more} more; `watchtower validate` lists them)")
        }
    })
}

/// Lets findings about entries of a list name them, as people do.
fn name_entries(document: &Document, text: &[u8], findings: &mut [Finding]) {
    let noun = match document.name {
        "shots" => "shot",
        "assets" => "asset",
        "sequences" => "sequence",
        "edits" => "edit",
        _ => return,
    };
    let Ok(entries) = serde_json::from_slice::<Vec<Value>>(text) else {
        return;
    };
    for finding in findings {
        let (index, inside) = match finding.pointer[..].strip_prefix('/') {
            Some(pointer) => pointer.split_once('/').unwrap_or((pointer, "")),
            None => continue,
        };
        let entry = index.parse::<usize>().ok().and_then(|it| entries.get(it));
        let text = |key: &str| {
            let text = entry?[key].as_str()?.trim();
            (!text.is_empty()).then_some(text)
        };
        let Some(name) = text("name").or_else(|| text("id")) else {
            continue;
        };
        let key = match inside.is_empty() {
            true => String::new(),
            false => format!(", `{}`", inside.replace('/', ".")),
        };
        finding.message = format!(
            "the {noun} `{}`{key}: {}",
            name.escape_debug(),
            finding.message
        );
    }
}

/// The files of the site to which the staged documents of a folder refer. When one of them cannot be
/// understood, all pictures in the folder `previews`.
pub(crate) fn files_referred_to(
    change: &Transaction,
    folder: &str,
    previews: &str,
) -> Result<HashSet<String>> {
    let mut found = HashSet::new();
    for path in change.files(folder)? {
        // Whatever else may stand there.
        let is_document = path.ends_with(".json") && change.stamp(&path).is_some();
        if is_document && !find_files(change, &path, &mut found)? {
            found.extend(change.files(previews)?);
        }
    }
    Ok(found)
}

/// Finds the files of the site to which a staged document refers. Says whether it is JSON.
pub(crate) fn find_files(
    change: &Transaction,
    path: &str,
    found: &mut HashSet<String>,
) -> Result<bool> {
    let input = BufReader::with_capacity(1 << 16, change.open(path)?);
    let mut document = serde_json::Deserializer::from_reader(input);
    let paths = Paths {
        found,
        is_path: false,
    };
    Ok(paths.deserialize(&mut document).is_ok())
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

/// Writes a list, and says whether all its entries are plain.
pub(crate) fn write_plain<'a, T: Sync, D: Serialize + Conform>(
    out: &mut (dyn Write + Send),
    elements: &'a [T],
    document: impl Fn(&'a T) -> D + Sync,
) -> io::Result<bool> {
    write_judged_list(out, elements, document, Conform::is_plain)
}

/// Stages a document, and answers what the client shows wrongly of it. `write` says whether the
/// document is beyond doubt; otherwise it is read again and validated.
pub(crate) fn write_checked(
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
    let mut findings = validate::document(document, Path::new(path), change.open(path)?, &options);
    if !findings.is_empty() {
        let mut text = Vec::new();
        change
            .open(path)?
            .read_to_end(&mut text)
            .during("read", path)?;
        name_entries(document, &text, &mut findings);
    }
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
