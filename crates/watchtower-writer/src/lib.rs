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
//! It runs on Linux and macOS.

#[cfg(not(unix))]
compile_error!(
    "watchtower-writer needs Linux or macOS: elsewhere no step changes a whole site at once"
);

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
pub use site::{Site, SiteFolder, Transaction};
pub use summary::{
    Counts, FailureCode, MediaCode, MediaCounts, Outcome, ProjectSummary, Reasons, RemovedProject,
    Summary, Unhad, first_names,
};
pub use writers::{ProjectListWriter, ProjectWriter};
