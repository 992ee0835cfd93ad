//! Frames per second.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Frames per second: finite and above zero, because the client divides by it.
///
/// Trackers give it as a number or as text; both are read. A whole rate is written as an integer, as
/// the specification has it, any other as a decimal number.
///
/// ```
/// use watchtower_model::FrameRate;
///
/// let fps: FrameRate = "23.976".parse()?;
/// assert_eq!(fps.as_f64(), 23.976);
/// assert_eq!(serde_json::to_string(&FrameRate::default()).unwrap(), "24");
/// # Ok::<(), watchtower_model::InvalidFrameRate>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct FrameRate(f64);

/// A text or number that is not a frame rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a frame rate: expected frames per second above zero, as in `24` or `23.976`", .0.escape_debug())]
pub struct InvalidFrameRate(String);

impl FrameRate {
    /// The most frames per second taken for a frame rate rather than for a mistake.
    const MAX: f64 = 100_000.0;

    /// Takes a number of frames per second.
    ///
    /// # Errors
    ///
    /// [`InvalidFrameRate`] when the number is not finite, not above zero or beyond any camera.
    pub fn new(fps: f64) -> Result<Self, InvalidFrameRate> {
        if fps > 0.0 && fps <= Self::MAX {
            Ok(Self(fps))
        } else {
            Err(InvalidFrameRate(fps.to_string()))
        }
    }

    /// Frames per second.
    pub const fn as_f64(self) -> f64 {
        self.0
    }

    /// How long a number of frames lasts, in seconds.
    #[allow(clippy::cast_precision_loss)] // Beyond 2^53 frames nobody counts single ones.
    pub fn seconds(self, frames: i64) -> f64 {
        frames as f64 / self.0
    }
}

impl Default for FrameRate {
    /// 24 frames per second, as the specification has it.
    fn default() -> Self {
        Self(24.0)
    }
}

impl FromStr for FrameRate {
    type Err = InvalidFrameRate;

    fn from_str(text: &str) -> Result<Self, InvalidFrameRate> {
        text.trim()
            .parse()
            .ok()
            .and_then(|fps| Self::new(fps).ok())
            .ok_or_else(|| InvalidFrameRate(text.to_owned()))
    }
}

impl fmt::Display for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for FrameRate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.fract() == 0.0 {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Whole, 1 to `MAX`.
            serializer.serialize_u32(self.0 as u32)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for FrameRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum NumberOrText<'a> {
            Number(f64),
            Text(#[serde(borrow)] Cow<'a, str>),
        }
        match NumberOrText::deserialize(deserializer)? {
            NumberOrText::Number(fps) => Self::new(fps),
            NumberOrText::Text(text) => text.parse(),
        }
        .map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for FrameRate {
    fn schema_name() -> Cow<'static, str> {
        "FrameRate".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0, "maximum": Self::MAX},
                {"type": "string", "pattern": r"^\s*[+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([Ee][+-]?[0-9]+)?\s*$"},
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_and_texts_are_read() {
        for (json, fps) in [
            ("24", 24.0),
            ("\"24\"", 24.0),
            ("\"23.976\"", 23.976),
            ("29.97", 29.97),
        ] {
            assert_eq!(
                serde_json::from_str::<FrameRate>(json).unwrap().as_f64(),
                fps
            );
        }
    }

    #[test]
    fn what_cannot_be_divided_by_is_refused() {
        for json in [
            "0",
            "-24",
            "\"\"",
            "\"NaN\"",
            "\"inf\"",
            "\"24 fps\"",
            "null",
            "true",
            "1e300",
        ] {
            assert!(
                serde_json::from_str::<FrameRate>(json).is_err(),
                "{json} was taken"
            );
        }
    }

    #[test]
    fn a_whole_rate_is_written_as_an_integer() {
        let written = |fps| serde_json::to_string(&FrameRate::new(fps).unwrap()).unwrap();
        assert_eq!(written(24.0), "24");
        assert_eq!(written(23.976), "23.976");
    }

    proptest! {
        #[test]
        fn every_rate_survives_the_round_trip(fps in 0.001f64..1000.0) {
            let rate = FrameRate::new(fps).unwrap();
            let json = serde_json::to_string(&rate).unwrap();
            prop_assert_eq!(serde_json::from_str::<FrameRate>(&json).unwrap(), rate);
        }
    }
}
