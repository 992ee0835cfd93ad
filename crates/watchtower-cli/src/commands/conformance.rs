//! `watchtower conformance`.

use std::io;
use std::path::PathBuf;

use clap::ArgMatches;
use watchtower_connector::conformance::{self, CHECKS, MakeTracker, Report, Scenario};

use super::asked::{Asked, until_stopped};
use crate::cli::{ConformanceArgs, ConformanceListArgs};
use crate::export::{ExportError, select};
use crate::messages::Checks;
use crate::printer::Printer;
use crate::{Exit, TrackerCommand};

/// How many bytes a secret has that is looked for in all that is said.
const SHORTEST_SECRET: usize = 8;

pub(super) fn run(
    args: &ConformanceListArgs,
    matches: &ArgMatches,
    trackers: &[Box<dyn TrackerCommand>],
    printer: &Printer,
) -> io::Result<Exit> {
    if args.list {
        list(args, printer)?;
        return Ok(Exit::Done);
    }
    let asked = Asked::new("conformance", matches, trackers, env_file, printer);
    let asked = match asked {
        Ok(asked) => asked,
        Err(exit) => return Ok(exit),
    };
    let report = match until_stopped(judge(&asked))? {
        Ok(Ok(report)) => report,
        Ok(Err(error)) => {
            printer.error(&error, error.help().as_deref());
            return Ok(error.exit());
        }
        Err(exit) => return Ok(exit),
    };
    match asked.args.json {
        true => printer.message(&report)?,
        false => printer.conformance(&report)?,
    }
    Ok(match report.conforms() {
        true => Exit::Done,
        false => Exit::Findings,
    })
}

fn env_file(args: &ConformanceArgs) -> &Option<PathBuf> {
    &args.env_file
}

fn list(args: &ConformanceListArgs, printer: &Printer) -> io::Result<()> {
    if args.json {
        return printer.message(&Checks { checks: CHECKS });
    }
    for check in CHECKS {
        printer.data(format_args!("{:<18} {}", check.id, check.about))?;
        printer.data(format_args!("{:<18} Otherwise: {}", "", check.means))?;
    }
    Ok(())
}

/// Whether the tracker that was named conforms. One that cannot be reached, or has not the projects that
/// are asked for, is an error like that of any other command.
async fn judge(asked: &Asked<'_, ConformanceArgs>) -> Result<Report, ExportError> {
    let tracker = asked.connect()?;
    tracker.check().await?;
    let list = tracker.project_list().await?;
    let projects = select(&*tracker, &list, &asked.args.projects)?;
    let projects = match asked.args.projects.is_empty() {
        true => Vec::new(),
        false => projects.iter().map(|it| it.id.to_string()).collect(),
    };
    let settings = asked.command.settings().iter().filter(|it| it.is_secret);
    let secrets = settings.filter_map(|it| asked.environment.text(it.name));
    // A short one may occur by chance.
    let secrets = secrets.filter(|it| it.len() >= SHORTEST_SECRET);
    let as_nobody = asked.connect_as_nobody().map(|_| -> MakeTracker<'_> {
        Box::new(|| match asked.connect_as_nobody() {
            Some(tracker) => tracker,
            None => asked.connect(),
        })
    });
    let scenario = Scenario {
        projects,
        secrets: secrets.collect(),
        refused: as_nobody,
        ..Scenario::default()
    };
    Ok(conformance::run(|| asked.connect(), &scenario).await)
}
