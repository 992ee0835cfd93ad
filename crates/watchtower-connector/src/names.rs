//! The names of shots and assets, as people write them in edits and in the names of files.

use icu_normalizer::ComposingNormalizerBorrowed;

/// Names as the words in them, in lower case: `SEQ 010/sh-0010` is `seq_010_sh_0010`.
///
/// Letters are composed (NFC): macOS writes the names of files with accents apart from their letters.
pub(crate) fn words<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let composed = ComposingNormalizerBorrowed::new_nfc();
    let mut text = String::new();
    for name in names {
        let name = composed.normalize(name);
        for word in name.split(|c: char| !c.is_alphanumeric()) {
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
