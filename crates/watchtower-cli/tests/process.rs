//! Connectors in other languages, as people run them.
#![cfg(all(unix, feature = "process", feature = "files"))] // Its programs are shell scripts.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn watchtower(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchtower"));
    command.current_dir(folder).args(arguments);
    command.output().unwrap()
}

/// The connector that the documentation shows.
fn studio() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let script = root.join("examples/python/studio.py");
    script.canonicalize().unwrap().display().to_string()
}

#[test]
fn a_python_script_is_exported_and_a_folder_of_what_it_prints_gives_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let script = studio();
    let export = [
        "export", "process", "--output", "a", "--", "python3", &script,
    ];
    let output = watchtower(folder, &export);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    insta::assert_snapshot!(stderr);

    fs::create_dir_all(folder.join("told/projects")).unwrap();
    for (file, arguments) in [
        ("told/project-list.json", &["project-list"][..]),
        ("told/projects/short-film.json", &["project", "short-film"]),
    ] {
        let output = Command::new("python3")
            .arg(&script)
            .args(arguments)
            .output();
        fs::write(folder.join(file), output.unwrap().stdout).unwrap();
    }
    let output = watchtower(folder, &["export", "files", "told", "--output", "b"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");

    let project = "data/projects/short-film";
    for name in ["project", "edit", "assets", "shots", "sequences", "casting"] {
        let path = format!("{project}/{name}.json");
        let [a, b] = ["a", "b"].map(|site| fs::read_to_string(folder.join(site).join(&path)));
        assert_eq!(a.unwrap(), b.unwrap(), "{name}");
    }
    let shots = fs::read_to_string(folder.join("a").join(project).join("shots.json")).unwrap();
    insta::assert_snapshot!(shots);
    let output = watchtower(folder, &["validate", "a", "--deny", "warnings"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn a_program_that_fails_leaves_no_site_and_is_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let script = "echo 'cannot log in: the password is wrong' >&2; exit 7";
    let export = [
        "export", "process", "--output", "site", "--", "sh", "-c", script,
    ];
    let output = watchtower(folder.path(), &export);
    assert_eq!(output.status.code(), Some(3));
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stderr));
    assert!(!folder.path().join("site/data").exists());

    let export = ["export", "process", "--output", "site"];
    let output = watchtower(folder.path(), &export);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_list_without_a_project_is_told_without_a_word_of_accounts() {
    let folder = tempfile::tempdir().unwrap();
    let list = r#"{"watchtower_tracker": 1, "projects": []}"#;
    fs::create_dir(folder.path().join("told")).unwrap();
    fs::write(folder.path().join("told/project-list.json"), list).unwrap();
    let script = format!("echo '{list}'");
    let mut said = String::new();
    for export in [
        &["export", "files", "told", "--output", "site"][..],
        &[
            "export", "process", "--output", "site", "--", "sh", "-c", &script,
        ],
    ] {
        let output = watchtower(folder.path(), export);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        said += &String::from_utf8_lossy(&output.stderr);
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_program_has_the_settings_of_the_file_and_the_environment_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join(".env.local"),
        "STUDIO=of the file\nFILM=Small=Film\n",
    )
    .unwrap();
    fs::write(folder.path().join("other.env"), "FILM=Other Film\n").unwrap();
    let script = r#"echo "$STUDIO" >&2
        case "$1" in
        project-list) printf '{"watchtower_tracker": 1, "projects": [{"id": "film", "name": "%s"}]}' "$FILM" ;;
        project) printf '{"watchtower_tracker": 1, "project": {"id": "film", "name": "%s"}}' "$FILM" ;;
        esac"#;
    for (file, studio, film) in [
        (None, "of the environment", "Small=Film"),
        (None, "", "Small=Film"),
        (Some("other.env"), "of the environment", "Other Film"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchtower"));
        command.args(["export", "process", "--output", "site", "--verbose"]);
        command.args(file.iter().flat_map(|it| ["--env-file", it]));
        command.args(["--", "sh", "-c", script, "connector"]);
        let output = command
            .env("STUDIO", studio)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let context = fs::read_to_string(folder.path().join("site/data/projects/context.json"));
        let name = format!("\"name\": \"{film}\"");
        assert!(context.unwrap().contains(&name), "{name}");
    }
}

#[test]
fn documents_fit_their_published_schemas() {
    let script = studio();
    for (name, arguments) in [
        ("project_list", &["project-list"][..]),
        ("project", &["project", "short-film"]),
    ] {
        let output = Command::new("python3")
            .arg(&script)
            .args(arguments)
            .output();
        let document = serde_json::from_slice(&output.unwrap().stdout).unwrap();
        let schema = watchtower_model::schema::by_name(&format!("tracker/{name}")).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        validator.validate(&document).unwrap();
    }
}

/// Whether a process runs. One that has ended and that nobody waits for does not.
fn runs(pid: &str) -> bool {
    let state = Command::new("ps").args(["-o", "stat=", "-p", pid]).output();
    let state = String::from_utf8(state.unwrap().stdout).unwrap();
    !matches!(state.trim().chars().next(), None | Some('Z'))
}

/// Waits for something that other processes do.
fn until(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..600 {
        if done() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("{what} did not happen");
}

/// A program that writes its number and that of a program it started, and goes on.
const GOES_ON: &str = "sleep 600 & echo $! > child; echo $$ > self; wait";

#[test]
fn nothing_that_a_program_started_outlives_the_export() {
    let folder = tempfile::tempdir().unwrap();
    let export = |script: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchtower"));
        command.current_dir(folder.path());
        command.args(["export", "process", "--output", "site", "--", "sh", "-c"]);
        command.arg(script).stderr(std::process::Stdio::null());
        command
    };
    let number = |file: &str| {
        let path = folder.path().join(file);
        until(file, || {
            fs::read_to_string(&path).is_ok_and(|it| it.ends_with('\n'))
        });
        let number = fs::read_to_string(&path).unwrap().trim().to_owned();
        fs::remove_file(path).unwrap();
        number
    };

    // A program that ends, and leaves something behind.
    let mut leaves = export("sleep 600 >/dev/null 2>&1 & echo $! > child; exit 3");
    assert_eq!(leaves.status().unwrap().code(), Some(3));
    let child = number("child");
    until("the end of what was left behind", || !runs(&child));

    // An export that is stopped, and one that has no chance to do anything about it.
    for signal in ["-TERM", "-KILL"] {
        let mut running = export(GOES_ON).spawn().unwrap();
        let programs = [number("self"), number("child")];
        assert!(programs.iter().all(|it| runs(it)), "{programs:?}");
        let us = running.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &us])
                .status()
                .unwrap()
                .success()
        );
        running.wait().unwrap();
        until("the end of the programs", || {
            !programs.iter().any(|it| runs(it))
        });
    }
}
