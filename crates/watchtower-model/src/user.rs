//! People.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{MediaRef, UserId};

/// A person who works on a project.
///
/// ```
/// use watchtower_model::{MediaRef, User, UserId};
///
/// let mut user = User::new("Jade Doe");
/// user.id = UserId::new("a52cfbb8-bdc8-4df5-94c8-e89695a53d80")?;
/// user.has_avatar = true;
/// user.thumbnail = Some(MediaRef::url("https://tracker.example/people/jade.png"));
/// # Ok::<(), watchtower_model::InvalidId>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct User {
    /// The person's id.
    pub id: UserId,
    /// The full name, as people read it.
    pub name: String,
    /// The avatar, where there is one.
    #[serde(default)]
    pub thumbnail: Option<MediaRef>,
    /// Whether the person has an avatar. The site says so only when the picture could be had too:
    /// the client shows a broken picture for a person who has an avatar and no address of it.
    #[serde(default)]
    pub has_avatar: bool,
    /// Whether the person has left. Such a person is written only where something refers to them.
    #[serde(default)]
    pub archived: bool,
}

impl User {
    /// A person without an avatar, with an id derived from the name.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            id: UserId::derived(&[&name]),
            name,
            thumbnail: None,
            has_avatar: false,
            archived: false,
        }
    }
}
