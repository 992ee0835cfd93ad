//! A connector for version 1.0.0b3 of the Python package, on that package and on ours: the imports change, and
//! the sites are the same but for what the package is known to get wrong.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

#[path = "../../crates/watchtower-connector/tests/foobar_server/mod.rs"]
mod foobar_server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use foobar_server::KEY;
use serde_json::{Value, json};
use watchtower_tests::{run, service, watchtower, wheel};
use wiremock::{MockServer, ResponseTemplate};

fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap().to_owned()
}

const SCRIPT: &str = "examples/python/foobar_class.py";

async fn server() -> MockServer {
    let server = MockServer::start().await;
    for (name, path, kind) in [
        (
            "cover.png",
            "crates/watchtower-cli/tests/pixel.png",
            "image/png",
        ),
        (
            "jade.png",
            "crates/watchtower-cli/tests/pixel.png",
            "image/png",
        ),
        (
            "0020.png",
            "crates/watchtower-cli/tests/pixel.png",
            "image/png",
        ),
        (
            "edit_v7.mp4",
            "crates/watchtower-connector/src/example/edit.mp4",
            "video/mp4",
        ),
    ] {
        let file = fs::read(root().join(path)).unwrap();
        let answer = ResponseTemplate::new(200).set_body_raw(file, kind);
        foobar_server::answer_with(&server, &format!("files/{name}"), answer).await;
    }
    foobar_server::mount(&server).await;
    server
}

fn with_settings<'a>(command: &'a mut Command, server: &MockServer) -> &'a mut Command {
    command.env("FOOBAR_URL", format!("{}/api", server.uri()));
    command.env("FOOBAR_KEY", KEY);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("PATH", std::env::var_os("PATH").unwrap())
}

/// A document, without what two exports of the same data never share, and with what the package is known to
/// get wrong as it should be.
fn document(site: &Path, name: &str) -> Value {
    let text = fs::read(site.join("data").join(name)).unwrap();
    let mut value = serde_json::from_slice(&text).unwrap();
    settle(site, &mut value);
    value
}

fn settle(site: &Path, value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|it| settle(site, it)),
        Value::Object(object) => {
            // The picture of a project is in the list alone there.
            if object.contains_key("resolution") {
                object.remove("thumbnailUrl");
            }
            // Tasks have random ids there.
            if object.contains_key("task_type_id") {
                object.remove("id");
            }
            object.remove("timestamp");
            // A picture is named differently.
            if let Some(path) = object.get("thumbnailUrl").and_then(Value::as_str) {
                let is_there = site.join(path).is_file();
                object.insert("thumbnailUrl".into(), json!(is_there));
            }
            // People have no `full_name` there.
            if object.contains_key("has_avatar") {
                object.remove("full_name");
            }
            // Colours and rates of ours are written in one way.
            if object.get("color") == Some(&json!("#096")) {
                object.insert("color".into(), json!("#009966"));
            }
            object.values_mut().for_each(|it| settle(site, it));
        }
        Value::Number(number) => *value = json!(number.as_f64()),
        Value::String(text) => *text = text.to_lowercase(),
        Value::Null | Value::Bool(_) => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_for_the_package_makes_the_same_site_on_ours() {
    let server = server().await;
    let folder = tempfile::tempdir().unwrap();
    let (theirs, ours) = (folder.path().join("theirs"), folder.path().join("ours"));
    fs::create_dir(&theirs).unwrap();

    // Only its imports are changed.
    let script = fs::read_to_string(root().join(SCRIPT)).unwrap();
    let changed = script.replace(
        "\nfrom watchtower_tracker import",
        "\nfrom watchtower_pipeline import",
    );
    assert_ne!(script, changed);
    let copy = folder.path().join("foobar_class.py");
    fs::write(&copy, changed).unwrap();
    let packages = [
        service("WATCHTOWER_TEST_BROWSER").join("python"),
        wheel("v1"),
    ];
    let mut command = Command::new("python3");
    command.arg(&copy).arg("--destination").arg(&theirs);
    command.env("PYTHONPATH", std::env::join_paths(packages).unwrap());
    with_settings(&mut command, &server);
    tokio::task::block_in_place(|| run(&mut command, 0));

    let mut command = watchtower();
    command.args(["export", "process", "--format", "v1", "--output"]);
    command
        .arg(&ours)
        .args(["--", "python3"])
        .arg(root().join(SCRIPT));
    command.arg("--destination").arg(&theirs);
    command.env("PYTHONPATH", root().join("python"));
    with_settings(&mut command, &server);
    tokio::task::block_in_place(|| run(&mut command, 0));

    for name in [
        "project",
        "edits",
        "assets",
        "shots",
        "sequences",
        "casting",
        "task_counts",
    ] {
        let name = format!("projects/salt/{name}.json");
        assert_eq!(document(&ours, &name), document(&theirs, &name), "{name}");
    }
    let list = "projects-list/index.json";
    assert_eq!(document(&ours, list), document(&theirs, list));
    assert_eq!(document(&ours, list)["projects"][0]["thumbnailUrl"], true);
    let shots = document(&ours, "projects/salt/shots.json");
    assert_eq!(shots.as_array().unwrap().len(), 2);
    assert_eq!(shots[0]["thumbnailUrl"], true);
}
