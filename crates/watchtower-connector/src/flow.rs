//! Flow Production Tracking, once ShotGrid and Shotgun, by way of the API that its Python client uses.
//!
//! Written against the code of the official client, `shotgun_api3` 3.10, and a counterpart of a site that this
//! client takes for one. It was never run against a real site: `docs/flow.md` says how to find out whether
//! yours is like that.
//!
//! ```no_run
//! use watchtower_connector::Tracker;
//! use watchtower_connector::flow::{Credentials, Flow, FlowSettings};
//!
//! # async fn example() -> watchtower_connector::Result<()> {
//! let flow = Flow::new(FlowSettings::new(
//!     "https://studio.shotgrid.autodesk.com",
//!     Credentials::Script {
//!         name: "watchtower".into(),
//!         key: "0123…cdef".into(),
//!     },
//! ))?;
//! let list = flow.project_list().await?;
//! let film = flow.project(&list.projects[0], &list).await?;
//! println!("{}: {} shots", film.project.name, film.shots.len());
//! # Ok(())
//! # }
//! ```
//!
//! # What becomes what
//!
//! * The projects are those that are neither archived nor templates. Ids tell what a thing is, as in
//!   `project-70`, because those of a site are unique among one type only.
//! * Sequences and episodes are what they say. For a shot in no sequence its scene stands in, or else the project.
//! * A shot's range is that of the cut of the film or episode, or else of the cut of its sequence. Of several cuts
//!   of one thing the name counts that has most shots, and of it the highest revision.
//! * Shots in no cut have a length: `sg_cut_in` to `sg_cut_out`, both within, or else `sg_cut_duration`.
//! * The order of the story is `sg_cut_order`, as far as no number repeats across the film, then names.
//! * The frame rate is that of the cut, or else of a field that the studio made, as `sg_fps`.
//! * A task's type is its pipeline step; without a step, its name stands for one.
//! * An asset or shot whose status means omitted is left out.
//! * The edit is the cut of the film or episode, and its movie the version that the cut names.
//! * Pictures and movies go by keys that never change. Their addresses do not last, so each is read anew when
//!   the picture is opened.

mod call;
mod cut;
mod list;
mod media;
mod natural;
mod project;
mod query;
mod records;
mod session;
mod site;
mod survey;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_util::future::try_join_all;
use secrecy::{ExposeSecret, SecretString};
use watchtower_model::{Project, ProjectId, ProjectList, ProjectSnapshot};

use crate::http::{HttpClient, HttpOptions, shown};
use crate::sight::Sight;
use crate::{
    Account, Capability, Description, Error, ErrorKind, MediaRequest, OpenedMedia, Result, Tracker,
    Traffic,
};
use list::{Details, Omitted};
use session::Session;
use site::{Schema, SiteInfo};

const ADDRESS_HELP: &str = "give the address of the site as in the browser, as in \
                            https://studio.shotgrid.autodesk.com; if it is right, does a proxy or VPN \
                            ask for a login in between?";

/// Fields of a project that hold its frame rate, as studios call them. A fresh site has none.
const FPS_FIELDS: [&str; 4] = ["sg_fps", "fps", "sg_frame_rate", "sg_framerate"];

/// The usual name of the field that links a shot or sequence to its episode, where `Sequence.episode` does
/// not.
const EPISODE_FIELD: &str = "sg_episode";

/// Where a site is, who we are there, and what its studio calls things.
#[derive(Clone, Debug)]
pub struct FlowSettings {
    /// The address of the site: `https://studio.shotgrid.autodesk.com`.
    pub url: String,
    /// Who we are.
    pub credentials: Credentials,
    /// The projects that are going to be read, by name, code, folder name (`tank_name`) or id; empty means
    /// all. The others are listed without what they hold, which spares the site from being asked for it.
    pub projects: Vec<String>,
    /// The name of the cut that counts, with or without its revision: `Main Edit`, `Main Edit v012`. None
    /// means the one that has most shots, in its newest revision.
    pub cut: Option<String>,
    /// The name with which the versions of the edit start. The newest of them with an mp4 is the edit of a film
    /// without a cut.
    pub edit_version: Option<String>,
    /// Names or codes of statuses that mean omitted, beside `omt` and those that say so.
    pub omitted_statuses: Vec<String>,
    /// The field that links a shot or sequence to its episode, beside `Sequence.episode`. None means
    /// `sg_episode`, where the site has it.
    pub episode_field: Option<String>,
    /// The field of a project that holds its frame rate. None means the first of `sg_fps`, `fps`,
    /// `sg_frame_rate` and `sg_framerate` that the site has and the project fills.
    pub fps_field: Option<String>,
    /// Limits and habits towards the site.
    pub http: HttpOptions,
}

impl FlowSettings {
    /// Settings with the usual names and limits.
    pub fn new(url: impl Into<String>, credentials: Credentials) -> Self {
        Self {
            url: url.into(),
            credentials,
            projects: Vec::new(),
            cut: None,
            edit_version: None,
            omitted_statuses: Vec::new(),
            episode_field: None,
            fps_field: None,
            http: HttpOptions::default(),
        }
    }

    /// Whether a project is going to be read.
    fn is_wanted(&self, project: &records::Project) -> bool {
        self.projects.is_empty() || self.projects.iter().any(|it| list::is_called(project, it))
    }

    fn episode_field(&self) -> &str {
        self.episode_field.as_deref().unwrap_or(EPISODE_FIELD)
    }
}

/// Who we are to a site.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// A script and its key, from the site's page "Scripts". It needs no login, and does not expire.
    Script {
        /// The script's name.
        name: String,
        /// Its key.
        key: SecretString,
    },
    /// A person's account. It logs in once; sites with single sign-on take none.
    Password {
        /// The login.
        login: String,
        /// The password, or the legacy passphrase.
        password: SecretString,
    },
    /// The token of a session that somebody else has opened.
    SessionToken(SecretString),
}

impl Credentials {
    fn check(&self) -> Result<()> {
        let is_blank = |it: &SecretString| it.expose_secret().trim().is_empty();
        let missing = match self {
            Self::Script { name, .. } if name.trim().is_empty() => "the script's name is empty",
            Self::Script { key, .. } if is_blank(key) => "the script's key is empty",
            Self::Password { login, .. } if login.trim().is_empty() => "the login is empty",
            Self::Password { password, .. } if password.expose_secret().is_empty() => {
                "the password is empty"
            }
            Self::SessionToken(token) if is_blank(token) => "the session token is empty",
            _ => return Ok(()),
        };
        Err(Error::new(ErrorKind::Config, session::OPERATION, missing))
    }
}

/// A Flow site.
#[derive(Debug)]
pub struct Flow {
    http: HttpClient,
    session: Session,
    settings: FlowSettings,
    info: tokio::sync::Mutex<Option<Arc<SiteInfo>>>,
    schema: tokio::sync::Mutex<Option<Arc<Schema>>>,
    omitted: tokio::sync::Mutex<Option<Arc<Omitted>>>,
    /// By what else people call the projects.
    names: Mutex<HashMap<ProjectId, Vec<String>>>,
    /// What was read of projects for the list, until they are read themselves: some types of assets and
    /// tasks are known only from those.
    details: Mutex<HashMap<ProjectId, Details>>,
    /// The types that all projects share and the account may not read.
    unseen: Mutex<Vec<&'static str>>,
    sight: Sight,
}

impl Flow {
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
    ];

    /// A site at an address. It connects when something is asked.
    ///
    /// # Errors
    ///
    /// `Config` when the address is malformed or holds credentials, when a name, password or key is empty, or
    /// when the certificate cannot be read.
    pub fn new(settings: FlowSettings) -> Result<Self> {
        settings.credentials.check()?;
        // As the official client does: sites know their addresses in lower case.
        let http = HttpClient::new(&settings.url.to_lowercase(), &settings.http)?;
        Ok(Self {
            session: Session::new(settings.credentials.clone()),
            http: http.with_address_help(ADDRESS_HELP),
            settings,
            info: tokio::sync::Mutex::default(),
            schema: tokio::sync::Mutex::default(),
            omitted: tokio::sync::Mutex::default(),
            names: Mutex::default(),
            details: Mutex::default(),
            unseen: Mutex::default(),
            sight: Sight::default(),
        })
    }

    fn names(&self) -> MutexGuard<'_, HashMap<ProjectId, Vec<String>>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_names(&self, projects: &[records::Project]) {
        let names = |it: &records::Project| {
            let names = [
                it.code.clone(),
                it.tank_name.clone(),
                Some(it.id.to_string()),
            ];
            (
                list::project_id(it.id),
                names.into_iter().flatten().collect(),
            )
        };
        *self.names() = projects.iter().map(names).collect();
    }

    fn unseen(&self) -> MutexGuard<'_, Vec<&'static str>> {
        self.unseen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept_details(&self) -> MutexGuard<'_, HashMap<ProjectId, Details>> {
        self.details.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Tracker for Flow {
    fn describe(&self) -> Description {
        Description {
            name: "flow".into(),
            about: "Flow Production Tracking (ShotGrid), by way of its site's API".into(),
            location: Some(shown(self.http.base())),
            capabilities: Self::CAPABILITIES.to_vec(),
        }
    }

    async fn check(&self) -> Result<Account> {
        let info = self.read_site_info().await?;
        self.session.forget_failure().await;
        // To connect proves nothing: the first call as somebody does.
        self.read_schema().await?;
        Ok(Account {
            user: Some(self.session.account()),
            server: Some(format!("Flow Production Tracking {}", info.version)),
        })
    }

    async fn project_list(&self) -> Result<ProjectList> {
        let schema = self.read_schema().await?;
        let (projects, shared) = tokio::try_join!(self.projects(&schema), self.shared())?;
        self.note_omitted(&shared).await;
        let projects: Vec<_> = projects
            .into_iter()
            .filter(|it| it.is_production())
            .collect();
        self.note_names(&projects);
        let wanted = projects.iter().filter(|it| self.settings.is_wanted(it));
        let details = wanted.map(|it| self.details_for_list(it, &schema));
        let details = try_join_all(details.collect::<Vec<_>>()).await?;
        let details: Vec<Details> = details.into_iter().flatten().collect();
        let list = list::list(&projects, &details, shared, &schema, &self.settings)?;
        let kept = details.into_iter();
        *self.kept_details() = kept
            .map(|it| (list::project_id(it.project.id), it))
            .collect();
        Ok(list)
    }

    async fn project(&self, project: &Project, list: &ProjectList) -> Result<ProjectSnapshot> {
        let kept = self.kept_details().remove(&project.id);
        let details = match kept {
            Some(details) => details,
            None => self.read_project(project, &*self.schema().await?).await?,
        };
        project::snapshot(self, &details, project, list)
    }

    async fn open_media(&self, request: MediaRequest<'_>) -> Result<OpenedMedia> {
        media::open(self, request).await
    }

    async fn overview(&self) -> Result<ProjectList> {
        let schema = self.read_schema().await?;
        let (projects, shared) = tokio::try_join!(self.projects(&schema), self.shared())?;
        let projects: Vec<_> = projects
            .into_iter()
            .filter(|it| it.is_production())
            .collect();
        self.note_names(&projects);
        list::list(&projects, &[], shared, &schema, &self.settings)
    }

    async fn restrictions(&self, project: &Project) -> Result<Vec<String>> {
        self.what_is_hidden(project).await
    }

    async fn remarks(&self) -> Result<Vec<String>> {
        self.survey().await
    }

    fn other_names(&self, project: &Project) -> Vec<String> {
        self.names().get(&project.id).cloned().unwrap_or_default()
    }

    fn traffic(&self) -> Option<Traffic> {
        Some(self.http.traffic())
    }
}
