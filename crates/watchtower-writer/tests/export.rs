//! Some projects of an export fail, and the others go on.

use std::fs;

use serde_json::Value;
use watchtower_model::format::Format;
use watchtower_model::{
    Asset, AssetType, MediaRef, Project, ProjectId, ProjectList, ProjectSnapshot, Sequence, Shot,
    ShotData, Task, TaskStatus, TaskType, User,
};
use watchtower_writer::media::NoMedia;
use watchtower_writer::{Error, Export, ExportOptions, FailureCode, Outcome, Site, validate};

/// Projects by name, each with one shot.
fn projects(names: &[&str], shot: &str) -> (ProjectList, Vec<ProjectSnapshot>) {
    let snapshot = |name: &&str| {
        let mut snapshot = ProjectSnapshot::new(Project::new(*name));
        snapshot.project.id = ProjectId::new(name.to_lowercase()).expect("a file name");
        snapshot.sequences = vec![Sequence::new("010")];
        let sequence = &snapshot.sequences[0].id;
        snapshot.shots = vec![Shot::new(shot, sequence, ShotData::new(0, 10))];
        snapshot
    };
    let snapshots: Vec<_> = names.iter().map(snapshot).collect();
    let list = ProjectList {
        projects: snapshots.iter().map(|it| it.project.clone()).collect(),
        ..ProjectList::default()
    };
    (list, snapshots)
}

async fn begin<'a>(site: &Site, list: &'a ProjectList) -> Export<'a> {
    let options = ExportOptions::default();
    Export::begin(site, options, list, &NoMedia, &()).expect("nobody else exports")
}

/// The projects of the list, each with its shot.
fn shown(site: &Site) -> Vec<(String, String)> {
    let read = |path: String| -> Value {
        let text = fs::read(site.path(&path)).expect("the document is there");
        serde_json::from_slice(&text).expect("JSON")
    };
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let context = read("data/projects/context.json".to_owned());
    let projects = context["projects"].as_array().expect("a list").iter();
    let shown = projects.map(|project| {
        let shots = read(format!("data/projects/{}/shots.json", text(&project["id"])));
        (text(&project["name"]), text(&shots[0]["name"]))
    });
    shown.collect()
}

#[tokio::test]
async fn a_project_that_does_not_fit_together_keeps_its_previous_version() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let (list, snapshots) = projects(&["A", "B"], "one");
    let mut export = begin(&site, &list).await;
    for snapshot in snapshots {
        export.project(snapshot).await.unwrap();
    }
    export.finish().await.unwrap();

    let (list, mut snapshots) = projects(&["A", "B", "C"], "two");
    let mut export = begin(&site, &list).await;
    for broken in [1, 2] {
        snapshots[broken].sequences.clear();
    }
    for snapshot in snapshots {
        let project = snapshot.project.clone();
        if let Err(error) = export.project(snapshot).await {
            assert!(matches!(error, Error::Data(_)), "{error}");
            export
                .fail(&project, FailureCode::Invalid, error.to_string())
                .unwrap();
        }
    }
    let summary = export.finish().await.unwrap();
    let pair = |name: &str, shot: &str| (name.to_owned(), shot.to_owned());
    assert_eq!(shown(&site), [pair("A", "two"), pair("B", "one")]);
    assert!(matches!(summary.projects[1].outcome, Outcome::Kept { .. }));
    assert!(matches!(
        summary.projects[2].outcome,
        Outcome::Missing { .. }
    ));
    assert!(!site.path("data/projects/c").exists());
}

#[tokio::test]
async fn a_type_of_shots_stays_one_for_the_projects_that_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let (mut list, mut snapshots) = projects(&["A", "B"], "one");
    let (mut animation, status) = (TaskType::new("Animation"), TaskStatus::new("Done"));
    animation.for_shots = true;
    snapshots[0].shots[0].tasks = vec![Task::new(animation.id.clone(), status.id.clone())];
    list.task_types = vec![animation];
    list.task_statuses = vec![status];
    let mut export = begin(&site, &list).await;
    for snapshot in snapshots {
        export.project(snapshot).await.unwrap();
    }
    export.finish().await.unwrap();

    // All that is known of B is that assets have such tasks.
    list.task_types[0].for_shots = false;
    let (_, mut snapshots) = projects(&["A", "B"], "two");
    let mut export = begin(&site, &list).await;
    export.keep_all_but(&[&list.projects[1]]).unwrap();
    export.project(snapshots.remove(1)).await.unwrap();
    export.finish().await.unwrap();
    let context = fs::read(site.path("data/projects/context.json")).unwrap();
    let context: Value = serde_json::from_slice(&context).unwrap();
    assert_eq!(context["task_types"][0]["for_shots"], true);
}

#[tokio::test]
async fn what_the_client_shows_wrongly_is_published_and_noted() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let (list, mut snapshots) = projects(&["A"], "one");
    snapshots[0].shots[0].name = String::new();
    let id = snapshots[0].shots[0].id.to_string();
    let mut export = begin(&site, &list).await;
    export.project(snapshots.remove(0)).await.unwrap();
    let summary = export.finish().await.unwrap();
    let notes = &summary.projects[0].notes;
    let note = format!("the shot `{id}`, `name`: the name is empty");
    assert!(notes.contains(&note), "{notes:?}");
}

#[tokio::test]
async fn two_projects_with_one_id_do_not_take_each_others_place() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let (list, mut snapshots) = projects(&["A", "B"], "one");
    snapshots[1].project.id = snapshots[0].project.id.clone();
    let mut export = begin(&site, &list).await;
    export.project(snapshots.remove(0)).await.unwrap();
    let error = export.project(snapshots.remove(0)).await.unwrap_err();
    assert_eq!(error.to_string(), "`B` has the id of another project, a");
    export
        .fail(&list.projects[1], FailureCode::Invalid, error.to_string())
        .unwrap();
    let (_, mut named) = projects(&["Context.json"], "one");
    let error = export.project(named.remove(0)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "`Context.json` has the id context.json, which is the name of a document"
    );
    let summary = export.finish().await.unwrap();
    let outcomes: Vec<_> = summary.projects.iter().map(|it| &it.outcome).collect();
    assert!(matches!(
        outcomes[..],
        [Outcome::Exported, Outcome::Missing { .. }]
    ));
    assert_eq!(shown(&site), [("A".to_owned(), "one".to_owned())]);
}

/// A site with A, B and C.
async fn site_of_three(folder: &std::path::Path) -> (Site, ProjectList) {
    let site = Site::new(folder);
    let (list, snapshots) = projects(&["A", "B", "C"], "one");
    let mut export = begin(&site, &list).await;
    for snapshot in snapshots {
        export.project(snapshot).await.expect("it fits");
    }
    export.finish().await.expect("there is room");
    (site, list)
}

#[tokio::test]
async fn a_list_that_cannot_be_read_loses_nobody() {
    for broken in [Some("{"), Some(""), Some("[1]"), None] {
        let folder = tempfile::tempdir().unwrap();
        let (site, list) = site_of_three(folder.path()).await;
        let path = site.path("data/projects/context.json");
        match broken {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }

        let mut export = begin(&site, &list).await;
        let error = export.keep_all_but(&[&list.projects[0]]).unwrap_err();
        assert!(matches!(error, Error::List { .. }), "{error}");
        let error = export.fail(&list.projects[1], FailureCode::Other, "on fire".into());
        assert!(matches!(error, Err(Error::List { .. })), "{error:?}");
        drop(export);
        assert!(site.path("data/projects/b/shots.json").is_file());

        // Who brings all of them needs no list; what is not brought is told.
        let (fewer, snapshots) = projects(&["A", "B"], "two");
        let mut export = begin(&site, &fewer).await;
        for snapshot in snapshots {
            export.project(snapshot).await.unwrap();
        }
        let summary = export.finish().await.unwrap();
        assert_eq!(summary.removed.len(), 1, "{broken:?}");
        assert_eq!(summary.removed[0].id, "c");
        assert_eq!(shown(&site).len(), 2);
    }
}

#[tokio::test]
async fn a_project_that_nobody_speaks_of_any_more_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (site, list) = site_of_three(folder.path()).await;
    let (_, mut snapshots) = projects(&["A"], "two");
    let mut export = begin(&site, &list).await;
    export.project(snapshots.remove(0)).await.unwrap();
    export
        .fail(&list.projects[1], FailureCode::Other, "on fire".into())
        .unwrap();
    let summary = export.finish().await.unwrap();
    let removed: Vec<_> = summary
        .removed
        .iter()
        .map(|it| (&*it.id, &*it.name))
        .collect();
    assert_eq!(removed, [("c", "C")]);
}

#[tokio::test]
async fn a_site_that_lost_its_list_keeps_its_format() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let v1 = ExportOptions {
        format: Some(Format::V1),
        ..ExportOptions::default()
    };
    for options in [v1, ExportOptions::default()] {
        let (list, mut snapshots) = projects(&["A"], "one");
        let mut export = Export::begin(&site, options, &list, &NoMedia, &()).unwrap();
        export.project(snapshots.remove(0)).await.unwrap();
        let summary = export.finish().await.unwrap();
        assert_eq!(summary.format, Format::V1);
        fs::remove_file(site.path("data/projects-list/index.json")).unwrap();
    }
}

#[tokio::test]
async fn of_a_site_of_two_formats_one_must_be_named() {
    let folder = tempfile::tempdir().unwrap();
    let (site, list) = site_of_three(folder.path()).await;
    fs::create_dir(site.path("data/projects-list")).unwrap();
    fs::write(
        site.path("data/projects-list/index.json"),
        r#"{"projects": []}"#,
    )
    .unwrap();
    let options = ExportOptions::default();
    let export = Export::begin(&site, options, &list, &NoMedia, &());
    let error = export.err().expect("it does not guess");
    assert!(matches!(error, Error::SeveralFormats { .. }), "{error}");
}

/// Exports one project of so many shots, all of which one account sees.
async fn export_shots(site: &Site, shots: usize, options: ExportOptions) -> Result<(), Error> {
    let (list, mut snapshots) = projects(&["A"], "one");
    let mut snapshot = snapshots.remove(0);
    let sequence = snapshot.sequences[0].id.clone();
    snapshot.shots = (0..i64::try_from(shots).expect("few"))
        .map(|it| {
            Shot::new(
                format!("{it}"),
                &sequence,
                ShotData::new(it * 10, it * 10 + 10),
            )
        })
        .collect();
    let mut export = Export::begin(site, options, &list, &NoMedia, &())?;
    let project = snapshot.project.clone();
    let result = export.project(snapshot).await;
    if let Err(error) = &result {
        export.fail(&project, FailureCode::Invalid, error.to_string())?;
    }
    export.finish().await?;
    result
}

#[tokio::test]
async fn no_export_empties_a_wall() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let options = ExportOptions::default;
    export_shots(&site, 230, options()).await.unwrap();
    for shots in [1, 0] {
        let error = export_shots(&site, shots, options()).await.unwrap_err();
        let Error::Shrunk { project, lost } = &error else {
            panic!("{error}")
        };
        assert_eq!(project, "A");
        assert!(
            lost.starts_with(&format!("230 shots would become {shots}")),
            "{lost}"
        );
        assert!(
            error.to_string().contains("--allow-shrink \"A\""),
            "{error}"
        );
        let text = fs::read_to_string(site.path("data/projects/a/shots.json")).unwrap();
        let shown: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            shown.as_array().unwrap().len(),
            230,
            "the site keeps what it has"
        );
    }
    // Somebody says that it is right.
    let allowed = ExportOptions {
        allow_shrink: vec!["A".into()],
        ..options()
    };
    export_shots(&site, 1, allowed).await.unwrap();
    export_shots(&site, 1, options()).await.unwrap();
    // The last shot is a loss as well.
    let error = export_shots(&site, 0, options()).await.unwrap_err();
    assert!(matches!(error, Error::Shrunk { .. }), "{error}");
}

#[tokio::test]
async fn no_export_empties_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let names = ["A", "B", "C", "D", "E", "F", "G", "H"];
    let export = async |names: &[&str], allow_shrink: Vec<String>| {
        let (list, snapshots) = projects(names, "one");
        let options = ExportOptions {
            allow_shrink,
            ..ExportOptions::default()
        };
        let mut export = Export::begin(&site, options, &list, &NoMedia, &())?;
        for snapshot in snapshots {
            export.project(snapshot).await?;
        }
        export.finish().await.map(drop)
    };
    export(&names, Vec::new()).await.unwrap();
    let error = export(&["A"], Vec::new()).await.unwrap_err();
    insta::assert_snapshot!(error, @"the site has 8 projects, and 1 of them came: B, C, D, E, F, G, H would be gone. If that is right, export once with `--allow-shrink projects`");
    assert_eq!(shown(&site).len(), 8);
    export(&["A", "B", "C", "D"], Vec::new()).await.unwrap();
    export(&["A"], vec!["projects".into()]).await.unwrap();
    assert_eq!(shown(&site).len(), 1);
}

#[tokio::test]
async fn a_file_whose_disk_is_not_mounted_keeps_the_picture_of_the_site() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path().join("site"));
    let picture = folder.path().join("0010.svg");
    fs::write(&picture, "<svg xmlns='http://www.w3.org/2000/svg'/>").unwrap();
    let (list, snapshots) = projects(&["A"], "one");
    let export = async || {
        let mut snapshot = snapshots[0].clone();
        snapshot.shots[0].thumbnail = Some(MediaRef::file(&picture));
        let mut export = begin(&site, &list).await;
        export.project(snapshot).await.unwrap();
        export.finish().await.unwrap()
    };
    let shown = || fs::read_to_string(site.path("data/projects/a/shots.json")).unwrap();
    assert!(export().await.is_complete());
    let before = shown();
    fs::remove_file(&picture).unwrap();
    let summary = export().await;
    assert!(!summary.is_complete(), "the exit code is 4");
    assert_eq!(summary.projects[0].media.stale_files, 1);
    let reasons: Vec<_> = summary.projects[0].media.outdated.keys().collect();
    assert!(reasons[0].contains("is its disk mounted"), "{reasons:?}");
    assert_eq!(shown(), before, "the site keeps its own");
}

#[tokio::test]
async fn a_type_of_tasks_on_shots_and_assets_is_seen_on_both() {
    for format in Format::ALL {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path());
        let (mut list, mut snapshots) = projects(&["A", "B"], "one");
        let mut animation = TaskType::new("Animation");
        animation.for_shots = true;
        let (done, character) = (TaskStatus::new("Done"), AssetType::new("Character"));
        let (ana, task) = (
            User::new("Ana"),
            Task::new(animation.id.clone(), done.id.clone()),
        );
        let task = Task {
            assignees: vec![ana.id.clone()],
            ..task
        };
        for snapshot in &mut snapshots {
            snapshot.shots[0].tasks = vec![task.clone()];
            let mut asset = Asset::new("Rex", &character.id);
            asset.tasks = vec![task.clone()];
            snapshot.assets = vec![asset];
        }
        list.task_types = vec![animation];
        list.task_statuses = vec![done];
        list.asset_types = vec![character];
        list.users = vec![ana];
        let options = ExportOptions {
            format: Some(*format),
            ..ExportOptions::default()
        };
        let mut export = Export::begin(&site, options.clone(), &list, &NoMedia, &()).unwrap();
        for snapshot in snapshots.clone() {
            export.project(snapshot).await.unwrap();
        }
        export.finish().await.unwrap();
        let findings = || {
            let report = validate::site(folder.path(), &validate::Options::default()).unwrap();
            let findings = report.findings.into_iter();
            findings
                .map(|it| format!("{} {}", it.code, it.message))
                .collect::<Vec<_>>()
        };
        assert_eq!(findings(), [] as [&str; 0], "{format}");
        // What is kept keeps both types.
        let mut export = Export::begin(&site, options, &list, &NoMedia, &()).unwrap();
        let alone = snapshots.remove(0);
        export.keep_all_but(&[&alone.project]).unwrap();
        let mut alone = alone;
        alone.assets.clear();
        export.project(alone).await.unwrap();
        export.finish().await.unwrap();
        assert_eq!(findings(), [] as [&str; 0], "{format}");
    }
}

#[tokio::test]
async fn ids_that_share_a_folder_on_some_systems_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let (list, mut snapshots) = projects(&["A", "B"], "one");
    snapshots[1].project.id = ProjectId::new("A").unwrap();
    let mut export = begin(&site, &list).await;
    export.project(snapshots.remove(0)).await.unwrap();
    let error = export.project(snapshots.remove(0)).await.unwrap_err();
    insta::assert_snapshot!(error, @"`B` has the id A, and another project a: on some systems they share a folder");
}

#[tokio::test]
async fn a_name_of_blanks_is_told_with_the_shots_id() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let (list, mut snapshots) = projects(&["A"], " ");
    let id = snapshots[0].shots[0].id.to_string();
    let mut export = begin(&site, &list).await;
    export.project(snapshots.remove(0)).await.unwrap();
    let summary = export.finish().await.unwrap();
    let notes = &summary.projects[0].notes;
    let told = format!("the shot `{id}`, `name`: the name is empty");
    assert!(notes.contains(&told), "{notes:?}");
}
