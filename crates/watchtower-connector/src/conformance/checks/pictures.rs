//! Pictures and movies, and how they open.

use watchtower_model::{MediaLocation, ProjectSnapshot};

use super::Judgement;
use crate::conformance::media::{Body, Opening, Received, Referred, media_type, referred};
use crate::conformance::observe::{Call, Observed, Trouble};
use crate::{Capability, ErrorKind};

/// Everything that the answers refer to.
fn all(seen: &Observed) -> Result<Vec<Referred>, String> {
    let Some(Ok(list)) = &seen.list else {
        return Err("the projects could not be listed".to_owned());
    };
    let films: Vec<&ProjectSnapshot> = seen.films.iter().map(|it| &it.snapshot).collect();
    let all: Vec<_> = referred(list, &films).into_iter().flatten().collect();
    match all.is_empty() {
        true => Err("the answers refer to no picture or movie".to_owned()),
        false => Ok(all),
    }
}

/// The pictures and movies that came, and how.
fn came(seen: &Observed) -> Result<Vec<(&Opening, &Body)>, String> {
    let came = seen.media.iter().filter_map(|it| Some((it, it.body()?)));
    let came: Vec<_> = came.collect();
    match came.is_empty() {
        true => Err("no picture or movie came".to_owned()),
        false => Ok(came),
    }
}

/// What speaks against each of the pictures and movies that came.
fn each_body(seen: &Observed, judge: impl Fn(&Opening, &Body) -> Option<String>) -> Judgement {
    let came = came(seen)?.into_iter();
    let text = |(opening, body)| {
        let text = judge(opening, body)?;
        Some(format!("{}: {text}", opening.referred.label))
    };
    Ok(came.filter_map(text).collect::<Vec<_>>().into())
}

pub(super) fn references(seen: &Observed) -> Judgement {
    let mut against = Vec::new();
    for Referred { label, media, .. } in all(seen)? {
        let wrong = match &media.location {
            MediaLocation::Url(url) => {
                let host = url
                    .split_once("://")
                    .filter(|it| matches!(it.0, "http" | "https"));
                match host.is_some_and(|it| !it.1.is_empty() && !it.1.starts_with('/')) {
                    true => continue,
                    false => "is no full address of http or https",
                }
            }
            MediaLocation::Key(key) if key.is_empty() => "is an empty key",
            MediaLocation::File(path) if path.as_os_str().is_empty() => "is an empty path",
            MediaLocation::Site(_) => "is a file of the site, of which no tracker knows",
            _ => continue,
        };
        against.push(format!("{label} {wrong}"));
    }
    Ok(against.into())
}

pub(super) fn no_credentials(seen: &Observed) -> Judgement {
    let holds = |address: &str| {
        let rest = address.split_once("://").map(|it| it.1);
        let host = rest.and_then(|it| it.split(['/', '?', '#']).next());
        host.is_some_and(|it| it.contains('@'))
    };
    let mut against = Vec::new();
    let locations = seen.descriptions.iter().take(1);
    for location in locations.filter_map(|it| it.location.as_deref()) {
        if holds(location) {
            against.push("the description's location does".to_owned());
        }
    }
    // Without pictures the description is all there is.
    for Referred { label, media, .. } in all(seen).unwrap_or_default() {
        if matches!(&media.location, MediaLocation::Url(url) if holds(url)) {
            against.push(format!("the address of {label} does"));
        }
    }
    Ok(against.into())
}

pub(super) fn opens(seen: &Observed) -> Judgement {
    if seen.media.is_empty() {
        all(seen)?;
        return Err("no picture or movie was to be opened".to_owned());
    }
    let mut against = Vec::new();
    let mut missing = Vec::new();
    for opening in &seen.media {
        let label = &opening.referred.label;
        match &opening.whole {
            Ok(Received::Bytes(_)) => {}
            // That it says so without being asked is another check's.
            Ok(Received::Unchanged) => {}
            Err(Trouble::Error(error)) if error.kind() == ErrorKind::NotFound => {
                missing.push(format!("{label}: {error}"));
            }
            Err(Trouble::Error(error)) => {
                against.push(format!("{label}: {}: {error}", error.kind()));
            }
            // That is other checks'.
            Err(Trouble::Panic | Trouble::Silence) => {}
        }
    }
    let count = missing.len();
    if count == seen.media.len() {
        against.extend(missing);
        return Ok(against.into());
    }
    let note = (count > 0).then(|| format!("not there: {}", missing.join("; ")));
    Ok(super::Found { against, note })
}

pub(super) fn kind(seen: &Observed) -> Judgement {
    each_body(seen, |opening, body| {
        let kind = opening.referred.kind;
        let found = media_type(&body.bytes);
        (!kind.takes(found)).then(|| {
            let found = found.unwrap_or("of no known kind");
            format!("it is {found}, and {} is due", kind.due())
        })
    })
}

pub(super) fn content_type(seen: &Observed) -> Judgement {
    let mut claims = false;
    let came = came(seen)?;
    for (_, body) in &came {
        claims |= body.content_type.is_some();
    }
    if !claims {
        return Err("it claims no media type".to_owned());
    }
    each_body(seen, |opening, body| {
        let found = media_type(&body.bytes).filter(|it| opening.referred.kind.takes(Some(it)))?;
        let claimed = body.content_type.as_deref()?;
        let essence = claimed.split(';').next().unwrap_or_default();
        let essence = essence.trim().to_ascii_lowercase();
        // What claims to be just bytes claims nothing.
        let claims = essence.starts_with("image/") || essence.starts_with("video/");
        let same = |it: &str| match it {
            "image/jpg" => "image/jpeg".to_owned(),
            "video/x-m4v" | "video/quicktime" => "video/mp4".to_owned(),
            it => it.to_owned(),
        };
        (claims && same(&essence) != found)
            .then(|| format!("it claims to be {claimed}, and is {found}"))
    })
}

pub(super) fn length(seen: &Observed) -> Judgement {
    let claims = |it: &(&Opening, &Body)| it.1.length.is_some() && it.1.is_whole;
    if !came(seen)?.iter().any(claims) {
        return Err("it claims no length of what was read whole".to_owned());
    }
    each_body(seen, |_, body| {
        let length = body.length.filter(|_| body.is_whole)?;
        let came = body.bytes.len() as u64 + body.offset;
        (length != came).then(|| format!("{length} bytes are claimed, and {came} came"))
    })
}

/// Another opening, if it was tried and something came.
fn another(call: &Option<Call<Received>>) -> Option<Result<&Body, String>> {
    match call.as_ref()? {
        Ok(Received::Bytes(body)) => Some(Ok(body)),
        Ok(Received::Unchanged) => None,
        Err(Trouble::Error(error)) => Some(Err(format!("{}: {error}", error.kind()))),
        Err(_) => None,
    }
}

pub(super) fn same(seen: &Observed) -> Judgement {
    let frozen = |it: &&Opening| !it.referred.media.changes && it.again.is_some();
    if !seen.media.iter().any(|it| frozen(&it)) {
        return Err("nothing that came from the tracker stays as it is".to_owned());
    }
    each_body(seen, |opening, body| {
        if !frozen(&opening) {
            return None;
        }
        match another(&opening.again)? {
            Err(text) => Some(format!("the second time {text}")),
            Ok(again) if again.bytes != body.bytes => Some("its bytes differ".to_owned()),
            Ok(again) if again.tag != body.tag => Some(format!(
                "its tag was {}, and then is {}",
                body.tag.as_deref().unwrap_or("none"),
                again.tag.as_deref().unwrap_or("none")
            )),
            Ok(_) => None,
        }
    })
}

/// Whether telling what did not change is declared.
fn is_conditional(seen: &Observed) -> bool {
    let mut descriptions = seen.descriptions.iter();
    descriptions
        .next()
        .is_some_and(|it| it.capabilities.contains(&Capability::ConditionalMedia))
}

pub(super) fn known(seen: &Observed) -> Judgement {
    if !is_conditional(seen) {
        return Err(format!(
            "`{}` is not declared",
            Capability::ConditionalMedia
        ));
    }
    came(seen)?;
    if seen.media.iter().all(|it| it.known.is_none()) {
        return Err("nothing came with a tag from the tracker".to_owned());
    }
    each_body(seen, |opening, _| match another(&opening.known)? {
        Ok(_) => Some("it came once more".to_owned()),
        Err(text) => Some(text),
    })
}

pub(super) fn outdated(seen: &Observed) -> Judgement {
    if seen.media.is_empty() {
        return Err("no picture or movie was opened".to_owned());
    }
    let mut against = Vec::new();
    for opening in &seen.media {
        let label = &opening.referred.label;
        for (call, tag) in [
            (Some(&opening.whole), "no tag"),
            (opening.again.as_ref(), "no tag"),
            (opening.outdated.as_ref(), "another tag"),
            (opening.rest.as_ref().map(|it| &it.1), "no tag"),
        ] {
            if matches!(call, Some(Ok(Received::Unchanged))) {
                against.push(format!(
                    "{label}: it is `Unchanged` although {tag} was known"
                ));
            }
        }
        if let Some(Err(text)) = another(&opening.outdated) {
            against.push(format!("{label}: with another tag, {text}"));
        }
    }
    Ok(against.into())
}

pub(super) fn offset(seen: &Observed) -> Judgement {
    came(seen)?;
    if seen.media.iter().all(|it| it.rest.is_none()) {
        return Err("nothing came from the tracker that could be taken up".to_owned());
    }
    each_body(seen, |opening, whole| {
        let (asked, call) = opening.rest.as_ref()?;
        let rest = match call {
            Ok(Received::Bytes(rest)) => rest,
            Err(Trouble::Error(error)) => return Some(format!("{}: {error}", error.kind())),
            _ => return None,
        };
        let start = rest.offset;
        if start > *asked {
            return Some(format!(
                "it starts at {start}, after the {asked} bytes that are there"
            ));
        }
        let due = whole.bytes.get(usize::try_from(start).ok()?..)?;
        let is_due = match whole.is_whole && rest.is_whole {
            true => rest.bytes == due,
            false => rest.bytes.starts_with(due) || due.starts_with(&rest.bytes),
        };
        // What changes may have changed meanwhile.
        let may_differ = opening.referred.media.changes
            && !matches!(another(&opening.again), Some(Ok(again)) if again.bytes == whole.bytes);
        (!is_due && !may_differ).then(|| {
            format!(
                "asked from byte {asked} on, it says it starts at {start}, and other bytes come"
            )
        })
    })
}

pub(super) fn missing(seen: &Observed) -> Judgement {
    let (media, call) = seen
        .missing_media
        .as_ref()
        .ok_or("nothing came from the tracker, of which another name could be made up")?;
    due(call, ErrorKind::NotFound, &format!("{:?}", media.location))
}

pub(super) fn foreign(seen: &Observed) -> Judgement {
    let call = seen.foreign_media.as_ref();
    let call = call.ok_or("the projects could not be listed")?;
    due(call, ErrorKind::Unsupported, "a file of the site")
}

fn due(call: &Call<Received>, kind: ErrorKind, what: &str) -> Judgement {
    let against = match call {
        Ok(_) => vec![format!("{what} opens, and `{kind}` is due")],
        Err(Trouble::Error(error)) if error.kind() == kind => Vec::new(),
        Err(Trouble::Error(error)) => {
            vec![format!(
                "{what} is `{}` where `{kind}` is due: {error}",
                error.kind()
            )]
        }
        Err(trouble) => return Err(trouble.to_string()),
    };
    Ok(against.into())
}
