//! Makes pictures of the size that Watchtower's web client draws.
//!
//! The client draws the top left 150 × 100 pixels of a shot's picture, and nothing of a smaller one. So a
//! picture is made for each place, from the bytes that a tracker has: decoded, turned as its EXIF data
//! says, brought to sRGB, scaled, and laid on black.
//!
//! ```
//! use watchtower_pictures::{Fit, Made, Place, make};
//!
//! let svg = b"<svg xmlns='http://www.w3.org/2000/svg' width='16' height='9'><rect width='16' height='9'/></svg>";
//! let Made::New { bytes, extension } = make(svg, Place::Tile, Fit::Contain)? else { unreachable!() };
//! assert_eq!(extension, "png");
//! # Ok::<(), watchtower_pictures::Error>(())
//! ```
//!
//! It reads PNG, JPEG, WebP, GIF, HEIC, TIFF, BMP, SVG and EXR; of what moves, the first frame. The same
//! bytes give the same picture on every machine. A picture costs at most [`MOST_MEMORY`]; what needs more
//! is refused before it is decoded.

mod colour;
mod decode;
mod encode;
mod kind;
mod place;
mod scale;
mod svg;

use std::panic::{AssertUnwindSafe, catch_unwind};

use image::metadata::Orientation;

pub use kind::Kind;
pub use place::{Fit, Place, Size};

/// What one picture may take of memory while it is made, in bytes: enough for 80 megapixels of a JPEG, or
/// 40 of a PNG with 16 bits per channel and no transparency.
pub const MOST_MEMORY: u64 = 256 << 20;

/// Changes whenever the same bytes are made into another picture, so that what was made before is not
/// taken for the same.
pub const VERSION: u32 = 3;

/// A picture, made for a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// The client shows it whole as it is. This is the extension of its file's name.
    AsItIs(&'static str),
    /// Another file.
    New {
        /// Its bytes.
        bytes: Vec<u8>,
        /// The extension of its name: `jpg` or `png`, whichever is the smaller file.
        extension: &'static str,
    },
}

/// Why a picture cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is a picture of a kind that is not read.
    #[error("it is a {0} picture: PNG, JPEG, WebP, GIF, HEIC, TIFF, BMP, SVG and EXR are read")]
    NotRead(&'static str),
    /// It is no picture at all.
    #[error("it is of no known kind")]
    NoPicture,
    /// It would take too much memory.
    #[error("the {kind} is too large: {} × {} pixels take {needs} MiB to read, {} may be used", .size.width, .size.height, MOST_MEMORY >> 20)]
    TooLarge {
        /// Its kind.
        kind: Kind,
        /// Its size in pixels.
        size: Size,
        /// What it takes, in MiB.
        needs: u64,
    },
    /// It cannot be decoded.
    #[error("the {0} is broken")]
    Broken(Kind),
    /// It is sound and uses something of its kind that is not read.
    #[error("the {0} has {1}: such a file is not read")]
    Unsupported(Kind, &'static str),
}

/// What a picture is, and what it takes to decode it. Only its head is read for this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Survey {
    /// The kind of file.
    pub kind: Kind,
    /// Its size as it is stored, before it is turned; of an SVG, that of the place.
    pub size: Size,
    /// How it is to be turned.
    orientation: Orientation,
    /// What it takes of memory to make it, in bytes, beside its file's.
    pub memory: u64,
}

/// Looks at the head of a picture.
///
/// # Errors
///
/// When it cannot be read, or needs more than [`MOST_MEMORY`].
pub fn survey(bytes: &[u8]) -> Result<Survey, Error> {
    let kind = Kind::of(bytes).ok_or(Error::NoPicture)?;
    unharmed(kind, || {
        let survey = decode::survey(kind, bytes)?;
        let Survey { size, memory, .. } = survey;
        match memory > MOST_MEMORY {
            true => Err(Error::TooLarge {
                kind,
                size,
                needs: memory >> 20,
            }),
            false => Ok(survey),
        }
    })
}

/// Makes a picture for a place.
///
/// One that the client shows whole as it is passes unchanged.
///
/// # Errors
///
/// When it cannot be read, or needs more than [`MOST_MEMORY`].
pub fn make(bytes: &[u8], place: Place, fit: Fit) -> Result<Made, Error> {
    let kind = Kind::of(bytes).ok_or(Error::NoPicture)?;
    if let Some(extension) = kind.extension()
        && unharmed(kind, || Ok(passes(kind, bytes, place))) == Ok(true)
    {
        return Ok(Made::AsItIs(extension));
    }
    survey(bytes)?;
    unharmed(kind, || {
        let size = place.size();
        let fit = place.fit(fit);
        let rgb = match kind {
            Kind::Svg => svg::draw(bytes, size, fit)?,
            kind => {
                let decoded = decode::decode(kind, bytes)?;
                scale::to_size(decoded, size, fit).ok_or(Error::Broken(kind))?
            }
        };
        encode::smaller(&rgb, size).ok_or(Error::Broken(kind))
    })
}

/// Whether the client shows a picture whole as it is: it has the size, and stands upright.
fn passes(kind: Kind, bytes: &[u8], place: Place) -> bool {
    match decode::survey(kind, bytes) {
        Ok(survey) => survey.orientation == Orientation::NoTransforms && place.takes(survey.size),
        // A browser may read what we do not.
        Err(Error::NotRead(_)) => imagesize::blob_size(bytes).is_ok_and(|found| {
            let side = |length| u32::try_from(length).unwrap_or(u32::MAX);
            place.takes(Size::new(side(found.width), side(found.height)))
        }),
        Err(_) => false,
    }
}

/// What a decoder says, or that the picture is broken if it gives up altogether.
fn unharmed<T>(kind: Kind, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Error::Broken(kind)))
}

#[cfg(test)]
mod tests;
