//! One call to a site: sent as whom we are, and its faults told apart.
//!
//! A site answers everything at one address, a fault with status 200 too.

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Flow;
use crate::http::Failure;
use crate::{Error, ErrorKind};

/// A script, key, login, password or session that the site does not take.
pub(super) const AUTHENTICATION: i64 = 102;
/// The request is wrong: a field that is not there, a value of another type.
pub(super) const WRONG_REQUEST: i64 = 103;
/// What rules forbid, or what is not there.
pub(super) const FORBIDDEN: i64 = 104;
/// The code of a second factor is missing.
pub(super) const TWO_FACTORS: i64 = 106;
/// No passwords on a site with single sign-on.
pub(super) const SSO: i64 = 108;
/// No passwords on a site with Autodesk Identity.
pub(super) const IDENTITY: i64 = 110;

/// What a site answers in place of what was asked for.
#[derive(Debug)]
pub(super) struct Fault {
    pub code: i64,
    pub message: String,
    operation: String,
}

/// A call that came to nothing.
#[derive(Debug)]
pub(super) enum CallError {
    Fault(Fault),
    Error(Error),
}

impl CallError {
    /// Whether rules forbid it to the account. The code alone is not enough: it is that of what is not there
    /// as well.
    pub(super) fn is_forbidden(&self) -> bool {
        matches!(self, Self::Fault(fault) if fault.code == FORBIDDEN
            && fault.message.contains("accessed by this user"))
    }

    /// The error to tell.
    pub(super) fn explained(self, flow: &Flow) -> Error {
        let fault = match self {
            Self::Error(error) => return error,
            Self::Fault(fault) => fault,
        };
        if matches!(fault.code, AUTHENTICATION | TWO_FACTORS | SSO | IDENTITY) {
            return flow.session.explain(flow, &fault);
        }
        let said = flow.http.told(&fault.message);
        let operation = fault.operation;
        match fault.code {
            WRONG_REQUEST => {
                let message = format!("the site does not understand the request: {said}");
                Error::new(ErrorKind::Malformed, operation, message).with_help(
                    "if it names a field that your studio made, check the settings; otherwise please report it",
                )
            }
            FORBIDDEN => {
                let message = format!("the site refuses it to {}: {said}", flow.session.account());
                Error::new(ErrorKind::Refused, operation, message)
                    .with_help("give the account the permission to read it, or use a script without restrictions")
            }
            code => {
                let message = format!("the site answers with fault {code}: {said}");
                Error::new(ErrorKind::Malformed, operation, message)
            }
        }
    }
}

impl From<Failure> for CallError {
    fn from(failure: Failure) -> Self {
        let is_blocked = failure.status() == Some(403);
        let error = Error::from(failure);
        Self::Error(match is_blocked {
            true => error.with_help(
                "an administrator may have blocked the API for this site, or for the address of this machine",
            ),
            false => error,
        })
    }
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// What a site answers: what was asked for, or a fault.
#[derive(Deserialize)]
struct Answer<T> {
    #[serde(default)]
    exception: bool,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    error_code: Option<i64>,
    #[serde(default = "Option::default")]
    results: Option<T>,
}

impl Flow {
    /// Calls a method as whom we are, and once more in a new session when the site no longer takes the one
    /// there was.
    pub(super) async fn call<T>(
        &self,
        operation: &str,
        method: &str,
        args: &Value,
    ) -> Result<T, CallError>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let auth = self.session.auth(self).await?;
        match self.results(operation, method, &auth.value, args).await {
            Err(CallError::Fault(fault)) if fault.code == AUTHENTICATION => {
                match self.session.renewed(self, &auth).await {
                    Some(auth) => self.results(operation, method, &auth?.value, args).await,
                    None => Err(CallError::Fault(fault)),
                }
            }
            done => done,
        }
    }

    async fn results<T>(
        &self,
        operation: &str,
        method: &str,
        auth: &Value,
        args: &Value,
    ) -> Result<T, CallError>
    where
        T: DeserializeOwned,
    {
        let params = [auth, args];
        let params = if args.is_null() {
            &params[..1]
        } else {
            &params
        };
        let answer: Answer<T> = self.post(operation, method, params).await?;
        if answer.exception {
            return Err(CallError::Fault(Fault {
                code: answer.error_code.unwrap_or_default(),
                message: answer.message.unwrap_or_default(),
                operation: operation.to_owned(),
            }));
        }
        answer.results.ok_or_else(|| {
            let message = "the answer holds neither results nor a fault";
            Error::new(ErrorKind::Malformed, operation, message).into()
        })
    }

    /// Calls a method that may answer with the bare object in place of `results`, as `info` and
    /// `get_session_token` do.
    pub(super) async fn call_bare(
        &self,
        operation: &str,
        method: &str,
        params: &[&Value],
    ) -> Result<Value, CallError> {
        let mut answer: Value = self.post(operation, method, params).await?;
        if answer["exception"] == true {
            return Err(CallError::Fault(Fault {
                code: answer["error_code"].as_i64().unwrap_or_default(),
                message: answer["message"].as_str().unwrap_or_default().to_owned(),
                operation: operation.to_owned(),
            }));
        }
        Ok(match answer.get_mut("results") {
            Some(results) => results.take(),
            None => answer,
        })
    }

    async fn post<T: DeserializeOwned>(
        &self,
        operation: &str,
        method: &str,
        params: &[&Value],
    ) -> Result<T, Failure> {
        let mut body = json!({"method_name": method});
        if !params.is_empty() {
            body["params"] = json!(params);
        }
        let url = self.http.url(&["api3", "json"]);
        let request = self.http.post(operation, url).body(&body)?;
        // As the official client has it.
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        request.header(CONTENT_TYPE, json).json().await
    }
}
