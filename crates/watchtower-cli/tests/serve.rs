//! `watchtower serve` and `watchtower view`, as browsers and desktop tools meet them.
#![cfg(unix)] // Signals end its servers. `cargo xtask windows` reads one over HTTP.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::Duration;

use reqwest::header::{self, HeaderMap};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_watchtower");
const SITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/site");
const CONTEXT: &str = "data/projects/context.json";
/// Longer than anything here takes on a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that ends with the test.
struct Serving {
    process: Child,
    stdout: BufReader<ChildStdout>,
    /// Its first line.
    told: String,
    url: String,
    http: Client,
}

impl Serving {
    fn start(command: &mut Command) -> Self {
        let process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = process.spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut told = String::new();
        stdout.read_line(&mut told).unwrap();
        if told.is_empty() {
            panic!("{:?}", process.wait_with_output());
        }
        let url = match serde_json::from_str::<Value>(&told) {
            Ok(told) => told["url"].as_str().unwrap().to_owned(),
            Err(_) => told.trim().to_owned(),
        };
        Self {
            process,
            stdout,
            told,
            url,
            http: Client::builder()
                .no_gzip()
                .timeout(PATIENCE)
                .build()
                .unwrap(),
        }
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.url))
    }

    async fn answer(&self, path: &str) -> Response {
        self.get(path).send().await.unwrap()
    }

    async fn text(&self, path: &str) -> String {
        let answer = self.answer(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    }

    fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(i32::try_from(self.process.id()).unwrap()).unwrap();
        kill_process(id, signal).unwrap();
    }

    /// Ends it with a signal: how it ended, and the rest of what it printed.
    fn end(mut self, signal: Signal) -> (Option<i32>, String) {
        self.signal(signal);
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (self.process.wait().unwrap().code(), rest)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn watchtower(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("COLUMNS", "100").args(arguments);
    command
}

/// `watchtower serve` of a site on a free port.
fn serve(site: impl AsRef<Path>, arguments: &[&str]) -> Serving {
    let mut command = watchtower(&["serve", "--port", "0"]);
    Serving::start(command.args(arguments).arg(site.as_ref()))
}

/// A folder with a site of the example and a made-up client for it.
struct Example {
    folder: TempDir,
    site: PathBuf,
    client: PathBuf,
}

impl Example {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let example = Self {
            site: folder.path().join("site"),
            client: folder.path().join("client"),
            folder,
        };
        example.export(&[]);
        fs::create_dir(&example.client).unwrap();
        let write = |name: &str, text: &str| fs::write(example.client.join(name), text).unwrap();
        write(
            "index.html",
            "<html><head><title>made up</title></head><body></body></html>",
        );
        write(
            "index.js",
            &format!("'{CONTEXT}' static/img/placeholder-user.png"),
        );
        example
    }

    fn export(&self, arguments: &[&str]) {
        let mut command = watchtower(&["export", "example", "--quiet", "--output"]);
        let status = command.arg(&self.site).args(arguments).status().unwrap();
        assert!(status.success());
    }

    fn serve(&self, arguments: &[&str]) -> Serving {
        let client = self.client.to_str().unwrap();
        serve(&self.site, &[&["--client", client], arguments].concat())
    }

    /// The path of the film's movie from the site's root.
    fn movie(&self) -> String {
        let mut projects = fs::read_dir(self.site.join("data/projects")).unwrap();
        let film = projects.find_map(|it| {
            let path = it.unwrap().path();
            path.is_dir().then_some(path)
        });
        let movie = film.unwrap().join("edit.mp4");
        let movie = movie.strip_prefix(&self.site).unwrap();
        movie.to_str().unwrap().to_owned()
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> &'a str {
    headers.get(name).map_or("", |it| it.to_str().unwrap())
}

#[tokio::test]
async fn the_client_is_beside_the_data() {
    let example = Example::new();
    let server = example.serve(&[]);
    assert!(
        server.told.starts_with("http://127.0.0.1:"),
        "{}",
        server.told
    );
    assert!(server.told.ends_with("/\n"), "{}", server.told);
    let page = server.text("").await;
    assert!(page.contains("<title>made up</title>"), "{page}");
    assert!(
        page.contains("EventSource(\"/_watchtower/changes\")"),
        "{page}"
    );
    assert_eq!(page, server.text("index.html").await);

    let served = server.answer(CONTEXT).await.bytes().await.unwrap();
    assert_eq!(served, fs::read(example.site.join(CONTEXT)).unwrap());
    let movie = example.movie();
    for (path, kind) in [
        ("", "text/html; charset=utf-8"),
        ("index.js", "text/javascript"),
        ("static/img/placeholder-user.png", "image/png"),
        (CONTEXT, "application/json"),
        (&movie, "video/mp4"),
    ] {
        let answer = server.answer(path).await;
        assert_eq!(
            text(answer.headers(), &header::CONTENT_TYPE),
            kind,
            "{path}"
        );
        let length = answer.headers().get(header::CONTENT_LENGTH).is_some();
        assert!(length || !kind.starts_with("video"), "{path}");
    }
}

#[tokio::test]
async fn programs_read_the_address_from_an_object() {
    let server = serve(SITE, &["--json"]);
    let told: Value = serde_json::from_str(&server.told).unwrap();
    assert_eq!(told["message_type"], "serving");
    assert_eq!(told["url"], server.url);
    assert_eq!(told["site"], SITE);
    // Without a client it is the format of the site.
    assert_eq!(told["format"], "v0");
    assert_eq!(server.end(Signal::TERM), (Some(0), String::new()));
}

#[tokio::test]
async fn players_get_parts_of_one_movie() {
    let example = Example::new();
    let server = example.serve(&[]);
    let movie = example.movie();
    let bytes = fs::read(example.site.join(&movie)).unwrap();
    let part = |range: &'static str| server.get(&movie).header(header::RANGE, range);

    let answer = part("bytes=10-19").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT);
    let tag = text(answer.headers(), &header::ETAG).to_owned();
    assert!(tag.starts_with('"'), "{tag}");
    assert_eq!(
        text(answer.headers(), &header::CONTENT_RANGE),
        format!("bytes 10-19/{}", bytes.len())
    );
    assert_eq!(answer.bytes().await.unwrap(), bytes[10..20]);
    let answer = part("bytes=-5").send().await.unwrap();
    assert_eq!(answer.bytes().await.unwrap(), bytes[bytes.len() - 5..]);
    let answer = part("bytes=99999999-").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::RANGE_NOT_SATISFIABLE);

    let answer = part("bytes=10-19").header(header::IF_RANGE, &tag);
    assert_eq!(answer.send().await.unwrap().status(), 206);
    // Another movie by now, or a condition that cannot tell: all of it.
    for condition in [
        "\"another\"",
        &format!("W/{tag}"),
        "Tue, 01 Jan 2030 00:00:00 GMT",
    ] {
        let answer = part("bytes=10-19").header(header::IF_RANGE, condition);
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{condition}");
        assert_eq!(answer.bytes().await.unwrap(), bytes);
    }
    let answer = server.http.head(format!("{}{movie}", server.url));
    let answer = answer.send().await.unwrap();
    assert_eq!(text(answer.headers(), &header::ACCEPT_RANGES), "bytes");
    assert_eq!(
        text(answer.headers(), &header::CONTENT_LENGTH),
        bytes.len().to_string()
    );
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again() {
    let example = Example::new();
    let server = example.serve(&[]);
    for path in [CONTEXT, "index.js", &example.movie()] {
        for encoding in ["identity", "gzip", "br"] {
            let get = || server.get(path).header(header::ACCEPT_ENCODING, encoding);
            let answer = get().send().await.unwrap();
            let tag = text(answer.headers(), &header::ETAG).to_owned();
            assert_eq!(text(answer.headers(), &header::CACHE_CONTROL), "no-cache");
            let again = get().header(header::IF_NONE_MATCH, tag);
            let again = again.send().await.unwrap();
            assert_eq!(
                again.status(),
                StatusCode::NOT_MODIFIED,
                "{path} {encoding}"
            );
            assert_eq!(again.bytes().await.unwrap().len(), 0);
        }
    }
    // A second is not enough to tell two exports apart.
    let later = server
        .get(CONTEXT)
        .header(header::IF_MODIFIED_SINCE, "Tue, 01 Jan 2030 00:00:00 GMT");
    assert_eq!(later.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn text_is_compressed_and_movies_are_not() {
    let example = Example::new();
    let server = example.serve(&[]);
    let length = fs::metadata(example.site.join(CONTEXT)).unwrap().len();
    for encoding in ["gzip", "br"] {
        let get = |path: &str| server.get(path).header(header::ACCEPT_ENCODING, encoding);
        let answer = get(CONTEXT).send().await.unwrap();
        let headers = answer.headers();
        assert_eq!(text(headers, &header::CONTENT_ENCODING), encoding);
        assert!(text(headers, &header::ETAG).starts_with("W/"));
        assert!(text(headers, &header::VARY).contains("accept-encoding"));
        assert!((answer.bytes().await.unwrap().len() as u64) < length / 2);
        for path in [&example.movie(), "static/img/placeholder-user.png"] {
            let answer = get(path).send().await.unwrap();
            assert_eq!(
                text(answer.headers(), &header::CONTENT_ENCODING),
                "",
                "{path}"
            );
        }
    }
    // Who does not say so gets it as it stands.
    let whole = server.answer(CONTEXT).await.bytes().await.unwrap();
    assert_eq!(whole.len() as u64, length);
}

/// Asks for a path as it stands: a client of HTTP would make it simpler first.
fn ask(server: &Serving, head: &str) -> String {
    use std::io::Write;
    let address = server
        .url
        .trim_start_matches("http://")
        .trim_end_matches('/');
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "{head}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn nothing_outside_the_site_is_served() {
    let example = Example::new();
    fs::write(example.folder.path().join("secret.json"), "hunter2").unwrap();
    let link = example.site.join("data/link.json");
    std::os::unix::fs::symlink(example.folder.path().join("secret.json"), link).unwrap();
    fs::write(example.site.join("data/.hidden.json"), "hunter2").unwrap();
    fs::write(example.site.join("beside.json"), "hunter2").unwrap();
    let server = example.serve(&[]);
    for path in [
        "/data/../../secret.json",
        "/data/%2e%2e/%2e%2e/secret.json",
        "/data/..%2f..%2fsecret.json",
        "/../secret.json",
        "//secret.json",
        "/data/link.json",
        "/data/.hidden.json",
        "/beside.json",
        "/.watchtower/media.json",
        "/data/../.watchtower/media.json",
        "/%2ewatchtower/media.json",
        "/data",
        "/data/",
        "/data/projects/",
        "/data/projects/context.json/",
        "/data/%00",
        "/data/%ff",
    ] {
        let answer = ask(&server, &format!("GET {path} HTTP/1.1\r\nHost: localhost"));
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
        assert!(!answer.contains("hunter2"), "{path}");
    }
    let answer = ask(
        &server,
        "POST /data/projects/context.json HTTP/1.1\r\nHost: localhost",
    );
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
}

#[test]
fn pages_of_others_cannot_read_what_is_for_this_machine() {
    let server = serve(SITE, &[]);
    let status = |host: &str| {
        let answer = ask(&server, &format!("GET /{CONTEXT} HTTP/1.1\r\nHost: {host}"));
        answer.split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!(status("localhost:80"), "200");
    assert_eq!(status("127.0.0.1"), "200");
    assert_eq!(status("evil.example"), "421");
}

#[test]
fn a_request_names_one_host() {
    let server = serve(SITE, &[]);
    for (head, status) in [
        ("HTTP/1.1", "400"),
        ("HTTP/1.0", "200"),
        ("HTTP/1.1\r\nHost: localhost\r\nHost: localhost", "400"),
        ("HTTP/1.1\r\nHost: localhost\r\nHost: evil.example", "400"),
        ("HTTP/1.1\r\nHost: ", "421"),
    ] {
        let answer = ask(&server, &format!("GET /{CONTEXT} {head}"));
        let version = head.split("\r\n").next().unwrap();
        assert!(
            answer.starts_with(&format!("{version} {status} ")),
            "{head}: {answer}"
        );
    }
    // With the host beside the path.
    for (host, status) in [("localhost", "200"), ("evil.example", "421")] {
        let head = format!("GET http://{host}/{CONTEXT} HTTP/1.1\r\nHost: localhost");
        let answer = ask(&server, &head);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
    }
}

#[test]
fn a_path_that_nothing_can_have_is_not_found() {
    let server = serve(SITE, &[]);
    for path in ["x".repeat(6000), format!("{}y", "x/".repeat(3000))] {
        let head = format!("GET /data/{path} HTTP/1.1\r\nHost: localhost");
        let answer = ask(&server, &head);
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    }
}

#[tokio::test]
async fn parts_that_are_not_counted_in_bytes_are_the_whole() {
    let server = serve(SITE, &[]);
    for range in ["lines=1-2", "bytes", "bytes 0-1", "=0-1"] {
        let answer = server.get(CONTEXT).header(header::RANGE, range);
        assert_eq!(answer.send().await.unwrap().status(), 200, "{range}");
    }
    let answer = server.get(CONTEXT).header(header::RANGE, "Bytes=0-1");
    assert_eq!(answer.send().await.unwrap().status(), 206);
}

#[tokio::test]
async fn nothing_in_the_site_runs_scripts() {
    let example = Example::new();
    let picture = example.site.join("data/previews/evil.svg");
    let svg = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    fs::write(picture, svg).unwrap();
    let server = example.serve(&[]);
    let policy = async |path: &str| {
        let answer = server.answer(path).await;
        text(answer.headers(), &header::CONTENT_SECURITY_POLICY).to_owned()
    };
    // However it is spelt.
    for path in [
        "data/previews/evil.svg",
        "%64ata/previews/evil.svg",
        "./data/previews/evil.svg",
        CONTEXT,
        "missing",
    ] {
        let policy = policy(path).await;
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(policy.ends_with("; sandbox"), "{path}: {policy}");
    }
    for path in ["", "index.html", "index.js"] {
        assert_eq!(policy(path).await, "", "{path}");
    }
}

#[test]
fn half_a_request_locks_nobody_out_and_is_not_kept_for_ever() {
    use std::io::Write;
    // With few open files to begin with, as most systems give.
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -Sn 64; exec \"$0\" \"$@\"", PROGRAM]);
    let server = Serving::start(command.args(["serve", SITE, "--port", "0"]));
    let address = server.url.trim_start_matches("http://");
    let address = address.trim_end_matches('/');
    let halves: Vec<_> = (0..200)
        .map(|_| {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nHost: local").unwrap();
            stream
        })
        .collect();
    let head = format!("GET /{CONTEXT} HTTP/1.1\r\nHost: localhost");
    assert!(ask(&server, &head).starts_with("HTTP/1.1 200 "));
    for mut half in halves {
        half.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut answer = String::new();
        half.read_to_string(&mut answer).unwrap();
        assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[test]
fn a_connection_speaks_http_1_alone() {
    use std::io::Write;
    let server = serve(SITE, &[]);
    let address = server.url.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address.trim_end_matches('/')).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // What a client begins with that knows the server speaks HTTP/2, and a frame with settings.
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .unwrap();
    let mut answer = Vec::new();
    // It may be cut before it was read.
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 400 "),
        "{answer}"
    );
}

#[test]
fn it_says_who_can_read_what_is_not_for_this_machine_alone() {
    for (address, is_told) in [("127.0.0.1", false), ("0.0.0.0", true)] {
        let mut server = serve(SITE, &["--address", address]);
        let port = server
            .url
            .trim_end_matches('/')
            .rsplit(':')
            .next()
            .unwrap()
            .to_owned();
        let mut stderr = server.process.stderr.take().unwrap();
        server.signal(Signal::TERM);
        let mut said = String::new();
        stderr.read_to_string(&mut said).unwrap();
        let warning = format!(
            "warning: whoever reaches this machine at port {port} can read the site: there is no password\n"
        );
        assert_eq!(said, if is_told { warning } else { String::new() });
    }
}

#[tokio::test]
async fn without_a_client_there_is_a_plain_page() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    fs::create_dir_all(site.join("data/projects")).unwrap();
    let context = r#"{"projects": [{"id": "a b", "name": "<b>Film</b> & co"}]}"#;
    fs::write(site.join(CONTEXT), context).unwrap();
    let server = serve(&site, &["--no-reload"]);
    let page = server.text("").await;
    let page = page.replace(site.to_str().unwrap(), "[site]");
    let body = page.split_once("<body>").unwrap().1.replace("><", ">\n<");
    insta::assert_snapshot!("page", body);
    assert_eq!(server.text(CONTEXT).await, context);
    fs::write(site.join(CONTEXT), "{").unwrap();
    let page = server.text("").await;
    assert!(page.contains("It cannot be read: EOF"), "{page}");
}

#[tokio::test]
async fn a_bundle_needs_no_client_named() {
    let example = Example::new();
    let bundle = example.folder.path().join("bundle");
    let mut command = watchtower(&["bundle", "--quiet"]);
    let command = command
        .arg(&example.site)
        .arg("--client")
        .arg(&example.client);
    assert!(
        command
            .arg("--output")
            .arg(&bundle)
            .status()
            .unwrap()
            .success()
    );
    let server = serve(&bundle, &[]);
    assert!(server.text("").await.contains("made up"));
    assert!(!server.text(CONTEXT).await.is_empty());
}

/// The tags that a page hears.
struct Changes(Response, String);

impl Changes {
    async fn of(server: &Serving) -> Self {
        let answer = server.answer("_watchtower/changes").await;
        assert_eq!(
            text(answer.headers(), &header::CONTENT_TYPE),
            "text/event-stream"
        );
        Self(answer, String::new())
    }

    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.1.split_once("\n\n") {
                let tag = event.strip_prefix("data: ").map(str::to_owned);
                self.1 = rest.to_owned();
                if tag.is_some() {
                    return tag;
                }
            } else {
                let bytes = self.0.chunk().await.unwrap()?;
                self.1.push_str(std::str::from_utf8(&bytes).unwrap());
            }
        }
    }
}

#[tokio::test]
async fn a_page_hears_of_an_export_that_changed_something() {
    let example = Example::new();
    let server = example.serve(&[]);
    let page = server.text("").await;
    let mut changes = Changes::of(&server).await;
    let first = changes.next().await.unwrap();
    assert!(page.contains(&format!("data !== \"{first}\"")), "{page}");
    example.export(&[]);
    example.export(&["--shots", "30"]);
    let second = changes.next().await.unwrap();
    assert_ne!(second, first);
    let page = server.text("").await;
    assert!(page.contains(&format!("data !== \"{second}\"")), "{page}");

    // Whoever listens does not keep the server from ending, and hears the end.
    server.signal(Signal::TERM);
    assert_eq!(changes.next().await, None);
}

#[tokio::test]
async fn pages_stay_as_they_are_if_told_so() {
    let example = Example::new();
    let server = example.serve(&["--no-reload"]);
    assert!(!server.text("").await.contains("EventSource"));
    assert_eq!(server.answer("_watchtower/changes").await.status(), 404);
}

#[tokio::test]
async fn it_ends_on_a_signal() {
    for signal in [Signal::TERM, Signal::INT] {
        let server = serve(SITE, &[]);
        server.text("").await;
        assert_eq!(server.end(signal), (Some(0), String::new()));
    }
}

#[test]
fn what_starts_it_in_the_background_and_ends_ends_it_too_and_it_says_so() {
    // The shell has ended before the server could look, or it has not: it is the same.
    for pause in ["", "sleep 0.2"] {
        let script = format!("\"$0\" serve \"$1\" --port 0 & {pause}");
        // In a session of its own, as that of a terminal is: where the process that inherits the server is in the
        // same session, as the first one of a container is, nobody can tell it from the one that started it.
        let mut shell = Command::new("setsid");
        let shell = shell
            .args(["--wait", "sh", "-c", &script, PROGRAM, SITE])
            .stdin(Stdio::null());
        // It has ended when both of its streams are closed.
        let output = match shell.output() {
            Ok(output) => output,
            Err(error) => {
                println!("skipped: setsid cannot be started: {error}");
                return;
            }
        };
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            said,
            "warning: the process that started this server has ended, and so does the server; with \
             `--outlive-parent` it goes on\n"
        );
    }
}

#[test]
fn in_a_session_of_its_own_it_goes_on() {
    let mut setsid = Command::new("setsid");
    let output = setsid
        .args([
            "--fork",
            "sh",
            "-c",
            "echo $$; exec \"$0\" serve \"$1\" --port 0",
            PROGRAM,
            SITE,
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    let mut setsid = match output {
        Ok(setsid) => setsid,
        Err(error) => {
            println!("skipped: setsid cannot be started: {error}");
            return;
        }
    };
    let mut stdout = BufReader::new(setsid.stdout.take().unwrap());
    let mut process = String::new();
    stdout.read_line(&mut process).unwrap();
    let mut url = String::new();
    stdout.read_line(&mut url).unwrap();
    setsid.wait().unwrap();
    std::thread::sleep(Duration::from_secs(2));
    let process = Pid::from_raw(process.trim().parse().unwrap()).unwrap();
    kill_process(process, Signal::TERM).unwrap();
    stdout.read_to_string(&mut String::new()).unwrap();
}

/// `sh` that starts a server and waits for it: its process, and the server's address.
fn from_a_shell(arguments: &str) -> (Child, BufReader<ChildStdout>, String) {
    let script = format!("\"$0\" serve \"$1\" --port 0 {arguments} & echo $!; wait");
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &script, PROGRAM, SITE])
        .stdin(Stdio::null());
    let mut shell = shell.stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(shell.stdout.take().unwrap());
    let mut lines = [String::new(), String::new()];
    for line in &mut lines {
        stdout.read_line(line).unwrap();
    }
    let process = lines.iter().find(|it| !it.starts_with("http")).unwrap();
    (shell, stdout, process.trim().to_owned())
}

#[test]
fn it_ends_with_the_process_that_started_it() {
    let (mut shell, mut stdout, _) = from_a_shell("");
    shell.kill().unwrap();
    shell.wait().unwrap();
    // The pipe is the server's alone now: it ends when the server does.
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[test]
fn it_goes_on_without_its_parent_if_told_so() {
    let (mut shell, mut stdout, process) = from_a_shell("--outlive-parent");
    shell.kill().unwrap();
    shell.wait().unwrap();
    // Longer than it would take to notice.
    std::thread::sleep(Duration::from_secs(2));
    let process = Pid::from_raw(process.parse().unwrap()).unwrap();
    kill_process(process, Signal::TERM).unwrap();
    stdout.read_to_string(&mut String::new()).unwrap();
}

fn refused(command: &mut Command) -> String {
    let Output {
        status,
        stderr,
        stdout,
    } = command.output().unwrap();
    assert_eq!(status.code(), Some(2));
    assert!(stdout.is_empty(), "{stdout:?}");
    String::from_utf8(stderr).unwrap()
}

#[test]
fn what_cannot_be_served_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = folder.path().join("nothing");
    let text = refused(watchtower(&["serve"]).arg(&nothing));
    let text = text.replace(folder.path().to_str().unwrap(), "[folder]");
    insta::assert_snapshot!(text, @r"
error: there is no site in `[folder]/nothing`: `[folder]/nothing/data` holds no project list of any format
help: `watchtower export TRACKER --output DIR` writes one
");

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let text = refused(&mut watchtower(&["serve", SITE, "--port", &port]));
    insta::assert_snapshot!(text.replace(&port, "[port]"), @r"
error: cannot listen on 127.0.0.1:[port]: Address already in use (os error 98)
help: `--port 0` takes a port that is free
");
    let other = folder.path().join("client");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("index.html"), "").unwrap();
    fs::write(other.join("a.js"), "data/projects-list/index.json").unwrap();
    let text = refused(watchtower(&["serve", SITE, "--client"]).arg(&other));
    assert!(
        text.contains("reads format v1 and the site is of format v0"),
        "{text}"
    );
}

#[tokio::test]
async fn a_browser_is_opened_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let opened = folder.path().join("opened");
    let opener = folder.path().join("xdg-open");
    let script = format!(
        "#!/bin/sh\necho \"$1\" > {0}.new; mv {0}.new {0}\n",
        opened.display()
    );
    fs::write(&opener, script).unwrap();
    fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = watchtower(&["serve", SITE, "--port", "0", "--open"]);
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let server = Serving::start(command.env("PATH", path));
    while !opened.exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(fs::read_to_string(&opened).unwrap().trim(), server.url);
}

#[tokio::test]
async fn view_exports_and_serves_until_it_is_ended() {
    let example = Example::new();
    let temporary = tempfile::tempdir().unwrap();
    let mut command = watchtower(&["view", "example", "--port", "0", "--quiet", "--json"]);
    let command = command.env("TMPDIR", temporary.path());
    let server = Serving::start(command.arg("--client").arg(&example.client));
    let told: Value = serde_json::from_str(&server.told).unwrap();
    assert_eq!(told["message_type"], "serving");
    let site = PathBuf::from(told["site"].as_str().unwrap());
    assert!(site.starts_with(temporary.path()));
    // A page that came before the first export hears of it.
    let mut changes = Changes::of(&server).await;
    while !server.text("").await.contains("made up") {
        changes.next().await.unwrap();
    }
    let context: Value = serde_json::from_str(&server.text(CONTEXT).await).unwrap();
    assert_eq!(context["projects"].as_array().unwrap().len(), 1);
    let (code, rest) = server.end(Signal::TERM);
    assert_eq!(code, Some(0));
    let summary: Value = serde_json::from_str(&rest).unwrap();
    assert_eq!(summary["projects"][0]["outcome"], "exported");
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn view_exports_on_every_beat_to_the_folder_that_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    let mut command = watchtower(&["view", "example", "--port", "0", "--every", "1s", "--json"]);
    let mut server = Serving::start(command.arg("--output").arg(&site));
    for _ in 0..3 {
        let mut line = String::new();
        server.stdout.read_line(&mut line).unwrap();
        let summary: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(summary["projects"][0]["outcome"], "exported");
    }
    assert!(site.join(CONTEXT).exists());
    assert_eq!(server.end(Signal::INT).0, Some(0));
    assert!(site.join(CONTEXT).exists());
}

#[tokio::test]
async fn a_new_site_is_of_the_format_that_the_client_to_view_it_reads() {
    let example = Example::new();
    fs::write(
        example.client.join("index.js"),
        "get(\"/data/projects-list/index.json\")",
    )
    .unwrap();
    let site = example.folder.path().join("new");
    let mut command = watchtower(&["view", "example", "--port", "0", "--json", "--every", "1h"]);
    command.arg("--client").arg(&example.client);
    let mut server = Serving::start(command.arg("--output").arg(&site));
    let mut line = String::new();
    server.stdout.read_line(&mut line).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&line).unwrap()["format"],
        "v1"
    );
    assert!(site.join("data/projects-list/index.json").exists());
    assert_eq!(server.end(Signal::TERM).0, Some(0));
}

#[tokio::test]
async fn view_shows_the_format_that_was_asked_for() {
    let example = Example::new();
    // As in a folder with the clients of both formats.
    let v1 = example.client.join("v1");
    fs::create_dir(&v1).unwrap();
    fs::write(v1.join("index.html"), "<head></head>the other one").unwrap();
    fs::write(v1.join("index.js"), "'data/projects-list/index.json'").unwrap();
    let mut command = watchtower(&["view", "example", "--port", "0", "--format", "v1"]);
    let server = Serving::start(command.arg("--client").arg(&example.client));
    let mut changes = Changes::of(&server).await;
    while !server.text("").await.contains("the other one") {
        changes.next().await.unwrap();
    }
    let list: Value =
        serde_json::from_str(&server.text("data/projects-list/index.json").await).unwrap();
    assert_eq!(list["projects"].as_array().unwrap().len(), 1);
    assert_eq!(server.end(Signal::TERM).0, Some(0));

    let mut command = watchtower(&["serve", "--format", "v1", "--port", "0"]);
    let said = refused(command.arg(&example.site));
    let said = said.replace(example.site.to_str().unwrap(), "[site]");
    insta::assert_snapshot!(said, @"
    error: there is no site in `[site]`: `[site]/data` holds no project list of format v1
    help: `watchtower export TRACKER --output DIR` writes one
    ");
}

#[test]
fn view_ends_when_there_is_nothing_to_look_at() {
    let folder = tempfile::tempdir().unwrap();
    let view = |arguments: &[&str]| {
        let mut command = watchtower(&["view", "example", "--port", "0"]);
        command.args(arguments).current_dir(folder.path());
        let output = command.output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, said) = view(&["--project", "no such film"]);
    assert_eq!(code, Some(2));
    assert!(
        said.contains("there is no project `no such film`"),
        "{said}"
    );
    let (code, said) = view(&["--client", "missing.whl"]);
    assert_eq!(code, Some(2));
    assert!(
        said.contains("cannot read the web client in `missing.whl`"),
        "{said}"
    );
}
