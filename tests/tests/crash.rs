//! Killed at any moment, an export leaves a whole site: the one before it or its own.

#![allow(clippy::unwrap_used)] // Outside the tests themselves, too, all of this is a test.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, Mode, OFlags, openat};
use serde_json::Value;
use watchtower_tests::export_marked;

const KILLS: usize = 500;
/// So many films take turns; two that follow each other are different in every file.
const MARKS: u64 = 16;

fn export(site: &Path, mark: u64) -> Command {
    export_marked(env!("CARGO_BIN_EXE_marked"), site, mark % MARKS)
}

fn export_whole(site: &Path, mark: u64) {
    let output = export(site, mark).output().expect("the command starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

/// The names in a folder.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect()
}

/// What a reader saw who loaded the site once.
#[derive(Debug, PartialEq)]
enum Load {
    /// All of one export.
    Whole,
    /// Two exports took their step meanwhile, and the second cleared away what was open.
    Overtaken,
    /// What must not be.
    Broken(String),
}

/// Opens the site and after a pause loads all documents, follows every reference, and looks for the
/// mark in each file.
fn load(site: &Path, pause: Duration) -> Load {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let data = match openat(CWD, site.join("data"), flags, Mode::empty()) {
        Ok(data) => File::from(data),
        Err(error) => return Load::Broken(format!("data: {error}")),
    };
    thread::sleep(pause);
    let problem = match follow(&data) {
        Ok(()) => return Load::Whole,
        Err(problem) => problem,
    };
    if problem.is_mixture {
        return Load::Broken(problem.text);
    }
    // A file is missing. It must not be, unless two exports took their step since `data` was opened;
    // then another state is the one before the present.
    let opened = data.metadata().expect("an open folder").ino();
    let inode = |place: &str| fs::metadata(site.join(place)).ok().map(|it| it.ino());
    for _ in 0..6000 {
        if inode("data") == Some(opened) {
            break;
        }
        match inode(".watchtower/previous") {
            Some(previous) if previous == opened => break,
            Some(_) => return Load::Overtaken,
            // It is being replaced, and after a kill in that moment the next export goes on.
            None => thread::sleep(Duration::from_millis(10)),
        }
    }
    Load::Broken(problem.text)
}

struct Problem {
    text: String,
    is_mixture: bool,
}

fn follow(data: &File) -> Result<(), Problem> {
    let open = |path: &str| -> io::Result<Vec<u8>> {
        let path = path.strip_prefix("data/").unwrap_or(path);
        let file = openat(data, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        let mut bytes = Vec::new();
        File::from(file).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let read = |path: &str| {
        open(path).map_err(|error| Problem {
            text: format!("{path}: {error}"),
            is_mixture: false,
        })
    };
    let mixture = |text: String| Problem {
        text,
        is_mixture: true,
    };
    let parse = |path: &str| {
        let bytes = read(path)?;
        let document = serde_json::from_slice::<Value>(&bytes);
        let document = document.map_err(|error| mixture(format!("{path}: {error}")))?;
        Ok((document, String::from_utf8_lossy(&bytes).into_owned()))
    };

    let (context, text) = parse("projects/context.json")?;
    let name = context["projects"][0]["name"].as_str().unwrap_or_default();
    let mark = name.trim_start_matches("Film ").to_owned();
    let number: i64 = mark
        .trim_start_matches("mark ")
        .trim_end_matches(';')
        .parse()
        .map_err(|_| mixture(format!("no mark in {text}")))?;
    let id = context["projects"][0]["id"].as_str().unwrap_or_default();
    let mut documents = vec![("context.json".to_owned(), context.clone(), text)];
    for name in ["project", "edit", "assets", "shots", "sequences", "casting"] {
        let path = format!("projects/{id}/{name}.json");
        let (document, text) = parse(&path)?;
        documents.push((path, document, text));
    }

    let mut ids = BTreeSet::new();
    for (path, document, text) in &documents {
        let has_mark = match path {
            _ if path.ends_with("edit.json") => document["frameOffset"] == number,
            // It holds nothing but ids, which say the mark where they are derived from names.
            _ if path.ends_with("casting.json") => true,
            _ => text.contains(&mark),
        };
        if !has_mark {
            return Err(mixture(format!("{path} is not of {mark}")));
        }
        let entries = document.as_array().into_iter().flatten();
        ids.extend(entries.filter_map(|it| it["id"].as_str().map(str::to_owned)));
    }
    for (path, document, _) in &documents {
        if path.ends_with("casting.json") {
            for casting in document.as_array().into_iter().flatten() {
                let assets = casting["asset_ids"].as_array().into_iter().flatten();
                for id in assets.chain([&casting["shot_id"]]) {
                    if !ids.contains(id.as_str().unwrap_or_default()) {
                        return Err(mixture(format!("{path} is not of {mark}")));
                    }
                }
            }
        }
        let mut media = Vec::new();
        references(document, &mut media);
        for reference in media {
            let bytes = read(&reference)?;
            let text = String::from_utf8_lossy(&bytes);
            if !text.contains(&mark) && !text.contains("the same for every mark") {
                return Err(mixture(format!("{reference} is not of {mark}")));
            }
        }
    }
    Ok(())
}

/// Every path of a picture or movie in a document.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                match value {
                    Value::String(path) if key == "thumbnailUrl" || key == "sourceName" => {
                        found.push(path.clone());
                    }
                    _ => references(value, found),
                }
            }
        }
        Value::Array(entries) => entries.iter().for_each(|it| references(it, found)),
        _ => {}
    }
}

/// Nothing is in the site but what belongs there after a complete export.
fn assert_no_leftovers(site: &Path) {
    let set = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect();
    let hidden: BTreeSet<String> = set(&["lock", "media.json", "previous"]);
    assert_eq!(names(&site.join(".watchtower")), hidden);
    let root: BTreeSet<String> = set(&[".watchtower", "data"]);
    assert_eq!(names(site), root);
    let data: BTreeSet<String> = set(&["previews", "projects"]);
    for folder in ["data", ".watchtower/previous"] {
        assert_eq!(names(&site.join(folder)), data, "{folder}");
    }
    assert_eq!(names(&site.join("data/projects")).len(), 2);
}

#[test]
fn an_export_killed_at_any_moment_leaves_a_whole_site() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    let mut mark = 0;
    let mut next = || {
        mark += 1;
        mark
    };
    // Kills are spread over the time that an export takes, and a little more.
    let mut times: Vec<_> = (0..9)
        .map(|_| {
            let start = Instant::now();
            export_whole(&site, next());
            start.elapsed()
        })
        .collect();
    times.sort();
    let usual = times[times.len() / 2].mul_f64(1.1);

    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut whole, mut overtaken) = (0, 0);
            // Who is fast and who is slow: there are two to read and one to write, on as few as two
            // processors.
            let pauses = [Duration::from_millis(1), usual / 2];
            while !ended.load(Ordering::Relaxed) {
                match load(&site, pauses[whole % 2]) {
                    Load::Whole => whole += 1,
                    Load::Overtaken => overtaken += 1,
                    Load::Broken(problem) => {
                        ended.store(true, Ordering::Relaxed);
                        return Err(problem);
                    }
                }
            }
            Ok((whole, overtaken))
        });

        let mut random = fastrand::Rng::with_seed(4);
        let mut killed = 0;
        while killed < KILLS && !ended.load(Ordering::Relaxed) {
            let mut run = export(&site, next()).spawn().unwrap();
            let moment = Instant::now() + usual.mul_f64(random.f64());
            while Instant::now() < moment {
                // However short it were missing, somebody would meet it.
                assert!(site.join("data").exists(), "data is missing for a moment");
            }
            run.kill().unwrap();
            // One that was done before is not one that was killed.
            if run.wait().unwrap().code().is_none() {
                killed += 1;
            }
            if killed % 25 == 0 {
                export_whole(&site, next());
                assert_no_leftovers(&site);
            }
        }
        ended.store(true, Ordering::Relaxed);
        let (whole, overtaken) = reader.join().unwrap().unwrap();
        println!("{whole} loads of a whole site, {overtaken} overtaken, export {usual:?}");
        assert!(whole > KILLS, "the reader saw little: {whole}");
        assert!(overtaken * 20 < whole, "{overtaken} of {whole} overtaken");
    });

    let last = next();
    export_whole(&site, last);
    assert_no_leftovers(&site);
    assert_eq!(load(&site, Duration::ZERO), Load::Whole);
    // What is remembered fits what is there: the same again changes nothing.
    let inode = || fs::metadata(site.join("data")).unwrap().ino();
    let before = inode();
    export_whole(&site, last);
    assert_eq!(inode(), before);
}

/// The moments that the film's history tells of, and what was counted.
fn history(site: &Path) -> Vec<(String, u64)> {
    let film = fs::read_dir(site.join("data/projects")).unwrap();
    let film = film.last().unwrap().unwrap().path();
    let text = fs::read(film.join("task_counts.json")).unwrap();
    let counts: Value = serde_json::from_slice(&text).unwrap();
    let data = counts[0]["task_statuses"][0]["data"].as_array().unwrap();
    let reading = |it: &Value| {
        let moment = it["timestamp"].as_str().unwrap().to_owned();
        (moment, it["count"].as_u64().unwrap())
    };
    data.iter().map(reading).collect()
}

#[test]
fn a_history_outlives_kills() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    let start = Instant::now();
    let run = |mark: u64| {
        let mut run = export(&site, mark);
        run.args(["--format", "v1"]).spawn().unwrap()
    };
    assert!(run(0).wait().unwrap().success());
    let usual = start.elapsed().mul_f64(1.2);

    let mut random = fastrand::Rng::with_seed(5);
    let mut before = history(&site);
    let (mut killed, mut grown) = (0, 0);
    // An export takes less than the second in which a moment is told.
    for mark in 1.. {
        let mut export = run(mark);
        thread::sleep(usual.mul_f64(random.f64()));
        export.kill().unwrap();
        killed += usize::from(export.wait().unwrap().code().is_none());
        let after = history(&site);
        // What was there is there, but for a reading of the same second, whose place a new one takes.
        let same = before.len().min(after.len() - 1);
        assert_eq!(after[..same], before[..same]);
        let more = after.len() - same;
        assert!((0..=1).contains(&more), "{before:?} became {after:?}");
        assert!(after.is_sorted_by(|a, b| a.0 < b.0), "{after:?}");
        assert!(after.iter().all(|(_, count)| *count == 4), "{after:?}");
        grown += after.len() - before.len();
        before = after;
        if killed >= KILLS / 5 && grown >= 5 {
            break;
        }
    }
    println!("{killed} kills, {grown} readings more");
    assert!(run(0).wait().unwrap().success());
    assert_eq!(
        names(&site.join("data")),
        ["projects", "projects-list"].map(str::to_owned).into()
    );
    assert_eq!(
        names(&site.join(".watchtower")),
        ["lock", "media.json", "previous"].map(str::to_owned).into()
    );
}
