//! The film's movie, and parts of it.

use std::ops::Range;

use bytes::Bytes;
use mp4_atom::{
    Atom, Decode, Encode, Error, Ftyp, Mdat, Moov, Stco, Stsc, StscEntry, Stss, Stsz, StszSamples,
    Stts, SttsEntry, Trak,
};

/// The movie of the film at its usual size. `make-movie` beside it makes it.
const MOVIE: &[u8] = include_bytes!("edit.mp4");

/// How many frames the movie has: as many as the film at its usual size.
const FRAMES: u32 = 960;

/// How many frames there are from one key frame to the next. The first frame is one.
const KEY_FRAME_INTERVAL: u32 = 48;

/// A part of the movie, in frames of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Its first frame.
    pub(super) start: u32,
    /// The frame at which it has ended.
    pub(super) end: u32,
}

impl Part {
    /// All of the movie.
    pub(super) const WHOLE: Self = Self {
        start: 0,
        end: FRAMES,
    };

    /// The part that shows some frames. It is cut without decoding, so it begins at a key frame: up to
    /// two seconds before the first one.
    pub(super) fn showing(frames: Range<u32>) -> Self {
        Self {
            start: frames.start - frames.start % KEY_FRAME_INTERVAL,
            end: frames.end,
        }
    }

    /// How many frames it has.
    pub(super) fn length(self) -> u32 {
        self.end - self.start
    }

    /// The part as a movie of its own. The movie must have it.
    ///
    /// # Errors
    ///
    /// When the movie is not laid out as `make-movie` leaves it.
    pub(super) fn to_mp4(self) -> Result<Bytes, Error> {
        if self == Self::WHOLE {
            return Ok(Bytes::from_static(MOVIE));
        }
        let mut rest = MOVIE;
        let ftyp = Ftyp::decode(&mut rest)?;
        let mut moov = Moov::decode(&mut rest)?;
        let trak = moov.trak.first_mut().ok_or(Error::MissingBox(Trak::KIND))?;
        let tables = &mut trak.mdia.minf.stbl;

        // All frames are one run of bytes, in the order in which they are shown.
        let StszSamples::Different { sizes } = &tables.stsz.samples else {
            return Err(Error::MissingBox(Stsz::KIND));
        };
        let run = tables.stco.as_ref().and_then(|it| it.entries.first());
        let run = *run.ok_or(Error::MissingBox(Stco::KIND))? as usize;
        let (before, sizes) = sizes.split_at(self.start as usize);
        let sizes = sizes[..self.length() as usize].to_vec();
        let bytes = |sizes: &[u32]| sizes.iter().sum::<u32>() as usize;
        let start = run + bytes(before);
        let data = MOVIE[start..start + bytes(&sizes)].to_vec();

        let each = tables.stts.entries.first();
        let each = each.ok_or(Error::MissingBox(Stts::KIND))?.sample_delta;
        let key_frames = (1..=self.length()).step_by(KEY_FRAME_INTERVAL as usize);
        tables.stsz.samples = StszSamples::Different { sizes };
        tables.stts = Stts {
            entries: vec![SttsEntry {
                sample_count: self.length(),
                sample_delta: each,
            }],
        };
        tables.stss = Some(Stss {
            entries: key_frames.collect(),
        });
        tables.stsc = Stsc {
            entries: vec![StscEntry {
                first_chunk: 1,
                samples_per_chunk: self.length(),
                sample_description_index: 1,
            }],
        };

        // One unit of time for everything, in which a frame's length is a whole number.
        let duration = u64::from(self.length() * each);
        trak.mdia.mdhd.duration = duration;
        trak.tkhd.duration = duration;
        trak.edts = None;
        moov.mvhd.timescale = trak.mdia.mdhd.timescale;
        moov.mvhd.duration = duration;

        let assemble = |moov: &Moov| {
            let mut file = Vec::new();
            ftyp.encode(&mut file)?;
            moov.encode(&mut file)?;
            Ok::<_, Error>(file)
        };
        // How long the tables are does not depend on what they say.
        let data_at = assemble(&moov)?.len() + HEADER;
        moov.trak[0].mdia.minf.stbl.stco = Some(Stco {
            entries: vec![data_at.try_into().map_err(|_| Error::InvalidSize)?],
        });
        let mut file = assemble(&moov)?;
        Mdat { data }.encode(&mut file)?;
        Ok(file.into())
    }
}

/// The length of an atom's own header in bytes.
const HEADER: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_movie_has_key_frames_where_they_are_expected() {
        let mut rest = MOVIE;
        Ftyp::decode(&mut rest).unwrap();
        let moov = Moov::decode(&mut rest).unwrap();
        let tables = &moov.trak[0].mdia.minf.stbl;
        let expected: Vec<_> = (1..=FRAMES).step_by(KEY_FRAME_INTERVAL as usize).collect();
        assert_eq!(tables.stss.as_ref().unwrap().entries, expected);
        assert_eq!(tables.stsc.entries[0].samples_per_chunk, FRAMES);
        assert_eq!(tables.stts.entries[0].sample_count, FRAMES);
        assert_eq!(moov.trak.len(), 1);
    }

    #[test]
    fn a_part_holds_the_bytes_of_its_frames() {
        // Every part that a series of the usual size can have.
        for (start, end) in [(0, 592), (576, 960), (384, 784), (768, 960)] {
            let file = Part { start, end }.to_mp4().unwrap();
            let mut rest = &file[..];
            Ftyp::decode(&mut rest).unwrap();
            let moov = Moov::decode(&mut rest).unwrap();
            let at = file.len() - rest.len();
            let tables = &moov.trak[0].mdia.minf.stbl;
            let data_at = tables.stco.as_ref().unwrap().entries[0];
            assert_eq!(data_at as usize, at + HEADER);
            let data = Mdat::decode(&mut rest).unwrap().data;
            assert!(rest.is_empty());
            // A key frame's data, to the letter.
            let first = MOVIE.windows(data.len()).position(|it| it == data);
            assert!(first.is_some(), "{start}–{end}");
        }
    }
}
