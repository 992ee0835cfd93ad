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

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::{Map, Value, json};

use crate::format::{DOCUMENTS, Document};

/// What the `$id` of every schema starts with. The name is reserved never to resolve: the schemas
/// are embedded, nothing has to be fetched.
pub const ID_BASE: &str = "https://watchtower.invalid/schemas";

/// The names of all schemas, as in `v0/shots`.
pub fn names() -> impl Iterator<Item = String> {
    DOCUMENTS.iter().map(Document::qualified_name)
}

/// The schema with a name, as in `v0/shots`.
pub fn by_name(name: &str) -> Option<Value> {
    let document = DOCUMENTS.iter().find(|it| it.qualified_name() == name)?;
    Some(document.schema())
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
        let Value::Object(mut generated) = Value::from((self.root_schema)(generator)) else {
            unreachable!("schemars makes an object for every type that is not `bool`");
        };
        let mut schema = Map::new();
        schema.extend(generated.remove_entry("$schema"));
        schema.insert(
            "$id".into(),
            format!("{ID_BASE}/{}", self.schema_path()).into(),
        );
        schema.insert(
            "title".into(),
            format!("Watchtower {} {}", self.format, self.file_name()).into(),
        );
        schema.insert("description".into(), self.about.into());
        schema.insert("examples".into(), json!([(self.example)()]));
        for (key, value) in generated {
            schema.entry(key).or_insert(value);
        }
        Value::Object(schema)
    }
}

/// Takes out what other validators stumble over, and the line breaks of doc comments.
fn tidy(schema: &mut Schema) {
    // `int64` and its like are no formats of JSON Schema; ajv refuses them in its strict mode.
    schema.remove("format");
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.replace('\n', " ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_is_valid_and_takes_its_example() {
        for document in DOCUMENTS {
            let schema = document.schema();
            jsonschema::meta::validate(&schema).unwrap();
            let validator = jsonschema::validator_for(&schema).unwrap();
            for example in schema["examples"].as_array().unwrap() {
                validator.validate(example).unwrap();
            }
        }
    }

    #[test]
    fn schemas_stand_as_they_are_published() {
        for document in DOCUMENTS {
            let name = document.qualified_name().replace('/', "_");
            insta::assert_snapshot!(name, to_text(&document.schema()));
        }
    }
}
