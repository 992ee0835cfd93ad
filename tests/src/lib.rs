//! What the tests share: where the real services are, a Kitsu that misbehaves, and the command that
//! is tested. `cargo xtask services` starts the services and names their places in the environment.

#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot go on says why.

pub mod faults;
pub mod flow;
pub mod picture;
pub mod relay;
#[path = "../../crates/watchtower-connector/tests/replay/mod.rs"]
#[allow(dead_code)] // It is part of the connector's tests.
mod replay;

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// A real Kitsu server, filled by `tests/services/zou seed`.
#[derive(Debug)]
pub struct Kitsu {
    /// Its API's address.
    pub url: String,
    /// An administrator's email.
    pub email: String,
    /// The administrator's password, which holds `=`.
    pub password: String,
    projects: HashMap<String, String>,
}

impl Kitsu {
    /// The server that `cargo xtask services` started.
    ///
    /// # Panics
    ///
    /// When it did not: these tests make no sense without.
    pub fn running() -> Self {
        let state = service("WATCHTOWER_TEST_ZOU");
        let text = fs::read_to_string(state.join("env")).expect("the server's env file");
        let setting = |name: &str| {
            let mut lines = text.lines();
            let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            value
                .unwrap_or_else(|| panic!("{name} in the server's env file"))
                .to_owned()
        };
        let projects = fs::read(state.join("projects.json")).expect("the server is seeded");
        Self {
            url: setting("ZOU_URL"),
            email: setting("ZOU_EMAIL"),
            password: setting("ZOU_PASSWORD"),
            projects: serde_json::from_slice(&projects).expect("ids by name"),
        }
    }

    /// The id of a seeded project.
    ///
    /// # Panics
    ///
    /// When no project has that name.
    pub fn project(&self, name: &str) -> &str {
        &self.projects[name]
    }

    /// How many projects are seeded.
    pub fn project_count(&self) -> usize {
        self.projects.len()
    }

    /// What the server answers at a path, as `export/csv/tasks.csv`.
    ///
    /// # Panics
    ///
    /// When it refuses.
    pub fn download(&self, path: &str) -> Vec<u8> {
        self.ask("GET", path, &Value::Null)
    }

    /// Sends JSON to a path, as an administrator, and gives the answer; null for an empty one.
    ///
    /// # Panics
    ///
    /// When it refuses, or answers something else.
    pub fn send(&self, method: &str, path: &str, body: &Value) -> Value {
        match self.ask(method, path, body).as_slice() {
            [] => Value::Null,
            answer => serde_json::from_slice(answer).expect("an answer in JSON"),
        }
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Vec<u8> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let client = reqwest::Client::new();
            let account = [("email", &self.email), ("password", &self.password)];
            let login = client.post(format!("{}/auth/login", self.url));
            let answer = login.form(&account).send().await.expect("an answer");
            let session: Value = answer.json().await.expect("a session");
            let token = session["access_token"].as_str().expect("a token");
            let mut request = client
                .request(method, format!("{}/{path}", self.url))
                .bearer_auth(token);
            if !body.is_null() {
                request = request.json(body);
            }
            let answer = request.send().await.expect("an answer");
            let answer = answer.error_for_status().expect("it is there");
            answer.bytes().await.expect("all of it").into()
        })
    }

    /// `watchtower export kitsu` into a folder, with the server's settings in the environment.
    pub fn export(&self, site: &Path) -> Command {
        let mut command = self.command("export");
        command.arg("--output").arg(site);
        command
    }

    /// `watchtower SUBCOMMAND kitsu`, with the server's settings in the environment.
    pub fn command(&self, subcommand: &str) -> Command {
        let mut command = watchtower();
        command.args([subcommand, "kitsu"]);
        command.env("KITSU_DATA_SOURCE_URL", &self.url);
        command.env("KITSU_DATA_SOURCE_USER_EMAIL", &self.email);
        command.env("KITSU_DATA_SOURCE_USER_PASSWORD", &self.password);
        command
    }
}

/// The place of something that `cargo xtask services` prepared.
///
/// # Panics
///
/// When the variable is not set: these tests make no sense without.
pub fn service(variable: &str) -> PathBuf {
    let place = std::env::var_os(variable);
    let place =
        place.unwrap_or_else(|| panic!("{variable} is not set: run `cargo xtask services`"));
    place.into()
}

/// The command under test, away from the settings of whoever runs the tests.
pub fn watchtower() -> Command {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    // A test of one package is not told where the program of another is, so cargo is asked.
    let program = BUILT.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args([
            "build",
            "--quiet",
            "--package",
            "watchtower-cli",
            "--bin",
            "watchtower",
        ]);
        cargo.args(["--message-format", "json"]);
        let output = cargo.output().expect("cargo runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let messages = String::from_utf8(output.stdout).expect("cargo prints JSON");
        let mut messages = messages
            .lines()
            .filter_map(|it| serde_json::from_str::<Value>(it).ok());
        let program = messages.find_map(|it| Some(it.get("executable")?.as_str()?.into()));
        program.expect("cargo names the program it built")
    });
    let mut command = Command::new(program);
    command.env_clear().env("COLUMNS", "100");
    command
}

/// `watchtower export marked` into a folder, where `program` is `src/bin/marked.rs`, which only the
/// tests that use it are told the place of.
pub fn export_marked(program: impl AsRef<OsStr>, site: &Path, mark: u64) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .args(["export", "marked", "--quiet", "--pictures-as-they-are"]);
    command.arg("--mark");
    command.arg(mark.to_string()).arg("--output").arg(site);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// `watchtower serve` on a free port; it ends when this is dropped.
#[derive(Debug)]
pub struct Serving {
    process: Child,
    /// Where it answers, with a slash at the end.
    pub url: String,
}

impl Serving {
    /// Serves a site, with more arguments if there are any.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn start(site: &Path, arguments: &[&OsStr]) -> Self {
        let mut command = watchtower();
        command.args(["serve", "--port", "0"]).arg(site);
        command.args(arguments);
        Self::of(&mut command)
    }

    /// Starts a command that serves and says where, as `watchtower view` does.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn of(command: &mut Command) -> Self {
        command.stdin(Stdio::null());
        let mut process = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let stdout = process.stdout.take().expect("it was piped");
        let mut url = String::new();
        BufReader::new(stdout)
            .read_line(&mut url)
            .expect("it says where it answers");
        assert!(url.starts_with("http"), "it did not start");
        let url = url.trim().to_owned();
        Self { process, url }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs a command and demands an exit code.
///
/// # Panics
///
/// When it ends with another.
pub fn run(command: &mut Command, code: i32) -> Output {
    let output = command.output().expect("the command starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(
        output.status.code(),
        Some(code),
        "{command:?}\n{}\n{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    output
}

/// Reads a document of a site.
///
/// # Panics
///
/// When it is not there, or is not JSON.
pub fn read(site: &Path, path: &str) -> Value {
    let path = site.join(path);
    let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file below a folder, by its path from there, with its bytes; in order.
///
/// # Panics
///
/// When one cannot be read.
pub fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).expect("a file");
                let name = path.strip_prefix(folder).expect("it is below").to_owned();
                found.push((name, bytes));
            }
        }
    }
    found.sort();
    found
}

/// The Python package's wheel that holds the web client of a format, as pip leaves it.
///
/// # Panics
///
/// When it is not there.
pub fn wheel(format: &str) -> PathBuf {
    let version = match format {
        "v0" => "0.1.7",
        _ => "1.0.0b3",
    };
    let wheels = service("WATCHTOWER_TEST_BROWSER").join("wheels");
    let wheel = wheels.join(format!("watchtower_pipeline-{version}-py3-none-any.whl"));
    assert!(wheel.exists(), "{} is not there", wheel.display());
    wheel
}

/// A site with the web client of its format beside it, as `watchtower bundle` makes it.
///
/// # Panics
///
/// When it cannot be made.
pub fn bundle(site: &Path, format: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = watchtower();
    command.arg("bundle").arg(site).arg("--client");
    command.arg(wheel(format)).arg("--output");
    run(command.arg(folder.path().join("bundle")), 0);
    folder
}

/// A script of `tests/browser`, with what it needs to start the browser.
pub fn browser_script(name: &str) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    let mut node = Command::new("node");
    node.arg(script.join(name)).arg("--modules");
    node.arg(service("WATCHTOWER_TEST_BROWSER"));
    node
}

/// What the web client makes of a site: it is bundled with the client of its format, and
/// `tests/browser/inspect.mjs` opens the bundle in Chromium. The screenshots go to
/// `target/screenshots/FORMAT-NAME`.
///
/// # Panics
///
/// When the browser cannot be run.
pub fn inspect(site: &Path, format: &str, name: &str, arguments: &[&str]) -> Value {
    let bundle = bundle(site, format);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let screenshots = root.join(format!("../target/screenshots/{format}-{name}"));
    // Those of an earlier run may show what is not there any more.
    if screenshots.exists() {
        fs::remove_dir_all(&screenshots).expect("it is ours");
    }
    let mut node = browser_script("inspect.mjs");
    node.arg("--bundle").arg(bundle.path().join("bundle"));
    node.args(["--format", format, "--output"]).arg(screenshots);
    let output = run(node.args(arguments), 0);
    serde_json::from_slice(&output.stdout).expect("inspect.mjs prints JSON")
}
