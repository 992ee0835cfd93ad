//! `cargo xtask features`: each library crate and each feature compiles alone, and none brings along
//! what it promises to do without.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{root, run};

/// Each build: a crate, its features, and the crates that must not be among its dependencies.
const BUILDS: &[(&str, &str, &[&str])] = &[
    (
        "watchtower-model",
        "",
        &["tokio", "reqwest", "hyper", "jsonschema"],
    ),
    ("watchtower-writer", "", &["reqwest", "hyper", "tokio"]),
    (
        "watchtower-connector",
        "",
        &["reqwest", "hyper", "tokio", "jsonschema"],
    ),
    (
        "watchtower-connector",
        "example",
        &["reqwest", "hyper", "jsonschema"],
    ),
    ("watchtower-connector", "http", &["jsonschema"]),
    ("watchtower-connector", "kitsu", &["jsonschema"]),
    ("watchtower-connector", "ayon", &["jsonschema"]),
    ("watchtower-connector", "process", &["jsonschema"]),
    ("watchtower-connector", "files", &["jsonschema"]),
    (
        "watchtower-connector",
        "spreadsheet",
        &["reqwest", "hyper", "tokio", "jsonschema"],
    ),
    (
        "watchtower-connector",
        "edit",
        &["reqwest", "hyper", "tokio", "jsonschema"],
    ),
    ("watchtower-cli", "", &["reqwest"]),
    ("watchtower-cli", "example", &["reqwest"]),
    ("watchtower-cli", "spreadsheet", &["reqwest"]),
    ("watchtower-cli", "http", &[]),
    ("watchtower-cli", "kitsu", &[]),
    ("watchtower-cli", "ayon", &[]),
    ("watchtower-cli", "process", &[]),
    ("watchtower-cli", "files", &[]),
];

/// Checks every build.
pub(crate) fn check() -> Result<()> {
    for (package, features, without) in BUILDS {
        let alone = [
            "--package",
            package,
            "--no-default-features",
            "--features",
            features,
        ];
        println!("{package} [{features}]");
        run(Command::new("cargo")
            .args(["check", "--quiet", "--locked"])
            .args(alone))?;
        let mut tree = Command::new("cargo");
        tree.args([
            "tree", "--edges", "normal", "--prefix", "none", "--format", "{lib}",
        ]);
        let output = tree.args(alone).current_dir(root()).output();
        let output = output.context("cannot start cargo tree")?;
        ensure!(
            output.status.success(),
            "cargo tree failed for {package} [{features}]"
        );
        let tree = String::from_utf8(output.stdout)?;
        for name in *without {
            let depends = tree.lines().any(|line| line.trim() == *name);
            ensure!(
                !depends,
                "{package} [{features}] depends on {name}, which it should do without"
            );
        }
    }
    Ok(())
}
