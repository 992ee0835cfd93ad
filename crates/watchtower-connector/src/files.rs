//! What a tracker holds, as documents in a folder: `project-list.json`, and one file for each project in
//! `projects/`, named by its id.
//!
//! Something else writes the folder: a script, a pipeline, another machine. The documents are those that
//! a [program](crate::process) prints, and their schemas are published in `schemas/tracker`.

use std::fs;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use watchtower_model::{Project, ProjectList, ProjectSnapshot};

use crate::http::HttpOptions;
use crate::told::ToldMedia;
use crate::{
    Account, Capability, Description, Error, ErrorKind, MediaRequest, OpenedMedia, Result, Tracker,
    Traffic,
};

const LIST: &str = "project-list.json";

/// The folder as a tracker. Files to which the documents refer are relative to the folder.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
    media: ToldMedia,
}

impl Files {
    /// What it can give.
    pub const CAPABILITIES: &'static [Capability] = Capability::ALL;

    /// The documents in a folder. Nothing is read yet.
    pub fn new(folder: impl Into<PathBuf>, options: HttpOptions) -> Self {
        Self {
            folder: folder.into(),
            media: ToldMedia::new(options),
        }
    }

    fn read(&self, operation: &str, path: &Path) -> Result<(Vec<u8>, String)> {
        let path = self.folder.join(path);
        let name = format!("`{}`", path.display());
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
        self.media
            .project_list(&text, operation, &name, &self.folder)
    }

    async fn project(&self, project: &Project, list: &ProjectList) -> Result<ProjectSnapshot> {
        let path = Path::new("projects").join(format!("{}.json", project.id));
        let (text, name) = self.read(&format!("read {}", project.name), &path)?;
        self.media
            .project(&text, project, list, &name, &self.folder)
    }

    async fn open_media(&self, request: MediaRequest<'_>) -> Result<OpenedMedia> {
        self.media.open(request).await
    }

    fn traffic(&self) -> Option<Traffic> {
        Some(self.media.traffic())
    }

    fn unknown_keys(&self) -> Vec<String> {
        self.media.unknown_keys()
    }
}
