//! The film: who makes it, what it consists of, and how far the work is. A series is a film whose
//! sequences are dealt out to episodes, each of which has a timeline of its own.
//!
//! Everything follows from where a thing stands in its list, so the film is the same in every run,
//! and any part of it can be told without the rest.

use std::ops::Range;

use watchtower_model::{
    Asset, AssetType, Edit, Episode, HexColor, Project, ProjectList, ProjectSnapshot, Sequence,
    Shot, ShotCasting, ShotData, Task, TaskStatus, TaskType, User,
};

use super::ExampleOptions;
use super::media::Subject;
use super::movie::Part;

/// The film's name, and the colour of its picture.
const TITLE: (&str, HexColor) = ("The Salt Lantern", HexColor::new(0x1f, 0x3a, 0x4d));

/// The name of the series, and the colour of its picture.
const SERIES_TITLE: (&str, HexColor) = ("Salt Lantern Tales", HexColor::new(0x4d, 0x2f, 0x1f));

/// Episodes by name. A longer series tells them over again.
const EPISODES: [&str; 6] = [
    "Ebb",
    "Flood",
    "Slack Water",
    "Spring Tide",
    "Neap Tide",
    "Undertow",
];

/// Sequences by name, and the colour of the pictures of their shots. A longer film tells them over
/// again.
const SEQUENCES: [(&str, HexColor); 12] = [
    ("Low Tide", HexColor::new(0x3c, 0x7a, 0x89)),
    ("Harbour", HexColor::new(0xb0, 0x6a, 0x3b)),
    ("Night Crossing", HexColor::new(0x3f, 0x4a, 0x8a)),
    ("Storm", HexColor::new(0x5b, 0x67, 0x70)),
    ("Lamp Room", HexColor::new(0xa8, 0x84, 0x1f)),
    ("Salt Works", HexColor::new(0x8c, 0x7b, 0x75)),
    ("Market", HexColor::new(0xa6, 0x4b, 0x57)),
    ("Fog", HexColor::new(0x78, 0x80, 0x92)),
    ("Signal", HexColor::new(0x9c, 0x3f, 0x2e)),
    ("Kelp Forest", HexColor::new(0x3f, 0x7d, 0x4e)),
    ("Homecoming", HexColor::new(0x7a, 0x4f, 0x8f)),
    ("Dawn", HexColor::new(0xc0, 0x71, 0x60)),
];

/// How many frames shots last, one after the other and over again.
const SHOT_FRAMES: [u8; 8] = [32, 48, 24, 40, 64, 36, 28, 48];

/// Asset types by name, the colour of the pictures of such assets, and whether they move and so
/// have a rig.
const ASSET_TYPES: [(&str, HexColor, bool); 4] = [
    ("Character", HexColor::new(0x8e, 0x44, 0x64), true),
    ("Environment", HexColor::new(0x2e, 0x7d, 0x5b), false),
    ("Prop", HexColor::new(0xa1, 0x66, 0x2f), false),
    ("Vehicle", HexColor::new(0x3a, 0x62, 0x94), true),
];

const CHARACTER: usize = 0;
const ENVIRONMENT: usize = 1;
const PROP: usize = 2;
const VEHICLE: usize = 3;

/// Assets by name and type. A bigger film has them over again.
const ASSETS: [(&str, usize); 14] = [
    ("Ottilie", CHARACTER),
    ("Tidal Flats", ENVIRONMENT),
    ("Salt Lantern", PROP),
    ("Rowboat", VEHICLE),
    ("Captain Voss", CHARACTER),
    ("Harbour", ENVIRONMENT),
    ("Brass Key", PROP),
    ("Old Wick", CHARACTER),
    ("Open Sea", ENVIRONMENT),
    ("Pip the Gull", CHARACTER),
    ("Sealed Letter", PROP),
    ("Night Ferry", VEHICLE),
    ("Cliff Path", ENVIRONMENT),
    ("Lamp Room", ENVIRONMENT),
];

/// People by name, and the colour of their avatars.
const PEOPLE: [(&str, HexColor); 8] = [
    ("Inés Calderón", HexColor::new(0xc6, 0x28, 0x28)),
    ("Tomasz Wrona", HexColor::new(0x28, 0x35, 0x93)),
    ("Amara Okafor", HexColor::new(0x2e, 0x7d, 0x32)),
    ("Juno Lindqvist", HexColor::new(0x6a, 0x1b, 0x9a)),
    ("Rafiq Hossain", HexColor::new(0xb8, 0x5a, 0x00)),
    ("Mei Tanaka", HexColor::new(0x00, 0x69, 0x5c)),
    ("Callum Reid", HexColor::new(0x4e, 0x34, 0x2e)),
    ("Zoë Baptiste", HexColor::new(0x37, 0x47, 0x4f)),
];

// Names and colours of types and statuses are those of a fresh Kitsu.
const ASSET_TASK_TYPES: [(&str, HexColor); 4] = [
    ("Concept", HexColor::new(0x8d, 0x6e, 0x63)),
    ("Modeling", HexColor::new(0x78, 0x90, 0x9c)),
    ("Shading", HexColor::new(0x64, 0xb5, 0xf6)),
    ("Rigging", HexColor::new(0x9c, 0xcc, 0x65)),
];

/// The place of Rigging among the task types of assets.
const RIGGING: usize = 3;

const SHOT_TASK_TYPES: [(&str, HexColor); 5] = [
    ("Layout", HexColor::new(0x7c, 0xb3, 0x42)),
    ("Animation", HexColor::new(0x00, 0x96, 0x88)),
    ("FX", HexColor::new(0x26, 0xa6, 0x9a)),
    ("Lighting", HexColor::new(0xf9, 0xa8, 0x25)),
    ("Compositing", HexColor::new(0xff, 0x52, 0x52)),
];

/// The place of FX among the task types of shots.
const FX: usize = 2;

const STATUSES: [(&str, HexColor); 6] = [
    ("Todo", HexColor::new(0xf5, 0xf5, 0xf5)),
    ("Ready to Start", HexColor::new(0xfb, 0xc0, 0x2d)),
    ("Work in Progress", HexColor::new(0x32, 0x73, 0xdc)),
    ("Waiting for Approval", HexColor::new(0xab, 0x26, 0xff)),
    ("Retake", HexColor::new(0xff, 0x38, 0x60)),
    ("Done", HexColor::new(0x22, 0xd1, 0x60)),
];

const TODO: usize = 0;
const READY: usize = 1;
const IN_PROGRESS: usize = 2;
const WAITING: usize = 3;
const RETAKE: usize = 4;
const DONE: usize = 5;

/// The statuses of tasks on which somebody works, one after the other and over again.
const UNDER_WAY: [usize; 5] = [IN_PROGRESS, WAITING, IN_PROGRESS, RETAKE, WAITING];

/// A film of a certain size. Sequences, assets and people are known by their place, counted from 0;
/// a shot by its sequence's place and its own within the sequence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Film {
    size: ExampleOptions,
}

impl Film {
    pub(super) fn new(size: ExampleOptions) -> Self {
        Self { size }
    }

    /// Whether the movie shows this film: it was cut from the shots of the usual size.
    pub(super) fn has_movie(self) -> bool {
        let usual = ExampleOptions::default();
        (self.size.sequences, self.size.shots) == (usual.sequences, usual.shots)
    }

    /// The episodes that it has as a series; none as a film.
    fn episodes(self) -> Vec<Episode> {
        let episode = |place| {
            let name = EPISODES[place % EPISODES.len()];
            Episode::new(format!("E{:02} {name}", place + 1))
        };
        (0..self.size.episodes).map(episode).collect()
    }

    /// The sequences, by place, that share a timeline: those of each episode, or all of the film.
    fn timelines(self) -> Vec<Range<usize>> {
        let count = self.size.episodes.max(1);
        let first = |timeline| {
            // The first ones have one more when they do not come out even.
            let (even, left) = (self.size.sequences / count, self.size.sequences % count);
            timeline * even + left.min(timeline)
        };
        (0..count).map(|it| first(it)..first(it + 1)).collect()
    }

    /// The frames of the film's movie that show some sequences.
    fn frames(self, sequences: Range<usize>) -> Range<u32> {
        let shots_before = |sequence| (0..sequence).map(|it| self.shots_in(it)).sum::<usize>();
        let frames_before = |sequence| {
            let shots = 0..shots_before(sequence);
            shots.map(|it| u32::from(shot_frames(it))).sum()
        };
        frames_before(sequences.start)..frames_before(sequences.end)
    }

    /// The edit of each episode, or of the film.
    fn edits(self, episodes: &[Episode]) -> Vec<Edit> {
        let mut edits: Vec<_> = match episodes {
            [] => vec![Edit::new("Edit")],
            _ => episodes.iter().map(edit_of).collect(),
        };
        if self.has_movie() {
            for (edit, sequences) in edits.iter_mut().zip(self.timelines()) {
                let frames = self.frames(sequences);
                let part = Part::showing(frames.clone());
                edit.movie = Some(Subject::Movie(part).media());
                edit.total_frames = Some(part.length().into());
                // What the movie has before the first shot lies before frame 0.
                edit.frame_offset = i64::from(part.start) - i64::from(frames.start);
            }
        }
        edits
    }

    /// Whether a part of the film's movie is the movie of an edit.
    pub(super) fn has_part(self, part: Part) -> bool {
        let mut timelines = self.timelines().into_iter();
        self.has_movie() && timelines.any(|it| Part::showing(self.frames(it)) == part)
    }

    /// The name that people know it by, and the colour of its picture.
    pub(super) fn title(self) -> (&'static str, HexColor) {
        match self.is_series() {
            true => SERIES_TITLE,
            false => TITLE,
        }
    }

    pub(super) fn is_series(self) -> bool {
        self.size.episodes > 0
    }

    pub(super) fn project(self) -> Project {
        let mut project = Project::new(self.title().0);
        project.ratio = Some("2.35:1".into());
        project.resolution = Some("2048x858".into());
        project.asset_types = asset_types().into_iter().map(|it| it.id).collect();
        project.task_types = task_types().into_iter().map(|it| it.id).collect();
        project.task_statuses = statuses().into_iter().map(|it| it.id).collect();
        project.team = users().into_iter().map(|it| it.id).collect();
        let picture = match self.is_series() {
            true => Subject::Series,
            false => Subject::Project,
        };
        project.thumbnail = Some(picture.media());
        project
    }

    pub(super) fn project_list(self) -> ProjectList {
        ProjectList {
            projects: vec![self.project()],
            asset_types: asset_types(),
            task_types: task_types(),
            task_statuses: statuses(),
            users: users(),
        }
    }

    pub(super) fn snapshot(self) -> ProjectSnapshot {
        let mut snapshot = ProjectSnapshot::new(self.project());
        snapshot.episodes = self.episodes();
        snapshot.assets = self.assets();
        self.shoot(&mut snapshot);
        snapshot.edits = self.edits(&snapshot.episodes);
        if !self.has_movie() {
            let usual = ExampleOptions::default();
            snapshot.notes.push(format!(
                "the example's movie shows {} sequences with {} shots; at another size there is no movie, and the timeline is as long as the shots",
                usual.sequences, usual.shots
            ));
        }
        snapshot
    }

    fn assets(self) -> Vec<Asset> {
        let (types, task_types, statuses) = (asset_types(), asset_task_types(), statuses());
        let users = users();
        let (rigged, still) = (steps(&task_types, None), steps(&task_types, Some(RIGGING)));
        (0..self.size.assets)
            .map(|place| {
                let (name, type_place) = asset(place);
                let mut asset = Asset::new(name, &types[type_place].id);
                asset.thumbnail = Some(Subject::Asset(place).media());
                let stage = stage(self.size.assets, place, task_types.len());
                let has_rig = ASSET_TYPES[type_place].2;
                let steps = if has_rig { &rigged } else { &still };
                asset.tasks = steps
                    .iter()
                    .map(|&(step, task_type)| {
                        task(task_type, &statuses, &users, Step { place, step, stage })
                    })
                    .collect();
                asset
            })
            .collect()
    }

    /// Adds sequences, shots and casting, end to end on each timeline.
    fn shoot(self, snapshot: &mut ProjectSnapshot) {
        let (task_types, statuses, users) = (shot_task_types(), statuses(), users());
        let (with_fx, without) = (steps(&task_types, None), steps(&task_types, Some(FX)));
        let mut cast: [Vec<&Asset>; ASSET_TYPES.len()] = Default::default();
        for (place, asset_in_film) in snapshot.assets.iter().enumerate() {
            cast[asset(place).1].push(asset_in_film);
        }

        snapshot.shots.reserve_exact(self.size.shots);
        snapshot.casting.reserve_exact(self.size.shots);
        let mut place = 0;
        for (timeline, sequences) in self.timelines().into_iter().enumerate() {
            let mut frame = 0;
            for sequence_place in sequences {
                let mut sequence = Sequence::new(sequence_name(sequence_place));
                let episode = snapshot.episodes.get(timeline);
                sequence.episode_id = episode.map(|it| it.id.clone());
                for shot_place in 0..self.shots_in(sequence_place) {
                    let end = frame + i64::from(shot_frames(place));
                    let data = ShotData::new(frame, end);
                    let mut shot = Shot::new(shot_name(shot_place), &sequence.id, data);
                    let picture = Subject::Shot {
                        sequence: sequence_place,
                        shot: shot_place,
                    };
                    shot.thumbnail = Some(picture.media());
                    let stage = stage(self.size.shots, place, task_types.len());
                    let steps = if place % 3 == 1 { &with_fx } else { &without };
                    shot.tasks = steps
                        .iter()
                        .map(|&(step, task_type)| {
                            task(task_type, &statuses, &users, Step { place, step, stage })
                        })
                        .collect();

                    let assets = appearing(&cast, sequence_place, place);
                    if !assets.is_empty() {
                        snapshot.casting.push(ShotCasting::new(&shot, assets));
                    }
                    snapshot.shots.push(shot);
                    frame = end;
                    place += 1;
                }
                snapshot.sequences.push(sequence);
            }
        }
    }

    /// How many shots a sequence has. The first ones have one more when they do not come out even.
    fn shots_in(self, sequence: usize) -> usize {
        let ExampleOptions {
            sequences, shots, ..
        } = self.size;
        if sequence < sequences {
            shots / sequences + usize::from(sequence < shots % sequences)
        } else {
            0
        }
    }

    /// What a picture of something in this film says and its colour; none for what is not in it.
    pub(super) fn label(self, subject: Subject) -> Option<Label> {
        match subject {
            Subject::Project | Subject::Series => {
                let (title, color) = self.title();
                let is_own = self.is_series() == (subject == Subject::Series);
                is_own.then(|| Label::new(title, None, color))
            }
            Subject::Movie(_) => None,
            Subject::Person(place) => PEOPLE
                .get(place)
                .map(|(name, color)| Label::new(initials(name), None, *color)),
            Subject::Asset(place) => (place < self.size.assets).then(|| {
                let (name, type_place) = asset(place);
                let (type_name, color, _) = ASSET_TYPES[type_place];
                Label::new(name, Some(type_name.into()), color)
            }),
            Subject::Shot { sequence, shot } => (shot < self.shots_in(sequence)).then(|| {
                let color = SEQUENCES[sequence % SEQUENCES.len()].1;
                Label::new(shot_name(shot), Some(sequence_name(sequence)), color)
            }),
        }
    }
}

/// What a picture says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Label {
    /// The name, in large letters.
    pub(super) name: String,
    /// What it belongs to, in small letters below.
    pub(super) group: Option<String>,
    /// The colour behind it.
    pub(super) color: HexColor,
}

impl Label {
    fn new(name: impl Into<String>, group: Option<String>, color: HexColor) -> Self {
        Self {
            name: name.into(),
            group,
            color,
        }
    }
}

/// The name in a list that is told over again when it ends: `Storm`, later `Storm 2`.
fn repeated(name: &str, place: usize, length: usize) -> String {
    match place / length {
        0 => name.to_owned(),
        round => format!("{name} {}", round + 1),
    }
}

fn sequence_name(place: usize) -> String {
    let (name, _) = SEQUENCES[place % SEQUENCES.len()];
    repeated(name, place, SEQUENCES.len())
}

/// How many frames a shot lasts, by its place in the whole film.
fn shot_frames(place: usize) -> u8 {
    SHOT_FRAMES[place % SHOT_FRAMES.len()]
}

fn edit_of(episode: &Episode) -> Edit {
    Edit {
        episode_id: Some(episode.id.clone()),
        ..Edit::new(&*episode.name)
    }
}

/// Shots are numbered in tens, so that one can be put between.
fn shot_name(place: usize) -> String {
    format!("{:04}", (place + 1) * 10)
}

/// An asset's name, and the place of its type.
fn asset(place: usize) -> (String, usize) {
    let (name, type_place) = ASSETS[place % ASSETS.len()];
    (repeated(name, place, ASSETS.len()), type_place)
}

fn initials(name: &str) -> String {
    name.split(' ')
        .filter_map(|word| word.chars().next())
        .collect()
}

fn asset_types() -> Vec<AssetType> {
    ASSET_TYPES.map(|(name, ..)| AssetType::new(name)).into()
}

fn task_types() -> Vec<TaskType> {
    [asset_task_types(), shot_task_types()].concat()
}

fn asset_task_types() -> Vec<TaskType> {
    ASSET_TASK_TYPES.map(|it| task_type(it, false)).into()
}

fn shot_task_types() -> Vec<TaskType> {
    SHOT_TASK_TYPES.map(|it| task_type(it, true)).into()
}

fn task_type((name, color): (&str, HexColor), for_shots: bool) -> TaskType {
    let mut task_type = TaskType::new(name);
    task_type.color = Some(color);
    task_type.for_shots = for_shots;
    task_type
}

fn statuses() -> Vec<TaskStatus> {
    STATUSES
        .map(|(name, color)| {
            let mut status = TaskStatus::new(name);
            status.color = Some(color);
            status
        })
        .into()
}

fn users() -> Vec<User> {
    PEOPLE
        .iter()
        .enumerate()
        .map(|(place, (name, _))| {
            let mut user = User::new(*name);
            user.has_avatar = true;
            user.thumbnail = Some(Subject::Person(place).media());
            user
        })
        .collect()
}

/// Which step of the work on something is at hand.
#[derive(Clone, Copy)]
struct Step {
    /// The place of the shot or asset.
    place: usize,
    /// The place of the task's type among those of its kind.
    step: usize,
    /// How many steps are done.
    stage: usize,
}

/// How many of the steps are done on the thing at a place: the work goes through the film from its
/// start, with a straggler here and there.
fn stage(total: usize, place: usize, steps: usize) -> usize {
    let to_come = total - 1 - place;
    // `ExampleOptions::MAX` times a few steps does not overflow.
    let even = to_come * (steps + 1) / total;
    even.saturating_sub(usize::from(place % 5 == 3))
}

/// The steps of work by their places, but one that is left out.
fn steps(task_types: &[TaskType], without: Option<usize>) -> Vec<(usize, &TaskType)> {
    let steps = task_types.iter().enumerate();
    steps.filter(|(step, _)| Some(*step) != without).collect()
}

fn task(task_type: &TaskType, statuses: &[TaskStatus], users: &[User], at: Step) -> Task {
    let Step { place, step, stage } = at;
    let status = if step < stage {
        DONE
    } else if step == stage {
        UNDER_WAY[place % UNDER_WAY.len()]
    } else if step == stage + 1 {
        READY
    } else {
        TODO
    };
    let mut task = Task::new(task_type.id.clone(), statuses[status].id.clone());
    // What nobody has started may have nobody yet; a retake often gets a second pair of hands.
    if status != TODO || place.is_multiple_of(2) {
        let first = (step * 2 + place / 2) % users.len();
        task.assignees = vec![users[first].id.clone()];
        if status == RETAKE {
            let second = (first + 3) % users.len();
            task.assignees.push(users[second].id.clone());
        }
    }
    task
}

/// The assets in a shot, each once: where the sequence plays, one or two characters, and now and
/// then something to hold or to go by.
fn appearing<'a>(
    cast: &[Vec<&'a Asset>; ASSET_TYPES.len()],
    sequence: usize,
    place: usize,
) -> Vec<&'a Asset> {
    let pick = |type_place: usize, at: usize| {
        let assets: &[&'a Asset] = &cast[type_place];
        (!assets.is_empty()).then(|| assets[at % assets.len()])
    };
    let second = (!place.is_multiple_of(3) && cast[CHARACTER].len() > 1).then_some(place + 1);
    [
        pick(ENVIRONMENT, sequence),
        pick(CHARACTER, place),
        second.and_then(|at| pick(CHARACTER, at)),
        place
            .is_multiple_of(2)
            .then(|| pick(PROP, place / 2))
            .flatten(),
        (place % 4 == 1).then(|| pick(VEHICLE, place / 4)).flatten(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_movie_was_cut_from_these_shots() {
        let film = Film::new(ExampleOptions::default());
        let mut cut = String::new();
        let mut place = 0;
        for sequence in 0..film.size.sequences {
            for shot in 0..film.shots_in(sequence) {
                let label = film.label(Subject::Shot { sequence, shot }).unwrap();
                let frames = shot_frames(place);
                let color = label.color.to_string().replace('#', "0x");
                cut += &format!("{frames} {color} {} {}\n", label.name, label.group.unwrap());
                place += 1;
            }
        }
        assert!(
            include_str!("make-movie").contains(&format!("<<'CUT'\n{cut}CUT\n")),
            "the film was changed: put this cut into make-movie and run it\n{cut}"
        );
    }

    #[test]
    fn every_name_of_a_cast_appears_in_the_film() {
        let snapshot = Film::new(ExampleOptions::default()).snapshot();
        for asset in &snapshot.assets {
            assert!(
                snapshot
                    .casting
                    .iter()
                    .any(|it| it.asset_ids.contains(&asset.id)),
                "{} is in no shot",
                asset.name
            );
        }
    }
}
