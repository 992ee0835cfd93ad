//! `watchtower convert`, from one format to the other and back.
#![allow(clippy::unwrap_used)] // Outside the tests themselves, too, all of this is a test.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// Small copies of what the Python packages write.
const FIXTURES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../watchtower-writer/tests/fixtures"
);

struct Studio(TempDir);

impl Studio {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With a site of the film that is made up on the spot, in `site`.
    #[cfg(feature = "example")]
    fn with_example() -> Self {
        let studio = Self::new();
        let arguments = ["export", "example", "--output", "site"];
        assert_eq!(studio.run(&arguments).status.code(), Some(0));
        studio
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchtower"));
        command.current_dir(self.0.path()).env_clear();
        command.args(arguments).env("COLUMNS", "100");
        command.output().unwrap()
    }

    /// Converts what must be fine, and gives what is said of it.
    fn converted(&self, site: &str, to: &str, output: &str) -> String {
        let output = self.run(&["convert", site, "--to", to, "--output", output]);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}",
            self.said(&output.stderr)
        );
        self.said(&output.stdout)
    }

    /// Converts what must be refused, and gives the exit code with what is said.
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(&[&["convert"], arguments].concat());
        let code = output.status.code().unwrap();
        assert_ne!(code, 0, "{arguments:?}");
        assert_eq!(self.said(&output.stdout), "");
        format!("{code} {}", self.said(&output.stderr).trim_end())
    }

    fn said(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let text = text.replace(FIXTURES, "FIXTURES");
        text.replace(&self.0.path().display().to_string(), "STUDIO")
    }

    /// What a site holds, by path.
    fn files(&self, site: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        fn add(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>, site: &Path) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    add(&path, files, site);
                } else {
                    let name = path.strip_prefix(site).unwrap().to_owned();
                    files.insert(name, fs::read(&path).unwrap());
                }
            }
        }
        let site = self.path(site);
        let mut files = BTreeMap::new();
        add(&site.join("data"), &mut files, &site);
        files
    }
}

#[cfg(feature = "example")]
#[test]
fn the_example_is_the_same_on_the_way_back() {
    let studio = Studio::with_example();
    let there = studio.converted("site", "v1", "new");
    let back = studio.converted("new", "v0", "back");
    let (site, back_again) = (studio.files("site"), studio.files("back"));
    assert!(
        site.keys()
            .any(|it| it.extension().is_some_and(|it| it == "mp4"))
    );
    assert!(site == back_again);
    insta::assert_snapshot!("there and back", format!("{there}\n{back}"));
    let validated = studio.run(&["validate", "new", "--format", "v1", "--deny", "warnings"]);
    assert_eq!(
        validated.status.code(),
        Some(0),
        "{}",
        studio.said(&validated.stdout)
    );
}

#[cfg(feature = "example")]
#[test]
fn a_series_is_told_what_it_loses() {
    let studio = Studio::new();
    let export = [
        "export",
        "example",
        "--episodes",
        "2",
        "--format",
        "v1",
        "--output",
        "site",
    ];
    assert_eq!(studio.run(&export).status.code(), Some(0));
    let said = studio.converted("site", "v0", "new");
    insta::assert_snapshot!(said);
    studio.converted("new", "v1", "there");
    studio.converted("there", "v0", "back");
    assert!(studio.files("new") == studio.files("back"));
}

#[test]
fn what_the_python_packages_write_is_converted() {
    for (site, to) in [("python-0.1.7", "v1"), ("python-1.0.0b3", "v0")] {
        let studio = Studio::new();
        let said = studio.converted(&format!("{FIXTURES}/{site}"), to, "new");
        insta::assert_snapshot!(site, said);
        let validated = studio.run(&["validate", "new", "--format", to]);
        assert_eq!(
            validated.status.code(),
            Some(0),
            "{}",
            studio.said(&validated.stdout)
        );
    }
}

#[test]
fn a_summary_for_programs_says_what_it_was_before() {
    let studio = Studio::new();
    let site = format!("{FIXTURES}/python-1.0.0b3");
    let output = studio.run(&[
        "convert", &site, "--to", "v0", "--output", "new", "--json", "--quiet",
    ]);
    assert_eq!(studio.said(&output.stderr), "");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&said["from"], &said["format"]),
        (&"v1".into(), &"v0".into())
    );
    assert_eq!(said["projects"][0]["outcome"], "exported");
    assert!(said["notes"][0].as_str().unwrap().contains("warnings"));
}

#[test]
fn some_projects_are_converted_and_the_others_stay() {
    let studio = Studio::new();
    let site = format!("{FIXTURES}/film-v0");
    let convert = |project: &str| {
        let arguments = [
            "convert",
            &site,
            "--to",
            "v1",
            "--output",
            "new",
            "--project",
            project,
        ];
        studio.run(&arguments)
    };
    assert_eq!(convert("small film").status.code(), Some(0));
    let output = convert("nothing");
    assert_eq!(output.status.code(), Some(2));
    assert!(studio.said(&output.stderr).contains("no project `nothing`"));
}

#[test]
fn what_cannot_be_converted_is_refused_and_nothing_is_lost() {
    let studio = Studio::new();
    let film = format!("{FIXTURES}/film-v0");
    studio.converted(&film, "v1", "site");
    let before = studio.files("site");
    fs::create_dir(studio.path("thesis")).unwrap();
    fs::write(studio.path("thesis/chapter.txt"), "x").unwrap();
    fs::create_dir_all(studio.path("broken/data/projects/film")).unwrap();
    let context = r#"{"asset_types": [], "users": [], "projects": [{"id": "film", "name": "Film"}],
        "task_status": [], "task_types": []}"#;
    fs::write(studio.path("broken/data/projects/context.json"), context).unwrap();
    for name in ["project", "shots"] {
        let path = format!("broken/data/projects/film/{name}.json");
        fs::write(studio.path(&path), "null").unwrap();
    }
    let refused = [
        studio.refused(&["site", "--to", "v0", "--output", "site"]),
        studio.refused(&["site", "--to", "v0", "--output", "site/new"]),
        studio.refused(&["site", "--to", "v0", "--output", "."]),
        studio.refused(&["site", "--to", "v0", "--output", "thesis"]),
        studio.refused(&["site", "--to", "v0", "--output", "thesis/chapter.txt"]),
        studio.refused(&["site", "--to", "v1", "--output", "new"]),
        studio.refused(&["thesis", "--to", "v1", "--output", "new"]),
        studio.refused(&["nowhere", "--to", "v1", "--output", "new"]),
        studio.refused(&["site/data", "--to", "v0", "--output", "new"]),
        studio.refused(&["broken", "--to", "v1", "--output", "new"]),
    ];
    insta::assert_snapshot!(refused.join("\n\n"));
    assert!(!studio.path("new").exists());
    assert_eq!(studio.files("site"), before);
    assert_eq!(fs::read_dir(studio.path("thesis")).unwrap().count(), 1);
}
