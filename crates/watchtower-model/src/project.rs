//! Projects.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AssetTypeId, FrameRate, MediaRef, ProjectId, TaskStatusId, TaskTypeId, UserId};

/// A production: a film or a series.
///
/// ```
/// use watchtower_model::{Project, ProjectId};
///
/// let mut project = Project::new("Sprite Fright");
/// project.id = ProjectId::new("a52cfbb8-bdc8-4df5-94c8-e89695a53d80")?;
/// project.ratio = Some("2.35:1".into());
/// project.resolution = Some("2048x858".into());
/// # Ok::<(), watchtower_model::InvalidId>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Project {
    /// The project's id, which names its folder.
    pub id: ProjectId,
    /// The name as people read it.
    pub name: String,
    /// The picture's shape, as in `2.35:1`.
    #[serde(default)]
    pub ratio: Option<String>,
    /// The picture's size in pixels, as in `2048x858`.
    #[serde(default)]
    pub resolution: Option<String>,
    /// The asset types in use. Empty means all.
    #[serde(default)]
    pub asset_types: Vec<AssetTypeId>,
    /// The task types in use. Empty means all.
    #[serde(default)]
    pub task_types: Vec<TaskTypeId>,
    /// The task statuses in use. Empty means all.
    #[serde(default)]
    pub task_statuses: Vec<TaskStatusId>,
    /// Who works on it.
    #[serde(default)]
    pub team: Vec<UserId>,
    /// Its picture.
    #[serde(default)]
    pub thumbnail: Option<MediaRef>,
    /// Frames per second of its timeline.
    #[serde(default)]
    pub fps: FrameRate,
}

impl Project {
    /// A project at 24 frames per second that uses all types and statuses, with an id derived from
    /// the name.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            id: ProjectId::derived(&[&name]),
            name,
            ratio: None,
            resolution: None,
            asset_types: Vec::new(),
            task_types: Vec::new(),
            task_statuses: Vec::new(),
            team: Vec::new(),
            thumbnail: None,
            fps: FrameRate::default(),
        }
    }
}
