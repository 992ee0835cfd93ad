//! Sites of format v1: their documents, and how they go from export to export.

#![allow(clippy::unwrap_used)] // Outside the tests themselves, too, all of this is a test.

use std::collections::BTreeMap;
use std::fs;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde_json::Value;
use watchtower_model::format::Format;
use watchtower_model::{
    Asset, AssetType, Edit, Episode, MediaLocation, MediaRef, Project, ProjectId, ProjectList,
    ProjectSnapshot, Sequence, Shot, ShotCasting, ShotData, Task, TaskStatus, TaskType, User,
};
use watchtower_writer::media::{
    MediaError, MediaRequest, MediaSource, MediaStream, Opened, PicturePolicy,
};
use watchtower_writer::{
    Error, Export, ExportOptions, FailureCode, Outcome, Site, Summary, validate,
};

const MOVIE: &[u8] = include_bytes!("movies/h264.mp4");

/// A source of pictures and movies that tells what it was asked for.
#[derive(Default)]
struct Source(Mutex<Vec<String>>);

impl Source {
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[async_trait]
impl MediaSource for Source {
    fn name(&self) -> String {
        "test".into()
    }

    async fn open(&self, request: MediaRequest<'_>) -> Result<Opened, MediaError> {
        let MediaLocation::Key(key) = &request.media.location else {
            return Err(MediaError::permanent("it has keys"));
        };
        self.0.lock().unwrap().push(key.clone());
        if key == "nothing" {
            return Err(MediaError::permanent("there is none"));
        }
        if request.known.is_some() {
            return Ok(Opened::Unchanged);
        }
        let bytes = match key.starts_with("movie") {
            true => Bytes::from_static(MOVIE),
            false => {
                let size = "width='400' height='400'";
                let svg = "xmlns='http://www.w3.org/2000/svg'";
                format!("<svg {svg} {size}><text>{key}</text></svg>").into()
            }
        };
        Ok(Opened::Stream(MediaStream {
            length: Some(bytes.len() as u64),
            bytes: stream::iter([Ok(bytes)]).boxed(),
            offset: 0,
            tag: Some(key.clone()),
        }))
    }
}

/// What projects share, without the projects.
fn shared() -> ProjectList {
    let user = |name: &str, picture: &str| User {
        has_avatar: true,
        thumbnail: Some(MediaRef::key(picture).changing()),
        ..User::new(name)
    };
    let task_type = |name: &str, for_shots| TaskType {
        for_shots,
        ..TaskType::new(name)
    };
    ProjectList {
        projects: Vec::new(),
        asset_types: vec![AssetType::new("Character"), AssetType::new("Prop")],
        task_types: vec![
            task_type("Layout", true),
            task_type("Modeling", false),
            task_type("Animation", true),
            TaskType {
                archived: true,
                ..task_type("Rotoscoping", true)
            },
        ],
        task_statuses: vec![TaskStatus::new("Todo"), TaskStatus::new("Done")],
        users: vec![
            user("Jade Doe", "jade"),
            // Nothing may say that there is a picture which cannot be had.
            user("Sam Roe", "nothing"),
            user("Elsewhere", "elsewhere"),
        ],
    }
}

fn shot(name: &str, sequence: &Sequence, range: (i64, i64), list: &ProjectList) -> Shot {
    let mut shot = Shot::new(name, &sequence.id, ShotData::new(range.0, range.1));
    let status = &list.task_statuses[usize::from(range.0 > 0)].id;
    for task_type in [0, 2] {
        let task_type = &list.task_types[task_type].id;
        let mut task = Task::new(task_type.clone(), status.clone());
        task.assignees = vec![list.users[0].id.clone()];
        shot.tasks.push(task);
    }
    shot
}

fn project(name: &str, list: &ProjectList) -> ProjectSnapshot {
    let mut project = Project::new(name);
    project.id = ProjectId::new(name.to_lowercase()).unwrap();
    project.thumbnail = Some(MediaRef::key(format!("picture of {name}")).changing());
    project.team = vec![list.users[0].id.clone(), list.users[1].id.clone()];
    ProjectSnapshot::new(project)
}

/// A film that lists what it uses, and whose second edit has a movie.
fn film(list: &ProjectList) -> ProjectSnapshot {
    let mut film = project("Film", list);
    film.project.task_types = vec![list.task_types[2].id.clone(), list.task_types[0].id.clone()];
    film.sequences = vec![Sequence::new("010"), Sequence::new("020")];
    let rex = Asset {
        thumbnail: Some(MediaRef::key("rex")),
        ..Asset::new("Rex", &list.asset_types[0].id)
    };
    film.shots = vec![
        shot("0010", &film.sequences[0], (0, 10), list),
        shot("0010", &film.sequences[1], (10, 24), list),
    ];
    film.shots[0].thumbnail = Some(MediaRef::key("shot"));
    film.casting = vec![ShotCasting::new(&film.shots[0], [&rex])];
    film.assets = vec![rex];
    film.edits = vec![Edit::new("Animatic"), Edit::new("Cut")];
    film.edits[1].movie = Some(MediaRef::key("movie"));
    film.edits[1].frame_offset = 12;
    film
}

/// A series of two episodes, of which the second has no edit.
fn series(list: &ProjectList) -> ProjectSnapshot {
    let mut series = project("Series", list);
    series.episodes = vec![Episode::new("E01"), Episode::new("E02")];
    let sequence = |name: &str, episode: usize| Sequence {
        episode_id: Some(series.episodes[episode].id.clone()),
        ..Sequence::new(name)
    };
    series.sequences = vec![
        sequence("110", 0),
        sequence("210", 1),
        Sequence::new("Lost"),
    ];
    series.shots = vec![
        shot("0010", &series.sequences[0], (0, 40), list),
        shot("0020", &series.sequences[0], (40, 90), list),
        shot("0010", &series.sequences[1], (0, 30), list),
        shot("0010", &series.sequences[2], (0, 20), list),
    ];
    let edit = |name: &str, episode: &Episode, movie: Option<&str>| Edit {
        movie: movie.map(MediaRef::key),
        episode_id: Some(episode.id.clone()),
        ..Edit::new(name)
    };
    series.edits = vec![
        Edit::new("Trailer"),
        edit("E01 v1", &series.episodes[0], None),
        edit("E01 v2", &series.episodes[0], Some("movie of E01")),
    ];
    series
}

/// The moment of the first export in these tests, and so many seconds more.
fn moment(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_680_000 + seconds)
}

fn options(seconds: u64) -> ExportOptions {
    ExportOptions {
        format: Some(Format::V1),
        moment: Some(moment(seconds)),
        pictures: PicturePolicy::AsTheyAre,
        ..ExportOptions::default()
    }
}

async fn export_with(
    site: &Site,
    options: ExportOptions,
    source: &Source,
    snapshots: &[ProjectSnapshot],
) -> Result<Summary, Error> {
    let list = ProjectList {
        projects: snapshots.iter().map(|it| it.project.clone()).collect(),
        ..shared()
    };
    let mut export = Export::begin(site, options, &list, source, &()).unwrap();
    for snapshot in snapshots {
        export.project(snapshot.clone()).await?;
    }
    export.finish().await
}

async fn export(site: &Site, seconds: u64, snapshots: &[ProjectSnapshot]) -> Summary {
    let source = Source::default();
    let exported = export_with(site, options(seconds), &source, snapshots);
    exported.await.unwrap()
}

/// Every file below `data`, by its path from there.
fn files(site: &Site) -> BTreeMap<String, PathBuf> {
    fn find(folder: &Path, below: &str, found: &mut BTreeMap<String, PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{below}{}", entry.file_name().to_str().unwrap());
            match entry.path().is_dir() {
                true => find(&entry.path(), &format!("{name}/"), found),
                false => _ = found.insert(name, entry.path()),
            }
        }
    }
    let mut found = BTreeMap::new();
    find(&site.path("data"), "", &mut found);
    found
}

/// All documents of a site, and the names of the other files.
fn shown(site: &Site) -> String {
    let files = files(site).into_iter().map(|(name, path)| {
        let text = match name.ends_with(".json") {
            true => fs::read_to_string(path).unwrap(),
            false => String::new(),
        };
        format!("--- {name}\n{text}")
    });
    files.collect()
}

fn read(site: &Site, path: &str) -> Value {
    serde_json::from_slice(&fs::read(site.path(path)).unwrap()).unwrap()
}

/// The history of a project: what was counted, as `episode type status: count, count …`.
fn history(site: &Site, project: &str) -> Vec<String> {
    let path = |name: &str| format!("data/projects/{project}/{name}.json");
    let about = read(site, &path("project"));
    let name = |list: &str, id: &Value| {
        let mut all = about[list].as_array().unwrap().iter();
        let found = all.find(|it| it["id"] == *id);
        found
            .map_or("?", |it| it["name"].as_str().unwrap())
            .to_owned()
    };
    let mut lines = Vec::new();
    for counts in read(site, &path("task_counts")).as_array().unwrap() {
        for status in counts["task_statuses"].as_array().unwrap() {
            let episode = name("episodes", &counts["episode_id"]);
            let kind = name("task_types", &counts["task_type_id"]);
            let data = status["data"].as_array().unwrap().iter();
            let data: Vec<_> = data.map(|it| it["count"].to_string()).collect();
            let status = name("task_statuses", &status["task_status_id"]);
            lines.push(format!("{episode} {kind} {status}: {}", data.join(" ")));
        }
    }
    lines
}

/// What validation finds, warnings included.
fn findings(site: &Site) -> Vec<String> {
    let report = validate::site(site.root(), &validate::Options::default()).unwrap();
    let findings = report.findings.iter();
    let finding = findings.map(|it| {
        let name = it.file.file_name().unwrap().to_str().unwrap();
        format!("{} {name}{}: {}", it.code, it.pointer, it.message)
    });
    finding.collect()
}

#[tokio::test]
async fn every_document_of_a_film() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let summary = export(&site, 0, &[film(&shared())]).await;
    insta::assert_snapshot!("film", shown(&site));
    assert_eq!(findings(&site), Vec::<String>::new());
    let summary = serde_json::to_string_pretty(&summary).unwrap();
    insta::assert_snapshot!("film_summary", summary);
}

#[tokio::test]
async fn every_document_of_a_series() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let summary = export(&site, 0, &[series(&shared())]).await;
    insta::assert_snapshot!("series", shown(&site));
    let notes = summary.projects[0].notes.join("\n");
    insta::assert_snapshot!("series_notes", notes);
    insta::assert_snapshot!("series_findings", findings(&site).join("\n"));
}

/// A project with one shot whose task stands in a status.
fn small(name: &str, status: usize, list: &ProjectList) -> ProjectSnapshot {
    let mut small = project(name, list);
    small.project.task_types = vec![list.task_types[2].id.clone()];
    small.sequences = vec![Sequence::new("010")];
    let mut shot = shot("0010", &small.sequences[0], (0, 10), list);
    shot.tasks.remove(0);
    shot.tasks[0].task_status_id = list.task_statuses[status].id.clone();
    small.shots = vec![shot];
    small
}

/// Which file it is, where the system tells; its time elsewhere.
fn identity(about: &fs::Metadata) -> impl PartialEq + use<> {
    #[cfg(unix)]
    let identity = std::os::unix::fs::MetadataExt::ino(about);
    #[cfg(not(unix))]
    let identity = about.modified().unwrap();
    identity
}

#[tokio::test]
async fn a_history_grows_and_nothing_else_changes() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let list = shared();
    let both = [film(&list), series(&list)];
    export(&site, 0, &both).await;
    let before = files(&site);
    let inode = |path: &PathBuf| identity(&fs::metadata(path).unwrap());
    let inodes: Vec<_> = before.values().map(inode).collect();
    let source = Source::default();
    let again = export_with(&site, options(300), &source, &both)
        .await
        .unwrap();
    let after = files(&site);
    assert!(before.keys().eq(after.keys()));
    let changed = after.iter().zip(inodes);
    let changed = changed.filter(|((_, path), before)| inode(path) != *before);
    let changed: Vec<_> = changed.map(|((name, _), _)| name.as_str()).collect();
    assert_eq!(
        changed,
        [
            "projects/film/task_counts.json",
            "projects/series/task_counts.json"
        ]
    );
    insta::assert_snapshot!("film_history", history(&site, "film").join("\n"));
    insta::assert_snapshot!("series_history", history(&site, "series").join("\n"));
    // Nothing came again, and one that may change was asked for once for all who show it.
    assert_eq!(
        again
            .projects
            .iter()
            .map(|it| it.media.fetched)
            .sum::<usize>(),
        0
    );
    let mut asked = source.asked();
    asked.sort();
    assert_eq!(
        asked,
        ["jade", "nothing", "picture of Film", "picture of Series"]
    );

    // The same second counts once, and the later reading counts.
    export(&site, 300, &[small("Film", 0, &list)]).await;
    let rows = history(&site, "film");
    assert!(
        rows.contains(&"? Animation Todo: 1 1".to_owned()),
        "{rows:?}"
    );
}

#[tokio::test]
async fn a_picture_is_asked_for_once_however_many_projects_show_it() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let list = shared();
    let source = Source::default();
    let all = ["A", "B", "C"].map(|name| small(name, 0, &list));
    export_with(&site, options(0), &source, &all).await.unwrap();
    let mut asked = source.asked();
    asked.sort();
    let expected = [
        "jade",
        "nothing",
        "picture of A",
        "picture of B",
        "picture of C",
    ];
    assert_eq!(asked, expected);
    // Each has its own, so that it can go without the others.
    let avatars = ["a", "b", "c"].map(|id| {
        let project = read(&site, &format!("data/projects/{id}/project.json"));
        let avatar = project["team"][0]["thumbnailUrl"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(
            avatar.starts_with(&format!("data/projects/{id}/previews/")),
            "{avatar}"
        );
        assert!(site.path(&avatar).is_file(), "{avatar}");
        avatar
    });
    export_with(&site, options(1), &source, &all[1..])
        .await
        .unwrap();
    assert_eq!(findings(&site), Vec::<String>::new());
    assert!(!site.path(&avatars[0]).exists());
    assert!(site.path(&avatars[1]).is_file());
    // The one that remembered it is gone, and nothing came again.
    source.asked();
    let again = export_with(&site, options(2), &source, &all[1..])
        .await
        .unwrap();
    assert_eq!(again.projects[0].media.fetched, 0);
}

#[tokio::test]
async fn what_fails_keeps_its_history_and_some_leave_the_others_alone() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let list = shared();
    let two = [small("A", 0, &list), small("B", 0, &list)];
    export(&site, 0, &two).await;

    // A fails.
    let all = ProjectList {
        projects: two.iter().map(|it| it.project.clone()).collect(),
        ..shared()
    };
    let source = Source::default();
    let mut failing = Export::begin(&site, options(60), &all, &source, &()).unwrap();
    failing
        .fail(&two[0].project, FailureCode::Other, "on fire".into())
        .unwrap();
    failing.project(small("B", 1, &list)).await.unwrap();
    let summary = failing.finish().await.unwrap();
    assert!(matches!(summary.projects[0].outcome, Outcome::Kept { .. }));
    let entry = read(&site, "data/projects-list/index.json")["projects"][0].clone();
    assert_eq!(entry["name"], "A");
    assert!(site.path(entry["thumbnailUrl"].as_str().unwrap()).is_file());

    // B is exported alone.
    let mut some = Export::begin(&site, options(120), &all, &source, &()).unwrap();
    some.keep_all_but(&[&two[1].project]).unwrap();
    some.project(two[1].clone()).await.unwrap();
    some.finish().await.unwrap();

    // An export that is given up counts nothing.
    let mut given_up = Export::begin(&site, options(180), &all, &source, &()).unwrap();
    given_up.project(two[0].clone()).await.unwrap();
    drop(given_up);

    assert_eq!(
        history(&site, "a"),
        ["? Animation Todo: 1", "? Animation Done: 0"]
    );
    let of_b = ["? Animation Todo: 1 0 1", "? Animation Done: 0 1 0"];
    assert_eq!(history(&site, "b"), of_b);
    assert_eq!(findings(&site), Vec::<String>::new());

    // A site that was moved goes on where it was.
    let elsewhere = tempfile::tempdir().unwrap();
    let moved = Site::new(elsewhere.path().join("moved"));
    fs::rename(site.root(), moved.root()).unwrap();
    export(&moved, 240, &two).await;
    assert_eq!(
        history(&moved, "a"),
        ["? Animation Todo: 1 1", "? Animation Done: 0 0"]
    );
}

#[tokio::test]
async fn a_history_keeps_what_is_no_more_under_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let mut list = shared();
    list.task_statuses.push(TaskStatus::new("Retake"));
    list.task_types.push(TaskType {
        for_shots: true,
        ..TaskType::new("FX")
    });
    let source = Source::default();
    let mut film = small("Film", 2, &list);
    film.project.task_types.push(list.task_types[4].id.clone());
    list.projects = vec![film.project.clone()];
    let mut first = Export::begin(&site, options(0), &list, &source, &()).unwrap();
    first.project(film).await.unwrap();
    first.finish().await.unwrap();

    // The tracker has neither type nor status any more.
    export(&site, 60, &[small("Film", 0, &shared())]).await;
    let expected = [
        "? Animation Todo: 0 1",
        "? Animation Done: 0 0",
        "? Animation Retake: 1",
        "? FX Todo: 0",
        "? FX Done: 0",
        "? FX Retake: 0",
    ];
    assert_eq!(history(&site, "film"), expected);
    assert_eq!(findings(&site), Vec::<String>::new());
    // And with its last reading it goes.
    let day = 24 * 60 * 60;
    let old = ExportOptions {
        keep_history: Duration::from_secs(day),
        ..options(day + 30)
    };
    let film = [small("Film", 0, &shared())];
    export_with(&site, old, &source, &film).await.unwrap();
    assert_eq!(
        history(&site, "film"),
        ["? Animation Todo: 1 1", "? Animation Done: 0 0"]
    );
    let project = read(&site, "data/projects/film/project.json");
    assert_eq!(project["task_types"].as_array().unwrap().len(), 1);
    assert_eq!(project["task_statuses"].as_array().unwrap().len(), 2);

    // Of what nobody can name, the id is the name.
    let counts = site.path("data/projects/film/task_counts.json");
    let text = fs::read_to_string(&counts).unwrap();
    let todo = TaskStatus::new("Todo").id;
    fs::write(&counts, text.replace(todo.as_str(), "unheard-of")).unwrap();
    export(&site, day + 60, &film).await;
    let rows = history(&site, "film");
    assert!(
        rows.contains(&"? Animation unheard-of: 1 1".to_owned()),
        "{rows:?}"
    );
}

#[tokio::test]
async fn a_film_that_becomes_a_series_keeps_its_history() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let list = shared();
    let mut film = small("Film", 0, &list);
    export(&site, 0, &[film.clone()]).await;
    film.episodes = vec![Episode::new("E01")];
    film.sequences[0].episode_id = Some(film.episodes[0].id.clone());
    export(&site, 60, &[film.clone()]).await;
    let expected = [
        "E01 Animation Todo: 1",
        "E01 Animation Done: 0",
        "? Animation Todo: 1",
        "? Animation Done: 0",
    ];
    assert_eq!(history(&site, "film"), expected);
    insta::assert_snapshot!("film_that_became_a_series", findings(&site).join("\n"));
    // And back: the episode's counts stay, where the client shows none.
    film.episodes.clear();
    film.sequences[0].episode_id = None;
    export(&site, 120, &[film]).await;
    let expected = [
        "? Animation Todo: 1 1",
        "? Animation Done: 0 0",
        "? Animation Todo: 1",
        "? Animation Done: 0",
    ];
    assert_eq!(history(&site, "film"), expected);
}

#[tokio::test]
async fn a_broken_history_is_refused_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let film = [small("Film", 0, &shared())];
    export(&site, 0, &film).await;
    let counts = site.path("data/projects/film/task_counts.json");
    let good = fs::read_to_string(&counts).unwrap();
    let mut messages = Vec::new();
    for broken in [
        String::new(),
        good[..good.len() / 2].to_owned(),
        r#"{"task_type_id": "x"}"#.to_owned(),
        r#"[{"task_type_id": "x", "task_statuses": null}]"#.to_owned(),
        good.replace("2026-", "2026/"),
        good.replace("2026-11-26", "2026-02-31"),
    ] {
        fs::write(&counts, &broken).unwrap();
        let source = Source::default();
        let exported = export_with(&site, options(60), &source, &film).await;
        let error = exported.unwrap_err();
        assert!(matches!(error, Error::History { .. }), "{error}");
        let place = site.root().to_str().unwrap();
        let message = error.to_string().replace(place, "SITE");
        messages.push(message.replace(MAIN_SEPARATOR, "/"));
        assert_eq!(fs::read_to_string(&counts).unwrap(), broken);
    }
    insta::assert_snapshot!("broken_histories", messages.join("\n"));
    // Moved away, a new one begins.
    fs::remove_file(&counts).unwrap();
    export(&site, 60, &film).await;
    assert_eq!(
        history(&site, "film"),
        ["? Animation Todo: 1", "? Animation Done: 0"]
    );
}

#[tokio::test]
async fn a_site_of_the_other_format_is_replaced_whole() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let list = shared();
    let two = [film(&list), series(&list)];
    let source = Source::default();
    let of = |format| ExportOptions {
        format: Some(format),
        ..options(0)
    };
    let (mut first, mut fetched) = (BTreeMap::new(), 0);
    for (format, replaces) in [
        (Format::V0, None),
        (Format::V1, Some(Format::V0)),
        (Format::V0, Some(Format::V1)),
        (Format::V1, Some(Format::V0)),
    ] {
        let summary = export_with(&site, of(format), &source, &two).await.unwrap();
        assert_eq!((summary.format, summary.replaces), (format, replaces));
        let contents: BTreeMap<_, _> = files(&site)
            .into_iter()
            .map(|(name, path)| (name, fs::read(path).unwrap()))
            .collect();
        // Whoever names no format keeps the site's.
        let unnamed = ExportOptions {
            format: None,
            ..options(0)
        };
        let again = export_with(&site, unnamed, &source, &two).await.unwrap();
        assert_eq!((again.format, again.replaces), (format, None));
        // The same as if there had been none before.
        let before = first.entry(format).or_insert_with(|| contents.clone());
        assert!(*before == contents, "{format}");
        let media = summary.projects.iter().map(|it| it.media.fetched);
        fetched = media.sum();
    }
    // The last one had every picture and movie from the one before, but for the movie of the series: format
    // v0 does not show those of episodes.
    assert_eq!(fetched, 1);
}

#[tokio::test]
async fn nothing_of_the_other_format_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let list = shared();
    let two = [small("A", 0, &list), small("B", 0, &list)];
    let source = Source::default();
    export(&site, 0, &two).await;
    let before = shown(&site);
    let v0 = ExportOptions {
        format: Some(Format::V0),
        ..options(60)
    };
    let all = ProjectList {
        projects: two.iter().map(|it| it.project.clone()).collect(),
        ..shared()
    };

    // One project of another format cannot stand beside the others.
    let mut some = Export::begin(&site, v0.clone(), &all, &source, &()).unwrap();
    let error = some.keep_all_but(&[&two[0].project]).unwrap_err();
    let message = error
        .to_string()
        .replace(site.root().to_str().unwrap(), "SITE");
    insta::assert_snapshot!(message, @"`SITE` is a site of format v1, and projects of format v0 cannot stand beside those in it: export all projects to change its format, or give another folder");
    drop(some);
    assert_eq!(shown(&site), before);

    // And one that fails is not there.
    let mut export = Export::begin(&site, v0, &all, &source, &()).unwrap();
    export
        .fail(&two[0].project, FailureCode::Other, "on fire".into())
        .unwrap();
    export.project(two[1].clone()).await.unwrap();
    let summary = export.finish().await.unwrap();
    assert!(matches!(
        summary.projects[0].outcome,
        Outcome::Missing { .. }
    ));
    assert!(!site.path("data/projects/a").exists());
    assert!(!site.path("data/projects-list").exists());
    assert_eq!(findings(&site), Vec::<String>::new());
}

#[tokio::test]
async fn a_picture_that_nobody_shows_any_more_stays_for_pages_that_are_open() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let list = shared();
    let mut film = film(&list);
    export(&site, 0, &[film.clone()]).await;
    let shots = read(&site, "data/projects/film/shots.json");
    let picture = site.path(shots[0]["thumbnailUrl"].as_str().unwrap());
    film.shots[0].thumbnail = None;
    export(&site, 1, &[film.clone()]).await;
    assert!(picture.is_file());
    let at_once = ExportOptions {
        keep_unused: Duration::ZERO,
        ..options(2)
    };
    let source = Source::default();
    export_with(&site, at_once, &source, &[film]).await.unwrap();
    assert!(!picture.exists());
    assert_eq!(findings(&site), Vec::<String>::new());
}

#[tokio::test]
async fn what_others_put_elsewhere_stays_with_a_project_that_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let list = shared();
    let two = [film(&list), small("B", 0, &list)];
    export(&site, 0, &two).await;
    let picture = "data/previews/ab/abc.svg";
    fs::create_dir_all(site.path("data/previews/ab")).unwrap();
    fs::write(site.path(picture), "<svg/>").unwrap();
    let shots = site.path("data/projects/film/shots.json");
    let text = fs::read_to_string(&shots).unwrap();
    let before = read(&site, "data/projects/film/shots.json")[0]["thumbnailUrl"].clone();
    fs::write(&shots, text.replace(before.as_str().unwrap(), picture)).unwrap();

    let all = ProjectList {
        projects: two.iter().map(|it| it.project.clone()).collect(),
        ..shared()
    };
    let source = Source::default();
    let mut some = Export::begin(&site, options(60), &all, &source, &()).unwrap();
    some.keep_all_but(&[&two[1].project]).unwrap();
    some.project(two[1].clone()).await.unwrap();
    some.finish().await.unwrap();
    assert!(site.path(picture).is_file());
}

#[tokio::test]
async fn of_a_site_of_two_formats_nothing_is_kept_but_the_history() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let list = shared();
    let two = [small("A", 0, &list), small("B", 0, &list)];
    export(&site, 0, &two).await;
    // Whoever wrote it may have written `project.json` of both formats over each other.
    let context = r#"{"projects": [{"id": "a"}]}"#;
    fs::write(site.path("data/projects/context.json"), context).unwrap();

    let all = ProjectList {
        projects: two.iter().map(|it| it.project.clone()).collect(),
        ..shared()
    };
    let source = Source::default();
    let mut export = Export::begin(&site, options(60), &all, &source, &()).unwrap();
    let error = export.keep_all_but(&[&two[1].project]).unwrap_err();
    assert!(matches!(error, Error::OtherFormat { .. }), "{error}");
    export
        .fail(&two[0].project, FailureCode::Other, "on fire".into())
        .unwrap();
    export.project(two[1].clone()).await.unwrap();
    let summary = export.finish().await.unwrap();
    assert!(matches!(
        summary.projects[0].outcome,
        Outcome::Missing { .. }
    ));
    let of_b = ["? Animation Todo: 1 1", "? Animation Done: 0 0"];
    assert_eq!(history(&site, "b"), of_b);
    assert!(!site.path("data/projects/context.json").exists());
    assert_eq!(findings(&site), Vec::<String>::new());
}
