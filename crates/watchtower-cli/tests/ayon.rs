//! `watchtower export ayon` from an AYON that answers as a real one did.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.
#![cfg(feature = "ayon")]

#[path = "../../watchtower-connector/tests/ayon_server/mod.rs"]
#[allow(dead_code)] // It is part of the connector's tests.
mod ayon_server;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use ayon_server::{KEY, Operation, PASSWORD, RecordedAyon, TOKEN, USER, event, logged};
use serde_json::{Value, json};
use wiremock::matchers::path;
use wiremock::{Match, Mock, Request, ResponseTemplate};

const RECORDED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../watchtower-connector/tests/recorded/ayon"
);

/// The command, away from the settings of whoever runs the tests.
fn watchtower(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchtower"));
    command
        .current_dir(folder)
        .env_clear()
        .env("COLUMNS", "100");
    command
}

/// `watchtower export ayon`, which ends with an exit code and tells no secret.
async fn export(
    server: &RecordedAyon,
    folder: &Path,
    settings: &[(&str, &str)],
    arguments: &[&str],
    code: i32,
) -> Output {
    let mut command = watchtower(folder);
    command.env("AYON_SERVER_URL", server.url());
    command.envs(settings.iter().copied());
    command.args(["export", "ayon", "--output", "site"]);
    command.args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = output.await.unwrap();
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8(said).unwrap();
    assert_eq!(output.status.code(), Some(code), "{said}");
    for secret in [KEY, PASSWORD, TOKEN] {
        assert!(!said.contains(secret), "{said}");
    }
    output
}

const BY_KEY: &[(&str, &str)] = &[("AYON_API_KEY", KEY)];
const BY_PASSWORD: &[(&str, &str)] = &[("AYON_USERNAME", USER), ("AYON_PASSWORD", PASSWORD)];

fn read(folder: &Path, document: &str) -> Value {
    let file = folder.join("site/data/projects").join(document);
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

#[tokio::test]
async fn a_site_that_the_web_client_takes() {
    let server = RecordedAyon::start(RECORDED).await;
    let folder = tempfile::tempdir().unwrap();
    let output = export(&server, folder.path(), BY_KEY, &[], 0).await;
    let summary = String::from_utf8(output.stdout).unwrap();
    insta::assert_snapshot!("ayon_summary", summary);

    let mut validate = watchtower(folder.path());
    let validated = validate.args(["validate", "site"]).output().unwrap();
    let findings = String::from_utf8(validated.stdout).unwrap();
    assert_eq!(validated.status.code(), Some(0), "{findings}");
    let shots = read(folder.path(), "wt_demo/shots.json");
    assert_eq!(shots.as_array().unwrap().len(), 230);
    let edit = read(folder.path(), "wt_demo/edit.json");
    assert_eq!(edit["sourceName"], "data/projects/wt_demo/edit.mp4");
    let context = read(folder.path(), "context.json");
    let users = context["users"].as_array().unwrap();
    let avatar = |name: &str| {
        let user = users.iter().find(|it| it["id"] == name).unwrap();
        user["has_avatar"].clone()
    };
    assert_eq!((avatar("ana"), avatar("bo")), (json!(true), json!(false)));

    // A picture is asked for once, although it has to be opened to know that it is there.
    let asked = server.asked().await;
    for picture in [
        "projects/wt_demo/thumbnail?placeholder=none",
        "users/ana/avatar",
    ] {
        let picture = format!("GET /api/{picture}");
        assert_eq!(
            asked.iter().filter(|it| **it == picture).count(),
            1,
            "{picture}"
        );
    }

    // What does not change is asked for no more.
    let asked = asked.len();
    export(&server, folder.path(), BY_KEY, &["--quiet"], 0).await;
    let again: Vec<_> = server.asked().await.split_off(asked);
    assert!(
        !again
            .iter()
            .any(|it| it.contains("/folders/") || it.contains("/files/"))
    );
}

#[tokio::test]
async fn a_login_gives_the_same_site_as_a_key() {
    let mut sites = Vec::new();
    for settings in [BY_KEY, BY_PASSWORD] {
        let server = RecordedAyon::start(RECORDED).await;
        let folder = tempfile::tempdir().unwrap();
        export(&server, folder.path(), settings, &["--media", "none"], 0).await;
        let documents = [
            "context",
            "wt_demo/shots",
            "wt_demo/assets",
            "wt_demo/casting",
        ];
        let documents = documents.map(|it| read(folder.path(), &format!("{it}.json")));
        sites.push(documents);
        let asked = server.asked().await;
        let pictures = asked.iter().filter(|it| it.ends_with("/avatar"));
        assert_eq!(pictures.count(), 0, "nobody wants them");
    }
    assert_eq!(sites[0], sites[1]);
}

#[tokio::test]
async fn one_project_is_exported_by_its_label() {
    let server = RecordedAyon::start(RECORDED).await;
    let folder = tempfile::tempdir().unwrap();
    let one = ["--project", "watchtower Démo", "--media", "none"];
    export(&server, folder.path(), BY_KEY, &one, 0).await;
    assert!(folder.path().join("site/data/projects/wt_demo").is_dir());
}

#[tokio::test]
async fn a_site_keeps_its_project_when_the_account_sees_a_part_of_it() {
    let server = RecordedAyon::start(RECORDED).await;
    let folder = tempfile::tempdir().unwrap();
    export(&server, folder.path(), BY_KEY, &["--media", "none"], 0).await;
    // Another account from now on: of the 245 folders it sees none, and the server still counts them.
    let none = json!({"data": {"project": {"folders": {"edges": []}}}});
    Mock::given(Operation("Folders"))
        .respond_with(ResponseTemplate::new(200).set_body_json(none))
        .mount(server.server())
        .await;
    let all = ["--media", "none", "--full-every", "0"];
    let output = export(&server, folder.path(), BY_KEY, &all, 4).await;
    let told = String::from_utf8(output.stderr).unwrap();
    insta::assert_snapshot!(told.replace(&server.url(), "http://ayon"));
    let shots = read(folder.path(), "wt_demo/shots.json");
    assert_eq!(shots.as_array().unwrap().len(), 230);

    let folder = tempfile::tempdir().unwrap();
    let part = ["--media", "none", "--partial"];
    let output = export(&server, folder.path(), BY_KEY, &part, 0).await;
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("the account sees 0 of 245 folders"), "{told}");
    let shots = read(folder.path(), "wt_demo/shots.json");
    assert_eq!(shots, json!([]));
}

/// Adds a project of assets, whose tasks have a type that the shots of the other project have too.
async fn add_project_of_assets(server: &RecordedAyon) {
    let projects =
        json!({"projects": [{"name": "wt_demo", "label": "Watchtower démo"}, {"name": "props"}]});
    Mock::given(path("/api/projects"))
        .respond_with(ResponseTemplate::new(200).set_body_json(projects))
        .mount(server.server())
        .await;
    let rows = |rows: Value| json!({"pageInfo": {"hasNextPage": false}, "edges": rows});
    let lamp = json!([{"node": {"id": "lamp", "name": "lamp", "folderType": "Asset"}}]);
    let task = json!([{"node": {"id": "t", "taskType": "Animation", "folderId": "lamp",
        "status": "Approved", "assignees": []}}]);
    for (query, project) in [
        (
            "Project",
            json!({"taskTypes": [{"name": "Animation"}], "statuses": [{"name": "Approved"}]}),
        ),
        ("Folders", json!({"folders": rows(lamp)})),
        ("Tasks", json!({"tasks": rows(task)})),
        ("Links", json!({"links": rows(json!([]))})),
        ("ReviewProducts", json!({"products": rows(json!([]))})),
        ("ReviewBasedProducts", json!({"products": rows(json!([]))})),
    ] {
        let of_props = |request: &Request| {
            let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            body["variables"]["project"] == "props"
        };
        let answer =
            ResponseTemplate::new(200).set_body_json(json!({"data": {"project": project}}));
        Mock::given(Operation(query))
            .and(of_props)
            .respond_with(answer)
            .mount(server.server())
            .await;
    }
}

#[tokio::test]
async fn a_task_type_is_the_same_in_an_export_of_all_projects_and_of_one() {
    let server = RecordedAyon::start(RECORDED).await;
    add_project_of_assets(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let one = |name: &'static str| ["--media", "none", "--project", name].to_vec();
    for arguments in [
        vec!["--media", "none"],
        one("props"),
        one("wt_demo"),
        one("props"),
    ] {
        export(&server, folder.path(), BY_KEY, &arguments, 0).await;
        let context = read(folder.path(), "context.json");
        let types = context["task_types"].as_array().unwrap();
        let mut checked = 0;
        for (document, for_shots) in [("wt_demo/shots", true), ("props/assets", false)] {
            for entry in read(folder.path(), &format!("{document}.json"))
                .as_array()
                .unwrap()
            {
                for task in entry["tasks"].as_array().unwrap() {
                    let found = types.iter().find(|it| it["id"] == task["task_type_id"]);
                    assert_eq!(
                        found.unwrap()["for_shots"],
                        for_shots,
                        "{arguments:?}: {document}"
                    );
                    checked += 1;
                }
            }
        }
        assert!(checked > 300, "{checked}");
    }
}

#[tokio::test]
async fn a_check_says_what_is_not_seen_and_reads_no_project() {
    let server = RecordedAyon::start(RECORDED).await;
    let permissions = json!({
        "read": {"enabled": true, "access_list": [
            {"access_type": "assigned", "path": null},
            {"access_type": "hierarchy", "path": "/assets"},
            {"access_type": "children", "path": "/ep01"},
        ]},
        "attrib_read": {"enabled": true, "attributes": ["fps", "clipIn", "clipOut", "frameStart", "frameEnd"]},
    });
    Mock::given(path("/api/users/me/permissions/wt_demo"))
        .respond_with(ResponseTemplate::new(200).set_body_json(permissions))
        .mount(server.server())
        .await;
    let folder = tempfile::tempdir().unwrap();
    let mut said = String::new();
    for project in ["wt_demo", "nope"] {
        let mut command = watchtower(folder.path());
        command.env("AYON_SERVER_URL", server.url());
        command.envs(BY_KEY.iter().copied());
        command.args(["check", "ayon", "--project", project]);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap());
        let output = output.await.unwrap();
        for text in [output.stdout, output.stderr] {
            said += &String::from_utf8(text).unwrap();
        }
    }
    insta::assert_snapshot!(said.replace(&server.url(), "http://ayon"));
    let mut asked = server.asked().await;
    asked.truncate(5);
    assert_eq!(
        asked,
        [
            "GET /api/info",
            "GET /api/users/me",
            "GET /api/projects?active=true",
            "Project",
            "GET /api/users/me/permissions/wt_demo",
        ]
    );
}

#[tokio::test]
async fn the_connector_keeps_the_contract_of_trackers() {
    for settings in [BY_KEY, BY_PASSWORD] {
        let server = RecordedAyon::start(RECORDED).await;
        let folder = tempfile::tempdir().unwrap();
        let mut command = watchtower(folder.path());
        command.env("AYON_SERVER_URL", server.url());
        command.envs(settings.iter().copied());
        command.args(["conformance", "ayon", "--json"]);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap());
        let output = output.await.unwrap();
        let report = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{report}");
        let report: Value = serde_json::from_str(&report).unwrap();
        let outcome = |id: &str| {
            let mut checks = report["checks"].as_array().unwrap().iter();
            checks.find(|it| it["id"] == id).unwrap()["outcome"].clone()
        };
        // The command knows credentials of nobody, and which settings are secret.
        assert_eq!(outcome("refused"), "passed");
        assert_eq!(outcome("no-secrets"), "passed");
        assert_eq!(outcome("unreachable"), "skipped");
    }
}

#[tokio::test]
async fn settings_that_are_missing_are_named() {
    let server = RecordedAyon::start(RECORDED).await;
    let folder = tempfile::tempdir().unwrap();
    let output = export(&server, folder.path(), &[], &[], 2).await;
    let no_key = String::from_utf8(output.stderr).unwrap();
    let only_name = [("AYON_USERNAME", USER)];
    let output = export(&server, folder.path(), &only_name, &[], 2).await;
    let no_password = String::from_utf8(output.stderr).unwrap();
    let mut command = watchtower(folder.path());
    command.args(["export", "ayon", "--output", "site"]);
    let no_url = String::from_utf8(command.output().unwrap().stderr).unwrap();
    insta::assert_snapshot!([no_url, no_key, no_password].concat());
}

#[tokio::test]
async fn bad_answers_end_in_errors_that_help() {
    let wrong = [("AYON_API_KEY", "wrong")];
    let mut said = String::new();
    let server = RecordedAyon::start(RECORDED).await;
    let folder = tempfile::tempdir().unwrap();
    let mut told = |output: Output, server: &RecordedAyon| {
        let text = String::from_utf8(output.stderr).unwrap();
        said.push_str(&text.replace(&server.url(), "http://ayon"));
    };
    told(
        export(&server, folder.path(), &wrong, &[], 3).await,
        &server,
    );

    let unknown = ["--project", "nope"];
    told(
        export(&server, folder.path(), BY_KEY, &unknown, 2).await,
        &server,
    );

    let none = json!({"detail": "No projects", "count": 1, "projects": []});
    Mock::given(path("/api/projects"))
        .respond_with(ResponseTemplate::new(200).set_body_json(none))
        .mount(server.server())
        .await;
    told(
        export(&server, folder.path(), BY_KEY, &[], 3).await,
        &server,
    );

    let server = RecordedAyon::start(RECORDED).await;
    let page = ResponseTemplate::new(200).set_body_raw("<html>Proxy</html>", "text/html");
    Mock::given(path("/api/info"))
        .respond_with(page)
        .mount(server.server())
        .await;
    told(
        export(&server, folder.path(), BY_KEY, &[], 3).await,
        &server,
    );
    assert!(!folder.path().join("site/data").exists());
    insta::assert_snapshot!(said);
}

/// A log of events that grows, of a server that may be down.
#[derive(Clone)]
struct Log {
    events: Arc<Mutex<Vec<Value>>>,
    is_down: Arc<AtomicBool>,
}

impl Log {
    async fn of(server: &RecordedAyon) -> Self {
        let log = Self {
            events: Arc::new(Mutex::new(vec![event(1, "entity.project.created", None)])),
            is_down: Arc::default(),
        };
        let down = log.clone();
        Mock::given(move |_: &Request| down.is_down.load(Ordering::SeqCst))
            .respond_with(ResponseTemplate::new(503))
            .with_priority(1)
            .mount(server.server())
            .await;
        let told = log.clone();
        let respond = move |request: &Request| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let (name, variables) = (&body["operationName"], body["variables"].as_object());
            let events = told.events.lock().unwrap();
            let rows = logged(&events, name.as_str().unwrap(), variables.unwrap());
            ResponseTemplate::new(200).set_body_json(json!({"data": {"events": rows}}))
        };
        let is_asked = |request: &Request| {
            Operation("Events").matches(request) || Operation("NewestEvents").matches(request)
        };
        let mock = Mock::given(is_asked).respond_with(respond);
        mock.with_priority(2).mount(server.server()).await;
        log
    }

    /// Something happens in a project.
    fn tells(&self, project: &str) {
        let mut events = self.events.lock().unwrap();
        let number = events.len() as u64 + 1;
        events.push(event(number, "entity.task.status_changed", Some(project)));
    }
}

#[tokio::test]
async fn the_next_export_asks_the_log_and_reads_the_project_that_changed() {
    let server = RecordedAyon::start(RECORDED).await;
    add_project_of_assets(&server).await;
    let log = Log::of(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let read = async || {
        let before = server.asked().await.len();
        let arguments = ["--media", "none", "--json"];
        let output = export(&server, folder.path(), BY_KEY, &arguments, 0).await;
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        let projects = summary["projects"].as_array().unwrap().iter();
        let names: Vec<_> = projects.map(|it| it["name"].to_string()).collect();
        (names, server.asked().await.split_off(before))
    };
    assert_eq!(read().await.0.len(), 2);
    let (names, asked) = read().await;
    assert_eq!((names.len(), &asked[..]), (0, &["Events".to_owned()][..]));
    log.tells("props");
    let (names, asked) = read().await;
    assert_eq!(names, ["\"props\""]);
    // A process of its own needs the folders of both for the list, and the links of that one alone.
    let count = |query: &str| asked.iter().filter(|it| *it == query).count();
    assert_eq!((count("Links"), count("Folders")), (1, 2), "{asked:?}");
    assert!(read().await.0.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_said_once_and_what_it_missed_is_read() {
    let server = RecordedAyon::start(RECORDED).await;
    add_project_of_assets(&server).await;
    let log = Log::of(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let mut command = watchtower(folder.path());
    command
        .env("AYON_SERVER_URL", server.url())
        .envs(BY_KEY.iter().copied());
    command.env("WATCHTOWER_LOG", "info,watchtower_cli=debug");
    command.args(["export", "ayon", "--output", "site", "--media", "none"]);
    command.args(["--every", "1s", "--retries", "0", "--log-format", "json"]);
    let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let mut until = |message: &str| {
        let mut events: Vec<Value> = Vec::new();
        while events.last().is_none_or(|it| it["message"] != message) {
            let line = lines.next().unwrap().unwrap();
            events.push(serde_json::from_str(&line).unwrap());
        }
        events
    };
    until("ended");
    let idle = until("nothing changed");
    let idle = idle.last().unwrap();
    assert_eq!(
        (&idle["level"], &idle["requests"]),
        (&"DEBUG".into(), &1.into())
    );

    log.is_down.store(true, Ordering::SeqCst);
    let lost = until("failed");
    assert_eq!(lost.last().unwrap()["level"], "ERROR");
    log.tells("props");
    let meanwhile = [until("failed again"), until("failed again")].concat();
    let loud = |events: &[Value]| events.iter().filter(|it| it["level"] != "DEBUG").count();
    assert_eq!(loud(&meanwhile), 0, "{meanwhile:#?}");
    log.is_down.store(false, Ordering::SeqCst);
    let back = until("exports succeed again");
    let read = back.iter().filter(|it| it["message"] == "exported");
    let read: Vec<_> = read.map(|it| it["project"].as_str().unwrap()).collect();
    assert_eq!(read, ["props"]);
    assert_eq!(back.last().unwrap()["level"], "INFO");
    until("nothing changed");
    process.kill().unwrap();
    process.wait().unwrap();
}
