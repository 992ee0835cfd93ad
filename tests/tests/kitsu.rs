//! Exports of a real Kitsu server.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use watchtower_tests::{Kitsu, files, read, run, service, watchtower};

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn ids(value: &Value) -> HashSet<&str> {
    list(value).iter().map(|it| text(&it["id"])).collect()
}

/// The shots of a project by name, sequence first.
fn shots(site: &Path, project: &str) -> Vec<String> {
    let folder = format!("data/projects/{project}");
    let sequences = read(site, &format!("{folder}/sequences.json"));
    let name_of = |id: &Value| {
        let sequence = list(&sequences).iter().find(|it| it["id"] == *id);
        text(&sequence.expect("the shot's sequence")["name"]).to_owned()
    };
    let shots = read(site, &format!("{folder}/shots.json"));
    let name = |shot: &Value| format!("{}/{}", name_of(&shot["sequence_id"]), text(&shot["name"]));
    list(&shots).iter().map(name).collect()
}

#[test]
fn all_projects_are_exported_and_nothing_dangles() {
    let kitsu = Kitsu::running();
    let folder = tempfile::tempdir().unwrap();
    let output = run(kitsu.export(folder.path()).arg("--json"), 0);
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(list(&summary["projects"]).len(), kitsu.project_count());
    run(watchtower().arg("validate").arg(folder.path()), 0);

    let context = read(folder.path(), "data/projects/context.json");
    let (users, types) = (ids(&context["users"]), ids(&context["task_types"]));
    let (statuses, asset_types) = (ids(&context["task_status"]), ids(&context["asset_types"]));
    for project in list(&context["projects"]) {
        let at = |name: &str| {
            let path = format!("data/projects/{}/{name}.json", text(&project["id"]));
            read(folder.path(), &path)
        };
        let (shots, assets, sequences) = (at("shots"), at("assets"), at("sequences"));
        let (shot_ids, asset_ids) = (ids(&shots), ids(&assets));
        let sequence_ids = ids(&sequences);
        for user in list(&project["team"]) {
            assert!(
                users.contains(text(user)),
                "a member of {project} is unknown"
            );
        }
        for shot in list(&shots) {
            assert!(sequence_ids.contains(text(&shot["sequence_id"])), "{shot}");
        }
        for asset in list(&assets) {
            assert!(
                asset_types.contains(text(&asset["asset_type_id"])),
                "{asset}"
            );
        }
        for task in list(&shots)
            .iter()
            .chain(list(&assets))
            .flat_map(|it| list(&it["tasks"]))
        {
            assert!(types.contains(text(&task["task_type_id"])), "{task}");
            assert!(statuses.contains(text(&task["task_status_id"])), "{task}");
            for user in list(&task["assignees"]) {
                assert!(users.contains(text(user)), "{task}");
            }
        }
        for casting in list(&at("casting")) {
            assert!(shot_ids.contains(text(&casting["shot_id"])), "{casting}");
            for asset in list(&casting["asset_ids"]) {
                assert!(asset_ids.contains(text(asset)), "{casting}");
            }
        }
        let pictures = list(&shots)
            .iter()
            .chain(list(&assets))
            .map(|it| &it["thumbnailUrl"]);
        for picture in pictures.filter(|it| !it.is_null()) {
            assert!(
                folder.path().join(text(picture)).is_file(),
                "{picture} is not there"
            );
        }
    }
    // Somebody has an avatar, and everybody's is there who has one.
    let avatars = list(&context["users"])
        .iter()
        .filter(|it| it["has_avatar"] == true);
    let avatars: Vec<_> = avatars.map(|it| text(&it["thumbnailUrl"])).collect();
    assert!(!avatars.is_empty());
    for avatar in avatars {
        assert!(
            folder.path().join(avatar).is_file(),
            "{avatar} is not there"
        );
    }
    // Whatever is called a picture is one.
    for (path, bytes) in files(folder.path()) {
        if path.extension().is_some_and(|it| it == "png") {
            assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n", "{}", path.display());
        }
    }
}

#[test]
fn the_connector_keeps_the_contract_of_trackers() {
    let kitsu = Kitsu::running();
    let output = run(kitsu.command("conformance").arg("--json"), 0);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let skipped = list(&report["checks"])
        .iter()
        .filter(|it| it["outcome"] == "skipped");
    let skipped: Vec<_> = skipped.map(|it| text(&it["id"])).collect();
    // From the command line there is no server to try but the one that is there, and nothing is changed on it.
    assert_eq!(skipped, ["changes-told", "unreachable", "another-server"]);
}

#[test]
fn every_shot_with_a_range_is_there_from_frame_0_on() {
    let kitsu = Kitsu::running();
    let folder = tempfile::tempdir().unwrap();
    run(kitsu.export(folder.path()).args(["--media", "none"]), 0);

    let film = kitsu.project("Small Film");
    assert_eq!(
        shots(folder.path(), film).len(),
        32,
        "4 sequences of 8 shots"
    );
    let path = format!("data/projects/{film}/shots.json");
    let first = &read(folder.path(), &path)[0];
    assert_eq!(
        (&first["startFrame"], &first["data"]["frame_in"]),
        (&0.into(), &0.into())
    );

    let nasty = shots(folder.path(), kitsu.project("Nasty Film"));
    assert!(
        nasty.iter().any(|name| name.ends_with("text-range")),
        "{nasty:?}"
    );
    // A shot without a range stays on the wall, off the timeline.
    let path = format!("data/projects/{}/shots.json", kitsu.project("Nasty Film"));
    let all = read(folder.path(), &path);
    let mut all = list(&all).iter();
    let unplaced = all.find(|it| it["name"] == "no-range").unwrap();
    assert_eq!(unplaced["onTimeline"], false);
    assert!(
        !nasty.iter().any(|name| name.starts_with("Cancelled")),
        "{nasty:?}"
    );

    // Lengths alone: end to end, in the order of sequence and name.
    let lengths = format!("data/projects/{}/shots.json", kitsu.project("Lengths Only"));
    let lengths = read(folder.path(), &lengths);
    let mut next = 0;
    for shot in list(&lengths) {
        assert_eq!(shot["data"]["frame_in"], next, "{shot}");
        next = shot["data"]["frame_out"].as_i64().unwrap();
    }
    assert!(next > 0);
    // Neither an edit nor a movie: the timeline is as long as the shots.
    for name in ["Lengths Only", "Nasty No Edit"] {
        let project = kitsu.project(name);
        let edit = read(folder.path(), &format!("data/projects/{project}/edit.json"));
        let shots = read(
            folder.path(),
            &format!("data/projects/{project}/shots.json"),
        );
        let ends = list(&shots)
            .iter()
            .filter_map(|it| it["data"]["frame_out"].as_u64());
        assert_eq!(edit["totalFrames"].as_u64(), ends.max(), "{name}");
    }
}

#[test]
fn two_exports_in_a_row_are_the_same_to_the_byte() {
    let kitsu = Kitsu::running();
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    run(&mut kitsu.export(&one), 0);
    run(&mut kitsu.export(&two), 0);
    let (one, two) = (files(&one.join("data")), files(&two.join("data")));
    assert!(one.len() > 100, "{} files", one.len());
    assert!(one == two);
}

#[test]
fn total_frames_is_what_ffprobe_counts() {
    let kitsu = Kitsu::running();
    let folder = tempfile::tempdir().unwrap();
    run(&mut kitsu.export(folder.path()), 0);
    // The one timeline that v0 has for a series has the movie of no episode.
    for name in ["Small Film", "Nasty Film"] {
        let project = kitsu.project(name);
        let edit = read(folder.path(), &format!("data/projects/{project}/edit.json"));
        let mut ffprobe = Command::new("ffprobe");
        ffprobe.args(["-v", "error", "-select_streams", "v:0", "-count_frames"]);
        ffprobe.args(["-show_entries", "stream=nb_read_frames", "-of", "csv=p=0"]);
        let output = run(
            ffprobe.arg(folder.path().join(text(&edit["sourceName"]))),
            0,
        );
        let counted = String::from_utf8(output.stdout).unwrap();
        let counted: u64 = counted.trim().trim_end_matches(',').parse().unwrap();
        assert_eq!(edit["totalFrames"], counted, "{name}");
    }
}

#[test]
fn one_project_can_be_chosen_by_name_and_the_others_stay() {
    let kitsu = Kitsu::running();
    let folder = tempfile::tempdir().unwrap();
    run(kitsu.export(folder.path()).args(["--media", "none"]), 0);
    let before = files(&folder.path().join("data"));
    run(
        kitsu
            .export(folder.path())
            .args(["--media", "none", "--project", "nasty film"]),
        0,
    );
    assert!(before == files(&folder.path().join("data")));
    let output = run(
        kitsu
            .export(folder.path())
            .args(["--project", "No Such Film"]),
        2,
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("No Such Film") && said.contains("Small Film"),
        "{said}"
    );
}

#[test]
fn a_wrong_password_is_refused_and_the_site_is_as_it_was() {
    let kitsu = Kitsu::running();
    let folder = tempfile::tempdir().unwrap();
    run(kitsu.export(folder.path()).args(["--media", "none"]), 0);
    let before = files(folder.path());
    let mut wrong = kitsu.export(folder.path());
    wrong.env("KITSU_DATA_SOURCE_USER_PASSWORD", "hunter2-wrong");
    let output = run(&mut wrong, 3);
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(!said.contains("hunter2"), "{said}");
    assert!(said.contains("password"), "{said}");
    assert!(before == files(folder.path()));
}

#[test]
fn settings_come_from_a_file_whatever_the_password_holds() {
    let kitsu = Kitsu::running();
    assert!(
        kitsu.password.contains('='),
        "the password is there to be awkward"
    );
    let folder = tempfile::tempdir().unwrap();
    let settings = format!(
        "KITSU_DATA_SOURCE_URL={}\nKITSU_DATA_SOURCE_USER_EMAIL={}\nKITSU_DATA_SOURCE_USER_PASSWORD={}\n",
        kitsu.url, kitsu.email, kitsu.password
    );
    fs::write(folder.path().join(".env.local"), settings).unwrap();
    let mut command = watchtower();
    command.current_dir(folder.path());
    run(
        command.args(["export", "kitsu", "--output", "site", "--media", "none"]),
        0,
    );
    // No secret is left in the site.
    for (path, bytes) in files(&folder.path().join("site")) {
        let found = bytes
            .windows(kitsu.password.len())
            .any(|it| it == kitsu.password.as_bytes());
        assert!(!found, "{} holds the password", path.display());
    }
}

/// `gazu` is Kitsu's own client; the server's Python environment has it.
#[test]
fn a_program_with_gazu_makes_the_same_site() {
    let kitsu = Kitsu::running();
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    run(&mut kitsu.export(&ours), 0);
    let python = service("WATCHTOWER_TEST_ZOU").join("venv/bin/python");
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/python/kitsu_with_gazu.py");
    let mut export = watchtower();
    export.args([
        "export",
        "process",
        "--log-format",
        "text",
        "-v",
        "--output",
    ]);
    export.arg(&theirs).arg("--").arg(python).arg(script);
    export.env("KITSU_DATA_SOURCE_URL", &kitsu.url);
    export.env("KITSU_DATA_SOURCE_USER_EMAIL", &kitsu.email);
    export.env("KITSU_DATA_SOURCE_USER_PASSWORD", &kitsu.password);
    let output = run(&mut export, 0);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        !said.contains(&kitsu.password),
        "the password is in the log"
    );

    let (ours, theirs) = (files(&ours.join("data")), files(&theirs.join("data")));
    let names = |files: &[(PathBuf, Vec<u8>)]| -> Vec<PathBuf> {
        files.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(&ours), names(&theirs));
    assert!(ours.len() > 100, "{} files", ours.len());
    for ((name, ours), (_, theirs)) in ours.iter().zip(&theirs) {
        assert!(ours == theirs, "{} differs", name.display());
    }
}

/// What the server answers at a path.
fn answer(kitsu: &Kitsu, path: &str) -> Value {
    serde_json::from_slice(&kitsu.download(path)).expect("the server answers JSON")
}

/// How many shots' tasks of a project stand where, as the server answers it: by episode, task type and
/// status.
fn counted(kitsu: &Kitsu, project: &str) -> BTreeMap<(Option<String>, String, String), u64> {
    let sequences = answer(kitsu, &format!("data/sequences?project_id={project}"));
    let episode_of = |shot: &Value| {
        let sequence = list(&sequences).iter();
        let mut sequence = sequence.filter(|it| it["id"] == shot["parent_id"]);
        let parent = &sequence.next().expect("the shot's sequence")["parent_id"];
        parent.as_str().map(str::to_owned)
    };
    let mut counts = BTreeMap::new();
    let shots = answer(
        kitsu,
        &format!("data/shots/with-tasks?project_id={project}"),
    );
    for shot in list(&shots).iter().filter(|it| it["canceled"] != true) {
        for task in list(&shot["tasks"]) {
            let at = |key: &str| text(&task[key]).to_owned();
            let key = (episode_of(shot), at("task_type_id"), at("task_status_id"));
            *counts.entry(key).or_default() += 1;
        }
    }
    counts
}

#[test]
fn all_projects_in_format_v1_with_a_history_that_is_what_the_server_counts() {
    let kitsu = Kitsu::running();
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path();
    // Each of them reads everything, whatever has changed.
    let arguments = ["--format", "v1", "--json", "--full-every", "0"];
    let export = || run(kitsu.export(site).args(arguments), 0);
    let summary: Value = serde_json::from_slice(&export().stdout).unwrap();
    assert_eq!(list(&summary["projects"]).len(), kitsu.project_count());
    run(watchtower().arg("validate").arg(site), 0);
    let before = files(&site.join("data"));
    // The history counts in seconds.
    std::thread::sleep(Duration::from_millis(1100));
    let summary: Value = serde_json::from_slice(&export().stdout).unwrap();
    run(watchtower().arg("validate").arg(site), 0);
    let fetched = list(&summary["projects"]).iter();
    let fetched: Vec<_> = fetched.map(|it| &it["media"]["fetched"]).collect();
    assert!(fetched.iter().all(|it| **it == 0), "{fetched:?}");

    let after = files(&site.join("data"));
    assert!(before.len() > 100, "{} files", before.len());
    assert_eq!(before.len(), after.len());
    for ((name, before), (also, after)) in before.iter().zip(&after) {
        assert_eq!(name, also);
        let is_history = name.ends_with("task_counts.json");
        // A project without task types for shots has none.
        let may_stay = !is_history || before == b"[]\n";
        assert_eq!(before == after, may_stay, "{}", name.display());
    }

    for name in ["Small Film", "Small Series", "Lengths Only"] {
        let project = kitsu.project(name);
        let at = |name: &str| read(site, &format!("data/projects/{project}/{name}.json"));
        let mut found = BTreeMap::new();
        for counts in list(&at("task_counts")) {
            for status in list(&counts["task_statuses"]) {
                let data: Vec<_> = list(&status["data"])
                    .iter()
                    .map(|it| &it["count"])
                    .collect();
                assert!(data.len() == 2 && data[0] == data[1], "{status}");
                let key = (
                    counts["episode_id"].as_str().map(str::to_owned),
                    text(&counts["task_type_id"]).to_owned(),
                    text(&status["task_status_id"]).to_owned(),
                );
                let count = data[0].as_u64().unwrap();
                assert!(
                    found.insert(key, count).is_none(),
                    "{status} is there twice"
                );
            }
        }
        let without_zeros = found.into_iter().filter(|(_, count)| *count > 0);
        assert_eq!(
            without_zeros.collect::<BTreeMap<_, _>>(),
            counted(&kitsu, project),
            "{name}"
        );
    }
}

#[test]
fn a_series_has_its_episodes_with_their_sequences_and_edits() {
    let kitsu = Kitsu::running();
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path();
    run(kitsu.export(site).args(["--format", "v1"]), 0);
    let series = kitsu.project("Small Series");
    let at = |name: &str| read(site, &format!("data/projects/{series}/{name}.json"));
    let told = answer(&kitsu, &format!("data/projects/{series}/episodes"));
    let episodes = at("project")["episodes"].clone();
    assert!(list(&episodes).len() > 1);
    assert_eq!(ids(&episodes), ids(&told));

    let index = read(site, "data/projects-list/index.json");
    let mut entries = list(&index["projects"]).iter();
    let entry = entries.find(|it| it["id"] == series).unwrap();
    assert_eq!(ids(&entry["episodes"]), ids(&told));

    let sequences = answer(&kitsu, &format!("data/sequences?project_id={series}"));
    for episode in list(&episodes) {
        let own = list(&sequences).iter();
        let own = own.filter(|it| it["parent_id"] == episode["id"]);
        let own: HashSet<_> = own.map(|it| text(&it["id"])).collect();
        assert_eq!(ids(&episode["sequences"]), own, "{}", episode["name"]);
    }

    // Whatever an episode has, the client finds a timeline for it, and its movie.
    let (edits, told) = (
        at("edits"),
        answer(
            &kitsu,
            &format!("data/edits/with-tasks?project_id={series}"),
        ),
    );
    for episode in list(&episodes) {
        let mut own = list(&edits).iter();
        let edit = own.find(|it| it["episodeId"] == episode["id"]);
        let edit = edit.expect("an edit of each episode");
        assert!(edit["totalFrames"].as_u64() > Some(0), "{edit}");
        let mut told = list(&told).iter();
        let on_the_server = told.find(|it| it["id"] == edit["id"]);
        let is_of = on_the_server.map(|it| &it["parent_id"]);
        assert!(is_of.is_none_or(|it| *it == episode["id"]), "{edit}");
        if edit["sourceName"] != "" {
            let place = format!("data/projects/{series}/edit-{}.mp4", text(&edit["id"]));
            assert_eq!(edit["sourceName"], place);
            assert!(site.join(place).is_file());
        }
    }
    let with_movie = list(&edits).iter().filter(|it| it["sourceName"] != "");
    assert!(with_movie.count() > 0, "{edits}");
}
