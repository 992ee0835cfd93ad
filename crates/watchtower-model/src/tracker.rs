//! The documents in which a program or a folder tells what a tracker holds: the domain model as JSON.
//!
//! [`ProjectList`] is one document, [`ProjectSnapshot`] another, each with two keys beside the data:
//! `watchtower_tracker`, the [version](VERSION), and optionally `media_headers`, the headers with which
//! pictures and movies are asked for, by the address of what they are below. One that is at an address
//! may have `headers` of its own beside it. Keys that nobody knows are tolerated, and told by [`judge`].
//! [`ToldChanges`] is the third, for programs that know what changed.

mod judge;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use schemars::generate::SchemaGenerator;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use judge::{Objection, ObjectionKind, judge, unknown_keys};

use crate::{ProjectId, ProjectList, ProjectSnapshot};

/// The version of these documents. It changes when a program that was made for it would no longer be
/// understood.
pub const VERSION: u32 = 1;

/// One of the documents.
#[derive(Clone, Copy, Debug)]
pub struct TrackerDocument {
    /// Its name, as in `schemas/tracker/project_list.schema.json`.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub about: &'static str,
    pub(crate) root_schema: fn(SchemaGenerator) -> schemars::Schema,
    pub(crate) example: fn() -> Value,
}

/// What changed since a mark: what a program prints that is called with `changes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToldChanges {
    /// What to be called with the next time: how far the log of changes was read. It may be any text without
    /// credentials.
    pub mark: String,
    /// Whether the list of projects may have changed, or the types, statuses and people that they share.
    #[serde(default)]
    pub list: bool,
    /// The ids of the projects that may have changed, those that are gone among them. Without this list it may be
    /// anything, and everything is read.
    #[serde(default)]
    pub projects: Option<BTreeSet<ProjectId>>,
}

/// All documents.
pub const DOCUMENTS: &[TrackerDocument] = &[
    TrackerDocument {
        name: "project_list",
        about: "The projects of a tracker, and what they refer to in common.",
        root_schema: root_schema::<ProjectList>,
        example: || {
            json!({
                "watchtower_tracker": VERSION,
                "projects": [{"id": "sprite-fright", "name": "Sprite Fright", "fps": 24.0}],
                "task_types": [{"id": "animation", "name": "Animation", "color": "#ff8800", "for_shots": true}],
                "task_statuses": [{"id": "done", "name": "Done", "color": "#22d160"}],
                "users": [{"id": "jade", "name": "Jade Doe"}],
            })
        },
    },
    TrackerDocument {
        name: "changes",
        about: "What changed in a tracker since a mark.",
        root_schema: root_schema::<ToldChanges>,
        example: || {
            json!({
                "watchtower_tracker": VERSION,
                "mark": "event 4711",
                "projects": ["sprite-fright"],
            })
        },
    },
    TrackerDocument {
        name: "project",
        about: "One project, whole.",
        root_schema: root_schema::<ProjectSnapshot>,
        example: || {
            json!({
                "watchtower_tracker": VERSION,
                "project": {"id": "sprite-fright", "name": "Sprite Fright", "fps": 24.0},
                "sequences": [{"id": "010", "name": "Rextoria"}],
                "shots": [{
                    "id": "010-0010",
                    "name": "0010",
                    "sequence_id": "010",
                    "data": {"frame_in": 0, "frame_out": 131},
                    "tasks": [{
                        "task_type_id": "animation",
                        "task_status_id": "done",
                        "assignees": ["jade"],
                    }],
                    "thumbnail": {"file": "pictures/0010.png"},
                }],
            })
        },
    },
];

/// The document with a name, as in `project_list`.
pub fn document(name: &str) -> Option<&'static TrackerDocument> {
    DOCUMENTS.iter().find(|it| it.name == name)
}

fn root_schema<T: JsonSchema>(generator: SchemaGenerator) -> schemars::Schema {
    generator.into_root_schema_for::<T>()
}
