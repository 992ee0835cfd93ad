//! Being logged in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::Credentials;
use super::records::Person;
use crate::http::{AuthHeader, Failure, HttpClient};
use crate::{Error, ErrorKind, Result};

const OPERATION: &str = "log in to Kitsu";

/// How long a login that failed for now stands for all others.
const FAILURE_STANDS: Duration = Duration::from_secs(30);

const BOT_HELP: &str = "create a bot in Kitsu (main menu, Bots) and use its token instead of an \
                        e-mail address and password";

/// Who we are, and the one session that all requests share.
#[derive(Debug)]
pub(super) struct Session {
    credentials: Credentials,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    LoggedOut,
    LoggedIn(Arc<Tokens>),
    /// Not tried again on our own: after a few wrong passwords Kitsu locks the account.
    Refused(Refusal),
    /// Whoever waited for it fails with it, and does not try it all again one after the other.
    Failed {
        at: Instant,
        error: Error,
    },
}

#[derive(Debug)]
struct Refusal {
    message: String,
    help: &'static str,
}

impl Refusal {
    fn error(&self) -> Error {
        Error::new(ErrorKind::Refused, OPERATION, &self.message).with_help(self.help)
    }
}

enum LoginError {
    Refused(Refusal),
    Other(Error),
}

impl LoginError {
    fn refused(message: impl Into<String>, help: &'static str) -> Self {
        Self::Refused(Refusal {
            message: message.into(),
            help,
        })
    }
}

impl From<Error> for LoginError {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<Failure> for LoginError {
    fn from(failure: Failure) -> Self {
        Self::Other(failure.into())
    }
}

/// What the server knows us by, for a while.
#[derive(Debug)]
pub(super) struct Tokens {
    access: AuthHeader,
    refresh: Option<AuthHeader>,
    /// Whether it stands in place of one that had ended, and no login has shown that it is any good.
    is_refreshed: bool,
    /// As whom, if it was said.
    user: Option<Person>,
}

impl Tokens {
    pub(super) fn auth(&self) -> AuthHeader {
        self.access.clone()
    }

    /// Whether they came by a refresh: should they be refused as well, a login may help.
    pub(super) fn is_refreshed(&self) -> bool {
        self.is_refreshed
    }
}

#[derive(Deserialize)]
struct LoginAnswer {
    access_token: SecretString,
    #[serde(default)]
    refresh_token: Option<SecretString>,
    #[serde(default)]
    user: Value,
    /// The account must set up a second factor first, and may do nothing else until then.
    #[serde(default)]
    two_factor_authentication_required: bool,
}

#[derive(Deserialize)]
struct RefreshAnswer {
    access_token: SecretString,
}

/// What a refused login says.
#[derive(Default, Deserialize)]
#[serde(default)]
struct LoginRefusal {
    login: Option<bool>,
    #[serde(rename = "missing_OTP")]
    missing_otp: bool,
    #[serde(rename = "wrong_OTP")]
    wrong_otp: bool,
    // Sic.
    too_many_failed_login_attemps: bool,
    default_password: bool,
    unactive: bool,
}

impl Session {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            state: Mutex::new(State::LoggedOut),
        }
    }

    /// Whether a bot's token says who we are.
    pub(super) fn is_bot(&self) -> bool {
        matches!(self.credentials, Credentials::Token(_))
    }

    /// Logs in if there is no session, also when we were refused before. Answers as whom, where a login
    /// says so: a session from before may have ended meanwhile, and a bot has no login.
    pub(super) async fn begin(&self, http: &HttpClient) -> Result<Option<Person>> {
        let mut state = self.state.lock().await;
        if let State::LoggedIn(_) = *state {
            return Ok(None);
        }
        *state = State::LoggedOut;
        Ok(self.log_in(http, &mut state).await?.user.clone())
    }

    /// The current session; logs in if there is none. Whoever asks meanwhile waits for that login.
    pub(super) async fn tokens(&self, http: &HttpClient) -> Result<Arc<Tokens>> {
        let mut state = self.state.lock().await;
        match &*state {
            State::LoggedIn(tokens) => Ok(Arc::clone(tokens)),
            State::Refused(refusal) => Err(refusal.error()),
            State::Failed { at, error } if at.elapsed() < FAILURE_STANDS => Err(error.again()),
            State::LoggedOut | State::Failed { .. } => self.log_in(http, &mut state).await,
        }
    }

    /// A session in place of one that the server no longer takes. However many requests find that
    /// out at once, it is renewed once.
    pub(super) async fn renewed(
        &self,
        http: &HttpClient,
        stale: &Arc<Tokens>,
    ) -> Result<Arc<Tokens>> {
        let mut state = self.state.lock().await;
        match &*state {
            State::LoggedIn(tokens) if !Arc::ptr_eq(tokens, stale) => {
                return Ok(Arc::clone(tokens));
            }
            State::Refused(refusal) => return Err(refusal.error()),
            State::Failed { at, error } if at.elapsed() < FAILURE_STANDS => {
                return Err(error.again());
            }
            State::LoggedIn(_) | State::LoggedOut | State::Failed { .. } => {}
        }
        // What a refresh gave is not refreshed again: it may have been refused at once.
        if let Some(refresh) = &stale.refresh
            && !stale.is_refreshed
        {
            tracing::debug!("the session has expired: refreshing it");
            let url = http.url(&["auth", "refresh-token"]);
            let answer = http.get(OPERATION, url).auth(refresh.clone()).json().await;
            let access = answer.and_then(|answer| {
                let RefreshAnswer { access_token } = tokens_in(answer)?;
                Ok(AuthHeader::bearer(&access_token)?)
            });
            match access {
                Ok(access) => {
                    let tokens = Arc::new(Tokens {
                        access,
                        refresh: stale.refresh.clone(),
                        is_refreshed: true,
                        user: stale.user.clone(),
                    });
                    *state = State::LoggedIn(Arc::clone(&tokens));
                    return Ok(tokens);
                }
                Err(failure) => tracing::debug!(%failure, "the session cannot be refreshed"),
            }
        }
        self.log_in(http, &mut state).await
    }

    async fn log_in(&self, http: &HttpClient, state: &mut State) -> Result<Arc<Tokens>> {
        let tokens = match &self.credentials {
            Credentials::Token(token) => match state {
                State::LoggedOut => Ok(Tokens {
                    access: AuthHeader::bearer(token)?,
                    refresh: None,
                    is_refreshed: false,
                    user: None,
                }),
                // A bot has nothing but its token, and that is what was not taken.
                _ => Err(LoginError::refused(
                    "the bot's token is not accepted: it is wrong, expired or revoked",
                    "create a new token for the bot in Kitsu (main menu, Bots)",
                )),
            },
            Credentials::Password { email, password } => log_in(http, email, password).await,
        };
        match tokens {
            Ok(tokens) => {
                let tokens = Arc::new(tokens);
                *state = State::LoggedIn(Arc::clone(&tokens));
                Ok(tokens)
            }
            Err(LoginError::Refused(refusal)) => {
                let error = refusal.error();
                *state = State::Refused(refusal);
                Err(error)
            }
            Err(LoginError::Other(error)) => {
                *state = State::Failed {
                    at: Instant::now(),
                    error: error.again(),
                };
                Err(error)
            }
        }
    }
}

async fn log_in(
    http: &HttpClient,
    email: &str,
    password: &SecretString,
) -> Result<Tokens, LoginError> {
    let body = json!({"email": email, "password": password.expose_secret()});
    http.keep_secret(password);
    let request = http
        .post(OPERATION, http.url(&["auth", "login"]))
        .body(&body)?;
    let answer: LoginAnswer = match request.json().await {
        Ok(answer) => tokens_in(answer)?,
        Err(failure) => return Err(explain(failure, email)),
    };
    if answer.two_factor_authentication_required {
        return Err(LoginError::refused(
            "the account must set up a second factor before it may do anything",
            BOT_HELP,
        ));
    }
    let refresh = answer.refresh_token.as_ref();
    if let Some(token) = refresh {
        http.keep_secret(token);
    }
    Ok(Tokens {
        access: AuthHeader::bearer(&answer.access_token)?,
        refresh: refresh.map(AuthHeader::bearer).transpose()?,
        is_refreshed: false,
        user: Person::deserialize(answer.user).ok(),
    })
}

/// Reads an answer that holds tokens. An error of serde's would quote what it did not expect.
fn tokens_in<T: DeserializeOwned>(answer: Value) -> Result<T> {
    serde_json::from_value(answer).map_err(|_| {
        let message = "the answer does not hold a token where it should";
        Error::new(ErrorKind::Malformed, OPERATION, message)
    })
}

/// Says why a login failed, in words that help.
fn explain(failure: Failure, email: &str) -> LoginError {
    let Some(answer) = failure.answer::<LoginRefusal>() else {
        return failure.into();
    };
    if answer.missing_otp || answer.wrong_otp {
        let message = "the account asks for a second factor, which an export cannot give";
        return LoginError::refused(message, BOT_HELP);
    }
    if answer.too_many_failed_login_attemps {
        let message = format!("too many failed logins of {email}");
        return LoginError::refused(message, "wait a minute, and check the password");
    }
    if answer.default_password {
        let message = format!("the account {email} still has the password it was created with");
        return LoginError::refused(message, "log in to Kitsu in a browser once and change it");
    }
    if answer.unactive {
        let message = format!("the account {email} is deactivated");
        let help = "use another account, or have this one activated in Kitsu (main menu, People)";
        return LoginError::refused(message, help);
    }
    match failure.status() {
        // Not 409: that is a server on which no way to log in is set up.
        Some(400 | 401) if answer.login == Some(false) => {
            let message = format!("the e-mail address {email} or its password is wrong");
            LoginError::refused(message, "check both by logging in to Kitsu in a browser")
        }
        _ => failure.into(),
    }
}
