//! `watchtower check`.

use std::io;

use clap::ArgMatches;
use serde::Serialize;
use watchtower_connector::{Result, Tracker};

use super::asked::{Asked, until_stopped};
use crate::cli::CheckArgs;
use crate::export::tracker_exit;
use crate::printable::printable;
use crate::printer::Printer;
use crate::{Exit, TrackerCommand};

/// What a connection shows.
#[derive(Serialize)]
struct Found {
    tracker: String,
    location: Option<String>,
    server: Option<String>,
    user: Option<String>,
    capabilities: Vec<String>,
    projects: Vec<Project>,
    asset_types: usize,
    task_types: usize,
    task_statuses: usize,
    users: usize,
}

#[derive(Serialize)]
struct Project {
    id: String,
    name: String,
}

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
    match until_stopped(async { look(&*asked.connect()?).await })? {
        Ok(Ok(found)) if asked.args.json => printer.data(serde_json::to_string_pretty(&found)?)?,
        Ok(Ok(found)) => tell(&found, printer)?,
        Ok(Err(error)) => {
            printer.error(&error, error.help());
            return Ok(tracker_exit(&error));
        }
        Err(exit) => return Ok(exit),
    }
    Ok(Exit::Done)
}

async fn look(tracker: &dyn Tracker) -> Result<Found> {
    let about = tracker.describe();
    let account = tracker.check().await?;
    let list = tracker.project_list().await?;
    let project = |it: &watchtower_model::Project| Project {
        id: it.id.to_string(),
        name: it.name.clone(),
    };
    Ok(Found {
        tracker: about.name,
        location: about.location,
        server: account.server,
        user: account.user,
        capabilities: about.capabilities.iter().map(ToString::to_string).collect(),
        projects: list.projects.iter().map(project).collect(),
        asset_types: list.asset_types.len(),
        task_types: list.task_types.len(),
        task_statuses: list.task_statuses.len(),
        users: list.users.len(),
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
    line("it gives", &found.capabilities.join(", "))?;
    line(
        "it shows us",
        &format!(
            "asset types: {}, task types: {}, task statuses: {}, people: {}",
            found.asset_types, found.task_types, found.task_statuses, found.users
        ),
    )?;
    match found.projects.as_slice() {
        [] => line("projects", "none: give the account access to one"),
        projects => projects
            .iter()
            .zip(["projects"].into_iter().chain(std::iter::repeat("")))
            .try_for_each(|(it, label)| {
                line(label, &format!("{} ({})", printable(&it.name), it.id))
            }),
    }
}
