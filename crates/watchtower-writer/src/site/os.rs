//! What systems do differently with files and folders. Each of the two has the same functions; all else in this
//! crate asks no system for its name.

#[cfg(not(windows))]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(not(windows))]
pub use self::unix::*;
#[cfg(windows)]
pub use self::windows::*;
