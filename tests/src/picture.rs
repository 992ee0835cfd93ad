//! Pictures of what a browser drew, and whether two show the same.
//!
//! Renderers differ from machine to machine, so pictures are compared as from afar: by the mean colours
//! of small squares, of which a few may differ. Most of a canvas is its ground, so it is those squares
//! that count in which something is drawn.

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;

/// The side of a square in pixels.
const SQUARE: usize = 4;

/// How much of red, green or blue makes another colour, of 255.
const COLOUR_TOLERANCE: u8 = 32;

/// How many of the squares in which something is drawn may have another colour, of 1.
const SHARE_TOLERANCE: f64 = 0.05;

/// A picture as from afar.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    /// Row by row: red, green and blue of each square.
    squares: Vec<[u8; 3]>,
}

/// Why a picture is not the one expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Difference {
    /// Its width and height in squares, and those expected.
    Size((usize, usize), (usize, usize)),
    /// So many of the squares in which something is drawn have another colour, of 1.
    Colours(f64),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size(found, expected) => {
                write!(f, "it is {found:?} squares large, expected {expected:?}")
            }
            Self::Colours(share) => {
                let (share, allowed) = (100.0 * share, 100.0 * SHARE_TOLERANCE);
                write!(f, "{share:.1} % of what is drawn differs, {allowed} % may")
            }
        }
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = self.size();
        write!(f, "a picture of {width}×{height} squares")
    }
}

impl Picture {
    /// A picture of one colour all over, of a size in pixels.
    pub fn blank(width: usize, height: usize, colour: [u8; 3]) -> Self {
        let width = width.div_ceil(SQUARE);
        Self {
            width,
            squares: vec![colour; width * height.div_ceil(SQUARE)],
        }
    }

    /// Reads what was drawn on a canvas.
    ///
    /// # Panics
    ///
    /// When it is no PNG of 8 bits per channel in colour.
    pub fn of_canvas(path: &Path) -> Self {
        let (width, pixels) = pixels(path);
        let rows: Vec<_> = pixels.chunks(width).collect();
        let strips = rows.chunks(SQUARE);
        let squares = strips.flat_map(|strip| {
            (0..width).step_by(SQUARE).map(|start| {
                let end = width.min(start + SQUARE);
                mean(strip.iter().flat_map(|row| &row[start..end]))
            })
        });
        Self {
            width: width.div_ceil(SQUARE),
            squares: squares.collect(),
        }
    }

    /// Reads what [`store`](Self::store) wrote.
    ///
    /// # Panics
    ///
    /// When it is no PNG of 8 bits per channel in colour.
    pub fn stored(path: &Path) -> Self {
        let (width, squares) = pixels(path);
        Self { width, squares }
    }

    /// Writes the picture to a PNG in which each square is a pixel.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub fn store(&self, path: &Path) {
        let (width, height) = self.size();
        let side = |length: usize| u32::try_from(length).expect("a screen is not that large");
        let file = File::create(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut encoder = png::Encoder::new(file, side(width), side(height));
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_compression(png::Compression::High);
        let mut writer = encoder.write_header().expect("it is written");
        let bytes = self.squares.as_flattened();
        writer.write_image_data(bytes).expect("it is written");
    }

    fn size(&self) -> (usize, usize) {
        (self.width, self.squares.len() / self.width.max(1))
    }

    /// The commonest colour: that of a blank one.
    fn ground(&self) -> [u8; 3] {
        let mut counts = HashMap::new();
        for square in &self.squares {
            *counts.entry(*square).or_insert(0) += 1;
        }
        // Of two equally common ones, one is as good as the other.
        let commonest = counts
            .into_iter()
            .max_by_key(|(colour, count)| (*count, *colour));
        commonest.map_or([0; 3], |(colour, _)| colour)
    }

    /// Whether it shows what another one shows.
    ///
    /// # Errors
    ///
    /// What the difference is.
    pub fn shows(&self, expected: &Self) -> Result<(), Difference> {
        if self.size() != expected.size() {
            return Err(Difference::Size(self.size(), expected.size()));
        }
        let grounds = [self.ground(), expected.ground()];
        let (mut drawn, mut different) = (0_u32, 0_u32);
        for (one, other) in self.squares.iter().zip(&expected.squares) {
            let is_same = is_close(*one, *other, COLOUR_TOLERANCE);
            let is_ground = |it: [u8; 3], ground| is_close(it, ground, COLOUR_TOLERANCE);
            let is_blank = is_ground(*one, grounds[0]) && is_ground(*other, grounds[1]);
            different += u32::from(!is_same);
            drawn += u32::from(!is_same || !is_blank);
        }
        let share = f64::from(different) / f64::from(drawn.max(1));
        match share > SHARE_TOLERANCE {
            true => Err(Difference::Colours(share)),
            false => Ok(()),
        }
    }
}

/// Whether two colours are the same but for so much of red, green and blue.
pub fn is_close(one: [u8; 3], other: [u8; 3], tolerance: u8) -> bool {
    let mut channels = one.into_iter().zip(other);
    channels.all(|(a, b)| a.abs_diff(b) <= tolerance)
}

/// The colour in the upper left corner of a picture of a site.
///
/// # Panics
///
/// When it is no picture.
pub fn corner(path: &Path) -> [u8; 3] {
    image::open(path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .into_rgb8()[(0, 0)]
        .0
}

/// How many patches of a colour a screenshot shows: places of at least so many pixels that touch each other.
///
/// # Panics
///
/// When it is no PNG of 8 bits per channel in colour.
pub fn patches(screenshot: &Path, colour: [u8; 3], least: usize) -> usize {
    let (width, pixels) = pixels(screenshot);
    let mut left: Vec<_> = pixels.iter().map(|it| is_close(*it, colour, 40)).collect();
    let mut count = 0;
    for start in 0..left.len() {
        let mut size = 0;
        let mut next = vec![start];
        while let Some(at) = next.pop() {
            if !left.get_mut(at).is_some_and(std::mem::take) {
                continue;
            }
            size += 1;
            next.extend([at + 1, at + width]);
            next.extend(
                [at.checked_sub(1), at.checked_sub(width)]
                    .into_iter()
                    .flatten(),
            );
        }
        count += usize::from(size >= least);
    }
    count
}

fn mean<'a>(pixels: impl Iterator<Item = &'a [u8; 3]>) -> [u8; 3] {
    let (mut sums, mut count) = ([0_u32; 3], 0);
    for pixel in pixels {
        count += 1;
        for (sum, channel) in sums.iter_mut().zip(pixel) {
            *sum += u32::from(*channel);
        }
    }
    // The mean of bytes is one.
    sums.map(|sum| u8::try_from(sum / count.max(1)).unwrap_or(u8::MAX))
}

/// The width of a PNG, and its pixels row by row.
fn pixels(path: &Path) -> (usize, Vec<[u8; 3]>) {
    let file = fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut reader = png::Decoder::new(BufReader::new(file))
        .read_info()
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut bytes = vec![0; reader.output_buffer_size().expect("it fits")];
    let info = reader.next_frame(&mut bytes).expect("a whole picture");
    assert_eq!(info.bit_depth, png::BitDepth::Eight, "{}", path.display());
    let samples = match info.color_type {
        png::ColorType::Rgb => 3,
        png::ColorType::Rgba => 4,
        other => panic!("{}: {other:?}", path.display()),
    };
    let pixels = bytes.chunks(samples).map(|it| [it[0], it[1], it[2]]);
    (info.width as usize, pixels.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DARK: [u8; 3] = [0x1b, 0x1b, 0x1b];

    /// Boxes of some colours on a dark ground, 16 squares wide and 8 high.
    fn boxes(colours: &[[u8; 3]]) -> Picture {
        let mut picture = Picture::blank(16 * SQUARE, 8 * SQUARE, DARK);
        for (place, colour) in colours.iter().enumerate() {
            for row in 0..4 {
                let start = row * 16 + place * 4;
                picture.squares[start..start + 3].fill(*colour);
            }
        }
        picture
    }

    const FILM: [[u8; 3]; 3] = [[60, 122, 137], [176, 106, 59], [63, 74, 138]];

    #[test]
    fn a_picture_shows_what_it_shows() {
        assert_eq!(boxes(&FILM).shows(&boxes(&FILM)), Ok(()));
    }

    #[test]
    fn other_shades_and_a_square_of_forty_are_the_same_picture() {
        let shade = FILM.map(|it| it.map(|channel| channel + COLOUR_TOLERANCE));
        let mut other = boxes(&shade);
        other.squares[100] = [255; 3];
        assert_eq!(other.shows(&boxes(&FILM)), Ok(()));
    }

    #[test]
    fn a_blank_picture_is_refused() {
        let blank = Picture::blank(16 * SQUARE, 8 * SQUARE, DARK);
        let difference = Err(Difference::Colours(1.0));
        assert_eq!(blank.shows(&boxes(&FILM)), difference);
        assert_eq!(boxes(&FILM).shows(&blank), difference);
        assert!(
            Picture::blank(128, 64, [255; 3])
                .shows(&boxes(&FILM))
                .is_err()
        );
    }

    #[test]
    fn the_picture_of_another_project_is_refused() {
        let [one, other, third] = FILM;
        let another = boxes(&[other, third, one]);
        assert!(another.shows(&boxes(&FILM)).is_err());
        // One box of three is of another colour.
        assert!(boxes(&[one, other, [200; 3]]).shows(&boxes(&FILM)).is_err());
    }

    #[test]
    fn a_picture_of_another_size_is_refused() {
        let smaller = Picture::blank(15 * SQUARE, 8 * SQUARE, DARK);
        let difference = Difference::Size((15, 8), (16, 8));
        assert_eq!(smaller.shows(&boxes(&FILM)), Err(difference));
    }

    #[test]
    fn a_stored_picture_is_read_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("boxes.png");
        boxes(&FILM).store(&path);
        assert_eq!(Picture::stored(&path), boxes(&FILM));
        assert_eq!(corner(&path), FILM[0]);
    }

    #[test]
    fn a_canvas_is_seen_from_afar() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("boxes.png");
        boxes(&FILM).store(&path);
        // 16×8 pixels are 4×2 squares, of which the first has three columns of the first box.
        let afar = Picture::of_canvas(&path);
        assert_eq!(afar.size(), (4, 2));
        let seen = |channel: usize| {
            u8::try_from((3 * u32::from(FILM[0][channel]) + u32::from(DARK[channel])) / 4)
        };
        assert_eq!(afar.squares[0].map(Ok), [seen(0), seen(1), seen(2)]);
        assert_eq!(afar.squares[4..], [DARK; 4]);
    }
}
