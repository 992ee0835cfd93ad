//! A site over HTTP, beside its web client.
//!
//! A file of the site is opened anew for each request, and what an export puts in its place is another
//! file, so every answer is of one export. A page asks for several documents, one after the other, and
//! an export may land between them: the page is told of it, and loads itself again.

mod changes;
mod files;
mod guard;
mod page;
mod range;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::serve::Listener;
use axum::{Router, middleware};
use futures_util::future::{BoxFuture, Shared};
use futures_util::{FutureExt, Stream, StreamExt};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use tower_http::compression::CompressionLayer;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

use self::files::Files;
use crate::client::{Client, INDEX};
use watchtower_writer::SiteFolder;

/// Where a page hears of exports.
const CHANGES: &str = "/_watchtower/changes";
/// How long those that are being answered have when the server ends.
const GRACE: Duration = Duration::from_secs(2);
/// How long a request may take to come, and a connection to bring the next one. Whoever sends half a request
/// holds a connection no longer.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// What is served.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) site: SiteFolder,
    /// Without one, or until it is there, there is a plain page.
    pub(crate) client: OnceLock<Client>,
    /// Whether a page loads itself again when the site changes.
    pub(crate) reload: bool,
}

/// A server that has its address and answers nobody yet.
pub(crate) struct Server {
    listener: TcpListener,
    served: Arc<Served>,
}

impl Server {
    /// Takes an address; with port 0 a free one.
    ///
    /// # Errors
    ///
    /// When the system refuses, as when another program has it.
    pub(crate) async fn bind(address: SocketAddr, served: Arc<Served>) -> io::Result<Self> {
        crate::os::allow_many_open_files();
        Ok(Self {
            listener: TcpListener::bind(address).await?,
            served,
        })
    }

    /// The port that was taken.
    ///
    /// # Errors
    ///
    /// When the system does not say.
    pub(crate) fn port(&self) -> io::Result<u16> {
        Ok(self.listener.local_addr()?.port())
    }

    /// Where a browser on this machine finds it.
    ///
    /// # Errors
    ///
    /// When the system does not say.
    pub(crate) fn url(&self) -> io::Result<String> {
        let mut address = self.listener.local_addr()?;
        if address.ip().is_unspecified() {
            address.set_ip(match address.ip() {
                IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
            });
        }
        Ok(format!("http://{address}/"))
    }

    /// Answers until `stop`, in HTTP/1. Those that are being answered then have a moment to hear the end of it.
    ///
    /// # Errors
    ///
    /// When the system does not say which address it is.
    pub(crate) async fn run(
        mut self,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let only_local = self.listener.local_addr()?.ip().is_loopback();
        let stop = stop.boxed().shared();
        let changes = changes::of(Arc::clone(&self.served));
        let hears = Hears {
            served: self.served,
            changes,
            stop: stop.clone(),
        };
        let mut router = router(hears);
        if only_local {
            router = router.layer(middleware::from_fn(guard::only_local_names));
        }
        let service = TowerToHyperService::new(router.layer(middleware::from_fn(guard::one_host)));
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT);
        let connections = GracefulShutdown::new();
        loop {
            let stream = tokio::select! {
                (stream, _) = Listener::accept(&mut self.listener) => stream,
                () = stop.clone() => break,
            };
            let connection = http.serve_connection(TokioIo::new(stream), service.clone());
            // Why one broke is its client's to know.
            tokio::spawn(connections.watch(connection).map(drop));
        }
        drop(self.listener);
        // Whoever is answered still then is cut.
        let _ = tokio::time::timeout(GRACE, connections.shutdown()).await;
        Ok(())
    }
}

/// What the handlers know.
#[derive(Clone)]
struct Hears {
    served: Arc<Served>,
    /// What the site is like, as a tag.
    changes: watch::Receiver<String>,
    stop: Shared<BoxFuture<'static, ()>>,
}

fn router(hears: Hears) -> Router {
    let files = Files::new(Arc::clone(&hears.served));
    let files = ServeDir::with_backend("", files).ignore_multi_range_requests(true);
    let mut router = Router::new()
        .route("/", get(index))
        .route("/index.html", get(index));
    if hears.served.reload {
        router = router.route(CHANGES, get(tell_changes));
    }
    // Without this a browser guesses how long it may do without asking.
    let ask = HeaderValue::from_static("no-cache");
    let as_told = HeaderValue::from_static("nosniff");
    let served = Arc::clone(&hears.served);
    router
        .fallback_service(files)
        .layer(middleware::from_fn_with_state(
            served,
            guard::no_scripts_in_the_site,
        ))
        .layer(middleware::from_fn(range::of_one_file))
        .layer(CompressionLayer::new().compress_when(files::is_text))
        .layer(middleware::map_response(range::weaken_tag))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            ask,
        ))
        .layer(SetResponseHeaderLayer::overriding(
            header::X_CONTENT_TYPE_OPTIONS,
            as_told,
        ))
        .with_state(hears)
}

/// The client's page, or without one our own.
async fn index(State(hears): State<Hears>) -> Response {
    // Taken before the page reads any document: should an export land from here on, it is told.
    let tag = hears.changes.borrow().clone();
    let Hears { served, .. } = hears;
    let text = match served.client.get() {
        Some(client) => {
            let bytes = client.file(INDEX).cloned().unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        }
        None => {
            let site = served.site.clone();
            match tokio::task::spawn_blocking(move || page::of(&site)).await {
                Ok(text) => text,
                Err(error) => {
                    let text = error.to_string();
                    return (StatusCode::INTERNAL_SERVER_ERROR, text).into_response();
                }
            }
        }
    };
    let text = if served.reload {
        with_script(&text, &tag)
    } else {
        text
    };
    let keep_nothing = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    ([keep_nothing], Html(text)).into_response()
}

/// Puts the script into a page that loads it again when the site is not as it was.
fn with_script(page: &str, tag: &str) -> String {
    let script = include_str!("server/reload.js")
        .replace("CHANGES", CHANGES)
        .replace("TAG", tag);
    let script = format!("<script>\n{script}</script>\n");
    let place = ["</head>", "</body>"].iter().find_map(|it| page.find(it));
    let (before, after) = page.split_at(place.unwrap_or(page.len()));
    [before, &script, after].concat()
}

/// The site's tag, and each one after it.
async fn tell_changes(
    State(hears): State<Hears>,
) -> Sse<impl Stream<Item = Result<Event, std::convert::Infallible>>> {
    let tags = WatchStream::new(hears.changes).map(|tag| Ok(Event::default().data(tag)));
    // A page that listens does not keep the server from ending.
    Sse::new(tags.take_until(hears.stop)).keep_alive(KeepAlive::default())
}
