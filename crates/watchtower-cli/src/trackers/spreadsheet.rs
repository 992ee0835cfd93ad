//! `watchtower export spreadsheet`.

use std::path::PathBuf;

use clap::{ArgMatches, Args, Command, FromArgMatches};
use watchtower_connector::spreadsheet::{self, Spreadsheet, SpreadsheetSettings};
use watchtower_connector::{Capability, Error, ErrorKind, Result, Tracker};
use watchtower_model::FrameRate;

use super::TrackerCommand;
use crate::Network;
use crate::edit::check_movie;
use crate::environment::Environment;

const AFTER_HELP: &str = "\
The columns that Kitsu exports as CSV are known: put its shots.csv, assets.csv, casting.csv, edits.csv and \
tasks.csv into a folder, or into a workbook as sheets of these names. For any other sheet, `--init` writes \
watchtower.toml, in which you say which column is what.

Pictures are named after shots and assets: 010_0020.png, 010/0020.jpg, shots/010/0020.png, or 0020.png where \
no other shot has that name; Character_Rex.png, assets/Rex.png.";

pub(super) struct SpreadsheetCommand;

#[derive(Debug, Args)]
#[allow(clippy::doc_markdown)] // These become the help, which is plain text.
struct SpreadsheetArgs {
    /// A folder of CSV files, a CSV file, or a workbook (XLSX, XLSM, XLSB, XLS, ODS)
    #[arg(value_name = "FOLDER_OR_FILE")]
    path: PathBuf,
    /// Write a mapping to start from, watchtower.toml beside the sheets, and export nothing
    #[arg(long)]
    init: bool,
    /// The mapping of columns [default: watchtower.toml beside the sheets, if it is there]
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// A folder of pictures that are named after shots and assets
    #[arg(long, value_name = "FOLDER")]
    pictures: Option<PathBuf>,
    /// The movie of the edit
    #[arg(long, value_name = "FILE")]
    movie: Option<PathBuf>,
}

impl TrackerCommand for SpreadsheetCommand {
    fn name(&self) -> &'static str {
        "spreadsheet"
    }

    fn about(&self) -> &'static str {
        "Sheets: CSV files as Kitsu exports them, a workbook, or any other table"
    }

    fn capabilities(&self) -> &'static [Capability] {
        Spreadsheet::CAPABILITIES
    }

    fn arguments(&self, command: Command) -> Command {
        SpreadsheetArgs::augment_args(command.next_help_heading("Sheets")).after_help(AFTER_HELP)
    }

    fn uses_network(&self) -> bool {
        false
    }

    fn preparation(&self) -> Option<&'static str> {
        Some("init")
    }

    fn prepare(&self, matches: &ArgMatches) -> Result<String> {
        let path = spreadsheet::init(&args(matches)?.path)?;
        Ok(format!(
            "{} is written: look through it, and export",
            path.display()
        ))
    }

    fn connect(
        &self,
        matches: &ArgMatches,
        _: &Environment,
        _: &Network,
    ) -> Result<Box<dyn Tracker>> {
        let args = args(matches)?;
        args.movie.as_deref().map(check_movie).transpose()?;
        // What every export takes; a check does not.
        let fps = matches.try_get_one::<FrameRate>("fps").ok().flatten();
        Ok(Box::new(Spreadsheet::new(SpreadsheetSettings {
            path: args.path,
            mapping: args.mapping,
            pictures: args.pictures,
            movie: args.movie,
            fps: fps.copied(),
        })))
    }
}

fn args(matches: &ArgMatches) -> Result<SpreadsheetArgs> {
    let failed =
        |error: clap::Error| Error::new(ErrorKind::Config, "read the sheets", error.to_string());
    SpreadsheetArgs::from_arg_matches(matches).map_err(failed)
}
