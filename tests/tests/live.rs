//! Exports of a real Kitsu server that read what changed since the last one.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Mutex;
use watchtower_connector::Tracker;
use watchtower_connector::conformance::{Scenario, run as judge};
use watchtower_connector::kitsu::{Credentials, Kitsu as Connector, KitsuSettings};
use watchtower_model::ProjectId;
use watchtower_tests::{Kitsu, files, run};

/// Held by each test that counts what changes, or changes something: the server's log is one for all.
static LOG: Mutex<()> = Mutex::const_new(());

/// What an export read, by the names of projects, how many it did not read, and how many requests it took.
fn export(kitsu: &Kitsu, site: &Path) -> (Vec<String>, u64, u64) {
    let mut command = kitsu.export(site);
    let command = command.args(["--json", "--log-format", "json"]);
    let output = run(command.env("WATCHTOWER_LOG", "debug"), 0);
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let projects = summary["projects"].as_array().unwrap().iter();
    let names = projects.map(|it| it["name"].as_str().unwrap().to_owned());
    let log = String::from_utf8(output.stderr).unwrap();
    let events = log
        .lines()
        .map(|it| serde_json::from_str::<Value>(it).unwrap());
    let mut requests = events.filter_map(|it| it["requests"].as_u64());
    (
        names.collect(),
        summary["unchanged"].as_u64().unwrap_or(0),
        requests.next_back().unwrap(),
    )
}

/// The documents of a site, but for the history of each export.
fn documents(site: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = files(&site.join("data"));
    let is_document = |path: &Path| path.extension().is_some_and(|it| it == "json");
    files.retain(|(path, _)| is_document(path) && !path.ends_with("task_counts.json"));
    files
}

#[test]
fn a_beat_costs_one_request_and_reads_what_changed() {
    let _alone = LOG.blocking_lock();
    let kitsu = Kitsu::running();
    let folder = tempfile::tempdir().unwrap();
    let (site, fresh) = (folder.path().join("site"), folder.path().join("fresh"));
    let (read, _, _) = export(&kitsu, &site);
    assert_eq!(read.len(), kitsu.project_count());
    let all = u64::try_from(read.len()).unwrap();

    // The login, and the log. That login is in the log as well.
    assert_eq!(export(&kitsu, &site), (vec![], all, 2));
    assert_eq!(export(&kitsu, &site), (vec![], all, 2));

    let project = kitsu.project("Small Series");
    let tasks = kitsu.download(&format!("data/projects/{project}/tasks"));
    let tasks: Vec<Value> = serde_json::from_slice(&tasks).unwrap();
    let task = &tasks[0];
    let other = tasks
        .iter()
        .map(|it| &it["task_status_id"])
        .find(|it| **it != task["task_status_id"])
        .unwrap();
    let path = format!("data/tasks/{}", task["id"].as_str().unwrap());
    kitsu.send("PUT", &path, &json!({"task_status_id": other}));
    let (read, unchanged, _) = export(&kitsu, &site);
    kitsu.send(
        "PUT",
        &path,
        &json!({"task_status_id": task["task_status_id"]}),
    );
    assert_eq!(
        (read, unchanged),
        (vec!["Small Series".to_owned()], all - 1)
    );
    let (read, unchanged, _) = export(&kitsu, &site);
    assert_eq!(
        (read, unchanged),
        (vec!["Small Series".to_owned()], all - 1)
    );
    export(&kitsu, &fresh);
    assert!(documents(&site) == documents(&fresh));
}

#[tokio::test]
async fn no_change_is_missed_in_the_moment_of_a_mark() {
    let _alone = LOG.lock().await;
    let kitsu = Arc::new(Kitsu::running());
    let project = ProjectId::new(kitsu.project("Small Film")).unwrap();
    let shots = format!("data/projects/{project}/shots");
    let asked = Arc::clone(&kitsu);
    let shots = tokio::task::spawn_blocking(move || asked.download(&shots));
    let shots: Value = serde_json::from_slice(&shots.await.unwrap()).unwrap();
    let shot = shots[0]["id"].as_str().unwrap().to_owned();
    let settings = KitsuSettings::new(
        &kitsu.url,
        Credentials::Password {
            email: kitsu.email.clone(),
            password: kitsu.password.clone().into(),
        },
    );
    let make = || Ok(Box::new(Connector::new(settings.clone())?) as Box<dyn Tracker>);
    let scenario = Scenario {
        projects: vec!["Small Film".into()],
        change: Some(Box::new(move || {
            let (kitsu, project, shot) = (Arc::clone(&kitsu), project.clone(), shot.clone());
            Box::pin(async move {
                let change = move || {
                    let body = json!({"description": "The same as before."});
                    kitsu.send("PUT", &format!("data/entities/{shot}"), &body);
                };
                tokio::task::spawn_blocking(change).await.unwrap();
                project
            })
        })),
        ..Scenario::default()
    };
    let report = judge(make, &scenario).await;
    for id in ["changes-first", "changes-foreign", "changes-told"] {
        let row = report.checks.iter().find(|it| it.id == id).unwrap();
        assert!(row.to_string().starts_with("pass"), "{row}");
    }
}
