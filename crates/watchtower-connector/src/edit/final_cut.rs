//! XML of Final Cut 7, which Premiere, Resolve and others write as well.

use std::collections::HashMap;

use roxmltree::{Document, Node, ParsingOptions};

use super::cut::{Cut, Kind, Name, Piece, Source, add_marker};

/// How deep sequences may stand in each other: no edit is deeper, and one that holds itself has no end.
const DEPTH: usize = 32;

/// The most pieces that are read: sequences in sequences multiply.
const PIECES: usize = 200_000;

/// Reads the sequence of a file. `fps` is in place of the rate that it has.
///
/// # Errors
///
/// In words, for what holds no such sequence, or several.
pub(super) fn read(text: &str, fps: Option<f64>) -> Result<Cut, String> {
    // Each entity can hold others many times over, until there is no memory left.
    if text.contains("<!ENTITY") {
        return Err("it defines entities, which no edit needs".to_owned());
    }
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).map_err(|error| {
        let place = error.pos();
        format!("line {}, column {}: it is not XML", place.row, place.col)
    })?;
    let root = document.root_element();
    match root.tag_name().name() {
        "xmeml" => {}
        "fcpxml" => {
            return Err(
                "it is XML of Final Cut Pro X: export XML of Final Cut 7, or OTIO".to_owned(),
            );
        }
        other => {
            return Err(format!(
                "it is XML, and not of Final Cut 7: it starts with `{}`, not `xmeml`",
                other.escape_debug()
            ));
        }
    }
    let mut reader = Reader {
        by_id: HashMap::new(),
        fps: 0.0,
        pieces: Vec::new(),
        notes: Vec::new(),
    };
    for node in root
        .descendants()
        .filter(|it| it.children().any(|it| it.is_element()))
    {
        if let Some(id) = node.attribute("id") {
            reader
                .by_id
                .entry((node.tag_name().name(), id))
                .or_insert(node);
        }
    }
    let sequence = reader.only_sequence(root)?;
    let rate = sequence_rate(sequence).or(fps);
    let rate = rate.ok_or("its sequence has no `rate`: give --fps")?;
    reader.fps = rate;
    reader.sequence(
        sequence,
        &Place {
            start: 0.0,
            skipped: 0.0,
            window: (0.0, f64::INFINITY),
            depth: 0,
        },
    )?;
    let fps = fps.unwrap_or(rate);
    for piece in &mut reader.pieces {
        piece.place = format!("frame {}", piece.frames(fps).0);
    }
    Ok(Cut {
        name: text_of(sequence, "name").unwrap_or_default().to_owned(),
        fps,
        pieces: reader.pieces,
        notes: reader.notes,
    })
}

struct Reader<'a> {
    /// Elements by tag and id, as they are written out: others refer to them.
    by_id: HashMap<(&'a str, &'a str), Node<'a, 'a>>,
    /// The rate of sequences that do not say theirs.
    fps: f64,
    pieces: Vec<Piece>,
    notes: Vec<String>,
}

/// Where a sequence is, in seconds of the film.
struct Place {
    start: f64,
    /// What of it is not used at its start.
    skipped: f64,
    window: (f64, f64),
    depth: usize,
}

impl<'a> Reader<'a> {
    /// The sequence of a file that holds one; those that are in another do not count.
    fn only_sequence(&self, root: Node<'a, 'a>) -> Result<Node<'a, 'a>, String> {
        let is_inside = |it: &Node<'a, 'a>| it.ancestors().any(|it| it.has_tag_name("clipitem"));
        let all = root.descendants().filter(|it| it.has_tag_name("sequence"));
        let (inside, top): (Vec<_>, Vec<_>) = all.partition(is_inside);
        let used: Vec<_> = inside.iter().filter_map(|it| it.attribute("id")).collect();
        let is_used = |it: &Node<'a, 'a>| it.attribute("id").is_some_and(|id| used.contains(&id));
        let mut alone = top.iter().filter(|it| !is_used(it));
        match (alone.next().or(top.first()), alone.next()) {
            (Some(one), None) => Ok(self.whole(*one)),
            (Some(_), Some(_)) => {
                let names = top.iter().filter(|it| !is_used(it));
                let names = names.map(|it| {
                    format!(
                        "`{}`",
                        text_of(*it, "name").unwrap_or_default().escape_debug()
                    )
                });
                Err(format!(
                    "it holds several sequences ({}): export the one alone",
                    super::listed(names)
                ))
            }
            (None, _) => Err("there is no sequence in it".to_owned()),
        }
    }

    /// The element that is written out, for one that refers to it.
    fn whole(&self, node: Node<'a, 'a>) -> Node<'a, 'a> {
        let id = node.attribute("id");
        let whole = id.and_then(|id| self.by_id.get(&(node.tag_name().name(), id)));
        whole.copied().unwrap_or(node)
    }

    fn sequence(&mut self, sequence: Node<'a, 'a>, place: &Place) -> Result<(), String> {
        let fps = sequence_rate(sequence).unwrap_or(self.fps);
        if place.depth > DEPTH {
            return Err(format!(
                "sequences stand in each other more than {DEPTH} deep"
            ));
        }
        let first = self.pieces.len();
        let video = child(sequence, "media").unwrap_or(sequence);
        let video = child(video, "video");
        let tracks = video
            .into_iter()
            .flat_map(|it| it.children().filter(|it| it.has_tag_name("track")));
        for (track, number) in tracks.zip(1..) {
            if is_off(track) {
                self.notes
                    .push(format!("video track {number} is disabled in the edit"));
                continue;
            }
            self.track(track, fps, place)?;
        }
        for marker in sequence.children().filter(|it| it.has_tag_name("marker")) {
            if let Some(time) = number(marker, "in") {
                let time = place.start - place.skipped + time / fps;
                add_marker(&mut self.pieces[first..], time, &marker_names(marker));
            }
        }
        Ok(())
    }

    fn track(&mut self, track: Node<'a, 'a>, fps: f64, place: &Place) -> Result<(), String> {
        let is_item = |it: &Node<'_, '_>| {
            matches!(
                it.tag_name().name(),
                "clipitem" | "generatoritem" | "transitionitem"
            )
        };
        let items: Vec<_> = track
            .children()
            .filter(is_item)
            .map(|it| self.whole(it))
            .collect();
        let cut = |at: Option<usize>| {
            let item = items
                .get(at?)
                .filter(|it| it.has_tag_name("transitionitem"))?;
            let (start, end) = (number(*item, "start")?, number(*item, "end")?);
            Some(match text_of(*item, "alignment").unwrap_or_default() {
                "start" | "start-black" => start,
                "end" | "end-black" => end,
                _ => ((start + end) / 2.0).trunc(),
            })
        };
        for (at, item) in items.iter().enumerate() {
            if item.has_tag_name("transitionitem") {
                continue;
            }
            let label = text_of(*item, "name")
                .unwrap_or("without a name")
                .escape_debug();
            // -1 is where the clip meets a transition.
            let edge = |tag: &str, beside: Option<usize>| {
                number(*item, tag)
                    .filter(|it| *it >= 0.0)
                    .or_else(|| cut(beside))
            };
            let range = edge("start", at.checked_sub(1)).zip(edge("end", Some(at + 1)));
            let Some((start, end)) = range.filter(|(start, end)| start <= end) else {
                self.notes.push(format!(
                    "`{label}` has no place on its track, and is passed over"
                ));
                continue;
            };
            if is_off(*item) {
                self.notes
                    .push(format!("`{label}` is disabled in the edit"));
                continue;
            }
            // In a transition at its head, a clip starts earlier in its own time.
            let before = match number(*item, "start") {
                Some(-1.0) => {
                    number(items[at.saturating_sub(1)], "start").map_or(0.0, |it| start - it)
                }
                _ => 0.0,
            };
            self.item(*item, (start / fps, end / fps), before / fps, place)?;
        }
        Ok(())
    }

    fn item(
        &mut self,
        item: Node<'a, 'a>,
        (start, end): (f64, f64),
        before: f64,
        place: &Place,
    ) -> Result<(), String> {
        let moved = place.start - place.skipped;
        let (start, end) = (moved + start, moved + end);
        let seen = (start.max(place.window.0), end.min(place.window.1));
        // What is less than a thousandth of a frame is none.
        if seen.1 - seen.0 < 1e-5 {
            return Ok(());
        }
        if self.pieces.len() >= PIECES {
            return Err(format!("it has more than {PIECES} clips"));
        }
        let nested = child(item, "sequence").map(|it| self.whole(it));
        let file = child(item, "file").map(|it| self.whole(it));
        let is_generated = item.has_tag_name("generatoritem")
            || file.is_some_and(|it| {
                child(it, "mediaSource").is_some() && child(it, "pathurl").is_none()
            });
        let at = self.pieces.len();
        self.pieces.push(Piece {
            names: names(item, file),
            place: String::new(),
            start: seen.0,
            end: seen.1,
            kind: match nested {
                Some(_) => Kind::Nested,
                None if is_generated => Kind::Generated,
                None => Kind::Clip,
            },
            inside: 0,
        });
        if let Some(nested) = nested {
            let fps = rate(item).or_else(|| rate(nested)).unwrap_or(1.0);
            let skipped = number(item, "in").map_or(0.0, |it| it.max(0.0) / fps) + before;
            self.sequence(
                nested,
                &Place {
                    start,
                    skipped,
                    window: seen,
                    depth: place.depth + 1,
                },
            )?;
            self.pieces[at].inside = self.pieces.len() - at - 1;
        }
        Ok(())
    }
}

/// What may name the shot, the most telling first. Of its markers, those count that it shows.
fn names(item: Node<'_, '_>, file: Option<Node<'_, '_>>) -> Vec<Name> {
    let mut names = Vec::new();
    let mut add = |source: Source, text: Option<&str>| {
        names.extend(text.map(|it| Name::new(source, it)));
    };
    let comments = child(item, "comments");
    for comment in comments.iter().flat_map(|it| it.children()) {
        add(Source::Comment, comment.text());
    }
    let log = child(item, "logginginfo");
    for key in ["description", "lognote", "shottake", "scene"] {
        add(Source::Comment, log.and_then(|it| text_of(it, key)));
    }
    let (start, end) = (number(item, "in"), number(item, "out"));
    for marker in item.children().filter(|it| it.has_tag_name("marker")) {
        let time = number(marker, "in").unwrap_or_default();
        if start.is_none_or(|it| it <= time) && end.is_none_or(|it| time < it || it < 0.0) {
            names.extend(marker_names(marker));
        }
    }
    let mut add = |source: Source, text: Option<&str>| {
        names.extend(text.map(|it| Name::new(source, it)));
    };
    add(Source::Clip, text_of(item, "name"));
    let path = file
        .and_then(|it| text_of(it, "pathurl"))
        .map(super::decoded);
    add(Source::File, path.as_deref());
    add(Source::File, file.and_then(|it| text_of(it, "name")));
    let reel = file.and_then(|it| child(it, "timecode"));
    let reel = reel.and_then(|it| child(it, "reel"));
    add(Source::Reel, reel.and_then(|it| text_of(it, "name")));
    names.retain(|it| !it.text.is_empty());
    names
}

fn marker_names(marker: Node<'_, '_>) -> Vec<Name> {
    let texts = ["name", "comment"]
        .into_iter()
        .filter_map(|it| text_of(marker, it));
    texts.map(|it| Name::new(Source::Marker, it)).collect()
}

fn child<'a>(node: Node<'a, 'a>, tag: &str) -> Option<Node<'a, 'a>> {
    node.children().find(|it| it.has_tag_name(tag))
}

fn text_of<'a>(node: Node<'a, 'a>, tag: &str) -> Option<&'a str> {
    child(node, tag)?.text().map(str::trim)
}

fn number(node: Node<'_, '_>, tag: &str) -> Option<f64> {
    let text = node.children().find(|it| it.has_tag_name(tag))?.text()?;
    text.trim().parse().ok().filter(|it: &f64| it.is_finite())
}

fn is_off(node: Node<'_, '_>) -> bool {
    let text = node.children().find(|it| it.has_tag_name("enabled"));
    text.and_then(|it| it.text())
        .is_some_and(|it| it.trim().eq_ignore_ascii_case("false"))
}

/// The rate of a sequence, or of its pictures.
fn sequence_rate(sequence: Node<'_, '_>) -> Option<f64> {
    let format = sequence.descendants().find(|it| it.has_tag_name("format"));
    let pictures = format.and_then(|it| {
        it.children()
            .find(|it| it.has_tag_name("samplecharacteristics"))
    });
    rate(sequence).or_else(|| rate(pictures?))
}

/// Frames per second: the timebase, a thousandth slower where it is NTSC's.
fn rate(node: Node<'_, '_>) -> Option<f64> {
    let rate = node.children().find(|it| it.has_tag_name("rate"))?;
    let ntsc = rate.children().find(|it| it.has_tag_name("ntsc"));
    let is_ntsc = ntsc
        .and_then(|it| it.text())
        .is_some_and(|it| it.trim().eq_ignore_ascii_case("true"));
    let base = number(rate, "timebase").filter(|it| super::is_frame_rate(*it))?;
    Some(match is_ntsc {
        true => base * 1000.0 / 1001.0,
        false => base,
    })
}
