//! Format v0: what the web client bundled with `watchtower-pipeline` 0.1.7 reads.
//!
//! Keys stand in the order in which they are written. What the client needs is required here; what
//! it can do without may be missing in what is read.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

pub use super::field::{Color, Fps, Id};
use super::field::{Optional, present};
use crate::{FrameRate, HexColor};

/// What all projects share, and the list of projects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Context<'a> {
    /// The types of assets.
    #[serde(borrow)]
    pub asset_types: Vec<AssetType<'a>>,
    /// The people.
    pub users: Vec<User<'a>>,
    /// The projects, in the order of the client's menu.
    pub projects: Vec<Project<'a>>,
    /// The statuses of tasks. The key is singular.
    pub task_status: Vec<TaskStatus<'a>>,
    /// The types of tasks, in the order of the client's menu.
    pub task_types: Vec<TaskType<'a>>,
}

/// What an asset is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AssetType<'a> {
    /// The id to which assets refer.
    #[serde(borrow)]
    pub id: Id<'a>,
    /// The name as people read it.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(
    transform = User::optional(),
    extend("if" = {"properties": {"has_avatar": {"const": true}}, "required": ["has_avatar"]}),
    extend("then" = {"properties": {"thumbnailUrl": {"type": "string"}}, "required": ["thumbnailUrl"]})
)]
pub struct User<'a> {
    /// The id to which tasks and teams refer.
    pub id: Id<'a>,
    /// The full name, as people read it.
    pub full_name: Cow<'a, str>,
    /// Whether the person has an avatar. If so, `thumbnailUrl` must be there: the client asks for
    /// it in any case.
    pub has_avatar: bool,
    /// The avatar's path from the site root, without a leading slash.
    #[serde(rename = "thumbnailUrl")]
    pub thumbnail_url: Option<Cow<'a, str>>,
}

/// A user before the rule that an avatar needs an address.
#[derive(Deserialize)]
struct AnyUser<'a> {
    #[serde(borrow)]
    id: Id<'a>,
    #[serde(borrow)]
    full_name: Cow<'a, str>,
    #[serde(default)]
    has_avatar: bool,
    #[serde(borrow, default, rename = "thumbnailUrl")]
    thumbnail_url: Option<Cow<'a, str>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for User<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let user = AnyUser::deserialize(deserializer)?;
        if user.has_avatar && user.thumbnail_url.is_none() {
            return Err(D::Error::missing_field("thumbnailUrl"));
        }
        Ok(Self {
            id: user.id,
            full_name: user.full_name,
            has_avatar: user.has_avatar,
            thumbnail_url: user.thumbnail_url,
        })
    }
}

/// A kind of work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskType<'a> {
    /// The id to which tasks refer.
    #[serde(borrow)]
    pub id: Id<'a>,
    /// The name in the client's menu.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// The colour, `#rrggbb`.
    pub color: Color,
    /// Whether shots have tasks of this type; otherwise it is for assets.
    pub for_shots: bool,
}

/// How far a task is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskStatus<'a> {
    /// The id to which tasks refer.
    #[serde(borrow)]
    pub id: Id<'a>,
    /// The name as people read it.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// The colour, `#rrggbb`.
    pub color: Color,
}

/// A film or series.
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
    /// Ids of the asset types in use; empty means all of the context's.
    pub asset_types: Vec<Id<'a>>,
    /// Ids of the task types in use; empty means all of the context's.
    pub task_types: Vec<Id<'a>>,
    /// Ids of the task statuses in use; empty means all of the context's.
    pub task_statuses: Vec<Id<'a>>,
    /// Ids of the people who work on it.
    pub team: Vec<Id<'a>>,
    /// The picture in the list of projects: its path from the site root, or any address.
    #[serde(borrow, default, rename = "thumbnailUrl")]
    pub thumbnail_url: Option<Cow<'a, str>>,
    /// Frames per second.
    pub fps: Fps,
}

/// The movie that plays beside the timeline, and the timeline's length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Edit<'a> {
    /// The number of video frames in the movie: the timeline runs from 0 to here.
    #[serde(rename = "totalFrames")]
    pub total_frames: u64,
    /// The frame number at which the movie starts on the timeline.
    #[serde(rename = "frameOffset")]
    pub frame_offset: i64,
    /// The movie's path from the site root, without a leading slash; empty for no movie.
    #[serde(borrow, rename = "sourceName")]
    pub source_name: Cow<'a, str>,
    /// The movie's media type, as in `video/mp4`; empty for no movie, or the client asks for one.
    #[serde(borrow, rename = "sourceType")]
    pub source_type: Cow<'a, str>,
}

/// A piece of work on a shot or an asset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = Task::optional())]
pub struct Task<'a> {
    /// The task's id.
    #[serde(borrow, default)]
    pub id: Option<Id<'a>>,
    /// Id of the kind of work.
    #[serde(borrow)]
    pub task_type_id: Id<'a>,
    /// Id of how far it is.
    #[serde(borrow)]
    pub task_status_id: Id<'a>,
    /// Ids of the people who do it.
    pub assignees: Vec<Id<'a>>,
}

/// Something that appears in shots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Asset<'a> {
    /// The id to which casting refers.
    #[serde(borrow)]
    pub id: Id<'a>,
    /// The name as people read it.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// Id of what it is.
    #[serde(borrow)]
    pub asset_type_id: Id<'a>,
    /// The work on it.
    pub tasks: Vec<Task<'a>>,
    /// The picture's path from the site root, without a leading slash; `null` for the client's
    /// placeholder. The key must be there.
    #[serde(borrow, rename = "thumbnailUrl", deserialize_with = "present")]
    pub thumbnail_url: Option<Cow<'a, str>>,
}

/// A piece of the film between two cuts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = Shot::optional())]
pub struct Shot<'a> {
    /// The id to which casting refers.
    #[serde(borrow)]
    pub id: Id<'a>,
    /// The name as people read it.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// Id of the sequence it belongs to.
    #[serde(borrow)]
    pub sequence_id: Id<'a>,
    /// The frame range, with any keys of the tracker's own.
    #[serde(default)]
    pub data: Option<ShotData<'a>>,
    /// The work on it.
    pub tasks: Vec<Task<'a>>,
    /// The frame at which it starts on the timeline.
    #[serde(rename = "startFrame")]
    pub start_frame: i64,
    /// How long it lasts, in seconds.
    #[serde(rename = "durationSeconds")]
    pub duration_seconds: f64,
    /// Whether it has a place on the timeline. `false` is for a shot whose place nobody knows: it starts
    /// behind the end, so that the grid shows it and the timeline does not. The client does not read it;
    /// a validator tells by it that the place is no mistake. Without the key it is `true`.
    #[serde(
        default = "on_timeline",
        rename = "onTimeline",
        skip_serializing_if = "is_true"
    )]
    pub on_timeline: bool,
    /// The picture's path from the site root, without a leading slash; `null` for the client's
    /// placeholder. The key must be there.
    #[serde(borrow, rename = "thumbnailUrl", deserialize_with = "present")]
    pub thumbnail_url: Option<Cow<'a, str>>,
    /// Frames per second of its range.
    #[serde(default)]
    pub fps: Option<Fps>,
}

fn on_timeline() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_true(value: &bool) -> bool {
    *value
}

/// A shot's frame range, with any keys of the tracker's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShotData<'a> {
    /// The first frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_in: Option<i64>,
    /// The frame at which the shot has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_out: Option<i64>,
    /// Keys of the tracker's own.
    #[serde(flatten)]
    pub custom: Cow<'a, Map<String, Value>>,
}

/// A run of shots that belong together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sequence<'a> {
    /// The id to which shots refer.
    #[serde(borrow)]
    pub id: Id<'a>,
    /// The name as people read it.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
}

/// The assets that appear in a shot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Casting<'a> {
    /// Id of the shot.
    #[serde(borrow)]
    pub shot_id: Id<'a>,
    /// Ids of the assets.
    pub asset_ids: Vec<Id<'a>>,
}

// What is always written, and what a document may lack all the same.
impl User<'_> {
    fn optional() -> Optional {
        Optional(&["has_avatar", "thumbnailUrl"])
    }
}

impl Project<'_> {
    fn optional() -> Optional {
        Optional(&["ratio", "resolution", "thumbnailUrl"])
    }
}

impl Task<'_> {
    fn optional() -> Optional {
        Optional(&["id"])
    }
}

impl Shot<'_> {
    fn optional() -> Optional {
        Optional(&["data", "fps"])
    }
}

// What the examples in the schemas refer to, so that they fit together.
const PROJECT: &str = "bd2aba51-b77e-4eec-8442-015b60688e2e";
const USER: &str = "a52cfbb8-bdc8-4df5-94c8-e89695a53d80";
const CHARACTER: &str = "99a57e6e-b3ec-476e-9abd-5bfc406b6861";
const ANIMATION: &str = "122f7c71-a865-4588-96e2-530b39deb7b8";
const TODO: &str = "d0b0f234-fef2-424e-899f-8a0e0e74d699";
const REX: &str = "0f2f2cf3-7df2-4f36-a1ba-a9b7d6dd1f5b";
const RETREAT: &str = "5f0a1b7e-3a5b-4c71-9a0d-2f1f6f0c9a11";
const SHOT: &str = "c0a9f5a8-5c1e-4a86-8a8d-6a3b9ad3c0f2";

impl Context<'_> {
    pub(super) fn example() -> Self {
        Self {
            asset_types: vec![AssetType {
                id: CHARACTER.into(),
                name: "Character".into(),
            }],
            users: vec![User {
                id: USER.into(),
                full_name: "Jade Doe".into(),
                has_avatar: false,
                thumbnail_url: None,
            }],
            projects: vec![Project::example()],
            task_status: vec![TaskStatus {
                id: TODO.into(),
                name: "Todo".into(),
                color: HexColor::new(0xf5, 0xf5, 0xf5).into(),
            }],
            task_types: vec![TaskType {
                id: ANIMATION.into(),
                name: "Animation".into(),
                color: HexColor::new(0xff, 0, 0).into(),
                for_shots: true,
            }],
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
            asset_types: Vec::new(),
            task_types: Vec::new(),
            task_statuses: Vec::new(),
            team: vec![USER.into()],
            thumbnail_url: None,
            fps: FrameRate::default().into(),
        }
    }
}

impl Edit<'_> {
    pub(super) fn example() -> Self {
        Self {
            total_frames: 1440,
            frame_offset: 0,
            source_name: format!("data/projects/{PROJECT}/edit.mp4").into(),
            source_type: "video/mp4".into(),
        }
    }
}

impl Task<'_> {
    fn example() -> Self {
        Self {
            id: Some("dbd7b952-9bd5-4922-93a4-263538a3127f".into()),
            task_type_id: ANIMATION.into(),
            task_status_id: TODO.into(),
            assignees: vec![USER.into()],
        }
    }
}

impl Asset<'_> {
    pub(super) fn example() -> Self {
        Self {
            id: REX.into(),
            name: "Rex".into(),
            asset_type_id: CHARACTER.into(),
            tasks: Vec::new(),
            thumbnail_url: None,
        }
    }
}

impl Shot<'_> {
    pub(super) fn example() -> Self {
        Self {
            id: SHOT.into(),
            name: "0010".into(),
            sequence_id: RETREAT.into(),
            data: Some(ShotData {
                frame_in: Some(48),
                frame_out: Some(120),
                custom: Cow::default(),
            }),
            tasks: vec![Task::example()],
            start_frame: 48,
            duration_seconds: 3.0,
            on_timeline: true,
            thumbnail_url: Some("data/previews/df/df276e7443849f6a5b2c66565a0eb8ed.png".into()),
            fps: Some(FrameRate::default().into()),
        }
    }
}

impl Sequence<'_> {
    pub(super) fn example() -> Self {
        Self {
            id: RETREAT.into(),
            name: "Retreat".into(),
        }
    }
}

impl Casting<'_> {
    pub(super) fn example() -> Self {
        Self {
            shot_id: SHOT.into(),
            asset_ids: vec![REX.into()],
        }
    }
}
