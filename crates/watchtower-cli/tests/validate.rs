//! `watchtower validate` and `watchtower explain`, as people and scripts meet them.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests, too.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A copy of the good site beside this file, which has no movie; tests break one thing in it.
struct Site(TempDir);

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let good = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/site/data/projects");
        let projects = folder.path().join("site/data/projects");
        fs::create_dir_all(projects.join("film")).unwrap();
        fs::copy(good.join("context.json"), projects.join("context.json")).unwrap();
        for entry in fs::read_dir(good.join("film")).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), projects.join("film").join(entry.file_name())).unwrap();
        }
        Self(folder)
    }

    fn path(&self, document: &str) -> PathBuf {
        let projects = self.0.path().join("site/data/projects");
        match document {
            "context.json" => projects.join(document),
            _ => projects.join("film").join(document),
        }
    }

    fn read(&self, document: &str) -> String {
        fs::read_to_string(self.path(document)).unwrap()
    }

    /// Writes a document anew.
    fn write(self, document: &str, text: impl AsRef<[u8]>) -> Self {
        fs::write(self.path(document), text).unwrap();
        self
    }

    /// Changes text in a document.
    fn change(self, document: &str, from: &str, to: &str) -> Self {
        let text = self.read(document);
        assert!(text.contains(from), "{document} has no {from}");
        self.write(document, text.replace(from, to))
    }

    /// With one or two things wrong in each of several files.
    fn broken() -> Self {
        Self::new()
            .change(
                "shots.json",
                r#""assignees": ["jade"]"#,
                r#""assignees": null"#,
            )
            .change(
                "shots.json",
                r#""sequence_id": "sq1""#,
                r#""sequence_id": "gone""#,
            )
            .change("context.json", "#ff0000", "red")
            .change("casting.json", r#", "asset_ids": []"#, "")
            .change("project.json", r#""team""#, r#""teams""#)
    }

    /// With many shots that belong to no sequence.
    fn with_many_findings() -> Self {
        let shot = r#"{"id":"ID","name":"0010","sequence_id":"gone","data":{"frame_in":0,"frame_out":24},"tasks":[],"startFrame":0,"durationSeconds":1,"thumbnailUrl":null,"fps":24}"#;
        let shots: Vec<_> = (0..1210)
            .map(|it| shot.replace("ID", &it.to_string()))
            .collect();
        let text = format!("[{}]", shots.join(","));
        Self::new()
            .write("shots.json", text)
            .write("casting.json", "[]")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        watchtower(self.0.path(), arguments)
    }

    /// Validates the site, without the movie that it does not have.
    fn validate(&self, arguments: &[&str]) -> Answer {
        let mut all = vec!["validate", "site", "--no-media"];
        all.extend(arguments);
        Answer::from(self.command(&all).output().unwrap())
    }
}

/// The command, away from the settings of whoever runs the tests.
fn watchtower(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchtower"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("COLUMNS", "100");
    command
}

/// What the command said.
#[derive(Debug)]
struct Answer {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Answer {
    /// The lines of `--output-format json`.
    fn messages(&self, message_type: &str) -> Vec<Value> {
        let lines = self
            .stdout
            .lines()
            .map(|it| serde_json::from_str(it).unwrap());
        lines
            .filter(|it: &Value| it["message_type"] == message_type)
            .collect()
    }
}

fn run(arguments: &[&str]) -> Answer {
    let folder = tempfile::tempdir().unwrap();
    Answer::from(watchtower(folder.path(), arguments).output().unwrap())
}

fn with_stdin(mut command: Command, text: &[u8]) -> Answer {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Who does not read all of it has a reason that the answer names.
    let _ = stdin.write_all(text);
    drop(stdin);
    child.wait_with_output().unwrap().into()
}

#[test]
fn help_is_worth_reading() {
    for arguments in [&["validate", "--help"][..], &["explain", "--help"]] {
        let answer = run(arguments);
        assert_eq!(answer.code, Some(0));
        insta::assert_snapshot!(arguments.join(" "), answer.stdout);
    }
}

#[test]
fn a_good_site_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let example = &["export", "example", "--output", "site", "--quiet"];
    assert!(
        watchtower(folder.path(), example)
            .status()
            .unwrap()
            .success()
    );
    let answer = |path| {
        let arguments = &["validate", path, "--deny", "warnings", "--strict"];
        let answer = Answer::from(watchtower(folder.path(), arguments).output().unwrap());
        assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
        answer.stdout
    };
    insta::assert_snapshot!(answer("site"), @"site: Watchtower will take it: 1 project, 7 documents, 70 entries of format v0");
    insta::assert_snapshot!(answer("site/data"), @"site/data: Watchtower will take it: 1 project, 7 documents, 70 entries of format v0");
    insta::assert_snapshot!(answer("site/data/projects"), @"site/data/projects: Watchtower will take it: 1 project, 7 documents, 70 entries of format v0");
    insta::assert_snapshot!(answer("site/data/projects/context.json"), @"site/data/projects/context.json: Watchtower will take it: 1 document, 1 entry of format v0");
}

#[test]
fn people_see_what_is_wrong_and_where() {
    let answer = Site::broken().validate(&["--strict"]);
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(1), ""));
    insta::assert_snapshot!("human", answer.stdout);
}

#[test]
fn missing_files_have_no_place() {
    let site = Site::new();
    fs::remove_file(site.path("edit.json")).unwrap();
    insta::assert_snapshot!("human_missing", site.validate(&[]).stdout);
}

#[test]
fn syntax_is_shown_where_it_breaks() {
    let site = Site::new()
        .change(
            "shots.json",
            r#""durationSeconds": 2.0"#,
            r#""durationSeconds": NaN"#,
        )
        .change("sequences.json", "\"Opening\"}\n]\n", "\"Opening\"},\n")
        .change("casting.json", "[\n", "\u{feff}[\n")
        .write("assets.json", b"[{\"id\": \"a\xe9\"}]");
    insta::assert_snapshot!("human_syntax", site.validate(&[]).stdout);
}

#[test]
fn programs_get_a_line_for_each_finding() {
    let answer = Site::broken().validate(&["--output-format", "json"]);
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(1), ""));
    insta::assert_snapshot!("json", answer.stdout);
}

#[test]
fn github_gets_commands() {
    let answer = Site::broken().validate(&["--output-format", "github"]);
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(1), ""));
    insta::assert_snapshot!("github", answer.stdout);
}

/// The schema of SARIF, from the crate that has the types.
#[cfg(unix)]
fn sarif_schema() -> Value {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let mut packages = metadata["packages"].as_array().unwrap().iter();
    let package = packages.find(|it| it["name"] == "serde-sarif").unwrap();
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    let schema = manifest.with_file_name("src").join("schema.json");
    serde_json::from_reader(fs::File::open(schema).unwrap()).unwrap()
}

#[cfg(unix)] // The schema is in a crate that cargo finds.
#[test]
fn sarif_matches_its_schema() {
    let mut schema = sarif_schema();
    // Its pattern for languages is no regular expression: it has a bracket too many.
    for definition in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][definition]["properties"]["language"];
        language.as_object_mut().unwrap().remove("pattern");
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    for site in [Site::broken(), Site::new(), Site::with_many_findings()] {
        let answer = site.validate(&["--output-format", "sarif", "--max-findings", "20"]);
        let sarif: Value = serde_json::from_str(&answer.stdout).unwrap();
        let errors: Vec<_> = validator
            .iter_errors(&sarif)
            .map(|it| it.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
        let run = &sarif["runs"][0];
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(
                run["tool"]["driver"]["rules"][index]["id"],
                result["ruleId"]
            );
        }
    }
}

#[test]
fn sarif_has_rules_results_and_places() {
    let answer = Site::broken().validate(&["--output-format", "sarif"]);
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(1), ""));
    let mut sarif: Value = serde_json::from_str(&answer.stdout).unwrap();
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"]
        .as_array_mut()
        .unwrap();
    rules.retain(|it| it["id"] == "WT203");
    sarif["runs"][0]["tool"]["driver"]["version"] = "…".into();
    insta::assert_json_snapshot!("sarif", sarif);
}

#[test]
fn findings_of_a_kind_are_folded() {
    let site = Site::with_many_findings();
    let allow = [
        "--allow",
        "WT516",
        "--allow",
        "WT506",
        "--allow",
        "no-frames",
    ];
    let folded = site.validate(&allow).stdout;
    insta::assert_snapshot!("human_folded", folded);

    let everything = site.validate(&[&allow[..], &["--verbose"]].concat()).stdout;
    assert_eq!(everything.matches("WT401]").count(), 1000);
    assert!(everything.contains("and 210 more WT401"), "{everything}");
    assert!(
        everything.contains("1,210 warnings in 1 file"),
        "{everything}"
    );
}

#[test]
fn what_is_not_printed_is_counted() {
    let site = Site::with_many_findings().change("context.json", r##""#f5f5f5""##, "null");
    let arguments = [
        "--max-findings",
        "2",
        "--allow",
        "WT506",
        "--allow",
        "WT516",
    ];

    let human = site.validate(&arguments);
    assert_eq!(human.code, Some(1));
    // Errors come first when there is no room.
    assert_eq!(
        human.stdout.matches("error[WT203]").count(),
        1,
        "{}",
        human.stdout
    );
    assert_eq!(
        human.stdout.matches("warning[").count(),
        1,
        "{}",
        human.stdout
    );
    assert!(
        human.stdout.contains("and 1,209 more WT401 in this file"),
        "{}",
        human.stdout
    );

    let json = site.validate(&[&arguments[..], &["--output-format", "json"]].concat());
    assert_eq!(json.messages("finding").len(), 2);
    let left_out = json.messages("left_out");
    assert_eq!(left_out.len(), 1);
    assert_eq!(left_out[0]["code"], "WT401");
    assert_eq!(left_out[0]["count"], 1209);
    let summary = &json.messages("summary")[0];
    assert_eq!(
        (&summary["errors"], &summary["warnings"]),
        (&1.into(), &1210.into())
    );
    assert_eq!(summary["allowed"], 1210);

    let nothing = site.validate(&["--max-findings", "0"]);
    assert_eq!(nothing.code, Some(1));
    insta::assert_snapshot!(nothing.stdout, @r"
    and 2,421 more; `--max-findings` shows more
    1 error, 2,420 warnings in 2 files of format v0
    ");
}

#[test]
fn exit_codes_are_promises() {
    let good = Site::new();
    let warned = Site::new().change("context.json", "#ff0000", "red");
    let code = |site: &Site, arguments: &[&str]| site.validate(arguments).code;
    assert_eq!(code(&good, &["--deny", "warnings"]), Some(0));
    assert_eq!(code(&warned, &[]), Some(0));
    assert_eq!(code(&warned, &["--deny", "warnings"]), Some(1));
    assert_eq!(
        code(&warned, &["--deny", "warnings", "--allow", "wt206"]),
        Some(0)
    );
    assert_eq!(
        code(&warned, &["--deny", "warnings", "--max-findings", "0"]),
        Some(1)
    );
    assert_eq!(code(&Site::broken(), &[]), Some(1));
    for format in ["json", "sarif", "github"] {
        assert_eq!(
            code(&warned, &["--output-format", format]),
            Some(0),
            "{format}"
        );
        assert_eq!(
            code(&Site::broken(), &["--output-format", format]),
            Some(1),
            "{format}"
        );
    }
}

#[test]
fn what_is_allowed_is_not_forgotten() {
    let site = Site::new().change("context.json", "#ff0000", "red").change(
        "context.json",
        r##""#f5f5f5""##,
        "null",
    );
    let closing = |arguments: &[&str]| {
        site.validate(arguments)
            .stdout
            .lines()
            .last()
            .unwrap()
            .to_owned()
    };
    insta::assert_snapshot!(closing(&[]), @"1 error, 1 warning in 1 file of format v0");
    insta::assert_snapshot!(closing(&["--allow", "WT203"]), @"1 warning in 1 file of format v0; allowed: 1 error");
    insta::assert_snapshot!(closing(&["--allow", "WT203", "--allow", "WT206"]), @"site: nothing is wrong but what is allowed: 1 project, 7 documents, 9 entries of format v0; allowed: 1 error, 1 warning");
}

#[cfg(unix)] // Systems have words of their own for a file that is not there.
#[test]
fn what_cannot_be_checked_is_said_on_stderr() {
    let site = Site::new();
    let folder = site.0.path();
    fs::create_dir(folder.join("empty")).unwrap();
    fs::copy(site.path("shots.json"), folder.join("export-1.json")).unwrap();
    let refusals = [
        &["validate"][..],
        &["validate", "nowhere"],
        &["validate", "empty"],
        &["validate", "/dev/null"],
        &["validate", "export-1.json"],
        &["validate", "-"],
        &["validate", "site", "--document", "shots"],
        &["validate", "site", "--document", "shot"],
        &["validate", "site", "--format", "v7"],
        &["validate", "site", "--allow", "WT2003"],
        &["explain", "unknown-sequenze"],
    ];
    let mut said = String::new();
    for arguments in refusals {
        let answer = with_stdin(site.command(arguments), b"");
        assert_eq!(
            (answer.code, answer.stdout.as_str()),
            (Some(2), ""),
            "{arguments:?}"
        );
        said.push_str(&format!(
            "$ watchtower {}\n{}\n",
            arguments.join(" "),
            answer.stderr
        ));
    }
    insta::assert_snapshot!("refusals", said);
}

#[test]
fn one_document_is_enough() {
    let site = Site::broken();
    fs::copy(site.path("shots.json"), site.0.path().join("export-1.json")).unwrap();
    let file = ["validate", "export-1.json", "--document", "shots"];
    let from_file = Answer::from(site.command(&file).output().unwrap());
    assert_eq!(from_file.code, Some(1));

    let stdin = ["validate", "-", "--document", "shots"];
    let from_stdin = with_stdin(site.command(&stdin), site.read("shots.json").as_bytes());
    assert_eq!(from_stdin.code, Some(1));
    insta::assert_snapshot!("stdin", from_stdin.stdout);
    assert_eq!(
        from_stdin.stdout.replace("<stdin>", "export-1.json"),
        from_file.stdout
    );

    let json = [&stdin[..], &["--output-format", "json"]].concat();
    let answer = with_stdin(site.command(&json), site.read("shots.json").as_bytes());
    assert_eq!(answer.messages("finding")[0]["file"], "<stdin>");
}

#[test]
fn quiet_says_only_what_fails() {
    let warned = Site::new().change("context.json", "#ff0000", "red");
    assert_eq!(warned.validate(&["--quiet"]).stdout, "");
    assert_eq!(Site::new().validate(&["--quiet"]).stdout, "");
    let denied = warned.validate(&["--quiet", "--deny", "warnings"]).stdout;
    assert!(denied.contains("WT206"), "{denied}");
}

/// Text that would write to the window's title, clear the screen, and turn letters around.
#[cfg(unix)]
const HOSTILE: &str = "\u{1b}]0;title\u{7}\u{9b}2J\u{202e}x\u{2066}\u{200b}";

#[test]
#[cfg(unix)] // Names hold no such signs elsewhere.
fn what_is_in_files_does_nothing_to_a_terminal() {
    let hostile = HOSTILE.replace(['\u{1b}', '\u{7}'], "");
    let site = Site::new()
        .change(
            "shots.json",
            r#""name": "0010""#,
            &format!(r#""name": null, "{hostile}": 1"#),
        )
        .change(
            "shots.json",
            r#""sequence_id": "sq1""#,
            &format!(r#""sequence_id": "{HOSTILE}""#),
        )
        .change("sequences.json", "sq1", &format!("{hostile}\\u001b[2J"))
        .change("sequences.json", r#""name": "Opening""#, r#""name": """#);
    let folder = site.0.path().join(format!("{HOSTILE}\n::error::x"));
    fs::rename(site.0.path().join("site"), &folder).unwrap();
    for format in ["human", "json", "sarif", "github"] {
        let arguments = [
            "validate",
            "--no-media",
            "--strict",
            "--output-format",
            format,
        ];
        let mut command = site.command(&arguments);
        // As on a terminal: with colours.
        command
            .arg(&folder)
            .env("CLICOLOR_FORCE", "1")
            .env("TERM", "xterm");
        let answer = Answer::from(command.output().unwrap());
        assert_eq!(answer.code, Some(1), "{answer:?}");
        let colours = answer.stdout.matches("\u{1b}[").count();
        assert_eq!(colours > 0, format == "human");
        assert_eq!(answer.stdout.matches('\u{1b}').count(), colours, "{format}");
        for character in HOSTILE
            .chars()
            .filter(|it| !it.is_ascii_graphic() && *it != '\u{1b}')
        {
            assert!(
                !answer.stdout.contains(character),
                "{format}: {}",
                character.escape_debug()
            );
        }
        let injected = answer.stdout.lines().any(|it| it.starts_with("::error::x"));
        assert!(!injected, "{format}");
    }
}

#[test]
fn colours_are_for_terminals() {
    let answer = Site::broken().validate(&[]);
    assert!(!answer.stdout.contains('\u{1b}'));
}

#[test]
#[cfg(target_os = "linux")] // All names are Unicode elsewhere.
fn paths_need_not_be_unicode() {
    use std::os::unix::ffi::OsStrExt;

    let site = Site::broken();
    let folder = site.0.path().join(std::ffi::OsStr::from_bytes(b"s\xefte"));
    fs::rename(site.0.path().join("site"), &folder).unwrap();
    for format in ["human", "json", "sarif", "github"] {
        let mut command = site.command(&["validate", "--no-media", "--output-format", format]);
        let answer = Answer::from(command.arg(&folder).output().unwrap());
        assert_eq!(
            (answer.code, answer.stderr.as_str()),
            (Some(1), ""),
            "{format}"
        );
    }
}

#[test]
fn a_huge_line_is_not_printed() {
    let site = Site::with_many_findings();
    let answer = site.validate(&[]);
    let longest = answer.stdout.lines().map(|it| it.chars().count()).max();
    assert!(longest < Some(200), "{longest:?}");
}

#[test]
fn who_stops_reading_has_had_enough() {
    let site = Site::with_many_findings();
    for format in ["human", "json", "sarif", "github"] {
        let arguments = ["validate", "site", "--verbose", "--output-format", format];
        let mut command = site.command(&arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut first = String::new();
        // One line, or of SARIF, which has only one, nothing.
        let mut stdout = BufReader::with_capacity(16, child.stdout.take().unwrap());
        if format != "sarif" {
            stdout.read_line(&mut first).unwrap();
        }
        drop(stdout);
        let answer = Answer::from(child.wait_with_output().unwrap());
        assert_eq!(
            (answer.code, answer.stderr.as_str()),
            (Some(0), ""),
            "{format}"
        );
    }
}

#[test]
fn two_runs_say_the_same() {
    let site = Site::broken();
    for format in ["human", "json", "sarif", "github"] {
        let say = || site.validate(&["--output-format", format]).stdout;
        assert_eq!(say(), say());
    }
}

/// What the Python packages write for a project in Kitsu, cut short.
#[test]
fn exports_of_the_python_packages_get_a_verdict() {
    // A list of casting entries for shots that were left out, and avatars without addresses.
    let site = Site::new()
        .change(
            "context.json",
            r#""has_avatar": false, "thumbnailUrl": null"#,
            r#""has_avatar": true"#,
        )
        .change("edit.json", "144", "100")
        .change(
            "casting.json",
            r#"{"shot_id": "s2", "asset_ids": []}"#,
            "{}",
        );
    insta::assert_snapshot!(
        "python",
        site.validate(&["--output-format", "github"]).stdout
    );
}

#[test]
fn codes_have_pages() {
    for code in ["WT203", "wt505", "not-a-number"] {
        let answer = run(&["explain", code]);
        assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
        insta::assert_snapshot!(format!("explain_{code}"), answer.stdout);
    }
    let list = run(&["explain"]);
    assert_eq!(list.code, Some(0));
    insta::assert_snapshot!("explain", list.stdout);
    for line in list.stdout.lines() {
        let code = line.split_whitespace().next().unwrap();
        assert!(run(&["explain", code]).stdout.starts_with(code));
    }
}
