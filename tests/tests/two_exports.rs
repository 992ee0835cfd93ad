//! Two exports of one site at once, as real processes.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use watchtower_tests::{export_marked, read};

fn export(site: &Path, mark: u64) -> Command {
    export_marked(env!("CARGO_BIN_EXE_marked"), site, mark)
}

fn name(site: &Path) -> String {
    let context = read(site, "data/projects/context.json");
    context["projects"][0]["name"]
        .as_str()
        .expect("a name")
        .to_owned()
}

#[test]
fn the_second_says_so_or_waits() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    let gate = folder.path().join("gate");
    let mut first = export(&site, 1);
    let mut first = first.arg("--gate").arg(&gate).spawn().unwrap();
    while !folder.path().join("gate.reached").exists() {
        thread::sleep(Duration::from_millis(5));
    }

    let output = export(&site, 2)
        .args(["--lock-timeout", "0"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(5));
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        message,
        format!(
            "error: another export is writing to `{}`; wait for it to end\nhelp: `--lock-timeout` gives it more time\n",
            site.display()
        )
    );

    let second = export(&site, 3).spawn().unwrap();
    fs::write(&gate, "").unwrap();
    assert!(first.wait().unwrap().success());
    let output = second.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    // The first had the site before the second began, so the second had it last.
    assert_eq!(name(&site), "Film mark 3;");
    assert!(!site.join(".watchtower/next").exists());
}

#[test]
fn a_killed_one_does_not_hold_the_next_up() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    let mut first = export(&site, 1);
    let mut first = first
        .arg("--gate")
        .arg(folder.path().join("gate"))
        .spawn()
        .unwrap();
    while !folder.path().join("gate.reached").exists() {
        thread::sleep(Duration::from_millis(5));
    }
    first.kill().unwrap();
    first.wait().unwrap();
    let output = export(&site, 2)
        .args(["--lock-timeout", "0"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(name(&site), "Film mark 2;");
}

#[test]
fn a_site_may_be_a_symbolic_link() {
    let folder = tempfile::tempdir().unwrap();
    let (site, link) = (folder.path().join("site"), folder.path().join("link"));
    fs::create_dir(&site).unwrap();
    std::os::unix::fs::symlink(&site, &link).unwrap();
    for mark in [1, 2] {
        let output = export(&link, mark).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(name(&site), format!("Film mark {mark};"));
    }
    assert!(link.is_symlink());
}
