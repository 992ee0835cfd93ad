//! `watchtower validate`.

use std::io;

use crate::Exit;
use crate::cli::ValidateArgs;
use crate::printer::Printer;

pub(super) fn run(args: &ValidateArgs, printer: &Printer) -> io::Result<Exit> {
    let _ = (args, printer);
    Ok(Exit::Usage)
}
