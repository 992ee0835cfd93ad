//! What kind of file some bytes are.

use std::io::{BufRead, Seek};

use serde::Serialize;

/// What a file must be for the client to show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// A picture a browser shows.
    Picture,
    /// A movie in an MP4 container.
    Movie,
}

/// How many bytes from the start of a file tell what it is.
pub(crate) const HEAD: usize = 512;

impl MediaKind {
    /// The file name extension for bytes of this kind, by their start; an error says what they are
    /// instead.
    pub(crate) fn extension(self, head: &[u8]) -> Result<&'static str, String> {
        let found = infer::get(head).map(|it| it.mime_type());
        match (self, found) {
            (Self::Picture, Some("image/png")) => Ok("png"),
            (Self::Picture, Some("image/jpeg")) => Ok("jpg"),
            (Self::Picture, Some("image/gif")) => Ok("gif"),
            (Self::Picture, Some("image/webp")) => Ok("webp"),
            (Self::Picture, Some("image/avif")) => Ok("avif"),
            (Self::Picture, _) if is_svg(head) => Ok("svg"),
            (Self::Movie, Some("video/mp4" | "video/x-m4v" | "video/quicktime")) => Ok("mp4"),
            (Self::Movie, _) if head.get(4..8) == Some(b"ftyp") => Ok("mp4"),
            (_, Some(found)) => Err(format!("it is {found}")),
            (_, None) => Err(describe(head)),
        }
    }

    /// The word for people.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::Movie => "movie",
        }
    }
}

/// Checks that a picture is there to its end.
///
/// A body may be cut and still be as long as its server says: of a file that was cut on the server's
/// disk. A picture of which the lower half is missing looks like one that is meant so.
///
/// # Errors
///
/// What is missing, for people.
pub(crate) fn check_whole(mut picture: impl BufRead + Seek, extension: &str) -> Result<(), String> {
    if extension == "png" {
        let mut picture = png::Decoder::new(picture)
            .read_info()
            .map_err(|error| format!("the PNG is broken: {error}"))?;
        return picture
            .finish()
            .map_err(|error| format!("the PNG is broken: {error}"));
    }
    if extension == "jpg" {
        const START_OF_SCAN: &[u8] = b"\xff\xda";
        const END_OF_IMAGE: &[u8] = b"\xff\xd9";
        let mut bytes = Vec::new();
        let read = picture.read_to_end(&mut bytes);
        read.map_err(|error| format!("it cannot be read: {error}"))?;
        // Within a scan every byte `ff` is followed by a zero or a restart marker, so an end after the
        // last start of a scan is the picture's own. A preview in its head comes before that.
        let scan = memchr::memmem::rfind(&bytes, START_OF_SCAN);
        let end = memchr::memmem::rfind(&bytes, END_OF_IMAGE);
        if scan.is_none() || end < scan {
            return Err("the JPEG is cut: it has no end".to_owned());
        }
    }
    Ok(())
}

/// SVG is text, so it has no magic number: an `<svg` element near the start tells it.
fn is_svg(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    text.starts_with("<svg") || (text.starts_with("<?xml") && text.contains("<svg"))
}

/// The start of what no magic number knows, for a message.
fn describe(head: &[u8]) -> String {
    let text = String::from_utf8_lossy(head);
    match text.trim_start().chars().next() {
        None => "it is empty".into(),
        Some('{' | '[') => "it is JSON, as in an answer that says what went wrong".into(),
        Some('<') => "it is a web page".into(),
        Some(_) => "it is of no known kind".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_decide_and_not_the_name() {
        let picture = |head: &[u8]| MediaKind::Picture.extension(head);
        assert_eq!(picture(b"\x89PNG\r\n\x1a\n"), Ok("png"));
        assert_eq!(picture(b"\xff\xd8\xff\xe0"), Ok("jpg"));
        assert_eq!(
            picture(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
            Ok("svg")
        );
        assert!(
            picture(b"{\"message\": \"not found\"}")
                .unwrap_err()
                .contains("JSON")
        );
        assert!(picture(b"<!DOCTYPE html><svg>").is_err());
        assert!(picture(b"").unwrap_err().contains("empty"));
        assert!(picture(b"\0\0\0\x18ftypisom\0\0\0\0isommp41").is_err());
        let movie = MediaKind::Movie.extension(b"\0\0\0\x18ftypisom\0\0\0\0isommp41");
        assert_eq!(movie, Ok("mp4"));
        assert!(MediaKind::Movie.extension(b"\x89PNG\r\n\x1a\n").is_err());
    }
}
