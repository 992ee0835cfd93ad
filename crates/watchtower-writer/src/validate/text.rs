//! Reads an entry with care: what the fast reading did not take.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use watchtower_model::json::Oddity;

use super::Code;
use super::shape::{Shape, push_key};

/// An entry, and the keys in it that occur twice, as JSON pointers. Of those the last one counts, as
/// in browsers.
pub(super) struct Careful {
    pub(super) value: Value,
    pub(super) duplicates: Vec<String>,
}

/// Reads an entry whose grammar is known to be right.
///
/// Keys that nobody reads may occur twice unless `strict`.
pub(super) fn read(text: &str, shape: &Shape, strict: bool) -> serde_json::Result<Careful> {
    let duplicates = RefCell::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Reader {
        shape: Some(shape),
        strict,
        pointer: &RefCell::default(),
        duplicates: &duplicates,
    }
    .deserialize(&mut deserializer)?;
    Ok(Careful {
        value,
        duplicates: duplicates.into_inner(),
    })
}

/// What the finding about an oddity says.
pub(super) fn odd(oddity: Oddity) -> (Code, &'static str) {
    match oddity {
        Oddity::NotANumber => (Code::NotANumber, "JSON has no such number"),
        Oddity::NumberOutOfRange => (Code::NumberOutOfRange, "the number is too large"),
        Oddity::NestedTooDeep => (
            Code::NestedTooDeep,
            "lists and objects are nested more than 127 levels deep",
        ),
        Oddity::LoneSurrogate => (Code::LoneSurrogate, "an escape stands for half a character"),
    }
}

/// What is wrong with an entry whose grammar is right, and which is refused all the same. Browsers
/// take such entries.
pub(crate) fn objection(error: &serde_json::Error) -> (Code, &'static str) {
    let reason = error.to_string();
    if reason.starts_with("number out of range") {
        odd(Oddity::NumberOutOfRange)
    } else if reason.starts_with("recursion limit") {
        odd(Oddity::NestedTooDeep)
    } else if reason.contains("surrogate") || reason.contains("hex escape") {
        odd(Oddity::LoneSurrogate)
    } else {
        (Code::NotJson, "the text is not JSON")
    }
}

struct Reader<'a> {
    /// The shape of what is read, where the schema knows it.
    shape: Option<&'a Shape>,
    strict: bool,
    pointer: &'a RefCell<String>,
    duplicates: &'a RefCell<Vec<String>>,
}

impl<'a> Reader<'a> {
    fn inside(&self, shape: Option<&'a Shape>) -> Self {
        Self { shape, ..*self }
    }

    /// Reads what is one step further down.
    fn step<T>(&self, step: &str, read: impl FnOnce() -> T) -> T {
        let length = self.pointer.borrow().len();
        push_key(&mut self.pointer.borrow_mut(), step);
        let answer = read();
        self.pointer.borrow_mut().truncate(length);
        answer
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(flag.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        let items = self.shape.and_then(Shape::items);
        loop {
            let step = list.len().to_string();
            let element = self.step(&step, || elements.next_element_seed(self.inside(items)))?;
            match element {
                Some(element) => list.push(element),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let shape = self.shape.and_then(|it| it.key(&key));
            let value = self.step(&key, || {
                if map.contains_key(&key) && (shape.is_some() || self.strict) {
                    let pointer = self.pointer.borrow().clone();
                    self.duplicates.borrow_mut().push(pointer);
                }
                members.next_value_seed(self.inside(shape))
            })?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchtower_model::format::Format;

    fn sequence() -> Shape {
        Shape::of(Format::V0.document("sequences").unwrap())
    }

    #[test]
    fn the_last_of_two_keys_counts_and_is_named() {
        let read = |strict| {
            read(
                r#"{"id": "a", "name": "A", "x/y": 1, "name": "B", "x/y": 2}"#,
                &sequence(),
                strict,
            )
            .unwrap()
        };
        assert_eq!(read(false).value["name"], "B");
        assert_eq!(read(false).duplicates, ["/name"]);
        assert_eq!(read(true).duplicates, ["/name", "/x~1y"]);
    }

    #[test]
    fn objections_are_told_apart() {
        let code = |text: &str| {
            let error = read(text, &sequence(), false).map(|_| ()).unwrap_err();
            objection(&error).0
        };
        assert_eq!(code("{\"x\": 1e999}"), Code::NumberOutOfRange);
        assert_eq!(code(r#"{"x": "\ud83d"}"#), Code::LoneSurrogate);
        assert_eq!(code(r#"{"x": "\ud83d\u0041"}"#), Code::LoneSurrogate);
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        assert_eq!(code(&deep), Code::NestedTooDeep);
    }
}
