//! The server: asked as an administrator, and done to as only those may who run it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::{root, run};

/// Where Debian, Fedora and others have the library with which a program sees another time.
const FALSE_CLOCKS: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib64/faketime/libfaketime.so.1",
];

/// A Kitsu of our own.
#[derive(Debug)]
pub(crate) struct Zou {
    state: PathBuf,
    pub(crate) url: String,
    pub(crate) email: String,
    pub(crate) password: String,
    python: String,
    /// The administrator's token.
    token: Mutex<String>,
    /// The id of the bot.
    bot: String,
    /// By how many seconds the clock is wrong.
    clock: AtomicI64,
    false_clock: Option<&'static str>,
}

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The server is not there, or went away meanwhile: what was asked for may be done all the same.
    #[error("no answer: {0}")]
    Lost(String),
    /// It said no.
    #[error("{0}")]
    Status(String),
}

impl Zou {
    /// Starts the server in a folder, filled by a command of `tests/services/zou`, and with a bot that sees all.
    pub(crate) fn start(state: &Path, fill: &str) -> Result<Self> {
        let mut zou = Self {
            state: state.to_owned(),
            url: String::new(),
            email: String::new(),
            password: String::new(),
            python: String::new(),
            token: Mutex::default(),
            bot: String::new(),
            clock: AtomicI64::new(0),
            false_clock: FALSE_CLOCKS.into_iter().find(|it| Path::new(it).exists()),
        };
        zou.up()?;
        zou.script(fill)?;
        let settings = zou.settings("env")?;
        let setting = |name: &str| {
            let found = settings.iter().find(|(it, _)| it == name);
            found
                .map(|(_, value)| value.clone())
                .context("the server's env file")
        };
        zou.url = setting("ZOU_URL")?;
        zou.email = setting("ZOU_EMAIL")?;
        zou.password = setting("ZOU_PASSWORD")?;
        zou.python = setting("ZOU_PYTHON")?;
        let bot = json!({"first_name": "Soak", "last_name": "", "is_bot": true, "role": "admin"});
        let bot = zou.ask("POST", "data/persons", &bot)?;
        zou.bot = bot["id"].as_str().context("a person has an id")?.to_owned();
        Ok(zou)
    }

    pub(crate) fn up(&self) -> Result<()> {
        self.script("up")
    }

    pub(crate) fn down(&self) -> Result<()> {
        self.script("down")
    }

    fn script(&self, action: &str) -> Result<()> {
        let mut command = Command::new("tests/services/zou");
        command.arg(action).arg(&self.state);
        let clock = self.clock.load(Ordering::Relaxed);
        if let (Some(library), true) = (self.false_clock, clock != 0) {
            command.env("FAKETIME_LIBRARY", library);
            command.env("ZOU_CLOCK", format!("{clock:+}s"));
        }
        run(&mut command)
    }

    /// By how many seconds the clock is wrong after the next start.
    pub(crate) fn set_clock(&self, seconds: i64) {
        self.clock.store(seconds, Ordering::Relaxed);
    }

    pub(crate) fn clock_is_false(&self) -> bool {
        self.clock.load(Ordering::Relaxed) != 0
    }

    /// Whether the clock can be wrong.
    pub(crate) fn has_false_clock(&self) -> bool {
        self.false_clock.is_some()
    }

    fn settings(&self, file: &str) -> Result<Vec<(String, String)>> {
        let text = fs::read_to_string(self.state.join(file))?;
        let lines = text.lines().filter_map(|it| it.split_once('='));
        Ok(lines
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect())
    }

    /// Takes from the log of events what is older than the newest, or all of it.
    pub(crate) fn prune(&self, all: bool) -> Result<()> {
        let what = match all {
            true => "delete from api_event",
            false => {
                "delete from api_event where created_at < (select max(created_at) from api_event)"
            }
        };
        let private = self.settings("env.private")?;
        let database = private.into_iter().find(|(name, _)| name == "ZOU_DB");
        let mut python = Command::new(&self.python);
        python.args([
            "-c",
            "import os, psycopg, sys\n\
             with psycopg.connect(os.environ['DATABASE']) as database: database.execute(sys.argv[1])",
            what,
        ]);
        python.env("DATABASE", database.context("the server's private file")?.1);
        run(&mut python)
    }

    /// A new token for the bot; the one before is not good any more.
    pub(crate) fn new_token(&self) -> Result<String> {
        let path = format!("data/persons/{}", self.bot);
        let bot = self.ask("PUT", &path, &json!({"expiration_date": "2099-12-31"}))?;
        let token = bot["access_token"].as_str();
        Ok(token.context("a bot gets a new token")?.to_owned())
    }

    /// Asks as the administrator, who logs in again where that is needed.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, Refusal> {
        let body = (!body.is_null()).then(|| body.to_string());
        self.curl(&|curl| {
            curl.args(["--request", method]);
            if let Some(body) = &body {
                curl.args([
                    "--header",
                    "Content-Type: application/json",
                    "--data-binary",
                    body,
                ]);
            }
            curl.arg(format!("{}/{path}", self.url));
        })
    }

    /// Sends a file to a path.
    pub(crate) fn upload(&self, path: &str, file: &Path) -> Result<Value, Refusal> {
        self.curl(&|curl| {
            curl.arg("--form").arg(format!("file=@{}", file.display()));
            curl.arg(format!("{}/{path}", self.url));
        })
    }

    fn curl(&self, arguments: &dyn Fn(&mut Command)) -> Result<Value, Refusal> {
        let token = self.token().clone();
        match self.curl_once(&token, arguments) {
            Err(Refusal::Status(status)) if matches!(&*status, "401" | "422") => {
                let token = self.log_in()?;
                self.token().clone_from(&token);
                self.curl_once(&token, arguments)
            }
            result => result,
        }
    }

    fn token(&self) -> std::sync::MutexGuard<'_, String> {
        self.token.lock().unwrap_or_else(|it| it.into_inner())
    }

    fn log_in(&self) -> Result<String, Refusal> {
        let answer = self.curl_once("", &|curl| {
            for (name, value) in [("email", &self.email), ("password", &self.password)] {
                curl.arg("--data-urlencode").arg(format!("{name}={value}"));
            }
            curl.arg(format!("{}/auth/login", self.url));
        })?;
        let token = answer["access_token"].as_str();
        Ok(token.unwrap_or_default().to_owned())
    }

    fn curl_once(&self, token: &str, arguments: &dyn Fn(&mut Command)) -> Result<Value, Refusal> {
        let lost = |error: &dyn std::fmt::Display| Refusal::Lost(error.to_string());
        let mut curl = Command::new("curl");
        curl.args([
            "--silent",
            "--show-error",
            "--max-time",
            "100",
            "--config",
            "-",
        ]);
        curl.args(["--write-out", "\n%{http_code}"]);
        arguments(&mut curl);
        curl.stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = curl.current_dir(root()).spawn().map_err(|it| lost(&it))?;
        if let Some(mut stdin) = child.stdin.take() {
            let header = format!("header = \"Authorization: Bearer {token}\"\n");
            stdin.write_all(header.as_bytes()).map_err(|it| lost(&it))?;
        }
        let output = child.wait_with_output().map_err(|it| lost(&it))?;
        if !output.status.success() {
            return Err(lost(&String::from_utf8_lossy(&output.stderr).trim()));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let (body, status) = text.rsplit_once('\n').unwrap_or(("", &text));
        if !status.starts_with('2') {
            return Err(Refusal::Status(status.to_owned()));
        }
        Ok(serde_json::from_str(body).unwrap_or(Value::Null))
    }
}
