//! From files to pixels, as they are stored.

mod exr;
mod heic;
mod jpeg;
mod tiff;

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::colour::Colours;
use crate::{Error, Kind, MOST_MEMORY, Size, Survey};

/// A picture in memory.
pub(crate) struct Decoded {
    /// The pixels. Those of [`Colours::Cmyk`] are in four channels, none of which is alpha.
    pub(crate) pixels: DynamicImage,
    /// What their numbers mean.
    pub(crate) colours: Colours,
    /// How they are to be turned.
    pub(crate) orientation: Orientation,
}

/// What an SVG may take: a document of a few MiB, and pictures in it.
pub(crate) const SVG_MEMORY: u64 = 64 << 20;

/// Reads the head of a file.
pub(crate) fn survey(kind: Kind, bytes: &[u8]) -> Result<Survey, Error> {
    match kind {
        Kind::Jpeg => jpeg::survey(bytes),
        Kind::Exr => exr::survey(bytes),
        Kind::Heic => heic::survey(bytes),
        Kind::Tiff => tiff::survey(bytes),
        Kind::Svg => Ok(Survey {
            kind,
            size: Size::new(0, 0),
            orientation: Orientation::NoTransforms,
            memory: SVG_MEMORY,
        }),
        Kind::Avif | Kind::Other(_) => Err(Error::NotRead(kind.name())),
        Kind::Png | Kind::Gif | Kind::WebP | Kind::Bmp => {
            let mut decoder = decoder(kind, bytes)?;
            let (width, height) = decoder.dimensions();
            let size = Size::new(width, height);
            let whole = decoder.total_bytes();
            let most = match kind {
                // Frame and canvas are there at once.
                Kind::Gif | Kind::WebP => whole.saturating_mul(2),
                _ => whole,
            };
            let copy = match decoder.color_type().has_alpha() {
                true => whole,
                false => 0,
            };
            Ok(Survey {
                kind,
                size,
                orientation: orientation(&mut decoder),
                memory: most.saturating_add(copy),
            })
        }
    }
}

/// Reads a file that was [surveyed](survey).
pub(crate) fn decode(kind: Kind, bytes: &[u8]) -> Result<Decoded, Error> {
    match kind {
        Kind::Jpeg => return jpeg::decode(bytes),
        Kind::Exr => return exr::decode(bytes),
        Kind::Heic => return heic::decode(bytes),
        Kind::Tiff => return tiff::decode(bytes),
        _ => {}
    }
    let mut decoder = decoder(kind, bytes)?;
    let orientation = orientation(&mut decoder);
    let colours = Colours::of(decoder.icc_profile().ok().flatten());
    let pixels = DynamicImage::from_decoder(decoder).map_err(|error| failure(kind, &error))?;
    Ok(Decoded {
        pixels,
        colours,
        orientation,
    })
}

/// How a picture is to be turned, as its EXIF data says.
fn orientation(decoder: &mut impl ImageDecoder) -> Orientation {
    let exif = decoder.exif_metadata().ok().flatten();
    let found = exif.and_then(|it| of_exif(&it));
    found.unwrap_or(Orientation::NoTransforms)
}

/// The orientation in EXIF data. Some programs write the name before it that only JPEG has there.
fn of_exif(exif: &[u8]) -> Option<Orientation> {
    Orientation::from_exif_chunk(exif.strip_prefix(b"Exif\0\0").unwrap_or(exif))
}

fn decoder<'a>(kind: Kind, bytes: &'a [u8]) -> Result<impl ImageDecoder + 'a, Error> {
    let format = match kind {
        Kind::Png => ImageFormat::Png,
        Kind::Gif => ImageFormat::Gif,
        Kind::WebP => ImageFormat::WebP,
        Kind::Bmp => ImageFormat::Bmp,
        _ => return Err(Error::NotRead(kind.name())),
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    reader.into_decoder().map_err(|error| failure(kind, &error))
}

fn failure(kind: Kind, error: &image::ImageError) -> Error {
    match error {
        image::ImageError::Unsupported(_) => Error::Unsupported(kind, "a way to store pixels"),
        _ => Error::Broken(kind),
    }
}
