//! The one step that makes a change visible, and the folder in which it is prepared.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::slice;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::files::{Tree, check_nothing_is_mounted, exists, remove, remove_stubbornly, sync_all};
use super::journal::Journal;
use super::os;
use crate::error::{IoContext, Result};
use crate::media::{MediaState, Stamp};

/// The folder of a site's own state.
pub(super) const HIDDEN: &str = ".watchtower";
/// The folder that holds everything the client reads.
pub(super) const DATA: &str = "data";

/// How many folders that cannot be removed may be put out of the way.
const STUCK: usize = 100;

/// The places of a site that take part in a step.
#[derive(Clone, Debug)]
pub(super) struct Places {
    root: PathBuf,
    /// Everything that is not served.
    pub(super) hidden: PathBuf,
    /// What readers see.
    pub(super) data: PathBuf,
    /// The state being staged; right after a step, the state before it.
    pub(super) next: PathBuf,
    /// The state before the last step, for readers that still have it open.
    previous: PathBuf,
    /// Where two renames put `data` down between them.
    aside: PathBuf,
    /// Where the staged state waits, whole, while a present one is removed that cannot be moved.
    arriving: PathBuf,
    /// What is remembered of the media in `data`.
    memory: PathBuf,
    /// What is to be remembered once the step is taken.
    next_memory: PathBuf,
    /// What is still to be done of a step that is taken file by file.
    journal: PathBuf,
}

/// What is remembered from one change to the next. Losing it costs time, not correctness.
#[derive(Serialize, Deserialize)]
struct Memory {
    /// The time of the `data` folder it goes with, in seconds. A folder keeps it through the step, and each
    /// staged one has a later time than the one it replaces, so this tells whether the step was taken. Inode
    /// numbers would not: some file systems, as sshfs and CIFS, make them up anew.
    folder: i64,
    media: MediaState,
}

/// As much of a [`Memory`] as tells which folder it goes with.
#[derive(Deserialize)]
struct MemoryOf {
    folder: i64,
}

impl Places {
    pub(super) fn of(root: &Path) -> Self {
        let hidden = root.join(HIDDEN);
        Self {
            root: root.to_owned(),
            data: root.join(DATA),
            next: hidden.join("next"),
            previous: hidden.join("previous"),
            aside: hidden.join("aside"),
            arriving: hidden.join("arriving"),
            memory: hidden.join("media.json"),
            next_memory: hidden.join("next.json"),
            journal: hidden.join("journal.json"),
            hidden,
        }
    }

    /// Makes the hidden folder, and keeps it from whoever may not export to the site: what was taken out of the
    /// site is in it for a while. Accounts that share a site share the right to write to its folder.
    pub(super) fn make_hidden(&self) -> Result<()> {
        let hidden = &self.hidden;
        fs::create_dir_all(hidden).during("create the folder", hidden)?;
        let site = fs::metadata(&self.root).during("look at", &self.root)?;
        os::keep_for_writers_of(&site, hidden).during("look at", hidden)
    }

    /// Gives a file in the hidden folder the rights of the folder.
    pub(super) fn share(&self, file: &Path) {
        if let Ok(hidden) = fs::metadata(&self.hidden) {
            // It may be another account's.
            let _ = os::file_takes_after(file, &hidden);
        }
    }

    /// What was remembered. What cannot be read or understood is forgotten.
    pub(super) fn remembered(&self) -> MediaState {
        let memory: Option<Memory> = fs::read(&self.memory)
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok());
        memory.map(|it| it.media).unwrap_or_default()
    }

    /// The size and time of the file of what is remembered.
    pub(super) fn memory_stamp(&self) -> Option<Stamp> {
        Stamp::of(&self.memory)
    }

    /// Takes the step: what is staged becomes visible, with what is to be remembered of it. An error
    /// means that nothing is visible.
    ///
    /// Everything is on the disk before: `new_files`, which are staged, and all folders; the other
    /// files are links to what an earlier step has synced.
    pub(super) fn take(&self, media: MediaState, new_files: Vec<PathBuf>) -> Result<()> {
        self.write_memory(&self.next, media)?;
        let mut unsynced = new_files;
        unsynced.extend([&self.next_memory, &self.hidden, &self.next].map(PathBuf::clone));
        let folders = Tree::of(&self.next)?.folders;
        unsynced.extend(folders.iter().map(|it| self.next.join(it)));
        sync_all(&unsynced)?;
        self.publish()?;
        // The step is taken. Should the names not reach the disk, a loss of power shows the state
        // before it, which is as whole.
        let _ = sync_all(&[self.root.clone(), self.hidden.clone()]);
        Ok(())
    }

    /// Takes the step file by file, where folders cannot be moved: every file is whole at any time, and the whole
    /// state within moments. It is taken when the journal is there; whoever comes next finishes it. An error
    /// before that means that nothing is visible.
    ///
    /// `new_files`, which are staged, are on the disk before.
    pub(super) fn take_by_files(
        &self,
        media: MediaState,
        new_files: Vec<PathBuf>,
        journal: &Journal,
    ) -> Result<()> {
        // Of no folder: what is remembered goes with the journal.
        self.write_memory_of(i64::MIN, media)?;
        let mut unsynced = new_files;
        unsynced.push(self.next_memory.clone());
        sync_all(&unsynced)?;
        journal.write(&self.journal)?;
        self.share(&self.journal);
        self.roll_forward()
    }

    /// Does what is left of a step that is taken file by file.
    fn roll_forward(&self) -> Result<()> {
        let Some(journal) = Journal::read(&self.journal)? else {
            return Ok(());
        };
        fs::create_dir_all(&self.data).during("create the folder", &self.data)?;
        for change in journal.changes() {
            change.make(&self.next, &self.data)?;
        }
        // What is removed is not had from the state before it either.
        self.clear(&self.previous)?;
        if exists(&self.next_memory)? {
            self.settle_memory()?;
        }
        self.clear(&self.next)?;
        remove(&self.journal)
    }

    /// Remembers what was to be remembered once the step was taken.
    fn settle_memory(&self) -> Result<()> {
        if self.memory.is_dir() {
            self.clear(&self.memory)?;
        }
        os::patiently(|| fs::rename(&self.next_memory, &self.memory))
            .during("rename", &self.next_memory)
    }

    /// Remembers something else of the same state.
    pub(super) fn remember(&self, media: MediaState) -> Result<()> {
        remove(&self.next)?;
        self.write_memory(&self.data, media)?;
        sync_all(std::slice::from_ref(&self.next_memory))
    }

    fn write_memory(&self, folder: &Path, media: MediaState) -> Result<()> {
        if folder == self.next {
            self.date().during("set the time of", folder)?;
        }
        let folder = seconds(folder).during("look at", folder)?;
        self.write_memory_of(folder, media)
    }

    fn write_memory_of(&self, folder: i64, media: MediaState) -> Result<()> {
        let write = || -> io::Result<()> {
            let mut text = serde_json::to_vec(&Memory { folder, media })?;
            text.push(b'\n');
            fs::write(&self.next_memory, text)
        };
        write().during("write", &self.next_memory)?;
        self.share(&self.next_memory);
        Ok(())
    }

    /// Gives the staged folder a later time than the present one has, to the second.
    fn date(&self) -> io::Result<()> {
        let present = match fs::metadata(&self.data) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            found => found?.modified()?,
        };
        // Some file systems count in steps of two seconds.
        for later in [1, 2] {
            if seconds(&self.next)? > since_1970(present) {
                break;
            }
            let later = present + Duration::from_secs(later);
            File::open(&self.next)?.set_modified(later)?;
        }
        Ok(())
    }

    /// Exchanges the staged folder for the present one, which is then in its place.
    fn publish(&self) -> Result<()> {
        let Self { data, next, .. } = self;
        if !exists(data)? {
            return fs::rename(next, data).during("publish", data);
        }
        match os::exchange(next, data) {
            Ok(true) => Ok(()),
            Ok(false) => self.publish_by_renames(),
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                self.publish_by_removal()
            }
            Err(error) => Err(error).during("publish", data),
        }
    }

    /// Two renames in place of an exchange, with a moment between them in which `data` is missing.
    fn publish_by_renames(&self) -> Result<()> {
        match fs::rename(&self.data, &self.aside) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                return self.publish_by_removal();
            }
            result => result.during("set aside", &self.data)?,
        }
        if let Err(error) = fs::rename(&self.next, &self.data) {
            fs::rename(&self.aside, &self.data).during("put back", &self.data)?;
            return Err(error).during("publish", &self.data);
        }
        // From here on the step is taken, and `come_to_rest` finds what was set aside.
        Ok(())
    }

    /// Removes the present state and puts the staged one in its place, where the present one can be removed and
    /// not moved: overlayfs moves no folder of a lower layer, as of the image of a container. That is so once:
    /// the folder that comes in its place can be moved. From the first rename on the step is taken, and
    /// whoever comes next finishes it.
    fn publish_by_removal(&self) -> Result<()> {
        check_nothing_is_mounted(&self.data)?;
        fs::rename(&self.next, &self.arriving).during("set aside", &self.next)?;
        // Before anything is removed, for whatever comes then.
        sync_all(slice::from_ref(&self.hidden))?;
        self.arrive()
    }

    /// Finishes a step in which the present state is removed.
    fn arrive(&self) -> Result<()> {
        remove_stubbornly(&self.data)?;
        fs::rename(&self.arriving, &self.data).during("publish", &self.data)
    }

    /// Finishes a step that was taken, and clears away a change that was not: after a step, after a
    /// change that was given up, and wherever a killed one stopped.
    pub(super) fn come_to_rest(&self) -> Result<()> {
        self.roll_forward()?;
        remove(&Journal::unfinished(&self.journal))?;
        if exists(&self.arriving)? {
            self.arrive()?;
        }
        if exists(&self.aside)? {
            if exists(&self.data)? {
                self.clear(&self.next)?;
                fs::rename(&self.aside, &self.next).during("set aside", &self.next)?;
            } else {
                fs::rename(&self.aside, &self.data).during("put back", &self.data)?;
            }
        }
        if !self.step_was_taken() {
            self.clear(&self.next)?;
            return remove(&self.next_memory);
        }
        if exists(&self.next)? {
            self.clear(&self.previous)?;
            fs::rename(&self.next, &self.previous).during("set aside", &self.next)?;
        }
        self.forget_removed(Path::new(""));
        self.settle_memory()
    }

    /// Takes out of the state before what the present one has no place for any more: whoever took a project out
    /// of the site does not want it to be found there. What is another's, and stays, is in a folder that others
    /// do not see.
    fn forget_removed(&self, below: &Path) {
        let entries = fs::read_dir(self.previous.join(below));
        for entry in entries.into_iter().flatten().flatten() {
            let path = below.join(entry.file_name());
            match fs::symlink_metadata(self.data.join(&path)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let _ = remove_stubbornly(&entry.path());
                }
                Ok(found) if found.is_dir() => self.forget_removed(&path),
                _ => {}
            }
        }
    }

    /// Clears a folder away. What cannot be removed, as another's folder in it with something in it, is put
    /// out of the way: it must not stop exports for good.
    fn clear(&self, folder: &Path) -> Result<()> {
        let Err(error) = remove_stubbornly(folder) else {
            return Ok(());
        };
        let stuck = (0..STUCK).map(|number| self.hidden.join(format!("stuck-{number}")));
        for place in stuck {
            if remove_stubbornly(&place).is_ok() {
                return fs::rename(folder, &place).during("set aside", folder);
            }
        }
        Err(error)
    }

    fn step_was_taken(&self) -> bool {
        let folder = || {
            let text = fs::read(&self.next_memory).ok()?;
            let memory: MemoryOf = serde_json::from_slice(&text).ok()?;
            Some(memory.folder)
        };
        folder().is_some_and(|folder| seconds(&self.data).is_ok_and(|it| it == folder))
    }
}

/// The time of a file or folder, in seconds since 1970.
fn seconds(path: &Path) -> io::Result<i64> {
    Ok(since_1970(fs::metadata(path)?.modified()?))
}

/// In seconds; before 1970 they are negative.
fn since_1970(time: SystemTime) -> i64 {
    let seconds = |it: Duration| i64::try_from(it.as_secs()).unwrap_or(i64::MAX);
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => seconds(after),
        Err(before) => -seconds(before.duration()),
    }
}

#[cfg(test)]
#[cfg(unix)] // Elsewhere no folder is exchanged: `journal.rs` has what is done in place of that.
mod tests {
    use super::*;

    /// A site with one state visible and another staged.
    fn staged(root: &Path) -> Places {
        let places = Places::of(root);
        for (folder, text) in [(&places.data, "old"), (&places.next, "new")] {
            fs::create_dir_all(folder).unwrap();
            fs::write(folder.join("a"), text).unwrap();
        }
        places
    }

    fn read(folder: &Path) -> Option<String> {
        fs::read_to_string(folder.join("a")).ok()
    }

    fn left(places: &Places) -> Vec<String> {
        let entries = fs::read_dir(&places.hidden).unwrap();
        let mut names: Vec<_> = entries
            .map(|it| it.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_step_sets_the_state_before_it_aside() {
        let folder = tempfile::tempdir().unwrap();
        let places = staged(folder.path());
        places.take(MediaState::default(), Vec::new()).unwrap();
        assert_eq!(read(&places.data).unwrap(), "new");
        places.come_to_rest().unwrap();
        assert_eq!(read(&places.previous).unwrap(), "old");
        assert_eq!(left(&places), ["media.json", "previous"]);
    }

    #[test]
    fn two_renames_do_what_an_exchange_does() {
        let folder = tempfile::tempdir().unwrap();
        let places = staged(folder.path());
        places
            .write_memory(&places.next, MediaState::default())
            .unwrap();
        places.publish_by_renames().unwrap();
        assert_eq!(read(&places.data).unwrap(), "new");
        places.come_to_rest().unwrap();
        assert_eq!(read(&places.data).unwrap(), "new");
        assert_eq!(read(&places.previous).unwrap(), "old");
        assert_eq!(left(&places), ["media.json", "previous"]);
    }

    #[test]
    fn a_state_that_cannot_be_moved_is_removed_and_a_kill_in_that_is_mended() {
        let folder = tempfile::tempdir().unwrap();
        let places = staged(folder.path());
        let remembers = |places: &Places| {
            let media = MediaState::default();
            places.write_memory(&places.next, media).unwrap();
        };
        remembers(&places);
        places.publish_by_removal().unwrap();
        assert_eq!(read(&places.data).unwrap(), "new");
        places.come_to_rest().unwrap();
        assert_eq!(left(&places), ["media.json"]);

        // With something left of the present state, and with nothing left of it.
        for half in [true, false] {
            fs::create_dir(&places.next).unwrap();
            fs::write(places.next.join("a"), "newer").unwrap();
            remembers(&places);
            fs::rename(&places.next, &places.arriving).unwrap();
            if !half {
                fs::remove_dir_all(&places.data).unwrap();
            }
            places.come_to_rest().unwrap();
            assert_eq!(read(&places.data).unwrap(), "newer");
            assert_eq!(left(&places), ["media.json"]);
        }
    }

    #[test]
    fn what_is_removed_is_not_found_in_the_state_before_either() {
        let folder = tempfile::tempdir().unwrap();
        let places = staged(folder.path());
        for path in ["gone/shots.json", "kept/shots.json", "kept/gone.json"] {
            let file = places.data.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "old").unwrap();
        }
        fs::create_dir(places.next.join("kept")).unwrap();
        fs::write(places.next.join("kept/shots.json"), "new").unwrap();
        places.take(MediaState::default(), Vec::new()).unwrap();
        places.come_to_rest().unwrap();
        let before = Tree::of(&places.previous).unwrap();
        let files: Vec<_> = before.files.iter().map(|it| it.to_str().unwrap()).collect();
        assert_eq!(files, ["a", "kept/shots.json"]);
        assert!(!before.folders.contains(Path::new("gone")));
    }

    #[test]
    fn a_step_is_told_by_a_time_and_not_by_an_inode() {
        let folder = tempfile::tempdir().unwrap();
        let places = staged(folder.path());
        places
            .write_memory(&places.next, MediaState::default())
            .unwrap();
        assert!(!places.step_was_taken());
        places.publish().unwrap();
        // As a file system does that makes inodes up anew.
        let [one, other] = [&places.data, &folder.path().join("other")];
        let time = fs::metadata(one).unwrap().modified().unwrap();
        fs::create_dir(other).unwrap();
        fs::rename(one.join("a"), other.join("a")).unwrap();
        File::open(other).unwrap().set_modified(time).unwrap();
        fs::remove_dir(one).unwrap();
        fs::rename(other, one).unwrap();
        assert!(places.step_was_taken());
        // However fast one follows the other.
        fs::remove_dir_all(&places.next).unwrap();
        fs::create_dir(&places.next).unwrap();
        places
            .write_memory(&places.next, MediaState::default())
            .unwrap();
        assert!(!places.step_was_taken());
    }

    #[test]
    fn a_kill_between_two_renames_is_mended() {
        let folder = tempfile::tempdir().unwrap();
        let places = staged(folder.path());
        places
            .write_memory(&places.next, MediaState::default())
            .unwrap();
        fs::rename(&places.data, &places.aside).unwrap();
        places.come_to_rest().unwrap();
        assert_eq!(read(&places.data).unwrap(), "old");
        assert_eq!(left(&places), [""; 0]);
    }

    #[test]
    fn a_kill_before_the_step_leaves_nothing_of_the_change() {
        let folder = tempfile::tempdir().unwrap();
        let places = staged(folder.path());
        places
            .write_memory(&places.next, MediaState::default())
            .unwrap();
        places.come_to_rest().unwrap();
        assert_eq!(read(&places.data).unwrap(), "old");
        assert_eq!(left(&places), [""; 0]);
    }

    #[test]
    fn a_folder_that_somebody_removed_does_not_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let places = staged(folder.path());
        places.take(MediaState::default(), Vec::new()).unwrap();
        places.come_to_rest().unwrap();
        fs::remove_dir_all(&places.data).unwrap();
        places.come_to_rest().unwrap();
        assert!(!places.data.exists());
    }
}
