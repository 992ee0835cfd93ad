//! No export empties a wall: what a site shows stays until somebody says that the loss is right.
#![cfg(feature = "files")]
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

/// Documents of one project in `told`, with shots as they are given.
fn tell(folder: &Path, shots: impl Iterator<Item = Value>) {
    let project = json!({"id": "film", "name": "Film", "fps": 24});
    let listed = json!({"watchtower_tracker": 1, "projects": [project]});
    let film = json!({"watchtower_tracker": 1, "project": project,
        "sequences": [{"id": "010", "name": "010"}], "shots": shots.collect::<Vec<_>>()});
    fs::create_dir_all(folder.join("told/projects")).unwrap();
    fs::write(folder.join("told/project-list.json"), listed.to_string()).unwrap();
    fs::write(folder.join("told/projects/film.json"), film.to_string()).unwrap();
}

fn shot(number: usize, data: Value) -> Value {
    let name = format!("{number:04}");
    json!({"id": name, "name": name, "sequence_id": "010", "data": data})
}

fn ranges(shots: usize) -> impl Iterator<Item = Value> {
    (0..shots).map(|it| shot(it, json!({"frame_in": it * 10, "frame_out": (it + 1) * 10})))
}

/// `watchtower export files told`, and what it said.
fn export(folder: &Path, arguments: &[&str], code: i32) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchtower"));
    command.current_dir(folder);
    command.args(["export", "files", "told", "--output", "site"]);
    let output = command.args(arguments).output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

fn shots(folder: &Path) -> Vec<Value> {
    let text = fs::read(folder.join("site/data/projects/film/shots.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn a_project_that_would_lose_most_of_its_shots_keeps_what_the_site_has() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    tell(folder, ranges(30));
    export(folder, &[], 0);
    tell(folder, ranges(14));
    let said = export(folder, &[], 4);
    insta::assert_snapshot!(said);
    assert_eq!(shots(folder).len(), 30);
    // Another name is none.
    export(folder, &["--allow-shrink", "Other"], 4);
    assert_eq!(shots(folder).len(), 30);
    export(folder, &["--allow-shrink", "Film"], 0);
    assert_eq!(shots(folder).len(), 14);
    export(folder, &[], 0);
    tell(folder, ranges(0));
    export(folder, &[], 4);
    export(folder, &["--allow-shrink", "film"], 0);
    assert_eq!(shots(folder).len(), 0);
}

#[test]
fn a_timeline_that_would_lose_most_of_its_shots_keeps_what_the_site_has() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    tell(folder, ranges(30));
    export(folder, &[], 0);
    let unknown = |it| shot(it, json!({}));
    tell(folder, ranges(1).chain((1..30).map(unknown)));
    let said = export(folder, &[], 4);
    assert!(
        said.contains("30 shots on the timeline would become 1"),
        "{said}"
    );
    assert!(shots(folder).iter().all(|it| it["onTimeline"] != false));
    // What other options leave out is no loss.
    export(folder, &["--unplaced", "leave-out"], 4);
    export(folder, &["--allow-shrink", "Film"], 0);
    assert_eq!(shots(folder).len(), 30);
    export(folder, &["--unplaced", "leave-out"], 0);
    assert_eq!(shots(folder).len(), 1);
}

#[test]
fn pictures_that_are_not_told_any_more_are_a_loss_and_those_nobody_wants_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir_all(folder.join("told")).unwrap();
    let pixel = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pixel.png");
    fs::copy(pixel, folder.join("told/pixel.png")).unwrap();
    let with_picture = |mut it: Value| {
        it["thumbnail"] = json!({"file": "pixel.png"});
        it
    };
    tell(folder, ranges(20).map(with_picture));
    export(folder, &[], 0);
    tell(folder, ranges(20));
    let said = export(folder, &[], 4);
    assert!(said.contains("20 pictures would become 0"), "{said}");
    assert!(
        shots(folder)
            .iter()
            .all(|it| it["thumbnailUrl"].is_string())
    );
    export(folder, &["--media", "none"], 0);
    export(folder, &["--media", "none"], 0);
    assert!(shots(folder).iter().all(|it| it["thumbnailUrl"].is_null()));
    tell(folder, ranges(20).map(with_picture));
    export(folder, &[], 0);

    // A file that cannot be opened now is not gone: its disk may not be mounted.
    fs::rename(folder.join("told/pixel.png"), folder.join("away.png")).unwrap();
    export(folder, &[], 4);
    assert!(
        shots(folder)
            .iter()
            .all(|it| it["thumbnailUrl"].is_string())
    );
}

#[test]
fn a_list_that_would_lose_most_of_its_projects_keeps_them() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let tell = |names: &[&str]| {
        fs::create_dir_all(folder.join("told/projects")).unwrap();
        let project = |it: &&str| json!({"id": it.to_lowercase(), "name": it});
        let projects: Vec<_> = names.iter().map(project).collect();
        for project in &projects {
            let document = json!({"watchtower_tracker": 1, "project": project});
            let path = format!("told/projects/{}.json", project["id"].as_str().unwrap());
            fs::write(folder.join(path), document.to_string()).unwrap();
        }
        let listed = json!({"watchtower_tracker": 1, "projects": projects});
        fs::write(folder.join("told/project-list.json"), listed.to_string()).unwrap();
    };
    let listed = || {
        let text = fs::read(folder.join("site/data/projects/context.json")).unwrap();
        let context: Value = serde_json::from_slice(&text).unwrap();
        context["projects"].as_array().unwrap().len()
    };
    tell(&["A", "B", "C", "D", "E", "F", "G", "H"]);
    export(folder, &[], 0);
    tell(&["A"]);
    let said = export(folder, &[], 4);
    assert!(
        said.contains("the site has 8 projects, and 1 of them came"),
        "{said}"
    );
    assert_eq!(listed(), 8);
    let told = export(
        folder,
        &["--allow-shrink", "projects", "--json", "--quiet"],
        0,
    );
    let json: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(json["removed"].as_array().unwrap().len(), 7);
    assert_eq!(listed(), 1);
}

#[test]
fn nobody_leaves_it_on() {
    let folder = tempfile::tempdir().unwrap();
    tell(folder.path(), ranges(1));
    let arguments = ["--every", "1h", "--allow-shrink", "Film"];
    let said = export(folder.path(), &arguments, 2);
    assert!(said.contains("--allow-shrink"), "{said}");
    assert!(!folder.path().join("site").exists());
}
