//! Windows. Rights come from the folder around a file or folder, as its access list has them: nothing is to be
//! done for them.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::thread;
use std::time::Duration;

use watchtower_model::names_a_device;

/// Whether folders can be exchanged, or at least renamed while somebody has a file in them open.
pub(crate) const MOVES_FOLDERS: bool = false;

/// How often, and how long, something is tried again that another program stops. Virus scanners, indexers and
/// backups hold a new file for a moment; whoever copies a movie holds it for longer.
const TRIES: u32 = 100;
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Would exchange two folders, which no file system here can.
///
/// # Errors
///
/// None.
pub fn exchange(_one: &Path, _other: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Does something to files, again and again for some seconds, while another program has one of them open.
///
/// # Errors
///
/// Those of what is done, when it cannot be done in the end.
pub fn patiently<T>(mut act: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for number in 1..TRIES {
        match act() {
            Err(error) if is_in_use(&error) => {
                thread::sleep(Duration::from_millis(number.into()).min(LONGEST_PAUSE));
            }
            result => return result,
        }
    }
    act()
}

/// Whether another program may be the reason: access denied, a sharing violation, a lock, a folder whose
/// last file is about to go.
fn is_in_use(error: &io::Error) -> bool {
    const IN_USE: [i32; 4] = [5, 32, 33, 145];
    error.raw_os_error().is_some_and(|it| IN_USE.contains(&it))
}

/// Brings a file to the disk. The names in a folder are NTFS's to bring there, which has a journal of them.
pub(crate) fn sync(path: &Path) -> io::Result<()> {
    if fs::metadata(path)?.is_dir() {
        return Ok(());
    }
    match File::options().write(true).open(path) {
        // A copy of a file that may not be written to.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        file => file?.sync_all(),
    }
}

/// Whether two files or folders are on the same file system. What is mounted on a folder is told as a link, and
/// is not entered.
pub(crate) fn on_one_disk(_one: &Metadata, _other: &Metadata) -> bool {
    true
}

/// Whether this is the answer of a file system without hard links, or with too few.
pub(crate) fn cannot_link(error: &io::Error) -> bool {
    // A function that is invalid, not supported, or not called so; another disk; too many links.
    const NO_LINKS: [i32; 6] = [1, 5, 17, 50, 87, 1142];
    error
        .raw_os_error()
        .is_some_and(|it| NO_LINKS.contains(&it))
}

/// Whether this is the answer for a path that none can have: a name with a sign that no name has, one that is
/// too long, or one that goes round in circles.
pub(crate) fn cannot_be_a_path(error: &io::Error) -> bool {
    const NO_PATHS: [i32; 6] = [111, 123, 161, 206, 681, 1921];
    error
        .raw_os_error()
        .is_some_and(|it| NO_PATHS.contains(&it))
}

/// A symbolic link to whatever is there, which only accounts with that right may make.
pub(crate) fn symlink(to: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    use std::os::windows::fs::{symlink_dir, symlink_file};
    let (to, link) = (to.as_ref(), link.as_ref());
    let found = link.parent().map(|it| it.join(to));
    match found.is_some_and(|it| it.is_dir()) {
        true => symlink_dir(to, link),
        false => symlink_file(to, link),
    }
}

/// Nobody waits who opens a file: pipes have no place in folders.
pub(crate) fn without_waiting(_options: &mut fs::OpenOptions) {}

/// The same in a folder that was opened.
pub(crate) fn without_waiting_in(_options: &mut cap_std::fs::OpenOptions) {}

/// Whether a path below a folder is what its file is called: not a stream in it, as `a.json:b`, nor a device, as
/// `nul`, nor a name with a dot or a space behind it, which the system drops, nor the short name of another file, as
/// `GIT~1` is that of `.git`.
pub(crate) fn is_its_name(folder: &cap_std::fs::Dir, path: &Path) -> bool {
    let mut above = PathBuf::new();
    path.components().all(|part| {
        let Component::Normal(name) = part else {
            return true;
        };
        let fits = name.to_str().is_some_and(is_name)
            && (!may_be_short(name) || lists(folder, &above, name));
        above.push(name);
        fits
    })
}

fn is_name(name: &str) -> bool {
    !name.contains(':') && !name.ends_with(['.', ' ']) && !names_a_device(name)
}

/// Whether a name has the form of the short ones: eight signs with `~` and a number, and three behind a dot.
fn may_be_short(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let (stem, extension) = name.split_once('.').unwrap_or((&name, ""));
    let number = stem.rsplit_once('~').map(|(_, number)| number);
    stem.len() <= 8
        && extension.len() <= 3
        && number.is_some_and(|it| it.bytes().all(|it| it.is_ascii_digit()))
}

fn lists(folder: &cap_std::fs::Dir, below: &Path, name: &OsStr) -> bool {
    let below = if below.as_os_str().is_empty() {
        Path::new(".")
    } else {
        below
    };
    let mut entries = folder.read_dir(below).into_iter().flatten().flatten();
    entries.any(|it| it.file_name() == name)
}

/// Whether others than the owner may read what is in a folder, which its access list says.
pub(crate) fn others_may_read(_folder: &Metadata) -> bool {
    true
}

/// Lets the owner work in a folder.
pub(crate) fn give_to_its_owner(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Would keep a folder from whoever may not write to another one; its access list does.
pub(crate) fn keep_for_writers_of(_of: &Metadata, _folder: &Path) -> io::Result<()> {
    Ok(())
}

/// A folder takes after the one it is in by itself.
pub(crate) fn take_after(_folder: &Path, _of: &Metadata) -> io::Result<()> {
    Ok(())
}

/// So does a file.
pub(crate) fn file_takes_after(_file: &Path, _folder: &Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_not_what_the_file_is_called_lead_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("cut~2")).unwrap();
        fs::write(folder.path().join("cut~2/take~1.mp4"), "x").unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        fs::write(folder.path().join(".git/config"), "x").unwrap();
        let authority = cap_std::ambient_authority();
        let dir = cap_std::fs::Dir::open_ambient_dir(folder.path(), authority).unwrap();
        let is_its_name = |path: &str| is_its_name(&dir, Path::new(path));
        for path in [
            "shots.json",
            "cut~2/take~1.mp4",
            "a rather long~1.json",
            "com10",
            "com",
        ] {
            assert!(is_its_name(path), "{path}");
        }
        for path in [
            "nul",
            "NUL.json",
            "projects/con",
            "aux .txt",
            "COM1",
            "lpt³.json",
            "conin$",
            "a.json:b",
            "a.json.",
            "a.json ",
            "projects./a",
            "GIT~1",
            "GIT~1/config",
            "cut~2/OTHER~1.MP4",
        ] {
            assert!(!is_its_name(path), "{path}");
        }
    }
}
