//! How many frames a movie has, told by its own index.
//!
//! MP4 and QuickTime movies are trees of atoms. `moov` describes every track and its samples; a
//! fragmented movie goes on in `moof` atoms. The pictures themselves lie in `mdat`, which is
//! skipped: a movie of 50 GB costs a few reads. The count is that of
//! `ffprobe -select_streams v:0 -count_frames`, which decodes the whole movie.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use mp4_atom::{
    Atom, Ctts, CttsEntry, DecodeMaybe, Elst, ElstEntry, FourCC, Hdlr, Header, Mdhd, Mvhd, Stsz,
    StszSamples, Stts, SttsEntry, Tfdt, Tfhd, Tkhd, Trex, Trun, TrunSamples,
};

/// The most bytes one table of a movie may have. The largest, a composition offset of eight bytes
/// for every frame, is 5 MB for a three hour movie at 60 frames per second.
const TABLE_LIMIT: u64 = 16 << 20;

/// Enough of a file's beginning to tell what it is.
const MAGIC_BYTES: u64 = 4096;

/// The atoms that stand side by side in a file.
const TOP_LEVEL: [&[u8; 4]; 15] = [
    b"ftyp", b"moov", b"mdat", b"moof", b"mfra", b"sidx", b"styp", b"free", b"skip", b"wide",
    b"uuid", b"meta", b"pnot", b"emsg", b"prft",
];

/// Why a movie's frames cannot be counted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MovieError {
    /// The file is something else.
    #[error("not an MP4 or QuickTime movie, but {found}")]
    NotAMovie {
        /// What it is instead, as in `image/png`.
        found: String,
    },
    /// The movie shows nothing.
    #[error("the movie has no video: {found}")]
    NoVideo {
        /// What it has instead.
        found: String,
    },
    /// The file ends before the movie does.
    #[error("the movie is cut off: {missing}; fetch or render it again")]
    Truncated {
        /// What should be there.
        missing: String,
    },
    /// The movie contradicts itself.
    #[error("the movie is damaged: `{atom}` at byte {position} {problem}")]
    Damaged {
        /// The atom's type, as in `stts`.
        atom: String,
        /// Where in the file the atom's body begins.
        position: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// The file cannot be read.
    #[error("cannot read the movie: {0}")]
    Io(#[from] io::Error),
}

type Result<T> = std::result::Result<T, MovieError>;

/// The number of frames that the first video track of a movie shows, in a movie of any codec.
///
/// Every sample of the track is a frame. An edit list shows those whose time lies inside one of
/// its edits, once for each edit. What a fragment repeats from an earlier one is shown once.
///
/// # Errors
///
/// Says what was found when `movie` is no MP4 or QuickTime movie, has no video, is cut off, or is
/// damaged. A fragmented movie cut between two fragments is whole as far as anyone can tell.
pub fn frame_count<R: Read + Seek>(movie: R) -> Result<u64> {
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
        Some(VideoTrack { frames: 0, .. }) => Err(MovieError::NoVideo {
            found: "its video track has no frames".into(),
        }),
        Some(track) => Ok(track.frames),
    }
}

/// The first video track, and the frames counted so far.
struct VideoTrack {
    id: u32,
    frames: u64,
    /// What samples of fragments are when nothing else is said.
    defaults: Trex,
    /// The decode time of the last sample of the fragments so far.
    last: Option<i128>,
    /// When the samples so far end.
    end: i128,
    /// The bytes that the samples of the fragments so far take.
    bytes: u64,
}

impl VideoTrack {
    fn read<R: Read + Seek>(file: &mut MovieFile<R>, moov: Span) -> Result<Self> {
        let mut found = Vec::new();
        // ffmpeg follows edit lists only as long as every track has its samples in `moov`.
        let mut fragmented = false;
        let mut atoms = Atoms::inside(moov);
        while let Some(trak) = atoms.next(file)? {
            if trak.kind.as_ref() != b"trak" {
                continue;
            }
            let stts = file.find(trak, &[b"mdia", b"minf", b"stbl", b"stts"])?;
            fragmented |= stts.is_none_or(|stts| stts.len() <= 8);
            let Some(hdlr) = file.find(trak, &[b"mdia", b"hdlr"])? else {
                continue;
            };
            // QuickTime's names are not UTF-8: the name, from byte 24 on, is left out.
            let handler = file.read::<Hdlr>(hdlr.first(24))?.handler;
            if handler.as_ref() == b"vide" {
                return Self::read_trak(file, moov, trak, !fragmented);
            }
            found.push(format!("`{handler}`"));
        }
        Err(MovieError::NoVideo {
            found: match found.as_slice() {
                [] => "it has no tracks".into(),
                kinds => format!("its tracks are {}", kinds.join(", ")),
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
        let stbl = file.require(trak, &[b"mdia", b"minf", b"stbl"])?;
        let samples = file.sample_count(stbl)?;
        let elst = match file.find(trak, &[b"edts", b"elst"])? {
            Some(elst) if edited => file.read::<Elst>(elst)?.entries,
            _ => Vec::new(),
        };
        let frames = if elst.is_empty() || samples == 0 {
            samples
        } else {
            let edits = Edits {
                entries: &elst,
                movie: file.read_at::<Mvhd>(moov, &[b"mvhd"])?.timescale,
                track: file.read_at::<Mdhd>(trak, &[b"mdia", b"mdhd"])?.timescale,
            };
            let stts = file.read_at::<Stts>(stbl, &[b"stts"])?;
            let ctts = match file.find(stbl, &[b"ctts"])? {
                Some(ctts) => file.read::<Ctts>(ctts)?,
                None => Ctts::default(),
            };
            edits.frames(&stts.entries, &ctts.entries, samples)
        };
        let mut defaults = Trex::default();
        if let Some(mvex) = file.find(moov, &[b"mvex"])? {
            let mut atoms = Atoms::inside(mvex);
            while let Some(atom) = atoms.next(file)? {
                if atom.kind == Trex::KIND {
                    let trex = file.read::<Trex>(atom)?;
                    if trex.track_id == id {
                        defaults = trex;
                    }
                }
            }
        }
        Ok(Self {
            id,
            frames,
            defaults,
            last: None,
            end: 0,
            bytes: 0,
        })
    }

    /// Adds the frames of a `moof`.
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
                self.end = file.read::<Tfdt>(tfdt)?.base_media_decode_time.into();
            }
            let duration = tfhd
                .default_sample_duration
                .unwrap_or(self.defaults.default_sample_duration);
            let size = tfhd
                .default_sample_size
                .unwrap_or(self.defaults.default_sample_size);
            let mut atoms = Atoms::inside(traf);
            while let Some(atom) = atoms.next(file)? {
                if atom.kind == Trun::KIND {
                    let trun = file.read::<Trun>(atom)?;
                    self.add_run(&trun.samples, duration, size);
                    if self.bytes > file.length {
                        return Err(atom.damaged("claims more samples than the file can hold"));
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds the samples of a `trun`, of which those that come no later than the last sample before
    /// repeat what is there.
    fn add_run(&mut self, samples: &TrunSamples, duration: u32, size: u32) {
        let last = self.last;
        let mut add = |count: u32, duration: u32, size: u32| {
            if count == 0 {
                return;
            }
            let run = Run {
                count: count.into(),
                start: self.end,
                step: duration.into(),
            };
            self.frames += run.count - last.map_or(0, |last| run.before(last + 1));
            self.last = Some(run.start + i128::from(count - 1) * run.step);
            self.end += i128::from(count) * run.step;
            // A sample takes at least one byte, so that billions of them need a file to match.
            let bytes = u64::from(count) * u64::from(size.max(1));
            self.bytes = self.bytes.saturating_add(bytes);
        };
        match samples {
            TrunSamples::Inherited { count, .. } => add(*count, duration, size),
            TrunSamples::Explicit(entries) => {
                for entry in entries {
                    let duration = entry.duration.unwrap_or(duration);
                    add(1, duration, entry.size.unwrap_or(size));
                }
            }
        }
    }
}

/// The parts of a track that are shown.
struct Edits<'a> {
    entries: &'a [ElstEntry],
    /// Units per second of the edits' lengths.
    movie: u32,
    /// Units per second of the track's times.
    track: u32,
}

impl Edits<'_> {
    /// How many of the samples the edits show.
    fn frames(&self, stts: &[SttsEntry], ctts: &[CttsEntry], samples: u64) -> u64 {
        let mut frames = 0;
        for edit in self.entries {
            // An empty edit shows nothing for a while.
            let Some(start) = edit.media_time else {
                continue;
            };
            let start = i128::from(start);
            let end = start + self.in_track_units(edit.segment_duration);
            for run in runs(stts, ctts, samples) {
                frames += run.before(end) - run.before(start);
            }
        }
        frames
    }

    /// A length in the track's units, rounded half up as ffmpeg does.
    fn in_track_units(&self, length: u64) -> i128 {
        let movie = i128::from(self.movie.max(1));
        (i128::from(length) * i128::from(self.track) + movie / 2) / movie
    }
}

/// Samples that follow each other at even steps.
struct Run {
    count: u64,
    start: i128,
    step: i128,
}

impl Run {
    /// How many of the samples come before a time.
    fn before(&self, time: i128) -> u64 {
        let span = time - self.start;
        if span <= 0 {
            return 0;
        }
        if self.step == 0 {
            return self.count;
        }
        let steps = (span + self.step - 1) / self.step;
        u64::try_from(steps).map_or(self.count, |steps| steps.min(self.count))
    }
}

/// The times at which samples are shown: decode times, from `stts`, plus composition offsets, from
/// `ctts`.
fn runs(stts: &[SttsEntry], ctts: &[CttsEntry], samples: u64) -> impl Iterator<Item = Run> {
    let mut steps = stts.iter().filter(|entry| entry.sample_count > 0);
    let mut offsets = ctts.iter().filter(|entry| entry.sample_count > 0);
    let (mut step, mut steps_left) = (0, 0);
    let (mut offset, mut offsets_left) = (0, 0);
    let (mut time, mut left) = (0, samples);
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
        let count = left.min(steps_left).min(offsets_left);
        let run = Run {
            count,
            start: time + offset,
            step,
        };
        time += i128::from(count) * step;
        left -= count;
        steps_left -= count;
        offsets_left -= count;
        Some(run)
    })
}

/// A composition offset. QuickTime's are signed, whatever the table's version.
fn signed(offset: i64) -> i128 {
    i128::from(if offset > i64::from(i32::MAX) {
        offset - (1 << 32)
    } else {
        offset
    })
}

/// Where in the file an atom's body lies.
#[derive(Clone, Copy)]
struct Span {
    kind: FourCC,
    start: u64,
    end: u64,
}

impl Span {
    fn len(self) -> u64 {
        self.end - self.start
    }

    /// The first bytes of it.
    fn first(self, len: u64) -> Self {
        Self {
            end: self.end.min(self.start + len),
            ..self
        }
    }

    fn damaged(self, problem: impl Into<String>) -> MovieError {
        damaged(self.kind.as_ref(), self.start, problem)
    }
}

/// Atoms beside each other, inside another one or the file.
struct Atoms {
    parent: Option<Span>,
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
            parent: Some(parent),
            next: parent.start,
            end: parent.end,
        }
    }

    /// The next atom. Fewer bytes than a header has are padding.
    fn next<R: Read + Seek>(&mut self, file: &mut MovieFile<R>) -> Result<Option<Span>> {
        let at = self.next;
        let bytes = file.bytes(at, (self.end - at).min(16))?;
        let mut rest = bytes.as_slice();
        let header = match Header::decode_maybe(&mut rest) {
            Ok(Some(header)) => header,
            Ok(None) => return Ok(None),
            Err(error) => return Err(damaged(&bytes[4..8], at, error.to_string())),
        };
        let start = at + (bytes.len() - rest.len()) as u64;
        let end = match header.size {
            Some(size) => start.saturating_add(size as u64),
            None => self.end,
        };
        let kind = header.kind;
        if end > self.end {
            let size = end - at;
            return match self.parent {
                Some(parent) => Err(damaged(
                    kind.as_ref(),
                    at,
                    format!(
                        "claims {size} bytes, more than `{}` around it has",
                        parent.kind
                    ),
                )),
                None if TOP_LEVEL.contains(&kind.as_ref()) => Err(MovieError::Truncated {
                    missing: format!(
                        "`{kind}` at byte {at} should have {size} bytes, but the file ends after {}",
                        self.end - at,
                    ),
                }),
                // What follows the movie is not part of it.
                None => Ok(None),
            };
        }
        self.next = end;
        Ok(Some(Span { kind, start, end }))
    }
}

/// A movie that is read here and there.
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
        let magic = file.bytes(0, length.min(MAGIC_BYTES))?;
        match magic.get(4..8) {
            Some(kind) if TOP_LEVEL.iter().any(|known| *known == kind) => Ok(file),
            _ => Err(MovieError::NotAMovie {
                found: describe(&magic),
            }),
        }
    }

    fn bytes(&mut self, at: u64, len: u64) -> Result<Vec<u8>> {
        // Relative, because then the reader keeps what it has read ahead.
        self.reader
            .seek_relative(at.wrapping_sub(self.position).cast_signed())?;
        self.position = at;
        let mut bytes = Vec::new();
        self.reader.by_ref().take(len).read_to_end(&mut bytes)?;
        self.position += bytes.len() as u64;
        if (bytes.len() as u64) < len {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        Ok(bytes)
    }

    /// Decodes an atom.
    fn read<A: Atom>(&mut self, span: Span) -> Result<A> {
        if span.len() > TABLE_LIMIT {
            return Err(span.damaged(format!("has {} bytes, which no movie needs", span.len())));
        }
        let bytes = self.bytes(span.start, span.len())?;
        A::decode_body(&mut bytes.as_slice())
            .map_err(|error| span.damaged(format!("cannot be understood: {error}")))
    }

    /// The first atom at a path of types inside another.
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

    fn require(&mut self, parent: Span, path: &[&[u8; 4]]) -> Result<Span> {
        self.find(parent, path)?.ok_or_else(|| {
            let path: Vec<_> = path
                .iter()
                .map(|kind| kind.escape_ascii().to_string())
                .collect();
            parent.damaged(format!("has no `{}`", path.join("/")))
        })
    }

    /// Reads the atom at a path of types inside another, which must be there.
    fn read_at<A: Atom>(&mut self, parent: Span, path: &[&[u8; 4]]) -> Result<A> {
        let span = self.require(parent, path)?;
        self.read(span)
    }

    /// How many samples an `stbl` has.
    fn sample_count(&mut self, stbl: Span) -> Result<u64> {
        let span = match self.find(stbl, &[b"stsz"])? {
            Some(stsz) => stsz,
            None => self.require(stbl, &[b"stz2"])?,
        };
        // `stz2`, which `mp4-atom` does not know, has its count at the same place.
        match self.read::<Stsz>(span)?.samples {
            StszSamples::Identical { count, .. } => Ok(count.into()),
            StszSamples::Different { sizes } => Ok(sizes.len() as u64),
        }
    }

    /// Why a file that begins like a movie has no `moov`.
    fn without_moov(&mut self) -> Result<MovieError> {
        let magic = self.bytes(0, self.length.min(MAGIC_BYTES))?;
        Ok(match infer::get(&magic) {
            Some(kind) if kind.matcher_type() == infer::MatcherType::Image => {
                MovieError::NotAMovie {
                    found: kind.mime_type().into(),
                }
            }
            _ => MovieError::Truncated {
                missing: "it has no `moov`, which is written last".into(),
            },
        })
    }
}

fn damaged(kind: &[u8], position: u64, problem: impl Into<String>) -> MovieError {
    MovieError::Damaged {
        atom: kind.escape_ascii().to_string(),
        position,
        problem: problem.into(),
    }
}

/// What a file that is no movie is.
fn describe(magic: &[u8]) -> String {
    if magic.is_empty() {
        return "an empty file".into();
    }
    if let Some(kind) = infer::get(magic) {
        return kind.mime_type().into();
    }
    let text = match std::str::from_utf8(magic) {
        Ok(text) => text,
        // The last character may be cut.
        Err(error) if error.error_len().is_none() => "",
        Err(_) => return "unknown data".into(),
    };
    match text.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => "JSON".into(),
        _ => "text".into(),
    }
}
