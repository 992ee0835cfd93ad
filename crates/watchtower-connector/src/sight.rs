//! Whether the account is known to see a part of what the tracker holds.
//!
//! A picture that is refused is one that everybody should hear of: its rights may have been taken away by
//! mistake. Where a connector knows already that the account sees a part, it is what was to be expected.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::{Error, ErrorKind};

/// Which projects the account is known to see in part.
#[derive(Debug, Default)]
pub(crate) struct Sight {
    /// Their ids, or an empty text for all of them.
    parts: Mutex<BTreeSet<String>>,
}

impl Sight {
    /// The account sees a part of a project; of all of them, where the id is empty.
    pub(crate) fn is_of_part(&self, project: &str) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.insert(project.to_owned());
    }

    /// The error of a picture or movie of a project that was not opened: one of the kind
    /// [`Partial`](ErrorKind::Partial) where it is refused and the account is known not to see everything.
    pub(crate) fn explain(&self, project: Option<&str>, is_refused: bool, error: Error) -> Error {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = parts.contains("") || project.is_some_and(|it| parts.contains(it));
        if !is_refused || !is_known {
            return error;
        }
        let message = "the account, which sees a part of the project, may not see it";
        Error::new(ErrorKind::Partial, error.operation(), message).with_source(error)
    }
}
