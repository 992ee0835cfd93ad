//! Files and folders: links that stand for unchanged files, comparing, syncing, clearing away.

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::iter;
use std::path::{Component, Path, PathBuf};

use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

use super::os;
use crate::error::{Error, IoContext, Result};

/// How much is read or written at a time.
pub(super) const BLOCK: usize = 1 << 20;
/// How many files are synced at a time. A sync mostly waits, and a file system answers many that
/// wait with one write of its journal.
const SYNCS: usize = 16;

/// Whether something stands at a path, be it a link that leads nowhere.
pub(super) fn exists(path: &Path) -> Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).during("look at", path),
    }
}

/// Removes a file, or a folder with everything in it, if it is there.
pub(super) fn remove(path: &Path) -> Result<()> {
    let result = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => os::patiently(|| fs::remove_dir_all(path)),
        Ok(_) => os::patiently(|| fs::remove_file(path)),
        Err(error) => Err(error),
    };
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.during("clear away", path),
    }
}

/// Removes a folder with everything in it, also where somebody has taken the right to write from folders
/// of ours in it; not where another file system is mounted in it, which is not ours to empty.
pub(super) fn remove_stubbornly(path: &Path) -> Result<()> {
    let Some(found) = fs::symlink_metadata(path).ok().filter(Metadata::is_dir) else {
        return remove(path);
    };
    let folders = folders_of_ours(path, &found)?;
    match remove(path) {
        Err(Error::Output { source, .. }) if source.kind() == io::ErrorKind::PermissionDenied => {
            for folder in iter::once(path).chain(folders.iter().map(PathBuf::as_path)) {
                // It may be another's.
                let _ = os::give_to_its_owner(folder);
            }
            remove(path)
        }
        result => result,
    }
}

/// Demands that no other file system is mounted in a folder: its files are not ours to remove.
pub(super) fn check_nothing_is_mounted(path: &Path) -> Result<()> {
    let found = fs::symlink_metadata(path).during("look at", path)?;
    folders_of_ours(path, &found).map(drop)
}

/// The folders below a folder, all of them on its file system.
fn folders_of_ours(path: &Path, found: &Metadata) -> Result<Vec<PathBuf>> {
    let folders = Tree::of(path)?.folders;
    let folders: Vec<_> = folders.iter().map(|it| path.join(it)).collect();
    let is_mounted = |it: &&PathBuf| fs::metadata(it).is_ok_and(|it| !os::on_one_disk(&it, found));
    if let Some(mounted) = folders.iter().find(is_mounted) {
        let reason = io::Error::other("another file system is mounted there");
        return Err(reason).during("clear away", mounted);
    }
    Ok(folders)
}

/// A hard link, or where there can be none a copy with the same time. Says whether it is a copy.
pub(super) fn link(from: &Path, to: &Path) -> io::Result<bool> {
    match fs::hard_link(from, to) {
        Err(error) if os::cannot_link(&error) => copy(from, to).map(|()| true),
        result => result.map(|()| false),
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let found = fs::symlink_metadata(from)?;
    if found.is_symlink() {
        return os::symlink(fs::read_link(from)?, to);
    }
    if !found.is_file() {
        // To open a pipe would be to wait for who writes to it.
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "it is neither a file nor a link, and can be neither linked nor copied; move it away",
        ));
    }
    let mut source = File::open(from)?;
    // What stands there may be a link to what readers see.
    let mut target = File::options().write(true).create_new(true).open(to)?;
    io::copy(&mut source, &mut target)?;
    target.set_permissions(found.permissions())?;
    target.set_modified(found.modified()?)
}

/// A path below some folder as sites and documents have it, with `/` on every system. None where it is not
/// Unicode, or leads elsewhere.
pub(super) fn site_path(below: &Path) -> Option<String> {
    let names = below.components().map(|it| match it {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    Some(names.collect::<Option<Vec<_>>>()?.join("/"))
}

/// Whether two files exist and hold the same bytes.
pub(super) fn same_bytes(one: &Path, other: &Path) -> bool {
    let compare = || -> io::Result<bool> {
        // To open a pipe would be to wait for who writes to it.
        if !fs::metadata(one)?.is_file() {
            return Ok(false);
        }
        let (mut one, mut other) = (File::open(one)?, File::open(other)?);
        let length = one.metadata()?.len();
        if length != other.metadata()?.len() {
            return Ok(false);
        }
        let size = usize::try_from(length).map_or(BLOCK, |length| length.min(BLOCK));
        let (mut left, mut right) = (vec![0; size], vec![0; size]);
        let mut rest = length;
        while rest > 0 {
            let now = usize::try_from(rest).map_or(size, |rest| rest.min(size));
            one.read_exact(&mut left[..now])?;
            other.read_exact(&mut right[..now])?;
            if left[..now] != right[..now] {
                return Ok(false);
            }
            rest -= now as u64;
        }
        Ok(true)
    };
    compare().unwrap_or(false)
}

/// What is below a folder, by its path from there.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tree {
    /// Whatever is no folder.
    pub(super) files: BTreeSet<PathBuf>,
    pub(super) folders: BTreeSet<PathBuf>,
}

impl Tree {
    /// Reads a folder. One that is not there holds nothing.
    pub(super) fn of(folder: &Path) -> Result<Self> {
        let mut tree = Self::default();
        let mut unread = vec![PathBuf::new()];
        while let Some(below) = unread.pop() {
            let place = folder.join(&below);
            let entries = match fs::read_dir(&place) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries.during("list", &place)?,
            };
            for entry in entries {
                let entry = entry.during("list", &place)?;
                let path = below.join(entry.file_name());
                if entry.file_type().during("look at", entry.path())?.is_dir() {
                    unread.push(path.clone());
                    tree.folders.insert(path);
                } else {
                    tree.files.insert(path);
                }
            }
        }
        Ok(tree)
    }
}

/// Syncs these files and folders, as far as they are there still: bytes and names are on the disk
/// then.
pub(super) fn sync_all(paths: &[PathBuf]) -> Result<()> {
    let threads = SYNCS.min(paths.len());
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| Error::Output {
        operation: "start the threads that sync",
        path: paths.first().cloned().unwrap_or_default(),
        source: io::Error::other(error),
    })?;
    pool.install(|| paths.par_iter().try_for_each(|path| sync_if_there(path)))
}

/// Syncs a file or folder, if it is there still.
pub(super) fn sync_if_there(path: &Path) -> Result<()> {
    match os::sync(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.during("sync", path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_keeps_the_time() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::write(&from, "x").unwrap();
        let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        File::options()
            .write(true)
            .open(&from)
            .unwrap()
            .set_modified(time)
            .unwrap();
        copy(&from, &to).unwrap();
        assert_eq!(fs::metadata(&to).unwrap().modified().unwrap(), time);
        assert!(same_bytes(&from, &to));
        // It may be the same file.
        fs::remove_file(&to).unwrap();
        fs::hard_link(&from, &to).unwrap();
        assert!(copy(&from, &to).is_err());
        assert_eq!(fs::read_to_string(&from).unwrap(), "x");
    }

    #[cfg(unix)] // Pipes have no place in folders elsewhere, and few accounts may make links.
    #[test]
    fn a_copy_of_a_link_is_a_link_and_nobody_waits_for_a_pipe() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        os::symlink("nowhere", at("link")).unwrap();
        copy(&at("link"), &at("copy")).unwrap();
        assert_eq!(fs::read_link(at("copy")).unwrap(), Path::new("nowhere"));
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        let fifo = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), fifo, mode, 0).unwrap();
        assert!(copy(&at("pipe"), &at("other")).is_err());
        assert!(!same_bytes(&at("pipe"), &at("pipe")));
    }
}
