//! A server on 127.0.0.1 that answers as Foobar would.

#![allow(dead_code)] // Each test takes what it needs.

use serde_json::{Value, json};
use wiremock::matchers::{any, bearer_token, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// The picture of the shot 0010.
pub(crate) const PICTURE: &[u8] = include_bytes!("../ayon_server/picture.png");

/// The key that opens it.
pub(crate) const KEY: &str = "a-key-of-foobar";

/// A Foobar with one film. Who has not the key gets nothing.
pub(crate) async fn server() -> MockServer {
    let server = MockServer::start().await;
    mount(&server).await;
    server
}

/// Lets a server answer as Foobar does.
pub(crate) async fn mount(server: &MockServer) {
    for (document, answer) in [
        (
            "me",
            json!({"id": "p2", "name": "Export Bot", "picture": null}),
        ),
        ("context", context()),
        ("projects/salt/sequences", sequences()),
        ("projects/salt/assets", assets()),
        ("projects/salt/shots", shots()),
        ("projects/salt/casting", casting()),
        (
            "projects/salt/edit",
            json!({"version": 7, "movie": "edit_v7.mp4"}),
        ),
    ] {
        answer_with(
            server,
            document,
            ResponseTemplate::new(200).set_body_json(answer),
        )
        .await;
    }
    let picture = ResponseTemplate::new(200).set_body_raw(PICTURE, "image/png");
    answer_with(server, "files/0010.png", picture).await;

    let refusal = ResponseTemplate::new(401).set_body_json(json!({"error": "who are you?"}));
    Mock::given(any())
        .respond_with(refusal)
        .with_priority(255)
        .mount(server)
        .await;
    let nothing = ResponseTemplate::new(404).set_body_json(json!({"error": "no such thing"}));
    let known = Mock::given(bearer_token(KEY)).respond_with(nothing);
    known.with_priority(254).mount(server).await;
}

/// Answers a document or file; what is mounted first goes first.
pub(crate) async fn answer_with(server: &MockServer, document: &str, answer: ResponseTemplate) {
    let asked = Mock::given(path(format!("/api/{document}"))).and(bearer_token(KEY));
    asked.respond_with(answer).mount(server).await;
}

fn context() -> Value {
    json!({
        "projects": [{
            "id": "salt", "title": "The Salt Lantern", "fps": "25",
            "people": ["p1"], "picture": "cover.png",
        }],
        "asset_types": [{"id": "character", "name": "Character"}],
        "task_types": [
            {"id": "modeling", "name": "Modeling", "color": "#78909C"},
            {"id": "animation", "name": "Animation", "color": "#096", "for_shots": true},
        ],
        "task_statuses": [{"id": "done", "name": "Done", "color": "#22D160"}],
        "people": [
            {"id": "p1", "name": "Jade Doe", "picture": "jade.png"},
            {"id": "p2", "name": "Export Bot", "picture": null},
        ],
    })
}

fn sequences() -> Value {
    json!([{"id": "harbour", "name": "Harbour"}])
}

fn assets() -> Value {
    let task = json!({"task_type_id": "modeling", "task_status_id": "done", "assignees": ["p1"]});
    json!([{
        "id": "ottilie", "name": "Ottilie", "asset_type": "character",
        "picture": null, "tasks": [task],
    }])
}

fn shots() -> Value {
    let shot = |name: &str, first_frame: Option<i64>, last_frame: Option<i64>, omitted: bool| {
        json!({
            "id": format!("harbour-{name}"), "name": name, "sequence": "harbour",
            "omitted": omitted, "first_frame": first_frame, "last_frame": last_frame,
            "picture": format!("{name}.png"),
            "tasks": [{"task_type_id": "animation", "task_status_id": "done"}],
        })
    };
    json!([
        shot("0010", Some(1), Some(48), false),
        shot("0020", Some(49), Some(49), false),
        shot("0030", Some(50), Some(90), true),
        shot("0040", None, None, false),
        shot("0050", Some(60), Some(50), false),
    ])
}

fn casting() -> Value {
    json!([
        {"shot_id": "harbour-0010", "asset_ids": ["ottilie"]},
        {"shot_id": "harbour-0030", "asset_ids": ["ottilie"]},
    ])
}
