//! The text of a document with stand-ins in it. It is not parsed: what is wrong with it is what matters.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;
use watchtower_model::schema;

use super::stand_ins::StandIns;

/// Every key that a document of any format has.
static KEYS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let mut keys = BTreeSet::new();
    for name in schema::names() {
        if let Some(schema) = schema::by_name(&name) {
            collect(&schema, &mut keys);
        }
    }
    keys
});

fn collect(schema: &Value, keys: &mut BTreeSet<String>) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                if let (true, Some(properties)) = (key == "properties", value.as_object()) {
                    keys.extend(properties.keys().cloned());
                }
                // Examples hold documents, and no schemas.
                if key != "examples" {
                    collect(value, keys);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|it| collect(it, keys)),
        _ => {}
    }
}

/// The known key that one is, but for its case and `_`: so one that is misspelt stays so.
fn known(key: &str) -> Option<&'static str> {
    let plain = |text: &str| text.replace(['_', '-'], "").to_lowercase();
    let key = plain(key);
    KEYS.iter().find(|it| plain(it) == key).map(String::as_str)
}

/// What a document says, with stand-ins for whatever names something, and for the files that it names: each path,
/// as it was and as it is.
pub(super) fn anonymised(
    text: &[u8],
    stand_ins: &mut StandIns,
    paths: &mut Vec<(String, String)>,
) -> Vec<u8> {
    if let Some(decoded) = utf16(text) {
        let text = anonymised(decoded.1.as_bytes(), stand_ins, paths);
        return decoded.0.encode(&String::from_utf8_lossy(&text));
    }
    let mut writer = Writer {
        text,
        at: 0,
        out: Vec::with_capacity(text.len()),
        stand_ins,
        paths,
        containers: Vec::new(),
    };
    writer.run();
    writer.out
}

/// An object or list that is open.
struct Container {
    is_object: bool,
    /// The key whose value comes next, known or not, or that of the list.
    key: Option<Key>,
    /// Whether a key comes next.
    at_key: bool,
}

#[derive(Clone, Copy)]
enum Key {
    Known(&'static str),
    /// One of somebody's own: what it says is nobody else's business, numbers too.
    Own,
}

struct Writer<'a> {
    text: &'a [u8],
    at: usize,
    out: Vec<u8>,
    stand_ins: &'a mut StandIns,
    paths: &'a mut Vec<(String, String)>,
    containers: Vec<Container>,
}

/// Words that are JSON, or that programs write in its place.
const WORDS: &[&str] = &[
    "true",
    "false",
    "null",
    "NaN",
    "Infinity",
    "-Infinity",
    "None",
    "undefined",
];

impl Writer<'_> {
    fn run(&mut self) {
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'{' | b'[' => {
                    let key = self.key();
                    self.containers.push(Container {
                        is_object: byte == b'{',
                        // What is inside something of somebody's own is so as well.
                        key: if byte == b'[' || matches!(key, Some(Key::Own)) {
                            key
                        } else {
                            None
                        },
                        at_key: byte == b'{',
                    });
                    self.copy(1);
                }
                b'}' | b']' => {
                    self.containers.pop();
                    self.copy(1);
                }
                b':' | b',' => {
                    if let Some(inner) = self.containers.last_mut() {
                        inner.at_key = byte == b',' && inner.is_object;
                    }
                    self.copy(1);
                }
                b'"' => self.string(),
                b' ' | b'\t' | b'\r' | b'\n' => self.copy(1),
                _ => self.word(),
            }
        }
    }

    fn copy(&mut self, bytes: usize) {
        let end = (self.at + bytes).min(self.text.len());
        self.out.extend_from_slice(&self.text[self.at..end]);
        self.at = end;
    }

    /// The key of the value that comes next.
    fn key(&self) -> Option<Key> {
        self.containers.last().and_then(|it| it.key)
    }

    /// A number, a word, or what no JSON has.
    fn word(&mut self) {
        let rest = &self.text[self.at..];
        let ends = |byte: &u8| b"{}[]:,\" \t\r\n".contains(byte);
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        let word = &rest[..length];
        let is_last = length == rest.len();
        let is_known = WORDS
            .iter()
            .any(|it| it.as_bytes() == word || (is_last && it.as_bytes().starts_with(word)));
        let is_number = word
            .iter()
            .all(|it| it.is_ascii_digit() || b"+-.eE".contains(it));
        match (is_known, is_number, self.key()) {
            (true, _, _) => self.out.extend_from_slice(word),
            (_, true, Some(Key::Own)) => {
                self.out.extend_from_slice(number_of_ones(word).as_bytes());
            }
            (_, true, _) => self.out.extend_from_slice(word),
            _ => blank(word, &mut self.out),
        }
        self.at += length;
    }

    fn string(&mut self) {
        let start = self.at + 1;
        let mut end = start;
        while let Some(&byte) = self.text.get(end) {
            match byte {
                b'"' => break,
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        let end = end.min(self.text.len());
        let text = Text::read(&self.text[start..end]);
        let at_key = self.containers.last().is_some_and(|it| it.at_key);
        let stand_in = match at_key {
            true => self.named(&text.text),
            false => self.value(&text.text),
        };
        self.out.push(b'"');
        // Somebody's own words are not rewritten where nothing changes, so that escapes stay.
        // A key that has to be known has nothing else in it.
        match stand_in == text.text && (at_key || !text.is_broken()) {
            true => self.out.extend_from_slice(&self.text[start..end]),
            false => text.write(&stand_in, &mut self.out),
        }
        self.at = end;
        if self.at < self.text.len() {
            self.copy(1);
        }
    }

    /// A key, which says what its value is.
    fn named(&mut self, key: &str) -> String {
        let inside_own = self
            .containers
            .iter()
            .rev()
            .nth(1)
            .is_some_and(|it| matches!(it.key, Some(Key::Own)));
        let known = known(key).filter(|_| !inside_own);
        if let Some(inner) = self.containers.last_mut() {
            inner.key = Some(known.map_or(Key::Own, Key::Known));
        }
        match known {
            Some(_) => key.to_owned(),
            None => self.stand_ins.text(key),
        }
    }

    fn value(&mut self, text: &str) -> String {
        let of = |allowed: &str| {
            text.chars()
                .all(|it| it.is_ascii_digit() || allowed.contains(it))
        };
        let Some(Key::Known(key)) = self.key() else {
            return self.stand_ins.text(text);
        };
        let says_nothing = match key {
            "thumbnailUrl" | "sourceName" => {
                let path = self.stand_ins.path(text);
                self.paths.push((text.to_owned(), path.clone()));
                return path;
            }
            "color" => {
                let digits = text.strip_prefix('#');
                digits.is_some_and(|it| it.chars().all(|it| it.is_ascii_hexdigit()))
            }
            "timestamp" => of("-+:.TZtz/ "),
            "ratio" | "resolution" => of(":.,/x× "),
            "fps" | "startFrame" | "durationSeconds" | "frame_in" | "frame_out" | "nb_frames"
            | "totalFrames" | "frameOffset" | "count" => of("+-.,eE "),
            "sourceType" => text.starts_with("video/") && text.len() < 32 && text.is_ascii(),
            _ => false,
        };
        match says_nothing {
            true => text.to_owned(),
            false => self.stand_ins.text(text),
        }
    }
}

/// A number in the place of one: as whole, or as broken. One that JSON has and nobody can hold is kept.
fn number_of_ones(word: &[u8]) -> String {
    let text = String::from_utf8_lossy(word);
    // The largest whole numbers that are exact everywhere end at 2^53.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match serde_json::from_str::<f64>(&text) {
        Ok(number) if number.is_finite() && number.abs() < EXACT => {
            let sign = if text.starts_with('-') { "-" } else { "" };
            let rest = if text.contains(['.', 'e', 'E']) {
                ".5"
            } else {
                ""
            };
            format!("{sign}1{rest}")
        }
        Ok(_) => text.into_owned(),
        Err(_) if text.parse().is_ok_and(f64::is_infinite) => text.into_owned(),
        Err(_) => text.replace(|it: char| ('1'..='9').contains(&it), "1"),
    }
}

/// Writes what no JSON has, as a name without quotes, or a whole web page: as long, and with nothing to read.
fn blank(word: &[u8], out: &mut Vec<u8>) {
    for chunk in word.utf8_chunks() {
        for c in chunk.valid().chars() {
            let stand_in = match c {
                'A'..='Z' | 'a'..='z' => 'x',
                '0'..='9' => '0',
                // A mark of the order of bytes, say, is what is wrong there.
                c if c.is_ascii() || c.is_whitespace() || c == '\u{feff}' => c,
                c => match c.len_utf8() {
                    2 => 'é',
                    3 => '字',
                    _ => '🎬',
                },
            };
            out.extend_from_slice(stand_in.encode_utf8(&mut [0; 4]).as_bytes());
        }
        out.extend(chunk.invalid().iter().map(|_| 0xff));
    }
}

/// A string of JSON, and what is broken in it.
struct Text {
    text: String,
    /// An escape that stands for half a character, as it was written.
    half: Option<String>,
    /// An escape that there is not, or half of one.
    escape: Option<String>,
    /// Whether bytes are no UTF-8.
    bytes: bool,
    /// Whether a line ends inside, say, which JSON wants written as an escape.
    control: bool,
}

impl Text {
    fn read(raw: &[u8]) -> Self {
        let lossy = String::from_utf8_lossy(raw);
        let mut text = Self {
            text: String::new(),
            half: None,
            escape: None,
            bytes: std::str::from_utf8(raw).is_err(),
            control: raw.iter().any(|byte| *byte < b' '),
        };
        let mut rest = &*lossy;
        while let Some(at) = rest.find('\\') {
            text.text.push_str(&rest[..at]);
            rest = text.escape(&rest[at..]);
        }
        text.text.push_str(rest);
        text
    }

    /// Takes one escape, and answers what follows.
    fn escape<'t>(&mut self, rest: &'t str) -> &'t str {
        let simple = match rest.as_bytes().get(1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(rest),
            _ => {
                let end = rest.char_indices().nth(2).map_or(rest.len(), |it| it.0);
                self.escape.get_or_insert_with(|| rest[..end].to_owned());
                return &rest[end..];
            }
        };
        self.text.push(simple);
        &rest[2..]
    }

    fn unicode<'t>(&mut self, rest: &'t str) -> &'t str {
        let unit = |text: &str| {
            let digits = text.strip_prefix("\\u")?.get(..4)?;
            let is_hex = digits.bytes().all(|it| it.is_ascii_hexdigit());
            is_hex
                .then(|| u16::from_str_radix(digits, 16).ok())
                .flatten()
        };
        let Some(first) = unit(rest) else {
            let written = rest.get(2..).unwrap_or_default().bytes().take(4);
            let digits = written.take_while(u8::is_ascii_hexdigit).count();
            let end = 2 + digits;
            self.escape.get_or_insert_with(|| rest[..end].to_owned());
            return &rest[end..];
        };
        let second = rest.get(6..).and_then(unit);
        let units = [first, second.unwrap_or_default()];
        if let Some(Ok(c)) = char::decode_utf16([first]).next() {
            self.text.push(c);
            return &rest[6..];
        }
        if let (Some(_), Some(Ok(c))) = (second, char::decode_utf16(units).next()) {
            self.text.push(c);
            return &rest[12..];
        }
        self.half.get_or_insert_with(|| rest[..6].to_owned());
        &rest[6..]
    }

    fn is_broken(&self) -> bool {
        self.half.is_some() || self.escape.is_some() || self.bytes
    }

    /// Writes what stands in for it, broken in the same ways.
    fn write(&self, stand_in: &str, out: &mut Vec<u8>) {
        for c in stand_in.chars() {
            match c {
                // The bytes that it stands for come below.
                char::REPLACEMENT_CHARACTER if self.bytes => {}
                '"' => out.extend_from_slice(b"\\\""),
                '\\' => out.extend_from_slice(b"\\\\"),
                c if c < ' ' && !self.control => {
                    out.extend_from_slice(format!("\\u{:04x}", u32::from(c)).as_bytes());
                }
                c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        if self.bytes {
            out.push(0xff);
        }
        for broken in [&self.half, &self.escape].into_iter().flatten() {
            out.extend_from_slice(broken.as_bytes());
        }
    }
}

/// The order of the bytes of a text in UTF-16.
struct Utf16 {
    is_big: bool,
}

impl Utf16 {
    fn encode(&self, text: &str) -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units
            .flat_map(|unit| {
                if self.is_big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            })
            .collect()
    }
}

/// A text that says to be in UTF-16.
fn utf16(text: &[u8]) -> Option<(Utf16, String)> {
    let is_big = match text {
        [0xff, 0xfe, ..] => false,
        [0xfe, 0xff, ..] => true,
        _ => return None,
    };
    let units = text[2..].chunks_exact(2).map(|it| {
        let pair = [it[0], it[1]];
        if is_big {
            u16::from_be_bytes(pair)
        } else {
            u16::from_le_bytes(pair)
        }
    });
    let decoded: String = char::decode_utf16(units)
        .map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    Some((Utf16 { is_big }, decoded))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anonymise(text: &str) -> String {
        let text = anonymised(text.as_bytes(), &mut StandIns::default(), &mut Vec::new());
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn names_go_and_everything_else_stays() {
        let text = r##"[{"id": "jade", "full_name": "Jade", "has_avatar": true, "color": "#F00",
            "thumbnailUrl": "data/jade.png", "data": {"frame_in": 7, "client": {"budget": 5000, "who": ["Acme"]}}}]"##;
        let due = r##"[{"id": "stand-in-1", "full_name": "stand-in-2", "has_avatar": true, "color": "#F00",
            "thumbnailUrl": "data/file-1.png", "data": {"frame_in": 7, "stand-in-3": {"stand-in-4": 1, "stand-in-5": ["stand-in-6"]}}}]"##;
        assert_eq!(anonymise(text), due);
    }

    #[test]
    fn what_is_broken_stays_broken() {
        for (text, due) in [
            (
                r#"[{"id": "a", "na"#,
                r#"[{"id": "stand-in-1", "stand-in-2"#,
            ),
            (
                r#"{"name": "\ud83d", "x": NaN}"#,
                r#"{"name": "\ud83d", "stand-in-1": NaN}"#,
            ),
            (r#"{"name": "a\qb"#, r#"{"name": "stand-in-1\q"#),
            ("[\"a\nb\"]", "[\"stand-in 1\n\"]"),
            (r#"["a\nb"]"#, r#"["stand-in 1\u000a"]"#),
            (r#"{"name": "a\u00"#, r#"{"name": "stand-in-1\u00"#),
            ("[{'id': 's1'},] ]", "[{'xx': 'x0'},] ]"),
            ("<html>Jade", "<xxxx>xxxx"),
            ("[名前, Zoë\u{a0}K]", "[字字, xxé\u{a0}x]"),
            (
                r#"{"budget": [5000, -12.75, 1e400, 007, 9007199254740993]}"#,
                r#"{"stand-in-1": [1, -1.5, 1e400, 001, 9007199254740993]}"#,
            ),
            (r#"{"name": nul"#, r#"{"name": nul"#),
            (
                r#"{"name": "A", "name": "A"}"#,
                r#"{"name": "stand-in-1", "name": "stand-in-1"}"#,
            ),
            (
                r#"{"thumbnail_url": 1e999, "fps": "24"}"#,
                r#"{"thumbnail_url": 1e999, "fps": "24"}"#,
            ),
        ] {
            assert_eq!(anonymise(text), due);
        }
        let latin = anonymised(b"\"Caf\xe9\"", &mut StandIns::default(), &mut Vec::new());
        assert_eq!(latin, b"\"stand-in-1\xff\"");
        let utf16 = Utf16 { is_big: false }.encode("[\"Jade\"]");
        let due = Utf16 { is_big: false }.encode("[\"stand-in-1\"]");
        assert_eq!(
            anonymised(&utf16, &mut StandIns::default(), &mut Vec::new()),
            due
        );
    }
}
