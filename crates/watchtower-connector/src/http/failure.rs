//! A request that failed.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reqwest::StatusCode;
use serde::de::DeserializeOwned;

use crate::{Error, ErrorKind};

/// A request that failed: the [`Error`] to tell, and what a connector may go by to try another way.
pub struct Failure(Box<Inner>);

struct Inner {
    error: Error,
    status: Option<StatusCode>,
    answer: Bytes,
    transient: bool,
    retry_after: Option<Duration>,
    elsewhere: bool,
}

impl Failure {
    pub(super) fn new(error: Error) -> Self {
        Self(Box::new(Inner {
            transient: error.kind().is_transient(),
            error,
            status: None,
            answer: Bytes::new(),
            retry_after: None,
            elsewhere: false,
        }))
    }

    pub(super) fn with_answer(mut self, status: StatusCode, answer: Bytes) -> Self {
        self.0.status = Some(status);
        self.0.answer = answer;
        self
    }

    pub(super) fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    /// Says whether the same request may succeed when repeated at once, where the kind does not.
    pub(super) fn transient(mut self, transient: bool) -> Self {
        self.0.transient = transient;
        self
    }

    pub(super) fn elsewhere(mut self, elsewhere: bool) -> Self {
        self.0.elsewhere = elsewhere;
        self
    }

    pub(super) fn is_transient(&self) -> bool {
        self.0.transient
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What can be done about it.
    pub fn kind(&self) -> ErrorKind {
        self.0.error.kind()
    }

    /// The status of the answer, as in 404, where there was an answer and it was not a success.
    pub fn status(&self) -> Option<u16> {
        self.0.status.map(|status| status.as_u16())
    }

    /// Whether the answer came from another origin than the tracker's, so that it says nothing about
    /// our credentials: those were not sent there.
    pub fn is_elsewhere(&self) -> bool {
        self.0.elsewhere
    }

    /// The body of such an answer, where it is JSON of this shape.
    pub fn answer<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.0.answer).ok()
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.0.error
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(error)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the answer: a server may repeat in it what it was sent.
        f.debug_struct("Failure")
            .field("error", &self.0.error)
            .field("status", &self.0.status)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.error.fmt(f)
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.error.source()
    }
}

/// What is at the bottom of an error, in words: "Connection refused" rather than "error sending
/// request". The layers above it hold the address with its query.
pub(super) fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
