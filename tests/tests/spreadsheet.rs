//! A Kitsu's own CSV files give the same film as that Kitsu.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;
use watchtower_tests::{Kitsu, read, run, watchtower};

/// What two sites of the same film share, by names: ids are Kitsu's in one, and derived in the other.
#[derive(Debug, PartialEq)]
struct Film {
    /// Sequence and name, start and end; in the order of the site.
    shots: Vec<(String, i64, i64)>,
    /// Type and name.
    assets: Vec<String>,
    /// Assets by shot.
    casting: BTreeMap<String, Vec<String>>,
    /// What a task is of and its type, with status and people; of several of a type, in any order.
    tasks: BTreeMap<String, Vec<Vec<String>>>,
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// Names by id.
fn names(value: &Value) -> BTreeMap<String, String> {
    let name = |it: &Value| text(it.get("name").unwrap_or(&it["full_name"])).to_owned();
    let pair = |it: &Value| (text(&it["id"]).to_owned(), name(it));
    list(value).iter().map(pair).collect()
}

/// Names of sequences by id. Those of several episodes may have the same: they are told apart by their
/// order.
fn sequence_names(sequences: &Value, shots: &Value) -> BTreeMap<String, String> {
    let with_shots: BTreeSet<_> = list(shots)
        .iter()
        .map(|it| text(&it["sequence_id"]))
        .collect();
    let mut before = BTreeMap::new();
    let all = list(sequences).iter();
    // A sheet of shots has none without.
    let all = all.filter(|it| with_shots.contains(text(&it["id"])));
    let pair = |it: &Value| {
        let name = text(&it["name"]);
        let count = before.entry(name.to_owned()).or_insert(0);
        *count += 1;
        (text(&it["id"]).to_owned(), format!("{name} ({count})"))
    };
    all.map(pair).collect()
}

impl Film {
    fn read(site: &Path, name: &str) -> Self {
        let context = read(site, "data/projects/context.json");
        let projects = names(&context["projects"]);
        let (id, _) = projects.iter().find(|(_, it)| *it == name).unwrap();
        let at = |document: &str| read(site, &format!("data/projects/{id}/{document}.json"));
        let (types, statuses) = (
            names(&context["task_types"]),
            names(&context["task_status"]),
        );
        let (users, asset_types) = (names(&context["users"]), names(&context["asset_types"]));
        let sequences = sequence_names(&at("sequences"), &at("shots"));
        let mut film = Self {
            shots: Vec::new(),
            assets: Vec::new(),
            casting: BTreeMap::new(),
            tasks: BTreeMap::new(),
        };
        let mut known = BTreeMap::new();
        let mut tasks = |of: &str, entity: &Value| {
            for task in list(&entity["tasks"]) {
                let people = list(&task["assignees"])
                    .iter()
                    .map(|it| users[text(it)].clone());
                let mut people: Vec<_> = people.collect();
                people.sort();
                people.insert(0, statuses[text(&task["task_status_id"])].clone());
                let key = format!("{of}\t{}", types[text(&task["task_type_id"])]);
                let same = film.tasks.entry(key).or_default();
                same.push(people);
                same.sort();
            }
        };
        for shot in list(&at("shots")) {
            let sequence = &sequences[text(&shot["sequence_id"])];
            let name = format!("{sequence}/{}", text(&shot["name"]));
            tasks(&name, shot);
            // What has no place on the timeline has no range.
            let frame = |key: &str| shot["data"][key].as_i64().unwrap_or(-1);
            film.shots
                .push((name.clone(), frame("frame_in"), frame("frame_out")));
            known.insert(text(&shot["id"]).to_owned(), name);
        }
        for asset in list(&at("assets")) {
            let kind = &asset_types[text(&asset["asset_type_id"])];
            let name = format!("{kind}/{}", text(&asset["name"]));
            tasks(&name, asset);
            film.assets.push(name.clone());
            known.insert(text(&asset["id"]).to_owned(), name);
        }
        film.assets.sort();
        for casting in list(&at("casting")) {
            let assets = list(&casting["asset_ids"])
                .iter()
                .map(|it| known[text(it)].clone());
            let mut assets: Vec<_> = assets.collect();
            assets.sort();
            if !assets.is_empty() {
                film.casting
                    .insert(known[text(&casting["shot_id"])].clone(), assets);
            }
        }
        film
    }

    /// Takes away what Kitsu has cancelled, which its files do not say.
    fn without(mut self, canceled: &BTreeSet<String>) -> Self {
        let is_there = |name: &str| {
            let (group, name) = name.split_once('/').expect("a group and a name");
            let group = group.strip_suffix(" (1)").unwrap_or(group);
            let whole = format!("{group} / {name}");
            !canceled.contains(&whole) && !canceled.contains(name)
        };
        self.shots.retain(|(name, ..)| is_there(name));
        self.assets.retain(|name| is_there(name));
        self.casting.retain(|shot, assets| {
            assets.retain(|name| is_there(name));
            is_there(shot) && !assets.is_empty()
        });
        self.tasks.retain(|name, _| {
            let (name, _task_type) = name.split_once('\t').expect("a name and a type");
            is_there(name)
        });
        self
    }
}

/// The names of the shots and assets that an export left out because they are cancelled.
fn canceled(summary: &[u8]) -> BTreeSet<String> {
    let summary: Value = serde_json::from_slice(summary).unwrap();
    let left_out = list(&summary["projects"][0]["left_out"]).iter();
    let canceled = left_out.filter(|it| it["code"] == "canceled");
    let of_kind = canceled.filter(|it| it["kind"] == "shot" || it["kind"] == "asset");
    of_kind.map(|it| text(&it["name"]).to_owned()).collect()
}

#[test]
fn kitsus_own_csv_files_give_the_film_that_kitsu_gives() {
    let kitsu = Kitsu::running();
    for name in [
        "Small Film",
        "Lengths Only",
        "Nasty No Edit",
        "Small Series",
        "Nasty Film",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let sheets = folder.path().join("sheets");
        fs::create_dir(&sheets).unwrap();
        for (file, route) in [
            ("shots.csv", "shots.csv"),
            ("assets.csv", "assets.csv"),
            ("casting.csv", "casting.csv?is_shot_casting=true"),
            ("edits.csv", "edits.csv"),
        ] {
            let id = kitsu.project(name);
            let bytes = kitsu.download(&format!("export/csv/projects/{id}/{route}"));
            fs::write(sheets.join(file), bytes).unwrap();
        }
        let route = format!("export/csv/tasks.csv?project_id={}", kitsu.project(name));
        fs::write(sheets.join("tasks.csv"), kitsu.download(&route)).unwrap();

        let (direct, through) = (folder.path().join("direct"), folder.path().join("through"));
        let mut export = kitsu.export(&direct);
        export.args(["--media", "none", "--json", "--project", name]);
        let canceled = canceled(&run(&mut export, 0).stdout);
        let mut export = watchtower();
        export.args(["export", "spreadsheet", "--project", name, "--output"]);
        run(export.arg(&through).arg(&sheets), 0);
        run(watchtower().arg("validate").arg(&through), 0);
        let film = Film::read(&direct, name);
        assert!(!film.shots.is_empty() && !film.tasks.is_empty(), "{name}");
        assert_eq!(
            Film::read(&through, name).without(&canceled),
            film,
            "{name}"
        );
        assert_eq!(canceled.is_empty(), name != "Nasty Film", "{canceled:?}");
    }
}
