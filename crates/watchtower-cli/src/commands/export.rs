//! `watchtower export`.

use std::io;

use clap::{ArgMatches, FromArgMatches};
use watchtower_connector::Tracker;
use watchtower_writer::Site;
use watchtower_writer::media::{MediaPolicy, ReferenceForm};

use crate::cli::{ExportArgs, Media};
use crate::environment::Environment;
use crate::export::{ExportOptions, export};
use crate::printer::Printer;
use crate::{Exit, TrackerCommand};

pub(super) fn run(
    matches: &ArgMatches,
    trackers: &[Box<dyn TrackerCommand>],
    printer: &Printer,
) -> io::Result<Exit> {
    let (command, matches) = chosen(matches, trackers);
    let args = match ExportArgs::from_arg_matches(matches) {
        Ok(args) => args,
        Err(error) => error.exit(),
    };
    let environment = match Environment::load(args.env_file.as_deref()) {
        Ok(environment) => environment,
        Err(error) => {
            printer.error(&error, None);
            return Ok(Exit::Usage);
        }
    };
    let tracker = match command.connect(matches, &environment, args.jobs) {
        Ok(tracker) => tracker,
        Err(error) => {
            printer.error(&error, error.help());
            return Ok(Exit::Usage);
        }
    };
    let options = ExportOptions {
        media: media_policy(&args, &*tracker),
        projects: args.projects,
        jobs: args.jobs,
        lock_timeout: args.lock_timeout,
        ..ExportOptions::default()
    };
    let site = Site::new(&args.output);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    match runtime.block_on(export(&*tracker, &site, &options, printer)) {
        Ok(summary) => {
            printer.failures(&summary);
            if args.json {
                printer.data(serde_json::to_string_pretty(&summary)?)?;
            } else {
                printer.summary(&summary, &args.output.display().to_string())?;
            }
            Ok(if summary.failed() > 0 {
                Exit::Partial
            } else {
                Exit::Done
            })
        }
        Err(error) => {
            printer.error(&error, error.help());
            Ok(error.exit())
        }
    }
}

/// The tracker that was named. Clap has made sure that one was, and that it is there.
fn chosen<'a>(
    matches: &'a ArgMatches,
    trackers: &'a [Box<dyn TrackerCommand>],
) -> (&'a dyn TrackerCommand, &'a ArgMatches) {
    let named = matches
        .subcommand_matches("export")
        .and_then(ArgMatches::subcommand);
    let found = named.and_then(|(name, matches)| {
        let command = trackers.iter().find(|it| it.name() == name)?;
        Some((&**command, matches))
    });
    found.expect("clap demands one of the trackers' subcommands")
}

fn media_policy(args: &ExportArgs, tracker: &dyn Tracker) -> MediaPolicy {
    match (args.media, &args.media_base, tracker.describe().location) {
        (Media::Download, _, _) => MediaPolicy::Download,
        (Media::None, _, _) => MediaPolicy::None,
        (Media::Reference, Some(base), Some(tracker)) => {
            MediaPolicy::Reference(ReferenceForm::SameHost {
                tracker,
                base: base.clone(),
            })
        }
        (Media::Reference, _, _) => MediaPolicy::Reference(ReferenceForm::ProtocolRelative),
    }
}
