//! Sites in the real web client, in a real browser.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use serde_json::Value;
use watchtower_tests::{Kitsu, inspect, run, watchtower};

/// What the client's player logs by itself when there is no movie. It asks for none.
const NO_MOVIE: &str =
    "VIDEOJS: ERROR: (CODE:4 MEDIA_ERR_SRC_NOT_SUPPORTED) No compatible source was found";

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

/// Demands that the client works on a project as it should: nothing thrown, nothing missing that we
/// should have supplied, and everything drawn.
fn works(project: &Value) {
    let name = &project["state"]["name"];
    let pages = list(&project["steps"]).iter().chain([project]);
    for page in pages {
        for problem in ["thrown", "caught", "console", "failed"] {
            assert_eq!(
                page[problem],
                Value::Array(Vec::new()),
                "{name}: {problem} {}",
                page["step"]
            );
        }
    }
    assert!(
        !list(&project["task_types_menu"]).is_empty(),
        "{name}: no task types"
    );
    assert!(!list(&project["people"]).is_empty(), "{name}: no people");
    drawn(project);
    let player = &project["player"];
    let fps = project["state"]["fps"].as_f64().unwrap();
    let expected = project["state"]["totalFrames"].as_f64().unwrap() / fps;
    let duration = player["duration"]
        .as_f64()
        .unwrap_or_else(|| panic!("{name}: no movie"));
    // The container's length may include the last sample of the sound.
    assert!(
        (duration - expected).abs() < 2.0 / fps,
        "{name}: {duration} s, expected {expected}"
    );
    for seek in list(&project["seek"]) {
        assert_eq!(seek["arrived"], true, "{name}: {seek}");
    }
}

/// Whatever is done with the page, it throws nothing, logs no error, and misses no file but those
/// that the client itself lacks.
fn undisturbed(project: &Value) {
    let name = &project["state"]["name"];
    for page in list(&project["steps"]).iter().chain([project]) {
        for problem in ["thrown", "caught", "console", "failed"] {
            let step = &page["step"];
            assert_eq!(
                page[problem],
                Value::Array(Vec::new()),
                "{name}: {problem} at {step}"
            );
        }
    }
}

/// Pictures and timeline are on the canvas: a blank one has one colour.
fn drawn(project: &Value) {
    let name = &project["state"]["name"];
    for canvas in list(&project["canvas"]) {
        let colours = canvas["colours"].as_u64().unwrap();
        assert!(
            colours > 8,
            "{name}: {} has {colours} colours",
            canvas["id"]
        );
    }
}

fn project<'a>(report: &'a Value, name: &str) -> &'a Value {
    let mut projects = list(&report["projects"]).iter();
    projects
        .find(|it| it["state"]["name"] == name)
        .unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn the_example_works() {
    let folder = tempfile::tempdir().unwrap();
    run(
        watchtower()
            .args(["export", "example", "--output"])
            .arg(folder.path()),
        0,
    );
    let report = inspect(folder.path(), "v0", "example-v0", &["--seek"]);
    let film = &report["projects"][0];
    works(film);
    assert_eq!(film["state"]["shots"], 24);
    for person in list(&film["people"]) {
        assert_eq!(person["loaded"], true, "{person}");
    }
    assert_eq!(list(&film["seek"]).len(), 7);
}

#[test]
fn the_kitsu_films_work() {
    let kitsu = Kitsu::running();
    let folder = tempfile::tempdir().unwrap();
    run(&mut kitsu.export(folder.path()), 0);
    let report = inspect(folder.path(), "v0", "kitsu-v0", &["--seek"]);
    works(project(&report, "Small Film"));
    works(project(&report, "Nasty Film"));
    works(project(&report, "Small Series"));
    // Without a movie the player has nothing to play, and says so; the rest works as ever.
    for name in ["Nasty No Edit", "Lengths Only"] {
        let mut project = project(&report, name).clone();
        let said = project["console"].take();
        assert!(
            list(&said)
                .iter()
                .all(|it| it.as_str().unwrap().starts_with(NO_MOVIE)),
            "{said}"
        );
        project["console"] = Value::Array(Vec::new());
        undisturbed(&project);
        drawn(&project);
    }
}
