//! Edit decision lists, as CMX 3600 writes them and as editors send them.

use vtc::{Framerate, Ntsc, Timecode};

use super::cut::{Cut, Kind, Name, Piece, Source};
use super::listed;

/// Reads an edit decision list at so many frames per second. A line that cannot be is passed over, and
/// named in the notes.
///
/// # Errors
///
/// In words, for what has no event of video.
pub(super) fn read(text: &str, fps: f64) -> Result<Cut, String> {
    let mut list = List::new(fps);
    // Old programs end lines with a carriage return alone.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    for (line, number) in text.lines().zip(1..) {
        list.line(line.trim(), number);
    }
    list.finish()
}

/// A list while it is read.
struct List {
    fps: f64,
    title: String,
    is_drop: bool,
    lines: Vec<Line>,
    /// Where in `lines` the event starts that comments are of.
    event: usize,
    /// Lines that cannot be, with what is wrong with them.
    impossible: Vec<String>,
    /// Whether drop frame was asked for at a rate that has none.
    drop_ignored: bool,
    /// Whether shots are as long as Resolve's markers say.
    has_durations: bool,
}

/// A line of a list that places a clip.
#[derive(Default)]
struct Line {
    number: u32,
    /// The number of its event, as it is written.
    event: String,
    reel: String,
    plays: Plays,
    is_cut: bool,
    /// First frame, and the frame at which it has ended.
    record: (i64, i64),
    /// Where it starts, as it is written.
    timecode: String,
    clip: Option<String>,
    markers: Vec<String>,
    comments: Vec<String>,
    files: Vec<String>,
}

/// What a line plays.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Plays {
    Video,
    Sound,
    Black,
    #[default]
    Nothing,
}

impl List {
    fn new(fps: f64) -> Self {
        Self {
            fps,
            title: String::new(),
            is_drop: false,
            lines: Vec::new(),
            event: 0,
            impossible: Vec::new(),
            drop_ignored: false,
            has_durations: false,
        }
    }

    fn line(&mut self, text: &str, number: u32) {
        let first = text.split_whitespace().next().unwrap_or_default();
        let is_number = !first.is_empty() && first.bytes().all(|it| it.is_ascii_digit());
        let times = text.split_whitespace().filter(|it| is_timecode(it)).count();
        if let Some(rest) = after(text, "TITLE:") {
            rest.clone_into(&mut self.title);
        } else if let Some(rest) = after(text, "FCM:") {
            // `FILM` is neither.
            let mode = rest.to_ascii_uppercase();
            self.is_drop = mode.contains("DROP") && !mode.contains("NON");
        } else if is_number && times >= 2 {
            self.event_line(text, number);
        } else if !matches!(first, "" | "M2" | "AUD" | "SPLIT:") {
            self.comment(text);
        }
    }

    fn event_line(&mut self, text: &str, number: u32) {
        let event = text.split_whitespace().next().unwrap_or_default();
        let line = self.parse(text).unwrap_or_else(|problem| {
            self.impossible.push(format!("line {number}: {problem}"));
            Line::default()
        });
        let line = Line {
            number,
            event: event.to_owned(),
            ..line
        };
        let current = &self.lines[self.event..];
        // Some number all events alike: a new cut after a named clip is a new event.
        let is_same = current.first().is_some_and(|it| it.event == event)
            && !(line.plays == Plays::Video
                && line.is_cut
                && current.iter().any(|it| it.clip.is_some()));
        if !is_same {
            self.event = self.lines.len();
        }
        self.lines.push(line);
    }

    fn parse(&mut self, text: &str) -> Result<Line, String> {
        let none = || {
            format!(
                "`{}` is no event: expected a number, a reel, a channel, a transition and four timecodes",
                text.escape_debug()
            )
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        let [_, head @ .., _, _, record_in, record_out] = &words[..] else {
            return Err(none());
        };
        // From the back: a reel may have spaces in it, and a transition its length behind it.
        let at = head.iter().rposition(|it| is_transition(it));
        let at = at.filter(|at| *at >= 2).ok_or_else(none)?;
        let (reel, channel, transition) = (head[..at - 1].join(" "), head[at - 1], head[at]);
        let channel = channel.to_ascii_uppercase();
        let plays = match channel.contains('V') || channel.starts_with('B') {
            true if matches!(&*reel.to_ascii_uppercase(), "BL" | "BLACK") => Plays::Black,
            true => Plays::Video,
            false => Plays::Sound,
        };
        let record = (self.frame(record_in)?, self.frame(record_out)?);
        let mut line = Line {
            reel,
            plays,
            is_cut: transition == "C",
            record,
            timecode: (*record_in).to_owned(),
            ..Line::default()
        };
        if record.1 < record.0 {
            // Past midnight, or nonsense: no event lasts for half a day.
            let day = self.day(record_in)?;
            line.record.1 += day;
            if line.record.1 - line.record.0 > day / 2 {
                return Err(format!(
                    "it ends at {record_out}, before it starts at {record_in}"
                ));
            }
        }
        Ok(line)
    }

    /// How many frames a day has, by timecodes of this kind.
    fn day(&self, timecode: &str) -> Result<i64, String> {
        let is_drop = self.is_drop || timecode.contains(';');
        Ok(frame("24:00:00:00", is_drop, self.fps)?.0)
    }

    fn frame(&mut self, timecode: &str) -> Result<i64, String> {
        let (frame, drop_ignored) = frame(timecode, self.is_drop, self.fps)?;
        self.drop_ignored |= drop_ignored;
        Ok(frame)
    }

    fn comment(&mut self, text: &str) {
        let text = text.trim_start_matches('*').trim();
        // Some leave a space before the colon.
        let after_key = after(text, "COMMENT").and_then(|it| it.strip_prefix(':'));
        let text = after_key.map_or(text, str::trim);
        let Some(event) = self.lines.get_mut(self.event..).filter(|it| !it.is_empty()) else {
            return;
        };
        let is_shown = |it: &Line| it.plays == Plays::Video && it.record.0 < it.record.1;
        let first = event.iter().position(|it| it.plays == Plays::Video);
        let first = first.unwrap_or(0);
        let last = event.iter().rposition(|it| it.plays == Plays::Video);
        let last = last.unwrap_or(event.len() - 1);
        let shown = event.iter().rposition(is_shown).unwrap_or(last);
        let outgoing = ["FROM CLIP:", "FROM FILE:", "SOURCE FILE:"];
        let incoming = ["TO CLIP:", "TO FILE:"];
        let starts = |keys: &[&str]| keys.iter().find_map(|key| after(text, key));
        if let Some(name) = after(text, "FROM CLIP NAME:") {
            // A dissolve that stands alone is named by what comes in.
            let is_named = first == last && !event[first].is_cut && event[first].clip.is_some();
            if !is_named {
                event[first].clip = Some(name.to_owned());
            }
        } else if let Some(name) = after(text, "TO CLIP NAME:") {
            event[last].clip = Some(name.to_owned());
        } else if let Some(file) = starts(&outgoing) {
            // The second file of a dissolve is of what comes in.
            let at = if event[first].files.is_empty() {
                first
            } else {
                last
            };
            event[at].files.push(file.to_owned());
        } else if let Some(file) = starts(&incoming) {
            event[last].files.push(file.to_owned());
        } else if let Some(marker) = after(text, "LOC:") {
            let (time, rest) = match marker.split_once(char::is_whitespace) {
                Some((time, rest)) if is_timecode(time) => (Some(time), rest.trim()),
                _ => (None, marker),
            };
            let frame = time.and_then(|it| frame(it, self.is_drop, self.fps).ok());
            let frame = frame.map(|(frame, _)| frame);
            let holds = |it: &Line| {
                it.plays == Plays::Video
                    && frame.is_some_and(|frame| (it.record.0..it.record.1).contains(&frame))
            };
            let at = event.iter().position(holds).unwrap_or(shown);
            let text = without_color(rest.split('|').next().unwrap_or_default());
            event[at].markers.push(text.to_owned());
            self.has_durations |= event[at].lasts(rest);
        } else if text.contains('|') {
            // Resolve's markers: a note, ` |C:` and the colour, ` |M:` and the name, ` |D:` and the length.
            for (part, number) in text.split('|').zip(0..) {
                if let Some(name) = part.strip_prefix("M:") {
                    event[shown].markers.push(name.trim().to_owned());
                } else if number == 0 && !part.trim().is_empty() {
                    event[shown].comments.push(part.trim().to_owned());
                }
            }
            self.has_durations |= event[shown].lasts(text);
        } else if !is_technical(text) {
            event[shown].comments.push(text.to_owned());
        }
    }

    fn finish(mut self) -> Result<Cut, String> {
        let mut notes = Vec::new();
        let lines = |plays: Plays| {
            let lines = self.lines.iter().filter(move |it| it.plays == plays);
            lines.map(|it| it.number.to_string())
        };
        if self.drop_ignored {
            notes.push(format!(
                "it says drop frame, which is for 29.97 or 59.94 frames per second and is ignored at {}",
                self.fps
            ));
        }
        if self.has_durations {
            notes.push("its events of one frame are as long as their markers".to_owned());
        }
        if !self.impossible.is_empty() {
            let lines = listed(self.impossible.iter().cloned());
            notes.push(format!("impossible lines are passed over: {lines}"));
        }
        for (plays, what) in [(Plays::Sound, "sound"), (Plays::Black, "black")] {
            if lines(plays).next().is_some() {
                let lines = listed(lines(plays));
                notes.push(format!("lines of {what} are passed over: {lines}"));
            }
        }
        if self.lines.is_empty() {
            return Err("there is no event in it".to_owned());
        }
        let is_shown = |it: &Line| it.plays == Plays::Video && it.record.0 < it.record.1;
        if !self.lines.iter().any(is_shown) {
            let notes = notes.join("; ");
            return Err(format!("no event of it is of video ({notes})"));
        }
        self.pass_midnight()?;
        let placed = self.lines.iter().filter(|it| it.plays != Plays::Nothing);
        let start = placed.map(|it| it.record.0).min().unwrap_or_default();
        let fps = self.fps;
        // Frames, as seconds at the list's own rate.
        #[allow(clippy::cast_precision_loss)] // A day has few frames.
        let seconds = |frame: i64| (frame - start) as f64 / fps;
        let shown = self.lines.iter().filter(|it| is_shown(it));
        let pieces = shown.map(|line| Piece {
            names: line.names(),
            place: format!("event {} at {}", line.event, line.timecode),
            start: seconds(line.record.0),
            end: seconds(line.record.1),
            kind: Kind::Clip,
            inside: 0,
        });
        Ok(Cut {
            name: self.title.clone(),
            fps,
            pieces: pieces.collect(),
            notes,
        })
    }

    /// Moves what comes after midnight to the next day, where the list passes it: within an event, or from
    /// an event of the evening to one of the small hours.
    fn pass_midnight(&mut self) -> Result<(), String> {
        let drop = self.lines.iter().find(|it| it.timecode.contains(';'));
        let day = self.day(drop.map_or("", |it| &it.timecode))?;
        let mut before = None;
        let mut passes = false;
        for line in self.lines.iter().filter(|it| it.plays != Plays::Nothing) {
            let (start, end) = line.record;
            passes |= end >= day || before.is_some_and(|it| it > day / 4 * 3) && start < day / 4;
            before = Some(start);
        }
        for line in self.lines.iter_mut().filter(|_| passes) {
            if line.record.0 < day / 2 {
                line.record.0 += day;
                line.record.1 += day;
            }
        }
        Ok(())
    }
}

impl Line {
    /// Makes an event of one frame as long as its marker says. Gives back whether it did.
    fn lasts(&mut self, marker: &str) -> bool {
        let frames = marker.split('|').find_map(|it| it.strip_prefix("D:"));
        let frames = frames.and_then(|it| it.trim().parse::<u32>().ok());
        let frames = frames.filter(|it| *it > 1 && self.record.1 - self.record.0 == 1);
        self.record.1 += frames.map_or(0, |it| i64::from(it) - 1);
        frames.is_some()
    }

    fn names(&self) -> Vec<Name> {
        let of = |source: Source, texts: &[String]| -> Vec<Name> {
            texts.iter().map(|text| Name::new(source, text)).collect()
        };
        [
            of(Source::Comment, &self.comments),
            of(Source::Marker, &self.markers),
            of(Source::Clip, self.clip.as_slice()),
            of(Source::File, &self.files),
            of(Source::Reel, std::slice::from_ref(&self.reel)),
        ]
        .concat()
    }
}

/// What follows a keyword, whatever the case.
fn after<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(key.len())?;
    start.eq_ignore_ascii_case(key).then(|| rest.trim())
}

/// Whether a comment is about how a clip is played, and not about what it is.
fn is_technical(text: &str) -> bool {
    const ABOUT: &[&str] = &[
        "ASC_",
        "AUDIO LEVEL",
        "BLEND,",
        "DESCRIPT:",
        "EFF2_",
        "EFFECT NAME",
        "EFFECTS NAME",
        "FINAL CUT PRO",
        "FRMC ",
        "KEY CLIP",
        "REEL:",
        "REM ",
        "UNSUPPORTED EFFECT",
    ];
    ABOUT.iter().any(|key| after(text, key).is_some())
}

/// A marker's text without its colour in front.
pub(super) fn without_color(text: &str) -> &str {
    const COLORS: &[&str] = &[
        "RED", "GREEN", "BLUE", "CYAN", "MAGENTA", "YELLOW", "BLACK", "WHITE", "PINK", "ORANGE",
        "PURPLE", "VIOLET", "BROWN", "GREY", "GRAY", "DENIM", "FOREST", "GOLD", "GRAPE", "PLUM",
    ];
    match text.trim().split_once(char::is_whitespace) {
        Some((color, rest)) if COLORS.iter().any(|it| it.eq_ignore_ascii_case(color)) => {
            rest.trim()
        }
        _ => text.trim(),
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

/// Whether a word looks like a timecode: four parts of two digits.
fn is_timecode(word: &str) -> bool {
    let mut parts = word.split([':', ';', '.']);
    let is_part = |it: &str| matches!(it.len(), 2 | 3) && it.bytes().all(|b| b.is_ascii_digit());
    parts.by_ref().take(4).filter(|it| is_part(it)).count() == 4 && parts.next().is_none()
}

/// The frame that a timecode names, and whether it asks for drop frame at a rate that has none. Drop frame
/// is said by the list or by a `;` in the timecode.
fn frame(timecode: &str, is_drop: bool, fps: f64) -> Result<(i64, bool), String> {
    let invalid = || {
        format!(
            "`{}` is no timecode, as in 01:00:00:00",
            timecode.escape_debug()
        )
    };
    if !is_timecode(timecode) {
        return Err(invalid());
    }
    let parts = timecode.split([':', ';', '.']);
    let parts: Vec<f64> = parts.filter_map(|it| it.parse().ok()).collect();
    if parts[1] > 59.0 || parts[2] > 59.0 || parts[3] >= fps.round() {
        return Err(format!(
            "{}; at {fps} frames per second the last part goes to {}: is --fps right?",
            invalid(),
            fps.round() - 1.0
        ));
    }
    let is_drop = is_drop || timecode.contains(';');
    let is_ntsc = (fps * 1001.0 / 1000.0 - fps.round()).abs() < 1e-3 && fps.fract() != 0.0;
    let may_drop = is_ntsc && fps.round() % 30.0 == 0.0;
    let ntsc = match (is_ntsc, is_drop && may_drop) {
        (true, true) => Ntsc::DropFrame,
        (true, false) => Ntsc::NonDropFrame,
        (false, _) => Ntsc::None,
    };
    #[allow(clippy::cast_possible_truncation)] // Checked by `FrameRate`.
    let rate = Framerate::with_timebase(fps.round() as i64, ntsc);
    let rate = rate.map_err(|_| format!("timecodes cannot count {fps} frames per second"))?;
    let plain: String = timecode.replace([';', '.'], ":");
    let read = Timecode::with_frames(&*plain, rate)
        .map_err(|_| format!("{}; drop frame leaves out its number", invalid()))?;
    Ok((read.frames(), is_drop && !may_drop))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(timecode: &str, is_drop: bool, fps: f64) -> Result<i64, String> {
        frame(timecode, is_drop, fps).map(|(frame, _)| frame)
    }

    #[test]
    fn drop_frame_leaves_out_numbers_and_no_frames() {
        let fps = 30000.0 / 1001.0;
        for (timecode, want) in [
            ("00:00:59;29", 1799),
            ("00:01:00;02", 1800),
            ("00:10:00;00", 17982),
            ("01:00:00;00", 107_892),
        ] {
            assert_eq!(at(timecode, false, fps), Ok(want), "{timecode}");
            assert_eq!(at(timecode, true, 29.97), Ok(want), "{timecode}");
        }
        assert_eq!(at("01:00:00:00", false, 29.97), Ok(108_000));
        assert_eq!(at("01:00:00:00", false, 23.976), Ok(86_400));
        assert_eq!(at("01:00:00:05", false, 25.0), Ok(90_005));
        assert!(at("00:02:00;02", false, 59.94).is_err());
        assert_eq!(at("00:01:00;04", false, 59.94), Ok(3600));
        for fps in [23.976, 24.0, 25.0, 30.0, 60.0] {
            assert!(frame("00:00:01;00", false, fps).unwrap().1, "{fps}");
            assert_eq!(at("00:01:00:00", true, fps), at("00:01:00:00", false, fps));
        }
    }

    #[test]
    fn what_is_no_timecode_is_told() {
        for (timecode, fps) in [
            ("00:01:00;00", 29.97),
            ("00:00:00:24", 24.0),
            ("00:60:00:00", 24.0),
            ("1:2:3:4", 24.0),
            ("00:00:00:", 24.0),
            ("00:00:00:00:00", 24.0),
            ("abc", 24.0),
            ("00:00:00:é", 24.0),
        ] {
            assert!(at(timecode, false, fps).is_err(), "{timecode}");
        }
    }

    /// Each piece as its names, with where they are from, and its frames.
    fn pieces(cut: &Cut) -> Vec<(String, (i64, i64))> {
        let name = |it: &Name| format!("{} {}", it.source, it.text);
        let piece = |it: &Piece| {
            let names: Vec<String> = it.names.iter().map(name).collect();
            (names.join(" | "), it.frames(cut.fps))
        };
        cut.pieces.iter().map(piece).collect()
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
            24 frames of handles, not an event\r\
            003  AX       B     K B 000 0 24 10:00:02:00 10:00:03:00\r\
            004  AX       A2    C        00:00:00:00 00:00:01:00 10:00:03:00 10:00:09:00\r\
            005  AX       NONE  C        00:00:00:00 00:00:01:00 10:00:09:00 10:00:10:00\r\
            006  AX       V     C        00:00:00:00 00:00:01:00 10:00:09:00 10:00:10:\r\
            * LOC: 10:00:09:00 RED 010_0099\r\
            007 AX V 00:00:00:00 00:00:01:00 10:00:00:00 10:00:01:00\r";
        let cut = read(text, 24.0).unwrap();
        assert_eq!(
            pieces(&cut),
            [
                ("clip's name 010.0010 | reel MY REEL 7".to_owned(), (0, 24)),
                (
                    "comment 3D comp, not an event | comment 24 frames of handles, not an event | \
                     clip's name 010.0020.mov | reel AX"
                        .to_owned(),
                    (24, 48)
                ),
                ("reel AX".to_owned(), (48, 72)),
            ]
        );
        insta::assert_snapshot!(cut.notes.join("\n"));
    }

    #[test]
    fn film_is_no_drop_frame_and_a_reel_in_a_comment_is_no_shot() {
        let text = "TITLE: Reel\nFCM: FILM\n\
            000001  AX       V     C        00:00:00:00 00:00:04:00 01:00:00:00 01:00:04:00\n\
            *REEL: NETFLIXIDENT_23976_189AR\n\
            *FRMC START: 1001    FRMC END: 1102\n\
            *DESCRIPT:\n\
            REM a licence\n\
            *LOC: 01:00:03:00 GREEN   203_003_010---PV203_003_810 -SAR\n";
        let cut = read(text, 24.0).unwrap();
        assert_eq!(cut.notes, Vec::<String>::new());
        let names = cut.pieces[0].names.iter().map(|it| &*it.text);
        let marker = "203_003_010---PV203_003_810 -SAR";
        assert_eq!(names.collect::<Vec<_>>(), [marker, "AX"]);
        let told = super::super::naming::told(&cut, None);
        let told = told[0].as_ref().unwrap();
        assert_eq!(told.sequence.as_deref(), Some("203_003"));
        assert_eq!(told.shot, "010");
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
            * LOC: 01:00:03:00 GREEN 010_0020\n\
            * ASC_SOP (1.0 1.0 1.0)(0 0 0)(1 1 1)\n";
        let cut = read(text, 24.0).unwrap();
        assert_eq!(
            pieces(&cut),
            [
                (
                    "clip's name 010_0010_anim.mov | reel AX".to_owned(),
                    (24, 72)
                ),
                (
                    "marker 010_0020 | clip's name A012C003 | reel REEL7".to_owned(),
                    (72, 108)
                ),
            ]
        );
        assert_eq!(cut.name, "Small Film");
        assert_eq!(cut.pieces[1].place, "event 003 at 01:00:03:00");
        assert_eq!(
            read("TITLE: nothing\n", 24.0).unwrap_err(),
            "there is no event in it"
        );
    }

    #[test]
    fn events_that_are_numbered_alike_are_told_apart() {
        let event = |start: u32| {
            format!(
                "001 AX V C 00:00:00:00 00:00:01:00 01:00:0{start}:00 01:00:0{}:00\n\
                 * FROM CLIP NAME: clip {start}\n",
                start + 1
            )
        };
        let cut = read(&[event(0), event(1), event(2)].concat(), 24.0).unwrap();
        assert_eq!(
            pieces(&cut),
            [0, 1, 2].map(|it| (
                format!("clip's name clip {it} | reel AX"),
                (it * 24, it * 24 + 24)
            ))
        );
    }

    #[test]
    fn markers_of_resolve_say_how_long_a_shot_is() {
        let text = "001 001 V C 01:00:00:00 01:00:00:01 01:00:00:00 01:00:00:01\n\
             snow |C:ResolveColorBlue |M:010_0010 |D:48\n\
             002 001 V C 01:00:02:00 01:00:02:01 01:00:02:00 01:00:02:01\n\
             010_0020|D:24\n";
        let cut = read(text, 24.0).unwrap();
        assert_eq!(
            pieces(&cut),
            [
                (
                    "comment snow | marker 010_0010 | reel 001".to_owned(),
                    (0, 48)
                ),
                ("comment 010_0020 | reel 001".to_owned(), (48, 72)),
            ]
        );
        assert_eq!(
            cut.notes,
            ["its events of one frame are as long as their markers"]
        );
    }

    proptest::proptest! {
        #[test]
        fn nothing_of_a_list_is_too_odd(
            lines in proptest::collection::vec(
                "(00[12] )?[*]? ?(AX|BL|V|AA/V|C|D|024|W001|FROM CLIP NAME:|TO CLIP NAME:|LOC:|\\|M:é\\|D:9|FCM: DROP|M2|[0-9é:; ]{0,11}|2[34]:[0-5][0-9]:[0-5][0-9]:[0-2][0-9] ?){0,9}",
                0..20,
            ),
            fps in proptest::sample::select(vec![23.976, 24.0, 29.97, 0.5, 1000.0]),
        ) {
            if let Ok(cut) = read(&lines.join("\n"), fps) {
                for piece in cut.pieces {
                    let (start, end) = piece.frames(fps);
                    proptest::prop_assert!(start >= 0 && start < end);
                }
            }
        }
    }

    #[test]
    fn midnight_is_passed() {
        let event = |record: &str| format!("001 AX V C 00:00:00:00 00:00:01:00 {record}\n");
        let frames = |records: &[&str]| {
            let text: String = records.iter().map(|it| event(it)).collect();
            let cut = read(&text, 25.0).unwrap();
            pieces(&cut)
                .into_iter()
                .map(|(_, frames)| frames)
                .collect::<Vec<_>>()
        };
        let within = ["23:59:59:00 00:00:01:00", "00:00:01:00 00:00:02:00"];
        assert_eq!(frames(&within), [(0, 50), (50, 75)]);
        let between = ["23:59:59:00 00:00:00:00", "00:00:00:00 00:00:02:00"];
        assert_eq!(frames(&between), [(0, 25), (25, 75)]);
        let dropped = ["23:59:59;00 00:00:01;00", "00:00:01;00 00:00:02;00"];
        let text: String = dropped.iter().map(|it| event(it)).collect();
        let cut = read(&text, 29.97).unwrap();
        assert_eq!(cut.pieces[1].frames(29.97), (60, 90));
        let apart = ["00:00:00:00 00:00:01:00", "14:00:00:00 14:00:01:00"];
        assert_eq!(frames(&apart), [(0, 25), (1_260_000, 1_260_025)]);
    }
}
