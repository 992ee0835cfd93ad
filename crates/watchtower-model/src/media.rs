//! Where a picture or movie can be had.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What every address of a picture or movie starts with.
pub(crate) const ADDRESS: &str = r"^[Hh][Tt][Tt][Pp][Ss]?://[^/?#\s]";

/// A picture or movie that exists somewhere: the place, and whether its bytes can change there.
///
/// A reference says nothing about how to get at the bytes. That is up to the tracker which gave it,
/// so credentials stay inside its connector.
///
/// ```
/// use watchtower_model::MediaRef;
///
/// let frozen = MediaRef::url("https://kitsu.example/pictures/thumbnails/preview-files/1.png");
/// let avatar = MediaRef::url("https://kitsu.example/pictures/thumbnails/persons/2.png").changing();
/// assert!(!frozen.changes && avatar.changes);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct MediaRef {
    /// Where it is.
    #[serde(flatten)]
    pub location: MediaLocation,
    /// Whether other bytes may stand at the same place tomorrow (an avatar that a person replaces),
    /// or never (a preview of one version).
    #[serde(default)]
    pub changes: bool,
}

/// The place of a picture or movie.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MediaLocation {
    /// A full `http` or `https` address.
    Url(String),
    /// A file on this machine, absolute or relative to the working folder.
    File(PathBuf),
    /// A name that only the tracker which gave it understands.
    Key(String),
    /// A file the site holds already: its path from the site root, without a leading slash.
    Site(String),
}

impl MediaRef {
    fn at(location: MediaLocation) -> Self {
        Self {
            location,
            changes: false,
        }
    }

    /// Media at a full `http` or `https` address.
    pub fn url(url: impl Into<String>) -> Self {
        Self::at(MediaLocation::Url(url.into()))
    }

    /// Media in a file on this machine.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::at(MediaLocation::File(path.into()))
    }

    /// Media under a name that only the tracker understands.
    pub fn key(key: impl Into<String>) -> Self {
        Self::at(MediaLocation::Key(key.into()))
    }

    /// Media the site holds already, by its path from the site root.
    pub fn site(path: impl Into<String>) -> Self {
        Self::at(MediaLocation::Site(path.into()))
    }

    /// The same, for media whose bytes may be replaced where they are.
    #[must_use]
    pub fn changing(mut self) -> Self {
        self.changes = true;
        self
    }
}
