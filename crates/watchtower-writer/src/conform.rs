//! Whether an entry of a list is beyond doubt before it is written.
//!
//! A document that is written is read again and validated. For the long lists that takes as long as
//! writing them, and nearly every entry is plain; so an entry is looked at while it is a value, and
//! only a list in which one is not plain is read again. Plain means less than valid: what is not plain
//! may be as good. A property test holds that validation finds nothing in what is plain.

use watchtower_model::FrameRate;
use watchtower_model::format::v0::{Asset, Casting, Id, Sequence, Shot, Task};
use watchtower_model::format::v1;

/// An entry of a list document.
pub(crate) trait Conform {
    /// Whether validation of a document with this entry finds nothing in it. References, and whether
    /// another entry has the same id, are judged elsewhere, over the whole project.
    fn is_plain(&self) -> bool;
}

impl Conform for Asset<'_> {
    fn is_plain(&self) -> bool {
        has_text(&self.id)
            && !self.name.trim().is_empty()
            && has_text(&self.asset_type_id)
            && self.tasks.iter().all(Conform::is_plain)
    }
}

impl Conform for Shot<'_> {
    fn is_plain(&self) -> bool {
        has_text(&self.id)
            && !self.name.trim().is_empty()
            && has_text(&self.sequence_id)
            && self.tasks.iter().all(Conform::is_plain)
            && is_range_plain(self).unwrap_or(false)
    }
}

impl<T: Conform> Conform for &T {
    fn is_plain(&self) -> bool {
        (*self).is_plain()
    }
}

impl Conform for v1::TaskCounts<'_> {
    fn is_plain(&self) -> bool {
        let mut statuses = self.task_statuses.iter();
        has_text(&self.task_type_id)
            && self.episode_id.as_ref().is_none_or(has_text)
            && statuses.all(|it| has_text(&it.task_status_id))
    }
}

impl Conform for v1::Shot<'_> {
    fn is_plain(&self) -> bool {
        self.0.is_plain()
    }
}

impl Conform for Sequence<'_> {
    fn is_plain(&self) -> bool {
        has_text(&self.id) && !self.name.trim().is_empty()
    }
}

impl Conform for Casting<'_> {
    fn is_plain(&self) -> bool {
        has_text(&self.shot_id) && self.asset_ids.iter().all(has_text)
    }
}

impl Conform for Task<'_> {
    fn is_plain(&self) -> bool {
        self.id.as_ref().is_some_and(has_text)
            && has_text(&self.task_type_id)
            && has_text(&self.task_status_id)
            && self.assignees.iter().all(has_text)
    }
}

fn has_text(id: &Id<'_>) -> bool {
    !id.as_str().is_empty()
}

/// Whether a shot's range is one, and all that is said of it agrees.
fn is_range_plain(shot: &Shot<'_>) -> Option<bool> {
    // Far beyond any film, and exact as a floating-point number.
    const LAST: i64 = 1 << 40;
    let data = shot.data.as_ref()?;
    // A key of the tracker's own may hold anything, nested as deep as it likes.
    let custom = data.custom.iter().all(|(key, value)| {
        !matches!(&**key, "frame_in" | "frame_out") && !value.is_array() && !value.is_object()
    });
    if !shot.on_timeline {
        let has_range = data.frame_in.is_some() || data.frame_out.is_some();
        let seconds = shot.duration_seconds;
        let has_length = seconds.is_finite() && seconds >= 0.0;
        return Some(!has_range && has_length && (0..LAST).contains(&shot.start_frame) && custom);
    }
    let (start, end) = (data.frame_in?, data.frame_out?);
    let is_range = -LAST < start && start < end && end < LAST;
    let seconds = FrameRate::from(shot.fps?).seconds(end.saturating_sub(start));
    let agrees = seconds.is_finite() && shot.duration_seconds.total_cmp(&seconds).is_eq();
    Some(is_range && agrees && shot.start_frame == start && custom)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::path::Path;

    use proptest::prelude::*;
    use serde::Serialize;
    use serde_json::{Map, Value, json};
    use watchtower_model::format::Format;
    use watchtower_model::format::v0::{Fps, ShotData};

    use super::*;
    use crate::validate;

    /// What validation says of a list of one entry, in each format that has the document.
    fn findings(name: &str, entry: &impl Serialize) -> Vec<String> {
        let text = serde_json::to_vec(&[entry]).expect("documents can be written");
        let of = |format: Format| {
            let Some(document) = format.document(name) else {
                return Vec::new();
            };
            let options = validate::Options::default();
            validate::document(document, Path::new(name), &*text, &options)
        };
        let all = [of(Format::V0), of(Format::V1)].concat();
        all.into_iter().map(|it| it.message).collect()
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![1 => Just(String::new()), 1 => Just(" ".to_owned()), 6 => "[a-z\"\\\\é\u{0}]{1,4}"]
    }

    prop_compose! {
        fn id()(text in text()) -> Id<'static> {
            text.into()
        }
    }

    prop_compose! {
        fn task()(
            id in prop::option::weighted(0.9, id()),
            task_type_id in id(),
            task_status_id in id(),
            assignees in prop::collection::vec(id(), 0..2),
        ) -> Task<'static> {
            Task { id, task_type_id, task_status_id, assignees }
        }
    }

    fn custom() -> impl Strategy<Value = Map<String, Value>> {
        let deep = (0..300).fold(json!(0), |inner, _| json!([inner]));
        let value = prop_oneof![
            Just(json!(1)),
            Just(json!("text")),
            Just(Value::Null),
            Just(json!({"nested": [1]})),
            Just(deep),
        ];
        let key = prop_oneof![Just("frame_in"), Just("frame_out"), Just("own")];
        let entries = prop::collection::vec((key, value), 0..2);
        entries.prop_map(|it| {
            it.into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()
        })
    }

    prop_compose! {
        fn data()(
            frame_in in prop::option::weighted(0.9, prop_oneof![4 => -3..30_i64, 1 => any::<i64>()]),
            frame_out in prop::option::weighted(0.9, prop_oneof![4 => -3..30_i64, 1 => any::<i64>()]),
            custom in custom(),
        ) -> ShotData<'static> {
            ShotData { frame_in, frame_out, custom: Cow::Owned(custom) }
        }
    }

    prop_compose! {
        fn shot()(
            (id, sequence_id, name) in (id(), id(), text()),
            data in prop::option::weighted(0.9, data()),
            tasks in prop::collection::vec(task(), 0..2),
            on_timeline in prop::bool::weighted(0.7),
            fps in prop::option::weighted(0.9, prop_oneof![Just(24.0), Just(23.976), Just(1e-300)]),
            (shifted, seconds) in (
                prop_oneof![6 => Just(0_i64), 1 => Just(1)],
                prop_oneof![1 => Just(f64::NAN), 1 => Just(-1.0), 9 => Just(0.0), 1 => Just(0.01), 1 => Just(3.0)],
            ),
        ) -> Shot<'static> {
            let start = data.as_ref().and_then(|it| it.frame_in).unwrap_or(0);
            let end = data.as_ref().and_then(|it| it.frame_out).unwrap_or(0);
            #[expect(clippy::cast_precision_loss, reason = "any number will do")]
            let length = end.saturating_sub(start) as f64;
            Shot {
                id,
                name: name.into(),
                sequence_id,
                data,
                tasks,
                start_frame: start.saturating_add(shifted),
                duration_seconds: length / fps.unwrap_or(24.0) + seconds,
                on_timeline,
                thumbnail_url: None,
                fps: fps.map(|it| Fps::from(FrameRate::new(it).expect("it is positive"))),
            }
        }
    }

    prop_compose! {
        fn asset()(
            (id, asset_type_id, name) in (id(), id(), text()),
            tasks in prop::collection::vec(task(), 0..2),
        ) -> Asset<'static> {
            Asset { id, name: name.into(), asset_type_id, tasks, thumbnail_url: None }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn nothing_is_found_in_a_plain_shot(shot in shot()) {
            if shot.is_plain() {
                prop_assert_eq!(findings("shots", &shot), Vec::<String>::new());
            }
        }

        #[test]
        fn nothing_is_found_in_a_plain_asset(asset in asset()) {
            if asset.is_plain() {
                prop_assert_eq!(findings("assets", &asset), Vec::<String>::new());
            }
        }

        #[test]
        fn nothing_is_found_in_plain_counts(
            (task_type_id, episode_id) in (id(), prop::option::of(id())),
            ids in prop::collection::vec(id(), 0..3),
            count in any::<u64>(),
        ) {
            let timestamp = v1::Timestamp::new("2026-11-22T04:36:12Z").expect("a moment");
            let data = vec![v1::Reading { timestamp, count }];
            let statuses = ids.into_iter().map(|id| v1::StatusCounts {
                task_status_id: id,
                data: data.clone(),
            });
            let counts = v1::TaskCounts {
                task_type_id,
                episode_id,
                task_statuses: statuses.collect(),
            };
            if counts.is_plain() {
                prop_assert_eq!(findings("task_counts", &counts), Vec::<String>::new());
            }
        }

        #[test]
        fn nothing_is_found_in_plain_sequences_and_casting(
            (id, name) in (id(), text()),
            asset_ids in prop::collection::vec(id(), 0..3),
        ) {
            let casting = Casting { shot_id: id.clone(), asset_ids };
            if casting.is_plain() {
                prop_assert_eq!(findings("casting", &casting), Vec::<String>::new());
            }
            let sequence = Sequence { id, name: name.into() };
            if sequence.is_plain() {
                prop_assert_eq!(findings("sequences", &sequence), Vec::<String>::new());
            }
        }
    }

    #[test]
    fn what_trackers_give_is_plain() {
        let custom = Map::from_iter([("shot_type".to_owned(), json!("wide"))]);
        let task = Task {
            id: Some("task".into()),
            task_type_id: "animation".into(),
            task_status_id: "todo".into(),
            assignees: vec!["jade".into()],
        };
        let shot = Shot {
            id: "shot".into(),
            name: "0010".into(),
            sequence_id: "010".into(),
            data: Some(ShotData {
                frame_in: Some(0),
                frame_out: Some(100),
                custom: Cow::Owned(custom),
            }),
            tasks: vec![task.clone()],
            start_frame: 0,
            duration_seconds: 100.0 / 23.976,
            on_timeline: true,
            thumbnail_url: None,
            fps: Some(Fps::from(FrameRate::new(23.976).expect("it is positive"))),
        };
        assert!(shot.is_plain());
        let tasks = vec![Task { id: None, ..task }];
        assert!(
            !Shot {
                tasks,
                ..shot.clone()
            }
            .is_plain(),
            "without an id"
        );
        let start_frame = 1;
        assert!(
            !Shot {
                start_frame,
                ..shot
            }
            .is_plain(),
            "it contradicts its range"
        );
    }
}
