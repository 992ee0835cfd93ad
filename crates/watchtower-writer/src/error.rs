//! What can go wrong while a site is written.

use std::io;
use std::path::{Path, PathBuf};

use watchtower_model::format::Format;

use crate::FailureCode;
use crate::validate::Finding;

/// The result of writing to a site.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a site could not be written. What stood in the site before stands there still, but for what
/// [`Transaction::commit`](crate::Transaction::commit) says of Windows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system refused.
    #[error("cannot {operation} `{}`: {source}", .path.display())]
    Output {
        /// What was tried, as in `create the folder`.
        operation: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The place given cannot be a site.
    #[error("`{}` cannot hold a site: {reason}", .path.display())]
    NotASite {
        /// The place.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Another export is writing to the site.
    #[error("another export is writing to `{}`; wait for it to end", .path.display())]
    Locked {
        /// The site.
        path: PathBuf,
    },
    /// The site is of two formats, and the export of neither in particular: it would remove the other.
    #[error("`{}` is a site of both format {} and format {}, and an export leaves one of them", .path.display(), .found[0], .found[1])]
    SeveralFormats {
        /// The site.
        path: PathBuf,
        /// The formats it is of.
        found: [Format; 2],
    },
    /// Some projects are to be replaced, and the site is of another format than they.
    #[error(
        "`{}` is a site of format {found}, and projects of format {wanted} cannot stand beside those \
         in it: export all projects to change its format, or give another folder",
        .path.display()
    )]
    OtherFormat {
        /// The site.
        path: PathBuf,
        /// The format it is of.
        found: Format,
        /// The format of the export.
        wanted: Format,
    },
    /// The list of projects cannot be read, so what the site holds of others would be lost.
    #[error(
        "the list of projects `{}` cannot be read, and the export would lose the projects that it does \
         not bring itself: {reason}. Mend the file, or export all projects without a failure",
        .path.display()
    )]
    List {
        /// The document.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The history of a project cannot be carried on.
    #[error(
        "the history in `{}` cannot be read, and the export would lose it: {reason}. Mend the file, or \
         move it away to begin a new history",
        .path.display()
    )]
    History {
        /// The document.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// What was about to be written breaks its own schema.
    #[error("{document} of `{project}` would not be valid: {}", first(.findings))]
    Invalid {
        /// The project's name.
        project: String,
        /// The document's file name.
        document: String,
        /// What is wrong with it.
        findings: Vec<Finding>,
    },
    /// A project would lose much of what the site shows of it.
    #[error(
        "`{}` would lose much of what the site shows: {lost}. If that is right, export once with \
         `--allow-shrink \"{}\"`", .project.escape_debug(), .project.escape_debug()
    )]
    Shrunk {
        /// The project's name.
        project: String,
        /// What would be lost, in words.
        lost: String,
    },
    /// The list of projects would lose more than half of them.
    #[error(
        "the site has {before} projects, and {after} of them came: {} would be gone. If that is right, export \
         once with `--allow-shrink projects`", .gone.join(", ")
    )]
    ListShrunk {
        /// How many projects the site has.
        before: usize,
        /// How many of them came, or are kept.
        after: usize,
        /// The names of the others.
        gone: Vec<String>,
    },
    /// The data cannot be laid out as files.
    #[error("{0}")]
    Data(String),
}

impl Error {
    /// What kind of failure it is, for programs.
    pub fn code(&self) -> FailureCode {
        match self {
            Self::Invalid { .. } | Self::Data(_) => FailureCode::Invalid,
            Self::Shrunk { .. } => FailureCode::Shrunk,
            Self::History { .. } => FailureCode::History,
            _ => FailureCode::Other,
        }
    }
}

fn first(findings: &[Finding]) -> String {
    let Some(first) = findings.first() else {
        return "no reason is known".into();
    };
    let place = if first.pointer.is_empty() {
        "the document"
    } else {
        &first.pointer
    };
    // Who is named needs no number.
    let place = match first.message.starts_with("the ") && first.message.contains("`: ") {
        true => String::new(),
        false => format!("{place}: "),
    };
    match findings.len() - 1 {
        0 => format!("{place}{}", first.message),
        more => format!("{place}{} (and {more} more)", first.message),
    }
}

/// Adds the operation and the path to an error of the system.
pub(crate) trait IoContext<T> {
    fn during(self, operation: &'static str, path: impl AsRef<Path>) -> Result<T>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn during(self, operation: &'static str, path: impl AsRef<Path>) -> Result<T> {
        self.map_err(|source| Error::Output {
            operation,
            path: path.as_ref().to_owned(),
            source,
        })
    }
}
