//! When a request may start.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use super::HttpOptions;

/// Lets a number of requests through at a time, at most so many a second, and none while the server
/// has asked to be left alone.
#[derive(Debug)]
pub(super) struct Gate {
    slots: Arc<Semaphore>,
    /// The time between two requests.
    period: Duration,
    /// When the next request may start.
    next: Mutex<Option<Instant>>,
}

/// A request under way. Dropping it lets the next one through.
pub(super) type Pass = Option<OwnedSemaphorePermit>;

impl Gate {
    pub(super) fn new(options: &HttpOptions) -> Self {
        let period = options
            .requests_per_second
            .map(|rate| Duration::from_secs(1) / rate.get());
        Self {
            slots: Arc::new(Semaphore::new(
                options.jobs.get().min(Semaphore::MAX_PERMITS),
            )),
            period: period.unwrap_or_default(),
            next: Mutex::new(None),
        }
    }

    /// Waits for its turn.
    pub(super) async fn enter(&self) -> Pass {
        // The semaphore is never closed, so there is always a permit to be had.
        let pass = Arc::clone(&self.slots).acquire_owned().await.ok();
        let turn = {
            let now = Instant::now();
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = next.map_or(now, |next| next.max(now));
            *next = Some(turn + self.period);
            turn
        };
        sleep_until(turn).await;
        pass
    }

    /// Lets nothing through for a while: the server is busy.
    pub(super) fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = Some(next.map_or(until, |next| next.max(until)));
    }
}
