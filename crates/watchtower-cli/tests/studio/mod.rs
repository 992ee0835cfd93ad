//! A Kitsu of one project with one shot, on 127.0.0.1, and how the command gets there.

#![allow(dead_code)] // Each test takes what it needs.

use std::process::Command;

use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

pub(crate) const PASSWORD: &str = "s3cret-pass=word";
pub(crate) const TOKEN: &str = "a-very-secret-token";

/// Where the shot's picture is.
pub(crate) const PICTURE: &str = "/pictures/thumbnails/preview-files/picture.png";

/// The command, away from the settings of whoever runs the tests.
pub(crate) fn watchtower() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchtower"));
    command.env_clear();
    command
}

/// `watchtower export kitsu` from a server.
pub(crate) fn export_kitsu(url: &str) -> Command {
    let mut command = watchtower();
    command.env("KITSU_DATA_SOURCE_URL", url);
    command.env("KITSU_DATA_SOURCE_USER_EMAIL", "td@studio.example");
    command.env("KITSU_DATA_SOURCE_USER_PASSWORD", PASSWORD);
    command.args(["export", "kitsu"]);
    command
}

pub(crate) async fn answer(server: &MockServer, place: &str, template: ResponseTemplate) {
    let mock = Mock::given(path(place)).respond_with(template);
    mock.mount(server).await;
}

async fn answer_json(server: &MockServer, place: &str, body: Value) {
    let template = ResponseTemplate::new(200).set_body_json(body);
    answer(server, place, template).await;
}

/// A server that lets us in, as Zou does.
pub(crate) async fn open_server() -> MockServer {
    open_server_for("user").await
}

/// A server that lets us in as somebody with a role.
pub(crate) async fn open_server_for(role: &str) -> MockServer {
    let server = MockServer::start().await;
    answer_json(&server, "/", json!({"api": "Zou", "version": "1.0.97"})).await;
    let login = json!({"login": true, "access_token": TOKEN, "refresh_token": TOKEN,
        "user": {"id": "u", "full_name": "TD", "role": role}});
    let login = ResponseTemplate::new(200).set_body_json(login);
    let post = Mock::given(method("POST")).and(path("/auth/login"));
    post.respond_with(login).mount(&server).await;
    let user = json!({"authenticated": true, "user": {"id": "u", "full_name": "TD", "role": role}});
    answer_json(&server, "/auth/authenticated", user).await;
    server
}

/// A server with a project, which has a shot. What a test mounts before, as the shot's picture, goes
/// first.
pub(crate) async fn add_project(server: &MockServer) {
    let context = json!({"projects": [{"id": "film", "name": "Film", "fps": "24"}],
        "persons": [], "asset_types": [], "task_types": [], "task_status": []});
    answer_json(server, "/data/user/context", context).await;
    let project = json!({"id": "film", "name": "Film", "fps": "24"});
    answer_json(server, "/data/projects/film", project).await;
    answer_json(server, "/data/projects/film/episodes", json!([])).await;
    let sequences = json!([{"id": "sequence", "name": "010"}]);
    answer_json(server, "/data/sequences", sequences).await;
    answer_json(server, "/data/assets/with-tasks", json!([])).await;
    let shots = json!([
        {"id": "shot", "name": "0010", "sequence_id": "sequence", "preview_file_id": "picture",
            "data": {"frame_in": 0, "frame_out": 24}},
        {"id": "cut", "name": "0020", "sequence_id": "sequence", "canceled": true},
    ]);
    answer_json(server, "/data/shots/with-tasks", shots).await;
    let casting = "/data/projects/film/sequences/all/casting";
    answer_json(server, casting, json!({})).await;
    answer_json(server, "/data/edits/with-tasks", json!([])).await;
    let picture = include_bytes!("../pixel.png");
    let picture = ResponseTemplate::new(200).set_body_raw(picture, "image/png");
    answer(server, PICTURE, picture).await;
}
