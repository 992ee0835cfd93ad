//! The driver: from a tracker to a site.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use tracing::info;
use watchtower_connector::{self as connector, Account, OpenedMedia, Tracker};
use watchtower_model::format::Format;
use watchtower_model::place::Unplaced;
use watchtower_model::{Project, ProjectId, ProjectList, ProjectSnapshot};
use watchtower_writer::media::{
    MediaError, MediaPolicy, MediaRequest, MediaSource, MediaStream, Opened, PicturePolicy,
};
use watchtower_writer::{self as writer, Export, FailureCode, MediaCode, Progress, Site, Summary};

use crate::Exit;
use crate::live::{Live, Part, Plan};
use crate::log::{self, ProjectTimes, Times};

/// How an export is done.
#[derive(Clone, Debug)]
pub struct ExportOptions {
    /// Which projects, by name or id. None means all, and the site forgets projects that the tracker
    /// does not have any more.
    pub projects: Vec<String>,
    /// The format of the site. A site of another one is replaced. None means the one that the site is of,
    /// or v0 for a new site.
    pub format: Option<Format>,
    /// What becomes of pictures and movies.
    pub media: MediaPolicy,
    /// What becomes of shots without a place on the timeline.
    pub unplaced: Unplaced,
    /// What becomes of the pictures that are fetched.
    pub pictures: PicturePolicy,
    /// Whether a shot without a picture shows a frame of the movie that plays beside it.
    pub pictures_from_movies: bool,
    /// How many pictures are fetched at a time, beside a movie.
    pub jobs: NonZeroUsize,
    /// How long to wait for another export of the same site to end.
    pub lock_timeout: Duration,
    /// How long a picture stays in the site after nothing refers to it any more.
    pub keep_unused: Duration,
    /// How long a reading in a history of task counts is kept, where the format has one.
    pub keep_history: Duration,
    /// The moment of each export, as the documents have it that tell of one. None means now.
    pub moment: Option<SystemTime>,
    /// What may lose much of what the site shows, once: projects by name or id, and `projects` for the list of
    /// them.
    pub allow_shrink: Vec<String>,
    /// Whether the tracker is another site. Nothing is added to a history then.
    pub from_site: bool,
}

impl Default for ExportOptions {
    /// All projects, with the defaults of the writer.
    fn default() -> Self {
        let writer::ExportOptions {
            format,
            media,
            unplaced,
            pictures,
            pictures_from_movies,
            jobs,
            lock_timeout,
            keep_unused,
            keep_history,
            moment,
            allow_shrink,
            from_site,
        } = writer::ExportOptions::default();
        Self {
            projects: Vec::new(),
            format,
            media,
            unplaced,
            pictures,
            pictures_from_movies,
            jobs,
            lock_timeout,
            keep_unused,
            keep_history,
            moment,
            allow_shrink,
            from_site,
        }
    }
}

/// Told how an export goes on: what the writer tells, and the project being read.
pub trait Observer: Progress {
    /// The tracker knows us, as this account.
    fn connected(&self, _account: &connector::Account) {}
    /// So many projects are going to be read.
    fn projects_planned(&self, _count: usize) {}
    /// A project is being read.
    fn reading(&self, _project: &Project) {}
    /// A project is staged, or failed.
    fn project_done(&self, _project: &Project) {}
    /// Whether the last export did not say this line about the project already. What is not new is logged
    /// as a detail.
    fn is_new(&self, _project: &ProjectId, _line: &str) -> bool {
        true
    }
}

/// Nobody looks.
impl Observer for () {}

/// Why nothing was exported. The site is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The tracker failed.
    #[error(transparent)]
    Tracker(#[from] connector::Error),
    /// The site cannot be written to, or what the tracker gave cannot be published.
    #[error(transparent)]
    Writer(#[from] writer::Error),
    /// A project was asked for that is not there.
    #[error("there is no project `{}` among those we may see: {}", .asked.escape_debug(), .found.join(", "))]
    NoSuchProject {
        /// What was asked for.
        asked: String,
        /// The names of those that are there.
        found: Vec<String>,
    },
    /// A project was asked for by a name that several have.
    #[error("the name `{}` is that of {} projects", .asked.escape_debug(), .found.len())]
    SeveralProjects {
        /// What was asked for.
        asked: String,
        /// The ids of those that are named so.
        found: Vec<ProjectId>,
    },
    /// Every project failed.
    #[error("no project could be exported; {}", failures(.0))]
    AllFailed(Vec<Failure>),
}

/// A project that failed.
#[derive(Debug)]
pub struct Failure {
    /// The project's name.
    pub project: String,
    /// Why.
    pub error: ProjectError,
}

/// Why a project failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectError {
    /// It could not be read.
    #[error(transparent)]
    Tracker(#[from] connector::Error),
    /// It could not be published.
    #[error(transparent)]
    Writer(#[from] writer::Error),
}

impl ProjectError {
    /// What kind of failure it is, for programs.
    pub fn code(&self) -> FailureCode {
        match self {
            Self::Tracker(error) => match error.kind() {
                connector::ErrorKind::Config => FailureCode::Config,
                connector::ErrorKind::Refused => FailureCode::Refused,
                connector::ErrorKind::Unavailable => FailureCode::Unavailable,
                connector::ErrorKind::NotFound => FailureCode::NotFound,
                connector::ErrorKind::Malformed => FailureCode::Malformed,
                connector::ErrorKind::Invalid => FailureCode::Invalid,
                connector::ErrorKind::Partial => FailureCode::Partial,
                _ => FailureCode::Other,
            },
            Self::Writer(error) => error.code(),
        }
    }
}

fn failures(failures: &[Failure]) -> String {
    let one = |it: &Failure| format!("{}: {}", it.project, it.error);
    failures.iter().map(one).collect::<Vec<_>>().join("; ")
}

impl ExportError {
    /// The exit code that tells what to do about it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Tracker(error) => tracker_exit(error),
            Self::Writer(error) => writer_exit(error),
            Self::NoSuchProject { .. } | Self::SeveralProjects { .. } => Exit::Usage,
            Self::AllFailed(failures) => match failures.first().map(|it| &it.error) {
                Some(ProjectError::Tracker(error)) => tracker_exit(error),
                Some(ProjectError::Writer(error)) => writer_exit(error),
                None => Exit::Findings,
            },
        }
    }

    /// What a person can do about it, where that is known.
    pub fn help(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Tracker(error) => error.help().map(Cow::from),
            Self::Writer(writer::Error::Locked { .. }) => {
                Some("`--lock-timeout` gives it more time".into())
            }
            Self::Writer(writer::Error::SeveralFormats { .. }) => {
                Some("say with `--format` which one; what is of the other is removed".into())
            }
            Self::SeveralProjects { found, .. } => {
                let ids: Vec<_> = found.iter().map(ProjectId::as_str).collect();
                Some(format!("give the id instead: {}", ids.join(", ")).into())
            }
            Self::AllFailed(failures) => match &failures.first()?.error {
                ProjectError::Tracker(error) => error.help().map(Cow::from),
                ProjectError::Writer(_) => None,
            },
            _ => None,
        }
    }
}

pub(crate) fn tracker_exit(error: &connector::Error) -> Exit {
    match error.kind() {
        connector::ErrorKind::Config => Exit::Usage,
        connector::ErrorKind::Invalid => Exit::Findings,
        connector::ErrorKind::Partial => Exit::Partial,
        _ => Exit::Tracker,
    }
}

fn writer_exit(error: &writer::Error) -> Exit {
    match error {
        writer::Error::Invalid { .. }
        | writer::Error::Data(_)
        | writer::Error::History { .. }
        | writer::Error::List { .. } => Exit::Findings,
        writer::Error::Shrunk { .. } | writer::Error::ListShrunk { .. } => Exit::Partial,
        writer::Error::OtherFormat { .. } | writer::Error::SeveralFormats { .. } => Exit::Usage,
        _ => Exit::Output,
    }
}

/// Exports projects from a tracker to a site.
///
/// A project that fails keeps its previous version in the site, is named in the summary, and the
/// others go on. The site changes in one step at the end, or not at all: dropping the future ends the
/// export, and leaves the site as it was. It runs on Tokio.
///
/// What it does, and how long each phase takes, is told in events of [`tracing`].
///
/// # Errors
///
/// [`ExportError`] when nothing could be exported.
pub async fn export(
    tracker: &dyn Tracker,
    site: &Site,
    options: &ExportOptions,
    observer: &dyn Observer,
) -> Result<Summary, ExportError> {
    // Everything, each time, and nothing to be remembered.
    let mut live = Live::new(None, "");
    export_changes(tracker, site, &mut live, options, observer).await
}

/// Exports what changed since the last export to the site, where `live` and the tracker know; otherwise
/// everything, as [`export`] does. What did not change stays as it is. [`Summary::unchanged`] counts such
/// projects, and where nothing changed [`Summary::is_nothing`], and the site is not touched.
///
/// # Errors
///
/// As [`export`].
pub async fn export_changes(
    tracker: &dyn Tracker,
    site: &Site,
    live: &mut Live,
    options: &ExportOptions,
    observer: &dyn Observer,
) -> Result<Summary, ExportError> {
    let before = tracker.traffic().unwrap_or_default();
    let mut times = Times::default();
    let phases = phases(tracker, site, live, options, observer, &mut times);
    let (result, total) = timed(phases).await;
    times.total = total;
    let traffic = tracker.traffic().map(|after| after.since(before));
    log::ended(result.as_ref().ok(), &times, traffic, observer);
    result
}

/// The phases of an export, with their times: connect, list, read and stage each project, commit.
async fn phases(
    tracker: &dyn Tracker,
    site: &Site,
    live: &mut Live,
    options: &ExportOptions,
    observer: &dyn Observer,
    times: &mut Times,
) -> Result<Summary, ExportError> {
    let (plan, connect) = timed(plan(tracker, site, live, observer)).await;
    times.connect = connect;
    let (mut plan, account) = plan?;
    if let Plan::Some(part) = plan {
        if part.is_nothing() {
            return nothing_changed(site, live, part);
        }
        plan = Plan::Some(part);
    }

    let (list, list_time) = timed(tracker.project_list()).await;
    times.list = list_time;
    let list = list?;
    let mut wanted = select(tracker, &list, &options.projects)?;
    if wanted.is_empty() && !options.from_site {
        return Err(nothing_to_see(tracker, account.as_ref()).into());
    }
    let mut unchanged = Vec::new();
    if let Plan::Some(part) = plan {
        let changed = part.changed(&list);
        let stays = |it: &&Project| changed.as_ref().is_some_and(|changed| !changed(it));
        (unchanged, wanted) = wanted.into_iter().partition(stays);
        if wanted.is_empty() && part.keeps_all(&list) {
            drop(changed);
            return nothing_changed(site, live, part);
        }
        let is_part = changed.is_some();
        drop(changed);
        plan = match is_part {
            true => Plan::Some(part),
            false => part.into_all(),
        };
    }
    let next = live.next(tracker, &list, &plan);

    let source = TrackerMedia {
        tracker,
        missing: match options.from_site {
            true => "the site does not have it",
            false => "the tracker does not have it",
        },
    };
    let clock = MediaClock::new(observer);
    let mut export = begin(site, options, &list, &source, &clock).await?;
    let all_are_read = unchanged.is_empty();
    for project in unchanged {
        if !export.keep_unchanged(project)? {
            wanted.push(project);
        }
    }
    if !options.projects.is_empty() {
        export.keep_all_but(&wanted)?;
    }

    observer.projects_planned(wanted.len());
    let mut failures = Vec::new();
    let list = &list;
    // Side by side, and in their order.
    let mut unread = wanted.iter().copied();
    let mut films = FuturesOrdered::new();
    for project in unread.by_ref().take(AHEAD) {
        films.push_back(read_film(tracker, observer, project, list));
    }
    let mut waiting = VecDeque::new();
    {
        // They share the requests that a tracker takes at a time. A film that nobody polls would keep its share, and
        // what is asked ahead wait for it for ever.
        let mut asked = pin!(export.ask_ahead(&wanted));
        let mut is_asked = false;
        while !is_asked || waiting.is_empty() {
            tokio::select! {
                () = &mut asked, if !is_asked => is_asked = true,
                Some(film) = films.next() => waiting.push_back(film),
                else => break,
            }
        }
    }
    while let Some((project, snapshot, read)) = waiting.pop_front() {
        for project in unread.by_ref().take(1) {
            films.push_back(read_film(tracker, observer, project, list));
        }
        let stage = async {
            clock.start();
            let staged = match snapshot {
                Ok(snapshot) => match export.project(snapshot).await {
                    Err(error) if writer_exit(&error) == Exit::Output => return Err(error),
                    result => result.map_err(ProjectError::from),
                },
                Err(error) => Err(error.into()),
            };
            Ok::<_, writer::Error>((staged, clock.read()))
        };
        // While the media of one project come, the next ones are read.
        let read_ahead = async {
            while let Some(film) = films.next().await {
                waiting.push_back(film);
            }
            std::future::pending::<Infallible>().await
        };
        let staged = tokio::select! {
            biased;
            staged = stage => staged,
            never = read_ahead => match never {},
        };
        let (staged, (media, write)) = staged?;
        times
            .projects
            .insert(project.id.clone(), ProjectTimes { read, media, write });
        if let Err(error) = staged {
            export.fail(project, error.code(), error.to_string())?;
            let project = project.name.clone();
            failures.push(Failure { project, error });
        }
        observer.project_done(project);
        if waiting.is_empty() {
            waiting.extend(films.next().await);
        }
        // Whoever wants to drop us gets to it, even where nothing had to be waited for.
        tokio::task::yield_now().await;
    }
    if !failures.is_empty() && failures.len() == wanted.len() && all_are_read {
        return Err(ExportError::AllFailed(failures));
    }
    clock.start();
    let remember = |summary: &Summary| next.remembered(summary);
    let summary = export.finish_remembering(remember).await?;
    (times.media, times.commit) = clock.read();
    Ok(summary)
}

/// How many projects are read side by side, and wait to be staged.
const AHEAD: usize = 8;

/// A project as a tracker has it, and how long it took to read.
type Read<'a> = (&'a Project, connector::Result<ProjectSnapshot>, Duration);

async fn read_film<'a>(
    tracker: &dyn Tracker,
    observer: &dyn Observer,
    project: &'a Project,
    list: &ProjectList,
) -> Read<'a> {
    observer.reading(project);
    info!(project = project.name, "reading");
    let (snapshot, read) = timed(tracker.project(project, list)).await;
    (project, snapshot, read)
}

/// What is to be read, and as whom the tracker knows us, where it was asked for that.
async fn plan(
    tracker: &dyn Tracker,
    site: &Site,
    live: &mut Live,
    observer: &dyn Observer,
) -> Result<(Plan, Option<Account>), connector::Error> {
    if let Some(part) = live.plan(tracker, site).await? {
        return Ok((Plan::Some(part), None));
    }
    let account = tracker.check().await?;
    live.connected(&account);
    observer.connected(&account);
    Ok((Plan::All(live.mark(tracker).await), Some(account)))
}

/// What an export did that found nothing changed.
fn nothing_changed(site: &Site, live: &mut Live, part: Part) -> Result<Summary, ExportError> {
    let unchanged = live.nothing_changed(part);
    let format = site.formats()?.first().copied().unwrap_or(Format::V0);
    Ok(Summary::nothing_changed(format, unchanged))
}

/// Begins a change of the site, when another export of it has ended.
///
/// The writer could wait itself, but its wait holds up the thread; this one ends when it is dropped.
async fn begin<'a>(
    site: &Site,
    options: &ExportOptions,
    list: &'a ProjectList,
    source: &'a dyn MediaSource,
    progress: &'a dyn Progress,
) -> Result<Export<'a>, writer::Error> {
    const PAUSE: Duration = Duration::from_millis(50);
    let writer_options = writer::ExportOptions {
        format: options.format,
        media: options.media.clone(),
        unplaced: options.unplaced,
        pictures: options.pictures,
        pictures_from_movies: options.pictures_from_movies,
        jobs: options.jobs,
        lock_timeout: Duration::ZERO,
        keep_unused: options.keep_unused,
        keep_history: options.keep_history,
        moment: options.moment,
        allow_shrink: options.allow_shrink.clone(),
        from_site: options.from_site,
    };
    let start = Instant::now();
    let mut is_told = false;
    loop {
        match Export::begin(site, writer_options.clone(), list, source, progress) {
            Err(writer::Error::Locked { .. }) if start.elapsed() < options.lock_timeout => {
                if !is_told {
                    info!("another export is writing to the site: waiting");
                    is_told = true;
                }
                tokio::time::sleep(PAUSE).await;
            }
            result => return result,
        }
    }
}

/// A future's output, and how long it took.
async fn timed<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    (future.await, start.elapsed())
}

/// Splits the time that the writer takes into fetching media and writing, by what it tells of its
/// progress; and passes that on.
struct MediaClock<'a> {
    observer: &'a dyn Observer,
    /// When the writer began, and when the last picture or movie was here.
    times: Mutex<(Instant, Instant)>,
}

impl<'a> MediaClock<'a> {
    fn new(observer: &'a dyn Observer) -> Self {
        let now = Instant::now();
        Self {
            observer,
            times: Mutex::new((now, now)),
        }
    }

    fn start(&self) {
        let now = Instant::now();
        *self.times() = (now, now);
    }

    /// The time until the last picture or movie, and the time since.
    fn read(&self) -> (Duration, Duration) {
        let (start, media) = *self.times();
        (media - start, media.elapsed())
    }

    fn times(&self) -> MutexGuard<'_, (Instant, Instant)> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for MediaClock<'_> {
    fn media_planned(&self, count: usize) {
        self.observer.media_planned(count);
    }

    fn media_done(&self) {
        self.times().1 = Instant::now();
        self.observer.media_done();
    }
}

/// The projects asked for, each once: by id, by name, or by any of its names in another case. A name that
/// several have is not guessed at.
pub(crate) fn select<'a>(
    tracker: &dyn Tracker,
    list: &'a ProjectList,
    asked: &[String],
) -> Result<Vec<&'a Project>, ExportError> {
    if asked.is_empty() {
        return Ok(list.projects.iter().collect());
    }
    let mut selected: Vec<&Project> = Vec::new();
    for asked in asked {
        let find = |same: &dyn Fn(&Project) -> bool| -> Vec<&Project> {
            list.projects.iter().filter(|it| same(it)).collect()
        };
        let same = |name: &String| name.to_lowercase() == asked.to_lowercase();
        let ways: [&dyn Fn(&Project) -> bool; 3] = [
            &|it| it.id.as_str() == asked,
            &|it| it.name == *asked,
            &|it| same(&it.name) || tracker.other_names(it).iter().any(same),
        ];
        let found = ways.into_iter().map(find).find(|found| !found.is_empty());
        let project = match found.as_deref() {
            Some(&[project]) => project,
            Some(several) => {
                return Err(ExportError::SeveralProjects {
                    asked: asked.clone(),
                    found: several.iter().map(|it| it.id.clone()).collect(),
                });
            }
            None => {
                return Err(ExportError::NoSuchProject {
                    asked: asked.clone(),
                    found: list.projects.iter().map(|it| it.name.clone()).collect(),
                });
            }
        };
        if !selected.iter().any(|it| it.id == project.id) {
            selected.push(project);
        }
    }
    Ok(selected)
}

/// An empty list is far more likely to be a missing permission than a studio without projects, and
/// to publish it would take every project out of the site.
fn nothing_to_see(tracker: &dyn Tracker, account: Option<&Account>) -> connector::Error {
    let about = tracker.describe();
    let operation = "list the projects";
    if account.is_none_or(|it| it.user.is_some() || it.server.is_some()) {
        let message = format!("{} shows us none", about.name);
        return connector::Error::new(connector::ErrorKind::Refused, operation, message)
            .with_help("give the account access to a project");
    }
    // Nobody refuses us where there is nobody to log in to: the list itself is empty.
    let from = about.location.unwrap_or(about.name);
    let message = format!("`{from}` gives a list without a project");
    connector::Error::new(connector::ErrorKind::Invalid, operation, message)
        .with_help("put at least one project in it: an empty list would take all out of the site")
}

/// A tracker as the writer sees it: something that opens media.
struct TrackerMedia<'a> {
    tracker: &'a dyn Tracker,
    /// What is said of what is not there.
    missing: &'static str,
}

#[async_trait]
impl MediaSource for TrackerMedia<'_> {
    fn name(&self) -> String {
        let about = self.tracker.describe();
        format!("{} {}", about.name, about.location.unwrap_or_default())
    }

    async fn open(&self, request: MediaRequest<'_>) -> Result<Opened, MediaError> {
        let request = connector::MediaRequest {
            media: request.media,
            known: request.known,
            offset: request.offset,
        };
        let missing = self.missing;
        let media_error = move |error: connector::Error| {
            let is_refused = error.kind() == connector::ErrorKind::Refused;
            let error = media_error(error, missing);
            match is_refused {
                true => error.of_kind(MediaCode::Refused),
                false => error,
            }
        };
        match self
            .tracker
            .open_media(request)
            .await
            .map_err(media_error)?
        {
            OpenedMedia::Unchanged => Ok(Opened::Unchanged),
            OpenedMedia::Stream(media) => Ok(Opened::Stream(MediaStream {
                bytes: media
                    .bytes
                    .map(move |block| block.map_err(media_error))
                    .boxed(),
                length: media.length,
                offset: media.offset,
                tag: media.tag,
            })),
        }
    }
}

fn media_error(error: connector::Error, missing: &str) -> MediaError {
    // The summary names what each picture is of; without its address, equal reasons are told once.
    match error.kind() {
        connector::ErrorKind::NotFound => MediaError::permanent(missing),
        // What is refused is there: the next export may be let in. An account that is known to see a part
        // alone gets an error of another kind, for a placeholder is what was to be expected.
        connector::ErrorKind::Refused => MediaError::transient(error.to_string()),
        kind if kind.is_transient() => MediaError::transient(error.to_string()),
        _ => MediaError::unusable(error.to_string()),
    }
}
