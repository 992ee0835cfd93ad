//! What stays as the site holds it.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};

use super::files::{Tree, link_unless_there, take_after};
use crate::error::{IoContext, Result};

/// Files and folders that stay as they are, by their paths below `data/`.
///
/// They are noted while a change is put together, and linked when a step is taken. Where all there is
/// stays, none is, and a change has made nothing that must be cleared away again.
#[derive(Debug, Default)]
pub(super) struct Kept {
    files: BTreeSet<PathBuf>,
    /// Folders that stay whether or not a file in them does.
    folders: BTreeSet<PathBuf>,
}

impl Kept {
    /// Notes a file.
    pub(super) fn add_file(&mut self, path: &Path) {
        self.files.insert(path.to_owned());
    }

    /// Notes a file, or a folder with everything in it.
    pub(super) fn add(&mut self, data: &Path, path: &Path) -> Result<()> {
        let place = data.join(path);
        let found = fs::symlink_metadata(&place).during("look at", &place)?;
        if !found.is_dir() {
            self.add_file(path);
            return Ok(());
        }
        self.folders.insert(path.to_owned());
        for entry in fs::read_dir(&place).during("list", &place)? {
            let entry = entry.during("list", &place)?;
            self.add(data, &path.join(entry.file_name()))?;
        }
        Ok(())
    }

    /// Whether a file is among them.
    pub(super) fn has_file(&self, path: &Path) -> bool {
        self.files.contains(path)
    }

    /// Takes a file out, or a folder with everything in it.
    pub(super) fn remove(&mut self, path: &Path) {
        for paths in [&mut self.files, &mut self.folders] {
            let from = (Bound::Included(path), Bound::Unbounded);
            let below = paths.range::<Path, _>(from);
            let below: Vec<_> = below
                .take_while(|it| it.starts_with(path))
                .cloned()
                .collect();
            for path in below {
                paths.remove(&path);
            }
        }
    }

    /// Whether the present state is these files and folders and nothing else, with the folders that are
    /// staged.
    pub(super) fn are_all_of(&self, data: &Path, staged: &Tree) -> Result<bool> {
        if !staged.files.is_empty() {
            return Ok(false);
        }
        let present = Tree::of(data)?;
        let mut folders = self.all_folders();
        folders.extend(staged.folders.iter().map(PathBuf::as_path));
        Ok(present.files == self.files && present.folders.iter().eq(folders))
    }

    /// Links them into the staged state. What is there already stays.
    pub(super) fn link(&self, data: &Path, next: &Path) -> Result<()> {
        for folder in self.all_folders() {
            let (from, to) = (data.join(folder), next.join(folder));
            match fs::create_dir(&to) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                result => result.during("create the folder", &to)?,
            }
            take_after(&to, &from).during("set the mode of", &to)?;
        }
        let mut files = self.files.iter();
        files.try_for_each(|file| link_unless_there(&data.join(file), &next.join(file)))
    }

    /// The folders, and those above all files and folders; what is above comes first.
    fn all_folders(&self) -> BTreeSet<&Path> {
        let paths = self.files.iter().chain(&self.folders);
        let above = paths.flat_map(|path| path.ancestors().skip(1));
        let folders = above.chain(self.folders.iter().map(PathBuf::as_path));
        folders.filter(|it| !it.as_os_str().is_empty()).collect()
    }
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

    #[test]
    fn they_are_all_when_nothing_is_missing_and_nothing_is_staged() {
        let (folder, mut kept) = tree();
        let data = folder.path().join("data");
        let mut staged = Tree::default();
        assert!(kept.are_all_of(&data, &staged).unwrap());
        staged.folders.insert("top/a".into());
        assert!(kept.are_all_of(&data, &staged).unwrap());
        staged.folders.insert("top/c".into());
        assert!(!kept.are_all_of(&data, &staged).unwrap(), "a new folder");
        staged = Tree::default();
        staged.files.insert("top/a/1".into());
        assert!(!kept.are_all_of(&data, &staged).unwrap(), "a new file");
        staged = Tree::default();
        kept.remove(Path::new("top/b"));
        assert!(!kept.are_all_of(&data, &staged).unwrap(), "a folder goes");
        kept.add(&data, Path::new("top")).unwrap();
        kept.remove(Path::new("top/a/1"));
        assert!(!kept.are_all_of(&data, &staged).unwrap(), "a file goes");
        kept.add_file(Path::new("top/a/1"));
        fs::write(data.join("more"), "3").unwrap();
        assert!(!kept.are_all_of(&data, &staged).unwrap(), "more is there");
    }

    #[test]
    fn what_is_taken_out_is_not_linked_and_what_is_staged_stays() {
        let (folder, mut kept) = tree();
        let (data, next) = (folder.path().join("data"), folder.path().join("next"));
        fs::create_dir_all(next.join("top/a")).unwrap();
        fs::write(next.join("top/a/1"), "new").unwrap();
        kept.remove(Path::new("top/b"));
        assert!(kept.has_file(Path::new("top/a/2")));
        kept.link(&data, &next).unwrap();
        let read = |path: &str| fs::read_to_string(next.join(path)).unwrap();
        assert_eq!(
            (read("top/a/1"), read("top/a/2")),
            ("new".into(), "2".into())
        );
        assert!(!next.join("top/b").exists());
        // A name that begins as another one does is not below it.
        kept.add_file(Path::new("top/a/22"));
        kept.remove(Path::new("top/a/2"));
        assert!(kept.has_file(Path::new("top/a/22")));
    }
}
