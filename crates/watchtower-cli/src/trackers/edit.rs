//! `watchtower export edit`.

use std::path::PathBuf;

use clap::{ArgMatches, Args, Command, FromArgMatches};
use watchtower_connector::edit::{EditSettings, EditTracker};
use watchtower_connector::{Capability, Error, ErrorKind, Result, Tracker};

use super::TrackerCommand;
use crate::Network;
use crate::edit::{ReadingArgs, check_movie};
use crate::environment::Environment;

const AFTER_HELP: &str = "\
Sequences and shots come from comments, markers and the names of clips: 010_0020_anim_v003 is shot 0020 of \
sequence 010. `watchtower edit show FILE` lists what each clip goes by. Where a studio has other habits, \
--edit-match says how shots are named.";

pub(super) struct EditCommand;

#[derive(Debug, Args)]
#[allow(clippy::doc_markdown)] // These become the help, which is plain text.
struct EditTrackerArgs {
    /// The edit: OpenTimelineIO (.otio, .otioz, .otiod), XML of Final Cut 7 (.xml), or EDL (.edl, with --fps)
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// The movie of the edit
    #[arg(long, value_name = "FILE")]
    movie: Option<PathBuf>,
}

impl TrackerCommand for EditCommand {
    fn name(&self) -> &'static str {
        "edit"
    }

    fn about(&self) -> &'static str {
        "An edit alone: its clips become sequences and shots, without any tracker"
    }

    fn capabilities(&self) -> &'static [Capability] {
        EditTracker::CAPABILITIES
    }

    fn arguments(&self, command: Command) -> Command {
        EditTrackerArgs::augment_args(command.next_help_heading("Edit")).after_help(AFTER_HELP)
    }

    fn uses_network(&self) -> bool {
        false
    }

    fn reads_edits(&self) -> bool {
        true
    }

    fn connect(
        &self,
        matches: &ArgMatches,
        _: &Environment,
        _: &Network,
    ) -> Result<Box<dyn Tracker>> {
        let failed =
            |it: clap::Error| Error::new(ErrorKind::Config, "read the edit", it.to_string());
        let args = EditTrackerArgs::from_arg_matches(matches).map_err(failed)?;
        let reading = ReadingArgs::from_arg_matches(matches).map_err(failed)?;
        args.movie.as_deref().map(check_movie).transpose()?;
        Ok(Box::new(EditTracker::new(EditSettings {
            path: args.path,
            fps: reading.fps,
            pattern: reading.edit_match,
            movie: args.movie,
        })))
    }
}
