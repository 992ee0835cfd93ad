//! The kinds of fields that documents are made of: what serde reads here, the schema takes.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex_lite::Regex;
use schemars::transform::Transform;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{FrameRate, HexColor};

/// A non-empty id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Id<'a>(pub(crate) Cow<'a, str>);

impl Id<'_> {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'a> From<&'a str> for Id<'a> {
    fn from(id: &'a str) -> Self {
        Self(Cow::Borrowed(id))
    }
}

impl From<String> for Id<'_> {
    fn from(id: String) -> Self {
        Self(Cow::Owned(id))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Id<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = borrowed(deserializer)?;
        if text.is_empty() {
            return Err(D::Error::custom("an id must not be empty"));
        }
        Ok(Self(text))
    }
}

impl JsonSchema for Id<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "minLength": 1})
    }
}

/// A colour in the only notation the client reads: `#rrggbb`, lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Color(pub(crate) HexColor);

impl From<HexColor> for Color {
    fn from(color: HexColor) -> Self {
        Self(color)
    }
}

impl From<Color> for HexColor {
    fn from(color: Color) -> Self {
        color.0
    }
}

impl<'de> Deserialize<'de> for Color {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = borrowed(deserializer)?;
        let color: HexColor = text.parse().map_err(D::Error::custom)?;
        if !text.eq_ignore_ascii_case(&color.to_string()) {
            return Err(D::Error::custom(format!(
                "expected `{color}`, found `{text}`"
            )));
        }
        Ok(Self(color))
    }
}

impl JsonSchema for Color {
    fn schema_name() -> Cow<'static, str> {
        "Color".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": published("^#[0-9A-Fa-f]{6}$")})
    }
}

/// Frames per second as a number; text is not taken on disk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fps(pub(crate) FrameRate);

impl From<FrameRate> for Fps {
    fn from(fps: FrameRate) -> Self {
        Self(fps)
    }
}

impl From<Fps> for FrameRate {
    fn from(fps: Fps) -> Self {
        fps.0
    }
}

impl Serialize for Fps {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Fps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fps = f64::deserialize(deserializer)?;
        FrameRate::new(fps).map(Self).map_err(D::Error::custom)
    }
}

impl JsonSchema for Fps {
    fn schema_name() -> Cow<'static, str> {
        "Fps".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "number", "exclusiveMinimum": 0})
    }
}

/// A moment in ISO 8601, as in `2026-11-22T04:36:12.662841`, with or without a time zone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Timestamp<'a>(pub(crate) Cow<'a, str>);

impl<'a> Timestamp<'a> {
    /// What every timestamp looks like, as a regular expression: what browsers take for a date with
    /// a time. To them, a month may have 31 days.
    pub const PATTERN: &'static str = concat!(
        "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
        "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]+)?",
        "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?$",
    );

    /// Takes a text that is a moment.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Option<Self> {
        #[expect(clippy::expect_used, reason = "a test reads timestamps")]
        static PATTERN: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(Timestamp::PATTERN).expect("the pattern is valid"));
        let text = text.into();
        PATTERN.is_match(&text).then_some(Self(text))
    }

    /// The moment as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Timestamp<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = borrowed(deserializer)?;
        Self::new(text.clone()).ok_or_else(|| {
            D::Error::custom(format!(
                "`{}` is no moment in ISO 8601",
                text.escape_debug()
            ))
        })
    }
}

impl JsonSchema for Timestamp<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": published(Self::PATTERN)})
    }
}

/// What stands for the end of a text in a published pattern. In Python `$` alone also matches before
/// a line break at the end.
pub const PATTERN_END: &str = r"(?!\n)$";

/// A pattern as it is published: it means the same in every language.
fn published(pattern: &str) -> String {
    let start = pattern.strip_suffix('$').unwrap_or(pattern);
    format!("{start}{PATTERN_END}")
}

/// Reads a text without copying it where the input allows.
fn borrowed<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'a, str>, D::Error> {
    // serde borrows a `Cow` only inside a field with `borrow`.
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    Text::deserialize(deserializer).map(|text| text.0)
}

/// Reads a key that must be there though its value may be `null`: serde takes a missing `Option` for
/// `None`, and the client takes a missing address for the text `undefined`.
pub(crate) fn present<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer)
}

/// Makes keys optional in a schema which the writer always writes and the client never misses.
pub(crate) struct Optional(pub(crate) &'static [&'static str]);

impl Transform for Optional {
    fn transform(&mut self, schema: &mut Schema) {
        let optional: BTreeSet<&str> = self.0.iter().copied().collect();
        if let Some(required) = schema.get_mut("required").and_then(|it| it.as_array_mut()) {
            required.retain(|key| !key.as_str().is_some_and(|key| optional.contains(key)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_what_browsers_read() {
        let is_moment = |text| Timestamp::new(text).is_some();
        for moment in [
            "2026-11-22T04:36:12",
            "2026-11-22T04:36:12.662841",
            "2026-11-22T04:36:12Z",
            "2026-11-22T04:36:12.5+05:30",
        ] {
            assert!(is_moment(moment), "{moment}");
        }
        for other in [
            "",
            "2026-11-22",
            "2026-11-22 04:36:12",
            "2026-13-22T04:36:12",
            "2026-11-22T24:36:12",
            "2026-11-22T04:36:12.",
            "2026-11-22T04:36:12+0530",
            "2026-11-22T04:36:12\n",
            "٢٠٢٦-11-22T04:36:12",
        ] {
            assert!(!is_moment(other), "{other}");
        }
    }
}
