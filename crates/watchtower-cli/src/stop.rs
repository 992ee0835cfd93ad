//! Stopping when a person or the system asks for it.

use std::io;
use std::thread;

use tokio::runtime;
use tokio::signal;
use tokio::sync::watch;

use crate::Exit;

/// Knows whether we are to stop: on SIGINT, as of Ctrl-C, and on SIGTERM, as of a service manager.
///
/// Whoever waits for it ends what it does. A second signal ends the process at once.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<Option<Exit>>);

impl Stop {
    /// Listens to signals from now on.
    ///
    /// # Errors
    ///
    /// When the system does not let us.
    pub(crate) fn on_signals() -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
        let mut signals = {
            let _context = runtime.enter();
            Signals::listen()?
        };
        let (sender, receiver) = watch::channel(None);
        let wait = async move {
            let exit = signals.next().await;
            tracing::info!("asked to stop");
            // Nobody waits for it any more when the export has just ended.
            let _ = sender.send(Some(exit));
            let exit = signals.next().await;
            std::process::exit(exit as i32);
        };
        // A thread of its own: it runs also while the export computes, or waits for the disk.
        let thread = thread::Builder::new().name("signals".to_owned());
        thread.spawn(move || runtime.block_on(wait))?;
        Ok(Self(receiver))
    }

    /// Waits for the first signal. The exit code is the one for being stopped by it halfway.
    pub(crate) async fn requested(&mut self) -> Exit {
        let exit = self.0.wait_for(Option::is_some).await.map(|exit| *exit);
        match exit {
            Ok(Some(exit)) => exit,
            // Nobody listens any more, so nobody will ask.
            _ => std::future::pending().await,
        }
    }

    /// Whether there was a signal.
    pub(crate) fn is_requested(&self) -> bool {
        self.0.borrow().is_some()
    }
}

struct Signals {
    interrupt: signal::unix::Signal,
    terminate: signal::unix::Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        use signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
        }
    }
}
