//! Assets.

use std::collections::HashMap;

use watchtower_model::{Asset, AssetId, EntityKind, Reason};

use super::super::columns::{Field, Subject};
use super::super::vocabulary::Vocabulary;
use super::shots::{is_yes, omitted};
use super::tasks::SheetTasks;
use super::{Film, by_name};

/// The type of assets for which no column has one.
const NO_TYPE: &str = "Asset";

/// The assets by type and name; the id is none for those that were left out.
pub(super) type Assets = HashMap<(String, String), Option<AssetId>>;

impl Film<'_> {
    /// Reads the assets, by type and name where they are from Kitsu.
    pub(super) fn read_assets(&mut self, words: &mut Vocabulary, tasks: &SheetTasks) -> Assets {
        let mut known = Assets::new();
        let mut from_kitsu = true;
        let mut found = Vec::new();
        for table in self.tables(Subject::Assets) {
            from_kitsu &= table.is_from_kitsu;
            if !table.others.is_empty() {
                let headers = table.others.iter().map(|&at| table.headers[at].clone());
                let headers: Vec<_> = headers.collect();
                self.note(format!(
                    "{} has columns that a site has no place for: {}",
                    table.sheet.label,
                    headers.join(", ")
                ));
            }
            for row in self.rows(table) {
                let place = table.sheet.row_place(row);
                let Some(name) = table.name(row, Field::Name) else {
                    self.leave_out_nameless(EntityKind::Asset, table, row, Field::Name, None);
                    continue;
                };
                let kind = table.name(row, Field::Type);
                let kind = kind.unwrap_or_else(|| NO_TYPE.to_owned());
                let key = (kind.clone(), name.clone());
                if known.contains_key(&key) {
                    self.leave_out_double(EntityKind::Asset, &place, &name);
                    continue;
                }
                known.insert(key, None);
                if is_yes(table.cell(row, Field::Canceled)) {
                    self.leave_out(EntityKind::Asset, &place, name, Reason::Canceled);
                    continue;
                }
                if let Some(status) = table.omitted(row) {
                    self.leave_out(EntityKind::Asset, &place, name, omitted(&status));
                    continue;
                }
                found.push((kind, name, table, row));
            }
        }
        if from_kitsu {
            found.sort_by(|a, b| by_name(&a.0, &b.0).then_with(|| by_name(&a.1, &b.1)));
        }
        let mut names: HashMap<String, usize> = HashMap::new();
        for (_, name, ..) in &found {
            *names.entry(name.clone()).or_default() += 1;
        }
        for (kind, name, table, row) in found {
            let type_id = words.asset_type(&kind);
            let mut asset = Asset::new(&name, &type_id);
            asset.tasks = tasks.of(self.source, table, row, words);
            let (pair, alone): ([&str; 2], [&str; 1]) = ([&kind, &name], [&name]);
            // Two types may have an asset of the same name.
            let is_unique = names.get(&name) == Some(&1);
            let pictures: &[&[&str]] = if is_unique {
                &[&pair, &alone]
            } else {
                &[&pair]
            };
            asset.thumbnail = self.picture(table, row, pictures);
            if !is_unique {
                self.pictures.set_ambiguous(&alone);
            }
            known.insert((kind, name), Some(asset.id.clone()));
            self.snapshot.assets.push(asset);
        }
        known
    }
}
