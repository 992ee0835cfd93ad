//! Connectors in other languages, as people run them.
#![cfg(all(unix, feature = "process", feature = "files"))]
#![allow(clippy::unwrap_used)] // Outside the tests themselves, too, all of this is a test.

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
