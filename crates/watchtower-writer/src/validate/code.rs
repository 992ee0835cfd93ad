//! The codes of findings: one table, which is also the text behind `watchtower explain`.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::Severity;

macro_rules! codes {
    ($($number:literal $name:ident $slug:literal $severity:ident {
        $what:literal
        why: $why:literal
        mend: $mend:literal
        example: $bad:literal => $good:literal
    })*) => {
        /// What a finding is about. Codes are stable: one that is given up is not used again.
        ///
        /// The first digit is the kind of check: 1 syntax, 2 schema, 3 the site's files,
        /// 4 references, 5 meaning, 6 media.
        ///
        /// ```
        /// use watchtower_writer::validate::Code;
        ///
        /// let code: Code = "WT203".parse()?;
        /// assert_eq!(code, Code::Null);
        /// assert_eq!(code.to_string(), "WT203");
        /// assert_eq!(code.name(), "null");
        /// # Ok::<(), watchtower_writer::validate::UnknownCode>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $what] $name = $number,)*
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code's explanation.
            pub fn explanation(self) -> &'static Explanation {
                match self {
                    $(Self::$name => &Explanation {
                        name: $slug,
                        severity: Severity::$severity,
                        what: $what,
                        why: $why,
                        mend: $mend,
                        bad: $bad,
                        good: $good,
                    },)*
                }
            }
        }
    };
}

/// What there is to know about a [`Code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// A short name, as in `null`.
    pub name: &'static str,
    /// The severity where nothing else is known of the place.
    pub severity: Severity,
    /// What it is, in a sentence.
    pub what: &'static str,
    /// What the web client makes of it.
    pub why: &'static str,
    /// How to mend it.
    pub mend: &'static str,
    /// An example that gets the finding.
    pub bad: &'static str,
    /// The same, mended.
    pub good: &'static str,
}

impl Code {
    /// A short name, as in `null`.
    pub fn name(self) -> &'static str {
        self.explanation().name
    }

    /// The number, as in 203.
    pub fn number(self) -> u16 {
        self as u16
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WT{}", self.number())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A text that names no code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no code `{}`: expected one such as `WT203` or its name, `null`", .0.escape_debug())]
pub struct UnknownCode(String);

impl FromStr for Code {
    type Err = UnknownCode;

    /// Reads `WT203`, in any case, or the short name.
    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        let mut all = Self::ALL.iter().copied();
        all.find(|code| text.eq_ignore_ascii_case(&code.to_string()) || text == code.name())
            .ok_or_else(|| UnknownCode(text.to_owned()))
    }
}

codes! {
    101 NotUtf8 "not-utf8" Warning {
        "The text is not UTF-8."
        why: "The browser puts a replacement character in the place of each byte it cannot read, so names look wrong; a file in UTF-16 does not load at all."
        mend: "Write the file as UTF-8."
        example: r#""name": "Caf\xe9" (Latin-1)"# => r#""name": "Café""#
    }
    102 ByteOrderMark "byte-order-mark" Warning {
        "The file starts with a byte order mark."
        why: "Browsers skip it, but many JSON readers refuse the file."
        mend: "Write the file as UTF-8 without a byte order mark; in Python, encoding `utf-8` instead of `utf-8-sig`."
        example: r#"\ufeff[]"# => "[]"
    }
    103 NotANumber "not-a-number" Error {
        "`NaN` or `Infinity` stands where a number is due."
        why: "They are not JSON. The client cannot read the file, and nothing of the project loads. Python writes them unless told otherwise."
        mend: "Find the value that could not be computed and write a number, or `null` where that is allowed; in Python, `json.dump(…, allow_nan=False)` refuses them."
        example: r#""durationSeconds": NaN"# => r#""durationSeconds": 5.5"#
    }
    104 DuplicateKey "duplicate-key" Warning {
        "A key occurs twice in an object."
        why: "Browsers take the last one, other readers the first, so people see different things."
        mend: "Keep one of them."
        example: r#"{"name": "A", "name": "B"}"# => r#"{"name": "B"}"#
    }
    105 TrailingText "trailing-text" Error {
        "Text follows behind the end of the document."
        why: "The client cannot read the file. Two writers may have written to it at once, or a longer file was overwritten in part."
        mend: "Write the file anew, beside the old one, and rename it when it is complete."
        example: "[] ]" => "[]"
    }
    106 Truncated "truncated" Error {
        "The file ends before its document does."
        why: "The client cannot read the file. An export was interrupted, or the disk is full."
        mend: "Export again; write files beside the old ones and rename them when they are complete."
        example: r#"[{"id": "s1", "na"# => r#"[{"id": "s1", "name": "0010"}]"#
    }
    107 NumberOutOfRange "number-out-of-range" Warning {
        "A number is too large for any computer's numbers."
        why: "The client reads it as infinity."
        mend: "Write the number that is meant."
        example: r#""durationSeconds": 1e999"# => r#""durationSeconds": 5.5"#
    }
    108 NestedTooDeep "nested-too-deep" Warning {
        "Lists and objects are nested more than 100 levels deep."
        why: "Many JSON readers refuse it, or crash; this one looks no further into the entry."
        mend: "Leave the data out that the client does not read."
        example: r#"{"data": {"x": [[[[…]]]]}}"# => r#"{"data": {}}"#
    }
    109 NotJson "not-json" Error {
        "The text is not JSON."
        why: "The client cannot read the file: nothing of the project loads, or the part that the file holds stays empty."
        mend: "Write it with a JSON library. A file that starts with `<` is a web page, often a server's error, saved in its place."
        example: "[{'id': 's1'},]" => r#"[{"id": "s1"}]"#
    }
    110 TooLarge "too-large" Error {
        "One entry is larger than 64 MiB."
        why: "It is not read further, so nothing can be said of it. No production has such an entry; a picture or another file may be inside."
        mend: "Leave the data out that the client does not read."
        example: r#"{"data": {"movie": "data:video/mp4;base64,…"}}"# => r#"{"data": {}}"#
    }
    111 LoneSurrogate "lone-surrogate" Warning {
        "An escape stands for half a character."
        why: "The browser shows a replacement character, and other JSON readers refuse the file."
        mend: "Write the character itself, or both halves of it."
        example: r#""name": "\ud83d""# => r#""name": "\ud83d\ude00""#
    }
    201 WrongDocument "wrong-document" Error {
        "The document is an object where a list is due, or the reverse."
        why: "The client throws: nothing of the project loads."
        mend: "Write the document that belongs into this file."
        example: r#"{"shots": []}"# => "[]"
    }
    202 MissingKey "missing-key" Error {
        "A key is missing."
        why: "What the client makes of it depends on the key."
        mend: "Write the key."
        example: r#"{"name": "010"}"# => r#"{"id": "sq1", "name": "010"}"#
    }
    203 Null "null" Error {
        "`null` stands where a value is due."
        why: "What the client makes of it depends on the key: a colour that is `null` stops it while the project loads, a name is shown as `null`."
        mend: "Write a value of the kind that is expected; for lists, `[]`."
        example: r#""assignees": null"# => r#""assignees": []"#
    }
    204 WrongType "wrong-type" Error {
        "The value is of another kind than expected, as in text in the place of a number."
        why: "Numbers written as text are mostly coerced, but sorting and sums go wrong; lists and objects that are something else stop the client."
        mend: "Write a value of the kind that is expected."
        example: r#""fps": "24""# => r#""fps": 24"#
    }
    205 OutOfRange "out-of-range" Error {
        "The number is too small."
        why: "At no frames per second, shots have no width on the timeline."
        mend: "Write the number that is meant."
        example: r#""fps": 0"# => r#""fps": 24"#
    }
    206 WrongColor "wrong-color" Warning {
        "The text is not a colour of the form `#rrggbb`."
        why: "The client shows a wrong colour."
        mend: "Write the colour as `#` and six hexadecimal digits."
        example: r##""color": "#F00""## => r##""color": "#ff0000""##
    }
    207 EmptyId "empty-id" Warning {
        "An id is empty."
        why: "Nothing can refer to it, or it refers to nothing."
        mend: "Write the id that the tracker uses, or any text that is the same in every export."
        example: r#""id": """# => r#""id": "s1""#
    }
    208 NoAvatar "no-avatar" Warning {
        "A person has an avatar, but no address of it."
        why: "The client asks for `/undefined` and shows no picture."
        mend: "Write the picture's path as `thumbnailUrl`, or set `has_avatar` to `false`."
        example: r#"{"has_avatar": true}"# => r#"{"has_avatar": true, "thumbnailUrl": "data/previews/1.png"}"#
    }
    209 UnknownKey "unknown-key" Warning {
        "The key belongs to no document. Reported under `--strict` only."
        why: "The client does not read it; it may be a misspelt one."
        mend: "Mend its name, or leave it out."
        example: r#""thumbnail_url": null"# => r#""thumbnailUrl": null"#
    }
    210 SchemaViolation "schema-violation" Error {
        "The value does not match the document's schema."
        why: "The client may not work with it."
        mend: "Write what the schema asks for: `watchtower schema show`."
        example: "…" => "…"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_found_by_code_and_name() {
        for code in Code::ALL {
            assert_eq!(code.to_string().parse(), Ok(*code));
            assert_eq!(code.to_string().to_lowercase().parse(), Ok(*code));
            assert_eq!(code.name().parse(), Ok(*code));
        }
        assert!("WT999".parse::<Code>().is_err());
    }

    #[test]
    fn names_and_numbers_are_given_once_and_in_order() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(Code::ALL.is_sorted());
    }
}
