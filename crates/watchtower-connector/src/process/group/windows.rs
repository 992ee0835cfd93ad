//! Windows: a job object, which the system ends when the last one who holds it has ended, however that comes.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::ExitStatus;

use process_wrap::tokio::{ChildWrapper, CommandWrap, JobObject, KillOnDrop};
use tokio::process::{ChildStderr, ChildStdout, Command};

/// A program that is to be started. Scripts in Python are started by Python's launcher: here nothing in a file says
/// who is to run it. Those that end in `.bat` or `.cmd` are started as they are.
pub(in crate::process) fn command(program: &OsStr) -> Command {
    let ending = Path::new(program).extension();
    let is_python = ending.is_some_and(|it| it.eq_ignore_ascii_case("py"));
    if !is_python {
        return Command::new(program);
    }
    let mut command = Command::new("py");
    command.arg(program);
    command
}

/// A running program. Dropped, it ends with everything that it started; and so it does when we end without a
/// chance to drop anything.
pub(in crate::process) struct Group(Box<dyn ChildWrapper>);

impl Group {
    /// The program is in its job before it runs.
    pub(in crate::process) fn start(command: Command) -> io::Result<Self> {
        let mut command = CommandWrap::from(command);
        command.wrap(KillOnDrop).wrap(JobObject);
        command.spawn().map(Self)
    }

    /// What the program prints, on stdout and stderr. It can be had once.
    pub(in crate::process) fn output(&mut self) -> (Option<ChildStdout>, Option<ChildStderr>) {
        (self.0.stdout().take(), self.0.stderr().take())
    }

    /// Waits until the program has ended; what it started may go on.
    pub(in crate::process) async fn wait(&mut self) -> io::Result<ExitStatus> {
        // The job itself would wait for everybody in it.
        self.0.inner_mut().wait().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_runs_its_scripts() {
        let started = |program: &str| {
            let command = command(OsStr::new(program));
            let command = command.as_std();
            let arguments = command.get_args().map(|it| it.to_str().unwrap());
            let program = command.get_program().to_str();
            program
                .into_iter()
                .chain(arguments)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(started("connectors/Ours.PY"), "py connectors/Ours.PY");
        assert_eq!(started("ours.bat"), "ours.bat");
        assert_eq!(started("ours"), "ours");
    }
}
