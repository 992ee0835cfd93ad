//! The contract of a production tracker that Watchtower can be fed from.
//!
//! [`Tracker`] is the one trait to implement: describe yourself, check the connection, list the
//! projects, read one, open a picture or movie. Everything else, from the files on disk to
//! progress, retries and exit codes, is the same for every tracker and lives elsewhere.
//!
//! Connectors that exist already are cargo features:
//!
//! * `example`: a small film or series made up on the spot, offline and the same in every run;
//! * `kitsu`: Kitsu, Blender Studio's tracker;
//! * `ayon`: AYON, Ynput's pipeline platform;
//! * `flow`: Flow Production Tracking, once ShotGrid and Shotgun;
//! * `process`: a program in any language that prints what a tracker holds;
//! * `files`: the same documents in a folder;
//! * `spreadsheet`: sheets, in CSV files or a workbook.
//!
//! The feature `edit` lays the cut of an edit over any of them. The feature `conformance` has checks that
//! any tracker must pass, for the tests of connectors.
//!
//! Connectors of your own can use what ours share: the feature `http` has a client and a session for all
//! requests, and `snapshot-builder` the way from records to a snapshot.
//!
//! A crate that only implements [`Tracker`] needs none of them and compiles no HTTP client.
//!
//! ```
//! use async_trait::async_trait;
//! use watchtower_connector::{
//!     Account, Description, Error, ErrorKind, MediaRequest, OpenedMedia, Result, Tracker,
//! };
//! use watchtower_model::{Project, ProjectList, ProjectSnapshot, Sequence, Shot, ShotData};
//!
//! struct Wall;
//!
//! #[async_trait]
//! impl Tracker for Wall {
//!     fn describe(&self) -> Description {
//!         Description {
//!             name: "wall".into(),
//!             about: "The cards on our wall".into(),
//!             location: None,
//!             capabilities: vec![],
//!         }
//!     }
//!
//!     async fn check(&self) -> Result<Account> {
//!         Ok(Account { user: None, server: None })
//!     }
//!
//!     async fn project_list(&self) -> Result<ProjectList> {
//!         Ok(ProjectList {
//!             projects: vec![Project::new("Sprite Fright")],
//!             ..ProjectList::default()
//!         })
//!     }
//!
//!     async fn project(&self, project: &Project, _: &ProjectList) -> Result<ProjectSnapshot> {
//!         let mut film = ProjectSnapshot::new(project.clone());
//!         let rextoria = Sequence::new("Rextoria");
//!         film.shots.push(Shot::new("0010", &rextoria.id, ShotData::new(0, 131)));
//!         film.sequences.push(rextoria);
//!         Ok(film)
//!     }
//!
//!     async fn open_media(&self, _: MediaRequest<'_>) -> Result<OpenedMedia> {
//!         Err(Error::new(ErrorKind::NotFound, "open a picture", "our wall has none"))
//!     }
//! }
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let list = Wall.project_list().await?;
//! let film = Wall.project(&list.projects[0], &list).await?;
//! assert_eq!(film.shots.len(), 1);
//! # Ok::<(), Error>(())
//! # }).unwrap();
//! ```

#[cfg(feature = "ayon")]
pub mod ayon;
mod changes;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "edit")]
pub mod edit;
mod error;
#[cfg(feature = "example")]
pub mod example;
#[cfg(any(feature = "files", feature = "process"))]
pub mod files;
#[cfg(feature = "flow")]
pub mod flow;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "kitsu")]
pub mod kitsu;
#[cfg(any(feature = "edit", feature = "spreadsheet"))]
mod names;
#[cfg(feature = "process")]
pub mod process;
#[cfg(feature = "http")]
pub mod session;
#[cfg(any(feature = "ayon", feature = "flow", feature = "kitsu"))]
mod sight;
#[cfg(feature = "snapshot-builder")]
pub mod snapshot_builder;
#[cfg(feature = "spreadsheet")]
pub mod spreadsheet;
#[cfg(any(
    feature = "edit",
    feature = "files",
    feature = "process",
    feature = "spreadsheet"
))]
mod stamps;
#[cfg(feature = "told")]
mod told;
mod tracker;

pub use changes::{Changed, Changes, Mark};
pub use error::{Error, ErrorKind, Result};
pub use tracker::{
    Account, Capability, Description, Media, MediaRequest, OpenedMedia, Tracker, Traffic,
};
