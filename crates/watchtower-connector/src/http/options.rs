//! What can be set.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

/// Limits and habits of an [`HttpClient`](super::HttpClient).
///
/// ```
/// use std::time::Duration;
/// use watchtower_connector::http::HttpOptions;
///
/// let patient = HttpOptions {
///     silence_timeout: Duration::from_secs(300),
///     ..HttpOptions::default()
/// };
/// assert_eq!(patient.jobs.get(), 16);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpOptions {
    /// How many requests are under way at a time. A download is under way until its stream has
    /// ended or is dropped. Default 16: with a round trip of 20 ms to the tracker, fewer would mostly
    /// wait for the network.
    pub jobs: NonZeroUsize,
    /// How many requests are started in a second, at most. Default unlimited.
    pub requests_per_second: Option<NonZeroU32>,
    /// How long a connection may take to be made. Default 10 seconds.
    pub connect_timeout: Duration,
    /// How long a server may send nothing, or next to nothing, before we give up: the start of an
    /// answer, or [`SLOWEST`](Self::SLOWEST) bytes a second within one. Default 60 seconds.
    pub silence_timeout: Duration,
    /// How long a connection may lie idle and be used again. Default 60 seconds: routers drop those that lie
    /// idle for longer, and tell nobody.
    pub idle_timeout: Duration,
    /// How often a request is repeated that fails for the moment. Default 3.
    pub retries: usize,
    /// How long to wait before the first repetition; each wait is twice as long as the last, with
    /// some chance added so that clients do not come back all at once. Default half a second.
    pub retry_delay: Duration,
    /// The longest wait that a server may ask for in `Retry-After`; on a longer one we give up.
    /// Default 2 minutes.
    pub longest_wait: Duration,
    /// A file with certificates in PEM format of authorities to be trusted beside the system's own,
    /// as studios have them. Default none.
    pub ca_certificate: Option<PathBuf>,
    /// The largest answer that is read into memory, in bytes. Default 1 GiB.
    pub largest_answer: u64,
    /// The largest picture or movie, in bytes. Default 64 GiB.
    pub largest_media: u64,
}

impl HttpOptions {
    /// An answer that arrives slower than this, in bytes per second, counts as silence.
    pub const SLOWEST: u64 = 512;
}

impl Default for HttpOptions {
    fn default() -> Self {
        // Worked out by the compiler: 16 is not 0.
        const JOBS: NonZeroUsize = NonZeroUsize::new(16).unwrap();
        Self {
            jobs: JOBS,
            requests_per_second: None,
            connect_timeout: Duration::from_secs(10),
            silence_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(60),
            retries: 3,
            retry_delay: Duration::from_millis(500),
            longest_wait: Duration::from_secs(120),
            ca_certificate: None,
            largest_answer: 1 << 30,
            largest_media: 1 << 36,
        }
    }
}
