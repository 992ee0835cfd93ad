//! Programs of Windows as trackers.
#![cfg(windows)]
#![allow(clippy::unwrap_used)] // Outside the tests themselves, too, all of this is a test.

use std::fs;
use std::path::Path;
use std::time::Duration;

use watchtower_connector::Tracker;
use watchtower_connector::process::{Process, ProcessSettings};
use watchtower_model::Project;

/// A batch file as a tracker.
fn batch(folder: &Path, text: &str) -> Process {
    let file = folder.join("connector.bat");
    fs::write(&file, text.replace('\n', "\r\n")).unwrap();
    Process::new(ProcessSettings {
        arguments: vec!["a name".into()],
        ..ProcessSettings::new(file)
    })
}

#[tokio::test]
async fn a_batch_file_is_a_program() {
    let folder = tempfile::tempdir().unwrap();
    let process = batch(
        folder.path(),
        r#"@echo off
if not "%~1" == "a name" exit /b 3
if "%2" == "project-list" goto list
echo {"watchtower_tracker": 1, "project": {"id": "%3", "name": "Film"}, "sequences": [], "shots": []}
exit /b 0
:list
echo of ours 1>&2
echo {"watchtower_tracker": 1, "projects": [{"id": "film", "name": "Film"}]}
"#,
    );
    let list = process.project_list().await.unwrap();
    assert_eq!(list.projects[0].name, "Film");
    let film = process.project(&list.projects[0], &list).await.unwrap();
    assert_eq!(film.project.id, list.projects[0].id);
}

#[tokio::test]
async fn a_batch_file_that_fails_is_told_with_its_last_words() {
    let folder = tempfile::tempdir().unwrap();
    let process = batch(
        folder.path(),
        "@echo off\necho the disk of ours is away 1>&2\nexit /b 4\n",
    );
    let error = process.project_list().await.unwrap_err().to_string();
    assert!(error.contains("the disk of ours is away"), "{error}");
}

#[tokio::test]
async fn whom_nobody_waits_for_ends_with_all_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let held = folder.path().join("held");
    fs::write(folder.path().join("child.bat"), "@pause\r\n").unwrap();
    // The child has the file open while it waits for a key that nobody presses.
    let process = batch(
        folder.path(),
        "@echo off\ncd /d \"%~dp0\"\nstart /b cmd /c child.bat ^> held\n:again\ngoto again\n",
    );
    let project = Project::new("Film");
    let list = Default::default();
    {
        let asked = process.project(&project, &list);
        tokio::pin!(asked);
        while !held.exists() {
            let moment = tokio::time::sleep(Duration::from_millis(20));
            tokio::select! {
                _ = &mut asked => panic!("it ended"),
                () = moment => {}
            }
        }
    }
    // Until then the system lets nobody remove it.
    while let Err(error) = fs::remove_file(&held) {
        assert_eq!(error.raw_os_error(), Some(32), "{error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
