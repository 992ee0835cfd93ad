//! Pictures that say their name.

use std::convert::Infallible;
use std::io::Write;

use embedded_graphics::geometry::{AnchorPoint, AnchorY};
use embedded_graphics::mono_font::iso_8859_1::{FONT_7X13, FONT_10X20};
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::Rectangle;
use embedded_graphics::text::{Alignment, Text};
use watchtower_model::HexColor;

/// The height of the band that holds the group's name, in pixels.
const BAND: u32 = 17;

/// A picture in memory.
pub(super) struct Picture {
    size: Size,
    /// Row by row: red, green and blue.
    rgb: Vec<u8>,
}

impl Picture {
    /// A plain area of a colour, of a width and height in pixels.
    pub(super) fn new((width, height): (u32, u32), color: HexColor) -> Self {
        Self {
            size: Size::new(width, height),
            rgb: color.to_rgb().repeat((width * height) as usize),
        }
    }

    /// Writes a name, each word on a line, as large as fits; and the name of its group, where there
    /// is one, in a dark band below.
    pub(super) fn write(&mut self, name: &str, group: Option<&str>) {
        let whole = Rectangle::new(Point::zero(), self.size);
        let room = match group {
            Some(group) => {
                let height = self.size.height - BAND;
                let start = 3 * (self.size.width * height) as usize;
                self.rgb[start..].iter_mut().for_each(|part| *part /= 2);
                let band = whole.resized_height(BAND, AnchorY::Bottom);
                self.write_text(group, &FONT_7X13, band);
                whole.resized_height(height, AnchorY::Top)
            }
            // The web client cuts avatars to circles.
            None => whole.resized(self.size * 2 / 3, AnchorPoint::Center),
        };
        self.write_text(&name.replace(' ', "\n"), &FONT_10X20, room);
    }

    /// Writes text in the middle of some room, in white, as large as fits.
    fn write_text(&mut self, text: &str, font: &MonoFont<'_>, room: Rectangle) {
        let style = MonoTextStyle::new(font, Rgb888::WHITE);
        let text = Text::with_alignment(text, Point::zero(), style, Alignment::Center);
        let extent = text.bounding_box();
        let fits = room
            .size
            .component_div(extent.size.component_max(Size::new_equal(1)));
        let factor = fits.width.min(fits.height).max(1);
        let shown = Rectangle::with_center(room.center(), extent.size * factor);
        let mut magnifier = Magnifier {
            picture: self,
            extent,
            factor,
            origin: shown.top_left,
        };
        // Drawing into memory cannot fail, and the type says so.
        let Ok(_) = text.draw(&mut magnifier);
    }

    fn put(&mut self, at: Point, color: Rgb888) {
        let (Ok(x), Ok(y)) = (u32::try_from(at.x), u32::try_from(at.y)) else {
            return;
        };
        if x < self.size.width && y < self.size.height {
            let start = 3 * (y * self.size.width + x) as usize;
            self.rgb[start..start + 3].copy_from_slice(&[color.r(), color.g(), color.b()]);
        }
    }

    /// The picture as a PNG file, so many times as large.
    pub(super) fn to_png(&self, factor: usize) -> Result<Vec<u8>, png::EncodingError> {
        let mut file = Vec::new();
        let Size { width, height } = self.size * u32::try_from(factor).unwrap_or(u32::MAX);
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        // Rows that are alike are next to nothing.
        encoder.set_filter(png::Filter::Up);
        let mut writer = encoder.write_header()?;
        let mut rows = writer.stream_writer()?;
        for row in self.rgb.chunks_exact(3 * self.size.width as usize) {
            let wide: Vec<u8> = row
                .chunks_exact(3)
                .flat_map(|pixel| pixel.repeat(factor))
                .collect();
            for _ in 0..factor {
                rows.write_all(&wide)?;
            }
        }
        rows.finish()?;
        writer.finish()?;
        Ok(file)
    }
}

/// Draws each pixel as a square, because the largest font at hand is small.
struct Magnifier<'a> {
    picture: &'a mut Picture,
    /// What is drawn, in its own pixels.
    extent: Rectangle,
    /// The side of a square, in pixels of the picture.
    factor: u32,
    /// Where in the picture the extent's top left corner goes.
    origin: Point,
}

impl Dimensions for Magnifier<'_> {
    fn bounding_box(&self) -> Rectangle {
        self.extent
    }
}

impl DrawTarget for Magnifier<'_> {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = Pixel<Rgb888>>,
    {
        let square = Size::new_equal(self.factor);
        let scale = Point::zero() + square;
        for Pixel(at, color) in pixels {
            let corner = self.origin + (at - self.extent.top_left).component_mul(scale);
            for point in Rectangle::new(corner, square).points() {
                self.picture.put(point, color);
            }
        }
        Ok(())
    }
}
