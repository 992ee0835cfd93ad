//! A small film or series made up on the spot: offline, and the same in every run.
//!
//! It shows what a complete site looks like without a tracker, and grows to millions of shots for
//! load tests.
//!
//! ```
//! # use watchtower_connector::{Error, Tracker};
//! # use watchtower_connector::example::{Example, ExampleOptions};
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let example = Example::new(ExampleOptions { shots: 100, ..ExampleOptions::default() })?;
//! let list = example.project_list().await?;
//! let film = example.project(&list.projects[0], &list).await?;
//! assert_eq!(film.shots.len(), 100);
//! # Ok::<(), Error>(())
//! # }).unwrap();
//! ```

mod film;
mod media;
mod movie;
mod picture;

use async_trait::async_trait;
use watchtower_model::{Project, ProjectList, ProjectSnapshot};

use crate::{
    Account, Capability, Description, Error, ErrorKind, MediaRequest, OpenedMedia, Result, Tracker,
};
use film::Film;

/// How big the film is: how many of each there are in all.
///
/// Shots are spread evenly over the sequences, and these over the episodes. The film has a movie only
/// when it has as many sequences and shots as by default, because the movie was cut from those; then
/// each episode has the part of it that shows the episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExampleOptions {
    /// Episodes, each with a timeline of its own. None by default: it is a film.
    pub episodes: usize,
    /// Sequences; 5 by default.
    pub sequences: usize,
    /// Shots; 24 by default.
    pub shots: usize,
    /// Assets; 14 by default.
    pub assets: usize,
}

impl ExampleOptions {
    /// The most episodes, sequences, shots or assets that are taken for what was meant.
    pub const MAX: usize = 10_000_000;
}

impl Default for ExampleOptions {
    fn default() -> Self {
        Self {
            episodes: 0,
            sequences: 5,
            shots: 24,
            assets: 14,
        }
    }
}

/// A tracker that holds one made-up film or series.
///
/// Its pictures say the names of what they show and are drawn when they are opened, so they cost
/// nothing until then.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    film: Film,
}

impl Example {
    /// What it can give.
    pub const CAPABILITIES: &'static [Capability] = &[
        Capability::Assets,
        Capability::Casting,
        Capability::Tasks,
        Capability::Users,
        Capability::Episodes,
        Capability::Edits,
        Capability::Pictures,
        Capability::Movies,
        Capability::ConditionalMedia,
    ];

    /// A film of a certain size.
    ///
    /// # Errors
    ///
    /// `Config` when there are shots without a sequence to hold them, episodes without a sequence, or
    /// more than [`ExampleOptions::MAX`] of anything.
    pub fn new(options: ExampleOptions) -> Result<Self> {
        let ExampleOptions {
            episodes,
            sequences,
            shots,
            assets,
        } = options;
        let config = |message: String, help: String| {
            Error::new(ErrorKind::Config, "make up the example's film", message).with_help(help)
        };
        if sequences == 0 && shots > 0 {
            return Err(config(
                "shots are asked for, and no sequence to hold them".into(),
                "ask for at least one sequence, or for no shots".into(),
            ));
        }
        if episodes > sequences {
            return Err(config(
                format!("{episodes} episodes are asked for, and only {sequences} sequences"),
                "ask for at least as many sequences as episodes".into(),
            ));
        }
        for (count, what) in [
            (sequences, "sequences"),
            (shots, "shots"),
            (assets, "assets"),
        ] {
            if count > ExampleOptions::MAX {
                return Err(config(
                    format!("{count} {what} are asked for"),
                    format!("ask for {} at most", ExampleOptions::MAX),
                ));
            }
        }
        Ok(Self {
            film: Film::new(options),
        })
    }
}

impl Default for Example {
    /// The film at its usual size.
    fn default() -> Self {
        Self {
            film: Film::new(ExampleOptions::default()),
        }
    }
}

#[async_trait]
impl Tracker for Example {
    fn describe(&self) -> Description {
        Description {
            name: "example".into(),
            about: "A small film or series made up on the spot, offline and the same in every run."
                .into(),
            location: None,
            capabilities: Self::CAPABILITIES.to_vec(),
        }
    }

    async fn check(&self) -> Result<Account> {
        Ok(Account {
            user: None,
            server: None,
        })
    }

    async fn project_list(&self) -> Result<ProjectList> {
        Ok(self.film.project_list())
    }

    async fn project(&self, project: &Project, _: &ProjectList) -> Result<ProjectSnapshot> {
        if project.id != self.film.project().id {
            let (title, _) = self.film.title();
            let kind = match self.film.is_series() {
                true => "series",
                false => "film",
            };
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("read the project {}", project.name),
                format!("the example has one {kind}, {title}"),
            ));
        }
        Ok(self.film.snapshot())
    }

    async fn open_media(&self, request: MediaRequest<'_>) -> Result<OpenedMedia> {
        media::open(self.film, request)
    }
}
