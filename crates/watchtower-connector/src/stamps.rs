//! What changed in files, by their sizes and times.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use watchtower_model::{MediaLocation, MediaRef, ProjectId, ProjectSnapshot};

use crate::{Changed, Changes, Mark};

/// What files hold, as far as a few digits can tell.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamps {
    /// Whose they are.
    of: String,
    /// Those of the list of projects.
    list: String,
    /// Those of each project.
    projects: BTreeMap<ProjectId, String>,
}

impl Stamps {
    pub(crate) fn new(of: impl Into<String>, list: String) -> Self {
        Self {
            of: of.into(),
            list,
            projects: BTreeMap::new(),
        }
    }

    pub(crate) fn add(&mut self, project: ProjectId, stamp: String) {
        self.projects.insert(project, stamp);
    }

    /// What changed since a mark that was made of such stamps.
    pub(crate) fn since(&self, mark: Option<&Mark>) -> Changes {
        let before = mark.and_then(|it| serde_json::from_str::<Self>(it.as_str()).ok());
        let what = match before.filter(|it| it.of == self.of) {
            None => Changed::Unknown,
            Some(before) => {
                let (now, then) = (self.projects.iter(), before.projects.iter());
                let new = now.filter(|(id, stamp)| before.projects.get(*id) != Some(*stamp));
                let gone = then.filter(|(id, _)| !self.projects.contains_key(*id));
                Changed::Only {
                    list: self.list != before.list,
                    projects: new.chain(gone).map(|(id, _)| id.clone()).collect(),
                }
            }
        };
        Changes {
            what,
            // A record of texts has a JSON form.
            mark: serde_json::to_string(self).ok().map(Mark::new),
            note: None,
        }
    }
}

/// Digits that are others when one of these files is another, by its size and time, or is not there any more.
pub(crate) fn of_files<'a>(files: impl IntoIterator<Item = &'a Path>) -> String {
    let mut hasher = DefaultHasher::new();
    for file in files {
        let found = fs::metadata(file).ok();
        let modified = found.as_ref().and_then(|it| it.modified().ok());
        let since = modified.and_then(|it| it.duration_since(UNIX_EPOCH).ok());
        let length = found.map(|it| it.len());
        (file, length, since).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

/// Digits that are others when a value is, or one of the files to which it refers.
#[cfg(any(feature = "edit", feature = "spreadsheet"))]
pub(crate) fn of_value<'a>(
    value: &impl Serialize,
    media: impl Iterator<Item = &'a MediaRef>,
) -> String {
    let mut hasher = DefaultHasher::new();
    serde_json::to_vec(value).ok().hash(&mut hasher);
    format!("{:016x}-{}", hasher.finish(), of_files(files(media)))
}

/// The files among references.
pub(crate) fn files<'a>(
    media: impl Iterator<Item = &'a MediaRef>,
) -> impl Iterator<Item = &'a Path> {
    media.filter_map(|it| match &it.location {
        MediaLocation::File(path) => Some(path.as_path()),
        _ => None,
    })
}

/// The pictures to which a list of projects refers.
#[cfg(any(feature = "files", feature = "process", feature = "spreadsheet"))]
pub(crate) fn listed_media(
    list: &watchtower_model::ProjectList,
) -> impl Iterator<Item = &MediaRef> {
    let projects = list.projects.iter().filter_map(|it| it.thumbnail.as_ref());
    projects.chain(list.users.iter().filter_map(|it| it.thumbnail.as_ref()))
}

/// The pictures and movies to which a project refers.
pub(crate) fn media(film: &ProjectSnapshot) -> impl Iterator<Item = &MediaRef> {
    let shots = film.shots.iter().filter_map(|it| it.thumbnail.as_ref());
    let assets = film.assets.iter().filter_map(|it| it.thumbnail.as_ref());
    let movies = film.edits.iter().filter_map(|it| it.movie.as_ref());
    let project = film.project.thumbnail.iter();
    project.chain(shots).chain(assets).chain(movies)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> ProjectId {
        ProjectId::new(text).unwrap()
    }

    #[test]
    fn what_is_new_or_another_or_gone_is_told_and_nothing_else() {
        let stamps = |projects: &[(&str, &str)]| {
            let mut stamps = Stamps::new("files a", "1".into());
            for (project, stamp) in projects {
                stamps.add(id(project), (*stamp).to_owned());
            }
            stamps
        };
        let before = stamps(&[("same", "1"), ("other", "1"), ("gone", "1")]);
        let mark = before.since(None).mark.unwrap();
        assert!(before.since(Some(&mark)).what.is_nothing());
        let now = stamps(&[("same", "1"), ("other", "2"), ("new", "1")]);
        assert_eq!(
            now.since(Some(&mark)).what,
            Changed::Only {
                list: false,
                projects: [id("gone"), id("new"), id("other")].into(),
            }
        );
        let elsewhere = Stamps::new("files b", "1".into());
        assert_eq!(elsewhere.since(Some(&mark)).what, Changed::Unknown);
    }

    #[test]
    fn a_file_has_other_digits_when_it_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        let now = || of_files([file.as_path()]);
        let missing = now();
        fs::write(&file, "1").unwrap();
        let one = now();
        assert_eq!(now(), one);
        fs::write(&file, "12").unwrap();
        let two = now();
        assert!(missing != one && one != two && missing != two);
    }
}
