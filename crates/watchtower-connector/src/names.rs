//! The names of shots and assets, as people write them in edits and in the names of files.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

/// A name with its letters composed (NFC): macOS writes the names of files with accents apart from their
/// letters.
pub(crate) fn composed(name: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(name)
}

/// Names as the words in them, in lower case: `SEQ 010/sh-0010` is `seq_010_sh_0010`.
pub(crate) fn words<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for name in names {
        for word in composed(name).split(|c: char| !c.is_alphanumeric()) {
            if !word.is_empty() {
                if !text.is_empty() {
                    text.push('_');
                }
                text.extend(word.chars().flat_map(char::to_lowercase));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn letters_are_composed() {
        assert_eq!(words(["zz E\u{301}pe\u{301}e"]), "zz_\u{e9}p\u{e9}e");
        assert_eq!(words(["SEQ 010/sh-0010"]), "seq_010_sh_0010");
    }
}
