//! A film as a timeline of OpenTimelineIO, for editors.

use serde_json::{Value, json};
use watchtower_model::{EpisodeId, HexColor, MediaRef, ProjectList, ProjectSnapshot, Shot, Task};

use super::otio::OURS;

/// A timeline as it was written, and what it lacks.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The timeline, as a file of OpenTimelineIO holds it.
    pub text: String,
    /// How many shots are in it.
    pub shots: usize,
    /// Shots that have no place on the timeline, by sequence and name.
    pub left_out: Vec<String>,
}

/// Writes the shots of a film, or of one episode of a series, as a timeline of OpenTimelineIO: each is a clip
/// with its picture, and with a marker for the status of each of its tasks. The movie of the edit is a track
/// below them. `address` says where pictures and movies are, as a URL.
///
/// Metadata under `watchtower` has what the timeline itself does not: the shot's id, by which `--edit` finds
/// it again, whatever becomes of the clip's name.
pub fn write(
    film: &ProjectSnapshot,
    list: &ProjectList,
    episode: Option<&EpisodeId>,
    address: impl Fn(&MediaRef) -> Option<String>,
) -> Written {
    let is_of_episode = |shot: &&Shot| {
        let mut sequences = film.sequences.iter();
        let sequence = sequences.find(|it| it.id == shot.sequence_id);
        episode.is_none() || sequence.is_some_and(|it| it.episode_id.as_ref() == episode)
    };
    let (mut placed, mut left_out) = (Vec::new(), Vec::new());
    for shot in film.shots.iter().filter(is_of_episode) {
        match shot.data.range() {
            Some((start, end)) if start >= 0 => placed.push((start, end, shot)),
            _ => left_out.push(clip_name(film, shot)),
        }
    }
    placed.sort_by_key(|it| (it.0, it.1));
    let writer = Writer {
        film,
        list,
        rate: film.project.fps.as_f64(),
        address: &address,
    };
    // Shots that overlap are on tracks above each other.
    let mut tracks: Vec<(i64, Vec<Value>)> = Vec::new();
    for (start, end, shot) in &placed {
        let free = tracks.iter().position(|(until, _)| until <= start);
        let at = free.unwrap_or_else(|| {
            tracks.push((0, Vec::new()));
            tracks.len() - 1
        });
        let (until, items) = &mut tracks[at];
        items.extend(writer.gap(start - *until));
        items.push(writer.shot(shot, end - start));
        *until = *end;
    }
    let movie = writer
        .movie(episode)
        .map(|items| writer.track("Movie", items));
    let shots = (1..).zip(tracks);
    let shots = shots.map(|(number, (_, items))| writer.track(&format!("Shots {number}"), items));
    let name = film.episodes.iter().find(|it| Some(&it.id) == episode);
    let name = name.map_or_else(
        || film.project.name.clone(),
        |it| format!("{} {}", film.project.name, it.name),
    );
    let timeline = json!({
        "OTIO_SCHEMA": "Timeline.1",
        "name": name,
        "global_start_time": null,
        "metadata": {},
        "tracks": {
            "OTIO_SCHEMA": "Stack.1",
            "name": "tracks",
            "source_range": null,
            "effects": [],
            "markers": [],
            "enabled": true,
            "metadata": {},
            "children": movie.into_iter().chain(shots).collect::<Vec<_>>(),
        },
    });
    Written {
        text: format!("{timeline:#}\n"),
        shots: placed.len(),
        left_out,
    }
}

struct Writer<'a> {
    film: &'a ProjectSnapshot,
    list: &'a ProjectList,
    rate: f64,
    address: &'a dyn Fn(&MediaRef) -> Option<String>,
}

impl Writer<'_> {
    fn track(&self, name: &str, items: Vec<Value>) -> Value {
        json!({
            "OTIO_SCHEMA": "Track.1",
            "name": name,
            "kind": "Video",
            "source_range": null,
            "effects": [],
            "markers": [],
            "enabled": true,
            "metadata": {},
            "children": items,
        })
    }

    fn range(&self, start: i64, frames: i64) -> Value {
        let time = |value: i64| json!({"OTIO_SCHEMA": "RationalTime.1", "value": value, "rate": self.rate});
        json!({
            "OTIO_SCHEMA": "TimeRange.1",
            "start_time": time(start),
            "duration": time(frames),
        })
    }

    fn gap(&self, frames: i64) -> Option<Value> {
        (frames > 0).then(|| {
            json!({
                "OTIO_SCHEMA": "Gap.1",
                "name": "",
                "source_range": self.range(0, frames),
                "effects": [],
                "markers": [],
                "enabled": true,
                "metadata": {},
            })
        })
    }

    fn clip(
        &self,
        name: &str,
        range: Value,
        media: Option<&MediaRef>,
        markers: Vec<Value>,
        ours: Value,
    ) -> Value {
        let address = media.and_then(self.address);
        let media = match address {
            Some(address) => json!({
                "OTIO_SCHEMA": "ExternalReference.1",
                "name": "",
                "target_url": address,
                "available_range": range,
                "metadata": {},
            }),
            None => json!({
                "OTIO_SCHEMA": "MissingReference.1",
                "name": "",
                "available_range": null,
                "metadata": {},
            }),
        };
        json!({
            "OTIO_SCHEMA": "Clip.2",
            "name": name,
            "source_range": range,
            "media_references": {"DEFAULT_MEDIA": media},
            "active_media_reference_key": "DEFAULT_MEDIA",
            "effects": [],
            "markers": markers,
            "enabled": true,
            "metadata": {OURS: ours},
        })
    }

    fn shot(&self, shot: &Shot, frames: i64) -> Value {
        let sequence = self
            .film
            .sequences
            .iter()
            .find(|it| it.id == shot.sequence_id);
        let ours = json!({
            "shot_id": shot.id,
            "shot": shot.name,
            "sequence": sequence.map(|it| &it.name),
        });
        let markers = shot.tasks.iter().map(|it| self.marker(it)).collect();
        let name = clip_name(self.film, shot);
        self.clip(
            &name,
            self.range(0, frames),
            shot.thumbnail.as_ref(),
            markers,
            ours,
        )
    }

    /// The status of a task.
    fn marker(&self, task: &Task) -> Value {
        let kind = self
            .list
            .task_types
            .iter()
            .find(|it| it.id == task.task_type_id);
        let status = self
            .list
            .task_statuses
            .iter()
            .find(|it| it.id == task.task_status_id);
        let kind = kind.map_or("Task", |it| &*it.name);
        let name = status.map_or("no status", |it| &*it.name);
        let people = task.assignees.iter();
        let people = people.filter_map(|id| self.list.users.iter().find(|it| it.id == *id));
        let people: Vec<_> = people.map(|it| &it.name).collect();
        json!({
            "OTIO_SCHEMA": "Marker.2",
            "name": format!("{kind}: {name}"),
            "color": status.and_then(|it| it.color).map_or("WHITE", nearest),
            "comment": "",
            "marked_range": self.range(0, 0),
            "metadata": {OURS: {"task_type": kind, "status": name, "assignees": people}},
        })
    }

    /// What the track of the movie holds.
    fn movie(&self, episode: Option<&EpisodeId>) -> Option<Vec<Value>> {
        let mut edits = self.film.edits.iter();
        let edit = edits.find(|it| it.movie.is_some() && it.episode_id.as_ref() == episode)?;
        let frames = i64::try_from(edit.total_frames?).ok()?;
        // What is before the start of the timeline is not seen.
        let hidden = (-edit.frame_offset).clamp(0, frames);
        let range = self.range(hidden, frames - hidden);
        let ours = json!({"movie": true});
        let clip = self.clip(&edit.name, range, edit.movie.as_ref(), Vec::new(), ours);
        Some(
            self.gap(edit.frame_offset)
                .into_iter()
                .chain([clip])
                .collect(),
        )
    }
}

/// Sequence and name of a shot, as in `010_0020`; the name alone where it carries its sequence.
fn clip_name(film: &ProjectSnapshot, shot: &Shot) -> String {
    let sequence = film.sequences.iter().find(|it| it.id == shot.sequence_id);
    let carried = |it: &&str| shot.name.to_lowercase().starts_with(&it.to_lowercase());
    match sequence.map(|it| &*it.name).filter(|it| !carried(it)) {
        Some(sequence) => format!("{sequence}_{}", shot.name),
        None => shot.name.clone(),
    }
}

/// The colour of a marker that is nearest: editors have names for theirs.
fn nearest(color: HexColor) -> &'static str {
    const COLORS: [(&str, [i32; 3]); 11] = [
        ("PINK", [255, 180, 200]),
        ("RED", [230, 40, 40]),
        ("ORANGE", [245, 150, 40]),
        ("YELLOW", [245, 225, 60]),
        ("GREEN", [50, 180, 70]),
        ("CYAN", [60, 210, 220]),
        ("BLUE", [50, 90, 220]),
        ("PURPLE", [130, 70, 190]),
        ("MAGENTA", [220, 60, 180]),
        ("BLACK", [20, 20, 20]),
        ("WHITE", [235, 235, 235]),
    ];
    let distance = |other: &[i32; 3]| {
        let parts = color.to_rgb().into_iter().zip(other);
        parts.map(|(a, b)| (i32::from(a) - b).pow(2)).sum::<i32>()
    };
    let nearest = COLORS.iter().min_by_key(|(_, it)| distance(it));
    nearest.map_or("WHITE", |(name, _)| name)
}
