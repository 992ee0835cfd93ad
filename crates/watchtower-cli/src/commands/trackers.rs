//! `watchtower trackers`.

use std::io;

use clap::{Arg, Command};

use crate::cli::TrackersArgs;
use crate::messages::{Argument, TrackerEntry, Trackers};
use crate::printer::Printer;
use crate::{Exit, TrackerCommand};

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
    let entry = |it: &dyn TrackerCommand| TrackerEntry {
        name: it.name(),
        about: it.about(),
        capabilities: it.capabilities(),
        settings: it.settings(),
        arguments: arguments(it),
    };
    let list = Trackers {
        trackers: trackers.iter().map(|it| entry(&**it)).collect(),
    };
    if args.json {
        printer.message(&list)?;
        return Ok(Exit::Done);
    }
    for (place, entry) in list.trackers.iter().enumerate() {
        if place > 0 {
            printer.data("")?;
        }
        printer.data(format_args!("{}: {}", entry.name, entry.about))?;
        if !entry.capabilities.is_empty() {
            let gives = entry.capabilities.iter().map(ToString::to_string);
            let gives: Vec<_> = gives.collect();
            printer.data(format_args!("  gives {}", gives.join(", ")))?;
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
