//! A project's folders as a tree, and what the folders are.

use std::collections::{HashMap, HashSet};

use watchtower_model::{AssetType, EntityKind};

use super::records::{Folder, Status};

/// Names, short names and states of statuses that mean that something is not in the film any more.
/// AYON has no state for that: its own `Omitted` is `blocked`, as is `On hold`.
const OMITTED: &[&str] = &["omitted", "omit", "omt", "canceled", "cancelled"];

/// What a folder is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Episode,
    Sequence,
    Shot,
    Asset,
    AssetCategory,
    /// A plain folder, a library, or a type of the studio's own: it holds others.
    Group,
}

impl Kind {
    pub(super) fn of(folder: &Folder) -> Self {
        // A studio may write its types as it likes.
        match folder.folder_type.to_lowercase().as_str() {
            "episode" => Self::Episode,
            "sequence" => Self::Sequence,
            "shot" => Self::Shot,
            "asset" => Self::Asset,
            "assetcategory" => Self::AssetCategory,
            _ => Self::Group,
        }
    }

    /// What it is in a list of things left out. None for what only holds others.
    pub(super) fn entity(self) -> Option<EntityKind> {
        match self {
            Self::Episode => Some(EntityKind::Episode),
            Self::Sequence => Some(EntityKind::Sequence),
            Self::Shot => Some(EntityKind::Shot),
            Self::Asset => Some(EntityKind::Asset),
            Self::AssetCategory | Self::Group => None,
        }
    }
}

/// The folders of a project by their ids.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    by_id: HashMap<&'a str, &'a Folder>,
    omitted: HashSet<&'a str>,
}

impl<'a> Tree<'a> {
    /// `omitted` has the names of further statuses that mean so.
    pub(super) fn new(folders: &'a [Folder], statuses: &'a [Status], omitted: &[String]) -> Self {
        let means_omitted = |text: &str| {
            let text = text.to_lowercase();
            let named = omitted
                .iter()
                .any(|name| name.trim().to_lowercase() == text);
            named || OMITTED.contains(&text.as_str())
        };
        let by_status = statuses.iter().filter(|status| {
            means_omitted(&status.name)
                || status.short_name.as_deref().is_some_and(means_omitted)
                || status.state.as_deref().is_some_and(means_omitted)
        });
        // A status that was taken off the project's list stays on its folders.
        let unlisted = folders.iter().filter_map(|folder| folder.status.as_deref());
        Self {
            by_id: folders.iter().map(|it| (it.id.as_str(), it)).collect(),
            omitted: by_status
                .map(|status| status.name.as_str())
                .chain(unlisted.filter(|name| means_omitted(name)))
                .collect(),
        }
    }

    pub(super) fn get(&self, id: &str) -> Option<&'a Folder> {
        self.by_id.get(id).copied()
    }

    fn parent(&self, folder: &Folder) -> Option<&'a Folder> {
        self.get(folder.parent_id.as_deref()?)
    }

    /// A folder and those it is in, the innermost first.
    pub(super) fn lineage<'b>(
        &'b self,
        folder: &'a Folder,
    ) -> impl Iterator<Item = &'a Folder> + 'b {
        let lineage = std::iter::successors(Some(folder), |folder| self.parent(folder));
        // A database with a circle in it must not hold us up.
        lineage.take(self.by_id.len())
    }

    /// Where a folder is, by the names of the folders: `ep01/sq010`.
    pub(super) fn path(&self, folder: &'a Folder) -> String {
        let mut names: Vec<_> = self.lineage(folder).map(|it| it.name.as_str()).collect();
        names.reverse();
        names.join("/")
    }

    /// The innermost folder of a kind that a folder is in.
    pub(super) fn enclosing(&self, folder: &'a Folder, kind: Kind) -> Option<&'a Folder> {
        self.lineage(folder).skip(1).find(|it| Kind::of(it) == kind)
    }

    /// Whether a folder, or one that it is in, is inactive or omitted.
    pub(super) fn is_canceled(&self, folder: &'a Folder) -> bool {
        self.lineage(folder).any(|it| {
            let status = it.status.as_deref();
            it.active == Some(false) || status.is_some_and(|name| self.omitted.contains(name))
        })
    }

    /// The folder that an asset's type is: the innermost category, or else the folder it is in.
    ///
    /// AYON has no types of assets. One that is in no folder is of the type `Asset`.
    pub(super) fn asset_type(&self, asset: &'a Folder) -> AssetType {
        let category = self.enclosing(asset, Kind::AssetCategory);
        let folder = category.or_else(|| {
            let mut outside = self.lineage(asset).skip(1);
            outside.find(|it| Kind::of(it) != Kind::Asset)
        });
        AssetType::new(folder.map_or("Asset", Folder::title))
    }

    /// The folder that stands for a shot's sequence: its sequence, or else the folder it is in.
    pub(super) fn sequence(&self, shot: &'a Folder) -> Option<&'a Folder> {
        let sequence = self.enclosing(shot, Kind::Sequence);
        sequence.or_else(|| {
            let mut outside = self.lineage(shot).skip(1);
            outside.find(|it| Kind::of(it) != Kind::Shot)
        })
    }
}
