//! Programs and folders as trackers: what goes well, and what each mistake is told as.
#![cfg(unix)] // Its programs are shell scripts; `process_windows.rs` has some of Windows.

use std::fs;
use std::time::Duration;

use watchtower_connector::files::Files;
use watchtower_connector::http::HttpOptions;
use watchtower_connector::process::{Process, ProcessSettings};
use watchtower_connector::{MediaRequest, OpenedMedia, Tracker};
use watchtower_model::{MediaLocation, MediaRef, Project, ProjectId, ProjectList};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A shell script as a tracker.
fn script(text: &str) -> Process {
    Process::new(ProcessSettings {
        arguments: vec!["-c".into(), text.into(), "connector".into()],
        silence_timeout: Duration::from_millis(500),
        largest_output: 10_000,
        ..ProcessSettings::new("sh")
    })
}

/// What a script that prints this is told as.
async fn told(text: &str) -> String {
    let result = script(text).project_list().await;
    let error = result.expect_err("it is a mistake");
    let help = error.help().map(|it| format!("\n  help: {it}"));
    format!("{:?}: {error}{}", error.kind(), help.unwrap_or_default())
}

#[tokio::test]
async fn what_a_program_prints_is_read() {
    let process = script(
        r#"if [ "$1" = project-list ]; then
            echo '{"watchtower_tracker": 1, "projects": [{"id": "film", "name": "Film"}], "of_our_own": 1}'
        else
            printf '{"watchtower_tracker": 1, "project": {"id": "%s", "name": "Film"},
                "sequences": [{"id": "s", "name": "010"}],
                "shots": [{"id": "a", "name": "0010", "sequence_id": "s",
                    "data": {"frame_in": 0, "frame_out": 10, "own": true},
                    "thumbnail": {"file": "a.png"}}]}' "$2"
        fi"#,
    );
    process.check().await.unwrap();
    let list = process.project_list().await.unwrap();
    let film = process.project(&list.projects[0], &list).await.unwrap();
    assert_eq!(film.shots[0].data.frame_out, Some(10));
    assert_eq!(film.shots[0].thumbnail, Some(MediaRef::file("a.png")));
    let mut other = Project::new("Other");
    other.id = ProjectId::new("other").unwrap();
    let process =
        script(r#"echo '{"watchtower_tracker": 1, "project": {"id": "film", "name": "Film"}}'"#);
    let error = process.project(&other, &ProjectList::default()).await;
    insta::assert_snapshot!(error.unwrap_err(), @"cannot read Other: `sh` gave the project film, asked for other");
}

#[tokio::test]
async fn every_mistake_says_what_was_wrong() {
    let told = [
        told("echo 'no password is set' >&2; exit 3").await,
        told("kill -9 $$").await,
        told("true").await,
        told("echo Hello").await,
        told("echo 'Loading the studio …'; echo '{\"watchtower_tracker\": 1, \"projects\": []}'").await,
        told("echo '[{\"id\": \"film\"}]'").await,
        told("printf '{\"watchtower_tracker\": 1, \"projects\": [{\"id\": \"a\", \"name\": \"\\377\"}]}'").await,
        told("echo 'Traceback: no such shot'; exit 1").await,
        told("echo '{\"watchtower_tracker\": \"1\", \"projects\": []}'").await,
        told("echo '{\"projects\": []}'").await,
        told("echo '{\"watchtower_tracker\": 2, \"projects\": []}'").await,
        told("echo '{\"watchtower_tracker\": 1, \"projects\": [{\"id\": \"\", \"name\": \"Film\"}]}'").await,
        told("echo '{\"watchtower_tracker\": 1, \"projects\": [{\"name\": \"Film\"}]}'").await,
        told("echo '{\"watchtower_tracker\": 1, \"projects\": []} and more'").await,
        told("echo '{\"watchtower_tracker\": 1, \"projects\": [], \"media_headers\": {\"here\": {}}}'").await,
        told("sleep 20").await,
        told("while :; do echo 0123456789012345678901234567890123456789; done").await,
        told("exec >&- 2>&-; sleep 20").await,
    ];
    insta::assert_snapshot!(told.join("\n"));
    let missing = Process::new(ProcessSettings::new("./no-such-connector"));
    let error = missing.check().await.unwrap_err();
    insta::assert_snapshot!(error, @"cannot read the list of projects: `./no-such-connector` cannot be started: No such file or directory (os error 2)");
}

#[tokio::test]
async fn a_mark_in_front_of_the_document_is_no_part_of_it() {
    let process = script(r#"printf '\357\273\277{"watchtower_tracker": 1, "projects": []}\r\n'"#);
    assert!(process.project_list().await.unwrap().projects.is_empty());
}

#[tokio::test]
async fn a_program_has_the_settings_it_is_given() {
    let text =
        r#"printf '{"watchtower_tracker": 1, "projects": [{"id": "a", "name": "%s"}]}' "$NAME""#;
    let process = Process::new(ProcessSettings {
        arguments: vec!["-c".into(), text.into()],
        environment: vec![("NAME".into(), "hunter2".into())],
        ..ProcessSettings::new("sh")
    });
    assert!(!format!("{process:?}").contains("hunter2"));
    let list = process.project_list().await.unwrap();
    assert_eq!(list.projects[0].name, "hunter2");
}

#[tokio::test]
async fn what_refers_to_something_missing_is_left_out_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("projects")).unwrap();
    let list = serde_json::json!({
        "watchtower_tracker": 1,
        "projects": [{"id": "film", "name": "Film"}],
        "asset_types": [{"id": "character", "name": "Character"}],
        "task_types": [{"id": "animation", "name": "Animation"}],
        "task_statuses": [{"id": "done", "name": "Done"}],
        "users": [{"id": "jade", "name": "Jade"}],
    });
    fs::write(folder.path().join("project-list.json"), list.to_string()).unwrap();
    let range = serde_json::json!({"frame_in": 0, "frame_out": 10});
    let project = serde_json::json!({
        "watchtower_tracker": 1,
        "project": {
            "id": "film", "name": "Film", "team": ["jade", "gone"], "task_types": ["animation", "fx"],
            "asset_types": ["set"], "task_statuses": ["wip"],
        },
        "episodes": [{"id": "e1", "name": "E1"}],
        "sequences": [
            {"id": "010", "name": "010", "episode_id": "e1"},
            {"id": "020", "name": "020", "episode_id": "e2"},
        ],
        "assets": [
            {"id": "rex", "name": "Rex", "asset_type_id": "character",
             "tasks": [{"task_type_id": "animation", "task_status_id": "wip"}]},
            {"id": "cabin", "name": "Cabin", "asset_type_id": "set"},
        ],
        "shots": [
            {"id": "a", "name": "0010", "sequence_id": "010", "data": range, "tasks": [
                {"id": "t1", "task_type_id": "animation", "task_status_id": "done",
                 "assignees": ["jade", "ravi"]},
                {"id": "t2", "task_type_id": "fx", "task_status_id": "done"},
            ]},
            {"id": "b", "name": "0020", "sequence_id": "030", "data": range},
        ],
        "casting": [
            // What is left out already is not told again.
            {"shot_id": "a", "asset_ids": ["cabin", "rex", "nobody", "omitted"]},
            {"shot_id": "b", "asset_ids": ["rex"]},
            {"shot_id": "c", "asset_ids": ["rex"]},
        ],
        "edits": [{"id": "edit", "name": "Edit", "episode_id": "e3"}],
        "left_out": [
            {"kind": "asset", "id": "omitted", "name": "Omitted", "reason": "canceled"},
            {"kind": "shot", "id": "d", "name": "010 / 0040", "reason": "on hold"},
        ],
    });
    fs::write(
        folder.path().join("projects/film.json"),
        project.to_string(),
    )
    .unwrap();
    let files = Files::new(folder.path(), HttpOptions::default());
    let list = files.project_list().await.unwrap();
    let film = files.project(&list.projects[0], &list).await.unwrap();
    insta::assert_json_snapshot!(film);
}

#[tokio::test]
async fn what_speaks_now_and_then_is_not_silent() {
    let process = script(
        r#"for i in 1 2 3 4; do sleep 0.3; echo "still reading" >&2; done
        echo '{"watchtower_tracker": 1, "projects": []}'"#,
    );
    assert!(process.project_list().await.unwrap().projects.is_empty());
}

#[tokio::test]
async fn nobody_waits_for_what_a_program_leaves_behind() {
    // As `ssh -f` and agents do: it ends, and a child holds its output.
    let document = r#"{"watchtower_tracker": 1, "projects": []}"#;
    for left in ["sleep 600 &", "sleep 600 2>&- &", "sleep 600 >&- &"] {
        let process = Process::new(ProcessSettings {
            arguments: vec!["-c".into(), format!("{left} echo '{document}'").into()],
            // Longer than any test takes.
            silence_timeout: Duration::from_secs(300),
            ..ProcessSettings::new("sh")
        });
        assert!(process.project_list().await.unwrap().projects.is_empty());
    }
    // What comes from a child after the end belongs to the document, as where `tee` writes a log.
    let process = script(&format!("(sleep 0.2; echo '{document}') & exit 0"));
    assert!(process.project_list().await.unwrap().projects.is_empty());
}

#[tokio::test]
async fn the_last_words_of_a_program_are_heard() {
    // Half a line, then something on the other stream, then the end.
    for text in [
        "printf 'no licence' >&2; sleep 0.1; printf '{'; sleep 0.1; exit 3",
        "printf 'no ' >&2; sleep 0.1; printf '{'; printf 'licence' >&2; exit 3",
        "echo 'no licence' >&2; echo >&2; printf '{'; exit 3",
    ] {
        let told = told(text).await;
        assert!(told.contains("the last it said: no licence"), "{told}");
    }
}

#[tokio::test]
async fn whom_nobody_waits_for_ends_with_all_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("alive");
    // A child of the script that says again and again that it lives.
    let text = format!(
        "(while :; do touch '{}'; sleep 0.02; done) & wait",
        mark.display()
    );
    let process = Process::new(ProcessSettings {
        arguments: vec!["-c".into(), text.into()],
        ..ProcessSettings::new("sh")
    });
    let reading = tokio::time::timeout(Duration::from_millis(300), process.project_list());
    assert!(reading.await.is_err());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(mark.exists(), "it did live");
    fs::remove_file(&mark).unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!mark.exists(), "a child of the program lives on");
}

#[tokio::test]
async fn headers_go_to_the_server_they_are_for() {
    let (own, other) = (MockServer::start().await, MockServer::start().await);
    for server in [&own, &other] {
        Mock::given(method("GET"))
            .and(path("/picture.png"))
            .respond_with(ResponseTemplate::new(200).set_body_bytes("picture"))
            .mount(server)
            .await;
    }
    let folder = tempfile::tempdir().unwrap();
    let list = serde_json::json!({
        "watchtower_tracker": 1,
        "projects": [],
        "media_headers": {own.uri(): {"X-Key": "hunter2", "X-Studio": "us"}},
    });
    fs::write(folder.path().join("project-list.json"), list.to_string()).unwrap();
    let files = Files::new(folder.path(), HttpOptions::default());
    files.project_list().await.unwrap();
    for server in [&own, &other] {
        let media = MediaRef::url(format!("{}/picture.png", server.uri()));
        let opened = files.open_media(MediaRequest::new(&media)).await.unwrap();
        assert!(matches!(opened, OpenedMedia::Stream(_)));
    }
    let asked = own.received_requests().await.unwrap();
    assert_eq!(asked[0].headers["x-key"], "hunter2");
    assert_eq!(asked[0].headers["x-studio"], "us");
    let asked = other.received_requests().await.unwrap();
    assert!(!asked[0].headers.contains_key("x-key"));
    assert!(!format!("{files:?}").contains("hunter2"), "{files:?}");
    assert_eq!(files.traffic().unwrap().requests, 2);
}

#[tokio::test]
async fn headers_are_those_of_the_picture_then_of_its_project_then_of_all() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_bytes("picture"))
        .mount(&server)
        .await;
    let at = |path: &str| format!("{}{path}", server.uri());
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("projects")).unwrap();
    let list = serde_json::json!({
        "watchtower_tracker": 1,
        "projects": [{"id": "one", "name": "One"}, {"id": "two", "name": "Two"}],
        "media_headers": {at(""): {"X-Key": "all"}, at("/avatars/"): {"X-Key": "avatars"}},
        "users": [{"id": "jade", "name": "Jade", "thumbnail": {"url": at("/avatars/jade.png")}}],
    });
    fs::write(folder.path().join("project-list.json"), list.to_string()).unwrap();
    let shot = |name: &str, thumbnail: serde_json::Value| {
        serde_json::json!({"id": name, "name": name, "sequence_id": "010", "thumbnail": thumbnail,
            "data": {"frame_in": 0, "frame_out": 10}})
    };
    for (project, headers) in [
        ("one", serde_json::json!({at("/one"): {"X-Key": "one"}})),
        ("two", serde_json::json!({})),
    ] {
        let own = serde_json::json!({"url": at(&format!("/{project}/own.png")), "headers": {"X-Key": "own"}});
        let document = serde_json::json!({
            "watchtower_tracker": 1,
            "project": {"id": project, "name": project},
            "media_headers": headers,
            "sequences": [{"id": "010", "name": "010"}],
            "shots": [
                shot("a", serde_json::json!({"url": at(&format!("/{project}/a.png"))})),
                shot("b", own),
                shot("c", serde_json::json!({"url": at("/oneself.png")})),
                shot("d", serde_json::json!({"url": at("/bare.png"), "headers": {}})),
            ],
        });
        let path = folder.path().join(format!("projects/{project}.json"));
        fs::write(path, document.to_string()).unwrap();
    }
    let files = Files::new(folder.path(), HttpOptions::default());
    let list = files.project_list().await.unwrap();
    // Both are read before any picture is fetched, as an export may.
    let mut media = vec![list.users[0].thumbnail.clone()];
    for project in &list.projects {
        let snapshot = files.project(project, &list).await.unwrap();
        media.extend(snapshot.shots.into_iter().map(|shot| shot.thumbnail));
    }
    for media in media.iter().flatten() {
        files.open_media(MediaRequest::new(media)).await.unwrap();
    }
    let asked = server.received_requests().await.unwrap();
    let asked: Vec<_> = asked
        .iter()
        .map(|it| {
            let key = it.headers.get("x-key").map(|it| it.to_str().unwrap());
            format!("{} {}", it.url.path(), key.unwrap_or("nothing"))
        })
        .collect();
    assert_eq!(
        asked,
        [
            "/avatars/jade.png avatars",
            "/one/a.png one",
            "/one/own.png own",
            "/oneself.png all",
            "/bare.png nothing",
            "/two/a.png all",
            "/two/own.png own",
            "/oneself.png all",
            "/bare.png nothing",
        ]
    );
    assert!(!format!("{files:?}").contains("avatars\""), "{files:?}");
}

#[tokio::test]
async fn a_folder_says_what_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::new(folder.path(), HttpOptions::default());
    let told = |text: String| text.replace(&folder.path().display().to_string(), "FOLDER");
    let mut all = vec![told(files.check().await.unwrap_err().to_string())];
    let list = r#"{"watchtower_tracker": 1, "projects": [{"id": "film", "name": "Film",
        "thumbnail": {"file": "film.png"}}]}"#;
    fs::write(folder.path().join("project-list.json"), list).unwrap();
    let list = files.project_list().await.unwrap();
    let picture = MediaRef::file(folder.path().join("film.png"));
    assert_eq!(list.projects[0].thumbnail, Some(picture));
    let project = files.project(&list.projects[0], &list).await;
    all.push(told(project.unwrap_err().to_string()));
    fs::create_dir(folder.path().join("projects")).unwrap();
    let text = "{\"watchtower_tracker\": 1,\n\"project\": {\"id\": \"film\", \"name\": \"Film\", \"fps\": 0}}";
    fs::write(folder.path().join("projects/film.json"), text).unwrap();
    let project = files.project(&list.projects[0], &list).await;
    all.push(told(project.unwrap_err().to_string()));
    insta::assert_snapshot!(all.join("\n"));
}

#[tokio::test]
async fn a_header_in_the_wrong_shape_is_not_repeated() {
    let mut errors = Vec::new();
    for headers in [
        r#""Bearer hunter2""#,
        r#"{"https://a.example": "Bearer hunter2"}"#,
        r#"{"https://a.example": {"X-Key": ["hunter2"]}}"#,
        r#"{"https://a.example": {"X-Key": 20422}}"#,
        r#"{"https://me:hunter2@a b": {}}"#,
        r#"{"https://me:hunter2@a.example": {"X Key": "hunter2"}}"#,
    ] {
        let document =
            format!(r#"{{"watchtower_tracker": 1, "projects": [], "media_headers": {headers}}}"#);
        errors.push(told(&format!("echo '{document}'")).await);
    }
    // A document that is broken after them is quoted as little.
    let cut = r#"{"media_headers": {"https://a.example": {"X": "hunter2"}}, "projects" 1}"#;
    errors.push(told(&format!("echo '{cut}'")).await);
    let own = r#"{"watchtower_tracker": 1, "projects": [{"id": "a", "name": "A", "thumbnail":
        {"url": "https://a.example/a.png", "headers": "hunter2"}}]}"#;
    errors.push(told(&format!("echo '{own}'")).await);
    let errors = errors.join("\n");
    assert!(
        !errors.contains("hunter2") && !errors.contains("20422"),
        "{errors}"
    );
    insta::assert_snapshot!(errors);
}

#[tokio::test]
async fn headers_of_a_project_are_kept_when_the_list_is_read_again() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_bytes("picture"))
        .mount(&server)
        .await;
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("projects")).unwrap();
    let write = |path: &str, document: serde_json::Value| {
        fs::write(folder.path().join(path), document.to_string()).unwrap();
    };
    write(
        "project-list.json",
        serde_json::json!({"watchtower_tracker": 1, "projects": [{"id": "film", "name": "Film"}]}),
    );
    let project = |headers: serde_json::Value| {
        serde_json::json!({
            "watchtower_tracker": 1,
            "project": {"id": "film", "name": "Film",
                "thumbnail": {"url": format!("{}/film.png", server.uri())}},
            "media_headers": {server.uri(): headers},
        })
    };
    write(
        "projects/film.json",
        project(serde_json::json!({"X-Key": "one"})),
    );
    let files = Files::new(folder.path(), HttpOptions::default());
    let list = files.project_list().await.unwrap();
    let film = files.project(&list.projects[0], &list).await.unwrap();
    let media = film.project.thumbnail.unwrap();
    files.project_list().await.unwrap();
    files.open_media(MediaRequest::new(&media)).await.unwrap();
    // A document that is read again says what holds now.
    write("projects/film.json", project(serde_json::json!({})));
    files.project(&list.projects[0], &list).await.unwrap();
    files.open_media(MediaRequest::new(&media)).await.unwrap();
    let asked = server.received_requests().await.unwrap();
    let keys: Vec<_> = asked
        .iter()
        .map(|it| it.headers.get("x-key").and_then(|it| it.to_str().ok()))
        .collect();
    assert_eq!(keys, [Some("one"), None]);
}

#[tokio::test]
async fn a_folder_does_not_lead_out_of_itself() {
    let around = tempfile::tempdir().unwrap();
    let at = |path: &str| around.path().join(path);
    let told = |text: String| text.replace(&around.path().display().to_string(), "AROUND");
    fs::create_dir_all(at("told/projects")).unwrap();
    fs::create_dir(at("storage")).unwrap();
    for file in ["secret.png", "storage/a.png", "told/a.png"] {
        fs::write(at(file), "hunter2").unwrap();
    }
    let link = |to: &str, from: &str| std::os::unix::fs::symlink(to, at(from)).unwrap();
    link("../secret.png", "told/link.png");
    link("a.png", "told/inside.png");
    link("..", "told/up");
    let places = [
        "a.png",
        "inside.png",
        "missing.png",
        "../told/a.png",
        "../secret.png",
        "../no-such-secret.png",
        "link.png",
        "up/secret.png",
        "up/gone/../secret.png",
        "../storage/a.png",
    ];
    let users: Vec<_> = places
        .iter()
        .map(|it| serde_json::json!({"id": it, "name": it, "thumbnail": {"file": it}}))
        .collect();
    let list = serde_json::json!({
        "watchtower_tracker": 1,
        "projects": [{"id": "film", "name": "Film"}],
        "users": users,
    });
    fs::write(at("told/project-list.json"), list.to_string()).unwrap();
    let refused = async |files: &Files| {
        let list = files.project_list().await.unwrap();
        let mut refused = Vec::new();
        for user in list.users {
            let media = user.thumbnail.unwrap();
            match files.open_media(MediaRequest::new(&media)).await {
                Err(error) if error.to_string().contains("lies outside") => refused.push(user.name),
                // Whoever writes the site opens files.
                other => assert!(
                    matches!(media.location, MediaLocation::File(_)),
                    "{other:?}"
                ),
            }
        }
        refused
    };
    let files = Files::new(at("told"), HttpOptions::default());
    assert_eq!(refused(&files).await, places[4..]);
    let files = files.with_media_roots(vec![at("storage")]);
    assert_eq!(refused(&files).await, places[4..9]);

    // Nor is anything read, and quoted, that lies elsewhere.
    let list = files.project_list().await.unwrap();
    link("../../secret.png", "told/projects/film.json");
    let error = files.project(&list.projects[0], &list).await.unwrap_err();
    insta::assert_snapshot!(told(error.to_string()), @"cannot read Film: `AROUND/told/projects/film.json` is a link that leads out of the folder");
    fs::remove_file(at("told/project-list.json")).unwrap();
    link("../secret.png", "told/project-list.json");
    let error = files.project_list().await.unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[tokio::test]
async fn a_rate_that_is_not_told_is_that_of_the_project() {
    let process = script(
        r#"if [ "$1" = project-list ]; then
            echo '{"watchtower_tracker": 1, "projects": [{"id": "film", "name": "Film", "fps": 25.0}]}'
        else
            echo '{"watchtower_tracker": 1, "project": {"id": "film", "name": "Film"},
                "sequences": [{"id": "s", "name": "010"}], "shots": [
                {"id": "a", "name": "a", "sequence_id": "s", "data": {"frame_in": 0, "frame_out": 9}},
                {"id": "b", "name": "b", "sequence_id": "s", "data": {"frame_in": 9, "frame_out": 18}, "fps": 24}]}'
        fi"#,
    );
    let list = process.project_list().await.unwrap();
    let film = process.project(&list.projects[0], &list).await.unwrap();
    assert_eq!(film.project.fps.as_f64(), 25.0);
    let rates: Vec<_> = film.shots.iter().map(|it| it.fps.as_f64()).collect();
    assert_eq!(rates, [25.0, 24.0]);
}
