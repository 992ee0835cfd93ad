//! Our command speaks of itself, and offers what it has.

use std::process::{Command, Output};

const COMMAND: &str = env!("CARGO_BIN_EXE_watchtower-studio");

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(COMMAND);
    command.env("COLUMNS", "100").args(arguments);
    command.output().unwrap()
}

/// All that it says, on stdout and stderr.
fn said(arguments: &[&str]) -> String {
    let output = run(arguments);
    let all = [output.stdout, output.stderr].concat();
    String::from_utf8(all).unwrap()
}

#[test]
fn the_version_is_named_after_us() {
    assert!(said(&["--version"]).starts_with("watchtower-studio (watchtower "));
}

#[test]
fn the_help_shows_our_name_and_our_tracker() {
    let help = said(&["--help"]);
    assert!(
        help.contains("Usage: watchtower-studio [OPTIONS] <COMMAND>"),
        "{help}"
    );
    assert!(
        help.contains("  watchtower-studio export studio --output site"),
        "{help}"
    );
    // What it has not is in no example. Which subcommands there are is up to the features of the build.
    for not_ours in ["kitsu", "export example"] {
        assert!(!help.contains(not_ours), "{not_ours}: {help}");
    }
    let export = said(&["export", "studio", "--help"]);
    assert!(
        export.contains("Usage: watchtower-studio export studio"),
        "{export}"
    );
}

#[test]
fn what_is_to_be_typed_next_is_our_command() {
    for arguments in [
        &["explain", "no-such-code"][..],
        &["schema", "show", "shots.json"],
        &["export"],
        &["export", "kitsu"],
        &["trackers"],
        &["convert", ".", "--to", "v1", "--output", "."],
        &["edit", "--help"],
        &["conformance", "--list"],
        &["validate", "."],
        &["explain", "WT602"],
    ] {
        let said = said(arguments);
        assert!(!said.contains("`watchtower "), "{arguments:?}: {said}");
        assert!(
            !said.contains(" watchtower export"),
            "{arguments:?}: {said}"
        );
    }
    let said = said(&["explain", "no-such-code"]);
    assert!(
        said.contains("`watchtower-studio explain` lists all"),
        "{said}"
    );
}
