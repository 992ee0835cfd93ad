//! How a tracker answers.

use std::fmt;

use super::Judgement;
use crate::ErrorKind;
use crate::conformance::difference::Differences;
use crate::conformance::observe::{Call, Failures, Observed, Trouble};

pub(super) fn answers(seen: &Observed) -> Judgement {
    let mut against = Vec::new();
    if let Some(Err(trouble)) = &seen.account {
        against.push(format!("`check`: {trouble}"));
    }
    match &seen.list {
        Some(Err(trouble)) => against.push(format!("`project_list`: {trouble}")),
        Some(Ok(list)) if list.projects.is_empty() => {
            against.push("it shows no project, and the checks need one".to_owned());
        }
        _ => {}
    }
    for (name, trouble) in &seen.unread {
        against.push(format!("the project {name}: {trouble}"));
    }
    for name in &seen.not_listed {
        against.push(format!("there is no project `{name}`, which is to be read"));
    }
    Ok(against.into())
}

pub(super) fn no_panic(seen: &Observed) -> Judgement {
    let calls = seen.log.panics.iter();
    let against: Vec<_> = calls.map(|it| format!("`{it}` panicked")).collect();
    Ok(against.into())
}

pub(super) fn in_time(seen: &Observed) -> Judgement {
    Ok(seen.log.silences.clone().into())
}

pub(super) fn describe_same(seen: &Observed) -> Judgement {
    let mut all = seen.descriptions.iter();
    let first = all.next().ok_or("there is no description")?;
    let mut against = Vec::new();
    for other in all {
        let mut differ = |what: &str, then: &dyn fmt::Debug, now: &dyn fmt::Debug| {
            let (then, now) = (format!("{then:?}"), format!("{now:?}"));
            if then != now {
                against.push(format!("{what} was {then}, and then is {now}"));
            }
        };
        differ("the name", &first.name, &other.name);
        differ("the sentence", &first.about, &other.about);
        differ("the location", &first.location, &other.location);
        differ("what it can give", &first.capabilities, &other.capabilities);
    }
    Ok(against.into())
}

pub(super) fn describe_whole(seen: &Observed) -> Judgement {
    let description = seen.descriptions.first();
    let description = description.ok_or("there is no description")?;
    let mut against = Vec::new();
    let name = &description.name;
    let fits = |it: char| it.is_lowercase() || it.is_ascii_digit() || matches!(it, '-' | '_');
    if name.is_empty() || !name.chars().all(fits) {
        against.push(format!("the name is `{}`", name.escape_debug()));
    }
    if description.about.trim().is_empty() {
        against.push("the sentence is empty".to_owned());
    }
    if description
        .location
        .as_ref()
        .is_some_and(|it| it.trim().is_empty())
    {
        against.push("the location is empty, and not none".to_owned());
    }
    let capabilities = &description.capabilities;
    for (place, capability) in capabilities.iter().enumerate() {
        if capabilities[..place].contains(capability) {
            against.push(format!("`{capability}` is declared twice"));
        }
    }
    Ok(against.into())
}

pub(super) fn describe_offline(seen: &Observed) -> Judgement {
    let traffic = seen.traffic_at_first.ok_or("it counts no traffic")?;
    let against = match traffic == Default::default() {
        true => Vec::new(),
        false => vec![format!(
            "it was asked for its description alone, and counts {traffic:?}"
        )],
    };
    Ok(against.into())
}

pub(super) fn account(seen: &Observed) -> Judgement {
    let Some(Ok(account)) = &seen.account else {
        return Err("the connection could not be checked".to_owned());
    };
    let mut against = Vec::new();
    for (what, name) in [("user", &account.user), ("server", &account.server)] {
        if name.as_ref().is_some_and(|it| it.trim().is_empty()) {
            against.push(format!("the {what} is an empty text, and not none"));
        }
    }
    Ok(against.into())
}

pub(super) fn without_check(seen: &Observed) -> Judgement {
    match seen.anew.as_ref().ok_or(NO_LIST)? {
        Ok(_) => Ok(Vec::new().into()),
        Err(Trouble::Error(error)) => Ok(vec![format!(
            "without `check` before it: {}: {error}",
            error.kind()
        )]
        .into()),
        Err(trouble) => Err(trouble.to_string()),
    }
}

const NO_LIST: &str = "the projects could not be listed";

/// The differences of a second reading.
fn second<'a>(call: &'a Option<Call<Differences>>, what: &str) -> Result<&'a Differences, String> {
    let call = call.as_ref().ok_or(NO_LIST)?;
    call.as_ref()
        .map_err(|trouble| format!("{what}: {trouble}"))
}

fn again(seen: &Observed) -> Result<&Differences, String> {
    second(&seen.again, "the second reading failed")
}

pub(super) fn ids_stable(seen: &Observed) -> Judgement {
    Ok(again(seen)?.ids.clone().into())
}

pub(super) fn order_stable(seen: &Observed) -> Judgement {
    Ok(again(seen)?.order.clone().into())
}

pub(super) fn content_stable(seen: &Observed) -> Judgement {
    Ok(again(seen)?.content.clone().into())
}

/// Demands that one and the same tracker, asked twice, answers the same.
fn demand_stable(seen: &Observed) -> Result<(), String> {
    match again(seen)?.is_empty() {
        true => Ok(()),
        false => Err("two readings, one after the other, differ already".to_owned()),
    }
}

pub(super) fn anew_same(seen: &Observed) -> Judgement {
    demand_stable(seen)?;
    let differences = second(&seen.anew, "the new one answers nothing")?;
    Ok(differences.all().cloned().collect::<Vec<_>>().into())
}

pub(super) fn at_once_same(seen: &Observed) -> Judgement {
    demand_stable(seen)?;
    match seen.at_once.as_ref().ok_or(NO_FILM)? {
        Ok(differences) => Ok(differences.all().cloned().collect::<Vec<_>>().into()),
        Err(Trouble::Error(error)) => Ok(vec![format!("{}: {error}", error.kind())].into()),
        Err(trouble) => Err(trouble.to_string()),
    }
}

const NO_FILM: &str = "no project could be read";

/// What speaks against a call that was to fail in one way.
fn due<T>(call: &Call<T>, kind: ErrorKind) -> Result<Option<String>, String> {
    match call {
        Ok(_) => Ok(Some(format!("it answers, and `{kind}` is due"))),
        Err(Trouble::Error(error)) if error.kind() == kind => Ok(None),
        // Documents are not a server's: a person must mend them.
        Err(Trouble::Error(error))
            if (kind, error.kind()) == (ErrorKind::Malformed, ErrorKind::Invalid) =>
        {
            Ok(None)
        }
        Err(Trouble::Error(error)) => Ok(Some(format!(
            "`{}` where `{kind}` is due: {error}",
            error.kind()
        ))),
        Err(trouble) => Err(trouble.to_string()),
    }
}

pub(super) fn unknown_project(seen: &Observed) -> Judgement {
    let call = seen.unknown_project.as_ref().ok_or(NO_LIST)?;
    let against: Vec<_> = due(call, ErrorKind::NotFound)?.into_iter().collect();
    Ok(against.into())
}

fn all_due(failures: &Option<Failures>, kind: ErrorKind, what: &str) -> Judgement {
    let failures = failures.as_ref();
    let failures = failures.ok_or_else(|| format!("there is no tracker {what} to try"))?;
    let mut against = Vec::new();
    for (asked, call) in failures {
        against.extend(due(call, kind)?.map(|it| format!("`{asked}`: {it}")));
    }
    Ok(against.into())
}

pub(super) fn refused(seen: &Observed) -> Judgement {
    all_due(&seen.refused, ErrorKind::Refused, "with wrong credentials")
}

pub(super) fn unreachable(seen: &Observed) -> Judgement {
    all_due(
        &seen.unreachable,
        ErrorKind::Unavailable,
        "where nobody answers",
    )
}

pub(super) fn another_server(seen: &Observed) -> Judgement {
    all_due(
        &seen.another_server,
        ErrorKind::Malformed,
        "where something else answers",
    )
}

fn demand_broken(seen: &Observed) -> Result<(), String> {
    match seen.broken.times {
        0 => Err("its answers are there at once, so no call can be dropped halfway".to_owned()),
        _ => Ok(()),
    }
}

pub(super) fn cancel_ends(seen: &Observed) -> Judgement {
    demand_broken(seen)?;
    if !seen.reading_is_seen {
        return Err("it does not count as traffic what reading a project takes".to_owned());
    }
    Ok(seen.broken.went_on.clone().into())
}

pub(super) fn cancel_harmless(seen: &Observed) -> Judgement {
    demand_broken(seen)?;
    demand_stable(seen)?;
    let mut against = Vec::new();
    for (asked, call) in &seen.broken.afterwards {
        match call {
            Ok(differences) => {
                against.extend(differences.all().map(|it| format!("`{asked}`: {it}")));
            }
            Err(trouble) => against.push(format!("`{asked}`: {trouble}")),
        }
    }
    Ok(against.into())
}

pub(super) fn no_secrets(seen: &Observed) -> Judgement {
    match seen.names_secrets {
        true => Ok(seen.log.leaks.clone().into()),
        false => Err("no secret is known to look for".to_owned()),
    }
}

pub(super) fn traffic(seen: &Observed) -> Judgement {
    match seen.log.counts_traffic {
        true => Ok(seen.log.traffic.clone().into()),
        false => Err("it counts no traffic".to_owned()),
    }
}
