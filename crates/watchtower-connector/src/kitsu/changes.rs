//! What changed, by the log of events that Zou keeps.
//!
//! Zou writes an event for nearly everything that is changed through its API. Admins are shown all of them,
//! managers those of their productions, and nobody else any. Events are ordered by their times alone, which
//! are told in whole seconds, and one may come to be seen after a later one. So a mark holds the events of the
//! half minute before the newest one, by their ids, and all of them are asked for again. Where the server's clock was
//! set back, what happens now comes before what is known; so a mark holds what the clock showed, beside ours.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use watchtower_model::{Project, ProjectId};

use super::Kitsu;
use crate::http::{Failure, shown};
use crate::{Changed, Changes, Mark, Result};

const OPERATION: &str = "ask Kitsu what changed";

/// How many events one request can be answered with.
const MOST: usize = 1000;

/// How many are asked for to find the newest ones.
const FEW: usize = 100;

/// For so long an event may come to be seen after a later one.
const LATE: Duration = Duration::from_secs(30);

/// As exactly as Zou writes when an event was. It keeps, and compares, fractions of it.
const SECOND: Duration = Duration::from_secs(1);

/// By so many seconds two clocks may differ more or less than before. It is less than [`LATE`], in which what
/// happens at a clock that was set back is seen all the same.
const DRIFT: i64 = 15;

const NO_LOG: &str =
    "this Kitsu has no log of events that can be asked, so everything is read each time";

const NOT_SHOWN: &str = "Kitsu shows its log of events to admins and managers alone, so everything is read each time; \
                    with an account of such a role only what changed is";

/// What has no part in a site, by what stands before the colon of an event's name.
const ELSEWHERE: [&str; 9] = [
    "build-job",
    "chat",
    "news",
    "notification",
    "output-file",
    "playlist",
    "search-filter",
    "time-spent",
    "working-file",
];

/// An event: `GET /data/events/last`
#[derive(Debug, Deserialize)]
struct Event {
    id: String,
    /// In UTC, to the second: `2026-11-28T05:34:17`.
    created_at: String,
    name: String,
    /// Who did it; nobody where nobody was logged in yet.
    #[serde(default)]
    user_id: Option<String>,
    #[serde(default)]
    project_id: Option<String>,
    #[serde(default)]
    data: Value,
}

impl Event {
    /// What is changed: the part of its name before the colon.
    fn subject(&self) -> &str {
        self.name.split(':').next().unwrap_or_default()
    }
}

/// What a mark holds.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    server: String,
    account: String,
    /// The id of the account's person.
    person: String,
    /// Whether the account sees all events: an admin's does.
    sees_all: bool,
    /// From when on events are known by their ids. None where there is none.
    from: Option<String>,
    /// Their ids, the newest first.
    seen: Vec<String>,
    /// How many seconds the server's clock was ahead of ours. None where it does not say.
    ahead: Option<i64>,
}

impl Place {
    /// The place behind these events, the newest of which comes first, when the server's clock shows this.
    fn behind(self, events: &[Event], clock: Option<SystemTime>) -> Self {
        let ahead = clock.map(ahead_of_us);
        let Some(newest) = events.first() else {
            return Self { ahead, ..self };
        };
        // Events of a time that is yet to come are from before the clock was set back.
        let newest = moment(&newest.created_at).map(|it| clock.map_or(it, |clock| clock.min(it)));
        let mut start = newest.map(|it| it - LATE);
        if events.len() >= MOST {
            // There may be more of them, of the second of the oldest one too, and the next question begins a second
            // before the start.
            let oldest = events.last().and_then(|it| moment(&it.created_at));
            start = start.max(oldest.map(|it| it + SECOND * 2));
        }
        let is_late = |it: &&Event| moment(&it.created_at) >= start;
        let known = events.iter().take_while(is_late);
        Self {
            from: start.map(written),
            seen: known.map(|it| it.id.clone()).collect(),
            ahead,
            ..self
        }
    }

    fn mark(&self) -> Option<Mark> {
        // A record of texts has a JSON form.
        serde_json::to_string(self).ok().map(Mark::new)
    }
}

/// What changed since a mark.
pub(super) async fn since(kitsu: &Kitsu, mark: Option<&Mark>) -> Result<Changes> {
    let server = shown(kitsu.http.base());
    let place = mark.and_then(|it| serde_json::from_str::<Place>(it.as_str()).ok());
    match place.filter(|it| it.server == server && it.account == kitsu.account) {
        Some(place) => told(kitsu, place).await,
        None => now(kitsu, server).await,
    }
}

/// The mark of this moment.
async fn now(kitsu: &Kitsu, server: String) -> Result<Changes> {
    let mut newest_ones = newest(kitsu, None, FEW).await;
    if matches!(&newest_ones, Ok((events, _)) if may_lack_some(events, FEW)) {
        newest_ones = newest(kitsu, None, MOST).await;
    }
    let (events, clock) = match newest_ones {
        Ok(answer) => answer,
        // Servers from before there was a log, and accounts that may not read it.
        Err(failure) if matches!(failure.status(), Some(400 | 404 | 405)) => {
            return Ok(without_a_log(NO_LOG));
        }
        Err(failure) if failure.status() == Some(403) => return Ok(without_a_log(NOT_SHOWN)),
        Err(failure) => return Err(failure.into()),
    };
    let person = kitsu.authenticated().await?;
    let role = person.role.unwrap_or_default();
    let place = Place {
        server,
        account: kitsu.account.clone(),
        person: person.id,
        sees_all: role.eq_ignore_ascii_case("admin"),
        from: None,
        seen: Vec::new(),
        ahead: None,
    };
    // Everything is read as it is: what may have changed unseen may have kept its tag.
    kitsu.lists.forget(|_| true);
    let mark = place.behind(&events, clock).mark();
    Ok(mark.map_or_else(Changes::unknown, Changes::unknown_until))
}

/// Whether, of the half minute before the newest of these events, there may be more than these.
fn may_lack_some(events: &[Event], limit: usize) -> bool {
    let at = |it: Option<&Event>| it.and_then(|it| moment(&it.created_at));
    let reach = at(events.last()).map(|it| it + LATE);
    events.len() >= limit && reach >= at(events.first())
}

fn without_a_log(note: &str) -> Changes {
    Changes {
        note: Some(note.to_owned()),
        ..Changes::unknown()
    }
}

/// What changed since a place in the log.
async fn told(kitsu: &Kitsu, place: Place) -> Result<Changes> {
    let from = place.from.as_deref().and_then(moment);
    // What came at the very second may be of before it.
    let after = from.map(|it| it - SECOND);
    let (events, clock) = match newest(kitsu, after, MOST).await {
        Ok(answer) => answer,
        // The account has lost its role, or the server its log.
        Err(failure) if matches!(failure.status(), Some(400 | 403 | 404 | 405)) => {
            return now(kitsu, place.server).await;
        }
        Err(failure) => return Err(failure.into()),
    };
    let was_there = place.seen.first();
    let is_pruned = was_there.is_some_and(|id| events.iter().all(|it| it.id != *id));
    // What happens at a clock that was set back is behind what is known.
    let is_back = clock
        .zip(place.ahead)
        .is_some_and(|(clock, before)| ahead_of_us(clock) + DRIFT < before);
    if is_pruned || is_back || events.len() >= MOST {
        return now(kitsu, place.server).await;
    }
    // What came in the second that is asked for beside it was known before.
    let is_older = |it: &Event| moment(&it.created_at).is_some_and(|it| Some(it) < from);
    let is_news = |it: &&Event| !place.seen.contains(&it.id) && !is_older(it);
    let news = events.iter().filter(is_news);
    let what = changed(kitsu, &place, news);
    if let Changed::Only { projects, .. } = &what {
        // Zou makes the tag of a list from the newest time in it: a change that was seen late, or at a clock that
        // was set back, leaves it as it was.
        let is_of = |url: &Url| projects.iter().any(|it| url.as_str().contains(it.as_str()));
        kitsu.lists.forget(is_of);
    }
    let mark = place.behind(&events, clock).mark();
    Ok(Changes {
        what,
        mark,
        note: None,
    })
}

/// What these events changed.
fn changed<'a>(kitsu: &Kitsu, place: &Place, news: impl Iterator<Item = &'a Event>) -> Changed {
    // Only an admin is shown who and what is changed beside the productions.
    let mut list = !place.sees_all;
    let mut projects = BTreeSet::new();
    let mut lends = false;
    for event in news {
        if ELSEWHERE.contains(&event.subject()) {
            continue;
        }
        let id = event.project_id.as_deref().map(ProjectId::new);
        match id {
            Some(Ok(id)) => {
                // What it lends to others is theirs as well.
                lends |= matches!(event.subject(), "asset" | "preview-file");
                projects.insert(id);
            }
            // Each login writes down that the person was there, as nobody: nobody is logged in yet.
            _ if event.name == "person:update"
                && event.user_id.is_none()
                && event.data["person_id"] == *place.person => {}
            // A new avatar has the address of the old one, so the list would not show it.
            _ if event.subject() == "person" && event.user_id.is_some() => return Changed::Unknown,
            _ => list = true,
        }
    }
    if lends {
        match kitsu.borrowing.borrowers(&projects) {
            Some(borrowers) => projects.extend(borrowers),
            None => return Changed::Unknown,
        }
    }
    Changed::Only { list, projects }
}

/// The newest events, the newest first, and what the server's clock shows.
async fn newest(
    kitsu: &Kitsu,
    after: Option<SystemTime>,
    limit: usize,
) -> Result<(Vec<Event>, Option<SystemTime>), Failure> {
    let mut url = kitsu.http.url(&["data", "events", "last"]);
    url.query_pairs_mut()
        .append_pair("limit", &limit.to_string());
    if let Some(after) = after {
        url.query_pairs_mut().append_pair("after", &written(after));
    }
    let request = kitsu.http.get(OPERATION, url);
    kitsu
        .with_session(request, |request| Box::pin(request.json_and_date()))
        .await
}

/// How many seconds a clock is ahead of ours.
fn ahead_of_us(clock: SystemTime) -> i64 {
    let seconds = |it: Duration| i64::try_from(it.as_secs()).unwrap_or(i64::MAX);
    match clock.duration_since(SystemTime::now()) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    }
}

/// A moment as Zou takes it.
fn written(moment: SystemTime) -> String {
    let text = humantime::format_rfc3339_seconds(moment).to_string();
    text.trim_end_matches('Z').to_owned()
}

/// A moment as Zou writes it.
fn moment(text: &str) -> Option<SystemTime> {
    let moment = humantime::parse_rfc3339_weak(text.get(..19)?).ok()?;
    // Long before there was a log.
    (moment > UNIX_EPOCH + LATE * 2).then_some(moment)
}

/// Which projects show assets of others, as far as they were read.
#[derive(Debug, Default)]
pub(super) struct Borrowing(Mutex<BTreeMap<ProjectId, Option<bool>>>);

impl Borrowing {
    /// Says which projects there are.
    pub(super) fn listed(&self, projects: &[Project]) {
        let mut known = self.known();
        let before = std::mem::take(&mut *known);
        let is_read = |id: &ProjectId| before.get(id).copied().flatten();
        known.extend(projects.iter().map(|it| (it.id.clone(), is_read(&it.id))));
    }

    /// Says whether a project borrows.
    pub(super) fn read(&self, project: &ProjectId, borrows: bool) {
        self.known().insert(project.clone(), Some(borrows));
    }

    /// The projects that borrow. None where that is not known of one that is not among these.
    fn borrowers(&self, read_anyway: &BTreeSet<ProjectId>) -> Option<Vec<ProjectId>> {
        let known = self.known();
        let others = known.iter().filter(|(id, _)| !read_anyway.contains(*id));
        let mut borrowers = Vec::new();
        for (id, borrows) in others {
            if (*borrows)? {
                borrowers.push(id.clone());
            }
        }
        (!known.is_empty()).then_some(borrowers)
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<ProjectId, Option<bool>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
