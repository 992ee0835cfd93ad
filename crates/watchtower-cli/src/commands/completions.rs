//! `watchtower completions`.

use std::io;

use crate::cli::CompletionsArgs;
use crate::own_name::own_name;
use crate::printer::Printer;
use crate::{Exit, TrackerCommand};

pub(super) fn run(
    args: &CompletionsArgs,
    trackers: &[Box<dyn TrackerCommand>],
    printer: &Printer,
) -> io::Result<Exit> {
    // Into memory first: the generators end the process where a pipe has no reader any more.
    let mut script = Vec::new();
    let mut command = crate::own_command(trackers);
    clap_complete::generate(args.shell, &mut command, own_name(), &mut script);
    let script = String::from_utf8_lossy(&script);
    printer.exact(script.trim_end())?;
    Ok(Exit::Done)
}
