//! A site beside its web client in one folder, for any static server.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use cap_std::fs::Dir;
use serde::{Deserialize, Serialize};
use watchtower_model::format::Format;

use crate::client::{Client, ClientError, DATA};
use crate::messages::Bundled;
use crate::os;
use watchtower_writer::media::fit_site;
use watchtower_writer::media::pictures::Fit;
use watchtower_writer::{SiteFolder, exchange, patiently};

/// The file that tells a bundle from any other folder.
const MARK: &str = ".watchtower-bundle";
/// The file that keeps two bundles apart where folders cannot be locked.
const LOCK: &str = ".watchtower-bundle-lock";
/// How often a copy of `data` is started anew, because exports took away what was being copied.
const COPIES: usize = 5;
/// How often is looked whether another bundle has ended.
const PAUSE: Duration = Duration::from_millis(50);

/// What a bundle says of itself.
#[derive(Serialize, Deserialize)]
struct Mark {
    format: Format,
    /// What stands in the folder, beside the mark.
    entries: BTreeSet<String>,
}

/// Why there is no bundle. The folder is as it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BundleError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Site(#[from] NoSite),
    #[error("`{}` is not a place for a bundle: {reason}", .path.display())]
    Refused { path: PathBuf, reason: String },
    #[error("`{}` is a symbolic link that leads nowhere, or out of the site", .path.display())]
    LeadsOut { path: PathBuf },
    #[error("another bundle is being written beside `{}`", .path.display())]
    Locked { path: PathBuf },
    #[error(transparent)]
    Pictures(#[from] watchtower_writer::Error),
    #[error("cannot {operation} `{}`: {source}", .path.display())]
    Output {
        operation: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

/// There is nothing to show in a folder.
#[derive(Debug, thiserror::Error)]
#[error("there is no site in `{}`: `{}` holds no project list of {}", .path.display(), .path.join(DATA).display(), asked(.wanted))]
pub(crate) struct NoSite {
    path: PathBuf,
    /// The format that was asked for.
    wanted: Option<Format>,
}

fn asked(wanted: &Option<Format>) -> String {
    wanted.map_or_else(|| "any format".to_owned(), |it| format!("format {it}"))
}

impl NoSite {
    pub(crate) const HELP: &str = "`watchtower export TRACKER --output DIR` writes one";

    /// The formats of a site among those that are wanted, which are all or one; or that there is none.
    pub(crate) fn formats(
        site: &SiteFolder,
        wanted: Option<Format>,
    ) -> Result<BTreeSet<Format>, Self> {
        let mut formats = site.formats();
        formats.retain(|it| wanted.is_none_or(|wanted| *it == wanted));
        if formats.is_empty() {
            let path = site.root().to_owned();
            return Err(Self { path, wanted });
        }
        Ok(formats)
    }
}

/// Says what was being done when the system refused.
fn failed<'a>(operation: &'static str, path: &'a Path) -> impl Fn(io::Error) -> BundleError + 'a {
    move |source| BundleError::Output {
        operation,
        path: path.to_owned(),
        source,
    }
}

/// Puts a site and its web client into a folder, in one step. A bundle that is there already is
/// replaced; any other folder with something in it is refused. Of a site of two formats, `format` says
/// which is shown. Where another bundle is being written beside it, that is waited for, as long as
/// `patience` says.
/// With `fit`, pictures are made that the client shows whole.
///
/// # Errors
///
/// [`BundleError`]; the folder is as it was.
pub(crate) fn bundle(
    site: &Path,
    client: &Path,
    output: &Path,
    format: Option<Format>,
    patience: Duration,
    fit: Option<Fit>,
) -> Result<Bundled, BundleError> {
    let site = SiteFolder::new(site);
    let formats = NoSite::formats(&site, format)?;
    let client = Client::open(client, &formats)?;
    let places = Places::of(output)?;
    places.check_is_apart(site.root())?;
    let parent = os::lock_of(&places.parent, LOCK).map_err(failed("open", &places.parent))?;
    // The lock of the folder around it needs no file that stays behind.
    let start = Instant::now();
    // An error is that of a file system that cannot lock.
    while let Err(TryLockError::WouldBlock) = parent.try_lock() {
        if start.elapsed() >= patience {
            return Err(BundleError::Locked {
                path: places.output,
            });
        }
        thread::sleep(PAUSE);
    }
    places.clear_up()?;
    places.check_is_ours()?;
    let result = places.stage(&site, &client, fit).and_then(|bundled| {
        // Meanwhile somebody may have begun to export to it.
        places.check_is_ours()?;
        places.publish(&parent)?;
        Ok(bundled)
    });
    // After the step this is the bundle as it was before.
    let cleared = remove(&places.next);
    let bundled = result?;
    cleared?;
    Ok(bundled)
}

/// The places that take part in the step.
struct Places {
    output: PathBuf,
    parent: PathBuf,
    /// Where the bundle is put together: beside its place, so that it is on the same file system.
    next: PathBuf,
}

impl Places {
    fn of(output: &Path) -> Result<Self, BundleError> {
        // A link's place is taken by what it leads to.
        let output = match fs::canonicalize(output) {
            Ok(output) => output,
            Err(_) => std::path::absolute(output).map_err(failed("find", output))?,
        };
        let refused = || BundleError::Refused {
            path: output.clone(),
            reason: "it has no folder around it in which a bundle could be put together".into(),
        };
        let parent = output.parent().ok_or_else(refused)?.to_owned();
        let name = output.file_name().ok_or_else(refused)?.to_string_lossy();
        let next = parent.join(format!(".{name}.watchtower-next"));
        fs::create_dir_all(&parent).map_err(failed("create the folder", &parent))?;
        Ok(Self {
            output,
            parent,
            next,
        })
    }

    fn refused<T>(&self, reason: impl Into<String>) -> Result<T, BundleError> {
        Err(BundleError::Refused {
            path: self.output.clone(),
            reason: reason.into(),
        })
    }

    /// The step replaces the whole folder: the site must not be in it, nor it in the site.
    fn check_is_apart(&self, site: &Path) -> Result<(), BundleError> {
        let site = fs::canonicalize(site).map_err(failed("look at", site))?;
        if self.output.starts_with(&site) || site.starts_with(&self.output) {
            return self.refused("it and the site must be apart, and neither in the other");
        }
        Ok(())
    }

    /// Whether the folder may be replaced: it is not there, empty, or a bundle and nothing else.
    fn check_is_ours(&self) -> Result<(), BundleError> {
        let entries = match fs::read_dir(&self.output) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(_) if self.output.is_file() => {
                return self.refused("it is a file");
            }
            entries => entries.map_err(failed("list", &self.output))?,
        };
        let names: io::Result<Vec<_>> = entries.map(|it| Ok(it?.file_name())).collect();
        let names = names.map_err(failed("list", &self.output))?;
        if names.is_empty() {
            return Ok(());
        }
        let mark = fs::read(self.output.join(MARK)).ok();
        let mark = mark.and_then(|it| serde_json::from_slice::<Mark>(&it).ok());
        let Some(mark) = mark else {
            return self.refused(
                "it holds something that is no bundle of ours; give a folder that is empty or not there",
            );
        };
        let known = |name: &str| name == MARK || mark.entries.contains(name);
        let mut names = names.iter().map(|it| it.to_string_lossy());
        match names.find(|name| !known(name)) {
            None => Ok(()),
            Some(name) if name == ".watchtower" => self.refused(
                "it is a bundle that exports are written to, which replacing it would undo",
            ),
            Some(name) => self.refused(format!(
                "it is a bundle, but `{name}` in it is not ours and would be lost; move it away"
            )),
        }
    }

    /// Puts the bundle together beside its place.
    fn stage(
        &self,
        site: &SiteFolder,
        client: &Client,
        fit: Option<Fit>,
    ) -> Result<Bundled, BundleError> {
        let next = &self.next;
        fs::create_dir(next).map_err(failed("create the folder", next))?;
        let mut entries = BTreeSet::from([DATA.to_owned()]);
        let mut client_files = 0;
        for (path, bytes) in client.files() {
            let place = next.join(path);
            if let Some(folder) = place.parent() {
                fs::create_dir_all(folder).map_err(failed("create the folder", folder))?;
            }
            fs::write(&place, bytes).map_err(failed("write", &place))?;
            entries.extend(path.split('/').next().map(str::to_owned));
            client_files += 1;
        }
        let mut bundled = Bundled {
            format: client.format(),
            client_files,
            site_files: 0,
            site_bytes: 0,
            pictures: None,
        };
        self.copy_site(site, &mut bundled)?;
        if let Some(fit) = fit {
            bundled.pictures = Some(fit_site(next, fit)?);
        }
        let format = client.format();
        let mark = next.join(MARK);
        let mut text = serde_json::to_vec(&Mark { format, entries })
            .map_err(io::Error::from)
            .map_err(failed("write", &mark))?;
        text.push(b'\n');
        fs::write(&mark, text).map_err(failed("write", &mark))?;
        Ok(bundled)
    }

    /// Copies `data` as one export left it.
    fn copy_site(&self, site: &SiteFolder, bundled: &mut Bundled) -> Result<(), BundleError> {
        let to = self.next.join(DATA);
        let mut copies = 0;
        loop {
            copies += 1;
            let from = site.root().join(DATA);
            let data = site.open_data().map_err(failed("open", &from))?;
            (bundled.site_files, bundled.site_bytes) = (0, 0);
            match copy_folder(&data, &from, &to, bundled) {
                // A folder stays readable for one export after its own; there were two.
                Err(BundleError::Output { source, .. })
                    if source.kind() == io::ErrorKind::NotFound && copies < COPIES =>
                {
                    remove(&to)?;
                }
                result => return result,
            }
        }
    }

    /// Clears away what a killed run left behind.
    fn clear_up(&self) -> Result<(), BundleError> {
        remove(&self.next)?;
        let aside = self.aside();
        if aside.exists() && !self.output.exists() {
            return fs::rename(&aside, &self.output).map_err(failed("put back", &self.output));
        }
        remove(&aside)
    }

    /// Where the bundle as it was waits for a moment, where there is no exchange.
    fn aside(&self) -> PathBuf {
        self.next.with_extension("watchtower-aside")
    }

    /// The one step.
    fn publish(&self, parent: &File) -> Result<(), BundleError> {
        let Self { output, next, .. } = self;
        os::sync_disk_of(parent).map_err(failed("sync", next))?;
        if !output.exists() {
            return fs::rename(next, output).map_err(failed("publish", output));
        }
        match exchange(next, output) {
            Ok(true) => Ok(()),
            Ok(false) => self.publish_by_renames(),
            Err(error) => Err(failed("publish", output)(error)),
        }
    }

    /// Two renames in place of an exchange, with a moment between them in which nothing is there.
    fn publish_by_renames(&self) -> Result<(), BundleError> {
        let Self { output, next, .. } = self;
        let aside = self.aside();
        patiently(|| fs::rename(output, &aside)).map_err(failed("set aside", output))?;
        if let Err(error) = patiently(|| fs::rename(next, output)) {
            patiently(|| fs::rename(&aside, output)).map_err(failed("put back", output))?;
            return Err(failed("publish", output)(error));
        }
        remove(&aside)
    }
}

/// Copies the files of a folder with their times, and of the folders in it. Hidden ones are left out:
/// they are somebody's who works on the site.
fn copy_folder(
    folder: &Dir,
    from: &Path,
    to: &Path,
    bundled: &mut Bundled,
) -> Result<(), BundleError> {
    fs::create_dir(to).map_err(failed("create the folder", to))?;
    for entry in folder.entries().map_err(failed("list", from))? {
        let entry = entry.map_err(failed("list", from))?;
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let (from, to) = (from.join(&name), to.join(&name));
        let kind = entry.file_type().map_err(failed("look at", &from))?;
        if kind.is_dir() {
            let folder = entry.open_dir().map_err(failed("open", &from))?;
            copy_folder(&folder, &from, &to, bundled)?;
            continue;
        }
        if kind.is_symlink() && folder.metadata(&name).is_err() {
            return Err(BundleError::LeadsOut { path: from });
        }
        let mut source =
            SiteFolder::open_in(folder, Path::new(&name)).map_err(failed("open", &from))?;
        let mut copy = || -> io::Result<u64> {
            let mut target = File::create_new(&to)?;
            let bytes = io::copy(&mut source, &mut target)?;
            target.flush()?;
            target.set_modified(source.metadata()?.modified()?)?;
            Ok(bytes)
        };
        bundled.site_bytes += copy().map_err(failed("copy", &from))?;
        bundled.site_files += 1;
    }
    Ok(())
}

/// Removes a folder with everything in it, if it is there.
fn remove(folder: &Path) -> Result<(), BundleError> {
    match patiently(|| fs::remove_dir_all(folder)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.map_err(failed("clear away", folder)),
    }
}
