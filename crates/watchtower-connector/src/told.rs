//! What a program or a folder tells of a tracker: the documents, and where media are.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;

use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::{Origin, Url};
use watchtower_model::tracker::VERSION;
use watchtower_model::{MediaLocation, MediaRef, ProjectList, ProjectSnapshot};

use crate::http::{AuthHeader, HttpClient, HttpOptions};
use crate::{Error, ErrorKind, MediaRequest, OpenedMedia, Result};

/// What stands in a document beside the data, whatever its version.
#[derive(Deserialize)]
struct Envelope {
    watchtower_tracker: Option<serde_json::Value>,
    #[serde(default)]
    media_headers: BTreeMap<String, BTreeMap<String, SecretString>>,
}

/// The pictures and movies to which documents refer, and how to get at them.
#[derive(Debug)]
pub(crate) struct ToldMedia {
    options: HttpOptions,
    /// One client for each server, made when the first picture on it is opened.
    clients: Mutex<Vec<(Origin, HttpClient)>>,
    headers: Mutex<Vec<(Origin, Vec<AuthHeader>)>>,
}

impl ToldMedia {
    pub(crate) fn new(options: HttpOptions) -> Self {
        Self {
            options,
            clients: Mutex::default(),
            headers: Mutex::default(),
        }
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
        let mut list: ProjectList = self.parse(text, operation, from)?;
        let projects = list.projects.iter_mut().map(|it| &mut it.thumbnail);
        let users = list.users.iter_mut().map(|it| &mut it.thumbnail);
        projects.chain(users).for_each(|it| place(it, folder));
        Ok(list)
    }

    /// A project from its text.
    pub(crate) fn project(
        &self,
        text: &[u8],
        operation: &str,
        from: &str,
        folder: &Path,
    ) -> Result<ProjectSnapshot> {
        let mut snapshot: ProjectSnapshot = self.parse(text, operation, from)?;
        place(&mut snapshot.project.thumbnail, folder);
        let shots = snapshot.shots.iter_mut().map(|it| &mut it.thumbnail);
        let assets = snapshot.assets.iter_mut().map(|it| &mut it.thumbnail);
        let movies = snapshot.edits.iter_mut().map(|it| &mut it.movie);
        let media = shots.chain(assets).chain(movies);
        media.for_each(|it| place(it, folder));
        Ok(snapshot)
    }

    fn parse<T: DeserializeOwned>(&self, text: &[u8], operation: &str, from: &str) -> Result<T> {
        let malformed = |message: String| Error::new(ErrorKind::Malformed, operation, message);
        if text.trim_ascii().is_empty() {
            return Err(malformed(format!("{from} gave nothing, where JSON is due")));
        }
        let envelope: Envelope =
            read(text).map_err(|error| malformed(format!("{from}: {error}")))?;
        match envelope.watchtower_tracker {
            Some(version) if version == VERSION => {}
            Some(version) => {
                let message = format!(
                    "{from} gave version {version} of the documents, and this is made for {VERSION}"
                );
                return Err(malformed(message)
                    .with_help("use the release of `watchtower` that the connector is made for"));
            }
            None => {
                let message =
                    format!("{from} gave no `watchtower_tracker`, the documents' version");
                return Err(malformed(message)
                    .with_help(format!("add `\"watchtower_tracker\": {VERSION}`")));
            }
        }
        for (address, headers) in envelope.media_headers {
            // An address that is none is not shown: it may hold a password.
            let url = Url::parse(&address).map_err(|error| {
                malformed(format!(
                    "{from}: `media_headers` has a server's address that is none: {error}"
                ))
            })?;
            let invalid = |message: String| {
                let origin = url.origin().ascii_serialization();
                malformed(format!("{from}: `media_headers` of `{origin}`: {message}"))
            };
            let headers: Result<Vec<_>> = headers
                .iter()
                .map(|(name, value)| AuthHeader::new(name, value))
                .collect();
            let headers = headers.map_err(|error| invalid(error.to_string()))?;
            let mut all = self.headers.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|(origin, _)| *origin != url.origin());
            all.push((url.origin(), headers));
        }
        read(text).map_err(|error| malformed(format!("{from}: {error}")))
    }

    /// Opens what is on a web server. Files are opened by whoever writes the site.
    pub(crate) async fn open(&self, request: MediaRequest<'_>) -> Result<OpenedMedia> {
        const OPERATION: &str = "open a picture or movie";
        let unsupported = |message: &str| Error::new(ErrorKind::Unsupported, OPERATION, message);
        let MediaLocation::Url(address) = &request.media.location else {
            return Err(unsupported("it is neither a file nor a full address"));
        };
        let url = Url::parse(address).map_err(|error| unsupported(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            let message = "its address starts with neither http:// nor https://";
            return Err(unsupported(message));
        }
        let client = self.client(&url)?;
        let headers = {
            let all = self.headers.lock().unwrap_or_else(PoisonError::into_inner);
            let mut own = all.iter().filter(|(origin, _)| *origin == url.origin());
            own.next().map(|(_, headers)| headers.clone())
        };
        let mut get = client.get(OPERATION, url);
        for header in headers.unwrap_or_default() {
            get = get.auth(header);
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

/// Reads JSON, and says where in the text and in which field it is not as it should be.
fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match path.as_str() {
            "." if inner.is_syntax() => format!("{inner}; it starts with {}", start(text)),
            "." => inner.to_string(),
            // Not what stands there: a secret in the wrong shape is one all the same.
            path if path.starts_with("media_headers") => format!(
                "`media_headers` at line {} column {}: expected addresses of servers, and for each an \
                 object with a text for every header, as in \
                 {{\"https://tracker.example\": {{\"Authorization\": \"Bearer …\"}}}}",
                inner.line(),
                inner.column()
            ),
            path => format!("`{path}`: {inner}"),
        }
    })?;
    json.end().map_err(|error| error.to_string())?;
    Ok(value)
}

/// The start of a text, for an error.
fn start(text: &[u8]) -> String {
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
