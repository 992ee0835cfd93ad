//! Linux and macOS.

#[cfg(feature = "serve")]
mod parent;

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

#[cfg(feature = "serve")]
pub(crate) use self::parent::Parent;
use crate::Exit;

/// Asks to stop: SIGINT, as of Ctrl-C, and SIGTERM, as of a service manager.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
        }
    }
}

/// Lets the system write no core dump of this process, and no other process of the same user read its
/// memory. A program that we start decides for itself.
pub(crate) fn forbid_core_dumps() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        // It fails only for a behaviour that is unknown.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// Takes as many open files as the system lets us: each connection is one, and most systems begin with 1024.
#[cfg(feature = "serve")]
pub(crate) fn allow_many_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let current = maximum;
    // With fewer it works as well.
    let _ = setrlimit(Resource::Nofile, Rlimit { current, maximum });
}

/// Opens a folder as what keeps two bundles apart.
#[cfg(feature = "bundle")]
pub(crate) fn lock_of(folder: &std::path::Path, _name: &str) -> io::Result<std::fs::File> {
    std::fs::File::open(folder)
}

/// Brings what was written near a folder to the disk.
#[cfg(feature = "bundle")]
pub(crate) fn sync_disk_of(folder: &std::fs::File) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::fs::syncfs(folder)?;
    #[cfg(not(target_os = "linux"))]
    folder.sync_all()?;
    Ok(())
}
