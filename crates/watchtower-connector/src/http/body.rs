//! The body of an answer, as it arrives.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{BoxStream, StreamExt, try_unfold};
use reqwest::Response;
use tokio::time::Instant;

use super::gate::Pass;
use super::{Failure, HttpClient, HttpOptions, failure, shown};
use crate::{Error, ErrorKind, Result};

/// A body under way: counted, and given up on when it is too large or too slow.
pub(super) struct Body {
    chunks: BoxStream<'static, reqwest::Result<Bytes>>,
    http: HttpClient,
    operation: String,
    /// Where it comes from, as it may be shown.
    place: String,
    largest: u64,
    received: u64,
    /// How long we have waited for the last `arrived` bytes.
    waited: Duration,
    arrived: u64,
    _pass: Pass,
}

impl Body {
    pub(super) fn new(
        http: &HttpClient,
        operation: &str,
        response: Response,
        largest: u64,
        pass: Pass,
    ) -> Result<Self> {
        let body = Self {
            http: http.clone(),
            operation: operation.to_owned(),
            place: shown(response.url()),
            largest,
            received: 0,
            waited: Duration::ZERO,
            arrived: 0,
            _pass: pass,
            chunks: Box::pin(futures_util::stream::empty()),
        };
        if response
            .content_length()
            .is_some_and(|length| length > largest)
        {
            return Err(body.too_large());
        }
        Ok(Self {
            chunks: response.bytes_stream().boxed(),
            ..body
        })
    }

    fn error(&self, kind: ErrorKind, message: String) -> Error {
        self.http.error(kind, &self.operation, &message)
    }

    fn too_large(&self) -> Error {
        let message = format!("{} sends more than {} bytes", self.place, self.largest);
        self.error(ErrorKind::Malformed, message)
    }

    /// The next bytes, or none at the end.
    async fn next(&mut self) -> Result<Option<Bytes>> {
        let start = Instant::now();
        let chunk = self.chunks.next().await;
        self.waited += start.elapsed();
        let chunk = match chunk {
            None => return Ok(None),
            Some(Ok(chunk)) => chunk,
            Some(Err(error)) => return Err(self.interrupted(&error)),
        };
        let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        self.http.inner.counters.count_bytes(length);
        self.received = self.received.saturating_add(length);
        if self.received > self.largest {
            return Err(self.too_large());
        }
        // Only what we waited for counts: a slow disk on our side is no fault of the server.
        self.arrived = self.arrived.saturating_add(length);
        let window = self.http.inner.options.silence_timeout;
        if self.waited >= window {
            let due = window.as_secs().max(1).saturating_mul(HttpOptions::SLOWEST);
            if self.arrived < due {
                let message = format!(
                    "{} sent only {} bytes in {window:?}, {} in all",
                    self.place, self.arrived, self.received
                );
                return Err(self.error(ErrorKind::Unavailable, message));
            }
            self.waited = Duration::ZERO;
            self.arrived = 0;
        }
        Ok(Some(chunk))
    }

    fn interrupted(&self, error: &reqwest::Error) -> Error {
        let Self {
            place, received, ..
        } = self;
        let message = if error.is_timeout() {
            let window = self.http.inner.options.silence_timeout;
            format!("{place} sent nothing for {window:?}, after {received} bytes")
        } else {
            let reason = failure::innermost(error);
            format!("the answer of {place} was cut off after {received} bytes: {reason}")
        };
        self.error(ErrorKind::Unavailable, message)
    }

    /// All of it.
    pub(super) async fn read(mut self) -> Result<Bytes, Failure> {
        let mut all = BytesMut::new();
        while let Some(chunk) = self.next().await? {
            all.extend_from_slice(&chunk);
        }
        Ok(all.freeze())
    }

    /// The start of it, for an error message: what comes after `limit` bytes, or fails to come, is
    /// of no interest.
    pub(super) async fn read_start(mut self, limit: usize) -> Bytes {
        let mut all = BytesMut::new();
        while all.len() < limit {
            match self.next().await {
                Ok(Some(chunk)) => all.extend_from_slice(&chunk),
                Ok(None) | Err(_) => break,
            }
        }
        all.truncate(limit);
        all.freeze()
    }

    /// The bytes as they arrive.
    pub(super) fn into_stream(self) -> BoxStream<'static, Result<Bytes>> {
        try_unfold(self, |mut body| async move {
            Ok(body.next().await?.map(|chunk| (chunk, body)))
        })
        .boxed()
    }
}
