//! Assets and their types.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AssetId, AssetTypeId, MediaRef, Task};

/// What an asset is: Character, Prop, Environment.
///
/// ```
/// use watchtower_model::{AssetType, AssetTypeId};
///
/// let mut character = AssetType::new("Character");
/// character.id = AssetTypeId::new("a52cfbb8-bdc8-4df5-94c8-e89695a53d80")?;
/// # Ok::<(), watchtower_model::InvalidId>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AssetType {
    /// The type's id.
    pub id: AssetTypeId,
    /// The name as people read it.
    pub name: String,
    /// Whether the studio has retired it. It is written only where something refers to it.
    #[serde(default)]
    pub archived: bool,
}

impl AssetType {
    /// A type with an id derived from the name.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            id: AssetTypeId::derived(&[&name]),
            name,
            archived: false,
        }
    }
}

/// Something that appears in shots: a character, a prop, a set.
///
/// ```
/// use watchtower_model::{Asset, AssetType};
///
/// let character = AssetType::new("Character");
/// let rex = Asset::new("Rex", &character.id);
/// assert!(rex.tasks.is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Asset {
    /// The asset's id.
    pub id: AssetId,
    /// The name as people read it.
    pub name: String,
    /// What it is.
    pub asset_type_id: AssetTypeId,
    /// The work on it.
    #[serde(default)]
    pub tasks: Vec<Task>,
    /// Its picture.
    #[serde(default)]
    pub thumbnail: Option<MediaRef>,
}

impl Asset {
    /// An asset without tasks and picture, with an id derived from the type and the name.
    pub fn new(name: impl Into<String>, asset_type_id: &AssetTypeId) -> Self {
        let name = name.into();
        Self {
            id: AssetId::derived(&[asset_type_id.as_str(), &name]),
            name,
            asset_type_id: asset_type_id.clone(),
            tasks: Vec::new(),
            thumbnail: None,
        }
    }
}
