//! HEIC and other pictures in HEVC, as phones and cameras store them.

use heifer::Options;
use heifer::heifer_isobmff::HeifFile;
use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer};

use super::Decoded;
use crate::colour::Colours;
use crate::{Error, Kind, Size, Survey};

const BROKEN: Error = Error::Broken(Kind::Heic);

/// Bytes per pixel while it is decoded: measured 8.2 with photographs of phones and cameras.
const MEMORY: u64 = 9;

/// The decoder is given room for so many pixels at least: a small picture may be cut from a larger block.
const LEAST_PIXELS: u64 = 1 << 20;

/// Of how many blocks a picture consists at most. Cameras write fewer than a hundred; each may be as large as
/// the whole, and costs that time.
const MOST_TILES: usize = 256;

/// How many pictures lie over one another at most. They are all in memory at once.
const MOST_LAYERS: usize = 8;

pub(super) fn survey(bytes: &[u8]) -> Result<Survey, Error> {
    let file = HeifFile::parse(bytes).map_err(|_| BROKEN)?;
    let picture = file.primary_item().map_err(|_| BROKEN)?;
    let size = file.image_size(picture.id).ok().flatten();
    let (width, height) = size.ok_or(BROKEN)?;
    let size = Size::new(width, height);
    let layers = layers(&file).ok_or(Error::Unsupported(Kind::Heic, "too many parts"))?;
    Ok(Survey {
        kind: Kind::Heic,
        size,
        // The decoder turns it.
        orientation: Orientation::NoTransforms,
        memory: size.pixels().saturating_mul(MEMORY * (1 + layers)),
    })
}

/// How many pictures lie over one another, if the file is made as cameras make it: no part consists of parts
/// again but layers of tiles, so that a small file cannot ask for endless work.
fn layers(file: &HeifFile<'_>) -> Option<u64> {
    let mut layers = 0;
    for item in &file.items {
        let parts = file.referenced_items(item.id, b"dimg");
        let is_made_of = |kinds: &[&[u8; 4]]| {
            let mut kinds_of_parts = parts.iter().map(|part| file.item(*part).ok());
            kinds_of_parts.all(|it| it.is_some_and(|it| kinds.contains(&&it.item_type.0)))
        };
        let is_bounded = match &item.item_type.0 {
            b"grid" => parts.len() <= MOST_TILES && is_made_of(&[b"hvc1"]),
            b"iden" => is_made_of(&[b"hvc1"]),
            b"iovl" => {
                layers += parts.len();
                is_made_of(&[b"hvc1", b"grid"])
            }
            _ => true,
        };
        if !is_bounded || layers > MOST_LAYERS {
            return None;
        }
    }
    u64::try_from(layers).ok()
}

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, Error> {
    let options = Options {
        max_threads: 1,
        max_pixels: survey(bytes)?.size.pixels().max(LEAST_PIXELS),
    };
    let image = heifer::decode_srgb_rgba8(bytes, &options).map_err(|error| match error {
        heifer::Error::Unsupported(_) => Error::Unsupported(Kind::Heic, "a way to store pixels"),
        _ => BROKEN,
    })?;
    let pixels = ImageBuffer::from_raw(image.width, image.height, image.data).ok_or(BROKEN)?;
    Ok(Decoded {
        pixels: DynamicImage::ImageRgba8(pixels),
        colours: Colours::Srgb,
        orientation: Orientation::NoTransforms,
    })
}
