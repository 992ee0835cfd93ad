//! Being who we are to a site: what goes with each call.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{self, Fault};
use super::site::AuthMethod;
use super::{Credentials, Flow};
use crate::session::{SharedSession, secret_answer};
use crate::{Error, ErrorKind, Result};

pub(super) const OPERATION: &str = "log in to Flow";

const SCRIPT_HELP: &str = "an administrator finds the script's name on the site's page \"Scripts\", and makes a \
                           new key there if it is lost: a key is shown once";

const LOGIN_HELP: &str =
    "check both by logging in to the site in a browser, or use a script and its key";

const TOKEN_HELP: &str =
    "get a new session token, or use a script and its key, which do not expire";

const TWO_FACTOR_HELP: &str =
    "a person with two factors cannot be used unattended: use a script and its key";

const SSO_HELP: &str = "use a script and its key, or a session token";

const IDENTITY_HELP: &str = "use a script and its key; or make a Personal Access Token in the Autodesk account, bind it \
                             to the person's profile on the site, and use the legacy login and passphrase";

/// Who we are, and the one session that all calls share.
#[derive(Debug)]
pub(super) struct Session {
    credentials: Credentials,
    shared: SharedSession<Auth>,
}

/// What proves who we are, as the first parameter of each call.
pub(super) struct Auth {
    pub(super) value: Value,
    /// The token of a session, where there is one.
    token: Option<SecretString>,
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Auth(…)")
    }
}

#[derive(Deserialize)]
struct SessionAnswer {
    session_id: SecretString,
}

impl Session {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            shared: SharedSession::default(),
        }
    }

    /// Who we are, for errors.
    pub(super) fn account(&self) -> String {
        match &self.credentials {
            Credentials::Script { name, .. } => format!("the script `{}`", name.escape_debug()),
            Credentials::Password { login, .. } => format!("`{}`", login.escape_debug()),
            Credentials::SessionToken(_) => "the session token".to_owned(),
        }
    }

    pub(super) async fn forget_failure(&self) {
        self.shared.forget_failure().await;
    }

    /// What proves who we are; logs in if it must. Whoever asks meanwhile waits for that login.
    pub(super) async fn auth(&self, flow: &Flow) -> Result<Arc<Auth>> {
        self.shared.get(|| self.open(flow)).await
    }

    /// The same in place of one that the site no longer takes. None where there is nothing else to try.
    pub(super) async fn renewed(
        &self,
        flow: &Flow,
        stale: &Arc<Auth>,
    ) -> Option<Result<Arc<Auth>>> {
        let Credentials::Password { login, password } = &self.credentials else {
            return None;
        };
        let renew = || async {
            tracing::debug!("the session has expired: logging in again");
            log_in(flow, login, password).await
        };
        Some(self.shared.renew(stale, renew).await)
    }

    /// The token of a session, for what is not a call: files at the site itself.
    pub(super) async fn token(&self, flow: &Flow) -> Result<SecretString> {
        let auth = self.auth(flow).await?;
        match &auth.token {
            Some(token) => Ok(token.clone()),
            None => session_token(flow, &auth.value).await,
        }
    }

    async fn open(&self, flow: &Flow) -> Result<Auth> {
        match &self.credentials {
            Credentials::Script { name, key } => {
                flow.http.keep_secret(key);
                Ok(Auth {
                    value: json!({"script_name": name, "script_key": key.expose_secret()}),
                    token: None,
                })
            }
            Credentials::SessionToken(token) => Ok(Auth::of_session(flow, token.clone())),
            Credentials::Password { login, password } => log_in(flow, login, password).await,
        }
    }

    /// Says that the site does not take who we are.
    pub(super) fn explain(&self, flow: &Flow, fault: &Fault) -> Error {
        let said = flow.http.told(&fault.message);
        let (message, help) = match (fault.code, &self.credentials) {
            (call::TWO_FACTORS, _) => (
                "the account asks for a second factor".into(),
                TWO_FACTOR_HELP,
            ),
            (call::SSO, _) => (format!("the site takes no passwords: {said}"), SSO_HELP),
            (call::IDENTITY, _) => (
                format!("the site takes no passwords: {said}"),
                IDENTITY_HELP,
            ),
            (_, Credentials::Script { .. }) => (
                format!("the site refuses {}: {said}", self.account()),
                SCRIPT_HELP,
            ),
            (_, Credentials::Password { .. }) => (
                format!("the site refuses {}: {said}", self.account()),
                LOGIN_HELP,
            ),
            (_, Credentials::SessionToken(_)) => (
                format!("the site refuses {}: {said}", self.account()),
                TOKEN_HELP,
            ),
        };
        refused(&message).with_help(help)
    }
}

impl Auth {
    fn of_session(flow: &Flow, token: SecretString) -> Self {
        flow.http.keep_secret(&token);
        Self {
            value: json!({"session_token": token.expose_secret(), "reject_if_expired": true}),
            token: Some(token),
        }
    }
}

/// Logs in, once: some wrong passwords lock an account. A site that takes no passwords gets none.
async fn log_in(flow: &Flow, login: &str, password: &SecretString) -> Result<Auth> {
    if flow.site_info().await?.auth_method == AuthMethod::Saml2 {
        let message = "the site logs people in with single sign-on, and takes no password";
        return Err(refused(message).with_help(SSO_HELP));
    }
    flow.http.keep_secret(password);
    let account = json!({"user_login": login, "user_password": password.expose_secret()});
    Ok(Auth::of_session(flow, session_token(flow, &account).await?))
}

/// Asks for a session as somebody.
async fn session_token(flow: &Flow, account: &Value) -> Result<SecretString> {
    let answer = flow
        .call_bare(OPERATION, "get_session_token", &[account])
        .await;
    let answer = answer.map_err(|error| error.explained(flow))?;
    let answer: SessionAnswer = secret_answer(OPERATION, answer)?;
    Ok(answer.session_id)
}

fn refused(message: &str) -> Error {
    Error::new(ErrorKind::Refused, OPERATION, message)
}
