//! Whether the pictures and movies that documents name are there, and are what they claim to be.

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

use super::Code;
use super::ids::{Id, IdSet};
use super::layout::{Layout, Unreadable, open};
use super::role::Role;
use crate::media::movie::{self, Description, MovieError};
use crate::media::pictures::{Kind, Place, Size};
use crate::media::{HEAD, check_whole};

/// Looks at the files of a site, at each but once.
pub(super) struct Media<'a> {
    layout: &'a Layout,
    /// The pictures that nothing is wrong with.
    fine: IdSet,
    /// The same, as avatars.
    fine_avatars: IdSet,
}

/// What is wrong with a picture or movie.
#[derive(Debug, PartialEq)]
pub(crate) struct Flaw {
    pub(super) code: Code,
    /// What was found; `{}` stands for the path.
    pub(super) message: String,
    pub(super) expected: Option<String>,
}

impl Flaw {
    fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            expected: None,
        }
    }

    /// What is wrong, with the path it is wrong with.
    pub(crate) fn about(&self, path: &str) -> String {
        let path = format!("`{}`", path.escape_debug());
        self.message.replace("{}", &path)
    }
}

/// The place in which the client draws a picture, where its size counts.
fn place(role: Role) -> Option<Place> {
    match role {
        Role::Picture => Some(Place::Tile),
        Role::Avatar => Some(Place::Avatar),
        _ => None,
    }
}

/// What a path or address leads to, from the client's page.
#[derive(Debug, PartialEq)]
pub(crate) enum Target<'a> {
    /// A file of the site.
    File(&'a str),
    /// Another server, or something that does not come from a server at all.
    Elsewhere,
    /// Nothing.
    Wrong(Flaw),
}

impl<'a> Media<'a> {
    pub(super) fn new(layout: &'a Layout) -> Self {
        Self {
            layout,
            fine: IdSet::default(),
            fine_avatars: IdSet::default(),
        }
    }

    /// What is wrong with a picture or movie, if anything.
    pub(super) fn check(&mut self, role: Role, path: &str) -> Option<Flaw> {
        if role == Role::Movie && path.is_empty() {
            // No movie at all: the timeline works without.
            return None;
        }
        let path = match target(role, path) {
            Target::Elsewhere => return None,
            Target::Wrong(flaw) => return Some(flaw),
            Target::File(path) => path,
        };
        let id = Id::new(path);
        let fine = match role {
            Role::Movie => return self.look(role, path),
            Role::Avatar => &self.fine_avatars,
            _ => &self.fine,
        };
        if fine.contains(id) {
            return None;
        }
        let answer = self.look(role, path);
        if answer.is_none() {
            match role {
                Role::Avatar => self.fine_avatars.insert(id),
                _ => self.fine.insert(id),
            };
        }
        answer
    }

    /// What there is to know of a movie of the site, where that can be told.
    pub(super) fn describe(&self, path: &str) -> Option<Description> {
        let Target::File(path) = target(Role::Movie, path) else {
            return None;
        };
        movie::describe(open(&self.file(path)?).ok()?).ok()
    }

    /// The file at a path. A path whose first folder is not the site's is the server's business: a
    /// proxy may have the tracker beside the site.
    fn file(&self, path: &str) -> Option<PathBuf> {
        let first = path.split('/').next().unwrap_or_default();
        if path.contains('/') && !self.layout.file(first).is_dir() {
            return None;
        }
        let decoded = percent_decode_str(path).decode_utf8_lossy();
        Some(self.layout.file(&decoded))
    }

    fn look(&self, role: Role, path: &str) -> Option<Flaw> {
        let file = self.file(path)?;
        let missing = if role == Role::Movie {
            Code::MissingMovie
        } else {
            Code::MissingPicture
        };
        let mut file = match open(&file) {
            Ok(file) => file,
            Err(Unreadable::Missing) => {
                return Some(Flaw::new(missing, "there is no file {}"));
            }
            Err(Unreadable::NotAFile(kind)) => {
                return Some(Flaw::new(missing, format!("{{}} is {kind}, not a file")));
            }
            Err(Unreadable::Io(error)) => {
                let message = format!("the file {{}} cannot be read: {error}");
                return Some(Flaw::new(missing, message));
            }
        };
        // As much as tells the kinds of files apart.
        let mut start = Vec::new();
        if let Err(error) = (&mut file).take(HEAD as u64).read_to_end(&mut start) {
            let message = format!("the file {{}} cannot be read: {error}");
            return Some(Flaw::new(missing, message));
        }
        if role == Role::Movie {
            if let Some(found) = not_a(infer::MatcherType::Video, Path::new(path), &start) {
                let message = format!("{{}} is {found}, not a movie");
                return Some(Flaw::new(Code::NotAMovie, message));
            }
            file.rewind().ok()?;
            let movie = match movie::describe(file) {
                Err(error @ (MovieError::Truncated { .. } | MovieError::NoVideo { .. })) => {
                    return Some(Flaw::new(Code::NotAMovie, format!("{{}}: {error}")));
                }
                movie => movie.ok()?,
            };
            let trouble = movie.trouble()?;
            return Some(Flaw {
                code: Code::UnplayableMovie,
                message: format!("the movie {{}} {}, {}", trouble.what, trouble.who),
                expected: Some(format!("H.264 in 8-bit 4:2:0, as of `{}`", movie.remedy())),
            });
        }
        if let Some(found) = not_a(infer::MatcherType::Image, Path::new(path), &start) {
            let message = format!("{{}} is {found}, not a picture");
            return Some(Flaw::new(Code::NotAPicture, message));
        }
        if infer::image::is_png(&start) && !png_is_whole(&mut file, &start) {
            return Some(Flaw::new(Code::NotAPicture, "the picture {} is cut short"));
        }
        if infer::image::is_jpeg(&start) && !jpeg_is_whole(&mut file) {
            return Some(Flaw::new(Code::NotAPicture, "the picture {} is cut short"));
        }
        let place = place(role)?;
        file.rewind().ok()?;
        // What has no size in pixels, such as an SVG, is drawn at any.
        let found = imagesize::reader_size(BufReader::new(file)).ok()?;
        let side = |length| u32::try_from(length).unwrap_or(u32::MAX);
        let size = Size::new(side(found.width), side(found.height));
        let Size { width, height } = place.size();
        let is_smaller = size.width < width || size.height < height;
        let seen = match is_smaller {
            true => "the client does not draw it",
            false => "the client draws its top left corner",
        };
        (!place.takes(size)).then(|| Flaw {
            code: Code::PictureSize,
            message: format!(
                "the picture {{}} has {} × {} pixels: {seen}",
                size.width, size.height
            ),
            expected: Some(format!("{width} × {height} pixels")),
        })
    }
}

/// What a file is, if not what it should be.
fn not_a(wanted: infer::MatcherType, path: &Path, start: &[u8]) -> Option<String> {
    if start.is_empty() {
        return Some("an empty file".to_owned());
    }
    // Texts first: a server's error is one, and so is an SVG.
    let text = start.trim_ascii_start();
    let svg = path
        .extension()
        .is_some_and(|it| it.eq_ignore_ascii_case("svg"));
    match text.first() {
        Some(b'<')
            if svg && wanted == infer::MatcherType::Image && Kind::of(start) == Some(Kind::Svg) =>
        {
            return None;
        }
        Some(b'<') => return Some("a web page, perhaps a server's error".to_owned()),
        Some(b'{' | b'[') => return Some("JSON, perhaps a server's error".to_owned()),
        _ => {}
    }
    match infer::get(start) {
        Some(kind) if kind.matcher_type() == wanted => None,
        Some(kind) => Some(format!("a file of type {}", kind.mime_type())),
        None => Some("something else".to_owned()),
    }
}

/// Whether a PNG has its last chunk. Browsers show what there is of one that has not.
fn png_is_whole(file: &mut (impl Read + Seek), start: &[u8]) -> bool {
    let mut end = Vec::new();
    // Some programs leave a few bytes behind the last chunk.
    let read = file
        .seek(SeekFrom::End(-1024))
        .and_then(|_| file.read_to_end(&mut end));
    let end = if read.is_ok() { &end } else { start };
    end.windows(4).any(|it| it == b"IEND")
}

/// Whether a JPEG has its end. One that is larger than any picture of a site is not read to it.
fn jpeg_is_whole(file: &mut (impl Read + Seek)) -> bool {
    const LARGEST: u64 = 64 << 20;
    let length = file.seek(SeekFrom::End(0));
    if length.is_ok_and(|it| it > LARGEST) || file.rewind().is_err() {
        return true;
    }
    check_whole(BufReader::new(file), "jpg").is_ok()
}

/// Where a path or address leads to. The client puts its base path, `/`, before all but the pictures
/// in the list of projects.
pub(crate) fn target(role: Role, path: &str) -> Target<'_> {
    let prefixed = role != Role::PlainPicture;
    if path.is_empty() {
        return Target::Wrong(Flaw::new(Code::MissingPicture, "the path is empty"));
    }
    let scheme = path
        .split_once(':')
        .is_some_and(|(scheme, _)| !scheme.contains(['/', '.', '?', '#']));
    if scheme && prefixed {
        let message = "the client asks its own server for `/` and the address {}";
        return Target::Wrong(Flaw::new(Code::FullAddress, message));
    }
    if scheme || path.starts_with("//") {
        return Target::Elsewhere;
    }
    if let Some(rest) = path.strip_prefix('/') {
        let host = rest.split('/').next().unwrap_or_default();
        let is_host = host.contains(['.', ':']) || host == "localhost";
        return match (prefixed, is_host) {
            // With the prefix: an address on another server, in the same scheme.
            (true, true) => Target::Elsewhere,
            (true, false) => {
                let message = format!("the client asks the server `{host}` for the path {{}}");
                Target::Wrong(Flaw::new(Code::AbsolutePath, message))
            }
            // The site need not be at the server's root.
            (false, _) => Target::Elsewhere,
        };
    }
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let path = &path[..end];
    let outside = percent_decode_str(path)
        .decode_utf8_lossy()
        .split(['/', '\\'])
        .any(|step| step == "..");
    if outside {
        let message = "the path {} goes up, and may leave the site";
        return Target::Wrong(Flaw::new(Code::LeavesSite, message));
    }
    Target::File(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_addresses_are_told_apart() {
        let code = |path| match target(Role::Picture, path) {
            Target::Wrong(flaw) => Some(flaw.code),
            _ => None,
        };
        assert_eq!(code("http://tracker/x.png"), Some(Code::FullAddress));
        assert_eq!(code("data:image/png;base64,AA"), Some(Code::FullAddress));
        assert_eq!(code("/data/x.png"), Some(Code::AbsolutePath));
        assert_eq!(code("data/../../x.png"), Some(Code::LeavesSite));
        assert_eq!(code("data/%2e%2e/x.png"), Some(Code::LeavesSite));
        assert_eq!(code(""), Some(Code::MissingPicture));
        for fine in ["/tracker.example/x.png", "//tracker.example/x.png"] {
            assert_eq!(target(Role::Picture, fine), Target::Elsewhere);
        }
        for fine in ["http://tracker/x.png", "/data/x.png", "//x/y.png"] {
            assert_eq!(target(Role::PlainPicture, fine), Target::Elsewhere);
        }
        assert_eq!(
            target(Role::Picture, "data/x.png?v=1"),
            Target::File("data/x.png")
        );
    }

    #[test]
    fn a_servers_error_is_no_picture() {
        let found = |bytes: &[u8]| not_a(infer::MatcherType::Image, Path::new("a.png"), bytes);
        assert_eq!(
            found(b"{\"message\": \"no\"}").unwrap(),
            "JSON, perhaps a server's error"
        );
        assert!(found(b"<html>").unwrap().contains("web page"));
        assert_eq!(found(b"\x89PNG\r\n\x1a\n"), None);
        assert_eq!(found(b"").unwrap(), "an empty file");
    }
}
