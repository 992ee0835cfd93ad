//! The cut, from the edit.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde::Deserialize;
use watchtower_connector::edit::{Overlay, Timeline, WithEdits};
use watchtower_connector::{
    Account, Capability, Description, Error, ErrorKind, MediaRequest, OpenedMedia, Result, Tracker,
};
use watchtower_model::{
    Asset, AssetType, FrameRate, Project, ProjectList, ProjectSnapshot, Sequence, Shot,
    ShotCasting, ShotData,
};

/// What `edits/make.py` wrote down of the Python package.
#[derive(Deserialize)]
struct Expected {
    fps: f64,
    clips: Vec<(String, i64, i64)>,
}

fn edits() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/edits")
}

#[test]
fn clips_are_where_opentimelineio_has_them() {
    let text = fs::read(edits().join("expected.json")).unwrap();
    let expected: BTreeMap<String, Expected> = serde_json::from_slice(&text).unwrap();
    assert!(expected.len() >= 19);
    for (name, expected) in expected {
        let timeline = Timeline::read(&edits().join(format!("{name}.otio")), None).unwrap();
        assert_eq!(timeline.fps(), expected.fps, "{name}");
        assert_eq!(timeline.clips(), expected.clips, "{name}");
    }
}

/// A tracker with these shots, `sequence/name`, one second each.
struct Film(ProjectSnapshot);

impl Film {
    fn new(shots: &[&str]) -> Self {
        let mut film = ProjectSnapshot::new(Project::new("Small Film"));
        let asset = Asset::new("Cup", &AssetType::new("Prop").id);
        for (at, shot) in (0..).zip(shots) {
            let (sequence, name) = shot.split_once('/').unwrap();
            let sequence = Sequence::new(sequence);
            if !film.sequences.contains(&sequence) {
                film.sequences.push(sequence.clone());
            }
            let data = ShotData::new(at * 24, at * 24 + 24);
            let shot = Shot::new(name, &sequence.id, data);
            film.casting.push(ShotCasting::new(&shot, [&asset]));
            film.shots.push(shot);
        }
        film.assets.push(asset);
        Self(film)
    }
}

#[async_trait]
impl Tracker for Film {
    fn describe(&self) -> Description {
        Description {
            name: "film".into(),
            about: "A film of a test.".into(),
            location: None,
            capabilities: Vec::new(),
        }
    }

    async fn check(&self) -> Result<Account> {
        Ok(Account {
            user: None,
            server: None,
        })
    }

    async fn project_list(&self) -> Result<ProjectList> {
        Ok(ProjectList {
            projects: vec![self.0.project.clone()],
            ..ProjectList::default()
        })
    }

    async fn project(&self, _: &Project, _: &ProjectList) -> Result<ProjectSnapshot> {
        Ok(self.0.clone())
    }

    async fn open_media(&self, _: MediaRequest<'_>) -> Result<OpenedMedia> {
        Err(Error::new(ErrorKind::Unsupported, "open", "there is none"))
    }
}

fn laid(film: Film, overlay: Overlay) -> Result<ProjectSnapshot> {
    let tracker = WithEdits::new(Box::new(film), vec![overlay]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let list = tracker.project_list().await?;
        tracker.project(&list.projects[0], &list).await
    })
}

fn overlay(file: &str) -> Overlay {
    Overlay {
        project: None,
        timeline: Some(Timeline::read(&edits().join(file), None).unwrap()),
        movie: None,
    }
}

fn shots(film: &ProjectSnapshot) -> Vec<String> {
    let one = |it: &Shot| format!("{} {}-{}", it.name, it.data.frame_in, it.data.frame_out);
    film.shots.iter().map(one).collect()
}

#[test]
fn shots_are_where_the_edit_says_and_what_does_not_match_is_named() {
    let film = Film::new(&["030/0010", "020/0020", "010/0010", "010/0099", "020/0010"]);
    let mut overlay = overlay("nested.otio");
    overlay.movie = Some("cut.mp4".into());
    let film = laid(film, overlay).unwrap();
    assert_eq!(
        shots(&film),
        ["0010 0-10", "0010 10-25", "0020 25-50", "0010 50-53"]
    );
    let sequences: Vec<_> = film.sequences.iter().map(|it| &*it.name).collect();
    assert_eq!(sequences, ["010", "020", "030"]);
    assert_eq!(film.casting.len(), 4);
    assert_eq!(
        (film.left_out.len(), &*film.left_out[0].name),
        (1, "010 / 0099")
    );
    assert_eq!(
        film.left_out[0].reason.to_string(),
        "not in the edit nested.otio"
    );
    assert_eq!(
        film.notes,
        ["nested.otio: clips that match no shot: 030_0020, 040_0010"]
    );
    assert_eq!(film.edits[0].name, "Nested");
    assert!(film.edits[0].movie.is_some());
}

#[test]
fn a_nested_stack_that_is_named_after_a_shot_is_that_shot() {
    let film = laid(Film::new(&["x/one", "x/a"]), overlay("deep.otio")).unwrap();
    assert_eq!(shots(&film), ["a 0-6", "one 6-23"]);
}

#[test]
fn the_rate_of_the_edit_becomes_the_projects() {
    let film = laid(Film::new(&["010/0010", "010/0020"]), overlay("hour.otio")).unwrap();
    assert_eq!(film.project.fps.as_f64(), 25.0);
    assert_eq!(shots(&film), ["0010 0-100", "0020 100-150"]);
    assert!(film.shots.iter().all(|it| it.fps.as_f64() == 25.0));
    assert_eq!(film.notes.len(), 1, "{:?}", film.notes);
}

#[test]
fn a_movie_is_something_that_the_tracker_can_give() {
    let given = |movie: Option<&str>| {
        let overlay = Overlay {
            movie: movie.map(PathBuf::from),
            ..overlay("plain.otio")
        };
        let film = Film::new(&["010/0010"]);
        WithEdits::new(Box::new(film), vec![overlay])
            .describe()
            .capabilities
    };
    assert_eq!(given(None), []);
    let movie = [Capability::Edits, Capability::Movies];
    assert_eq!(given(Some("cut.mp4")), movie);
}

#[test]
fn names_are_matched_by_the_stated_rule() {
    for (shot, clip, matches) in [
        ("010/0020", "010_0020", true),
        ("SEQ-010/sh 0020", "seq_010-SH/0020", true),
        ("010/0020", "0020", true),
        ("010/0020", "010_0020_anim_v003", true),
        ("010/0020", "Small Film_010_0020_v2", true),
        ("010/0020", "small_film_0020", true),
        ("010/0020", "0020_anim", false),
        ("010/0020", "010_00201", false),
        ("010/0020", "010", false),
        ("010/0020", "", false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cut.edl");
        let event = "001  AX  V  C  00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00\n";
        fs::write(&path, format!("{event}* FROM CLIP NAME: {clip}\n")).unwrap();
        let overlay = Overlay {
            project: Some("small film".into()),
            timeline: Some(Timeline::read(&path, Some(FrameRate::default())).unwrap()),
            movie: None,
        };
        let laid = laid(Film::new(&[shot]), overlay);
        assert_eq!(laid.is_ok(), matches, "{clip} as {shot}");
        if let Err(error) = laid {
            assert_eq!(error.kind(), ErrorKind::Invalid);
        }
    }
}

#[test]
fn a_name_that_two_shots_have_is_of_neither() {
    let film = Film::new(&["010/0010", "020/0010"]);
    let error = laid(film, overlay("plain.otio"))
        .map(|it| shots(&it))
        .unwrap();
    assert_eq!(error, ["0010 0-24"]);
}

#[test]
fn what_is_no_timeline_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str, text: &str, fps: Option<f64>| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        let fps = fps.map(|it| FrameRate::new(it).unwrap());
        let error = Timeline::read(&path, fps).unwrap_err();
        error
            .to_string()
            .replace(&format!("{}/", folder.path().display()), "")
    };
    let clip = |range: &str| {
        format!(
            r#"{{"OTIO_SCHEMA": "Track.1", "children": [{{"OTIO_SCHEMA": "Clip.2", "name": "a"{range}}}]}}"#
        )
    };
    let time = |rate: i32| format!(r#"{{"value": 1, "rate": {rate}}}"#);
    let zero = format!(
        r#", "source_range": {{"start_time": {}, "duration": {}}}"#,
        time(0),
        time(0)
    );
    let told = [
        read("cut.otio", "{", None),
        read("cut.otio", "{}", None),
        read("cut.otio", r#"{"OTIO_SCHEMA": "Marker.2"}"#, None),
        read("cut.otio", &clip(""), None),
        read("cut.otio", &clip(&zero), None),
        read(
            "cut.otio",
            &format!(r#"{{"children": {}"#, "[".repeat(1000)),
            None,
        ),
        read("cut.xml", "<xml/>", None),
        read("cut.edl", "", None),
        read("cut.edl", "TITLE: x\n", Some(24.0)),
        read("cut.edl", "001 AX V C 1 2 3 4\n", Some(24.0)),
        read(
            "cut.edl",
            "001 AX V C 00:00:00;00 00:00:01;00 00:00:00;00 00:00:01;00\n",
            Some(24.0),
        ),
    ];
    insta::assert_snapshot!(told.join("\n"));
}
