//! What a site answers: the parts that are read, as forgiving as a real database demands.
//!
//! A field that is absent, hidden from the account or empty is null or missing; all three mean none.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::query::Row;

/// Reads null as the default.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads a text. Sites escape `<` in it, and nothing else. A blank one is none.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        // A field that a studio made may be of any type.
        Value::Number(number) => number.to_string(),
        _ => return Ok(None),
    };
    let text = match text.contains("&lt;") {
        true => text.replace("&lt;", "<"),
        false => text,
    };
    Ok(Some(text).filter(|it| !it.trim().is_empty()))
}

/// Reads a number, or a text with one. Anything else is none.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(as_number(&Value::deserialize(deserializer)?))
}

pub(super) fn as_number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|it: &f64| it.is_finite())
}

/// The same for a whole number, as of frames: sites hold 32 bits.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let number = number(deserializer)?;
    let number = number.filter(|it| it.fract() == 0.0 && it.abs() <= 2_147_483_648.0);
    #[allow(clippy::cast_possible_truncation)] // Whole, and within the limit.
    Ok(number.map(|it| it as i64))
}

/// Something that a field links to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Link {
    #[serde(rename = "type", default)]
    pub entity: String,
    pub id: i64,
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
}

/// Reads a link. A field of another type is none.
fn link<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Link>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(if value.is_object() {
        Link::deserialize(value).ok()
    } else {
        None
    })
}

/// Reads links, without those to what is gone.
fn links<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Link>, D::Error> {
    let Value::Array(values) = Value::deserialize(deserializer)? else {
        return Ok(Vec::new());
    };
    let links = values.into_iter().filter(Value::is_object);
    Ok(links.filter_map(|it| Link::deserialize(it).ok()).collect())
}

/// The fields that are read of a type, but for those that studios name.
pub(super) fn fields(entity: &str) -> &'static [&'static str] {
    match entity {
        "Project" => &[
            "name",
            "code",
            "tank_name",
            "archived",
            "is_template",
            "is_template_project",
            "image",
            "users",
            "sg_aspect_ratio",
            "sg_resolution",
        ],
        "Episode" => &["code"],
        "Sequence" => &["code", "episode"],
        "Shot" => &[
            "code",
            "sg_sequence",
            "sg_scene",
            "sg_status_list",
            "image",
            "assets",
            "sg_cut_in",
            "sg_cut_out",
            "sg_cut_duration",
            "sg_cut_order",
            "cut_in",
            "cut_out",
            "cut_duration",
        ],
        "Asset" => &["code", "sg_asset_type", "sg_status_list", "image"],
        "Task" => &[
            "content",
            "entity",
            "step",
            "sg_status_list",
            "task_assignees",
        ],
        "Step" => &["code", "color", "entity_type", "list_order"],
        "Status" => &["code", "name", "bg_color"],
        "HumanUser" => &[
            "name",
            "firstname",
            "lastname",
            "login",
            "sg_status_list",
            "image",
        ],
        "Cut" => &[
            "code",
            "entity",
            "version",
            "revision_number",
            "fps",
            "timecode_start_text",
            "sg_status_list",
        ],
        "CutItem" => &[
            "cut",
            "shot",
            "cut_order",
            "edit_in",
            "edit_out",
            "cut_item_duration",
            "timecode_edit_in_text",
            "timecode_edit_out_text",
        ],
        "Version" => &[
            "code",
            "sg_uploaded_movie",
            "sg_uploaded_movie_mp4",
            "sg_first_frame",
            "sg_movie_has_slate",
        ],
        _ => &[],
    }
}

macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty = $read:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, Deserialize)]
        pub(super) struct $name {
            pub id: i64,
            $($(#[$field_doc])* #[serde(default, deserialize_with = $read)] pub $field: $type,)*
        }

        impl Row for $name {
            fn id(&self) -> i64 {
                self.id
            }
        }
    )*};
}

rows! {
    Episode {
        code: Option<String> = "text",
    }
    Sequence {
        code: Option<String> = "text",
        episode: Option<Link> = "link",
        sg_episode: Option<Link> = "link",
    }
    Shot {
        code: Option<String> = "text",
        sg_sequence: Option<Link> = "link",
        sg_scene: Option<Link> = "link",
        sg_episode: Option<Link> = "link",
        sg_status_list: Option<String> = "text",
        image: Option<String> = "text",
        assets: Vec<Link> = "links",
        sg_cut_in: Option<i64> = "whole",
        sg_cut_out: Option<i64> = "whole",
        sg_cut_duration: Option<i64> = "whole",
        sg_cut_order: Option<i64> = "whole",
        cut_in: Option<i64> = "whole",
        cut_out: Option<i64> = "whole",
        cut_duration: Option<i64> = "whole",
    }
    Asset {
        code: Option<String> = "text",
        sg_asset_type: Option<String> = "text",
        sg_status_list: Option<String> = "text",
        image: Option<String> = "text",
    }
    Task {
        content: Option<String> = "text",
        entity: Option<Link> = "link",
        step: Option<Link> = "link",
        sg_status_list: Option<String> = "text",
        task_assignees: Vec<Link> = "links",
    }
    Step {
        code: Option<String> = "text",
        color: Option<String> = "text",
        entity_type: Option<String> = "text",
        list_order: Option<i64> = "whole",
    }
    Status {
        code: Option<String> = "text",
        name: Option<String> = "text",
        bg_color: Option<String> = "text",
    }
    Person {
        name: Option<String> = "text",
        firstname: Option<String> = "text",
        lastname: Option<String> = "text",
        login: Option<String> = "text",
        sg_status_list: Option<String> = "text",
        image: Option<String> = "text",
    }
    Cut {
        code: Option<String> = "text",
        entity: Option<Link> = "link",
        version: Option<Link> = "link",
        revision_number: Option<i64> = "whole",
        fps: Option<f64> = "number",
        timecode_start_text: Option<String> = "text",
        sg_status_list: Option<String> = "text",
    }
    /// What is in the trash, with the cuts that were of it.
    Trashed {
        cuts: Vec<Link> = "links",
    }
    CutItem {
        cut: Option<Link> = "link",
        shot: Option<Link> = "link",
        cut_order: Option<i64> = "whole",
        edit_in: Option<i64> = "whole",
        edit_out: Option<i64> = "whole",
        cut_item_duration: Option<i64> = "whole",
        timecode_edit_in_text: Option<String> = "text",
        timecode_edit_out_text: Option<String> = "text",
    }
    Version {
        code: Option<String> = "text",
        sg_uploaded_movie: Option<File> = "file",
        sg_uploaded_movie_mp4: Option<File> = "file",
        sg_first_frame: Option<i64> = "whole",
        sg_movie_has_slate: bool = "or_default",
    }
}

/// A file, or what stands for one.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct File {
    #[serde(default)]
    pub id: Option<i64>,
    /// `upload`, `web` or `local`. Only files of the first two kinds can be had.
    #[serde(default)]
    pub link_type: Option<String>,
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub content_type: Option<String>,
}

/// Reads a file. A field of another type is none.
fn file<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<File>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(if value.is_object() {
        File::deserialize(value).ok()
    } else {
        None
    })
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Project {
    pub id: i64,
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub code: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub tank_name: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub archived: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub is_template: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub is_template_project: bool,
    #[serde(default, deserialize_with = "text")]
    pub image: Option<String>,
    #[serde(default, deserialize_with = "links")]
    pub users: Vec<Link>,
    #[serde(default, deserialize_with = "text")]
    pub sg_aspect_ratio: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub sg_resolution: Option<String>,
    /// What else was asked for: fields that studios name.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A row of which fields were asked for whose names are known at run time alone.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Loose {
    pub id: i64,
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

impl Loose {
    /// What a field links to.
    pub(super) fn link(&mut self, field: &str) -> Option<Link> {
        let value = self.fields.remove(field)?;
        if value.is_object() {
            Link::deserialize(value).ok()
        } else {
            None
        }
    }

    /// The text of a field.
    pub(super) fn text(&mut self, field: &str) -> Option<String> {
        text(self.fields.remove(field)?).ok().flatten()
    }

    /// The file in a field.
    pub(super) fn file(&mut self, field: &str) -> Option<File> {
        file(self.fields.remove(field)?).ok().flatten()
    }
}

impl Row for Project {
    fn id(&self) -> i64 {
        self.id
    }
}

impl Row for Loose {
    fn id(&self) -> i64 {
        self.id
    }
}

impl Project {
    /// The name as people read it.
    pub(super) fn title(&self) -> String {
        named(self.name.as_deref(), "Project", self.id)
    }

    /// Why it is no production, if it is none.
    pub(super) fn is_production(&self) -> bool {
        !(self.archived || self.is_template || self.is_template_project)
    }
}

impl Person {
    /// The name as people read it.
    pub(super) fn title(&self) -> String {
        let parts = [&self.firstname, &self.lastname];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        let full = (!parts.is_empty()).then(|| parts.join(" "));
        let names = [&self.name, &full, &self.login];
        let name = names.into_iter().flatten().next();
        named(name.map(String::as_str), "Person", self.id)
    }
}

impl Cut {
    /// The name as people read it, with the revision: `Main Edit v012`.
    pub(super) fn title(&self) -> String {
        let name = named(self.code.as_deref(), "Cut", self.id);
        match self.revision_number {
            Some(revision) if revision != 0 => format!("{name} v{revision:03}"),
            _ => name,
        }
    }
}

/// A name, or one made of what a thing is and its id.
pub(super) fn named(name: Option<&str>, kind: &str, id: i64) -> String {
    name.map_or_else(|| format!("{kind} {id}"), str::to_owned)
}

impl File {
    /// Whether it is an mp4 that was uploaded.
    fn is_mp4(&self) -> bool {
        let name = self.name.as_deref().unwrap_or_default().to_lowercase();
        self.link_type.as_deref() == Some("upload")
            && (self.content_type.as_deref() == Some("video/mp4") || name.ends_with(".mp4"))
    }
}

impl Version {
    /// The field of its movie for browsers, and that: what the site made of the upload, or the upload itself.
    /// Without an upload, what was made of it is of an older one.
    pub(super) fn movie(&self) -> Option<(&'static str, &File)> {
        let upload = self.sg_uploaded_movie.as_ref()?;
        let made = self.sg_uploaded_movie_mp4.as_ref();
        let made = made.map(|it| ("sg_uploaded_movie_mp4", it));
        let movies = made.into_iter().chain([("sg_uploaded_movie", upload)]);
        movies.into_iter().find(|(_, it)| it.is_mp4())
    }

    /// The frame of the timeline at which its movie starts, as the client counts: 0 unless the version counts
    /// from another frame than 1. A slate comes before the first frame.
    pub(super) fn frame_offset(&self) -> i64 {
        let first = self.sg_first_frame.filter(|it| *it != 0).unwrap_or(1);
        first - 1 - i64::from(self.sg_movie_has_slate)
    }
}
