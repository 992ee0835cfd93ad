//! How many frames a movie has, how fast and in which codec, told by its own index.
//!
//! MP4 and MOV movies are trees of atoms. `moov` describes every track and its samples; a
//! fragmented movie goes on in `moof` atoms. The pictures themselves lie in `mdat`, which is
//! skipped: a movie of 50 GB costs a few reads. The count is the one that ffprobe comes to by
//! decoding the whole movie, with `-select_streams v:0 -count_frames`.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;

use mp4_atom::{
    Atom, Co64, Ctts, CttsEntry, DecodeMaybe, Elst, ElstEntry, FourCC, Hdlr, Header, Mdhd, Mvhd,
    Stco, Stsz, StszSamples, Stts, SttsEntry, Tfdt, Tfhd, Tkhd, Trex, Trun, TrunEntry, TrunSamples,
};

use serde::{Deserialize, Serialize};
use watchtower_model::FrameRate;

use super::MediaKind;
use super::codec;
pub use super::codec::Trouble;

/// The most bytes one table of a movie may have. The largest, a composition offset of eight bytes
/// for every frame, has 5 MB in a three hour movie at 60 frames per second.
const TABLE_LIMIT: u64 = 16 << 20;

/// The most comparisons between edits and table rows. A movie of an hour, with an offset for
/// every frame, may have some hundred edits.
const EDITS_LIMIT: usize = 1 << 26;

/// Later than any sample of any movie, yet far from overflow.
const FOREVER: i128 = 1 << 100;

const ALWAYS: Range<i128> = -FOREVER..FOREVER;

/// The atoms that stand side by side in a file.
const TOP_LEVEL: [&[u8; 4]; 15] = [
    b"ftyp", b"moov", b"mdat", b"moof", b"mfra", b"sidx", b"styp", b"free", b"skip", b"wide",
    b"uuid", b"meta", b"pnot", b"emsg", b"prft",
];

/// The atoms that hold nothing. Where one is cut short, nothing is missing.
const ROOM: [&[u8; 4]; 3] = [b"free", b"skip", b"wide"];

/// Why a movie's frames cannot be counted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MovieError {
    /// The file is something else.
    #[error("not an MP4 or QuickTime movie: {found}")]
    NotAMovie {
        /// What it is, as in `it is image/png`.
        found: String,
    },
    /// The movie shows nothing.
    #[error("the movie has no video: {found}")]
    NoVideo {
        /// What it has instead, as in ``its tracks are `soun` ``.
        found: String,
    },
    /// The file ends before the movie does.
    #[error("the movie is cut off: {missing}")]
    Truncated {
        /// What should be there.
        missing: String,
    },
    /// The movie contradicts itself.
    #[error("the movie is damaged: `{atom}` at byte {position} {problem}")]
    Damaged {
        /// The atom's type, as in `stts`.
        atom: String,
        /// Where in the file the atom begins.
        position: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// The file cannot be read.
    #[error("cannot read the movie: {0}")]
    Io(#[from] io::Error),
}

type Result<T> = std::result::Result<T, MovieError>;

/// What there is to know of a movie without decoding it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Description {
    /// How many frames its first video track shows.
    pub frames: u64,
    /// How many of them it shows a second, on average.
    pub frame_rate: Option<FrameRate>,
    /// Its width and height in pixels.
    pub size: (u16, u16),
    /// The codecs of the first video track, one as a rule, named as RFC 6381 does, with as much of a
    /// profile as decides who plays it: `avc1.64001f`, `mp4v.20`, `apch`.
    pub video: Vec<String>,
    /// The codecs of its sound, the same way.
    pub sound: Vec<String>,
}

impl Description {
    /// Why not every browser plays the movie; none if all do.
    pub fn trouble(&self) -> Option<Trouble> {
        codec::trouble(&self.video, &self.sound)
    }

    /// The command that makes a movie which every browser plays, frame by frame the same.
    pub fn remedy(&self) -> String {
        // H.264 in 4:2:0 has even sizes only.
        let (width, height) = self.size;
        let crop = match (width % 2, height % 2) {
            (0, 0) => String::new(),
            (x, y) => format!(" -vf crop={}:{}", width - x, height - y),
        };
        format!(
            "ffmpeg -i INPUT -c:v libx264 -pix_fmt yuv420p{crop} -c:a aac -movflags +faststart \
             OUTPUT.mp4"
        )
    }

    /// The movie's frame rate, if it is another than that of a timeline. `23.98` is the same as
    /// `24000/1001`; 24 is not.
    pub fn other_rate(&self, timeline: FrameRate) -> Option<FrameRate> {
        let ratio = |it: FrameRate| it.as_f64() / timeline.as_f64();
        self.frame_rate
            .filter(|it| (ratio(*it) - 1.0).abs() > 0.0005)
    }
}

/// A frame rate for people, as in `23.976`.
pub(crate) fn shown_rate(rate: FrameRate) -> String {
    let digits = format!("{:.3}", rate.as_f64());
    digits
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

/// The number of frames that the first video track of a movie shows, whatever its codec: see
/// [`describe`].
///
/// # Errors
///
/// As [`describe`].
pub fn frame_count<R: Read + Seek>(movie: R) -> Result<u64> {
    describe(movie).map(|it| it.frames)
}

/// What there is to know of a movie: how long it is, how fast, and in which codecs.
///
/// Every sample of the first video track is a frame, apart from these:
///
/// * An edit list shows the samples whose time lies inside one of its edits, once for each edit.
///   A movie that was cut without decoding it has hidden samples, back to a key frame.
/// * Samples shown before the first one need pictures from before a cut, and cannot be decoded.
/// * What a fragment repeats from an earlier one is shown once.
///
/// Only what describes the samples is read; `movie` needs no buffer of its own.
///
/// # Errors
///
/// Says what was found when `movie` is no MP4 or MOV movie, has no video, is cut off or is
/// damaged. A fragmented movie that is cut between two fragments is whole, as far as it can tell;
/// one with something else behind a fragment is not. What follows any other movie is none of its
/// business: players pass over it.
pub fn describe<R: Read + Seek>(movie: R) -> Result<Description> {
    let mut file = MovieFile::open(movie)?;
    let mut track = None;
    let mut atoms = Atoms::of_file(&file);
    while let Some(atom) = atoms.next(&mut file)? {
        match (&mut track, atom.kind.as_ref()) {
            (None, b"moov") => track = Some(VideoTrack::read(&mut file, atom)?),
            (Some(track), b"moof") => track.add_fragment(&mut file, atom)?,
            _ => {}
        }
    }
    match track {
        None => Err(file.without_moov()?),
        // A few bytes are padding.
        Some(track) if track.fragmented && atoms.next + 8 <= file.length => {
            Err(MovieError::Truncated {
                missing: format!("what stands at byte {} is no fragment of it", atoms.next),
            })
        }
        Some(track) if track.frames == 0 => Err(MovieError::NoVideo {
            found: "its video track shows no frames".into(),
        }),
        Some(track) => Ok(Description {
            frames: track.frames,
            frame_rate: track.frame_rate(),
            size: track.entries.size,
            video: track.entries.codecs,
            sound: track.sound,
        }),
    }
}

/// The first video track, and what its samples come to so far. Times are in the track's units.
struct VideoTrack {
    id: u32,
    entries: SampleEntries,
    /// The codecs of the sound beside it.
    sound: Vec<String>,
    /// Units per second; 0 where nothing says so.
    timescale: u32,
    frames: u64,
    /// How many samples there are, those included that are not shown.
    samples: u64,
    /// How long all of them last.
    lasts: i128,
    /// Whether it goes on in fragments.
    fragmented: bool,
    /// When the first sample is shown.
    first_shown: Option<i128>,
    /// When the last sample of the fragments is decoded.
    last_decoded: Option<i128>,
    /// When the next sample is decoded.
    end: i128,
    /// The bytes that the samples of the fragments take.
    bytes: u64,
    /// What holds for the samples of fragments when nothing else is said.
    defaults: Trex,
}

impl VideoTrack {
    /// Reads the first video track of a `moov`.
    fn read<R: Read + Seek>(file: &mut MovieFile<R>, moov: Span) -> Result<Self> {
        let mut handlers = Vec::new();
        let mut sound = Vec::new();
        let mut video = None;
        // ffmpeg follows edit lists up to the first track that has its samples in fragments.
        let mut edited = true;
        let mut atoms = Atoms::inside(moov);
        while let Some(trak) = atoms.next(file)? {
            if trak.kind.as_ref() != b"trak" {
                continue;
            }
            let stts = file.find(trak, &[b"mdia", b"minf", b"stbl", b"stts"])?;
            edited &= stts.is_some_and(|stts| stts.len() > 8);
            let Some(hdlr) = file.find(trak, &[b"mdia", b"hdlr"])? else {
                continue;
            };
            // The name, from byte 24 on, is left out: QuickTime's are not UTF-8.
            let handler = file.read::<Hdlr>(hdlr.first(24))?.handler;
            match handler.as_ref() {
                b"vide" if video.is_none() => {
                    video = Some(Self::read_trak(file, moov, trak, edited)?);
                }
                b"soun" => sound.extend(SampleEntries::read(file, trak)?.codecs),
                _ => {}
            }
            if handlers.len() < 4 && !handlers.contains(&handler) {
                handlers.push(handler);
            }
        }
        if let Some(track) = video {
            return Ok(Self { sound, ..track });
        }
        let handlers: Vec<_> = handlers
            .iter()
            .map(|kind| format!("`{}`", name(*kind)))
            .collect();
        Err(MovieError::NoVideo {
            found: match handlers.as_slice() {
                [] => "it has no tracks".into(),
                handlers => format!("its tracks are {}", handlers.join(", ")),
            },
        })
    }

    fn read_trak<R: Read + Seek>(
        file: &mut MovieFile<R>,
        moov: Span,
        trak: Span,
        edited: bool,
    ) -> Result<Self> {
        let id = file.read_at::<Tkhd>(trak, &[b"tkhd"])?.track_id;
        let timescale = match file.find(trak, &[b"mdia", b"mdhd"])? {
            Some(mdhd) => file.read::<Mdhd>(mdhd)?.timescale,
            None => 0,
        };
        let mut track = Self {
            id,
            entries: SampleEntries::read(file, trak)?,
            sound: Vec::new(),
            timescale,
            frames: 0,
            samples: 0,
            lasts: 0,
            fragmented: file.find(moov, &[b"mvex"])?.is_some(),
            first_shown: None,
            last_decoded: None,
            end: 0,
            bytes: 0,
            defaults: file.defaults(moov, id)?,
        };
        let stbl = file.require(trak, &[b"mdia", b"minf", b"stbl"])?;
        let samples = Samples::read(file, stbl)?;
        let Some(first) = samples.runs().next() else {
            return Ok(track);
        };
        let mut shown = vec![ALWAYS];
        if let Some(elst) = file.find(trak, &[b"edts", b"elst"])?
            && edited
        {
            let edits = file.read::<Elst>(elst)?.entries;
            if edits.len().saturating_mul(samples.rows()) > EDITS_LIMIT {
                return Err(elst.damaged(format!("has {} edits", edits.len())));
            }
            if !edits.is_empty() {
                let movie = file.read_at::<Mvhd>(moov, &[b"mvhd"])?.timescale;
                shown = shown_by(&edits, movie, timescale);
            }
        }
        for run in samples.runs() {
            for shown in &shown {
                let hidden = run.before(shown.start.max(first.start));
                track.frames += run.before(shown.end).saturating_sub(hidden);
            }
            track.add_time(run);
        }
        track.first_shown = Some(first.start);
        Ok(track)
    }

    /// Adds the time of samples that follow those before.
    fn add_time(&mut self, run: Run) {
        let lasts = i128::from(run.count) * run.step;
        self.samples += run.count;
        self.lasts += lasts;
        self.end += lasts;
    }

    /// Frames per second, on average.
    #[expect(clippy::cast_precision_loss, reason = "no rate needs so many digits")]
    fn frame_rate(&self) -> Option<FrameRate> {
        let rate = self.samples as f64 * f64::from(self.timescale) / self.lasts as f64;
        FrameRate::new(rate).ok()
    }

    /// Adds what a `moof` has of the track.
    fn add_fragment<R: Read + Seek>(&mut self, file: &mut MovieFile<R>, moof: Span) -> Result<()> {
        let mut atoms = Atoms::inside(moof);
        while let Some(traf) = atoms.next(file)? {
            if traf.kind.as_ref() != b"traf" {
                continue;
            }
            let tfhd = file.read_at::<Tfhd>(traf, &[b"tfhd"])?;
            if tfhd.track_id != self.id {
                continue;
            }
            if let Some(tfdt) = file.find(traf, &[b"tfdt"])? {
                // Negative in a movie that was cut.
                let start = file.read::<Tfdt>(tfdt)?.base_media_decode_time;
                self.end = start.cast_signed().into();
            }
            let inherited = TrunEntry {
                duration: tfhd.default_sample_duration,
                size: tfhd.default_sample_size,
                ..TrunEntry::default()
            };
            let mut atoms = Atoms::inside(traf);
            while let Some(atom) = atoms.next(file)? {
                if atom.kind == Trun::KIND {
                    self.add_run(&file.read::<Trun>(atom)?.samples, inherited);
                    if self.bytes > file.length {
                        return Err(atom.damaged("has more samples than the file can hold"));
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds the samples of a `trun`. Those decoded no later than the last one before the `trun`
    /// repeat what is there.
    fn add_run(&mut self, samples: &TrunSamples, inherited: TrunEntry) {
        let repeated = self.last_decoded.map_or(-FOREVER, |last| last + 1);
        match samples {
            TrunSamples::Inherited { count, .. } => {
                self.add_samples(*count, inherited, repeated);
            }
            TrunSamples::Explicit(entries) => {
                for entry in entries {
                    let entry = TrunEntry {
                        duration: entry.duration.or(inherited.duration),
                        size: entry.size.or(inherited.size),
                        ..*entry
                    };
                    self.add_samples(1, entry, repeated);
                }
            }
        }
    }

    /// Adds samples of which each is like `sample`, apart from those decoded before `repeated`.
    fn add_samples(&mut self, count: u32, sample: TrunEntry, repeated: i128) {
        if count == 0 {
            return;
        }
        let duration = sample
            .duration
            .unwrap_or(self.defaults.default_sample_duration);
        let size = sample.size.unwrap_or(self.defaults.default_sample_size);
        let decoded = Run {
            count: count.into(),
            start: self.end,
            step: duration.into(),
        };
        let shown = Run {
            start: decoded.start + signed(sample.cts.unwrap_or(0)),
            ..decoded
        };
        let first_shown = *self.first_shown.get_or_insert(shown.start);
        let hidden = decoded.before(repeated).max(shown.before(first_shown));
        self.frames += decoded.count - hidden;
        self.add_time(decoded);
        self.last_decoded = Some(self.end - decoded.step);
        // A sample has at least one byte, so that billions of them need a file to match.
        let bytes = u64::from(count) * u64::from(size.max(1));
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// What a track says of how its samples are encoded.
#[derive(Default)]
struct SampleEntries {
    /// Named as RFC 6381 does.
    codecs: Vec<String>,
    /// The width and height of pictures, in pixels.
    size: (u16, u16),
}

impl SampleEntries {
    /// How many bytes of a visual sample entry come before the atoms in it.
    const VISUAL: u64 = 78;

    /// Reads the sample entries of a track. What cannot be read is left out: QuickTime has descriptions
    /// of its own, and players that know the codec do not mind.
    fn read<R: Read + Seek>(file: &mut MovieFile<R>, trak: Span) -> Result<Self> {
        let mut entries = Self::default();
        match entries.add(file, trak) {
            Err(MovieError::Io(error)) => Err(error.into()),
            _ => Ok(entries),
        }
    }

    fn add<R: Read + Seek>(&mut self, file: &mut MovieFile<R>, trak: Span) -> Result<()> {
        let stsd = file.require(trak, &[b"mdia", b"minf", b"stbl", b"stsd"])?;
        let mut atoms = Atoms::inside(stsd.after(8));
        while let Some(entry) = atoms.next(file)? {
            let profile = match Self::profile(file, entry) {
                Err(MovieError::Io(error)) => return Err(error.into()),
                found => found.unwrap_or_default(),
            };
            self.codecs.push(name(entry.kind) + &profile);
            if let [w, x, y, z] = *file.first_bytes(entry.after(24), 4)? {
                self.size = (u16::from_be_bytes([w, x]), u16::from_be_bytes([y, z]));
            }
        }
        Ok(())
    }

    /// What an entry says of the codec's profile: nothing for most.
    fn profile<R: Read + Seek>(file: &mut MovieFile<R>, entry: Span) -> Result<String> {
        let inner = entry.after(Self::VISUAL);
        match entry.kind.as_ref() {
            b"avc1" | b"avc3" => {
                let avcc = file.require(inner, &[b"avcC"])?;
                let profile = file.first_bytes(avcc.after(1), 3)?;
                Ok(format!(".{}", super::state::hex(&profile)))
            }
            b"mp4v" => {
                let esds = file.require(inner, &[b"esds"])?;
                let kind = object_type(&file.first_bytes(esds, 64)?);
                Ok(kind.map(|it| format!(".{it:02x}")).unwrap_or_default())
            }
            _ => Ok(String::new()),
        }
    }
}

/// What kind of stream an `esds` describes: 0x20 is MPEG-4 Part 2.
fn object_type(esds: &[u8]) -> Option<u8> {
    /// The contents of a descriptor, behind its tag and a size of seven bits a byte.
    fn descriptor(bytes: &[u8], tag: u8) -> Option<&[u8]> {
        let rest = bytes.strip_prefix(&[tag])?;
        let size = rest.iter().take(4).position(|it| it & 0x80 == 0)?;
        rest.get(size + 1..)
    }
    // Behind version and flags stands an `ES_Descriptor`, in which the other follows an id and flags.
    let stream = descriptor(esds.get(4..)?, 3)?;
    descriptor(stream.get(3..)?, 4)?.first().copied()
}

/// When each edit of a list begins and ends on the track, as ffmpeg takes it. `movie` and `track`
/// are units per second: an edit's length is in the movie's, its start in the track's.
fn shown_by(edits: &[ElstEntry], movie: u32, track: u32) -> Vec<Range<i128>> {
    let movie = i128::from(movie.max(1));
    edits
        .iter()
        // Empty edits at the beginning delay the track. Later ones start at -1 for ffmpeg, as
        // they are written.
        .skip_while(|edit| edit.media_time.is_none())
        .map(|edit| {
            let start = edit.media_time.map_or(-1, i128::from);
            let length = i128::from(edit.segment_duration) * i128::from(track);
            start..start + (length + movie / 2) / movie
        })
        .collect()
}

/// The tables of a track whose samples are described in `moov`.
struct Samples {
    count: u64,
    steps: Vec<SttsEntry>,
    offsets: Vec<CttsEntry>,
}

impl Samples {
    fn read<R: Read + Seek>(file: &mut MovieFile<R>, stbl: Span) -> Result<Self> {
        let (count, bytes) = match file.read_at::<Stsz>(stbl, &[b"stsz"])?.samples {
            StszSamples::Identical { count, size } => {
                (count.into(), u64::from(count) * u64::from(size))
            }
            StszSamples::Different { sizes } => (
                sizes.len() as u64,
                sizes.iter().copied().map(u64::from).sum(),
            ),
        };
        let samples = Self {
            count,
            steps: file.read_at::<Stts>(stbl, &[b"stts"])?.entries,
            offsets: match file.find(stbl, &[b"ctts"])? {
                Some(ctts) => file.read::<Ctts>(ctts)?.entries,
                None => Vec::new(),
            },
        };
        let last_chunk = match file.find(stbl, &[b"co64"])? {
            Some(co64) => file.read::<Co64>(co64)?.entries.into_iter().max(),
            None => {
                let chunks = file.read_at::<Stco>(stbl, &[b"stco"])?.entries;
                chunks.into_iter().max().map(u64::from)
            }
        };
        let end = bytes.max(last_chunk.map_or(0, |start| start.saturating_add(1)));
        if end > file.length {
            return Err(MovieError::Truncated {
                missing: format!(
                    "its frames go on to byte {end} or later, but the file ends after {}",
                    file.length
                ),
            });
        }
        Ok(samples)
    }

    fn rows(&self) -> usize {
        self.steps.len() + self.offsets.len()
    }

    /// When the samples are shown, in the order in which they are decoded: the sum of the steps
    /// before them, plus an offset.
    fn runs(&self) -> impl Iterator<Item = Run> {
        let mut steps = self.steps.iter().filter(|entry| entry.sample_count > 0);
        let mut offsets = self.offsets.iter().filter(|entry| entry.sample_count > 0);
        let (mut decoded, mut left) = (0, self.count);
        let (mut step, mut steps_left) = (0, 0);
        let (mut offset, mut offsets_left) = (0, 0);
        std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            if steps_left == 0 {
                // The last step holds for all samples that are left.
                (step, steps_left) = steps.next().map_or((step, left), |entry| {
                    (entry.sample_delta.into(), entry.sample_count.into())
                });
            }
            if offsets_left == 0 {
                (offset, offsets_left) = offsets.next().map_or((0, left), |entry| {
                    (signed(entry.sample_offset), entry.sample_count.into())
                });
            }
            let run = Run {
                count: left.min(steps_left).min(offsets_left),
                start: decoded + offset,
                step,
            };
            decoded += i128::from(run.count) * step;
            left -= run.count;
            steps_left -= run.count;
            offsets_left -= run.count;
            Some(run)
        })
    }
}

/// Samples that follow each other at even steps of time.
#[derive(Clone, Copy)]
struct Run {
    count: u64,
    start: i128,
    step: i128,
}

impl Run {
    /// How many of the samples come before a time.
    fn before(self, time: i128) -> u64 {
        let span = time - self.start;
        if span <= 0 {
            0
        } else if span > i128::from(self.count) * self.step {
            self.count
        } else {
            let steps = (span + self.step - 1) / self.step;
            u64::try_from(steps).unwrap_or(self.count)
        }
    }
}

/// A composition offset. Those of MOV are signed, even where the table's version says otherwise.
fn signed(offset: i64) -> i128 {
    match u32::try_from(offset) {
        Ok(offset) => offset.cast_signed().into(),
        Err(_) => offset.into(),
    }
}

/// Where in the file an atom lies.
#[derive(Clone, Copy)]
struct Span {
    kind: FourCC,
    /// Where its header begins.
    position: u64,
    /// Where its body begins and ends.
    start: u64,
    end: u64,
}

impl Span {
    /// The bytes of its body.
    fn len(self) -> u64 {
        self.end - self.start
    }

    /// The same atom, as if its body had no more than so many bytes.
    fn first(self, len: u64) -> Self {
        Self {
            end: self.end.min(self.start + len),
            ..self
        }
    }

    /// The same atom, as if its body began so many bytes later.
    fn after(self, len: u64) -> Self {
        Self {
            start: self.end.min(self.start + len),
            ..self
        }
    }

    fn damaged(self, problem: impl Into<String>) -> MovieError {
        damaged(self.kind, self.position, problem)
    }
}

fn damaged(kind: FourCC, position: u64, problem: impl Into<String>) -> MovieError {
    MovieError::Damaged {
        atom: name(kind),
        position,
        problem: problem.into(),
    }
}

/// An atom's type for people, whatever its bytes.
fn name(kind: FourCC) -> String {
    kind.as_ref().escape_ascii().to_string()
}

/// Atoms beside each other, in the file or inside another atom.
struct Atoms {
    parent: Option<FourCC>,
    next: u64,
    end: u64,
}

impl Atoms {
    fn of_file<R>(file: &MovieFile<R>) -> Self {
        Self {
            parent: None,
            next: 0,
            end: file.length,
        }
    }

    fn inside(parent: Span) -> Self {
        Self {
            parent: Some(parent.kind),
            next: parent.start,
            end: parent.end,
        }
    }

    /// The next atom. Fewer bytes than a header has are padding.
    fn next<R: Read + Seek>(&mut self, file: &mut MovieFile<R>) -> Result<Option<Span>> {
        let position = self.next;
        let room = self.end - position;
        let bytes = file.bytes(position, room.min(16))?;
        let Some([_, _, _, _, kind @ ..]) = bytes.first_chunk::<8>() else {
            return Ok(None);
        };
        let kind = FourCC::new(kind);
        let mut body = bytes.as_slice();
        let header = match Header::decode_maybe(&mut body) {
            Ok(Some(header)) => header,
            Ok(None) => return Ok(None),
            Err(_) => return Err(damaged(kind, position, "has an impossible size")),
        };
        let start = position + (bytes.len() - body.len()) as u64;
        let end = match header.size {
            Some(size) => start.saturating_add(size as u64),
            None => self.end,
        };
        if end > self.end && self.parent.is_none() && ROOM.contains(&kind.as_ref()) {
            self.next = self.end;
            return Ok(None);
        }
        if end > self.end {
            let claimed = end - position;
            return match self.parent {
                Some(parent) => Err(damaged(
                    kind,
                    position,
                    format!("has a size of {claimed}, but `{parent}` ends after {room}"),
                )),
                None if TOP_LEVEL.contains(&kind.as_ref()) => Err(MovieError::Truncated {
                    missing: format!(
                        "`{kind}` at byte {position} should have {claimed} bytes, but the file \
                         ends after {room}"
                    ),
                }),
                // What follows the movie is not part of it.
                None => Ok(None),
            };
        }
        self.next = end;
        Ok(Some(Span {
            kind,
            position,
            start,
            end,
        }))
    }
}

/// A movie of which only what is asked for is read.
struct MovieFile<R> {
    reader: BufReader<R>,
    position: u64,
    length: u64,
}

impl<R: Read + Seek> MovieFile<R> {
    /// Looks whether the file is a movie at all.
    fn open(mut movie: R) -> Result<Self> {
        let length = movie.seek(SeekFrom::End(0))?;
        movie.rewind()?;
        let mut file = Self {
            reader: BufReader::new(movie),
            position: 0,
            length,
        };
        let head = file.head()?;
        if TOP_LEVEL.iter().any(|kind| head.get(4..8) == Some(*kind)) {
            return Ok(file);
        }
        let found = match MediaKind::Movie.extension(&head) {
            Err(found) => found,
            Ok(_) => "it is of no known kind".into(),
        };
        Err(MovieError::NotAMovie { found })
    }

    /// The beginning of the file, which tells what it is.
    fn head(&mut self) -> Result<Vec<u8>> {
        self.bytes(0, self.length.min(512))
    }

    /// Why a file that begins like a movie has no `moov`.
    fn without_moov(&mut self) -> Result<MovieError> {
        let head = self.head()?;
        Ok(match infer::get(&head) {
            Some(kind) if kind.matcher_type() == infer::MatcherType::Image => {
                MovieError::NotAMovie {
                    found: format!("it is {}", kind.mime_type()),
                }
            }
            _ => MovieError::Truncated {
                missing: "it has no `moov`, which many programs write last".into(),
            },
        })
    }

    fn bytes(&mut self, position: u64, len: u64) -> Result<Vec<u8>> {
        // A relative seek keeps what the reader has read ahead.
        let distance = position.wrapping_sub(self.position).cast_signed();
        self.reader.seek_relative(distance)?;
        self.position = position;
        let mut bytes = Vec::new();
        self.reader.by_ref().take(len).read_to_end(&mut bytes)?;
        self.position += bytes.len() as u64;
        if (bytes.len() as u64) < len {
            // The file was longer a moment ago.
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        Ok(bytes)
    }

    /// The first bytes of an atom's body, as many as it has.
    fn first_bytes(&mut self, atom: Span, len: u64) -> Result<Vec<u8>> {
        self.bytes(atom.start, atom.len().min(len))
    }

    fn read<A: Atom>(&mut self, atom: Span) -> Result<A> {
        let len = atom.len();
        if len > TABLE_LIMIT {
            return Err(atom.damaged(format!("has {len} bytes, more than any movie needs")));
        }
        let bytes = self.bytes(atom.start, len)?;
        A::decode_body(&mut bytes.as_slice())
            .map_err(|error| atom.damaged(format!("cannot be read: {error}")))
    }

    /// The first atom at a path of types inside another one.
    fn find(&mut self, parent: Span, path: &[&[u8; 4]]) -> Result<Option<Span>> {
        let Some((kind, rest)) = path.split_first() else {
            return Ok(Some(parent));
        };
        let mut atoms = Atoms::inside(parent);
        while let Some(atom) = atoms.next(self)? {
            if atom.kind.as_ref() == *kind {
                return self.find(atom, rest);
            }
        }
        Ok(None)
    }

    /// The same, for an atom that must be there.
    fn require(&mut self, parent: Span, path: &[&[u8; 4]]) -> Result<Span> {
        self.find(parent, path)?.ok_or_else(|| {
            let path: Vec<_> = path.iter().map(|kind| name(FourCC::new(kind))).collect();
            parent.damaged(format!("has no `{}`", path.join("/")))
        })
    }

    fn read_at<A: Atom>(&mut self, parent: Span, path: &[&[u8; 4]]) -> Result<A> {
        let atom = self.require(parent, path)?;
        self.read(atom)
    }

    /// What a `moov` says of the fragments' samples of a track.
    fn defaults(&mut self, moov: Span, track: u32) -> Result<Trex> {
        let Some(mvex) = self.find(moov, &[b"mvex"])? else {
            return Ok(Trex::default());
        };
        let mut atoms = Atoms::inside(mvex);
        while let Some(atom) = atoms.next(self)? {
            if atom.kind == Trex::KIND {
                let trex = self.read::<Trex>(atom)?;
                if trex.track_id == track {
                    return Ok(trex);
                }
            }
        }
        Ok(Trex::default())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Cursor;
    use std::path::Path;

    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;
    use proptest::sample::{Index, select};

    use super::*;

    fn count(movie: &[u8]) -> Result<u64> {
        frame_count(Cursor::new(movie))
    }

    fn message(movie: &[u8]) -> String {
        count(movie).unwrap_err().to_string()
    }

    /// The real movies, by name, with the frames that ffprobe decodes from each.
    fn movies() -> BTreeMap<String, (Vec<u8>, u64)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/movies");
        let counts = std::fs::read(folder.join("counts.json")).unwrap();
        let counts: BTreeMap<String, u64> = serde_json::from_slice(&counts).unwrap();
        let movie = |name: String, frames| {
            let bytes = std::fs::read(folder.join(&name)).unwrap();
            (name, (bytes, frames))
        };
        counts
            .into_iter()
            .map(|(name, frames)| movie(name, frames))
            .collect()
    }

    fn movie(name: &str) -> Vec<u8> {
        movies().remove(name).unwrap().0
    }

    fn atom(kind: &[u8; 4], body: &[&[u8]]) -> Vec<u8> {
        let body = body.concat();
        let size = u32::try_from(body.len() + 8).unwrap();
        [&size.to_be_bytes()[..], kind, &body].concat()
    }

    /// A video track with these sample tables, and what else it has.
    fn video_track(tables: &[&[u8]], rest: &[u8]) -> Vec<u8> {
        let tkhd = atom(b"tkhd", &[&[0; 12], &[0, 0, 0, 1], &[0; 68]]);
        let hdlr = atom(b"hdlr", &[&[0; 8], b"vide", &[0; 12]]);
        let stbl = atom(b"stbl", &[&tables.concat(), &table(b"stco", &[0])]);
        let mdia = atom(b"mdia", &[&hdlr, &atom(b"minf", &[&stbl])]);
        atom(b"trak", &[&tkhd, &mdia, rest])
    }

    /// A movie of one track.
    fn movie_of(trak: &[u8]) -> Vec<u8> {
        atom(b"moov", &[trak])
    }

    /// A video track that has its samples elsewhere.
    fn empty_track() -> Vec<u8> {
        video_track(&[&table(b"stsz", &[0, 0]), &table(b"stts", &[0])], b"")
    }

    fn table(kind: &[u8; 4], numbers: &[u32]) -> Vec<u8> {
        let numbers: Vec<_> = numbers
            .iter()
            .flat_map(|number| number.to_be_bytes())
            .collect();
        atom(kind, &[&[0; 4], &numbers])
    }

    #[test]
    fn real_movies_have_as_many_frames_as_ffprobe_decodes() {
        let movies = movies();
        assert!(movies.len() > 12);
        for (name, (movie, frames)) in movies {
            assert_eq!(count(&movie).unwrap(), frames, "{name}");
        }
    }

    #[test]
    fn what_is_no_movie_is_named() {
        let found = |bytes: &[u8]| match count(bytes) {
            Err(MovieError::NotAMovie { found }) => found,
            other => panic!("{other:?}"),
        };
        assert_eq!(found(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "it is image/png");
        let webm = [&b"\x1a\x45\xdf\xa3\x9fB\x82\x84webm"[..], &[0; 300]].concat();
        assert_eq!(found(&webm), "it is video/webm");
        assert_eq!(
            found(b"\0\0\0\x18ftypavif\0\0\0\0avifmif1"),
            "it is image/avif"
        );
        assert_eq!(found(b"<!DOCTYPE html><html>"), "it is text/html");
        assert!(found(b"{\"message\": \"not found\"}").contains("JSON"));
        assert_eq!(found(b"Forbidden, and more text"), "it is of no known kind");
        assert_eq!(found(b"mp4"), "it is of no known kind");
        assert_eq!(found(b""), "it is empty");
        assert_eq!(message(b""), "not an MP4 or QuickTime movie: it is empty");
    }

    #[test]
    fn a_movie_without_video_says_what_it_has() {
        let mut sound = movie("sound-and-two-videos.mp4");
        while let Some(at) = sound.windows(4).position(|kind| kind == b"vide") {
            sound[at..at + 4].copy_from_slice(b"meta");
        }
        assert_eq!(
            message(&sound),
            "the movie has no video: its tracks are `soun`, `meta`"
        );

        assert_eq!(
            message(&movie_of(&empty_track())),
            "the movie has no video: its video track shows no frames"
        );

        assert_eq!(
            message(&movie_of(b"")),
            "the movie has no video: it has no tracks"
        );
    }

    #[test]
    fn a_movie_that_is_cut_off_has_no_count() {
        for (name, (movie, frames)) in movies() {
            let fragmented = movie.windows(4).any(|kind| kind == b"moof");
            for len in 0..movie.len() {
                match count(&movie[..len]) {
                    Err(MovieError::Damaged { .. } | MovieError::Io(_)) => {
                        panic!("{name} cut to {len}: {:?}", count(&movie[..len]))
                    }
                    Err(_) => {}
                    // Between two fragments.
                    Ok(fewer) => assert!(fragmented && fewer <= frames, "{name} cut to {len}"),
                }
            }
        }
        let movie = movie("h264-moov-first.mp4");
        assert_eq!(
            message(&movie[..movie.len() - 1]),
            "the movie is cut off: `mdat` at byte 959 should have 479 bytes, but the file ends \
             after 478"
        );
    }

    #[test]
    fn what_follows_the_movie_does_not_matter() {
        let (mut movie, frames) = movies().remove("h264.mp4").unwrap();
        movie.extend_from_slice(b"trailing text of some program");
        assert_eq!(count(&movie).unwrap(), frames);
    }

    #[test]
    fn what_follows_a_fragment_is_one() {
        let (mut movie, frames) = movies().remove("fragmented.mp4").unwrap();
        movie.extend_from_slice(b"\0\0\0");
        assert_eq!(count(&movie).unwrap(), frames);
        let end = movie.len() - 3;
        movie.truncate(end);
        movie.extend_from_slice(b"502 Bad Gateway");
        let expected =
            format!("the movie is cut off: what stands at byte {end} is no fragment of it");
        assert_eq!(message(&movie), expected);
    }

    #[test]
    fn room_that_is_cut_short_lacks_nothing() {
        for name in ["h264.mp4", "fragmented.mp4"] {
            let (mut movie, frames) = movies().remove(name).unwrap();
            movie.extend_from_slice(b"\0\0\x10\0free of anything");
            assert_eq!(count(&movie).unwrap(), frames, "{name}");
        }
        // Pictures that should stand behind it are still missing.
        let movie = movie("h264-moov-first.mp4");
        let mdat = movie.windows(4).position(|it| it == b"mdat").unwrap() - 4;
        let cut = [&movie[..mdat], b"\0\0\x10\0free"].concat();
        assert!(matches!(count(&cut), Err(MovieError::Truncated { .. })));
    }

    #[test]
    fn a_movie_says_how_it_is_encoded() {
        let described = |name: &str| {
            let movie = describe(Cursor::new(movie(name))).unwrap();
            let rate = movie.frame_rate.unwrap().as_f64();
            (
                movie.video.join(" "),
                movie.sound.join(" "),
                rate,
                movie.size,
            )
        };
        let video = |codec: &str, rate| (codec.to_owned(), String::new(), rate, (32, 32));
        assert_eq!(described("h264.mp4"), video("avc1.64000a", 24.0));
        assert_eq!(described("fragmented.mp4"), video("avc1.64000a", 24.0));
        assert_eq!(described("hevc.mp4"), video("hvc1", 24.0));
        assert_eq!(described("av1.mp4"), video("av01", 24.0));
        assert_eq!(described("mjpeg-timecode.mov"), video("jpeg", 24.0));
        assert_eq!(described("h264-10-bit.mp4"), video("avc1.6e000a", 24.0));
        assert_eq!(described("mpeg4.mp4"), video("mp4v.20", 24.0));
        assert_eq!(described("prores.mov"), video("apco", 25.0));
        let (codec, sound, ..) = described("sound-and-two-videos.mp4");
        assert_eq!((codec.as_str(), sound.as_str()), ("avc1.64000a", "mp4a"));
        for (name, (movie, _)) in movies() {
            let trouble = describe(Cursor::new(movie)).unwrap().trouble();
            let expected = [
                "fragmented-after-cut.mp4",
                "h264-10-bit.mp4",
                "hevc.mp4",
                "mjpeg-timecode.mov",
                "mpeg4.mp4",
                "pcm-24.mov",
                "prores.mov",
            ];
            assert_eq!(
                trouble.is_some(),
                expected.contains(&name.as_str()),
                "{name}"
            );
        }
    }

    #[test]
    fn rates_that_people_round_are_the_same() {
        let rate = |fps| FrameRate::new(fps).unwrap();
        let film = |fps| Description {
            frames: 1,
            frame_rate: Some(rate(fps)),
            size: (0, 0),
            video: Vec::new(),
            sound: Vec::new(),
        };
        let ntsc = film(24000.0 / 1001.0);
        assert_eq!(ntsc.other_rate(rate(23.98)), None);
        assert_eq!(ntsc.other_rate(rate(23.976)), None);
        assert_eq!(ntsc.other_rate(rate(24.0)), ntsc.frame_rate);
        assert_eq!(film(25.0).other_rate(rate(24.0)), Some(rate(25.0)));
    }

    #[test]
    fn an_odd_size_is_cropped_by_the_remedy() {
        let mut movie = describe(Cursor::new(movie("h264.mp4"))).unwrap();
        assert!(!movie.remedy().contains("crop"));
        movie.size = (63, 41);
        assert!(movie.remedy().contains("-pix_fmt yuv420p -vf crop=62:40 "));
    }

    #[test]
    fn hostile_sizes_are_damage() {
        let movie = |size: u32, kind: &[u8; 4]| {
            let child = [&size.to_be_bytes()[..], kind, &[0; 24]].concat();
            [atom(b"moov", &[&child]), atom(b"free", &[])].concat()
        };
        assert_eq!(
            message(&movie(7, b"trak")),
            "the movie is damaged: `trak` at byte 8 has an impossible size"
        );
        assert_eq!(
            message(&movie(u32::MAX, b"\x00\xfftr")),
            r"the movie is damaged: `\x00\xfftr` at byte 8 has a size of 4294967295, but `moov` ends after 32"
        );
        // A size of 0 is all there is, and 1 stands before the true one, here 0.
        assert!(message(&movie(0, b"free")).contains("no tracks"));
        assert!(message(&movie(1, b"free")).contains("impossible size"));

        let huge = [&1_u32.to_be_bytes()[..], b"moov", &u64::MAX.to_be_bytes()].concat();
        assert!(matches!(count(&huge), Err(MovieError::Truncated { .. })));
    }

    #[test]
    fn claims_of_billions_of_samples_need_a_file_to_match() {
        let steps = table(b"stts", &[1, u32::MAX, 1]);
        let with_sizes = |sizes: &[u32]| {
            let sizes = table(b"stsz", sizes);
            count(&movie_of(&video_track(&[&sizes, &steps], b""))).unwrap_err()
        };
        let all_alike = with_sizes(&[1, u32::MAX]);
        assert!(
            matches!(all_alike, MovieError::Truncated { .. }),
            "{all_alike}"
        );
        let each_its_own = with_sizes(&[0, u32::MAX, 1]).to_string();
        assert!(each_its_own.contains("`stsz`"), "{each_its_own}");

        let traf = atom(
            b"traf",
            &[&table(b"tfhd", &[1]), &table(b"trun", &[u32::MAX])],
        );
        let moof = atom(b"moof", &[&traf]);
        let fragmented = message(&[movie_of(&empty_track()), moof].concat());
        assert!(fragmented.contains("`trun`"), "{fragmented}");
        assert!(
            fragmented.contains("more samples than the file can hold"),
            "{fragmented}"
        );
    }

    #[test]
    fn too_many_edits_are_damage() {
        let rows = 20_000_u32;
        let table_of = |kind, row: &[u32]| {
            let rows = std::iter::once(rows).chain(row.repeat(rows as usize));
            table(kind, &rows.collect::<Vec<_>>())
        };
        let elst = table_of(b"elst", &[1, 0, 1 << 16]);
        let tables = [&table(b"stsz", &[1, 100])[..], &table_of(b"stts", &[1, 1])];
        let movie = movie_of(&video_track(&tables, &atom(b"edts", &[&elst])));
        assert!(
            message(&movie).contains("has 20000 edits"),
            "{}",
            message(&movie)
        );
    }

    #[test]
    fn offsets_may_be_signed_in_any_version_of_the_table() {
        assert_eq!(signed(512), 512);
        assert_eq!(signed(-512), -512);
        assert_eq!(signed(0xffff_fe00), -512);
    }

    #[test]
    fn atoms_nested_without_end_are_not_followed() {
        let mut nested = Vec::new();
        for _ in 0..10_000 {
            nested = atom(b"trak", &[&nested]);
        }
        assert!(message(&atom(b"moov", &[&nested])).contains("no tracks"));
    }

    /// A movie with a hole, which counts the bytes that are read.
    struct WithHole<'a> {
        head: &'a [u8],
        hole: u64,
        tail: &'a [u8],
        position: u64,
        bytes_read: &'a mut u64,
    }

    impl Read for WithHole<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let head = self.head.len() as u64;
            let read = if self.position < head {
                (&self.head[usize::try_from(self.position).unwrap()..]).read(buffer)?
            } else if self.position < head + self.hole {
                let left = head + self.hole - self.position;
                io::repeat(0).take(left).read(buffer)?
            } else {
                let at = usize::try_from(self.position - head - self.hole).unwrap();
                self.tail.get(at..).unwrap_or_default().read(buffer)?
            };
            self.position += read as u64;
            *self.bytes_read += read as u64;
            Ok(read)
        }
    }

    impl Seek for WithHole<'_> {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            let length = (self.head.len() + self.tail.len()) as u64 + self.hole;
            self.position = match to {
                SeekFrom::Start(position) => position,
                SeekFrom::End(distance) => length.wrapping_add_signed(distance),
                SeekFrom::Current(distance) => self.position.wrapping_add_signed(distance),
            };
            Ok(self.position)
        }
    }

    #[test]
    fn the_pictures_of_a_huge_movie_are_not_read() {
        let (movie, frames) = movies().remove("h264.mp4").unwrap();
        let moov = movie.windows(4).position(|kind| kind == b"moov").unwrap() - 4;
        let hole = 50_000_000_000_u64;
        let mdat = [
            &1_u32.to_be_bytes()[..],
            b"mdat",
            &(hole + 16).to_be_bytes(),
        ]
        .concat();
        let mut bytes_read = 0;
        let huge = WithHole {
            head: &[atom(b"ftyp", &[b"isom", &[0; 4]]), mdat].concat(),
            hole,
            tail: &movie[moov..],
            position: 0,
            bytes_read: &mut bytes_read,
        };
        assert_eq!(frame_count(huge).unwrap(), frames);
        assert!(bytes_read < 100_000, "{bytes_read} bytes were read");
    }

    #[test]
    fn a_table_without_end_is_not_read() {
        let hole = 3_u32 << 30;
        let trak = empty_track();
        let header = |kind: &[u8; 4], size: u32| [&size.to_be_bytes()[..], kind].concat();
        let mut bytes_read = 0;
        let huge = WithHole {
            head: &[
                header(b"moov", 24 + hole + u32::try_from(trak.len()).unwrap()),
                header(b"mvex", 16 + hole),
                header(b"trex", 8 + hole),
            ]
            .concat(),
            hole: hole.into(),
            tail: &trak,
            position: 0,
            bytes_read: &mut bytes_read,
        };
        assert_eq!(
            frame_count(huge).unwrap_err().to_string(),
            "the movie is damaged: `trex` at byte 16 has 3221225472 bytes, more than any movie needs"
        );
        assert!(bytes_read < 100_000, "{bytes_read} bytes were read");
    }

    proptest! {
        #[test]
        fn runs_count_like_single_samples(
            steps in vec((0_u32..4, 0_u32..5), 0..6),
            offsets in vec((0_u32..4, -6_i64..6), 0..6),
            count in 0_u64..20,
            time in -10_i64..60,
        ) {
            let mut single_steps = steps.iter().flat_map(|row| vec![row.1; row.0 as usize]);
            let mut single_offsets = offsets.iter().flat_map(|row| vec![row.1; row.0 as usize]);
            let (mut step, mut decoded, mut before) = (0, 0, 0);
            for _ in 0..count {
                let shown = decoded + single_offsets.next().unwrap_or(0);
                before += u64::from(shown < time);
                step = single_steps.next().unwrap_or(step);
                decoded += i64::from(step);
            }

            let step = |(sample_count, sample_delta)| SttsEntry { sample_count, sample_delta };
            let offset = |(sample_count, sample_offset)| CttsEntry { sample_count, sample_offset };
            let samples = Samples {
                count,
                steps: steps.into_iter().map(step).collect(),
                offsets: offsets.into_iter().map(offset).collect(),
            };
            prop_assert_eq!(samples.runs().map(|run| run.count).sum::<u64>(), count);
            let counted: u64 = samples.runs().map(|run| run.before(time.into())).sum();
            prop_assert_eq!(counted, before);
        }

        #[test]
        fn no_change_to_a_movie_makes_us_panic(
            (mut movie, _) in select(movies().into_values().collect::<Vec<_>>()),
            changes in vec((any::<Index>(), any::<u8>(), any::<bool>()), 1..12),
            cut in option::of(any::<Index>()),
        ) {
            for (at, byte, insert) in changes {
                let at = at.index(movie.len());
                if insert {
                    movie.insert(at, byte);
                } else {
                    movie[at] = byte;
                }
            }
            if let Some(cut) = cut {
                movie.truncate(cut.index(movie.len()));
            }
            let _ = count(&movie);
        }

        #[test]
        fn no_bytes_make_us_panic(bytes in vec(any::<u8>(), 0..200)) {
            let movie = atom(b"moov", &[&atom(b"trak", &[&bytes])]);
            let _ = (count(&movie), count(&bytes));
        }
    }
}
