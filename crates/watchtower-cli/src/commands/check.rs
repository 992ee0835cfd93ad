//! `watchtower check`.

use std::io;

use clap::ArgMatches;
use futures_util::future::try_join_all;
use watchtower_connector::Tracker;

use super::asked::{Asked, until_stopped};
use crate::cli::CheckArgs;
use crate::export::{ExportError, select};
use crate::messages::{Found, FoundProject};
use crate::printable::printable;
use crate::printer::Printer;
use crate::{Exit, TrackerCommand};

pub(super) fn run(
    matches: &ArgMatches,
    trackers: &[Box<dyn TrackerCommand>],
    printer: &Printer,
) -> io::Result<Exit> {
    let asked =
        match Asked::<CheckArgs>::new("check", matches, trackers, |it| &it.env_file, printer) {
            Ok(asked) => asked,
            Err(exit) => return Ok(exit),
        };
    let look = async { look(&*asked.connect()?, &asked.args.projects).await };
    match until_stopped(look)? {
        Ok(Ok(found)) if asked.args.json => printer.message(&found)?,
        Ok(Ok(found)) => tell(&found, printer)?,
        Ok(Err(error)) => {
            printer.error(&error, error.help().as_deref());
            return Ok(error.exit());
        }
        Err(exit) => return Ok(exit),
    }
    Ok(Exit::Done)
}

async fn look(tracker: &dyn Tracker, asked: &[String]) -> Result<Found, ExportError> {
    let about = tracker.describe();
    let account = tracker.check().await?;
    let list = tracker.overview().await?;
    let projects = select(tracker, &list, asked)?;
    let projects = projects.into_iter().map(|it| async {
        Ok::<_, ExportError>(FoundProject {
            id: it.id.to_string(),
            name: it.name.clone(),
            restrictions: tracker.restrictions(it).await?,
        })
    });
    let projects = try_join_all(projects.collect::<Vec<_>>()).await?;
    Ok(Found {
        tracker: about.name,
        location: about.location,
        server: account.server,
        user: account.user,
        capabilities: about.capabilities,
        projects,
        asset_types: list.asset_types.len(),
        task_types: list.task_types.len(),
        task_statuses: list.task_statuses.len(),
        users: list.users.len(),
        remarks: tracker.remarks().await?,
    })
}

fn tell(found: &Found, printer: &Printer) -> io::Result<()> {
    let line = |label: &str, text: &str| printer.data(format_args!("{label:<13} {text}"));
    line("tracker", &found.tracker)?;
    for (label, text) in [
        ("location", &found.location),
        ("server", &found.server),
        ("we are", &found.user),
    ] {
        if let Some(text) = text {
            line(label, text)?;
        }
    }
    let gives = found.capabilities.iter().map(ToString::to_string);
    line("it gives", &gives.collect::<Vec<_>>().join(", "))?;
    let counts = [
        ("asset types", found.asset_types),
        ("task types", found.task_types),
        ("task statuses", found.task_statuses),
        ("people", found.users),
    ];
    // A tracker need not count what it would have to read projects for.
    let counts = counts.iter().filter(|(_, count)| *count > 0);
    let counts: Vec<_> = counts
        .map(|(what, count)| format!("{what}: {count}"))
        .collect();
    if !counts.is_empty() {
        line("it shows us", &counts.join(", "))?;
    }
    for (remark, label) in found
        .remarks
        .iter()
        .zip(["remarks"].into_iter().chain(std::iter::repeat("")))
    {
        line(label, &printable(remark))?;
    }
    match found.projects.as_slice() {
        [] => line("projects", "none: give the account access to one"),
        projects => projects
            .iter()
            .zip(["projects"].into_iter().chain(std::iter::repeat("")))
            .try_for_each(|(it, label)| {
                line(label, &format!("{} ({})", printable(&it.name), it.id))?;
                let mut restrictions = it.restrictions.iter();
                restrictions.try_for_each(|it| line("", &format!("  {}", printable(it))))
            }),
    }
}
