//! Exports that read what changed since the last one, by the tracker's log of changes.
//!
//! Beside the site is remembered how far the log was read, and what the list of projects said. The next export,
//! of the same process or of another one, asks the log first, and reads nothing where nothing changed. Now and
//! then everything is read all the same: a log can be pruned, and data be changed behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tracing::{debug, info};
use watchtower_connector::{Account, Changed, Changes, Mark, Tracker};
use watchtower_model::{Project, ProjectId, ProjectList};
use watchtower_writer::{Outcome, Site, Summary};

/// How long what did not come whole is left alone before it is asked for again.
const PAUSE: Duration = Duration::from_secs(60);

/// A day, in seconds.
const DAY: u64 = 24 * 60 * 60;

/// What is known of a site and its tracker from one export to the next.
#[derive(Debug)]
pub struct Live {
    /// How often everything is read. None means each time.
    full_every: Option<Duration>,
    /// What else decides about what an export writes.
    settings: String,
    /// What was remembered, and the tag of the site's memory at that time.
    known: Option<(String, Memory)>,
    /// When everything that is owed was asked for last.
    tried: Option<Instant>,
    /// The last note about the log.
    note: Option<String>,
    /// As whom the tracker knew us last.
    account: Option<Account>,
}

/// What is remembered beside a site.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Memory {
    /// What the export depended on, beside the tracker.
    settings: String,
    mark: Mark,
    /// When everything was read last, in seconds since 1970.
    read_all: u64,
    /// What projects share.
    shared: String,
    /// Each project, as the list had it.
    projects: BTreeMap<ProjectId, String>,
    /// The projects that did not come whole.
    owed: BTreeSet<ProjectId>,
    /// Whether something that they share did not.
    owes_shared: bool,
}

/// What an export is to read.
#[derive(Debug)]
pub(crate) enum Plan {
    /// Everything. What changes from now on is told with the mark, where there is one.
    All(Option<Mark>),
    /// What changed.
    Some(Part),
}

/// What changed since the last export.
#[derive(Debug)]
pub(crate) struct Part {
    memory: Memory,
    projects: BTreeSet<ProjectId>,
    list: bool,
    mark: Option<Mark>,
}

/// What the next export is to know.
#[derive(Debug)]
pub(crate) struct Next {
    memory: Option<Memory>,
}

impl Live {
    /// Exports of which `settings` tell all that decides about their result beside the tracker and the
    /// [options](crate::export::ExportOptions): the arguments of a command, say. Everything is read again
    /// after `full_every`, and each time without it.
    pub fn new(full_every: Option<Duration>, settings: impl Into<String>) -> Self {
        Self {
            full_every,
            settings: digits(&(env!("CARGO_PKG_VERSION"), settings.into())),
            known: None,
            tried: None,
            note: None,
            account: None,
        }
    }

    /// Says as whom the tracker knows us, if that is news.
    pub(crate) fn connected(&mut self, account: &Account) {
        if self.account.as_ref() != Some(account) {
            let (user, server) = (account.user.as_deref(), account.server.as_deref());
            info!(user, server, "connected");
            self.account = Some(account.clone());
        }
    }

    /// Asks the tracker what changed since the last export. None where that is not known.
    ///
    /// # Errors
    ///
    /// When the tracker does not answer for the moment.
    pub(crate) async fn plan(
        &mut self,
        tracker: &dyn Tracker,
        site: &Site,
    ) -> watchtower_connector::Result<Option<Part>> {
        let Some(memory) = self.remembered(tracker, site) else {
            return Ok(None);
        };
        let Changes { what, mark, .. } = match tracker.changes(Some(&memory.mark)).await {
            Err(error) if error.kind().is_transient() => return Err(error),
            // Whatever is wrong is told by who reads everything.
            Err(_) => return Ok(None),
            Ok(changes) => changes,
        };
        let Changed::Only { list, mut projects } = what else {
            debug!("the tracker does not know what changed since the last export");
            return Ok(None);
        };
        let is_owed = memory.owes_shared || !memory.owed.is_empty();
        if is_owed && self.tried.is_none_or(|it| it.elapsed() >= PAUSE) {
            self.tried = Some(Instant::now());
            if memory.owes_shared {
                return Ok(None);
            }
            projects.extend(memory.owed.iter().cloned());
        }
        Ok(Some(Part {
            memory,
            projects,
            list,
            mark,
        }))
    }

    /// The mark of this moment, before everything is read. None where there is none: that costs time the next
    /// time, and no export fails for it.
    pub(crate) async fn mark(&mut self, tracker: &dyn Tracker) -> Option<Mark> {
        self.full_every?;
        let changes = tracker.changes(None).await.unwrap_or_else(|error| Changes {
            note: Some(format!(
                "what changes cannot be asked for, so everything is read the next time: {error}"
            )),
            ..Changes::unknown()
        });
        let Changes { mark, note, .. } = changes;
        if let Some(note) = note.filter(|it| self.note.as_ref() != Some(it)) {
            info!(note, "note");
            self.note = Some(note);
        }
        mark
    }

    /// What was remembered, where it fits and is not too old.
    fn remembered(&mut self, tracker: &dyn Tracker, site: &Site) -> Option<Memory> {
        let full_every = self.full_every?;
        let tag = site.memory_tag()?;
        if self.known.as_ref().is_none_or(|(then, _)| *then != tag) {
            let memory = serde_json::from_str(&site.remembered()?).ok()?;
            self.known = Some((tag, memory));
        }
        let (_, memory) = self.known.as_ref()?;
        let now = seconds_now();
        let age = now.checked_sub(memory.read_all)?;
        // A history has a reading of each day.
        let is_of_today = now / DAY == memory.read_all / DAY;
        let fits = memory.settings == self.settings_of(tracker);
        let is_fresh = is_of_today && Duration::from_secs(age) < full_every;
        (fits && is_fresh).then(|| memory.clone())
    }

    /// Goes on from a newer mark, after which nothing had changed.
    pub(crate) fn nothing_changed(&mut self, part: Part) -> usize {
        let count = part.memory.projects.len();
        if let (Some((_, memory)), Some(mark)) = (&mut self.known, part.mark) {
            memory.mark = mark;
        }
        count
    }

    /// What the next export is to know.
    pub(crate) fn next(&self, tracker: &dyn Tracker, list: &ProjectList, plan: &Plan) -> Next {
        let before = match plan {
            Plan::All(_) => None,
            Plan::Some(part) => Some(&part.memory),
        };
        let mark = match plan {
            Plan::All(mark) => mark,
            Plan::Some(part) => &part.mark,
        };
        let projects = list.projects.iter();
        let memory = mark.clone().map(|mark| Memory {
            settings: self.settings_of(tracker),
            mark,
            read_all: before.map_or_else(seconds_now, |it| it.read_all),
            shared: shared(list),
            projects: projects
                .map(|it| (it.id.clone(), listed(it, list)))
                .collect(),
            // Until they are read.
            owed: before.map(|it| it.owed.clone()).unwrap_or_default(),
            owes_shared: false,
        });
        Next { memory }
    }

    fn settings_of(&self, tracker: &dyn Tracker) -> String {
        let about = tracker.describe();
        digits(&(&self.settings, about.name, about.location))
    }
}

impl Part {
    /// Whether nothing changed, as far as is known without the list of projects.
    pub(crate) fn is_nothing(&self) -> bool {
        !self.list && self.projects.is_empty()
    }

    /// Whether a project has changed, or is new. None where all have, because what they share did.
    pub(crate) fn changed<'a>(
        &'a self,
        list: &'a ProjectList,
    ) -> Option<impl Fn(&Project) -> bool + 'a> {
        (self.memory.shared == shared(list)).then_some(|project: &Project| {
            let before = self.memory.projects.get(&project.id);
            self.projects.contains(&project.id) || before != Some(&listed(project, list))
        })
    }

    /// Whether the list has all projects that it had.
    pub(crate) fn keeps_all(&self, list: &ProjectList) -> bool {
        let mut before = self.memory.projects.keys();
        before.all(|id| list.projects.iter().any(|it| it.id == *id))
    }

    /// The same as a plan to read everything.
    pub(crate) fn into_all(self) -> Plan {
        Plan::All(self.mark)
    }
}

impl Next {
    /// What to remember of an export that did this.
    pub(crate) fn remembered(self, summary: &Summary) -> Option<String> {
        let mut memory = self.memory?;
        for project in &summary.projects {
            let media = &project.media;
            let is_whole = matches!(project.outcome, Outcome::Exported)
                && media.unavailable.is_empty()
                && media.stale_files == 0;
            match is_whole {
                true => _ = memory.owed.remove(&project.id),
                false => _ = memory.owed.insert(project.id.clone()),
            }
        }
        let listed = &memory.projects;
        memory.owed.retain(|id| listed.contains_key(id));
        let shared = &summary.shared_media;
        memory.owes_shared = !shared.unavailable.is_empty() || shared.stale_files > 0;
        debug!(
            owed = memory.owed.len(),
            "remembering how far the log was read"
        );
        serde_json::to_string(&memory).ok()
    }
}

/// What projects share, in a few digits.
fn shared(list: &ProjectList) -> String {
    let shared = ProjectList {
        projects: Vec::new(),
        ..list.clone()
    };
    digits(&serde_json::to_string(&shared).unwrap_or_default())
}

/// A project as a list has it, and where it stands, in a few digits.
fn listed(project: &Project, list: &ProjectList) -> String {
    let place = list.projects.iter().position(|it| it.id == project.id);
    digits(&(place, serde_json::to_string(project).unwrap_or_default()))
}

fn digits(value: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn seconds_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}
