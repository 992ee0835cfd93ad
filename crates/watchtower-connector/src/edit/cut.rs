//! A cut, and which of its pieces is which shot.

use std::collections::{HashMap, HashSet};

use watchtower_model::{EntityKind, FrameRate, LeftOut, ProjectSnapshot, Reason, Sequence, ShotId};

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
    pub names: Vec<String>,
    /// In seconds from the start of the film.
    pub start: f64,
    /// In seconds from the start of the film.
    pub end: f64,
    pub is_clip: bool,
    /// How many of the pieces that follow are inside this one.
    pub inside: usize,
}

impl Piece {
    /// First frame, and the frame at which it has ended.
    pub(super) fn frames(&self, fps: f64) -> (i64, i64) {
        // Halves of a frame that arithmetic has made a little less are halves.
        #[allow(clippy::cast_possible_truncation)] // Films are shorter.
        let frame = |seconds: f64| (seconds * fps + 0.5 + 1e-6).floor() as i64;
        (frame(self.start), frame(self.end))
    }
}

/// Lays a cut over a project: order, start and length of its shots are those of the cut. What does not
/// match, either way, is named. Gives back whether anything matched.
pub(super) fn lay_over(cut: &Cut, file: &str, snapshot: &mut ProjectSnapshot) -> bool {
    let names = ShotNames::of(snapshot);
    let mut ranges: HashMap<usize, (i64, i64)> = HashMap::new();
    let mut apart: Vec<String> = Vec::new();
    let mut unknown: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(piece) = cut.pieces.get(at) {
        at += 1;
        let Some(shot) = piece.names.iter().find_map(|name| names.find(name)) else {
            if piece.is_clip {
                unknown.push(piece.names.first().map_or("without a name", |it| it));
            }
            continue;
        };
        // What is inside a shot is of it.
        at += piece.inside;
        let (start, end) = piece.frames(cut.fps);
        match ranges.get_mut(&shot) {
            None => {
                ranges.insert(shot, (start, end));
            }
            Some(range) if start <= range.1 && range.0 <= end => {
                *range = (range.0.min(start), range.1.max(end));
            }
            Some(_) => apart.push(format!("{} at frame {start}", snapshot.shots[shot].name)),
        }
    }
    if ranges.is_empty() {
        return false;
    }
    let mut note = |text: String| snapshot.notes.push(text);
    for text in &cut.notes {
        note(format!("{file}: {text}"));
    }
    if !unknown.is_empty() {
        let mut listed = HashSet::new();
        unknown.retain(|name| listed.insert(*name));
        note(format!(
            "{file}: clips that match no shot: {}",
            unknown.join(", ")
        ));
    }
    if !apart.is_empty() {
        note(format!(
            "{file}: shots that are seen again later have their first place only: {}",
            apart.join(", ")
        ));
    }
    place(cut, file, snapshot, &ranges);
    true
}

/// Gives the shots their ranges, leaves out those without, and sorts what is left.
fn place(
    cut: &Cut,
    file: &str,
    snapshot: &mut ProjectSnapshot,
    ranges: &HashMap<usize, (i64, i64)>,
) {
    if let Ok(fps) = FrameRate::new(cut.fps) {
        if snapshot.project.fps != fps {
            let before = snapshot.project.fps;
            snapshot.notes.push(format!(
                "{file} has {fps} frames per second, and the tracker {before}: those of the edit count"
            ));
        }
        snapshot.project.fps = fps;
    }
    let fps = snapshot.project.fps;
    let sequences: HashMap<_, _> = snapshot
        .sequences
        .iter()
        .map(|it| (it.id.clone(), it.name.clone()))
        .collect();
    let mut shots = Vec::new();
    for (at, mut shot) in std::mem::take(&mut snapshot.shots).into_iter().enumerate() {
        match ranges.get(&at) {
            Some(&(start, end)) => {
                (shot.data.frame_in, shot.data.frame_out) = (start, end);
                shot.fps = fps;
                shots.push(shot);
            }
            None => {
                let sequence = sequences.get(&shot.sequence_id);
                let sequence = sequence.map_or("no sequence", |it| it);
                snapshot.left_out.push(LeftOut {
                    kind: EntityKind::Shot,
                    name: format!("{sequence} / {}", shot.name),
                    id: shot.id.into(),
                    reason: Reason::Other(format!("not in the edit {file}")),
                });
            }
        }
    }
    shots.sort_by_key(|shot| (shot.data.frame_in, shot.data.frame_out));
    let ids: HashSet<&ShotId> = shots.iter().map(|it| &it.id).collect();
    snapshot.casting.retain(|it| ids.contains(&it.shot_id));
    let mut first = HashMap::new();
    for (at, shot) in shots.iter().enumerate() {
        first.entry(shot.sequence_id.clone()).or_insert(at);
    }
    let place = |it: &Sequence| first.get(&it.id).copied().unwrap_or(usize::MAX);
    snapshot.sequences.sort_by_key(place);
    let order: HashMap<ShotId, usize> = shots.iter().map(|it| it.id.clone()).zip(0..).collect();
    snapshot
        .casting
        .sort_by_key(|it| order.get(&it.shot_id).copied());
    snapshot.shots = shots;
}

/// By what names the shots of a project go.
struct ShotNames {
    /// The words of a name, joined by `_`; none for a name that several have.
    whole: HashMap<String, Option<usize>>,
    /// Those names that have the sequence in them: a clip's name may go on after them.
    with_sequence: HashMap<String, Option<usize>>,
    /// The words of the project's name, with which a clip's may start.
    project: String,
}

impl ShotNames {
    fn of(snapshot: &ProjectSnapshot) -> Self {
        let episodes: HashMap<_, _> = snapshot
            .episodes
            .iter()
            .map(|it| (&it.id, &*it.name))
            .collect();
        let sequences: HashMap<_, _> = snapshot.sequences.iter().map(|it| (&it.id, it)).collect();
        let mut names = Self {
            whole: HashMap::new(),
            with_sequence: HashMap::new(),
            project: words([&*snapshot.project.name]),
        };
        for (at, shot) in snapshot.shots.iter().enumerate() {
            let sequence = sequences.get(&shot.sequence_id);
            let name = &*shot.name;
            let mut long = Vec::new();
            if let Some(sequence) = sequence {
                long.push(words([&sequence.name, name]));
                let episode = sequence.episode_id.as_ref().and_then(|id| episodes.get(id));
                long.extend(episode.map(|it| words([it, &*sequence.name, name])));
            }
            long.dedup();
            for name in long {
                add(&mut names.with_sequence, name.clone(), at);
                add(&mut names.whole, name, at);
            }
            add(&mut names.whole, words([name]), at);
            add(&mut names.whole, words([shot.id.as_str()]), at);
        }
        names
    }

    /// The shot that goes by a clip's name: a whole name, or the longest that the clip's starts with.
    fn find(&self, clip: &str) -> Option<usize> {
        let clip = words([clip]);
        let rest = clip
            .strip_prefix(&self.project)
            .and_then(|it| it.strip_prefix('_'));
        let clips = [Some(&*clip), rest.filter(|_| !self.project.is_empty())];
        let clips = clips.into_iter().flatten();
        clips
            .clone()
            .find_map(|clip| self.whole.get(clip).copied().flatten())
            .or_else(|| {
                clips.clone().find_map(|clip| {
                    let ends = clip.match_indices('_').map(|(at, _)| at);
                    ends.rev()
                        .find_map(|end| self.with_sequence.get(&clip[..end]).copied().flatten())
                })
            })
    }
}

fn add(names: &mut HashMap<String, Option<usize>>, name: String, at: usize) {
    let same = names.entry(name).or_insert(Some(at));
    if *same != Some(at) {
        *same = None;
    }
}
