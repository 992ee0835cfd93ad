//! The command on Windows from end to end: a site, what a browser has of it, and exports that are killed.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::Windows;
use crate::run;

/// Two films, between which exports go back and forth while they are killed.
const FILMS: [&str; 2] = ["24", "30"];
/// What says what is still to be done of a change.
const JOURNAL: &str = ".watchtower/journal.json";

/// The code with which Ctrl-C ends the command.
const INTERRUPTED: i32 = 130;

/// Files with their bytes, by their paths from some folder.
type Files = BTreeMap<String, Vec<u8>>;

/// Exports the example, compares the site with the one that Linux makes, validates it, reads it from the server,
/// and kills exports to it.
pub(super) fn check(windows: &Windows, state: &Path, kills: usize) -> Result<()> {
    println!("\n== the command from end to end");
    let folder = state.join("site");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let films = FILMS.map(|shots| {
        let site = folder.join(format!("linux-{shots}"));
        let mut linux = Command::new("cargo");
        linux.args(["run", "--quiet", "--package", "watchtower-cli", "--"]);
        run(export(&mut linux, shots).arg("--output").arg(&site))?;
        files(&site.join("data"))
    });
    let [film, other] = films;
    let films = [film?, other?];
    let site = folder.join("windows");
    // Twice: the second export finds a site.
    for _ in 0..2 {
        let mut export = export_there(windows, FILMS[0], &site);
        run(&mut export)?;
    }
    let written = files(&site.join("data"))?;
    let differ = differ(&films[0], &written);
    ensure!(
        differ.is_empty(),
        "the sites of Linux and Windows differ: {differ:?}"
    );
    println!("{} files are those of Linux, byte for byte", written.len());
    run(windows.watchtower().arg("validate").arg(&site))?;
    serve(windows, &site, &written)?;
    let exports = Exports {
        windows,
        site,
        films,
    };
    exports.interrupt()?;
    exports.kill(kills)
}

fn export<'a>(command: &'a mut Command, shots: &str) -> &'a mut Command {
    command.args(["export", "example", "--quiet", "--shots", shots])
}

fn export_there(windows: &Windows, shots: &str, site: &Path) -> Command {
    let mut command = windows.watchtower();
    export(&mut command, shots).arg("--output").arg(site);
    command
}

/// Reads every file from the server.
fn serve(windows: &Windows, site: &Path, files: &Files) -> Result<()> {
    let mut serve = windows.watchtower();
    serve.arg("serve").arg(site).args(["--port", "0"]);
    let mut server = Running(serve.stdout(Stdio::piped()).spawn()?);
    let mut line = String::new();
    let stdout = server.0.stdout.take().context("no output")?;
    BufReader::new(stdout).read_line(&mut line)?;
    let address = line.trim().trim_start_matches("http://");
    let address = address.trim_end_matches('/');
    for (path, bytes) in files {
        let (head, body) = get(address, &format!("/data/{path}"))?;
        ensure!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
        ensure!(body == *bytes, "{path} is served with other bytes");
    }
    for hidden in [
        "/.watchtower/media.json",
        "/data/..%5c.watchtower%5cmedia.json",
        "/WATCHT~1/media.json",
        "/data/nul",
        "/data/projects/context.json::$DATA",
    ] {
        let (head, _) = get(address, hidden)?;
        ensure!(head.starts_with("HTTP/1.1 404"), "{hidden}: {head}");
    }
    println!("{} files were read over HTTP", files.len());
    Ok(())
}

/// A process that ends with us.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Exports that do not come to their end, and what they must not do to a site.
struct Exports<'a> {
    windows: &'a Windows,
    site: PathBuf,
    /// What Linux makes of each film.
    films: [Files; 2],
}

impl Exports<'_> {
    fn kill(&self, kills: usize) -> Result<()> {
        if kills == 0 {
            return Ok(());
        }
        // Pictures stay for an hour, so from here on both films find theirs.
        for shots in [FILMS[1], FILMS[0]] {
            run(&mut export_there(self.windows, shots, &self.site))?;
        }
        let seed = fastrand::u64(..);
        let mut random = fastrand::Rng::with_seed(seed);
        let (whole, step) = self.time()?;
        println!(
            "{kills} exports are killed, with seed {seed}: each takes {whole:.1?}, and its step {step:.1?}; every \
             second one is killed in its step"
        );
        let (mut shown, mut before, mut within, mut after) = (0, 0, 0, 0);
        for kill in 0..kills {
            let goal = 1 - shown;
            let mut export = Running(export_there(self.windows, FILMS[goal], &self.site).spawn()?);
            if kill % 2 == 1 {
                while !self.has_journal() && export.0.try_wait()?.is_none() {
                    thread::yield_now();
                }
                thread::sleep(step.mul_f64(random.f64()));
            } else {
                thread::sleep(whole.mul_f64(random.f64()));
            }
            drop(export);
            let decided = self.has_journal();
            self.every_file_is_whole()?;
            self.end_what_was_begun()?;
            let found = self.film()?;
            match (decided, found == goal) {
                (true, true) => within += 1,
                (true, false) => {
                    bail!("a change was decided, and whoever came next did not end it")
                }
                (false, true) => after += 1,
                (false, false) => before += 1,
            }
            shown = found;
        }
        println!(
            "killed before the step: {before}, in it: {within}, after it: {after}; every file was whole, and whoever \
             came next ended what was begun"
        );
        ensure!(kills < 50 || within > 0, "no kill met a step");
        run(&mut export_there(self.windows, FILMS[0], &self.site))?;
        ensure!(self.film()? == 0, "the last export did not show its film");
        let mut left: Vec<_> = fs::read_dir(self.site.join(".watchtower"))?
            .map(|it| Ok(it?.file_name()))
            .collect::<Result<_>>()?;
        left.sort();
        ensure!(left == ["lock", "media.json"], "there is left: {left:?}");
        run(self.windows.watchtower().arg("validate").arg(&self.site))
    }

    /// Presses Ctrl-C, as far as Wine has it, while an export makes many pictures.
    fn interrupt(&self) -> Result<()> {
        let mut export = Running(export_there(self.windows, "200", &self.site).spawn()?);
        let next = self.site.join(".watchtower/next");
        while !next.exists() {
            ensure!(export.0.try_wait()?.is_none(), "the export ended early");
            thread::yield_now();
        }
        let id = export.0.id().to_string();
        run(Command::new("kill").args(["-INT", &id]))?;
        let status = export.0.wait()?;
        ensure!(
            status.code() == Some(INTERRUPTED),
            "Ctrl-C ended an export with {status}"
        );
        ensure!(
            self.film()? == 0,
            "an export that was stopped changed the site"
        );
        println!("an export that Ctrl-C stopped left the site as it was");
        Ok(())
    }

    fn has_journal(&self) -> bool {
        self.site.join(JOURNAL).exists()
    }

    /// How long an export takes, and how long its journal is there: the shortest of three.
    fn time(&self) -> Result<(Duration, Duration)> {
        let mut shortest = (Duration::MAX, Duration::MAX);
        for shots in [FILMS[1], FILMS[0], FILMS[1], FILMS[0]] {
            let start = Instant::now();
            let mut export = Running(export_there(self.windows, shots, &self.site).spawn()?);
            let mut step = None;
            let mut ended = None;
            while export.0.try_wait()?.is_none() {
                if self.has_journal() {
                    step.get_or_insert_with(Instant::now);
                } else if step.is_some() {
                    ended.get_or_insert_with(Instant::now);
                }
                thread::yield_now();
            }
            let ended = ended.unwrap_or_else(Instant::now);
            shortest.0 = shortest.0.min(start.elapsed());
            if let Some(step) = step {
                shortest.1 = shortest.1.min(ended - step);
            }
        }
        ensure!(
            shortest.1 < Duration::MAX,
            "no export left a journal for a moment"
        );
        Ok(shortest)
    }

    /// Demands that each file is one that some export has written.
    fn every_file_is_whole(&self) -> Result<()> {
        for (path, bytes) in files(&self.site.join("data"))? {
            let mut films = self.films.iter();
            ensure!(
                films.any(|it| it.get(&path) == Some(&bytes)),
                "`{path}` is in no film as a killed export left it"
            );
        }
        Ok(())
    }

    /// Begins an export that brings nothing: it would take shots away, which is refused. It ends first what another
    /// has begun.
    fn end_what_was_begun(&self) -> Result<()> {
        let mut export = export_there(self.windows, "1", &self.site);
        let output = export.output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            !output.status.success() && said.contains("--allow-shrink"),
            "an export of one shot was not refused: {said}"
        );
        ensure!(!self.has_journal(), "the journal is still there");
        Ok(())
    }

    /// Which film the documents are of, all of them.
    fn film(&self) -> Result<usize> {
        let written = documents(&files(&self.site.join("data"))?);
        let mut films = self.films.iter();
        let found = films.position(|it| documents(it) == written);
        found.context("the documents of two films are mixed")
    }
}

/// All but the pictures, which stay for a while.
fn documents(files: &Files) -> Files {
    let all = files
        .iter()
        .filter(|(path, _)| path.starts_with("projects/"));
    all.map(|(path, bytes)| (path.clone(), bytes.clone()))
        .collect()
}

/// The paths of files that only one of two folders has, or that differ.
fn differ<'a>(one: &'a Files, other: &'a Files) -> Vec<&'a str> {
    let all = one.keys().chain(other.keys());
    let mut differ: Vec<_> = all
        .filter(|it| one.get(*it) != other.get(*it))
        .map(String::as_str)
        .collect();
    differ.sort_unstable();
    differ.dedup();
    differ
}

/// Every file below a folder with its bytes.
fn files(folder: &Path) -> Result<Files> {
    let mut found = Files::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            let below = files(&entry.path())?.into_iter();
            found.extend(below.map(|(path, bytes)| (format!("{name}/{path}"), bytes)));
        } else {
            found.insert(name, fs::read(entry.path())?);
        }
    }
    Ok(found)
}

/// Asks a server for a path: the head of its answer, and the body.
fn get(address: &str, path: &str) -> Result<(String, Vec<u8>)> {
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|it| it == b"\r\n\r\n");
    let end = end.context("no answer")?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    Ok((head, answer[end + 4..].to_vec()))
}
