//! OpenTimelineIO's files: JSON, of which only what places clips is read.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::cut::{Cut, Piece};

/// Any object of a file. What one does not have is empty.
#[derive(Debug, Default, Deserialize)]
struct Node {
    #[serde(rename = "OTIO_SCHEMA", default)]
    schema: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default)]
    source_range: Option<TimeRange>,
    #[serde(default)]
    available_range: Option<TimeRange>,
    #[serde(default)]
    global_start_time: Option<RationalTime>,
    #[serde(default)]
    tracks: Option<Box<Node>>,
    #[serde(default)]
    children: Option<Vec<Node>>,
    #[serde(default)]
    media_reference: Option<Box<Node>>,
    #[serde(default)]
    media_references: Option<HashMap<String, Option<Node>>>,
    #[serde(default)]
    active_media_reference_key: Option<String>,
    #[serde(default)]
    in_offset: Option<RationalTime>,
    #[serde(default)]
    out_offset: Option<RationalTime>,
    #[serde(default)]
    target_url: Option<String>,
    #[serde(default)]
    name_prefix: Option<String>,
    #[serde(default)]
    metadata: Value,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct RationalTime {
    value: f64,
    rate: f64,
}

impl RationalTime {
    fn seconds(self) -> f64 {
        self.value / self.rate
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct TimeRange {
    start_time: RationalTime,
    duration: RationalTime,
}

/// Start and length, in seconds.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: f64,
    length: f64,
}

impl From<TimeRange> for Span {
    fn from(range: TimeRange) -> Self {
        Self {
            start: range.start_time.seconds(),
            length: range.duration.seconds(),
        }
    }
}

/// Reads a timeline. `fps` is in place of the rate that the file has.
///
/// # Errors
///
/// In words, for what is no timeline of OpenTimelineIO.
pub(super) fn read(text: &str, fps: Option<f64>) -> Result<Cut, String> {
    let root: Node = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| error.to_string())?;
    let timeline = timeline(root)?;
    let start = timeline.global_start_time.map(|it| it.rate);
    let tracks = timeline.tracks.unwrap_or_default();
    let mut reader = Reader::default();
    let span = reader.trimmed(&tracks)?;
    let window = (0.0, span.length);
    reader.composition(&tracks, 0.0, window, true)?;
    let rate = fps.or(start).or_else(|| reader.main_rate());
    let rate = rate.filter(|rate| rate.is_finite() && *rate > 0.0);
    Ok(Cut {
        name: timeline.name.unwrap_or_default(),
        fps: rate.ok_or("it has no clip with a length, so there is no frame rate")?,
        pieces: reader.pieces,
        notes: reader.notes,
    })
}

/// The timeline of a file, which may be in a collection, or be tracks without one.
fn timeline(root: Node) -> Result<Node, String> {
    match root.kind() {
        "Timeline" => Ok(root),
        "Stack" | "Track" | "Sequence" => Ok(Node {
            name: root.name.clone(),
            tracks: Some(Box::new(match root.kind() {
                "Stack" => root,
                _ => Node {
                    schema: "Stack.1".into(),
                    children: Some(vec![root]),
                    ..Node::default()
                },
            })),
            ..Node::default()
        }),
        "SerializableCollection" | "SerializeableCollection" => {
            let children = root.children.unwrap_or_default();
            let mut timelines = children.into_iter().filter(|it| it.kind() == "Timeline");
            match (timelines.next(), timelines.next()) {
                (Some(timeline), None) => Ok(timeline),
                (Some(_), Some(_)) => Err("it holds several timelines; save the one alone".into()),
                (None, _) => Err("it is a collection without a timeline".into()),
            }
        }
        "" => Err("it is JSON, and not of OpenTimelineIO: there is no OTIO_SCHEMA".into()),
        other => Err(format!("it holds a {other}, and a Timeline is expected")),
    }
}

impl Node {
    /// The schema without its version.
    fn kind(&self) -> &str {
        self.schema.split('.').next().unwrap_or_default()
    }

    fn children(&self) -> &[Node] {
        self.children.as_deref().unwrap_or_default()
    }

    fn media(&self) -> Option<&Node> {
        let key = self.active_media_reference_key.as_deref();
        let keyed = self.media_references.as_ref();
        let keyed = keyed.and_then(|it| it.get(key.unwrap_or("DEFAULT_MEDIA"))?.as_ref());
        keyed.or(self.media_reference.as_deref())
    }

    fn label(&self) -> String {
        let name = self.name.as_deref().filter(|it| !it.is_empty());
        name.map_or_else(
            || "without a name".to_owned(),
            |name| format!("`{}`", name.escape_debug()),
        )
    }

    /// What may name the shot, the most telling first.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        names.extend(self.name.clone());
        metadata_names(&self.metadata, 2, &mut names);
        if let Some(media) = self.media() {
            names.extend(media.name.clone());
            metadata_names(&media.metadata, 2, &mut names);
            let url = media.target_url.as_deref().unwrap_or_default();
            let file = url.rsplit(['/', '\\']).next().unwrap_or_default();
            names.push(
                file.rsplit_once('.')
                    .map_or(file, |(stem, _)| stem)
                    .to_owned(),
            );
            names.extend(media.name_prefix.clone());
        }
        names.retain(|name| !name.trim().is_empty());
        names
    }
}

/// The values of `shot`, `shot_name` and `shot_id` in metadata, and one namespace below.
fn metadata_names(metadata: &Value, depth: usize, names: &mut Vec<String>) {
    let Value::Object(map) = metadata else { return };
    for key in ["shot", "shot_name", "shot_id"] {
        names.extend(map.get(key).and_then(Value::as_str).map(str::to_owned));
    }
    if depth > 1 {
        for value in map.values() {
            metadata_names(value, depth - 1, names);
        }
    }
}

#[derive(Default)]
struct Reader {
    pieces: Vec<Piece>,
    notes: Vec<String>,
    /// How many seconds there are of each rate.
    rates: Vec<(f64, f64)>,
}

impl Reader {
    /// The rate that most of the timeline has.
    fn main_rate(&self) -> Option<f64> {
        let most = self
            .rates
            .iter()
            .reduce(|a, b| if b.1 > a.1 { b } else { a });
        most.map(|(rate, _)| *rate)
    }

    /// What of an item is used, in its own time: its source range, or all that there is. Effects, as of
    /// time, change nothing about it.
    fn trimmed(&self, item: &Node) -> Result<Span, String> {
        match item.source_range {
            Some(range) => check(range, item),
            None => self.available(item),
        }
    }

    fn available(&self, item: &Node) -> Result<Span, String> {
        match item.kind() {
            "Clip" => match item.media().and_then(|media| media.available_range) {
                Some(range) => check(range, item),
                None => Err(format!(
                    "the clip {} has neither a source range nor media with an available range",
                    item.label()
                )),
            },
            "Track" | "Sequence" => {
                let mut span = Span::default();
                for child in item.children() {
                    if child.kind() != "Transition" {
                        span.length += self.trimmed(child)?.length;
                    }
                }
                // A transition at an end makes the whole longer; where clips start stays.
                let outer = |node: Option<&Node>, get: fn(&Node) -> Option<RationalTime>| {
                    let transition = node.filter(|it| it.kind() == "Transition");
                    transition.and_then(get).map_or(0.0, RationalTime::seconds)
                };
                let head = outer(item.children().first(), |it| it.in_offset);
                let tail = outer(item.children().last(), |it| it.out_offset);
                span.length += head + tail;
                Ok(span)
            }
            "Stack" => {
                let mut span = Span::default();
                for child in item.children() {
                    span.length = span.length.max(self.trimmed(child)?.length);
                }
                Ok(span)
            }
            _ => Ok(Span::default()),
        }
    }

    /// Reads what a track or stack holds. It starts at `start`, in seconds from the start of the film,
    /// and is seen within the window.
    fn composition(
        &mut self,
        item: &Node,
        start: f64,
        window: (f64, f64),
        is_root: bool,
    ) -> Result<(), String> {
        let span = self.trimmed(item)?;
        let origin = start - span.start;
        let window = (window.0.max(start), window.1.min(start + span.length));
        let is_stack = item.kind() == "Stack";
        let mut at = origin;
        for child in item.children() {
            if child.kind() == "Transition" {
                continue;
            }
            let length = self.trimmed(child)?.length;
            let is_heard = is_stack && child.kind.as_deref().is_some_and(|it| it != "Video");
            if !is_heard {
                self.item(child, at, length, window, is_root && is_stack)?;
            }
            if !is_stack {
                at += length;
            }
        }
        Ok(())
    }

    fn item(
        &mut self,
        item: &Node,
        start: f64,
        length: f64,
        window: (f64, f64),
        is_track: bool,
    ) -> Result<(), String> {
        let seen = (window.0.max(start), window.1.min(start + length));
        let is_clip = item.kind() == "Clip";
        let is_composition = matches!(item.kind(), "Stack" | "Track" | "Sequence");
        if !is_clip && !is_composition {
            return Ok(());
        }
        if item.enabled == Some(false) {
            self.notes
                .push(format!("{} is disabled in the edit", item.label()));
            return Ok(());
        }
        let range = item.source_range.or_else(|| item.media()?.available_range);
        if let Some(range) = range.filter(|_| is_clip) {
            let rate = range.duration.rate;
            match self.rates.iter_mut().find(|(it, _)| *it == rate) {
                Some((_, seconds)) => *seconds += length,
                None => self.rates.push((rate, length)),
            }
        }
        // What is less than a thousandth of a frame is none.
        if seen.1 - seen.0 < 1e-5 {
            if is_clip {
                self.notes
                    .push(format!("{} is cut away in the edit", item.label()));
            }
            return Ok(());
        }
        let place = self.pieces.len();
        if !is_track {
            self.pieces.push(Piece {
                names: item.names(),
                start: seen.0,
                end: seen.1,
                is_clip,
                inside: 0,
            });
        }
        if is_composition {
            self.composition(item, start, window, false)?;
        }
        if !is_track {
            self.pieces[place].inside = self.pieces.len() - place - 1;
        }
        Ok(())
    }
}

fn check(range: TimeRange, item: &Node) -> Result<Span, String> {
    let is_time = |it: RationalTime| it.rate > 0.0 && it.value.is_finite() && it.rate.is_finite();
    if is_time(range.start_time) && is_time(range.duration) && range.duration.value >= 0.0 {
        return Ok(range.into());
    }
    Err(format!(
        "the range of {} is none: its rate must be above 0, its length 0 or more",
        item.label()
    ))
}
