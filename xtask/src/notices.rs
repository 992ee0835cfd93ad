//! The licences of everything that the command is built of, which whoever passes it on must pass on as well.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::root;

/// What a file with a licence or a notice is called, in upper case.
const NAMES: &[&str] = &[
    "LICENSE",
    "LICENCE",
    "COPYING",
    "COPYRIGHT",
    "NOTICE",
    "UNLICENSE",
];

/// What is in the command beside the crates.
const OTHERS: &str = "\
watchtower is built of these crates, under these licences, and of

the standard library of Rust: MIT OR Apache-2.0
the runtime of LLVM, where a wheel was linked with it: Apache-2.0 WITH LLVM-exception
the font Roboto: Apache-2.0

This software is based in part on the work of the Independent JPEG Group.

";
/// The font in which drawings are written.
const FONT: &str = "crates/watchtower-pictures/font";

/// One text: for each crate its name, version and licence, then each licence once.
pub(crate) fn text() -> Result<String> {
    let crates = crates()?;
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut text = OTHERS.to_owned();
    for (name, (licence, folder)) in &crates {
        let found = licences(folder)?;
        // Some are published without; what they say of themselves is all there is.
        let alone = if found.is_empty() {
            " (it brings no text)"
        } else {
            ""
        };
        writeln!(text, "{name}: {licence}{alone}")?;
        for found in found {
            texts.entry(found).or_default().insert(name.clone());
        }
    }
    for found in licences(&root().join(FONT))? {
        texts.entry(found).or_default().insert("Roboto".to_owned());
    }
    ensure!(crates.len() > 50, "only {} crates were found", crates.len());
    for (licence, names) in &texts {
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        write!(
            text,
            "\n{}\n{}\n\n{licence}\n",
            "-".repeat(80),
            names.join(", ")
        )?;
    }
    Ok(text)
}

/// Each crate that is linked into the command, but for our own: its licence, and the folder of its sources.
fn crates() -> Result<BTreeMap<String, (String, PathBuf)>> {
    let tree = cargo(&[
        "tree",
        "--package",
        "watchtower-cli",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ])?;
    let linked: BTreeSet<_> = tree.lines().filter_map(named).collect();
    let metadata = cargo(&["metadata", "--format-version", "1"])?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().context("packages")?;
    let mut crates = BTreeMap::new();
    for package in packages {
        let text = |key: &str| package[key].as_str().unwrap_or_default();
        let name = format!("{} {}", text("name"), text("version"));
        // What comes from no registry is ours.
        if package["source"].is_null() || !linked.contains(name.as_str()) {
            continue;
        }
        let manifest = Path::new(text("manifest_path"));
        let folder = manifest.parent().context("a folder")?.to_owned();
        crates.insert(name, (text("license").to_owned(), folder));
    }
    Ok(crates)
}

/// The name and version in a line such as `serde v1.0.228 (proc-macro)`.
fn named(line: &str) -> Option<String> {
    let mut words = line.split(' ');
    let name = words.next()?;
    let version = words.next()?.strip_prefix('v')?;
    Some(format!("{name} {version}"))
}

/// The texts of the licences in a folder.
fn licences(folder: &Path) -> Result<BTreeSet<String>> {
    let mut texts = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .to_uppercase();
        if path.is_file() && NAMES.iter().any(|it| name.starts_with(it)) {
            let text = fs::read(&path)?;
            texts.insert(
                String::from_utf8_lossy(&text)
                    .replace("\r\n", "\n")
                    .trim()
                    .to_owned(),
            );
        }
    }
    Ok(texts)
}

fn cargo(arguments: &[&str]) -> Result<String> {
    let mut cargo = Command::new("cargo");
    cargo.args(arguments).arg("--locked").current_dir(root());
    let output = cargo.output().context("cannot start cargo")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "cargo {} failed:\n{said}",
        arguments[0]
    );
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_is_there_with_its_licence() {
        let text = text().unwrap();
        assert!(text.contains("\nserde 1."), "{text}");
        assert!(text.contains("Apache License"), "{text}");
        assert!(text.contains("jpeg-encoder "), "{text}");
        let of_texts = text.lines().flat_map(|it| it.split(", "));
        assert_eq!(of_texts.filter(|it| *it == "Roboto").count(), 1, "{text}");
        // Tests and tools are not part of what is passed on.
        assert!(!text.contains("\ninsta "), "{text}");
        assert!(!text.contains("\nwatchtower-"), "{text}");
    }
}
