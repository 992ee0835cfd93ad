//! What kind of picture some bytes are.

use std::fmt;

use quick_xml::events::Event;

/// A kind of picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// PNG and APNG.
    Png,
    /// JPEG.
    Jpeg,
    /// GIF.
    Gif,
    /// WebP.
    WebP,
    /// TIFF.
    Tiff,
    /// Windows bitmap.
    Bmp,
    /// SVG, as plain text.
    Svg,
    /// EXR.
    Exr,
    /// HEIC, as phones store photographs.
    Heic,
    /// AVIF, which browsers show, and which is not decoded here.
    Avif,
    /// Another kind, which is not decoded here, by its name.
    Other(&'static str),
}

impl Kind {
    /// The kind of a file, by its bytes; none if it is no picture.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if is_svg(bytes) {
            return Some(Self::Svg);
        }
        match bytes {
            [0x76, 0x2f, 0x31, 0x01, ..] => return Some(Self::Exr),
            [b'S', b'D', b'P', b'X', ..] | [b'X', b'P', b'D', b'S', ..] => {
                return Some(Self::Other("DPX"));
            }
            // TIFF for files of more than 4 GiB.
            [b'I', b'I', b'+', 0, ..] | [b'M', b'M', 0, b'+', ..] => return Some(Self::Tiff),
            [0x80, 0x2a, 0x5f, 0xd7, ..] => return Some(Self::Other("Cineon")),
            [b'#', b'?', b'R' | b'r', ..] => return Some(Self::Other("Radiance HDR")),
            [b'P', b'1'..=b'7', b'\n' | b' ' | b'\r' | b'\t', ..] => {
                return Some(Self::Other("PNM"));
            }
            [b'g', b'i', b'm', b'p', b' ', b'x', b'c', b'f', ..] => {
                return Some(Self::Other("GIMP"));
            }
            [0x1f, 0x8b, ..] => return None,
            _ => {}
        }
        Some(match infer::get(bytes)?.mime_type() {
            "image/png" => Self::Png,
            "image/jpeg" => Self::Jpeg,
            "image/gif" => Self::Gif,
            "image/webp" => Self::WebP,
            "image/tiff" => Self::Tiff,
            "image/bmp" => Self::Bmp,
            "image/avif" => Self::Avif,
            "image/heif" => Self::Heic,
            "image/jxl" => Self::Other("JPEG XL"),
            "image/vnd.adobe.photoshop" => Self::Other("Photoshop"),
            "image/vnd.microsoft.icon" => Self::Other("ICO"),
            "image/jp2" | "image/jpx" | "image/jpm" => Self::Other("JPEG 2000"),
            "image/vnd.ms-photo" => Self::Other("JPEG XR"),
            "image/x-canon-cr2" => Self::Other("Canon raw"),
            "application/pdf" => Self::Other("PDF"),
            mime if mime.starts_with("image/") => Self::Other("foreign"),
            _ => return None,
        })
    }

    /// The extension of a file's name, for kinds that browsers show.
    pub fn extension(self) -> Option<&'static str> {
        match self {
            Self::Png => Some("png"),
            Self::Jpeg => Some("jpg"),
            Self::Gif => Some("gif"),
            Self::WebP => Some("webp"),
            Self::Avif => Some("avif"),
            Self::Svg => Some("svg"),
            _ => None,
        }
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Gif => "GIF",
            Self::WebP => "WebP",
            Self::Tiff => "TIFF",
            Self::Bmp => "BMP",
            Self::Svg => "SVG",
            Self::Exr => "EXR",
            Self::Heic => "HEIC",
            Self::Avif => "AVIF",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How many bytes from the start of a file may stand before an SVG's root element. It may begin with a long
/// licence.
const HEAD: usize = 64 << 10;

/// Whether a text is an SVG. It has no magic number: what counts is its root element, behind
/// comments, a document type and whatever else may come first.
fn is_svg(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(HEAD)];
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if head.trim_ascii_start().first() != Some(&b'<') {
        return false;
    }
    let text = String::from_utf8_lossy(head);
    let mut reader = quick_xml::Reader::from_str(&text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(root) | Event::Empty(root)) => {
                return root.local_name().as_ref() == "svg";
            }
            Ok(Event::DocType(name)) if name.to_ascii_lowercase().starts_with("html") => {
                return false;
            }
            Ok(Event::Text(text)) if !text.trim().is_empty() => return false,
            Ok(Event::Eof | Event::End(_) | Event::CData(_)) | Err(_) => return false,
            Ok(_) => {}
        }
    }
}
