//! Being who we are to an AYON: by a key, or logged in.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::Credentials;
use crate::http::{AuthHeader, Failure, HttpClient};
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
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Start,
    Open(Arc<AuthHeader>),
    /// Not tried again on our own: AYON shuts out an address after some wrong passwords.
    Refused(String),
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
            state: Mutex::new(State::Start),
        }
    }

    /// Forgets that we were refused, so that the next request tries again.
    pub(super) async fn forget_refusal(&self) {
        let mut state = self.state.lock().await;
        if matches!(*state, State::Refused(_)) {
            *state = State::Start;
        }
    }

    /// What proves who we are; logs in if it must. Whoever asks meanwhile waits for that login.
    pub(super) async fn auth(&self, http: &HttpClient) -> Result<Arc<AuthHeader>> {
        let mut state = self.state.lock().await;
        match &*state {
            State::Open(auth) => Ok(Arc::clone(auth)),
            State::Refused(message) => Err(self.refusal(message)),
            State::Start => self.open(http, &mut state).await,
        }
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
        let mut state = self.state.lock().await;
        match &*state {
            State::Open(auth) if !Arc::ptr_eq(auth, stale) => return Ok(Arc::clone(auth)),
            State::Refused(message) => return Err(self.refusal(message)),
            State::Open(_) | State::Start => {}
        }
        if let Credentials::ApiKey(key) = &self.credentials {
            let auth = Arc::new(AuthHeader::bearer(key)?);
            *state = State::Open(Arc::clone(&auth));
            return Ok(auth);
        }
        tracing::debug!("the session has expired: logging in again");
        self.open(http, &mut state).await
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
        let mut state = self.state.lock().await;
        if matches!(&*state, State::Open(auth) if Arc::ptr_eq(auth, renewed)) {
            *state = State::Start;
        }
        // It is a key, and not a good one.
        Error::from(first).with_help(KEY_HELP).into()
    }

    async fn open(&self, http: &HttpClient, state: &mut State) -> Result<Arc<AuthHeader>> {
        let auth = match &self.credentials {
            Credentials::ApiKey(key) => AuthHeader::new(KEY_HEADER, key)?,
            Credentials::Password { name, password } => match log_in(http, name, password).await {
                Ok(token) => AuthHeader::bearer(&token)?,
                Err(failure) => return Err(self.explain(http, failure, name, state)),
            },
        };
        let auth = Arc::new(auth);
        *state = State::Open(Arc::clone(&auth));
        Ok(auth)
    }

    /// Says why a login failed, in words that help.
    fn explain(&self, http: &HttpClient, failure: Failure, name: &str, state: &mut State) -> Error {
        *state = State::Start;
        match failure.status() {
            Some(401 | 403) if !failure.is_elsewhere() => {
                let said = failure.answer::<Refusal>().map(|it| it.detail);
                let said = http.told(said.as_deref().unwrap_or("no reason given"));
                let message = format!("AYON refuses `{}`: {said}", name.escape_debug());
                let error = self.refusal(&message);
                *state = State::Refused(message);
                error
            }
            Some(429 | 503) => Error::from(failure).with_help(BUSY_HELP),
            _ => failure.into(),
        }
    }

    fn refusal(&self, message: &str) -> Error {
        Error::new(ErrorKind::Refused, OPERATION, message).with_help(LOGIN_HELP)
    }
}

async fn log_in(
    http: &HttpClient,
    name: &str,
    password: &SecretString,
) -> Result<SecretString, Failure> {
    let body = json!({"name": name, "password": password.expose_secret()});
    http.keep_secret(password);
    let answer: Value = http
        .post(OPERATION, http.url(&["api", "auth", "login"]))
        .body(&body)?
        .patient(PATIENCE)
        .json()
        .await?;
    // An error of serde's would quote what it did not expect.
    let answer: LoginAnswer = serde_json::from_value(answer).map_err(|_| {
        let message = "the answer does not hold a token where it should";
        Error::new(ErrorKind::Malformed, OPERATION, message)
    })?;
    Ok(answer.token)
}
