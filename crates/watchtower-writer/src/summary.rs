//! What an export did, as data.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use watchtower_model::format::Format;
use watchtower_model::place::PlaceCounts;
use watchtower_model::{EntityKind, LeftOut, ProjectId, ProjectSnapshot, ReasonCode};

/// What an export did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Summary {
    /// The format of the site.
    pub format: Format,
    /// The format that the site was of before, if that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Format>,
    /// The projects, in the order of the list.
    pub projects: Vec<ProjectSummary>,
    /// How many projects were not read, because they have not changed since the last export.
    #[serde(skip_serializing_if = "is_zero")]
    pub unchanged: usize,
    /// The projects that the site held and the source does not list any more. They are gone from it, with
    /// their history.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<RemovedProject>,
    /// The avatars and project pictures, which belong to no single project.
    pub shared_media: MediaCounts,
    /// What else to know of the site, in sentences for people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Whether there is none.
#[allow(clippy::trivially_copy_pass_by_ref)] // As serde calls it.
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Summary {
    /// What an export of a format did that found nothing changed in so many projects.
    pub fn nothing_changed(format: Format, unchanged: usize) -> Self {
        Self {
            format,
            replaces: None,
            projects: Vec::new(),
            unchanged,
            removed: Vec::new(),
            shared_media: MediaCounts::default(),
            notes: Vec::new(),
        }
    }

    /// Whether the export touched nothing, because nothing had changed.
    pub fn is_nothing(&self) -> bool {
        self.projects.is_empty() && self.removed.is_empty() && self.unchanged > 0
    }

    /// How many projects were not exported.
    pub fn failed(&self) -> usize {
        let failed = |it: &&ProjectSummary| !matches!(it.outcome, Outcome::Exported);
        self.projects.iter().filter(failed).count()
    }

    /// Whether all that the source has is in the site: no project failed, no picture or movie is a
    /// placeholder only because the source could not give it this time, and every file of this machine could
    /// be opened.
    pub fn is_complete(&self) -> bool {
        let media = self.projects.iter().map(|it| &it.media);
        let mut media = media.chain([&self.shared_media]);
        self.failed() == 0 && media.all(|it| it.unavailable.is_empty() && it.stale_files == 0)
    }
}

/// A project that was taken out of the site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RemovedProject {
    /// Its id, as the site had it.
    pub id: String,
    /// Its name, as the site had it.
    pub name: String,
}

/// What became of one project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ProjectSummary {
    /// Its id.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// Whether it was exported.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What was written.
    pub counts: Counts,
    /// Its pictures and movies.
    pub media: MediaCounts,
    /// What the tracker holds and the site does not, and why.
    #[serde(serialize_with = "with_codes")]
    #[schemars(with = "Vec<LeftOutWithCode<'static>>")]
    pub left_out: Vec<LeftOut>,
    /// What else to know, in sentences for people.
    pub notes: Vec<String>,
}

/// Whether a project was exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It was read, checked and written.
    Exported,
    /// It failed, and the site keeps what it held of it.
    Kept {
        /// What kind of failure it is.
        code: FailureCode,
        /// Why it failed, in a sentence.
        error: String,
    },
    /// It failed, and the site holds nothing of it.
    Missing {
        /// What kind of failure it is.
        code: FailureCode,
        /// Why it failed, in a sentence.
        error: String,
    },
}

/// What kind of failure something is, for programs: sentences change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FailureCode {
    /// A setting is wrong or missing.
    Config,
    /// The tracker refuses us.
    Refused,
    /// The tracker cannot be reached, or fails for now.
    Unavailable,
    /// The tracker does not have what was asked for.
    NotFound,
    /// The tracker answers something that cannot be understood.
    Malformed,
    /// What the tracker holds cannot be exported as it is.
    Invalid,
    /// The account sees a part of the project, which would look like the whole.
    Partial,
    /// It would lose much of what the site shows.
    Shrunk,
    /// The history of the project cannot be carried on.
    History,
    /// Anything else, which the sentence says.
    Other,
}

/// Why a picture or movie could not be had, for programs: sentences change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum MediaCode {
    /// There is none where it should be.
    Absent,
    /// A page cannot refer to it: it has no address below the tracker's, or one with a name or password.
    NoAddress,
    /// The source does not let us have it.
    Refused,
    /// It cannot be reached or read for now: another export may have it.
    Unavailable,
    /// What is there is no picture or movie that can be shown.
    Unusable,
}

/// What could not be had for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unhad {
    /// The kind of reason.
    pub code: MediaCode,
    /// What it is the picture or movie of, as in `shot 010 / 0020`.
    pub of: Vec<String>,
}

/// The reasons for which something could not be had, as sentences.
pub type Reasons = BTreeMap<String, Unhad>;

/// What could not be had for one reason.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Unhad")]
pub(crate) struct UnhadWithReason<'a> {
    /// The kind of reason.
    code: MediaCode,
    /// The reason in a sentence.
    reason: &'a str,
    /// What it is the picture or movie of, as in `shot 010 / 0020`.
    of: &'a [String],
}

pub(crate) fn as_list<S: Serializer>(reasons: &Reasons, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(reasons.iter().map(|(reason, it)| UnhadWithReason {
        code: it.code,
        reason,
        of: &it.of,
    }))
}

/// The schema of what [`as_list`] writes.
pub(crate) type ReasonList = Vec<UnhadWithReason<'static>>;

/// Adds something that could not be had to those of the same reason.
pub(crate) fn add_reason(reasons: &mut Reasons, code: MediaCode, reason: String, of: String) {
    let none = || Unhad {
        code,
        of: Vec::new(),
    };
    reasons.entry(reason).or_insert_with(none).of.push(of);
}

/// Something the tracker holds and the site does not.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LeftOut")]
struct LeftOutWithCode<'a> {
    /// What it is.
    kind: EntityKind,
    /// Its id on the tracker.
    id: &'a str,
    /// Its name, with the sequence's in front for a shot.
    name: &'a str,
    /// The kind of reason.
    code: ReasonCode,
    /// The reason in a sentence.
    reason: String,
}

fn with_codes<S: Serializer>(all: &[LeftOut], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(all.iter().map(|it| LeftOutWithCode {
        kind: it.kind,
        id: &it.id,
        name: &it.name,
        code: it.reason.code(),
        reason: it.reason.to_string(),
    }))
}

/// Names in a row; a long row is cut, and says how many more there are.
pub fn first_names(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    if names.len() <= SHOWN {
        return names.join(", ");
    }
    let (shown, more) = names.split_at(SHOWN);
    format!("{} and {} more", shown.join(", "), more.len())
}

/// How many of each kind were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Counts {
    /// Episodes, which format v0 does not hold.
    pub episodes: usize,
    /// Sequences.
    pub sequences: usize,
    /// Shots.
    pub shots: usize,
    /// Assets.
    pub assets: usize,
    /// Tasks of shots and assets.
    pub tasks: usize,
    /// Pairs of a shot and an asset that appears in it.
    pub casting: usize,
    /// Edits the tracker has.
    pub edits: usize,
    /// The length of the timeline, in frames; of all episodes together where each has its own.
    pub total_frames: u64,
    /// From where shots have their places on the timeline.
    pub places: PlaceCounts,
}

impl Counts {
    pub(crate) fn of(snapshot: &ProjectSnapshot, total_frames: u64, places: PlaceCounts) -> Self {
        Self {
            places,
            episodes: snapshot.episodes.len(),
            sequences: snapshot.sequences.len(),
            shots: snapshot.shots.len(),
            assets: snapshot.assets.len(),
            tasks: snapshot.tasks().count(),
            casting: snapshot.casting.iter().map(|it| it.asset_ids.len()).sum(),
            edits: snapshot.edits.len(),
            total_frames,
        }
    }
}

/// How many pictures and movies there were.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct MediaCounts {
    /// How many pictures the site has, or refers to.
    pub pictures: usize,
    /// How many movies the site has, or refers to.
    pub movies: usize,
    /// How many of the pictures the site refers to where they are: they are shown as they are.
    pub referred: usize,
    /// How many of both came from the source.
    pub fetched: usize,
    /// How many of both the site held already, and did not change.
    pub unchanged: usize,
    /// How many bytes of those that were fetched came.
    pub bytes: u64,
    /// What could not be had this time, and is in the site as it was: the reasons, with what they
    /// hit.
    #[serde(serialize_with = "as_list")]
    #[schemars(with = "ReasonList")]
    pub outdated: Reasons,
    /// How many of those are files of this machine that could not be opened or used: their disk may not be
    /// mounted.
    pub stale_files: usize,
    /// What the source does not have, or what is not what it should be, and is a placeholder in the
    /// site: the reasons, with what they hit.
    #[serde(serialize_with = "as_list")]
    #[schemars(with = "ReasonList")]
    pub missing: Reasons,
    /// What the source may have and could not give, however often it was asked, and is a placeholder
    /// in the site until the next export: the reasons, with what they hit.
    #[serde(serialize_with = "as_list")]
    #[schemars(with = "ReasonList")]
    pub unavailable: Reasons,
}

impl MediaCounts {
    pub(crate) fn add(&mut self, other: Self) {
        self.pictures += other.pictures;
        self.movies += other.movies;
        self.referred += other.referred;
        self.fetched += other.fetched;
        self.unchanged += other.unchanged;
        self.bytes += other.bytes;
        self.stale_files += other.stale_files;
        for (all, more) in [
            (&mut self.outdated, other.outdated),
            (&mut self.missing, other.missing),
            (&mut self.unavailable, other.unavailable),
        ] {
            for (reason, it) in more {
                match all.entry(reason) {
                    Entry::Vacant(entry) => _ = entry.insert(it),
                    Entry::Occupied(mut entry) => entry.get_mut().of.extend(it.of),
                }
            }
        }
    }

    /// How many could not be had, and are placeholders.
    pub fn missing_total(&self) -> usize {
        let reasons = self.missing.values().chain(self.unavailable.values());
        reasons.map(|it| it.of.len()).sum()
    }
}

impl ProjectSummary {
    /// What was left out, grouped: how many of each kind for each reason.
    pub fn left_out_counts(&self) -> BTreeMap<(EntityKind, String), Vec<&str>> {
        let mut counts: BTreeMap<_, Vec<&str>> = BTreeMap::new();
        for it in &self.left_out {
            let names = counts.entry((it.kind, it.reason.to_string())).or_default();
            names.push(&it.name);
        }
        counts
    }
}
