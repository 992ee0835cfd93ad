//! What a check found: data, with nothing of a terminal in it.

use std::fmt;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::Code;

/// What a finding means for who looks at the page.
///
/// ```
/// use watchtower_writer::validate::Severity;
///
/// assert!(Severity::Error > Severity::Warning);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The page works, and shows something wrong.
    Warning,
    /// The page, or a part of it, does not work.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// Something in a file that the web client does not take, or shows wrongly.
///
/// Findings are ordered by file and by place in it, so that two runs on the same files list the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// What is wrong, as a stable code.
    pub code: Code,
    /// What it means for the page. It depends on the place: a colour that is `null` stops the client,
    /// a name that is `null` does not.
    pub severity: Severity,
    /// The file, as it was given or found. What in its name is not Unicode is written as a
    /// replacement character.
    #[serde(serialize_with = "in_unicode")]
    #[schemars(with = "String")]
    pub file: PathBuf,
    /// The place in the file as a JSON pointer, as in `/12/tasks/0/assignees`; empty for the whole.
    pub pointer: String,
    /// What was found, in a sentence.
    pub message: String,
    /// What was expected in its place, where that can be said shortly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What the web client makes of it.
    pub effect: String,
    /// How to mend it.
    pub help: String,
    /// Where the text stands that is at fault, where the file can be read again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

/// Findings that were counted and not kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct LeftOut {
    /// The file they are about, written as that of a [`Finding`].
    #[serde(serialize_with = "in_unicode")]
    #[schemars(with = "String")]
    pub file: PathBuf,
    /// What is wrong.
    pub code: Code,
    /// What it means for the page.
    pub severity: Severity,
    /// How many there are.
    pub count: usize,
}

/// Writes a path, with `/` on every system, whatever is in it: few formats have a way to say what is not Unicode.
fn in_unicode<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&with_slashes(path))
}

/// A path as findings show it: with `/` on every system, as sites and documents have it.
pub fn with_slashes(path: &Path) -> String {
    path.to_string_lossy().replace(MAIN_SEPARATOR, "/")
}

/// A stretch of text in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Position {
    /// The line on which it starts, from 1.
    pub line: u64,
    /// The column at which it starts, in characters, from 1.
    pub column: u64,
    /// The byte at which it starts, from 0.
    pub start: u64,
    /// The byte behind its last one.
    pub end: u64,
}

impl Position {
    /// The position of bytes whose line is not known yet.
    pub(super) fn at(start: u64, end: u64) -> Self {
        Self {
            line: 0,
            column: 0,
            start,
            end,
        }
    }
}
