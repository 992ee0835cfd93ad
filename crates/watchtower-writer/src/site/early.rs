//! Syncing large files while others still come.

use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use super::files::sync_if_there;
use crate::error::Result;

/// From this size on, in bytes, a file is large: it is its bytes that take time to the disk. What is
/// smaller is better synced with all others in the end, for which a file system needs one write of its
/// journal.
pub(super) const LARGE: u64 = 1 << 20;

/// A thread that syncs large files, one after the other. Dropped, it ends by itself.
#[derive(Debug)]
pub(super) struct EarlySync {
    files: Sender<PathBuf>,
    done: JoinHandle<Result<()>>,
}

impl EarlySync {
    pub(super) fn start() -> std::io::Result<Self> {
        let (files, staged) = channel();
        let sync = move || {
            staged
                .iter()
                .try_for_each(|file: PathBuf| sync_if_there(&file))
        };
        let done = thread::Builder::new().name("sync".to_owned()).spawn(sync)?;
        Ok(Self { files, done })
    }

    /// Syncs a file soon.
    pub(super) fn add(&self, file: PathBuf) {
        // After an error nobody takes it, and the error is told in the end.
        let _ = self.files.send(file);
    }

    /// Waits until all are synced. The system tells each error once, so what failed here must not be
    /// taken for synced because a second attempt does not.
    pub(super) fn finish(self) -> Result<()> {
        drop(self.files);
        self.done
            .join()
            .unwrap_or_else(|panic| resume_unwind(panic))
    }
}

#[cfg(test)]
#[cfg(unix)] // Elsewhere what is below a file is told as what is not there.
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_cannot_be_synced_is_told_in_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "x").unwrap();
        let early = EarlySync::start().unwrap();
        early.add(file.clone());
        early.add(file.join("below-a-file"));
        early.add(file.clone());
        let error = early.finish().unwrap_err();
        assert!(error.to_string().contains("below-a-file"), "{error}");

        let early = EarlySync::start().unwrap();
        early.add(file);
        // It was replaced, or its project given up.
        early.add(folder.path().join("gone"));
        early.finish().unwrap();
    }
}
