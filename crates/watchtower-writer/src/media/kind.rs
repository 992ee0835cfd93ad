//! What kind of file some bytes are.

use std::io::{self, BufRead, Seek};

use serde::Serialize;

use super::pictures::Kind;

/// What a file must be for the client to show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// A picture a browser shows.
    Picture,
    /// A movie in an MP4 container.
    Movie,
}

/// How many bytes from the start of a file tell what it is. An SVG may begin with a long licence.
pub(crate) const HEAD: usize = 64 << 10;

/// The extension of a picture that browsers do not show.
pub(crate) const NOT_SHOWN: &str = "";

impl MediaKind {
    /// The file name extension for bytes of this kind, by their start; an error says what they are
    /// instead.
    pub(crate) fn extension(self, head: &[u8]) -> Result<&'static str, String> {
        if self == Self::Picture {
            return match Kind::of(head) {
                Some(kind) => Ok(kind.extension().unwrap_or(NOT_SHOWN)),
                None => Err(foreign(head)),
            };
        }
        match infer::get(head).map(|it| it.mime_type()) {
            Some("video/mp4" | "video/x-m4v" | "video/quicktime") => Ok("mp4"),
            _ if head.get(4..8) == Some(b"ftyp") => Ok("mp4"),
            _ => Err(foreign(head)),
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
            .map_err(|error| broken_png(&error))?;
        return picture.finish().map_err(|error| broken_png(&error));
    }
    if extension == "jpg" {
        let mut bytes = Vec::new();
        let read = picture.read_to_end(&mut bytes);
        read.map_err(|error| format!("it cannot be read: {error}"))?;
        if !has_end(&bytes) {
            return Err("the JPEG is cut: it has no end".to_owned());
        }
    }
    Ok(())
}

/// Whether a JPEG goes on to its end of image. What stands behind that does not matter: phones add a
/// movie, or a picture of another size.
fn has_end(jpeg: &[u8]) -> bool {
    let mut rest = jpeg;
    loop {
        // A marker is `ff`, perhaps more than once, and a byte that tells which. In a scan, `ff` is
        // followed by a zero or a restart.
        let Some(at) = memchr::memchr(0xff, rest) else {
            return false;
        };
        rest = &rest[at + 1..];
        match *rest {
            [0xd9, ..] => return true,
            [0x00..=0xbf | 0xd0..=0xd8, ..] => rest = &rest[1..],
            [0xff, ..] => {}
            // Any other has a segment, whose length counts itself.
            [_, high, low, ..] => {
                let length = usize::from(u16::from_be_bytes([high, low]));
                let Some(next) = rest.get(1 + length.max(2)..) else {
                    return false;
                };
                rest = next;
            }
            _ => return false,
        }
    }
}

fn broken_png(error: &png::DecodingError) -> String {
    match error {
        png::DecodingError::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the PNG is cut: it has no end"
        }
        _ => "the PNG is broken",
    }
    .to_owned()
}

/// What bytes are that should be something else, for a message.
fn foreign(head: &[u8]) -> String {
    match infer::get(head) {
        Some(kind) => format!("it is {}", kind.mime_type()),
        None => describe(head),
    }
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
        assert!(picture(b"<html><body><svg/></body></html>").is_err());
        assert!(picture(b"").unwrap_err().contains("empty"));
        assert!(picture(b"\0\0\0\x18ftypisom\0\0\0\0isommp41").is_err());
        let movie = MediaKind::Movie.extension(b"\0\0\0\x18ftypisom\0\0\0\0isommp41");
        assert_eq!(movie, Ok("mp4"));
        assert!(MediaKind::Movie.extension(b"\x89PNG\r\n\x1a\n").is_err());
    }

    #[test]
    fn an_svg_is_known_by_its_root_element() {
        let dtd = "<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"svg11.dtd\" [\n\
                   <!ENTITY ns_svg \"http://www.w3.org/2000/svg\">\n]>";
        let licence = format!("<!-- {} -->", "a licence <html> ".repeat(400));
        for svg in [
            "<svg>".to_owned(),
            "\u{feff}<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'>".to_owned(),
            "<!-- Generator: Sketch --><svg width='1'>".to_owned(),
            format!("<?xml version='1.0'?>{dtd}<svg xmlns='&ns_svg;'>"),
            format!("{licence}<?xml-stylesheet href='a.css'?>\n<s:svg xmlns:s='x'/>"),
        ] {
            assert_eq!(
                MediaKind::Picture.extension(svg.as_bytes()),
                Ok("svg"),
                "{svg}"
            );
        }
        for other in [
            "<?xml version='1.0'?><html><svg></svg></html>",
            "<?xml version='1.0'?><Error><Code>AccessDenied</Code><!-- <svg> --></Error>",
            "<!-- <svg> -->",
            "<svgs>",
            "<?xml version='1.0'?>",
            "text <svg>",
        ] {
            assert!(
                MediaKind::Picture.extension(other.as_bytes()).is_err(),
                "{other}"
            );
        }
    }

    #[test]
    fn a_jpeg_is_whole_whatever_stands_behind_it() {
        // Two scans, as a progressive one has, with a stuffed byte, a restart and a filled marker.
        let head = b"\xff\xd8\xff\xe1\0\x0a..\xff\xd9\xff\xd8..\xff\xff\xda\0\x03\x01";
        let scans = b"\x12\xff\x00\x34\xff\xd0\x56\xff\xda\0\x03\x02\x78";
        let whole = [&head[..], scans, b"\xff\xd9"].concat();
        assert!(has_end(&whole));
        for length in 0..whole.len() {
            assert!(!has_end(&whole[..length]), "{length}");
        }
        let movie = b"\0\0\0\x18ftypmp42\xff\xda\0\x02 ..";
        let phone = [&whole, &movie[..], &whole[..whole.len() - 2]].concat();
        assert!(has_end(&phone));
    }
}
