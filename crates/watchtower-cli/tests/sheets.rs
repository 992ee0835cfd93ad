//! Sheets from the command line, as coordinators keep them.
#![cfg(feature = "spreadsheet")]
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../watchtower-connector/tests/sheets/cases")
}

fn export(sheets: &Path, site: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchtower"));
    command.env_clear().env("COLUMNS", "100");
    command.args(["export", "spreadsheet"]).arg(sheets);
    let output = command
        .args(arguments)
        .arg("--output")
        .arg(site)
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// What a site says of its only project's shots: name, start and seconds.
fn shots(site: &Path) -> Vec<(String, i64, f64)> {
    let list: Value =
        serde_json::from_slice(&fs::read(site.join("data/projects/context.json")).unwrap())
            .unwrap();
    let id = list["projects"][0]["id"].as_str().unwrap();
    let shots = fs::read(site.join(format!("data/projects/{id}/shots.json"))).unwrap();
    let shots: Value = serde_json::from_slice(&shots).unwrap();
    let shot = |it: &Value| {
        let name = it["name"].as_str().unwrap().to_owned();
        (
            name,
            it["startFrame"].as_i64().unwrap(),
            it["durationSeconds"].as_f64().unwrap(),
        )
    };
    shots.as_array().unwrap().iter().map(shot).collect()
}

#[test]
fn shots_without_places_are_on_the_wall_and_an_edit_gives_them_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    let sheet = cases().join("no-places.csv");
    export(&sheet, &site, &[]);
    assert_eq!(shots(&site).len(), 3);
    let edit = cases().join("no-places.edl");
    let arguments = ["--edit", edit.to_str().unwrap(), "--fps", "24"];
    export(&sheet, &site, &arguments);
    let shots = shots(&site);
    assert_eq!(shots[0], ("0020".to_owned(), 0, 2.0));
    assert_eq!(shots[1], ("0010".to_owned(), 48, 2.0));
    assert_eq!(shots[2].0, "0030");
    assert!(shots[2].1 >= 96, "{shots:?}");
}

#[test]
fn what_a_sheet_says_of_places_is_in_the_site() {
    for (name, expected) in [
        ("flow.csv", [("S1_0010", 0, 2.0), ("S1_0020", 48, 1.0)]),
        ("timecodes.csv", [("0010", 0, 2.0), ("0020", 48, 1.5)]),
        (
            "frame-range.csv",
            [("0010", 0, 50.0 / 24.0), ("0020", 50, 2.0)],
        ),
        ("inclusive.csv", [("0010", 1, 1.0), ("0020", 30, 2.0)]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        export(&cases().join(name), folder.path(), &["--fps", "24"]);
        let expected = expected.map(|(shot, start, seconds)| (shot.to_owned(), start, seconds));
        assert_eq!(shots(folder.path()), expected, "{name}");
    }
}

#[test]
fn two_thousand_rows_are_one_line_of_the_summary() {
    let folder = tempfile::tempdir().unwrap();
    let sheet = folder.path().join("shots.csv");
    let mut rows = String::from("Sequence,Shot,Frame In\n");
    for number in 0..2000 {
        rows.push_str(&format!("010,{number},tbd\n,{number},\n"));
    }
    fs::write(&sheet, rows).unwrap();
    let output = export(&sheet, &folder.path().join("site"), &[]);
    let summary =
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert!(summary.lines().count() < 30, "{summary}");
    assert!(
        summary.contains("2000 shots, the sequence is empty"),
        "{summary}"
    );
    assert!(summary.contains("and 1995 more"), "{summary}");
}
