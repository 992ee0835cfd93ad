//! A cut, and which of its pieces is which shot.

use std::collections::HashMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;
use watchtower_model::{CutRange, Episode, FrameRate, ProjectSnapshot};

use super::listed;
use super::matching::{Found, NamePattern, ShotNames, stem};
use crate::names::words;

/// The cut of a film: which piece is seen when.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cut {
    pub name: String,
    /// Frames per second, in which the site counts.
    pub fps: f64,
    /// The pieces, in the order of the file; what is inside one follows it.
    pub pieces: Vec<Piece>,
    /// What a person should know about the file.
    pub notes: Vec<String>,
}

/// A clip, or a nested stack or track.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    /// What may name the shot, the most telling first.
    pub names: Vec<Name>,
    /// Where it is, for people: `event 003 at 01:00:04:00`.
    pub place: String,
    /// In seconds from the start of the film.
    pub start: f64,
    /// In seconds from the start of the film.
    pub end: f64,
    pub kind: Kind,
    /// How many of the pieces that follow are inside this one.
    pub inside: usize,
}

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Clip,
    /// Black, bars, a title: a program made it, and it need be no shot.
    Generated,
    /// A stack or track, with pieces in it.
    Nested,
}

/// A text that may name the shot of a piece.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Name {
    pub source: Source,
    pub text: String,
}

/// Where a name is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "NameSource")]
#[non_exhaustive]
pub enum Source {
    /// The id of a shot, as we write it ourselves.
    Id,
    /// A comment, or a line below an event.
    Comment,
    /// A marker.
    Marker,
    /// The clip's own name.
    Clip,
    /// What a program of its own keeps with a clip.
    Metadata,
    /// The name of the file that it shows.
    File,
    /// The name of its reel.
    Reel,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Id => "shot's id",
            Self::Comment => "comment",
            Self::Marker => "marker",
            Self::Clip => "clip's name",
            Self::Metadata => "metadata",
            Self::File => "source file",
            Self::Reel => "reel",
        })
    }
}

impl Name {
    pub(super) fn new(source: Source, text: &str) -> Self {
        let text = text.trim().to_owned();
        Self { source, text }
    }

    /// The name, and of a path the file alone.
    pub(super) fn file_name(&self) -> &str {
        match self.source {
            Source::File => self.text.rsplit(['/', '\\']).next().unwrap_or_default(),
            _ => &self.text,
        }
    }
}

impl Piece {
    /// First frame, and the frame at which it has ended.
    pub(super) fn frames(&self, fps: f64) -> (i64, i64) {
        // Halves of a frame that arithmetic has made a little less are halves.
        #[allow(clippy::cast_possible_truncation)] // Films are shorter.
        let frame = |seconds: f64| (seconds * fps + 0.5 + 1e-6).floor() as i64;
        (frame(self.start), frame(self.end))
    }

    /// Whether a program made it, by its kind or by what such things are called.
    pub(super) fn is_generated(&self) -> bool {
        const CALLED: &[&str] = &[
            "adjustment_layer",
            "bars",
            "bars_and_tone",
            "black",
            "black_video",
            "blackslug",
            "bl",
            "color_bars",
            "color_matte",
            "countdown_leader",
            "head_leader",
            "leader",
            "slate",
            "slug",
            "solid_color",
            "tail_leader",
            "transparent_video",
            "universal_counting_leader",
        ];
        let name = words([stem(self.label())]);
        self.kind == Kind::Generated || self.kind == Kind::Clip && CALLED.contains(&&*name)
    }

    /// What people call it: its clip's name, or what else it has.
    pub(super) fn label(&self) -> &str {
        let clip = self.names.iter().find(|it| it.source == Source::Clip);
        let name = clip.or_else(|| self.names.first());
        name.map_or("without a name", |it| it.file_name())
    }
}

/// Gives a marker of a whole timeline or track to what is seen there: the uppermost clip, which is the last.
pub(super) fn add_marker(pieces: &mut [Piece], time: f64, names: &[Name]) {
    // Less than a thousandth of a frame is no time.
    let is_there = |it: &&mut Piece| it.start - 1e-5 <= time && time < it.end - 1e-5;
    let clips = pieces.iter_mut().filter(|it| it.kind != Kind::Nested);
    if let Some(piece) = clips.rev().find(is_there) {
        let at = piece.names.iter().position(|it| it.source > Source::Marker);
        let at = at.unwrap_or(piece.names.len());
        piece.names.splice(at..at, names.iter().cloned());
    }
}

/// First frame of each shot, by its place in the snapshot, and the frame at which it has ended.
pub(super) type Ranges = HashMap<usize, (i64, i64)>;

/// Which pieces are which shots.
pub(super) struct Shots {
    pub ranges: Ranges,
    /// What a person should know: clips without a shot, and shots that are seen again.
    pub notes: Vec<String>,
}

/// Finds the shots of a cut. Pieces count in the order of the timeline; those of a shot that touch are one,
/// and of pieces apart the first counts.
fn shots(
    cut: &Cut,
    fps: FrameRate,
    snapshot: &ProjectSnapshot,
    pattern: Option<&NamePattern>,
    episode: Option<&Episode>,
) -> Shots {
    let names = ShotNames::of(snapshot, pattern, episode);
    let mut pieces: Vec<(i64, i64, usize)> = Vec::new();
    let mut unknown: Vec<String> = Vec::new();
    let mut several: Vec<String> = Vec::new();
    let mut generated: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(piece) = cut.pieces.get(at) {
        at += 1;
        let named = |name: &str| format!("`{}` ({})", name.escape_debug(), piece.place);
        match names.find(&piece.names) {
            Found::Shot(shot, _) => {
                // What is inside a shot is of it.
                at += piece.inside;
                let (start, end) = piece.frames(fps.as_f64());
                pieces.push((start, end, shot));
            }
            Found::Several(name, one, other) => several.push(format!(
                "{} as {} and {}",
                named(name.file_name()),
                full_name(snapshot, one),
                full_name(snapshot, other)
            )),
            Found::Nothing => match piece.kind {
                Kind::Nested => {}
                _ if piece.is_generated() => generated.push(named(piece.label())),
                _ => unknown.push(named(piece.label())),
            },
        }
    }
    let (ranges, again) = merged(pieces);
    let again = again.into_iter();
    let again =
        again.map(|(shot, start)| format!("{} at frame {start}", full_name(snapshot, shot)));
    let again = again.collect();
    let mut notes = Vec::new();
    let mut note = |what: &str, names: Vec<String>| {
        if !names.is_empty() {
            notes.push(format!("{what}: {}", listed(names.into_iter())));
        }
    };
    note("clips that match no shot", unknown);
    note("black, titles and the like, which match no shot", generated);
    note("clips that could be two shots and are neither", several);
    note(
        "shots that are seen again later have their first place only",
        again,
    );
    Shots { ranges, notes }
}

/// The range of each shot, from pieces with the shots that they are, and the starts of pieces that are apart from
/// it.
pub(super) fn merged(mut pieces: Vec<(i64, i64, usize)>) -> (Ranges, Vec<(usize, i64)>) {
    pieces.sort_unstable();
    let mut ranges = Ranges::new();
    let mut again = Vec::new();
    for (start, end, shot) in pieces {
        let range = ranges.entry(shot).or_insert((start, end));
        if start <= range.1 {
            range.1 = range.1.max(end);
        } else {
            again.push((shot, start));
        }
    }
    (ranges, again)
}

/// Sequence and name of a shot.
pub(super) fn full_name(snapshot: &ProjectSnapshot, at: usize) -> String {
    let shot = &snapshot.shots[at];
    let sequence = snapshot
        .sequences
        .iter()
        .find(|it| it.id == shot.sequence_id);
    sequence.map_or_else(
        || shot.name.clone(),
        |it| format!("{} / {}", it.name, shot.name),
    )
}

/// Lays a cut over a project, or over one episode of it: its pieces say where shots are. What matches no
/// shot is named. Gives back whether anything matched.
pub(super) fn lay_over(
    cut: &Cut,
    file: &str,
    pattern: Option<&NamePattern>,
    episode: Option<&Episode>,
    snapshot: &mut ProjectSnapshot,
) -> bool {
    // The first edit says at what rate the project counts.
    let before = snapshot.project.fps;
    let own = FrameRate::new(cut.fps).unwrap_or(before);
    let is_first = snapshot.cuts.is_empty();
    let fps = if is_first { own } else { before };
    let Shots { ranges, notes } = shots(cut, fps, snapshot, pattern, episode);
    if ranges.is_empty() {
        return false;
    }
    for text in cut.notes.iter().chain(&notes) {
        snapshot.notes.push(format!("{file}: {text}"));
    }
    if own != before {
        snapshot.notes.push(match is_first {
            true => format!(
                "{file} has {own} frames per second, and the tracker {before}: those of the edit count"
            ),
            false => format!(
                "{file} has {own} frames per second: its frames are converted to the {before} of the project"
            ),
        });
    }
    snapshot.project.fps = fps;
    let ends = cut.pieces.iter().map(|it| it.frames(fps.as_f64()).1);
    let frames = ends.max().unwrap_or(0);
    let mut ranges: Vec<_> = ranges.into_iter().collect();
    ranges.sort_unstable();
    let range = |(shot, (frame_in, frame_out)): (usize, (i64, i64))| CutRange {
        shot_id: snapshot.shots[shot].id.clone(),
        frame_in,
        frame_out,
    };
    let ranges = ranges.into_iter().map(range).collect();
    snapshot.cuts.push(watchtower_model::Cut {
        name: file.to_owned(),
        episode_id: episode.map(|it| it.id.clone()),
        frames,
        ranges,
        is_followed: false,
    });
    true
}
