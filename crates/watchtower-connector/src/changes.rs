//! What changed since the last reading.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use watchtower_model::ProjectId;

/// A place in a tracker's log of changes: everything before it is known.
///
/// The text is the tracker's own. It holds no credentials, because it is stored beside the site. It tells
/// the server and the account apart from others, so that a mark of another server is not taken for one of
/// this one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mark(String);

impl Mark {
    /// A mark that a tracker made.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the tracker that made it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The answer of [`Tracker::changes`](crate::Tracker::changes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// What changed.
    pub what: Changed,
    /// What to ask with the next time. None where the tracker has no log, or does not show it.
    pub mark: Option<Mark>,
    /// What a person should know of the log, in a sentence: that the account may not read it, say.
    pub note: Option<String>,
}

impl Changes {
    /// Nobody knows what changed, nor will the next time.
    pub fn unknown() -> Self {
        Self {
            what: Changed::Unknown,
            mark: None,
            note: None,
        }
    }

    /// Nobody knows what changed until now. What changes from now on is known.
    pub fn unknown_until(mark: Mark) -> Self {
        Self {
            what: Changed::Unknown,
            mark: Some(mark),
            note: None,
        }
    }
}

/// What changed since a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It may be anything: everything must be read again.
    Unknown,
    /// What is named here may have changed, and nothing else did. With an empty list of projects and
    /// `list` false, nothing changed.
    Only {
        /// Whether the list of projects may have changed, or what projects share: types, statuses, people.
        list: bool,
        /// The projects that may have changed, new ones and those that are gone included.
        projects: BTreeSet<ProjectId>,
    },
}

impl Changed {
    /// Nothing changed.
    pub fn nothing() -> Self {
        Self::Only {
            list: false,
            projects: BTreeSet::new(),
        }
    }

    /// Whether nothing changed.
    pub fn is_nothing(&self) -> bool {
        *self == Self::nothing()
    }
}
