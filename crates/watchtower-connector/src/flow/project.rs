//! From a site's records of one project to a [`ProjectSnapshot`].

use std::collections::{HashMap, HashSet};

use watchtower_model::{
    Asset, AssetId, Cut, CutRange, Edit, EditId, EntityKind, Episode, EpisodeId, InvalidId,
    MediaRef, Project, ProjectList, ProjectSnapshot, RangeScope, Reason, Sequence, SequenceId,
    Shot, ShotData, ShotId, Task,
};

use super::cut::{Cuts, Level, Places};
use super::list::{self, Details};
use super::media::{self, Picture, picture};
use super::natural::{NaturalKey, by_name};
use super::records::{self, named};
use super::{Flow, FlowSettings, survey};
use crate::Result;
use crate::snapshot_builder::{SnapshotBuilder, TaskRecord, count};

/// Turns what a site answers about a project into a snapshot.
///
/// # Errors
///
/// `Invalid` for an id that is empty.
pub(super) fn snapshot(
    flow: &Flow,
    details: &Details,
    project: &Project,
    list: &ProjectList,
) -> Result<ProjectSnapshot> {
    let mut reader = Reader {
        builder: SnapshotBuilder::new("Flow", project, list),
        details,
        cuts: &details.cuts,
        homes: Homes::new(details, project),
        not_yet: 0,
    };
    let account = flow.session.account();
    for told in survey::unseen(&flow.unseen(), &account) {
        reader.builder.note(told);
    }
    reader
        .read(&flow.settings, &account)
        .map_err(|error| list::invalid(format!("read the project {}", project.name), &error))?;
    Ok(reader.builder.finish())
}

struct Reader<'a> {
    builder: SnapshotBuilder<'a>,
    details: &'a Details,
    cuts: &'a Cuts,
    homes: Homes<'a>,
    /// Pictures that the site is still making.
    not_yet: usize,
}

/// What stands for the sequence of a shot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Home {
    Sequence(i64),
    /// A scene, for shots of an episode of their own.
    Scene(i64, Option<i64>),
    /// The project, likewise.
    Project(Option<i64>),
}

impl Home {
    /// What its cut is of.
    fn level(self) -> Option<Level> {
        match self {
            Self::Sequence(id) => Some(Level::Sequence(id)),
            Self::Scene(id, _) => Some(Level::Scene(id)),
            Self::Project(_) => None,
        }
    }

    /// The same for shots in no episode.
    fn without_episode(self) -> Self {
        match self {
            Self::Scene(id, _) => Self::Scene(id, None),
            Self::Project(_) => Self::Project(None),
            Self::Sequence(_) => self,
        }
    }
}

/// A sequence, or what stands for one.
struct Group {
    id: String,
    name: String,
    episode: Option<i64>,
    rank: Rank,
}

/// By what sequences are sorted: the first cut order in each, where those hold across the film; then sequences,
/// scenes and the project, by name.
type Rank = (bool, Option<i64>, u8, NaturalKey, i64, EpisodeRank);

/// By what episodes are sorted: by name; what is in none comes last.
type EpisodeRank = (bool, NaturalKey, i64);

/// The sequences of a project and what stands for some, and which shot is where.
struct Homes<'a> {
    groups: HashMap<Home, Group>,
    episodes: HashMap<i64, &'a records::Episode>,
}

impl<'a> Homes<'a> {
    fn new(details: &'a Details, project: &Project) -> Self {
        let mut homes = Self {
            groups: HashMap::new(),
            episodes: details.episodes.iter().map(|it| (it.id, it)).collect(),
        };
        for sequence in &details.sequences {
            let episode = sequence.episode.as_ref().or(sequence.sg_episode.as_ref());
            let name = named(sequence.code.as_deref(), "Sequence", sequence.id);
            let rank = (
                true,
                None,
                0,
                NaturalKey::of(sequence.code.as_deref().unwrap_or_default()),
                sequence.id,
                EpisodeRank::default(),
            );
            let group = Group {
                id: format!("sequence-{}", sequence.id),
                episode: homes.known_episode(episode),
                name,
                rank,
            };
            homes.groups.insert(Home::Sequence(sequence.id), group);
        }
        let mut first: HashMap<Home, i64> = HashMap::new();
        let mut orders = HashSet::new();
        let mut is_overall = true;
        for shot in details.live_shots() {
            let home = homes.of(shot);
            let group = homes.stand_in(home, shot, details.project.id, &project.name);
            homes.groups.entry(home).or_insert(group);
            if let Some(order) = shot.sg_cut_order {
                is_overall &= orders.insert(order);
                let first = first.entry(home).or_insert(order);
                *first = order.min(*first);
            }
        }
        for (home, group) in &mut homes.groups {
            let first = first.get(home).copied().filter(|_| is_overall);
            (group.rank.0, group.rank.1) = (first.is_none(), first);
        }
        homes.tell_apart();
        homes
    }

    /// What stands for the sequence of a shot in none.
    fn stand_in(&self, home: Home, shot: &records::Shot, project: i64, title: &str) -> Group {
        let (kind, id, name, episode) = match (home, &shot.sg_scene) {
            (Home::Scene(id, episode), Some(scene)) => (
                "scene",
                id,
                named(scene.name.as_deref(), "Scene", id),
                episode,
            ),
            (Home::Scene(_, episode) | Home::Project(episode), _) => {
                ("project", project, title.to_owned(), episode)
            }
            (Home::Sequence(id), _) => ("sequence", id, String::new(), None),
        };
        let rank = match kind {
            "scene" => (1, NaturalKey::of(&name), id),
            _ => (2, NaturalKey::default(), 0),
        };
        Group {
            id: format!("{kind}-{id}"),
            rank: (
                true,
                None,
                rank.0,
                rank.1,
                rank.2,
                self.episode_rank(episode),
            ),
            name,
            episode,
        }
    }

    /// Where one thing stands for sequences of several episodes, those after the first get ids and names of
    /// their own.
    fn tell_apart(&mut self) {
        let mut firsts: HashMap<Home, EpisodeRank> = HashMap::new();
        for (home, group) in &self.groups {
            let (first, own) = (firsts.entry(home.without_episode()), &group.rank.5);
            let first = first.or_insert_with(|| own.clone());
            if own < first {
                *first = own.clone();
            }
        }
        let episodes = &self.episodes;
        for (home, group) in &mut self.groups {
            if group.rank.5 == firsts[&home.without_episode()] {
                continue;
            }
            let episode = group.episode.and_then(|id| episodes.get(&id));
            let (id, name) = match episode {
                Some(it) => (it.id, named(it.code.as_deref(), "Episode", it.id)),
                None => (0, "no episode".to_owned()),
            };
            group.id = format!("{}-episode-{id}", group.id);
            group.name = format!("{} ({name})", group.name);
        }
    }

    /// What stands for the sequence of a shot.
    fn of(&self, shot: &records::Shot) -> Home {
        let sequence = shot.sg_sequence.as_ref().map(|it| Home::Sequence(it.id));
        if let Some(sequence) = sequence.filter(|it| self.groups.contains_key(it)) {
            return sequence;
        }
        let episode = self.known_episode(shot.sg_episode.as_ref());
        match &shot.sg_scene {
            Some(scene) => Home::Scene(scene.id, episode),
            None => Home::Project(episode),
        }
    }

    fn known_episode(&self, link: Option<&records::Link>) -> Option<i64> {
        let id = link.map(|it| it.id);
        id.filter(|id| self.episodes.contains_key(id))
    }

    /// The place of an episode in the series.
    fn episode_rank(&self, episode: Option<i64>) -> EpisodeRank {
        let found = episode.and_then(|id| self.episodes.get(&id));
        let name = found.map(|it| NaturalKey::of(it.code.as_deref().unwrap_or_default()));
        (
            found.is_none(),
            name.unwrap_or_default(),
            episode.unwrap_or(0),
        )
    }
}

/// A shot, and where the story has it.
struct Told<'a> {
    record: &'a records::Shot,
    home: Home,
}

impl<'a> Reader<'a> {
    fn read(&mut self, settings: &FlowSettings, account: &str) -> Result<(), InvalidId> {
        let (details, list) = (self.details, self.builder.list());
        list::fill_in(&mut self.builder.snapshot.project, details, list);
        for what in &details.unseen {
            self.builder
                .note(format!("{account} may not read {what}, so there are none"));
        }
        if details.shots.is_empty() {
            self.builder.note(format!(
                "the site shows {account} no shots, which may be for lack of permission"
            ));
        }
        self.read_frame_rate(settings);
        for note in &self.cuts.notes {
            self.builder.note(note);
        }
        self.read_episodes()?;
        self.read_sequences()?;
        self.read_shots()?;
        self.read_assets()?;
        self.leave_out_tasks();
        self.read_casting();
        self.read_edits(settings)?;
        if self.not_yet > 0 {
            self.builder.note(format!(
                "the site is still making {}: the next export has what is ready then",
                count(self.not_yet, "picture", "pictures")
            ));
        }
        Ok(())
    }

    fn read_frame_rate(&mut self, settings: &FlowSettings) {
        let own = list::frame_rate(&self.details.project, settings);
        let project = &mut self.builder.snapshot.project;
        if let Some(fps) = self.cuts.frame_rate() {
            project.fps = fps;
            if let Some(own) = own.filter(|own| *own != fps) {
                self.builder.note(format!(
                    "the cut has {fps} frames per second, and the project {own}: those of the cut count"
                ));
            }
            return;
        }
        project.fps = own.unwrap_or_default();
        if own.is_none() {
            let fps = project.fps;
            self.builder.note(format!(
                "neither a cut nor the project has a frame rate: {fps} is used"
            ));
        }
    }

    fn read_episodes(&mut self) -> Result<(), InvalidId> {
        let mut episodes: Vec<_> = self.details.episodes.iter().collect();
        episodes.sort_by_cached_key(|it| self.homes.episode_rank(Some(it.id)));
        for episode in episodes {
            self.builder.snapshot.episodes.push(Episode {
                id: episode_id(episode.id)?,
                name: named(episode.code.as_deref(), "Episode", episode.id),
            });
        }
        Ok(())
    }

    /// The sequences and what stands for some, in the order of the story.
    fn read_sequences(&mut self) -> Result<(), InvalidId> {
        let mut groups: Vec<_> = self.homes.groups.values().collect();
        groups.sort_by_key(|it| &it.rank);
        for group in groups {
            self.builder.snapshot.sequences.push(Sequence {
                id: SequenceId::new(group.id.as_str())?,
                name: group.name.clone(),
                episode_id: group.episode.map(episode_id).transpose()?,
            });
        }
        Ok(())
    }

    /// The shots that are in the film, in the order of the story.
    fn told(&mut self) -> Vec<Told<'a>> {
        let mut told = Vec::new();
        for record in &self.details.shots {
            let home = self.homes.of(record);
            if self.details.omitted.is(record.sg_status_list.as_deref()) {
                let name = self.full_name(record, home);
                let id = format!("shot-{}", record.id);
                self.builder
                    .leave_out(EntityKind::Shot, id, name, Reason::Canceled);
                continue;
            }
            told.push(Told { record, home });
        }
        told.sort_by_cached_key(|it| {
            let group = &self.homes.groups[&it.home];
            (
                self.homes.episode_rank(group.episode),
                group.rank.clone(),
                it.record.sg_cut_order.is_none(),
                it.record.sg_cut_order,
                NaturalKey::of(it.record.code.as_deref().unwrap_or_default()),
                it.record.id,
            )
        });
        told
    }

    /// A name for people, with the sequence's in front.
    fn full_name(&self, shot: &records::Shot, home: Home) -> String {
        let sequence = self.homes.groups.get(&home).map(|it| &it.name);
        let sequence = sequence.unwrap_or(&self.builder.snapshot.project.name);
        format!(
            "{sequence} / {}",
            named(shot.code.as_deref(), "Shot", shot.id)
        )
    }

    /// Reads the shots, and what the cuts say of them: those of the film or episodes are laid over, those of
    /// sequences are ranges that count from the start of each.
    fn read_shots(&mut self) -> Result<(), InvalidId> {
        let told = self.told();
        let fps = self.builder.snapshot.project.fps;
        let mut tasks = self.tasks_of("Shot");
        let mut places: HashMap<Level, Places> = HashMap::new();
        let mut cuts: HashMap<Level, Vec<CutRange>> = HashMap::new();
        for shot in told {
            let record = shot.record;
            let id = ShotId::new(format!("shot-{}", record.id))?;
            let name = self.full_name(record, shot.home);
            let chosen = self.level(shot.home).and_then(|level| {
                let chosen = self.cuts.chosen.get(&level)?;
                places.entry(level).or_insert_with(|| {
                    let of_cut = chosen.places(fps);
                    self.note_places(&chosen.cut.title(), &of_cut);
                    of_cut
                });
                Some(level)
            });
            let range = chosen.and_then(|it| places[&it].ranges.get(&record.id).copied());
            let length = length(record);
            let mut data = length.map_or_else(ShotData::default, ShotData::of_length);
            match (chosen, range) {
                (Some(level @ (Level::Project | Level::Episode(_))), range) => {
                    let cut = cuts.entry(level).or_default();
                    cut.extend(range.map(|(frame_in, frame_out)| CutRange {
                        shot_id: id.clone(),
                        frame_in,
                        frame_out,
                    }));
                }
                (_, Some((start, end))) => data = ShotData::new(start, end),
                (_, None) => {}
            }
            let tasks = self.tasks(&name, tasks.remove(&record.id))?;
            let thumbnail = self.picture("Shot", record.id, record.image.as_deref());
            self.builder.snapshot.shots.push(Shot {
                id,
                name: named(record.code.as_deref(), "Shot", record.id),
                sequence_id: SequenceId::new(self.homes.groups[&shot.home].id.as_str())?,
                data,
                tasks,
                thumbnail,
                fps,
            });
        }
        self.builder.snapshot.range_scope = RangeScope::Sequence;
        for (level, episode) in self.timelines() {
            let (Some(ranges), Some(chosen)) = (cuts.remove(&level), self.cuts.chosen.get(&level))
            else {
                continue;
            };
            self.builder.snapshot.cuts.push(Cut {
                name: chosen.cut.title(),
                episode_id: episode.map(episode_id).transpose()?,
                frames: places.get(&level).map_or(0, |it| it.end),
                ranges,
                is_followed: true,
            });
        }
        Ok(())
    }

    /// Of what the cut is that a shot may be in: of its film or episode, or else of its sequence.
    fn level(&self, home: Home) -> Option<Level> {
        let episode = self.homes.groups.get(&home).and_then(|it| it.episode);
        let timeline = episode.map_or(Level::Project, Level::Episode);
        match self.cuts.chosen.contains_key(&timeline) {
            true => Some(timeline),
            false => home.level(),
        }
    }

    /// The episodes in order, and the film.
    fn timelines(&self) -> Vec<(Level, Option<i64>)> {
        let mut episodes: Vec<i64> = self.homes.episodes.keys().copied().collect();
        episodes.sort_by_cached_key(|id| self.homes.episode_rank(Some(*id)));
        let episodes = episodes
            .into_iter()
            .map(|id| (Level::Episode(id), Some(id)));
        episodes.chain([(Level::Project, None)]).collect()
    }

    fn note_places(&mut self, cut: &str, places: &Places) {
        if places.nameless > 0 {
            self.builder.note(format!(
                "{} of the cut {cut} {} no shot",
                count(places.nameless, "item", "items"),
                if places.nameless == 1 { "has" } else { "have" },
            ));
        }
        if !places.repeated.is_empty() {
            let shots = self.details.shots.iter();
            let repeated = shots.filter(|it| places.repeated.contains(&it.id));
            let names: Vec<String> = repeated
                .map(|it| named(it.code.as_deref(), "Shot", it.id))
                .collect();
            self.builder.note(format!(
                "shots that are seen again later in the cut {cut} have their first place only: {}",
                names.join(", ")
            ));
        }
    }

    fn picture(&mut self, entity: &str, id: i64, image: Option<&str>) -> Option<MediaRef> {
        let picture = picture(entity, id, image);
        self.not_yet += usize::from(picture == Picture::NotYet);
        picture.into_media()
    }

    /// The tasks of a type of things, by the ids of those.
    fn tasks_of(&self, entity: &str) -> HashMap<i64, Vec<&'a records::Task>> {
        let mut tasks: HashMap<i64, Vec<_>> = HashMap::new();
        for record in &self.details.tasks {
            if let Some(link) = record.entity.as_ref().filter(|it| &*it.entity == entity) {
                tasks.entry(link.id).or_default().push(record);
            }
        }
        tasks
    }

    /// The tasks of a shot or asset, by its name.
    fn tasks(
        &mut self,
        of: &str,
        records: Option<Vec<&records::Task>>,
    ) -> Result<Vec<Task>, InvalidId> {
        let records = records
            .unwrap_or_default()
            .into_iter()
            .map(|it| TaskRecord {
                id: format!("task-{}", it.id).into(),
                task_type: Some(list::task_type_id(it).into()),
                status: Some(list::status_id(it.sg_status_list.as_deref()).into()),
                assignees: it
                    .task_assignees
                    .iter()
                    .map(|it| list::user_id(it).into())
                    .collect(),
            });
        self.builder.tasks(of, records)
    }

    /// Tasks that are nobody's work on a shot or asset. Those of what is left out go with it.
    fn leave_out_tasks(&mut self) {
        for record in &self.details.tasks {
            let entity = record.entity.as_ref().map(|it| &*it.entity);
            if !matches!(entity, Some("Shot" | "Asset")) {
                let name = named(record.content.as_deref(), "Task", record.id);
                let reason = Reason::Other("neither of a shot nor of an asset".into());
                let id = format!("task-{}", record.id);
                self.builder.leave_out(EntityKind::Task, id, name, reason);
            }
        }
    }

    fn read_assets(&mut self) -> Result<(), InvalidId> {
        let list = self.builder.list();
        let types: HashMap<_, _> = list.asset_types.iter().map(|it| &it.id).zip(0..).collect();
        let mut tasks = self.tasks_of("Asset");
        let mut assets = Vec::new();
        for record in &self.details.assets {
            let asset_type = list::asset_type(record).id;
            let place = types.get(&asset_type).copied();
            let reason = match place {
                _ if self.details.omitted.is(record.sg_status_list.as_deref()) => Reason::Canceled,
                Some(place) => {
                    assets.push((place, asset_type, record));
                    continue;
                }
                // It has a type that came into use after the list was read.
                None => Reason::Dangling,
            };
            let name = named(record.code.as_deref(), "Asset", record.id);
            let id = format!("asset-{}", record.id);
            self.builder.leave_out(EntityKind::Asset, id, name, reason);
        }
        assets.sort_by(|(place_a, _, a), (place_b, _, b)| {
            let name = |it: &'a records::Asset| it.code.as_deref().unwrap_or_default();
            let names = || by_name(name(a), name(b)).then_with(|| a.id.cmp(&b.id));
            place_a.cmp(place_b).then_with(names)
        });
        for (_, asset_type_id, record) in assets {
            let name = named(record.code.as_deref(), "Asset", record.id);
            let tasks = self.tasks(&name, tasks.remove(&record.id))?;
            let thumbnail = self.picture("Asset", record.id, record.image.as_deref());
            self.builder.snapshot.assets.push(Asset {
                id: AssetId::new(format!("asset-{}", record.id))?,
                name,
                asset_type_id,
                tasks,
                thumbnail,
            });
        }
        Ok(())
    }

    /// Who appears where. What was left out is left out here too.
    fn read_casting(&mut self) {
        let pairs = self.details.shots.iter().flat_map(|shot| {
            let assets = shot.assets.iter();
            assets.map(|it| (format!("shot-{}", shot.id), format!("asset-{}", it.id)))
        });
        self.builder.cast(pairs);
    }

    fn read_edits(&mut self, settings: &FlowSettings) -> Result<(), InvalidId> {
        for (level, episode) in self.timelines() {
            let Some(chosen) = self.cuts.chosen.get(&level) else {
                continue;
            };
            let version = chosen.cut.version.as_ref();
            let version = version.and_then(|it| self.cuts.versions.get(&it.id));
            let edit = Edit {
                id: EditId::new(format!("cut-{}", chosen.cut.id))?,
                episode_id: episode.map(episode_id).transpose()?,
                ..Edit::new(chosen.cut.title())
            };
            self.add_edit(edit, version);
        }
        if let Some(version) = &self.cuts.edit_version {
            let edit = Edit {
                id: EditId::new(format!("version-{}", version.id))?,
                ..Edit::new(named(version.code.as_deref(), "Version", version.id))
            };
            self.add_edit(edit, Some(version));
        }
        if self.builder.snapshot.edits.is_empty() {
            self.builder.note(match &settings.edit_version {
                Some(name) => format!(
                    "neither a cut nor a version whose name starts with `{}` and that has an mp4: there is \
                     no edit",
                    name.escape_debug()
                ),
                None => "no cut of the film or an episode, so there is no edit: --edit-version finds one \
                         among the versions"
                    .to_owned(),
            });
        }
        Ok(())
    }

    /// Adds an edit with the movie of a version, if that has one for browsers.
    fn add_edit(&mut self, mut edit: Edit, version: Option<&records::Version>) {
        let movie = version.and_then(|it| {
            let (field, file) = it.movie()?;
            Some((it.frame_offset(), media::movie(it.id, field, file)?))
        });
        match (movie, version) {
            (Some((offset, movie)), _) => {
                edit.frame_offset = offset;
                edit.movie = Some(movie);
            }
            (None, Some(version)) => self.builder.note(format!(
                "the edit {}: the version {} has no mp4",
                edit.name,
                named(version.code.as_deref(), "Version", version.id)
            )),
            (None, None) => {
                self.builder
                    .note(format!("the edit {}: it names no version", edit.name));
            }
        }
        self.builder.snapshot.edits.push(edit);
    }
}

fn episode_id(id: i64) -> Result<EpisodeId, InvalidId> {
    EpisodeId::new(format!("episode-{id}"))
}

/// How many frames a shot has: the ends, which are both within, before the duration, and what people write before
/// the raw fields that are deprecated. Handles are no part of it.
fn length(shot: &records::Shot) -> Option<i64> {
    let of = |first: Option<i64>, last: Option<i64>, duration: Option<i64>| match (first, last) {
        (Some(first), Some(last)) if last >= first => Some(last - first + 1),
        _ => duration.filter(|it| *it > 0),
    };
    of(shot.sg_cut_in, shot.sg_cut_out, shot.sg_cut_duration)
        .or_else(|| of(shot.cut_in, shot.cut_out, shot.cut_duration))
}
