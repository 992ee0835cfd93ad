//! Format v1: what the web client of the pre-release `watchtower-pipeline` 1.0.0b3 reads.
//!
//! Assets, shots, sequences and casting are those of [`v0`]. A project carries its types,
//! statuses and team as objects, and its episodes; there is a movie for each edit, and a history of
//! how many tasks stood where.

use std::borrow::Cow;

use schemars::transform::Transform;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::field::Optional;
pub use super::field::{Color, Fps, Id, Timestamp};
use super::v0;
pub use super::v0::{Asset, AssetType, Casting, Sequence, ShotData, Task, TaskStatus, TaskType};
use crate::{FrameRate, HexColor};

/// The list of projects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Index<'a> {
    /// The projects, in the order of the client's menu.
    #[serde(borrow)]
    pub projects: Vec<IndexEntry<'a>>,
    /// What `context.json` of format v0 says, in a site that was converted from that format: the types,
    /// statuses and people of all projects, also those that none uses, and which of them each project
    /// lists. The client does not read it. It is what a site needs on the way back.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Map<String, Value>>")]
    pub context: Option<v0::Context<'a>>,
}

/// A project in the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = IndexEntry::optional())]
pub struct IndexEntry<'a> {
    /// The id, which is the name of the project's folder.
    #[serde(borrow)]
    pub id: Id<'a>,
    /// The name as people read it.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// The picture: its path from the site root, or any address.
    #[serde(borrow, default, rename = "thumbnailUrl")]
    pub thumbnail_url: Option<Cow<'a, str>>,
    /// The episodes; empty for a film. The key must be there, or the client loads nothing.
    pub episodes: Vec<EpisodeName<'a>>,
}

/// An episode in the list of projects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EpisodeName<'a> {
    /// The id.
    #[serde(borrow)]
    pub id: Id<'a>,
    /// The name as people read it.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
}

/// A film or series, with everything its documents refer to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = Project::optional())]
pub struct Project<'a> {
    /// The id, which is the name of the project's folder.
    #[serde(borrow)]
    pub id: Id<'a>,
    /// The name as people read it.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// The picture's shape, as in `2.35:1`.
    #[serde(borrow, default)]
    pub ratio: Option<Cow<'a, str>>,
    /// The picture's size in pixels, as in `2048x858`.
    #[serde(borrow, default)]
    pub resolution: Option<Cow<'a, str>>,
    /// The asset types in use.
    pub asset_types: Vec<AssetType<'a>>,
    /// The task types in use, in the order of the client's menu. Empty means none.
    pub task_types: Vec<TaskType<'a>>,
    /// The task statuses in use.
    pub task_statuses: Vec<TaskStatus<'a>>,
    /// The people who work on it.
    pub team: Vec<TeamMember<'a>>,
    /// The picture: its path from the site root, or any address.
    #[serde(borrow, default, rename = "thumbnailUrl")]
    pub thumbnail_url: Option<Cow<'a, str>>,
    /// Frames per second.
    pub fps: Fps,
    /// The episodes, with their sequences; empty for a film.
    pub episodes: Vec<Episode<'a>>,
}

/// An episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Episode<'a> {
    /// The id to which edits and task counts refer.
    #[serde(borrow)]
    pub id: Id<'a>,
    /// The name as people read it.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// The sequences of the episode, in the order of the story.
    pub sequences: Vec<Sequence<'a>>,
}

/// A person who works on a project.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(
    transform = TeamMember::optional(),
    extend("if" = {"properties": {"has_avatar": {"const": true}}, "required": ["has_avatar"]}),
    extend("then" = {"properties": {"thumbnailUrl": {"type": "string"}}, "required": ["thumbnailUrl"]})
)]
pub struct TeamMember<'a> {
    /// The id to which tasks refer.
    pub id: Id<'a>,
    /// The full name, under the key that the package writes. The client does not read it.
    #[schemars(with = "Option<Cow<'a, str>>")]
    pub name: Cow<'a, str>,
    /// The full name, under the key that the client reads.
    pub full_name: Cow<'a, str>,
    /// Whether the person has an avatar. If so, `thumbnailUrl` must be there.
    pub has_avatar: bool,
    /// The avatar's path from the site root, without a leading slash.
    #[serde(rename = "thumbnailUrl")]
    pub thumbnail_url: Option<Cow<'a, str>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for TeamMember<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Any<'a> {
            #[serde(borrow)]
            id: Id<'a>,
            #[serde(borrow, default)]
            name: Option<Cow<'a, str>>,
            #[serde(borrow)]
            full_name: Cow<'a, str>,
            #[serde(default)]
            has_avatar: bool,
            #[serde(borrow, default, rename = "thumbnailUrl")]
            thumbnail_url: Option<Cow<'a, str>>,
        }
        let member = Any::deserialize(deserializer)?;
        if member.has_avatar && member.thumbnail_url.is_none() {
            return Err(D::Error::missing_field("thumbnailUrl"));
        }
        Ok(Self {
            id: member.id,
            name: member.name.unwrap_or_else(|| member.full_name.clone()),
            full_name: member.full_name,
            has_avatar: member.has_avatar,
            thumbnail_url: member.thumbnail_url,
        })
    }
}

/// A piece of the film between two cuts. It is written as in v0, but may lack `thumbnailUrl`: the
/// client shows its placeholder then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shot<'a>(#[serde(borrow)] pub v0::Shot<'a>);

impl JsonSchema for Shot<'_> {
    fn schema_name() -> Cow<'static, str> {
        v0::Shot::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = v0::Shot::json_schema(generator);
        Optional(&["thumbnailUrl"]).transform(&mut schema);
        if let Some(picture) = schema.pointer_mut("/properties/thumbnailUrl") {
            picture["description"] =
                "The picture's path from the site root, without a leading slash; `null` for the client's placeholder."
                    .into();
        }
        schema
    }
}

/// An edit and its movie. A film's first edit counts, or the first one of each episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = Edit::optional())]
pub struct Edit<'a> {
    /// The id, which is part of the movie's file name.
    #[serde(borrow)]
    pub id: Id<'a>,
    /// The number of video frames in the movie: the timeline runs from 0 to here.
    #[serde(rename = "totalFrames")]
    pub total_frames: u64,
    /// The frame number at which the movie starts on the timeline.
    #[serde(rename = "frameOffset")]
    pub frame_offset: i64,
    /// The movie's path from the site root, without a leading slash; empty for no movie.
    #[serde(borrow, rename = "sourceName")]
    pub source_name: Cow<'a, str>,
    /// The movie's media type, as in `video/mp4`; empty for no movie.
    #[serde(borrow, rename = "sourceType")]
    pub source_type: Cow<'a, str>,
    /// Id of the episode it is the edit of; `null` in a film.
    #[serde(borrow, default, rename = "episodeId")]
    pub episode_id: Option<Id<'a>>,
}

/// How many shots' tasks of one type stood in each status, over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = TaskCounts::optional())]
pub struct TaskCounts<'a> {
    /// Id of the kind of work.
    #[serde(borrow)]
    pub task_type_id: Id<'a>,
    /// Id of the episode the shots belong to; `null` in a film.
    #[serde(borrow, default)]
    pub episode_id: Option<Id<'a>>,
    /// The history of each status.
    pub task_statuses: Vec<StatusCounts<'a>>,
}

/// How many tasks stood in one status, over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StatusCounts<'a> {
    /// Id of the status.
    #[serde(borrow)]
    pub task_status_id: Id<'a>,
    /// The readings, the oldest first.
    pub data: Vec<Reading<'a>>,
}

/// How many tasks stood in a status at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reading<'a> {
    /// The moment, in ISO 8601.
    #[serde(borrow)]
    pub timestamp: Timestamp<'a>,
    /// How many tasks.
    pub count: u64,
}

// What is always written, and what a document may lack all the same.
impl IndexEntry<'_> {
    fn optional() -> Optional {
        Optional(&["thumbnailUrl"])
    }
}

impl Project<'_> {
    fn optional() -> Optional {
        Optional(&["ratio", "resolution", "thumbnailUrl"])
    }
}

impl TeamMember<'_> {
    fn optional() -> Optional {
        Optional(&["name", "has_avatar", "thumbnailUrl"])
    }
}

impl Edit<'_> {
    fn optional() -> Optional {
        Optional(&["episodeId"])
    }
}

impl TaskCounts<'_> {
    fn optional() -> Optional {
        Optional(&["episode_id"])
    }
}

// What the examples in the schemas refer to, so that they fit together.
const PROJECT: &str = "bd2aba51-b77e-4eec-8442-015b60688e2e";
const EPISODE: &str = "7b2c8c5e-7a3c-4a0e-9f43-3a0f3d4f6d11";
const EDIT: &str = "6b19fa9a-0104-422a-a9f4-42f486926ee9";
const ANIMATION: &str = "122f7c71-a865-4588-96e2-530b39deb7b8";
const TODO: &str = "d0b0f234-fef2-424e-899f-8a0e0e74d699";

impl Index<'_> {
    pub(super) fn example() -> Self {
        Self {
            projects: vec![IndexEntry {
                id: PROJECT.into(),
                name: "Sprite Fright".into(),
                thumbnail_url: None,
                episodes: vec![EpisodeName {
                    id: EPISODE.into(),
                    name: "E01".into(),
                }],
            }],
            context: None,
        }
    }
}

impl Project<'_> {
    pub(super) fn example() -> Self {
        Self {
            id: PROJECT.into(),
            name: "Sprite Fright".into(),
            ratio: Some("2.35:1".into()),
            resolution: Some("2048x858".into()),
            asset_types: vec![AssetType {
                id: "99a57e6e-b3ec-476e-9abd-5bfc406b6861".into(),
                name: "Character".into(),
            }],
            task_types: vec![TaskType {
                id: ANIMATION.into(),
                name: "Animation".into(),
                color: HexColor::new(0xff, 0, 0).into(),
                for_shots: true,
            }],
            task_statuses: vec![TaskStatus {
                id: TODO.into(),
                name: "Todo".into(),
                color: HexColor::new(0xf5, 0xf5, 0xf5).into(),
            }],
            team: vec![TeamMember {
                id: "a52cfbb8-bdc8-4df5-94c8-e89695a53d80".into(),
                name: "Jade Doe".into(),
                full_name: "Jade Doe".into(),
                has_avatar: false,
                thumbnail_url: None,
            }],
            thumbnail_url: None,
            fps: FrameRate::default().into(),
            episodes: vec![Episode {
                id: EPISODE.into(),
                name: "E01".into(),
                sequences: vec![Sequence::example()],
            }],
        }
    }
}

impl Shot<'_> {
    pub(super) fn example() -> Self {
        Self(v0::Shot::example())
    }
}

impl Edit<'_> {
    pub(super) fn example() -> Self {
        Self {
            id: EDIT.into(),
            total_frames: 1440,
            frame_offset: 0,
            source_name: format!("data/projects/{PROJECT}/edit-{EDIT}.mp4").into(),
            source_type: "video/mp4".into(),
            episode_id: Some(EPISODE.into()),
        }
    }
}

impl TaskCounts<'_> {
    pub(super) fn example() -> Self {
        Self {
            task_type_id: ANIMATION.into(),
            episode_id: Some(EPISODE.into()),
            task_statuses: vec![StatusCounts {
                task_status_id: TODO.into(),
                data: vec![Reading {
                    timestamp: Timestamp(Cow::Borrowed("2026-11-22T04:36:12Z")),
                    count: 6,
                }],
            }],
        }
    }
}
