//! `watchtower export`.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::{Mutex as SyncMutex, MutexGuard, PoisonError};
use std::time::Duration;

use clap::{ArgMatches, FromArgMatches, Id};
use tokio::runtime;
use tokio::sync::Mutex;
use tracing::{Instrument, debug, error_span};
use watchtower_connector::{self as connector, Tracker};
use watchtower_writer::media::{MediaPolicy, ReferenceForm};
use watchtower_writer::{Site, Summary};

use super::beats::{Beats, Outage};
use crate::cli::{BackgroundArgs, ExportArgs, LogFormat, Media};
use crate::edit::EditArgs;
use crate::environment::Environment;
use crate::export::{ExportError, ExportOptions, export_changes};
use crate::live::Live;
use crate::log::{self, FilterError};
use crate::printer::Printer;
use crate::stop::Stop;
use crate::{Exit, Network, TrackerCommand};

pub(super) fn run(
    matches: &ArgMatches,
    trackers: &[Box<dyn TrackerCommand>],
    printer: &mut Printer,
) -> io::Result<Exit> {
    let (command, matches) = chosen("export", matches, trackers);
    if command.preparation().is_some_and(|it| matches.get_flag(it)) {
        return instead(command, matches, printer);
    }
    let runs = match prepare(command, matches, None, printer) {
        Ok(runs) => runs,
        Err(exit) => return Ok(exit),
    };
    // Bytes that come are written at once. Another thread would take longer to wake than that, and
    // where large films are worked on, the writer has threads of its own.
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let exit = runtime.block_on(async {
        let stop = Stop::on_signals()?;
        match runs.every {
            None => runs.once(None, stop).await,
            Some(every) => runs.repeat(Beats::start(every), stop, 0).await,
        }
    });
    // Whatever still looks up a name or the like has nothing to tell us.
    runtime.shutdown_background();
    exit
}

/// Connects to the tracker and starts the log, where there is one. The site is the folder that was
/// named, or else this one. What is wrong is said, and the error is how the command ends.
pub(super) fn prepare<'a>(
    command: &dyn TrackerCommand,
    matches: &ArgMatches,
    temporary: Option<&Path>,
    printer: &'a mut Printer,
) -> Result<Runs<'a>, Exit> {
    let (args, network, background) =
        arguments(command, matches).unwrap_or_else(|error| error.exit());
    if let Some(format) = background.log_format() {
        printer.leave_to_log();
        if let Err(error) = log::start(format, printer.verbosity()) {
            printer.error(&error, Some(FilterError::HELP));
            return Err(Exit::Usage);
        }
    }
    let usage = |error: &dyn Error, help: Option<&str>| {
        printer.error(error, help);
        Exit::Usage
    };
    let environment =
        Environment::load(args.env_file.as_deref()).map_err(|error| usage(&error, None))?;
    let tracker = command.connect(matches, &environment, &network);
    let tracker = tracker.map_err(|error| usage(&error, error.help()))?;
    let edits = EditArgs::from_arg_matches(matches).unwrap_or_else(|error| error.exit());
    let tracker = edits.lay_over(tracker, &args.projects).map_err(|error| {
        printer.error(&error, error.help());
        match error.kind() {
            connector::ErrorKind::Invalid => Exit::Findings,
            _ => Exit::Usage,
        }
    })?;
    if args.media_base.is_some()
        && let Err(error) = check_media_base(&args, &*tracker)
    {
        return Err(usage(&error, None));
    }
    let site = args.output.as_deref().or(temporary);
    let site = site.expect("clap demands an output where there is no other");
    Ok(Runs {
        site: Site::new(site),
        options: ExportOptions {
            media: media_policy(&args, &*tracker),
            unplaced: args.unplaced.into(),
            pictures: args.pictures.policy(),
            // An edit alone has no other pictures.
            pictures_from_movies: args.pictures.pictures_from_movie || command.reads_edits(),
            projects: args.projects,
            format: args.format,
            jobs: network.jobs,
            lock_timeout: args.lock_timeout,
            keep_unused: args.keep_unused,
            keep_history: args.keep_history,
            moment: None,
            allow_shrink: args.allow_shrink,
            from_site: false,
        },
        json: args.json,
        is_served: temporary.is_some(),
        every: background.every,
        live: Mutex::new(Live::new(
            Some(background.full_every).filter(|it| !it.is_zero()),
            decisive_arguments(matches),
        )),
        outage: SyncMutex::default(),
        tracker,
        printer,
    })
}

/// Does what the command does instead of an export.
fn instead(
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
                connector::ErrorKind::Invalid => Exit::Findings,
                _ => Exit::Usage,
            })
        }
    }
}

/// One export after the other.
pub(super) struct Runs<'a> {
    tracker: Box<dyn Tracker>,
    pub(super) site: Site,
    pub(super) options: ExportOptions,
    pub(super) json: bool,
    /// Whether what is exported is served as well, so that a message came before.
    pub(super) is_served: bool,
    pub(super) every: Option<Duration>,
    live: Mutex<Live>,
    outage: SyncMutex<Outage>,
    pub(super) printer: &'a Printer,
}

impl Runs<'_> {
    /// Exports once. `number` tells this export from the others in the log.
    pub(super) async fn once(&self, number: Option<u64>, mut stop: Stop) -> io::Result<Exit> {
        let tracker = self.tracker.describe().name;
        // On the level of errors, so that it is there whatever is logged.
        let span = error_span!("export", tracker, run = number);
        async {
            let mut live = self.live.lock().await;
            let tracker = &*self.tracker;
            let export =
                export_changes(tracker, &self.site, &mut live, &self.options, self.printer);
            tokio::select! {
                biased;
                result = export => self.tell(result),
                exit = stop.requested() => {
                    stop.obey();
                    self.printer.stopped();
                    Ok(exit)
                }
            }
        }
        .instrument(span)
        .await
    }

    /// Exports now and on every beat, after so many exports, until there is a signal or the tracker has refused us too
    /// often. Beats that come while it exports are skipped.
    ///
    /// The exit code is the last export's.
    pub(super) async fn repeat(
        &self,
        mut beats: Beats,
        mut stop: Stop,
        mut number: u64,
    ) -> io::Result<Exit> {
        loop {
            number += 1;
            let exit = self.once(Some(number), stop.clone()).await?;
            if stop.is_requested() {
                return Ok(exit);
            }
            if self.outage().is_hopeless() {
                self.printer.error(&RefusedAgain, Some(RefusedAgain::HELP));
                return Ok(exit);
            }
            let is_refused = self.outage().is_refused();
            tokio::select! {
                _ = stop.requested() => return Ok(exit),
                () = beats.next(exit, is_refused) => {}
            }
        }
    }

    fn outage(&self) -> MutexGuard<'_, Outage> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says how an export ended.
    fn tell(&self, result: Result<Summary, ExportError>) -> io::Result<Exit> {
        let printer = self.printer;
        let summary = match result {
            Ok(summary) => summary,
            Err(error) => {
                if self.outage().fails(&error) {
                    printer.error(&error, error.help().as_deref());
                } else {
                    debug!(error = error.to_string(), "failed again");
                }
                return Ok(error.exit());
            }
        };
        self.outage().ends();
        // Of beats in which nothing happens there is nothing to say.
        if summary.is_nothing() && self.every.is_some() {
            return Ok(Exit::Done);
        }
        printer.failures(&summary);
        let exit = match summary.is_complete() {
            true => Exit::Done,
            false => Exit::Partial,
        };
        let told = match (self.json, self.every) {
            (false, _) => printer.summary(&summary, &self.site.root().display().to_string()),
            (true, None) if !self.is_served => printer.message(&summary),
            (true, _) => printer.message_line(&summary),
        };
        match told {
            // Whoever reads has had enough, as `head` has. How the export went is as it was; but nobody
            // is to think that exports go on which do not.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => match self.every {
                None => Ok(exit),
                Some(_) => Err(io::Error::other(NobodyReads)),
            },
            told => told.map(|()| exit),
        }
    }
}

/// The summaries of exports that go on are for somebody.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads the summaries any more, so the exports end")]
struct NobodyReads;

/// Trackers lock an account that keeps trying, and then nobody can log in with it.
#[derive(Debug, thiserror::Error)]
#[error(
    "the tracker has refused us several times, so we stop exporting before it locks the account"
)]
struct RefusedAgain;

impl RefusedAgain {
    const HELP: &str = "check the account, its password or key and its rights, then start again";
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

/// The arguments that decide about what an export writes, beside what the tracker holds: all but those of how it
/// is told and when it is done.
fn decisive_arguments(matches: &ArgMatches) -> String {
    const OTHERS: [&str; 9] = [
        "every",
        "full_every",
        "jobs",
        "json",
        "lock_timeout",
        "log_format",
        "output",
        "quiet",
        "verbose",
    ];
    let mut told = String::new();
    // A group has the names of its arguments, the others among them.
    let is_group = |it: &Id| matches.try_get_many::<Id>(it.as_str()).is_ok();
    let decisive = |it: &&Id| !OTHERS.contains(&it.as_str()) && !is_group(it);
    for id in matches.ids().filter(decisive) {
        if let Ok(Some(values)) = matches.try_get_raw(id.as_str()) {
            let values: Vec<_> = values.map(|it| it.to_string_lossy()).collect();
            told += &format!("{id}={values:?}\n");
        }
    }
    told
}

/// The tracker that was named under a subcommand. Clap has made sure that one was, and that it is there.
pub(super) fn chosen<'a>(
    subcommand: &str,
    matches: &'a ArgMatches,
    trackers: &'a [Box<dyn TrackerCommand>],
) -> (&'a dyn TrackerCommand, &'a ArgMatches) {
    let named = matches
        .subcommand_matches(subcommand)
        .and_then(ArgMatches::subcommand);
    let found = named.and_then(|(name, matches)| {
        let command = trackers.iter().find(|it| it.name() == name)?;
        Some((&**command, matches))
    });
    found.expect("clap demands one of the trackers' subcommands")
}

/// A base that would not be used.
#[derive(Debug, thiserror::Error)]
enum MediaBaseError {
    #[error(
        "`--media-base` is for `--media reference` alone: other media have no address at the tracker"
    )]
    NoReferences,
    #[error("`--media-base` stands for the tracker's address, and {tracker} has none")]
    NoAddress { tracker: String },
}

fn check_media_base(args: &ExportArgs, tracker: &dyn Tracker) -> Result<(), MediaBaseError> {
    if args.media != Media::Reference {
        return Err(MediaBaseError::NoReferences);
    }
    let about = tracker.describe();
    match about.location {
        Some(_) => Ok(()),
        None => Err(MediaBaseError::NoAddress {
            tracker: about.name,
        }),
    }
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
