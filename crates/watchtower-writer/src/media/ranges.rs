//! A movie that stays where it is, described by a few ranges of it.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};

use futures_util::StreamExt;
use watchtower_model::MediaRef;

use super::movie::{self, Description};
use super::{MediaError, MediaRequest, MediaSource, Opened};

/// How many bytes are fetched at a time. The index of most movies is smaller.
const RANGE: usize = 256 << 10;

/// How many ranges are fetched at most. The index of a three hour movie fits; one in fragments may
/// need thousands of ranges, and is fetched whole faster.
const MOST: usize = 32;

/// What ranges of a movie tell.
pub(super) enum Measured {
    /// What the movie is, its tag at the source, and how many bytes came.
    Movie(Description, Option<String>, u64),
    /// It is what it was under the known tag.
    Unchanged,
    /// It takes the whole movie: the source sends no ranges, or the movie has its index all over.
    Unknown,
}

/// Describes a movie by a few ranges. `known` is the tag under which it was described before.
///
/// # Errors
///
/// When the source cannot open it, or it is no movie.
pub(super) async fn measure(
    source: &dyn MediaSource,
    media: &MediaRef,
    known: Option<&str>,
) -> Result<Measured, MediaError> {
    let mut ranges = Ranges::default();
    let mut tag = None;
    for _ in 0..MOST {
        let Some(offset) = ranges.missing.take() else {
            break;
        };
        let request = MediaRequest {
            media,
            known: known.filter(|_| offset == 0),
            offset,
        };
        let mut stream = match source.open(request).await? {
            Opened::Unchanged if request.known.is_some() => return Ok(Measured::Unchanged),
            Opened::Unchanged => break,
            Opened::Stream(stream) => stream,
        };
        let is_same = offset == 0 || (tag == stream.tag && stream.length == ranges.length);
        if stream.offset != offset || stream.length.is_none() || !is_same {
            break;
        }
        (tag, ranges.length) = (stream.tag.take(), stream.length);
        let mut bytes = Vec::new();
        while bytes.len() < RANGE
            && let Some(block) = stream.bytes.next().await
        {
            bytes.extend_from_slice(&block?);
        }
        if bytes.is_empty() {
            break;
        }
        ranges.here.insert(offset, bytes);
        match movie::describe(&mut ranges) {
            Ok(movie) => return Ok(Measured::Movie(movie, tag, ranges.count())),
            Err(_) if ranges.missing.is_some() => {}
            Err(error) => return Err(MediaError::unusable(error.to_string())),
        }
    }
    Ok(Measured::Unknown)
}

/// A file of which some ranges are here.
struct Ranges {
    /// By where they begin.
    here: BTreeMap<u64, Vec<u8>>,
    length: Option<u64>,
    position: u64,
    /// Where bytes were wanted that are not here.
    missing: Option<u64>,
}

impl Default for Ranges {
    fn default() -> Self {
        Self {
            here: BTreeMap::new(),
            length: None,
            position: 0,
            missing: Some(0),
        }
    }
}

impl Ranges {
    fn count(&self) -> u64 {
        self.here.values().map(|it| it.len() as u64).sum()
    }
}

impl Read for &mut Ranges {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if Some(self.position) >= self.length {
            return Ok(0);
        }
        let before = self.here.range(..=self.position).next_back();
        let here = before
            .and_then(|(start, bytes)| bytes.get(usize::try_from(self.position - start).ok()?..));
        let Some(mut here) = here.filter(|it| !it.is_empty()) else {
            self.missing = Some(self.position);
            return Err(io::ErrorKind::NotFound.into());
        };
        let read = here.read(buffer)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for &mut Ranges {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (from, distance) = match to {
            SeekFrom::Start(position) => (position, 0),
            SeekFrom::End(distance) => (self.length.unwrap_or(0), distance),
            SeekFrom::Current(distance) => (self.position, distance),
        };
        let position = from.checked_add_signed(distance);
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
