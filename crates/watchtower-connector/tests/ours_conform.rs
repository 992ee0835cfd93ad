//! All connectors of this crate keep the contract of trackers: against what real servers answered, real
//! programs and real files.

#![allow(clippy::unwrap_used, clippy::panic)] // Helpers of tests are tests, too.
#![cfg(unix)] // As the tests of programs are.

#[allow(dead_code)] // What is asked, and other answers, are for other tests.
mod ayon_server;
#[allow(dead_code)]
mod flow_server;
#[path = "../examples/foobar/foobar.rs"]
mod foobar;
mod foobar_server;
#[allow(dead_code)]
mod replay;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ayon_server::RecordedAyon;
use flow_server::RecordedFlow;
use foobar::Foobar;
use replay::Replay;
use serde_json::{Value, json};
use tempfile::TempDir;
use watchtower_connector::ayon::{Ayon, AyonSettings};
use watchtower_connector::conformance::{MakeTracker, Report, Scenario, run};
use watchtower_connector::edit::{EditSettings, EditTracker, Overlay, Timeline, WithEdits};
use watchtower_connector::example::{Example, ExampleOptions};
use watchtower_connector::files::Files;
use watchtower_connector::flow::{Flow, FlowSettings};
use watchtower_connector::http::HttpOptions;
use watchtower_connector::kitsu::{Kitsu, KitsuSettings};
use watchtower_connector::process::{Process, ProcessSettings};
use watchtower_connector::spreadsheet::{Spreadsheet, SpreadsheetSettings};
use watchtower_connector::{Tracker, ayon, flow, kitsu};
use watchtower_model::{FrameRate, Project, ProjectId, ProjectList};
use wiremock::matchers::{any, bearer_token, header, path, path_regex, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// Where nobody answers.
const NOWHERE: &str = "http://127.0.0.1:9";

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn http() -> HttpOptions {
    HttpOptions {
        retries: 1,
        retry_delay: Duration::from_millis(1),
        ..HttpOptions::default()
    }
}

/// A server that answers everything with a web page.
async fn web_page() -> MockServer {
    let server = MockServer::start().await;
    let page = "<!DOCTYPE html><title>Welcome</title>";
    let page = ResponseTemplate::new(200).set_body_raw(page, "text/html");
    Mock::given(any()).respond_with(page).mount(&server).await;
    server
}

fn some<'a, T: Tracker + 'static>(
    make: impl Fn() -> T + Send + Sync + 'a,
) -> Option<MakeTracker<'a>> {
    Some(Box::new(move || Ok(Box::new(make()))))
}

async fn report<T: Tracker + 'static>(
    make: impl Fn() -> T + Send + Sync,
    scenario: &Scenario<'_>,
) -> Report {
    run(|| Ok(Box::new(make())), scenario).await
}

/// What is skipped of a tracker whose answers are there at once.
const AT_ONCE: [&str; 2] = ["cancel-ends", "cancel-harmless"];
/// What is skipped of a tracker without a server.
const NO_SERVER: [&str; 4] = ["refused", "unreachable", "another-server", "no-secrets"];
/// What is skipped of a tracker that counts no traffic.
const NO_TRAFFIC: [&str; 2] = ["describe-offline", "traffic"];

/// What is skipped of a tracker whose log tells what changed, because nothing does.
const UNCHANGED: [&str; 1] = ["changes-told"];
/// What is skipped of a tracker without a log.
const NO_LOG: [&str; 3] = ["changes-first", "changes-foreign", "changes-told"];

#[tokio::test]
async fn the_example() {
    let series = ExampleOptions {
        episodes: 2,
        ..ExampleOptions::default()
    };
    for options in [ExampleOptions::default(), series] {
        let make = || Example::new(options).unwrap();
        let report = report(make, &Scenario::default()).await;
        report.assert_conforms_but(&[&AT_ONCE[..], &NO_SERVER, &NO_TRAFFIC, &NO_LOG].concat());
    }
}

/// Whether a request is for what the caller has, by a tag that a server gave.
fn is_held(request: &Request) -> bool {
    let tag = request.headers.get("if-none-match");
    let tag = tag.and_then(|it| it.to_str().ok());
    tag.is_some_and(|it| !it.contains("outdated"))
}

/// A Kitsu as it was recorded, with what was not.
async fn recorded_kitsu(unknown: &Project) -> Replay {
    let replay = Replay::start(tests().join("recorded/kitsu")).await;
    let login: Value = serde_json::from_str(include_str!("recorded/kitsu/login.json")).unwrap();
    let user = &login["response"]["body"]["user"];
    let answer =
        ResponseTemplate::new(200).set_body_json(json!({"authenticated": true, "user": user}));
    let asked = Mock::given(path("/auth/authenticated")).and(bearer_token("recorded-access-token"));
    asked.respond_with(answer).mount(replay.server()).await;
    // As `picture-unknown.json` has it; lists of a project that is not there are empty.
    let nothing = ResponseTemplate::new(404).set_body_json(json!({"message": "Not found"}));
    let of_unknown = Mock::given(path_regex(format!("{}|/00000000-0000-", unknown.id)));
    let of_unknown = of_unknown.respond_with(nothing);
    of_unknown.mount(replay.server()).await;
    let empty = ResponseTemplate::new(200).set_body_json(json!([]));
    let lists = Mock::given(query_param("project_id", unknown.id.as_str()));
    lists.respond_with(empty).mount(replay.server()).await;
    // As `picture-not-modified.json` has it of one.
    let held = Mock::given(path_regex("^/(pictures|movies)/")).and(is_held);
    let unchanged = held.respond_with(ResponseTemplate::new(304));
    unchanged.mount(replay.server()).await;
    replay
}

#[tokio::test]
async fn kitsu_as_recorded() {
    let unknown = Scenario::default().unknown_project;
    let replay = recorded_kitsu(&unknown).await;
    let page = web_page().await;
    let make = |url: String, password: &'static str| {
        move || {
            let credentials = kitsu::Credentials::Password {
                email: "admin@example.com".into(),
                password: password.into(),
            };
            let settings = KitsuSettings::new(url.clone(), credentials);
            Kitsu::new(KitsuSettings {
                http: http(),
                ..settings
            })
            .unwrap()
        }
    };
    const PASSWORD: &str = "pass=word=with=equals";
    let scenario = Scenario {
        // Of the others not everything was recorded.
        projects: ["Nasty Film", "Small Series", "Lengths Only"]
            .map(String::from)
            .to_vec(),
        secrets: [PASSWORD, "recorded-access-token", "recorded-refresh-token"]
            .map(String::from)
            .to_vec(),
        refused: some(make(replay.url(), "wrong")),
        unreachable: some(make(NOWHERE.into(), PASSWORD)),
        another_server: some(make(page.uri(), PASSWORD)),
        ..Scenario::default()
    };
    let report = report(make(replay.url(), PASSWORD), &scenario).await;
    report.assert_conforms_but(&NO_LOG);
}

/// What is skipped where nobody says how to make a tracker that is refused or reaches nobody.
const ELSEWHERE: [&str; 3] = ["refused", "unreachable", "another-server"];

#[tokio::test]
async fn kitsu_as_a_vendor_sees_it() {
    let replay = recorded_kitsu(&Scenario::default().unknown_project).await;
    for (place, answer) in [("/sequences/all/casting$", 403), ("^/data/sequences$", 200)] {
        let answer = ResponseTemplate::new(answer).set_body_json(json!([]));
        let mock = Mock::given(path_regex(place)).respond_with(answer);
        mock.mount(replay.server()).await;
    }
    let make = || {
        let credentials = kitsu::Credentials::Password {
            email: "admin@example.com".into(),
            password: "pass=word=with=equals".into(),
        };
        let settings = KitsuSettings::new(replay.url(), credentials);
        Kitsu::new(KitsuSettings {
            http: http(),
            ..settings
        })
        .unwrap()
    };
    let scenario = Scenario {
        projects: vec!["Small Series".to_owned()],
        secrets: vec!["pass=word=with=equals".into()],
        ..Scenario::default()
    };
    let report = report(make, &scenario).await;
    report.assert_conforms_but(&[&ELSEWHERE[..], &NO_LOG].concat());
}

#[tokio::test]
async fn ayon_as_an_account_with_fewer_rights_sees_it() {
    let server = RecordedAyon::start(tests().join("recorded/ayon")).await;
    let all = json!({"counts": {"folders": 1000, "tasks": 2000}});
    Mock::given(path("/api/projects/wt_demo/stats"))
        .respond_with(ResponseTemplate::new(200).set_body_json(all))
        .mount(server.server())
        .await;
    let make = || {
        let credentials = ayon::Credentials::ApiKey(ayon_server::KEY.into());
        let settings = AyonSettings::new(server.url(), credentials);
        Ayon::new(AyonSettings {
            partial: true,
            http: http(),
            ..settings
        })
        .unwrap()
    };
    let scenario = Scenario {
        secrets: vec![ayon_server::KEY.into()],
        ..Scenario::default()
    };
    let report = report(make, &scenario).await;
    report.assert_conforms_but(&[&ELSEWHERE[..], &["media-known"], &UNCHANGED].concat());
}

#[tokio::test]
async fn ayon_as_recorded() {
    let server = RecordedAyon::start(tests().join("recorded/ayon")).await;
    let page = web_page().await;
    let make = |url: String, key: &'static str| {
        move || {
            let credentials = ayon::Credentials::ApiKey(key.into());
            let settings = AyonSettings::new(url.clone(), credentials);
            Ayon::new(AyonSettings {
                http: http(),
                ..settings
            })
            .unwrap()
        }
    };
    let scenario = Scenario {
        secrets: vec![ayon_server::KEY.into()],
        refused: some(make(server.url(), "wrong")),
        unreachable: some(make(NOWHERE.into(), ayon_server::KEY)),
        another_server: some(make(page.uri(), ayon_server::KEY)),
        ..Scenario::default()
    };
    let report = report(make(server.url(), ayon_server::KEY), &scenario).await;
    report.assert_conforms_but(&[&["media-known"][..], &UNCHANGED].concat());
}

#[tokio::test]
async fn flow_as_recorded() {
    let server = RecordedFlow::start().await;
    let page = web_page().await;
    let projects = flow_server::PROJECTS.map(String::from).to_vec();
    let make = |url: String, key: &'static str| {
        let projects = projects.clone();
        move || {
            let credentials = flow::Credentials::Script {
                name: flow_server::SCRIPT.into(),
                key: key.into(),
            };
            let settings = FlowSettings::new(url.clone(), credentials);
            Flow::new(FlowSettings {
                // Of the others not everything was recorded.
                projects: projects.clone(),
                edit_version: Some("fbo_edit".into()),
                http: http(),
                ..settings
            })
            .unwrap()
        }
    };
    let scenario = Scenario {
        projects: projects.clone(),
        secrets: vec![flow_server::KEY.into(), "X-Amz-Signature".into()],
        refused: some(make(server.site.uri(), "wrong")),
        unreachable: some(make(NOWHERE.into(), flow_server::KEY)),
        another_server: some(make(page.uri(), flow_server::KEY)),
        ..Scenario::default()
    };
    let report = report(make(server.site.uri(), flow_server::KEY), &scenario).await;
    report.assert_conforms_but(&[&["media-known"][..], &NO_LOG].concat());
}

#[tokio::test]
async fn foobar_over_http() {
    let server = foobar_server::server().await;
    let page = web_page().await;
    let make = |url: String, key: &'static str| {
        move || Foobar::new(&format!("{url}/api"), &key.into()).unwrap()
    };
    let scenario = Scenario {
        secrets: vec![foobar_server::KEY.into()],
        refused: some(make(server.uri(), "wrong")),
        another_server: some(make(page.uri(), foobar_server::KEY)),
        ..Scenario::default()
    };
    let report = report(make(server.uri(), foobar_server::KEY), &scenario).await;
    // It was made as short as a tutorial may be.
    let not_given = ["describe-offline", "traffic", "media-known"];
    report
        .assert_conforms_but(&[&not_given[..], &["unreachable", "cancel-ends"], &NO_LOG].concat());
}

#[tokio::test]
async fn the_example_in_python() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/python/studio.py");
    let make = || {
        Process::new(ProcessSettings {
            arguments: vec![script.clone().into()],
            ..ProcessSettings::new("python3")
        })
    };
    report(make, &Scenario::default()).await.assert_conforms();
}

const PICTURES_KEY: &str = "key-of-the-pictures";

/// Documents that tell of a film, in a folder, and a server with a picture of it.
async fn told() -> (TempDir, MockServer) {
    let folder = tempfile::tempdir().unwrap();
    let server = MockServer::start().await;
    let picture = ResponseTemplate::new(200)
        .set_body_raw(foobar_server::PICTURE, "image/png")
        .insert_header("etag", "\"one\"");
    let ours = || Mock::given(path("/rex.png")).and(header("x-key", PICTURES_KEY));
    let unchanged = ours().and(is_held).respond_with(ResponseTemplate::new(304));
    unchanged.mount(&server).await;
    ours().respond_with(picture).mount(&server).await;
    let avatar = folder.path().join("jade.png");
    fs::write(&avatar, foobar_server::PICTURE).unwrap();
    let list = json!({
        "watchtower_tracker": 1,
        "projects": [{"id": "film", "name": "Film"}],
        "users": [{"id": "jade", "name": "Jade", "has_avatar": true, "thumbnail": {"file": avatar}}],
        "asset_types": [{"id": "character", "name": "Character"}],
        "media_headers": {server.uri(): {"X-Key": PICTURES_KEY}},
    });
    let film = json!({
        "watchtower_tracker": 1,
        "project": {"id": "film", "name": "Film"},
        "sequences": [{"id": "010", "name": "010"}],
        "assets": [{"id": "rex", "name": "Rex", "asset_type_id": "character",
            "thumbnail": {"url": format!("{}/rex.png", server.uri())}}],
        "shots": [{"id": "1", "name": "0010", "sequence_id": "010", "data": {"frame_in": 0, "frame_out": 24}}],
    });
    fs::create_dir(folder.path().join("projects")).unwrap();
    fs::write(folder.path().join("project-list.json"), list.to_string()).unwrap();
    fs::write(folder.path().join("projects/film.json"), film.to_string()).unwrap();
    (folder, server)
}

#[tokio::test]
async fn a_folder_of_documents() {
    let (folder, _server) = told().await;
    let files = || Files::new(folder.path(), http());
    let scenario = Scenario {
        secrets: vec![PICTURES_KEY.into()],
        ..Scenario::default()
    };
    let may_skip = ["refused", "unreachable", "another-server"];
    let report = report(files, &scenario).await;
    report.assert_conforms_but(&[&may_skip[..], &AT_ONCE, &UNCHANGED].concat());
}

#[tokio::test]
async fn a_program() {
    let (folder, _server) = told().await;
    let done = folder.path().join("done");
    // Each step of its work is seen in a file.
    let script = r#"
        cd "$0"
        for step in 1 2 3 4 5; do sleep 0.02; echo >> done; done
        case "$1" in
            project-list) cat project-list.json;;
            project) cat "projects/$2.json";;
        esac"#;
    let make = |script: &'static str| {
        let folder = folder.path();
        move || {
            Process::new(ProcessSettings {
                arguments: vec!["-c".into(), script.into(), folder.into()],
                http: http(),
                ..ProcessSettings::new("sh")
            })
        }
    };
    let scenario = Scenario {
        secrets: vec![PICTURES_KEY.into()],
        unreachable: some(make("exit 1")),
        another_server: some(make("echo Hello")),
        work: Some(Box::new(|| fs::metadata(&done).map_or(0, |it| it.len()))),
        ..Scenario::default()
    };
    let report = report(make(script), &scenario).await;
    report.assert_conforms_but(&[&["refused"][..], &NO_LOG].concat());
}

#[tokio::test]
async fn a_program_that_fails_is_asked_whether_the_project_is_there() {
    let read = async |list: &str| {
        let script = format!("[ $1 = project-list ] && echo '{list}' || exit 3");
        let process = Process::new(ProcessSettings {
            arguments: vec!["-c".into(), script.into(), "connector".into()],
            ..ProcessSettings::new("sh")
        });
        let mut project = Project::new("Film");
        project.id = ProjectId::new("film").unwrap();
        let result = process.project(&project, &ProjectList::default()).await;
        let error = result.unwrap_err();
        format!("{}: {error}", error.kind())
    };
    let told = [
        read(r#"{"watchtower_tracker": 1, "projects": []}"#).await,
        read(r#"{"watchtower_tracker": 1, "projects": [{"id": "film", "name": "Film"}]}"#).await,
        read("no list").await,
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    not found: cannot read Film: `sh` does not list it any more
    unavailable: cannot read Film: `sh` failed with exit status: 3; it said nothing on stderr
    unavailable: cannot read Film: `sh` failed with exit status: 3; it said nothing on stderr
    ");
}

#[tokio::test]
async fn sheets() {
    let folder = tempfile::tempdir().unwrap();
    let picture = tests().join("ayon_server/picture.png");
    fs::copy(picture, folder.path().join("SQ01_SH0010.png")).unwrap();
    let make = || {
        Spreadsheet::new(SpreadsheetSettings {
            pictures: Some(folder.path().to_owned()),
            movie: Some(tests().join("../src/example/edit.mp4")),
            ..SpreadsheetSettings::new(tests().join("sheets/kitsu"))
        })
    };
    let report = report(make, &Scenario::default()).await;
    // Files claim no type, and may change at any time.
    let files = ["media-type", "media-same"];
    report
        .assert_conforms_but(&[&AT_ONCE[..], &NO_SERVER, &NO_TRAFFIC, &UNCHANGED, &files].concat());
}

#[tokio::test]
async fn an_edit_alone() {
    let make = || {
        EditTracker::new(EditSettings {
            movie: Some(tests().join("../src/example/edit.mp4")),
            ..EditSettings::new(tests().join("edits/tracks.otio"))
        })
    };
    let report = report(make, &Scenario::default()).await;
    // All the media there is, is a movie in a file, which the driver opens.
    let media =
        ["type", "length", "same", "known", "offset", "missing"].map(|it| format!("media-{it}"));
    let media: Vec<&str> = media.iter().map(String::as_str).collect();
    report
        .assert_conforms_but(&[&AT_ONCE[..], &NO_SERVER, &NO_TRAFFIC, &UNCHANGED, &media].concat());
}

#[tokio::test]
async fn an_edit_over_another_tracker() {
    // The film in another order, each shot ten frames long, and one not there.
    let example = Example::default();
    let list = example.project_list().await.unwrap();
    let film = example.project(&list.projects[0], &list).await.unwrap();
    let mut edit = String::from("TITLE: Cut\n");
    for (place, shot) in film.shots.iter().skip(1).rev().enumerate() {
        let mut sequences = film.sequences.iter();
        let sequence = sequences.find(|it| it.id == shot.sequence_id).unwrap();
        let time = |frame: usize| format!("01:00:{:02}:{:02}", frame / 24, frame % 24);
        let (start, end) = (time(place * 10), time(place * 10 + 10));
        edit.push_str(&format!(
            "{:03}  AX  V  C  00:00:00:00 00:00:00:10 {start} {end}\n* FROM CLIP NAME: {} {}\n",
            place + 1,
            sequence.name,
            shot.name
        ));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.edl");
    fs::write(&path, edit).unwrap();
    let make = || {
        let overlay = Overlay {
            of: None,
            timeline: Some(Timeline::read(&path, Some(FrameRate::default())).unwrap()),
            pattern: None,
            movie: Some(tests().join("../src/example/edit.mp4")),
        };
        WithEdits::new(Box::new(Example::default()), vec![overlay])
    };
    let with_edits = make();
    let film = with_edits.project(&list.projects[0], &list).await.unwrap();
    assert_eq!((film.shots.len(), film.left_out.len()), (24, 0));
    let report = report(make, &Scenario::default()).await;
    report.assert_conforms_but(&[&AT_ONCE[..], &NO_SERVER, &NO_TRAFFIC, &NO_LOG].concat());
}
