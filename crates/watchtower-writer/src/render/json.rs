//! JSON in the form that documents have: two-space indented, UTF-8 unescaped.
//!
//! The bytes are those of [`serde_json::to_vec_pretty`], which looks at each one for what must be
//! escaped, and passes on each bracket and indentation by itself. Documents are keys, ids and
//! indentation for the most part. Those are written here, in whole pieces; numbers, and texts that must
//! be escaped, are left to `serde_json`.

use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::{Error, Result};

/// Appends values to a text.
pub(super) struct Json<'a> {
    text: &'a mut Vec<u8>,
    /// How many brackets are open.
    depth: usize,
}

impl<'a> Json<'a> {
    pub(super) fn new(text: &'a mut Vec<u8>) -> Self {
        Self { text, depth: 0 }
    }

    /// Ends a line, after a comma or without one, and indents the next.
    fn break_line(&mut self, has_comma: bool) {
        // No document of ours is nested deeper; what a tracker adds may be.
        const BREAK: &[u8; 32] = b",\n                              ";
        let length = self.text.len() + usize::from(has_comma) + 1 + 2 * self.depth;
        // To copy a piece of a known length and cut it off costs less than to copy what is needed.
        match has_comma {
            true => self.text.extend_from_slice(BREAK),
            false => self.text.extend_from_slice(&BREAK[1..]),
        }
        self.text.resize(length, b' ');
    }

    fn open<'j>(&'j mut self, bracket: u8, closing: &'static [u8]) -> Entries<'j, 'a> {
        self.text.push(bracket);
        self.depth += 1;
        Entries {
            json: self,
            closing,
            is_empty: true,
        }
    }

    fn open_list<'j>(&'j mut self) -> Entries<'j, 'a> {
        self.open(b'[', b"]")
    }

    fn open_object<'j>(&'j mut self) -> Entries<'j, 'a> {
        self.open(b'{', b"}")
    }

    /// Opens the object of a variant that holds more than one value, and what holds them.
    fn open_variant<'j>(
        &'j mut self,
        name: &str,
        bracket: u8,
        closing: &'static [u8],
    ) -> Result<Entries<'j, 'a>> {
        let mut object = self.open_object();
        object.key(name)?;
        object.json.literal(": ");
        Ok(object.json.open(bracket, closing))
    }

    fn literal(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }
}

/// What stands between brackets.
pub(super) struct Entries<'j, 'a> {
    json: &'j mut Json<'a>,
    /// The brackets that close it, the inner one first.
    closing: &'static [u8],
    is_empty: bool,
}

impl Entries<'_, '_> {
    fn break_line(&mut self) {
        self.json.break_line(!self.is_empty);
        self.is_empty = false;
    }

    fn element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        self.break_line();
        value.serialize(&mut *self.json)
    }

    fn key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<()> {
        self.break_line();
        let start = self.json.text.len();
        key.serialize(&mut *self.json)?;
        match self.json.text.get(start) {
            Some(b'"') => Ok(()),
            _ => Err(Error::custom("a key must be a text")),
        }
    }

    fn value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        self.json.literal(": ");
        value.serialize(&mut *self.json)
    }

    fn field<T: ?Sized + Serialize>(&mut self, key: &str, value: &T) -> Result<()> {
        self.key(key)?;
        self.value(value)
    }

    fn close(mut self) -> Result<()> {
        for bracket in self.closing {
            self.json.depth -= 1;
            if !self.is_empty {
                self.json.break_line(false);
            }
            self.json.text.push(*bracket);
            self.is_empty = false;
        }
        Ok(())
    }
}

/// Whether a text stands in JSON as it is: without quotes, backslashes and control characters.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes.last_chunk() {
        // The last eight overlap with those before.
        Some(last) => {
            let (eights, _) = bytes.as_chunks();
            let escaped = eights.iter().fold(0, |found, it| found | escaped(*it));
            escaped | self::escaped(*last) == 0
        }
        None => {
            let mut padded = [b' '; 8];
            padded[..bytes.len()].copy_from_slice(bytes);
            escaped(padded) == 0
        }
    }
}

/// Not 0 if one of eight bytes must be escaped. They are looked at as one number, in a fourth of the time
/// that it takes one by one.
fn escaped(bytes: [u8; 8]) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH_BITS: u64 = ONES << 7;
    let word = u64::from_ne_bytes(bytes);
    // Sets the high bit of the lowest byte below `limit`, if there is one, and none if there is none.
    // Above the lowest it may be wrong.
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (below(word, b' ') | equal(b'"') | equal(b'\\')) & HIGH_BITS
}

macro_rules! left_to_serde_json {
    ($($method:ident: $type:ty,)*) => {$(
        fn $method(self, value: $type) -> Result<()> {
            serde_json::to_writer(&mut *self.text, &value)
        }
    )*};
}

impl<'j, 'a> Serializer for &'j mut Json<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Entries<'j, 'a>;
    type SerializeTuple = Entries<'j, 'a>;
    type SerializeTupleStruct = Entries<'j, 'a>;
    type SerializeTupleVariant = Entries<'j, 'a>;
    type SerializeMap = Entries<'j, 'a>;
    type SerializeStruct = Entries<'j, 'a>;
    type SerializeStructVariant = Entries<'j, 'a>;

    left_to_serde_json! {
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_i128: i128,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_u128: u128,
        serialize_f32: f32,
        serialize_f64: f64,
        serialize_char: char,
    }

    fn serialize_bool(self, value: bool) -> Result<()> {
        self.literal(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_str(self, text: &str) -> Result<()> {
        if !is_plain(text) {
            return serde_json::to_writer(&mut *self.text, text);
        }
        self.text.push(b'"');
        self.literal(text);
        self.text.push(b'"');
        Ok(())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<()> {
        self.collect_seq(bytes)
    }

    fn serialize_none(self) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<()> {
        self.literal("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<()> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        let mut object = self.open_object();
        object.field(variant, value)?;
        object.close()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Entries<'j, 'a>> {
        Ok(self.open_list())
    }

    fn serialize_tuple(self, _: usize) -> Result<Entries<'j, 'a>> {
        Ok(self.open_list())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Entries<'j, 'a>> {
        Ok(self.open_list())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Entries<'j, 'a>> {
        self.open_variant(variant, b'[', b"]}")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries<'j, 'a>> {
        Ok(self.open_object())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Entries<'j, 'a>> {
        Ok(self.open_object())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Entries<'j, 'a>> {
        self.open_variant(variant, b'{', b"}}")
    }
}

macro_rules! lists {
    ($($list:ident: $method:ident,)*) => {$(
        impl $list for Entries<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
                self.element(value)
            }

            fn end(self) -> Result<()> {
                self.close()
            }
        }
    )*};
}

lists! {
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field,
}

macro_rules! objects {
    ($($object:ident,)*) => {$(
        impl $object for Entries<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: ?Sized + Serialize>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<()> {
                self.field(key, value)
            }

            fn end(self) -> Result<()> {
                self.close()
            }
        }
    )*};
}

objects! {
    SerializeStruct,
    SerializeStructVariant,
}

impl SerializeMap for Entries<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<()> {
        self.key(key)
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        self.value(value)
    }

    fn end(self) -> Result<()> {
        self.close()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize;
    use serde_json::{Value, json};

    use super::*;

    fn written(value: &impl Serialize) -> String {
        let mut text = Vec::new();
        value.serialize(&mut Json::new(&mut text)).unwrap();
        String::from_utf8(text).unwrap()
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[a !\"#\\[\\]\\\\\n\u{0}\u{1f}\u{7f}é\u{ff}]{0,40}".prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(24, 60, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::hash_map("[a-c\"]{0,2}", inner, 0..3)
                    .prop_map(|it| Value::Object(it.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn json_has_the_form_that_serde_json_gives_it(value in any_json()) {
            prop_assert_eq!(written(&value), serde_json::to_string_pretty(&value).unwrap());
        }
    }

    #[test]
    fn depth_has_no_limit() {
        let deep = (0..100).fold(json!({}), |inner, _| json!({"in": [inner, 1]}));
        assert_eq!(written(&deep), serde_json::to_string_pretty(&deep).unwrap());
    }

    #[test]
    fn every_kind_of_value_has_the_form_that_serde_json_gives_it() {
        #[derive(Serialize)]
        struct Unit;
        #[derive(Serialize)]
        struct Pair(u8, i8);
        #[derive(Serialize)]
        enum Kind {
            Unit,
            Newtype(Option<char>),
            Tuple(f32, f64),
            Struct {
                small: u128,
                large: i128,
            },
            #[serde(rename = "\"")]
            Empty {},
        }
        let values = (
            Unit,
            Pair(1, -1),
            [Kind::Unit, Kind::Newtype(Some('"')), Kind::Newtype(None)],
            Kind::Tuple(0.1, f64::NAN),
            Kind::Struct {
                small: 0,
                large: i128::MIN,
            },
            Kind::Empty {},
            ((), true),
        );
        let expected = serde_json::to_string_pretty(&values).unwrap();
        assert_eq!(written(&values), expected);
    }

    #[test]
    fn a_key_that_is_no_text_is_refused() {
        let keys = std::collections::BTreeMap::from([(1, 2)]);
        let error = keys.serialize(&mut Json::new(&mut Vec::new())).unwrap_err();
        assert_eq!(error.to_string(), "a key must be a text");
    }
}
