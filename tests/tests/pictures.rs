//! Pictures beside what others make of them, and frames of movies as `ffmpeg` takes them.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use watchtower_pictures::{Fit, Made, Place, make};
use watchtower_tests::{read, run, service, watchtower};

/// The width and height of the movies' frames, in pixels.
const FRAME: (usize, usize) = (320, 192);

/// How many bits of a frame's number are in it.
const BITS: usize = 12;

/// Runs `ffmpeg`, which gets these bytes.
fn ffmpeg(arguments: &[&str], input: &[u8]) {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-loglevel", "error", "-y"]).args(arguments);
    let mut child = ffmpeg.stdin(Stdio::piped()).spawn().unwrap();
    // A program that needs no more closes its input.
    let _ = child.stdin.take().unwrap().write_all(input);
    assert!(child.wait().unwrap().success(), "{ffmpeg:?}");
}

/// A movie of 60 s at 24 frames per second, in each frame of which stands its number: as white and black
/// bars, the lowest bit at the left.
fn numbered(movie: &Path) {
    let (width, height) = FRAME;
    let mut frames = Vec::new();
    for number in 0..60 * 24_usize {
        let row: Vec<u8> = (0..width)
            .map(|x| match number >> (x * BITS / width) & 1 {
                1 => 235,
                _ => 16,
            })
            .collect();
        frames.extend(row.repeat(height));
    }
    let size = format!("{width}x{height}");
    let arguments = [
        "-f",
        "rawvideo",
        "-pix_fmt",
        "gray",
        "-s",
        &size,
        "-r",
        "24",
        "-i",
        "pipe:0",
        "-pix_fmt",
        "yuv420p",
        "-c:v",
        "libx264",
        "-g",
        "48",
        "-bf",
        "2",
        "-preset",
        "veryfast",
        movie.to_str().unwrap(),
    ];
    ffmpeg(&arguments, &frames);
}

/// The number in a picture of a shot.
fn number_in(picture: &Path) -> usize {
    let picture = image::open(picture).unwrap().into_luma8();
    let width = picture.width() as usize;
    let bits = (0..BITS).filter(|bit| {
        let x = (2 * bit + 1) * width / (2 * BITS);
        picture[(u32::try_from(x).unwrap(), picture.height() / 2)].0[0] > 128
    });
    bits.map(|bit| 1 << bit).sum()
}

/// Writes a folder for `watchtower export files`: a film with 60 shots of a second each, of which one has a
/// picture, and a movie.
fn write_film(folder: &Path, movie: &Path, frame_offset: i64) {
    let project = json!({"id": "film", "name": "Film", "fps": 24.0});
    let shots = (0..60).map(|place| {
        json!({
            "id": format!("shot-{place}"),
            "name": format!("{place:04}"),
            "sequence_id": "010",
            "data": {"frame_in": 24 * place, "frame_out": 24 * place + 24},
        })
    });
    let snapshot = json!({
        "watchtower_tracker": 1,
        "project": project,
        "sequences": [{"id": "010", "name": "010"}],
        "shots": shots.collect::<Vec<_>>(),
        "edits": [{"id": "edit", "name": "Edit", "movie": {"file": movie}, "frame_offset": frame_offset}],
    });
    let listed = json!({"watchtower_tracker": 1, "projects": [project]});
    fs::create_dir_all(folder.join("projects")).unwrap();
    fs::write(folder.join("project-list.json"), listed.to_string()).unwrap();
    fs::write(folder.join("projects/film.json"), snapshot.to_string()).unwrap();
}

/// Exports a film whose movie lies in a folder for temporary files.
fn export(documents: &Path, format: &str, site: &Path) -> Value {
    let mut command = watchtower();
    command.args(["export", "files"]).arg(documents);
    command.arg("--media-root").arg(std::env::temp_dir());
    command.env("PATH", std::env::var_os("PATH").unwrap());
    command.args([
        "--pictures-from-movie",
        "--json",
        "--format",
        format,
        "--output",
    ]);
    let output = run(command.arg(site), 0);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The numbers in the pictures of the shots, in order; none for a shot without.
fn numbers(site: &Path) -> Vec<Option<usize>> {
    let shots = read(site, "data/projects/film/shots.json");
    let shots = shots.as_array().unwrap().iter();
    let number = |shot: &Value| Some(number_in(&site.join(shot["thumbnailUrl"].as_str()?)));
    shots.map(number).collect()
}

#[test]
fn each_shot_shows_the_frame_of_the_movie_in_its_middle() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let movie = at("numbered.mp4");
    numbered(&movie);
    // The movie from its 60th frame on, which is none that can be decoded without others: an edit list
    // skips those.
    let text = |path: &PathBuf| path.to_str().unwrap().to_owned();
    let (whole, cut, variable) = (
        text(&movie),
        text(&at("cut.mp4")),
        text(&at("variable.mp4")),
    );
    ffmpeg(&["-ss", "2.5", "-i", &whole, "-c", "copy", &cut], b"");
    // Every third frame alone, each shown as long as three.
    let every_third = [
        "-i",
        &whole,
        "-vf",
        "select='not(mod(n,3))'",
        "-vsync",
        "vfr",
    ];
    ffmpeg(&[&every_third[..], &["-bf", "0", &variable]].concat(), b"");
    for (movie, offset, expected) in [
        (
            &whole,
            0,
            &(|middle| Some(middle)) as &dyn Fn(usize) -> Option<usize>,
        ),
        (&whole, 48, &|middle| middle.checked_sub(48)),
        (&whole, -100, &|middle| {
            Some(middle + 100).filter(|it| *it < 1440)
        }),
        (&cut, 0, &|middle| Some(middle + 60).filter(|it| *it < 1440)),
        (&variable, 0, &|middle| Some(middle / 3 * 3)),
    ] {
        let expected: Vec<_> = (0..60).map(|shot| expected(24 * shot + 12)).collect();
        for format in ["v0", "v1"] {
            let (documents, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            write_film(documents.path(), Path::new(movie), offset);
            let summary = export(documents.path(), format, site.path());
            let seen = numbers(site.path());
            assert_eq!(seen, expected, "{movie} at {offset}, {format}: {summary}");
        }
    }
}

#[test]
fn frames_are_taken_once_and_without_ffmpeg_a_note_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (movie, documents, site) = (at("numbered.mp4"), at("documents"), at("site"));
    numbered(&movie);
    write_film(&documents, &movie, 0);
    let without = |site: &Path| {
        let mut command = watchtower();
        command.args(["export", "files"]).arg(&documents);
        command.arg("--media-root").arg(folder.path());
        command
            .args(["--pictures-from-movie", "--json", "--output"])
            .arg(site);
        // A place without any program.
        let output = run(command.env("PATH", folder.path()), 0);
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let summary = without(&at("empty"));
    let notes = summary["projects"][0]["notes"].to_string();
    let note =
        "60 shots have no picture, and none from the movie of Edit: there is no `ffmpeg` in PATH";
    assert!(notes.contains(note), "{notes}");
    assert_eq!(numbers(&at("empty")), [None; 60]);
    // What was taken before needs no ffmpeg.
    export(&documents, "v0", &site);
    let before = numbers(&site);
    without(&site);
    assert_eq!(numbers(&site), before);
    assert!(before.iter().all(Option::is_some));
}

/// Pictures that Pillow shows otherwise, and why that is so.
const EXCEPTIONS: &[(&str, &str)] = &[];

#[test]
fn pictures_are_as_pillow_and_libvips_make_them() {
    let state = service("WATCHTOWER_TEST_PICTURES");
    let folder = tempfile::tempdir().unwrap();
    let list = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("pictures/list.txt"))
        .unwrap();
    let mut count = 0;
    for name in list.lines() {
        let bytes = fs::read(state.join("images").join(name)).unwrap();
        let made = match make(&bytes, Place::Tile, Fit::Contain) {
            Ok(Made::New { bytes, .. }) => bytes,
            Ok(Made::AsItIs(_)) => bytes,
            Err(error) => panic!("{name}: {error}"),
        };
        fs::write(folder.path().join(name.replace('/', "__")), made).unwrap();
        count += 1;
    }
    assert!(count > 100, "{count} pictures");
    let mut compare = Command::new(state.join("python/bin/python"));
    compare.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("pictures/compare.py"));
    let output = run(compare.arg(state.join("images")).arg(folder.path()), 0);
    let differences: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (name, by) in differences.as_object().unwrap() {
        let is_exception = EXCEPTIONS.iter().any(|(it, _)| it == name);
        for (program, difference) in by.as_object().unwrap() {
            let is_close = difference.as_f64().unwrap() < 2.0;
            assert!(
                is_close || is_exception,
                "{name}: {program} differs by {difference} of 255"
            );
        }
    }
}
