//! The AYON connector against what a real ayon-backend 1.16.0 answered, and against what a larger
//! one may hold.

#![allow(clippy::unwrap_used, clippy::panic)] // Helpers of tests are tests, too.

mod ayon_server;

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ayon_server::{
    KEY, Operation, PASSWORD, PICTURE, PIXEL, RecordedAyon, TOKEN, USER, event, line, logged,
    movie, published, refusal,
};
use futures_util::TryStreamExt;
use serde_json::{Value, json};
use watchtower_connector::ayon::{Ayon, AyonSettings, Credentials};
use watchtower_connector::http::HttpOptions;
use watchtower_connector::{
    Changed, Changes, Error, ErrorKind, Mark, MediaRequest, OpenedMedia, Result, Tracker,
};
use watchtower_model::place::{PlaceOptions, Timelines, Unplaced, place};
use watchtower_model::{
    EntityKind, MediaRef, Project, ProjectId, ProjectList, ProjectSnapshot, Reason, Shot,
};
use wiremock::matchers::{method, path};
use wiremock::{Match, Mock, MockServer, Request, ResponseTemplate};

const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/ayon");
const EXPECTED: &str = include_str!("recorded/ayon/expected.json");

fn settings(server: &RecordedAyon, credentials: Credentials) -> AyonSettings {
    AyonSettings {
        http: HttpOptions {
            retries: 2,
            retry_delay: Duration::from_millis(1),
            ..HttpOptions::default()
        },
        ..AyonSettings::new(server.url(), credentials)
    }
}

fn key() -> Credentials {
    Credentials::ApiKey(KEY.into())
}

fn password(password: &str) -> Credentials {
    Credentials::Password {
        name: USER.into(),
        password: password.into(),
    }
}

/// An AYON that answers as recorded, to the key that opens it.
async fn ayon() -> (RecordedAyon, Ayon) {
    ayon_with(|_| {}).await
}

async fn ayon_with(change: impl FnOnce(&mut AyonSettings)) -> (RecordedAyon, Ayon) {
    let server = RecordedAyon::start(RECORDED).await;
    let mut settings = settings(&server, key());
    change(&mut settings);
    let ayon = Ayon::new(settings).unwrap();
    (server, ayon)
}

async fn film(ayon: &Ayon) -> (ProjectList, ProjectSnapshot) {
    let list = ayon.project_list().await.unwrap();
    let project = &list.projects[0];
    let film = ayon.project(project, &list).await.unwrap();
    (list, film)
}

fn json(value: &impl serde::Serialize, server: &RecordedAyon) -> String {
    let json = serde_json::to_string_pretty(value).unwrap();
    json.replace(&server.url(), "http://ayon")
}

/// An error as a person sees it.
fn told(error: &Error, server: &RecordedAyon) -> String {
    let shown = format!("{error:?} {error}");
    for secret in [KEY, PASSWORD, TOKEN] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let help = error.help();
    let help = help.map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{error}{help}").replace(&server.url(), "http://ayon")
}

fn shot<'a>(film: &'a ProjectSnapshot, id: &Value) -> &'a Shot {
    let id = id.as_str().unwrap();
    film.shots.iter().find(|it| it.id.as_str() == id).unwrap()
}

fn left_out(film: &ProjectSnapshot) -> Vec<String> {
    let all = film.left_out.iter();
    all.map(|it| format!("{} {}: {}", it.kind, it.name, it.reason))
        .collect()
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// Answers a query in another way than was recorded.
async fn answer(server: &RecordedAyon, query: &'static str, data: Value) {
    let mock = Mock::given(path("/graphql")).and(Operation(query));
    let mock = mock.respond_with(ok(json!({"data": data})));
    mock.mount(server.server()).await;
}

fn page(edges: Vec<Value>) -> Value {
    json!({"pageInfo": {"hasNextPage": false, "endCursor": null}, "edges": edges})
}

fn nodes(nodes: Value) -> Value {
    let nodes = nodes.as_array().unwrap().iter();
    page(nodes.map(|node| json!({"node": node})).collect())
}

/// Gives the project other folders, tasks, links and versions than were recorded.
async fn holds(server: &RecordedAyon, folders: Value, tasks: Value, links: Value, versions: Value) {
    does_not_count(server).await;
    let folders = json!({"project": {"name": "wt_demo", "folders": nodes(folders)}});
    answer(server, "Folders", folders).await;
    let tasks = json!({"project": {"name": "wt_demo", "tasks": nodes(tasks)}});
    answer(server, "Tasks", tasks).await;
    let links = page(links.as_array().unwrap().clone());
    answer(server, "Links", json!({"project": {"links": links}})).await;
    publishes(server, versions).await;
}

/// Gives the project other versions, and their products, than were recorded.
async fn publishes(server: &RecordedAyon, versions: Value) {
    let versions = versions.as_array().unwrap().clone();
    for query in PUBLISHED {
        let versions = versions.clone();
        let respond = move |request: &Request| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let rows = published(&versions, query, body["variables"].as_object().unwrap());
            let field = if query == "ProductVersions" {
                "versions"
            } else {
                "products"
            };
            ok(json!({"data": {"project": {field: rows.unwrap()}}}))
        };
        let mock = Mock::given(path("/graphql")).and(Operation(query));
        mock.respond_with(respond).mount(server.server()).await;
    }
}

/// The queries for what was published.
const PUBLISHED: [&str; 4] = [
    "ReviewProducts",
    "ReviewBasedProducts",
    "NamedProducts",
    "ProductVersions",
];

/// Says how much the project holds, whoever asks.
async fn counts(server: &RecordedAyon, folders: usize, tasks: usize) {
    let counts = json!({"counts": {"folders": folders, "tasks": tasks}});
    Mock::given(path("/api/projects/wt_demo/stats"))
        .respond_with(ok(counts))
        .mount(server.server())
        .await;
}

/// Makes the server one that does not say how much a project holds, as older ones do not.
async fn does_not_count(server: &RecordedAyon) {
    Mock::given(path("/api/projects/wt_demo/stats"))
        .respond_with(refusal(404, "Not found"))
        .mount(server.server())
        .await;
}

/// A folder with what a real one has, but for what differs.
fn folder(id: &str, folder_type: &str, parent: Option<&str>, differences: Value) -> Value {
    let mut folder = json!({
        "id": id, "name": id, "label": null, "active": true, "folderType": folder_type,
        "parentId": parent, "status": "Not ready", "thumbnailId": null, "ownAttrib": [],
        "attrib": {"frameStart": 1001, "frameEnd": 1010, "handleStart": 0, "handleEnd": 0,
            "clipIn": 1, "clipOut": 1, "fps": 24.0},
    });
    for (key, value) in differences.as_object().unwrap() {
        match (key.as_str(), value) {
            ("attrib", Value::Object(attrib)) => {
                folder["attrib"]
                    .as_object_mut()
                    .unwrap()
                    .extend(attrib.clone());
            }
            _ => folder[key] = value.clone(),
        }
    }
    folder
}

/// A shot with a place in the edit.
fn clip(id: &str, parent: Option<&str>, clip_in: i64, clip_out: i64) -> Value {
    let own = json!(["clipIn", "clipOut", "frameStart", "frameEnd"]);
    let attrib = json!({"clipIn": clip_in, "clipOut": clip_out});
    folder(
        id,
        "Shot",
        parent,
        json!({"ownAttrib": own, "attrib": attrib}),
    )
}

async fn film_of(folders: Value) -> (ProjectList, ProjectSnapshot) {
    let (server, ayon) = ayon().await;
    holds(&server, folders, json!([]), json!([]), json!([])).await;
    film(&ayon).await
}

fn names<'a, T>(all: &'a [T], name: impl Fn(&'a T) -> &'a str) -> Vec<&'a str> {
    all.iter().map(name).collect()
}

/// The project with its shots on one timeline.
fn placed(film: &ProjectSnapshot) -> ProjectSnapshot {
    let mut film = film.clone();
    let options = PlaceOptions {
        timelines: Timelines::One,
        unplaced: Unplaced::Show,
        from_site: false,
    };
    place(&mut film, options);
    film
}

/// The places of shots that are on the timeline.
fn ranges(film: &ProjectSnapshot) -> Vec<String> {
    let place = |it: watchtower_model::Shot| {
        let (start, end) = it.data.range()?;
        Some(format!("{} {start}-{end}", it.name))
    };
    placed(film).shots.into_iter().filter_map(place).collect()
}

/// Everything a snapshot refers to is in it or in the list.
fn nothing_dangles(list: &ProjectList, film: &ProjectSnapshot) {
    fn ids<'a, T: 'a, I: AsRef<str> + 'a>(
        all: &'a [T],
        id: impl Fn(&'a T) -> &'a I,
    ) -> HashSet<&'a str> {
        let ids: HashSet<&str> = all.iter().map(|it| id(it).as_ref()).collect();
        assert_eq!(ids.len(), all.len(), "ids are not unique");
        ids
    }
    let asset_types = ids(&list.asset_types, |it| &it.id);
    let task_types = ids(&list.task_types, |it| &it.id);
    let task_statuses = ids(&list.task_statuses, |it| &it.id);
    let users = ids(&list.users, |it| &it.id);
    let episodes = ids(&film.episodes, |it| &it.id);
    let sequences = ids(&film.sequences, |it| &it.id);
    let shots = ids(&film.shots, |it| &it.id);
    let assets = ids(&film.assets, |it| &it.id);
    let project = &film.project;
    for id in &project.asset_types {
        assert!(asset_types.contains(id.as_str()));
    }
    for id in &project.task_types {
        assert!(task_types.contains(id.as_str()));
    }
    for id in &project.task_statuses {
        assert!(task_statuses.contains(id.as_str()));
    }
    for id in &project.team {
        assert!(users.contains(id.as_str()));
    }
    for sequence in &film.sequences {
        let mut episode = sequence.episode_id.iter();
        assert!(episode.all(|id| episodes.contains(id.as_str())));
    }
    for asset in &film.assets {
        assert!(asset_types.contains(asset.asset_type_id.as_str()));
        assert!(project.asset_types.contains(&asset.asset_type_id));
    }
    for shot in &film.shots {
        assert!(sequences.contains(shot.sequence_id.as_str()));
        assert!(shot.data.frame_in <= shot.data.frame_out);
    }
    for task in film.tasks() {
        assert!(project.task_types.contains(&task.task_type_id));
        assert!(project.task_statuses.contains(&task.task_status_id));
        assert!(task.assignees.iter().all(|id| project.team.contains(id)));
    }
    for casting in &film.casting {
        assert!(shots.contains(casting.shot_id.as_str()));
        let distinct: HashSet<_> = casting.asset_ids.iter().collect();
        assert_eq!(distinct.len(), casting.asset_ids.len());
        assert!(distinct.iter().all(|id| assets.contains(id.as_str())));
    }
}

// --- what is read --------------------------------------------------------------------------

#[tokio::test]
async fn the_account_and_the_server_are_known() {
    let (_server, ayon) = ayon().await;
    let account = ayon.check().await.unwrap();
    assert_eq!(account.user.as_deref(), Some("watchtower"));
    assert_eq!(account.server.as_deref(), Some("AYON 1.16.0+DEVELOP"));
}

#[tokio::test]
async fn it_describes_itself_without_a_connection_or_a_secret() {
    let settings = AyonSettings::new("https://ayon.example", key());
    assert!(!format!("{settings:?}").contains(KEY));
    let ayon = Ayon::new(settings).unwrap();
    assert!(!format!("{ayon:?}").contains(KEY));
    let description = ayon.describe();
    assert_eq!(description.name, "ayon");
    let location = description.location.as_deref();
    assert_eq!(location, Some("https://ayon.example/"));
}

#[tokio::test]
async fn the_project_list() {
    let (server, ayon) = ayon().await;
    let list = ayon.project_list().await.unwrap();
    insta::assert_snapshot!("project_list", json(&list, &server));
}

#[tokio::test]
async fn a_film_with_what_was_put_in() {
    let (server, ayon) = ayon().await;
    let (list, film) = film(&ayon).await;
    nothing_dangles(&list, &film);
    let expected: Value = serde_json::from_str(EXPECTED).unwrap();
    assert_eq!(film.project.id.as_str(), expected["project"]);
    assert_eq!(film.project.name, "Watchtower démo");
    assert_eq!(film.project.resolution.as_deref(), Some("2048x858"));
    let ids = |all: &Value| {
        let all = all.as_object().unwrap().values();
        all.map(|it| it.as_str().unwrap().to_owned())
            .collect::<BTreeSet<_>>()
    };
    let assets = film.assets.iter().map(|it| it.id.to_string());
    assert_eq!(assets.collect::<BTreeSet<_>>(), ids(&expected["assets"]));
    assert_eq!(film.episodes[0].id.as_str(), expected["episode"]);
    let sequences: Vec<_> = film
        .sequences
        .iter()
        .map(|it| (&*it.name, it.episode_id.is_some()))
        .collect();
    assert_eq!(
        sequences,
        [
            ("sq010", true),
            ("sq020", true),
            ("sq900", false),
            ("Watchtower démo", false),
        ]
    );
    // 230 were made in sequences, of which one is omitted, and one outside.
    assert_eq!(film.shots.len(), 230);
    let omitted = expected["omitted_shot"].as_str().unwrap();
    assert!(film.left_out.iter().any(|it| it.id == omitted));
    insta::assert_debug_snapshot!(left_out(&film), @r#"
    [
        "asset dropped: cancelled",
        "shot sq900 / sh0060: cancelled",
    ]
    "#);
    insta::assert_debug_snapshot!(film.notes);

    let first = shot(&film, &expected["first_shot"]);
    assert_eq!(first.data.range(), Some((0, 24)));
    let film = &placed(&film);
    // The clips of the other shots are a cut without a gap, but for the shot without a place.
    let placed: Vec<_> = film
        .shots
        .iter()
        .map(|it| it.data.range().unwrap())
        .collect();
    assert!(placed.windows(2).all(|pair| pair[0].1 <= pair[1].0));
    for (name, start) in [("inherited_shot", 10855), ("loose_shot", 10955)] {
        let range = shot(film, &expected[name]).data.range();
        assert_eq!(range, Some((start, start + 100)), "{name}");
    }
    let links: usize = film.casting.iter().map(|it| it.asset_ids.len()).sum();
    // Of the 345, those of the omitted shot are left out.
    let recorded = recorded_links();
    assert_eq!(recorded.len(), expected["casting_links"]);
    let of_omitted = recorded.iter().filter(|it| it["outputId"] == omitted);
    assert_eq!(links, recorded.len() - of_omitted.count());

    let [edit] = &film.edits[..] else {
        panic!("{:?}", film.edits)
    };
    assert_eq!(edit.name, "editMain");
    let file = format!(
        "{}/api/projects/wt_demo/files/{}",
        server.url(),
        expected["edit_file"].as_str().unwrap()
    );
    assert_eq!(edit.movie, Some(MediaRef::url(file)));
    assert_eq!((edit.total_frames, edit.frame_offset), (Some(120), 0));
    let episode = edit.episode_id.as_ref().unwrap().as_str();
    assert_eq!(episode, expected["episode"]);
}

fn recorded_links() -> Vec<Value> {
    let files = [
        include_str!("recorded/ayon/graphql-links-0.json"),
        include_str!("recorded/ayon/graphql-links-1.json"),
        include_str!("recorded/ayon/graphql-links-2.json"),
        include_str!("recorded/ayon/graphql-links-3.json"),
    ];
    let all = files.iter().flat_map(|file| {
        let exchange: Value = serde_json::from_str(file).unwrap();
        let links = &exchange["response"]["body"]["data"]["project"]["links"]["edges"];
        links.as_array().unwrap().clone()
    });
    all.collect()
}

#[tokio::test]
async fn some_of_the_film_to_the_letter() {
    let (server, ayon) = ayon().await;
    let (_, mut film) = film(&ayon).await;
    let last = film.shots.len() - 2;
    film.shots = [&film.shots[..3], &film.shots[last..]].concat();
    film.casting.truncate(3);
    insta::assert_snapshot!("film", json(&film, &server));
}

#[tokio::test]
async fn every_page_is_asked_for_once_and_in_order() {
    let (server, ayon) = ayon().await;
    film(&ayon).await;
    let mut asked = server.asked().await;
    let of = |name: &str| {
        let asked = asked.iter().filter(|it| it.split(' ').next() == Some(name));
        asked.map(String::as_str).collect::<Vec<_>>()
    };
    let after = [
        "Folders",
        "Folders after WzEwMF0=",
        "Folders after WzIwMF0=",
    ];
    assert_eq!(of("Folders"), after);
    assert_eq!(of("Tasks").len(), 4);
    assert_eq!(of("Links").len(), 4);
    assert_eq!(of("ReviewProducts").len(), 1);
    assert_eq!(of("ProductVersions").len(), 1);
    asked.sort();
    let distinct: BTreeSet<_> = asked.iter().collect();
    assert_eq!(distinct.len(), asked.len(), "{asked:?}");
}

#[tokio::test]
async fn a_project_is_read_anew_when_it_is_asked_for_again() {
    let (_server, ayon) = ayon().await;
    let (list, film) = film(&ayon).await;
    let again = ayon.project(&list.projects[0], &list).await.unwrap();
    assert_eq!(again, film);
}

#[tokio::test]
async fn the_same_data_gives_the_same_answer_in_whatever_order_it_comes() {
    let first = {
        let (server, ayon) = ayon().await;
        let (list, film) = film(&ayon).await;
        (json(&list, &server), json(&film, &server))
    };
    let (server, ayon) = ayon().await;
    for (query, list) in [
        ("Folders", "folders"),
        ("Tasks", "tasks"),
        ("Links", "links"),
    ] {
        let mut edges = Vec::new();
        for number in 0..4 {
            let file = format!("{RECORDED}/graphql-{list}-{number}.json");
            let Ok(text) = std::fs::read_to_string(file) else {
                continue;
            };
            let exchange: Value = serde_json::from_str(&text).unwrap();
            let page = &exchange["response"]["body"]["data"]["project"][list]["edges"];
            edges.extend(page.as_array().unwrap().clone());
        }
        edges.reverse();
        for edge in &mut edges {
            if let Some(assignees) = edge["node"]["assignees"].as_array_mut() {
                assignees.reverse();
            }
        }
        // The same pair may be linked twice.
        if list == "links" {
            edges.push(edges[0].clone());
        }
        answer(&server, query, json!({"project": {list: page(edges)}})).await;
    }
    let (list, film) = film(&ayon).await;
    assert_eq!((json(&list, &server), json(&film, &server)), first);
}

// --- who we are ----------------------------------------------------------------------------

fn sent<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.get(name).and_then(|it| it.to_str().ok())
}

#[tokio::test]
async fn a_key_goes_with_every_request_but_the_first() {
    let (server, ayon) = ayon().await;
    ayon.check().await.unwrap();
    film(&ayon).await;
    for request in server.requests().await {
        let is_info = request.url.path() == "/api/info";
        let key = sent(&request, "x-api-key");
        assert_eq!(key, (!is_info).then_some(KEY), "{}", line(&request));
        assert_eq!(sent(&request, "authorization"), None);
    }
}

#[tokio::test]
async fn a_token_in_place_of_a_key_is_sent_as_a_session() {
    let server = RecordedAyon::start(RECORDED).await;
    let token = Credentials::ApiKey(TOKEN.into());
    let ayon = Ayon::new(settings(&server, token)).unwrap();
    ayon.check().await.unwrap();
    film(&ayon).await;
    let requests = server.requests().await;
    let as_key = requests.iter().filter(|it| sent(it, "x-api-key").is_some());
    assert_eq!(as_key.count(), 1, "it is found out once");
    let bearer = format!("Bearer {TOKEN}");
    let last = requests.last().unwrap();
    assert_eq!(sent(last, "authorization"), Some(bearer.as_str()));
}

#[tokio::test]
async fn a_login_is_made_once_and_kept() {
    let server = RecordedAyon::start(RECORDED).await;
    let ayon = Ayon::new(settings(&server, password(PASSWORD))).unwrap();
    ayon.check().await.unwrap();
    film(&ayon).await;
    film(&ayon).await;
    let requests = server.requests().await;
    let logins = requests.iter().filter(|it| it.method == "POST");
    let logins = logins.filter(|it| it.url.path() == "/api/auth/login");
    assert_eq!(logins.count(), 1);
    for request in &requests {
        assert_eq!(sent(request, "x-api-key"), None);
    }
}

#[tokio::test]
async fn a_session_that_has_expired_is_renewed_once() {
    let server = RecordedAyon::start(RECORDED).await;
    let ayon = Ayon::new(settings(&server, password(PASSWORD))).unwrap();
    ayon.check().await.unwrap();
    Mock::given(path("/graphql"))
        .respond_with(refusal(401, "Access token is invalid"))
        .up_to_n_times(1)
        .mount(server.server())
        .await;
    film(&ayon).await;
    let asked = server.asked().await;
    let logins = asked.iter().filter(|it| *it == "POST /api/auth/login");
    assert_eq!(logins.count(), 2);
}

#[tokio::test]
async fn a_wrong_key_is_told_and_not_shown() {
    let server = RecordedAyon::start(RECORDED).await;
    let wrong = Credentials::ApiKey("wrong-key-wrong-key".into());
    let ayon = Ayon::new(settings(&server, wrong)).unwrap();
    for error in [
        ayon.check().await.unwrap_err(),
        ayon.project_list().await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(!format!("{error:?}").contains("wrong-key"), "{error:?}");
    }
    let error = ayon.check().await.unwrap_err();
    insta::assert_snapshot!(told(&error, &server));
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let server = RecordedAyon::start(RECORDED).await;
    let ayon = Ayon::new(settings(&server, password("wrong"))).unwrap();
    let error = ayon.check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    insta::assert_snapshot!(told(&error, &server));
    let error = ayon.project_list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    let logins = server.asked().await;
    let logins = logins.iter().filter(|it| *it == "POST /api/auth/login");
    assert_eq!(logins.count(), 1, "AYON shuts out who tries too often");
}

#[tokio::test]
async fn too_many_logins_are_waited_for_a_while() {
    let server = RecordedAyon::start(RECORDED).await;
    Mock::given(path("/api/auth/login"))
        .respond_with(refusal(503, "Too many requests"))
        .up_to_n_times(2)
        .mount(server.server())
        .await;
    let ayon = Ayon::new(settings(&server, password(PASSWORD))).unwrap();
    ayon.check().await.unwrap();

    let server = RecordedAyon::start(RECORDED).await;
    Mock::given(path("/api/auth/login"))
        .respond_with(refusal(503, "Too many requests"))
        .mount(server.server())
        .await;
    let ayon = Ayon::new(settings(&server, password(PASSWORD))).unwrap();
    let error = ayon.check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    insta::assert_snapshot!(told(&error, &server));
}

#[tokio::test]
async fn an_answer_without_a_token_is_malformed_and_not_quoted() {
    let server = RecordedAyon::start(RECORDED).await;
    let login = Mock::given(path("/api/auth/login")).respond_with(ok(json!({"token": [TOKEN]})));
    login.mount(server.server()).await;
    let ayon = Ayon::new(settings(&server, password(PASSWORD))).unwrap();
    let error = ayon.check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    insta::assert_snapshot!(told(&error, &server), @"cannot log in to AYON: the answer does not hold a token where it should");
}

#[tokio::test]
async fn empty_settings_are_refused() {
    let name = |name: &str, password: &str| Credentials::Password {
        name: name.into(),
        password: password.into(),
    };
    for (credentials, message) in [
        (Credentials::ApiKey(" ".into()), "the API key is empty"),
        (name(" ", "x"), "the name of the account is empty"),
        (name("x", ""), "the password is empty"),
    ] {
        let settings = AyonSettings::new("http://127.0.0.1", credentials);
        let error = Ayon::new(settings).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().ends_with(message), "{error}");
    }
}

// --- what goes wrong -----------------------------------------------------------------------

#[tokio::test]
async fn a_project_that_is_gone_is_not_found() {
    let (server, ayon) = ayon().await;
    let mut gone = Project::new("Gone");
    gone.id = ProjectId::new("nope").unwrap();
    let error = ayon.project(&gone, &ProjectList::default()).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    // Several things are read at once, and any may be the first to fail.
    let told = told(&error, &server);
    assert!(
        told.ends_with(" of Gone: AYON says: Project not found"),
        "{told}"
    );
}

#[tokio::test]
async fn an_error_of_graphql_comes_with_status_200() {
    let (server, ayon) = ayon().await;
    let list = ayon.project_list().await.unwrap();
    let error: Value =
        serde_json::from_str(include_str!("recorded/ayon/graphql-error.json")).unwrap();
    Mock::given(Operation("ReviewProducts"))
        .respond_with(ok(error["response"]["body"].clone()))
        .mount(server.server())
        .await;
    let error = ayon.project(&list.projects[0], &list).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    insta::assert_snapshot!(told(&error, &server));
}

#[tokio::test]
async fn errors_beside_data_are_errors_and_hold_no_secret() {
    for (status, kind) in [
        (json!({"status": 403}), ErrorKind::Refused),
        (json!({"status": 404}), ErrorKind::NotFound),
        (json!({"status": 500}), ErrorKind::Unavailable),
        (json!({}), ErrorKind::Malformed),
        (json!(null), ErrorKind::Malformed),
    ] {
        let (server, ayon) = ayon().await;
        let list = ayon.project_list().await.unwrap();
        let said = format!("no\n  access with {KEY}, {}", "x".repeat(500));
        let errors = json!([{"message": said, "extensions": status}]);
        let body = json!({"data": {"project": {"products": nodes(json!([]))}}, "errors": errors});
        Mock::given(Operation("ReviewProducts"))
            .respond_with(ok(body))
            .mount(server.server())
            .await;
        let error = ayon.project(&list.projects[0], &list).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        let told = told(&error, &server);
        assert!(told.contains("no access with …, xxx"), "{told}");
        assert!(told.len() < 500, "{told}");
    }
}

#[tokio::test]
async fn another_project_under_the_name_is_refused() {
    let (server, ayon) = ayon().await;
    let list = ayon.project_list().await.unwrap();
    let other = json!({"project": {"name": "wtXdemo", "products": nodes(json!([]))}});
    answer(&server, "ReviewProducts", other).await;
    let error = ayon.project(&list.projects[0], &list).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    insta::assert_snapshot!(told(&error, &server));
}

#[tokio::test]
async fn a_web_page_where_json_is_due() {
    for place in ["/api/info", "/api/users/me", "/api/projects", "/graphql"] {
        let (server, ayon) = ayon().await;
        let page = "<!DOCTYPE html><title>Proxy</title>";
        Mock::given(path(place))
            .respond_with(ResponseTemplate::new(200).set_body_raw(page, "text/html"))
            .mount(server.server())
            .await;
        let error = match ayon.check().await {
            Err(error) => error,
            Ok(_) => ayon.project_list().await.unwrap_err(),
        };
        assert_eq!(error.kind(), ErrorKind::Malformed);
        let told = told(&error, &server);
        assert!(
            told.contains(&format!("http://ayon{place}"))
                && told.contains("is a web page")
                && told.contains("https://ayon.example"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn truncated_json_is_asked_for_again_and_then_told() {
    let (server, ayon) = ayon().await;
    let cut = r#"{"data": {"project": {"name": "wt_demo", "tasks": {"edges": [{"node": {"id": "4"#;
    Mock::given(Operation("Tasks"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(cut, "application/json"))
        .mount(server.server())
        .await;
    let error = ayon.project_list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    insta::assert_snapshot!(told(&error, &server));
    let asked = server.asked().await;
    assert_eq!(asked.iter().filter(|it| *it == "Tasks").count(), 3);
}

#[tokio::test]
async fn what_is_not_as_expected_is_told_with_its_place() {
    let (server, ayon) = ayon().await;
    let tasks =
        json!({"project": {"tasks": {"edges": [{"node": {"id": "1"}}, {"node": {"id": 2}}]}}});
    answer(&server, "Tasks", tasks).await;
    // One project that cannot be read does not keep us from the others.
    let list = ayon.project_list().await.unwrap();
    let error = ayon.project(&list.projects[0], &list).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    insta::assert_snapshot!(told(&error, &server));
}

#[tokio::test]
async fn data_of_any_other_shape_is_an_error() {
    for data in [
        json!(null),
        json!("text"),
        json!([1]),
        json!({}),
        json!({"project": 1}),
        json!({"project": {"products": KEY}}),
    ] {
        let (server, ayon) = ayon().await;
        let list = ayon.project_list().await.unwrap();
        answer(&server, "ReviewProducts", data.clone()).await;
        let error = ayon.project(&list.projects[0], &list).await.unwrap_err();
        let expected = match data.get("project") {
            Some(_) => ErrorKind::Malformed,
            None => ErrorKind::NotFound,
        };
        assert_eq!(error.kind(), expected, "{data}");
        told(&error, &server);
    }
}

#[tokio::test]
async fn another_server_is_told_by_its_answer() {
    let server = MockServer::start().await;
    let settings = AyonSettings::new(server.uri(), key());
    let error = Ayon::new(settings).unwrap().check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(error.to_string().ends_with("is not AYON"), "{error}");
    assert!(error.help().unwrap().contains("https://ayon.example"));
}

#[tokio::test]
async fn an_account_without_access_sees_no_projects() {
    let (server, ayon) = ayon().await;
    let none = json!({"detail": "No projects", "count": 1, "projects": []});
    Mock::given(path("/api/projects"))
        .respond_with(ok(none))
        .mount(server.server())
        .await;
    // Whoever exports says what that means.
    assert!(ayon.project_list().await.unwrap().projects.is_empty());
}

// --- rights --------------------------------------------------------------------------------

/// A part of what there is, as an account of the group `freelancer` sees it.
async fn shows_a_part(server: &RecordedAyon) {
    let folders = json!([folder("sh1", "Shot", None, json!({}))]);
    let task = json!({"id": "t", "taskType": "FX", "folderId": "sh1", "status": "Approved", "assignees": ["bo"]});
    counts(server, 245, 356).await;
    holds(server, folders, json!([task]), json!([]), json!([])).await;
}

#[tokio::test]
async fn a_part_of_a_project_is_not_taken_for_the_whole() {
    let (server, ayon) = ayon().await;
    shows_a_part(&server).await;
    let list = ayon.project_list().await.unwrap();
    let error = ayon.project(&list.projects[0], &list).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Partial);
    insta::assert_snapshot!(told(&error, &server), @"cannot read the project Watchtower démo: the account sees 1 of 245 folders and 1 of 356 tasks (let the account read the whole project in AYON: the access group that it has there restricts reading; or export what it sees with `--partial`)");

    let (server, ayon) = ayon_with(|it| it.partial = true).await;
    shows_a_part(&server).await;
    let (_, film) = film(&ayon).await;
    assert_eq!(film.shots.len(), 1);
    // What is refused of it is what was to be expected; of another project it is not.
    for (project, kind) in [
        ("wt_demo", ErrorKind::Partial),
        ("other", ErrorKind::Refused),
    ] {
        let place = format!("/api/projects/{project}/files/f");
        Mock::given(path(&*place))
            .respond_with(refusal(403, "Forbidden"))
            .mount(server.server())
            .await;
        let media = MediaRef::url(format!("{}{place}", server.server().uri()));
        let error = fetch(&ayon, &media).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    insta::assert_snapshot!(film.notes[0], @"the account sees 1 of 245 folders and 1 of 356 tasks: the rest is not shown");
}

#[tokio::test]
async fn what_comes_and_goes_meanwhile_makes_no_part_of_a_whole() {
    let (server, ayon) = ayon().await;
    let stats = |folders: usize| ok(json!({"counts": {"folders": folders, "tasks": 356}}));
    // Before the reading there was one more.
    Mock::given(path("/api/projects/wt_demo/stats"))
        .respond_with(stats(246))
        .up_to_n_times(1)
        .mount(server.server())
        .await;
    Mock::given(path("/api/projects/wt_demo/stats"))
        .respond_with(stats(245))
        .mount(server.server())
        .await;
    assert_eq!(film(&ayon).await.1.shots.len(), 230);
    // A server that does not count, or counts something else, tells of no part.
    for answer in [
        refusal(404, "Not Found"),
        refusal(403, "Forbidden"),
        ok(json!({"counts": 1})),
    ] {
        let (server, ayon) = self::ayon().await;
        Mock::given(path("/api/projects/wt_demo/stats"))
            .respond_with(answer)
            .mount(server.server())
            .await;
        assert_eq!(film(&ayon).await.1.shots.len(), 230);
    }
}

#[tokio::test]
async fn attributes_that_the_account_may_not_read_are_told() {
    let (server, ayon) = ayon().await;
    let read = json!({"enabled": true, "attributes": ["frameStart", "frameEnd", "resolutionWidth",
        "resolutionHeight", "handleStart", "handleEnd"]});
    Mock::given(path("/api/users/me/permissions/wt_demo"))
        .respond_with(ok(json!({"attrib_read": read})))
        .mount(server.server())
        .await;
    let hidden = json!({"clipIn": null, "clipOut": null});
    let own = json!(["clipIn", "clipOut"]);
    let shots = json!([folder(
        "sh1",
        "Shot",
        None,
        json!({"ownAttrib": own, "attrib": hidden})
    )]);
    holds(&server, shots, json!([]), json!([]), json!([])).await;
    let (_, film) = film(&ayon).await;
    let note = "1 shot has a frame range in AYON of which the account may not read all: Watchtower démo / sh1";
    assert!(film.notes.contains(&note.to_owned()), "{:?}", film.notes);
    let said = film.notes[..2].join("\n");
    insta::assert_snapshot!(said, @r"
    the account may not read the project's frame rate: 24 is used
    the account may not read clipIn, clipOut, fps: what is set there in AYON is not known here
    ");
}

// --- pages ---------------------------------------------------------------------------------

#[tokio::test]
async fn an_exact_fit_ends_in_an_empty_page() {
    let (server, ayon) = ayon().await;
    let folders = |nodes: Value, next: bool, cursor: Value| {
        let nodes = nodes.as_array().unwrap().iter();
        let edges: Vec<_> = nodes.map(|node| json!({"node": node})).collect();
        let info = json!({"hasNextPage": next, "endCursor": cursor});
        json!({"data": {"project": {"folders": {"pageInfo": info, "edges": edges}}}})
    };
    counts(&server, 1, 356).await;
    let shots = json!([folder("sh1", "Shot", None, json!({}))]);
    let mock = Mock::given(Operation("Folders"));
    mock.respond_with(folders(shots, true, json!("WzFd")).pipe(ok))
        .up_to_n_times(1)
        .mount(server.server())
        .await;
    let mock = Mock::given(Operation("Folders"));
    mock.respond_with(folders(json!([]), true, json!(null)).pipe(ok))
        .mount(server.server())
        .await;
    let (_, film) = film(&ayon).await;
    assert_eq!(names(&film.shots, |it| &it.name), ["sh1"]);
    let asked = server.asked().await;
    let asked: Vec<_> = asked
        .iter()
        .filter(|it| it.starts_with("Folders"))
        .collect();
    assert_eq!(asked, ["Folders", "Folders after WzFd"]);
}

/// To write what happens to a value after it.
trait Pipe: Sized {
    fn pipe<T>(self, f: impl FnOnce(Self) -> T) -> T {
        f(self)
    }
}

impl Pipe for Value {}

#[tokio::test]
async fn pages_without_an_end_or_a_cursor_are_an_error() {
    for cursor in [json!("WzFd"), json!(null), json!("")] {
        let (server, ayon) = ayon().await;
        let info = json!({"hasNextPage": true, "endCursor": cursor});
        let edges = json!([{"node": folder("sh1", "Shot", None, json!({}))}]);
        let folders = json!({"project": {"folders": {"pageInfo": info, "edges": edges}}});
        answer(&server, "Folders", folders).await;
        let error = ayon.project_list().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        let told = told(&error, &server);
        assert!(told.contains("not where they start"), "{told}");
    }
}

#[tokio::test]
async fn people_come_in_pages_too() {
    let (server, ayon) = ayon().await;
    let users = |name: &str, next: bool| {
        let info = json!({"hasNextPage": next, "endCursor": name});
        let edges = json!([{"node": {"name": name, "attrib": {"fullName": "  "}}}]);
        ok(json!({"data": {"users": {"pageInfo": info, "edges": edges}}}))
    };
    let mock = Mock::given(Operation("Users"));
    mock.respond_with(users("ana", true))
        .up_to_n_times(1)
        .mount(server.server())
        .await;
    let mock = Mock::given(Operation("Users"));
    mock.respond_with(users("bo", false))
        .mount(server.server())
        .await;
    let list = ayon.project_list().await.unwrap();
    assert_eq!(names(&list.users, |it| &it.name), ["ana", "bo"]);
    assert!(list.users.iter().all(|it| !it.archived));
}

// --- people --------------------------------------------------------------------------------

fn refused() -> ResponseTemplate {
    let errors = json!([{"message": "You are not allowed to list all users",
        "path": ["users"], "extensions": {"status": 403}}]);
    ok(json!({"data": null, "errors": errors}))
}

#[tokio::test]
async fn an_account_that_may_not_list_everybody_lists_those_of_its_projects() {
    let (server, ayon) = ayon().await;
    Mock::given(Operation("Users"))
        .respond_with(refused())
        .mount(server.server())
        .await;
    let users = json!([
        {"name": "ana", "active": true, "attrib": {"fullName": "Ana Niño"}},
        {"name": "bo", "active": false, "attrib": null},
    ]);
    answer(&server, "ProjectUsers", json!({"users": nodes(users)})).await;
    let list = ayon.project_list().await.unwrap();
    let users: Vec<_> = list
        .users
        .iter()
        .map(|it| (&*it.name, it.archived))
        .collect();
    assert_eq!(users, [("Ana Niño", false), ("bo", true)]);
}

#[tokio::test]
async fn only_people_with_tasks_are_listed_and_looked_for() {
    let (server, ayon) = ayon().await;
    let everybody: Vec<Value> = (0..300)
        .map(|number| json!({"name": format!("user{number}"), "active": true, "attrib": {}}))
        .chain([
            json!({"name": "ana", "active": true, "attrib": {}}),
            json!({"name": "service", "active": true, "attrib": {}}),
        ])
        .collect();
    answer(&server, "Users", json!({"users": nodes(everybody.into())})).await;
    let list = ayon.project_list().await.unwrap();
    // Bo has tasks, and an account no more.
    let people: Vec<_> = list
        .users
        .iter()
        .map(|it| (&*it.name, it.archived))
        .collect();
    assert_eq!(people, [("ana", false), ("bo", true)]);
    let asked = server.asked().await;
    let avatars: Vec<_> = asked.iter().filter(|it| it.ends_with("/avatar")).collect();
    assert_eq!(avatars, ["GET /api/users/ana/avatar"]);
}

#[tokio::test]
async fn people_nobody_lists_are_known_by_their_accounts() {
    let (server, ayon) = ayon().await;
    for query in ["Users", "ProjectUsers"] {
        Mock::given(Operation(query))
            .respond_with(refused())
            .mount(server.server())
            .await;
    }
    let (list, film) = film(&ayon).await;
    nothing_dangles(&list, &film);
    assert_eq!(names(&list.users, |it| &it.name), ["ana", "bo"]);
    assert_eq!(names(&film.project.team, |it| it.as_str()), ["ana", "bo"]);
}

// --- what a larger server holds ------------------------------------------------------------

#[tokio::test]
async fn several_projects_share_what_has_the_same_name() {
    let all = ["lib", "a_film", "wt_demo"].map(str::to_owned);
    let (server, ayon) = ayon_with(|it| it.projects = all.to_vec()).await;
    let project = |name: &str, label: Value| json!({"name": name, "label": label, "active": true, "library": name == "lib"});
    let mut archived = project("old", json!("Old"));
    archived["active"] = json!(false);
    let projects = json!({"count": 4, "projects": [
        project("wt_demo", json!("Watchtower démo")),
        archived,
        project("lib", json!(null)),
        project("a_film", json!("A film with spaces & ünicode")),
    ]});
    Mock::given(path("/api/projects"))
        .respond_with(ok(projects))
        .mount(server.server())
        .await;
    for name in ["lib", "a_film"] {
        let of = |query: &'static str| {
            let is_it = move |request: &Request| {
                let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                body["variables"]["project"] == name
            };
            Mock::given(Operation(query)).and(is_it)
        };
        let settings = json!({"data": {"project": {"name": name,
            "attrib": {"fps": null, "resolutionWidth": null, "resolutionHeight": 0},
            "taskTypes": [{"name": "Modeling", "color": null}, {"name": "Animation", "color": "#ABC"}, {"name": "Odd", "color": "red"}],
            "statuses": [{"name": "In progress", "color": "#FFFFFF", "scope": null}, {"name": "Published", "scope": ["version"]}]}}});
        let folders = json!({"data": {"project": {"folders": nodes(json!([
            folder("c", "AssetCategory", None, json!({"name": "characters"})),
            folder(&format!("{name}-hero"), "Asset", Some("c"), json!({})),
        ]))}}});
        let tasks = json!({"data": {"project": {"tasks": nodes(json!([]))}}});
        of("Project")
            .respond_with(ok(settings))
            .mount(server.server())
            .await;
        of("Folders")
            .respond_with(ok(folders))
            .mount(server.server())
            .await;
        of("Tasks")
            .respond_with(ok(tasks))
            .mount(server.server())
            .await;
    }
    let list = ayon.project_list().await.unwrap();
    let titles = names(&list.projects, |it| &it.name);
    assert_eq!(
        titles,
        ["A film with spaces & ünicode", "Watchtower démo", "lib"]
    );
    let distinct: HashSet<_> = list.task_types.iter().map(|it| &it.id).collect();
    assert_eq!(distinct.len(), list.task_types.len());
    let color = |name: &str| {
        let task_type = list.task_types.iter().find(|it| it.name == name).unwrap();
        task_type.color.map(|it| it.to_string())
    };
    assert_eq!(color("Animation").as_deref(), Some("#aabbcc"), "the first");
    assert_eq!(
        color("Modeling").as_deref(),
        Some("#e74c4c"),
        "the first that has one"
    );
    assert_eq!(color("Odd"), None);
    let published = list
        .task_statuses
        .iter()
        .find(|it| it.name == "Published")
        .unwrap();
    assert!(published.archived, "no task may have it");
    let film = &list.projects[0];
    assert!(!film.task_statuses.contains(&published.id));
    assert_eq!(
        (film.fps.as_f64(), &film.resolution, &film.ratio),
        (24.0, &None, &None)
    );
    let types = names(&list.asset_types, |it| &it.name);
    assert_eq!(types, ["characters", "environments", "props"]);
}

#[tokio::test]
async fn a_library_is_a_project_only_where_it_is_named() {
    let projects = json!({"projects": [
        {"name": "wt_demo", "label": "Watchtower démo", "library": false},
        {"name": "lib", "label": "Props & Co", "library": true},
    ]});
    let listed = async |asked: &[&str]| {
        let asked: Vec<_> = asked.iter().map(|&it| it.to_owned()).collect();
        let (server, ayon) = ayon_with(|it| it.projects = asked).await;
        Mock::given(path("/api/projects"))
            .respond_with(ok(projects.clone()))
            .mount(server.server())
            .await;
        let list = ayon.project_list().await.unwrap();
        let ids = list.projects.iter().map(|it| it.id.to_string());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(listed(&[]).await, ["wt_demo"]);
    assert_eq!(listed(&["wt_demo"]).await, ["wt_demo"]);
    assert_eq!(listed(&["props & co"]).await, ["lib", "wt_demo"]);

    let (server, ayon) = ayon().await;
    Mock::given(path("/api/projects"))
        .respond_with(ok(projects.clone()))
        .up_to_n_times(1)
        .mount(server.server())
        .await;
    let (_, film) = film(&ayon).await;
    let note = "libraries hold no film and are left out of the site: Props & Co; `--project` with its name exports one";
    assert_eq!(film.notes.last().map(String::as_str), Some(note));
    let projects = json!({"projects": [{"name": "lib", "library": true}]});
    Mock::given(path("/api/projects"))
        .respond_with(ok(projects))
        .mount(server.server())
        .await;
    let error = ayon.project_list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    insta::assert_snapshot!(told(&error, &server), @r#"cannot list the projects: there are none but libraries: lib (a library is exported with `--project "lib"`)"#);
}

#[tokio::test]
async fn projects_that_nobody_asked_for_are_listed_and_not_read() {
    let (server, ayon) = ayon_with(|it| it.projects = vec!["watchtower DÉMO".to_owned()]).await;
    let projects =
        json!({"projects": [{"name": "wt_demo", "label": "Watchtower démo"}, {"name": "other"}]});
    Mock::given(path("/api/projects"))
        .respond_with(ok(projects))
        .mount(server.server())
        .await;
    let list = ayon.project_list().await.unwrap();
    assert_eq!(list.projects.len(), 2);
    let requests = server.requests().await;
    let other = |it: &&Request| String::from_utf8_lossy(&it.body).contains("other");
    assert_eq!(requests.iter().filter(other).count(), 0);
}

#[tokio::test]
async fn a_project_that_cannot_be_read_is_listed_all_the_same() {
    let (server, ayon) = ayon().await;
    let projects =
        json!({"projects": [{"name": "wt_demo", "label": "Watchtower démo"}, {"name": "closed"}]});
    Mock::given(path("/api/projects"))
        .respond_with(ok(projects))
        .mount(server.server())
        .await;
    let list = ayon.project_list().await.unwrap();
    assert_eq!(
        names(&list.projects, |it| it.id.as_str()),
        ["wt_demo", "closed"]
    );
    let error = ayon.project(&list.projects[1], &list).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    ayon.project(&list.projects[0], &list).await.unwrap();
}

#[tokio::test]
async fn a_project_name_that_names_no_folder_is_told() {
    let (server, ayon) = ayon().await;
    let projects = json!({"projects": [{"name": "../../etc"}]});
    Mock::given(path("/api/projects"))
        .respond_with(ok(projects))
        .mount(server.server())
        .await;
    let error = ayon.project_list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn folders_of_any_depth_and_type() {
    let (list, film) = film_of(json!([
        folder("e1", "Episode", None, json!({"label": "Épisode 1"})),
        folder("act", "Act", Some("e1"), json!({})),
        folder("sq10", "Sequence", Some("act"), json!({})),
        folder("sq9", "sequence", Some("e1"), json!({})),
        folder("inner", "Sequence", Some("sq10"), json!({})),
        folder("plates", "Folder", Some("sq10"), json!({})),
        folder("reel", "Folder", None, json!({"label": "Reel 1"})),
        folder("sh1", "Shot", Some("plates"), json!({})),
        folder("sh2", "SHOT", Some("inner"), json!({})),
        folder("sh3", "Shot", Some("e1"), json!({})),
        folder("sh4", "Shot", Some("reel"), json!({})),
        folder("sh5", "Shot", None, json!({})),
        folder("sh6", "Shot", Some("gone"), json!({})),
        folder("sh7", "Shot", Some("sh1"), json!({})),
        folder("assets", "Folder", None, json!({})),
        folder(
            "chars",
            "AssetCategory",
            Some("assets"),
            json!({"label": "Characters"})
        ),
        folder("main", "Folder", Some("chars"), json!({})),
        folder("hero", "Asset", Some("main"), json!({})),
        folder("sword", "Asset", Some("hero"), json!({})),
        folder("prop", "Asset", Some("assets"), json!({})),
        folder("root", "Asset", None, json!({})),
        folder("own", "Vehicle", Some("assets"), json!({})),
        folder("loop", "Folder", Some("loop"), json!({})),
        folder("lost", "Asset", Some("loop"), json!({})),
    ]))
    .await;
    nothing_dangles(&list, &film);
    let sequences: Vec<_> = film
        .sequences
        .iter()
        .map(|it| (&*it.name, it.episode_id.is_some()))
        .collect();
    assert_eq!(
        sequences,
        [
            ("Épisode 1", true),
            ("inner", true),
            ("sq9", true),
            ("sq10", true),
            ("Reel 1", false),
            ("Watchtower démo", false),
        ]
    );
    let place = |shot: &Shot| {
        let mut sequences = film.sequences.iter();
        let sequence = sequences.find(|it| it.id == shot.sequence_id).unwrap();
        format!("{} in {}", shot.name, sequence.name)
    };
    let places: Vec<_> = film.shots.iter().map(place).collect();
    insta::assert_debug_snapshot!(places, @r#"
    [
        "sh3 in Épisode 1",
        "sh2 in inner",
        "sh1 in sq10",
        "sh7 in sq10",
        "sh4 in Reel 1",
        "sh5 in Watchtower démo",
        "sh6 in Watchtower démo",
    ]
    "#);
    let kind = |id: &str| {
        let asset = film.assets.iter().find(|it| it.id.as_str() == id).unwrap();
        let mut types = list.asset_types.iter();
        let found = types.find(|it| it.id == asset.asset_type_id).unwrap();
        found.name.clone()
    };
    assert_eq!(kind("hero"), "Characters");
    assert_eq!(kind("sword"), "Characters");
    assert_eq!(kind("prop"), "assets");
    assert_eq!(kind("root"), "Asset");
    assert_eq!(kind("lost"), "loop");
    let loose = "4 shots are in no sequence: the folder, or else the project, stands for one";
    assert!(film.notes.contains(&loose.to_owned()), "{:?}", film.notes);
}

#[tokio::test]
async fn what_is_inactive_or_omitted_goes_with_all_in_it() {
    let folders = json!([
        folder("e1", "Episode", None, json!({"active": false})),
        folder("sq1", "Sequence", Some("e1"), json!({})),
        folder("sh1", "Shot", Some("sq1"), json!({})),
        folder("sq2", "Sequence", None, json!({"status": "Omitted"})),
        folder("sh2", "Shot", Some("sq2"), json!({})),
        folder("sq3", "Sequence", None, json!({})),
        folder("sh3", "Shot", Some("sq3"), json!({"status": "On hold"})),
        folder(
            "sh4",
            "Shot",
            Some("sq3"),
            json!({"active": null, "status": null})
        ),
        folder("sh5", "Shot", Some("sq3"), json!({"status": "Cancelled"})),
        folder("old", "Folder", None, json!({"active": false})),
        folder("hero", "Asset", Some("old"), json!({})),
    ]);
    let (_, film) = film_of(folders.clone()).await;
    // What is on hold is blocked as what is omitted is, and is in the film.
    assert_eq!(names(&film.shots, |it| &it.name), ["sh3", "sh4"]);
    let all = [
        "asset hero: cancelled",
        "shot sq1 / sh1: cancelled",
        "shot sq2 / sh2: cancelled",
        "shot sq3 / sh5: cancelled",
        "sequence sq1: cancelled",
        "sequence sq2: cancelled",
        "episode e1: cancelled",
    ];
    assert_eq!(left_out(&film), all);
    assert!(film.assets.is_empty() && film.episodes.is_empty());

    let (server, ayon) = ayon_with(|it| it.omitted_statuses = vec![" on HOLD".to_owned()]).await;
    holds(&server, folders, json!([]), json!([]), json!([])).await;
    let (_, film) = self::film(&ayon).await;
    assert_eq!(names(&film.shots, |it| &it.name), ["sh4"]);
}

#[tokio::test]
async fn shots_without_clips_are_laid_end_to_end() {
    let length = |end: i64| json!({"ownAttrib": ["frameEnd"], "attrib": {"frameEnd": end}});
    let (_, film) = film_of(json!([
        folder("sq10", "Sequence", None, json!({})),
        folder("sq9", "Sequence", None, json!({})),
        folder("sh10", "Shot", Some("sq9"), length(1024)),
        folder("sh9", "Shot", Some("sq9"), length(1001)),
        folder("sh1", "Shot", Some("sq10"), json!({})),
        folder(
            "sh2",
            "Shot",
            Some("sq10"),
            json!({"attrib": {"frameEnd": null}})
        ),
        folder("sh3", "Shot", Some("sq10"), length(1000)),
        folder("sh4", "Shot", Some("sq10"), json!({"attrib": null})),
    ]))
    .await;
    assert_eq!(ranges(&film), ["sh9 0-1", "sh10 1-25", "sh1 25-35"]);
    assert_eq!((film.shots.len(), film.left_out.len()), (6, 0));
    insta::assert_debug_snapshot!(film.notes);
    assert_eq!(film.shots[0].data.custom["frameStart"], 1001);
}

#[tokio::test]
async fn frames_that_nobody_can_have_meant_are_told_with_the_shot() {
    let range = |start: i64, end: i64| json!({"frameStart": start, "frameEnd": end});
    let mut folders = vec![
        folder("sq1", "Sequence", None, json!({})),
        folder(
            "long",
            "Shot",
            Some("sq1"),
            json!({"ownAttrib": ["frameEnd"], "attrib": range(1001, 2_000_000_000)}),
        ),
        folder(
            "sh1",
            "Shot",
            Some("sq1"),
            json!({"attrib": range(1001, 1010)}),
        ),
    ];
    for number in 1..=7 {
        let differences = json!({"attrib": range(1001, 1001)});
        folders.push(folder(
            &format!("one{number}"),
            "Shot",
            Some("sq1"),
            differences,
        ));
    }
    let (_, film) = film_of(folders.into()).await;
    let lengths = film.shots.iter().filter_map(|it| it.data.length());
    assert_eq!(lengths.collect::<Vec<_>>(), [10]);
    insta::assert_debug_snapshot!(film.notes);
}

#[tokio::test]
async fn a_shot_may_have_a_frame_rate_of_its_own() {
    let (_, film) = film_of(json!([
        folder("sq1", "Sequence", None, json!({})),
        folder("sh1", "Shot", Some("sq1"), json!({"attrib": {"fps": 12.0}})),
        folder("sh2", "Shot", Some("sq1"), json!({"attrib": {"fps": null}})),
        folder("sh3", "Shot", Some("sq1"), json!({"attrib": {"fps": 0.0}})),
    ]))
    .await;
    let rates: Vec<_> = film.shots.iter().map(|it| it.fps.as_f64()).collect();
    assert_eq!(rates, [12.0, 24.0, 24.0]);
    // Ten frames at twelve a second last as long as twenty of the film.
    assert_eq!(ranges(&film), ["sh1 0-10", "sh2 20-30", "sh3 30-40"]);
}

#[tokio::test]
async fn tasks_of_every_kind() {
    let (server, ayon) = ayon().await;
    let task = |id: &str, folder: &str, task_type: Value, status: Value, active: Value| {
        json!({"id": id, "taskType": task_type, "folderId": folder, "status": status,
            "assignees": ["bo", "ghost", "ana", "bo"], "active": active})
    };
    let folders = json!([
        folder("sq1", "Sequence", None, json!({})),
        folder("sh1", "Shot", Some("sq1"), json!({})),
        folder("props", "Folder", None, json!({})),
        folder("lamp", "Asset", Some("props"), json!({})),
    ]);
    let tasks = json!([
        task(
            "t1",
            "sh1",
            json!("Lighting"),
            json!("Approved"),
            json!(true)
        ),
        task(
            "t2",
            "sh1",
            json!("Animation"),
            json!("Approved"),
            json!(null)
        ),
        task("t3", "sh1", json!("Gone"), json!("Gone too"), json!(true)),
        task(
            "t4",
            "sh1",
            json!("Lighting"),
            json!("Approved"),
            json!(false)
        ),
        task("t5", "sh1", json!(null), json!("Approved"), json!(true)),
        task(
            "t6",
            "lamp",
            json!("Modeling"),
            json!("Approved"),
            json!(true)
        ),
        task("t7", "sq1", json!("Edit"), json!("Approved"), json!(true)),
        task(
            "t8",
            "nowhere",
            json!("Edit"),
            json!("Approved"),
            json!(true)
        ),
    ]);
    holds(&server, folders, tasks, json!([]), json!([])).await;
    let (list, film) = film(&ayon).await;
    nothing_dangles(&list, &film);
    let ids: Vec<_> = film.shots[0]
        .tasks
        .iter()
        .map(|it| it.id.as_ref().unwrap().as_str())
        .collect();
    assert_eq!(ids, ["t2", "t1", "t3"], "in the order of task types");
    let people = names(&film.shots[0].tasks[0].assignees, |it| it.as_str());
    assert_eq!(people, ["ana", "bo", "ghost"]);
    assert_eq!(
        left_out(&film),
        [
            "task sq1 / sh1: cancelled",
            "task sq1 / sh1: refers to something that is not there",
        ]
    );
    let note = "2 tasks are on folders that are neither shots nor assets, and not shown (no longer there: 1, \
                Sequence: 1)";
    assert!(film.notes.contains(&note.to_owned()), "{:?}", film.notes);
    let for_shots: Vec<_> = list
        .task_types
        .iter()
        .filter(|it| it.for_shots)
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(for_shots, ["Animation", "Lighting", "Gone"]);
}

#[tokio::test]
async fn a_name_of_a_task_type_is_one_type_for_shots_and_one_for_assets() {
    let folders = json!([
        folder("sh1", "Shot", None, json!({})),
        folder("cut", "Shot", None, json!({"active": false})),
        folder("lamp", "Asset", None, json!({})),
    ]);
    let task = |id: &str, folder: &str, task_type: &str, active: bool| {
        json!({"id": id, "taskType": task_type, "folderId": folder, "status": "Approved",
            "assignees": [id], "active": active})
    };
    let tasks = json!([
        task("t1", "sh1", "FX", true),
        task("t2", "lamp", "FX", true),
        // Neither what is inactive nor what is left out decides anything.
        task("t3", "sh1", "Rigging", false),
        task("t4", "cut", "Modeling", true),
    ]);
    let (server, ayon) = ayon().await;
    holds(&server, folders, tasks, json!([]), json!([])).await;
    let (list, film) = film(&ayon).await;
    nothing_dangles(&list, &film);
    let of = |name: &str| {
        let types = list.task_types.iter().filter(|it| it.name == name);
        types.map(|it| (it.for_shots, &it.id)).collect::<Vec<_>>()
    };
    let [(false, of_assets), (true, of_shots)] = of("FX")[..] else {
        panic!("{:?}", of("FX"))
    };
    assert_eq!(&film.shots[0].tasks[0].task_type_id, of_shots);
    assert_eq!(&film.assets[0].tasks[0].task_type_id, of_assets);
    for name in ["Rigging", "Modeling"] {
        let [(for_shots, _)] = of(name)[..] else {
            panic!("{:?}", of(name))
        };
        assert!(!for_shots, "{name}");
    }
    assert_eq!(names(&film.project.team, |it| it.as_str()), ["t1", "t2"]);

    // Another project does not change what a type is.
    let (server, ayon) = self::ayon().await;
    let folders = json!([folder("lamp", "Asset", None, json!({}))]);
    let tasks = json!([task("t2", "lamp", "FX", true)]);
    holds(&server, folders, tasks, json!([]), json!([])).await;
    let (_, other) = self::film(&ayon).await;
    assert_eq!(&other.assets[0].tasks[0].task_type_id, of_assets);
}

#[tokio::test]
async fn folders_of_the_studios_own_types_are_shown_where_they_are_named() {
    let folders = json!([
        folder("sq1", "Sequence", None, json!({})),
        folder("hero", "Character", None, json!({})),
        folder("take", "Take", Some("sq1"), json!({})),
    ]);
    let task = |id: &str, folder: &str| json!({"id": id, "taskType": "FX", "folderId": folder, "status": "Approved", "assignees": []});
    let tasks = json!([task("t1", "hero"), task("t2", "take"), task("t3", "take")]);
    let (server, ayon) = ayon().await;
    holds(
        &server,
        folders.clone(),
        tasks.clone(),
        json!([]),
        json!([]),
    )
    .await;
    let (_, film) = film(&ayon).await;
    assert!(film.shots.is_empty() && film.assets.is_empty());
    insta::assert_snapshot!(film.notes[0], @r#"3 tasks are on folders that are neither shots nor assets, and not shown (Character: 1, Take: 2). To show folders of the type Character, give `--asset-type "Character"` or `--shot-type "Character"`"#);

    let (server, ayon) = ayon_with(|it| {
        it.asset_types = vec!["character".to_owned()];
        it.shot_types = vec!["Take".to_owned()];
    })
    .await;
    holds(&server, folders, tasks, json!([]), json!([])).await;
    let (list, film) = self::film(&ayon).await;
    nothing_dangles(&list, &film);
    assert_eq!(
        (film.assets[0].tasks.len(), film.shots[0].tasks.len()),
        (1, 2)
    );
    assert!(
        !film.notes.iter().any(|it| it.contains("neither")),
        "{:?}",
        film.notes
    );
}

#[tokio::test]
async fn links_are_a_casting_only_from_assets_to_shots() {
    let (server, ayon) = ayon().await;
    let folders = json!([
        folder("sq1", "Sequence", None, json!({})),
        folder("sh1", "Shot", Some("sq1"), json!({})),
        folder("cut", "Shot", Some("sq1"), json!({"active": false})),
        folder("props", "Folder", None, json!({})),
        folder("lamp", "Asset", Some("props"), json!({})),
        folder("chair", "Asset", Some("props"), json!({})),
        folder("gone", "Asset", Some("props"), json!({"active": false})),
    ]);
    let link = |input: &str, output: &str| json!({"inputId": input, "outputId": output});
    let links = json!([
        link("lamp", "sh1"),
        link("chair", "sh1"),
        link("lamp", "sh1"),
        link("gone", "sh1"),
        link("lamp", "cut"),
        link("lamp", "chair"),
        link("sh1", "lamp"),
        link("lamp", "unknown"),
    ]);
    holds(&server, folders, json!([]), links, json!([])).await;
    let (_, film) = film(&ayon).await;
    let [casting] = &film.casting[..] else {
        panic!("{:?}", film.casting)
    };
    let assets = names(&casting.asset_ids, |it| it.as_str());
    assert_eq!(assets, ["chair", "lamp"], "in the order of assets");
    let note = "3 breakdown links are not from an asset to a shot, and not shown";
    assert!(film.notes.contains(&note.to_owned()), "{:?}", film.notes);
}

#[tokio::test]
async fn an_older_server_gives_the_links_folder_by_folder() {
    let (_server, ayon) = ayon().await;
    let (_, current) = film(&ayon).await;
    let (server, ayon) = self::ayon().await;
    let errors = json!([{"message": "Cannot query field 'links' on type 'ProjectNode'."}]);
    Mock::given(Operation("Links"))
        .respond_with(ok(json!({"data": null, "errors": errors})))
        .mount(server.server())
        .await;
    let mut folders: std::collections::BTreeMap<String, Vec<Value>> = Default::default();
    for link in recorded_links() {
        let incoming = folders.entry(link["outputId"].as_str().unwrap().to_owned());
        let edge = json!({"entityId": link["inputId"], "linkType": "breakdown"});
        let other = json!({"entityId": link["inputId"], "linkType": "reference"});
        incoming.or_default().extend([edge, other]);
    }
    let folders: Vec<_> = folders
        .into_iter()
        .map(|(id, edges)| json!({"id": id, "links": {"edges": edges}}))
        .collect();
    let folders = json!({"project": {"folders": nodes(folders.into())}});
    answer(&server, "FolderLinks", folders).await;
    let (_, older) = film(&ayon).await;
    assert!(!older.casting.is_empty());
    assert_eq!(older.casting, current.casting);
    // What is asked then is taken by a server as well.
    let request = server.requests().await;
    let request = request.iter().find(|it| line(it) == "FolderLinks").unwrap();
    let again = RecordedAyon::start(RECORDED).await;
    let answer = post(&again, &request.body).await;
    assert!(answer.contains("was not recorded"), "{answer}");
}

/// Sends a query to a server, as whom it lets in.
async fn post(server: &RecordedAyon, body: &[u8]) -> String {
    use watchtower_connector::http::{AuthHeader, HttpClient};

    let http = HttpClient::new(&server.url(), &HttpOptions::default()).unwrap();
    let body: Value = serde_json::from_slice(body).unwrap();
    let request = http
        .post("ask", http.url(&["graphql"]))
        .body(&body)
        .unwrap();
    let auth = AuthHeader::new("x-api-key", &KEY.into()).unwrap();
    request
        .auth(auth)
        .json::<Value>()
        .await
        .unwrap_err()
        .to_string()
}

#[tokio::test]
async fn a_query_that_no_server_takes_is_refused_in_these_tests() {
    let server = RecordedAyon::start(RECORDED).await;
    let ask = async |query: &str, variables: Value| {
        let body = json!({"operationName": "Q", "query": query, "variables": variables});
        post(&server, body.to_string().as_bytes()).await
    };
    for (query, variables, due) in [
        ("query Q { project { nope } }", json!({}), "nope"),
        ("query Q { users { edges ", json!({}), "parse"),
        (
            "query P { users { edges { node { name } } } }",
            json!({}),
            "under its name",
        ),
        (
            "query Q($project: String!) { project(name: $project) { name } }",
            json!({}),
            "required",
        ),
        (
            "query Q { users { edges { node { name } } } }",
            json!({"x": "y"}),
            "no other",
        ),
        (
            "query Q($x: String) { users { edges { node { name } } } }",
            json!({}),
            "declared",
        ),
    ] {
        let refused = ask(query, variables).await;
        assert!(refused.contains(due), "{query}: {refused}");
    }
}

// --- edits ---------------------------------------------------------------------------------

fn version(id: &str, product: &str, product_type: &str, folder: &str) -> Value {
    json!({"id": format!("v-{id}"), "name": "v003", "productId": format!("p-{id}"), "taskId": null,
        "hasReviewables": true, "createdAt": format!("2026-01-0{id}T00:00:00+00:00"),
        "product": {"name": product, "productType": product_type, "folderId": folder}})
}

async fn reviewables(server: &RecordedAyon, id: &str, body: Value) {
    let place = format!("/api/projects/wt_demo/versions/v-{id}/reviewables");
    Mock::given(method("GET"))
        .and(path(place))
        .respond_with(ok(body))
        .mount(server.server())
        .await;
}

fn mp4(file: &str) -> Value {
    json!({"attrib": {"frameStart": 1001}, "reviewables": [{"fileId": file, "filename": "edit.mp4",
        "mimetype": "video/mp4", "availability": "ready", "mediaInfo": {}}]})
}

async fn edits_of(server: &RecordedAyon, ayon: &Ayon) -> ProjectSnapshot {
    let folders = json!([
        folder("e2", "Episode", None, json!({})),
        folder("e1", "Episode", None, json!({})),
        folder("gone", "Episode", None, json!({"active": false})),
        folder("edit", "Folder", None, json!({})),
        folder("sq1", "Sequence", Some("e1"), json!({})),
        clip("sh1", Some("sq1"), 0, 9),
        clip("sh2", Some("sq1"), 10, 19),
        folder("hero", "Asset", None, json!({})),
    ]);
    let mut bare = version("7", "editEmpty", "review", "edit");
    bare["hasReviewables"] = json!(false);
    let mut none = version("9", "editOdd", "review", "edit");
    none["product"] = json!(null);
    let versions = json!([
        version("1", "editMain", "review", "e2"),
        version("2", "editMain", "Review", "e1"),
        version("3", "reviewMain", "review", "sh1"),
        version("4", "reviewMain", "review", "sq1"),
        version("5", "turntable", "review", "hero"),
        version("6", "editMain", "review", "gone"),
        bare,
        version("8", "renderMain", "render", "edit"),
        none,
    ]);
    holds(server, folders, json!([]), json!([]), versions).await;
    for id in ["1", "2", "4", "6", "8"] {
        reviewables(server, id, mp4(&format!("f-{id}"))).await;
    }
    let (list, film) = film(ayon).await;
    nothing_dangles(&list, &film);
    film
}

fn edits(film: &ProjectSnapshot) -> Vec<(&str, Option<&str>, bool)> {
    let all = film.edits.iter();
    all.map(|it| {
        let episode = it.episode_id.as_ref().map(|id| id.as_str());
        (it.id.as_str(), episode, it.movie.is_some())
    })
    .collect()
}

#[tokio::test]
async fn reviews_of_shots_sequences_and_assets_are_no_edits() {
    let (server, ayon) = ayon().await;
    let film = edits_of(&server, &ayon).await;
    assert_eq!(
        edits(&film),
        [
            ("p-2", Some("e1"), true),
            ("p-1", Some("e2"), true),
            ("p-7", None, false),
        ]
    );
    // A movie that counts from 1001 does not start there.
    assert!(film.edits.iter().all(|it| it.frame_offset == 0));
    assert_eq!(left_out(&film)[1], "edit editMain: cancelled");
    insta::assert_debug_snapshot!(film.notes);
    let asked = server.asked().await;
    let asked = asked.iter().filter(|it| it.ends_with("/reviewables"));
    assert_eq!(
        asked.count(),
        3,
        "only those of edits, and where there are any"
    );
}

#[tokio::test]
async fn the_product_of_the_edit_can_be_named() {
    let named = |name: &str| {
        let name = Some(name.to_owned());
        ayon_with(|it| it.edit_product = name)
    };
    let (server, ayon) = named("RENDERmain").await;
    let film = edits_of(&server, &ayon).await;
    assert_eq!(edits(&film), [("p-8", None, true)]);
    let (server, ayon) = named("nothing").await;
    let film = edits_of(&server, &ayon).await;
    assert!(film.edits.is_empty());
    let note = "there is no product `nothing`, so there is no edit";
    assert!(film.notes.contains(&note.to_owned()), "{:?}", film.notes);
}

#[tokio::test]
async fn a_named_edit_of_the_whole_comes_before_those_of_parts() {
    let folders = json!([
        folder("ep1", "Episode", None, json!({})),
        folder("editorial", "Folder", Some("ep1"), json!({})),
        folder("sq1", "Sequence", Some("ep1"), json!({})),
        folder("sh1", "Shot", Some("sq1"), json!({})),
        folder("sh2", "Shot", Some("sq1"), json!({})),
    ]);
    let of_parts = [
        version("1", "editMain", "render", "sh1"),
        version("2", "editMain", "render", "sh2"),
    ];
    let whole = version("3", "editMain", "render", "editorial");
    let film_of = async |named: &str, versions: &[Value]| {
        let (server, ayon) = ayon_with(|it| it.edit_product = Some(named.to_owned())).await;
        holds(
            &server,
            folders.clone(),
            json!([]),
            json!([]),
            versions.into(),
        )
        .await;
        for id in ["1", "2", "3"] {
            reviewables(&server, id, mp4(id)).await;
        }
        film(&ayon).await.1
    };
    let all = [&of_parts[..], &[whole]].concat();
    let film = film_of("editMain", &all).await;
    assert_eq!(edits(&film), [("p-3", Some("ep1"), true)]);
    let note = film.notes.iter().find(|it| it.contains("editMain"));
    insta::assert_snapshot!(note.unwrap(), @"2 more products named `editMain` belong to shots, assets or sequences: to make one of them the edit, put the path of its folder before the name, as in `--edit-product ep01/editorial/editMain`");
    let film = film_of("/EP1/sq1/sh2/editmain", &all).await;
    assert_eq!(edits(&film), [("p-2", Some("ep1"), true)]);
    // Where nothing else has the name, they are what is meant.
    let film = film_of("editMain", &of_parts).await;
    assert_eq!(film.edits.len(), 2);
    for nothing in ["sh3/editMain", "a name with spaces", "/"] {
        let film = film_of(nothing, &all).await;
        assert!(film.edits.is_empty(), "{nothing}");
        assert!(
            film.notes
                .iter()
                .any(|it| it.starts_with("there is no product"))
        );
    }
}

#[tokio::test]
async fn what_was_withdrawn_is_no_edit_and_a_base_type_makes_one() {
    let (server, ayon) = ayon().await;
    let mut withdrawn = version("1", "editMain", "review", "x");
    withdrawn["product"]["active"] = json!(false);
    let mut no_version = version("2", "editOld", "review", "x");
    no_version["active"] = json!(false);
    let mut own_type = version("3", "editOurs", "cut", "x");
    own_type["product"]["productBaseType"] = json!("review");
    let both = {
        let mut both = version("4", "credits", "review", "x");
        both["product"]["productBaseType"] = json!("review");
        both
    };
    let versions = json!([withdrawn, no_version, own_type, both]);
    holds(&server, json!([]), json!([]), json!([]), versions).await;
    for id in ["1", "2", "3", "4"] {
        reviewables(&server, id, mp4(id)).await;
    }
    let (_, film) = film(&ayon).await;
    // The credits are newer, and no edit although they have `edit` in them.
    let order = names(&film.edits, |it| &it.name);
    assert_eq!(order, ["editOurs", "credits"]);

    // An older server knows no base types.
    let errors = json!([{"message": "Unknown argument 'productBaseTypes' on field 'products'."}]);
    let (server, ayon) = self::ayon().await;
    Mock::given(Operation("ReviewBasedProducts"))
        .respond_with(ok(json!({"data": null, "errors": errors})))
        .mount(server.server())
        .await;
    let (_, film) = self::film(&ayon).await;
    assert_eq!(names(&film.edits, |it| &it.name), ["editMain"]);
}

#[tokio::test]
async fn an_edit_that_starts_where_the_shots_do_is_on_the_timeline() {
    let (server, ayon) = ayon().await;
    let folders = json!([
        folder("sq1", "Sequence", None, json!({})),
        clip("sh1", Some("sq1"), 1001, 1010),
        clip("sh2", Some("sq1"), 1011, 1020),
    ]);
    let versions = json!([version("1", "editMain", "review", "nowhere")]);
    holds(&server, folders, json!([]), json!([]), versions).await;
    reviewables(&server, "1", mp4("f")).await;
    let (_, film) = film(&ayon).await;
    assert_eq!(film.edits[0].frame_offset, 1001);
}

#[tokio::test]
async fn an_edit_without_a_movie_is_told() {
    let (server, ayon) = ayon().await;
    let versions = json!([
        version("1", "editMain", "review", "x"),
        version("2", "editGone", "review", "x")
    ]);
    holds(&server, json!([]), json!([]), json!([]), versions).await;
    let picture =
        json!({"reviewables": [{"fileId": "f", "filename": "edit.png", "mimetype": "image/png"}]});
    reviewables(&server, "1", picture).await;
    let (_, film) = film(&ayon).await;
    assert!(film.edits.iter().all(|it| it.movie.is_none()));
    let notes: Vec<_> = film
        .notes
        .iter()
        .filter(|it| it.starts_with("the edit"))
        .collect();
    insta::assert_debug_snapshot!(notes);
}

#[tokio::test]
async fn a_latest_version_without_a_movie_gives_way_to_an_older_one() {
    let (server, ayon) = ayon().await;
    let named = |id: &str, name: &str, has_reviewables: bool| {
        let mut version = version(id, "editMain", "review", "x");
        version["name"] = json!(name);
        version["productId"] = json!("p-1");
        version["hasReviewables"] = json!(has_reviewables);
        version
    };
    let mut withdrawn = named("6", "v011", true);
    withdrawn["active"] = json!(false);
    let all = json!([
        named("2", "v002", true),
        named("3", "v008", false),
        named("4", "v009", true),
        named("5", "HERO", true),
        withdrawn,
        named("1", "v010", true),
    ]);
    holds(&server, json!([]), json!([]), json!([]), all).await;
    let picture =
        json!({"reviewables": [{"fileId": "f", "filename": "edit.png", "mimetype": "image/png"}]});
    reviewables(&server, "1", picture.clone()).await;
    reviewables(&server, "4", picture).await;
    reviewables(&server, "2", mp4("old")).await;
    let (_, film) = film(&ayon).await;
    assert_eq!(edits(&film), [("p-1", None, true)]);
    let note = "the edit editMain: its latest version v010 has no mp4 file for review, so the movie \
                is that of v002";
    assert!(film.notes.contains(&note.to_owned()), "{:?}", film.notes);
}

#[tokio::test]
async fn what_is_called_an_edit_comes_before_other_reviews() {
    let (server, ayon) = ayon().await;
    let folders = json!([
        folder("dailies", "Folder", None, json!({})),
        folder("Editorial", "Folder", None, json!({})),
        folder("e1", "Episode", None, json!({})),
    ]);
    let tasks = json!([{"id": "t", "taskType": "Edit", "folderId": "e1", "status": "Approved", "assignees": []}]);
    let mut by_task = version("3", "main", "review", "e1");
    by_task["taskId"] = json!("t");
    let versions = json!([
        version("4", "trailer", "review", "dailies"),
        version("1", "cut", "review", "Editorial"),
        version("2", "editMain", "review", "dailies"),
        by_task,
    ]);
    holds(&server, folders, tasks, json!([]), versions).await;
    for id in ["1", "2", "3", "4"] {
        reviewables(&server, id, mp4(id)).await;
    }
    let (_, film) = film(&ayon).await;
    let order = names(&film.edits, |it| &it.name);
    assert_eq!(order, ["editMain", "cut", "main", "trailer"]);
}

#[tokio::test]
async fn what_is_on_two_pages_is_there_once() {
    let (server, ayon) = ayon().await;
    let twice = json!([
        folder("sh1", "Shot", None, json!({})),
        folder("sh1", "Shot", None, json!({})),
    ]);
    let task = json!({"id": "t", "taskType": "Edit", "folderId": "sh1", "status": "Approved", "assignees": []});
    holds(&server, twice, json!([task, task]), json!([]), json!([])).await;
    let (list, film) = film(&ayon).await;
    nothing_dangles(&list, &film);
    assert_eq!((film.shots.len(), film.shots[0].tasks.len()), (1, 1));
}

// --- pictures and movies -------------------------------------------------------------------

async fn fetch(ayon: &Ayon, media: &MediaRef) -> Result<Vec<u8>> {
    match ayon.open_media(MediaRequest::new(media)).await? {
        OpenedMedia::Unchanged => panic!("nobody asked for that"),
        OpenedMedia::Stream(media) => {
            let blocks: Vec<_> = media.bytes.try_collect().await?;
            Ok(blocks.concat())
        }
    }
}

#[tokio::test]
async fn pictures_are_those_that_are_there() {
    let (server, ayon) = ayon().await;
    let (list, film) = film(&ayon).await;
    let avatars: Vec<_> = list
        .users
        .iter()
        .filter(|it| it.has_avatar)
        .map(|it| it.id.as_str())
        .collect();
    assert_eq!(avatars, ["ana"], "the others are initials");
    assert!(
        list.users
            .iter()
            .all(|it| it.has_avatar == it.thumbnail.is_some())
    );
    let hero = film.assets.iter().find(|it| it.name == "Hero").unwrap();
    let thumbnail = hero.thumbnail.as_ref().unwrap();
    assert!(!thumbnail.changes, "another picture has another id");
    assert_eq!(fetch(&ayon, thumbnail).await.unwrap(), PICTURE);
    let requests = server.requests().await;
    let last = line(requests.last().unwrap());
    let place = "/api/projects/wt_demo/folders/4919c12ae63211f1a03002fc00000001/thumbnail";
    assert_eq!(last, format!("GET {place}?placeholder=none"));
    let project = list.projects[0].thumbnail.as_ref().unwrap();
    assert!(project.changes);
    assert_eq!(fetch(&ayon, project).await.unwrap(), PICTURE);
    assert!(film.assets.iter().any(|it| it.thumbnail.is_none()));
}

#[tokio::test]
async fn a_picture_that_came_for_review_is_the_folders() {
    let (server, ayon) = ayon().await;
    let shown = |id: &str, thumbnail: Value, hash: Value, reviewables: bool| {
        folder(
            id,
            "Shot",
            None,
            json!({"thumbnailId": thumbnail, "thumbnailHash": hash, "hasReviewables": reviewables}),
        )
    };
    let folders = json!([
        shown("sh1", json!("thumbnail"), json!("hash-1"), false),
        shown("sh2", json!(null), json!("hash-2"), true),
        // Without a picture, the hash is the end of the id.
        shown("sh3", json!(null), json!("sh3"), false),
        shown("sh4", json!("thumbnail"), json!(null), false),
        shown("sh5", json!(null), json!(null), true),
    ]);
    holds(&server, folders, json!([]), json!([]), json!([])).await;
    let (_, film) = film(&ayon).await;
    let pictures: Vec<_> = film
        .shots
        .iter()
        .map(|it| {
            let picture = it.thumbnail.as_ref()?;
            Some((url_path(picture), picture.changes))
        })
        .collect();
    let picture = |id: &str, version: &str, changes: bool| {
        let place = format!("/api/projects/wt_demo/folders/{id}/thumbnail?placeholder=none");
        Some((format!("{place}{version}"), changes))
    };
    assert_eq!(
        pictures,
        [
            picture("sh1", "#hash-1", false),
            picture("sh2", "#hash-2", false),
            None,
            picture("sh4", "#thumbnail", false),
            picture("sh5", "", true),
        ]
    );
}

#[tokio::test]
async fn an_older_server_is_asked_for_less_of_folders() {
    for lacking in [&["thumbnailHash"][..], &["thumbnailHash", "hasReviewables"]] {
        let (server, ayon) = ayon().await;
        let lacks = |request: &Request| {
            let query = String::from_utf8_lossy(&request.body);
            lacking.iter().any(|field| query.contains(field))
        };
        let errors =
            json!([{"message": "Cannot query field 'thumbnailHash' on type 'FolderNode'."}]);
        Mock::given(Operation("Folders"))
            .and(lacks)
            .respond_with(ok(json!({"data": null, "errors": errors})))
            .mount(server.server())
            .await;
        let (_, film) = film(&ayon).await;
        assert_eq!(film.shots.len(), 230);
        let hero = film.assets.iter().find(|it| it.name == "Hero").unwrap();
        assert!(hero.thumbnail.is_some());
    }
}

#[tokio::test]
async fn a_picture_that_was_looked_for_is_not_asked_for_again() {
    let (server, ayon) = ayon().await;
    let list = ayon.project_list().await.unwrap();
    let asked = server.asked().await.len();
    let of_project = list.projects[0].thumbnail.as_ref().unwrap();
    let of_ana = list.users[0].thumbnail.as_ref().unwrap();
    for picture in [of_project, of_ana] {
        assert_eq!(fetch(&ayon, picture).await.unwrap(), PICTURE);
        assert_eq!(server.asked().await.len(), asked);
    }
    // It is given away once: who asks later gets what is there then.
    assert_eq!(fetch(&ayon, of_project).await.unwrap(), PICTURE);
    assert_eq!(server.asked().await.len(), asked + 1);
    // A part of it is the server's to give.
    ayon.project_list().await.unwrap();
    let asked = server.asked().await.len();
    let rest = MediaRequest {
        offset: 10,
        ..MediaRequest::new(of_project)
    };
    ayon.open_media(rest).await.unwrap();
    assert_eq!(server.asked().await.len(), asked + 1);
}

#[tokio::test]
async fn what_stands_for_no_picture_is_none() {
    let (server, ayon) = ayon().await;
    let thumbnail = |id: &str| {
        let place = format!("api/projects/wt_demo/folders/{id}/thumbnail");
        MediaRef::url(format!("{}/{place}?placeholder=none#1", server.url()))
    };
    let missing = thumbnail("490c4658e63211f1a03002fc00000001");
    let error = fetch(&ayon, &missing).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    // An older server may not know that we want none, and answer 203.
    Mock::given(path("/api/projects/wt_demo/folders/old/thumbnail"))
        .respond_with(ResponseTemplate::new(203).set_body_raw(PIXEL, "image/png"))
        .mount(server.server())
        .await;
    let error = fetch(&ayon, &thumbnail("old")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let svg = ResponseTemplate::new(200).set_body_raw("\n<svg></svg>", "application/octet-stream");
    Mock::given(path("/api/users/unnamed/avatar"))
        .respond_with(svg)
        .mount(server.server())
        .await;
    let unnamed = MediaRef::url(format!("{}/api/users/unnamed/avatar", server.url()));
    let error = fetch(&ayon, &unnamed).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let initials = MediaRef::url(format!("{}/api/users/bo/avatar", server.url()));
    let error = fetch(&ayon, &initials).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_server_without_pictures_of_projects_has_none() {
    let (server, ayon) = ayon().await;
    Mock::given(path("/api/projects/wt_demo/thumbnail"))
        .respond_with(refusal(404, "Not found"))
        .mount(server.server())
        .await;
    // What cannot be found out for now may be there.
    Mock::given(path("/api/users/bo/avatar"))
        .respond_with(refusal(500, "Out of order"))
        .mount(server.server())
        .await;
    let list = ayon.project_list().await.unwrap();
    assert_eq!(list.projects[0].thumbnail, None);
    let bo = list.users.iter().find(|it| it.id.as_str() == "bo").unwrap();
    assert!(bo.has_avatar);
}

#[tokio::test]
async fn pictures_nobody_wants_are_not_looked_for() {
    let (server, ayon) = ayon_with(|it| it.pictures = false).await;
    let list = ayon.project_list().await.unwrap();
    assert!(list.users.iter().all(|it| !it.has_avatar));
    let asked = server.asked().await;
    assert!(
        asked
            .iter()
            .all(|it| !it.contains("/avatar") && !it.contains("/thumbnail"))
    );
}

#[tokio::test]
async fn a_movie_is_behind_a_redirect() {
    let (server, ayon) = ayon().await;
    let (_, film) = film(&ayon).await;
    let bytes = fetch(&ayon, film.edits[0].movie.as_ref().unwrap())
        .await
        .unwrap();
    assert_eq!(bytes, movie());
    let last = server.requests().await.pop().unwrap();
    assert!(last.url.path().ends_with("/payload"));
    assert_eq!(sent(&last, "x-api-key"), Some(KEY), "it is the same server");
}

#[tokio::test]
async fn the_key_goes_to_no_other_server() {
    let elsewhere = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(movie(), "video/mp4"))
        .mount(&elsewhere)
        .await;
    let (server, ayon) = ayon().await;
    let (_, film) = film(&ayon).await;
    let signed = format!("{}/bucket/edit.mp4?signature=s3cret", elsewhere.uri());
    let movie = film.edits[0].movie.as_ref().unwrap();
    let at = url_path(movie);
    Mock::given(path(at))
        .respond_with(ResponseTemplate::new(302).insert_header("location", signed.as_str()))
        .mount(server.server())
        .await;
    fetch(&ayon, movie).await.unwrap();
    fetch(&ayon, &MediaRef::url(signed)).await.unwrap();
    let requests = elsewhere.received_requests().await.unwrap();
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert_eq!(sent(&request, "x-api-key"), None);
        assert_eq!(sent(&request, "authorization"), None);
    }
}

fn url_path(media: &MediaRef) -> String {
    let watchtower_model::MediaLocation::Url(url) = &media.location else {
        panic!("{media:?}")
    };
    let path = url.split_once("://").unwrap().1.split_once('/').unwrap().1;
    format!("/{path}")
}

#[tokio::test]
async fn media_that_is_not_ours_to_open_is_refused() {
    let (_server, ayon) = ayon().await;
    for media in [
        MediaRef::key("x"),
        MediaRef::url("ftp://ayon.example/x"),
        MediaRef::url("no address"),
    ] {
        let error = fetch(&ayon, &media).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}

#[tokio::test]
async fn what_is_left_out_is_of_a_kind_and_has_an_id() {
    let (_server, ayon) = ayon().await;
    let (_, film) = film(&ayon).await;
    let kinds: Vec<_> = film.left_out.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [EntityKind::Asset, EntityKind::Shot]);
    assert!(film.left_out.iter().all(|it| it.reason == Reason::Canceled));
}

// --- what changed --------------------------------------------------------------------------

/// The log of a server.
struct Log(Arc<Mutex<Vec<Value>>>);

impl Log {
    /// A log that holds these events, the oldest first.
    async fn of(server: &RecordedAyon, events: Vec<Value>) -> Self {
        let events = Arc::new(Mutex::new(events));
        let log = Self(Arc::clone(&events));
        let respond = move |request: &Request| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let name = body["operationName"].as_str().unwrap();
            let variables = body["variables"].as_object().unwrap();
            let rows = logged(&events.lock().unwrap(), name, variables);
            ok(json!({"data": {"events": rows.unwrap()}}))
        };
        let is_asked = |request: &Request| {
            Operation("Events").matches(request) || Operation("NewestEvents").matches(request)
        };
        let mock = Mock::given(path("/graphql")).and(is_asked);
        let mock = mock.respond_with(respond);
        mock.mount(server.server()).await;
        log
    }

    /// From now on it holds these.
    fn holds(&self, events: Vec<Value>) {
        *self.0.lock().unwrap() = events;
    }

    fn add(&self, event: Value) {
        self.0.lock().unwrap().push(event);
    }
}

/// So many events of a project, from a number on.
fn events(from: u64, count: u64) -> Vec<Value> {
    let numbers = from..from + count;
    let event = |number| event(number, "entity.task.status_changed", Some("wt_demo"));
    numbers.map(event).collect()
}

async fn since(ayon: &Ayon, mark: Option<&Mark>) -> Changes {
    ayon.changes(mark).await.unwrap()
}

fn only(list: bool, projects: &[&str]) -> Changed {
    let projects = projects.iter().map(|id| ProjectId::new(*id).unwrap());
    Changed::Only {
        list,
        projects: projects.collect(),
    }
}

#[tokio::test]
async fn events_tell_what_changed_since_a_mark() {
    let (server, ayon) = ayon().await;
    // Longer than what a mark knows of it. The last but ten is not seen yet.
    let mut whole = events(1, 150);
    let late = event(141, "link.created", Some("late"));
    let mut seen = whole.clone();
    seen.remove(140);
    let log = Log::of(&server, seen.clone()).await;
    let first = since(&ayon, None).await;
    assert_eq!(first.what, Changed::Unknown);
    let mark = first.mark.unwrap();
    assert!(!mark.as_str().contains(KEY), "{mark:?}");
    assert_eq!(since(&ayon, Some(&mark)).await.what, only(false, &[]));

    whole[140] = late;
    whole.push(event(151, "links.created", Some("film")));
    log.holds(whole);
    let told = since(&ayon, Some(&mark)).await;
    assert_eq!(told.what, only(false, &["film", "late"]));
    // They are told once, with the marks that follow; and again with the same one.
    let next = told.mark.unwrap();
    assert_eq!(since(&ayon, Some(&next)).await.what, only(false, &[]));
    assert_eq!(since(&ayon, Some(&mark)).await.what, told.what);

    // Whatever is of a project changes that project, but for what no site shows.
    for (topic, project, what) in [
        (
            "something.of.an.addon",
            Some("film"),
            only(false, &["film"]),
        ),
        ("reviewable.created", Some("film"), only(false, &["film"])),
        (
            "entity.version.created",
            Some("film"),
            only(false, &["film"]),
        ),
        (
            "entity.project.deleted",
            Some("film"),
            only(true, &["film"]),
        ),
        ("entity.project.created", None, only(true, &[])),
        ("settings.changed", None, only(true, &[])),
        ("user.created", None, only(true, &[])),
        ("entity.task.created", Some("../../etc"), only(true, &[])),
        (
            "entity.representation.created",
            Some("film"),
            only(false, &[]),
        ),
        ("inbox.message", None, only(false, &[])),
        ("server.started", None, only(false, &[])),
    ] {
        log.holds(seen.clone());
        log.add(event(151, topic, project));
        assert_eq!(since(&ayon, Some(&mark)).await.what, what, "{topic}");
    }
    // One request each.
    let asked = server.asked().await;
    assert!(
        asked.last().unwrap().starts_with("Events after"),
        "{asked:?}"
    );
    assert_eq!(asked[asked.len() - 2], asked[asked.len() - 1]);
}

#[tokio::test]
async fn more_events_than_a_page_holds_are_read_page_by_page() {
    let (server, ayon) = ayon().await;
    let log = Log::of(&server, events(1, 3)).await;
    let mark = since(&ayon, None).await.mark.unwrap();
    log.holds(events(1, 2003));
    log.add(event(2004, "entity.folder.created", Some("film")));
    let told = since(&ayon, Some(&mark)).await;
    assert_eq!(told.what, only(false, &["film", "wt_demo"]));
    let next = told.mark.unwrap();
    assert_eq!(since(&ayon, Some(&next)).await.what, only(false, &[]));
}

#[tokio::test]
async fn a_mark_that_tells_nothing_is_as_none() {
    let (server, ayon) = ayon().await;
    let unknown = |changes: Changes| changes.what == Changed::Unknown && changes.mark.is_some();
    let log = Log::of(&server, events(1, 150)).await;
    let mark = since(&ayon, None).await.mark.unwrap();
    let of_others = mark.as_str().replace("127.0.0.1", "ayon.example");
    assert!(unknown(since(&ayon, Some(&Mark::new(of_others))).await));
    assert!(unknown(since(&ayon, Some(&Mark::new("{}"))).await));
    // Pictures and people make no events: after a while everything is read for them.
    let mut old: Value = serde_json::from_str(mark.as_str()).unwrap();
    let then = old["read_all"].as_u64().unwrap();
    for (moment, is_old) in [(then, false), (then - 600, true), (then + 3600, true)] {
        old["read_all"] = moment.into();
        let changes = since(&ayon, Some(&Mark::new(old.to_string()))).await;
        assert_eq!(unknown(changes), is_old, "{moment}");
    }

    log.holds(events(200, 1));
    assert!(unknown(since(&ayon, Some(&mark)).await), "a pruned log");
    log.holds(events(1, 60));
    assert!(unknown(since(&ayon, Some(&mark)).await), "put back");
    let mut others = events(1, 150);
    for event in &mut others {
        event["id"] = format!("other-{}", event["number"]).into();
    }
    log.holds(others);
    assert!(unknown(since(&ayon, Some(&mark)).await), "another log");
    log.holds(events(1, 150));
    assert_eq!(since(&ayon, Some(&mark)).await.what, only(false, &[]));
    let refused = Mock::given(path("/graphql")).and(Operation("Events"));
    let refused = refused.respond_with(refusal(400, "Invalid cursor"));
    refused.with_priority(1).mount(server.server()).await;
    assert!(unknown(since(&ayon, Some(&mark)).await), "a bad cursor");
}

#[tokio::test]
async fn an_account_that_is_shown_its_own_events_alone_is_told_that_everything_is_read() {
    let ask = async |data: Value| {
        let (server, ayon) = ayon().await;
        let me = json!({"name": "ana", "attrib": {}, "data": data});
        let mock = Mock::given(path("/api/users/me")).respond_with(ok(me));
        mock.mount(server.server()).await;
        (since(&ayon, None).await, server.asked().await)
    };
    for rights in ["isManager", "isAdmin", "isService"] {
        let (changes, _) = ask(json!({rights: true})).await;
        assert!(changes.mark.is_some(), "{rights}");
    }
    let (changes, asked) = ask(json!({"isManager": false, "isGuest": true})).await;
    assert_eq!((&changes.what, &changes.mark), (&Changed::Unknown, &None));
    insta::assert_snapshot!(changes.note.unwrap(), @"AYON shows its log of events to managers, admins and service users alone, so everything is read each time; with such an account only what changed is");
    assert_eq!(asked, ["GET /api/users/me"]);
}

#[tokio::test]
async fn a_server_whose_log_cannot_be_asked_in_order_is_read_each_time() {
    let (server, ayon) = ayon().await;
    // Numbers that are ordered as texts, as by servers from before.
    let rows = json!([{"cursor": "9", "node": {"id": "a", "topic": "t"}}]);
    let events = json!({"events": page(rows.as_array().unwrap().clone())});
    answer(&server, "NewestEvents", events).await;
    let changes = since(&ayon, None).await;
    assert_eq!((&changes.what, &changes.mark), (&Changed::Unknown, &None));
    insta::assert_snapshot!(changes.note.unwrap(), @"this AYON has no log of events that can be asked in order, so everything is read each time; AYON 1.16 has it");

    let (server, ayon) = ayon_with(|_| {}).await;
    let errors = json!({"data": null, "errors": [{"message": "Cannot query field 'events'"}]});
    let mock = Mock::given(path("/graphql")).and(Operation("NewestEvents"));
    mock.respond_with(ok(errors)).mount(server.server()).await;
    assert!(since(&ayon, None).await.mark.is_none());
    assert!(since(&ayon, None).await.note.is_some());
}

#[tokio::test]
async fn of_many_projects_only_the_one_that_changed_is_read() {
    let (server, ayon) = ayon().await;
    // As many as there may be, each with what the one that was recorded has.
    let names: Vec<String> = (0..40).map(|it| format!("film{it}")).collect();
    let listed: Vec<_> = names.iter().map(|it| json!({"name": it})).collect();
    Mock::given(path("/api/projects"))
        .respond_with(ok(json!({"projects": listed})))
        .mount(server.server())
        .await;
    for (query, field) in [
        ("Folders", "folders"),
        ("Tasks", "tasks"),
        ("Links", "links"),
    ] {
        let respond = move |request: &Request| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let name = body["variables"]["project"].clone();
            ok(json!({"data": {"project": {"name": name, field: page(vec![])}}}))
        };
        let mock = Mock::given(path("/graphql")).and(Operation(query));
        mock.respond_with(respond).mount(server.server()).await;
    }
    let settings = |request: &Request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let name = body["variables"]["project"].clone();
        ok(json!({"data": {"project": {"name": name, "attrib": {"fps": 25.0}}}}))
    };
    let mock = Mock::given(path("/graphql")).and(Operation("Project"));
    mock.respond_with(settings).mount(server.server()).await;

    let log = Log::of(&server, events(1, 3)).await;
    let mark = since(&ayon, None).await.mark.unwrap();
    let list = ayon.project_list().await.unwrap();
    assert_eq!(list.projects.len(), 40);
    log.add(event(4, "entity.folder.created", Some("film7")));
    let before = server.requests().await.len();
    let told = since(&ayon, Some(&mark)).await;
    assert_eq!(told.what, only(false, &["film7"]));
    assert_eq!(ayon.project_list().await.unwrap(), list);
    let mut asked = server.asked().await.split_off(before);
    asked.sort();
    insta::assert_snapshot!(asked.join("\n"), @r"
    Events
    Folders
    GET /api/projects/film7/stats
    GET /api/projects?active=true
    GET /api/users/me/permissions/film7
    Project
    Tasks
    Users
    ");
    let requests = server.requests().await.split_off(before);
    let of_others = |it: &&Request| {
        let text = format!("{}{}", it.url, String::from_utf8_lossy(&it.body));
        text.contains("film") && !text.contains("film7")
    };
    assert_eq!(requests.iter().filter(of_others).count(), 0);

    // Who asks for a list without having asked the log gets one of what is there now.
    ayon.project_list().await.unwrap();
    let asked = server.asked().await.split_off(before);
    assert_eq!(asked.iter().filter(|it| **it == "Folders").count(), 1 + 40);
    // A mark of which this list is not tells nothing of it.
    ayon.changes(Some(&mark)).await.unwrap();
    let later = since(&ayon, told.mark.as_ref()).await;
    assert_eq!(later.what, only(false, &[]));
    let other = Mark::new(mark.as_str().replace("event-3", "event-2"));
    let before = server.asked().await.len();
    since(&ayon, Some(&other)).await;
    ayon.project_list().await.unwrap();
    let asked = server.asked().await.split_off(before);
    assert_eq!(asked.iter().filter(|it| **it == "Folders").count(), 40);
}
