//! Being logged in.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Credentials;
use super::records::Person;
use crate::http::{AuthHeader, Failure, HttpClient};
use crate::session::{SharedSession, secret_answer};
use crate::{Error, ErrorKind, Result};

const OPERATION: &str = "log in to Kitsu";

const BOT_HELP: &str = "create a bot in Kitsu (main menu, Bots) and use its token instead of an \
                        e-mail address and password";

/// Who we are, and the one session that all requests share.
#[derive(Debug)]
pub(super) struct Session {
    credentials: Credentials,
    shared: SharedSession<Tokens>,
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
            shared: SharedSession::default(),
        }
    }

    /// Whether a bot's token says who we are.
    pub(super) fn is_bot(&self) -> bool {
        matches!(self.credentials, Credentials::Token(_))
    }

    /// Logs in if there is no session, also when we were refused before. Answers as whom, where a login
    /// says so: a session from before may have ended meanwhile, and a bot has no login.
    pub(super) async fn begin(&self, http: &HttpClient) -> Result<Option<Person>> {
        if self.shared.forget_failure().await {
            return Ok(None);
        }
        Ok(self.tokens(http).await?.user.clone())
    }

    /// The current session; logs in if there is none. Whoever asks meanwhile waits for that login.
    pub(super) async fn tokens(&self, http: &HttpClient) -> Result<Arc<Tokens>> {
        let log_in = || async {
            match &self.credentials {
                Credentials::Token(token) => Ok(Tokens {
                    access: AuthHeader::bearer(token)?,
                    refresh: None,
                    is_refreshed: false,
                    user: None,
                }),
                Credentials::Password { email, password } => log_in(http, email, password).await,
            }
        };
        self.shared.get(log_in).await
    }

    /// A session in place of one that the server no longer takes. However many requests find that
    /// out at once, it is renewed once.
    pub(super) async fn renewed(
        &self,
        http: &HttpClient,
        stale: &Arc<Tokens>,
    ) -> Result<Arc<Tokens>> {
        let renew = || async {
            match &self.credentials {
                // A bot has nothing but its token, and that is what was not taken.
                Credentials::Token(_) => Err(refused(
                    "the bot's token is not accepted: it is wrong, expired or revoked",
                    "create a new token for the bot in Kitsu (main menu, Bots)",
                )),
                Credentials::Password { email, password } => match refresh(http, stale).await {
                    Some(tokens) => Ok(tokens),
                    None => log_in(http, email, password).await,
                },
            }
        };
        self.shared.renew(stale, renew).await
    }
}

/// A session by what the last one left for that. None where it left nothing, or the server does not take it:
/// what a refresh gave is not refreshed again, for it may have been refused at once.
async fn refresh(http: &HttpClient, stale: &Tokens) -> Option<Tokens> {
    let refresh = stale.refresh.as_ref().filter(|_| !stale.is_refreshed)?;
    tracing::debug!("the session has expired: refreshing it");
    let url = http.url(&["auth", "refresh-token"]);
    let answer = http.get(OPERATION, url).auth(refresh.clone()).json().await;
    let access = answer.and_then(|answer| {
        let RefreshAnswer { access_token } = secret_answer(OPERATION, answer)?;
        Ok(AuthHeader::bearer(&access_token)?)
    });
    match access {
        Ok(access) => Some(Tokens {
            access,
            refresh: stale.refresh.clone(),
            is_refreshed: true,
            user: stale.user.clone(),
        }),
        Err(failure) => {
            tracing::debug!(%failure, "the session cannot be refreshed");
            None
        }
    }
}

/// Logs in, once: after a few wrong passwords Kitsu locks the account.
async fn log_in(http: &HttpClient, email: &str, password: &SecretString) -> Result<Tokens> {
    let body = json!({"email": email, "password": password.expose_secret()});
    http.keep_secret(password);
    let request = http
        .post(OPERATION, http.url(&["auth", "login"]))
        .body(&body)?;
    let answer: LoginAnswer = match request.json().await {
        Ok(answer) => secret_answer(OPERATION, answer)?,
        Err(failure) => return Err(explain(failure, email)),
    };
    if answer.two_factor_authentication_required {
        return Err(refused(
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

fn refused(message: impl Into<String>, help: &str) -> Error {
    Error::new(ErrorKind::Refused, OPERATION, message).with_help(help)
}

/// Says why a login failed, in words that help.
fn explain(failure: Failure, email: &str) -> Error {
    let Some(answer) = failure.answer::<LoginRefusal>() else {
        return failure.into();
    };
    if answer.missing_otp || answer.wrong_otp {
        let message = "the account asks for a second factor, which an export cannot give";
        return refused(message, BOT_HELP);
    }
    if answer.too_many_failed_login_attemps {
        let message = format!("too many failed logins of {email}");
        return refused(message, "wait a minute, and check the password");
    }
    if answer.default_password {
        let message = format!("the account {email} still has the password it was created with");
        return refused(message, "log in to Kitsu in a browser once and change it");
    }
    if answer.unactive {
        let message = format!("the account {email} is deactivated");
        let help = "use another account, or have this one activated in Kitsu (main menu, People)";
        return refused(message, help);
    }
    match failure.status() {
        // Not 409: that is a server on which no way to log in is set up.
        Some(400 | 401) if answer.login == Some(false) => {
            let message = format!("the e-mail address {email} or its password is wrong");
            refused(message, "check both by logging in to Kitsu in a browser")
        }
        _ => failure.into(),
    }
}
