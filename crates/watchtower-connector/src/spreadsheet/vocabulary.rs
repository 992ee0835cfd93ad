//! What the sheets name by name alone: types, statuses and people.

use std::collections::{BTreeMap, HashMap};

use watchtower_model::{
    AssetType, AssetTypeId, HexColor, TaskStatus, TaskStatusId, TaskType, TaskTypeId, User, UserId,
};

use super::mapping::Labelled;

/// Everything that was named so far, in the order in which it was. The same in another case is the
/// same.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    pub asset_types: Vec<AssetType>,
    pub task_types: Vec<TaskType>,
    pub task_statuses: Vec<TaskStatus>,
    pub users: Vec<User>,
    known: HashMap<(Kind, String), usize>,
    type_labels: BTreeMap<String, Labelled>,
    status_labels: BTreeMap<String, Labelled>,
    /// The names of statuses by their short names, where the sheets have both.
    long_names: HashMap<String, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    AssetType,
    ShotTask,
    AssetTask,
    Status,
    User,
}

impl Vocabulary {
    /// One that shows types and statuses as the mapping says.
    pub(super) fn new(
        task_types: &BTreeMap<String, Labelled>,
        statuses: &BTreeMap<String, Labelled>,
    ) -> Self {
        Self {
            type_labels: lower(task_types),
            status_labels: lower(statuses),
            ..Self::default()
        }
    }

    /// Takes down that a status has a longer name.
    pub(super) fn learn_status(&mut self, short: &str, long: &str) {
        self.long_names
            .entry(short.to_lowercase())
            .or_insert_with(|| long.to_owned());
    }

    pub(super) fn asset_type(&mut self, name: &str) -> AssetTypeId {
        let at = place(
            &mut self.known,
            &mut self.asset_types,
            Kind::AssetType,
            name,
            || AssetType::new(name),
        );
        self.asset_types[at].id.clone()
    }

    /// A task type of shots or of assets: those are two, even where they have the same name.
    pub(super) fn task_type(&mut self, name: &str, for_shots: bool) -> TaskTypeId {
        let (kind, other) = match for_shots {
            true => (Kind::ShotTask, Kind::AssetTask),
            false => (Kind::AssetTask, Kind::ShotTask),
        };
        let label = self.type_labels.get(&name.to_lowercase());
        let shown = label.and_then(|it| it.name.as_deref()).unwrap_or(name);
        let is_twin = self.known.contains_key(&(other, shown.to_lowercase()));
        let color = label.and_then(|it| it.color);
        let make = || {
            let mut task_type = TaskType::new(shown);
            if is_twin {
                let whose = if for_shots { "shots" } else { "assets" };
                task_type.id = TaskTypeId::derived(&[shown, whose]);
            }
            task_type.for_shots = for_shots;
            task_type.color = color.or_else(|| Some(stable_color(task_type.id.as_str())));
            task_type
        };
        let at = place(&mut self.known, &mut self.task_types, kind, shown, make);
        self.task_types[at].id.clone()
    }

    pub(super) fn task_status(&mut self, name: &str) -> TaskStatusId {
        let key = name.to_lowercase();
        let label = self.status_labels.get(&key);
        let long = || self.long_names.get(&key).map(String::as_str);
        let shown = label.and_then(|it| it.name.as_deref()).or_else(long);
        let shown = shown.unwrap_or(name);
        let by_long_name = || self.status_labels.get(&shown.to_lowercase());
        let color = label.or_else(by_long_name).and_then(|it| it.color);
        let make = || {
            let mut status = TaskStatus::new(shown);
            status.color = color.or_else(|| Some(stable_color(status.id.as_str())));
            status
        };
        let at = place(
            &mut self.known,
            &mut self.task_statuses,
            Kind::Status,
            shown,
            make,
        );
        self.task_statuses[at].id.clone()
    }

    /// The people of a cell: names between commas, each once.
    pub(super) fn people(&mut self, cell: &str) -> Vec<UserId> {
        let mut ids = Vec::new();
        for name in cell.split([',', '\n']).map(str::trim) {
            if name.is_empty() {
                continue;
            }
            let at = place(&mut self.known, &mut self.users, Kind::User, name, || {
                User::new(name)
            });
            let id = self.users[at].id.clone();
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids.sort();
        ids
    }
}

/// Where a thing is in its list; it is put there the first time.
fn place<T>(
    known: &mut HashMap<(Kind, String), usize>,
    list: &mut Vec<T>,
    kind: Kind,
    name: &str,
    make: impl FnOnce() -> T,
) -> usize {
    *known.entry((kind, name.to_lowercase())).or_insert_with(|| {
        list.push(make());
        list.len() - 1
    })
}

fn lower(labels: &BTreeMap<String, Labelled>) -> BTreeMap<String, Labelled> {
    let pairs = labels.iter();
    pairs
        .map(|(name, it)| (name.to_lowercase(), it.clone()))
        .collect()
}

/// A colour for what has none: its hue follows from the id, so it is the same in every export.
fn stable_color(id: &str) -> HexColor {
    const SATURATION: f64 = 0.55;
    const LIGHTNESS: f64 = 0.5;
    let digits = id
        .bytes()
        .take(4)
        .map(|it| (it as char).to_digit(16).unwrap_or(0));
    let number = digits.fold(0, |number, digit| number * 16 + digit);
    let hue = f64::from(number) / 65536.0 * 12.0;
    let channel = |offset: f64| {
        let k = (offset + hue) % 12.0;
        let spread = SATURATION * LIGHTNESS.min(1.0 - LIGHTNESS);
        let value = LIGHTNESS - spread * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // From 0 to 255.
        let byte = (value * 255.0).round() as u8;
        byte
    };
    HexColor::new(channel(0.0), channel(8.0), channel(4.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_in_another_case_is_the_same() {
        let mut words = Vocabulary::default();
        assert_eq!(words.task_status("Done"), words.task_status("done"));
        assert_eq!(words.task_statuses.len(), 1);
        assert_eq!(words.task_statuses[0].name, "Done");
    }

    #[test]
    fn a_task_type_of_shots_and_one_of_assets_are_two() {
        let mut words = Vocabulary::default();
        let (shots, assets) = (words.task_type("FX", true), words.task_type("FX", false));
        assert_ne!(shots, assets);
        assert_eq!(shots, TaskType::new("FX").id);
    }

    #[test]
    fn colours_stay_what_they_are() {
        let color = |name: &str| stable_color(TaskStatus::new(name).id.as_str()).to_string();
        insta::assert_snapshot!(["Todo", "wip", "Done"].map(color).join(" "), @"#c67539 #3944c6 #c65739");
    }

    #[test]
    fn people_are_named_between_commas() {
        let mut words = Vocabulary::default();
        assert_eq!(words.people("Jade Doe, Max Roe,,Jade Doe").len(), 2);
        assert_eq!(words.users[1].name, "Max Roe");
    }
}
