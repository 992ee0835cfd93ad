//! Which assets appear in which shot.

use std::collections::HashMap;

use watchtower_model::{Asset, AssetId, EntityKind, Reason, ShotCasting, ShotId, counted};

use super::super::columns::{Field, Subject};
use super::super::vocabulary::Vocabulary;
use super::assets::Assets;
use super::shots::{Places, full_name};
use super::{Film, few};

impl Film<'_> {
    /// Reads the casting. What names a shot or asset that was left out goes with it.
    ///
    /// Kitsu casts assets that other projects lend, and lists them among theirs: they are assets of this
    /// one as well, without tasks.
    pub(super) fn read_casting(
        &mut self,
        shots: &Places,
        assets: &mut Assets,
        words: &mut Vocabulary,
    ) {
        let mut lent = Vec::new();
        let mut cast: HashMap<ShotId, Vec<AssetId>> = HashMap::new();
        self.read_assets_of_shots(shots, assets, &mut cast);
        let mut in_assets = 0;
        let mut elsewhere = 0;
        for table in self.tables(Subject::Casting) {
            let has_project = table.column(Field::Project).is_some();
            let named = self.source.project_of_sheet(table, self.names);
            if !has_project && named.is_some_and(|name| name != self.name) {
                continue;
            }
            let is_certain = has_project || named.is_some() || self.names.len() == 1;
            // Where nothing says of which project a row is, it is of the one that has the shot.
            let rows: Vec<_> = match has_project {
                true => self.rows(table),
                false => table.rows().iter().collect(),
            };
            let may_lend = is_certain && table.is_from_kitsu;
            for row in rows {
                let place = table.sheet.row_place(row);
                let episode = table.name(row, Field::Episode).unwrap_or_default();
                let parent = table.name(row, Field::Sequence).unwrap_or_default();
                let kind = table.name(row, Field::Type);
                let named = (table.name(row, Field::Shot), table.name(row, Field::Asset));
                let (Some(name), Some(asset)) = named else {
                    let reason = Reason::Other("the row does not name a shot and an asset".into());
                    self.leave_out(EntityKind::Casting, &place, place.clone(), reason);
                    continue;
                };
                let shot = find_shot(shots, &episode, &parent, &name);
                if let (true, Some(Some(_)), Some(kind)) = (may_lend, shot, &kind) {
                    let key = (kind.clone(), asset.clone());
                    assets.entry(key).or_insert_with(|| {
                        let made = Asset::new(&asset, &words.asset_type(kind));
                        let id = made.id.clone();
                        lent.push(asset.clone());
                        self.snapshot.assets.push(made);
                        Some(id)
                    });
                }
                let found = find_asset(assets, kind.as_deref(), &asset);
                let shot_name = full_name(&episode, &parent, &name);
                let shown = format!("{asset} in {shot_name} ({place})");
                match (shot, found) {
                    (Some(Some(shot)), Some(Some(asset))) => {
                        let cast = cast.entry(shot.clone()).or_default();
                        if !cast.contains(asset) {
                            cast.push(asset.clone());
                        }
                    }
                    // One of them was left out, and is named there.
                    (Some(_), Some(_)) => {}
                    // Kitsu's casting of assets has the asset type as the parent.
                    (None, _) if assets.contains_key(&(parent.clone(), name.clone())) => {
                        in_assets += 1;
                    }
                    (None, _) if !is_certain => elsewhere += 1,
                    (None, _) => {
                        let reason = Reason::Other("the row names a shot that is not there".into());
                        self.leave_out(EntityKind::Casting, &place, shown, reason);
                    }
                    (_, None) => {
                        let reason =
                            Reason::Other("the row names an asset that is not there".into());
                        self.leave_out(EntityKind::Casting, &place, shown, reason);
                    }
                }
            }
        }
        if !lent.is_empty() {
            self.note(format!(
                "the casting names assets that are not among those of this project, so they are lent to it: \
                 {}",
                few(&lent)
            ));
        }
        let places = self.snapshot.assets.iter().enumerate();
        let places: HashMap<_, _> = places.map(|(at, it)| (&it.id, at)).collect();
        let mut casting = Vec::new();
        for shot in &self.snapshot.shots {
            let Some(mut asset_ids) = cast.remove(&shot.id) else {
                continue;
            };
            asset_ids.sort_by_key(|id| places.get(id));
            casting.push(ShotCasting {
                shot_id: shot.id.clone(),
                asset_ids,
            });
        }
        self.snapshot.casting = casting;
        if elsewhere > 0 {
            self.note(format!(
                "the casting does not say of which project its rows are: {} no shot of this one",
                counted(elsewhere, "row names", "rows name")
            ));
        }
        if in_assets > 0 {
            self.note(format!(
                "{} of assets in assets, for which a site has no place",
                counted(
                    in_assets,
                    "row of the casting is",
                    "rows of the casting are"
                )
            ));
        }
    }
}

impl Film<'_> {
    /// Reads the assets that a column of the shots names, separated by commas. They are casting where they
    /// are known.
    fn read_assets_of_shots(
        &mut self,
        shots: &Places,
        assets: &Assets,
        cast: &mut HashMap<ShotId, Vec<AssetId>>,
    ) {
        for table in self.tables(Subject::Shots) {
            let Some(column) = table.assets_of_shot() else {
                continue;
            };
            let mut unknown: Vec<String> = Vec::new();
            let mut is_cast = false;
            for row in self.rows(table) {
                let episode = table.name(row, Field::Episode).unwrap_or_default();
                let sequence = table.name(row, Field::Sequence).unwrap_or_default();
                let name = table.name(row, Field::Name).unwrap_or_default();
                let Some(Some(shot)) = find_shot(shots, &episode, &sequence, &name) else {
                    continue;
                };
                let told = row.cell(column).to_string();
                for asset in told.split([',', ';', '\n']).map(str::trim) {
                    match find_asset(assets, None, asset) {
                        Some(Some(asset)) => {
                            is_cast = true;
                            let cast = cast.entry(shot.clone()).or_default();
                            if !cast.contains(asset) {
                                cast.push(asset.clone());
                            }
                        }
                        // It was left out, and is named there.
                        Some(None) => {}
                        None if asset.is_empty() || unknown.iter().any(|it| it == asset) => {}
                        None => unknown.push(asset.to_owned()),
                    }
                }
            }
            let (label, header) = (&table.sheet.label, &table.headers[column]);
            match unknown.is_empty() {
                true => {}
                false if is_cast => self.note(format!(
                    "the column `{header}` of {label} names assets that are not among those of the project: {}",
                    few(&unknown)
                )),
                false => self.note(format!(
                    "the column `{header}` of {label} is not read: no asset of the project has a name of those \
                     in it, as {}",
                    few(&unknown)
                )),
            }
        }
    }
}

/// The shot that a row names. One without an episode, or without a sequence, is found where there is
/// one only.
fn find_shot<'a>(
    shots: &'a Places,
    episode: &str,
    sequence: &str,
    name: &str,
) -> Option<&'a Option<ShotId>> {
    let key = (episode.to_owned(), sequence.to_owned(), name.to_owned());
    shots.get(&key).or_else(|| {
        let fits = |key: &(String, String, String)| {
            (episode.is_empty() || key.0 == episode)
                && (sequence.is_empty() || key.1 == sequence)
                && key.2 == name
        };
        let mut found = shots.iter().filter(|(key, _)| fits(key));
        let (_, shot) = found.next()?;
        found.next().is_none().then_some(shot)
    })
}

fn find_asset<'a>(
    assets: &'a Assets,
    kind: Option<&str>,
    name: &str,
) -> Option<&'a Option<AssetId>> {
    if let Some(kind) = kind {
        return assets.get(&(kind.to_owned(), name.to_owned()));
    }
    let mut found = assets.iter().filter(|((_, it), _)| it == name);
    let (_, asset) = found.next()?;
    found.next().is_none().then_some(asset)
}
