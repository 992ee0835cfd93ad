//! Edits are read as OpenTimelineIO and its adapters read them, and written as it reads them.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use watchtower_connector::edit::Timeline;
use watchtower_model::FrameRate;
use watchtower_tests::{read, run, service, watchtower};

/// Each clip with its first frame and the frame at which it has ended.
type Clips = Vec<(String, i64, i64)>;

#[derive(Deserialize)]
struct Expected {
    fps: f64,
    clips: Clips,
}

/// What `tests/edits/compare.py` does, with the real packages.
fn python(action: &str, place: &Path) -> Vec<u8> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("edits/compare.py");
    let python = service("WATCHTOWER_TEST_EDITS").join("venv/bin/python");
    run(Command::new(python).arg(script).arg(action).arg(place), 0).stdout
}

#[test]
fn clips_are_where_opentimelineio_and_its_adapters_have_them() {
    let folder = tempfile::tempdir().unwrap();
    python("generate", folder.path());
    let expected = fs::read(folder.path().join("expected.json")).unwrap();
    let expected: BTreeMap<String, Expected> = serde_json::from_slice(&expected).unwrap();
    assert_eq!(expected.len(), 240);
    for (name, Expected { fps, clips }) in expected {
        let edl = name.ends_with(".edl").then(|| FrameRate::new(fps).unwrap());
        let timeline = Timeline::read(&folder.path().join(&name), edl).unwrap();
        let mut ours = timeline.clips();
        ours.sort_by(|a, b| (a.1, a.2, &a.0).cmp(&(b.1, b.2, &b.0)));
        let shown = || fs::read_to_string(folder.path().join(&name)).unwrap_or_default();
        assert_eq!(ours, clips, "{name}\n{}", shown());
        assert!(
            (timeline.fps() - fps).abs() < 1e-9,
            "{name}: {}",
            timeline.fps()
        );
    }
}

/// What its reader of EDLs makes of a list names the same shots as the list.
#[test]
fn a_list_that_was_converted_names_the_same_shots() {
    let folder = tempfile::tempdir().unwrap();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../crates/watchtower-connector/tests/edits/cases");
    let lists = [
        "comments",
        "locators",
        "names-with-sequence",
        "source-files",
    ];
    for name in lists {
        let file = format!("{name}.edl");
        fs::copy(cases.join(&file), folder.path().join(&file)).unwrap();
    }
    python("convert", folder.path());
    for name in lists {
        let shots = |ending: &str, fps: Option<FrameRate>| {
            let file = folder.path().join(format!("{name}.{ending}"));
            let clips = Timeline::read(&file, fps).unwrap().listed(None);
            let clips = clips.into_iter();
            clips
                .map(|it| (it.start, it.end, it.shot))
                .collect::<Vec<_>>()
        };
        let list = shots("edl", Some(FrameRate::default()));
        assert!(list.iter().all(|it| it.2.is_some()), "{name}: {list:?}");
        assert_eq!(shots("otio", None), list, "{name}");
    }
}

#[test]
fn a_site_is_written_as_opentimelineio_reads_it_and_read_again_gives_the_same_places() {
    let folder = tempfile::tempdir().unwrap();
    let at = |arguments: &[&str]| {
        run(watchtower().current_dir(folder.path()).args(arguments), 0);
    };
    // The film in another order than the tracker's, with a gap.
    at(&["export", "example", "--output", "first"]);
    let of = |site: &str, document: &str| {
        let site = folder.path().join(site);
        let list = read(&site, "data/projects/context.json");
        let id = list["projects"][0]["id"].as_str().unwrap().to_owned();
        read(&site, &format!("data/projects/{id}/{document}.json"))
    };
    let mut edl = String::new();
    let shots = of("first", "shots");
    for (shot, at) in shots.as_array().unwrap().iter().rev().zip(0..) {
        let time = |frame: usize| format!("01:00:{:02}:{:02}", frame / 24, frame % 24);
        let (start, end) = (
            time(at * 30 + at / 12 * 10),
            time(at * 30 + at / 12 * 10 + 30),
        );
        let id = shot["id"].as_str().unwrap();
        edl += &format!("{at:03} AX V C {start} {end} {start} {end}\n* FROM CLIP NAME: {id}\n");
    }
    fs::write(folder.path().join("cut.edl"), edl).unwrap();
    at(&[
        "export", "example", "--output", "site", "--edit", "cut.edl", "--fps", "24",
    ]);
    at(&["edit", "write", "site", "--output", "cut.otio"]);
    let file = folder.path().join("cut.otio");
    let theirs: serde_json::Value = serde_json::from_slice(&python("read", &file)).unwrap();
    assert_eq!(theirs["name"], "The Salt Lantern");
    assert_eq!(theirs["tracks"], serde_json::json!(["Movie", "Shots 1"]));
    let shots = of("site", "shots");
    let shots = shots.as_array().unwrap();
    let place = |it: &serde_json::Value| {
        (
            it["data"]["frame_in"].clone(),
            it["data"]["frame_out"].clone(),
        )
    };
    let mut places: Vec<_> = shots.iter().map(place).collect();
    places.push((0.into(), 960.into()));
    let clips = theirs["clips"].as_array().unwrap();
    let place = |it: &serde_json::Value| (it[1].clone(), it[2].clone());
    let mut theirs_places: Vec<_> = clips.iter().map(place).collect();
    let key = |it: &(serde_json::Value, serde_json::Value)| (it.0.as_i64(), it.1.as_i64());
    places.sort_by_key(key);
    theirs_places.sort_by_key(key);
    assert_eq!(theirs_places, places);
    let tasks = shots.iter().map(|it| it["tasks"].as_array().unwrap().len());
    assert_eq!(
        theirs["markers"].as_array().unwrap().len(),
        tasks.sum::<usize>()
    );
    let addresses = theirs["addresses"].as_array().unwrap();
    assert_eq!(addresses.len(), shots.len() + 1);
    for address in addresses {
        let path = address.as_str().unwrap().strip_prefix("file://").unwrap();
        assert!(Path::new(path).is_file(), "{address}");
    }
    at(&[
        "export", "example", "--output", "again", "--edit", "cut.otio",
    ]);
    assert_eq!(of("again", "shots"), of("site", "shots"));
    assert_eq!(of("again", "sequences"), of("site", "sequences"));
}
