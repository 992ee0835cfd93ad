//! Where each shot is on the timeline: the one room that decides it, for every tracker.
//!
//! A tracker says what it knows of a shot: a range, a length, or nothing. [`place`] gives every shot its
//! place from that:
//!
//! 1. An edit laid over the film or episode ([`Cut`]) wins. Shots that are not in it have no place.
//! 2. Otherwise the tracker's ranges count. They are lengths only where more than half of the shots start
//!    alike or lie on top of each other. They count from the first shot, or from the start of the movie,
//!    where they are negative or start far away, as at a timecode. Sequences that each count from their own
//!    start follow each other.
//! 3. A shot with a length and no range follows the last one that has a range, in the order of the story.
//! 4. Where nobody knows anything of a film or episode, its shots are laid end to end, a second each.
//! 5. What has no place after that is off the timeline: [`behind_the_end`] puts it there.
//! 6. A format with one timeline has the episodes of a series one after the other, each moved as a whole.
//!
//! A length counts at the rate of its shot, and the timeline at that of its project.

use std::collections::{HashMap, HashSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::counted::counted as count;
use crate::{
    Cut, Edit, EntityKind, EpisodeId, FrameRate, LeftOut, ProjectSnapshot, RangeScope, Reason,
    SequenceId, Shot, ShotId,
};

/// How many timelines a format has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timelines {
    /// One for the whole project, as in format v0.
    One,
    /// One for each episode of a series, as in format v1.
    OfEpisodes,
}

/// What becomes of shots without a place on the timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unplaced {
    /// They are in the grid, and not on the timeline.
    #[default]
    Show,
    /// They are left out, and named.
    LeaveOut,
}

/// How [`place`] goes about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceOptions {
    /// How many timelines the format has.
    pub timelines: Timelines,
    /// What becomes of shots without a place.
    pub unplaced: Unplaced,
    /// Whether the data was read from a site, where every shot has its place already. Then nothing moves
    /// but whole episodes.
    pub from_site: bool,
}

/// What [`place`] decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// How many shots have their place from where.
    pub counts: PlaceCounts,
    /// Each timeline and its length without a movie. The last may be that of shots in no episode.
    pub timelines: Vec<Length>,
}

/// How long a timeline is without a movie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Length {
    /// The episode; none for a film, a series on one timeline, and shots in no episode.
    pub episode_id: Option<EpisodeId>,
    /// In frames of the project: the end of the last shot, or of the edit.
    pub frames: i64,
}

/// How many shots have their place on the timeline from where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct PlaceCounts {
    /// From an edit laid over.
    pub edit: usize,
    /// From the tracker's ranges, or from the site that was read.
    pub tracker: usize,
    /// From being laid end to end.
    pub end_to_end: usize,
    /// None: they are in the grid alone, or left out.
    pub none: usize,
}

impl Placement {
    /// The length of a timeline without a movie, in frames; 0 where there is none.
    pub fn length(&self, episode_id: Option<&EpisodeId>) -> i64 {
        let mut timelines = self.timelines.iter();
        let found = timelines.find(|it| it.episode_id.as_ref() == episode_id);
        found.map_or(0, |it| it.frames)
    }
}

/// Gives every shot its place, and sorts shots by it.
///
/// After this a shot that is on the timeline has `frame_in` and `frame_out`, and any other has neither. Notes
/// say what was decided. Ranges of [`cuts`](ProjectSnapshot::cuts) are taken over, and frame offsets of
/// edits follow where ranges are counted from elsewhere.
///
/// ```
/// use watchtower_model::place::{PlaceOptions, Timelines, Unplaced, place};
/// use watchtower_model::{Project, ProjectSnapshot, Sequence, Shot, ShotData};
///
/// let mut film = ProjectSnapshot::new(Project::new("Sprite Fright"));
/// let intro = Sequence::new("Intro");
/// for (name, data) in [("0010", ShotData::of_length(48)), ("0020", ShotData::of_length(72))] {
///     film.shots.push(Shot::new(name, &intro.id, data));
/// }
/// film.sequences.push(intro);
/// let options = PlaceOptions {
///     timelines: Timelines::One,
///     unplaced: Unplaced::Show,
///     from_site: false,
/// };
/// let placement = place(&mut film, options);
/// assert_eq!(film.shots[1].data.range(), Some((48, 120)));
/// assert_eq!(placement.counts.end_to_end, 2);
/// ```
pub fn place(snapshot: &mut ProjectSnapshot, options: PlaceOptions) -> Placement {
    let mut wall = Wall::of(snapshot);
    if options.from_site {
        wall.keep_places();
    } else {
        wall.find_places(options.timelines);
    }
    if options.timelines == Timelines::One {
        wall.join_episodes();
    }
    let Wall {
        lanes,
        places,
        origins,
        notes,
        moved,
        ..
    } = wall;
    let timelines = lanes.iter().map(|lane| Length {
        episode_id: lane.episode_id.clone(),
        frames: lane.end,
    });
    let mut placement = Placement {
        counts: PlaceCounts::default(),
        timelines: timelines.collect(),
    };
    // Shots of one timeline stand together, in the order of the timelines.
    let mut lane_of = vec![usize::MAX; places.len()];
    for (at, lane) in lanes.iter().enumerate() {
        lane.shots.iter().for_each(|&shot| lane_of[shot] = at);
    }
    for (edit, offset) in moved {
        snapshot.edits[edit].frame_offset = offset;
    }
    let cut_by = names_of_cuts(&snapshot.cuts);
    let counts = &mut placement.counts;
    let mut placed = Vec::with_capacity(places.len());
    let shots = std::mem::take(&mut snapshot.shots).into_iter();
    for (at, ((mut shot, place), origin)) in shots.zip(places).zip(origins).enumerate() {
        match (place, origin) {
            (None, _) => counts.none += 1,
            (Some(_), Origin::Edit) => {
                counts.edit += 1;
                // An edit counts at the rate of the project.
                shot.fps = snapshot.project.fps;
            }
            (Some(_), Origin::Tracker) => counts.tracker += 1,
            (Some(_), Origin::EndToEnd) => counts.end_to_end += 1,
        }
        if place.is_none() && !options.from_site {
            shot.data.nb_frames = shot.data.length();
        }
        (shot.data.frame_in, shot.data.frame_out) = place.unzip();
        placed.push((lane_of[at], shot));
    }
    if !options.from_site || options.timelines == Timelines::One && snapshot.episodes.len() > 1 {
        // Stable: what starts together, or nowhere, stays in the order of the story.
        placed
            .sort_by_key(|(lane, shot)| (*lane, shot.data.frame_in.is_none(), shot.data.frame_in));
    }
    let mut shots: Vec<Shot> = placed.into_iter().map(|(_, shot)| shot).collect();
    if options.unplaced == Unplaced::LeaveOut && !options.from_site {
        let left = shots.extract_if(.., |it| it.data.frame_in.is_none());
        for shot in left.collect::<Vec<_>>() {
            leave_out(snapshot, shot, &cut_by);
        }
    }
    snapshot.shots = shots;
    snapshot.notes.extend(notes);
    if !options.from_site {
        sort_the_rest(snapshot);
        if counts.none > 0 && options.unplaced == Unplaced::Show {
            let note = format!(
                "{} no place on the timeline: the grid shows {}, the timeline does not",
                count(counts.none, "shot has", "shots have"),
                if counts.none == 1 { "it" } else { "them" },
            );
            snapshot.notes.push(note);
        }
    }
    placement
}

/// Where a shot without a place goes: behind the end of its timeline, each a frame after the one before it,
/// because the clients sort the grid by start. By the place in [`shots`](ProjectSnapshot::shots); nothing
/// for a shot that is on the timeline.
///
/// `length` tells the length in frames of the timeline of an episode, or of the film.
pub fn behind_the_end(
    snapshot: &ProjectSnapshot,
    timelines: Timelines,
    length: impl Fn(Option<&EpisodeId>) -> u64,
) -> HashMap<ShotId, i64> {
    let episodes = episodes_of_sequences(snapshot);
    let mut next: HashMap<Option<&EpisodeId>, i64> = HashMap::new();
    let mut starts = HashMap::new();
    for shot in &snapshot.shots {
        if shot.data.frame_in.is_some() {
            continue;
        }
        let episode = match timelines {
            Timelines::One => None,
            Timelines::OfEpisodes => episodes.get(&shot.sequence_id).copied(),
        };
        let next = next.entry(episode).or_insert_with(|| {
            let end = i64::try_from(length(episode)).unwrap_or(i64::MAX);
            end.saturating_add(1)
        });
        starts.insert(shot.id.clone(), *next);
        *next = next.saturating_add(1);
    }
    starts
}

/// The frame of the project at which a shot that starts at `start` has ended. It may count at a rate of its
/// own.
pub fn end_on_timeline(start: i64, frames: i64, fps: FrameRate, project: FrameRate) -> i64 {
    start.saturating_add(frames_of_project(frames, fps, project))
}

/// How many frames of the project as many frames at another rate take up.
#[allow(clippy::cast_possible_truncation)] // A cast of a number that is too large gives the largest.
fn frames_of_project(frames: i64, fps: FrameRate, project: FrameRate) -> i64 {
    if fps == project {
        return frames;
    }
    // What is a whole number of frames may be a little more in floating point.
    let exact = fps.seconds(frames) * project.as_f64();
    (exact - 1e-6).ceil() as i64
}

/// The episode of each sequence that is in one.
fn episodes_of_sequences(snapshot: &ProjectSnapshot) -> HashMap<&SequenceId, &EpisodeId> {
    let known: HashSet<_> = snapshot.episodes.iter().map(|it| &it.id).collect();
    let sequences = snapshot.sequences.iter();
    sequences
        .filter_map(|it| {
            Some((
                &it.id,
                it.episode_id.as_ref().filter(|id| known.contains(id))?,
            ))
        })
        .collect()
}

/// From where a place comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Edit,
    Tracker,
    EndToEnd,
}

/// First frame, and the frame at which it has ended, at the rate of the shot.
type Range = (i64, i64);

/// What is on one timeline: a film, an episode, or the shots in no episode.
#[derive(Debug, Default)]
struct Lane {
    episode_id: Option<EpisodeId>,
    /// What stands before its notes.
    label: String,
    /// Its shots, by their places in the snapshot, in the order of the story.
    shots: Vec<usize>,
    /// The frame at which it ends.
    end: i64,
}

/// All that is being placed.
struct Wall<'a> {
    snapshot: &'a ProjectSnapshot,
    lanes: Vec<Lane>,
    places: Vec<Option<Range>>,
    origins: Vec<Origin>,
    notes: Vec<String>,
    /// New frame offsets of edits.
    moved: Vec<(usize, i64)>,
}

impl<'a> Wall<'a> {
    fn of(snapshot: &'a ProjectSnapshot) -> Self {
        let shots = snapshot.shots.len();
        let mut lanes: Vec<_> = snapshot
            .episodes
            .iter()
            .map(|it| Lane {
                episode_id: Some(it.id.clone()),
                label: format!("{}: ", it.name),
                ..Lane::default()
            })
            .collect();
        let is_series = !lanes.is_empty();
        let by_id: HashMap<_, _> = snapshot.episodes.iter().map(|it| &it.id).zip(0..).collect();
        let episodes = episodes_of_sequences(snapshot);
        // Those in no episode come last.
        let homeless = lanes.len();
        lanes.push(Lane::default());
        for (at, shot) in snapshot.shots.iter().enumerate() {
            let episode = episodes.get(&shot.sequence_id);
            let lane = episode.and_then(|id| by_id.get(id).copied());
            lanes[lane.unwrap_or(homeless)].shots.push(at);
        }
        if is_series && lanes[homeless].shots.is_empty() {
            lanes.pop();
        } else if is_series {
            lanes[homeless].label = "shots in no episode: ".to_owned();
        }
        Self {
            snapshot,
            lanes,
            places: vec![None; shots],
            origins: vec![Origin::Tracker; shots],
            notes: Vec::new(),
            moved: Vec::new(),
        }
    }

    fn project_fps(&self) -> FrameRate {
        self.snapshot.project.fps
    }

    /// The frame of the project at which a placed shot has ended.
    fn end_of(&self, shot: usize) -> Option<i64> {
        let (start, end) = self.places[shot]?;
        // An edit counts at the rate of the project.
        let fps = match self.origins[shot] {
            Origin::Edit => self.project_fps(),
            _ => self.snapshot.shots[shot].fps,
        };
        Some(end_on_timeline(
            start,
            end.saturating_sub(start),
            fps,
            self.project_fps(),
        ))
    }

    fn last_end(&self, shots: &[usize]) -> i64 {
        let ends = shots.iter().filter_map(|&shot| self.end_of(shot));
        ends.max().unwrap_or(0).max(0)
    }

    /// Takes the places over that a site gave to shots.
    fn keep_places(&mut self) {
        for (place, shot) in self.places.iter_mut().zip(&self.snapshot.shots) {
            *place = shot.data.frame_in.zip(shot.data.frame_out);
        }
        for at in 0..self.lanes.len() {
            let lane = &self.lanes[at];
            let mut cuts = self.snapshot.cuts.iter();
            // What the site says of a timeline without a movie.
            let length = cuts.find(|it| it.episode_id == lane.episode_id);
            self.lanes[at].end = match length {
                Some(_) if lane.shots.is_empty() => 0,
                Some(length) => length.frames,
                None => self.last_end(&lane.shots),
            };
        }
    }

    fn find_places(&mut self, timelines: Timelines) {
        let whole = self.snapshot.cuts.iter().find(|it| it.episode_id.is_none());
        // The tracker's own is of what is in no episode.
        let of_all = whole.filter(|it| !it.is_followed);
        let own: Vec<Option<&Cut>> = self
            .lanes
            .iter()
            .map(|lane| {
                let mut cuts = self.snapshot.cuts.iter();
                cuts.find(|it| it.episode_id.is_some() && it.episode_id == lane.episode_id)
            })
            .collect();
        let is_one_count = self.counts_through_episodes();
        let is_one_cut = of_all.is_some() && own.iter().all(Option::is_none);
        if timelines == Timelines::One && (is_one_count || is_one_cut) {
            // What counts through the whole series is its one timeline.
            let shots = (0..self.snapshot.shots.len()).collect();
            self.lanes = vec![Lane {
                shots,
                ..Lane::default()
            }];
        } else if is_one_count {
            self.notes.push(
                "the frame ranges count through all episodes: those of each episode count from its first shot"
                    .to_owned(),
            );
        }
        for at in 0..self.lanes.len() {
            let lane = std::mem::take(&mut self.lanes[at]);
            let whole = if lane.episode_id.is_none() {
                whole
            } else {
                of_all
            };
            let cut = own.get(at).copied().flatten().or(whole);
            let lane = self.lay(
                lane,
                cut,
                is_one_count && timelines == Timelines::OfEpisodes,
            );
            self.lanes[at] = lane;
        }
    }

    /// Whether ranges count through all episodes: no shot of one lies over a shot of another.
    fn counts_through_episodes(&mut self) -> bool {
        if self.lanes.len() < 2
            || !self.snapshot.cuts.is_empty()
            || self.snapshot.range_scope == RangeScope::Sequence
        {
            return false;
        }
        let mut lane_of = HashMap::new();
        let mut with_ranges = 0;
        for at in 0..self.lanes.len() {
            let shots = self.lanes[at].shots.iter().copied();
            let known: Vec<_> = shots.filter(|&it| self.range(it).is_some()).collect();
            with_ranges += usize::from(!known.is_empty());
            lane_of.extend(known.into_iter().map(|it| (it, at)));
        }
        let mut all: Vec<_> = lane_of.keys().copied().collect();
        all.sort_unstable();
        all.iter().for_each(|&at| self.places[at] = self.range(at));
        with_ranges > 1
            && self
                .overlapping(&all, |a, b| lane_of[&a] != lane_of[&b])
                .is_empty()
    }

    /// The range that the tracker gives a shot. One frame beside another length is a default that nobody set,
    /// as AYON's `clipIn` and `clipOut` of 1.
    fn range(&self, shot: usize) -> Option<Range> {
        let data = &self.snapshot.shots[shot].data;
        let (start, end) = data.range()?;
        let is_default = end.saturating_sub(start) == 1 && data.nb_frames.is_some_and(|it| it > 1);
        (!is_default).then_some((start, end))
    }

    fn length(&self, shot: usize) -> Option<i64> {
        let data = &self.snapshot.shots[shot].data;
        match self.range(shot) {
            Some((start, end)) => Some(end.saturating_sub(start)),
            None => data.nb_frames.filter(|&it| it > 0).or(data.length()),
        }
    }

    /// Gives the shots of a timeline their places.
    fn lay(&mut self, mut lane: Lane, cut: Option<&Cut>, from_first: bool) -> Lane {
        match cut {
            Some(cut) => {
                self.lay_cut(&mut lane, cut);
                if cut.is_followed {
                    self.lay_end_to_end(&lane);
                }
            }
            None => self.lay_ranges(&mut lane, from_first),
        }
        lane.end = lane.end.max(self.last_end(&lane.shots));
        lane
    }

    fn lay_cut(&mut self, lane: &mut Lane, cut: &Cut) {
        let ranges: HashMap<_, _> = cut.ranges.iter().map(|it| (&it.shot_id, it)).collect();
        for &at in &lane.shots {
            if let Some(range) = ranges.get(&self.snapshot.shots[at].id) {
                self.places[at] = Some((range.frame_in, range.frame_out));
                self.origins[at] = Origin::Edit;
            }
        }
        if cut.episode_id == lane.episode_id {
            lane.end = cut.frames;
        } else {
            // The edit of a whole series, and the timeline of an episode.
            let first = self.first(&lane.shots).unwrap_or(0);
            self.shift(&lane.shots, first);
        }
    }

    fn lay_ranges(&mut self, lane: &mut Lane, from_first: bool) {
        let ranges: Vec<_> = lane.shots.iter().map(|&at| self.range(at)).collect();
        let known = ranges.iter().flatten().count();
        for (&at, range) in lane.shots.iter().zip(ranges) {
            self.places[at] = range;
        }
        let label = lane.label.clone();
        let groups = self.groups(&lane.shots);
        if self.snapshot.range_scope == RangeScope::Sequence && known > 0 {
            self.follow(&groups, true);
            self.notes.push(format!(
                "{label}the frame ranges count from the start of each sequence: sequences follow each other in the \
                 order of the story"
            ));
        } else if self.restarts(&groups) {
            self.follow(&groups, false);
            self.notes.push(format!(
                "{label}the frame ranges of each sequence count from a start of its own: sequences follow each \
                 other in the order of the story"
            ));
        } else if self.is_crowded(&lane.shots) {
            lane.shots.iter().for_each(|&at| self.places[at] = None);
            self.notes.push(format!(
                "{label}most frame ranges start alike or lie on top of each other, as those of plates do: they \
                 count as lengths"
            ));
        } else {
            self.count_from_start(lane, known, from_first);
        }
        self.tell_overlaps(lane);
        self.lay_end_to_end(lane);
    }

    /// Shots with a length follow the last that has a place; where nobody knows anything, each has a second.
    fn lay_end_to_end(&mut self, lane: &Lane) {
        let label = &lane.label;
        let placed = lane
            .shots
            .iter()
            .filter(|&&at| self.places[at].is_some())
            .count();
        let missing: Vec<_> = lane
            .shots
            .iter()
            .copied()
            .filter(|&at| self.places[at].is_none())
            .collect();
        let lengths: Vec<_> = missing.iter().map(|&at| self.length(at)).collect();
        let following = lengths.iter().flatten().count();
        let knows_nothing = placed == 0 && following == 0 && !missing.is_empty();
        let mut frame = self.last_end(&lane.shots).max(lane.end);
        for (at, length) in missing.into_iter().zip(lengths) {
            let fps = self.snapshot.shots[at].fps;
            #[expect(clippy::cast_possible_truncation, reason = "frame rates are small")]
            let second = fps.as_f64().round().max(1.0) as i64;
            let Some(length) = length.or(knows_nothing.then_some(second)) else {
                continue;
            };
            self.places[at] = Some((frame, frame.saturating_add(length)));
            self.origins[at] = Origin::EndToEnd;
            frame = end_on_timeline(frame, length, fps, self.project_fps());
        }
        if knows_nothing {
            self.notes.push(format!(
                "{label}no shot has a frame range or a length: the shots are laid end to end, a second each"
            ));
        } else if placed > 0 && following > 0 {
            self.notes.push(format!(
                "{label}{} a length and no frame range: {} the last shot that has one, in the order of the story",
                count(following, "shot has", "shots have"),
                if following == 1 { "it follows" } else { "they follow" },
            ));
        } else if following > 0 {
            self.notes.push(format!(
                "{label}the shots are laid end to end by their lengths, in the order of the story"
            ));
        }
    }

    /// Counts ranges from the start of the timeline where they count from elsewhere.
    fn count_from_start(&mut self, lane: &Lane, known: usize, from_first: bool) {
        let Some(first) = self.first(&lane.shots) else {
            return;
        };
        let last = self.last_end(&lane.shots);
        let span = last.saturating_sub(first);
        let edits = self.snapshot.edits.iter().enumerate();
        let edits: Vec<(usize, &Edit)> = edits
            .filter(|(_, it)| self.snapshot.episodes.is_empty() || it.episode_id == lane.episode_id)
            .collect();
        let movie = edits.iter().map(|(_, it)| it).find(|it| it.movie.is_some());
        // A movie that starts before frame 0, as with a slate, leaves ranges that start there as they are.
        let start_of_movie = movie
            .map(|it| it.frame_offset)
            .filter(|&it| it <= first && (it > 0 || first < 0 && it < 0));
        let is_far = first > span
            && !movie.is_some_and(|it| match it.total_frames {
                Some(frames) => last <= i64::try_from(frames).unwrap_or(i64::MAX),
                // Some shots from the middle of a film have the place of their movie.
                None => known < lane.shots.len() && self.project_fps().seconds(first) < 3600.0,
            });
        let base = match start_of_movie {
            Some(start) => start,
            None if first < 0 || is_far || from_first => first,
            None => return,
        };
        if base == 0 {
            return;
        }
        self.shift(&lane.shots, base);
        for (at, edit) in edits {
            let offset = edit.frame_offset.saturating_sub(base);
            // One that stood at 0 for want of a better number does not go with the shots.
            let offset = if offset.abs() > span { 0 } else { offset };
            if edit.movie.is_some() && offset != edit.frame_offset {
                self.moved.push((at, offset));
            }
        }
        if !from_first {
            self.notes.push(format!(
                "{}the frame ranges start at frame {first}: they are counted from {}",
                lane.label,
                match start_of_movie {
                    Some(start) => format!("the start of the movie, frame {start}"),
                    None => "there".to_owned(),
                }
            ));
        }
    }

    /// The first frame of the placed shots.
    fn first(&self, shots: &[usize]) -> Option<i64> {
        shots
            .iter()
            .filter_map(|&at| Some(self.places[at]?.0))
            .min()
    }

    /// Counts the placed shots from another frame.
    fn shift(&mut self, shots: &[usize], base: i64) {
        for &at in shots {
            if let Some((start, end)) = &mut self.places[at] {
                *start = start.saturating_sub(base);
                *end = end.saturating_sub(base);
            }
        }
    }

    /// The shots of each sequence, in the order of the story.
    fn groups(&self, shots: &[usize]) -> Vec<Vec<usize>> {
        let mut places = HashMap::new();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for &at in shots {
            let next = groups.len();
            let group = *places
                .entry(&self.snapshot.shots[at].sequence_id)
                .or_insert(next);
            if group == next {
                groups.push(Vec::new());
            }
            groups[group].push(at);
        }
        groups
    }

    /// Lets sequences follow each other, each moved as a whole. With `lengths`, shots that have no range follow
    /// those of their sequence that have one.
    fn follow(&mut self, groups: &[Vec<usize>], lengths: bool) {
        let mut frame = 0;
        for group in groups {
            let first = self.first(group);
            if let Some(first) = first {
                let last = self.last_end(group);
                // The first shot may come after some frames of black, but not after more than there are shots.
                let is_near = lengths && (0..=last.saturating_sub(first)).contains(&first);
                let base = if is_near { 0 } else { first };
                self.shift(group, base.saturating_sub(frame));
                frame = frame.max(self.last_end(group));
            }
            if !lengths {
                continue;
            }
            for &at in group {
                if let (None, Some(length)) = (self.places[at], self.length(at)) {
                    let fps = self.snapshot.shots[at].fps;
                    self.places[at] = Some((frame, frame.saturating_add(length)));
                    self.origins[at] = Origin::EndToEnd;
                    frame = end_on_timeline(frame, length, fps, self.project_fps());
                }
            }
        }
    }

    /// Whether sequences that are each in order lie over one another.
    fn restarts(&self, groups: &[Vec<usize>]) -> bool {
        let of_ranges = |group: &Vec<usize>| -> Vec<usize> {
            let placed = group.iter().copied();
            placed.filter(|&at| self.places[at].is_some()).collect()
        };
        let groups: Vec<_> = groups
            .iter()
            .map(of_ranges)
            .filter(|it| !it.is_empty())
            .collect();
        if groups.len() < 2 || groups.iter().any(|it| self.is_crowded(it)) {
            return false;
        }
        let mut group_of = HashMap::new();
        for (number, group) in groups.iter().enumerate() {
            group.iter().for_each(|&at| _ = group_of.insert(at, number));
        }
        let all: Vec<_> = groups.concat();
        let over = self.overlapping(&all, |a, b| group_of[&a] != group_of[&b]);
        let lies_over = |group: &&Vec<usize>| {
            2 * group.iter().filter(|at| over.contains(at)).count() > group.len()
        };
        let lying: Vec<_> = groups.iter().filter(lies_over).collect();
        // A sequence of one shot that overlaps another is a mistake, and no habit.
        lying.iter().any(|it| it.len() > 1) || 2 * lying.len() > groups.len()
    }

    /// Whether more than half of the ranges start alike, or overlap another by more than half.
    fn is_crowded(&self, shots: &[usize]) -> bool {
        let placed: Vec<_> = shots
            .iter()
            .copied()
            .filter(|&at| self.places[at].is_some())
            .collect();
        let mut starts: HashMap<i64, usize> = HashMap::new();
        for (start, _) in placed.iter().filter_map(|&at| self.places[at]) {
            *starts.entry(start).or_default() += 1;
        }
        let alike = starts.into_values().max().unwrap_or(0);
        alike > 1 && 2 * alike > placed.len()
            || 2 * self.overlapping(&placed, |_, _| true).len() > placed.len()
    }

    /// The shots that overlap another by more than half of the shorter one, of pairs that count.
    fn overlapping(
        &self,
        shots: &[usize],
        counts: impl Fn(usize, usize) -> bool,
    ) -> HashSet<usize> {
        let ended = |at: usize| self.end_of(at).unwrap_or(0);
        let placed = shots
            .iter()
            .filter_map(|&at| Some((self.places[at]?.0, ended(at), at)));
        let mut placed: Vec<_> = placed.collect();
        placed.sort_unstable();
        let mut over = HashSet::new();
        let mut open: Vec<(i64, i64, usize)> = Vec::new();
        for (start, end, at) in placed {
            open.retain(|before| before.1 > start);
            for &(first, ending, before) in &open {
                let shared = i128::from(end.min(ending)) - i128::from(start);
                let shorter = (i128::from(end) - i128::from(start))
                    .min(i128::from(ending) - i128::from(first));
                if 2 * shared > shorter
                    && counts(before, at)
                    && !(over.contains(&before) && over.contains(&at))
                {
                    over.extend([before, at]);
                }
            }
            open.push((start, end, at));
        }
        over
    }

    /// Names the shots that lie over others by what the tracker says.
    fn tell_overlaps(&mut self, lane: &Lane) {
        const SHOWN: usize = 5;
        let mut placed: Vec<_> = lane
            .shots
            .iter()
            .copied()
            .filter_map(|at| Some((self.places[at]?.0, at)))
            .collect();
        placed.sort_unstable();
        let mut over = Vec::new();
        let mut last: Option<i64> = None;
        for (start, at) in placed {
            if last.is_some_and(|end| start < end) {
                over.push(&*self.snapshot.shots[at].name);
            }
            last = last.max(self.end_of(at));
        }
        if !over.is_empty() {
            let more = over.len().saturating_sub(SHOWN);
            let note = format!(
                "{}{} before the one in front has ended: {}{}",
                lane.label,
                count(over.len(), "shot starts", "shots start"),
                over[..over.len() - more].join(", "),
                if more > 0 {
                    format!(" and {more} more")
                } else {
                    String::new()
                },
            );
            self.notes.push(note);
        }
    }

    /// Puts the episodes on one timeline, one after the other, each moved as a whole.
    fn join_episodes(&mut self) {
        if self.lanes.len() < 2 {
            if let Some(lane) = self.lanes.first_mut() {
                lane.episode_id = None;
            }
            return;
        }
        let mut joined = Lane::default();
        for lane in std::mem::take(&mut self.lanes) {
            // What is off the end of its own timeline does not lie over the next episode.
            let end = self.last_end(&lane.shots);
            self.shift(&lane.shots, joined.end.saturating_neg());
            joined.end = joined.end.saturating_add(lane.end.max(end));
            joined.shots.extend(lane.shots);
        }
        self.lanes = vec![joined];
    }
}

/// The names of edits, for the reason why something is left out.
fn names_of_cuts(cuts: &[Cut]) -> String {
    let names: Vec<_> = cuts.iter().map(|it| &*it.name).collect();
    names.join(" and ")
}

fn leave_out(snapshot: &mut ProjectSnapshot, shot: Shot, cut_by: &str) {
    let sequence = snapshot
        .sequences
        .iter()
        .find(|it| it.id == shot.sequence_id);
    let sequence = sequence.map_or("no sequence", |it| &*it.name);
    let name = format!("{sequence} / {}", shot.name);
    snapshot.casting.retain(|it| it.shot_id != shot.id);
    snapshot.left_out.push(LeftOut {
        kind: EntityKind::Shot,
        name,
        id: shot.id.into(),
        reason: match cut_by {
            "" => Reason::NoFrameRange,
            cut => Reason::NotInEdit(cut.to_owned()),
        },
    });
}

/// Sorts the casting by shots, and sequences by their first shot where an edit says the order.
fn sort_the_rest(snapshot: &mut ProjectSnapshot) {
    let order: HashMap<_, usize> = snapshot.shots.iter().map(|it| &it.id).zip(0..).collect();
    snapshot
        .casting
        .sort_by_key(|it| order.get(&it.shot_id).copied().unwrap_or(usize::MAX));
    if !snapshot.cuts.is_empty() {
        let mut first = HashMap::new();
        let placed = snapshot
            .shots
            .iter()
            .filter(|it| it.data.frame_in.is_some());
        for (at, shot) in placed.enumerate() {
            first.entry(&shot.sequence_id).or_insert(at);
        }
        snapshot
            .sequences
            .sort_by_key(|it| first.get(&it.id).copied().unwrap_or(usize::MAX));
    }
}
