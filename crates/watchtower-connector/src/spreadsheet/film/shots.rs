//! Shots, and where they are on the timeline.

use std::cmp::Ordering;
use std::collections::HashMap;

use watchtower_model::{EntityKind, Reason, Shot, ShotData, ShotId};

use super::super::columns::{Field, Subject, Table};
use super::super::sheet::{Cell, Row};
use super::super::vocabulary::Vocabulary;
use super::tasks::SheetTasks;
use super::{Film, by_name};

/// The sequence of shots for which no column has one.
const NO_SEQUENCE: &str = "Shots";

/// The shots by episode, sequence and name; the id is none for those that were left out.
pub(super) type Places = HashMap<(String, String, String), Option<ShotId>>;

/// A row of shots that has what a shot needs.
struct Found<'a> {
    table: &'a Table,
    row: &'a Row,
    episode: String,
    sequence: String,
    name: String,
    data: ShotData,
}

pub(super) fn full_name(episode: &str, sequence: &str, name: &str) -> String {
    match episode {
        "" => format!("{sequence} / {name}"),
        episode => format!("{episode} / {sequence} / {name}"),
    }
}

impl Film<'_> {
    /// Reads the shots, in the order of the timeline.
    pub(super) fn read_shots(&mut self, words: &mut Vocabulary, tasks: &SheetTasks) -> Places {
        let mut places = Places::new();
        let mut shots = Vec::new();
        for table in self.tables(Subject::Shots) {
            if table.column(Field::Sequence).is_none() {
                self.note(format!(
                    "{} has no column of sequences: all shots are in one, `{NO_SEQUENCE}`",
                    table.sheet.label
                ));
            }
            for row in self.rows(table) {
                shots.extend(self.find_shot(table, row, &mut places));
            }
        }
        let from_kitsu = shots.iter().all(|it| it.table.is_from_kitsu);
        if from_kitsu {
            // Kitsu sorts its rows letter by letter, so that `sh10` comes before `sh2`.
            shots.sort_by(story_order);
        }
        // In the order of the story, as far as it is known.
        for shot in &shots {
            self.sequence(&shot.episode, &shot.sequence);
        }
        self.tell_of_frames(&shots);
        let names = Names::of(&shots);
        for shot in shots {
            let key = (
                shot.episode.clone(),
                shot.sequence.clone(),
                shot.name.clone(),
            );
            let made = self.shot(&shot, &names, words, tasks);
            places.insert(key, Some(made.id.clone()));
            self.snapshot.shots.push(made);
        }
        places
    }

    /// Reads one row. What cannot be read is left out, with the place.
    fn find_shot<'t>(
        &mut self,
        table: &'t Table,
        row: &'t Row,
        places: &mut Places,
    ) -> Option<Found<'t>> {
        let place = table.sheet.row_place(row);
        let episode = table.name(row, Field::Episode).unwrap_or_default();
        let sequence = match table.column(Field::Sequence) {
            Some(_) => table.name(row, Field::Sequence),
            None => Some(NO_SEQUENCE.to_owned()),
        };
        let named = (sequence, table.name(row, Field::Name));
        let (sequence, name) = match named {
            (Some(sequence), Some(name)) => (sequence, name),
            (sequence, name) => {
                let missing = if name.is_none() {
                    Field::Name
                } else {
                    Field::Sequence
                };
                let shown = name.or(sequence).unwrap_or_else(|| place.clone());
                let reason = table.no_name(row, missing);
                self.leave_out(EntityKind::Shot, &place, shown, Reason::Other(reason));
                return None;
            }
        };
        let shown = full_name(&episode, &sequence, &name);
        let key = (episode.clone(), sequence.clone(), name.clone());
        if places.contains_key(&key) {
            let reason = format!("{place} has a shot that is in a row before already");
            self.leave_out(EntityKind::Shot, &place, shown, Reason::Other(reason));
            return None;
        }
        places.insert(key, None);
        if is_yes(table.cell(row, Field::Canceled)) {
            self.leave_out(EntityKind::Shot, &place, shown, Reason::Canceled);
            return None;
        }
        let mut frame = |field: Field| {
            let cell = table.cell(row, field);
            cell.frame().unwrap_or_else(|_| {
                let place = table.place(row, field);
                let text = cell.to_string();
                self.odd_frames.push(format!(
                    "{place}: `{}` is not a frame number",
                    text.escape_debug()
                ));
                None
            })
        };
        let start = frame(Field::FrameIn);
        let end = frame(Field::FrameOut);
        let length = frame(Field::Frames);
        let mapping = self.source.mapping.sheet(Subject::Shots);
        let is_last = mapping.is_some_and(|it| it.frame_out_is_last == Some(true));
        let end = end.map(|end| end.saturating_add(i64::from(is_last)));
        let mut data = ShotData::of_fields(start, end, length);
        if mapping.is_some_and(|it| it.end_to_end == Some(true)) {
            data = ShotData {
                nb_frames: data.length(),
                ..ShotData::default()
            };
        }
        if let Some((start, end)) = start.zip(end).filter(|(start, end)| start > end) {
            let place = table.place(row, Field::FrameOut);
            self.odd_frames.push(format!(
                "{place}: {shown} ends at {end}, before it starts at {start}"
            ));
        }
        Some(Found {
            table,
            row,
            episode,
            sequence,
            name,
            data,
        })
    }

    /// Says what of the frame columns is not understood, and what only looks wrong.
    fn tell_of_frames(&mut self, shots: &[Found<'_>]) {
        const SHOWN: usize = 5;
        let odd = std::mem::take(&mut self.odd_frames);
        if !odd.is_empty() {
            let more = odd.len().saturating_sub(SHOWN);
            self.note(format!(
                "{}{}: what these cells say of places and lengths does not count",
                odd[..odd.len() - more].join("; "),
                if more > 0 {
                    format!("; and {more} more")
                } else {
                    String::new()
                },
            ));
        }
        if self.ends_are_last_frames(shots) {
            self.note(
                "every shot ends a frame before the next one starts: if the ends are the last frames of \
                 shots, set `frame_out_is_last = true` under [shots] in the mapping",
            );
        }
    }

    /// Whether ranges look as if their ends were frames of the shots: 1 to 24, 25 to 48.
    fn ends_are_last_frames(&self, shots: &[Found<'_>]) -> bool {
        let mut ranges: Vec<_> = shots.iter().filter_map(|it| it.data.range()).collect();
        ranges.sort_unstable();
        let follow = |pair: &[(i64, i64)]| pair[0].1.saturating_add(1) == pair[1].0;
        ranges.len() > 1 && ranges.windows(2).all(follow)
    }

    fn shot(
        &mut self,
        found: &Found<'_>,
        names: &Names,
        words: &mut Vocabulary,
        tasks: &SheetTasks,
    ) -> Shot {
        let Found {
            table,
            row,
            episode,
            sequence,
            name,
            data,
        } = found;
        let sequence_id = self.sequence(episode, sequence);
        let mut data = data.clone();
        for &column in &table.others {
            let cell = row.cell(column);
            let value = match cell {
                Cell::Empty => continue,
                Cell::Number(number) if number.fract() != 0.0 => (*number).into(),
                _ => cell.to_string().into(),
            };
            data.custom.insert(table.headers[column].clone(), value);
        }
        let mut shot = Shot::new(name, &sequence_id, data);
        shot.fps = self.snapshot.project.fps;
        shot.tasks = tasks.of(self.source, table, row, words);
        let mut pictures: Vec<&[&str]> = Vec::new();
        let (whole, pair, alone) = (
            [&**episode, &**sequence, &**name],
            [&**sequence, &**name],
            [&**name],
        );
        pictures.push(&whole);
        if names.is_pair_unique(sequence, name) {
            pictures.push(&pair);
        }
        if names.is_unique(name) {
            pictures.push(&alone);
        }
        shot.thumbnail = self.picture(table, row, &pictures);
        if !names.is_unique(name) {
            self.pictures.set_ambiguous(&[name]);
        }
        if !names.is_pair_unique(sequence, name) {
            self.pictures.set_ambiguous(&pair);
        }
        shot
    }
}

/// How often names are there.
struct Names(HashMap<String, usize>, HashMap<(String, String), usize>);

impl Names {
    fn of(shots: &[Found<'_>]) -> Self {
        let mut names = Self(HashMap::new(), HashMap::new());
        for shot in shots {
            *names.0.entry(shot.name.clone()).or_default() += 1;
            let pair = (shot.sequence.clone(), shot.name.clone());
            *names.1.entry(pair).or_default() += 1;
        }
        names
    }

    fn is_unique(&self, name: &str) -> bool {
        self.0.get(name) == Some(&1)
    }

    fn is_pair_unique(&self, sequence: &str, name: &str) -> bool {
        self.1.get(&(sequence.to_owned(), name.to_owned())) == Some(&1)
    }
}

fn story_order(a: &Found<'_>, b: &Found<'_>) -> Ordering {
    let sequences = || by_name(&a.sequence, &b.sequence);
    let names = || by_name(&a.name, &b.name);
    // Those outside any episode come last.
    (a.episode.is_empty().cmp(&b.episode.is_empty()))
        .then_with(|| by_name(&a.episode, &b.episode))
        .then_with(sequences)
        .then_with(names)
}

/// Whether a cell says yes.
pub(super) fn is_yes(cell: &Cell) -> bool {
    match cell {
        Cell::Number(number) => *number != 0.0,
        Cell::Text(text) => {
            matches!(
                &*text.to_lowercase(),
                "true" | "yes" | "y" | "x" | "1" | "omitted" | "canceled" | "cancelled"
            )
        }
        _ => false,
    }
}
