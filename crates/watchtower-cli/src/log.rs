//! The log: where it goes, and what an export that has ended says in it.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use tracing::{debug, error, info, warn};
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, registry};
use watchtower_connector::Traffic;
use watchtower_model::ProjectId;
use watchtower_model::format::Format;
use watchtower_writer::{MediaCounts, Outcome, ProjectSummary, Summary};

use crate::cli::LogFormat;
use crate::export::Observer;
use crate::printer::{Verbosity, first_names};

/// The variable that says what is logged.
const FILTER: &str = "WATCHTOWER_LOG";

/// The variable holds no filter.
#[derive(Debug, thiserror::Error)]
#[error("{FILTER} is no filter: {0}")]
pub(crate) struct FilterError(#[from] ParseError);

impl FilterError {
    pub(crate) const HELP: &str =
        "give a level, as in `debug`, or levels by crate, as in `warn,watchtower_connector=debug`";
}

/// Writes what is logged to stderr from now on.
///
/// # Errors
///
/// When the variable that says what is logged cannot be understood; the log is written all the same.
pub(crate) fn start(format: LogFormat, verbosity: Verbosity) -> Result<(), FilterError> {
    let asked = std::env::var(FILTER).ok().filter(|text| !text.is_empty());
    let (filter, result) = match asked.map(|text| text.parse::<Targets>()) {
        Some(Ok(filter)) => (filter, Ok(())),
        Some(Err(error)) => (filter_of(verbosity), Err(error.into())),
        None => (filter_of(verbosity), Ok(())),
    };
    // Where nobody reads stderr any more there is nobody to tell.
    let layer = fmt::layer()
        .with_writer(io::stderr)
        .log_internal_errors(false);
    let layer = match format {
        LogFormat::Text => layer.with_target(false).boxed(),
        LogFormat::Json => layer
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed(),
    };
    // Whoever brought a subscriber along keeps it.
    let _ = registry().with(layer.with_filter(filter)).try_init();
    result
}

/// What is logged when nothing else is asked for: of the crates below us only what a person might
/// act upon.
fn filter_of(verbosity: Verbosity) -> Targets {
    let all = Targets::new();
    match verbosity {
        Verbosity::Quiet => all.with_default(tracing::Level::ERROR),
        Verbosity::Normal => all.with_default(tracing::Level::INFO),
        Verbosity::Verbose => all
            .with_default(tracing::Level::INFO)
            .with_target("watchtower", tracing::Level::DEBUG),
    }
}

/// A duration as it is logged: in seconds, to the millisecond.
pub(crate) fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

/// How long the phases of an export took.
#[derive(Debug, Default)]
pub(crate) struct Times {
    pub(crate) connect: Duration,
    pub(crate) list: Duration,
    pub(crate) projects: HashMap<ProjectId, ProjectTimes>,
    /// Fetching the pictures of people and projects.
    pub(crate) media: Duration,
    /// Writing what projects share, and the one step.
    pub(crate) commit: Duration,
    pub(crate) total: Duration,
}

/// How long the phases of one project took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ProjectTimes {
    pub(crate) read: Duration,
    pub(crate) media: Duration,
    pub(crate) write: Duration,
}

/// Logs what an export did, if it did anything: why it did not is for the caller to say, who has the
/// error.
pub(crate) fn ended(
    summary: Option<&Summary>,
    times: &Times,
    traffic: Option<Traffic>,
    observer: &dyn Observer,
) {
    if let Some(summary) = summary.filter(|it| it.is_nothing()) {
        let requests = traffic.map(|it| it.requests);
        debug!(
            projects = summary.unchanged,
            requests,
            seconds = seconds(times.total),
            "nothing changed"
        );
        return;
    }
    let Some(summary) = summary else {
        debug!(
            requests = traffic.map(|it| it.requests),
            retries = traffic.map(|it| it.retries),
            connect_seconds = seconds(times.connect),
            list_seconds = seconds(times.list),
            seconds = seconds(times.total),
            "ended without a change of the site"
        );
        return;
    };
    for project in &summary.projects {
        let times = times.projects.get(&project.id).copied();
        project_ended(project, times.unwrap_or_default(), observer);
    }
    not_fetched(None, &summary.shared_media);
    for note in &summary.notes {
        info!(note, "note");
    }
    if !summary.removed.is_empty() {
        let names: Vec<_> = summary.removed.iter().map(|it| it.name.as_str()).collect();
        let (count, names) = (names.len(), first_names(&names));
        warn!(count, names, "removed from the site: not listed any more");
    }
    let sum = |count: fn(&MediaCounts) -> usize| {
        let projects = summary.projects.iter().map(|it| count(&it.media));
        projects.sum::<usize>() + count(&summary.shared_media)
    };
    info!(
        format = summary.format.name(),
        replaces = summary.replaces.map(Format::name),
        exported = summary.projects.len() - summary.failed(),
        failed = summary.failed(),
        not_read = Some(summary.unchanged).filter(|it| *it > 0),
        fetched = sum(|it| it.fetched),
        unchanged = sum(|it| it.unchanged),
        requests = traffic.map(|it| it.requests),
        retries = traffic.map(|it| it.retries),
        bytes = traffic.map(|it| it.bytes),
        connect_seconds = seconds(times.connect),
        list_seconds = seconds(times.list),
        media_seconds = seconds(times.media),
        commit_seconds = seconds(times.commit),
        seconds = seconds(times.total),
        "ended"
    );
}

fn project_ended(project: &ProjectSummary, times: ProjectTimes, observer: &dyn Observer) {
    let name = project.name.as_str();
    let (error, kept) = match &project.outcome {
        Outcome::Kept { error, .. } => (error, true),
        Outcome::Missing { error, .. } => (error, false),
        _ => {
            let (counts, media) = (&project.counts, &project.media);
            info!(
                project = name,
                sequences = counts.sequences,
                shots = counts.shots,
                assets = counts.assets,
                tasks = counts.tasks,
                casting = counts.casting,
                frames = counts.total_frames,
                placed_by_edit = counts.places.edit,
                placed_by_tracker = counts.places.tracker,
                placed_end_to_end = counts.places.end_to_end,
                unplaced = counts.places.none,
                pictures = media.pictures,
                movies = media.movies,
                fetched = media.fetched,
                unchanged = media.unchanged,
                outdated = media.outdated.values().map(|it| it.of.len()).sum::<usize>(),
                placeholders = media.missing_total(),
                left_out = project.left_out.len(),
                read_seconds = seconds(times.read),
                media_seconds = seconds(times.media),
                write_seconds = seconds(times.write),
                "exported"
            );
            for ((kind, reason), names) in project.left_out_counts() {
                let kind = kind.to_string();
                let (count, names) = (names.len(), first_names(&names));
                match observer.is_new(&project.id, &format!("{kind}, {reason}: {count}, {names}")) {
                    true => info!(project = name, kind, reason, count, names, "left out"),
                    false => debug!(project = name, kind, reason, count, names, "left out"),
                }
            }
            not_fetched(Some(name), media);
            for note in &project.notes {
                match observer.is_new(&project.id, note) {
                    true => info!(project = name, note, "note"),
                    false => debug!(project = name, note, "note"),
                }
            }
            return;
        }
    };
    error!(project = name, error, kept, "not exported");
}

fn not_fetched(project: Option<&str>, media: &MediaCounts) {
    for (reason, it) in &media.outdated {
        let (count, names) = counted(&it.of);
        warn!(project, reason, count, names, "as it was before");
    }
    for (reason, it) in &media.missing {
        let (count, names) = counted(&it.of);
        warn!(project, reason, count, names, "placeholder");
    }
    for (reason, it) in &media.unavailable {
        let (count, names) = counted(&it.of);
        warn!(project, reason, count, names, "placeholder for now");
    }
}

fn counted(labels: &[String]) -> (usize, String) {
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    (labels.len(), first_names(&labels))
}
