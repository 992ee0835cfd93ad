//! The connector of the tutorial, against a server that answers as Foobar would.

#![allow(clippy::unwrap_used, clippy::panic)] // Helpers of tests are tests, too.

#[path = "../examples/foobar/foobar.rs"]
mod foobar;
mod foobar_server;

use foobar::Foobar;
use foobar_server::{KEY, PICTURE, answer_with, server};
use futures_util::TryStreamExt;
use serde_json::json;
use watchtower_connector::{ErrorKind, MediaRequest, OpenedMedia, Tracker};
use watchtower_model::MediaRef;
use wiremock::{MockServer, ResponseTemplate};

#[tokio::test]
async fn a_film_is_read() {
    let server = server().await;
    let foobar = Foobar::new(&format!("{}/api", server.uri()), &KEY.into()).unwrap();
    assert_eq!(
        foobar.check().await.unwrap().user.as_deref(),
        Some("Export Bot")
    );
    let list = foobar.project_list().await.unwrap();
    let film = foobar.project(&list.projects[0], &list).await.unwrap();
    insta::assert_json_snapshot!("list", list);
    insta::assert_json_snapshot!("film", film);
}

#[tokio::test]
async fn a_picture_is_opened() {
    let server = server().await;
    let foobar = Foobar::new(&format!("{}/api", server.uri()), &KEY.into()).unwrap();
    let open = async |media| foobar.open_media(MediaRequest::new(&media)).await;

    let OpenedMedia::Stream(media) = open(MediaRef::key("0010.png")).await.unwrap() else {
        panic!("nothing was known, so nothing can be unchanged");
    };
    assert_eq!(media.content_type.as_deref(), Some("image/png"));
    let chunks: Vec<_> = media.bytes.try_collect().await.unwrap();
    assert_eq!(chunks.concat(), PICTURE);

    let missing = open(MediaRef::key("0020.png")).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound, "{missing}");
    let foreign = open(MediaRef::file("0010.png")).await.unwrap_err();
    assert_eq!(foreign.kind(), ErrorKind::Unsupported, "{foreign}");
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_not_repeated() {
    let server = server().await;
    let foobar = Foobar::new(&format!("{}/api", server.uri()), &"wrong-key".into()).unwrap();
    let error = foobar.check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(
        !format!("{error} {error:?}").contains("wrong-key"),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_answer_that_is_not_foobars_is_an_error() {
    let server = MockServer::start().await;
    answer_with(
        &server,
        "context",
        ResponseTemplate::new(200).set_body_json(json!({"a": 1})),
    )
    .await;
    let foobar = Foobar::new(&format!("{}/api", server.uri()), &KEY.into()).unwrap();
    let error = foobar.project_list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
}
