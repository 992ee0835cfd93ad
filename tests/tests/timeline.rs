//! The same production has the same timeline, however it is told. Needs `python3`.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use watchtower_tests::{read, run, watchtower};

/// What is known of shots, and where they go; the connector for Kitsu has the same table.
const SITUATIONS: &str = include_str!("../timeline/situations.json");

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

/// Names of shots with their places, as the site has them.
fn places(site: &Path) -> Vec<String> {
    let context = read(site, "data/projects/context.json");
    places_of(site, context["projects"][0]["id"].as_str().unwrap())
}

/// The same of one project of several.
fn places_of(site: &Path, id: &str) -> Vec<String> {
    let shots = read(site, &format!("data/projects/{id}/shots.json"));
    let place = |it: &Value| {
        let name = it["name"].as_str().unwrap();
        let start = it["startFrame"].as_i64().unwrap();
        let frames = it["durationSeconds"].as_f64().unwrap() * 24.0;
        match it["onTimeline"] == false {
            true => format!("{name} nowhere"),
            false => format!("{name} {start}-{}", start as f64 + frames.round()),
        }
    };
    list(&shots).iter().map(place).collect()
}

fn export(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let site = folder.join("site");
    let mut command = watchtower();
    command
        .current_dir(folder)
        .args(["export", arguments[0], "--output"])
        .arg(&site);
    command.args(&arguments[1..]);
    run(&mut command, 0);
    let places = places(&site);
    fs::remove_dir_all(site).unwrap();
    places
}

/// A sheet.
fn by_sheet(folder: &Path, shots: &[Value]) -> Vec<String> {
    let mut sheet = "Sequence,Name,Frame In,Frame Out,Frames\n".to_owned();
    let cell = |it: &Value| it.as_str().map_or_else(|| it.to_string(), str::to_owned);
    for shot in shots {
        let cells: Vec<_> = list(shot).iter().map(cell).collect();
        writeln!(sheet, "{}", cells.join(",").replace("null", "")).unwrap();
    }
    fs::create_dir_all(folder.join("sheets")).unwrap();
    fs::write(folder.join("sheets/shots.csv"), sheet).unwrap();
    fs::write(
        folder.join("sheets/watchtower.toml"),
        "[project]\nname = \"Film\"\nfps = 24\n",
    )
    .unwrap();
    export(folder, &["spreadsheet", "sheets"])
}

/// The documents that a program prints.
fn by_documents(folder: &Path, shots: &[Value], scope: &str) -> Vec<String> {
    let project = json!({"id": "film", "name": "Film", "fps": 24});
    let mut sequences: Vec<&Value> = shots.iter().map(|it| &it[0]).collect();
    sequences.dedup();
    let sequences = sequences.iter().map(|it| json!({"id": it, "name": it}));
    let shots = shots.iter().map(|it| {
        json!({
            "id": it[1], "name": it[1], "sequence_id": it[0],
            "data": {"frame_in": it[2], "frame_out": it[3], "nb_frames": it[4]},
        })
    });
    let listed = json!({"watchtower_tracker": 1, "projects": [project]});
    let film = json!({
        "watchtower_tracker": 1, "project": project,
        "sequences": sequences.collect::<Vec<_>>(), "shots": shots.collect::<Vec<_>>(),
        "range_scope": scope,
    });
    fs::write(folder.join("list.json"), listed.to_string()).unwrap();
    fs::write(folder.join("film.json"), film.to_string()).unwrap();
    let program = "if [ \"$1\" = project-list ]; then cat list.json; else cat film.json; fi";
    export(folder, &["process", "--", "sh", "-c", program, "sh"])
}

/// The module for Python.
fn by_python(folder: &Path, shots: &[Value], scope: &str) -> Vec<String> {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../python");
    let script = format!(
        "import json, sys\n\
         sys.path.insert(0, {module:?})\n\
         from watchtower_tracker import models, writers\n\
         film = models.Project(name='Film', fps=24)\n\
         writers.ProjectListWriter(projects=[film], asset_types=[], task_types=[], task_status=[], users=[]).write_as_json()\n\
         sequences, shots = {{}}, []\n\
         for of, name, start, end, frames in json.loads({shots:?}):\n    \
             sequence = sequences.setdefault(of, models.Sequence(name=of))\n    \
             data = models.ShotData(start, end, nb_frames=frames)\n    \
             shots.append(models.Shot(name=name, sequence_id=sequence.id, data=data))\n\
         writers.ProjectWriter(project=film, shots=shots, sequences=list(sequences.values()), range_scope={scope:?}).write_as_json()\n",
        shots = json!(shots).to_string(),
    );
    fs::write(folder.join("studio.py"), script).unwrap();
    export(folder, &["process", "--", "python3", "studio.py"])
}

#[test]
fn the_same_production_has_the_same_timeline_however_it_is_told() {
    let situations: Value = serde_json::from_str(SITUATIONS).unwrap();
    assert!(list(&situations).len() > 5);
    for situation in list(&situations) {
        let folder = tempfile::tempdir().unwrap();
        let shots = list(&situation["shots"]);
        let due: Vec<_> = list(&situation["places"])
            .iter()
            .map(|it| it.as_str().unwrap())
            .collect();
        let scope = situation["range_scope"].as_str();
        let told = scope.unwrap_or("timeline");
        let mut ways = vec![
            ("documents", by_documents(folder.path(), shots, told)),
            ("Python", by_python(folder.path(), shots, told)),
        ];
        // A sheet has no place for it.
        if scope.is_none() {
            ways.push(("a sheet", by_sheet(folder.path(), shots)));
        }
        for (way, told) in ways {
            assert_eq!(told, due, "{} told by {way}", situation["name"]);
        }
    }
}

/// How the names of those projects begin.
#[cfg(feature = "services")]
const TOLD: &str = "Timeline: ";

/// Projects that a real Kitsu has until the end of the test.
#[cfg(feature = "services")]
struct Told<'a> {
    kitsu: &'a watchtower_tests::Kitsu,
    projects: Vec<String>,
}

#[cfg(feature = "services")]
impl Told<'_> {
    /// Makes a project of what is known of shots.
    fn tell(&mut self, name: &str, shots: &[Value]) {
        let make = |place: &str, it: Value| -> Value {
            let made = self.kitsu.send("POST", place, &it);
            made["id"].clone()
        };
        let project = json!({"name": name, "fps": "24", "production_type": "short"});
        let id = make("data/projects", project);
        let id = id.as_str().unwrap();
        let mut sequences = std::collections::HashMap::new();
        let place = |what: &str| format!("data/projects/{id}/{what}");
        for shot in shots {
            let sequence = sequences
                .entry(shot[0].as_str().unwrap())
                .or_insert_with(|| make(&place("sequences"), json!({"name": shot[0]})));
            let data = [("frame_in", &shot[2]), ("frame_out", &shot[3])];
            let data = data.into_iter().filter(|it| !it.1.is_null());
            let data: serde_json::Map<_, _> =
                data.map(|(key, it)| (key.to_owned(), it.clone())).collect();
            let told = json!({"name": shot[1], "sequence_id": sequence, "nb_frames": shot[4], "data": data});
            make(&place("shots"), told);
        }
        self.projects.push(id.to_owned());
    }
}

#[cfg(feature = "services")]
impl<'a> Told<'a> {
    /// Nothing is told yet; what a test that was ended has left behind is removed.
    fn nothing(kitsu: &'a watchtower_tests::Kitsu) -> Self {
        let known = kitsu.send("GET", "data/projects", &Value::Null);
        let named = |it: &&Value| it["name"].as_str().unwrap().starts_with(TOLD);
        let left = list(&known).iter().filter(named);
        drop(Self {
            kitsu,
            projects: left
                .map(|it| it["id"].as_str().unwrap().to_owned())
                .collect(),
        });
        Self {
            kitsu,
            projects: Vec::new(),
        }
    }
}

#[cfg(feature = "services")]
impl Drop for Told<'_> {
    fn drop(&mut self) {
        let send = |method, place: &str, body| self.kitsu.send(method, place, &body);
        let statuses = send("GET", "data/project-status", Value::Null);
        let is_closed = |it: &&Value| it["name"].as_str().unwrap().eq_ignore_ascii_case("closed");
        let closed = list(&statuses).iter().find(is_closed).unwrap();
        for id in &self.projects {
            let place = format!("data/projects/{id}");
            send("PUT", &place, json!({"project_status_id": closed["id"]}));
            send("DELETE", &format!("{place}?force=true"), Value::Null);
        }
    }
}

#[cfg(feature = "services")]
#[test]
fn a_real_kitsu_has_the_same_timeline() {
    let kitsu = watchtower_tests::Kitsu::running();
    let situations: Value = serde_json::from_str(SITUATIONS).unwrap();
    // Kitsu's ranges count from the start of the film.
    let situations = list(&situations).iter();
    let situations: Vec<_> = situations
        .filter(|it| it["range_scope"].is_null())
        .collect();
    let mut told = Told::nothing(&kitsu);
    for situation in &situations {
        let name = format!("{TOLD}{}", situation["name"].as_str().unwrap());
        told.tell(&name, list(&situation["shots"]));
    }
    let folder = tempfile::tempdir().unwrap();
    let mut export = kitsu.export(folder.path());
    for id in &told.projects {
        export.args(["--project", id]);
    }
    run(&mut export, 0);
    for (situation, id) in situations.iter().zip(&told.projects) {
        let due: Vec<_> = list(&situation["places"]).iter().collect();
        assert_eq!(
            json!(places_of(folder.path(), id)),
            json!(due),
            "{situation}"
        );
    }
}
