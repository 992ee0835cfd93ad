//! Every check of conformance, proven by a tracker that is broken in that one way.

#![allow(clippy::unwrap_used, clippy::panic)] // Helpers of tests are tests, too.

mod studio;

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};

use futures_util::stream;
use studio::{Door, KEY, Manner, Quirk, Studio};
use watchtower_connector::conformance::{CHECKS, Outcome, Report, Scenario, run};
use watchtower_connector::{Error, ErrorKind, Tracker};
use watchtower_model::{
    AssetType, EntityKind, FrameRate, LeftOut, Project, ProjectId, Reason, Sequence, User,
};

/// A check, and a tracker that fails it and no other.
const BREAKERS: &[(&str, Quirk)] = &[
    ("answers", Quirk::Behaves(Manner::FailsOnTheSecondProject)),
    ("no-panic", Quirk::Behaves(Manner::PanicsOnMissingMedia)),
    ("in-time", Quirk::Behaves(Manner::HangsOnMissingMedia)),
    (
        "describe-same",
        Quirk::Describe(|it, asked| it.location = Some(format!("place {}", asked.nth))),
    ),
    (
        "describe-same",
        Quirk::Describe(|it, asked| it.about = format!("number {}", asked.tracker)),
    ),
    (
        "describe-whole",
        Quirk::Describe(|it, _| it.name = "Our Studio".into()),
    ),
    (
        "describe-whole",
        Quirk::Describe(|it, _| it.capabilities.push(it.capabilities[0])),
    ),
    (
        "describe-offline",
        Quirk::Behaves(Manner::AsksForItsDescription),
    ),
    (
        "account",
        Quirk::Account(|it| it.user = Some(String::new())),
    ),
    (
        "without-check",
        Quirk::Behaves(Manner::LogsInOnlyWhenChecked),
    ),
    (
        "ids-stable",
        Quirk::List(|it, asked| {
            it.asset_types
                .push(AssetType::new(format!("Type {}", asked.nth)));
        }),
    ),
    (
        "ids-stable",
        Quirk::Film(|it, asked| it.shots[1].id = format!("{}", asked.nth).try_into().unwrap()),
    ),
    (
        "order-stable",
        Quirk::Film(|it, asked| it.assets.rotate_left(asked.nth.min(1))),
    ),
    (
        "content-stable",
        Quirk::Film(|it, asked| {
            let nth = i64::try_from(asked.nth).unwrap();
            it.shots[0].data.frame_out = it.shots[0].data.frame_out.map(|end| end + nth);
        }),
    ),
    (
        "content-stable",
        Quirk::Film(|it, asked| it.notes.extend((asked.nth > 0).then(|| "again".into()))),
    ),
    (
        "anew-same",
        Quirk::Film(|it, asked| it.assets[0].name = format!("Rex {}", asked.tracker)),
    ),
    (
        "at-once-same",
        Quirk::Film(|it, asked| {
            if asked.is_at_once {
                it.shots.clear();
                it.casting.clear();
            }
        }),
    ),
    (
        "ids-unique",
        Quirk::Film(|it, _| it.assets.push(it.assets[0].clone())),
    ),
    (
        "ids-unique",
        Quirk::Film(|it, _| it.shots[1].tasks[0].id = it.shots[0].tasks[0].id.clone()),
    ),
    (
        "ids-unique",
        Quirk::List(|it, _| it.users.push(it.users[0].clone())),
    ),
    (
        "project-folders",
        Quirk::List(|it, _| {
            let mut project = Project::new("Other");
            project.id = ProjectId::new("SERIES").unwrap();
            it.projects.push(project);
        }),
    ),
    (
        "project-same",
        Quirk::Film(|it, _| it.project.name = "Other".into()),
    ),
    (
        "references-project",
        Quirk::Film(|it, _| it.shots[0].sequence_id = Sequence::new("020").id),
    ),
    (
        "references-project",
        Quirk::Film(|it, _| it.episodes.clear()),
    ),
    (
        "references-list",
        Quirk::Film(|it, _| it.shots[0].tasks[0].assignees = vec![User::new("Who").id]),
    ),
    (
        "own-lists",
        Quirk::Film(|it, _| it.project.task_types.truncate(1)),
    ),
    (
        "no-repeats",
        Quirk::Film(|it, _| it.project.team.push(it.project.team[0].clone())),
    ),
    (
        "casting-once",
        Quirk::Film(|it, _| it.casting.push(it.casting[0].clone())),
    ),
    ("names", Quirk::Film(|it, _| it.assets[0].name = " ".into())),
    (
        "names",
        Quirk::List(|it, _| it.task_statuses[0].name.clear()),
    ),
    (
        "ranges",
        Quirk::Film(|it, _| it.shots[0].data.frame_out = it.shots[0].data.frame_in),
    ),
    (
        "ranges",
        Quirk::Film(|it, _| it.shots[0].data.nb_frames = Some(-1)),
    ),
    (
        "places-left-to-us",
        Quirk::Film(|it, _| {
            let shot = it.shots.pop().unwrap();
            it.casting.retain(|entry| entry.shot_id != shot.id);
            it.left_out.push(LeftOut {
                kind: EntityKind::Shot,
                id: shot.id.into(),
                name: shot.name,
                reason: Reason::NoFrameRange,
            });
        }),
    ),
    (
        "fps",
        Quirk::Film(|it, _| {
            it.shots
                .iter_mut()
                .for_each(|it| it.fps = FrameRate::default());
        }),
    ),
    (
        "task-types",
        Quirk::List(|it, _| it.task_types[0].for_shots = false),
    ),
    (
        "task-types",
        Quirk::List(|it, _| it.task_types[2].for_shots = true),
    ),
    (
        "avatars",
        Quirk::List(|it, _| it.users[1].has_avatar = true),
    ),
    (
        "edits",
        Quirk::Film(|it, _| it.edits[0].total_frames = Some(0)),
    ),
    (
        "left-out-named",
        Quirk::Film(|it, _| it.left_out[0].reason = Reason::Other(String::new())),
    ),
    ("left-out-named", Quirk::Film(|it, _| it.notes[0].clear())),
    (
        "left-out-apart",
        Quirk::Film(|it, _| {
            it.left_out.push(LeftOut {
                kind: EntityKind::Asset,
                id: it.assets[0].id.to_string(),
                name: "Rex".into(),
                reason: Reason::Canceled,
            });
        }),
    ),
    (
        "left-out-apart",
        Quirk::Film(|it, _| it.left_out.push(it.left_out[0].clone())),
    ),
    ("known-keys", Quirk::Behaves(Manner::HasAKeyOfItsOwn)),
    (
        "capabilities",
        Quirk::Describe(|it, _| it.capabilities.retain(|it| it.to_string() != "episodes")),
    ),
    (
        "capabilities",
        Quirk::Describe(|it, _| {
            it.capabilities
                .retain(|it| it.to_string() != "conditional media");
        }),
    ),
    (
        "unknown-project",
        Quirk::Behaves(Manner::GivesUnknownProjectsEmpty),
    ),
    (
        "refused",
        Quirk::Kind(ErrorKind::Refused, ErrorKind::Unavailable),
    ),
    (
        "unreachable",
        Quirk::Kind(ErrorKind::Unavailable, ErrorKind::Config),
    ),
    (
        "another-server",
        Quirk::Kind(ErrorKind::Malformed, ErrorKind::Unavailable),
    ),
    ("cancel-ends", Quirk::Behaves(Manner::WorksOnWhenDropped)),
    (
        "cancel-harmless",
        Quirk::Film(|it, asked| {
            if asked.was_dropped {
                it.notes.clear();
            }
        }),
    ),
    ("media-references", Quirk::Behaves(Manner::OpensAddresses)),
    ("media-opens", Quirk::Behaves(Manner::RefusesItsPicture)),
    ("media-opens", Quirk::Behaves(Manner::HasNoPictures)),
    (
        "media-kind",
        Quirk::Media(|it, request, _| {
            let page = b"<!DOCTYPE html><title>Log in</title>";
            let start = usize::try_from(request.offset).unwrap();
            it.bytes = Box::pin(stream::iter([Ok(page[start..].to_vec().into())]));
            it.length = Some(page.len() as u64);
        }),
    ),
    (
        "media-type",
        Quirk::Media(|it, _, _| it.content_type = Some("image/jpeg".into())),
    ),
    ("media-length", Quirk::Media(|it, _, _| it.length = Some(1))),
    (
        "media-same",
        Quirk::Media(|it, _, asked| {
            if asked.nth == 1 {
                it.tag = Some("another".into());
            }
        }),
    ),
    (
        "media-same",
        Quirk::Media(|it, _, asked| {
            if asked.nth == 1 {
                let another: &[u8] = include_bytes!("ayon_server/pixel.png");
                it.bytes = Box::pin(stream::iter([Ok(another.into())]));
            }
        }),
    ),
    ("media-known", Quirk::Behaves(Manner::NeverSaysUnchanged)),
    (
        "media-outdated",
        Quirk::Behaves(Manner::AlwaysSaysUnchanged),
    ),
    (
        "media-outdated",
        Quirk::Behaves(Manner::SaysUnchangedUnasked),
    ),
    ("media-offset", Quirk::Media(|it, _, _| it.offset = 0)),
    ("media-missing", Quirk::Behaves(Manner::RefusesMissingMedia)),
    (
        "media-foreign",
        Quirk::Kind(ErrorKind::Unsupported, ErrorKind::NotFound),
    ),
    (
        "no-secrets",
        Quirk::Account(|it| it.user = Some(KEY.into())),
    ),
    ("no-secrets", Quirk::Behaves(Manner::RepeatsTheKeyInErrors)),
    (
        "no-secrets",
        Quirk::Film(|it, _| it.notes.push(format!("read with {KEY}"))),
    ),
    (
        "no-credentials",
        Quirk::Describe(|it, _| it.location = Some("https://ana:hunter2@studio.example".into())),
    ),
    ("traffic", Quirk::Behaves(Manner::CountsAnew)),
    ("changes-first", Quirk::Behaves(Manner::HasNoLog)),
    (
        "changes-first",
        Quirk::Behaves(Manner::KnowsChangesWithoutAMark),
    ),
    ("changes-foreign", Quirk::Behaves(Manner::TakesEveryMark)),
    (
        "changes-told",
        Quirk::Behaves(Manner::LosesWhatChangedAtTheMark),
    ),
    ("changes-told", Quirk::Behaves(Manner::TellsChangesOnce)),
];

async fn report(quirk: Quirk) -> Report {
    let made = AtomicUsize::new(0);
    let changes = Arc::<AtomicU64>::default();
    let make = || -> Result<Box<dyn Tracker>, Error> {
        let mut studio = Studio::new(Door::Open, quirk, made.fetch_add(1, SeqCst));
        studio.changes = Arc::clone(&changes);
        Ok(Box::new(studio))
    };
    let at = |door| {
        let make = move || Ok(Box::new(Studio::new(door, quirk, 0)) as Box<dyn Tracker>);
        Some(Box::new(make) as _)
    };
    let scenario = Scenario {
        secrets: vec![KEY.into()],
        refused: at(Door::WrongKey),
        unreachable: at(Door::NobodyThere),
        another_server: at(Door::WebPage),
        change: Some(Box::new(|| {
            changes.fetch_add(1, SeqCst);
            Box::pin(async { ProjectId::new("series").unwrap() })
        })),
        ..Scenario::default()
    };
    run(make, &scenario).await
}

#[tokio::test(start_paused = true)]
async fn a_tracker_that_keeps_its_contract_passes_every_check() {
    let report = report(Quirk::None).await;
    report.assert_conforms_but(&[]);
    let passed = |it: &Outcome| matches!(it, Outcome::Passed { note: None });
    assert!(
        report.checks.iter().all(|it| passed(&it.outcome)),
        "{report}"
    );
    assert_eq!(report.checks.len(), CHECKS.len());
    insta::assert_snapshot!("conforms", report);
}

#[tokio::test(start_paused = true)]
async fn each_check_catches_what_it_is_for_and_nothing_else() {
    for check in CHECKS {
        let is_broken = BREAKERS.iter().any(|(id, _)| *id == check.id);
        assert!(
            is_broken,
            "nothing proves that the check `{}` can fail",
            check.id
        );
    }
    let (mut told, mut wrong) = (String::new(), String::new());
    for (place, (id, quirk)) in BREAKERS.iter().enumerate() {
        let report = report(*quirk).await;
        let failed: Vec<_> = report.failed().map(|it| it.id).collect();
        if failed != [*id] {
            writeln!(wrong, "{id}, number {place}, fails {failed:?}").unwrap();
        }
        for row in report.failed() {
            assert!(!row.to_string().contains(KEY), "{row}");
            write!(told, "{row}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    insta::assert_snapshot!("failures", told);
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "FAIL  names")]
async fn a_test_that_demands_conformance_says_what_was_found() {
    let quirk = Quirk::Film(|it, _| it.assets[0].name = " ".into());
    report(quirk).await.assert_conforms_but(&[]);
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "skip  refused")]
async fn a_test_that_demands_conformance_names_what_was_skipped() {
    let make = || Ok(Box::new(Studio::new(Door::Open, Quirk::None, 0)) as Box<dyn Tracker>);
    let report = run(make, &Scenario::default()).await;
    report.assert_conforms_but(&[
        "unreachable",
        "another-server",
        "no-secrets",
        "changes-told",
    ]);
}

#[tokio::test(start_paused = true)]
async fn a_tracker_that_cannot_be_made_or_asked_is_reported_as_well() {
    let make = || {
        Err(Error::new(
            ErrorKind::Config,
            "connect to the studio",
            "no key is set",
        ))
    };
    let nothing = run(make, &Scenario::default()).await;
    assert_eq!(
        nothing.failed().map(|it| it.id).collect::<Vec<_>>(),
        ["answers"]
    );
    let make = || Ok(Box::new(Studio::new(Door::WrongKey, Quirk::None, 0)) as Box<dyn Tracker>);
    let refused = run(make, &Scenario::default()).await;
    assert_eq!(
        refused.failed().map(|it| it.id).collect::<Vec<_>>(),
        ["answers"]
    );
    insta::assert_snapshot!("refused", refused);
}

#[tokio::test(start_paused = true)]
async fn only_the_projects_that_are_asked_for_are_read() {
    let quirk = Quirk::Behaves(Manner::FailsOnTheSecondProject);
    let make = || Ok(Box::new(Studio::new(Door::Open, quirk, 0)) as Box<dyn Tracker>);
    let of = |project: &str| Scenario {
        projects: vec![project.into()],
        ..Scenario::default()
    };
    for project in ["Series", "series"] {
        assert!(run(make, &of(project)).await.conforms());
    }
    let unknown = run(make, &of("Nothing")).await;
    let failed = unknown.failed().next().unwrap().to_string();
    insta::assert_snapshot!(failed, @r"
    FAIL  answers            The connection, the list of projects and every project can be read.
          found: there is no project `Nothing`, which is to be read
          means: Nothing is exported, or not every project is.
    ");
}
