//! Keeps pages of others away from a server that is for this machine alone, and scripts of others away from
//! every page.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderValue, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Served;

/// What a browser may do with a file of the site that is opened as a page of its own, as an SVG can be: show it,
/// and run nothing.
const SITE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; sandbox",
);

/// Lets no file of the site run a script: they come from a tracker, where anybody may upload a picture. The
/// files of the client are its user's choice.
pub(super) async fn no_scripts_in_the_site(
    State(served): State<Arc<Served>>,
    request: Request,
    next: Next,
) -> Response {
    // Whatever is spelt otherwise may be the site's.
    let path = request.uri().path();
    let name = path.strip_prefix('/').unwrap_or(path);
    let mut clients = served.client.get().into_iter();
    let is_page = matches!(name, "" | "index.html");
    let is_clients = is_page || clients.any(|it| it.file(name).is_some());
    let mut answer = next.run(request).await;
    if !is_clients {
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, SITE_POLICY);
    }
    answer
}

/// Refuses a request that names several hosts, or none where one is due: whoever stands between us and a
/// browser may understand another one than we do.
pub(super) async fn one_host(request: Request, next: Next) -> Response {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    if hosts > 1 || hosts == 0 && request.version() > Version::HTTP_10 {
        let help = "A request names one host.\n";
        return (StatusCode::BAD_REQUEST, help).into_response();
    }
    next.run(request).await
}

/// Answers only those who call us by a name of this machine. Anybody can give their own name the
/// address 127.0.0.1, and a browser then lets their page read what we answer.
pub(super) async fn only_local_names(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST);
    let host = host.map(|it| it.to_str().unwrap_or_default());
    // A request may name the host beside the path as well.
    let beside = request.uri().authority().map(Authority::as_str);
    if host.into_iter().chain(beside).all(is_local) {
        return next.run(request).await;
    }
    let help = "This server is for this machine alone; --address makes it answer others.\n";
    (StatusCode::MISDIRECTED_REQUEST, help).into_response()
}

fn is_local(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host();
    let number = name.trim_matches(['[', ']']).parse::<IpAddr>();
    number.is_ok_and(|it| it.is_loopback())
        || name.eq_ignore_ascii_case("localhost")
        || name.to_ascii_lowercase().ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine_are_known() {
        for host in ["127.0.0.1:80", "localhost:1", "[::1]:2", "film.localhost"] {
            assert!(is_local(host), "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example:80",
            "localhost.evil",
            "10.0.0.1",
            "",
        ] {
            assert!(!is_local(host), "{host}");
        }
    }
}
