//! Which clip is which shot.

use std::collections::HashMap;

use regex_lite::{Captures, Regex};
use watchtower_model::{Episode, ProjectSnapshot};

use super::cut::{Name, Source};
use crate::names::words;
use crate::{Error, ErrorKind, Result};

/// How a studio names shots in its edits, where the rules of this crate do not fit: a regular expression
/// with a group `shot`, and groups `sequence` and `episode` if they are in the name as well.
///
/// ```
/// use watchtower_connector::edit::NamePattern;
///
/// let pattern = NamePattern::new(r"^(?<sequence>[a-z]+)(?<shot>\d+)")?;
/// assert_eq!(pattern.parts("kite0020 v3"), Some((None, Some("kite"), "0020")));
/// assert!(NamePattern::new("kite").is_err());
/// # Ok::<(), watchtower_connector::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct NamePattern(Regex);

impl PartialEq for NamePattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl NamePattern {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// `Config` for what is no regular expression, has no group `shot`, or a group of another name.
    pub fn new(expression: &str) -> Result<Self> {
        const GROUPS: [&str; 3] = ["episode", "sequence", "shot"];
        let failed = |message: String| {
            let help = r"as in --edit-match '(?<sequence>\d+)_(?<shot>\d+)'";
            Err(Error::new(ErrorKind::Config, "read --edit-match", message).with_help(help))
        };
        let shown = expression.escape_debug();
        let Ok(regex) = Regex::new(expression) else {
            return failed(format!("`{shown}` is not a regular expression"));
        };
        let unknown = regex.capture_names().flatten();
        if let Some(name) = unknown.into_iter().find(|it| !GROUPS.contains(it)) {
            return failed(format!(
                "`{shown}` has a group `{name}`: groups are `shot`, `sequence` and `episode`"
            ));
        }
        if !regex.capture_names().flatten().any(|it| it == "shot") {
            return failed(format!("`{shown}` has no group `shot`"));
        }
        Ok(Self(regex))
    }

    /// Episode, sequence and shot in a name, where it has the shot.
    pub fn parts<'a>(&self, name: &'a str) -> Option<(Option<&'a str>, Option<&'a str>, &'a str)> {
        let found: Captures<'a> = self.0.captures(name)?;
        let group = |key: &str| found.name(key).map(|it| it.as_str());
        Some((group("episode"), group("sequence"), group("shot")?))
    }
}

/// What names of a clip were found to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Found<'a> {
    /// A shot, by its place in the snapshot, and the name that it was found by.
    Shot(usize, &'a Name),
    /// A name that fits two shots, and these.
    Several(&'a Name, usize, usize),
    Nothing,
}

/// The shots of a project by their names.
pub(super) struct ShotNames<'a> {
    pattern: Option<&'a NamePattern>,
    /// Names that a clip's whole name may be.
    whole: HashMap<String, Fits>,
    /// Names of two words or more: a clip's name may go on after them.
    long: HashMap<String, Fits>,
    /// Ids, as the tracker writes them.
    ids: HashMap<String, usize>,
    /// The words of episode, sequence and shot, for expressions.
    parts: Vec<[String; 3]>,
    /// The words of the project's name, with which a clip's may start.
    project: String,
}

/// The shots that have a name: one, or two of several.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fits {
    One(usize),
    Several(usize, usize),
}

impl<'a> ShotNames<'a> {
    /// Those of the shots of one episode, or of all.
    pub(super) fn of(
        snapshot: &ProjectSnapshot,
        pattern: Option<&'a NamePattern>,
        of: Option<&Episode>,
    ) -> Self {
        let episodes = snapshot.episodes.iter().map(|it| (&it.id, &*it.name));
        let episodes: HashMap<_, _> = episodes.collect();
        let sequences: HashMap<_, _> = snapshot.sequences.iter().map(|it| (&it.id, it)).collect();
        let mut names = Self {
            pattern,
            whole: HashMap::new(),
            long: HashMap::new(),
            ids: HashMap::new(),
            parts: Vec::new(),
            project: words([&*snapshot.project.name]),
        };
        for (at, shot) in snapshot.shots.iter().enumerate() {
            let sequence = sequences.get(&shot.sequence_id);
            let id = sequence.and_then(|it| it.episode_id.as_ref());
            if of.is_some_and(|it| id != Some(&it.id)) {
                names.parts.push([const { String::new() }; 3]);
                continue;
            }
            let episode = sequence.and_then(|it| episodes.get(it.episode_id.as_ref()?));
            let sequence = sequence.map(|it| &*it.name);
            let name = &*shot.name;
            let mut all = vec![words([name])];
            all.extend(sequence.map(|it| words([it, name])));
            all.extend(episode.map(|it| words([*it, sequence.unwrap_or_default(), name])));
            for name in all {
                if name.contains('_') {
                    add(&mut names.long, name.clone(), at);
                }
                add(&mut names.whole, name, at);
            }
            for name in sequence.into_iter().flat_map(|it| joined(it, name)) {
                add(&mut names.long, name.clone(), at);
                add(&mut names.whole, name, at);
            }
            add(&mut names.whole, words([shot.id.as_str()]), at);
            names.ids.insert(shot.id.as_str().to_owned(), at);
            names.parts.push([
                episode.map_or_else(String::new, |it| words([*it])),
                sequence.map_or_else(String::new, |it| words([it])),
                words([name]),
            ]);
        }
        names
    }

    /// The shot of a clip: the first of its names that is one decides.
    pub(super) fn find<'n>(&self, names: &'n [Name]) -> Found<'n> {
        let mut several = Found::Nothing;
        for name in names {
            match self.fits(name) {
                Some(Fits::One(shot)) => return Found::Shot(shot, name),
                Some(Fits::Several(one, other)) if several == Found::Nothing => {
                    several = Found::Several(name, one, other);
                }
                _ => {}
            }
        }
        several
    }

    fn fits(&self, name: &Name) -> Option<Fits> {
        if name.source == Source::Id {
            return self.ids.get(&name.text).copied().map(Fits::One);
        }
        if let Some(pattern) = self.pattern {
            return self.fits_pattern(pattern, &name.text);
        }
        let is_text = matches!(name.source, Source::Comment | Source::Marker);
        self.fits_name(name.file_name(), !is_text)
            .or_else(|| is_text.then(|| self.fits_word(&name.text)).flatten())
    }

    /// The first word of a text that is a shot. A number alone is one only at the start: others count
    /// frames.
    fn fits_word(&self, text: &str) -> Option<Fits> {
        let is_number = |it: &str| it.bytes().all(|byte| byte.is_ascii_digit());
        let all = text_words(text)
            .enumerate()
            .filter(|(at, it)| *at == 0 || !is_number(it));
        all.into_iter()
            .find_map(|(_, it)| self.fits_name(it, false))
    }

    /// The shot of a name: by all of it, without its ending, version and take; or by the longest of two words
    /// or more with which it starts; or, where it `may_hold` one anywhere, by the longest that it holds.
    fn fits_name(&self, name: &str, may_hold: bool) -> Option<Fits> {
        let without_frame = |it: &'_ str| -> String {
            // A number, or what stands for one: `%04d`, `####`, `[0001-0048]`.
            let number = it.rsplit_once('.').filter(|(rest, number)| {
                number.len() >= 3
                    && number
                        .chars()
                        .all(|it| it.is_ascii_digit() || "#%d[-]".contains(it))
                    && !rest.bytes().all(|byte| byte.is_ascii_digit())
            });
            number.map_or(it, |(rest, _)| rest).to_owned()
        };
        let file = stem(name);
        let mut whole: Vec<String> = Vec::new();
        for name in [name, file, &without_frame(file)] {
            let name = words([name]);
            let rest = name.strip_prefix(&self.project);
            let rest = rest.and_then(|it| it.strip_prefix('_'));
            let rest = rest.filter(|_| !self.project.is_empty()).map(str::to_owned);
            for name in [Some(name), rest].into_iter().flatten() {
                whole.push(without_version(&name).to_owned());
                whole.push(name);
            }
        }
        whole.retain(|it| !it.is_empty());
        let found = whole.iter().find_map(|it| self.whole.get(it));
        let starts = || {
            whole
                .iter()
                .find_map(|it| self.longest_at(it, 0))
                .map(|(_, fits)| fits)
        };
        let holds = || {
            let name = whole.first()?;
            let starts = name.match_indices('_').map(|(at, _)| at + 1);
            let found = starts.filter_map(|start| {
                let (length, fits) = self.longest_at(name, start)?;
                Some((start..start + length, fits))
            });
            // What holds two shots, one behind the other, is of neither.
            found.reduce(|a, b| match (a.1, b.1) {
                (Fits::One(one), Fits::One(other)) if one != other && b.0.start >= a.0.end => {
                    (a.0.start..b.0.end, Fits::Several(one, other))
                }
                _ if b.0.len() > a.0.len() => b,
                _ => a,
            })
        };
        found
            .copied()
            .or_else(starts)
            .or_else(|| may_hold.then(holds).flatten().map(|(_, fits)| fits))
    }

    /// The longest name that stands at a place in words, and its length.
    fn longest_at(&self, words: &str, start: usize) -> Option<(usize, Fits)> {
        let words = words.get(start..)?;
        let ends = words.match_indices('_').map(|(at, _)| at);
        let ends = ends.chain([words.len()]);
        let mut found = ends.filter_map(|end| Some((end, *self.long.get(&words[..end])?)));
        found.by_ref().last()
    }

    fn fits_pattern(&self, pattern: &NamePattern, name: &str) -> Option<Fits> {
        let (episode, sequence, shot) = pattern.parts(name)?;
        let one = |it: Option<&str>| it.map(|it| words([it]));
        let (episode, sequence) = (one(episode), one(sequence));
        let own = words([shot]);
        let long = words(sequence.as_deref().into_iter().chain([shot]));
        let is = |[of_episode, of_sequence, name]: &[String; 3]| {
            let same = sequence.as_ref().is_none_or(|it| it == of_sequence);
            episode.as_ref().is_none_or(|it| it == of_episode)
                // A shot's own name may carry its sequence.
                && (same && *name == own || sequence.is_some() && *name == long)
        };
        let all = self.parts.iter().enumerate();
        let mut found = all.filter(|(_, it)| is(it)).map(|(at, _)| at);
        match (found.next(), found.next()) {
            (Some(one), None) => Some(Fits::One(one)),
            (Some(one), Some(other)) => Some(Fits::Several(one, other)),
            (None, _) => None,
        }
    }
}

/// The words of a comment or marker, as people separate them. A keyword in front, as in Resolve's `|M:`, is none.
pub(super) fn text_words(text: &str) -> impl Iterator<Item = &str> {
    let is_between = |c: char| c.is_whitespace() || "|,;()[]\"'".contains(c);
    let after_key = |it| match str::split_once(it, ':') {
        Some((key, rest)) if key.bytes().all(|byte| byte.is_ascii_alphabetic()) => rest,
        _ => it,
    };
    // `203_003_010---PV203_003_810` is two, with a dash between them.
    let all = text.split(is_between).flat_map(|it| it.split("--"));
    let all = all.map(|it| it.trim_matches('-')).map(after_key);
    all.filter(|it| !it.is_empty())
}

/// Sequence and shot as one word, as in `KITE0020`, where that cannot be a number alone: of a sequence `KITE` and a
/// shot `0020`, or a shot `KITE0020`.
fn joined(sequence: &str, shot: &str) -> Option<String> {
    let [sequence, shot] = [sequence, shot].map(|it| words([it]).replace('_', ""));
    let name = match shot.strip_prefix(&sequence) {
        Some(rest) if !rest.is_empty() => shot,
        _ => sequence + &shot,
    };
    name.contains(|c: char| !c.is_ascii_digit()).then_some(name)
}

fn add(names: &mut HashMap<String, Fits>, name: String, at: usize) {
    let fits = names.entry(name).or_insert(Fits::One(at));
    if let Fits::One(first) = *fits
        && first != at
    {
        *fits = Fits::Several(first, at);
    }
}

/// A name without the ending of a movie's file, which is no number of a shot: `010.0020` has none.
pub(super) fn stem(name: &str) -> &str {
    let is_ending =
        |it: &str| (2..=4).contains(&it.len()) && it.bytes().any(|byte| byte.is_ascii_alphabetic());
    match name.rsplit_once('.') {
        Some((stem, ending)) if is_ending(ending) => stem,
        _ => name,
    }
}

/// Words without the version, the take or the copy at their end.
pub(super) fn without_version(words: &str) -> &str {
    let is_numbered = |word: &str, keys: &[&str]| {
        let rest = keys.iter().find_map(|key| word.strip_prefix(key));
        rest.is_some_and(|it| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let is_word = |word: &str| {
        matches!(
            word,
            "v" | "ver" | "version" | "take" | "tk" | "copy" | "new"
        )
    };
    let mut rest = words;
    while let Some((before, last)) = rest.rsplit_once('_') {
        let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
        if is_word(last) || is_numbered(last, &["v", "ver", "version", "take", "tk"]) {
            rest = before;
        } else if let Some((earlier, word)) = before.rsplit_once('_')
            && is_number
            && is_word(word)
        {
            rest = earlier;
        } else {
            break;
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use watchtower_model::{Project, Sequence, Shot, ShotData};

    use super::*;

    fn film(shots: &[&str]) -> ProjectSnapshot {
        let mut film = ProjectSnapshot::new(Project::new("Small Film"));
        for shot in shots {
            let (sequence, name) = shot.split_once('/').unwrap();
            let sequence = Sequence::new(sequence);
            let data = ShotData::default();
            film.shots.push(Shot::new(name, &sequence.id, data));
            if !film.sequences.contains(&sequence) {
                film.sequences.push(sequence);
            }
        }
        film
    }

    /// What a clip of one name is in a film of these shots: a shot, two in a row, or `-`.
    fn found(shots: &[&str], source: Source, text: &str, pattern: Option<&str>) -> String {
        let pattern = pattern.map(|it| NamePattern::new(it).unwrap());
        let film = film(shots);
        match ShotNames::of(&film, pattern.as_ref(), None).find(&[Name::new(source, text)]) {
            Found::Shot(shot, _) => shots[shot].to_owned(),
            Found::Several(_, one, other) => format!("{} {}", shots[one], shots[other]),
            Found::Nothing => "-".to_owned(),
        }
    }

    #[test]
    fn a_name_is_the_longest_that_fits() {
        let shots = [
            "010/0020",
            "010_intro/010_0010",
            "KITE/KITE_0020",
            "sea/sh0010",
            "LC/LC4000",
            "MR/1200",
        ];
        for (text, want) in [
            ("010_0020", "010/0020"),
            ("0020", "010/0020"),
            ("010_0020_anim_v003", "010/0020"),
            ("Small Film_010_0020_v2", "010/0020"),
            ("small_film_0020", "010/0020"),
            ("0020_anim", "-"),
            ("010_00201", "-"),
            ("010", "-"),
            ("", "-"),
            ("010_0010-anim-v003.mp4", "010_intro/010_0010"),
            ("010_intro_010_0010", "010_intro/010_0010"),
            ("KITE_0020_Anim_v09", "KITE/KITE_0020"),
            ("RFE_KITE_0020_Anim_v09", "KITE/KITE_0020"),
            ("KITE_0020_to_010_0020", "KITE/KITE_0020"),
            ("x_KITE_0020_010_0020", "KITE/KITE_0020 010/0020"),
            ("sh0010.mov", "sea/sh0010"),
            ("sh0010_v003.mov", "sea/sh0010"),
            ("sh0010 take 3.mov", "sea/sh0010"),
            ("sh0010.new.01", "sea/sh0010"),
            ("sea-SH0010.0101.exr", "sea/sh0010"),
            ("sh0010.0101.exr", "sea/sh0010"),
            ("sh0010.%04d.exr", "sea/sh0010"),
            ("sh0010.[0001-0048].exr", "sea/sh0010"),
            ("sh0010_anim", "-"),
            ("LC4000_V001_PREVIS.MOV", "LC/LC4000"),
            ("RFE_LC4000", "LC/LC4000"),
            ("KITE0020_comp", "KITE/KITE_0020"),
            ("sea0010", "-"),
            ("MR1200_x", "MR/1200"),
            ("0100020", "-"),
        ] {
            assert_eq!(found(&shots, Source::Clip, text, None), want, "{text}");
        }
        let path = r"S:\shots\sh0010.take_1.0001.exr";
        assert_eq!(found(&shots, Source::File, path, None), "sea/sh0010");
    }

    #[test]
    fn what_fits_two_shots_is_neither() {
        let shots = ["010/0010", "020/0010", "x/010_0010", "a/b_0030", "a_b/0030"];
        for (text, want) in [
            ("0010", "010/0010 020/0010"),
            ("020_0010_v2", "020/0010"),
            ("010_0010", "010/0010 x/010_0010"),
            ("010_0010_anim", "010/0010 x/010_0010"),
            ("x_020_0010_b_0030", "020/0010 a/b_0030"),
            ("y_a_b_0030", "a/b_0030 a_b/0030"),
        ] {
            assert_eq!(found(&shots, Source::Clip, text, None), want, "{text}");
        }
        let shots = ["010/0010", "020/0030"];
        let held = found(&shots, Source::Clip, "wide_010_0010_020_0030", None);
        assert_eq!(held, "010/0010 020/0030");
    }

    #[test]
    fn a_text_is_read_word_by_word() {
        let shots = ["zz/0010", "zz/YA0020", "SEQ 1/sh 0030"];
        for (text, want) in [
            ("VFX  zz_0010 add snow", "zz/0010"),
            ("add snow (zz_0010)", "zz/0010"),
            ("0010 add snow", "zz/0010"),
            ("add 0010 frames", "-"),
            ("YA0020", "zz/YA0020"),
            ("fix YA0020, please", "zz/YA0020"),
            ("seq 1 / sh 0030", "SEQ 1/sh 0030"),
            ("add snow", "-"),
            ("|C:ResolveColorBlue |M:zz_0010 |D:1", "zz/0010"),
            ("COMMENT: zz_0010", "zz/0010"),
            ("01:00:00:04 add snow", "-"),
        ] {
            assert_eq!(found(&shots, Source::Marker, text, None), want, "{text}");
            assert_eq!(found(&shots, Source::Comment, text, None), want, "{text}");
        }
    }

    #[test]
    fn an_expression_takes_the_place_of_the_rules() {
        let shots = ["010/0020", "kite/kite_0030", "sea/0020"];
        let pattern = Some(r"^(?<sequence>[a-z0-9]+)[-x](?<shot>\d+)");
        for (text, want) in [
            ("010x0020 v3", "010/0020"),
            ("sea-0020", "sea/0020"),
            ("kite-0030", "kite/kite_0030"),
            ("010_0020", "-"),
            ("sky-0020", "-"),
        ] {
            assert_eq!(found(&shots, Source::Clip, text, pattern), want, "{text}");
        }
        let alone = Some(r"shot(?<shot>\d+)");
        assert_eq!(
            found(&shots, Source::Clip, "shot0020", alone),
            "010/0020 sea/0020"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_name_is_too_odd(
            text in "[a0é_. /|\u{301}\u{30a2}v1-]{0,24}",
            shot in "[a0é_. \u{301}]{0,8}",
            source in proptest::sample::select(vec![Source::Comment, Source::Clip, Source::File]),
        ) {
            let shots = [format!("a/{shot}"), "é0/a0_0".to_owned()];
            let shots = [&*shots[0], &*shots[1]];
            found(&shots, source, &text, None);
            found(&shots, source, &text, Some("(?<shot>a.)"));
        }
    }

    #[test]
    fn an_expression_that_cannot_be_is_told() {
        let told = ["(", r"\d+", "(?<shot>a)(?<reel>b)"].map(|it| {
            let error = NamePattern::new(it).unwrap_err();
            format!("{error}")
        });
        insta::assert_snapshot!(told.join("\n"));
    }
}
