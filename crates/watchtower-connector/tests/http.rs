//! The HTTP client against servers that misbehave.

#![allow(clippy::unwrap_used, clippy::panic)] // Helpers of tests are tests, too.

mod script;

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use futures_util::future::join_all;
use script::{Answer, Script, head};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use watchtower_connector::http::{AuthHeader, Failure, HttpClient, HttpOptions, KeptAnswers};
use watchtower_connector::{Error, ErrorKind, Media, OpenedMedia, Traffic};
use wiremock::matchers::{any, body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const SECRET: &str = "hunter2-hunter2";

/// Limits that a test can wait for.
fn quick() -> HttpOptions {
    HttpOptions {
        retries: 2,
        retry_delay: Duration::from_millis(1),
        silence_timeout: Duration::from_millis(200),
        ..HttpOptions::default()
    }
}

fn client(url: &str) -> HttpClient {
    HttpClient::new(url, &quick())
        .unwrap()
        .with_address_help("the API is under /api")
}

async fn read(http: &HttpClient) -> Result<Value, Failure> {
    let auth = AuthHeader::bearer(&SECRET.into()).unwrap();
    let get = http.get("read the shots", http.url(&["shots"])).auth(auth);
    let answer = get.json().await;
    if let Err(failure) = &answer {
        let shown = format!("{failure} {failure:?}");
        assert!(!shown.contains(SECRET), "{shown}");
    }
    answer
}

/// An error as a person sees it, without the port, which differs from run to run.
fn told(error: impl Into<Error>, url: &str) -> String {
    let error = error.into();
    let help = error
        .help()
        .map(|help| format!(" ({help})"))
        .unwrap_or_default();
    let text = format!("{error}{help}").replace(url, "http://tracker");
    // Systems differ in the numbers of their errors.
    match text.split_once(" (os error ") {
        Some((before, after)) => format!("{before}{}", after.split_once(')').unwrap().1),
        None => text,
    }
}

async fn failure(answers: Vec<Answer>) -> (ErrorKind, String, Traffic) {
    let server = Script::start(answers).await;
    let http = client(server.url());
    let failure = read(&http).await.unwrap_err();
    (failure.kind(), told(failure, server.url()), http.traffic())
}

async fn answered(answer: ResponseTemplate) -> (Failure, String, Traffic) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let http = client(&server.uri());
    let failure = read(&http).await.unwrap_err();
    let text = told(read(&http).await.unwrap_err(), &server.uri());
    (failure, text, http.traffic())
}

#[tokio::test]
async fn a_connection_that_lay_idle_for_long_is_not_used_again() {
    assert_eq!(HttpOptions::default().idle_timeout.as_secs(), 60);
    // What comes later on the same connection is dropped without a word, as by a router.
    let once = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let server = Script::start(vec![Answer::ThenSilence(once.to_vec())]).await;
    let options = |idle_timeout| HttpOptions {
        idle_timeout,
        retries: 0,
        ..quick()
    };
    let http = HttpClient::new(server.url(), &options(Duration::from_nanos(1))).unwrap();
    for _ in 0..3 {
        read(&http).await.unwrap();
    }
    let http = HttpClient::new(server.url(), &options(Duration::from_secs(60))).unwrap();
    read(&http).await.unwrap();
    assert!(read(&http).await.is_err(), "it was kept");
    // One that the server closed is not used either.
    let server = Script::start(vec![Answer::Bytes(once.to_vec())]).await;
    let http = client(server.url());
    for _ in 0..3 {
        read(&http).await.unwrap();
    }
}

#[tokio::test]
async fn what_fails_for_the_moment_is_tried_again() {
    let server = Script::start(vec![
        Answer::Reset,
        Answer::ok("{\"cut\":", 100),
        Answer::ok("{\"whole\": true}", 15),
    ])
    .await;
    let http = client(server.url());
    assert_eq!(read(&http).await.unwrap(), json!({"whole": true}));
    let stats = http.traffic();
    assert_eq!((stats.requests, stats.retries), (3, 2));
    assert_eq!(stats.bytes, 7 + 15);
}

#[tokio::test]
async fn a_body_that_is_always_cut_is_unavailable() {
    let (kind, text, stats) = failure(vec![Answer::ok("{\"cut\":", 100)]).await;
    assert_eq!(kind, ErrorKind::Unavailable);
    assert_eq!(stats.requests, 3);
    insta::assert_snapshot!(text, @"cannot read the shots: the answer of http://tracker/shots was cut off after 7 bytes: end of file before message length reached");
}

#[tokio::test]
async fn json_that_ends_in_the_middle_is_malformed() {
    let (kind, text, stats) = failure(vec![Answer::ok("[{\"id\": 1}, {\"id\"", 17)]).await;
    assert_eq!(kind, ErrorKind::Malformed);
    assert_eq!(stats.requests, 3, "it may be whole the next time");
    insta::assert_snapshot!(text, @"cannot read the shots: the JSON of http://tracker/shots ends in the middle, after 17 bytes");
}

#[tokio::test]
async fn nobody_there_is_unavailable() {
    let server = Script::start(vec![Answer::Reset]).await;
    let url = server.url().to_owned();
    let http = client(&url);
    drop(server);
    // Until the listener is gone.
    while std::net::TcpStream::connect(url.trim_start_matches("http://")).is_ok() {
        tokio::task::yield_now().await;
    }
    let failure = read(&http).await.unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::Unavailable);
    // Systems have words of their own for that.
    #[cfg(unix)]
    insta::assert_snapshot!(told(failure, &url), @"cannot read the shots: no connection to http://tracker: Connection refused (is the server running, and the address right?)");
}

#[tokio::test]
async fn a_server_without_tls_is_told_from_one_that_is_away() {
    let answer = || Answer::Unasked(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec());
    // On a busy machine the connection may break before the answer is read, which is tried again.
    let server = Script::start((0..4).map(|_| answer()).collect()).await;
    let url = server.url().replace("http", "https");
    let http = client(&url);
    let failure = read(&http).await.unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::Unavailable);
    insta::assert_snapshot!(told(failure, &url), @"cannot read the shots: no secure connection to http://tracker: received corrupt message of type InvalidContentType (if the studio has a certificate authority of its own, give its certificate; a server without TLS has an address that starts with http://)");
}

#[tokio::test]
async fn silence_and_dribble_are_given_up_on() {
    let (kind, text, _) = failure(vec![Answer::ThenSilence(Vec::new())]).await;
    assert_eq!(kind, ErrorKind::Unavailable);
    insta::assert_snapshot!(text, @"cannot read the shots: http://tracker sent nothing for 200ms");
    let (kind, text, _) = failure(vec![Answer::ThenSilence(head("[1, ", 100))]).await;
    assert_eq!(kind, ErrorKind::Unavailable);
    insta::assert_snapshot!(text, @"cannot read the shots: http://tracker/shots sent nothing for 200ms, after 4 bytes");
    let (kind, text, _) = failure(vec![Answer::ThenDrip(head("[1, ", 1 << 30))]).await;
    assert_eq!(kind, ErrorKind::Unavailable);
    // How many bytes came meanwhile is up to the machine.
    assert!(text.contains(" bytes in 200ms, "), "{text}");
}

#[tokio::test]
async fn what_is_too_large_is_not_read() {
    for server in [
        vec![Answer::ok("[]", 1 << 20)],
        // Without a length, it is noticed on the way.
        vec![Answer::ThenDrip(
            format!("HTTP/1.1 200 OK\r\n\r\n[{}", " ".repeat(2000)).into_bytes(),
        )],
    ] {
        let server = Script::start(server).await;
        let options = HttpOptions {
            largest_answer: 1000,
            ..quick()
        };
        let http = HttpClient::new(server.url(), &options).unwrap();
        let failure = read(&http).await.unwrap_err();
        assert_eq!(failure.kind(), ErrorKind::Malformed);
        assert_eq!(http.traffic().requests, 1);
        insta::allow_duplicates! {
            insta::assert_snapshot!(told(failure, server.url()), @"cannot read the shots: http://tracker/shots sends more than 1000 bytes");
        }
    }
}

#[tokio::test]
async fn a_busy_server_is_left_alone_for_as_long_as_it_asks() {
    let server = MockServer::start().await;
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "1");
    Mock::given(any())
        .respond_with(busy)
        .up_to_n_times(1)
        .mount(&server)
        .await;
    let fails =
        ResponseTemplate::new(503).insert_header("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT");
    Mock::given(any())
        .respond_with(fails)
        .up_to_n_times(1)
        .mount(&server)
        .await;
    let fine = ResponseTemplate::new(200).set_body_json(json!([]));
    Mock::given(any()).respond_with(fine).mount(&server).await;
    let http = client(&server.uri());
    assert_eq!(read(&http).await.unwrap(), json!([]));
    assert_eq!(http.traffic().retries, 2);
}

#[tokio::test]
async fn a_server_that_is_busy_for_too_long_is_given_up_on() {
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "3600");
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(busy).mount(&server).await;
    let options = HttpOptions {
        longest_wait: Duration::from_secs(3599),
        ..quick()
    };
    let http = HttpClient::new(&server.uri(), &options).unwrap();
    let failure = read(&http).await.unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::Unavailable);
    assert_eq!(http.traffic().requests, 1);
    insta::assert_snapshot!(told(failure, &server.uri()), @"cannot read the shots: http://tracker/shots answers 429 Too Many Requests, and asks to come back in 3600 s");
    // Nothing else waits for that.
    read(&http).await.unwrap_err();
    assert_eq!(http.traffic().requests, 2);
}

#[tokio::test]
async fn a_status_says_what_can_be_done() {
    for (status, kind, requests) in [
        (400, ErrorKind::Malformed, 1),
        (401, ErrorKind::Refused, 1),
        (403, ErrorKind::Refused, 1),
        (404, ErrorKind::NotFound, 1),
        (410, ErrorKind::NotFound, 1),
        (422, ErrorKind::Malformed, 1),
        (429, ErrorKind::Unavailable, 3),
        (500, ErrorKind::Unavailable, 3),
        (502, ErrorKind::Unavailable, 3),
        (504, ErrorKind::Unavailable, 3),
    ] {
        let answer = ResponseTemplate::new(status).set_body_json(json!({"why": "x"}));
        let (failure, _, stats) = answered(answer).await;
        assert_eq!(failure.status(), Some(status));
        assert_eq!(failure.kind(), kind, "{status}");
        assert_eq!(stats.requests, 2 * requests, "{status}");
        assert_eq!(failure.answer::<Value>(), Some(json!({"why": "x"})));
    }
}

#[tokio::test]
async fn what_was_not_expected_is_quoted_without_secrets() {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_json(json!({"shots": SECRET}));
    Mock::given(any()).respond_with(answer).mount(&server).await;
    #[derive(Debug, serde::Deserialize)]
    struct Shots {
        #[allow(dead_code)] // It is never there.
        shots: Vec<Value>,
    }
    let http = client(&server.uri());
    let auth = AuthHeader::bearer(&SECRET.into()).unwrap();
    let get = http.get("read the shots", http.url(&["shots"])).auth(auth);
    let failure = get.json::<Shots>().await.unwrap_err();
    insta::assert_snapshot!(told(failure, &server.uri()), @r#"cannot read the shots: the answer of http://tracker/shots is not as expected at `shots`: invalid type: string "…", expected a sequence at line 1 column 26"#);
}

#[tokio::test]
async fn what_a_server_says_is_passed_on_without_secrets() {
    let said = format!("Bearer {SECRET} is\n  not allowed{}", "!".repeat(1000));
    let answer = ResponseTemplate::new(403).set_body_json(json!({"message": said}));
    let (failure, text, _) = answered(answer).await;
    assert_eq!(failure.kind(), ErrorKind::Refused);
    assert!(text.len() < 400, "{text}");
    insta::assert_snapshot!(&text[..80], @"cannot read the shots: http://tracker/shots answers 403 Forbidden: Bearer … is");
}

#[tokio::test]
async fn a_web_page_is_told_from_an_answer() {
    for status in [200, 404, 405] {
        let (failure, text, _) = answered({
            let page = ResponseTemplate::new(status);
            page.set_body_raw("<!DOCTYPE html><title>Kitsu</title>", "text/html")
        })
        .await;
        assert_eq!(failure.kind(), ErrorKind::Malformed, "{status}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(text, @"cannot read the shots: http://tracker/shots is a web page, where JSON is due: is the base address right? (the API is under /api)");
        }
    }
    // The page of a web server whose tracker is down says nothing about the address.
    let page = ResponseTemplate::new(502).set_body_raw("<html>Bad Gateway</html>", "text/html");
    let (failure, ..) = answered(page).await;
    assert_eq!(failure.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn json_of_another_shape_is_malformed_where_it_is() {
    #[derive(Debug, serde::Deserialize)]
    #[expect(dead_code)]
    struct Shot {
        id: String,
    }
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_json(json!([{"id": "1"}, {"id": 2}]));
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let http = client(&server.uri());
    let shots = http
        .get("read the shots", http.url(&["shots"]))
        .json::<Vec<Shot>>();
    let failure = shots.await.unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::Malformed);
    assert_eq!(http.traffic().requests, 1);
    insta::assert_snapshot!(told(failure, &server.uri()), @"cannot read the shots: the answer of http://tracker/shots is not as expected at `[1].id`: invalid type: integer `2`, expected a string at line 1 column 19");
}

#[tokio::test]
async fn no_more_requests_at_a_time_than_jobs() {
    let server = Script::start(vec![Answer::ok("[]", 2)]).await;
    let options = HttpOptions {
        jobs: 3.try_into().unwrap(),
        ..quick()
    };
    let http = HttpClient::new(server.url(), &options).unwrap();
    let answers = join_all((0..20).map(|_| read(&http))).await;
    assert!(answers.into_iter().all(|answer| answer.is_ok()));
    // The server sees a connection end a little after we do.
    assert!(
        (2..=4).contains(&server.most_at_once()),
        "{}",
        server.most_at_once()
    );
}

#[tokio::test]
async fn credentials_stay_on_the_tracker_s_own_origin() {
    let (tracker, elsewhere) = (MockServer::start().await, MockServer::start().await);
    let away = |to: String| ResponseTemplate::new(302).insert_header("location", to);
    let picture = ResponseTemplate::new(200).set_body_raw(*b"picture", "image/png");
    Mock::given(path("/own.png"))
        .respond_with(away("/moved.png".into()))
        .mount(&tracker)
        .await;
    Mock::given(path("/moved.png"))
        .and(header("authorization", format!("Bearer {SECRET}")))
        .respond_with(away(format!(
            "{}/away.png?signature=hunter2",
            elsewhere.uri()
        )))
        .mount(&tracker)
        .await;
    Mock::given(path("/away.png"))
        .respond_with(picture)
        .mount(&elsewhere)
        .await;

    let http = client(&tracker.uri());
    let auth = AuthHeader::bearer(&SECRET.into()).unwrap();
    let open = http
        .get("open a picture", http.url(&["own.png"]))
        .auth(auth);
    assert_eq!(
        bytes(stream(open.open().await.unwrap())).await.unwrap(),
        b"picture"
    );
    // A picture may be elsewhere, the API may not.
    Mock::given(path("/shots"))
        .respond_with(away(format!("{}/shots?signature=hunter2", elsewhere.uri())))
        .mount(&tracker)
        .await;
    let failure = read(&http).await.unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::Config);
    let text = told(failure, &tracker.uri()).replace(&elsewhere.uri(), "http://elsewhere");
    insta::assert_snapshot!(text, @"cannot read the shots: http://tracker/shots sends us on to http://elsewhere/shots (if the tracker is there now, use that address)");

    let seen = elsewhere.received_requests().await.unwrap();
    assert_eq!(seen.len(), 1);
    assert!(!seen[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn credentials_do_not_come_back_from_another_origin() {
    let (tracker, elsewhere) = (MockServer::start().await, MockServer::start().await);
    let to = |url: String| ResponseTemplate::new(302).insert_header("location", url);
    Mock::given(path("/own.png"))
        .respond_with(to(format!("{}/away.png", elsewhere.uri())))
        .mount(&tracker)
        .await;
    Mock::given(path("/away.png"))
        .respond_with(to(format!("{}/back.png", tracker.uri())))
        .mount(&elsewhere)
        .await;
    Mock::given(path("/back.png"))
        .respond_with(ResponseTemplate::new(401))
        .mount(&tracker)
        .await;
    let http = client(&tracker.uri());
    let auth = AuthHeader::bearer(&SECRET.into()).unwrap();
    let open = http
        .get("open a picture", http.url(&["own.png"]))
        .auth(auth);
    let failure = open.open().await.unwrap_err();
    assert_eq!(failure.status(), Some(401));
    assert!(failure.is_elsewhere());
    let asked = tracker.received_requests().await.unwrap();
    let known = asked
        .iter()
        .map(|it| it.headers.contains_key("authorization"));
    assert_eq!(known.collect::<Vec<_>>(), [true, false]);
}

#[tokio::test]
async fn a_server_that_repeats_what_a_login_sent_is_not_repeated() {
    const PASSWORD: &str = r#"hunter2 "with" \ quotes"#;
    let login = json!({"password": PASSWORD});
    for body in [
        json!({"message": login.to_string()}),
        json!({"message": PASSWORD}),
    ] {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(400).set_body_json(body);
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let http = client(&server.uri());
        let post = http.post("log in", http.url(&["login"]));
        http.keep_secret(&PASSWORD.into());
        let post = post.body(&login).unwrap();
        let text = told(post.json::<Value>().await.unwrap_err(), &server.uri());
        assert!(text.contains('…') && !text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn a_secret_once_named_is_in_no_later_error() {
    const PASSWORD: &str = "pass  wörd+%";
    let server = MockServer::start().await;
    let http = client(&server.uri());
    http.keep_secret(&PASSWORD.into());
    let encoded = "pass%20%20w%C3%B6rd%2B%25";
    let answers = [
        ResponseTemplate::new(400).set_body_json(json!({"message": PASSWORD})),
        ResponseTemplate::new(400).set_body_json(json!({"message": format!("p={encoded}")})),
        ResponseTemplate::new(200).set_body_json(json!([PASSWORD])),
        ResponseTemplate::new(200).set_body_json(json!({PASSWORD: [1]})),
        ResponseTemplate::new(302).insert_header("location", format!("/{encoded}/")),
        ResponseTemplate::new(302)
            .insert_header("location", format!("http://127.0.0.1:9/{encoded}")),
        ResponseTemplate::new(206).insert_header("content-range", format!("bytes {encoded}")),
    ];
    for (number, answer) in answers.into_iter().enumerate() {
        server.reset().await;
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let get = || http.get("read it", http.url(&["it"]));
        type Numbers = std::collections::HashMap<String, Vec<String>>;
        let errors = [
            get().json::<Numbers>().await.err().map(Error::from),
            get().open().await.err().map(Error::from),
        ];
        let said: String = errors.iter().flatten().map(told_of).collect();
        assert!(!said.is_empty(), "{number}");
        for part in ["wörd", "w%C3", "%2B"] {
            assert!(!said.contains(part), "{number}: {said}");
        }
    }
}

fn told_of(error: &Error) -> String {
    format!("{error} {error:?} {:?}\n", error.help())
}

#[tokio::test]
async fn an_answer_of_very_many_small_objects_does_not_fill_the_memory() {
    let mut body = String::from("[{}");
    body.push_str(&",{}".repeat(4_000_000));
    body.push(']');
    let (failure, text, _) = answered(ResponseTemplate::new(200).set_body_string(body)).await;
    assert_eq!(failure.kind(), ErrorKind::Malformed);
    insta::assert_snapshot!(text, @"cannot read the shots: the answer of http://tracker/shots holds 4000001 objects, more than any production does");
}

#[tokio::test]
async fn an_answer_that_is_kept_is_sent_again_only_when_it_changes() {
    let server = MockServer::start().await;
    let answer = |body: Value, tag: &str| {
        let answer = ResponseTemplate::new(200).set_body_json(body);
        answer.insert_header("etag", tag)
    };
    // As a proxy marks it that compresses answers.
    Mock::given(any())
        .respond_with(answer(json!([1]), "W/\"one\""))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(header("if-none-match", "\"one\""))
        .respond_with(ResponseTemplate::new(304))
        .up_to_n_times(2)
        .mount(&server)
        .await;
    Mock::given(header("if-none-match", "\"one\""))
        .respond_with(answer(json!([2]), "\"two\""))
        .mount(&server)
        .await;
    Mock::given(header("if-none-match", "\"two\""))
        .respond_with(ResponseTemplate::new(304))
        .mount(&server)
        .await;
    let (http, kept) = (client(&server.uri()), KeptAnswers::new(1000));
    for due in [1, 1, 1, 2, 2] {
        let read = http
            .get("read the shots", http.url(&["shots"]))
            .kept_in(&kept);
        assert_eq!(read.json::<Value>().await.unwrap(), json!([due]));
    }
    // What is asked for otherwise is not conditional.
    assert!(read(&http).await.is_err());
}

#[tokio::test]
async fn a_login_is_not_sent_on() {
    let (tracker, elsewhere) = (MockServer::start().await, MockServer::start().await);
    for (from, status, to) in [
        ("/away", 308, format!("{}/login", elsewhere.uri())),
        ("/found", 302, "/login".to_owned()),
        ("/moved", 307, "/login".to_owned()),
    ] {
        let sent_on = ResponseTemplate::new(status).insert_header("location", to);
        Mock::given(path(from))
            .respond_with(sent_on)
            .mount(&tracker)
            .await;
    }
    let login = json!({"password": SECRET});
    Mock::given(path("/login"))
        .and(method("POST"))
        .and(body_json(&login))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!("in")))
        .mount(&tracker)
        .await;
    let http = client(&tracker.uri());
    let post = async |segment: &str| {
        let post = http
            .post("log in", http.url(&[segment]))
            .body(&login)
            .unwrap();
        post.json::<Value>().await
    };
    assert_eq!(post("away").await.unwrap_err().kind(), ErrorKind::Config);
    assert_eq!(post("found").await.unwrap_err().kind(), ErrorKind::Config);
    assert_eq!(post("moved").await.unwrap(), json!("in"));
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn redirects_in_a_circle_end() {
    let (_, text, stats) =
        answered(ResponseTemplate::new(301).insert_header("location", "/again")).await;
    assert_eq!(stats.requests, 22);
    insta::assert_snapshot!(text, @"cannot read the shots: http://tracker/shots is redirected again and again");
}

fn stream(opened: OpenedMedia) -> Media {
    match opened {
        OpenedMedia::Stream(media) => media,
        other => panic!("{other:?}"),
    }
}

async fn bytes(media: Media) -> Result<Vec<u8>, Error> {
    let append = async |mut all: Vec<u8>, chunk: bytes::Bytes| {
        all.extend_from_slice(&chunk);
        Ok(all)
    };
    media.bytes.try_fold(Vec::new(), append).await
}

/// A server with one file of ten bytes, and the habits of a good one.
async fn file_server() -> (MockServer, HttpClient) {
    let server = MockServer::start().await;
    let file = |status| ResponseTemplate::new(status).insert_header("etag", "\"a\"");
    let whole = file(200).set_body_raw(*b"0123456789", "video/mp4");
    let rest = file(206)
        .insert_header("content-range", "bytes 4-9/10")
        .set_body_raw(*b"456789", "video/mp4");
    Mock::given(header("range", "bytes=4-"))
        .and(header("if-range", "\"a\""))
        .respond_with(rest)
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(header("range", "bytes=99-"))
        .respond_with(file(416))
        .with_priority(1)
        .mount(&server)
        .await;
    let wrong = file(206).insert_header("content-range", "bytes 0-9/10");
    Mock::given(header("range", "bytes=7-"))
        .respond_with(wrong)
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(header("if-none-match", "\"a\""))
        .respond_with(file(304))
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(header("accept-encoding", "identity"))
        .respond_with(whole)
        .mount(&server)
        .await;
    let http = client(&server.uri());
    (server, http)
}

async fn open(http: &HttpClient, known: Option<&str>, offset: u64) -> Result<OpenedMedia, Failure> {
    http.get("open a movie", http.url(&["movie"]))
        .having(known, offset)
        .open()
        .await
}

#[tokio::test]
async fn media_is_opened_whole_from_an_offset_or_not_at_all() {
    let (server, http) = file_server().await;
    let media = stream(open(&http, None, 0).await.unwrap());
    assert_eq!((media.length, media.offset), (Some(10), 0));
    assert_eq!(media.content_type.as_deref(), Some("video/mp4"));
    assert_eq!(media.tag.as_deref(), Some("\"a\""));
    assert_eq!(bytes(media).await.unwrap(), b"0123456789");

    let known = open(&http, Some("\"a\""), 0).await.unwrap();
    assert!(matches!(known, OpenedMedia::Unchanged), "{known:?}");
    let changed = open(&http, Some("\"b\""), 0).await.unwrap();
    assert_eq!(bytes(stream(changed)).await.unwrap(), b"0123456789");

    let media = stream(open(&http, Some("\"a\""), 4).await.unwrap());
    assert_eq!((media.length, media.offset), (Some(10), 4));
    assert_eq!(bytes(media).await.unwrap(), b"456789");
    let media = stream(open(&http, Some("\"b\""), 4).await.unwrap());
    assert_eq!(media.offset, 0, "these are other bytes, so all of them");
    let media = stream(open(&http, None, 99).await.unwrap());
    assert_eq!(media.offset, 0, "it has become shorter");

    let failure = open(&http, None, 7).await.unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::Malformed);
    insta::assert_snapshot!(told(failure, &server.uri()), @"cannot open a movie: asked for the bytes from 7 on, http://tracker/movie sends `bytes 0-9/10`");
    assert_eq!(http.traffic().bytes, 10 + 10 + 6);
}

#[tokio::test]
async fn a_304_that_nobody_asked_for_is_malformed() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(304))
        .mount(&server)
        .await;
    let failure = open(&client(&server.uri()), None, 0).await.unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::Malformed);
}

#[tokio::test]
async fn media_that_breaks_off_is_an_error_in_the_stream() {
    let server = Script::start(vec![Answer::Reset, Answer::ok("01234", 10)]).await;
    let http = client(server.url());
    let media = stream(open(&http, None, 0).await.unwrap());
    assert_eq!(media.length, Some(10));
    let error = bytes(media).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    insta::assert_snapshot!(told(error, server.url()), @"cannot open a movie: the answer of http://tracker/movie was cut off after 5 bytes: end of file before message length reached");
    assert!(server.requests()[0].contains("accept-encoding: identity"));
}

#[tokio::test]
async fn a_web_page_with_a_missing_picture_is_just_missing() {
    let server = MockServer::start().await;
    let page = ResponseTemplate::new(404).set_body_raw("<html>Not Found</html>", "text/html");
    Mock::given(any()).respond_with(page).mount(&server).await;
    let failure = open(&client(&server.uri()), None, 0).await.unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::NotFound);
}

#[test]
fn a_certificate_that_is_none_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("studio.pem");
    let told = |path: &std::path::Path| {
        let options = HttpOptions {
            ca_certificate: Some(path.to_owned()),
            ..quick()
        };
        let error = HttpClient::new("https://tracker.example", &options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let told = told(error, "-").replace(&folder.path().display().to_string(), "FOLDER");
        told.replace(std::path::MAIN_SEPARATOR, "/")
    };
    // Systems have words of their own for that.
    #[cfg(unix)]
    insta::assert_snapshot!(told(&path), @"cannot use the certificate in FOLDER/studio.pem: No such file or directory (give a file with one or more certificates in PEM format)");
    std::fs::write(&path, "no certificate").unwrap();
    insta::assert_snapshot!(told(&path), @"cannot use the certificate in FOLDER/studio.pem: there is no certificate in it (give a file with one or more certificates in PEM format)");
    std::fs::write(
        &path,
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    insta::assert_snapshot!(told(&path), @"cannot use the certificate in FOLDER/studio.pem: invalid peer certificate: BadEncoding (give a file with one or more certificates in PEM format)");
}

/// A server with a certificate of a studio's own authority, which answers everything with an empty list.
/// `studio/` holds the certificates, good for a hundred years, and the server's key.
async fn studio_server() -> String {
    let certificate = include_bytes!("studio/server.pem");
    let certificate = CertificateDer::from_pem_slice(certificate).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("studio/server.key")).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (connection, _) = listener.accept().await.unwrap();
            // Who does not trust us leaves.
            if let Ok(mut connection) = acceptor.accept(connection).await {
                let mut request = [0; 4096];
                let _ = connection.read(&mut request).await.unwrap();
                let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
                              connection: close\r\ncontent-length: 2\r\n\r\n[]";
                connection.write_all(answer.as_bytes()).await.unwrap();
                connection.shutdown().await.unwrap();
            }
        }
    });
    address
}

#[tokio::test]
async fn a_studio_s_own_authority_is_not_trusted_by_itself() {
    let address = studio_server().await;
    let told = told(read(&client(&address)).await.unwrap_err(), &address);
    let is_not_trusted = "no secure connection to http://tracker: invalid peer certificate";
    assert!(told.contains(is_not_trusted), "{told}");
    // Systems have reasons of their own for that.
    #[cfg(unix)]
    insta::assert_snapshot!(told, @"cannot read the shots: no secure connection to http://tracker: invalid peer certificate: UnknownIssuer (if the studio has a certificate authority of its own, give its certificate; a server without TLS has an address that starts with http://)");
}

#[cfg(unix)] // Wine takes no authority but the system's.
#[tokio::test]
async fn a_studio_s_own_authority_is_trusted_where_it_is_named() {
    let address = studio_server().await;
    let options = HttpOptions {
        ca_certificate: Some("tests/studio/authority.pem".into()),
        ..quick()
    };
    let http = HttpClient::new(&address, &options).unwrap();
    assert!(read(&http).await.is_ok());
}
