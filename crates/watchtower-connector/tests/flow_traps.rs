//! What other programs that read Flow stumbled over, each with the test in which the connector does not.

#![allow(clippy::unwrap_used, clippy::panic)] // Helpers of tests are tests, too.

mod flow_server;

use std::time::Duration;

use flow_server::{KEY, PROJECTS, RecordedFlow, SCRIPT, body, line};
use serde_json::{Value, json};
use watchtower_connector::flow::{Credentials, Flow, FlowSettings};
use watchtower_connector::http::HttpOptions;
use watchtower_connector::{ErrorKind, Result, Tracker};
use watchtower_model::{ProjectList, ProjectSnapshot};
use wiremock::{Mock, Request, ResponseTemplate};

/// The traps, in the order in which they were found, and the tests: here, in `flow.rs`, in the connector itself,
/// or against the counterpart.
const TRAPS: [(&str, &str); 32] = [
    (
        "a task without a step",
        "a_step_is_the_type_and_without_one_the_name_is",
    ),
    (
        "a step and the name of a task are two things",
        "a_step_is_the_type_and_without_one_the_name_is",
    ),
    ("a task of nothing", "tasks_of_anything_else_are_named"),
    ("a group that has a task", "a_group_stands_for_itself"),
    (
        "null or nothing where a list is due",
        "rows_of_any_shape_lose_nothing_else",
    ),
    (
        "steps of one code for shots and assets",
        "steps_of_one_code_are_two_types",
    ),
    (
        "colours in several spellings",
        "a_colour_is_three_numbers_or_none",
    ),
    (
        "statuses that are hidden, retired, of one name",
        "a_status_is_its_code",
    ),
    ("names of statuses in another case", "a_status_is_its_code"),
    (
        "projects without `sg_status`",
        "only_archives_and_templates_are_no_productions",
    ),
    (
        "archived projects and templates in every list",
        "only_archives_and_templates_are_no_productions",
    ),
    (
        "links to what is in the trash",
        "an_item_whose_shot_is_gone_is_counted",
    ),
    (
        "hierarchies of any depth, names that repeat",
        "one_name_in_two_episodes_is_two_sequences",
    ),
    (
        "fields that are computed for the page",
        "nothing_is_asked_that_is_computed_for_the_page",
    ),
    ("three shapes of a file", "what_is_no_upload_is_no_movie"),
    (
        "a placeholder that is a picture",
        "a_placeholder_is_no_picture_and_said",
    ),
    (
        "addresses that end",
        "a_picture_is_opened_where_it_is_right_now_and_with_no_account",
    ),
    (
        "a redirect from the site to the host of files",
        "a_file_without_an_address_is_had_by_way_of_the_site",
    ),
    (
        "a duration that disagrees with in and out",
        "a_length_is_what_in_and_out_say",
    ),
    ("an out that is within", "a_length_is_what_in_and_out_say"),
    (
        "the items of a cut in the order of names",
        "a_cut_is_its_items_in_their_order",
    ),
    (
        "a cut's stale duration",
        "a_cut_is_its_items_in_their_order",
    ),
    (
        "types that are switched off",
        "lists_are_read_once_and_types_that_are_off_never",
    ),
    (
        "the name is another field in each type",
        "nothing_is_asked_that_is_computed_for_the_page",
    ),
    (
        "a filter of another class",
        "every_list_is_sorted_and_asks_for_addresses",
    ),
    (
        "a link without its type",
        "every_list_is_sorted_and_asks_for_addresses",
    ),
    (
        "an error that stays",
        "an_error_that_stays_is_asked_for_a_few_times",
    ),
    (
        "a site that never answers",
        "a_site_that_never_answers_is_given_up",
    ),
    (
        "passwords on sites that take none",
        "a_wrong_password_is_tried_once_and_never_on_a_site_that_takes_none",
    ),
    (
        "a movie of an upload that was cleared",
        "a_movie_without_its_upload_is_stale",
    ),
    (
        "an address in another spelling",
        "an_address_is_taken_as_people_write_it",
    ),
    (
        "a login page in place of an answer",
        "what_is_no_answer_of_a_site_is_told",
    ),
];

#[test]
fn each_trap_has_its_test() {
    let tests = [
        include_str!("flow_traps.rs"),
        include_str!("flow.rs"),
        include_str!("../src/flow/list.rs"),
    ];
    for (trap, test) in TRAPS {
        let definition = format!("fn {test}(");
        assert!(tests.iter().any(|it| it.contains(&definition)), "{trap}");
    }
}

/// A site with rows in place of what was recorded. Of what belongs to a project, it has no others.
async fn site(rows: Value) -> (RecordedFlow, Flow) {
    let mut all = json!({
        "Project": [{"type": "Project", "id": 70, "name": "Film"}],
        "Episode": [], "Sequence": [], "Shot": [], "Asset": [], "Task": [], "Cut": [], "CutItem": [], "Version": [],
    });
    let rows = rows.as_object().unwrap().clone();
    all.as_object_mut().unwrap().extend(rows);
    let server = RecordedFlow::start().await;
    for (entity, rows) in all.as_object().unwrap() {
        let call = format!("read {entity} 1");
        let page = json!({"results": {"entities": rows, "paging_info": {"has_next_page": false}}});
        Mock::given(move |request: &Request| line(&body(request)) == call)
            .respond_with(ResponseTemplate::new(200).set_body_json(page))
            .mount(&server.site)
            .await;
    }
    let flow = Flow::new(settings(&server)).unwrap();
    (server, flow)
}

fn settings(server: &RecordedFlow) -> FlowSettings {
    let script = Credentials::Script {
        name: SCRIPT.into(),
        key: KEY.into(),
    };
    FlowSettings {
        projects: vec![PROJECTS[0].into()],
        http: HttpOptions {
            retries: 2,
            retry_delay: Duration::from_millis(1),
            ..HttpOptions::default()
        },
        ..FlowSettings::new(server.site.uri(), script)
    }
}

async fn read(flow: &Flow) -> Result<(ProjectList, ProjectSnapshot)> {
    let list = flow.project_list().await?;
    let project = list
        .projects
        .iter()
        .find(|it| it.id.as_str() == PROJECTS[0]);
    let film = flow.project(project.unwrap(), &list).await?;
    Ok((list, film))
}

async fn film(rows: Value) -> (ProjectList, ProjectSnapshot) {
    read(&site(rows).await.1).await.unwrap()
}

/// Ids of types, names and whether they are for shots.
fn types(list: &ProjectList, ids: &[&str]) -> Vec<(String, bool)> {
    let all = list.task_types.iter();
    let of = all.filter(|it| ids.contains(&it.id.as_str()));
    of.map(|it| (it.name.clone(), it.for_shots)).collect()
}

fn link(entity: &str, id: i64) -> Value {
    json!({"type": entity, "id": id, "name": format!("{entity} {id}")})
}

#[tokio::test]
async fn a_step_is_the_type_and_without_one_the_name_is() {
    let (list, film) = film(json!({
        "Shot": [{"type": "Shot", "id": 1, "code": "1"}],
        "Task": [
            {"type": "Task", "id": 1, "content": "Anim Primary", "entity": link("Shot", 1), "step": link("Step", 5)},
            {"type": "Task", "id": 2, "content": "Anim Secondary", "entity": link("Shot", 1), "step": link("Step", 5)},
            {"type": "Task", "id": 3, "content": "Cleanup", "entity": link("Shot", 1), "step": null},
            {"type": "Task", "id": 4, "content": null, "entity": link("Shot", 1)},
        ],
    }))
    .await;
    let tasks = film.shots[0].tasks.iter();
    let mut tasks: Vec<_> = tasks
        .map(|it| (it.id.as_ref().unwrap().as_str(), it.task_type_id.as_str()))
        .collect();
    tasks.sort_unstable();
    assert_eq!(
        tasks,
        [
            ("task-1", "step-5"),
            ("task-2", "step-5"),
            ("task-3", "task-Cleanup"),
            ("task-4", "task-"),
        ]
    );
    let named = types(&list, &["step-5", "task-Cleanup", "task-"]);
    let mut names: Vec<_> = named.iter().map(|it| &*it.0).collect();
    names.sort_unstable();
    assert_eq!(names, ["Animation", "Cleanup", "Task"]);
}

#[tokio::test]
async fn tasks_of_anything_else_are_named() {
    let (_, film) = film(json!({
        "Sequence": [{"type": "Sequence", "id": 1, "code": "010"}],
        "Task": [
            {"type": "Task", "id": 1, "content": "Nowhere", "entity": null, "step": link("Step", 5)},
            {"type": "Task", "id": 2, "content": "Beats", "entity": link("Sequence", 1)},
        ],
    }))
    .await;
    let left_out = film.left_out.iter();
    let told: Vec<_> = left_out
        .map(|it| format!("{} {}: {}", it.kind, it.name, it.reason))
        .collect();
    assert_eq!(
        told,
        [
            "task Beats: neither of a shot nor of an asset",
            "task Nowhere: neither of a shot nor of an asset",
        ]
    );
}

#[tokio::test]
async fn a_group_stands_for_itself() {
    let (list, film) = film(json!({
        "Shot": [{"type": "Shot", "id": 1, "code": "1"}],
        "Task": [{"type": "Task", "id": 1, "entity": link("Shot", 1),
            "task_assignees": [{"type": "Group", "id": 11, "name": "Vendor"}, {"type": "HumanUser", "id": 11, "name": "Ada Lovelace"}]}],
    }))
    .await;
    let assignees = film.shots[0].tasks[0].assignees.iter();
    let assignees: Vec<_> = assignees.map(|it| it.as_str()).collect();
    assert_eq!(assignees, ["group-11", "person-11"]);
    let name = |id: &str| list.users.iter().find(|it| it.id.as_str() == id).unwrap();
    assert_eq!(name("group-11").name, "Vendor");
    assert_eq!(name("person-11").name, "Ada Lovelace");
}

#[tokio::test]
async fn steps_of_one_code_are_two_types() {
    let (list, film) = film(json!({
        "Step": [
            {"type": "Step", "id": 6, "code": "FX", "entity_type": "Shot", "color": "255,150,25", "list_order": 3},
            {"type": "Step", "id": 15, "code": "FX", "entity_type": "Asset", "color": "183,0,188", "list_order": 3},
        ],
        "Shot": [{"type": "Shot", "id": 1, "code": "1"}],
        "Asset": [{"type": "Asset", "id": 1, "code": "1"}],
        "Task": [
            {"type": "Task", "id": 1, "entity": link("Shot", 1), "step": link("Step", 6)},
            {"type": "Task", "id": 2, "entity": link("Asset", 1), "step": link("Step", 15)},
        ],
    }))
    .await;
    let both = types(&list, &["step-6", "step-15"]);
    assert_eq!(both, [("FX".into(), true), ("FX".into(), false)]);
    assert_eq!(film.shots[0].tasks[0].task_type_id.as_str(), "step-6");
    assert_eq!(film.assets[0].tasks[0].task_type_id.as_str(), "step-15");
}

#[tokio::test]
async fn a_status_is_its_code() {
    let (server, _) = site(json!({})).await;
    let fields = json!({"results": {"entity": {}, "sg_status_list": {"properties": {
        "valid_values": {"value": ["ip", "hld", "blk", "rev", "nr"]},
        // In a project alone.
        "hidden_values": {"value": ["hld"]},
        "display_values": {"value": {"ip": "in progress", "blk": "Blocking"}},
    }}}});
    Mock::given(|request: &Request| line(&body(request)) == "schema_field_read Task")
        .respond_with(ResponseTemplate::new(200).set_body_json(fields))
        .with_priority(1)
        .mount(&server.site)
        .await;
    let rows = json!([
        {"type": "Status", "id": 1, "code": "ip", "name": "In Progress", "bg_color": "1,2,3"},
        {"type": "Status", "id": 2, "code": "hld", "name": "On Hold"},
        {"type": "Status", "id": 3, "code": "rev", "name": "Pending Review"},
        {"type": "Status", "id": 4, "code": "nr", "name": "Pending Review"},
    ]);
    let shots = json!([{"type": "Shot", "id": 1, "code": "1"}]);
    let tasks = json!([
        {"type": "Task", "id": 1, "entity": link("Shot", 1), "sg_status_list": "blk"},
        {"type": "Task", "id": 2, "entity": link("Shot", 1), "sg_status_list": "ip"},
    ]);
    for (entity, rows) in [("Status", rows), ("Shot", shots), ("Task", tasks)] {
        let page = json!({"results": {"entities": rows, "paging_info": {"has_next_page": false}}});
        Mock::given(move |request: &Request| line(&body(request)) == format!("read {entity} 1"))
            .respond_with(ResponseTemplate::new(200).set_body_json(page))
            .with_priority(1)
            .mount(&server.site)
            .await;
    }
    let flow = Flow::new(settings(&server)).unwrap();
    let (list, film) = read(&flow).await.unwrap();
    let mut named: Vec<_> = list
        .task_statuses
        .iter()
        .map(|it| (it.id.as_str(), &*it.name))
        .collect();
    named.sort_unstable();
    assert_eq!(
        named,
        [
            // It is in the trash, and stays on the task.
            ("status-blk", "Blocking"),
            ("status-hld", "On Hold"),
            // By its code, whatever its name is elsewhere.
            ("status-ip", "In Progress"),
            ("status-nr", "Pending Review (nr)"),
            ("status-rev", "Pending Review (rev)"),
        ]
    );
    let offered = film.project.task_statuses.iter().map(|it| it.as_str());
    let mut offered: Vec<_> = offered.collect();
    offered.sort_unstable();
    // What the project hides is not among them.
    assert_eq!(
        offered,
        ["status-blk", "status-ip", "status-nr", "status-rev"]
    );
}

#[tokio::test]
async fn only_archives_and_templates_are_no_productions() {
    let (_server, flow) = site(json!({"Project": [
        {"type": "Project", "id": 1, "name": "no status", "sg_status": null, "archived": false},
        {"type": "Project", "id": 2, "name": "lost", "sg_status": "Lost", "is_demo": true},
        {"type": "Project", "id": 3, "name": "archived", "archived": true},
        {"type": "Project", "id": 4, "name": "template", "is_template": true},
        {"type": "Project", "id": 5, "name": "template project", "is_template_project": true},
    ]}))
    .await;
    let list = flow.project_list().await.unwrap();
    let names: Vec<_> = list.projects.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["lost", "no status"]);
}

/// A cut of the film, in the convention of most tools: from 1, both ends within.
fn cut() -> Value {
    json!([{"type": "Cut", "id": 1, "code": "Cut", "entity": link("Project", 70), "fps": 24.0, "revision_number": 1, "duration": 9999}])
}

fn item(id: i64, order: i64, shot: Value, edit_in: i64, edit_out: i64) -> Value {
    json!({"type": "CutItem", "id": id, "cut": link("Cut", 1), "shot": shot, "cut_order": order, "edit_in": edit_in, "edit_out": edit_out})
}

#[tokio::test]
async fn an_item_whose_shot_is_gone_is_counted() {
    let (_, film) = film(json!({
        "Shot": [{"type": "Shot", "id": 1, "code": "1"}],
        "Cut": cut(),
        "CutItem": [item(1, 1, link("Shot", 1), 1, 24), item(2, 2, Value::Null, 25, 48)],
    }))
    .await;
    assert_eq!(film.cuts[0].ranges.len(), 1);
    assert_eq!(film.cuts[0].frames, 48);
    let note = "1 item of the cut Cut v001 has no shot";
    assert!(film.notes.iter().any(|it| it == note), "{:?}", film.notes);
}

#[tokio::test]
async fn a_cut_of_what_is_in_the_trash_is_not_the_films() {
    let (server, flow) = site(json!({
        "Shot": [{"type": "Shot", "id": 1, "code": "1"}, {"type": "Shot", "id": 2, "code": "2"}],
        "Cut": [
            {"type": "Cut", "id": 1, "code": "Reel", "entity": null, "fps": 24.0},
            {"type": "Cut", "id": 2, "code": "Opening", "entity": null, "fps": 25.0},
        ],
        "CutItem": [
            item(1, 1, link("Shot", 1), 1, 24),
            {"type": "CutItem", "id": 2, "cut": link("Cut", 2), "shot": link("Shot", 1), "cut_order": 1, "edit_in": 1, "edit_out": 9},
            {"type": "CutItem", "id": 3, "cut": link("Cut", 2), "shot": link("Shot", 2), "cut_order": 2, "edit_in": 10, "edit_out": 19},
        ],
    }))
    .await;
    let trash = json!([{"type": "Sequence", "id": 9, "cuts": [link("Cut", 2)]}, {"type": "Sequence", "id": 10, "cuts": null}]);
    let trash = json!({"results": {"entities": trash, "paging_info": {"has_next_page": false}}});
    let is_it = |request: &Request| line(&body(request)) == "read Sequence 1 retired";
    Mock::given(is_it)
        .respond_with(ResponseTemplate::new(200).set_body_json(trash))
        .mount(&server.site)
        .await;
    let (_, film) = read(&flow).await.unwrap();
    // It has more shots, and would win.
    assert_eq!(film.cuts.len(), 1);
    assert_eq!(film.cuts[0].name, "Reel");
    let note = "cuts of what is in the trash do not count: Opening";
    assert!(film.notes.iter().any(|it| it == note), "{:?}", film.notes);
}

#[tokio::test]
async fn one_name_in_two_episodes_is_two_sequences() {
    let scene = json!({"type": "Scene", "id": 1, "name": "Scene A"});
    let (_, film) = film(json!({
        "Episode": [{"type": "Episode", "id": 1, "code": "E1"}, {"type": "Episode", "id": 2, "code": "E2"}],
        "Sequence": [
            {"type": "Sequence", "id": 1, "code": "SQ010", "episode": link("Episode", 1)},
            {"type": "Sequence", "id": 2, "code": "SQ010", "episode": link("Episode", 2)},
        ],
        "Shot": [
            {"type": "Shot", "id": 1, "code": "SH010", "sg_sequence": link("Sequence", 1)},
            {"type": "Shot", "id": 2, "code": "SH010", "sg_sequence": link("Sequence", 2)},
            {"type": "Shot", "id": 3, "code": "SH010", "sg_scene": scene},
            {"type": "Shot", "id": 4, "code": "SH010"},
        ],
    }))
    .await;
    let told = film.sequences.iter().map(|it| {
        let episode = it.episode_id.as_ref().map(|it| it.as_str());
        (it.id.as_str(), &*it.name, episode)
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            ("sequence-1", "SQ010", Some("episode-1")),
            ("sequence-2", "SQ010", Some("episode-2")),
            ("scene-1", "Scene A", None),
            ("project-70", "Film", None),
        ]
    );
    let homes = film.shots.iter().map(|it| it.sequence_id.as_str());
    assert_eq!(
        homes.collect::<Vec<_>>(),
        ["sequence-1", "sequence-2", "scene-1", "project-70"]
    );
}

#[tokio::test]
async fn nothing_is_asked_that_is_computed_for_the_page() {
    let (server, flow) = site(json!({})).await;
    read(&flow).await.unwrap();
    let files = server.files.received_requests().await.unwrap();
    assert!(files.is_empty(), "a list needs no file");
    let requests = server.site.received_requests().await.unwrap();
    let reads: Vec<_> = requests.iter().map(body).collect();
    let reads: Vec<_> = reads
        .iter()
        .filter(|it| it["method_name"] == "read")
        .map(|it| &it["params"][1])
        .collect();
    for args in &reads {
        for field in args["return_fields"].as_array().unwrap() {
            let field = field.as_str().unwrap();
            for computed in ["step_0", "smart_", "open_notes", "cut_items", "filmstrip"] {
                assert!(!field.starts_with(computed), "{args}");
            }
            assert!(args["type"] != "Cut" || field != "duration", "{args}");
        }
    }
    for (entity, name) in [("Project", "name"), ("Task", "content"), ("Shot", "code")] {
        let args = reads.iter().find(|it| it["type"] == entity).unwrap();
        let fields = args["return_fields"].as_array().unwrap();
        for other in ["name", "content", "code"] {
            // A project has a code as well.
            let is_asked = fields.contains(&json!(other));
            let is_due = other == name || (entity, other) == ("Project", "code");
            assert_eq!(is_asked, is_due, "{args}");
        }
    }
}

#[tokio::test]
async fn a_placeholder_is_no_picture_and_said() {
    let (server, _) = site(json!({})).await;
    let placeholder = format!(
        "{}/images/status/transient/thumbnail_pending.png",
        server.site.uri()
    );
    let page = json!({"results": {"entities": [{"type": "Shot", "id": 1, "code": "1", "image": placeholder}],
        "paging_info": {"has_next_page": false}}});
    Mock::given(|request: &Request| line(&body(request)) == "read Shot 1")
        .respond_with(ResponseTemplate::new(200).set_body_json(page))
        .with_priority(1)
        .mount(&server.site)
        .await;
    let flow = Flow::new(settings(&server)).unwrap();
    let (_, film) = read(&flow).await.unwrap();
    assert_eq!(film.shots[0].thumbnail, None);
    let is_said = film.notes.iter().any(|it| it.contains("1 picture"));
    assert!(is_said, "{:?}", film.notes);
}

#[tokio::test]
async fn a_length_is_what_in_and_out_say() {
    let (_, film) = film(json!({"Shot": [
        {"type": "Shot", "id": 1, "code": "1", "sg_cut_in": 15, "sg_cut_out": 125, "sg_cut_duration": 7},
        {"type": "Shot", "id": 2, "code": "2", "sg_cut_in": 1001, "sg_cut_out": 1001},
        {"type": "Shot", "id": 3, "code": "3", "sg_cut_in": 10, "sg_cut_out": 9, "sg_cut_duration": 7},
        {"type": "Shot", "id": 4, "code": "4", "sg_cut_in": 10, "sg_cut_duration": 0, "cut_in": 1, "cut_out": 3},
        {"type": "Shot", "id": 5, "code": "5", "sg_head_in": 993, "sg_tail_out": 1032, "sg_working_duration": 40},
    ]}))
    .await;
    let lengths: Vec<_> = film.shots.iter().map(|it| it.data.length()).collect();
    assert_eq!(lengths, [Some(111), Some(1), Some(7), Some(3), None]);
}

#[tokio::test]
async fn a_cut_is_its_items_in_their_order() {
    let (_, film) = film(json!({
        "Shot": [{"type": "Shot", "id": 1, "code": "1"}, {"type": "Shot", "id": 2, "code": "2"}],
        "Cut": cut(),
        // The first one in the cut came last.
        "CutItem": [item(1, 2, link("Shot", 1), 25, 48), item(2, 1, link("Shot", 2), 1, 24), item(3, 3, link("Shot", 2), 49, 60)],
    }))
    .await;
    let cut = &film.cuts[0];
    let ranges = cut.ranges.iter();
    let mut ranges: Vec<_> = ranges
        .map(|it| (it.shot_id.as_str(), it.frame_in, it.frame_out))
        .collect();
    ranges.sort_unstable();
    assert_eq!(ranges, [("shot-1", 24, 48), ("shot-2", 0, 24)]);
    // Not the 9999 of its duration.
    assert_eq!(cut.frames, 60);
}

#[tokio::test]
async fn an_error_that_stays_is_asked_for_a_few_times() {
    let (server, flow) = site(json!({})).await;
    Mock::given(|request: &Request| line(&body(request)) == "read Shot 1")
        .respond_with(ResponseTemplate::new(500))
        .with_priority(1)
        .mount(&server.site)
        .await;
    let error = read(&flow).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let asked = server.asked().await;
    let tries = asked.iter().filter(|it| *it == "read Shot 1").count();
    assert_eq!(tries, 3);
}

#[tokio::test]
async fn a_site_that_never_answers_is_given_up() {
    let (server, _) = site(json!({})).await;
    let never = ResponseTemplate::new(200).set_delay(Duration::from_secs(3600));
    Mock::given(|request: &Request| line(&body(request)) == "read Shot 1")
        .respond_with(never)
        .with_priority(1)
        .mount(&server.site)
        .await;
    let mut settings = settings(&server);
    settings.http.silence_timeout = Duration::from_millis(200);
    settings.http.retries = 0;
    let error = read(&Flow::new(settings).unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

#[tokio::test]
async fn a_movie_without_its_upload_is_stale() {
    let mp4 = json!({"link_type": "upload", "url": "https://s3.example/a.mp4?X-Amz-Signature=1", "name": "a.mp4",
        "content_type": "video/mp4", "type": "Attachment", "id": 1});
    let mut cut = cut();
    cut[0]["version"] = link("Version", 1);
    for (upload, has_movie) in [(Value::Null, false), (mp4.clone(), true)] {
        let (_, film) = film(json!({
            "Cut": cut,
            "Version": [{"type": "Version", "id": 1, "code": "v1", "sg_uploaded_movie": upload, "sg_uploaded_movie_mp4": mp4}],
        }))
        .await;
        assert_eq!(film.edits[0].movie.is_some(), has_movie);
    }
}
