//! A disk without room, and folders that may not be written to: the site stays as it was.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use watchtower_tests::{export_marked, files, run};

const NOBODY: u32 = 65534;
const PAGE: u64 = 4096;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A file system in memory, mounted on a folder.
struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    /// None, with the reason printed, where mounting is not allowed.
    fn mount() -> Option<Self> {
        if !is_root() {
            println!("skipped: only root can mount a small disk");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Self { folder };
        disk.call(&["-t", "tmpfs", "-o", "size=64m", "none"]);
        Some(disk)
    }

    fn call(&self, arguments: &[&str]) {
        run(
            Command::new("mount")
                .args(arguments)
                .arg(self.folder.path()),
            0,
        );
    }

    fn remount(&self, options: &str) {
        self.call(&["-o", &format!("remount,{options}")]);
    }

    fn site(&self) -> PathBuf {
        self.folder.path().join("site")
    }

    /// Bytes and inodes in use.
    fn used(&self) -> (u64, u64) {
        let about = rustix::fs::statvfs(self.folder.path()).expect("a mounted disk");
        let bytes = (about.f_blocks - about.f_bfree) * about.f_frsize;
        (bytes, about.f_files - about.f_ffree)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.folder.path()).status();
    }
}

fn export(site: &Path, mark: u64, shots: usize) -> Command {
    let mut command = export_marked(env!("CARGO_BIN_EXE_marked"), site, mark);
    command.arg("--shots").arg(shots.to_string());
    command
}

/// Gives an export more and more room until it has enough, and collects what failed meanwhile.
fn more_and_more(disk: &Disk, mark: u64, room: impl Fn(u64) -> String) -> BTreeSet<&'static str> {
    let site = disk.site();
    let before = files(&site.join("data"));
    let mut failed = BTreeSet::new();
    for more in 0..2000 {
        disk.remount(&room(more));
        let output = export(&site, mark, 30)
            .output()
            .expect("the command starts");
        if output.status.success() {
            assert_ne!(files(&site.join("data")), before);
            return failed;
        }
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(5), "{error}");
        assert!(error.contains("No space left on device"), "{error}");
        let phases = [
            ("/next/.watchtower/", "a download"),
            ("/next/previews/", "a picture"),
            ("/next/projects/", "a document"),
            ("/next.json`", "what is remembered"),
            ("/next`", "the staged folder"),
        ];
        let phase = phases.into_iter().find(|(path, _)| error.contains(path));
        failed.insert(phase.map_or("another", |(_, phase)| phase));
        assert_eq!(files(&site.join("data")), before, "{error}");
        assert!(!site.join(".watchtower/next").exists(), "{error}");
        assert!(!site.join(".watchtower/next.json").exists(), "{error}");
    }
    unreachable!("it never has enough room")
}

#[test]
fn a_full_disk_leaves_the_site_as_it_was() {
    let Some(disk) = Disk::mount() else { return };
    run(&mut export(&disk.site(), 1, 10), 0);
    let (used, _) = disk.used();
    let size = |more| format!("size={}", used + more * PAGE);
    let failed = more_and_more(&disk, 2, size);
    let phases = ["a document", "a download", "what is remembered"];
    assert_eq!(failed, BTreeSet::from(phases));
}

#[test]
fn a_disk_that_takes_no_more_files_leaves_the_site_as_it_was() {
    let Some(disk) = Disk::mount() else { return };
    run(&mut export(&disk.site(), 1, 10), 0);
    let (_, used) = disk.used();
    let failed = more_and_more(&disk, 2, |more| format!("nr_inodes={}", used + more));
    for phase in ["the staged folder", "a download", "a picture", "a document"] {
        assert!(failed.contains(phase), "{phase} never failed: {failed:?}");
    }
}

#[test]
fn a_disk_without_any_room_is_said() {
    let Some(disk) = Disk::mount() else { return };
    disk.remount("nr_inodes=1");
    let output = run(&mut export(&disk.site(), 1, 1), 5);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("No space left on device"), "{error}");
}

#[test]
fn a_disk_that_is_read_only_keeps_its_site() {
    let Some(disk) = Disk::mount() else { return };
    run(&mut export(&disk.site(), 1, 3), 0);
    let before = files(&disk.site());
    disk.remount("ro");
    let output = run(&mut export(&disk.site(), 2, 3), 5);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("Read-only file system"), "{error}");
    assert_eq!(files(&disk.site()), before);
    disk.remount("rw");
    run(&mut export(&disk.site(), 2, 3), 0);
    assert_ne!(
        files(&disk.site().join("data")),
        files(&disk.site().join(".watchtower/previous"))
    );
}

/// A site of somebody who is not root, for whom permissions mean something.
struct Studio {
    folder: tempfile::TempDir,
    program: PathBuf,
}

impl Studio {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // Who is not root may not come to where the program was built.
        let program = folder.path().join("marked");
        fs::copy(env!("CARGO_BIN_EXE_marked"), &program).expect("there is room");
        // What another thread starts meanwhile has the copy open for writing until it runs, and a
        // program that is being written cannot be started.
        let busy = |error: io::Error| error.kind() == io::ErrorKind::ExecutableFileBusy;
        while Command::new(&program)
            .arg("--version")
            .output()
            .is_err_and(busy)
        {
            std::thread::yield_now();
        }
        fs::create_dir(folder.path().join("site")).expect("there is room");
        let studio = Self { folder, program };
        studio.allow("", 0o777);
        studio.allow("site", 0o755);
        if is_root() {
            chown(studio.path("site"), Some(NOBODY), Some(NOBODY)).expect("root may");
        }
        studio
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn allow(&self, path: &str, mode: u32) {
        fs::set_permissions(self.path(path), Permissions::from_mode(mode)).expect("it is there");
    }

    fn export(&self, mark: u64) -> Command {
        let mut command = export_marked(&self.program, &self.path("site"), mark);
        command.current_dir(self.folder.path());
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    /// Starts an export that waits in the middle, until [`go_on`](Self::go_on).
    fn export_until_the_middle(&self, mark: u64) -> Child {
        let mut command = self.export(mark);
        command.arg("--gate").arg(self.path("gate"));
        let run = command.spawn().expect("the command starts");
        while !self.path("gate.reached").exists() {
            thread::sleep(Duration::from_millis(5));
        }
        run
    }

    fn go_on(&self, run: Child) -> String {
        fs::write(self.path("gate"), "").expect("there is room");
        let output = run.wait_with_output().expect("it ends");
        for name in ["gate", "gate.reached"] {
            fs::remove_file(self.path(name)).expect("it is there");
        }
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(5), "{error}");
        error
    }
}

#[test]
fn a_folder_that_may_not_be_written_to_keeps_its_site() {
    let studio = Studio::new();
    run(&mut studio.export(1), 0);
    let before = files(&studio.path("site/data"));
    let same = || assert_eq!(files(&studio.path("site/data")), before);

    // From the start.
    studio.allow("site/.watchtower", 0o555);
    let output = run(&mut studio.export(2), 5);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("Permission denied"), "{error}");
    studio.allow("site/.watchtower", 0o755);
    same();

    // While it is staged, and just before the step.
    for (place, mode) in [("site/.watchtower/next", 0o555), ("site", 0o555)] {
        let export = studio.export_until_the_middle(2);
        studio.allow(place, mode);
        let error = studio.go_on(export);
        assert!(error.contains("Permission denied"), "{place}: {error}");
        same();
        if studio.path(place).exists() {
            studio.allow(place, 0o755);
        }
    }

    // And then it may again.
    run(&mut studio.export(2), 0);
    assert_ne!(files(&studio.path("site/data")), before);
    let names = fs::read_dir(studio.path("site/.watchtower")).unwrap();
    let names = names.map(|it| it.map(|it| it.file_name()));
    assert_eq!(names.collect::<io::Result<Vec<_>>>().unwrap().len(), 3);
}

#[test]
fn a_disk_that_is_mounted_in_a_site_is_not_emptied() {
    let Some(disk) = Disk::mount() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let site = folder.path().join("site");
    run(&mut export(&site, 1, 20), 0);
    fs::write(disk.folder.path().join("precious"), "x").expect("there is room");
    let bound = Bound::of(&disk, site.join("data/mounted"));

    let before = files(&site.join("data"));
    let error = run(&mut export(&site, 2, 21), 5).stderr;
    let error = String::from_utf8_lossy(&error);
    assert!(
        error.contains("data/mounted`: another file system"),
        "{error}"
    );
    assert_eq!(files(&site.join("data")), before);
    drop(bound);

    // In a project's own folder as well.
    let projects = fs::read_dir(site.join("data/projects")).expect("projects");
    let mut projects = projects.map(|it| it.expect("a project").path());
    let project = projects.find(|it| it.is_dir()).expect("a project");
    let _bound = Bound::of(&disk, project.join("mounted"));
    for (mark, shots) in [(3, 22), (4, 23), (5, 24)] {
        let error = run(&mut export(&site, mark, shots), 5).stderr;
        let error = String::from_utf8_lossy(&error);
        assert!(error.contains("/mounted`: another file system"), "{error}");
    }
    assert!(disk.folder.path().join("precious").exists());
}

/// The state before, in a lower layer, as in the image of a container, and a site on it that may be changed.
struct Overlay(Disk);

impl Overlay {
    fn of_a_site() -> Option<Self> {
        let disk = Disk::mount()?;
        let at = |path: &str| disk.folder.path().join(path);
        for folder in ["lower", "upper", "work", "merged"] {
            fs::create_dir(at(folder)).expect("there is room");
        }
        for (mark, shots) in [(1, 20), (2, 21)] {
            run(&mut export(&at("lower/site"), mark, shots), 0);
        }
        let layers = format!(
            "lowerdir={},upperdir={},workdir={}",
            at("lower").display(),
            at("upper").display(),
            at("work").display()
        );
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "overlay", "overlay", "-o", &layers])
            .arg(at("merged"));
        if !mount.status().expect("mount starts").success() {
            println!("skipped: no overlay can be mounted here");
            return None;
        }
        Some(Self(disk))
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        let merged = self.0.folder.path().join("merged");
        let _ = Command::new("umount").arg(merged).status();
    }
}

#[test]
fn a_site_in_a_lower_layer_is_exported_to() {
    let Some(overlay) = Overlay::of_a_site() else {
        return;
    };
    let merged = overlay.0.folder.path().join("merged");
    // The first is a copy of what stands there: `data` cannot be moved, and then it can.
    let site = merged.join("site");
    for (mark, shots) in [(3, 22), (4, 23), (5, 24)] {
        let before = files(&site.join("data"));
        run(&mut export(&site, mark, shots), 0);
        assert_ne!(files(&site.join("data")), before);
        let places = fs::read_dir(site.join(".watchtower")).expect("a folder");
        let places = places.map(|it| it.expect("an entry").file_name().into_string());
        let places: BTreeSet<_> = places.map(|it| it.expect("a name")).collect();
        assert_eq!(
            places.into_iter().collect::<Vec<_>>(),
            ["lock", "media.json", "previous"]
        );
    }
}

#[test]
fn two_accounts_of_a_group_export_to_one_site() {
    if !is_root() {
        println!("skipped: only root can be two accounts");
        return;
    }
    const GROUP: u32 = 54321;
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("it is ours");
    let site = folder.path().join("site");
    fs::create_dir(&site).expect("there is room");
    chown(&site, None, Some(GROUP)).expect("we are root");
    fs::set_permissions(&site, Permissions::from_mode(0o2775)).expect("it is ours");
    // The command lies where not everybody may go.
    let program = folder.path().join("marked");
    fs::copy(env!("CARGO_BIN_EXE_marked"), &program).expect("there is room");
    for (mark, account) in [(1, 54321), (2, 54322), (3, 54321), (4, 54322)] {
        let program = program.to_str().expect("a name");
        let mut export = export_marked(program, &site, mark);
        export.args(["--shots", &(20 + mark).to_string()]);
        run(export.uid(account).gid(GROUP), 0);
    }
    let mode = |path: &str| {
        let found = fs::metadata(site.join(path)).expect("it is there");
        found.permissions().mode() & 0o7777
    };
    assert_eq!((mode("data"), mode(".watchtower")), (0o2775, 0o2770));
}

/// A disk that is mounted on a second folder.
struct Bound(PathBuf);

impl Bound {
    fn of(disk: &Disk, folder: PathBuf) -> Self {
        fs::create_dir(&folder).expect("a folder");
        let mut mount = Command::new("mount");
        run(mount.arg("--bind").arg(disk.folder.path()).arg(&folder), 0);
        Self(folder)
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        // The site may have moved it meanwhile.
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let site = self.0.ancestors().find(|it| it.ends_with("site"));
        let places = mounts.lines().filter_map(|line| line.split(' ').nth(1));
        for place in
            places.filter(|it| site.is_some_and(|site| it.starts_with(&*site.to_string_lossy())))
        {
            let _ = Command::new("umount").arg(place).status();
        }
        let _ = fs::remove_dir(&self.0);
    }
}
