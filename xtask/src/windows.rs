//! `cargo xtask windows`: everything built for Windows on this Linux, and its tests run under Wine.
//!
//! The toolchain has the standard library for Linux alone. Its sources come as Debian's package `rust-src`, of the
//! suite that has this very version, and `-Z build-std` compiles them for Windows with MinGW.

mod end_to_end;
mod left_out;
mod sources;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::{root, run};

const TARGET: &str = "x86_64-pc-windows-gnu";
const LINKER: &str = "x86_64-w64-mingw32-gcc";
const WINE: &str = "/usr/lib/wine/wine64";
/// What is built and tested, with all features.
const CRATES: &[&str] = &[
    "watchtower-model",
    "watchtower-pictures",
    "watchtower-writer",
    "watchtower-connector",
    "watchtower-cli",
];

/// Wine 8 lacks the library that Rust's standard library asks for random numbers.
const RANDOM: &str = r"
#include <windows.h>
#include <ntsecapi.h>
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE to, SIZE_T length) {
    return RtlGenRandom(to, (ULONG)length);
}
";

/// Prepares the machine, builds, tests, and tries the command from end to end.
pub(crate) fn test(state: &Path, only: &[String], kills: usize) -> Result<()> {
    let left_out = left_out::of(CRATES)?;
    fs::create_dir_all(state)?;
    install()?;
    if !sources::put(state)? {
        println!(
            "\nNOT CHECKED: Windows. The sources of the standard library of {} cannot be had here, so nothing was \
             built for Windows and no test ran there.",
            rustc(&["--version"])?
        );
        return Ok(());
    }
    let windows = Windows::new(state)?;
    let chosen = |it: &&str| only.is_empty() || only.iter().any(|one| one == *it);
    let crates: Vec<_> = CRATES.iter().copied().filter(chosen).collect();
    ensure!(
        !crates.is_empty(),
        "none of {only:?} is tested; these are: {CRATES:?}"
    );
    let built = windows.build(&crates)?;
    let mut outcomes = Vec::new();
    for package in &crates {
        println!("\n== {package} on Windows");
        outcomes.push((*package, windows.test(package, &built)?));
    }
    println!("\n== the tests that ran under Wine");
    for (package, Outcome { passed, failed }) in &outcomes {
        println!("{package}: {passed} passed, {failed} failed");
    }
    let passed: usize = outcomes.iter().map(|(_, it)| it.passed).sum();
    let failed: usize = outcomes.iter().map(|(_, it)| it.failed).sum();
    println!("together: {passed} passed, {failed} failed");
    println!("\n== the tests that are left out there");
    let left_out = left_out.iter().filter(|it| crates.contains(&it.package));
    let mut number = 0;
    for it in left_out {
        number += it.tests;
        println!("{it}");
    }
    println!("together: {number} tests are left out");
    if only.is_empty() {
        end_to_end::check(&windows, state, kills)?;
    }
    ensure!(failed == 0, "{failed} tests failed under Wine");
    Ok(())
}

/// Installs MinGW and Wine, where they are missing.
fn install() -> Result<()> {
    let linker = Command::new(LINKER).arg("--version").output();
    if linker.is_ok() && Path::new(WINE).exists() {
        return Ok(());
    }
    run(Command::new("apt-get").args(["update", "-qq"]))
        .and_then(|()| {
            let mut install = Command::new("apt-get");
            install.args(["install", "-y", "-qq", "gcc-mingw-w64-x86-64", "wine64"]);
            run(install.env("DEBIAN_FRONTEND", "noninteractive"))
        })
        .context("install gcc-mingw-w64-x86-64 and wine64, as root of a Debian")
}

fn rustc(arguments: &[&str]) -> Result<String> {
    let output = Command::new("rustc").args(arguments).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// How many tests passed and failed.
struct Outcome {
    passed: usize,
    failed: usize,
}

/// The tests of each crate: the names of the targets, and where the programs are.
type Built = BTreeMap<String, Vec<(String, PathBuf)>>;

/// This machine, as far as it is a Windows.
struct Windows {
    /// Runs a program under Wine.
    runner: PathBuf,
}

impl Windows {
    fn new(state: &Path) -> Result<Self> {
        let library = state.join("bcryptprimitives.dll");
        if !library.exists() {
            let source = state.join("random.c");
            fs::write(&source, RANDOM)?;
            let mut compile = Command::new(LINKER);
            compile.arg("-shared").arg("-o").arg(&library);
            run(compile.arg(source).arg("-ladvapi32"))?;
        }
        let runner = state.join("run");
        let script = format!(
            "#!/bin/sh\ncp -n '{}' \"$(dirname \"$1\")/\" 2>/dev/null\nWINEPREFIX='{}' WINEDEBUG=-all exec {WINE} \"$@\"\n",
            library.display(),
            state.join("wine").display()
        );
        fs::write(&runner, script)?;
        fs::set_permissions(&runner, fs::Permissions::from_mode(0o755))?;
        Ok(Self { runner })
    }

    /// Builds the tests of these crates, and the command.
    fn build(&self, crates: &[&str]) -> Result<Built> {
        println!("\n== what is built for {TARGET}");
        let mut cargo = Command::new("cargo");
        cargo
            .current_dir(root())
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", LINKER)
            .env("CC_x86_64_pc_windows_gnu", LINKER)
            .args(["test", "-Z", "build-std=std,panic_unwind"])
            .args(["--target", TARGET, "--target-dir", "target/windows"])
            .args(["--locked", "--no-run", "--all-features"])
            // The tests of documentation are compiled one by one, and run on Linux.
            .args(["--lib", "--bins", "--tests"])
            .arg("--message-format=json-render-diagnostics");
        for package in crates {
            cargo.args(["--package", package]);
        }
        let output = cargo.stderr(Stdio::inherit()).output()?;
        ensure!(
            output.status.success(),
            "not everything compiles for Windows"
        );
        let mut built = Built::new();
        for line in String::from_utf8(output.stdout)?.lines() {
            let message: serde_json::Value = serde_json::from_str(line)?;
            let text = |pointer: &str| message.pointer(pointer).and_then(|it| it.as_str());
            let is_test = message.pointer("/profile/test") == Some(&true.into());
            let (Some(program), Some(name), Some(manifest), true) = (
                text("/executable"),
                text("/target/name"),
                text("/manifest_path"),
                is_test,
            ) else {
                continue;
            };
            let folder = Path::new(manifest).parent().and_then(Path::file_name);
            let package = folder.context("no folder of a crate")?.to_string_lossy();
            let tests = built.entry(package.into_owned()).or_default();
            tests.push((name.to_owned(), program.into()));
        }
        Ok(built)
    }

    /// Runs all tests of a crate. One that fails stops none.
    fn test(&self, package: &str, built: &Built) -> Result<Outcome> {
        let (mut passed, mut failed) = (0, 0);
        let tests = built
            .get(package)
            .with_context(|| format!("{package} has no tests"))?;
        for (name, program) in tests {
            let mut test = self.run(program);
            test.current_dir(root().join("crates").join(package))
                // Wine finds no `cargo` that would tell.
                .env("INSTA_WORKSPACE_ROOT", root())
                .env("INSTA_UPDATE", "no");
            let output = test.stdin(Stdio::null()).output()?;
            let said = String::from_utf8_lossy(&output.stdout);
            let mut results = said
                .lines()
                .filter_map(|it| it.strip_prefix("test result: "));
            if let Some(result) = results.next() {
                passed += count(result, "passed");
                failed += count(result, "failed");
                println!("{name}: {result}");
            } else {
                failed += 1;
                println!("{name}: it ended before its tests had: {}", output.status);
            }
            if !output.status.success() {
                println!("{said}{}", String::from_utf8_lossy(&output.stderr));
            }
        }
        Ok(Outcome { passed, failed })
    }

    fn run(&self, program: &Path) -> Command {
        let mut command = Command::new(&self.runner);
        command.arg(program);
        command
    }

    /// The command that was built beside its tests.
    fn watchtower(&self) -> Command {
        let folder = root().join("target/windows").join(TARGET);
        self.run(&folder.join("debug/watchtower.exe"))
    }
}

/// The number before a word, as in `3 passed`.
fn count(result: &str, of: &str) -> usize {
    let mut parts = result.split([' ', ';', '.']).filter(|it| !it.is_empty());
    let mut before = 0;
    parts
        .find_map(|part| {
            let found = (part == of).then_some(before);
            before = part.parse().unwrap_or(0);
            found
        })
        .unwrap_or(0)
}
