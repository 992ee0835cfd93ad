//! From tables to projects.

mod assets;
mod casting;
mod shots;
mod tasks;
pub(super) mod timing;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use alphanumeric_sort::compare_str as by_name;
use watchtower_model::{
    Edit, EntityKind, Episode, EpisodeId, FrameRate, LeftOut, MediaRef, Project, ProjectList,
    ProjectSnapshot, Reason, References, Sequence, SequenceId,
};

use super::columns::{Field, Subject, Table, plain};
use super::mapping::{Mapping, ProjectMapping};
use super::pictures::Pictures;
use super::sheet::Row;
use super::vocabulary::Vocabulary;
use tasks::SheetTasks;

/// What is read: the tables, and the settings around them.
#[derive(Debug)]
pub(super) struct Source {
    pub tables: Vec<Table>,
    pub mapping: Mapping,
    /// The folder from which paths in the mapping and the sheets start.
    pub folder: PathBuf,
    /// What a project is called that has no name in the sheets.
    pub name: String,
    /// The folder of pictures, before that of the mapping.
    pub pictures: Option<PathBuf>,
    /// The movie, before that of the mapping.
    pub movie: Option<PathBuf>,
    /// Frames per second, before those of the mapping and the sheets.
    pub fps: Option<FrameRate>,
    /// What a person should know about the sheets.
    pub notes: Vec<String>,
}

/// The projects of the sheets.
#[derive(Clone, Debug, Default)]
pub(super) struct Films {
    pub list: ProjectList,
    pub snapshots: Vec<ProjectSnapshot>,
}

/// Why the sheets cannot be read as they are: what, and what to do.
#[derive(Debug)]
pub(super) struct Problem {
    pub message: String,
    pub help: &'static str,
}

impl Source {
    /// Turns the tables into projects in which nothing dangles.
    ///
    /// # Errors
    ///
    /// When there is no project, or the settings do not say for which of several they are.
    pub(super) fn read(&self) -> Result<Films, Problem> {
        let names = self.project_names();
        if self.movie.is_some() && names.len() > 1 {
            return Err(Problem {
                message: format!(
                    "there is one movie for {} projects: {}",
                    names.len(),
                    names.join(", ")
                ),
                help: "name each project's movie in the mapping, as in [projects.\"NAME\"] movie = \"FILE\"",
            });
        }
        let mut words = Vocabulary::new(&self.mapping.task_types, &self.mapping.statuses);
        let sheet_tasks = SheetTasks::read(self, &mut words);
        // Task types of assets come first, as they do in Kitsu.
        for subject in [Subject::Assets, Subject::Shots] {
            for table in self.of(subject) {
                for task in &table.tasks {
                    words.task_type(&task.task_type, subject == Subject::Shots);
                }
            }
        }
        let mut films = Films::default();
        for name in &names {
            let film = Film::new(self, name, &names);
            let snapshot = film.read(&mut words, &sheet_tasks)?;
            films.snapshots.push(snapshot);
        }
        if let Some(first) = films.snapshots.first_mut() {
            let lost = sheet_tasks.without_entity(self);
            first.notes.splice(
                0..0,
                self.notes
                    .iter()
                    .chain(&sheet_tasks.notes)
                    .cloned()
                    .chain(lost),
            );
        }
        films.list = ProjectList {
            projects: films
                .snapshots
                .iter()
                .map(|it| it.project.clone())
                .collect(),
            asset_types: words.asset_types,
            task_types: words.task_types,
            task_statuses: words.task_statuses,
            users: words.users,
        };
        Ok(films)
    }

    fn of(&self, subject: Subject) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(move |it| it.subject == subject)
    }

    /// What a project is called where no cell says so.
    fn default_name(&self) -> &str {
        self.mapping.project.name.as_deref().unwrap_or(&self.name)
    }

    /// The project of a row.
    fn project_of(&self, table: &Table, row: &Row) -> String {
        let named = table.name(row, Field::Project);
        named.unwrap_or_else(|| self.default_name().to_owned())
    }

    /// The project after which a sheet is named, as `kitsu_small_film_casting.csv` is. None without, and
    /// where there is one project only.
    fn project_of_sheet<'n>(&self, table: &Table, names: &'n [String]) -> Option<&'n String> {
        let sheet = plain(&table.sheet.name);
        let named = names.iter().filter(|name| {
            let name = plain(name);
            !name.is_empty() && sheet.contains(&name)
        });
        // `Film` is a part of `Small Film`.
        named
            .max_by_key(|name| name.len())
            .filter(|_| names.len() > 1)
    }

    /// The projects, in the order of the sheets: those of shots, then those that have none.
    fn project_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let subjects = [Subject::Shots, Subject::Assets, Subject::Edits];
        for table in subjects.into_iter().flat_map(|it| self.of(it)) {
            for row in table.rows() {
                let name = self.project_of(table, row);
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        if names.is_empty() {
            names.push(self.default_name().to_owned());
        }
        names
    }
}

/// What is said of many cells or rows, in a note each.
#[derive(Debug, Default)]
struct Told(BTreeMap<String, Vec<String>>);

impl Told {
    fn add(&mut self, what: impl Into<String>, place: String) {
        self.0.entry(what.into()).or_default().push(place);
    }

    fn notes(self) -> impl Iterator<Item = String> {
        let note = |(what, places): (String, Vec<String>)| format!("{what}: {}", few(&places));
        self.0.into_iter().map(note)
    }
}

/// One project while it is read.
struct Film<'a> {
    source: &'a Source,
    name: &'a str,
    /// All projects of the sheets.
    names: &'a [String],
    snapshot: ProjectSnapshot,
    pictures: Pictures,
    /// Sequences by episode and name.
    sequences: HashMap<(String, String), SequenceId>,
    /// The largest frame of a timecode that the film's rate does not have.
    largest_frame: Option<i64>,
    /// What is said of many cells.
    told: Told,
}

impl<'a> Film<'a> {
    fn new(source: &'a Source, name: &'a str, names: &'a [String]) -> Self {
        let mut project = Project::new(name);
        let mapped = source.mapping.projects.get(name);
        let common = &source.mapping.project;
        let either = |get: fn(&ProjectMapping) -> Option<String>| {
            mapped.and_then(get).or_else(|| get(common))
        };
        project.ratio = either(|it| it.ratio.clone());
        project.resolution = either(|it| it.resolution.clone());
        Self {
            source,
            name,
            names,
            snapshot: ProjectSnapshot::new(project),
            pictures: Pictures::default(),
            sequences: HashMap::new(),
            largest_frame: None,
            told: Told::default(),
        }
    }

    fn read(
        mut self,
        words: &mut Vocabulary,
        tasks: &SheetTasks,
    ) -> Result<ProjectSnapshot, Problem> {
        self.look_for_pictures()?;
        self.read_frame_rate();
        let shots = self.read_shots(words, tasks);
        let mut assets = self.read_assets(words, tasks);
        self.read_casting(&shots, &mut assets, words);
        self.read_edits();
        self.finish(words)
    }

    /// The rows of a table that are of this project.
    fn rows<'t>(&self, table: &'t Table) -> Vec<&'t Row> {
        let rows = table.rows().iter();
        rows.filter(|row| self.source.project_of(table, row) == self.name)
            .collect()
    }

    fn tables(&self, subject: Subject) -> impl Iterator<Item = &'a Table> + use<'a> {
        self.source.of(subject)
    }

    fn leave_out(&mut self, kind: EntityKind, place: &str, name: String, reason: Reason) {
        self.snapshot.left_out.push(LeftOut {
            kind,
            id: place.to_owned(),
            name,
            reason,
        });
    }

    /// Leaves out a row without what it needs to be named by. `shown` is what it has.
    fn leave_out_nameless(
        &mut self,
        kind: EntityKind,
        table: &Table,
        row: &Row,
        field: Field,
        shown: Option<String>,
    ) {
        let place = table.place(row, field);
        let name = shown.map_or_else(|| place.clone(), |it| format!("{it} ({place})"));
        let reason = Reason::Other(table.no_name(row, field));
        self.leave_out(kind, &table.sheet.row_place(row), name, reason);
    }

    /// Leaves out what another row has already.
    fn leave_out_double(&mut self, kind: EntityKind, place: &str, shown: &str) {
        let reason = Reason::Duplicate("an earlier row has the same name".into());
        self.leave_out(kind, place, format!("{shown} ({place})"), reason);
    }

    fn note(&mut self, note: impl Into<String>) {
        self.snapshot.notes.push(note.into());
    }

    fn setting<T>(&self, get: impl Fn(&ProjectMapping) -> Option<T>) -> Option<T> {
        let mapped = self.source.mapping.projects.get(self.name);
        mapped
            .and_then(&get)
            .or_else(|| get(&self.source.mapping.project))
    }

    fn look_for_pictures(&mut self) -> Result<(), Problem> {
        let mapped = self.setting(|it| it.pictures.clone());
        let folder = self.source.pictures.clone();
        let folder = folder.or_else(|| mapped.map(|it| self.source.folder.join(it)));
        let Some(folder) = folder else { return Ok(()) };
        self.pictures = Pictures::in_folder(&folder).map_err(|error| Problem {
            message: format!(
                "the folder of pictures `{}` cannot be read: {error}",
                folder.display()
            ),
            help: "give the folder that holds the pictures, or none",
        })?;
        let notes = std::mem::take(&mut self.pictures.notes);
        self.snapshot.notes.extend(notes);
        Ok(())
    }

    /// The frame rate: as it is set, or as a column has it in each row.
    fn read_frame_rate(&mut self) {
        let set = self.source.fps.or_else(|| self.setting(|it| it.fps));
        let mut rates: Vec<FrameRate> = Vec::new();
        let mut odd = Vec::new();
        if set.is_none() {
            for table in self.tables(Subject::Shots) {
                for row in self.rows(table) {
                    let cell = table.cell(row, Field::Fps).to_string();
                    match cell.parse::<FrameRate>() {
                        Ok(rate) if !rates.contains(&rate) => rates.push(rate),
                        Err(_) if !cell.trim().is_empty() => {
                            let place = table.place(row, Field::Fps);
                            odd.push(format!("`{}` ({place})", cell.escape_debug()));
                        }
                        _ => {}
                    }
                }
            }
        }
        for cell in odd {
            let what = "these cells hold no frame rate and are ignored";
            self.told.add(what, cell);
        }
        let found = match rates.as_slice() {
            &[only] => Some(only),
            _ => None,
        };
        self.snapshot.project.fps = set.or(found).unwrap_or_default();
        let fps = self.snapshot.project.fps;
        if rates.len() > 1 {
            let rates: Vec<_> = rates.iter().map(ToString::to_string).collect();
            self.note(format!(
                "the sheets say several numbers of frames per second ({}), and a film has one: {fps} are taken",
                few(&rates)
            ));
        } else if set.or(found).is_none() {
            self.note(format!(
                "the sheets do not say how many frames per second the film has: {fps} are taken"
            ));
        }
    }

    /// The picture of a row: that of its cell, or else the one in the folder under one of these names.
    fn picture(&mut self, table: &Table, row: &Row, names: &[&[&str]]) -> Option<MediaRef> {
        if let Some(path) = table.name(row, Field::Picture) {
            if path.starts_with("https://") || path.starts_with("http://") {
                let place = table.place(row, Field::Picture);
                self.told
                    .add("pictures at a web address are not fetched", place);
            } else {
                let file = self.source.folder.join(&path);
                if file.is_file() {
                    return Some(MediaRef::file(file).changing());
                }
                let place = table.place(row, Field::Picture);
                self.told.add(
                    "picture files that the sheets name are missing",
                    format!("`{}` ({place})", path.escape_debug()),
                );
            }
        }
        let kind = table.subject.name();
        let prefixes: [&[&str]; 4] = [&[], &[kind], &[self.name], &[self.name, kind]];
        let found = self.pictures.find(&prefixes, names);
        found.map(|path| MediaRef::file(path).changing())
    }

    fn read_edits(&mut self) {
        let mut edits: Vec<(Edit, Option<PathBuf>)> = Vec::new();
        for table in self.tables(Subject::Edits) {
            for row in self.rows(table) {
                let place = table.sheet.row_place(row);
                let Some(name) = table.name(row, Field::Name) else {
                    self.leave_out_nameless(EntityKind::Edit, table, row, Field::Name, None);
                    continue;
                };
                let mut edit = Edit::new(&name);
                let episode = table.name(row, Field::Episode).unwrap_or_default();
                edit.episode_id = self.episode(&episode);
                if edits.iter().any(|(it, _)| it.id == edit.id) {
                    let reason = Reason::Duplicate("another edit has the same name".into());
                    self.leave_out(EntityKind::Edit, &place, name, reason);
                    continue;
                }
                let movie = table.name(row, Field::Movie);
                edits.push((edit, movie.map(|it| self.source.folder.join(it))));
            }
        }
        edits.sort_by(|(a, _), (b, _)| by_name(&a.name, &b.name));
        let set = self.setting(|it| it.movie.clone());
        let movie = self.source.movie.clone();
        let movie = movie.or_else(|| set.map(|it| self.source.folder.join(it)));
        if movie.is_some() {
            if edits.is_empty() {
                edits.push((Edit::new("Edit"), None));
            }
            edits[0].1 = movie;
        }
        for (mut edit, movie) in edits {
            edit.movie = movie.map(|it| MediaRef::file(it).changing());
            self.snapshot.edits.push(edit);
        }
        // The one to show comes first.
        self.snapshot.edits.sort_by_key(|it| it.movie.is_none());
    }

    /// An episode, which is there from the first time that it is named. None for no name.
    fn episode(&mut self, name: &str) -> Option<EpisodeId> {
        if name.is_empty() {
            return None;
        }
        let episode = Episode::new(name);
        let id = episode.id.clone();
        if self.snapshot.episodes.iter().all(|it| it.id != id) {
            self.snapshot.episodes.push(episode);
        }
        Some(id)
    }

    /// A sequence, which is there from the first time that it is named.
    fn sequence(&mut self, episode: &str, name: &str) -> SequenceId {
        let key = (episode.to_owned(), name.to_owned());
        if let Some(id) = self.sequences.get(&key) {
            return id.clone();
        }
        let episode_id = self.episode(episode);
        let mut sequence = Sequence::new(name);
        if episode_id.is_some() {
            // Episodes have sequences of the same name.
            sequence.id = SequenceId::derived(&[episode, name]);
            sequence.episode_id = episode_id;
        }
        let id = sequence.id.clone();
        self.snapshot.sequences.push(sequence);
        self.sequences.insert(key, id.clone());
        id
    }

    /// Last touches on the whole.
    fn finish(mut self, words: &Vocabulary) -> Result<ProjectSnapshot, Problem> {
        self.list_what_is_used(words);
        let told = std::mem::take(&mut self.told);
        self.snapshot.notes.extend(told.notes());
        for (is_ambiguous, what) in [
            (true, "after several shots or assets, and not shown"),
            (false, "after no shot or asset"),
        ] {
            let unused = self.pictures.unused(is_ambiguous);
            if unused.is_empty() {
                continue;
            }
            let names: Vec<_> = unused.iter().map(|it| file_name(it)).collect();
            let (count, names) = (unused.len(), few(&names));
            self.note(format!("{count} of the pictures are named {what}: {names}"));
        }
        Ok(self.snapshot)
    }

    /// Says which types, statuses and people of the sheets are this project's.
    fn list_what_is_used(&mut self, words: &Vocabulary) {
        let mut used = References::default();
        used.add_snapshot(&self.snapshot);
        let project = &mut self.snapshot.project;
        let is_used = |id: &str| used.contains(id);
        let types = words.asset_types.iter().map(|it| &it.id);
        project.asset_types = types.filter(|id| is_used(id.as_str())).cloned().collect();
        let types = words.task_types.iter().map(|it| &it.id);
        project.task_types = types.filter(|id| is_used(id.as_str())).cloned().collect();
        let statuses = words.task_statuses.iter().map(|it| &it.id);
        project.task_statuses = statuses
            .filter(|id| is_used(id.as_str()))
            .cloned()
            .collect();
        let users = words.users.iter().map(|it| &it.id);
        project.team = users.filter(|id| is_used(id.as_str())).cloned().collect();
    }
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Some names of a list, and how many more there are.
fn few(names: &[String]) -> String {
    const MANY: usize = 5;
    let mut text = names[..names.len().min(MANY)].join(", ");
    if names.len() > MANY {
        text.push_str(&format!(" and {} more", names.len() - MANY));
    }
    text
}
