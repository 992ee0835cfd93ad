//! `watchtower edit`.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use watchtower_connector::edit::{ListedClip, ListedShot, Timeline, Written, write};
use watchtower_model::{Episode, MediaLocation, MediaRef, ProjectSnapshot};
use watchtower_writer::read::{self, Contents};

use crate::Exit;
use crate::cli::{EditAction, EditShowArgs, EditWriteArgs};
use crate::export::ExportError;
use crate::messages::Shown;
use crate::printable::printable;
use crate::printer::{Printer, count, first_names};

/// What stands for itself in the path of an address is not escaped.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');

pub(super) fn run(action: &EditAction, printer: &Printer) -> io::Result<Exit> {
    match action {
        EditAction::Show(args) => show(args, printer),
        EditAction::Write(args) => write_site(args, printer),
    }
}

fn show(args: &EditShowArgs, printer: &Printer) -> io::Result<Exit> {
    let timeline = match Timeline::read(&args.file, args.reading.fps) {
        Ok(timeline) => timeline,
        Err(error) => {
            let error = ExportError::Tracker(error);
            printer.error(&error, error.help().as_deref());
            return Ok(error.exit());
        }
    };
    let clips = timeline.listed(args.reading.edit_match.as_ref());
    if args.json {
        let shown = Shown {
            name: timeline.name(),
            fps: timeline.fps(),
            clips: &clips,
            notes: timeline.notes(),
        };
        printer.message(&shown)?;
        return Ok(Exit::Done);
    }
    let told = clips.iter().filter(|it| it.shot.is_some()).count();
    printer.data(format_args!(
        "{}: {} at {} frames per second, of which {told} tell a shot",
        match timeline.name() {
            "" => args.file.display().to_string(),
            name => printable(name).to_string(),
        },
        count(clips.len(), "clip"),
        // As people write it: 23.976.
        (timeline.fps() * 1000.0).round() / 1000.0,
    ))?;
    for clip in &clips {
        printer.data(shown(clip))?;
    }
    printer.notes(timeline.notes())?;
    Ok(Exit::Done)
}

/// A clip with its names, and a star at the one that tells its shot.
fn shown(clip: &ListedClip) -> String {
    let range = format!("{}-{}", clip.start, clip.end);
    let mut text = format!("\n{range:<13} {}", printable(&clip.place));
    if !clip.names.iter().any(|it| it.is_taken) {
        text.push_str(", which tells no shot");
    }
    for name in &clip.names {
        let mark = if name.is_taken { '*' } else { ' ' };
        let _ = write!(
            text,
            "\n  {mark} {:<11} {}",
            name.source,
            printable(&name.text)
        );
        if let Some(shot) = clip.shot.as_ref().filter(|_| name.is_taken) {
            let _ = write!(text, "  ->  {}", printable(&full_name(shot)));
        }
    }
    text
}

fn full_name(shot: &ListedShot) -> String {
    let groups = [&shot.episode, &shot.sequence];
    let mut parts: Vec<&str> = groups.into_iter().flatten().map(String::as_str).collect();
    parts.push(&shot.name);
    parts.join(" / ")
}

/// Why a timeline is not written.
#[derive(Debug, thiserror::Error)]
enum NotWritten {
    #[error("`{}` does not end in .otio", .0.display())]
    Ending(PathBuf),
    #[error("the site has no {what} `{}`: it has {}", .asked.escape_debug(), .names)]
    NoSuch {
        what: &'static str,
        asked: String,
        names: String,
    },
    #[error("the site has several {what}s: {names}")]
    Several { what: &'static str, names: String },
    #[error("no shot of {0} has a place on the timeline")]
    Empty(String),
    #[error("cannot write `{}`: {source}", .file.display())]
    File { file: PathBuf, source: io::Error },
}

fn write_site(args: &EditWriteArgs, printer: &Printer) -> io::Result<Exit> {
    let contents = match read::site(&args.site, args.format) {
        Ok(contents) => contents,
        Err(error) => {
            printer.error(&error, None);
            return Ok(match error {
                read::Error::Invalid { .. } | read::Error::Unreadable { .. } => Exit::Findings,
                _ => Exit::Usage,
            });
        }
    };
    let (film, written) = match written(args, &contents) {
        Ok(written) => written,
        Err(error) => {
            printer.error(&error, error.help());
            return Ok(match error {
                NotWritten::File { .. } => Exit::Output,
                NotWritten::Empty(_) => Exit::Findings,
                _ => Exit::Usage,
            });
        }
    };
    printer.data(format_args!(
        "{}: {} in {}",
        printable(&film.project.name),
        count(written.shots, "shot"),
        args.output.display()
    ))?;
    let mut notes = Vec::new();
    if !written.left_out.is_empty() {
        let names: Vec<&str> = written.left_out.iter().map(String::as_str).collect();
        notes.push(format!(
            "shots without a place on the timeline: {}",
            first_names(&names)
        ));
    }
    let has_movie = film.edits.iter().any(|it| it.movie.is_some());
    if !has_movie {
        notes.push("the site has no movie of the edit".to_owned());
    }
    printer.notes(&notes)?;
    Ok(Exit::Done)
}

impl NotWritten {
    fn help(&self) -> Option<&'static str> {
        match self {
            Self::Several {
                what: "project", ..
            } => Some("give --project"),
            Self::Several { .. } => Some("give --episode"),
            Self::Ending(_) => Some("give a name such as cut.otio"),
            _ => None,
        }
    }
}

fn written<'a>(
    args: &EditWriteArgs,
    contents: &'a Contents,
) -> Result<(&'a ProjectSnapshot, Written), NotWritten> {
    if args.output.extension().is_none_or(|it| it != "otio") {
        return Err(NotWritten::Ending(args.output.clone()));
    }
    let named =
        |it: &&ProjectSnapshot| (it.project.id.as_str().to_owned(), it.project.name.clone());
    let film = one(
        "project",
        args.project.as_deref(),
        contents.projects.iter(),
        named,
    )?;
    let film = film.ok_or_else(|| NotWritten::Empty("it".to_owned()))?;
    let named = |it: &&Episode| (it.id.as_str().to_owned(), it.name.clone());
    let episode = one(
        "episode",
        args.episode.as_deref(),
        film.episodes.iter(),
        named,
    )?;
    let site = std::path::absolute(&args.site).unwrap_or_else(|_| args.site.clone());
    let address = |media: &MediaRef| address(&site, media);
    let written = write(film, &contents.list, episode.map(|it| &it.id), address);
    if written.shots == 0 {
        return Err(NotWritten::Empty(film.project.name.clone()));
    }
    fs::write(&args.output, &written.text).map_err(|source| NotWritten::File {
        file: args.output.clone(),
        source,
    })?;
    Ok((film, written))
}

/// The one that is asked for, by id or name, or the only one there is.
fn one<T>(
    what: &'static str,
    asked: Option<&str>,
    all: impl Iterator<Item = T>,
    named: impl Fn(&T) -> (String, String),
) -> Result<Option<T>, NotWritten> {
    let mut all: Vec<T> = all.collect();
    let names: Vec<(String, String)> = all.iter().map(named).collect();
    let shown: Vec<&str> = names.iter().map(|(_, name)| &**name).collect();
    let shown = first_names(&shown);
    match asked {
        Some(asked) => {
            let same = |(id, name): &(String, String)| {
                id == asked || name.to_lowercase() == asked.to_lowercase()
            };
            let at = names
                .iter()
                .position(same)
                .ok_or_else(|| NotWritten::NoSuch {
                    what,
                    asked: asked.to_owned(),
                    names: if names.is_empty() {
                        "none".to_owned()
                    } else {
                        shown
                    },
                })?;
            Ok(Some(all.swap_remove(at)))
        }
        None if all.len() > 1 => Err(NotWritten::Several { what, names: shown }),
        None => Ok(all.pop()),
    }
}

/// Where a picture or movie of a site is.
fn address(site: &Path, media: &MediaRef) -> Option<String> {
    match &media.location {
        MediaLocation::Url(url) => Some(url.clone()),
        MediaLocation::Key(path) | MediaLocation::Site(path) => {
            let file = site.join(path);
            let file = file.to_str()?.replace('\\', "/");
            let root = if file.starts_with('/') { "" } else { "/" };
            Some(format!(
                "file://{root}{}",
                utf8_percent_encode(&file, ESCAPED)
            ))
        }
        _ => None,
    }
}
