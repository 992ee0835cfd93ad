//! JSON text that others wrote: what is wrong with it in plain words, and what browsers read all the
//! same.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// The deepest nesting of lists and objects that is read. Most readers of JSON have such a limit.
pub const DEEPEST: usize = 127;

/// What browsers read although many readers of JSON refuse it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// `NaN` or infinity by name, which Python writes and browsers refuse.
    NotANumber,
    /// A number beyond the range of numbers, which browsers read as infinity.
    NumberOutOfRange,
    /// An escape that stands for half a character, which browsers show as a replacement character.
    LoneSurrogate,
    /// A list or object more than [`DEEPEST`] levels deep.
    NestedTooDeep,
}

/// An [`Oddity`], and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Odd {
    /// What is odd.
    pub oddity: Oddity,
    /// The value in which it is, as a JSON pointer; for a key, the key's value.
    pub pointer: String,
    /// The start of the value in the text.
    pub text: String,
}

/// A text with the same meaning and of as many bytes that every reader of JSON takes, and what was odd
/// about it. Numbers that are too large become the largest of their length, halves of characters the
/// replacement character, and what is nested too deep an empty list or object.
///
/// The text's grammar must be right; of any other one nothing is known.
///
/// ```
/// use watchtower_model::json::{Oddity, mend};
///
/// let (text, odd) = mend(br#"{"name": "\ud83d"}"#);
/// assert_eq!(*text, *br#"{"name": "\ufffd"}"#);
/// assert_eq!((odd[0].oddity, &*odd[0].pointer), (Oddity::LoneSurrogate, "/name"));
/// ```
#[must_use]
pub fn mend(text: &[u8]) -> (Cow<'_, [u8]>, Vec<Odd>) {
    let mut mender = Mender {
        text: Cow::Borrowed(text),
        odd: Vec::new(),
        steps: Vec::new(),
    };
    mender.run(text);
    (mender.text, mender.odd)
}

/// The keys that an object has more than once, as JSON pointers in the order of the text: of such a key, browsers
/// take the last value, and others the first, or none. A text that is not JSON has none.
///
/// ```
/// use watchtower_model::json::keys_twice;
///
/// assert_eq!(keys_twice(br#"[{"a": 1, "b": {"c": 1, "c": 2}, "a": 2}]"#), ["/0/b/c", "/0/a"]);
/// ```
#[must_use]
pub fn keys_twice(text: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let look = Look {
        place: String::new(),
        found: &mut found,
    };
    let mut json = serde_json::Deserializer::from_slice(text);
    match look.deserialize(&mut json) {
        Ok(()) => found,
        Err(_) => Vec::new(),
    }
}

/// Looks for keys that are there twice, in the value at a place.
struct Look<'a> {
    place: String,
    found: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            let step = key.replace('~', "~0").replace('/', "~1");
            let place = format!("{}/{step}", self.place);
            if !seen.insert(key) {
                self.found.push(place.clone());
            }
            map.next_value_seed(Look {
                place,
                found: &mut *self.found,
            })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        for index in 0_usize.. {
            let place = format!("{}/{index}", self.place);
            let look = Look {
                place,
                found: &mut *self.found,
            };
            if list.next_element_seed(look)?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A step of the way down to a value.
enum Step {
    /// A key, by its bytes in the text; none where a key comes next.
    Key(Option<Range<usize>>),
    Index(usize),
}

struct Mender<'a> {
    text: Cow<'a, [u8]>,
    odd: Vec<Odd>,
    steps: Vec<Step>,
}

impl Mender<'_> {
    fn run(&mut self, text: &[u8]) {
        let mut at = 0;
        while let Some(byte) = text.get(at) {
            at = match byte {
                b'{' | b'[' if self.steps.len() == DEEPEST => self.too_deep(text, at),
                b'{' => self.down(Step::Key(None), at),
                b'[' => self.down(Step::Index(0), at),
                b'}' | b']' => {
                    self.steps.pop();
                    at + 1
                }
                b',' => {
                    match self.steps.last_mut() {
                        Some(Step::Index(index)) => *index += 1,
                        Some(Step::Key(key)) => *key = None,
                        None => {}
                    }
                    at + 1
                }
                b'"' => self.text(text, at),
                b'N' | b'I' | b'-' | b'0'..=b'9' => self.number(text, at),
                _ => at + 1,
            };
        }
    }

    fn down(&mut self, step: Step, at: usize) -> usize {
        self.steps.push(step);
        at + 1
    }

    /// Takes down that something is odd about the value of which this is the text.
    fn note(&mut self, oddity: Oddity, value: &[u8]) {
        const SHOWN: usize = 20;
        let text = String::from_utf8_lossy(&value[..value.len().min(SHOWN)]);
        let more = if value.len() > SHOWN { "…" } else { "" };
        let text = format!("{text}{more}");
        let mut pointer = String::new();
        for step in &self.steps {
            pointer.push('/');
            match step {
                Step::Index(index) => pointer.push_str(&index.to_string()),
                Step::Key(key) => {
                    let key = key.clone().and_then(|it| self.text.get(it));
                    let key = String::from_utf8_lossy(key.unwrap_or_default());
                    let key = serde_json::from_str(&key).unwrap_or_else(|_| key.into_owned());
                    pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
                }
            }
        }
        self.odd.push(Odd {
            oddity,
            pointer,
            text,
        });
    }

    fn too_deep(&mut self, text: &[u8], start: usize) -> usize {
        let mut depth = 0;
        let mut at = start;
        while let Some(byte) = text.get(at) {
            match byte {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                b'"' => at = end_of_text(text, at) - 1,
                _ => {}
            }
            at += 1;
            if depth == 0 {
                break;
            }
        }
        self.note(Oddity::NestedTooDeep, &text[start..at]);
        for byte in &mut self.text.to_mut()[start..at] {
            // Lines stay where they are.
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        self.text.to_mut()[start] = b'0';
        at
    }

    fn text(&mut self, text: &[u8], start: usize) -> usize {
        let end = end_of_text(text, start);
        let halves = lone_surrogates(&text[start..end]);
        for half in &halves {
            let at = start + half;
            self.text.to_mut()[at..at + 6].copy_from_slice(b"\\ufffd");
        }
        // The first text in an object, or behind a comma of it, is a key.
        if let Some(Step::Key(key @ None)) = self.steps.last_mut() {
            *key = Some(start..end);
        }
        if !halves.is_empty() {
            self.note(Oddity::LoneSurrogate, &text[start..end]);
        }
        end
    }

    fn number(&mut self, text: &[u8], start: usize) -> usize {
        let rest = &text[start..];
        for name in NO_NUMBERS {
            if rest.starts_with(name.as_bytes()) {
                let end = start + name.len();
                self.note(Oddity::NotANumber, name.as_bytes());
                let text = self.text.to_mut();
                text[start..end].fill(b' ');
                text[start] = b'0';
                return end;
            }
        }
        let is_inside = |it: &u8| matches!(it, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = rest.iter().take_while(|it| is_inside(it)).count();
        let end = start + length.max(1);
        let number = std::str::from_utf8(&rest[..length]).ok();
        let number = number.and_then(|it| it.parse::<f64>().ok());
        if number.is_some_and(f64::is_infinite) {
            self.note(Oddity::NumberOutOfRange, &text[start..end]);
            let first = start + usize::from(rest[0] == b'-');
            self.text.to_mut()[first..end].copy_from_slice(&large_number(end - first));
        }
        end
    }
}

/// What Python writes for numbers that JSON does not have.
const NO_NUMBERS: [&str; 3] = ["NaN", "-Infinity", "Infinity"];

/// A number near the largest there is, in so many bytes; none that is too large has fewer than five.
fn large_number(length: usize) -> Vec<u8> {
    match length {
        0..=5 => b"1e308"[..length].to_vec(),
        6 => b"1e+308".to_vec(),
        _ => [b"1.", &*vec![b'0'; length - 6], b"e308"].concat(),
    }
}

/// The end of a text that starts with its quotation mark.
fn end_of_text(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// Where in a text halves of characters are escaped alone.
fn lone_surrogates(text: &[u8]) -> Vec<usize> {
    let unit = |at: usize| {
        let escape = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(escape).ok()?, 16).ok()
    };
    let mut lone = Vec::new();
    let mut at = 0;
    while at < text.len() {
        at += match (text[at], unit(at)) {
            (b'\\', Some(0xd800..=0xdbff)) => {
                if matches!(unit(at + 6), Some(0xdc00..=0xdfff)) {
                    12
                } else {
                    lone.push(at);
                    6
                }
            }
            (b'\\', Some(0xdc00..=0xdfff)) => {
                lone.push(at);
                6
            }
            (b'\\', _) => 2,
            _ => 1,
        };
    }
    lone
}

/// What is wrong with a text that is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The byte at which it is.
    pub offset: usize,
    /// What it is, and how to mend it.
    pub message: String,
    /// Whether it is a number that JSON does not have, as `NaN`.
    pub is_number: bool,
}

/// Tells from `serde_json`'s error, and from the text it stands at, what is wrong with the text. Texts
/// that end too early are told by whoever knows where they come from.
pub fn flaw(text: &[u8], error: &serde_json::Error) -> Flaw {
    let at = offset_of(text, error);
    // serde_json stands at the byte it cannot take or just behind it.
    let word_start = text[..at]
        .iter()
        .rposition(|byte| !byte.is_ascii_alphanumeric() && !b"-_".contains(byte))
        .map_or(0, |before| before + 1);
    let word: Vec<u8> = text[word_start..]
        .iter()
        .copied()
        .take_while(|it| it.is_ascii_alphanumeric() || b"-_".contains(it))
        .take(20)
        .collect();
    let word = String::from_utf8_lossy(&word);
    let flaw = |offset, message: String, is_number| Flaw {
        offset,
        message,
        is_number,
    };
    match &*word {
        "NaN" | "-NaN" | "nan" | "Infinity" | "-Infinity" | "inf" | "-inf" => {
            let message = format!("`{word}` is not JSON: give a number, or leave it out");
            return flaw(word_start, message, true);
        }
        "None" | "True" | "False" => {
            let message = format!(
                "the text is not JSON: `{word}` is Python's; print what `json.dumps` makes of the data"
            );
            return flaw(word_start, message, false);
        }
        "undefined" => {
            let message = "the text is not JSON: `undefined` is JavaScript's; JSON has `null`";
            return flaw(word_start, message.to_owned(), false);
        }
        _ => {}
    }
    let reason = error.to_string();
    let reason = reason.split(" at line ").next().unwrap_or_default();
    let found = text.get(at).copied().unwrap_or_default();
    let told = match (reason, found) {
        (_, b'\'') => {
            "it has single quotes, as Python prints a dict; print what `json.dumps` makes of the data"
        }
        ("trailing comma", _) => "a comma has nothing behind it",
        ("key must be a string", b'/') | ("expected value", b'/' | b'#') => {
            "it has a comment, and JSON has none"
        }
        ("key must be a string", _) => "a key is in no quotation marks",
        ("expected `:`", _) => "a key has no `:` behind it",
        ("expected `,` or `]`", _) => "a comma is missing between two elements of a list",
        ("expected `,` or `}`", _) => "a comma is missing between two keys",
        ("expected value" | "expected ident", _) => {
            "a value is missing, or is a text in no quotation marks"
        }
        ("invalid escape", _) => {
            "a backslash in a text stands alone; write `\\\\`, or `/` in paths of files"
        }
        ("invalid number", _) => "a number is malformed",
        (it, _) if it.starts_with("control character") => {
            "a text has a line break or another control character in it; write `\\n` for a line break"
        }
        ("invalid unicode code point", _) => "a text is not UTF-8",
        ("trailing characters", _) => "something follows behind the end of the document",
        _ => "something stands here that JSON does not have",
    };
    flaw(at, format!("the text is not JSON: {told}"), false)
}

/// The place in `text` of the byte at which `serde_json` gave up.
fn offset_of(text: &[u8], error: &serde_json::Error) -> usize {
    let line_start = match error.line() {
        0 | 1 => 0,
        line => text
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n')
            .nth(line - 2)
            .map_or(text.len(), |(at, _)| at + 1),
    };
    (line_start + error.column().saturating_sub(1)).min(text.len().saturating_sub(1))
}

/// The line and column of a byte, both counted from 1.
///
/// ```
/// assert_eq!(watchtower_model::json::line_and_column(b"{\n \"a\"", 4), (2, 3));
/// ```
pub fn line_and_column(text: &[u8], offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    let line_start = before.iter().rposition(|it| *it == b'\n');
    let line = 1 + before.iter().filter(|it| **it == b'\n').count();
    let behind = &before[line_start.map_or(0, |it| it + 1)..];
    // Every byte but those inside a character starts one.
    let column = behind.iter().filter(|it| **it & 0xc0 != 0x80).count();
    (line, column + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn odd(text: &str) -> (String, Vec<(Oddity, String)>) {
        let (mended, odd) = mend(text.as_bytes());
        assert_eq!(mended.len(), text.len());
        let odd = odd.into_iter().map(|it| (it.oddity, it.pointer)).collect();
        (String::from_utf8(mended.into_owned()).unwrap(), odd)
    }

    #[test]
    fn each_odd_value_is_named_and_replaced() {
        let (text, odd) = odd(
            r#"[{"a/b": [0, -1e400], "n": 12e3456, "x": "\ud83d\ude00 \ude00\ud83d\u0041 \\ud83d"},
                {"\ud83d": {"\udc00": 1}}]"#,
        );
        use Oddity::{LoneSurrogate, NumberOutOfRange};
        assert_eq!(
            odd,
            [
                (NumberOutOfRange, "/0/a~1b/1".into()),
                (NumberOutOfRange, "/0/n".into()),
                (LoneSurrogate, "/0/x".into()),
                (LoneSurrogate, "/1/\u{fffd}".into()),
                (LoneSurrogate, "/1/\u{fffd}/\u{fffd}".into()),
            ]
        );
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value[0]["a/b"][1], -1e308);
        assert_eq!(value[0]["x"], "\u{1f600} \u{fffd}\u{fffd}A \\ud83d");
    }

    #[test]
    fn what_is_nested_too_deep_is_emptied_and_the_rest_is_read() {
        for depth in [127, 128, 100_000] {
            let inside = format!("{}\"]\"{}", "[".repeat(depth - 1), "]".repeat(depth - 1));
            let (text, odd) = odd(&format!("{{\"x\": {inside}, \"y\": 1}}"));
            let value: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value["y"], 1);
            let pointers: Vec<_> = odd.iter().map(|it| it.1.matches('/').count()).collect();
            assert_eq!(pointers, vec![DEEPEST; usize::from(depth > DEEPEST)]);
        }
    }

    #[test]
    fn each_mistake_is_told_in_plain_words() {
        let texts = [
            "{'a': 1}",
            "{\"a\": 'b'}",
            "{\"a\": None}",
            "{\"a\": NaN}",
            "{\"a\":\n -Infinity}",
            "{\"a\": undefined}",
            "{\"a\": 1,}",
            "[1,]",
            "{a: 1}",
            "{\"a\" 1}",
            "[1 2]",
            "{\"a\": 1 \"b\": 2}",
            "{\"a\": // one\n 1}",
            "{\"a\": C:\\x}",
            "{\"a\": \"C:\\x\"}",
            "{\"a\": 01}",
            "{\"a\": \"b\nc\"}",
            "{\"a\": tru}",
            "{} x",
        ];
        let told = texts.map(|text| {
            let error = serde_json::from_str::<Value>(text).unwrap_err();
            let flaw = flaw(text.as_bytes(), &error);
            let (line, column) = line_and_column(text.as_bytes(), flaw.offset);
            format!("{text:?} {line}:{column} {}", flaw.message)
        });
        insta::assert_snapshot!(told.join("\n"));
    }

    proptest! {
        /// Whatever the text is: nothing panics, and what is right already stays.
        #[test]
        fn mending_never_fails(text in r#"([\[\]{},:"\\ 0-9e]|\\ud8[0-9]d|\\udc00|1e999|\PC){0,40}"#) {
            let (mended, _) = mend(text.as_bytes());
            prop_assert_eq!(mended.len(), text.len());
            if serde_json::from_str::<Value>(&text).is_ok() {
                prop_assert_eq!(&*mended, text.as_bytes());
            }
        }
    }
}
