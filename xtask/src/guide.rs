//! `cargo xtask guide`: does what `docs/connector.md` tells a stranger to do, from an empty folder.
//!
//! A block of code below a comment with a path, `<!-- src/lib.rs -->`, goes on with that file. The lines of
//! a block of `console` that start with `$` are run, and what follows them must be printed; `…` stands for
//! any lines.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

const GUIDE: &str = "docs/connector.md";
const TEMPLATE: &str = "examples/rust-connector";

/// Something that the guide tells to do.
#[derive(Debug, PartialEq)]
enum Step {
    /// Write this, below what the file has from earlier steps.
    Write { path: String, text: String },
    /// Run this, and see these lines.
    Run { command: String, shows: Vec<String> },
}

/// Follows the guide, and compares what it makes with the template.
pub(crate) fn follow(root: &Path) -> Result<()> {
    let steps = steps(&read(&root.join(GUIDE))?)?;
    compare(root, &steps)?;
    // Outside of this workspace, as a stranger's is.
    let folder = tempfile::tempdir().context("cannot make an empty folder")?;
    let mut here = folder.path().to_owned();
    let mut started = BTreeMap::new();
    for step in &steps {
        match step {
            Step::Write { path, text } => {
                let path = here.join(path);
                let all: &mut String = started.entry(path.clone()).or_default();
                append(all, text);
                fs::create_dir_all(path.parent().context("a folder")?)?;
                fs::write(&path, &*all)?;
            }
            Step::Run { command, shows } => {
                println!("$ {command}");
                if command.starts_with("git clone ") {
                    // What is to be tested is this copy.
                    link(root, &here.join("watchtower-rs"))?;
                } else if let Some(inner) = command.strip_prefix("cd ") {
                    here.push(inner);
                    // The versions that this repository is tested with.
                    fs::copy(root.join("Cargo.lock"), here.join("Cargo.lock"))?;
                } else {
                    run(root, command, &here, shows)?;
                }
            }
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn link(root: &Path, place: &Path) -> Result<()> {
    Ok(std::os::unix::fs::symlink(root, place)?)
}

fn run(root: &Path, command: &str, folder: &Path, shows: &[String]) -> Result<()> {
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .env("COLUMNS", "100")
        // What the workspace has built of other crates serves here as well.
        .env("CARGO_TARGET_DIR", root.join("target"))
        .env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only")
        .env("CARGO_NET_OFFLINE", "true")
        .output()
        .context("cannot start sh")?;
    let said = [&output.stdout[..], b"\n", &output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    ensure!(
        output.status.success(),
        "`{command}` of {GUIDE} fails with {}:\n{said}",
        output.status
    );
    if let Some(line) = missing(shows, &said) {
        bail!("`{command}` of {GUIDE} does not print\n{line}\nwhere it should, but\n{said}");
    }
    Ok(())
}

/// The first line that should be printed and is not. Lines follow each other, but for a line `…`.
fn missing<'a>(shows: &'a [String], said: &str) -> Option<&'a str> {
    let mut said = said.lines();
    let mut skips = true;
    for line in shows {
        if line == "…" {
            skips = true;
            continue;
        }
        let found = match skips {
            true => said.any(|it| it == line),
            false => said.next() == Some(line.as_str()),
        };
        if !found {
            return Some(line);
        }
        skips = false;
    }
    None
}

/// Adds a piece to a file: a blank line is between pieces.
fn append(all: &mut String, text: &str) {
    if !all.is_empty() {
        all.push('\n');
    }
    all.push_str(text);
}

/// Checks that the files of the guide are those of the template, where the crates have other places.
fn compare(root: &Path, steps: &[Step]) -> Result<()> {
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    for step in steps {
        if let Step::Write { path, text } = step {
            append(files.entry(path).or_default(), text);
        }
    }
    let template = root.join(TEMPLATE);
    for (path, text) in &files {
        let due = read(&template.join(path))?.replace("../../crates", "../watchtower-rs/crates");
        ensure!(
            *text == due,
            "{path} of {GUIDE} is not {TEMPLATE}/{path}: change one or the other"
        );
    }
    let mut folders = vec![template.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&template)?.to_string_lossy();
            // What our own command line says under another name is nobody's to copy.
            let is_ours = matches!(&*name, "README.md" | "tests/command.rs");
            ensure!(
                is_ours || files.contains_key(&*name),
                "{TEMPLATE}/{name} is not in {GUIDE}"
            );
        }
    }
    Ok(())
}

/// What the guide tells to do, in its order.
fn steps(text: &str) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    let mut lines = text.lines();
    let mut path = None;
    while let Some(line) = lines.next() {
        let comment = line
            .strip_prefix("<!-- ")
            .and_then(|it| it.strip_suffix(" -->"));
        let Some(kind) = line.strip_prefix("```") else {
            path = comment;
            continue;
        };
        let block = lines.by_ref().take_while(|it| *it != "```");
        let block: Vec<&str> = block.collect();
        match path.take() {
            Some(path) => steps.push(Step::Write {
                path: path.to_owned(),
                text: block.join("\n") + "\n",
            }),
            None if kind == "console" => run_steps(&block, &mut steps)?,
            None => {}
        }
    }
    Ok(steps)
}

fn run_steps(block: &[&str], steps: &mut Vec<Step>) -> Result<()> {
    for line in block {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step::Run {
                command: command.to_owned(),
                shows: Vec::new(),
            }),
            (None, Some(Step::Run { shows, .. })) => shows.push((*line).to_owned()),
            (None, _) => bail!("{GUIDE}: nothing prints `{line}`"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_tells_how_the_template_is_made() {
        let root = crate::root();
        let steps = steps(&read(&root.join(GUIDE)).unwrap()).unwrap();
        let runs = steps.iter().filter(|it| matches!(it, Step::Run { .. }));
        assert!(runs.count() > 5, "{steps:?}");
        compare(root, &steps).unwrap();
    }

    #[test]
    fn a_guide_is_files_and_commands() {
        let text = "<!-- a.rs -->\n```rust\n1\n```\n\n```text\nnothing\n```\n\n<!-- a.rs -->\n```rust\n2\n```\n\
                    ```console\n$ run\n…\nlast\n$ run again\n```\n";
        let steps = steps(text).unwrap();
        let write = |text: &str| Step::Write {
            path: "a.rs".into(),
            text: text.into(),
        };
        let run = |command: &str, shows: &[&str]| Step::Run {
            command: command.into(),
            shows: shows.iter().map(ToString::to_string).collect(),
        };
        let due = [
            write("1\n"),
            write("2\n"),
            run("run", &["…", "last"]),
            run("run again", &[]),
        ];
        assert_eq!(steps, due);
    }

    #[test]
    fn what_is_not_printed_is_found() {
        let shows = |lines: &[&str]| lines.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(missing(&shows(&["b", "c"]), "a\nb\nc\nd"), None);
        assert_eq!(missing(&shows(&["a", "…", "d"]), "a\nb\nc\nd"), None);
        assert_eq!(missing(&shows(&["a", "c"]), "a\nb\nc\nd"), Some("c"));
        assert_eq!(missing(&shows(&["d", "…", "a"]), "a\nb\nc\nd"), Some("a"));
    }
}
