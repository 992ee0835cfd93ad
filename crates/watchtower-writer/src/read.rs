//! Reads a site, whoever wrote it: its documents become the domain model again.
//!
//! The mirror image of [`render`](crate::render). What [`validate`] finds no error in
//! is read: what a document lacks gets its default, a number that is written as text is a number, what
//! refers to nothing is left out or gets a stand-in, and each of these is said.
//!
//! ```
//! use std::path::Path;
//! use watchtower_writer::read;
//!
//! let film = Path::new("tests/fixtures/film-v0");
//! let read = read::site(film, None)?;
//! assert_eq!(read.projects[0].project.name, "Small Film");
//! # Ok::<(), read::Error>(())
//! ```

mod entities;
mod entries;
mod fields;
mod media;
mod mended;
mod settle;
mod v0;
mod v1;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use watchtower_model::format::{Document, Format};
use watchtower_model::{Project, ProjectId, ProjectList, ProjectSnapshot};

use self::fields::Fields;
pub use self::media::SiteMedia;
use self::mended::Mended;
use crate::SiteFolder;
use crate::validate::{self, Code, Finding, Severity, with_slashes};

/// What a site holds.
#[derive(Debug)]
pub struct Contents {
    /// The format of the site.
    pub format: Format,
    /// What the projects share, and the projects as they are listed.
    pub list: ProjectList,
    /// Each project of the list, with what was left out of it and what else to know.
    pub projects: Vec<ProjectSnapshot>,
    /// What to know of the site as a whole.
    pub notes: Vec<String>,
    /// Opens the pictures and movies that the site holds, which are
    /// [keys](watchtower_model::MediaLocation::Key): their paths from the site root. What it refers to
    /// elsewhere is an address as it is written there.
    pub media: SiteMedia,
}

/// Why a site cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder holds nothing that a client could start with.
    #[error("`{}` holds no site: {}", .path.display(), no_list(.path))]
    NotASite {
        /// The folder.
        path: PathBuf,
    },
    /// The site is of another format.
    #[error("the site in `{}` is of format {found}, not {asked}", .path.display())]
    OtherFormat {
        /// The folder.
        path: PathBuf,
        /// The format that was asked for.
        asked: Format,
        /// The format that it is.
        found: Format,
    },
    /// Validation finds errors in it.
    #[error("the site in `{}` is not valid: {}", .path.display(), told(.first, *.more))]
    Invalid {
        /// The folder.
        path: PathBuf,
        /// The format it was taken for.
        format: Format,
        /// The first error.
        first: Box<Finding>,
        /// How many more there are.
        more: usize,
    },
    /// A document cannot be read, or not be understood.
    #[error("cannot read `{}`: {reason}", .path.display())]
    Unreadable {
        /// The document.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
}

fn no_list(path: &Path) -> String {
    let lists = Format::ALL.iter().map(|it| format!("`{}`", it.site_path()));
    let paths: Vec<_> = lists.collect();
    let missing = format!("there is no {} in it", paths.join(" and no "));
    match path.join("projects").is_dir() {
        true => format!("{missing}; give the folder around `data`"),
        false => missing,
    }
}

/// The first error, and how many more there are.
fn told(first: &Finding, more: usize) -> String {
    let Finding {
        code,
        file,
        pointer,
        message,
        ..
    } = first;
    let place = match pointer.is_empty() {
        true => String::new(),
        false => format!(" at `{pointer}`"),
    };
    let more = match more {
        0 => String::new(),
        1 => " (and 1 error more)".to_owned(),
        more => format!(" (and {more} errors more)"),
    };
    format!("{code}, `{}`{place}: {message}{more}", with_slashes(file))
}

/// Reads a site. `format` is needed where it holds more than one.
///
/// Pictures and movies are not looked at: what is missing shows when it is opened. An edit may be
/// missing or empty, and so may the history of task counts.
///
/// # Errors
///
/// [`Error`]: nothing is read in part.
pub fn site(path: &Path, format: Option<Format>) -> Result<Contents, Error> {
    let folder = SiteFolder::new(path);
    let format = choose(path, &folder.formats(), format)?;
    let warnings = judge(path, format)?;
    let unreadable = |error: io::Error| Error::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let media = SiteMedia::open(&folder).map_err(unreadable)?;
    let mut reader = Reader {
        format,
        media,
        mended: Mended::default(),
    };
    let mut found = match format {
        Format::V0 => v0::read(&mut reader)?,
        _ => v1::read(&mut reader)?,
    };
    settle::settle(&mut found);
    reader.tell_of_unlisted(&found.list.projects);
    let mut notes: Vec<_> = reader.mended.sentences().collect();
    if warnings > 0 {
        let noun = if warnings == 1 { "warning" } else { "warnings" };
        notes.push(format!(
            "the site has {warnings} {noun}, which `watchtower validate` lists"
        ));
    }
    let projects = found.projects.into_iter().map(|mut it| {
        it.snapshot.notes.extend(it.mended.sentences());
        it.snapshot
    });
    Ok(Contents {
        format,
        list: found.list,
        projects: projects.collect(),
        notes,
        media: reader.media,
    })
}

fn choose(path: &Path, found: &BTreeSet<Format>, asked: Option<Format>) -> Result<Format, Error> {
    let path = path.to_owned();
    match (asked, found.first()) {
        (_, None) => Err(Error::NotASite { path }),
        (Some(asked), _) if found.contains(&asked) => Ok(asked),
        (Some(asked), Some(&found)) => Err(Error::OtherFormat { path, asked, found }),
        (None, Some(&found)) => Ok(found),
    }
}

/// Says how many warnings there are, if there is no error that matters to who reads.
fn judge(path: &Path, format: Format) -> Result<usize, Error> {
    let options = validate::Options {
        media: false,
        format: Some(format),
        // A timeline gets another length here, and colours are the client's.
        allow: vec![Code::NoEdit, Code::NoFrames, Code::TooManySequences],
        ..validate::Options::default()
    };
    let report = validate::site(path, &options).map_err(|error| Error::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    let mut errors = report.findings.iter().filter(|it| is_in_the_way(it));
    if let Some(first) = errors.next() {
        let left_out = report.left_out.iter();
        let left_out = left_out.filter(|it| it.severity == Severity::Error);
        let more = errors.count() + left_out.map(|it| it.count).sum::<usize>();
        return Err(Error::Invalid {
            path: path.to_owned(),
            format,
            first: Box::new(first.clone()),
            more,
        });
    }
    Ok(report.count(Severity::Warning))
}

/// Whether a finding is an error, and not of an edit or a history that is missing or empty.
fn is_in_the_way(finding: &Finding) -> bool {
    let name = finding.file.file_stem().unwrap_or_default();
    let is_spared = if finding.code == Code::MissingDocument {
        MAY_BE_MISSING.iter().any(|it| name == *it)
    } else {
        EDITS.iter().any(|it| name == *it) && entries::is_empty(&finding.file)
    };
    finding.severity == Severity::Error && !is_spared
}

/// The documents of edits, in either format.
const EDITS: [&str; 2] = ["edit", "edits"];
const MAY_BE_MISSING: [&str; 3] = ["edit", "edits", "task_counts"];

/// What was read, before it fits together.
struct Found {
    list: ProjectList,
    projects: Vec<FoundProject>,
}

/// A project as its documents say.
struct FoundProject {
    snapshot: ProjectSnapshot,
    /// Whether a list of types or statuses in which there are none means all.
    none_is_all: bool,
    mended: Mended,
}

/// Reads the documents of one site.
struct Reader {
    format: Format,
    media: SiteMedia,
    /// What was mended in the documents that projects share.
    mended: Mended,
}

impl Reader {
    fn document(&self, name: &str) -> &'static Document {
        self.format
            .document(name)
            .expect("the names in these files are rows of the table of documents")
    }

    /// The document that all projects share.
    fn shared(&self, name: &str) -> Result<Fields, Error> {
        self.object(self.document(name), &self.format.site_path())
    }

    /// A document of a project that is one object.
    fn of_project(&self, name: &str, project: &ProjectId) -> Result<Fields, Error> {
        let document = self.document(name);
        self.object(document, &document.path(project))
    }

    fn object(&self, document: &'static Document, path: &str) -> Result<Fields, Error> {
        let mut object = None;
        self.entries(document, path, &mut |entry| object = Some(entry))?;
        let nothing = || Ok(Fields::default());
        object
            .unwrap_or_else(nothing)
            .map_err(|reason| self.unreadable(path, reason))
    }

    /// The entries of a project's list. Those that cannot be understood are told of.
    fn list<T>(
        &self,
        name: &str,
        project: &ProjectId,
        mended: &mut Mended,
        mut read: impl FnMut(&mut Mended, usize, Fields) -> Option<T>,
    ) -> Result<Vec<T>, Error> {
        let document = self.document(name);
        let mut entries = Vec::new();
        let mut number = 0;
        self.entries(document, &document.path(project), &mut |entry| {
            match entry {
                Ok(fields) => entries.extend(read(mended, number, fields)),
                Err(reason) => mended.note(
                    "entry",
                    &format!("left out of {}: {reason}", document.file_name()),
                    &format!("number {}", number + 1),
                ),
            }
            number += 1;
        })?;
        Ok(entries)
    }

    fn entries(
        &self,
        document: &'static Document,
        path: &str,
        take: &mut dyn FnMut(Result<Fields, String>),
    ) -> Result<(), Error> {
        let may_be_missing = MAY_BE_MISSING.contains(&document.name);
        let file = match self.media.open_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && may_be_missing => {
                return Ok(());
            }
            file => file.map_err(|error| self.unreadable(path, error.to_string()))?,
        };
        if EDITS.contains(&document.name) && entries::is_file_empty(&file) {
            return Ok(());
        }
        entries::read(document, file, take).map_err(|reason| self.unreadable(path, reason))
    }

    /// Tells of the folders of projects that no list has: the client does not show them.
    fn tell_of_unlisted(&mut self, listed: &[Project]) {
        let document = self.document("project").file_name();
        for folder in self.media.folders("projects") {
            let is_project = self
                .media
                .open_file(&format!("data/projects/{folder}/{document}"));
            if is_project.is_ok() && listed.iter().all(|it| it.id.as_str() != folder) {
                let sentence = "left out, which the list of projects does not have";
                self.mended.note("project", sentence, &folder);
            }
        }
    }

    fn unreadable(&self, path: &str, reason: String) -> Error {
        let path = self.media.root().join(path);
        Error::Unreadable { path, reason }
    }
}

/// The id of a project, which names its folder.
fn project_id(reader: &Reader, id: &str) -> Result<ProjectId, Error> {
    ProjectId::new(id).map_err(|error| Error::Unreadable {
        path: reader.media.root().to_owned(),
        reason: error.to_string(),
    })
}

/// The listed projects, without a second one of the same id.
fn is_listed(projects: &[Project], id: &ProjectId) -> bool {
    projects.iter().any(|it| it.id == *id)
}
