//! From AYON's records of one project to a [`ProjectSnapshot`].

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use watchtower_model::{
    Asset, AssetId, EntityKind, Episode, EpisodeId, InvalidId, MediaRef, Project, ProjectList,
    ProjectSnapshot, Reason, Sequence, SequenceId, Shot, ShotId, Task, TaskStatusId, TaskTypeId,
};

use super::AyonSettings;
use super::edits::{self, EditRecords};
use super::list::{self, Details};
use super::media::Addresses;
use super::records::{self, Folder, Link};
use super::timeline::{self, Odd};
use super::tree::{Kind, Tree};
use crate::Result;
use crate::snapshot_builder::{SnapshotBuilder, TaskRecord, count, ids, sort_by_name};

/// Everything AYON answers about one project.
#[derive(Debug)]
pub(super) struct Records {
    pub details: Details,
    pub links: Vec<Link>,
    pub edits: Vec<EditRecords>,
    /// How many products are no edits although they are for review, or have the name of the edit, because
    /// they belong to parts of the film.
    pub other_products: usize,
}

/// Turns the records into a snapshot in which nothing dangles, in a lasting order.
///
/// # Errors
///
/// `Invalid` for an id that is none.
pub(super) fn snapshot(
    records: &Records,
    project: &Project,
    list: &ProjectList,
    addresses: Addresses<'_>,
    settings: &AyonSettings,
) -> Result<ProjectSnapshot> {
    let tree = records.details.tree(&settings.omitted_statuses);
    let mut reader = Reader::new(project, list, addresses, &tree);
    list::fill_in(
        &mut reader.builder.snapshot.project,
        &list::Share::new(&records.details, &tree),
        list,
    );
    reader.read(records, settings).map_err(|error| {
        let operation = format!("read the project {}", project.name);
        list::invalid(operation, &error)
    })?;
    Ok(reader.builder.finish())
}

struct Reader<'a> {
    builder: SnapshotBuilder<'a>,
    addresses: Addresses<'a>,
    tree: &'a Tree<'a>,
    /// Those of shots and those of assets, by name.
    task_types: HashMap<(&'a str, bool), &'a TaskTypeId>,
    task_statuses: HashMap<&'a str, &'a TaskStatusId>,
    tasks: HashMap<&'a str, Vec<&'a records::Task>>,
    /// The first frame of the shots that have their places from AYON.
    first_frame: Option<i64>,
}

impl<'a> Reader<'a> {
    fn new(
        project: &Project,
        list: &'a ProjectList,
        addresses: Addresses<'a>,
        tree: &'a Tree<'a>,
    ) -> Self {
        let (task_types, task_statuses) = (list.task_types.iter(), list.task_statuses.iter());
        Self {
            builder: SnapshotBuilder::new("AYON", project, list),
            addresses,
            tree,
            task_types: task_types
                .map(|it| ((it.name.as_str(), it.for_shots), &it.id))
                .collect(),
            task_statuses: task_statuses.map(|it| (it.name.as_str(), &it.id)).collect(),
            tasks: HashMap::new(),
            first_frame: None,
        }
    }

    fn read(&mut self, records: &'a Records, settings: &AyonSettings) -> Result<(), InvalidId> {
        let details = &records.details;
        self.read_frame_rate(details);
        if let Some(part) = details.access.part() {
            self.builder.note(format!("{part}: the rest is not shown"));
        }
        if let Some(hidden) = details.access.hidden() {
            self.builder.note(hidden);
        }
        self.sort_tasks(&details.tasks);
        self.read_episodes(&details.folders)?;
        let sequences = self.read_sequences(&details.folders)?;
        self.read_shots(&details.folders, &sequences)?;
        self.read_assets(&details.folders)?;
        self.read_casting(&records.links);
        self.read_edits(&records.edits, &details.tasks)?;
        if records.edits.is_empty() {
            self.builder.note(no_edit(settings, records.other_products));
        } else if let (Some(named), 1..) = (&settings.edit_product, records.other_products) {
            self.builder.note(format!(
                "{} named `{}` {} to shots, assets or sequences: to make one of them the edit, put the path of \
                 its folder before the name, as in `--edit-product ep01/editorial/editMain`",
                count(records.other_products, "more product", "more products"),
                named.escape_debug(),
                if records.other_products == 1 { "belongs" } else { "belong" },
            ));
        }
        Ok(())
    }

    fn read_frame_rate(&mut self, details: &Details) {
        let fps = self.builder.snapshot.project.fps;
        match details.project.attrib.fps {
            // What comes is the server's default, if anything.
            _ if details.access.hides("fps") => self.builder.note(format!(
                "the account may not read the project's frame rate: {fps} is used"
            )),
            None => self
                .builder
                .note(format!("the project has no frame rate: {fps} is used")),
            Some(given) if list::frame_rate(given).is_none() => self.builder.note(format!(
                "the frame rate {given} is not a number of frames per second: {fps} is used"
            )),
            Some(_) => {}
        }
    }

    /// Sorts tasks by their folders. Those that are nobody's work on a shot or asset are counted.
    fn sort_tasks(&mut self, tasks: &'a [records::Task]) {
        let mut elsewhere = BTreeMap::new();
        for task in tasks {
            let folder = task.folder_id.as_deref().and_then(|id| self.tree.get(id));
            match folder {
                Some(folder) if matches!(Kind::of(folder), Kind::Shot | Kind::Asset) => {
                    self.tasks.entry(&folder.id).or_default().push(task);
                }
                _ if task.active == Some(false) => {}
                Some(folder) if self.tree.is_canceled(folder) => {}
                folder => {
                    let folder_type = folder.map_or("", |it| it.folder_type.as_str());
                    *elsewhere.entry(folder_type).or_insert(0) += 1;
                }
            }
        }
        if !elsewhere.is_empty() {
            self.builder.note(tasks_elsewhere(&elsewhere));
        }
    }

    /// The folders of a kind that are in the film, by name. The others are left out.
    fn folders(&mut self, folders: &'a [Folder], kind: Kind) -> Vec<&'a Folder> {
        let tree = self.tree;
        let of_kind = folders.iter().filter(|it| Kind::of(it) == kind);
        let (canceled, mut present): (Vec<_>, Vec<_>) =
            of_kind.partition(|it| tree.is_canceled(it));
        for folder in canceled {
            if let Some(entity) = kind.entity() {
                let name = self.full_name(folder);
                self.builder
                    .leave_out(entity, &folder.id, name, Reason::Canceled);
            }
        }
        // By folders' own names, in which AYON has the number; labels are for people.
        sort_by_name(&mut present, |it| ((), &it.name, &it.id));
        present
    }

    /// A name for people, with the sequence's in front for a shot.
    fn full_name(&self, folder: &'a Folder) -> String {
        if Kind::of(folder) != Kind::Shot {
            return folder.title().to_owned();
        }
        let sequence = self.tree.sequence(folder).map(Folder::title);
        let sequence = sequence.unwrap_or(&self.builder.snapshot.project.name);
        format!("{sequence} / {}", folder.title())
    }

    fn read_episodes(&mut self, folders: &'a [Folder]) -> Result<(), InvalidId> {
        for folder in self.folders(folders, Kind::Episode) {
            self.builder.snapshot.episodes.push(Episode {
                id: EpisodeId::new(folder.id.as_str())?,
                name: folder.title().to_owned(),
            });
        }
        Ok(())
    }

    /// The episode that a folder is or is in, and its place.
    fn episode(&self, folder: &'a Folder) -> Option<(usize, EpisodeId)> {
        let mut lineage = self.tree.lineage(folder);
        let episode = lineage.find(|it| Kind::of(it) == Kind::Episode)?;
        let mut episodes = self.builder.snapshot.episodes.iter().enumerate();
        let (place, found) = episodes.find(|(_, it)| it.id.as_str() == episode.id)?;
        Some((place, found.id.clone()))
    }

    /// Reads the sequences in the order of the story: by episode, then by name. Gives back the place
    /// of each by its folder; that of no folder is the project's.
    ///
    /// Shots that are in no sequence get one that is named after the folder they are in, or after the
    /// project.
    fn read_sequences(
        &mut self,
        folders: &'a [Folder],
    ) -> Result<HashMap<Option<&'a str>, usize>, InvalidId> {
        let mut found = self.folders(folders, Kind::Sequence);
        let tree = self.tree;
        let shots = folders.iter().filter(|it| Kind::of(it) == Kind::Shot);
        let shots = shots.filter(|it| !tree.is_canceled(it));
        let mut known: HashSet<_> = found.iter().map(|it| it.id.as_str()).collect();
        let mut loose = 0;
        let mut rootless = false;
        for shot in shots {
            match tree.sequence(shot) {
                Some(folder) => {
                    loose += usize::from(Kind::of(folder) != Kind::Sequence);
                    if known.insert(&folder.id) {
                        found.push(folder);
                    }
                }
                None => {
                    loose += 1;
                    rootless = true;
                }
            }
        }
        let mut placed: Vec<_> = found
            .into_iter()
            .map(|folder| (self.episode(folder), folder))
            .collect();
        sort_by_name(&mut placed, |(episode, folder)| {
            // Those outside any episode come last.
            let episode = episode.as_ref().map_or(usize::MAX, |it| it.0);
            (episode, &folder.name, &folder.id)
        });
        let mut places = HashMap::new();
        for (episode, folder) in placed {
            places.insert(
                Some(folder.id.as_str()),
                self.builder.snapshot.sequences.len(),
            );
            self.builder.snapshot.sequences.push(Sequence {
                id: SequenceId::new(folder.id.as_str())?,
                name: folder.title().to_owned(),
                episode_id: episode.map(|(_, id)| id),
            });
        }
        if rootless {
            let Project { id, name, .. } = &self.builder.snapshot.project;
            places.insert(None, self.builder.snapshot.sequences.len());
            self.builder.snapshot.sequences.push(Sequence {
                id: SequenceId::derived(&[id.as_str()]),
                name: name.clone(),
                episode_id: None,
            });
        }
        if loose > 0 {
            self.builder.note(format!(
                "{} in no sequence: the folder, or else the project, stands for one",
                count(loose, "shot is", "shots are")
            ));
        }
        Ok(places)
    }

    fn read_shots(
        &mut self,
        folders: &'a [Folder],
        sequences: &HashMap<Option<&'a str>, usize>,
    ) -> Result<(), InvalidId> {
        let film = self.builder.snapshot.project.fps;
        let mut shots = Vec::new();
        for folder in self.folders(folders, Kind::Shot) {
            let sequence = self.tree.sequence(folder).map(|it| it.id.as_str());
            // Every shot's sequence was read before.
            if let Some(place) = sequences.get(&sequence) {
                shots.push((*place, folder));
            }
        }
        // Stable: within a sequence they stay in the order of names.
        shots.sort_by_key(|(place, _)| *place);
        let mut inherited = 0;
        let mut other_rates = 0;
        let mut odd: BTreeMap<Odd, Vec<String>> = BTreeMap::new();
        for (sequence, folder) in shots {
            let fps = folder.attrib.fps.and_then(list::frame_rate).unwrap_or(film);
            let (data, what) = timeline::shot_data(folder, fps);
            if let Some(what) = what {
                odd.entry(what).or_default().push(self.full_name(folder));
            }
            inherited += usize::from(timeline::is_inherited(folder, &data));
            other_rates += usize::from(fps != film);
            let first = data.range().map(|(start, _)| start);
            self.first_frame = match (self.first_frame, first) {
                (Some(known), Some(first)) => Some(known.min(first)),
                (known, first) => known.or(first),
            };
            let tasks = self.tasks(folder)?;
            self.builder.snapshot.shots.push(Shot {
                id: ShotId::new(folder.id.as_str())?,
                name: folder.title().to_owned(),
                sequence_id: self.builder.snapshot.sequences[sequence].id.clone(),
                data,
                tasks,
                thumbnail: self.thumbnail(folder),
                fps,
            });
        }
        if inherited > 0 {
            self.builder.note(format!(
                "{} no frame range of {} own: the length is that of a folder above or of the project",
                count(inherited, "shot has", "shots have"),
                if inherited == 1 { "its" } else { "their" },
            ));
        }
        for (odd, names) in odd {
            let told = odd.told(names.len());
            self.builder
                .note(format!("{told}: {}", first_names(&names)));
        }
        if other_rates > 0 {
            self.builder.note(format!(
                "{} another frame rate than the project's {film}",
                count(other_rates, "shot has", "shots have")
            ));
        }
        Ok(())
    }

    fn read_assets(&mut self, folders: &'a [Folder]) -> Result<(), InvalidId> {
        let list = self.builder.list();
        let types = ids(list.asset_types.iter().map(|it| &it.id));
        let mut assets = Vec::new();
        for folder in self.folders(folders, Kind::Asset) {
            let asset_type = self.tree.asset_type(folder).id;
            match types.get(asset_type.as_str()) {
                Some((_, place)) => assets.push((*place, asset_type, folder)),
                // A folder that is there only since the list was read.
                None => {
                    let name = folder.title().to_owned();
                    self.builder
                        .leave_out(EntityKind::Asset, &folder.id, name, Reason::Dangling);
                }
            }
        }
        // Stable: within a type they stay in the order of names.
        assets.sort_by_key(|(place, ..)| *place);
        for (_, asset_type_id, folder) in assets {
            let tasks = self.tasks(folder)?;
            self.builder.snapshot.assets.push(Asset {
                id: AssetId::new(folder.id.as_str())?,
                name: folder.title().to_owned(),
                asset_type_id,
                tasks,
                thumbnail: self.thumbnail(folder),
            });
        }
        Ok(())
    }

    fn thumbnail(&self, folder: &Folder) -> Option<MediaRef> {
        let project = self.builder.snapshot.project.id.as_str();
        self.addresses.folder(project, folder)
    }

    /// The tasks of a shot or asset.
    fn tasks(&mut self, folder: &'a Folder) -> Result<Vec<Task>, InvalidId> {
        let of_shot = Kind::of(folder) == Kind::Shot;
        let name = self.full_name(folder);
        let records = self.tasks.remove(folder.id.as_str()).unwrap_or_default();
        let (inactive, active): (Vec<_>, Vec<_>) =
            records.into_iter().partition(|it| it.active == Some(false));
        for record in inactive {
            self.builder
                .leave_out(EntityKind::Task, &record.id, &name, Reason::Canceled);
        }
        let active = active.into_iter().map(|it| {
            let task_type = it.task_type.as_deref();
            let task_type = task_type.and_then(|name| self.task_types.get(&(name, of_shot)));
            let status = it.status.as_deref();
            let status = status.and_then(|name| self.task_statuses.get(name));
            TaskRecord {
                id: it.id.as_str().into(),
                task_type: task_type.map(|id| id.as_str().into()),
                status: status.map(|id| id.as_str().into()),
                assignees: it.assignees.iter().map(|it| it.as_str().into()).collect(),
            }
        });
        self.builder.tasks(&name, active)
    }

    /// Reads who appears where. What names a shot or asset that was left out goes with it.
    fn read_casting(&mut self, links: &'a [Link]) {
        let pairs = links.iter().map(|it| (&*it.output_id, &*it.input_id));
        let missing = self.builder.cast(pairs);
        let is = |id: &str, kind| self.tree.get(id).map(Kind::of) == Some(kind);
        let other = missing
            .iter()
            .filter(|(shot, asset)| !is(shot, Kind::Shot) || !is(asset, Kind::Asset));
        match other.count() {
            0 => {}
            other => self.builder.note(format!(
                "{} not from an asset to a shot, and not shown",
                count(other, "breakdown link is", "breakdown links are")
            )),
        }
    }

    fn read_edits(
        &mut self,
        records: &'a [EditRecords],
        tasks: &'a [records::Task],
    ) -> Result<(), InvalidId> {
        let mut edits = Vec::new();
        for record in records {
            let (product, version) = (&record.product, &record.version);
            let folder = product.folder_id.as_deref();
            let folder = folder.and_then(|id| self.tree.get(id));
            if folder.is_some_and(|it| self.tree.is_canceled(it)) {
                let name = product.title().to_owned();
                self.builder
                    .leave_out(EntityKind::Edit, &product.id, name, Reason::Canceled);
                continue;
            }
            let (place, episode) = folder.and_then(|it| self.episode(it)).unzip();
            let project = self.builder.snapshot.project.id.as_str();
            let edit = edits::edit(record, project, self.first_frame, episode, self.addresses)?;
            let created = Reverse(version.created_at.as_deref());
            let task = tasks
                .iter()
                .find(|it| Some(&it.id) == version.task_id.as_ref());
            let task_type = task.and_then(|it| it.task_type.as_deref());
            let is_one = edits::looks_like_one(product, folder, task_type);
            edits.push((
                (edit.movie.is_none(), !is_one, place, created),
                edit,
                edits::note(record),
            ));
        }
        sort_by_name(&mut edits, |(order, edit, _)| {
            (*order, &edit.name, &edit.id)
        });
        for (_, edit, note) in edits {
            if let Some(note) = note {
                self.builder.note(format!("the edit {}: {note}", edit.name));
            }
            self.builder.snapshot.edits.push(edit);
        }
        Ok(())
    }
}

/// What a person can do about a film without an edit.
fn no_edit(settings: &AyonSettings, other_products: usize) -> String {
    let found = match &settings.edit_product {
        Some(named) => format!("there is no product `{}`", named.escape_debug()),
        None => "no product of the type `review` belongs to the project or an episode".to_owned(),
    };
    let others = match (other_products, &settings.edit_product) {
        (0, _) | (_, Some(_)) => "",
        _ => " (those of shots, sequences and assets do not count)",
    };
    format!("{found}{others}, so there is no edit")
}

/// What a person can do about tasks of folders that are neither shots nor assets.
fn tasks_elsewhere(by_type: &BTreeMap<&str, usize>) -> String {
    /// What AYON knows as something else.
    const KNOWN: [&str; 6] = [
        "",
        "folder",
        "library",
        "episode",
        "sequence",
        "assetcategory",
    ];

    let all = by_type.values().sum();
    let types = by_type.iter().map(|(name, number)| match *name {
        "" => format!("no longer there: {number}"),
        name => format!("{name}: {number}"),
    });
    let types = types.collect::<Vec<_>>().join(", ");
    let mut own = by_type.keys();
    let own = own.find(|it| !KNOWN.contains(&it.to_lowercase().as_str()));
    let help = own.map(|own| {
        format!(". To show folders of the type {own}, give `--asset-type \"{own}\"` or `--shot-type \"{own}\"`")
    });
    format!(
        "{} on folders that are neither shots nor assets, and not shown ({types}){}",
        count(all, "task is", "tasks are"),
        help.unwrap_or_default()
    )
}

/// Names in a row, or the first few of many.
fn first_names(names: &[String]) -> String {
    const SHOWN: usize = 5;
    match names.len().saturating_sub(SHOWN) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..SHOWN].join(", ")),
    }
}
