//! The command line's grammar.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, Command, Parser, Subcommand, ValueEnum};
use watchtower_model::format::{DOCUMENTS, Format};
use watchtower_writer::validate::Code;

use crate::commands::code;
use crate::duration::{duration, interval};
use crate::edit::EditArgs;
use crate::{Network, TrackerCommand};

/// What follows the options on the main page of the help.
const AFTER_HELP: &str = "\
Examples:
  watchtower export example --output site    a site to look at, without any tracker
  watchtower export kitsu --output site      all projects of your studio's Kitsu
  watchtower validate site                   will the web client take it?

Exit codes:
  0    done
  1    findings, or invalid data
  2    called wrongly, or a setting is missing
  3    the tracker cannot be reached or refuses us
  4    some projects, pictures or movies could not be had, and the others were written
  5    the output cannot be written
  130  stopped by SIGINT, as of Ctrl-C, in the middle of an export: the site is as it was
  143  the same, by SIGTERM";

/// Export productions to Watchtower, and validate exports
///
/// Watchtower shows a whole film on one screen. It reads plain JSON files from a folder that any web
/// server can serve. This command writes that folder, the site, from a production tracker, and tells
/// whether a site will work.
#[derive(Debug, Parser)]
#[command(name = "watchtower", version, after_help = AFTER_HELP, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(subcommand)]
    pub(crate) command: Action,
}

/// What is printed.
#[derive(Debug, Args)]
pub(crate) struct OutputArgs {
    /// Print only errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Print what is done as it is done
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Export projects from a tracker to a site
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Export,
    /// Check whether the web client will take a site
    Validate(ValidateArgs),
    /// Say what a finding's code means, and how to mend what it is about
    Explain(ExplainArgs),
    /// The JSON Schemas of the documents
    #[command(subcommand)]
    Schema(SchemaAction),
}

/// What every `watchtower export TRACKER` takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Export")]
pub(crate) struct ExportArgs {
    /// The site's folder, which a web server serves; made if it is missing. Files land in `DIR/data`
    #[arg(long, short, value_name = "DIR", help_heading = "Output")]
    pub(crate) output: PathBuf,
    /// What becomes of pictures and movies
    #[arg(long, value_enum, default_value_t = Media::Download, value_name = "HOW", help_heading = "Output")]
    pub(crate) media: Media,
    /// With `--media reference`: the path on the site's own host under which a reverse proxy offers
    /// the tracker, as in `api`. Without it addresses are protocol-relative
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub(crate) media_base: Option<String>,
    /// Export only this project, by name or id; the site keeps the others. May be given several times
    #[arg(long = "project", value_name = "NAME_OR_ID", action = ArgAction::Append)]
    pub(crate) projects: Vec<String>,
    /// How long to wait for another export of the same site to end
    #[arg(long, default_value = "60s", value_name = "DURATION", value_parser = duration, help_heading = "Output")]
    pub(crate) lock_timeout: Duration,
    /// How long a picture stays in the site after nothing refers to it any more, for pages that are open
    #[arg(long, default_value = "1h", value_name = "DURATION", value_parser = duration, help_heading = "Output")]
    pub(crate) keep_unused: Duration,
    /// Read settings from this file of NAME=VALUE lines [default: .env.local, if it is there]
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Option<PathBuf>,
    /// Print the summary as one JSON document; with `--every`, as one line after each export
    #[arg(long)]
    pub(crate) json: bool,
}

/// What there is for an export that nobody watches.
#[derive(Debug, Args)]
#[allow(clippy::doc_markdown)] // These become the help, which is plain text.
#[command(next_help_heading = "In the background")]
pub(crate) struct BackgroundArgs {
    /// Export again and again, so long from start to start, as in `5m`. Where an export takes longer,
    /// beats are skipped. An export that fails is logged, and the next one is tried
    #[arg(long, value_name = "DURATION", value_parser = interval)]
    pub(crate) every: Option<Duration>,
    /// Write a log to stderr instead of lines for people [default with `--every`: text]. WATCHTOWER_LOG
    /// in the environment says what is logged, as in `debug` or `warn,watchtower=debug`, instead of
    /// `--quiet` and `--verbose`
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) log_format: Option<LogFormat>,
}

/// How a log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// One line per event
    Text,
    /// One JSON object per line
    Json,
}

/// What becomes of pictures and movies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Media {
    /// Fetch them into the site
    Download,
    /// Refer to them on the tracker
    Reference,
    /// Leave them out: the client shows placeholders
    None,
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// A site's folder, its `data` or `projects` folder, one project's folder, or one document; `-`
    /// reads a document from the standard input
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// Which document one file is, where its name does not say so
    #[arg(long, value_name = "NAME", value_parser = document_names())]
    pub(crate) document: Option<String>,
    /// The format of the documents [default: found out]
    #[arg(long, value_name = "FORMAT", value_parser = format())]
    pub(crate) format: Option<Format>,
    /// Report also keys that no document has: they do no harm, but may be misspelt
    #[arg(long)]
    pub(crate) strict: bool,
    /// Do not look at pictures and movies
    #[arg(long)]
    pub(crate) no_media: bool,
    /// Leave out findings of this code, as in `WT505`. May be given several times
    #[arg(long, value_name = "CODE", value_parser = code, action = ArgAction::Append)]
    pub(crate) allow: Vec<Code>,
    /// Fail on warnings as well
    #[arg(long, value_name = "WHAT")]
    pub(crate) deny: Option<Deny>,
    /// How many findings to print; the others are counted
    #[arg(
        long,
        value_name = "N",
        default_value = "1000",
        help_heading = "Output"
    )]
    pub(crate) max_findings: usize,
    /// How findings are printed
    #[arg(long, value_enum, default_value_t = OutputFormat::Human, value_name = "HOW", help_heading = "Output")]
    pub(crate) output_format: OutputFormat,
}

fn document_names() -> PossibleValuesParser {
    let names: BTreeSet<_> = DOCUMENTS.iter().map(|it| it.name).collect();
    PossibleValuesParser::new(names)
}

fn format() -> impl TypedValueParser<Value = Format> {
    let names = Format::ALL.iter().map(|it| it.name());
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Format>())
}

/// What else makes validation fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Deny {
    /// Warnings
    Warnings,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people
    Human,
    /// One JSON object per line; `message_type` says what it is
    Json,
    /// SARIF 2.1.0, for code hosts and editors
    Sarif,
    /// Commands of GitHub's workflows
    Github,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The code or its name, as in `WT203` or `null`; without it all codes are listed
    #[arg(value_name = "CODE", value_parser = code)]
    pub(crate) code: Option<Code>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SchemaAction {
    /// List the schemas by name
    List,
    /// Print a schema
    Show {
        /// The schema's name, as in `v0/shots`
        name: String,
    },
}

/// Hangs a subcommand for each tracker under `export`.
pub(crate) fn with_trackers(command: Command, trackers: &[Box<dyn TrackerCommand>]) -> Command {
    command.mut_subcommand("export", |mut export| {
        for tracker in trackers {
            let mut command = tracker.arguments(Command::new(tracker.name()));
            command = ExportArgs::augment_args(command);
            if let Some(flag) = tracker.preparation() {
                command = command.mut_arg("output", |output| {
                    output.required(false).required_unless_present(flag)
                });
            }
            if tracker.uses_network() {
                command = Network::augment_args(command);
            }
            command = EditArgs::augment_args(command);
            command = BackgroundArgs::augment_args(command);
            // Last: the documentation of a group of arguments takes the place of what stands there.
            export = export.subcommand(command.about(tracker.about()).long_about(None));
        }
        export
    })
}
