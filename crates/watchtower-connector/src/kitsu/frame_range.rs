//! Where a shot is on the timeline.

use serde_json::{Map, Value};
use watchtower_model::ShotData;

use super::records;

const FRAME_IN: &str = "frame_in";
const FRAME_OUT: &str = "frame_out";
const NB_FRAMES: &str = "nb_frames";

/// A whole number within what JavaScript counts exactly: the client computes with it.
const LIMIT: i64 = 1 << 53;

/// What Kitsu knows of a shot's place and length, from `data` or from beside it, with the keys of the
/// studio's own.
pub(super) fn shot_data(shot: &records::Shot) -> ShotData {
    let either = |key, beside: &Value| frame(&shot.data[key]).or_else(|| frame(beside));
    let mut custom = match &shot.data {
        Value::Object(custom) => custom.clone(),
        _ => Map::new(),
    };
    for key in [FRAME_IN, FRAME_OUT, NB_FRAMES] {
        // `remove` would move the last key to the hole.
        custom.shift_remove(key);
    }
    ShotData {
        custom,
        ..ShotData::of_fields(
            either(FRAME_IN, &shot.frame_in),
            either(FRAME_OUT, &shot.frame_out),
            either(NB_FRAMES, &shot.nb_frames),
        )
    }
}

/// Reads a frame number: a whole number, or text of one, as in `10`, `"10"`, `"10.0"`.
pub(super) fn frame(value: &Value) -> Option<i64> {
    let number = match value {
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole,
            None => whole(number.as_f64()?)?,
        },
        Value::String(text) => {
            let text = text.trim();
            match text.parse() {
                Ok(whole) => whole,
                Err(_) => whole(text.parse().ok()?)?,
            }
        }
        _ => return None,
    };
    (-LIMIT..=LIMIT).contains(&number).then_some(number)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // Checked to be within `LIMIT`.
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() <= LIMIT as f64).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn data(shot: Value) -> ShotData {
        let mut record = json!({"id": "1"});
        let fields = record.as_object_mut().unwrap();
        fields.extend(shot.as_object().unwrap().clone());
        shot_data(&serde_json::from_value(record).unwrap())
    }

    fn range(shot: Value) -> Option<(i64, i64)> {
        data(shot).range()
    }

    #[test]
    fn a_range_is_read_from_numbers_and_text() {
        for (start, end) in [
            (json!(10), json!(35)),
            (json!("10"), json!("35")),
            (json!(10.0), json!("35.0")),
            (json!(" 10 "), json!(35)),
        ] {
            let data = json!({"data": {"frame_in": start, "frame_out": end}});
            assert_eq!(range(data.clone()), Some((10, 35)), "{data}");
        }
    }

    #[test]
    fn frame_0_is_a_frame() {
        let data = json!({"data": {"frame_in": 0, "frame_out": 24}});
        assert_eq!(range(data), Some((0, 24)));
    }

    #[test]
    fn a_range_beside_the_data_counts_where_the_data_has_none() {
        for data in [
            json!(null),
            json!({}),
            json!({"frame_in": "", "frame_out": null}),
            json!([]),
        ] {
            let shot = json!({"data": data, "frame_in": "5", "frame_out": 9});
            assert_eq!(range(shot), Some((5, 9)));
        }
        let shot = json!({"data": {"frame_in": 1, "frame_out": 2}, "frame_in": 5, "frame_out": 9});
        assert_eq!(range(shot), Some((1, 2)));
    }

    #[test]
    fn what_is_no_range_is_none() {
        for (start, end) in [
            (json!(90), json!(60)),
            (json!(12.5), json!(24)),
            (json!("about ten"), json!("n/a")),
            (json!(""), json!("")),
            (json!(null), json!(null)),
            (json!([1]), json!({"a": 1})),
            (json!("NaN"), json!("inf")),
            (json!(0), json!(1e300)),
            (json!(true), json!(false)),
        ] {
            let data = json!({"data": {"frame_in": start, "frame_out": end}});
            assert_eq!(range(data.clone()), None, "{data}");
        }
    }

    #[test]
    fn a_length_alone_is_known_as_such() {
        assert_eq!(
            data(json!({"data": null, "nb_frames": "25"})),
            ShotData::of_length(25)
        );
        assert_eq!(data(json!({"nb_frames": -3})), ShotData::default());
    }

    #[test]
    fn custom_keys_stay_in_their_order() {
        let data =
            json!({"frame_out": "35", "lens": "35mm", "frame_in": "10", "fps": "25", "x": null});
        let data = data_of(data);
        assert_eq!(data.range(), Some((10, 35)));
        let keys: Vec<_> = data.custom.keys().collect();
        assert_eq!(keys, ["lens", "fps", "x"]);
    }

    fn data_of(of_shot: Value) -> ShotData {
        data(json!({"data": of_shot}))
    }
}
