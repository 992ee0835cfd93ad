//! Asks a tracker, and writes down what it answers. What to think of that is for the checks.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{join3, poll_fn};
use serde::Serialize;
use tokio::time::{sleep, timeout};
use watchtower_model::{MediaRef, Project, ProjectId, ProjectList, ProjectSnapshot};

use super::difference::Differences;
use super::media::{self, Opening, Received};
use super::{MakeTracker, Scenario};
use crate::{
    Account, Changes, Description, Error, Mark, MediaRequest, OpenedMedia, Result, Tracker, Traffic,
};

/// How long work that nobody waits for any more may go on unseen, before it is looked for.
const PAUSE: Duration = Duration::from_millis(200);

/// How often a call is broken off at most, each time four times as late.
const MOST_BREAKS: usize = 6;

/// What a call came to.
pub(super) type Call<T> = std::result::Result<T, Trouble>;

/// Why a call came to nothing.
#[derive(Debug)]
pub(super) enum Trouble {
    Error(Error),
    Panic,
    Silence,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(error) => write!(f, "{}: {error}", error.kind()),
            Self::Panic => f.write_str("it panicked"),
            Self::Silence => f.write_str("it did not end"),
        }
    }
}

/// A project that was read.
pub(super) struct Film {
    /// As it is in the list.
    pub listed: Project,
    pub snapshot: ProjectSnapshot,
}

/// How a call went that was broken off.
#[derive(Default)]
pub(super) struct Broken {
    /// How often it was waiting for something when it was dropped.
    pub times: usize,
    /// What was asked or received after it was dropped.
    pub went_on: Vec<String>,
    /// What the tracker answers afterwards, beside what it answered before.
    pub afterwards: Vec<(&'static str, Call<Differences>)>,
}

/// Everything that was seen.
#[derive(Default)]
pub(super) struct Observed {
    /// How the tracker describes itself: at first, at last, and another one that was made.
    pub descriptions: Vec<Description>,
    /// What a tracker that was asked for its description alone has asked others.
    pub traffic_at_first: Option<Traffic>,
    /// Whether it can be seen from outside that a project is being read.
    pub reading_is_seen: bool,
    pub account: Option<Call<Account>>,
    pub list: Option<Call<ProjectList>>,
    /// Projects that the scenario names and the list has not.
    pub not_listed: Vec<String>,
    pub films: Vec<Film>,
    /// What its documents have that nobody reads.
    pub unknown_keys: Vec<String>,
    /// Projects that could not be read, by their names.
    pub unread: Vec<(String, Trouble)>,
    /// What the same tracker answers the second time.
    pub again: Option<Call<Differences>>,
    /// What another tracker answers that is not asked to check the connection.
    pub anew: Option<Call<Differences>>,
    /// What the tracker answers when asked several things at a time.
    pub at_once: Option<Call<Differences>>,
    pub unknown_project: Option<Call<ProjectSnapshot>>,
    /// What was asked of a tracker with wrong credentials, and what came of it.
    pub refused: Option<Failures>,
    pub unreachable: Option<Failures>,
    pub another_server: Option<Failures>,
    pub broken: Broken,
    pub media: Vec<Opening>,
    /// A reference that no tracker makes.
    pub foreign_media: Option<Call<Received>>,
    /// A reference like the tracker's own to what is not there.
    pub missing_media: Option<(MediaRef, Call<Received>)>,
    /// What a tracker says of changes.
    pub log_of_changes: Option<ChangesSeen>,
    pub names_secrets: bool,
    pub log: Log,
}

/// What a tracker says of changes.
pub(super) struct ChangesSeen {
    /// Without a mark.
    pub first: Call<Changes>,
    /// With a mark that is not its own. None where it gives none.
    pub foreign: Option<Call<Changes>>,
    /// With marks of its own, after something changed.
    pub rounds: Vec<ChangeSeen>,
}

/// What a tracker says after something changed.
pub(super) struct ChangeSeen {
    pub project: ProjectId,
    pub told: Call<Changes>,
    /// With the same mark again.
    pub again: Call<Changes>,
}

/// What a tracker that cannot do anything answers, by what it was asked.
pub(super) type Failures = Vec<(&'static str, Call<()>)>;

/// What was noticed at any of the calls.
#[derive(Default)]
pub(super) struct Log {
    pub panics: Vec<String>,
    pub silences: Vec<String>,
    pub leaks: Vec<String>,
    /// Traffic that went down, or was counted only at times.
    pub traffic: Vec<String>,
    pub counts_traffic: bool,
}

/// A tracker, and what is noticed of it.
pub(super) struct Watched<'a> {
    tracker: Box<dyn Tracker>,
    log: &'a Mutex<Log>,
    scenario: &'a Scenario<'a>,
    last: Mutex<Option<Traffic>>,
}

impl<'a> Watched<'a> {
    fn new(tracker: Box<dyn Tracker>, log: &'a Mutex<Log>, scenario: &'a Scenario<'a>) -> Self {
        Self {
            last: Mutex::new(tracker.traffic()),
            tracker,
            log,
            scenario,
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn describe(&self) -> Description {
        let description = self.tracker.describe();
        self.said("describe", || format!("{description:?}"));
        description
    }

    async fn check(&self) -> Call<Account> {
        let call = self.call("check", self.tracker.check()).await;
        self.said_by("check", &call, |it| format!("{it:?}"));
        call
    }

    async fn list(&self) -> Call<ProjectList> {
        let call = self.call("project_list", self.tracker.project_list()).await;
        self.said_by("project_list", &call, json);
        call
    }

    async fn project(&self, project: &Project, list: &ProjectList) -> Call<ProjectSnapshot> {
        let what = format!("project {}", project.name);
        let call = self.call(&what, self.tracker.project(project, list)).await;
        self.said_by(&what, &call, json);
        call
    }

    /// Opens a picture or movie.
    pub(super) async fn open(&self, what: &str, request: MediaRequest<'_>) -> Call<OpenedMedia> {
        let call = self.call(what, self.tracker.open_media(request)).await;
        self.said_by(what, &call, |it| format!("{it:?}"));
        call
    }

    async fn changes(&self, since: Option<&Mark>) -> Call<Changes> {
        let call = self.call("changes", self.tracker.changes(since)).await;
        self.said_by("changes", &call, |it| format!("{it:?}"));
        call
    }

    /// Waits for a call, but not for ever, and notices what is wrong with any.
    pub(super) async fn call<T>(
        &self,
        what: &str,
        future: impl Future<Output = Result<T>>,
    ) -> Call<T> {
        let done = timeout(
            self.scenario.patience,
            AssertUnwindSafe(future).catch_unwind(),
        )
        .await;
        let call = match done {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(error))) => {
                self.said(what, || shown(&error));
                Err(Trouble::Error(error))
            }
            Ok(Err(_)) => {
                self.log().panics.push(what.to_owned());
                Err(Trouble::Panic)
            }
            Err(_) => {
                let text = format!("{what} did not end within {:?}", self.scenario.patience);
                self.log().silences.push(text);
                Err(Trouble::Silence)
            }
        };
        self.count(what);
        call
    }

    /// How much was done so far.
    fn work(&self) -> u64 {
        match &self.scenario.work {
            Some(work) => work(),
            None => {
                let traffic = self.tracker.traffic().unwrap_or_default();
                traffic.requests + traffic.bytes
            }
        }
    }

    /// Looks for secrets in what was said.
    fn said(&self, what: &str, text: impl Fn() -> String) {
        if self.scenario.secrets.is_empty() {
            return;
        }
        let text = text();
        for (place, secret) in self.scenario.secrets.iter().enumerate() {
            if spellings(secret).iter().any(|it| text.contains(it)) {
                let leak = format!("what `{what}` gave holds secret number {}", place + 1);
                let leaks = &mut self.log().leaks;
                if !leaks.contains(&leak) {
                    leaks.push(leak);
                }
            }
        }
    }

    fn said_by<T>(&self, what: &str, call: &Call<T>, text: impl Fn(&T) -> String) {
        if let Ok(answer) = call {
            self.said(what, || text(answer));
        }
    }

    /// Looks whether traffic went down since the last call.
    fn count(&self, what: &str) {
        let now = self.tracker.traffic();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let complaint = match (*last, now) {
            (Some(then), Some(now)) => {
                let fell = now.requests < then.requests
                    || now.retries < then.retries
                    || now.bytes < then.bytes;
                fell.then(|| format!("after `{what}` it is {now:?}, and was {then:?}"))
            }
            (Some(_), None) => Some(format!(
                "after `{what}` there is none, and there was before"
            )),
            (None, Some(_)) => Some(format!("before `{what}` there was none, and then there is")),
            (None, None) => None,
        };
        *last = now;
        let mut log = self.log();
        log.counts_traffic |= now.is_some();
        log.traffic.extend(complaint);
    }
}

/// Asks a tracker everything.
///
/// # Errors
///
/// When the first tracker cannot be made.
pub(super) async fn observe(
    make: &(dyn Fn() -> Result<Box<dyn Tracker>> + Send + Sync),
    scenario: &Scenario<'_>,
) -> Result<Observed> {
    let log = Mutex::new(Log::default());
    let watch = |tracker| Watched::new(tracker, &log, scenario);
    let tracker = watch(make()?);
    let mut observed = Observed {
        names_secrets: !scenario.secrets.is_empty(),
        ..Observed::default()
    };
    observed.descriptions.push(tracker.describe());
    observed.traffic_at_first = tracker.tracker.traffic();
    tracker.count("describe");
    observed.account = Some(tracker.check().await);
    // What a project holds may have been read for the list.
    let before = tracker.work();
    let list = tracker.list().await;
    if let Ok(list) = &list {
        observed.read(&tracker, list, scenario).await;
        observed.reading_is_seen = tracker.work() != before;
        observed.unknown_keys = tracker.tracker.unknown_keys();
        observed.again = Some(reread(&tracker, list, &observed.films).await);
        observed.at_once = at_once(&tracker, list, &observed.films).await;
        let unknown = tracker.project(&scenario.unknown_project, list).await;
        observed.unknown_project = Some(unknown);
        media::open_some(&tracker, list, scenario, &mut observed).await;
        observed.break_off(&tracker, list).await;
        // A tracker that cannot be made a second time answers nothing.
        match make() {
            Ok(another) => {
                let another = watch(another);
                observed.descriptions.push(another.describe());
                observed.anew = Some(reread(&another, list, &observed.films).await);
            }
            Err(error) => observed.anew = Some(Err(Trouble::Error(error))),
        }
        // One that does not log in by itself is another check's.
        if let (Some(Ok(_)), Ok(another)) = (&observed.anew, make()) {
            observed.break_off_list(&watch(another), list).await;
        }
    }
    if list.is_ok() {
        // The last of all, because it may change something.
        observed.log_of_changes = Some(changes(&tracker, scenario).await);
    }
    observed.descriptions.push(tracker.describe());
    let films: Vec<_> = observed.films.iter().map(|it| it.listed.clone()).collect();
    for (make, seen) in [
        (&scenario.refused, &mut observed.refused),
        (&scenario.unreachable, &mut observed.unreachable),
        (&scenario.another_server, &mut observed.another_server),
    ] {
        if let Some(make) = make {
            *seen = Some(failures(make, watch, list.as_ref().ok(), films.first()).await);
        }
    }
    observed.list = Some(list);
    drop(tracker);
    observed.log = log.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(observed)
}

/// Asks what changed, after changing something where the scenario can.
async fn changes(tracker: &Watched<'_>, scenario: &Scenario<'_>) -> ChangesSeen {
    /// How often something is changed: in the very moment of a mark, where it goes fast.
    const ROUNDS: usize = 3;
    let first = tracker.changes(None).await;
    let mut seen = ChangesSeen {
        foreign: None,
        rounds: Vec::new(),
        first,
    };
    let mark_of = |call: &Call<Changes>| call.as_ref().ok().and_then(|it| it.mark.clone());
    let Some(mut mark) = mark_of(&seen.first) else {
        return seen;
    };
    seen.foreign = Some(
        tracker
            .changes(Some(&Mark::new("of another tracker")))
            .await,
    );
    if let Some(change) = &scenario.change {
        for _ in 0..ROUNDS {
            let project = change().await;
            let told = tracker.changes(Some(&mark)).await;
            let again = tracker.changes(Some(&mark)).await;
            mark = mark_of(&told).unwrap_or(mark);
            seen.rounds.push(ChangeSeen {
                project,
                told,
                again,
            });
        }
    }
    seen
}

impl Observed {
    /// Whether the tracker has a log of changes.
    pub(super) fn has_mark(&self) -> bool {
        let first = self.log_of_changes.as_ref().map(|it| &it.first);
        matches!(first, Some(Ok(Changes { mark: Some(_), .. })))
    }

    /// The tracker's name.
    pub(super) fn name(&self) -> String {
        let first = self.descriptions.first();
        first.map(|it| it.name.clone()).unwrap_or_default()
    }

    /// Reads the projects for the first time.
    async fn read(&mut self, tracker: &Watched<'_>, list: &ProjectList, scenario: &Scenario<'_>) {
        let asked = |project: &&Project| {
            let is_it = |name: &String| *name == project.name || name == project.id.as_str();
            scenario.projects.is_empty() || scenario.projects.iter().any(is_it)
        };
        for name in &scenario.projects {
            let mut projects = list.projects.iter();
            if !projects.any(|it| it.name == *name || it.id.as_str() == name) {
                self.not_listed.push(name.clone());
            }
        }
        for project in list.projects.iter().filter(asked) {
            match tracker.project(project, list).await {
                Ok(snapshot) => self.films.push(Film {
                    listed: project.clone(),
                    snapshot,
                }),
                Err(trouble) => self.unread.push((project.name.clone(), trouble)),
            }
        }
    }

    /// Breaks off the reading of a project, and reads it once more.
    async fn break_off(&mut self, tracker: &Watched<'_>, list: &ProjectList) {
        let Some(Film { listed, snapshot }) = self.films.first() else {
            return;
        };
        let read = || tracker.tracker.project(listed, list);
        break_off(tracker, "project", read, &mut self.broken).await;
        let afterwards = tracker.project(listed, list).await.map(|film| {
            let mut differences = Differences::default();
            differences.of_projects(snapshot, &film);
            differences
        });
        self.broken.afterwards.push(("project", afterwards));
    }

    /// Breaks off the first call to a tracker, with whatever login that has.
    async fn break_off_list(&mut self, tracker: &Watched<'_>, list: &ProjectList) {
        let read = || tracker.tracker.project_list();
        break_off(tracker, "project_list", read, &mut self.broken).await;
        let afterwards = tracker.list().await.map(|now| {
            let mut differences = Differences::default();
            differences.of_lists(list, &now);
            differences
        });
        self.broken.afterwards.push(("project_list", afterwards));
    }
}

/// Reads all once more.
async fn reread(tracker: &Watched<'_>, list: &ProjectList, films: &[Film]) -> Call<Differences> {
    let mut differences = Differences::default();
    let now = tracker.list().await?;
    differences.of_lists(list, &now);
    for Film { snapshot, .. } in films {
        // By the list that goes with it, unless it is not there any more.
        let mut listed = now.projects.iter();
        let Some(listed) = listed.find(|it| it.id == snapshot.project.id) else {
            continue;
        };
        let film = tracker.project(listed, &now).await?;
        differences.of_projects(snapshot, &film);
    }
    Ok(differences)
}

/// Reads a project twice and the list, all at a time.
async fn at_once(
    tracker: &Watched<'_>,
    list: &ProjectList,
    films: &[Film],
) -> Option<Call<Differences>> {
    let Film { listed, snapshot } = films.first()?;
    let one = tracker.project(listed, list);
    let (one, other, now) = join3(one, tracker.project(listed, list), tracker.list()).await;
    let compare = || -> Call<Differences> {
        let mut differences = Differences::default();
        differences.of_projects(snapshot, &one?);
        differences.of_projects(snapshot, &other?);
        differences.of_lists(list, &now?);
        Ok(differences)
    };
    Some(compare())
}

/// Asks a tracker that cannot do anything.
async fn failures<'a>(
    make: &MakeTracker<'_>,
    watch: impl Fn(Box<dyn Tracker>) -> Watched<'a>,
    list: Option<&ProjectList>,
    project: Option<&Project>,
) -> Failures {
    let tracker = match make() {
        Ok(tracker) => watch(tracker),
        Err(error) => return vec![("making it", Err(Trouble::Error(error)))],
    };
    let mut failures = vec![
        ("check", tracker.check().await.map(|_| ())),
        ("project_list", tracker.list().await.map(|_| ())),
    ];
    if let (Some(list), Some(project)) = (list, project) {
        let read = tracker.project(project, list).await;
        failures.push(("project", read.map(|_| ())));
    }
    failures
}

/// Starts a call again and again, and drops it each time it waits for something, later and later.
async fn break_off<T, F: Future<Output = Result<T>>>(
    tracker: &Watched<'_>,
    what: &str,
    call: impl Fn() -> F,
    broken: &mut Broken,
) {
    for step in 0..MOST_BREAKS {
        let waits = 1 << (2 * step);
        let what = format!("{what}, to be broken off");
        let is_broken = tracker.call(&what, async {
            Ok(dropped_at(call(), waits).await.is_none())
        });
        let is_broken = is_broken.await;
        // What is under way at that moment may still arrive.
        sleep(PAUSE).await;
        let then = tracker.work();
        sleep(PAUSE).await;
        let now = tracker.work();
        if now != then {
            let text = format!("{what}: {then} was done when it had been dropped, and later {now}");
            broken.went_on.push(text);
        }
        if !matches!(is_broken, Ok(true)) {
            return;
        }
        broken.times += 1;
    }
}

/// Drops a future when it waits for the nth time. None unless it was done before.
async fn dropped_at<F: Future>(future: F, mut waits: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if waits <= 1 => Poll::Ready(None),
        Poll::Pending => {
            waits -= 1;
            Poll::Pending
        }
    })
    .await
}

/// An error with everything that anybody may print of it.
fn shown(error: &Error) -> String {
    let mut text = format!("{error} {error:?}");
    text.extend(error.help());
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    text
}

fn json(answer: &impl Serialize) -> String {
    // An answer that is no JSON cannot be published either, which its reader is told.
    serde_json::to_string(answer).unwrap_or_default()
}

/// How a secret stands in text, in JSON, and in what `Debug` prints.
fn spellings(secret: &str) -> Vec<String> {
    if secret.is_empty() {
        return Vec::new();
    }
    let json = json(&secret);
    let mut spellings = vec![secret.to_owned()];
    spellings.push(json.trim_matches('"').to_owned());
    spellings.push(secret.escape_debug().to_string());
    spellings.dedup();
    spellings
}

/// A text without secrets.
pub(super) fn redact(mut text: String, secrets: &[String]) -> String {
    for spelling in secrets.iter().flat_map(|it| spellings(it)) {
        text = text.replace(&spelling, "…");
    }
    text
}
