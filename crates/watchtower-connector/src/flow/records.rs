//! What a site answers: the parts that are read, as forgiving as a real database demands.
//!
//! A field that is absent, hidden from the account or empty is null or missing; all three mean none.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};

use super::query::Row;

/// A text that many rows have: one in memory for all of them, once they [share](Row::share) it.
pub(super) type Name = Arc<str>;

/// The texts that rows share.
#[derive(Debug, Default)]
pub(super) struct Names(HashSet<Name>);

impl Names {
    fn share(&mut self, name: &mut Name) {
        match self.0.get(&**name) {
            Some(known) => *name = Arc::clone(known),
            None => {
                self.0.insert(Arc::clone(name));
            }
        }
    }
}

/// Reads null as the default.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// What a field of any type holds, as far as it is of use. Nothing is kept of the rest on the way, which a
/// [`Value`] would.
enum Field {
    Text(String),
    Number(Number),
    Link(Link),
    Links(Vec<Link>),
    Else,
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field")
    }

    fn visit_unit<E>(self) -> Result<Field, E> {
        Ok(Field::Else)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Field, E> {
        Ok(Field::Else)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Field, E> {
        Ok(Field::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Field, E> {
        Ok(Field::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Field, E> {
        Ok(Number::from_f64(number).map_or(Field::Else, Field::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Field, E> {
        Ok(Field::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Field, E> {
        Ok(Field::Text(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Field, A::Error> {
        #[derive(Deserialize)]
        #[serde(field_identifier, rename_all = "lowercase")]
        enum Key {
            Type,
            Id,
            Name,
            #[serde(other)]
            Else,
        }
        let (mut entity, mut id, mut name) = (Some(Name::default()), None, None);
        while let Some(key) = map.next_key()? {
            match key {
                Key::Type => {
                    entity = match map.next_value()? {
                        Field::Text(text) => Some(text.into()),
                        _ => None,
                    }
                }
                Key::Id => {
                    id = match map.next_value()? {
                        Field::Number(number) => number.as_i64(),
                        _ => None,
                    }
                }
                Key::Name => name = map.next_value::<Field>()?.into_text(),
                Key::Else => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(match (entity, id) {
            (Some(entity), Some(id)) => Field::Link(Link { entity, id, name }),
            _ => Field::Else,
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Field, A::Error> {
        let mut links = Vec::new();
        while let Some(value) = values.next_element()? {
            if let Field::Link(link) = value {
                links.push(link);
            }
        }
        links.shrink_to_fit();
        Ok(Field::Links(links))
    }
}

impl Field {
    /// A text. Sites escape `<` in it, and nothing else. A blank one is none.
    fn into_text<T: From<String>>(self) -> Option<T> {
        let text = match self {
            Self::Text(text) => text,
            // A field that a studio made may be of any type.
            Self::Number(number) => number.to_string(),
            _ => return None,
        };
        let text = match text.contains("&lt;") {
            true => text.replace("&lt;", "<"),
            false => text,
        };
        Some(text).filter(|it| !it.trim().is_empty()).map(T::from)
    }

    /// A number, or a text with one.
    fn as_number(&self) -> Option<f64> {
        let number = match self {
            Self::Number(number) => number.as_f64(),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.filter(|it: &f64| it.is_finite())
    }
}

/// Reads a text. A field of another type is none.
fn text<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: From<String>,
{
    Ok(Field::deserialize(deserializer)?.into_text())
}

/// Reads a number, or a text with one. Anything else is none.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(Field::deserialize(deserializer)?.as_number())
}

pub(super) fn as_number(value: &Value) -> Option<f64> {
    Field::deserialize(value).ok()?.as_number()
}

/// The same for a whole number, as of frames: sites hold 32 bits.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let number = number(deserializer)?;
    let number = number.filter(|it| it.fract() == 0.0 && it.abs() <= 2_147_483_648.0);
    #[allow(clippy::cast_possible_truncation)] // Whole, and within the limit.
    Ok(number.map(|it| it as i64))
}

/// Something that a field links to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Link {
    /// Its type, as in `Shot`.
    pub entity: Name,
    pub id: i64,
    pub name: Option<Name>,
}

/// Reads a link. A field of another type is none.
fn link<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Link>, D::Error> {
    Ok(match Field::deserialize(deserializer)? {
        Field::Link(link) => Some(link),
        _ => None,
    })
}

/// Reads a link whose name is of no use.
fn target<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Link>, D::Error> {
    let link = link(deserializer)?;
    Ok(link.map(|it| Link { name: None, ..it }))
}

/// Reads links, without those to what is gone.
fn links<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Link>, D::Error> {
    Ok(match Field::deserialize(deserializer)? {
        Field::Links(links) => links,
        _ => Vec::new(),
    })
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

/// What rows may share of a field.
trait Share {
    fn share(&mut self, _names: &mut Names) {}
}

impl Share for Name {
    fn share(&mut self, names: &mut Names) {
        names.share(self);
    }
}

impl Share for Link {
    fn share(&mut self, names: &mut Names) {
        self.entity.share(names);
        self.name.share(names);
    }
}

impl<T: Share> Share for Option<T> {
    fn share(&mut self, names: &mut Names) {
        self.iter_mut().for_each(|it| it.share(names));
    }
}

impl<T: Share> Share for Vec<T> {
    fn share(&mut self, names: &mut Names) {
        self.iter_mut().for_each(|it| it.share(names));
    }
}

impl Share for String {}
impl Share for i64 {}
impl Share for f64 {}
impl Share for bool {}
impl Share for File {}

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

            fn share(&mut self, names: &mut Names) {
                $(self.$field.share(names);)*
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
        sg_status_list: Option<Name> = "text",
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
        sg_asset_type: Option<Name> = "text",
        sg_status_list: Option<Name> = "text",
        image: Option<String> = "text",
    }
    Task {
        content: Option<Name> = "text",
        entity: Option<Link> = "target",
        step: Option<Link> = "link",
        sg_status_list: Option<Name> = "text",
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
        link(self.fields.remove(field)?).ok().flatten()
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
