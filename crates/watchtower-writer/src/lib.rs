//! Writes the site that Watchtower shows, and validates such sites.
//!
//! Two front doors:
//!
//! * [`ProjectListWriter`] and [`ProjectWriter`], the writers of Watchtower's pipeline
//!   specification: fill their fields, call `write_as_json`, done;
//! * [`Export`], which also fetches pictures and movies, goes on when one project fails, and makes
//!   the whole site change in one step.
//!
//! Nothing here knows a tracker. Pictures and movies come through a [`media::MediaSource`].
//!
//! It runs on Linux, macOS and Windows. On Windows no step changes a whole site at once: every file of it is whole
//! at any time, and the whole of it within moments.
//!
//! ```
//! use watchtower_model::{Edit, Project, RangeScope, Sequence, Shot, ShotData};
//! use watchtower_writer::{ProjectListWriter, ProjectWriter, Site, validate};
//!
//! let folder = tempfile::tempdir()?;
//! let site = Site::new(folder.path());
//! let film = Project::new("Sprite Fright");
//! let list = ProjectListWriter {
//!     projects: vec![film.clone()],
//!     ..ProjectListWriter::default()
//! };
//! list.write_as_json(&site)?;
//! let rextoria = Sequence::new("Rextoria");
//! let project = ProjectWriter {
//!     project: film,
//!     shots: vec![Shot::new("0010", &rextoria.id, ShotData::new(0, 131))],
//!     assets: Vec::new(),
//!     sequences: vec![rextoria],
//!     edit: Edit::new("Edit v1"),
//!     casting: Vec::new(),
//!     range_scope: RangeScope::Timeline,
//! };
//! project.write_as_json(&site)?;
//!
//! let report = validate::site(folder.path(), &validate::Options::default())?;
//! assert_eq!(report.findings, []);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod anonymise;
mod conform;
mod documents;
mod error;
mod export;
mod fit;
mod history;
mod layout;
pub mod media;
mod present;
pub mod read;
mod references;
pub mod render;
mod shrink;
mod site;
mod summary;
pub mod validate;
mod writers;

pub use error::{Error, Result};
pub use export::{Export, ExportOptions, Progress};
pub use site::{Site, SiteFolder, Transaction, exchange, patiently};
pub use summary::{
    Counts, FailureCode, MediaCode, MediaCounts, Outcome, ProjectSummary, Reasons, RemovedProject,
    Summary, Unhad, first_names,
};
pub use writers::{ProjectListWriter, ProjectWriter};
