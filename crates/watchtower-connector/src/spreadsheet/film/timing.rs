//! What the cells of shots say of their places on the timeline, all taken together.

use std::cmp::Ordering;
use std::collections::HashSet;

use watchtower_model::{FrameRate, ShotData};

use super::super::columns::{Field, Table};
use super::super::frames::{self, Frames, Moment, NoFrames};
use super::super::sheet::Row;

/// What the cells of a shot say.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Timing {
    /// The shot's episode, which has a timeline of its own.
    pub episode: String,
    pub first: Option<Moment>,
    /// The last frame, or the one behind it.
    pub end: Option<Moment>,
    pub length: Option<Moment>,
    /// Whether both ends stand in one cell, as in `1001-1050`.
    pub is_range: bool,
}

impl Timing {
    /// Reads a row, in which timecodes count at a rate. `odd` is told of each cell that is not understood.
    pub(in super::super) fn read(
        table: &Table,
        row: &Row,
        fps: FrameRate,
        mut odd: impl FnMut(Field, NoFrames),
    ) -> Self {
        let mut read = |field| {
            frames::read(table.cell(row, field), fps).unwrap_or_else(|why| {
                odd(field, why);
                None
            })
        };
        let mut timing = Self {
            episode: table.name(row, Field::Episode).unwrap_or_default(),
            ..Self::default()
        };
        let whole = [read(Field::Frames), read(Field::FrameRange)];
        let mut ranges = Vec::new();
        for (field, at) in [
            (Field::FrameIn, &mut timing.first),
            (Field::FrameOut, &mut timing.end),
        ] {
            match read(field) {
                Some(Frames::One(moment)) => *at = Some(moment),
                Some(Frames::Range(first, end)) => ranges.push((first, end)),
                None => {}
            }
        }
        for frames in whole.into_iter().flatten() {
            match frames {
                Frames::Range(first, end) => ranges.push((first, end)),
                Frames::One(length) if timing.length.is_none() => timing.length = Some(length),
                Frames::One(_) => {}
            }
        }
        if let (None, None, Some((first, end))) = (timing.first, timing.end, ranges.first()) {
            (timing.first, timing.end) = (Some(*first), Some(*end));
            timing.is_range = true;
        }
        timing
    }

    /// Whether a timecode says something of the shot.
    pub(in super::super) fn has_timecode(&self) -> bool {
        let cells = [self.first, self.end, self.length];
        cells.into_iter().flatten().any(|it| it.hour.is_some())
    }

    /// Forgets what timecodes say.
    pub(super) fn forget_timecodes(&mut self) {
        for cell in [&mut self.first, &mut self.end, &mut self.length] {
            *cell = cell.filter(|it| it.hour.is_none());
        }
    }
}

/// What `frame_out` is, and how that was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum End {
    /// The last frame of the shot, as these say.
    Last(&'static str),
    /// The frame behind the last, as these say.
    Behind(&'static str),
    /// Nothing says so. It is taken as the last frame, or not.
    Unknown(bool),
}

impl End {
    pub(in super::super) fn is_last(self) -> bool {
        matches!(self, Self::Last(_) | Self::Unknown(true))
    }

    /// Finds out what the ends of shots are: by the shots' own lengths, or else by the shots that follow.
    /// None where no shot has both a first frame and an end.
    pub(in super::super) fn of(timings: &[Timing]) -> Option<Self> {
        let both = |it: &Timing| Some((it.first?.frame, it.end?.frame));
        let mut ranges = timings.iter().filter(|it| both(it).is_some()).peekable();
        ranges.peek()?;
        let is_range = ranges.all(|it| it.is_range);
        let starts: HashSet<_> = timings
            .iter()
            .filter_map(|it| Some((&it.episode, it.first?.frame)))
            .collect();
        let fits = |it: &Timing, more: i64| {
            let length = it.length.map(|it| it.frame).filter(|&length| length > 0);
            both(it).is_some_and(|(first, end)| Some(end - first + more) == length)
        };
        let is_followed = |it: &Timing, more: i64| {
            both(it).is_some_and(|(first, end)| {
                end + more > first && starts.contains(&(&it.episode, end + more))
            })
        };
        let count = |holds: &dyn Fn(&Timing) -> bool| timings.iter().filter(|it| holds(it)).count();
        // How many say that the end is the last frame, and how many that it is the one behind.
        for (last, behind, why) in [
            (
                count(&|it| fits(it, 1)),
                count(&|it| fits(it, 0)),
                "the numbers of frames",
            ),
            (
                count(&|it| is_followed(it, 1)),
                count(&|it| is_followed(it, 0)),
                "the shots that follow",
            ),
        ] {
            match last.cmp(&behind) {
                Ordering::Greater => return Some(Self::Last(why)),
                Ordering::Less => return Some(Self::Behind(why)),
                Ordering::Equal => {}
            }
        }
        Some(Self::Unknown(is_range))
    }

    /// What a person should know of it.
    pub(super) fn note(self) -> String {
        match self {
            Self::Last(why) => format!(
                "the frame out of a shot counts as its last frame, as {why} show; if it is the frame after \
                 the last, set `frame_out_is_last = false` under [shots] in the mapping"
            ),
            Self::Behind(why) => {
                format!("the frame out of a shot counts as the frame after its last, as {why} show")
            }
            Self::Unknown(is_last) => format!(
                "nothing in the sheets shows whether the frame out of a shot is its last frame or the one \
                 after: it counts as the {}. The mapping that `--init` writes can say so",
                if is_last { "last frame" } else { "one after" }
            ),
        }
    }
}

/// What is known of each shot. Timecodes count from the full hour at which those of its episode begin, as
/// films start at 01:00:00:00.
pub(super) fn data(timings: &[Timing], end_is_last: bool) -> Vec<ShotData> {
    let hour = |episode: &str| {
        let of_episode = timings.iter().filter(|it| it.episode == episode);
        let first = of_episode.filter_map(|it| it.first);
        let first = first.min_by_key(|it| it.frame);
        first.and_then(|it| it.hour).unwrap_or(0)
    };
    let mut hours: Vec<(&str, i64)> = Vec::new();
    for timing in timings {
        if hours.iter().all(|(episode, _)| *episode != timing.episode) {
            hours.push((&timing.episode, hour(&timing.episode)));
        }
    }
    let data = |it: &Timing| {
        let found = hours.iter().find(|(episode, _)| *episode == it.episode);
        let hour = found.map_or(0, |(_, hour)| *hour);
        let first = it.first.map(|first| first.frame.saturating_sub(hour));
        let end = it.end.map(|end| {
            let end = end.frame.saturating_add(i64::from(end_is_last));
            end.saturating_sub(hour)
        });
        ShotData::of_fields(first, end, it.length.map(|it| it.frame))
    };
    timings.iter().map(data).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shots with first frame, end and length; 0 for no length.
    fn timings(shots: &[(i64, i64, i64)]) -> Vec<Timing> {
        let moment = |frame| Some(Moment { frame, hour: None });
        let timing = |&(first, end, length): &(i64, i64, i64)| Timing {
            first: moment(first),
            end: moment(end),
            length: moment(length),
            ..Timing::default()
        };
        shots.iter().map(timing).collect()
    }

    fn end(shots: &[(i64, i64, i64)]) -> End {
        End::of(&timings(shots)).unwrap()
    }

    #[test]
    fn lengths_say_what_ends_are_before_the_next_shots_do() {
        assert_eq!(
            end(&[(1, 24, 24), (30, 77, 48)]),
            End::Last("the numbers of frames")
        );
        // Shots with a frame of black between them.
        assert_eq!(
            end(&[(1, 24, 23), (25, 77, 52)]),
            End::Behind("the numbers of frames")
        );
        // A mistake in one cell.
        assert_eq!(
            end(&[(1, 24, 24), (25, 77, 53), (78, 90, 12)]),
            End::Last("the numbers of frames")
        );
    }

    #[test]
    fn without_lengths_the_next_shots_say_it() {
        assert_eq!(
            end(&[(1, 24, 0), (25, 77, 0), (100, 120, 0)]),
            End::Last("the shots that follow")
        );
        assert_eq!(
            end(&[(24, 77, 0), (0, 24, 0)]),
            End::Behind("the shots that follow")
        );
        assert_eq!(end(&[(0, 24, 0), (50, 77, 0)]), End::Unknown(false));
        assert_eq!(end(&[(0, 24, 0)]), End::Unknown(false));
        assert_eq!(End::of(&[Timing::default()]), None);
        let mut episodes = timings(&[(0, 24, 0), (25, 48, 0)]);
        episodes[1].episode = "E02".to_owned();
        assert_eq!(End::of(&episodes), Some(End::Unknown(false)));
        let mut ranges = timings(&[(1001, 1050, 0)]);
        ranges[0].is_range = true;
        assert_eq!(End::of(&ranges), Some(End::Unknown(true)));
    }

    #[test]
    fn timecodes_count_from_the_hour_of_their_episode() {
        let at = |episode: &str, hour, first, end| Timing {
            episode: episode.to_owned(),
            first: Some(Moment {
                frame: hour + first,
                hour: Some(hour),
            }),
            end: Some(Moment {
                frame: hour + end,
                hour: Some(hour),
            }),
            ..Timing::default()
        };
        let timings = [
            at("1", 86_400, 240, 264),
            at("1", 172_800, 10, 20),
            at("2", 172_800, 0, 24),
        ];
        let ranges: Vec<_> = data(&timings, false).iter().map(ShotData::range).collect();
        assert_eq!(
            ranges,
            [Some((240, 264)), Some((86_410, 86_420)), Some((0, 24))]
        );
    }
}
