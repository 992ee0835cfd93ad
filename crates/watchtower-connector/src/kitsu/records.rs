//! What Zou, Kitsu's API server, answers: the parts that are read, as forgiving as a real database
//! demands.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Reads null as the default.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// `GET /`
#[derive(Debug, Default, Deserialize)]
pub(super) struct Server {
    #[serde(default, deserialize_with = "or_default")]
    pub api: String,
    #[serde(default, deserialize_with = "or_default")]
    pub version: String,
}

/// `GET /auth/authenticated`
#[derive(Debug, Deserialize)]
pub(super) struct Authenticated {
    pub user: Person,
}

/// `GET /data/user/context`
#[derive(Debug, Deserialize)]
pub(super) struct Context {
    pub projects: Vec<Project>,
    pub asset_types: Vec<AssetType>,
    pub task_types: Vec<TaskType>,
    pub task_status: Vec<TaskStatus>,
    pub persons: Vec<Person>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Project {
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    #[serde(default)]
    pub ratio: Option<String>,
    #[serde(default)]
    pub resolution: Option<String>,
    /// Text, a number, or null.
    #[serde(default)]
    pub fps: Value,
    #[serde(default, deserialize_with = "or_default")]
    pub has_avatar: bool,
    #[serde(default)]
    pub production_type: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub asset_types: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub task_types: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub task_statuses: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub task_types_priority: BTreeMap<String, Option<i64>>,
    #[serde(default, deserialize_with = "or_default")]
    pub team: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct AssetType {
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub archived: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct TaskType {
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    #[serde(default)]
    pub color: Option<String>,
    /// `Asset`, `Shot`, `Edit`, `Sequence`, `Episode` or `Concept`.
    #[serde(default)]
    pub for_entity: Option<String>,
    #[serde(default)]
    pub priority: Option<i64>,
    #[serde(default, deserialize_with = "or_default")]
    pub archived: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct TaskStatus {
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    #[serde(default)]
    pub color: Option<String>,
    #[serde(default)]
    pub priority: Option<i64>,
    #[serde(default, deserialize_with = "or_default")]
    pub archived: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Person {
    pub id: String,
    #[serde(default)]
    pub full_name: Option<String>,
    #[serde(default)]
    pub first_name: Option<String>,
    #[serde(default)]
    pub last_name: Option<String>,
    /// `admin`, `manager`, `supervisor`, `user`, `client` or `vendor`.
    #[serde(default)]
    pub role: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub has_avatar: bool,
    #[serde(default)]
    pub active: Option<bool>,
    #[serde(default, deserialize_with = "or_default")]
    pub archived: bool,
}

impl Person {
    /// The name as people read it. Older servers leave the full name to the reader.
    pub(super) fn name(&self) -> String {
        if let Some(name) = self
            .full_name
            .as_ref()
            .filter(|name| !name.trim().is_empty())
        {
            return name.trim().to_owned();
        }
        let parts = [&self.first_name, &self.last_name];
        let parts: Vec<_> = parts
            .into_iter()
            .flatten()
            .map(|part| part.trim())
            .collect();
        parts.join(" ").trim().to_owned()
    }
}

/// An episode: `GET /data/projects/<id>/episodes`; a sequence: `GET /data/sequences?project_id=`.
#[derive(Debug, Deserialize)]
pub(super) struct Entity {
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub canceled: bool,
    /// A sequence's episode.
    #[serde(default)]
    pub parent_id: Option<String>,
}

impl Entity {
    /// One of which nothing else is known.
    pub(super) fn new(id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            canceled: false,
            parent_id: None,
        }
    }
}

/// `GET /data/assets/with-tasks?project_id=`
#[derive(Debug, Deserialize)]
pub(super) struct Asset {
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub canceled: bool,
    #[serde(default)]
    pub asset_type_id: Option<String>,
    #[serde(default)]
    pub preview_file_id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub tasks: Vec<Task>,
}

/// An asset of another project: `GET /data/projects/<id>/assets/shared-used`
#[derive(Debug, Deserialize)]
pub(super) struct LentAsset {
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// The asset type, under another name than in the lists with tasks.
    #[serde(default)]
    pub entity_type_id: Option<String>,
    #[serde(default)]
    pub preview_file_id: Option<String>,
}

impl From<LentAsset> for Asset {
    fn from(lent: LentAsset) -> Self {
        Self {
            id: lent.id,
            name: lent.name,
            canceled: false,
            asset_type_id: lent.entity_type_id,
            preview_file_id: lent.preview_file_id,
            tasks: Vec::new(),
        }
    }
}

/// `GET /data/shots/with-tasks?project_id=`
#[derive(Debug, Deserialize)]
pub(super) struct Shot {
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub canceled: bool,
    #[serde(default)]
    pub sequence_id: Option<String>,
    #[serde(default)]
    pub sequence_name: Option<String>,
    #[serde(default)]
    pub episode_id: Option<String>,
    #[serde(default)]
    pub episode_name: Option<String>,
    #[serde(default)]
    pub preview_file_id: Option<String>,
    /// An object with keys of the studio's own, or null.
    #[serde(default)]
    pub data: Value,
    #[serde(default)]
    pub frame_in: Value,
    #[serde(default)]
    pub frame_out: Value,
    #[serde(default)]
    pub nb_frames: Value,
    #[serde(default, deserialize_with = "or_default")]
    pub tasks: Vec<Task>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Task {
    pub id: String,
    #[serde(default)]
    pub task_type_id: Option<String>,
    #[serde(default)]
    pub task_status_id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub assignees: Vec<String>,
}

/// The casting of shots: `GET /data/projects/<id>/sequences/all/casting`, on older servers of one
/// sequence.
pub(super) type Casting = BTreeMap<String, Option<Vec<CastAsset>>>;

#[derive(Debug, Deserialize)]
pub(super) struct CastAsset {
    #[serde(default)]
    pub asset_id: Option<String>,
    #[serde(default)]
    pub asset_name: Option<String>,
}

/// `GET /data/edits/with-tasks?project_id=`
#[derive(Debug, Deserialize)]
pub(super) struct Edit {
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub canceled: bool,
    #[serde(default)]
    pub episode_id: Option<String>,
    #[serde(default)]
    pub parent_id: Option<String>,
    #[serde(default)]
    pub data: Value,
}

/// The previews of an edit by task type: `GET /data/edits/<id>/preview-files`.
pub(super) type Previews = BTreeMap<String, Vec<Preview>>;

#[derive(Debug, Deserialize)]
pub(super) struct Preview {
    pub id: String,
    #[serde(default)]
    pub revision: Option<i64>,
    #[serde(default)]
    pub position: Option<i64>,
    #[serde(default)]
    pub status: Option<String>,
    #[serde(default)]
    pub extension: Option<String>,
    #[serde(default)]
    pub created_at: Option<String>,
}
