//! Says whether the web client takes a set of files, and if not, what to change in which of them.
//!
//! A [`Finding`] is data: a stable [`Code`], a [`Severity`], the file and the place in it, what was
//! found and what to do. An error is what makes the page, or a part of it, not work; a warning is
//! what it shows wrongly; extras that do no harm are silent.
//!
//! ```
//! use std::path::Path;
//! use watchtower_model::format::Format;
//! use watchtower_writer::validate::{self, Code, Options, Severity};
//!
//! let sequences = Format::V0.document("sequences").unwrap();
//! let text = br#"[{"id": "sq1", "name": null}]"#;
//! let findings = validate::document(sequences, Path::new("sequences.json"), &text[..], &Options::default());
//! assert_eq!(findings[0].code, Code::Null);
//! assert_eq!(findings[0].severity, Severity::Error);
//! assert_eq!(findings[0].pointer, "/0/name");
//! ```

mod code;
mod contract;
mod elements;
mod finding;
mod schema;

use std::io::Read;
use std::path::Path;

use serde_json::{Deserializer, Value};
use watchtower_model::format::{Document, Shape};

pub use code::{Code, Explanation, UnknownCode};
pub use finding::{Finding, Position, Severity};

use elements::{Broken, Elements};

/// What is checked, and how closely.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether keys are reported that no document has. The client does not mind them, but one may be
    /// misspelt.
    pub strict: bool,
    /// Whether pictures and movies are looked at.
    pub media: bool,
}

/// Extras are silent, media are looked at.
impl Default for Options {
    fn default() -> Self {
        Self {
            strict: false,
            media: true,
        }
    }
}

/// Checks the text of one document against its schema. `file` is what the findings name.
///
/// Ids that other documents define are not looked for.
pub fn document(
    document: &'static Document,
    file: &Path,
    input: impl Read,
    options: &Options,
) -> Vec<Finding> {
    let _ = options;
    let mut findings = Vec::new();
    let mut elements = Elements::new(input, document.shape);
    let parse = |bytes: &[u8]| {
        let mut stream = Deserializer::from_slice(bytes).into_iter::<Value>();
        match stream.next() {
            Some(value) => Ok((value?, stream.byte_offset())),
            None => unreachable!("the bytes start with a value"),
        }
    };
    let finding = |code: Code, pointer: String, message: String| Finding {
        code,
        severity: code.explanation().severity,
        file: file.to_owned(),
        pointer,
        message,
        expected: None,
        effect: code.explanation().why.to_owned(),
        help: code.explanation().mend.to_owned(),
        position: None,
    };
    match elements.skip_byte_order_mark() {
        Ok(false) => {}
        Ok(true) => findings.push(finding(
            Code::ByteOrderMark,
            String::new(),
            "the file starts with a byte order mark".to_owned(),
        )),
        Err(_) => {}
    }
    for index in 0.. {
        let entry = match elements.next(parse) {
            Ok(Some(entry)) => entry,
            Ok(None) => break,
            Err(Broken::Syntax { code, message, .. }) => {
                findings.push(finding(code, String::new(), message));
                break;
            }
            Err(Broken::Io(error)) => {
                let message = format!("the file cannot be read: {error}");
                findings.push(finding(Code::Truncated, String::new(), message));
                break;
            }
        };
        for violation in schema::violations(document, &entry) {
            let pointer = match document.shape {
                Shape::List => format!("/{index}{}", violation.pointer),
                Shape::Object => violation.pointer,
            };
            findings.push(Finding {
                severity: violation.severity,
                expected: violation.expected,
                effect: violation.effect.to_owned(),
                ..finding(violation.code, pointer, violation.message)
            });
        }
    }
    findings
}
