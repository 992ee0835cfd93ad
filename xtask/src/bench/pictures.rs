//! `cargo xtask bench pictures`: what an export makes of pictures, beside `vipsthumbnail` of the distribution.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use serde_json::json;

use super::{Contender, fresh, mebibytes, print_table, print_target, ratio, release};
use crate::run as run_command;

/// How many pictures there are.
const PICTURES: usize = 300;
/// At most how many times the time of vipsthumbnail.
const SLOWER_THAN_VIPS: f64 = 1.5;
/// At most so much more memory than an export without pictures takes, in bytes.
const MEMORY: u64 = 64 << 20;

/// Draws the pictures, exports them in turn with vipsthumbnail, and says which targets are met.
pub(super) fn run(runs: usize, state: &Path) -> Result<()> {
    ensure!(runs > 0, "`--runs` must be at least 1");
    let build = [
        "build",
        "--release",
        "--locked",
        "--package",
        "watchtower-cli",
    ];
    run_command(Command::new("cargo").args(build))?;
    fs::create_dir_all(state)?;
    let pictures = draw(&state.join("pictures"))?;
    let documents = state.join("film");
    describe(&pictures, &documents)?;
    let (site, thumbnails) = (state.join("pictures-site"), state.join("thumbnails"));
    let export = || {
        let mut export = release("watchtower");
        export.args(["--quiet", "export", "files"]).arg(&documents);
        export.arg("--media-root").arg(state);
        export.arg("--output").arg(&site);
        export
    };
    let mut without = export();
    without.args(["--media", "none"]);
    let mut vips = Command::new("vipsthumbnail");
    vips.args(["--size", "150x100", "--output"]);
    vips.arg(thumbnails.join("%s.jpg")).args(&pictures);
    let mut contenders = [
        Contender::new("vipsthumbnail", vec![vips]),
        Contender::new("export", vec![export()]),
        Contender::new("export, nothing changed", vec![export()]),
        Contender::new("export without pictures", vec![without]),
    ];
    for _ in 0..runs {
        let [vips, first, again, without] = &mut contenders;
        fresh(&thumbnails)?;
        vips.run()
            .context("vipsthumbnail is in the package libvips-tools")?;
        fresh(&site)?;
        first.run()?;
        again.run()?;
        fresh(&site)?;
        without.run()?;
    }
    println!("{PICTURES} JPEGs of 1920 × 1080");
    print_table(&contenders);
    let [vips, first, again, without] = contenders.map(|it| it.cost());
    let slower = ratio(first.time, vips.time);
    let target = format!("at most {SLOWER_THAN_VIPS} times the time of vipsthumbnail");
    print_target(slower <= SLOWER_THAN_VIPS, &target, &format!("{slower:.2}"));
    let more = first.memory.saturating_sub(without.memory);
    let target = format!(
        "at most {:.0} MiB more than without pictures",
        mebibytes(MEMORY)
    );
    print_target(
        more <= MEMORY,
        &target,
        &format!("{:.1} MiB", mebibytes(more)),
    );
    let rest = ratio(again.processor, first.processor);
    let target = "with nothing changed, a tenth of the processor's time at most";
    print_target(rest <= 0.1, target, &format!("{rest:.2}"));
    Ok(())
}

/// Draws pictures that are as hard to compress as photographs; those that are there already stay.
fn draw(folder: &Path) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(folder)?;
    let paths = (0..PICTURES).map(|number| folder.join(format!("{number:04}.jpg")));
    let paths: Vec<_> = paths.collect();
    for (number, path) in paths.iter().enumerate() {
        if path.exists() {
            continue;
        }
        let number = u32::try_from(number)?;
        let mut noise = number + 1;
        let picture = RgbImage::from_fn(1920, 1080, |x, y| {
            noise ^= noise << 13;
            noise ^= noise >> 17;
            noise ^= noise << 5;
            let wave = |step: u32| (x * step / 7 + y * (number % 13 + 1) / 5) % 256;
            let grain = noise % 24;
            let channel = |step| u8::try_from((wave(step).abs_diff(128) + grain).min(255));
            Rgb([1, 2, 3].map(|step| channel(step).unwrap_or(u8::MAX)))
        });
        let mut bytes = Vec::new();
        picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 90))?;
        fs::write(path, bytes)?;
    }
    Ok(paths)
}

/// Writes the documents of a film whose shots have the pictures.
fn describe(pictures: &[PathBuf], folder: &Path) -> Result<()> {
    let project = json!({"id": "film", "name": "Film", "fps": 24.0});
    let shots = pictures.iter().enumerate().map(|(number, picture)| {
        json!({
            "id": format!("{number}"),
            "name": format!("{number:04}"),
            "sequence_id": "010",
            "data": {"frame_in": 24 * number, "frame_out": 24 * number + 24},
            "thumbnail": {"file": picture},
        })
    });
    let snapshot = json!({
        "watchtower_tracker": 1,
        "project": project,
        "sequences": [{"id": "010", "name": "010"}],
        "shots": shots.collect::<Vec<_>>(),
    });
    let listed = json!({"watchtower_tracker": 1, "projects": [project]});
    fs::create_dir_all(folder.join("projects"))?;
    fs::write(folder.join("project-list.json"), listed.to_string())?;
    fs::write(folder.join("projects/film.json"), snapshot.to_string())?;
    Ok(())
}
