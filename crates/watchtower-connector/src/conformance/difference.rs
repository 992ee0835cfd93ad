//! What differs between two readings.

use std::collections::HashMap;
use std::fmt::Display;

use watchtower_model::{Asset, ProjectList, ProjectSnapshot, Shot, Task};

/// What differs between two readings of the same.
#[derive(Debug, Default)]
pub(super) struct Differences {
    /// What only one of them has.
    pub ids: Vec<String>,
    /// What stands in another order.
    pub order: Vec<String>,
    /// What is under the same id and differs.
    pub content: Vec<String>,
}

/// Things of a kind, each by its id, with its name for people.
type Things<'a, T> = Vec<(String, String, &'a T)>;

impl Differences {
    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.order.is_empty() && self.content.is_empty()
    }

    /// All of them, in words.
    pub(super) fn all(&self) -> impl Iterator<Item = &String> {
        self.ids.iter().chain(&self.order).chain(&self.content)
    }

    pub(super) fn of_lists(&mut self, before: &ProjectList, after: &ProjectList) {
        macro_rules! compare {
            ($kind:literal, $field:ident) => {
                let before = things(&before.$field, |it| it.id.as_str(), |it| &*it.name);
                let after = things(&after.$field, |it| it.id.as_str(), |it| &*it.name);
                self.compare($kind, &before, &after, PartialEq::eq);
            };
        }
        compare!("project", projects);
        compare!("asset type", asset_types);
        compare!("task type", task_types);
        compare!("task status", task_statuses);
        compare!("person", users);
    }

    pub(super) fn of_projects(&mut self, before: &ProjectSnapshot, after: &ProjectSnapshot) {
        if before == after {
            return;
        }
        let name = &before.project.name;
        macro_rules! compare {
            ($kind:literal, $field:ident, $same:expr) => {
                let before = things(&before.$field, |it| it.id.as_str(), |it| &*it.name);
                let after = things(&after.$field, |it| it.id.as_str(), |it| &*it.name);
                self.compare($kind, &before, &after, $same);
            };
        }
        compare!("episode", episodes, PartialEq::eq);
        compare!("sequence", sequences, PartialEq::eq);
        compare!("asset", assets, same_asset);
        compare!("shot", shots, same_shot);
        compare!("edit", edits, PartialEq::eq);
        let casting = things(&before.casting, |it| it.shot_id.as_str(), |_| "");
        let again = things(&after.casting, |it| it.shot_id.as_str(), |_| "");
        self.compare("casting of the shot", &casting, &again, PartialEq::eq);
        self.compare("task", &tasks(before), &tasks(after), PartialEq::eq);
        let mut differs = |what: &str| self.content.push(format!("{what} of {name} differ"));
        if before.project != after.project {
            differs("the settings");
        }
        if before.left_out != after.left_out {
            differs("the things left out");
        }
        if before.notes != after.notes {
            differs("the notes");
        }
    }

    fn compare<T>(
        &mut self,
        kind: &str,
        before: &Things<'_, T>,
        after: &Things<'_, T>,
        same: impl Fn(&T, &T) -> bool,
    ) {
        let (then, now) = (by_id(before), by_id(after));
        for (id, name, _) in before.iter().filter(|it| !now.contains_key(&*it.0)) {
            self.ids.push(format!(
                "the {} was there at first and is not the second time",
                one(kind, name, id)
            ));
        }
        for (id, name, _) in after.iter().filter(|it| !then.contains_key(&*it.0)) {
            self.ids.push(format!(
                "the {} is there the second time and was not at first",
                one(kind, name, id)
            ));
        }
        let before = before.iter().filter(|it| now.contains_key(&*it.0));
        let after = after.iter().filter(|it| then.contains_key(&*it.0));
        let moved = before.clone().zip(after).find(|(a, b)| a.0 != b.0);
        if let Some(((id, name, _), (other_id, other, _))) = moved {
            self.order.push(format!(
                "where the {} was, the second time there is the {}",
                one(kind, name, id),
                one(kind, other, other_id)
            ));
        }
        for (id, name, thing) in before {
            if !same(thing, now[&**id]) {
                self.content
                    .push(format!("the {} is not as it was", one(kind, name, id)));
            }
        }
    }
}

/// A thing for people: its kind, its name and its id.
pub(super) fn one(kind: impl Display, name: &str, id: &str) -> String {
    match name {
        "" => format!("{kind} `{id}`"),
        name => format!("{kind} `{name}` ({id})"),
    }
}

fn things<'a, T>(
    list: &'a [T],
    id: impl Fn(&T) -> &str,
    name: impl Fn(&T) -> &str,
) -> Things<'a, T> {
    let thing = |it: &'a T| (id(it).to_owned(), name(it).to_owned(), it);
    list.iter().map(thing).collect()
}

fn by_id<'a, T>(things: &'a Things<'_, T>) -> HashMap<&'a str, &'a T> {
    things.iter().map(|(id, _, it)| (&**id, *it)).collect()
}

/// Tasks by their ids; one that has none, by what it is on, its type, and its place there.
fn tasks(film: &ProjectSnapshot) -> Things<'_, Task> {
    let shots = film.shots.iter();
    let shots = shots.map(|it| (it.id.as_str(), &*it.name, &it.tasks));
    let assets = film.assets.iter();
    let assets = assets.map(|it| (it.id.as_str(), &*it.name, &it.tasks));
    let mut all = Vec::new();
    for (owner, name, tasks) in shots.chain(assets) {
        for (place, task) in tasks.iter().enumerate() {
            let id = match &task.id {
                Some(id) => id.to_string(),
                None => format!("{owner}, number {place}"),
            };
            all.push((id, format!("on {name}"), task));
        }
    }
    all
}

fn same_shot(a: &Shot, b: &Shot) -> bool {
    let without_tasks = |it: &Shot| Shot {
        tasks: Vec::new(),
        ..it.clone()
    };
    a == b || without_tasks(a) == without_tasks(b)
}

fn same_asset(a: &Asset, b: &Asset) -> bool {
    let without_tasks = |it: &Asset| Asset {
        tasks: Vec::new(),
        ..it.clone()
    };
    a == b || without_tasks(a) == without_tasks(b)
}
