//! Which shot a clip is where there is no tracker to ask: sequence and shot, from its names alone.

use std::collections::HashSet;

use super::cut::{Cut, Kind, Name, Source};
use super::matching::{NamePattern, stem, text_words, without_version};
use crate::names::{composed, words};

/// The shot that a clip's names tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub episode: Option<String>,
    pub sequence: Option<String>,
    pub shot: String,
    /// Which of the clip's names it is from.
    pub by: usize,
}

/// The shots that the pieces of a cut tell, one for each piece.
///
/// Where comments or markers name shots, others are of sequences that those name: what lies around them in the
/// list of a visual effects editor is no shot of theirs.
pub(super) fn told(cut: &Cut, pattern: Option<&NamePattern>) -> Vec<Option<Told>> {
    let pieces = cut.pieces.iter();
    let mut told: Vec<_> = pieces.map(|it| one(&it.names, it.kind, pattern)).collect();
    let is_written = |it: &Told, names: &[Name]| names[it.by].source < Source::Clip;
    let mut sequences = HashSet::new();
    for (told, piece) in told.iter().zip(&cut.pieces) {
        let told = told.as_ref().filter(|it| is_written(it, &piece.names));
        sequences.extend(told.and_then(|it| Some(words([it.sequence.as_deref()?]))));
    }
    if pattern.is_none() && !sequences.is_empty() {
        for (told, piece) in told.iter_mut().zip(&cut.pieces) {
            let is_of_theirs = told.as_ref().is_some_and(|it| {
                let sequence = it.sequence.as_deref().unwrap_or_default();
                is_written(it, &piece.names) || sequences.contains(&words([sequence]))
            });
            if !is_of_theirs {
                *told = None;
            }
        }
    }
    told
}

fn one(names: &[Name], kind: Kind, pattern: Option<&NamePattern>) -> Option<Told> {
    names.iter().enumerate().find_map(|(by, name)| {
        let told = |(sequence, shot): (Option<String>, String)| Told {
            episode: None,
            sequence,
            shot,
            by,
        };
        if let Some(pattern) = pattern {
            let (episode, sequence, shot) = pattern.parts(&name.text)?;
            return Some(Told {
                episode: episode.map(str::to_owned),
                ..told((sequence.map(str::to_owned), shot.to_owned()))
            });
        }
        match name.source {
            Source::Comment | Source::Marker => word(&name.text).map(told),
            // A tape holds many shots.
            Source::Reel | Source::Id => None,
            _ => split(name.file_name())
                .filter(|(sequence, _)| kind != Kind::Nested || sequence.is_some())
                .map(told),
        }
    })
}

/// The first word of a text that can be nothing but a shot: a sequence, and a number of three digits or more.
fn word(text: &str) -> Option<(Option<String>, String)> {
    text_words(text).find_map(|word| {
        let (sequence, shot) = split(word)?;
        let digits = shot.bytes().filter(u8::is_ascii_digit).count();
        // One word alone has more: `H264` is none.
        let least = if words([word]).contains('_') { 3 } else { 4 };
        (sequence.is_some() && digits >= least).then_some((sequence, shot))
    })
}

/// Sequence and shot: the last word with a number, before version, take and task, and what stands before it.
fn split(name: &str) -> Option<(Option<String>, String)> {
    let name = composed(name);
    // `Z686_5A (LAY2) (47.56 FPS)`: what is in brackets is about the version, or the speed.
    let bracket = name.find('(');
    let bracket = bracket.filter(|&at| name[..at].contains(|c: char| c.is_ascii_digit()));
    let name = bracket.map_or_else(|| stem(&name), |at| name[..at].trim_end());
    if is_of_camera(name) {
        return None;
    }
    // The frame of a sequence of pictures is no number of a shot; it stands behind one.
    let name = match name.rsplit_once('.') {
        Some((rest, frame))
            if frame.len() >= 3
                && frame.bytes().all(|it| it.is_ascii_digit())
                && rest.contains(|c: char| !c.is_ascii_digit()) =>
        {
            rest
        }
        _ => name,
    };
    let kept = without_version(&words([name])).split('_').count();
    let all = name.split(|c: char| !c.is_alphanumeric());
    let mut all: Vec<&str> = all.filter(|it| !it.is_empty()).take(kept).collect();
    // What comes after the version is about the version.
    let version = all.iter().position(|it| is_version(it));
    if let Some(version) = version.filter(|it| all[..*it].iter().any(|it| is_number(it))) {
        all.truncate(version);
    }
    // Before a version in brackets, one digit is enough.
    if let (Some(_), &[sequence, shot]) = (bracket, &*all)
        && is_number(sequence)
        && shot.starts_with(|c: char| c.is_ascii_digit())
        && shot.len() <= 2
    {
        return Some((Some(sequence.to_owned()), shot.to_owned()));
    }
    // `SH0020` says itself that it is a shot; of others a plain number is one rather than `PC01`.
    let last = |is: &dyn Fn(&str) -> bool| all.iter().rposition(|it| is_number(it) && is(it));
    let is_shot = |it: &str| is_kind(it.trim_end_matches(|c: char| c.is_ascii_digit()));
    let is_plain = |it: &str| it.starts_with(|c: char| c.is_ascii_digit());
    let at = last(&is_shot)
        .or_else(|| last(&is_plain).filter(|at| *at > 0))
        .or_else(|| last(&|_| true))?;
    let shot = all[at];
    if at == 0 {
        let letters = shot.trim_end_matches(|c: char| !c.is_alphabetic());
        let letters = letters.trim_end_matches(|c: char| c.is_ascii_digit());
        let prefix: String = shot.chars().take_while(|it| it.is_alphabetic()).collect();
        let is_sequence = !prefix.is_empty() && !letters.is_empty() && !is_kind(&prefix);
        return Some((is_sequence.then_some(prefix), shot.to_owned()));
    }
    // The words before it, as they are written.
    let start = shot.as_ptr() as usize - name.as_ptr() as usize;
    let sequence = name[..start].trim_matches(|c: char| !c.is_alphanumeric());
    // `scene 20` is no shot.
    let names_group = |it: &str| {
        matches!(
            &*it.to_lowercase(),
            "scene" | "seq" | "sequence" | "reel" | "act" | "part" | "episode"
        )
    };
    match sequence.rsplit(|c: char| !c.is_alphanumeric()).next() {
        Some(word) if names_group(word) => None,
        Some(word) if is_kind(word) => Some((None, shot.to_owned())),
        _ => Some((Some(sequence.to_owned()), shot.to_owned())),
    }
}

/// Whether a word only says that a number is one of a shot.
fn is_kind(word: &str) -> bool {
    matches!(
        &*word.to_lowercase(),
        "sh" | "shot" | "s" | "sc" | "p" | "pl"
    )
}

/// Whether a name is one that cameras give: the card `A001`, the clip `C004` on it, and more.
fn is_of_camera(name: &str) -> bool {
    let after = |text: &str, is: fn(&u8) -> bool| {
        let text = text.trim_start_matches('_');
        let rest = text.strip_prefix(|c: char| c.is_ascii_alphabetic())?;
        let rest = rest.trim_start_matches('_');
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let is_it = is(text.as_bytes().first()?) && (3..=4).contains(&digits);
        is_it.then(|| rest[digits..].to_owned())
    };
    let card = after(name, u8::is_ascii_uppercase);
    let clip = card.and_then(|rest| after(&rest, |it| *it == b'C'));
    // A date, a number, or a word of letters and digits follows.
    clip.is_some_and(|rest| {
        let rest = rest.trim_start_matches('_');
        rest.len() >= 4 && rest.bytes().any(|it| it.is_ascii_digit())
    })
}

/// Whether a word is a codec, or the height of a picture: `x264`, `1080p`.
fn is_of_file(word: &str) -> bool {
    let word = word.to_lowercase();
    matches!(
        &*word,
        "x264" | "h264" | "x265" | "h265" | "480p" | "576p" | "720p" | "1080p" | "1080i" | "2160p"
    )
}

/// Whether a word is a version or a take, with its number.
fn is_version(word: &str) -> bool {
    let word = word.to_lowercase();
    let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
    letters.len() < word.len() && matches!(letters, "v" | "ver" | "version" | "take" | "tk")
}

/// Whether a word is the number of a shot: two to five digits, with some letters before and one behind.
fn is_number(word: &str) -> bool {
    let digits = word.trim_start_matches(|c: char| c.is_alphabetic());
    let prefix = &word[..word.len() - digits.len()];
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    let behind = &digits[count..];
    let is_version = matches!(
        &*prefix.to_lowercase(),
        "v" | "ver" | "version" | "take" | "tk"
    );
    (2..=5).contains(&count)
        && !is_of_file(word)
        && prefix.chars().count() <= 8
        && !is_version
        && behind.chars().count() <= 1
        && behind.chars().all(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_and_shot_are_told_by_a_name() {
        for (name, sequence, shot) in [
            ("010_0020_anim_v003.mov", "010", "0020"),
            ("KITE_0020_Anim_v09", "KITE", "0020"),
            ("204_CTE_0005_CMP_V0003.MOV", "204_CTE", "0005"),
            ("091_MJ_0080_V1023_TEMP_FS.MOV", "091_MJ", "0080"),
            ("SEQ010_SH0020_comp_v001", "SEQ010", "SH0020"),
            ("zz_0010.take_1.0001.exr", "zz", "0010"),
            ("010.0020", "010", "0020"),
            ("ZZ100_501 (LAY3)", "ZZ100", "501"),
            ("Z677_4C (ANIM10)", "Z677", "4C"),
            ("Z686_5A (LAY2) (47.56 FPS)", "Z686", "5A"),
            ("Z682_157 (LAY2) FF", "Z682", "157"),
            ("0010 (new)", "", "0010"),
            ("A001_C010", "A001", "C010"),
            ("ABC_0010_1080p.mov", "ABC", "0010"),
            ("P_070_NA_0330_MASTER_V018.NEW.01", "P_070_NA", "0330"),
            ("YA0010", "YA", "YA0010"),
            ("OAM1540_MP_V001_WR_GRD001.MOV", "OAM", "OAM1540"),
            (
                "MRD_101A_05_060_light_v02_BJB_Fix_01.mov",
                "MRD_101A_05",
                "060",
            ),
            ("053_CSC_0750_PC01_V0001", "053_CSC", "0750"),
            ("EP101_010_SH0020_anim", "EP101_010", "SH0020"),
            ("近藤麻理恵_0010_v01.mov", "近藤麻理恵", "0010"),
            ("sh0010.mov", "", "sh0010"),
            ("shot 12", "", "12"),
            ("0010", "", "0010"),
            ("mer_E\u{301}te\u{301}_0010", "mer_\u{c9}t\u{e9}", "0010"),
        ] {
            let sequence = Some(sequence)
                .filter(|it| !it.is_empty())
                .map(str::to_owned);
            assert_eq!(split(name), Some((sequence, shot.to_owned())), "{name}");
        }
        for name in [
            "take_1",
            "A160C005_171213_R0MN",
            "A001_C004V01553F0001.mov",
            "A009_C005_V016CA0001.mov",
            "B090_C005_0319XX",
            "J001_C002_20211007_R",
            "C_0019C005_241014_204338_h1F4X",
            "Talk.HDTV.x264-1080p.mp4",
            "Interview",
            "scene 20",
            "v003",
            "",
        ] {
            assert_eq!(split(name), None, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_shot_stands_in_its_name(name in "[a0é_. \u{301}\u{30a2}v1SH-]{0,24}") {
            if let Some((sequence, shot)) = split(&name) {
                let name = composed(&name);
                proptest::prop_assert!(name.contains(&shot));
                proptest::prop_assert!(name.contains(&sequence.unwrap_or_default()));
            }
        }
    }

    #[test]
    fn a_text_tells_a_shot_where_it_can_be_nothing_else() {
        let told =
            |text: &str| word(text).map(|(sequence, shot)| format!("{} {shot}", sequence.unwrap()));
        for (text, want) in [
            ("VFX  zz_0010 add snow to the roof", Some("zz 0010")),
            ("001_020 // TIMEWARP", Some("001 020")),
            ("fix YA0010", Some("YA YA0010")),
            ("997 // 8-8 match to edit, H264, 1920x1080", None),
            ("add 24 frames", None),
        ] {
            assert_eq!(told(text).as_deref(), want, "{text}");
        }
    }
}
