//! The command `watchtower`, with our tracker.

use std::process::ExitCode;

use watchtower_cli::clap::ArgMatches;
use watchtower_cli::environment::Environment;
use watchtower_cli::{Network, TrackerCommand, main_with};
use watchtower_connector::{Result, Tracker};
use watchtower_studio::Studio;

struct StudioCommand;

impl TrackerCommand for StudioCommand {
    fn name(&self) -> &'static str {
        "studio"
    }

    fn about(&self) -> &'static str {
        "Our studio's list of shots, from STUDIO_FILE or studio.json"
    }

    fn connect(
        &self,
        _: &ArgMatches,
        environment: &Environment,
        _: &Network,
    ) -> Result<Box<dyn Tracker>> {
        let file = environment.text("STUDIO_FILE");
        Ok(Box::new(Studio::new(file.unwrap_or("studio.json".into()))))
    }
}

fn main() -> ExitCode {
    main_with(vec![Box::new(StudioCommand)])
}
