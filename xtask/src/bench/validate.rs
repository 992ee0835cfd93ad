//! `cargo xtask bench validate`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::de::IgnoredAny;
use watchtower_model::format::{Format, Scope};

use super::{Contender, measure, mebibytes, print_table, print_target, ratio, release};
use crate::{root, run as run_command};

/// The size of an export.
struct Size {
    shots: u64,
    assets: u64,
    sequences: u64,
}

const LARGE: Size = Size {
    shots: 100_000,
    assets: 20_000,
    sequences: 2_000,
};

/// A `shots.json` of 1.6 GB.
const HUGE: Size = Size {
    shots: 1_040_000,
    ..LARGE
};

/// At least how many times as fast as Python's jsonschema.
const FASTER_THAN_PYTHON: f64 = 100.0;
/// At least how many times as fast as the fastest native peer.
const FASTER_THAN_NATIVE: f64 = 2.0;
/// At most how many times the time of parsing alone.
const SLOWER_THAN_PARSING: f64 = 3.5;
/// The most memory for a schema alone, whatever the size of the document, in bytes.
const MEMORY_FOR_SCHEMA: u64 = 16 << 20;
/// The most memory with references, in bytes: so much,
const MEMORY_FOR_REFERENCES: u64 = 32 << 20;
/// and so much for each id.
const MEMORY_PER_ID: u64 = 32;

/// Installs the validators, makes the exports, and measures.
pub(super) fn run(runs: usize, huge: bool, state: &Path) -> Result<()> {
    ensure!(runs > 0, "`--runs` must be at least 1");
    run_command(Command::new("cargo").args([
        "build",
        "--release",
        "--locked",
        "--package",
        "watchtower-cli",
        "--package",
        "xtask",
    ]))?;
    fs::create_dir_all(state)?;
    let validators = state.join("validators");
    run_command(Command::new("tests/schemas/setup").arg(&validators))?;
    let native = install_native(&state.join("native"))?;
    let site = export(&LARGE, &state.join("site"))?;
    compare(runs, &site, &validators, &native)?;
    if huge {
        let site = export(&HUGE, &state.join("huge"))?;
        memory(&site)?;
    }
    Ok(())
}

/// `cargo xtask bench ignore`: parses each file whole and looks at nothing.
pub(super) fn ignore(files: &[PathBuf]) -> Result<()> {
    for file in files {
        let text = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        serde_json::from_slice::<IgnoredAny>(&text)?;
    }
    Ok(())
}

/// Measures the validators in turn, and says which targets are met.
fn compare(runs: usize, site: &Site, validators: &Path, native: &Path) -> Result<()> {
    let schemas = Path::new("schemas/v0");
    let mut parsing = release("xtask");
    parsing.args(["bench", "ignore"]).args(&site.documents);
    let mut ajv = Command::new("node");
    ajv.arg("xtask/bench/validate.mjs").arg(validators);
    ajv.arg(schemas).args(&site.documents);
    let mut python = Command::new(validators.join("venv/bin/python"));
    python.arg("xtask/bench/validate.py").arg(schemas);
    python.args(&site.documents);
    // It takes one schema, so it starts once for each document.
    let native = site.documents.iter().map(|document| {
        let mut command = Command::new(native);
        let name = document.file_stem().unwrap_or_default().to_string_lossy();
        let schema = schemas.join(format!("{name}.schema.json"));
        command.args(["validate", "--fast"]).arg(schema);
        command.arg(document);
        command
    });

    // The first reads the files once more before all others, so that all find them in memory.
    measure(&mut parsing)?;
    let mut contenders = [
        Contender::new("watchtower validate", vec![validate(&site.folder)]),
        Contender::new("serde_json, ignoring all", vec![parsing]),
        Contender::new("@sourcemeta/jsonschema --fast", native.collect()),
        Contender::new("ajv", vec![ajv]),
        Contender {
            most: 3,
            ..Contender::new("Python jsonschema", vec![python])
        },
    ];
    for _ in 0..runs {
        for contender in &mut contenders {
            contender.run()?;
        }
    }

    println!(
        "{} shots, {:.0} MiB, {} cores",
        LARGE.shots,
        mebibytes(site.bytes),
        std::thread::available_parallelism()?
    );
    print_table(&contenders);
    let [ours, parsing, native, _, python] = contenders.map(|it| it.cost().time);
    let to_python = ratio(python, ours);
    print_target(
        to_python >= FASTER_THAN_PYTHON,
        &format!("at least {FASTER_THAN_PYTHON} times as fast as Python jsonschema"),
        &format!("{to_python:.0} times"),
    );
    let to_native = ratio(native, ours);
    print_target(
        to_native >= FASTER_THAN_NATIVE,
        &format!("at least {FASTER_THAN_NATIVE} times as fast as the native peer"),
        &format!("{to_native:.1} times"),
    );
    let to_parsing = ratio(ours, parsing);
    print_target(
        to_parsing <= SLOWER_THAN_PARSING,
        &format!("at most {SLOWER_THAN_PARSING} times the time of parsing alone"),
        &format!("{to_parsing:.1} times"),
    );
    Ok(())
}

/// Measures the memory for a huge export, and says which targets are met.
fn memory(site: &Site) -> Result<()> {
    let shots = site.documents.iter().find(|it| it.ends_with("shots.json"));
    let shots = shots.context("the export has shots")?;
    let mut contenders = [
        Contender::new("shots.json alone", vec![validate(shots)]),
        Contender::new("the whole site", vec![validate(&site.folder)]),
    ];
    for contender in &mut contenders {
        contender.run()?;
    }
    println!("\n{} shots, {:.0} MiB", HUGE.shots, mebibytes(site.bytes));
    print_table(&contenders);
    let [alone, whole] = contenders.map(|it| it.cost().memory);
    print_target(
        alone <= MEMORY_FOR_SCHEMA,
        &format!(
            "at most {:.0} MiB for a document alone",
            mebibytes(MEMORY_FOR_SCHEMA)
        ),
        &format!("{:.1} MiB", mebibytes(alone)),
    );
    let ids = HUGE.shots + HUGE.assets + HUGE.sequences;
    let limit = MEMORY_FOR_REFERENCES + MEMORY_PER_ID * ids;
    print_target(
        whole <= limit,
        &format!(
            "at most {:.0} MiB and {MEMORY_PER_ID} bytes for each of {ids} ids, {:.1} MiB, with references",
            mebibytes(MEMORY_FOR_REFERENCES),
            mebibytes(limit)
        ),
        &format!("{:.1} MiB", mebibytes(whole)),
    );
    Ok(())
}

/// `watchtower validate` of a site or a document. The films here have more sequences than the client
/// of format v0 has colours, which is no matter of speed.
fn validate(path: &Path) -> Command {
    let mut command = release("watchtower");
    command.args(["validate", "--no-media", "--allow", "too-many-sequences"]);
    command.arg(path);
    command
}

/// An export to be validated.
struct Site {
    folder: PathBuf,
    documents: Vec<PathBuf>,
    bytes: u64,
}

/// Exports the example film at a size; what is there already stays.
fn export(size: &Size, folder: &Path) -> Result<Site> {
    let mut export = release("watchtower");
    export.args(["--quiet", "export", "example", "--media", "none"]);
    for (option, number) in [
        ("--shots", size.shots),
        ("--assets", size.assets),
        ("--sequences", size.sequences),
    ] {
        export.arg(option).arg(number.to_string());
    }
    run_command(export.arg("--output").arg(folder))?;

    let projects = folder.join("data/projects");
    let project = fs::read_dir(&projects)?.filter_map(|entry| Some(entry.ok()?.path()));
    let project = project.filter(|it| it.is_dir()).collect::<Vec<_>>();
    let [project] = &project[..] else {
        anyhow::bail!("{} should hold one project", projects.display());
    };
    let documents: Vec<_> = Format::V0
        .documents()
        .map(|document| match document.scope {
            Scope::Site => projects.join(document.file_name()),
            Scope::Project => project.join(document.file_name()),
        })
        .collect();
    let sizes = documents.iter().map(|it| Ok(fs::metadata(it)?.len()));
    let bytes = sizes.sum::<Result<u64>>()?;
    Ok(Site {
        folder: folder.to_owned(),
        documents,
        bytes,
    })
}

/// Installs the native peer, and finds its program. The package's own command is a script that starts
/// that program, which would be measured too.
fn install_native(state: &Path) -> Result<PathBuf> {
    fs::create_dir_all(state)?;
    let source = root().join("xtask/bench");
    for file in ["package.json", "package-lock.json", ".npmrc"] {
        fs::copy(source.join(file), state.join(file))?;
    }
    let lock = fs::read(state.join("package-lock.json"))?;
    let complete = state.join("node_modules/.complete");
    if fs::read(&complete).ok().as_ref() != Some(&lock) {
        let npm = ["ci", "--ignore-scripts", "--prefix"];
        run_command(Command::new("npm").args(npm).arg(state))?;
        fs::write(&complete, &lock)?;
    }
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    };
    let programs = state.join("node_modules/@sourcemeta/jsonschema/build/github-releases");
    Ok(programs.join(format!("jsonschema-{system}-{processor}")))
}
