//! A relay in front of the recorded Kitsu, which passes on what it said or plays a fault.

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use wiremock::matchers::path;
use wiremock::{Mock, ResponseTemplate};

use crate::faults::Fault;
use crate::replay::Replay;

/// The address of the account that was recorded.
pub const EMAIL: &str = "admin@example.com";
/// Its password.
pub const PASSWORD: &str = "pass=word=with=equals";
/// What a login gives.
pub const ACCESS_TOKEN: &str = "recorded-access-token";
/// What else a login gives.
pub const REFRESH_TOKEN: &str = "recorded-refresh-token";
/// What the refresh token gives.
pub const REFRESHED_TOKEN: &str = "recorded-refreshed-token";
/// A bot's token. It may read whatever the account may.
pub const BOT_TOKEN: &str = "recorded-bot-token";

/// What a real Kitsu answered, on 127.0.0.1. Many relays can stand in front of one.
pub struct RecordedKitsu(Replay);

impl RecordedKitsu {
    /// Starts the server.
    ///
    /// # Panics
    ///
    /// When the recordings cannot be read.
    pub async fn start() -> Self {
        let connector =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/watchtower-connector");
        let replay = Replay::start(connector.join("tests/recorded/kitsu")).await;
        // Who we are was not recorded.
        let user =
            json!({"authenticated": true, "user": {"id": "admin", "full_name": "Super Admin"}});
        Mock::given(path("/auth/authenticated"))
            .respond_with(ResponseTemplate::new(200).set_body_json(user))
            .mount(replay.server())
            .await;
        Self(replay)
    }

    fn address(&self) -> String {
        self.0.server().address().to_string()
    }
}

/// Which requests a fault hits.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What happens to them.
    pub fault: Fault,
    /// The [lines](Request::line) of the requests.
    pub lines: Vec<String>,
    /// Whether it happens whenever they come. Otherwise it is only the first time, for each.
    pub lasts: bool,
}

/// A server on 127.0.0.1 that answers as the recorded Kitsu does, but for its [`Plan`]. It answers
/// ranges and conditions on them, which were recorded for a few files only.
pub struct Relay {
    url: String,
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    kitsu: String,
    plan: Option<Plan>,
    /// An address of the tracker's pictures and movies on another origin, which asks for no token.
    elsewhere: Option<String>,
    is_elsewhere: bool,
    seen: Mutex<Vec<Request>>,
    hit: Mutex<HashSet<String>>,
    expired: AtomicBool,
}

impl Relay {
    /// A relay that plays no fault.
    pub async fn start(kitsu: &RecordedKitsu) -> Self {
        Self::with(kitsu, None, None, false).await
    }

    /// A relay on which pictures, movies and everything else are to be had without a token, as on
    /// the file server of a hoster.
    pub async fn elsewhere(kitsu: &RecordedKitsu) -> Self {
        Self::with(kitsu, None, None, true).await
    }

    /// A relay that plays a fault. Redirects to another origin lead to `elsewhere`.
    pub async fn faulty(kitsu: &RecordedKitsu, plan: Plan, elsewhere: &Self) -> Self {
        Self::with(kitsu, Some(plan), Some(elsewhere.url.clone()), false).await
    }

    async fn with(
        kitsu: &RecordedKitsu,
        plan: Option<Plan>,
        elsewhere: Option<String>,
        is_elsewhere: bool,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("the port's address");
        let state = Arc::new(State {
            kitsu: kitsu.address(),
            plan,
            elsewhere,
            is_elsewhere,
            seen: Mutex::default(),
            hit: Mutex::default(),
            expired: AtomicBool::new(false),
        });
        let task = tokio::spawn({
            let state = Arc::clone(&state);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let state = Arc::clone(&state);
                    // The other side may go at any time.
                    tokio::spawn(async move { state.serve(stream).await });
                }
            }
        });
        Self {
            url: format!("http://{address}"),
            state,
            task,
        }
    }

    /// Its address, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Request> {
        lock(&self.state.seen).clone()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    async fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut request = Request::read(&mut stream).await?;
        let fault = self.fault(&request);
        if matches!(fault, Some(Fault::Expired)) {
            self.expired.store(true, Ordering::SeqCst);
        }
        let answer = if self.expired.load(Ordering::SeqCst) && request.text.contains(ACCESS_TOKEN) {
            Answer::json(401, &json!({"message": "Token has expired"}))
        } else {
            self.recorded(&request).await?
        };
        request.status = answer.status;
        lock(&self.seen).push(request.clone());
        match fault {
            Some(fault) => {
                let elsewhere = self.elsewhere.as_deref().unwrap_or_default();
                fault.play(&request, answer, &mut stream, elsewhere).await
            }
            None => answer.send(&mut stream).await,
        }
    }

    /// What happens to a request.
    fn fault(&self, request: &Request) -> Option<&Fault> {
        let plan = self.plan.as_ref()?;
        let is_due = plan.lines.contains(&request.line)
            && (lock(&self.hit).insert(request.line.clone()) || plan.lasts);
        is_due.then_some(&plan.fault)
    }

    /// What the recorded Kitsu says.
    async fn recorded(&self, request: &Request) -> io::Result<Answer> {
        let mut text = request.text.clone();
        for token in [REFRESHED_TOKEN, BOT_TOKEN] {
            let bearer = |token: &str| format!("authorization: Bearer {token}\r\n");
            text = text.replace(&bearer(token), &bearer(ACCESS_TOKEN));
        }
        if self.is_elsewhere {
            let host = format!("\r\nauthorization: Bearer {ACCESS_TOKEN}\r\nhost:");
            text = text.replacen("\r\nhost:", &host, 1);
        }
        // Where a redirect to our own origin leads.
        text = text.replacen(MOVED, "", 1);
        let plain = |line: &&str| !line.starts_with("range:") && !line.starts_with("if-range:");
        let lines: Vec<_> = text.split("\r\n").filter(plain).collect();
        let text = lines
            .join("\r\n")
            .replacen("\r\n", "\r\nconnection: close\r\n", 1);

        let mut stream = TcpStream::connect(&self.kitsu).await?;
        stream.write_all(text.as_bytes()).await?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await?;
        let answer = Answer::parse(&bytes);
        match self.plan.as_ref().map(|it| it.fault) {
            Some(Fault::CutWithoutRanges(_)) => Ok(answer),
            _ => Ok(answer.in_range(request)),
        }
    }
}

/// What a redirect to the relay's own origin puts before a path.
pub(crate) const MOVED: &str = "/moved";

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// Method, path and query: `GET /a?b=c`.
    pub line: String,
    /// All of it, names of headers in lower case.
    pub text: String,
    /// The status of the answer that was there before a fault.
    pub status: u16,
}

impl Request {
    async fn read(stream: &mut TcpStream) -> io::Result<Self> {
        let mut reader = BufReader::new(stream);
        let mut text = String::new();
        let mut length = 0;
        while reader.read_line(&mut text).await? > 0 && !text.ends_with("\r\n\r\n") {
            let last = text.lines().next_back().unwrap_or_default();
            if let Some(value) = last.strip_prefix("content-length: ") {
                length = value.parse().map_err(io::Error::other)?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).await?;
        text.push_str(&String::from_utf8_lossy(&body));
        let line = text.split(" HTTP/").next().unwrap_or_default().to_owned();
        Ok(Self {
            line,
            text,
            status: 0,
        })
    }

    /// The line without ids: `GET /data/projects/*/episodes`.
    pub fn route(&self) -> String {
        let parts = self.line.split_inclusive(['/', '=', '.', '?', '&']);
        let part = |part: &str| {
            let id = part.trim_end_matches(['/', '=', '.', '?', '&']);
            let is_id = id.len() == 36 && id.bytes().all(|it| it == b'-' || it.is_ascii_hexdigit());
            if is_id {
                part.replace(id, "*")
            } else {
                part.to_owned()
            }
        };
        parts.map(part).collect()
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.text.split("\r\n").take_while(|line| !line.is_empty());
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// An answer that can be bent.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Without those that frame the body.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.into(),
        }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    /// Reads an answer that ended with its connection.
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes
            .windows(4)
            .position(|it| it == b"\r\n\r\n")
            .expect("a head");
        let head = String::from_utf8_lossy(&bytes[..end]);
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned()));
        let framing = ["content-length", "connection", "date"];
        Self {
            status: status.expect("a status"),
            headers: headers
                .filter(|(name, _)| !framing.contains(&&**name))
                .collect(),
            body: bytes[end + 4..].to_owned(),
        }
    }

    /// The part that was asked for.
    fn in_range(mut self, request: &Request) -> Self {
        let range = request
            .header("range")
            .and_then(|it| it.strip_prefix("bytes="));
        let start = range.and_then(|it| it.strip_suffix('-')?.parse::<usize>().ok());
        let Some(start) = start else { return self };
        let tag = self.headers.iter().find(|(name, _)| name == "etag");
        let other = request
            .header("if-range")
            .is_some_and(|it| tag.is_none_or(|(_, tag)| tag != it));
        if self.status != 200 || other {
            return self;
        }
        let length = self.body.len();
        if start >= length {
            return Self::new(416, "text/plain", "");
        }
        self.status = 206;
        self.body.drain(..start);
        let range = format!("bytes {start}-{}/{length}", length - 1);
        self.headers.push(("content-range".to_owned(), range));
        self
    }

    /// The head, with one more header that frames the body.
    pub(crate) fn head(&self, framing: &str) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} It\r\nconnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("{framing}\r\n\r\n"));
        head.into_bytes()
    }

    /// The head, with the body's true length.
    pub(crate) fn honest_head(&self) -> Vec<u8> {
        self.head(&format!("content-length: {}", self.body.len()))
    }

    pub(crate) async fn send(&self, stream: &mut TcpStream) -> io::Result<()> {
        stream.write_all(&self.honest_head()).await?;
        stream.write_all(&self.body).await?;
        stream.shutdown().await
    }
}
