//! What systems do differently with processes. Each of the two has the same functions; all else in this crate asks
//! no system for its name.

#[cfg(not(windows))]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(not(windows))]
pub(crate) use self::unix::*;
#[cfg(windows)]
pub(crate) use self::windows::*;
