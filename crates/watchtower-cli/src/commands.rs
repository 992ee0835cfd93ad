//! The subcommands.

mod anonymise;
mod asked;
mod beats;
#[cfg(feature = "bundle")]
mod bundle;
mod check;
mod completions;
mod conformance;
mod convert;
mod edit;
mod explain;
mod export;
mod schema;
#[cfg(feature = "serve")]
mod serve;
mod trackers;
mod validate;
#[cfg(feature = "serve")]
mod view;

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
        Action::Conformance(args) => conformance::run(args, matches, trackers, &printer),
        Action::Trackers(args) => trackers::run(args, trackers, &printer),
        Action::Validate(args) => validate::run(args, &cli.output, &printer),
        Action::Convert(args) => convert::run(args, &printer),
        Action::Edit(action) => edit::run(action, &printer),
        #[cfg(feature = "bundle")]
        Action::Bundle(args) => bundle::run(args, &printer),
        #[cfg(feature = "serve")]
        Action::Serve(args) => serve::run(args, &printer),
        #[cfg(feature = "serve")]
        Action::View => view::run(matches, trackers, &mut printer),
        Action::Explain(args) => explain::run(args, &printer),
        Action::Schema(action) => schema::run(action, &printer),
        Action::Anonymise(args) => anonymise::run(args, &printer),
        Action::Completions(args) => completions::run(args, trackers, &printer),
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
