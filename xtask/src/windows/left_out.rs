//! The tests that are left out on Windows: what stands behind a `cfg` with a reason beside it.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};

use crate::root;

/// A test, or several in a file, and why they are left out.
pub(super) struct LeftOut {
    pub(super) package: &'static str,
    place: String,
    pub(super) tests: usize,
    why: String,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            package,
            place,
            tests,
            why,
        } = self;
        let several = if *tests == 1 {
            String::new()
        } else {
            format!(", {tests} tests")
        };
        write!(f, "{package}: {place}{several}: {why}")
    }
}

/// Those of these crates.
///
/// # Errors
///
/// Where one is left out without a reason.
pub(super) fn of(packages: &[&'static str]) -> Result<Vec<LeftOut>> {
    let mut found = Vec::new();
    for package in packages {
        for folder in ["src", "tests"] {
            let folder = root().join("crates").join(package).join(folder);
            if folder.exists() {
                look_into(package, &folder, &folder, &mut found)?;
            }
        }
    }
    Ok(found)
}

fn look_into(
    package: &'static str,
    top: &Path,
    folder: &Path,
    found: &mut Vec<LeftOut>,
) -> Result<()> {
    let entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let mut paths: Vec<_> = entries.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            look_into(package, top, &path, found)?;
        } else if path.extension().is_some_and(|it| it == "rs") {
            let name = path.strip_prefix(top)?.display().to_string();
            look_at(package, &name, &fs::read_to_string(&path)?, found)?;
        }
    }
    Ok(())
}

fn look_at(package: &'static str, file: &str, text: &str, found: &mut Vec<LeftOut>) -> Result<()> {
    let lines: Vec<_> = text.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let of_file = code.starts_with("#![cfg(");
        let is_for_others = code.contains("unix") || code.contains("\"linux\"");
        if !is_for_others || !of_file && !code.starts_with("#[cfg(") {
            continue;
        }
        let is_attribute = |it: &&&str| it.trim_start().starts_with("#[");
        let before = lines[..number].iter().rev().take_while(is_attribute);
        let behind = &lines[number + 1..];
        let attributes = behind.iter().take_while(is_attribute);
        let is_a_test = before.chain(attributes.clone()).any(|it| is_test(it));
        let item = behind
            .get(attributes.count())
            .map_or("", |it| it.trim_start());
        let (place, tests) = if of_file {
            (file.to_owned(), count(behind))
        } else if let Some(name) = item.strip_prefix("mod ") {
            let indent = &line[..line.len() - code.len()];
            let end = behind.iter().position(|it| **it == format!("{indent}}}"));
            let tests = count(&behind[..end.unwrap_or(behind.len())]);
            (
                format!("{file}, {}", name.trim_end_matches([' ', '{', ';'])),
                tests,
            )
        } else if is_a_test {
            let name = item.split("fn ").nth(1).and_then(|it| it.split('(').next());
            (format!("{file}, {}", name.unwrap_or_default()), 1)
        } else {
            continue;
        };
        if tests == 0 {
            continue;
        }
        let why = code.split_once("// ").map_or("", |(_, why)| why);
        ensure!(
            !why.is_empty(),
            "{package}: {place} is left out on Windows, and nothing says why: write it behind the `cfg`"
        );
        found.push(LeftOut {
            package,
            place,
            tests,
            why: why.to_owned(),
        });
    }
    Ok(())
}

fn count(lines: &[&str]) -> usize {
    lines.iter().filter(|it| is_test(it)).count()
}

fn is_test(line: &str) -> bool {
    let line = line.trim();
    line == "#[test]" || line.starts_with("#[tokio::test")
}
