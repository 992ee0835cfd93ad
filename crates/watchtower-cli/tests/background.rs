//! The export in the background: beats, signals, and logs.
#![cfg(all(unix, feature = "example", feature = "kitsu"))] // Signals and pipes stop its exports.
#![allow(clippy::unwrap_used, clippy::panic)] // Helpers of tests are tests, too.

mod studio;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use studio::{
    PASSWORD, PICTURE, TOKEN, add_project, answer, export_kitsu, open_server, watchtower,
};
use tempfile::TempDir;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// How long something may take that happens at once, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// The command with a log in JSON, at work. Ends with the test.
struct Background {
    child: Child,
    events: Receiver<Value>,
}

impl Background {
    fn start(command: &mut Command, site: &Path) -> Self {
        let command = command.args(["--log-format", "json", "--output"]).arg(site);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let stderr = child.stderr.take().unwrap();
        let (sender, events) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines() {
                let line = line.unwrap();
                let event = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
                if sender.send(event).is_err() {
                    break;
                }
            }
        });
        Self { child, events }
    }

    /// Waits until the log says something. What it says before is passed over.
    fn wait_for(&self, message: &str) -> Value {
        loop {
            let event = self.events.recv_timeout(PATIENCE);
            let event = event.unwrap_or_else(|_| panic!("the log never says `{message}`"));
            if event["message"] == message {
                return event;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end.
    fn exit_code(&mut self) -> i32 {
        for _ in 0..PATIENCE.as_millis() / 10 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap();
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("it does not end");
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A site with the example in it.
fn example_site() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    let mut example = watchtower();
    example
        .args(["export", "example", "--quiet", "--output"])
        .arg(&site);
    assert!(example.status().unwrap().success());
    (folder, site)
}

/// Every file of a site, with its inode and bytes, and every folder.
fn files(site: &Path) -> BTreeMap<PathBuf, Option<(u64, Vec<u8>)>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![site.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
                found.insert(entry.path(), None);
            } else {
                let inode = entry.metadata().unwrap().ino();
                let bytes = fs::read(entry.path()).unwrap();
                found.insert(entry.path(), Some((inode, bytes)));
            }
        }
    }
    found
}

/// A server that sends the start of a picture, and then nothing. It says when.
fn endless_picture() -> (String, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/picture.png", listener.local_addr().unwrap());
    let (sender, started) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let head =
                "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 1000000\r\n\r\n";
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(include_bytes!("pixel.png")).unwrap();
            if sender.send(()).is_err() {
                break;
            }
            // Until the other side has had enough.
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    (url, started)
}

/// A server whose one picture never comes.
async fn server_without_end() -> (MockServer, Receiver<()>) {
    let server = open_server().await;
    let (url, started) = endless_picture();
    let elsewhere = ResponseTemplate::new(302).insert_header("Location", url);
    answer(&server, PICTURE, elsewhere).await;
    add_project(&server).await;
    (server, started)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_in_the_middle_of_a_download_leaves_the_site_as_it_was() {
    let (server, started) = server_without_end().await;
    let (_folder, site) = example_site();
    let before = files(&site);
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        for every in [&[][..], &["--every", "1h"]] {
            let mut command = export_kitsu(&server.uri());
            let mut export = Background::start(command.args(every), &site);
            started.recv_timeout(PATIENCE).unwrap();
            export.signal(signal);
            export.wait_for("stopped: the site is as it was");
            assert_eq!(export.exit_code(), code, "{signal:?} {every:?}");
            assert!(files(&site) == before, "{signal:?} {every:?}");
        }
    }
    assert!(!site.join(".watchtower/next").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_told_that_the_site_is_as_it_was() {
    let (server, started) = server_without_end().await;
    let (_folder, site) = example_site();
    let mut command = export_kitsu(&server.uri());
    command.arg("--output").arg(site).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    started.recv_timeout(PATIENCE).unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    insta::assert_snapshot!(String::from_utf8(output.stderr).unwrap(), @"
    reading Film
    stopped: the site is as it was
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_the_wait_for_another_export() {
    let (server, started) = server_without_end().await;
    let (_folder, site) = example_site();
    let mut first = Background::start(&mut export_kitsu(&server.uri()), &site);
    started.recv_timeout(PATIENCE).unwrap();

    let mut command = export_kitsu(&server.uri());
    let mut second = Background::start(command.args(["--lock-timeout", "1h"]), &site);
    second.wait_for("another export is writing to the site: waiting");
    second.signal(Signal::TERM);
    assert_eq!(second.exit_code(), 143);

    let mut command = export_kitsu(&server.uri());
    let mut third = Background::start(command.args(["--lock-timeout", "0"]), &site);
    let error = third.wait_for("failed")["error"].to_string();
    assert!(error.contains("another export is writing to"), "{error}");
    assert_eq!(third.exit_code(), 5);

    assert!(site.join(".watchtower/next").exists(), "the first goes on");
    first.signal(Signal::TERM);
    assert_eq!(first.exit_code(), 143);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_the_wait_for_a_busy_server() {
    let server = open_server().await;
    let busy = ResponseTemplate::new(503).insert_header("Retry-After", "100");
    answer(&server, "/data/user/context", busy).await;
    let (_folder, site) = example_site();
    let before = files(&site);
    let mut export = Background::start(export_kitsu(&server.uri()).arg("-v"), &site);
    export.wait_for("trying again");
    export.signal(Signal::TERM);
    assert_eq!(export.exit_code(), 143);
    assert!(files(&site) == before);
}

/// An export that hangs on its disk, so that it hears no signal: on a pipe in place of a document that it
/// reads. It goes on when the pipe is closed.
fn hanging_export(site: &Path) -> (Background, File) {
    let context = site.join("data/projects/context.json");
    fs::remove_file(&context).unwrap();
    let made = Command::new("mkfifo").arg(&context).status().unwrap();
    assert!(made.success());
    let mut command = watchtower();
    let export = Background::start(command.args(["export", "example"]), site);
    // Opens when the other end is open: the export reads from now on.
    let pipe = File::options().write(true).open(&context).unwrap();
    (export, pipe)
}

#[test]
fn a_second_signal_ends_at_once() {
    let (_folder, site) = example_site();
    let (mut export, _pipe) = hanging_export(&site);
    export.signal(Signal::TERM);
    export.wait_for("asked to stop");
    assert_eq!(export.child.try_wait().unwrap(), None);
    export.signal(Signal::INT);
    assert_eq!(export.exit_code(), 130);
}

#[test]
fn a_signal_is_heeded_where_nothing_is_waited_for() {
    let (_folder, site) = example_site();
    let (mut export, pipe) = hanging_export(&site);
    export.signal(Signal::TERM);
    export.wait_for("asked to stop");
    drop(pipe);
    assert_eq!(export.exit_code(), 143);
    let context = fs::metadata(site.join("data/projects/context.json")).unwrap();
    assert!(!context.is_file(), "the site has changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_exports_on_every_beat_in_one_session() {
    let server = open_server().await;
    add_project(&server).await;
    let (_folder, site) = example_site();
    let mut command = export_kitsu(&server.uri());
    let mut export = Background::start(command.args(["--every", "1s"]), &site);
    for run in 1..=3 {
        let ended = export.wait_for("ended");
        assert_eq!(ended["span"]["run"], run);
        assert_eq!(ended["exported"], 1);
        // What the site has is not asked for again.
        let fetched = if run == 1 { 1 } else { 0 };
        assert_eq!(ended["fetched"], fetched, "{ended}");
        assert_eq!(ended["unchanged"], 1 - fetched, "{ended}");
    }
    // Perhaps between two exports, and perhaps in the middle of the next.
    export.signal(Signal::TERM);
    assert!([0, 143].contains(&export.exit_code()));
    let requests = server.received_requests().await.unwrap();
    let logins = requests.iter().filter(|it| it.url.path() == "/auth/login");
    assert_eq!(logins.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_on_the_beat_before_is_not_said_again() {
    let server = open_server().await;
    add_project(&server).await;
    let (_folder, site) = example_site();
    let mut command = export_kitsu(&server.uri());
    let export = Background::start(command.args(["--every", "1s"]), &site);
    let mut notes = Vec::new();
    loop {
        let event = export.events.recv_timeout(PATIENCE).unwrap();
        let run = event["span"]["run"].clone();
        match event["message"].as_str() {
            Some("note") => notes.push((run, event["note"].to_string())),
            Some("ended") if run == 3 => break,
            _ => {}
        }
    }
    assert!(!notes.is_empty());
    assert!(notes.iter().all(|(run, _)| *run == 1), "{notes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn beats_that_come_during_an_export_are_skipped() {
    let server = open_server().await;
    let slow = ResponseTemplate::new(404).set_delay(Duration::from_millis(2500));
    let slow = Mock::given(path(PICTURE))
        .respond_with(slow)
        .up_to_n_times(1);
    slow.mount(&server).await;
    add_project(&server).await;
    let (_folder, site) = example_site();
    let mut command = export_kitsu(&server.uri());
    let export = Background::start(command.args(["--every", "1s"]), &site);
    assert_eq!(export.wait_for("ended")["span"]["run"], 1);
    let skipped = export.wait_for("the export took longer than a beat");
    assert!(skipped["skipped"].as_u64().unwrap() >= 2, "{skipped}");
    assert_eq!(export.wait_for("ended")["span"]["run"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_export_that_failed_the_next_is_tried() {
    let server = MockServer::start().await;
    let (_folder, site) = example_site();
    let before = files(&site);
    let mut command = export_kitsu(&server.uri());
    command.env("WATCHTOWER_LOG", "info,watchtower_cli=debug");
    let export = Background::start(command.args(["--every", "1s"]), &site);
    let failed = export.wait_for("failed");
    assert_eq!(failed["level"], "ERROR");
    assert!(failed["help"].is_string(), "{failed}");
    // Why is said once.
    for run in 2..=3 {
        let again = export.wait_for("failed again");
        assert_eq!(
            (&again["level"], &again["span"]["run"]),
            (&"DEBUG".into(), &run.into())
        );
    }
    assert!(files(&site) == before);
}

/// Between two exports nothing is interrupted.
#[tokio::test(flavor = "multi_thread")]
async fn the_exit_code_is_the_last_exports() {
    let (_folder, site) = example_site();
    let mut command = watchtower();
    command.args(["export", "example", "--every", "1h"]);
    let mut export = Background::start(&mut command, &site);
    export.wait_for("ended");
    export.signal(Signal::TERM);
    assert_eq!(export.exit_code(), 0);

    let server = MockServer::start().await;
    let mut command = export_kitsu(&server.uri());
    let mut export = Background::start(command.args(["--every", "1h"]), &site);
    export.wait_for("failed");
    export.signal(Signal::INT);
    assert_eq!(export.exit_code(), 3);
}

/// At the highest verbosity, of everything below us as well.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_tells_what_was_done_and_no_secret() {
    let server = open_server().await;
    let busy = ResponseTemplate::new(503);
    let busy = Mock::given(path("/data/sequences")).respond_with(busy);
    busy.up_to_n_times(1).mount(&server).await;
    add_project(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let mut command = export_kitsu(&server.uri());
    command.args(["-v", "--log-format", "json", "--json", "--output"]);
    command.arg(folder.path()).env("WATCHTOWER_LOG", "trace");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0));

    let log = String::from_utf8(output.stderr).unwrap();
    let events = log.lines().map(|line| serde_json::from_str(line).unwrap());
    let events: Vec<Value> = events.collect();
    let event = |message: &str| events.iter().find(|it| it["message"] == message).unwrap();
    assert_eq!(event("connected")["user"], "TD");
    let exported = event("exported");
    for (field, value) in [
        ("shots", 1),
        ("pictures", 1),
        ("fetched", 1),
        ("placeholders", 0),
        ("left_out", 1),
    ] {
        assert_eq!(exported[field], value, "{field}: {exported}");
    }
    for phase in ["read_seconds", "media_seconds", "write_seconds"] {
        assert!(exported[phase].is_number(), "{phase}: {exported}");
    }
    let left_out = event("left out");
    assert_eq!(
        (&left_out["count"], &left_out["reason"]),
        (&1.into(), &"cancelled".into())
    );
    let ended = event("ended");
    let asked = server.received_requests().await.unwrap().len();
    assert_eq!(
        (&ended["requests"], &ended["retries"]),
        (&asked.into(), &1.into())
    );
    for phase in [
        "connect_seconds",
        "list_seconds",
        "media_seconds",
        "commit_seconds",
        "seconds",
    ] {
        assert!(ended[phase].is_number(), "{phase}: {ended}");
    }

    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["projects"][0]["name"], "Film");
    let mut written = files(folder.path());
    written.insert("stderr".into(), Some((0, log.into_bytes())));
    written.insert("stdout".into(), Some((0, output.stdout)));
    for (path, file) in written {
        let bytes = file.map_or(Vec::new(), |(_, bytes)| bytes);
        let text = String::from_utf8_lossy(&bytes);
        for secret in [PASSWORD, TOKEN] {
            assert!(!text.contains(secret), "{}", path.display());
        }
    }
}

#[test]
fn with_beats_the_summary_is_a_line_after_each_export() {
    let (_folder, site) = example_site();
    let mut command = watchtower();
    command.args(["export", "example", "--every", "1s", "--json"]);
    let mut export = Background::start(command.stdout(Stdio::piped()), &site);
    let stdout = export.child.stdout.take().unwrap();
    for line in BufReader::new(stdout).lines().take(2) {
        let summary: Value = serde_json::from_str(&line.unwrap()).unwrap();
        assert_eq!(summary["projects"][0]["outcome"], "exported");
    }
}

#[test]
fn with_beats_a_history_grows() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    let mut command = watchtower();
    command.args(["export", "example", "--every", "1s", "--format", "v1"]);
    let mut export = Background::start(&mut command, &site);
    for _ in 0..3 {
        let ended = export.wait_for("ended");
        assert_eq!(ended["format"], "v1", "{ended}");
    }
    export.signal(Signal::TERM);
    export.exit_code();

    let counts = files(&site.join("data")).into_iter();
    let counts = counts.filter(|(path, _)| path.ends_with("task_counts.json"));
    let counts: Vec<_> = counts.filter_map(|(_, file)| file).collect();
    assert!(!counts.is_empty());
    for (_, text) in counts {
        let counts: Value = serde_json::from_slice(&text).unwrap();
        for data in counts[0]["task_statuses"].as_array().unwrap() {
            let data = data["data"].as_array().unwrap().iter();
            let moments: Vec<_> = data.map(|it| it["timestamp"].as_str().unwrap()).collect();
            assert!(moments.len() >= 3, "{moments:?}");
            assert!(moments.is_sorted_by(|a, b| a < b), "{moments:?}");
        }
    }
}

#[test]
fn quiet_is_for_logs_too() {
    let (_folder, site) = example_site();
    let mut command = watchtower();
    command.args([
        "export",
        "example",
        "--log-format",
        "text",
        "--quiet",
        "--output",
    ]);
    let output = command.arg(&site).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!([output.stdout, output.stderr].concat(), b"");
}

#[test]
fn what_cannot_be_meant_is_said() {
    let said = |arguments: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = watchtower();
        command
            .args(["export", "kitsu", "--output"])
            .arg(folder.path());
        command.env("WATCHTOWER_LOG", "watchtower=loud");
        let output = command.args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    insta::assert_snapshot!(said(&["--every", "soon"]), @"
    error: invalid value 'soon' for '--every <DURATION>': expected a duration, as in `90s`, `5m` or `1h 30m`

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(said(&["--every", "100ms"]), @"
    error: invalid value '100ms' for '--every <DURATION>': expected at least 1s

    For more information, try '--help'.
    ");
    let log = said(&["--log-format", "json"]);
    let event: Value = serde_json::from_str(&log).unwrap();
    insta::assert_snapshot!(event["error"].as_str().unwrap(), @r#"WATCHTOWER_LOG is no filter: error parsing level filter: expected one of "off", "error", "warn", "info", "debug", "trace", or a number 0-5"#);
    insta::assert_snapshot!(event["help"].as_str().unwrap(), @"give a level, as in `debug`, or levels by crate, as in `warn,watchtower_connector=debug`");
}

#[cfg(target_os = "linux")] // No system writes them elsewhere unless it is told to.
#[test]
fn a_process_that_may_hold_secrets_writes_no_core_dump() {
    use std::os::unix::process::ExitStatusExt;
    let folder = tempfile::tempdir().unwrap();
    let dumping = |program: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", "ulimit -c unlimited; exec \"$0\" \"$@\"", program]);
        shell.current_dir(folder.path());
        shell
    };
    let aborted = dumping("sh").args(["-c", "kill -ABRT $$"]).status();
    if !aborted.unwrap().core_dumped() {
        eprintln!("this system writes no core dumps, so there is nothing to see");
        return;
    }
    let mut export = dumping(env!("CARGO_BIN_EXE_watchtower"));
    export.args(["export", "example", "--every", "1h"]);
    let mut export = Background::start(&mut export, &folder.path().join("site"));
    export.wait_for("ended");
    export.signal(Signal::ABORT);
    assert!(!export.child.wait().unwrap().core_dumped());
}

/// A folder that tells what a tracker holds, of which the list is a pipe to which nobody writes: whoever reads
/// it hangs, as on a file server that is away.
fn hanging() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("project-list.json");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    (folder, pipe)
}

/// Waits until somebody reads from a pipe, which goes on as long as this is there.
fn is_read(pipe: &Path) -> rustix::fd::OwnedFd {
    use rustix::fs::{Mode, OFlags, open};
    loop {
        match open(pipe, OFlags::WRONLY | OFlags::NONBLOCK, Mode::empty()) {
            Ok(end) => return end,
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    }
}

#[test]
fn an_export_that_hangs_ends_with_the_first_signal_all_the_same() {
    let (_folder, site) = example_site();
    let (mut export, _pipe) = hanging_export(&site);
    export.signal(Signal::TERM);
    assert_eq!(export.exit_code(), 143);
    // The next export clears up.
    fs::remove_file(site.join("data/projects/context.json")).unwrap();
    let mut export = watchtower();
    export.args(["export", "example", "--output"]).arg(&site);
    assert!(export.status().unwrap().success());
    assert!(!site.join(".watchtower/next").exists());
}

#[cfg(all(feature = "files", feature = "serve"))]
#[test]
fn two_signals_at_once_are_one_and_leave_no_folder_behind() {
    let (folder, pipe) = hanging();
    let temporary = tempfile::tempdir().unwrap();
    let mut command = watchtower();
    command
        .args(["view", "files", "--port", "0"])
        .arg(folder.path());
    command
        .env("TMPDIR", temporary.path())
        .stdout(Stdio::null());
    let mut view = command.spawn().unwrap();
    let _end = is_read(&pipe);
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 1);
    for _ in 0..3 {
        kill_process(Pid::from_child(&view), Signal::TERM).unwrap();
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(view.wait().unwrap().code(), Some(143));
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}
