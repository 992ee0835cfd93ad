//! Where shots are on the timeline.

use serde_json::Map;
use watchtower_model::{FrameRate, ShotData};

use super::records::Folder;

/// What AYON knows about the place and the length of a shot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Timing {
    /// The place in the edit: first frame, and the frame at which the shot has ended.
    pub place: Option<(i64, i64)>,
    /// How many frames it has, above 0.
    pub length: Option<i64>,
    /// Whether the length is that of a folder above, or of the project.
    pub inherited: bool,
}

impl Timing {
    /// Reads the length from the frame range, whoever set it, and the place from the clip that was
    /// set on this very shot. All their ends are within.
    pub(super) fn of(folder: &Folder) -> Self {
        let attrib = &folder.attrib;
        let is_own = |name: &str| folder.own_attrib.iter().any(|own| own == name);
        let length = match (attrib.frame_start, attrib.frame_end) {
            (Some(start), Some(end)) => Some(end.saturating_sub(start).saturating_add(1)),
            _ => None,
        };
        let length = length.filter(|&length| length > 0);
        let clip_in = attrib.clip_in.filter(|_| is_own("clipIn"));
        let clip_end = attrib.clip_out.filter(|_| is_own("clipOut"));
        let clip_end = clip_end.map(|clip_out| clip_out.saturating_add(1));
        let place = match (clip_in, clip_end, length) {
            (Some(start), Some(end), _) => Some((start, end)),
            (Some(start), None, Some(length)) => Some((start, start.saturating_add(length))),
            (None, Some(end), Some(length)) => Some((end.saturating_sub(length), end)),
            _ => None,
        };
        Self {
            place: place.filter(|(start, end)| start < end),
            length,
            inherited: length.is_some() && !is_own("frameEnd"),
        }
    }

    /// Its frame range on the timeline, if it has a place there.
    fn frames(self) -> Option<i64> {
        let clip = self.place.map(|(start, end)| end.saturating_sub(start));
        clip.or(self.length)
    }
}

/// How shots came to their places.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Laid {
    /// How many have their places from AYON.
    pub placed: usize,
    /// How many follow the last of those, or each other.
    pub following: usize,
    /// Whether all clips start at the same frame, so that they are no places.
    pub same_start: bool,
}

/// Gives a place to every shot that has a length: the one in the edit where it is known; the others
/// follow the last of those, one after the other, in the order in which they come.
///
/// A shot of another frame rate takes as much of the timeline as it lasts.
pub(super) fn lay(shots: &mut [(Timing, FrameRate)], film: FrameRate) -> Laid {
    let mut starts = shots.iter().filter_map(|(timing, _)| timing.place);
    let mut laid = Laid::default();
    if let Some((first, _)) = starts.next() {
        let mut others = starts.map(|(start, _)| start).peekable();
        laid.same_start = others.peek().is_some() && others.all(|start| start == first);
    }
    if laid.same_start {
        for (timing, _) in shots.iter_mut() {
            timing.length = timing.frames();
            timing.place = None;
        }
    }
    let ends = shots
        .iter()
        .filter_map(|(timing, _)| timing.place.map(|(_, end)| end));
    laid.placed = ends.clone().count();
    let mut frame = ends.max().unwrap_or(0).max(0);
    for (timing, fps) in shots.iter_mut() {
        if let (None, Some(length)) = (timing.place, timing.length) {
            timing.place = Some((frame, frame.saturating_add(length)));
            frame = frame.saturating_add(frames_of_film(length, *fps, film));
            laid.following += 1;
        }
    }
    laid
}

/// How many frames of the film as many frames at another rate take up.
#[allow(clippy::cast_possible_truncation)] // A cast of a number that is too large gives the largest.
fn frames_of_film(frames: i64, fps: FrameRate, film: FrameRate) -> i64 {
    if fps == film {
        return frames;
    }
    // What is a whole number of frames may be a little more in floating point.
    let exact = fps.seconds(frames) * film.as_f64();
    (exact - 1e-6).ceil() as i64
}

/// A shot's range, and beside it what AYON knows about the frames in its files.
pub(super) fn shot_data((frame_in, frame_out): (i64, i64), folder: &Folder) -> ShotData {
    let attrib = &folder.attrib;
    let known = [
        ("frameStart", attrib.frame_start),
        ("frameEnd", attrib.frame_end),
        ("handleStart", attrib.handle_start),
        ("handleEnd", attrib.handle_end),
    ];
    let known = known
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
    ShotData {
        custom: known.collect::<Map<_, _>>(),
        ..ShotData::new(frame_in, frame_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn folder(own: &[&str], attrib: serde_json::Value) -> Folder {
        let folder = json!({"id": "1", "ownAttrib": own, "attrib": attrib});
        serde_json::from_value(folder).unwrap()
    }

    fn all(attrib: serde_json::Value) -> Timing {
        let own = ["frameStart", "frameEnd", "clipIn", "clipOut"];
        Timing::of(&folder(&own, attrib))
    }

    #[test]
    fn the_last_frame_is_within_a_range_and_a_clip() {
        let timing = all(json!({"frameStart": 1001, "frameEnd": 1024, "clipIn": 0, "clipOut": 23}));
        assert_eq!(timing.length, Some(24));
        assert_eq!(timing.place, Some((0, 24)));
        assert!(!timing.inherited);
    }

    #[test]
    fn a_clip_counts_only_where_it_was_set() {
        let attrib = json!({"frameStart": 1001, "frameEnd": 1100, "clipIn": 1, "clipOut": 1});
        let timing = Timing::of(&folder(&[], attrib.clone()));
        assert_eq!((timing.place, timing.length), (None, Some(100)));
        assert!(timing.inherited);
        let timing = Timing::of(&folder(&["frameEnd"], attrib));
        assert!(!timing.inherited);
    }

    #[test]
    fn half_a_clip_is_completed_by_the_length() {
        let attrib = json!({"frameStart": 1, "frameEnd": 10, "clipIn": 40, "clipOut": 99});
        let timing = Timing::of(&folder(&["clipIn"], attrib.clone()));
        assert_eq!(timing.place, Some((40, 50)));
        let timing = Timing::of(&folder(&["clipOut"], attrib));
        assert_eq!(timing.place, Some((90, 100)));
        let timing = Timing::of(&folder(&["clipIn"], json!({"clipIn": 40})));
        assert_eq!(timing, Timing::default());
    }

    #[test]
    fn what_is_no_range_is_none() {
        for attrib in [
            json!({}),
            json!({"frameStart": null, "frameEnd": 10, "clipIn": null, "clipOut": null}),
            json!({"frameStart": 10, "frameEnd": 9, "clipIn": 10, "clipOut": 9}),
            json!({"frameStart": 10}),
        ] {
            let timing = all(attrib.clone());
            assert_eq!((timing.place, timing.length), (None, None), "{attrib}");
        }
        let frame = all(json!({"frameStart": 7, "frameEnd": 7}));
        assert_eq!(frame.length, Some(1), "one frame is a shot");
        let huge = all(json!({"frameStart": i64::MIN, "frameEnd": i64::MAX}));
        assert_eq!(huge.length, Some(i64::MAX));
    }

    fn shot(place: Option<(i64, i64)>, length: Option<i64>) -> (Timing, FrameRate) {
        let timing = Timing {
            place,
            length,
            inherited: false,
        };
        (timing, FrameRate::default())
    }

    fn places(shots: &[(Timing, FrameRate)]) -> Vec<Option<(i64, i64)>> {
        shots.iter().map(|(timing, _)| timing.place).collect()
    }

    #[test]
    fn without_clips_shots_follow_each_other() {
        let mut shots = [shot(None, Some(10)), shot(None, None), shot(None, Some(5))];
        let laid = lay(&mut shots, FrameRate::default());
        assert_eq!(places(&shots), [Some((0, 10)), None, Some((10, 15))]);
        assert_eq!((laid.placed, laid.following), (0, 2));
    }

    #[test]
    fn beside_clips_they_follow_the_last() {
        let mut shots = [
            shot(None, Some(10)),
            shot(Some((50, 60)), Some(99)),
            shot(Some((0, 20)), None),
            shot(None, Some(5)),
        ];
        let laid = lay(&mut shots, FrameRate::default());
        assert_eq!(
            places(&shots),
            [
                Some((60, 70)),
                Some((50, 60)),
                Some((0, 20)),
                Some((70, 75))
            ]
        );
        assert_eq!((laid.placed, laid.following), (2, 2));
    }

    #[test]
    fn clips_that_all_start_together_are_no_places() {
        let mut shots = [
            shot(Some((1, 25)), Some(100)),
            shot(Some((1, 11)), None),
            shot(None, Some(5)),
        ];
        let laid = lay(&mut shots, FrameRate::default());
        assert!(laid.same_start);
        assert_eq!(
            places(&shots),
            [Some((0, 24)), Some((24, 34)), Some((34, 39))]
        );
        let mut shots = [shot(Some((1, 25)), None)];
        assert!(!lay(&mut shots, FrameRate::default()).same_start);
        assert_eq!(places(&shots), [Some((1, 25))]);
    }

    #[test]
    fn a_shot_of_another_rate_takes_the_time_it_lasts() {
        let mut shots = [
            shot(None, Some(12)),
            shot(None, Some(5)),
            shot(None, Some(1)),
        ];
        shots[0].1 = FrameRate::new(12.0).unwrap();
        shots[1].1 = FrameRate::new(25.0).unwrap();
        lay(&mut shots, FrameRate::default());
        assert_eq!(
            places(&shots),
            [Some((0, 12)), Some((24, 29)), Some((29, 30))]
        );
    }
}
