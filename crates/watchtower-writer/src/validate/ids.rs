//! The ids that documents define, held so that millions of them fit into memory.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rapidhash::v3::rapidhash_v3;

use super::Code;

/// What an id stands for, or another fact that one document gives and others build on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    AssetType,
    User,
    Project,
    TaskType,
    TaskStatus,
    Episode,
    Sequence,
    Asset,
    Shot,
    /// How long the timeline is.
    Timeline,
    /// How many frames a second has.
    FrameRate,
    /// What of the types, statuses and people a project uses.
    Selection,
}

impl Kind {
    /// How many kinds there are.
    pub(super) const COUNT: usize = Self::Selection as usize + 1;

    /// The code for an id that nothing has.
    pub(super) fn unknown(self) -> Code {
        match self {
            Self::AssetType => Code::UnknownAssetType,
            Self::User => Code::UnknownPerson,
            Self::TaskType => Code::UnknownTaskType,
            Self::TaskStatus => Code::UnknownTaskStatus,
            Self::Episode => Code::UnknownEpisode,
            Self::Sequence => Code::UnknownSequence,
            Self::Asset => Code::UnknownAsset,
            Self::Shot => Code::UnknownShot,
            Self::Project | Self::Timeline | Self::FrameRate | Self::Selection => {
                Code::UnlistedProject
            }
        }
    }

    /// The kind in plain words.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::AssetType => "asset type",
            Self::User => "person",
            Self::Project => "project",
            Self::TaskType => "task type",
            Self::TaskStatus => "task status",
            Self::Episode => "episode",
            Self::Sequence => "sequence",
            Self::Asset => "asset",
            Self::Shot => "shot",
            Self::Timeline => "timeline",
            Self::FrameRate => "frame rate",
            Self::Selection => "selection",
        }
    }
}

/// An id, as 64 bits of its hash.
///
/// Two of ten million ids share their hash in one case of 370,000; a finding is then missing, or one
/// about a duplicate too many. The hash is the same in every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id(u64);

impl Id {
    pub(super) fn new(text: &str) -> Self {
        Self(rapidhash_v3(text.as_bytes()))
    }
}

/// A set of ids: 9 to 21 bytes for each.
#[derive(Debug, Default)]
pub(super) struct IdSet {
    table: HashTable<Id>,
    /// Whether some ids are not in it, because an entry could not be read.
    pub(super) incomplete: bool,
}

impl IdSet {
    /// Adds an id; answers whether it was not there before.
    pub(super) fn insert(&mut self, id: Id) -> bool {
        match self.table.entry(id.0, |it| *it == id, |it| it.0) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(id);
                true
            }
        }
    }

    pub(super) fn contains(&self, id: Id) -> bool {
        self.table.find(id.0, |it| *it == id).is_some()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_there_once_it_was_added() {
        let mut set = IdSet::default();
        for number in 0..10_000 {
            assert!(set.insert(Id::new(&format!("id-{number}"))));
        }
        assert!(!set.insert(Id::new("id-17")));
        assert!(set.contains(Id::new("id-9999")));
        assert!(!set.contains(Id::new("id-10000")));
    }

    #[test]
    fn ids_have_the_same_hash_in_every_run() {
        assert_eq!(
            Id::new("95cdab4a-de13-4b7f-a247-1da70a42240d").0,
            12_455_021_741_888_413_084
        );
    }
}
