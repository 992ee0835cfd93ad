//! Passwords and tokens are in nothing that the command prints or writes, however talkative it is and
//! whatever goes wrong.

#![allow(clippy::unwrap_used, clippy::panic)] // Helpers of tests are tests, too.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use futures_util::{StreamExt, stream};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::runtime::Handle;
use watchtower_cli::export::{ExportOptions, export};
use watchtower_connector::kitsu::{Credentials, Kitsu, KitsuSettings};
use watchtower_tests::faults::Fault;
use watchtower_tests::relay::{self, Plan, RecordedKitsu, Relay};
use watchtower_tests::{files, run, watchtower};
use watchtower_writer::Site;

const SECRETS: [&str; 5] = [
    relay::PASSWORD,
    relay::ACCESS_TOKEN,
    relay::REFRESH_TOKEN,
    relay::REFRESHED_TOKEN,
    relay::BOT_TOKEN,
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
        (Person, Some((answers(401), PICTURE)), FILM, 0),
        (Bot, Some((answers(401), ACCOUNT)), FILM, 3),
        (Bot, Some((answers(403), PROJECT)), FILM, 3),
        (Person, Some((answers(403), PROJECT)), TWO, 4),
        (Person, Some((answers(400), LOGIN)), FILM, 3),
        (Person, Some((answers(403), LOGIN)), FILM, 3),
        (Person, Some((busy(429), LOGIN)), FILM, 3),
        (Person, Some((busy(500), LOGIN)), FILM, 3),
        (Person, Some((busy(503), ACCOUNT)), FILM, 3),
        (Bot, Some((busy(503), ACCOUNT)), FILM, 3),
        (Person, Some((bare, LOGIN)), FILM, 3),
        (Person, Some((misplaced, LOGIN)), FILM, 3),
        (Person, Some((Fault::Garbage(1), LOGIN)), FILM, 3),
        (Person, Some((Fault::WebPage, LOGIN)), FILM, 3),
        (Person, Some((Fault::MovedElsewhere, LOGIN)), FILM, 2),
        (Person, Some((Fault::MovedElsewhere, PICTURE)), FILM, 0),
        (Person, Some((Fault::MovedInCircle, LOGIN)), FILM, 3),
        (Person, Some((Fault::Reset, LOGIN)), FILM, 3),
        (Person, Some((Fault::CutHead, ACCOUNT)), FILM, 3),
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
