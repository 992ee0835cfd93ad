//! Plays back what the counterpart of a Flow site answered; see `tests/flow/record.py`.

use std::path::Path;
use std::sync::Mutex;

use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// The script that was recorded.
pub(crate) const SCRIPT: &str = "watchtower";
/// Its key.
pub(crate) const KEY: &str = "correct-horse-battery-staple";

/// The projects that were recorded.
pub(crate) const PROJECTS: [&str; 8] = [
    "project-70",
    "project-71",
    "project-72",
    "project-73",
    "project-74",
    "project-79",
    "project-80",
    "project-82",
];

const PICTURE: &[u8] = include_bytes!("../ayon_server/picture.png");

/// A site, and the other host where its files are.
pub(crate) struct RecordedFlow {
    pub(crate) site: MockServer,
    pub(crate) files: MockServer,
}

impl RecordedFlow {
    pub(crate) async fn start() -> Self {
        let recorded = include_str!("../recorded/flow.json");
        let files = MockServer::start().await;
        Mock::given(any()).respond_with(Files).mount(&files).await;
        let site = MockServer::start().await;
        let recorded = recorded
            .replace("{media}", &files.uri())
            .replace("{site}", &site.uri());
        let answers = Answers {
            exchanges: serde_json::from_str(&recorded).unwrap(),
            sessions: Mutex::default(),
        };
        Mock::given(any())
            .respond_with(answers)
            .with_priority(u8::MAX)
            .mount(&site)
            .await;
        Self { site, files }
    }

    /// What was asked of the site: method, and type and page of what was read.
    pub(crate) async fn asked(&self) -> Vec<String> {
        let requests = self.site.received_requests().await.unwrap_or_default();
        requests.iter().map(|it| line(&body(it))).collect()
    }
}

pub(crate) fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap_or_default()
}

/// A request in a few words: `read Shot 1`, or `read Shot 1 retired` for what is in the trash.
pub(crate) fn line(body: &Value) -> String {
    let args = &body["params"][1];
    let words = [
        &body["method_name"],
        &args["type"],
        &args["paging"]["current_page"],
        &args["return_only"],
    ];
    let words = words
        .into_iter()
        .filter(|it| !it.is_null() && *it != "active");
    words
        .map(|it| it.to_string().replace('"', ""))
        .collect::<Vec<_>>()
        .join(" ")
}

/// An answer with a fault, as a site gives it.
pub(crate) fn fault(code: i64, message: &str) -> ResponseTemplate {
    let fault = json!({"exception": true, "message": message, "error_code": code});
    ResponseTemplate::new(200).set_body_json(fault)
}

struct Answers {
    exchanges: Vec<Value>,
    sessions: Mutex<usize>,
}

impl Respond for Answers {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body = body(request);
        let (method, auth, args) = (&body["method_name"], &body["params"][0], &body["params"][1]);
        if request.url.path() != "/api3/json" || request.method.as_str() != "POST" {
            return ResponseTemplate::new(404)
                .set_body_raw("<html>404 Not Found</html>", "text/html");
        }
        if method == "get_session_token" && auth["user_login"] == "ada" {
            if auth["user_password"] != "ada-password" {
                return fault(102, "Can't authenticate user 'ada'.");
            }
            let mut sessions = self.sessions.lock().unwrap();
            *sessions += 1;
            let session = json!({"session_id": format!("recorded-session-{sessions}")});
            return ResponseTemplate::new(200).set_body_json(session);
        }
        let session = format!("recorded-session-{}", self.sessions.lock().unwrap());
        let is_known = auth["script_name"] == SCRIPT && auth["script_key"] == KEY
            || auth["session_token"] == session.as_str();
        if method != "info" && !is_known {
            return fault(102, "Can't authenticate script 'watchtower'");
        }
        // A site without some types is asked for fewer fields.
        let of = |it: &Value| {
            let mut args = it.clone();
            if let Some(args) = args.as_object_mut() {
                args.remove("return_fields");
            }
            args
        };
        let is_it = |it: &&Value| {
            it["request"]["method"] == *method && of(&it["request"]["args"]) == of(args)
        };
        let answer = match self.exchanges.iter().find(is_it) {
            Some(exchange) => exchange["response"].clone(),
            // There is nothing else in the trash.
            None if args["return_only"] == "retired" => {
                json!({"results": {"entities": [], "paging_info": {"has_next_page": false}}})
            }
            // One row of what was recorded, or one that is not there.
            None if method == "read" && args["filters"]["conditions"][0]["path"] == "id" => {
                let id = &args["filters"]["conditions"][0]["values"][0];
                let of_type = |it: &&Value| it["request"]["args"]["type"] == args["type"];
                let rows = self.exchanges.iter().filter(of_type);
                let rows = rows.flat_map(|it| it["response"]["results"]["entities"].as_array());
                let row: Vec<_> = rows
                    .flatten()
                    .filter(|it| it["id"] == *id)
                    .take(1)
                    .collect();
                json!({"results": {"entities": row, "paging_info": {"has_next_page": false}}})
            }
            None => return fault(999, &format!("this was not recorded: {}", line(&body))),
        };
        ResponseTemplate::new(200).set_body_json(answer)
    }
}

struct Files;

impl Respond for Files {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let is_signed = request.url.query() == Some("X-Amz-Signature=recorded");
        let names_us = ["authorization", "cookie"]
            .iter()
            .any(|it| request.headers.contains_key(*it));
        let refused = "<Error><Code>AccessDenied</Code></Error>";
        if !is_signed || names_us {
            return ResponseTemplate::new(403).set_body_raw(refused, "application/xml");
        }
        let name = request.url.path().rsplit('/').next().unwrap_or_default();
        let media = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../tests/flow/media")
            .join(name);
        match name.rsplit('.').next() {
            Some("png") => ResponseTemplate::new(200).set_body_raw(PICTURE, "image/png"),
            Some("jpg") => {
                ResponseTemplate::new(200).set_body_raw(std::fs::read(media).unwrap(), "image/jpeg")
            }
            _ => {
                ResponseTemplate::new(200).set_body_raw(std::fs::read(media).unwrap(), "video/mp4")
            }
        }
    }
}
