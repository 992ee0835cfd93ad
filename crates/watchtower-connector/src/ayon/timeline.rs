//! What AYON knows of where shots are on the timeline.

use serde_json::Map;
use watchtower_model::{FrameRate, ShotData};

use super::records::Folder;

/// How long a shot may last, in seconds: ten hours. One mistyped `frameEnd` would leave nothing to see of all
/// other shots.
const LONGEST: f64 = 36_000.0;

/// What is odd about the frames of a shot, so that a person should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Odd {
    /// It has the frame range of the project or of a folder above, and that is one frame: nobody has set it.
    SingleFrame,
    /// It lasts longer than any film.
    TooLong,
    /// AYON has something of it, and does not show it to the account.
    Hidden,
}

impl Odd {
    /// What a person should know, of how many shots.
    pub(super) fn told(self, shots: usize) -> String {
        let (shots_are, they_have) = match shots {
            1 => ("1 shot", "has"),
            _ => (&*format!("{shots} shots"), "have"),
        };
        match self {
            Self::SingleFrame => format!(
                "{shots_are} {they_have} no length: the frame range of the project or folder that counts for \
                 them is a single frame"
            ),
            Self::TooLong => format!(
                "{shots_are} {they_have} no length: more than ten hours by frameStart and frameEnd, or by clipIn \
                 and clipOut, is taken for a mistake"
            ),
            Self::Hidden => format!(
                "{shots_are} {they_have} a frame range in AYON of which the account may not read all"
            ),
        }
    }
}

/// The place from the clip that was set on this very shot, and the length from the frame range, whoever set
/// it; and what is odd about them. All their ends are within. Beside them is what AYON knows about the frames
/// in the shot's files.
pub(super) fn shot_data(folder: &Folder, fps: FrameRate) -> (ShotData, Option<Odd>) {
    let data = given(folder);
    let is_too_long = |frames: i64| fps.seconds(frames) > LONGEST;
    let range = data.range().map(|(start, end)| end.saturating_sub(start));
    let hidden = [
        ("clipIn", folder.attrib.clip_in),
        ("clipOut", folder.attrib.clip_out),
        ("frameStart", folder.attrib.frame_start),
        ("frameEnd", folder.attrib.frame_end),
    ];
    let mut hidden = hidden.iter().filter(|(_, value)| value.is_none());
    let odd = if hidden.any(|(name, _)| is_own(folder, name)) {
        Some(Odd::Hidden)
    } else if is_inherited(folder, &data) && data.nb_frames == Some(1) {
        Some(Odd::SingleFrame)
    } else if range.or(data.nb_frames).is_some_and(is_too_long) {
        Some(Odd::TooLong)
    } else {
        None
    };
    let data = match odd {
        Some(Odd::SingleFrame | Odd::TooLong) => ShotData {
            custom: data.custom,
            ..ShotData::default()
        },
        Some(Odd::Hidden) | None => data,
    };
    (data, odd)
}

fn given(folder: &Folder) -> ShotData {
    let attrib = &folder.attrib;
    let frames = match (attrib.frame_start, attrib.frame_end) {
        (Some(start), Some(end)) => Some(end.saturating_sub(start).saturating_add(1)),
        _ => None,
    };
    let known = [
        ("frameStart", attrib.frame_start),
        ("frameEnd", attrib.frame_end),
        ("handleStart", attrib.handle_start),
        ("handleEnd", attrib.handle_end),
    ];
    let known = known
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
    let clip_out = attrib.clip_out.filter(|_| is_own(folder, "clipOut"));
    let clip_in = attrib.clip_in.filter(|_| is_own(folder, "clipIn"));
    let clip_end = clip_out.map(|clip_out| clip_out.saturating_add(1));
    ShotData {
        custom: known.collect::<Map<_, _>>(),
        ..ShotData::of_fields(clip_in, clip_end, frames)
    }
}

/// Whether a shot has no more than a length, and that from a folder above or from the project.
pub(super) fn is_inherited(folder: &Folder, data: &ShotData) -> bool {
    data.range().is_none() && data.nb_frames.is_some() && !is_own(folder, "frameEnd")
}

fn is_own(folder: &Folder, name: &str) -> bool {
    folder.own_attrib.iter().any(|own| own == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn folder(own: &[&str], attrib: serde_json::Value) -> Folder {
        let folder = json!({"id": "1", "ownAttrib": own, "attrib": attrib});
        serde_json::from_value(folder).unwrap()
    }

    fn known(own: &[&str], attrib: serde_json::Value) -> (Option<(i64, i64)>, Option<i64>) {
        let data = given(&folder(own, attrib));
        (data.range(), data.nb_frames)
    }

    fn all(attrib: serde_json::Value) -> (Option<(i64, i64)>, Option<i64>) {
        known(&["frameStart", "frameEnd", "clipIn", "clipOut"], attrib)
    }

    #[test]
    fn the_last_frame_is_within_a_range_and_a_clip() {
        let attrib = json!({"frameStart": 1001, "frameEnd": 1024, "clipIn": 0, "clipOut": 23});
        assert_eq!(all(attrib), (Some((0, 24)), Some(24)));
    }

    #[test]
    fn a_clip_counts_only_where_it_was_set() {
        let attrib = json!({"frameStart": 1001, "frameEnd": 1100, "clipIn": 1, "clipOut": 1});
        let of_project = folder(&[], attrib.clone());
        let data = given(&of_project);
        assert_eq!((data.range(), data.nb_frames), (None, Some(100)));
        assert!(is_inherited(&of_project, &data));
        let of_shot = folder(&["frameEnd"], attrib);
        assert!(!is_inherited(&of_shot, &given(&of_shot)));
    }

    #[test]
    fn half_a_clip_is_completed_by_the_length() {
        let attrib = json!({"frameStart": 1, "frameEnd": 10, "clipIn": 40, "clipOut": 99});
        assert_eq!(known(&["clipIn"], attrib.clone()).0, Some((40, 50)));
        assert_eq!(known(&["clipOut"], attrib).0, Some((90, 100)));
        assert_eq!(known(&["clipIn"], json!({"clipIn": 40})), (None, None));
    }

    #[test]
    fn what_is_no_range_is_none() {
        for attrib in [
            json!({}),
            json!({"frameStart": null, "frameEnd": 10, "clipIn": null, "clipOut": null}),
            json!({"frameStart": 10, "frameEnd": 9, "clipIn": 10, "clipOut": 9}),
            json!({"frameStart": 10}),
        ] {
            assert_eq!(all(attrib.clone()), (None, None), "{attrib}");
        }
        let frame = all(json!({"frameStart": 7, "frameEnd": 7}));
        assert_eq!(frame.1, Some(1), "one frame is a shot");
        let huge = all(json!({"frameStart": i64::MIN, "frameEnd": i64::MAX}));
        assert_eq!(huge.1, Some(i64::MAX));
    }

    #[test]
    fn frames_that_nobody_can_have_meant_are_told() {
        let read = |own: &[&str], attrib: serde_json::Value| {
            let (data, odd) = shot_data(&folder(own, attrib), FrameRate::default());
            (data.range(), data.nb_frames, odd)
        };
        let single = json!({"frameStart": 1001, "frameEnd": 1001, "clipIn": 1, "clipOut": 1});
        assert_eq!(
            read(&[], single.clone()),
            (None, None, Some(Odd::SingleFrame))
        );
        assert_eq!(read(&["frameEnd"], single), (None, Some(1), None));
        let endless =
            json!({"frameStart": 1001, "frameEnd": 2_000_000_000, "clipIn": 0, "clipOut": 23});
        assert_eq!(read(&[], endless.clone()), (None, None, Some(Odd::TooLong)));
        // The place is what counts.
        let placed = read(&["clipIn", "clipOut"], endless);
        assert_eq!((placed.0, placed.2), (Some((0, 24)), None));
        let clip = json!({"frameStart": 1, "frameEnd": 10, "clipIn": 0, "clipOut": 2_000_000_000});
        assert_eq!(
            read(&["clipIn", "clipOut"], clip),
            (None, None, Some(Odd::TooLong))
        );
        let hidden = json!({"frameStart": 1, "frameEnd": 10, "clipIn": null, "clipOut": null});
        assert_eq!(
            read(&["clipIn"], hidden.clone()),
            (None, Some(10), Some(Odd::Hidden))
        );
        assert_eq!(read(&[], hidden), (None, Some(10), None));
    }
}
