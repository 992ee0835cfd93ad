//! A site folder, and one change of it as a transaction.
//!
//! The folder that a web server serves holds `data/`, which is ours, and `.watchtower/`, where the
//! next state is put together. A change is staged whole in `.watchtower/next`, a copy of `data/` in
//! which unchanged files are hard links, and made visible by exchanging the two folders in one
//! step. Whatever ends the process before that step leaves `data/` as it was.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, RenameFlags};

use crate::error::{Error, IoContext, Result};

/// The folder of a site's own state.
const HIDDEN: &str = ".watchtower";
/// The folder that holds everything the client reads.
const DATA: &str = "data";
/// How much is read or written at a time.
const BLOCK: usize = 1 << 20;

/// A folder that a web server serves, and that exports are written to.
#[derive(Clone, Debug)]
pub struct Site {
    root: PathBuf,
}

impl Site {
    /// The site at a folder, which need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The place of a file of the site, by its path from the site root.
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Starts a change. Nothing is visible until [`Transaction::commit`].
    ///
    /// Only one change happens at a time: a second one waits up to `patience` for the first to end.
    /// What an interrupted change left behind is cleared away.
    ///
    /// # Errors
    ///
    /// [`Error::NotASite`] when the place is a file, [`Error::Locked`] when another change goes on
    /// for longer, [`Error::Output`] when the folder cannot be written to.
    pub fn begin(&self, patience: Duration) -> Result<Transaction> {
        self.check_place()?;
        let hidden = self.root.join(HIDDEN);
        fs::create_dir_all(&hidden).during("create the folder", &hidden)?;
        let lock = self.lock(&hidden, patience)?;
        let next = hidden.join("next");
        recover(&self.root.join(DATA), &hidden.join("previous"))?;
        remove(&next)?;
        fs::create_dir(&next).during("create the folder", &next)?;
        Ok(Transaction {
            site: self.clone(),
            next,
            scratch_files: AtomicUsize::new(0),
            _lock: lock,
        })
    }

    fn check_place(&self) -> Result<()> {
        let refuse = |reason: &str| {
            Err(Error::NotASite {
                path: self.root.clone(),
                reason: reason.to_owned(),
            })
        };
        match fs::metadata(&self.root) {
            Ok(place) if !place.is_dir() => {
                return refuse("it is a file; give a folder, which is made if it is missing");
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).during("look at", &self.root);
            }
            _ => {}
        }
        match fs::symlink_metadata(self.root.join(DATA)) {
            Ok(data) if data.is_symlink() => refuse(
                "its `data` is a symbolic link, which one step cannot replace; give the folder \
                 that the link leads to as the site",
            ),
            Ok(data) if !data.is_dir() => refuse("its `data` is not a folder"),
            _ => Ok(()),
        }
    }

    fn lock(&self, hidden: &Path, patience: Duration) -> Result<File> {
        let path = hidden.join("lock");
        let file = File::create(&path).during("create", &path)?;
        let deadline = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::Locked {
                        path: self.root.clone(),
                    });
                }
                Err(TryLockError::Error(error)) => return Err(error).during("lock", &path),
            }
        }
    }
}

/// One change of a site. Dropped without [`commit`](Self::commit), it leaves the site as it was.
#[derive(Debug)]
pub struct Transaction {
    site: Site,
    next: PathBuf,
    scratch_files: AtomicUsize,
    /// Held until the change has ended: the system frees it when the process dies.
    _lock: File,
}

impl Transaction {
    /// The site that is being changed.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The place in the staged state of a file, by its path from the site root, which starts with
    /// `data/`. The folders above it are made.
    fn staged(&self, path: &str) -> Result<PathBuf> {
        let staged = self.next.join(below_data(path)?);
        if let Some(folder) = staged.parent() {
            fs::create_dir_all(folder).during("create the folder", folder)?;
        }
        Ok(staged)
    }

    /// Opens a file of the staged state for reading.
    ///
    /// # Errors
    ///
    /// [`Error::Output`] when it is not there or cannot be read.
    pub fn open(&self, path: &str) -> Result<File> {
        let staged = self.next.join(below_data(path)?);
        File::open(&staged).during("open", &staged)
    }

    /// Writes a file of the staged state: `write` gets a buffered writer.
    ///
    /// A file whose bytes are what the site holds already keeps its inode and its time.
    ///
    /// # Errors
    ///
    /// [`Error::Output`] when the file cannot be written, as when the disk is full.
    pub fn write(
        &self,
        path: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<()> {
        let staged = self.staged(path)?;
        let file = File::create(&staged).during("create", &staged)?;
        let mut writer = BufWriter::with_capacity(BLOCK, file);
        write(&mut writer)
            .and_then(|()| writer.flush())
            .during("write", &staged)?;
        self.settle(path, &staged, &writer.into_parts().0)
    }

    /// Moves a finished file, such as a download, to its place in the staged state.
    ///
    /// # Errors
    ///
    /// [`Error::Output`] when it cannot be moved.
    pub fn adopt(&self, path: &str, file: &Path) -> Result<()> {
        let staged = self.staged(path)?;
        fs::rename(file, &staged).during("move into place", &staged)?;
        let opened = File::open(&staged).during("open", &staged)?;
        self.settle(path, &staged, &opened)
    }

    /// Makes a staged file last: a link to the present one if their bytes are the same, and
    /// otherwise synced to the disk.
    fn settle(&self, path: &str, staged: &Path, file: &File) -> Result<()> {
        let present = self.site.path(path);
        if same_bytes(&present, staged) {
            fs::remove_file(staged).during("replace", staged)?;
            return link(&present, staged).during("link", staged);
        }
        file.sync_all().during("sync", staged)
    }

    /// Keeps a file, or a folder with everything in it, as the site holds it now. Says whether there
    /// was anything to keep; what is staged already stays.
    ///
    /// # Errors
    ///
    /// [`Error::Output`] when it cannot be linked.
    pub fn keep(&self, path: &str) -> Result<bool> {
        let present = self.site.path(path);
        match fs::symlink_metadata(&present) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error).during("look at", &present),
            Ok(_) => {
                let staged = self.staged(path)?;
                link_tree(&present, &staged)?;
                Ok(true)
            }
        }
    }

    /// Takes a file, or a folder with everything in it, out of the staged state.
    ///
    /// # Errors
    ///
    /// [`Error::Output`] when it cannot be removed.
    pub fn discard(&self, path: &str) -> Result<()> {
        let staged = self.next.join(below_data(path)?);
        match fs::symlink_metadata(&staged) {
            Ok(found) if !found.is_dir() => fs::remove_file(&staged).during("remove", &staged),
            _ => remove(&staged),
        }
    }

    /// The path of a new file in the hidden folder, for a download that goes on. It is on the file system of the
    /// site, so that [`adopt`](Self::adopt) is a rename, and is cleared away with the change.
    ///
    /// # Errors
    ///
    /// [`Error::Output`] when its folder cannot be made.
    pub fn scratch(&self) -> Result<PathBuf> {
        let folder = self.next.join(HIDDEN);
        fs::create_dir_all(&folder).during("create the folder", &folder)?;
        let number = self.scratch_files.fetch_add(1, Ordering::Relaxed);
        Ok(folder.join(number.to_string()))
    }

    /// Makes the change visible in one step.
    ///
    /// Everything staged is on the disk before the step, so a loss of power shows the state before
    /// or after it. Files and folders of `data/` that no format knows are carried over.
    ///
    /// # Errors
    ///
    /// [`Error::Output`] when the step cannot be taken; the site is as it was.
    pub fn commit(self) -> Result<()> {
        remove(&self.next.join(HIDDEN))?;
        self.carry_over_foreign()?;
        sync_folders(&self.next)?;
        let data = self.site.root.join(DATA);
        let previous = self.site.root.join(HIDDEN).join("previous");
        remove(&previous)?;
        publish(&self.next, &data, &previous)?;
        sync_folder(&self.site.root)?;
        // The step is taken: what is left of the previous state can only cost space, and the next
        // change clears it away.
        let _ = fs::remove_dir_all(&self.next);
        let _ = fs::remove_dir_all(&previous);
        Ok(())
    }

    /// Links what else stands in `data/`: the formats own `projects`, `projects-list` and
    /// `previews`; anything else is somebody's who put it there.
    fn carry_over_foreign(&self) -> Result<()> {
        let data = self.site.root.join(DATA);
        let entries = match fs::read_dir(&data) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.during("list", &data)?,
        };
        for entry in entries {
            let entry = entry.during("list", &data)?;
            let ours = ["projects", "projects-list", "previews"];
            if ours.iter().all(|name| entry.file_name() != *name) {
                link_tree(&entry.path(), &self.next.join(entry.file_name()))?;
            }
        }
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        // After a commit there is nothing left; otherwise the next change would clear it away too.
        let _ = fs::remove_dir_all(&self.next);
    }
}

/// The part of a site path below `data/`.
fn below_data(path: &str) -> Result<&Path> {
    let inside = Path::new(path).strip_prefix(DATA).ok().filter(|rest| {
        rest.components()
            .all(|it| matches!(it, Component::Normal(_)))
            && rest.components().next().is_some()
    });
    inside.ok_or_else(|| {
        Error::Data(format!(
            "`{path}` is not a path inside the site's `data` folder"
        ))
    })
}

/// Puts the previous state back that an export killed between two renames left aside.
fn recover(data: &Path, previous: &Path) -> Result<()> {
    if !data.exists() && previous.exists() {
        fs::rename(previous, data).during("put back", data)?;
    }
    Ok(())
}

/// Exchanges the staged folder for the present one.
fn publish(next: &Path, data: &Path, previous: &Path) -> Result<()> {
    if !data.exists() {
        return fs::rename(next, data).during("publish", data);
    }
    match rustix::fs::renameat_with(CWD, next, CWD, data, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        // Systems and file systems that cannot exchange: two renames, with a moment between them in
        // which `data` is missing. `recover` mends what a kill in that moment leaves.
        Err(rustix::io::Errno::NOSYS | rustix::io::Errno::INVAL | rustix::io::Errno::OPNOTSUPP) => {
            fs::rename(data, previous).during("set aside", data)?;
            fs::rename(next, data).during("publish", data)
        }
        Err(error) => Err(error).during("publish", data),
    }
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.during("clear away", folder),
    }
}

/// Links every file below `from` to the same place below `to`. What is there already stays.
fn link_tree(from: &Path, to: &Path) -> Result<()> {
    let found = fs::symlink_metadata(from).during("look at", from)?;
    if found.is_dir() {
        fs::create_dir_all(to).during("create the folder", to)?;
        for entry in fs::read_dir(from).during("list", from)? {
            let entry = entry.during("list", from)?;
            link_tree(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    match link(from, to) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result.during("link", to),
    }
}

/// A hard link, or a copy on file systems that have none.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::Unsupported
                    | io::ErrorKind::PermissionDenied
                    | io::ErrorKind::TooManyLinks
            ) =>
        {
            fs::copy(from, to).map(drop)
        }
        result => result,
    }
}

/// Whether two files exist and hold the same bytes.
fn same_bytes(one: &Path, other: &Path) -> bool {
    let compare = || -> io::Result<bool> {
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

/// Syncs a folder and every folder below it: names are on the disk only then.
fn sync_folders(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).during("list", folder)? {
        let entry = entry.during("list", folder)?;
        if entry.file_type().during("look at", entry.path())?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    sync_folder(folder)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .during("sync", folder)
}

/// Other systems have no way to sync a folder.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    fn put(change: &Transaction, path: &str, text: &str) {
        change
            .write(path, |out| out.write_all(text.as_bytes()))
            .unwrap();
    }

    fn read(site: &Site, path: &str) -> Option<String> {
        fs::read_to_string(site.path(path)).ok()
    }

    #[test]
    fn nothing_is_visible_before_the_commit() {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path().join("deep/site"));
        let change = site.begin(NOW).unwrap();
        put(&change, "data/projects/context.json", "1");
        assert_eq!(read(&site, "data/projects/context.json"), None);
        change.commit().unwrap();
        assert_eq!(read(&site, "data/projects/context.json").unwrap(), "1");
    }

    #[test]
    fn a_dropped_change_leaves_the_site_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path());
        let change = site.begin(NOW).unwrap();
        put(&change, "data/projects/context.json", "1");
        change.commit().unwrap();
        let change = site.begin(NOW).unwrap();
        put(&change, "data/projects/context.json", "2");
        drop(change);
        assert_eq!(read(&site, "data/projects/context.json").unwrap(), "1");
        assert!(!site.path(".watchtower/next").exists());
    }

    #[cfg(unix)]
    #[test]
    fn an_unchanged_file_keeps_its_inode_and_a_changed_one_does_not() {
        use std::os::unix::fs::MetadataExt;
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path());
        let inode = |path: &str| fs::metadata(site.path(path)).unwrap().ino();
        let mut seen = Vec::new();
        for text in ["1", "2"] {
            let change = site.begin(NOW).unwrap();
            put(&change, "data/projects/same", "same");
            put(&change, "data/projects/other", text);
            change.commit().unwrap();
            seen.push((inode("data/projects/same"), inode("data/projects/other")));
        }
        assert_eq!(seen[0].0, seen[1].0);
        assert_ne!(seen[0].1, seen[1].1);
    }

    #[test]
    fn what_is_not_written_again_is_gone_unless_it_is_kept_or_foreign() {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path());
        let change = site.begin(NOW).unwrap();
        put(&change, "data/projects/gone/a", "1");
        put(&change, "data/projects/kept/a", "1");
        change.commit().unwrap();
        fs::write(site.path("data/notes.txt"), "mine").unwrap();

        let change = site.begin(NOW).unwrap();
        assert!(change.keep("data/projects/kept").unwrap());
        assert!(!change.keep("data/projects/never-there").unwrap());
        change.commit().unwrap();
        assert_eq!(read(&site, "data/projects/gone/a"), None);
        assert_eq!(read(&site, "data/projects/kept/a").unwrap(), "1");
        assert_eq!(read(&site, "data/notes.txt").unwrap(), "mine");
    }

    #[test]
    fn a_second_change_does_not_interleave() {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path());
        let _first = site.begin(NOW).unwrap();
        assert!(matches!(site.begin(NOW), Err(Error::Locked { .. })));
    }

    #[test]
    fn a_kill_between_two_renames_is_mended() {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path());
        fs::create_dir_all(site.path(".watchtower/previous/projects")).unwrap();
        fs::write(site.path(".watchtower/previous/projects/a"), "1").unwrap();
        drop(site.begin(NOW).unwrap());
        assert_eq!(read(&site, "data/projects/a").unwrap(), "1");
    }

    #[test]
    fn a_path_cannot_leave_the_data_folder() {
        let folder = tempfile::tempdir().unwrap();
        let change = Site::new(folder.path()).begin(NOW).unwrap();
        for path in ["data/../x", "x", "/etc/passwd", "data", "data/"] {
            assert!(change.write(path, |_| Ok(())).is_err(), "{path} was taken");
        }
    }

    #[test]
    fn a_file_is_no_site() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "x").unwrap();
        let error = Site::new(&path).begin(NOW).unwrap_err();
        assert!(error.to_string().contains("it is a file"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "x");
    }
}
