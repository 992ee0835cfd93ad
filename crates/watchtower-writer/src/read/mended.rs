//! What was read otherwise than it is written, counted.

use std::collections::BTreeMap;

/// Sentences, with what each is about.
#[derive(Debug, Default)]
pub(super) struct Mended {
    /// By what was done, and to what kind of thing.
    counts: BTreeMap<(String, &'static str), Named>,
}

/// How many there are, and the names of the first.
#[derive(Debug, Default)]
struct Named {
    count: usize,
    names: Vec<String>,
}

/// How many names are told.
const SHOWN: usize = 5;

impl Mended {
    /// Notes what was done to a thing: its kind, a sentence, and its name.
    pub(super) fn note(&mut self, kind: &'static str, sentence: &str, name: &str) {
        let named = self.counts.entry((sentence.to_owned(), kind)).or_default();
        named.count += 1;
        if named.names.len() < SHOWN {
            named.names.push(name.to_owned());
        }
    }

    /// What was done, in a line each.
    pub(super) fn sentences(&self) -> impl Iterator<Item = String> {
        self.counts.iter().map(|((sentence, kind), named)| {
            let Named { count, names } = named;
            let kind = match (count, kind.strip_suffix('y')) {
                (1, _) => (*kind).to_owned(),
                (_, Some(stem)) => format!("{stem}ies"),
                _ if kind.ends_with('s') => format!("{kind}es"),
                _ => format!("{kind}s"),
            };
            let more = match count - names.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{count} {kind} {sentence}: {}{more}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_counted() {
        let mut mended = Mended::default();
        for number in 0..7 {
            mended.note("shot", "with a frame rate as text", &number.to_string());
        }
        mended.note("entry", "left out", "a");
        mended.note("status", "without a colour", "b");
        mended.note("status", "without a colour", "c");
        let sentences: Vec<_> = mended.sentences().collect();
        assert_eq!(
            sentences,
            [
                "1 entry left out: a",
                "7 shots with a frame rate as text: 0, 1, 2, 3, 4 and 2 more",
                "2 statuses without a colour: b, c"
            ]
        );
    }
}
