//! Sites of a real Kitsu server, and of the example, in the other format and back.
#![allow(clippy::unwrap_used)] // Outside the tests themselves, too, all of this is a test.

use std::path::Path;

use serde_json::Value;
use watchtower_tests::{Kitsu, files, inspect, read, run, watchtower};

fn convert(from: &Path, to: &str, output: &Path) -> Value {
    let mut command = watchtower();
    command
        .arg("convert")
        .arg(from)
        .args(["--to", to, "--json"]);
    let output = run(command.arg("--output").arg(output), 0);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn kitsus_projects_are_the_same_on_the_way_back() {
    let kitsu = Kitsu::running();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    run(&mut kitsu.export(&at("site")), 0);
    let summary = convert(&at("site"), "v1", &at("v1"));
    let projects = summary["projects"].as_array().unwrap();
    assert_eq!(projects.len(), kitsu.project_count());
    let validate = ["validate", "--format", "v1"];
    run(watchtower().args(validate).arg(at("v1")), 0);
    convert(&at("v1"), "v0", &at("back"));
    let data = |name: &str| files(&at(name).join("data"));
    let (site, back) = (data("site"), data("back"));
    assert!(site.len() > 100, "{}", site.len());
    assert!(site == back);
}

/// What `watchtower export --format v1` writes, in v0 and back.
#[test]
fn kitsus_series_is_told_what_it_loses() {
    let kitsu = Kitsu::running();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    run(kitsu.export(&at("site")).args(["--format", "v1"]), 0);
    let summary = convert(&at("site"), "v0", &at("v0"));
    run(watchtower().arg("validate").arg(at("v0")), 0);
    let projects = summary["projects"].as_array().unwrap();
    let series = projects
        .iter()
        .find(|it| it["name"] == "Small Series")
        .unwrap();
    let notes = series["notes"].to_string();
    assert!(notes.contains("format v0 has one timeline"), "{notes}");
    assert!(notes.contains("the history of task counts"), "{notes}");
    let index = read(&at("site"), "data/projects-list/index.json");
    let context = read(&at("v0"), "data/projects/context.json");
    let names = |list: &Value| {
        let projects = list["projects"].as_array().unwrap().iter();
        projects.map(|it| it["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&index), names(&context));
}

/// The client of format v1 takes a site that has no history yet.
#[test]
fn a_converted_site_works_in_the_other_client() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let export = ["export", "example", "--output"];
    run(watchtower().args(export).arg(at("site")), 0);
    convert(&at("site"), "v1", &at("v1"));
    let report = inspect(&at("v1"), "v1", "converted-v1", &[]);
    let film = &report["projects"][0];
    for problem in ["thrown", "caught", "console", "failed"] {
        assert_eq!(film[problem], Value::Array(Vec::new()), "{problem}");
    }
    assert_eq!(film["state"]["shots"], 24);
    for person in film["people"].as_array().unwrap() {
        assert_eq!(person["loaded"], true, "{person}");
    }
}
