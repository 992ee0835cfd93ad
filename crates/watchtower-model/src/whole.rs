//! Whole numbers as JSON Schema has them: `9.0` is one, as pandas and JavaScript write them.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, Unexpected, Visitor};

/// The largest whole number up to which a number with a fraction tells all whole ones apart.
const EXACT: f64 = 9_007_199_254_740_992.0;

struct Whole<T>(PhantomData<T>);

impl<T: TryFrom<i64>> Visitor<'_> for Whole<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        let taken =
            T::try_from(number).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self));
        taken.map(Some)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        match i64::try_from(number) {
            Ok(number) => self.visit_i64(number),
            Err(_) => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        if number.fract() != 0.0 || number.abs() > EXACT {
            return Err(E::invalid_value(Unexpected::Float(number), &self));
        }
        #[allow(clippy::cast_possible_truncation)] // It is whole, and small enough.
        self.visit_i64(number as i64)
    }
}

/// Reads a whole number, or `null` for none.
pub(crate) fn optional<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: TryFrom<i64>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(Whole(PhantomData))
}

/// Reads a whole number.
pub(crate) fn required<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: TryFrom<i64>,
    D: Deserializer<'de>,
{
    let whole = optional(deserializer)?;
    whole.ok_or_else(|| D::Error::invalid_type(Unexpected::Unit, &"a whole number"))
}

#[cfg(test)]
mod tests {
    use crate::Edit;

    #[test]
    fn a_whole_number_may_be_written_with_a_point() {
        let edit = |offset: &str, frames: &str| {
            let text = format!(
                r#"{{"id": "e", "name": "E", "frame_offset": {offset}, "total_frames": {frames}}}"#
            );
            let edit = serde_json::from_str::<Edit>(&text).ok()?;
            Some((edit.frame_offset, edit.total_frames))
        };
        assert_eq!(edit("-9.0", "1e3"), Some((-9, Some(1000))));
        assert_eq!(edit("9", "null"), Some((9, None)));
        for (offset, frames) in [
            ("9.5", "1"),
            ("1e300", "1"),
            ("null", "1"),
            ("\"9\"", "1"),
            ("0", "-1.0"),
        ] {
            assert_eq!(edit(offset, frames), None, "{offset} {frames}");
        }
    }
}
