//! Checks one document: reads it value by value, judges each, and says what is wrong where.

use std::collections::{BTreeMap, HashSet};
use std::io::Read;
use std::path::Path;
use std::sync::{LazyLock, OnceLock};

use serde::de::{DeserializeSeed, IgnoredAny};
use serde_json::{Deserializer, Value};
use watchtower_model::format::{self, DOCUMENTS, Document};
use watchtower_model::json::{self, Oddity};

use super::elements::{Broken, Elements};
use super::finding::{Finding, LeftOut, Position, Severity};
use super::media::Media;
use super::rules::{Known, Problem, Rules};
use super::shape::{Facts, Reading, Shape, push_key};
use super::{Code, Options, contract, role, schema, text};

/// The shape of a document's entries, compiled once.
pub(super) fn shape(document: &Document) -> &'static Shape {
    static COMPILED: LazyLock<Vec<OnceLock<Shape>>> =
        LazyLock::new(|| DOCUMENTS.iter().map(|_| OnceLock::new()).collect());
    COMPILED[schema::row(document)].get_or_init(|| Shape::of(document))
}

/// The findings about one file: so many of each code, the others counted.
pub(super) struct Findings<'a> {
    file: &'a Path,
    limit: usize,
    /// Codes that are only counted.
    allow: &'a [Code],
    pub(super) kept: Vec<Finding>,
    /// How many there are of each code and severity.
    counts: BTreeMap<(Code, Severity), usize>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(file: &'a Path, limit: usize, allow: &'a [Code]) -> Self {
        Self {
            file,
            limit,
            allow,
            kept: Vec::new(),
            counts: BTreeMap::new(),
        }
    }

    /// Adds a finding of which nothing is known but its code.
    pub(super) fn add(&mut self, code: Code, pointer: &str, message: impl Into<String>) {
        self.push(code, code.explanation().severity, |finding| {
            pointer.clone_into(&mut finding.pointer);
            finding.message = message.into();
        });
    }

    /// Adds a finding; what is known of it is filled in only if it is kept.
    pub(super) fn push(&mut self, code: Code, severity: Severity, fill: impl FnOnce(&mut Finding)) {
        let limit = self.limit(code);
        let count = self.counts.entry((code, severity)).or_default();
        *count += 1;
        if *count > limit {
            return;
        }
        let explanation = code.explanation();
        let mut finding = Finding {
            code,
            severity,
            file: self.file.to_owned(),
            pointer: String::new(),
            message: String::new(),
            expected: None,
            effect: explanation.why.to_owned(),
            help: explanation.mend.to_owned(),
            position: None,
        };
        fill(&mut finding);
        self.kept.push(finding);
    }

    /// How many findings of a code are kept.
    fn limit(&self, code: Code) -> usize {
        if self.allow.contains(&code) {
            0
        } else {
            self.limit
        }
    }

    /// How many findings were not kept, by code and severity.
    pub(super) fn left_out(&self) -> impl Iterator<Item = LeftOut> {
        self.counts
            .iter()
            .filter_map(|(&(code, severity), &count)| {
                let count = count.saturating_sub(self.limit(code));
                (count > 0).then(|| LeftOut {
                    file: self.file.to_owned(),
                    code,
                    severity,
                    count,
                })
            })
    }

    /// Whether further findings of this code would only be counted.
    fn is_full(&self, code: Code) -> bool {
        let severity = code.explanation().severity;
        let count = self.counts.get(&(code, severity));
        count.copied().unwrap_or_default() >= self.limit(code)
    }

    fn count(&mut self, code: Code) {
        *self
            .counts
            .entry((code, code.explanation().severity))
            .or_default() += 1;
    }
}

/// What came out of a document.
pub(super) struct Outcome {
    /// What the document says to others.
    pub(super) learned: Known,
    /// How many entries it has.
    pub(super) entries: usize,
    /// How many bytes were read.
    pub(super) bytes: u64,
}

/// What a document is checked against.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub(super) known: &'a Known,
    /// The project's folder, by name.
    pub(super) folder: Option<&'a str>,
    /// Where media are looked for, if they are.
    pub(super) layout: Option<&'a super::layout::Layout>,
    /// Whether ids are followed, within the document and out of it.
    pub(super) follow: bool,
}

/// Checks a document.
pub(super) fn check(
    document: &'static Document,
    input: impl Read,
    around: Surroundings<'_>,
    options: &Options,
    findings: &mut Findings<'_>,
) -> Outcome {
    let media = around.layout.filter(|_| options.media).map(Media::new);
    let mut check = Check {
        document,
        shape: shape(document),
        strict: options.strict,
        rules: Rules::new(document, around.known, media, around.folder, around.follow),
        facts: Facts::default(),
        problems: Vec::new(),
    };
    let mut elements = Elements::new(input, document.shape);
    let outcome = check.entries(&mut elements, findings);
    if outcome.is_ok() && elements.count() == 0 && role::holds_edits(document) {
        findings.add(Code::NoEdit, "", "there is no edit");
    }
    if let Err(broken) = outcome {
        check.rules.lose();
        match broken {
            Broken::Syntax {
                code,
                offset,
                message,
            } => {
                findings.push(code, code.explanation().severity, |finding| {
                    finding.message = message;
                    finding.position = Some(Position::at(offset, offset + 1));
                });
            }
            Broken::Io(error) => {
                findings.add(
                    Code::Unreadable,
                    "",
                    format!("the file cannot be read: {error}"),
                );
            }
        }
    }
    let (overlaps, learned) = check.rules.finish();
    for overlap in overlaps {
        if findings.is_full(Code::Overlap) {
            findings.count(Code::Overlap);
            continue;
        }
        let pointer = format!("/{}/startFrame", overlap.entry());
        findings.add(Code::Overlap, &pointer, overlap.message());
    }
    Outcome {
        learned,
        entries: elements.count(),
        bytes: elements.offset(),
    }
}

struct Check<'a> {
    document: &'static Document,
    shape: &'static Shape,
    strict: bool,
    rules: Rules<'a>,
    facts: Facts,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn entries(
        &mut self,
        elements: &mut Elements<impl Read>,
        findings: &mut Findings<'_>,
    ) -> Result<(), Broken> {
        if elements.skip_byte_order_mark()? {
            let message = "the file starts with a byte order mark";
            findings.push(Code::ByteOrderMark, Severity::Warning, |finding| {
                finding.message = message.to_owned();
                finding.position = Some(Position::at(0, 3));
            });
        }
        while let Some(taken) = elements.next(|bytes| self.read(bytes))? {
            let entry = elements.count() - 1;
            let (bytes, offset) = elements.last();
            if taken {
                self.rules.entry(entry, &self.facts, &mut self.problems);
                if !self.problems.is_empty() {
                    self.report(entry, bytes, findings);
                }
            } else {
                self.judge(entry, bytes, offset, findings);
            }
            self.problems.clear();
        }
        Ok(())
    }

    /// Reads a value; answers whether it was taken, and its length.
    fn read(&mut self, bytes: &[u8]) -> serde_json::Result<(bool, usize)> {
        self.facts.clear();
        let mut deserializer = Deserializer::from_slice(bytes);
        let reading = Reading {
            shape: self.shape,
            facts: &mut self.facts,
            strict: self.strict,
        };
        match reading.deserialize(&mut deserializer) {
            Ok(_) => Ok((true, offset(deserializer))),
            Err(error) if error.is_eof() => Err(error),
            Err(_) => {
                // Only the grammar counts here, as it does in browsers.
                let mut deserializer = Deserializer::from_slice(bytes);
                <IgnoredAny as serde::Deserialize>::deserialize(&mut deserializer)?;
                Ok((false, offset(deserializer)))
            }
        }
    }

    /// The pointer to an entry.
    fn pointer(&self, entry: usize) -> String {
        match self.document.shape {
            format::Shape::List => format!("/{entry}"),
            format::Shape::Object => String::new(),
        }
    }

    /// Says what the rules found in an entry that the schema takes.
    fn report(&mut self, entry: usize, bytes: &[u8], findings: &mut Findings<'_>) {
        if self.problems.iter().all(|it| findings.is_full(it.code)) {
            for problem in &self.problems {
                findings.count(problem.code);
            }
            return;
        }
        if let Ok(value) = serde_json::from_slice(bytes) {
            let mut pointers = Vec::new();
            self.facts.clear();
            self.shape
                .gather(&value, &mut String::new(), &mut self.facts, &mut pointers);
            self.tell(entry, &value, &pointers, findings);
        }
    }

    /// Says what the rules found.
    fn tell(&self, entry: usize, value: &Value, pointers: &[String], findings: &mut Findings<'_>) {
        for problem in &self.problems {
            let inside = pointers.get(problem.fact).map_or("", String::as_str);
            findings.push(
                problem.code,
                problem.code.explanation().severity,
                |finding| {
                    finding.pointer = format!("{}{inside}", self.pointer(entry));
                    let found = value.pointer(inside).map(schema::quote).unwrap_or_default();
                    finding.message = problem.message.replace("{}", &found);
                    finding.expected = problem.expected.clone();
                },
            );
        }
    }

    /// Judges an entry by its schema.
    fn judge(&mut self, entry: usize, bytes: &[u8], offset: u64, findings: &mut Findings<'_>) {
        let base = self.pointer(entry);
        if let Err(error) = std::str::from_utf8(bytes) {
            let at = offset + error.valid_up_to() as u64;
            let length = error.error_len().unwrap_or(1) as u64;
            findings.push(Code::NotUtf8, Severity::Warning, |finding| {
                finding.pointer.clone_from(&base);
                finding.message = "the text is not UTF-8 here".to_owned();
                finding.position = Some(Position::at(at, at + length));
            });
        }
        let text = String::from_utf8_lossy(bytes);
        let (text, odd) = json::mend(text.as_bytes());
        for it in &odd {
            let (code, message) = text::odd(it.oddity);
            findings.add(code, &format!("{base}{}", it.pointer), message);
        }
        let text = String::from_utf8_lossy(&text);
        let careful = match text::read(&text, self.shape, self.strict) {
            Ok(careful) => careful,
            Err(error) => {
                let (code, message) = text::objection(&error);
                findings.add(code, &base, message);
                self.rules.lose();
                return;
            }
        };
        for duplicate in &careful.duplicates {
            let message = "the key occurs twice, and the last one counts";
            findings.add(Code::DuplicateKey, &format!("{base}{duplicate}"), message);
        }
        for mut violation in schema::violations(self.document, &careful.value) {
            if let Some(it) = odd.iter().find(|it| it.pointer == violation.pointer)
                && it.oddity == Oddity::NumberOutOfRange
            {
                violation.message = format!("found `{}`", it.text);
            }
            findings.push(violation.code, violation.severity, |finding| {
                finding.pointer = format!("{base}{}", violation.pointer);
                finding.message = violation.message;
                finding.expected = violation.expected;
                violation.effect.clone_into(&mut finding.effect);
            });
        }
        if self.strict {
            self.unknown_keys(&careful.value, self.shape, &mut base.clone(), findings);
        }
        let mut pointers = Vec::new();
        self.facts.clear();
        self.shape.gather(
            &careful.value,
            &mut String::new(),
            &mut self.facts,
            &mut pointers,
        );
        let odd: HashSet<&str> = odd.iter().map(|it| &*it.pointer).collect();
        self.facts.forget(&mut pointers, |it| odd.contains(it));
        self.rules.entry(entry, &self.facts, &mut self.problems);
        self.tell(entry, &careful.value, &pointers, findings);
    }

    fn unknown_keys(
        &self,
        value: &Value,
        shape: &Shape,
        pointer: &mut String,
        findings: &mut Findings<'_>,
    ) {
        let length = pointer.len();
        match value {
            Value::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    if let Some(items) = shape.items() {
                        pointer.push_str(&format!("/{index}"));
                        self.unknown_keys(element, items, pointer, findings);
                        pointer.truncate(length);
                    }
                }
            }
            Value::Object(members) => {
                for (key, member) in members {
                    push_key(pointer, key);
                    if let Some(inside) = shape.key(key) {
                        self.unknown_keys(member, inside, pointer, findings);
                    } else if shape.is_closed() {
                        let code = Code::UnknownKey;
                        let (severity, effect) = contract::judge(self.document, "", code, false);
                        findings.push(code, severity, |finding| {
                            finding.pointer.clone_from(pointer);
                            finding.message =
                                format!("no document has the key `{}`", key.escape_debug());
                            effect.clone_into(&mut finding.effect);
                        });
                    }
                    pointer.truncate(length);
                }
            }
            _ => {}
        }
    }
}

/// How far a deserializer has read.
fn offset(deserializer: Deserializer<serde_json::de::SliceRead<'_>>) -> usize {
    deserializer.into_iter::<IgnoredAny>().byte_offset()
}
