//! The writers of Watchtower's pipeline specification.

use std::num::NonZeroUsize;
use std::time::Duration;

use futures_executor::block_on;
use watchtower_model::format::Format;
use watchtower_model::place;
use watchtower_model::{
    Asset, AssetType, Edit, Project, ProjectList, ProjectSnapshot, RangeScope, References,
    Sequence, Shot, ShotCasting, TaskStatus, TaskType, User,
};

use crate::error::{Error, Result};
use crate::export::{ExportOptions, place_options};
use crate::layout::{self, Entry, Film, NewList, Placed, Stage};
use crate::media::{Answers, Fetcher, Maker, MediaPolicy, NoMedia, PicturePolicy, ResolvedMedia};
use crate::present::formats_of;
use crate::references;
use crate::site::{Site, Transaction};
use crate::summary::MediaCounts;

/// Writes `context.json`: what all projects share, in format v0.
///
/// Its fields are those of the specification's writer of the same name. Everything else in the site
/// stays as it is. [`Export`](crate::Export) writes every format.
///
/// ```
/// use watchtower_model::{AssetType, Project, TaskStatus, TaskType, User};
/// use watchtower_writer::{ProjectListWriter, Site};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path();
/// let site = Site::new(path);
/// let writer = ProjectListWriter {
///     projects: vec![Project::new("Sprite Fright")],
///     asset_types: vec![AssetType::new("Character")],
///     task_types: vec![TaskType::new("Animation")],
///     task_status: vec![TaskStatus::new("Todo")],
///     users: vec![User::new("Jade Doe")],
/// };
/// writer.write_as_json(&site)?;
/// assert!(site.path("data/projects/context.json").exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProjectListWriter {
    /// The projects, in the order of the client's menu.
    pub projects: Vec<Project>,
    /// The types of assets.
    pub asset_types: Vec<AssetType>,
    /// The types of tasks, in the order of the client's menu.
    pub task_types: Vec<TaskType>,
    /// The statuses of tasks.
    pub task_status: Vec<TaskStatus>,
    /// The people.
    pub users: Vec<User>,
}

impl ProjectListWriter {
    /// Writes the document, in one step, and says which pictures are in the site.
    ///
    /// Pictures that are files on this machine are copied in, and those in the site are referred
    /// to. Nothing is fetched over the network: [`Export`](crate::Export) does that.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when the document would break its schema,
    /// [`Error::OtherFormat`] when the site is of another format, [`Error::Output`] when it cannot be
    /// written to. The site is then as it was.
    pub fn write_as_json(&self, site: &Site) -> Result<MediaCounts> {
        let change = begin(site)?;
        let list = ProjectList {
            projects: self.projects.clone(),
            asset_types: self.asset_types.clone(),
            task_types: self.task_types.clone(),
            task_statuses: self.task_status.clone(),
            users: self.users.clone(),
        };
        let mut media = ResolvedMedia::default();
        let (answers, maker) = (Answers::default(), Maker::default());
        let people = layout::of(FORMAT).listed_people(&list);
        let fetcher = fetcher(&change, &answers, &maker);
        let counts = block_on(fetcher.fetch_shared(&list, people, &mut media))?;
        let entries = list.projects.iter().map(|it| Entry::New(it, &[]));
        let new = NewList {
            shared: &list,
            entries: entries.collect(),
            media: &media,
            present: "",
            from_site: false,
        };
        let layout = layout::of(FORMAT);
        layout.stage_list(&mut Stage::of_site(&change, layout), &new)?;
        keep_the_rest(change, counts)
    }
}

/// Writes the documents of one project into its folder, in format v0.
///
/// Its fields are those of the specification's writer of the same name, and `range_scope`. Everything else
/// in the site stays as it is. [`Export`](crate::Export) writes every format.
///
/// ```
/// use watchtower_model::{Edit, Project, RangeScope, Sequence, Shot, ShotData};
/// use watchtower_writer::{ProjectWriter, Site};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path();
/// let rextoria = Sequence::new("Rextoria");
/// let writer = ProjectWriter {
///     project: Project::new("Sprite Fright"),
///     shots: vec![Shot::new("0010", &rextoria.id, ShotData::new(0, 131))],
///     assets: Vec::new(),
///     sequences: vec![rextoria],
///     edit: Edit::new("Edit"),
///     casting: Vec::new(),
///     range_scope: RangeScope::Timeline,
/// };
/// writer.write_as_json(&Site::new(path))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectWriter {
    /// The project.
    pub project: Project,
    /// Its shots.
    pub shots: Vec<Shot>,
    /// Its assets.
    pub assets: Vec<Asset>,
    /// Its sequences, in the order of the story.
    pub sequences: Vec<Sequence>,
    /// Its edit. Without a movie the timeline is as long as the shots.
    pub edit: Edit,
    /// Which assets appear in which shot.
    pub casting: Vec<ShotCasting>,
    /// From where the frame ranges of shots count.
    pub range_scope: RangeScope,
}

impl ProjectWriter {
    /// Writes the documents, in one step, and says which pictures and movies are in the site.
    ///
    /// Media that are files on this machine are copied in, and those in the site are referred to.
    /// Nothing is fetched over the network: [`Export`](crate::Export) does that.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] when shots, assets and casting do not fit together,
    /// otherwise as [`ProjectListWriter::write_as_json`].
    pub fn write_as_json(&self, site: &Site) -> Result<MediaCounts> {
        let mut snapshot = ProjectSnapshot::new(self.project.clone());
        snapshot.shots.clone_from(&self.shots);
        snapshot.assets.clone_from(&self.assets);
        snapshot.sequences.clone_from(&self.sequences);
        snapshot.edits.push(self.edit.clone());
        snapshot.casting.clone_from(&self.casting);
        snapshot.range_scope = self.range_scope;
        let layout = layout::of(FORMAT);
        let options = ExportOptions::default();
        let placement = place::place(&mut snapshot, place_options(layout, &options));
        references::check(&snapshot, None)?;
        let change = begin(site)?;
        let (list, answers) = (ProjectList::default(), Answers::default());
        let maker = Maker::default();
        let fetcher = fetcher(&change, &answers, &maker);
        let fetched = block_on(fetcher.fetch_project(&snapshot, &placement, &list));
        let (media, counts) = fetched?;
        let placed = Placed {
            snapshot: &snapshot,
            media: &media,
            placement: &placement,
        };
        let film = Film {
            placed: &placed,
            list: &list,
            used: &References::default(),
            options: &options,
        };
        let mut stage = Stage::of_project(&change, layout, &snapshot.project);
        layout.stage_project(&mut stage, &film)?;
        keep_the_rest(change, counts)
    }
}

/// The specification's format. A project of another one carries more than its writer has.
const FORMAT: Format = Format::V0;

/// How long a writer waits for another change of the site.
const PATIENCE: Duration = Duration::from_secs(60);

/// Begins a change of a site that is of the writers' format, or new.
fn begin(site: &Site) -> Result<Transaction> {
    let change = site.begin(PATIENCE)?;
    let mut found = formats_of(site)?.into_iter();
    match found.find(|it| *it != FORMAT) {
        None => Ok(change),
        Some(found) => Err(Error::OtherFormat {
            path: site.root().to_owned(),
            found,
            wanted: FORMAT,
        }),
    }
}

fn fetcher<'a>(change: &'a Transaction, answers: &'a Answers, maker: &'a Maker) -> Fetcher<'a> {
    Fetcher {
        change,
        layout: layout::of(FORMAT),
        source: &NoMedia,
        policy: &MediaPolicy::Download,
        pictures: PicturePolicy::default(),
        jobs: NonZeroUsize::MIN,
        progress: &(),
        answers,
        maker,
    }
}

fn keep_the_rest(change: Transaction, counts: MediaCounts) -> Result<MediaCounts> {
    for folder in ["data/projects", "data/projects-list", "data/previews"] {
        change.keep(folder)?;
    }
    change.commit()?;
    Ok(counts)
}
