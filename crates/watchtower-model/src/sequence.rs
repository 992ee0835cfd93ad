//! Episodes and sequences: how the shots of a project are grouped.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{EpisodeId, SequenceId};

/// One episode of a series. Films have none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Episode {
    /// The episode's id.
    pub id: EpisodeId,
    /// The name as people read it.
    pub name: String,
}

impl Episode {
    /// An episode with an id derived from the name.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            id: EpisodeId::derived(&[&name]),
            name,
        }
    }
}

/// A run of shots that belong together.
///
/// ```
/// use watchtower_model::{Sequence, SequenceId};
///
/// let mut rextoria = Sequence::new("Rextoria");
/// rextoria.id = SequenceId::new("a52cfbb8-bdc8-4df5-94c8-e89695a53d80")?;
/// # Ok::<(), watchtower_model::InvalidId>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sequence {
    /// The sequence's id.
    pub id: SequenceId,
    /// The name as people read it.
    pub name: String,
    /// The episode it belongs to, in a series. Format v0 cannot hold it.
    #[serde(default)]
    pub episode_id: Option<EpisodeId>,
}

impl Sequence {
    /// A sequence outside any episode, with an id derived from the name.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            id: SequenceId::derived(&[&name]),
            name,
            episode_id: None,
        }
    }
}
