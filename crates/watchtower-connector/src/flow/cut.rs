//! Which cut counts, and where it has its shots.
//!
//! Cuts are written by many tools, and a site checks nothing: numbers may start at 0, at 1 or at a timecode, and
//! end within or one past it. What most items of a cut say decides for all of them.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use futures_util::future::try_join_all;
use serde_json::json;
use watchtower_model::FrameRate;

use super::Flow;
use super::list::Omitted;
use super::query::{Query, filter, of_project};
use super::records::{Cut, CutItem, Link, Trashed, Version, fields};
use super::site::Schema;
use crate::Result;

/// A status of a cut that does not count either: "not applicable".
const NOT_APPLICABLE: &str = "na";

/// So many ids fit into a filter.
const IDS_IN_FILTER: usize = 500;

/// What a cut is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Level {
    /// The whole film.
    Project,
    Episode(i64),
    Sequence(i64),
    Scene(i64),
}

impl Level {
    /// None for what has no timeline in a project, as a reel or another project.
    fn of(entity: Option<&Link>, project: i64) -> Option<Self> {
        let Some(link) = entity else {
            return Some(Self::Project);
        };
        match &*link.entity {
            "Project" => (link.id == project).then_some(Self::Project),
            "Episode" => Some(Self::Episode(link.id)),
            "Sequence" => Some(Self::Sequence(link.id)),
            "Scene" => Some(Self::Scene(link.id)),
            _ => None,
        }
    }
}

/// The cuts that count in a project, and what goes with them.
#[derive(Debug, Default)]
pub(super) struct Cuts {
    pub chosen: HashMap<Level, ChosenCut>,
    /// The versions of the cuts, for their movies.
    pub versions: HashMap<i64, Version>,
    /// The edit of a film without a cut.
    pub edit_version: Option<Version>,
    /// What a person should know about all this.
    pub notes: Vec<String>,
}

#[derive(Debug)]
pub(super) struct ChosenCut {
    pub cut: Cut,
    /// In the order of the cut.
    items: Vec<CutItem>,
    shots: usize,
}

impl Flow {
    /// Reads the cuts of a project, and chooses among them.
    pub(super) async fn cuts(&self, project: i64, title: &str, schema: &Schema) -> Result<Cuts> {
        let mut cuts = Cuts::default();
        let candidates = self
            .candidates(project, schema, title, &mut cuts.notes)
            .await?;
        let ids: Vec<i64> = candidates.iter().map(|(_, it)| it.id).collect();
        let mut items: HashMap<i64, Vec<CutItem>> = HashMap::new();
        // A cut without items is the edit all the same.
        let has_items = schema.has_type("CutItem");
        for ids in ids.chunks(IDS_IN_FILTER).filter(|_| has_items) {
            let links: Vec<_> = ids
                .iter()
                .map(|id| json!({"type": "Cut", "id": id}))
                .collect();
            let query = Query::new(
                "CutItem",
                fields("CutItem").to_vec(),
                vec![filter("cut", "in", links.into())],
            );
            let operation = format!("read the cuts of {title}");
            let read = self.allowed(self.read::<CutItem>(&operation, &query).await)?;
            for item in read.into_iter().flatten() {
                if let Some(cut) = &item.cut {
                    items.entry(cut.id).or_default().push(item);
                }
            }
        }
        cuts.chosen = choose(candidates, items);

        let timelines = cuts.chosen.iter();
        let timelines = timelines.filter(|it| matches!(it.0, Level::Project | Level::Episode(_)));
        let mut versions: Vec<i64> = timelines
            .filter_map(|(_, it)| Some(it.cut.version.as_ref()?.id))
            .collect();
        versions.sort_unstable();
        versions.dedup();
        let query = match &self.settings.edit_version {
            _ if !versions.is_empty() => vec![filter("id", "in", versions.into())],
            Some(name) if cuts.has_no_timeline() => {
                let mut filters = of_project(project);
                filters.push(filter("code", "starts_with", json!([name])));
                filters
            }
            _ => return Ok(cuts),
        };
        let query = Query::new(
            "Version",
            schema.present("Version", fields("Version")),
            query,
        );
        let operation = format!("read the edits of {title}");
        let read = self.allowed(self.read::<Version>(&operation, &query).await)?;
        let read = read.unwrap_or_else(|| {
            let note = "the account may not read versions, so no edit has a movie";
            cuts.notes.push(note.into());
            Vec::new()
        });
        if !cuts.has_no_timeline() {
            cuts.versions = read.into_iter().map(|it| (it.id, it)).collect();
        } else if let Some(name) = &self.settings.edit_version {
            cuts.edit_version = newest_edit(read, name);
        }
        Ok(cuts)
    }

    /// The newest revision of each cut that may count.
    async fn candidates(
        &self,
        project: i64,
        schema: &Schema,
        title: &str,
        notes: &mut Vec<String>,
    ) -> Result<Vec<(Level, Cut)>> {
        if !schema.has_type("Cut") {
            return Ok(Vec::new());
        }
        let query = Query::new(
            "Cut",
            schema.present("Cut", fields("Cut")),
            of_project(project),
        );
        let operation = format!("read the cuts of {title}");
        let Some(cuts) = self.allowed(self.read::<Cut>(&operation, &query).await)? else {
            notes.push("the account may not read cuts, so shots have lengths alone".into());
            return Ok(Vec::new());
        };
        let cuts = self.without_lost(cuts, project, schema, title, notes);
        let cuts = cuts.await?;
        let (named, mut elsewhere) = (self.settings.cut.as_deref(), Vec::new());
        let candidates = newest(
            project,
            cuts,
            &*self.omitted().await?,
            named,
            &mut elsewhere,
        );
        if !elsewhere.is_empty() {
            notes.push(format!(
                "cuts of things that have no timeline here do not count: {}",
                elsewhere.join(", ")
            ));
        }
        if let Some(named) = named
            && !candidates.iter().any(|(_, it)| is_called(it, named))
        {
            let mut names: Vec<String> = candidates.iter().map(|(_, it)| it.title()).collect();
            names.dedup();
            let names = if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            };
            notes.push(format!(
                "there is no cut `{}`; the cuts are: {names}",
                named.escape_debug()
            ));
        }
        Ok(candidates)
    }

    /// Cuts without those of what is in the trash. Links to that read as none, as those of a cut of the whole
    /// film do, so what is in the trash is asked for its cuts.
    async fn without_lost(
        &self,
        mut cuts: Vec<Cut>,
        project: i64,
        schema: &Schema,
        title: &str,
        notes: &mut Vec<String>,
    ) -> Result<Vec<Cut>> {
        if cuts.iter().all(|it| it.entity.is_some()) {
            return Ok(cuts);
        }
        let operation = format!("read what of {title} is in the trash");
        let types = ["Episode", "Sequence", "Scene", "Reel"];
        let types = types.into_iter().filter(|it| schema.has_type(it));
        let trash = try_join_all(types.map(|entity| async {
            let mut query = Query::new(entity, vec!["cuts"], of_project(project));
            query.in_trash = true;
            self.allowed(self.read::<Trashed>(&operation, &query).await)
        }));
        let trash = trash.await?.into_iter().flatten().flatten();
        let lost: HashSet<i64> = trash.flat_map(|it| it.cuts).map(|it| it.id).collect();
        let is_lost = |it: &Cut| it.entity.is_none() && lost.contains(&it.id);
        let names: Vec<String> = cuts
            .iter()
            .filter(|it| is_lost(it))
            .map(Cut::title)
            .collect();
        if !names.is_empty() {
            notes.push(format!(
                "cuts of what is in the trash do not count: {}",
                names.join(", ")
            ));
        }
        cuts.retain(|it| !is_lost(it));
        Ok(cuts)
    }
}

impl Cuts {
    /// Whether no cut is of a film or episode.
    fn has_no_timeline(&self) -> bool {
        let mut levels = self.chosen.keys();
        !levels.any(|it| matches!(it, Level::Project | Level::Episode(_)))
    }

    /// The frame rate of the project, by its cuts: that of the film's, or else of the one with most shots.
    pub(super) fn frame_rate(&self) -> Option<FrameRate> {
        let rates = self.chosen.iter().filter_map(|(level, it)| {
            let rate = rate(&it.cut)?;
            Some((
                (*level == Level::Project, it.shots, Reverse(it.cut.id)),
                rate,
            ))
        });
        rates.max_by_key(|it| it.0).map(|it| it.1)
    }
}

fn rate(cut: &Cut) -> Option<FrameRate> {
    cut.fps.and_then(|it| FrameRate::new(it).ok())
}

/// Whether a cut goes by a name, with or without its revision.
fn is_called(cut: &Cut, name: &str) -> bool {
    let name = name.to_lowercase();
    cut.code.as_deref().unwrap_or_default().to_lowercase() == name
        || cut.title().to_lowercase() == name
}

/// Of each thing that cuts are of, the newest revision of each name. Where one goes by the name that was asked
/// for, the others of that thing do not count. Cuts of what has no timeline are put `elsewhere`.
fn newest(
    project: i64,
    cuts: Vec<Cut>,
    omitted: &Omitted,
    named: Option<&str>,
    elsewhere: &mut Vec<String>,
) -> Vec<(Level, Cut)> {
    let mut levels: HashMap<Level, Vec<Cut>> = HashMap::new();
    for cut in cuts {
        let status = cut.sg_status_list.as_deref();
        if omitted.is(status) || status == Some(NOT_APPLICABLE) {
            continue;
        }
        match Level::of(cut.entity.as_ref(), project) {
            Some(level) => levels.entry(level).or_default().push(cut),
            None => elsewhere.push(cut.title()),
        }
    }
    let mut newest: Vec<(Level, Cut)> = Vec::new();
    for (level, mut cuts) in levels {
        if let Some(name) = named
            && cuts.iter().any(|it| is_called(it, name))
        {
            cuts.retain(|it| is_called(it, name));
        }
        cuts.sort_by(|a, b| a.code.cmp(&b.code));
        let of_name = cuts.chunk_by(|a, b| a.code == b.code);
        let last = |it: &[Cut]| {
            it.iter()
                .max_by_key(|it| (it.revision_number.unwrap_or(0), it.id))
                .cloned()
        };
        newest.extend(of_name.filter_map(last).map(|it| (level, it)));
    }
    newest.sort_by_key(|it| it.1.id);
    newest
}

/// Of each thing, the cut that has most shots: a trailer has fewer than the film.
fn choose(
    candidates: Vec<(Level, Cut)>,
    mut items: HashMap<i64, Vec<CutItem>>,
) -> HashMap<Level, ChosenCut> {
    let mut chosen: HashMap<Level, ChosenCut> = HashMap::new();
    for (level, cut) in candidates {
        let mut items = items.remove(&cut.id).unwrap_or_default();
        items.sort_by_key(|it| (it.cut_order.is_none(), it.cut_order, it.id));
        let shots: HashSet<i64> = items
            .iter()
            .filter_map(|it| Some(it.shot.as_ref()?.id))
            .collect();
        let shots = shots.len();
        let other = chosen.get(&level);
        if other.is_none_or(|it| (shots, cut.id) > (it.shots, it.cut.id)) {
            chosen.insert(level, ChosenCut { cut, items, shots });
        }
    }
    chosen
}

/// The newest version whose code starts so and that has a movie for browsers.
fn newest_edit(versions: Vec<Version>, name: &str) -> Option<Version> {
    let name = name.to_lowercase();
    let starts_so = |it: &Version| {
        it.code
            .as_deref()
            .is_some_and(|it| it.to_lowercase().starts_with(&name))
    };
    let edits = versions
        .into_iter()
        .filter(|it| starts_so(it) && it.movie().is_some());
    edits.max_by_key(|it| it.id)
}

/// Where a cut has its shots.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Places {
    /// By the shot's id: first frame, and the frame at which it has ended, from the start of the cut.
    pub ranges: HashMap<i64, (i64, i64)>,
    /// The frame at which the last item has ended, one without a shot too.
    pub end: i64,
    /// Items without a shot: titles, black, stock.
    pub nameless: usize,
    /// Shots that are seen again, apart.
    pub repeated: Vec<i64>,
}

/// In what frames and from where a cut counts.
#[derive(Debug, PartialEq)]
struct Convention {
    /// The number of the first frame.
    base: i64,
    /// 1 where `edit_out` is within, 0 where it is one past the end.
    past: i64,
}

impl ChosenCut {
    /// Where its shots are, in frames of another rate where one is given.
    pub(super) fn places(&self, fps: FrameRate) -> Places {
        let own = rate(&self.cut);
        let mut places = places(&self.cut, &self.items);
        if let Some(own) = own.filter(|own| *own != fps) {
            let convert = |frame: i64| convert(frame, own, fps);
            for range in places.ranges.values_mut() {
                *range = (convert(range.0), convert(range.1));
            }
            places.end = convert(places.end);
        }
        places
    }
}

/// The frame that is seen at the same moment at another rate.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // Sites hold 32 bits.
fn convert(frame: i64, from: FrameRate, to: FrameRate) -> i64 {
    // Halves of a frame that arithmetic has made a little less are halves.
    (frame as f64 * to.as_f64() / from.as_f64() + 0.5 + 1e-6).floor() as i64
}

fn places(cut: &Cut, items: &[CutItem]) -> Places {
    let fps = rate(cut);
    let start = timecode(cut.timecode_start_text.as_deref(), fps);
    let Convention { base, past } = convention(cut, items);
    let mut places = Places::default();
    for item in items {
        let place = match numbers(item) {
            // Numbers win over timecodes, and useless ones are no place.
            Some((first, last)) if last + past > first => (first - base, last - base + past),
            Some(_) => continue,
            None => {
                let first = timecode(item.timecode_edit_in_text.as_deref(), fps);
                let end = timecode(item.timecode_edit_out_text.as_deref(), fps);
                match (first, end, start) {
                    (Some(first), Some(end), Some(start)) if end > first => {
                        (first - start, end - start)
                    }
                    _ => continue,
                }
            }
        };
        places.end = places.end.max(place.1);
        let Some(shot) = &item.shot else {
            places.nameless += 1;
            continue;
        };
        match places.ranges.get_mut(&shot.id) {
            None => {
                places.ranges.insert(shot.id, place);
            }
            // Pieces that touch or overlap are one.
            Some(range) if place.0 <= range.1 && place.1 >= range.0 => {
                *range = (range.0.min(place.0), range.1.max(place.1));
            }
            Some(_) => places.repeated.push(shot.id),
        }
    }
    places
}

fn numbers(item: &CutItem) -> Option<(i64, i64)> {
    Some((item.edit_in?, item.edit_out?))
}

/// Finds out how a cut counts, by what most of its items say.
fn convention(cut: &Cut, items: &[CutItem]) -> Convention {
    let start = timecode(cut.timecode_start_text.as_deref(), rate(cut));
    let numbered: Vec<_> = items
        .iter()
        .filter_map(|it| Some((it, numbers(it)?)))
        .collect();
    let mut in_order: Vec<(i64, i64)> = numbered.iter().map(|it| it.1).collect();
    in_order.sort_by_key(|it| it.0);

    let (mut within, mut past) = (0, 0);
    for (item, (first, last)) in &numbered {
        if let Some(length) = item.cut_item_duration {
            within += usize::from(length == last - first + 1);
            past += usize::from(length == last - first);
        }
    }
    if within == past {
        // Lengths do not tell; where one item ends and the next begins may.
        for pair in in_order.windows(2) {
            within += usize::from(pair[1].0 == pair[0].1 + 1);
            past += usize::from(pair[1].0 == pair[0].1);
        }
    }

    let mut bases: HashMap<i64, usize> = HashMap::new();
    for (item, (first, _)) in &numbered {
        let code = timecode(item.timecode_edit_in_text.as_deref(), rate(cut));
        if let (Some(code), Some(start)) = (code, start) {
            *bases.entry(first - (code - start)).or_default() += 1;
        }
    }
    let most = bases
        .iter()
        .max_by_key(|(base, times)| (**times, Reverse(**base)));
    let base = match (most, in_order.first()) {
        (Some((base, _)), _) => *base,
        (None, None) => 1,
        (None, Some(&(low, _))) => {
            let start = start.unwrap_or(0);
            // Numbers above the timecode of the start count from that.
            let start = if low >= start { start } else { 0 };
            start + i64::from(low != 0 && low != start)
        }
    };
    Convention {
        base,
        past: i64::from(past <= within),
    }
}

/// The frame of a timecode, as in `01:00:00:00`.
fn timecode(text: Option<&str>, fps: Option<FrameRate>) -> Option<i64> {
    let parts: Vec<&str> = text?.split([':', ';']).collect();
    let all: Option<Vec<i64>> = parts
        .iter()
        .map(|it| {
            it.parse()
                .ok()
                .filter(|_| it.len() == 2 && !it.starts_with(['+', '-']))
        })
        .collect();
    let [hours, minutes, seconds, frames] = all?[..] else {
        return None;
    };
    #[allow(clippy::cast_possible_truncation)] // No camera is that fast.
    let per_second = fps?.as_f64().round_ties_even() as i64;
    Some(((hours * 60 + minutes) * 60 + seconds) * per_second + frames)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn cut(value: Value) -> Cut {
        serde_json::from_value(value).unwrap()
    }

    fn items(values: &[Value]) -> Vec<CutItem> {
        let of = |(id, value): (usize, &Value)| {
            let mut value = value.clone();
            value["id"] = id.into();
            value["shot"] = json!({"type": "Shot", "id": value["shot"]});
            serde_json::from_value(value).unwrap()
        };
        values.iter().enumerate().map(of).collect()
    }

    fn ranges(of: Value, values: &[Value]) -> Vec<(i64, (i64, i64))> {
        let mut of = of;
        of["id"] = 1.into();
        let places = places(&cut(of), &items(values));
        let mut ranges: Vec<_> = places.ranges.into_iter().collect();
        ranges.sort_unstable();
        ranges
    }

    fn item(shot: i64, first: i64, last: i64) -> Value {
        json!({"shot": shot, "edit_in": first, "edit_out": last})
    }

    #[test]
    fn neighbours_tell_whether_the_end_is_within() {
        let within = [item(1, 1, 24), item(2, 25, 48)];
        let past = [item(1, 0, 24), item(2, 24, 48)];
        for cut in [&within[..], &past[..]] {
            assert_eq!(ranges(json!({}), cut), [(1, (0, 24)), (2, (24, 48))]);
        }
        // One item alone: as Autodesk's own importer writes.
        assert_eq!(ranges(json!({}), &within[..1]), [(1, (0, 24))]);
    }

    #[test]
    fn lengths_go_before_neighbours() {
        let gaps = [
            json!({"shot": 1, "edit_in": 0, "edit_out": 24, "cut_item_duration": 24}),
            json!({"shot": 2, "edit_in": 25, "edit_out": 49, "cut_item_duration": 24}),
        ];
        assert_eq!(ranges(json!({}), &gaps), [(1, (0, 24)), (2, (25, 49))]);
    }

    #[test]
    fn frames_count_from_where_most_timecodes_say() {
        let of = json!({"fps": 24.0, "timecode_start_text": "01:00:00:00"});
        let item = |shot: i64, first: i64, code: &str| json!({"shot": shot, "edit_in": first, "edit_out": first + 23, "timecode_edit_in_text": code});
        // From 1001, and one item that is wrong.
        let cut = [
            item(1, 1001, "01:00:00:00"),
            item(2, 1025, "01:00:01:00"),
            item(3, 1049, "01:00:09:00"),
        ];
        assert_eq!(
            ranges(of.clone(), &cut),
            [(1, (0, 24)), (2, (24, 48)), (3, (48, 72))]
        );
        // Without timecodes of their own, numbers above that of the start count from there, by 0 or by 1.
        for first in [86400, 86401] {
            let cut = [json!({"shot": 1, "edit_in": first, "edit_out": first + 9})];
            assert_eq!(ranges(of.clone(), &cut), [(1, (0, 10))]);
        }
    }

    #[test]
    fn without_numbers_timecodes_are_places_and_useless_numbers_are_none() {
        let of = json!({"fps": "24.0", "timecode_start_text": "01:00:00:00"});
        let cut = [
            json!({"shot": 1, "timecode_edit_in_text": "01:00:01:00", "timecode_edit_out_text": "01:00:02;00"}),
            json!({"shot": 2, "timecode_edit_in_text": "banana", "timecode_edit_out_text": "01:00:02:00"}),
            json!({"shot": 3, "edit_in": 9, "edit_out": 3, "timecode_edit_in_text": "01:00:01:00", "timecode_edit_out_text": "01:00:02:00"}),
            json!({"shot": 4}),
        ];
        assert_eq!(ranges(of, &cut), [(1, (24, 48))]);
        // Nor are they without a rate.
        assert_eq!(
            ranges(json!({"timecode_start_text": "01:00:00:00"}), &cut[..1]),
            []
        );
    }

    #[test]
    fn pieces_that_touch_are_one_and_others_are_told() {
        let cut_items = items(&[
            item(1, 1, 10),
            item(1, 11, 20),
            item(2, 21, 30),
            item(1, 31, 40),
        ]);
        let places = places(&cut(json!({"id": 1})), &cut_items);
        assert_eq!(places.ranges[&1], (0, 20));
        assert_eq!((places.repeated, places.end), (vec![1], 40));
    }

    #[test]
    fn another_rate_is_converted() {
        let chosen = ChosenCut {
            cut: cut(json!({"id": 1, "fps": 25.0})),
            items: items(&[item(1, 1, 25), item(2, 26, 50)]),
            shots: 2,
        };
        let places = chosen.places(FrameRate::new(24.0).unwrap());
        assert_eq!(
            (places.ranges[&1], places.ranges[&2], places.end),
            ((0, 24), (24, 48), 48)
        );
    }

    fn of(id: i64, code: &str, revision: i64, status: &str, entity: Value) -> Cut {
        cut(
            json!({"id": id, "code": code, "revision_number": revision, "sg_status_list": status, "entity": entity}),
        )
    }

    #[test]
    fn the_newest_revision_of_the_name_with_most_shots_counts() {
        let film = json!({"type": "Project", "id": 70});
        let reel = json!({"type": "Reel", "id": 1, "name": "R1"});
        let cuts = || {
            vec![
                of(1, "Main", 2, "ip", film.clone()),
                of(2, "Main", 3, "ip", film.clone()),
                of(3, "Main", 9, "na", film.clone()),
                of(4, "Main", 8, "omt", Value::Null),
                of(5, "Trailer", 1, "ip", Value::Null),
                of(6, "Reel", 1, "ip", reel.clone()),
                of(7, "Other", 1, "ip", json!({"type": "Project", "id": 71})),
            ]
        };
        let mut elsewhere = Vec::new();
        let omitted = Omitted::new(&[], &[]);
        let newest = newest(70, cuts(), &omitted, None, &mut elsewhere);
        assert_eq!(newest.iter().map(|it| it.1.id).collect::<Vec<_>>(), [2, 5]);
        assert_eq!(elsewhere, ["Reel v001", "Other v001"]);
        let shots = [
            (2, items(&[item(1, 1, 2), item(2, 3, 4)])),
            (5, items(&[item(1, 1, 2)])),
        ];
        let chosen = choose(newest, shots.into());
        assert_eq!(chosen[&Level::Project].cut.id, 2);
        // With or without its revision.
        for (name, id) in [("trailer", 5), ("Main v002", 1), ("main", 2)] {
            let named = super::newest(70, cuts(), &omitted, Some(name), &mut Vec::new());
            assert_eq!(
                named.iter().map(|it| it.1.id).collect::<Vec<_>>(),
                [id],
                "{name}"
            );
        }
    }

    #[test]
    fn a_timecode_is_eight_digits() {
        let at = |text| timecode(Some(text), FrameRate::new(23.976).ok());
        assert_eq!(at("01:00:00:01"), Some(86401));
        for text in [
            "",
            "1:00:00:00",
            "01:00:00",
            "+1:00:00:00",
            "aa:bb:cc:dd",
            "01:00:00:00:00",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    proptest! {
        /// Whatever tools write, it is read the same: from any first number, with the end within or past it.
        #[test]
        fn any_convention_reads_the_same(
            lengths in prop::collection::vec(1_i64..500, 2..20),
            base in prop::sample::select(vec![0, 1]),
            past in 0_i64..2,
            with_lengths: bool,
        ) {
            let mut at = 0;
            let mut expected = Vec::new();
            let mut cut_items = Vec::new();
            for (shot, length) in (1_i64..).zip(&lengths) {
                expected.push((shot, (at, at + length)));
                let mut item = item(shot, at + base, at + base + length - past);
                if with_lengths {
                    item["cut_item_duration"] = (*length).into();
                }
                cut_items.push(item);
                at += length;
            }
            prop_assert_eq!(ranges(json!({"fps": 24.0}), &cut_items), expected);
        }

        #[test]
        fn nothing_panics(numbers in prop::collection::vec(any::<(Option<i32>, Option<i32>, Option<i32>)>(), 0..8), text in ".{0,12}") {
            let values: Vec<_> = numbers.into_iter().map(|(first, last, length)| json!({
                "shot": 1, "edit_in": first, "edit_out": last, "cut_item_duration": length,
                "timecode_edit_in_text": text, "timecode_edit_out_text": "99:99:99:99",
            })).collect();
            ranges(json!({"fps": 1e300, "timecode_start_text": text}), &values);
        }
    }
}
