//! Ending with the process that started us.

use std::time::Duration;

use rustix::process::{Pid, getppid};

/// How often we look.
const LOOK: Duration = Duration::from_millis(500);

/// The process that started us.
///
/// When it ends, however it ends, the system gives us another parent. Linux can send a signal instead,
/// but does so already when the *thread* that started us ends; and the standard input may be closed for
/// other reasons.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parent(Option<Pid>);

impl Parent {
    /// The one we have now.
    pub(crate) fn now() -> Self {
        Self(getppid())
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(self) {
        while getppid() == self.0 {
            tokio::time::sleep(LOOK).await;
        }
    }
}
