//! One export: many projects, their media, and one step that makes them visible.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use watchtower_model::format::Format;
use watchtower_model::place::{self, PlaceOptions, Unplaced};
use watchtower_model::{
    Episode, Project, ProjectId, ProjectList, ProjectSnapshot, References, TaskType, TaskTypeId,
};

use crate::documents;
use crate::error::{Error, Result};
use crate::fit::{Fitted, fit, twin, with_twins};
use crate::layout::{self, Entry, Film, Layout, NewList, Placed, PresentList, Stage};
use crate::media::pictures::Place;
use crate::media::{
    Answers, Fetcher, Maker, MediaPolicy, MediaSource, PicturePolicy, ResolvedMedia,
};
use crate::present::{Present, formats_of};
use crate::references::{self, SharedIds};
use crate::shrink::{self, Shown, ShownBy};
use crate::site::{Site, Transaction};
use crate::summary::{
    Counts, FailureCode, MediaCounts, Outcome, ProjectSummary, RemovedProject, Summary,
};

/// How an export is done.
#[derive(Clone, Debug)]
pub struct ExportOptions {
    /// The format of the site. A site of another one is replaced, and nothing of it is kept. None means
    /// the one that the site is of, or v0 for a new site; for a site of both, one must be named.
    pub format: Option<Format>,
    /// What becomes of pictures and movies.
    pub media: MediaPolicy,
    /// What becomes of shots without a place on the timeline.
    pub unplaced: Unplaced,
    /// What becomes of the pictures that are fetched.
    pub pictures: PicturePolicy,
    /// Whether a shot without a picture shows a frame from its middle, of the movie that plays beside it. This
    /// runs `ffmpeg`, where that is in PATH.
    pub pictures_from_movies: bool,
    /// How many pictures are fetched at a time, beside a movie.
    pub jobs: NonZeroUsize,
    /// How long to wait for another export of the same site to end.
    pub lock_timeout: Duration,
    /// How long a picture stays in the site after nothing refers to it any more: a page that was
    /// opened before may still ask for it.
    pub keep_unused: Duration,
    /// How long a reading in a history of task counts is kept, where the format has one.
    pub keep_history: Duration,
    /// The moment of the export, as the documents have it that tell of one. None means now.
    pub moment: Option<SystemTime>,
    /// What may lose much of what the site shows, once: projects by name or id, and `projects` for the list of
    /// them. Anything else that would keeps what the site has.
    pub allow_shrink: Vec<String>,
    /// Whether the data was [read](crate::read) from another site. It is no news then: nothing is added
    /// to a history. And what format v1 has no place for is kept in it for the way back.
    pub from_site: bool,
}

impl ExportOptions {
    /// The moment of the export.
    pub(crate) fn moment(&self) -> SystemTime {
        self.moment.unwrap_or_else(SystemTime::now)
    }
}

impl Default for ExportOptions {
    /// Writes the site's format, downloads media, sixteen at a time, makes pictures that the client shows whole, waits a minute for another export, and keeps
    /// unused pictures for an hour and histories for three years.
    fn default() -> Self {
        // Worked out by the compiler: 16 is not 0.
        const JOBS: NonZeroUsize = NonZeroUsize::new(16).unwrap();
        Self {
            format: None,
            media: MediaPolicy::Download,
            unplaced: Unplaced::Show,
            pictures: PicturePolicy::default(),
            pictures_from_movies: false,
            jobs: JOBS,
            lock_timeout: Duration::from_secs(60),
            keep_unused: Duration::from_secs(60 * 60),
            // Longer than most productions take.
            keep_history: Duration::from_secs(3 * 365 * 24 * 60 * 60),
            moment: None,
            allow_shrink: Vec::new(),
            from_site: false,
        }
    }
}

/// How a layout wants shots placed.
pub(crate) fn place_options(layout: &dyn Layout, options: &ExportOptions) -> PlaceOptions {
    PlaceOptions {
        timelines: layout.timelines(),
        unplaced: options.unplaced,
        from_site: options.from_site,
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
    layout: &'static dyn Layout,
    list: &'a ProjectList,
    /// The ids in the list.
    ids: SharedIds<'a>,
    /// What the site holds; nothing if it is of another format.
    present: Present,
    /// The other format that the site was of.
    replaces: Option<Format>,
    source: &'a dyn MediaSource,
    answers: Answers,
    maker: Maker,
    progress: &'a dyn Progress,
    /// Pictures in the folder of the list of projects.
    shared: ResolvedMedia,
    /// The types, statuses and people that projects refer to.
    references: References,
    /// The files of the site that projects refer to.
    files: HashSet<String>,
    exported: HashMap<ProjectId, (Project, Vec<Episode>)>,
    /// Projects of which the site keeps what it holds.
    kept: HashSet<ProjectId>,
    /// How many of those have not changed.
    unchanged: usize,
    /// Types of tasks of which there is one for shots and one for assets.
    parted: BTreeSet<TaskTypeId>,
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
    /// As [`Site::begin`], and [`Error::SeveralFormats`] when the site is of two formats and the options
    /// name none.
    pub fn begin(
        site: &Site,
        options: ExportOptions,
        list: &'a ProjectList,
        source: &'a dyn MediaSource,
        progress: &'a dyn Progress,
    ) -> Result<Self> {
        let change = site.begin(options.lock_timeout)?;
        let found = formats_of(site)?;
        let format = match (options.format, &found[..]) {
            (Some(format), _) => format,
            (None, []) => Format::V0,
            (None, &[format]) => format,
            (None, &[one, other, ..]) => {
                return Err(Error::SeveralFormats {
                    path: site.root().to_owned(),
                    found: [one, other],
                });
            }
        };
        let layout = layout::of(format);
        // One moment for all projects.
        let moment = Some(options.moment());
        let options = ExportOptions { moment, ..options };
        let replaces = found.into_iter().find(|it| *it != format);
        // In a site of two formats, either may have written what both have a document for.
        let present = match replaces {
            None => Present::of(site, layout)?,
            Some(_) => Present::default(),
        };
        Ok(Self {
            present,
            change,
            layout,
            options,
            list,
            ids: SharedIds::of(list),
            replaces,
            source,
            answers: Answers::default(),
            maker: Maker::default(),
            progress,
            shared: ResolvedMedia::default(),
            references: References::default(),
            files: HashSet::new(),
            exported: HashMap::new(),
            kept: HashSet::new(),
            unchanged: 0,
            parted: BTreeSet::new(),
            summaries: Vec::new(),
        })
    }

    /// Asks whether the pictures of people and of these projects that the site holds have changed in their
    /// place, where that is not known yet. What has is fetched with its project. This saves time where
    /// nothing else is to be waited for from the source but documents.
    pub async fn ask_ahead(&self, projects: &[&Project]) {
        let fetcher = self.fetcher();
        fetcher.ask_ahead(projects, self.list).await;
    }

    /// Fetches the media of a project, and stages its documents.
    ///
    /// # Errors
    ///
    /// [`Error::Shrunk`] when it would lose much of what the site shows, [`Error::Invalid`] and
    /// [`Error::Data`] when the project's data cannot be published: nothing of it is staged, and the export may go on with [`fail`](Self::fail). [`Error::Output`] when the
    /// site cannot be written to.
    pub async fn project(&mut self, mut snapshot: ProjectSnapshot) -> Result<()> {
        let mut used = references::check(&snapshot, Some(&self.ids))?;
        // What another site has is left as it is: it is no tracker's.
        let fitted = match self.options.from_site {
            true => Fitted::default(),
            false => fit(&mut snapshot, self.list),
        };
        let placement = place::place(&mut snapshot, place_options(self.layout, &self.options));
        let Project { id, name, .. } = snapshot.project.clone();
        if self.exported.contains_key(&id) {
            let message = format!("`{name}` has the id of another project, {id}");
            return Err(Error::Data(message));
        }
        let others = self.exported.keys().chain(&self.kept);
        let same = others
            .filter(|it| **it != id)
            .find(|it| it.as_str().to_lowercase() == id.as_str().to_lowercase());
        if let Some(other) = same {
            let message = format!(
                "`{name}` has the id {id}, and another project {other}: on some systems they share a folder"
            );
            return Err(Error::Data(message));
        }
        let folder = self.layout.project_folder(&id);
        if self
            .layout
            .format()
            .site_path()
            .eq_ignore_ascii_case(&folder)
        {
            let message = format!("`{name}` has the id {id}, which is the name of a document");
            return Err(Error::Data(message));
        }
        let list = self.with_twins(&fitted);
        let twins = fitted.types.values();
        twins.for_each(|it| used.add(it.id.as_str()));
        let fetcher = self.fetcher();
        let fetched = fetcher.fetch_project(&snapshot, &placement, &list);
        let (mut media, mut counts) = fetched.await?;
        if self.options.pictures_from_movies {
            let taken = fetcher.pictures_from_movies(&mut snapshot, &mut media, &placement);
            let (taken, notes) = taken.await?;
            counts.pictures += taken;
            snapshot.notes.extend(notes);
        }
        let placed = Placed {
            snapshot: &snapshot,
            media: &media,
            placement: &placement,
        };
        let shown_by = ShownBy::of(&self.options);
        if !self.may_shrink(&[id.as_str(), &name]) {
            let before = Shown::in_site(self.change.site(), &folder);
            let was = self.change.media().shown_by(&id).cloned();
            let lost = before.lost(Shown::of(&snapshot, &media), was.as_ref(), &shown_by);
            if let Some(lost) = lost {
                self.change.discard(&folder)?;
                let project = name;
                return Err(Error::Shrunk { project, lost });
            }
        }
        let film = Film {
            placed: &placed,
            list: &list,
            used: &used,
            options: &self.options,
        };
        let mut stage = Stage::of_project(&self.change, self.layout, &snapshot.project);
        if let Err(error) = self.layout.stage_project(&mut stage, &film) {
            self.change.discard(&folder)?;
            return Err(error);
        }
        self.change.media().remember_shown_by(id.clone(), shown_by);
        let warnings = stage.warnings;
        let limits = self.layout.limits(&placed);
        let lengths = self.layout.lengths(&placed);
        let total_frames = lengths.into_iter().map(|(_, frames)| frames).sum();
        let movies = media.notes(&snapshot);
        let notes = warnings.into_iter().chain(fitted.notes);
        let notes = notes.chain(limits).chain(movies);
        self.parted.extend(fitted.types.into_keys());
        snapshot.notes.extend(notes);
        // Where the list has a folder of its own, the picture goes there as well, in the end.
        if self.layout.previews(&id) == self.layout.list_previews()
            && let Some(picture) = &snapshot.project.thumbnail
            && let Some(path) = media.project(&snapshot.project)
        {
            let path = path.to_owned();
            self.shared
                .add_picture(picture.clone(), Place::Project, path);
        }
        self.references.add_all(used);
        self.files.extend(media.paths().map(str::to_owned));
        self.summaries.push(ProjectSummary {
            id: id.clone(),
            name,
            outcome: Outcome::Exported,
            counts: Counts::of(&snapshot, total_frames, placement.counts),
            media: counts,
            left_out: snapshot.left_out,
            notes: snapshot.notes,
        });
        self.exported
            .insert(id, (snapshot.project, snapshot.episodes));
        // Whoever waits for us need not wait until a large film is taken apart.
        rayon::spawn(move || drop((snapshot.shots, snapshot.assets, snapshot.casting)));
        Ok(())
    }

    /// What projects share, with the types of tasks that a project needs beside.
    fn with_twins(&self, fitted: &Fitted) -> Cow<'a, ProjectList> {
        if fitted.types.is_empty() {
            return Cow::Borrowed(self.list);
        }
        let has_twin = |it: &TaskType| fitted.types.contains_key(&it.id);
        Cow::Owned(ProjectList {
            task_types: with_twins(&self.list.task_types, has_twin),
            ..self.list.clone()
        })
    }

    /// Says that a project failed, for programs and in words: the site keeps what it holds of it, if anything.
    ///
    /// # Errors
    ///
    /// [`Error::List`] when what the site holds of it would be lost, because the list of projects cannot be
    /// understood; [`Error::Output`] when the site cannot be written to.
    pub fn fail(&mut self, project: &Project, code: FailureCode, error: String) -> Result<()> {
        let outcome = if self.keep(&project.id)? {
            Outcome::Kept { code, error }
        } else {
            Outcome::Missing { code, error }
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

    /// Keeps every project that the site holds but these, for an export of some of them.
    ///
    /// # Errors
    ///
    /// [`Error::OtherFormat`] when the site is of another format, [`Error::List`] when its list of projects
    /// cannot be understood, [`Error::Output`] when it cannot be written to.
    pub fn keep_all_but(&mut self, projects: &[&Project]) -> Result<()> {
        if let Some(found) = self.replaces {
            return Err(Error::OtherFormat {
                path: self.change.site().root().to_owned(),
                found,
                wanted: self.layout.format(),
            });
        }
        let exported: Vec<_> = projects.iter().map(|it| &it.id).collect();
        let present = self.present.list_beside(&exported)?.projects.iter();
        let present = present.filter_map(|it| ProjectId::new(it.id.as_str()).ok());
        let ids: Vec<_> = present.filter(|id| !exported.contains(&id)).collect();
        ids.iter().try_for_each(|id| self.keep(id).map(drop))
    }

    /// Keeps what the site holds of a project that has not changed since, and says whether it holds it.
    ///
    /// # Errors
    ///
    /// As [`fail`](Self::fail).
    pub fn keep_unchanged(&mut self, project: &Project) -> Result<bool> {
        let keeps = self.replaces.is_none() && self.keep(&project.id)?;
        self.unchanged += usize::from(keeps);
        Ok(keeps)
    }

    fn keep(&mut self, id: &ProjectId) -> Result<bool> {
        // What is exported under the same id is another project.
        if self.exported.contains_key(id) {
            return Ok(false);
        }
        let folder = self.layout.project_folder(id);
        if !self.change.site().path(&folder).exists() {
            return Ok(false);
        }
        // A folder that the list does not know is half a project.
        let mut present = self.present.list_beside(&[])?.projects.iter();
        let known = present.any(|it| it.id == id.as_str());
        let keeps = known && self.change.keep(&folder)?;
        if keeps && self.kept.insert(id.clone()) {
            let previews = self.layout.previews(id);
            for path in documents::files_referred_to(&self.change, &folder, &previews)? {
                // What the document refers to may be missing already; that is not ours to mend.
                self.files.insert(path);
            }
        }
        Ok(keeps)
    }

    /// Stages what the projects share, and makes everything visible in one step.
    ///
    /// Projects of the list that were neither exported nor kept are left out of it. Those that the site held
    /// and the list does not name are taken out, and are in [`Summary::removed`].
    ///
    /// # Errors
    ///
    /// [`Error::ListShrunk`] when more than half of the site's projects would be gone,
    /// [`Error::Invalid`] and [`Error::Data`] when what the projects share cannot be published,
    /// [`Error::Output`] when the site cannot be written to. In each case the site is as it was.
    pub async fn finish(self) -> Result<Summary> {
        self.finish_remembering(|_| None).await
    }

    /// Does as [`finish`](Self::finish), and remembers beside the site, in the same step, what is to be known
    /// of the source the next time: [`Site::remembered`] gives it back.
    ///
    /// # Errors
    ///
    /// As [`finish`](Self::finish).
    pub async fn finish_remembering(
        mut self,
        remember: impl FnOnce(&Summary) -> Option<String>,
    ) -> Result<Summary> {
        let present = std::mem::take(&mut self.present);
        if !self.kept.is_empty() {
            // What is kept may refer to anything the site holds.
            present
                .list()
                .shared
                .iter()
                .for_each(|id| self.references.add(id));
        }
        let mut list = self.list.clone();
        let held = &present.list().shared;
        list.task_types = with_twins(&list.task_types, |it| {
            let is_kept = || held.iter().any(|id| id == twin(it).id.as_str());
            self.parted.contains(&it.id) || !self.kept.is_empty() && is_kept()
        });
        list.drop_unused_archived(&self.references);
        let order: Vec<_> = list.projects.drain(..).map(|it| it.id).collect();
        let mut shared = std::mem::take(&mut self.shared);
        let exported = order.iter().filter_map(|id| self.exported.get(id));
        let apart = |it: &Project| self.layout.previews(&it.id) != self.layout.list_previews();
        let exported = exported.map(|(project, _)| project);
        list.projects = exported.filter(|it| apart(it)).cloned().collect();
        let from_site = self.options.from_site;
        let people = match from_site {
            true => &list.users,
            false => self.layout.listed_people(&list),
        };
        let fetcher = self.fetcher();
        let shared_media = fetcher.fetch_shared(&list, people, &mut shared).await?;

        let new = NewList {
            shared: &list,
            entries: self.entries(&order, present.list()),
            media: &shared,
            present: present.text(),
            from_site,
        };
        let format = self.layout.format();
        let mut stage = Stage::of_site(&self.change, self.layout);
        self.layout.stage_list(&mut stage, &new)?;
        documents::find_files(&self.change, &format.site_path(), &mut self.files)?;
        self.keep_pictures()?;
        let removed = self.removed(&present);
        let before = present.projects().len();
        let after = before - removed.len();
        if shrink::list_shrinks(before, after) && !self.may_shrink(&["projects"]) {
            let gone = removed.into_iter().map(|it| it.name).collect();
            return Err(Error::ListShrunk {
                before,
                after,
                gone,
            });
        }
        let mut notes = self.notes(&shared_media);
        notes.extend(self.change.note_on_rights()?);
        self.summaries
            .sort_by_key(|it| order.iter().position(|id| *id == it.id));
        let summary = Summary {
            format,
            replaces: self.replaces,
            projects: self.summaries,
            unchanged: self.unchanged,
            removed,
            shared_media,
            notes,
        };
        self.change.media().remember_source(remember(&summary));
        self.change.commit()?;
        Ok(summary)
    }

    /// What to know of the site as a whole.
    fn notes(&self, shared: &MediaCounts) -> Vec<String> {
        let projects = self.summaries.iter().map(|it| it.media.referred);
        let referred = projects.sum::<usize>() + shared.referred;
        if referred == 0 || self.options.pictures == PicturePolicy::AsTheyAre {
            return Vec::new();
        }
        vec![format!(
            "pictures that stay where they are ({referred}) are shown as they are: of one that is larger than \
             its place, 150 × 100 pixels for a shot, the client draws the top left corner, and of a smaller \
             one nothing"
        )]
    }

    /// Keeps the pictures that documents refer to, and the others for as long as a page may be open that
    /// does.
    fn keep_pictures(&self) -> Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default().as_secs();
        let projects = self.exported.keys().chain(&self.kept);
        let mut folders: BTreeSet<_> = projects.map(|id| self.layout.previews(id)).collect();
        folders.insert(self.layout.list_previews().to_owned());
        // What was written by others may stand elsewhere.
        for path in &self.files {
            let is_below = |folder: &String| Path::new(path).starts_with(folder);
            if !folders.iter().any(is_below) && self.change.present_stamp(path).is_some() {
                self.change.keep(path)?;
            }
        }
        for folder in folders {
            for path in self.change.files(&folder)? {
                let stays = if self.files.contains(&path) {
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
        }
        Ok(())
    }

    /// The list of projects: what was exported, and what the site keeps; in the list's order, with
    /// those it does not know any more at the end.
    fn entries<'b>(&'b self, order: &[ProjectId], present: &'b PresentList) -> Vec<Entry<'b>> {
        let kept = |id: &str| {
            let mut entries = present.projects.iter();
            let is_kept = self.kept.iter().any(|it| it.as_str() == id);
            let entry = entries.find(|it| is_kept && it.id == id)?;
            Some(Entry::Kept(&entry.id))
        };
        let entry = |id: &ProjectId| match self.exported.get(id) {
            Some((project, episodes)) => Some(Entry::New(project, episodes)),
            None => kept(id.as_str()),
        };
        let mut entries: Vec<_> = order.iter().filter_map(entry).collect();
        let known: HashSet<_> = order.iter().map(ProjectId::as_str).collect();
        let others = present.projects.iter().map(|it| it.id.as_str());
        entries.extend(others.filter(|id| !known.contains(id)).filter_map(kept));
        entries
    }

    /// What the site held of projects that nobody spoke of any more.
    fn removed(&self, present: &Present) -> Vec<RemovedProject> {
        let stays = |id: &str| {
            let kept = self.kept.iter().map(ProjectId::as_str);
            let mut told = kept.chain(self.summaries.iter().map(|it| it.id.as_str()));
            told.any(|it| it == id)
        };
        let gone = present.projects().into_iter().filter(|(id, _)| !stays(id));
        gone.map(|(id, name)| RemovedProject {
            id: id.to_owned(),
            name: name.to_owned(),
        })
        .collect()
    }

    /// Whether something that goes by one of these names may lose much of what the site shows.
    fn may_shrink(&self, names: &[&str]) -> bool {
        let mut allowed = self.options.allow_shrink.iter();
        self.options.from_site || allowed.any(|it| names.contains(&&**it))
    }

    fn fetcher(&self) -> Fetcher<'_> {
        Fetcher {
            change: &self.change,
            layout: self.layout,
            source: self.source,
            policy: &self.options.media,
            pictures: self.options.pictures,
            jobs: self.options.jobs,
            progress: self.progress,
            answers: &self.answers,
            maker: &self.maker,
        }
    }
}
