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

/// A movie without frames of its own, which says that they are in another file, as QuickTime's movies may.
fn referring(movie: &[u8], other: &Path) -> Vec<u8> {
    let mut movie = movie.to_vec();
    let at = |movie: &[u8], name: &[u8; 4]| movie.windows(4).position(|it| it == name).unwrap();
    let path = other.to_str().unwrap().as_bytes();
    // An alias of the Macintosh: version and flags, volume, name, levels, and the path with its length.
    let mut alias = vec![0; 4 + 10 + 1 + 27 + 12 + 1 + 63 + 16 + 4 + 16];
    alias.extend([0, 2]);
    alias.extend(u16::try_from(path.len()).unwrap().to_be_bytes());
    alias.extend(path);
    alias.resize(alias.len().next_multiple_of(2), 0);
    alias.extend([0xff, 0xff, 0, 0]);
    let mut entry = u32::try_from(alias.len() + 8)
        .unwrap()
        .to_be_bytes()
        .to_vec();
    entry.extend(b"alis");
    entry.extend(alias);
    // The entry of 12 bytes that says they are here stands behind version, flags and count.
    let first = at(&movie, b"dref") + 12;
    let more = u32::try_from(entry.len() - 12).unwrap();
    movie.splice(first..first + 12, entry);
    for name in [b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"] {
        let size = at(&movie, name) - 4;
        let bytes = movie[size..size + 4].try_into().unwrap();
        let larger = u32::from_be_bytes(bytes) + more;
        movie[size..size + 4].copy_from_slice(&larger.to_be_bytes());
    }
    let frames = at(&movie, b"mdat") + 4..at(&movie, b"moov") - 4;
    movie[frames].fill(0);
    movie
}

#[test]
fn a_movie_that_refers_to_other_files_shows_nothing_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    numbered(&at("numbered.mp4"));
    let whole = fs::read(at("numbered.mp4")).unwrap();
    let playlist = format!(
        "#EXTM3U\n#EXTINF:60,\nfile:{0}\n#EXT-X-ENDLIST\n",
        at("numbered.mp4").display()
    );
    let joined = format!(
        "ffconcat version 1.0\nfile {}\n",
        at("numbered.mp4").display()
    );
    for (name, movie) in [
        ("referring.mov", referring(&whole, &at("numbered.mp4"))),
        ("playlist.mp4", playlist.into_bytes()),
        ("joined.mp4", joined.into_bytes()),
    ] {
        let (movie_file, documents, site) =
            (at(name), at("documents"), at(&format!("{name}-site")));
        fs::write(&movie_file, movie).unwrap();
        write_film(&documents, &movie_file, 0);
        let mut command = watchtower();
        command.args(["export", "files"]).arg(&documents);
        command.arg("--media-root").arg(folder.path());
        command.env("PATH", std::env::var_os("PATH").unwrap());
        command.args(["--pictures-from-movie", "--quiet", "--output"]);
        // What is no movie is missing, and the command says so.
        let output = command.arg(&site).output().unwrap();
        assert!(output.status.code().is_some(), "{name}: {output:?}");
        assert_eq!(numbers(&site), [None; 60], "{name}");
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

/// Pictures that come out otherwise than those of Pillow or libvips, or that one of them reads and we do not,
/// and why. A `*` stands for the start of a name.
const EXCEPTIONS: &[(&str, &[&str])] = &[
    ("AVIF is not read", &["*.avif"]),
    (
        "TIFF with a palette, in Lab, with signed samples, of 12 or 32 bits in integers, with bits in reverse \
         order, or with a compression that cameras and compositors do not write",
        &[
            "pillow/10ct_32bit_128.tiff",
            "pillow/12bit.cropped.tif",
            "pillow/16_bit_binary_pgm.tiff",
            "pillow/16bit.r.tif",
            "pillow/16bit.s.tif",
            "pillow/8bit.s.tif",
            "pillow/compression.tif",
            "pillow/g4-fillorder-test.tif",
            "pillow/hopper.Lab.tif",
            "pillow/hopper_lzma.tif",
            "pillow/hopper_webp.tif",
            "pillow/lab-green.tif",
            "pillow/lab-red.tif",
            "pillow/lab.tif",
            "pillow/multipage-lastframe.tif",
            "pillow/multipage-mmap.tiff",
            "pillow/multipage.tiff",
            "pillow/multipage_multiple_frame_loop.tiff",
            "pillow/multipage_out_of_order.tiff",
            "pillow/multipage_single_frame_loop.tiff",
            "pillow/no_rows_per_strip.tif",
            "pillow/old-style-jpeg-compression-no-samplesperpixel.tif",
            "pillow/old-style-jpeg-compression.tif",
            "pillow/rdf.tif",
            "pillow/tiff_gray_2_4_bpp/hopper2IR.tif",
            "pillow/tiff_gray_2_4_bpp/hopper2R.tif",
            "pillow/tiff_gray_2_4_bpp/hopper4IR.tif",
            "pillow/tiff_gray_2_4_bpp/hopper4R.tif",
            "pillow/total-pages-zero.tif",
            "vips/multi-channel-z-series.ome.tif",
        ],
    ),
    (
        "files that are broken on purpose: who is lenient shows what is left",
        &[
            "pillow/bmp/b/badplanes.bmp",
            "pillow/bmp/b/badrle.bmp",
            "pillow/bmp/b/rletopdown.bmp",
            "pillow/hopper_bad_exif.jpg",
            "pillow/hopper_unknown_pixel_mode.tif",
            "pillow/no_palette.gif",
            "pillow/tiff_wrong_bits_per_sample_2.tiff",
            "pillow/truncated_app14.jpg",
            "pillow/truncated_end_chunk.png",
        ],
    ),
    (
        "BMP without the head of a file, or with that of OS/2, and BMP whose head points into its palette, \
         which Pillow corrects",
        &[
            "pillow/bmp/q/pal8os2v2.bmp",
            "pillow/clipboard.dib",
            "pillow/mmap_error.bmp",
            "pillow/pal8_offset.bmp",
        ],
    ),
    (
        "Pillow takes compressed rows of a BMP apart wrongly",
        &[
            "pillow/bmp/g/pal4rle.bmp",
            "pillow/bmp/q/pal4rletrns.bmp",
            "pillow/bmp/q/pal8rletrns.bmp",
        ],
    ),
    (
        "the grey that is transparent has more bits than the picture, or fewer than 8, which Pillow does not see",
        &["pillow/1_trns.png", "pngsuite/tbbn1g04.png"],
    ),
    (
        "Pillow turns a PNG as its XMP or a text says; browsers and libvips do not",
        &[
            "pillow/exif_imagemagick_orientation.png",
            "pillow/xmp_tags_orientation.png",
            "pillow/xmp_tags_orientation_exiftool.png",
        ],
    ),
    (
        "HEIC of which nothing says that its colours use the full range: HEVC says that they do not, libheif \
         that they do",
        &[
            "heif/heif_other/nokia/alpha.heic",
            "heif/heif_special/xiaomi.heic",
        ],
    ),
    (
        "HEIC that is larger than 29 megapixels, is cut short, or names no picture as its first",
        &[
            "heif/heif_other/invalid_id.heic",
            "heif/heif_special/guitar_cw90.hif",
            "heif/heif_truncated/truncated.heic",
        ],
    ),
    (
        "of two pixels with colour, libjpeg makes no transition",
        &["pillow/app13.jpg"],
    ),
    (
        "black and white side by side: what a filter adds beyond white is cut off between its two directions, of \
         which Pillow takes the other one first",
        &[
            "pillow/cross_scan_line.png",
            "pillow/eps/1.bmp",
            "pillow/imagedraw_ellipse_various_sizes_filled.png",
            "pillow/input_bw_one_band.png",
        ],
    ),
];

/// What the pictures are compared with, as names in their folder.
fn originals(folder: &Path) -> Vec<String> {
    const KINDS: [&str; 15] = [
        "apng", "avif", "bmp", "dib", "exr", "gif", "heic", "heif", "hif", "jpeg", "jpg", "png",
        "tif", "tiff", "webp",
    ];
    let mut names = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let extension = path.extension().and_then(|it| it.to_str());
            if path.is_dir() {
                folders.push(path);
            } else if extension.is_some_and(|it| KINDS.contains(&it)) {
                let name = path.strip_prefix(folder).unwrap();
                names.push(name.to_str().unwrap().to_owned());
            }
        }
    }
    names.sort();
    names
}

#[test]
fn pictures_are_as_pillow_and_libvips_make_them() {
    let state = service("WATCHTOWER_TEST_PICTURES");
    let folder = tempfile::tempdir().unwrap();
    let images = state.join("images");
    let names = originals(&images);
    for name in &names {
        let bytes = fs::read(images.join(name)).unwrap();
        let made = match make(&bytes, Place::Tile, Fit::Contain) {
            Ok(Made::New { bytes, .. }) => bytes,
            Ok(Made::AsItIs(_)) => bytes,
            Err(_) => continue,
        };
        fs::write(folder.path().join(name.replace('/', "__")), made).unwrap();
    }
    let listed = folder.path().join("names");
    fs::write(&listed, names.join("\n")).unwrap();
    let mut compare = Command::new(state.join("python/bin/python"));
    compare.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("pictures/compare.py"));
    compare.stdin(fs::File::open(listed).unwrap());
    let output = run(compare.arg(&images).arg(folder.path()), 0);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let is_meant = |pattern: &str, name: &str| match pattern.strip_prefix('*') {
        Some(end) => name.ends_with(end),
        None => name == pattern,
    };
    let exceptions = || EXCEPTIONS.iter().flat_map(|(_, patterns)| *patterns);
    let mut compared = 0;
    let mut differing = Vec::new();
    for (name, by) in found.as_object().unwrap() {
        let mut differences = by.as_object().unwrap().values();
        compared += usize::from(by.get("Pillow").is_some() || by.get("libvips").is_some());
        if differences.any(|it| it.as_f64().is_none_or(|it| it >= 2.0)) {
            differing.push(name);
        }
    }
    assert!(compared > 850, "{compared} pictures");
    let unexplained = differing
        .iter()
        .filter(|name| !exceptions().any(|it| is_meant(it, name)));
    let unexplained: Vec<_> = unexplained.map(|it| (it, &found[it.as_str()])).collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    let idle = exceptions().filter(|it| !differing.iter().any(|name| is_meant(it, name)));
    let idle: Vec<_> = idle.collect();
    assert!(idle.is_empty(), "no exceptions any more: {idle:?}");
}

/// The variable that tells this program to say what it makes, and nothing else.
const SAYS: &str = "WATCHTOWER_TEST_SAYS_PICTURES";

/// Says what is made of pictures, for another run of this program to compare.
#[test]
fn says_what_is_made() {
    use std::hash::{DefaultHasher, Hash, Hasher};
    if std::env::var_os(SAYS).is_none() {
        return;
    }
    let images = service("WATCHTOWER_TEST_PICTURES").join("images");
    for name in originals(&images)
        .iter()
        .filter(|it| it.starts_with("pillow/"))
        .step_by(7)
    {
        let bytes = fs::read(images.join(name)).unwrap();
        for place in [Place::Tile, Place::Avatar] {
            let mut hash = DefaultHasher::new();
            match make(&bytes, place, Fit::Cover) {
                Ok(Made::New { bytes, .. }) => bytes.hash(&mut hash),
                other => format!("{other:?}").hash(&mut hash),
            }
            println!("made {name} {place:?} {:x}", hash.finish());
        }
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn pictures_are_the_same_on_a_processor_that_has_no_simd_but_the_oldest() {
    let here = std::env::current_exe().unwrap();
    let says = |mut command: Command| {
        let arguments = ["--exact", "says_what_is_made", "--nocapture"];
        let output = run(command.args(arguments).env(SAYS, "1"), 0);
        let text = String::from_utf8(output.stdout).unwrap();
        let lines = text.lines().filter(|it| it.starts_with("made "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let mut emulated = Command::new("qemu-x86_64");
    // The first processors with 64 bits: SSE2, and nothing that came later.
    emulated
        .args(["-cpu", "qemu64,-sse3,-ssse3,-sse4.1,-sse4.2,-avx,-avx2"])
        .arg(&here);
    let (made, without) = (says(Command::new(here)), says(emulated));
    assert!(made.len() > 100, "{} pictures", made.len());
    assert_eq!(made, without);
}
