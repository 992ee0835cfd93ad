//! Kitsu, Blender Studio's tracker, by way of the API of its server, Zou.
//!
//! Written against Zou 1.0; servers from before some of its routes work too.
//!
//! ```no_run
//! use watchtower_connector::Tracker;
//! use watchtower_connector::kitsu::{Credentials, Kitsu, KitsuSettings};
//!
//! # async fn example() -> watchtower_connector::Result<()> {
//! let kitsu = Kitsu::new(KitsuSettings::new(
//!     "https://kitsu.example/api",
//!     Credentials::Token("eyJ0eXAi…".into()),
//! ))?;
//! let list = kitsu.project_list().await?;
//! let film = kitsu.project(&list.projects[0], &list).await?;
//! println!("{}: {} shots", film.project.name, film.shots.len());
//! # Ok(())
//! # }
//! ```
//!
//! # What becomes what
//!
//! * The projects are the open ones that the account may see.
//! * A shot's range is `frame_in` and `frame_out` of its data, numbers or text; an end that is
//!   missing follows from `nb_frames`. Where no shot of a project has a range, they are laid end to
//!   end by `nb_frames`, in the order of episodes, sequences and names.
//! * What is cancelled, or in a cancelled sequence or episode, is left out, of the casting too.
//! * Assets that other projects lend to a project's shots are among its assets, without tasks: those
//!   are work of the other project.
//! * An edit's movie is its newest preview that is ready and an mp4 file. Edits whose newest preview
//!   is that movie come first.
//! * What Kitsu refuses to show the account is left out, and a note says so: a vendor sees no casting, and
//!   only the shots and assets with tasks of its own. Sequences and episodes that are not listed are those
//!   that the shots name.
//! * Task types for anything but assets and shots are marked as archived, so they are written only
//!   where a shot or asset has such a task after all.
//! * A project's own lists of types, statuses and people get what its tasks and assets refer to, as
//!   Kitsu shows those as well.
//! * Lists are in the order of priority where Kitsu has one, otherwise of names, with numbers in
//!   them read as such.

mod changes;
mod edits;
mod frame_range;
mod list;
mod media;
mod project;
mod records;
mod rights;
mod session;

use std::collections::HashSet;

use async_trait::async_trait;
use futures_util::future::{BoxFuture, try_join_all};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use url::Url;
use watchtower_model::{Project, ProjectList, ProjectSnapshot};

use crate::http::{Failure, HttpClient, HttpOptions, KeptAnswers, Request, shown};
use crate::session::account_tag;
use crate::sight::Sight;
use crate::{
    Account, Capability, Changes, Description, Error, ErrorKind, Mark, MediaRequest, OpenedMedia,
    Result, Tracker, Traffic,
};
use changes::Borrowing;
use edits::EditRecords;
use media::Addresses;
use rights::Unseen;
use session::Session;

/// How many bytes of lists are kept in memory to be asked for only if they change: those of about
/// forty thousand shots with their tasks.
const LARGEST_KEPT: usize = 64 << 20;

const ADDRESS_HELP: &str = "give the address of Kitsu's API: behind Kitsu's usual web server that \
                            is the address in the browser with /api, as in https://kitsu.example/api";

/// Where a Kitsu is, and who we are there.
#[derive(Clone, Debug)]
pub struct KitsuSettings {
    /// The address of the API: `https://kitsu.example/api` behind Kitsu's usual web server, without
    /// `/api` for a Zou by itself.
    pub url: String,
    /// Who we are.
    pub credentials: Credentials,
    /// Limits and habits towards the server.
    pub http: HttpOptions,
}

impl KitsuSettings {
    /// Settings with the usual limits.
    pub fn new(url: impl Into<String>, credentials: Credentials) -> Self {
        Self {
            url: url.into(),
            credentials,
            http: HttpOptions::default(),
        }
    }
}

/// Who we are to a Kitsu.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// A person's account. One with a second factor cannot be used: take a bot.
    Password {
        /// The e-mail address.
        email: String,
        /// The password.
        password: SecretString,
    },
    /// The token of a bot, as Kitsu shows it once when the bot is made.
    Token(SecretString),
}

/// A Kitsu.
#[derive(Debug)]
pub struct Kitsu {
    http: HttpClient,
    session: Session,
    lists: KeptAnswers,
    sight: Sight,
    borrowing: Borrowing,
    /// Tells the account from others, without saying which it is.
    account: String,
}

impl Kitsu {
    /// What it can give.
    pub const CAPABILITIES: &'static [Capability] = Capability::ALL;

    /// A Kitsu at an address. It connects and logs in when something is asked.
    ///
    /// # Errors
    ///
    /// `Config` when the address is none or holds credentials, when the e-mail address, password or
    /// token is empty, or when the certificate cannot be read.
    pub fn new(settings: KitsuSettings) -> Result<Self> {
        settings.credentials.check()?;
        let account = settings.credentials.tag();
        let http = HttpClient::new(&settings.url, &settings.http)?;
        Ok(Self {
            session: Session::new(settings.credentials),
            http: http.with_address_help(ADDRESS_HELP),
            lists: KeptAnswers::new(LARGEST_KEPT),
            sight: Sight::default(),
            borrowing: Borrowing::default(),
            account,
        })
    }

    /// Sends a request as whom we are, and again in a new session when the server no longer takes the one
    /// there was.
    async fn with_session<'a, T>(
        &'a self,
        request: Request<'a>,
        read: impl Fn(Request<'a>) -> BoxFuture<'a, Result<T, Failure>> + Send,
    ) -> Result<T, Failure> {
        // 422 is for a token that the server cannot have made, as after its key has changed.
        let is_refused = |failure: &Failure| {
            matches!(failure.status(), Some(401 | 422)) && !failure.is_elsewhere()
        };
        let mut tokens = self.session.tokens(&self.http).await?;
        // By a refresh, and where what that gives is refused too, by a login.
        let mut renewals = 2;
        loop {
            match read(request.clone().auth(tokens.auth())).await {
                Err(failure) if renewals > 0 && is_refused(&failure) => {
                    tokens = self.session.renewed(&self.http, &tokens).await?;
                    renewals = if tokens.is_refreshed() {
                        renewals - 1
                    } else {
                        0
                    };
                }
                done => return done,
            }
        }
    }

    async fn get<T>(&self, operation: &str, url: Url) -> Result<T, Failure>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let request = self.http.get(operation, url);
        self.with_session(request, |request| Box::pin(request.json()))
            .await
    }

    /// Reads one of the lists of a project with their tasks. They are by far the largest answers, and
    /// the ones for which Zou can tell that nothing has changed since we last asked.
    async fn get_with_tasks<T>(
        &self,
        operation: &str,
        list: &str,
        project: &Project,
    ) -> Result<T, Failure>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let url = self.list_url(&["data", list, "with-tasks"], project);
        let request = self.http.get(operation, url).kept_in(&self.lists);
        self.with_session(request, |request| Box::pin(request.json()))
            .await
    }

    /// Who we are there.
    async fn user(&self) -> Result<String> {
        let user = match self.session.begin(&self.http).await? {
            Some(user) => user,
            None => self.authenticated().await?,
        };
        if rights::is_vendor(user.role.as_deref()) {
            self.sight.is_of_part("");
        }
        Ok(user.name())
    }

    /// The server's name and version, if it is the right kind of server.
    async fn server(&self) -> Result<String> {
        const OPERATION: &str = "reach Kitsu";
        let base = self.http.base();
        let server = match self.http.get(OPERATION, base.clone()).json().await {
            Ok(server) => server,
            Err(failure) if failure.kind() == ErrorKind::NotFound => records::Server::default(),
            Err(failure) => return Err(failure.into()),
        };
        if !server.api.eq_ignore_ascii_case("zou") {
            let message = format!("what answers at {base} is not Zou, Kitsu's server");
            let error = Error::new(ErrorKind::Malformed, OPERATION, message);
            return Err(error.with_help(ADDRESS_HELP));
        }
        Ok(format!("{} {}", server.api, server.version)
            .trim()
            .to_owned())
    }

    /// What the projects share. In one request for people; bots are refused that, and may have the
    /// parts.
    async fn context(&self) -> Result<records::Context, Failure> {
        const OPERATION: &str = "list the projects";
        if !self.session.is_bot() {
            let whole = self.http.url(&["data", "user", "context"]);
            match self.get(OPERATION, whole).await {
                Err(failure) if failure.status() == Some(403) => {}
                context => return context,
            }
        }
        let url = |segments: &[&str]| self.http.url(segments);
        let (projects, asset_types, task_types, task_status, persons) = tokio::try_join!(
            self.get(OPERATION, url(&["data", "projects", "open"])),
            self.get(OPERATION, url(&["data", "asset-types"])),
            self.get(OPERATION, url(&["data", "task-types"])),
            self.get(OPERATION, url(&["data", "task-status"])),
            self.get(OPERATION, url(&["data", "persons"])),
        )?;
        Ok(records::Context {
            projects,
            asset_types,
            task_types,
            task_status,
            persons,
        })
    }

    /// The address of one of the lists that are asked for by project.
    fn list_url(&self, segments: &[&str], project: &Project) -> Url {
        let mut url = self.http.url(segments);
        url.query_pairs_mut()
            .append_pair("project_id", project.id.as_str());
        url
    }

    /// Who we are, and in which role.
    async fn authenticated(&self) -> Result<records::Person, Failure> {
        let url = self.http.url(&["auth", "authenticated"]);
        let answer: records::Authenticated = self.get("log in to Kitsu", url).await?;
        Ok(answer.user)
    }

    /// The whole casting of a project in one request. None where the server is too old for that.
    async fn casting(&self, project: &Project) -> Result<Option<records::Casting>, Failure> {
        let operation = format!("read the casting of {}", project.name);
        let id = project.id.as_str();
        let url = self
            .http
            .url(&["data", "projects", id, "sequences", "all", "casting"]);
        match self.get(&operation, url).await {
            Ok(casting) => Ok(Some(casting)),
            // Older servers look for a sequence with the id `all`.
            Err(failure) if matches!(failure.status(), Some(400 | 404 | 405)) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The casting of a project sequence by sequence, which every server has.
    async fn casting_by_sequence(
        &self,
        project: &Project,
        sequences: &[records::Entity],
    ) -> Result<records::Casting, Failure> {
        tracing::debug!("no casting of whole projects on this server: asking for each sequence");
        let sequences = sequences.iter().filter(|sequence| !sequence.canceled);
        let castings = sequences.map(|sequence| self.casting_of(project, sequence));
        let castings = try_join_all(castings.collect::<Vec<_>>()).await?;
        Ok(castings.into_iter().flatten().collect())
    }

    async fn casting_of(
        &self,
        project: &Project,
        sequence: &records::Entity,
    ) -> Result<records::Casting, Failure> {
        let operation = format!("read the casting of {}, {}", project.name, sequence.name);
        let (project, sequence) = (project.id.as_str(), sequence.id.as_str());
        let segments = [
            "data",
            "projects",
            project,
            "sequences",
            sequence,
            "casting",
        ];
        self.get(&operation, self.http.url(&segments)).await
    }

    /// The assets that other projects lend to this one's shots. None where the casting names none but
    /// the project's own.
    async fn lent_assets(
        &self,
        project: &Project,
        assets: &[records::Asset],
        casting: &records::Casting,
    ) -> Result<Vec<records::LentAsset>, Failure> {
        let own: HashSet<&str> = assets.iter().map(|asset| &*asset.id).collect();
        let mut cast = casting.values().flatten().flatten();
        if cast.all(|it| it.asset_id.as_deref().is_none_or(|id| own.contains(id))) {
            return Ok(Vec::new());
        }
        let operation = format!("read the assets lent to {}", project.name);
        let segments = [
            "data",
            "projects",
            project.id.as_str(),
            "assets",
            "shared-used",
        ];
        match self.get(&operation, self.http.url(&segments)).await {
            // Servers from before assets could be lent.
            Err(failure) if matches!(failure.status(), Some(404 | 405)) => Ok(Vec::new()),
            lent => lent,
        }
    }

    async fn edits(&self, project: &Project) -> Result<Vec<EditRecords>, Failure> {
        let operation = format!("read the edits of {}", project.name);
        let url = self.list_url(&["data", "edits", "with-tasks"], project);
        let edits: Vec<records::Edit> = match self.get(&operation, url).await {
            Ok(edits) => edits,
            // Servers from before there were edits.
            Err(failure) if failure.kind() == ErrorKind::NotFound => Vec::new(),
            Err(failure) => return Err(failure),
        };
        let edits = edits.into_iter().map(|edit| self.edit(project, edit));
        try_join_all(edits.collect::<Vec<_>>()).await
    }

    async fn edit(&self, project: &Project, edit: records::Edit) -> Result<EditRecords, Failure> {
        let previews = if edit.canceled {
            records::Previews::default()
        } else {
            let operation = format!("read the previews of {}, {}", project.name, edit.name);
            let url = self.http.url(&["data", "edits", &edit.id, "preview-files"]);
            self.get(&operation, url).await?
        };
        Ok(EditRecords { edit, previews })
    }
}

impl Credentials {
    /// Tells accounts apart.
    fn tag(&self) -> String {
        match self {
            Self::Password { email, .. } => account_tag("password", email),
            Self::Token(token) => account_tag("token", token.expose_secret()),
        }
    }

    fn check(&self) -> Result<()> {
        let missing = match self {
            Self::Password { email, .. } if email.trim().is_empty() => {
                "the e-mail address is empty"
            }
            Self::Password { password, .. } if password.expose_secret().is_empty() => {
                "the password is empty"
            }
            Self::Token(token) if token.expose_secret().trim().is_empty() => "the token is empty",
            _ => return Ok(()),
        };
        Err(Error::new(ErrorKind::Config, "log in to Kitsu", missing))
    }
}

#[async_trait]
impl Tracker for Kitsu {
    fn describe(&self) -> Description {
        Description {
            name: "kitsu".into(),
            about: "Kitsu, by way of the API of its server, Zou".into(),
            location: Some(shown(self.http.base())),
            capabilities: Self::CAPABILITIES.to_vec(),
        }
    }

    async fn check(&self) -> Result<Account> {
        let (server, user) = match self.session.is_bot() {
            true => tokio::join!(self.server(), self.user()),
            // A password is not sent to any server, nor is a session refreshed there.
            false => (Ok(self.server().await?), self.user().await),
        };
        let (server, user) = (server?, user?);
        Ok(Account {
            user: Some(user).filter(|name| !name.is_empty()),
            server: Some(server),
        })
    }

    async fn project_list(&self) -> Result<ProjectList> {
        let context = self.context().await?;
        let list = list::project_list(context, &Addresses(&self.http))?;
        self.borrowing.listed(&list.projects);
        Ok(list)
    }

    async fn project(&self, project: &Project, list: &ProjectList) -> Result<ProjectSnapshot> {
        let id = project.id.as_str();
        let operation = |what: &str| format!("read the {what} of {}", project.name);
        let [settings, episodes, sequences, assets, shots] =
            ["settings", "episodes", "sequences", "assets", "shots"].map(operation);
        let episodes_url = self.http.url(&["data", "projects", id, "episodes"]);
        let sequences_url = self.list_url(&["data", "sequences"], project);
        // What the account may not see may be any of these but the shots, the assets and the project.
        let parts = async {
            let parts = tokio::join!(
                self.get::<Vec<_>>(&episodes, episodes_url),
                self.get::<Vec<_>>(&sequences, sequences_url),
                self.casting(project),
                self.edits(project),
            );
            Ok(parts)
        };
        let (record, assets, shots, parts) = tokio::try_join!(
            // Says that the project is gone, where the lists would just be empty.
            self.get(&settings, self.http.url(&["data", "projects", id])),
            self.get_with_tasks::<Vec<_>>(&assets, "assets", project),
            self.get_with_tasks::<Vec<_>>(&shots, "shots", project),
            parts,
        )?;
        let mut unseen = Unseen::default();
        let mut episodes = unseen.or_empty("episodes", parts.0)?;
        let mut sequences = unseen.or_empty("sequences", parts.1)?;
        let casting = match parts.2 {
            Ok(None) => self.casting_by_sequence(project, &sequences).await,
            casting => casting.map(Option::unwrap_or_default),
        };
        let casting = unseen.or_empty("casting", casting)?;
        let edits = unseen.or_empty("edits", parts.3)?;
        unseen.complete(&mut sequences, &mut episodes, &shots);
        let lent_assets = self.lent_assets(project, &assets, &casting).await;
        let lent_assets = unseen.or_empty("assets of other projects", lent_assets)?;
        self.borrowing.read(&project.id, !lent_assets.is_empty());
        let records = project::Records {
            project: record,
            episodes,
            sequences,
            assets,
            lent_assets,
            shots,
            casting,
            edits,
        };
        let mut snapshot = project::snapshot(records, project, list, Addresses(&self.http))?;
        if let Some(note) = unseen.note() {
            self.sight.is_of_part("");
            snapshot.notes.push(note);
        }
        Ok(snapshot)
    }

    async fn restrictions(&self, _project: &Project) -> Result<Vec<String>> {
        let account = self.authenticated().await?;
        Ok(rights::restrictions(account.role.as_deref()))
    }

    async fn open_media(&self, request: MediaRequest<'_>) -> Result<OpenedMedia> {
        media::open(self, request).await
    }

    async fn changes(&self, since: Option<&Mark>) -> Result<Changes> {
        changes::since(self, since).await
    }

    fn traffic(&self) -> Option<Traffic> {
        Some(self.http.traffic())
    }
}
