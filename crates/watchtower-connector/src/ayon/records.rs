//! What AYON answers: the parts that are read, as forgiving as a real database demands.

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

/// Reads a number, or a text with one: attributes are what a studio makes of them. Anything else is none.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let number = match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    Ok(number.filter(|it| it.is_finite()))
}

/// The same for a whole number, as of frames.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    if let Some(whole) = value.as_i64() {
        return Ok(Some(whole));
    }
    let number = number(value).map_err(serde::de::Error::custom)?;
    // Beyond these floats are not exact.
    let number = number.filter(|it| it.fract() == 0.0 && it.abs() <= 9_007_199_254_740_992.0);
    #[allow(clippy::cast_possible_truncation)] // Whole, and within the limit.
    Ok(number.map(|it| it as i64))
}

fn yes() -> bool {
    true
}

/// `GET /api/info`
#[derive(Debug, Deserialize)]
pub(super) struct Server {
    pub version: String,
}

/// `GET /api/users/me`
#[derive(Debug, Deserialize)]
pub(super) struct Me {
    pub name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub attrib: UserAttributes,
    #[serde(default, deserialize_with = "or_default")]
    pub data: Role,
}

/// What an account is.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Role {
    #[serde(default, deserialize_with = "or_default")]
    is_admin: bool,
    #[serde(default, deserialize_with = "or_default")]
    is_manager: bool,
    #[serde(default, deserialize_with = "or_default")]
    is_service: bool,
}

impl Role {
    /// Whether it is shown what others do.
    pub(super) fn sees_events(&self) -> bool {
        self.is_admin || self.is_manager || self.is_service
    }
}

/// `GET /api/projects?active=true`
#[derive(Debug, Deserialize)]
pub(super) struct Projects {
    pub projects: Vec<ListedProject>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ListedProject {
    /// Names the project, and is its id.
    pub name: String,
    #[serde(default)]
    pub label: Option<String>,
    #[serde(default = "yes")]
    pub active: bool,
    /// Whether it holds assets for other projects to load, and no film.
    #[serde(default, deserialize_with = "or_default")]
    pub library: bool,
}

impl ListedProject {
    /// The name as people read it.
    pub(super) fn title(&self) -> &str {
        title(self.label.as_deref(), &self.name)
    }
}

/// A label, or the name where there is none.
fn title<'a>(label: Option<&'a str>, name: &'a str) -> &'a str {
    let label = label.map(str::trim).filter(|label| !label.is_empty());
    label.unwrap_or(name)
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Listed<T> {
    #[serde(
        alias = "folders",
        alias = "tasks",
        alias = "links",
        alias = "users",
        alias = "products",
        alias = "versions",
        alias = "events"
    )]
    pub rows: Page<T>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page<T> {
    #[serde(default)]
    pub page_info: PageInfo,
    pub edges: Vec<T>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageInfo {
    #[serde(default, deserialize_with = "or_default")]
    pub has_next_page: bool,
    #[serde(default)]
    pub end_cursor: Option<String>,
}

/// What an edge leads to.
#[derive(Debug, Deserialize)]
pub(super) struct Edge<T> {
    pub node: T,
}

/// An edge of the query `Events`.
#[derive(Debug, Deserialize)]
pub(super) struct Logged {
    pub cursor: String,
    pub node: Event,
}

/// An event: something that happened, under the topic that it is told in.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    pub id: String,
    pub topic: String,
    /// The name of the project that it is about, if it is about one.
    #[serde(default)]
    pub project: Option<String>,
    /// In ISO 8601.
    #[serde(default)]
    pub created_at: Option<String>,
}

/// The query `Project`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Project {
    #[serde(default, deserialize_with = "or_default")]
    pub attrib: ProjectAttributes,
    #[serde(default, deserialize_with = "or_default")]
    pub task_types: Vec<TaskType>,
    #[serde(default, deserialize_with = "or_default")]
    pub statuses: Vec<Status>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProjectAttributes {
    #[serde(default, deserialize_with = "number")]
    pub fps: Option<f64>,
    #[serde(default, deserialize_with = "whole")]
    pub resolution_width: Option<i64>,
    #[serde(default, deserialize_with = "whole")]
    pub resolution_height: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct TaskType {
    pub name: String,
    #[serde(default)]
    pub color: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    pub name: String,
    #[serde(default)]
    pub short_name: Option<String>,
    /// `not_started`, `in_progress`, `done` or `blocked`.
    #[serde(default)]
    pub state: Option<String>,
    #[serde(default)]
    pub color: Option<String>,
    /// What may have it: `folder`, `task`, `version` and so on. Empty means anything.
    #[serde(default, deserialize_with = "or_default")]
    pub scope: Vec<String>,
}

/// The query `Folders`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Folder {
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    #[serde(default)]
    pub label: Option<String>,
    #[serde(default)]
    pub active: Option<bool>,
    #[serde(default, deserialize_with = "or_default")]
    pub folder_type: String,
    #[serde(default)]
    pub parent_id: Option<String>,
    #[serde(default)]
    pub status: Option<String>,
    #[serde(default)]
    pub thumbnail_id: Option<String>,
    /// Changes with the picture that is shown. Servers before 1.16 do not have it.
    #[serde(default)]
    pub thumbnail_hash: Option<String>,
    /// Whether something for review is in this very folder: the newest is its picture, unless it has a
    /// thumbnail.
    #[serde(default, deserialize_with = "or_default")]
    pub has_reviewables: bool,
    /// The attributes that were set on this folder; the others are inherited.
    #[serde(default, deserialize_with = "or_default")]
    pub own_attrib: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub attrib: FolderAttributes,
}

impl Folder {
    /// The name as people read it.
    pub(super) fn title(&self) -> &str {
        title(self.label.as_deref(), &self.name)
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FolderAttributes {
    #[serde(default, deserialize_with = "whole")]
    pub frame_start: Option<i64>,
    #[serde(default, deserialize_with = "whole")]
    pub frame_end: Option<i64>,
    #[serde(default, deserialize_with = "whole")]
    pub handle_start: Option<i64>,
    #[serde(default, deserialize_with = "whole")]
    pub handle_end: Option<i64>,
    #[serde(default, deserialize_with = "whole")]
    pub clip_in: Option<i64>,
    #[serde(default, deserialize_with = "whole")]
    pub clip_out: Option<i64>,
    #[serde(default, deserialize_with = "number")]
    pub fps: Option<f64>,
}

/// The query `Tasks`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Task {
    pub id: String,
    #[serde(default)]
    pub task_type: Option<String>,
    #[serde(default)]
    pub folder_id: Option<String>,
    #[serde(default)]
    pub status: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub assignees: Vec<String>,
    #[serde(default)]
    pub active: Option<bool>,
}

/// The query `Links`: which folder appears in which.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Link {
    pub input_id: String,
    pub output_id: String,
}

/// The query `FolderLinks`, for servers without `Links`.
#[derive(Debug, Deserialize)]
pub(super) struct LinkedFolder {
    pub id: String,
    #[serde(default)]
    pub links: Option<Page<IncomingLink>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IncomingLink {
    #[serde(default)]
    pub entity_id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub link_type: String,
}

/// The query `Users`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct User {
    pub name: String,
    #[serde(default)]
    pub active: Option<bool>,
    #[serde(default, deserialize_with = "or_default")]
    pub attrib: UserAttributes,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserAttributes {
    #[serde(default)]
    pub full_name: Option<String>,
}

impl UserAttributes {
    /// The full name, or else the name of the account.
    pub(super) fn full_name<'a>(&'a self, account: &'a str) -> &'a str {
        title(self.full_name.as_deref(), account)
    }
}

/// The query `ProductVersions`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Version {
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    #[serde(default)]
    pub active: Option<bool>,
    #[serde(default)]
    pub task_id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub has_reviewables: bool,
    /// In ISO 8601, in UTC.
    #[serde(default)]
    pub created_at: Option<String>,
}

/// The queries for products.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Product {
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    #[serde(default)]
    pub active: Option<bool>,
    #[serde(default)]
    pub folder_id: Option<String>,
}

impl Product {
    /// The name, which a real product always has.
    pub(super) fn title(&self) -> &str {
        match self.name.trim() {
            "" => "edit",
            name => name,
        }
    }
}

/// `GET /api/projects/<project>/stats`
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Stats {
    pub counts: Counts,
}

/// How many there are, inactive ones too, whoever asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Counts {
    pub folders: usize,
    pub tasks: usize,
}

/// `GET /api/users/me/permissions/<project>`
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Permissions {
    #[serde(default, deserialize_with = "or_default")]
    pub read: FolderAccess,
    #[serde(default, deserialize_with = "or_default")]
    pub attrib_read: AttributeAccess,
}

/// Which folders an account may read: where this is enabled, only those.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct FolderAccess {
    #[serde(default, deserialize_with = "or_default")]
    pub enabled: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub access_list: Vec<FolderRule>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct FolderRule {
    /// `assigned`, `hierarchy` or `children`.
    #[serde(default, deserialize_with = "or_default")]
    pub access_type: String,
    #[serde(default)]
    pub path: Option<String>,
}

/// Which attributes an account may read: where this is enabled, only those.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct AttributeAccess {
    #[serde(default, deserialize_with = "or_default")]
    pub enabled: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub attributes: Vec<String>,
}

/// `GET /api/projects/<project>/versions/<id>/reviewables`
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Reviewables {
    #[serde(default, deserialize_with = "or_default")]
    pub attrib: VersionAttributes,
    #[serde(default, deserialize_with = "or_default")]
    pub reviewables: Vec<Reviewable>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VersionAttributes {
    #[serde(default, deserialize_with = "whole")]
    pub frame_start: Option<i64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reviewable {
    pub file_id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub filename: String,
    #[serde(default, deserialize_with = "or_default")]
    pub mimetype: String,
    /// `ready`, `conversionRecommended`, `conversionRequired` or `unknown`: whether browsers play it.
    #[serde(default)]
    pub availability: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub media_info: MediaInfo,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MediaInfo {
    /// In seconds.
    #[serde(default, deserialize_with = "number")]
    pub duration: Option<f64>,
    #[serde(default, deserialize_with = "number")]
    pub frame_rate: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_read_however_they_are_written() {
        let attributes = |fps: Value, start: Value| -> (Option<f64>, Option<i64>) {
            let attrib = json!({"fps": fps, "frameStart": start});
            let attrib: FolderAttributes = serde_json::from_value(attrib).unwrap();
            (attrib.fps, attrib.frame_start)
        };
        assert_eq!(attributes(json!(24), json!(1001)), (Some(24.0), Some(1001)));
        assert_eq!(
            attributes(json!("23.976"), json!("1001")),
            (Some(23.976), Some(1001))
        );
        assert_eq!(attributes(json!(25.0), json!(-8.0)), (Some(25.0), Some(-8)));
        for odd in [
            json!(null),
            json!("a few"),
            json!({}),
            json!(true),
            json!("NaN"),
        ] {
            assert_eq!(attributes(odd.clone(), odd), (None, None));
        }
        assert_eq!(attributes(json!(24), json!(1001.5)).1, None);
    }
}
