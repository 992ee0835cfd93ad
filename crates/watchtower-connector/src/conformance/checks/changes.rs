//! Whether a tracker tells what changed.

use super::super::observe::{Call, Observed};
use super::Judgement;
use crate::{Capability, Changed, Changes};

/// Why a tracker without a log is not judged.
const NO_LOG: &str = "the tracker has no log of changes, or does not show it";

fn declares(seen: &Observed) -> bool {
    let description = seen.descriptions.first();
    description.is_some_and(|it| it.capabilities.contains(&Capability::Changes))
}

fn answered(call: &Call<Changes>) -> Result<&Changes, String> {
    call.as_ref().map_err(|trouble| trouble.to_string())
}

pub(super) fn first(seen: &Observed) -> Judgement {
    let log = seen.log_of_changes.as_ref().ok_or(NO_LOG)?;
    let answer = answered(&log.first)?;
    let mut against = Vec::new();
    if answer.what != Changed::Unknown {
        against.push("without a mark it says what changed: since when?".to_owned());
    }
    match (&answer.mark, declares(seen)) {
        (Some(_), false) => {
            against.push("there is a mark, and `changes` is not declared".to_owned());
        }
        (None, true) if answer.note.is_none() => {
            against.push(
                "`changes` is declared, and there is no mark, nor a note that says why".to_owned(),
            );
        }
        (None, _) if against.is_empty() => return Err(NO_LOG.to_owned()),
        _ => {}
    }
    Ok(against.into())
}

pub(super) fn foreign(seen: &Observed) -> Judgement {
    let log = seen.log_of_changes.as_ref().ok_or(NO_LOG)?;
    let Some(foreign) = &log.foreign else {
        return Err(NO_LOG.to_owned());
    };
    let against = match answered(foreign)?.what {
        Changed::Unknown => Vec::new(),
        Changed::Only { .. } => vec!["a mark of another tracker is taken for its own".to_owned()],
    };
    Ok(against.into())
}

pub(super) fn told(seen: &Observed) -> Judgement {
    let log = seen.log_of_changes.as_ref().ok_or(NO_LOG)?;
    if log.rounds.is_empty() {
        return Err("the scenario changes nothing".to_owned());
    }
    let mut against = Vec::new();
    for (number, round) in log.rounds.iter().enumerate() {
        let names = |call| match &answered(call)?.what {
            Changed::Unknown => Ok::<_, String>(true),
            Changed::Only { projects, .. } => Ok(projects.contains(&round.project)),
        };
        let number = number + 1;
        if !names(&round.told)? {
            against.push(format!(
                "change number {number}, of `{}`, is not told",
                round.project
            ));
        } else if !names(&round.again)? {
            against.push(format!(
                "asked twice with one mark, it tells change number {number} once alone"
            ));
        }
    }
    Ok(against.into())
}
