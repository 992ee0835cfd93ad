//! Checks a document in which a program or folder tells what a tracker holds.

use std::fs;
use std::io::{Cursor, Read};

use serde_json::Value;
use watchtower_model::format::Shape;
use watchtower_model::json::{self, Oddity};
use watchtower_model::tracker::{self, Objection, ObjectionKind, TrackerDocument};
use watchtower_model::{ProjectList, ProjectSnapshot};

use super::check::Findings;
use super::finding::{Finding, Position, Severity};
use super::{Code, Options, locate};

/// The document that the options name, as in `tracker/project`.
pub(super) fn chosen(options: &Options) -> Option<&'static TrackerDocument> {
    tracker::document(options.document.as_deref()?.strip_prefix("tracker/")?)
}

/// Checks a document; answers its text, in which findings can be located.
pub(super) fn check(
    document: &TrackerDocument,
    file: &mut fs::File,
    options: &Options,
    findings: &mut Findings<'_>,
) -> Vec<u8> {
    let mut text = Vec::new();
    if let Err(error) = file.read_to_end(&mut text) {
        let message = format!("the file cannot be read: {error}");
        findings.add(Code::Unreadable, "", message);
        return Vec::new();
    }
    let mark = text.starts_with(b"\xef\xbb\xbf");
    // Blanks in its place keep what follows where it is.
    if mark {
        text[..3].fill(b' ');
    }
    let (mended, odd) = json::mend(&text);
    let value: Value = match serde_json::from_slice(&mended) {
        Ok(value) => value,
        Err(error) => {
            let (code, offset, message) = match error.is_eof() {
                true => (
                    Code::Truncated,
                    text.len(),
                    "the file ends before its document does".to_owned(),
                ),
                false => {
                    let flaw = json::flaw(&mended, &error);
                    let code = match error.to_string().starts_with("trailing characters") {
                        true => Code::TrailingText,
                        false => Code::NotJson,
                    };
                    (code, flaw.offset, flaw.message)
                }
            };
            push(findings, code, |finding| {
                finding.message = message;
                finding.position = Some(Position::at(offset as u64, offset as u64 + 1));
            });
            return mended.into_owned();
        }
    };
    let objections = tracker::judge(document, &value, &mended, &odd);
    let is_readable = objections.iter().all(Objection::is_harmless);
    for it in objections {
        if !it.is_harmless() || options.strict || it.nearest.is_some() {
            add(findings, it);
        }
    }
    if is_readable && let Some(reason) = unread(document, &mended) {
        push(findings, Code::SchemaViolation, |finding| {
            finding.message = reason;
        });
    }
    mended.into_owned()
}

/// Why a document cannot be read that the schema takes: an id that cannot name a folder, a key that is
/// there twice.
fn unread(document: &TrackerDocument, text: &[u8]) -> Option<String> {
    let read = match document.name {
        "project_list" => serde_json::from_slice::<ProjectList>(text).map(drop),
        _ => serde_json::from_slice::<ProjectSnapshot>(text).map(drop),
    };
    let reason = read.err()?.to_string();
    let reason = reason.split(" at line ").next().unwrap_or_default();
    Some(match reason.strip_prefix("duplicate field ") {
        Some(key) => format!("the key {key} is there twice"),
        None => reason.to_owned(),
    })
}

fn add(findings: &mut Findings<'_>, objection: Objection) {
    let code = match objection.kind {
        ObjectionKind::MissingKey => Code::MissingKey,
        ObjectionKind::Null => Code::Null,
        ObjectionKind::Malformed if objection.found.ends_with("is empty") => Code::EmptyId,
        ObjectionKind::KeyTwice => Code::DuplicateKey,
        ObjectionKind::NotAFileName => Code::SchemaViolation,
        ObjectionKind::OutOfRange => Code::OutOfRange,
        ObjectionKind::Odd(Oddity::NotANumber) => Code::NotANumber,
        ObjectionKind::Odd(Oddity::NumberOutOfRange) => Code::NumberOutOfRange,
        ObjectionKind::Odd(Oddity::LoneSurrogate) => Code::LoneSurrogate,
        ObjectionKind::Odd(Oddity::NestedTooDeep) => Code::NestedTooDeep,
        ObjectionKind::UnknownKey => Code::UnknownKey,
        _ => Code::WrongType,
    };
    push(findings, code, |finding| {
        finding.message = format!("{}: {}", objection.subject, objection.found);
        finding.pointer = objection.pointer;
        finding.expected = objection.expected;
        match (&objection.nearest, code) {
            (Some(nearest), _) => finding.help = format!("Write `{nearest}`, if that is meant."),
            (None, Code::UnknownKey) => {
                finding.help = "Leave it out, or put it into `data` of a shot.".to_owned();
            }
            (None, _) => {}
        }
    });
}

fn push(findings: &mut Findings<'_>, code: Code, fill: impl FnOnce(&mut Finding)) {
    let (severity, effect) = match code {
        Code::UnknownKey => (
            Severity::Warning,
            "Nobody reads it: what it says is not exported.",
        ),
        _ => (
            Severity::Error,
            "The document is refused: nothing of it is exported.",
        ),
    };
    findings.push(code, severity, |finding| {
        effect.clone_into(&mut finding.effect);
        finding.help = "`watchtower schema show` prints what every document may have.".to_owned();
        fill(finding);
    });
}

/// Finds the lines of findings.
pub(super) fn locate(text: &[u8], findings: &mut [Finding]) {
    // Memory can be read.
    let _ = locate::locate(Cursor::new(text), Shape::Object, findings);
}
