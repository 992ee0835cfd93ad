//! Which assets appear in which shot.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Asset, AssetId, Shot, ShotId};

/// The assets that appear in a shot.
///
/// ```
/// use watchtower_model::{Asset, AssetType, Sequence, Shot, ShotCasting, ShotData};
///
/// let shot = Shot::new("0010", &Sequence::new("Rextoria").id, ShotData::new(0, 24));
/// let rex = Asset::new("Rex", &AssetType::new("Character").id);
/// let casting = ShotCasting::new(&shot, [&rex]);
/// assert_eq!(casting.asset_ids, [rex.id]);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShotCasting {
    /// The shot.
    pub shot_id: ShotId,
    /// The assets, each once.
    #[serde(default)]
    pub asset_ids: Vec<AssetId>,
}

impl ShotCasting {
    /// The casting of a shot.
    pub fn new<'a>(shot: &Shot, assets: impl IntoIterator<Item = &'a Asset>) -> Self {
        Self {
            shot_id: shot.id.clone(),
            asset_ids: assets.into_iter().map(|asset| asset.id.clone()).collect(),
        }
    }
}
