//! The driver over a tracker that does as it is told.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::Semaphore;
use watchtower_cli::Exit;
use watchtower_cli::export::{ExportOptions, export};
use watchtower_connector::{
    Account, Description, Error, ErrorKind, Media, MediaRequest, OpenedMedia, Result, Tracker,
};
use watchtower_model::{
    MediaLocation, MediaRef, Project, ProjectList, ProjectSnapshot, Sequence, Shot, ShotData, User,
};
use watchtower_writer::media::{MediaPolicy, ReferenceForm};
use watchtower_writer::{FailureCode, Outcome, Site, Summary};

/// A PNG of one transparent pixel.
const PICTURE: &[u8] = include_bytes!("pixel.png");

/// A tracker with projects by name, some of which cannot be read.
#[derive(Default)]
struct Studio {
    projects: Vec<&'static str>,
    broken: HashSet<&'static str>,
    /// What each project's first shot is called, to tell one export from the next.
    shot: &'static str,
    people: Vec<User>,
}

impl Studio {
    fn with(projects: &[&'static str], shot: &'static str) -> Self {
        Self {
            projects: projects.to_vec(),
            shot,
            ..Self::default()
        }
    }
}

fn project(name: &str) -> Project {
    let mut project = Project::new(name);
    project.thumbnail = Some(MediaRef::url("https://studio.example/api/poster.png"));
    project
}

#[async_trait]
impl Tracker for Studio {
    fn describe(&self) -> Description {
        Description {
            name: "studio".into(),
            about: "A tracker that does as it is told".into(),
            location: Some("https://studio.example/api".into()),
            capabilities: Vec::new(),
        }
    }

    async fn check(&self) -> Result<Account> {
        Ok(Account {
            user: Some("td".into()),
            server: None,
        })
    }

    async fn project_list(&self) -> Result<ProjectList> {
        Ok(ProjectList {
            projects: self.projects.iter().copied().map(project).collect(),
            users: self.people.clone(),
            ..ProjectList::default()
        })
    }

    async fn project(&self, project: &Project, _: &ProjectList) -> Result<ProjectSnapshot> {
        if self.broken.contains(project.name.as_str()) {
            let operation = format!("read {}", project.name);
            return Err(Error::new(
                ErrorKind::Unavailable,
                operation,
                "the server is on fire",
            ));
        }
        let mut snapshot = ProjectSnapshot::new(project.clone());
        let sequence = Sequence::new("010");
        let mut shot = Shot::new(self.shot, &sequence.id, ShotData::new(0, 10));
        shot.thumbnail = Some(MediaRef::url(format!(
            "https://studio.example/api/{}.png",
            self.shot
        )));
        snapshot.sequences.push(sequence);
        snapshot.shots.push(shot);
        Ok(snapshot)
    }

    async fn open_media(&self, request: MediaRequest<'_>) -> Result<OpenedMedia> {
        match &request.media.location {
            MediaLocation::Url(url) if url.ends_with("json.png") => Ok(OpenedMedia::Stream(
                Media::from_bytes(&b"{\"message\": \"no\"}"[..]),
            )),
            MediaLocation::Url(url) if url.ends_with("gone.png") => {
                Err(Error::new(ErrorKind::NotFound, "open a picture", "404"))
            }
            MediaLocation::Url(url) if url.ends_with("refused.png") => {
                Err(Error::new(ErrorKind::Refused, "open a picture", "403"))
            }
            MediaLocation::Url(url) if url.ends_with("short.png") => {
                let mut media = Media::from_bytes(&PICTURE[..20]);
                media.length = Some(PICTURE.len() as u64);
                Ok(OpenedMedia::Stream(media))
            }
            _ => Ok(OpenedMedia::Stream(Media::from_bytes(PICTURE))),
        }
    }
}

async fn run(studio: &Studio, folder: &Path, options: &ExportOptions) -> Result<Summary, Exit> {
    let result = export(studio, &Site::new(folder), options, &()).await;
    result.map_err(|error| error.exit())
}

fn read(folder: &Path, path: &str) -> Value {
    let text = fs::read_to_string(folder.join(path)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Each project of the list with its first shot's name: what a visitor of the site sees.
fn seen(folder: &Path) -> Vec<(String, String)> {
    let context = read(folder, "data/projects/context.json");
    let projects = context["projects"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let seen = projects.map(|project| {
        let id = text(&project["id"]);
        let shots = read(folder, &format!("data/projects/{id}/shots.json"));
        (text(&project["name"]), text(&shots[0]["name"]))
    });
    seen.collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
        .collect()
}

/// A tracker that takes one request at a time.
struct OneAtATime {
    studio: Studio,
    request: Semaphore,
}

#[async_trait]
impl Tracker for OneAtATime {
    fn describe(&self) -> Description {
        self.studio.describe()
    }

    async fn check(&self) -> Result<Account> {
        self.studio.check().await
    }

    async fn project_list(&self) -> Result<ProjectList> {
        self.studio.project_list().await
    }

    async fn project(&self, project: &Project, list: &ProjectList) -> Result<ProjectSnapshot> {
        if project.name != "read at once" {
            let _request = self.request.acquire().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.studio.project(project, list).await
    }

    async fn open_media(&self, request: MediaRequest<'_>) -> Result<OpenedMedia> {
        let _request = self.request.acquire().await;
        if request.known.is_some() {
            return Ok(OpenedMedia::Unchanged);
        }
        let mut media = Media::from_bytes(PICTURE);
        media.tag = Some("one".into());
        Ok(OpenedMedia::Stream(media))
    }
}

#[tokio::test]
async fn what_is_asked_ahead_does_not_wait_for_a_film_that_waits_for_it() {
    let mut studio = Studio::with(&["read at once", "B", "C"], "one");
    let avatar = MediaRef::url("https://studio.example/api/avatar.png").changing();
    let mut person = User::new("somebody");
    person.thumbnail = Some(avatar);
    studio.people.push(person);
    let tracker = OneAtATime {
        studio,
        request: Semaphore::new(1),
    };
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let (site, options) = (Site::new(folder.path()), ExportOptions::default());
        let export = export(&tracker, &site, &options, &());
        let ends = tokio::time::timeout(Duration::from_secs(60), export).await;
        assert!(ends.expect("the export ends").unwrap().is_complete());
    }
}

#[tokio::test]
async fn a_project_that_fails_keeps_its_previous_version() {
    let folder = tempfile::tempdir().unwrap();
    let options = ExportOptions::default();
    run(&Studio::with(&["A", "B"], "one"), folder.path(), &options)
        .await
        .unwrap();

    let mut studio = Studio::with(&["A", "B", "C"], "two");
    studio.broken = ["B", "C"].into();
    let summary = run(&studio, folder.path(), &options).await.unwrap();

    assert_eq!(seen(folder.path()), pairs(&[("A", "two"), ("B", "one")]));
    assert_eq!(summary.failed(), 2);
    let code = FailureCode::Unavailable;
    let error = "cannot read B: the server is on fire".to_owned();
    assert_eq!(summary.projects[1].outcome, Outcome::Kept { code, error });
    let error = "cannot read C: the server is on fire".to_owned();
    assert_eq!(
        summary.projects[2].outcome,
        Outcome::Missing { code, error }
    );
}

#[tokio::test]
async fn when_every_project_fails_the_site_is_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let options = ExportOptions::default();
    run(&Studio::with(&["A"], "one"), folder.path(), &options)
        .await
        .unwrap();
    let mut studio = Studio::with(&["A"], "two");
    studio.broken = ["A"].into();
    assert_eq!(
        run(&studio, folder.path(), &options).await,
        Err(Exit::Tracker)
    );
    assert_eq!(seen(folder.path()), pairs(&[("A", "one")]));
}

#[tokio::test]
async fn a_project_that_the_tracker_forgot_leaves_the_site() {
    let folder = tempfile::tempdir().unwrap();
    let options = ExportOptions::default();
    run(&Studio::with(&["A", "B"], "one"), folder.path(), &options)
        .await
        .unwrap();
    let summary = run(&Studio::with(&["B"], "two"), folder.path(), &options)
        .await
        .unwrap();
    assert_eq!(seen(folder.path()), pairs(&[("B", "two")]));
    assert_eq!(summary.removed[0].name, "A");
    let left = fs::read_dir(folder.path().join("data/projects"))
        .unwrap()
        .count();
    assert_eq!(left, 2, "context.json and the folder of B");
}

#[tokio::test]
async fn an_empty_list_does_not_empty_the_site() {
    let folder = tempfile::tempdir().unwrap();
    let options = ExportOptions::default();
    run(&Studio::with(&["A"], "one"), folder.path(), &options)
        .await
        .unwrap();
    assert_eq!(
        run(&Studio::default(), folder.path(), &options).await,
        Err(Exit::Tracker)
    );
    assert_eq!(seen(folder.path()), pairs(&[("A", "one")]));
}

#[tokio::test]
async fn a_name_that_several_have_is_not_guessed_at() {
    let folder = tempfile::tempdir().unwrap();
    let studio = Studio::with(&["Film", "FILM", "Other"], "one");
    for (asked, names) in [
        ("Film", Some("Film")),
        ("film", None),
        ("other", Some("Other")),
    ] {
        let options = ExportOptions {
            projects: vec![asked.into()],
            ..ExportOptions::default()
        };
        let result = export(&studio, &Site::new(folder.path()), &options, &()).await;
        match names {
            Some(name) => assert_eq!(result.unwrap().projects[0].name, name),
            None => {
                let error = result.unwrap_err();
                assert_eq!(error.exit(), Exit::Usage);
                assert_eq!(error.to_string(), "the name `film` is that of 2 projects");
                let help = error.help().unwrap();
                assert!(help.starts_with("give the id instead: "), "{help}");
            }
        }
    }
}

#[tokio::test]
async fn naming_projects_replaces_those_and_keeps_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let mut studio = Studio::with(&["A", "B"], "one");
    let mut gone = User::new("Gone");
    studio.people.push(gone.clone());
    run(&studio, folder.path(), &ExportOptions::default())
        .await
        .unwrap();

    let mut studio = Studio::with(&["A", "B"], "two");
    gone.archived = true;
    studio.people.push(gone);
    let by_name = ExportOptions {
        projects: vec!["b".into(), "B".into()],
        ..ExportOptions::default()
    };
    let summary = run(&studio, folder.path(), &by_name).await.unwrap();
    assert_eq!(seen(folder.path()), pairs(&[("A", "one"), ("B", "two")]));
    assert_eq!(summary.projects.len(), 1);
    // What is kept may refer to people who left.
    let context = read(folder.path(), "data/projects/context.json");
    assert_eq!(context["users"][0]["full_name"], "Gone");
    // The pictures of what is kept are still there.
    for project in context["projects"].as_array().unwrap() {
        let id = project["id"].as_str().unwrap();
        let shots = read(folder.path(), &format!("data/projects/{id}/shots.json"));
        let picture = shots[0]["thumbnailUrl"].as_str().unwrap();
        let picture = fs::read(folder.path().join(picture)).unwrap();
        assert!(picture.starts_with(&PICTURE[..8]), "it is a PNG");
    }

    let unknown = ExportOptions {
        projects: vec!["Nope".into()],
        ..ExportOptions::default()
    };
    assert_eq!(
        run(&studio, folder.path(), &unknown).await,
        Err(Exit::Usage)
    );
}

#[tokio::test]
async fn what_is_no_picture_is_null_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    for (shot, reason) in [
        (
            "json",
            "what came is no picture: it is JSON, as in an answer that says what went wrong",
        ),
        ("gone", "the tracker does not have it"),
        ("short", "20 of 68 bytes came"),
        ("refused", "cannot open a picture: 403"),
    ] {
        let studio = Studio::with(&["A"], shot);
        let summary = run(&studio, folder.path(), &ExportOptions::default())
            .await
            .unwrap();
        let media = &summary.projects[0].media;
        // A stream that breaks off may be whole the next time, and who is refused may be let in.
        let is_there = ["short", "refused"].contains(&shot);
        assert_eq!(summary.is_complete(), !is_there, "{shot}");
        let missing = if is_there {
            &media.unavailable
        } else {
            &media.missing
        };
        assert_eq!(
            missing[reason].of,
            [format!("shot 010 / {shot}")],
            "{missing:?}"
        );
        let id = &summary.projects[0].id;
        let shots = read(folder.path(), &format!("data/projects/{id}/shots.json"));
        assert_eq!(shots[0]["thumbnailUrl"], Value::Null);
        // One picture is there, the project's.
        let folders = fs::read_dir(folder.path().join("data/previews")).unwrap();
        let files = folders.flat_map(|it| fs::read_dir(it.unwrap().path()).unwrap());
        assert_eq!(files.count(), 1, "{shot} left a file");
    }
}

#[tokio::test]
async fn media_can_be_referred_to_or_left_out() {
    // The picture of a shot, and that of the project in the list.
    let thumbnails = async |media| {
        let folder = tempfile::tempdir().unwrap();
        let options = ExportOptions {
            media,
            ..ExportOptions::default()
        };
        let summary = run(&Studio::with(&["A"], "one"), folder.path(), &options)
            .await
            .unwrap();
        let id = &summary.projects[0].id;
        assert!(!folder.path().join("data/previews").exists());
        let shots = read(folder.path(), &format!("data/projects/{id}/shots.json"));
        let context = read(folder.path(), "data/projects/context.json");
        let listed = &context["projects"][0]["thumbnailUrl"];
        [shots[0]["thumbnailUrl"].clone(), listed.clone()]
    };
    let proxied = MediaPolicy::Reference(ReferenceForm::SameHost {
        tracker: "https://studio.example/api".into(),
        base: "api".into(),
    });
    let expected = ["api/one.png", "api/poster.png"];
    assert_eq!(thumbnails(proxied).await, expected);
    // The client puts a slash before the first, and nothing before the second.
    let relative = MediaPolicy::Reference(ReferenceForm::ProtocolRelative);
    let expected = [
        "/studio.example/api/one.png",
        "//studio.example/api/poster.png",
    ];
    assert_eq!(thumbnails(relative).await, expected);
    assert_eq!(
        thumbnails(MediaPolicy::None).await,
        [Value::Null, Value::Null]
    );
}

#[test]
fn an_export_can_go_from_thread_to_thread() {
    fn is_send(_: &impl Send) {}
    let studio = Studio::default();
    let site = Site::new("site");
    let options = ExportOptions::default();
    is_send(&export(&studio, &site, &options, &()));
}

#[cfg(unix)] // There are no masks elsewhere.
#[test]
fn a_site_that_only_its_account_may_read_is_told_and_stays_readable_once_it_is() {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;
    let folder = tempfile::tempdir().unwrap();
    let export = |shots: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", "umask 077; exec \"$0\" \"$@\""]);
        command.arg(env!("CARGO_BIN_EXE_watchtower"));
        command.args(["export", "example", "--output", "site", "--shots", shots]);
        let output = command.current_dir(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let note = "only the account of this export may read the site";
    let told = export("10");
    assert!(told.contains(note), "{told}");
    let chmod = Command::new("chmod")
        .args(["-R", "go+rX", "site"])
        .current_dir(folder.path())
        .status();
    assert!(chmod.unwrap().success());
    let told = export("30");
    assert!(!told.contains(note), "{told}");

    let mut unread = vec![folder.path().join("site/data")];
    while let Some(path) = unread.pop() {
        let found = fs::metadata(&path).unwrap();
        let due = if found.is_dir() { 0o755 } else { 0o644 };
        assert_eq!(
            found.permissions().mode() & 0o777,
            due,
            "{}",
            path.display()
        );
        if found.is_dir() {
            unread.extend(fs::read_dir(&path).unwrap().map(|it| it.unwrap().path()));
        }
    }
    let hidden = fs::metadata(folder.path().join("site/.watchtower")).unwrap();
    assert_eq!(hidden.permissions().mode() & 0o777, 0o700);
}
