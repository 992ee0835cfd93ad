//! The subcommands.

mod check;
mod explain;
mod export;
mod schema;
mod trackers;
mod validate;

use std::io;

use clap::ArgMatches;

use crate::cli::{Action, Cli};
use crate::printer::{Printer, Verbosity};
use crate::{Exit, TrackerCommand};

pub(crate) use explain::code;

/// Runs the subcommand.
pub(crate) fn run(cli: &Cli, matches: &ArgMatches, trackers: &[Box<dyn TrackerCommand>]) -> Exit {
    let verbosity = match (cli.output.quiet, cli.output.verbose) {
        (true, _) => Verbosity::Quiet,
        (_, true) => Verbosity::Verbose,
        _ => Verbosity::Normal,
    };
    let mut printer = Printer::new(verbosity);
    let result = match &cli.command {
        Action::Export => export::run(matches, trackers, &mut printer),
        Action::Check => check::run(matches, trackers, &printer),
        Action::Trackers(args) => trackers::run(args, trackers, &printer),
        Action::Validate(args) => validate::run(args, &cli.output, &printer),
        Action::Explain(args) => explain::run(args, &printer),
        Action::Schema(action) => schema::run(action, &printer),
    };
    result.unwrap_or_else(|error| {
        // Whoever reads stdout has had enough, as `head` has: no error.
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Exit::Done;
        }
        printer.error(&error, None);
        Exit::Output
    })
}

/// The tracker that was named under a subcommand. Clap has made sure that one was, and that it is there.
fn chosen<'a>(
    subcommand: &str,
    matches: &'a ArgMatches,
    trackers: &'a [Box<dyn TrackerCommand>],
) -> (&'a dyn TrackerCommand, &'a ArgMatches) {
    let named = matches
        .subcommand_matches(subcommand)
        .and_then(ArgMatches::subcommand);
    let found = named.and_then(|(name, matches)| {
        let command = trackers.iter().find(|it| it.name() == name)?;
        Some((&**command, matches))
    });
    found.expect("clap demands one of the trackers' subcommands")
}
