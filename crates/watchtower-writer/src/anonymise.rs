//! A site that shows the same faults, with nobody's names, pictures or movie in it: to send with a report.
//!
//! Texts get stand-ins that are numbered as they come, the same for the same text, and odd where that is odd:
//! empty, long, in other alphabets, with spaces around. Ids, paths and folders go on to fit. No text is made from
//! another, as a hash is: who guesses a name could see that it is right. Numbers, colours, moments and whatever is
//! wrong with a document stay.

mod media;
mod stand_ins;
mod text;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use watchtower_model::format::{DOCUMENTS, Document, Scope};

use crate::validate::{Role, Target, target};
use stand_ins::StandIns;

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anonymised {
    /// How many documents were written.
    pub documents: usize,
    /// How many pictures and movies have a stand-in.
    pub media: usize,
    /// What is in the site and not in the copy, as paths from its folder: files that no document names, and
    /// pipes, devices and links that lead nowhere.
    pub left_out: Vec<PathBuf>,
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder holds no site.
    #[error("there is no site in `{}`: it has no folder `data`", .0.display().to_string().escape_debug())]
    NoSite(PathBuf),
    /// The place of the copy is taken.
    #[error("`{}` is there already, and is not an empty folder", .0.display().to_string().escape_debug())]
    Taken(PathBuf),
    /// A file cannot be read.
    #[error("cannot read `{}`: {source}", .path.display().to_string().escape_debug())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of the copy cannot be written.
    #[error("cannot write `{}`: {source}", .path.display().to_string().escape_debug())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Writes a copy of a site, which [`validate::site`](crate::validate::site) finds the same codes in at the same
/// places. `site` is the folder that holds `data`. A key of somebody's own, and the folder of a project, have
/// another name there. What is no file, as a pipe, is missing.
///
/// # Errors
///
/// [`Error`] when there is no site, the place is taken, or a file cannot be read or written.
pub fn site(site: &Path, output: &Path) -> Result<Anonymised, Error> {
    if !site.join("data").is_dir() {
        return Err(Error::NoSite(site.to_owned()));
    }
    let is_taken = match fs::read_dir(output) {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => output.exists(),
    };
    if is_taken {
        return Err(Error::Taken(output.to_owned()));
    }
    let mut copy = Copy {
        site,
        output,
        stand_ins: StandIns::default(),
        paths: Vec::new(),
        taken: BTreeSet::new(),
        done: Anonymised::default(),
    };
    copy.folder(Path::new("data"), Path::new("data"))?;
    for document in DOCUMENTS.iter().filter(|it| it.scope == Scope::Site) {
        let path = Path::new(document.folder).join(document.file_name());
        copy.document(&path, &path)?;
    }
    copy.projects()?;
    copy.media()?;
    copy.say_what_is_left_out(Path::new("data"))?;
    Ok(copy.done)
}

struct Copy<'a> {
    site: &'a Path,
    output: &'a Path,
    stand_ins: StandIns,
    /// The pictures and movies that documents name: as they do, and as they do in the copy.
    paths: Vec<(String, String)>,
    /// The files of the site that have a counterpart.
    taken: BTreeSet<PathBuf>,
    done: Anonymised,
}

impl Copy<'_> {
    fn folder(&self, from: &Path, to: &Path) -> Result<(), Error> {
        if !self.site.join(from).is_dir() {
            return Ok(());
        }
        let path = self.output.join(to);
        fs::create_dir_all(&path).map_err(|source| Error::Write { path, source })
    }

    fn write(&self, to: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), Error> {
        let path = self.output.join(to);
        let folder = path.parent().unwrap_or(&path);
        let written = fs::create_dir_all(folder).and_then(|()| write(&path));
        written.map_err(|source| Error::Write { path, source })
    }

    /// Copies a document, where there is one.
    fn document(&mut self, from: &Path, to: &Path) -> Result<(), Error> {
        let path = self.site.join(from);
        if path.is_dir() {
            // A folder in the place of a document is a fault.
            return self.folder(from, to);
        }
        if !path.is_file() {
            return Ok(());
        }
        let text = fs::read(&path).map_err(|source| Error::Read { path, source })?;
        let text = text::anonymised(&text, &mut self.stand_ins, &mut self.paths);
        self.write(to, |path| fs::write(path, text))?;
        self.taken.insert(from.to_owned());
        self.done.documents += 1;
        Ok(())
    }

    /// Copies the documents of every project, listed or not.
    fn projects(&mut self) -> Result<(), Error> {
        let of_projects = || DOCUMENTS.iter().filter(|it| it.scope == Scope::Project);
        let folders: BTreeSet<_> = of_projects().map(|it| it.folder).collect();
        let names: BTreeSet<_> = of_projects().map(Document::file_name).collect();
        for folder in folders.into_iter().map(Path::new) {
            self.folder(folder, folder)?;
            for name in entries(&self.site.join(folder))? {
                let from = folder.join(&name);
                // What is not Unicode, no id can name.
                let (true, Some(id)) = (self.site.join(&from).is_dir(), name.to_str()) else {
                    continue;
                };
                // Only what a document can be in is a project.
                if !names
                    .iter()
                    .any(|it| self.site.join(&from).join(it).exists())
                {
                    continue;
                }
                let to = folder.join(self.stand_ins.text(id));
                self.folder(&from, &to)?;
                for name in &names {
                    self.document(&from.join(name), &to.join(name))?;
                }
            }
        }
        Ok(())
    }

    /// Writes what stands in for the pictures and movies that are named.
    fn media(&mut self) -> Result<(), Error> {
        for (from, to) in std::mem::take(&mut self.paths) {
            let (Target::File(from), Target::File(to)) =
                (target(Role::Picture, &from), target(Role::Picture, &to))
            else {
                continue;
            };
            // A path into a folder that is not there is another server's business.
            let first = |path: &str| PathBuf::from(path.split('/').next().unwrap_or_default());
            if from.contains('/') {
                self.folder(&first(from), &first(to))?;
            }
            let decoded =
                |path: &str| PathBuf::from(&*percent_decode_str(path).decode_utf8_lossy());
            let (from, to) = (decoded(from), decoded(to));
            let path = self.site.join(&from);
            if path.is_dir() {
                self.folder(&from, &to)?;
            } else if path.is_file() && self.taken.insert(from) {
                self.write(&to, |to| media::stand_in(&path, to))?;
                self.done.media += 1;
            }
        }
        Ok(())
    }

    fn say_what_is_left_out(&mut self, folder: &Path) -> Result<(), Error> {
        for name in entries(&self.site.join(folder))? {
            let path = folder.join(name);
            if self.site.join(&path).is_dir() {
                self.say_what_is_left_out(&path)?;
            } else if !self.taken.contains(&path) {
                self.done.left_out.push(path);
            }
        }
        Ok(())
    }
}

/// What is in a folder, in order; nothing where there is none.
fn entries(folder: &Path) -> Result<Vec<std::ffi::OsString>, Error> {
    let failed = |source| Error::Read {
        path: folder.to_owned(),
        source,
    };
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        names.push(entry.map_err(failed)?.file_name());
    }
    names.sort_by(|a: &std::ffi::OsString, b| OsStr::cmp(a, b));
    Ok(names)
}
