//! Connectors in Python, with the module that has the specification's names. Needs `python3`.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

#[path = "../../crates/watchtower-connector/examples/foobar/foobar.rs"]
#[allow(dead_code)] // The example is made of it.
mod foobar;
#[path = "../../crates/watchtower-connector/tests/foobar_server/mod.rs"]
mod foobar_server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use foobar::Foobar;
use foobar_server::KEY;
use serde_json::{Value, json};
use watchtower_cli::export::{ExportOptions, export};
use watchtower_model::{
    Asset, AssetType, Edit, Project, Sequence, Shot, ShotData, TaskStatus, TaskType, User,
};
use watchtower_tests::{files, run, watchtower};
use watchtower_writer::Site;
use wiremock::{MockServer, ResponseTemplate};

/// The repository's folder.
fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap().to_owned()
}

/// A Foobar whose pictures and movie are real.
async fn server() -> MockServer {
    let server = MockServer::start().await;
    let file = |path: &str, kind: &str| {
        let bytes = fs::read(root().join(path)).unwrap();
        ResponseTemplate::new(200).set_body_raw(bytes, kind)
    };
    let picture = || file("crates/watchtower-cli/tests/pixel.png", "image/png");
    for name in ["cover.png", "jade.png", "0010.png"] {
        foobar_server::answer_with(&server, &format!("files/{name}"), picture()).await;
    }
    let movie = file(
        "crates/watchtower-connector/src/example/edit.mp4",
        "video/mp4",
    );
    foobar_server::answer_with(&server, "files/edit_v7.mp4", movie).await;
    foobar_server::mount(&server).await;
    server
}

/// `watchtower export process` of the specification's connector.
async fn export_foobar(server: &MockServer, site: &Path, key: &str) -> Output {
    export_script(server, site, key, &["examples/python/foobar.py"]).await
}

/// The same of a connector in Python, with its arguments.
async fn export_script(server: &MockServer, site: &Path, key: &str, script: &[&str]) -> Output {
    let mut command = watchtower();
    command
        .args(["export", "process", "--json", "--output"])
        .arg(site);
    command.args(["--retries", "0", "--log-format", "text", "-v"]);
    command.args(["--", "python3"]).args(script);
    command.current_dir(root());
    command.env("PATH", std::env::var_os("PATH").unwrap());
    command.env("PYTHONPATH", root().join("python"));
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("FOOBAR_URL", format!("{}/api", server.uri()));
    command.env("FOOBAR_KEY", key);
    // The server is in this process.
    let output = tokio::task::spawn_blocking(move || command.output());
    output.await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_specifications_connector_makes_the_site_that_the_rust_one_makes() {
    let server = server().await;
    let folder = tempfile::tempdir().unwrap();
    let (rust, python) = (folder.path().join("rust"), folder.path().join("python"));

    let foobar = Foobar::new(&format!("{}/api", server.uri()), &KEY.into()).unwrap();
    let options = ExportOptions::default();
    let by_rust = export(&foobar, &Site::new(&rust), &options, &())
        .await
        .unwrap();
    let output = export_foobar(&server, &python, KEY).await;
    let log = String::from_utf8(output.stderr).unwrap();

    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let told = |summary: &Value| {
        let project = &summary["projects"][0];
        (
            project["counts"].clone(),
            project["left_out"].clone(),
            project["media"].clone(),
        )
    };
    let by_rust = serde_json::to_value(by_rust).unwrap();
    assert_eq!(told(&summary).0, told(&by_rust).0);
    let reasons = |summary: &Value| {
        let left_out = told(summary).1;
        left_out
            .as_array()
            .map(|all| all.iter().map(|it| it["code"].clone()).collect::<Vec<_>>())
    };
    assert_eq!(reasons(&summary), reasons(&by_rust), "{summary:#}");

    let (rust, python) = (files(&rust.join("data")), files(&python.join("data")));
    let names =
        |files: &[(PathBuf, Vec<u8>)]| files.iter().map(|it| it.0.clone()).collect::<Vec<_>>();
    assert_eq!(names(&rust), names(&python));
    for ((name, ours), (_, theirs)) in rust.iter().zip(&python) {
        assert_eq!(ours, theirs, "{}", name.display());
    }
    let is = |kind: &str| {
        rust.iter()
            .any(|(name, _)| name.extension().is_some_and(|it| it == kind))
    };
    assert!(is("png") && is("mp4"), "{:?}", names(&rust));
    assert!(!log.contains(KEY), "the key is in the log:\n{log}");
    for (name, bytes) in files(folder.path()) {
        let found = bytes.windows(KEY.len()).any(|it| it == KEY.as_bytes());
        assert!(!found, "the key is in {}", name.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connector_as_a_class_makes_the_same_shots_and_takes_the_packages_arguments() {
    let server = server().await;
    let folder = tempfile::tempdir().unwrap();
    let (class, script) = (folder.path().join("class"), folder.path().join("script"));
    export_foobar(&server, &script, KEY).await;
    let arguments = [
        "examples/python/foobar_class.py",
        "--bundle",
        "--projects",
        "salt",
    ];
    let output = export_script(&server, &class, KEY, &arguments).await;
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{log}");
    assert!(log.contains("`watchtower bundle SITE"), "{log}");
    assert!(!log.contains(KEY), "the key is in the log:\n{log}");
    let document = |site: &Path, name: &str| -> Value {
        let path = site.join("data/projects").join(name);
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    };
    // Without a range the class tells no shot, for that is an error in the package.
    let shots = document(&script, "salt/shots.json");
    let due: Vec<_> = shots.as_array().unwrap().iter().take(2).cloned().collect();
    assert_eq!(document(&class, "salt/shots.json"), Value::from(due));
    for name in ["assets", "casting", "edit"] {
        let name = format!("salt/{name}.json");
        assert_eq!(document(&class, &name), document(&script, &name), "{name}");
    }
    let context = document(&class, "context.json");
    let types = document(&script, "context.json")["task_types"].clone();
    assert_eq!(context["task_types"], types);
    assert_eq!(context["users"][0]["full_name"], "Jade Doe");
    assert!(context["users"][0]["thumbnailUrl"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_fails_is_quoted_and_leaves_no_site() {
    let server = server().await;
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    let output = export_foobar(&server, &site, "wrong-key").await;
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("HTTP Error 401: Unauthorized"), "{said}");
    assert!(!said.contains("wrong-key"), "{said}");
    assert!(!site.join("data").exists());
}

/// The blocks below a path in a comment are files, and the lines of the others that start with `$` are run.
#[test]
fn the_page_for_those_who_come_from_the_package_is_right() {
    let page = fs::read_to_string(root().join("docs/from-watchtower-pipeline.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (_, script) = page
        .split_once("<!-- connector.py -->\n```python\n")
        .unwrap();
    let (script, _) = script.split_once("```\n").unwrap();
    fs::write(folder.path().join("connector.py"), script).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let mut folders: Vec<_> = std::env::split_paths(&path).collect();
    let command = watchtower();
    folders.insert(
        0,
        Path::new(command.get_program())
            .parent()
            .unwrap()
            .to_owned(),
    );
    let commands: Vec<_> = page
        .lines()
        .filter_map(|it| it.strip_prefix("$ "))
        .collect();
    assert_eq!(commands.len(), 4, "{commands:?}");
    for command in commands {
        let mut sh = Command::new("sh");
        sh.args(["-c", command]).current_dir(folder.path());
        sh.env("PATH", std::env::join_paths(&folders).unwrap());
        sh.env("PYTHONPATH", root().join("python"));
        sh.env("PYTHONDONTWRITEBYTECODE", "1");
        run(&mut sh, 0);
    }
    let shots = fs::read(folder.path().join("site-v0/data/projects/film/shots.json")).unwrap();
    let shots: Value = serde_json::from_slice(&shots).unwrap();
    assert_eq!(shots[0]["name"], "0010");
}

#[test]
fn the_modules_own_tests_pass() {
    let mut python = Command::new("python3");
    python
        .args(["-m", "unittest", "discover", "--quiet"])
        .arg(root().join("python"));
    python
        .current_dir(root())
        .env("PYTHONDONTWRITEBYTECODE", "1");
    run(&mut python, 0);
}

/// The module's tests compare what they derive with this file.
#[test]
fn the_derived_ids_that_python_is_held_to_are_ours() {
    let sequence = Sequence::new("Rextoria");
    let character = AssetType::new("Character");
    let ids = json!({
        "project": Project::new("Sprite Fright").id,
        "sequence": sequence.id,
        "shot": Shot::new("Tür 10", &sequence.id, ShotData::new(0, 1)).id,
        "asset_type": character.id,
        "asset": Asset::new("Rex", &character.id).id,
        "task_type": TaskType::new("Animation").id,
        "task_status": TaskStatus::new("Todo").id,
        "user": User::new("Jade Doe").id,
        "edit": Edit::new("Edit v12").id,
    });
    let file = fs::read(root().join("python/derived_ids.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&file).unwrap(), ids);
}
