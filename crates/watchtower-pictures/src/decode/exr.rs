//! EXR: what its display window shows of the finished picture among its layers.

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
const UNCLEAR: PictureError = PictureError::Unsupported(
    Kind::Exr,
    "several layers, none of which is called Combined or Beauty",
);
const SMALLER_CHANNELS: PictureError =
    PictureError::Unsupported(Kind::Exr, "colours in a lower resolution than the light");

/// What programs call the finished picture among the layers of a render, the surest first. Blender's is
/// `ViewLayer.Combined`, and `Composite.Combined` after its compositor.
const FINISHED: [&str; 4] = ["composite", "combined", "beauty", "rgba"];

/// The lines of which the largest blocks without tiles consist.
const MOST_LINES: u64 = 256;

/// What is shown of a file.
struct Layer {
    header: Header,
    /// The names of its channels for red, green and blue; of a grey one, the same name three times.
    channels: [Text; 3],
}

/// The layer that is shown: that of the channels R, G and B, one that is named as the finished picture, the
/// only one with colours, or a grey one.
fn layer(bytes: &[u8]) -> std::result::Result<Layer, PictureError> {
    let meta = MetaData::read_from_buffered(Cursor::new(bytes), false).map_err(|_| BROKEN)?;
    let flat = meta.headers.into_iter().filter(|it| !it.deep);
    let mut found: Vec<(usize, Layer)> = Vec::new();
    let mut is_luminance_and_chroma = false;
    for header in flat {
        is_luminance_and_chroma |= header.channels.list.iter().any(|it| it.name.eq("RY"));
        for (rank, channels) in colours(&header) {
            let header = header.clone();
            found.push((rank, Layer { header, channels }));
        }
    }
    if found.is_empty() && is_luminance_and_chroma {
        return Err(SMALLER_CHANNELS);
    }
    let best = found
        .iter()
        .map(|(rank, _)| *rank)
        .min()
        .ok_or(NO_COLOURS)?;
    found.retain(|(rank, _)| *rank == best);
    if best == UNNAMED && found.len() > 1 {
        return Err(UNCLEAR);
    }
    let (_, layer) = found.swap_remove(0);
    let list = &layer.header.channels.list;
    match list.iter().all(|it| it.sampling == Vec2(1, 1)) {
        true => Ok(layer),
        false => Err(SMALLER_CHANNELS),
    }
}

/// The rank of a layer whose name tells nothing.
const UNNAMED: usize = FINISHED.len() + 1;

/// The channels that make a picture, each with its rank: the lower, the surer is it the finished one.
fn colours(header: &Header) -> Vec<(usize, [Text; 3])> {
    let list = &header.channels.list;
    let named = |name: &str| {
        list.iter()
            .find(|it| it.name.eq(name))
            .map(|it| it.name.clone())
    };
    let of = |prefix: &str| {
        let mut channels = ["R", "G", "B"].map(|it| named(&format!("{prefix}{it}")));
        Some([
            channels[0].take()?,
            channels[1].take()?,
            channels[2].take()?,
        ])
    };
    let mut found = Vec::new();
    for channel in list {
        let name = channel.name.to_string();
        let Some(prefix) = name.strip_suffix('R') else {
            continue;
        };
        if !prefix.is_empty() && !prefix.ends_with('.') {
            continue;
        }
        let layer = prefix.to_ascii_lowercase();
        let is_called = |it: &&str| layer.split('.').any(|part| part == *it);
        let rank = match FINISHED.iter().position(is_called) {
            _ if prefix.is_empty() => 0,
            Some(place) => place + 1,
            None => UNNAMED,
        };
        found.extend(of(prefix).map(|it| (rank, it)));
    }
    // Grey, in the standard's name and in Blender's.
    let grey = ["Y", "V"].into_iter().find_map(named);
    let is_alone = list
        .iter()
        .all(|it| it.name.eq("A") || Some(&it.name) == grey.as_ref());
    if let (Some(grey), true) = (grey, is_alone) {
        found.push((UNNAMED, [grey.clone(), grey.clone(), grey]));
    }
    found
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
    let Layer { header, .. } = layer(bytes)?;
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
    let Layer { header, channels } = layer(bytes)?;
    let size = shown(&header)?;
    let window = header.shared_attributes.display_window;
    // What is stored may be more than what is shown, as the overscan of a renderer, or less.
    let start = header.own_attributes.layer_position - window.position;
    let (width, height) = (window.size.width(), window.size.height());
    let create = move || vec![0_u16; width * height * 3];
    let set = move |pixels: &mut Vec<u16>, at: Vec2<usize>, colour: [f32; 3]| {
        let place = |at: usize, start: i32, end: usize| {
            let at = i64::try_from(at).ok()? + i64::from(start);
            usize::try_from(at).ok().filter(|it| *it < end)
        };
        if let (Some(x), Some(y)) = (
            place(at.x(), start.x(), width),
            place(at.y(), start.y(), height),
        ) {
            let first = 3 * (y * width + x);
            pixels[first..first + 3].copy_from_slice(&colour.map(light_in_16_bits));
        }
    };
    let levels = read().no_deep_data().largest_resolution_level();
    let file = Cursor::new(bytes);
    let [red, green, blue] = channels;
    // The reader takes no channel twice.
    let pixels = if red == green {
        let grey = levels
            .specific_channels()
            .required::<f32>(red)
            .collect_pixels(
                move |_, _| create(),
                move |pixels: &mut Vec<u16>, at, (grey,): (f32,)| set(pixels, at, [grey; 3]),
            );
        let image = grey.first_valid_layer().all_attributes();
        let image = image.non_parallel().from_buffered(file);
        image.map_err(|_| BROKEN)?.layer_data.channel_data.pixels
    } else {
        let list = levels.specific_channels();
        let list = list.required::<f32>(red).required::<f32>(green);
        let colours = list.required::<f32>(blue).collect_pixels(
            move |_, _| create(),
            move |pixels: &mut Vec<u16>, at, (r, g, b): (f32, f32, f32)| set(pixels, at, [r, g, b]),
        );
        let image = colours.first_valid_layer().all_attributes();
        let image = image.non_parallel().from_buffered(file);
        image.map_err(|_| BROKEN)?.layer_data.channel_data.pixels
    };
    let pixels = ImageBuffer::from_raw(size.width, size.height, pixels).ok_or(BROKEN)?;
    Ok(Decoded {
        pixels: DynamicImage::ImageRgb16(pixels),
        colours: Colours::Linear,
        orientation: Orientation::NoTransforms,
    })
}
