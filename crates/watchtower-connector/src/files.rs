//! What a tracker holds, as documents in a folder: `project-list.json`, and one file for each project in
//! `projects/`, named by its id.
//!
//! Something else writes the folder: a script, a pipeline, another machine. The documents are those that
//! a [program](crate::process) prints, and their schemas are published in `schemas/tracker`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use watchtower_model::{MediaLocation, MediaRef, Project, ProjectList, ProjectSnapshot};

use crate::http::HttpOptions;
use crate::stamps::{self, Stamps};
use crate::told::ToldMedia;
use crate::{
    Account, Capability, Changes, Description, Error, ErrorKind, Mark, MediaRequest, OpenedMedia,
    Result, Tracker, Traffic,
};

const LIST: &str = "project-list.json";

/// The folder as a tracker. Files to which the documents refer are relative to the folder.
///
/// Whoever writes the folder need not be allowed to read what we are: a document outside of the folder is an
/// error, by `..` or by a link, and a picture or movie outside of it is refused, unless it is in one of the
/// [media roots](Self::with_media_roots).
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
    media_roots: Vec<PathBuf>,
    media: ToldMedia,
    /// The files to which each document refers, and its stamp when that was found out.
    seen: Mutex<BTreeMap<PathBuf, (String, Vec<PathBuf>)>>,
}

/// What stands in the place of a file that is not to be opened, before its path: a key that is nobody's.
const OUTSIDE: &str = "outside of the folder: ";

impl Files {
    /// What it can give.
    pub const CAPABILITIES: &'static [Capability] = Capability::ALL;

    /// The documents in a folder. Nothing is read yet.
    pub fn new(folder: impl Into<PathBuf>, options: HttpOptions) -> Self {
        Self {
            folder: folder.into(),
            media_roots: Vec::new(),
            media: ToldMedia::new(options),
            seen: Mutex::default(),
        }
    }

    /// The stamp of a document and of the files to which it refers, which `refers` finds out where it is not
    /// known yet.
    async fn stamp<F>(&self, document: &Path, refers: F) -> Result<String>
    where
        F: AsyncFnOnce() -> Result<Vec<PathBuf>>,
    {
        let stamp = stamps::of_files([self.folder.join(document).as_path()]);
        let seen = || self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let known = seen().get(document).cloned();
        let files = match known.filter(|(then, _)| *then == stamp) {
            Some((_, files)) => files,
            None => {
                let files = refers().await?;
                seen().insert(document.to_owned(), (stamp.clone(), files.clone()));
                files
            }
        };
        let of_files = stamps::of_files(files.iter().map(PathBuf::as_path));
        Ok(format!("{stamp}-{of_files}"))
    }

    /// The same with folders in which pictures and movies may lie as well, such as the studio's storage.
    #[must_use]
    pub fn with_media_roots(mut self, roots: Vec<PathBuf>) -> Self {
        self.media_roots = roots;
        self
    }

    /// Whether a path leads into the folder, or into one of these.
    fn contains(&self, path: &Path, others: &[PathBuf]) -> bool {
        let real = real_path(path);
        let mut roots = others.iter().chain([&self.folder]);
        real.is_some_and(|real| {
            roots.any(|root| fs::canonicalize(root).is_ok_and(|root| real.starts_with(root)))
        })
    }

    /// Puts a key in the place of each file that is not to be opened. Whoever opens it is told why.
    fn confine<'a>(&self, media: impl Iterator<Item = &'a mut Option<MediaRef>>) {
        for media in media.flatten() {
            if let MediaLocation::File(path) = &media.location
                && !self.contains(path, &self.media_roots)
            {
                let path = path.display();
                media.location = MediaLocation::Key(format!("{OUTSIDE}{path}"));
            }
        }
    }

    fn read(&self, operation: &str, path: &Path) -> Result<(Vec<u8>, String)> {
        let path = self.folder.join(path);
        let name = format!("`{}`", path.display());
        if path.exists() && !self.contains(&path, &[]) {
            let message = format!("{name} is a link that leads out of the folder");
            return Err(Error::new(ErrorKind::Refused, operation, message)
                .with_help("put the document itself into the folder"));
        }
        let text = fs::read(&path).map_err(|error| {
            let kind = match error.kind() {
                std::io::ErrorKind::NotFound => ErrorKind::NotFound,
                _ => ErrorKind::Unavailable,
            };
            Error::new(kind, operation, format!("{name} cannot be read: {error}"))
                .with_help("the folder must hold `project-list.json`, and `projects/<id>.json` for each project in it")
        })?;
        Ok((text, name))
    }
}

/// The document of a project, from the folder.
fn document_of(project: &Project) -> PathBuf {
    Path::new("projects").join(format!("{}.json", project.id))
}

/// Where a path leads, links followed as far as it is there. None where that cannot be told.
fn real_path(path: &Path) -> Option<PathBuf> {
    path.ancestors().find_map(|above| {
        let real = fs::canonicalize(above).ok()?;
        let rest = path.strip_prefix(above).ok()?;
        let mut parts = rest.components();
        parts
            .all(|it| matches!(it, Component::Normal(_)))
            .then(|| real.join(rest))
    })
}

#[async_trait]
impl Tracker for Files {
    fn describe(&self) -> Description {
        Description {
            name: "files".to_owned(),
            about: "Documents in a folder".to_owned(),
            location: Some(self.folder.display().to_string()),
            capabilities: Self::CAPABILITIES.to_vec(),
        }
    }

    async fn check(&self) -> Result<Account> {
        self.project_list().await?;
        Ok(Account {
            user: None,
            server: None,
        })
    }

    async fn project_list(&self) -> Result<ProjectList> {
        let operation = "read the list of projects";
        let (text, name) = self.read(operation, Path::new(LIST))?;
        let told = self
            .media
            .project_list(&text, operation, &name, &self.folder);
        let mut list = told?;
        let projects = list.projects.iter_mut().map(|it| &mut it.thumbnail);
        let users = list.users.iter_mut().map(|it| &mut it.thumbnail);
        self.confine(projects.chain(users));
        Ok(list)
    }

    async fn project(&self, project: &Project, list: &ProjectList) -> Result<ProjectSnapshot> {
        let path = document_of(project);
        let (text, name) = self.read(&format!("read {}", project.name), &path)?;
        let told = self
            .media
            .project(&text, project, list, &name, &self.folder);
        let mut snapshot = told?;
        let shots = snapshot.shots.iter_mut().map(|it| &mut it.thumbnail);
        let assets = snapshot.assets.iter_mut().map(|it| &mut it.thumbnail);
        let movies = snapshot.edits.iter_mut().map(|it| &mut it.movie);
        let project = [&mut snapshot.project.thumbnail];
        self.confine(shots.chain(assets).chain(movies).chain(project));
        Ok(snapshot)
    }

    async fn changes(&self, since: Option<&Mark>) -> Result<Changes> {
        let of = format!("files {}", self.folder.display());
        let list = self.project_list().await?;
        let owned = |files: &mut dyn Iterator<Item = &Path>| files.map(Path::to_owned).collect();
        let listed = async || Ok(owned(&mut stamps::files(stamps::listed_media(&list))));
        let mut now = Stamps::new(of, self.stamp(Path::new(LIST), listed).await?);
        for project in &list.projects {
            let refers = async || {
                // What is wrong with it is told by whoever reads it, because it is another now.
                let film = self.project(project, &list).await;
                Ok(film.map_or_else(
                    |_| Vec::new(),
                    |it| owned(&mut stamps::files(stamps::media(&it))),
                ))
            };
            let stamp = self.stamp(&document_of(project), refers).await?;
            now.add(project.id.clone(), stamp);
        }
        Ok(now.since(since))
    }

    async fn open_media(&self, request: MediaRequest<'_>) -> Result<OpenedMedia> {
        if let MediaLocation::Key(key) = &request.media.location
            && let Some(path) = key.strip_prefix(OUTSIDE)
        {
            let message = format!(
                "`{path}` lies outside of `{}`: say with --media-root in which folders media may lie",
                self.folder.display()
            );
            let operation = "open a picture or movie";
            return Err(Error::new(ErrorKind::Refused, operation, message));
        }
        self.media.open(request).await
    }

    fn traffic(&self) -> Option<Traffic> {
        Some(self.media.traffic())
    }

    fn unknown_keys(&self) -> Vec<String> {
        self.media.unknown_keys()
    }
}
