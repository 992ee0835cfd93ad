//! Which browsers play what a movie is encoded with.
//!
//! Measured in Chromium 156 and Firefox 153 on Linux. The test `movies_play_as_the_warning_says` does it
//! again for Chromium.

/// Why a movie does not play in each browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What the movie is, as in ``is in Apple ProRes 422 (`apch`)``.
    pub what: String,
    /// Who plays it and who does not, as in `which no browser plays`.
    pub who: &'static str,
}

const NOBODY: &str = "which no browser plays";
const WITH_A_DECODER: &str =
    "which browsers play only on machines that have a decoder for it, and some not at all";
const SOFTWARE_ALONE: &str =
    "which Chrome and Chromium play, and browsers that leave it to the machine's decoder do not";
const NOT_FIREFOX: &str = "with which Firefox does not load the movie";

/// Sound with which Firefox loads no movie at all. It plays 16 bit PCM (`sowt`, `twos`).
const SOUND: [(&str, &str); 7] = [
    ("in24", "24-bit PCM"),
    ("in32", "32-bit PCM"),
    ("fl32", "32-bit PCM"),
    ("fl64", "64-bit PCM"),
    ("ac-3", "Dolby Digital"),
    ("ec-3", "Dolby Digital Plus"),
    ("alac", "Apple Lossless"),
];

/// The names of codecs that no browser plays, by how the types of their sample entries begin.
const NAMES: [(&str, &str); 41] = [
    ("ap4", "Apple ProRes 4444"),
    ("apc", "Apple ProRes 422"),
    ("apr", "Apple ProRes RAW"),
    ("AVd", "Avid DNxHD or DNxHR"),
    ("jpeg", "Motion JPEG"),
    ("mjp2", "JPEG 2000"),
    ("mjp", "Motion JPEG"),
    ("AVDJ", "Avid JPEG"),
    ("mp4v.6c", "Motion JPEG"),
    ("mp4v.6e", "JPEG 2000"),
    ("mp4v.6", "MPEG-2"),
    ("mp4v", "MPEG-4 Part 2"),
    ("XVID", "MPEG-4 Part 2"),
    ("DIVX", "MPEG-4 Part 2"),
    ("3IVX", "MPEG-4 Part 2"),
    ("rle ", "QuickTime Animation"),
    ("CFHD", "GoPro CineForm"),
    ("Hap", "Hap"),
    ("ai", "AVC-Intra"),
    ("xd", "XDCAM MPEG-2"),
    ("xal", "XAVC Long GOP"),
    ("mx", "IMX MPEG-2"),
    ("hdv", "HDV MPEG-2"),
    ("m2v", "MPEG-2"),
    ("mp2v", "MPEG-2"),
    ("mpeg", "MPEG"),
    ("m1v", "MPEG-1"),
    ("dv", "DV"),
    ("h263", "H.263"),
    ("s263", "H.263"),
    ("SVQ", "Sorenson Video"),
    ("cvid", "Cinepak"),
    ("icod", "Apple Intermediate Codec"),
    ("vvc", "VVC"),
    ("png ", "PNG"),
    ("tiff", "TIFF"),
    ("2vuy", "uncompressed 4:2:2"),
    ("v210", "uncompressed 10-bit 4:2:2"),
    ("raw ", "uncompressed RGB"),
    ("HFYU", "HuffYUV"),
    ("enc", "an encrypted codec"),
];

/// Why a movie with these tracks does not play in each browser; none if it does. Codecs are named as
/// RFC 6381 does, as in `avc1.64001f`.
pub(super) fn trouble(video: &[String], sound: &[String]) -> Option<Trouble> {
    let unplayable = |codec: &String| {
        let kind = codec.split('.').next().unwrap_or_default();
        let (name, who) = match kind {
            "avc1" | "avc3" => (h264(codec.get(5..7)?)?, SOFTWARE_ALONE),
            "hvc1" | "hev1" | "dvh1" | "dvhe" => ("HEVC", WITH_A_DECODER),
            "av01" | "vp09" => return None,
            _ => {
                let mut names = NAMES.iter();
                let known = names.find(|(start, _)| codec.starts_with(start));
                (known.map_or("a codec of its own", |(_, name)| name), NOBODY)
            }
        };
        let what = format!("is in {name} (`{}`)", kind.trim());
        Some(Trouble { what, who })
    };
    let unheard = |codec: &String| {
        let (kind, name) = SOUND.iter().find(|(kind, _)| codec == kind)?;
        let what = format!("has sound in {name} (`{kind}`)");
        Some(Trouble {
            what,
            who: NOT_FIREFOX,
        })
    };
    let found = video.iter().find_map(unplayable);
    found.or_else(|| sound.iter().find_map(unheard))
}

/// The name of an H.264 profile beyond 8-bit 4:2:0, by its `profile_idc`.
fn h264(profile: &str) -> Option<&'static str> {
    match profile {
        "6e" => Some("10-bit H.264"),
        "7a" => Some("10-bit or 4:2:2 H.264"),
        "f4" | "2c" => Some("4:4:4 or lossless H.264"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_codec_is_named_with_who_plays_it() {
        let said = |video: &str, sound: &str| {
            let trouble = trouble(&[video.to_owned()], &[sound.to_owned()])?;
            Some(format!("{}, {}", trouble.what, trouble.who))
        };
        for fine in [
            "avc1.42c01e",
            "avc1.64001f",
            "avc1",
            "avc3.4d401e",
            "av01",
            "vp09",
        ] {
            assert_eq!(said(fine, "mp4a"), None, "{fine}");
        }
        assert_eq!(said("avc1.64001f", "sowt"), None);
        let no_browser = [
            ("apch", "Apple ProRes 422 (`apch`)"),
            ("ap4h", "Apple ProRes 4444 (`ap4h`)"),
            ("AVdh", "Avid DNxHD or DNxHR (`AVdh`)"),
            ("mp4v.6c", "Motion JPEG (`mp4v`)"),
            ("mp4v.20", "MPEG-4 Part 2 (`mp4v`)"),
            ("mp4v.61", "MPEG-2 (`mp4v`)"),
            ("rle ", "QuickTime Animation (`rle`)"),
            ("zzzz", "a codec of its own (`zzzz`)"),
        ];
        for (codec, name) in no_browser {
            let expected = format!("is in {name}, which no browser plays");
            assert_eq!(said(codec, "mp4a"), Some(expected));
        }
        assert!(
            said("avc1.6e001f", "mp4a")
                .unwrap()
                .starts_with("is in 10-bit H.264")
        );
        assert!(said("avc1.7a001f", "mp4a").unwrap().contains("4:2:2"));
        assert!(said("hvc1", "mp4a").unwrap().contains("HEVC"));
        assert_eq!(
            said("avc1.64001f", "in24").unwrap(),
            "has sound in 24-bit PCM (`in24`), with which Firefox does not load the movie"
        );
    }
}
