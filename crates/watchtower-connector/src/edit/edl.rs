//! Edit decision lists, as CMX 3600 writes them.

use vtc::{Framerate, Ntsc, Timecode};

use super::cut::{Cut, Piece};

/// Reads an edit decision list at so many frames per second.
///
/// # Errors
///
/// In words, with the line, for what is none.
pub(super) fn read(text: &str, fps: f64) -> Result<Cut, String> {
    let mut events: Vec<Event> = Vec::new();
    let mut title = String::new();
    let mut is_drop = false;
    let mut notes = Vec::new();
    // Old programs end lines with a carriage return alone.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    for (line, number) in text.trim_start_matches('\u{feff}').lines().zip(1..) {
        let line = line.trim();
        let first = line.split_whitespace().next().unwrap_or_default();
        if let Some(rest) = line.strip_prefix("TITLE:") {
            rest.trim().clone_into(&mut title);
        } else if let Some(rest) = line.strip_prefix("FCM:") {
            is_drop = !rest.contains("NON");
        } else if !first.is_empty() && first.bytes().all(|it| it.is_ascii_digit()) {
            let event = Event::parse(line, is_drop, fps);
            events.push(event.map_err(|error| format!("line {number}: {error}"))?);
        } else if let Some(event) = events.last_mut() {
            // Some leave out the sign of a comment.
            event.comment(line.trim_start_matches('*').trim());
        }
    }
    let start = events.iter().map(|it| it.record.0).min();
    let start = start.ok_or("there is no event in it")?;
    let mut pieces = Vec::new();
    for event in &events {
        if !event.is_video || event.is_black() || event.record.0 == event.record.1 {
            continue;
        }
        // Frames, as seconds at the list's own rate.
        #[allow(clippy::cast_precision_loss)] // A day has few frames.
        let seconds = |frame: i64| (frame - start) as f64 / fps;
        pieces.push(Piece {
            names: event.names(),
            start: seconds(event.record.0),
            end: seconds(event.record.1),
            is_clip: true,
            inside: 0,
        });
    }
    if pieces.is_empty() {
        notes.push("no event of it is of video".to_owned());
    }
    Ok(Cut {
        name: title,
        fps,
        pieces,
        notes,
    })
}

/// A line of a list that places a clip.
struct Event {
    reel: String,
    is_video: bool,
    /// Whether it fades in over the one before: it is named by `TO CLIP NAME`.
    is_transition: bool,
    /// First frame, and the frame at which it has ended.
    record: (i64, i64),
    from: Option<String>,
    to: Option<String>,
    markers: Vec<String>,
    file: Option<String>,
}

impl Event {
    fn parse(line: &str, is_drop: bool, fps: f64) -> Result<Self, String> {
        let none = || {
            format!(
                "`{}` is no event: expected a number, a reel, a channel, a transition and four timecodes",
                line.escape_debug()
            )
        };
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, head @ .., _, _, record_in, record_out] = &words[..] else {
            return Err(none());
        };
        // From the back: a reel may have spaces in it, and a transition its length behind it.
        let at = head.iter().rposition(|it| is_transition(it));
        let at = at.filter(|at| *at >= 2).ok_or_else(none)?;
        let (reel, channel, transition) = (head[..at - 1].join(" "), head[at - 1], head[at]);
        let frame = |timecode: &str| frame(timecode, is_drop, fps);
        let record = (frame(record_in)?, frame(record_out)?);
        if record.1 < record.0 {
            return Err(format!(
                "it ends at {record_out}, before it starts at {record_in}"
            ));
        }
        Ok(Self {
            reel,
            is_video: channel.contains('V') || channel.starts_with('B'),
            is_transition: transition != "C",
            record,
            from: None,
            to: None,
            markers: Vec::new(),
            file: None,
        })
    }

    fn comment(&mut self, comment: &str) {
        let after = |key: &str| {
            let (start, rest) = comment.split_at_checked(key.len())?;
            start
                .eq_ignore_ascii_case(key)
                .then(|| rest.trim().to_owned())
        };
        if let Some(name) = after("FROM CLIP NAME:") {
            self.from = Some(name);
        } else if let Some(name) = after("TO CLIP NAME:") {
            self.to = Some(name);
        } else if let Some(name) = after("SOURCE FILE:") {
            self.file = Some(name);
        } else if let Some(marker) = after("LOC:") {
            // Timecode, colour, text.
            let mut words = marker.splitn(3, char::is_whitespace);
            self.markers
                .extend(words.nth(2).map(|it| it.trim().to_owned()));
        }
    }

    fn is_black(&self) -> bool {
        self.reel.eq_ignore_ascii_case("BL")
    }

    fn names(&self) -> Vec<String> {
        let clip = match self.is_transition {
            true => self.to.as_ref().or(self.from.as_ref()),
            false => self.from.as_ref(),
        };
        let clip = clip.map(|it| stem(it).to_owned());
        let file = self
            .file
            .as_deref()
            .and_then(|it| it.rsplit(['/', '\\']).next());
        let file = file.map(|it| stem(it).to_owned());
        let names = clip.into_iter().chain(self.markers.iter().cloned());
        names.chain(file).chain([self.reel.clone()]).collect()
    }
}

/// Whether a word says how an event begins: cut, dissolve, wipe or key.
fn is_transition(word: &str) -> bool {
    let is_wipe = word.strip_prefix('W').is_some_and(|it| {
        let digits = it.bytes().filter(u8::is_ascii_digit).count();
        digits == it.len() && digits > 0
    });
    is_wipe || matches!(word, "C" | "D" | "K" | "KB" | "KO")
}

/// A name without the ending of a movie's file, which is no number of a shot: `010.0020` has none.
fn stem(name: &str) -> &str {
    let is_ending =
        |it: &str| (2..=4).contains(&it.len()) && it.bytes().any(|byte| byte.is_ascii_alphabetic());
    match name.rsplit_once('.') {
        Some((stem, ending)) if is_ending(ending) => stem,
        _ => name,
    }
}

/// The frame that a timecode names. Drop frame is said by the list or by a `;` in the timecode.
fn frame(timecode: &str, is_drop: bool, fps: f64) -> Result<i64, String> {
    let invalid = || {
        format!(
            "`{}` is no timecode, as in 01:00:00:00",
            timecode.escape_debug()
        )
    };
    let parts: Vec<&str> = timecode.split([':', ';', '.']).collect();
    let is_two = |it: &&str| it.len() == 2 && it.bytes().all(|b| b.is_ascii_digit());
    if parts.len() != 4 || !parts.iter().all(is_two) {
        return Err(invalid());
    }
    let parts: Vec<f64> = parts.iter().filter_map(|it| it.parse().ok()).collect();
    if parts[1] > 59.0 || parts[2] > 59.0 || parts[3] >= fps.round() {
        return Err(format!(
            "{}; at {fps} frames per second the last part goes to {}",
            invalid(),
            fps.round() - 1.0
        ));
    }
    let is_drop = is_drop || timecode.contains(';');
    let is_ntsc = (fps * 1001.0 / 1000.0 - fps.round()).abs() < 1e-3 && fps.fract() != 0.0;
    let ntsc = match (is_ntsc, is_drop) {
        (true, true) => Ntsc::DropFrame,
        (true, false) => Ntsc::NonDropFrame,
        (false, false) => Ntsc::None,
        (false, true) => {
            return Err(format!(
                "`{timecode}` is drop frame, which is for 29.97 or 59.94 frames per second, not {fps}"
            ));
        }
    };
    #[allow(clippy::cast_possible_truncation)] // Checked by `FrameRate`.
    let rate = Framerate::with_timebase(fps.round() as i64, ntsc);
    let rate = rate.map_err(|error| format!("{fps} frames per second: {error:?}"))?;
    let plain: String = timecode.replace([';', '.'], ":");
    let read = Timecode::with_frames(&*plain, rate);
    Ok(read
        .map_err(|error| format!("`{timecode}`: {error:?}"))?
        .frames())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drop_frame_leaves_out_numbers_and_no_frames() {
        let fps = 30000.0 / 1001.0;
        for (timecode, want) in [
            ("00:00:59;29", 1799),
            ("00:01:00;02", 1800),
            ("00:10:00;00", 17982),
            ("01:00:00;00", 107_892),
        ] {
            assert_eq!(frame(timecode, false, fps), Ok(want), "{timecode}");
            assert_eq!(frame(timecode, true, 29.97), Ok(want), "{timecode}");
        }
        assert_eq!(frame("01:00:00:00", false, 29.97), Ok(108_000));
        assert_eq!(frame("01:00:00:00", false, 23.976), Ok(86_400));
        assert_eq!(frame("01:00:00:05", false, 25.0), Ok(90_005));
        assert!(frame("00:02:00;02", false, 59.94).is_err());
        assert_eq!(frame("00:01:00;04", false, 59.94), Ok(3600));
    }

    #[test]
    fn what_is_no_timecode_is_told() {
        for (timecode, fps) in [
            ("00:01:00;00", 29.97),
            ("00:00:00;00", 24.0),
            ("00:00:00:24", 24.0),
            ("00:60:00:00", 24.0),
            ("1:2:3:4", 24.0),
            ("abc", 24.0),
            ("00:00:00:é", 24.0),
        ] {
            assert!(frame(timecode, false, fps).is_err(), "{timecode}");
        }
    }

    #[test]
    fn odd_lines_are_read_as_they_are_meant() {
        // Returns alone, reels with spaces, comments without a sign, keys and wipes, both kinds of sound.
        let text = "TITLE: Odd\rFCM: NON-DROP FRAME\r\r\
            001  MY REEL 7 V C        00:00:00:00 00:00:01:00 10:00:00:00 10:00:01:00\r\
            FROM CLIP NAME: 010.0010\r\
            M2   AX       012.0                00:00:00:00\r\
            002  AX       AA/V  W001 024 00:00:00:00 00:00:01:00 10:00:01:00 10:00:02:00\r\
            * to clip name: 010.0020.mov\r\
            * 3D comp, not an event\r\
            003  AX       B     K B 000 00:00:00:00 00:00:01:00 10:00:02:00 10:00:03:00\r\
            004  AX       A2    C        00:00:00:00 00:00:01:00 10:00:03:00 10:00:09:00\r\
            005  AX       NONE  C        00:00:00:00 00:00:01:00 10:00:09:00 10:00:10:00\r";
        let cut = read(text, 24.0).unwrap();
        let pieces: Vec<_> = cut
            .pieces
            .iter()
            .map(|it| (it.names.join(" | "), it.frames(24.0)))
            .collect();
        assert_eq!(
            pieces,
            [
                ("010.0010 | MY REEL 7".to_owned(), (0, 24)),
                ("010.0020 | AX".to_owned(), (24, 48)),
                ("AX".to_owned(), (48, 72)),
            ]
        );
        let short = read(
            "001 AX V 00:00:00:00 00:00:01:00 10:00:00:00 10:00:01:00",
            24.0,
        );
        assert!(short.unwrap_err().contains("is no event"));
    }

    #[test]
    fn events_are_placed_and_named() {
        let text = "TITLE: Small Film\nFCM: NON-DROP FRAME\n\n\
            001  BL       V     C        00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00\n\
            002  AX       V     C        01:00:00:00 01:00:02:00 01:00:01:00 01:00:03:00\n\
            * FROM CLIP NAME: 010_0010_anim.mov\n\
            002  AX       A     C        01:00:00:00 01:00:02:00 01:00:01:00 01:00:03:00\n\
            003  AX       V     C        00:00:00:00 00:00:00:00 01:00:03:00 01:00:03:00\n\
            003  REEL7    V     D    012 00:00:00:00 00:00:01:00 01:00:03:00 01:00:04:12\n\
            * FROM CLIP NAME: 010_0010_anim.mov\n\
            * TO CLIP NAME: A012C003\n\
            * LOC: 01:00:03:00 GREEN 010_0020\n";
        let cut = read(text, 24.0).unwrap();
        let pieces: Vec<_> = cut
            .pieces
            .iter()
            .map(|it| (it.names.clone(), it.frames(24.0)))
            .collect();
        let names =
            |names: &[&str]| -> Vec<String> { names.iter().map(ToString::to_string).collect() };
        assert_eq!(
            pieces,
            [
                (names(&["010_0010_anim", "AX"]), (24, 72)),
                (names(&["A012C003", "010_0020", "REEL7"]), (72, 108)),
            ]
        );
        assert_eq!(cut.name, "Small Film");
        assert!(read("TITLE: nothing\n", 24.0).is_err());
        assert!(
            read("001 AX V C 1 2 3 4\n", 24.0)
                .unwrap_err()
                .starts_with("line 1")
        );
    }
}
