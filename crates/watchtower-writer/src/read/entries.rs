//! The entries of a document, one by one.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Deserializer, Value};
use watchtower_model::format::Document;

use super::fields::Fields;
use crate::validate::{Broken, Elements, objection};

/// Hands out the elements of a list, or the one object. What is no object, or is refused although its
/// grammar is right, is the reason why.
///
/// # Errors
///
/// Why the document cannot be read further.
pub(super) fn read(
    document: &'static Document,
    file: File,
    take: &mut dyn FnMut(Result<Fields, String>),
) -> Result<(), String> {
    let broken = |broken: Broken| match broken {
        Broken::Syntax { message, .. } => message,
        Broken::Io(error) => error.to_string(),
    };
    let mut elements = Elements::new(file, document.shape);
    elements.skip_byte_order_mark().map_err(broken)?;
    while let Some(value) = elements.next(parse).map_err(broken)? {
        let value = match value {
            Some(value) => Ok(value),
            // Browsers read what is not UTF-8 as replacement characters.
            None => serde_json::from_str(&String::from_utf8_lossy(elements.last().0))
                .map_err(|error| objection(&error).1.to_owned()),
        };
        take(value.and_then(|it| Fields::of(it).ok_or_else(|| "it is no object".to_owned())));
    }
    Ok(())
}

/// Reads a value, or only finds its end if it is refused; answers its length too.
fn parse(bytes: &[u8]) -> serde_json::Result<(Option<Value>, usize)> {
    let mut deserializer = Deserializer::from_slice(bytes);
    let value = match Value::deserialize(&mut deserializer) {
        Err(error) if error.is_eof() => return Err(error),
        Err(_) => {
            deserializer = Deserializer::from_slice(bytes);
            IgnoredAny::deserialize(&mut deserializer)?;
            None
        }
        Ok(value) => Some(value),
    };
    let length = deserializer.into_iter::<IgnoredAny>().byte_offset();
    Ok((value, length))
}

/// Whether a document says nothing: it has no text, or is `null`, `{}` or `[]`.
pub(super) fn is_empty(path: &Path) -> bool {
    // Opening a pipe would wait for somebody to write to it.
    path.is_file() && File::open(path).is_ok_and(|it| is_file_empty(&it))
}

/// The same of a file, which is read from its start again.
pub(super) fn is_file_empty(mut file: &File) -> bool {
    // Nothing longer is empty but for spaces.
    const LONGEST: u64 = 1 << 10;
    let mut text = String::new();
    let read = file.take(LONGEST).read_to_string(&mut text);
    let is_rewound = file.rewind().is_ok();
    let text: String = text.split_whitespace().collect();
    let is_empty = ["", "null", "{}", "[]"].contains(&text.trim_start_matches('\u{feff}'));
    read.is_ok() && is_rewound && is_empty
}
