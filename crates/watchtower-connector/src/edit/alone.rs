//! An edit as a tracker: a wall from it alone.

use std::collections::HashMap;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use watchtower_model::{
    Cut, CutRange, Edit, Episode, FrameRate, MediaRef, Project, ProjectList, ProjectSnapshot,
    Sequence, SequenceId, Shot, ShotData,
};

use super::cut::{Kind, Piece, Source, full_name, merged};
use super::matching::stem;
use super::naming::{Told, told};
use super::{NamePattern, Timeline, listed};
use crate::names::words;
use crate::stamps::{self, Stamps};
use crate::{
    Account, Capability, Changes, Description, Error, ErrorKind, Mark, MediaRequest, OpenedMedia,
    Result, Tracker,
};

/// An edit from which shots and sequences are made.
#[derive(Clone, Debug)]
pub struct EditSettings {
    /// The file, of any kind that [`Timeline::read`] takes.
    pub path: PathBuf,
    /// Frames per second, where the edit does not say, or something else.
    pub fps: Option<FrameRate>,
    /// How shots are named in it, where the rules do not fit.
    pub pattern: Option<NamePattern>,
    /// The movie of the edit.
    pub movie: Option<PathBuf>,
}

impl EditSettings {
    /// An edit without anything that goes with it.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            fps: None,
            pattern: None,
            movie: None,
        }
    }
}

/// An edit as a tracker: its clips are the shots of one film, which are grouped and named by what the clips
/// are called. The file is read anew each time something is asked.
///
/// A clip whose names tell no shot is one that is called like the clip, in a sequence that is called like the
/// edit; unless others are named by comments and markers, or by a [`NamePattern`]: then it is none, and is named
/// in the notes.
#[derive(Debug)]
pub struct EditTracker {
    settings: EditSettings,
}

impl EditTracker {
    /// What it can give.
    pub const CAPABILITIES: &'static [Capability] =
        &[Capability::Edits, Capability::Movies, Capability::Changes];

    /// An edit in a file. Nothing is read before something is asked.
    pub fn new(settings: EditSettings) -> Self {
        Self { settings }
    }

    fn read(&self) -> Result<ProjectSnapshot> {
        let EditSettings {
            path,
            fps,
            pattern,
            movie,
        } = &self.settings;
        let timeline = Timeline::read(path, *fps)?;
        let mut film = film(&timeline, pattern.as_ref());
        if film.shots.is_empty() {
            let message = "no clip of it tells a shot";
            let help = "give --edit-match with groups `sequence` and `shot`; `watchtower edit show` lists the \
                        names that clips go by";
            let operation = format!("make shots of the edit {}", timeline.file);
            return Err(Error::new(ErrorKind::Invalid, operation, message).with_help(help));
        }
        if let Some(movie) = movie {
            let mut edit = Edit::new(film.project.name.clone());
            edit.movie = Some(MediaRef::file(movie).changing());
            film.edits.push(edit);
        }
        Ok(film)
    }
}

#[async_trait]
impl Tracker for EditTracker {
    fn describe(&self) -> Description {
        Description {
            name: "edit".into(),
            about: "An edit, without a tracker.".into(),
            location: Some(self.settings.path.display().to_string()),
            capabilities: Self::CAPABILITIES.to_vec(),
        }
    }

    async fn check(&self) -> Result<Account> {
        Timeline::read(&self.settings.path, self.settings.fps)?;
        Ok(Account {
            user: None,
            server: None,
        })
    }

    async fn project_list(&self) -> Result<ProjectList> {
        Ok(ProjectList {
            projects: vec![self.read()?.project],
            ..ProjectList::default()
        })
    }

    async fn project(&self, project: &Project, _: &ProjectList) -> Result<ProjectSnapshot> {
        let film = self.read()?;
        match film.project.id == project.id {
            true => Ok(film),
            false => {
                let operation = format!("read the project {}", project.name);
                let message = format!("the edit is called {} now", film.project.name);
                Err(Error::new(ErrorKind::NotFound, operation, message))
            }
        }
    }

    async fn changes(&self, since: Option<&Mark>) -> Result<Changes> {
        let film = self.read()?;
        let path = self.settings.path.display();
        let mut now = Stamps::new(format!("edit {path}"), film.project.name.clone());
        let stamp = stamps::of_value(&film, stamps::media(&film));
        now.add(film.project.id, stamp);
        Ok(now.since(since))
    }

    async fn open_media(&self, _: MediaRequest<'_>) -> Result<OpenedMedia> {
        Err(Error::new(
            ErrorKind::Unsupported,
            "open a picture or movie of an edit",
            "an edit refers to its movie only, which is a file",
        ))
    }
}

/// The film of an edit.
fn film(timeline: &Timeline, pattern: Option<&NamePattern>) -> ProjectSnapshot {
    let Timeline { cut, file, .. } = timeline;
    let title = Path::new(file).file_stem().unwrap_or_default();
    let title = match cut.name.trim() {
        "" => title.to_string_lossy().into_owned(),
        name => name.to_owned(),
    };
    let mut film = ProjectSnapshot::new(Project::new(title));
    film.project.fps = FrameRate::new(cut.fps).unwrap_or_default();
    let told = told(cut, pattern);
    let is_written = told.iter().zip(&cut.pieces).any(|(told, piece)| {
        told.as_ref()
            .is_some_and(|it| piece.names[it.by].source < Source::Clip)
    });
    let takes_all = pattern.is_none() && !is_written;
    let mut shots = Shots::default();
    let (mut unknown, mut generated, mut by_clip) = (Vec::new(), Vec::new(), Vec::new());
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(piece) = cut.pieces.get(at) {
        let told = told[at].as_ref();
        at += 1;
        let named = format!("`{}` ({})", piece.label().escape_debug(), piece.place);
        let shot = match (told, piece.kind) {
            (Some(told), _) => {
                // What is inside a shot is of it.
                at += piece.inside;
                shots.told(told, &mut film)
            }
            (None, Kind::Nested) => continue,
            (None, _) if piece.is_generated() => {
                generated.push(named);
                continue;
            }
            (None, _) if takes_all => {
                by_clip.push(named);
                shots.of_clip(piece, &mut film)
            }
            (None, _) => {
                unknown.push(named);
                continue;
            }
        };
        let (start, end) = piece.frames(cut.fps);
        pieces.push((start, end, shot));
    }
    let (ranges, again) = merged(pieces);
    for (at, (start, end)) in ranges {
        film.shots[at].data = ShotData::new(start, end);
    }
    // Where shots are, the edit decides, with gaps before and behind them; so it is laid over its own film. Of a
    // series it would have to be of one episode.
    if film.episodes.is_empty() {
        let range = |it: &Shot| {
            let (frame_in, frame_out) = it.data.range()?;
            let shot_id = it.id.clone();
            Some(CutRange {
                shot_id,
                frame_in,
                frame_out,
            })
        };
        let ends = cut.pieces.iter().map(|it| it.frames(cut.fps).1);
        film.cuts.push(Cut {
            name: file.clone(),
            episode_id: None,
            frames: ends.max().unwrap_or_default(),
            ranges: film.shots.iter().filter_map(range).collect(),
            is_followed: false,
        });
    }
    let again: Vec<String> = again
        .into_iter()
        .map(|(shot, start)| format!("{} at frame {start}", full_name(&film, shot)))
        .collect();
    film.shots
        .sort_by_key(|it| (it.data.frame_in, it.data.frame_out));
    let mut first = HashMap::new();
    for (at, shot) in film.shots.iter().enumerate() {
        first.entry(shot.sequence_id.clone()).or_insert(at);
    }
    film.sequences.sort_by_key(|it| first.get(&it.id).copied());
    let mut notes = cut.notes.clone();
    for (what, names) in [
        (
            "clips whose names tell no shot are shots by the names of the clips",
            by_clip,
        ),
        ("clips whose names tell no shot", unknown),
        ("black, titles and the like, which are no shots", generated),
        (
            "shots that are seen again later have their first place only",
            again,
        ),
    ] {
        if !names.is_empty() {
            notes.push(format!("{what}: {}", listed(names.into_iter())));
        }
    }
    film.notes = notes
        .into_iter()
        .map(|it| format!("{file}: {it}"))
        .collect();
    film
}

/// The shots of a film while it is made.
#[derive(Default)]
struct Shots {
    /// By the words of episode, sequence and name.
    known: HashMap<[String; 3], usize>,
}

impl Shots {
    /// The shot that a clip's names tell, made the first time.
    fn told(&mut self, told: &Told, film: &mut ProjectSnapshot) -> usize {
        let sequence = told.sequence.clone();
        let sequence = sequence.unwrap_or_else(|| film.project.name.clone());
        self.shot(told.episode.as_deref(), &sequence, &told.shot, film)
    }

    /// A shot that is called like its clip; a number tells those of one name apart.
    fn of_clip(&mut self, piece: &Piece, film: &mut ProjectSnapshot) -> usize {
        let sequence = film.project.name.clone();
        let clip = stem(piece.label()).to_owned();
        let mut name = clip.clone();
        for number in 2.. {
            if !self.known.contains_key(&key(None, &sequence, &name)) {
                break;
            }
            name = format!("{clip} ({number})");
        }
        self.shot(None, &sequence, &name, film)
    }

    fn shot(
        &mut self,
        episode: Option<&str>,
        sequence: &str,
        name: &str,
        film: &mut ProjectSnapshot,
    ) -> usize {
        *self
            .known
            .entry(key(episode, sequence, name))
            .or_insert_with(|| {
                let episode = episode.map(|name| {
                    let same = |it: &&Episode| words([&*it.name]) == words([name]);
                    let known = film.episodes.iter().find(same).cloned();
                    known.unwrap_or_else(|| {
                        let episode = Episode::new(name);
                        film.episodes.push(episode.clone());
                        episode
                    })
                });
                let episode_id = episode.as_ref().map(|it| it.id.clone());
                let same = |it: &&Sequence| {
                    it.episode_id == episode_id && words([&*it.name]) == words([sequence])
                };
                let known = film.sequences.iter().find(same).cloned();
                let sequence = known.unwrap_or_else(|| {
                    let mut made = Sequence::new(sequence);
                    if let Some(episode) = &episode {
                        made.id = SequenceId::derived(&[episode.id.as_str(), sequence]);
                        made.episode_id = Some(episode.id.clone());
                    }
                    film.sequences.push(made.clone());
                    made
                });
                let mut shot = Shot::new(name, &sequence.id, ShotData::default());
                shot.fps = film.project.fps;
                film.shots.push(shot);
                film.shots.len() - 1
            })
    }
}

fn key(episode: Option<&str>, sequence: &str, name: &str) -> [String; 3] {
    [episode.unwrap_or_default(), sequence, name].map(|it| words([it]))
}
