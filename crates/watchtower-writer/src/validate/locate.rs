//! Finds where in a file a finding stands. Files are read for this only when there are findings.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufReader, Read, Seek};

use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Deserializer;
use watchtower_model::format::Shape;
use watchtower_model::json;

use super::elements::Elements;
use super::finding::{Finding, Position};

/// Gives each finding about a file its position, as far as the file can still be read.
pub(super) fn locate(
    mut file: impl Read + Seek,
    shape: Shape,
    findings: &mut [Finding],
) -> io::Result<()> {
    file.rewind()?;
    bytes(&mut file, shape, findings);
    file.rewind()?;
    lines(file, findings)
}

/// Finds the bytes that findings point at.
fn bytes(input: impl Read, shape: Shape, findings: &mut [Finding]) {
    // Findings by the entry they stand in, each with its place there.
    let mut wanted: BTreeMap<usize, Vec<(usize, String)>> = BTreeMap::new();
    for (number, finding) in findings.iter().enumerate() {
        if finding.position.is_some() {
            continue;
        }
        let split = match shape {
            Shape::Object => Some((0, finding.pointer.as_str())),
            Shape::List => split_index(&finding.pointer),
        };
        if let Some((entry, place)) = split {
            wanted
                .entry(entry)
                .or_default()
                .push((number, place.to_owned()));
        }
    }
    let Some(last) = wanted.keys().next_back().copied() else {
        return;
    };
    let mut elements = Elements::new(input, shape);
    let ignore = |bytes: &[u8]| {
        let mut deserializer = Deserializer::from_slice(bytes);
        IgnoredAny::deserialize(&mut deserializer)?;
        Ok(((), deserializer.into_iter::<IgnoredAny>().byte_offset()))
    };
    if elements.skip_byte_order_mark().is_err() {
        return;
    }
    for entry in 0..=last {
        // What cannot be read is a finding of its own, with a place of its own.
        if !matches!(elements.next(ignore), Ok(Some(()))) {
            return;
        }
        let Some(places) = wanted.remove(&entry) else {
            continue;
        };
        let (text, offset) = elements.last();
        let ranges = ranges(text, places.iter().map(|(_, place)| place.as_str()));
        for ((number, _), range) in places.iter().zip(ranges) {
            let (start, end) = range.unwrap_or((0, text.len()));
            findings[*number].position =
                Some(Position::at(offset + start as u64, offset + end as u64));
        }
    }
}

/// Splits `/12/tasks/0` into 12 and `/tasks/0`.
fn split_index(pointer: &str) -> Option<(usize, &str)> {
    let pointer = pointer.strip_prefix('/')?;
    let end = pointer.find('/').unwrap_or(pointer.len());
    Some((pointer[..end].parse().ok()?, &pointer[end..]))
}

/// The bytes in an entry to which each of several JSON pointers leads.
fn ranges<'p>(text: &[u8], places: impl Iterator<Item = &'p str>) -> Vec<Option<(usize, usize)>> {
    let text = ascii_for_broken(text);
    let (text, _) = json::mend(&text);
    let parsed = std::str::from_utf8(&text).ok().and_then(|text| {
        let nothing = CollectOptions::default();
        parse_to_ast(text, &nothing, &ParseOptions::default()).ok()
    });
    let root = parsed.and_then(|it| it.value);
    // Objects are searched through once, not once for each finding.
    let mut members = HashMap::new();
    places
        .map(|place| {
            let range = follow(root.as_ref()?, place, &mut members)?.range();
            Some((range.start, range.end))
        })
        .collect()
}

/// A text of as many bytes, with a `?` for each that is not UTF-8.
fn ascii_for_broken(text: &[u8]) -> Cow<'_, [u8]> {
    if std::str::from_utf8(text).is_ok() {
        return text.into();
    }
    let mut whole = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        whole.extend_from_slice(chunk.valid().as_bytes());
        whole.extend(chunk.invalid().iter().map(|_| b'?'));
    }
    whole.into()
}

type Members<'v, 'a> = HashMap<usize, HashMap<&'v str, &'v Value<'a>>>;

fn follow<'v, 'a>(
    root: &'v Value<'a>,
    place: &str,
    members: &mut Members<'v, 'a>,
) -> Option<&'v Value<'a>> {
    let mut value = root;
    for step in place.split('/').skip(1) {
        value = match value {
            Value::Array(list) => list.elements.get(step.parse::<usize>().ok()?)?,
            Value::Object(object) => {
                // Of two keys the last one counts.
                let keys = members.entry(object.range.start).or_insert_with(|| {
                    let pairs = object.properties.iter();
                    pairs.map(|it| (it.name.as_str(), &it.value)).collect()
                });
                keys.get(step.replace("~1", "/").replace("~0", "~").as_str())?
            }
            _ => return None,
        };
    }
    Some(value)
}

/// Finds the lines and columns of bytes.
fn lines(input: impl Read, findings: &mut [Finding]) -> io::Result<()> {
    let mut positions: Vec<&mut Position> = findings
        .iter_mut()
        .filter_map(|it| it.position.as_mut())
        .collect();
    positions.sort_by_key(|it| it.start);
    let mut input = BufReader::with_capacity(1 << 16, input);
    let (mut line, mut column, mut offset) = (1, 1, 0);
    let mut text = Vec::new();
    for position in positions {
        while offset < position.start {
            text.clear();
            let most = (position.start - offset).min(1 << 16);
            if (&mut input).take(most).read_to_end(&mut text)? == 0 {
                break;
            }
            offset += text.len() as u64;
            let behind = match text.iter().rposition(|it| *it == b'\n') {
                Some(newline) => {
                    line += text.iter().filter(|it| **it == b'\n').count() as u64;
                    column = 1;
                    &text[newline + 1..]
                }
                None => &text[..],
            };
            // Every byte but those inside a character starts one.
            let characters = behind.iter().filter(|it| **it & 0xc0 != 0x80).count();
            column += characters as u64;
        }
        (position.line, position.column) = (line, column);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::Code;
    use std::io::Cursor;

    fn positions(text: &str, shape: Shape, pointers: &[&str]) -> Vec<(u64, u64, String)> {
        let finding = |pointer: &&str| Finding {
            code: Code::Null,
            severity: super::super::Severity::Error,
            file: "f".into(),
            pointer: (*pointer).to_owned(),
            message: String::new(),
            expected: None,
            effect: String::new(),
            help: String::new(),
            position: None,
        };
        let mut findings: Vec<_> = pointers.iter().map(finding).collect();
        locate(Cursor::new(text), shape, &mut findings).unwrap();
        findings
            .iter()
            .map(|it| it.position.unwrap())
            .map(|it| {
                let range = usize::try_from(it.start).unwrap()..usize::try_from(it.end).unwrap();
                (it.line, it.column, text[range].to_owned())
            })
            .collect()
    }

    #[test]
    fn pointers_lead_to_lines_and_columns() {
        let text = "[\n  {\"näme\": \"ä\", \"b/c\": [1,\n 2]},\n  {\"x\": null, \"x\": 7}\n]";
        assert_eq!(
            positions(text, Shape::List, &["/1/x", "/0/b~1c/1", "/0/näme", "/1"]),
            [
                (4, 20, "7".into()),
                (3, 2, "2".into()),
                (2, 12, "\"ä\"".into()),
                (4, 3, "{\"x\": null, \"x\": 7}".into()),
            ]
        );
        assert_eq!(
            positions(" {\"a\": {\"b\": null}}", Shape::Object, &["/a/b", ""]),
            [
                (1, 14, "null".into()),
                (1, 2, "{\"a\": {\"b\": null}}".into())
            ]
        );
    }

    #[test]
    fn a_place_that_is_gone_is_its_entry() {
        assert_eq!(
            positions("[{\"a\": 1}]", Shape::List, &["/0/b"]),
            [(1, 2, "{\"a\": 1}".into())]
        );
    }
}
