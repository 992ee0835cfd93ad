//! Where the bytes of pictures and movies come from.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use watchtower_model::MediaRef;

use super::Stamp;
use crate::MediaCode;

/// Something that can open the pictures and movies that the data refers to.
///
/// It is the one thing the writer asks of the world. Credentials stay behind it.
#[async_trait]
pub trait MediaSource: Send + Sync {
    /// What tells this source from others: under the same name, the same reference means the same
    /// picture or movie in every run. It must hold no secret.
    fn name(&self) -> String;

    /// Opens a picture or movie.
    ///
    /// # Behaviour
    ///
    /// * With [`MediaRequest::known`], may answer [`Opened::Unchanged`].
    /// * With [`MediaRequest::offset`], may start there, and says so in [`MediaStream::offset`].
    /// * Has tried again by itself what failed for the moment: what cannot be opened is not asked for
    ///   again in the same export. What was opened and then breaks off is.
    ///
    /// # Errors
    ///
    /// A [`MediaError`] when it cannot be had, now or ever.
    async fn open(&self, request: MediaRequest<'_>) -> Result<Opened, MediaError>;
}

/// A request for a picture or movie.
#[derive(Clone, Copy, Debug)]
pub struct MediaRequest<'a> {
    /// Which.
    pub media: &'a MediaRef,
    /// The [`tag`](MediaStream::tag) under which the site holds it already.
    pub known: Option<&'a str>,
    /// How many bytes are here already of an opening that was cut.
    pub offset: u64,
}

/// The answer to a [`MediaRequest`].
#[derive(Debug)]
pub enum Opened {
    /// What the site holds is what the source has.
    Unchanged,
    /// The bytes.
    Stream(MediaStream),
}

impl Opened {
    /// A file, whose size and time are its tag.
    ///
    /// # Errors
    ///
    /// When the file cannot be looked at.
    pub(crate) fn file(file: File, known: Option<&str>) -> io::Result<Self> {
        let found = file.metadata()?;
        let tag = Stamp::of_file(&found).map(Stamp::tag);
        if known.is_some() && known == tag.as_deref() {
            return Ok(Self::Unchanged);
        }
        let mut file = file;
        let blocks = std::iter::from_fn(move || {
            let mut block = vec![0; 1 << 16];
            match file.read(&mut block) {
                Ok(0) => None,
                Ok(length) => {
                    block.truncate(length);
                    Some(Ok(Bytes::from(block)))
                }
                // A disk that fails, a server that is away: the file may be whole again in a minute.
                Err(error) => {
                    let message = format!("it cannot be read: {error}");
                    Some(Err(MediaError::transient(message)))
                }
            }
        });
        Ok(Self::Stream(MediaStream {
            bytes: Box::pin(stream::iter(blocks)),
            length: Some(found.len()),
            offset: 0,
            tag,
        }))
    }
}

/// A picture or movie as it comes from a source.
pub struct MediaStream {
    /// The bytes, from [`offset`](Self::offset) on.
    pub bytes: BoxStream<'static, Result<Bytes, MediaError>>,
    /// How many bytes the whole is, where the source says so.
    pub length: Option<u64>,
    /// Where in the whole the stream starts.
    pub offset: u64,
    /// What names these bytes at the source, to be given back as [`MediaRequest::known`]. Two
    /// openings with different tags are of different bytes.
    pub tag: Option<String>,
}

impl fmt::Debug for MediaStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaStream")
            .field("length", &self.length)
            .field("offset", &self.offset)
            .field("tag", &self.tag)
            .finish_non_exhaustive()
    }
}

/// A picture or movie that could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MediaError {
    /// What happened, for people.
    pub message: String,
    /// Whether trying again later can help.
    pub transient: bool,
    /// Whether there is nothing any more. Otherwise what the site holds is better than a placeholder.
    pub gone: bool,
    /// The same for programs.
    pub code: MediaCode,
}

impl MediaError {
    /// An error that will be the same next time: there is nothing.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            transient: false,
            gone: true,
            code: MediaCode::Absent,
        }
    }

    /// An error of something that is there, and is not what it should be.
    pub fn unusable(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            transient: false,
            gone: false,
            code: MediaCode::Unusable,
        }
    }

    /// An error that may be gone next time.
    pub fn transient(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            transient: true,
            gone: false,
            code: MediaCode::Unavailable,
        }
    }

    /// The same error, of another kind for programs.
    #[must_use]
    pub fn of_kind(self, code: MediaCode) -> Self {
        Self { code, ..self }
    }
}

/// A source that has nothing, for data whose media is in the site already or nowhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMedia;

#[async_trait]
impl MediaSource for NoMedia {
    fn name(&self) -> String {
        "nowhere".to_owned()
    }

    async fn open(&self, _: MediaRequest<'_>) -> Result<Opened, MediaError> {
        Err(MediaError::permanent("there is nowhere to get it from"))
    }
}

#[cfg(test)]
#[cfg(unix)] // A folder is not opened as a file elsewhere.
mod tests {
    use futures_executor::block_on;
    use futures_util::StreamExt;

    use super::*;

    #[test]
    fn a_file_that_cannot_be_read_to_its_end_may_be_whole_the_next_time() {
        // A folder is opened and looked at as a file is, and fails when it is read, as a disk does.
        let folder = tempfile::tempdir().unwrap();
        let opened = Opened::file(File::open(folder.path()).unwrap(), None);
        let Ok(Opened::Stream(mut media)) = opened else {
            panic!("{opened:?}");
        };
        let error = block_on(media.bytes.next()).unwrap().unwrap_err();
        assert!(error.transient && !error.gone, "{error:?}");
    }
}
