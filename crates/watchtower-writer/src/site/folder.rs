//! A site as its readers see it: while exports replace it, and whatever stands in it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use watchtower_model::format::Format;

use super::os;
use super::step::{DATA, HIDDEN};

/// How long, and how often, a reader waits for `data` to come back. An export that cannot exchange two
/// folders renames both, and `data` is missing for a moment.
const MOMENT: Duration = Duration::from_millis(10);
const MOMENTS: usize = 100;

/// The folder of a site, for reading.
///
/// It is opened anew for each file: an export exchanges the folder `data` in it. Nothing outside of it
/// is opened, be it by `..` or by a symbolic link.
#[derive(Clone, Debug)]
pub struct SiteFolder {
    root: PathBuf,
}

impl SiteFolder {
    /// The site at a folder.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The formats of which it has the document that a client starts to read with.
    pub fn formats(&self) -> BTreeSet<Format> {
        let holds = |format: &Format| self.open(&format.site_path()).is_ok();
        Format::ALL.iter().copied().filter(holds).collect()
    }

    /// Opens a file of `data` by its path from the root. What an export puts in place of it later is
    /// another file: the one that was opened stays as it is.
    ///
    /// # Errors
    ///
    /// Of kind `NotFound` also where something stands that is no file, or that is outside of `data`.
    pub fn open(&self, path: &str) -> io::Result<File> {
        let inside = Path::new(path).strip_prefix(DATA);
        let inside = inside.map_err(|_| io::Error::from(io::ErrorKind::NotFound))?;
        // The folder first: what is not in it is not in the site, and was not missed between two
        // renames. Once more, since two exports may have cleared the folder away meanwhile.
        match Self::open_in(&self.open_data()?, inside) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Self::open_in(&self.open_data()?, inside)
            }
            result => result,
        }
    }

    /// Whether `data` was missing between two renames: it is set aside, or back already.
    fn is_set_aside(&self) -> bool {
        let set_aside = ["aside", "arriving"].map(|it| self.root.join(HIDDEN).join(it));
        // Another account may not look there, so it may be.
        let mut set_aside = set_aside.iter().map(|it| it.try_exists().unwrap_or(true));
        self.root.join(DATA).exists() || set_aside.any(|it| it)
    }

    /// Opens the folder `data`: whoever opens files in it finds those of one export until the next but
    /// one.
    ///
    /// # Errors
    ///
    /// When it is not there.
    pub fn open_data(&self) -> io::Result<Dir> {
        let mut tries = 0;
        loop {
            let root = Dir::open_ambient_dir(&self.root, ambient_authority())?;
            let result = root.open_dir(DATA);
            let missing = matches!(&result, Err(error) if error.kind() == io::ErrorKind::NotFound);
            if !missing || !self.is_set_aside() || tries >= MOMENTS {
                return result;
            }
            thread::sleep(MOMENT);
            tries += 1;
        }
    }

    /// Opens a file in a folder or below it.
    ///
    /// # Errors
    ///
    /// Of kind `NotFound` also where something stands that is no file, or that is outside.
    pub fn open_in(folder: &Dir, path: &Path) -> io::Result<File> {
        if !os::is_its_name(folder, path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let mut options = OpenOptions::new();
        options.read(true);
        // Opening a pipe would wait for somebody to write to it.
        os::without_waiting_in(&mut options);
        let file = match folder.open_with(path, &options) {
            // So a link is answered that leads out of the folder, or a path that none can have.
            Err(error) if is_nowhere(&error) => return Err(io::ErrorKind::NotFound.into()),
            result => result?.into_std(),
        };
        if !file.metadata()?.is_file() {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(file)
    }
}

/// Whether this is the answer for a path that leads out of a folder, or is too long, or goes round in circles.
/// A file without permission to read has a number of the system's.
fn is_nowhere(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none()
        || error.kind() == io::ErrorKind::NotADirectory
        || os::cannot_be_a_path(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn site() -> (tempfile::TempDir, SiteFolder) {
        let folder = tempfile::tempdir().unwrap();
        let site = SiteFolder::new(folder.path().join("site"));
        fs::create_dir_all(site.root().join("data/projects")).unwrap();
        fs::write(site.root().join("data/projects/context.json"), "{}").unwrap();
        (folder, site)
    }

    #[test]
    fn the_format_is_told_by_the_first_document() {
        let (_folder, site) = site();
        assert_eq!(site.formats(), [Format::V0].into());
    }

    #[cfg(unix)] // Few accounts may make links elsewhere.
    #[test]
    fn nothing_outside_is_opened() {
        let (folder, site) = site();
        let secret = folder.path().join("secret.json");
        fs::write(&secret, "x").unwrap();
        let link = |to: &Path, name: &str| {
            std::os::unix::fs::symlink(to, site.root().join("data").join(name)).unwrap();
        };
        link(&secret, "absolute.json");
        link(Path::new("../../secret.json"), "relative.json");
        link(folder.path(), "folder");
        link(Path::new("projects/context.json"), "inside.json");
        link(Path::new("round.json"), "round.json");
        let long = format!("data/{}.json", "x".repeat(6000));
        for path in [
            "data/absolute.json",
            "data/relative.json",
            "data/folder/secret.json",
            "data/../../secret.json",
            "../secret.json",
            "data",
            "data/projects/context.json/x",
            "data/round.json",
            &long,
        ] {
            let error = site.open(path).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound, "{path}: {error}");
        }
        assert!(site.open("data/inside.json").is_ok());
    }

    #[cfg(unix)] // Pipes have no place in folders elsewhere.
    #[test]
    fn a_pipe_is_no_file_and_nobody_waits_for_it() {
        let (_folder, site) = site();
        let pipe = site.root().join("data/pipe.json");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let error = site.open("data/pipe.json").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_reader_waits_while_data_is_renamed_twice() {
        let (_folder, site) = site();
        let aside = site.root().join(".watchtower/aside");
        fs::create_dir(site.root().join(".watchtower")).unwrap();
        let data = site.root().join(DATA);
        fs::rename(&data, &aside).unwrap();
        let reader = {
            let site = site.clone();
            thread::spawn(move || site.open("data/projects/context.json").map(drop))
        };
        let folder = {
            let site = site.clone();
            thread::spawn(move || site.open_data().map(drop))
        };
        thread::sleep(MOMENT * 5);
        fs::rename(&aside, &data).unwrap();
        reader.join().unwrap().unwrap();
        folder.join().unwrap().unwrap();
    }
}
