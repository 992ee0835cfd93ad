//! `watchtower check`.

use std::io;

use clap::{ArgMatches, FromArgMatches};
use serde::Serialize;
use tokio::runtime;
use watchtower_connector::{Result, Tracker};

use crate::cli::CheckArgs;
use crate::environment::Environment;
use crate::export::tracker_exit;
use crate::printer::Printer;
use crate::stop::Stop;
use crate::{Exit, Network, TrackerCommand};

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
    let (command, matches) = super::export::chosen("check", matches, trackers);
    let (args, network) = match arguments(command, matches) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    let environment = match Environment::load(args.env_file.as_deref()) {
        Ok(environment) => environment,
        Err(error) => {
            printer.error(&error, None);
            return Ok(Exit::Usage);
        }
    };
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    let found = runtime.block_on(async {
        let mut stop = Stop::on_signals()?;
        let found = async { look(&*command.connect(matches, &environment, &network)?).await };
        tokio::select! {
            found = found => Ok(Ok(found)),
            exit = stop.requested() => io::Result::Ok(Err(exit)),
        }
    });
    runtime.shutdown_background();
    match found? {
        Ok(Ok(found)) if args.json => printer.data(serde_json::to_string_pretty(&found)?)?,
        Ok(Ok(found)) => tell(&found, printer)?,
        Ok(Err(error)) => {
            printer.error(&error, error.help());
            return Ok(tracker_exit(&error));
        }
        Err(exit) => return Ok(exit),
    }
    Ok(Exit::Done)
}

fn arguments(
    command: &dyn TrackerCommand,
    matches: &ArgMatches,
) -> Result<(CheckArgs, Network), clap::Error> {
    let network = match command.uses_network() {
        true => Network::from_arg_matches(matches)?,
        false => Network::default(),
    };
    Ok((CheckArgs::from_arg_matches(matches)?, network))
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
            .try_for_each(|(it, label)| line(label, &format!("{} ({})", it.name, it.id))),
    }
}
