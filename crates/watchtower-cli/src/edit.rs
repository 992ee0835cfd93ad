//! `--edit`: the cut of an edit, laid over whatever is exported.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

use clap::{ArgAction, Args};
use watchtower_connector::edit::{NamePattern, Overlay, Timeline, WithEdits};
use watchtower_connector::{Error, ErrorKind, Result, Tracker};
use watchtower_model::FrameRate;
use watchtower_writer::media::movie::{MovieError, frame_count};

/// What every export takes of edits.
#[derive(Debug, Default, Args)]
#[allow(clippy::doc_markdown)] // These become the help, which is plain text.
#[command(next_help_heading = "The cut, from the edit")]
pub(crate) struct EditArgs {
    /// Take order, start and length of shots from a timeline: OpenTimelineIO (.otio, .otioz, .otiod), XML of
    /// Final Cut 7 (.xml), or EDL (.edl, CMX 3600). Comments, markers or clips are named after shots, as in
    /// 010_0020; what does not match is listed. PROJECT is its name or id; it is not needed with one
    /// `--project`, or where there is one only. For one episode of a series, give PROJECT/EPISODE.
    /// May be given several times
    #[arg(long = "edit", value_name = "[PROJECT[/EPISODE]=]FILE", action = ArgAction::Append)]
    pub(crate) edits: Vec<OsString>,
    /// The movie of the edit, instead of the tracker's. May be given several times
    #[arg(long = "edit-movie", value_name = "[PROJECT[/EPISODE]=]FILE", action = ArgAction::Append)]
    pub(crate) movies: Vec<OsString>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
}

/// How edits are read.
#[derive(Debug, Default, Args)]
#[allow(clippy::doc_markdown)] // These become the help, which is plain text.
pub(crate) struct ReadingArgs {
    /// How shots are named in edits, as a regular expression with a group `shot`, and groups `sequence` and
    /// `episode` if they are there: (?<sequence>\w+)_(?<shot>\d+). Only names that it matches count
    #[arg(long, value_name = "REGEX", value_parser = pattern)]
    pub(crate) edit_match: Option<NamePattern>,
    /// Frames per second, where the edit or the sheets do not say, or something else
    #[arg(long, value_name = "FPS")]
    pub(crate) fps: Option<FrameRate>,
}

impl EditArgs {
    /// Lays the edits over a tracker. `projects` are those that are exported, none for all.
    ///
    /// # Errors
    ///
    /// `Config` when it is not said of which project an edit is, or when a file is not there or no movie;
    /// `Invalid` when an edit cannot be understood.
    pub(crate) fn lay_over(
        &self,
        tracker: Box<dyn Tracker>,
        projects: &[String],
    ) -> Result<Box<dyn Tracker>> {
        let mut overlays: Vec<Overlay> = Vec::new();
        for argument in &self.edits {
            let (of, file) = split(argument, projects)?;
            let timeline = Timeline::read(&file, self.reading.fps)?;
            let overlay = place(&mut overlays, of);
            overlay.pattern.clone_from(&self.reading.edit_match);
            if overlay.timeline.replace(timeline).is_some() {
                return Err(twice("--edit"));
            }
        }
        for argument in &self.movies {
            let (of, file) = split(argument, projects)?;
            check_movie(&file)?;
            if place(&mut overlays, of).movie.replace(file).is_some() {
                return Err(twice("--edit-movie"));
            }
        }
        Ok(match overlays.is_empty() {
            true => tracker,
            false => Box::new(WithEdits::new(tracker, overlays)),
        })
    }
}

/// Reads the expression of `--edit-match`.
fn pattern(text: &str) -> std::result::Result<NamePattern, String> {
    NamePattern::new(text).map_err(|error| error.to_string())
}

/// Refuses a file that was named as the movie of an edit and is none: the site would show a placeholder.
///
/// # Errors
///
/// `Config` that says what was found.
pub(crate) fn check_movie(file: &Path) -> Result<()> {
    let refused = |message: String, help: &'static str| {
        let error = Error::new(ErrorKind::Config, "take the edit's movie", message);
        Err(error.with_help(help))
    };
    if !file.is_file() {
        let message = format!("`{}` is not a file", file.display());
        return refused(message, "give the path of the movie");
    }
    match File::open(file)
        .map_err(MovieError::from)
        .and_then(frame_count)
    {
        Ok(_) => Ok(()),
        Err(error) => refused(
            format!("`{}`: {error}", file.display()),
            "give an MP4 movie, which is what browsers play",
        ),
    }
}

fn twice(option: &str) -> Error {
    let message = format!("{option} is given twice for the same project or episode");
    let help = "give PROJECT=FILE for each project, or PROJECT/EPISODE=FILE for each episode";
    Error::new(ErrorKind::Config, "lay the edit over the projects", message).with_help(help)
}

/// The overlay of a project or episode, made the first time.
fn place(overlays: &mut Vec<Overlay>, of: Option<String>) -> &mut Overlay {
    let same = |it: &Overlay| it.of == of;
    let at = overlays.iter().position(same).unwrap_or_else(|| {
        overlays.push(Overlay {
            of,
            timeline: None,
            pattern: None,
            movie: None,
        });
        overlays.len() - 1
    });
    &mut overlays[at]
}

/// The project or episode, and the file of an argument. A file that is there is one, whatever its name holds.
fn split(argument: &OsString, projects: &[String]) -> Result<(Option<String>, PathBuf)> {
    let whole = PathBuf::from(argument);
    if !whole.exists()
        && let Some((of, file)) = argument.to_str().and_then(|it| it.split_once('='))
    {
        // With one `--project`, an episode of it.
        let of = match (of.strip_prefix('/'), projects) {
            (Some(episode), [project]) => format!("{project}/{episode}"),
            _ => of.to_owned(),
        };
        return Ok((Some(of), file.into()));
    }
    match projects {
        [] => Ok((None, whole)),
        [project] => Ok((Some(project.clone()), whole)),
        several => {
            let message = format!(
                "it is not said of which project `{}` is: {}",
                whole.display(),
                several.join(", ")
            );
            let help = "give PROJECT=FILE";
            Err(
                Error::new(ErrorKind::Config, "find the project of the edit", message)
                    .with_help(help),
            )
        }
    }
}
