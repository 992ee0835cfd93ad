//! Shots and their place on the timeline.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{FrameRate, MediaRef, SequenceId, ShotId, Task};

/// A shot: a piece of the film between two cuts.
///
/// ```
/// use watchtower_model::{Sequence, Shot, ShotData};
///
/// let rextoria = Sequence::new("Rextoria");
/// let shot = Shot::new("0010", &rextoria.id, ShotData::new(48, 120));
/// assert_eq!(shot.data.range(), Some((48, 120)));
/// assert_eq!(shot.duration_seconds(), 3.0);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Shot {
    /// The shot's id.
    pub id: ShotId,
    /// The name as people read it.
    pub name: String,
    /// The sequence it belongs to.
    pub sequence_id: SequenceId,
    /// Its frame range or length, and what else the tracker knows of it.
    #[serde(default)]
    pub data: ShotData,
    /// The work on it.
    #[serde(default)]
    pub tasks: Vec<Task>,
    /// Its picture.
    #[serde(default)]
    pub thumbnail: Option<MediaRef>,
    /// Frames per second of its frame range.
    #[serde(default)]
    pub fps: FrameRate,
}

impl Shot {
    /// A shot without tasks and picture at 24 frames per second, with an id derived from the
    /// sequence and the name.
    pub fn new(name: impl Into<String>, sequence_id: &SequenceId, data: ShotData) -> Self {
        let name = name.into();
        Self {
            id: ShotId::derived(&[sequence_id.as_str(), &name]),
            name,
            sequence_id: sequence_id.clone(),
            data,
            tasks: Vec::new(),
            thumbnail: None,
            fps: FrameRate::default(),
        }
    }

    /// How long the shot lasts, in seconds: its [length](ShotData::length) divided by
    /// [`fps`](Self::fps), and 0 where nobody knows. Written as `durationSeconds`.
    pub fn duration_seconds(&self) -> f64 {
        self.fps.seconds(self.data.length().unwrap_or(0))
    }
}

/// What a tracker knows of a shot's place and length, with any keys of its own beside it.
///
/// A tracker says as much as it knows: a range on the timeline, a length alone, or nothing. Where the shot
/// goes is decided when a site is written.
///
/// ```
/// use watchtower_model::ShotData;
///
/// let data: ShotData = serde_json::from_str(r#"{"frame_in": 0, "frame_out": 131, "lens": "35mm"}"#)?;
/// assert_eq!(data.range(), Some((0, 131)));
/// assert_eq!(data.custom["lens"], "35mm");
///
/// let data: ShotData = serde_json::from_str(r#"{"nb_frames": 72}"#)?;
/// assert_eq!((data.range(), data.length()), (None, Some(72)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShotData {
    /// The first frame, counted from the start of the film, or of the episode in a series.
    #[serde(
        default,
        deserialize_with = "crate::whole::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub frame_in: Option<i64>,
    /// The frame at which the shot has ended: the `frame_in` of the one that follows without a gap.
    #[serde(
        default,
        deserialize_with = "crate::whole::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub frame_out: Option<i64>,
    /// The length in frames, where the tracker knows it apart from a range.
    #[serde(
        default,
        deserialize_with = "crate::whole::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub nb_frames: Option<i64>,
    /// Keys of the tracker's own, kept as they are.
    #[serde(flatten)]
    pub custom: Map<String, Value>,
}

impl ShotData {
    /// A frame range without custom keys. The shot has ended at `frame_out`.
    pub fn new(frame_in: i64, frame_out: i64) -> Self {
        Self {
            frame_in: Some(frame_in),
            frame_out: Some(frame_out),
            ..Self::default()
        }
    }

    /// A length in frames, and no place on the timeline.
    pub fn of_length(frames: i64) -> Self {
        Self {
            nb_frames: Some(frames),
            ..Self::default()
        }
    }

    /// What a tracker's fields say, any of which may be missing or of no use. An end at or before the start
    /// is no range, and hides no length.
    ///
    /// ```
    /// use watchtower_model::ShotData;
    ///
    /// let data = ShotData::of_fields(Some(0), Some(0), Some(100));
    /// assert_eq!(data, ShotData::of_length(100));
    /// ```
    pub fn of_fields(
        frame_in: Option<i64>,
        frame_out: Option<i64>,
        nb_frames: Option<i64>,
    ) -> Self {
        let mut data = Self {
            frame_in,
            frame_out,
            nb_frames: nb_frames.filter(|&frames| frames > 0),
            custom: Map::new(),
        };
        (data.frame_in, data.frame_out) = data.range().unzip();
        data
    }

    /// The first frame, and the frame at which the shot has ended. A length completes an end that is
    /// missing. A shot that ends at or before its start has no range.
    pub fn range(&self) -> Option<(i64, i64)> {
        let length = self.nb_frames.filter(|&frames| frames > 0);
        let (start, end) = match (self.frame_in, self.frame_out, length) {
            (Some(start), Some(end), _) => (start, end),
            (Some(start), None, Some(length)) => (start, start.saturating_add(length)),
            (None, Some(end), Some(length)) => (end.saturating_sub(length), end),
            _ => return None,
        };
        (start < end).then_some((start, end))
    }

    /// The length in frames, above 0: that of the range, or the one that is known apart from it.
    pub fn length(&self) -> Option<i64> {
        let range = self.range().map(|(start, end)| end.saturating_sub(start));
        range.or(self.nb_frames.filter(|&frames| frames > 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_keys_survive_the_round_trip() {
        let json = r#"{"frame_in":1,"frame_out":2,"nested":{"b":1,"a":[null]},"fps":"25"}"#;
        let data: ShotData = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&data).unwrap(), json);
    }

    #[test]
    fn a_duration_is_computed_as_the_specification_has_it() {
        let mut shot = Shot::new(
            "0010",
            &crate::Sequence::new("010").id,
            ShotData::new(0, 131),
        );
        assert_eq!(shot.duration_seconds(), 131.0 / 24.0);
        shot.fps = FrameRate::new(23.976).unwrap();
        assert_eq!(shot.duration_seconds(), 131.0 / 23.976);
    }

    #[test]
    fn a_range_at_the_edge_of_the_numbers_does_not_overflow() {
        assert_eq!(ShotData::new(i64::MIN, i64::MAX).length(), Some(i64::MAX));
    }

    #[test]
    fn a_whole_number_may_have_a_point() {
        // As pandas and JavaScript write it, and JSON Schema allows.
        let data = r#"{"frame_in": 9.0, "frame_out": 12.0, "nb_frames": 3.0}"#;
        let data: ShotData = serde_json::from_str(data).unwrap();
        let expected = ShotData {
            nb_frames: Some(3),
            ..ShotData::new(9, 12)
        };
        assert_eq!(data, expected);
        let cut = r#"{"name": "cut", "frames": 12.0, "ranges":
            [{"shot_id": "a", "frame_in": 0.0, "frame_out": 12.0}]}"#;
        let cut: crate::Cut = serde_json::from_str(cut).unwrap();
        assert_eq!((cut.frames, cut.ranges[0].frame_out), (12, 12));
        assert!(serde_json::from_str::<ShotData>(r#"{"frame_in": 9.5}"#).is_err());
    }

    #[test]
    fn an_empty_range_does_not_hide_the_length() {
        let data = |frame_in, frame_out, nb_frames| ShotData {
            frame_in,
            frame_out,
            nb_frames,
            custom: Map::new(),
        };
        let both = |data: ShotData| (data.range(), data.length());
        assert_eq!(both(data(Some(0), Some(0), Some(100))), (None, Some(100)));
        assert_eq!(both(data(Some(9), Some(3), None)), (None, None));
        assert_eq!(
            both(data(Some(9), Some(12), Some(100))),
            (Some((9, 12)), Some(3))
        );
        assert_eq!(
            both(data(Some(40), None, Some(12))),
            (Some((40, 52)), Some(12))
        );
        assert_eq!(
            both(data(None, Some(52), Some(12))),
            (Some((40, 52)), Some(12))
        );
        assert_eq!(both(data(Some(40), None, Some(0))), (None, None));
        assert_eq!(both(data(None, None, Some(-3))), (None, None));
    }
}
