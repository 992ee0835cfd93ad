//! `watchtower export files`.

use std::path::PathBuf;

use clap::{ArgAction, ArgMatches, Args, Command, FromArgMatches};
use watchtower_connector::files::Files;
use watchtower_connector::{Capability, Error, ErrorKind, Result, Tracker};

use super::TrackerCommand;
use crate::Network;
use crate::environment::Environment;

const AFTER_HELP: &str = "\
The folder holds `project-list.json`, and `projects/ID.json` for each project in it; \
`watchtower schema show tracker/project_list` and `tracker/project` say what stands in them. Files that \
they name are relative to the folder, and in it: `--media-root` names other folders in which media may lie.";

pub(super) struct FilesCommand;

#[derive(Debug, Args)]
struct FilesArgs {
    /// The folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// A folder in which pictures and movies may lie beside this one, such as the studio's storage. May be given
    /// several times
    #[arg(long = "media-root", value_name = "DIR", action = ArgAction::Append)]
    media_roots: Vec<PathBuf>,
}

impl TrackerCommand for FilesCommand {
    fn name(&self) -> &'static str {
        "files"
    }

    fn about(&self) -> &'static str {
        "A folder of JSON documents, as something else writes them"
    }

    fn capabilities(&self) -> &'static [Capability] {
        Files::CAPABILITIES
    }

    fn arguments(&self, command: Command) -> Command {
        FilesArgs::augment_args(command).after_help(AFTER_HELP)
    }

    fn connect(
        &self,
        matches: &ArgMatches,
        _: &Environment,
        network: &Network,
    ) -> Result<Box<dyn Tracker>> {
        let args = FilesArgs::from_arg_matches(matches)
            .map_err(|it| Error::new(ErrorKind::Config, "read the folder", it.to_string()))?;
        let files = Files::new(args.folder, network.into());
        Ok(Box::new(files.with_media_roots(args.media_roots)))
    }
}
