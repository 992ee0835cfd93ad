//! Answers that are kept, so that a server need not send them again.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use reqwest::header::HeaderValue;
use url::Url;

/// JSON answers in memory by their address, each with the `ETag` under which it came.
///
/// A [`Request`](super::Request) that is [kept here](super::Request::kept_in) tells the server what we
/// have, and a server that knows its tags answers only what has changed since. Answers may be made for
/// who asks, so keep them for one account alone.
pub struct KeptAnswers {
    largest: usize,
    answers: Mutex<HashMap<Url, Kept>>,
}

#[derive(Clone)]
pub(super) struct Kept {
    pub(super) tag: HeaderValue,
    pub(super) body: Bytes,
}

impl KeptAnswers {
    /// Keeps answers as long as they are together no larger than this, in bytes. What does not fit
    /// beside those that are kept already is asked for anew each time.
    pub fn new(largest: usize) -> Self {
        Self {
            largest,
            answers: Mutex::default(),
        }
    }

    /// Forgets the answers of addresses of which this is said: they are asked for anew.
    pub fn forget(&self, is_outdated: impl Fn(&Url) -> bool) {
        self.answers().retain(|url, _| !is_outdated(url));
    }

    pub(super) fn get(&self, url: &Url) -> Option<Kept> {
        self.answers().get(url).cloned()
    }

    /// Keeps an answer in place of an older one. Without a tag it is of no use.
    pub(super) fn keep(&self, url: &Url, tag: Option<HeaderValue>, body: Bytes) {
        let mut answers = self.answers();
        answers.remove(url);
        let size: usize = answers.values().map(|kept| kept.body.len()).sum();
        if let Some(tag) = tag.and_then(strong)
            && size.saturating_add(body.len()) <= self.largest
        {
            answers.insert(url.clone(), Kept { tag, body });
        }
    }

    fn answers(&self) -> MutexGuard<'_, HashMap<Url, Kept>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A tag as the server itself made it. A proxy that compresses answers marks tags as weak, `W/"…"`,
/// and not every server knows its own tag in that form; in a condition both forms mean the same.
fn strong(tag: HeaderValue) -> Option<HeaderValue> {
    match tag.as_bytes().strip_prefix(b"W/") {
        Some(strong) => HeaderValue::from_bytes(strong).ok(),
        None => Some(tag),
    }
}

impl fmt::Debug for KeptAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptAnswers")
            .field("largest", &self.largest)
            .field("count", &self.answers().len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(path: &str) -> Url {
        Url::parse("http://tracker/").unwrap().join(path).unwrap()
    }

    fn tag(text: &'static str) -> Option<HeaderValue> {
        Some(HeaderValue::from_static(text))
    }

    #[test]
    fn what_does_not_fit_is_not_kept() {
        let kept = KeptAnswers::new(10);
        let body = |length| Bytes::from(vec![0; length]);
        kept.keep(&url("a"), tag("\"1\""), body(6));
        kept.keep(&url("b"), tag("\"1\""), body(5));
        assert!(kept.get(&url("a")).is_some());
        assert!(kept.get(&url("b")).is_none());
        // In place of the older one it fits.
        kept.keep(&url("a"), tag("\"2\""), body(10));
        assert_eq!(kept.get(&url("a")).unwrap().body.len(), 10);
        kept.keep(&url("a"), tag("\"3\""), body(11));
        assert!(kept.get(&url("a")).is_none(), "an outdated answer is left");
        kept.keep(&url("b"), None, body(1));
        assert!(kept.get(&url("b")).is_none());

        kept.keep(&url("a"), tag("\"1\""), body(1));
        kept.keep(&url("b"), tag("\"1\""), body(1));
        kept.forget(|it| it.path() == "/a");
        assert!(kept.get(&url("a")).is_none());
        assert!(kept.get(&url("b")).is_some());
    }

    #[test]
    fn a_tag_is_sent_as_the_server_made_it() {
        for (given, sent) in [("W/\"a\"", "\"a\""), ("\"W/a\"", "\"W/a\"")] {
            assert_eq!(strong(HeaderValue::from_static(given)).unwrap(), sent);
        }
    }
}
