//! What can go wrong between us and a tracker.

use std::fmt;

/// The result of talking to a tracker.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// What can be done about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The settings are wrong or missing: a person must mend them.
    Config,
    /// The tracker refuses us: wrong password, expired key, no access.
    Refused,
    /// The tracker cannot be reached, or fails for now: the same request may succeed later.
    Unavailable,
    /// What was asked for does not exist.
    NotFound,
    /// The tracker answers something that cannot be understood.
    Malformed,
    /// What the tracker holds is understood and cannot be exported, as an id that cannot name a
    /// folder; or the documents of a program or folder are wrong. A person must mend it there.
    Invalid,
    /// The tracker shows us a part of what it holds, which would look like the whole. A person must give
    /// the account access to the rest, or say that the part is what is wanted.
    Partial,
    /// What was asked for is beyond this tracker.
    Unsupported,
}

impl ErrorKind {
    /// Whether trying again later can help.
    pub fn is_transient(self) -> bool {
        self == Self::Unavailable
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Config => "wrong settings",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::NotFound => "not found",
            Self::Malformed => "not understood",
            Self::Invalid => "cannot be exported",
            Self::Partial => "seen in part",
            Self::Unsupported => "not supported",
        })
    }
}

/// An operation on a tracker that failed: which, on what, why, and what to do about it.
///
/// The message is for people and never holds a secret. What to do in code follows from
/// [`kind`](Self::kind).
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    operation: String,
    message: String,
    help: Option<String>,
    source: Option<Source>,
}

impl Error {
    /// An error of a kind, in words: `operation` is what was tried, as in `read the shots of
    /// Sprite Fright`, and `message` what happened instead.
    pub fn new(kind: ErrorKind, operation: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind,
            operation: operation.into(),
            message: message.into(),
            help: None,
            source: None,
        }
    }

    /// Adds what a person can do about it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds the error that caused this one. It must not hold a secret.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same for somebody else, without the error that caused it.
    #[cfg(feature = "http")]
    pub(crate) fn again(&self) -> Self {
        Self {
            kind: self.kind,
            operation: self.operation.clone(),
            message: self.message.clone(),
            help: self.help.clone(),
            source: None,
        }
    }

    /// What can be done about it.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What was tried.
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// What a person can do about it, where that is known.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.operation, self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
