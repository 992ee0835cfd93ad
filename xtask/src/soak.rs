//! `cargo xtask soak`: the command beside a tracker that goes through what a tracker goes through.
//!
//! A soak takes an hour, and is run by hand. The same seed gives the same changes and faults in the same order;
//! how many there are, and what each of them meets, depends on the machine.

mod command;
mod reader;
mod studio;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Subcommand;

use self::command::{Account, Export};
use self::studio::{Studio, Truth};
use crate::zou::Zou;
use crate::{root, run as run_command};

/// What is soaked.
#[derive(Subcommand)]
pub(crate) enum Soak {
    /// `watchtower export kitsu --every 2s` beside a real Kitsu that changes all the time, is restarted, stopped,
    /// loses its log of events and its clock, and revokes tokens
    Live {
        /// For how long
        #[arg(long, default_value = "60", value_name = "N")]
        minutes: u64,
        /// What decides about the changes and faults, and their order
        #[arg(long, default_value = "1", value_name = "N")]
        seed: u64,
        /// Where the server is kept between runs, and what was exported
        #[arg(long, default_value = "target/soak")]
        state: PathBuf,
    },
}

/// How long the site may take after the last change to hold what a fresh export does. What could not be read is
/// left alone for a minute.
const PATIENCE: Duration = Duration::from_secs(150);

/// Runs a soak.
pub(crate) fn run(soak: Soak) -> Result<()> {
    match soak {
        Soak::Live {
            minutes,
            seed,
            state,
        } => live(Duration::from_secs(60 * minutes), seed, &root().join(state)),
    }
}

/// What goes wrong in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// Nothing.
    None,
    /// The server ends, and starts at once.
    Restart,
    /// It is away for a while.
    Stop,
    /// Its log of events loses what is old, or all.
    Prune,
    /// Its clock shows another time from now on.
    Clock,
    /// The token that the command has is not good any more.
    Revoke,
    /// The command is killed, and another one goes on from its site.
    Kill,
}

const FAULTS: [Fault; 8] = [
    Fault::None,
    Fault::Restart,
    Fault::Stop,
    Fault::Prune,
    Fault::Clock,
    Fault::Revoke,
    Fault::Kill,
    Fault::Clock,
];

/// By how much the server's clock may be wrong, in seconds.
const CLOCKS: [i64; 6] = [-3600, -90, -20, 20, 90, 3600];

/// What did not hold, each with the moment it was found.
#[derive(Debug)]
pub(crate) struct Broken {
    start: Instant,
    found: Mutex<Vec<String>>,
}

impl Broken {
    fn say(&self, what: impl AsRef<str>) {
        let line = format!("{:>5} s  {}", self.start.elapsed().as_secs(), what.as_ref());
        let mut found = self.found.lock().unwrap_or_else(|it| it.into_inner());
        // One thing may be seen ten times a second.
        if found.len() < 1000 {
            println!("BROKEN {line}");
            found.push(line);
        }
    }
}

/// A soak that goes on.
struct Live<'a> {
    zou: &'a Zou,
    folder: &'a Path,
    /// From the start of the round to its fault, and from its end to the comparison.
    pace: Duration,
    rng: fastrand::Rng,
    export: Export,
    broken: &'a Broken,
    /// How often each fault was there.
    faults: BTreeMap<Fault, usize>,
    /// How long the site took to hold what a fresh export does.
    waits: Vec<Duration>,
}

fn live(length: Duration, seed: u64, state: &Path) -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.args([
        "build",
        "--quiet",
        "--package",
        "watchtower-cli",
        "--bin",
        "watchtower",
    ]);
    run_command(&mut cargo)?;
    let folder = state.join(format!("run-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    // What is built meanwhile is another file.
    let built =
        root().join(std::env::var_os("CARGO_TARGET_DIR").map_or("target".into(), PathBuf::from));
    fs::hard_link(built.join("debug/watchtower"), folder.join("watchtower"))?;
    let zou = Zou::start(&state.join("zou"), "seed")?;
    let result = soak(&zou, length, seed, &folder);
    // The server must not outlive this, whatever came of it.
    let down = zou.down();
    let is_clean = result?;
    down?;
    ensure!(
        is_clean,
        "something did not hold; what was exported is in {}",
        folder.display()
    );
    fs::remove_dir_all(&folder)?;
    Ok(())
}

/// Whether everything held.
fn soak(zou: &Zou, length: Duration, seed: u64, folder: &Path) -> Result<bool> {
    println!("{} minutes, seed {seed}", length.as_secs() / 60);
    let start = Instant::now();
    let broken = Broken {
        start,
        found: Mutex::default(),
    };
    let truth = Mutex::new(Truth::default());
    let mut studio = Studio::new(zou, &truth, fastrand::Rng::with_seed(seed))?;
    let export = Export::start(zou, folder, Account::Bot(zou.new_token()?))?;
    let site = export.site().to_owned();
    let mut live = Live {
        zou,
        folder,
        pace: length.clamp(Duration::from_secs(60), Duration::from_secs(20 * 60)) / 60,
        rng: fastrand::Rng::with_seed(seed),
        export,
        broken: &broken,
        faults: BTreeMap::new(),
        waits: Vec::new(),
    };
    let is_over = AtomicBool::new(false);
    let (rounds, seen) = thread::scope(|scope| {
        let reader = scope.spawn(|| reader::read(&site, &truth, &broken, &is_over));
        let rounds = live.rounds(&mut studio, start + length);
        is_over.store(true, Ordering::Relaxed);
        let seen = reader
            .join()
            .map_err(|_| anyhow::anyhow!("the reader panicked"));
        (rounds, seen)
    });
    let seen = seen?;
    rounds?;
    let told = live.export.end(&broken)?;

    println!(
        "\n{} s, {} changes:",
        start.elapsed().as_secs(),
        studio.done()
    );
    for (what, count) in studio.counts() {
        println!("  {count:>6}  {what}");
    }
    println!("faults: {:?}", live.faults);
    if zou.has_false_clock() {
        println!("the server's clock was changed by libfaketime");
    } else {
        println!("the server's clock was not changed: libfaketime is not installed");
    }
    println!("the command: {told}");
    println!("the reader: {seen}");
    live.waits.sort_unstable();
    println!(
        "{} comparisons with a fresh export; equal within {:.1} s, half of them within {:.1} s",
        live.waits.len(),
        live.waits.last().copied().unwrap_or_default().as_secs_f64(),
        super::bench::median(live.waits.clone()).as_secs_f64(),
    );
    let found = broken.found.into_inner().unwrap_or_default();
    println!("{} things did not hold", found.len());
    for line in &found {
        println!("  {line}");
    }
    Ok(found.is_empty())
}

impl Live<'_> {
    /// Changes things, lets something go wrong, and compares, until the end.
    fn rounds(&mut self, studio: &mut Studio<'_>, end: Instant) -> Result<()> {
        let mut deck = Vec::new();
        while Instant::now() < end {
            if deck.is_empty() {
                deck.extend(FAULTS);
                self.rng.shuffle(&mut deck);
            }
            let fault = deck.pop().unwrap_or(Fault::None);
            *self.faults.entry(fault).or_default() += 1;
            studio.change_until(|| false, Instant::now() + self.pace)?;
            self.go_wrong(fault, studio)?;
            studio.change_until(|| false, Instant::now() + self.pace)?;
            self.compare(fault)?;
            self.export.must_run(self.broken)?;
        }
        Ok(())
    }

    /// Lets something go wrong, while changes go on.
    fn go_wrong(&mut self, fault: Fault, studio: &mut Studio<'_>) -> Result<()> {
        let zou = self.zou;
        println!("{:>5} s  {fault:?}", self.broken.start.elapsed().as_secs());
        // Tokens of a time that is yet to come are refused, and there are no others: a person logs in again.
        if fault == Fault::Clock {
            self.export.restart(zou, Account::Person)?;
        }
        let (clock, away) = (*self.rng.choice(&CLOCKS).unwrap_or(&0), self.rng.u32(1..6));
        let clock = if zou.clock_is_false() && self.rng.bool() {
            0
        } else {
            clock
        };
        let (pace, all) = (self.pace, self.rng.bool());
        let server = move || match fault {
            Fault::None | Fault::Revoke | Fault::Kill => Ok(()),
            Fault::Restart => zou.down().and_then(|()| zou.up()),
            Fault::Stop => {
                zou.down()?;
                thread::sleep(pace * away);
                zou.up()
            }
            Fault::Prune => zou.prune(all),
            Fault::Clock => {
                zou.down()?;
                zou.set_clock(clock);
                zou.up()
            }
        };
        thread::scope(|scope| {
            let server = scope.spawn(server);
            studio.change_until(|| server.is_finished(), Instant::now() + PATIENCE * 10)?;
            server
                .join()
                .map_err(|_| anyhow::anyhow!("a fault panicked"))?
        })?;
        match fault {
            Fault::Revoke => {
                // Where a person logs in, a bot takes over.
                let token = zou.new_token()?;
                studio.change_until(|| false, Instant::now() + self.pace)?;
                self.export.must_run(self.broken)?;
                self.export.restart(zou, Account::Bot(token))
            }
            Fault::Kill => {
                let account = match self.rng.bool() {
                    true => Account::Person,
                    false => Account::Bot(zou.new_token()?),
                };
                self.export.kill()?;
                studio.change_until(|| false, Instant::now() + self.pace / 2)?;
                self.export.restart(zou, account)
            }
            _ => Ok(()),
        }
    }

    /// Waits until the site holds what a fresh export does.
    fn compare(&mut self, fault: Fault) -> Result<()> {
        let start = Instant::now();
        loop {
            let fresh = self.folder.join("fresh");
            if fresh.exists() {
                fs::remove_dir_all(&fresh)?;
            }
            command::fresh_export(self.zou, &fresh)?;
            let differing = differing(self.export.site(), &fresh)?;
            if differing.is_empty() {
                self.waits.push(start.elapsed());
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                let names: Vec<_> = differing
                    .iter()
                    .map(|it| it.display().to_string())
                    .collect();
                let kept = self.folder.join(format!("differs-{}", self.waits.len()));
                copy(&self.export.site().join("data"), &kept.join("site"))?;
                copy(&fresh.join("data"), &kept.join("fresh"))?;
                self.broken.say(format!(
                    "after {fault:?} the site is not that of a fresh export: {}; see {}",
                    names.join(", "),
                    kept.display()
                ));
                return Ok(());
            }
            thread::sleep(Duration::from_secs(1));
        }
    }
}

/// The documents that are not the same in two sites, but for the history of each export.
fn differing(site: &Path, other: &Path) -> Result<Vec<PathBuf>> {
    let (mut documents, others) = (documents(site)?, documents(other)?);
    let mut names: Vec<_> = documents.keys().chain(others.keys()).cloned().collect();
    names.sort();
    names.dedup();
    names.retain(|it| documents.remove(it) != others.get(it).cloned());
    Ok(names)
}

fn documents(site: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let data = site.join("data");
    let mut found = BTreeMap::new();
    for path in super::bench::files_below(&data)? {
        let is_document = path.extension().is_some_and(|it| it == "json");
        if is_document && !path.ends_with("task_counts.json") {
            let name = path.strip_prefix(&data)?.to_owned();
            let text = fs::read(&path).with_context(|| path.display().to_string())?;
            found.insert(name, text);
        }
    }
    Ok(found)
}

/// Keeps the documents of a site for whoever looks at what was wrong.
fn copy(from: &Path, to: &Path) -> Result<()> {
    for path in super::bench::files_below(from)? {
        if path.extension().is_some_and(|it| it == "json") {
            let target = to.join(path.strip_prefix(from)?);
            fs::create_dir_all(target.parent().unwrap_or(to))?;
            fs::copy(&path, target)?;
        }
    }
    Ok(())
}
