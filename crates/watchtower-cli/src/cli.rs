//! The command line's grammar.

use std::collections::BTreeSet;
#[cfg(feature = "serve")]
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, Command, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use watchtower_model::format::{DOCUMENTS, Format};
use watchtower_model::place::Unplaced;
use watchtower_model::tracker;
use watchtower_writer::media::PicturePolicy;
use watchtower_writer::media::pictures::Fit;
use watchtower_writer::validate::Code;

use crate::commands::code;
use crate::duration::{age, duration, interval};
use crate::edit::{EditArgs, ReadingArgs};
use crate::{Network, TrackerCommand};

/// What the main page of the help ends with.
const EXIT_CODES: &str = "\
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
#[command(
    name = "watchtower",
    version,
    subcommand_required = true,
    arg_required_else_help = true
)]
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
    /// Try the connection to a tracker, and say who we are and what we may see
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Check,
    /// Check whether a tracker keeps the contract of trackers
    #[command(subcommand_negates_reqs = true, arg_required_else_help = true)]
    Conformance(ConformanceListArgs),
    /// List the trackers, with what each can give and which settings it takes
    Trackers(TrackersArgs),
    /// Check whether the web client will take a site
    Validate(ValidateArgs),
    /// Write a site in the other format
    Convert(ConvertArgs),
    /// Look at an edit, or write a site as one
    #[command(subcommand)]
    Edit(EditAction),
    /// Put a site beside its web client in one folder, for any web server
    #[cfg(feature = "bundle")]
    Bundle(BundleArgs),
    /// Serve a site with its web client
    #[cfg(feature = "serve")]
    Serve(ServeArgs),
    /// Export projects from a tracker and serve them, to look at
    #[cfg(feature = "serve")]
    #[command(subcommand_required = true, arg_required_else_help = true)]
    View,
    /// Say what a finding's code means, and how to mend what it is about
    Explain(ExplainArgs),
    /// The JSON Schemas of the documents
    #[command(subcommand)]
    Schema(SchemaAction),
    /// Copy a site without names, pictures and movies, for a report of a fault
    Anonymise(AnonymiseArgs),
    /// Print what completes commands in a shell
    Completions(CompletionsArgs),
}

/// What every `watchtower export TRACKER` takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Export")]
pub(crate) struct ExportArgs {
    /// The site's folder, which a web server serves; made if it is missing. Files land in `DIR/data`
    #[arg(
        long,
        short,
        value_name = "DIR",
        required = true,
        help_heading = "Output"
    )]
    pub(crate) output: Option<PathBuf>,
    /// The format of the site: v0 is what the stable web client reads, v1 what that of the pre-release does.
    /// A site of the other format is replaced, whole [default: the site's own, or v0 for a new one]
    #[arg(long, value_name = "FORMAT", value_parser = format(), help_heading = "Output")]
    pub(crate) format: Option<Format>,
    /// What becomes of pictures and movies
    #[arg(long, value_enum, default_value_t = Media::Download, value_name = "HOW", help_heading = "Output")]
    pub(crate) media: Media,
    /// With `--media reference`: the path on the site's own host under which a reverse proxy offers
    /// the tracker, as in `api`. Without it addresses are protocol-relative
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub(crate) media_base: Option<String>,
    /// What becomes of shots without a place on the timeline: they are in the grid, or left out and named
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "HOW",
        help_heading = "Output"
    )]
    pub(crate) unplaced: UnplacedArg,
    /// Let this project lose much of what the site shows of it, this once, by name or id; `projects` is for the
    /// list of projects. May be given several times
    #[arg(long, value_name = "NAME", action = ArgAction::Append, conflicts_with = "every", help_heading = "Output")]
    pub(crate) allow_shrink: Vec<String>,
    #[command(flatten)]
    pub(crate) pictures: PictureArgs,
    /// Export only this project, by name or id; the site keeps the others. May be given several times
    #[arg(long = "project", value_name = "NAME_OR_ID", action = ArgAction::Append)]
    pub(crate) projects: Vec<String>,
    /// How long to wait for another export of the same site to end
    #[arg(long, default_value = "60s", value_name = "DURATION", value_parser = duration, help_heading = "Output")]
    pub(crate) lock_timeout: Duration,
    /// How long a picture stays in the site after nothing refers to it any more, for pages that are open
    #[arg(long, default_value = "1h", value_name = "DURATION", value_parser = duration, help_heading = "Output")]
    pub(crate) keep_unused: Duration,
    /// In format v1: how long a reading in the history of task counts is kept, as in `90d`. Of the days
    /// beyond a week, one reading each is kept
    #[arg(long, default_value = "1095d", value_name = "DURATION", value_parser = age, help_heading = "Output")]
    pub(crate) keep_history: Duration,
    /// Read settings from this file of NAME=VALUE lines [default: .env.local, if it is there]
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Option<PathBuf>,
    /// Print the summary as one JSON document; with `--every`, as one line after each export
    #[arg(long)]
    pub(crate) json: bool,
}

/// What becomes of shots without a place on the timeline.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum UnplacedArg {
    /// In the grid, and not on the timeline
    #[default]
    Show,
    /// Left out, and named in the summary
    LeaveOut,
}

impl From<UnplacedArg> for Unplaced {
    fn from(argument: UnplacedArg) -> Self {
        match argument {
            UnplacedArg::Show => Self::Show,
            UnplacedArg::LeaveOut => Self::LeaveOut,
        }
    }
}

/// What every `watchtower check TRACKER` takes.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Look at this project alone, by name or id. May be given several times
    #[arg(long = "project", value_name = "NAME_OR_ID", action = ArgAction::Append)]
    pub(crate) projects: Vec<String>,
    /// Read settings from this file of NAME=VALUE lines [default: .env.local, if it is there]
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Option<PathBuf>,
    /// Print what was found as one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `watchtower conformance` takes without a tracker.
#[derive(Debug, Args)]
#[command(
    after_help = "It only reads: all projects several times, some at once, and some pictures and \
                  movies. Credentials that are wrong on purpose are those of nobody, so no account is \
                  locked. The exit code is 0, or 1 where the tracker does not keep the contract."
)]
pub(crate) struct ConformanceListArgs {
    /// List the checks, with what it means when one fails
    #[arg(long, required = true)]
    pub(crate) list: bool,
    /// Print the list as one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

/// What every `watchtower conformance TRACKER` takes.
#[derive(Debug, Args)]
pub(crate) struct ConformanceArgs {
    /// Read only this project, by name or id. May be given several times
    #[arg(long = "project", value_name = "NAME_OR_ID", action = ArgAction::Append)]
    pub(crate) projects: Vec<String>,
    /// Read settings from this file of NAME=VALUE lines [default: .env.local, if it is there]
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Option<PathBuf>,
    /// Print the report as one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TrackersArgs {
    /// Print the list as one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

/// What there is for an export that nobody watches.
#[derive(Debug, Args)]
#[allow(clippy::doc_markdown)] // These become the help, which is plain text.
#[command(next_help_heading = "In the background")]
pub(crate) struct BackgroundArgs {
    /// Export again and again, so long from start to start, as in `5m`. Where an export takes longer,
    /// beats are skipped. Where the tracker tells what changed, `2s` is polite. An export that fails is logged,
    /// and the next one is tried: after twice as long each time, up to a minute
    #[arg(long, value_name = "DURATION", value_parser = interval)]
    pub(crate) every: Option<Duration>,
    /// Read everything so long after the last time, although the tracker's log of changes names a part or nothing;
    /// 0 for each time
    #[arg(long, default_value = "1h", value_name = "DURATION", value_parser = duration)]
    pub(crate) full_every: Duration,
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

/// What the client shows of pictures.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Pictures")]
pub(crate) struct PictureArgs {
    /// How a picture fits into the place that the web client has for it
    #[arg(
        long,
        value_enum,
        default_value_t = PictureFit::Contain,
        value_name = "HOW"
    )]
    pub(crate) picture_fit: PictureFit,
    /// Keep pictures as the tracker has them. Of a picture larger than 150 × 100 pixels the client
    /// draws the top left corner, and of a smaller one nothing
    #[arg(long, conflicts_with = "picture_fit")]
    pub(crate) pictures_as_they_are: bool,
    /// Give a shot without a picture a frame of the edit's movie, from the middle of the shot. Needs
    /// ffmpeg in PATH
    #[arg(long)]
    pub(crate) pictures_from_movie: bool,
}

impl PictureArgs {
    /// What becomes of pictures that are fetched.
    pub(crate) fn policy(self) -> PicturePolicy {
        match self.pictures_as_they_are {
            true => PicturePolicy::AsTheyAre,
            false => PicturePolicy::Make(self.picture_fit.into()),
        }
    }
}

impl From<PictureFit> for Fit {
    fn from(fit: PictureFit) -> Self {
        match fit {
            PictureFit::Contain => Self::Contain,
            PictureFit::Cover => Self::Cover,
        }
    }
}

/// How a picture fits into its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PictureFit {
    /// Show the whole picture, with black beside it or above and below
    Contain,
    /// Fill the place, and cut off what does not fit
    Cover,
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
    /// Which document one file is, where its name does not say so; `tracker/…` are those of `export process`
    /// and `export files`
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
    // Two short names, once.
    let told = tracker::DOCUMENTS
        .iter()
        .map(|it| &*it.qualified_name().leak());
    PossibleValuesParser::new(names.into_iter().chain(told))
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

/// What `watchtower convert` takes.
#[derive(Debug, Args)]
pub(crate) struct ConvertArgs {
    /// The site's folder, whoever wrote it
    #[arg(value_name = "SITE")]
    pub(crate) site: PathBuf,
    /// The format of the new site
    #[arg(long, value_name = "FORMAT", value_parser = format())]
    pub(crate) to: Format,
    /// The new site's folder: one that is not there, empty, or a site of the new format, which is changed
    /// in one step
    #[arg(long, short, value_name = "DIR", help_heading = "Output")]
    pub(crate) output: PathBuf,
    /// Convert only this project, by name or id; the new site keeps the others that it has. May be given
    /// several times
    #[arg(long = "project", value_name = "NAME_OR_ID", action = ArgAction::Append)]
    pub(crate) projects: Vec<String>,
    #[command(flatten)]
    pub(crate) pictures: PictureArgs,
    /// How long to wait for an export to the new site to end
    #[arg(long, default_value = "60s", value_name = "DURATION", value_parser = duration, help_heading = "Output")]
    pub(crate) lock_timeout: Duration,
    /// Print the summary as one JSON document
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
}

/// What `watchtower bundle` takes.
#[cfg(feature = "bundle")]
#[derive(Debug, Args)]
pub(crate) struct BundleArgs {
    /// The site's folder, of any format and whoever wrote it
    #[arg(value_name = "SITE")]
    pub(crate) site: PathBuf,
    /// The built web client: the Python package's wheel as `pip download` leaves it, another zip file,
    /// or a folder. The one for the site's format is found in it
    #[arg(long, value_name = "PATH")]
    pub(crate) client: PathBuf,
    /// The format to show, of a site that holds both [default: found out]
    #[arg(long, value_name = "FORMAT", value_parser = format())]
    pub(crate) format: Option<Format>,
    /// The bundle's folder: new, empty, or a bundle, which is replaced in one step
    #[arg(long, short, value_name = "DIR", help_heading = "Output")]
    pub(crate) output: PathBuf,
    /// How long to wait for another bundle in the same folder around it to end
    #[arg(long, default_value = "60s", value_name = "DURATION", value_parser = duration, help_heading = "Output")]
    pub(crate) lock_timeout: Duration,
    /// Make the pictures that the client shows whole, in place of those that it would cut or not draw
    #[arg(long, help_heading = "Pictures")]
    pub(crate) pictures: bool,
    /// With `--pictures`: how a picture fits into the place that the web client has for it
    #[arg(
        long,
        value_enum,
        default_value_t = PictureFit::Contain,
        value_name = "HOW",
        requires = "pictures",
        help_heading = "Pictures"
    )]
    pub(crate) picture_fit: PictureFit,
    /// Print what was bundled as one JSON document
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
}

/// What a web server must know that is not ours.
#[cfg(feature = "serve")]
const ANOTHER_SERVER: &str = "\
Another web server needs the client and `data/` alone. It must not serve `.watchtower/`, which holds what an \
export replaced, and it must let no file below `data/` run scripts; README.md has the lines for nginx.";

/// What `watchtower serve` takes.
#[cfg(feature = "serve")]
#[derive(Debug, Args)]
#[command(after_help = ANOTHER_SERVER)]
pub(crate) struct ServeArgs {
    /// The site's folder, of any format and whoever wrote it; or a bundle
    #[arg(value_name = "SITE")]
    pub(crate) site: PathBuf,
    /// The built web client: the Python package's wheel as `pip download` leaves it, another zip file,
    /// or a folder [default: the one in SITE, if that is a bundle]
    #[arg(long, value_name = "PATH")]
    pub(crate) client: Option<PathBuf>,
    /// The format to show, of a site that holds both [default: found out]
    #[arg(long, value_name = "FORMAT", value_parser = format())]
    pub(crate) format: Option<Format>,
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    /// Print the address in a JSON object on one line
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
}

/// What `watchtower view` takes beside what `watchtower export` does.
#[cfg(feature = "serve")]
#[derive(Debug, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct ViewArgs {
    /// The built web client: the Python package's wheel as `pip download` leaves it, another zip file,
    /// or a folder
    #[arg(long, value_name = "PATH")]
    pub(crate) client: Option<PathBuf>,
}

/// Where a server listens, and what ends it.
#[cfg(feature = "serve")]
#[derive(Debug, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct ListenArgs {
    /// The port; 0 takes a free one. The address is printed on the first line
    #[arg(long, value_name = "PORT", default_value_t = 8000)]
    pub(crate) port: u16,
    /// The address to listen on. Unless it is this machine's alone, whoever reaches it sees the site: there is
    /// no password
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) address: IpAddr,
    /// Open a browser
    #[arg(long)]
    pub(crate) open: bool,
    /// Do not load the page again when an export lands
    #[arg(long)]
    pub(crate) no_reload: bool,
    /// Go on when the process that started this one ends, as a shell whose terminal is closed. A server in a
    /// session of its own, as that of a service, goes on anyway
    #[arg(long)]
    pub(crate) outlive_parent: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The code or its name, as in `WT203` or `null`; without it all codes are listed
    #[arg(value_name = "CODE", value_parser = code)]
    pub(crate) code: Option<Code>,
}

/// What `watchtower anonymise` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Names, ids, paths and addresses get stand-ins, numbered as they come; a picture is white, and a \
                  movie has no frames to be seen. What is wrong with the site stays: `watchtower validate` finds the \
                  same codes at the same places. Numbers, dates and colours stay as well, and what no document names \
                  is left out. Look through the copy before you send it."
)]
pub(crate) struct AnonymiseArgs {
    /// The site's folder, which holds `data`, of any format and whoever wrote it
    #[arg(value_name = "SITE")]
    pub(crate) site: PathBuf,
    /// The copy's folder: one that is not there, or empty
    #[arg(long, short, value_name = "DIR")]
    pub(crate) output: PathBuf,
}

/// What `watchtower completions` takes.
#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

/// Where each shell looks.
const COMPLETIONS: &str = "\
Where each shell looks:
  bash        a file of the command's name in ~/.local/share/bash-completion/completions
  zsh         a file of the command's name after a _ in a folder of $fpath
  fish        a file of the command's name and .fish in ~/.config/fish/completions
  powershell  a script that $PROFILE runs
  elvish      a script that ~/.config/elvish/rc.elv evaluates";

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

#[derive(Debug, Subcommand)]
pub(crate) enum EditAction {
    /// Show what an edit holds: each clip, what may name its shot, and which shot that tells
    Show(EditShowArgs),
    /// Write the timeline of a site as OpenTimelineIO: shots as clips with their pictures, statuses as markers,
    /// the movie below
    Write(EditWriteArgs),
}

/// What `watchtower edit show` takes.
#[derive(Debug, Args)]
#[allow(clippy::doc_markdown)] // These become the help, which is plain text.
pub(crate) struct EditShowArgs {
    /// The edit: OpenTimelineIO (.otio, .otioz, .otiod), XML of Final Cut 7 (.xml), or EDL (.edl, with --fps)
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    /// Print all of it as one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `watchtower edit write` takes.
#[derive(Debug, Args)]
#[allow(clippy::doc_markdown)] // These become the help, which is plain text.
pub(crate) struct EditWriteArgs {
    /// The site's folder, of any format and whoever wrote it
    #[arg(value_name = "SITE")]
    pub(crate) site: PathBuf,
    /// The file to write, whose name ends in .otio
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// The project, by name or id [default: the only one]
    #[arg(long, value_name = "NAME_OR_ID")]
    pub(crate) project: Option<String>,
    /// The episode of a series, by name or id [default: the only one]
    #[arg(long, value_name = "NAME_OR_ID")]
    pub(crate) episode: Option<String>,
    /// The format to read, of a site that holds both [default: found out]
    #[arg(long, value_name = "FORMAT", value_parser = format())]
    pub(crate) format: Option<Format>,
}

/// What follows the options on the main page of the help: examples with the trackers and commands that there
/// are, and exit codes.
pub(crate) fn after_help(trackers: &[Box<dyn TrackerCommand>]) -> String {
    let has = |name: &str| trackers.iter().any(|it| it.name() == name);
    let mut examples = Vec::new();
    if has("example") {
        let what = "a site to look at, without any tracker";
        examples.push(("export example --output site".to_owned(), what));
    }
    if has("kitsu") {
        let what = "all projects of your studio's Kitsu";
        examples.push(("export kitsu --output site".to_owned(), what));
    }
    if examples.is_empty()
        && let Some(first) = trackers.first()
    {
        let command = format!("export {} --output site", first.name());
        examples.push((command, "all its projects"));
    }
    examples.push(("validate site".to_owned(), "will the web client take it?"));
    #[cfg(feature = "serve")]
    examples.push((
        "serve site --client WHEEL".to_owned(),
        "the site in a browser",
    ));
    let width = examples.iter().map(|it| it.0.len()).max();
    let width = width.unwrap_or_default() + 4;
    let lines = examples
        .iter()
        .map(|(command, what)| format!("  watchtower {command:width$}{what}\n"));
    format!("Examples:\n{}\n{EXIT_CODES}", lines.collect::<String>())
}

/// Hangs a subcommand for each tracker under `export`, `check`, `conformance` and `view`.
pub(crate) fn with_trackers(command: Command, trackers: &[Box<dyn TrackerCommand>]) -> Command {
    let command = command.mut_subcommand("export", |export| {
        let commands = trackers
            .iter()
            .map(|it| with_tracker(&**it, |command| command));
        export.subcommands(commands)
    });
    let command = command.mut_subcommand("check", |check| {
        let asked = trackers.iter().map(|it| asked::<CheckArgs>(&**it));
        check.subcommands(asked)
    });
    let command = command.mut_subcommand("conformance", |conformance| {
        let asked = trackers.iter().map(|it| asked::<ConformanceArgs>(&**it));
        conformance.subcommands(asked)
    });
    #[cfg(feature = "serve")]
    let command = command.mut_subcommand("view", |view| {
        let arguments = |command| {
            let command = ListenArgs::augment_args(ViewArgs::augment_args(command));
            command.mut_arg("output", |output| {
                output
                    .required(false)
                    .help("Keep the site in this folder [default: a temporary one]")
            })
        };
        view.subcommands(trackers.iter().map(|it| with_tracker(&**it, arguments)))
    });
    command
}

/// The subcommand of a tracker that is asked something, with these arguments.
fn asked<A: Args>(tracker: &dyn TrackerCommand) -> Command {
    let mut command = A::augment_args(tracker.arguments(Command::new(tracker.name())));
    if tracker.reads_edits() {
        command = ReadingArgs::augment_args(command);
    }
    if tracker.uses_network() {
        command = Network::augment_args(command);
    }
    command.about(tracker.about()).long_about(None)
}

/// The subcommand of a tracker, with everything that an export takes and these arguments of its own.
fn with_tracker(tracker: &dyn TrackerCommand, arguments: impl Fn(Command) -> Command) -> Command {
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
    command = arguments(BackgroundArgs::augment_args(command));
    // Last: the documentation of a group of arguments takes the place of what stands there.
    command.about(tracker.about()).long_about(None)
}
