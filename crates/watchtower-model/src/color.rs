//! Colours of task types and statuses.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A colour as the web client reads it: `#rrggbb`, lower case.
///
/// The client computes with the hex digits, so any other notation shows a wrong colour, and a
/// missing one stops it from loading the project. `#FFF` and `#FF0000` are normalised.
///
/// ```
/// use watchtower_model::HexColor;
///
/// assert_eq!("#F80".parse::<HexColor>()?.to_string(), "#ff8800");
/// assert!("red".parse::<HexColor>().is_err());
/// # Ok::<(), watchtower_model::InvalidColor>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct HexColor {
    red: u8,
    green: u8,
    blue: u8,
}

/// A text that is not a colour.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a colour: expected `#rrggbb` or `#rgb`, as in `#ff8800`", .0.escape_debug())]
pub struct InvalidColor(String);

impl HexColor {
    /// What is written for a type or status that has no colour: the client cannot load a project in
    /// which one is missing.
    pub const NEUTRAL: Self = Self::new(0x99, 0x99, 0x99);

    /// A colour from its parts, 0 to 255 each.
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    /// Red, green and blue, 0 to 255 each.
    pub const fn to_rgb(self) -> [u8; 3] {
        [self.red, self.green, self.blue]
    }
}

impl FromStr for HexColor {
    type Err = InvalidColor;

    fn from_str(text: &str) -> Result<Self, InvalidColor> {
        let invalid = || InvalidColor(text.to_owned());
        let digits: Vec<u8> = text
            .trim()
            .strip_prefix('#')
            .ok_or_else(invalid)?
            .chars()
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()
            .ok_or_else(invalid)?;
        match digits[..] {
            [r, g, b] => Ok(Self::new(r * 17, g * 17, b * 17)),
            [r1, r0, g1, g0, b1, b0] => Ok(Self::new(r1 * 16 + r0, g1 * 16 + g0, b1 * 16 + b0)),
            _ => Err(invalid()),
        }
    }
}

impl TryFrom<String> for HexColor {
    type Error = InvalidColor;

    fn try_from(text: String) -> Result<Self, InvalidColor> {
        text.parse()
    }
}

impl From<HexColor> for String {
    fn from(color: HexColor) -> String {
        color.to_string()
    }
}

impl fmt::Display for HexColor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

impl JsonSchema for HexColor {
    fn schema_name() -> Cow<'static, str> {
        "HexColor".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // What is read is wider than what is written: both notations, either case.
        json_schema!({"type": "string", "pattern": r"^\s*#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})\s*$"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_notations_are_normalised() {
        for (text, normal) in [
            ("#FFF", "#ffffff"),
            ("#FF0000", "#ff0000"),
            ("#22d160", "#22d160"),
            (" #abc ", "#aabbcc"),
        ] {
            assert_eq!(text.parse::<HexColor>().unwrap().to_string(), normal);
        }
    }

    #[test]
    fn the_rest_is_refused() {
        for text in [
            "", "#", "fff", "red", "#ff", "#fffff", "#fffffff", "#ggg", "#+12", "#ｆff",
        ] {
            assert!(text.parse::<HexColor>().is_err(), "{text:?} was taken");
        }
    }

    proptest! {
        #[test]
        fn every_colour_survives_the_round_trip(red: u8, green: u8, blue: u8) {
            let color = HexColor::new(red, green, blue);
            prop_assert_eq!(color.to_string().parse::<HexColor>().unwrap(), color);
            prop_assert_eq!(color.to_rgb(), [red, green, blue]);
        }
    }
}
