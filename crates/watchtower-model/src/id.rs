//! Typed ids.
//!
//! Every entity has an id that comes from the tracker. The types keep a shot's id from being passed
//! where an asset's is due, and an id is checked once, where it enters: it is never empty, and the
//! ids that become file names ([`ProjectId`], [`EditId`]) hold nothing that could leave a folder.
//!
//! Clones of an id share its text: a film has as many references to a task type as it has tasks.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a text is not an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidId {
    /// The text is empty.
    #[error("an id must not be empty")]
    Empty,
    /// The id names a folder or file of the site, and this text cannot.
    #[error(
        "`{}` cannot name a file: {reason}. Ids of projects and edits become file names and parts of addresses; use letters, digits, `-`, `_`, `.` and spaces",
        .id.escape_debug()
    )]
    NotAFileName {
        /// The text found.
        id: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// The namespace of the ids we derive: itself the version 5 UUID of the DNS name
/// `watchtower.invalid`. It must never change, or every derived id does.
const NAMESPACE: Uuid = Uuid::from_u128(0x2f74aec1_c5d5_5dd5_acff_88ac4550c58d);

/// A version 5 UUID of what identifies a thing: the same parts give the same id, in every run and on
/// every machine.
fn derive(kind: &str, parts: &[&str]) -> String {
    let mut text = kind.to_owned();
    for part in parts {
        // Lengths in front keep ("ab", "c") and ("a", "bc") apart.
        text.push('\u{1f}');
        text.push_str(&part.len().to_string());
        text.push(':');
        text.push_str(part);
    }
    Uuid::new_v5(&NAMESPACE, text.as_bytes()).to_string()
}

fn non_empty(text: &str) -> Result<(), InvalidId> {
    if text.is_empty() {
        return Err(InvalidId::Empty);
    }
    Ok(())
}

/// Whether Windows gives a name to a device, whatever stands behind a dot in it: a file of that name cannot be had
/// there.
pub fn names_a_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let stem = stem.to_lowercase();
    let port = stem.strip_prefix("com").or(stem.strip_prefix("lpt"));
    let is_port = port.is_some_and(|it| {
        let mut signs = it.chars();
        let is_number = signs.next().is_some_and(|it| "123456789¹²³".contains(it));
        is_number && signs.next().is_none()
    });
    is_port || matches!(&*stem, "con" | "prn" | "aux" | "nul" | "conin$" | "conout$")
}

/// Checks that a text can name a file on every common system and stand in an address as it is.
fn file_name(text: &str) -> Result<(), InvalidId> {
    non_empty(text)?;
    let refuse = |reason| {
        Err(InvalidId::NotAFileName {
            id: text.to_owned(),
            reason,
        })
    };
    if text.starts_with('.') {
        return refuse("it starts with a dot");
    }
    // The client puts the id into an address unescaped, so `#`, `?` and `%` would change its meaning.
    if text
        .chars()
        .any(|c| c.is_control() || "/\\<>:\"|?*#%".contains(c))
    {
        return refuse("it holds a character that has a meaning in paths or addresses");
    }
    if text.ends_with('.') || text.starts_with(' ') || text.ends_with(' ') {
        return refuse("it starts or ends with a space, or ends with a dot");
    }
    if names_a_device(text) {
        return refuse("it is the name of a device on Windows");
    }
    // 255 bytes is the limit of common file systems; the rest is for `edit-` and `.mp4`.
    if text.len() > 200 {
        return refuse("it is longer than 200 bytes");
    }
    Ok(())
}

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident, $kind:literal, $check:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes an id as the tracker gives it.
            ///
            /// # Errors
            ///
            /// [`InvalidId`] when the text is empty, or cannot name a file where this id must.
            pub fn new(id: impl Into<String>) -> Result<Self, InvalidId> {
                let id = id.into();
                $check(&id)?;
                Ok(Self(id.into()))
            }

            /// An id for something the tracker has none for: a version 5 UUID of the parts that
            /// identify it, the same in every run.
            pub fn derived(parts: &[&str]) -> Self {
                Self(derive($kind, parts).into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidId;

            fn try_from(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.as_str().to_owned()
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "minLength": 1})
            }
        }
    )*};
}

typed_ids! {
    /// The id of a [`User`](crate::User).
    UserId, "user", non_empty;
    /// The id of an [`AssetType`](crate::AssetType).
    AssetTypeId, "asset-type", non_empty;
    /// The id of a [`TaskType`](crate::TaskType).
    TaskTypeId, "task-type", non_empty;
    /// The id of a [`TaskStatus`](crate::TaskStatus).
    TaskStatusId, "task-status", non_empty;
    /// The id of a [`Task`](crate::Task).
    TaskId, "task", non_empty;
    /// The id of an [`Asset`](crate::Asset).
    AssetId, "asset", non_empty;
    /// The id of an [`Episode`](crate::Episode).
    EpisodeId, "episode", non_empty;
    /// The id of a [`Sequence`](crate::Sequence).
    SequenceId, "sequence", non_empty;
    /// The id of a [`Shot`](crate::Shot).
    ShotId, "shot", non_empty;
    /// The id of a [`Project`](crate::Project). It names the project's folder in the site, so it is
    /// checked to be a plain file name.
    ProjectId, "project", file_name;
    /// The id of an [`Edit`](crate::Edit). It is part of the movie's file name in format v1, so it
    /// is checked to be a plain file name.
    EditId, "edit", file_name;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_id_is_refused() {
        assert_eq!(ShotId::new(""), Err(InvalidId::Empty));
        assert!(serde_json::from_str::<ShotId>("\"\"").is_err());
    }

    #[test]
    fn a_name_of_a_device_names_no_folder() {
        for id in [
            "nul", "NUL", "con.film", "Com1", "lpt9.x", "aux ", "COM²", "conin$",
        ] {
            assert!(ProjectId::new(id).is_err(), "{id} was taken");
        }
        for id in ["null", "com", "com0", "console", "a.nul"] {
            assert!(ProjectId::new(id).is_ok(), "{id} was refused");
        }
    }

    #[test]
    fn the_namespace_is_what_it_says() {
        assert_eq!(
            NAMESPACE,
            Uuid::new_v5(&Uuid::NAMESPACE_DNS, b"watchtower.invalid")
        );
    }

    #[test]
    fn derived_ids_are_stable_and_depend_on_every_part() {
        let id = ShotId::derived(&["010", "0020"]);
        assert_eq!(id.as_str(), "b2fa701d-4981-50e9-922e-0b4fcf14f0d4");
        assert_ne!(id, ShotId::derived(&["0100", "020"]));
        assert_ne!(id.as_str(), AssetId::derived(&["010", "0020"]).as_str());
    }

    #[test]
    fn a_project_id_cannot_leave_its_folder() {
        for id in [
            "../../etc",
            "..",
            ".",
            "a/b",
            "a\\b",
            "",
            " a",
            "a ",
            ".hidden",
            "a\0b",
            "a#b",
            "100%",
            "C:",
        ] {
            assert!(ProjectId::new(id).is_err(), "{id:?} was taken");
        }
        for id in [
            "bd2aba51-b77e-4eec-8442-015b60688e2e",
            "wt_demo",
            "Sprite Fright",
            "élan",
        ] {
            assert!(ProjectId::new(id).is_ok(), "{id:?} was refused");
        }
        assert!(ProjectId::new("x".repeat(201)).is_err());
    }

    #[test]
    fn the_refusal_says_what_to_do() {
        insta::assert_snapshot!(
            ProjectId::new("../../etc").unwrap_err(),
            @"`../../etc` cannot name a file: it starts with a dot. Ids of projects and edits become file names and parts of addresses; use letters, digits, `-`, `_`, `.` and spaces"
        );
    }
}
