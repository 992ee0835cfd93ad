//! What the web client makes of a value that does not match the schema: one row for each fact.
//!
//! The facts were observed by breaking one thing at a time in a real export and opening it in a
//! browser with the client. They decide between an error and a warning.

use watchtower_model::format::{Document, Format};

use super::Code;
use super::finding::Severity::{self, Error, Warning};

/// A fact: at this place, this kind of violation has this effect.
struct Row {
    /// The formats it holds for.
    formats: &'static [Format],
    /// The document; empty for any.
    document: &'static str,
    /// The end of the place: keys separated by `/`, `*` for any element of a list. Empty for any.
    place: &'static str,
    /// The kinds of violation.
    codes: &'static [Code],
    severity: Severity,
    effect: &'static str,
}

const ABSENT: &[Code] = &[Code::MissingKey, Code::Null];
const ABSENT_OR_WRONG: &[Code] = &[Code::MissingKey, Code::Null, Code::WrongType];
const WRONG: &[Code] = &[Code::WrongType];

const UNREAD: &str = "The client reads it in the project's own folder; what the list says goes unnoticed, until somebody else reads it.";

const UNUSED_RANGE: &str =
    "The client goes by `startFrame` and `durationSeconds`; who reads the range cannot use it.";

macro_rules! rows {
    ($($formats:ident $document:literal $place:literal $codes:expr => $severity:ident $effect:expr;)*) => {
        &[$(Row {
            formats: rows!(@$formats),
            document: $document,
            place: $place,
            codes: $codes,
            severity: $severity,
            effect: $effect,
        }),*]
    };
    (@all) => { Format::ALL };
    (@v0) => { &[Format::V0] };
    (@v1) => { &[Format::V1] };
}

/// The first row that fits decides.
static ROWS: &[Row] = rows! {
    // The menu of projects takes id, name and picture from the list, all else from `project.json`.
    v0 "context" "projects/*/asset_types" ABSENT_OR_WRONG => Warning UNREAD;
    v0 "context" "projects/*/task_types" ABSENT_OR_WRONG => Warning UNREAD;
    v0 "context" "projects/*/task_statuses" ABSENT_OR_WRONG => Warning UNREAD;
    v0 "context" "projects/*/team" ABSENT_OR_WRONG => Warning UNREAD;
    v0 "context" "projects/*/fps" ABSENT_OR_WRONG => Warning UNREAD;
    v0 "context" "projects/*/fps" &[Code::OutOfRange] => Warning UNREAD;
    v1 "index" "episodes" ABSENT_OR_WRONG => Error
        "The client throws, and shows no project at all.";
    v1 "project" "episodes" ABSENT_OR_WRONG => Error
        "The client throws while the project loads.";
    v1 "" "color" ABSENT_OR_WRONG => Error
        "The client throws while the project loads: no team, no episodes.";
    v1 "casting" "asset_ids" ABSENT_OR_WRONG => Warning
        "The shot has no assets.";
    v1 "" "full_name" ABSENT_OR_WRONG => Warning
        "The person is shown without a name.";
    v1 "task_counts" "" ABSENT_OR_WRONG => Error
        "The dashboard throws, and shows no chart.";
    v1 "task_counts" "timestamp" &[Code::NotAMoment] => Error
        "The dashboard throws, and shows no chart.";
    all "" "color" ABSENT_OR_WRONG => Error
        "The client throws while the project loads: no name, no team, no frame rate.";
    all "" "color" &[Code::WrongColor] => Warning
        "The client shows a wrong colour.";
    all "" "team" ABSENT_OR_WRONG => Error
        "The client throws while the project loads.";
    all "" "asset_types" ABSENT_OR_WRONG => Error
        "The client throws.";
    all "" "task_types" ABSENT_OR_WRONG => Error
        "The client throws.";
    all "" "task_status" ABSENT_OR_WRONG => Error
        "The client throws.";
    all "" "task_statuses" ABSENT_OR_WRONG => Error
        "The client throws.";
    all "" "users" ABSENT_OR_WRONG => Error
        "The client throws.";
    all "" "projects" ABSENT_OR_WRONG => Error
        "The client shows no projects.";
    all "" "projects/*/id" ABSENT_OR_WRONG => Error
        "The client cannot find the project's folder.";
    all "" "projects/*/id" &[Code::EmptyId] => Error
        "The client cannot find the project's folder.";
    all "" "tasks" ABSENT_OR_WRONG => Error
        "The client throws as soon as a task type is chosen or the timeline's task rows are shown.";
    all "" "tasks/*" ABSENT_OR_WRONG => Error
        "The client throws as soon as a task type is chosen or the timeline's task rows are shown.";
    all "" "assignees" ABSENT_OR_WRONG => Error
        "The client throws as soon as a task type is chosen or the timeline's task rows are shown.";
    all "" "task_type_id" ABSENT_OR_WRONG => Warning
        "The task is not shown.";
    all "" "task_status_id" ABSENT_OR_WRONG => Warning
        "The task is not shown.";
    all "" "assignees/*" ABSENT_OR_WRONG => Warning
        "The assignee is not shown.";
    all "" "sequence_id" ABSENT_OR_WRONG => Warning
        "The shot belongs to no group.";
    all "" "asset_type_id" ABSENT_OR_WRONG => Warning
        "The asset belongs to no group.";
    v0 "casting" "asset_ids" ABSENT_OR_WRONG => Error
        "The client throws: no asset knows its shots.";
    all "casting" "shot_id" ABSENT_OR_WRONG => Warning
        "The entry belongs to no shot.";
    all "casting" "asset_ids/*" ABSENT_OR_WRONG => Warning
        "The asset is not shown with the shot.";
    all "shots" "fps" WRONG => Warning
        "The client coerces it mostly, but sorting and sums go wrong.";
    all "shots" "fps" &[Code::OutOfRange] => Warning
        "The shot's range cannot be told in seconds.";
    all "" "fps" ABSENT => Error
        "Shots have no width on the timeline.";
    all "" "fps" &[Code::OutOfRange] => Error
        "Shots have no width on the timeline.";
    all "" "totalFrames" ABSENT => Error
        "The timeline stays blank.";
    all "" "totalFrames" &[Code::OutOfRange] => Error
        "The timeline stays blank.";
    all "" "frameOffset" ABSENT => Warning
        "The movie stands at the wrong place of the timeline.";
    all "" "sourceName" ABSENT => Error
        "The player reports an error.";
    all "" "sourceType" ABSENT => Warning
        "The player has to guess what the movie is.";
    all "" "thumbnailUrl" &[Code::MissingKey] => Warning
        "The client requests `/undefined` and shows no picture; `null` is what gives a placeholder.";
    all "" "thumbnailUrl" &[Code::NoAvatar] => Warning
        "The client requests `/undefined` and shows no picture.";
    all "sequences" "name" ABSENT_OR_WRONG => Error
        "The label is shown as `null`, and the client throws when it must be cut.";
    all "" "name" ABSENT => Warning
        "The label is shown as `null`.";
    all "" "full_name" ABSENT => Warning
        "The name is shown as `undefined`.";
    all "" "for_shots" ABSENT_OR_WRONG => Warning
        "The task type is offered neither for shots nor for assets.";
    all "" "has_avatar" ABSENT_OR_WRONG => Warning
        "The person's picture may be missing.";
    all "shots" "data" WRONG => Warning UNUSED_RANGE;
    all "shots" "data/frame_in" WRONG => Warning UNUSED_RANGE;
    all "shots" "data/frame_out" WRONG => Warning UNUSED_RANGE;
    all "shots" "startFrame" ABSENT => Error
        "The shot has no place on the timeline.";
    all "shots" "durationSeconds" ABSENT => Error
        "The shot has no width on the timeline.";
    all "" "" &[Code::UnknownKey] => Warning
        "The client does not read it.";
};

/// What a violation means where no row tells: `container` when a list or an object is due.
fn otherwise(code: Code, container: bool) -> (Severity, &'static str) {
    match code {
        Code::WrongType if container => (Error, "The client may throw."),
        Code::WrongType => (
            Warning,
            "The client coerces it mostly, but sorting and sums go wrong.",
        ),
        _ => {
            let explanation = code.explanation();
            (explanation.severity, explanation.why)
        }
    }
}

/// How severe a violation is, and what the client makes of it.
///
/// `place` is the place from the document's entry on: keys, and `*` for any element of a list.
pub(super) fn judge(
    document: &Document,
    place: &str,
    code: Code,
    container: bool,
) -> (Severity, &'static str) {
    let fits = |row: &&Row| {
        row.formats.contains(&document.format)
            && (row.document.is_empty() || row.document == document.name)
            && row.codes.contains(&code)
            && (row.place.is_empty()
                || place
                    .strip_suffix(row.place)
                    .is_some_and(|before| before.is_empty() || before.ends_with('/')))
    };
    match ROWS.iter().find(fits) {
        Some(row) => (row.severity, row.effect),
        None => otherwise(code, container),
    }
}
