//! The order of names in which people read them, whatever their case: `sh2` before `SH10`.

use std::cmp::Ordering;

/// A run of digits, or of anything else. Digits come before the rest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// Without zeros in front, so that the longer one is the larger.
    Number(usize, String),
    Text(String),
}

/// By what a name is sorted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct NaturalKey(Vec<Part>);

impl NaturalKey {
    pub(super) fn of(name: &str) -> Self {
        let name: Vec<char> = name.to_lowercase().chars().collect();
        let runs = name.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
        let part = |run: &[char]| {
            let text: String = run.iter().collect();
            if !run[0].is_ascii_digit() {
                return Part::Text(text);
            }
            let digits = text.trim_start_matches('0');
            Part::Number(digits.len(), digits.to_owned())
        };
        Self(runs.map(part).collect())
    }
}

/// Compares two names.
pub(super) fn by_name(a: &str, b: &str) -> Ordering {
    NaturalKey::of(a).cmp(&NaturalKey::of(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_and_case_does_not() {
        let mut names = ["SEQ10", "seq2", "", "10 b", "9", "Seq02a", "b", "A", "seq"];
        names.sort_by(|a, b| by_name(a, b));
        assert_eq!(
            names,
            ["", "9", "10 b", "A", "b", "seq", "seq2", "Seq02a", "SEQ10"]
        );
        assert_eq!(by_name("sh007", "SH7"), Ordering::Equal);
    }
}
