//! Shots, and where they are on the timeline.

use std::cmp::Ordering;
use std::collections::HashMap;

use watchtower_model::{EntityKind, Reason, Shot, ShotData, ShotId};

use super::super::columns::{Field, Subject, Table};
use super::super::frames::NoFrames;
use super::super::sheet::{Cell, Row};
use super::super::vocabulary::Vocabulary;
use super::tasks::SheetTasks;
use super::timing::{self, End, Timing};
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
    timing: Timing,
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
        let data = self.what_is_known(&shots);
        let names = Names::of(&shots);
        for (shot, data) in shots.into_iter().zip(data) {
            let key = (
                shot.episode.clone(),
                shot.sequence.clone(),
                shot.name.clone(),
            );
            let made = self.shot(&shot, data, &names, words, tasks);
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
                self.leave_out_nameless(EntityKind::Shot, table, row, missing, name.or(sequence));
                return None;
            }
        };
        let shown = full_name(&episode, &sequence, &name);
        let key = (episode.clone(), sequence.clone(), name.clone());
        if places.contains_key(&key) {
            self.leave_out_double(EntityKind::Shot, &place, &shown);
            return None;
        }
        places.insert(key, None);
        if is_yes(table.cell(row, Field::Canceled)) {
            self.leave_out(EntityKind::Shot, &place, shown, Reason::Canceled);
            return None;
        }
        if let Some(status) = table.omitted(row) {
            self.leave_out(EntityKind::Shot, &place, shown, omitted(&status));
            return None;
        }
        let fps = self.snapshot.project.fps;
        let mut timing = Timing::read(table, row, fps, |field, why| match why {
            NoFrames::Other => {
                let place = table.place(row, field);
                let text = table.cell(row, field).to_string();
                self.told.add(
                    "these cells hold no frame number and are ignored",
                    format!("`{}` ({place})", text.escape_debug()),
                );
            }
            NoFrames::BeyondRate(frame) => {
                self.largest_frame = self.largest_frame.max(Some(frame));
            }
        });
        if let (Some(first), Some(end)) = (timing.first, timing.end)
            && first.frame > end.frame
        {
            self.told.add(
                "these shots end before they start, so their ranges are ignored",
                format!("{shown} ({place})"),
            );
            (timing.first, timing.end) = (None, None);
        }
        if timing.length.is_some_and(|it| it.frame < 0) {
            self.told.add(
                "these shots are shorter than nothing, so their lengths are ignored",
                format!("{shown} ({place})"),
            );
            timing.length = None;
        }
        Some(Found {
            table,
            row,
            episode,
            sequence,
            name,
            timing,
        })
    }

    /// What is known of the places and lengths of all shots.
    fn what_is_known(&mut self, shots: &[Found<'_>]) -> Vec<ShotData> {
        let mut timings: Vec<_> = shots.iter().map(|it| it.timing.clone()).collect();
        if let Some(frame) = self.largest_frame {
            // At another rate every one of them is another frame.
            timings.iter_mut().for_each(Timing::forget_timecodes);
            let fps = self.snapshot.project.fps;
            self.note(format!(
                "the timecodes have frames up to :{frame}, so the film has more than {fps} frames per \
                 second, and none of them is read: give the film's rate with `--fps`"
            ));
        }
        let mapping = self.source.mapping.sheet(Subject::Shots);
        let is_last = mapping.and_then(|it| it.frame_out_is_last);
        let is_last = is_last.unwrap_or_else(|| {
            let end = End::of(&timings);
            // Kitsu says nothing about it in each of its sheets, and means the frame behind.
            let is_usual = matches!(end, Some(End::Behind(_))) || end.is_none();
            let from_kitsu = shots.iter().all(|it| it.table.is_from_kitsu);
            if let Some(end) = end.filter(|_| !(is_usual && from_kitsu)) {
                self.note(end.note());
            }
            end.is_some_and(End::is_last)
        });
        let mut data = timing::data(&timings, is_last);
        if mapping.is_some_and(|it| it.end_to_end == Some(true)) {
            for it in &mut data {
                *it = ShotData {
                    nb_frames: it.length(),
                    ..ShotData::default()
                };
            }
        }
        data
    }

    fn shot(
        &mut self,
        found: &Found<'_>,
        mut data: ShotData,
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
            ..
        } = found;
        let sequence_id = self.sequence(episode, sequence);
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

/// Why something with a status of its own is left out.
pub(super) fn omitted(status: &str) -> Reason {
    Reason::Other(format!("its status is `{}`", status.escape_debug()))
}

/// Whether a cell says yes.
pub(super) fn is_yes(cell: &Cell) -> bool {
    match cell {
        Cell::Number(number) => *number != 0.0,
        Cell::Text(text) => {
            matches!(
                &*text.to_lowercase(),
                "true" | "yes" | "y" | "x" | "1" | "checked" | "omitted" | "canceled" | "cancelled"
            )
        }
        _ => false,
    }
}
