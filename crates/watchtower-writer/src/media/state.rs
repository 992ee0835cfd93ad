//! What a site remembers of its pictures and movies from one export to the next.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use watchtower_model::{MediaLocation, ProjectId};

use super::movie::Description;
use crate::shrink::ShownBy;

/// What a site remembers of its pictures and movies.
///
/// It holds no address: a reference is remembered by its hash.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct MediaState {
    /// What the site holds of each reference.
    held: BTreeMap<MediaKey, Held>,
    /// The pictures that nothing refers to any more, and since when, in seconds since 1970.
    unused: BTreeMap<String, u64>,
    /// The options with which each project was exported last.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    shown_by: BTreeMap<ProjectId, ShownBy>,
    /// What whoever exports remembers of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
}

/// A reference as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct MediaKey(String);

impl MediaKey {
    /// The key of a reference: of the source it came from, what is had of it, and its place. None
    /// for a place that cannot be put into words; it is not remembered.
    pub(crate) fn new(source: &str, what: &str, location: &MediaLocation) -> Option<Self> {
        let text = serde_json::to_vec(&(source, what, location)).ok()?;
        Some(Self(hex(&Sha256::digest(text)[..16])))
    }
}

/// What the site holds of a reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Held {
    /// Its file. None for a movie of which only the length is known.
    pub(crate) file: Option<HeldFile>,
    /// What names its bytes at the source.
    pub(crate) tag: Option<String>,
    /// What a movie is; none for a picture.
    #[serde(default)]
    pub(crate) movie: Option<Description>,
    /// The hash of the bytes of which a picture was made.
    #[serde(default)]
    pub(crate) origin: Option<String>,
}

/// A file of the site, as it was when it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HeldFile {
    /// Its path from the site root.
    pub(crate) path: String,
    /// Its size and time.
    pub(crate) stamp: Stamp,
}

/// The size and the time of change of a file. Who has the same is taken for the same file, as `make`
/// and rsync do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    /// In bytes.
    length: u64,
    /// In nanoseconds since 1970, or before.
    modified: i64,
}

impl Stamp {
    /// The stamp of a file; none when there is none.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        Self::of_file(&fs::metadata(path).ok()?)
    }

    /// The stamp of what the system says of a file; none when it is no file.
    pub(crate) fn of_file(found: &fs::Metadata) -> Option<Self> {
        if !found.is_file() {
            return None;
        }
        let nanoseconds = |since: Duration| i64::try_from(since.as_nanos()).ok();
        let modified = match found.modified().ok()?.duration_since(UNIX_EPOCH) {
            Ok(after) => nanoseconds(after)?,
            Err(before) => -nanoseconds(before.duration())?,
        };
        Some(Self {
            length: found.len(),
            modified,
        })
    }

    /// The stamp as the tag of a file's bytes.
    pub(crate) fn tag(self) -> String {
        format!("{}-{}", self.length, self.modified)
    }
}

impl MediaState {
    /// The options with which a project was exported last, where they are known.
    pub(crate) fn shown_by(&self, project: &ProjectId) -> Option<&ShownBy> {
        self.shown_by.get(project)
    }

    /// Remembers the options with which a project is exported.
    pub(crate) fn remember_shown_by(&mut self, project: ProjectId, shown_by: ShownBy) {
        self.shown_by.insert(project, shown_by);
    }

    /// What the last export remembered of its source.
    pub(crate) fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// Remembers something of the source, or nothing.
    pub(crate) fn remember_source(&mut self, source: Option<String>) {
        self.source = source;
    }

    /// What the site holds of a reference.
    pub(crate) fn held(&self, key: &MediaKey) -> Option<&Held> {
        self.held.get(key)
    }

    /// Remembers what the site holds of a reference.
    pub(crate) fn remember(&mut self, key: MediaKey, held: Held) {
        if let Some(file) = &held.file {
            self.unused.remove(&file.path);
        }
        self.held.insert(key, held);
    }

    /// Forgets every file that has another stamp now, or none.
    pub(crate) fn forget_unless(&mut self, stamp: impl Fn(&str) -> Option<Stamp>) {
        self.held.retain(|_, held| {
            let file = held.file.as_ref();
            file.is_none_or(|it| stamp(&it.path) == Some(it.stamp))
        });
        self.unused.retain(|path, _| stamp(path).is_some());
    }

    /// Since when nothing refers to a picture: since `now`, unless it was known before. Both are in
    /// seconds since 1970.
    pub(crate) fn unused_since(&mut self, path: &str, now: u64) -> u64 {
        let since = self.unused.entry(path.to_owned()).or_insert(now);
        // A clock that was set back must not keep a picture for ever.
        *since = now.min(*since);
        *since
    }

    /// Says that something refers to a picture.
    pub(crate) fn use_again(&mut self, path: &str) {
        self.unused.remove(path);
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_sources_uses_and_places_apart_and_says_nothing() {
        let url = |text: &str| MediaLocation::Url(text.into());
        let secret = url("https://kitsu.example/x.png?token=hunter2");
        let key = |source: &str, what: &str, location: &MediaLocation| {
            MediaKey::new(source, what, location).unwrap().0
        };
        let keys = [
            key("kitsu", "picture", &secret),
            key("kitsu", "picture", &url("https://kitsu.example/x.png")),
            key("kitsu", "movie", &secret),
            key("kitsup", "icture", &secret),
            key("kitsu", "picture", &MediaLocation::Key("a".into())),
            key("kitsu", "picture", &MediaLocation::File("a".into())),
        ];
        let different: std::collections::HashSet<_> = keys.iter().collect();
        assert_eq!(different.len(), keys.len());
        assert_eq!(keys[0], key("kitsu", "picture", &secret));
        assert!(keys.iter().all(|it| it.len() == 32));
    }

    #[test]
    fn a_file_of_before_1970_has_a_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let file = fs::File::create(&path).unwrap();
        file.set_modified(UNIX_EPOCH - Duration::from_secs(1))
            .unwrap();
        assert_eq!(Stamp::of(&path).unwrap().modified, -1_000_000_000);
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_keep_a_picture() {
        let mut state = MediaState::default();
        assert_eq!(state.unused_since("a", 1000), 1000);
        assert_eq!(state.unused_since("a", 1500), 1000);
        assert_eq!(state.unused_since("a", 10), 10);
        state.use_again("a");
        assert_eq!(state.unused_since("a", 2000), 2000);
    }
}
