//! The Kitsu connector against what a real Zou 1.0.97 answered, and against what goes wrong.

#![allow(clippy::unwrap_used, clippy::panic)] // Helpers of tests are tests, too.

mod replay;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use futures_util::TryStreamExt;
use replay::Replay;
use serde_json::{Value, json};
use watchtower_connector::http::HttpOptions;
use watchtower_connector::kitsu::{Credentials, Kitsu, KitsuSettings};
use watchtower_connector::{
    Changed, Changes, Error, ErrorKind, Mark, MediaRequest, OpenedMedia, Result, Tracker,
};
use watchtower_model::place::{PlaceOptions, Timelines, Unplaced, place};
use watchtower_model::{
    EntityKind, MediaLocation, MediaRef, Project, ProjectId, ProjectList, ProjectSnapshot, Reason,
    References, Shot, ShotCasting, UserId,
};
use wiremock::matchers::{any, bearer_token, header, method, path, path_regex};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/kitsu");
const PASSWORD: &str = "pass=word=with=equals";
const TOKENS: [&str; 5] = [
    "recorded-access-token",
    "recorded-refresh-token",
    "recorded-refreshed-token",
    "recorded-bot-token",
    "old-token",
];

fn kitsu_as(replay: &Replay, credentials: Credentials) -> Kitsu {
    let settings = KitsuSettings {
        http: HttpOptions {
            retries: 2,
            retry_delay: Duration::from_millis(1),
            ..HttpOptions::default()
        },
        ..KitsuSettings::new(replay.url(), credentials)
    };
    Kitsu::new(settings).unwrap()
}

fn password(password: &str) -> Credentials {
    Credentials::Password {
        email: "admin@example.com".into(),
        password: password.into(),
    }
}

/// A Kitsu that answers as recorded, to the account that it was recorded for.
async fn kitsu() -> (Replay, Kitsu) {
    let replay = Replay::start(RECORDED).await;
    // Who we are was not recorded, but is what the login said.
    let login: Value = serde_json::from_str(include_str!("recorded/kitsu/login.json")).unwrap();
    let user = &login["response"]["body"]["user"];
    let answer =
        ResponseTemplate::new(200).set_body_json(json!({"authenticated": true, "user": user}));
    let asked = Mock::given(path("/auth/authenticated")).and(bearer_token("recorded-access-token"));
    asked.respond_with(answer).mount(replay.server()).await;
    let kitsu = kitsu_as(&replay, password(PASSWORD));
    (replay, kitsu)
}

async fn project(kitsu: &Kitsu, name: &str) -> (ProjectList, ProjectSnapshot) {
    let list = kitsu.project_list().await.unwrap();
    let project = list.projects.iter().find(|it| it.name == name).unwrap();
    let snapshot = kitsu.project(project, &list).await.unwrap();
    (list, snapshot)
}

fn json(value: &impl serde::Serialize, replay: &Replay) -> String {
    let json = serde_json::to_string_pretty(value).unwrap();
    json.replace(&replay.url(), "http://kitsu")
}

/// An error as a person sees it.
fn told(error: &Error, replay: &Replay) -> String {
    let shown = format!("{error:?} {error}");
    assert!(!shown.contains(PASSWORD), "{shown}");
    for token in TOKENS {
        assert!(!shown.contains(token), "{shown}");
    }
    let help = error
        .help()
        .map(|help| format!(" ({help})"))
        .unwrap_or_default();
    format!("{error}{help}").replace(&replay.url(), "http://kitsu")
}

fn shot<'a>(snapshot: &'a ProjectSnapshot, name: &str) -> Option<&'a Shot> {
    snapshot.shots.iter().find(|shot| shot.name == name)
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

// --- what is read --------------------------------------------------------------------------

#[tokio::test]
async fn the_account_and_the_server_are_known() {
    let (replay, kitsu) = kitsu().await;
    // The login says who we are; in a session that there is already, the server is asked.
    for asked in 0..2 {
        let account = kitsu.check().await.unwrap();
        assert_eq!(account.user.as_deref(), Some("Super Admin"));
        assert_eq!(account.server.as_deref(), Some("Zou 1.0.97"));
        let requests = replay.requests().await;
        let about_us = requests.iter().map(|it| it.url.path());
        let about_us = about_us.filter(|path| *path == "/auth/authenticated");
        assert_eq!(about_us.count(), asked);
    }
}

#[tokio::test]
async fn it_describes_itself_without_a_connection_or_a_secret() {
    let settings = KitsuSettings::new("https://kitsu.example/api", password(PASSWORD));
    assert!(!format!("{settings:?}").contains(PASSWORD));
    let kitsu = Kitsu::new(settings).unwrap();
    assert!(!format!("{kitsu:?}").contains(PASSWORD));
    let description = kitsu.describe();
    assert_eq!(description.name, "kitsu");
    assert_eq!(
        description.location.as_deref(),
        Some("https://kitsu.example/api/")
    );
    assert_eq!(description.capabilities.len(), 10);
}

#[tokio::test]
async fn the_project_list() {
    let (replay, kitsu) = kitsu().await;
    let list = kitsu.project_list().await.unwrap();
    insta::assert_snapshot!("project_list", json(&list, &replay));
    assert_eq!(
        replay.asked().await,
        ["POST /auth/login", "GET /data/user/context"]
    );
}

#[tokio::test]
async fn a_film_with_everything_that_breaks_naive_readers() {
    let (replay, kitsu) = kitsu().await;
    let (list, film) = project(&kitsu, "Nasty Film").await;
    nothing_dangles(&list, &film);
    insta::assert_snapshot!("nasty_film", json(&film, &replay));
}

#[tokio::test]
async fn a_series() {
    let (replay, kitsu) = kitsu().await;
    let (list, series) = project(&kitsu, "Small Series").await;
    nothing_dangles(&list, &series);
    insta::assert_snapshot!("small_series", json(&series, &replay));
}

/// The project with its shots on the timeline of each episode.
fn placed(film: &ProjectSnapshot) -> ProjectSnapshot {
    let mut film = film.clone();
    let options = PlaceOptions {
        timelines: Timelines::OfEpisodes,
        unplaced: Unplaced::Show,
        from_site: false,
    };
    place(&mut film, options);
    film
}

#[tokio::test]
async fn a_film_of_which_only_lengths_are_known() {
    let (replay, kitsu) = kitsu().await;
    let (list, film) = project(&kitsu, "Lengths Only").await;
    nothing_dangles(&list, &film);
    insta::assert_snapshot!("lengths_only", json(&film, &replay));
    let ends: Vec<_> = placed(&film)
        .shots
        .iter()
        .map(|it| it.data.range().unwrap())
        .collect();
    assert_eq!(ends[0].0, 0);
    assert!(
        ends.windows(2).all(|pair| pair[0].1 == pair[1].0),
        "{ends:?}"
    );
}

#[tokio::test]
async fn a_library_of_assets() {
    let (_replay, kitsu) = kitsu().await;
    let list = kitsu.project_list().await.unwrap();
    assert!(
        list.projects
            .iter()
            .any(|project| project.name == "Asset Library")
    );
}

/// Everything a snapshot refers to is in it or in the list, and in the project's own lists.
fn nothing_dangles(list: &ProjectList, snapshot: &ProjectSnapshot) {
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
    let episodes = ids(&snapshot.episodes, |it| &it.id);
    let sequences = ids(&snapshot.sequences, |it| &it.id);
    let shots = ids(&snapshot.shots, |it| &it.id);
    let assets = ids(&snapshot.assets, |it| &it.id);
    let project = &snapshot.project;
    assert!(
        project
            .asset_types
            .iter()
            .all(|id| asset_types.contains(id.as_str()))
    );
    assert!(
        project
            .task_types
            .iter()
            .all(|id| task_types.contains(id.as_str()))
    );
    assert!(
        project
            .task_statuses
            .iter()
            .all(|id| task_statuses.contains(id.as_str()))
    );
    assert!(project.team.iter().all(|id| users.contains(id.as_str())));
    for sequence in &snapshot.sequences {
        assert!(
            sequence
                .episode_id
                .iter()
                .all(|id| episodes.contains(id.as_str()))
        );
    }
    for asset in &snapshot.assets {
        assert!(asset_types.contains(asset.asset_type_id.as_str()));
        let own = &project.asset_types;
        assert!(own.is_empty() || own.contains(&asset.asset_type_id));
    }
    assert!(
        snapshot
            .shots
            .iter()
            .all(|it| sequences.contains(it.sequence_id.as_str()))
    );
    for task in snapshot.tasks() {
        assert!(task_types.contains(task.task_type_id.as_str()));
        assert!(task_statuses.contains(task.task_status_id.as_str()));
        assert!(project.task_types.is_empty() || project.task_types.contains(&task.task_type_id));
        let own = &project.task_statuses;
        assert!(own.is_empty() || own.contains(&task.task_status_id));
        assert!(task.assignees.iter().all(|id| project.team.contains(id)));
    }
    for casting in &snapshot.casting {
        assert!(shots.contains(casting.shot_id.as_str()));
        assert!(!casting.asset_ids.is_empty());
        assert!(
            casting
                .asset_ids
                .iter()
                .all(|id| assets.contains(id.as_str()))
        );
    }
    for edit in &snapshot.edits {
        assert!(
            edit.episode_id
                .iter()
                .all(|id| episodes.contains(id.as_str()))
        );
    }
}

// --- traps, on the recorded film -----------------------------------------------------------

#[tokio::test]
async fn a_shot_at_frame_0_is_a_shot() {
    let (_replay, kitsu) = kitsu().await;
    let (_, film) = project(&kitsu, "Nasty Film").await;
    assert_eq!(film.shots[0].data.frame_in, Some(0));
    assert_eq!(film.shots[0].name, "0010");
}

#[tokio::test]
async fn frame_rates_are_numbers_however_they_are_stored() {
    let (_replay, kitsu) = kitsu().await;
    let (_, film) = project(&kitsu, "Nasty Film").await;
    assert_eq!(film.project.fps.as_f64(), 23.976);
    // Kitsu knows a frame rate of this shot's own, but its range is on the film's timeline.
    let own = shot(&film, "own-fps").unwrap();
    assert_eq!(own.fps.as_f64(), 23.976);
    assert_eq!(own.data.custom["fps"], "25");
    assert_eq!(own.data.custom["max_retakes"], "3");

    for (stored, fps, note) in [
        (json!(25), 25.0, false),
        (json!("29.97"), 29.97, false),
        (json!(null), 24.0, false),
        (json!(""), 24.0, false),
        (json!("twenty"), 24.0, true),
        (json!(0), 24.0, true),
        (json!("-24"), 24.0, true),
    ] {
        let (replay, kitsu) = self::kitsu().await;
        let mut record = recorded("nasty-film-project");
        record["fps"] = stored.clone();
        let of = format!("/data/projects/{}", film.project.id);
        Mock::given(path(of))
            .respond_with(ok(record))
            .mount(replay.server())
            .await;
        let (_, film) = project(&kitsu, "Nasty Film").await;
        assert_eq!(film.project.fps.as_f64(), fps, "{stored}");
        assert_eq!(film.shots[0].fps.as_f64(), fps, "{stored}");
        let noted = film.notes.iter().any(|note| note.contains("frame rate"));
        assert_eq!(noted, note, "{stored}: {:?}", film.notes);
    }
}

/// The body of a recorded answer.
fn recorded(name: &str) -> Value {
    let text = std::fs::read_to_string(format!("{RECORDED}/{name}.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["response"]["body"].take()
}

#[tokio::test]
async fn ranges_are_read_as_people_leave_them() {
    let (_replay, kitsu) = kitsu().await;
    let (_, film) = project(&kitsu, "Nasty Film").await;
    let range = |name| shot(&film, name).and_then(|it| it.data.range());
    assert_eq!(range("text-range"), Some((10, 35)));
    assert_eq!(
        range("half-range"),
        Some((40, 52)),
        "its length says where it ends"
    );
    assert!(range("beyond-the-end").is_some());
    let mut without: Vec<_> = film
        .shots
        .iter()
        .filter(|it| it.data.range().is_none())
        .map(|it| &*it.name)
        .collect();
    without.sort_unstable();
    assert_eq!(
        without,
        [
            "backwards",
            "cleared-range",
            "data-null",
            "fraction",
            "length-only",
            "no-range",
            "null-range",
            "words"
        ]
    );
    assert!(without.iter().all(|name| range(name).is_none()));
}

#[tokio::test]
async fn what_is_cancelled_is_left_out_and_named() {
    let (_replay, kitsu) = kitsu().await;
    let (_, film) = project(&kitsu, "Nasty Film").await;
    let mut canceled: Vec<_> = film
        .left_out
        .iter()
        .filter(|it| it.reason == Reason::Canceled)
        .map(|it| (it.kind, it.name.as_str()))
        .collect();
    canceled.sort_unstable();
    assert_eq!(
        canceled,
        [
            (EntityKind::Asset, "Asset 001"),
            (EntityKind::Shot, "010 / 0020"),
            (EntityKind::Shot, "Cancelled sequence / 0010"),
            (EntityKind::Sequence, "Cancelled sequence"),
            (EntityKind::Edit, "Edit cancelled"),
        ]
    );
    let ids: HashSet<&str> = film.left_out.iter().map(|it| it.id.as_str()).collect();
    for casting in &film.casting {
        assert!(!ids.contains(casting.shot_id.as_str()));
        assert!(
            casting
                .asset_ids
                .iter()
                .all(|id| !ids.contains(id.as_str()))
        );
    }
    assert!(
        film.assets
            .iter()
            .any(|asset| asset.name == "Cancelled is null")
    );
}

#[tokio::test]
async fn assets_that_another_project_lends_are_assets_without_tasks() {
    let (replay, kitsu) = kitsu().await;
    let (_, film) = project(&kitsu, "Nasty Film").await;
    let mut assets = film.assets.iter();
    let lent = assets.find(|it| it.name == "Lent to Nasty Film").unwrap();
    assert!(lent.tasks.is_empty());
    let cast = |it: &&ShotCasting| it.asset_ids.contains(&lent.id);
    assert_eq!(film.casting.iter().filter(cast).count(), 1);

    // Before assets could be lent there was no such route.
    let id = &film.project.id;
    Mock::given(path(format!("/data/projects/{id}/assets/shared-used")))
        .respond_with(ResponseTemplate::new(404))
        .mount(replay.server())
        .await;
    let (_, film) = project(&kitsu, "Nasty Film").await;
    assert!(film.assets.iter().all(|it| it.name != "Lent to Nasty Film"));
    let note = film
        .notes
        .iter()
        .find(|note| note.contains("casting"))
        .unwrap();
    insta::assert_snapshot!(note, @"the casting names 1 asset that is neither this project's nor lent to it: Lent to Nasty Film");
}

#[tokio::test]
async fn what_is_archived_stays_where_it_is_used() {
    let (_replay, kitsu) = kitsu().await;
    let (mut list, film) = project(&kitsu, "Nasty Film").await;
    let archived = |list: &ProjectList| -> BTreeMap<String, bool> {
        let types = list
            .task_types
            .iter()
            .map(|it| (it.name.clone(), it.archived));
        let statuses = list
            .task_statuses
            .iter()
            .map(|it| (it.name.clone(), it.archived));
        let kinds = list
            .asset_types
            .iter()
            .map(|it| (it.name.clone(), it.archived));
        let users = list.users.iter().map(|it| (it.name.clone(), it.archived));
        types.chain(statuses).chain(kinds).chain(users).collect()
    };
    let all = archived(&list);
    assert!(all["Odd Archived Step"] && all["Odd Archived Status"] && all["Odd Archived Kind"]);
    assert!(all["Gone Away"] && !all["Not In Team"]);
    let mut references = References::default();
    references.add_snapshot(&film);
    list.drop_unused_archived(&references);
    let used = archived(&list);
    for name in [
        "Odd Archived Step",
        "Odd Archived Status",
        "Odd Archived Kind",
        "Gone Away",
    ] {
        assert!(used.contains_key(name), "{name} is used");
    }
    assert!(
        all.contains_key("Edit") && !used.contains_key("Edit"),
        "no shot has such a task"
    );
}

#[tokio::test]
async fn the_project_lists_what_its_tasks_use() {
    let (_replay, kitsu) = kitsu().await;
    let (list, film) = project(&kitsu, "Nasty Film").await;
    let before = list
        .projects
        .iter()
        .find(|it| it.name == "Nasty Film")
        .unwrap();
    let name = |id: &UserId| &*list.users.iter().find(|user| user.id == *id).unwrap().name;
    let joined: Vec<_> = film
        .project
        .team
        .iter()
        .filter(|id| !before.team.contains(id))
        .map(name)
        .collect();
    assert_eq!(joined, ["Not In Team"], "an assignee who has left the team");
    assert!(film.project.task_types.len() > before.task_types.len());
    assert!(film.project.asset_types.len() > before.asset_types.len());
    let (_, series) = project(&kitsu, "Small Series").await;
    assert!(
        series.project.task_types.is_empty(),
        "empty means all, and stays empty"
    );
}

#[tokio::test]
async fn pictures_are_referred_to_only_where_there_are_any() {
    let (replay, kitsu) = kitsu().await;
    let (list, film) = project(&kitsu, "Nasty Film").await;
    for user in &list.users {
        let address = format!(
            "{}/pictures/thumbnails/persons/{}.png",
            replay.url(),
            user.id
        );
        let avatar = MediaRef::url(address).changing();
        assert_eq!(
            user.thumbnail,
            user.has_avatar.then_some(avatar),
            "{}",
            user.name
        );
    }
    assert!(list.users.iter().any(|user| user.has_avatar));
    let address = format!(
        "{}/pictures/thumbnails/projects/{}.png",
        replay.url(),
        film.project.id
    );
    assert_eq!(
        film.project.thumbnail,
        Some(MediaRef::url(address).changing())
    );
    let lengths = list
        .projects
        .iter()
        .find(|it| it.name == "Lengths Only")
        .unwrap();
    assert_eq!(lengths.thumbnail, None);
    assert!(film.shots.iter().any(|shot| shot.thumbnail.is_none()));
    let mut previews = film.shots.iter().filter_map(|shot| shot.thumbnail.as_ref());
    assert!(
        previews.all(|media| !media.changes),
        "a preview is never replaced"
    );
}

#[tokio::test]
async fn edits_without_a_movie_do_no_harm() {
    let (replay, kitsu) = kitsu().await;
    let (_, film) = project(&kitsu, "Nasty Film").await;
    let edits: Vec<_> = film
        .edits
        .iter()
        .map(|edit| (edit.name.as_str(), edit.movie.is_some(), edit.frame_offset))
        .collect();
    assert_eq!(
        edits,
        [
            ("Edit", true, 12),
            ("Edit in processing", true, 0),
            ("Edit with a newer picture", true, 12),
            ("Edit broken", false, 0),
            ("Edit only a picture", false, 0),
            ("Edit without preview", false, 0),
            ("Edit without task", false, 0),
        ]
    );
    let notes: Vec<_> = film
        .notes
        .iter()
        .filter(|note| note.starts_with("the edit"))
        .collect();
    insta::assert_debug_snapshot!(notes, @r#"
    [
        "the edit Edit in processing: its newest preview is not ready (`processing`), so the movie is that of revision 1",
        "the edit Edit with a newer picture: its newest preview is no mp4 file (`png`), so the movie is that of revision 1",
        "the edit Edit broken: its preview is not ready (`broken`), so there is no movie",
        "the edit Edit only a picture: its preview is no mp4 file (`png`), so there is no movie",
        "the edit Edit without preview: it has no preview, so there is no movie",
        "the edit Edit without task: it has no preview, so there is no movie",
    ]
    "#);
    let asked = replay.asked().await;
    let previews = asked.iter().filter(|line| line.ends_with("/preview-files"));
    assert_eq!(
        previews.count(),
        7,
        "the cancelled one's are of no interest"
    );
}

#[tokio::test]
async fn the_same_data_gives_the_same_answer_in_whatever_order_it_comes() {
    let (replay, kitsu) = kitsu().await;
    let (_, film) = project(&kitsu, "Nasty Film").await;
    let expected = json(&film, &replay);
    let (replay, kitsu) = self::kitsu().await;
    for (name, of) in [
        ("nasty-film-shots", "/data/shots/with-tasks"),
        ("nasty-film-assets", "/data/assets/with-tasks"),
        ("nasty-film-edits", "/data/edits/with-tasks"),
        ("nasty-film-sequences", "/data/sequences"),
    ] {
        let mut records = recorded(name);
        let records_mut = records.as_array_mut().unwrap();
        records_mut.reverse();
        for record in records_mut {
            if let Some(tasks) = record["tasks"].as_array_mut() {
                tasks.reverse();
                for task in tasks {
                    task["assignees"].as_array_mut().unwrap().reverse();
                }
            }
        }
        Mock::given(path(of))
            .respond_with(ok(records))
            .mount(replay.server())
            .await;
    }
    let mut context = recorded("context");
    for list in [
        "projects",
        "persons",
        "asset_types",
        "task_types",
        "task_status",
    ] {
        context[list].as_array_mut().unwrap().reverse();
    }
    Mock::given(path("/data/user/context"))
        .respond_with(ok(context))
        .mount(replay.server())
        .await;
    let (_, film) = project(&kitsu, "Nasty Film").await;
    assert_eq!(json(&film, &replay), expected);
}

// --- older servers and other accounts ------------------------------------------------------

#[tokio::test]
async fn lists_that_did_not_change_are_not_sent_again() {
    let (replay, kitsu) = kitsu().await;
    let first = project(&kitsu, "Nasty Film").await;
    let received = kitsu.traffic().unwrap().bytes;
    assert_eq!(project(&kitsu, "Nasty Film").await, first);
    let again = kitsu.traffic().unwrap().bytes - received;

    let lists = [recorded("nasty-film-shots"), recorded("nasty-film-assets")];
    let lists: usize = lists.iter().map(|list| list.to_string().len()).sum();
    let lists = u64::try_from(lists).unwrap();
    assert_eq!(received - again, lists + login_size());
    let requests = replay.requests().await;
    let conditional = requests
        .iter()
        .filter(|it| it.headers.contains_key("if-none-match"));
    assert_eq!(conditional.count(), 2);
}

#[tokio::test]
async fn a_list_of_a_project_that_changed_is_sent_whatever_its_tag_says() {
    let (replay, kitsu) = kitsu().await;
    let before = event(1, 40, "task:update", None);
    Mock::given(path("/data/events/last"))
        .respond_with(ok([before.clone()].as_slice().into()))
        .up_to_n_times(1)
        .mount(replay.server())
        .await;
    let mark = kitsu.changes(None).await.unwrap().mark.unwrap();
    let (_, film) = project(&kitsu, "Nasty Film").await;
    let id = film.project.id.as_str();
    let change = event(2, 41, "shot:update", Some(id));
    Mock::given(path("/data/events/last"))
        .respond_with(ok([change, before].as_slice().into()))
        .mount(replay.server())
        .await;
    let changes = kitsu.changes(Some(&mark)).await.unwrap();
    assert_eq!(changes.what, only(false, &[id]));
    project(&kitsu, "Nasty Film").await;
    let mut requests = replay.requests().await.into_iter();
    assert!(!requests.any(|it| it.headers.contains_key("if-none-match")));
}

/// How many bytes the answer to a login has.
fn login_size() -> u64 {
    recorded("login").to_string().len().try_into().unwrap()
}

#[tokio::test]
async fn an_answer_without_a_token_is_malformed_and_not_quoted() {
    for answer in [
        json!("recorded-access-token"),
        json!({"access_token": ["recorded-access-token"]}),
    ] {
        let replay = Replay::start(RECORDED).await;
        let login = Mock::given(path("/auth/login")).respond_with(ok(answer));
        login.mount(replay.server()).await;
        let error = kitsu_as(&replay, password(PASSWORD))
            .project_list()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        insta::allow_duplicates! {
            insta::assert_snapshot!(told(&error, &replay), @"cannot log in to Kitsu: the answer does not hold a token where it should");
        }
    }
}

#[tokio::test]
async fn an_older_server_gives_the_casting_sequence_by_sequence() {
    for name in ["Nasty Film", "Small Series"] {
        let (_replay, kitsu) = kitsu().await;
        let (_, current) = project(&kitsu, name).await;
        let (replay, kitsu) = self::kitsu().await;
        let unknown = ResponseTemplate::new(404).set_body_json(recorded("unknown-route"));
        let whole = Mock::given(path_regex("/sequences/all/casting$"));
        whole.respond_with(unknown).mount(replay.server()).await;
        let (_, older) = project(&kitsu, name).await;
        assert!(!older.casting.is_empty());
        assert_eq!(older, renamed(current, &replay), "{name}");
    }
}

/// A snapshot from another replay, with the addresses of this one.
fn renamed(snapshot: ProjectSnapshot, replay: &Replay) -> ProjectSnapshot {
    let mut json = serde_json::to_value(&snapshot).unwrap();
    fn rename(value: &mut Value, to: &str) {
        match value {
            Value::String(text) if text.starts_with("http://127.0.0.1:") => {
                let path = text["http://".len()..].split_once('/').unwrap().1;
                *text = format!("{to}/{path}");
            }
            Value::Array(all) => all.iter_mut().for_each(|it| rename(it, to)),
            Value::Object(all) => all.values_mut().for_each(|it| rename(it, to)),
            _ => {}
        }
    }
    rename(&mut json, &replay.url());
    serde_json::from_value(json).unwrap()
}

#[tokio::test]
async fn a_server_from_before_edits_has_none() {
    let (replay, kitsu) = kitsu().await;
    let unknown = ResponseTemplate::new(404).set_body_json(recorded("unknown-route"));
    Mock::given(path("/data/edits/with-tasks"))
        .respond_with(unknown)
        .mount(replay.server())
        .await;
    let (_, film) = project(&kitsu, "Nasty Film").await;
    assert!(film.edits.is_empty() && !film.shots.is_empty());
}

#[tokio::test]
async fn a_bot_needs_no_login_and_asks_for_the_parts_of_the_context() {
    let replay = Replay::start(RECORDED).await;
    let bot = kitsu_as(&replay, Credentials::Token("recorded-bot-token".into()));
    let list = bot.project_list().await.unwrap();
    let asked = replay.asked().await;
    assert!(
        !asked.is_empty()
            && ["POST /auth/login", "GET /data/user/context"]
                .iter()
                .all(|it| !asked.contains(&(*it).to_owned())),
        "{asked:?}"
    );
    let (person_replay, person) = kitsu().await;
    let context = person.project_list().await.unwrap();
    let names = |list: &ProjectList| -> Vec<String> {
        list.task_types.iter().map(|it| it.name.clone()).collect()
    };
    assert_eq!(names(&list), names(&context));
    assert!(
        list.projects.len() < context.projects.len(),
        "only those it is in the team of"
    );
    assert!(list.users.iter().any(|user| user.has_avatar));
    drop(person_replay);
}

#[tokio::test]
async fn a_project_that_we_may_not_read_is_refused_by_name() {
    let replay = Replay::start(RECORDED).await;
    let bot = kitsu_as(&replay, Credentials::Token("recorded-bot-token".into()));
    let list = bot.project_list().await.unwrap();
    let refusal = ResponseTemplate::new(403).set_body_json(recorded("bot-context"));
    Mock::given(any())
        .respond_with(refusal)
        .mount(replay.server())
        .await;
    let mut secret = Project::new("Secret Film");
    secret.id = ProjectId::new("f122f3a8-6de3-48ea-a9f7-27674e96df70").unwrap();
    let error = bot.project(&secret, &list).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(
        error.operation().ends_with("of Secret Film"),
        "{}",
        error.operation()
    );
}

/// Makes Kitsu one that answers as it does to a vendor.
async fn is_for_a_vendor(replay: &Replay) {
    let refusal = || ResponseTemplate::new(403).set_body_json(recorded("bot-context"));
    let project = recorded("small-series-project")["id"].clone();
    let casting = format!(
        "/data/projects/{}/sequences/all/casting",
        project.as_str().unwrap()
    );
    for (place, answer) in [
        (casting.as_str(), refusal()),
        ("/data/edits/with-tasks", refusal()),
        ("/data/sequences", ok(json!([]))),
    ] {
        let mock = Mock::given(path(place)).respond_with(answer);
        mock.mount(replay.server()).await;
    }
}

#[tokio::test]
async fn what_a_vendor_may_not_see_is_told_and_the_rest_is_read() {
    let (replay, kitsu) = kitsu().await;
    let (_, whole) = project(&kitsu, "Small Series").await;
    is_for_a_vendor(&replay).await;
    let (list, part) = project(&kitsu, "Small Series").await;
    nothing_dangles(&list, &part);
    assert_eq!(part.episodes, whole.episodes);
    assert_eq!(part.shots, whole.shots);
    assert_eq!(part.assets, whole.assets);
    assert_eq!((part.casting, part.edits), (Vec::new(), Vec::new()));
    // Only those that have a shot are known.
    let in_use =
        |it: &watchtower_model::Sequence| whole.shots.iter().any(|shot| shot.sequence_id == it.id);
    let named: Vec<_> = whole
        .sequences
        .iter()
        .filter(|it| in_use(it))
        .cloned()
        .collect();
    assert!(!named.is_empty());
    assert_eq!(part.sequences, named);
    insta::assert_debug_snapshot!(part.notes);
}

#[tokio::test]
async fn a_check_knows_the_role_of_a_vendor() {
    let (_replay, kitsu) = kitsu().await;
    let list = kitsu.project_list().await.unwrap();
    let project = &list.projects[0];
    assert!(kitsu.restrictions(project).await.unwrap().is_empty());
    let replay = Replay::start(RECORDED).await;
    let mut user = recorded("login")["user"].clone();
    user["role"] = json!("vendor");
    let answer = ok(json!({"authenticated": true, "user": user}));
    Mock::given(path("/auth/authenticated"))
        .respond_with(answer)
        .mount(replay.server())
        .await;
    let kitsu = kitsu_as(&replay, password(PASSWORD));
    insta::assert_debug_snapshot!(kitsu.restrictions(project).await.unwrap());
}

#[tokio::test]
async fn a_project_that_is_gone_is_not_found_rather_than_empty() {
    let (replay, kitsu) = kitsu().await;
    let list = kitsu.project_list().await.unwrap();
    let mut gone = Project::new("Gone Film");
    gone.id = ProjectId::new("00000000-0000-4000-8000-000000000000").unwrap();
    let unknown = ok(json!([]));
    Mock::given(path("/data/assets/with-tasks"))
        .respond_with(unknown)
        .mount(replay.server())
        .await;
    let error = kitsu.project(&gone, &list).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(
        error.operation().ends_with("of Gone Film"),
        "{}",
        error.operation()
    );
}

#[tokio::test]
async fn a_project_id_that_leads_elsewhere_is_invalid() {
    let (replay, kitsu) = kitsu().await;
    let mut context = recorded("context");
    context["projects"][0]["id"] = json!("../../etc");
    context["projects"][0]["name"] = json!("Evil");
    Mock::given(path("/data/user/context"))
        .respond_with(ok(context))
        .mount(replay.server())
        .await;
    let error = kitsu.project_list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    insta::assert_snapshot!(told(&error, &replay), @"cannot read the project `Evil`: `../../etc` cannot name a file: it starts with a dot. Ids of projects and edits become file names and parts of addresses; use letters, digits, `-`, `_`, `.` and spaces");
}

// --- logging in ----------------------------------------------------------------------------

#[tokio::test]
async fn logins_that_are_refused_say_why() {
    let replay = Replay::start(RECORDED).await;
    let kitsu = kitsu_as(&replay, password("wrong"));
    let error = kitsu.check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    insta::assert_snapshot!(told(&error, &replay), @"cannot log in to Kitsu: the e-mail address admin@example.com or its password is wrong (check both by logging in to Kitsu in a browser)");

    let two_factors = Credentials::Password {
        email: "two@example.com".into(),
        password: "two-factors".into(),
    };
    let error = kitsu_as(&replay, two_factors).check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    insta::assert_snapshot!(told(&error, &replay), @"cannot log in to Kitsu: the account asks for a second factor, which an export cannot give (create a bot in Kitsu (main menu, Bots) and use its token instead of an e-mail address and password)");

    // The server says the same at every address.
    let broken = ResponseTemplate::new(422).set_body_json(recorded("context-broken-token"));
    let with_token = Mock::given(bearer_token("not-a-token")).respond_with(broken);
    with_token.mount(replay.server()).await;
    let bot = kitsu_as(&replay, Credentials::Token("not-a-token".into()));
    let error = bot.project_list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    insta::assert_snapshot!(told(&error, &replay), @"cannot log in to Kitsu: the bot's token is not accepted: it is wrong, expired or revoked (create a new token for the bot in Kitsu (main menu, Bots))");
}

#[tokio::test]
async fn other_reasons_to_be_refused() {
    let mut reasons = Vec::new();
    for (status, answer) in [
        (
            400,
            json!({"login": false, "too_many_failed_login_attemps": true}),
        ),
        (
            400,
            json!({"login": false, "default_password": true, "token": "recorded-access-token"}),
        ),
        (401, json!({"login": false, "unactive": true})),
        (
            200,
            json!({"login": true, "access_token": "a", "two_factor_authentication_required": true}),
        ),
        // A server on which nobody can log in is no wrong password.
        (409, json!({"login": false})),
        (
            500,
            json!({"login": false, "message": "Database doesn't seem reachable."}),
        ),
    ] {
        let replay = Replay::start(RECORDED).await;
        let answer = ResponseTemplate::new(status).set_body_json(answer);
        let login = Mock::given(path("/auth/login")).respond_with(answer);
        login.mount(replay.server()).await;
        let kitsu = kitsu_as(&replay, password(PASSWORD));
        let error = kitsu.check().await.unwrap_err();
        reasons.push((error.kind(), told(&error, &replay)));
    }
    insta::assert_debug_snapshot!(reasons, @r#"
    [
        (
            Refused,
            "cannot log in to Kitsu: too many failed logins of admin@example.com (wait a minute, and check the password)",
        ),
        (
            Refused,
            "cannot log in to Kitsu: the account admin@example.com still has the password it was created with (log in to Kitsu in a browser once and change it)",
        ),
        (
            Refused,
            "cannot log in to Kitsu: the account admin@example.com is deactivated (use another account, or have this one activated in Kitsu (main menu, People))",
        ),
        (
            Refused,
            "cannot log in to Kitsu: the account must set up a second factor before it may do anything (create a bot in Kitsu (main menu, Bots) and use its token instead of an e-mail address and password)",
        ),
        (
            Malformed,
            "cannot log in to Kitsu: http://kitsu/auth/login answers 409 Conflict",
        ),
        (
            Unavailable,
            "cannot log in to Kitsu: http://kitsu/auth/login answers 500 Internal Server Error: Database doesn't seem reachable.",
        ),
    ]
    "#);
}

#[tokio::test]
async fn credentials_that_are_missing_are_noticed_before_anything_is_sent() {
    let empty = [
        password(""),
        Credentials::Token(" ".into()),
        Credentials::Password {
            email: String::new(),
            password: "x".into(),
        },
    ];
    for credentials in empty {
        let settings = KitsuSettings::new("http://127.0.0.1:1", credentials);
        assert_eq!(Kitsu::new(settings).unwrap_err().kind(), ErrorKind::Config);
    }
}

#[tokio::test]
async fn a_wrong_password_is_sent_once_for_all_requests() {
    let replay = Replay::start(RECORDED).await;
    let kitsu = kitsu_as(&replay, password("wrong"));
    let list = ProjectList::default();
    let some = Project::new("Film");
    let calls = futures_util::future::join_all((0..5).map(|_| kitsu.project(&some, &list)));
    assert!(calls.await.into_iter().all(|result| result.is_err()));
    assert_eq!(replay.count("POST /auth/login").await, 1);
    // Somebody may have mended it meanwhile.
    assert!(kitsu.check().await.is_err());
    assert_eq!(replay.count("POST /auth/login").await, 2);
}

/// Makes the first login answer a token that later expires, and the refresh fail or not.
async fn expiring(replay: &Replay, refreshes: bool) {
    let login = ok(
        json!({"login": true, "access_token": "old-token", "refresh_token": "recorded-refresh-token"}),
    );
    Mock::given(path("/auth/login"))
        .respond_with(login)
        .up_to_n_times(1)
        .with_priority(1)
        .mount(replay.server())
        .await;
    let context = Mock::given(path("/data/user/context")).and(bearer_token("old-token"));
    context
        .respond_with(ok(recorded("context")))
        .with_priority(1)
        .mount(replay.server())
        .await;
    let expired = ResponseTemplate::new(401).set_body_json(recorded("context-expired-token"));
    Mock::given(bearer_token("old-token"))
        .respond_with(expired.clone())
        .mount(replay.server())
        .await;
    let refreshed = ok(json!({"access_token": "recorded-access-token"}));
    let answer = if refreshes { refreshed } else { expired };
    Mock::given(path("/auth/refresh-token"))
        .respond_with(answer)
        .mount(replay.server())
        .await;
}

#[tokio::test]
async fn a_session_that_expires_midway_is_renewed_once_for_all() {
    let (replay, kitsu) = kitsu().await;
    expiring(&replay, true).await;
    let (_, film) = project(&kitsu, "Nasty Film").await;
    assert!(!film.shots.is_empty());
    assert_eq!(replay.count("POST /auth/login").await, 1);
    assert_eq!(replay.count("GET /auth/refresh-token").await, 1);
    let refused = replay
        .requests()
        .await
        .into_iter()
        .filter(|it| has_token(it, "old-token"));
    assert!(refused.count() > 3, "several requests had found out");
}

fn has_token(request: &Request, token: &str) -> bool {
    let sent = request.headers.get("authorization");
    sent.is_some_and(|sent| sent == &format!("Bearer {token}"))
}

#[tokio::test]
async fn a_session_that_cannot_be_refreshed_is_begun_anew() {
    let (replay, kitsu) = kitsu().await;
    expiring(&replay, false).await;
    let (_, film) = project(&kitsu, "Nasty Film").await;
    assert!(!film.shots.is_empty());
    assert_eq!(replay.count("GET /auth/refresh-token").await, 1);
    assert_eq!(replay.count("POST /auth/login").await, 2);
}

/// Makes a path answer that the server is busy.
async fn busy(replay: &Replay, at: &str) {
    let answer = ResponseTemplate::new(503);
    let mock = Mock::given(path(at)).respond_with(answer).with_priority(2);
    mock.mount(replay.server()).await;
}

#[tokio::test]
async fn a_session_that_cannot_be_refreshed_for_now_is_begun_anew() {
    let (replay, kitsu) = kitsu().await;
    busy(&replay, "/auth/refresh-token").await;
    expiring(&replay, false).await;
    let (_, film) = project(&kitsu, "Nasty Film").await;
    assert!(!film.shots.is_empty());
    assert_eq!(replay.count("POST /auth/login").await, 2);
}

#[tokio::test]
async fn a_session_that_cannot_be_had_fails_once_for_all() {
    let (replay, kitsu) = kitsu().await;
    busy(&replay, "/auth/refresh-token").await;
    expiring(&replay, false).await;
    busy(&replay, "/auth/login").await;
    let list = kitsu.project_list().await.unwrap();
    let logins = replay.count("POST /auth/login").await;
    let some = list.projects[0].clone();
    let calls = futures_util::future::join_all((0..5).map(|_| kitsu.project(&some, &list)));
    for error in calls.await.into_iter().map(|it| it.unwrap_err()) {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    }
    let once = replay.count("POST /auth/login").await - logins;
    let refreshes = replay.count("GET /auth/refresh-token").await;
    // With as many repetitions as one request has.
    assert_eq!((once, refreshes), (once.min(4), refreshes.min(4)));
    // Whoever begins anew tries again.
    assert!(kitsu.check().await.is_err());
    assert!(replay.count("POST /auth/login").await > logins + once);
}

#[tokio::test]
async fn a_session_that_is_never_accepted_is_not_begun_for_ever() {
    let (replay, kitsu) = kitsu().await;
    let expired = ResponseTemplate::new(401).set_body_json(recorded("context-expired-token"));
    Mock::given(bearer_token("recorded-access-token"))
        .respond_with(expired)
        .mount(replay.server())
        .await;
    let error = kitsu.project_list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    insta::assert_snapshot!(told(&error, &replay), @"cannot list the projects: http://kitsu/data/user/context answers 401 Unauthorized: Signature has expired");
    assert!(replay.count("POST /auth/login").await <= 2);
}

#[tokio::test]
async fn a_refresh_that_is_no_good_ends_in_a_login() {
    let (replay, kitsu) = kitsu().await;
    Mock::given(path("/auth/refresh-token"))
        .respond_with(ok(json!({"access_token": "old-token"})))
        .with_priority(1)
        .mount(replay.server())
        .await;
    expiring(&replay, true).await;
    let (_, film) = project(&kitsu, "Nasty Film").await;
    assert!(!film.shots.is_empty());
    assert_eq!(replay.count("GET /auth/refresh-token").await, 1);
    assert_eq!(replay.count("POST /auth/login").await, 2);
}

// --- wrong addresses, broken servers -------------------------------------------------------

#[tokio::test]
async fn a_web_page_is_not_kitsu() {
    let (replay, kitsu) = kitsu().await;
    let page =
        ResponseTemplate::new(200).set_body_raw("<!DOCTYPE html><title>Kitsu</title>", "text/html");
    Mock::given(path("/"))
        .respond_with(page.clone())
        .mount(replay.server())
        .await;
    let error = kitsu.check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    insta::assert_snapshot!(told(&error, &replay), @"cannot reach Kitsu: http://kitsu/ is a web page, where JSON is due: is the base address right? (give the address of Kitsu's API: behind Kitsu's usual web server that is the address in the browser with /api, as in https://kitsu.example/api)");
    // nginx takes no POST for its pages.
    let page = ResponseTemplate::new(405).set_body_raw("<html>Not Allowed</html>", "text/html");
    Mock::given(method("POST"))
        .respond_with(page)
        .mount(replay.server())
        .await;
    let error = kitsu.project_list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    insta::assert_snapshot!(told(&error, &replay), @"cannot log in to Kitsu: http://kitsu/auth/login is a web page, where JSON is due: is the base address right? (give the address of Kitsu's API: behind Kitsu's usual web server that is the address in the browser with /api, as in https://kitsu.example/api)");
}

#[tokio::test]
async fn another_server_is_not_kitsu() {
    for answer in [
        ok(json!({"name": "something else"})),
        ResponseTemplate::new(404),
    ] {
        let (replay, kitsu) = kitsu().await;
        Mock::given(path("/"))
            .respond_with(answer)
            .mount(replay.server())
            .await;
        let error = kitsu.check().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        insta::allow_duplicates! {
            insta::assert_snapshot!(told(&error, &replay), @"cannot reach Kitsu: what answers at http://kitsu/ is not Zou, Kitsu's server (give the address of Kitsu's API: behind Kitsu's usual web server that is the address in the browser with /api, as in https://kitsu.example/api)");
        }
    }
}

async fn read_with(
    asked: &str,
    answer: ResponseTemplate,
    times: u64,
) -> (Replay, Result<ProjectSnapshot>, Kitsu) {
    let (replay, kitsu) = kitsu().await;
    let mock = Mock::given(path(asked)).respond_with(answer);
    mock.up_to_n_times(times).mount(replay.server()).await;
    let list = kitsu.project_list().await.unwrap();
    let film = list
        .projects
        .iter()
        .find(|it| it.name == "Nasty Film")
        .unwrap();
    let snapshot = kitsu.project(film, &list).await;
    (replay, snapshot, kitsu)
}

#[tokio::test]
async fn a_list_that_ends_in_the_middle_is_malformed() {
    let whole = recorded("nasty-film-shots").to_string();
    let cut = ResponseTemplate::new(200).set_body_raw(whole[..5000].to_owned(), "application/json");
    let (replay, snapshot, _) = read_with("/data/shots/with-tasks", cut, u64::MAX).await;
    let error = snapshot.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    insta::assert_snapshot!(told(&error, &replay), @"cannot read the shots of Nasty Film: the JSON of http://kitsu/data/shots/with-tasks ends in the middle, after 5000 bytes");
}

#[tokio::test]
async fn records_of_another_shape_are_malformed() {
    let answer = ok(json!([{"id": "1", "name": "0010"}, {"id": 2}]));
    let (replay, snapshot, _) = read_with("/data/shots/with-tasks", answer, u64::MAX).await;
    let error = snapshot.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    insta::assert_snapshot!(told(&error, &replay), @"cannot read the shots of Nasty Film: the answer of http://kitsu/data/shots/with-tasks is not as expected at `[1].id`: invalid type: integer `2`, expected a string at line 1 column 33");
}

#[tokio::test]
async fn a_server_that_is_busy_or_fails_for_a_moment_is_asked_again() {
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "1");
    let failing = ResponseTemplate::new(500).set_body_json(json!({"error": true}));
    for answer in [busy, failing] {
        let (_replay, snapshot, kitsu) = read_with("/data/assets/with-tasks", answer, 1).await;
        assert!(!snapshot.unwrap().assets.is_empty());
        assert_eq!(kitsu.traffic().unwrap().retries, 1);
    }
}

#[tokio::test]
async fn a_server_that_goes_on_failing_is_unavailable() {
    let failing = ResponseTemplate::new(500)
        .set_body_json(json!({"error": true, "message": "Internal server error."}));
    let (replay, snapshot, _) = read_with("/data/assets/with-tasks", failing, u64::MAX).await;
    let error = snapshot.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    insta::assert_snapshot!(told(&error, &replay), @"cannot read the assets of Nasty Film: http://kitsu/data/assets/with-tasks answers 500 Internal Server Error: Internal server error.");
}

// --- media ---------------------------------------------------------------------------------

async fn bytes(kitsu: &Kitsu, media: &MediaRef) -> Result<Vec<u8>> {
    match kitsu.open_media(MediaRequest::new(media)).await? {
        OpenedMedia::Stream(media) => {
            let chunks: Vec<_> = media.bytes.try_collect().await?;
            Ok(chunks.concat())
        }
        OpenedMedia::Unchanged => panic!("nothing was known"),
    }
}

#[tokio::test]
async fn pictures_and_movies_are_opened_with_the_session() {
    let (_replay, kitsu) = kitsu().await;
    let (list, film) = project(&kitsu, "Nasty Film").await;
    let picture = film
        .shots
        .iter()
        .find_map(|shot| shot.thumbnail.as_ref())
        .unwrap();
    assert!(
        bytes(&kitsu, picture)
            .await
            .unwrap()
            .starts_with(b"\x89PNG")
    );
    let movie = film.edits[0].movie.as_ref().unwrap();
    assert_eq!(&bytes(&kitsu, movie).await.unwrap()[4..8], b"ftyp");
    // Kitsu knows of a picture, and its storage has lost it.
    let lost = list
        .users
        .iter()
        .find(|user| user.name == "Lost Avatar")
        .unwrap();
    let error = bytes(&kitsu, lost.thumbnail.as_ref().unwrap())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_picture_that_did_not_change_is_not_sent() {
    let (_replay, kitsu) = kitsu().await;
    let list = kitsu.project_list().await.unwrap();
    let mut unchanged = 0;
    for media in list.users.iter().filter_map(|user| user.thumbnail.as_ref()) {
        let Ok(OpenedMedia::Stream(first)) = kitsu.open_media(MediaRequest::new(media)).await
        else {
            continue;
        };
        let again = MediaRequest {
            media,
            known: first.tag.as_deref(),
            offset: 0,
        };
        let again = kitsu.open_media(again).await.unwrap();
        assert!(matches!(again, OpenedMedia::Unchanged), "{media:?}");
        unchanged += 1;
    }
    assert!(unchanged > 2);
}

#[tokio::test]
async fn a_movie_that_was_not_made_smaller_is_had_in_full_size() {
    let (replay, kitsu) = kitsu().await;
    let (_, series) = project(&kitsu, "Small Series").await;
    let missing =
        ResponseTemplate::new(404).set_body_json(json!({"message": "Preview file was not found."}));
    Mock::given(path_regex("^/movies/low/"))
        .respond_with(missing)
        .mount(replay.server())
        .await;
    let movie = series.edits[0].movie.as_ref().unwrap();
    let MediaLocation::Url(url) = &movie.location else {
        panic!("{movie:?}");
    };
    assert!(url.contains("/movies/low/preview-files/"), "{url}");
    assert_eq!(&bytes(&kitsu, movie).await.unwrap()[4..8], b"ftyp");
}

#[tokio::test]
async fn another_origin_never_sees_who_we_are() {
    let (replay, kitsu) = kitsu().await;
    kitsu.check().await.unwrap();
    let elsewhere = MockServer::start().await;
    let picture = ResponseTemplate::new(200).set_body_raw(*b"picture", "image/png");
    Mock::given(any())
        .respond_with(picture)
        .mount(&elsewhere)
        .await;
    let there = format!("{}/picture.png", elsewhere.uri());
    let sent_on = ResponseTemplate::new(302).insert_header("location", there.as_str());
    let asked = Mock::given(path("/sent-on.png"))
        .and(header("authorization", "Bearer recorded-access-token"));
    asked.respond_with(sent_on).mount(replay.server()).await;
    let through_us = MediaRef::url(format!("{}/sent-on.png", replay.url()));
    for media in [MediaRef::url(&there), through_us] {
        assert_eq!(bytes(&kitsu, &media).await.unwrap(), b"picture");
    }
    let requests = elsewhere.received_requests().await.unwrap();
    assert_eq!(requests.len(), 2);
    for request in requests {
        let shown = format!("{request:?}");
        assert!(!shown.contains("token"), "{shown}");
        assert!(!request.headers.contains_key("authorization"));
        assert!(!request.headers.contains_key("referer"));
    }
}

#[tokio::test]
async fn another_origin_that_refuses_us_does_not_end_the_session() {
    let (replay, kitsu) = kitsu().await;
    let elsewhere = MockServer::start().await;
    let refused = ResponseTemplate::new(401);
    Mock::given(any())
        .respond_with(refused)
        .mount(&elsewhere)
        .await;
    let sent_on = ResponseTemplate::new(302).insert_header("location", elsewhere.uri().as_str());
    Mock::given(path("/sent-on.png"))
        .respond_with(sent_on)
        .mount(replay.server())
        .await;
    let picture = MediaRef::url(format!("{}/sent-on.png", replay.url()));
    let error = bytes(&kitsu, &picture).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(
        replay.asked().await,
        ["POST /auth/login", "GET /sent-on.png"]
    );
}

#[tokio::test]
async fn media_that_is_not_kitsu_s_is_unsupported() {
    let (_replay, kitsu) = kitsu().await;
    for media in [
        MediaRef::file("/etc/hostname"),
        MediaRef::key("a"),
        MediaRef::site("data/a.png"),
        MediaRef::url("file:///etc/hostname"),
        MediaRef::url("no address"),
    ] {
        let error = bytes(&kitsu, &media).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{media:?}");
    }
}

// --- what changed ----------------------------------------------------------------------------

/// The log of a server that answers nothing else but who we are.
struct Log {
    server: MockServer,
    kitsu: Kitsu,
}

fn event(id: u32, second: u32, name: &str, project: Option<&str>) -> Value {
    json!({
        "id": format!("event-{id}"),
        "created_at": format!("2026-11-28T05:34:{second:02}"),
        "name": name,
        "user_id": "admin",
        "project_id": project,
        "data": {},
    })
}

impl Log {
    async fn of(role: &str) -> Self {
        let server = MockServer::start().await;
        let user = json!({"authenticated": true, "user": {"id": "bot", "role": role}});
        Mock::given(path("/auth/authenticated"))
            .respond_with(ok(user))
            .with_priority(1)
            .mount(&server)
            .await;
        let bot = Credentials::Token("a-token".into());
        let kitsu = Kitsu::new(KitsuSettings::new(server.uri(), bot)).unwrap();
        Self { server, kitsu }
    }

    /// From now on the log is these events, the newest first; or another answer.
    async fn answers(&self, answer: ResponseTemplate) {
        self.server.reset().await;
        let user = json!({"authenticated": true, "user": {"id": "bot", "role": "admin"}});
        Mock::given(path("/auth/authenticated"))
            .respond_with(ok(user))
            .mount(&self.server)
            .await;
        Mock::given(path("/data/events/last"))
            .respond_with(answer)
            .mount(&self.server)
            .await;
    }

    async fn holds(&self, events: &[Value]) {
        self.answers(ok(events.into())).await;
    }

    async fn since(&self, mark: Option<&Mark>) -> Changes {
        self.kitsu.changes(mark).await.unwrap()
    }
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
    let log = Log::of("admin").await;
    let old = event(1, 10, "task:update", Some("film"));
    let at_the_mark = event(2, 40, "task:update", Some("film"));
    log.holds(&[at_the_mark.clone(), old.clone()]).await;
    let first = log.since(None).await;
    assert_eq!(first.what, Changed::Unknown);
    let mark = first.mark.unwrap();
    assert!(!mark.as_str().contains("a-token"), "{mark:?}");
    assert_eq!(log.since(Some(&mark)).await.what, only(false, &[]));

    // In the very second of the mark, and one that came to be seen later than its time says.
    let same_second = event(3, 40, "shot:update", Some("series"));
    let late = event(4, 25, "shot:update", Some("short"));
    let events = [same_second, at_the_mark.clone(), late, old.clone()];
    log.holds(&events).await;
    let told = log.since(Some(&mark)).await;
    assert_eq!(told.what, only(false, &["series", "short"]));
    // They are told once, with the marks that follow; and again with the same one.
    let next = told.mark.unwrap();
    assert_eq!(log.since(Some(&next)).await.what, only(false, &[]));
    assert_eq!(log.since(Some(&mark)).await.what, told.what);

    // What belongs to no project changes what projects share; what nobody is shown changes nothing.
    let mut login = event(6, 51, "person:update", None);
    login["user_id"] = Value::Null;
    login["data"] = json!({"person_id": "bot"});
    let news = event(7, 52, "news:new", Some("film"));
    let ours = [news, login, at_the_mark.clone()];
    log.holds(&ours).await;
    assert_eq!(log.since(Some(&mark)).await.what, only(false, &[]));
    let avatar = event(5, 50, "person:set-thumbnail", None);
    log.holds(&[avatar, at_the_mark.clone()]).await;
    assert_eq!(log.since(Some(&mark)).await.what, Changed::Unknown);
    let status = event(5, 50, "task-status:update", None);
    log.holds(&[status, at_the_mark.clone()]).await;
    assert_eq!(log.since(Some(&mark)).await.what, only(true, &[]));

    // One request each.
    let requests = log.server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    let query = requests[0].url.query().unwrap();
    assert_eq!(query, "limit=1000&after=2026-11-28T05%3A34%3A09");
}

/// A script can make a thousand events in half a minute, and then nothing happens all night.
#[tokio::test]
async fn a_log_that_ends_in_a_rush_tells_nothing_that_is_old() {
    for count in [99, 100, 101, 999, 1000, 3000] {
        let second = |id| 59 - id * 40 / count;
        let person = |id| event(id, second(id), "person:new", None);
        let events: Vec<_> = (0..count).map(person).collect();
        let log = Log::of("admin").await;
        let answer = move |request: &Request| {
            let asked: HashMap<_, _> = request.url.query_pairs().collect();
            let limit = asked["limit"].parse().unwrap();
            // Zou compares with more digits than it writes, so what is of that very second comes along.
            let after = asked.get("after").map_or("", |it| it.as_ref());
            let is_after = |it: &&Value| it["created_at"].as_str().unwrap() >= after;
            let told: Vec<_> = events.iter().filter(is_after).take(limit).collect();
            ok(json!(told))
        };
        Mock::given(path("/data/events/last"))
            .respond_with(answer)
            .mount(&log.server)
            .await;
        let mark = log.since(None).await.mark;
        let told = log.since(mark.as_ref()).await;
        assert_eq!(told.what, only(false, &[]), "{count} events");
    }
}

#[tokio::test]
async fn a_mark_that_tells_nothing_is_as_none() {
    let log = Log::of("admin").await;
    let newest = event(2, 40, "task:update", Some("film"));
    log.holds(std::slice::from_ref(&newest)).await;
    let mark = log.since(None).await.mark.unwrap();
    let unknown = |changes: Changes| changes.what == Changed::Unknown && changes.mark.is_some();

    let later = event(3, 50, "task:update", Some("film"));
    log.holds(&[later]).await;
    assert!(unknown(log.since(Some(&mark)).await), "a pruned log");
    let many: Vec<_> = (0..1000)
        .map(|id| event(id, 50, "task:update", None))
        .collect();
    log.holds(&many).await;
    assert!(
        unknown(log.since(Some(&mark)).await),
        "more than one answer holds"
    );
    // By an hour and more; and what is known by now is of a time that is yet to come.
    let at = |events: &[Value]| {
        let answer = ok(events.into());
        answer.insert_header("date", "Sat, 28 Nov 2026 04:00:10 GMT")
    };
    log.answers(at(std::slice::from_ref(&newest))).await;
    let back = log.since(Some(&mark)).await;
    assert!(unknown(back.clone()), "a clock that was set back");
    let mut now = event(4, 40, "task:update", Some("film"));
    now["created_at"] = json!("2026-11-28T04:00:05");
    log.answers(at(&[newest.clone(), now])).await;
    let told = log.since(back.mark.as_ref()).await;
    assert_eq!(told.what, only(false, &["film"]), "it is back only once");
    assert_eq!(log.since(told.mark.as_ref()).await.what, only(false, &[]));

    log.holds(&[newest]).await;
    let of_others = mark.as_str().replace("127.0.0.1", "kitsu.example");
    assert!(
        unknown(log.since(Some(&Mark::new(of_others))).await),
        "another server"
    );
    assert!(
        unknown(log.since(Some(&Mark::new("{}"))).await),
        "no mark of ours"
    );
    assert_eq!(log.since(Some(&mark)).await.what, only(false, &[]));
}

#[tokio::test]
async fn an_event_that_comes_late_is_seen_whatever_was_known() {
    let log = Log::of("admin").await;
    let newest = event(1, 40, "task:update", Some("film"));
    log.holds(std::slice::from_ref(&newest)).await;
    let mark = log.since(None).await.mark.unwrap();
    log.holds(&[newest, event(2, 11, "shot:update", Some("short"))])
        .await;
    let told = log.since(Some(&mark)).await;
    assert_eq!(told.what, only(false, &["short"]));
    // The log is asked from before that on.
    let requests = log.server.received_requests().await.unwrap();
    let query = requests[0].url.query().unwrap();
    assert_eq!(query, "limit=1000&after=2026-11-28T05%3A34%3A09");
}

#[tokio::test]
async fn an_account_that_may_not_read_the_log_is_told_once_why_everything_is_read() {
    let log = Log::of("user").await;
    log.answers(ResponseTemplate::new(403)).await;
    let changes = log.since(None).await;
    assert_eq!((&changes.what, &changes.mark), (&Changed::Unknown, &None));
    insta::assert_snapshot!(changes.note.unwrap(), @"Kitsu shows its log of events to admins and managers alone, so everything is read each time; with an account of such a role only what changed is");
    // Servers from before there was a log.
    log.answers(ResponseTemplate::new(404)).await;
    let changes = log.since(None).await;
    assert_eq!((&changes.what, &changes.mark), (&Changed::Unknown, &None));
    insta::assert_snapshot!(changes.note.unwrap(), @"this Kitsu has no log of events that can be asked, so everything is read each time");
}

#[tokio::test]
async fn an_asset_that_is_lent_changes_those_who_show_it() {
    let log = Log::of("admin").await;
    let before = event(1, 40, "task:update", Some("film"));
    log.holds(std::slice::from_ref(&before)).await;
    let mark = log.since(None).await.mark.unwrap();
    log.holds(&[event(2, 45, "asset:update", Some("library")), before])
        .await;
    // Nobody has read yet who shows assets of others.
    assert_eq!(log.since(Some(&mark)).await.what, Changed::Unknown);
}
