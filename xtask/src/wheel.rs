//! `cargo xtask wheel`: the Python wheel and its sources, and whether they do what they are for.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::{notices, root, run, share};

/// Who installs it waits for every byte: more than this needs a reason.
const LARGEST: u64 = 16 << 20;
/// What goes into the wheel beside the command and the module. The name is that which maturin looks for.
const DATA: &str = "watchtower_tracker.data";
/// The migration page, whose connector is run.
const PAGE: &str = "docs/from-watchtower-pipeline.md";

/// Builds the wheel from its source distribution and tries it in an empty environment. With `profile` another
/// one than that of `pyproject.toml`, for who wants to see soon whether it works.
pub(crate) fn build(state: &Path, profile: Option<&str>) -> Result<()> {
    let tools = tools(state)?;
    beside()?;
    let wheels = state.join("dist");
    if wheels.exists() {
        fs::remove_dir_all(&wheels)?;
    }
    let mut maturin = Command::new(tools.join("bin/maturin"));
    // From its source distribution, which shows that that builds.
    maturin.args(["build", "--sdist", "--out"]).arg(&wheels);
    if cfg!(target_os = "linux") {
        maturin.args(["--zig", "--compatibility", "manylinux_2_17"]);
    }
    if let Some(profile) = profile {
        maturin.args(["--profile", profile]);
    }
    // zig is found beside maturin.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [tools.join("bin")]
        .into_iter()
        .chain(std::env::split_paths(&path));
    maturin.env("PATH", std::env::join_paths(folders)?);
    maturin.env("CARGO_TARGET_DIR", state.join("target"));
    if let Some(commit) = commit() {
        maturin.env("WATCHTOWER_COMMIT", commit);
    }
    run(&mut maturin)?;
    let (wheel, sources) = (only(&wheels, "whl")?, only(&wheels, "gz")?);
    look(&wheel, &sources)?;
    try_out(&wheel, state)
}

/// The programs that build a wheel, in an environment of their own.
fn tools(state: &Path) -> Result<PathBuf> {
    let tools = state.join("tools");
    let wanted = root().join("xtask/wheel/requirements.txt");
    let installed = tools.join("requirements.txt");
    if fs::read(&installed).ok() != fs::read(&wanted).ok() {
        fs::create_dir_all(state)?;
        run(Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&tools))?;
        let mut pip = Command::new(tools.join("bin/python"));
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
        ]);
        run(pip.arg(&wanted))?;
        // Last: it says that the installation is complete.
        fs::copy(wanted, installed)?;
    }
    Ok(tools)
}

/// Puts man pages, completions and licences where they go into the wheel.
fn beside() -> Result<()> {
    let data = root().join(DATA);
    if data.exists() {
        fs::remove_dir_all(&data)?;
    }
    let prefix = data.join("data");
    share::write(&prefix)?;
    let folder = prefix.join("share/doc/watchtower");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("LICENSES.txt"), notices::text()?)?;
    Ok(())
}

/// The commit that is built, which a source distribution does not know.
fn commit() -> Option<String> {
    let mut git = Command::new("git");
    git.args([
        "describe",
        "--always",
        "--dirty",
        "--abbrev=12",
        "--exclude=*",
    ]);
    let output = git.current_dir(root()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

/// The one file there with an extension.
fn only(folder: &Path, extension: &str) -> Result<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension() == Some(OsStr::new(extension)) {
            found.push(path);
        }
    }
    match &*found {
        [one] => Ok(one.clone()),
        _ => bail!(
            "{} has {} files that end in {extension}, and one is due",
            folder.display(),
            found.len()
        ),
    }
}

/// Says what is in the wheel, and checks what can be told from outside.
fn look(wheel: &Path, sources: &Path) -> Result<()> {
    let size = |path: &Path| fs::metadata(path).map(|it| it.len());
    let mebibytes = |bytes: u64| {
        format!(
            "{}.{:02} MiB",
            bytes >> 20,
            ((bytes & 0xf_ffff) * 100) >> 20
        )
    };
    println!("{}: {}", sources.display(), mebibytes(size(sources)?));
    println!("{}: {}", wheel.display(), mebibytes(size(wheel)?));
    ensure!(
        size(wheel)? <= LARGEST,
        "the wheel is larger than {}: find out why, or raise LARGEST",
        mebibytes(LARGEST)
    );
    let mut python = Command::new("python3");
    let list = "import sys, zipfile\n\
                for it in zipfile.ZipFile(sys.argv[1]).infolist():\n    print(it.file_size, it.compress_size, it.filename)";
    let output = python
        .args(["-c", list])
        .arg(wheel)
        .output()
        .context("cannot start python3")?;
    let listed = String::from_utf8(output.stdout)?;
    let mut pages = 0;
    for line in listed.lines() {
        // There are fifty of them.
        if line.contains("/man/man1/") {
            pages += 1;
        } else {
            println!("  {line}");
        }
    }
    println!("  and {pages} man pages");
    for part in [
        "/LICENSE-MIT",
        "/LICENSE-APACHE",
        "/LICENSES.txt",
        "watchtower_tracker/py.typed",
        "_watchtower",
        "/scripts/watchtower",
    ] {
        ensure!(
            listed.lines().any(|it| it.ends_with(part)),
            "the wheel has no {part}"
        );
    }
    ensure!(pages > 40, "the wheel has {pages} man pages");
    for part in ["__pycache__", "test_watchtower_tracker", "derived_ids"] {
        ensure!(
            !listed.contains(part),
            "{part} is in the wheel, and nobody needs it"
        );
    }
    let name = wheel.file_name().unwrap_or_default().to_string_lossy();
    let systems = if cfg!(target_os = "linux") {
        "manylinux2014_"
    } else {
        ""
    };
    ensure!(
        name.contains(&format!("-py3-none-{systems}")),
        "{name} is not for every Python 3, or not for Linux from glibc 2.17 on"
    );
    Ok(())
}

/// Installs the wheel into an empty environment, without Rust, and does there what people do.
fn try_out(wheel: &Path, state: &Path) -> Result<()> {
    let venv = state.join("venv");
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&venv))?;
    let mut pip = Command::new(venv.join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-index",
    ]);
    run(pip.arg(wheel))?;
    let folder = tempfile::tempdir()?;
    let page = fs::read_to_string(root().join(PAGE))?;
    let script = page
        .split("<!-- connector.py -->\n```python\n")
        .nth(1)
        .and_then(|it| it.split("```\n").next());
    fs::write(
        folder.path().join("connector.py"),
        script.context("the page has a connector")?,
    )?;
    let at = Installed {
        venv,
        folder: folder.path(),
    };

    let version = at.run("watchtower", &["--version"])?;
    print!("{version}");
    ensure!(
        version.contains("build: commit "),
        "it does not say of which commit it is"
    );
    ensure!(version.contains("optimised"), "it is not optimised");
    at.run("watchtower", &["export", "example", "--output", "site"])?;
    at.run("watchtower", &["validate", "site", "--deny", "warnings"])?;
    let connector = [
        "export",
        "process",
        "--output",
        "film",
        "--format",
        "v1",
        "--",
        "python3",
        "connector.py",
    ];
    at.run("watchtower", &connector)?;
    at.run("watchtower", &["validate", "film"])?;
    let next = at.run("python3", &["-m", "watchtower_tracker"])?;
    ensure!(
        next.contains("\n    watchtower export process"),
        "`python -m watchtower_tracker` says\n{next}"
    );
    ensure!(
        at.venv
            .join("share/man/man1/watchtower-export-kitsu.1")
            .is_file(),
        "a man page is missing"
    );
    let context = at.served("site", "data/projects/context.json")?;
    ensure!(
        context["projects"][0]["name"] == "The Salt Lantern",
        "it serves {context}"
    );
    println!("The wheel exports, validates and serves without Rust.");
    Ok(())
}

/// An environment with the wheel, and a folder to work in.
struct Installed<'a> {
    venv: PathBuf,
    folder: &'a Path,
}

impl Installed<'_> {
    /// A command of the environment, away from whatever else the machine has.
    fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.venv.join("bin").join(name));
        command.args(arguments).current_dir(self.folder).env_clear();
        command.env("PATH", self.venv.join("bin"));
        command
    }

    /// What it prints.
    fn run(&self, name: &str, arguments: &[&str]) -> Result<String> {
        println!("$ {name} {}", arguments.join(" "));
        let output = self.command(name, arguments).output();
        let output = output.with_context(|| format!("cannot start {name}"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "it fails with {}:\n{said}",
            output.status
        );
        Ok(String::from_utf8(output.stdout)?)
    }

    /// A document of a site, as its server gives it.
    fn served(&self, site: &str, document: &str) -> Result<Value> {
        println!("$ watchtower serve {site}");
        let mut command = self.command("watchtower", &["serve", site, "--port", "0", "--json"]);
        let child = command.stdout(Stdio::piped()).spawn();
        let mut server = Ended(child.context("cannot start watchtower")?);
        let stdout = server.0.stdout.take().context("its output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let serving: Value = serde_json::from_str(&line)?;
        let address = serving["url"]
            .as_str()
            .with_context(|| format!("no address in {line}"))?;
        let get = "import sys, urllib.request\nprint(urllib.request.urlopen(sys.argv[1], timeout=60).read().decode())";
        let url = format!("{address}{document}");
        Ok(serde_json::from_str(
            &self.run("python3", &["-c", get, &url])?,
        )?)
    }
}

/// A server that ends with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
