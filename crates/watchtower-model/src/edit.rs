//! The edit: the film as it is cut so far.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{EditId, EpisodeId, MediaRef};

/// The edit of a film or episode, and its movie.
///
/// ```
/// use watchtower_model::{Edit, MediaRef};
///
/// let mut edit = Edit::new("Edit v12");
/// edit.movie = Some(MediaRef::file("edit_v12.mp4"));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Edit {
    /// The edit's id, which names its movie's file.
    pub id: EditId,
    /// The name as people read it.
    pub name: String,
    /// The movie. Without one the timeline is as long as the shots.
    #[serde(default)]
    pub movie: Option<MediaRef>,
    /// The movie's length in video frames, where the tracker knows it. It is read from the movie
    /// itself when that is downloaded.
    #[serde(default, deserialize_with = "crate::whole::optional")]
    #[schemars(with = "Option<u64>")]
    pub total_frames: Option<u64>,
    /// The frame number at which the movie starts on the timeline.
    #[serde(default, deserialize_with = "crate::whole::required")]
    #[schemars(with = "i64")]
    pub frame_offset: i64,
    /// The episode it is the edit of, in a series.
    #[serde(default)]
    pub episode_id: Option<EpisodeId>,
}

impl Edit {
    /// An edit without a movie that starts at frame 0, with an id derived from the name.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            id: EditId::derived(&[&name]),
            name,
            movie: None,
            total_frames: None,
            frame_offset: 0,
            episode_id: None,
        }
    }
}
