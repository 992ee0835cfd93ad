//! Somebody who looks at the site all the time, as a page does, and sees whether it shows what never was.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use watchtower_model::format::{DOCUMENTS, Document};
use watchtower_writer::validate::{self, Severity};

use super::Broken;
use super::studio::{CLOCK, Truth};
use crate::bench::files_below;

/// How long it looks away.
const PAUSE: Duration = Duration::from_millis(100);

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    looks: usize,
    /// The site changed while it was read.
    torn: usize,
    states: usize,
    statuses: usize,
    counts: usize,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} looks at {} states of the site ({} in which it changed meanwhile are not counted), {} statuses and {} \
             counts",
            self.looks, self.states, self.torn, self.statuses, self.counts
        )
    }
}

/// What tells one state of a site from the next: its folder is another one.
type Stamp = (u64, i64, i64);

fn stamp(data: &Path) -> io::Result<Stamp> {
    let found = fs::metadata(data)?;
    Ok((found.ino(), found.mtime(), found.mtime_nsec()))
}

/// What somebody remembers who looks all the time.
struct Reader<'a> {
    data: PathBuf,
    truth: &'a Mutex<Truth>,
    broken: &'a Broken,
    seen: Seen,
    /// To what each shot had counted when it was seen last.
    counts: BTreeMap<String, u64>,
    /// What was removed, and was seen to be gone.
    gone: BTreeSet<String>,
    /// What is shown of tasks that nobody knows yet: the answer to who made them may be on its way.
    unknown: BTreeSet<(String, String)>,
}

/// Looks until it is over.
pub(super) fn read(
    site: &Path,
    truth: &Mutex<Truth>,
    broken: &Broken,
    is_over: &AtomicBool,
) -> Seen {
    let mut reader = Reader {
        data: site.join("data"),
        truth,
        broken,
        seen: Seen::default(),
        counts: BTreeMap::new(),
        gone: BTreeSet::new(),
        unknown: BTreeSet::new(),
    };
    let mut before = None;
    while !is_over.load(Ordering::Relaxed) {
        thread::sleep(PAUSE);
        reader.look(&mut before);
    }
    reader.judge_unknown();
    reader.seen
}

/// The documents of a site, by their paths.
type Documents = BTreeMap<PathBuf, Value>;

impl Reader<'_> {
    fn look(&mut self, before: &mut Option<Stamp>) {
        let Ok(start) = stamp(&self.data) else {
            // Once it is there it stays.
            if before.is_some() {
                self.broken.say("the site is not there");
            }
            return;
        };
        self.seen.looks += 1;
        let documents = self.documents();
        if stamp(&self.data).ok() != Some(start) {
            self.seen.torn += 1;
            return;
        }
        let (documents, wrong) = match documents {
            Ok(found) => found,
            Err(error) => {
                self.broken.say(format!("the site cannot be read: {error}"));
                return;
            }
        };
        // What does not change was judged.
        if before.replace(start) == Some(start) {
            return;
        }
        self.seen.states += 1;
        for what in wrong {
            self.broken.say(what);
        }
        self.judge(&documents);
    }

    /// Reads everything, and says what is wrong in itself.
    fn documents(&self) -> io::Result<(Documents, Vec<String>)> {
        let (mut documents, mut wrong) = (Documents::new(), Vec::new());
        let files = files_below(&self.data).map_err(io::Error::other)?;
        let is_document = |it: &&PathBuf| it.extension().is_some_and(|it| it == "json");
        for path in files.iter().filter(is_document) {
            let text = fs::read(path)?;
            let name = path.strip_prefix(&self.data).unwrap_or(path).to_owned();
            match kind(&name) {
                Some(kind) => {
                    let findings =
                        validate::document(kind, &name, &*text, &validate::Options::default());
                    let errors = findings.iter().filter(|it| it.severity == Severity::Error);
                    wrong.extend(errors.map(|it| format!("{}: {}", name.display(), it.message)));
                }
                None => wrong.push(format!("no document is named {}", name.display())),
            }
            match serde_json::from_slice(&text) {
                Ok(value) => {
                    documents.insert(name, value);
                }
                Err(error) => wrong.push(format!("{}: {error}", name.display())),
            }
        }
        for (name, document) in &documents {
            let mut media = Vec::new();
            named_media(document, &mut media);
            for file in media {
                let there = self.data.join(file.trim_start_matches("data/"));
                if !there.exists() {
                    wrong.push(format!(
                        "{} names {file}, which is not there",
                        name.display()
                    ));
                }
            }
        }
        Ok((documents, wrong))
    }

    fn judge(&mut self, documents: &Documents) {
        let truth: MutexGuard<'_, Truth> =
            self.truth.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shown = BTreeSet::new();
        for (name, document) in documents {
            let file = name
                .file_name()
                .and_then(|it| it.to_str())
                .unwrap_or_default();
            let entries = match file {
                "context.json" => document["projects"].as_array(),
                "shots.json" | "assets.json" => document.as_array(),
                _ => continue,
            };
            let mut counted = BTreeMap::new();
            for entry in entries.into_iter().flatten() {
                let id = text(&entry["id"]);
                shown.insert(id.to_owned());
                if file == "context.json" {
                    let folder = Path::new("projects").join(id).join("project.json");
                    if !documents.contains_key(&folder) {
                        self.broken
                            .say(format!("the list has project {id}, which has no folder"));
                    }
                }
                for task in entry["tasks"].as_array().into_iter().flatten() {
                    let (task, status) = (text(&task["id"]), text(&task["task_status_id"]));
                    shown.insert(task.to_owned());
                    self.seen.statuses += 1;
                    match truth.statuses.get(task) {
                        Some(had) if had.contains(status) => {}
                        Some(_) => self
                            .broken
                            .say(format!("task {task} never had the status {status}")),
                        None => {
                            self.unknown.insert((task.to_owned(), status.to_owned()));
                        }
                    }
                }
                let count = text(&entry["name"]).strip_prefix(CLOCK);
                let Some((place, count)) = count.and_then(|it| it.split_once('-')) else {
                    continue;
                };
                let count: u64 = count.parse().unwrap_or_default();
                self.seen.counts += 1;
                counted.insert(place.to_owned(), count);
                let most = truth.clocks.get(id).copied().unwrap_or_default();
                if count > most {
                    self.broken.say(format!(
                        "shot {id} shows {count} and never had more than {most}"
                    ));
                }
                let last = self.counts.insert(id.to_owned(), count).unwrap_or_default();
                if count < last {
                    self.broken
                        .say(format!("shot {id} went back from {last} to {count}"));
                }
            }
            // The second follows the first.
            if let (Some(first), Some(second)) = (counted.get("0"), counted.get("1"))
                && first != second
                && *first != second + 1
            {
                let name = name.display();
                self.broken
                    .say(format!("{name} shows {first} and {second} at a time"));
            }
        }
        for id in shown.iter().filter(|it| self.gone.contains(*it)) {
            self.broken
                .say(format!("{id} was removed, was gone, and is here again"));
        }
        let gone = truth.removed.iter().filter(|it| !shown.contains(*it));
        self.gone.extend(gone.cloned());
    }

    /// Whoever made a task knows of it by now.
    fn judge_unknown(&self) {
        let truth = self.truth.lock().unwrap_or_else(PoisonError::into_inner);
        let mut strangers = 0;
        for (task, status) in &self.unknown {
            match truth.statuses.get(task) {
                Some(had) if had.contains(status) => {}
                Some(_) => self
                    .broken
                    .say(format!("task {task} never had the status {status}")),
                None => strangers += 1,
            }
        }
        if strangers > truth.lost {
            let lost = truth.lost;
            self.broken.say(format!(
                "{strangers} tasks were shown that nobody made, and {lost} answers got lost"
            ));
        }
    }
}

/// Which document a file is, by its name.
fn kind(name: &Path) -> Option<&'static Document> {
    let stem = name.file_stem()?.to_str()?;
    DOCUMENTS
        .iter()
        .find(|it| it.name == stem && it.format == watchtower_model::format::Format::V0)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The pictures and movies that a document names.
fn named_media<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => {
            let is_media = [".png", ".mp4", ".jpg"].iter().any(|it| text.ends_with(it));
            if is_media && text.starts_with("data/") {
                found.push(text);
            }
        }
        Value::Array(values) => values.iter().for_each(|it| named_media(it, found)),
        Value::Object(values) => values.values().for_each(|it| named_media(it, found)),
        _ => {}
    }
}
