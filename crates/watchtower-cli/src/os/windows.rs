//! Windows.

use std::io;

use tokio::signal::windows::{self, CtrlBreak, CtrlC, CtrlClose, CtrlShutdown};

use crate::Exit;

/// Asks to stop: Ctrl-C, and Ctrl-Break, a console that is closed, and a system that shuts down.
pub(crate) struct Signals {
    interrupt: CtrlC,
    terminate: CtrlBreak,
    close: CtrlClose,
    shutdown: CtrlShutdown,
}

impl Signals {
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: windows::ctrl_c()?,
            terminate: windows::ctrl_break()?,
            close: windows::ctrl_close()?,
            shutdown: windows::ctrl_shutdown()?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
            _ = self.close.recv() => Exit::Terminated,
            _ = self.shutdown.recv() => Exit::Terminated,
        }
    }
}

/// The process that started us. Here a process does not learn of its end: a server goes on until it is told to stop,
/// or its console is closed.
#[cfg(feature = "serve")]
#[derive(Clone, Copy, Debug)]
pub(crate) enum Parent {
    /// We are on our own.
    Nobody,
}

#[cfg(feature = "serve")]
impl Parent {
    pub(crate) fn now() -> Self {
        Self::Nobody
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(self) {
        std::future::pending().await
    }
}

/// The system writes the memory of a process to no file, unless an administrator asks for that.
pub(crate) fn forbid_core_dumps() {}

/// Nothing is to be allowed: connections are not counted as files.
#[cfg(feature = "serve")]
pub(crate) fn allow_many_open_files() {}

/// Opens what keeps two bundles apart: a file, since folders cannot be locked.
#[cfg(feature = "bundle")]
pub(crate) fn lock_of(folder: &std::path::Path, name: &str) -> io::Result<std::fs::File> {
    let mut options = std::fs::File::options();
    options.create(true).truncate(false).write(true);
    options.open(folder.join(name))
}

/// What was written is on the disk when the system likes: it offers no more to accounts without special rights.
#[cfg(feature = "bundle")]
pub(crate) fn sync_disk_of(_folder: &std::fs::File) -> io::Result<()> {
    Ok(())
}
