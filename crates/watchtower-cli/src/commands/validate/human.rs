//! Findings for people.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

use annotate_snippets::renderer::DEFAULT_LINE_NUM_STYLE;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use indexmap::IndexMap;
use indicatif::HumanCount;
use watchtower_writer::validate::{Code, Finding, Position, Report, Severity, with_slashes};

use super::printable;
use super::source::{Excerpt, Sources};
use crate::own_name::own_name;

/// How many findings of one kind in one file are shown before the others are folded.
const SHOWN: usize = 3;

/// Draws with colours, which are taken out again where they are not wanted. Excerpts are short, so that
/// nothing is left to cut.
const RENDERER: Renderer = Renderer::styled().term_width(1000);

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

/// What findings have in common that are counted together.
type Kind<'a> = (&'a Path, Code, Severity);

pub(super) fn write(
    out: &mut impl Write,
    report: &Report,
    sources: &Sources,
    detail: Detail,
) -> io::Result<()> {
    // Findings of one kind that differ in what they do, as missing keys do, are folded apart.
    let mut folds: IndexMap<(Kind<'_>, &str), Vec<&Finding>> = IndexMap::new();
    for it in &report.findings {
        if detail.shows(it.severity) {
            let kind = (it.file.as_path(), it.code, it.severity);
            folds.entry((kind, &it.effect)).or_default().push(it);
        }
    }
    let last_folds: HashMap<Kind<'_>, usize> = folds.keys().map(|it| it.0).zip(0..).collect();
    let mut left_out = vec![0; folds.len()];
    let mut unseen = 0;
    for it in &report.left_out {
        if detail.shows(it.severity) {
            match last_folds.get(&(it.file.as_path(), it.code, it.severity)) {
                Some(index) => left_out[*index] += it.count,
                None => unseen += it.count,
            }
        }
    }
    for (findings, left_out) in folds.values().zip(left_out) {
        let shown = match detail {
            Detail::Everything => findings.len(),
            _ => findings.len().min(SHOWN),
        };
        let mut previous = None;
        for (index, finding) in findings[..shown].iter().enumerate() {
            let is_last = index + 1 == shown;
            let more = if is_last {
                findings.len() - shown + left_out
            } else {
                0
            };
            draw(out, finding, previous, more, sources)?;
            previous = Some(*finding);
        }
    }
    if unseen > 0 {
        let unseen = HumanCount(unseen as u64);
        writeln!(out, "and {unseen} more; `--max-findings` shows more")?;
    }
    if let Some((((_, code, _), _), _)) = folds.first() {
        let name = own_name();
        writeln!(out, "`{name} explain {code}` says more about a code")?;
    }
    Ok(())
}

/// Draws a finding. What it means and how to mend it is not repeated from the previous one of its
/// kind.
fn draw(
    out: &mut impl Write,
    finding: &Finding,
    previous: Option<&Finding>,
    more: usize,
    sources: &Sources,
) -> io::Result<()> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(printable(&finding.message))
        .id(finding.code.to_string());
    let mut group = Group::with_title(title);
    let expected = finding.expected.as_ref().map(|it| format!("expected {it}"));
    let mut expected = expected.map(|it| printable(&it).into_owned());
    let mut place = printable(&with_slashes(&finding.file)).into_owned();
    let mut gutter = 0;
    if let Some(position) = finding.position {
        let Position { line, column, .. } = position;
        place.push_str(&format!(":{line}:{column}"));
        if let Some(Excerpt { text, span }) = sources.excerpt(&finding.file, position) {
            let line = usize::try_from(line).unwrap_or(usize::MAX);
            gutter = (line + text.lines().count().saturating_sub(1))
                .to_string()
                .len();
            let annotation = AnnotationKind::Primary.span(span).label(expected.take());
            let snippet = Snippet::source(text)
                .line_start(line)
                .fold(false)
                .annotation(annotation);
            group = group.element(snippet);
        }
    }
    if let Some(expected) = expected {
        group = group.element(Level::NOTE.message(expected));
    }
    if !finding.pointer.is_empty() {
        let pointer = printable(&finding.pointer);
        group = group.element(Level::NOTE.with_name("place").message(pointer));
    }
    if previous.is_none_or(|it| it.effect != finding.effect) {
        group = group.element(Level::NOTE.message(printable(&finding.effect)));
    }
    if previous.is_none_or(|it| it.help != finding.help) {
        group = group.element(Level::HELP.message(printable(&finding.help)));
    }
    if more > 0 {
        let more = format!(
            "and {} more {} in this file",
            HumanCount(more as u64),
            finding.code
        );
        group = group.element(Level::NOTE.no_name().message(more));
    }

    let drawn = RENDERER.render(&[group]);
    // The renderer would count columns in the excerpt, not in the file.
    let (title, rest) = drawn.split_once('\n').unwrap_or((&drawn, ""));
    let arrow = DEFAULT_LINE_NUM_STYLE;
    writeln!(
        out,
        "{title}\n{:gutter$}{arrow}-->{arrow:#} {place}\n{rest}\n",
        ""
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_is_in_a_file_can_be_drawn(
            text in "[a\\PC\\pC\\p{Cf}\\p{M}\r\n\t\u{1b}\u{9b}漢🎬]{0,300}",
            ends in (0..400_u64, 0..400_u64),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("shots.json");
            std::fs::write(&file, &text).unwrap();
            let finding = Finding {
                code: Code::Null,
                severity: Severity::Error,
                file,
                pointer: text.clone(),
                message: text.clone(),
                expected: Some(text.clone()),
                effect: text.clone(),
                help: text.clone(),
                position: Some(Position {
                    line: 9,
                    column: 7,
                    start: ends.0.min(ends.1),
                    end: ends.0.max(ends.1),
                }),
            };
            let report = Report { findings: vec![finding], ..Report::default() };
            let mut out = Vec::new();
            write(&mut out, &report, &Sources::default(), Detail::Folded).unwrap();
            let out = String::from_utf8(out).unwrap();
            let plain = anstream::adapter::strip_str(&out).to_string();
            let plain = plain.replace('\n', "");
            prop_assert_eq!(printable(&plain), plain.as_str());
        }
    }
}
