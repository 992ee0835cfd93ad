//! What is judged beyond the schema: references, doubles, and frames that contradict each other.

use std::sync::Arc;

use watchtower_model::ProjectId;
use watchtower_model::format::Document;

use super::Code;
use super::ids::{Id, IdSet, Kind};
use super::media::Media;
use super::role::{self, Role};
use super::shape::{Datum, Fact, Facts};

/// By how many frames two numbers may differ that should be the same: durations in seconds are
/// rounded by some exporters.
const TOLERANCE: f64 = 0.5;

/// What documents say that others build on. What is not known is not judged.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    ids: [Option<Arc<IdSet>>; Kind::COUNT],
    /// The ids that the project uses, where it does not use all.
    in_use: [Option<Arc<IdSet>>; Kind::COUNT],
    /// The task types that shots have no tasks of.
    not_for_shots: Arc<IdSet>,
    fps: Option<f64>,
    total_frames: Option<f64>,
    /// The ids of the listed projects.
    pub(super) projects: Option<Arc<Vec<String>>>,
    /// The sequences in their order.
    sequences: Arc<Vec<Id>>,
    sequences_with_shots: Arc<IdSet>,
}

impl Known {
    /// Adds what another document says.
    pub(super) fn learn(&mut self, other: Self) {
        for (mine, new) in self.ids.iter_mut().zip(other.ids) {
            replace(mine, new);
        }
        for (mine, new) in self.in_use.iter_mut().zip(other.in_use) {
            replace(mine, new);
        }
        if !other.not_for_shots.is_empty() {
            self.not_for_shots = other.not_for_shots;
        }
        replace(&mut self.fps, other.fps);
        replace(&mut self.total_frames, other.total_frames);
        replace(&mut self.projects, other.projects);
        if !other.sequences.is_empty() {
            self.sequences = other.sequences;
        }
        if !other.sequences_with_shots.is_empty() {
            self.sequences_with_shots = other.sequences_with_shots;
        }
    }

    /// Whether the list of projects was read to its end.
    pub(super) fn has_all_projects(&self) -> bool {
        self.ids[Kind::Project as usize]
            .as_ref()
            .is_some_and(|set| !set.incomplete)
    }

    /// The sequences that have shots and stand behind the first `colors`: their places in the list.
    pub(super) fn sequences_beyond(&self, colors: usize) -> impl Iterator<Item = usize> {
        self.sequences
            .iter()
            .enumerate()
            .skip(colors)
            .filter(|(_, id)| self.sequences_with_shots.contains(**id))
            .map(|(index, _)| index)
    }
}

fn replace<T>(mine: &mut Option<T>, new: Option<T>) {
    if new.is_some() {
        *mine = new;
    }
}

/// Something wrong with a fact.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) code: Code,
    /// The fact's place in the list of facts.
    pub(super) fact: usize,
    /// What was found; `{}` stands for the value.
    pub(super) message: String,
    pub(super) expected: Option<String>,
}

/// A shot's place on the timeline, in whole frames.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    start: i32,
    end: i32,
    entry: u32,
}

/// A shot that starts before another one, in front of it on the timeline, has ended.
pub(super) struct Overlap {
    shot: Span,
    over: Span,
}

impl Overlap {
    /// The shot's place in the list.
    pub(super) fn entry(&self) -> usize {
        self.shot.entry as usize
    }

    pub(super) fn message(&self) -> String {
        format!(
            "the shot starts at frame {}, where entry {} lasts until frame {}",
            self.shot.start, self.over.entry, self.over.end
        )
    }
}

/// Judges the facts of one document, entry by entry, and learns what others build on.
pub(super) struct Rules<'a> {
    known: &'a Known,
    /// Looks at pictures and movies, where that is wanted.
    media: Option<Media<'a>>,
    /// The folder of the project, by name.
    folder: Option<&'a str>,
    /// Whether ids are remembered.
    follow: bool,
    own: [Option<IdSet>; Kind::COUNT],
    in_use: [Option<IdSet>; Kind::COUNT],
    not_for_shots: IdSet,
    learned: Known,
    projects: Option<Vec<String>>,
    sequences: Vec<Id>,
    sequences_with_shots: IdSet,
    last_sequence: Option<Id>,
    cast: IdSet,
    spans: Vec<Span>,
}

impl<'a> Rules<'a> {
    pub(super) fn new(
        document: &Document,
        known: &'a Known,
        media: Option<Media<'a>>,
        folder: Option<&'a str>,
        follow: bool,
    ) -> Self {
        let mut own = [const { None }; Kind::COUNT];
        let mut projects = None;
        let gives = role::of(document).filter_map(|(_, role)| role.gives());
        for kind in gives.filter(|_| follow) {
            own[kind as usize] = Some(IdSet::default());
            if kind == Kind::Project {
                projects = Some(Vec::new());
            }
        }
        Self {
            known,
            media,
            folder,
            follow,
            own,
            in_use: [const { None }; Kind::COUNT],
            not_for_shots: IdSet::default(),
            learned: Known::default(),
            projects,
            sequences: Vec::new(),
            sequences_with_shots: IdSet::default(),
            last_sequence: None,
            cast: IdSet::default(),
            spans: Vec::new(),
        }
    }

    /// Notes that some entries could not be read: ids may exist that are not known.
    pub(super) fn lose(&mut self) {
        for set in self.own.iter_mut().flatten() {
            set.incomplete = true;
        }
    }

    /// Judges an entry.
    pub(super) fn entry(&mut self, entry: usize, facts: &Facts, problems: &mut Vec<Problem>) {
        for kind in &facts.unreadable {
            if let Some(set) = &mut self.own[*kind as usize] {
                set.incomplete = true;
            }
        }
        // An entry may refer to what it defines itself, so definitions come first.
        if self.follow {
            self.define(&facts.list, problems);
        }
        let mut frames = Frames::default();
        for (at, fact) in facts.list.iter().enumerate() {
            self.judge(entry, at, fact, &mut frames, problems);
        }
    }

    fn define(&mut self, facts: &[Fact], problems: &mut Vec<Problem>) {
        let mut task_type = None;
        let mut for_shots = None;
        for (at, fact) in facts.iter().enumerate() {
            let (kind, id) = match (fact.role, &fact.datum) {
                (Role::Defines(kind), Datum::Id(id)) => (kind, *id),
                (Role::ListedProject, Datum::Text(text)) => {
                    if let Some(projects) = &mut self.projects {
                        projects.push(text.to_string());
                    }
                    (Kind::Project, Id::new(text))
                }
                (Role::ForShots, Datum::Flag(flag)) => {
                    for_shots = Some(*flag);
                    continue;
                }
                (Role::TaskTypeEnd, _) => {
                    if let (Some(id), Some(false)) = (task_type, for_shots) {
                        self.not_for_shots.insert(id);
                    }
                    (task_type, for_shots) = (None, None);
                    continue;
                }
                _ => continue,
            };
            match kind {
                Kind::TaskType => task_type = Some(id),
                Kind::Sequence => self.sequences.push(id),
                _ => {}
            }
            let new = self.own[kind as usize]
                .as_mut()
                .is_none_or(|set| set.insert(id));
            if !new {
                problems.push(Problem {
                    code: Code::DuplicateId,
                    fact: at,
                    message: format!("another {} has the id {{}}", kind.noun()),
                    expected: None,
                });
            }
        }
    }

    fn judge(
        &mut self,
        entry: usize,
        at: usize,
        fact: &Fact,
        frames: &mut Frames,
        problems: &mut Vec<Problem>,
    ) {
        let mut problem = |code, message: String, expected| {
            problems.push(Problem {
                code,
                fact: at,
                message,
                expected,
            });
        };
        match (fact.role, &fact.datum) {
            (Role::Refers(kind), Datum::Id(id)) => {
                // Shots of a sequence mostly come one behind the other.
                if self.follow && kind == Kind::Sequence && self.last_sequence != Some(*id) {
                    self.last_sequence = Some(*id);
                    self.sequences_with_shots.insert(*id);
                }
                self.refer(kind, *id, &mut problem);
            }
            (Role::Lists(kind), Datum::Id(id)) => {
                self.refer(kind, *id, &mut problem);
                self.in_use[kind as usize]
                    .get_or_insert_default()
                    .insert(*id);
            }
            (Role::ShotTaskType, Datum::Id(id)) => {
                self.refer(Kind::TaskType, *id, &mut problem);
                if self.known.not_for_shots.contains(*id) {
                    problem(
                        Code::TaskTypeNotForShots,
                        "the task type {} is for assets, and stands on a shot".to_owned(),
                        None,
                    );
                }
            }
            (Role::CastShot, Datum::Id(id)) => {
                self.refer(Kind::Shot, *id, &mut problem);
                if self.follow && !self.cast.insert(*id) {
                    let message = "another entry has the cast of the shot {}".to_owned();
                    problem(Code::CastTwice, message, None);
                }
            }
            (Role::ListedProject, Datum::Text(text)) => {
                if let Err(error) = ProjectId::new(&**text) {
                    problem(Code::NoFolderName, error.to_string(), None);
                }
            }
            (Role::OwnProject, Datum::Text(text)) => {
                if let Some(folder) = self.folder
                    && folder != &**text
                {
                    let message = format!("the project's id is {{}}, its folder is `{folder}`");
                    problem(Code::OtherFolder, message, Some(format!("`{folder}`")));
                }
            }
            (Role::Name, Datum::Flag(true)) => {
                problem(Code::EmptyName, "the name is empty".to_owned(), None);
            }
            (Role::Picture | Role::PlainPicture | Role::Movie, Datum::Text(path)) => {
                if let Some(media) = &mut self.media
                    && let Some((code, message)) = media.check(fact.role, path)
                {
                    problem(code, message, None);
                }
            }
            (Role::TimelineFps, Datum::Number(fps)) => self.learned.fps = Some(*fps),
            (Role::TotalFrames, Datum::Number(frames)) => {
                self.learned.total_frames = Some(*frames);
                if *frames == 0.0 {
                    let message = "the timeline has no frames".to_owned();
                    let expected = "the number of frames in the movie, or in all shots";
                    problem(Code::NoFrames, message, Some(expected.to_owned()));
                }
            }
            (
                Role::FrameIn
                | Role::FrameOut
                | Role::StartFrame
                | Role::DurationSeconds
                | Role::ShotFps,
                Datum::Number(number),
            ) => frames.set(fact.role, at, *number),
            (Role::ShotEnd, _) => self.place(entry, at, frames, problems),
            _ => {}
        }
    }

    /// Judges a reference.
    fn refer(&self, kind: Kind, id: Id, problem: &mut impl FnMut(Code, String, Option<String>)) {
        let own = self.own[kind as usize].as_ref();
        let Some(set) = own.or(self.known.ids[kind as usize].as_deref()) else {
            return;
        };
        if !set.contains(id) {
            if !set.incomplete {
                let message = format!("no {} has the id {{}}", kind.noun());
                problem(kind.unknown(), message, None);
            }
        } else if let Some(in_use) = &self.known.in_use[kind as usize]
            && !in_use.contains(id)
        {
            let message = format!("the project does not list the {} {{}}", kind.noun());
            problem(Code::NotInProject, message, None);
        }
    }

    /// Judges a shot's place on the timeline.
    fn place(&mut self, entry: usize, at: usize, frames: &Frames, problems: &mut Vec<Problem>) {
        let mut problem = |code, fact: Option<(usize, f64)>, message, expected| {
            problems.push(Problem {
                code,
                fact: fact.map_or(at, |(at, _)| at),
                message,
                expected,
            });
        };
        let number = |fact: Option<(usize, f64)>| fact.map(|(_, number)| number);
        let length = number(frames.frame_out)
            .zip(number(frames.frame_in))
            .map(|(end, start)| end - start);
        if let Some(length) = length {
            if length < 0.0 {
                let message = format!("the shot ends {} frames before it starts", -length);
                problem(Code::NegativeRange, frames.frame_out, message, None);
            } else if length == 0.0 {
                let message = "the shot has no frames".to_owned();
                problem(Code::EmptyRange, frames.frame_out, message, None);
            }
        }
        if let (Some(start), Some(frame_in)) = (number(frames.start), number(frames.frame_in))
            && (start - frame_in).abs() > TOLERANCE
        {
            let message = format!("the shot starts at frame {start}, its range at {frame_in}");
            problem(
                Code::StartContradictsRange,
                frames.start,
                message,
                Some(frame_in.to_string()),
            );
        }
        let Some(seconds) = number(frames.seconds) else {
            return;
        };
        if let Some(length) = length
            && let Some(fps) = number(frames.fps)
                .or(self.known.fps)
                .filter(|fps| *fps > 0.0)
            && (seconds * fps - length).abs() > TOLERANCE
        {
            let message = format!(
                "the shot lasts {seconds} seconds, which is {} frames at {fps} per second; its range has {length}",
                seconds * fps
            );
            problem(
                Code::DurationContradictsRange,
                frames.seconds,
                message,
                Some((length / fps).to_string()),
            );
        } else if length.is_none() && seconds < 0.0 {
            let message = "the shot ends before it starts".to_owned();
            problem(Code::NegativeRange, frames.seconds, message, None);
        } else if length.is_none() && seconds == 0.0 {
            let message = "the shot has no length".to_owned();
            problem(Code::EmptyRange, frames.seconds, message, None);
        }
        let Some((start, fps)) = number(frames.start).zip(self.known.fps) else {
            return;
        };
        let end = start + seconds * fps;
        let total = self.known.total_frames.filter(|total| *total > 0.0);
        if start < 0.0 {
            let message = format!("the shot starts at frame {start}, before the timeline does");
            problem(Code::OffTheTimeline, frames.start, message, None);
        } else if let Some(total) = total
            && end > total + TOLERANCE
        {
            let message = format!("the shot ends at frame {end}, the timeline at {total}");
            problem(Code::OffTheTimeline, frames.start, message, None);
        }
        let span = Span {
            start: whole(start),
            end: whole(end),
            entry: u32::try_from(entry).unwrap_or(u32::MAX),
        };
        if span.start < span.end {
            self.spans.push(span);
        }
    }

    /// What shows when all entries were judged, and what the document says to others.
    pub(super) fn finish(mut self) -> (Vec<Overlap>, Known) {
        let overlaps = overlaps(&mut self.spans);
        let mut learned = self.learned;
        for (ids, set) in learned.ids.iter_mut().zip(self.own) {
            *ids = set.map(Arc::new);
        }
        for (ids, set) in learned.in_use.iter_mut().zip(self.in_use) {
            *ids = set.map(Arc::new);
        }
        learned.projects = self.projects.map(Arc::new);
        learned.not_for_shots = Arc::new(self.not_for_shots);
        learned.sequences = Arc::new(self.sequences);
        learned.sequences_with_shots = Arc::new(self.sequences_with_shots);
        (overlaps, learned)
    }
}

/// The shots that overlap with others, in their order in the list.
fn overlaps(spans: &mut [Span]) -> Vec<Overlap> {
    spans.sort_unstable();
    let mut overlaps = Vec::new();
    let mut last: Option<Span> = None;
    for shot in spans.iter().copied() {
        if let Some(over) = last
            && shot.start < over.end
        {
            overlaps.push(Overlap { shot, over });
        }
        if last.is_none_or(|last| shot.end > last.end) {
            last = Some(shot);
        }
    }
    overlaps.sort_unstable_by_key(Overlap::entry);
    overlaps
}

/// A place on the timeline in whole frames.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn whole(frame: f64) -> i32 {
    frame.round() as i32
}

/// What a shot says of its place: each number with the place of its fact.
#[derive(Default)]
struct Frames {
    frame_in: Option<(usize, f64)>,
    frame_out: Option<(usize, f64)>,
    start: Option<(usize, f64)>,
    seconds: Option<(usize, f64)>,
    fps: Option<(usize, f64)>,
}

impl Frames {
    fn set(&mut self, role: Role, at: usize, number: f64) {
        let field = match role {
            Role::FrameIn => &mut self.frame_in,
            Role::FrameOut => &mut self.frame_out,
            Role::StartFrame => &mut self.start,
            Role::DurationSeconds => &mut self.seconds,
            _ => &mut self.fps,
        };
        *field = Some((at, number));
    }
}
