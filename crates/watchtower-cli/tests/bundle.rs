//! `watchtower bundle`, with clients made up on the spot.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::fs::{self, File};
use std::io::{Cursor, Write};
use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::{FileOptions, SimpleFileOptions};

const V0: &str = "fetch('data/projects/context.json'), 'static/img/placeholder-asset.png'";
const V1: &str = "fetch(`${base}data/projects-list/index.json`)";
const SITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/site");
const SITE_V1: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../watchtower-writer/tests/fixtures/film-v1"
);

struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A zip file of files with their texts.
    fn zip(&self, files: &[(&str, &str)]) -> PathBuf {
        let bytes = zip_of(|zip| {
            for (name, text) in files {
                zip.start_file(name, SimpleFileOptions::default()).unwrap();
                zip.write_all(text.as_bytes()).unwrap();
            }
        });
        self.write("client.whl", &bytes)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn bundle(&self, site: impl AsRef<Path>, client: &Path) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchtower"));
        command.arg("bundle").arg(site.as_ref()).arg("--client");
        command.arg(client).arg("--output").arg(self.path("bundle"));
        command.output().unwrap()
    }

    /// Bundles the site of format v0, which must be refused: what is said.
    fn refused(&self, client: &Path) -> String {
        let output = self.bundle(SITE, client);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(!self.path("bundle").exists());
        self.assert_nothing_left();
        let text = String::from_utf8(output.stderr).unwrap();
        self.shown(&text)
    }

    /// A text as it is on every machine.
    fn shown(&self, text: &str) -> String {
        // So Windows writes a path that was looked up.
        let text = text.replace(r"\\?\", "");
        let text = text.replace(&self.0.path().display().to_string(), "[folder]");
        text.replace(SITE, "[site]").replace(MAIN_SEPARATOR, "/")
    }

    fn done(&self, site: impl AsRef<Path>, client: &Path) {
        let output = self.bundle(site, client);
        assert!(output.status.success(), "{output:?}");
        self.assert_nothing_left();
    }

    fn assert_nothing_left(&self) {
        let names = fs::read_dir(self.0.path()).unwrap();
        let hidden = names.map(|it| it.unwrap().file_name().into_string().unwrap());
        // Where folders cannot be locked, a file stays.
        let lock = |it: &String| cfg!(windows) && it == ".watchtower-bundle-lock";
        let hidden: Vec<_> = hidden
            .filter(|it| it.starts_with('.') && !lock(it))
            .collect();
        assert_eq!(hidden, [""; 0]);
    }
}

fn zip_of(fill: impl FnOnce(&mut ZipWriter<&mut Cursor<Vec<u8>>>)) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut zip = ZipWriter::new(&mut bytes);
    fill(&mut zip);
    zip.finish().unwrap();
    bytes.into_inner()
}

/// Puts other bytes in the place of these, which are as many, wherever they stand.
fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    assert_eq!(from.len(), to.len());
    for at in 0..=bytes.len() - from.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
        }
    }
}

/// A wheel with a client for each format, and things beside it.
const WHEEL: &[(&str, &str)] = &[
    ("watchtower_pipeline/core.py", "data/projects/context.json"),
    ("old/index.html", "<html>old"),
    ("old/assets/index.js", V0),
    ("old/.DS_Store", "x"),
    ("old/data/projects/context.json", "the packer's own"),
    ("new/index.html", "<html>new"),
    ("new/assets/index.js", V1),
];

#[test]
fn the_client_for_the_format_is_beside_the_data() {
    let bench = Bench::new();
    let wheel = bench.zip(WHEEL);
    for (site, page, has_placeholder) in [(SITE, "<html>old", true), (SITE_V1, "<html>new", false)]
    {
        bench.done(site, &wheel);
        let bundle = bench.path("bundle");
        let read = |path: &str| fs::read_to_string(bundle.join(path)).unwrap();
        assert_eq!(read("index.html"), page);
        let mut sites = vec![PathBuf::from("data")];
        while let Some(path) = sites.pop() {
            let of_site = Path::new(site).join(&path);
            if of_site.is_dir() {
                let entries = fs::read_dir(&of_site).unwrap();
                sites.extend(entries.map(|it| path.join(it.unwrap().file_name())));
                continue;
            }
            let copy = bundle.join(&path);
            assert_eq!(fs::read(&copy).unwrap(), fs::read(&of_site).unwrap());
            let time = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
            assert_eq!(time(&copy), time(&of_site));
        }
        assert!(!bundle.join(".DS_Store").exists());
        let placeholder = bundle.join("static/img/placeholder-asset.png");
        assert_eq!(placeholder.exists(), has_placeholder);
    }
}

#[test]
fn a_folder_serves_as_well_and_so_does_a_bundle() {
    let bench = Bench::new();
    for (name, text) in WHEEL {
        bench.write(&format!("unpacked/{name}"), text.as_bytes());
    }
    bench.done(SITE, &bench.path("unpacked"));
    let of_bundle = bench.path("first");
    fs::rename(bench.path("bundle"), &of_bundle).unwrap();
    bench.done(SITE, &of_bundle);
    let files = |bundle: &Path| {
        let mut files = vec![bundle.to_owned()];
        let mut at = 0;
        while let Some(path) = files.get(at).cloned() {
            at += 1;
            if path.is_dir() {
                files.extend(fs::read_dir(path).unwrap().map(|it| it.unwrap().path()));
            }
        }
        let mut files: Vec<_> = files
            .iter()
            .map(|it| it.strip_prefix(bundle).unwrap().to_owned())
            .collect();
        files.sort();
        files
    };
    assert_eq!(files(&bench.path("bundle")), files(&of_bundle));
}

#[test]
fn what_the_client_carries_itself_is_kept() {
    let bench = Bench::new();
    let own = ("static/img/placeholder-asset.png", "its own");
    let client = bench.zip(&[("index.html", ""), ("index.js", V0), own]);
    bench.done(SITE, &client);
    let kept = fs::read_to_string(bench.path("bundle").join(own.0)).unwrap();
    assert_eq!(kept, "its own");
}

#[test]
fn a_client_for_the_other_format_is_refused_with_the_reason() {
    let bench = Bench::new();
    let client = bench.zip(&[("dist/index.html", ""), ("dist/index.js", V1)]);
    insta::assert_snapshot!(bench.refused(&client), @r"
error: the web client in `[folder]/client.whl` reads format v1 and the site is of format v0: its scripts ask for `data/projects-list/index.json`, the site has `data/projects/context.json`
help: `pip download --no-deps watchtower-pipeline==0.1.7` gets a client for v0
");
}

#[test]
fn what_holds_no_client_is_refused() {
    let bench = Bench::new();
    let client = bench.zip(&[("dist/index.html", ""), ("dist/index.js", "")]);
    insta::assert_snapshot!(bench.refused(&client), @r"
error: there is no built web client in `[folder]/client.whl`: expected a folder with `index.html` and scripts that ask for `data/projects/context.json` or `data/projects-list/index.json`
help: `pip download --no-deps watchtower-pipeline==0.1.7` gets a client for v0; `pip download --no-deps watchtower-pipeline==1.0.0b3` gets a client for v1
");
    let page = bench.write("page.html", b"<html>");
    insta::assert_snapshot!(bench.refused(&page), @r"
error: `[folder]/page.html` is neither a folder nor a zip file, as a wheel is: invalid Zip archive: Could not find EOCD
help: `pip download --no-deps watchtower-pipeline==0.1.7` gets a client for v0; `pip download --no-deps watchtower-pipeline==1.0.0b3` gets a client for v1
");
    // Systems have words of their own for that.
    #[cfg(unix)]
    insta::assert_snapshot!(bench.refused(&bench.path("nothing")), @"error: cannot read the web client in `[folder]/nothing`: No such file or directory (os error 2)");
    let twice = [
        ("a/index.html", ""),
        ("a/x.js", V0),
        ("b/index.html", ""),
        ("b/x.js", V0),
    ];
    insta::assert_snapshot!(bench.refused(&bench.zip(&twice)), @r"
error: `[folder]/client.whl` holds several web clients for the site: `a`, `b`
help: give the folder of one of them
");
}

#[test]
fn a_folder_without_a_site_is_refused() {
    let bench = Bench::new();
    let client = bench.zip(WHEEL);
    let output = bench.bundle(bench.0.path(), &client);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    let text = bench.shown(&text);
    insta::assert_snapshot!(text, @r"
error: there is no site in `[folder]`: `[folder]/data` holds no project list of any format
help: `watchtower export TRACKER --output DIR` writes one
");
}

#[test]
fn names_that_leave_the_folder_are_refused() {
    let bench = Bench::new();
    for (name, said) in [
        ("../evil.js", "`../evil.js` leaves the folder"),
        ("dist/../../evil.js", "leaves the folder"),
        ("/etc/evil.js", "`/etc/evil.js` is an absolute path"),
        ("C:\\evil.js", "leads elsewhere on some systems"),
        ("dist/./x.js", "has a part without a name"),
        ("dist//x.js", "has a part without a name"),
    ] {
        // The writer mends such names, so they are put in afterwards.
        let harmless = "_".repeat(name.len());
        let mut bytes = zip_of(|zip| {
            for (name, text) in [
                ("dist/index.html", ""),
                ("dist/index.js", V0),
                (&harmless, ""),
            ] {
                zip.start_file(name, SimpleFileOptions::default()).unwrap();
                zip.write_all(text.as_bytes()).unwrap();
            }
        });
        replace(&mut bytes, harmless.as_bytes(), name.as_bytes());
        let client = bench.write("client.zip", &bytes);
        let refused = bench.refused(&client);
        assert!(refused.contains(said), "{name}: {refused}");
        assert!(!bench.path("evil.js").exists());
    }
}

#[test]
fn links_are_refused_in_archives_and_in_folders() {
    let bench = Bench::new();
    let client = zip_of(|zip| {
        zip.start_file("index.html", SimpleFileOptions::default())
            .unwrap();
        zip.add_symlink("passwd", "/etc/passwd", FileOptions::<()>::default())
            .unwrap();
    });
    let client = bench.write("client.zip", &client);
    insta::assert_snapshot!(bench.refused(&client), @"error: `[folder]/client.zip` is refused: `passwd` is a symbolic link");

    // Few accounts may make links elsewhere.
    #[cfg(unix)]
    {
        bench.write("client/index.html", b"");
        std::os::unix::fs::symlink("/etc/passwd", bench.path("client/passwd")).unwrap();
        insta::assert_snapshot!(bench.refused(&bench.path("client")), @"error: `[folder]/client` is refused: `passwd` is a symbolic link");
    }
}

#[test]
fn a_name_that_is_there_twice_is_refused() {
    let bench = Bench::new();
    let client = bench.zip(&[("index.html", ""), ("one.js", V0), ("two.js", "")]);
    let mut bytes = fs::read(&client).unwrap();
    replace(&mut bytes, b"two.js", b"one.js");
    let client = bench.write("client.zip", &bytes);
    insta::assert_snapshot!(bench.refused(&client), @"error: `[folder]/client.zip` is refused: a name is there twice");
    let client = bench.zip(&[("index.html", V0), ("a", ""), ("a/b.js", V0)]);
    insta::assert_snapshot!(bench.refused(&client), @"error: `[folder]/client.whl` is refused: `a` is a file and a folder");
}

#[test]
fn bombs_are_refused() {
    let bench = Bench::new();
    // 65 MiB of zeros in a few kilobytes.
    let zeros = vec![0; 1 << 20];
    let bytes = zip_of(|zip| {
        zip.start_file("index.html", SimpleFileOptions::default())
            .unwrap();
        for _ in 0..65 {
            zip.write_all(&zeros).unwrap();
        }
    });
    assert!(bytes.len() < 1 << 20);
    let client = bench.write("client.zip", &bytes);
    insta::assert_snapshot!(bench.refused(&client), @"error: `[folder]/client.zip` is refused: it holds more than 64 MiB, which no web client does");
    let bytes = zip_of(|zip| {
        for number in 0..=10_000 {
            zip.add_directory(format!("{number}"), SimpleFileOptions::default())
                .unwrap();
        }
    });
    let client = bench.write("client.zip", &bytes);
    insta::assert_snapshot!(bench.refused(&client), @"error: `[folder]/client.zip` is refused: it holds more than 10000 files, which no web client does");
    // Two entries with the same bytes.
    let mut bytes = fs::read(bench.zip(&[("index.html", V0), ("index.hpml", V0)])).unwrap();
    let last = bytes
        .windows(4)
        .rposition(|it| it == b"PK\x01\x02")
        .unwrap();
    bytes[last + 42..last + 46].copy_from_slice(&[0; 4]);
    let client = bench.write("client.zip", &bytes);
    insta::assert_snapshot!(bench.refused(&client), @"error: `[folder]/client.zip` is refused: files share bytes, as in a bomb");
}

#[cfg(unix)] // An open file holds its folder elsewhere.
#[test]
fn bundling_again_replaces_the_bundle_in_one_step() {
    let bench = Bench::new();
    bench.done(SITE, &bench.zip(WHEEL));
    let bundle = bench.path("bundle");
    // Whoever has the folder open keeps the old one whole, so nothing was changed in place.
    let before = fs::canonicalize(&bundle).unwrap();
    let open = File::open(before.join("index.html")).unwrap();
    let client = bench.zip(&[("index.html", "<html>newer"), ("index.js", V0)]);
    bench.done(SITE, &client);
    assert_eq!(std::io::read_to_string(open).unwrap(), "<html>old");
    assert_eq!(
        fs::read_to_string(bundle.join("index.html")).unwrap(),
        "<html>newer"
    );
    assert!(!bundle.join("assets").exists(), "what is not its is gone");
}

#[test]
fn what_a_killed_run_left_is_cleared_away() {
    let bench = Bench::new();
    bench.write(".bundle.watchtower-next/index.html", b"half");
    bench.done(SITE, &bench.zip(WHEEL));
}

#[test]
fn a_folder_that_is_not_ours_stays_as_it_is() {
    let bench = Bench::new();
    let client = bench.zip(WHEEL);
    let said = |site: &Path| {
        let output = bench.bundle(site, &client);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        bench.shown(&text)
    };
    let site = Path::new(SITE);
    fs::create_dir(bench.path("bundle")).unwrap();
    bench.done(site, &client);

    let foreign = bench.write("bundle/robots.txt", b"x");
    insta::assert_snapshot!(said(site), @"error: `[folder]/bundle` is not a place for a bundle: it is a bundle, but `robots.txt` in it is not ours and would be lost; move it away");
    fs::remove_file(&foreign).unwrap();
    fs::create_dir(bench.path("bundle/.watchtower")).unwrap();
    insta::assert_snapshot!(said(site), @"error: `[folder]/bundle` is not a place for a bundle: it is a bundle that exports are written to, which replacing it would undo");
    fs::remove_dir_all(bench.path("bundle")).unwrap();

    let theirs = bench.write("bundle/theirs.txt", b"x");
    insta::assert_snapshot!(said(site), @"error: `[folder]/bundle` is not a place for a bundle: it holds something that is no bundle of ours; give a folder that is empty or not there");
    assert!(theirs.exists());
    fs::remove_dir_all(bench.path("bundle")).unwrap();
    let file = bench.write("bundle", b"x");
    insta::assert_snapshot!(said(site), @"error: `[folder]/bundle` is not a place for a bundle: it is a file");
    fs::remove_file(file).unwrap();

    bench.done(site, &client);
    insta::assert_snapshot!(said(&bench.path("bundle")), @"error: `[folder]/bundle` is not a place for a bundle: it and the site must be apart, and neither in the other");
    let inner = bench.path("bundle/inner");
    fs::create_dir(&inner).unwrap();
    fs::rename(bench.path("bundle/data"), inner.join("data")).unwrap();
    insta::assert_snapshot!(said(&inner), @"error: `[folder]/bundle` is not a place for a bundle: it and the site must be apart, and neither in the other");
    assert!(inner.join("data/projects/context.json").exists());
}

#[cfg(unix)] // Few accounts may make links elsewhere.
#[test]
fn a_link_out_of_the_site_is_refused() {
    let bench = Bench::new();
    let client = bench.zip(WHEEL);
    bench.write("site/data/projects/context.json", b"{}");
    std::os::unix::fs::symlink("/etc/passwd", bench.path("site/data/x.json")).unwrap();
    let output = bench.bundle(bench.path("site"), &client);
    assert_eq!(output.status.code(), Some(2));
    assert!(!bench.path("bundle").exists());
    let text = String::from_utf8(output.stderr).unwrap();
    let text = bench.shown(&text);
    insta::assert_snapshot!(text, @"error: `[folder]/site/data/x.json` is a symbolic link that leads nowhere, or out of the site");
}

#[cfg(unix)] // Folders cannot be locked elsewhere.
#[test]
fn another_bundle_beside_it_is_waited_for() {
    let bench = Bench::new();
    let client = bench.zip(WHEEL);
    let other = File::open(bench.0.path()).unwrap();
    other.lock().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchtower"));
    command.args(["bundle", SITE, "--lock-timeout", "0s", "--client"]);
    command
        .arg(&client)
        .arg("--output")
        .arg(bench.path("bundle"));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    let text = String::from_utf8(output.stderr).unwrap();
    let text = bench.shown(&text);
    insta::assert_snapshot!(text);

    let ends = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(300));
        drop(other);
    });
    bench.done(SITE, &client);
    ends.join().unwrap();
}

#[test]
fn pictures_of_a_site_of_others_are_made_to_fit() {
    let bench = Bench::new();
    let client = bench.zip(WHEEL);
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' width='16' height='9'><rect width='16' height='9' fill='red'/></svg>";
    let picture = bench.write("site/data/x y.svg", svg.as_bytes());
    let entry = |url: &str| serde_json::json!({"id": url, "kept": 1.50, "thumbnailUrl": url});
    let shots = serde_json::json!([
        entry("data/x%20y.svg"),
        entry("data/gone.png"),
        entry("/tracker.example/1.png"),
        {"id": "none", "thumbnailUrl": null},
    ]);
    bench.write(
        "site/data/projects/film/shots.json",
        shots.to_string().as_bytes(),
    );
    let context = serde_json::json!({
        "projects": [entry("data/x%20y.svg")],
        "users": [entry("data/x%20y.svg")],
    });
    bench.write(
        "site/data/projects/context.json",
        context.to_string().as_bytes(),
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchtower"));
    command
        .arg("bundle")
        .arg(bench.path("site"))
        .arg("--client")
        .arg(client);
    command
        .arg("--output")
        .arg(bench.path("bundle"))
        .args(["--pictures", "--json"]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let bundled: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        bundled["pictures"],
        serde_json::json!({
            "made": 3,
            "fitting": 0,
            "elsewhere": 1,
            "refused": [{
                "code": "absent",
                "reason": "it is not in the site",
                "of": ["data/gone.png"],
            }],
        })
    );
    let read = |path: &str| -> serde_json::Value {
        let text = fs::read(bench.path("bundle").join(path)).unwrap();
        serde_json::from_slice(&text).unwrap()
    };
    let size = |entry: &serde_json::Value| {
        let path = bench
            .path("bundle")
            .join(entry["thumbnailUrl"].as_str().unwrap());
        // A PNG begins with its width and height.
        let bytes = fs::read(path).unwrap();
        let side = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        (side(16), side(20))
    };
    let mut found = read("data/projects/film/shots.json");
    assert_eq!(size(&found[0]), (150, 100));
    found[0]["thumbnailUrl"] = shots[0]["thumbnailUrl"].clone();
    assert_eq!(found, shots, "nothing else changed");
    let context = read("data/projects/context.json");
    assert_eq!(size(&context["users"][0]), (400, 400));
    assert_eq!(size(&context["projects"][0]), (128, 128));
    assert_eq!(
        fs::read(picture).unwrap(),
        svg.as_bytes(),
        "the site is as it was"
    );
}
