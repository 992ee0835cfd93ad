//! What no error and no log may repeat.

use std::fmt;
use std::fmt::Write as _;
use std::sync::{PoisonError, RwLock};

use regex_lite::{Regex, RegexBuilder};
use secrecy::{ExposeSecret, SecretString};

/// What stands in the place of a secret.
const HIDDEN: &str = "…";

/// How long the line is in which is told what a server says, in characters.
const LINE: usize = 200;

/// From this length on, in characters, a secret is a token, of which the start is as good as a secret.
const TOKEN: usize = 24;
/// How much of it is that start.
const TOKEN_START: usize = 16;

/// The secrets of a client, and how to find them in what a server says. It may repeat them as they were
/// sent, or as an address, as JSON, as HTML or as a string of a program. One without a pattern cannot be found:
/// then everything is hidden.
#[derive(Default)]
pub(super) struct Secrets(RwLock<Vec<(SecretString, Option<Regex>)>>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

impl Secrets {
    /// Adds a secret; one without a visible character is none.
    pub(super) fn add(&self, secret: &SecretString) {
        let text = secret.expose_secret();
        let is_known = |secrets: &[(SecretString, Option<Regex>)]| {
            secrets.iter().any(|(it, _)| it.expose_secret() == text)
        };
        if text.trim().is_empty()
            || is_known(&self.0.read().unwrap_or_else(PoisonError::into_inner))
        {
            return;
        }
        let mut secrets = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !is_known(&secrets) {
            secrets.push((secret.clone(), pattern_of(text)));
        }
    }

    /// The text without the secrets.
    pub(super) fn hide(&self, text: &str) -> String {
        let secrets = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let hide = |text: String, (_, pattern): &(SecretString, Option<Regex>)| match pattern {
            Some(pattern) => pattern.replace_all(&text, HIDDEN).into_owned(),
            None => HIDDEN.to_owned(),
        };
        secrets.iter().fold(text.to_owned(), hide)
    }

    /// The text without the secrets, in one short line.
    pub(super) fn hide_in_line(&self, text: &str) -> String {
        // Before anything is cut: half a secret is not found any more.
        let mut line = self
            .hide(text)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        if let Some((end, _)) = line.char_indices().nth(LINE) {
            line.truncate(end);
            line.push('…');
        }
        line
    }
}

/// Finds a secret in any spelling. None for one that is too long to be looked for.
fn pattern_of(secret: &str) -> Option<Regex> {
    let mut pattern = String::new();
    let mut characters = secret.trim().chars().peekable();
    while let Some(character) = characters.next() {
        if character.is_whitespace() {
            while characters.next_if(|it| it.is_whitespace()).is_some() {}
            pattern.push_str(r"(?:\s|\+|%20|%09|%0a|%0d|\\[tnr]|\\u00(?:20|09|0a|0d)|&nbsp;)+");
        } else {
            spellings(character, &mut pattern);
        }
    }
    let is_token = |it: char| it.is_ascii_alphanumeric() || "._~+/=-".contains(it);
    let length = secret.chars().count();
    if length >= TOKEN && secret.chars().all(is_token) {
        let start: String = secret.chars().take(TOKEN_START).collect();
        pattern.push('|');
        pattern.push_str(&regex_lite::escape(&start));
        pattern.push_str(r"[A-Za-z0-9._~+/=%-]*");
    }
    // Twice as long a program as that of a token of 4000 characters.
    let mut builder = RegexBuilder::new(&pattern);
    builder.size_limit(64 << 20).build().ok()
}

/// Adds the ways in which a character may be written.
fn spellings(character: char, pattern: &mut String) {
    let escaped = regex_lite::escape(character.encode_utf8(&mut [0; 4]));
    // Writing to a text does not fail.
    if matches!(character, '"' | '\'' | '\\' | '/') {
        let _ = write!(pattern, r"(?:\\*{escaped}|");
    } else {
        let _ = write!(pattern, "(?:{escaped}|");
    }
    pattern.push_str("(?i:");
    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
        let _ = write!(pattern, "%{byte:02x}");
    }
    pattern.push('|');
    for unit in character.encode_utf16(&mut [0; 2]) {
        let _ = write!(pattern, r"\\+u{unit:04x}");
    }
    if !character.is_ascii_alphanumeric() {
        let code = u32::from(character);
        let _ = write!(pattern, "|&#0*{code};|&#x0*{code:x};");
    }
    pattern.push(')');
    let entity = match character {
        '&' => "amp",
        '<' => "lt",
        '>' => "gt",
        '"' => "quot",
        '\'' => "apos",
        _ => "",
    };
    if !entity.is_empty() {
        let _ = write!(pattern, "|&{entity};");
    }
    pattern.push(')');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::form_urlencoded;

    use super::*;

    fn secrets(secret: &str) -> Secrets {
        let secrets = Secrets::default();
        secrets.add(&secret.into());
        secrets
    }

    fn unquoted(json: &str) -> String {
        json[1..json.len() - 1].to_owned()
    }

    /// JSON as Python writes it.
    fn ascii_json(text: &str) -> String {
        let json = serde_json::Value::from(text).to_string();
        let escape = |it: char| -> String {
            if it.is_ascii() {
                return it.into();
            }
            let mut units = [0; 2];
            let units = it.encode_utf16(&mut units).iter();
            units.map(|it| format!("\\u{it:04x}")).collect()
        };
        json.chars().map(escape).collect()
    }

    proptest! {
        #[test]
        fn a_secret_is_found_however_it_is_written(secret in "[ -~äßé🎬]{0,8}[!-~äßé🎬]{4}[ -~äßé🎬]{0,8}") {
            let secrets = secrets(&secret);
            let core = secret.trim();
            let encoded: String = form_urlencoded::byte_serialize(core.as_bytes()).collect();
            let html = core
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
                .replace('\'', "&#x27;");
            for text in [
                core.to_owned(),
                unquoted(&serde_json::Value::from(core).to_string()),
                unquoted(&ascii_json(core)),
                encoded.replace('+', "%20"),
                encoded,
                html,
                core.replace('\\', r"\\").replace('\'', r"\'"),
                core.split_whitespace().collect::<Vec<_>>().join(" "),
            ] {
                // A secret may look like the escape of another of its characters; then more is hidden.
                let hidden = secrets.hide(&format!("<<{text}>>"));
                let rest = hidden.trim_start_matches('<').trim_end_matches('>');
                prop_assert!(rest.contains(HIDDEN) && !hidden.contains(core) || core.contains(['<', '>']),
                    "{text} -> {hidden}");
            }
        }
    }

    #[test]
    fn half_a_token_is_hidden_and_other_words_are_not() {
        let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
        let secrets = secrets(token);
        assert_eq!(
            secrets.hide(&format!("at {}: no", &token[..40])),
            "at …: no"
        );
        assert_eq!(secrets.hide(&format!("at {token}: no")), "at …: no");
        assert_eq!(secrets.hide("at eyJhbGci: no"), "at eyJhbGci: no");
        let secrets = self::secrets("naïve");
        assert_eq!(
            secrets.hide("na%c3%afve na%C3%AFve na\\u00EFve naive"),
            "… … … naive"
        );
    }

    #[test]
    fn a_secret_that_cannot_be_looked_for_hides_everything() {
        let long: String = "\u{1F3AC}".repeat(60_000);
        let secrets = secrets(&long);
        assert_eq!(secrets.hide(&format!("no: {long}")), HIDDEN);
        assert_eq!(secrets.hide_in_line("anything"), HIDDEN);
    }

    #[test]
    fn spaces_in_a_row_hide_nothing_from_us() {
        let secrets = secrets("hunter2  secret\tx");
        let line = secrets.hide_in_line("bad   password: hunter2  secret\tx\n!");
        assert_eq!(line, "bad password: … !");
        secrets.add(&" ".into());
        assert_eq!(secrets.hide_in_line("a b"), "a b");
    }
}
