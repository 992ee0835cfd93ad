//! The kinds of fields that documents are made of: what serde reads here, the schema takes.

use std::borrow::Cow;
use std::collections::BTreeSet;

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
        json_schema!({"type": "string", "pattern": "^#[0-9A-Fa-f]{6}$"})
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
    /// What every timestamp looks like, as a regular expression.
    const PATTERN: &'static str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?$";

    /// Takes a text that is a moment.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Option<Self> {
        let text = text.into();
        let shape = text.get(..19)?.bytes().zip("0000-00-00T00:00:00".bytes());
        let fits = |(found, expected): (u8, u8)| match expected {
            b'0' => found.is_ascii_digit(),
            other => found == other,
        };
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let mut rest = &text[19..];
        if let Some(fraction) = rest.strip_prefix('.') {
            let length = digits(fraction);
            rest = (length > 0).then(|| &fraction[length..])?;
        }
        let zone = rest.strip_prefix(['+', '-']).map(|zone| {
            let parts = zone.split_once(':');
            parts.is_some_and(|(hours, minutes)| {
                [hours, minutes]
                    .iter()
                    .all(|it| it.len() == 2 && digits(it) == 2)
            })
        });
        let ends = rest.is_empty() || rest == "Z" || zone == Some(true);
        (shape.into_iter().all(fits) && ends).then_some(Self(text))
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
        json_schema!({"type": "string", "pattern": Self::PATTERN})
    }
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
