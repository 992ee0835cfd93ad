//! `watchtower trackers`.

use std::io;

use clap::{Arg, Command};
use serde::Serialize;

use crate::cli::TrackersArgs;
use crate::printer::Printer;
use crate::{Exit, Setting, TrackerCommand};

/// A tracker in the list.
#[derive(Serialize)]
struct Entry {
    name: &'static str,
    about: &'static str,
    /// What it can give beyond projects, sequences and shots.
    capabilities: Vec<String>,
    settings: &'static [Setting],
    /// Its own arguments, of `watchtower export` and whatever else talks to it.
    arguments: Vec<Argument>,
}

#[derive(Serialize)]
struct Argument {
    /// As in `--url <URL>`.
    name: String,
    about: String,
}

impl From<&Arg> for Argument {
    fn from(arg: &Arg) -> Self {
        Self {
            name: arg.to_string(),
            about: arg.get_help().map(ToString::to_string).unwrap_or_default(),
        }
    }
}

fn arguments(tracker: &dyn TrackerCommand) -> Vec<Argument> {
    let command = Command::new(tracker.name()).disable_help_flag(true);
    let mut command = tracker.arguments(command);
    // Only then do arguments know how they are written.
    command.build();
    command.get_arguments().map(Argument::from).collect()
}

pub(super) fn run(
    args: &TrackersArgs,
    trackers: &[Box<dyn TrackerCommand>],
    printer: &Printer,
) -> io::Result<Exit> {
    let entry = |it: &dyn TrackerCommand| Entry {
        name: it.name(),
        about: it.about(),
        capabilities: it.capabilities().iter().map(ToString::to_string).collect(),
        settings: it.settings(),
        arguments: arguments(it),
    };
    let entries: Vec<_> = trackers.iter().map(|it| entry(&**it)).collect();
    if args.json {
        printer.data(serde_json::to_string_pretty(&entries)?)?;
        return Ok(Exit::Done);
    }
    for (place, entry) in entries.iter().enumerate() {
        if place > 0 {
            printer.data("")?;
        }
        printer.data(format_args!("{}: {}", entry.name, entry.about))?;
        if !entry.capabilities.is_empty() {
            printer.data(format_args!("  gives {}", entry.capabilities.join(", ")))?;
        }
        let settings = entry.settings.iter().map(|it| (it.name, it.about));
        let arguments = entry.arguments.iter().map(|it| (&*it.name, &*it.about));
        let taken: Vec<_> = settings.chain(arguments).collect();
        let longest = taken.iter().map(|(name, _)| name.len()).max();
        let width = longest.unwrap_or_default();
        for (name, about) in taken {
            printer.data(format_args!("  {name:width$}  {about}"))?;
        }
    }
    Ok(Exit::Done)
}
