//! The one step that makes a change visible, and the folder in which it is prepared.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::files::{Tree, exists, remove, remove_stubbornly, sync_all};
use crate::error::{IoContext, Result};
use crate::media::MediaState;

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
    /// What is remembered of the media in `data`.
    memory: PathBuf,
    /// What is to be remembered once the step is taken.
    next_memory: PathBuf,
}

/// What is remembered from one change to the next. Losing it costs time, not correctness.
#[derive(Serialize, Deserialize)]
struct Memory {
    /// The inode of the `data` folder it goes with. A folder keeps its inode through the step, so
    /// this tells whether the step was taken.
    folder: u64,
    media: MediaState,
}

/// As much of a [`Memory`] as tells which folder it goes with.
#[derive(Deserialize)]
struct MemoryOf {
    folder: u64,
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
            memory: hidden.join("media.json"),
            next_memory: hidden.join("next.json"),
            hidden,
        }
    }

    /// What was remembered. What cannot be read or understood is forgotten.
    pub(super) fn remembered(&self) -> MediaState {
        let memory: Option<Memory> = fs::read(&self.memory)
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok());
        memory.map(|it| it.media).unwrap_or_default()
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

    /// Remembers something else of the same state.
    pub(super) fn remember(&self, media: MediaState) -> Result<()> {
        remove(&self.next)?;
        self.write_memory(&self.data, media)?;
        sync_all(std::slice::from_ref(&self.next_memory))
    }

    fn write_memory(&self, folder: &Path, media: MediaState) -> Result<()> {
        let folder = fs::metadata(folder).during("look at", folder)?.ino();
        let write = || -> io::Result<()> {
            let mut text = serde_json::to_vec(&Memory { folder, media })?;
            text.push(b'\n');
            fs::write(&self.next_memory, text)
        };
        write().during("write", &self.next_memory)
    }

    /// Exchanges the staged folder for the present one, which is then in its place.
    fn publish(&self) -> Result<()> {
        let Self { data, next, .. } = self;
        if !exists(data)? {
            return fs::rename(next, data).during("publish", data);
        }
        match rustix::fs::renameat_with(CWD, next, CWD, data, RenameFlags::EXCHANGE) {
            // Systems and file systems that cannot exchange.
            Err(Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP) => self.publish_by_renames(),
            result => result.during("publish", data),
        }
    }

    /// Two renames in place of an exchange, with a moment between them in which `data` is missing.
    fn publish_by_renames(&self) -> Result<()> {
        fs::rename(&self.data, &self.aside).during("set aside", &self.data)?;
        if let Err(error) = fs::rename(&self.next, &self.data) {
            fs::rename(&self.aside, &self.data).during("put back", &self.data)?;
            return Err(error).during("publish", &self.data);
        }
        // From here on the step is taken, and `come_to_rest` finds what was set aside.
        Ok(())
    }

    /// Finishes a step that was taken, and clears away a change that was not: after a step, after a
    /// change that was given up, and wherever a killed one stopped.
    pub(super) fn come_to_rest(&self) -> Result<()> {
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
        if self.memory.is_dir() {
            self.clear(&self.memory)?;
        }
        fs::rename(&self.next_memory, &self.memory).during("rename", &self.next_memory)
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
        folder().is_some_and(|folder| fs::metadata(&self.data).is_ok_and(|it| it.ino() == folder))
    }
}

#[cfg(test)]
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
