//! EXR: what its display window shows of the first layer with colours.

use std::io::Cursor;

use exr::meta::header::Header;
use exr::meta::{BlockDescription, MetaData};
use exr::prelude::*;
use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer};

use super::Decoded;
use crate::colour::{Colours, light_in_16_bits};
use crate::{Error as PictureError, Kind, Size, Survey};

const BROKEN: PictureError = PictureError::Broken(Kind::Exr);
const NO_COLOURS: PictureError =
    PictureError::Unsupported(Kind::Exr, "no layer with the channels R, G and B");

/// The lines of which the largest blocks without tiles consist.
const MOST_LINES: u64 = 256;

/// The header of the layer that is shown.
fn header(bytes: &[u8]) -> std::result::Result<Header, PictureError> {
    let meta = MetaData::read_from_buffered(Cursor::new(bytes), false).map_err(|_| BROKEN)?;
    let has_colours = |header: &Header| {
        let mut wanted = ["R", "G", "B"].into_iter();
        let list = &header.channels.list;
        !header.deep && wanted.all(|name| list.iter().any(|it| it.name.eq(name)))
    };
    let found = meta.headers.into_iter().find(has_colours);
    found.ok_or(NO_COLOURS)
}

/// The size of the display window.
fn shown(header: &Header) -> std::result::Result<Size, PictureError> {
    let size = header.shared_attributes.display_window.size;
    let side = |length: usize| u32::try_from(length).ok().filter(|it| *it > 0);
    match (side(size.width()), side(size.height())) {
        (Some(width), Some(height)) => Ok(Size::new(width, height)),
        _ => Err(BROKEN),
    }
}

pub(super) fn survey(bytes: &[u8]) -> std::result::Result<Survey, PictureError> {
    let header = header(bytes)?;
    let size = shown(&header)?;
    let block = match header.blocks {
        BlockDescription::ScanLines => header.layer_size.width() as u64 * MOST_LINES,
        BlockDescription::Tiles(tiles) => tiles.tile_size.area() as u64,
    };
    let block = block.saturating_mul(header.channels.bytes_per_pixel as u64);
    Ok(Survey {
        kind: Kind::Exr,
        size,
        orientation: Orientation::NoTransforms,
        // Compressed and not.
        memory: size
            .pixels()
            .saturating_mul(6)
            .saturating_add(block.saturating_mul(2)),
    })
}

pub(super) fn decode(bytes: &[u8]) -> std::result::Result<Decoded, PictureError> {
    let header = header(bytes)?;
    let size = shown(&header)?;
    let window = header.shared_attributes.display_window;
    // What is stored may be more than what is shown, as the overscan of a renderer, or less.
    let start = header.own_attributes.layer_position - window.position;
    let (width, height) = (window.size.width(), window.size.height());
    let create = move |_: Vec2<usize>, _: &RgbaChannels| vec![0_u16; width * height * 3];
    let set = move |pixels: &mut Vec<u16>, at: Vec2<usize>, (r, g, b, _): (f32, f32, f32, f32)| {
        let place = |at: usize, start: i32, end: usize| {
            let at = i64::try_from(at).ok()? + i64::from(start);
            usize::try_from(at).ok().filter(|it| *it < end)
        };
        if let (Some(x), Some(y)) = (
            place(at.x(), start.x(), width),
            place(at.y(), start.y(), height),
        ) {
            let first = 3 * (y * width + x);
            pixels[first..first + 3].copy_from_slice(&[r, g, b].map(light_in_16_bits));
        }
    };
    let read = read()
        .no_deep_data()
        .largest_resolution_level()
        .rgba_channels(create, set)
        .first_valid_layer()
        .all_attributes()
        .non_parallel()
        .from_buffered(Cursor::new(bytes));
    let pixels = read.map_err(|_| BROKEN)?.layer_data.channel_data.pixels;
    let pixels = ImageBuffer::from_raw(size.width, size.height, pixels).ok_or(BROKEN)?;
    Ok(Decoded {
        pixels: DynamicImage::ImageRgb16(pixels),
        colours: Colours::Linear,
        orientation: Orientation::NoTransforms,
    })
}
