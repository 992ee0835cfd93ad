//! The command that is soaked.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Broken;
use crate::zou::Zou;

/// As whom it asks.
#[derive(Clone, Debug)]
pub(super) enum Account {
    /// A person, who logs in with a password.
    Person,
    /// A bot, by its token.
    Bot(String),
}

/// `watchtower export kitsu --every 2s`, one process after the other.
#[derive(Debug)]
pub(super) struct Export {
    process: Child,
    site: PathBuf,
    log: PathBuf,
    /// The memory in KiB and the open files of the processes that ended, early and late in their lives.
    sizes: Vec<[(u64, usize); 2]>,
    started: Instant,
    early: Option<(u64, usize)>,
    restarts: usize,
}

/// What the command said of its beats.
#[derive(Debug, Default)]
pub(super) struct Told {
    restarts: usize,
    idle: usize,
    /// The most requests that one of them took, and the median of their times, in milliseconds.
    idle_requests: u64,
    idle_time: f64,
    part: usize,
    all: usize,
    errors: usize,
    sizes: Vec<[(u64, usize); 2]>,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            restarts,
            idle,
            idle_requests,
            idle_time,
            part,
            all,
            errors,
            ..
        } = self;
        write!(
            f,
            "started again {restarts} times; {idle} idle beats, of {idle_requests} requests at most and {idle_time:.0} \
             ms; {part} beats read a part and {all} everything; {errors} errors"
        )?;
        // The process that lived longest.
        for [early, late] in self.sizes.iter().rev().take(1) {
            write!(
                f,
                "; the last one had {} KiB and {} open files early, {} KiB and {} late",
                early.0, early.1, late.0, late.1
            )?;
        }
        Ok(())
    }
}

impl Export {
    pub(super) fn start(zou: &Zou, folder: &Path, account: Account) -> Result<Self> {
        let (site, log) = (folder.join("site"), folder.join("log"));
        let process = spawn(zou, &site, &log, &account)?;
        Ok(Self {
            process,
            site,
            log,
            sizes: Vec::new(),
            started: Instant::now(),
            early: None,
            restarts: 0,
        })
    }

    pub(super) fn site(&self) -> &Path {
        &self.site
    }

    /// It must not have ended by itself.
    pub(super) fn must_run(&mut self, broken: &Broken) -> Result<()> {
        if let Some(status) = self.process.try_wait()? {
            broken.say(format!("the command ended by itself: {status}"));
        }
        if self.early.is_none() && self.started.elapsed() > Duration::from_secs(20) {
            self.early = size(&self.process);
        }
        Ok(())
    }

    /// Ends it as a person does, and starts another one.
    pub(super) fn restart(&mut self, zou: &Zou, account: Account) -> Result<()> {
        self.stop()?;
        self.process = spawn(zou, &self.site, &self.log, &account)?;
        self.started = Instant::now();
        self.early = None;
        self.restarts += 1;
        Ok(())
    }

    pub(super) fn kill(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    fn stop(&mut self) -> Result<()> {
        if self.process.try_wait()?.is_some() {
            return Ok(());
        }
        self.sizes
            .extend(self.early.zip(size(&self.process)).map(|(a, b)| [a, b]));
        let mut kill = Command::new("kill");
        kill.args(["-TERM", &self.process.id().to_string()]);
        crate::run(&mut kill)?;
        let start = Instant::now();
        while self.process.try_wait()?.is_none() {
            ensure!(
                start.elapsed() < Duration::from_secs(60),
                "the command does not end when it is told to"
            );
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Ends it, and says what it told.
    pub(super) fn end(mut self, broken: &Broken) -> Result<Told> {
        self.must_run(broken)?;
        self.stop()?;
        let text = fs::read_to_string(&self.log)?;
        let mut told = Told {
            restarts: self.restarts,
            sizes: std::mem::take(&mut self.sizes),
            ..Told::default()
        };
        let mut times = Vec::new();
        for line in text.lines() {
            // A line may end where the process was killed.
            let Ok(event) = serde_json::from_str::<Value>(line) else {
                continue;
            };
            if event["level"] == "ERROR" {
                told.errors += 1;
            }
            match event["message"].as_str() {
                Some("nothing changed") => {
                    told.idle += 1;
                    let requests = event["requests"].as_u64().unwrap_or_default();
                    told.idle_requests = told.idle_requests.max(requests);
                    times.push(event["seconds"].as_f64().unwrap_or_default() * 1000.0);
                }
                Some("ended") if event["not_read"].is_u64() => told.part += 1,
                Some("ended") => told.all += 1,
                Some(message) if message.contains("panicked") => broken.say(message),
                _ => {}
            }
        }
        times.sort_by(f64::total_cmp);
        told.idle_time = times.get(times.len() / 2).copied().unwrap_or_default();
        Ok(told)
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.kill();
    }
}

fn command(zou: &Zou, site: &Path, account: &Account) -> Command {
    let folder = site.parent().unwrap_or(site);
    let mut command = Command::new(folder.join("watchtower"));
    command.args(["export", "kitsu", "--log-format", "json", "--output"]);
    command.arg(site).stdin(Stdio::null()).stdout(Stdio::null());
    // What is read now and then in any case would hide what was missed.
    command.args(["--full-every", "24h"]);
    command.env("KITSU_DATA_SOURCE_URL", &zou.url);
    match account {
        Account::Person => {
            command.env("KITSU_DATA_SOURCE_USER_EMAIL", &zou.email);
            command.env("KITSU_DATA_SOURCE_USER_PASSWORD", &zou.password);
        }
        Account::Bot(token) => {
            command.env("KITSU_TOKEN", token);
        }
    }
    // Where there is no file of settings.
    command.current_dir(folder);
    command
}

fn spawn(zou: &Zou, site: &Path, log: &Path, account: &Account) -> Result<Child> {
    let log = OpenOptions::new().create(true).append(true).open(log)?;
    let mut command = command(zou, site, account);
    command.args(["--every", "2s"]).stderr(log);
    command.env("WATCHTOWER_LOG", "info,watchtower_cli=debug");
    command.spawn().context("cannot start watchtower")
}

/// Exports everything to a new folder.
pub(super) fn fresh_export(zou: &Zou, site: &Path) -> Result<()> {
    let log = site.with_extension("log");
    let mut command = command(zou, site, &Account::Person);
    let status = command.stderr(File::create(&log)?).status()?;
    // 4 says that the tracker has lost a picture, which it has.
    ensure!(
        matches!(status.code(), Some(0 | 4)),
        "a fresh export failed, see {}",
        log.display()
    );
    Ok(())
}

/// The memory of a process in KiB, and how many files it has open. None where the system does not say.
fn size(process: &Child) -> Option<(u64, usize)> {
    let folder = Path::new("/proc").join(process.id().to_string());
    let status = fs::read_to_string(folder.join("status")).ok()?;
    let mut lines = status.lines();
    let memory = lines.find_map(|it| it.strip_prefix("VmRSS:"))?;
    let memory = memory.trim().trim_end_matches(" kB").parse().ok()?;
    Some((memory, fs::read_dir(folder.join("fd")).ok()?.count()))
}
