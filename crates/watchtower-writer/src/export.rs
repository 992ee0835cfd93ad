//! One export: many projects, their media, and one step that makes them visible.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroUsize;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rapidhash::RapidHashSet;
use watchtower_model::format::v0;
use watchtower_model::{Project, ProjectId, ProjectList, ProjectSnapshot, References};

use crate::documents::{self, parse_context, present_context};
use crate::error::{Error, Result};
use crate::media::{Fetcher, MediaPolicy, MediaSource, PREVIEWS, ResolvedMedia};
use crate::references::{self, SharedIds};
use crate::render;
use crate::site::{Site, Transaction};
use crate::summary::{Counts, MediaCounts, Outcome, ProjectSummary, Summary};

/// How an export is done.
#[derive(Clone, Debug)]
pub struct ExportOptions {
    /// What becomes of pictures and movies.
    pub media: MediaPolicy,
    /// How many pictures are fetched at a time, beside a movie.
    pub jobs: NonZeroUsize,
    /// How long to wait for another export of the same site to end.
    pub lock_timeout: Duration,
    /// How long a picture stays in the site after nothing refers to it any more: a page that was
    /// opened before may still ask for it.
    pub keep_unused: Duration,
}

impl Default for ExportOptions {
    /// Downloads media, sixteen at a time, waits a minute for another export, and keeps unused
    /// pictures for an hour.
    fn default() -> Self {
        const JOBS: NonZeroUsize = NonZeroUsize::new(16).unwrap();
        Self {
            media: MediaPolicy::Download,
            jobs: JOBS,
            lock_timeout: Duration::from_secs(60),
            keep_unused: Duration::from_secs(60 * 60),
        }
    }
}

/// Told how an export goes on.
pub trait Progress: Send + Sync {
    /// So many more pictures and movies are going to be fetched.
    fn media_planned(&self, _count: usize) {}
    /// One of them is here, or could not be had.
    fn media_done(&self) {}
}

/// Nobody looks.
impl Progress for () {}

/// An export that goes on. Dropped without [`finish`](Self::finish), it leaves the site as it was.
pub struct Export<'a> {
    change: Transaction,
    options: ExportOptions,
    list: &'a ProjectList,
    /// The ids in the list.
    ids: SharedIds<'a>,
    /// The `context.json` of the site as it was.
    present: String,
    source: &'a dyn MediaSource,
    progress: &'a dyn Progress,
    /// Pictures of projects and people, which `context.json` refers to.
    shared: ResolvedMedia,
    /// The types, statuses and people that projects refer to.
    references: References,
    /// The files of the site that projects refer to.
    files: HashSet<String>,
    exported: HashMap<ProjectId, Project>,
    /// Projects of which the site keeps what it holds.
    kept: HashSet<ProjectId>,
    summaries: Vec<ProjectSummary>,
}

impl<'a> Export<'a> {
    /// Starts an export to a site.
    ///
    /// `list` holds what the projects share, and names them in the order in which the client shows
    /// them.
    ///
    /// # Errors
    ///
    /// As [`Site::begin`].
    pub fn begin(
        site: &Site,
        options: ExportOptions,
        list: &'a ProjectList,
        source: &'a dyn MediaSource,
        progress: &'a dyn Progress,
    ) -> Result<Self> {
        let change = site.begin(options.lock_timeout)?;
        Ok(Self {
            present: present_context(change.site()),
            change,
            options,
            list,
            ids: SharedIds::of(list),
            source,
            progress,
            shared: ResolvedMedia::default(),
            references: References::default(),
            files: HashSet::new(),
            exported: HashMap::new(),
            kept: HashSet::new(),
            summaries: Vec::new(),
        })
    }

    /// Fetches the media of a project, and stages its documents.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] and [`Error::Data`] when the project's data cannot be published: nothing of
    /// it is staged, and the export may go on with [`fail`](Self::fail). [`Error::Output`] when the
    /// site cannot be written to.
    pub async fn project(&mut self, mut snapshot: ProjectSnapshot) -> Result<()> {
        let Project { id, name, .. } = snapshot.project.clone();
        if self.exported.contains_key(&id) {
            let message = format!("`{name}` has the id of another project, {id}");
            return Err(Error::Data(message));
        }
        if id.as_str().eq_ignore_ascii_case("context.json") {
            let message = format!("`{name}` has the id {id}, which is the name of a document");
            return Err(Error::Data(message));
        }
        let used = references::check(&snapshot, Some(&self.ids))?;
        let (media, counts) = self.fetcher().fetch_project(&snapshot).await?;
        match documents::stage_project(&self.change, &snapshot, &media) {
            Ok(warnings) => snapshot.notes.extend(warnings),
            Err(error) => {
                self.change.discard(&format!("data/projects/{id}"))?;
                return Err(error);
            }
        }
        let total_frames = render::v0::edit(&snapshot, &media).total_frames;
        snapshot
            .notes
            .extend(limits_of_v0(&snapshot, &media, total_frames));
        if let Some(picture) = &snapshot.project.thumbnail
            && let Some(path) = media.picture(Some(picture))
        {
            self.shared.add_picture(picture.clone(), path.to_owned());
        }
        self.references.add_all(used);
        self.files.extend(media.paths().map(str::to_owned));
        self.summaries.push(ProjectSummary {
            id: id.clone(),
            name,
            outcome: Outcome::Exported,
            counts: Counts::of(&snapshot, total_frames),
            media: counts,
            left_out: snapshot.left_out,
            notes: snapshot.notes,
        });
        self.exported.insert(id, snapshot.project);
        // Whoever waits for us need not wait until a large film is taken apart.
        rayon::spawn(move || drop((snapshot.shots, snapshot.assets, snapshot.casting)));
        Ok(())
    }

    /// Says that a project failed: the site keeps what it holds of it, if anything.
    ///
    /// # Errors
    ///
    /// [`Error::Output`] when the site cannot be written to.
    pub fn fail(&mut self, project: &Project, error: String) -> Result<()> {
        let outcome = if self.keep(&project.id)? {
            Outcome::Kept { error }
        } else {
            Outcome::Missing { error }
        };
        self.summaries.push(ProjectSummary {
            id: project.id.clone(),
            name: project.name.clone(),
            outcome,
            counts: Counts::default(),
            media: MediaCounts::default(),
            left_out: Vec::new(),
            notes: Vec::new(),
        });
        Ok(())
    }

    /// Keeps every other project that the site holds, for an export of some of them.
    ///
    /// # Errors
    ///
    /// [`Error::Output`] when the site cannot be written to.
    pub fn keep_the_others(&mut self) -> Result<()> {
        let present = parse_context(&self.present).projects.into_iter();
        let ids: Vec<_> = present
            .filter_map(|it| ProjectId::new(it.id.as_str()).ok())
            .filter(|id| !self.exported.contains_key(id))
            .collect();
        ids.iter().try_for_each(|id| self.keep(id).map(drop))
    }

    fn keep(&mut self, id: &ProjectId) -> Result<bool> {
        // What is exported under the same id is another project.
        if self.exported.contains_key(id) {
            return Ok(false);
        }
        // A folder that the list does not know is half a project.
        let mut present = parse_context(&self.present).projects.into_iter();
        let known = present.any(|it| it.id.as_str() == id.as_str());
        let folder = format!("data/projects/{id}");
        let keeps = known && self.change.keep(&folder)?;
        if keeps && self.kept.insert(id.clone()) {
            for path in documents::files_referred_to(&self.change, &folder)? {
                // What the document refers to may be missing already; that is not ours to mend.
                self.files.insert(path);
            }
        }
        Ok(keeps)
    }

    /// Stages what the projects share, and makes everything visible in one step.
    ///
    /// Projects of the list that were neither exported nor kept are left out of it.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] and [`Error::Data`] when what the projects share cannot be published,
    /// [`Error::Output`] when the site cannot be written to. In each case the site is as it was.
    pub async fn finish(mut self) -> Result<Summary> {
        let present = std::mem::take(&mut self.present);
        let present = parse_context(&present);
        if !self.kept.is_empty() {
            // What is kept may refer to anything the site holds.
            add_ids(&mut self.references, &present);
        }
        let mut list = self.list.clone();
        list.drop_unused_archived(&self.references);
        let order: Vec<_> = list.projects.drain(..).map(|it| it.id).collect();
        let mut shared = std::mem::take(&mut self.shared);
        let shared_media = self.fetcher().fetch_shared(&list, &mut shared).await?;

        let mut context = render::v0::context(&list, &shared);
        context.projects = self.project_entries(&order, &present, &shared);
        if !self.kept.is_empty() {
            add_missing(&mut context, &present);
        }
        documents::stage_context(&self.change, &context)?;
        let projects = context.projects.iter().map(|it| &it.thumbnail_url);
        let users = context.users.iter().map(|it| &it.thumbnail_url);
        let pictures = projects.chain(users).flatten();
        self.keep_pictures(&pictures.map(|it| &**it).collect())?;
        self.change.commit()?;
        self.summaries
            .sort_by_key(|it| order.iter().position(|id| *id == it.id));
        Ok(Summary {
            projects: self.summaries,
            shared_media,
        })
    }

    /// Keeps the pictures that projects, or what they share, refer to, and the others for as long as a
    /// page may be open that does.
    fn keep_pictures(&self, shared: &HashSet<&str>) -> Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default().as_secs();
        for path in self.change.files(PREVIEWS)? {
            let stays = if self.files.contains(&path) || shared.contains(&*path) {
                self.change.media().use_again(&path);
                true
            } else {
                let since = self.change.media().unused_since(&path, now);
                now - since < self.options.keep_unused.as_secs()
            };
            if stays {
                self.change.keep(&path)?;
            } else {
                self.change.discard(&path)?;
            }
        }
        Ok(())
    }

    /// The list of projects: what was exported, and what the site keeps; in the list's order, with
    /// those it does not know any more at the end.
    fn project_entries<'b>(
        &'b self,
        order: &[ProjectId],
        present: &v0::Context<'b>,
        media: &'b ResolvedMedia,
    ) -> Vec<v0::Project<'b>> {
        let kept = |id: &ProjectId| {
            let mut entries = present.projects.iter();
            entries
                .find(|it| self.kept.contains(id) && it.id.as_str() == id.as_str())
                .cloned()
        };
        let entry = |id: &ProjectId| match self.exported.get(id) {
            Some(project) => Some(render::v0::project(project, media)),
            None => kept(id),
        };
        let mut entries: Vec<_> = order.iter().filter_map(entry).collect();
        let known: HashSet<_> = order.iter().map(ProjectId::as_str).collect();
        let others = present.projects.iter().filter(|it| {
            !known.contains(it.id.as_str())
                && self.kept.iter().any(|id| id.as_str() == it.id.as_str())
        });
        entries.extend(others.cloned());
        entries
    }

    fn fetcher(&self) -> Fetcher<'_> {
        let ExportOptions { media, jobs, .. } = &self.options;
        Fetcher::new(&self.change, self.source, media, *jobs, self.progress)
    }
}

/// What a person should know of what the format, or its client, cannot show.
fn limits_of_v0(
    snapshot: &ProjectSnapshot,
    media: &ResolvedMedia,
    total_frames: u64,
) -> Vec<String> {
    let mut notes = Vec::new();
    match render::v0::shown_edit(snapshot, media) {
        Some((edit, _)) if snapshot.edits.len() > 1 => notes.push(format!(
            "format v0 holds one edit: `{}` is shown, {} not",
            edit.name,
            snapshot.edits.len() - 1
        )),
        Some(_) => {}
        None if snapshot.edits.is_empty() => {
            notes.push("no edit: the timeline is as long as the shots".into());
        }
        None => notes.push("no edit has a movie: the timeline is as long as the shots".into()),
    }
    if snapshot.episodes.len() > 1 {
        notes.push(format!(
            "format v0 has no episodes: the shots of all {} are on one timeline",
            snapshot.episodes.len()
        ));
    }
    let end = i64::try_from(total_frames).unwrap_or(i64::MAX);
    let beyond = snapshot
        .shots
        .iter()
        .filter(|shot| shot.data.frame_out > end)
        .count();
    if beyond > 0 {
        notes.push(format!(
            "the movie has {total_frames} frames and the last shot ends at {}: the client draws \
             what is beyond off the end of the timeline ({beyond} of {} shots)",
            snapshot.last_frame(),
            snapshot.shots.len()
        ));
    }
    let with_shots: RapidHashSet<_> = snapshot
        .shots
        .iter()
        .map(|shot| &shot.sequence_id)
        .collect();
    if with_shots.len() > render::v0::MAX_SEQUENCES {
        notes.push(format!(
            "{} sequences have shots and the client of format v0 has colours for {}: it does not \
             draw the timeline",
            with_shots.len(),
            render::v0::MAX_SEQUENCES
        ));
    }
    notes
}

/// Adds every id of a context.
fn add_ids(references: &mut References, context: &v0::Context<'_>) {
    context
        .asset_types
        .iter()
        .for_each(|it| references.add(it.id.as_str()));
    context
        .task_types
        .iter()
        .for_each(|it| references.add(it.id.as_str()));
    context
        .task_status
        .iter()
        .for_each(|it| references.add(it.id.as_str()));
    context
        .users
        .iter()
        .for_each(|it| references.add(it.id.as_str()));
}

/// Adds what the previous context holds and the new one does not: what is kept may refer to it.
fn add_missing<'b>(context: &mut v0::Context<'b>, previous: &v0::Context<'b>) {
    fn add<T: Clone>(to: &mut Vec<T>, from: &[T], same: impl Fn(&T, &T) -> bool) {
        for it in from {
            if !to.iter().any(|present| same(present, it)) {
                to.push(it.clone());
            }
        }
    }
    add(&mut context.asset_types, &previous.asset_types, |a, b| {
        a.id == b.id
    });
    add(&mut context.task_types, &previous.task_types, |a, b| {
        a.id == b.id
    });
    add(&mut context.task_status, &previous.task_status, |a, b| {
        a.id == b.id
    });
    add(&mut context.users, &previous.users, |a, b| a.id == b.id);
}
