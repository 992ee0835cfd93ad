//! Pictures to a size.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::metadata::Orientation;
use image::{DynamicImage, RgbImage};

use crate::colour::{self, Colours};
use crate::decode::Decoded;
use crate::{Fit, Size};

/// What of a picture is shown, and where.
#[derive(Debug, PartialEq)]
pub(crate) struct Plan {
    /// The part of the picture: left, top, width and height in its pixels.
    pub(crate) part: [f64; 4],
    /// What that part becomes.
    pub(crate) size: Size,
    /// Where its top left corner is.
    pub(crate) at: (u32, u32),
}

impl Plan {
    pub(crate) fn new((width, height): (f64, f64), target: Size, fit: Fit) -> Self {
        let (across, down) = (f64::from(target.width), f64::from(target.height));
        let ratios = (across / width, down / height);
        match fit {
            Fit::Contain => {
                let scale = ratios.0.min(ratios.1);
                let side = |length: f64, most: u32| whole((length * scale).round()).clamp(1, most);
                let size = Size::new(side(width, target.width), side(height, target.height));
                Self {
                    part: [0.0, 0.0, width, height],
                    size,
                    at: (
                        (target.width - size.width) / 2,
                        (target.height - size.height) / 2,
                    ),
                }
            }
            Fit::Cover => {
                let scale = ratios.0.max(ratios.1);
                let (part_width, part_height) =
                    ((across / scale).min(width), (down / scale).min(height));
                Self {
                    part: [
                        (width - part_width) / 2.0,
                        (height - part_height) / 2.0,
                        part_width,
                        part_height,
                    ],
                    size: target,
                    at: (0, 0),
                }
            }
        }
    }
}

/// A length in whole pixels.
fn whole(length: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is no longer than a place of the client"
    )]
    let length = length as u32;
    length
}

/// Whether a picture that is turned so lies on its side.
fn lies(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

/// Scales a picture, turns it upright and lays it on black: row by row red, green and blue.
pub(crate) fn to_size(decoded: Decoded, target: Size, fit: Fit) -> Option<Vec<u8>> {
    let Decoded {
        pixels,
        colours,
        orientation,
    } = decoded;
    let lying = match lies(orientation) {
        true => Size::new(target.height, target.width),
        false => target,
    };
    let (width, height) = (pixels.width(), pixels.height());
    if width == 0 || height == 0 {
        return None;
    }
    let plan = Plan::new((width.into(), height.into()), lying, fit);
    let kind = pixel_type(&pixels)?;
    let source = ImageRef::new(width, height, pixels.as_bytes(), kind).ok()?;
    let mut scaled = Image::new(plan.size.width, plan.size.height, kind);
    let [left, top, part_width, part_height] = plan.part;
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .crop(left, top, part_width, part_height)
        .use_alpha(!matches!(colours, Colours::Cmyk(_)));
    Resizer::new().resize(&source, &mut scaled, &options).ok()?;
    drop(pixels);

    let rgb = colour::to_rgb(scaled.buffer(), kind, &colours)?;
    let rgb = RgbImage::from_raw(plan.size.width, plan.size.height, rgb)?;
    let mut upright = DynamicImage::ImageRgb8(rgb);
    upright.apply_orientation(orientation);
    let plan = Plan::new(
        (upright.width().into(), upright.height().into()),
        target,
        fit,
    );
    Some(on_black(upright.as_bytes(), plan.size, plan.at, target))
}

/// Lays a picture on black.
fn on_black(rgb: &[u8], size: Size, (left, top): (u32, u32), target: Size) -> Vec<u8> {
    let bytes = |pixels: u32| 3 * pixels as usize;
    let mut whole = vec![0; bytes(target.width) * target.height as usize];
    let rows = whole
        .chunks_exact_mut(bytes(target.width))
        .skip(top as usize);
    for (row, from) in rows.zip(rgb.chunks_exact(bytes(size.width))) {
        row[bytes(left)..][..from.len()].copy_from_slice(from);
    }
    whole
}

fn pixel_type(pixels: &DynamicImage) -> Option<PixelType> {
    Some(match pixels {
        DynamicImage::ImageLuma8(_) => PixelType::U8,
        DynamicImage::ImageLumaA8(_) => PixelType::U8x2,
        DynamicImage::ImageRgb8(_) => PixelType::U8x3,
        DynamicImage::ImageRgba8(_) => PixelType::U8x4,
        DynamicImage::ImageLuma16(_) => PixelType::U16,
        DynamicImage::ImageLumaA16(_) => PixelType::U16x2,
        DynamicImage::ImageRgb16(_) => PixelType::U16x3,
        DynamicImage::ImageRgba16(_) => PixelType::U16x4,
        _ => return None,
    })
}
