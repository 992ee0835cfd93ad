//! JPEG, with what `image` leaves out: pictures in CMYK.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage, RgbaImage};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::{Decoded, of_exif};
use crate::colour::{self, Colours};
use crate::{Error, Kind, Size, Survey};

const BROKEN: Error = Error::Broken(Kind::Jpeg);

type Decoder<'a> = JpegDecoder<ZCursor<&'a [u8]>>;

fn decoder(bytes: &[u8], space: Option<ColorSpace>) -> Result<Decoder<'_>, Error> {
    let mut options = DecoderOptions::default()
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .set_strict_mode(false);
    if let Some(space) = space {
        options = options.jpeg_set_out_colorspace(space);
    }
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|_| BROKEN)?;
    Ok(decoder)
}

fn orientation(decoder: &Decoder<'_>) -> Orientation {
    let found = decoder.exif().and_then(|it| of_exif(it));
    found.unwrap_or(Orientation::NoTransforms)
}

pub(super) fn survey(bytes: &[u8]) -> Result<Survey, Error> {
    let decoder = decoder(bytes, None)?;
    let info = decoder.info().ok_or(BROKEN)?;
    let size = Size::new(info.width.into(), info.height.into());
    // In a progressive one, all coefficients are there before the first pixel.
    let per_sample = match info.sof.is_sequential_dct() {
        true => 1,
        false => 3,
    };
    Ok(Survey {
        kind: Kind::Jpeg,
        size,
        orientation: orientation(&decoder),
        memory: size.pixels() * u64::from(info.components.max(3)) * per_sample,
    })
}

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, Error> {
    let space = decoder(bytes, None)?.input_colorspace().ok_or(BROKEN)?;
    let out = match space {
        ColorSpace::Luma => ColorSpace::Luma,
        ColorSpace::CMYK | ColorSpace::YCCK => space,
        _ => ColorSpace::RGB,
    };
    let mut decoder = decoder(bytes, Some(out))?;
    let mut samples = decoder.decode().map_err(|_| BROKEN)?;
    let info = decoder.info().ok_or(BROKEN)?;
    let (width, height) = (info.width.into(), info.height.into());
    let profile = decoder.icc_profile();
    if out == ColorSpace::YCCK {
        colour::ycck_to_paper(&mut samples);
    }
    let (pixels, colours) = match out {
        ColorSpace::Luma => (
            GrayImage::from_raw(width, height, samples).map(DynamicImage::ImageLuma8),
            Colours::of(profile),
        ),
        ColorSpace::RGB => (
            RgbImage::from_raw(width, height, samples).map(DynamicImage::ImageRgb8),
            Colours::of(profile),
        ),
        _ => {
            // Programs that write such files write how much paper is left, as Photoshop does.
            samples.iter_mut().for_each(|it| *it = u8::MAX - *it);
            (
                RgbaImage::from_raw(width, height, samples).map(DynamicImage::ImageRgba8),
                Colours::Cmyk(profile),
            )
        }
    };
    Ok(Decoded {
        pixels: pixels.ok_or(BROKEN)?,
        colours,
        orientation: orientation(&decoder),
    })
}
