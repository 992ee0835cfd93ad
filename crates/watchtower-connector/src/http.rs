//! The HTTP client that connectors share: a good citizen towards the tracker, and closed about
//! secrets.
//!
//! [`HttpClient`] keeps connections open, asks [`jobs`](HttpOptions::jobs) things at a time and no
//! faster than [`requests_per_second`](HttpOptions::requests_per_second), tries again what fails
//! for now, waits where a server asks for it in `Retry-After`, and gives up on what is too slow or
//! too large. Answers that are [kept](KeptAnswers) are asked for again only if they changed. It
//! takes its proxy from the system or from `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.
//!
//! [`AuthHeader`]s go to the tracker's own origin (scheme, host and port) and nowhere else:
//! redirects are followed one by one, and without them from the first that leads away. What is
//! logged or said in an error holds neither a header nor the query of an address.
//!
//! ```
//! use watchtower_connector::http::{HttpClient, HttpOptions};
//!
//! let http = HttpClient::new("https://kitsu.example/api", &HttpOptions::default())?;
//! let url = http.url(&["data", "projects"]);
//! assert_eq!(url.as_str(), "https://kitsu.example/api/data/projects");
//! assert!(HttpClient::new("https://me:secret@kitsu.example/", &HttpOptions::default()).is_err());
//! # Ok::<(), watchtower_connector::Error>(())
//! ```

mod body;
mod failure;
mod gate;
mod kept;
mod options;
mod request;
mod secrets;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::redirect;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub use failure::Failure;
pub use kept::KeptAnswers;
pub use options::HttpOptions;
pub use request::Request;

use crate::{Error, ErrorKind, Result, Traffic};
use gate::Gate;
use secrets::Secrets;

/// A client of one tracker, at one address. A clone shares connections, limits and counters.
#[derive(Clone, Debug)]
pub struct HttpClient {
    inner: Arc<Inner>,
    address_help: Option<Arc<str>>,
}

#[derive(Debug)]
struct Inner {
    client: reqwest::Client,
    /// Ends in a slash.
    base: Url,
    options: HttpOptions,
    gate: Gate,
    counters: Counters,
    secrets: Secrets,
    /// The proxies that `client` goes by.
    proxies: Matcher,
}

impl HttpClient {
    /// A client of the tracker at a base address, as in `https://kitsu.example/api`. It connects
    /// when something is asked.
    ///
    /// # Errors
    ///
    /// `Config` when the address is none, or holds a user, a password, a query or a fragment; when
    /// the certificate cannot be read.
    pub fn new(address: &str, options: &HttpOptions) -> Result<Self> {
        let base = base_url(address)?;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("watchtower/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(options.connect_timeout)
            .read_timeout(options.silence_timeout)
            .pool_max_idle_per_host(options.jobs.get())
            .pool_idle_timeout(options.idle_timeout)
            // Redirects and retries are ours: see `request`.
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false);
        if let Some(path) = &options.ca_certificate {
            builder = builder.tls_certs_merge(certificates(path)?);
        }
        let client = builder
            .build()
            .map_err(|error| match &options.ca_certificate {
                // It is used here first.
                Some(path) => certificate_error(path, &failure::innermost(&error)),
                None => {
                    let reason = failure::innermost(&error);
                    Error::new(ErrorKind::Config, "set up the HTTP client", reason)
                }
            })?;
        Ok(Self {
            inner: Arc::new(Inner {
                client,
                base,
                options: options.clone(),
                gate: Gate::new(options),
                counters: Counters::default(),
                secrets: Secrets::default(),
                proxies: Matcher::from_system(),
            }),
            address_help: None,
        })
    }

    /// Adds what to tell a person when what answers is not the tracker, as in where its API usually
    /// is.
    #[must_use]
    pub fn with_address_help(mut self, help: &str) -> Self {
        self.address_help = Some(help.into());
        self
    }

    /// The base address, with a slash at the end.
    pub fn base(&self) -> &Url {
        &self.inner.base
    }

    /// An address below the base. Segments are escaped, so an id cannot lead elsewhere.
    pub fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.inner.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// Names a secret that the server knows. It may repeat that in any answer; no error and no log does. What
    /// an [`AuthHeader`] holds is one from its first request on.
    pub fn keep_secret(&self, secret: &SecretString) {
        self.inner.secrets.add(secret);
    }

    /// What a server says, in one short line, without the secrets that it may repeat.
    pub(crate) fn told(&self, said: &str) -> String {
        self.inner.secrets.hide_in_line(said)
    }

    /// The host and port of the proxy by way of which an address is asked, if one is.
    fn proxy_for(&self, url: &Url) -> Option<String> {
        let address = url.as_str().parse().ok()?;
        let proxy = self.inner.proxies.intercept(&address)?;
        let host = proxy.uri().host()?.to_owned();
        Some(match proxy.uri().port_u16() {
            Some(port) => format!("{host}:{port}"),
            None => host,
        })
    }

    /// An address as it may be shown in errors and logs.
    fn shown(&self, url: &Url) -> String {
        self.inner.secrets.hide(&shown(url))
    }

    /// An error, in which what a server says is not repeated as far as it is secret.
    fn error(&self, kind: ErrorKind, operation: &str, message: &str) -> Error {
        Error::new(kind, operation, self.inner.secrets.hide(message))
    }

    /// Whether an address is on the tracker's own origin: same scheme, host and port.
    pub fn is_own_origin(&self, url: &Url) -> bool {
        url.origin() == self.inner.base.origin()
    }

    /// A request to read something. `operation` says what, for errors: `read the shots of Sprite
    /// Fright`.
    pub fn get(&self, operation: impl Into<String>, url: Url) -> Request<'_> {
        Request::new(self, reqwest::Method::GET, operation.into(), url)
    }

    /// A request that sends something: a login, a query.
    pub fn post(&self, operation: impl Into<String>, url: Url) -> Request<'_> {
        Request::new(self, reqwest::Method::POST, operation.into(), url)
    }

    /// How much was asked and received so far, by this client and its clones.
    pub fn traffic(&self) -> Traffic {
        self.inner.counters.traffic()
    }
}

#[derive(Debug, Default)]
struct Counters {
    requests: AtomicU64,
    retries: AtomicU64,
    bytes: AtomicU64,
}

impl Counters {
    fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    fn count_retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    fn count_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn traffic(&self) -> Traffic {
        Traffic {
            requests: self.requests.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }
}

/// A header that proves who we are. Its value is shown nowhere.
#[derive(Clone, Debug)]
pub struct AuthHeader {
    name: HeaderName,
    value: HeaderValue,
    secret: SecretString,
}

impl AuthHeader {
    /// `Authorization: Bearer …`.
    ///
    /// # Errors
    ///
    /// `Config` when the token holds what a header cannot.
    pub fn bearer(token: &SecretString) -> Result<Self> {
        let value = format!("Bearer {}", token.expose_secret());
        Self::with_value(AUTHORIZATION, &value, token)
    }

    /// A header of the tracker's own, as in `x-api-key`.
    ///
    /// # Errors
    ///
    /// `Config` when the name is no header name, or the secret holds what a header cannot.
    pub fn new(name: &str, secret: &SecretString) -> Result<Self> {
        let name = HeaderName::try_from(name).map_err(|error| {
            Error::new(ErrorKind::Config, "send credentials", error.to_string())
        })?;
        Self::with_value(name, secret.expose_secret(), secret)
    }

    /// `Cookie: NAME=…`.
    ///
    /// # Errors
    ///
    /// `Config` when the value holds what a header cannot.
    pub fn cookie(name: &str, value: &SecretString) -> Result<Self> {
        let cookie = format!("{name}={}", value.expose_secret());
        Self::with_value(reqwest::header::COOKIE, &cookie, value)
    }

    fn with_value(name: HeaderName, value: &str, secret: &SecretString) -> Result<Self> {
        let mut value = HeaderValue::from_str(value).map_err(|_| {
            Error::new(
                ErrorKind::Config,
                "send credentials",
                "the token or key holds a line break or another character that cannot be sent",
            )
            .with_help("copy it again, without anything before or after it")
        })?;
        value.set_sensitive(true);
        Ok(Self {
            name,
            value,
            secret: secret.clone(),
        })
    }
}

/// Reads the certificates in a PEM file.
fn certificates(path: &Path) -> Result<Vec<reqwest::Certificate>> {
    let pem = fs::read(path).map_err(|error| certificate_error(path, &error.to_string()))?;
    let certificates = reqwest::Certificate::from_pem_bundle(&pem)
        .map_err(|error| certificate_error(path, &failure::innermost(&error)))?;
    if certificates.is_empty() {
        return Err(certificate_error(path, "there is no certificate in it"));
    }
    Ok(certificates)
}

fn certificate_error(path: &Path, message: &str) -> Error {
    let operation = format!("use the certificate in {}", path.display());
    Error::new(ErrorKind::Config, operation, message)
        .with_help("give a file with one or more certificates in PEM format")
}

/// Reads a base address, and gives it a slash at the end.
fn base_url(address: &str) -> Result<Url> {
    let refuse = |message: &str| {
        Error::new(ErrorKind::Config, "use the tracker's address", message)
            .with_help("give it in full, as in https://kitsu.example/api")
    };
    let mut url = Url::parse(address.trim())
        .map_err(|error| refuse(&format!("it is not a web address: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
        return Err(refuse("it starts with neither http:// nor https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse(
            "it holds a user name or password, which would end up in logs; credentials are given apart from it",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("it holds a `?` or `#`"));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// An address as it may be shown: without query, which can hold a signature, and without user.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Only addresses without a host cannot have a user, and those have none.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_address_holds_no_secret() {
        let refused = |address| base_url(address).unwrap_err().to_string();
        insta::assert_snapshot!(refused("https://me:hunter2@kitsu.example"), @"cannot use the tracker's address: it holds a user name or password, which would end up in logs; credentials are given apart from it");
        insta::assert_snapshot!(refused("kitsu.example"), @"cannot use the tracker's address: it is not a web address: relative URL without a base");
        insta::assert_snapshot!(refused("ftp://kitsu.example"), @"cannot use the tracker's address: it starts with neither http:// nor https://");
        insta::assert_snapshot!(refused("https://kitsu.example/?token=hunter2"), @"cannot use the tracker's address: it holds a `?` or `#`");
    }

    #[test]
    fn an_id_cannot_lead_out_of_the_base_address() {
        let http = HttpClient::new("http://127.0.0.1/api", &HttpOptions::default()).unwrap();
        assert_eq!(http.base().as_str(), "http://127.0.0.1/api/");
        assert_eq!(
            http.url(&["movies", "../../a b?c#d.mp4"]).as_str(),
            "http://127.0.0.1/api/movies/..%2F..%2Fa%20b%3Fc%23d.mp4"
        );
        assert_eq!(http.url(&[""]).as_str(), "http://127.0.0.1/api/");
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let http = HttpClient::new("https://a.example/api", &HttpOptions::default()).unwrap();
        let own = |url: &str| http.is_own_origin(&Url::parse(url).unwrap());
        assert!(own("https://a.example:443/elsewhere"));
        for other in [
            "http://a.example/api",
            "https://a.example:8443/api",
            "https://b.a.example/api",
        ] {
            assert!(!own(other), "{other} is taken for the tracker's own");
        }
    }

    #[test]
    fn what_is_shown_holds_no_secret() {
        let url = Url::parse("https://me:hunter2@a.example/b?signature=hunter2#hunter2").unwrap();
        assert_eq!(shown(&url), "https://a.example/b");
        let header = AuthHeader::bearer(&"hunter2".into()).unwrap();
        assert!(!format!("{header:?}").contains("hunter2"), "{header:?}");
        let error = AuthHeader::bearer(&"hunter2\n".into()).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}
