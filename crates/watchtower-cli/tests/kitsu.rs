//! Bad answers where Kitsu should be: each ends in a clear error, the right exit code, and the site
//! as it was.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.
#![cfg(feature = "kitsu")]

mod studio;

use std::fs;
use std::path::Path;

use serde_json::json;
use studio::{
    PASSWORD, PICTURE, TOKEN, add_project, answer, export_kitsu, open_server, open_server_for,
    watchtower,
};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// `watchtower export kitsu` from a server, over a site that exists.
///
/// Checks what holds for every failure: the site is as it was, and no secret is said.
async fn export(url: String, code: i32) -> String {
    let said = tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().unwrap();
        let site = folder.path().join("site");
        let mut example = watchtower();
        example
            .args(["export", "example", "--media", "none", "--output"])
            .arg(&site);
        assert!(example.output().unwrap().status.success());
        let context = fs::read(site.join("data/projects/context.json")).unwrap();

        let mut kitsu = export_kitsu(&url);
        kitsu.args(["--verbose", "--output"]).arg(&site);
        let output = kitsu.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said)
            .unwrap()
            .replace(&url, "http://kitsu");
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert_eq!(
            fs::read(site.join("data/projects/context.json")).unwrap(),
            context
        );
        for secret in [PASSWORD, TOKEN] {
            assert!(!said.contains(secret), "{said}");
        }
        said
    });
    said.await.unwrap()
}

#[tokio::test]
async fn a_proxy_is_asked_for_everything_but_what_is_excepted() {
    let proxy = MockServer::start().await;
    let version = json!({"api": "Zou", "version": "1.0.97"});
    let version = ResponseTemplate::new(200).set_body_json(version);
    answer(&proxy, "/", version).await;
    let refused = ResponseTemplate::new(400).set_body_json(json!({"login": false}));
    answer(&proxy, "/auth/login", refused).await;
    // No such server is anywhere: only a proxy can answer for it.
    let export = |except: &'static str| {
        let mut kitsu = export_kitsu("http://kitsu.invalid");
        kitsu.args(["--retries", "0", "--output", "site"]);
        kitsu.env("HTTP_PROXY", proxy.uri()).env("NO_PROXY", except);
        let folder = tempfile::tempdir().unwrap();
        async move {
            let output = tokio::task::spawn_blocking(move || {
                kitsu.current_dir(folder.path()).output().unwrap()
            });
            let output = output.await.unwrap();
            assert_eq!(output.status.code(), Some(3), "{output:?}");
            String::from_utf8(output.stderr).unwrap()
        }
    };
    let said = export("other.invalid").await;
    assert!(said.contains("or its password is wrong"), "{said}");
    let asked = proxy.received_requests().await.unwrap();
    let hosts = asked.iter().filter_map(|it| it.url.host_str());
    assert_eq!(hosts.collect::<Vec<_>>(), ["kitsu.invalid"; 2]);
    let said = export("kitsu.invalid").await;
    assert!(!said.contains("password"), "{said}");
    assert_eq!(proxy.received_requests().await.unwrap().len(), 2);
    // What does not answer may be the proxy.
    drop(proxy);
    let mut kitsu = export_kitsu("http://kitsu.invalid");
    kitsu.args(["--retries", "0", "--output", "site"]);
    kitsu.env("HTTP_PROXY", "http://127.0.0.1:9");
    let folder = tempfile::tempdir().unwrap();
    let output = kitsu.current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("by way of the proxy 127.0.0.1:9"), "{said}");
}

#[tokio::test]
async fn a_wrong_password() {
    let server = MockServer::start().await;
    let version = json!({"api": "Zou", "version": "1.0.97"});
    answer(
        &server,
        "/",
        ResponseTemplate::new(200).set_body_json(version),
    )
    .await;
    let refused = ResponseTemplate::new(400).set_body_json(json!({"login": false}));
    answer(&server, "/auth/login", refused).await;
    insta::assert_snapshot!(export(server.uri(), 3).await);
}

#[tokio::test]
async fn no_server() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let said = export(format!("http://127.0.0.1:{port}"), 3).await;
    assert!(
        said.contains("Connection refused") && said.contains("help:"),
        "{said}"
    );
}

#[tokio::test]
async fn a_web_page_where_json_is_due() {
    let server = MockServer::start().await;
    let page =
        ResponseTemplate::new(200).set_body_raw("<!DOCTYPE html><title>Kitsu</title>", "text/html");
    Mock::given(wiremock::matchers::any())
        .respond_with(page)
        .mount(&server)
        .await;
    insta::assert_snapshot!(export(server.uri(), 3).await);
}

#[tokio::test]
async fn truncated_json() {
    let server = open_server().await;
    let cut = ResponseTemplate::new(200).set_body_raw(r#"{"projects": [{"id""#, "application/json");
    answer(&server, "/data/user/context", cut).await;
    insta::assert_snapshot!(export(server.uri(), 3).await);
}

#[tokio::test]
async fn a_project_id_that_leaves_the_site() {
    let server = open_server().await;
    let context = json!({
        "projects": [{"id": "../../etc", "name": "Evil", "fps": "24"}],
        "persons": [], "asset_types": [], "task_types": [], "task_status": [],
    });
    let context = ResponseTemplate::new(200).set_body_json(context);
    answer(&server, "/data/user/context", context).await;
    insta::assert_snapshot!(export(server.uri(), 1).await);
}

/// Exports a project whose picture is answered like this; what was said, and with which code it ended.
async fn export_with_picture(
    folder: &Path,
    picture: ResponseTemplate,
    role: &str,
) -> (i32, String) {
    let server = open_server_for(role).await;
    answer(&server, PICTURE, picture).await;
    add_project(&server).await;
    let mut kitsu = export_kitsu(&server.uri());
    kitsu.args(["--retries", "0", "--output", "site"]);
    kitsu.current_dir(folder);
    let output = tokio::task::spawn_blocking(move || kitsu.output().unwrap());
    let output = output.await.unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code().unwrap(), said)
}

#[tokio::test]
async fn a_picture_that_is_refused_is_told_by_the_exit_code_unless_the_account_is_known_to_see_less()
 {
    for refusal in [401, 403] {
        let folder = tempfile::tempdir().unwrap();
        let refused = ResponseTemplate::new(refusal);
        let (code, said) = export_with_picture(folder.path(), refused, "user").await;
        assert_eq!(code, 4, "{said}");
    }
    let folder = tempfile::tempdir().unwrap();
    let refused = ResponseTemplate::new(403);
    let (code, said) = export_with_picture(folder.path(), refused, "vendor").await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("may not see it"), "{said}");
    let shots = fs::read(folder.path().join("site/data/projects/film/shots.json"));
    let shots: serde_json::Value = serde_json::from_slice(&shots.unwrap()).unwrap();
    assert!(shots[0]["thumbnailUrl"].is_null(), "{shots}");
}
