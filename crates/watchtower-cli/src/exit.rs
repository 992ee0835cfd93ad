//! Exit codes.

use std::process::ExitCode;

/// How the command ends. The numbers are part of what it promises: scripts rely on them. Those of
/// signals are the shell's: 128 and the number of the signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything was done.
    Done = 0,
    /// There are findings, or the data is invalid.
    Findings = 1,
    /// The command was called wrongly, or a setting is missing or wrong.
    Usage = 2,
    /// The tracker cannot be reached, refuses us, or answers what cannot be understood.
    Tracker = 3,
    /// Some projects, pictures or movies could not be had, or the account sees only a part of a project. What
    /// could be had was written.
    Partial = 4,
    /// The output cannot be written.
    Output = 5,
    /// SIGINT, as of Ctrl-C, came in the middle of an export.
    Interrupted = 130,
    /// SIGTERM, as of a service manager, came in the middle of an export.
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
