//! Runs at equal distances, and further apart as long as they fail.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tracing::{info, warn};
use watchtower_connector::ErrorKind;

use crate::Exit;
use crate::export::ExportError;
use crate::log::seconds;

/// So far apart are runs at most that fail for long, if they were nearer to each other before: a server that comes
/// back is not to find everybody who waited at its door.
const FURTHEST: Duration = Duration::from_secs(60);

/// How often in a row we let a tracker refuse us. Flow locks an account after five wrong passwords.
const REFUSALS: u32 = 3;

/// Moments at equal distances.
pub(super) struct Beats {
    every: Duration,
    last: Instant,
    /// How many runs have failed since one did not.
    failed: u32,
}

impl Beats {
    /// The first one is now.
    pub(super) fn start(every: Duration) -> Self {
        Self {
            every,
            last: Instant::now(),
            failed: 0,
        }
    }

    /// Waits for the next one, after a run that ended so, with a tracker that refused us or did not. Those that have
    /// passed are skipped.
    pub(super) async fn next(&mut self, exit: Exit, is_refused: bool) {
        let has_failed = !matches!(exit, Exit::Done | Exit::Partial);
        self.failed = if has_failed {
            self.failed.saturating_add(1)
        } else {
            0
        };
        let backoff = match is_refused {
            true => Some(self.every.max(FURTHEST)),
            false => self.backoff(),
        };
        match backoff {
            Some(wait) => self.last = Instant::now() + wait,
            None => self.skip_to_next(has_failed),
        }
        sleep_until(self.last).await;
    }

    /// How long to wait after the last of several runs that failed: twice as long each time. None where that is
    /// no longer than a beat.
    fn backoff(&self) -> Option<Duration> {
        let doubled = self.failed.saturating_sub(1).min(16);
        let wait = self.every.saturating_mul(1 << doubled).min(FURTHEST);
        (wait > self.every).then_some(wait)
    }

    fn skip_to_next(&mut self, has_failed: bool) {
        self.last += self.every;
        let mut skipped = 0;
        while self.last < Instant::now() {
            self.last += self.every;
            skipped += 1;
        }
        // Why a run that failed took so long is said already.
        if skipped > 0 && !has_failed {
            let every = seconds(self.every);
            warn!(skipped, every, "the export took longer than a beat");
        }
    }
}

/// Exports that fail one after the other: why is said once, and not on each beat.
#[derive(Debug, Default)]
pub(super) struct Outage {
    since: Option<Instant>,
    failed: u64,
    /// How often the tracker refused us.
    refused: u32,
    /// What was said already.
    said: Vec<(Exit, Option<ErrorKind>)>,
}

impl Outage {
    /// Takes in that an export failed, and says whether that is news.
    pub(super) fn fails(&mut self, error: &ExportError) -> bool {
        self.since.get_or_insert_with(Instant::now);
        self.failed += 1;
        let kind = match error {
            ExportError::Tracker(error) => Some(error.kind()),
            _ => None,
        };
        self.refused += u32::from(kind == Some(ErrorKind::Refused));
        let what = (error.exit(), kind);
        let is_news = !self.said.contains(&what);
        if is_news {
            self.said.push(what);
        }
        is_news
    }

    /// Whether the tracker refused us, since an export succeeded.
    pub(super) fn is_refused(&self) -> bool {
        self.refused > 0
    }

    /// Whether it did so too often to try again.
    pub(super) fn is_hopeless(&self) -> bool {
        self.refused >= REFUSALS
    }

    /// Takes in that an export did not fail, and says so where others did before.
    pub(super) fn ends(&mut self) {
        let Self { since, failed, .. } = std::mem::take(self);
        if let Some(since) = since {
            let seconds = seconds(since.elapsed());
            info!(failed, seconds, "exports succeed again");
        }
    }
}

#[cfg(test)]
mod tests {
    use watchtower_connector::Error;

    use super::*;

    /// How long each wait is, in seconds, after runs that end so.
    async fn waits(every: u64, runs: &[Exit]) -> Vec<u64> {
        let mut beats = Beats::start(Duration::from_secs(every));
        let mut waits = Vec::new();
        for exit in runs {
            let before = Instant::now();
            beats.next(*exit, false).await;
            waits.push(before.elapsed().as_secs());
        }
        waits
    }

    #[tokio::test(start_paused = true)]
    async fn runs_that_fail_come_further_apart_until_one_does_not() {
        let mut runs = vec![Exit::Done];
        runs.extend([Exit::Tracker; 8]);
        runs.extend([Exit::Partial, Exit::Tracker, Exit::Tracker, Exit::Done]);
        let told = waits(2, &runs).await;
        assert_eq!(told, [2, 2, 4, 8, 16, 32, 60, 60, 60, 2, 2, 4, 2]);
        // For days.
        assert_eq!(waits(2, &[Exit::Tracker; 5000]).await[4999], 60);
        // Beats that are far apart stay where they are.
        assert_eq!(waits(300, &[Exit::Tracker; 4]).await, [300; 4]);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_refused_waits_a_minute_and_tries_twice_more() {
        let mut beats = Beats::start(Duration::from_secs(2));
        let error = |kind| ExportError::Tracker(Error::new(kind, "log in", "no"));
        let mut outage = Outage::default();
        let before = Instant::now();
        // That the server goes away in between does not unlock an account.
        for (kind, hopeless, seconds) in [
            (ErrorKind::Unavailable, false, 2),
            (ErrorKind::Refused, false, 62),
            (ErrorKind::Unavailable, false, 122),
            (ErrorKind::Refused, false, 182),
            (ErrorKind::Refused, true, 242),
        ] {
            outage.fails(&error(kind));
            assert_eq!(outage.is_hopeless(), hopeless);
            beats.next(Exit::Tracker, outage.is_refused()).await;
            assert_eq!(before.elapsed().as_secs(), seconds);
        }
        outage.ends();
        assert!(!outage.is_refused());
    }

    #[test]
    fn what_fails_is_said_once_until_it_does_not() {
        let error = |kind| ExportError::Tracker(Error::new(kind, "reach Kitsu", "no"));
        let mut outage = Outage::default();
        let down = error(ErrorKind::Unavailable);
        assert!(outage.fails(&down));
        assert!(!outage.fails(&down));
        assert!(outage.fails(&error(ErrorKind::Refused)));
        assert!(!outage.fails(&down));
        outage.ends();
        assert!(outage.fails(&down));
    }
}
