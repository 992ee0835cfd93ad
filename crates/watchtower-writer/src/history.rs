//! The history of task counts, which format v1 has: each export adds a reading to what the site holds.
//!
//! A history is the document itself, `task_counts.json`. Readings are carried over as they are, whoever
//! wrote them; of what is older than a week, the last reading of each day stays.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::{Duration, SystemTime};

use jiff::Timestamp as Moment;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use watchtower_model::format::v1::{Id, Reading, StatusCounts, TaskCounts, Timestamp};

/// For how long every reading is kept; of the days before, one each.
const ALL_KEPT: i64 = 7 * DAY;

/// How long a site may go without an export before a clock that says so is doubted.
const DOUBT: i64 = 30 * DAY;

/// For how long readings must have come of a clock that was doubted.
const TRUST: i64 = 7 * DAY;

/// In seconds.
const DAY: i64 = 24 * 60 * 60;

/// Why a history cannot be carried on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HistoryError {
    #[error("{0}")]
    NotADocument(#[from] serde_json::Error),
    #[error("`{0}` is no day there is")]
    NoSuchDay(String),
}

/// A moment as the documents have it: to the second, in UTC.
pub(crate) fn timestamp(moment: SystemTime) -> Timestamp<'static> {
    // A clock at the end of time is wrong, whatever it says.
    let moment = Moment::try_from(moment).unwrap_or(Moment::UNIX_EPOCH);
    let text = moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    Timestamp::new(text).unwrap_or_else(|| timestamp(SystemTime::UNIX_EPOCH))
}

/// The moment of a timestamp. One without a time zone is taken to be UTC.
fn moment(timestamp: &Timestamp<'_>) -> Result<Moment, HistoryError> {
    let text = timestamp.as_str();
    let local = |_| -> Result<Moment, jiff::Error> {
        Ok(text
            .parse::<DateTime>()?
            .to_zoned(TimeZone::UTC)?
            .timestamp())
    };
    let moment = text.parse().or_else(local);
    moment.map_err(|_| HistoryError::NoSuchDay(text.to_owned()))
}

/// What the site holds of a history.
///
/// # Errors
///
/// When it is not the document, or not JSON.
pub(crate) fn read(text: &[u8]) -> Result<Vec<TaskCounts<'_>>, HistoryError> {
    Ok(serde_json::from_slice(text)?)
}

/// Adds readings, all of one moment, to a history.
///
/// The readings of a status are in order and of different moments afterwards. What is counted now comes
/// first, in its order, then what is not counted any more. A reading that is older than `keep` is
/// dropped, and with the last one the status and the type. A clock far ahead of the history drops nothing: age
/// counts from the last reading before the doubt, which is given back in that case, until a week of readings
/// says that the clock is right.
///
/// # Errors
///
/// When a reading in the history is of a day that there is not.
pub(crate) fn grow<'a>(
    history: Vec<TaskCounts<'a>>,
    now: Vec<TaskCounts<'a>>,
    now_is: &Timestamp<'_>,
    keep: Duration,
) -> Result<(Vec<TaskCounts<'a>>, Option<Timestamp<'a>>), HistoryError> {
    let now_is = moment(now_is)?;
    let doubted = last_before_doubt(&history, now_is)?;
    let age = Age::at(doubted.as_ref().map_or(now_is, |(moment, _)| *moment), keep);
    // What is counted now gives the order, and its readings come last, where they count more.
    let mut order = Vec::new();
    let mut places: HashMap<_, usize> = HashMap::new();
    let first_now = now.iter().map(|counts| TaskCounts {
        task_statuses: emptied(&counts.task_statuses),
        ..counts.clone()
    });
    let first_now: Vec<_> = first_now.collect();
    for counts in first_now.into_iter().chain(history).chain(now) {
        let key = (counts.task_type_id.clone(), counts.episode_id.clone());
        match places.entry(key) {
            Entry::Occupied(place) => {
                let known: &mut TaskCounts<'a> = &mut order[*place.get()];
                add_statuses(&mut known.task_statuses, counts.task_statuses);
            }
            Entry::Vacant(place) => {
                place.insert(order.len());
                let mut task_statuses = Vec::new();
                add_statuses(&mut task_statuses, counts.task_statuses);
                order.push(TaskCounts {
                    task_statuses,
                    ..counts
                });
            }
        }
    }
    for counts in &mut order {
        for status in &mut counts.task_statuses {
            status.data = age.thinned(std::mem::take(&mut status.data))?;
        }
        counts.task_statuses.retain(|it| !it.data.is_empty());
    }
    order.retain(|it| !it.task_statuses.is_empty());
    Ok((order, doubted.map(|(_, timestamp)| timestamp)))
}

/// The last reading before a clock became doubtful: now, or in readings of less than a week until now, it says
/// that there was no export for a month. None while it is to be trusted.
fn last_before_doubt<'a>(
    history: &[TaskCounts<'a>],
    now: Moment,
) -> Result<Option<(Moment, Timestamp<'a>)>, HistoryError> {
    let readings = history.iter().flat_map(|it| &it.task_statuses);
    let timestamps = readings.flat_map(|it| &it.data).map(|it| &it.timestamp);
    let dated = timestamps.map(|it| Ok((moment(it)?, it)));
    let mut dated = dated.collect::<Result<Vec<_>, HistoryError>>()?;
    // What is yet to come was written by a clock that was ahead.
    dated.retain(|(moment, _)| *moment <= now);
    dated.sort_unstable_by_key(|(moment, _)| *moment);
    let mut after = now;
    for (moment, timestamp) in dated.into_iter().rev() {
        if after.as_second() - moment.as_second() > DOUBT {
            return Ok(Some((moment, timestamp.clone())));
        }
        if now.as_second() - moment.as_second() >= TRUST {
            return Ok(None);
        }
        after = moment;
    }
    Ok(None)
}

/// The same statuses, without readings.
fn emptied<'a>(statuses: &[StatusCounts<'a>]) -> Vec<StatusCounts<'a>> {
    let statuses = statuses.iter().map(|it| StatusCounts {
        task_status_id: it.task_status_id.clone(),
        data: Vec::new(),
    });
    statuses.collect()
}

/// Adds readings to those of the same status.
fn add_statuses<'a>(to: &mut Vec<StatusCounts<'a>>, from: Vec<StatusCounts<'a>>) {
    let mut places: HashMap<Id<'a>, usize> = to
        .iter()
        .enumerate()
        .map(|(place, it)| (it.task_status_id.clone(), place))
        .collect();
    for mut status in from {
        match places.entry(status.task_status_id.clone()) {
            Entry::Occupied(place) => to[*place.get()].data.append(&mut status.data),
            Entry::Vacant(place) => {
                place.insert(to.len());
                to.push(status);
            }
        }
    }
}

/// What is too old at a moment, in seconds since 1970.
struct Age {
    /// What is before this is dropped.
    first: i64,
    /// Of the days before this one, one reading each stays.
    first_day: i64,
}

impl Age {
    fn at(now: Moment, keep: Duration) -> Self {
        let now = now.as_second();
        let keep = i64::try_from(keep.as_secs()).unwrap_or(i64::MAX);
        Self {
            first: now.saturating_sub(keep),
            first_day: day(now.saturating_sub(ALL_KEPT)),
        }
    }

    /// Readings in order, one of each moment, without those that are too old. Of two of one moment, the
    /// later one stays.
    fn thinned<'a>(&self, readings: Vec<Reading<'a>>) -> Result<Vec<Reading<'a>>, HistoryError> {
        let dated = readings
            .into_iter()
            .map(|it| Ok((moment(&it.timestamp)?, it)));
        let mut dated = dated.collect::<Result<Vec<_>, HistoryError>>()?;
        // Stable: of one moment, the one that was added later comes last.
        dated.sort_by_key(|(moment, _)| *moment);
        let mut stays: Vec<(Moment, Reading<'a>)> = Vec::with_capacity(dated.len());
        for (moment, reading) in dated {
            if moment.as_second() < self.first {
                continue;
            }
            let is_replaced = stays.last().is_some_and(|(last, _)| {
                let last_day = day(last.as_second());
                let is_old = last_day < self.first_day;
                *last == moment || is_old && last_day == day(moment.as_second())
            });
            if is_replaced {
                stays.pop();
            }
            stays.push((moment, reading));
        }
        Ok(stays.into_iter().map(|(_, reading)| reading).collect())
    }
}

/// The day of a moment, counted from 1970.
fn day(second: i64) -> i64 {
    second.div_euclid(DAY)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 20_000 * DAY + 5 * 60 * 60;
    const FOREVER: Duration = Duration::MAX;

    fn at(second: i64) -> Timestamp<'static> {
        let moment = Moment::from_second(second).unwrap();
        Timestamp::new(moment.to_string()).unwrap()
    }

    fn counts(
        kind: &str,
        episode: Option<&str>,
        status: &str,
        data: &[(i64, u64)],
    ) -> TaskCounts<'static> {
        let data = data.iter().map(|(second, count)| Reading {
            timestamp: at(*second),
            count: *count,
        });
        TaskCounts {
            task_type_id: kind.to_owned().into(),
            episode_id: episode.map(|it| it.to_owned().into()),
            task_statuses: vec![StatusCounts {
                task_status_id: status.to_owned().into(),
                data: data.collect(),
            }],
        }
    }

    fn readings(history: &[TaskCounts<'_>]) -> Vec<(i64, u64)> {
        let all = history.iter().flat_map(|it| &it.task_statuses);
        let all = all.flat_map(|it| &it.data);
        all.map(|it| (moment(&it.timestamp).unwrap().as_second(), it.count))
            .collect()
    }

    /// A history of one status, after one more reading.
    fn grown(before: &[(i64, u64)], now: (i64, u64), keep: Duration) -> Vec<(i64, u64)> {
        let history = vec![counts("fx", None, "todo", before)];
        let new = vec![counts("fx", None, "todo", &[now])];
        readings(&grow(history, new, &at(now.0), keep).unwrap().0)
    }

    #[test]
    fn a_reading_is_added_to_those_before() {
        let all = grown(&[(NOW - 600, 1), (NOW - 300, 2)], (NOW, 3), FOREVER);
        assert_eq!(all, [(NOW - 600, 1), (NOW - 300, 2), (NOW, 3)]);
    }

    #[test]
    fn a_moment_is_counted_once_and_a_clock_that_goes_back_keeps_the_order() {
        assert_eq!(grown(&[(NOW, 1)], (NOW, 2), FOREVER), [(NOW, 2)]);
        let back = grown(&[(NOW + 60, 1)], (NOW, 2), FOREVER);
        assert_eq!(back, [(NOW, 2), (NOW + 60, 1)]);
    }

    #[test]
    fn of_a_day_beyond_a_week_the_last_reading_stays() {
        let day = (NOW / DAY - 8) * DAY;
        let before = [
            (day - 1, 1),
            (day, 2),
            (day + 60, 3),
            (day + DAY - 1, 4),
            (day + DAY, 5),
            (day + DAY + 1, 6),
        ];
        let all = grown(&before, (NOW, 7), FOREVER);
        let expected = [
            (day - 1, 1),
            (day + DAY - 1, 4),
            (day + DAY, 5),
            (day + DAY + 1, 6),
            (NOW, 7),
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn what_is_older_than_wanted_is_dropped_and_what_is_new_never() {
        let before = [(NOW - 3 * DAY - 1, 1), (NOW - 3 * DAY, 2)];
        let keep = Duration::from_secs(3 * 24 * 60 * 60);
        assert_eq!(
            grown(&before, (NOW, 3), keep),
            [(NOW - 3 * DAY, 2), (NOW, 3)]
        );
        assert_eq!(grown(&before, (NOW, 3), Duration::ZERO), [(NOW, 3)]);
        let history = vec![counts("gone", None, "todo", &before)];
        assert_eq!(
            grow(history, Vec::new(), &at(NOW), Duration::ZERO)
                .unwrap()
                .0,
            []
        );
    }

    #[test]
    fn a_clock_years_ahead_drops_nothing() {
        let keep = Duration::from_secs(365 * 24 * 60 * 60);
        let year = 365 * DAY;
        let before = [
            (NOW - 400 * DAY, 1),
            (NOW - 20 * DAY, 2),
            (NOW - 20 * DAY + 60, 3),
            (NOW, 4),
        ];
        // One that is right drops what is old, and keeps one reading of an old day.
        assert_eq!(
            grown(&before, (NOW + 60, 5), keep)[0],
            (NOW - 20 * DAY + 60, 3)
        );
        // One that is ahead drops as much as one at the last reading, however often it is asked.
        let ahead = grown(&before, (NOW + 5 * year, 5), keep);
        assert_eq!(ahead[..2], [(NOW - 20 * DAY + 60, 3), (NOW, 4)]);
        let again = grown(&ahead, (NOW + 5 * year + 2 * DAY, 6), keep);
        assert_eq!(again[..2], ahead[..2]);
        // Then one that is right again.
        let right = grown(&again, (NOW + 300, 7), keep);
        assert_eq!(
            right[..3],
            [(NOW - 20 * DAY + 60, 3), (NOW, 4), (NOW + 300, 7)]
        );
        // After a week it is the past that was long ago.
        let trusted = grown(&again, (NOW + 5 * year + 7 * DAY, 8), keep);
        assert_eq!(trusted[0], (NOW + 5 * year, 5));

        let history = vec![counts("fx", None, "todo", &before)];
        let (_, doubted) = grow(history, Vec::new(), &at(NOW + 5 * year), keep).unwrap();
        assert_eq!(doubted, Some(at(NOW)));
    }

    #[test]
    fn what_is_counted_now_comes_first_and_what_is_not_any_more_stays() {
        let history = vec![
            counts("gone", None, "todo", &[(NOW - 9, 1)]),
            counts("fx", Some("e2"), "todo", &[(NOW - 9, 2)]),
            counts("fx", Some("e1"), "gone", &[(NOW - 9, 3)]),
            // As only somebody else writes it.
            counts("fx", Some("e1"), "todo", &[(NOW - 8, 4)]),
        ];
        let new = vec![
            counts("fx", Some("e1"), "todo", &[(NOW, 5)]),
            counts("fx", Some("e2"), "todo", &[(NOW, 6)]),
        ];
        let (grown, _) = grow(history, new, &at(NOW), FOREVER).unwrap();
        let expected = [
            (NOW - 8, 4),
            (NOW, 5),
            (NOW - 9, 3),
            (NOW - 9, 2),
            (NOW, 6),
            (NOW - 9, 1),
        ];
        assert_eq!(readings(&grown), expected);
        let keys: Vec<_> = grown
            .iter()
            .map(|it| {
                (
                    it.task_type_id.as_str(),
                    it.episode_id.as_ref().map(Id::as_str),
                )
            })
            .collect();
        assert_eq!(
            keys,
            [("fx", Some("e1")), ("fx", Some("e2")), ("gone", None)]
        );
    }

    #[test]
    fn timestamps_stay_as_somebody_wrote_them() {
        let text = br#"[{"task_type_id": "fx", "episode_id": null, "task_statuses": [{"task_status_id": "todo", "data": [
            {"timestamp": "2026-11-22T04:36:13+01:00", "count": 2},
            {"timestamp": "2026-11-22T03:36:12.662841", "count": 1}
        ]}]}]"#;
        let history = read(text).unwrap();
        let now = Timestamp::new("2026-11-22T04:00:00Z").unwrap();
        let (grown, _) = grow(history, Vec::new(), &now, FOREVER).unwrap();
        let data = &grown[0].task_statuses[0].data;
        let texts: Vec<_> = data.iter().map(|it| it.timestamp.as_str()).collect();
        assert_eq!(
            texts,
            ["2026-11-22T03:36:12.662841", "2026-11-22T04:36:13+01:00"]
        );
    }

    #[test]
    fn a_day_that_is_none_is_said() {
        let counts = |day: &str| {
            let text = format!(
                r#"[{{"task_type_id": "fx", "task_statuses": [{{"task_status_id": "todo", "data": [{{"timestamp": "{day}T00:00:00Z", "count": 1}}]}}]}}]"#
            );
            let history = read(text.as_bytes()).unwrap();
            grow(history, Vec::new(), &at(NOW), FOREVER).map(|it| readings(&it.0).len())
        };
        assert_eq!(counts("2026-02-28").unwrap(), 1);
        let error = counts("2026-02-31").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`2026-02-31T00:00:00Z` is no day there is"
        );
    }

    #[test]
    fn a_moment_is_written_to_the_second() {
        let moment = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_678_572_400);
        assert_eq!(timestamp(moment).as_str(), "2026-11-26T07:36:12Z");
        let text = timestamp(moment);
        assert_eq!(super::moment(&text).unwrap().as_second(), 1_795_678_572);
    }

    /// Readings of the last three weeks and a bit of what is to come, some of one moment.
    fn any_readings() -> impl Strategy<Value = Vec<(i64, u64)>> {
        let second = prop_oneof![
            NOW - 21 * DAY..NOW + DAY,
            (0..30_i64).prop_map(|it| NOW - it * DAY)
        ];
        prop::collection::vec((second, 0..9_u64), 0..60)
    }

    proptest! {
        #[test]
        fn a_history_is_in_order_and_whole_within_a_week(before in any_readings(), count in 0..9_u64, days in 0..30_u64) {
            let keep = Duration::from_secs(days * 24 * 60 * 60);
            let all = grown(&before, (NOW, count), keep);
            prop_assert!(all.is_sorted_by(|a, b| a.0 < b.0), "{all:?}");
            prop_assert_eq!(all.iter().find(|it| it.0 == NOW), Some(&(NOW, count)));

            // Once more changes nothing.
            prop_assert_eq!(&grown(&all, (NOW, count), keep), &all);

            let kept = |second: i64| second >= NOW - i64::try_from(keep.as_secs()).unwrap();
            for (second, _) in &before {
                let last_of_day = before.iter().filter(|it| day(it.0) == day(*second)).map(|it| it.0).max();
                let stays = *second >= NOW - ALL_KEPT || last_of_day == Some(*second);
                if stays && kept(*second) {
                    prop_assert!(all.iter().any(|it| it.0 == *second), "{second} is lost");
                }
            }
            for (second, count) in &all {
                prop_assert!(kept(*second));
                prop_assert!(*second == NOW || before.contains(&(*second, *count)), "it was never counted");
                if *second < NOW - ALL_KEPT - DAY {
                    prop_assert_eq!(all.iter().filter(|it| day(it.0) == day(*second)).count(), 1);
                }
            }
        }
    }
}
