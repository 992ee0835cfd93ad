//! What `--version` says of the build. There is no clock in it: the same sources give the same command.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let is_optimised = variable("OPT_LEVEL") != "0";
    // In development each commit would build the crate anew.
    let commit = if is_optimised { commit() } else { None };
    let commit = commit.map(|it| format!("commit {it}"));
    let how = if is_optimised {
        "optimised"
    } else {
        "not optimised"
    };
    let rustc = output(&variable("RUSTC"), &["--version"]);
    let build = [commit, Some(how.to_owned()), rustc];
    let build: Vec<_> = build.into_iter().flatten().collect();
    let mut features: Vec<_> = env::vars().filter_map(|(name, _)| feature(&name)).collect();
    features.sort();
    if features.is_empty() {
        features.push("none".to_owned());
    }
    println!("cargo::rustc-env=WATCHTOWER_BUILD={}", build.join(", "));
    println!(
        "cargo::rustc-env=WATCHTOWER_PLATFORM={}",
        variable("TARGET")
    );
    println!(
        "cargo::rustc-env=WATCHTOWER_FEATURES={}",
        features.join(", ")
    );
}

/// The feature that a variable of Cargo's stands for.
fn feature(variable: &str) -> Option<String> {
    let name = variable.strip_prefix("CARGO_FEATURE_")?;
    (name != "DEFAULT").then(|| name.to_lowercase().replace('_', "-"))
}

/// The commit of these sources; none where they are no checkout of ours, as those of a package are not.
fn commit() -> Option<String> {
    // Whoever builds from a source distribution may know it.
    println!("cargo::rerun-if-env-changed=WATCHTOWER_COMMIT");
    if let Ok(commit) = env::var("WATCHTOWER_COMMIT") {
        return Some(commit);
    }
    // A crate that somebody unpacked into a repository of their own is not two folders below its root.
    let git = Path::new("../../.git");
    if !git.exists() {
        return None;
    }
    // A commit, another branch, and changes of the crates, which the commit does not have.
    println!("cargo::rerun-if-changed=..");
    for name in ["HEAD", "logs/HEAD"] {
        let path = output("git", &["rev-parse", "--git-path", name])?;
        println!("cargo::rerun-if-changed={path}");
    }
    output(
        "git",
        &[
            "describe",
            "--always",
            "--dirty",
            "--abbrev=12",
            "--exclude=*",
        ],
    )
}

/// What a program prints, where it can be run.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.trim();
    (output.status.success() && !text.is_empty()).then(|| text.to_owned())
}
