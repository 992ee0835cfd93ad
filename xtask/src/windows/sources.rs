//! The sources of Rust's standard library, from Debian.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::rustc;
use crate::run;

/// Debian's suites that may have those of this toolchain.
const SUITES: &[&str] = &["trixie-backports", "sid"];

/// Puts the sources of the standard library where the toolchain looks for them. Says whether they are there.
pub(super) fn put(state: &Path) -> Result<bool> {
    let library = Path::new(&rustc(&["--print", "sysroot"])?).join("lib/rustlib/src/rust/library");
    if library.join("std/Cargo.toml").exists() {
        return Ok(true);
    }
    let version = rustc(&["--version"])?;
    let version = version.split(' ').nth(1).unwrap_or_default();
    let found = match download(&state.join("apt"), version) {
        Ok(found) => found,
        Err(error) => {
            println!("the sources cannot be downloaded: {error:#}");
            return Ok(false);
        }
    };
    let Some(sources) = found else {
        println!("Debian's suites {SUITES:?} have no rust-src of {version}");
        return Ok(false);
    };
    fs::create_dir_all(library.parent().unwrap_or(&library))?;
    // What a folder that is gone left behind.
    let _ = fs::remove_file(&library);
    symlink(sources, &library)?;
    Ok(library.join("std/Cargo.toml").exists())
}

/// Downloads Debian's package with lists of our own: those of the machine stay as they are.
fn download(folder: &Path, version: &str) -> Result<Option<PathBuf>> {
    for name in ["lists", "cache"] {
        fs::create_dir_all(folder.join(name))?;
    }
    let mirror = mirror().context("no mirror of Debian is named in /etc/apt/sources.list.d")?;
    let lines = SUITES.iter().map(|suite| {
        format!(
            "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {mirror} {suite} main\n"
        )
    });
    fs::write(folder.join("sources.list"), lines.collect::<String>())?;
    let at = |name: &str| folder.join(name).display().to_string();
    let options = [
        format!("-oDir::Etc::SourceList={}", at("sources.list")),
        "-oDir::Etc::SourceParts=-".to_owned(),
        format!("-oDir::State::Lists={}", at("lists")),
        format!("-oDir::Cache={}", at("cache")),
        "-oAPT::Sandbox::User=root".to_owned(),
    ];
    let apt = |program: &str| {
        let mut command = Command::new(program);
        command.args(&options).current_dir(folder);
        command
    };
    let status = apt("apt-get").args(["update", "-qq"]).status()?;
    ensure!(status.success(), "apt-get update failed: {status}");
    let listed = apt("apt-cache").args(["madison", "rust-src"]).output()?;
    let listed = String::from_utf8(listed.stdout)?;
    let mut versions = listed
        .lines()
        .filter_map(|it| it.split('|').nth(1))
        .map(str::trim);
    let is_ours = |it: &&str| {
        let rest = it.strip_prefix(version);
        rest.is_some_and(|it| !it.starts_with(|it: char| it.is_ascii_digit()))
    };
    let Some(package) = versions.find(is_ours) else {
        return Ok(None);
    };
    let download = format!("rust-src={package}");
    let status = apt("apt-get")
        .args(["download", "-qq", &download])
        .status()?;
    ensure!(status.success(), "apt-get download failed: {status}");
    let mut entries = fs::read_dir(folder)?.flatten().map(|it| it.path());
    let file = entries.find(|it| it.extension().is_some_and(|it| it == "deb"));
    let to = folder.join("rust-src");
    let mut unpack = Command::new("dpkg");
    unpack
        .arg("-x")
        .arg(file.context("nothing was downloaded")?)
        .arg(&to);
    run(&mut unpack)?;
    Ok(Some(
        to.join(format!("usr/src/rustc-{version}/library"))
            .canonicalize()?,
    ))
}

/// The mirror that the machine's own lists name.
fn mirror() -> Option<String> {
    let mut files = fs::read_dir("/etc/apt/sources.list.d")
        .ok()?
        .flatten()
        .filter_map(|it| fs::read_to_string(it.path()).ok());
    files.find_map(|text| {
        let mut addresses = text.lines().filter_map(|it| it.strip_prefix("URIs:"));
        let address = addresses.find(|it| it.trim_end_matches('/').ends_with("/debian"));
        address.map(|it| it.trim().to_owned())
    })
}
