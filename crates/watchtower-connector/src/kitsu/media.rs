//! Where Kitsu keeps pictures and movies.

use url::Url;
use watchtower_model::{MediaLocation, MediaRef};

use super::Kitsu;
use crate::http::{Failure, HttpClient};
use crate::{Error, ErrorKind, MediaRequest, OpenedMedia, Result};

const OPERATION: &str = "open a picture or movie";

/// Makes references to pictures and movies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses<'a>(pub &'a HttpClient);

impl Addresses<'_> {
    /// The small picture, 150 pixels wide, of a preview, a person or a project.
    pub(super) fn thumbnail(&self, kind: &str, id: &str) -> MediaRef {
        let file = format!("{id}.png");
        MediaRef::url(self.0.url(&["pictures", "thumbnails", kind, &file]))
    }

    /// The movie of a preview, in the size that is made for review.
    pub(super) fn movie(&self, preview_id: &str) -> MediaRef {
        let file = format!("{preview_id}.mp4");
        MediaRef::url(self.0.url(&["movies", "low", "preview-files", &file]))
    }

    /// Where the full size of such a movie is.
    fn original(&self, url: &Url) -> Option<Url> {
        let low = self.0.url(&["movies", "low", ""]);
        let rest = url.as_str().strip_prefix(low.as_str())?;
        self.0.url(&["movies", "originals", ""]).join(rest).ok()
    }
}

/// Opens what an [`Addresses`] or anybody else refers to: with our session on the tracker's own
/// origin, without it anywhere else.
pub(super) async fn open(kitsu: &Kitsu, request: MediaRequest<'_>) -> Result<OpenedMedia> {
    let unsupported = |message: &str| Error::new(ErrorKind::Unsupported, OPERATION, message);
    let MediaLocation::Url(address) = &request.media.location else {
        return Err(unsupported(
            "Kitsu knows pictures and movies by their full addresses only",
        ));
    };
    let url = Url::parse(address).map_err(|error| unsupported(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(unsupported(
            "its address starts with neither http:// nor https://",
        ));
    }
    let original = Addresses(&kitsu.http).original(&url);
    match (open_url(kitsu, url, request).await, original) {
        // Older servers, and movies that were not made smaller, have the full size alone.
        (Err(failure), Some(original)) if failure.kind() == ErrorKind::NotFound => {
            open_url(kitsu, original, request).await
        }
        (opened, _) => opened,
    }
    .map_err(|failure| {
        let is_refused = failure.status() == Some(403);
        kitsu.sight.explain(None, is_refused, failure.into())
    })
}

async fn open_url(
    kitsu: &Kitsu,
    url: Url,
    request: MediaRequest<'_>,
) -> Result<OpenedMedia, Failure> {
    let is_own = kitsu.http.is_own_origin(&url);
    let get = kitsu.http.get(OPERATION, url);
    let get = get.having(request.known, request.offset);
    if is_own {
        kitsu.with_session(get, |get| Box::pin(get.open())).await
    } else {
        get.open().await
    }
}
