//! Opens some of the pictures and movies to which a tracker refers.

use std::collections::HashSet;
use std::path::Path;

use futures_util::TryStreamExt;
use quick_xml::Reader;
use quick_xml::events::Event;
use watchtower_model::{MediaLocation, MediaRef, ProjectList, ProjectSnapshot};

use super::Scenario;
use super::observe::{Call, Observed, Trouble, Watched};
use crate::{Error, ErrorKind, MediaRequest, OpenedMedia};

/// A tag that no tracker has given.
const OUTDATED: &str = "watchtower-conformance-outdated";

/// What a picture or movie is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Picture,
    Movie,
}

/// A picture or movie to which an answer refers.
#[derive(Clone, Debug)]
pub(super) struct Referred {
    /// What it is, for people.
    pub label: String,
    pub kind: Kind,
    pub media: MediaRef,
}

/// How the opening of a picture or movie went.
pub(super) struct Opening {
    pub referred: Referred,
    /// Whether it was opened by the tracker. A file may be opened without it.
    pub by_tracker: bool,
    pub whole: Call<Received>,
    /// The same once more.
    pub again: Option<Call<Received>>,
    /// With the tag that came with it.
    pub known: Option<Call<Received>>,
    /// With a tag that did not.
    pub outdated: Option<Call<Received>>,
    /// From the middle on: where, and what came.
    pub rest: Option<(u64, Call<Received>)>,
}

/// What was received.
pub(super) enum Received {
    Unchanged,
    Bytes(Body),
}

/// Bytes that were received, and what was said of them.
pub(super) struct Body {
    pub bytes: Vec<u8>,
    /// Whether these are all.
    pub is_whole: bool,
    pub length: Option<u64>,
    pub offset: u64,
    pub content_type: Option<String>,
    pub tag: Option<String>,
}

impl Opening {
    /// What came, if anything did.
    pub(super) fn body(&self) -> Option<&Body> {
        match &self.whole {
            Ok(Received::Bytes(body)) => Some(body),
            _ => None,
        }
    }
}

/// Everything to which the answers refer, by what has the picture: projects, people, assets, shots; then
/// the movies of edits.
pub(super) fn referred(list: &ProjectList, films: &[&ProjectSnapshot]) -> Vec<Vec<Referred>> {
    let referred = |kind, label: String, media: &Option<MediaRef>| {
        media.clone().map(|media| Referred { label, kind, media })
    };
    let picture = |of: &str, name: &str, media: &Option<MediaRef>| {
        referred(Kind::Picture, format!("the picture of {of} {name}"), media)
    };
    let projects = list.projects.iter();
    let projects = projects.chain(films.iter().map(|it| &it.project));
    let users = list.users.iter();
    let assets = films.iter().flat_map(|it| &it.assets);
    let shots = films.iter().flat_map(|it| &it.shots);
    let edits = films.iter().flat_map(|it| &it.edits);
    vec![
        projects
            .filter_map(|it| picture("the project", &it.name, &it.thumbnail))
            .collect(),
        users
            .filter_map(|it| picture("the person", &it.name, &it.thumbnail))
            .collect(),
        assets
            .filter_map(|it| picture("the asset", &it.name, &it.thumbnail))
            .collect(),
        shots
            .filter_map(|it| picture("the shot", &it.name, &it.thumbnail))
            .collect(),
        edits
            .filter_map(|it| {
                referred(
                    Kind::Movie,
                    format!("the movie of the edit {}", it.name),
                    &it.movie,
                )
            })
            .collect(),
    ]
}

/// Opens some, each in several ways; and what is not there or not the tracker's.
pub(super) async fn open_some(
    tracker: &Watched<'_>,
    list: &ProjectList,
    scenario: &Scenario<'_>,
    observed: &mut Observed,
) {
    let most = scenario.largest_media;
    let films: Vec<_> = observed.films.iter().map(|it| &it.snapshot).collect();
    let mut openings = Vec::new();
    let mut opened = HashSet::new();
    for group in referred(list, &films) {
        let most_of_kind = match group.first().map(|it| it.kind) {
            Some(Kind::Movie) => scenario.movies,
            _ => scenario.pictures,
        };
        for referred in spread(&group, most_of_kind) {
            if opened.insert(referred.media.clone()) {
                openings.push(open_in_every_way(tracker, referred, most).await);
            }
        }
    }
    let made = openings
        .iter()
        .find(|it| it.by_tracker && it.body().is_some());
    let missing = scenario.missing_media.clone();
    let missing = missing.or_else(|| made.map(|it| like_but_missing(&it.referred.media)));
    if let Some(missing) = missing {
        let what = "opening what is not there";
        let answer = receive(tracker, what, MediaRequest::new(&missing), most).await;
        observed.missing_media = Some((missing, answer));
    }
    let foreign = MediaRef::site("data/previews/of-another.png");
    let request = MediaRequest::new(&foreign);
    let answer = receive(tracker, "opening what is not the tracker's", request, most).await;
    observed.foreign_media = Some(answer);
    observed.media = openings;
}

/// Some of many, from all over.
fn spread<T>(all: &[T], most: usize) -> impl Iterator<Item = &T> {
    let count = most.min(all.len());
    (0..count).filter_map(move |place| all.get(place * all.len() / count))
}

async fn open_in_every_way(tracker: &Watched<'_>, referred: &Referred, most: usize) -> Opening {
    let referred = referred.clone();
    let Referred { label, media, .. } = &referred;
    let new = MediaRequest::new(media);
    let mut by_tracker = true;
    let mut whole = receive(tracker, label, new, most).await;
    // Whoever writes a site opens files itself.
    if let (MediaLocation::File(path), Err(Trouble::Error(error))) = (&media.location, &whole)
        && error.kind() == ErrorKind::Unsupported
    {
        by_tracker = false;
        whole = from_file(path, most);
    }
    let (mut again, mut known, mut outdated, mut rest) = (None, None, None, None);
    if by_tracker && let Ok(Received::Bytes(body)) = &whole {
        again = Some(receive(tracker, label, new, most).await);
        if body.tag.is_some() {
            let with = |known| MediaRequest { known, ..new };
            known = Some(receive(tracker, label, with(body.tag.as_deref()), most).await);
            outdated = Some(receive(tracker, label, with(Some(OUTDATED)), most).await);
        }
        let middle = body.bytes.len() / 2;
        if middle > 0 {
            let offset = middle as u64;
            let request = MediaRequest { offset, ..new };
            rest = Some((offset, receive(tracker, label, request, most).await));
        }
    }
    Opening {
        referred,
        by_tracker,
        whole,
        again,
        known,
        outdated,
        rest,
    }
}

/// Opens a picture or movie and reads it, up to so many bytes.
async fn receive(
    tracker: &Watched<'_>,
    label: &str,
    request: MediaRequest<'_>,
    most: usize,
) -> Call<Received> {
    let what = format!("open_media, {label}");
    let media = match tracker.open(&what, request).await? {
        OpenedMedia::Unchanged => return Ok(Received::Unchanged),
        OpenedMedia::Stream(media) => media,
    };
    let mut stream = media.bytes;
    let read = async {
        let mut bytes = Vec::new();
        while let Some(block) = stream.try_next().await? {
            bytes.extend_from_slice(&block);
            if bytes.len() > most {
                bytes.truncate(most);
                return Ok((bytes, false));
            }
        }
        Ok((bytes, true))
    };
    let (bytes, is_whole) = tracker.call(&what, read).await?;
    Ok(Received::Bytes(Body {
        bytes,
        is_whole,
        length: media.length,
        offset: media.offset,
        content_type: media.content_type,
        tag: media.tag,
    }))
}

/// Reads a file as whoever writes the site does.
fn from_file(path: &Path, most: usize) -> Call<Received> {
    use std::io::Read;

    let read = || {
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path)?;
        file.take(most as u64).read_to_end(&mut bytes)?;
        std::io::Result::Ok(bytes)
    };
    let bytes = read().map_err(|error| {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::Refused,
        };
        let operation = format!("open `{}`", path.display());
        Trouble::Error(Error::new(kind, operation, error.to_string()))
    })?;
    Ok(Received::Bytes(Body {
        is_whole: bytes.len() < most,
        bytes,
        length: None,
        offset: 0,
        content_type: None,
        tag: None,
    }))
}

/// A reference of the same shape to what is not there: ids in it become zeroes, or where it has none its
/// last part gets another name.
fn like_but_missing(media: &MediaRef) -> MediaRef {
    let location = match &media.location {
        MediaLocation::Url(url) => {
            let (path, rest) = url.split_at(url.find(['?', '#']).unwrap_or(url.len()));
            MediaLocation::Url(format!("{}{rest}", renamed(path)))
        }
        MediaLocation::Key(key) => MediaLocation::Key(renamed(key)),
        MediaLocation::File(path) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            MediaLocation::File(path.with_file_name(renamed(&name)))
        }
        other => other.clone(),
    };
    MediaRef {
        location,
        ..media.clone()
    }
}

fn renamed(path: &str) -> String {
    /// Ids are UUIDs: 32 digits of base 16.
    const DIGITS: usize = 32;
    let is_id = |part: &str| {
        let digits = part.chars().filter(char::is_ascii_hexdigit).count();
        digits == DIGITS && part.chars().all(|it| it.is_ascii_hexdigit() || it == '-')
    };
    let zeroes = |part: &str| -> String {
        let zero = |it: char| if it == '-' { it } else { '0' };
        part.chars().map(zero).collect()
    };
    let mut has_ids = false;
    let parts: Vec<String> = path
        .split('/')
        .map(|part| {
            let (stem, ending) = part.split_at(part.find('.').unwrap_or(part.len()));
            match is_id(stem) {
                true => {
                    has_ids = true;
                    format!("{}{ending}", zeroes(stem))
                }
                false => part.to_owned(),
            }
        })
        .collect();
    if has_ids {
        return parts.join("/");
    }
    let (folder, name) = path.split_at(path.rfind('/').map_or(0, |it| it + 1));
    format!("{folder}no-such-{name}")
}

/// Whether a text is an SVG, which has no magic number: its root element says so, behind comments and a
/// document type.
fn is_svg(start: &[u8]) -> bool {
    let text = String::from_utf8_lossy(start);
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    loop {
        match reader.read_event() {
            Ok(Event::Start(root) | Event::Empty(root)) => {
                return root.local_name().as_ref() == "svg";
            }
            Ok(Event::DocType(name)) if name.to_ascii_lowercase().starts_with("html") => {
                return false;
            }
            Ok(Event::Text(text)) if !text.trim().is_empty() => return false,
            Ok(
                Event::Decl(_)
                | Event::PI(_)
                | Event::Comment(_)
                | Event::DocType(_)
                | Event::Text(_),
            ) => {}
            _ => return false,
        }
    }
}

/// What some bytes are, by their start: a media type, if they are of any kind that is known.
pub(super) fn media_type(bytes: &[u8]) -> Option<&'static str> {
    if is_svg(&bytes[..bytes.len().min(64 << 10)]) {
        return Some("image/svg+xml");
    }
    match infer::get(bytes).map(|it| it.mime_type()) {
        // Movies of any brand are one container.
        Some("video/x-m4v" | "video/quicktime") => Some("video/mp4"),
        None if bytes.get(4..8) == Some(b"ftyp") => Some("video/mp4"),
        found => found,
    }
}

impl Kind {
    /// Whether a browser shows bytes of this media type.
    pub(super) fn takes(self, media_type: Option<&str>) -> bool {
        match self {
            Self::Picture => matches!(
                media_type,
                Some(
                    "image/png"
                        | "image/jpeg"
                        | "image/gif"
                        | "image/webp"
                        | "image/avif"
                        | "image/svg+xml"
                )
            ),
            Self::Movie => media_type == Some("video/mp4"),
        }
    }

    /// What it must be, for people.
    pub(super) fn due(self) -> &'static str {
        match self {
            Self::Picture => "a picture that a browser shows",
            Self::Movie => "an MP4 movie",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_svg_is_known_by_its_root_element() {
        let svg = Some("image/svg+xml");
        assert_eq!(
            media_type(b"<?xml version='1.0'?><!-- by hand --><svg/>"),
            svg
        );
        assert_eq!(
            media_type(b"<!DOCTYPE svg [<!ENTITY a 'b'>]>\n<s:svg xmlns:s='x'/>"),
            svg
        );
        assert_eq!(
            media_type(b"<?xml version='1.0'?><Error><svg/></Error>"),
            Some("text/xml")
        );
        assert_ne!(media_type(b"<!DOCTYPE html><svg/>"), svg);
    }

    #[test]
    fn a_missing_one_is_of_the_same_shape() {
        let missing = |media: MediaRef| match like_but_missing(&media).location {
            MediaLocation::Url(text) | MediaLocation::Key(text) => text,
            MediaLocation::File(path) => path
                .iter()
                .map(|it| it.display().to_string())
                .collect::<Vec<_>>()
                .join("/"),
            other => format!("{other:?}"),
        };
        let made = [
            missing(MediaRef::url(
                "https://a.example/pictures/preview-files/122f7c71-a865-4588-96e2-530b39deb7b8.png",
            )),
            missing(MediaRef::url(
                "https://a.example/folders/122f7c71a865458896e2530b39deb7b8/thumbnail?size=1#2",
            )),
            missing(MediaRef::url("https://a.example/jade.png?v=2/3")),
            missing(MediaRef::key("shots/0/1")),
            missing(MediaRef::key("movie")),
            missing(MediaRef::file("pictures/a.png")),
        ];
        insta::assert_snapshot!(made.join("\n"), @r#"
        https://a.example/pictures/preview-files/00000000-0000-0000-0000-000000000000.png
        https://a.example/folders/00000000000000000000000000000000/thumbnail?size=1#2
        https://a.example/no-such-jade.png?v=2/3
        shots/0/no-such-1
        no-such-movie
        pictures/no-such-a.png
        "#);
    }

    #[test]
    fn some_are_taken_from_all_over() {
        let all: Vec<u32> = (0..10).collect();
        assert_eq!(spread(&all, 3).collect::<Vec<_>>(), [&0, &3, &6]);
        assert_eq!(spread(&all, 99).count(), 10);
        assert_eq!(spread(&all, 0).count() + spread::<u32>(&[], 3).count(), 0);
    }
}
