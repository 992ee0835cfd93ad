//! Makes the pictures that the client shows of a site that others wrote.

use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::hex;
use super::pictures::{self, Fit, Made, Place};
use crate::error::{IoContext, Result};
use crate::summary::{MediaCode, ReasonList, Reasons, add_reason, as_list};
use crate::validate::{Role, Target, target};

/// What became of the pictures of a site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Fitted {
    /// How many pictures were made.
    pub made: usize,
    /// How many fit already, and are as they were.
    pub fitting: usize,
    /// How many stay as they were, because they stand on another server.
    pub elsewhere: usize,
    /// Of which no picture can be made, so that they are as they were: the reasons, with their paths.
    #[serde(serialize_with = "as_list")]
    #[schemars(with = "ReasonList")]
    pub refused: Reasons,
}

/// Makes the pictures of a site fit into their places in the client, and names them in its documents. `root`
/// holds the site's folder `data`, which is ours to change: what a document no longer refers to stays.
///
/// # Errors
///
/// [`Error::Output`](crate::Error::Output) when a file cannot be read or written.
pub fn fit_site(root: &Path, fit: Fit) -> Result<Fitted> {
    let mut fitter = Fitter {
        root,
        fit,
        known: HashMap::new(),
        fitted: Fitted::default(),
    };
    for folder in ["data/projects", "data/projects-list"] {
        fitter.folder(&root.join(folder))?;
    }
    Ok(fitter.fitted)
}

struct Fitter<'a> {
    root: &'a Path,
    fit: Fit,
    /// What stands in the documents now in place of a path.
    known: HashMap<(String, Place), String>,
    fitted: Fitted,
}

impl Fitter<'_> {
    /// Goes through the documents of a folder, and of those in it.
    fn folder(&mut self, folder: &Path) -> Result<()> {
        let Ok(entries) = fs::read_dir(folder) else {
            return Ok(());
        };
        let mut paths: Vec<_> = entries.flatten().map(|it| it.path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                self.folder(&path)?;
            } else if path.extension().is_some_and(|it| it == "json") {
                self.document(&path)?;
            }
        }
        Ok(())
    }

    fn document(&mut self, path: &Path) -> Result<()> {
        let text = fs::read(path).during("read", path)?;
        // What the client cannot read either is left to `watchtower validate`.
        let Ok(mut document) = serde_json::from_slice::<Value>(&text) else {
            return Ok(());
        };
        let name = path.file_stem().and_then(|it| it.to_str());
        let changed = match name {
            Some("shots" | "assets") => self.entries(&mut document, Place::Tile)?,
            Some("project") => {
                let team = document.get_mut("team");
                let team = team.map_or(Ok(false), |it| self.entries(it, Place::Avatar))?;
                self.entry(&mut document, Place::Project)? || team
            }
            Some("context" | "index") => {
                let mut changed = false;
                for (key, place) in [("projects", Place::Project), ("users", Place::Avatar)] {
                    if let Some(entries) = document.get_mut(key) {
                        changed |= self.entries(entries, place)?;
                    }
                }
                changed
            }
            _ => false,
        };
        if changed {
            let text = serde_json::to_vec(&document).map_err(std::io::Error::from);
            let text = text.during("write", path)?;
            fs::write(path, text).during("write", path)?;
        }
        Ok(())
    }

    fn entries(&mut self, entries: &mut Value, place: Place) -> Result<bool> {
        let mut changed = false;
        for entry in entries.as_array_mut().into_iter().flatten() {
            changed |= self.entry(entry, place)?;
        }
        Ok(changed)
    }

    /// Makes the picture of an entry. Says whether the entry names another one now.
    fn entry(&mut self, entry: &mut Value, place: Place) -> Result<bool> {
        let Some(Value::String(url)) = entry.get_mut("thumbnailUrl") else {
            return Ok(false);
        };
        let key = (url.clone(), place);
        if let Some(known) = self.known.get(&key) {
            let changed = url != known;
            url.clone_from(known);
            return Ok(changed);
        }
        if let Some(path) = self.picture(url, place)? {
            *url = path;
        }
        let changed = *url != key.0;
        self.known.insert(key, url.clone());
        Ok(changed)
    }

    /// Makes a picture, and says where; none where there is nothing to make.
    fn picture(&mut self, url: &str, place: Place) -> Result<Option<String>> {
        let role = match place {
            Place::Tile => Role::Picture,
            Place::Avatar => Role::Avatar,
            Place::Project => Role::PlainPicture,
        };
        let Target::File(path) = target(role, url) else {
            self.fitted.elsewhere += 1;
            return Ok(None);
        };
        let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
        let mut steps = Path::new(&*path).components();
        let file = self.root.join(&*path);
        if !steps.all(|it| matches!(it, Component::Normal(_))) || !file.is_file() {
            self.refuse(MediaCode::Absent, "it is not in the site", url);
            return Ok(None);
        }
        let bytes = fs::read(&file).during("read", &file)?;
        match pictures::make(&bytes, place, self.fit) {
            Ok(Made::AsItIs(_)) => {
                self.fitted.fitting += 1;
                Ok(None)
            }
            Ok(Made::New { bytes, extension }) => {
                let hash = hex(&Sha256::digest(&bytes)[..16]);
                let path = format!("data/previews/{}/{hash}.{extension}", &hash[..2]);
                let file = self.root.join(&path);
                if let Some(folder) = file.parent() {
                    fs::create_dir_all(folder).during("create the folder", folder)?;
                }
                fs::write(&file, bytes).during("write", &file)?;
                self.fitted.made += 1;
                Ok(Some(path))
            }
            Err(error) => {
                self.refuse(MediaCode::Unusable, &error.to_string(), url);
                Ok(None)
            }
        }
    }

    fn refuse(&mut self, code: MediaCode, reason: &str, url: &str) {
        let (reason, url) = (reason.to_owned(), url.to_owned());
        add_reason(&mut self.fitted.refused, code, reason, url);
    }
}
