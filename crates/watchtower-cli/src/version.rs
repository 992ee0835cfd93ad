//! What `--version` says, for whoever reads a report.

/// The version of this crate where the command is a studio's own, whose version may be another.
pub(crate) const OF_ANOTHER: &str = concat!("(watchtower ", env!("CARGO_PKG_VERSION"), ")");

/// A version followed by the build, the platform and the features of this crate, on lines of their own.
macro_rules! long {
    ($($version:expr),+) => {
        concat!(
            $($version,)+
            "\nbuild: ",
            env!("WATCHTOWER_BUILD"),
            "\nplatform: ",
            env!("WATCHTOWER_PLATFORM"),
            "\nfeatures: ",
            env!("WATCHTOWER_FEATURES"),
        )
    };
}

/// The version with the rest.
pub(crate) const LONG: &str = long!(env!("CARGO_PKG_VERSION"));
/// [`OF_ANOTHER`] with the rest.
pub(crate) const LONG_OF_ANOTHER: &str = long!("(watchtower ", env!("CARGO_PKG_VERSION"), ")");
