//! The judge of documents: the published schema of each, compiled once.

use std::sync::{LazyLock, OnceLock};

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::LocationSegment;
use jsonschema::{JsonType, ValidationError, Validator};
use serde_json::{Value, json};
use watchtower_model::format::v1::Timestamp;
use watchtower_model::format::{DOCUMENTS, Document, Shape};

use super::finding::Severity;
use super::{Code, contract};

/// A violation of a document's schema.
#[derive(Debug, PartialEq)]
pub(super) struct Violation {
    pub(super) code: Code,
    pub(super) severity: Severity,
    /// The place in the entry, as a JSON pointer.
    pub(super) pointer: String,
    pub(super) message: String,
    pub(super) expected: Option<String>,
    pub(super) effect: &'static str,
}

/// What judges the entries of a document: the elements of a list, or the one object.
pub(super) fn validator(document: &Document) -> &'static Validator {
    static COMPILED: LazyLock<Vec<OnceLock<Validator>>> =
        LazyLock::new(|| DOCUMENTS.iter().map(|_| OnceLock::new()).collect());
    COMPILED[row(document)].get_or_init(|| {
        let schema = entry_schema(document);
        #[expect(clippy::expect_used, reason = "a test compiles every schema")]
        jsonschema::draft7::new(&schema).expect("the published schema is valid")
    })
}

/// The document's place in the table of documents.
pub(super) fn row(document: &Document) -> usize {
    let row = DOCUMENTS.iter().position(|it| it == document);
    #[expect(clippy::expect_used, reason = "documents have no public constructor")]
    row.expect("every document is a row of the table")
}

/// The schema of one entry of a document.
pub(super) fn entry_schema(document: &Document) -> Value {
    let mut schema = document.schema();
    if document.shape == Shape::Object {
        return schema;
    }
    let mut entry = json!({"$schema": schema["$schema"]});
    if let (Value::Object(entry), Value::Object(items)) = (&mut entry, schema["items"].take()) {
        entry.extend(items);
    }
    entry["definitions"] = schema["definitions"].take();
    entry
}

/// What is wrong with an entry, in the order of its text as far as the schema tells.
pub(super) fn violations(document: &Document, entry: &Value) -> Vec<Violation> {
    let mut violations: Vec<Violation> = Vec::new();
    for error in validator(document).iter_errors(entry) {
        explain(document, &error, &mut violations);
    }
    violations
}

fn explain(document: &Document, error: &ValidationError<'_>, violations: &mut Vec<Violation>) {
    if let ValidationErrorKind::AnyOf { context } = error.kind() {
        // `null` or an object: what is wrong inside the object says more than that it is not `null`.
        let depth = error.instance_path().segments().count();
        let inside = context.iter().find(|branch| {
            let deeper = |it: &ValidationError<'_>| it.instance_path().segments().count() > depth;
            !branch.is_empty() && branch.iter().all(deeper)
        });
        if let Some(branch) = inside {
            for error in branch {
                explain(document, error, violations);
            }
            return;
        }
    }
    let avatar = error.schema_path().as_str().contains("/then/");
    let mut pointer = error.instance_path().as_str().to_owned();
    let found = brief(error.instance());
    let mut container = false;
    let (code, message, expected) = match error.kind() {
        ValidationErrorKind::Required { property } => {
            let key = property.as_str().unwrap_or_default();
            let code = if avatar {
                Code::NoAvatar
            } else {
                Code::MissingKey
            };
            (code, format!("the key `{key}` is missing"), None)
        }
        ValidationErrorKind::Type { .. } => {
            let types = expected_types(error);
            container = types
                .iter()
                .any(|it| matches!(it, JsonType::Array | JsonType::Object));
            let expected: Vec<&str> = types.into_iter().map(name).collect();
            let code = match error.instance().as_ref() {
                Value::Null if avatar => Code::NoAvatar,
                Value::Null => Code::Null,
                _ if pointer.is_empty() && document.shape == Shape::Object => Code::WrongDocument,
                _ => Code::WrongType,
            };
            (code, format!("found {found}"), Some(expected.join(" or ")))
        }
        ValidationErrorKind::AnyOf { context } => {
            let expected: Vec<&str> = context
                .iter()
                .flatten()
                .flat_map(expected_types)
                .map(name)
                .collect();
            container = true;
            (
                Code::WrongType,
                format!("found {found}"),
                Some(expected.join(" or ")),
            )
        }
        ValidationErrorKind::Pattern { pattern } if pattern == Timestamp::PATTERN => (
            Code::NotAMoment,
            format!("found {found}"),
            Some("a moment in ISO 8601, as in `2026-11-22T04:36:12Z`".to_owned()),
        ),
        ValidationErrorKind::Pattern { .. } => (
            Code::WrongColor,
            format!("found {found}"),
            Some("`#` and six hexadecimal digits".to_owned()),
        ),
        ValidationErrorKind::MinLength { .. } => {
            (Code::EmptyId, "the id is empty".to_owned(), None)
        }
        ValidationErrorKind::ExclusiveMinimum { limit } => (
            Code::OutOfRange,
            format!("found {found}"),
            Some(format!("a number greater than {limit}")),
        ),
        ValidationErrorKind::Minimum { limit } => (
            Code::OutOfRange,
            format!("found {found}"),
            Some(format!("a number not less than {limit}")),
        ),
        _ => (Code::SchemaViolation, error.to_string(), None),
    };
    let mut place = place_of(error);
    if let ValidationErrorKind::Required { property } = error.kind() {
        // The key has no place in the text: the finding stands at its object.
        if !place.is_empty() {
            place.push('/');
        }
        place.push_str(property.as_str().unwrap_or_default());
    }
    // `then` says again what `properties` has said.
    if avatar && code != Code::NoAvatar {
        return;
    }
    let (severity, effect) = contract::judge(document, &place, code, container);
    pointer.shrink_to_fit();
    violations.push(Violation {
        code,
        severity,
        pointer,
        message,
        expected,
        effect,
    });
}

/// The types that an error would have liked.
fn expected_types(error: &ValidationError<'_>) -> Vec<JsonType> {
    match error.kind() {
        ValidationErrorKind::Type { kind } => match kind {
            TypeKind::Single(single) => vec![*single],
            TypeKind::Multiple(several) => several.iter().collect(),
        },
        _ => Vec::new(),
    }
}

/// The place of an error in its entry: keys, and `*` for any element of a list.
fn place_of(error: &ValidationError<'_>) -> String {
    let mut place = String::new();
    for segment in error.instance_path().segments() {
        if !place.is_empty() {
            place.push('/');
        }
        match segment {
            LocationSegment::Property(key) => place.push_str(&key),
            LocationSegment::Index(_) => place.push('*'),
        }
    }
    place
}

/// A kind of value in plain words.
fn name(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "a list",
        JsonType::Boolean => "`true` or `false`",
        JsonType::Integer => "a whole number",
        JsonType::Null => "`null`",
        JsonType::Number => "a number",
        JsonType::Object => "an object",
        JsonType::String => "text",
    }
}

/// An id or a path as a message shows it.
pub(super) fn quote(value: &Value) -> String {
    const LONGEST: usize = 120;
    match value {
        Value::String(text) if text.chars().count() <= LONGEST => {
            format!("`{}`", text.escape_debug())
        }
        other => brief(other),
    }
}

/// A value as a message shows it.
pub(super) fn brief(value: &Value) -> String {
    const LONGEST: usize = 40;
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(text) if text.chars().count() > LONGEST => {
            let start: String = text.chars().take(LONGEST).collect();
            format!("the text `{}…`", start.escape_debug())
        }
        Value::String(text) => format!("the text `{}`", text.escape_debug()),
        other => format!("`{other}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_schema_compiles_and_takes_its_example() {
        for document in DOCUMENTS {
            let example = &document.schema()["examples"][0];
            let entry = match document.shape {
                Shape::Object => example,
                Shape::List => &example[0],
            };
            assert_eq!(violations(document, entry), []);
        }
    }
}
