//! `watchtower view`.

use std::io;

use clap::{ArgMatches, FromArgMatches};
use tokio::runtime;

use super::export::{self, repeat};
use super::serve::{end, served, start};
use crate::cli::{ListenArgs, ViewArgs};
use crate::parent::Parent;
use crate::printer::Printer;
use crate::stop::Stop;
use crate::{Exit, TrackerCommand};

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
    let runs = match export::prepare(command, matches, Some(temporary.path()), printer) {
        Ok(runs) => runs,
        Err(exit) => return Ok(exit),
    };
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    let exit = runtime.block_on(async {
        let stop = Stop::on_signals()?;
        let first = runs.once(runs.every.map(|_| 1), stop.clone()).await?;
        if !matches!(first, Exit::Done | Exit::Partial) || stop.is_requested() {
            return Ok(first);
        }
        let served = match served(runs.site.root(), view.client.as_deref(), &listen) {
            Ok(served) => served,
            Err(error) => return Ok(error.tell(runs.printer)),
        };
        let Some(server) = start(served, &listen, runs.json, runs.printer).await? else {
            return Ok(Exit::Usage);
        };
        let again = async {
            if let Some(every) = runs.every {
                tokio::time::sleep(every).await;
                let once = |number| runs.once(Some(number + 1), stop.clone());
                // How they end was said; a signal ends the server as well, in its own time.
                let _ = repeat(every, stop.clone(), once).await;
            }
            std::future::pending().await
        };
        tokio::select! {
            result = server.run(end(&listen, stop.clone(), parent)) => result.map(|()| Exit::Done),
            exit = again => Ok(exit),
        }
    });
    runtime.shutdown_background();
    exit
}

fn arguments(matches: &ArgMatches) -> Result<(ViewArgs, ListenArgs), clap::Error> {
    let view = ViewArgs::from_arg_matches(matches)?;
    Ok((view, ListenArgs::from_arg_matches(matches)?))
}
