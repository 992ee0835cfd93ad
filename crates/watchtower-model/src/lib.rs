//! The data of a film production as Watchtower shows it.
//!
//! Four layers, each usable alone:
//!
//! * the **domain model**: [`Project`], [`Sequence`], [`Shot`], [`Asset`], [`Task`] and the rest of
//!   the data classes of Watchtower's pipeline specification, gathered in a [`ProjectList`] and a
//!   [`ProjectSnapshot`] for each project. Connectors fill it; it knows neither HTTP nor paths;
//! * the **documents on disk** in [`format`](mod@format): what the web client reads, to the letter;
//! * a **JSON Schema** for each document in [`schema`];
//! * the domain model as [documents](tracker) of its own, which connectors in other languages write.
//!
//! ```
//! use watchtower_model::{Project, ProjectSnapshot, Sequence, Shot, ShotData};
//!
//! let mut film = ProjectSnapshot::new(Project::new("Sprite Fright"));
//! let rextoria = Sequence::new("Rextoria");
//! film.shots.push(Shot::new("0010", &rextoria.id, ShotData::new(0, 131)));
//! film.sequences.push(rextoria);
//! assert_eq!(film.shots[0].data.length(), Some(131));
//! ```

mod asset;
mod casting;
mod color;
mod counted;
mod edit;
pub mod format;
mod frame_rate;
mod id;
pub mod json;
mod media;
pub mod place;
mod project;
pub mod schema;
mod sequence;
mod shot;
mod snapshot;
mod task;
pub mod tracker;
mod user;
mod whole;

pub use asset::{Asset, AssetType};
pub use casting::ShotCasting;
pub use color::{HexColor, InvalidColor};
pub use counted::counted;
pub use edit::Edit;
pub use frame_rate::{FrameRate, InvalidFrameRate};
pub use id::{
    AssetId, AssetTypeId, EditId, EpisodeId, InvalidId, ProjectId, SequenceId, ShotId, TaskId,
    TaskStatusId, TaskTypeId, UserId, names_a_device,
};
pub use media::{MediaLocation, MediaRef};
pub use project::Project;
pub use sequence::{Episode, Sequence};
pub use shot::{Shot, ShotData};
pub use snapshot::{
    Cut, CutRange, EntityKind, LeftOut, ProjectList, ProjectSnapshot, RangeScope, Reason,
    ReasonCode, References,
};
pub use task::{Task, TaskStatus, TaskType};
pub use user::User;
