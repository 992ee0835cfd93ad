//! Every fault at every request of an export from a recorded Kitsu: it ends in the export that there
//! would be without the fault, or in the previous one and a clear error.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Handle;
use watchtower_cli::export::{ExportError, ExportOptions, ProjectError, export};
use watchtower_cli::Exit;
use watchtower_connector::ErrorKind;
use watchtower_connector::http::HttpOptions;
use watchtower_connector::kitsu::{Credentials, Kitsu, KitsuSettings};
use watchtower_tests::faults::{Fault, TOO_MANY};
use watchtower_tests::relay::{self, Plan, RecordedKitsu, Relay};
use watchtower_tests::files;
use watchtower_writer::media::MediaPolicy;
use watchtower_writer::{Site, Summary};

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
        ContentType, Cut, CutChunks, CutHead, CutWithoutRanges, Drip, Endless, Expired, Garbage,
        Half, HangUp, MovedElsewhere, MovedHere, MovedInCircle, Reset, Silence, SilenceInBody,
        Status, TooLarge, WebPage,
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
        (Status(503, Some("Sun, 06 Nov 1994 08:49:37 GMT")), ONCE, Complete, there),
        (Status(503, Some("in a while")), ONCE, Complete, there),
        (Reset, ONCE, Complete, there),
        (HangUp, ONCE, Complete, there),
        (CutHead, ONCE, Complete, there),
        (Cut(1), ONCE, Complete, there),
        (Cut(2), ONCE, Complete, there),
        (Cut(3), ONCE, Complete, there),
        (CutWithoutRanges(4), ONCE, Complete, there),
        (CutWithoutRanges(5), ONCE, Complete, there),
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
        (ContentType("application/octet-stream"), LASTS, Complete, there),
        (MovedHere, LASTS, Complete, there),
        (MovedElsewhere, LASTS, Untouched(Config), there),
        // What stays.
        (Status(429, None), LASTS, Untouched(Unavailable), missing),
        (Status(429, Some("3600")), LASTS, Untouched(Unavailable), missing),
        (Status(500, None), LASTS, Untouched(Unavailable), missing),
        (Status(503, None), LASTS, Untouched(Unavailable), missing),
        (Status(503, Some("Sat, 06 Nov 2094 08:49:37 GMT")), LASTS, Untouched(Unavailable), missing),
        (Status(401, None), LASTS, Untouched(Refused), missing),
        (Status(403, None), LASTS, Untouched(Refused), missing),
        (Status(418, None), LASTS, Untouched(Malformed), missing),
        (Reset, LASTS, Untouched(Unavailable), missing),
        (HangUp, LASTS, Untouched(Unavailable), missing),
        (CutHead, LASTS, Untouched(Unavailable), missing),
        (Cut(8), LASTS, Untouched(Unavailable), missing),
        (CutChunks(9), LASTS, Untouched(Unavailable), missing),
        (Half, LASTS, Untouched(Malformed), None),
        (Silence, LASTS, Untouched(Unavailable), missing),
        (SilenceInBody, LASTS, Untouched(Unavailable), missing),
        (Drip, LASTS, Untouched(Unavailable), missing),
        (Garbage(10), LASTS, Untouched(Malformed), missing),
        (WebPage, LASTS, Untouched(Malformed), missing),
        (MovedInCircle, LASTS, Untouched(Malformed), missing),
        (TooLarge, LASTS, Untouched(Malformed), missing),
        (Endless, LASTS, Untouched(Malformed), missing),
    ];
    let row = |(fault, lasts, api, media)| Row { fault, lasts, api, media };
    rows.map(row).into()
}

/// How a row ends on a route, unless it makes no sense there.
fn due(row: &Row, route: &str) -> Option<End> {
    let is_media = route.contains("/pictures/") || route.contains("/movies/");
    let due = if is_media { row.media? } else { row.api };
    let without_session = ["GET /", "POST /auth/login"].contains(&route);
    match row.fault {
        // As a bot is: it may have the parts.
        Fault::Status(403, _) if route == "GET /data/user/context" => Some(End::Complete),
        Fault::Expired if without_session => None,
        // A file that is cut goes on where it was, so it is never cut at the same place again.
        Fault::Cut(_) if row.lasts && is_media => None,
        _ => Some(due),
    }
}

fn settings(url: &str) -> KitsuSettings {
    let credentials = Credentials::Password {
        email: relay::EMAIL.into(),
        password: relay::PASSWORD.into(),
    };
    let limit = u64::try_from(TOO_MANY).unwrap() / 4;
    KitsuSettings {
        http: HttpOptions {
            silence_timeout: Duration::from_millis(500),
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

async fn export_to(site: &Path, relay: &Relay, media: MediaPolicy) -> Result<Summary, ExportError> {
    let kitsu = Kitsu::new(settings(relay.url())).unwrap();
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
        export_to(site.path(), &relay, MediaPolicy::None).await.unwrap();
        let previous = files(&data);
        let summary = export_to(site.path(), &relay, MediaPolicy::Download).await.unwrap();
        let mut routes: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for request in relay.seen().into_iter().filter(|it| it.status == 200) {
            routes.entry(request.route()).or_default().insert(request.line);
        }
        Self {
            kitsu,
            elsewhere,
            previous,
            complete: files(&data),
            missing: missing(&summary),
            routes: routes.into_iter().map(|(route, lines)| (route, lines.into_iter().collect())).collect(),
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
    if kind == ErrorKind::Config { Exit::Usage } else { Exit::Tracker }
}

/// Plays one fault on one route. Gives what is wrong with how it ended, or what was said.
async fn play(world: &World, plan: Plan, due: End) -> Result<String, String> {
    let relay = world.relay(plan.clone()).await;
    let site = world.site();
    let result = export_to(site.path(), &relay, MediaPolicy::Download).await;
    if !relay.seen().iter().any(|it| plan.lines.contains(&it.line)) {
        return Err("nothing was hit".to_owned());
    }
    let found = files(&site.path().join("data"));
    let said = match (&result, due) {
        (Ok(summary), End::Complete) => {
            let missing = missing(summary);
            if found != world.complete {
                return Err(format!("not complete: {missing:?}, {:?}", difference(&found, &world.complete)));
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
    Ok(said.replace(relay.url(), "http://kitsu").replace(world.elsewhere.url(), "http://elsewhere"))
}

/// Why pictures and movies are missing, and which.
fn missing(summary: &Summary) -> BTreeMap<String, Vec<String>> {
    let projects = summary.projects.iter().map(|it| &it.media);
    let all = projects.chain([&summary.shared_media]);
    all.flat_map(|it| it.missing.clone()).collect()
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
        let due = due.get(path).ok_or_else(|| format!("{} is new", path.display()))?;
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
    let mut cases = Vec::new();
    for row in table() {
        for (route, lines) in &world.routes {
            let Some(due) = due(&row, route) else { continue };
            // What passes hits every address, what stays one of them.
            let count = if row.lasts { 1 } else { lines.len() };
            let plan = Plan { fault: row.fault, lines: lines[..count].to_owned(), lasts: row.lasts };
            cases.push((plan, due));
        }
    }
    let count = cases.len();
    let results = stream::iter(cases).map(|(plan, due)| {
        let world = Arc::clone(&world);
        // A thread each: what writes to the disk holds up nobody else.
        tokio::task::spawn_blocking(move || {
            let t=std::time::Instant::now();
            let result = Handle::current().block_on(play(&world, plan.clone(), due));
            eprintln!("{:?} {:?} {} {}", t.elapsed(), plan.fault, plan.lasts, plan.lines[0]);
            (plan, due, result)
        })
    });
    let results: Vec<_> = results.buffered(AT_A_TIME).collect().await;
    let mut wrong = Vec::new();
    for result in results {
        let (plan, due, result) = result.unwrap();
        if let Err(problem) = result {
            let times = if plan.lasts { "always" } else { "once" };
            let at = &plan.lines[0];
            wrong.push(format!("{:?}, {times}, at {at}: {due:?} is due: {problem}", plan.fault));
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    // Nobody else was told who we are.
    let seen = world.elsewhere.seen();
    assert!(!seen.is_empty());
    for request in seen {
        for secret in ["authorization", "cookie", "referer", "token", relay::PASSWORD, relay::EMAIL] {
            assert!(!request.text.to_lowercase().contains(secret), "{}", request.text);
        }
        assert!(request.line.ends_with(".png") || request.line.ends_with(".mp4"), "{}", request.line);
    }
}
