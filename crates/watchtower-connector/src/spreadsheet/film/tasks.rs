//! Tasks: those of columns, and those of a sheet of tasks.

use std::collections::HashMap;

use watchtower_model::Task;

use super::super::columns::{Field, Subject, Table};
use super::super::sheet::{Cell, Row};
use super::super::vocabulary::Vocabulary;
use super::{Source, Told, few};

/// What a task is of, by names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Entity {
    project: String,
    is_shot: bool,
    /// The episode and sequence of a shot, the type of an asset.
    group: (String, String),
    name: String,
}

impl Entity {
    fn shot(project: &str, episode: &str, sequence: &str, name: &str) -> Self {
        Self {
            project: project.to_owned(),
            is_shot: true,
            group: (episode.to_owned(), sequence.to_owned()),
            name: name.to_owned(),
        }
    }

    fn asset(project: &str, kind: &str, name: &str) -> Self {
        Self {
            project: project.to_owned(),
            is_shot: false,
            group: (String::new(), kind.to_owned()),
            name: name.to_owned(),
        }
    }
}

/// The shots and assets of the sheets, by project and name.
struct Entities(HashMap<(String, String), Vec<Entity>>);

impl Entities {
    fn of(source: &Source) -> Self {
        let mut all: HashMap<_, Vec<Entity>> = HashMap::new();
        for subject in [Subject::Shots, Subject::Assets] {
            for table in source.of(subject) {
                for row in table.rows() {
                    let entity = entity(source, table, row);
                    let key = (entity.project.clone(), entity.name.clone());
                    all.entry(key).or_default().push(entity);
                }
            }
        }
        Self(all)
    }

    /// What a row of tasks is of. Where it does not name a sequence or type, the only one of that name.
    fn find(&self, named: Entity) -> Entity {
        let key = (named.project.clone(), named.name.clone());
        let all = self.0.get(&key).map_or(&[][..], |it| &**it);
        if all.contains(&named) {
            return named;
        }
        let is_bare = named.group == Default::default();
        let fits = |it: &&Entity| {
            let part = |named: &String, own: &String| named.is_empty() || named == own;
            let groups = (&named.group, &it.group);
            (is_bare || it.is_shot == named.is_shot)
                && part(&groups.0.0, &groups.1.0)
                && part(&groups.0.1, &groups.1.1)
        };
        let mut found = all.iter().filter(fits);
        match (found.next(), found.next()) {
            (Some(only), None) => only.clone(),
            _ => named,
        }
    }
}

/// A row of a sheet of tasks.
#[derive(Debug)]
struct SheetTask {
    task_type: String,
    status: String,
    assignees: String,
    /// Where it stands, for people.
    place: String,
}

/// The tasks of the sheets of tasks. Kitsu's has the names of statuses where columns have short names,
/// and every task where a column has one.
#[derive(Debug, Default)]
pub(super) struct SheetTasks {
    tasks: HashMap<Entity, Vec<SheetTask>>,
    /// What a person should know about the rows.
    pub notes: Vec<String>,
}

impl SheetTasks {
    /// Reads the sheets of tasks, and learns which status has which short name.
    pub(super) fn read(source: &Source, words: &mut Vocabulary) -> Self {
        let mut all = Self::default();
        let mut told = Told::default();
        let known = Entities::of(source);
        for table in source.of(Subject::Tasks) {
            for row in table.rows() {
                let text = |field| table.name(row, field).unwrap_or_default();
                let (task_type, status) = (text(Field::TaskType), text(Field::Status));
                let mut needed = [Field::TaskType, Field::Status].into_iter();
                if let Some(field) = needed.find(|&it| text(it).is_empty()) {
                    let what = format!("tasks are left out where {}", table.no_name(row, field));
                    told.add(what, table.sheet.row_place(row));
                    continue;
                }
                let entity = known.find(Self::entity(source, table, row));
                all.tasks.entry(entity).or_default().push(SheetTask {
                    task_type,
                    status,
                    assignees: text(Field::Assignees),
                    place: table.sheet.row_place(row),
                });
            }
        }
        all.notes.extend(told.notes());
        for subject in [Subject::Shots, Subject::Assets] {
            for table in source.of(subject) {
                for row in table.rows() {
                    all.learn(&entity(source, table, row), table, row, words);
                }
            }
        }
        all
    }

    fn entity(source: &Source, table: &Table, row: &Row) -> Entity {
        let text = |field| table.name(row, field).unwrap_or_default();
        let project = source.project_of(table, row);
        let (kind, sequence) = (text(Field::EntityType), text(Field::Sequence));
        let (entity, shot, asset) = (text(Field::Entity), text(Field::Shot), text(Field::Asset));
        let is_shot = match &*kind.to_lowercase() {
            "" => !shot.is_empty() || asset.is_empty() && !sequence.is_empty(),
            kind => kind == "shot",
        };
        let name = [entity, if is_shot { shot } else { asset }];
        let name = name
            .into_iter()
            .find(|it| !it.is_empty())
            .unwrap_or_default();
        match is_shot {
            true => Entity::shot(&project, &text(Field::Episode), &sequence, &name),
            false => {
                let asset_type = text(Field::Type);
                let kind = if asset_type.is_empty() {
                    kind
                } else {
                    asset_type
                };
                Entity::asset(&project, &kind, &name)
            }
        }
    }

    /// Where a shot or asset has one task of a type in both places, the two statuses are the same.
    fn learn(&self, entity: &Entity, table: &Table, row: &Row, words: &mut Vocabulary) {
        let Some(tasks) = self.tasks.get(entity) else {
            return;
        };
        for column in &table.tasks {
            let Some(short) = row.cell(column.status).name() else {
                continue;
            };
            let mut same = tasks.iter().filter(|it| it.task_type == column.task_type);
            if let (Some(task), None) = (same.next(), same.next()) {
                words.learn_status(&short, &task.status);
            }
        }
    }

    /// The tasks of a shot or asset: those of the sheet of tasks, and of columns for which that has
    /// none.
    pub(super) fn of(
        &self,
        source: &Source,
        table: &Table,
        row: &Row,
        words: &mut Vocabulary,
    ) -> Vec<Task> {
        let entity = &entity(source, table, row);
        let listed = self.tasks.get(entity).map_or(&[][..], |it| &**it);
        let mut tasks: Vec<(String, Task)> = Vec::new();
        let mut add = |task_type: &str, status: &str, assignees: &str| {
            let type_id = words.task_type(task_type, entity.is_shot);
            let mut task = Task::new(type_id, words.task_status(status));
            task.assignees = words.people(assignees);
            tasks.push((task_type.to_owned(), task));
        };
        for task in listed {
            add(&task.task_type, &task.status, &task.assignees);
        }
        for column in &table.tasks {
            let cell = row.cell(column.status);
            let is_listed = listed.iter().any(|it| it.task_type == column.task_type);
            if *cell == Cell::Empty || is_listed {
                continue;
            }
            let assignees = column.assignees.map(|at| row.cell(at).to_string());
            add(
                &column.task_type,
                &cell.to_string(),
                &assignees.unwrap_or_default(),
            );
        }
        let place = |name: &str| table.tasks.iter().position(|it| it.task_type == name);
        // Those of no column come last.
        tasks.sort_by_key(|(name, _)| place(name).unwrap_or(usize::MAX));
        tasks.into_iter().map(|(_, task)| task).collect()
    }

    /// What the sheets of tasks name and the others do not hold, for people.
    pub(super) fn without_entity(&self, source: &Source) -> Option<String> {
        let mut lost = self.tasks.keys().collect::<std::collections::HashSet<_>>();
        for subject in [Subject::Shots, Subject::Assets] {
            for table in source.of(subject) {
                for row in table.rows() {
                    lost.remove(&entity(source, table, row));
                }
            }
        }
        let mut names = Vec::new();
        for entity in lost {
            let name = format!("{} {}", entity.group.1, entity.name);
            let rows = self.tasks[entity].iter();
            names.extend(rows.map(|it| format!("{} ({})", name.trim(), it.place)));
        }
        names.sort();
        let count = names.len();
        (count > 0).then(|| {
            format!(
                "{} of what is no shot or asset: {}",
                watchtower_model::counted(
                    count,
                    "row of the sheet of tasks is",
                    "rows of the sheet of tasks are"
                ),
                few(&names)
            )
        })
    }
}

/// What a row of shots or assets is.
fn entity(source: &Source, table: &Table, row: &Row) -> Entity {
    let text = |field| table.name(row, field).unwrap_or_default();
    let project = source.project_of(table, row);
    match table.subject {
        Subject::Shots => Entity::shot(
            &project,
            &text(Field::Episode),
            &text(Field::Sequence),
            &text(Field::Name),
        ),
        _ => Entity::asset(&project, &text(Field::Type), &text(Field::Name)),
    }
}
