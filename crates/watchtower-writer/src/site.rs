//! A site folder, and one change of it as a transaction.
//!
//! The folder that a web server serves holds `data/`, which is ours, and `.watchtower/`, where the
//! next state is put together. What a change brings is staged in `.watchtower/next`, what stays is
//! linked there in the end, and the whole is made visible by exchanging the two folders in one step.
//! Whatever ends the process before that step leaves `data/` as it was. A change that brings nothing
//! links nothing, and takes no step.
//!
//! At rest, `.watchtower/` holds the lock, `previous`, the state before the last step, so that who
//! opened `data/` before it still finds every file, and `media.json`, what is remembered of pictures
//! and movies.

mod early;
mod files;
mod folder;
mod journal;
mod kept;
pub(crate) mod os;
mod step;

use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use self::folder::SiteFolder;
pub use self::os::{exchange, patiently};

use watchtower_model::format::Format;

use self::early::{EarlySync, LARGE};
use self::files::{Tree, exists, link, remove, same_bytes, site_path};
use self::journal::Journal;
use self::kept::{Kept, check_is_not_mounted, nearest_folder};
use self::step::{DATA, HIDDEN, Places};
use crate::error::{Error, IoContext, Result};
use crate::layout::{is_file_of_a_format, is_folder_of_a_format};
use crate::media::{MediaState, Stamp};
use crate::present::formats_of;

/// Stands in the folder of a change from its beginning to its end, by its path from there. A folder without it
/// is not the one in which the change began.
const BEGUN: &str = ".watchtower/begun";

/// A folder that a web server serves, and that exports are written to.
#[derive(Clone, Debug)]
pub struct Site {
    root: PathBuf,
    /// Whether a change exchanges folders; otherwise it replaces file by file.
    moves_folders: bool,
}

impl Site {
    /// The site at a folder, which need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            moves_folders: os::MOVES_FOLDERS,
        }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The place of a file of the site, by its path from the site root.
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// What the last export [remembered](crate::Export::finish_remembering) of its source. None where it
    /// remembered nothing, or there was none.
    pub fn remembered(&self) -> Option<String> {
        let media = Places::of(&self.root).remembered();
        media.source().map(str::to_owned)
    }

    /// The formats that the site is of: one, but for a site that two programs write to. None for a new site.
    ///
    /// # Errors
    ///
    /// [`Error::Output`] when it cannot be looked at.
    pub fn formats(&self) -> Result<Vec<Format>> {
        formats_of(self)
    }

    /// Something that is another after each export that changed what is remembered. It costs one look at the
    /// disk.
    pub fn memory_tag(&self) -> Option<String> {
        Places::of(&self.root).memory_stamp().map(Stamp::tag)
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
        let places = Places::of(&self.root);
        places.make_hidden()?;
        let lock = self.lock(&places, patience)?;
        places.come_to_rest()?;
        os::patiently(|| fs::create_dir(&places.next)).during("create the folder", &places.next)?;
        let is_new = !places.data.is_dir();
        // A folder that passes its group on does so from the start.
        let like = if is_new { &self.root } else { &places.data };
        let like = fs::metadata(like).during("look at", like)?;
        let media = places.remembered();
        let change = Transaction {
            site: self.clone(),
            is_new,
            media: Mutex::new(media.clone()),
            remembered: media,
            places,
            kept: Mutex::default(),
            scratch_files: AtomicUsize::new(0),
            new_files: Mutex::default(),
            early: Mutex::default(),
            _lock: lock,
        };
        // Dropped with what cannot be made.
        let next = &change.places.next;
        os::take_after(next, &like).during("set the mode of", next)?;
        let begun = next.join(BEGUN);
        fs::create_dir(next.join(HIDDEN)).during("create the folder", next)?;
        File::create_new(&begun).during("create", &begun)?;
        Ok(change)
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

    fn lock(&self, places: &Places, patience: Duration) -> Result<File> {
        let path = places.hidden.join("lock");
        let mut options = File::options();
        options.create(true).truncate(false).write(true);
        let file = options.open(&path).during("open", &path)?;
        places.share(&path);
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if start.elapsed() < patience => {
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
    places: Places,
    /// Whether there was no site before.
    is_new: bool,
    /// What is known of pictures and movies.
    media: Mutex<MediaState>,
    /// The same, as it was when the change began.
    remembered: MediaState,
    /// What stays as it is.
    kept: Mutex<Kept>,
    scratch_files: AtomicUsize,
    /// Staged files that are not on the disk yet.
    new_files: Mutex<Vec<PathBuf>>,
    /// Brings the large ones there already.
    early: Mutex<Option<EarlySync>>,
    /// Held until the change has ended: the system frees it when the process dies.
    _lock: File,
}

impl Transaction {
    /// The site that is being changed.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// What a person should know of a site that was not there before.
    ///
    /// # Errors
    ///
    /// [`Error::Output`] when it cannot be looked at.
    pub(crate) fn note_on_rights(&self) -> Result<Option<String>> {
        let next = &self.places.next;
        let found = fs::metadata(next).during("look at", next)?;
        Ok((self.is_new && !os::others_may_read(&found)).then(|| {
            let root = self.site.root.display();
            format!(
                "only the account of this export may read the site, as its umask wants it: for the web \
                 server of another account, run `chmod -R go+rX {root}` once; later exports keep to that"
            )
        }))
    }

    /// What is known of pictures and movies, to be remembered with this change.
    pub(crate) fn media(&self) -> MutexGuard<'_, MediaState> {
        locked(&self.media)
    }

    /// The place in the staged state of a file, by its path from the site root, which starts with
    /// `data/`. The folders above it are made.
    fn staged(&self, path: &str) -> Result<PathBuf> {
        let staged = self.places.next.join(below_data(path)?);
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
        let below = below_data(path)?;
        let mut place = self.places.next.join(below);
        if !exists(&place)? && locked(&self.kept).has_file(below) {
            place = self.places.data.join(below);
        }
        // To open a pipe would be to wait for who writes to it.
        let found = fs::metadata(&place).during("open", &place)?;
        if !found.is_file() {
            return Err(io::Error::other("it is no file")).during("open", &place);
        }
        File::open(&place).during("open", &place)
    }

    /// The size and time of a file of the staged state; none if it is not there.
    pub(crate) fn stamp(&self, path: &str) -> Option<Stamp> {
        let below = below_data(path).ok()?;
        let stays = || locked(&self.kept).has_file(below);
        let kept = || Stamp::of(&self.places.data.join(below)).filter(|_| stays());
        Stamp::of(&self.places.next.join(below)).or_else(kept)
    }

    /// The size and time of a file that the site holds now; none if it is not there.
    pub(crate) fn present_stamp(&self, path: &str) -> Option<Stamp> {
        Stamp::of(&self.places.data.join(below_data(path).ok()?))
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
        write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
    ) -> Result<()> {
        let staged = self.staged(path)?;
        // What stands there may be a link to what readers see.
        match fs::remove_file(&staged) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => result.during("replace", &staged)?,
        }
        let file = File::create_new(&staged).during("create", &staged)?;
        // Documents come in large pieces, which are not copied into this one's buffer.
        let mut writer = BufWriter::new(file);
        write(&mut writer)
            .and_then(|()| writer.flush())
            .during("write", &staged)?;
        self.settle(path, staged)
    }

    /// Moves a finished file, such as a download, to its place in the staged state.
    ///
    /// # Errors
    ///
    /// [`Error::Output`] when it cannot be moved.
    pub fn adopt(&self, path: &str, file: &Path) -> Result<()> {
        let staged = self.staged(path)?;
        os::patiently(|| fs::rename(file, &staged)).during("move into place", &staged)?;
        self.settle(path, staged)
    }

    /// Keeps the present file in place of a staged one if their bytes are the same, and otherwise
    /// notes that it is new.
    fn settle(&self, path: &str, staged: PathBuf) -> Result<()> {
        if same_bytes(&self.site.path(path), &staged) {
            fs::remove_file(&staged).during("replace", &staged)?;
            return locked(&self.kept).add(&self.places.data, below_data(path)?);
        }
        let folder = nearest_folder(&self.places.data, below_data(path)?);
        let folder = folder.map_or_else(|| fs::metadata(&self.places.next), Ok);
        folder
            .and_then(|folder| os::file_takes_after(&staged, &folder))
            .during("set the mode of", &staged)?;
        let length = fs::metadata(&staged).during("look at", &staged)?.len();
        if length >= LARGE {
            let mut early = locked(&self.early);
            if early.is_none() {
                *early = EarlySync::start().ok();
            }
            if let Some(early) = &*early {
                early.add(staged);
                return Ok(());
            }
        }
        locked(&self.new_files).push(staged);
        Ok(())
    }

    /// Keeps a file, or a folder with everything in it, as the site holds it now. Says whether there
    /// was anything to keep; what is staged already stays.
    ///
    /// # Errors
    ///
    /// [`Error::Output`] when it cannot be looked at, or when another file system is mounted in it.
    pub fn keep(&self, path: &str) -> Result<bool> {
        let below = below_data(path)?;
        let there = exists(&self.places.data.join(below))?;
        if there {
            locked(&self.kept).add(&self.places.data, below)?;
        }
        Ok(there)
    }

    /// Whether a file with this stamp is staged under a path, or is there now.
    pub(crate) fn has(&self, path: &str, stamp: Stamp) -> bool {
        self.stamp(path) == Some(stamp) || self.present_stamp(path) == Some(stamp)
    }

    /// Stages the file with this stamp that is staged under a path, or is there now, under another
    /// path or the same. What is staged there already stays.
    ///
    /// # Errors
    ///
    /// [`Error::Output`] when it cannot be linked.
    pub(crate) fn keep_as(&self, path: &str, stamp: Stamp, to: &str) -> Result<()> {
        // What stands there now is linked, so that it keeps its inode.
        if self.present_stamp(to) == Some(stamp) {
            return self.keep(to).map(drop);
        }
        let below = below_data(path)?;
        let mut from = self.places.next.join(below);
        if Stamp::of(&from) != Some(stamp) {
            from = self.places.data.join(below);
        }
        // The same bytes may have come there on another way, at another time.
        if same_bytes(&self.site.path(to), &from) {
            return self.keep(to).map(drop);
        }
        let staged = self.staged(to)?;
        match link(&from, &staged) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => {
                if result.during("link", &staged)? {
                    locked(&self.new_files).push(staged);
                }
            }
        }
        Ok(())
    }

    /// Takes a file, or a folder with everything in it, out of the staged state.
    ///
    /// # Errors
    ///
    /// [`Error::Output`] when it cannot be removed.
    pub fn discard(&self, path: &str) -> Result<()> {
        let below = below_data(path)?;
        locked(&self.kept).remove(below);
        remove(&self.places.next.join(below))
    }

    /// Every file below a folder, in the site now or staged, by its path from the site root.
    pub(crate) fn files(&self, folder: &str) -> Result<Vec<String>> {
        let below = below_data(folder)?;
        let mut files = Tree::of(&self.places.data.join(below))?.files;
        files.append(&mut Tree::of(&self.places.next.join(below))?.files);
        // Nobody can refer to a name that is not Unicode.
        let paths = files
            .iter()
            .filter_map(|it| Some(format!("{folder}/{}", site_path(it)?)));
        Ok(paths.collect())
    }

    /// The path of a new file in the hidden folder, for a download that goes on. It is on the file system of the
    /// site, so that [`adopt`](Self::adopt) is a rename, and is cleared away with the change.
    ///
    /// # Errors
    ///
    /// [`Error::Output`] when its folder cannot be made.
    pub fn scratch(&self) -> Result<PathBuf> {
        let folder = self.places.next.join(HIDDEN);
        fs::create_dir_all(&folder).during("create the folder", &folder)?;
        let number = self.scratch_files.fetch_add(1, Ordering::Relaxed);
        Ok(folder.join(number.to_string()))
    }

    /// Makes the change visible in one step.
    ///
    /// Everything staged is on the disk before the step, so a loss of power shows the state before
    /// or after it. Files and folders of `data/` that no format knows are carried over. When nothing
    /// changed, no step is taken: even the folders stay the same.
    ///
    /// # Errors
    ///
    /// [`Error::Output`] when the step cannot be taken; the site is as it was. On Windows it may be half changed then,
    /// if another program holds a file of it open for long: the next change finishes that.
    pub fn commit(self) -> Result<()> {
        let Places { data, next, .. } = &self.places;
        if !exists(&next.join(BEGUN))? {
            let reason = "another program has removed what was put together there";
            return Err(io::Error::other(reason)).during("publish", next);
        }
        remove(&next.join(HIDDEN))?;
        let present = Tree::of(data)?;
        let staged = Tree::of(next)?;
        self.carry_over_foreign(&present, &staged)?;
        let media = {
            let mut media = self.media();
            media.forget_unless(|path| self.stamp(path));
            media.clone()
        };
        let kept = std::mem::take(&mut *locked(&self.kept));
        if !exists(data)? || !kept.are_all_of(data, &present, &staged) {
            let mut new_files = std::mem::take(&mut *locked(&self.new_files));
            let early = locked(&self.early).take();
            if !self.site.moves_folders {
                kept.check(data, &staged)?;
                let journal = Journal::new(data, &present, &staged, &kept)?;
                early.map_or(Ok(()), EarlySync::finish)?;
                return self.places.take_by_files(media, new_files, &journal);
            }
            new_files.extend(kept.link(data, next, &staged)?);
            early.map_or(Ok(()), EarlySync::finish)?;
            return self.places.take(media, new_files);
        }
        if media != self.remembered {
            self.places.remember(media)?;
        }
        Ok(())
    }

    /// Keeps what else stands in `data/`: whatever has no place in any format is somebody's who put it there.
    fn carry_over_foreign(&self, present: &Tree, staged: &Tree) -> Result<()> {
        let data = &self.places.data;
        let mut kept = locked(&self.kept);
        let top = present.folders.iter().filter(|it| it.iter().count() == 1);
        for folder in top.filter(|it| !is_folder_of_a_format(it)) {
            kept.add(data, folder)?;
        }
        let foreign = present.files.iter().filter(|it| !is_file_of_a_format(it));
        for file in foreign.filter(|it| !staged.files.contains(*it)) {
            let place = data.join(file);
            check_is_not_mounted(data, place.parent().unwrap_or(data))?;
            kept.add(data, file)?;
        }
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        // What is left can only cost space, and the next change clears it away too.
        let _ = self.places.come_to_rest();
    }
}

/// What a mutex guards. What is guarded here is whole after every statement, so a panic elsewhere
/// does not spoil it.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    /// A site for each way to make a change that this system knows. Going file by file is one on every system,
    /// for whoever comes upon what a Windows machine has begun.
    fn ways() -> Vec<(tempfile::TempDir, Site)> {
        let ways = [false, true];
        let known = ways.into_iter().filter(|it| !it || os::MOVES_FOLDERS);
        known
            .map(|moves_folders| {
                let folder = tempfile::tempdir().unwrap();
                // It need not be there yet.
                let root = folder.path().join("deep/site");
                let site = Site {
                    root,
                    moves_folders,
                };
                (folder, site)
            })
            .collect()
    }

    fn put(change: &Transaction, path: &str, text: &str) {
        change
            .write(path, |out| out.write_all(text.as_bytes()))
            .unwrap();
    }

    /// A change that brings one file, and keeps none.
    fn publish(site: &Site, path: &str, text: &str) {
        let change = site.begin(NOW).unwrap();
        put(&change, path, text);
        change.commit().unwrap();
    }

    fn read(site: &Site, path: &str) -> Option<String> {
        fs::read_to_string(site.path(path)).ok()
    }

    #[test]
    fn nothing_is_visible_before_the_commit() {
        for (_folder, site) in ways() {
            let change = site.begin(NOW).unwrap();
            put(&change, "data/projects/context.json", "1");
            assert_eq!(read(&site, "data/projects/context.json"), None);
            change.commit().unwrap();
            assert_eq!(read(&site, "data/projects/context.json").unwrap(), "1");
        }
    }

    #[test]
    fn a_large_file_is_on_its_way_to_the_disk_before_the_commit() {
        for (_folder, site) in ways() {
            let change = site.begin(NOW).unwrap();
            let large = "x".repeat(usize::try_from(LARGE).unwrap());
            put(&change, "data/projects/large", &large);
            put(&change, "data/projects/small", "x");
            let waiting = locked(&change.new_files).clone();
            assert!(waiting.iter().all(|it| it.ends_with("small")));
            assert!(locked(&change.early).is_some());
            change.commit().unwrap();
            assert_eq!(read(&site, "data/projects/large").unwrap(), large);
        }
    }

    #[test]
    fn a_dropped_change_leaves_the_site_as_it_was() {
        for (_folder, site) in ways() {
            publish(&site, "data/projects/context.json", "1");
            let change = site.begin(NOW).unwrap();
            put(&change, "data/projects/context.json", "2");
            drop(change);
            assert_eq!(read(&site, "data/projects/context.json").unwrap(), "1");
            assert!(!site.path(".watchtower/next").exists());
        }
    }

    #[cfg(unix)] // Inodes are not told elsewhere.
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
        for (_folder, site) in ways() {
            let change = site.begin(NOW).unwrap();
            put(&change, "data/projects/gone/shots.json", "1");
            put(&change, "data/projects/kept/shots.json", "1");
            let picture = "data/previews/0a/0a1b2c3d4e5f60718293a4b5c6d7e8f9.png";
            put(&change, picture, "1");
            change.commit().unwrap();
            let foreign = [
                "data/notes.txt",
                "data/robots/notes.txt",
                "data/projects/notes.txt",
                "data/projects/gone/notes.txt",
                "data/projects/kept/sources/edit.blend",
                "data/previews/logo.svg",
            ];
            for path in foreign {
                let path = site.path(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "mine").unwrap();
            }

            let change = site.begin(NOW).unwrap();
            assert!(change.keep("data/projects/kept").unwrap());
            assert!(!change.keep("data/projects/never-there").unwrap());
            change.commit().unwrap();
            assert_eq!(read(&site, "data/projects/gone/shots.json"), None);
            assert_eq!(read(&site, picture), None);
            assert_eq!(read(&site, "data/projects/kept/shots.json").unwrap(), "1");
            for path in foreign {
                assert_eq!(read(&site, path).unwrap(), "mine", "{path}");
            }
            // Nor is a step taken for what stays.
            let time = || fs::metadata(site.path("data")).unwrap().modified().unwrap();
            let before = time();
            let change = site.begin(NOW).unwrap();
            change.keep("data/projects/kept/shots.json").unwrap();
            change.commit().unwrap();
            assert_eq!(time(), before);
        }
    }

    #[cfg(unix)] // Rights come from the folder by themselves elsewhere.
    #[test]
    fn files_and_new_folders_take_after_the_site() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path());
        let set = |path: &str, mode: u32| {
            fs::set_permissions(site.path(path), fs::Permissions::from_mode(mode)).unwrap();
        };
        let mode = |path: &str| fs::metadata(site.path(path)).unwrap().mode() & 0o7777;
        // One whose account may read it alone, as under a umask of 077.
        set("", 0o700);
        publish(&site, "data/projects/a", "1");
        assert_eq!((mode("data"), mode("data/projects/a")), (0o700, 0o600));
        assert_eq!(mode(".watchtower"), 0o700);
        // Then a web server may, and a folder is for a group alone.
        for folder in ["", "data"] {
            set(folder, 0o755);
        }
        set("data/projects", 0o2770);
        let change = site.begin(NOW).unwrap();
        assert_eq!(change.note_on_rights().unwrap(), None);
        put(&change, "data/projects/b", "2");
        put(&change, "data/projects/new/b", "2");
        put(&change, "data/previews/b", "2");
        change.commit().unwrap();
        assert_eq!(
            (mode("data/previews"), mode("data/previews/b")),
            (0o755, 0o644)
        );
        assert_eq!(
            (mode("data/projects/new"), mode("data/projects/b")),
            (0o2770, 0o660)
        );
        assert_eq!(mode("data/projects/new/b"), 0o660);
        // Those who share the site share what is behind it, and nobody else does.
        assert_eq!(mode(".watchtower"), 0o700);
        set("", 0o2775);
        drop(site.begin(NOW).unwrap());
        assert_eq!(mode(".watchtower"), 0o2770);
        assert_eq!(mode(".watchtower/lock"), 0o660);
    }

    #[test]
    fn what_stays_is_linked_only_for_a_step() {
        for (_folder, site) in ways() {
            publish(&site, "data/projects/a", "1");

            let change = site.begin(NOW).unwrap();
            assert!(change.open("data/projects/a").is_err(), "nobody keeps it");
            assert!(change.keep("data/projects").unwrap());
            let staged = Tree::of(&change.places.next).unwrap();
            assert_eq!(staged.files, [PathBuf::from(BEGUN)].into());
            let text = io::read_to_string(change.open("data/projects/a").unwrap());
            assert_eq!(text.unwrap(), "1");
            let stamp = change.present_stamp("data/projects/a");
            assert!(stamp.is_some());
            assert_eq!(change.stamp("data/projects/a"), stamp);
            put(&change, "data/projects/b", "2");
            change.commit().unwrap();
            assert_eq!(read(&site, "data/projects/a").unwrap(), "1");
            assert_eq!(read(&site, "data/projects/b").unwrap(), "2");

            // What is discarded after all does not stay.
            publish(&site, "data/projects/p/shots.json", "3");
            let change = site.begin(NOW).unwrap();
            change.keep("data/projects").unwrap();
            change.discard("data/projects/p/shots.json").unwrap();
            assert_eq!(change.stamp("data/projects/p/shots.json"), None);
            change.commit().unwrap();
            assert_eq!(read(&site, "data/projects/p/shots.json"), None);
            assert_eq!(read(&site, "data/projects/b").unwrap(), "2");
        }
    }

    #[cfg(unix)] // Inodes are not told elsewhere.
    #[test]
    fn a_file_that_comes_from_elsewhere_with_the_same_bytes_stays_what_it_is() {
        use std::os::unix::fs::MetadataExt;
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path());
        let change = site.begin(NOW).unwrap();
        put(&change, "data/projects/a/x", "same");
        put(&change, "data/projects/b/x", "same");
        put(&change, "data/projects/c/x", "other");
        change.commit().unwrap();
        let time = std::time::SystemTime::now() - Duration::from_secs(60);
        let file = File::options()
            .write(true)
            .open(site.path("data/projects/b/x"));
        file.unwrap().set_modified(time).unwrap();
        let inode = |path: &str| fs::metadata(site.path(path)).unwrap().ino();
        let before = inode("data/projects/b/x");

        let change = site.begin(NOW).unwrap();
        let stamp = change.present_stamp("data/projects/a/x").unwrap();
        for folder in ["a", "b", "c"] {
            let to = format!("data/projects/{folder}/x");
            change.keep_as("data/projects/a/x", stamp, &to).unwrap();
        }
        change.commit().unwrap();
        assert_eq!(inode("data/projects/b/x"), before);
        assert_eq!(inode("data/projects/c/x"), inode("data/projects/a/x"));
    }

    #[cfg(unix)] // Nobody removes a folder elsewhere while the lock in it is held.
    #[test]
    fn half_of_what_was_put_together_is_not_published() {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path());
        let change = site.begin(NOW).unwrap();
        put(&change, "data/projects/a", "1");
        fs::remove_dir_all(&change.places.hidden).unwrap();
        put(&change, "data/projects/b", "2");
        assert!(change.commit().is_err());
        assert!(!site.path("data").exists());
    }

    #[cfg(unix)] // There are none elsewhere.
    #[test]
    fn folders_keep_their_modes_and_their_group() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path());
        publish(&site, "data/projects/a", "1");
        fs::create_dir(site.path("data/private")).unwrap();
        fs::write(site.path("data/private/notes.txt"), "mine").unwrap();
        let mode = |path: &str, mode: u32| {
            fs::set_permissions(site.path(path), fs::Permissions::from_mode(mode)).unwrap();
        };
        mode("data/private", 0o700);
        mode("data", 0o2751);
        let inode = fs::metadata(site.path("data")).unwrap().ino();

        publish(&site, "data/projects/a", "2");
        let found = |path: &str| fs::metadata(site.path(path)).unwrap();
        assert_ne!(found("data").ino(), inode, "the step was taken");
        assert_eq!(found("data").mode() & 0o7777, 0o2751);
        assert_eq!(found("data/private").mode() & 0o7777, 0o700);
    }

    #[test]
    fn a_folder_in_place_of_what_is_remembered_stops_nothing() {
        for (_folder, site) in ways() {
            for text in ["1", "2"] {
                publish(&site, "data/projects/a", text);
                let memory = site.path(".watchtower/media.json");
                let _ = fs::remove_file(&memory);
                fs::create_dir(&memory).unwrap();
            }
            assert_eq!(read(&site, "data/projects/a").unwrap(), "2");
        }
    }

    #[test]
    fn any_patience_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        Site::new(folder.path()).begin(Duration::MAX).unwrap();
    }

    #[test]
    fn a_second_change_does_not_interleave() {
        for (_folder, site) in ways() {
            let _first = site.begin(NOW).unwrap();
            assert!(matches!(site.begin(NOW), Err(Error::Locked { .. })));
        }
    }

    #[cfg(unix)] // Inodes are not told elsewhere.
    #[test]
    fn when_nothing_changed_even_the_folders_stay() {
        use std::os::unix::fs::MetadataExt;
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path());
        let write = |other: &str| {
            let change = site.begin(NOW).unwrap();
            put(&change, "data/projects/same", "same");
            put(&change, &format!("data/projects/p/{other}.json"), "other");
            change.commit().unwrap();
            fs::metadata(site.path("data")).unwrap().ino()
        };
        let first = write("shots");
        assert_eq!(write("shots"), first);
        assert_ne!(
            write("assets"),
            first,
            "one file is gone and another is new"
        );
        assert!(!site.path("data/projects/p/shots.json").exists());
    }

    #[cfg(unix)] // Nothing is exchanged elsewhere.
    #[test]
    fn who_opened_the_folder_before_a_step_still_finds_every_file() {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path());
        let write = |text: &str| {
            publish(&site, "data/projects/a", text);
        };
        write("1");
        let opened = File::open(site.path("data")).unwrap();
        write("2");
        drop(site.begin(NOW).unwrap());
        let flags = rustix::fs::OFlags::RDONLY;
        let mode = rustix::fs::Mode::empty();
        let file = rustix::fs::openat(&opened, "projects/a", flags, mode).unwrap();
        assert_eq!(io::read_to_string(File::from(file)).unwrap(), "1");
    }

    #[test]
    fn writing_over_what_is_kept_does_not_reach_the_readers() {
        for (_folder, site) in ways() {
            publish(&site, "data/projects/a", "1");
            let change = site.begin(NOW).unwrap();
            change.keep("data/projects").unwrap();
            put(&change, "data/projects/a", "2");
            assert_eq!(read(&site, "data/projects/a").unwrap(), "1");
            change.commit().unwrap();
            assert_eq!(read(&site, "data/projects/a").unwrap(), "2");
        }
    }

    #[test]
    fn a_folder_whose_name_changes_its_case_keeps_its_files() {
        for (_folder, site) in ways() {
            for (path, text) in [("film", "1"), ("Film", "1"), ("FILM", "2"), ("film", "2")] {
                let path = format!("data/projects/{path}/shots.json");
                publish(&site, &path, text);
                assert_eq!(read(&site, &path).as_deref(), Some(text), "{path}");
                let files = Tree::of(&site.path("data")).unwrap().files;
                assert_eq!(files.len(), 1, "{files:?}");
            }
        }
    }

    #[test]
    fn paths_may_be_longer_than_260_characters() {
        for (_folder, mut site) in ways() {
            site.root.push("deeper".repeat(20));
            let long = format!("data/projects/{}/shots.json", "film".repeat(50));
            assert!(site.path(&long).as_os_str().len() > 260);
            for text in ["1", "2"] {
                publish(&site, &long, text);
                assert_eq!(read(&site, &long).unwrap(), text);
                let file = SiteFolder::new(site.root()).open(&long).unwrap();
                assert_eq!(io::read_to_string(file).unwrap(), text);
            }
            publish(&site, "data/projects/other", "3");
            assert_eq!(read(&site, &long), None);
        }
    }

    #[test]
    fn whoever_comes_next_finishes_what_goes_file_by_file() {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path());
        publish(&site, "data/projects/a", "1");
        publish(&site, "data/projects/b", "1");
        // As a kill leaves it right after the journal was written.
        let (next, data) = (site.path(".watchtower/next"), site.path("data"));
        fs::create_dir_all(next.join("projects")).unwrap();
        fs::write(next.join("projects/a"), "2").unwrap();
        fs::write(next.join("projects/c"), "2").unwrap();
        let (present, staged) = (Tree::of(&data).unwrap(), Tree::of(&next).unwrap());
        let journal = Journal::new(&data, &present, &staged, &Kept::default()).unwrap();
        let place = site.path(".watchtower/journal.json");
        journal.write(&place).unwrap();
        let memory = r#"{"folder": -1, "media": {}}"#;
        fs::write(site.path(".watchtower/next.json"), memory).unwrap();

        drop(site.begin(NOW).unwrap());
        let texts = ["a", "b", "c"].map(|it| read(&site, &format!("data/projects/{it}")));
        assert_eq!(texts, [Some("2".into()), None, Some("2".into())]);
        let mut left: Vec<_> = fs::read_dir(site.path(".watchtower"))
            .unwrap()
            .map(|it| it.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["lock", "media.json"]);
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
