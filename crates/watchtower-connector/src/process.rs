//! A program in any language that prints what a tracker holds.
//!
//! The program is called with one more argument, `project-list`, or with two, `project` and a project's
//! id, and prints one JSON document on stdout: a [`ProjectList`] or a [`ProjectSnapshot`] with
//! `"watchtower_tracker": 1` in it. The schemas are published in `schemas/tracker`. What it prints on
//! stderr goes to the log. An exit status other than 0 means that it failed.

mod group;

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, timeout_at};
use tracing::{info, warn};
use watchtower_model::{Project, ProjectList, ProjectSnapshot};

use self::group::Group;
use crate::http::HttpOptions;
use crate::told::{self, ToldMedia};
use crate::{
    Account, Capability, Changed, Changes, Description, Error, ErrorKind, Mark, MediaRequest,
    OpenedMedia, Result, Tracker, Traffic,
};

/// Why everything is read each time.
const NO_CHANGES: &str = "the program is asked for everything each time; with `--changes` it is asked first what changed";

/// How a program is run.
#[derive(Clone, Debug)]
pub struct ProcessSettings {
    /// The program, found as the shell finds it.
    pub program: OsString,
    /// The arguments that come before ours.
    pub arguments: Vec<OsString>,
    /// How long it may print nothing, on stdout or stderr.
    pub silence_timeout: Duration,
    /// How much it may print on stdout, in bytes.
    pub largest_output: usize,
    /// Whether it can be called with `changes`, and tells what changed since a mark.
    pub tells_changes: bool,
    /// What it has in its environment beside ours.
    pub environment: Vec<(String, SecretString)>,
    /// How pictures and movies on web servers are fetched.
    pub http: HttpOptions,
}

impl ProcessSettings {
    /// A program without arguments of its own, which may be silent for five minutes and print 2 GiB.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            silence_timeout: Duration::from_secs(300),
            largest_output: 2 << 30,
            tells_changes: false,
            environment: Vec::new(),
            http: HttpOptions::default(),
        }
    }
}

/// The program as a tracker. It is ended, with all it started, when what was asked of it is dropped. What it
/// started stays only in a session of its own, as a daemon has.
#[derive(Debug)]
pub struct Process {
    settings: ProcessSettings,
    media: ToldMedia,
    /// What the check read, for the export that follows.
    list: Mutex<Option<ProjectList>>,
}

impl Process {
    /// What it can give.
    pub const CAPABILITIES: &'static [Capability] = Capability::ALL;

    /// A program as a tracker. It is not started yet.
    pub fn new(settings: ProcessSettings) -> Self {
        Self {
            media: ToldMedia::new(settings.http.clone()),
            settings,
            list: Mutex::default(),
        }
    }

    /// The program's name, for people.
    fn name(&self) -> String {
        // What an interpreter runs says more than which one it is.
        let mut arguments = self.settings.arguments.iter();
        let script = arguments.find(|it| Path::new(it).is_file());
        format!("`{}`", script.unwrap_or(&self.settings.program).display())
    }

    async fn read_list(&self) -> Result<ProjectList> {
        let operation = "read the list of projects";
        let text = self.run(operation, &["project-list"]).await?;
        self.media
            .project_list(&text, operation, &self.name(), Path::new(""))
    }

    /// Why a project could not be read. A program can only fail, so it is asked whether the project is
    /// still there.
    async fn why(&self, project: &Project, error: Error) -> Error {
        match self.read_list().await {
            Ok(list) if list.projects.iter().all(|it| it.id != project.id) => {
                let message = format!("{} does not list it any more", self.name());
                Error::new(ErrorKind::NotFound, error.operation(), message).with_source(error)
            }
            _ => error,
        }
    }

    /// Runs the program, and gives what it printed.
    async fn run(&self, operation: &str, arguments: &[&str]) -> Result<Vec<u8>> {
        let name = self.name();
        let error = |kind, message: String| Error::new(kind, operation, message);
        let mut command = group::command(&self.settings.program);
        command.args(&self.settings.arguments).args(arguments);
        let environment = self.settings.environment.iter();
        command.envs(environment.map(|(name, value)| (name, value.expose_secret())));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut group = Group::start(command).map_err(|cause| {
            error(ErrorKind::Config, format!("{name} cannot be started: {cause}"))
                .with_help("give the path of a program that may be executed, or its interpreter first, as in `-- python3 connector.py`")
        })?;
        let Told {
            output,
            last_line,
            status,
        } = self.listen(operation, &mut group).await?;
        if !status.success() {
            let said = match last_line {
                Some(line) => format!("; the last it said: {line}"),
                None => format!("; it said nothing on stderr{}", printed(&output)),
            };
            let message = format!("{name} failed with {status}{said}");
            return Err(error(ErrorKind::Unavailable, message)
                .with_help(format!("run it by hand with `{}`", arguments.join(" "))));
        }
        Ok(output)
    }

    /// Reads what the program prints until it has ended. What it left behind may hold its streams open; after
    /// a moment in which no more output comes, nobody waits for that.
    async fn listen(&self, operation: &str, group: &mut Group) -> Result<Told> {
        let name = self.name();
        let error = |kind, message: String| Error::new(kind, operation, message);
        let (mut stdout, mut stderr) = group.output();
        let (mut block, mut said) = (vec![0; 1 << 16], vec![0; LONGEST_LINE]);
        let mut output = Vec::new();
        let mut lines = Lines::default();
        let mut status = None;
        let limit = self.settings.silence_timeout;
        let mut deadline = Instant::now() + limit;
        while status.is_none() || stdout.is_some() || stderr.is_some() {
            // Each of these can be given up for another without a loss.
            let event = async {
                tokio::select! {
                    read = read(&mut stdout, &mut block), if stdout.is_some() => read.map(Event::Output),
                    read = read(&mut stderr, &mut said), if stderr.is_some() => read.map(Event::Said),
                    ended = group.wait(), if status.is_none() => ended.map(Event::Ended),
                }
            };
            let Ok(event) = timeout_at(deadline, event).await else {
                if status.is_some() {
                    warn!(
                        program = name,
                        "the program has ended, and something that it started holds its output: that is ended"
                    );
                    break;
                }
                let (message, help) = match (&stdout, &stderr) {
                    (None, None) => (
                        format!("{name} closed its output and did not end for {limit:?}"),
                        "let it end when it has printed its document",
                    ),
                    _ => (
                        format!(
                            "{name} printed nothing for {limit:?}, after {} bytes",
                            output.len()
                        ),
                        "give it more time with --program-timeout, or let it say on stderr that it goes on",
                    ),
                };
                return Err(error(ErrorKind::Unavailable, message).with_help(help));
            };
            let event = event.map_err(|cause| {
                error(
                    ErrorKind::Unavailable,
                    format!("{name} cannot be read: {cause}"),
                )
            })?;
            // Whoever it left behind may say as much as it likes: it is the document that is waited for.
            match (&event, status) {
                (_, None) => deadline = Instant::now() + limit,
                (Event::Output(_), Some(_)) => deadline = Instant::now() + LEFT_BEHIND,
                _ => {}
            }
            match event {
                Event::Output(0) => stdout = None,
                Event::Output(length) => {
                    output.extend_from_slice(&block[..length]);
                    let most = self.settings.largest_output;
                    if output.len() > most {
                        let printed = printed(&output);
                        let message = format!("{name} printed more than {most} bytes{printed}");
                        return Err(error(ErrorKind::Malformed, message)
                            .with_help("raise --max-output if it has so much to say"));
                    }
                }
                Event::Said(0) => stderr = None,
                Event::Said(length) => lines.add(&name, &said[..length]),
                Event::Ended(ended) => {
                    status = Some(ended);
                    deadline = Instant::now() + LEFT_BEHIND;
                }
            }
        }
        lines.end(&name);
        let status =
            status.ok_or_else(|| error(ErrorKind::Unavailable, format!("{name} was lost")))?;
        Ok(Told {
            output,
            last_line: lines.last,
            status,
        })
    }
}

/// How long output is waited for that comes after the end of the program, from what it started.
const LEFT_BEHIND: Duration = Duration::from_secs(1);

/// What a program told.
struct Told {
    output: Vec<u8>,
    /// The last line of what it said on stderr.
    last_line: Option<String>,
    status: ExitStatus,
}

/// Reads a stream that is still open.
async fn read(stream: &mut Option<impl AsyncRead + Unpin>, block: &mut [u8]) -> io::Result<usize> {
    match stream {
        Some(stream) => stream.read(block).await,
        None => Ok(0),
    }
}

/// A line that does not end is cut, in bytes.
const LONGEST_LINE: usize = 8 << 10;

/// What a program says, in lines, which go to the log.
#[derive(Default)]
struct Lines {
    /// The line that has not ended.
    line: Vec<u8>,
    last: Option<String>,
}

impl Lines {
    fn add(&mut self, program: &str, said: &[u8]) {
        for part in said.split_inclusive(|it| *it == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") || self.line.len() >= LONGEST_LINE {
                self.end(program);
            }
        }
    }

    fn end(&mut self, program: &str) {
        if self.line.is_empty() {
            return;
        }
        let text = String::from_utf8_lossy(&self.line).trim_end().to_owned();
        self.line.clear();
        info!(program, "{text}");
        if !text.is_empty() {
            self.last = Some(text);
        }
    }
}

/// The start of what a program printed, where that is no document.
fn printed(output: &[u8]) -> String {
    match output.trim_ascii_start().first() {
        None | Some(b'{') => String::new(),
        Some(_) => format!("; what it printed starts with {}", told::start(output)),
    }
}

enum Event {
    /// So many bytes of output came; none at its end.
    Output(usize),
    /// So many bytes on stderr.
    Said(usize),
    /// The program has ended.
    Ended(ExitStatus),
}

#[async_trait]
impl Tracker for Process {
    fn describe(&self) -> Description {
        Description {
            name: "process".to_owned(),
            about: "A program in any language that prints what a tracker holds".to_owned(),
            location: Some(self.settings.program.display().to_string()),
            capabilities: Self::CAPABILITIES.to_vec(),
        }
    }

    async fn check(&self) -> Result<Account> {
        let list = self.read_list().await?;
        *self.list.lock().unwrap_or_else(PoisonError::into_inner) = Some(list);
        Ok(Account {
            user: None,
            server: None,
        })
    }

    async fn project_list(&self) -> Result<ProjectList> {
        let checked = self
            .list
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match checked {
            Some(list) => Ok(list),
            None => self.read_list().await,
        }
    }

    async fn project(&self, project: &Project, list: &ProjectList) -> Result<ProjectSnapshot> {
        let operation = format!("read {}", project.name);
        let arguments = ["project", project.id.as_str()];
        let text = match self.run(&operation, &arguments).await {
            Ok(text) => text,
            Err(error) => return Err(self.why(project, error).await),
        };
        self.media
            .project(&text, project, list, &self.name(), Path::new(""))
    }

    /// What the program tells, where it is said to. Without a mark it is called as it would be with one.
    async fn changes(&self, since: Option<&Mark>) -> Result<Changes> {
        if !self.settings.tells_changes {
            return Ok(Changes {
                note: Some(NO_CHANGES.to_owned()),
                ..Changes::unknown()
            });
        }
        // A mark of another program is not its own.
        let name = self.name();
        let own = since.and_then(|it| it.as_str().strip_prefix(&name)?.strip_prefix(' '));
        let operation = "ask what changed";
        let mut arguments = vec!["changes"];
        arguments.extend(own);
        let text = self.run(operation, &arguments).await?;
        let told = self.media.changes(&text, operation, &name)?;
        let what = match (own, told.projects) {
            (Some(_), Some(projects)) => Changed::Only {
                list: told.list,
                projects,
            },
            _ => Changed::Unknown,
        };
        Ok(Changes {
            what,
            mark: Some(Mark::new(format!("{name} {}", told.mark))),
            note: None,
        })
    }

    async fn open_media(&self, request: MediaRequest<'_>) -> Result<OpenedMedia> {
        self.media.open(request).await
    }

    fn traffic(&self) -> Option<Traffic> {
        Some(self.media.traffic())
    }

    fn unknown_keys(&self) -> Vec<String> {
        self.media.unknown_keys()
    }
}
