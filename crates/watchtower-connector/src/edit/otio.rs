//! OpenTimelineIO's files: JSON, of which only what places clips is read.

use std::borrow::Cow;
use std::collections::HashMap;

use regex_lite::{Captures, Regex};
use serde::Deserialize;
use serde_json::Value;

use super::cut::{Cut, Kind, Name, Piece, Source, add_marker};
use super::edl::without_color;
use super::is_frame_rate;

/// The key under which the reader of EDLs keeps what OpenTimelineIO has no place for.
const EDL: &str = "cmx_3600";

/// The key of our own metadata: `shot_id` of a clip is the shot's id, and what else carries it names none.
pub(super) const OURS: &str = "watchtower";

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
    markers: Option<Vec<Node>>,
    #[serde(default)]
    marked_range: Option<TimeRange>,
    #[serde(default)]
    comment: Option<String>,
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
    let text = without_odd_numbers(text)?;
    let root: Node = serde_json::from_str(&text).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => format!(
            "line {}, column {}: it is not as OpenTimelineIO writes it",
            error.line(),
            error.column()
        ),
        _ => format!(
            "line {}, column {}: it is not JSON, or ends too early",
            error.line(),
            error.column()
        ),
    })?;
    let timeline = timeline(root)?;
    let start = timeline.global_start_time.map(|it| it.rate);
    let tracks = timeline.tracks.unwrap_or_default();
    let starts = timeline.global_start_time.filter(|it| it.rate > 0.0);
    let mut reader = Reader {
        starts: starts.map_or(0.0, RationalTime::seconds),
        ..Reader::default()
    };
    let window = (0.0, f64::INFINITY);
    reader.composition(&tracks, 0.0, window, true)?;
    let start = start.filter(|rate| is_frame_rate(*rate));
    let rate = fps.or(start).or_else(|| reader.main_rate());
    let rate = rate.ok_or(match reader.pieces.is_empty() {
        true => "no clip of it has a length",
        false => "no clip of it says how many frames a second has: give --fps",
    })?;
    for piece in &mut reader.pieces {
        piece.place = format!("frame {}", piece.frames(rate).0);
    }
    Ok(Cut {
        name: timeline.name.unwrap_or_default(),
        fps: rate,
        pieces: reader.pieces,
        notes: reader.notes,
    })
}

/// JSON with `null` in place of `NaN` and `Infinity`, which OpenTimelineIO writes and JSON does not have.
fn without_odd_numbers(text: &str) -> Result<Cow<'_, str>, String> {
    if !text.contains("NaN") && !text.contains("Inf") {
        return Ok(Cow::Borrowed(text));
    }
    // Strings are matched as wholes, so that words in them stay.
    let odd = Regex::new(r#""(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity|Inf)"#);
    let odd = odd.map_err(|_| "numbers cannot be looked for".to_owned())?;
    Ok(
        odd.replace_all(text, |found: &Captures<'_>| match &found[0] {
            string if string.starts_with('"') => string.to_owned(),
            _ => "null".to_owned(),
        }),
    )
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

    /// Whether it is a track of sound.
    fn is_heard(&self) -> bool {
        self.kind.as_deref().is_some_and(|it| it != "Video")
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

    /// What may name the shot, the most telling first. Of its markers, those count that it shows.
    fn names(&self) -> Vec<Name> {
        let ours = self.metadata.get(OURS).and_then(|it| it.get("shot_id"));
        let ours = ours.and_then(Value::as_str);
        let mut names: Vec<Name> = ours
            .map(|it| Name::new(Source::Id, it))
            .into_iter()
            .collect();
        // What the reader of EDLs leaves of their comments.
        let comments = self.metadata.get(EDL).and_then(|it| it.get("comments"));
        let comments = comments.and_then(Value::as_array).into_iter().flatten();
        let comments = comments.filter_map(Value::as_str);
        names.extend(comments.map(|it| Name::new(Source::Comment, it)));
        let shown = self.source_range.map(Span::from);
        for marker in self.markers.iter().flatten() {
            // Those of an EDL count from the start of its timeline, not of the clip's media.
            let is_of_edl = marker.metadata.get(EDL).is_some();
            let is_shown = match (shown, marker.marked_range) {
                (Some(shown), Some(marked)) => {
                    shown.holds(marked.start_time.seconds()) || is_of_edl
                }
                _ => true,
            };
            if is_shown {
                names.extend(marker.marker_names());
            }
        }
        let mut from_metadata = Vec::new();
        metadata_names(&self.metadata, 2, &mut from_metadata);
        let mut files = Vec::new();
        if let Some(media) = self.media() {
            metadata_names(&media.metadata, 2, &mut from_metadata);
            files.extend(media.name.clone());
            files.extend(media.target_url.as_deref().map(super::decoded));
            files.extend(media.name_prefix.clone());
        }
        for (source, texts) in [
            (Source::Clip, self.name.as_slice()),
            (Source::Metadata, &from_metadata),
            (Source::File, &files),
        ] {
            names.extend(texts.iter().map(|it| Name::new(source, it)));
        }
        let reel = self.metadata.get(EDL).and_then(|it| it.get("reel"));
        let reel = reel.and_then(Value::as_str);
        names.extend(reel.map(|it| Name::new(Source::Reel, it)));
        names.retain(|name| !name.text.is_empty());
        names
    }

    /// Whether it is the movie of the edit, as we write it below the shots.
    fn is_our_movie(&self) -> bool {
        let ours = self.metadata.get(OURS);
        ours.is_some_and(|it| it.get("movie").is_some())
    }

    /// What a marker says. Markers of ours are of tasks.
    fn marker_names(&self) -> Vec<Name> {
        if self.metadata.get(OURS).is_some() {
            return Vec::new();
        }
        // The reader of EDLs takes the first word for the colour, whether or not it is one.
        let color = self.metadata.get(EDL).and_then(|it| it.get("color"));
        let color = color.and_then(Value::as_str).unwrap_or_default();
        let name = self.name.as_deref().unwrap_or_default();
        let name = without_color(&format!("{color} {name}")).to_owned();
        // Resolve keeps what people write under its own key.
        let mut notes = vec![Some(name), self.comment.clone()];
        let resolve = self.metadata.get("Resolve_OTIO");
        let note = resolve
            .and_then(|it| it.get("Note"))
            .and_then(Value::as_str);
        notes.push(note.map(str::to_owned));
        let notes = notes.into_iter().flatten();
        notes.map(|it| Name::new(Source::Marker, &it)).collect()
    }
}

impl Span {
    fn holds(self, time: f64) -> bool {
        // Less than a thousandth of a frame is no time.
        (self.start - 1e-5..self.start + self.length - 1e-5).contains(&time)
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
    /// The timecode with which the timeline starts, in seconds.
    starts: f64,
    /// How many seconds there are of each rate.
    rates: Vec<(f64, f64)>,
}

impl Reader {
    /// The rate that most of the timeline has.
    fn main_rate(&self) -> Option<f64> {
        let rates = self.rates.iter().filter(|it| is_frame_rate(it.0));
        let most = rates.reduce(|a, b| if b.1 > a.1 { b } else { a });
        most.map(|(rate, _)| *rate)
    }

    /// What of an item is used, in its own time: its source range, or all that there is. Effects, as of
    /// time, change nothing about it.
    fn trimmed(&self, item: &Node) -> Result<Span, String> {
        match item.source_range {
            Some(_) if self.labelled_start(item)?.is_some() => self.available(item),
            Some(range) => check(range, item),
            None => self.available(item),
        }
    }

    /// Where a track or stack says that it starts, when its source range trims nothing but gives a timecode:
    /// it starts where there is no child, or later and is as long as all of them.
    fn labelled_start(&self, item: &Node) -> Result<Option<f64>, String> {
        if item.kind() == "Clip" {
            return Ok(None);
        }
        let Some(range) = item.source_range else {
            return Ok(None);
        };
        let (range, all) = (check(range, item)?, self.available(item)?);
        let is_outside = range.start < -1e-5 || range.start > all.length - 1e-5;
        let is_whole = range.start > 1e-5 && range.length > all.length - 1e-5;
        let is_label = all.length > 0.0 && range.length > 0.0 && (is_outside || is_whole);
        Ok(is_label.then_some(range.start))
    }

    /// How far each track of a timeline is moved, where tracks say when they start: as OpenTimelineIO does in
    /// its `transformed_time_range`, and so that the film starts with the first.
    fn offsets(&self, tracks: &Node) -> Result<Vec<f64>, String> {
        let offset = |it: &Node| Ok(-self.labelled_start(it)?.unwrap_or_default());
        let offsets: Vec<f64> = tracks
            .children()
            .iter()
            .map(offset)
            .collect::<Result<_, String>>()?;
        let seen = tracks
            .children()
            .iter()
            .zip(&offsets)
            .filter(|(it, _)| !it.is_heard());
        let first = seen.map(|(_, offset)| *offset).reduce(f64::min);
        let first = first.unwrap_or_default();
        Ok(offsets.into_iter().map(|it| it - first).collect())
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
        let mut span = self.trimmed(item)?;
        let is_stack = item.kind() == "Stack";
        let mut offsets = Vec::new();
        if is_root && is_stack && item.source_range.is_none() {
            offsets = self.offsets(item)?;
            span.length += offsets.iter().copied().fold(0.0, f64::max);
        }
        let origin = start - span.start;
        let window = (window.0.max(start), window.1.min(start + span.length));
        let mut at = origin;
        let first = self.pieces.len();
        for (number, child) in item.children().iter().enumerate() {
            if child.kind() == "Transition" {
                continue;
            }
            let length = self.trimmed(child)?.length;
            if !(is_stack && child.is_heard()) {
                let at = at + offsets.get(number).copied().unwrap_or_default();
                self.item(child, at, length, window, is_root && is_stack)?;
            }
            if !is_stack {
                at += length;
            }
        }
        for marker in item.markers.iter().flatten() {
            let marked = marker.marked_range.map(|it| check(it, marker));
            let Some(Ok(marked)) = marked else {
                continue;
            };
            let mut time = origin + marked.start;
            // Some count from the timecode with which the timeline starts.
            if time >= window.1 && is_root {
                time -= self.starts;
            }
            add_marker(&mut self.pieces[first..], time, &marker.marker_names());
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
        if is_clip && item.is_our_movie() {
            return Ok(());
        }
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
                place: String::new(),
                start: seen.0,
                end: seen.1,
                kind: match item.media().map(Node::kind) {
                    _ if !is_clip => Kind::Nested,
                    Some("GeneratorReference") => Kind::Generated,
                    _ => Kind::Clip,
                },
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
        "{} has no usable range: a rate must be above 0, a length 0 or more",
        item.label()
    ))
}
