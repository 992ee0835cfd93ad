//! One request: sent, redirected, repeated, read.

use std::error::Error as _;
use std::future::Future;
use std::io;
use std::time::{Duration, SystemTime};

use backon::{ExponentialBuilder, Retryable};
use bytes::Bytes;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::body::Body;
use super::gate::Pass;
use super::kept::Kept;
use super::{AuthHeader, Failure, HttpClient, KeptAnswers, failure, shown};
use crate::{Error, ErrorKind, Media, OpenedMedia};

/// How many redirects are followed.
const REDIRECTS: usize = 10;

/// The longest wait between two repetitions that we choose ourselves.
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// How many objects an answer may hold. Half a million shots with their tasks are fewer.
const MOST_OBJECTS: usize = 4_000_000;

/// How much of the body of an answer that is no success is read.
const ANSWER_START: usize = 64 * 1024;

/// A request to the tracker, or to where it sends us. Made by [`HttpClient::get`] and
/// [`HttpClient::post`].
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is read"]
pub struct Request<'a> {
    http: &'a HttpClient,
    method: Method,
    url: Url,
    operation: String,
    auth: Vec<AuthHeader>,
    headers: HeaderMap,
    body: Option<Bytes>,
    kept: Option<&'a KeptAnswers>,
    offset: u64,
    /// The wait before the first repetition, where it is not the usual one.
    retry_delay: Option<Duration>,
    /// Whether a redirect may lead to another origin.
    may_leave: bool,
}

impl<'a> Request<'a> {
    pub(super) fn new(http: &'a HttpClient, method: Method, operation: String, url: Url) -> Self {
        Self {
            http,
            method,
            url,
            operation,
            auth: Vec::new(),
            headers: HeaderMap::new(),
            body: None,
            kept: None,
            offset: 0,
            retry_delay: None,
            may_leave: false,
        }
    }

    /// Sends credentials, to the tracker's own origin alone: for any other address they are left
    /// out. They take the place of those in a header of the same name.
    pub fn auth(mut self, auth: AuthHeader) -> Self {
        self.http.keep_secret(&auth.secret);
        self.auth.retain(|it| it.name != auth.name);
        self.auth.push(auth);
        self
    }

    /// Keeps the JSON answer, and asks for it only if it has changed where it is kept already.
    pub fn kept_in(mut self, kept: &'a KeptAnswers) -> Self {
        self.kept = Some(kept);
        self
    }

    /// Waits longer before it is repeated: the usual [delay](super::HttpOptions::retry_delay) times
    /// `factor`, for what a server allows only now and then.
    pub fn patient(mut self, factor: u32) -> Self {
        let usual = self.http.inner.options.retry_delay;
        self.retry_delay = Some(usual.saturating_mul(factor));
        self
    }

    /// Sends a JSON body.
    ///
    /// # Errors
    ///
    /// `Malformed` when the value has no JSON form.
    pub fn body(mut self, value: &impl Serialize) -> Result<Self, Failure> {
        let body = serde_json::to_vec(value)
            .map_err(|error| self.error(ErrorKind::Malformed, error.to_string()))?;
        self.body = Some(body.into());
        Ok(self.header(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ))
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sends the request and reads a JSON answer.
    ///
    /// What fails for the moment is repeated, answers that were cut off too. A redirect to another
    /// origin is an error, because the tracker's API is not there.
    ///
    /// # Errors
    ///
    /// `Unavailable` when nobody answers or the server fails for now, `Refused` for 401 and 403,
    /// `NotFound` for 404, `Malformed` for anything that is not JSON of this shape.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, Failure> {
        Ok(self.json_and_date().await?.0)
    }

    /// Sends the request and reads a JSON answer, with what the server's clock showed, where it says so.
    ///
    /// # Errors
    ///
    /// As [`json`](Self::json).
    pub async fn json_and_date<T: DeserializeOwned>(
        self,
    ) -> Result<(T, Option<SystemTime>), Failure> {
        let mut request = self.header(header::ACCEPT, HeaderValue::from_static("application/json"));
        let known = request.kept.and_then(|kept| kept.get(&request.url));
        if let Some(Kept { tag, .. }) = &known {
            request = request.header(header::IF_NONE_MATCH, tag.clone());
        }
        let (request, known) = (&request, &known);
        request
            .repeated(|| async move {
                let (response, url, pass) = request.send().await?;
                let date = text_of(&response, &header::DATE);
                let date = date.and_then(|it| httpdate::parse_http_date(&it).ok());
                if let (StatusCode::NOT_MODIFIED, Some(known)) = (response.status(), known) {
                    return Ok((request.parse(&known.body, &url, None)?, date));
                }
                let tag = response.headers().get(header::ETAG).cloned();
                let content_type = text_of(&response, &header::CONTENT_TYPE);
                let limit = request.http.inner.options.largest_answer;
                let body = Body::new(request.http, &request.operation, response, limit, pass)?;
                let bytes = body.read().await?;
                let value = request.parse(&bytes, &url, content_type.as_deref())?;
                if let Some(kept) = request.kept {
                    kept.keep(&request.url, tag, bytes);
                }
                Ok((value, date))
            })
            .await
    }

    /// Says what the caller has already of a picture or movie: all of it, under the
    /// [tag](Media::tag) `known`; or, of an opening that was cut off, as many bytes as `offset` says.
    pub fn having(mut self, known: Option<&str>, offset: u64) -> Self {
        self.offset = offset;
        let tag = known.and_then(|tag| HeaderValue::from_str(tag).ok());
        let condition = if offset > 0 {
            let range = HeaderValue::from_str(&format!("bytes={offset}-"));
            // Digits make a header.
            self.headers
                .extend(range.ok().map(|range| (header::RANGE, range)));
            header::IF_RANGE
        } else {
            header::IF_NONE_MATCH
        };
        self.headers.extend(tag.map(|tag| (condition, tag)));
        self
    }

    /// Opens a picture or movie, wherever the tracker's redirects lead.
    ///
    /// Opening is repeated when it fails for the moment; a stream that breaks off is up to the
    /// caller.
    ///
    /// # Errors
    ///
    /// As [`json`](Self::json).
    pub async fn open(mut self) -> Result<OpenedMedia, Failure> {
        self.may_leave = true;
        // Compressed bytes would have other lengths and offsets.
        let identity = HeaderValue::from_static("identity");
        let mut request = self.header(header::ACCEPT_ENCODING, identity);
        match request.repeated(|| request.opened()).await {
            // There is nothing after what the caller has: the whole is shorter than was thought.
            Err(failure) if failure.status() == Some(416) && request.offset > 0 => {
                request.headers.remove(header::RANGE);
                request.headers.remove(header::IF_RANGE);
                request.repeated(|| request.opened()).await
            }
            opened => opened,
        }
    }

    async fn opened(&self) -> Result<OpenedMedia, Failure> {
        let (response, _, pass) = self.send().await?;
        let (offset, length) = match response.status() {
            StatusCode::NOT_MODIFIED => return Ok(OpenedMedia::Unchanged),
            StatusCode::PARTIAL_CONTENT => {
                let range = text_of(&response, &header::CONTENT_RANGE).unwrap_or_default();
                let due = content_range(&range).filter(|(start, _)| *start == self.offset);
                let Some((start, length)) = due else {
                    let message = format!(
                        "asked for the bytes from {} on, {} sends `{range}`",
                        self.offset,
                        shown(response.url())
                    );
                    return Err(self.error(ErrorKind::Malformed, message).into());
                };
                (start, length)
            }
            _ => (0, response.content_length()),
        };
        let content_type = text_of(&response, &header::CONTENT_TYPE);
        let tag = text_of(&response, &header::ETAG);
        let limit = self.http.inner.options.largest_media;
        let body = Body::new(self.http, &self.operation, response, limit, pass)?;
        Ok(OpenedMedia::Stream(Media {
            bytes: body.into_stream(),
            length,
            offset,
            content_type,
            tag,
        }))
    }

    /// Tries until it succeeds, cannot succeed, or has been tried often enough.
    async fn repeated<T, F>(&self, attempt: impl FnMut() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let options = &self.http.inner.options;
        let delay = self.retry_delay.unwrap_or(options.retry_delay);
        let backoff = ExponentialBuilder::new()
            .with_min_delay(delay)
            .with_max_delay(LONGEST_BACKOFF.max(delay))
            .with_max_times(options.retries)
            .with_jitter();
        attempt
            .retry(backoff)
            .when(Failure::is_transient)
            .adjust(|failure, delay| match (delay, failure.retry_after()) {
                (Some(_), Some(wait)) if wait > options.longest_wait => None,
                (Some(delay), Some(wait)) => Some(delay.max(wait)),
                (delay, _) => delay,
            })
            .notify(|failure, delay| {
                self.http.inner.counters.count_retry();
                tracing::debug!(%failure, ?delay, "trying again");
            })
            .await
    }

    /// Sends it once, and follows where it is sent on to. Answers that are no success are failures.
    async fn send(&self) -> Result<(Response, Url, Pass), Failure> {
        let mut url = self.url.clone();
        // Once we were sent away, nobody can send us back as whom we are.
        let mut stayed = true;
        for _ in 0..=REDIRECTS {
            stayed &= self.http.is_own_origin(&url);
            let pass = self.http.inner.gate.enter().await;
            let response = self.send_to(&url, stayed).await?;
            let Some(next) = redirect(&response, &url) else {
                let judged = self.judge(response, url, pass).await;
                return judged.map_err(|failure| failure.elsewhere(!stayed));
            };
            let unchanged = matches!(
                response.status(),
                StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
            );
            let leaves = !self.http.is_own_origin(&next);
            if leaves && !self.may_leave || self.method != Method::GET && !unchanged {
                let message = format!("{} sends us on to {}", shown(&url), shown(&next));
                let error = self.error(ErrorKind::Config, message);
                return Err(error
                    .with_help("if the tracker is there now, use that address")
                    .into());
            }
            url = next;
        }
        let message = format!("{} is redirected again and again", shown(&self.url));
        Err(self.error(ErrorKind::Malformed, message).into())
    }

    async fn send_to(&self, url: &Url, as_ourselves: bool) -> Result<Response, Failure> {
        let inner = &self.http.inner;
        let mut request = inner
            .client
            .request(self.method.clone(), url.clone())
            .headers(self.headers.clone());
        for auth in self.auth.iter().filter(|_| as_ourselves) {
            request = request.header(auth.name.clone(), auth.value.clone());
        }
        if let Some(body) = &self.body {
            request = request.body(body.clone());
        }
        inner.counters.count_request();
        let sent = request.send().await;
        let method = &self.method;
        match &sent {
            Ok(response) => {
                let status = response.status().as_u16();
                tracing::debug!(%method, url = self.http.shown(url), status, "answered");
            }
            Err(error) => {
                let error = failure::innermost(error);
                tracing::debug!(%method, url = self.http.shown(url), error, "not answered");
            }
        }
        sent.map_err(|error| self.unanswered(&error, url))
    }

    fn unanswered(&self, error: &reqwest::Error, url: &Url) -> Failure {
        let options = &self.http.inner.options;
        let place = url.origin().ascii_serialization();
        if error.is_timeout() {
            let message = match error.is_connect() {
                true => format!(
                    "{place} takes no connection within {:?}",
                    options.connect_timeout
                ),
                false => format!("{place} sent nothing for {:?}", options.silence_timeout),
            };
            return self.error(ErrorKind::Unavailable, message).into();
        }
        let reason = failure::innermost(error);
        if is_tls_error(error) {
            let message = format!("no secure connection to {place}: {reason}");
            let help = "if the studio has a certificate authority of its own, give its certificate; \
                        a server without TLS has an address that starts with http://";
            let error = self.error(ErrorKind::Unavailable, message).with_help(help);
            return Failure::new(error).transient(false);
        }
        let message = match error.is_connect() {
            true => format!("no connection to {place}: {reason}"),
            false => format!("the connection to {place} broke: {reason}"),
        };
        let error = match self.http.proxy_for(url) {
            Some(proxy) => self
                .error(ErrorKind::Unavailable, format!("{message} (by way of the proxy {proxy})"))
                .with_help(
                    "does the proxy answer, and is the address right? NO_PROXY excepts a server from it",
                ),
            None => self
                .error(ErrorKind::Unavailable, message)
                .with_help("is the server running, and the address right?"),
        };
        error.into()
    }

    /// Sorts an answer that is not a redirect.
    async fn judge(
        &self,
        response: Response,
        url: Url,
        pass: Pass,
    ) -> Result<(Response, Url, Pass), Failure> {
        let status = response.status();
        let unchanged = status == StatusCode::NOT_MODIFIED;
        if status.is_success() || unchanged && self.headers.contains_key(header::IF_NONE_MATCH) {
            return Ok((response, url, pass));
        }
        let retry_after = retry_after(response.headers(), SystemTime::now());
        // Who asks for a longer wait is given up on: the others need not wait for that. What another
        // server asks for is no concern of the tracker's.
        let longest = self.http.inner.options.longest_wait;
        let wait = retry_after.filter(|wait| *wait <= longest);
        if let Some(wait) = wait.filter(|_| self.http.is_own_origin(&url)) {
            self.http.inner.gate.pause(wait);
        }
        let content_type = text_of(&response, &header::CONTENT_TYPE);
        let body = Body::new(self.http, &self.operation, response, u64::MAX, pass)?;
        let answer = body.read_start(ANSWER_START).await;
        // A web server in front of the tracker, or instead of it, has pages for these.
        let misled = matches!(
            status,
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
        );
        if misled && !self.may_leave && is_web_page(&answer, content_type.as_deref()) {
            return Err(self.web_page(&url).with_answer(status, answer));
        }
        let kind = match status.as_u16() {
            401 | 403 | 407 => ErrorKind::Refused,
            404 | 410 => ErrorKind::NotFound,
            408 | 425 | 429 | 500..=599 => ErrorKind::Unavailable,
            _ => ErrorKind::Malformed,
        };
        let mut message = format!("{} answers {status}", shown(&url));
        // What is said about something that is not there adds nothing.
        if let Some(said) = self.said(&answer).filter(|_| kind != ErrorKind::NotFound) {
            message = format!("{message}: {said}");
        }
        if let Some(wait) = retry_after.filter(|_| kind == ErrorKind::Unavailable) {
            message = format!("{message}, and asks to come back in {} s", wait.as_secs());
        }
        Err(Failure::new(self.error(kind, message))
            .with_answer(status, answer)
            .with_retry_after(retry_after))
    }

    /// What a server says about its refusal, in one short line.
    fn said(&self, answer: &[u8]) -> Option<String> {
        let answer: serde_json::Value = serde_json::from_slice(answer).ok()?;
        let said = ["message", "msg", "detail", "error", "description"]
            .iter()
            .find_map(|key| answer.get(key)?.as_str())?;
        Some(self.http.told(said))
    }

    fn parse<T: DeserializeOwned>(
        &self,
        bytes: &[u8],
        url: &Url,
        content_type: Option<&str>,
    ) -> Result<T, Failure> {
        // An object of two bytes may become a record of hundreds, so a small answer could fill the memory.
        let objects = memchr::memchr_iter(b'{', bytes).count();
        if objects > MOST_OBJECTS {
            let message = format!(
                "the answer of {} holds {objects} objects, more than any production does",
                shown(url)
            );
            return Err(self.error(ErrorKind::Malformed, message).into());
        }
        let error = match serde_json::from_slice(bytes) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if is_web_page(bytes, content_type) {
            return Err(self.web_page(url));
        }
        let place = shown(url);
        if error.is_eof() {
            let message = format!(
                "the JSON of {place} ends in the middle, after {} bytes",
                bytes.len()
            );
            // It may be whole the next time.
            return Err(Failure::new(self.error(ErrorKind::Malformed, message)).transient(true));
        }
        // Only now, as it takes its time: where in the document that is.
        let deserializer = &mut serde_json::Deserializer::from_slice(bytes);
        let at = match serde_path_to_error::deserialize::<_, T>(deserializer) {
            Err(error) if error.path().iter().next().is_some() => {
                format!(" at `{}`", self.http.told(&error.path().to_string()))
            }
            _ => String::new(),
        };
        // It quotes what was not expected.
        let error = self.http.told(&error.to_string());
        let message = format!("the answer of {place} is not as expected{at}: {error}");
        Err(self.error(ErrorKind::Malformed, message).into())
    }

    fn web_page(&self, url: &Url) -> Failure {
        let message = format!(
            "{} is a web page, where JSON is due: is the base address right?",
            shown(url)
        );
        let error = self.error(ErrorKind::Malformed, message);
        match &self.http.address_help {
            Some(help) => error.with_help(&**help).into(),
            None => error.into(),
        }
    }

    fn error(&self, kind: ErrorKind, message: String) -> Error {
        self.http.error(kind, &self.operation, &message)
    }
}

/// Where an answer sends us on to.
fn redirect(response: &Response, url: &Url) -> Option<Url> {
    let status = response.status();
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = text_of(response, &header::LOCATION)?;
    let next = url.join(&location).ok()?;
    matches!(next.scheme(), "http" | "https").then_some(next)
}

fn text_of(response: &Response, name: &HeaderName) -> Option<String> {
    let value = response.headers().get(name)?;
    value.to_str().ok().map(str::to_owned)
}

/// The first byte and the whole length from a `Content-Range`, as in `bytes 100-199/200`.
fn content_range(value: &str) -> Option<(u64, Option<u64>)> {
    let (range, length) = value.strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    Some((start.trim().parse().ok()?, length.trim().parse().ok()))
}

/// How long a server asks us to stay away, in seconds or until a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    Some(until.duration_since(now).unwrap_or_default())
}

fn is_web_page(bytes: &[u8], content_type: Option<&str>) -> bool {
    content_type.is_some_and(|it| {
        it.trim_start()
            .to_ascii_lowercase()
            .starts_with("text/html")
    }) || bytes.trim_ascii_start().starts_with(b"<")
}

/// Whether the other side speaks no TLS, or shows a certificate that is not trusted: rustls reports
/// both as invalid data.
fn is_tls_error(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        let io = error.downcast_ref::<io::Error>();
        if io.is_some_and(|io| io.kind() == io::ErrorKind::InvalidData) {
            return true;
        }
        // One I/O error in another is not its source.
        source = match io.and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HttpOptions;

    #[test]
    fn a_server_may_ask_for_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let wait = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(value));
            retry_after(&headers, now)
        };
        assert_eq!(wait("120"), Some(Duration::from_secs(120)));
        assert_eq!(
            wait("Sun, 06 Nov 1994 08:50:37 GMT"),
            Some(Duration::from_secs(60))
        );
        assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("soon"), None);
        assert_eq!(wait("-1"), None);
    }

    #[test]
    fn patience_is_in_proportion_to_the_usual_delay() {
        let options = HttpOptions {
            retry_delay: Duration::from_secs(2),
            ..HttpOptions::default()
        };
        let http = HttpClient::new("http://127.0.0.1", &options).unwrap();
        let request = http.post("log in", http.url(&["login"]));
        assert_eq!(request.retry_delay, None);
        let patient = request.patient(16);
        assert_eq!(patient.retry_delay, Some(Duration::from_secs(32)));
    }

    #[test]
    fn a_content_range_says_start_and_whole() {
        assert_eq!(content_range("bytes 100-199/200"), Some((100, Some(200))));
        assert_eq!(content_range("bytes 100-199/*"), Some((100, None)));
        assert_eq!(content_range("bytes */200"), None);
        assert_eq!(content_range("pages 1-2/3"), None);
    }

    #[test]
    fn a_web_page_is_told_by_its_type_or_its_first_byte() {
        assert!(is_web_page(b"", Some("Text/HTML; charset=utf-8")));
        assert!(is_web_page(b"\n <!doctype html>", None));
        assert!(!is_web_page(b"[]", Some("application/json")));
    }
}
