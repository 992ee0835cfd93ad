//! `cargo xtask bench export`: how fast a film that is there is written, and at what cost in memory.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures_executor::block_on;
use watchtower_connector::Tracker;
use watchtower_connector::example::{Example, ExampleOptions};
use watchtower_model::{ProjectSnapshot, TaskId};
use watchtower_writer::media::{MediaPolicy, NoMedia};
use watchtower_writer::{Export, ExportOptions, Site};

use super::{
    Contender, Source, files_below, fresh, kitsu, mebibytes, median, print_table, print_target,
    ratio, release,
};
use crate::{root, run as run_command};

/// How many shots are written beside the peers.
const LARGE: usize = 100_000;
/// Two sizes between which the cost of a shot is compared.
const SMALL: usize = 10_000;
const HUGE: usize = 1_000_000;

/// At least how many times as fast as Python's writer.
const FASTER_THAN_PYTHON: f64 = 70.0;
/// At most how many times the time of `write` alone.
const SLOWER_THAN_WRITE: f64 = 2.5;
/// At most which part of Python's memory.
const PART_OF_MEMORY: f64 = 0.25;
/// At most how many times what a shot costs in a small film.
const COST_OF_A_SHOT: f64 = 1.3;

/// The Python package that is the peer.
const PYTHON_PACKAGE: &str = "watchtower-pipeline==0.1.7";

/// Installs the peer, exports in turn, and says which targets are met.
pub(super) fn run(only: Option<Source>, runs: usize, state: &Path) -> Result<()> {
    ensure!(runs > 0, "`--runs` must be at least 1");
    run_command(Command::new("cargo").args([
        "build",
        "--release",
        "--locked",
        "--package",
        "watchtower-cli",
        "--package",
        "xtask",
    ]))?;
    fs::create_dir_all(state)?;
    let python = python(state)?;
    let wanted = |source| only.is_none_or(|it| it == source);
    if wanted(Source::Memory) {
        from_memory(runs, &python, state)?;
    }
    if wanted(Source::Kitsu) {
        kitsu::run(runs, &python, state)?;
    }
    Ok(())
}

/// Everything is written to a file system in memory where there is one: how long a disk takes to sync,
/// which the peers do not ask it for, says nothing of the writers.
fn from_memory(runs: usize, python: &Path, state: &Path) -> Result<()> {
    let memory = Path::new("/dev/shm");
    let scratch = if memory.is_dir() { memory } else { state };
    let scratch = scratch.join(format!("watchtower-bench-{}", std::process::id()));
    let result = write_beside_peers(runs, python, &scratch);
    // What is in memory must not stay there, whatever the result.
    let removed = fs::remove_dir_all(&scratch).context("cannot remove what was written");
    result.and(removed)
}

fn write_beside_peers(runs: usize, python: &Path, scratch: &Path) -> Result<()> {
    let site = scratch.join("site");
    let mut times = Times::default();
    let mut bytes = 0;
    for run in 0..runs {
        times
            .ours
            .push(seconds(write_command(LARGE, &fresh(&site)?))?);
        let documents = files_below(&site.join("data"))?;
        bytes = documents
            .iter()
            .map(|it| Ok(fs::metadata(it)?.len()))
            .sum::<Result<u64>>()?;
        let mut copy = release("xtask");
        copy.args(["bench", "copy"])
            .arg(fresh(&scratch.join("copy"))?)
            .args(&documents);
        times.write.push(seconds(copy)?);
        // It takes as long each time, and that is long.
        if run < 3 {
            let mut peer = Command::new(python);
            peer.arg("xtask/bench/write.py").arg(&site);
            peer.arg(fresh(&scratch.join("python"))?);
            times.python.push(seconds(peer)?);
        }
    }
    let [ours, write, python_time] = [times.ours, times.write, times.python].map(median);
    println!(
        "{LARGE} shots, {:.0} MiB, from memory to memory",
        mebibytes(bytes)
    );
    for (name, time) in [
        ("watchtower", ours),
        ("write(2)", write),
        ("Python", python_time),
    ] {
        println!(
            "{name:<32} {:>8.3} s {:>8.2}×",
            time.as_secs_f64(),
            ratio(time, ours)
        );
    }
    let faster = ratio(python_time, ours);
    print_target(
        faster >= FASTER_THAN_PYTHON,
        &format!("at least {FASTER_THAN_PYTHON} times as fast as Python's writer"),
        &format!("{faster:.0} times"),
    );
    let slower = ratio(ours, write);
    print_target(
        slower <= SLOWER_THAN_WRITE,
        &format!("at most {SLOWER_THAN_WRITE} times the time of `write` alone"),
        &format!("{slower:.1} times"),
    );

    memory(python, &site, scratch)?;
    cost_of_a_shot(runs, &site)
}

/// The memory of a whole export of the example, beside that of Python's writer with the same data.
fn memory(python: &Path, site: &Path, scratch: &Path) -> Result<()> {
    let mut ours = release("watchtower");
    ours.args(["export", "example", "--media", "none", "--quiet"]);
    ours.args(["--shots", &LARGE.to_string()]);
    ours.args(["--assets", &(LARGE / 5).to_string()]);
    ours.args(["--sequences", &LARGE.div_ceil(50).to_string()]);
    ours.arg("--output").arg(fresh(&scratch.join("example"))?);
    let mut peer = Command::new(python);
    peer.arg("xtask/bench/write.py").arg(site);
    peer.arg(fresh(&scratch.join("python"))?);
    let mut contenders = [
        Contender::new("watchtower export example", vec![ours]),
        Contender::new("Python, reading and writing", vec![peer]),
    ];
    for contender in &mut contenders {
        contender.run()?;
    }
    println!();
    print_table(&contenders);
    let [ours, python] = contenders.map(|it| it.cost().memory);
    #[expect(clippy::cast_precision_loss, reason = "printed with two digits")]
    let part = ours as f64 / python as f64;
    print_target(
        part <= PART_OF_MEMORY,
        &format!("at most {PART_OF_MEMORY} of Python's memory"),
        &format!("{part:.2}"),
    );
    Ok(())
}

/// Whether a shot costs as much in a huge film as in a small one.
fn cost_of_a_shot(runs: usize, site: &Path) -> Result<()> {
    let [mut small, mut huge] = [Vec::new(), Vec::new()];
    for run in 0..runs {
        small.push(seconds(write_command(SMALL, &fresh(site)?))?);
        if run < 3 {
            huge.push(seconds(write_command(HUGE, &fresh(site)?))?);
        }
    }
    let [small, huge] = [small, huge].map(median);
    #[expect(clippy::cast_precision_loss, reason = "the sizes are exact")]
    let cost = ratio(huge, small) / (HUGE as f64 / SMALL as f64);
    println!();
    print_target(
        cost <= COST_OF_A_SHOT,
        &format!("a shot of {HUGE} costs at most {COST_OF_A_SHOT} times one of {SMALL}"),
        &format!("{cost:.2} times"),
    );
    Ok(())
}

#[derive(Default)]
struct Times {
    ours: Vec<Duration>,
    write: Vec<Duration>,
    python: Vec<Duration>,
}

/// Runs a program that prints how many seconds it took for what is measured.
fn seconds(mut command: Command) -> Result<Duration> {
    command.current_dir(root()).stdin(Stdio::null());
    let output = command.stderr(Stdio::inherit()).output()?;
    ensure!(
        output.status.success(),
        "{command:?} failed: {}",
        output.status
    );
    let text = String::from_utf8_lossy(&output.stdout);
    let seconds = text.trim().parse();
    let seconds = seconds.with_context(|| format!("{command:?} printed {text:?}"))?;
    Ok(Duration::from_secs_f64(seconds))
}

fn write_command(shots: usize, site: &Path) -> Command {
    let mut command = release("xtask");
    command
        .args(["bench", "write", &shots.to_string()])
        .arg(site);
    command
}

/// Installs the Python package in a folder of what is kept, and gives its Python; what is there already stays.
pub(super) fn python(state: &Path) -> Result<PathBuf> {
    let folder = &state.join("python");
    let python = folder.join("bin/python");
    // Written last, so half an installation is made again.
    let complete = folder.join(".complete");
    if fs::read(&complete).ok().as_deref() != Some(PYTHON_PACKAGE.as_bytes()) {
        let venv = ["-m", "venv", "--clear"];
        run_command(Command::new("python3").args(venv).arg(folder))?;
        let pip = ["-m", "pip", "install", "--quiet", PYTHON_PACKAGE];
        run_command(Command::new(&python).args(pip))?;
        fs::write(&complete, PYTHON_PACKAGE)?;
    }
    Ok(python)
}

/// The example film with so many shots: ten of them for two assets, fifty for a sequence.
fn film(shots: usize) -> Result<Example> {
    Ok(Example::new(ExampleOptions {
        shots,
        assets: shots / 5,
        sequences: shots.div_ceil(50),
        ..ExampleOptions::default()
    })?)
}

/// Gives the tasks ids, as every tracker's have.
fn give_ids(snapshot: &mut ProjectSnapshot) {
    let shots = snapshot.shots.iter_mut().flat_map(|it| &mut it.tasks);
    let assets = snapshot.assets.iter_mut().flat_map(|it| &mut it.tasks);
    for (number, task) in shots.chain(assets).enumerate() {
        task.id = Some(TaskId::derived(&[&number.to_string()]));
    }
}

/// `cargo xtask bench write`: times the writer alone, over data that is there.
pub(super) fn write(shots: usize, site: &Path) -> Result<()> {
    let example = film(shots)?;
    let list = block_on(example.project_list())?;
    let mut snapshot = block_on(example.project(&list.projects[0], &list))?;
    give_ids(&mut snapshot);
    let options = ExportOptions {
        media: MediaPolicy::None,
        ..ExportOptions::default()
    };
    let start = Instant::now();
    let site = Site::new(site);
    let mut export = Export::begin(&site, options, &list, &NoMedia, &())?;
    block_on(export.project(snapshot))?;
    block_on(export.finish())?;
    println!("{}", start.elapsed().as_secs_f64());
    Ok(())
}

/// `cargo xtask bench copy`: times `write` of bytes that are there, in blocks of 1 MiB.
pub(super) fn copy(folder: &Path, files: &[PathBuf]) -> Result<()> {
    let mut read = Vec::new();
    for file in files {
        let name = file.file_name().unwrap_or_default();
        read.push((folder.join(name), fs::read(file)?));
    }
    fs::create_dir_all(folder)?;
    let start = Instant::now();
    for (path, bytes) in &read {
        let mut file = File::create(path)?;
        for block in bytes.chunks(1 << 20) {
            file.write_all(block)?;
        }
    }
    println!("{}", start.elapsed().as_secs_f64());
    Ok(())
}
