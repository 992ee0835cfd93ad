//! Ending with the process that started us.

use std::time::Duration;

use rustix::process::{Pid, getpid, getppid};

/// How often we look.
const LOOK: Duration = Duration::from_millis(500);

/// The process that started us.
///
/// When it ends, however it ends, the system gives us another parent. Linux can send a signal instead,
/// but does so already when the *thread* that started us ends; and the standard input may be closed for
/// other reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parent {
    /// We are on our own: we lead a session, as a service does, or a container.
    Nobody,
    /// It goes on.
    Process(Pid),
    /// It ended before we could look, as a shell does that starts something in the background and ends.
    Ended,
}

impl Parent {
    /// The one we have now. Where a shell of the same session as the first process of its container started us
    /// and ended before this, that first process is taken for the one that started us: the system does not tell.
    pub(crate) fn now() -> Self {
        let Some(parent) = getppid() else {
            return Self::Nobody;
        };
        let own = getpid();
        match (session_of(own), session_of(parent)) {
            (Some(session), _) if session == own.as_raw_pid() => Self::Nobody,
            // Whoever started us without a session of our own is in ours; whoever the system gave us in its
            // place is not.
            (Some(ours), Some(its)) if ours != its => Self::Ended,
            (Some(_), None) if parent.is_init() => Self::Ended,
            _ => Self::Process(parent),
        }
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(self) {
        match self {
            Self::Nobody => std::future::pending().await,
            Self::Process(parent) => {
                while getppid() == Some(parent) {
                    tokio::time::sleep(LOOK).await;
                }
            }
            Self::Ended => {}
        }
    }
}

/// The session of a process: the number of its leader, or 0 where that is outside of our container. None where
/// the system does not say.
#[cfg(target_os = "linux")]
fn session_of(process: Pid) -> Option<i32> {
    let about = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in parentheses, may hold anything. Then come state, parent, group, session.
    let (_, about) = about.rsplit_once(')')?;
    about.split_whitespace().nth(3)?.parse().ok()
}

/// The session of a process: the number of its leader. None where the system does not say.
#[cfg(not(target_os = "linux"))]
fn session_of(process: Pid) -> Option<i32> {
    let leader = rustix::process::getsid(Some(process)).ok()?;
    Some(leader.as_raw_pid())
}
