//! What `image` leaves out of TIFF: it turns CMYK into RGB without a look at the profile, and does not say what
//! alpha means.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, RgbaImage};
use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

use super::Decoded;
use crate::MOST_MEMORY;
use crate::colour::Colours;

/// Whether the colours are on black already, as renderers and compositors write them.
pub(super) fn is_premultiplied(bytes: &[u8]) -> bool {
    const ASSOCIATED: u16 = 1;
    let decoder = Decoder::new(Cursor::new(bytes));
    let extra = decoder.and_then(|mut it| it.get_tag_u16_vec(Tag::ExtraSamples));
    extra.is_ok_and(|it| it.first() == Some(&ASSOCIATED))
}

/// Reads a TIFF in CMYK of 8 bits; none if it is no such one.
pub(super) fn decode_cmyk(bytes: &[u8]) -> Option<Decoded> {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = usize::try_from(MOST_MEMORY).ok()?;
    let mut decoder = Decoder::new(Cursor::new(bytes)).ok()?.with_limits(limits);
    if decoder.colortype().ok()? != ColorType::CMYK(8) {
        return None;
    }
    let (width, height) = decoder.dimensions().ok()?;
    let profile = decoder.get_tag_u8_vec(Tag::IccProfile).ok();
    let orientation = decoder.get_tag_unsigned::<u8>(Tag::Orientation).ok();
    let DecodingResult::U8(samples) = decoder.read_image().ok()? else {
        return None;
    };
    Some(Decoded {
        pixels: DynamicImage::ImageRgba8(RgbaImage::from_raw(width, height, samples)?),
        colours: Colours::Cmyk(profile),
        orientation: orientation
            .and_then(Orientation::from_exif)
            .unwrap_or(Orientation::NoTransforms),
    })
}
