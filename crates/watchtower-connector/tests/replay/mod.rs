//! Plays back what a real server answered.
//!
//! Recordings are JSON files of one exchange each:
//!
//! ```json
//! {"request": {"method": "GET", "path": "/a?b=c", "headers": {}, "body": {}},
//!  "response": {"status": 200, "headers": {}, "body": {}}}
//! ```
//!
//! Headers and body of the request are optional: a request must have those that are there. The
//! response's body is JSON in `body`, text in `body_text`, or any bytes in `body_base64`.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Map, Value};
use wiremock::http::HeaderMap;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// A server on 127.0.0.1 that answers as recorded.
///
/// A test that wants another answer mounts it on [`server`](Self::server): what is mounted there
/// goes before the recordings.
pub(crate) struct Replay {
    server: MockServer,
}

impl Replay {
    /// Serves the recordings in a folder. Files that hold no exchange are of no concern.
    pub(crate) async fn start(folder: impl AsRef<Path>) -> Self {
        let folder = folder.as_ref();
        let mut paths: Vec<_> = fs::read_dir(folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|it| it == "json"))
            .collect();
        paths.sort();
        let exchanges: Vec<Exchange> = paths
            .iter()
            .filter_map(|path| {
                let recording: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
                let is_exchange = recording.get("request").is_some();
                is_exchange.then(|| {
                    serde_json::from_value(recording)
                        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
                })
            })
            .collect();
        assert!(
            !exchanges.is_empty(),
            "no recordings in {}",
            folder.display()
        );
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(Recordings(exchanges))
            .with_priority(u8::MAX)
            .mount(&server)
            .await;
        Self { server }
    }

    /// The server, to mount other answers on.
    pub(crate) fn server(&self) -> &MockServer {
        &self.server
    }

    /// Its address, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        self.server.uri()
    }

    /// What was asked so far: method, path and query.
    pub(crate) async fn asked(&self) -> Vec<String> {
        let requests = self.requests().await.into_iter();
        requests.map(|request| line(&request)).collect()
    }

    /// The requests so far.
    pub(crate) async fn requests(&self) -> Vec<Request> {
        self.server.received_requests().await.unwrap_or_default()
    }

    /// How many requests there were for a method, path and query.
    pub(crate) async fn count(&self, asked: &str) -> usize {
        let all = self.asked().await;
        all.iter().filter(|request| *request == asked).count()
    }
}

/// Method, path and query: `GET /a?b=c`.
pub(crate) fn line(request: &Request) -> String {
    let query = request
        .url
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    format!("{} {}{query}", request.method, request.url.path())
}

#[derive(Deserialize)]
struct Exchange {
    request: RecordedRequest,
    response: RecordedResponse,
}

#[derive(Deserialize)]
struct RecordedRequest {
    method: String,
    path: String,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    body: Option<Value>,
}

#[derive(Deserialize)]
struct RecordedResponse {
    status: u16,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    body: Option<Value>,
    #[serde(default)]
    body_text: Option<String>,
    #[serde(default)]
    body_base64: Option<String>,
}

impl RecordedRequest {
    fn matches(&self, request: &Request) -> bool {
        line(request) == format!("{} {}", self.method, self.path)
            && self
                .headers
                .iter()
                .all(|(name, value)| has(&request.headers, name, value))
            && self.body.as_ref().is_none_or(|body| {
                serde_json::from_slice::<Value>(&request.body).is_ok_and(|sent| sent == *body)
            })
    }
}

fn has(headers: &HeaderMap, name: &str, value: &Value) -> bool {
    let sent = headers.get(name).and_then(|sent| sent.to_str().ok());
    sent == value.as_str()
}

struct Recordings(Vec<Exchange>);

impl Respond for Recordings {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let matching = self
            .0
            .iter()
            .filter(|exchange| exchange.request.matches(request));
        // The one that asks for most: a conditional request is answered as such.
        let Some(Exchange { response, .. }) =
            matching.max_by_key(|exchange| exchange.request.headers.len())
        else {
            return ResponseTemplate::new(418).set_body_string(format!(
                "this was not recorded: {}, {:?}",
                line(request),
                request.headers
            ));
        };
        let body = match response {
            RecordedResponse {
                body: Some(json), ..
            } => json.to_string().into_bytes(),
            RecordedResponse {
                body_text: Some(text),
                ..
            } => text.clone().into_bytes(),
            RecordedResponse {
                body_base64: Some(text),
                ..
            } => BASE64.decode(text).unwrap(),
            _ => Vec::new(),
        };
        let content_type = response.headers.get("content-type").and_then(Value::as_str);
        let mut answer = ResponseTemplate::new(response.status)
            .set_body_raw(body, content_type.unwrap_or("application/octet-stream"));
        for (name, value) in &response.headers {
            // The length is that of the body as the server had spaced it.
            if !matches!(name.as_str(), "content-length" | "content-type") {
                answer = answer.insert_header(name.as_str(), value.as_str().unwrap());
            }
        }
        answer
    }
}
