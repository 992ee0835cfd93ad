//! From pixels to a file.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use png::{BitDepth, Compression, Filter};

use crate::{Made, Size};

/// The quality of JPEGs: with colours as sharp as light, photographs differ from what was encoded by less than
/// one of 255.
const QUALITY: u8 = 98;

/// A PNG or a JPEG, whichever is smaller: photographs are smaller as JPEG by a factor of three, drawings and
/// writing as PNG, which also keeps them sharp.
pub(crate) fn smaller(rgb: &[u8], size: Size) -> Option<Made> {
    let (jpeg, png) = (jpeg(rgb, size)?, png(rgb, size)?);
    Some(match png.len() <= jpeg.len() {
        true => Made::New {
            bytes: png,
            extension: "png",
        },
        false => Made::New {
            bytes: jpeg,
            extension: "jpg",
        },
    })
}

fn jpeg(rgb: &[u8], size: Size) -> Option<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, QUALITY);
    encoder.set_sampling_factor(SamplingFactor::F_1_1);
    let side = |length| u16::try_from(length).ok();
    let (width, height) = (side(size.width)?, side(size.height)?);
    encoder.encode(rgb, width, height, ColorType::Rgb).ok()?;
    Some(file)
}

fn png(rgb: &[u8], size: Size) -> Option<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, size.width, size.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    // Other levels are left to a compressor that a feature of another crate may exchange, and that of
    // the other one writes other bytes on other machines.
    encoder.set_compression(Compression::Fast);
    encoder.set_filter(Filter::Adaptive);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(rgb).ok()?;
    writer.finish().ok()?;
    Some(file)
}
