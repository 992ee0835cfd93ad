//! A change that is made file by file, where folders cannot be moved: on Windows an open file holds its folder.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use watchtower_model::format::{DOCUMENTS, Scope};

use super::files::{Tree, exists, remove, remove_stubbornly, site_path};
use super::kept::Kept;
use super::os;
use crate::error::{Error, IoContext, Result};

/// What turns the present state into the staged one. When it stands whole in the hidden folder, the change is
/// decided: whoever comes next, on any system, does what is left of it. All paths are from `data/`, with `/`.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Journal {
    /// Folders that there are to be, from outside in.
    folders: Vec<String>,
    /// Files that come from the staged state: new ones, then those that replace others, and lists last. So
    /// whatever refers to a file comes after it.
    put: Vec<String>,
    /// Files that go.
    remove: Vec<String>,
    /// Folders that go when they are empty, from inside out.
    remove_folders: Vec<String>,
}

/// One part of the work. It is done whole or not at all, and may be done again.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change<'a> {
    Folder(&'a str),
    Put(&'a str),
    Remove(&'a str),
    RemoveFolder(&'a str),
}

impl Journal {
    /// What is to be done, for a present state in `data`, what is staged, and what stays of the present one.
    ///
    /// # Errors
    ///
    /// `Data` for a path that is not Unicode, which no format has. `Output` when it cannot be looked at.
    pub(super) fn new(data: &Path, present: &Tree, staged: &Tree, kept: &Kept) -> Result<Self> {
        let mut put: Vec<_> = staged.files.iter().collect();
        put.sort_by_key(|it| (is_list(it), present.files.contains(*it)));
        let kept_folders = kept.all_folders();
        let spelled_otherwise = {
            let staged = staged.files.iter().chain(&staged.folders);
            let stays = staged.map(PathBuf::as_path).chain(kept.all());
            Spellings::of(stays, data, present)
        };
        // A folder takes the place of a file by itself.
        let stays = |it: &Path| {
            staged.files.contains(it) || staged.folders.contains(it) || kept.has_file(it)
        };
        let mut remove = Vec::new();
        for file in &present.files {
            if !stays(file) && !spelled_otherwise.has(file)? {
                remove.push(file);
            }
        }
        let goes =
            |it: &&PathBuf| !staged.folders.contains(*it) && !kept_folders.contains(it.as_path());
        Ok(Self {
            folders: paths(&staged.folders)?,
            put: paths(put)?,
            remove: paths(remove)?,
            remove_folders: paths(present.folders.iter().rev().filter(goes))?,
        })
    }

    /// Writes it whole, and on the disk, or not at all.
    pub(super) fn write(&self, place: &Path) -> Result<()> {
        let unfinished = Self::unfinished(place);
        let write = || -> io::Result<()> {
            let mut file = fs::File::create(&unfinished)?;
            serde_json::to_writer(&file, self)?;
            file.write_all(b"\n")?;
            file.sync_all()
        };
        write().during("write", &unfinished)?;
        os::patiently(|| fs::rename(&unfinished, place)).during("publish", place)
    }

    /// Where it is while it is written.
    pub(super) fn unfinished(place: &Path) -> PathBuf {
        place.with_extension("tmp")
    }

    /// The one that stands there; none where there is none. One that cannot be read, or that leads out of the
    /// folder, is none of ours, and is removed.
    pub(super) fn read(place: &Path) -> Result<Option<Self>> {
        let text = match fs::read(place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.during("read", place)?,
        };
        match serde_json::from_slice(&text) {
            Ok(journal) if Self::stays_inside(&journal) => Ok(Some(journal)),
            _ => remove(place).map(|()| None),
        }
    }

    fn stays_inside(&self) -> bool {
        let mut paths = self.changes().map(Change::path);
        paths.all(|it| {
            let mut names = it.split('/');
            // On Windows a name with `\` or `:` is none.
            names.all(|name| {
                let mut parts = Path::new(name).components();
                matches!(parts.next(), Some(Component::Normal(it)) if it == name)
                    && parts.next().is_none()
            })
        })
    }

    /// The parts of the work, in their order.
    pub(super) fn changes(&self) -> impl Iterator<Item = Change<'_>> {
        let folders = all(&self.folders, Change::Folder);
        let put = all(&self.put, Change::Put);
        let remove = all(&self.remove, Change::Remove);
        let remove_folders = all(&self.remove_folders, Change::RemoveFolder);
        folders.chain(put).chain(remove).chain(remove_folders)
    }
}

fn all<'a>(
    paths: &'a [String],
    change: fn(&'a str) -> Change<'a>,
) -> impl Iterator<Item = Change<'a>> {
    paths.iter().map(move |it| change(it))
}

impl<'a> Change<'a> {
    fn path(self) -> &'a str {
        match self {
            Self::Folder(it) | Self::Put(it) | Self::Remove(it) | Self::RemoveFolder(it) => it,
        }
    }

    /// Does this part, if it was not done already.
    ///
    /// # Errors
    ///
    /// `Output` when it cannot be done, as when another program holds a file open for long.
    pub(super) fn make(self, next: &Path, data: &Path) -> Result<()> {
        let place = data.join(self.path());
        match self {
            Self::Folder(_) => make_folder(&place),
            Self::Put(path) => put(&next.join(path), &place),
            // Never a folder: where names differ in case alone, it may be a new one.
            Self::Remove(_) if place.is_dir() && !place.is_symlink() => Ok(()),
            Self::Remove(_) => remove(&place).map_err(held_open),
            Self::RemoveFolder(_) => {
                // It stays with what somebody has put into it, and for who has it open.
                let _ = fs::remove_dir(&place);
                Ok(())
            }
        }
    }
}

fn make_folder(place: &Path) -> Result<()> {
    if !fs::symlink_metadata(place).is_ok_and(|it| it.is_dir()) {
        // A file, or a link.
        remove(place).map_err(held_open)?;
        fs::create_dir_all(place).during("create the folder", place)?;
        if let Some(above) = place.parent().and_then(|it| fs::metadata(it).ok()) {
            os::take_after(place, &above).during("set the mode of", place)?;
        }
    }
    Ok(())
}

fn put(from: &Path, to: &Path) -> Result<()> {
    if !exists(from)? {
        return Ok(());
    }
    if fs::symlink_metadata(to).is_ok_and(|it| it.is_dir()) {
        remove_stubbornly(to)?;
    }
    let result = os::patiently(|| fs::rename(from, to)).during("replace", to);
    result.map_err(held_open)
}

/// Says what to do about a file that another program has open.
fn held_open(error: Error) -> Error {
    match error {
        Error::Output {
            operation,
            path,
            source,
        } if !os::MOVES_FOLDERS => Error::Output {
            operation,
            path,
            source: io::Error::new(
                source.kind(),
                "another program has it open, or this account may not change it; when that is over, export \
                 again: that finishes what this export has begun",
            ),
        },
        error => error,
    }
}

/// Whether this is the document of all projects, by which a client finds all else.
fn is_list(path: &Path) -> bool {
    let mut lists = DOCUMENTS.iter().filter(|it| it.scope == Scope::Site);
    lists.any(|it| {
        let folder = Path::new(it.folder).strip_prefix("data");
        folder.is_ok_and(|folder| path == folder.join(it.file_name()))
    })
}

/// What stays or comes, by its path in lower case. On some file systems a name is the same in any case: a file of
/// the present state may be one of these, by another spelling.
struct Spellings<'a> {
    stays: BTreeMap<PathBuf, Vec<&'a Path>>,
    data: &'a Path,
    present: &'a Tree,
}

impl<'a> Spellings<'a> {
    fn of(paths: impl Iterator<Item = &'a Path>, data: &'a Path, present: &'a Tree) -> Self {
        let mut stays: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for path in paths {
            stays.entry(in_any_case(path)).or_default().push(path);
        }
        Self {
            stays,
            data,
            present,
        }
    }

    /// Whether a present file is one of these by another name: one that is there and that no folder lists.
    fn has(&self, file: &Path) -> Result<bool> {
        let spellings = self.stays.get(&in_any_case(file));
        for spelling in spellings.into_iter().flatten() {
            let is_listed =
                self.present.files.contains(*spelling) || self.present.folders.contains(*spelling);
            if !is_listed && exists(&self.data.join(spelling))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn in_any_case(path: &Path) -> PathBuf {
    path.to_string_lossy().to_lowercase().into()
}

fn paths<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> Result<Vec<String>> {
    let as_text = |it: &PathBuf| {
        let refused = || Error::Data(format!("`{}` is not Unicode", it.display()));
        site_path(it).ok_or_else(refused)
    };
    paths.into_iter().map(as_text).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn fill(folder: &Path, files: &[(&str, &str)]) {
        fs::create_dir_all(folder).unwrap();
        for (path, text) in files {
            let file = folder.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
    }

    /// What is below a folder, and what the files hold.
    fn held(folder: &Path) -> Vec<String> {
        let tree = Tree::of(folder).unwrap();
        let text = |it: &PathBuf| fs::read_to_string(folder.join(it)).unwrap();
        let files = tree.files.iter();
        let mut held: Vec<_> = files
            .map(|it| format!("{} {}", site_path(it).unwrap(), text(it)))
            .collect();
        held.extend(tree.folders.iter().map(|it| site_path(it).unwrap()));
        held
    }

    /// A present state, a staged one, and what leads from one to the other.
    fn change(root: &Path) -> Journal {
        let (data, next) = (root.join("data"), root.join("next"));
        fill(
            &data,
            &[
                ("notes.txt", "mine"),
                ("previews/0a/old.png", "old"),
                ("projects/context.json", "old"),
                ("projects/film/edit.mp4", "old"),
                ("projects/film/shots.json", "old"),
                ("projects/gone/shots.json", "old"),
                ("projects/stays/shots.json", "old"),
                ("projects/turned", "a file"),
            ],
        );
        fs::create_dir(data.join("projects/film/casting.json")).unwrap();
        fill(
            &next,
            &[
                ("previews/0b/new.png", "new"),
                ("projects/context.json", "new"),
                ("projects/film/casting.json", "new"),
                ("projects/film/edit.mp4", "new"),
                ("projects/film/shots.json", "new"),
                ("projects/turned/shots.json", "new"),
            ],
        );
        let mut kept = Kept::default();
        for path in ["notes.txt", "projects/stays"] {
            kept.add(&data, Path::new(path)).unwrap();
        }
        let (present, staged) = (Tree::of(&data).unwrap(), Tree::of(&next).unwrap());
        Journal::new(&data, &present, &staged, &kept).unwrap()
    }

    #[test]
    fn what_is_referred_to_comes_first_and_lists_come_last() {
        let folder = tempfile::tempdir().unwrap();
        let journal = change(folder.path());
        insta::assert_json_snapshot!(journal, @r#"
        {
          "folders": [
            "previews",
            "previews/0b",
            "projects",
            "projects/film",
            "projects/turned"
          ],
          "put": [
            "previews/0b/new.png",
            "projects/film/casting.json",
            "projects/turned/shots.json",
            "projects/film/edit.mp4",
            "projects/film/shots.json",
            "projects/context.json"
          ],
          "remove": [
            "previews/0a/old.png",
            "projects/gone/shots.json"
          ],
          "remove_folders": [
            "projects/gone",
            "projects/film/casting.json",
            "previews/0a"
          ]
        }
        "#);
    }

    #[test]
    fn a_kill_anywhere_is_mended_and_every_file_is_whole_meanwhile() {
        let parts = {
            let folder = tempfile::tempdir().unwrap();
            change(folder.path()).changes().count()
        };
        let mut ends = BTreeSet::new();
        for killed_after in 0..=parts {
            let folder = tempfile::tempdir().unwrap();
            let journal = change(folder.path());
            let (data, next) = (folder.path().join("data"), folder.path().join("next"));
            let make = |it: Change| it.make(&next, &data).unwrap();
            journal.changes().take(killed_after).for_each(make);
            for file in Tree::of(&data).unwrap().files {
                let text = fs::read_to_string(data.join(file)).unwrap();
                assert!(["old", "new", "mine", "a file"].contains(&text.as_str()));
            }
            // Whoever comes next begins from the start.
            journal.changes().for_each(make);
            assert!(Tree::of(&next).unwrap().files.is_empty());
            ends.insert(held(&data));
        }
        assert_eq!(ends.len(), 1, "{ends:#?}");
        insta::assert_snapshot!(ends.first().unwrap().join("\n"), @"
        notes.txt mine
        previews/0b/new.png new
        projects/context.json new
        projects/film/casting.json new
        projects/film/edit.mp4 new
        projects/film/shots.json new
        projects/stays/shots.json old
        projects/turned/shots.json new
        previews
        previews/0b
        projects
        projects/film
        projects/stays
        projects/turned
        ");
    }

    #[test]
    fn a_name_that_only_changes_its_case_is_there_in_the_end() {
        for killed_after in 0..4 {
            let folder = tempfile::tempdir().unwrap();
            let (data, next) = (folder.path().join("data"), folder.path().join("next"));
            fill(&data, &[("projects/film/shots.json", "old")]);
            fill(&next, &[("projects/Film/shots.json", "new")]);
            let (present, staged) = (Tree::of(&data).unwrap(), Tree::of(&next).unwrap());
            let journal = Journal::new(&data, &present, &staged, &Kept::default()).unwrap();
            let make = |it: Change| it.make(&next, &data).unwrap();
            journal.changes().take(killed_after).for_each(make);
            journal.changes().for_each(make);
            let text = fs::read_to_string(data.join("projects/Film/shots.json"));
            assert_eq!(text.unwrap(), "new");
            assert_eq!(Tree::of(&data).unwrap().files.len(), 1);
        }
    }

    #[test]
    fn a_journal_that_leads_elsewhere_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("journal.json");
        for path in ["../secret", "/etc/passwd", "a/../../b", "", "a//b", "."] {
            let journal = Journal {
                remove: vec![path.to_owned()],
                ..Journal::default()
            };
            journal.write(&place).unwrap();
            assert_eq!(Journal::read(&place).unwrap(), None, "{path}");
            assert!(!place.exists());
        }
        let journal = change(folder.path());
        journal.write(&place).unwrap();
        assert_eq!(Journal::read(&place).unwrap(), Some(journal));
        fs::write(&place, "{\"put\": [").unwrap();
        assert_eq!(Journal::read(&place).unwrap(), None);
    }
}
