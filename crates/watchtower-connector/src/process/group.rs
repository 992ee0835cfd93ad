//! A running program with everything that it started, which systems keep together differently.

#[cfg(not(windows))]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(not(windows))]
pub(super) use self::unix::{Group, command};
#[cfg(windows)]
pub(super) use self::windows::{Group, command};
