//! `watchtower export flow`.

use clap::{ArgAction, ArgMatches, Args, Command, FromArgMatches};
use watchtower_connector::flow::{Credentials, Flow, FlowSettings};
use watchtower_connector::{Capability, Error, ErrorKind, Result, Tracker};

use super::{Setting, TrackerCommand};
use crate::Network;
use crate::environment::Environment;

const URL: &str = "SHOTGRID_URL";
const SCRIPT: &str = "SHOTGRID_SCRIPT_NAME";
const KEY: &str = "SHOTGRID_API_KEY";
/// What some tools call the key.
const SCRIPT_KEY: &str = "SHOTGRID_SCRIPT_KEY";
const LOGIN: &str = "SHOTGRID_LOGIN";
const PASSWORD: &str = "SHOTGRID_PASSWORD";
const TOKEN: &str = "SHOTGRID_SESSION_TOKEN";

const AFTER_HELP: &str = "\
Settings, from the environment or from a file of NAME=VALUE lines:
  SHOTGRID_URL            as --url
  SHOTGRID_SCRIPT_NAME    as --script-name
  SHOTGRID_API_KEY        the key of that script; SHOTGRID_SCRIPT_KEY is taken too
  SHOTGRID_LOGIN          as --login
  SHOTGRID_PASSWORD       the password or legacy passphrase of that account
  SHOTGRID_SESSION_TOKEN  the token of an open session, instead of both

An option comes before the environment, and that before the file. With --login the script is not used. \
A proxy is taken from HTTPS_PROXY, HTTP_PROXY and NO_PROXY in the environment.";

pub(super) struct FlowCommand;

#[derive(Debug, Args)]
#[allow(clippy::doc_markdown)] // These become the help, which is plain text.
struct FlowArgs {
    /// The site's address, as in https://studio.shotgrid.autodesk.com [setting: SHOTGRID_URL]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The script whose key is used [setting: SHOTGRID_SCRIPT_NAME]
    #[arg(long, value_name = "NAME", conflicts_with = "login")]
    script_name: Option<String>,
    /// The account to log in with, instead of a script [setting: SHOTGRID_LOGIN]
    #[arg(long, value_name = "LOGIN")]
    login: Option<String>,
    /// The cut that counts, with or without its revision [default: of each film, episode and sequence the
    /// one with most shots, in its newest revision]
    #[arg(long, value_name = "NAME")]
    cut: Option<String>,
    /// Without a cut, the edit is the newest version whose name starts so and that has an mp4
    #[arg(long, value_name = "NAME")]
    edit_version: Option<String>,
    /// Statuses of shots, assets and cuts that mean omitted, by name or code, beside `omt`, `Omitted` and
    /// `Cancelled`, with commas in between. May be given several times
    #[arg(
        long = "statuses-omitted",
        alias = "omitted-status",
        value_name = "NAME",
        value_delimiter = ',',
        action = ArgAction::Append
    )]
    omitted_statuses: Vec<String>,
    /// The field that links shots and sequences to their episodes, beside the episode of a sequence
    /// [default: sg_episode]
    #[arg(long, value_name = "FIELD")]
    episode_field: Option<String>,
    /// The field of a project that holds its frame rate [default: sg_fps, fps, sg_frame_rate or
    /// sg_framerate]
    #[arg(long, value_name = "FIELD")]
    fps_field: Option<String>,
}

impl TrackerCommand for FlowCommand {
    fn name(&self) -> &'static str {
        "flow"
    }

    fn about(&self) -> &'static str {
        "Flow Production Tracking by Autodesk, once ShotGrid and Shotgun"
    }

    fn capabilities(&self) -> &'static [Capability] {
        Flow::CAPABILITIES
    }

    fn settings(&self) -> &'static [Setting] {
        const fn setting(name: &'static str, about: &'static str, is_secret: bool) -> Setting {
            Setting {
                name,
                about,
                is_secret,
            }
        }
        const SETTINGS: &[Setting] = &[
            setting(URL, "the site's address", false),
            setting(SCRIPT, "the name of a script", false),
            setting(KEY, "its key", true),
            setting(SCRIPT_KEY, "the same, as some tools call it", true),
            setting(LOGIN, "an account, instead of a script", false),
            setting(PASSWORD, "its password or legacy passphrase", true),
            setting(TOKEN, "the token of an open session, instead of both", true),
        ];
        SETTINGS
    }

    fn arguments(&self, command: Command) -> Command {
        let command = command.visible_aliases(["shotgrid", "shotgun"]);
        FlowArgs::augment_args(command.next_help_heading("Flow")).after_help(AFTER_HELP)
    }

    fn connect(
        &self,
        matches: &ArgMatches,
        environment: &Environment,
        network: &Network,
    ) -> Result<Box<dyn Tracker>> {
        let settings = settings(matches, environment, network)?;
        Ok(Box::new(Flow::new(settings)?))
    }

    fn connect_as_nobody(
        &self,
        matches: &ArgMatches,
        environment: &Environment,
        network: &Network,
    ) -> Option<Result<Box<dyn Tracker>>> {
        let settings = settings(matches, environment, network).and_then(|mut settings| {
            settings.credentials = match settings.credentials {
                Credentials::Script { .. } => Credentials::Script {
                    name: "of-nobody".to_owned(),
                    key: "of-nobody".into(),
                },
                Credentials::Password { .. } => Credentials::Password {
                    login: "nobody".to_owned(),
                    password: "of-nobody".into(),
                },
                Credentials::SessionToken(_) => Credentials::SessionToken("of-nobody".into()),
            };
            Ok(Box::new(Flow::new(settings)?) as _)
        });
        Some(settings)
    }
}

fn settings(
    matches: &ArgMatches,
    environment: &Environment,
    network: &Network,
) -> Result<FlowSettings> {
    let config = |message: String| Error::new(ErrorKind::Config, "connect to Flow", message);
    let args = FlowArgs::from_arg_matches(matches).map_err(|it| config(it.to_string()))?;
    let missing = |name: &str, other: &str| {
        config(format!("{name} is not set")).with_help(environment.how_to_set(name) + other)
    };
    let url = args.url.or_else(|| environment.text(URL));
    let url = url.ok_or_else(|| missing(URL, ", or give --url"))?;
    let key = environment
        .secret(KEY)
        .or_else(|| environment.secret(SCRIPT_KEY));
    let script = args.script_name.or_else(|| environment.text(SCRIPT));
    let login = args.login.clone().or_else(|| environment.text(LOGIN));
    let credentials = match (environment.secret(TOKEN), script, login) {
        // Who is named on the command line comes first, and a script before a person.
        (_, Some(name), _) if args.login.is_none() => Credentials::Script {
            name,
            key: key.ok_or_else(|| missing(KEY, ""))?.clone(),
        },
        (Some(token), _, _) if args.login.is_none() => Credentials::SessionToken(token.clone()),
        (_, _, Some(login)) => Credentials::Password {
            login,
            password: environment
                .secret(PASSWORD)
                .ok_or_else(|| missing(PASSWORD, ""))?
                .clone(),
        },
        _ => {
            let other = format!(" together with {KEY}; or {LOGIN} and {PASSWORD}");
            return Err(missing(SCRIPT, &other));
        }
    };
    // What every export takes, and spares the site here; a check takes none.
    let projects = matches.try_get_many::<String>("projects").ok().flatten();
    Ok(FlowSettings {
        projects: projects.unwrap_or_default().cloned().collect(),
        cut: args.cut,
        edit_version: args.edit_version,
        omitted_statuses: args.omitted_statuses,
        episode_field: args.episode_field,
        fps_field: args.fps_field,
        http: network.into(),
        ..FlowSettings::new(url, credentials)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_given_one_by_one_or_with_commas() {
        let command = FlowArgs::augment_args(Command::new("flow"));
        let given = [
            "flow",
            "--statuses-omitted",
            "nfw,Cut Out",
            "--omitted-status",
            "old",
        ];
        let matches = command.try_get_matches_from(given).unwrap();
        let args = FlowArgs::from_arg_matches(&matches).unwrap();
        assert_eq!(args.omitted_statuses, ["nfw", "Cut Out", "old"]);
    }
}
