//! The published schemas over a corpus of documents: every validator gives the same verdict.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use watchtower_model::format::{Document, Format, Scope, v0};
use watchtower_writer::validate;

/// `tests/schemas/corpus/NAME.json`: the cases of one document.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    accepted: Vec<Accepted>,
    rejected: Vec<Rejected>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    name: String,
    document: Value,
}

#[derive(Deserialize)]
struct Rejected {
    name: String,
    document: Value,
    #[serde(flatten)]
    violation: Violation,
}

/// Where a document breaks its schema, and the schema's word that says so.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
struct Violation {
    pointer: String,
    keyword: String,
}

/// The repository's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The documents with schemas below `schemas/v0`, with their cases.
fn corpus() -> impl Iterator<Item = (&'static Document, Cases)> {
    Format::V0.documents().map(|document| {
        let file = root()
            .join("tests/schemas/corpus")
            .join(document.file_name());
        let text = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let cases = serde_json::from_slice(&text);
        (
            document,
            cases.unwrap_or_else(|error| panic!("{}: {error}", file.display())),
        )
    })
}

impl Cases {
    /// Every case: its name, its document, and what must be found, if anything.
    fn all(&self) -> impl Iterator<Item = (&str, &Value, Option<&Violation>)> {
        let accepted = self.accepted.iter();
        let accepted = accepted.map(|it| (it.name.as_str(), &it.document, None));
        let rejected = self.rejected.iter();
        let rejected = rejected.map(|it| (it.name.as_str(), &it.document, Some(&it.violation)));
        accepted.chain(rejected)
    }
}

/// Demands that what was found is what the corpus expects. A validator may say more of the same
/// thing: `if` where the fault is in its `then`.
fn agree(who: &str, document: &str, name: &str, found: &[Violation], expected: Option<&Violation>) {
    let agrees = match expected {
        None => found.is_empty(),
        Some(expected) => found.contains(expected),
    };
    assert!(
        agrees,
        "{who}, {document}, {name}: found {found:?}, expected {expected:?}"
    );
}

#[test]
fn every_case_has_its_own_name() {
    for (document, cases) in corpus() {
        let mut names = BTreeSet::new();
        for (name, ..) in cases.all() {
            assert!(
                names.insert(name.to_owned()),
                "{} has `{name}` twice",
                document.name
            );
        }
    }
}

#[test]
fn each_keyword_of_each_schema_rejects_something() {
    for (document, cases) in corpus() {
        let rejected: BTreeSet<_> = cases
            .rejected
            .iter()
            .map(|it| it.violation.keyword.as_str())
            .collect();
        let mut keywords = BTreeSet::new();
        gather_keywords(&document.schema(), &mut keywords);
        assert_eq!(
            rejected,
            keywords.iter().map(String::as_str).collect(),
            "{}",
            document.name
        );
    }
}

/// The words of a schema that can reject a value.
fn gather_keywords(schema: &Value, found: &mut BTreeSet<String>) {
    let Value::Object(schema) = schema else {
        return;
    };
    for (keyword, value) in schema {
        match keyword.as_str() {
            "properties" | "definitions" => {
                let members = value.as_object().expect("an object of schemas");
                members.values().for_each(|it| gather_keywords(it, found));
            }
            "items" | "then" => gather_keywords(value, found),
            // Silent, or answered for by the word beside it.
            "$schema" | "$id" | "$ref" | "title" | "description" | "examples" | "default"
            | "if" => {}
            "additionalProperties" if value == &Value::Bool(true) => {}
            _ => drop(found.insert(keyword.clone())),
        }
    }
}

#[test]
fn the_jsonschema_crate_agrees() {
    for (document, cases) in corpus() {
        let validator = jsonschema::draft7::new(&document.schema()).expect("the schema is valid");
        for (name, instance, expected) in cases.all() {
            let violations = validator.iter_errors(instance).map(|error| Violation {
                pointer: error.instance_path().as_str().to_owned(),
                keyword: error.kind().keyword().to_owned(),
            });
            let violations: Vec<_> = violations.collect();
            agree(
                "the jsonschema crate",
                document.name,
                name,
                &violations,
                expected,
            );
        }
    }
}

#[test]
fn our_own_validator_agrees() {
    for (document, cases) in corpus() {
        for (name, instance, expected) in cases.all() {
            let text = instance.to_string();
            let file = PathBuf::from(document.file_name());
            let findings = validate::document(
                document,
                &file,
                text.as_bytes(),
                &validate::Options::default(),
            );
            // Codes from 200 to 299 are the schema's; what is said beyond it is another matter.
            let rejects = findings.iter().any(|it| it.code.number() / 100 == 2);
            assert_eq!(
                rejects,
                expected.is_some(),
                "{}, {name}: {findings:?}",
                document.name
            );
        }
    }
}

#[test]
fn serde_takes_only_what_the_schema_takes() {
    for (document, cases) in corpus() {
        for (name, instance, expected) in cases.all() {
            // Derived types read a list as the values of their fields; see watchtower-model's tests.
            if name.starts_with("the values of") {
                continue;
            }
            let taken = serde_takes(document, &instance.to_string());
            assert!(
                !taken || expected.is_none(),
                "{}, {name}: serde takes it",
                document.name
            );
        }
    }
}

fn serde_takes(document: &Document, text: &str) -> bool {
    fn takes<'de, T: Deserialize<'de>>(text: &'de str) -> bool {
        serde_json::from_str::<T>(text).is_ok()
    }
    match document.name {
        "context" => takes::<v0::Context<'_>>(text),
        "project" => takes::<v0::Project<'_>>(text),
        "edit" => takes::<v0::Edit<'_>>(text),
        "assets" => takes::<Vec<v0::Asset<'_>>>(text),
        "shots" => takes::<Vec<v0::Shot<'_>>>(text),
        "sequences" => takes::<Vec<v0::Sequence<'_>>>(text),
        "casting" => takes::<Vec<v0::Casting<'_>>>(text),
        other => unreachable!("which type reads {other}?"),
    }
}

/// The code blocks of `docs/schemas.md` in a language.
fn snippets(language: &str) -> Vec<String> {
    let page = fs::read_to_string(root().join("docs/schemas.md")).expect("the page on schemas");
    let fence = format!("```{language}\n");
    let blocks = page.split(&fence).skip(1);
    let code = |it: &str| it.split("```").next().unwrap_or_default().to_owned();
    blocks.map(code).collect()
}

#[test]
fn the_editors_settings_name_every_schema() {
    let [settings] = &snippets("json")[..] else {
        panic!("docs/schemas.md has one block of settings");
    };
    let settings: Value = serde_json::from_str(settings).expect("the settings are JSON");
    let entries = settings["json.schemas"]
        .as_array()
        .expect("a list of schemas");
    let named: BTreeSet<_> = entries
        .iter()
        .map(|entry| (entry["fileMatch"][0].as_str(), entry["url"].as_str()))
        .collect();
    let published: Vec<_> = Format::V0
        .documents()
        .map(|document| {
            let folder = match document.scope {
                Scope::Site => document.folder.to_owned(),
                Scope::Project => format!("{}/*", document.folder),
            };
            let pattern = format!("**/{folder}/{}", document.file_name());
            (pattern, format!("./schemas/{}", document.schema_path()))
        })
        .collect();
    let published: BTreeSet<_> = published
        .iter()
        .map(|(pattern, url)| (Some(pattern.as_str()), Some(url.as_str())))
        .collect();
    assert_eq!(named, published);
}

/// The validators of other languages, which `cargo xtask services` installs.
#[cfg(feature = "services")]
mod peers {
    use std::process::Command;

    use watchtower_tests::{run, service};

    use super::*;

    /// What a validator says of a case.
    #[derive(Deserialize)]
    struct Verdict {
        validator: String,
        document: String,
        name: String,
        accepted: bool,
        violations: Vec<Violation>,
    }

    fn python() -> Command {
        Command::new(service("WATCHTOWER_TEST_SCHEMAS").join("venv/bin/python"))
    }

    /// Demands the right verdict on every case of the corpus, in its order, from each validator.
    fn all_agree(command: &mut Command, validators: &[&str]) {
        let output = run(command, 0);
        let lines = serde_json::Deserializer::from_slice(&output.stdout).into_iter();
        let verdicts: Vec<Verdict> = lines
            .collect::<Result<_, _>>()
            .expect("one verdict per line");
        for validator in validators {
            let mut verdicts = verdicts.iter().filter(|it| it.validator == *validator);
            let mut cases: Vec<_> = corpus().collect();
            cases.sort_by_key(|(document, _)| document.name);
            for (document, cases) in &cases {
                for (name, _, expected) in cases.all() {
                    let verdict = verdicts.next().expect("a verdict on every case");
                    assert_eq!((&*verdict.document, &*verdict.name), (document.name, name));
                    assert_eq!(verdict.accepted, expected.is_none(), "{validator}: {name}");
                    agree(
                        validator,
                        document.name,
                        name,
                        &verdict.violations,
                        expected,
                    );
                }
            }
            assert!(
                verdicts.next().is_none(),
                "{validator} says more than was asked"
            );
        }
    }

    #[test]
    fn the_validators_of_python_agree() {
        let mut command = python();
        command.arg(root().join("tests/schemas/check.py"));
        command.args(["schemas/v0", "tests/schemas/corpus"]);
        let validators = ["jsonschema", "fastjsonschema"];
        all_agree(command.current_dir(root()), &validators);
    }

    #[test]
    fn ajv_agrees() {
        let mut command = Command::new("node");
        command.arg(root().join("tests/schemas/check.mjs"));
        command.arg(service("WATCHTOWER_TEST_SCHEMAS"));
        command.args(["schemas/v0", "tests/schemas/corpus"]);
        all_agree(command.current_dir(root()), &["ajv"]);
    }

    /// The programs of docs/schemas.md, as they stand there: silent on a good `shots.json`, and on a
    /// bad one they say where.
    #[test]
    fn the_pages_programs_work() {
        let state = service("WATCHTOWER_TEST_SCHEMAS");
        // Node looks for ajv upwards from the program.
        let folder = tempfile::tempdir_in(&state).unwrap();
        let schemas = folder.path().join("schemas/v0");
        fs::create_dir_all(&schemas).unwrap();
        let schema = "shots.schema.json";
        fs::copy(root().join("schemas/v0").join(schema), schemas.join(schema)).unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };

        let mut programs = Vec::new();
        for (number, code) in snippets("python").iter().enumerate() {
            programs.push((python(), write(&format!("check{number}.py"), code)));
        }
        for (number, code) in snippets("js").iter().enumerate() {
            programs.push((
                Command::new("node"),
                write(&format!("check{number}.mjs"), code),
            ));
        }
        assert_eq!(programs.len(), 3);

        let shots = Format::V0.document("shots").unwrap();
        let good = shots.schema()["examples"][0].take();
        let mut bad = good.clone();
        bad[0]["tasks"][0]["assignees"] = Value::Null;
        for (mut command, program) in programs {
            command.arg(&program).current_dir(folder.path());
            write("shots.json", &good.to_string());
            let output = run(&mut command, 0);
            assert_eq!((&*output.stdout, &*output.stderr), (&b""[..], &b""[..]));
            write("shots.json", &bad.to_string());
            let output = run(&mut command, 1);
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8(said).unwrap();
            assert!(said.starts_with("shots.json: "), "{said}");
            assert!(
                said.contains("assignees") && said.contains("array"),
                "{said}"
            );
        }
    }
}
