//! Every document as it stands on disk, through the specification's writers.

#![allow(clippy::unwrap_used)] // Outside the tests themselves, too, all of this is a test.

use std::fs;

use watchtower_model::format::Format;
use watchtower_model::{
    Asset, AssetType, Edit, MediaRef, Project, ProjectId, RangeScope, Sequence, Shot, ShotCasting,
    ShotData, Task, TaskId, TaskStatus, TaskType, User,
};
use watchtower_writer::{Error, ProjectListWriter, ProjectWriter, Site};

/// A film of two shots that uses everything a document can hold.
fn film() -> (ProjectListWriter, ProjectWriter) {
    let mut jade = User::new("Jade “JD” Doe 🐕");
    jade.has_avatar = true;
    jade.thumbnail = Some(MediaRef::site("data/previews/ja/jade.png"));
    let mut sam = User::new("Sam");
    // The picture cannot be had, so nothing may say that there is one.
    sam.has_avatar = true;
    sam.thumbnail = Some(MediaRef::url("https://tracker.example/sam.png"));

    let character = AssetType::new("Character");
    let mut animation = TaskType::new("Animation");
    animation.color = Some("#F80".parse().unwrap());
    animation.for_shots = true;
    let todo = TaskStatus::new("Todo");

    let mut project = Project::new("Sprite Fright");
    project.id = ProjectId::new("sprite-fright").unwrap();
    project.ratio = Some("2.35:1".into());
    project.team = vec![jade.id.clone(), sam.id.clone()];
    project.fps = "23.976".parse().unwrap();

    let rextoria = Sequence::new("Rextoria");
    let mut rex = Asset::new("Rex \"the dog\" a/b", &character.id);
    rex.thumbnail = Some(MediaRef::site("data/previews/re/rex.png"));
    let mut first = Shot::new("0010", &rextoria.id, ShotData::new(0, 131));
    first.data.custom.insert("lens".into(), "35mm".into());
    first.fps = project.fps;
    let mut task = Task::new(animation.id.clone(), todo.id.clone());
    task.assignees.push(jade.id.clone());
    // Two tasks of one type, and one with an id of its own.
    first.tasks = vec![task.clone(), task.clone()];
    task.id = Some(TaskId::new("its-own-id").unwrap());
    first.tasks.push(task);
    let second = Shot::new("0020", &rextoria.id, ShotData::new(131, 200));

    let list = ProjectListWriter {
        projects: vec![project.clone()],
        asset_types: vec![character],
        task_types: vec![animation],
        task_status: vec![todo],
        users: vec![jade, sam],
    };
    let casting = vec![ShotCasting::new(&first, [&rex])];
    let project = ProjectWriter {
        project,
        shots: vec![first, second],
        assets: vec![rex],
        sequences: vec![rextoria],
        edit: Edit::new("Edit"),
        casting,
        range_scope: RangeScope::Timeline,
    };
    (list, project)
}

#[test]
fn documents_stand_on_disk_as_they_always_did() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let (list, project) = film();
    for picture in ["ja/jade.png", "re/rex.png"] {
        let path = site.path(&format!("data/previews/{picture}"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "a picture").unwrap();
    }
    let shared = list.write_as_json(&site).unwrap();
    project.write_as_json(&site).unwrap();
    assert_eq!(
        shared.missing["there is nowhere to get it from"].of,
        ["user Sam"]
    );

    let read = |path: &str| fs::read_to_string(site.path(path)).unwrap();
    insta::assert_snapshot!("v0_context", read("data/projects/context.json"));
    for name in ["project", "edit", "assets", "shots", "sequences", "casting"] {
        let text = read(&format!("data/projects/sprite-fright/{name}.json"));
        assert!(text.ends_with('\n'));
        insta::assert_snapshot!(format!("v0_{name}"), text);
    }
}

#[test]
fn ranges_may_count_from_the_start_of_each_sequence() {
    let starts = |range_scope: RangeScope| {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path());
        let (_, mut project) = film();
        let second = Sequence::new("Second");
        project.shots[1] = Shot::new("0020", &second.id, ShotData::of_length(69));
        let third = Sequence::new("Third");
        let last = Shot::new("0030", &third.id, ShotData::new(2, 12));
        project.shots.push(last);
        project.sequences.extend([second, third]);
        project.range_scope = range_scope;
        project.write_as_json(&site).unwrap();
        let shots = fs::read(site.path("data/projects/sprite-fright/shots.json")).unwrap();
        let shots: serde_json::Value = serde_json::from_slice(&shots).unwrap();
        let start = |it: &serde_json::Value| it["startFrame"].as_i64().unwrap();
        shots
            .as_array()
            .unwrap()
            .iter()
            .map(start)
            .collect::<Vec<_>>()
    };
    assert_eq!(starts(RangeScope::Sequence), [0, 131, 202]);
    assert_ne!(starts(RangeScope::Timeline), [0, 131, 202]);
}

#[test]
fn the_same_data_gives_the_same_bytes() {
    let written = || {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path());
        let (list, project) = film();
        list.write_as_json(&site).unwrap();
        project.write_as_json(&site).unwrap();
        fs::read(site.path("data/projects/sprite-fright/shots.json")).unwrap()
    };
    assert_eq!(written(), written());
}

#[test]
fn writing_one_project_leaves_the_others_alone() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let (list, mut project) = film();
    list.write_as_json(&site).unwrap();
    project.write_as_json(&site).unwrap();
    project.project.id = ProjectId::new("other").unwrap();
    project.write_as_json(&site).unwrap();
    for path in [
        "context.json",
        "sprite-fright/shots.json",
        "other/shots.json",
    ] {
        assert!(
            site.path(&format!("data/projects/{path}")).exists(),
            "{path} is gone"
        );
    }
}

#[test]
fn a_movie_file_is_copied_in_and_measured() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let (_, mut project) = film();
    let movie = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/movies/h264.mp4");
    project.edit.movie = Some(MediaRef::file(movie));
    project.edit.frame_offset = 12;
    let counts = project.write_as_json(&site).unwrap();
    assert_eq!(counts.movies, 1);
    let edit: serde_json::Value = serde_json::from_slice(
        &fs::read(site.path("data/projects/sprite-fright/edit.json")).unwrap(),
    )
    .unwrap();
    assert_eq!(edit["sourceName"], "data/projects/sprite-fright/edit.mp4");
    assert_eq!(edit["frameOffset"], 12);
    let copied = fs::read(site.path("data/projects/sprite-fright/edit.mp4")).unwrap();
    assert_eq!(copied, fs::read(movie).unwrap());
    let counts: serde_json::Value = serde_json::from_slice(
        &fs::read(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/movies/counts.json"
        ))
        .unwrap(),
    )
    .unwrap();
    assert_eq!(edit["totalFrames"], counts["h264.mp4"]);
}

#[test]
fn what_is_no_movie_is_said_and_the_timeline_is_as_long_as_the_shots() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let page = folder.path().join("page.mp4");
    fs::write(&page, "<!DOCTYPE html><title>Log in</title>").unwrap();
    let (_, mut project) = film();
    project.assets[0].thumbnail = None;
    project.edit.movie = Some(MediaRef::file(page));
    let counts = project.write_as_json(&site).unwrap();
    let reasons: Vec<_> = counts.missing.keys().collect();
    assert_eq!(reasons, ["what came is no movie: it is text/html"]);
    let edit = fs::read_to_string(site.path("data/projects/sprite-fright/edit.json")).unwrap();
    assert!(edit.contains("\"totalFrames\": 200"), "{edit}");
}

#[test]
fn the_writers_leave_a_site_of_another_format_alone() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let index = site.path("data/projects-list/index.json");
    fs::create_dir_all(index.parent().unwrap()).unwrap();
    fs::write(&index, r#"{"projects": []}"#).unwrap();
    let (list, project) = film();
    for result in [list.write_as_json(&site), project.write_as_json(&site)] {
        let error = result.unwrap_err();
        assert!(
            matches!(
                &error,
                Error::OtherFormat {
                    found: Format::V1,
                    ..
                }
            ),
            "{error}"
        );
    }
    assert!(!site.path("data/projects").exists());
    assert!(index.exists());
}
