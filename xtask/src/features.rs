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
        &[
            "reqwest",
            "hyper",
            "tokio",
            "jsonschema",
            "calamine",
            "csv",
            "infer",
        ],
    ),
    (
        "watchtower-connector",
        "example",
        &["reqwest", "hyper", "jsonschema"],
    ),
    (
        "watchtower-connector",
        "conformance",
        &["reqwest", "hyper", "jsonschema", "calamine", "csv"],
    ),
    ("watchtower-connector", "http", &["jsonschema"]),
    ("watchtower-connector", "kitsu", &["jsonschema"]),
    ("watchtower-connector", "ayon", &["jsonschema"]),
    ("watchtower-connector", "flow", &["jsonschema"]),
    (
        "watchtower-connector",
        "snapshot-builder",
        &["reqwest", "hyper", "tokio", "jsonschema"],
    ),
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
    ("watchtower-cli", "flow", &[]),
    ("watchtower-cli", "process", &[]),
    ("watchtower-cli", "files", &[]),
    ("watchtower-cli", "bundle", &["reqwest"]),
    ("watchtower-cli", "serve", &["reqwest"]),
    // The template: a tracker of its own with the whole command line.
    (
        "watchtower-studio",
        "",
        &["reqwest", "hyper", "calamine", "csv"],
    ),
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_feature_is_built_alone() {
        for package in [
            "watchtower-model",
            "watchtower-writer",
            "watchtower-connector",
            "watchtower-cli",
        ] {
            let path = root().join("crates").join(package).join("Cargo.toml");
            let text = fs::read_to_string(path).unwrap();
            let features = text.split("[features]").nth(1).unwrap_or_default();
            let features = features.split("\n[").next().unwrap_or_default();
            for line in features.lines() {
                let Some((name, _)) = line.split_once(" = ") else {
                    continue;
                };
                // What several others share is built with each of them.
                let is_part = matches!(name, "default" | "told");
                let is_built = BUILDS.iter().any(|it| (it.0, it.1) == (package, name));
                assert!(is_part || is_built, "{package} [{name}] is not built alone");
            }
        }
    }
}
