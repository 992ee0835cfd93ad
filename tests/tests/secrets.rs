//! Passwords and tokens are in nothing that the command prints or writes, however talkative it is and
//! whatever goes wrong.

#![allow(clippy::unwrap_used, clippy::panic)] // Helpers of tests are tests, too.

#[path = "../../crates/watchtower-connector/tests/ayon_server/mod.rs"]
#[allow(dead_code)] // It is part of the connector's tests.
mod ayon_server;

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use ayon_server::{Operation, RecordedAyon};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use futures_util::{StreamExt, stream};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use watchtower_cli::export::{ExportOptions, export};
use watchtower_connector::kitsu::{Credentials, Kitsu, KitsuSettings};
use watchtower_tests::faults::Fault;
use watchtower_tests::relay::{self, Plan, RecordedKitsu, Relay};
use watchtower_tests::{files, run, watchtower};
use watchtower_writer::Site;
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const SECRETS: [&str; 8] = [
    relay::PASSWORD,
    relay::ACCESS_TOKEN,
    relay::REFRESH_TOKEN,
    relay::REFRESHED_TOKEN,
    relay::BOT_TOKEN,
    ayon_server::KEY,
    ayon_server::PASSWORD,
    ayon_server::TOKEN,
];

const VERBOSITIES: [&[&str]; 4] = [
    &["--quiet"],
    &[],
    &["--verbose"],
    &["--verbose", "--log-format", "json"],
];

/// The ways in which a secret may be written: as it is, in an address, in JSON, in base64 at any
/// place within other bytes.
fn forms(secret: &str) -> Vec<String> {
    let in_json = Value::from(secret).to_string();
    let mut forms = vec![
        secret.to_owned(),
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        secret.replace('=', "%3D"),
        in_json.trim_matches('"').to_owned(),
    ];
    for before in 0..3 {
        let bytes = [&b"   "[..before], secret.as_bytes()].concat();
        for engine in [&STANDARD, &URL_SAFE] {
            let text = engine.encode(&bytes);
            // What the neighbours have a part in is left out.
            let start = [0, 2, 3][before];
            let end = bytes.len() * 8 / 6;
            forms.push(text[start..end].to_owned());
        }
    }
    forms
}

/// The secrets that are in some bytes.
fn secrets_in(bytes: &[u8]) -> Vec<&'static str> {
    let is_in = |form: &String| bytes.windows(form.len()).any(|it| it == form.as_bytes());
    SECRETS
        .into_iter()
        .filter(|secret| forms(secret).iter().any(is_in))
        .collect()
}

#[test]
fn a_secret_is_found_in_every_form() {
    let basic = STANDARD.encode(format!("{}:{}", relay::EMAIL, relay::PASSWORD));
    for text in [
        format!("password={}&", relay::PASSWORD),
        "?password=pass%3Dword%3Dwith%3Dequals".to_owned(),
        format!("Authorization: Basic {basic}"),
        STANDARD.encode(relay::PASSWORD),
        STANDARD.encode(format!("x{}y", relay::PASSWORD)),
        STANDARD.encode(format!("xy{}z", relay::PASSWORD)),
    ] {
        assert_eq!(secrets_in(text.as_bytes()), [relay::PASSWORD], "{text}");
    }
    assert!(secrets_in(b"pass=word").is_empty());
}

/// As whom the command is to export.
#[derive(Clone, Copy, Debug)]
enum Who {
    Person,
    Bot,
}

/// One export, and the exit code it ends with.
struct Case {
    who: Who,
    /// What goes wrong, and with which request.
    fault: Option<(Fault, &'static str)>,
    arguments: &'static [&'static str],
    code: i32,
}

fn cases() -> Vec<Case> {
    use Who::{Bot, Person};
    const FILM: &[&str] = &["--project", "Nasty Film"];
    const REFERENCES: &[&str] = &["--project", "Nasty Film", "--media", "reference", "--json"];
    const TWO: &[&str] = &["--project", "Nasty Film", "--project", "Lengths Only"];
    const NONE: &[&str] = &["--project", "No Film"];
    const LOGIN: &str = "POST /auth/login";
    const ACCOUNT: &str = "GET /auth/authenticated";
    const CONTEXT: &str = "GET /data/user/context";
    const PROJECT: &str = "GET /data/projects/d3fb7a67-4e6d-44c9-bc86-be63f24dae80";
    const PICTURE: &str =
        "GET /pictures/thumbnails/projects/d3fb7a67-4e6d-44c9-bc86-be63f24dae80.png";
    // Not to wait for repetitions.
    let busy = |status| Fault::Status(status, Some("3600"));
    let answers = |status| Fault::Status(status, None);
    // The token alone, and a token where another thing is due.
    let bare = Fault::Edited(|answer| *answer = answer["access_token"].take());
    let misplaced = Fault::Edited(|answer| {
        answer["two_factor_authentication_required"] = answer["access_token"].clone();
    });
    [
        (Person, None, FILM, 0),
        (Bot, None, FILM, 0),
        (Person, None, REFERENCES, 0),
        (Person, None, NONE, 2),
        (Person, Some((Fault::Expired, CONTEXT)), FILM, 0),
        (Person, Some((Fault::Expired, PROJECT)), FILM, 0),
        (Person, Some((answers(401), CONTEXT)), FILM, 3),
        (Person, Some((answers(401), PICTURE)), FILM, 4),
        (Bot, Some((answers(401), ACCOUNT)), FILM, 3),
        (Bot, Some((answers(403), PROJECT)), FILM, 3),
        (Person, Some((answers(403), PROJECT)), TWO, 4),
        (Person, Some((answers(400), LOGIN)), FILM, 3),
        (Person, Some((answers(403), LOGIN)), FILM, 3),
        (Person, Some((busy(429), LOGIN)), FILM, 3),
        (Person, Some((busy(500), LOGIN)), FILM, 3),
        (Person, Some((busy(503), CONTEXT)), FILM, 3),
        (Bot, Some((busy(503), ACCOUNT)), FILM, 3),
        (Person, Some((bare, LOGIN)), FILM, 3),
        (Person, Some((misplaced, LOGIN)), FILM, 3),
        (Person, Some((Fault::Garbage(1), LOGIN)), FILM, 3),
        (Person, Some((Fault::WebPage, LOGIN)), FILM, 3),
        (Person, Some((Fault::MovedElsewhere, LOGIN)), FILM, 2),
        (Person, Some((Fault::MovedElsewhere, PICTURE)), FILM, 0),
        (Person, Some((Fault::MovedInCircle, LOGIN)), FILM, 3),
        (Person, Some((Fault::Reset, LOGIN)), FILM, 3),
        (Person, Some((Fault::CutHead, CONTEXT)), FILM, 3),
    ]
    .map(|(who, fault, arguments, code)| Case {
        who,
        fault,
        arguments,
        code,
    })
    .into()
}

/// Exports, and demands that no secret is told.
fn export_and_search(url: &str, case: &Case, verbosity: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = watchtower();
    command.current_dir(folder.path());
    command
        .env("KITSU_DATA_SOURCE_URL", url)
        .env("WATCHTOWER_LOG", "trace")
        .env("RUST_BACKTRACE", "1");
    match case.who {
        Who::Person => {
            command.env("KITSU_DATA_SOURCE_USER_EMAIL", relay::EMAIL);
            command.env("KITSU_DATA_SOURCE_USER_PASSWORD", relay::PASSWORD);
        }
        Who::Bot => {
            command.env("KITSU_TOKEN", relay::BOT_TOKEN);
        }
    }
    command
        .args(["export", "kitsu", "--output", "site"])
        .args(case.arguments)
        .args(verbosity);
    let output = run(&mut command, case.code);
    let what = format!("{:?}, {:?}, {verbosity:?}", case.who, case.fault);
    search(&what, &output.stdout, &output.stderr, folder.path());
}

fn search(what: &str, stdout: &[u8], stderr: &[u8], folder: &Path) {
    for (name, bytes) in [("stdout", stdout), ("stderr", stderr)] {
        let text = String::from_utf8_lossy(bytes);
        assert!(secrets_in(bytes).is_empty(), "{what}: {name}: {text}");
    }
    for (path, bytes) in files(folder) {
        assert!(secrets_in(&bytes).is_empty(), "{what}: {}", path.display());
        let name = path.to_string_lossy();
        assert!(secrets_in(name.as_bytes()).is_empty(), "{what}: {name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_secret_is_told_whatever_goes_wrong() {
    let kitsu = Arc::new(RecordedKitsu::start().await);
    let elsewhere = Arc::new(Relay::elsewhere(&kitsu).await);
    let runs = cases().into_iter().map(|case| {
        let (kitsu, elsewhere) = (Arc::clone(&kitsu), Arc::clone(&elsewhere));
        tokio::task::spawn_blocking(move || {
            for verbosity in VERBOSITIES {
                let relay = Handle::current().block_on(async {
                    let Some((fault, line)) = case.fault else {
                        return Relay::start(&kitsu).await;
                    };
                    let lasts = !matches!(fault, Fault::Expired);
                    let plan = Plan {
                        fault,
                        lines: vec![line.to_owned()],
                        lasts,
                    };
                    Relay::faulty(&kitsu, plan, &elsewhere).await
                });
                export_and_search(relay.url(), &case, verbosity);
                // It is in what was sent, or there was nothing to be found.
                let sent = relay.seen();
                assert!(
                    sent.iter()
                        .any(|it| !secrets_in(it.text.as_bytes()).is_empty())
                );
            }
        })
    });
    let runs: Vec<_> = stream::iter(runs).buffered(8).collect().await;
    runs.into_iter().for_each(Result::unwrap);
}

#[test]
fn no_secret_is_told_of_settings_that_are_wrong() {
    let elsewhere = tempfile::tempdir().unwrap();
    let settings = elsewhere.path().join("settings");
    fs::write(&settings, format!("{}\n", relay::BOT_TOKEN)).unwrap();
    let settings = settings.to_str().unwrap();
    let with_user = format!("http://me:{}@127.0.0.1:9/api", relay::PASSWORD);
    let with_query = format!("http://127.0.0.1:9/api?token={}", relay::BOT_TOKEN);
    let broken = format!("{}\n", relay::BOT_TOKEN);
    let password_flag = format!("--password={}", relay::PASSWORD);
    let cases: [(&[&str], &str); 5] = [
        (&["--url", &with_user], relay::BOT_TOKEN),
        (&["--url", &with_query], relay::BOT_TOKEN),
        (&["--url", "http://127.0.0.1:9"], &broken),
        (
            &["--url", "http://127.0.0.1:9", "--env-file", settings],
            relay::BOT_TOKEN,
        ),
        (
            &["--url", "http://127.0.0.1:9", &password_flag],
            relay::BOT_TOKEN,
        ),
    ];
    for (arguments, token) in cases {
        for verbosity in VERBOSITIES {
            let folder = tempfile::tempdir().unwrap();
            let mut command = watchtower();
            command.current_dir(folder.path()).env("KITSU_TOKEN", token);
            command
                .args(["export", "kitsu", "--output", "site"])
                .args(arguments)
                .args(verbosity);
            let code = if token == broken { 3 } else { 2 };
            let output = command.output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(code), "{told}");
            search(
                &format!("{arguments:?}"),
                &output.stdout,
                &output.stderr,
                folder.path(),
            );
        }
    }
}

/// What is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_secret_is_logged_at_any_level() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .init();
    let kitsu = RecordedKitsu::start().await;
    let elsewhere = Relay::elsewhere(&kitsu).await;
    let lines = vec!["GET /data/user/context".to_owned()];
    let plan = Plan {
        fault: Fault::Expired,
        lines,
        lasts: false,
    };
    let relay = Relay::faulty(&kitsu, plan, &elsewhere).await;
    let credentials = Credentials::Password {
        email: relay::EMAIL.into(),
        password: relay::PASSWORD.into(),
    };
    let kitsu = Kitsu::new(KitsuSettings::new(relay.url(), credentials)).unwrap();
    let site = tempfile::tempdir().unwrap();
    let options = ExportOptions {
        projects: vec!["Nasty Film".to_owned()],
        ..ExportOptions::default()
    };
    export(&kitsu, &Site::new(site.path()), &options, &())
        .await
        .unwrap();
    let log = log.0.lock().unwrap().clone();
    let text = String::from_utf8_lossy(&log);
    assert!(text.contains("the session has expired"), "{text}");
    assert!(secrets_in(&log).is_empty(), "{text}");
}

// --- AYON ----------------------------------------------------------------------------------

/// What goes wrong between an AYON and us.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    None,
    /// A status, with all that was sent as the reason.
    Status(u16),
    /// An answer of GraphQL that says what was sent, with a status of its own.
    Complaint(u16),
    /// A token where another thing is due, and the other way round.
    Misplaced,
    /// Sent on to another server, which says what it is sent.
    Elsewhere,
    WebPage,
}

/// All that was sent, as a server says it that is being debugged.
fn echo(request: &Request) -> String {
    let header = |(name, value): (_, &wiremock::http::HeaderValue)| {
        format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()))
    };
    let headers: String = request.headers.iter().map(header).collect();
    format!("{headers}{}", String::from_utf8_lossy(&request.body))
}

impl Trouble {
    fn answer(self, request: &Request, elsewhere: &str) -> ResponseTemplate {
        let said = echo(request);
        match self {
            Self::None => unreachable!("nothing is mounted for that"),
            // Not to wait for repetitions.
            Self::Status(status) => ResponseTemplate::new(status)
                .insert_header("retry-after", "3600")
                .set_body_json(json!({"code": status, "detail": said})),
            Self::Complaint(status) => {
                let errors = json!([{"message": said, "extensions": {"status": status}}]);
                ResponseTemplate::new(200).set_body_json(json!({"data": null, "errors": errors}))
            }
            Self::Misplaced => ResponseTemplate::new(200).set_body_json(
                json!({"token": [ayon_server::TOKEN], "name": [said], "projects": said,
                    "data": {"project": {"versions": said}}}),
            ),
            Self::Elsewhere => ResponseTemplate::new(307)
                .insert_header("location", format!("{elsewhere}/x?said=1").as_str()),
            Self::WebPage => ResponseTemplate::new(200).set_body_raw(said, "text/html"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_secret_of_ayon_is_told_whatever_goes_wrong() {
    use Trouble::{Complaint, Elsewhere, Misplaced, Status, WebPage};
    const LOGIN: &str = "/api/auth/login";
    const ME: &str = "/api/users/me";
    const PROJECTS: &str = "/api/projects";
    const AVATAR: &str = "/api/users/ana/avatar";
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../crates/watchtower-connector/tests/recorded/ayon");
    // Whether we log in, what goes wrong and where, and the exit code.
    let cases = [
        (false, Trouble::None, "", 0),
        (true, Trouble::None, "", 0),
        (true, Status(401), LOGIN, 3),
        (true, Status(403), LOGIN, 3),
        (true, Status(400), LOGIN, 3),
        (true, Status(503), LOGIN, 3),
        (true, Misplaced, LOGIN, 3),
        (true, WebPage, LOGIN, 3),
        (true, Elsewhere, LOGIN, 2),
        (false, Status(401), ME, 3),
        (true, Status(401), ME, 3),
        (false, Status(403), PROJECTS, 3),
        (true, Misplaced, PROJECTS, 3),
        (false, Misplaced, PROJECTS, 3),
        (false, Elsewhere, PROJECTS, 2),
        (false, Status(500), AVATAR, 4),
        (false, Elsewhere, AVATAR, 0),
        (true, Elsewhere, AVATAR, 0),
        (false, Status(401), "Folders", 3),
        (true, Status(401), "Folders", 3),
        (false, Complaint(403), "Tasks", 3),
        (true, Complaint(500), "Tasks", 3),
        (true, Complaint(400), "Tasks", 3),
        (false, Complaint(400), "Project", 3),
        (false, Misplaced, "Tasks", 3),
        (true, Misplaced, "Tasks", 3),
        (true, WebPage, "Links", 3),
    ];
    for (logs_in, trouble, place, code) in cases {
        let elsewhere = MockServer::start().await;
        Mock::given(any())
            .respond_with(|request: &Request| {
                ResponseTemplate::new(200).set_body_string(echo(request))
            })
            .mount(&elsewhere)
            .await;
        let server = RecordedAyon::start(&recorded).await;
        if !place.is_empty() {
            let there = elsewhere.uri();
            let answer = move |request: &Request| trouble.answer(request, &there);
            let mock = match place.starts_with('/') {
                true => Mock::given(path(place)),
                false => Mock::given(Operation(place)),
            };
            mock.respond_with(answer).mount(server.server()).await;
        }
        for verbosity in VERBOSITIES {
            let folder = tempfile::tempdir().unwrap();
            let mut command = watchtower();
            command.current_dir(folder.path());
            command
                .env("AYON_SERVER_URL", server.url())
                .env("WATCHTOWER_LOG", "trace")
                .env("RUST_BACKTRACE", "1");
            if logs_in {
                command.env("AYON_USERNAME", ayon_server::USER);
                command.env("AYON_PASSWORD", ayon_server::PASSWORD);
            } else {
                command.env("AYON_API_KEY", ayon_server::KEY);
            }
            command.args(["export", "ayon", "--output", "site", "--json"]);
            command.args(verbosity);
            let run = tokio::task::spawn_blocking(move || run(&mut command, code));
            let output = run.await.unwrap();
            let what = format!("{logs_in}, {trouble:?} at {place}, {verbosity:?}");
            search(&what, &output.stdout, &output.stderr, folder.path());
        }
        // It is in what was sent, or there was nothing to be found.
        let sent = server.requests().await;
        let sent: String = sent.iter().map(echo).collect();
        assert!(!secrets_in(sent.as_bytes()).is_empty());
        for request in elsewhere.received_requests().await.unwrap() {
            let said = echo(&request);
            assert!(secrets_in(said.as_bytes()).is_empty(), "{said}");
        }
    }
}

#[test]
fn no_secret_is_told_of_settings_for_ayon_that_are_wrong() {
    let key = ayon_server::KEY;
    let with_user = format!("http://me:{key}@127.0.0.1:9");
    let with_query = format!("http://127.0.0.1:9/?token={key}");
    let broken = format!("{key}\n");
    let flag = format!("--api-key={key}");
    let cases: [(&[&str], &str, i32); 4] = [
        (&["--url", &with_user], key, 2),
        (&["--url", &with_query], key, 2),
        (&["--url", "http://127.0.0.1:9"], &broken, 3),
        (&["--url", "http://127.0.0.1:9", &flag], key, 2),
    ];
    for (arguments, key, code) in cases {
        for verbosity in VERBOSITIES {
            let folder = tempfile::tempdir().unwrap();
            let mut command = watchtower();
            command
                .current_dir(folder.path())
                .env("AYON_API_KEY", key)
                .args(["export", "ayon", "--output", "site", "--retries", "0"])
                .args(arguments)
                .args(verbosity);
            let output = run(&mut command, code);
            search(
                &format!("{arguments:?}"),
                &output.stdout,
                &output.stderr,
                folder.path(),
            );
        }
    }
}
