//! Sites from one format to the other, and back: of ours, the same bytes.

#![allow(clippy::unwrap_used)] // Outside the tests themselves, too, all of this is a test.

mod sites;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use async_trait::async_trait;
use bytes::Bytes;
use futures_executor::block_on;
use futures_util::{StreamExt, stream};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value, json};
use watchtower_model::format::Format;
use watchtower_model::{
    Asset, AssetId, AssetType, AssetTypeId, Edit, EditId, FrameRate, HexColor, MediaLocation,
    MediaRef, Project, ProjectId, ProjectList, ProjectSnapshot, Sequence, SequenceId, Shot,
    ShotCasting, ShotData, ShotId, Task, TaskId, TaskStatus, TaskStatusId, TaskType, TaskTypeId,
    User, UserId,
};
use watchtower_writer::media::{
    MediaError, MediaPolicy, MediaRequest, MediaSource, MediaStream, Opened,
};
use watchtower_writer::{Export, ExportOptions, Site, Summary, read, validate};

const MOVIE: &[u8] = include_bytes!("movies/h264.mp4");

/// Has a picture for each key, and one movie.
struct Source;

#[async_trait]
impl MediaSource for Source {
    fn name(&self) -> String {
        "test".into()
    }

    async fn open(&self, request: MediaRequest<'_>) -> Result<Opened, MediaError> {
        let MediaLocation::Key(key) = &request.media.location else {
            return Err(MediaError::permanent("it has keys"));
        };
        let bytes = match key.as_str() {
            "movie" => Bytes::from_static(MOVIE),
            key => {
                format!("<svg xmlns='http://www.w3.org/2000/svg'><text>{key}</text></svg>").into()
            }
        };
        Ok(Opened::Stream(MediaStream {
            length: Some(bytes.len() as u64),
            bytes: stream::iter([Ok(bytes)]).boxed(),
            offset: 0,
            tag: None,
        }))
    }
}

fn write(
    folder: &Path,
    options: ExportOptions,
    list: &ProjectList,
    projects: Vec<ProjectSnapshot>,
    source: &dyn MediaSource,
) -> Summary {
    block_on(async {
        let site = Site::new(folder);
        let mut export = Export::begin(&site, options, list, source, &()).unwrap();
        for project in projects {
            export.project(project).await.unwrap();
        }
        export.finish().await.unwrap()
    })
}

/// Writes what a tracker holds.
fn export(folder: &Path, format: Format, list: &ProjectList, projects: &[ProjectSnapshot]) {
    let options = ExportOptions {
        format: Some(format),
        // Some media are elsewhere.
        media: MediaPolicy::Copy,
        ..ExportOptions::default()
    };
    write(folder, options, list, projects.to_vec(), &Source);
}

/// Writes what another site holds.
fn convert(from: &Path, to: &Path, format: Format) -> Summary {
    let mut others = Format::ALL.iter().copied().filter(|it| *it != format);
    let contents = read::site(from, others.next()).unwrap();
    let options = ExportOptions {
        format: Some(format),
        media: MediaPolicy::Copy,
        from_site: true,
        ..ExportOptions::default()
    };
    write(
        to,
        options,
        &contents.list,
        contents.projects,
        &contents.media,
    )
}

/// The files of a site, by path: texts as they are, and what is no text as its length and first bytes.
fn files(site: &Path) -> BTreeMap<String, Vec<u8>> {
    fn add(folder: &Path, site: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                add(&path, site, files);
            } else {
                let name = path.strip_prefix(site).unwrap().to_str().unwrap();
                files.insert(name.to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    add(&site.join("data"), site, &mut files);
    files
}

/// Compares two sites, and says which files differ.
#[track_caller]
fn assert_same(one: &Path, other: &Path) {
    let (one, other) = (files(one), files(other));
    let names: Vec<_> = one.keys().collect();
    assert_eq!(names, other.keys().collect::<Vec<_>>());
    for (name, bytes) in &one {
        if *bytes != other[name] {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            assert_eq!(text(bytes), text(&other[name]), "{name}");
        }
    }
}

/// Errors and warnings of validation, by code and file.
fn findings(site: &Path) -> Vec<String> {
    let report = validate::site(site, &validate::Options::default()).unwrap();
    let line = |it: &validate::Finding| {
        let file = it.file.file_name().unwrap().to_str().unwrap();
        format!("{} {} {file} {}", it.severity, it.code, it.pointer)
    };
    report.findings.iter().map(line).collect()
}

/// Everything that a person should know of a conversion.
fn told(summary: &Summary) -> String {
    let projects = summary.projects.iter();
    let lines = projects.flat_map(|project| {
        let left_out = project.left_out.iter();
        let left_out =
            left_out.map(|it| format!("left out: {} {}, {}", it.kind, it.name, it.reason));
        let missing = project.media.missing.iter();
        let missing =
            missing.map(|(reason, what)| format!("missing: {}: {reason}", what.of.join(", ")));
        let notes = project.notes.iter().cloned();
        left_out.chain(missing).chain(notes).collect::<Vec<_>>()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 é\"\\\\\u{1}\u{2028}/<]{1,6}"
}

/// A picture of the tracker's, one elsewhere, or none.
fn picture() -> impl Strategy<Value = Option<MediaRef>> {
    prop_oneof![
        3 => "[a-d]".prop_map(|key| Some(MediaRef::key(key))),
        1 => Just(Some(MediaRef::url("/kitsu.example/1.png"))),
        1 => Just(Some(MediaRef::url("api/pictures/1.png"))),
        2 => Just(None),
    ]
}

prop_compose! {
    fn color()(parts in any::<[u8; 3]>(), is_there in any::<bool>()) -> Option<HexColor> {
        is_there.then(|| HexColor::new(parts[0], parts[1], parts[2]))
    }
}

prop_compose! {
    /// What projects share: some of it is used by none.
    fn shared()(
        asset_types in prop::collection::vec(name(), 1..4),
        task_types in prop::collection::vec((name(), color(), any::<bool>()), 1..5),
        task_statuses in prop::collection::vec((name(), color()), 1..5),
        users in prop::collection::vec((name(), picture()), 1..5),
    ) -> ProjectList {
        let asset_types = asset_types.into_iter().enumerate().map(|(number, name)| AssetType {
            id: AssetTypeId::new(format!("asset type {number}")).unwrap(),
            ..AssetType::new(name)
        });
        let task_types = task_types.into_iter().enumerate();
        let task_types = task_types.map(|(number, (name, color, for_shots))| TaskType {
            id: TaskTypeId::new(format!("task type {number}")).unwrap(),
            color,
            for_shots,
            ..TaskType::new(name)
        });
        let task_statuses = task_statuses.into_iter().enumerate();
        let task_statuses = task_statuses.map(|(number, (name, color))| TaskStatus {
            id: TaskStatusId::new(format!("status {number}")).unwrap(),
            color,
            ..TaskStatus::new(name)
        });
        let users = users.into_iter().enumerate().map(|(number, (name, thumbnail))| User {
            id: UserId::new(format!("user {number}")).unwrap(),
            has_avatar: thumbnail.is_some(),
            thumbnail,
            ..User::new(name)
        });
        ProjectList {
            projects: Vec::new(),
            asset_types: asset_types.collect(),
            task_types: task_types.collect(),
            task_statuses: task_statuses.collect(),
            users: users.collect(),
        }
    }
}

/// Some of a list, in any order.
fn some<T, I: Clone + PartialEq>(all: &[T], chosen: &[Index], id: impl Fn(&T) -> &I) -> Vec<I> {
    let mut ids: Vec<I> = Vec::new();
    for place in chosen {
        let id = id(place.get(all));
        if !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    ids
}

fn choice() -> impl Strategy<Value = Vec<Index>> {
    prop::collection::vec(any::<Index>(), 0..5)
}

/// A task as places in lists: of its type, its status and the people; and whether it has an id.
type ATask = (Index, Index, Vec<Index>, bool);

fn tasks(list: &ProjectList, tasks: &[ATask]) -> Vec<Task> {
    let task = |(number, (kind, status, people, has_id)): (usize, &ATask)| Task {
        id: has_id.then(|| TaskId::new(format!("task {number}")).unwrap()),
        task_type_id: kind.get(&list.task_types).id.clone(),
        task_status_id: status.get(&list.task_statuses).id.clone(),
        assignees: some(&list.users, people, |it| &it.id),
    };
    tasks.iter().enumerate().map(task).collect()
}

fn any_tasks() -> impl Strategy<Value = Vec<ATask>> {
    let task = (any::<Index>(), any::<Index>(), choice(), any::<bool>());
    prop::collection::vec(task, 0..4)
}

fn custom() -> impl Strategy<Value = Map<String, Value>> {
    let value = prop_oneof![
        any::<f64>().prop_map(|it| json!(it)),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        name().prop_map(Value::from),
        Just(Value::Null),
        Just(json!({"b": 1, "a": [null, {"c": 1e-7}]})),
    ];
    let members = prop::collection::vec(("[a-z]{1,3}", value), 0..3);
    members.prop_map(Map::from_iter)
}

/// A shot: its name, sequence and picture; range; frame rate; tasks; and which assets are in it.
type AShot = (
    (String, Index, Option<MediaRef>),
    (i64, i64, Map<String, Value>),
    f64,
    Vec<ATask>,
    Option<Vec<Index>>,
);

fn any_shot() -> impl Strategy<Value = AShot> {
    (
        (name(), any::<Index>(), picture()),
        (-3..2000_i64, 1..300_i64, custom()),
        prop_oneof![Just(24.0), Just(25.0), Just(23.976), 0.1..300.0],
        any_tasks(),
        prop::option::weighted(0.7, choice()),
    )
}

/// A project before it is known what projects share.
#[derive(Clone, Debug)]
struct AProject {
    about: (String, Option<String>, Option<MediaRef>, f64),
    lists: [Vec<Index>; 4],
    sequences: Vec<String>,
    assets: Vec<(String, Index, Option<MediaRef>, Vec<ATask>)>,
    shots: Vec<AShot>,
    edits: Vec<(Option<MediaRef>, i64, u64)>,
}

prop_compose! {
    fn any_project()(
        about in (name(), prop::option::of(name()), picture(), 0.1..300.0),
        lists in [choice(), choice(), choice(), choice()],
        sequences in prop::collection::vec(name(), 1..4),
        assets in prop::collection::vec((name(), any::<Index>(), picture(), any_tasks()), 0..4),
        shots in prop::collection::vec(any_shot(), 0..6),
        edits in prop::collection::vec((movie(), -100..100_i64, 1..5000_u64), 0..3),
    ) -> AProject {
        AProject { about, lists, sequences, assets, shots, edits }
    }
}

fn movie() -> impl Strategy<Value = Option<MediaRef>> {
    prop_oneof![
        Just(Some(MediaRef::key("movie"))),
        Just(Some(MediaRef::url("/kitsu.example/edit.mp4"))),
        Just(None),
    ]
}

impl AProject {
    /// The project as a tracker would give it. `number` tells it from others.
    fn of(self, number: usize, list: &ProjectList) -> ProjectSnapshot {
        let (name, ratio, thumbnail, fps) = self.about;
        let [asset_types, task_types, task_statuses, team] = &self.lists;
        let mut snapshot = ProjectSnapshot::new(Project {
            id: ProjectId::new(format!("project {number}")).unwrap(),
            ratio,
            thumbnail,
            fps: FrameRate::new(fps).unwrap(),
            asset_types: some(&list.asset_types, asset_types, |it| &it.id),
            task_types: some(&list.task_types, task_types, |it| &it.id),
            task_statuses: some(&list.task_statuses, task_statuses, |it| &it.id),
            team: some(&list.users, team, |it| &it.id),
            ..Project::new(name)
        });
        let sequences = self.sequences.into_iter().enumerate();
        snapshot.sequences = sequences
            .map(|(number, name)| Sequence {
                id: SequenceId::new(format!("sequence {number}")).unwrap(),
                ..Sequence::new(name)
            })
            .collect();
        let assets = self.assets.into_iter().enumerate();
        snapshot.assets = assets
            .map(|(number, (name, kind, thumbnail, work))| Asset {
                id: AssetId::new(format!("asset {number}")).unwrap(),
                tasks: tasks(list, &work),
                thumbnail,
                ..Asset::new(name, &kind.get(&list.asset_types).id)
            })
            .collect();
        for (number, shot) in self.shots.into_iter().enumerate() {
            let ((name, sequence, thumbnail), (start, length, custom), fps, work, cast) = shot;
            let sequence = &sequence.get(&snapshot.sequences).id;
            let mut data = ShotData::new(start, start + length);
            data.custom = custom;
            let shot = Shot {
                id: ShotId::new(format!("shot {number}")).unwrap(),
                tasks: tasks(list, &work),
                thumbnail,
                fps: FrameRate::new(fps).unwrap(),
                ..Shot::new(name, sequence, data)
            };
            if let Some(cast) = cast {
                let asset_ids = match snapshot.assets.is_empty() {
                    true => Vec::new(),
                    false => some(&snapshot.assets, &cast, |it| &it.id),
                };
                let shot_id = shot.id.clone();
                snapshot.casting.push(ShotCasting { shot_id, asset_ids });
            }
            snapshot.shots.push(shot);
        }
        let edits = self.edits.into_iter().enumerate();
        snapshot.edits = edits
            .map(|(number, (movie, frame_offset, total_frames))| Edit {
                id: EditId::new(format!("edit {number}")).unwrap(),
                movie,
                frame_offset,
                total_frames: Some(total_frames),
                ..Edit::new("Edit")
            })
            .collect();
        snapshot
    }
}

prop_compose! {
    fn tracker()(
        mut list in shared(),
        projects in prop::collection::vec(any_project(), 1..3),
    ) -> (ProjectList, Vec<ProjectSnapshot>) {
        let projects = projects.into_iter().enumerate();
        let projects: Vec<_> = projects.map(|(number, it)| it.of(number, &list)).collect();
        list.projects = projects.iter().map(|it| it.project.clone()).collect();
        (list, projects)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_site_of_ours_is_the_same_on_the_way_back((list, projects) in tracker()) {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        export(&at("site"), Format::V0, &list, &projects);
        convert(&at("site"), &at("v1"), Format::V1);
        convert(&at("v1"), &at("back"), Format::V0);
        assert_same(&at("site"), &at("back"));
    }

    #[test]
    fn a_site_of_the_other_format_is_a_fixed_point((list, projects) in tracker()) {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        export(&at("site"), Format::V1, &list, &projects);
        convert(&at("site"), &at("v0"), Format::V0);
        convert(&at("v0"), &at("v1"), Format::V1);
        convert(&at("v1"), &at("v0 again"), Format::V0);
        assert_same(&at("v0"), &at("v0 again"));
    }
}

#[test]
fn foreign_sites_are_settled_by_the_first_conversion() {
    for name in ["film-v0", "film-v1", "python-0.1.7", "python-1.0.0b3"] {
        let site = sites::Site::named(name);
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        let format = read::site(site.0.path(), None).unwrap().format;
        let other = *Format::ALL.iter().find(|it| **it != format).unwrap();
        let summary = convert(site.0.path(), &at("1"), other);
        insta::assert_snapshot!(name, told(&summary));
        convert(&at("1"), &at("2"), format);
        convert(&at("2"), &at("3"), other);
        convert(&at("3"), &at("4"), format);
        assert_same(&at("1"), &at("3"));
        assert_same(&at("2"), &at("4"));
        for path in ["1", "2"] {
            let errors = findings(&at(path)).into_iter();
            let errors: Vec<_> = errors.filter(|it| it.starts_with("error")).collect();
            assert_eq!(errors, [""; 0], "{name}");
        }
    }
}

#[test]
fn a_good_site_is_a_good_site_in_the_other_format() {
    for format in [Format::V0, Format::V1] {
        let site = sites::Site::of(format);
        let folder = tempfile::tempdir().unwrap();
        let other = *Format::ALL.iter().find(|it| **it != format).unwrap();
        let summary = convert(site.0.path(), folder.path(), other);
        assert_eq!(findings(folder.path()), [""; 0]);
        let media = &summary.projects[0].media;
        assert_eq!((media.movies, media.missing_total()), (1, 0));
        assert!(media.pictures > 2);
    }
}

#[test]
fn what_format_v0_cannot_hold_is_said() {
    let site = sites::Site::series();
    site.split_off_an_episode(100);
    let folder = tempfile::tempdir().unwrap();
    let summary = convert(site.0.path(), folder.path(), Format::V0);
    insta::assert_snapshot!(told(&summary));
}

#[test]
fn a_conversion_adds_nothing_to_a_history() {
    let site = sites::Site::new();
    let folder = tempfile::tempdir().unwrap();
    let counts = || -> Value {
        let path = format!("data/projects/{}/task_counts.json", sites::FILM);
        serde_json::from_slice(&fs::read(folder.path().join(path)).unwrap()).unwrap()
    };
    let summary = convert(site.0.path(), folder.path(), Format::V1);
    assert_eq!(counts(), json!([]));
    assert!(told(&summary).contains("it begins with the next export"));

    let contents = read::site(site.0.path(), None).unwrap();
    let options = ExportOptions {
        format: Some(Format::V1),
        media: MediaPolicy::Copy,
        ..ExportOptions::default()
    };
    write(
        folder.path(),
        options,
        &contents.list,
        contents.projects,
        &contents.media,
    );
    let history = counts();
    assert_ne!(history, json!([]));

    let summary = convert(site.0.path(), folder.path(), Format::V1);
    assert_eq!(counts(), history);
    assert!(!told(&summary).contains("it begins with the next export"));
}

#[test]
fn what_did_not_change_is_not_copied_again() {
    let site = sites::Site::new();
    let folder = tempfile::tempdir().unwrap();
    let first = convert(site.0.path(), folder.path(), Format::V1);
    let media = &first.projects[0].media;
    assert!(media.fetched > 0);
    let second = convert(site.0.path(), folder.path(), Format::V1);
    let again = &second.projects[0].media;
    assert_eq!((again.fetched, again.pictures), (0, media.pictures));
}

#[test]
fn what_the_client_reads_of_a_converted_site_is_kept_whatever_else_its_list_says() {
    let site = sites::Site::new();
    let folder = tempfile::tempdir().unwrap();
    convert(site.0.path(), folder.path(), Format::V1);
    let index = folder.path().join("data/projects-list/index.json");
    let mut text: Value = serde_json::from_slice(&fs::read(&index).unwrap()).unwrap();
    assert!(text["context"]["task_types"].is_array());
    text["context"] = json!("lost");
    fs::write(&index, text.to_string()).unwrap();

    // Another project is exported; the film stays.
    let other = ProjectSnapshot::new(Project::new("Other"));
    let list = ProjectList {
        projects: vec![other.project.clone()],
        ..ProjectList::default()
    };
    let options = ExportOptions {
        format: Some(Format::V1),
        ..ExportOptions::default()
    };
    block_on(async {
        let site = Site::new(folder.path());
        let mut export = Export::begin(&site, options, &list, &Source, &()).unwrap();
        export.keep_all_but(&[&other.project]).unwrap();
        export.project(other.clone()).await.unwrap();
        export.finish().await.unwrap();
    });
    let text: Value = serde_json::from_slice(&fs::read(&index).unwrap()).unwrap();
    let names: Vec<_> = text["projects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["name"])
        .collect();
    assert_eq!(names, ["Other", "Small Film"]);
    assert_eq!(text.get("context"), None);
    // Without it, a project lists what it has.
    let contents = read::site(folder.path(), None).unwrap();
    assert!(!contents.projects[1].project.task_types.is_empty());
}
