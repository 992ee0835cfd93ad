//! What stays as the site holds it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::files::{Tree, exists, link};
use super::os;
use crate::error::{IoContext, Result};

/// Files and folders that stay as they are, by their paths below `data/`.
///
/// They are noted while a change is put together, and linked when a step is taken. Where all there is
/// stays, none is, and a change has made nothing that must be cleared away again.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Whatever is no folder. What is reached through a link to a folder goes with the link.
    files: BTreeMap<PathBuf, Seen>,
    /// Folders that stay whether or not a file in them does.
    folders: BTreeSet<PathBuf>,
}

/// A file as it was when it was noted: its size in bytes and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen(u64, Option<SystemTime>);

impl Seen {
    fn of(found: &Metadata) -> Self {
        Self(found.len(), found.modified().ok())
    }

    /// Whether a file is still as it was.
    fn is_still(self, place: &Path) -> bool {
        fs::symlink_metadata(place).is_ok_and(|found| Self::of(&found) == self)
    }

    /// Demands that a file is still as it was.
    fn check(self, place: &Path) -> Result<()> {
        if self.is_still(place) {
            return Ok(());
        }
        let reason = "another program has changed or removed it while the export ran; the next export \
                      mends that";
        Err(io::Error::other(reason)).during("keep", place)
    }
}

impl Kept {
    /// Notes a file, or a folder with everything in it.
    ///
    /// # Errors
    ///
    /// `Output` when it cannot be looked at, and for a folder on which something is mounted: that would go
    /// with the present state, and be emptied with it.
    pub(super) fn add(&mut self, data: &Path, path: &Path) -> Result<()> {
        if self.is_below_a_file(path) {
            return Ok(());
        }
        let place = data.join(path);
        let found = fs::symlink_metadata(&place).during("look at", &place)?;
        if !found.is_dir() {
            self.remove(path);
            self.files.insert(path.to_owned(), Seen::of(&found));
            return Ok(());
        }
        check_is_not_mounted(data, &place)?;
        self.folders.insert(path.to_owned());
        for entry in fs::read_dir(&place).during("list", &place)? {
            let entry = entry.during("list", &place)?;
            self.add(data, &path.join(entry.file_name()))?;
        }
        Ok(())
    }

    /// Whether a file is among them, or what it is reached through.
    pub(super) fn has_file(&self, path: &Path) -> bool {
        self.files.contains_key(path) || self.is_below_a_file(path)
    }

    fn is_below_a_file(&self, path: &Path) -> bool {
        let mut above = path.ancestors().skip(1);
        above.any(|it| self.files.contains_key(it))
    }

    /// Takes a file out, or a folder with everything in it.
    pub(super) fn remove(&mut self, path: &Path) {
        let from = (Bound::Included(path), Bound::Unbounded);
        let is_below = |it: &&PathBuf| it.starts_with(path);
        let files = self.files.range::<Path, _>(from).map(|(file, _)| file);
        for file in files.take_while(is_below).cloned().collect::<Vec<_>>() {
            self.files.remove(&file);
        }
        let folders = self.folders.range::<Path, _>(from);
        for folder in folders.take_while(is_below).cloned().collect::<Vec<_>>() {
            self.folders.remove(&folder);
        }
    }

    /// Whether the present state is these files and folders and nothing else, with the folders that are
    /// staged.
    pub(super) fn are_all_of(&self, data: &Path, present: &Tree, staged: &Tree) -> bool {
        if !staged.files.is_empty() {
            return false;
        }
        let mut folders = self.all_folders();
        folders.extend(staged.folders.iter().map(PathBuf::as_path));
        let mut files = self.files.iter();
        present.files.iter().eq(self.files.keys())
            && present.folders.iter().eq(folders)
            && files.all(|(file, seen)| seen.is_still(&data.join(file)))
    }

    /// Links them into the staged state, where `staged` is already and stays. All folders take after the
    /// present ones. Gives back what had to be copied.
    ///
    /// # Errors
    ///
    /// `Output` when that cannot be done, or when somebody else has changed a file since.
    pub(super) fn link(&self, data: &Path, next: &Path, staged: &Tree) -> Result<Vec<PathBuf>> {
        let mut folders = self.all_folders();
        folders.extend(staged.folders.iter().map(PathBuf::as_path));
        for folder in folders {
            let to = next.join(folder);
            match fs::create_dir(&to) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                result => result.during("create the folder", &to)?,
            }
            // A new one takes after the one that it is in.
            let from = nearest_folder(data, folder);
            let like = from.map_or_else(|| fs::metadata(next), Ok);
            like.and_then(|like| os::take_after(&to, &like))
                .during("set the mode of", &to)?;
        }
        let mut copied = Vec::new();
        for (file, seen) in &self.files {
            let (from, to) = (data.join(file), next.join(file));
            if exists(&to)? {
                continue;
            }
            seen.check(&from)?;
            if link(&from, &to).during("link", &from)? {
                copied.push(to);
            }
        }
        Ok(copied)
    }

    /// Demands that all of them are still as they were, but where something is staged in their place.
    ///
    /// # Errors
    ///
    /// `Output` when somebody else has changed a file.
    pub(super) fn check(&self, data: &Path, staged: &Tree) -> Result<()> {
        let mut files = self.files.iter();
        files.try_for_each(|(file, seen)| match staged.files.contains(file) {
            true => Ok(()),
            false => seen.check(&data.join(file)),
        })
    }

    /// All of them, files and folders.
    pub(super) fn all(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().chain(&self.folders).map(PathBuf::as_path)
    }

    /// The folders, and those above all files and folders; what is above comes first.
    pub(super) fn all_folders(&self) -> BTreeSet<&Path> {
        let paths = self.files.keys().chain(&self.folders);
        let above = paths.flat_map(|path| path.ancestors().skip(1));
        let folders = above.chain(self.folders.iter().map(PathBuf::as_path));
        folders.filter(|it| !it.as_os_str().is_empty()).collect()
    }
}

/// Demands that no file system is mounted on a folder of the site.
///
/// # Errors
///
/// `Output` for one on which something is mounted: that would go with the present state, and be emptied with
/// it.
pub(super) fn check_is_not_mounted(data: &Path, folder: &Path) -> Result<()> {
    let found = |path: &Path| fs::metadata(path).during("look at", path);
    if os::on_one_disk(&found(folder)?, &found(data)?) {
        return Ok(());
    }
    let reason = "another file system is mounted there, which cannot be moved in one step; \
                  mount it outside of the site";
    Err(io::Error::other(reason)).during("carry over", folder)
}

/// The folder at a path below `data/`, or the nearest one above it, `data` itself included, as it is now.
pub(super) fn nearest_folder(data: &Path, path: &Path) -> Option<Metadata> {
    let mut found = path.ancestors().map(|it| fs::metadata(data.join(it)));
    found.find_map(|it| it.ok().filter(Metadata::is_dir))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with two folders, `a` with two files and `b` with none, and what stays of it.
    fn tree() -> (tempfile::TempDir, Kept) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("data/top/a")).unwrap();
        fs::create_dir_all(folder.path().join("data/top/b")).unwrap();
        fs::write(folder.path().join("data/top/a/1"), "1").unwrap();
        fs::write(folder.path().join("data/top/a/2"), "2").unwrap();
        let mut kept = Kept::default();
        kept.add(&folder.path().join("data"), Path::new("top"))
            .unwrap();
        (folder, kept)
    }

    fn all(kept: &Kept, data: &Path, staged: &Tree) -> bool {
        kept.are_all_of(data, &Tree::of(data).unwrap(), staged)
    }

    #[test]
    fn they_are_all_when_nothing_is_missing_and_nothing_is_staged() {
        let (folder, mut kept) = tree();
        let data = folder.path().join("data");
        let mut staged = Tree::default();
        assert!(all(&kept, &data, &staged));
        staged.folders.insert("top/a".into());
        assert!(all(&kept, &data, &staged));
        staged.folders.insert("top/c".into());
        assert!(!all(&kept, &data, &staged), "a new folder");
        staged = Tree::default();
        staged.files.insert("top/a/1".into());
        assert!(!all(&kept, &data, &staged), "a new file");
        staged = Tree::default();
        kept.remove(Path::new("top/b"));
        assert!(!all(&kept, &data, &staged), "a folder goes");
        kept.add(&data, Path::new("top")).unwrap();
        kept.remove(Path::new("top/a/1"));
        assert!(!all(&kept, &data, &staged), "a file goes");
        kept.add(&data, Path::new("top/a/1")).unwrap();
        assert!(all(&kept, &data, &staged));
        fs::write(data.join("more"), "3").unwrap();
        assert!(!all(&kept, &data, &staged), "more is there");
    }

    #[test]
    fn what_others_change_meanwhile_is_not_published() {
        let (folder, kept) = tree();
        let (data, next) = (folder.path().join("data"), folder.path().join("next"));
        fs::write(data.join("top/a/2"), "other").unwrap();
        assert!(!all(&kept, &data, &Tree::default()));
        fs::create_dir(&next).unwrap();
        let error = kept.link(&data, &next, &Tree::default()).unwrap_err();
        let told = error.to_string().replace(data.to_str().unwrap(), "data");
        let told = told.replace(std::path::MAIN_SEPARATOR, "/");
        insta::assert_snapshot!(told, @"cannot keep `data/top/a/2`: another program has changed or removed it while the export ran; the next export mends that");
        fs::remove_file(data.join("top/a/2")).unwrap();
        assert!(kept.link(&data, &next, &Tree::default()).is_err());
        // What is staged in its place is there.
        fs::write(next.join("top/a/2"), "new").unwrap();
        kept.link(&data, &next, &Tree::default()).unwrap();
    }

    #[cfg(unix)] // Few accounts may make links elsewhere.
    #[test]
    fn what_is_behind_a_link_goes_with_it() {
        let (folder, mut kept) = tree();
        let (data, next) = (folder.path().join("data"), folder.path().join("next"));
        fs::create_dir(folder.path().join("elsewhere")).unwrap();
        fs::write(folder.path().join("elsewhere/x"), "x").unwrap();
        std::os::unix::fs::symlink("../../elsewhere", data.join("top/link")).unwrap();
        // Whichever is noted first.
        let behind = Path::new("top/link/x");
        kept.add(&data, behind).unwrap();
        kept.add(&data, Path::new("top")).unwrap();
        kept.add(&data, behind).unwrap();
        assert!(kept.has_file(behind));
        assert!(all(&kept, &data, &Tree::default()));
        fs::create_dir(&next).unwrap();
        kept.link(&data, &next, &Tree::default()).unwrap();
        let link = fs::read_link(next.join("top/link")).unwrap();
        assert_eq!(link, Path::new("../../elsewhere"));
    }

    #[test]
    fn what_is_taken_out_is_not_linked_and_what_is_staged_stays() {
        let (folder, mut kept) = tree();
        let (data, next) = (folder.path().join("data"), folder.path().join("next"));
        fs::create_dir_all(next.join("top/a")).unwrap();
        fs::write(next.join("top/a/1"), "new").unwrap();
        kept.remove(Path::new("top/b"));
        assert!(kept.has_file(Path::new("top/a/2")));
        let staged = Tree::of(&next).unwrap();
        assert!(kept.link(&data, &next, &staged).unwrap().is_empty());
        let read = |path: &str| fs::read_to_string(next.join(path)).unwrap();
        assert_eq!(
            (read("top/a/1"), read("top/a/2")),
            ("new".into(), "2".into())
        );
        assert!(!next.join("top/b").exists());
        // A name that begins as another one does is not below it.
        fs::write(data.join("top/a/22"), "3").unwrap();
        kept.add(&data, Path::new("top/a/22")).unwrap();
        kept.remove(Path::new("top/a/2"));
        assert!(kept.has_file(Path::new("top/a/22")));
    }
}
