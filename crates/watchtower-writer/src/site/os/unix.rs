//! Linux and macOS.

use std::fs::{self, File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::Path;

use rustix::fs::{CWD, OFlags, RenameFlags};
use rustix::io::Errno;

pub(crate) use std::os::unix::fs::symlink;

/// Whether folders can be exchanged, or at least renamed while somebody has a file in them open.
pub(crate) const MOVES_FOLDERS: bool = true;

/// Exchanges two folders in one step. Says whether it did: some systems and file systems cannot.
///
/// # Errors
///
/// What the system says; of kind `CrossesDevices` for a folder that cannot be moved, as overlayfs has them.
pub fn exchange(one: &Path, other: &Path) -> io::Result<bool> {
    match rustix::fs::renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Does something to files that another program may have open for a moment, which stops nothing here.
///
/// # Errors
///
/// Those of what is done.
pub fn patiently<T>(mut act: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    act()
}

/// Brings a file or folder to the disk.
pub(crate) fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Whether two files or folders are on the same file system.
pub(crate) fn on_one_disk(one: &Metadata, other: &Metadata) -> bool {
    one.dev() == other.dev()
}

/// Whether this is the answer of a file system without hard links, or with too few.
pub(crate) fn cannot_link(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, PermissionDenied, TooManyLinks, Unsupported};
    matches!(
        error.kind(),
        Unsupported | PermissionDenied | TooManyLinks | CrossesDevices
    )
}

/// Whether this is the answer for a path that none can have: it is too long, or goes round in circles.
pub(crate) fn cannot_be_a_path(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::NAMETOOLONG | Errno::LOOP))
}

/// Lets nobody who opens a pipe wait until somebody writes to it.
pub(crate) fn without_waiting(options: &mut fs::OpenOptions) {
    options.custom_flags(OFlags::NONBLOCK.bits().cast_signed());
}

/// The same in a folder that was opened.
pub(crate) fn without_waiting_in(options: &mut cap_std::fs::OpenOptions) {
    use cap_std::fs::OpenOptionsExt;
    options.custom_flags(OFlags::NONBLOCK.bits().cast_signed());
}

/// Whether a path below a folder is what its file is called. Here none is called in two ways.
pub(crate) fn is_its_name(_folder: &cap_std::fs::Dir, _path: &Path) -> bool {
    true
}

/// Whether others than the owner may read what is in a folder.
pub(crate) fn others_may_read(folder: &Metadata) -> bool {
    const OTHERS: u32 = 0o055;
    folder.mode() & OTHERS != 0
}

/// Lets the owner work in a folder.
pub(crate) fn give_to_its_owner(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o700))
}

/// Keeps a folder from whoever may not write to another one. Accounts that share a site share the right to write
/// to its folder.
pub(crate) fn keep_for_writers_of(of: &Metadata, folder: &Path) -> io::Result<()> {
    const OWNER: u32 = 0o700;
    const WRITE: u32 = 0o022;
    const SET_GROUP: u32 = 0o2000;
    let writers = of.mode() & WRITE;
    let own = fs::metadata(folder)?.mode() & OWNER;
    let mode = own | writers | writers << 1 | writers >> 1 | of.mode() & SET_GROUP;
    // It may be another account's, which has done the same.
    let _ = take_group(folder, of);
    let _ = set_mode(folder, mode);
    Ok(())
}

/// Gives a folder the mode and the group of another, as far as the system lets us; the owner may work in
/// it in any case.
pub(crate) fn take_after(folder: &Path, of: &Metadata) -> io::Result<()> {
    const OWNER: u32 = 0o700;
    take_group(folder, of)?;
    set_mode(folder, of.mode() & 0o7777 | OWNER)
}

/// Gives a file the group of the folder it is in, and the rights: whoever may open files in the folder may
/// read it, and whoever may write to the folder may write to it. The mask of our process says what a program
/// may give away by accident; the site's folder says what was meant.
pub(crate) fn file_takes_after(file: &Path, folder: &Metadata) -> io::Result<()> {
    const OWNER: u32 = 0o600;
    const OPENS: u32 = 0o011;
    const WRITES: u32 = 0o022;
    take_group(file, folder)?;
    let reads = (folder.mode() & OPENS) << 2;
    set_mode(file, OWNER | reads | folder.mode() & WRITES)
}

/// Gives something the group of another, if we are in it.
fn take_group(path: &Path, of: &Metadata) -> io::Result<()> {
    if fs::metadata(path)?.gid() != of.gid() {
        // Not ours to give otherwise.
        let _ = chown(path, None, Some(of.gid()));
    }
    Ok(())
}

/// Gives something a mode, if it has another.
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    if fs::metadata(path)?.mode() & 0o7777 != mode {
        fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    Ok(())
}
