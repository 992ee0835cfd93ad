//! Being who we are to an AYON: by a key, or logged in.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::Credentials;
use crate::http::{AuthHeader, Failure, HttpClient};
use crate::session::{SharedSession, secret_answer};
use crate::{Error, ErrorKind, Result};

const OPERATION: &str = "log in to AYON";

const KEY_HEADER: &str = "x-api-key";

const KEY_HELP: &str = "give the key of a service user or a personal API key, whole and not revoked; AYON \
                        shows a key once, when it is made";

const LOGIN_HELP: &str = "check both by logging in to AYON in a browser, or use an API key";

const BUSY_HELP: &str = "AYON takes ten logins a minute, from everybody together: wait a minute, or \
                         use an API key, which needs no login";

/// How much longer than usual to wait before a login is repeated: with the usual delay 8, 16 and 30
/// seconds, for a limit by the minute.
const PATIENCE: u32 = 16;

/// Who we are, and the one session that all requests share.
#[derive(Debug)]
pub(super) struct Session {
    credentials: Credentials,
    shared: SharedSession<AuthHeader>,
}

#[derive(Deserialize)]
struct LoginAnswer {
    token: SecretString,
}

#[derive(Deserialize)]
struct Refusal {
    detail: String,
}

impl Session {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            shared: SharedSession::default(),
        }
    }

    /// Forgets that a login failed, so that the next request tries again.
    pub(super) async fn forget_failure(&self) {
        self.shared.forget_failure().await;
    }

    /// What proves who we are; logs in if it must. Whoever asks meanwhile waits for that login.
    pub(super) async fn auth(&self, http: &HttpClient) -> Result<Arc<AuthHeader>> {
        let open = || async {
            match &self.credentials {
                Credentials::ApiKey(key) => Ok(AuthHeader::new(KEY_HEADER, key)?),
                Credentials::Password { name, password } => log_in(http, name, password).await,
            }
        };
        self.shared.get(open).await
    }

    /// The same in place of one that the server no longer takes. However many requests find that out
    /// at once, there is one login.
    ///
    /// Who has logged in to AYON's own tools finds the token of that session under the name of the
    /// key, so a key that is not taken may be one.
    pub(super) async fn renewed(
        &self,
        http: &HttpClient,
        stale: &Arc<AuthHeader>,
    ) -> Result<Arc<AuthHeader>> {
        let renew = || async {
            match &self.credentials {
                Credentials::ApiKey(key) => Ok(AuthHeader::bearer(key)?),
                Credentials::Password { name, password } => {
                    tracing::debug!("the session has expired: logging in again");
                    log_in(http, name, password).await
                }
            }
        };
        self.shared.renew(stale, renew).await
    }

    /// Says that a renewed session was not taken either: `first` is what was said of the one before.
    pub(super) async fn refused(
        &self,
        renewed: &Arc<AuthHeader>,
        first: Failure,
        second: Failure,
    ) -> Failure {
        if let Credentials::Password { .. } = self.credentials {
            return second;
        }
        self.shared.close(renewed).await;
        // It is a key, and not a good one.
        Error::from(first).with_help(KEY_HELP).into()
    }
}

/// Logs in, once: AYON shuts out an address after some wrong passwords.
async fn log_in(http: &HttpClient, name: &str, password: &SecretString) -> Result<AuthHeader> {
    let body = json!({"name": name, "password": password.expose_secret()});
    http.keep_secret(password);
    let request = http
        .post(OPERATION, http.url(&["api", "auth", "login"]))
        .body(&body)?
        .patient(PATIENCE);
    let answer = request.json().await;
    let answer = answer.map_err(|failure| explain(http, failure, name))?;
    let LoginAnswer { token } = secret_answer(OPERATION, answer)?;
    AuthHeader::bearer(&token)
}

/// Says why a login failed, in words that help.
fn explain(http: &HttpClient, failure: Failure, name: &str) -> Error {
    match failure.status() {
        Some(401 | 403) if !failure.is_elsewhere() => {
            let said = failure.answer::<Refusal>().map(|it| it.detail);
            let said = http.told(said.as_deref().unwrap_or("no reason given"));
            let message = format!("AYON refuses `{}`: {said}", name.escape_debug());
            Error::new(ErrorKind::Refused, OPERATION, message).with_help(LOGIN_HELP)
        }
        Some(429 | 503) => Error::from(failure).with_help(BUSY_HELP),
        _ => failure.into(),
    }
}
