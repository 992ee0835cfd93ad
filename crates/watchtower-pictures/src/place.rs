//! The places of the client in which pictures stand.

/// A width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// The width.
    pub width: u32,
    /// The height.
    pub height: u32,
}

impl Size {
    /// A width and height in pixels.
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// How many pixels it has.
    pub(crate) fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// A place of the client in which a picture stands. Both published clients, 0.1.7 and 1.0.0b3, draw
/// them in the same sizes, which are constants in their code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A shot or an asset: a layer of 150 × 100 pixels in a texture. Of a larger picture the top left
    /// corner is drawn, of a smaller one nothing.
    Tile,
    /// A person: a layer of 400 × 400 pixels, cut to a circle.
    Avatar,
    /// A project in the list of projects: an `<img>` of 32 × 32 CSS pixels, to which the browser
    /// squeezes whatever comes.
    Project,
}

impl Place {
    /// The size of the pictures that are made for it.
    pub const fn size(self) -> Size {
        match self {
            Self::Tile => Size::new(150, 100),
            Self::Avatar => Size::new(400, 400),
            // Sharp on a screen with three pixels for each CSS pixel, while the pointer makes it larger.
            Self::Project => Size::new(128, 128),
        }
    }

    /// Whether a picture of this size is shown whole and undistorted as it is.
    pub fn takes(self, size: Size) -> bool {
        match self {
            Self::Tile | Self::Avatar => size == self.size(),
            // The browser scales what is square. Kitsu's have 400 × 400 pixels.
            Self::Project => size.width == size.height && (32..=512).contains(&size.width),
        }
    }

    /// How a picture is fitted into it. A person's face is not framed in black.
    pub(crate) fn fit(self, wanted: Fit) -> Fit {
        match self {
            Self::Avatar => Fit::Cover,
            Self::Tile | Self::Project => wanted,
        }
    }
}

/// How a picture of other proportions is fitted into a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fit {
    /// The whole picture, with black beside or above and below it: a film's frame is not cropped.
    #[default]
    Contain,
    /// The place is filled, and what does not fit is cut off on both sides.
    Cover,
}
