//! Judges a document of a program or folder by its schema: everything that is wrong with it at once, in
//! words that name the shot.
//!
//! It knows the parts of JSON Schema that the schemas of these documents have, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::LazyLock;

use regex_lite::Regex;
use serde_json::{Map, Value};

use super::{DOCUMENTS, TrackerDocument};
use crate::json::{Odd, Oddity, keys_twice};
use crate::{InvalidId, ProjectId};

/// Something in a document that is wrong, or that nobody reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// What kind of thing it is.
    pub kind: ObjectionKind,
    /// The place, as a JSON pointer; the object, where a key is missing.
    pub pointer: String,
    /// What it is about, for people: ``the shot `010 / 0010` ``.
    pub subject: String,
    /// What was found, with the key: `` `data.frame_out` is `null` ``.
    pub found: String,
    /// What is expected in its place.
    pub expected: Option<String>,
    /// The known key that is nearest to one that is not known.
    pub nearest: Option<String>,
}

/// What kind of [`Objection`] it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ObjectionKind {
    /// A key is missing.
    MissingKey,
    /// `null` stands where it cannot.
    Null,
    /// A value is of another type, or of another shape.
    WrongType,
    /// An id or address is empty or malformed.
    Malformed,
    /// An id would name a folder or file of the site, and cannot.
    NotAFileName,
    /// A key is there twice.
    KeyTwice,
    /// A number is too small or too large.
    OutOfRange,
    /// A value is none that JSON has, or that its readers take.
    Odd(Oddity),
    /// Nobody reads the key. It does no harm, unless another one was meant.
    UnknownKey,
}

impl Objection {
    /// Whether the document can be read all the same.
    pub fn is_harmless(&self) -> bool {
        self.kind == ObjectionKind::UnknownKey
    }
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.found)?;
        if let Some(expected) = &self.expected {
            write!(f, ", expected {expected}")?;
        }
        match &self.nearest {
            Some(nearest) => write!(f, "; is `{nearest}` meant?"),
            None => Ok(()),
        }
    }
}

/// Everything wrong with a document: with its value, and with the `text` of which that was read. `odd` is what
/// [`mend`](crate::json::mend) found in the text.
///
/// ```
/// use serde_json::json;
/// use watchtower_model::tracker::{document, judge};
///
/// let list = json!({"watchtower_tracker": 1, "projects": [{"id": "film", "name": null}]});
/// let text = list.to_string();
/// let objections = judge(document("project_list").unwrap(), &list, text.as_bytes(), &[]);
/// assert_eq!(objections[0].to_string(), "the project `film`: `name` is `null`, expected a text");
/// ```
pub fn judge(
    document: &TrackerDocument,
    value: &Value,
    text: &[u8],
    odd: &[Odd],
) -> Vec<Objection> {
    let Some(schema) = SCHEMAS.get(document.name) else {
        return Vec::new();
    };
    let mut judge = Judge {
        schema,
        objections: Vec::new(),
    };
    judge.value(schema, value, &mut Vec::new());
    let about = Subjects::of(value);
    let odd_places: BTreeSet<&str> = odd.iter().map(|it| &*it.pointer).collect();
    let objections = judge.objections.into_iter();
    let objections = objections.filter(|it| !odd_places.contains(&*it.pointer));
    let odd = odd.iter().map(Raw::odd);
    let twice = keys_twice(text).into_iter().map(Raw::twice);
    let all = odd.chain(twice).chain(objections);
    all.map(|it| about.tell(it)).collect()
}

static SCHEMAS: LazyLock<BTreeMap<&str, Value>> = LazyLock::new(|| {
    let all = DOCUMENTS.iter();
    all.map(|it| (it.name, it.schema())).collect()
});

/// What texts must look like, compiled once.
static PATTERNS: LazyLock<BTreeMap<String, Regex>> = LazyLock::new(|| {
    fn gather(schema: &Value, all: &mut BTreeMap<String, Regex>) {
        let pattern = schema["pattern"].as_str();
        if let Some((pattern, regex)) = pattern.and_then(|it| Some((it, Regex::new(it).ok()?))) {
            all.insert(pattern.to_owned(), regex);
        }
        let members = schema.as_object().into_iter().flat_map(Map::values);
        let elements = schema.as_array().into_iter().flatten();
        members.chain(elements).for_each(|it| gather(it, all));
    }
    let mut all = BTreeMap::new();
    SCHEMAS.values().for_each(|it| gather(it, &mut all));
    all
});

/// An objection that does not know yet whom it is about.
struct Raw {
    kind: ObjectionKind,
    pointer: String,
    /// What is said of the value, as in ``is `null` ``; of a missing or unknown key, the key.
    found: String,
    expected: Option<String>,
    nearest: Option<String>,
}

impl Raw {
    fn twice(pointer: String) -> Self {
        Self {
            kind: ObjectionKind::KeyTwice,
            pointer,
            found: "is there twice".to_owned(),
            expected: Some("one of them".to_owned()),
            nearest: None,
        }
    }

    fn odd(odd: &Odd) -> Self {
        let (found, expected) = match odd.oddity {
            Oddity::NotANumber => (
                format!("is `{}`", odd.text),
                "a number; leave the key out for none",
            ),
            Oddity::NumberOutOfRange => (
                format!("is `{}`, which is too large", odd.text),
                "the number meant",
            ),
            Oddity::LoneSurrogate => (
                "has an escape for half a character".to_owned(),
                "whole characters",
            ),
            Oddity::NestedTooDeep => (
                "is nested more than 127 levels deep".to_owned(),
                "fewer levels",
            ),
        };
        Self {
            kind: ObjectionKind::Odd(odd.oddity),
            pointer: odd.pointer.clone(),
            found,
            expected: Some(expected.to_owned()),
            nearest: None,
        }
    }
}

struct Judge<'a> {
    schema: &'a Value,
    objections: Vec<Raw>,
}

impl<'a> Judge<'a> {
    /// The schema itself, where it only refers to another one.
    fn resolve(&self, mut schema: &'a Value) -> &'a Value {
        loop {
            let target = schema["$ref"].as_str().or_else(|| {
                let [only] = schema["allOf"].as_array()?.as_slice() else {
                    return None;
                };
                only["$ref"].as_str()
            });
            let target = target.and_then(|it| self.schema.pointer(it.strip_prefix('#')?));
            match target {
                Some(target) => schema = target,
                None => return schema,
            }
        }
    }

    /// The schemas of which one must hold.
    fn branches(schema: &'a Value) -> &'a [Value] {
        let branches = schema.get("anyOf").or_else(|| schema.get("oneOf"));
        branches.and_then(Value::as_array).map_or(&[], |it| it)
    }

    fn object(&mut self, kind: ObjectionKind, steps: &[String], found: String, expected: String) {
        const HEADERS: &str = "an object with a text for every header, as in";
        let own = steps.iter().any(|it| it == "headers");
        let expected = match steps.first().map(String::as_str) {
            Some("media_headers") => format!(
                "addresses, and for each {HEADERS} `{{\"https://tracker.example\": {{\"Authorization\": \"Bearer …\"}}}}`"
            ),
            _ if own => format!("{HEADERS} `{{\"Authorization\": \"Bearer …\"}}`"),
            _ => expected,
        };
        let found = match steps.first().is_some_and(|it| it == "media_headers") && steps.len() > 1 {
            true => found.replacen("is ", "has in it ", 1),
            false => found,
        };
        self.objections.push(Raw {
            kind,
            pointer: pointer(steps),
            found,
            expected: Some(expected),
            nearest: None,
        });
    }

    fn value(&mut self, schema: &'a Value, value: &Value, steps: &mut Vec<String>) {
        let schema = self.resolve(schema);
        let own_types = types(schema);
        if !own_types.is_empty() && !own_types.iter().any(|it| is_of(it, value)) {
            return self.wrong(schema, value, steps);
        }
        if let Some(constant) = schema.get("const")
            && constant != value
        {
            return self.wrong(schema, value, steps);
        }
        let branches = Self::branches(schema);
        if !branches.is_empty() && schema.get("properties").is_none() {
            let is_for_objects =
                |it: &&'a Value| value.is_object() && types(self.resolve(it)).contains(&"object");
            if let Some(branch) = branches.iter().find(is_for_objects) {
                // What is wrong inside says more than that it is not `null`.
                self.value(branch, value, steps);
            } else if !branches.iter().any(|it| self.fits(it, value, steps)) {
                self.wrong(schema, value, steps);
            }
            return;
        }
        match value {
            Value::String(text) => self.text(schema, text, steps),
            Value::Number(number) => {
                let number = number.as_f64().unwrap_or_default();
                let low = schema["minimum"].as_f64().is_some_and(|it| number < it)
                    || schema["exclusiveMinimum"]
                        .as_f64()
                        .is_some_and(|it| number <= it);
                // Beyond it, numbers are not told apart any more.
                const EXACT: f64 = 9_007_199_254_740_992.0;
                let high = schema["maximum"].as_f64().is_some_and(|it| number > it)
                    || own_types.contains(&"integer") && number.abs() > EXACT;
                if low || high {
                    let expected = self.describe(schema);
                    let found = format!("is {}", brief(value));
                    self.object(ObjectionKind::OutOfRange, steps, found, expected);
                }
            }
            Value::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    steps.push(index.to_string());
                    self.value(&schema["items"], element, steps);
                    steps.pop();
                }
            }
            Value::Object(members) => self.members(schema, members, steps),
            _ => {}
        }
    }

    /// Whether nothing is wrong with a value but keys that nobody knows.
    fn fits(&self, schema: &'a Value, value: &Value, steps: &mut Vec<String>) -> bool {
        let mut judge = Judge {
            schema: self.schema,
            objections: Vec::new(),
        };
        judge.value(schema, value, steps);
        let mut wrong = judge.objections.iter();
        wrong.all(|it| it.kind == ObjectionKind::UnknownKey)
    }

    fn wrong(&mut self, schema: &'a Value, value: &Value, steps: &[String]) {
        let kind = match value {
            Value::Null => ObjectionKind::Null,
            _ => ObjectionKind::WrongType,
        };
        let mut expected = self.describe(schema);
        if let Value::String(text) = value
            && expected.starts_with("a list")
        {
            expected.push_str(&format!(
                ", as in `[{}]`",
                Value::from(&*shortened(text, 40))
            ));
        }
        let found = match is_secret(steps) {
            true => format!("is {}", kind_of(value)),
            false => format!("is {}", brief(value)),
        };
        self.object(kind, steps, found, expected);
    }

    fn text(&mut self, schema: &'a Value, text: &str, steps: &[String]) {
        let is_short = schema["minLength"]
            .as_u64()
            .is_some_and(|_| text.is_empty());
        let pattern = schema["pattern"].as_str();
        let pattern = pattern.and_then(|it| PATTERNS.get(it));
        let is_malformed = pattern.is_some_and(|it| !it.is_match(text));
        if !is_short
            && names_a_file(steps)
            && let Err(error) = ProjectId::new(text)
        {
            let why = match error {
                InvalidId::NotAFileName { reason, .. } => format!(": {reason}"),
                _ => String::new(),
            };
            let found = format!("is {}, which cannot name a file{why}", brief(&text.into()));
            let expected =
                "letters, digits, `-`, `_`, `.` and spaces, since it becomes a file name";
            self.object(
                ObjectionKind::NotAFileName,
                steps,
                found,
                expected.to_owned(),
            );
        }
        if is_short || is_malformed {
            let found = match text {
                "" => "is empty".to_owned(),
                // An address may hold a password.
                text if text.contains('@') => "is malformed".to_owned(),
                text => format!("is {}", brief(&text.into())),
            };
            let expected = match text {
                "" if pattern.is_none() => "a text with something in it".to_owned(),
                _ => self.describe(schema),
            };
            self.object(ObjectionKind::Malformed, steps, found, expected);
        }
    }

    fn members(
        &mut self,
        schema: &'a Value,
        members: &Map<String, Value>,
        steps: &mut Vec<String>,
    ) {
        let mut known = BTreeMap::new();
        let is_open = self.keys(schema, &mut known);
        let required = schema["required"].as_array().into_iter().flatten();
        let missing: Vec<_> = required
            .filter_map(Value::as_str)
            .filter(|key| !members.contains_key(*key))
            .collect();
        let branches = Self::branches(schema);
        let ways: Vec<_> = branches
            .iter()
            .flat_map(|it| required_of(self.resolve(it)))
            .collect();
        if !ways.is_empty() && ways.iter().filter(|it| members.contains_key(**it)).count() != 1 {
            let expected = self.describe(schema);
            let found = match members.is_empty() {
                true => "is an empty object".to_owned(),
                false => format!("is an object with {}", names(members.keys())),
            };
            self.object(ObjectionKind::WrongType, steps, found, expected);
        }
        for key in &missing {
            let nearest = members.keys().filter(|it| !known.contains_key(it.as_str()));
            let nearest = nearest
                .map(String::as_str)
                .find(|it| self::nearest(it, std::iter::once(*key)).is_some());
            let expected = known.get(key).map(|it| self.describe(it));
            self.objections.push(Raw {
                kind: ObjectionKind::MissingKey,
                pointer: pointer(steps),
                found: (*key).to_owned(),
                expected,
                nearest: nearest.map(str::to_owned),
            });
        }
        let mut unknown = Vec::new();
        for (key, member) in members {
            steps.push(key.clone());
            if let Some(schema) = known.get(key.as_str()) {
                self.value(schema, member, steps);
            } else if schema["additionalProperties"].is_object() {
                self.value(&schema["additionalProperties"], member, steps);
            } else if !is_open {
                unknown.push((key, pointer(steps)));
            }
            steps.pop();
        }
        for (key, pointer) in unknown {
            let nearest = elsewhere(steps, key)
                .or_else(|| nearest(key, known.keys().copied()).map(str::to_owned));
            self.objections.push(Raw {
                kind: ObjectionKind::UnknownKey,
                pointer,
                found: key.clone(),
                expected: None,
                nearest,
            });
        }
    }

    /// Gathers the keys that an object may have; answers whether it may have any others.
    fn keys(&self, schema: &'a Value, known: &mut BTreeMap<&'a str, &'a Value>) -> bool {
        let schema = self.resolve(schema);
        let properties = schema["properties"].as_object().into_iter().flatten();
        known.extend(properties.map(|(key, schema)| (&**key, schema)));
        let mut is_open = schema["additionalProperties"] == true;
        for branch in Self::branches(schema) {
            is_open |= self.keys(branch, known);
        }
        is_open
    }

    /// What a schema takes, in a few words.
    fn describe(&self, schema: &'a Value) -> String {
        let schema = self.resolve(schema);
        if let Some(constant) = schema.get("const") {
            return format!("`{}`", constant.to_string().trim_matches('"'));
        }
        match schema["pattern"].as_str() {
            Some(crate::media::ADDRESS) => {
                return "a full address, as in `https://tracker.example/0010.png`".to_owned();
            }
            Some(it) if it.starts_with("^#") => return "a colour, as in `#ff8800`".to_owned(),
            Some(_) => return "a number as a text, as in `\"23.976\"`".to_owned(),
            None => {}
        }
        let types = types(schema);
        let ways: Vec<_> = Self::branches(schema)
            .iter()
            .flat_map(|it| required_of(self.resolve(it)))
            .map(|it| format!("`{it}`"))
            .collect();
        if !ways.is_empty() && types == ["object"] {
            let ways = ways.join(" or ");
            return format!("an object with {ways}, as in `{{\"file\": \"pictures/0010.png\"}}`");
        }
        if types.is_empty() {
            let branches = Self::branches(schema).iter().map(|it| self.describe(it));
            let branches: Vec<_> = branches.filter(|it| it != "`null`").collect();
            return branches.join(" or ");
        }
        let names = types.iter().filter(|it| **it != "null" || types.len() == 1);
        let names = names.map(|it| match *it {
            "string" => "a text",
            "integer" if schema.get("minimum").is_some() => "a whole number not below 0",
            "integer" => "a whole number",
            "number" if schema.get("exclusiveMinimum").is_some() => "a number above 0",
            "number" => "a number",
            "boolean" => "`true` or `false`",
            "array" => "a list",
            "object" => "an object",
            _ => "`null`",
        });
        names.collect::<Vec<_>>().join(" or ")
    }
}

/// Whether what stands there becomes the name of a folder or file.
fn names_a_file(steps: &[String]) -> bool {
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    matches!(
        steps.as_slice(),
        ["project", "id"] | ["projects" | "edits", _, "id"]
    )
}

fn required_of(schema: &Value) -> impl Iterator<Item = &str> {
    let required = schema["required"].as_array().into_iter().flatten();
    required.filter_map(Value::as_str)
}

fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether a value is of a type. As JSON Schema has it, `9.0` is a whole number.
fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|it| it.fract() == 0.0)
        }
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => value.is_null(),
    }
}

fn pointer(steps: &[String]) -> String {
    // An address may hold a password.
    let shown = if steps.first().is_some_and(|it| it == "media_headers") {
        1
    } else {
        steps.len()
    };
    let steps = &steps[..shown];
    let steps = steps
        .iter()
        .map(|it| it.replace('~', "~0").replace('/', "~1"));
    steps.map(|it| format!("/{it}")).collect()
}

/// Whether a place may hold a password or key, so that what is there is not repeated.
fn is_secret(steps: &[String]) -> bool {
    steps
        .iter()
        .any(|it| it == "media_headers" || it == "headers")
}

fn shortened(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A value as a message shows it.
fn brief(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the text `{}`", shortened(text, 40).escape_debug()),
        Value::Array(_) | Value::Object(_) => kind_of(value).to_owned(),
        other => format!("`{other}`"),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "`null`",
        Value::Bool(_) => "`true` or `false`",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn names<'a>(keys: impl Iterator<Item = &'a String>) -> String {
    let keys: Vec<_> = keys
        .take(5)
        .map(|it| format!("`{}`", it.escape_debug()))
        .collect();
    keys.join(", ")
}

/// Where else something stands that the specification's classes have as a field.
fn elsewhere(steps: &[String], key: &str) -> Option<String> {
    let list = steps.iter().rev().find(|it| it.parse::<usize>().is_err())?;
    let known = match (&**list, key) {
        ("shots", "startFrame" | "frame_in") => "data.frame_in",
        ("shots", "durationSeconds" | "frame_out") => "data.frame_out",
        ("shots", "nb_frames") => "data.nb_frames",
        ("edits", "sourceName") => "movie",
        _ => return None,
    };
    Some(known.to_owned())
}

/// The known key that somebody may have meant who wrote another one.
fn nearest<'a>(key: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const CLOSE: f64 = 0.88;
    let plain = |key: &str| key.replace(['_', '-', ' '], "").to_lowercase();
    let key = plain(key);
    let closeness = |it: &str| {
        let it = plain(it);
        if key.strip_suffix("url") == Some(&it) || key.strip_prefix("full") == Some(&it) {
            return 1.0;
        }
        strsim::jaro_winkler(&key, &it).max(strsim::normalized_damerau_levenshtein(&key, &it))
    };
    let close = known.map(|it| (closeness(it), it));
    let close = close.filter(|(closeness, _)| *closeness >= CLOSE);
    close.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, it)| it)
}

/// Whom places of a document are about.
struct Subjects<'a> {
    document: &'a Value,
    sequences: BTreeMap<&'a str, &'a str>,
}

impl<'a> Subjects<'a> {
    fn of(document: &'a Value) -> Self {
        let sequences = document["sequences"].as_array().into_iter().flatten();
        let sequences = sequences.filter_map(|it| Some((it["id"].as_str()?, it["name"].as_str()?)));
        Self {
            document,
            sequences: sequences.collect(),
        }
    }

    fn tell(&self, raw: Raw) -> Objection {
        let steps: Vec<String> = raw
            .pointer
            .split('/')
            .skip(1)
            .map(|it| it.replace("~1", "/").replace("~0", "~"))
            .collect();
        let (subject, used) = self.subject(&steps);
        let mut key = String::new();
        for step in &steps[used..] {
            match step.parse::<usize>() {
                Ok(index) if !key.is_empty() => key.push_str(&format!("[{index}]")),
                _ if key.is_empty() => key.push_str(step),
                _ => key.push_str(&format!(".{step}")),
            }
        }
        let key = format!("`{}`", key.escape_debug());
        let inside = match key.as_str() {
            "``" => String::new(),
            key => format!(" in {key}"),
        };
        let found = match raw.kind {
            ObjectionKind::MissingKey => match &raw.nearest {
                Some(nearest) => format!(
                    "the key `{}` is missing{inside}, and nobody reads `{}`",
                    raw.found,
                    nearest.escape_debug()
                ),
                None => format!("the key `{}` is missing{inside}", raw.found),
            },
            ObjectionKind::UnknownKey => format!("nobody reads {key}"),
            _ if inside.is_empty() => format!("it {}", raw.found),
            _ => format!("{key} {}", raw.found),
        };
        Objection {
            nearest: raw
                .nearest
                .filter(|_| raw.kind != ObjectionKind::MissingKey),
            kind: raw.kind,
            pointer: raw.pointer,
            subject,
            found,
            expected: raw.expected,
        }
    }

    /// What a place is about, and how many steps of the way that takes.
    fn subject(&self, steps: &[String]) -> (String, usize) {
        let noun = |list: &str| {
            Some(match list {
                "projects" => "project",
                "asset_types" => "asset type",
                "task_types" => "task type",
                "task_statuses" => "task status",
                "users" => "person",
                "episodes" => "episode",
                "sequences" => "sequence",
                "assets" => "asset",
                "shots" => "shot",
                "casting" => "casting",
                "edits" => "edit",
                "left_out" => "thing left out",
                _ => return None,
            })
        };
        let first = steps.first().map_or("", String::as_str);
        if first == "project" && steps.len() > 1 {
            return ("the project".to_owned(), 1);
        }
        let index = steps.get(1).and_then(|it| it.parse::<usize>().ok());
        let Some((noun, index)) = noun(first).zip(index) else {
            return ("the document".to_owned(), 0);
        };
        let entry = &self.document[first][index];
        let text = |key: &str| entry[key].as_str().filter(|it| !it.is_empty());
        let name = text("name").or(text("id")).or(text("shot_id"));
        let subject = match name {
            Some(name) => {
                let sequence = text("sequence_id").filter(|_| first == "shots");
                let sequence = sequence.map(|it| self.sequences.get(it).copied().unwrap_or(it));
                let name = match sequence {
                    Some(sequence) => format!("{sequence} / {name}"),
                    None => name.to_owned(),
                };
                format!("the {noun} `{}`", name.escape_debug())
            }
            None => format!("the {noun} number {}", index + 1),
        };
        match (steps.get(2).map(String::as_str), steps.get(3)) {
            (Some("tasks"), Some(task)) if steps.len() > 4 => {
                let task = task.parse::<usize>().unwrap_or_default() + 1;
                (format!("{subject}, task {task}"), 4)
            }
            _ => (subject, 2),
        }
    }
}

/// Things of a kind, and the keys of theirs that nobody reads, with those that may be meant.
type Unknown<'a> = (BTreeSet<&'a str>, BTreeMap<&'a str, Option<&'a str>>);

/// Keys that nobody reads, for a summary: by what they are of, with the known ones that may be meant.
///
/// ```
/// use serde_json::json;
/// use watchtower_model::tracker::{document, judge, unknown_keys};
///
/// let list = json!({"watchtower_tracker": 1, "projects": [], "uzers": []});
/// let objections = judge(document("project_list").unwrap(), &list, list.to_string().as_bytes(), &[]);
/// assert_eq!(
///     unknown_keys(&objections),
///     ["the document has a key that nobody reads: `uzers`, perhaps meant as `users`"]
/// );
/// ```
pub fn unknown_keys(objections: &[Objection]) -> Vec<String> {
    const NAMED: usize = 8;
    // By kind of thing: how many of them, and their keys.
    let mut all: BTreeMap<&str, Unknown<'_>> = BTreeMap::new();
    for it in objections.iter().filter(|it| it.is_harmless()) {
        let what = it.subject.split(['`', ',']).next().unwrap_or_default();
        let what = what.split(" number ").next().unwrap_or_default();
        let what = what.trim().trim_start_matches("the ");
        let key = it.found.split('`').nth(1).unwrap_or_default();
        let (things, keys) = all.entry(what).or_default();
        things.insert(&it.subject);
        keys.insert(key, it.nearest.as_deref());
    }
    let note = |(what, (things, keys)): (&str, Unknown<'_>)| {
        // Those that were meant as something come first.
        let (meant, others): (Vec<_>, Vec<_>) = keys.iter().partition(|(_, it)| it.is_some());
        let named = meant.into_iter().chain(others).take(NAMED);
        let named: Vec<_> = named
            .map(|(key, nearest)| match nearest {
                Some(nearest) => format!("`{key}`, perhaps meant as `{nearest}`"),
                None => format!("`{key}`"),
            })
            .collect();
        let more = match keys.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let has = match (what, things.len()) {
            ("document" | "project", _) => format!("the {what} has"),
            (_, 1) => format!("1 {what} has"),
            ("person", many) => format!("{many} people have"),
            ("task status", many) => format!("{many} task statuses have"),
            (_, many) => format!("{many} {what}s have"),
        };
        let keys = if keys.len() == 1 { "a key" } else { "keys" };
        format!("{has} {keys} that nobody reads: {}{more}", named.join("; "))
    };
    all.into_iter().map(note).collect()
}
