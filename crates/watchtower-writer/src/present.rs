//! What a site holds before an export.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use watchtower_model::ProjectId;
use watchtower_model::format::Format;

use crate::error::{Error, IoContext, Result};
use crate::layout::{Layout, PresentList};
use crate::site::Site;

/// The folder that holds a folder for each project, in every format.
const PROJECTS: &str = "data/projects";

/// A document that format v1 alone has for a project: it tells the format of a site that has lost its
/// list of projects.
const ONLY_IN_V1: &str = "task_counts.json";

/// The formats of which a site has a list of projects. Where it has none, what its projects hold tells.
///
/// # Errors
///
/// [`Error::Output`] when the site cannot be looked at.
pub(crate) fn formats_of(site: &Site) -> Result<Vec<Format>> {
    let mut found = Vec::new();
    for format in Format::ALL.iter().copied() {
        if is_file(site.path(&format.site_path()))? {
            found.push(format);
        }
    }
    if found.is_empty() {
        for folder in project_folders(site)? {
            if is_file(site.path(&format!("{PROJECTS}/{folder}/{ONLY_IN_V1}")))? {
                return Ok(vec![Format::V1]);
            }
        }
    }
    Ok(found)
}

/// The projects that a site holds, and its list of them.
#[derive(Debug, Default)]
pub(crate) struct Present {
    /// The list of projects, as it stands there. Empty where it cannot be understood.
    text: String,
    /// What it says.
    list: PresentList,
    /// Why it says nothing.
    unreadable: Option<(PathBuf, String)>,
    /// The names of the folders of projects.
    folders: Vec<String>,
}

impl Present {
    /// Reads the list of projects.
    ///
    /// # Errors
    ///
    /// [`Error::Output`] when the system does not let us.
    pub(crate) fn of(site: &Site, layout: &dyn Layout) -> Result<Self> {
        let path = site.path(&layout.format().site_path());
        let read = match fs::read_to_string(&path) {
            Ok(text) => layout
                .read_list(&text)
                .map(|list| (text, list))
                .map_err(|error| error.to_string()),
            Err(error) if error.kind() == ErrorKind::NotFound => Err("it is missing".to_owned()),
            Err(error) if error.kind() == ErrorKind::InvalidData => Err(error.to_string()),
            Err(error) => return Err(error).during("read", &path),
        };
        let folders = project_folders(site)?;
        Ok(match read {
            Ok((text, list)) => Self {
                text,
                list,
                unreadable: None,
                folders,
            },
            Err(reason) => Self {
                unreadable: Some((path, reason)),
                folders,
                ..Self::default()
            },
        })
    }

    /// The text of the list.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What the list says, for whoever wants to keep a project that is not among these.
    ///
    /// # Errors
    ///
    /// [`Error::List`] when it cannot be understood, and there are other projects, which would be lost.
    pub(crate) fn list_beside(&self, exported: &[&ProjectId]) -> Result<&PresentList> {
        let is_other = |folder: &String| exported.iter().all(|id| id.as_str() != folder);
        match &self.unreadable {
            Some((path, reason)) if self.folders.iter().any(is_other) => Err(Error::List {
                path: path.clone(),
                reason: reason.clone(),
            }),
            _ => Ok(&self.list),
        }
    }

    /// What the list says; nothing where it cannot be understood.
    pub(crate) fn list(&self) -> &PresentList {
        &self.list
    }

    /// Every project there is, by id and name. Where the list does not say, a folder stands for both.
    pub(crate) fn projects(&self) -> Vec<(&str, &str)> {
        match self.unreadable {
            None => {
                let projects = self.list.projects.iter();
                projects
                    .map(|it| (it.id.as_str(), it.name.as_str()))
                    .collect()
            }
            Some(_) => {
                let folders = self.folders.iter();
                folders.map(|it| (it.as_str(), it.as_str())).collect()
            }
        }
    }
}

/// Whether a file is there. That it cannot be told is no answer.
fn is_file(path: PathBuf) -> Result<bool> {
    match fs::metadata(&path) {
        Ok(found) => Ok(found.is_file()),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(error).during("look at", &path),
    }
}

/// The names of the folders of projects.
fn project_folders(site: &Site) -> Result<Vec<String>> {
    let path = site.path(PROJECTS);
    let entries = match fs::read_dir(&path) {
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        entries => entries.during("list", &path)?,
    };
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry.during("list", &path)?;
        if entry.path().is_dir()
            && let Ok(name) = entry.file_name().into_string()
        {
            folders.push(name);
        }
    }
    folders.sort_unstable();
    Ok(folders)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
