//! What is printed, and where: data on stdout, everything else on stderr.

use std::collections::HashSet;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use anstyle::{AnsiColor, Style};
use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressStyle};
use watchtower_connector::Account;
use watchtower_connector::conformance::{Outcome, Report};
use watchtower_model::{Project, ProjectId};
pub(crate) use watchtower_writer::first_names;
use watchtower_writer::{self as writer, MediaCounts, Progress, ProjectSummary, Summary};

use crate::export::Observer;
use crate::messages::{Body, Message};
use crate::own_name::{is_another, named};
use crate::printable::{json, printable};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const PASS: Style = AnsiColor::Green.on_default();
const NAME: Style = Style::new().bold();
const HELP: Style = AnsiColor::Cyan.on_default();

/// How much is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    Quiet,
    Normal,
    Verbose,
}

/// Decides what is printed, and how.
pub(crate) struct Printer {
    verbosity: Verbosity,
    bars: Option<Bars>,
    /// Whether a log takes the place of lines for people.
    logs: bool,
    said: Mutex<Said>,
}

/// What this export and the one before said about projects.
#[derive(Default)]
struct Said {
    before: HashSet<(ProjectId, String)>,
    now: HashSet<(ProjectId, String)>,
}

struct Bars {
    projects: ProgressBar,
    media: ProgressBar,
}

impl Printer {
    pub(crate) fn new(verbosity: Verbosity) -> Self {
        // Bars are for people at a terminal; a log gets lines.
        let shows_bars = verbosity == Verbosity::Normal && io::stderr().is_terminal();
        Self {
            verbosity,
            bars: shows_bars.then(Bars::new),
            logs: false,
            said: Mutex::default(),
        }
    }

    pub(crate) fn verbosity(&self) -> Verbosity {
        self.verbosity
    }

    /// Leaves everything but data to the log from now on.
    pub(crate) fn leave_to_log(&mut self) {
        self.bars = None;
        self.logs = true;
    }

    /// An error, with what can be done about it.
    pub(crate) fn error(&self, error: &dyn std::error::Error, help: Option<&str>) {
        self.clear();
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            // Some errors repeat their cause in their own text.
            let cause_text = cause.to_string();
            if !text.contains(&cause_text) {
                text.push_str(&format!("\n  because {cause_text}"));
            }
            source = cause.source();
        }
        if self.logs {
            tracing::error!(error = text, help, "failed");
            return;
        }
        let lines: Vec<_> = text.lines().map(printable).collect();
        let mut text = lines.join("\n");
        text.insert_str(0, &format!("{ERROR}error:{ERROR:#} "));
        if let Some(help) = help {
            text.push_str(&format!("\n{HELP}help:{HELP:#} {help}"));
        }
        tell(text);
    }

    /// What a person should know before it is too late.
    #[cfg(feature = "serve")]
    pub(crate) fn warning(&self, text: impl fmt::Display) {
        self.clear();
        self.later().warning(text);
    }

    /// Says what there is to be said when this one is gone.
    #[cfg(feature = "serve")]
    pub(crate) fn later(&self) -> Later {
        Later {
            verbosity: self.verbosity,
            logs: self.logs,
        }
    }

    /// Data, for whoever reads stdout.
    pub(crate) fn data(&self, text: impl fmt::Display) -> io::Result<()> {
        match is_another() {
            true => self.exact(named(&text.to_string())),
            false => self.exact(text),
        }
    }

    /// Data in which nothing is changed, whatever the command is called.
    pub(crate) fn exact(&self, text: impl fmt::Display) -> io::Result<()> {
        let mut out = anstream::stdout().lock();
        writeln!(out, "{text}")
    }

    /// A message for programs, over several lines for whoever looks at it all the same.
    pub(crate) fn message(&self, body: &impl Body) -> io::Result<()> {
        self.exact(json(&Message::new(body), true)?)
    }

    /// A message for programs on one line, as there is one after the other.
    pub(crate) fn message_line(&self, body: &impl Body) -> io::Result<()> {
        self.exact(json(&Message::new(body), false)?)
    }

    /// A line on how things go.
    fn line(&self, verbosity: Verbosity, text: impl fmt::Display) {
        if self.verbosity >= verbosity && self.bars.is_none() && !self.logs {
            tell(text);
        }
    }

    fn clear(&self) {
        if let Some(bars) = &self.bars {
            bars.projects.finish_and_clear();
            bars.media.finish_and_clear();
        }
    }

    /// An export was stopped halfway.
    pub(crate) fn stopped(&self) {
        self.clear();
        if self.logs {
            tracing::warn!("stopped: the site is as it was");
        } else {
            tell(format_args!(
                "{WARNING}stopped:{WARNING:#} the site is as it was"
            ));
        }
    }

    /// What an export did, for people.
    pub(crate) fn summary(&self, summary: &Summary, site: &str) -> io::Result<()> {
        self.clear();
        if self.verbosity == Verbosity::Quiet || self.logs {
            return Ok(());
        }
        self.data(Text {
            summary,
            site,
            verbose: self.verbosity == Verbosity::Verbose,
        })
    }

    /// What else to know, for people.
    pub(crate) fn notes(&self, notes: &[String]) -> io::Result<()> {
        if self.verbosity == Verbosity::Quiet || self.logs {
            return Ok(());
        }
        let mut notes = notes.iter();
        notes.try_for_each(|note| self.data(format_args!("{HELP}note:{HELP:#} {note}")))
    }

    /// What the checks of a tracker came to. When all is quiet, what failed is.
    pub(crate) fn conformance(&self, report: &Report) -> io::Result<()> {
        for row in &report.checks {
            let style = match row.outcome {
                Outcome::Failed { .. } => ERROR,
                _ if self.verbosity == Verbosity::Quiet => continue,
                Outcome::Skipped { .. } => WARNING,
                Outcome::Passed { .. } => PASS,
            };
            let text = row.to_string();
            let lines: Vec<_> = text.trim_end().lines().map(printable).collect();
            let text = lines.join("\n");
            let (word, rest) = text.split_at(text.find(' ').unwrap_or(text.len()));
            self.data(format_args!("{style}{word}{style:#}{rest}"))?;
        }
        match self.verbosity {
            Verbosity::Quiet => Ok(()),
            _ => self.data(report.counts()),
        }
    }

    /// The projects that failed: on stderr, since they are errors even when all is quiet.
    pub(crate) fn failures(&self, summary: &Summary) {
        self.clear();
        if self.logs {
            return;
        }
        for project in &summary.projects {
            let (error, site) = match &project.outcome {
                writer::Outcome::Kept { error, .. } => {
                    (error, "the site keeps its previous version")
                }
                writer::Outcome::Missing { error, .. } => (error, "the site does not have it"),
                _ => continue,
            };
            let name = printable(&project.name);
            let error: Vec<_> = error.lines().map(printable).collect();
            let error = error.join("\n");
            tell(format_args!(
                "{ERROR}error:{ERROR:#} {NAME}{name}{NAME:#}: {error}; {site}"
            ));
        }
        if self.verbosity == Verbosity::Quiet {
            self.unavailable(summary);
        }
    }

    /// The pictures and movies for which the exit code is not 0, where nothing else speaks of them.
    fn unavailable(&self, summary: &Summary) {
        let projects = summary.projects.iter();
        let media = projects.map(|it| (Some(&it.name), &it.media));
        for (project, media) in media.chain([(None, &summary.shared_media)]) {
            for (reason, it) in &media.unavailable {
                let labels: Vec<&str> = it.of.iter().map(String::as_str).collect();
                let names = first_names(&labels);
                let text = match project {
                    Some(project) => format!("{project}: {names}: {reason}"),
                    None => format!("{names}: {reason}"),
                };
                let text = printable(&text);
                tell(format_args!(
                    "{WARNING}placeholder for now:{WARNING:#} {text}"
                ));
            }
        }
    }
}

/// A printer for what is said in the end.
#[cfg(feature = "serve")]
#[derive(Clone, Copy)]
pub(crate) struct Later {
    verbosity: Verbosity,
    logs: bool,
}

#[cfg(feature = "serve")]
impl Later {
    /// What a person should know.
    pub(crate) fn warning(self, text: impl fmt::Display) {
        if self.logs {
            tracing::warn!("{text}");
        } else if self.verbosity > Verbosity::Quiet {
            tell(format_args!("{WARNING}warning:{WARNING:#} {text}"));
        }
    }
}

impl Bars {
    fn new() -> Self {
        let bars = MultiProgress::new();
        let style = |template: &str| {
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
        };
        let projects = bars.add(ProgressBar::new(0));
        projects.set_style(style("{spinner} projects {pos}/{len} {wide_msg}"));
        let media = bars.add(ProgressBar::new(0));
        media.set_style(style("  pictures and movies {pos}/{len} {wide_bar} {eta}"));
        Self { projects, media }
    }
}

impl Progress for Printer {
    fn media_planned(&self, count: usize) {
        match &self.bars {
            Some(bars) => bars.media.inc_length(count as u64),
            None if count > 0 => {
                self.line(
                    Verbosity::Verbose,
                    format_args!("fetching pictures and movies: {count}"),
                );
            }
            None => {}
        }
    }

    fn media_done(&self) {
        if let Some(bars) = &self.bars {
            bars.media.inc(1);
        }
    }
}

impl Observer for Printer {
    fn connected(&self, account: &Account) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.before = std::mem::take(&mut said.now);
        drop(said);
        let user = account.user.as_deref().unwrap_or("nobody in particular");
        let server = account.server.as_deref().unwrap_or("the tracker");
        self.line(
            Verbosity::Verbose,
            format_args!("connected to {server} as {user}"),
        );
    }

    fn projects_planned(&self, count: usize) {
        if let Some(bars) = &self.bars {
            bars.projects.set_length(count as u64);
        }
    }

    fn reading(&self, project: &Project) {
        let name = printable(&project.name);
        match &self.bars {
            Some(bars) => bars.projects.set_message(name.into_owned()),
            None => self.line(Verbosity::Normal, format_args!("reading {name}")),
        }
    }

    fn project_done(&self, _: &Project) {
        if let Some(bars) = &self.bars {
            bars.projects.inc(1);
        }
    }

    fn is_new(&self, project: &ProjectId, line: &str) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let line = (project.clone(), line.to_owned());
        let is_new = !said.before.contains(&line);
        said.now.insert(line);
        is_new
    }
}

/// A line on stderr. Where that cannot be written to, there is nobody left to tell.
fn tell(text: impl fmt::Display) {
    let text = text.to_string();
    let _ = writeln!(anstream::stderr().lock(), "{}", named(&text));
}

/// A summary as text.
struct Text<'a> {
    summary: &'a Summary,
    site: &'a str,
    /// Whether everything left out is named, or the first few.
    verbose: bool,
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for project in &self.summary.projects {
            if project.outcome == writer::Outcome::Exported {
                self.project(f, project)?;
            }
        }
        self.missing(f, &self.summary.shared_media)?;
        for note in &self.summary.notes {
            writeln!(f, "{HELP}note:{HELP:#} {}", printable(note))?;
        }
        if !self.summary.removed.is_empty() {
            let names = self.summary.removed.iter().map(|it| it.name.as_str());
            let names = self.names(&names.collect::<Vec<_>>());
            writeln!(
                f,
                "{WARNING}removed from the site:{WARNING:#} {names}: not listed any more"
            )?;
        }
        if self.summary.is_nothing() {
            return write!(
                f,
                "Nothing has changed: {} stays as it is, of {}; `--full-every 0` reads everything",
                self.site,
                count(self.summary.unchanged, "project")
            );
        }
        let (total, failed) = (self.summary.projects.len(), self.summary.failed());
        write!(
            f,
            "Exported {} to {}",
            count(total - failed, "project"),
            self.site
        )?;
        if let Some(replaced) = self.summary.replaces {
            let format = self.summary.format;
            write!(f, ", which was of format {replaced} and is of {format} now")?;
        }
        if self.summary.unchanged > 0 {
            let unchanged = count(self.summary.unchanged, "project");
            write!(f, "; {unchanged} unchanged")?;
        }
        if failed > 0 {
            write!(
                f,
                "; {WARNING}{} failed{WARNING:#}",
                count(failed, "project")
            )?;
        }
        Ok(())
    }
}

impl Text<'_> {
    fn project(&self, f: &mut fmt::Formatter<'_>, project: &ProjectSummary) -> fmt::Result {
        let counts = &project.counts;
        writeln!(f, "{NAME}{}{NAME:#}", printable(&project.name))?;
        write!(f, "  ")?;
        if counts.episodes > 0 {
            write!(f, "{}, ", count(counts.episodes, "episode"))?;
        }
        writeln!(
            f,
            "{}, {}, {}, {}, {}, {}",
            count(counts.sequences, "sequence"),
            count(counts.shots, "shot"),
            count(counts.assets, "asset"),
            count(counts.tasks, "task"),
            count(counts.casting, "casting"),
            count(
                usize::try_from(counts.total_frames).unwrap_or(usize::MAX),
                "frame"
            ),
        )?;
        let places = counts.places;
        let from = [
            (places.edit, "from the edit"),
            (places.tracker, "from the tracker"),
            (places.end_to_end, "laid end to end"),
            (places.none, "none"),
        ];
        let from = from.iter().filter(|(number, _)| *number > 0);
        let from: Vec<_> = from
            .map(|(number, what)| format!("{number} {what}"))
            .collect();
        if !from.is_empty() {
            writeln!(f, "  places on the timeline: {}", from.join(", "))?;
        }
        let media = &project.media;
        write!(
            f,
            "  {}, {}",
            count(media.pictures, "picture"),
            count(media.movies, "movie")
        )?;
        match (media.fetched, media.unchanged) {
            (0, 0) => writeln!(f)?,
            (0, _) => writeln!(f, " (none fetched)")?,
            (fetched, _) => writeln!(f, " ({fetched} fetched, {})", HumanBytes(media.bytes))?,
        }
        for ((kind, reason), names) in project.left_out_counts() {
            let kind = count(names.len(), &kind.to_string());
            writeln!(
                f,
                "  {WARNING}left out:{WARNING:#} {kind}, {}: {}",
                printable(&reason),
                self.names(&names)
            )?;
        }
        self.missing(f, media)?;
        for note in &project.notes {
            writeln!(f, "  {HELP}note:{HELP:#} {}", printable(note))?;
        }
        Ok(())
    }

    fn missing(&self, f: &mut fmt::Formatter<'_>, media: &MediaCounts) -> fmt::Result {
        for (what, reasons) in [
            ("as it was before:", &media.outdated),
            ("placeholder:", &media.missing),
            ("placeholder for now:", &media.unavailable),
        ] {
            for (reason, it) in reasons {
                let labels: Vec<&str> = it.of.iter().map(String::as_str).collect();
                let names = self.names(&labels);
                let reason = printable(reason);
                writeln!(f, "  {WARNING}{what}{WARNING:#} {names}: {reason}")?;
            }
        }
        Ok(())
    }

    fn names(&self, names: &[&str]) -> String {
        let names = match self.verbose {
            true => names.join(", "),
            false => first_names(names),
        };
        printable(&names).into_owned()
    }
}

/// A number with its noun.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}
