//! Pictures and movies, by keys that never change.
//!
//! A site hands out signed addresses of another host, another one at every reading, which are good for some
//! minutes. So a picture goes by the field it is in and the part of its address that stays the same for the same
//! upload: `Shot/860/image/bucket/5f1d/thumb.jpg`. Who opens it reads the field anew.

use serde_json::json;
use url::Url;
use watchtower_model::{MediaLocation, MediaRef};

use super::Flow;
use super::query::{Query, filter};
use super::records::{File, Loose};
use crate::http::{AuthHeader, Failure};
use crate::{Error, ErrorKind, MediaRequest, OpenedMedia, Result};

const OPERATION: &str = "open a picture or movie";

/// What stands in the place of a picture that the site is still making. It is a picture, and must not be taken
/// for one.
const NOT_YET: &str = "/images/status/transient/";

/// Types whose pictures and movies are referred to, with the fields they may be in.
const FIELDS: [(&str, &[&str]); 5] = [
    ("Project", &["image"]),
    ("HumanUser", &["image"]),
    ("Asset", &["image"]),
    ("Shot", &["image"]),
    ("Version", &["sg_uploaded_movie", "sg_uploaded_movie_mp4"]),
];

/// What a field for a picture holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Picture {
    None,
    /// The site is still making it.
    NotYet,
    Media(MediaRef),
}

impl Picture {
    pub(super) fn into_media(self) -> Option<MediaRef> {
        match self {
            Self::Media(media) => Some(media),
            Self::None | Self::NotYet => None,
        }
    }
}

/// Makes a reference to the picture of something, from what its field holds.
pub(super) fn picture(entity: &str, id: i64, image: Option<&str>) -> Picture {
    let Some(url) = image.and_then(|it| Url::parse(it).ok()) else {
        return Picture::None;
    };
    match url.path().contains(NOT_YET) {
        true => Picture::NotYet,
        false => Picture::Media(MediaRef::key(key(entity, id, "image", url.path()))),
    }
}

/// Makes a reference to the movie of a version.
pub(super) fn movie(version: i64, field: &str, file: &File) -> Option<MediaRef> {
    let path = path_of(file)?;
    Some(MediaRef::key(key("Version", version, field, &path)))
}

fn key(entity: &str, id: i64, field: &str, path: &str) -> String {
    format!("{entity}/{id}/{field}{path}")
}

/// The part of a file's address that stays the same.
fn path_of(file: &File) -> Option<String> {
    match &file.url {
        Some(url) => Some(Url::parse(url).ok()?.path().to_owned()),
        None => Some(format!("/file_serve/attachment/{}", file.id?)),
    }
}

/// What a key names.
struct Key<'a> {
    entity: &'static str,
    id: i64,
    field: &'static str,
    path: &'a str,
}

impl<'a> Key<'a> {
    fn parse(key: &'a str) -> Option<Self> {
        let mut parts = key.splitn(3, '/');
        let (entity, id, rest) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
        let (entity, fields) = FIELDS.into_iter().find(|it| it.0 == entity)?;
        let (field, path) = rest.split_at(rest.find('/')?);
        let field = fields.iter().find(|it| **it == field)?;
        Some(Self {
            entity,
            id,
            field,
            path,
        })
    }
}

/// Opens what a key refers to.
pub(super) async fn open(flow: &Flow, request: MediaRequest<'_>) -> Result<OpenedMedia> {
    let MediaLocation::Key(key) = &request.media.location else {
        return Err(unsupported());
    };
    let key = Key::parse(key).ok_or_else(unsupported)?;
    let url = address(flow, &key).await?;
    match open_url(flow, url, request).await {
        // Its time was over before it was used, or our clocks differ.
        Err(failure) if failure.status() == Some(403) => {
            let url = address(flow, &key).await?;
            open_url(flow, url, request).await
        }
        opened => opened,
    }
    .map_err(|failure| {
        let is_refused = failure.status() == Some(403);
        flow.sight.explain(None, is_refused, failure.into())
    })
}

fn unsupported() -> Error {
    let message = "Flow knows pictures and movies by keys as `Shot/860/image/…` only";
    Error::new(ErrorKind::Unsupported, OPERATION, message)
}

async fn open_url(
    flow: &Flow,
    url: Url,
    request: MediaRequest<'_>,
) -> Result<OpenedMedia, Failure> {
    let is_own = flow.http.is_own_origin(&url);
    let get = flow.http.get(OPERATION, url);
    let get = get.having(request.known, request.offset);
    if !is_own {
        return get.open().await;
    }
    // Files at the site itself are for who has a session, and lead to the other host, without it.
    let token = flow.session.token(flow).await?;
    let cookie = AuthHeader::cookie("_session_id", &token)?;
    match get.auth(cookie).open().await? {
        OpenedMedia::Stream(media) if is_page(media.content_type.as_deref()) => {
            let message = "the site answers with a web page, as for who is not logged in";
            Err(Error::new(ErrorKind::Refused, OPERATION, message).into())
        }
        opened => Ok(opened),
    }
}

fn is_page(content_type: Option<&str>) -> bool {
    content_type.is_some_and(|it| it.to_ascii_lowercase().starts_with("text/html"))
}

/// Where something is right now.
async fn address(flow: &Flow, key: &Key<'_>) -> Result<Url> {
    let gone = |message: &str| Error::new(ErrorKind::NotFound, OPERATION, message);
    let query = Query::new(
        key.entity,
        vec![key.field],
        vec![filter("id", "is", json!([key.id]))],
    );
    let read = flow.read::<Loose>(OPERATION, &query).await;
    let mut rows = read.map_err(|error| {
        let is_refused = error.is_forbidden();
        flow.sight.explain(None, is_refused, error.explained(flow))
    })?;
    let Some(row) = rows.iter_mut().find(|it| it.id == key.id) else {
        return Err(gone("what it is of is not there any more"));
    };
    let url = match key.field {
        "image" => row.text(key.field),
        _ => match row.file(key.field) {
            Some(File { url: Some(url), .. }) => Some(url),
            Some(file) => {
                path_of(&file).and_then(|it| Some(flow.http.base().join(&it[1..]).ok()?.into()))
            }
            None => None,
        },
    };
    let url = url.and_then(|it| Url::parse(&it).ok());
    let url = url.filter(|it| matches!(it.scheme(), "http" | "https"));
    let Some(url) = url else {
        return Err(gone("the field is empty now"));
    };
    if url.path().contains(NOT_YET) {
        let message = "the site is still making it";
        return Err(Error::new(ErrorKind::Unavailable, OPERATION, message));
    }
    if !url.path().ends_with(key.path) {
        return Err(gone("another one has taken its place since it was listed"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_change_with_the_signature() {
        let address =
            |signature| format!("https://s3.example/b/1/thumb.jpg?X-Amz-Signature={signature}");
        let [one, other] = ["a", "b"].map(|it| picture("Shot", 860, Some(&address(it))));
        assert_eq!(
            one,
            Picture::Media(MediaRef::key("Shot/860/image/b/1/thumb.jpg"))
        );
        assert_eq!(one, other);
        let not_yet = "https://studio.example/images/status/transient/thumbnail_pending.png";
        assert_eq!(picture("Shot", 860, Some(not_yet)), Picture::NotYet);
        assert_eq!(picture("Shot", 860, Some("6641")), Picture::None);
    }

    #[test]
    fn a_key_of_another_kind_is_none() {
        assert!(Key::parse("Shot/860/image/b/1/thumb.jpg").is_some());
        for key in [
            "",
            "Shot/860/image",
            "Shot/x/image/a",
            "Note/1/image/a",
            "Shot/1/code/a",
        ] {
            assert!(Key::parse(key).is_none(), "{key}");
        }
    }
}
