//! What is judged beyond the schema: references, doubles, and frames that contradict each other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use watchtower_model::format::{Document, Format};
use watchtower_model::{FrameRate, ProjectId};

use super::Code;
use super::ids::{Id, IdSet, Kind};
use super::media::Media;
use super::role::{self, Role};
use super::shape::{Datum, Fact, Facts};
use crate::layout::{MOST_ON_A_TIMELINE, MOST_PICTURES};
use crate::media::movie::shown_rate;

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
    /// The task types that assets have no tasks of.
    for_shots: Arc<IdSet>,
    /// How many shots are on each timeline, by the place of its episode.
    shots_on: Arc<BTreeMap<Option<usize>, usize>>,
    assets: usize,
    team: usize,
    fps: Option<f64>,
    /// The edits, where all could be read.
    edits: Option<Arc<Edits>>,
    /// The episodes of each project in the list of projects.
    listed_episodes: Arc<BTreeMap<Id, Listed>>,
    /// The episodes of a series, in their order.
    episodes: Arc<Vec<Id>>,
    /// The episode that each sequence belongs to, by its place in `episodes`.
    episode_of: Arc<BTreeMap<Id, usize>>,
    /// What the project lists nothing of.
    none_listed: [bool; Kind::COUNT],
    /// What is in use all the same.
    none_listed_in_use: [bool; Kind::COUNT],
    /// The ids of the listed projects.
    pub(super) projects: Option<Arc<Vec<String>>>,
    /// The sequences in their order.
    sequences: Arc<Vec<Id>>,
    sequences_with_shots: Arc<IdSet>,
}

/// What edits say of timelines: their lengths, as far as they could be read.
#[derive(Debug, Default)]
struct Edits {
    /// That of the first edit, if there is one.
    first: Option<Option<f64>>,
    /// That of the first edit of each episode.
    of_episodes: BTreeMap<Id, Option<f64>>,
}

/// The episodes of a project in the list of projects.
#[derive(Debug)]
struct Listed {
    /// The project's place in the list.
    project: usize,
    episodes: Vec<Id>,
}

/// A shot's timeline.
#[derive(Clone, Copy, Debug)]
struct Timeline {
    /// The episode, by its place in the project; `None` in a film.
    episode: Option<usize>,
    total_frames: Option<f64>,
}

/// Something that shows once all documents of a project are known.
pub(super) struct Conclusion {
    /// The document it is about, by name.
    pub(super) document: &'static str,
    pub(super) code: Code,
    pub(super) pointer: String,
    pub(super) message: String,
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
        if !other.for_shots.is_empty() {
            self.for_shots = other.for_shots;
        }
        if !other.shots_on.is_empty() {
            self.shots_on = other.shots_on;
        }
        self.assets += other.assets;
        self.team += other.team;
        replace(&mut self.fps, other.fps);
        replace(&mut self.edits, other.edits);
        if !other.listed_episodes.is_empty() {
            self.listed_episodes = other.listed_episodes;
        }
        if !other.episodes.is_empty() {
            self.episodes = other.episodes;
            self.episode_of = other.episode_of;
        }
        for (mine, new) in self.none_listed.iter_mut().zip(other.none_listed) {
            *mine |= new;
        }
        let in_use = self.none_listed_in_use.iter_mut();
        for (mine, new) in in_use.zip(other.none_listed_in_use) {
            *mine |= new;
        }
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
        self.has_all(Kind::Project)
    }

    /// What shows once all documents of a project are known.
    pub(super) fn conclusions(
        &self,
        project: &str,
        format: Format,
    ) -> impl Iterator<Item = Conclusion> {
        let colors = self.sequences_without_color(format);
        let episodes = self.sequences_without_episode();
        let edits = self.episodes_without_edit();
        let lists = self.empty_lists(format);
        let listed = self.episodes_listed_otherwise(project);
        let all = colors.chain(episodes).chain(edits).chain(lists);
        let all = all.chain(self.too_many_pictures());
        all.chain(listed)
    }

    /// The sequences that have shots, with their places in the list.
    fn sequences_with_shots(&self) -> impl Iterator<Item = (usize, Id)> {
        let sequences = self.sequences.iter().copied().enumerate();
        sequences.filter(|(_, id)| self.sequences_with_shots.contains(*id))
    }

    /// The client has so many colours, and throws when it draws a sequence beyond.
    fn sequences_without_color(&self, format: Format) -> impl Iterator<Item = Conclusion> {
        let colors = role::sequence_colors(format).unwrap_or(usize::MAX);
        let beyond = self.sequences_with_shots().filter(move |it| it.0 >= colors);
        beyond.map(move |(index, _)| Conclusion {
            document: "sequences",
            code: Code::TooManySequences,
            pointer: format!("/{index}"),
            message: format!(
                "the client has colours for {colors} sequences; this is number {} in the list, and has shots",
                index + 1
            ),
        })
    }

    /// The client draws pictures of so many things on a page, and of none where there are more.
    fn too_many_pictures(&self) -> impl Iterator<Item = Conclusion> {
        let shots = self.shots_on.values().copied().max().unwrap_or_default();
        let all = [
            ("shots", "", shots, "shots are on one timeline"),
            ("assets", "", self.assets, "assets are on one page"),
            ("project", "/team", self.team, "people are in the team"),
        ];
        let many = all.into_iter().filter(|it| it.2 > MOST_PICTURES);
        let many = many.map(|(document, pointer, number, are)| Conclusion {
            document,
            code: Code::TooManyPictures,
            pointer: pointer.to_owned(),
            message: format!("{number} {are}, and the client draws pictures of {MOST_PICTURES}"),
        });
        let is_crowded = shots > MOST_ON_A_TIMELINE && shots <= MOST_PICTURES;
        let crowded = is_crowded.then(|| Conclusion {
            document: "shots",
            code: Code::TooManyPictures,
            pointer: String::new(),
            message: format!(
                "{shots} shots are on one timeline, and the client may leave out some of the bars of shots and \
                 tasks from about {MOST_ON_A_TIMELINE} on"
            ),
        });
        many.chain(crowded)
    }

    /// In a series, the client shows the shots of an episode's sequences.
    fn sequences_without_episode(&self) -> impl Iterator<Item = Conclusion> {
        let is_series = !self.episodes.is_empty() && self.has_all(Kind::Episode);
        let lost = self.sequences_with_shots();
        let lost = lost.filter(move |(_, id)| is_series && !self.episode_of.contains_key(id));
        lost.map(|(index, _)| Conclusion {
            document: "sequences",
            code: Code::SequenceWithoutEpisode,
            pointer: format!("/{index}"),
            message: "the sequence has shots, and no episode lists it".to_owned(),
        })
    }

    /// In a series, each episode has its own timeline.
    fn episodes_without_edit(&self) -> impl Iterator<Item = Conclusion> {
        // That there is no edit at all was said before.
        let edits = self.edits.as_deref().filter(|it| it.first.is_some());
        let episodes = edits.map(|edits| {
            let episodes = self.episodes.iter().enumerate();
            episodes.filter(|(_, id)| !edits.of_episodes.contains_key(id))
        });
        let without = episodes.into_iter().flatten();
        without.map(|(index, _)| Conclusion {
            document: "project",
            code: Code::NoEdit,
            pointer: format!("/episodes/{index}"),
            message: "the episode has no edit".to_owned(),
        })
    }

    /// The client takes the menu of episodes from the list of projects, and their sequences from the
    /// project.
    fn episodes_listed_otherwise(&self, project: &str) -> impl Iterator<Item = Conclusion> {
        let listed = self.listed_episodes.get(&Id::new(project));
        let listed = listed.filter(|_| self.has_all(Kind::Episode));
        let in_project = self.ids[Kind::Episode as usize].as_deref();
        let unknown = listed.into_iter().flat_map(move |listed| {
            let episodes = listed.episodes.iter().enumerate();
            let unknown =
                episodes.filter(move |(_, id)| in_project.is_some_and(|it| !it.contains(**id)));
            unknown.map(|(index, _)| Conclusion {
                document: "index",
                code: Code::UnknownEpisode,
                pointer: format!("/projects/{}/episodes/{index}", listed.project),
                message: "the project does not have the episode".to_owned(),
            })
        });
        let unlisted = listed.into_iter().flat_map(|listed| {
            let ids: BTreeSet<Id> = listed.episodes.iter().copied().collect();
            let episodes = self.episodes.iter().enumerate();
            let unlisted = episodes.filter(move |(_, id)| !ids.contains(id));
            unlisted.map(|(index, _)| Conclusion {
                document: "project",
                code: Code::UnlistedEpisode,
                pointer: format!("/episodes/{index}"),
                message: "the list of projects does not have the episode".to_owned(),
            })
        });
        unknown.chain(unlisted)
    }

    /// The project lists nothing of a kind that it uses.
    fn empty_lists(&self, format: Format) -> impl Iterator<Item = Conclusion> {
        let roles = format.documents().flat_map(|document| {
            let roles = role::of(document);
            roles.map(move |(place, role)| (document, place, role))
        });
        roles.filter_map(|(document, place, role)| {
            let Role::ListOf(kind) = role else {
                return None;
            };
            self.none_listed_in_use[kind as usize].then(|| Conclusion {
                document: document.name,
                code: Code::EmptyList,
                pointer: format!("/{place}"),
                message: format!(
                    "the list is empty, and each {} in use is unknown",
                    kind.noun()
                ),
            })
        })
    }

    /// Whether all of a kind are known.
    fn has_all(&self, kind: Kind) -> bool {
        let set = self.ids[kind as usize].as_ref();
        set.is_some_and(|set| !set.incomplete)
    }

    /// The timeline on which a sequence's shots lie, if they are shown on any.
    fn timeline(&self, sequence: Option<Id>) -> Option<Timeline> {
        let edits = self.edits.as_deref();
        if self.episodes.is_empty() {
            // Of a film's edits, the first counts.
            return Some(Timeline {
                episode: None,
                total_frames: edits.and_then(|it| it.first?),
            });
        }
        let episode = *self.episode_of.get(&sequence?)?;
        let id = self.episodes[episode];
        Some(Timeline {
            episode: Some(episode),
            total_frames: edits.and_then(|it| *it.of_episodes.get(&id)?),
        })
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
    /// Whether the document holds edits.
    gives_edits: bool,
    /// The folder of the project, by name.
    folder: Option<&'a str>,
    /// Whether ids are remembered.
    follow: bool,
    own: [Option<IdSet>; Kind::COUNT],
    in_use: [Option<IdSet>; Kind::COUNT],
    not_for_shots: IdSet,
    for_shots: IdSet,
    shots_on: BTreeMap<Option<usize>, usize>,
    /// Whether the document is the project's own.
    is_project: bool,
    learned: Known,
    projects: Option<Vec<String>>,
    sequences: Vec<Id>,
    sequences_with_shots: IdSet,
    last_sequence: Option<Id>,
    cast: IdSet,
    edits: Edits,
    listed_episodes: BTreeMap<Id, Listed>,
    /// How many projects the list has so far.
    listed_projects: usize,
    episodes: Vec<Id>,
    /// The sequences of the episode that is being read.
    episode_sequences: Vec<Id>,
    episode_of: BTreeMap<Id, usize>,
    /// Whether some entries could not be read.
    is_incomplete: bool,
    /// The shots on each timeline, by episode.
    spans: BTreeMap<Option<usize>, Vec<Span>>,
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
            gives_edits: role::holds_edits(document),
            folder,
            follow,
            own,
            in_use: [const { None }; Kind::COUNT],
            not_for_shots: IdSet::default(),
            for_shots: IdSet::default(),
            shots_on: BTreeMap::new(),
            is_project: document.name == "project",
            learned: Known::default(),
            projects,
            sequences: Vec::new(),
            sequences_with_shots: IdSet::default(),
            last_sequence: None,
            cast: IdSet::default(),
            edits: Edits::default(),
            listed_episodes: BTreeMap::new(),
            listed_projects: 0,
            episodes: Vec::new(),
            episode_sequences: Vec::new(),
            episode_of: BTreeMap::new(),
            is_incomplete: false,
            spans: BTreeMap::new(),
        }
    }

    /// Notes that some entries could not be read: ids may exist that are not known.
    pub(super) fn lose(&mut self) {
        self.is_incomplete = true;
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
        let mut said = Said::default();
        for (at, fact) in facts.list.iter().enumerate() {
            self.judge(entry, at, fact, &mut said, problems);
        }
    }

    fn define(&mut self, facts: &[Fact], problems: &mut Vec<Problem>) {
        let mut task_type = None;
        let mut for_shots = None;
        let mut episode = None;
        let mut project = None;
        let mut listed = Vec::new();
        for (at, fact) in facts.iter().enumerate() {
            let (kind, id) = match (fact.role, &fact.datum) {
                (Role::Defines(kind), Datum::Id(id)) => (kind, *id),
                (Role::ListedProject, Datum::Text(text)) => {
                    if let Some(projects) = &mut self.projects {
                        projects.push(text.to_string());
                    }
                    project = Some(Id::new(text));
                    (Kind::Project, Id::new(text))
                }
                (Role::ForShots, Datum::Flag(flag)) => {
                    for_shots = Some(*flag);
                    continue;
                }
                (Role::TaskTypeEnd, _) => {
                    match (task_type, for_shots) {
                        (Some(id), Some(false)) => self.not_for_shots.insert(id),
                        (Some(id), Some(true)) => self.for_shots.insert(id),
                        _ => false,
                    };
                    (task_type, for_shots) = (None, None);
                    continue;
                }
                (Role::ListedEpisode, Datum::Id(id)) => {
                    listed.push(*id);
                    continue;
                }
                (Role::ListedProjectEnd, _) => {
                    let episodes = std::mem::take(&mut listed);
                    if let Some(id) = project.take() {
                        self.listed_episodes.entry(id).or_insert(Listed {
                            project: self.listed_projects,
                            episodes,
                        });
                    }
                    self.listed_projects += 1;
                    continue;
                }
                (Role::EpisodeSequence, Datum::Id(id)) => {
                    self.episode_sequences.push(*id);
                    continue;
                }
                (Role::EpisodeEnd, _) => {
                    let sequences = std::mem::take(&mut self.episode_sequences);
                    if let Some(id) = episode.take() {
                        for sequence in sequences {
                            let episodes = self.episode_of.entry(sequence);
                            episodes.or_insert(self.episodes.len());
                        }
                        self.episodes.push(id);
                    }
                    continue;
                }
                _ => continue,
            };
            match kind {
                Kind::TaskType => task_type = Some(id),
                Kind::Episode => episode = Some(id),
                Kind::Sequence => self.sequences.push(id),
                Kind::Asset => self.learned.assets += 1,
                Kind::User if self.is_project => self.learned.team += 1,
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
        said: &mut Said,
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
                match kind {
                    Kind::Sequence => said.sequence = Some(*id),
                    Kind::Episode => said.episode = Some(*id),
                    _ => {}
                }
                self.refer(kind, *id, &mut problem);
            }
            (Role::EpisodeSequence, Datum::Id(id)) => {
                self.refer(Kind::Sequence, *id, &mut problem);
            }
            (Role::ListOf(kind), _) => self.learned.none_listed[kind as usize] = true,
            (Role::Lists(kind), Datum::Id(id)) => {
                if kind == Kind::User && self.is_project {
                    self.learned.team += 1;
                }
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
            (Role::AssetTaskType, Datum::Id(id)) => {
                self.refer(Kind::TaskType, *id, &mut problem);
                if self.known.for_shots.contains(*id) {
                    problem(
                        Code::TaskTypeForShots,
                        "the task type {} is for shots, and stands on an asset".to_owned(),
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
            (
                Role::Picture | Role::Avatar | Role::PlainPicture | Role::Movie,
                Datum::Text(path),
            ) => {
                if fact.role == Role::Movie {
                    said.movie = Some((at, path.clone()));
                }
                if let Some(media) = &mut self.media
                    && let Some(flaw) = media.check(fact.role, path)
                {
                    problem(flaw.code, flaw.message, flaw.expected);
                }
            }
            (Role::MovieType, Datum::Flag(is_empty)) => {
                said.movie_type = (!is_empty).then_some(at);
            }
            (Role::TimelineFps, Datum::Number(fps)) => self.learned.fps = Some(*fps),
            (Role::TotalFrames, Datum::Number(frames)) => {
                said.total_frames = Some((at, *frames));
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
            ) => said.set(fact.role, at, *number),
            (Role::OnTimeline, Datum::Flag(on_timeline)) => said.is_unplaced = !on_timeline,
            (Role::ShotEnd, _) => {
                if self.follow
                    && let Some(timeline) = self.known.timeline(said.sequence)
                {
                    *self.shots_on.entry(timeline.episode).or_default() += 1;
                }
                self.place(entry, at, said, problems);
            }
            (Role::EditEnd, _) => {
                if said.episode.is_none() && !self.known.episodes.is_empty() {
                    let message = "the edit belongs to no episode, and the project is a series";
                    problem(Code::EditWithoutEpisode, message.to_owned(), None);
                }
                self.edit(said, problems);
            }
            (Role::CountsEnd, _) if said.episode.is_none() && !self.known.episodes.is_empty() => {
                let message = "the counts belong to no episode, and the project is a series";
                problem(Code::CountsWithoutEpisode, message.to_owned(), None);
            }
            _ => {}
        }
    }

    /// Judges an edit as a whole.
    fn edit(&mut self, said: &Said, problems: &mut Vec<Problem>) {
        let total_frames = said.total_frames.map(|(_, frames)| frames);
        self.edits.first.get_or_insert(total_frames);
        if let Some(episode) = said.episode {
            let edits = self.edits.of_episodes.entry(episode);
            edits.or_insert(total_frames);
        }
        match said.movie.as_ref().map(|(at, path)| (*at, &**path)) {
            Some((_, "")) => problems.extend(said.movie_type.map(|at| Problem {
                code: Code::NoMovie,
                fact: at,
                message: "the edit has no movie, and one of type {}".to_owned(),
                expected: Some("`\"\"`".to_owned()),
            })),
            Some((movie_at, path)) => {
                let movie = self.media.as_ref().and_then(|it| it.describe(path));
                let Some(movie) = movie else {
                    return;
                };
                let fps = self.known.fps.and_then(|fps| FrameRate::new(fps).ok());
                let rates = fps.and_then(|fps| Some((fps, movie.other_rate(fps)?)));
                problems.extend(rates.map(|(fps, rate)| Problem {
                    code: Code::OtherFrameRate,
                    fact: movie_at,
                    message: format!(
                        "the movie {{}} has {} frames a second, and the project {fps}",
                        shown_rate(rate)
                    ),
                    expected: Some(format!("{fps} frames a second")),
                }));
                let total = said.total_frames.filter(|(_, total)| *total > 0.0);
                #[expect(clippy::cast_precision_loss, reason = "no movie has that many frames")]
                let differing = total.filter(|(_, total)| movie.frames as f64 != *total);
                problems.extend(differing.map(|(at, _)| Problem {
                    code: Code::FramesContradictMovie,
                    fact: at,
                    message: format!(
                        "`totalFrames` is {{}}, and the movie has {} frames",
                        movie.frames
                    ),
                    expected: Some(movie.frames.to_string()),
                }));
            }
            None => {}
        }
    }

    /// Judges a reference.
    fn refer(
        &mut self,
        kind: Kind,
        id: Id,
        problem: &mut impl FnMut(Code, String, Option<String>),
    ) {
        let own = self.own[kind as usize].as_ref();
        let Some(set) = own.or(self.known.ids[kind as usize].as_deref()) else {
            return;
        };
        if self.known.none_listed[kind as usize] {
            // One finding about the list says it all.
            self.learned.none_listed_in_use[kind as usize] = true;
        } else if !set.contains(id) {
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
    fn place(&mut self, entry: usize, at: usize, frames: &Said, problems: &mut Vec<Problem>) {
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
                let message = match -length {
                    1.0 => "the shot ends 1 frame before it starts".to_owned(),
                    frames => format!("the shot ends {frames} frames before it starts"),
                };
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
        } else if length.is_none() && seconds == 0.0 && !frames.is_unplaced {
            let message = "the shot has no length".to_owned();
            problem(Code::EmptyRange, frames.seconds, message, None);
        }
        let Some((start, fps)) = number(frames.start).zip(self.known.fps) else {
            return;
        };
        let Some(timeline) = self.known.timeline(frames.sequence) else {
            return;
        };
        let end = start + seconds * fps;
        let total = timeline.total_frames.filter(|total| *total > 0.0);
        if frames.is_unplaced && start >= 0.0 && total.is_none_or(|total| start >= total) {
            return;
        }
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
            self.spans.entry(timeline.episode).or_default().push(span);
        }
    }

    /// What shows when all entries were judged, and what the document says to others.
    pub(super) fn finish(mut self) -> (Vec<Overlap>, Known) {
        let overlaps = overlaps(self.spans.values_mut());
        let mut learned = self.learned;
        if !self.is_incomplete && self.gives_edits {
            learned.edits = Some(Arc::new(self.edits));
        }
        learned.listed_episodes = Arc::new(self.listed_episodes);
        learned.episodes = Arc::new(self.episodes);
        learned.episode_of = Arc::new(self.episode_of);
        for (ids, set) in learned.ids.iter_mut().zip(self.own) {
            *ids = set.map(Arc::new);
        }
        for (ids, set) in learned.in_use.iter_mut().zip(self.in_use) {
            *ids = set.map(Arc::new);
        }
        learned.projects = self.projects.map(Arc::new);
        learned.not_for_shots = Arc::new(self.not_for_shots);
        learned.for_shots = Arc::new(self.for_shots);
        learned.shots_on = Arc::new(self.shots_on);
        learned.sequences = Arc::new(self.sequences);
        learned.sequences_with_shots = Arc::new(self.sequences_with_shots);
        (overlaps, learned)
    }
}

/// The shots that overlap with others on the same timeline, in their order in the list.
fn overlaps<'a>(timelines: impl Iterator<Item = &'a mut Vec<Span>>) -> Vec<Overlap> {
    let mut overlaps = Vec::new();
    for spans in timelines {
        spans.sort_unstable();
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
    }
    overlaps.sort_unstable_by_key(Overlap::entry);
    overlaps
}

/// A place on the timeline in whole frames.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn whole(frame: f64) -> i32 {
    frame.round() as i32
}

/// What an entry says that is judged as a whole: each number with the place of its fact.
#[derive(Default)]
struct Said {
    sequence: Option<Id>,
    episode: Option<Id>,
    movie: Option<(usize, Box<str>)>,
    /// Where a movie has a type, the place of that.
    movie_type: Option<usize>,
    total_frames: Option<(usize, f64)>,
    frame_in: Option<(usize, f64)>,
    frame_out: Option<(usize, f64)>,
    start: Option<(usize, f64)>,
    seconds: Option<(usize, f64)>,
    fps: Option<(usize, f64)>,
    /// Whether it has no place on the timeline, on purpose.
    is_unplaced: bool,
}

impl Said {
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
