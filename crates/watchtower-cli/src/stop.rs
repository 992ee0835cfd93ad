//! Stopping when a person or the system asks for it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::Exit;
use crate::os::Signals;

/// The same signal so soon after the first is the first: `timeout` and some shells send theirs to a process and
/// to its group.
const SAME: Duration = Duration::from_millis(500);

/// After so long, whoever does not stop waits for a disk, a pipe or a file server, which may never answer.
const HANGS: Duration = Duration::from_secs(5);

/// Knows whether we are to stop: on Ctrl-C, and on what a service manager sends, as SIGTERM.
///
/// Whoever waits for it ends what it does. A second signal ends the process at once; and so does the first
/// one, after a while, where whoever is to hear it hangs.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    asked: watch::Receiver<Option<Exit>>,
    obeyed: Arc<AtomicBool>,
}

impl Stop {
    /// Listens to signals from now on.
    ///
    /// # Errors
    ///
    /// When the system does not let us.
    pub(crate) fn on_signals() -> io::Result<Self> {
        Self::listen(None)
    }

    /// The same for a process with a folder that is to go with it, also when it ends at once.
    ///
    /// # Errors
    ///
    /// When the system does not let us.
    #[cfg(feature = "serve")]
    pub(crate) fn removing(temporary: &Path) -> io::Result<Self> {
        Self::listen(Some(temporary.to_owned()))
    }

    fn listen(temporary: Option<PathBuf>) -> io::Result<Self> {
        let mut builder = runtime::Builder::new_current_thread();
        let runtime = builder.enable_io().enable_time().build()?;
        let mut signals = {
            let _context = runtime.enter();
            Signals::listen()?
        };
        let (sender, asked) = watch::channel(None);
        let obeyed = Arc::new(AtomicBool::new(false));
        let stop = Self {
            asked,
            obeyed: Arc::clone(&obeyed),
        };
        let wait = async move {
            let first = signals.next().await;
            tracing::info!("asked to stop");
            // Nobody waits for it any more when the export has just ended.
            let _ = sender.send(Some(first));
            let hangs = async {
                sleep(HANGS).await;
                if obeyed.load(Ordering::Relaxed) {
                    std::future::pending::<()>().await;
                }
            };
            let exit = tokio::select! {
                exit = signals.after(first) => exit,
                () = hangs => first,
            };
            if let Some(temporary) = temporary {
                remove(&temporary);
            }
            std::process::exit(exit as i32);
        };
        // A thread of its own: it runs also while the export computes, or waits for the disk.
        let thread = thread::Builder::new().name("signals".to_owned());
        thread.spawn(move || runtime.block_on(wait))?;
        Ok(stop)
    }

    /// Waits for the first signal. The exit code is the one for being stopped by it halfway.
    pub(crate) async fn requested(&mut self) -> Exit {
        let exit = self.asked.wait_for(Option::is_some).await.map(|exit| *exit);
        match exit {
            Ok(Some(exit)) => exit,
            // Nobody listens any more, so nobody will ask.
            _ => std::future::pending().await,
        }
    }

    /// Says that an export was stopped: it may take its time to clear up.
    pub(crate) fn obey(&self) {
        self.obeyed.store(true, Ordering::Relaxed);
    }

    /// Whether there was a signal.
    pub(crate) fn is_requested(&self) -> bool {
        self.asked.borrow().is_some()
    }
}

/// Removes a folder to which somebody may still write.
fn remove(folder: &Path) {
    const TRIES: usize = 10;
    for _ in 0..TRIES {
        if fs::remove_dir_all(folder).is_ok() {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

impl Signals {
    /// The next one after a first that has just come.
    async fn after(&mut self, first: Exit) -> Exit {
        let start = Instant::now();
        loop {
            let next = self.next().await;
            if next != first || start.elapsed() >= SAME {
                return next;
            }
        }
    }
}
