//! AYON, Ynput's pipeline platform, by way of its server's GraphQL and REST API.
//!
//! Written against ayon-backend 1.16; servers from before some of what is asked work too.
//!
//! ```no_run
//! use watchtower_connector::Tracker;
//! use watchtower_connector::ayon::{Ayon, AyonSettings, Credentials};
//!
//! # async fn example() -> watchtower_connector::Result<()> {
//! let ayon = Ayon::new(AyonSettings::new(
//!     "https://ayon.example",
//!     Credentials::ApiKey("0123…cdef".into()),
//! ))?;
//! let list = ayon.project_list().await?;
//! let film = ayon.project(&list.projects[0], &list).await?;
//! println!("{}: {} shots", film.project.name, film.shots.len());
//! # Ok(())
//! # }
//! ```
//!
//! # What becomes what
//!
//! * The projects are the active ones that the account may see. A project's name is its id. Libraries
//!   are left out, unless they [are named](AyonSettings::projects).
//! * A project of which the account sees a part alone is an error of the kind
//!   [`Partial`](crate::ErrorKind::Partial), unless that is [what is wanted](AyonSettings::partial).
//! * Folders of the types Episode, Sequence, Shot and Asset are what they say. All other types only
//!   hold folders. A label, where there is one, is the name.
//! * A shot in no sequence gets one that is named after the folder it is in, or after the project.
//! * An asset's type is the innermost `AssetCategory` it is in, or else its folder.
//! * A shot's place on the timeline is `clipIn` to `clipOut` where they were set on that very shot.
//!   Shots without follow the last of those, one after the other by episodes, sequences and names; their
//!   length is `frameStart` to `frameEnd`, inherited or not. All these ends are within: a range from
//!   1001 to 1024 has 24 frames.
//! * A clip that starts at the same frame in all shots is no place in an edit, and counts as a length.
//! * What is inactive or omitted, or in such a folder, is left out, of the casting too. A status means
//!   omitted by its name, or its short name.
//! * Types and statuses of tasks have no ids in AYON: those of the same name are the same, in every
//!   project. A name of a task type is one type for shots and another for assets.
//! * The casting is the links of type `breakdown` from an asset to a shot.
//! * An edit is a product whose type or base type is `review`, and that belongs to no shot, sequence or
//!   asset; or the one that [is named](AyonSettings::edit_product). Its movie is what was uploaded for
//!   review with the latest version, or else an older one. What is called an edit, or was made in such
//!   a task, comes first. What is inactive does not count.
//! * A folder's picture is its thumbnail, or else what came last for review in it.
//! * Whoever has a task in a project is in its team.

mod access;
mod changes;
mod edits;
mod graphql;
mod list;
mod media;
mod project;
mod records;
mod session;
mod timeline;
mod tree;

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_util::future::{BoxFuture, join_all, try_join_all};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::json;
use url::Url;
use watchtower_model::{MediaRef, Project, ProjectList, ProjectSnapshot};

use crate::http::{Failure, HttpClient, HttpOptions, Request, shown};
use crate::session::account_tag;
use crate::sight::Sight;
use crate::snapshot_builder::{by_name, sort_by_name};
use crate::{
    Account, Capability, Changes, Description, Error, ErrorKind, Mark, MediaRequest, OpenedMedia,
    Result, Tracker, Traffic,
};
use access::Access;
use changes::Remembered;
use edits::{EditRecords, Named};
use graphql::QueryFailure;
use list::{Details, Gathered, Share};
use media::{Addresses, SeenPictures};
use records::{Edge, Link, ListedProject};
use session::Session;

const OPERATION_LOG_IN: &str = "log in to AYON";

const ADDRESS_HELP: &str = "give the address of the AYON server as in the browser, without a path, \
                            as in https://ayon.example";

const PART_HELP: &str = "let the account read the whole project in AYON: the access group that it has \
                         there restricts reading; or export what it sees with `--partial`";

/// Where an AYON is, and who we are there.
#[derive(Clone, Debug)]
pub struct AyonSettings {
    /// The address of the server: `https://ayon.example`.
    pub url: String,
    /// Who we are.
    pub credentials: Credentials,
    /// The projects that are going to be read, by name or label; empty means all. The others are
    /// listed without what they hold, which spares the server from being asked for it.
    pub projects: Vec<String>,
    /// The product whose latest version is the edit: its name, or its folder's path and its name, as in
    /// `ep01/editorial/editMain`. None means any product of type `review` that belongs to no shot,
    /// sequence or asset.
    pub edit_product: Option<String>,
    /// Types of folders that are shots, beside `Shot`.
    pub shot_types: Vec<String>,
    /// Types of folders that are assets, beside `Asset`.
    pub asset_types: Vec<String>,
    /// Names of statuses of folders that mean omitted, beside those that say so.
    pub omitted_statuses: Vec<String>,
    /// Whether a project of which the account sees a part alone is read all the same. Otherwise that is
    /// an error of the kind [`Partial`](ErrorKind::Partial).
    pub partial: bool,
    /// Whether to find out who and which project has a picture, which takes a request for each.
    pub pictures: bool,
    /// Limits and habits towards the server.
    pub http: HttpOptions,
}

impl AyonSettings {
    /// Settings with the usual limits.
    pub fn new(url: impl Into<String>, credentials: Credentials) -> Self {
        Self {
            url: url.into(),
            credentials,
            projects: Vec::new(),
            edit_product: None,
            shot_types: Vec::new(),
            asset_types: Vec::new(),
            omitted_statuses: Vec::new(),
            partial: false,
            pictures: true,
            http: HttpOptions::default(),
        }
    }

    /// Gives a folder of a type of the studio's own the type that it stands for.
    fn adopt(&self, folder: &mut records::Folder) {
        for (types, known) in [(&self.shot_types, "Shot"), (&self.asset_types, "Asset")] {
            if types.iter().any(|it| is_same(it, &folder.folder_type)) {
                known.clone_into(&mut folder.folder_type);
            }
        }
    }

    /// Whether a project was asked for by its name.
    fn is_named(&self, project: &ListedProject) -> bool {
        let mut asked = self.projects.iter();
        asked.any(|it| is_same(it, &project.name) || is_same(it, project.title()))
    }

    /// Whether a project is going to be read.
    fn is_wanted(&self, project: &ListedProject) -> bool {
        self.projects.is_empty() || self.is_named(project)
    }
}

/// Whether two names are the same, as people write them.
fn is_same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// Who we are to an AYON.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// The key of a service user, or the personal key of a person. The token of a session, which AYON's
    /// own tools keep in place of a key, is taken as well.
    ApiKey(SecretString),
    /// A person's account. There are ten logins a minute for everybody together, so one is made and
    /// kept.
    Password {
        /// The name of the account.
        name: String,
        /// The password.
        password: SecretString,
    },
}

impl Credentials {
    /// Tells accounts apart.
    fn tag(&self) -> String {
        match self {
            Self::ApiKey(key) => account_tag("key", key.expose_secret()),
            Self::Password { name, .. } => account_tag("password", name),
        }
    }

    fn check(&self) -> Result<()> {
        let missing = match self {
            Self::ApiKey(key) if key.expose_secret().trim().is_empty() => "the API key is empty",
            Self::Password { name, .. } if name.trim().is_empty() => {
                "the name of the account is empty"
            }
            Self::Password { password, .. } if password.expose_secret().is_empty() => {
                "the password is empty"
            }
            _ => return Ok(()),
        };
        Err(Error::new(ErrorKind::Config, OPERATION_LOG_IN, missing))
    }
}

/// An AYON.
#[derive(Debug)]
pub struct Ayon {
    http: HttpClient,
    session: Session,
    settings: AyonSettings,
    /// What was read of projects for the list, by their names, until they are read themselves: types of assets
    /// and tasks are known only from folders and tasks.
    details: Mutex<HashMap<String, Details>>,
    /// The libraries that the last list left out.
    libraries: Mutex<Vec<String>>,
    /// What the last list was made of, as long as the log tells what changed.
    remembered: Remembered,
    /// Pictures that had to be opened to know that they are there, until they are asked for.
    seen_pictures: SeenPictures,
    sight: Sight,
}

impl Ayon {
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
        Capability::Changes,
    ];

    /// An AYON at an address. It connects and logs in when something is asked.
    ///
    /// # Errors
    ///
    /// `Config` when the address is none or holds credentials, when the name, password or key is
    /// empty, or when the certificate cannot be read.
    pub fn new(settings: AyonSettings) -> Result<Self> {
        settings.credentials.check()?;
        let http = HttpClient::new(&settings.url, &settings.http)?;
        Ok(Self {
            session: Session::new(settings.credentials.clone()),
            http: http.with_address_help(ADDRESS_HELP),
            settings,
            details: Mutex::default(),
            libraries: Mutex::default(),
            remembered: Remembered::default(),
            seen_pictures: SeenPictures::default(),
            sight: Sight::default(),
        })
    }

    /// Sends a request as whom we are, and once more in a new session when the server no longer
    /// takes the one there was.
    async fn with_session<'a, T>(
        &'a self,
        request: Request<'a>,
        read: impl Fn(Request<'a>) -> BoxFuture<'a, Result<T, Failure>> + Send,
    ) -> Result<T, Failure> {
        let auth = self.session.auth(&self.http).await?;
        let is_refused =
            |failure: &Failure| failure.status() == Some(401) && !failure.is_elsewhere();
        let first = match read(request.clone().auth((*auth).clone())).await {
            Err(failure) if is_refused(&failure) => failure,
            done => return done,
        };
        let auth = self.session.renewed(&self.http, &auth).await?;
        match read(request.auth((*auth).clone())).await {
            Err(second) if is_refused(&second) => {
                Err(self.session.refused(&auth, first, second).await)
            }
            done => done,
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

    /// The server's version, if it is the right kind of server. It says so to anybody.
    async fn server(&self) -> Result<String> {
        const OPERATION: &str = "reach AYON";
        let url = self.http.url(&["api", "info"]);
        let server: records::Server = match self.http.get(OPERATION, url).json().await {
            Ok(server) => server,
            Err(failure) if failure.kind() == ErrorKind::NotFound => {
                let message = format!("what answers at {} is not AYON", shown(self.http.base()));
                let error = Error::new(ErrorKind::Malformed, OPERATION, message);
                return Err(error.with_help(ADDRESS_HELP));
            }
            Err(failure) => return Err(failure.into()),
        };
        Ok(format!("AYON {}", server.version))
    }

    /// The active projects, by name. A library is no film, and is among them only where it is named.
    async fn projects(&self) -> Result<Vec<ListedProject>> {
        let mut url = self.http.url(&["api", "projects"]);
        url.set_query(Some("active=true"));
        let answer: records::Projects = self.get("list the projects", url).await?;
        let mut projects = answer.projects;
        projects.retain(|it| it.active);
        let (libraries, mut projects): (Vec<_>, Vec<_>) = projects
            .into_iter()
            .partition(|it| it.library && !self.settings.is_named(it));
        let titles: Vec<_> = libraries.iter().map(|it| it.title().to_owned()).collect();
        if projects.is_empty()
            && let Some(library) = titles.first()
        {
            let message = format!("there are none but libraries: {}", titles.join(", "));
            let error = Error::new(ErrorKind::NotFound, "list the projects", message);
            let help = format!("a library is exported with `--project \"{library}\"`");
            return Err(error.with_help(help));
        }
        *self.left_out_libraries() = titles;
        sort_by_name(&mut projects, |it| ((), it.title(), &*it.name));
        projects.dedup_by(|a, b| a.name == b.name);
        Ok(projects)
    }

    /// Everybody; for an account that may not see everybody, those who have access to the projects it
    /// may see. None where it may not see them either.
    async fn users(&self) -> Result<Option<Vec<records::User>>, QueryFailure> {
        const OPERATION: &str = "list the people";
        let users = self.list_shared(OPERATION, graphql::USERS, json!({})).await;
        match users {
            Err(failure) if failure.is_answered() => {
                tracing::debug!(error = %Error::from(failure), "not everybody is listed");
                Ok(None)
            }
            users => Ok(Some(nodes(users?))),
        }
    }

    /// Those who have access to some projects.
    async fn users_of(&self, projects: &[&ListedProject]) -> Result<Vec<records::User>> {
        let of_project = projects.iter().map(|project| async move {
            let operation = format!("list the people of {}", project.title());
            let variables = json!({"project": project.name});
            let users = self.list_shared(&operation, graphql::PROJECT_USERS, variables);
            match users.await {
                Err(failure) if failure.is_answered() => {
                    tracing::debug!(error = %Error::from(failure), "the people are not listed");
                    Ok(Vec::new())
                }
                users => users.map(nodes),
            }
        });
        let users = try_join_all(of_project.collect::<Vec<_>>()).await?;
        let mut users: Vec<records::User> = users.into_iter().flatten().collect();
        users.sort_by(|a, b| a.name.cmp(&b.name));
        users.dedup_by(|a, b| a.name == b.name);
        Ok(users)
    }

    /// What a project holds that the list of projects depends on.
    async fn read_details(&self, name: &str, title: &str) -> Result<Details, QueryFailure> {
        let operation = |what: &str| format!("read the {what} of {title}");
        let [settings, folders, tasks] = ["settings", "folders", "tasks"].map(operation);
        let none = json!({});
        let before = self.counts(name).await?;
        let (project, folders, tasks, permissions) = tokio::try_join!(
            self.query_project(&settings, graphql::PROJECT, name, json!({})),
            self.list_by_any(&folders, &graphql::FOLDERS, name, &none),
            self.list(&tasks, graphql::TASKS, name),
            async { Ok(self.permissions(name).await?) },
        )?;
        let (mut folders, mut tasks) = (nodes(folders), nodes(tasks));
        // What changes its place while pages are read may be on two of them.
        let mut seen = HashSet::new();
        folders.retain(|it: &records::Folder| seen.insert(it.id.clone()));
        seen.clear();
        tasks.retain(|it: &records::Task| seen.insert(it.id.clone()));
        let read = records::Counts {
            folders: folders.len(),
            tasks: tasks.len(),
        };
        let after = match before {
            Some(before) if before != read => self.counts(name).await?,
            same => same,
        };
        for folder in &mut folders {
            self.settings.adopt(folder);
        }
        Ok(Details {
            project,
            folders,
            tasks,
            access: Access::new(read, before, after, &permissions),
        })
    }

    /// The same for the list. A project that the server does not answer for is listed without: who
    /// reads it is told why.
    async fn details_of(&self, project: &ListedProject) -> Result<Option<(String, Details)>> {
        match self.read_details(&project.name, project.title()).await {
            Err(failure) if failure.is_answered() => {
                let (project, error) = (&project.name, Error::from(failure));
                tracing::debug!(project, %error, "the project cannot be read");
                Ok(None)
            }
            details => Ok(Some((project.name.clone(), details?))),
        }
    }

    fn left_out_libraries(&self) -> MutexGuard<'_, Vec<String>> {
        self.libraries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn kept_details(&self) -> MutexGuard<'_, HashMap<String, Details>> {
        self.details.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which folder appears in which.
    async fn links(&self, project: &Project) -> Result<Vec<Link>, QueryFailure> {
        let operation = format!("read the casting of {}", project.name);
        let name = project.id.as_str();
        match self.list(&operation, graphql::LINKS, name).await {
            Err(failure) if failure.is_unknown_field() => {}
            links => return links,
        }
        tracing::debug!("no links of whole projects on this server: asking for each folder's");
        let folders = self.list(&operation, graphql::FOLDER_LINKS, name).await?;
        let mut links = Vec::new();
        for folder in nodes::<records::LinkedFolder>(folders) {
            for link in folder.links.into_iter().flat_map(|links| links.edges) {
                let link_type = link.link_type.split('|').next();
                if let (Some("breakdown"), Some(input_id)) = (link_type, link.entity_id) {
                    let output_id = folder.id.clone();
                    links.push(Link {
                        input_id,
                        output_id,
                    });
                }
            }
        }
        Ok(links)
    }

    /// The products that may be edits: those for review, or those of the name of the edit.
    async fn products(
        &self,
        project: &Project,
        named: Option<Named<'_>>,
    ) -> Result<Vec<records::Product>, QueryFailure> {
        let operation = format!("read the products of {}", project.name);
        let id = project.id.as_str();
        if let Some(named) = named {
            if !named.is_possible() {
                return Ok(Vec::new());
            }
            let variables = json!({"product": named.name});
            let queries = &graphql::NAMED_PRODUCTS;
            return self
                .list_by_any(&operation, queries, id, &variables)
                .await
                .map(nodes);
        }
        let by_type = self.list(&operation, graphql::REVIEW_PRODUCTS, id);
        let by_base_type = async {
            match self
                .list(&operation, graphql::REVIEW_BASED_PRODUCTS, id)
                .await
            {
                Err(failure) if failure.is_unknown_field() => Ok(Vec::new()),
                products => products,
            }
        };
        let (mut products, others) = tokio::try_join!(by_type, by_base_type)?;
        products.extend(others);
        let mut products: Vec<records::Product> = nodes(products);
        products.sort_by(|a, b| a.id.cmp(&b.id));
        products.dedup_by(|a, b| a.id == b.id);
        Ok(products)
    }

    /// An edit with what is for review of its latest version; of an older one, where that has no
    /// movie. None for a product without a version.
    async fn edit(
        &self,
        project: &Project,
        product: records::Product,
    ) -> Result<Option<EditRecords>> {
        /// How many older versions are looked at.
        const OLDER: usize = 10;

        let operation = format!("read the versions of {}, {}", project.name, product.title());
        let variables = json!({"product": product.id});
        let (query, name) = (graphql::PRODUCT_VERSIONS, project.id.as_str());
        let versions = self.list_with(&operation, query, name, variables).await?;
        let mut versions: Vec<records::Version> = nodes(versions);
        // A hero version is a copy of one of the others.
        versions.retain(|it| it.active != Some(false) && !it.name.eq_ignore_ascii_case("hero"));
        versions.sort_by(|a, b| by_name(&b.name, &a.name).then_with(|| a.id.cmp(&b.id)));
        let mut versions = versions.into_iter();
        let Some(version) = versions.next() else {
            return Ok(None);
        };
        let title = product.title().to_owned();
        let reviewables = self.reviewables(project, &title, &version).await?;
        let latest = EditRecords {
            product,
            version,
            reviewables,
            older: None,
        };
        if latest.movie().is_some() {
            return Ok(Some(latest));
        }
        for older in versions.filter(|it| it.has_reviewables).take(OLDER) {
            let records = EditRecords {
                reviewables: self.reviewables(project, &title, &older).await?,
                older: Some(older.name),
                ..latest.clone()
            };
            if records.movie().is_some() {
                return Ok(Some(records));
            }
        }
        Ok(Some(latest))
    }

    /// What was uploaded for review with a version.
    async fn reviewables(
        &self,
        project: &Project,
        title: &str,
        version: &records::Version,
    ) -> Result<Option<records::Reviewables>> {
        if !version.has_reviewables {
            return Ok(None);
        }
        let operation = format!("read the reviewables of {}, {title}", project.name);
        let (id, version) = (project.id.as_str(), version.id.as_str());
        let url = ["api", "projects", id, "versions", version, "reviewables"];
        match self.get(&operation, self.http.url(&url)).await {
            Ok(found) => Ok(Some(found)),
            // It has gone meanwhile.
            Err(failure) if failure.kind() == ErrorKind::NotFound => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Whether there is a picture at each of these addresses. Of those that are known nobody asks.
    async fn pictures(
        &self,
        addresses: impl Iterator<Item = MediaRef>,
        known: HashMap<MediaRef, bool>,
    ) -> HashMap<MediaRef, bool> {
        self.seen_pictures.forget();
        if !self.settings.pictures {
            return HashMap::new();
        }
        let known = &known;
        let pictures = addresses.map(|it| async move {
            let is_there = match known.get(&it) {
                Some(is_there) => *is_there,
                None => media::exists(self, &it).await,
            };
            (it, is_there)
        });
        let pictures = join_all(pictures.collect::<Vec<_>>()).await;
        pictures.into_iter().collect()
    }
}

fn nodes<T>(edges: Vec<Edge<T>>) -> Vec<T> {
    edges.into_iter().map(|edge| edge.node).collect()
}

#[async_trait]
impl Tracker for Ayon {
    fn describe(&self) -> Description {
        Description {
            name: "ayon".into(),
            about: "AYON, by way of its server's API".into(),
            location: Some(shown(self.http.base())),
            capabilities: Self::CAPABILITIES.to_vec(),
        }
    }

    async fn check(&self) -> Result<Account> {
        let server = self.server().await?;
        self.session.forget_failure().await;
        let url = self.http.url(&["api", "users", "me"]);
        let me: records::Me = self.get(OPERATION_LOG_IN, url).await?;
        Ok(Account {
            user: Some(me.attrib.full_name(&me.name).to_owned()),
            server: Some(server),
        })
    }

    async fn project_list(&self) -> Result<ProjectList> {
        let (mut known, asked) = self.remembered.take();
        let (projects, users) =
            tokio::try_join!(self.projects(), async { Ok(self.users().await?) })?;
        let wanted: Vec<_> = projects
            .iter()
            .filter(|it| self.settings.is_wanted(it))
            .collect();
        let unknown = wanted.iter().copied();
        let unknown = unknown.filter(|it| !known.shares.contains_key(&it.name));
        let details = try_join_all(unknown.map(|it| self.details_of(it)));
        let (details, users) = tokio::try_join!(details, async {
            match users {
                Some(users) => Ok(users),
                None => self.users_of(&wanted).await,
            }
        })?;
        let mut kept = HashMap::new();
        for (name, details) in details.into_iter().flatten() {
            let tree = details.tree(&self.settings.omitted_statuses);
            let share = Share::new(&details, &tree);
            known.shares.insert(name.clone(), share);
            kept.insert(name, details);
        }
        let mut gathered = Gathered::default();
        for share in wanted.iter().filter_map(|it| known.shares.get(&it.name)) {
            gathered.add(share);
        }
        let users = gathered.at_work(users);
        let addresses = Addresses(&self.http);
        let avatars = users.iter().filter(|it| it.active != Some(false));
        let avatars = avatars.map(|it| addresses.avatar(&it.name));
        let thumbnails = wanted.iter().map(|it| addresses.project(&it.name));
        let pictures = self.pictures(avatars.chain(thumbnails), known.pictures);
        known.pictures = pictures.await;
        let is_there = |it: &MediaRef| known.pictures.get(it) == Some(&true);
        let mut list = gathered.finish(users, is_there, addresses)?;
        for listed in &projects {
            let mut project = list::listed_project(listed)?;
            project.thumbnail = Some(addresses.project(&listed.name)).filter(is_there);
            if let Some(share) = known.shares.get(&listed.name) {
                list::fill_in(&mut project, share, &list);
            }
            list.projects.push(project);
        }
        *self.kept_details() = kept;
        self.remembered.keep(known, asked);
        Ok(list)
    }

    async fn project(&self, project: &Project, list: &ProjectList) -> Result<ProjectSnapshot> {
        let kept = self.kept_details().remove(project.id.as_str());
        let details = async {
            match kept {
                Some(details) => Ok(details),
                None => self.read_details(project.id.as_str(), &project.name).await,
            }
        };
        let named = self.settings.edit_product.as_deref().map(Named::new);
        let (details, links, products) =
            tokio::try_join!(details, self.links(project), self.products(project, named))?;
        if let Some(part) = details.access.part() {
            if !self.settings.partial {
                let operation = format!("read the project {}", project.name);
                let error = Error::new(ErrorKind::Partial, operation, part);
                return Err(error.with_help(PART_HELP));
            }
            self.sight.is_of_part(project.id.as_str());
        }
        let (edits, other_products) = {
            let tree = details.tree(&self.settings.omitted_statuses);
            edits::choose(products, &tree, named)
        };
        let edits = edits.into_iter().map(|it| self.edit(project, it));
        let edits = try_join_all(edits.collect::<Vec<_>>()).await?;
        let records = project::Records {
            details,
            links,
            edits: edits.into_iter().flatten().collect(),
            other_products,
        };
        let addresses = Addresses(&self.http);
        let mut snapshot = project::snapshot(&records, project, list, addresses, &self.settings)?;
        let libraries = self.left_out_libraries();
        // Once is enough, and whoever names projects knows which.
        let is_first = list.projects.first().is_some_and(|it| it.id == project.id);
        if is_first && self.settings.projects.is_empty() && !libraries.is_empty() {
            snapshot.notes.push(format!(
                "libraries hold no film and are left out of the site: {}; `--project` with its name exports one",
                libraries.join(", ")
            ));
        }
        Ok(snapshot)
    }

    async fn open_media(&self, request: MediaRequest<'_>) -> Result<OpenedMedia> {
        media::open(self, request).await
    }

    /// The projects, with the types and statuses of their tasks: types of assets and people are known only
    /// from folders and tasks.
    async fn overview(&self) -> Result<ProjectList> {
        let projects = self.projects().await?;
        let wanted = projects.iter().filter(|it| self.settings.is_wanted(it));
        let settings = wanted.map(|project| async move {
            let operation = format!("read the settings of {}", project.title());
            let settings =
                self.query_project(&operation, graphql::PROJECT, &project.name, json!({}));
            match settings.await {
                Err(failure) if failure.is_answered() => Ok(Details::default()),
                settings => settings.map(|project| Details {
                    project,
                    ..Details::default()
                }),
            }
        });
        let settings = try_join_all(settings.collect::<Vec<_>>()).await?;
        let mut gathered = Gathered::default();
        for details in &settings {
            gathered.add(&Share::new(details, &details.tree(&[])));
        }
        let mut list = gathered.finish(Vec::new(), |_| false, Addresses(&self.http))?;
        list.projects = projects
            .iter()
            .map(list::listed_project)
            .collect::<Result<_>>()?;
        Ok(list)
    }

    async fn restrictions(&self, project: &Project) -> Result<Vec<String>> {
        let permissions = self.permissions(project.id.as_str()).await?;
        Ok(access::restrictions(&permissions))
    }

    async fn changes(&self, since: Option<&Mark>) -> Result<Changes> {
        let changes = changes::since(self, since).await?;
        self.remembered.told(since, &changes);
        Ok(changes)
    }

    fn traffic(&self) -> Option<Traffic> {
        Some(self.http.traffic())
    }
}
