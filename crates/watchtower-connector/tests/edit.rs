//! The cut, from the edit.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde::Deserialize;
use watchtower_connector::edit::{NamePattern, Overlay, Timeline, WithEdits};
use watchtower_connector::{
    Account, Capability, Description, Error, ErrorKind, MediaRequest, OpenedMedia, Result, Tracker,
};
use watchtower_model::place::{PlaceOptions, Timelines, Unplaced, place};
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
        of: None,
        timeline: Some(Timeline::read(&edits().join(file), None).unwrap()),
        pattern: None,
        movie: None,
    }
}

/// The project with its shots on the timeline of each episode.
fn placed(film: &ProjectSnapshot) -> ProjectSnapshot {
    let mut film = film.clone();
    let options = PlaceOptions {
        timelines: Timelines::OfEpisodes,
        unplaced: Unplaced::Show,
        from_site: false,
    };
    place(&mut film, options);
    film
}

fn shots(film: &ProjectSnapshot) -> Vec<String> {
    let one = |it: Shot| match it.data.range() {
        Some((start, end)) => format!("{} {start}-{end}", it.name),
        None => format!("{} nowhere", it.name),
    };
    placed(film).shots.into_iter().map(one).collect()
}

#[test]
fn shots_are_where_the_edit_says_and_what_does_not_match_is_named() {
    let film = Film::new(&["030/0010", "020/0020", "010/0010", "010/0099", "020/0010"]);
    let mut overlay = overlay("nested.otio");
    overlay.movie = Some("cut.mp4".into());
    let film = laid(film, overlay).unwrap();
    assert_eq!(
        shots(&film),
        [
            "0010 0-10",
            "0010 10-25",
            "0020 25-50",
            "0010 50-53",
            "0099 nowhere"
        ]
    );
    let film = placed(&film);
    let sequences: Vec<_> = film.sequences.iter().map(|it| &*it.name).collect();
    assert_eq!(sequences, ["010", "020", "030"]);
    assert_eq!((film.casting.len(), film.left_out.len()), (5, 0));
    assert_eq!(
        film.notes,
        [
            "nested.otio: clips that match no shot: `030_0020` (frame 56), `040_0010` (frame 61)",
            "1 shot has no place on the timeline: the grid shows it, the timeline does not"
        ]
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
    assert!(placed(&film).shots.iter().all(|it| it.fps.as_f64() == 25.0));
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
fn a_name_that_two_shots_have_is_of_neither() {
    let film = Film::new(&["010/0010", "020/0010"]);
    let error = laid(film, overlay("plain.otio"))
        .map(|it| shots(&it))
        .unwrap();
    assert_eq!(error, ["0010 0-24", "0010 nowhere"]);
}

/// Each list that went wrong once, with the shots of a film and where they are in it.
#[test]
fn lists_as_editors_send_them() {
    let zz =
        |names: &[&str]| -> Vec<String> { names.iter().map(|it| format!("zz/{it}")).collect() };
    let two = || zz(&["0010", "0020"]);
    let one = || zz(&["0010"]);
    let halves = "0010 0-48, 0020 48-96";
    let mut notes = Vec::new();
    for (file, shots, want) in [
        ("fade-out.edl", two(), halves),
        ("dissolve-with-length.edl", two(), "0010 0-48, 0020 48-120"),
        ("audio-backwards.edl", one(), "0010 0-48"),
        ("slug-backwards.edl", two(), halves),
        ("midnight.edl", two(), halves),
        ("windows-1252.edl", zz(&["Épée"]), "Épée 0-48"),
        ("utf-16.edl", zz(&["Épée"]), "Épée 0-48"),
        ("decomposed.edl", zz(&["Épée"]), "Épée 0-48"),
        (
            "comments.edl",
            zz(&["0010", "0020", "0030"]),
            "0010 0-48, 0020 48-96, 0030 96-144",
        ),
        ("source-files.edl", two(), halves),
        (
            "locators.edl",
            zz(&["0010", "0020", "0030", "0040", "0050"]),
            "0010 0-48, 0020 48-96, 0030 96-144, 0040 144-192, 0050 192-240",
        ),
        ("drop-frame-at-25.edl", one(), "0010 0-74"),
        ("later-piece-first.edl", two(), halves),
        ("touching-out-of-order.edl", one(), "0010 0-72"),
        (
            "names-with-sequence.edl",
            [
                "010_intro/010_0010",
                "KITE/KITE_0020",
                "harbour_080/harbour_080_0200",
            ]
            .map(str::to_owned)
            .to_vec(),
            "010_0010 0-48, KITE_0020 48-96, harbour_080_0200 96-144",
        ),
        ("track-starts-before.otio", two(), halves),
        ("upper-track-earlier.otio", two(), halves),
        ("split-over-tracks.otio", one(), "0010 0-72"),
        ("nan-in-metadata.otio", one(), "0010 0-48"),
        ("marker-names-shot.otio", one(), "0010 0-48"),
        ("ending-in-name.otio", zz(&["sh0010"]), "sh0010 0-48"),
        ("start-time-of-rate-1.otio", two(), halves),
    ] {
        let fps = if file == "drop-frame-at-25.edl" {
            25.0
        } else {
            24.0
        };
        let edl = file.ends_with(".edl").then(|| FrameRate::new(fps).unwrap());
        let path = edits().join("cases").join(file);
        let overlay = Overlay {
            timeline: Some(Timeline::read(&path, edl).unwrap()),
            ..overlay("plain.otio")
        };
        let shots: Vec<&str> = shots.iter().map(String::as_str).collect();
        let film = laid(Film::new(&shots), overlay).unwrap_or_else(|it| panic!("{file}: {it}"));
        assert_eq!(self::shots(&film).join(", "), want, "{file}");
        assert_eq!(film.project.fps.as_f64(), fps, "{file}");
        let of_list = film
            .notes
            .into_iter()
            .filter(|it| !it.contains("and the tracker"));
        notes.extend(of_list);
    }
    insta::assert_snapshot!(notes.join("\n"));
}

#[test]
fn a_list_of_sound_is_refused_and_says_why() {
    let path = edits().join("cases/sound-only.edl");
    let error = Timeline::read(&path, Some(FrameRate::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let error = error.to_string();
    assert!(
        error.contains("no event of it is of video (lines of sound are passed over: 4, 6)"),
        "{error}"
    );
}

#[test]
fn what_is_no_timeline_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str, text: &str, fps: Option<f64>| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        let fps = fps.map(|it| FrameRate::new(it).unwrap());
        let error = Timeline::read(&path, fps).unwrap_err();
        let folder = folder.path().join("").display().to_string();
        error.to_string().replace(&folder, "")
    };
    let clip = |range: &str| {
        format!(
            r#"{{"OTIO_SCHEMA": "Track.1", "children": [{{"OTIO_SCHEMA": "Clip.2", "name": "a"{range}}}]}}"#
        )
    };
    let two = format!(
        "<xmeml>{}</xmeml>",
        "<sequence><name>Cut</name></sequence>".repeat(2)
    );
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
        read("cut.mov", "", None),
        read("cut.xml", "<xml/>", None),
        read("cut.xml", "<fcpxml/>", None),
        read("cut.xml", "<xmeml>", None),
        read("cut.xml", "<xmeml/>", None),
        read("cut.xml", "<xmeml><sequence/></xmeml>", None),
        read("cut.xml", &two, None),
        read(
            "cut.xml",
            r#"<!DOCTYPE xmeml [<!ENTITY a "aaaa">]><xmeml>&a;</xmeml>"#,
            None,
        ),
        read(
            "cut.xml",
            &format!("<xmeml>{}", "<a>".repeat(200_000)),
            None,
        ),
        read("cut.otioz", "PK\u{3}\u{4}", None),
        read("cut.edl", "", None),
        read("cut.edl", "TITLE: x\n", Some(24.0)),
        read("cut.edl", "001 AX V C 1 2 3 4\n", Some(24.0)),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

/// A rate of 0 where a time is zero says nothing wrong, and where there is a length it is told as what it is.
#[test]
fn a_rate_of_0_is_never_told_as_another_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str, start: &str, first: &str, length: &str| {
        let time = |it: &str| format!(r#"{{"OTIO_SCHEMA": "RationalTime.1", {it}}}"#);
        let text = format!(
            r#"{{"OTIO_SCHEMA": "Timeline.1", "global_start_time": {},
                "tracks": {{"OTIO_SCHEMA": "Stack.1", "children": [
                    {{"OTIO_SCHEMA": "Track.1", "kind": "Video", "children": [
                        {{"OTIO_SCHEMA": "Clip.2", "name": "010_0010",
                          "source_range": {{"start_time": {}, "duration": {}}}}}]}}]}}}}"#,
            time(start),
            time(first),
            time(length)
        );
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        Timeline::read(&path, None).map(|it| it.clips())
    };
    let (zero, hour) = (r#""rate": 0, "value": 0"#, r#""rate": 24, "value": 86400"#);
    let (first, length) = (r#""rate": 24, "value": 0"#, r#""rate": 24, "value": 48"#);
    let whole = vec![("010_0010".to_owned(), 0, 48)];
    for start in [zero, r#""rate": 0, "value": 86400"#, hour] {
        assert_eq!(read("start.otio", start, first, length).unwrap(), whole);
    }
    for (first, length) in [(zero, length), (first, zero)] {
        let error = read("clip.otio", hour, first, length)
            .unwrap_err()
            .to_string();
        assert!(error.contains("a rate must be above 0"), "{error}");
    }
    let error = read("empty.otio", hour, first, first).map(|it| it.len());
    assert_eq!(error.unwrap(), 0);
    let error = read("empty.otio", zero, first, first).unwrap_err();
    assert!(
        error.to_string().contains("no clip of it has a length"),
        "{error}"
    );
}

#[test]
fn xml_of_final_cut_is_read_with_what_is_nested_in_it() {
    let read = |file: &str| Timeline::read(&edits().join(file), None).unwrap();
    let timeline = read("final_cut.xml");
    assert_eq!(timeline.fps(), 24000.0 / 1001.0);
    let clip = |name: &str, start: i64, end: i64| (name.to_owned(), start, end);
    assert_eq!(
        timeline.clips(),
        [
            clip("A001C003", 0, 48),
            // Two clips meet in the middle of the transition between them.
            clip("take 2", 48, 90),
            clip("take 3", 90, 144),
            // Of a sequence of 96 frames, the last 24 of one clip and the first 24 of the next.
            clip("inner 1", 144, 168),
            clip("inner 2", 168, 192),
            clip("slug", 192, 216),
            clip("plate", 12, 24),
        ]
    );
    let shots = ["010/0010", "010/0020", "010/0030", "020/0010", "020/0020"];
    let film = laid(Film::new(&shots), overlay("final_cut.xml")).unwrap();
    assert_eq!(
        self::shots(&film),
        [
            "0010 0-48",
            "0020 48-90",
            "0030 90-144",
            "0010 144-168",
            "0020 168-192"
        ]
    );
    insta::assert_snapshot!(film.notes.join("\n"));
}

#[test]
fn a_timeline_with_its_media_is_read_from_zip_and_folder() {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let content = fs::read(edits().join("plain.otio")).unwrap();
    let bundle = folder.path().join("cut.otiod");
    fs::create_dir(&bundle).unwrap();
    let read = |path: &Path| Timeline::read(path, None).map(|it| it.clips());
    assert!(
        read(&bundle)
            .unwrap_err()
            .to_string()
            .contains("there is no file `content.otio`")
    );
    fs::write(bundle.join("content.otio"), &content).unwrap();
    let zipped = folder.path().join("cut.otioz");
    let mut zip = zip::ZipWriter::new(fs::File::create(&zipped).unwrap());
    for (name, bytes) in [("version.txt", &b"1.0.0"[..]), ("content.otio", &content)] {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
    let plain = read(&edits().join("plain.otio")).unwrap();
    assert_eq!(read(&bundle).unwrap(), plain);
    assert_eq!(read(&zipped).unwrap(), plain);
    // A link out of the bundle is not followed.
    fs::remove_file(bundle.join("content.otio")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(edits().join("plain.otio"), bundle.join("content.otio")).unwrap();
    assert!(read(&bundle).is_err());
}

#[test]
fn a_studio_has_names_of_its_own() {
    let overlay = Overlay {
        pattern: Some(NamePattern::new(r"^[0-9]+_(?<shot>00[0-9]+)").unwrap()),
        ..overlay("plain.otio")
    };
    let film = laid(Film::new(&["x/0020", "y/0030"]), overlay).unwrap();
    assert_eq!(shots(&film), ["0020 24-60", "0030 60-61"]);
}
