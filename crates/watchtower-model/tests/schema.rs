//! What serde takes for a document, its schema takes: whoever reads with our types never lets
//! through what other validators refuse.

use jsonschema::Validator;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use watchtower_model::format::{DOCUMENTS, Document, v0, v1};

/// Whether serde reads a text as the type of a document.
#[expect(clippy::panic, reason = "a row without a type fails the test")]
fn serde_takes(document: &Document, text: &str) -> bool {
    fn takes<'de, T: Deserialize<'de>>(text: &'de str) -> bool {
        serde_json::from_str::<T>(text).is_ok()
    }
    match document.qualified_name().as_str() {
        "v0/context" => takes::<v0::Context<'_>>(text),
        "v0/project" => takes::<v0::Project<'_>>(text),
        "v0/edit" => takes::<v0::Edit<'_>>(text),
        "v0/assets" => takes::<Vec<v0::Asset<'_>>>(text),
        "v0/shots" => takes::<Vec<v0::Shot<'_>>>(text),
        "v0/sequences" => takes::<Vec<v0::Sequence<'_>>>(text),
        "v0/casting" => takes::<Vec<v0::Casting<'_>>>(text),
        "v1/index" => takes::<v1::Index<'_>>(text),
        "v1/project" => takes::<v1::Project<'_>>(text),
        "v1/edits" => takes::<Vec<v1::Edit<'_>>>(text),
        "v1/assets" => takes::<Vec<v1::Asset<'_>>>(text),
        "v1/shots" => takes::<Vec<v1::Shot<'_>>>(text),
        "v1/sequences" => takes::<Vec<v1::Sequence<'_>>>(text),
        "v1/casting" => takes::<Vec<v1::Casting<'_>>>(text),
        "v1/task_counts" => takes::<Vec<v1::TaskCounts<'_>>>(text),
        other => unreachable!("which type reads {other}?"),
    }
}

/// A document's example, richer than the schema shows it: every list has an entry.
fn example(document: &Document) -> Value {
    let mut example = document.schema()["examples"][0].take();
    fill(&mut example);
    example
}

fn fill(value: &mut Value) {
    match value {
        Value::Array(list) if list.is_empty() => list.push(json!("an-id")),
        Value::Array(list) => list.iter_mut().for_each(fill),
        // An asset of the example has no tasks; a task is no id.
        Value::Object(object) => object
            .iter_mut()
            .filter(|(key, _)| *key != "tasks")
            .for_each(|(_, value)| fill(value)),
        _ => {}
    }
}

/// One change of a document.
#[derive(Clone, Debug)]
enum Mutation {
    /// Another value.
    Replace(Value),
    /// What stands at another place of the same document.
    Copy(Index),
    /// A key or an element less.
    Remove,
    /// A key or an element more.
    Insert(String, Value),
    /// The values of an object, as a list.
    Flatten,
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        4 => value().prop_map(Mutation::Replace),
        1 => any::<Index>().prop_map(Mutation::Copy),
        2 => Just(Mutation::Remove),
        1 => (key(), value()).prop_map(|(key, value)| Mutation::Insert(key, value)),
        1 => Just(Mutation::Flatten),
    ]
}

/// Keys of the documents, and others.
fn key() -> impl Strategy<Value = String> {
    let known = select(vec![
        "id",
        "name",
        "has_avatar",
        "thumbnailUrl",
        "fps",
        "data",
        "frame_in",
        "tasks",
        "episodes",
        "timestamp",
    ]);
    prop_oneof![known.prop_map(str::to_owned), ".{0,3}"]
}

/// Any value, mostly of the kinds that documents hold.
fn value() -> impl Strategy<Value = Value> {
    let text = select(vec![
        "",
        "24",
        "#ff0000",
        "#FF0000",
        "#fff",
        " #ff0000",
        "#ff0000\n",
        "2026-11-22T04:36:12",
        "2026-11-22T04:36:12\n",
        "true",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..200).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-2_i32..200).prop_map(|whole| Value::from(f64::from(whole))),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let members = proptest::collection::vec((key(), inner.clone()), 0..3);
        prop_oneof![
            proptest::collection::vec(inner, 0..3).prop_map(Value::from),
            members.prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// The places of a document, as JSON pointers.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Array(list) => {
            for (index, element) in list.iter().enumerate() {
                places(element, &format!("{here}/{index}"), found);
            }
        }
        Value::Object(object) => {
            for (key, member) in object {
                let key = key.replace('~', "~0").replace('/', "~1");
                places(member, &format!("{here}/{key}"), found);
            }
        }
        _ => {}
    }
}

fn pick(index: Index, from: &[String]) -> &str {
    index.get::<String>(from)
}

fn mutate(document: &mut Value, place: Index, mutation: Mutation) {
    let mut found = Vec::new();
    places(document, "", &mut found);
    let copied = match mutation {
        Mutation::Copy(from) => document.pointer(pick(from, &found)).cloned(),
        _ => None,
    };
    let target = document
        .pointer_mut(pick(place, &found))
        .expect("the place was found");
    match (mutation, target) {
        (Mutation::Replace(value), target) => *target = value,
        (Mutation::Copy(_), target) => *target = copied.expect("the place was found"),
        (Mutation::Remove, Value::Array(list)) => drop(list.pop()),
        (Mutation::Remove, Value::Object(object)) => {
            let keys: Vec<String> = object.keys().cloned().collect();
            if !keys.is_empty() {
                object.shift_remove(pick(place, &keys));
            }
        }
        (Mutation::Insert(_, value), Value::Array(list)) => list.push(value),
        (Mutation::Insert(key, value), Value::Object(object)) => drop(object.insert(key, value)),
        (Mutation::Flatten, target @ Value::Object(_)) => {
            let values = target.as_object().into_iter().flat_map(Map::values);
            *target = values.cloned().collect();
        }
        (Mutation::Remove | Mutation::Insert(..) | Mutation::Flatten, _) => {}
    }
}

/// Whether a list stands where an object is due.
fn is_list_for_object(error: &ValidationError<'_>) -> bool {
    let due = match error.kind() {
        ValidationErrorKind::Type { kind } => kind,
        _ => return false,
    };
    error.instance().is_array() && matches!(due, TypeKind::Single(JsonType::Object))
}

/// Demands that the schema takes a text if serde does.
fn schema_takes_what_serde_takes(
    document: &Document,
    validator: &Validator,
    text: &str,
) -> Result<bool, TestCaseError> {
    if !serde_takes(document, text) {
        return Ok(false);
    }
    let read: Value = serde_json::from_str(text).expect("it was just read");
    for error in validator.iter_errors(&read) {
        // Derived types read a list as the values of their fields, in order. No other validator does,
        // and nothing here judges by them alone: files are validated by their schemas. To refuse it,
        // each type of each format would need a hand-made `Deserialize` around the derived one.
        let known = is_list_for_object(&error);
        prop_assert!(
            known,
            "{}: serde takes it, and the schema says: {error}\n{text}",
            document.name
        );
    }
    Ok(true)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_serde_takes_the_schema_takes(
        row in any::<Index>(),
        mutations in proptest::collection::vec((any::<Index>(), mutation()), 1..4),
    ) {
        let document = row.get(DOCUMENTS);
        let validator = jsonschema::draft7::new(&document.schema()).expect("the schema is valid");
        let mut mutated = example(document);
        for (place, mutation) in mutations {
            mutate(&mut mutated, place, mutation);
        }
        schema_takes_what_serde_takes(document, &validator, &mutated.to_string())?;
    }
}

/// Each value of the documents' vocabulary at each place: the small changes that chance may miss.
#[test]
fn what_serde_takes_of_single_changes_the_schema_takes() {
    let values = [
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(1.0),
        json!(1.5),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("24"),
        json!("#fff"),
        json!("#FF0000"),
        json!([]),
        json!({}),
        json!([null]),
        json!([""]),
        json!([[]]),
        json!([{}]),
    ];
    let mut taken = 0;
    for document in DOCUMENTS {
        let validator = jsonschema::draft7::new(&document.schema()).unwrap();
        let example = example(document);
        let mut found = Vec::new();
        places(&example, "", &mut found);
        for place in &found {
            for value in &values {
                let mut mutated = example.clone();
                *mutated.pointer_mut(place).unwrap() = value.clone();
                let text = mutated.to_string();
                taken += usize::from(
                    schema_takes_what_serde_takes(document, &validator, &text).unwrap(),
                );
            }
            let Some((parent, key)) = place.rsplit_once('/') else {
                continue;
            };
            let mut mutated = example.clone();
            if let Some(Value::Object(parent)) = mutated.pointer_mut(parent) {
                parent.shift_remove(key);
                let text = mutated.to_string();
                taken += usize::from(
                    schema_takes_what_serde_takes(document, &validator, &text).unwrap(),
                );
            }
        }
    }
    assert!(
        taken > 100,
        "only {taken} changes were taken: this shows little"
    );
}
