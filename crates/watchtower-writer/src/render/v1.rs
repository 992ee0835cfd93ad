//! The documents of format v1.
//!
//! Assets, shots, sequences and casting are those of [`v0`].

use std::collections::{HashMap, HashSet};

use rapidhash::RapidHashMap;
use watchtower_model::format::v1::{
    AssetType, Casting, Edit, Episode, EpisodeName, Id, IndexEntry, Project, Reading, Sequence,
    Shot, StatusCounts, TaskCounts, TaskStatus, TaskType, TeamMember, Timestamp,
};
use watchtower_model::place::Placement;
use watchtower_model::{
    self as model, EditId, EpisodeId, HexColor, ProjectId, ProjectList, ProjectSnapshot,
    References, User,
};

use super::v0::{self, as_listed, text, timeline_length};
use crate::media::ResolvedMedia;

pub use super::v0::asset;

/// The place of an edit's movie, by its path from the site root.
pub fn movie_path(project: &ProjectId, edit: &EditId) -> String {
    format!("data/projects/{project}/edit-{edit}.mp4")
}

/// A project's entry in `index.json`.
pub fn index_entry<'a>(
    project: &'a model::Project,
    episodes: &'a [model::Episode],
    media: &'a ResolvedMedia,
) -> IndexEntry<'a> {
    let episodes = episodes.iter().map(|it| EpisodeName {
        id: it.id.as_str().into(),
        name: text(&it.name),
    });
    IndexEntry {
        id: project.id.as_str().into(),
        name: text(&project.name),
        thumbnail_url: media.project(project).map(as_listed),
        episodes: episodes.collect(),
    }
}

/// The types, statuses and people of a project, which its `project.json` holds.
#[derive(Clone, Debug, PartialEq)]
pub struct InUse<'a> {
    /// The types of assets.
    pub asset_types: Vec<AssetType<'a>>,
    /// The types of tasks, in the order of the client's menu.
    pub task_types: Vec<TaskType<'a>>,
    /// The statuses of tasks.
    pub task_statuses: Vec<TaskStatus<'a>>,
    /// Who works on it.
    pub team: Vec<&'a User>,
    /// The ids of types and statuses that the project does not use any more. They are here so that the
    /// client knows what a history tells of; of them, only what is not zero is counted.
    pub retired: HashSet<Id<'a>>,
}

impl<'a> InUse<'a> {
    /// What a project uses of what projects share, in the order of the list, as the client of v0 has
    /// it. A project that lists none of a kind of type or status uses all, but for archived ones that
    /// nothing in `used` refers to.
    pub fn of(project: &'a model::Project, list: &'a ProjectList, used: &References) -> Self {
        fn of_kind<'a, T, I: PartialEq + AsRef<str>>(
            all: &'a [T],
            chosen: &[I],
            about: impl Fn(&T) -> (&I, bool),
            used: &References,
        ) -> impl Iterator<Item = &'a T> {
            all.iter().filter(move |it| {
                let (id, is_archived) = about(it);
                match chosen {
                    [] => !is_archived || used.contains(id.as_ref()),
                    chosen => chosen.contains(id),
                }
            })
        }
        let asset_types = of_kind(
            &list.asset_types,
            &project.asset_types,
            |it| (&it.id, it.archived),
            used,
        );
        let task_types = of_kind(
            &list.task_types,
            &project.task_types,
            |it| (&it.id, it.archived),
            used,
        );
        let task_statuses = of_kind(
            &list.task_statuses,
            &project.task_statuses,
            |it| (&it.id, it.archived),
            used,
        );
        Self {
            asset_types: asset_types.map(v0::asset_type).collect(),
            task_types: task_types.map(v0::task_type).collect(),
            task_statuses: task_statuses.map(v0::task_status).collect(),
            team: team(project, list),
            retired: HashSet::new(),
        }
    }

    /// Adds the types and statuses of a history that the project does not use any more: as the list has
    /// them, or else as they stood in `previous`, the project's document before, or else under their ids.
    /// Without them, the client would not know what it shows, and complain.
    pub fn add_retired(
        &mut self,
        history: &[TaskCounts<'a>],
        list: &'a ProjectList,
        previous: Option<&Project<'a>>,
    ) {
        for counts in history {
            self.add_retired_type(&counts.task_type_id, list, previous);
            for status in &counts.task_statuses {
                self.add_retired_status(&status.task_status_id, list, previous);
            }
        }
    }

    /// Takes out what the project does not use any more and a history does not tell of.
    pub fn forget_retired(&mut self, history: &[TaskCounts<'_>]) {
        let statuses = history.iter().flat_map(|it| &it.task_statuses);
        let told: HashSet<_> = history
            .iter()
            .map(|it| it.task_type_id.as_str())
            .chain(statuses.map(|it| it.task_status_id.as_str()))
            .collect();
        let Self {
            task_types,
            task_statuses,
            retired,
            ..
        } = self;
        retired.retain(|id| !told.contains(id.as_str()));
        task_types.retain(|it| !retired.contains(&it.id));
        task_statuses.retain(|it| !retired.contains(&it.id));
    }

    fn add_retired_type(
        &mut self,
        id: &Id<'a>,
        list: &'a ProjectList,
        previous: Option<&Project<'a>>,
    ) {
        if self.task_types.iter().any(|it| it.id == *id) {
            return;
        }
        let mut listed = list.task_types.iter();
        let listed = listed.find(|it| it.id.as_str() == id.as_str());
        let mut before = previous.into_iter().flat_map(|it| &it.task_types);
        let nameless = || TaskType {
            id: id.clone(),
            name: id.as_str().to_owned().into(),
            color: HexColor::NEUTRAL.into(),
            for_shots: true,
        };
        let found = listed.map(v0::task_type);
        let found = found.or_else(|| before.find(|it| it.id == *id).cloned());
        self.task_types.push(found.unwrap_or_else(nameless));
        self.retired.insert(id.clone());
    }

    fn add_retired_status(
        &mut self,
        id: &Id<'a>,
        list: &'a ProjectList,
        previous: Option<&Project<'a>>,
    ) {
        if self.task_statuses.iter().any(|it| it.id == *id) {
            return;
        }
        let mut listed = list.task_statuses.iter();
        let listed = listed.find(|it| it.id.as_str() == id.as_str());
        let mut before = previous.into_iter().flat_map(|it| &it.task_statuses);
        let nameless = || TaskStatus {
            id: id.clone(),
            name: id.as_str().to_owned().into(),
            color: HexColor::NEUTRAL.into(),
        };
        let found = listed.map(v0::task_status);
        let found = found.or_else(|| before.find(|it| it.id == *id).cloned());
        self.task_statuses.push(found.unwrap_or_else(nameless));
        self.retired.insert(id.clone());
    }
}

/// The people of a project.
pub fn team<'a>(project: &model::Project, list: &'a ProjectList) -> Vec<&'a User> {
    let users: HashMap<_, _> = list.users.iter().map(|it| (&it.id, it)).collect();
    let team = project.team.iter();
    team.filter_map(|id| users.get(id).copied()).collect()
}

/// `project.json`.
pub fn project<'a>(
    snapshot: &'a ProjectSnapshot,
    in_use: InUse<'a>,
    media: &'a ResolvedMedia,
) -> Project<'a> {
    let project = &snapshot.project;
    let team = in_use.team.iter().map(|it| team_member(it, media));
    let mut sequences: HashMap<&EpisodeId, Vec<Sequence<'_>>> = HashMap::new();
    for sequence in &snapshot.sequences {
        if let Some(episode) = &sequence.episode_id {
            let of_episode = sequences.entry(episode).or_default();
            of_episode.push(v0::sequence(sequence));
        }
    }
    let episodes = snapshot.episodes.iter().map(|it| Episode {
        id: it.id.as_str().into(),
        name: text(&it.name),
        sequences: sequences.remove(&it.id).unwrap_or_default(),
    });
    Project {
        id: project.id.as_str().into(),
        name: text(&project.name),
        ratio: project.ratio.as_deref().map(text),
        resolution: project.resolution.as_deref().map(text),
        team: team.collect(),
        asset_types: in_use.asset_types,
        task_types: in_use.task_types,
        task_statuses: in_use.task_statuses,
        thumbnail_url: media.project(project).map(as_listed),
        fps: project.fps.into(),
        episodes: episodes.collect(),
    }
}

/// The client asks for the picture of everybody who has one, so only who has one here does.
fn team_member<'a>(user: &'a User, media: &'a ResolvedMedia) -> TeamMember<'a> {
    let avatar = media.avatar(user);
    TeamMember {
        id: user.id.as_str().into(),
        name: text(&user.name),
        full_name: text(&user.name),
        has_avatar: avatar.is_some(),
        thumbnail_url: avatar.map(text),
    }
}

/// An entry of `shots.json`.
pub fn shot<'a>(
    shot: &'a model::Shot,
    media: &'a ResolvedMedia,
    behind: &HashMap<model::ShotId, i64>,
) -> Shot<'a> {
    Shot(v0::shot(shot, media, behind))
}

/// An entry of `sequences.json`.
pub fn sequence(sequence: &model::Sequence) -> Sequence<'_> {
    v0::sequence(sequence)
}

/// An entry of `casting.json`.
pub fn casting(casting: &model::ShotCasting) -> Casting<'_> {
    v0::casting(casting)
}

/// The timelines of a project: one of a film, one of each episode of a series, in their order.
pub fn timelines(snapshot: &ProjectSnapshot) -> Vec<Timeline<'_>> {
    let mut timelines: Vec<_> = match &snapshot.episodes[..] {
        [] => vec![Timeline::default()],
        episodes => {
            let timeline = |episode| Timeline {
                episode: Some(episode),
                ..Timeline::default()
            };
            episodes.iter().map(timeline).collect()
        }
    };
    let of_sequence = Places::of(snapshot);
    for shot in &snapshot.shots {
        if let Some(place) = of_sequence.get(&shot.sequence_id) {
            timelines[place].shots.push(shot);
        }
    }
    timelines
}

/// What the client shows at a time: a film, or an episode.
#[derive(Clone, Debug, Default)]
pub struct Timeline<'a> {
    /// The episode; none in a film.
    pub episode: Option<&'a model::Episode>,
    /// The shots on it.
    pub shots: Vec<&'a model::Shot>,
}

impl Timeline<'_> {
    /// Its length where there is no movie.
    fn length(&self, placement: &Placement) -> u64 {
        timeline_length(placement, self.episode.map(|it| &it.id))
    }
}

/// The timeline of each sequence, by its place.
struct Places<'a> {
    /// Of the sequences of a series.
    series: Option<RapidHashMap<&'a str, usize>>,
}

impl<'a> Places<'a> {
    fn of(snapshot: &'a ProjectSnapshot) -> Self {
        if snapshot.episodes.is_empty() {
            return Self { series: None };
        }
        let episodes = snapshot.episodes.iter().enumerate();
        let episodes: HashMap<_, _> = episodes.map(|(place, it)| (&it.id, place)).collect();
        let place = |sequence: &'a model::Sequence| {
            let place = episodes.get(sequence.episode_id.as_ref()?)?;
            Some((sequence.id.as_str(), *place))
        };
        Self {
            series: Some(snapshot.sequences.iter().filter_map(place).collect()),
        }
    }

    /// None for a sequence of a series that belongs to no episode: the client shows it nowhere.
    fn get(&self, sequence: &model::SequenceId) -> Option<usize> {
        match &self.series {
            None => Some(0),
            Some(series) => series.get(sequence.as_str()).copied(),
        }
    }
}

/// `edits.json`: the edits of each timeline, those with a movie first, since the client shows the
/// first one; in a series, those of no episode come last, where the client shows none.
///
/// A timeline without an edit gets an entry all the same, or the client would show none. Without a
/// movie a timeline is as long as its shots. The movie's place and type are then empty, which is how
/// the client asks for none.
pub fn edits<'a>(
    snapshot: &'a ProjectSnapshot,
    media: &'a ResolvedMedia,
    placement: &Placement,
) -> Vec<Edit<'a>> {
    let timelines = timelines(snapshot);
    let is_series = !snapshot.episodes.is_empty();
    let mut edits = Vec::new();
    for timeline in &timelines {
        let episode = timeline.episode.map(|it| &it.id);
        let own = snapshot.edits.iter();
        let own = own.filter(|it| !is_series || it.episode_id.as_ref() == episode);
        let mut own: Vec<_> = own
            .map(|it| edit(it, timeline, timeline.length(placement), media))
            .collect();
        own.sort_by_key(|it| it.source_name.is_empty());
        if own.is_empty() {
            own.push(no_edit(&snapshot.project, timeline, placement));
        }
        edits.append(&mut own);
    }
    if is_series {
        let longest = timelines.iter().map(|it| it.length(placement)).max();
        let others = snapshot.edits.iter().filter(|it| it.episode_id.is_none());
        let none = Timeline::default();
        edits.extend(others.map(|it| edit(it, &none, longest.unwrap_or(1), media)));
    }
    edits
}

fn edit<'a>(
    edit: &'a model::Edit,
    timeline: &Timeline<'a>,
    length: u64,
    media: &'a ResolvedMedia,
) -> Edit<'a> {
    let movie = media.movie(edit.movie.as_ref());
    Edit {
        id: edit.id.as_str().into(),
        total_frames: movie.map_or(length, |it| it.frames),
        frame_offset: movie.map_or(0, |_| edit.frame_offset),
        source_name: movie.map_or_else(|| text(""), |it| text(&it.path)),
        source_type: text(movie.map_or("", |_| "video/mp4")),
        episode_id: episode_id(timeline),
    }
}

/// The id of the edit of a film or episode where nothing gives it one.
pub(crate) fn unnamed_edit(project: &ProjectId, episode: Option<&EpisodeId>) -> EditId {
    let episode = episode.map_or("", EpisodeId::as_str);
    EditId::derived(&[project.as_str(), episode, "no edit"])
}

/// What stands for the edit of a timeline that has none.
fn no_edit<'a>(
    project: &model::Project,
    timeline: &Timeline<'a>,
    placement: &Placement,
) -> Edit<'a> {
    let id = unnamed_edit(&project.id, timeline.episode.map(|it| &it.id));
    Edit {
        id: String::from(id).into(),
        total_frames: timeline.length(placement),
        frame_offset: 0,
        source_name: text(""),
        source_type: text(""),
        episode_id: episode_id(timeline),
    }
}

fn episode_id<'a>(timeline: &Timeline<'a>) -> Option<Id<'a>> {
    timeline.episode.map(|it| it.id.as_str().into())
}

/// `task_counts.json` as of one moment: for each timeline and each type that shots have tasks of, how
/// many tasks stand in each status. Statuses in which none stands are there too, so that their curves
/// are whole.
///
/// Counted is what the client shows: shots on a timeline, and their tasks of types and in statuses that
/// the project uses.
pub fn task_counts<'a>(
    snapshot: &'a ProjectSnapshot,
    in_use: &InUse<'a>,
    moment: &Timestamp<'a>,
) -> Vec<TaskCounts<'a>> {
    fn places<'b>(ids: impl Iterator<Item = &'b Id<'b>>) -> RapidHashMap<&'b str, usize> {
        ids.enumerate()
            .map(|(place, id)| (id.as_str(), place))
            .collect()
    }
    let types = places(in_use.task_types.iter().map(|it| &it.id));
    let statuses = places(in_use.task_statuses.iter().map(|it| &it.id));
    let mut for_shots: Vec<_> = in_use.task_types.iter().map(|it| it.for_shots).collect();
    let timelines = timelines(snapshot);
    // By timeline, type and status.
    let mut counts = vec![vec![vec![0_u64; statuses.len()]; types.len()]; timelines.len()];
    for (timeline, counts) in timelines.iter().zip(&mut counts) {
        for task in timeline.shots.iter().flat_map(|it| &it.tasks) {
            let kind = types.get(task.task_type_id.as_str());
            let status = statuses.get(task.task_status_id.as_str());
            if let (Some(&kind), Some(&status)) = (kind, status) {
                for_shots[kind] = true;
                counts[kind][status] += 1;
            }
        }
    }
    let mut all = Vec::new();
    for (timeline, counts) in timelines.iter().zip(counts) {
        for (place, counts) in counts.into_iter().enumerate() {
            if !for_shots[place] {
                continue;
            }
            let reading = |count| Reading {
                timestamp: moment.clone(),
                count,
            };
            let task_type_id = &in_use.task_types[place].id;
            let is_retired = |id| in_use.retired.contains(id);
            let of_status = in_use.task_statuses.iter().zip(counts);
            let of_status = of_status.filter(|(status, count)| {
                *count > 0 || !is_retired(&status.id) && !is_retired(task_type_id)
            });
            let of_status = of_status.map(|(status, count)| StatusCounts {
                task_status_id: status.id.clone(),
                data: vec![reading(count)],
            });
            all.push(TaskCounts {
                task_type_id: task_type_id.clone(),
                episode_id: episode_id(timeline),
                task_statuses: of_status.collect(),
            });
        }
    }
    all.retain(|it| !it.task_statuses.is_empty());
    all
}
