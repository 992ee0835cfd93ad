//! Says whether the web client takes a set of files, and if not, what to change in which of them.
//!
//! A [`Finding`] is data: a stable [`Code`], a [`Severity`], the file and the place in it, what was
//! found and what to do. An error is what makes the page, or a part of it, not work; a warning is
//! what it shows wrongly; extras that do no harm are silent.
//!
//! ```
//! use std::path::Path;
//! use watchtower_model::format::Format;
//! use watchtower_writer::validate::{self, Code, Options, Severity};
//!
//! let sequences = Format::V0.document("sequences").unwrap();
//! let text = br#"[{"id": "sq1", "name": null}]"#;
//! let findings = validate::document(sequences, Path::new("sequences.json"), &text[..], &Options::default());
//! assert_eq!(findings[0].code, Code::Null);
//! assert_eq!(findings[0].severity, Severity::Error);
//! assert_eq!(findings[0].pointer, "/0/name");
//! ```

mod check;
mod code;
mod contract;
mod elements;
mod finding;
mod ids;
mod layout;
mod locate;
mod media;
mod role;
mod rules;
mod schema;
mod shape;
mod site;
mod text;
mod told;

use std::io::Read;
use std::path::Path;

use watchtower_model::format::{Document, Format};

pub use code::{Code, Explanation, UnknownCode};
pub use finding::{Finding, LeftOut, Position, Severity, with_slashes};
pub use site::{Error, Report, read, site};

pub(crate) use elements::{Broken, Elements};
pub(crate) use media::{Target, target};
pub(crate) use role::Role;
pub(crate) use text::objection;

/// What is checked, and how closely.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether keys are reported that no document has. The client does not mind them, but one may be
    /// misspelt.
    pub strict: bool,
    /// Whether ids are followed: what they refer to, and whether two things have the same one. It
    /// takes memory for each id.
    pub references: bool,
    /// Whether pictures and movies are looked at.
    pub media: bool,
    /// The format of the documents; it is found out unless it is given.
    pub format: Option<Format>,
    /// Which document a single file is, as in `shots`, where its name does not say so; or one in which a
    /// program or folder tells what a tracker holds, as in `tracker/project`.
    pub document: Option<String>,
    /// Codes whose findings are only counted, apart from the others.
    pub allow: Vec<Code>,
    /// How many findings of one code are kept for each file. The others are counted.
    pub limit: usize,
    /// How many findings are kept in all, errors before warnings. The others are counted.
    pub total: usize,
}

/// Extras are silent, ids are followed, media are looked at; a thousand findings of a kind in a file,
/// and ten thousand in all, are enough.
impl Default for Options {
    fn default() -> Self {
        Self {
            strict: false,
            references: true,
            media: true,
            format: None,
            document: None,
            allow: Vec::new(),
            limit: 1000,
            total: 10_000,
        }
    }
}

/// Checks the text of one document, alone: its syntax, its schema, and what it says of itself. `file`
/// is what the findings name; they have no positions. Every finding is kept whose code is not allowed.
pub fn document(
    document: &'static Document,
    file: &Path,
    input: impl Read,
    options: &Options,
) -> Vec<Finding> {
    let around = check::Surroundings {
        known: &rules::Known::default(),
        folder: None,
        layout: None,
        follow: options.references,
    };
    let mut findings = check::Findings::new(file, usize::MAX, &options.allow);
    check::check(document, input, around, options, &mut findings);
    for finding in &mut findings.kept {
        finding.position = None;
    }
    findings.kept
}
