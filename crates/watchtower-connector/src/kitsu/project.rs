//! From Kitsu's records of one project to a [`ProjectSnapshot`].

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use watchtower_model::{
    Asset, AssetId, AssetTypeId, EntityKind, Episode, EpisodeId, FrameRate, InvalidId, Project,
    ProjectList, ProjectSnapshot, Reason, Sequence, SequenceId, Shot, ShotId, Task,
};

use super::edits::{self, EditRecords};
use super::frame_range::shot_data;
use super::list::frame_rate;
use super::media::Addresses;
use super::records;
use crate::snapshot_builder::{SnapshotBuilder, TaskRecord, by_name, count, ids, sort_by_name};
use crate::{Error, ErrorKind, Result};

/// Everything Kitsu answers about one project.
#[derive(Debug)]
pub(super) struct Records {
    pub project: records::Project,
    pub episodes: Vec<records::Entity>,
    pub sequences: Vec<records::Entity>,
    pub assets: Vec<records::Asset>,
    pub lent_assets: Vec<records::LentAsset>,
    pub shots: Vec<records::Shot>,
    pub casting: records::Casting,
    pub edits: Vec<EditRecords>,
}

/// Turns the records into a snapshot in which nothing dangles, in a lasting order.
///
/// # Errors
///
/// `Invalid` for an id that is none.
pub(super) fn snapshot(
    records: Records,
    project: &Project,
    list: &ProjectList,
    addresses: Addresses<'_>,
) -> Result<ProjectSnapshot> {
    let mut reader = Reader {
        builder: SnapshotBuilder::new("Kitsu", project, list),
        addresses,
    };
    reader.read(records).map_err(|error| {
        let operation = format!("read the project {}", project.name);
        Error::new(ErrorKind::Invalid, operation, error.to_string())
    })?;
    // In Kitsu the project's own lists say what new tasks may be made of: types and statuses that are taken
    // off them, and people who leave the team, stay on the tasks there are, and Kitsu goes on showing them.
    reader.builder.list_what_is_used();
    Ok(reader.builder.finish())
}

struct Reader<'a> {
    builder: SnapshotBuilder<'a>,
    addresses: Addresses<'a>,
}

impl Reader<'_> {
    fn read(&mut self, records: Records) -> Result<(), InvalidId> {
        self.read_frame_rate(&records.project);
        // Kitsu keeps the episodes of a project that is no series any more.
        let is_series = records.project.production_type.as_deref() == Some("tvshow");
        let canceled_episodes = match is_series {
            true => self.read_episodes(records.episodes)?,
            false => HashSet::new(),
        };
        let groups = self.read_sequences(records.sequences, is_series, &canceled_episodes)?;
        let known_shots = records.shots.iter().map(|it| it.id.clone()).collect();
        let mut known_assets: HashSet<_> = records.assets.iter().map(|it| it.id.clone()).collect();
        let mut assets = records.assets;
        for lent in records.lent_assets {
            // One is there once, in however many shots it appears.
            if known_assets.insert(lent.id.clone()) {
                assets.push(lent.into());
            }
        }
        self.read_shots(records.shots, &groups)?;
        self.read_assets(assets)?;
        self.read_casting(&records.casting, &known_shots, &known_assets);
        self.read_edits(records.edits, is_series, &canceled_episodes)
    }

    fn read_frame_rate(&mut self, project: &records::Project) {
        match frame_rate(&project.fps) {
            Ok(fps) => self.builder.snapshot.project.fps = fps.unwrap_or_default(),
            Err(text) => {
                let fps = FrameRate::default();
                self.builder.snapshot.project.fps = fps;
                self.builder.note(format!(
                    "the frame rate `{}` is not a number of frames per second: {fps} is used",
                    text.escape_debug()
                ));
            }
        }
    }

    /// Gives back the ids of those that are cancelled.
    fn read_episodes(
        &mut self,
        mut records: Vec<records::Entity>,
    ) -> Result<HashSet<String>, InvalidId> {
        sort_by_name(&mut records, |it| ((), &it.name, &it.id));
        let mut canceled = HashSet::new();
        for record in records {
            if record.canceled {
                self.builder.leave_out(
                    EntityKind::Episode,
                    &record.id,
                    record.name,
                    Reason::Canceled,
                );
                canceled.insert(record.id);
                continue;
            }
            self.builder.snapshot.episodes.push(Episode {
                id: EpisodeId::new(record.id)?,
                name: record.name,
            });
        }
        Ok(canceled)
    }

    /// Reads the sequences in the order of the story: by episode, then by name.
    fn read_sequences(
        &mut self,
        records: Vec<records::Entity>,
        is_series: bool,
        canceled_episodes: &HashSet<String>,
    ) -> Result<HashMap<String, Group>, InvalidId> {
        let episodes = ids(self.builder.snapshot.episodes.iter().map(|it| &it.id));
        let mut records: Vec<_> = records
            .into_iter()
            .map(|record| {
                let parent = record.parent_id.as_deref().filter(|_| is_series);
                let place = parent.and_then(|id| episodes.get(id)).cloned();
                (place, record)
            })
            .collect();
        sort_by_name(&mut records, |(place, it)| {
            // Those outside any episode come last.
            let place = place.as_ref().map_or(usize::MAX, |(_, place)| *place);
            (place, &it.name, &it.id)
        });
        let mut groups = HashMap::new();
        let mut homeless = 0;
        for (place, record) in records {
            let parent = record.parent_id.as_deref().filter(|_| is_series);
            if record.canceled || parent.is_some_and(|id| canceled_episodes.contains(id)) {
                let name = record.name.clone();
                self.builder
                    .leave_out(EntityKind::Sequence, &record.id, name, Reason::Canceled);
                groups.insert(record.id, Group::Canceled(record.name));
                continue;
            }
            homeless += usize::from(is_series && place.is_none());
            let sequence = Sequence {
                id: SequenceId::new(record.id.clone())?,
                name: record.name,
                episode_id: place.map(|(id, _)| id),
            };
            groups.insert(
                record.id,
                Group::Sequence {
                    id: sequence.id.clone(),
                    name: sequence.name.clone(),
                    place: self.builder.snapshot.sequences.len(),
                },
            );
            self.builder.snapshot.sequences.push(sequence);
        }
        if homeless > 0 {
            self.builder.note(format!(
                "{} in no episode",
                count(homeless, "sequence is", "sequences are")
            ));
        }
        Ok(groups)
    }

    fn read_shots(
        &mut self,
        records: Vec<records::Shot>,
        groups: &HashMap<String, Group>,
    ) -> Result<(), InvalidId> {
        let mut shots = Vec::new();
        for record in records {
            let group = record.sequence_id.as_ref().and_then(|id| groups.get(id));
            let sequence_name = match group {
                Some(Group::Sequence { name, .. } | Group::Canceled(name)) => name.as_str(),
                None => record.sequence_name.as_deref().unwrap_or("no sequence"),
            };
            let name = format!("{sequence_name} / {}", record.name);
            let reason = match group {
                _ if record.canceled => Reason::Canceled,
                Some(Group::Canceled(_)) => Reason::Canceled,
                None => Reason::Dangling,
                Some(Group::Sequence { id, place, .. }) => {
                    shots.push(FoundShot {
                        record,
                        full_name: name,
                        sequence_id: id.clone(),
                        sequence_place: *place,
                    });
                    continue;
                }
            };
            self.builder
                .leave_out(EntityKind::Shot, &record.id, name, reason);
        }
        sort_by_name(&mut shots, |it| {
            (it.sequence_place, &it.record.name, &it.record.id)
        });
        for shot in shots {
            let data = shot_data(&shot.record);
            let thumbnail = self.preview(shot.record.preview_file_id.as_deref());
            let tasks = self.tasks(shot.record.tasks, &shot.full_name)?;
            self.builder.snapshot.shots.push(Shot {
                id: ShotId::new(shot.record.id)?,
                name: shot.record.name,
                sequence_id: shot.sequence_id,
                data,
                tasks,
                thumbnail,
                // A shot may have a frame rate of its own in Kitsu, but its range is on the
                // timeline of the film.
                fps: self.builder.snapshot.project.fps,
            });
        }
        Ok(())
    }

    fn read_assets(&mut self, mut records: Vec<records::Asset>) -> Result<(), InvalidId> {
        let types = ids(self.builder.list().asset_types.iter().map(|it| &it.id));
        let type_of = |record: &records::Asset| -> Option<&(AssetTypeId, usize)> {
            types.get(record.asset_type_id.as_deref()?)
        };
        sort_by_name(&mut records, |it| {
            let place = type_of(it).map_or(usize::MAX, |(_, place)| *place);
            (place, &it.name, &it.id)
        });
        for record in records {
            if record.canceled {
                self.builder.leave_out(
                    EntityKind::Asset,
                    &record.id,
                    record.name,
                    Reason::Canceled,
                );
                continue;
            }
            let Some((asset_type_id, _)) = type_of(&record) else {
                self.builder.leave_out(
                    EntityKind::Asset,
                    &record.id,
                    record.name,
                    Reason::Dangling,
                );
                continue;
            };
            let asset_type_id = asset_type_id.clone();
            let thumbnail = self.preview(record.preview_file_id.as_deref());
            let tasks = self.tasks(record.tasks, &record.name)?;
            self.builder.snapshot.assets.push(Asset {
                id: AssetId::new(record.id)?,
                name: record.name,
                asset_type_id,
                tasks,
                thumbnail,
            });
        }
        Ok(())
    }

    fn preview(&self, id: Option<&str>) -> Option<watchtower_model::MediaRef> {
        let id = id.filter(|id| !id.is_empty())?;
        Some(self.addresses.thumbnail("preview-files", id))
    }

    /// The tasks of a shot or asset.
    fn tasks(&mut self, records: Vec<records::Task>, of: &str) -> Result<Vec<Task>, InvalidId> {
        let records = records.into_iter().map(|it| TaskRecord {
            id: it.id.into(),
            task_type: it.task_type_id.map(Into::into),
            status: it.task_status_id.map(Into::into),
            assignees: it.assignees.into_iter().map(Into::into).collect(),
        });
        self.builder.tasks(of, records)
    }

    /// Reads who appears where. What names a shot or asset that was left out goes with it.
    fn read_casting(
        &mut self,
        records: &records::Casting,
        known_shots: &HashSet<String>,
        known_assets: &HashSet<String>,
    ) {
        let cast = records
            .iter()
            .flat_map(|(shot, cast)| cast.iter().flatten().map(move |it| (shot, it)));
        let mut names: HashMap<&str, &str> = HashMap::new();
        let pairs = cast.filter_map(|(shot, it)| {
            let id = it.asset_id.as_deref()?;
            names.insert(id, it.asset_name.as_deref().unwrap_or(id));
            Some((shot.as_str(), id))
        });
        let missing = self.builder.cast(pairs);
        let shots = ids(self.builder.snapshot.shots.iter().map(|it| &it.id));
        let unknown = missing
            .iter()
            .filter(|(shot, asset)| shots.contains_key(*shot) && !known_assets.contains(*asset));
        let mut unknown: Vec<&str> = unknown.map(|(_, asset)| names[asset]).collect();
        if !unknown.is_empty() {
            unknown.sort_by(|a, b| by_name(a, b));
            unknown.dedup();
            self.builder.note(format!(
                "the casting names {}: {}",
                count(
                    unknown.len(),
                    "asset that is neither this project's nor lent to it",
                    "assets that are neither this project's nor lent to it"
                ),
                unknown.join(", ")
            ));
        }
        let is_cast = |cast: &Option<Vec<_>>| cast.as_ref().is_some_and(|cast| !cast.is_empty());
        let unknown = records
            .iter()
            .filter(|(id, cast)| is_cast(cast) && !known_shots.contains(*id))
            .count();
        if unknown > 0 {
            self.builder.note(format!(
                "the casting of {} that Kitsu does not list is left out",
                count(unknown, "shot", "shots")
            ));
        }
    }

    fn read_edits(
        &mut self,
        records: Vec<EditRecords>,
        is_series: bool,
        canceled_episodes: &HashSet<String>,
    ) -> Result<(), InvalidId> {
        let episodes = ids(self.builder.snapshot.episodes.iter().map(|it| &it.id));
        let mut edits = Vec::new();
        for EditRecords {
            edit: record,
            previews,
        } in records
        {
            let episode = record.episode_id.as_deref().or(record.parent_id.as_deref());
            let episode = episode.filter(|id| is_series && !id.is_empty());
            if record.canceled || episode.is_some_and(|id| canceled_episodes.contains(id)) {
                self.builder
                    .leave_out(EntityKind::Edit, &record.id, record.name, Reason::Canceled);
                continue;
            }
            let episode = episode.and_then(|id| episodes.get(id));
            let movie = edits::movie(&previews);
            edits.push((
                Reverse(movie.is_some()),
                movie.as_ref().is_some_and(|movie| movie.is_outdated()),
                episode.map(|(_, place)| *place),
                edits::edit(
                    record,
                    movie.as_ref(),
                    episode.map(|(id, _)| id),
                    self.addresses,
                )?,
                edits::note(&previews, movie.as_ref()),
            ));
        }
        edits.sort_by(|a, b| {
            let names = || by_name(&a.3.name, &b.3.name).then_with(|| a.3.id.cmp(&b.3.id));
            (&a.0, a.1, a.2).cmp(&(&b.0, b.1, b.2)).then_with(names)
        });
        for (.., edit, note) in edits {
            if let Some(note) = note {
                self.builder.note(format!("the edit {}: {note}", edit.name));
            }
            self.builder.snapshot.edits.push(edit);
        }
        Ok(())
    }
}

/// Where a shot's `sequence_id` leads.
enum Group {
    Sequence {
        id: SequenceId,
        name: String,
        place: usize,
    },
    /// Its name.
    Canceled(String),
}

struct FoundShot {
    record: records::Shot,
    /// `SEQUENCE / SHOT`
    full_name: String,
    sequence_id: SequenceId,
    sequence_place: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{HttpClient, HttpOptions};
    use serde_json::{Value, json};
    use watchtower_model::{
        AssetType, TaskStatus, TaskStatusId, TaskType, TaskTypeId, User, UserId,
    };

    /// What the projects share: one of each, with short ids.
    fn list() -> ProjectList {
        let mut list = ProjectList {
            asset_types: vec![AssetType::new("Character"), AssetType::new("Prop")],
            task_types: vec![TaskType::new("Modeling"), TaskType::new("Animation")],
            task_statuses: vec![TaskStatus::new("Todo")],
            users: vec![User::new("Jade"), User::new("Max")],
            ..ProjectList::default()
        };
        list.asset_types[0].id = AssetTypeId::new("character").unwrap();
        list.asset_types[1].id = AssetTypeId::new("prop").unwrap();
        list.task_types[0].id = TaskTypeId::new("modeling").unwrap();
        list.task_types[1].id = TaskTypeId::new("animation").unwrap();
        list.task_statuses[0].id = TaskStatusId::new("todo").unwrap();
        list.users[0].id = UserId::new("jade").unwrap();
        list.users[1].id = UserId::new("max").unwrap();
        list
    }

    /// Records from what differs from a film with the sequences `a` and `b`.
    fn records(differences: Value) -> Records {
        let mut all = json!({
            "project": {"id": "film"},
            "episodes": [],
            "sequences": [{"id": "b", "name": "B"}, {"id": "a", "name": "A"}],
            "assets": [],
            "lent_assets": [],
            "shots": [],
            "casting": {},
        });
        all.as_object_mut()
            .unwrap()
            .extend(differences.as_object().unwrap().clone());
        fn take<T: serde::de::DeserializeOwned>(all: &mut Value, key: &str) -> T {
            serde_json::from_value(all[key].take()).unwrap()
        }
        let edits: Vec<records::Edit> = take::<Option<_>>(&mut all, "edits").unwrap_or_default();
        Records {
            project: take(&mut all, "project"),
            episodes: take(&mut all, "episodes"),
            sequences: take(&mut all, "sequences"),
            assets: take(&mut all, "assets"),
            lent_assets: take(&mut all, "lent_assets"),
            shots: take(&mut all, "shots"),
            casting: take(&mut all, "casting"),
            edits: edits
                .into_iter()
                .map(|edit| EditRecords {
                    edit,
                    previews: records::Previews::default(),
                })
                .collect(),
        }
    }

    fn read(differences: Value) -> ProjectSnapshot {
        let http = HttpClient::new("http://127.0.0.1", &HttpOptions::default()).unwrap();
        let project = Project::new("Film");
        snapshot(records(differences), &project, &list(), Addresses(&http)).unwrap()
    }

    fn shot(id: &str, sequence: &str, start: i64) -> Value {
        json!({"id": id, "name": id, "sequence_id": sequence, "data": {"frame_in": start, "frame_out": start + 10}})
    }

    fn left_out(snapshot: &ProjectSnapshot) -> Vec<String> {
        let all = snapshot.left_out.iter();
        all.map(|it| format!("{} {}: {}", it.kind, it.name, it.reason))
            .collect()
    }

    fn names<'a, T>(all: &'a [T], name: impl Fn(&'a T) -> &'a str) -> Vec<&'a str> {
        all.iter().map(name).collect()
    }

    #[test]
    fn a_shot_without_its_sequence_is_left_out_and_named() {
        let mut lost = shot("3", "gone", 0);
        lost["sequence_name"] = json!("GONE");
        let mut loose = shot("4", "", 0);
        loose["sequence_id"] = json!(null);
        let film = read(json!({
            "sequences": [{"id": "a", "name": "A"}, {"id": "c", "name": "C", "canceled": true}],
            "shots": [shot("1", "a", 0), shot("2", "c", 0), lost, loose],
        }));
        assert_eq!(names(&film.shots, |it| &it.name), ["1"]);
        assert_eq!(
            left_out(&film),
            [
                "shot C / 2: cancelled",
                "shot GONE / 3: refers to something that is not there",
                "shot no sequence / 4: refers to something that is not there",
                "sequence C: cancelled",
            ]
        );
    }

    #[test]
    fn what_is_in_a_cancelled_episode_is_left_out_with_it() {
        let film = read(json!({
            "project": {"id": "film", "production_type": "tvshow"},
            "episodes": [{"id": "e10", "name": "E10"}, {"id": "e2", "name": "E2"}, {"id": "e3", "name": "E3", "canceled": true}],
            "sequences": [
                {"id": "d", "name": "D"},
                {"id": "c", "name": "C", "parent_id": "e3"},
                {"id": "a", "name": "A", "parent_id": "e10"},
                {"id": "b", "name": "B", "parent_id": "e2"},
            ],
            "shots": [shot("1", "a", 0), shot("2", "c", 0)],
            "edits": [{"id": "x", "name": "X", "episode_id": "e3"}, {"id": "y", "name": "Y", "parent_id": "e2"}],
        }));
        assert_eq!(names(&film.episodes, |it| &it.name), ["E2", "E10"]);
        assert_eq!(
            names(&film.sequences, |it| &it.name),
            ["B", "A", "D"],
            "the order of the story"
        );
        assert_eq!(
            film.sequences[0].episode_id.as_ref().unwrap().as_str(),
            "e2"
        );
        assert_eq!(film.sequences[2].episode_id, None);
        assert_eq!(film.edits[0].episode_id.as_ref().unwrap().as_str(), "e2");
        assert_eq!(
            left_out(&film),
            [
                "shot C / 2: cancelled",
                "sequence C: cancelled",
                "episode E3: cancelled",
                "edit X: cancelled",
            ]
        );
        assert_eq!(film.notes[0], "1 sequence is in no episode");
    }

    #[test]
    fn a_film_has_no_episodes_whatever_is_left_of_them() {
        let film = read(json!({
            "project": {"id": "film", "production_type": "short"},
            "episodes": [{"id": "e1", "name": "E1", "canceled": true}],
            "sequences": [{"id": "a", "name": "A", "parent_id": "e1"}],
            "shots": [shot("1", "a", 0)],
        }));
        assert!(film.episodes.is_empty() && film.left_out.is_empty());
        assert_eq!(film.sequences[0].episode_id, None);
        assert_eq!(film.shots.len(), 1);
    }

    #[test]
    fn tasks_of_unknown_kind_are_left_out_and_unknown_people_counted() {
        let mut shot = shot("1", "a", 0);
        shot["tasks"] = json!([
            {"id": "t1", "task_type_id": "animation", "task_status_id": "todo", "assignees": ["max", "ghost", "jade", "max"]},
            {"id": "t3", "task_type_id": "modeling", "task_status_id": "todo", "assignees": null},
            {"id": "t2", "task_type_id": "modeling", "task_status_id": "todo"},
            {"id": "t4", "task_type_id": "gone", "task_status_id": "todo"},
            {"id": "t5", "task_type_id": "animation", "task_status_id": null},
        ]);
        let film = read(json!({"shots": [shot]}));
        let tasks = &film.shots[0].tasks;
        let ids: Vec<_> = tasks
            .iter()
            .map(|it| it.id.as_ref().unwrap().as_str())
            .collect();
        assert_eq!(ids, ["t2", "t3", "t1"], "in the order of task types");
        assert_eq!(
            tasks[2].assignees,
            [UserId::new("jade").unwrap(), UserId::new("max").unwrap()]
        );
        assert_eq!(
            left_out(&film),
            [
                "task A / 1: refers to something that is not there",
                "task A / 1: refers to something that is not there",
            ]
        );
        assert_eq!(
            film.notes,
            ["1 of the people on tasks is left out: Kitsu does not list them"]
        );
    }

    #[test]
    fn assets_come_by_type_and_name() {
        let film = read(json!({"assets": [
            {"id": "1", "name": "Rock 10", "asset_type_id": "prop"},
            {"id": "2", "name": "Rock 9", "asset_type_id": "prop"},
            {"id": "3", "name": "Zoe", "asset_type_id": "character", "canceled": null},
            {"id": "4", "name": "Lost", "asset_type_id": "gone"},
            {"id": "5", "name": "Cut", "asset_type_id": "prop", "canceled": true},
        ]}));
        assert_eq!(
            names(&film.assets, |it| &it.name),
            ["Zoe", "Rock 9", "Rock 10"]
        );
        assert_eq!(
            left_out(&film),
            [
                "asset Cut: cancelled",
                "asset Lost: refers to something that is not there"
            ]
        );
    }

    #[test]
    fn casting_names_only_what_is_there_and_each_asset_once() {
        let film = read(json!({
            "assets": [
                {"id": "zoe", "name": "Zoe", "asset_type_id": "character"},
                {"id": "rock", "name": "Rock", "asset_type_id": "prop"},
                {"id": "cut", "name": "Cut", "asset_type_id": "prop", "canceled": true},
            ],
            "lent_assets": [
                {"id": "lent", "name": "Lent", "entity_type_id": "prop"},
                {"id": "lent", "name": "Lent", "entity_type_id": "prop"},
                {"id": "zoe", "name": "Zoe", "entity_type_id": "character"},
            ],
            "shots": [
                shot("2", "a", 10),
                shot("1", "a", 0),
                shot("3", "a", 20),
                {"id": "4", "name": "4", "sequence_id": "a", "canceled": true},
            ],
            "casting": {
                "1": [{"asset_id": "rock"}, {"asset_id": "cut"}, {"asset_id": "zoe"}, {"asset_id": "rock"}],
                "2": [{"asset_id": "lent"}, {"asset_id": "lost", "asset_name": "Lost"}, {"asset_id": null}, {"asset_id": "zoe"}],
                "3": [{"asset_id": "cut"}],
                "4": [{"asset_id": "zoe"}],
                "5": null,
                "6": [{"asset_id": "zoe"}],
            },
        }));
        let casting: Vec<_> = film
            .casting
            .iter()
            .map(|it| (it.shot_id.as_str(), names(&it.asset_ids, |id| id.as_str())))
            .collect();
        let due = [("1", vec!["zoe", "rock"]), ("2", vec!["zoe", "lent"])];
        assert_eq!(casting, due);
        assert_eq!(names(&film.assets, |it| &it.name), ["Zoe", "Lent", "Rock"]);
        insta::assert_debug_snapshot!(film.notes, @r#"
        [
            "the casting names 1 asset that is neither this project's nor lent to it: Lost",
            "the casting of 1 shot that Kitsu does not list is left out",
        ]
        "#);
    }

    #[test]
    fn shots_come_in_the_order_of_the_story_whatever_is_known_of_them() {
        let film = read(json!({"shots": [
            shot("sh10", "a", 0),
            {"id": "sh9", "name": "sh9", "sequence_id": "b", "nb_frames": 5},
            {"id": "sh2", "name": "sh2", "sequence_id": "a", "data": {"lens": "35mm"}},
            shot("sh1", "b", 50),
        ]}));
        let known: Vec<_> = film
            .shots
            .iter()
            .map(|it| (&*it.name, it.data.range(), it.data.length()))
            .collect();
        assert_eq!(
            known,
            [
                ("sh2", None, None),
                ("sh10", Some((0, 10)), Some(10)),
                ("sh1", Some((50, 60)), Some(10)),
                ("sh9", None, Some(5)),
            ]
        );
        assert_eq!(film.shots[0].data.custom["lens"], "35mm");
        assert!(film.left_out.is_empty());
    }

    #[test]
    fn every_situation_has_the_timeline_that_any_other_way_in_gives() {
        use watchtower_model::place::{PlaceOptions, Timelines, Unplaced, place};
        let situations = include_str!("../../../../tests/timeline/situations.json");
        let situations: Value = serde_json::from_str(situations).unwrap();
        let situations = situations.as_array().unwrap().iter();
        // Kitsu's ranges count from the start of the film.
        for situation in situations.filter(|it| it["range_scope"].is_null()) {
            let shots = situation["shots"].as_array().unwrap().iter().map(|it| {
                json!({
                    "id": it[1], "name": it[1], "sequence_id": it[0], "nb_frames": it[4],
                    "data": {"frame_in": it[2], "frame_out": it[3]},
                })
            });
            let sequences = ["010", "020"].map(|it| json!({"id": it, "name": it}));
            let mut film =
                read(json!({"sequences": sequences, "shots": shots.collect::<Vec<_>>()}));
            let options = PlaceOptions {
                timelines: Timelines::One,
                unplaced: Unplaced::Show,
                from_site: false,
            };
            place(&mut film, options);
            let places = film.shots.iter().map(|it| match it.data.range() {
                Some((start, end)) => format!("{} {start}-{end}", it.name),
                None => format!("{} nowhere", it.name),
            });
            assert_eq!(
                json!(places.collect::<Vec<_>>()),
                situation["places"],
                "{situation}"
            );
        }
    }

    #[test]
    fn an_id_that_is_none_is_an_error() {
        let http = HttpClient::new("http://127.0.0.1", &HttpOptions::default()).unwrap();
        let records = records(json!({"edits": [{"id": "../../etc", "name": "Edit"}]}));
        let error =
            snapshot(records, &Project::new("Film"), &list(), Addresses(&http)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(error.operation(), "read the project Film");
    }
}
