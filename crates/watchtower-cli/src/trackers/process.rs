//! `watchtower export process`.

use std::ffi::OsString;
use std::time::Duration;

use clap::{ArgMatches, Args, Command, FromArgMatches};
use watchtower_connector::process::{Process, ProcessSettings};
use watchtower_connector::{Capability, Error, ErrorKind, Result, Tracker};

use super::TrackerCommand;
use crate::Network;
use crate::duration::duration;
use crate::environment::Environment;

const AFTER_HELP: &str = "\
The program is called with one more argument, `project-list`, or with two, `project ID`, and prints one \
JSON document on stdout; `watchtower schema show tracker/project_list` and `tracker/project` say what \
stands in it. What it prints on stderr goes to the log; an exit status other than 0 means that it failed. \
It has our environment, and beside it the settings of `--env-file`, so its passwords can be there. Files \
that it names are relative to the working folder.

Example:
  watchtower export process --output site -- python3 connector.py";

pub(super) struct ProcessCommand;

#[derive(Debug, Args)]
struct ProcessArgs {
    /// How long the program may print nothing, on stdout or stderr
    #[arg(long, default_value = "5m", value_name = "DURATION", value_parser = duration)]
    program_timeout: Duration,
    /// How many MiB the program may print on stdout
    #[arg(long, default_value_t = 2048, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..))]
    max_output: u32,
    /// The program can be called with `changes MARK` as well, and prints what changed since that mark; `changes`
    /// alone asks for the first mark
    #[arg(long)]
    changes: bool,
    /// The program, and the arguments that come before ours
    #[arg(last = true, required = true, num_args = 1.., value_name = "PROGRAM")]
    program: Vec<OsString>,
}

impl TrackerCommand for ProcessCommand {
    fn name(&self) -> &'static str {
        "process"
    }

    fn about(&self) -> &'static str {
        "A connector of your own, in any language: a program that prints JSON"
    }

    fn capabilities(&self) -> &'static [Capability] {
        Process::CAPABILITIES
    }

    fn arguments(&self, command: Command) -> Command {
        ProcessArgs::augment_args(command.next_help_heading("The program")).after_help(AFTER_HELP)
    }

    fn connect(
        &self,
        matches: &ArgMatches,
        environment: &Environment,
        network: &Network,
    ) -> Result<Box<dyn Tracker>> {
        let config = |message: String| Error::new(ErrorKind::Config, "run the program", message);
        let args = ProcessArgs::from_arg_matches(matches).map_err(|it| config(it.to_string()))?;
        let mut words = args.program.into_iter();
        let program = words.next();
        let program = program.ok_or_else(|| config("no program is given".to_owned()))?;
        Ok(Box::new(Process::new(ProcessSettings {
            arguments: words.collect(),
            silence_timeout: args.program_timeout,
            tells_changes: args.changes,
            largest_output: usize::try_from(args.max_output)
                .ok()
                .and_then(|it| it.checked_mul(1 << 20))
                .unwrap_or(usize::MAX),
            environment: environment
                .of_file()
                .map(|(name, value)| (name.to_owned(), value.clone()))
                .collect(),
            http: network.into(),
            ..ProcessSettings::new(program)
        })))
    }
}
