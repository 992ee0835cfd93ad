//! Edits on the command line: looked at, written, and as a wall of their own.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn edits() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../watchtower-connector/tests/edits")
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchtower"));
    let command = command
        .current_dir(folder)
        .env_clear()
        .env("COLUMNS", "100");
    command.args(arguments).output().unwrap()
}

/// What a command printed, which ended with this code.
fn printed(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = run(folder, arguments);
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

fn read(folder: &Path, document: &str) -> Value {
    let projects = folder.join("site/data/projects");
    let list = fs::read(projects.join("context.json")).unwrap();
    let list: Value = serde_json::from_slice(&list).unwrap();
    let id = list["projects"][0]["id"].as_str().unwrap();
    let text = fs::read(projects.join(id).join(document)).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// Sequence and name of each shot, with its place.
fn shots(folder: &Path) -> Vec<String> {
    let sequences = read(folder, "sequences.json");
    let name = |id: &Value| {
        let mut all = sequences.as_array().unwrap().iter();
        let found = all.find(|it| it["id"] == *id).unwrap();
        found["name"].as_str().unwrap().to_owned()
    };
    let shot = |it: &Value| {
        format!(
            "{} / {} {}-{}",
            name(&it["sequence_id"]),
            it["name"].as_str().unwrap(),
            it["data"]["frame_in"],
            it["data"]["frame_out"]
        )
    };
    let shots = read(folder, "shots.json");
    shots.as_array().unwrap().iter().map(shot).collect()
}

#[cfg(unix)] // Systems have words of their own for a file that is not there.
#[test]
fn an_edit_is_shown_with_the_names_that_tell_its_shots() {
    let folder = edits().join("cases");
    let show = |arguments: &[&str], code: i32| {
        printed(&folder, &[&["edit", "show"], arguments].concat(), code)
    };
    let told = [
        show(&["locators.edl", "--fps", "24"], 0),
        show(&["slug-backwards.edl", "--fps", "24"], 0),
        show(&["../final_cut.xml"], 0),
        show(
            &[
                "comments.edl",
                "--fps",
                "24",
                "--edit-match",
                r"V(?<sequence>\d+)-(?<shot>\d+)",
            ],
            0,
        ),
        show(&["comments.edl"], 2),
        show(&["gone.edl", "--fps", "24"], 2),
        show(&["sound-only.edl", "--fps", "24"], 1),
        show(&["comments.edl", "--fps", "24", "--edit-match", "V"], 2),
    ];
    insta::assert_snapshot!(told.join("---\n"));
    let json = show(&["comments.edl", "--fps", "24", "--json"], 0);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["clips"][1]["shot"]["name"], "0020");
    assert_eq!(json["clips"][1]["names"][0]["source"], "comment");
}

#[test]
fn an_edit_alone_is_a_wall() {
    let folder = tempfile::tempdir().unwrap();
    let movie = edits().join("../../src/example/edit.mp4");
    let case = |name: &str| edits().join("cases").join(name).display().to_string();
    let export = |file: &str, more: &[&str]| {
        let _ = fs::remove_dir_all(folder.path().join("site"));
        let arguments = [&["export", "edit", file, "--output", "site"], more].concat();
        let told = printed(folder.path(), &arguments, 0);
        (shots(folder.path()), told)
    };
    let movie = movie.display().to_string();
    let (found, told) = export(
        &case("names-with-sequence.edl"),
        &["--fps", "24", "--movie", &movie],
    );
    assert_eq!(
        found,
        [
            "010 / 0010 0-48",
            "KITE / 0020 48-96",
            "harbour_080 / 0200 96-144"
        ]
    );
    assert!(told.contains("1 movie"), "{told}");
    assert_eq!(read(folder.path(), "edit.json")["frameOffset"], 0);
    let (found, _) = export(&case("locators.edl"), &["--fps", "24"]);
    assert_eq!(found[0], "zz / 0010 0-48");
    assert_eq!(found.len(), 5);
    // Clips whose names tell no shot are shots by themselves, as often as they are seen.
    fs::write(
        folder.path().join("cut.edl"),
        "TITLE: Interview\n\
         001 AX V C 00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00\n* FROM CLIP NAME: wide.mov\n\
         002 AX V C 00:00:00:00 00:00:01:00 01:00:01:00 01:00:02:00\n* FROM CLIP NAME: Close up\n\
         003 AX V C 00:00:00:00 00:00:01:00 01:00:02:00 01:00:03:00\n* FROM CLIP NAME: wide.mov\n",
    )
    .unwrap();
    let (found, told) = export("cut.edl", &["--fps", "24"]);
    assert_eq!(
        found,
        [
            "Interview / wide 0-24",
            "Interview / Close up 24-48",
            "Interview / wide (2) 48-72"
        ]
    );
    assert!(
        told.contains("clips whose names tell no shot are shots by the names of the clips"),
        "{told}"
    );
    // Beside shots that an editor names, they are none.
    fs::write(
        folder.path().join("cut.edl"),
        "TITLE: Turnover\n\
         001 AX V C 00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00\n*079_HA_0010\n* FROM CLIP NAME: V502-5_SC79\n\
         002 AX V C 00:00:00:00 00:00:01:00 01:00:01:00 01:00:02:00\n* FROM CLIP NAME: V499-2A_SC79\n\
         003 AX V C 00:00:00:00 00:00:01:00 01:00:02:00 01:00:03:00\n* FROM CLIP NAME: 079_HA_0030_V12_TEMP.MOV\n",
    )
    .unwrap();
    let (found, told) = export("cut.edl", &["--fps", "24"]);
    assert_eq!(found, ["079_HA / 0010 0-24", "079_HA / 0030 48-72"]);
    assert!(
        told.contains("`V499-2A_SC79` (event 002 at 01:00:01:00)"),
        "{told}"
    );
    // And where a studio says how it names shots, only those count.
    let (found, _) = export(
        "cut.edl",
        &["--fps", "24", "--edit-match", r"^V(?<shot>\d+-\d)"],
    );
    assert_eq!(found, ["Turnover / 502-5 0-24", "Turnover / 499-2 24-48"]);
    let arguments = [
        "export",
        "edit",
        "cut.edl",
        "--output",
        "none",
        "--fps",
        "24",
        "--edit-match",
        "(?<shot>x)",
    ];
    let told = printed(folder.path(), &arguments, 1);
    assert!(told.contains("no clip of it tells a shot"), "{told}");
    assert!(!folder.path().join("none").exists());
}

#[test]
fn a_wall_from_an_edit_keeps_the_contract() {
    let case = edits().join("cases/comments.edl").display().to_string();
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["conformance", "edit", &case, "--fps", "24"];
    let told = printed(folder.path(), &arguments, 0);
    assert!(told.contains(" 0 failed"), "{told}");
}

#[test]
fn a_site_that_cannot_be_written_as_an_edit_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = |arguments: &[&str], code: i32| printed(folder.path(), arguments, code);
    at(
        &[
            "export",
            "example",
            "--episodes",
            "2",
            "--format",
            "v1",
            "--output",
            "site",
            "--quiet",
        ],
        0,
    );
    let write = ["edit", "write", "site", "--output"];
    let told = [
        at(&[&write[..], &["cut.edl"]].concat(), 2),
        at(&[&write[..], &["cut.otio"]].concat(), 2),
        at(
            &[&write[..], &["cut.otio", "--episode", "none"]].concat(),
            2,
        ),
        at(
            &[&write[..], &["cut.otio", "--project", "none"]].concat(),
            2,
        ),
        at(
            &[&write[..], &["gone/cut.otio", "--episode", "Episode 2"]].concat(),
            2,
        ),
        at(&["edit", "write", "gone", "--output", "cut.otio"], 2),
    ];
    insta::assert_snapshot!(told.join("---\n"));
    assert!(!folder.path().join("cut.otio").exists());
}
