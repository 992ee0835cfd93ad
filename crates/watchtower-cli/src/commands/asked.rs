//! A tracker that a command asks something, instead of exporting from it.

use std::io;
use std::path::PathBuf;

use clap::{ArgMatches, FromArgMatches};
use tokio::runtime;
use watchtower_connector::{Result, Tracker};

use super::export::chosen;
use crate::environment::Environment;
use crate::printer::Printer;
use crate::stop::Stop;
use crate::{Exit, Network, TrackerCommand};

/// The tracker, and what was said with it.
pub(super) struct Asked<'a, A> {
    pub(super) command: &'a dyn TrackerCommand,
    pub(super) args: A,
    pub(super) environment: Environment,
    matches: &'a ArgMatches,
    network: Network,
}

impl<'a, A: FromArgMatches> Asked<'a, A> {
    /// The tracker that was named under a subcommand. What is wrong is said, and the error is how the
    /// command ends.
    pub(super) fn new(
        subcommand: &str,
        matches: &'a ArgMatches,
        trackers: &'a [Box<dyn TrackerCommand>],
        env_file: impl Fn(&A) -> &Option<PathBuf>,
        printer: &Printer,
    ) -> Result<Self, Exit> {
        let (command, matches) = chosen(subcommand, matches, trackers);
        let arguments = || -> Result<_, clap::Error> {
            let network = match command.uses_network() {
                true => Network::from_arg_matches(matches)?,
                false => Network::default(),
            };
            Ok((A::from_arg_matches(matches)?, network))
        };
        let (args, network) = arguments().unwrap_or_else(|error| error.exit());
        let environment = Environment::load(env_file(&args).as_deref()).map_err(|error| {
            printer.error(&error, None);
            Exit::Usage
        })?;
        Ok(Self {
            command,
            args,
            environment,
            matches,
            network,
        })
    }

    /// Makes the tracker.
    pub(super) fn connect(&self) -> Result<Box<dyn Tracker>> {
        self.command
            .connect(self.matches, &self.environment, &self.network)
    }

    /// Makes the tracker with credentials that it does not take, if it can be.
    pub(super) fn connect_as_nobody(&self) -> Option<Result<Box<dyn Tracker>>> {
        self.command
            .connect_as_nobody(self.matches, &self.environment, &self.network)
    }
}

/// Runs what waits for the network until it is done, or a signal ends it: then the exit code is said.
pub(super) fn until_stopped<T>(asking: impl Future<Output = T>) -> io::Result<Result<T, Exit>> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let done = runtime.block_on(async {
        let mut stop = Stop::on_signals()?;
        tokio::select! {
            done = asking => Ok(Ok(done)),
            exit = stop.requested() => Ok(Err(exit)),
        }
    });
    runtime.shutdown_background();
    done
}
