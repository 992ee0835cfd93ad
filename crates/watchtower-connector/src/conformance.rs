//! Whether a tracker keeps its contract: a table of checks over any [`Tracker`].
//!
//! [`run`] asks a tracker all that an export does, some of it twice, at once, or broken off in the middle,
//! and judges the answers by each of [`CHECKS`]. What it finds is data, a [`Report`]:
//!
//! ```
//! # #[cfg(feature = "example")]
//! # {
//! use watchtower_connector::conformance::{Scenario, run};
//! use watchtower_connector::example::Example;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let report = run(|| Ok(Box::new(Example::default())), &Scenario::default()).await;
//! // The checks that are skipped, because the scenario or the tracker has nothing for them.
//! report.assert_conforms_but(&[
//!     "refused", "unreachable", "another-server", "no-secrets", "cancel-ends", "cancel-harmless",
//!     "changes-first", "changes-foreign", "changes-told", "describe-offline", "traffic",
//! ]);
//! # });
//! # }
//! ```
//!
//! The checks are about the contract, not about what a studio's tracker should hold. They only read, but for
//! what the [`change`](Scenario::change) of a scenario does. Each
//! of them is proven in this crate's tests by a tracker that is broken in that one way.

mod checks;
mod difference;
mod media;
mod observe;
mod report;

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use watchtower_model::{MediaRef, Project, ProjectId};

use crate::{Result, Tracker};
pub use checks::{CHECKS, Check};
use observe::observe;
pub use report::{Outcome, Report, Row};

/// Makes a tracker: one that has not been asked anything yet.
pub type MakeTracker<'a> = Box<dyn Fn() -> Result<Box<dyn Tracker>> + Send + Sync + 'a>;

/// What the checks need to know beside the tracker itself. Without it, some of them are skipped.
pub struct Scenario<'a> {
    /// Which projects are read, by name or id. None means all.
    pub projects: Vec<String>,
    /// What must appear in no answer and no error: passwords, keys, tokens of sessions. They are looked for
    /// as they stand, so a word that occurs by chance is no good one.
    pub secrets: Vec<String>,
    /// Makes the same tracker with credentials that it does not take.
    pub refused: Option<MakeTracker<'a>>,
    /// Makes the same tracker where nobody answers.
    pub unreachable: Option<MakeTracker<'a>>,
    /// Makes the same tracker where something answers that is not it, as a web page does.
    pub another_server: Option<MakeTracker<'a>>,
    /// A project that is not there. Its id must be of the tracker's shape where it is strict about that.
    pub unknown_project: Project,
    /// A reference of the tracker's kind to a picture that is not there. None means that one is made from
    /// those that are.
    pub missing_media: Option<MediaRef>,
    /// How many pictures are opened of each: projects, people, assets, shots.
    pub pictures: usize,
    /// How many movies are opened.
    pub movies: usize,
    /// How much of each picture or movie is read, in bytes.
    pub largest_media: usize,
    /// How much work was done so far, as seen from outside: the requests that a server got, say. None means
    /// that the tracker's own traffic is taken for that.
    pub work: Option<Box<dyn Fn() -> u64 + Send + Sync + 'a>>,
    /// Changes something on the tracker, and answers in which project. Without it nothing is changed, and
    /// whether the tracker tells changes is not checked.
    pub change: Option<Box<dyn Fn() -> BoxFuture<'static, ProjectId> + Send + Sync + 'a>>,
    /// How long a call may take before it counts as one that never ends.
    pub patience: Duration,
}

impl Default for Scenario<'_> {
    /// All projects, two pictures of each kind, one movie, and nothing that the tracker alone could say.
    fn default() -> Self {
        let mut unknown_project = Project::new("No Such Project");
        unknown_project.id = ProjectId::derived(&["watchtower", "no such project"]);
        Self {
            projects: Vec::new(),
            secrets: Vec::new(),
            refused: None,
            unreachable: None,
            another_server: None,
            unknown_project,
            missing_media: None,
            pictures: 2,
            movies: 1,
            largest_media: 64 << 20,
            work: None,
            change: None,
            patience: Duration::from_secs(300),
        }
    }
}

impl fmt::Debug for Scenario<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scenario")
            .field("projects", &self.projects)
            .field("unknown_project", &self.unknown_project.id)
            .field("missing_media", &self.missing_media)
            .finish_non_exhaustive()
    }
}

/// Judges the trackers that `make` makes by every check. It runs on Tokio, with its timers.
///
/// Several trackers are made: what a new one answers is compared with what the first did.
pub async fn run(
    make: impl Fn() -> Result<Box<dyn Tracker>> + Send + Sync,
    scenario: &Scenario<'_>,
) -> Report {
    let observed = match observe(&make, scenario).await {
        Ok(observed) => observed,
        Err(error) => return Report::nothing(&error, scenario),
    };
    Report::of(&observed, scenario)
}
