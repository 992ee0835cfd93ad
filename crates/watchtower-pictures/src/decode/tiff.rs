//! TIFF, with what `image` leaves out: profiles of CMYK, what alpha means, JPEG within, planes of tiles.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer, Luma, LumaA, Pixel, Rgb, Rgba};
use tiff::decoder::{Decoder as Reader, DecodingResult, Limits};
use tiff::tags::{PlanarConfiguration, Tag};
use tiff::{ColorType, TiffError};

use super::Decoded;
use crate::colour::{self, Colours};
use crate::{Error, Kind, MOST_MEMORY, Size, Survey};

const BROKEN: Error = Error::Broken(Kind::Tiff);

type Decoder<'a> = Reader<Cursor<&'a [u8]>>;

/// What the samples of a pixel are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Grey,
    GreyAlpha,
    Rgb,
    RgbAlpha,
    Cmyk,
    /// Luma and chroma of 8 bits, as in a JPEG.
    YCbCr,
}

impl Meaning {
    fn samples(self) -> u16 {
        match self {
            Self::Grey => 1,
            Self::GreyAlpha => 2,
            Self::Rgb | Self::YCbCr => 3,
            Self::RgbAlpha | Self::Cmyk => 4,
        }
    }

    fn has_alpha(self) -> bool {
        matches!(self, Self::GreyAlpha | Self::RgbAlpha)
    }
}

fn failure(error: &TiffError) -> Error {
    match error {
        TiffError::UnsupportedError(_) => unsupported("a way to store pixels"),
        _ => BROKEN,
    }
}

fn unsupported(what: &'static str) -> Error {
    Error::Unsupported(Kind::Tiff, what)
}

fn decoder(bytes: &[u8]) -> Result<Decoder<'_>, Error> {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = usize::try_from(MOST_MEMORY).unwrap_or(usize::MAX);
    let decoder = Decoder::new(Cursor::new(bytes)).map_err(|it| failure(&it))?;
    Ok(decoder.with_limits(limits))
}

/// What the samples are, and of how many bits.
fn layout(decoder: &mut Decoder<'_>) -> Result<(Meaning, u8), Error> {
    /// The last bit of a byte comes first.
    const REVERSED: u16 = 2;
    if number(decoder, Tag::FillOrder) == Some(REVERSED) {
        return Err(unsupported("bits in reverse order"));
    }
    match number(decoder, Tag::PhotometricInterpretation) {
        Some(3) => return Err(unsupported("a palette")),
        Some(8..=10) => return Err(unsupported("colours in Lab")),
        _ => {}
    }
    match decoder.colortype().map_err(|it| failure(&it))? {
        ColorType::Gray(bits @ (1 | 2 | 4 | 8 | 16 | 32)) => Ok((Meaning::Grey, bits)),
        ColorType::Multiband {
            bit_depth: bits @ (8 | 16 | 32),
            num_samples: 2,
        } => Ok((Meaning::GreyAlpha, bits)),
        ColorType::RGB(bits @ (8 | 16 | 32)) => Ok((Meaning::Rgb, bits)),
        ColorType::RGBA(bits @ (8 | 16 | 32)) => Ok((Meaning::RgbAlpha, bits)),
        ColorType::CMYK(bits @ (8 | 16)) => Ok((Meaning::Cmyk, bits)),
        ColorType::YCbCr(8) => Ok((Meaning::YCbCr, 8)),
        _ => Err(unsupported("a way to store pixels")),
    }
}

/// A tag with one number, where there is one.
fn number(decoder: &mut Decoder<'_>, tag: Tag) -> Option<u16> {
    decoder.find_tag_unsigned(tag).ok().flatten()
}

fn orientation(decoder: &mut Decoder<'_>) -> Orientation {
    let found = number(decoder, Tag::Orientation).and_then(|it| u8::try_from(it).ok());
    let known = found.and_then(Orientation::from_exif);
    known.unwrap_or(Orientation::NoTransforms)
}

/// Whether what follows the colours says nothing of them: they are on black already, as renderers and
/// compositors write them, or it is something else than alpha.
fn is_on_black(decoder: &mut Decoder<'_>, meaning: Meaning) -> bool {
    const ASSOCIATED: u16 = 1;
    const UNASSOCIATED: u16 = 2;
    let extra = decoder.get_tag_u16_vec(Tag::ExtraSamples).ok();
    match extra.as_deref() {
        Some([ASSOCIATED, ..]) => true,
        Some([UNASSOCIATED, ..]) => false,
        _ => meaning == Meaning::GreyAlpha,
    }
}

pub(super) fn survey(bytes: &[u8]) -> Result<Survey, Error> {
    let mut decoder = decoder(bytes)?;
    let (meaning, bits) = layout(&mut decoder)?;
    let (width, height) = decoder.dimensions().map_err(|it| failure(&it))?;
    let size = Size::new(width, height);
    let stored = u64::from(bits.div_ceil(8));
    // Planes, or what is compressed, and pixels are there at once, or pixels as they are stored and shown.
    let copies = 2 + u64::from(meaning.has_alpha());
    let per_pixel = u64::from(meaning.samples()) * stored * copies;
    Ok(Survey {
        kind: Kind::Tiff,
        size,
        orientation: orientation(&mut decoder),
        memory: size.pixels().saturating_mul(per_pixel),
    })
}

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, Error> {
    let mut decoder = decoder(bytes)?;
    let (meaning, bits) = layout(&mut decoder)?;
    let orientation = orientation(&mut decoder);
    let profile = decoder.get_tag_u8_vec(Tag::IccProfile).ok();
    let (pixels, colours) = match (bits, meaning) {
        (32, _) => {
            let light = read::<f32>(&mut decoder, meaning)?;
            let wide = light.into_iter().map(colour::light_in_16_bits).collect();
            (
                picture::<u16>(&mut decoder, meaning, wide)?,
                Colours::Linear,
            )
        }
        (16, _) => {
            let wide = read::<u16>(&mut decoder, meaning)?;
            let pixels = picture::<u16>(&mut decoder, meaning, wide)?;
            (pixels, Colours::of(profile))
        }
        (bits, _) => {
            let mut samples = read::<u8>(&mut decoder, meaning)?;
            if bits < 8 {
                let (width, _) = decoder.dimensions().map_err(|it| failure(&it))?;
                samples = unpacked(&samples, width as usize, bits);
            }
            if meaning == Meaning::YCbCr {
                samples
                    .as_chunks_mut()
                    .0
                    .iter_mut()
                    .for_each(|pixel| *pixel = colour::of_ycbcr(*pixel));
            }
            let pixels = picture::<u8>(&mut decoder, meaning, samples)?;
            (pixels, Colours::of(profile))
        }
    };
    let colours = match (meaning, colours) {
        (Meaning::Cmyk, Colours::Profile(profile)) => Colours::Cmyk(Some(profile)),
        (Meaning::Cmyk, _) => Colours::Cmyk(None),
        (_, colours) => colours,
    };
    Ok(Decoded {
        pixels: match meaning.has_alpha() && is_on_black(&mut decoder, meaning) {
            true => without_alpha(pixels),
            false => pixels,
        },
        colours,
        orientation,
    })
}

/// A number that says how light or dark something is.
trait Sample: Copy + Default {
    /// What was read, if it is made of such numbers.
    fn all(read: DecodingResult) -> Option<Vec<Self>>;
}

impl Sample for u8 {
    fn all(read: DecodingResult) -> Option<Vec<Self>> {
        match read {
            DecodingResult::U8(samples) => Some(samples),
            _ => None,
        }
    }
}

impl Sample for u16 {
    fn all(read: DecodingResult) -> Option<Vec<Self>> {
        match read {
            DecodingResult::U16(samples) => Some(samples),
            _ => None,
        }
    }
}

impl Sample for f32 {
    fn all(read: DecodingResult) -> Option<Vec<Self>> {
        match read {
            DecodingResult::F32(samples) => Some(samples),
            _ => None,
        }
    }
}

/// All samples, pixel by pixel.
fn read<T: Sample>(decoder: &mut Decoder<'_>, meaning: Meaning) -> Result<Vec<T>, Error> {
    let planes = PlanarConfiguration::Planar.to_u16();
    if number(decoder, Tag::PlanarConfiguration) == Some(planes) && meaning.samples() > 1 {
        return read_planes(decoder, usize::from(meaning.samples()));
    }
    let read = decoder.read_image().map_err(|it| failure(&it))?;
    T::all(read).ok_or(unsupported("a way to store pixels"))
}

/// Reads planes, each of which holds one sample of all pixels, strip by strip or tile by tile: whole pictures
/// of tiles the decoder does not read.
fn read_planes<T: Sample>(decoder: &mut Decoder<'_>, samples: usize) -> Result<Vec<T>, Error> {
    let (width, height) = decoder.dimensions().map_err(|it| failure(&it))?;
    let (across, down) = decoder.chunk_dimensions();
    let (chunks_across, chunks_down) = (width.div_ceil(across), height.div_ceil(down));
    let chunks = chunks_across.checked_mul(chunks_down).ok_or(BROKEN)?;
    let mut pixels = vec![T::default(); width as usize * height as usize * samples];
    for (plane, first) in (0..samples).zip((0..u32::MAX).step_by(chunks as usize)) {
        for chunk in 0..chunks {
            let (left, top) = (chunk % chunks_across * across, chunk / chunks_across * down);
            let read = decoder
                .read_chunk(first + chunk)
                .map_err(|it| failure(&it))?;
            let read = T::all(read).ok_or(unsupported("a way to store pixels"))?;
            let columns = across.min(width - left) as usize;
            let rows = read
                .chunks_exact(columns)
                .zip(top as usize..height as usize);
            for (row, y) in rows {
                let start = (y * width as usize + left as usize) * samples + plane;
                let targets = pixels[start..].iter_mut().step_by(samples);
                targets
                    .zip(row)
                    .for_each(|(target, sample)| *target = *sample);
            }
        }
    }
    Ok(pixels)
}

/// Greys of 1, 2 or 4 bits in 8. Each row begins with a byte of its own.
fn unpacked(packed: &[u8], width: usize, bits: u8) -> Vec<u8> {
    let most = u8::MAX >> (8 - bits);
    let per_byte = usize::from(8 / bits);
    let rows = packed.chunks_exact(width.div_ceil(per_byte));
    let row = |row: &[u8]| {
        let grey = |x: usize| {
            let shift = 8 - bits - u8::try_from(x % per_byte).unwrap_or(0) * bits;
            (row[x / per_byte] >> shift & most) * (u8::MAX / most)
        };
        (0..width).map(grey).collect::<Vec<_>>()
    };
    rows.flat_map(row).collect()
}

/// Samples as a picture.
fn picture<T>(
    decoder: &mut Decoder<'_>,
    meaning: Meaning,
    samples: Vec<T>,
) -> Result<DynamicImage, Error>
where
    T: image::Primitive,
    Luma<T>: Pixel<Subpixel = T>,
    LumaA<T>: Pixel<Subpixel = T>,
    Rgb<T>: Pixel<Subpixel = T>,
    Rgba<T>: Pixel<Subpixel = T>,
    DynamicImage: From<ImageBuffer<Luma<T>, Vec<T>>>
        + From<ImageBuffer<LumaA<T>, Vec<T>>>
        + From<ImageBuffer<Rgb<T>, Vec<T>>>
        + From<ImageBuffer<Rgba<T>, Vec<T>>>,
{
    let (width, height) = decoder.dimensions().map_err(|it| failure(&it))?;
    let made = match meaning {
        Meaning::Grey => {
            ImageBuffer::<Luma<T>, _>::from_raw(width, height, samples).map(Into::into)
        }
        Meaning::GreyAlpha => {
            ImageBuffer::<LumaA<T>, _>::from_raw(width, height, samples).map(Into::into)
        }
        Meaning::Rgb | Meaning::YCbCr => {
            ImageBuffer::<Rgb<T>, _>::from_raw(width, height, samples).map(Into::into)
        }
        Meaning::RgbAlpha | Meaning::Cmyk => {
            ImageBuffer::<Rgba<T>, _>::from_raw(width, height, samples).map(Into::into)
        }
    };
    made.ok_or(BROKEN)
}

/// Colours that are on black already.
fn without_alpha(pixels: DynamicImage) -> DynamicImage {
    match pixels {
        DynamicImage::ImageLumaA8(_) => DynamicImage::ImageLuma8(pixels.into_luma8()),
        DynamicImage::ImageLumaA16(_) => DynamicImage::ImageLuma16(pixels.into_luma16()),
        DynamicImage::ImageRgba8(_) => DynamicImage::ImageRgb8(pixels.into_rgb8()),
        DynamicImage::ImageRgba16(_) => DynamicImage::ImageRgb16(pixels.into_rgb16()),
        pixels => pixels,
    }
}
