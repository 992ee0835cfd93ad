//! The cut, from the edit: order, start and length of shots from a timeline, laid over any tracker.
//!
//! Trackers seldom know the edit. A [`Timeline`] is read from a file of OpenTimelineIO (`.otio`) or an
//! edit decision list (`.edl`, CMX 3600), and [`WithEdits`] is a tracker whose shots are where it says.
//!
//! # Which clip is which shot
//!
//! A clip goes by its name, then by `shot`, `shot_name` or `shot_id` in its metadata, then by the name
//! and the file of its media. Names are compared as words: `SEQ-010 / sh 0010` is `seq_010_sh_0010`.
//!
//! 1. A clip is the shot of the same episode, sequence and name; sequence and name; name, where no other
//!    shot has it; or id. The project's name may stand in front.
//! 2. Else it is the shot with whose sequence and name it starts: `010_0020_anim_v003` is `010_0020`.
//!
//! # What becomes what
//!
//! * Frames are counted from the start of the timeline, at its own rate, which becomes the project's.
//! * Video tracks count, sound does not. A clip under another counts too.
//! * Nested stacks and tracks are shots where they have the name of one, and else what is in them is.
//! * Pieces of a shot that touch are one. Of pieces apart, the first counts, and the others are named.
//! * A transition changes nothing about where the clips beside it meet, and neither do time warps.
//! * Shots that are not in the edit are left out; clips that match no shot are named.

mod cut;
mod edl;
mod otio;

use std::fs;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use watchtower_model::{Edit, FrameRate, MediaRef, Project, ProjectList, ProjectSnapshot};

use crate::{
    Account, Capability, Description, Error, ErrorKind, MediaRequest, OpenedMedia, Result, Tracker,
    Traffic,
};
use cut::Cut;

/// A timeline of an edit.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    cut: Cut,
    /// The file's name, for people.
    file: String,
}

impl Timeline {
    /// Reads a timeline from a file: `.otio`, or `.edl`. An edit decision list does not say how many
    /// frames a second has, so it needs `fps`; for others it is in place of the file's own.
    ///
    /// # Errors
    ///
    /// `Config` when there is no such file, or it is of another kind; `Invalid` when it cannot be
    /// understood.
    pub fn read(path: &Path, fps: Option<FrameRate>) -> Result<Self> {
        let operation = format!("read the edit `{}`", path.display());
        let failed = |kind, message: String| Error::new(kind, operation.clone(), message);
        let bytes = fs::read(path).map_err(|it| failed(ErrorKind::Config, it.to_string()))?;
        let text = String::from_utf8_lossy(&bytes);
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        let fps = fps.map(FrameRate::as_f64);
        let cut = match (&*ending.to_lowercase(), fps) {
            ("otio", fps) => otio::read(&text, fps),
            ("edl", Some(fps)) => edl::read(&text, fps),
            ("edl", None) => {
                let message = "an edit decision list does not say how many frames a second has";
                let help = "give --fps, as in --fps 24";
                return Err(failed(ErrorKind::Config, message.into()).with_help(help));
            }
            _ => {
                let message = "it is neither .otio nor .edl";
                let help = "export the edit as OpenTimelineIO, or as EDL (CMX 3600)";
                return Err(failed(ErrorKind::Config, message.into()).with_help(help));
            }
        };
        let file = path.file_name().unwrap_or_default();
        Ok(Self {
            cut: cut.map_err(|message| failed(ErrorKind::Invalid, message))?,
            file: file.to_string_lossy().into_owned(),
        })
    }

    /// Every clip by its name, with its first frame and the frame at which it has ended, counted from
    /// the start of the timeline; in the order of the file.
    pub fn clips(&self) -> Vec<(String, i64, i64)> {
        let clips = self.cut.pieces.iter().filter(|it| it.is_clip);
        let clip = |it: &cut::Piece| {
            let (start, end) = it.frames(self.cut.fps);
            (it.names.first().cloned().unwrap_or_default(), start, end)
        };
        clips.map(clip).collect()
    }

    /// Frames per second in which [`clips`](Self::clips) counts.
    pub fn fps(&self) -> f64 {
        self.cut.fps
    }
}

/// What is laid over a project: where its shots are, and its movie.
#[derive(Clone, Debug, PartialEq)]
pub struct Overlay {
    /// The project, by name or id. None is for a tracker with one project only.
    pub project: Option<String>,
    /// Where its shots are. Those of the tracker stay without one.
    pub timeline: Option<Timeline>,
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
            if find(overlay, list)?.id == project.id {
                overlay.lay_over(&mut snapshot)?;
            }
        }
        Ok(snapshot)
    }

    async fn open_media(&self, request: MediaRequest<'_>) -> Result<OpenedMedia> {
        self.tracker.open_media(request).await
    }

    fn traffic(&self) -> Option<Traffic> {
        self.tracker.traffic()
    }
}

impl Overlay {
    fn lay_over(&self, snapshot: &mut ProjectSnapshot) -> Result<()> {
        let mut name = "Edit".to_owned();
        if let Some(Timeline { cut, file }) = &self.timeline {
            if !cut::lay_over(cut, file, snapshot) {
                let operation = format!("lay the edit {file} over {}", snapshot.project.name);
                let clips = cut.pieces.iter().filter(|it| it.is_clip);
                let clips = some(clips.filter_map(|it| it.names.first().map(String::as_str)));
                let shots = some(snapshot.shots.iter().map(|it| &*it.name));
                let message = format!(
                    "no clip of it matches a shot: clips are called {clips}, and shots {shots}"
                );
                let help = "name the clips after sequence and shot, as in 010_0020";
                return Err(Error::new(ErrorKind::Invalid, operation, message).with_help(help));
            }
            if !cut.name.is_empty() {
                name.clone_from(&cut.name);
            }
        }
        if let Some(movie) = &self.movie {
            let mut edit = Edit::new(name);
            edit.movie = Some(MediaRef::file(movie).changing());
            snapshot.edits.retain(|it| it.id != edit.id);
            snapshot.edits.insert(0, edit);
        }
        Ok(())
    }
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

/// The project that an overlay is for.
fn find<'a>(overlay: &Overlay, list: &'a ProjectList) -> Result<&'a Project> {
    let mut projects = list.projects.iter();
    let found = match &overlay.project {
        Some(name) => projects
            .find(|it| it.id.as_str() == name || it.name.to_lowercase() == name.to_lowercase()),
        None => projects.next().filter(|_| list.projects.len() == 1),
    };
    found.ok_or_else(|| {
        let names: Vec<&str> = list.projects.iter().map(|it| &*it.name).collect();
        let message = match &overlay.project {
            Some(name) => format!(
                "there is no project `{}` among {}",
                name.escape_debug(),
                names.join(", ")
            ),
            None => format!(
                "it is not said of which project it is: {}",
                names.join(", ")
            ),
        };
        let help = "give PROJECT=FILE, or one --project";
        Error::new(ErrorKind::Config, "find the project of the edit", message).with_help(help)
    })
}
