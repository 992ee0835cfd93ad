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
        sleep_until(self.turn(Instant::now())).await;
        pass
    }

    /// When a request may start that is ready now.
    fn turn(&self, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = next.map_or(now, |next| next.max(now));
        *next = Some(turn + self.period);
        turn
    }

    /// Lets nothing through for a while: the server is busy.
    pub(super) fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = Some(next.map_or(until, |next| next.max(until)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(requests_per_second: u32) -> Gate {
        Gate::new(&HttpOptions {
            requests_per_second: requests_per_second.try_into().ok(),
            ..HttpOptions::default()
        })
    }

    #[test]
    fn requests_start_no_faster_than_the_rate() {
        let (gate, now) = (gate(4), Instant::now());
        let turns = [0, 0, 0, 2000].map(|ready| {
            let turn = gate.turn(now + Duration::from_millis(ready));
            (turn - now).as_millis()
        });
        // The time in which nobody came is not saved up.
        assert_eq!(turns, [0, 250, 500, 2000]);
    }

    #[test]
    fn without_a_rate_nobody_waits_but_for_a_busy_server() {
        let (gate, now) = (gate(0), Instant::now());
        assert_eq!([(); 3].map(|()| gate.turn(now)), [now; 3]);
        gate.pause(Duration::from_secs(60));
        assert!(gate.turn(now) >= now + Duration::from_secs(60));
    }
}
