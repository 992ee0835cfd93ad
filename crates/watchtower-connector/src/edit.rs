//! The cut, from the edit: order, start and length of shots from a timeline, laid over any tracker.
//!
//! Trackers seldom know the edit. A [`Timeline`] is read from a file of OpenTimelineIO (`.otio`, `.otioz`,
//! `.otiod`), XML of Final Cut 7 (`.xml`) or an edit decision list (`.edl`, CMX 3600), and [`WithEdits`] is a
//! tracker whose shots are where it says.
//!
//! # Which clip is which shot
//!
//! What names a clip's shot, in this order: comments, markers, the clip's own name, `shot`, `shot_name` or
//! `shot_id` in its metadata, its source file, its reel. That is the order in which Autodesk's importer of cuts
//! looks. Names are compared as words: `SEQ-010 / sh 0010` is `seq_010_sh_0010`.
//!
//! 1. A name is the shot of the same episode, sequence and name; sequence and name; name; or id. The
//!    project's name may stand in front, and a version, a take or a file's ending behind.
//! 2. Else it is the shot with whose name it starts, the longest that fits: `010_0020_anim_v003` is
//!    `010_0020`. That name has two words or more, of the sequence and the shot, or of the shot alone; or
//!    both are one word, as in `KITE0020`.
//! 3. Else it is the shot whose name, of two words or more, stands in it.
//! 4. Comments and markers are read word by word: the first word that is a shot counts.
//!
//! A name that fits two shots fits none. With a [`NamePattern`] only names that it matches count.
//!
//! # What becomes what
//!
//! * Frames are counted from the start of the timeline, at its own rate, which becomes the project's.
//! * Video tracks count, sound does not. A clip under another counts too.
//! * Nested stacks and tracks are shots where they have the name of one, and else what is in them is.
//! * Pieces of a shot that touch are one. Of pieces apart, the first counts, and the others are named.
//! * A transition changes nothing about where the clips beside it meet, and neither do time warps.
//! * Shots that are not in the edit have no place on the timeline; clips that match no shot are named.
//! * The edit of one episode places the shots of that episode alone.

mod alone;
mod archive;
mod cut;
mod edl;
mod final_cut;
mod matching;
mod naming;
mod otio;
mod text;
mod written;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use percent_encoding::percent_decode_str;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use watchtower_model::{Edit, Episode, FrameRate, MediaRef, Project, ProjectList, ProjectSnapshot};

use crate::{
    Account, Capability, Changed, Changes, Description, Error, ErrorKind, Mark, MediaRequest,
    OpenedMedia, Result, Tracker, Traffic, stamps,
};
pub use alone::{EditSettings, EditTracker};
pub use cut::Source as NameSource;
use cut::{Cut, Kind};
pub use matching::NamePattern;
pub use written::{Written, write};

/// A timeline of an edit.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    cut: Cut,
    /// The file's name, for people.
    file: String,
    /// Where it was read.
    source: Source,
}

/// Where a timeline was read.
#[derive(Clone, Debug, PartialEq)]
struct Source {
    path: PathBuf,
    fps: Option<FrameRate>,
    /// The file as it was before it was read.
    stamp: String,
}

/// A clip of a timeline, with all that may name its shot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ListedClip {
    /// Where it is: the event and its timecode, or the frame.
    pub place: String,
    /// Its first frame.
    pub start: i64,
    /// The frame at which it has ended.
    pub end: i64,
    /// What may name its shot, the most telling first.
    pub names: Vec<ListedName>,
    /// The shot that these tell, without a tracker to ask.
    pub shot: Option<ListedShot>,
}

/// Something that may name a shot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ListedName {
    /// Where it is from.
    pub source: NameSource,
    /// As it is written.
    pub text: String,
    /// Whether it tells the shot.
    pub is_taken: bool,
}

/// The shot that the names of a clip tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ListedShot {
    /// Its episode, where a [`NamePattern`] has it.
    pub episode: Option<String>,
    /// Its sequence.
    pub sequence: Option<String>,
    /// Its name in the sequence.
    pub name: String,
}

/// What a timeline can be read from, by the ending of its name.
#[derive(Clone, Copy)]
enum Format {
    Otio,
    FinalCut,
    Edl,
}

impl Timeline {
    /// Reads a timeline from a file: OpenTimelineIO, XML of Final Cut 7, or EDL. An edit decision list does
    /// not say how many frames a second has, so it needs `fps`; for others it is in place of the file's own.
    ///
    /// # Errors
    ///
    /// `Config` when there is no such file, or it is of another kind; `Invalid` when it cannot be
    /// understood.
    pub fn read(path: &Path, fps: Option<FrameRate>) -> Result<Self> {
        let operation = format!("read the edit `{}`", path.display());
        let source = Source {
            path: path.to_owned(),
            fps,
            stamp: stamps::of_files([path]),
        };
        let failed = |kind, message: String| Error::new(kind, operation.clone(), message);
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        let format = match &*ending.to_lowercase() {
            "otio" | "otioz" | "otiod" => Format::Otio,
            "xml" | "fcpxml" => Format::FinalCut,
            "edl" => Format::Edl,
            _ => {
                let message = "its name ends in none of .otio, .otioz, .otiod, .xml and .edl";
                let help =
                    "export the edit as OpenTimelineIO, XML of Final Cut 7, or EDL (CMX 3600)";
                return Err(failed(ErrorKind::Config, message.into()).with_help(help));
            }
        };
        let bytes = archive::bytes(path).map_err(|it| failed(ErrorKind::Config, it))?;
        let fps = fps.map(FrameRate::as_f64);
        let decoded = text::decode(&bytes).map_err(|it| failed(ErrorKind::Invalid, it))?;
        let (text, guess) = decoded;
        let cut = match (format, fps) {
            (Format::Otio, fps) => otio::read(&text, fps),
            (Format::FinalCut, fps) => final_cut::read(&text, fps),
            (Format::Edl, Some(fps)) => edl::read(&text, fps),
            (Format::Edl, None) => {
                let message = "an edit decision list does not say how many frames a second has";
                let help = "give --fps, as in --fps 24";
                return Err(failed(ErrorKind::Config, message.into()).with_help(help));
            }
        };
        let mut cut = cut.map_err(|message| failed(ErrorKind::Invalid, message))?;
        cut.notes.splice(0..0, guess);
        let file = path.file_name().unwrap_or_default();
        Ok(Self {
            cut,
            file: file.to_string_lossy().into_owned(),
            source,
        })
    }

    /// The timeline as its file has it now: it is read again if it is another since.
    fn current(&self) -> Result<Cow<'_, Self>> {
        let Source { path, fps, stamp } = &self.source;
        match *stamp == stamps::of_files([path.as_path()]) {
            true => Ok(Cow::Borrowed(self)),
            false => Self::read(path, *fps).map(Cow::Owned),
        }
    }

    /// Every clip by its name, with its first frame and the frame at which it has ended, counted from
    /// the start of the timeline; in the order of the file.
    pub fn clips(&self) -> Vec<(String, i64, i64)> {
        let clips = self.cut.pieces.iter().filter(|it| it.kind != Kind::Nested);
        let clip = |it: &cut::Piece| {
            let (start, end) = it.frames(self.cut.fps);
            (it.label().to_owned(), start, end)
        };
        clips.map(clip).collect()
    }

    /// Its name, which may be empty.
    pub fn name(&self) -> &str {
        &self.cut.name
    }

    /// Every clip, and every nested timeline that is a shot, with what may name its shot, and which shot that
    /// tells where there is no tracker; in the order of the timeline.
    pub fn listed(&self, pattern: Option<&NamePattern>) -> Vec<ListedClip> {
        let told = naming::told(&self.cut, pattern);
        let pieces = self.cut.pieces.iter().zip(told);
        let pieces = pieces.filter(|(it, told)| it.kind != Kind::Nested || told.is_some());
        let clip = |(piece, told): (&cut::Piece, Option<naming::Told>)| {
            let (start, end) = piece.frames(self.cut.fps);
            let taken = told.as_ref().map(|it| it.by);
            let names = piece.names.iter().enumerate();
            let names = names.map(|(at, it)| ListedName {
                source: it.source,
                text: it.text.clone(),
                is_taken: taken == Some(at),
            });
            ListedClip {
                place: piece.place.clone(),
                start,
                end,
                names: names.collect(),
                shot: told.map(|it| ListedShot {
                    episode: it.episode,
                    sequence: it.sequence,
                    name: it.shot,
                }),
            }
        };
        let mut clips: Vec<ListedClip> = pieces.map(clip).collect();
        clips.sort_by_key(|it| (it.start, it.end));
        clips
    }

    /// Frames per second in which [`clips`](Self::clips) counts.
    pub fn fps(&self) -> f64 {
        self.cut.fps
    }

    /// What a person should know about the file: lines that were passed over, what was guessed.
    pub fn notes(&self) -> &[String] {
        &self.cut.notes
    }
}

/// What is laid over a project or an episode: where its shots are, and its movie.
#[derive(Clone, Debug, PartialEq)]
pub struct Overlay {
    /// The project, by name or id, or an episode of it as `PROJECT/EPISODE`. None is for a tracker with
    /// one project only, and `/EPISODE` for an episode of that.
    pub of: Option<String>,
    /// Where its shots are. Those of the tracker stay without one.
    pub timeline: Option<Timeline>,
    /// How shots are named in the timeline, where the rules of this module do not fit.
    pub pattern: Option<NamePattern>,
    /// The movie of the edit. That of the tracker stays without one.
    pub movie: Option<PathBuf>,
}

/// A tracker whose shots are where edits say.
pub struct WithEdits {
    tracker: Box<dyn Tracker>,
    overlays: Vec<Overlay>,
}

impl WithEdits {
    /// Lays edits over a tracker.
    pub fn new(tracker: Box<dyn Tracker>, overlays: Vec<Overlay>) -> Self {
        Self { tracker, overlays }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Tracker for WithEdits {
    fn describe(&self) -> Description {
        let mut description = self.tracker.describe();
        if self.overlays.iter().any(|it| it.movie.is_some()) {
            for added in [Capability::Edits, Capability::Movies] {
                if !description.capabilities.contains(&added) {
                    description.capabilities.push(added);
                }
            }
        }
        description
    }

    async fn check(&self) -> Result<Account> {
        self.tracker.check().await
    }

    async fn project_list(&self) -> Result<ProjectList> {
        let list = self.tracker.project_list().await?;
        for overlay in &self.overlays {
            find(overlay, &list)?;
        }
        Ok(list)
    }

    async fn project(&self, project: &Project, list: &ProjectList) -> Result<ProjectSnapshot> {
        let mut snapshot = self.tracker.project(project, list).await?;
        for overlay in &self.overlays {
            let (found, episode) = find(overlay, list)?;
            if found.id == project.id {
                let episode = episode.map(|it| find_episode(it, &snapshot)).transpose()?;
                overlay.lay_over(episode.as_ref(), &mut snapshot)?;
            }
        }
        Ok(snapshot)
    }

    async fn open_media(&self, request: MediaRequest<'_>) -> Result<OpenedMedia> {
        self.tracker.open_media(request).await
    }

    async fn overview(&self) -> Result<ProjectList> {
        self.tracker.overview().await
    }

    async fn remarks(&self) -> Result<Vec<String>> {
        self.tracker.remarks().await
    }

    fn other_names(&self, project: &Project) -> Vec<String> {
        self.tracker.other_names(project)
    }

    async fn restrictions(&self, project: &Project) -> Result<Vec<String>> {
        self.tracker.restrictions(project).await
    }

    fn traffic(&self) -> Option<Traffic> {
        self.tracker.traffic()
    }

    fn unknown_keys(&self) -> Vec<String> {
        self.tracker.unknown_keys()
    }

    /// What the tracker tells. Where an edit or its movie is another, it may be anything.
    async fn changes(&self, since: Option<&Mark>) -> Result<Changes> {
        let before = since.and_then(|it| serde_json::from_str::<MarkWithEdits>(it.as_str()).ok());
        let files = self.overlays.iter().flat_map(Overlay::files);
        let edits = stamps::of_files(files);
        let mark = before.as_ref().map(|it| &it.tracker);
        let mut changes = self.tracker.changes(mark).await?;
        if before.is_none_or(|it| it.edits != edits) {
            changes.what = Changed::Unknown;
        }
        changes.mark = changes.mark.and_then(|tracker| {
            let mark = MarkWithEdits { edits, tracker };
            serde_json::to_string(&mark).ok().map(Mark::new)
        });
        Ok(changes)
    }
}

/// The mark of a tracker over which edits are laid.
#[derive(Serialize, Deserialize)]
struct MarkWithEdits {
    /// The files of the edits.
    edits: String,
    tracker: Mark,
}

impl Overlay {
    /// The files that it is made of.
    fn files(&self) -> impl Iterator<Item = &Path> {
        let timeline = self.timeline.iter().map(|it| it.source.path.as_path());
        timeline.chain(self.movie.as_deref())
    }

    fn lay_over(&self, episode: Option<&Episode>, snapshot: &mut ProjectSnapshot) -> Result<()> {
        let mut name = match episode {
            Some(episode) => format!("Edit {}", episode.name),
            None => "Edit".to_owned(),
        };
        let timeline = self.timeline.as_ref().map(Timeline::current).transpose()?;
        if let Some(Timeline { cut, file, .. }) = timeline.as_deref() {
            if !cut::lay_over(cut, file, self.pattern.as_ref(), episode, snapshot) {
                let operation = format!("lay the edit {file} over {}", snapshot.project.name);
                let clips = cut.pieces.iter().filter(|it| it.kind != Kind::Nested);
                let clips = some(clips.map(cut::Piece::label));
                let shots = some(snapshot.shots.iter().map(|it| &*it.name));
                let mut message = format!(
                    "no clip of it matches a shot: clips are called {clips}, and shots {shots}"
                );
                for note in &cut.notes {
                    message = format!("{message}; {note}");
                }
                let help = "name the clips after sequence and shot, as in 010_0020, or give --edit-match; \
                            `watchtower edit show` lists the names that clips go by";
                return Err(Error::new(ErrorKind::Invalid, operation, message).with_help(help));
            }
            if !cut.name.is_empty() {
                name.clone_from(&cut.name);
            }
        }
        if let Some(movie) = &self.movie {
            let mut edit = Edit::new(name);
            edit.movie = Some(MediaRef::file(movie).changing());
            edit.episode_id = episode.map(|it| it.id.clone());
            snapshot.edits.retain(|it| it.id != edit.id);
            snapshot.edits.insert(0, edit);
        }
        Ok(())
    }
}

/// How much is named in a note; the rest is counted.
const LISTED: usize = 10;

/// Some things in a row, and how many more there are.
fn listed(mut all: impl Iterator<Item = String>) -> String {
    let shown: Vec<String> = all.by_ref().take(LISTED).collect();
    match all.count() {
        0 => shown.join(", "),
        more => format!("{}, and {more} more", shown.join(", ")),
    }
}

/// Whether a number can be the frames of a second: those of a timecode in seconds, or of sound, cannot.
fn is_frame_rate(rate: f64) -> bool {
    (5.0..=1000.0).contains(&rate)
}

/// The text of an address with what is escaped in it: `a%20b` is `a b`.
fn decoded(address: &str) -> String {
    percent_decode_str(address).decode_utf8_lossy().into_owned()
}

/// The first of some names, for an error.
fn some<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const MANY: usize = 3;
    let mut names = names.peekable();
    let mut shown: Vec<String> = Vec::new();
    while let Some(name) = names.next_if(|_| shown.len() < MANY) {
        shown.push(format!("`{}`", name.escape_debug()));
    }
    match (shown.is_empty(), names.peek()) {
        (true, _) => "nothing".to_owned(),
        (false, None) => shown.join(", "),
        (false, Some(_)) => format!("{} …", shown.join(", ")),
    }
}

/// The project that an overlay is for, and the name of the episode.
fn find<'a, 'b>(
    overlay: &'b Overlay,
    list: &'a ProjectList,
) -> Result<(&'a Project, Option<&'b str>)> {
    let named = |name: &str| {
        let is = |text: &str| text.to_lowercase() == name.to_lowercase();
        let mut projects = list.projects.iter();
        projects.find(|it| it.id.as_str() == name || is(&it.name))
    };
    let only = || list.projects.first().filter(|_| list.projects.len() == 1);
    let found = match overlay.of.as_deref() {
        None => only().map(|it| (it, None)),
        Some(of) => named(of).map(|it| (it, None)).or_else(|| {
            let (project, episode) = of.rsplit_once('/')?;
            let project = if project.is_empty() {
                only()
            } else {
                named(project)
            };
            Some((project?, Some(episode)))
        }),
    };
    found.ok_or_else(|| {
        let names: Vec<&str> = list.projects.iter().map(|it| &*it.name).collect();
        let message = match &overlay.of {
            Some(name) => format!(
                "there is no project `{}` among {}",
                name.escape_debug(),
                names.join(", ")
            ),
            None => format!(
                "the edit names no project, and there are several: {}",
                names.join(", ")
            ),
        };
        let help = "give PROJECT=FILE or PROJECT/EPISODE=FILE, or one --project";
        Error::new(ErrorKind::Config, "find the project of the edit", message).with_help(help)
    })
}

/// The episode of a project, by name or id.
fn find_episode(name: &str, snapshot: &ProjectSnapshot) -> Result<Episode> {
    let mut episodes = snapshot.episodes.iter();
    let found =
        episodes.find(|it| it.id.as_str() == name || it.name.to_lowercase() == name.to_lowercase());
    found.cloned().ok_or_else(|| {
        let message = format!(
            "{} has no episode `{}`, but {}",
            snapshot.project.name,
            name.escape_debug(),
            some(snapshot.episodes.iter().map(|it| &*it.name)),
        );
        let help = "give the name of an episode, as in PROJECT/EPISODE=FILE";
        Error::new(ErrorKind::Config, "find the episode of the edit", message).with_help(help)
    })
}
