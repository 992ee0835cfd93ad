//! The command as people and scripts meet it.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use watchtower_writer::{anonymise, validate};

/// The command, away from the settings of whoever runs the tests.
fn watchtower(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchtower"));
    command
        .current_dir(folder)
        .env_clear()
        .env("COLUMNS", "100");
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    watchtower(folder).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn help_is_worth_reading() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["--help"][..],
        &["export", "--help"],
        &["export", "example", "--help"],
        &["export", "kitsu", "--help"],
        &["export", "ayon", "--help"],
        &["export", "flow", "--help"],
        &["export", "spreadsheet", "--help"],
        &["export", "process", "--help"],
        &["export", "files", "--help"],
        &["export", "edit", "--help"],
        &["edit", "--help"],
        &["edit", "show", "--help"],
        &["edit", "write", "--help"],
        &["check", "--help"],
        &["check", "kitsu", "--help"],
        &["conformance", "--help"],
        &["conformance", "kitsu", "--help"],
        &["bundle", "--help"],
        &["serve", "--help"],
        &["convert", "--help"],
        &["schema", "--help"],
        &["completions", "--help"],
        &["anonymise", "--help"],
    ] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(0));
        insta::assert_snapshot!(arguments.join(" "), stdout(&output));
    }
}

#[test]
fn the_version_says_what_was_built_and_for_what() {
    let folder = tempfile::tempdir().unwrap();
    let long = stdout(&run(folder.path(), &["--version"]));
    let lines: Vec<_> = long.lines().collect();
    let version = concat!("watchtower ", env!("CARGO_PKG_VERSION"));
    assert_eq!(lines[0], version, "{long}");
    assert!(lines[1].starts_with("build: "), "{long}");
    assert!(lines[1].contains("rustc "), "{long}");
    let platform = format!("{}-", std::env::consts::ARCH);
    assert!(
        lines[2].starts_with(&format!("platform: {platform}")),
        "{long}"
    );
    let features: BTreeSet<_> = lines[3]
        .strip_prefix("features: ")
        .unwrap()
        .split(", ")
        .collect();
    let manifest = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    for feature in &features {
        assert!(manifest.contains(&format!("\n{feature} = [")), "{long}");
    }
    assert_eq!(features.contains("flow"), cfg!(feature = "flow"), "{long}");
    assert_eq!(lines.len(), 4, "{long}");
    assert_eq!(stdout(&run(folder.path(), &["-V"])).trim_end(), version);
}

#[test]
fn a_shell_completes_commands_and_options() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = run(folder.path(), &["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(stdout(&output).contains("allow-shrink"), "{shell}");
    }
}

#[cfg(unix)] // Bash is not there.
#[test]
fn bash_completes_with_what_we_print() {
    let folder = tempfile::tempdir().unwrap();
    let script = run(folder.path(), &["completions", "bash"]).stdout;
    fs::write(folder.path().join("completions"), script).unwrap();
    let asked = r#"source ./completions; COMP_WORDS=(watchtower export ki) COMP_CWORD=2
        _watchtower watchtower ki export; echo "${COMPREPLY[@]}""#;
    let mut bash = Command::new("bash");
    let bash = bash
        .args(["-c", asked])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(stdout(&bash).trim_end(), "kitsu", "{}", stderr(&bash));
}

#[test]
fn a_site_is_copied_without_its_names() {
    let folder = tempfile::tempdir().unwrap();
    assert!(
        run(folder.path(), &["export", "example", "--output", "site"])
            .status
            .success()
    );
    fs::write(folder.path().join("site/data/notes.txt"), "secret").unwrap();
    let arguments = ["anonymise", "site", "--output", "copy"];
    let output = run(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    insta::assert_snapshot!("anonymised", stdout(&output));
    let context =
        fs::read_to_string(folder.path().join("copy/data/projects/context.json")).unwrap();
    assert!(!context.contains("Salt Lantern"), "{context}");
    let output = run(folder.path(), &["validate", "copy", "--deny", "warnings"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    // It is never written over something.
    let output = run(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!("anonymised_taken", stderr(&output));
    let output = run(
        folder.path(),
        &["anonymise", "copy/data", "--output", "other"],
    );
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!("anonymised_nothing", stderr(&output));
}

/// The code of each finding with its place in its document, in order.
fn found(site: &Path) -> Vec<String> {
    let report = validate::site(site, &validate::Options::default()).unwrap();
    let mut found: Vec<_> = report
        .findings
        .iter()
        .map(|it| {
            let file = it.file.file_name().unwrap_or_default();
            format!(
                "{} {} {} {}",
                it.severity,
                it.code,
                file.display(),
                it.pointer
            )
        })
        .collect();
    found.sort();
    found
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => vec![(path.clone(), fs::read(path).unwrap())],
        })
        .collect()
}

/// Every text of a document that is a name: what the client shows of people, shots and the rest.
fn names(document: &Value, found: &mut BTreeSet<String>) {
    match document {
        Value::Array(items) => items.iter().for_each(|it| names(it, found)),
        Value::Object(object) => {
            for (key, value) in object {
                match value.as_str() {
                    // A short one may stand in a file by chance.
                    Some(text)
                        if matches!(&**key, "name" | "full_name" | "id") && text.len() > 4 =>
                    {
                        found.insert(text.to_owned());
                    }
                    _ => names(value, found),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn a_copy_without_names_has_the_same_faults_and_nothing_of_anybody() {
    let odd = [
        ("huge", r#"{"projects": 1e400}"#),
        ("surrogate", r#"["\ud83d"]"#),
        (
            "nulls",
            r#"{"id":"p","name":"P","team":null,"fps":null,"ratio":"\ud83d"}"#,
        ),
        ("python", "[{'name': 'Sprite Fright', 'tasks': None}]"),
        ("page", "<html><h1>Sprite Fright: 502</h1>"),
        ("cut", r#"[{"name": "Sprite Fright", "id": "#),
        ("two", r#"[] [{"name": "Sprite Fright"}]"#),
        ("lines", "[{\"name\": \"Sprite Fright\n\"}]"),
        (
            "nan",
            r#"[{"name": "Sprite Fright", "data": {"frame_in": NaN}}]"#,
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (kind, options) in [
        ("v0", &["--format", "v0"][..]),
        ("v1", &["--format", "v1"]),
        ("series", &["--format", "v1", "--episodes", "2"]),
    ] {
        let site = folder.path().join(kind);
        let export = [&["export", "example", "--quiet", "--output", kind], options].concat();
        assert!(run(folder.path(), &export).status.success());
        let before = files(&site.join("data"));
        let documents = before
            .iter()
            .filter(|it| it.0.extension().is_some_and(|it| it == "json"));
        let mut of_people = BTreeSet::from(["Sprite Fright".to_owned()]);
        for (_, text) in documents.clone() {
            names(&serde_json::from_slice(text).unwrap(), &mut of_people);
        }
        assert!(of_people.len() > 50, "{of_people:?}");
        // From the middle of each picture, and of what a movie shows.
        assert!(
            run(folder.path(), &["anonymise", kind, "--output", "copy"])
                .status
                .success()
        );
        assert_eq!(found(&folder.path().join("copy")), found(&site), "{kind}");
        let after = files(&folder.path().join("copy"));
        for (path, bytes) in &after {
            let inside = path.strip_prefix(folder.path()).unwrap().to_string_lossy();
            let text = String::from_utf8_lossy(bytes);
            let told = of_people
                .iter()
                .find(|it| text.contains(&**it) || inside.contains(&**it));
            assert_eq!(told, None, "{kind}: {inside}");
        }
        let after: Vec<u8> = after.into_iter().flat_map(|it| it.1).collect();
        let mut pictures = 0;
        for (path, bytes) in &before {
            let start = match path.extension().unwrap().to_str().unwrap() {
                "json" => continue,
                "mp4" => bytes.windows(4).position(|it| it == b"mdat").unwrap() + 64,
                _ => bytes.len() / 2,
            };
            let part = &bytes[start..start + 32];
            let is_there = after.windows(part.len()).any(|it| it == part);
            assert!(!is_there, "{} is in the copy", path.display());
            pictures += 1;
            // It takes long to make one again for each odd document.
            fs::remove_file(path).unwrap();
        }
        assert!(pictures > 10, "{pictures}");
        fs::remove_dir_all(folder.path().join("copy")).unwrap();
        for ((path, whole), (name, text)) in
            documents.flat_map(|it| odd.iter().map(move |odd| (it, odd)))
        {
            fs::write(path, text).unwrap();
            let copy = folder.path().join("copy");
            let at = format!("{}, {name}", path.display());
            anonymise::site(&site, &copy).unwrap();
            assert_eq!(found(&copy), found(&site), "{at}");
            for (path, bytes) in files(&copy) {
                let text = String::from_utf8_lossy(&bytes);
                assert!(!text.contains("Sprite"), "{at}: {}", path.display());
            }
            fs::write(path, whole).unwrap();
            fs::remove_dir_all(copy).unwrap();
        }
    }
}

#[test]
fn trackers_are_listed_with_what_they_give_and_take() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["trackers"]);
    insta::assert_snapshot!(stdout(&output));
    let output = run(folder.path(), &["trackers", "--json"]);
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(list["trackers"][1]["settings"][3]["name"], "KITSU_TOKEN");
}

#[test]
fn a_check_says_who_we_are_and_what_we_see() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["check", "example"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    insta::assert_snapshot!(stdout(&output));
    let output = run(folder.path(), &["check", "example", "--json"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["projects"][0]["name"], "The Salt Lantern");
}

#[cfg(unix)] // Systems have words of their own for a connection that is refused.
#[test]
fn a_check_says_what_cannot_be_reached() {
    let folder = tempfile::tempdir().unwrap();
    // A check takes nothing that only an export has, and AYON's command must not ask for it.
    let unreachable = [
        "check",
        "ayon",
        "--retries",
        "0",
        "--url",
        "http://127.0.0.1:9",
    ];
    let mut command = watchtower(folder.path());
    command.args(unreachable).env("AYON_API_KEY", "key");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    insta::assert_snapshot!("check_unreachable", stderr(&output));
    assert!(stdout(&output).is_empty());
}

#[test]
fn sheets_are_checked_as_well() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("shots.csv"), "Name,Frames\n0010,24\n").unwrap();
    let output = run(folder.path(), &["check", "spreadsheet", "."]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn conformance_is_reported_for_people_and_for_programs() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["conformance", "--list"]);
    insta::assert_snapshot!("conformance_list", stdout(&output));
    let output = run(folder.path(), &["conformance", "--list", "--json"]);
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    let checks = list["checks"].as_array().unwrap().len();
    assert_eq!(list["checks"][0]["id"], "answers");

    let output = run(folder.path(), &["conformance", "example"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    insta::assert_snapshot!("conformance_example", stdout(&output));
    let output = run(folder.path(), &["conformance", "example", "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["tracker"], "example");
    assert_eq!(report["checks"].as_array().unwrap().len(), checks);
    assert_eq!(report["checks"][0]["outcome"], "passed");
}

#[test]
fn a_tracker_that_does_not_conform_ends_with_findings() {
    let folder = tempfile::tempdir().unwrap();
    let list = r#"{"watchtower_tracker": 1,
        "projects": [{"id": "film", "name": "Film"}, {"id": "gone", "name": "Gone"}],
        "users": [{"id": "jade", "name": "Jade", "has_avatar": true}]}"#;
    let film = r#"{"watchtower_tracker": 1, "project": {"id": "film", "name": "Film"}}"#;
    fs::write(folder.path().join("project-list.json"), list).unwrap();
    fs::create_dir(folder.path().join("projects")).unwrap();
    fs::write(folder.path().join("projects/film.json"), film).unwrap();

    let output = run(
        folder.path(),
        &["conformance", "files", ".", "--project", "FILM", "--quiet"],
    );
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    insta::assert_snapshot!("conformance_findings", stdout(&output));
    // Without --project, that one cannot be read is found as well.
    let output = run(folder.path(), &["conformance", "files", ".", "--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["checks"][0]["outcome"], "failed");
    assert!(
        report["checks"][0]["evidence"][0]
            .as_str()
            .unwrap()
            .contains("Gone")
    );
}

#[cfg(unix)] // Systems have words of their own for a file that is not there.
#[test]
fn a_tracker_that_cannot_be_judged_is_an_error_as_ever() {
    let folder = tempfile::tempdir().unwrap();
    let told = |arguments: &[&str], code: i32| {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        assert!(stdout(&output).is_empty());
        stderr(&output)
    };
    let told = [
        told(&["conformance", "kitsu"], 2),
        told(&["conformance", "example", "--project", "Nothing"], 2),
        told(&["conformance", "files", "nowhere"], 3),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn the_example_makes_a_site_and_a_summary() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["export", "example", "--output", "site"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    insta::assert_snapshot!("example_summary", stdout(&output));
    let output = run(
        folder.path(),
        &["export", "example", "--output", "site", "--json", "--quiet"],
    );
    assert_eq!(stderr(&output), "");
    insta::assert_snapshot!("example_summary_json", stdout(&output));
}

#[test]
fn the_series_makes_a_site_and_the_summary_says_what_the_format_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let export = ["export", "example", "--episodes", "2", "--output", "site"];
    let output = run(folder.path(), &export);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    insta::assert_snapshot!("series_summary", stdout(&output));
    // The episodes follow each other on the one timeline: nothing is wrong with it.
    let validate = ["validate", "site", "--output-format", "json"];
    let findings = stdout(&run(folder.path(), &validate));
    let codes: BTreeSet<_> = findings
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|it| it["message_type"] == "finding")
        .map(|it| it["code"].to_string())
        .collect();
    assert_eq!(codes, BTreeSet::new());
}

#[test]
fn what_the_client_cannot_draw_is_said_with_what_helps() {
    let folder = tempfile::tempdir().unwrap();
    let export = |more: &str| {
        let arguments = format!("export example --output site --media none {more}");
        let arguments: Vec<_> = arguments.split(' ').collect();
        let output = run(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let output = stdout(&output);
        let findings = stdout(&run(folder.path(), &["validate", "site", "--no-media"]));
        (output, findings)
    };
    let (told, findings) = export("--sequences 22 --shots 44");
    assert!(told.contains("`--format v1` draws them all"), "{told}");
    assert!(findings.contains("WT508"), "{findings}");
    let (told, findings) = export("--sequences 21 --shots 1200");
    assert!(!told.contains("note: 1200 shots"), "{told}");
    assert!(!findings.contains("WT516"), "{findings}");
    let (told, findings) = export("--sequences 21 --shots 1201");
    assert!(told.contains("1201 shots on one timeline"), "{told}");
    assert!(told.contains("`--format v1` shows an episode"), "{told}");
    assert!(
        findings.contains("warning[WT516]: 1201 shots"),
        "{findings}"
    );
}

#[test]
fn two_exports_are_the_same_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    for site in ["one", "two"] {
        assert!(
            run(folder.path(), &["export", "example", "--output", site])
                .status
                .success()
        );
    }
    let files = |site: &str| {
        let mut found = Vec::new();
        let mut folders = vec![folder.path().join(site).join("data")];
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path
                        .strip_prefix(folder.path().join(site))
                        .unwrap()
                        .to_owned();
                    found.push((name, fs::read(path).unwrap()));
                }
            }
        }
        found.sort();
        found
    };
    let one = files("one");
    assert!(one.len() > 40, "{} files", one.len());
    assert_eq!(one, files("two"));
}

#[test]
fn sizes_are_totals() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(
        folder.path(),
        &[
            "export",
            "example",
            "--output",
            "site",
            "--sequences",
            "3",
            "--shots",
            "100",
            "--assets",
            "7",
            "--media",
            "none",
            "--json",
        ],
    );
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let counts = &summary["projects"][0]["counts"];
    assert_eq!(
        (&counts["sequences"], &counts["shots"], &counts["assets"]),
        (&3.into(), &100.into(), &7.into())
    );
    assert!(!folder.path().join("site/data/previews").exists());
}

/// Settings are named where they are missing, and a password never has a flag.
#[test]
fn a_missing_setting_is_a_usage_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["export", "kitsu", "--output", "site"]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&output), @"
    error: cannot connect to Kitsu: KITSU_DATA_SOURCE_URL is not set
    help: set KITSU_DATA_SOURCE_URL in the environment or in `.env.local`, or give --url
    ");
    fs::write(
        folder.path().join(".env.local"),
        "KITSU_DATA_SOURCE_URL=http://127.0.0.1:9/\n",
    )
    .unwrap();
    let output = run(
        folder.path(),
        &[
            "export",
            "kitsu",
            "--output",
            "site",
            "--email",
            "a@example.com",
        ],
    );
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&output), @"
    error: cannot connect to Kitsu: KITSU_DATA_SOURCE_USER_PASSWORD is not set
    help: set KITSU_DATA_SOURCE_USER_PASSWORD in the environment or in `.env.local`
    ");
    let output = run(
        folder.path(),
        &["export", "kitsu", "--output", "site", "--env-file", "nope"],
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("cannot read the settings in `nope`"));
    assert!(!folder.path().join("site").exists());
}

#[test]
fn an_output_that_cannot_be_written_is_said() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "mine").unwrap();
    let output = run(folder.path(), &["export", "example", "--output", "file"]);
    assert_eq!(output.status.code(), Some(5));
    insta::assert_snapshot!(stderr(&output), @"error: `file` cannot hold a site: it is a file; give a folder, which is made if it is missing");
    assert_eq!(
        fs::read_to_string(folder.path().join("file")).unwrap(),
        "mine"
    );

    // A folder below a file cannot be made, whoever runs the tests.
    let output = run(
        folder.path(),
        &["export", "example", "--output", "file/site"],
    );
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
}

#[test]
fn schemas_are_listed_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["schema", "list"]);
    assert_eq!(output.status.code(), Some(0));
    for name in stdout(&output).lines() {
        let shown = run(folder.path(), &["schema", "show", name]);
        let published = format!(
            "{}/../../schemas/{name}.schema.json",
            env!("CARGO_MANIFEST_DIR")
        );
        assert_eq!(stdout(&shown), fs::read_to_string(published).unwrap());
    }
    assert!(stdout(&output).lines().any(|name| name == "v0/shots"));
    let output = run(folder.path(), &["schema", "show", "v0/nope"]);
    assert_eq!(output.status.code(), Some(2));
}

#[cfg(feature = "spreadsheet")]
#[test]
fn sheets_are_checked_too() {
    let folder = tempfile::tempdir().unwrap();
    let sheet = "Project;Sequence;Name;Frames\nSmall Film;010;0010;24\n";
    fs::write(folder.path().join("shots.csv"), sheet).unwrap();
    let output = run(folder.path(), &["check", "spreadsheet", "shots.csv"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("Small Film"), "{told}");
}

#[test]
fn a_movie_that_was_named_and_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    fs::write(folder.path().join("cut.mp4"), "the cut of yesterday").unwrap();
    let export = ["export", "example", "--output", "site"];
    let output = run(
        folder.path(),
        &[&export[..], &["--edit-movie", "cut.mp4"]].concat(),
    );
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&output), @"
    error: cannot take the edit's movie: `cut.mp4`: not an MP4 or QuickTime movie: it is of no known kind
    help: give an MP4 movie, which is what browsers play
    ");
    assert!(!site.exists());
}

#[test]
fn a_wrong_call_is_a_usage_error() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["nope"][..],
        &["export"],
        &["export", "nope"],
        &["export", "example"],
        &[
            "export",
            "spreadsheet",
            ".",
            "--output",
            "site",
            "--movie",
            "gone.mp4",
        ],
        &[
            "export",
            "example",
            "--output",
            "site",
            "--edit-movie",
            "gone.mp4",
        ],
        &[
            "export",
            "example",
            "--output",
            "site",
            "--edit",
            "gone.otio",
        ],
        // Neither would be used.
        &[
            "export",
            "example",
            "--output",
            "site",
            "--media-base",
            "api",
        ],
        &[
            "export",
            "example",
            "--output",
            "site",
            "--media",
            "reference",
            "--media-base",
            "api",
        ],
        &[],
    ] {
        assert_eq!(
            run(folder.path(), arguments).status.code(),
            Some(2),
            "{arguments:?}"
        );
    }
}

/// A folder for `export files` with a film of this name, and one that is named and not there.
fn films(folder: &Path, name: &str) {
    let list = json!({"watchtower_tracker": 1, "projects": [
        {"id": "a", "name": name},
        {"id": "b", "name": "Gone"},
    ]});
    let film = json!({"watchtower_tracker": 1, "project": {"id": "a", "name": name}});
    fs::create_dir_all(folder.join("films/projects")).unwrap();
    fs::write(folder.join("films/project-list.json"), list.to_string()).unwrap();
    fs::write(folder.join("films/projects/a.json"), film.to_string()).unwrap();
}

#[test]
fn a_name_cannot_command_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    films(folder.path(), "\u{1b}[31mRed\u{9b}2J");
    let output = run(
        folder.path(),
        &["export", "files", "films", "--output", "site"],
    );
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    let said = stdout(&output) + &stderr(&output);
    assert!(said.contains(r"\u{1b}[31mRed\u{9b}2J"), "{said}");
    assert!(!said.contains(['\u{1b}', '\u{9b}']), "{said}");
}

#[test]
fn the_exit_code_is_the_exports_also_when_nobody_reads() {
    let folder = tempfile::tempdir().unwrap();
    films(folder.path(), "Film");
    let export = |more: &[&str]| {
        let mut command = watchtower(folder.path());
        command
            .args(["export", "files", "films", "--output", "site"])
            .args(more);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        child.wait().unwrap().code()
    };
    assert_eq!(export(&[]), Some(4));
    assert_eq!(export(&["--json"]), Some(4));
    // It would go on for ever.
    assert_eq!(export(&["--json", "--every", "1s"]), Some(5));
}

/// The numbers of readings in the history of the example, by status.
fn readings(site: &Path) -> Vec<usize> {
    let list = fs::read(site.join("data/projects-list/index.json")).unwrap();
    let list: Value = serde_json::from_slice(&list).unwrap();
    let id = list["projects"][0]["id"].as_str().unwrap();
    let path = format!("data/projects/{id}/task_counts.json");
    let counts: Value = serde_json::from_slice(&fs::read(site.join(path)).unwrap()).unwrap();
    let statuses = counts.as_array().unwrap().iter();
    let statuses = statuses.flat_map(|it| it["task_statuses"].as_array().unwrap());
    statuses
        .map(|it| it["data"].as_array().unwrap().len())
        .collect()
}

#[test]
fn the_example_in_format_v1_has_a_history() {
    let folder = tempfile::tempdir().unwrap();
    let export = |more: &[&str]| {
        let arguments = ["export", "example", "--output", "site", "--format", "v1"];
        let output = run(folder.path(), &[&arguments, more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        output
    };
    insta::assert_snapshot!("example_v1_summary", stdout(&export(&[])));
    let site = folder.path().join("site");
    let first = readings(&site);
    assert!(
        !first.is_empty() && first.iter().all(|it| *it == 1),
        "{first:?}"
    );
    // A second may not have passed, in which case the reading takes the place of the other.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let output = export(&["--json"]);
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["format"], "v1");
    let second = readings(&site);
    assert!(
        second.len() == first.len() && second.iter().all(|it| *it == 2),
        "{second:?}"
    );
    std::thread::sleep(std::time::Duration::from_millis(1100));
    export(&["--keep-history", "0"]);
    assert_eq!(readings(&site), first);
    assert_eq!(
        run(folder.path(), &["validate", "site"]).status.code(),
        Some(0)
    );
}

#[test]
fn a_site_is_of_one_format() {
    let folder = tempfile::tempdir().unwrap();
    let export = |more: &[&str]| {
        let arguments = ["export", "example", "--output", "site", "--quiet"];
        run(folder.path(), &[&arguments, more].concat())
    };
    assert_eq!(export(&[]).status.code(), Some(0));
    // A single project cannot stand beside those of another format.
    let output = export(&["--format", "v1", "--project", "The Salt Lantern"]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&output), @"error: `site` is a site of format v0, and projects of format v1 cannot stand beside those in it: export all projects to change its format, or give another folder");
    assert!(
        folder
            .path()
            .join("site/data/projects/context.json")
            .exists()
    );

    let arguments = ["export", "example", "--output", "site", "--format", "v1"];
    let output = run(folder.path(), &arguments);
    let said = stdout(&output);
    insta::assert_snapshot!(said.lines().last().unwrap(), @"Exported 1 project to site, which was of format v0 and is of v1 now");
    assert!(
        !folder
            .path()
            .join("site/data/projects/context.json")
            .exists()
    );
    assert!(!folder.path().join("site/data/previews").exists());
}
