//! The members of an object, taken one by one, whatever exactly their writer wrote.

use serde_json::{Map, Value};
use watchtower_model::{FrameRate, HexColor};

/// The members of an object that are not taken yet.
#[derive(Debug, Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// The members of a value, if it is an object.
    pub(super) fn of(value: Value) -> Option<Self> {
        match value {
            Value::Object(members) => Some(Self(members)),
            _ => None,
        }
    }

    /// A member, which is not there any more afterwards. `null` is none.
    pub(super) fn take(&mut self, key: &str) -> Option<Value> {
        self.0.shift_remove(key).filter(|it| !it.is_null())
    }

    /// A text. The client writes a number or a flag out where it needs a text.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        text(self.take(key)?)
    }

    /// An id. None where there is none, or one that cannot be.
    pub(super) fn id<I: TryFrom<String>>(&mut self, key: &str) -> Option<I> {
        I::try_from(self.text(key)?).ok()
    }

    /// A list of ids, without those that are none.
    pub(super) fn ids<I: TryFrom<String>>(&mut self, key: &str) -> Vec<I> {
        let ids = self.list(key).into_iter().filter_map(text);
        ids.filter_map(|it| I::try_from(it).ok()).collect()
    }

    /// Whether a flag is set.
    pub(super) fn flag(&mut self, key: &str) -> bool {
        self.take(key) == Some(Value::Bool(true))
    }

    /// A number, also one that is written as a text; and whether it is.
    pub(super) fn number(&mut self, key: &str) -> Option<(Number, bool)> {
        match self.take(key)? {
            Value::Number(number) => Some((Number(number), false)),
            Value::String(text) => Some((Number(text.trim().parse().ok()?), true)),
            _ => None,
        }
    }

    /// Frames per second, also written as a text; and whether they are.
    pub(super) fn frame_rate(&mut self, key: &str) -> Option<(FrameRate, bool)> {
        let (number, is_text) = self.number(key)?;
        Some((FrameRate::new(number.as_f64()).ok()?, is_text))
    }

    /// A colour.
    pub(super) fn color(&mut self, key: &str) -> Option<HexColor> {
        self.text(key)?.parse().ok()
    }

    /// The elements of a list; none where there is no list.
    pub(super) fn list(&mut self, key: &str) -> Vec<Value> {
        match self.take(key) {
            Some(Value::Array(elements)) => elements,
            _ => Vec::new(),
        }
    }

    /// The objects in a list.
    pub(super) fn objects(&mut self, key: &str) -> impl Iterator<Item = Self> + use<> {
        self.list(key).into_iter().filter_map(Self::of)
    }

    /// An object; an empty one where there is none.
    pub(super) fn object(&mut self, key: &str) -> Self {
        self.take(key).and_then(Self::of).unwrap_or_default()
    }

    /// What is left.
    pub(super) fn rest(self) -> Map<String, Value> {
        self.0
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// A number as it is written.
pub(super) struct Number(serde_json::Number);

impl Number {
    /// The nearest whole number.
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
    pub(super) fn whole(&self) -> i64 {
        self.0
            .as_i64()
            .unwrap_or_else(|| self.as_f64().round() as i64)
    }

    pub(super) fn as_f64(&self) -> f64 {
        self.0.as_f64().unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_meant_is_read() {
        let mut fields = Fields::of(json!({
            "name": 10,
            "fps": "23.976",
            "start": "12",
            "end": 24.0,
            "huge": 18_446_744_073_709_551_615_u64,
            "color": "#F80",
            "flag": "true",
            "list": ["a", 1, "", null, {}],
            "nothing": null,
            "own": [1],
        }))
        .unwrap();
        assert_eq!(fields.text("name").unwrap(), "10");
        assert_eq!(fields.frame_rate("fps").unwrap().0.as_f64(), 23.976);
        let (start, is_text) = fields.number("start").unwrap();
        assert_eq!((start.whole(), is_text), (12, true));
        let (end, is_text) = fields.number("end").unwrap();
        assert_eq!((end.whole(), is_text), (24, false));
        assert_eq!(fields.number("huge").unwrap().0.whole(), i64::MAX);
        assert_eq!(fields.color("color").unwrap().to_string(), "#ff8800");
        assert!(!fields.flag("flag"));
        let ids: Vec<watchtower_model::ShotId> = fields.ids("list");
        assert_eq!(
            ids.iter().map(|it| it.as_str()).collect::<Vec<_>>(),
            ["a", "1"]
        );
        assert_eq!(fields.text("nothing"), None);
        assert_eq!(Value::from(fields.rest()), json!({"own": [1]}));
    }
}
