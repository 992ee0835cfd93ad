//! The command `watchtower` as a library.
//!
//! * [`export`](export::export) is the driver: from any [`Tracker`](watchtower_connector::Tracker)
//!   to a site.
//! * [`main_with`] is the whole command line with trackers of your own: write a
//!   [`TrackerCommand`] and a `main` of one line.
//!
//! What happens in an export is told in events of [`tracing`]. The command line writes them to stderr
//! with `--log-format` or `--every`; a program that has a subscriber of its own keeps it.
//!
//! ```
//! use watchtower_cli::{built_in, command};
//!
//! let trackers = built_in();
//! let command = command(&trackers);
//! let export = command.find_subcommand("export").expect("it is there");
//! assert_eq!(export.get_subcommands().count(), trackers.len());
//! ```

#[cfg(feature = "bundle")]
mod bundle;
mod cli;
#[cfg(feature = "bundle")]
mod client;
mod commands;
mod convert;
mod duration;
mod edit;
pub mod environment;
mod exit;
pub mod export;
pub mod live;
mod log;
pub mod messages;
mod network;
mod os;
mod own_name;
mod printable;
mod printer;
#[cfg(feature = "serve")]
mod server;
mod stop;
mod trackers;
mod version;

use std::process::ExitCode;

use clap::{Command, CommandFactory, FromArgMatches};

/// The parser of arguments, of the version that [`TrackerCommand`] speaks.
pub use clap;
pub use exit::Exit;
pub use network::Network;
pub use trackers::{Setting, TrackerCommand, built_in};

/// Runs the command line with the trackers that are built in.
pub fn main() -> ExitCode {
    main_with(built_in())
}

/// Runs the command line with these trackers under `watchtower export`, `check`, `conformance` and `view`.
///
/// It goes by the name of its program, in all that it says: that of a studio's own is its file's.
pub fn main_with(trackers: Vec<Box<dyn TrackerCommand>>) -> ExitCode {
    os::forbid_core_dumps();
    let matches = match own_command(&trackers).try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            own_name::print(&error);
            return if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            }
            .into();
        }
    };
    let cli = match cli::Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    commands::run(&cli, &matches, &trackers).into()
}

/// The grammar of the command `watchtower` with these trackers: for what is made of it, as man pages are.
pub fn command(trackers: &[Box<dyn TrackerCommand>]) -> Command {
    let command = cli::with_trackers(cli::Cli::command(), trackers);
    let command = command.after_help(cli::after_help(trackers));
    command.long_version(version::LONG)
}

/// The same by the name of this program.
fn own_command(trackers: &[Box<dyn TrackerCommand>]) -> Command {
    // Without the ending that programs have on some systems.
    let command = command(trackers).bin_name(own_name::own_name());
    match own_name::is_another() {
        false => command,
        true => own_name::name_help(command)
            .version(version::OF_ANOTHER)
            .long_version(version::LONG_OF_ANOTHER)
            .name(own_name::own_name()),
    }
}
