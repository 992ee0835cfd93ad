//! What commands print for programs, held against the schemas that are published of it.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use jsonschema::Validator;
use serde_json::{Value, json};
use watchtower_cli::messages::{MESSAGES, MessageKind};

/// The schemas by the kind of message, closed: a key that they do not have is a mistake.
fn schemas() -> BTreeMap<&'static str, Validator> {
    let closed = |kind: &MessageKind| {
        let mut schema = kind.schema();
        // Draft 7 does not see through what is put together of parts.
        schema["$schema"] = "https://json-schema.org/draft/2019-09/schema".into();
        close(&mut schema);
        for definition in parts(&mut schema) {
            close(definition);
        }
        jsonschema::validator_for(&schema).unwrap()
    };
    MESSAGES.iter().map(|it| (it.name, closed(it))).collect()
}

fn close(schema: &mut Value) {
    if schema.get("properties").is_some() {
        schema["unevaluatedProperties"] = false.into();
    }
}

fn parts(schema: &mut Value) -> impl Iterator<Item = &mut Value> {
    let definitions = schema.get_mut("definitions").and_then(Value::as_object_mut);
    definitions.into_iter().flat_map(|it| it.values_mut())
}

/// Runs commands, checks their messages, and knows which kinds there were.
struct Commands {
    folder: tempfile::TempDir,
    schemas: BTreeMap<&'static str, Validator>,
    seen: BTreeSet<String>,
}

impl Commands {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            schemas: schemas(),
            seen: BTreeSet::new(),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchtower"));
        command.current_dir(self.path()).stdin(Stdio::null());
        command.args(arguments.split(' '));
        command
    }

    /// The messages that a command prints, which ends with this code.
    fn run(&mut self, code: i32, arguments: &str) -> Vec<Value> {
        let output = self.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments}: {output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        self.check(arguments, &text)
    }

    fn check(&mut self, arguments: &str, text: &str) -> Vec<Value> {
        let messages = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        let messages: Vec<_> = messages.map(Result::unwrap).collect();
        assert!(!messages.is_empty(), "{arguments} prints nothing");
        for message in &messages {
            let kind = message["message_type"].as_str().unwrap();
            let errors: Vec<_> = self.schemas[kind].iter_errors(message).collect();
            assert!(errors.is_empty(), "{arguments}: {errors:?} in {message:#}");
            self.seen.insert(kind.to_owned());
        }
        messages
    }

    /// The first line of a server, which is ended then.
    fn serve(&mut self, arguments: &str) -> Value {
        let mut command = self.command(arguments);
        let mut server = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(server.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        server.kill().unwrap();
        server.wait().unwrap();
        self.check(arguments, &line).remove(0)
    }
}

/// A folder of documents with all that an export may have to say.
fn tell(folder: &Path) {
    let list = json!({
        "watchtower_tracker": 1,
        "projects": [{"id": "film", "name": "Film"}, {"id": "broken", "name": "Broken"}],
        "task_statuses": [{"id": "todo", "name": "To do"}],
    });
    let film = json!({
        "watchtower_tracker": 1,
        "project": {"id": "film", "name": "Film"},
        "sequences": [{"id": "010", "name": "010"}],
        "shots": [
            {"id": "1", "name": "0010", "sequence_id": "010", "data": {"frame_in": 0, "frame_out": 24},
             "thumbnail": {"file": "gone.png"}},
            {"id": "2", "name": "0020", "sequence_id": "010", "data": {"frame_in": 24, "frame_out": 48},
             "thumbnail": {"file": "text.png"}},
            {"id": "3", "name": "0030", "sequence_id": "010", "data": {}},
        ],
        "left_out": [
            {"kind": "shot", "id": "4", "name": "010 / 0040", "reason": "canceled"},
            {"kind": "asset", "id": "5", "name": "Tree", "reason": "the director does not like it"},
        ],
        "notes": ["a note with a command of terminals: \u{9b}2J"],
    });
    fs::create_dir_all(folder.join("projects")).unwrap();
    fs::write(folder.join("project-list.json"), list.to_string()).unwrap();
    fs::write(folder.join("projects/film.json"), film.to_string()).unwrap();
    fs::write(folder.join("text.png"), "no picture").unwrap();
}

fn code<'a>(list: &'a Value, reason: &str) -> &'a str {
    let mut list = list.as_array().unwrap().iter();
    let found = list.find(|it| it["reason"].as_str().unwrap().contains(reason));
    found.unwrap()["code"].as_str().unwrap()
}

#[test]
fn every_command_prints_what_its_schema_says() {
    let mut commands = Commands::new();
    let folder = commands.path().to_owned();
    tell(&folder.join("told"));
    fs::create_dir(folder.join("client")).unwrap();
    let client = "fetch('data/projects/context.json')";
    fs::write(folder.join("client/index.html"), "<html></html>").unwrap();
    fs::write(folder.join("client/index.js"), client).unwrap();

    // What is missing and left out has codes beside the sentences.
    let told = &commands.run(
        4,
        "export files told --output told-site --unplaced leave-out --json",
    )[0];
    let [film, broken] = told["projects"].as_array().unwrap().as_slice() else {
        panic!("{told:#}");
    };
    assert_eq!(broken["outcome"], "missing");
    assert_eq!(broken["code"], "not-found");
    assert_eq!(code(&film["left_out"], "cancelled"), "canceled");
    assert_eq!(code(&film["left_out"], "no place"), "no-frame-range");
    assert_eq!(code(&film["left_out"], "the director"), "other");
    assert_eq!(
        code(&film["media"]["unavailable"], "gone.png"),
        "unavailable"
    );
    assert_eq!(code(&film["media"]["missing"], "no picture"), "unusable");

    commands.run(0, "export example --output site --json");
    commands.run(0, "export example --output series --episodes 2 --json");
    commands.run(0, "convert site --to v1 --output site-v1 --json");
    commands.run(0, "check example --json");
    commands.run(0, "conformance --list --json");
    commands.run(0, "conformance example --json");
    let report = &commands.run(1, "conformance files told --json")[0];
    assert_eq!(report["checks"][0]["outcome"], "failed");
    let trackers = &commands.run(0, "trackers --json")[0]["trackers"];
    assert!(trackers.to_string().contains("conditional-media"));
    commands.run(
        0,
        "bundle site --client client --output bundle --pictures --json",
    );

    let mut write = commands.command("edit write site --output cut.otio");
    assert!(write.status().unwrap().success());
    let edit = &commands.run(0, "edit show cut.otio --json")[0];
    assert_eq!(edit["clips"][0]["names"][0]["source"], "id");
    commands.run(0, "validate site --output-format json");
    let broken = r#"[{"id": "1", "name": null}, {"id": "2", "name": null}]"#;
    fs::write(folder.join("sequences.json"), broken).unwrap();
    commands.run(
        1,
        "validate sequences.json --format v0 --max-findings 1 --output-format json",
    );

    let serving = commands.serve("serve site --port 0 --json");
    assert_eq!(serving["format"], "v0");
    let serving = commands.serve("serve site-v1 --port 0 --json");
    assert_eq!(serving["format"], "v1");
    let serving = commands.serve("view example --port 0 --json");
    assert_eq!(serving["format"], Value::Null);

    let all: BTreeSet<_> = MESSAGES.iter().map(|it| it.name.to_owned()).collect();
    assert_eq!(commands.seen, all);
}

#[test]
fn messages_that_follow_each_other_are_a_line_each() {
    let commands = Commands::new();
    let mut command = commands.command("export example --output site --every 1s --json");
    let mut exports = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(exports.stdout.take().unwrap()).lines();
    for _ in 0..2 {
        let line = lines.next().unwrap().unwrap();
        let message: Value = serde_json::from_str(&line).unwrap();
        assert!(commands.schemas["exported"].is_valid(&message), "{line}");
    }
    exports.kill().unwrap();
    exports.wait().unwrap();
}

#[test]
fn a_terminal_takes_nothing_of_it_for_a_command() {
    let commands = Commands::new();
    tell(&commands.path().join("told"));
    for arguments in [
        "export files told --output site --json",
        "conformance files told --json",
    ] {
        let output = commands.command(arguments).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            !text.contains(|it: char| it.is_control() && it != '\n'),
            "{text}"
        );
    }
}

#[test]
fn every_key_is_explained() {
    fn look(place: &str, schema: &Value, silent: &mut Vec<String>) {
        match schema {
            Value::Object(all) => {
                for (key, value) in all {
                    if let ("properties", Value::Object(keys)) = (&**key, value) {
                        let is_told = |it: &Value| {
                            it.get("description").is_some() || it.get("const").is_some()
                        };
                        let keys = keys.iter().filter(|(_, it)| !is_told(it));
                        silent.extend(keys.map(|(key, _)| format!("{place}: {key}")));
                    }
                    if key != "examples" {
                        look(place, value, silent);
                    }
                }
            }
            Value::Array(all) => all.iter().for_each(|it| look(place, it, silent)),
            _ => {}
        }
    }
    let mut silent = Vec::new();
    for kind in MESSAGES {
        look(kind.name, &kind.schema(), &mut silent);
    }
    assert!(silent.is_empty(), "{silent:#?}");
}
