//! The counterpart of a Flow site in `tests/flow`, which the official client takes for one.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::{service, watchtower};

/// The script that sees all, and its key.
pub const SCRIPT: (&str, &str) = ("watchtower", "correct-horse-battery-staple");

/// The folder of the counterpart.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("flow")
}

/// A Python that has the official client, in the counterpart's folder.
///
/// # Panics
///
/// When `cargo xtask services` has not made one.
pub fn python() -> Command {
    let mut python = Command::new(service("WATCHTOWER_TEST_FLOW").join("bin/python"));
    python.arg("-B").current_dir(folder());
    python
}

/// A counterpart that runs; it ends when this is dropped.
#[derive(Debug)]
pub struct Counterpart {
    process: Child,
    /// The address of the site.
    pub url: String,
    /// The address of the other host, where its files are.
    pub media_url: String,
}

impl Counterpart {
    /// Starts one, with arguments of `server.py`.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn start(arguments: &[&str]) -> Self {
        Self::run(python().arg("server.py").args(arguments))
    }

    /// Starts one whose seed was shuffled by chance, the same for the same number.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn shuffled(number: u32, arguments: &[&str]) -> Self {
        let number = number.to_string();
        Self::run(python().args(["mutated.py", &number]).args(arguments))
    }

    fn run(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("python starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("it was piped"))
            .read_line(&mut line)
            .expect("it says where it answers");
        let told: Value = serde_json::from_str(&line).expect("it started");
        let text = |key: &str| told[key].as_str().expect("an address").to_owned();
        Self {
            url: text("url"),
            media_url: text("media_url"),
            process,
        }
    }

    /// Asks something at a path; posts a body where there is one.
    ///
    /// # Panics
    ///
    /// When it does not answer with JSON.
    pub fn ask(&self, path: &str, body: Option<&Value>) -> Value {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let (client, url) = (reqwest::Client::new(), format!("{}{path}", self.url));
            let request = match body {
                Some(body) => client.post(url).body(body.to_string()),
                None => client.get(url),
            };
            let answer = request.send().await.expect("an answer");
            let bytes = answer.bytes().await.expect("all of it");
            serde_json::from_slice(&bytes).expect("JSON")
        })
    }

    /// Turns something that nobody can turn at a real site.
    ///
    /// # Panics
    ///
    /// When there is no such thing.
    pub fn control(&self, order: &Value) {
        assert_eq!(self.ask("/_control", Some(order)), json!({"ok": true}));
    }

    /// The requests since the log was cleared.
    pub fn log(&self) -> Vec<Value> {
        let mut stats = self.ask("/_stats", None);
        match stats["log"].take() {
            Value::Array(log) => log,
            _ => Vec::new(),
        }
    }

    /// `watchtower SUBCOMMAND flow`, as a script.
    pub fn command_as(&self, subcommand: &str, (script, key): (&str, &str)) -> Command {
        let mut command = watchtower();
        command.args([subcommand, "flow"]);
        command.env("SHOTGRID_URL", &self.url);
        command.env("SHOTGRID_SCRIPT_NAME", script);
        command.env("SHOTGRID_API_KEY", key);
        command
    }

    /// `watchtower SUBCOMMAND flow`, as the script that sees all.
    pub fn command(&self, subcommand: &str) -> Command {
        self.command_as(subcommand, SCRIPT)
    }

    /// `watchtower export flow` into a folder, as the script that sees all.
    pub fn export(&self, site: &Path) -> Command {
        let mut command = self.command("export");
        command.arg("--output").arg(site);
        command
    }

    /// `watchtower export flow` into a folder, as a person.
    pub fn export_as_person(&self, site: &Path, login: &str, password: &str) -> Command {
        let mut command = watchtower();
        command.args(["export", "flow", "--output"]).arg(site);
        command.env("SHOTGRID_URL", &self.url);
        command.env("SHOTGRID_LOGIN", login);
        command.env("SHOTGRID_PASSWORD", password);
        command
    }
}

impl Drop for Counterpart {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A file of the counterpart's media.
///
/// # Panics
///
/// When there is none of that name.
pub fn media(name: &str) -> Vec<u8> {
    fs::read(folder().join("media").join(name)).expect("a file of the counterpart's")
}
