//! What programs and folders tell that is wrong, odd, or read by nobody, as authors of connectors see it.
#![cfg(all(unix, feature = "process", feature = "files"))] // Its programs are shell scripts.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn watchtower(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchtower"));
    command.current_dir(folder).args(arguments);
    command.output().unwrap()
}

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/told")
}

/// A folder for `export files` with one project.
fn folder_with(project: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("told/projects")).unwrap();
    fs::copy(
        cases().join("project-list.json"),
        folder.path().join("told/project-list.json"),
    )
    .unwrap();
    fs::write(folder.path().join("told/projects/film.json"), project).unwrap();
    folder
}

/// What an export of a project says, with its exit code.
fn export(project: &[u8]) -> String {
    let folder = folder_with(project);
    let output = watchtower(
        folder.path(),
        &["export", "files", "told", "--output", "site"],
    );
    let [stdout, stderr] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
    format!("exit {}\n{stdout}{stderr}", output.status.code().unwrap())
}

#[test]
fn each_case_is_exported_or_told_in_words_that_name_the_shot() {
    let mut names: Vec<_> = fs::read_dir(cases())
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .filter(|it| it != "project-list.json")
        .collect();
    names.sort();
    let mut exported = Vec::new();
    let mut validated = Vec::new();
    for name in names {
        let text = fs::read(cases().join(&name)).unwrap();
        exported.push(format!("# {name}\n{}", export(&text)));
        let output = watchtower(
            &cases(),
            &["validate", "--document", "tracker/project", &name],
        );
        let code = output.status.code().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        validated.push(format!("# {name}\nexit {code}\n{stdout}"));
    }
    let all = exported.join("\n");
    for word in [
        "AtUrl",
        "relative URL",
        "at line",
        "trailing",
        "invalid type",
        "key must be",
    ] {
        assert!(!all.contains(word), "{word} reaches people: {all}");
    }
    insta::assert_snapshot!("exported", all);
    insta::assert_snapshot!("validated", validated.join("\n"));
}

#[test]
fn all_mistakes_of_a_document_are_told_at_once() {
    let shot = |number: usize| serde_json::json!({"id": number.to_string(), "sequence_id": "010", "data": null});
    let document = serde_json::json!({
        "watchtower_tracker": 1,
        "project": {"id": "film", "name": "Film", "fps": 0},
        "sequences": [{"id": "010", "name": "Harbour"}],
        "shots": (1..=6).map(shot).collect::<Vec<_>>(),
        "assets": [{"id": "rex", "name": "Rex", "asset_type": "c", "tasks": [
            {"task_type_id": "a", "task_status_id": "b", "assignees": "jade"},
            {"task_type_id": 1, "task_status_id": "b"}]}],
        "edits": [{"id": "", "name": "E", "total_frames": -1, "movie": {"file": "a.mp4", "url": "https://a/b"}}],
        "media_headers": {"https://a.example": {"X-Key": ["hunter2"]}},
    });
    let told = export(document.to_string().as_bytes());
    assert!(!told.contains("hunter2"));
    insta::assert_snapshot!(told);
}

/// Ids that cannot name a folder, and keys that are there twice, are told with the rest.
#[test]
fn what_the_schema_does_not_say_is_told_with_the_rest() {
    let document =
        br#"{"watchtower_tracker": 1, "project": {"id": "a/b", "name": "Film", "name": "Movie"},
        "shots": [{"id": "1", "id": "2", "name": 5, "sequence_id": "010"}],
        "edits": [{"id": "nul", "name": "Edit"}]}"#;
    let told = export(document);
    for part in [
        "has 5 mistakes",
        "`a/b`",
        "`name` is there twice",
        "`id` is there twice",
        "`name` is `5`",
        "`nul`",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let folder = folder_with(document);
    let output = watchtower(
        folder.path(),
        &[
            "validate",
            "--document",
            "tracker/project",
            "told/projects/film.json",
        ],
    );
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("5 errors in 1 file"), "{stdout}");
}

#[test]
fn a_program_that_prints_no_json_is_invalid_data() {
    let folder = tempfile::tempdir().unwrap();
    for (printed, code) in [
        ("Hello", 1),
        ("{\"watchtower_tracker\": 1, \"projects\": {}}", 1),
    ] {
        let script = format!("echo '{printed}'");
        let output = watchtower(
            folder.path(),
            &[
                "export", "process", "--output", "site", "--", "sh", "-c", &script,
            ],
        );
        assert_eq!(output.status.code(), Some(code), "{output:?}");
    }
}

#[test]
fn a_mistyped_schema_is_found() {
    let output = watchtower(&cases(), &["schema", "show", "shots"]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(String::from_utf8(output.stderr).unwrap());
}
