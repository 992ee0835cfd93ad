//! Where a client comes from: a folder, or a zip file, of which nothing is believed.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use zip::ZipArchive;

use super::{ClientError, DATA, INDEX};

/// How many files there may be. A wheel with a client has about twenty.
const MOST_FILES: usize = 10_000;
/// How many bytes a client may have, unpacked. The published ones have one megabyte.
const MOST_BYTES: u64 = 64 << 20;

/// Files by their paths, with `/` between the parts.
pub(super) struct Source {
    path: PathBuf,
    kind: Kind,
    files: Vec<String>,
    /// How many bytes may still be read.
    left: u64,
}

enum Kind {
    Folder,
    Zip(Box<ZipArchive<BufReader<File>>>),
}

impl Source {
    /// Lists the files of a folder or a zip file.
    ///
    /// # Errors
    ///
    /// [`ClientError`] when it cannot be read, or holds what no client does: names that lead out of
    /// it, names that are there twice, links, more than a client can have.
    pub(super) fn open(path: &Path) -> Result<Self, ClientError> {
        let unreadable = |source| ClientError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let mut source = Self {
            path: path.to_owned(),
            kind: Kind::Folder,
            files: Vec::new(),
            left: MOST_BYTES,
        };
        if fs::metadata(path).map_err(unreadable)?.is_dir() {
            source.list_folder()?;
        } else {
            let file = File::open(path).map_err(unreadable)?;
            let archive = ZipArchive::new(BufReader::new(file)).map_err(|error| {
                ClientError::NotAnArchive {
                    path: path.to_owned(),
                    reason: error.to_string(),
                }
            })?;
            source.list_zip(archive)?;
        }
        source.files.sort_unstable();
        source.check_files_are_no_folders()?;
        Ok(source)
    }

    /// The path of every file, in order.
    pub(super) fn files(&self) -> &[String] {
        &self.files
    }

    fn list_folder(&mut self) -> Result<(), ClientError> {
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            let place = self.path.join(&folder);
            let unreadable = |source| ClientError::Unreadable {
                path: place.clone(),
                source,
            };
            let entries = fs::read_dir(&place).map_err(unreadable)?;
            let entries: Result<Vec<_>, _> = entries.collect();
            let entries = entries.map_err(unreadable)?;
            let is_client = entries.iter().any(|it| it.file_name() == INDEX);
            for entry in entries {
                // Nothing in a client has another name than plain ASCII.
                let Ok(name) = entry.file_name().into_string() else {
                    continue;
                };
                let hidden = name.starts_with('.');
                // The site's, if the client was put beside one.
                let sites = is_client && name == DATA;
                if hidden || sites {
                    continue;
                }
                let path = match folder.as_str() {
                    "" => name,
                    folder => format!("{folder}/{name}"),
                };
                let kind = entry.file_type().map_err(unreadable)?;
                if kind.is_symlink() {
                    return Err(self.hostile(format!("`{path}` is a symbolic link")));
                } else if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_file() {
                    self.add(path)?;
                }
            }
        }
        Ok(())
    }

    fn list_zip(&mut self, mut archive: ZipArchive<BufReader<File>>) -> Result<(), ClientError> {
        if archive.has_duplicate_names() {
            return Err(self.hostile("a name is there twice".into()));
        }
        if archive.len() > MOST_FILES {
            return Err(self.too_many());
        }
        let overlapping = archive.has_overlapping_entries();
        if overlapping.map_err(|error| self.hostile(error.to_string()))? {
            return Err(self.hostile("files share bytes, as in a bomb".into()));
        }
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index);
            let entry = entry.map_err(|error| self.hostile(error.to_string()))?;
            let name = entry.name().map(|it| it.into_owned());
            let name = name.map_err(|_| self.hostile("a name is no text".into()))?;
            let shown = name.escape_debug();
            if let Some(reason) = leads_out(&name) {
                return Err(self.hostile(format!("`{shown}` {reason}")));
            }
            if entry.is_symlink() {
                return Err(self.hostile(format!("`{shown}` is a symbolic link")));
            }
            if entry.encrypted() {
                return Err(self.hostile(format!("`{shown}` is encrypted")));
            }
            if entry.is_file() {
                self.add(name)?;
            }
        }
        self.kind = Kind::Zip(Box::new(archive));
        Ok(())
    }

    fn add(&mut self, path: String) -> Result<(), ClientError> {
        if self.files.len() >= MOST_FILES {
            return Err(self.too_many());
        }
        self.files.push(path);
        Ok(())
    }

    /// A name that is a file's and a folder's cannot be written.
    fn check_files_are_no_folders(&self) -> Result<(), ClientError> {
        for path in &self.files {
            let mut folders = path.match_indices('/').map(|(at, _)| &path[..at]);
            let file = folders.find(|folder| {
                let find = |it: &String| it.as_str().cmp(folder);
                self.files.binary_search_by(find).is_ok()
            });
            if let Some(file) = file {
                let file = file.escape_debug();
                return Err(self.hostile(format!("`{file}` is a file and a folder")));
            }
        }
        Ok(())
    }

    /// The bytes of a file that was listed.
    ///
    /// # Errors
    ///
    /// [`ClientError`] when it cannot be read, or what was read is more than a client has. What an
    /// archive says of sizes is not believed.
    pub(super) fn read(&mut self, name: &str) -> Result<Bytes, ClientError> {
        let mut bytes = Vec::new();
        let most = self.left + 1;
        let result = match &mut self.kind {
            Kind::Folder => File::open(self.path.join(name))
                .and_then(|file| file.take(most).read_to_end(&mut bytes)),
            Kind::Zip(archive) => archive
                .by_name(name)
                .map_err(io::Error::other)
                .and_then(|file| file.take(most).read_to_end(&mut bytes)),
        };
        result.map_err(|source| ClientError::Unreadable {
            path: self.path.join(name),
            source,
        })?;
        let left = self.left.checked_sub(bytes.len() as u64);
        self.left = left.ok_or_else(|| {
            self.hostile(format!(
                "it holds more than {} MiB, which no web client does",
                MOST_BYTES >> 20
            ))
        })?;
        Ok(bytes.into())
    }

    fn too_many(&self) -> ClientError {
        self.hostile(format!(
            "it holds more than {MOST_FILES} files, which no web client does"
        ))
    }

    fn hostile(&self, reason: String) -> ClientError {
        ClientError::Hostile {
            path: self.path.clone(),
            reason,
        }
    }
}

/// Why a name in an archive is none of a file below the folder that it would be unpacked to.
fn leads_out(name: &str) -> Option<&'static str> {
    let path = name.strip_suffix('/').unwrap_or(name);
    if name.starts_with('/') {
        return Some("is an absolute path");
    }
    if name.contains(['\\', ':', '\0']) {
        return Some("holds a character that leads elsewhere on some systems");
    }
    path.split('/').find_map(|part| match part {
        ".." => Some("leaves the folder"),
        "" | "." => Some("has a part without a name"),
        _ => None,
    })
}
