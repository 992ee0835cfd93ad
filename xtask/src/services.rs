//! `cargo xtask services`: the tests against real servers and clients.
//!
//! A private Kitsu server is installed, started and filled by `tests/services/zou`; the web clients
//! and a browser are installed by `tests/browser/setup`, the validators of other languages by
//! `tests/schemas/setup`, OpenTimelineIO by `tests/edits/setup`, and the official client of Flow, on which a
//! counterpart of a site stands, by `tests/flow/setup`, and what pictures are compared with by
//! `tests/pictures/setup`. The tests find them through the environment.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::run;

/// Installs and starts what the tests need, runs them, and ends what was started. With `pictures`, only
/// the tests of the web clients run, and what they see becomes what they expect.
pub(crate) fn test(state: &Path, pictures: bool) -> Result<()> {
    let zou_state = state.join("zou");
    let browser_state = state.join("browser");
    let schemas_state = state.join("schemas");
    let pictures_state = state.join("pictures");
    let edits_state = state.join("edits");
    let flow_state = state.join("flow");
    fs::create_dir_all(state)?;
    let zou = |action: &str| {
        run(Command::new("tests/services/zou")
            .arg(action)
            .arg(&zou_state))
    };
    run(Command::new("tests/browser/setup").arg(&browser_state))?;
    run(Command::new("tests/schemas/setup").arg(&schemas_state))?;
    run(Command::new("tests/pictures/setup").arg(&pictures_state))?;
    run(Command::new("tests/edits/setup").arg(&edits_state))?;
    run(Command::new("tests/flow/setup").arg(&flow_state))?;
    zou("up")?;
    let result = zou("seed").and_then(|()| {
        let mut cargo = Command::new("cargo");
        cargo.args([
            "test",
            "--package",
            "watchtower-tests",
            "--features",
            "services",
            // Whoever reads the log of a long run wants to know everything that is wrong.
            "--no-fail-fast",
        ]);
        cargo.env("WATCHTOWER_TEST_ZOU", &zou_state);
        cargo.env("WATCHTOWER_TEST_BROWSER", &browser_state);
        cargo.env("WATCHTOWER_TEST_SCHEMAS", &schemas_state);
        cargo.env("WATCHTOWER_TEST_PICTURES", &pictures_state);
        cargo.env("WATCHTOWER_TEST_EDITS", &edits_state);
        cargo.env("WATCHTOWER_TEST_FLOW", &flow_state);
        if pictures {
            cargo.args(["--test", "web_client"]);
            cargo.env("WATCHTOWER_TEST_TAKE_PICTURES", "1");
        }
        run(&mut cargo)
    });
    // The server must not outlive the tests, whatever they said.
    zou("down")
        .and(result)
        .context("the tests against real services")
}
