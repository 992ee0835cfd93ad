//! What the checks found.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Scenario;
use super::checks::{CHECKS, Check};
use super::observe::{Observed, redact};
use crate::Error;

/// How many pieces of evidence a check names; the others are counted.
const MOST_EVIDENCE: usize = 10;

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// The tracker keeps to it.
    Passed {
        /// What could not be seen of it, where there is something.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// The tracker does not.
    Failed {
        /// What was found, each with the thing it is about.
        evidence: Vec<String>,
    },
    /// It could not be found out.
    Skipped {
        /// Why.
        because: String,
    },
}

/// A check with what it came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Row {
    /// The [`Check::id`].
    pub id: &'static str,
    /// What must be so.
    pub about: &'static str,
    /// What it means for an export when it is not.
    pub means: &'static str,
    /// What it came to.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What the checks found: a row for each, in the order of the table.
///
/// Printed, it is a table for people. No secret of the scenario is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[must_use]
pub struct Report {
    /// The tracker's name.
    pub tracker: String,
    /// A row for each check.
    pub checks: Vec<Row>,
}

impl Report {
    pub(super) fn of(observed: &Observed, scenario: &Scenario<'_>) -> Self {
        let row = |check: &'static Check| {
            let outcome = match (check.judge)(observed) {
                Ok(found) if found.against.is_empty() => Outcome::Passed { note: found.note },
                Ok(found) => failed(found.against, scenario),
                Err(because) => Outcome::Skipped {
                    because: redact(because, &scenario.secrets),
                },
            };
            Row::new(check, outcome)
        };
        Self {
            tracker: redact(observed.name(), &scenario.secrets),
            checks: CHECKS.iter().map(row).collect(),
        }
    }

    /// The report on a tracker that could not be made.
    pub(super) fn nothing(error: &Error, scenario: &Scenario<'_>) -> Self {
        let row = |check: &'static Check| {
            let outcome = match check.id {
                "answers" => failed(vec![error.to_string()], scenario),
                _ => Outcome::Skipped {
                    because: "no tracker could be made".to_owned(),
                },
            };
            Row::new(check, outcome)
        };
        Self {
            tracker: String::new(),
            checks: CHECKS.iter().map(row).collect(),
        }
    }

    /// The rows of checks that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Row> {
        let failed = |it: &&Row| matches!(it.outcome, Outcome::Failed { .. });
        self.checks.iter().filter(failed)
    }

    /// The rows of checks that were skipped.
    pub fn skipped(&self) -> impl Iterator<Item = &Row> {
        let skipped = |it: &&Row| matches!(it.outcome, Outcome::Skipped { .. });
        self.checks.iter().filter(skipped)
    }

    /// Whether no check failed.
    pub fn conforms(&self) -> bool {
        self.failed().next().is_none()
    }

    /// How many checks came to what, in a line.
    pub fn counts(&self) -> String {
        let (failed, skipped) = (self.failed().count(), self.skipped().count());
        let passed = self.checks.len() - failed - skipped;
        let tracker = &self.tracker;
        format!("{tracker}: {passed} passed, {failed} failed, {skipped} skipped")
    }

    /// For tests: demands that no check failed. Some may be skipped.
    ///
    /// # Panics
    ///
    /// When one did; the message says which, and what was found.
    #[track_caller]
    pub fn assert_conforms(&self) {
        self.demand(|_| true);
    }

    /// For tests: demands that no check failed, and that exactly these, by their ids, were skipped.
    ///
    /// # Panics
    ///
    /// When it is otherwise; the message says which, and what was found or why.
    #[track_caller]
    #[allow(clippy::panic)] // That is what a test wants.
    pub fn assert_conforms_but(&self, skipped: &[&str]) {
        for id in skipped {
            if !self.skipped().any(|it| it.id == *id) {
                panic!("the check `{id}` was not skipped, or there is none");
            }
        }
        self.demand(|it| skipped.contains(&it.id));
    }

    #[track_caller]
    #[allow(clippy::panic)] // That is what a test wants.
    fn demand(&self, may_skip: impl Fn(&Row) -> bool) {
        let bad = |it: &&Row| match it.outcome {
            Outcome::Passed { .. } => false,
            Outcome::Failed { .. } => true,
            Outcome::Skipped { .. } => !may_skip(it),
        };
        let bad: Vec<&Row> = self.checks.iter().filter(bad).collect();
        if !bad.is_empty() {
            let rows: String = bad.iter().map(ToString::to_string).collect();
            let tracker = &self.tracker;
            panic!("the tracker `{tracker}` does not keep its contract:\n{rows}");
        }
    }
}

fn failed(mut evidence: Vec<String>, scenario: &Scenario<'_>) -> Outcome {
    let more = evidence.len().saturating_sub(MOST_EVIDENCE);
    evidence.truncate(MOST_EVIDENCE);
    for text in &mut evidence {
        *text = redact(std::mem::take(text), &scenario.secrets);
    }
    if more > 0 {
        evidence.push(format!("and {more} more"));
    }
    Outcome::Failed { evidence }
}

impl Row {
    fn new(check: &Check, outcome: Outcome) -> Self {
        Self {
            id: check.id,
            about: check.about,
            means: check.means,
            outcome,
        }
    }
}

impl fmt::Display for Row {
    /// The row as one line, and below it what was found.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match &self.outcome {
            Outcome::Passed { .. } => "pass",
            Outcome::Failed { .. } => "FAIL",
            Outcome::Skipped { .. } => "skip",
        };
        writeln!(f, "{word}  {:<18} {}", self.id, self.about)?;
        match &self.outcome {
            Outcome::Passed { note: None } => Ok(()),
            Outcome::Passed { note: Some(note) } => writeln!(f, "      note: {note}"),
            Outcome::Skipped { because } => writeln!(f, "      because {because}"),
            Outcome::Failed { evidence } => {
                for found in evidence {
                    writeln!(f, "      found: {found}")?;
                }
                writeln!(f, "      means: {}", self.means)
            }
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.checks {
            row.fmt(f)?;
        }
        f.write_str(&self.counts())
    }
}
