//! Parts of files: all parts that a player puts together are of one file.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

/// Answers `If-Range`: with a part if the file is the one that the other parts are of, and with the
/// whole file if it is another by now.
///
/// The tag is compared where the file is opened, as that of `If-Match`: what is compared here and what
/// is sent are of one file, whatever an export does meanwhile.
pub(super) async fn of_one_file(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    // A time tells two exports of one second not apart: whoever has no tag gets the file.
    parts.headers.remove(header::IF_MODIFIED_SINCE);
    // Parts that are counted in something else are not understood, and the whole file is an answer to that.
    let in_bytes = |it: HeaderValue| {
        let (unit, range) = it.to_str().ok()?.split_once('=')?;
        let range = HeaderValue::from_str(&format!("bytes={range}"));
        unit.eq_ignore_ascii_case("bytes").then_some(range.ok()?)
    };
    if let Some(range) = parts.headers.remove(header::RANGE).and_then(in_bytes) {
        parts.headers.insert(header::RANGE, range);
    }
    let Some(tag) = parts.headers.remove(header::IF_RANGE) else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    let mut whole = parts.clone();
    whole.headers.remove(header::RANGE);
    // Nor does it here, and a weak tag tells no bytes apart.
    if tag.as_bytes().starts_with(b"\"") && !parts.headers.contains_key(header::IF_MATCH) {
        parts.headers.insert(header::IF_MATCH, tag);
        let answer = next.clone().run(Request::from_parts(parts, body)).await;
        if answer.status() != StatusCode::PRECONDITION_FAILED {
            return answer;
        }
    }
    next.run(Request::from_parts(whole, Body::empty())).await
}

/// Makes the tag of a compressed answer weak: it is of the file, and the bytes are others.
pub(super) async fn weaken_tag(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    if headers.contains_key(header::CONTENT_ENCODING)
        && let Some(tag) = headers.get(header::ETAG)
        && !tag.as_bytes().starts_with(b"W/")
        && let Ok(weak) = HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat())
    {
        headers.insert(header::ETAG, weak);
    }
    answer
}
