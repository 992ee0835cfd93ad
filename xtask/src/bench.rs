//! `cargo xtask bench`: ours beside others of its kind, on the same machine, in the same run.
//!
//! Only ratios mean anything: how long a program takes depends on the machine and on what else it
//! does. The programs take turns, so that a slow moment hits them all.

mod export;
mod flow;
mod kitsu;
mod live;
mod pictures;
mod relay;
mod validate;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::{Subcommand, ValueEnum};
use wait4::Wait4;

use crate::root;

/// What is measured.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// `watchtower validate` beside other validators, on an export of 100,000 shots
    Validate {
        /// How often each program runs; the median counts. Python's runs at most 3 times
        #[arg(long, default_value = "5", value_name = "N")]
        runs: usize,
        /// Measure the memory for a `shots.json` of 1.6 GB as well, which takes 2 GB of disk
        #[arg(long)]
        huge: bool,
        /// Where exports and validators are kept between runs
        #[arg(long, default_value = "target/bench")]
        state: PathBuf,
    },
    /// Exports beside those of the Python package: a film of 100,000 shots from memory, beside `write`
    /// alone as well, and a film with 300 pictures from a real Kitsu, beside plain fetching
    Export {
        /// Only one of the two
        #[arg(long, value_name = "FROM")]
        only: Option<Source>,
        /// How often each program runs; the median counts. Python's runs at most 3 times
        #[arg(long, default_value = "5", value_name = "N")]
        runs: usize,
        /// Where the Python package and the server are kept between runs
        #[arg(long, default_value = "target/bench")]
        state: PathBuf,
    },
    /// Exports of a film with 300 pictures of 1920 × 1080 pixels, beside vipsthumbnail
    Pictures {
        /// How often each program runs; the median counts
        #[arg(long, default_value = "5", value_name = "N")]
        runs: usize,
        /// Where the pictures are kept between runs
        #[arg(long, default_value = "target/bench")]
        state: PathBuf,
    },
    /// An export of 10,000 shots with 60,000 tasks from a Flow site across a network, beside a script that reads
    /// the same with the official client
    Flow {
        /// How often each program runs; the median counts
        #[arg(long, default_value = "5", value_name = "N")]
        runs: usize,
        /// Where the official client and what was recorded are kept between runs
        #[arg(long, default_value = "target/bench")]
        state: PathBuf,
    },
    /// Looking whether anything changed in a real Kitsu across a network, beside reading everything and the Python
    /// package; a first export beside curl; and from a status set to the page that shows it
    Live {
        /// How often each program runs; the median counts. Python's runs at most twice
        #[arg(long, default_value = "5", value_name = "N")]
        runs: usize,
        /// Only one of what is measured
        #[arg(long, value_name = "WHAT")]
        only: Option<live::Part>,
        /// Where the Python package and the server are kept between runs
        #[arg(long, default_value = "target/bench")]
        state: PathBuf,
        /// Where the browser and the web clients are kept between runs
        #[arg(long, default_value = "target/services/browser")]
        browser: PathBuf,
    },
    /// Export again and again from Kitsu, and print the memory and the open files early and late
    #[command(hide = true)]
    Beats {
        /// The server's address
        url: String,
        /// The site's folder
        site: PathBuf,
    },
    /// Write the example film to a site, and print how many seconds the writer took
    #[command(hide = true)]
    Write {
        /// How many shots it has
        shots: usize,
        /// The site's folder
        site: PathBuf,
    },
    /// Write what files hold to a folder, as fast as the system takes it, and print the seconds
    #[command(hide = true)]
    Copy {
        /// The folder
        folder: PathBuf,
        /// The files
        files: Vec<PathBuf>,
    },
    /// Parse files with `serde_json` and ignore what they hold: what validation is measured against
    #[command(hide = true)]
    Ignore {
        /// The files
        files: Vec<PathBuf>,
    },
}

/// Where an exported film comes from.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Source {
    Memory,
    Kitsu,
}

/// Runs a benchmark.
pub(crate) fn run(bench: Bench) -> Result<()> {
    match bench {
        Bench::Validate { runs, huge, state } => validate::run(runs, huge, &root().join(state)),
        Bench::Export { only, runs, state } => export::run(only, runs, &root().join(state)),
        Bench::Pictures { runs, state } => pictures::run(runs, &root().join(state)),
        Bench::Flow { runs, state } => flow::run(runs, &root().join(state)),
        Bench::Live {
            runs,
            only,
            state,
            browser,
        } => live::run(runs, only, &root().join(state), &root().join(browser)),
        Bench::Beats { url, site } => live::beats(&url, &site),
        Bench::Write { shots, site } => export::write(shots, &site),
        Bench::Copy { folder, files } => export::copy(&folder, &files),
        Bench::Ignore { files } => validate::ignore(&files),
    }
}

/// A program to be measured: one process, or several in turn.
struct Contender {
    name: &'static str,
    /// How often it runs at most.
    most: usize,
    commands: Vec<Command>,
    measured: Vec<Cost>,
}

/// What a program took.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    time: Duration,
    /// The time of all its processors, which other programs on the machine change less.
    processor: Duration,
    /// The most memory resident at a time, in bytes.
    memory: u64,
}

impl Contender {
    fn new(name: &'static str, commands: Vec<Command>) -> Self {
        Self {
            name,
            most: usize::MAX,
            commands,
            measured: Vec::new(),
        }
    }

    /// Runs it once more, unless it has run often enough.
    fn run(&mut self) -> Result<()> {
        if self.measured.len() >= self.most {
            return Ok(());
        }
        let mut total = Cost::default();
        for command in &mut self.commands {
            let cost = measure(command)?;
            total.time += cost.time;
            total.processor += cost.processor;
            total.memory = total.memory.max(cost.memory);
        }
        self.measured.push(total);
        Ok(())
    }

    /// The medians of the times, and the most memory of any run.
    fn cost(&self) -> Cost {
        let of = |time: fn(&Cost) -> Duration| median(self.measured.iter().map(time).collect());
        let memory = self.measured.iter().map(|it| it.memory).max();
        Cost {
            time: of(|it| it.time),
            processor: of(|it| it.processor),
            memory: memory.unwrap_or_default(),
        }
    }
}

pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Runs a command, which must succeed, and takes no notice of what it says.
fn measure(command: &mut Command) -> Result<Cost> {
    spend(command.stderr(Stdio::null()))
}

/// Runs a command, which must succeed, in the workspace's folder unless it has its own.
fn spend(command: &mut Command) -> Result<Cost> {
    if command.get_current_dir().is_none() {
        command.current_dir(root());
    }
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let program = command.get_program().to_string_lossy().into_owned();
    let start = Instant::now();
    let child = command.spawn();
    let child = child.with_context(|| format!("cannot start {program}"))?;
    let used = child.wait4()?;
    let time = start.elapsed();
    ensure!(
        used.status.success(),
        "{command:?} failed: {}; run it by hand to see why",
        used.status
    );
    Ok(Cost {
        time,
        processor: used.rusage.utime + used.rusage.stime,
        memory: used.rusage.maxrss,
    })
}

/// Prints what each contender took, and how that compares with the first.
fn print_table(contenders: &[Contender]) {
    print_times(contenders, |cost| {
        format!("{:>9.1} MiB at most", mebibytes(cost.memory))
    });
}

/// Prints how long each contender took, how that compares with the first, and what else there is to say.
fn print_times(contenders: &[Contender], rest: impl Fn(&Cost) -> String) {
    let first = contenders.first().map(Contender::cost).unwrap_or_default();
    println!(
        "{:<32} {:>5} {:>10} {:>9} {:>11}",
        "", "runs", "median", "ratio", "processor"
    );
    for contender in contenders {
        let cost = contender.cost();
        println!(
            "{:<32} {:>5} {:>8.2} s {:>8.2}× {:>9.2} s{}",
            contender.name,
            contender.measured.len(),
            cost.time.as_secs_f64(),
            ratio(cost.time, first.time),
            cost.processor.as_secs_f64(),
            rest(&cost),
        );
    }
}

fn ratio(time: Duration, to: Duration) -> f64 {
    time.as_secs_f64() / to.as_secs_f64()
}

#[allow(clippy::cast_precision_loss)] // Printed with one digit.
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// Says whether a target is met.
fn print_target(holds: bool, target: &str, found: &str) {
    let verdict = if holds { "holds " } else { "MISSED" };
    println!("{verdict}  {target}: {found}");
}

/// The same folder, empty.
fn fresh(folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    Ok(folder.to_owned())
}

/// Every file below a folder, in the order of their paths.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A program of the release build.
fn release(program: &str) -> Command {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    Command::new(root().join(Path::new(&target).join("release").join(program)))
}
