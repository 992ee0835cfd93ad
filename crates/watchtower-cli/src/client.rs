//! The web client as it is published, found in a wheel, a zip or a folder.
//!
//! The client is Blender Studio's and licensed GPL-3.0. It is read where the user has it, and held in
//! memory: it is a megabyte, and whoever serves it or puts it beside a site needs all of it.

mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use watchtower_model::format::Format;

use self::source::Source;

/// The page that a browser opens. A folder that has one may be a client.
pub(crate) const INDEX: &str = "index.html";
/// The folder of a site's documents, which stands beside the client's files and is never the client's.
pub(crate) const DATA: &str = "data";

/// Pictures that the published clients ask for and do not carry. They take the place of a picture that
/// is `null`: the first is for shots, assets and projects, the second for people.
const PLACEHOLDERS: [(&str, &[u8]); 2] = [
    (
        "static/img/placeholder-asset.png",
        include_bytes!("client/placeholder-asset.png"),
    ),
    (
        "static/img/placeholder-user.png",
        include_bytes!("client/placeholder-user.png"),
    ),
];

/// A built web client: every file by its path from the client's folder.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    format: Format,
    files: BTreeMap<String, Bytes>,
}

/// Why there is no client to be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error("cannot read the web client in `{}`: {source}", .path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("`{}` is neither a folder nor a zip file, as a wheel is: {reason}", .path.display())]
    NotAnArchive { path: PathBuf, reason: String },
    #[error("`{}` is refused: {reason}", .path.display())]
    Hostile { path: PathBuf, reason: String },
    #[error(
        "there is no built web client in `{}`: expected a folder with `{INDEX}` and scripts that ask for {}",
        .path.display(), site_documents()
    )]
    NoClient { path: PathBuf },
    #[error(
        "the web client in `{}` reads format {} and the site is of format {}: {}",
        .path.display(), joined(.found), joined(.wanted), asks(.found, .wanted)
    )]
    OtherFormat {
        path: PathBuf,
        found: BTreeSet<Format>,
        wanted: BTreeSet<Format>,
    },
    #[error("`{}` holds several web clients for the site: {}", .path.display(), .folders.join(", "))]
    Several { path: PathBuf, folders: Vec<String> },
}

impl ClientError {
    /// What a person can do about it.
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            Self::NoClient { .. } | Self::NotAnArchive { .. } => {
                let ways: Vec<_> = Format::ALL.iter().map(|it| obtain(*it)).collect();
                Some(ways.join("; "))
            }
            Self::OtherFormat { wanted, .. } => wanted.first().map(|it| obtain(*it)),
            Self::Several { .. } => Some("give the folder of one of them".to_owned()),
            _ => None,
        }
    }
}

/// How the client for a format is obtained.
fn obtain(format: Format) -> String {
    format!("`{}` gets a client for {format}", download(format))
}

/// The command that downloads a wheel with the client for a format.
pub(crate) fn download(format: Format) -> String {
    let version = match format {
        Format::V0 => "0.1.7",
        // The one that is current.
        _ => "1.0.0b3",
    };
    format!("pip download --no-deps watchtower-pipeline=={version}")
}

fn site_documents() -> String {
    let paths = Format::ALL.iter().map(|it| it.site_path());
    let paths: Vec<_> = paths.map(|it| format!("`{it}`")).collect();
    paths.join(" or ")
}

fn joined(formats: &BTreeSet<Format>) -> String {
    let names: Vec<_> = formats.iter().map(|it| it.name()).collect();
    names.join(" and ")
}

fn asks(found: &BTreeSet<Format>, wanted: &BTreeSet<Format>) -> String {
    let paths = |formats: &BTreeSet<Format>| {
        let paths = formats.iter().map(|it| it.site_path());
        let paths: Vec<_> = paths.map(|it| format!("`{it}`")).collect();
        paths.join(" and ")
    };
    format!(
        "its scripts ask for {}, the site has {}",
        paths(found),
        paths(wanted)
    )
}

impl Client {
    /// Finds the client that reads one of these formats: in a wheel or another zip file, or in a
    /// folder. What it reads is what its scripts ask for; no version is looked at.
    ///
    /// Placeholder pictures that its scripts name and that it lacks are supplied.
    ///
    /// # Errors
    ///
    /// [`ClientError`] when it cannot be read or is refused, and when there is none for these formats.
    pub(crate) fn open(path: &Path, wanted: &BTreeSet<Format>) -> Result<Self, ClientError> {
        let mut source = Source::open(path)?;
        let names = source.files().to_vec();
        let mut folders: Vec<&str> = names
            .iter()
            .filter_map(|it| match it.strip_suffix(INDEX)? {
                "" => Some(""),
                folder => folder.strip_suffix('/'),
            })
            .collect();
        // Deepest first, so that a file belongs to the innermost client around it.
        folders.sort_by_key(|it| std::cmp::Reverse((it.matches('/').count(), it.len())));
        let mut clients: BTreeMap<&str, BTreeMap<String, Bytes>> = BTreeMap::new();
        for name in &names {
            let below = |folder: &&&str| below(folder, name).is_some();
            let Some(folder) = folders.iter().find(below).copied() else {
                continue;
            };
            let inner = below_name(folder, name);
            if is_clients(inner) {
                let bytes = source.read(name)?;
                clients
                    .entry(folder)
                    .or_default()
                    .insert(inner.to_owned(), bytes);
            }
        }
        Self::choose(path, clients, wanted)
    }

    /// Chooses among folders with a page.
    fn choose(
        path: &Path,
        clients: BTreeMap<&str, BTreeMap<String, Bytes>>,
        wanted: &BTreeSet<Format>,
    ) -> Result<Self, ClientError> {
        let mut found = BTreeSet::new();
        let mut suitable = Vec::new();
        for (folder, files) in clients {
            let formats = formats_of(&files);
            if let Some(format) = formats.intersection(wanted).next().copied() {
                suitable.push((folder, Self { format, files }));
            }
            found.extend(formats);
        }
        let path = path.to_owned();
        if suitable.len() > 1 {
            let folders = suitable.iter().map(|(folder, _)| format!("`{folder}`"));
            let folders = folders.collect();
            return Err(ClientError::Several { path, folders });
        }
        match suitable.pop() {
            Some((_, client)) => Ok(client.with_placeholders()),
            None if found.is_empty() => Err(ClientError::NoClient { path }),
            None => Err(ClientError::OtherFormat {
                path,
                found,
                wanted: wanted.clone(),
            }),
        }
    }

    fn with_placeholders(mut self) -> Self {
        for (path, picture) in PLACEHOLDERS {
            if !self.files.contains_key(path) && asks_for(&self.files, path) {
                let picture = Bytes::from_static(picture);
                self.files.insert(path.to_owned(), picture);
            }
        }
        self
    }

    /// The format of the sites that it shows.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// A file, by its path from the client's folder.
    #[cfg(feature = "serve")]
    pub(crate) fn file(&self, path: &str) -> Option<&Bytes> {
        self.files.get(path)
    }

    /// Every file with its path from the client's folder, in order.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        self.files
            .iter()
            .map(|(path, bytes)| (path.as_str(), bytes))
    }
}

/// The formats of which a client's scripts ask for the first document.
fn formats_of(files: &BTreeMap<String, Bytes>) -> BTreeSet<Format> {
    let reads = |format: &Format| asks_for(files, &format.site_path());
    Format::ALL.iter().copied().filter(reads).collect()
}

/// Whether a script names a path.
fn asks_for(files: &BTreeMap<String, Bytes>, path: &str) -> bool {
    let scripts = files
        .iter()
        .filter(|(name, _)| [".js", ".mjs"].iter().any(|end| name.ends_with(end)));
    scripts
        .map(|(_, script)| String::from_utf8_lossy(script))
        .any(|script| script.contains(path))
}

/// The part of a path below a folder, if it is there; every path is below the folder without a name.
fn below<'a>(folder: &str, path: &'a str) -> Option<&'a str> {
    match folder {
        "" => Some(path),
        _ => path.strip_prefix(folder)?.strip_prefix('/'),
    }
}

fn below_name<'a>(folder: &str, path: &'a str) -> &'a str {
    below(folder, path).unwrap_or(path)
}

/// Whether a file of a client's folder is the client's: its documents are the site's, and hidden files
/// are left from whoever packed it.
fn is_clients(path: &str) -> bool {
    let mut parts = path.split('/');
    !path.starts_with("data/") && parts.all(|part| !part.starts_with('.'))
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} files of a client for {}",
            self.files.len(),
            self.format
        )
    }
}
