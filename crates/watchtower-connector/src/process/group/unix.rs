//! Linux and macOS: a process group.

use std::ffi::OsStr;
use std::io;
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

/// A program that is to be started: it is executable itself.
pub(in crate::process) fn command(program: &OsStr) -> Command {
    Command::new(program)
}

/// A running program. Dropped, it ends with everything that it started; and so it does when we end
/// without a chance to drop anything, as by `kill -9`. What moves to a session of its own, as `ssh -f` and
/// agents do, is meant to stay, and does.
pub(in crate::process) struct Group {
    program: Child,
    /// Leads the process group, and ends it when the other end of its standard input, which we hold, is
    /// closed. It is there until it is dropped, so the group's number is nobody else's meanwhile. None
    /// where there is no shell; then the program leads.
    keeper: Option<Child>,
}

impl Group {
    pub(in crate::process) fn start(mut command: Command) -> io::Result<Self> {
        command.kill_on_drop(true);
        let keeper = Self::keeper();
        let leader = keeper.as_ref().and_then(Child::id);
        let leader = leader.and_then(|id| i32::try_from(id).ok());
        // 0 stands for the program itself.
        command.process_group(leader.unwrap_or(0));
        // A keeper without a program goes with its standard input.
        let program = command.spawn()?;
        Ok(Self { program, keeper })
    }

    fn keeper() -> Option<Child> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "read _; kill -KILL 0"]).env_clear();
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.process_group(0);
        command.kill_on_drop(true).spawn().ok()
    }

    /// What the program prints, on stdout and stderr. It can be had once.
    pub(in crate::process) fn output(&mut self) -> (Option<ChildStdout>, Option<ChildStderr>) {
        (self.program.stdout.take(), self.program.stderr.take())
    }

    /// Waits until the program has ended; what it started may go on.
    pub(in crate::process) async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.program.wait().await
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Without an id the leader has ended and was waited for, and its number may be another's.
        if let Some(id) = self.keeper.as_ref().unwrap_or(&self.program).id()
            && let Some(id) = i32::try_from(id).ok().and_then(Pid::from_raw)
        {
            // It fails only when nobody is left.
            let _ = kill_process_group(id, Signal::KILL);
        }
    }
}
