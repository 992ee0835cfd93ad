//! What stands in for a text: numbered as texts come, the same for the same text, and odd where that is odd.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;

/// Folders and files of sites that have the same names everywhere.
const STEPS: &[&str] = &[
    "",
    ".",
    "..",
    "data",
    "edit.mp4",
    "localhost",
    "previews",
    "projects",
    "projects-list",
    "static",
];
/// Characters of which some have a meaning in paths and addresses.
const ODD: &str = "/\\<>:\"|?*#%&'";
/// What is longer than this is odd, and stays as long.
const LONG: usize = 60;

/// The stand-ins so far.
#[derive(Debug, Default)]
pub(super) struct StandIns {
    of: HashMap<String, String>,
    steps: HashMap<String, String>,
}

impl StandIns {
    /// What stands in for an id or a name.
    pub(super) fn text(&mut self, text: &str) -> String {
        if text.trim().is_empty() || text.chars().all(|it| it == '.') {
            return text.to_owned();
        }
        if let Some(known) = self.of.get(text) {
            return known.clone();
        }
        let number = self.of.len() + 1;
        let stand_in = stand_in(text, number);
        self.of.insert(text.to_owned(), stand_in.clone());
        stand_in
    }

    /// What stands in for a path or an address: as many steps, from the same kind of place.
    pub(super) fn path(&mut self, path: &str) -> String {
        if path.trim().is_empty() {
            return path.to_owned();
        }
        let end = path.find(['?', '#']).unwrap_or(path.len());
        let (path, rest) = path.split_at(end);
        // What is asked for behind it names things as well.
        let rest = rest
            .get(..1)
            .map_or(String::new(), |mark| format!("{mark}x"));
        if let Some((scheme, address)) = path.split_once(':')
            && !scheme.contains(['/', '.'])
        {
            let is_known = matches!(
                &*scheme.to_ascii_lowercase(),
                "http" | "https" | "data" | "file" | "ftp" | "blob"
            );
            let scheme = if is_known { scheme } else { "scheme" };
            let slashes = address.len() - address.trim_start_matches('/').len();
            let (slashes, address) = address.split_at(slashes);
            let address = match scheme.eq_ignore_ascii_case("data") {
                true => "x".to_owned(),
                false => self.host_and_steps(address),
            };
            return format!("{scheme}:{slashes}{address}{rest}");
        }
        let slashes = path.len() - path.trim_start_matches('/').len();
        let (slashes, inside) = path.split_at(slashes);
        let inside = match slashes.is_empty() {
            true => self.steps(inside),
            // The client takes what follows for a server.
            false => self.host_and_steps(inside),
        };
        format!("{slashes}{inside}{rest}")
    }

    /// The folder or file of a site with this name, and the step of a path that leads to it.
    pub(super) fn step(&mut self, step: &str) -> String {
        let decoded = percent_decode_str(step).decode_utf8_lossy();
        if STEPS.contains(&&*decoded) {
            return step.to_owned();
        }
        // What `\` leads to is up to the server.
        if decoded.split('\\').any(|it| it == "..") {
            return "..\\x".to_owned();
        }
        // A movie is named after its edit.
        if let Some(edit) = decoded
            .strip_prefix("edit-")
            .and_then(|it| it.strip_suffix(".mp4"))
        {
            return format!("edit-{}.mp4", self.text(edit));
        }
        // A project's folder has its id.
        if let Some(known) = self.of.get(&*decoded) {
            return known.clone();
        }
        if let Some(known) = self.steps.get(&*decoded) {
            return known.clone();
        }
        let number = self.steps.len() + 1;
        let extension = decoded.rsplit_once('.').map(|it| it.1);
        let extension = extension.filter(|it| {
            (1..=4).contains(&it.len()) && it.bytes().all(|b| b.is_ascii_alphanumeric())
        });
        let stand_in = match extension {
            Some(extension) => format!("file-{number}.{extension}"),
            None => format!("folder-{number}"),
        };
        self.steps.insert(decoded.into_owned(), stand_in.clone());
        stand_in
    }

    fn steps(&mut self, path: &str) -> String {
        let steps: Vec<_> = path.split('/').map(|it| self.step(it)).collect();
        steps.join("/")
    }

    fn host_and_steps(&mut self, address: &str) -> String {
        let (host, steps) = address
            .split_once('/')
            .map_or((address, None), |(host, steps)| (host, Some(steps)));
        // With a dot or a port it is a server; without it is a folder that was meant.
        let host = match host.contains(['.', ':']) && !STEPS.contains(&host) {
            true => {
                let number = self.steps.len() + 1;
                let known = self.steps.entry(format!("//{host}"));
                known
                    .or_insert_with(|| format!("host-{number}.example"))
                    .clone()
            }
            false => self.step(host),
        };
        match steps {
            Some(steps) => format!("{host}/{}", self.steps(steps)),
            None => host,
        }
    }
}

/// A text of a number, with what is odd in the one that it stands for.
fn stand_in(text: &str, number: usize) -> String {
    let inner = text.trim();
    let start = &text[..text.len() - text.trim_start().len()];
    let end = &text[text.trim_end().len()..];
    let mut name = match is_uuid(inner) {
        true => format!("00000000-0000-4000-8000-{number:012}"),
        false => format!("stand-in {number}"),
    };
    // An id has no space inside, unless it had one.
    if !inner.contains(char::is_whitespace) {
        name = name.replace(' ', "-");
    }
    if inner.starts_with('.') {
        name.insert(0, '.');
    }
    let mut odd: Vec<char> = Vec::new();
    for c in inner.chars() {
        let kept = match c {
            c if ODD.contains(c) || c.is_control() || c == char::REPLACEMENT_CHARACTER => c,
            c if c.is_ascii() => continue,
            // One of its kind: in Latin, of an alphabet that runs from right to left, and so on.
            c if c.len_utf16() == 2 => '🎬',
            '\u{300}'..='\u{36f}' => '\u{301}',
            '\u{590}'..='\u{8ff}' => 'א',
            '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}' => c,
            '\u{2e80}'..='\u{ffef}' => '字',
            _ => 'é',
        };
        if !odd.contains(&kept) || c.is_control() {
            odd.push(kept);
        }
    }
    name.extend(odd);
    let length = inner.chars().count();
    if length > LONG {
        let missing = length.saturating_sub(name.chars().count());
        name.extend(std::iter::repeat_n('x', missing));
    }
    if inner.ends_with('.') {
        name.push('.');
    }
    format!("{start}{name}{end}")
}

fn is_uuid(text: &str) -> bool {
    let is_right = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(is_right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_stand_in_and_another_text_another() {
        let mut stand_ins = StandIns::default();
        assert_eq!(stand_ins.text("Rex"), "stand-in-1");
        assert_eq!(stand_ins.text("Sprite Fright"), "stand-in 2");
        assert_eq!(stand_ins.text("Rex"), "stand-in-1");
        assert_eq!(
            stand_ins.text("bd2aba51-b77e-4eec-8442-015b60688e2e"),
            "00000000-0000-4000-8000-000000000003"
        );
    }

    #[test]
    fn what_is_odd_stays_odd() {
        let mut stand_ins = StandIns::default();
        for same in ["", "  ", ".", ".."] {
            assert_eq!(stand_ins.text(same), same);
        }
        assert_eq!(stand_ins.text(" Rex\n"), " stand-in-1\n");
        assert_eq!(stand_ins.text("../film"), ".stand-in-2/");
        assert_eq!(stand_ins.text("Tür 10 🐈"), "stand-in 3é🎬");
        assert_eq!(stand_ins.text(&"a".repeat(300)).len(), 300);
        assert_eq!(stand_ins.text("con."), "stand-in-5.");
    }

    #[test]
    fn paths_keep_their_kind() {
        let mut stand_ins = StandIns::default();
        stand_ins.text("film");
        let path = stand_ins.path("data/previews/ab/Secret%20Plan.png?v=Jade");
        assert_eq!(path, "data/previews/folder-1/file-2.png?x");
        assert_eq!(
            stand_ins.path("data/projects/film/edit.mp4"),
            "data/projects/stand-in-1/edit.mp4"
        );
        assert_eq!(
            stand_ins.path("data/projects/film/edit-v7.mp4"),
            "data/projects/stand-in-1/edit-stand-in-2.mp4"
        );
        assert_eq!(stand_ins.step("Secret Plan.png"), "file-2.png");
        assert_eq!(
            stand_ins.path("https://jade.example/x/a.png"),
            "https://host-3.example/folder-4/file-5.png"
        );
        assert_eq!(
            stand_ins.path("//jade.example/y.png"),
            "//host-3.example/file-6.png"
        );
        assert_eq!(
            stand_ins.path("/data/%2e%2e/../z"),
            "/data/%2e%2e/../folder-7"
        );
        assert_eq!(stand_ins.path("data:image/png;base64,SECRET"), "data:x");
    }
}
