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
/// assert_eq!(shot.start_frame(), 48);
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
    /// Its frame range, and what else the tracker knows of it.
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

    /// The frame at which the shot starts on the timeline: its `frame_in`. Written as `startFrame`.
    pub fn start_frame(&self) -> i64 {
        self.data.frame_in
    }

    /// How long the shot lasts, in seconds: `frame_out` minus `frame_in`, divided by
    /// [`fps`](Self::fps). Written as `durationSeconds`.
    pub fn duration_seconds(&self) -> f64 {
        self.fps.seconds(self.data.frames())
    }
}

/// A shot's frame range, with any keys of the tracker's own beside it.
///
/// ```
/// use watchtower_model::ShotData;
///
/// let data: ShotData = serde_json::from_str(r#"{"frame_in": 0, "frame_out": 131, "lens": "35mm"}"#)?;
/// assert_eq!(data.frames(), 131);
/// assert_eq!(data.custom["lens"], "35mm");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShotData {
    /// The first frame, counted from the start of the film, or of the episode in a series.
    pub frame_in: i64,
    /// The frame at which the shot has ended: the `frame_in` of the one that follows without a gap.
    pub frame_out: i64,
    /// Keys of the tracker's own, kept as they are.
    #[serde(flatten)]
    pub custom: Map<String, Value>,
}

impl ShotData {
    /// A frame range without custom keys. The shot has ended at `frame_out`.
    pub fn new(frame_in: i64, frame_out: i64) -> Self {
        Self {
            frame_in,
            frame_out,
            custom: Map::new(),
        }
    }

    /// How many frames the shot has.
    pub fn frames(&self) -> i64 {
        self.frame_out.saturating_sub(self.frame_in)
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
        assert_eq!(ShotData::new(i64::MIN, i64::MAX).frames(), i64::MAX);
    }
}
