//! OpenTimelineIO with its media: `.otioz`, a zip file, and `.otiod`, a folder. Nothing is unpacked: the
//! timeline alone is read.

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::Path;

use zip::ZipArchive;

/// The timeline in both.
const CONTENT: &str = "content.otio";

/// The most bytes of an edit that are read. A film of 10,000 clips has some ten million.
pub(super) const LIMIT: u64 = 128 * 1024 * 1024;

/// The bytes of an edit, or of the timeline in it.
///
/// # Errors
///
/// In words, when it cannot be read, holds no timeline, or is too large.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    if path.is_dir() {
        let content = path.join(CONTENT);
        let is_file = fs::symlink_metadata(&content).is_ok_and(|it| it.is_file());
        return match is_file {
            true => limited(File::open(content).map_err(said)?),
            false => Err(format!("there is no file `{CONTENT}` in the folder")),
        };
    }
    let mut file = File::open(path).map_err(said)?;
    let mut start = [0; 4];
    let is_zip = file.read_exact(&mut start).is_ok() && start == *b"PK\x03\x04";
    file.rewind().map_err(said)?;
    if !is_zip {
        return limited(file);
    }
    let archive = ZipArchive::new(file);
    let mut archive = archive.map_err(|_| "it is not a whole zip file".to_owned())?;
    let content = archive.by_name(CONTENT);
    let content = content.map_err(|_| format!("there is no `{CONTENT}` in it that can be read"))?;
    limited(content)
}

fn limited(file: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(said)?;
    match bytes.len() as u64 > LIMIT {
        true => Err(format!("it has more than {} MB", LIMIT / 1024 / 1024)),
        false => Ok(bytes),
    }
}

fn said(error: std::io::Error) -> String {
    error.to_string()
}
