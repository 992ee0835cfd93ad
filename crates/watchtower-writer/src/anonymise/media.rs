//! What stands in for a picture or movie: a file of its kind and size, in which nothing is to be seen or heard.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::media::pictures::Kind;
use crate::media::{HEAD, check_whole};

/// As many pixels as a picture that is made may have: what claims more has but a head.
const MOST_PIXELS: usize = 1 << 26;
/// How much is copied of a movie that is no MP4: what tells its kind.
const MAGIC: usize = 64;
/// What is larger than this is no list of frames.
const LARGEST_BOX: u64 = 64 << 20;
/// Boxes of a movie that say how it is made up. Of others only the size is kept.
const KEPT: [&[u8; 4]; 6] = [b"ftyp", b"styp", b"moov", b"moof", b"sidx", b"mfra"];
/// Boxes in which boxes are.
const HOLDERS: [&[u8; 4]; 9] = [
    b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"mvex", b"moof", b"traf",
];
/// Boxes inside them that hold nothing but numbers. Of all others, what is in them is what people wrote for all
/// we know: titles, places, the reels of a time code.
const NUMBERS: [&[u8; 4]; 18] = [
    b"mvhd", b"tkhd", b"mdhd", b"elst", b"stts", b"ctts", b"stsc", b"stsz", b"stz2", b"stco",
    b"co64", b"stss", b"trex", b"mehd", b"mfhd", b"tfhd", b"tfdt", b"trun",
];
/// How much of a box of handlers says what they handle. Their name follows.
const HANDLER: usize = 24;
/// How much of a kind of samples is numbers, behind its header: for pictures up to their size.
const SAMPLES: usize = 28;
/// Where the boxes begin that a kind of pictures has inside.
const VISUAL: usize = 78;

/// Writes what stands in for a file.
pub(super) fn stand_in(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    let mut head = Vec::new();
    (&mut source).take(HEAD as u64).read_to_end(&mut head)?;
    let bytes: &[u8] = match head.trim_ascii_start() {
        [b'<', ..] if Kind::of(&head) == Some(Kind::Svg) => {
            b"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"150\" height=\"100\"/>\n"
        }
        [b'<', ..] => b"<html>\n",
        [b'{' | b'[', ..] => b"{}\n",
        _ => match infer::get(&head).map(|it| it.matcher_type()) {
            Some(infer::MatcherType::Image) => return picture(source, to),
            Some(infer::MatcherType::Video) => return movie(source, &head, to),
            _ if head.is_empty() => b"",
            _ => b"?",
        },
    };
    std::fs::write(to, bytes)
}

/// A white PNG of the same size, whatever the kind: browsers tell pictures by their bytes.
fn picture(mut source: File, to: &Path) -> io::Result<()> {
    let is_whole = is_whole(&mut source)?;
    source.rewind()?;
    let size = imagesize::reader_size(BufReader::new(source)).ok();
    let mut bytes = match size {
        Some(size) if size.width > 0 && size.height > 0 => white(size.width, size.height)?,
        // One whose size cannot be told has none afterwards.
        _ => b"\x89PNG\r\n\x1a\n\0\0\0\0IEND\xae\x42\x60\x82".to_vec(),
    };
    if !is_whole {
        // The last chunk, and what is before it of the picture.
        bytes.truncate(bytes.len().saturating_sub(12));
    }
    std::fs::write(to, bytes)
}

/// Whether a PNG or a JPEG has its end, as the validator looks for it.
fn is_whole(source: &mut File) -> io::Result<bool> {
    let mut head = [0; 8];
    source.rewind()?;
    let read = source.read(&mut head)?;
    if head[..read].starts_with(b"\x89PNG") {
        let length = source.seek(SeekFrom::End(0))?;
        source.seek(SeekFrom::Start(length.saturating_sub(1024)))?;
        let mut end = Vec::new();
        source.read_to_end(&mut end)?;
        return Ok(end.windows(4).any(|it| it == b"IEND"));
    }
    if head[..read].starts_with(b"\xff\xd8") {
        source.rewind()?;
        return Ok(check_whole(BufReader::new(source), "jpg").is_ok());
    }
    Ok(true)
}

fn white(width: usize, height: usize) -> io::Result<Vec<u8>> {
    let side = |length| u32::try_from(length).unwrap_or(u32::MAX);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side(width), side(height));
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header()?;
    // What claims to be enormous has no pixels, as it may have had none.
    if width.saturating_mul(height) <= MOST_PIXELS {
        writer.write_image_data(&vec![0xff; width.div_ceil(8) * height])?;
        writer.finish()?;
    } else {
        drop(writer);
    }
    Ok(bytes)
}

/// A movie of the same length, of the same tracks and frames, in which no frame has anything.
fn movie(mut source: File, head: &[u8], to: &Path) -> io::Result<()> {
    let mut target = File::create(to)?;
    if head
        .get(4..8)
        .is_none_or(|kind| !KEPT.iter().any(|it| *it == kind) && kind != b"mdat" && kind != b"wide")
    {
        return target.write_all(&head[..head.len().min(MAGIC)]);
    }
    let length = source.seek(SeekFrom::End(0))?;
    // What is not written takes no room on disk.
    target.set_len(length)?;
    let mut at = 0;
    while at < length {
        source.seek(SeekFrom::Start(at))?;
        let mut header = [0; 16];
        let header = match length - at {
            rest if rest < 16 => &mut header[..usize::try_from(rest).unwrap_or(0)],
            _ => &mut header[..],
        };
        source.read_exact(header)?;
        let Some(found) = Header::read(header, length - at) else {
            // It is no box, and stays none.
            header.iter_mut().skip(8).for_each(|it| *it = 0);
            target.seek(SeekFrom::Start(at))?;
            return target.write_all(header);
        };
        let end = length.min(at.saturating_add(found.size));
        let is_kept = KEPT.contains(&&found.kind) && end - at <= LARGEST_BOX;
        let copied = if is_kept {
            end - at
        } else {
            found.header.min(end - at)
        };
        source.seek(SeekFrom::Start(at))?;
        let mut bytes = Vec::new();
        (&mut source).take(copied).read_to_end(&mut bytes)?;
        if is_kept {
            scrub(&mut bytes);
        }
        target.seek(SeekFrom::Start(at))?;
        target.write_all(&bytes)?;
        at = end;
    }
    Ok(())
}

/// The start of a box.
struct Header {
    kind: [u8; 4],
    /// Of the whole box, in bytes.
    size: u64,
    /// Of this, in bytes.
    header: u64,
}

impl Header {
    /// The box at the start of some bytes, after which there are so many in all.
    fn read(bytes: &[u8], rest: u64) -> Option<Self> {
        let size = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
        let kind: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
        let (size, header) = match size {
            0 => (rest, 8),
            1 => (u64::from_be_bytes(bytes.get(8..16)?.try_into().ok()?), 16),
            size => (u64::from(size), 8),
        };
        (size >= header).then_some(Self { kind, size, header })
    }
}

/// Takes out what people and programs wrote into a box and those in it.
fn scrub(bytes: &mut [u8]) {
    let Some(header) = Header::read(bytes, bytes.len() as u64) else {
        return;
    };
    let inside = usize::try_from(header.header).unwrap_or(usize::MAX);
    let Some(inside) = bytes.get_mut(inside..) else {
        return;
    };
    match &header.kind {
        kind if HOLDERS.contains(&kind) => each(inside, |inner| {
            scrub(inner);
            let kind = inner.get(4..8).unwrap_or_default();
            let is_known = [&HOLDERS[..], &NUMBERS[..], &[b"hdlr", b"stsd"]].concat();
            if !is_known.iter().any(|it| *it == kind) {
                blank(inner);
            }
        }),
        b"hdlr" => clear(inside, HANDLER),
        // Version, flags and how many kinds there are stand before them.
        b"stsd" => each(inside.get_mut(8..).unwrap_or_default(), samples),
        _ => {}
    }
}

/// Takes out of a kind of samples what does not tell its codec, its profile or its size.
fn samples(entry: &mut [u8]) {
    let has_profile = matches!(entry.get(4..8), Some(b"avc1" | b"avc3" | b"mp4v"));
    let Some(inside) = entry.get_mut(8..) else {
        return;
    };
    if !has_profile || inside.len() < VISUAL {
        clear(inside, SAMPLES);
        return;
    }
    let (numbers, boxes) = inside.split_at_mut(VISUAL);
    clear(numbers, SAMPLES);
    each(boxes, |inner| {
        if !matches!(inner.get(4..8), Some(b"avcC" | b"esds")) {
            blank(inner);
        }
    });
}

/// Does something with each of the boxes that follow each other, and takes out what is no box behind them.
fn each(mut rest: &mut [u8], with: impl Fn(&mut [u8])) {
    while let Some(inner) = Header::read(rest, rest.len() as u64) {
        let size = usize::try_from(inner.size).unwrap_or(usize::MAX);
        let (this, behind) = rest.split_at_mut(size.min(rest.len()));
        with(this);
        rest = behind;
    }
    clear(rest, 8);
}

/// Makes a box one that holds room and nothing else.
fn blank(bytes: &mut [u8]) {
    if let Some(kind) = bytes.get_mut(4..8) {
        kind.copy_from_slice(b"free");
    }
    // A size of 64 bits stands behind the kind.
    let is_long = bytes.starts_with(&[0, 0, 0, 1]);
    clear(bytes, if is_long { 16 } else { 8 });
}

/// Clears all but the first bytes.
fn clear(bytes: &mut [u8], but: usize) {
    bytes.iter_mut().skip(but).for_each(|it| *it = 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: &[u8; 4], inside: &[&[u8]]) -> Vec<u8> {
        let inside = inside.concat();
        let size = u32::try_from(inside.len() + 8).unwrap();
        [&size.to_be_bytes()[..], kind, &inside].concat()
    }

    #[test]
    fn what_people_wrote_into_a_movie_is_not_in_its_stand_in() {
        let reel = of(b"name", &[b"SECRET reel"]);
        let picture = |rest: &[&[u8]]| {
            let inside = [&[&[7; 28][..], b"SECRET", &[0; 44]], rest].concat();
            of(b"avc1", &inside)
        };
        let avc = of(b"avcC", &[&[1, 0x64, 0, 0x28]]);
        let kinds = [
            picture(&[&avc, &of(b"note", &[b"SECRET"])]),
            of(b"tmcd", &[&[0; 26], &reel]),
            b"\0\0\0\x03SECR SECRET".to_vec(),
        ];
        let stsd = of(b"stsd", &[&[0; 8], &kinds.concat()]);
        let hdlr = of(b"hdlr", &[&[0; 8], b"vide", &[0; 12], b"SECRET"]);
        let minf = of(
            b"minf",
            &[&of(b"dinf", &[b"SECRET"]), &of(b"stbl", &[&stsd])],
        );
        let mdia = of(b"mdia", &[&hdlr, &minf]);
        let trak = of(b"trak", &[&of(b"tkhd", &[&[9; 84]]), &mdia, &reel]);
        let told = of(b"udta", &[&of(b"\xa9nam", &[b"SECRET"])]);
        let moov = of(b"moov", &[&trak, &told, &of(b"free", &[b"SECRET"])]);
        let before = [
            of(b"ftyp", &[b"isom", &[0; 4]]),
            moov,
            of(b"mdat", &[b"SECRET"]),
        ]
        .concat();
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        std::fs::write(&from, &before).unwrap();
        stand_in(&from, &to).unwrap();
        let after = std::fs::read(to).unwrap();
        assert_eq!(after.len(), before.len());
        let has = |text: &[u8]| after.windows(text.len()).any(|it| it == text);
        assert!(!has(b"SECRE"), "{}", after.escape_ascii());
        for kept in [&avc[..], b"vide", b"tmcd", &[9; 84], &[7; 28]] {
            assert!(has(kept), "{}", kept.escape_ascii());
        }
    }

    #[test]
    fn a_picture_is_white_and_as_large_and_what_is_none_stays_none() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        let made = |bytes: &[u8]| {
            std::fs::write(&from, bytes).unwrap();
            stand_in(&from, &to).unwrap();
            std::fs::read(&to).unwrap()
        };
        let whole = white(30, 20).unwrap();
        let size = imagesize::blob_size(&made(&whole)).unwrap();
        assert_eq!((size.width, size.height), (30, 20));
        let half = made(&whole[..whole.len() - 14]);
        assert!(!half.windows(4).any(|it| it == b"IEND"));
        assert_eq!(made(b""), b"");
        assert_eq!(made(b"<p>Jade is not here"), b"<html>\n");
        assert_eq!(made(b"{\"error\": \"Jade\"}"), b"{}\n");
        assert_eq!(made(b"Jade"), b"?");
    }
}
