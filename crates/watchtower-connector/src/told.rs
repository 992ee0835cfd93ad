//! What a program or a folder tells of a tracker: the documents, and where media are.

mod dangling;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::{Origin, Url};
#[cfg(feature = "process")]
use watchtower_model::tracker::ToldChanges;
use watchtower_model::tracker::{self, Objection, VERSION};
use watchtower_model::{MediaLocation, MediaRef, Project, ProjectList, ProjectSnapshot, json};

use crate::http::{AuthHeader, HttpClient, HttpOptions};
use crate::{Error, ErrorKind, MediaRequest, OpenedMedia, Result};

/// Headers by their names.
type Named = BTreeMap<String, SecretString>;

/// The headers in a document: those of servers, and those of single pictures and movies.
#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    media_headers: BTreeMap<String, Named>,
    #[serde(default)]
    project: WithMedia,
    #[serde(default)]
    projects: Vec<WithMedia>,
    #[serde(default)]
    users: Vec<WithMedia>,
    #[serde(default)]
    shots: Vec<WithMedia>,
    #[serde(default)]
    assets: Vec<WithMedia>,
    #[serde(default)]
    edits: Vec<WithMedia>,
}

/// Anything that may have a picture or movie.
#[derive(Default, Deserialize)]
struct WithMedia {
    #[serde(default)]
    thumbnail: Option<AtUrl>,
    #[serde(default)]
    movie: Option<AtUrl>,
}

#[derive(Deserialize)]
struct AtUrl {
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    headers: Option<Named>,
}

impl Told {
    fn media(self) -> impl Iterator<Item = AtUrl> {
        let lists = [
            vec![self.project],
            self.projects,
            self.users,
            self.shots,
            self.assets,
            self.edits,
        ];
        let all = lists.into_iter().flatten();
        all.flat_map(|it| [it.thumbnail, it.movie]).flatten()
    }
}

/// The headers for whatever is below an address.
#[derive(Clone, Debug)]
struct Scope {
    below: Url,
    headers: Arc<[AuthHeader]>,
}

impl Scope {
    /// How much of an address is that of the scope; none where it is not below.
    fn covers(&self, url: &Url) -> Option<usize> {
        let path = self.below.path().trim_end_matches('/');
        let rest = url.path().strip_prefix(path)?;
        let is_below = rest.is_empty() || rest.starts_with('/');
        (is_below && self.below.origin() == url.origin()).then_some(path.len())
    }
}

/// The headers that documents name.
#[derive(Debug, Default)]
struct Headers {
    /// Those of the list of projects, which are for every document.
    shared: Vec<Scope>,
    /// Those of single pictures and movies, by their addresses: they have some of their own, or their
    /// project has. Another project may have others for the same server. Each document has its own, by
    /// the id of its project, the list by none: to read one again changes no other.
    own: BTreeMap<String, HashMap<String, Arc<[AuthHeader]>>>,
}

impl Headers {
    fn of(&self, address: &str) -> Option<Arc<[AuthHeader]>> {
        let mut documents = self.own.values();
        documents.find_map(|it| it.get(address)).cloned()
    }
}

/// The headers of the longest of the addresses that something is below, the last one of several.
fn closest<'a>(scopes: impl Iterator<Item = &'a Scope>, url: &Url) -> Option<Arc<[AuthHeader]>> {
    let covering = scopes.filter_map(|it| Some((it.covers(url)?, it)));
    let closest = covering.max_by_key(|(length, _)| *length);
    closest.map(|(_, it)| Arc::clone(&it.headers))
}

/// What is told, and by whom: for errors.
struct Source<'a> {
    /// What is tried.
    operation: &'a str,
    /// Who or what gave the text.
    from: &'a str,
    /// The name of the schema of what is due.
    document: &'static str,
    /// The id of the project, none for the list of projects.
    project: &'a str,
}

impl Source<'_> {
    fn malformed(&self, message: impl std::fmt::Display) -> Error {
        let message = format!("{}{message}", self.from);
        Error::new(ErrorKind::Invalid, self.operation, message)
    }

    /// Reads the document, whole or a part of it. What is wrong with it was told before, as far as its
    /// schema says.
    fn read<T: DeserializeOwned>(&self, text: &[u8]) -> Result<T> {
        let mut json = serde_json::Deserializer::from_slice(text);
        serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let path = error.path().to_string();
            let reason = error.into_inner().to_string();
            let reason = reason.split(" at line ").next().unwrap_or_default();
            let reason = match reason.strip_prefix("duplicate field ") {
                Some(key) => format!("the key {key} is there twice"),
                None => reason.to_owned(),
            };
            self.malformed(format_args!(": `{path}`: {reason}"))
                .with_help(self.help())
        })
    }

    /// The document without what is odd about its text, or what is wrong with it; and what in it nobody
    /// reads.
    fn judge<'t>(&self, text: &'t [u8]) -> Result<(Cow<'t, [u8]>, Value, Vec<String>)> {
        /// How many mistakes are told.
        const TOLD: usize = 10;
        let (mended, odd) = json::mend(text);
        let value: Value =
            serde_json::from_slice(&mended).map_err(|it| self.broken(&mended, &it))?;
        self.check_version(value.get("watchtower_tracker"))?;
        let document = tracker::document(self.document);
        let objections = document.map(|it| tracker::judge(it, &value, &mended, &odd));
        let objections = objections.unwrap_or_default();
        let (harmless, mistakes): (Vec<_>, Vec<_>) =
            objections.into_iter().partition(Objection::is_harmless);
        let message = match mistakes.as_slice() {
            [] => return Ok((mended, value, tracker::unknown_keys(&harmless))),
            [one] => format!(": {one}"),
            several => {
                let told = several.iter().take(TOLD).map(|it| format!("\n  {it}"));
                let told = told.collect::<String>();
                let more = match several.len().saturating_sub(TOLD) {
                    0 => String::new(),
                    more => format!("\n  and {more} more"),
                };
                format!(" has {} mistakes:{told}{more}", several.len())
            }
        };
        Err(self.malformed(message).with_help(self.help()))
    }

    fn help(&self) -> String {
        format!(
            "`watchtower validate --document tracker/{} FILE` shows the lines; FILE is the document, or what the program printed",
            self.document
        )
    }

    /// The text is not JSON.
    fn broken(&self, text: &[u8], error: &serde_json::Error) -> Error {
        if error.is_eof() {
            let (line, _) = json::line_and_column(text, text.len());
            let message = format_args!(" gave a document that ends in the middle, in line {line}");
            return self.malformed(message);
        }
        let flaw = json::flaw(text, error);
        let (line, column) = json::line_and_column(text, flaw.offset);
        let message = format_args!(": line {line}, column {column}: {}", flaw.message);
        let error_told = self.malformed(message);
        match error.to_string().starts_with("trailing characters") {
            true => error_told.with_help(ALONE),
            false => error_told,
        }
    }

    fn check_version(&self, version: Option<&Value>) -> Result<()> {
        match version {
            Some(version) if version == VERSION => Ok(()),
            Some(version) if version.is_number() => {
                let message = format_args!(
                    " gave version {version} of the documents, and this is made for {VERSION}"
                );
                let help = "use the release of `watchtower` that the connector is made for";
                Err(self.malformed(message).with_help(help))
            }
            version => {
                let found = match version {
                    Some(version) => format!("{version} as"),
                    None => "no".to_owned(),
                };
                let message =
                    format_args!(" gave {found} `watchtower_tracker`, the documents' version");
                let help = format!("give `\"watchtower_tracker\": {VERSION}`, a number");
                Err(self.malformed(message).with_help(help))
            }
        }
    }

    fn scope(&self, address: &str, headers: &Named) -> Result<Scope> {
        // An address that is none is not shown: it may hold a password.
        let none = |reason: &str| {
            self.malformed(format_args!(
                ": `media_headers` has a malformed address: {reason}"
            ))
        };
        let below = Url::parse(address).map_err(|_| {
            none("expected that of a server or of a path on it, as in `https://tracker.example/previews`")
        })?;
        if !matches!(below.scheme(), "http" | "https") {
            return Err(none("it starts with neither http:// nor https://"));
        }
        let headers = self.headers(headers, &below)?;
        Ok(Scope { below, headers })
    }

    fn headers(&self, headers: &Named, url: &Url) -> Result<Arc<[AuthHeader]>> {
        let headers = headers
            .iter()
            .map(|(name, value)| AuthHeader::new(name, value));
        headers.collect::<Result<_>>().map_err(|error| {
            let origin = url.origin().ascii_serialization();
            self.malformed(format_args!(": the headers for `{origin}`: {error}"))
        })
    }
}

/// The pictures and movies to which documents refer, and how to get at them.
#[derive(Debug)]
pub(crate) struct ToldMedia {
    options: HttpOptions,
    /// One client for each server, made when the first picture on it is opened.
    clients: Mutex<Vec<(Origin, HttpClient)>>,
    headers: Mutex<Headers>,
    /// The keys that nobody reads: those of the list, and of each project by its id.
    unknown: Mutex<BTreeMap<String, Vec<String>>>,
}

impl ToldMedia {
    pub(crate) fn new(options: HttpOptions) -> Self {
        Self {
            options,
            clients: Mutex::default(),
            headers: Mutex::default(),
            unknown: Mutex::default(),
        }
    }

    fn unknown(&self) -> MutexGuard<'_, BTreeMap<String, Vec<String>>> {
        self.unknown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys of the documents read so far that nobody reads.
    pub(crate) fn unknown_keys(&self) -> Vec<String> {
        let all = self.unknown();
        let told = all.iter().flat_map(|(project, notes)| {
            let place = match project.as_str() {
                "" => "the list of projects".to_owned(),
                id => format!("the project `{}`", id.escape_debug()),
            };
            notes.iter().map(move |it| format!("in {place}, {it}"))
        });
        told.collect()
    }

    fn headers(&self) -> MutexGuard<'_, Headers> {
        self.headers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The list of projects from its text. `operation` and `from` are for errors: what is tried, and
    /// who or what gave the text. Files are relative to `folder`.
    pub(crate) fn project_list(
        &self,
        text: &[u8],
        operation: &str,
        from: &str,
        folder: &Path,
    ) -> Result<ProjectList> {
        let source = Source {
            operation,
            from,
            document: "project_list",
            project: "",
        };
        let (mut list, _, unknown): (ProjectList, _, _) = self.parse(text, &source)?;
        self.unknown().insert(String::new(), unknown);
        let is_listed =
            |id: &str| id.is_empty() || list.projects.iter().any(|it| it.id.as_str() == id);
        self.headers().own.retain(|id, _| is_listed(id));
        self.unknown().retain(|id, _| is_listed(id));
        let projects = list.projects.iter_mut().map(|it| &mut it.thumbnail);
        let users = list.users.iter_mut().map(|it| &mut it.thumbnail);
        projects.chain(users).for_each(|it| place(it, folder));
        Ok(list)
    }

    /// What changed, from its text.
    #[cfg(feature = "process")]
    pub(crate) fn changes(&self, text: &[u8], operation: &str, from: &str) -> Result<ToldChanges> {
        let source = Source {
            operation,
            from,
            document: "changes",
            project: "",
        };
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let (text, ..) = source.judge(text)?;
        source.read(&text)
    }

    /// A project from its text: the one that was asked for, without what refers to something that is
    /// neither in it nor in the list.
    pub(crate) fn project(
        &self,
        text: &[u8],
        asked: &Project,
        list: &ProjectList,
        from: &str,
        folder: &Path,
    ) -> Result<ProjectSnapshot> {
        let source = Source {
            operation: &format!("read {}", asked.name),
            from,
            document: "project",
            project: asked.id.as_str(),
        };
        let (mut snapshot, value, unknown): (ProjectSnapshot, _, _) = self.parse(text, &source)?;
        // Another one would be written in its place.
        if snapshot.project.id != asked.id {
            let (given, asked) = (&snapshot.project.id, &asked.id);
            return Err(
                source.malformed(format_args!(" gave the project {given}, asked for {asked}"))
            );
        }
        {
            let mut all = self.unknown();
            let listed = all.get("").into_iter().flatten();
            let listed = listed.map(|it| format!("in the list of projects, {it}"));
            snapshot.notes.extend(listed.chain(unknown.iter().cloned()));
            all.insert(asked.id.to_string(), unknown);
        }
        // A rate that is not told is that of the project, and the project's that of the list.
        if value["project"].get("fps").is_none() {
            snapshot.project.fps = asked.fps;
        }
        let told = value["shots"].as_array().into_iter().flatten();
        for (shot, _) in
            (snapshot.shots.iter_mut().zip(told)).filter(|it| it.1.get("fps").is_none())
        {
            shot.fps = snapshot.project.fps;
        }
        dangling::leave_out(&mut snapshot, list);
        place(&mut snapshot.project.thumbnail, folder);
        let shots = snapshot.shots.iter_mut().map(|it| &mut it.thumbnail);
        let assets = snapshot.assets.iter_mut().map(|it| &mut it.thumbnail);
        let movies = snapshot.edits.iter_mut().map(|it| &mut it.movie);
        let media = shots.chain(assets).chain(movies);
        media.for_each(|it| place(it, folder));
        Ok(snapshot)
    }

    /// Reads a document; answers also the document as it is, and what in it nobody reads.
    fn parse<T: DeserializeOwned>(
        &self,
        text: &[u8],
        source: &Source<'_>,
    ) -> Result<(T, Value, Vec<String>)> {
        // Some shells put a mark in front of what they pass on.
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        match text.trim_ascii_start().first() {
            None => {
                return Err(source.malformed(" gave nothing, where JSON is due"));
            }
            Some(b'{') => {}
            Some(_) => {
                let message = format_args!(
                    " gave something else than a JSON object; it starts with {}",
                    start(text)
                );
                return Err(source.malformed(message).with_help(ALONE));
            }
        }
        let (text, value, unknown) = source.judge(text)?;
        self.take_headers(source.read(&text)?, source)?;
        Ok((source.read(&text)?, value, unknown))
    }

    fn take_headers(&self, mut told: Told, source: &Source<'_>) -> Result<()> {
        let scopes = std::mem::take(&mut told.media_headers);
        let scopes = scopes.iter();
        let scopes = scopes.map(|(address, headers)| source.scope(address, headers));
        let scopes = scopes.collect::<Result<Vec<_>>>()?;
        let is_shared = source.project.is_empty();
        let mut all = self.headers();
        let mut own = HashMap::new();
        for AtUrl { url, headers } in told.media() {
            // What is no address is told by whoever opens it.
            let Some((address, url)) = url.and_then(|it| Some((it.clone(), Url::parse(&it).ok()?)))
            else {
                continue;
            };
            let headers = match headers {
                Some(headers) => Some(source.headers(&headers, &url)?),
                None if is_shared || scopes.is_empty() => None,
                None => closest(all.shared.iter().chain(&scopes), &url),
            };
            if let Some(headers) = headers {
                own.insert(address, headers);
            }
        }
        all.own.insert(source.project.to_owned(), own);
        if is_shared {
            all.shared = scopes;
        }
        Ok(())
    }

    /// Opens what is on a web server. Files are opened by whoever writes the site.
    pub(crate) async fn open(&self, request: MediaRequest<'_>) -> Result<OpenedMedia> {
        const OPERATION: &str = "open a picture or movie";
        let unsupported = |message: &str| Error::new(ErrorKind::Unsupported, OPERATION, message);
        let MediaLocation::Url(address) = &request.media.location else {
            return Err(unsupported("it is neither a file nor a full address"));
        };
        let url = Url::parse(address).map_err(|_| unsupported("its address is malformed"))?;
        if !matches!(url.scheme(), "http" | "https") {
            let message = "its address starts with neither http:// nor https://";
            return Err(unsupported(message));
        }
        let client = self.client(&url)?;
        let headers = {
            let all = self.headers();
            let own = all.of(address);
            own.or_else(|| closest(all.shared.iter(), &url))
        };
        let mut get = client.get(OPERATION, url);
        for header in headers.iter().flat_map(|it| it.iter()) {
            get = get.auth(header.clone());
        }
        let get = get.having(request.known, request.offset);
        Ok(get.open().await?)
    }

    fn client(&self, url: &Url) -> Result<HttpClient> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let known = clients.iter().find(|(origin, _)| *origin == url.origin());
        if let Some((_, client)) = known {
            return Ok(client.clone());
        }
        let client = HttpClient::new(&url.origin().ascii_serialization(), &self.options)?;
        clients.push((url.origin(), client.clone()));
        Ok(client)
    }

    /// What was asked and received, over all servers.
    pub(crate) fn traffic(&self) -> crate::Traffic {
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let each = clients.iter().map(|(_, client)| client.traffic());
        each.fold(crate::Traffic::default(), |all, it| crate::Traffic {
            requests: all.requests + it.requests,
            retries: all.retries + it.retries,
            bytes: all.bytes + it.bytes,
        })
    }
}

/// What to do where something stands beside a document.
const ALONE: &str = "give the document alone; whatever else a program says belongs on stderr";

/// The start of a text that is no document, for an error. That of a broken document may hold a header,
/// and is never shown.
pub(crate) fn start(text: &[u8]) -> String {
    const SHOWN: usize = 60;
    let text = String::from_utf8_lossy(&text[..text.len().min(SHOWN)]);
    format!("`{}`", text.trim().escape_debug())
}

/// Makes the path of a file relative to where its document lies.
fn place(media: &mut Option<MediaRef>, folder: &Path) {
    if let Some(MediaRef {
        location: MediaLocation::File(path),
        ..
    }) = media
    {
        *path = folder.join(&*path);
    }
}
