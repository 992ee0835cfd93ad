//! A schema made ready for reading: it judges a value while its bytes are parsed, and gathers what
//! checks beyond the schema need to know.
//!
//! It takes only what the schema takes. What it does not take, or is not sure of, is read again and
//! judged by the schema itself; so a mistake here could cost time, but a wrong value never passes.
//! A property test holds it to that.

use std::fmt;

use regex_lite::Regex;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use watchtower_model::format::{Document, PATTERN_END};

use super::ids::{Id, Kind};
use super::role::{self, Role};
use super::schema;

/// What JSON values are made of, as bits.
mod types {
    pub(super) const NULL: u8 = 1;
    pub(super) const BOOLEAN: u8 = 2;
    pub(super) const INTEGER: u8 = 4;
    pub(super) const NUMBER: u8 = 8;
    pub(super) const STRING: u8 = 16;
    pub(super) const ARRAY: u8 = 32;
    pub(super) const OBJECT: u8 = 64;
    pub(super) const ANY: u8 = NULL | BOOLEAN | NUMBER | STRING | ARRAY | OBJECT;
}

/// How deep a schema may be; deeper ones, or endless ones, are left to the schema itself.
const DEEPEST: usize = 16;

/// What a place in a document takes.
#[derive(Debug, Default)]
pub(super) struct Shape {
    types: u8,
    /// The least number of characters.
    shortest: usize,
    /// What a text must look like.
    pattern: Option<Regex>,
    minimum: Option<f64>,
    /// What a number must exceed.
    above: Option<f64>,
    items: Option<Box<Shape>>,
    keys: Vec<(Box<str>, Shape)>,
    /// A bit for each of `keys` that must be there.
    required: u64,
    condition: Option<Condition>,
    /// Whether keys of anybody's own are welcome.
    open: bool,
    role: Option<Role>,
    /// Whether the schema says something that is not understood here.
    unsure: bool,
}

/// If one key is `true`, another must not be `null` or missing. Bits of keys.
#[derive(Debug)]
struct Condition {
    flag: u64,
    then: u64,
}

/// Something a document says, in the order of its text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fact {
    pub(super) role: Role,
    pub(super) datum: Datum,
}

/// The value of a [`Fact`].
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Datum {
    Id(Id),
    Number(f64),
    Flag(bool),
    Text(Box<str>),
    /// Nothing but the place itself.
    Mark,
}

/// What was gathered from an entry.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) list: Vec<Fact>,
    /// Kinds of ids that the entry defines in a way that nothing can be said of references to them.
    pub(super) unreadable: Vec<Kind>,
}

impl Facts {
    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.unreadable.clear();
    }

    /// Forgets the facts at some places: nothing can be said of what their values are.
    pub(super) fn forget(&mut self, pointers: &mut Vec<String>, is_gone: impl Fn(&str) -> bool) {
        let facts = std::mem::take(&mut self.list).into_iter();
        for (fact, pointer) in facts.zip(std::mem::take(pointers)) {
            if !is_gone(&pointer) {
                self.list.push(fact);
                pointers.push(pointer);
            } else if let Datum::Id(_) | Datum::Text(_) = fact.datum {
                self.unreadable.extend(fact.role.gives());
                if fact.role == Role::EpisodeSequence {
                    self.unreadable.push(Kind::Episode);
                }
            }
        }
    }

    fn text(&mut self, role: Role, text: &str) {
        let datum = match role {
            Role::Defines(_)
            | Role::Refers(_)
            | Role::Lists(_)
            | Role::ShotTaskType
            | Role::AssetTaskType
            | Role::EpisodeSequence
            | Role::ListedEpisode
            | Role::CastShot => Datum::Id(Id::new(text)),
            Role::Name => Datum::Flag(text.trim().is_empty()),
            Role::MovieType => Datum::Flag(text.is_empty()),
            Role::ListedProject
            | Role::OwnProject
            | Role::Picture
            | Role::Avatar
            | Role::PlainPicture
            | Role::Movie => Datum::Text(text.into()),
            _ => return,
        };
        self.list.push(Fact { role, datum });
    }

    fn number(&mut self, role: Role, number: f64) {
        if let Role::FrameIn
        | Role::FrameOut
        | Role::StartFrame
        | Role::DurationSeconds
        | Role::ShotFps
        | Role::TimelineFps
        | Role::TotalFrames = role
        {
            let datum = Datum::Number(number);
            self.list.push(Fact { role, datum });
        }
    }

    fn flag(&mut self, role: Role, flag: bool) {
        if let Role::ForShots | Role::OnTimeline = role {
            let datum = Datum::Flag(flag);
            self.list.push(Fact { role, datum });
        }
    }

    /// Notes that an object has ended.
    fn end(&mut self, role: Role) {
        if let Role::TaskTypeEnd
        | Role::EpisodeEnd
        | Role::ListedProjectEnd
        | Role::ShotEnd
        | Role::EditEnd
        | Role::CountsEnd = role
        {
            let datum = Datum::Mark;
            self.list.push(Fact { role, datum });
        }
    }

    /// Notes that a list is empty.
    fn nothing(&mut self, role: Role) {
        if let Role::ListOf(_) = role {
            let datum = Datum::Mark;
            self.list.push(Fact { role, datum });
        }
    }
}

impl Shape {
    /// The shape of one entry of a document.
    pub(super) fn of(document: &Document) -> Self {
        let schema = schema::entry_schema(document);
        let mut shape = Self::compile(&schema, &schema, 0);
        for (place, role) in role::of(document) {
            if let Some(at) = shape.at(place) {
                at.role = Some(role);
            }
        }
        shape
    }

    fn unsure() -> Self {
        Self {
            types: types::ANY,
            unsure: true,
            ..Self::default()
        }
    }

    fn at(&mut self, place: &str) -> Option<&mut Self> {
        let mut shape = self;
        for step in place.split('/').filter(|step| !step.is_empty()) {
            shape = match step {
                "*" => shape.items.as_deref_mut()?,
                key => shape
                    .keys
                    .iter_mut()
                    .find(|(it, _)| &**it == key)
                    .map(|(_, it)| it)?,
            };
        }
        Some(shape)
    }

    /// What is at a key, where the schema knows it.
    pub(super) fn key(&self, key: &str) -> Option<&Self> {
        self.keys
            .iter()
            .find(|(it, _)| &**it == key)
            .map(|(_, it)| it)
    }

    /// What the elements of a list are.
    pub(super) fn items(&self) -> Option<&Self> {
        self.items.as_deref()
    }

    /// Whether a key that the schema does not know is a mistake, if anything.
    pub(super) fn is_closed(&self) -> bool {
        !self.open && !self.keys.is_empty()
    }

    fn compile(schema: &Value, root: &Value, depth: usize) -> Self {
        let Value::Object(keywords) = schema else {
            return Self::unsure();
        };
        if depth > DEEPEST {
            return Self::unsure();
        }
        if let Some(target) = schema["$ref"].as_str() {
            // Nothing beside a `$ref` counts in draft-07.
            return match target.strip_prefix('#').and_then(|it| root.pointer(it)) {
                Some(target) => Self::compile(target, root, depth + 1),
                None => Self::unsure(),
            };
        }
        let mut shape = Self {
            types: types::ANY,
            ..Self::default()
        };
        for (keyword, value) in keywords {
            let understood = match keyword.as_str() {
                "$schema" | "$id" | "title" | "description" | "examples" | "default"
                | "definitions" | "then" => true,
                "type" => shape.compile_types(value),
                "minLength" => usize_of(value).map(|it| shape.shortest = it).is_some(),
                "pattern" => {
                    // Here `$` is the end of the text and nothing else.
                    let pattern = value.as_str().map(|it| it.replace(PATTERN_END, "$"));
                    shape.pattern = pattern.and_then(|it| Regex::new(&it).ok());
                    shape.pattern.is_some()
                }
                "minimum" => value.as_f64().map(|it| shape.minimum = Some(it)).is_some(),
                "exclusiveMinimum" => value.as_f64().map(|it| shape.above = Some(it)).is_some(),
                "items" => {
                    shape.items = Some(Box::new(Self::compile(value, root, depth + 1)));
                    true
                }
                "properties" => shape.compile_keys(value, root, depth),
                "additionalProperties" => {
                    shape.open = value == &Value::Bool(true);
                    shape.open
                }
                // These two need the keys: see below.
                "required" | "if" => true,
                _ => false,
            };
            shape.unsure |= !understood;
        }
        if let Some(branches) = keywords.get("anyOf") {
            return Self::nullable(branches, keywords.len(), schema, root, depth)
                .unwrap_or_else(Self::unsure);
        }
        if let Some(required) = keywords.get("required") {
            shape.unsure |= shape.bits(required).map(|it| shape.required = it).is_none();
        }
        if keywords.contains_key("if") || keywords.contains_key("then") {
            shape.condition = shape.compile_condition(&schema["if"], &schema["then"]);
            shape.unsure |= shape.condition.is_none();
        }
        shape
    }

    fn compile_types(&mut self, value: &Value) -> bool {
        let names = match value {
            Value::Array(names) => names.as_slice(),
            name => std::slice::from_ref(name),
        };
        self.types = 0;
        for name in names {
            self.types |= match name.as_str() {
                Some("null") => types::NULL,
                Some("boolean") => types::BOOLEAN,
                Some("integer") => types::INTEGER,
                Some("number") => types::NUMBER,
                Some("string") => types::STRING,
                Some("array") => types::ARRAY,
                Some("object") => types::OBJECT,
                _ => return false,
            };
        }
        true
    }

    fn compile_keys(&mut self, value: &Value, root: &Value, depth: usize) -> bool {
        let Value::Object(keys) = value else {
            return false;
        };
        self.keys = keys
            .iter()
            .map(|(key, schema)| (key.as_str().into(), Self::compile(schema, root, depth + 1)))
            .collect();
        // Each key has its bit.
        keys.len() <= 64
    }

    /// `anyOf` of something and `null`, which is how an optional object is said.
    fn nullable(
        branches: &Value,
        keywords: usize,
        schema: &Value,
        root: &Value,
        depth: usize,
    ) -> Option<Self> {
        let silent = ["description", "default", "title", "examples", "anyOf"];
        let spoken = silent.iter().filter(|it| schema.get(it).is_some()).count();
        let [inner, null] = branches.as_array()?.as_slice() else {
            return None;
        };
        if spoken != keywords || null != &serde_json::json!({"type": "null"}) {
            return None;
        }
        let mut shape = Self::compile(inner, root, depth + 1);
        shape.types |= types::NULL;
        Some(shape)
    }

    fn compile_condition(&self, condition: &Value, then: &Value) -> Option<Condition> {
        let (flag, expected) = condition["properties"].as_object()?.iter().next()?;
        let (target, wanted) = then["properties"].as_object()?.iter().next()?;
        let as_known = condition
            == &serde_json::json!({"properties": {flag: {"const": true}}, "required": [flag]})
            && expected == &serde_json::json!({"const": true})
            && then
                == &serde_json::json!({"properties": {target: {"type": "string"}}, "required": [target]})
            && wanted == &serde_json::json!({"type": "string"})
            && self.key(target)?.types == (types::STRING | types::NULL);
        as_known.then_some(Condition {
            flag: self.bit(flag)?,
            then: self.bit(target)?,
        })
    }

    fn bit(&self, key: &str) -> Option<u64> {
        let at = self.keys.iter().position(|(it, _)| &**it == key)?;
        (at < 64).then(|| 1 << at)
    }

    fn bits(&self, keys: &Value) -> Option<u64> {
        keys.as_array()?
            .iter()
            .try_fold(0, |bits, key| Some(bits | self.bit(key.as_str()?)?))
    }

    /// Whether the schema is understood as a whole.
    #[cfg(test)]
    pub(super) fn is_sure(&self) -> bool {
        !self.unsure
            && self.items.as_deref().is_none_or(Self::is_sure)
            && self.keys.iter().all(|(_, shape)| shape.is_sure())
    }

    /// Gathers from a value that need not match the schema, with the place of each fact. The facts
    /// come in the same order as from [`Reading`].
    pub(super) fn gather(
        &self,
        value: &Value,
        pointer: &mut String,
        facts: &mut Facts,
        pointers: &mut Vec<String>,
    ) {
        match value {
            Value::String(text) if self.types & types::STRING != 0 => {
                if let Some(role) = self.role {
                    facts.text(role, text);
                }
            }
            // The client multiplies with a frame rate, whatever it is written as.
            Value::String(text) if self.role == Some(Role::TimelineFps) => {
                if let Ok(fps) = text.parse() {
                    facts.number(Role::TimelineFps, fps);
                }
            }
            Value::Bool(flag) if self.types & types::BOOLEAN != 0 => {
                if let Some(role) = self.role {
                    facts.flag(role, *flag);
                }
            }
            Value::Number(number) if self.types & (types::NUMBER | types::INTEGER) != 0 => {
                if let (Some(role), Some(number)) = (self.role, number.as_f64()) {
                    facts.number(role, number);
                }
            }
            Value::Array(elements) if self.types & types::ARRAY != 0 => {
                if let Some(role) = self.role.filter(|_| elements.is_empty()) {
                    facts.nothing(role);
                }
                if let Some(items) = &self.items {
                    for (index, element) in elements.iter().enumerate() {
                        let length = pointer.len();
                        pointer.push_str(&format!("/{index}"));
                        items.gather(element, pointer, facts, pointers);
                        pointer.truncate(length);
                    }
                }
            }
            Value::Object(members) if self.types & types::OBJECT != 0 => {
                for (key, member) in members {
                    if let Some(shape) = self.key(key) {
                        let length = pointer.len();
                        push_key(pointer, key);
                        shape.gather(member, pointer, facts, pointers);
                        pointer.truncate(length);
                    }
                }
                for (key, shape) in &self.keys {
                    if !members.contains_key(&**key) {
                        shape.lose(facts);
                    }
                }
                if let Some(role) = self.role {
                    facts.end(role);
                }
            }
            _ => self.lose(facts),
        }
        while pointers.len() < facts.list.len() {
            pointers.push(pointer.clone());
        }
    }

    /// Notes that ids should be defined here and are not, in a way that can be compared.
    fn lose(&self, facts: &mut Facts) {
        match self.role {
            Some(role @ (Role::Defines(_) | Role::ListedProject)) => {
                facts.unreadable.extend(role.gives());
            }
            Some(Role::EpisodeSequence) => facts.unreadable.push(Kind::Episode),
            _ => {}
        }
        for shape in self
            .items
            .iter()
            .map(|it| &**it)
            .chain(self.keys.iter().map(|(_, it)| it))
        {
            shape.lose(facts);
        }
    }
}

fn usize_of(value: &Value) -> Option<usize> {
    value.as_u64()?.try_into().ok()
}

/// Adds a key to a JSON pointer.
pub(super) fn push_key(pointer: &mut String, key: &str) {
    pointer.push('/');
    pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
}

/// Reads a value of a shape, and gathers facts from it. Fails on anything that the schema may not
/// take.
pub(super) struct Reading<'s, 'f> {
    pub(super) shape: &'s Shape,
    pub(super) facts: &'f mut Facts,
    /// Whether keys are refused that the schema does not know.
    pub(super) strict: bool,
}

/// What was read, as far as a [`Condition`] asks.
#[derive(PartialEq)]
pub(super) enum Seen {
    Null,
    True,
    Other,
}

impl<'de> DeserializeSeed<'de> for Reading<'_, '_> {
    type Value = Seen;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Seen, D::Error> {
        if self.shape.unsure {
            return Err(refuse());
        }
        deserializer.deserialize_any(self)
    }
}

/// The reason does not matter: the schema finds its own.
fn refuse<E: Error>() -> E {
    E::custom("not taken")
}

impl Reading<'_, '_> {
    fn number<E: Error>(self, number: f64, integer: bool) -> Result<Seen, E> {
        let types = self.shape.types;
        let right_type = types & types::NUMBER != 0 || (types & types::INTEGER != 0 && integer);
        let right_size = self.shape.minimum.is_none_or(|it| number >= it)
            && self.shape.above.is_none_or(|it| number > it);
        if !right_type || !right_size {
            return Err(refuse());
        }
        if let Some(role) = self.shape.role {
            self.facts.number(role, number);
        }
        Ok(Seen::Other)
    }
}

impl<'de> Visitor<'de> for Reading<'_, '_> {
    type Value = Seen;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what the schema takes")
    }

    fn visit_unit<E: Error>(self) -> Result<Seen, E> {
        if self.shape.types & types::NULL == 0 {
            return Err(refuse());
        }
        Ok(Seen::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Seen, E> {
        if self.shape.types & types::BOOLEAN == 0 {
            return Err(refuse());
        }
        if let Some(role) = self.shape.role {
            self.facts.flag(role, flag);
        }
        Ok(if flag { Seen::True } else { Seen::Other })
    }

    #[expect(clippy::cast_precision_loss, reason = "so does the client")]
    fn visit_u64<E: Error>(self, number: u64) -> Result<Seen, E> {
        self.number(number as f64, true)
    }

    #[expect(clippy::cast_precision_loss, reason = "so does the client")]
    fn visit_i64<E: Error>(self, number: i64) -> Result<Seen, E> {
        self.number(number as f64, true)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Seen, E> {
        self.number(number, number.fract() == 0.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Seen, E> {
        let shape = self.shape;
        let long_enough = match shape.shortest {
            0 => true,
            1 => !text.is_empty(),
            shortest => text.chars().count() >= shortest,
        };
        let fits = || shape.pattern.as_ref().is_none_or(|it| it.is_match(text));
        if shape.types & types::STRING == 0 || !long_enough || !fits() {
            return Err(refuse());
        }
        if let Some(role) = shape.role {
            self.facts.text(role, text);
        }
        Ok(Seen::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Seen, A::Error> {
        if self.shape.types & types::ARRAY == 0 {
            return Err(refuse());
        }
        let Some(shape) = &self.shape.items else {
            while elements.next_element::<Anything>()?.is_some() {}
            return Ok(Seen::Other);
        };
        let mut is_empty = true;
        loop {
            let element = Reading {
                shape,
                facts: self.facts,
                strict: self.strict,
            };
            if elements.next_element_seed(element)?.is_none() {
                break;
            }
            is_empty = false;
        }
        if let Some(role) = self.shape.role.filter(|_| is_empty) {
            self.facts.nothing(role);
        }
        Ok(Seen::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Seen, A::Error> {
        let shape = self.shape;
        if shape.types & types::OBJECT == 0 {
            return Err(refuse());
        }
        // Bits of the keys that were there, that were `null`, and that were `true`.
        let (mut seen, mut nulls, mut trues) = (0, 0, 0);
        let mut next = 0;
        while let Some(place) = members.next_key_seed(Key { shape, next })? {
            let Some(at) = place else {
                if self.strict && shape.is_closed() {
                    return Err(refuse());
                }
                members.next_value::<Anything>()?;
                continue;
            };
            let bit = 1_u64 << at;
            if seen & bit != 0 {
                return Err(refuse());
            }
            seen |= bit;
            next = at + 1;
            let value = members.next_value_seed(Reading {
                shape: &shape.keys[at].1,
                facts: self.facts,
                strict: self.strict,
            })?;
            match value {
                Seen::Null => nulls |= bit,
                Seen::True => trues |= bit,
                Seen::Other => {}
            }
        }
        let met = shape
            .condition
            .as_ref()
            .is_none_or(|it| trues & it.flag == 0 || seen & !nulls & it.then != 0);
        if seen & shape.required != shape.required || !met {
            return Err(refuse());
        }
        if let Some(role) = shape.role {
            self.facts.end(role);
        }
        Ok(Seen::Other)
    }
}

/// Reads a key; answers its place among the shape's keys, if it is one of them.
struct Key<'s> {
    shape: &'s Shape,
    /// The place that is likely: keys mostly come in the same order in each entry.
    next: usize,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Option<usize>, E> {
        let keys = &self.shape.keys;
        if keys.get(self.next).is_some_and(|(it, _)| &**it == key) {
            return Ok(Some(self.next));
        }
        Ok(keys.iter().position(|(it, _)| &**it == key))
    }
}

/// Any value at all. Unlike `IgnoredAny` it looks into texts and numbers, so that what is refused
/// elsewhere is refused here.
struct Anything;

impl<'de> serde::Deserialize<'de> for Anything {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Anything {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self, A::Error> {
        while elements.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        while members.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::{Index, select};
    use watchtower_model::format::DOCUMENTS;

    #[test]
    fn every_schema_is_understood_as_a_whole() {
        for document in DOCUMENTS {
            let shape = Shape::of(document);
            assert!(shape.is_sure(), "{} is slow", document.qualified_name());
        }
    }

    #[test]
    fn every_role_has_its_place() {
        for document in DOCUMENTS {
            for (place, role) in role::of(document) {
                let mut shape = Shape::of(document);
                let at = shape.at(place).map(|it| it.role);
                assert_eq!(
                    at,
                    Some(Some(role)),
                    "{} {place}",
                    document.qualified_name()
                );
            }
        }
    }

    /// Reads a text; answers the facts in it if it was taken.
    fn read(shape: &Shape, text: &str, strict: bool) -> Option<Facts> {
        let mut facts = Facts::default();
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let reading = Reading {
            shape,
            facts: &mut facts,
            strict,
        };
        reading.deserialize(&mut deserializer).ok()?;
        deserializer.end().ok()?;
        Some(facts)
    }

    fn entry(document: &Document) -> Value {
        let example = document.schema()["examples"][0].clone();
        match document.shape {
            watchtower_model::format::Shape::Object => example,
            watchtower_model::format::Shape::List => example[0].clone(),
        }
    }

    #[test]
    fn every_example_is_taken() {
        for document in DOCUMENTS {
            let text = entry(document).to_string();
            let taken = read(&Shape::of(document), &text, true).is_some();
            assert!(taken, "{} is slow", document.qualified_name());
        }
    }

    /// A change to one place of a document.
    #[derive(Clone, Debug)]
    enum Change {
        Replace(Value),
        /// Something close to what is there.
        Bend(Index),
        Remove,
        Add(String, Value),
        /// Writes the key twice; only texts can.
        Double,
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let odd_texts = [
            "",
            "a",
            "#ff0000",
            "#FF00zz",
            "#ff00000",
            "24",
            "é",
            "\n",
            "2026-11-22T04:36:12",
        ];
        let odd_numbers = [
            0.0,
            -0.0,
            24.0,
            0.5,
            -1.0,
            1e20,
            9_007_199_254_740_993.0,
            1e300,
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-3..30_i64).prop_map(Value::from),
            select(odd_numbers.to_vec()).prop_map(Value::from),
            select(odd_texts.to_vec()).prop_map(Value::from),
        ];
        leaf.prop_recursive(2, 8, 3, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..3).prop_map(Value::from),
                vec((any_key(), inner), 0..3)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn any_key() -> impl Strategy<Value = String> {
        let keys = [
            "id",
            "name",
            "fps",
            "data",
            "tasks",
            "has_avatar",
            "onTimeline",
            "thumbnailUrl",
            "frame_in",
            "x",
        ];
        select(keys.to_vec()).prop_map(str::to_owned)
    }

    fn any_change() -> impl Strategy<Value = Change> {
        prop_oneof![
            8 => any::<Index>().prop_map(Change::Bend),
            4 => any_value().prop_map(Change::Replace),
            2 => Just(Change::Remove),
            2 => (any_key(), any_value()).prop_map(|(key, value)| Change::Add(key, value)),
            1 => Just(Change::Double),
        ]
    }

    /// Values that are nearly the same.
    fn close_to(value: &Value) -> Vec<Value> {
        match value {
            Value::Null => vec!["".into(), "a".into(), 0.into(), false.into()],
            Value::Bool(flag) => vec![(!flag).into(), flag.to_string().into(), Value::Null],
            Value::Number(number) => {
                let near = number.as_f64().unwrap() + 0.5;
                let text = number.to_string().into();
                vec![
                    near.into(),
                    0.into(),
                    (-1).into(),
                    24.0.into(),
                    text,
                    Value::Null,
                ]
            }
            Value::String(text) => {
                let rest = text.chars().skip(1).collect::<String>();
                let longer = format!("{text}0");
                vec!["".into(), rest.into(), longer.into(), 1.into(), Value::Null]
            }
            Value::Array(list) => {
                let with = |value: Value| Value::from([list.as_slice(), &[value]].concat());
                vec![
                    with(Value::Null),
                    with("".into()),
                    with("a".into()),
                    with(1.into()),
                    Value::Null,
                ]
            }
            Value::Object(_) => vec![Value::Null, Value::Array(Vec::new()), "a".into()],
        }
    }

    /// Every place in a value.
    fn places(value: &Value, pointer: String, all: &mut Vec<String>) {
        match value {
            Value::Array(list) => {
                for (index, inside) in list.iter().enumerate() {
                    places(inside, format!("{pointer}/{index}"), all);
                }
            }
            Value::Object(map) => {
                for (key, inside) in map {
                    places(inside, format!("{pointer}/{key}"), all);
                }
            }
            _ => {}
        }
        all.push(pointer);
    }

    /// Changes a document; answers its text.
    fn mutate(mut value: Value, changes: Vec<(Index, Change)>) -> String {
        let mut doubled = None;
        for (index, change) in changes {
            let mut all = Vec::new();
            places(&value, String::new(), &mut all);
            let place = all[index.index(all.len())].clone();
            let (parent, key) = place.rsplit_once('/').unwrap_or_default();
            match change {
                Change::Replace(new) => *value.pointer_mut(&place).unwrap() = new,
                Change::Bend(index) => {
                    let there = value.pointer_mut(&place).unwrap();
                    let close = close_to(there);
                    *there = close[index.index(close.len())].clone();
                }
                Change::Remove => match value.pointer_mut(parent).unwrap() {
                    Value::Object(map) => drop(map.remove(key)),
                    Value::Array(list) => drop(key.parse().map(|at: usize| list.remove(at))),
                    _ => {}
                },
                Change::Add(key, new) => match value.pointer_mut(&place).unwrap() {
                    Value::Object(map) => drop(map.insert(key, new)),
                    Value::Array(list) => list.push(new),
                    _ => {}
                },
                Change::Double => doubled = Some(key.to_owned()),
            }
        }
        let text = value.to_string();
        match doubled {
            Some(key) => text.replacen(
                &format!("\"{key}\":"),
                &format!("\"{key}\":1,\"{key}\":"),
                1,
            ),
            None => text,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        /// What is taken while it is read, the schema takes, and the same is gathered from it.
        #[test]
        fn nothing_is_taken_that_the_schema_refuses(
            document in select(DOCUMENTS.iter().collect::<Vec<_>>()),
            changes in vec((any::<Index>(), any_change()), 0..4),
            strict: bool,
        ) {
            let shape = super::super::check::shape(document);
            let text = mutate(entry(document), changes);
            let value: Value = serde_json::from_str(&text).unwrap();
            let valid = schema::validator(document).is_valid(&value);
            let taken = read(shape, &text, strict);
            prop_assert!(valid || taken.is_none(), "{} is no {}", text, document.qualified_name());
            if let Some(taken) = taken {
                let mut gathered = Facts::default();
                let mut pointers = Vec::new();
                shape.gather(&value, &mut String::new(), &mut gathered, &mut pointers);
                prop_assert_eq!(taken.list, gathered.list);
                prop_assert_eq!(gathered.unreadable, []);
            }
        }
    }

    #[test]
    fn a_schema_that_is_not_understood_is_never_sure() {
        let schema = serde_json::json!({"type": "string", "maxLength": 3});
        assert!(!Shape::compile(&schema, &schema, 0).is_sure());
        let endless = serde_json::json!({"items": {"$ref": "#"}});
        assert!(!Shape::compile(&endless, &endless, 0).is_sure());
    }
}
