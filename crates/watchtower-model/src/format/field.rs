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
        // In Python `$` also matches before a line break at the end.
        json_schema!({"type": "string", "pattern": r"^#[0-9A-Fa-f]{6}(?!\n)$"})
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
