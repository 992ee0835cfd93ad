//! Copies of good exports, to be broken.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::new_without_default
)] // Each test uses a part.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use watchtower_model::format::Format;

pub const FILM: &str = "bd2aba51-b77e-4eec-8442-015b60688e2e";

/// A copy of a good export of one film.
pub struct Site(pub TempDir);

impl Site {
    pub fn new() -> Self {
        Self::of(Format::V0)
    }

    pub fn of(format: Format) -> Self {
        Self::named(&format!("film-{format}"))
    }

    /// A copy of a fixture.
    pub fn named(name: &str) -> Self {
        let site = tempfile::tempdir().unwrap();
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        copy(&fixtures.join(name), site.path());
        Self(site)
    }

    /// A copy of the good export in format v1, as a series of one episode.
    pub fn series() -> Self {
        let site = Self::of(Format::V1);
        let episode = json!({"id": "e1", "name": "E01"});
        site.edit("index.json", |it| {
            it["projects"][0]["episodes"] = json!([episode]);
        });
        let sequences = fs::read(site.path("sequences.json")).unwrap();
        let sequences: Value = serde_json::from_slice(&sequences).unwrap();
        site.edit("project.json", |it| {
            it["episodes"] = json!([{"id": "e1", "name": "E01", "sequences": sequences}]);
        });
        site.edit("edits.json", |it| it[0]["episodeId"] = json!("e1"));
        site.edit("task_counts.json", |it| {
            for counts in it.as_array_mut().unwrap() {
                counts["episode_id"] = json!("e1");
            }
        });
        site
    }

    /// Makes the last sequence of a series a second episode, whose timeline has so many frames.
    pub fn split_off_an_episode(&self, total_frames: u64) {
        let push = |list: &mut Value, entry| list.as_array_mut().unwrap().push(entry);
        self.edit("index.json", |it| {
            let episodes = &mut it["projects"][0]["episodes"];
            push(episodes, json!({"id": "e2", "name": "E02"}));
        });
        self.edit("project.json", |it| {
            let sequences = it["episodes"][0]["sequences"].as_array_mut().unwrap();
            let last = sequences.pop();
            let episode = json!({"id": "e2", "name": "E02", "sequences": [last]});
            push(&mut it["episodes"], episode);
        });
        self.edit("edits.json", |it| {
            let edit = json!({
                "id": "other",
                "totalFrames": total_frames,
                "frameOffset": 0,
                "sourceName": "",
                "sourceType": "",
                "episodeId": "e2"
            });
            push(it, edit);
        });
    }

    pub fn path(&self, name: &str) -> PathBuf {
        let root = self.0.path();
        match name {
            "context.json" => root.join("data/projects/context.json"),
            "index.json" => root.join("data/projects-list/index.json"),
            name if name.contains('/') => root.join(name),
            name => root.join("data/projects").join(FILM).join(name),
        }
    }

    pub fn edit(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let path = self.path(name);
        let mut document = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut document);
        fs::write(path, format!("{document:#}")).unwrap();
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub fn remove(object: &mut Value, key: &str) {
    object.as_object_mut().unwrap().remove(key).unwrap();
}
