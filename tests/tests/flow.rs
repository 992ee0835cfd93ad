//! Exports of a counterpart of a Flow site, which the official client takes for one.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};
use watchtower_tests::flow::{self, Counterpart};
use watchtower_tests::{files, read, run, watchtower};

fn list(value: &Value) -> &Vec<Value> {
    value
        .as_array()
        .unwrap_or_else(|| panic!("a list, not {value}"))
}

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("a text, not {value}"))
}

fn id(kind: &str, value: &Value) -> String {
    format!("{kind}-{value}")
}

fn color(value: &Value) -> Value {
    // The client cannot do without.
    if value.is_null() {
        "#999999".into()
    } else {
        value.clone()
    }
}

fn sorted(mut values: Vec<Value>) -> Value {
    values.sort_by_key(ToString::to_string);
    values.into()
}

/// By id, whatever their order.
fn by_id(values: impl Iterator<Item = (String, Value)>) -> Value {
    values
        .collect::<BTreeMap<_, _>>()
        .into_iter()
        .collect::<Map<_, _>>()
        .into()
}

/// A name, or what a thing without one is called.
fn name(value: &Value, kind: &str, id: &Value) -> String {
    match value.as_str() {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => format!("{kind} {id}"),
    }
}

/// A place on the timeline, and the length. What is on no timeline stands behind the end.
fn place(start: &Value, end: &Value) -> Value {
    json!([start, end])
}

/// Tasks by id.
fn expected_tasks(tasks: &Value) -> Value {
    by_id(list(tasks).iter().map(|it| {
        let task = json!({
            "type": it["type"],
            "status": format!("status-{}", text(&it["status"])),
            "assignees": sorted(list(&it["assignees"]).clone()),
        });
        (id("task", &it["id"]), task)
    }))
}

/// Whether the id of a task type is the connector's own.
fn is_told(id: &str) -> bool {
    ["step-", "task-"].iter().any(|start| id.starts_with(start))
}

/// The steps that task types are, by their ids. A step that stands on the other kind as well has a twin of its
/// name and colour behind it.
fn steps(task_types: &Value) -> BTreeMap<String, String> {
    let mut steps = BTreeMap::new();
    let mut last: Option<&Value> = None;
    for task_type in list(task_types) {
        let is_twin =
            |of: &&Value| of["name"] == task_type["name"] && of["color"] == task_type["color"];
        let step = match last.filter(is_twin) {
            Some(step) if !is_told(text(&task_type["id"])) => step,
            _ => task_type,
        };
        steps.insert(
            text(&task_type["id"]).to_owned(),
            text(&step["id"]).to_owned(),
        );
        last = Some(task_type);
    }
    steps
}

fn tasks(tasks: &Value, steps: &BTreeMap<String, String>) -> Value {
    by_id(list(tasks).iter().map(|it| {
        let task = json!({
            "type": steps.get(text(&it["task_type_id"])),
            "status": it["task_status_id"],
            "assignees": sorted(list(&it["assignees"]).clone()),
        });
        (text(&it["id"]).to_owned(), task)
    }))
}

/// A project as the rules have it.
fn expected_project(project: &Value, format: &str) -> Value {
    // What v0 puts one after the other has no place of its own there.
    let is_series = format == "v0" && !list(&project["episodes"]).is_empty();
    let shots = list(&project["shots"]).iter().map(|it| {
        let shot = json!({
            "name": name(&it["name"], "Shot", &it["id"]),
            "sequence": it["sequence"],
            "place": if is_series { Value::Null } else { place(&it["frame_in"], &it["frame_out"]) },
            "fps": it["fps"].as_f64(),
            "picture": !it["picture"].is_null(),
            "tasks": expected_tasks(&it["tasks"]),
        });
        (id("shot", &it["id"]), shot)
    });
    let assets = list(&project["assets"]).iter().map(|it| {
        let asset = json!({
            "name": name(&it["name"], "Asset", &it["id"]),
            "type": it["type"],
            "picture": !it["picture"].is_null(),
            "tasks": expected_tasks(&it["tasks"]),
        });
        (id("asset", &it["id"]), asset)
    });
    let casting = project["casting"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(shot, cast)| {
            let cast = list(cast).iter().map(|it| id("asset", it).into()).collect();
            (format!("shot-{shot}"), sorted(cast))
        });
    let sequences = list(&project["sequences"]).iter().map(|it| {
        let episode = match &it["episode"] {
            _ if format == "v0" => Value::Null,
            Value::Null => Value::Null,
            number => id("episode", number).into(),
        };
        // `sequence-100`
        let mut id = text(&it["id"]).split('-');
        let kind = id.next().unwrap();
        let kind = kind[..1].to_uppercase() + &kind[1..];
        let number: i64 = id.next().unwrap().parse().unwrap();
        let name = name(&it["name"], &kind, &number.into());
        json!({"id": it["id"], "name": name, "episode": episode})
    });
    let left_out = list(&project["left_out"]).iter().map(|it| {
        let kind = text(&it["kind"]);
        json!({"kind": kind, "id": id(kind, &it["id"]), "reason": it["reason"]})
    });
    // The edit of a series has no place in v0; without a movie it is none to the client.
    let edits = list(&project["edits"])
        .iter()
        .filter(|it| !it["movie"].is_null() && !is_series);
    let edits = edits.map(|it| {
        let episode = match &it["episode"] {
            Value::Null => Value::Null,
            number => id("episode", number).into(),
        };
        json!({"movie": it["movie"], "frame_offset": it["frame_offset"], "episode": episode})
    });
    json!({
        "name": project["name"],
        "fps": project["fps"].as_f64(),
        "ratio": project["ratio"],
        "resolution": project["resolution"],
        "picture": !project["picture"].is_null(),
        "team": sorted(list(&project["team"]).clone()),
        "sequences": sequences.collect::<Vec<_>>(),
        "shots": by_id(shots),
        "assets": by_id(assets),
        "casting": by_id(casting),
        "edits": sorted(edits.collect()),
        "left_out": sorted(left_out.collect()),
    })
}

/// A movie of the site, by the name of the file that it is on the counterpart.
fn movie(site: &Path, path: &Value) -> Value {
    let bytes = std::fs::read(site.join(text(path))).unwrap();
    let known = ["edit_v011.mp4", "edit_v012.mp4", "ep101_edit.mp4"];
    let found = known.into_iter().find(|name| flow::media(name) == bytes);
    found.map_or(Value::Null, Value::from)
}

/// The same project as the site has it.
fn project(
    site: &Path,
    format: &str,
    told: &Value,
    asset_types: &BTreeMap<String, String>,
) -> Value {
    let folder = format!("data/projects/{}", text(&told["id"]));
    let at = |name: &str| read(site, &format!("{folder}/{name}.json"));
    let project = at("project");
    let episodes = project["episodes"].as_array().cloned().unwrap_or_default();
    let is_series = format == "v0" && told["counts"]["episodes"] != 0;
    let types = steps(&match format {
        "v0" => read(site, "data/projects/context.json")["task_types"].clone(),
        _ => project["task_types"].clone(),
    });
    let shots = at("shots");
    let shots = list(&shots).iter().map(|it| {
        let data = &it["data"];
        let shot = json!({
            "name": it["name"],
            "sequence": it["sequence_id"],
            "place": if is_series { Value::Null } else { place(&data["frame_in"], &data["frame_out"]) },
            "fps": it["fps"].as_f64(),
            "picture": !it["thumbnailUrl"].is_null(),
            "tasks": tasks(&it["tasks"], &types),
        });
        (text(&it["id"]).to_owned(), shot)
    });
    let assets = at("assets");
    let assets = list(&assets).iter().map(|it| {
        let asset = json!({
            "name": it["name"],
            "type": asset_types[text(&it["asset_type_id"])],
            "picture": !it["thumbnailUrl"].is_null(),
            "tasks": tasks(&it["tasks"], &types),
        });
        (text(&it["id"]).to_owned(), asset)
    });
    let casting = at("casting");
    let casting = list(&casting).iter().map(|it| {
        (
            text(&it["shot_id"]).to_owned(),
            sorted(list(&it["asset_ids"]).clone()),
        )
    });
    let episode_of = |sequence: &Value| -> Value {
        let mut episodes = episodes.iter();
        let of = |it: &&Value| {
            list(&it["sequences"])
                .iter()
                .any(|it| it["id"] == *sequence)
        };
        episodes.find(of).map_or(Value::Null, |it| it["id"].clone())
    };
    let sequences = at("sequences");
    let sequences = list(&sequences)
        .iter()
        .map(|it| json!({"id": it["id"], "name": it["name"], "episode": episode_of(&it["id"])}));
    let left_out = told["left_out"].as_array().cloned().unwrap_or_default();
    let left_out = left_out.iter().map(|it| {
        let reason = match it["code"].as_str() {
            Some("other") => &it["reason"],
            _ => &it["code"],
        };
        json!({"kind": it["kind"], "id": it["id"], "reason": reason})
    });
    let edits = match format {
        "v0" => vec![at("edit")],
        _ => list(&at("edits")).clone(),
    };
    let edits = edits
        .iter()
        .filter(|it| !it["sourceName"].as_str().unwrap_or_default().is_empty() && !is_series);
    let edits = edits.map(|it| {
        json!({
            "movie": movie(site, &it["sourceName"]),
            "frame_offset": it["frameOffset"],
            "episode": it["episodeId"],
        })
    });
    json!({
        "name": project["name"],
        "fps": project["fps"].as_f64(),
        "ratio": project["ratio"],
        "resolution": project["resolution"],
        "picture": !project["thumbnailUrl"].is_null(),
        "team": sorted(team(&project)),
        "sequences": sequences.collect::<Vec<_>>(),
        "shots": by_id(shots),
        "assets": by_id(assets),
        "casting": by_id(casting),
        "edits": sorted(edits.collect()),
        "left_out": sorted(left_out.collect()),
    })
}

/// Ids of the team: v1 has the people themselves there.
fn team(project: &Value) -> Vec<Value> {
    let team = list(&project["team"]).iter();
    team.map(|it| {
        if it.is_object() {
            it["id"].clone()
        } else {
            it.clone()
        }
    })
    .collect()
}

/// The first places in which two values differ.
fn differences(at: &str, expected: &Value, found: &Value, told: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let keys = expected
                .keys()
                .chain(found.keys().filter(|it| !expected.contains_key(*it)));
            for key in keys {
                let get = |map: &Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                differences(&format!("{at}/{key}"), &get(expected), &get(found), told);
            }
        }
        _ if expected == found => {}
        _ => told.push(format!("{at}: {expected} expected, {found} found")),
    }
}

fn assert_same(what: &str, expected: &Value, found: &Value) {
    let mut told = Vec::new();
    differences("", expected, found, &mut told);
    told.truncate(20);
    assert!(told.is_empty(), "{what}\n{}", told.join("\n"));
}

/// Exports everything in a format, and compares the site with what the rules say of the counterpart's rows.
fn compare(counterpart: &Counterpart, format: &str, which: &str, arguments: &[&str]) {
    let what = format!("{format} {which} {arguments:?}");
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path();
    let mut export = counterpart.export(site);
    let output = run(
        export.args(["--json", "--format", format]).args(arguments),
        0,
    );
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    run(watchtower().arg("validate").arg(site), 0);
    let expected = counterpart.ask("/_expected", None);
    let projects = list(&expected["projects"]);
    let told = list(&summary["projects"]);
    assert_eq!(told.len(), projects.len(), "{what}");
    for expected in projects {
        let name = id("project", &expected["id"]);
        let told = told.iter().find(|it| it["id"] == *name);
        let told = told.unwrap_or_else(|| panic!("{what}: {name} is not there"));
        let types = match format {
            "v0" => read(site, "data/projects/context.json")["asset_types"].clone(),
            _ => read(site, &format!("data/projects/{name}/project.json"))["asset_types"].clone(),
        };
        let types = list(&types)
            .iter()
            .map(|it| (text(&it["id"]).to_owned(), text(&it["name"]).to_owned()));
        let found = project(site, format, told, &types.collect());
        assert_same(
            &format!("{what} {name}"),
            &expected_project(expected, format),
            &found,
        );
    }
    if format == "v0" {
        compare_shared(site, &what, &expected);
    }
}

/// What projects share is in one document of v0.
fn compare_shared(site: &Path, what: &str, expected: &Value) {
    let context = read(site, "data/projects/context.json");
    let users = list(&expected["users"]).iter().map(|it| {
        let user = json!({"name": it["name"], "picture": !it["picture"].is_null()});
        (text(&it["id"]).to_owned(), user)
    });
    let found = list(&context["users"]).iter().map(|it| {
        let picture = !it["thumbnailUrl"].is_null();
        assert_eq!(it["has_avatar"], picture);
        (
            text(&it["id"]).to_owned(),
            json!({"name": it["full_name"], "picture": picture}),
        )
    });
    assert_same(what, &by_id(users), &by_id(found));

    let statuses = list(&expected["task_statuses"]).iter().map(|it| {
        let status = json!({"name": it["name"], "color": color(&it["color"])});
        (format!("status-{}", text(&it["code"])), status)
    });
    let found = list(&context["task_status"]).iter().map(|it| {
        (
            text(&it["id"]).to_owned(),
            json!({"name": it["name"], "color": it["color"]}),
        )
    });
    assert_same(what, &by_id(statuses), &by_id(found));

    // These have an order.
    let types = list(&expected["task_types"])
        .iter()
        .map(|it| json!([it["id"], it["name"], color(&it["color"]), it["for_shots"]]));
    // What is for both shots and assets has a second type, for the clients' menu of assets.
    let found = list(&context["task_types"])
        .iter()
        .filter(|it| is_told(text(&it["id"])))
        .map(|it| json!([it["id"], it["name"], it["color"], it["for_shots"]]));
    let (types, found): (Vec<_>, Vec<_>) = (types.collect(), found.collect());
    assert_eq!(found, types, "{what}");
}

#[test]
fn the_site_is_what_the_rules_say_of_the_rows() {
    for disabled in ["", "Cut,CutItem,Episode", "Cut", "CutItem", "Episode"] {
        let counterpart = Counterpart::start(&["--disable", disabled]);
        for format in ["v0", "v1"] {
            compare(&counterpart, format, "", &[]);
        }
    }
}

#[test]
fn sites_that_nobody_thought_of_are_what_the_rules_say() {
    // More of them, or one that failed: WATCHTOWER_TEST_FLOW_SEEDS=1-200, or 17.
    let seeds = std::env::var("WATCHTOWER_TEST_FLOW_SEEDS").unwrap_or_else(|_| "1-12".into());
    let (first, last) = seeds.split_once('-').unwrap_or((&seeds, &seeds));
    for number in first.parse().unwrap()..=last.parse().unwrap() {
        let disabled = ["", "Cut,CutItem,Episode", "Episode"][number as usize % 3];
        let counterpart = Counterpart::shuffled(number, &["--disable", disabled]);
        compare(&counterpart, "v1", &format!("shuffled by {number}"), &[]);
    }
}

#[test]
fn what_sites_may_do_differently_changes_nothing() {
    for arguments in [
        ["--per-page", "0"],
        ["--per-page", "5000"],
        ["--per-page", "7"],
        ["--server-version", "7.4.0"],
    ] {
        compare(&Counterpart::start(&arguments), "v1", "", &[]);
    }
    let counterpart = Counterpart::start(&[]);
    counterpart.control(&json!({"options": {
        "unknown_fields": "omit", "floats_as_strings": true, "unstable_ties": true,
    }}));
    compare(&counterpart, "v1", "", &[]);
    // The address as people paste it.
    let url = counterpart.url.replace("http://", "HTTP://") + "/";
    compare(&counterpart, "v1", "", &["--url", &url]);
}

#[test]
fn the_official_client_reads_the_same() {
    // It asks the counterpart itself, and applies the rules to what it is told.
    let output = run(flow::python().arg("prove.py"), 0);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(
        told.contains("ok  the rules over what the wire tells, and over the store: the same"),
        "{told}"
    );
    assert!(told.trim_end().ends_with("all as expected"), "{told}");
}

#[test]
fn the_connector_keeps_the_contract_of_trackers() {
    let counterpart = Counterpart::start(&[]);
    let output = run(counterpart.command("conformance").arg("--json"), 0);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let skipped = list(&report["checks"])
        .iter()
        .filter(|it| it["outcome"] == "skipped");
    let skipped: Vec<_> = skipped.map(|it| text(&it["id"])).collect();
    // From the command line there is no site to try but the one that is there, and a site cannot tell that
    // a picture is unchanged: its reference changes with it instead. What changed is not asked of Flow.
    let no_log = ["changes-first", "changes-foreign", "changes-told"];
    let not_there = ["unreachable", "another-server", "media-known"];
    assert_eq!(skipped, [no_log, not_there].concat());
}

/// All that the site publishes.
fn published(site: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut files = files(site);
    files.retain(|(path, _)| path.starts_with("data"));
    files
}

#[test]
fn a_second_export_fetches_nothing_and_changes_nothing() {
    let counterpart = Counterpart::start(&["--expires", "60"]);
    let folder = tempfile::tempdir().unwrap();
    run(&mut counterpart.export(folder.path()), 0);
    let before = published(folder.path());
    counterpart.control(&json!({"clear": true}));
    run(&mut counterpart.export(folder.path()), 0);
    assert!(published(folder.path()) == before);
    let log = counterpart.log();
    let fetched = log
        .iter()
        .filter(|it| it["method"] == "GET" && it.get("media").is_some());
    assert_eq!(fetched.count(), 0, "{log:?}");
    // When the site has made them, they are there.
    counterpart.control(&json!({"settle_thumbnails": true}));
    run(&mut counterpart.export(folder.path()), 0);
    // Equal pictures are one file, so what refers to them is counted.
    let pictures = |files: &[(std::path::PathBuf, Vec<u8>)]| -> usize {
        let texts = files.iter().map(|it| String::from_utf8_lossy(&it.1));
        texts.map(|it| it.matches("/previews/").count()).sum()
    };
    assert!(pictures(&published(folder.path())) > pictures(&before));
}

const KINDS: [&str; 13] = [
    "500",
    "502",
    "503",
    "504",
    "429",
    "403",
    "login-page",
    "redirect",
    "bad-json",
    "cut",
    "drop",
    "auth",
    "fault",
];

/// Plays a fault during an export of one film, of which somebody has renamed a shot meanwhile. The site is then
/// the previous one or the new one, whole, and a failure is told.
fn play(counterpart: &Counterpart, fault: &Value) {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path();
    let export = || {
        let mut command = counterpart.export(site);
        command.args(["--project", "Film With Cut", "--retries", "1"]);
        command
    };
    let rename = |name: &str| json!({"set": [["Shot", 860, {"code": name}]]});
    counterpart.control(&rename("sh0010"));
    run(&mut export(), 0);
    let before = published(site);
    counterpart.control(&rename("renamed"));
    counterpart.control(&json!({"faults": [fault]}));
    let output = export().output().unwrap();
    counterpart.control(&json!({"faults": []}));
    let told = String::from_utf8(output.stderr).unwrap();
    let code = output.status.code().unwrap();
    let after = published(site);
    run(watchtower().arg("validate").arg(site), 0);
    if code == 0 {
        let shots = read(site, "data/projects/project-70/shots.json");
        assert!(
            list(&shots).iter().any(|it| it["name"] == "renamed"),
            "{fault}"
        );
        // As if nothing had happened.
        run(&mut export(), 0);
        assert!(published(site) == after, "{fault}: not all of it");
    } else {
        // 2 is for a redirect: the address is wrong.
        assert!([2, 3, 4].contains(&code), "{fault}: {code}\n{told}");
        assert!(told.contains("error") || code == 4, "{fault}: {told}");
        assert!(
            code == 4 || before == after,
            "{fault}: another site\n{told}"
        );
    }
    for secret in [flow::SCRIPT.1, "X-Amz-Signature"] {
        assert!(!told.contains(secret), "{fault}: {told}");
    }
}

#[test]
fn every_fault_ends_whole() {
    let counterpart = Counterpart::start(&[]);
    let on = [
        json!({"method": "info"}),
        json!({"method": "schema_entity_read"}),
        json!({"method": "schema_field_read"}),
        json!({"method": "read", "type": "Project"}),
        json!({"method": "read", "type": "Shot"}),
        json!({"method": "read", "type": "Task"}),
        json!({"method": "read", "type": "HumanUser"}),
        json!({"method": "read", "type": "Cut"}),
        json!({"method": "read", "type": "CutItem"}),
        json!({"method": "read", "type": "Version"}),
    ];
    for (at, kind) in KINDS.iter().enumerate() {
        // Each kind in a third of the places once, and in one of them for good.
        for on in on.iter().skip(at % 3).step_by(3) {
            play(
                &counterpart,
                &json!({"on": on, "kind": kind, "retry_after": 1}),
            );
        }
        let on = &on[at % on.len()];
        play(
            &counterpart,
            &json!({"on": on, "kind": kind, "times": 999, "retry_after": 1}),
        );
    }
    for kind in ["500", "503", "429", "403", "login-page", "cut", "drop"] {
        let on = json!({"media": true, "method": "GET"});
        for times in [1, 999] {
            counterpart.control(
                &json!({"set": [["Shot", 860, {"image": format!("{kind}-{times}.png")}]]}),
            );
            play(
                &counterpart,
                &json!({"on": on, "kind": kind, "times": times, "retry_after": 1}),
            );
        }
    }
    let on = json!({"method": "read", "type": "Shot"});
    play(
        &counterpart,
        &json!({"on": on, "kind": "slow", "seconds": 2}),
    );
}

#[test]
fn a_fault_on_the_second_page_loses_no_row() {
    let counterpart = Counterpart::start(&["--per-page", "100"]);
    for kind in ["503", "cut", "bad-json", "drop"] {
        let on = json!({"method": "read", "type": "Shot", "page": 2});
        counterpart.control(&json!({"faults": [{"on": on, "kind": kind}]}));
        compare(&counterpart, "v1", "", &[]);
    }
    // So many calls in a second, and no more, is a rate that is kept after a while.
    counterpart.control(&json!({"faults": [], "rate": {"per_second": 20, "kind": "429"}}));
    compare(&counterpart, "v1", "", &["--requests-per-second", "15"]);
}

#[test]
fn an_address_that_is_over_is_read_again() {
    let counterpart = Counterpart::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let on = json!({"media": true, "method": "GET"});
    counterpart.control(&json!({"faults": [{"on": on, "kind": "403"}]}));
    let output = run(counterpart.export(folder.path()).arg("--json"), 0);
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    for project in list(&summary["projects"]) {
        assert_eq!(project["media"]["unavailable"], json!([]), "{project}");
    }
}

/// Runs a command that fails, and gives back what it said.
fn fails(command: &mut Command, code: i32) -> String {
    String::from_utf8(run(command, code).stderr).unwrap()
}

#[test]
fn accounts_see_what_they_may_and_refusals_say_what_to_do() {
    let counterpart = Counterpart::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let export = |script: &str, key: &str| {
        let mut command = counterpart.command_as("export", (script, key));
        command
            .arg("--output")
            .arg(folder.path().join(script))
            .arg("--json");
        command
    };
    let told = fails(&mut export("watchtower", "wrong"), 3);
    assert!(
        told.contains("refuses the script `watchtower`") && told.contains("Scripts"),
        "{told}"
    );

    let summary: Value =
        serde_json::from_slice(&run(&mut export("limited", "limited-key"), 0).stdout).unwrap();
    assert_eq!(list(&summary["projects"]).len(), 1);

    // Who may not read people has them by the links.
    run(&mut export("nopeople", "nopeople-key"), 0);
    let context = read(
        &folder.path().join("nopeople"),
        "data/projects/context.json",
    );
    let mut names: Vec<_> = list(&context["users"])
        .iter()
        .map(|it| text(&it["full_name"]))
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "Ada Lovelace",
            "Björn Ångström",
            "Gone Person",
            "Lighting / Vendor"
        ]
    );

    run(&mut export("nofields", "nofields-key"), 0);
    let shots = read(
        &folder.path().join("nofields"),
        "data/projects/project-70/shots.json",
    );
    assert!(list(&shots).iter().all(|it| it["thumbnailUrl"].is_null()));

    let person = |login: &str, password: &str| {
        counterpart.export_as_person(&folder.path().join("person"), login, password)
    };
    run(
        person("ada", "ada-password").args(["--project", "Film With Cut"]),
        0,
    );
    counterpart.control(&json!({"clear": true}));
    let told = fails(&mut person("ada", "wrong"), 3);
    assert!(told.contains("refuses `ada`"), "{told}");
    let logins = |log: &[Value]| log.iter().filter(|it| it["by"] == "user_login").count();
    assert_eq!(
        logins(&counterpart.log()),
        1,
        "a wrong password is tried once"
    );
    let told = fails(&mut person("gone", "gone-password"), 3);
    assert!(told.contains("refuses `gone`"), "{told}");
    let told = fails(&mut person("two", "two-password"), 3);
    assert!(
        told.contains("second factor") && told.contains("script"),
        "{told}"
    );

    // A session that ends in the middle is renewed, once.
    counterpart.control(&json!({"clear": true, "faults": [
        {"on": {"method": "read", "type": "Shot"}, "kind": "expire-sessions"},
    ]}));
    run(
        person("ada", "ada-password").args(["--project", "Film With Cut"]),
        0,
    );
    assert_eq!(logins(&counterpart.log()), 2);

    for (method, said) in [
        ("saml2", "single sign-on"),
        ("oxygen", "Personal Access Token"),
    ] {
        counterpart.control(&json!({"auth_method": method, "clear": true}));
        let told = fails(&mut person("ada", "ada-password"), 3);
        assert!(told.contains(said), "{told}");
        let sent = logins(&counterpart.log());
        assert_eq!(sent, usize::from(method == "oxygen"), "{method}");
    }
    run(&mut person("vendor@studio.example", "legacy-passphrase"), 0);

    counterpart.control(&json!({"version": [7, 3, 9]}));
    let told = fails(&mut export("watchtower", flow::SCRIPT.1), 3);
    assert!(told.contains("7.3.9") && told.contains("7.4"), "{told}");
}

#[test]
fn check_says_what_the_site_is_and_what_it_lacks() {
    let mut told = Vec::new();
    for (disabled, account) in [
        ("", flow::SCRIPT),
        ("Cut,CutItem,Episode,Scene", flow::SCRIPT),
        ("", ("limited", "limited-key")),
        ("", ("nopeople", "nopeople-key")),
        ("", ("nofields", "nofields-key")),
    ] {
        let counterpart = Counterpart::start(&["--disable", disabled]);
        let output = counterpart.command_as("check", account).output().unwrap();
        let [out, log] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
        let code = output.status.code().unwrap();
        let all = format!("# {} without `{disabled}`: {code}\n{log}{out}", account.0);
        assert!(!all.contains(account.1), "{all}");
        told.push(all.replace(&counterpart.url, "http://flow"));
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn credentials_go_to_the_site_alone_and_are_in_nothing_that_is_written() {
    let counterpart = Counterpart::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let secrets = [
        flow::SCRIPT.1,
        "ada-password",
        "X-Amz-Signature",
        "COUNTERPART",
    ];
    let mut told = Vec::new();
    for log in [&["--verbose"][..], &["--verbose", "--log-format", "json"]] {
        let script = folder.path().join("script");
        told.push(counterpart.export(&script).args(log).output().unwrap());
        let person = folder.path().join("person");
        told.push(
            counterpart
                .export_as_person(&person, "ada", "ada-password")
                .args(log)
                .output()
                .unwrap(),
        );
        told.push(
            counterpart
                .export_as_person(&person, "two", "ada-password")
                .args(log)
                .output()
                .unwrap(),
        );
    }
    for output in &told {
        for bytes in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(bytes);
            for secret in secrets {
                assert!(!text.contains(secret), "{secret}: {text}");
            }
        }
    }
    for (path, bytes) in files(folder.path()) {
        let text = String::from_utf8_lossy(&bytes);
        for secret in secrets {
            assert!(!text.contains(secret), "{secret} in {}", path.display());
        }
    }
    let log = counterpart.log();
    let at_media: Vec<_> = log.iter().filter(|it| it.get("media").is_some()).collect();
    assert!(!at_media.is_empty());
    for request in at_media {
        let headers = request["headers"].as_object().unwrap();
        for name in ["authorization", "cookie", "referer"] {
            assert!(!headers.contains_key(name), "{request}");
        }
    }
}

#[test]
fn a_project_is_found_by_any_of_its_names() {
    let counterpart = Counterpart::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let export = |name: &str| {
        let mut command = counterpart.export(folder.path());
        command.args(["--media", "none", "--json", "--project", name]);
        command
    };
    for name in ["film with cut", "fwc", "FWC", "project-70"] {
        let summary: Value = serde_json::from_slice(&run(&mut export(name), 0).stdout).unwrap();
        let told = list(&summary["projects"])
            .iter()
            .find(|it| it["outcome"] == "exported");
        assert_eq!(
            told.map(|it| &it["id"]),
            Some(&json!("project-70")),
            "{name}"
        );
    }
    let told = fails(&mut export("film_with_cut"), 2);
    assert!(
        told.contains("project-70") && told.contains("project-76"),
        "{told}"
    );
    let told = fails(&mut export("Film With Cut (old)"), 2);
    assert!(told.contains("there is no project"), "{told}");
}

#[test]
fn the_cut_and_the_edit_can_be_named() {
    let counterpart = Counterpart::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let export = |arguments: &[&str]| {
        let mut command = counterpart.export(folder.path());
        let output = run(command.args(arguments), 0);
        String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap()
    };
    let place = |name: &str| {
        let shots = read(folder.path(), "data/projects/project-70/shots.json");
        let shot = list(&shots).iter().find(|it| it["name"] == name).unwrap();
        json!([shot["data"]["frame_in"], shot["data"]["frame_out"]])
    };
    let film = ["--project", "Film With Cut"];
    export(&[&film[..], &["--cut", "trailer"]].concat());
    assert_eq!(place("sh0020"), json!([0, 24]));
    export(&[&film[..], &["--cut", "Main Edit v011"]].concat());
    assert_eq!(place("sh0010"), json!([0, 48]));
    let told = export(&[&film[..], &["--cut", "Nothing"]].concat());
    assert!(
        told.contains("there is no cut `Nothing`") && told.contains("Main Edit v012"),
        "{told}"
    );
    export(&["--project", "Film By Orders", "--edit-version", "fbo_edit"]);
    let edit = read(folder.path(), "data/projects/project-71/edit.json");
    assert_eq!(movie(folder.path(), &edit["sourceName"]), "edit_v012.mp4");
    assert_eq!(edit["frameOffset"], -1);
}
