//! From what the numbers in a file mean to sRGB.

use bytemuck::cast_slice;
use fast_image_resize::PixelType;
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

/// What the numbers of pixels mean.
pub(crate) enum Colours {
    /// They are in sRGB, or in nothing that is said.
    Srgb,
    /// They are proportional to light, with the primaries of sRGB.
    Linear,
    /// They are as an embedded ICC profile says.
    Profile(Vec<u8>),
    /// They are amounts of ink, as a profile says, if there is one.
    Cmyk(Option<Vec<u8>>),
}

impl Colours {
    /// By the profile of a picture in red, green and blue, or in grey, if it has one.
    pub(crate) fn of(profile: Option<Vec<u8>>) -> Self {
        profile.map_or(Self::Srgb, Self::Profile)
    }
}

/// Pixels of any type as red, green and blue of 8 bits, on black where they are transparent.
pub(crate) fn to_rgb(pixels: &[u8], kind: PixelType, colours: &Colours) -> Option<Vec<u8>> {
    let (samples, wide) = match kind {
        PixelType::U8 | PixelType::U16 => (1, kind == PixelType::U16),
        PixelType::U8x2 | PixelType::U16x2 => (2, kind == PixelType::U16x2),
        PixelType::U8x3 | PixelType::U16x3 => (3, kind == PixelType::U16x3),
        PixelType::U8x4 | PixelType::U16x4 => (4, kind == PixelType::U16x4),
        _ => return None,
    };
    if let Colours::Cmyk(profile) = colours {
        let known = profile
            .as_ref()
            .and_then(|profile| by_profile(pixels, 4, wide, profile, true));
        if known.is_some() {
            return known;
        }
        let narrow;
        let pixels = match wide {
            true => {
                let wide: &[u16] = bytemuck::try_cast_slice(pixels).ok()?;
                narrow = wide.iter().map(|it| in_8_bits(*it)).collect::<Vec<_>>();
                &narrow
            }
            false => pixels,
        };
        return Some(pixels.chunks_exact(4).flat_map(ink).collect());
    }
    let known = match colours {
        Colours::Profile(profile) => by_profile(pixels, samples, wide, profile, false),
        _ => None,
    };
    // Red, green, blue and alpha, or fewer of them.
    let (pixels, samples) = match (known, wide) {
        (Some(known), _) => (known, if samples % 2 == 0 { 4 } else { 3 }),
        (None, false) => (pixels.to_vec(), samples),
        (None, true) => {
            let wide: &[u16] = bytemuck::try_cast_slice(pixels).ok()?;
            let narrow = match colours {
                Colours::Linear => wide.iter().map(|it| encode(*it)).collect(),
                _ => wide.iter().map(|it| in_8_bits(*it)).collect(),
            };
            (narrow, samples)
        }
    };
    let rgb = pixels.chunks_exact(samples).flat_map(|pixel| match *pixel {
        [grey, alpha] => [on_black(grey, alpha); 3],
        [r, g, b] => [r, g, b],
        [r, g, b, alpha] => [r, g, b].map(|it| on_black(it, alpha)),
        [grey, ..] => [grey; 3],
        [] => [0; 3],
    });
    Some(rgb.collect())
}

/// By an ICC profile, to sRGB and alpha, where there is one; none where the profile is not to be
/// understood, or is of other pixels than these.
fn by_profile(
    pixels: &[u8],
    samples: usize,
    wide: bool,
    profile: &[u8],
    is_ink: bool,
) -> Option<Vec<u8>> {
    let profile = ColorProfile::new_from_slice(profile).ok()?;
    let (source, target) = match (profile.color_space, samples, is_ink) {
        (DataColorSpace::Gray, 1, false) => (Layout::Gray, Layout::Rgb),
        (DataColorSpace::Gray, 2, false) => (Layout::GrayAlpha, Layout::Rgba),
        (DataColorSpace::Rgb, 3, false) => (Layout::Rgb, Layout::Rgb),
        (DataColorSpace::Rgb, 4, false) => (Layout::Rgba, Layout::Rgba),
        // Four inks have the layout of three colours and alpha.
        (DataColorSpace::Cmyk, 4, true) => (Layout::Rgba, Layout::Rgb),
        _ => return None,
    };
    let options = TransformOptions::default();
    let srgb = ColorProfile::new_srgb();
    let length = pixels.len() / samples / (1 + usize::from(wide)) * target.channels();
    if wide {
        let transform = profile
            .create_transform_16bit(source, &srgb, target, options)
            .ok()?;
        let mut made = vec![0_u16; length];
        let wide: &[u16] = bytemuck::try_cast_slice(pixels).ok()?;
        transform.transform(wide, &mut made).ok()?;
        return Some(made.into_iter().map(in_8_bits).collect());
    }
    let transform = profile
        .create_transform_8bit(source, &srgb, target, options)
        .ok()?;
    let mut made = vec![0; length];
    transform.transform(cast_slice(pixels), &mut made).ok()?;
    Some(made)
}

/// What is seen of a colour on black.
fn on_black(colour: u8, alpha: u8) -> u8 {
    product(colour, alpha)
}

/// The product of two parts of 255, rounded.
fn product(one: u8, other: u8) -> u8 {
    let product = (u32::from(one) * u32::from(other) + 127) / 255;
    u8::try_from(product).unwrap_or(u8::MAX)
}

fn in_8_bits(wide: u16) -> u8 {
    u8::try_from((u32::from(wide) + 128) / 257).unwrap_or(u8::MAX)
}

/// Ink on white paper without a profile, as browsers and most programs show it.
fn ink(pixel: &[u8]) -> [u8; 3] {
    let paper = |at: usize| u8::MAX - pixel[at];
    [0, 1, 2].map(|at| product(paper(at), paper(3)))
}

/// Light as sRGB has it.
fn encode(light: u16) -> u8 {
    let light = f64::from(light) / f64::from(u16::MAX);
    let coded = match light <= 0.003_130_8 {
        true => 12.92 * light,
        false => 1.055 * light.powf(1.0 / 2.4) - 0.055,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is between 0 and 255"
    )]
    let byte = (coded * 255.0).round() as u8;
    byte
}

/// Light in 16 bits, from black to white; brighter light is white, and what is no number is black.
pub(crate) fn light_in_16_bits(light: f32) -> u16 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is between 0 and 65535, and what is no number becomes 0"
    )]
    let bits = (light.clamp(0.0, 1.0) * f32::from(u16::MAX)).round() as u16;
    bits
}

/// Red, green and blue of luma and chroma, as JPEGs have them.
pub(crate) fn of_ycbcr([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    let [y, cb, cr] = [y, cb, cr].map(i32::from);
    let (cb, cr) = (cb - 128, cr - 128);
    // The factors of JFIF in 16 bits after the point.
    let rgb = [
        y + ((91_881 * cr + 32_768) >> 16),
        y - ((22_554 * cb + 46_802 * cr + 32_768) >> 16),
        y + ((116_130 * cb + 32_768) >> 16),
    ];
    rgb.map(|value| u8::try_from(value.clamp(0, 255)).unwrap_or(u8::MAX))
}

/// Luma, chroma and black, as JPEGs have them, in place to what is left of the paper by cyan, magenta,
/// yellow and black. The luma is that of the inks, as libjpeg has it.
pub(crate) fn ycck_to_paper(samples: &mut [u8]) {
    for [y, cb, cr, _] in samples.as_chunks_mut().0 {
        [*y, *cb, *cr] = of_ycbcr([*y, *cb, *cr]).map(|it| u8::MAX - it);
    }
}
