//! Where AYON keeps pictures and movies.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use url::Url;
use watchtower_model::{MediaLocation, MediaRef};

use super::Ayon;
use super::records::Folder;
use crate::http::{Failure, HttpClient};
use crate::{Error, ErrorKind, Media, MediaRequest, OpenedMedia, Result};

const OPERATION: &str = "open a picture or movie";

/// An answer that is no longer than this is looked at whether it stands for none: a picture of one
/// pixel has 68 bytes, initials some 600.
const LARGEST_PLACEHOLDER: u64 = 4096;

/// A picture that is no larger stays in memory from when somebody looked for it until it is asked for.
const LARGEST_SEEN: u64 = 256 * 1024;

/// Makes references to pictures and movies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses<'a>(pub &'a HttpClient);

impl Addresses<'_> {
    /// The picture of a folder: its thumbnail, or else the newest that came for review. None where it
    /// has neither.
    ///
    /// What tells one picture from the next is no part of what is asked, but of the reference: with the
    /// same hash, or else the same id, it is the same and need not be asked for again.
    pub(super) fn folder(&self, project: &str, folder: &Folder) -> Option<MediaRef> {
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let thumbnail = filled(&folder.thumbnail_id);
        if thumbnail.is_none() && !folder.has_reviewables {
            return None;
        }
        let mut url = self.thumbnail(&["projects", project, "folders", &folder.id, "thumbnail"]);
        Some(match filled(&folder.thumbnail_hash).or(thumbnail) {
            Some(version) => {
                url.set_fragment(Some(&version));
                MediaRef::url(url)
            }
            None => MediaRef::url(url).changing(),
        })
    }

    /// The picture of a project.
    pub(super) fn project(&self, project: &str) -> MediaRef {
        MediaRef::url(self.thumbnail(&["projects", project, "thumbnail"])).changing()
    }

    /// The picture of a person.
    pub(super) fn avatar(&self, user: &str) -> MediaRef {
        MediaRef::url(self.url(&["users", user, "avatar"])).changing()
    }

    /// A file that was uploaded for review.
    pub(super) fn file(&self, project: &str, file: &str) -> MediaRef {
        MediaRef::url(self.url(&["projects", project, "files", file]))
    }

    /// Without a picture, a picture of one pixel would come.
    fn thumbnail(&self, segments: &[&str]) -> Url {
        let mut url = self.url(segments);
        url.set_query(Some("placeholder=none"));
        url
    }

    fn url(&self, segments: &[&str]) -> Url {
        self.0.url(&[&["api"], segments].concat())
    }

    /// The project that an address of a picture or movie is in.
    fn project_of(&self, url: &Url) -> Option<String> {
        let below = url
            .path()
            .strip_prefix(self.url(&["projects", ""]).path())?;
        Some(below.split('/').next()?.to_owned()).filter(|_| self.0.is_own_origin(url))
    }

    /// Whether an address is one of a picture, so that AYON may have something in its place.
    fn is_picture(&self, url: &Url) -> bool {
        let below = url.path().strip_prefix(self.url(&[""]).path());
        self.0.is_own_origin(url)
            && below.is_some_and(|it| it.ends_with("/thumbnail") || it.ends_with("/avatar"))
    }
}

/// Opens what an [`Addresses`] or anybody else refers to: as whom we are on the tracker's own origin,
/// without that anywhere else.
pub(super) async fn open(ayon: &Ayon, request: MediaRequest<'_>) -> Result<OpenedMedia> {
    let unsupported = |message: &str| Error::new(ErrorKind::Unsupported, OPERATION, message);
    let MediaLocation::Url(address) = &request.media.location else {
        return Err(unsupported(
            "AYON knows pictures and movies by their full addresses only",
        ));
    };
    let url = Url::parse(address).map_err(|error| unsupported(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(unsupported(
            "its address starts with neither http:// nor https://",
        ));
    }
    if let Some(seen) = ayon.seen_pictures.take(address, request) {
        return Ok(seen);
    }
    let may_be_none = Addresses(&ayon.http).is_picture(&url);
    let project = Addresses(&ayon.http).project_of(&url);
    let opened = open_url(ayon, url, request).await.map_err(|failure| {
        let is_refused = failure.status() == Some(403);
        ayon.sight
            .explain(project.as_deref(), is_refused, failure.into())
    });
    match opened? {
        OpenedMedia::Stream(media) if may_be_none && media.offset == 0 => {
            Ok(OpenedMedia::Stream(a_picture(media).await?))
        }
        opened => Ok(opened),
    }
}

/// Pictures that are here because somebody had to look whether they are there, by their addresses. Each
/// is given away once.
#[derive(Default)]
pub(super) struct SeenPictures(Mutex<HashMap<String, Picture>>);

/// A small picture, whole.
struct Picture {
    bytes: Bytes,
    content_type: Option<String>,
    tag: Option<String>,
}

impl SeenPictures {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Picture>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn forget(&self) {
        self.all().clear();
    }

    /// Gives a picture away, unless a later part of it is wanted.
    fn take(&self, address: &str, request: MediaRequest<'_>) -> Option<OpenedMedia> {
        let picture = self.all().remove(address).filter(|_| request.offset == 0)?;
        if request.known.is_some() && picture.tag.as_deref() == request.known {
            return Some(OpenedMedia::Unchanged);
        }
        Some(OpenedMedia::Stream(Media {
            content_type: picture.content_type,
            tag: picture.tag,
            ..Media::from_bytes(picture.bytes)
        }))
    }
}

impl fmt::Debug for SeenPictures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all().keys()).finish()
    }
}

/// Whether there is a picture, which is kept then. What cannot be found out for now is taken to be there:
/// whoever opens it will know.
pub(super) async fn exists(ayon: &Ayon, media: &MediaRef) -> bool {
    match open(ayon, MediaRequest::new(media)).await {
        Ok(OpenedMedia::Stream(opened)) => {
            if opened.length.is_some_and(|it| it <= LARGEST_SEEN)
                && let MediaLocation::Url(address) = &media.location
                && let Ok(bytes) = whole(opened.bytes).await
            {
                let picture = Picture {
                    bytes: bytes.into(),
                    content_type: opened.content_type,
                    tag: opened.tag,
                };
                ayon.seen_pictures.all().insert(address.clone(), picture);
            }
            true
        }
        Ok(OpenedMedia::Unchanged) => true,
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

async fn whole(bytes: BoxStream<'static, Result<Bytes>>) -> Result<Vec<u8>> {
    bytes
        .try_fold(Vec::new(), |mut all, block| async move {
            all.extend_from_slice(&block);
            Ok(all)
        })
        .await
}

async fn open_url(
    ayon: &Ayon,
    url: Url,
    request: MediaRequest<'_>,
) -> Result<OpenedMedia, Failure> {
    let is_own = ayon.http.is_own_origin(&url);
    let get = ayon.http.get(OPERATION, url);
    let get = get.having(request.known, request.offset);
    if is_own {
        ayon.with_session(get, |get| Box::pin(get.open())).await
    } else {
        get.open().await
    }
}

/// A picture, unless it is what AYON sends where there is none: initials as SVG for a person, one
/// pixel for anything else.
async fn a_picture(media: Media) -> Result<Media> {
    let none = |message: &str| Error::new(ErrorKind::NotFound, OPERATION, message);
    let content_type = media.content_type.as_deref().unwrap_or_default();
    if content_type.to_ascii_lowercase().starts_with("image/svg") {
        return Err(none("nobody has uploaded one: what comes are initials"));
    }
    if media.length.is_none_or(|it| it > LARGEST_PLACEHOLDER) {
        return Ok(media);
    }
    let Media {
        bytes,
        length,
        offset,
        content_type,
        tag,
    } = media;
    let bytes = whole(bytes).await?;
    if is_one_pixel(&bytes) || bytes.trim_ascii_start().starts_with(b"<") {
        return Err(none("there is none: what comes stands for that"));
    }
    Ok(Media {
        length,
        offset,
        content_type,
        tag,
        ..Media::from_bytes(bytes)
    })
}

/// Whether some bytes are a PNG file of one pixel, by its header.
fn is_one_pixel(bytes: &[u8]) -> bool {
    const HEADER: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01";
    bytes.starts_with(HEADER)
}
