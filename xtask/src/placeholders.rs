//! `cargo xtask placeholders`: draws the pictures that the web client asks for and its wheel lacks.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Where the pictures stand.
const FOLDER: &str = "crates/watchtower-cli/src/client";
const BACKGROUND: u8 = 0x3a;
const FOREGROUND: u8 = 0x68;
/// How many points are looked at in each direction of a pixel.
const POINTS: u32 = 4;

/// A picture: its name, its size in pixels, and whether a point is inside of what it shows. Points
/// are in hundredths of the height, from the middle.
struct Picture {
    name: &'static str,
    width: u32,
    height: u32,
    shows: fn(f64, f64) -> bool,
}

/// The client takes 150 × 100 pixels of the picture of a shot or an asset, and 400 × 400 of a person's,
/// from the upper left corner: a larger one is cut, and a smaller one is not shown.
const PICTURES: [Picture; 2] = [
    Picture {
        name: "placeholder-asset.png",
        width: 150,
        height: 100,
        shows: landscape,
    },
    Picture {
        name: "placeholder-user.png",
        width: 400,
        height: 400,
        shows: person,
    },
];

/// Two hills in a frame, with a sun.
fn landscape(x: f64, y: f64) -> bool {
    let inside = |width: f64, height: f64| x.abs() < width && y.abs() < height;
    let frame = inside(36.0, 26.0) && !inside(33.0, 23.0);
    let hill = |top: f64, peak: f64| y < 23.0 && y > top + (x - peak).abs();
    let hills = inside(33.0, 23.0) && (hill(-6.0, -10.0) || hill(2.0, 14.0));
    frame || hills || (x - 18.0).hypot(y + 11.0) < 5.0
}

/// A head above shoulders.
fn person(x: f64, y: f64) -> bool {
    let head = x.hypot(y + 12.0) < 16.0;
    let shoulders = (x / 30.0).hypot((y - 38.0) / 28.0) < 1.0 && y < 38.0;
    head || shoulders
}

/// Writes the pictures.
pub(crate) fn write(root: &Path) -> Result<()> {
    for picture in &PICTURES {
        let path = root.join(FOLDER).join(picture.name);
        fs::write(&path, draw(picture)?).with_context(|| format!("{}", path.display()))?;
    }
    Ok(())
}

fn draw(picture: &Picture) -> Result<Vec<u8>> {
    let Picture { width, height, .. } = *picture;
    let mut pixels = Vec::with_capacity((width * height) as usize);
    for y in 0..height {
        for x in 0..width {
            let inside = points(x)
                .flat_map(|x| points(y).map(move |y| (x, y)))
                .filter(|(x, y)| {
                    let scale = 100.0 / f64::from(height);
                    let (x, y) = (x - f64::from(width) / 2.0, y - f64::from(height) / 2.0);
                    (picture.shows)(x * scale, y * scale)
                });
            let share = u32::try_from(inside.count())?;
            let more = u32::from(FOREGROUND - BACKGROUND) * share / (POINTS * POINTS);
            pixels.push(BACKGROUND + u8::try_from(more)?);
        }
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(file)
}

/// The places within a pixel, in one direction, that are looked at.
fn points(pixel: u32) -> impl Iterator<Item = f64> {
    (0..POINTS).map(move |it| f64::from(pixel) + (f64::from(it) + 0.5) / f64::from(POINTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pixels: how they are packed depends on the deflate that the whole build has.
    fn pixels(file: &[u8]) -> (u32, u32, Vec<u8>) {
        let mut picture = png::Decoder::new(std::io::Cursor::new(file))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; picture.output_buffer_size().unwrap()];
        let about = picture.next_frame(&mut pixels).unwrap();
        (about.width, about.height, pixels)
    }

    #[test]
    fn the_pictures_are_as_they_are_drawn() {
        for picture in &PICTURES {
            let committed = fs::read(crate::root().join(FOLDER).join(picture.name)).unwrap();
            let as_drawn = pixels(&committed) == pixels(&draw(picture).unwrap());
            assert!(as_drawn, "{}: run `cargo xtask placeholders`", picture.name);
        }
    }
}
