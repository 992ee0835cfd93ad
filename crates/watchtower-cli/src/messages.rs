//! The messages for programs: what `--json` prints, and `validate --output-format json`.
//!
//! Each is an object whose key `message_type` says which one it is, and each has a schema. What stands in one
//! of a version stands in those of later ones, in the same place and with the same meaning, until the major
//! version changes. Keys, kinds of messages and codes may come; who reads them skips what they do not know.

use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use watchtower_connector::Capability;
use watchtower_connector::conformance::{Check, Report};
use watchtower_connector::edit::ListedClip;
use watchtower_model::format::Format;
use watchtower_model::schema;
use watchtower_writer::media::Fitted;
use watchtower_writer::validate::{Finding, LeftOut};
use watchtower_writer::{Summary, validate};

use crate::Setting;

/// A kind of message.
#[derive(Clone, Copy, Debug)]
pub struct MessageKind {
    /// What `message_type` says.
    pub name: &'static str,
    /// The commands that print it.
    pub printed_by: &'static str,
    /// What it is.
    pub about: &'static str,
    schema: fn(name: &str, about: &str, example: Value) -> Value,
    example: fn() -> Value,
}

impl MessageKind {
    /// The name of its schema, as in `message/exported`.
    pub fn schema_name(&self) -> String {
        format!("message/{}", self.name)
    }

    /// Its JSON Schema.
    pub fn schema(&self) -> Value {
        (self.schema)(&self.schema_name(), self.about, (self.example)())
    }
}

/// The names of all schemas that there are, as in `v0/shots` and `message/exported`.
pub fn schema_names() -> impl Iterator<Item = String> {
    let messages = MESSAGES.iter().map(MessageKind::schema_name);
    schema::names().chain(messages)
}

/// The schema with a name.
pub fn schema_by_name(name: &str) -> Option<Value> {
    let mut messages = MESSAGES.iter();
    let message = messages.find(|it| it.schema_name() == name);
    schema::by_name(name).or_else(|| message.map(MessageKind::schema))
}

/// What can be a message.
pub(crate) trait Body: Serialize {
    /// What `message_type` says.
    const KIND: &'static str;
}

/// A message as it is printed.
#[derive(Serialize)]
pub(crate) struct Message<'a, T> {
    message_type: &'static str,
    #[serde(flatten)]
    body: &'a T,
}

impl<'a, T: Body> Message<'a, T> {
    pub(crate) fn new(body: &'a T) -> Self {
        Self {
            message_type: T::KIND,
            body,
        }
    }
}

macro_rules! messages {
    ($($name:literal $body:ty, $printed_by:literal, $about:literal, $example:expr;)*) => {
        /// Every kind of message.
        pub const MESSAGES: &[MessageKind] = &[$(MessageKind {
            name: $name,
            printed_by: $printed_by,
            about: $about,
            schema: schema::of_message::<$body>,
            example: || $example,
        }),*];

        $(impl Body for $body {
            const KIND: &'static str = $name;
        })*
    };
}

messages! {
    "exported" Summary,
    "`watchtower export TRACKER --json`; `watchtower view TRACKER --json` after each export",
    "What an export did. With `--every`, and from `view`, each is one line.",
    json!({
        "message_type": "exported",
        "format": "v0",
        "projects": [{
            "id": "film",
            "name": "Film",
            "outcome": "exported",
            "counts": {
                "episodes": 0, "sequences": 1, "shots": 2, "assets": 0, "tasks": 0, "casting": 0,
                "edits": 0, "total_frames": 48,
                "places": {"edit": 0, "tracker": 2, "end_to_end": 0, "none": 0},
            },
            "media": media(json!([{
                "code": "absent",
                "reason": "the tracker does not have it",
                "of": ["shot 010 / 0020"],
            }])),
            "left_out": [{
                "kind": "shot",
                "id": "sh30",
                "name": "010 / 0030",
                "code": "canceled",
                "reason": "cancelled",
            }],
            "notes": [],
        }],
        "shared_media": media(json!([])),
    });

    "converted" Converted<'_>,
    "`watchtower convert --json`",
    "What a conversion did: what an export did, and what there is to know of the site that was read.",
    json!({
        "message_type": "converted",
        "from": "v0",
        "format": "v1",
        "projects": [],
        "shared_media": media(json!([])),
        "notes": [],
    });

    "checked" Found,
    "`watchtower check TRACKER --json`",
    "What a connection to a tracker shows.",
    json!({
        "message_type": "checked",
        "tracker": "kitsu",
        "location": "https://kitsu.studio.example/api",
        "server": "Kitsu 0.20.61",
        "user": "Jade Doe",
        "capabilities": ["assets", "casting", "tasks"],
        "projects": [{"id": "film", "name": "Film"}],
        "asset_types": 3,
        "task_types": 9,
        "task_statuses": 8,
        "users": 21,
    });

    "conformance" Report,
    "`watchtower conformance TRACKER --json`",
    "What the checks of a tracker came to.",
    json!({
        "message_type": "conformance",
        "tracker": "studio",
        "checks": [{
            "id": "answers",
            "about": "The connection, the list of projects and every project can be read.",
            "means": "Nothing is exported, or not every project is.",
            "outcome": "passed",
        }],
    });

    "checks" Checks,
    "`watchtower conformance --list --json`",
    "The checks that a tracker has to pass.",
    json!({
        "message_type": "checks",
        "checks": [{
            "id": "answers",
            "about": "The connection, the list of projects and every project can be read.",
            "means": "Nothing is exported, or not every project is.",
        }],
    });

    "trackers" Trackers,
    "`watchtower trackers --json`",
    "The trackers that the command has.",
    json!({
        "message_type": "trackers",
        "trackers": [{
            "name": "kitsu",
            "about": "Kitsu, the tracker by CGWire that Blender Studio uses",
            "capabilities": ["assets"],
            "settings": [{"name": "KITSU_TOKEN", "about": "a bot's token", "is_secret": true}],
            "arguments": [{"name": "--url <URL>", "about": "Kitsu's API"}],
        }],
    });

    "bundled" Bundled,
    "`watchtower bundle --json`",
    "What a bundle holds.",
    json!({
        "message_type": "bundled",
        "format": "v0",
        "client_files": 12,
        "site_files": 48,
        "site_bytes": 391_204,
    });

    "serving" Serving<'_>,
    "`watchtower serve --json` and `watchtower view TRACKER --json`, on the first line",
    "A server has started.",
    json!({
        "message_type": "serving",
        "url": "http://127.0.0.1:8000/",
        "site": "site",
        "format": "v0",
    });

    "edit" Shown<'_>,
    "`watchtower edit show --json`",
    "What an edit holds.",
    json!({
        "message_type": "edit",
        "name": "cut",
        "fps": 24.0,
        "clips": [{
            "place": "event 001 at 01:00:00:00",
            "start": 0,
            "end": 24,
            "names": [{"source": "clip", "text": "010_0010", "is_taken": true}],
            "shot": {"episode": null, "sequence": "010", "name": "0010"},
        }],
        "notes": [],
    });

    "finding" Finding,
    "`watchtower validate --output-format json`, on a line each",
    "Something in a file that the web client does not take, or shows wrongly.",
    json!({
        "message_type": "finding",
        "code": "WT203",
        "severity": "error",
        "file": "site/data/projects/film/shots.json",
        "pointer": "/0/tasks",
        "message": "`tasks` is null",
        "effect": "The page stops.",
        "help": "Write an empty list.",
        "position": {"line": 1, "column": 20, "start": 19, "end": 23},
    });

    "left_out" LeftOut,
    "`watchtower validate --output-format json`, on a line each, after the findings",
    "How many more findings of one kind there are in a file than were printed.",
    json!({
        "message_type": "left_out",
        "file": "site/data/projects/film/shots.json",
        "code": "WT203",
        "severity": "error",
        "count": 2000,
    });

    "summary" Totals,
    "`watchtower validate --output-format json`, on the last line",
    "What was checked, and how many findings there are.",
    json!({
        "message_type": "summary",
        "errors": 2001,
        "warnings": 0,
        "allowed": 0,
        "files": 1,
        "format": "v0",
        "projects": 1,
        "documents": 7,
        "entries": 2048,
        "bytes": 391_204,
    });
}

/// Pictures and movies of an example, of which these are missing.
fn media(missing: Value) -> Value {
    json!({
        "pictures": 1, "movies": 0, "referred": 0, "fetched": 1, "unchanged": 0, "bytes": 2048,
        "outdated": [], "stale_files": 0, "missing": missing, "unavailable": [],
    })
}

/// What a conversion did.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Converted<'a> {
    /// The format of the old site.
    pub(crate) from: Format,
    /// What else to know of the old site and the new one, in sentences for people.
    pub(crate) notes: &'a [String],
    #[serde(flatten)]
    pub(crate) summary: &'a Summary,
}

/// What a connection shows.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Found {
    /// The tracker's name.
    pub(crate) tracker: String,
    /// Where it is, without credentials: an address or a path. None for one made up on the spot.
    pub(crate) location: Option<String>,
    /// The server's name and version, where it says so.
    pub(crate) server: Option<String>,
    /// As whom it knows us, where it has accounts.
    pub(crate) user: Option<String>,
    /// What it can give beyond projects, sequences and shots.
    pub(crate) capabilities: Vec<Capability>,
    /// The projects that the account sees, or those that were asked for.
    pub(crate) projects: Vec<FoundProject>,
    /// How many types of assets it shows us; 0 where it would have to read projects to tell.
    pub(crate) asset_types: usize,
    /// How many types of tasks, likewise.
    pub(crate) task_types: usize,
    /// How many statuses of tasks, likewise.
    pub(crate) task_statuses: usize,
    /// How many people, likewise.
    pub(crate) users: usize,
    /// What else a person should know, in sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) remarks: Vec<String>,
}

/// A project that the account sees.
#[derive(Serialize, JsonSchema)]
pub(crate) struct FoundProject {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// What the account may not see of it, in sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) restrictions: Vec<String>,
}

/// The checks of the contract.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Checks {
    /// Each, in the order of a report.
    pub(crate) checks: &'static [Check],
}

/// The trackers that there are.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Trackers {
    /// Each, in the order of the help.
    pub(crate) trackers: Vec<TrackerEntry>,
}

/// A tracker in the list.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TrackerEntry {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// What it is, in a line.
    pub(crate) about: &'static str,
    /// What it can give beyond projects, sequences and shots. Empty where that depends on more than its kind.
    pub(crate) capabilities: &'static [Capability],
    /// What it takes from the environment.
    pub(crate) settings: &'static [Setting],
    /// Its own arguments, of `watchtower export` and whatever else talks to it.
    pub(crate) arguments: Vec<Argument>,
}

/// An argument of a tracker.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Argument {
    /// As in `--url <URL>`.
    pub(crate) name: String,
    /// What it is.
    pub(crate) about: String,
}

/// What a bundle holds.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Bundled {
    /// The format of the site and its client.
    pub(crate) format: Format,
    /// How many files the client has.
    pub(crate) client_files: usize,
    /// How many files the site has.
    pub(crate) site_files: usize,
    /// Their size in bytes.
    pub(crate) site_bytes: u64,
    /// What became of the pictures, where they were to fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pictures: Option<Fitted>,
}

/// A server that has started.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Serving<'a> {
    /// Its address, for a browser.
    pub(crate) url: &'a str,
    /// The site's folder.
    pub(crate) site: &'a Path,
    /// The format that is shown: that of the client, or without one the site's. None as long as nothing is
    /// there yet, as in `view` before the first export, and of a site of both.
    pub(crate) format: Option<Format>,
}

/// What an edit holds.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Shown<'a> {
    /// The name of the timeline; empty where it has none.
    pub(crate) name: &'a str,
    /// Its frames per second.
    pub(crate) fps: f64,
    /// Its clips, in order.
    pub(crate) clips: &'a [ListedClip],
    /// What else to know, in sentences for people.
    pub(crate) notes: &'a [String],
}

/// The end of a validation.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Totals {
    /// How many errors there are, with those that were not printed.
    pub(crate) errors: usize,
    /// How many warnings there are, with those that were not printed.
    pub(crate) warnings: usize,
    /// How many more there are of codes that are allowed.
    pub(crate) allowed: usize,
    /// In how many files something was found.
    pub(crate) files: usize,
    /// The format the files were taken for.
    pub(crate) format: Option<Format>,
    /// How many projects were checked.
    pub(crate) projects: usize,
    /// How many documents were read.
    pub(crate) documents: usize,
    /// How many entries they have: shots, assets, and so on; an object counts as one.
    pub(crate) entries: usize,
    /// How many bytes were read.
    pub(crate) bytes: u64,
}

impl From<&validate::Report> for Totals {
    fn from(report: &validate::Report) -> Self {
        Self {
            errors: report.count(validate::Severity::Error),
            warnings: report.count(validate::Severity::Warning),
            allowed: report.allowed.iter().map(|it| it.count).sum(),
            files: report.files(),
            format: report.format,
            projects: report.projects,
            documents: report.documents,
            entries: report.entries,
            bytes: report.bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_is_valid_and_takes_its_example() {
        for kind in MESSAGES {
            let schema = kind.schema();
            jsonschema::meta::validate(&schema).unwrap();
            let validator = jsonschema::validator_for(&schema).unwrap();
            for example in schema["examples"].as_array().unwrap() {
                assert!(
                    validator.is_valid(example),
                    "{}: {:?}",
                    kind.name,
                    validator.iter_errors(example).collect::<Vec<_>>()
                );
            }
        }
    }
}
