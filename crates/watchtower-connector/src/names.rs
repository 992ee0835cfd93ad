//! The names of shots and assets, as people write them in edits and in the names of files.

/// Names as the words in them, in lower case: `SEQ 010/sh-0010` is `seq_010_sh_0010`.
pub(crate) fn words<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for name in names {
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
