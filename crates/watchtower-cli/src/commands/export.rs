//! `watchtower export`.

use std::future::Future;
use std::io;
use std::time::{Duration, Instant};

use clap::{ArgMatches, FromArgMatches};
use tokio::runtime;
use tracing::{Instrument, error_span, warn};
use watchtower_connector::{ErrorKind, Tracker};
use watchtower_writer::media::{MediaPolicy, ReferenceForm};
use watchtower_writer::{Site, Summary};

use crate::cli::{BackgroundArgs, ExportArgs, LogFormat, Media};
use crate::edit::EditArgs;
use crate::environment::Environment;
use crate::export::{ExportError, ExportOptions, export};
use crate::log::{self, FilterError, seconds};
use crate::printer::Printer;
use crate::stop::Stop;
use crate::{Exit, Network, TrackerCommand};

pub(super) fn run(
    matches: &ArgMatches,
    trackers: &[Box<dyn TrackerCommand>],
    printer: &mut Printer,
) -> io::Result<Exit> {
    let (command, matches) = chosen(matches, trackers);
    if command.preparation().is_some_and(|it| matches.get_flag(it)) {
        return prepare(command, matches, printer);
    }
    let (args, network, background) = match arguments(command, matches) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    if let Some(format) = background.log_format() {
        printer.leave_to_log();
        if let Err(error) = log::start(format, printer.verbosity()) {
            printer.error(&error, Some(FilterError::HELP));
            return Ok(Exit::Usage);
        }
    }
    let environment = match Environment::load(args.env_file.as_deref()) {
        Ok(environment) => environment,
        Err(error) => {
            printer.error(&error, None);
            return Ok(Exit::Usage);
        }
    };
    let tracker = match command.connect(matches, &environment, &network) {
        Ok(tracker) => tracker,
        Err(error) => {
            printer.error(&error, error.help());
            return Ok(Exit::Usage);
        }
    };
    let edits = EditArgs::from_arg_matches(matches).unwrap_or_else(|error| error.exit());
    let tracker = match edits.lay_over(tracker, &args.projects) {
        Ok(tracker) => tracker,
        Err(error) => {
            printer.error(&error, error.help());
            return Ok(match error.kind() {
                ErrorKind::Invalid => Exit::Findings,
                _ => Exit::Usage,
            });
        }
    };
    let runs = Runs {
        site: Site::new(&args.output),
        options: ExportOptions {
            media: media_policy(&args, &*tracker),
            projects: args.projects,
            jobs: network.jobs,
            lock_timeout: args.lock_timeout,
            keep_unused: args.keep_unused,
        },
        json: args.json,
        every: background.every,
        tracker,
        printer,
    };
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    let exit = runtime.block_on(async {
        let stop = Stop::on_signals()?;
        match background.every {
            None => runs.once(None, stop).await,
            Some(every) => {
                repeat(every, stop.clone(), |number| {
                    runs.once(Some(number), stop.clone())
                })
                .await
            }
        }
    });
    // Whatever still looks up a name or the like has nothing to tell us.
    runtime.shutdown_background();
    exit
}

/// Does what the command does instead of an export.
fn prepare(
    command: &dyn TrackerCommand,
    matches: &ArgMatches,
    printer: &Printer,
) -> io::Result<Exit> {
    match command.prepare(matches) {
        Ok(done) => {
            printer.data(done)?;
            Ok(Exit::Done)
        }
        Err(error) => {
            printer.error(&error, error.help());
            Ok(match error.kind() {
                ErrorKind::Invalid => Exit::Findings,
                _ => Exit::Usage,
            })
        }
    }
}

/// One export after the other.
struct Runs<'a> {
    tracker: Box<dyn Tracker>,
    site: Site,
    options: ExportOptions,
    json: bool,
    every: Option<Duration>,
    printer: &'a Printer,
}

impl Runs<'_> {
    /// Exports once. `number` tells this export from the others in the log.
    async fn once(&self, number: Option<u64>, mut stop: Stop) -> io::Result<Exit> {
        let tracker = self.tracker.describe().name;
        // On the level of errors, so that it is there whatever is logged.
        let span = error_span!("export", tracker, run = number);
        let export = export(&*self.tracker, &self.site, &self.options, self.printer);
        async {
            tokio::select! {
                biased;
                result = export => self.tell(result),
                exit = stop.requested() => {
                    self.printer.stopped();
                    Ok(exit)
                }
            }
        }
        .instrument(span)
        .await
    }

    /// Says how an export ended.
    fn tell(&self, result: Result<Summary, ExportError>) -> io::Result<Exit> {
        let printer = self.printer;
        let summary = match result {
            Ok(summary) => summary,
            Err(error) => {
                printer.error(&error, error.help());
                return Ok(error.exit());
            }
        };
        printer.failures(&summary);
        match (self.json, self.every) {
            (false, _) => printer.summary(&summary, &self.site.root().display().to_string())?,
            (true, None) => printer.data(serde_json::to_string_pretty(&summary)?)?,
            (true, Some(_)) => printer.data(serde_json::to_string(&summary)?)?,
        }
        Ok(if summary.is_complete() {
            Exit::Done
        } else {
            Exit::Partial
        })
    }
}

/// Runs something on every beat, until there is a signal. Beats that come while it runs are skipped.
///
/// The exit code is the last run's.
async fn repeat<R>(
    every: Duration,
    mut stop: Stop,
    mut run: impl FnMut(u64) -> R,
) -> io::Result<Exit>
where
    R: Future<Output = io::Result<Exit>>,
{
    let mut beat = Instant::now();
    let mut number = 0;
    loop {
        number += 1;
        let exit = run(number).await?;
        if stop.is_requested() {
            return Ok(exit);
        }
        beat += every;
        let mut skipped = 0;
        while beat < Instant::now() {
            beat += every;
            skipped += 1;
        }
        if skipped > 0 {
            let every = seconds(every);
            warn!(skipped, every, "the export took longer than a beat");
        }
        tokio::select! {
            _ = stop.requested() => return Ok(exit),
            () = tokio::time::sleep_until(beat.into()) => {}
        }
    }
}

fn arguments(
    command: &dyn TrackerCommand,
    matches: &ArgMatches,
) -> Result<(ExportArgs, Network, BackgroundArgs), clap::Error> {
    let network = match command.uses_network() {
        true => Network::from_arg_matches(matches)?,
        false => Network::default(),
    };
    let args = ExportArgs::from_arg_matches(matches)?;
    Ok((args, network, BackgroundArgs::from_arg_matches(matches)?))
}

impl BackgroundArgs {
    /// How a log is written, if one is.
    fn log_format(&self) -> Option<LogFormat> {
        self.log_format.or(self.every.map(|_| LogFormat::Text))
    }
}

/// The tracker that was named. Clap has made sure that one was, and that it is there.
fn chosen<'a>(
    matches: &'a ArgMatches,
    trackers: &'a [Box<dyn TrackerCommand>],
) -> (&'a dyn TrackerCommand, &'a ArgMatches) {
    let named = matches
        .subcommand_matches("export")
        .and_then(ArgMatches::subcommand);
    let found = named.and_then(|(name, matches)| {
        let command = trackers.iter().find(|it| it.name() == name)?;
        Some((&**command, matches))
    });
    found.expect("clap demands one of the trackers' subcommands")
}

fn media_policy(args: &ExportArgs, tracker: &dyn Tracker) -> MediaPolicy {
    match (args.media, &args.media_base, tracker.describe().location) {
        (Media::Download, _, _) => MediaPolicy::Download,
        (Media::None, _, _) => MediaPolicy::None,
        (Media::Reference, Some(base), Some(tracker)) => {
            MediaPolicy::Reference(ReferenceForm::SameHost {
                tracker,
                base: base.clone(),
            })
        }
        (Media::Reference, _, _) => MediaPolicy::Reference(ReferenceForm::ProtocolRelative),
    }
}
