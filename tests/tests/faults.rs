//! Every fault at every request of an export from a recorded Kitsu: it ends in the export that there
//! would be without the fault, or in the previous one and a clear error.

#![allow(clippy::unwrap_used, clippy::panic)] // Helpers of tests are tests, too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::{StreamExt, stream};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Handle;
use watchtower_cli::Exit;
use watchtower_cli::export::{ExportError, ExportOptions, ProjectError, export};
use watchtower_connector::ErrorKind;
use watchtower_connector::http::HttpOptions;
use watchtower_connector::kitsu::{Credentials, Kitsu, KitsuSettings};
use watchtower_model::Reason;
use watchtower_model::format::Format;
use watchtower_tests::faults::{Fault, TOO_MANY};
use watchtower_tests::relay::{self, Plan, RecordedKitsu, Relay};
use watchtower_tests::{files, read, run, watchtower};
use watchtower_writer::media::MediaPolicy;
use watchtower_writer::{Outcome, ProjectSummary, Site, Summary};

/// How an export ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// As if there had been no fault, byte by byte.
    Complete,
    /// As that, but for a placeholder where the picture or movie would be, which the summary names.
    Placeholder,
    /// With the site as it was, and an error of this kind.
    Untouched(ErrorKind),
}

/// A fault, and how an export ends that meets it.
struct Row {
    fault: Fault,
    lasts: bool,
    /// When it hits an answer of the API.
    api: End,
    /// When it hits a picture or movie. None where it makes no sense.
    media: Option<End>,
}

/// How many exports run at a time.
const AT_A_TIME: usize = 24;

const ONCE: bool = false;
const LASTS: bool = true;

fn table() -> Vec<Row> {
    use End::{Complete, Placeholder, Untouched};
    use ErrorKind::{Config, Malformed, Refused, Unavailable};
    use Fault::{
        ContentType, Cut, CutAndChanged, CutChunks, CutHead, CutWithoutRanges, Drip, Endless,
        Expired, Garbage, Half, HangUp, MovedElsewhere, MovedHere, MovedInCircle, Reset, Silence,
        SilenceInBody, Status, TooLarge, WebPage,
    };
    let missing = Some(Placeholder);
    let there = Some(Complete);
    let rows = [
        // What passes.
        (Status(429, None), ONCE, Complete, there),
        (Status(429, Some("1")), ONCE, Complete, there),
        (Status(500, None), ONCE, Complete, there),
        (Status(500, Some("0")), ONCE, Complete, there),
        (Status(503, None), ONCE, Complete, there),
        (
            Status(503, Some("Sun, 06 Nov 1994 08:49:37 GMT")),
            ONCE,
            Complete,
            there,
        ),
        (Status(503, Some("in a while")), ONCE, Complete, there),
        (Reset, ONCE, Complete, there),
        (HangUp, ONCE, Complete, there),
        (CutHead, ONCE, Complete, there),
        (Cut(1), ONCE, Complete, there),
        (Cut(2), ONCE, Complete, there),
        (Cut(3), ONCE, Complete, there),
        (CutWithoutRanges(4), ONCE, Complete, there),
        (CutWithoutRanges(5), ONCE, Complete, there),
        (CutAndChanged(11), ONCE, Complete, there),
        (CutAndChanged(12), ONCE, Complete, there),
        (CutChunks(6), ONCE, Complete, there),
        (CutChunks(7), ONCE, Complete, there),
        // A file that is half there under its own length is a file like any other.
        (Half, ONCE, Complete, None),
        (Silence, ONCE, Complete, there),
        (SilenceInBody, ONCE, Complete, there),
        (Drip, ONCE, Complete, there),
        (MovedInCircle, ONCE, Complete, there),
        (Expired, ONCE, Complete, there),
        // What stays and does no harm.
        (ContentType("text/html"), LASTS, Complete, there),
        (
            ContentType("application/octet-stream"),
            LASTS,
            Complete,
            there,
        ),
        (MovedHere, LASTS, Complete, there),
        (MovedElsewhere, LASTS, Untouched(Config), there),
        // What stays.
        (Status(429, None), LASTS, Untouched(Unavailable), missing),
        (
            Status(429, Some("3600")),
            LASTS,
            Untouched(Unavailable),
            missing,
        ),
        (Status(500, None), LASTS, Untouched(Unavailable), missing),
        (Status(503, None), LASTS, Untouched(Unavailable), missing),
        (
            Status(503, Some("Sat, 06 Nov 2094 08:49:37 GMT")),
            LASTS,
            Untouched(Unavailable),
            missing,
        ),
        (Status(401, None), LASTS, Untouched(Refused), missing),
        (Status(403, None), LASTS, Untouched(Refused), missing),
        (Status(418, None), LASTS, Untouched(Malformed), missing),
        (Reset, LASTS, Untouched(Unavailable), missing),
        (HangUp, LASTS, Untouched(Unavailable), missing),
        (CutHead, LASTS, Untouched(Unavailable), missing),
        (Cut(8), LASTS, Untouched(Unavailable), missing),
        (CutChunks(9), LASTS, Untouched(Unavailable), missing),
        (Half, LASTS, Untouched(Malformed), missing),
        (Silence, LASTS, Untouched(Unavailable), missing),
        (SilenceInBody, LASTS, Untouched(Unavailable), missing),
        (Drip, LASTS, Untouched(Unavailable), missing),
        (Garbage(10), LASTS, Untouched(Malformed), missing),
        (WebPage, LASTS, Untouched(Malformed), missing),
        (MovedInCircle, LASTS, Untouched(Malformed), missing),
        (TooLarge, LASTS, Untouched(Malformed), missing),
        (Endless, LASTS, Untouched(Malformed), missing),
    ];
    let row = |(fault, lasts, api, media)| Row {
        fault,
        lasts,
        api,
        media,
    };
    rows.map(row).into()
}

/// The parts of a project that an account may not see without losing the rest.
const PARTS: [&str; 5] = [
    "/data/edits/",
    "/assets/shared-used",
    "/episodes",
    "/casting",
    "/data/sequences?",
];

/// How a row ends that hits a request, unless it makes no sense there.
fn due(row: &Row, line: &str) -> Option<End> {
    let is_media = line.starts_with("GET /pictures/") || line.starts_with("GET /movies/");
    let due = if is_media { row.media? } else { row.api };
    match row.fault {
        // As a bot is: it may have the parts.
        Fault::Status(403, _) if line == "GET /data/user/context" => Some(End::Complete),
        // What a vendor's account may not see is told, and the rest is exported: the connector's own tests.
        Fault::Status(403, _) if PARTS.iter().any(|part| line.contains(part)) => None,
        Fault::Expired if ["GET /", "POST /auth/login"].contains(&line) => None,
        // What is cut goes on where it was, so it is never cut at the same place again.
        Fault::Cut(_) if row.lasts && is_media => None,
        _ => Some(due),
    }
}

/// The table against what an export asks for. What passes hits every request, the first time that it
/// is made; what stays hits one of each route, and so does the end of a session.
fn cases(routes: &BTreeMap<String, Vec<String>>) -> Vec<(Plan, End)> {
    let mut cases = Vec::new();
    for row in table() {
        let plan = |lines| Plan {
            fault: row.fault,
            lasts: row.lasts,
            lines,
        };
        if row.lasts || matches!(row.fault, Fault::Expired) {
            let one_of_each = routes.values().filter_map(|lines| lines.first());
            let hit = one_of_each.filter_map(|line| Some((line, due(&row, line)?)));
            cases.extend(hit.map(|(line, due)| (plan(vec![line.clone()]), due)));
        } else {
            let all = routes.values().flatten();
            let hit = all.filter(|line| due(&row, line).is_some());
            cases.push((plan(hit.cloned().collect()), End::Complete));
        }
    }
    cases
}

/// How long nothing may come where that is the fault. A busy machine is silent for as long by itself,
/// so everywhere else it may be much longer.
const SILENCE: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(30);

fn settings(url: &str, silence_timeout: Duration) -> KitsuSettings {
    let credentials = Credentials::Password {
        email: relay::EMAIL.into(),
        password: relay::PASSWORD.into(),
    };
    let limit = u64::try_from(TOO_MANY).unwrap() / 4;
    KitsuSettings {
        http: HttpOptions {
            silence_timeout,
            retries: 2,
            retry_delay: Duration::from_millis(1),
            largest_answer: limit,
            largest_media: limit,
            ..HttpOptions::default()
        },
        ..KitsuSettings::new(url, credentials)
    }
}

fn options(media: MediaPolicy) -> ExportOptions {
    ExportOptions {
        projects: vec!["Nasty Film".to_owned()],
        media,
        ..ExportOptions::default()
    }
}

async fn export_to(
    site: &Path,
    relay: &Relay,
    media: MediaPolicy,
    silence: Duration,
) -> Result<Summary, ExportError> {
    let kitsu = Kitsu::new(settings(relay.url(), silence)).unwrap();
    export(&kitsu, &Site::new(site), &options(media), &()).await
}

type Files = Vec<(PathBuf, Vec<u8>)>;

/// What every case starts from, and may end in.
struct World {
    kitsu: RecordedKitsu,
    /// Another origin, which has every picture and movie.
    elsewhere: Relay,
    /// A site from before there were pictures.
    previous: Files,
    /// What the export makes of it when nothing goes wrong.
    complete: Files,
    /// Pictures that were never there, by name.
    missing: BTreeMap<String, Vec<String>>,
    /// What an export asks for and gets, by route.
    routes: BTreeMap<String, Vec<String>>,
}

impl World {
    async fn new() -> Self {
        let kitsu = RecordedKitsu::start().await;
        let elsewhere = Relay::elsewhere(&kitsu).await;
        let relay = Relay::start(&kitsu).await;
        let site = tempfile::tempdir().unwrap();
        let data = site.path().join("data");
        export_to(site.path(), &relay, MediaPolicy::None, PATIENCE)
            .await
            .unwrap();
        let previous = files(&data);
        let summary = export_to(site.path(), &relay, MediaPolicy::Download, PATIENCE)
            .await
            .unwrap();
        let mut routes: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for request in relay.seen().into_iter().filter(|it| it.status == 200) {
            routes
                .entry(request.route())
                .or_default()
                .insert(request.line);
        }
        Self {
            kitsu,
            elsewhere,
            previous,
            complete: files(&data),
            missing: missing(&summary),
            routes: routes
                .into_iter()
                .map(|(route, lines)| (route, lines.into_iter().collect()))
                .collect(),
        }
    }

    /// A site with what was there before.
    fn site(&self) -> TempDir {
        let site = tempfile::tempdir().unwrap();
        for (path, bytes) in &self.previous {
            let path = site.path().join("data").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        site
    }

    async fn relay(&self, plan: Plan) -> Relay {
        Relay::faulty(&self.kitsu, plan, &self.elsewhere).await
    }
}

/// An error as people see it.
fn told(error: &ExportError) -> String {
    let help = error.help().map(|help| format!(" ({help})"));
    format!("{error}{}", help.unwrap_or_default())
}

fn kind(error: &ExportError) -> Option<ErrorKind> {
    match error {
        ExportError::Tracker(error) => Some(error.kind()),
        ExportError::AllFailed(failures) => match &failures[0].error {
            ProjectError::Tracker(error) => Some(error.kind()),
            _ => None,
        },
        _ => None,
    }
}

fn exit(kind: ErrorKind) -> Exit {
    if kind == ErrorKind::Config {
        Exit::Usage
    } else {
        Exit::Tracker
    }
}

/// Plays one fault on one route. Gives what is wrong with how it ended, or what was said.
async fn play(world: &World, plan: Plan, due: End) -> Result<String, String> {
    let relay = world.relay(plan.clone()).await;
    let site = world.site();
    let silence = match plan.fault {
        Fault::Silence | Fault::SilenceInBody | Fault::Drip => SILENCE,
        _ => PATIENCE,
    };
    let result = export_to(site.path(), &relay, MediaPolicy::Download, silence).await;
    if !relay.seen().iter().any(|it| plan.lines.contains(&it.line)) {
        return Err("nothing was hit".to_owned());
    }
    let found = files(&site.path().join("data"));
    let said = match (&result, due) {
        (Ok(summary), End::Complete) => {
            let missing = missing(summary);
            if found != world.complete {
                return Err(format!(
                    "not complete: {missing:?}, {:?}",
                    difference(&found, &world.complete)
                ));
            }
            String::new()
        }
        (Ok(summary), End::Placeholder) => {
            let mut missing = missing(summary);
            missing.retain(|reason, _| !world.missing.contains_key(reason));
            only_placeholders(&found, &world.complete)?;
            match missing.into_iter().collect::<Vec<_>>().as_slice() {
                [(reason, of)] if of.len() == 1 => reason.clone(),
                missing => return Err(format!("what is missing: {missing:?}")),
            }
        }
        (Err(error), End::Untouched(due)) => {
            if found != world.previous {
                return Err(format!("the site has changed: {error}"));
            }
            if kind(error) != Some(due) || error.exit() != exit(due) {
                return Err(format!("{:?}, {:?}: {error}", kind(error), error.exit()));
            }
            told(error)
        }
        (Ok(summary), _) => return Err(format!("succeeded: {:?}", missing(summary))),
        (Err(error), _) => return Err(format!("failed: {}", told(error))),
    };
    let secrets = [relay::PASSWORD, "-token"];
    let everything = format!("{result:?} {said}");
    if secrets.iter().any(|secret| everything.contains(secret)) {
        return Err(format!("a secret is told: {everything}"));
    }
    if matches!(plan.fault, Fault::Expired) {
        let renewed = |it: &relay::Request| it.line == "GET /auth/refresh-token";
        let times = relay.seen().iter().filter(|it| renewed(it)).count();
        if times != 1 {
            return Err(format!("the session was renewed {times} times"));
        }
    }
    Ok(said
        .replace(relay.url(), "http://kitsu")
        .replace(world.elsewhere.url(), "http://elsewhere"))
}

/// Why pictures and movies are missing, and which.
fn missing(summary: &Summary) -> BTreeMap<String, Vec<String>> {
    let projects = summary.projects.iter().map(|it| &it.media);
    let all = projects.chain([&summary.shared_media]);
    let all = all.flat_map(|it| it.missing.clone().into_iter().chain(it.unavailable.clone()));
    all.map(|(reason, it)| (reason, it.of)).collect()
}

fn difference<'a>(found: &'a Files, due: &'a Files) -> Vec<&'a Path> {
    let different = |a: &'a Files, b: &'a Files| {
        let all = a.iter().filter(|it| !b.contains(it));
        all.map(|(path, _)| path.as_path()).collect::<Vec<_>>()
    };
    [different(found, due), different(due, found)].concat()
}

/// Checks that two sites differ by placeholders alone.
fn only_placeholders(found: &Files, due: &Files) -> Result<(), String> {
    let due: BTreeMap<_, _> = due.iter().cloned().collect();
    for (path, bytes) in found {
        let due = due
            .get(path)
            .ok_or_else(|| format!("{} is new", path.display()))?;
        // Without its movie an edit is as long as the shots.
        let may_differ = path.ends_with("edit.json");
        if path.extension().is_none_or(|it| it != "json") || may_differ {
            if bytes != due && !may_differ {
                return Err(format!("{} differs", path.display()));
            }
            continue;
        }
        let [bytes, due] = [bytes, due].map(|it| serde_json::from_slice(it).unwrap());
        if !same_but_for_pictures(&bytes, &due) {
            return Err(format!("{} differs", path.display()));
        }
    }
    Ok(())
}

fn same_but_for_pictures(found: &Value, due: &Value) -> bool {
    match (found, due) {
        (Value::Array(found), Value::Array(due)) => {
            let mut pairs = found.iter().zip(due);
            found.len() == due.len() && pairs.all(|(a, b)| same_but_for_pictures(a, b))
        }
        (Value::Object(found), Value::Object(due)) => {
            let same = |(key, found): (&String, &Value)| match due.get(key) {
                Some(_) if key == "thumbnailUrl" && found.is_null() => true,
                Some(_) if key == "has_avatar" && *found == false => true,
                due => due.is_some_and(|due| same_but_for_pictures(found, due)),
            };
            found.len() == due.len() && found.iter().all(same)
        }
        _ => found == due,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn every_fault_at_every_request_ends_well() {
    let world = Arc::new(World::new().await);
    let cases = cases(&world.routes);
    let count = cases.len();
    let results = stream::iter(cases).map(|(plan, due)| {
        let world = Arc::clone(&world);
        // A thread each: what writes to the disk holds up nobody else.
        tokio::task::spawn_blocking(move || {
            let result = Handle::current().block_on(play(&world, plan.clone(), due));
            (plan, due, result)
        })
    });
    let results: Vec<_> = results.buffered(AT_A_TIME).collect().await;
    let mut wrong = Vec::new();
    let mut told = Vec::new();
    for result in results {
        let (
            Plan {
                fault,
                lines,
                lasts,
            },
            due,
            result,
        ) = result.unwrap();
        let at = &lines[0];
        match result {
            Err(problem) => {
                let times = if lasts { "always" } else { "once" };
                wrong.push(format!(
                    "{fault:?}, {times}, at {at}: {due:?} is due: {problem}"
                ));
            }
            Ok(said)
                if !said.is_empty() && (at.contains("/shots/") || at.contains("/persons/")) =>
            {
                told.push(format!("{fault:?}: {said}"));
            }
            Ok(_) => {}
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    // Up to the machine, or the day.
    let filters = [
        (
            r"only \d+ bytes in 500ms, \d+",
            "only [few] bytes in 500ms, [few]",
        ),
        (r"in \d{5,} s", "in [many] s"),
        (r"host: 127.0.0.1:\d*", "host: kitsu"),
    ];
    insta::with_settings!({filters => filters}, {
        insta::assert_snapshot!("told", told.join("\n"));
    });
    // Nobody else was told who we are.
    let seen = world.elsewhere.seen();
    assert!(!seen.is_empty());
    for request in seen {
        for secret in [
            "authorization",
            "cookie",
            "referer",
            "token",
            relay::PASSWORD,
            relay::EMAIL,
        ] {
            assert!(
                !request.text.to_lowercase().contains(secret),
                "{}",
                request.text
            );
        }
        assert!(
            request.line.ends_with(".png") || request.line.ends_with(".mp4"),
            "{}",
            request.line
        );
    }
}

/// Plays a fault on some requests of one tracker, exports twice, and gives the site after each time,
/// with what the first summary says.
async fn twice(world: &World, plan: Plan) -> (TempDir, Summary, Files, Files) {
    let relay = world.relay(plan).await;
    let site = world.site();
    let kitsu = Kitsu::new(settings(relay.url(), PATIENCE)).unwrap();
    let options = options(MediaPolicy::Download);
    let mut ends = Vec::new();
    let mut first = None;
    for _ in 0..2 {
        let summary = export(&kitsu, &Site::new(site.path()), &options, &())
            .await
            .unwrap();
        run(watchtower().arg("validate").arg(site.path()), 0);
        first.get_or_insert(summary);
        ends.push(files(&site.path().join("data")));
    }
    let second = ends.pop().unwrap();
    (site, first.unwrap(), ends.pop().unwrap(), second)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn what_vanishes_while_it_is_read_is_left_out_and_is_back_the_next_time() {
    fn keep_first(list: &mut Value) {
        list.as_array_mut().unwrap().truncate(1);
    }
    let world = World::new().await;
    let mut told = Vec::new();
    for list in ["GET /data/sequences", "GET /data/shots", "GET /data/assets"] {
        let route = world
            .routes
            .keys()
            .find(|route| route.starts_with(list))
            .unwrap();
        let lines = world.routes[route].clone();
        let plan = Plan {
            fault: Fault::Edited(keep_first),
            lines,
            lasts: false,
        };
        let (_site, summary, first, second) = twice(&world, plan).await;
        assert_ne!(first, world.complete, "{list}");
        assert_eq!(
            difference(&second, &world.complete),
            Vec::<&Path>::new(),
            "{list}"
        );
        let film = &summary.projects[0];
        let dangling = film
            .left_out
            .iter()
            .filter(|it| it.reason == Reason::Dangling);
        let dangling: Vec<_> = dangling
            .map(|it| format!("{} {}", it.kind, it.name))
            .collect();
        let casting = film.notes.iter().filter(|it| it.contains("casting"));
        let casting: Vec<_> = casting.map(String::as_str).collect();
        told.push(format!(
            "{list}: {}; {}",
            dangling.join(", "),
            casting.join("; ")
        ));
    }
    insta::assert_snapshot!("vanished", told.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_project_that_fails_keeps_what_it_was_and_the_others_go_on() {
    let world = World::new().await;
    let lines = world
        .routes
        .values()
        .flatten()
        .filter(|line| line.contains("/shots/"));
    let lines = lines.cloned().collect();
    let plan = Plan {
        fault: Fault::Garbage(1),
        lines,
        lasts: true,
    };
    let relay = world.relay(plan).await;
    let site = world.site();
    let kitsu = Kitsu::new(settings(relay.url(), PATIENCE)).unwrap();
    let both = ExportOptions {
        projects: vec!["Nasty Film".into(), "Small Series".into()],
        ..options(MediaPolicy::Download)
    };
    let summary = export(&kitsu, &Site::new(site.path()), &both, &())
        .await
        .unwrap();
    run(watchtower().arg("validate").arg(site.path()), 0);
    let outcomes: Vec<_> = summary
        .projects
        .iter()
        .map(|it| (&*it.name, &it.outcome))
        .collect();
    assert!(
        matches!(
            outcomes[..],
            [
                ("Nasty Film", Outcome::Kept { .. }),
                ("Small Series", Outcome::Exported)
            ]
        ),
        "{outcomes:?}"
    );
    let found = files(&site.path().join("data"));
    let film = format!("projects/{}/", summary.projects[0].id);
    for file in world
        .previous
        .iter()
        .filter(|(path, _)| path.starts_with(&film))
    {
        assert!(found.contains(file), "{} differs", file.0.display());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_project_that_fails_keeps_its_history() {
    let world = World::new().await;
    let site = tempfile::tempdir().unwrap();
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let export_at = async |relay: &Relay, minutes: u64| {
        let kitsu = Kitsu::new(settings(relay.url(), PATIENCE)).unwrap();
        let options = ExportOptions {
            projects: vec!["Nasty Film".into(), "Small Series".into()],
            format: Some(Format::V1),
            moment: Some(start + Duration::from_secs(60 * minutes)),
            ..options(MediaPolicy::Download)
        };
        let summary = export(&kitsu, &Site::new(site.path()), &options, &()).await;
        run(watchtower().arg("validate").arg(site.path()), 0);
        summary.unwrap()
    };
    // The number of readings of each status, in each project.
    let readings = |summary: &Summary| {
        let of = |project: &ProjectSummary| {
            let path = format!("data/projects/{}/task_counts.json", project.id);
            let counts = read(site.path(), &path);
            let statuses = counts.as_array().unwrap().iter();
            let statuses = statuses.flat_map(|it| it["task_statuses"].as_array().unwrap());
            statuses
                .map(|it| it["data"].as_array().unwrap().len())
                .collect::<BTreeSet<_>>()
        };
        [of(&summary.projects[0]), of(&summary.projects[1])]
    };
    let relay = Relay::start(&world.kitsu).await;
    let summary = export_at(&relay, 0).await;
    assert_eq!(readings(&summary), [[1].into(), [1].into()]);

    let lines = world.routes.values().flatten();
    let lines = lines.filter(|line| line.contains("/shots/"));
    let faulty = world.relay(Plan {
        fault: Fault::Status(500, None),
        lines: lines.cloned().collect(),
        lasts: true,
    });
    let summary = export_at(&faulty.await, 5).await;
    assert!(matches!(summary.projects[0].outcome, Outcome::Kept { .. }));
    assert_eq!(readings(&summary), [[1].into(), [2].into()]);

    let summary = export_at(&relay, 10).await;
    assert_eq!(readings(&summary), [[2].into(), [3].into()]);
}
