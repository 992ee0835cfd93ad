//! `watchtower anonymise`.

use std::io;
use std::path::Path;

use watchtower_writer::anonymise::{self, Error};
use watchtower_writer::validate::with_slashes;

use crate::Exit;
use crate::cli::AnonymiseArgs;
use crate::printable::printable;
use crate::printer::{Printer, count};

/// As many files that are left out are named.
const NAMED: usize = 5;

pub(super) fn run(args: &AnonymiseArgs, printer: &Printer) -> io::Result<Exit> {
    let done = match anonymise::site(&args.site, &args.output) {
        Ok(done) => done,
        Err(error) => {
            let (help, exit) = match &error {
                Error::NoSite(_) => (
                    "name the folder that holds `data`, as `watchtower export --output` has it",
                    Exit::Usage,
                ),
                Error::Taken(_) => (
                    "name a folder that is not there: the copy is written there alone",
                    Exit::Usage,
                ),
                Error::Read { .. } => (
                    "give the right to read it, or take it out of the site",
                    Exit::Usage,
                ),
                _ => (
                    "see to it that there is room, and that you may write there",
                    Exit::Output,
                ),
            };
            printer.error(&error, Some(help));
            return Ok(exit);
        }
    };
    let shown = |path: &Path| printable(&with_slashes(path)).into_owned();
    printer.data(format_args!(
        "{}: {}, pictures and movies: {}",
        shown(&args.output),
        count(done.documents, "document"),
        done.media,
    ))?;
    for path in done.left_out.iter().take(NAMED) {
        printer.data(format_args!(
            "  left out: {}, which no document names, or which is no file",
            shown(path)
        ))?;
    }
    if let Some(more @ 1..) = done.left_out.len().checked_sub(NAMED) {
        printer.data(format_args!("  left out: {more} more of these"))?;
    }
    Ok(Exit::Done)
}
