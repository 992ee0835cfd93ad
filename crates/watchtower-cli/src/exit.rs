//! Exit codes.

use std::process::ExitCode;

/// How the command ends. The numbers are part of what it promises: scripts rely on them.
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
    /// Some projects failed, and the others were written.
    Partial = 4,
    /// The output cannot be written.
    Output = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
