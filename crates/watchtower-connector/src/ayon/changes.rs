//! What changed, by the log of events that AYON keeps.
//!
//! AYON writes an event for what happens to folders, tasks, links, products, versions and reviewables, and
//! shows all of them to managers, admins and service users. Anybody else gets their own alone, and no word
//! of the others, so we ask who we are before we ask what happened.
//!
//! Events are ordered by a number. Two that are written side by side may come to be seen in another order, so
//! a mark holds the newest hundred by their ids, and all of them are asked for again. That also tells whether
//! the log is still the one that we know: a database that was put back has others under their numbers.
//!
//! A server writes an event when the change is there already, so a mark is taken before anything is read.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use watchtower_model::{MediaRef, ProjectId};

use super::graphql::{self, QueryFailure};
use super::list::Share;
use super::records::{Event, Logged, Me};
use super::{Ayon, OPERATION_LOG_IN};
use crate::http::shown;
use crate::{Changed, Changes, Error, Mark, Result};

const OPERATION: &str = "ask AYON what changed";

/// How many events a mark knows by their ids.
const KNOWN: usize = 100;

/// How often everything is read for the sake of what makes no event: pictures of folders, projects and
/// people, people's names.
const WITHOUT_EVENTS: Duration = Duration::from_secs(10 * 60);

const NO_LOG: &str = "this AYON has no log of events that can be asked in order, so everything is read each time; \
                      AYON 1.16 has it";

const NOT_SHOWN: &str = "AYON shows its log of events to managers, admins and service users alone, so everything is \
                         read each time; with such an account only what changed is";

/// What has no part in a site, by how the topic of an event starts.
const ELSEWHERE: [&str; 6] = [
    "bundle.",
    "entity.representation.",
    "entity.workfile.",
    "inbox.",
    "log.",
    "server.",
];

/// What a mark holds.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    server: String,
    account: String,
    /// When everything was read, in seconds since 1970.
    read_all: u64,
    /// Behind which event those that are known come. None where that is the start of the log.
    after: Option<String>,
    /// The ids of the newest events, the newest last.
    known: Vec<String>,
}

impl Place {
    /// The place behind these events, the newest of which comes last.
    fn behind(self, events: &[Logged]) -> Self {
        let start = events.len().saturating_sub(KNOWN);
        let (before, known) = events.split_at(start);
        Self {
            after: before
                .last()
                .map_or(self.after, |last| Some(last.cursor.clone())),
            known: known.iter().map(|it| it.node.id.clone()).collect(),
            ..self
        }
    }

    fn mark(&self) -> Option<Mark> {
        // A record of texts has a JSON form.
        serde_json::to_string(self).ok().map(Mark::new)
    }

    /// Whether it is long ago that everything was read. A clock that was set back tells nothing.
    fn is_old(&self) -> bool {
        let age = seconds_now().checked_sub(self.read_all);
        age.is_none_or(|it| Duration::from_secs(it) >= WITHOUT_EVENTS)
    }
}

/// What changed since a mark.
pub(super) async fn since(ayon: &Ayon, mark: Option<&Mark>) -> Result<Changes> {
    let server = shown(ayon.http.base());
    let account = ayon.settings.credentials.tag();
    let place = mark.and_then(|it| serde_json::from_str::<Place>(it.as_str()).ok());
    let place = place.filter(|it| it.server == server && it.account == account && !it.is_old());
    if let Some(place) = place
        && let Some(changes) = told(ayon, place).await?
    {
        return Ok(changes);
    }
    let from_the_start = Place {
        server,
        account,
        read_all: seconds_now(),
        after: None,
        known: Vec::new(),
    };
    now(ayon, from_the_start).await
}

/// The mark of this moment.
async fn now(ayon: &Ayon, place: Place) -> Result<Changes> {
    let url = ayon.http.url(&["api", "users", "me"]);
    let me: Me = ayon.get(OPERATION_LOG_IN, url).await?;
    if !me.data.sees_events() {
        return Ok(without_a_log(NOT_SHOWN));
    }
    let newest = ayon.list_shared(OPERATION, graphql::NEWEST_EVENTS, json!({}));
    let mut events: Vec<Logged> = match newest.await {
        Err(failure) if is_answered(&failure) => {
            tracing::debug!(error = %Error::from(failure), "the log is not shown");
            return Ok(without_a_log(NO_LOG));
        }
        events => events?,
    };
    // Servers from before cursors were lists order events by the letters of their numbers.
    if events.iter().any(|it| it.cursor.parse::<u64>().is_ok()) {
        return Ok(without_a_log(NO_LOG));
    }
    // From the end of the log they come backwards, from some servers.
    let moment = |event: Option<&Logged>| event.and_then(|it| it.node.created_at.clone());
    if moment(events.first()) > moment(events.last()) {
        events.reverse();
    }
    let mark = place.behind(&events).mark();
    Ok(mark.map_or_else(Changes::unknown, Changes::unknown_until))
}

fn without_a_log(note: &str) -> Changes {
    Changes {
        note: Some(note.to_owned()),
        ..Changes::unknown()
    }
}

/// What changed since a place in the log. None where the log is not the one that the place is in.
async fn told(ayon: &Ayon, place: Place) -> Result<Option<Changes>> {
    let mut variables = json!({});
    if let Some(after) = &place.after {
        variables["after"] = Value::from(after.as_str());
    }
    let events = ayon.list_shared(OPERATION, graphql::EVENTS, variables);
    let events: Vec<Logged> = match events.await {
        Err(failure) if is_answered(&failure) => return Ok(None),
        events => events?,
    };
    let newest = place.known.last();
    if newest.is_some_and(|id| events.iter().all(|it| it.node.id != *id)) {
        return Ok(None);
    }
    let news = events
        .iter()
        .filter(|it| !place.known.contains(&it.node.id));
    let what = changed(news.map(|it| &it.node));
    Ok(Some(Changes {
        what,
        mark: place.behind(&events).mark(),
        note: None,
    }))
}

/// Whether the server has understood what it was asked, and does not answer that.
fn is_answered(failure: &QueryFailure) -> bool {
    match failure {
        QueryFailure::Request(failure) => matches!(failure.status(), Some(400 | 403 | 404 | 405)),
        QueryFailure::Answered { .. } => failure.is_answered(),
    }
}

/// What these events changed.
fn changed<'a>(news: impl Iterator<Item = &'a Event>) -> Changed {
    let mut list = false;
    let mut projects = BTreeSet::new();
    for event in news {
        if ELSEWHERE.iter().any(|it| event.topic.starts_with(it)) {
            continue;
        }
        let project = event.project.as_deref().map(ProjectId::new);
        match project {
            Some(Ok(project)) => _ = projects.insert(project),
            // Settings, people, and what is of no project that there can be.
            Some(Err(_)) | None => list = true,
        }
        list |= event.topic.starts_with("entity.project.");
    }
    Changed::Only { list, projects }
}

fn seconds_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}

/// What the last list was made of, as far as the log tells that it still holds. The next list then asks for the
/// rest alone.
#[derive(Debug, Default)]
pub(super) struct Remembered(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// How often the log was asked.
    asked: u64,
    /// The marks with which the log can be asked to tell all that changed since.
    marks: [Option<Mark>; 2],
    /// Whether the log was asked since the last list, and told.
    holds: bool,
    known: Known,
}

/// What is known without asking.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// What projects have in common with others, by their names.
    pub shares: HashMap<String, Share>,
    /// Whether there is a picture.
    pub pictures: HashMap<MediaRef, bool>,
}

impl Remembered {
    /// Takes in what the log told since a mark.
    pub(super) fn told(&self, since: Option<&Mark>, changes: &Changes) {
        let mut state = self.state();
        state.asked += 1;
        let is_since_then = since.is_some() && state.marks.iter().any(|it| it.as_ref() == since);
        match &changes.what {
            Changed::Only { projects, .. } if is_since_then => {
                let is_changed = |name: &String| projects.iter().any(|it| it.as_str() == name);
                state.known.shares.retain(|name, _| !is_changed(name));
                state.holds = true;
            }
            _ => {
                state.known = Known::default();
                state.holds = false;
            }
        }
        state.marks = [since.cloned(), changes.mark.clone()];
    }

    /// What a list need not ask for, and how often the log was asked until now.
    pub(super) fn take(&self) -> (Known, u64) {
        let mut state = self.state();
        let holds = std::mem::take(&mut state.holds);
        let known = std::mem::take(&mut state.known);
        (if holds { known } else { Known::default() }, state.asked)
    }

    /// Keeps what a list was made of, unless the log was asked meanwhile, or does not tell.
    pub(super) fn keep(&self, known: Known, asked: u64) {
        let mut state = self.state();
        if state.asked == asked && state.marks[1].is_some() {
            state.known = known;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
