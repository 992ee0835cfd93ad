//! The contract of a production tracker that Watchtower can be fed from.
//!
//! [`Tracker`] is the one trait to implement: describe yourself, check the connection, list the
//! projects, read one, open a picture or movie. Everything else, from the files on disk to
//! progress, retries and exit codes, is the same for every tracker and lives elsewhere.
//!
//! Connectors that exist already are cargo features:
//!
//! * `example`: a small film made up on the spot, offline and the same in every run;
//! * `kitsu`: Kitsu, Blender Studio's tracker;
//! * `ayon`: AYON, Ynput's pipeline platform;
//! * `spreadsheet`: sheets, in CSV files or a workbook.
//!
//! The feature `edit` lays the cut of an edit over any of them.
//!
//! A crate that only implements [`Tracker`] needs none of them and compiles no HTTP client.

#[cfg(feature = "ayon")]
pub mod ayon;
#[cfg(feature = "edit")]
pub mod edit;
mod error;
#[cfg(feature = "example")]
pub mod example;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "kitsu")]
pub mod kitsu;
#[cfg(feature = "spreadsheet")]
pub mod spreadsheet;
mod tracker;

pub use error::{Error, ErrorKind, Result};
pub use tracker::{
    Account, Capability, Description, Media, MediaRequest, OpenedMedia, Tracker, Traffic,
};
