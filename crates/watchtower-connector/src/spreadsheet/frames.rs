//! What cells say of frames: numbers, timecodes, and ranges of both.

use vtc::{Framerate, Ntsc, Timecode};
use watchtower_model::FrameRate;

use super::sheet::Cell;

/// What a cell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frames {
    /// A frame, or how many there are.
    One(Moment),
    /// The first and the last, or the frame behind the last.
    Range(Moment, Moment),
}

/// A frame, and how it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub frame: i64,
    /// Of a timecode, the frame of its full hour.
    pub hour: Option<i64>,
}

/// Why a cell says nothing of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoFrames {
    /// It holds something else.
    Other,
    /// It holds a timecode with this frame, which is beyond those of a second.
    BeyondRate(i64),
}

/// What may stand between the two frames of a range. A minus sign comes last: it may be a part of a number.
const BETWEEN: [&str; 8] = [
    "\u{2013}", "\u{2014}", "..", "\u{2192}", " to ", "~", " - ", "-",
];

/// Reads a cell, in which timecodes count at a rate. None for an empty one.
pub(super) fn read(cell: &Cell, fps: FrameRate) -> Result<Option<Frames>, NoFrames> {
    if let Ok(frame) = cell.frame() {
        let one = |frame| Frames::One(Moment { frame, hour: None });
        return Ok(frame.map(one));
    }
    let Cell::Text(text) = cell else {
        return Err(NoFrames::Other);
    };
    let text = text.trim_matches(|c: char| "[](){}".contains(c) || c.is_whitespace());
    match moment(text, fps) {
        Err(NoFrames::Other) => {}
        read => return read.map(|it| Some(Frames::One(it))),
    }
    let mut failure = NoFrames::Other;
    for sign in BETWEEN {
        // The sign of a negative number is no sign between two.
        let Some(at) = text.get(1..).and_then(|it| it.find(sign)) else {
            continue;
        };
        let (first, last) = (&text[..=at], &text[at + 1 + sign.len()..]);
        match (moment(first, fps), moment(last, fps)) {
            (Ok(first), Ok(last)) => return Ok(Some(Frames::Range(first, last))),
            (Err(beyond @ NoFrames::BeyondRate(_)), _)
            | (_, Err(beyond @ NoFrames::BeyondRate(_))) => {
                failure = beyond;
            }
            _ => {}
        }
    }
    Err(failure)
}

fn moment(text: &str, fps: FrameRate) -> Result<Moment, NoFrames> {
    let text = text.trim();
    if text.is_empty() {
        return Err(NoFrames::Other);
    }
    match Cell::text(text).frame() {
        Ok(Some(frame)) => Ok(Moment { frame, hour: None }),
        _ => timecode(text, fps.as_f64()),
    }
}

/// A timecode, as in `01:00:00:00`, or `01:00:00;00` where it leaves out numbers.
fn timecode(text: &str, fps: f64) -> Result<Moment, NoFrames> {
    let parts: Vec<_> = text.split([':', ';']).collect();
    let is_number =
        |it: &&str| (1..=2).contains(&it.len()) && it.bytes().all(|b| b.is_ascii_digit());
    let ([hours, minutes, seconds, frames], true) = (&parts[..], parts.iter().all(is_number))
    else {
        return Err(NoFrames::Other);
    };
    let number = |text: &str| text.parse::<i64>().map_err(|_| NoFrames::Other);
    let nominal = fps.round();
    if number(minutes)? > 59 || number(seconds)? > 59 {
        return Err(NoFrames::Other);
    }
    let frame = number(frames)?;
    #[allow(clippy::cast_possible_truncation)] // Checked by `FrameRate`.
    let nominal = nominal as i64;
    if frame >= nominal {
        return Err(NoFrames::BeyondRate(frame));
    }
    let is_ntsc = fps.fract() != 0.0 && nominal % 30 == 0;
    let ntsc = match text.contains(';') && is_ntsc {
        true => Ntsc::DropFrame,
        false => Ntsc::None,
    };
    let rate = Framerate::with_timebase(nominal, ntsc).map_err(|_| NoFrames::Other)?;
    let read = |text: &str| {
        let read = Timecode::with_frames(text, rate);
        read.map(|it| it.frames()).map_err(|_| NoFrames::Other)
    };
    Ok(Moment {
        frame: read(&text.replace(';', ":"))?,
        hour: Some(read(&format!("{hours}:00:00:00"))?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, fps: f64) -> Result<Option<Frames>, NoFrames> {
        read(&Cell::text(text), FrameRate::new(fps).unwrap())
    }

    #[test]
    fn timecodes_count_at_the_rate_of_the_film() {
        let frame = |text: &str, fps| match at(text, fps) {
            Ok(Some(Frames::One(Moment {
                frame,
                hour: Some(_),
            }))) => frame,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(frame("01:00:00:00", 24.0), 86_400);
        assert_eq!(frame("01:00:00:00", 23.976), 86_400);
        assert_eq!(frame("00:00:09:03", 25.0), 228);
        assert_eq!(frame("00:01:00;02", 29.97), 1800);
        assert_eq!(frame("00:01:00:02", 29.97), 1802);
        assert_eq!(frame("00:01:00;02", 25.0), 1502);
        assert_eq!(at("00:00:00:24", 24.0), Err(NoFrames::BeyondRate(24)));
        for other in [
            "00:00:12",
            "1:2:3:4:5",
            "aa:00:00:00",
            "00:61:00:00",
            "00:00:00:",
            "0:00-1:00",
        ] {
            assert_eq!(at(other, 24.0), Err(NoFrames::Other), "{other}");
        }
    }

    #[test]
    fn a_range_may_stand_in_one_cell() {
        let range = |text: &str| match at(text, 24.0) {
            Ok(Some(Frames::Range(first, last))) => (first.frame, last.frame),
            other => panic!("{text}: {other:?}"),
        };
        for text in [
            "1001-1050",
            "1001 - 1050",
            "1001\u{2013}1050",
            "[1001-1050]",
            "1001..1050",
            "1001 to 1050",
            "1,001 - 1,050",
            "1001 \u{2192} 1050",
        ] {
            assert_eq!(range(text), (1001, 1050), "{text}");
        }
        assert_eq!(range("-8-20"), (-8, 20));
        assert_eq!(range("-8 - -2"), (-8, -2));
        assert_eq!(range("00:00:01:00-00:00:02:12"), (24, 60));
        for other in ["1001-", "-", "a-b", "1001-1050-1060", "tbd"] {
            assert!(at(other, 24.0).is_err(), "{other}");
        }
        let one = Frames::One(Moment {
            frame: -8,
            hour: None,
        });
        assert_eq!(at("-8", 24.0), Ok(Some(one)));
        assert_eq!(at(" ", 24.0), Ok(None));
    }
}
