//! `watchtower export ayon`.

use clap::{ArgAction, ArgMatches, Args, Command, FromArgMatches};
use watchtower_connector::ayon::{Ayon, AyonSettings, Credentials};
use watchtower_connector::{Capability, Error, ErrorKind, Result, Tracker};

use super::{Setting, TrackerCommand};
use crate::Network;
use crate::cli::Media;
use crate::environment::Environment;

const URL: &str = "AYON_SERVER_URL";
const KEY: &str = "AYON_API_KEY";
const NAME: &str = "AYON_USERNAME";
const PASSWORD: &str = "AYON_PASSWORD";

const AFTER_HELP: &str = "\
Settings, from the environment or from a file of NAME=VALUE lines:
  AYON_SERVER_URL  as --url
  AYON_API_KEY     the key of a service user, or a personal API key
  AYON_USERNAME    as --username
  AYON_PASSWORD    the password of that account

An option comes before the environment, and that before the file. With --username the key is not used. \
A proxy is taken from HTTPS_PROXY, HTTP_PROXY and NO_PROXY in the environment.";

pub(super) struct AyonCommand;

#[derive(Debug, Args)]
#[allow(clippy::doc_markdown)] // These become the help, which is plain text.
struct AyonArgs {
    /// AYON's address, as in https://ayon.studio.example [setting: AYON_SERVER_URL]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The account to log in with, instead of an API key [setting: AYON_USERNAME]
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// The product whose latest version is the edit: a name, or a folder's path and a name, as in
    /// ep01/editorial/editMain [default: any of type `review` that belongs to no shot, sequence or asset]
    #[arg(long, value_name = "[PATH/]NAME")]
    edit_product: Option<String>,
    /// A type of folders that are shots, beside `Shot`. May be given several times
    #[arg(long = "shot-type", value_name = "TYPE", action = ArgAction::Append)]
    shot_types: Vec<String>,
    /// A type of folders that are assets, beside `Asset`. May be given several times
    #[arg(long = "asset-type", value_name = "TYPE", action = ArgAction::Append)]
    asset_types: Vec<String>,
    /// Statuses of folders that mean omitted, beside `Omitted` and `Cancelled`, with commas in between. May
    /// be given several times
    #[arg(
        long = "statuses-omitted",
        alias = "omitted-status",
        value_name = "NAME",
        value_delimiter = ',',
        action = ArgAction::Append
    )]
    omitted_statuses: Vec<String>,
    /// Export what the account sees of a project, where that is not all of it. Without this, the site
    /// keeps what it holds of such a project, and the exit code is 4
    #[arg(long)]
    partial: bool,
}

impl TrackerCommand for AyonCommand {
    fn name(&self) -> &'static str {
        "ayon"
    }

    fn about(&self) -> &'static str {
        "AYON, the pipeline platform by Ynput"
    }

    fn capabilities(&self) -> &'static [Capability] {
        Ayon::CAPABILITIES
    }

    fn settings(&self) -> &'static [Setting] {
        const SETTINGS: &[Setting] = &[
            Setting {
                name: URL,
                about: "AYON's address",
                is_secret: false,
            },
            Setting {
                name: KEY,
                about: "the key of a service user, or a personal API key",
                is_secret: true,
            },
            Setting {
                name: NAME,
                about: "the account, instead of a key",
                is_secret: false,
            },
            Setting {
                name: PASSWORD,
                about: "its password",
                is_secret: true,
            },
        ];
        SETTINGS
    }

    fn arguments(&self, command: Command) -> Command {
        AyonArgs::augment_args(command.next_help_heading("AYON")).after_help(AFTER_HELP)
    }

    fn connect(
        &self,
        matches: &ArgMatches,
        environment: &Environment,
        network: &Network,
    ) -> Result<Box<dyn Tracker>> {
        let settings = settings(matches, environment, network)?;
        Ok(Box::new(Ayon::new(settings)?))
    }

    fn connect_as_nobody(
        &self,
        matches: &ArgMatches,
        environment: &Environment,
        network: &Network,
    ) -> Option<Result<Box<dyn Tracker>>> {
        let settings = settings(matches, environment, network).and_then(|mut settings| {
            settings.credentials = match settings.credentials {
                Credentials::ApiKey(_) => Credentials::ApiKey("of-nobody".into()),
                Credentials::Password { .. } => Credentials::Password {
                    name: "nobody".to_owned(),
                    password: "of-nobody".into(),
                },
            };
            Ok(Box::new(Ayon::new(settings)?) as _)
        });
        Some(settings)
    }
}

fn settings(
    matches: &ArgMatches,
    environment: &Environment,
    network: &Network,
) -> Result<AyonSettings> {
    let config = |message: String| Error::new(ErrorKind::Config, "connect to AYON", message);
    let args = AyonArgs::from_arg_matches(matches).map_err(|it| config(it.to_string()))?;
    let missing = |name: &str, other: &str| {
        config(format!("{name} is not set")).with_help(environment.how_to_set(name) + other)
    };
    let url = args.url.or_else(|| environment.text(URL));
    let url = url.ok_or_else(|| missing(URL, ", or give --url"))?;
    let credentials = match environment.secret(KEY) {
        Some(key) if args.username.is_none() => Credentials::ApiKey(key.clone()),
        _ => {
            let name = args.username.or_else(|| environment.text(NAME));
            let password = environment.secret(PASSWORD);
            Credentials::Password {
                name: name.ok_or_else(|| missing(KEY, &format!(", or {NAME} and {PASSWORD}")))?,
                password: password.ok_or_else(|| missing(PASSWORD, ""))?.clone(),
            }
        }
    };
    // What every export takes, and spares the server here; a check takes neither.
    let projects = matches.try_get_many::<String>("projects").ok().flatten();
    let media = matches.try_get_one::<Media>("media").ok().flatten();
    Ok(AyonSettings {
        url,
        credentials,
        projects: projects.unwrap_or_default().cloned().collect(),
        edit_product: args.edit_product,
        shot_types: args.shot_types,
        asset_types: args.asset_types,
        partial: args.partial,
        omitted_statuses: args.omitted_statuses,
        pictures: media != Some(&Media::None),
        http: network.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_given_one_by_one_or_with_commas() {
        let command = AyonArgs::augment_args(Command::new("ayon"));
        let given = [
            "ayon",
            "--statuses-omitted",
            "nfw,Cut Out",
            "--omitted-status",
            "old",
        ];
        let matches = command.try_get_matches_from(given).unwrap();
        let args = AyonArgs::from_arg_matches(&matches).unwrap();
        assert_eq!(args.omitted_statuses, ["nfw", "Cut Out", "old"]);
    }
}
