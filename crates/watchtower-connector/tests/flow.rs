//! The Flow connector against what the counterpart of a site answered, and against what another one may
//! answer. The official client takes that counterpart for a site; the tests of both together are the
//! workspace's `tests/tests/flow.rs`.

#![allow(clippy::unwrap_used, clippy::panic)] // Helpers of tests are tests, too.

mod flow_server;

use std::time::Duration;

use flow_server::{KEY, PROJECTS, RecordedFlow, SCRIPT, body, fault, line};
use futures_util::TryStreamExt;
use serde_json::{Value, json};
use watchtower_connector::flow::{Credentials, Flow, FlowSettings};
use watchtower_connector::http::HttpOptions;
use watchtower_connector::{Error, ErrorKind, MediaRequest, OpenedMedia, Tracker};
use watchtower_model::{MediaLocation, MediaRef, ProjectList, ProjectSnapshot};
use wiremock::{Mock, Request, ResponseTemplate};

fn script() -> Credentials {
    Credentials::Script {
        name: SCRIPT.into(),
        key: KEY.into(),
    }
}

fn person(password: &str) -> Credentials {
    Credentials::Password {
        login: "ada".into(),
        password: password.into(),
    }
}

fn settings(server: &RecordedFlow, credentials: Credentials) -> FlowSettings {
    FlowSettings {
        projects: PROJECTS.map(String::from).to_vec(),
        edit_version: Some("fbo_edit".into()),
        http: HttpOptions {
            retries: 1,
            retry_delay: Duration::from_millis(1),
            ..HttpOptions::default()
        },
        ..FlowSettings::new(server.site.uri(), credentials)
    }
}

async fn flow() -> (RecordedFlow, Flow) {
    flow_as(script()).await
}

async fn flow_as(credentials: Credentials) -> (RecordedFlow, Flow) {
    let server = RecordedFlow::start().await;
    let flow = Flow::new(settings(&server, credentials)).unwrap();
    (server, flow)
}

async fn read(flow: &Flow, id: &str) -> (ProjectList, ProjectSnapshot) {
    let list = flow.project_list().await.unwrap();
    let project = list
        .projects
        .iter()
        .find(|it| it.id.as_str() == id)
        .unwrap();
    let film = flow.project(project, &list).await.unwrap();
    (list, film)
}

/// Answers a call in another way than was recorded: `read Shot 1`.
async fn answer(server: &RecordedFlow, call: &'static str, answer: ResponseTemplate) {
    let is_it = move |request: &Request| line(&body(request)) == call;
    Mock::given(is_it)
        .respond_with(answer)
        .mount(&server.site)
        .await;
}

fn ok(results: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"results": results}))
}

fn rows(rows: Value) -> ResponseTemplate {
    ok(json!({"entities": rows, "paging_info": {"has_next_page": false}}))
}

/// An error as a person sees it.
fn told(error: &Error, server: &RecordedFlow) -> String {
    let shown = format!("{error:?} {error}");
    for secret in [KEY, "ada-password", "recorded-session"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let help = error
        .help()
        .map(|it| format!(" ({it})"))
        .unwrap_or_default();
    let told = format!("{}: {error}{help}", error.kind());
    told.replace(&server.site.uri(), "http://flow")
        .replace(&server.files.uri(), "http://files")
}

#[tokio::test]
async fn the_account_and_the_site_are_known() {
    let (server, flow) = flow().await;
    let account = flow.check().await.unwrap();
    assert_eq!(account.user.as_deref(), Some("the script `watchtower`"));
    assert_eq!(
        account.server.as_deref(),
        Some("Flow Production Tracking 8.78.0")
    );
    // The site says what it is before it learns who we are.
    assert_eq!(server.asked().await[0], "info");
}

#[tokio::test]
async fn the_list_and_the_films() {
    let (_server, flow) = flow().await;
    let list = flow.project_list().await.unwrap();
    insta::assert_json_snapshot!("list", list);
    for (id, name) in [
        ("project-70", "film"),
        ("project-71", "orders"),
        ("project-72", "series"),
    ] {
        let project = list
            .projects
            .iter()
            .find(|it| it.id.as_str() == id)
            .unwrap();
        let film = flow.project(project, &list).await.unwrap();
        insta::assert_json_snapshot!(name, film);
    }
}

#[tokio::test]
async fn lists_are_read_once_and_types_that_are_off_never() {
    let (server, flow) = flow().await;
    read(&flow, "project-70").await;
    let mut asked = server.asked().await;
    asked.retain(|it| it.starts_with("read"));
    let of = |what: &str| {
        asked
            .iter()
            .filter(|it| **it == format!("read {what} 1"))
            .count()
    };
    for shared in ["Project", "Status", "Step", "HumanUser"] {
        assert_eq!(of(shared), 1, "{shared}: {asked:?}");
    }
    for listed in [
        "Sequence", "Shot", "Asset", "Task", "Episode", "Cut", "Version",
    ] {
        assert_eq!(of(listed), PROJECTS.len(), "{listed}: {asked:?}");
    }
    // So many have cuts.
    assert_eq!(of("CutItem"), 4, "{asked:?}");

    let off = RecordedFlow::start().await;
    let types = [
        "Project",
        "Sequence",
        "Shot",
        "Asset",
        "Task",
        "Version",
        "Step",
        "Status",
        "HumanUser",
    ];
    let types: serde_json::Map<_, _> = types.into_iter().map(|it| (it.into(), json!({}))).collect();
    answer(&off, "schema_entity_read", ok(types.into())).await;
    let gone = "API schema_field_read() invalid/missing string entity 'type'";
    answer(&off, "schema_field_read Cut", fault(103, gone)).await;
    let flow = Flow::new(FlowSettings {
        edit_version: None,
        ..settings(&off, script())
    });
    let flow = flow.unwrap();
    let (_, film) = read(&flow, "project-70").await;
    assert_eq!(film.shots.len(), 9);
    let asked = off.asked().await;
    let is_off = |it: &&String| {
        ["Episode", "Scene", "Cut", "CutItem"]
            .iter()
            .any(|off| it.contains(&format!("read {off} ")))
    };
    assert_eq!(asked.iter().find(is_off), None);
}

#[tokio::test]
async fn each_refusal_says_what_to_do() {
    let mut all = Vec::new();
    for (code, message) in [
        (
            102,
            "Can't authenticate script 'watchtower' with correct-horse-battery-staple",
        ),
        (103, "API read() Project.sg_nope doesn't exist."),
        (
            104,
            "Entity of type Project can not be accessed by this user. Rule: Vendor",
        ),
        (106, "Two factor authentication is required"),
        (
            108,
            "Authentication using username/password is not allowed for an SSO-enabled site",
        ),
        (
            110,
            "Authentication using username/password is not allowed for an Autodesk Identity enabled site",
        ),
        (111, "Something <else>"),
    ] {
        let (server, flow) = flow().await;
        answer(&server, "read Project 1", fault(code, message)).await;
        let error = flow.project_list().await.unwrap_err();
        all.push(told(&error, &server));
    }
    insta::assert_snapshot!(all.join("\n"));
}

#[tokio::test]
async fn each_login_that_fails_says_what_to_do() {
    let mut all = Vec::new();
    for (code, message) in [
        (102, "Can't authenticate user 'ada' with ada-password"),
        (106, "Two factor authentication is required"),
        (
            108,
            "Authentication using username/password is not allowed for an SSO-enabled site",
        ),
        (
            110,
            "Authentication using username/password is not allowed for an Autodesk Identity enabled site",
        ),
        (111, "Something else"),
    ] {
        let (server, flow) = flow_as(person("ada-password")).await;
        answer(&server, "get_session_token", fault(code, message)).await;
        for _ in 0..2 {
            let error = flow.project_list().await.unwrap_err();
            all.push(told(&error, &server));
        }
        let (first, again) = (all[all.len() - 2].clone(), all.pop());
        assert_eq!(again, Some(first));
        let asked = server.asked().await;
        let logins = asked.iter().filter(|it| *it == "get_session_token");
        assert_eq!(logins.count(), 1, "{code}");
    }
    // A token of a session that is over.
    let token = Credentials::SessionToken("recorded-session-9".into());
    let (server, flow) = flow_as(token).await;
    let over = fault(102, "Can't authenticate session token ending with 'on-9'");
    // Whatever is asked first: several things are at once.
    Mock::given(|request: &Request| line(&body(request)) != "info")
        .respond_with(over)
        .with_priority(1)
        .mount(&server.site)
        .await;
    let error = flow.check().await.unwrap_err();
    all.push(told(&error, &server));
    insta::assert_snapshot!(all.join("\n"));
}

#[tokio::test]
async fn what_is_no_answer_of_a_site_is_told() {
    let mut all = Vec::new();
    let html = |status: u16| {
        ResponseTemplate::new(status).set_body_raw("<html>Sign in</html>", "text/html")
    };
    for answered in [
        html(200),
        html(403),
        html(500),
        ResponseTemplate::new(503).set_body_raw("busy", "text/plain"),
        ResponseTemplate::new(302).insert_header("location", "/user/login"),
        ResponseTemplate::new(200)
            .set_body_raw(r#"{"results":{"entities":[{"type":"#, "application/json"),
        ok(Value::Null),
        ok(json!({"entities": [{"type": "Project", "id": "seventy"}]})),
        ok(json!({"entities": []})),
    ] {
        let (server, flow) = flow().await;
        answer(&server, "read Project 1", answered).await;
        let error = flow.project_list().await.unwrap_err();
        all.push(told(&error, &server));
    }
    for answered in [
        html(404),
        ResponseTemplate::new(200).set_body_json(json!({"hello": "there"})),
        ResponseTemplate::new(200).set_body_json(json!({"version": [7, 3, 9]})),
        ResponseTemplate::new(404).set_body_json(json!({"detail": "Not Found"})),
    ] {
        let (server, flow) = flow().await;
        answer(&server, "info", answered).await;
        let error = flow.check().await.unwrap_err();
        all.push(told(&error, &server));
    }
    insta::assert_snapshot!(all.join("\n"));
}

#[tokio::test]
async fn the_answer_of_info_may_be_wrapped() {
    let (server, flow) = flow().await;
    answer(
        &server,
        "info",
        ok(json!({"version": [8, 80, 1], "user_authentication_method": "ldap"})),
    )
    .await;
    let account = flow.check().await.unwrap();
    assert_eq!(
        account.server.as_deref(),
        Some("Flow Production Tracking 8.80.1")
    );
}

#[tokio::test]
async fn pages_end_where_the_site_says_and_repeat_no_row() {
    let (server, flow) = flow().await;
    let page = |ids: &[i64], more: bool| {
        let rows: Vec<_> = ids
            .iter()
            .map(|id| json!({"type": "HumanUser", "id": id, "name": format!("P{id}")}))
            .collect();
        ok(json!({"entities": rows, "paging_info": {"has_next_page": more}}))
    };
    answer(&server, "read HumanUser 1", page(&[900, 901], true)).await;
    answer(&server, "read HumanUser 2", page(&[], true)).await;
    // Somebody was removed meanwhile, so a row came twice.
    answer(&server, "read HumanUser 3", page(&[901, 902], false)).await;
    let list = flow.project_list().await.unwrap();
    let found = list
        .users
        .iter()
        .filter(|it| it.id.as_str().starts_with("person-90"));
    assert_eq!(found.count(), 3);

    let (server, flow) = self::flow().await;
    let endless = |request: &Request| line(&body(request)).starts_with("read HumanUser");
    Mock::given(endless)
        .respond_with(page(&[], true))
        .mount(&server.site)
        .await;
    let error = flow.project_list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
}

#[tokio::test]
async fn every_list_is_sorted_and_asks_for_addresses() {
    let (server, flow) = flow().await;
    read(&flow, "project-70").await;
    for request in server.site.received_requests().await.unwrap() {
        let (sent, args) = (
            request.headers.get("content-type").unwrap(),
            &body(&request)["params"][1],
        );
        assert_eq!(sent, "application/json; charset=utf-8");
        if body(&request)["method_name"] == "read" {
            assert_eq!(
                args["sorts"],
                json!([{"field_name": "id", "direction": "asc"}])
            );
            assert_eq!(args["api_return_image_urls"], true);
            assert_eq!(args["return_paging_info_without_counts"], true);
            for condition in args["filters"]["conditions"].as_array().unwrap() {
                // A link without its type, or an id as text, faults the whole list.
                for value in condition["values"].as_array().unwrap() {
                    let is_link = value["type"].is_string() && value["id"].is_i64();
                    assert!(
                        is_link || value.is_i64() || condition["path"] == "code",
                        "{condition}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn a_login_is_made_once_and_renewed_once() {
    let (server, flow) = flow_as(person("ada-password")).await;
    flow.check().await.unwrap();
    read(&flow, "project-70").await;
    let logins = |asked: &[String]| asked.iter().filter(|it| *it == "get_session_token").count();
    assert_eq!(logins(&server.asked().await), 1);

    // However many calls find out that it has ended.
    let ended =
        |request: &Request| body(request)["params"][0]["session_token"] == "recorded-session-1";
    let over = fault(102, "Can't authenticate session token ending with 'on-1'");
    Mock::given(ended)
        .respond_with(over)
        .with_priority(1)
        .mount(&server.site)
        .await;
    read(&flow, "project-70").await;
    assert_eq!(logins(&server.asked().await), 2);
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_and_never_on_a_site_that_takes_none() {
    let (server, flow) = flow_as(person("wrong")).await;
    for _ in 0..2 {
        let error = flow.project_list().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
    }
    let logins = |asked: &[String]| asked.iter().filter(|it| *it == "get_session_token").count();
    assert_eq!(logins(&server.asked().await), 1);

    let (server, flow) = flow_as(person("ada-password")).await;
    let saml = json!({"version": [8, 78, 0], "user_authentication_method": "saml2"});
    answer(
        &server,
        "info",
        ResponseTemplate::new(200).set_body_json(saml),
    )
    .await;
    let error = flow.check().await.unwrap_err();
    insta::assert_snapshot!(told(&error, &server), @"refused: cannot log in to Flow: the site logs people in with single sign-on, and takes no password (use a script and its key, or a session token)");
    assert_eq!(logins(&server.asked().await), 0);
}

#[tokio::test]
async fn a_session_token_is_sent_as_it_is() {
    let token = Credentials::SessionToken("recorded-session-0".into());
    let (server, flow) = flow_as(token).await;
    flow.check().await.unwrap();
    let requests = server.site.received_requests().await.unwrap();
    let auth = &body(requests.last().unwrap())["params"][0];
    assert_eq!(
        *auth,
        json!({"session_token": "recorded-session-0", "reject_if_expired": true})
    );
}

#[tokio::test]
async fn an_address_is_taken_as_people_write_it() {
    let server = RecordedFlow::start().await;
    let url = server.site.uri().replace("http", "HTTP") + "/";
    let flow = Flow::new(FlowSettings {
        url,
        ..settings(&server, script())
    });
    flow.unwrap().check().await.unwrap();
    for credentials in [
        Credentials::Script {
            name: " ".into(),
            key: KEY.into(),
        },
        Credentials::Script {
            name: SCRIPT.into(),
            key: " ".into(),
        },
        Credentials::Password {
            login: String::new(),
            password: "x".into(),
        },
        Credentials::SessionToken("".into()),
    ] {
        let error = Flow::new(settings(&server, credentials)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}

async fn open(flow: &Flow, media: &MediaRef) -> Result<Vec<u8>, Error> {
    match flow.open_media(MediaRequest::new(media)).await? {
        OpenedMedia::Stream(media) => {
            let blocks: Vec<_> = media.bytes.try_collect().await?;
            Ok(blocks.concat())
        }
        OpenedMedia::Unchanged => panic!("nothing was known"),
    }
}

#[tokio::test]
async fn a_picture_is_opened_where_it_is_right_now_and_with_no_account() {
    let (server, flow) = flow().await;
    let (_, film) = read(&flow, "project-70").await;
    let picture = film.shots.iter().find(|it| it.name == "sh0010").unwrap();
    let picture = picture.thumbnail.clone().unwrap();
    let MediaLocation::Key(key) = &picture.location else {
        panic!("{picture:?}")
    };
    assert!(
        key.starts_with("Shot/860/image/counterpart-media/") && key.ends_with("/sh0010.png"),
        "{key}"
    );
    assert!(!picture.changes);
    assert!(open(&flow, &picture).await.unwrap().starts_with(b"\x89PNG"));
    let movie = film.edits[0].movie.clone().unwrap();
    assert_eq!(&open(&flow, &movie).await.unwrap()[4..8], b"ftyp");
    for request in server.files.received_requests().await.unwrap() {
        assert!(
            !request.headers.contains_key("cookie")
                && !request.headers.contains_key("authorization")
        );
    }

    // Its time is over once: the address is read again.
    let refused = ResponseTemplate::new(403);
    let once = Mock::given(|_: &Request| true)
        .respond_with(refused)
        .up_to_n_times(1)
        .with_priority(1);
    once.mount(&server.files).await;
    open(&flow, &picture).await.unwrap();

    // Another picture has taken its place, or none.
    let now = |image: Value| rows(json!([{"type": "Shot", "id": 860, "image": image}]));
    let site = server.site.uri();
    for (image, kind) in [
        (
            json!(format!(
                "{}/another.png?X-Amz-Signature=recorded",
                server.files.uri()
            )),
            ErrorKind::NotFound,
        ),
        (Value::Null, ErrorKind::NotFound),
        (
            json!(format!(
                "{site}/images/status/transient/thumbnail_pending.png"
            )),
            ErrorKind::Unavailable,
        ),
    ] {
        let (server, flow) = self::flow().await;
        answer(&server, "read Shot 1", now(image.clone())).await;
        let error = open(&flow, &picture).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{image}: {error}");
    }
}

#[tokio::test]
async fn a_file_without_an_address_is_had_by_way_of_the_site() {
    let (server, flow) = flow().await;
    let version = json!([{"type": "Version", "id": 501, "code": "fwc_edit_v012",
        "sg_uploaded_movie": {"link_type": "upload", "id": 7, "name": "edit.mp4"}}]);
    answer(&server, "read Version 1", rows(version)).await;
    let session = json!({"session_id": "of-files"});
    answer(
        &server,
        "get_session_token",
        ResponseTemplate::new(200).set_body_json(session),
    )
    .await;
    let (_, film) = read(&flow, "project-70").await;
    let movie = film.edits[0].movie.clone().unwrap();
    assert_eq!(
        movie.location,
        MediaLocation::Key("Version/501/sg_uploaded_movie/file_serve/attachment/7".into())
    );

    let file = |request: &Request| request.url.path() == "/file_serve/attachment/7";
    let login = ResponseTemplate::new(200).set_body_raw("<!DOCTYPE html>", "text/html");
    Mock::given(file)
        .respond_with(login)
        .with_priority(2)
        .mount(&server.site)
        .await;
    let error = open(&flow, &movie).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");

    let known = move |request: &Request| {
        file(request)
            && request
                .headers
                .get("cookie")
                .is_some_and(|it| it == "_session_id=of-files")
    };
    let to = format!(
        "{}/x/edit_v012.mp4?X-Amz-Signature=recorded",
        server.files.uri()
    );
    let redirect = ResponseTemplate::new(302).insert_header("location", to);
    Mock::given(known)
        .respond_with(redirect)
        .with_priority(1)
        .mount(&server.site)
        .await;
    // The other host refuses who brings a cookie.
    assert_eq!(&open(&flow, &movie).await.unwrap()[4..8], b"ftyp");
}

#[tokio::test]
async fn what_is_no_upload_is_no_movie() {
    for file in [
        json!({"link_type": "local", "name": "a.mp4", "local_path_linux": "/mnt/a.mp4"}),
        json!({"link_type": "web", "name": "a.mp4", "url": "https://vimeo.example/1"}),
        json!({"link_type": "upload", "name": "a.mov", "url": "https://s3.example/a", "content_type": "video/quicktime"}),
        json!("a.mp4"),
        Value::Null,
    ] {
        let (server, flow) = flow().await;
        let version =
            json!([{"type": "Version", "id": 501, "code": "v12", "sg_uploaded_movie": file}]);
        answer(&server, "read Version 1", rows(version)).await;
        let (_, film) = read(&flow, "project-70").await;
        assert_eq!(film.edits[0].movie, None, "{file}");
        let note = "the edit Main Edit v012: the version v12 has no mp4";
        assert!(film.notes.iter().any(|it| it == note), "{:?}", film.notes);
    }
}

#[tokio::test]
async fn rows_of_any_shape_lose_nothing_else() {
    let (server, flow) = flow().await;
    answer(&server, "read Shot 1", rows(json!([
        {"type": "Shot", "id": 1, "code": null, "sg_sequence": "010", "assets": null, "sg_cut_in": "1001",
         "sg_cut_out": "1024.0", "image": 7},
        {"type": "Shot", "id": 2, "code": "a &lt; b", "assets": [null, {"type": "Asset", "id": 1226}, {"type": "Asset", "id": 1226}],
         "sg_cut_duration": 1.5, "sg_sequence": {"type": "Sequence", "id": 999, "name": "elsewhere"}},
        {"type": "Shot", "id": 3},
    ]))).await;
    answer(&server, "read Task 1", rows(json!([
        {"type": "Task", "id": 1, "entity": {"type": "Shot", "id": 2}, "step": {"type": "Step", "id": 77, "name": "Hidden &lt;step>"},
         "task_assignees": [null, {"type": "Group", "id": 5, "name": "Vendors"}, {"type": "HumanUser", "id": 77, "name": "Nobody Lists"}]},
        {"type": "Task", "id": 2, "entity": {"type": "Shot", "id": 2}, "sg_status_list": "gone"},
        {"type": "Task", "id": 3, "entity": {"type": "Shot", "id": 404}},
    ]))).await;
    let (list, film) = read(&flow, "project-70").await;
    let mut names: Vec<_> = film
        .shots
        .iter()
        .map(|it| (&*it.name, it.data.length()))
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [("Shot 1", Some(24)), ("Shot 3", None), ("a < b", None)]
    );
    let shot = film.shots.iter().find(|it| it.name == "a < b").unwrap();
    assert_eq!(shot.tasks.len(), 2);
    assert_eq!(film.casting.len(), 1);
    assert_eq!(film.casting[0].asset_ids.len(), 1);
    let task_type = list
        .task_types
        .iter()
        .find(|it| it.id.as_str() == "step-77")
        .unwrap();
    assert!(task_type.for_shots && task_type.name == "Hidden <step>");
    for name in ["Vendors", "Nobody Lists"] {
        assert!(list.users.iter().any(|it| it.name == name), "{name}");
    }
    assert!(
        list.task_statuses
            .iter()
            .any(|it| it.name == "gone" && it.archived)
    );
}

#[tokio::test]
async fn what_an_account_may_not_read_is_noted() {
    let (server, flow) = flow().await;
    for call in [
        "read Asset 1",
        "read Task 1",
        "read HumanUser 1",
        "read Status 1",
        "read Cut 1",
    ] {
        answer(
            &server,
            call,
            fault(104, "Entity can not be accessed by this user. Rule: Vendor"),
        )
        .await;
    }
    answer(&server, "read Version 1", rows(json!([]))).await;
    let (_, film) = read(&flow, "project-70").await;
    assert!(film.assets.is_empty() && film.tasks().next().is_none());
    insta::assert_snapshot!(film.notes.join("\n"));
    assert_eq!(film.project.team.len(), 3, "links name them");

    let (server, flow) = self::flow().await;
    answer(
        &server,
        "read Shot 1",
        fault(
            104,
            "Entity of type Shot can not be accessed by this user. Rule: Vendor",
        ),
    )
    .await;
    let list = flow.project_list().await.unwrap();
    let film = list
        .projects
        .iter()
        .find(|it| it.id.as_str() == "project-70");
    let error = flow.project(film.unwrap(), &list).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
}

#[tokio::test]
async fn a_picture_that_is_refused_is_a_part_for_an_account_that_is_known_to_see_one() {
    let forbidden = "Entity of type HumanUser can not be accessed by this user. Rule: Vendor";
    for (sees_all, kind) in [(true, ErrorKind::Refused), (false, ErrorKind::Partial)] {
        let (server, flow) = flow().await;
        if !sees_all {
            answer(&server, "read HumanUser 1", fault(104, forbidden)).await;
        }
        let (_, film) = read(&flow, "project-70").await;
        let picture = film.shots.iter().find_map(|it| it.thumbnail.clone());
        // By the host of the files, and by the site itself.
        Mock::given(|_: &Request| true)
            .respond_with(ResponseTemplate::new(403))
            .with_priority(1)
            .mount(&server.files)
            .await;
        let error = open(&flow, picture.as_ref().unwrap()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let forbidden = forbidden.replace("HumanUser", "Shot");
        answer(&server, "read Shot 1", fault(104, &forbidden)).await;
        let error = open(&flow, picture.as_ref().unwrap()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
}

#[tokio::test]
async fn what_all_projects_share_and_may_not_be_read_is_told_by_a_check() {
    let (server, flow) = flow().await;
    answer(
        &server,
        "summarize Shot",
        ok(json!({"summaries": {"id": 1238}})),
    )
    .await;
    let told = flow.remarks().await.unwrap().join("\n");
    assert!(!told.contains("may not read"), "{told}");
    for call in ["read HumanUser 1", "read Step 1", "read Status 1"] {
        let forbidden = "Entity can not be accessed by this user. Rule: Vendor";
        answer(&server, call, fault(104, forbidden)).await;
    }
    let told = flow.remarks().await.unwrap();
    let told: Vec<_> = told.iter().filter(|it| it.contains("may not")).collect();
    insta::assert_debug_snapshot!(told);
}

#[tokio::test]
async fn fields_that_the_studio_made_can_be_named() {
    let (server, _) = flow().await;
    let fields = |kind: &str| json!({"sg_part": {"data_type": {"value": kind}}, "code": {}, "sg_rate": {}, "name": {}});
    for (call, kind) in [
        ("schema_field_read Shot", "entity"),
        ("schema_field_read Sequence", "entity"),
        ("schema_field_read Project", "float"),
    ] {
        answer(&server, call, ok(fields(kind))).await;
    }
    answer(&server, "read Project 1", rows(json!([{"type": "Project", "id": 72, "name": "Series", "sg_rate": " 25 ", "sg_fps": 30.0}]))).await;
    answer(&server, "read Cut 1", rows(json!([]))).await;
    let sequences = json!([{"type": "Sequence", "id": 120, "code": "SQ010", "sg_part": {"type": "Episode", "id": 31, "name": "E102"}}]);
    answer(&server, "read Sequence 1", rows(sequences)).await;
    answer(&server, "read Shot 1", rows(json!([
        {"type": "Shot", "id": 1, "code": "in", "sg_sequence": {"type": "Sequence", "id": 120, "name": "SQ010"}},
        {"type": "Shot", "id": 2, "code": "own", "sg_part": {"type": "Episode", "id": 30, "name": "E101"}},
        {"type": "Shot", "id": 3, "code": "own too", "sg_part": {"type": "Episode", "id": 31, "name": "E102"}},
    ]))).await;
    let flow = Flow::new(FlowSettings {
        episode_field: Some("sg_part".into()),
        fps_field: Some("sg_rate".into()),
        edit_version: None,
        ..settings(&server, script())
    });
    let (_, film) = read(&flow.unwrap(), "project-72").await;
    assert_eq!(film.project.fps.as_f64(), 25.0);
    let found = film.sequences.iter().map(|it| {
        (
            it.id.as_str(),
            &*it.name,
            it.episode_id.as_ref().map(|it| it.as_str()),
        )
    });
    assert_eq!(
        found.collect::<Vec<_>>(),
        [
            ("sequence-120", "SQ010", Some("episode-31")),
            ("project-72", "Series", Some("episode-30")),
            ("project-72-episode-31", "Series (E102)", Some("episode-31")),
        ]
    );
}
