//! Our tracker keeps the contract of trackers.

use watchtower_connector::conformance::{Scenario, run};
use watchtower_connector::{ErrorKind, Tracker};
use watchtower_studio::Studio;

#[tokio::test]
async fn our_tracker_conforms() {
    let scenario = Scenario {
        unreachable: Some(Box::new(|| Ok(Box::new(Studio::new("no-such-file.json"))))),
        another_server: Some(Box::new(|| Ok(Box::new(Studio::new("Cargo.toml"))))),
        ..Scenario::default()
    };
    let report = run(|| Ok(Box::new(Studio::new("studio.json"))), &scenario).await;
    report.assert_conforms();
}

#[tokio::test]
async fn what_is_cancelled_is_left_out_and_what_has_no_length_stays() {
    let studio = Studio::new("studio.json");
    let list = studio.project_list().await.unwrap();
    let film = studio.project(&list.projects[0], &list).await.unwrap();
    assert_eq!((film.shots.len(), film.left_out.len()), (4, 1));
    let lengths: Vec<_> = film.shots.iter().map(|it| it.data.length()).collect();
    assert_eq!(lengths, [Some(48), Some(72), Some(96), None]);
}

#[tokio::test]
async fn a_file_that_is_not_there_is_an_error() {
    let error = Studio::new("no-such-file.json").check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}
