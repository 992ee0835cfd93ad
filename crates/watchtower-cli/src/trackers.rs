//! The trackers that the command line offers.

#[cfg(feature = "ayon")]
mod ayon;
mod edit;
#[cfg(feature = "files")]
mod files;
#[cfg(feature = "flow")]
mod flow;
#[cfg(feature = "process")]
mod process;
#[cfg(feature = "spreadsheet")]
mod spreadsheet;

use clap::{ArgMatches, Command};
use schemars::JsonSchema;
use serde::Serialize;
use watchtower_connector::{Capability, Error, ErrorKind, Result, Tracker};

use crate::Network;
use crate::environment::Environment;

/// Something that a tracker takes from the environment, or from a file of `NAME=VALUE` lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// Whether it must be shown to nobody: a password, a key.
    pub is_secret: bool,
}

/// A tracker as a subcommand of `watchtower export`, and of whatever else talks to trackers.
pub trait TrackerCommand: Send + Sync {
    /// The subcommand's name, in lower case.
    fn name(&self) -> &'static str;

    /// What it is, in a line.
    fn about(&self) -> &'static str;

    /// What it can give, for the list of trackers. Empty where it depends on more than its kind.
    fn capabilities(&self) -> &'static [Capability] {
        &[]
    }

    /// What it takes from the environment, for the list of trackers.
    fn settings(&self) -> &'static [Setting] {
        &[]
    }

    /// Adds the tracker's own arguments, and its own part of the help. No argument may take a
    /// password: other users of the machine can read it.
    fn arguments(&self, command: Command) -> Command {
        command
    }

    /// Whether the tracker is reached over the network. The options for that are offered, and in the
    /// help, only then.
    fn uses_network(&self) -> bool {
        true
    }

    /// Whether it reads edits, which may not say how many frames a second has, or how shots are named. Then a
    /// check takes `--fps` and `--edit-match`, as every export does.
    fn reads_edits(&self) -> bool {
        false
    }

    /// The id of the flag with which the command prepares something instead of exporting, as by writing
    /// settings to start from. `--output` is not needed with it.
    fn preparation(&self) -> Option<&'static str> {
        None
    }

    /// Prepares what that flag asks for. Gives back a sentence about what was done.
    ///
    /// # Errors
    ///
    /// When it cannot be done; `Unsupported` for a command without such a flag.
    fn prepare(&self, _matches: &ArgMatches) -> Result<String> {
        let operation = format!("prepare an export from {}", self.name());
        let message = "there is nothing to prepare";
        Err(Error::new(ErrorKind::Unsupported, operation, message))
    }

    /// Makes the tracker from its arguments and the environment; `network` has the options for the
    /// network, or their defaults.
    ///
    /// The tracker serves every export of the process, so that `--every` need not log in each time.
    ///
    /// # Errors
    ///
    /// Of kind `Config` when a setting is missing or wrong.
    fn connect(
        &self,
        matches: &ArgMatches,
        environment: &Environment,
        network: &Network,
    ) -> Result<Box<dyn Tracker>>;

    /// Makes the same tracker with credentials that it does not take, so that `watchtower conformance`
    /// sees it refuse them. None, unless the tracker has credentials.
    ///
    /// They must be those of nobody: a server may lock an account that is tried with a wrong password.
    fn connect_as_nobody(
        &self,
        _matches: &ArgMatches,
        _environment: &Environment,
        _network: &Network,
    ) -> Option<Result<Box<dyn Tracker>>> {
        None
    }
}

/// The trackers that are built in.
pub fn built_in() -> Vec<Box<dyn TrackerCommand>> {
    vec![
        #[cfg(feature = "example")]
        Box::new(example::ExampleCommand),
        #[cfg(feature = "kitsu")]
        Box::new(kitsu::KitsuCommand),
        #[cfg(feature = "ayon")]
        Box::new(ayon::AyonCommand),
        #[cfg(feature = "flow")]
        Box::new(flow::FlowCommand),
        #[cfg(feature = "spreadsheet")]
        Box::new(spreadsheet::SpreadsheetCommand),
        Box::new(edit::EditCommand),
        #[cfg(feature = "process")]
        Box::new(process::ProcessCommand),
        #[cfg(feature = "files")]
        Box::new(files::FilesCommand),
    ]
}

#[cfg(feature = "example")]
mod example {
    use clap::{ArgMatches, Args, Command, FromArgMatches};
    use watchtower_connector::example::{Example, ExampleOptions};
    use watchtower_connector::{Capability, Error, ErrorKind, Result, Tracker};

    use super::TrackerCommand;
    use crate::Network;
    use crate::environment::Environment;

    pub(super) struct ExampleCommand;

    #[derive(Debug, Args)]
    struct ExampleArgs {
        /// Make a series of so many episodes, over which the sequences are spread
        #[arg(long, value_name = "N")]
        episodes: Option<usize>,
        /// How many sequences the film or series has
        #[arg(long, value_name = "N")]
        sequences: Option<usize>,
        /// How many shots it has, over all sequences
        #[arg(long, value_name = "N")]
        shots: Option<usize>,
        /// How many assets it has
        #[arg(long, value_name = "N")]
        assets: Option<usize>,
    }

    impl TrackerCommand for ExampleCommand {
        fn name(&self) -> &'static str {
            "example"
        }

        fn about(&self) -> &'static str {
            "A small film or series made up on the spot: offline, and the same every time"
        }

        fn capabilities(&self) -> &'static [Capability] {
            Example::CAPABILITIES
        }

        fn arguments(&self, command: Command) -> Command {
            ExampleArgs::augment_args(command.next_help_heading("The film"))
        }

        fn uses_network(&self) -> bool {
            false
        }

        fn connect(
            &self,
            matches: &ArgMatches,
            _: &Environment,
            _: &Network,
        ) -> Result<Box<dyn Tracker>> {
            let args = ExampleArgs::from_arg_matches(matches).map_err(|error| {
                Error::new(ErrorKind::Config, "make the example", error.to_string())
            })?;
            let mut options = ExampleOptions::default();
            let ExampleArgs {
                episodes,
                sequences,
                shots,
                assets,
            } = args;
            options.episodes = episodes.unwrap_or(options.episodes);
            options.sequences = sequences.unwrap_or(options.sequences);
            options.shots = shots.unwrap_or(options.shots);
            options.assets = assets.unwrap_or(options.assets);
            Ok(Box::new(Example::new(options)?))
        }
    }
}

#[cfg(feature = "kitsu")]
mod kitsu {
    use clap::{ArgMatches, Args, Command, FromArgMatches};
    use watchtower_connector::kitsu::{Credentials, Kitsu, KitsuSettings};
    use watchtower_connector::{Capability, Error, ErrorKind, Result, Tracker};

    use super::{Setting, TrackerCommand};
    use crate::Network;
    use crate::environment::Environment;

    const URL: &str = "KITSU_DATA_SOURCE_URL";
    const EMAIL: &str = "KITSU_DATA_SOURCE_USER_EMAIL";
    const PASSWORD: &str = "KITSU_DATA_SOURCE_USER_PASSWORD";
    const TOKEN: &str = "KITSU_TOKEN";

    const AFTER_HELP: &str = "\
Settings, from the environment or from a file of NAME=VALUE lines:
  KITSU_DATA_SOURCE_URL            as --url
  KITSU_DATA_SOURCE_USER_EMAIL     as --email
  KITSU_DATA_SOURCE_USER_PASSWORD  the password of that account
  KITSU_TOKEN                      a bot's token, instead of email and password

An option comes before the environment, and that before the file. A proxy is taken from HTTPS_PROXY, \
HTTP_PROXY and NO_PROXY in the environment.";

    pub(super) struct KitsuCommand;

    #[derive(Debug, Args)]
    #[allow(clippy::doc_markdown)] // These become the help, which is plain text.
    struct KitsuArgs {
        /// Kitsu's API, as in https://kitsu.studio.example/api [setting: KITSU_DATA_SOURCE_URL]
        #[arg(long, value_name = "URL")]
        url: Option<String>,
        /// The account's email [setting: KITSU_DATA_SOURCE_USER_EMAIL]
        #[arg(long, value_name = "EMAIL")]
        email: Option<String>,
    }

    impl TrackerCommand for KitsuCommand {
        fn name(&self) -> &'static str {
            "kitsu"
        }

        fn about(&self) -> &'static str {
            "Kitsu, the tracker by CGWire that Blender Studio uses"
        }

        fn capabilities(&self) -> &'static [Capability] {
            Kitsu::CAPABILITIES
        }

        fn settings(&self) -> &'static [Setting] {
            const SETTINGS: &[Setting] = &[
                Setting {
                    name: URL,
                    about: "the address of Kitsu's API",
                    is_secret: false,
                },
                Setting {
                    name: EMAIL,
                    about: "the account's email",
                    is_secret: false,
                },
                Setting {
                    name: PASSWORD,
                    about: "its password",
                    is_secret: true,
                },
                Setting {
                    name: TOKEN,
                    about: "a bot's token, instead of email and password",
                    is_secret: true,
                },
            ];
            SETTINGS
        }

        fn arguments(&self, command: Command) -> Command {
            KitsuArgs::augment_args(command.next_help_heading("Kitsu")).after_help(AFTER_HELP)
        }

        fn connect(
            &self,
            matches: &ArgMatches,
            environment: &Environment,
            network: &Network,
        ) -> Result<Box<dyn Tracker>> {
            let settings = settings(matches, environment, network)?;
            Ok(Box::new(Kitsu::new(settings)?))
        }

        fn connect_as_nobody(
            &self,
            matches: &ArgMatches,
            environment: &Environment,
            network: &Network,
        ) -> Option<Result<Box<dyn Tracker>>> {
            let settings = settings(matches, environment, network).and_then(|mut settings| {
                settings.credentials = match settings.credentials {
                    Credentials::Token(_) => Credentials::Token("of-nobody".into()),
                    Credentials::Password { .. } => Credentials::Password {
                        email: "nobody@watchtower.invalid".to_owned(),
                        password: "of-nobody".into(),
                    },
                };
                Ok(Box::new(Kitsu::new(settings)?) as _)
            });
            Some(settings)
        }
    }

    fn settings(
        matches: &ArgMatches,
        environment: &Environment,
        network: &Network,
    ) -> Result<KitsuSettings> {
        let config = |message: String| Error::new(ErrorKind::Config, "connect to Kitsu", message);
        let args = KitsuArgs::from_arg_matches(matches).map_err(|it| config(it.to_string()))?;
        let missing = |name: &str, flag: &str| {
            config(format!("{name} is not set")).with_help(environment.how_to_set(name) + flag)
        };
        let url = args.url.or_else(|| environment.text(URL));
        let url = url.ok_or_else(|| missing(URL, ", or give --url"))?;
        // An account that comes before the token's place goes before the token.
        let has_account = args.email.is_some()
            || environment.is_variable(PASSWORD) && !environment.is_variable(TOKEN);
        let credentials = match environment.secret(TOKEN) {
            Some(token) if !has_account => Credentials::Token(token.clone()),
            _ => {
                let email = args.email.or_else(|| environment.text(EMAIL));
                let password = environment.secret(PASSWORD);
                Credentials::Password {
                    email: email.ok_or_else(|| missing(EMAIL, ", or give --email"))?,
                    password: password.ok_or_else(|| missing(PASSWORD, ""))?.clone(),
                }
            }
        };
        Ok(KitsuSettings {
            url,
            credentials,
            http: network.into(),
        })
    }
}
