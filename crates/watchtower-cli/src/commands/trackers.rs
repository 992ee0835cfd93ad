//! `watchtower trackers`.

use std::io;

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
        let longest = entry.settings.iter().map(|it| it.name.len()).max();
        for Setting { name, about, .. } in entry.settings {
            let width = longest.unwrap_or_default();
            printer.data(format_args!("  {name:width$}  {about}"))?;
        }
    }
    Ok(Exit::Done)
}
