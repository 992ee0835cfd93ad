//! From AYON's records of one project to a [`ProjectSnapshot`].

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use watchtower_model::{
    Asset, AssetId, EntityKind, Episode, EpisodeId, InvalidId, LeftOut, MediaRef, Project,
    ProjectList, ProjectSnapshot, Reason, Sequence, SequenceId, Shot, ShotCasting, ShotId, Task,
    TaskId, TaskStatusId, TaskTypeId, UserId,
};

use super::edits::{self, EditRecords};
use super::list::{self, Details};
use super::media::Addresses;
use super::records::{self, Folder, Link};
use super::timeline::{self, Odd};
use super::tree::{Kind, Tree};
use super::{AyonSettings, by_name};
use crate::Result;

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
    list::fill_in(&mut reader.snapshot.project, &records.details, &tree, list);
    reader.read(records, settings).map_err(|error| {
        let operation = format!("read the project {}", project.name);
        list::invalid(operation, &error)
    })?;
    Ok(reader.finish())
}

struct Reader<'a> {
    list: &'a ProjectList,
    addresses: Addresses<'a>,
    tree: &'a Tree<'a>,
    /// Those of shots and those of assets, by name.
    task_types: HashMap<(&'a str, bool), (&'a TaskTypeId, usize)>,
    task_statuses: HashMap<&'a str, &'a TaskStatusId>,
    users: HashMap<&'a str, &'a UserId>,
    snapshot: ProjectSnapshot,
    tasks: HashMap<&'a str, Vec<&'a records::Task>>,
    unknown_assignees: usize,
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
        let task_types = list.task_types.iter().enumerate();
        let task_statuses = list.task_statuses.iter();
        let users = list.users.iter();
        Self {
            list,
            addresses,
            tree,
            task_types: task_types
                .map(|(at, it)| ((it.name.as_str(), it.for_shots), (&it.id, at)))
                .collect(),
            task_statuses: task_statuses.map(|it| (it.name.as_str(), &it.id)).collect(),
            users: users.map(|it| (it.id.as_str(), &it.id)).collect(),
            snapshot: ProjectSnapshot::new(project.clone()),
            tasks: HashMap::new(),
            unknown_assignees: 0,
            first_frame: None,
        }
    }

    fn read(&mut self, records: &'a Records, settings: &AyonSettings) -> Result<(), InvalidId> {
        let details = &records.details;
        self.read_frame_rate(details);
        if let Some(part) = details.access.part() {
            self.note(format!("{part}: the rest is not shown"));
        }
        if let Some(hidden) = details.access.hidden() {
            self.note(hidden);
        }
        self.sort_tasks(&details.tasks);
        self.read_episodes(&details.folders)?;
        let sequences = self.read_sequences(&details.folders)?;
        self.read_shots(&details.folders, &sequences)?;
        self.read_assets(&details.folders)?;
        self.read_casting(&records.links);
        self.read_edits(&records.edits, &details.tasks)?;
        if records.edits.is_empty() {
            self.note(no_edit(settings, records.other_products));
        } else if let (Some(named), 1..) = (&settings.edit_product, records.other_products) {
            self.note(format!(
                "{} named `{}` {} to shots, assets or sequences: to make one of them the edit, put the path of \
                 its folder before the name, as in `--edit-product ep01/editorial/editMain`",
                count(records.other_products, "more product", "more products"),
                named.escape_debug(),
                if records.other_products == 1 { "belongs" } else { "belong" },
            ));
        }
        Ok(())
    }

    fn leave_out(&mut self, kind: EntityKind, id: &str, name: String, reason: Reason) {
        self.snapshot.left_out.push(LeftOut {
            kind,
            id: id.to_owned(),
            name,
            reason,
        });
    }

    fn note(&mut self, note: impl Into<String>) {
        self.snapshot.notes.push(note.into());
    }

    fn read_frame_rate(&mut self, details: &Details) {
        let fps = self.snapshot.project.fps;
        match details.project.attrib.fps {
            // What comes is the server's default, if anything.
            _ if details.access.hides("fps") => self.note(format!(
                "the account may not read the project's frame rate: {fps} is used"
            )),
            None => self.note(format!("the project has no frame rate: {fps} is used")),
            Some(given) if list::frame_rate(given).is_none() => self.note(format!(
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
            self.note(tasks_elsewhere(&elsewhere));
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
                self.leave_out(entity, &folder.id, name, Reason::Canceled);
            }
        }
        present.sort_by(|a, b| by_folder_name(a, b));
        present
    }

    /// A name for people, with the sequence's in front for a shot.
    fn full_name(&self, folder: &'a Folder) -> String {
        if Kind::of(folder) != Kind::Shot {
            return folder.title().to_owned();
        }
        let sequence = self.tree.sequence(folder).map(Folder::title);
        let sequence = sequence.unwrap_or(&self.snapshot.project.name);
        format!("{sequence} / {}", folder.title())
    }

    fn read_episodes(&mut self, folders: &'a [Folder]) -> Result<(), InvalidId> {
        for folder in self.folders(folders, Kind::Episode) {
            self.snapshot.episodes.push(Episode {
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
        let mut episodes = self.snapshot.episodes.iter().enumerate();
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
        placed.sort_by(|(episode_a, a), (episode_b, b)| {
            // Those outside any episode come last.
            let order = |it: &Option<(usize, EpisodeId)>| it.as_ref().map_or(usize::MAX, |it| it.0);
            let names = || by_folder_name(a, b);
            order(episode_a).cmp(&order(episode_b)).then_with(names)
        });
        let mut places = HashMap::new();
        for (episode, folder) in placed {
            places.insert(Some(folder.id.as_str()), self.snapshot.sequences.len());
            self.snapshot.sequences.push(Sequence {
                id: SequenceId::new(folder.id.as_str())?,
                name: folder.title().to_owned(),
                episode_id: episode.map(|(_, id)| id),
            });
        }
        if rootless {
            let Project { id, name, .. } = &self.snapshot.project;
            places.insert(None, self.snapshot.sequences.len());
            self.snapshot.sequences.push(Sequence {
                id: SequenceId::derived(&[id.as_str()]),
                name: name.clone(),
                episode_id: None,
            });
        }
        if loose > 0 {
            self.note(format!(
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
        let film = self.snapshot.project.fps;
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
            self.snapshot.shots.push(Shot {
                id: ShotId::new(folder.id.as_str())?,
                name: folder.title().to_owned(),
                sequence_id: self.snapshot.sequences[sequence].id.clone(),
                data,
                tasks,
                thumbnail: self.thumbnail(folder),
                fps,
            });
        }
        if inherited > 0 {
            self.note(format!(
                "{} no frame range of {} own: the length is that of a folder above or of the project",
                count(inherited, "shot has", "shots have"),
                if inherited == 1 { "its" } else { "their" },
            ));
        }
        for (odd, names) in odd {
            let told = odd.told(names.len());
            self.note(format!("{told}: {}", first_names(&names)));
        }
        if other_rates > 0 {
            self.note(format!(
                "{} another frame rate than the project's {film}",
                count(other_rates, "shot has", "shots have")
            ));
        }
        Ok(())
    }

    fn read_assets(&mut self, folders: &'a [Folder]) -> Result<(), InvalidId> {
        let list = self.list;
        let types: HashMap<_, _> = list
            .asset_types
            .iter()
            .enumerate()
            .map(|(place, it)| (&it.id, place))
            .collect();
        let mut assets = Vec::new();
        for folder in self.folders(folders, Kind::Asset) {
            let asset_type = self.tree.asset_type(folder).id;
            match types.get(&asset_type) {
                Some(place) => assets.push((*place, asset_type, folder)),
                // A folder that is there only since the list was read.
                None => {
                    let name = folder.title().to_owned();
                    self.leave_out(EntityKind::Asset, &folder.id, name, Reason::Dangling);
                }
            }
        }
        // Stable: within a type they stay in the order of names.
        assets.sort_by_key(|(place, ..)| *place);
        for (_, asset_type_id, folder) in assets {
            let tasks = self.tasks(folder)?;
            self.snapshot.assets.push(Asset {
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
        let project = self.snapshot.project.id.as_str();
        self.addresses.folder(project, folder)
    }

    /// The tasks of a shot or asset, in the order of task types.
    fn tasks(&mut self, folder: &'a Folder) -> Result<Vec<Task>, InvalidId> {
        let of_shot = Kind::of(folder) == Kind::Shot;
        let mut tasks = Vec::new();
        for record in self.tasks.remove(folder.id.as_str()).unwrap_or_default() {
            let task_type = record.task_type.as_deref();
            let task_type = task_type.and_then(|name| self.task_types.get(&(name, of_shot)));
            let status = record.status.as_deref();
            let status = status.and_then(|name| self.task_statuses.get(name));
            let reason = match (task_type, status) {
                _ if record.active == Some(false) => Reason::Canceled,
                (Some(&(task_type_id, place)), Some(&task_status_id)) => {
                    let known = record.assignees.iter();
                    let known = known.filter_map(|name| self.users.get(name.as_str()));
                    let mut assignees: Vec<UserId> = known.map(|&id| id.clone()).collect();
                    self.unknown_assignees += record.assignees.len() - assignees.len();
                    assignees.sort();
                    assignees.dedup();
                    let task = Task {
                        id: Some(TaskId::new(record.id.as_str())?),
                        assignees,
                        ..Task::new(task_type_id.clone(), task_status_id.clone())
                    };
                    tasks.push((place, task));
                    continue;
                }
                _ => Reason::Dangling,
            };
            let name = self.full_name(folder);
            self.leave_out(EntityKind::Task, &record.id, name, reason);
        }
        tasks.sort_by(|(place_a, a), (place_b, b)| {
            place_a.cmp(place_b).then_with(|| a.id.cmp(&b.id))
        });
        Ok(tasks.into_iter().map(|(_, task)| task).collect())
    }

    /// Reads who appears where. What names a shot or asset that was left out goes with it.
    fn read_casting(&mut self, links: &'a [Link]) {
        let shots = self.snapshot.shots.iter().enumerate();
        let shots: HashMap<_, _> = shots.map(|(at, it)| (it.id.as_str(), at)).collect();
        let assets = self.snapshot.assets.iter().enumerate();
        let assets: HashMap<_, _> = assets.map(|(at, it)| (it.id.as_str(), at)).collect();
        let mut cast: Vec<(usize, usize)> = Vec::new();
        let mut other = 0;
        for link in links {
            let places = (shots.get(&*link.output_id), assets.get(&*link.input_id));
            let kind = |id: &str| self.tree.get(id).map(Kind::of);
            match places {
                (Some(shot), Some(asset)) => cast.push((*shot, *asset)),
                _ if kind(&link.output_id) == Some(Kind::Shot)
                    && kind(&link.input_id) == Some(Kind::Asset) => {}
                _ => other += 1,
            }
        }
        // The same pair may be linked twice.
        cast.sort_unstable();
        cast.dedup();
        let casting = cast.chunk_by(|(a, _), (b, _)| a == b).map(|of_shot| {
            let asset = |(_, asset): &(usize, usize)| self.snapshot.assets[*asset].id.clone();
            ShotCasting {
                shot_id: self.snapshot.shots[of_shot[0].0].id.clone(),
                asset_ids: of_shot.iter().map(asset).collect(),
            }
        });
        self.snapshot.casting = casting.collect();
        if other > 0 {
            self.note(format!(
                "{} not from an asset to a shot, and not shown",
                count(other, "breakdown link is", "breakdown links are")
            ));
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
                self.leave_out(EntityKind::Edit, &product.id, name, Reason::Canceled);
                continue;
            }
            let (place, episode) = folder.and_then(|it| self.episode(it)).unzip();
            let project = self.snapshot.project.id.as_str();
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
        edits.sort_by(|(order_a, a, _), (order_b, b, _)| {
            let names = || by_name(&a.name, &b.name).then_with(|| a.id.cmp(&b.id));
            order_a.cmp(order_b).then_with(names)
        });
        for (_, edit, note) in edits {
            if let Some(note) = note {
                self.note(format!("the edit {}: {note}", edit.name));
            }
            self.snapshot.edits.push(edit);
        }
        Ok(())
    }

    /// Last touches on the whole.
    fn finish(mut self) -> ProjectSnapshot {
        if self.unknown_assignees > 0 {
            let unknown = self.unknown_assignees;
            self.note(format!(
                "{} of the people on tasks {} left out: AYON does not list them",
                unknown,
                if unknown == 1 { "is" } else { "are" }
            ));
        }
        let mut snapshot = self.snapshot;
        snapshot.left_out.sort_by(|a, b| {
            let names = || by_name(&a.name, &b.name).then_with(|| a.id.cmp(&b.id));
            a.kind.cmp(&b.kind).then_with(names)
        });
        snapshot
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

/// The order of folders' own names, in which AYON has the number; labels are for people.
fn by_folder_name(a: &Folder, b: &Folder) -> std::cmp::Ordering {
    by_name(&a.name, &b.name).then_with(|| a.id.cmp(&b.id))
}

/// Names in a row, or the first few of many.
fn first_names(names: &[String]) -> String {
    const SHOWN: usize = 5;
    match names.len().saturating_sub(SHOWN) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..SHOWN].join(", ")),
    }
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
