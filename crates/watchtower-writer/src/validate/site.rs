//! Checks a site, or a part of one: finds its documents, and judges each when what it builds on is
//! known.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Serialize;
use watchtower_model::ProjectId;
use watchtower_model::format::{DOCUMENTS, Document, Format, Scope};
use watchtower_model::tracker::TrackerDocument;

use super::check::{Findings, Surroundings, check};
use super::layout::{Layout, Unreadable, open};
use super::rules::Known;
use super::{Code, Finding, LeftOut, Options, Severity, contract, locate, role, told};

/// What a check found in a set of files.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The findings, by file and by place in it.
    pub findings: Vec<Finding>,
    /// How many more there are, where a file has too many of one kind, or the site too many in all.
    pub left_out: Vec<LeftOut>,
    /// How many there are of codes that are allowed.
    pub allowed: Vec<LeftOut>,
    /// The format the files were taken for.
    pub format: Option<Format>,
    /// How many projects were checked.
    pub projects: usize,
    /// How many documents were read.
    pub documents: usize,
    /// How many entries they have: shots, assets, and so on; an object counts as one.
    pub entries: usize,
    /// How many bytes were read.
    pub bytes: u64,
}

impl Report {
    /// How many findings of a severity there are, with those that were not kept.
    pub fn count(&self, severity: Severity) -> usize {
        let kept = self.findings.iter().filter(|it| it.severity == severity);
        let left_out = self.left_out.iter().filter(|it| it.severity == severity);
        kept.count() + left_out.map(|it| it.count).sum::<usize>()
    }

    /// How many findings of a severity there are of codes that are allowed.
    pub fn count_allowed(&self, severity: Severity) -> usize {
        let allowed = self.allowed.iter().filter(|it| it.severity == severity);
        allowed.map(|it| it.count).sum()
    }

    /// In how many files something was found that is not allowed.
    pub fn files(&self) -> usize {
        let files = self.findings.iter().map(|it| &it.file);
        let files = files.chain(self.left_out.iter().map(|it| &it.file));
        files.collect::<BTreeSet<_>>().len()
    }

    fn add(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.left_out.extend(other.left_out);
        self.allowed.extend(other.allowed);
        self.projects += other.projects;
        self.documents += other.documents;
        self.entries += other.entries;
        self.bytes += other.bytes;
    }

    fn sort(&mut self) {
        // Without a position, a finding is about the file as a whole.
        self.findings.sort_by(|a, b| {
            let start = |it: &Finding| it.position.map(|it| it.start);
            a.file
                .cmp(&b.file)
                .then_with(|| start(a).cmp(&start(b)))
                .then_with(|| b.severity.cmp(&a.severity))
                .then_with(|| {
                    (a.code, &a.pointer, &a.message).cmp(&(b.code, &b.pointer, &b.message))
                })
        });
        self.left_out.sort();
        self.allowed.sort();
    }

    /// Keeps so many findings, errors before warnings, and counts the others. What is kept is the
    /// same in whatever order reports are added.
    fn keep(&mut self, most: usize) {
        if self.findings.len() <= most {
            return;
        }
        self.sort();
        let is_error = |it: &Finding| it.severity == Severity::Error;
        let (mut kept, warnings): (Vec<_>, Vec<_>) = std::mem::take(&mut self.findings)
            .into_iter()
            .partition(is_error);
        kept.extend(warnings);
        let others = kept.split_off(most);
        self.findings = kept;
        let mut counts = BTreeMap::new();
        let left_out = std::mem::take(&mut self.left_out).into_iter();
        let left_out = left_out.map(|it| ((it.file, it.code, it.severity), it.count));
        let others = others
            .into_iter()
            .map(|it| ((it.file, it.code, it.severity), 1));
        for (kind, count) in left_out.chain(others) {
            *counts.entry(kind).or_default() += count;
        }
        let left_out = counts
            .into_iter()
            .map(|((file, code, severity), count)| LeftOut {
                file,
                code,
                severity,
                count,
            });
        self.left_out = left_out.collect();
    }
}

/// Why nothing could be checked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The path leads to nothing, or cannot be read.
    #[error("cannot read `{}`: {source}", .path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The path leads to a pipe or a device.
    #[error("`{}` is {kind}, not a file or folder; to check what comes from a pipe, read it from the standard input", .path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// The folder holds nothing of a site.
    #[error("`{}` holds no site: expected a folder with `data/projects` in it, or one of these two, or a project's folder", .0.display())]
    NotASite(PathBuf),
    /// Nothing says which document a file is.
    #[error("cannot tell which document `{}` is: name it, as in `shots`; there are {}", .0.display(), document_names(*.1))]
    UnknownDocument(PathBuf, Option<Format>),
}

fn document_names(format: Option<Format>) -> String {
    let of_format = DOCUMENTS
        .iter()
        .filter(|it| format.is_none_or(|format| format == it.format));
    let names: BTreeSet<_> = of_format.map(|it| it.name).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

/// Checks a site, or a part of one. `path` is the site's root, its `data` folder, the projects'
/// folder, the folder of one project, or one document.
///
/// What a document of one project refers to is looked up also when only the project's folder is
/// given. When one document is given, each of its entries is checked alone: no ids are compared.
///
/// # Errors
///
/// [`Error`] when nothing can be checked at all. What cannot be read within a site is a finding.
pub fn site(path: &Path, options: &Options) -> Result<Report, Error> {
    let unreadable = |source| Error::Unreadable {
        path: path.to_owned(),
        source,
    };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        fs::read_dir(path).map_err(unreadable)?;
        let layout =
            Layout::detect(path, options.format).ok_or_else(|| Error::NotASite(path.to_owned()))?;
        return Ok(match layout.other_format() {
            Some(other) => other_format(path, layout.format, other, options),
            None => Site { layout, options }.check(),
        });
    }
    let file = open(path).map_err(|error| match error {
        Unreadable::Missing => unreadable(io::ErrorKind::NotFound.into()),
        Unreadable::Io(source) => unreadable(source),
        Unreadable::NotAFile(kind) => Error::NotAFile {
            path: path.to_owned(),
            kind,
        },
    })?;
    if let Some(document) = told::chosen(options) {
        return Ok(told_alone(document, path, file, options));
    }
    Ok(alone(choose(path, options)?, path, file, options))
}

/// Checks one document that comes from anywhere, as from a pipe. `name` is what findings call it;
/// the options say which document it is, or the name does.
///
/// It is kept in a temporary file until it was checked.
///
/// # Errors
///
/// [`Error`] when it cannot be read, or nothing says which document it is.
pub fn read(name: &Path, mut input: impl Read, options: &Options) -> Result<Report, Error> {
    let told = told::chosen(options);
    let document = match told {
        Some(_) => None,
        None => Some(choose(name, options)?),
    };
    let unreadable = |source| Error::Unreadable {
        path: name.to_owned(),
        source,
    };
    let mut file = tempfile::tempfile().map_err(unreadable)?;
    io::copy(&mut input, &mut file).map_err(unreadable)?;
    io::Seek::rewind(&mut file).map_err(unreadable)?;
    Ok(match (told, document) {
        (Some(told), _) => told_alone(told, name, file, options),
        (None, Some(document)) => alone(document, name, file, options),
        (None, None) => Report::default(),
    })
}

/// Checks a document in which a program or folder tells what a tracker holds.
fn told_alone(
    document: &TrackerDocument,
    path: &Path,
    mut file: fs::File,
    options: &Options,
) -> Report {
    let mut findings = Findings::new(path, options.limit, &options.allow);
    let text = told::check(document, &mut file, options, &mut findings);
    let mut report = Report {
        documents: 1,
        bytes: text.len() as u64,
        ..Report::default()
    };
    take(findings, options, &mut report, |kept| {
        told::locate(&text, kept);
    });
    report.keep(options.total);
    report.sort();
    report
}

/// Says that a site is of another format than the one that was asked for. Nothing else is said of
/// it: every document would be wrong, or missing.
fn other_format(path: &Path, asked: Format, other: Format, options: &Options) -> Report {
    let mut report = Report {
        format: Some(other),
        ..Report::default()
    };
    let mut findings = Findings::new(path, options.limit, &options.allow);
    let message = format!("the documents are of format {other}, and not {asked}");
    findings.add(Code::OtherFormat, "", message);
    take(findings, options, &mut report, |_| {});
    report.keep(options.total);
    report
}

/// Which document a file is.
fn choose(path: &Path, options: &Options) -> Result<&'static Document, Error> {
    let name = options.document.as_deref();
    let name = name
        .or_else(|| path.file_stem()?.to_str())
        .unwrap_or_default();
    // Files beside it may tell the format.
    let neighbours = || {
        let parent = path.parent().filter(|it| !it.as_os_str().is_empty());
        Layout::detect(parent.unwrap_or(Path::new(".")), None).map(|it| it.format)
    };
    let first = options.format.or_else(neighbours);
    let formats = first.into_iter().chain(Format::ALL.iter().copied());
    formats
        .filter(|format| options.format.is_none_or(|it| it == *format))
        .find_map(|format| format.document(name))
        .ok_or_else(|| Error::UnknownDocument(path.to_owned(), options.format))
}

/// Checks a document of which nothing is known but itself.
fn alone(
    document: &'static Document,
    path: &Path,
    mut file: fs::File,
    options: &Options,
) -> Report {
    let around = Surroundings {
        known: &Known::default(),
        folder: None,
        layout: None,
        // Next to nothing could be said, and a file of any size takes the same memory.
        follow: false,
    };
    let mut report = Report {
        format: Some(document.format),
        ..Report::default()
    };
    examine(document, path, &mut file, around, options, &mut report);
    report.keep(options.total);
    report.sort();
    report
}

/// Checks a document in a file; answers what it says to others.
fn examine(
    document: &'static Document,
    path: &Path,
    mut file: &mut fs::File,
    around: Surroundings<'_>,
    options: &Options,
    report: &mut Report,
) -> Known {
    let mut findings = Findings::new(path, options.limit, &options.allow);
    let outcome = check(document, &mut file, around, options, &mut findings);
    report.documents += 1;
    report.entries += outcome.entries;
    report.bytes += outcome.bytes;
    take(findings, options, report, |kept| {
        // A file that cannot be read again has findings without positions.
        let _ = locate::locate(file, document.shape, kept);
    });
    outcome.learned
}

/// Puts findings into the report, once they know where they stand.
fn take(
    mut findings: Findings<'_>,
    options: &Options,
    report: &mut Report,
    locate: impl FnOnce(&mut [Finding]),
) {
    if !findings.kept.is_empty() {
        locate(&mut findings.kept);
        for finding in &mut findings.kept {
            // A line that was not found is no line.
            finding.position = finding.position.filter(|it| it.line > 0);
        }
    }
    let is_allowed = |it: &LeftOut| options.allow.contains(&it.code);
    let (allowed, left_out): (Vec<_>, Vec<_>) = findings.left_out().partition(is_allowed);
    report.allowed.extend(allowed);
    report.left_out.extend(left_out);
    report.findings.append(&mut findings.kept);
}

struct Site<'a> {
    layout: Layout,
    options: &'a Options,
}

impl Site<'_> {
    fn check(&self) -> Report {
        let format = self.layout.format;
        let mut report = Report {
            format: Some(format),
            ..Report::default()
        };
        let mut known = Known::default();
        for document in format.documents().filter(|it| it.scope == Scope::Site) {
            let path = self.layout.site_document(document);
            if self.layout.project.is_some() {
                // Only asked what it says; its own findings were not asked for.
                if let Ok(mut file) = open(&path) {
                    let mut unasked = Report::default();
                    let around = self.around(&known, None);
                    known.learn(examine(
                        document,
                        &path,
                        &mut file,
                        around,
                        self.options,
                        &mut unasked,
                    ));
                }
                continue;
            }
            let around = self.around(&known, None);
            let learned = self.document(document, &path, around, &mut report);
            known.learn(learned);
        }
        let projects = match &self.layout.project {
            Some(id) => vec![id.clone()],
            None => self.projects(&known, &mut report),
        };
        report.projects = projects.len();
        let stages = role::stages(format);
        let found = projects
            .par_iter()
            .map(|id| self.project(id, &stages, known.clone()))
            .reduce(Report::default, |mut report, other| {
                report.add(other);
                report.keep(self.options.total);
                report
            });
        report.add(found);
        report.keep(self.options.total);
        report.sort();
        report
    }

    fn findings<'a>(&'a self, path: &'a Path) -> Findings<'a> {
        Findings::new(path, self.options.limit, &self.options.allow)
    }

    fn around<'a>(&'a self, known: &'a Known, folder: Option<&'a str>) -> Surroundings<'a> {
        Surroundings {
            known,
            folder,
            layout: Some(&self.layout),
            follow: self.options.references,
        }
    }

    /// The projects that can be checked. Says which are listed and not there, or the reverse.
    fn projects(&self, known: &Known, report: &mut Report) -> Vec<String> {
        let mut add = |code, path: &Path, message: String| {
            let mut findings = self.findings(path);
            findings.add(code, "", message);
            take(findings, self.options, report, |_| {});
        };
        let folder = self.layout.projects();
        let found = match self.layout.project_folders() {
            Ok(found) => found,
            Err(error) => {
                add(
                    Code::Unreadable,
                    &folder,
                    format!("the folder cannot be read: {error}"),
                );
                return Vec::new();
            }
        };
        let Some(listed) = &known.projects else {
            return found;
        };
        // In the order of the list, each once.
        let mut seen = BTreeSet::new();
        let mut projects = Vec::new();
        for id in listed.iter() {
            // An id that is no folder's name is a finding about the list.
            if !seen.insert(id.as_str()) || ProjectId::new(id).is_err() {
                continue;
            }
            if self.is_folder(&folder.join(id)) {
                projects.push(id.clone());
            } else {
                let message = format!("the project `{id}` is in the list, and has no folder");
                add(Code::MissingProject, &folder.join(id), message);
            }
        }
        for id in &found {
            if seen.contains(id.as_str()) {
                continue;
            }
            if known.has_all_projects() {
                let message = format!("the project `{id}` is not in the list");
                add(Code::UnlistedProject, &folder.join(id), message);
            } else {
                projects.push(id.clone());
            }
        }
        projects
    }

    /// Whether there is a folder, be it readable or not.
    fn is_folder(&self, path: &Path) -> bool {
        match fs::metadata(path) {
            Ok(metadata) => metadata.is_dir(),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        }
    }

    fn project(&self, id: &str, stages: &[Vec<&'static Document>], mut known: Known) -> Report {
        let mut report = Report::default();
        for stage in stages {
            let answers: Vec<_> = stage
                .par_iter()
                .map(|document| {
                    let mut report = Report::default();
                    let path = self.layout.project_document(document, id);
                    let around = self.around(&known, Some(id));
                    let learned = self.document(document, &path, around, &mut report);
                    (learned, report)
                })
                .collect();
            for (learned, other) in answers {
                known.learn(learned);
                report.add(other);
            }
        }
        self.conclude(id, &known, &mut report);
        report
    }

    /// Says what shows now that all documents of a project are known.
    fn conclude(&self, id: &str, known: &Known, report: &mut Report) {
        for document in self.layout.format.documents() {
            let path = match document.scope {
                // Its findings were not asked for.
                Scope::Site if self.layout.project.is_some() => continue,
                Scope::Site => self.layout.site_document(document),
                Scope::Project => self.layout.project_document(document, id),
            };
            let mut findings = self.findings(&path);
            let conclusions = known.conclusions(id, self.layout.format);
            for it in conclusions.filter(|it| it.document == document.name) {
                findings.add(it.code, &it.pointer, it.message);
            }
            take(findings, self.options, report, |kept| {
                if let Ok(file) = open(&path) {
                    let _ = locate::locate(file, document.shape, kept);
                }
            });
        }
    }

    /// Checks a document where it stands, or says that it is not there.
    fn document(
        &self,
        document: &'static Document,
        path: &Path,
        around: Surroundings<'_>,
        report: &mut Report,
    ) -> Known {
        let (code, message) = match open(path) {
            Ok(mut file) => {
                return examine(document, path, &mut file, around, self.options, report);
            }
            Err(Unreadable::Missing) => (
                Code::MissingDocument,
                format!("there is no file {}", document.file_name()),
            ),
            Err(Unreadable::NotAFile(kind)) => (
                Code::NotAFile,
                format!("{} is {kind}, not a file", document.file_name()),
            ),
            Err(Unreadable::Io(error)) => (
                Code::Unreadable,
                format!("the file cannot be read: {error}"),
            ),
        };
        let mut findings = self.findings(path);
        findings.push(code, code.explanation().severity, |finding| {
            finding.message = message;
            if code == Code::MissingDocument {
                contract::missing(document).clone_into(&mut finding.effect);
            }
        });
        take(findings, self.options, report, |_| {});
        Known::default()
    }
}
