//! The film's pictures and movie, made when they are asked for.

use std::error::Error as StdError;
use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use uuid::Uuid;
use watchtower_model::{MediaLocation, MediaRef};

use super::film::Film;
use super::movie::Part;
use super::picture::Picture;
use crate::{Error, ErrorKind, Media, MediaRequest, OpenedMedia, Result};

/// The width and height of pictures in pixels, as they are drawn, and how often each pixel is repeated. The
/// web client draws 150 × 100 pixels of a shot's picture; a tracker's are of a film's size.
const FRAME: ((u32, u32), usize) = ((150, 100), 10);

/// The same of avatars, of which the web client draws 400 × 400 pixels.
const AVATAR: ((u32, u32), usize) = ((400, 400), 1);

/// The same of the project's picture.
const COVER: ((u32, u32), usize) = ((300, 200), 5);

/// What a picture or movie shows; as text, the key of its [`MediaRef`].
///
/// A key stands for the same picture in every film that has it, whatever the film's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Project,
    Series,
    /// The film's movie, or a part of it.
    Movie(Part),
    /// A person, by place in the list.
    Person(usize),
    /// An asset, by place in the list.
    Asset(usize),
    /// A shot, by its sequence's place in the list and its own in the sequence.
    Shot {
        sequence: usize,
        shot: usize,
    },
}

impl Subject {
    pub(super) fn media(self) -> MediaRef {
        MediaRef::key(self.to_string())
    }

    /// The bytes and their media type; none for what the film does not have.
    fn bytes(
        self,
        film: Film,
    ) -> Result<Option<(Bytes, &'static str)>, Box<dyn StdError + Send + Sync>> {
        if let Self::Movie(part) = self {
            let movie = film.has_part(part).then(|| part.to_mp4()).transpose()?;
            return Ok(movie.map(|bytes| (bytes, "video/mp4")));
        }
        let Some(label) = film.label(self) else {
            return Ok(None);
        };
        let (size, factor) = match self {
            Self::Project | Self::Series => COVER,
            Self::Person(_) => AVATAR,
            _ => FRAME,
        };
        let mut picture = Picture::new(size, label.color);
        picture.write(&label.name, label.group.as_deref());
        Ok(Some((picture.to_png(factor)?.into(), "image/png")))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Project => f.write_str("project"),
            Self::Series => f.write_str("series"),
            Self::Movie(Part::WHOLE) => f.write_str("movie"),
            Self::Movie(Part { start, end }) => write!(f, "movie/{start}/{end}"),
            Self::Person(place) => write!(f, "people/{place}"),
            Self::Asset(place) => write!(f, "assets/{place}"),
            Self::Shot { sequence, shot } => write!(f, "shots/{sequence}/{shot}"),
        }
    }
}

/// A text that is no key of the example's.
pub(super) struct UnknownKey;

impl FromStr for Subject {
    type Err = UnknownKey;

    fn from_str(key: &str) -> Result<Self, UnknownKey> {
        let place = |text: &str| text.parse().map_err(|_| UnknownKey);
        match key.split('/').collect::<Vec<_>>()[..] {
            ["project"] => Ok(Self::Project),
            ["series"] => Ok(Self::Series),
            ["movie"] => Ok(Self::Movie(Part::WHOLE)),
            ["movie", start, end] => Ok(Self::Movie(Part {
                start: start.parse().map_err(|_| UnknownKey)?,
                end: end.parse().map_err(|_| UnknownKey)?,
            })),
            ["people", person] => Ok(Self::Person(place(person)?)),
            ["assets", asset] => Ok(Self::Asset(place(asset)?)),
            ["shots", sequence, shot] => Ok(Self::Shot {
                sequence: place(sequence)?,
                shot: place(shot)?,
            }),
            _ => Err(UnknownKey),
        }
    }
}

/// Opens a picture or movie of the film.
pub(super) fn open(film: Film, request: MediaRequest<'_>) -> Result<OpenedMedia> {
    let MediaLocation::Key(key) = &request.media.location else {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "open a picture or movie of the example",
            "the reference is an address or a file, and the example makes only keys",
        ));
    };
    let error = |kind, message| Error::new(kind, format!("open `{}`", key.escape_debug()), message);
    let not_found = || error(ErrorKind::NotFound, "the example's film does not have it");

    let subject: Subject = key.parse().map_err(|UnknownKey| not_found())?;
    let (bytes, content_type) = subject
        .bytes(film)
        .map_err(|e| error(ErrorKind::Malformed, "it cannot be made").with_source(e))?
        .ok_or_else(not_found)?;

    // What is drawn decides, so a picture that a later version draws otherwise is fetched anew.
    let tag = Uuid::new_v5(&Uuid::NAMESPACE_OID, &bytes).to_string();
    if request.known == Some(&tag) {
        return Ok(OpenedMedia::Unchanged);
    }
    let start = usize::try_from(request.offset).map_or(bytes.len(), |it| it.min(bytes.len()));
    Ok(OpenedMedia::Stream(Media {
        length: Some(bytes.len() as u64),
        offset: start as u64,
        content_type: Some(content_type.into()),
        tag: Some(tag),
        ..Media::from_bytes(bytes.slice(start..))
    }))
}
