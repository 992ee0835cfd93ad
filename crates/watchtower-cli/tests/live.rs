//! Exports that read what changed since the last one, as people run them.
#![cfg(all(unix, feature = "process", feature = "files"))] // Its programs are in Python, and signals end them.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

fn watchtower(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchtower"));
    let output = command.current_dir(folder).args(arguments).output();
    let output = output.unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 4)), "{stderr}");
    output
}

/// Exports, and answers which projects were read, by their names, and how many were not.
fn export(folder: &Path, arguments: &[&str]) -> (Vec<String>, u64) {
    let output = watchtower(folder, &[arguments, &["--json"]].concat());
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let projects = summary["projects"].as_array().unwrap().iter();
    let names = projects.map(|it| it["name"].as_str().unwrap().to_owned());
    (names.collect(), summary["unchanged"].as_u64().unwrap_or(0))
}

fn project(id: &str, shots: u32) -> Value {
    let shots = (0..shots).map(|number| {
        json!({
            "id": format!("{id}-{number}"),
            "name": format!("{number:04}"),
            "sequence_id": "010",
            "thumbnail": {"file": format!("{id}.png")},
        })
    });
    json!({
        "watchtower_tracker": 1,
        "project": {"id": id, "name": id.to_uppercase(), "fps": 24},
        "sequences": [{"id": "010", "name": "010"}],
        "shots": shots.collect::<Vec<_>>(),
    })
}

/// Three films in a folder.
fn films(folder: &Path) {
    fs::create_dir_all(folder.join("told/projects")).unwrap();
    for id in ["a", "b", "c"] {
        fs::copy(
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pixel.png"),
            folder.join(format!("told/{id}.png")),
        )
        .unwrap();
        write(folder, id, 3);
    }
    list(folder, &["a", "b", "c"]);
}

fn write(folder: &Path, id: &str, shots: u32) {
    let path = folder.join(format!("told/projects/{id}.json"));
    fs::write(path, project(id, shots).to_string()).unwrap();
}

fn list(folder: &Path, ids: &[&str]) {
    let projects = ids
        .iter()
        .map(|id| json!({"id": id, "name": id.to_uppercase(), "fps": 24}));
    let list = json!({"watchtower_tracker": 1, "projects": projects.collect::<Vec<_>>()});
    fs::write(folder.join("told/project-list.json"), list.to_string()).unwrap();
}

/// Every file of a site's data, with what is in it and when it was written.
fn files(site: &Path) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime)> {
    let mut files = BTreeMap::new();
    let mut folders = vec![site.join("data")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let time = fs::metadata(&path).unwrap().modified().unwrap();
            let name = path.strip_prefix(site).unwrap().to_owned();
            files.insert(name, (fs::read(&path).unwrap(), time));
        }
    }
    files
}

fn bytes(site: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = files(site).into_iter();
    files.map(|(path, (bytes, _))| (path, bytes)).collect()
}

const EXPORT: [&str; 5] = ["export", "files", "told", "--output", "site"];

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn what_changed_is_read_and_the_site_is_as_if_all_were() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    films(folder);
    for format in ["v0", "v1"] {
        let site = format!("site-{format}");
        let export_to = |site: &str| {
            export(
                folder,
                &[
                    "export", "files", "told", "--output", site, "--format", format,
                ],
            )
        };
        let is_as_fresh = |what: &str| {
            let fresh = format!("fresh-{format}-{what}");
            export_to(&fresh);
            let (mut ours, mut fresh) = (bytes(&folder.join(&site)), bytes(&folder.join(fresh)));
            // A history has a reading of each export.
            for files in [&mut ours, &mut fresh] {
                files.retain(|path, _| !path.ends_with("task_counts.json"));
                // Pictures stay for a while.
                files.retain(|path, _| path.extension().is_none_or(|it| it != "png"));
            }
            assert!(ours == fresh, "{format}, {what}");
        };
        films(folder);
        assert_eq!(export_to(&site), (names(&["A", "B", "C"]), 0));
        let before = files(&folder.join(&site));
        assert_eq!(export_to(&site), (names(&[]), 3));
        assert!(before == files(&folder.join(&site)), "nothing is touched");

        write(folder, "b", 4);
        assert_eq!(export_to(&site), (names(&["B"]), 2));
        is_as_fresh("a project is another");
        let other = include_bytes!("../../watchtower-connector/tests/ayon_server/picture.png");
        fs::write(folder.join("told/c.png"), other).unwrap();
        assert_eq!(export_to(&site), (names(&["C"]), 2));
        is_as_fresh("a picture is another");
        fs::copy(folder.join("told/a.png"), folder.join("told/d.png")).unwrap();
        write(folder, "d", 2);
        list(folder, &["d", "a", "b"]);
        let (read, kept) = export_to(&site);
        assert!(read.contains(&"D".to_owned()) && read.len() + usize::try_from(kept).unwrap() == 3);
        is_as_fresh("one is new, one is gone, and the order is another");
        assert_eq!(export_to(&site), (names(&[]), 3));
    }
}

#[test]
fn everything_is_read_where_the_last_export_was_another() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    films(folder);
    let all = (names(&["A", "B", "C"]), 0);
    assert_eq!(export(folder, &EXPORT), all);
    let with = |arguments: &[&str]| export(folder, &[&EXPORT, arguments].concat());
    assert_eq!(with(&["--full-every", "0"]), all);
    // Which remembers nothing.
    assert_eq!(export(folder, &EXPORT), all);
    assert_eq!(export(folder, &EXPORT), (names(&[]), 3));
    assert_eq!(with(&["--media", "none"]), all);
    assert_eq!(export(folder, &EXPORT), all);
    fs::remove_file(folder.join("site/.watchtower/media.json")).unwrap();
    assert_eq!(export(folder, &EXPORT), all);
    // Of some projects, the others are left alone.
    assert_eq!(with(&["--project", "A"]), (names(&["A"]), 0));
    write(folder, "b", 5);
    assert_eq!(with(&["--project", "A"]), (names(&[]), 3));
    write(folder, "a", 5);
    assert_eq!(with(&["--project", "A"]), (names(&["A"]), 0));
    let output = watchtower(folder, &EXPORT);
    assert!(String::from_utf8_lossy(&output.stdout).contains("Exported 3 projects"));
    let output = watchtower(folder, &EXPORT);
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stdout), @"Nothing has changed: site stays as it is, of 3 projects; `--full-every 0` reads everything");
}

#[test]
fn a_project_that_did_not_come_whole_is_asked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    films(folder);
    fs::write(folder.join("told/projects/b.json"), "{").unwrap();
    assert_eq!(export(folder, &EXPORT).0.len(), 3);
    // It is not another, and it is read.
    assert_eq!(export(folder, &EXPORT), (names(&["B"]), 2));
    write(folder, "b", 3);
    assert_eq!(export(folder, &EXPORT), (names(&["B"]), 2));
    assert_eq!(export(folder, &EXPORT), (names(&[]), 3));
}

/// A program that tells changes by a number.
const PROGRAM: &str = r#"
import json, sys
told = lambda **keys: print(json.dumps({"watchtower_tracker": 1, **keys}))
number = int(open("number").read())
if sys.argv[1] == "project-list":
    told(projects=[{"id": id, "name": id.upper(), "fps": 24} for id in "ab"])
elif sys.argv[1] == "project":
    open("read", "a").write(sys.argv[2])
    told(project={"id": sys.argv[2], "name": sys.argv[2].upper(), "fps": 24},
         sequences=[{"id": "010", "name": str(number)}])
elif sys.argv[1] == "changes":
    since = sys.argv[2:] and int(sys.argv[2])
    told(mark=str(number), **({"projects": ["b"] if number > since else []} if since else {}))
"#;

#[test]
fn a_program_can_tell_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("program.py"), PROGRAM).unwrap();
    let number = |number: &str| fs::write(folder.join("number"), number).unwrap();
    let run = |arguments: &[&str]| {
        let export = ["export", "process", "--output", "site", "--json"];
        let program = ["--", "python3", "program.py"];
        let _ = fs::remove_file(folder.join("read"));
        watchtower(folder, &[&export, arguments, &program].concat());
        // They are read side by side.
        let read = fs::read_to_string(folder.join("read")).unwrap_or_default();
        let mut read: Vec<_> = read.chars().collect();
        read.sort_unstable();
        read.into_iter().collect::<String>()
    };
    number("1");
    assert_eq!(run(&["--changes"]), "ab");
    assert_eq!(run(&["--changes"]), "");
    number("2");
    assert_eq!(run(&["--changes"]), "b");
    assert_eq!(run(&["--changes"]), "");
    assert_eq!(run(&[]), "ab");
    assert_eq!(run(&[]), "ab");
}

/// Exports on every beat. Gives back the process, and what waits for a line of its log.
fn beats(folder: &Path) -> (Child, impl FnMut(&str)) {
    let arguments = [&EXPORT[..], &["--every", "1s", "--json"]].concat();
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchtower"));
    let command = command.current_dir(folder).args(arguments);
    command.env("WATCHTOWER_LOG", "info,watchtower_cli=debug");
    let mut process = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(process.stderr.take().unwrap());
    let wait_for = move |text: &str| {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0);
        }
    };
    (process, wait_for)
}

#[test]
fn what_did_not_come_whole_is_owed_until_it_does_whatever_comes_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    films(folder);
    let (mut process, mut wait_for) = beats(folder);
    wait_for("nothing changed");
    fs::write(folder.join("told/projects/b.json"), "{").unwrap();
    // Once because it is another, and once because it did not come whole. Then it has a pause.
    wait_for("not exported project=\"B\"");
    wait_for("not exported project=\"B\"");
    wait_for("nothing changed");
    write(folder, "c", 7);
    wait_for("exported project=\"C\"");
    wait_for("nothing changed");
    process.kill().unwrap();
    process.wait().unwrap();
    assert_eq!(export(folder, &EXPORT), (names(&["B"]), 2));
}

#[test]
fn everything_is_read_after_a_while_and_on_each_day() {
    const DAY: u64 = 24 * 60 * 60;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    films(folder);
    let arguments = [&EXPORT[..], &["--full-every", "10d"]].concat();
    let all = (names(&["A", "B", "C"]), 0);
    assert_eq!(export(folder, &arguments), all);
    let path = folder.join("site/.watchtower/media.json");
    // As if everything had been read so long before.
    let ago = |seconds: u64| {
        let text = fs::read_to_string(&path).unwrap();
        let (before, rest) = text.split_once("read_all").unwrap();
        let place = rest.find(|it: char| it.is_ascii_digit()).unwrap();
        let (between, rest) = rest.split_at(place);
        let end = rest.find(|it: char| !it.is_ascii_digit()).unwrap();
        let then = rest[..end].parse::<u64>().unwrap() - seconds;
        let text = format!("{before}read_all{between}{then}{}", &rest[end..]);
        fs::write(&path, text).unwrap();
    };
    // A history has a reading of each day.
    ago(DAY);
    assert_eq!(export(folder, &arguments), all);
    assert_eq!(export(folder, &arguments), (names(&[]), 3));
    ago(60 * 60);
    assert_eq!(export(folder, &EXPORT), all);
    assert_eq!(export(folder, &EXPORT), (names(&[]), 3));
}

#[test]
fn beats_in_which_nothing_changes_say_nothing() {
    let folder = tempfile::tempdir().unwrap();
    films(folder.path());
    let (process, mut wait_for) = beats(folder.path());
    wait_for("nothing changed");
    wait_for("nothing changed");
    write(folder.path(), "c", 7);
    wait_for("exported project=\"C\"");
    wait_for("nothing changed");
    let id = rustix::process::Pid::from_child(&process);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    let output = process.wait_with_output().unwrap();
    // One summary of each export that did something.
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = lines
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[1]["unchanged"], 2);
}
