//! The JSON Schema of every document, generated from its type.
//!
//! The schemas are draft-07, which validators of every language and editors take, and
//! self-contained. They are as tight as the web client demands and open otherwise: a tracker may
//! carry keys of its own.
//!
//! ```
//! use watchtower_model::schema;
//!
//! assert!(schema::names().any(|name| name == "v0/shots"));
//! let schema = schema::by_name("v0/shots").unwrap();
//! assert_eq!(schema["items"]["$ref"], "#/definitions/Shot");
//! ```

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use crate::format::{DOCUMENTS, Document};
use crate::tracker::{self, TrackerDocument};

/// What the `$id` of every schema starts with. The name is reserved never to resolve: the schemas
/// are embedded, nothing has to be fetched.
pub const ID_BASE: &str = "https://watchtower.invalid/schemas";

/// The names of all schemas, as in `v0/shots` and `tracker/project`.
pub fn names() -> impl Iterator<Item = String> {
    let told = tracker::DOCUMENTS.iter();
    let told = told.map(TrackerDocument::qualified_name);
    DOCUMENTS.iter().map(Document::qualified_name).chain(told)
}

/// The schema with a name, as in `v0/shots`.
pub fn by_name(name: &str) -> Option<Value> {
    let document = DOCUMENTS.iter().find(|it| it.qualified_name() == name);
    let mut told = tracker::DOCUMENTS.iter();
    let told = told.find(|it| it.qualified_name() == name);
    document
        .map(Document::schema)
        .or(told.map(TrackerDocument::schema))
}

/// The text of a schema as it stands in `schemas/`: two-space indented, with a newline at the end.
pub fn to_text(schema: &Value) -> String {
    format!("{schema:#}\n")
}

impl Document {
    /// The path of the schema's file below `schemas/`, as in `v0/shots.schema.json`.
    pub fn schema_path(&self) -> String {
        format!("{}.schema.json", self.qualified_name())
    }

    /// The JSON Schema of this document.
    pub fn schema(&self) -> Value {
        // What is written decides what is required; where reading is more lenient, the type says so.
        let generator = SchemaSettings::draft07()
            .for_serialize()
            .with_transform(RecursiveTransform(tidy))
            .into_generator();
        let title = format!("Watchtower {} {}", self.format, self.file_name());
        let schema = (self.root_schema)(generator);
        described(
            schema,
            &self.schema_path(),
            title,
            self.about,
            (self.example)(),
        )
    }
}

impl TrackerDocument {
    /// The name of its schema, as in `tracker/project`.
    pub fn qualified_name(&self) -> String {
        format!("tracker/{}", self.name)
    }

    /// The path of the schema's file below `schemas/`, as in `tracker/project.schema.json`.
    pub fn schema_path(&self) -> String {
        format!("{}.schema.json", self.qualified_name())
    }

    /// The JSON Schema of this document: what is read decides what is required.
    pub fn schema(&self) -> Value {
        let generator = SchemaSettings::draft07()
            .for_deserialize()
            .with_transform(RecursiveTransform(tidy))
            .into_generator();
        let mut schema = (self.root_schema)(generator);
        let version = json!({
            "description": "The version of this document.",
            "const": tracker::VERSION,
        });
        let headers = json!({
            "description": "The headers with which pictures and movies are asked for, by the address of \
                their server or of what they are below, as in `https://tracker.example/previews/`; the \
                longest counts. They are sent there alone. Those of the list of projects are for all \
                documents, those of a project for its own.",
            "type": "object",
            "additionalProperties": {"$ref": "#/definitions/Headers"},
        });
        // What refers to no type refers to no picture.
        let has_media = schema.get("definitions").is_some();
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            properties.insert("watchtower_tracker".into(), version);
            if has_media {
                properties.insert("media_headers".into(), headers);
            }
        }
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            required.push("watchtower_tracker".into());
        }
        if let Some(Value::Object(definitions)) = schema.get_mut("definitions") {
            definitions.insert("MediaRef".into(), told_media());
            let headers = json!({"type": "object", "additionalProperties": {"type": "string"}});
            definitions.insert("Headers".into(), headers);
        }
        let title = format!("Watchtower tracker {}", self.name);
        described(
            schema,
            &self.schema_path(),
            title,
            self.about,
            (self.example)(),
        )
    }
}

/// The JSON Schema of a message that a program reads of us, as it is written: `name` is that of the schema, as
/// in `message/exported`, and the value of the key `message_type` is what stands behind the slash.
pub fn of_message<T: JsonSchema>(name: &str, about: &str, example: Value) -> Value {
    let generator = SchemaSettings::draft07()
        .for_serialize()
        .with_transform(RecursiveTransform(tidy))
        .into_generator();
    let kind = name.rsplit('/').next().unwrap_or(name);
    let title = format!("Watchtower {}", name.replace('/', " "));
    let path = format!("{name}.schema.json");
    let mut schema = described(
        generator.into_root_schema_for::<T>(),
        &path,
        title,
        about,
        example,
    );
    let tag = json!({"description": "What kind of message it is.", "const": kind});
    if let Some(properties) = schema["properties"].as_object_mut() {
        properties.shift_insert(0, "message_type".into(), tag);
    }
    match schema["required"].as_array_mut() {
        Some(required) => required.insert(0, "message_type".into()),
        None => schema["required"] = json!(["message_type"]),
    }
    schema
}

/// A picture or movie as a document tells it: the places that others than the connector itself
/// understand, and the headers that are no part of the domain model.
fn told_media() -> Value {
    json!({
        "description": "A picture or movie: where it is, and whether other bytes may stand there tomorrow.",
        "type": "object",
        "properties": {
            "changes": {
                "description": "Whether other bytes may stand at the same place tomorrow (an avatar that a \
                    person replaces), or never (a preview of one version).",
                "type": "boolean",
                "default": false,
            },
        },
        "oneOf": [
            {
                "type": "object",
                "properties": {
                    "url": {
                        "description": "A full `http` or `https` address.",
                        "type": "string",
                        "pattern": crate::media::ADDRESS,
                    },
                    "headers": {
                        "description": "The headers with which it is asked for, in place of those in \
                            `media_headers`. They are sent to that server alone.",
                        "allOf": [{"$ref": "#/definitions/Headers"}],
                    },
                },
                "required": ["url"],
            },
            {
                "type": "object",
                "properties": {
                    "file": {
                        "description": "A file on this machine, absolute or relative: to the working folder \
                            for a program, to the folder itself for documents in one.",
                        "type": "string",
                    },
                },
                "required": ["file"],
            },
        ],
    })
}

/// A schema with what it is in front.
fn described(schema: Schema, path: &str, title: String, about: &str, example: Value) -> Value {
    let Value::Object(mut generated) = Value::from(schema) else {
        unreachable!("schemars makes an object for every type that is not `bool`");
    };
    let mut schema = Map::new();
    schema.extend(generated.remove_entry("$schema"));
    schema.insert("$id".into(), format!("{ID_BASE}/{path}").into());
    schema.insert("title".into(), title.into());
    schema.insert("description".into(), about.into());
    schema.insert("examples".into(), json!([example]));
    for (key, value) in generated {
        schema.entry(key).or_insert(value);
    }
    Value::Object(schema)
}

/// Takes out what other validators stumble over, and what only doc comments have: examples in Rust,
/// links and line breaks.
fn tidy(schema: &mut Schema) {
    // `int64` and its like are no formats of JSON Schema; ajv refuses them in its strict mode.
    schema.remove("format");
    if let Some(Value::String(text)) = schema.get_mut("description") {
        let words = text.split("```").next().unwrap_or_default().trim();
        let words = words.replace("[`", "`").replace("`]", "`");
        *text = words.split_whitespace().collect::<Vec<_>>().join(" ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_is_valid_and_takes_its_example() {
        for name in names() {
            let schema = by_name(&name).unwrap();
            jsonschema::meta::validate(&schema).unwrap();
            let validator = jsonschema::validator_for(&schema).unwrap();
            for example in schema["examples"].as_array().unwrap() {
                validator.validate(example).unwrap();
            }
        }
    }

    #[test]
    fn schemas_stand_as_they_are_published() {
        for name in names() {
            let schema = by_name(&name).unwrap();
            insta::assert_snapshot!(name.replace('/', "_"), to_text(&schema));
        }
    }

    #[test]
    fn descriptions_are_for_people_who_write_another_language() {
        for name in names() {
            let text = to_text(&by_name(&name).unwrap());
            for rust in ["```", "[`", "::"] {
                assert!(!text.contains(rust), "{name} has {rust}");
            }
        }
    }

    #[test]
    fn what_the_schemas_of_trackers_take_is_read() {
        for document in tracker::DOCUMENTS {
            let example = (document.example)();
            match document.name {
                "project_list" => serde_json::from_value::<crate::ProjectList>(example).map(drop),
                "changes" => serde_json::from_value::<tracker::ToldChanges>(example).map(drop),
                _ => serde_json::from_value::<crate::ProjectSnapshot>(example).map(drop),
            }
            .unwrap();
        }
    }
}
