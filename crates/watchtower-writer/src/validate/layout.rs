//! Where the files of a site are, from whatever folder of it was given.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use watchtower_model::format::{Document, Format, Scope};

use crate::site::os;

/// A folder of a site, and which one it is.
#[derive(Debug)]
pub(super) struct Layout {
    /// The folder that was given.
    folder: PathBuf,
    /// Its path from the site root, without slashes at its ends; empty for the root itself.
    site_path: String,
    pub(super) format: Format,
    /// The project, when its folder was given.
    pub(super) project: Option<String>,
}

impl Layout {
    /// Finds out which folder of a site this is, and in which format its documents are. Answers
    /// `None` when nothing in it tells.
    pub(super) fn detect(folder: &Path, format: Option<Format>) -> Option<Self> {
        let formats = Format::ALL
            .iter()
            .copied()
            .filter(|it| format.is_none_or(|format| format == *it));
        // The format to which more documents belong that no other has, or else more of all; the first
        // one where none tells.
        let mut best: Option<((usize, usize), Self)> = None;
        for format in formats {
            if let Some(layout) = Self::place(folder, format) {
                let found = (layout.count(tells), layout.count(|_| true));
                if best.as_ref().is_none_or(|(most, _)| found > *most) {
                    best = Some((found, layout));
                }
            }
        }
        best.map(|(_, layout)| layout)
    }

    /// Which folder of a site this is, if it is one of this format.
    fn place(folder: &Path, format: Format) -> Option<Self> {
        let layout = |site_path: &str, project: Option<String>| Self {
            folder: folder.to_owned(),
            site_path: site_path.to_owned(),
            format,
            project,
        };
        let project_folders: Vec<&str> = format
            .documents()
            .filter(|it| it.scope == Scope::Project)
            .map(|it| it.folder)
            .collect();
        let holds = |document: &Document| folder.join(document.file_name()).is_file();
        // One project's folder holds a document of it.
        if let Some(parent) = project_folders.first()
            && format
                .documents()
                .any(|it| it.scope == Scope::Project && holds(it))
        {
            // `.` and `..` are names of no project.
            let full = fs::canonicalize(folder).ok()?;
            let id = full.file_name()?.to_str()?.to_owned();
            return Some(layout(&format!("{parent}/{id}"), Some(id)));
        }
        // The folder of the site's document holds that.
        if let Some(document) = format
            .documents()
            .find(|it| it.scope == Scope::Site && holds(it))
        {
            return Some(layout(document.folder, None));
        }
        // From the root down to the projects' folder, each holds the next.
        for path in project_folders {
            let mut above = Vec::new();
            let mut rest = path;
            loop {
                if folder.join(rest).is_dir() {
                    return Some(layout(&above.join("/"), None));
                }
                match rest.split_once('/') {
                    Some((first, behind)) => {
                        above.push(first);
                        rest = behind;
                    }
                    None => break,
                }
            }
            // Or it is the projects' folder, and its list is missing.
            let holds_projects = || {
                let entries = fs::read_dir(folder).ok()?;
                entries.flatten().find(|entry| {
                    format.documents().any(|it| {
                        it.scope == Scope::Project && entry.path().join(it.file_name()).is_file()
                    })
                })
            };
            if holds_projects().is_some() {
                return Some(layout(path, None));
            }
        }
        // A root or `data` folder without anything in it that we know.
        folder.join("data").is_dir().then(|| layout("", None))
    }

    /// How many of some documents of the format are there, in the one project or in any.
    fn count(&self, counts: impl Fn(&Document) -> bool) -> usize {
        let documents = || self.format.documents().filter(|it| counts(it));
        let site =
            documents().filter(|it| it.scope == Scope::Site && self.site_document(it).is_file());
        let projects = match &self.project {
            Some(id) => vec![id.clone()],
            None => self.project_folders().unwrap_or_default(),
        };
        let of_projects = projects.iter().take(16).flat_map(|id| {
            documents()
                .filter(|it| it.scope == Scope::Project && self.project_document(it, id).is_file())
        });
        site.count() + of_projects.count()
    }

    /// The format that the folder is of, if no document in it tells for this one, and some tell for
    /// the other.
    pub(super) fn other_format(&self) -> Option<Format> {
        if self.count(tells) > 0 {
            return None;
        }
        Format::ALL.iter().copied().find(|format| {
            let other = Self::place(&self.folder, *format);
            other.is_some_and(|it| it.count(tells) > 0)
        })
    }

    /// The file at a path from the site root.
    pub(super) fn file(&self, path: &str) -> PathBuf {
        if self.site_path.is_empty() {
            return self.folder.join(path);
        }
        // Down from the folder that was given as far as the paths agree, else up and down again.
        let mut above = self.site_path.as_str();
        let mut file = self.folder.clone();
        loop {
            if let Some(rest) = path.strip_prefix(above)
                && let Some(rest) = rest.strip_prefix('/').or(rest.is_empty().then_some(""))
            {
                return if rest.is_empty() {
                    file
                } else {
                    file.join(rest)
                };
            }
            file.push("..");
            match above.rsplit_once('/') {
                Some((parent, _)) => above = parent,
                None => return file.join(path),
            }
        }
    }

    /// The file of a document of the site.
    pub(super) fn site_document(&self, document: &Document) -> PathBuf {
        self.file(&format!("{}/{}", document.folder, document.file_name()))
    }

    /// The file of a document of a project.
    pub(super) fn project_document(&self, document: &Document, project: &str) -> PathBuf {
        self.file(&format!(
            "{}/{project}/{}",
            document.folder,
            document.file_name()
        ))
    }

    /// The folder that holds the projects' folders.
    pub(super) fn projects(&self) -> PathBuf {
        let document = self
            .format
            .documents()
            .find(|it| it.scope == Scope::Project);
        self.file(document.map_or("", |it| it.folder))
    }

    /// The folders beside each other that hold documents of a project, by name, in order.
    pub(super) fn project_folders(&self) -> io::Result<Vec<String>> {
        let mut folders = Vec::new();
        for entry in fs::read_dir(self.projects())? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                // No id can name it, so no client asks for it.
                continue;
            };
            let holds = |it: &Document| entry.path().join(it.file_name()).is_file();
            if self
                .format
                .documents()
                .any(|it| it.scope == Scope::Project && holds(it))
            {
                folders.push(name);
            }
        }
        folders.sort();
        Ok(folders)
    }
}

/// Whether a document tells its format: no other has one of its name.
fn tells(document: &Document) -> bool {
    let mut others = Format::ALL.iter().filter(|it| **it != document.format);
    others.all(|it| it.document(document.name).is_none())
}

/// Why a file cannot be read.
#[derive(Debug)]
pub(super) enum Unreadable {
    Missing,
    /// It is something else than a file.
    NotAFile(&'static str),
    Io(io::Error),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing,
            _ => Self::Io(error),
        }
    }
}

/// Opens a file, and nothing but a file: reading a pipe or a device may never end.
pub(super) fn open(path: &Path) -> Result<File, Unreadable> {
    // Looked at first, because opening a device can do something.
    regular(&fs::metadata(path)?)?;
    let mut options = OpenOptions::new();
    options.read(true);
    // Should it become a pipe meanwhile, opening does not wait for someone who writes into it.
    os::without_waiting(&mut options);
    let file = options.open(path)?;
    regular(&file.metadata()?)?;
    Ok(file)
}

fn regular(metadata: &fs::Metadata) -> Result<(), Unreadable> {
    if metadata.is_file() {
        Ok(())
    } else if metadata.is_dir() {
        Err(Unreadable::NotAFile("a folder"))
    } else {
        Err(Unreadable::NotAFile("a pipe or a device"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::with_slashes;
    use watchtower_model::format::Format::V0;

    fn site() -> tempfile::TempDir {
        let site = tempfile::tempdir().unwrap();
        let film = site.path().join("data/projects/film");
        fs::create_dir_all(&film).unwrap();
        fs::write(film.join("shots.json"), "[]").unwrap();
        fs::write(site.path().join("data/projects/context.json"), "{}").unwrap();
        site
    }

    #[test]
    fn every_folder_of_a_site_is_known() {
        let site = site();
        for (folder, project) in [
            ("", None),
            ("data", None),
            ("data/projects", None),
            ("data/projects/film", Some("film")),
        ] {
            let layout = Layout::detect(&site.path().join(folder), None).unwrap();
            assert_eq!(layout.site_path, folder);
            assert_eq!(layout.project.as_deref(), project);
            let shots = V0.document("shots").unwrap();
            assert!(layout.project_document(shots, "film").is_file());
            let context = V0.document("context").unwrap();
            assert!(layout.site_document(context).is_file());
        }
        let empty = tempfile::tempdir().unwrap();
        assert!(Layout::detect(empty.path(), None).is_none());
    }

    #[test]
    fn paths_lead_out_of_the_folder_that_was_given() {
        let layout = Layout {
            folder: PathBuf::from("film"),
            site_path: "data/projects/film".into(),
            format: V0,
            project: None,
        };
        let file = |path| with_slashes(&layout.file(path));
        assert_eq!(file("data/projects/film/edit.mp4"), "film/edit.mp4");
        assert_eq!(file("data/projects/context.json"), "film/../context.json");
        assert_eq!(file("data/previews/a.png"), "film/../../previews/a.png");
        assert_eq!(file("static/a.png"), "film/../../../static/a.png");
    }

    #[test]
    #[cfg(unix)] // Pipes have no place in folders elsewhere.
    fn only_files_are_opened() {
        assert!(matches!(
            open(Path::new("/dev/zero")),
            Err(Unreadable::NotAFile(_))
        ));
        assert!(matches!(open(Path::new("/")), Err(Unreadable::NotAFile(_))));
        assert!(matches!(
            open(Path::new("/nowhere")),
            Err(Unreadable::Missing)
        ));
    }
}
