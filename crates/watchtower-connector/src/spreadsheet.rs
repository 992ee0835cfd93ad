//! Sheets: a folder of CSV files, or a workbook.
//!
//! The columns that Kitsu exports are known. Those of other sheets are found out from their headers,
//! and where that does not do, a mapping in TOML says which is what; [`init`] writes one to start from.
//!
//! ```no_run
//! use watchtower_connector::Tracker;
//! use watchtower_connector::spreadsheet::{Spreadsheet, SpreadsheetSettings};
//!
//! # async fn example() -> watchtower_connector::Result<()> {
//! let sheets = Spreadsheet::new(SpreadsheetSettings::new("small-film"));
//! let list = sheets.project_list().await?;
//! let film = sheets.project(&list.projects[0], &list).await?;
//! println!("{}: {} shots", film.project.name, film.shots.len());
//! # Ok(())
//! # }
//! ```
//!
//! # What becomes what
//!
//! * A sheet is of shots, assets, casting, tasks or edits by its name, of which the last such word
//!   counts, or else by its headers. What is none of these is named in the notes.
//! * Rows are of the project in their column `Project`, or else of one that is named after the mapping,
//!   the folder or the file.
//! * A shot's range is its frame in and frame out, its length the number of frames. Whether a frame out
//!   is the last frame of its shot or the one behind is found out from the lengths, or from where the
//!   other shots start. Timecodes count at the rate of the film.
//! * Rows from Kitsu are sorted by names, with numbers in them read as such. Other rows are in the order
//!   that was meant.
//! * A column is one of tasks where another one has those who do them, or where it holds statuses.
//! * Types, statuses and people are what they are called, whatever the case; ids and colours follow
//!   from the names.
//! * A row without a name is left out. Cells that cannot be read are named with their place.

mod columns;
mod conventions;
mod delimited;
mod film;
mod frames;
mod init;
mod mapping;
mod pictures;
mod read;
mod sheet;
mod vocabulary;
mod workbook;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use watchtower_model::{FrameRate, MediaLocation, Project, ProjectList, ProjectSnapshot};

use crate::stamps::{self, Stamps};
use crate::{
    Account, Capability, Changes, Description, Error, ErrorKind, Mark, Media, MediaRequest,
    OpenedMedia, Result, Tracker,
};
use film::Films;
pub use init::init;

/// The name of the mapping in a folder of sheets, or beside a workbook.
pub const MAPPING_NAME: &str = "watchtower.toml";

/// Where sheets are, and what goes with them.
#[derive(Clone, Debug)]
pub struct SpreadsheetSettings {
    /// A folder of CSV files, one CSV file, or a workbook: XLSX, XLSM, XLSB, XLS or ODS.
    pub path: PathBuf,
    /// The mapping; without one, [`MAPPING_NAME`] in the folder, or beside the file, if it is there.
    pub mapping: Option<PathBuf>,
    /// The folder of pictures, which are named after shots and assets; before that of the mapping.
    pub pictures: Option<PathBuf>,
    /// The movie of the edit; before that of the mapping.
    pub movie: Option<PathBuf>,
    /// Frames per second of the film; before those of the mapping.
    pub fps: Option<FrameRate>,
}

impl SpreadsheetSettings {
    /// Sheets without anything that goes with them.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            mapping: None,
            pictures: None,
            movie: None,
            fps: None,
        }
    }
}

/// Sheets as a tracker. They are read anew each time the projects are listed.
#[derive(Debug)]
pub struct Spreadsheet {
    settings: SpreadsheetSettings,
    /// What was read last.
    films: Mutex<Option<Arc<Films>>>,
}

impl Spreadsheet {
    /// What it can give.
    pub const CAPABILITIES: &'static [Capability] = Capability::ALL;

    /// Sheets at a place. Nothing is read before something is asked.
    pub fn new(settings: SpreadsheetSettings) -> Self {
        Self {
            settings,
            films: Mutex::new(None),
        }
    }

    fn read(&self) -> Result<Arc<Films>> {
        let films = Arc::new(read::films(&self.settings)?);
        *self.films.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&films));
        Ok(films)
    }

    fn kept(&self) -> Option<Arc<Films>> {
        let films = self.films.lock().unwrap_or_else(PoisonError::into_inner);
        films.clone()
    }
}

#[async_trait]
impl Tracker for Spreadsheet {
    fn describe(&self) -> Description {
        Description {
            name: "spreadsheet".into(),
            about: "Sheets, in CSV files or a workbook.".into(),
            location: Some(self.settings.path.display().to_string()),
            capabilities: Self::CAPABILITIES.to_vec(),
        }
    }

    async fn check(&self) -> Result<Account> {
        read::look(&self.settings.path)?;
        Ok(Account {
            user: None,
            server: None,
        })
    }

    async fn project_list(&self) -> Result<ProjectList> {
        Ok(self.read()?.list.clone())
    }

    async fn project(&self, project: &Project, _: &ProjectList) -> Result<ProjectSnapshot> {
        let films = match self.kept() {
            Some(films) => films,
            None => self.read()?,
        };
        let mut snapshots = films.snapshots.iter();
        let found = snapshots.find(|it| it.project.id == project.id);
        found.cloned().ok_or_else(|| {
            let operation = format!("read the project {}", project.name);
            let message = format!("{} has no such project", self.settings.path.display());
            Error::new(ErrorKind::NotFound, operation, message)
        })
    }

    /// Reads the sheets: that takes no longer than to find out whether they are to be read.
    async fn changes(&self, since: Option<&Mark>) -> Result<Changes> {
        let films = self.read()?;
        let path = self.settings.path.display();
        let list = stamps::of_value(&films.list, stamps::listed_media(&films.list));
        let mut now = Stamps::new(format!("sheets {path}"), list);
        for film in &films.snapshots {
            let stamp = stamps::of_value(film, stamps::media(film));
            now.add(film.project.id.clone(), stamp);
        }
        Ok(now.since(since))
    }

    async fn open_media(&self, request: MediaRequest<'_>) -> Result<OpenedMedia> {
        match &request.media.location {
            MediaLocation::File(path) => open(path, request),
            _ => Err(Error::new(
                ErrorKind::Unsupported,
                "open a picture or movie of a spreadsheet",
                "the reference is no file, and sheets refer to files only",
            )),
        }
    }
}

/// Opens a file. Its size and time are its tag.
fn open(path: &Path, request: MediaRequest<'_>) -> Result<OpenedMedia> {
    let failed = |error: std::io::Error| {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::Refused,
        };
        let operation = format!("open `{}`", path.display());
        Error::new(kind, operation, error.to_string())
    };
    let mut file = File::open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    if !about.is_file() {
        let operation = format!("open `{}`", path.display());
        return Err(Error::new(
            ErrorKind::NotFound,
            operation,
            "it is not a file",
        ));
    }
    let modified = about.modified().map_err(failed)?;
    let since = modified.duration_since(std::time::UNIX_EPOCH);
    let tag = format!("{}-{}", about.len(), since.unwrap_or_default().as_nanos());
    if request.known == Some(&tag) {
        return Ok(OpenedMedia::Unchanged);
    }
    let offset = request.offset.min(about.len());
    file.seek(SeekFrom::Start(offset)).map_err(failed)?;
    let name = path.display().to_string();
    let blocks = std::iter::from_fn(move || {
        let mut block = vec![0; 1 << 16];
        match file.read(&mut block) {
            Ok(0) => None,
            Ok(length) => {
                block.truncate(length);
                Some(Ok(Bytes::from(block)))
            }
            Err(error) => {
                let operation = format!("read `{name}`");
                Some(Err(Error::new(
                    ErrorKind::Unavailable,
                    operation,
                    error.to_string(),
                )))
            }
        }
    });
    Ok(OpenedMedia::Stream(Media {
        bytes: Box::pin(stream::iter(blocks)),
        length: Some(about.len()),
        offset,
        content_type: None,
        tag: Some(tag),
    }))
}
