//! Findings for people.

use std::io::{self, Write};
use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use indexmap::IndexMap;
use indicatif::HumanCount;
use watchtower_writer::validate::{Code, Finding, Report, Severity};

use super::printable;
use super::source::{Excerpt, Sources};

/// How many findings of one kind in one file are shown before the others are folded.
const SHOWN: usize = 3;

/// How much is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Only what makes validation fail.
    Failures { denies_warnings: bool },
    /// The first few of each kind in each file.
    Folded,
    /// Every finding that the report has.
    Everything,
}

impl Detail {
    fn shows(self, severity: Severity) -> bool {
        match self {
            Self::Failures { denies_warnings } => severity == Severity::Error || denies_warnings,
            _ => true,
        }
    }
}

/// Findings that are folded together.
type Kind<'a> = (&'a Path, Code, Severity);

pub(super) fn write(
    out: &mut impl Write,
    report: &Report,
    sources: &Sources,
    detail: Detail,
) -> io::Result<()> {
    let mut kinds: IndexMap<Kind<'_>, (Vec<&Finding>, usize)> = IndexMap::new();
    for it in report
        .findings
        .iter()
        .filter(|it| detail.shows(it.severity))
    {
        let kind = kinds.entry((&it.file, it.code, it.severity)).or_default();
        kind.0.push(it);
    }
    // Kinds of which none is shown, because there are too many findings.
    let (mut unseen, mut unseen_files) = (0, 0);
    for it in report
        .left_out
        .iter()
        .filter(|it| detail.shows(it.severity))
    {
        match kinds.get_mut(&(it.file.as_path(), it.code, it.severity)) {
            Some((_, left_out)) => *left_out += it.count,
            None => {
                unseen += it.count;
                unseen_files += 1;
            }
        }
    }
    let _ = unseen_files;
    let renderer = Renderer::styled().term_width(1000);
    for (findings, left_out) in kinds.values() {
        let shown = match detail {
            Detail::Everything => findings.len(),
            _ => findings.len().min(SHOWN),
        };
        let more = findings.len() - shown + left_out;
        let mut previous = None;
        for (index, finding) in findings[..shown].iter().enumerate() {
            let more = if index + 1 == shown { more } else { 0 };
            let group = group(finding, previous, more, sources);
            writeln!(out, "{}\n", renderer.render(&[group]))?;
            previous = Some(*finding);
        }
    }
    if unseen > 0 {
        writeln!(
            out,
            "and {} more; `--max-findings` shows more",
            HumanCount(unseen as u64)
        )?;
    }
    if let Some(((_, code, _), _)) = kinds.first() {
        writeln!(out, "`watchtower explain {code}` says more about a code")?;
    }
    Ok(())
}

/// A finding as it is drawn. What it means and how to mend it is not repeated from the previous one
/// of its kind.
fn group<'a>(
    finding: &'a Finding,
    previous: Option<&Finding>,
    more: usize,
    sources: &Sources,
) -> Group<'a> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(printable(&finding.message))
        .id(finding.code.to_string());
    let mut group = Group::with_title(title);

    let path = printable(&finding.file.to_string_lossy()).into_owned();
    let expected = finding.expected.as_ref().map(|it| format!("expected {it}"));
    let mut expected = expected.map(|it| printable(&it).into_owned());
    let mut origin = Origin::path(path);
    if let Some(position) = finding.position {
        let number = |it: u64| usize::try_from(it).unwrap_or(usize::MAX);
        origin = origin
            .line(number(position.line))
            .char_column(number(position.column));
        group = group.element(origin);
        if let Some(Excerpt { text, span }) = sources.excerpt(&finding.file, position) {
            let annotation = AnnotationKind::Primary.span(span).label(expected.take());
            let snippet = Snippet::source(text)
                .line_start(number(position.line))
                .fold(false)
                .annotation(annotation);
            group = group.element(snippet);
        }
    } else {
        group = group.element(origin);
    }
    if let Some(expected) = expected {
        group = group.element(Level::NOTE.message(expected));
    }
    if !finding.pointer.is_empty() {
        let place = printable(&finding.pointer);
        group = group.element(Level::NOTE.with_name("place").message(place));
    }
    if previous.is_none_or(|it| it.effect != finding.effect) {
        group = group.element(Level::NOTE.message(printable(&finding.effect)));
    }
    if previous.is_none_or(|it| it.help != finding.help) {
        group = group.element(Level::HELP.message(printable(&finding.help)));
    }
    if more > 0 {
        let more = format!(
            "and {} more of this kind in this file",
            HumanCount(more as u64)
        );
        group = group.element(Level::NOTE.no_name().message(more));
    }
    group
}
