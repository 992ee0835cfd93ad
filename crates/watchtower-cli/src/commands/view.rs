//! `watchtower view`.

use std::io;
use std::sync::{Arc, OnceLock};

use clap::{ArgMatches, FromArgMatches};
use tokio::runtime;
use watchtower_model::format::Format;

use super::beats::Beats;
use super::export::{self, Runs};
use super::serve::{NothingToServe, end, start};
use crate::cli::{ListenArgs, ViewArgs};
use crate::client::{Client, ClientError};
use crate::os::Parent;
use crate::printer::Printer;
use crate::server::Served;
use crate::stop::Stop;
use crate::{Exit, TrackerCommand};
use watchtower_writer::SiteFolder;

pub(super) fn run(
    matches: &ArgMatches,
    trackers: &[Box<dyn TrackerCommand>],
    printer: &mut Printer,
) -> io::Result<Exit> {
    let parent = Parent::now();
    let (command, matches) = export::chosen("view", matches, trackers);
    let (view, listen) = match arguments(matches) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    // Gone when the command ends.
    let temporary = tempfile::Builder::new().prefix("watchtower-").tempdir()?;
    let mut runs = match export::prepare(command, matches, Some(temporary.path()), printer) {
        Ok(runs) => runs,
        Err(exit) => return Ok(exit),
    };
    if let Some(exit) = take_format_of_client(&mut runs, &view) {
        return Ok(exit);
    }
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = Arc::new(Served {
        site: SiteFolder::new(runs.site.root()),
        client: OnceLock::new(),
        reload: !listen.no_reload,
    });
    let exit = runtime.block_on(async {
        let stop = Stop::removing(temporary.path())?;
        let server = start(Arc::clone(&served), &listen, runs.json, runs.printer);
        let Some(server) = server.await? else {
            return Ok(Exit::Usage);
        };
        // A task of its own: it answers also while an export computes, or waits for the disk.
        let end = end(&listen, stop.clone(), parent, runs.printer);
        let server = tokio::spawn(server.run(end));
        tokio::select! {
            ended = server => ended?.map(|()| Exit::Done),
            exit = exports(&runs, &view, &served, stop) => exit,
        }
    });
    runtime.shutdown_background();
    exit
}

/// Exports to a new site in the format that the client reads, unless one was named. The exit code is of
/// a client that cannot be had.
fn take_format_of_client(runs: &mut Runs<'_>, view: &ViewArgs) -> Option<Exit> {
    let path = view.client.as_deref()?;
    let is_new = SiteFolder::new(runs.site.root()).formats().is_empty();
    if runs.options.format.is_some() || !is_new {
        return None;
    }
    match Client::open(path, &Format::ALL.iter().copied().collect()) {
        Ok(client) => {
            runs.options.format = Some(client.format());
            None
        }
        // The client is chosen later, for the format of the site.
        Err(ClientError::Several { .. }) => None,
        Err(error) => Some(NothingToServe::from(error).tell(runs.printer)),
    }
}

/// Exports once, then finds the client for what was exported, then exports again on every beat. It ends
/// when there is nothing to look at; a signal ends the server, which takes its time.
async fn exports(
    runs: &Runs<'_>,
    view: &ViewArgs,
    served: &Served,
    stop: Stop,
) -> io::Result<Exit> {
    let beats = runs.every.map(Beats::start);
    let first = runs.once(runs.every.map(|_| 1), stop.clone()).await?;
    if stop.is_requested() {
        return std::future::pending().await;
    }
    if !matches!(first, Exit::Done | Exit::Partial) {
        return Ok(first);
    }
    if let Some(path) = &view.client {
        match Client::open(path, &served.site.formats()) {
            // It is set here alone.
            Ok(client) => _ = served.client.set(client),
            Err(error) => return Ok(NothingToServe::from(error).tell(runs.printer)),
        }
    }
    if let Some(mut beats) = beats {
        beats.next(first, false).await;
        runs.repeat(beats, stop, 1).await?;
    }
    std::future::pending().await
}

fn arguments(matches: &ArgMatches) -> Result<(ViewArgs, ListenArgs), clap::Error> {
    let view = ViewArgs::from_arg_matches(matches)?;
    Ok((view, ListenArgs::from_arg_matches(matches)?))
}
