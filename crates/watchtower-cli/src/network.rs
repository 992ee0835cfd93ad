//! What the command line says of the network.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::duration::time_limit;

/// How a tracker is reached over the network: the options of `watchtower export` for that.
///
/// With the feature `http` they become the `HttpOptions` of `watchtower-connector` by `into`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(next_help_heading = "Network")]
#[non_exhaustive]
pub struct Network {
    /// How many requests to make at a time
    #[arg(long, default_value_t = Self::default().jobs, value_name = "N")]
    pub jobs: NonZeroUsize,
    /// How many requests to start in a second, at most [default: no limit]
    #[arg(long, value_name = "N")]
    pub requests_per_second: Option<NonZeroU32>,
    /// How often to repeat a request that fails for the moment
    #[arg(long, default_value_t = Self::default().retries, value_name = "N")]
    pub retries: usize,
    /// How long a connection may take to be made
    #[arg(long, default_value = "10s", value_parser = time_limit, value_name = "DURATION")]
    pub connect_timeout: Duration,
    /// How long the server may send nothing, or next to nothing
    #[arg(long, default_value = "60s", value_parser = time_limit, value_name = "DURATION")]
    pub silence_timeout: Duration,
    /// Trust the authorities in this PEM file as well, as for a studio's own certificates
    #[arg(long, value_name = "FILE")]
    pub ca_certificate: Option<PathBuf>,
}

impl Default for Network {
    fn default() -> Self {
        // Worked out by the compiler: 16 is not 0.
        const JOBS: NonZeroUsize = NonZeroUsize::new(16).unwrap();
        Self {
            jobs: JOBS,
            requests_per_second: None,
            retries: 3,
            connect_timeout: Duration::from_secs(10),
            silence_timeout: Duration::from_secs(60),
            ca_certificate: None,
        }
    }
}

#[cfg(feature = "http")]
impl From<&Network> for watchtower_connector::http::HttpOptions {
    fn from(network: &Network) -> Self {
        let Network {
            jobs,
            requests_per_second,
            retries,
            connect_timeout,
            silence_timeout,
            ca_certificate,
        } = network.clone();
        Self {
            jobs,
            requests_per_second,
            retries,
            connect_timeout,
            silence_timeout,
            ca_certificate,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches};

    use super::*;

    fn parse(arguments: &[&str]) -> Network {
        let command = Network::augment_args(Command::new("x").no_binary_name(true));
        Network::from_arg_matches(&command.get_matches_from(arguments)).unwrap()
    }

    #[test]
    fn without_options_it_is_the_default() {
        assert_eq!(parse(&[]), Network::default());
    }

    #[cfg(feature = "http")]
    #[test]
    fn every_option_reaches_the_http_client() {
        use watchtower_connector::http::HttpOptions;

        assert_eq!(
            HttpOptions::from(&Network::default()),
            HttpOptions::default()
        );
        let network = parse(&[
            "--jobs=2",
            "--requests-per-second=5",
            "--retries=0",
            "--connect-timeout=3s",
            "--silence-timeout=2m",
            "--ca-certificate=studio.pem",
        ]);
        let expected = HttpOptions {
            jobs: NonZeroUsize::new(2).unwrap(),
            requests_per_second: NonZeroU32::new(5),
            retries: 0,
            connect_timeout: Duration::from_secs(3),
            silence_timeout: Duration::from_secs(120),
            ca_certificate: Some("studio.pem".into()),
            ..HttpOptions::default()
        };
        assert_eq!(HttpOptions::from(&network), expected);
    }
}
