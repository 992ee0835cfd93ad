//! One session with a tracker, shared by all requests.
//!
//! Requests run side by side, and each needs to prove who we are. However many find out at once that
//! there is no session yet, or that it has ended, there is one login: the others wait for it and share
//! what comes of it, a failure too. What the tracker refuses is not tried again, because most trackers
//! lock an account after some wrong passwords.
//!
//! ```
//! use watchtower_connector::session::SharedSession;
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let session = SharedSession::<String>::default();
//! // Logs in, because there is no session yet.
//! let pass = session.get(|| async { Ok("token".to_owned()) }).await?;
//! // Later the server does not take it any more.
//! let pass = session.renew(&pass, || async { Ok("another".to_owned()) }).await?;
//! assert_eq!(*pass, "another");
//! # Ok::<(), watchtower_connector::Error>(())
//! # }).unwrap();
//! ```

use std::fmt;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::{Error, ErrorKind, Result};

/// A number that tells accounts of a tracker apart, by how one logs in and as whom. It is stored beside the site,
/// so it says neither who it is nor anything of a password; of a token nobody finds out more by trying.
#[cfg_attr(not(any(feature = "ayon", feature = "kitsu")), expect(dead_code))] // The others have no log.
pub(crate) fn account_tag(way: &str, who: &str) -> String {
    let mut hasher = DefaultHasher::new();
    (way, who).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// How long a login that failed for now stands for all others.
const FAILURE_STANDS: Duration = Duration::from_secs(30);

/// A session that all requests share. `P` is what proves who we are: a header, a token.
pub struct SharedSession<P>(Mutex<State<P>>);

enum State<P> {
    Closed,
    Open(Arc<P>),
    /// Not tried again on our own.
    Refused(Error),
    /// Whoever waited for it fails with it, and does not try it all again one after the other.
    Failed {
        at: Instant,
        error: Error,
    },
}

impl<P> SharedSession<P> {
    /// The session; where there is none, what `log_in` gives. Whoever asks meanwhile waits for that.
    ///
    /// # Errors
    ///
    /// That of the login. One of kind `Refused` stands until [`forget_failure`](Self::forget_failure),
    /// any other for half a minute.
    pub async fn get<F, L>(&self, log_in: F) -> Result<Arc<P>>
    where
        F: FnOnce() -> L,
        L: Future<Output = Result<P>>,
    {
        let mut state = self.0.lock().await;
        match state.standing() {
            Some(result) => result,
            None => state.fill(log_in()).await,
        }
    }

    /// A session in place of `stale`, which the server no longer takes. However many requests find that
    /// out at once, it is renewed once.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn renew<F, L>(&self, stale: &Arc<P>, renew: F) -> Result<Arc<P>>
    where
        F: FnOnce() -> L,
        L: Future<Output = Result<P>>,
    {
        let mut state = self.0.lock().await;
        match state.standing() {
            Some(Ok(pass)) if Arc::ptr_eq(&pass, stale) => state.fill(renew()).await,
            Some(result) => result,
            None => state.fill(renew()).await,
        }
    }

    /// Closes the session, unless another one has taken its place.
    pub async fn close(&self, stale: &Arc<P>) {
        let mut state = self.0.lock().await;
        if matches!(&*state, State::Open(pass) if Arc::ptr_eq(pass, stale)) {
            *state = State::Closed;
        }
    }

    /// Forgets that a login failed or was refused, so that the next one is tried. Gives back whether
    /// there is a session.
    pub async fn forget_failure(&self) -> bool {
        let mut state = self.0.lock().await;
        let is_open = matches!(*state, State::Open(_));
        if !is_open {
            *state = State::Closed;
        }
        is_open
    }
}

impl<P> State<P> {
    /// What stands, without asking the server.
    fn standing(&self) -> Option<Result<Arc<P>>> {
        match self {
            Self::Open(pass) => Some(Ok(Arc::clone(pass))),
            Self::Refused(error) => Some(Err(error.again())),
            Self::Failed { at, error } if at.elapsed() < FAILURE_STANDS => Some(Err(error.again())),
            Self::Failed { .. } | Self::Closed => None,
        }
    }

    async fn fill(&mut self, log_in: impl Future<Output = Result<P>>) -> Result<Arc<P>> {
        match log_in.await {
            Ok(pass) => {
                let pass = Arc::new(pass);
                *self = Self::Open(Arc::clone(&pass));
                Ok(pass)
            }
            Err(error) => {
                *self = match error.kind() {
                    ErrorKind::Refused => Self::Refused(error.again()),
                    _ => Self::Failed {
                        at: Instant::now(),
                        error: error.again(),
                    },
                };
                Err(error)
            }
        }
    }
}

impl<P> Default for SharedSession<P> {
    fn default() -> Self {
        Self(Mutex::new(State::Closed))
    }
}

impl<P> fmt::Debug for SharedSession<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSession(…)")
    }
}

/// Reads an answer that holds a secret. An error of the parser would quote what it did not expect, so it is
/// not told.
///
/// # Errors
///
/// `Malformed` when the secret is not where it should be.
pub fn secret_answer<T: DeserializeOwned>(operation: &str, answer: Value) -> Result<T> {
    serde_json::from_value(answer).map_err(|_| {
        let message = "the answer does not hold a token where it should";
        Error::new(ErrorKind::Malformed, operation, message)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    fn error(kind: ErrorKind) -> Error {
        Error::new(kind, "log in", "no")
    }

    #[tokio::test]
    async fn whoever_asks_at_once_shares_one_login() {
        let (session, logins) = (SharedSession::default(), AtomicUsize::new(0));
        let log_in = || async {
            tokio::task::yield_now().await;
            Ok(logins.fetch_add(1, Ordering::Relaxed))
        };
        let passes = join_all((0..5).map(|_| session.get(log_in))).await;
        let first = passes.into_iter().next().unwrap().unwrap();
        let renewed = join_all((0..5).map(|_| session.renew(&first, log_in))).await;
        assert!(renewed.into_iter().all(|it| *it.unwrap() == 1));
        assert_eq!(logins.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn what_is_refused_or_fails_is_tried_once() {
        for kind in [ErrorKind::Refused, ErrorKind::Unavailable] {
            let (session, logins) = (SharedSession::<()>::default(), AtomicUsize::new(0));
            let log_in = || async {
                logins.fetch_add(1, Ordering::Relaxed);
                Err(error(kind))
            };
            for _ in 0..3 {
                assert_eq!(session.get(log_in).await.unwrap_err().kind(), kind);
            }
            assert_eq!(logins.load(Ordering::Relaxed), 1);
            assert!(!session.forget_failure().await);
            session.get(|| async { Ok(()) }).await.unwrap();
            assert!(session.forget_failure().await);
        }
    }
}
