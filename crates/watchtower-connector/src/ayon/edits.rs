//! Edits: AYON has none, so they are found among what was published for review.

use watchtower_model::{Edit, EditId, EpisodeId, InvalidId};

use super::media::Addresses;
use super::records::{Folder, Product, Reviewable, Reviewables, Version};
use super::tree::{Kind, Tree};

/// Media types of the movies that the web client plays, the preferred one first.
const MOVIES: [&str; 3] = ["video/mp4", "video/x-m4v", "video/quicktime"];

/// Words of a name that say that something is an edit.
const WORDS: [&str; 4] = ["edit", "edits", "editing", "editorial"];

/// A product that is an edit: its latest version, and what was uploaded for review with it.
#[derive(Clone, Debug)]
pub(super) struct EditRecords {
    pub product: Product,
    pub version: Version,
    /// None where there is nothing to be seen.
    pub reviewables: Option<Reviewables>,
    /// The name of the version whose reviewables these are, where it is not the latest.
    pub older: Option<String>,
}

impl EditRecords {
    /// What is shown as the edit's movie.
    pub(super) fn movie(&self) -> Option<&Reviewable> {
        self.reviewables.as_ref().and_then(movie)
    }
}

/// Which product is the edit: a name, or a folder's path and a name, as in `ep01/editorial/editMain`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    path: Option<&'a str>,
    pub name: &'a str,
}

impl<'a> Named<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let text = text.trim();
        match text.rsplit_once('/') {
            Some((path, name)) => Self {
                path: Some(path.trim_matches('/')),
                name,
            },
            None => Self {
                path: None,
                name: text,
            },
        }
    }

    /// Whether a product may have this name. The server refuses to look for any other.
    pub(super) fn is_possible(&self) -> bool {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_part = |c: char| is_word(c) || matches!(c, '-' | '.');
        self.name.starts_with(is_word)
            && self.name.ends_with(is_word)
            && self.name.chars().all(is_part)
    }
}

/// What a product belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whole {
    /// The film, an episode, or something that holds no part of the film.
    Film,
    Sequence,
    /// A shot or an asset.
    Part,
}

impl Whole {
    fn of(product: &Product, tree: &Tree<'_>) -> Self {
        let folder = product.folder_id.as_deref().and_then(|id| tree.get(id));
        let lineage = folder.into_iter().flat_map(|folder| tree.lineage(folder));
        let wholes = lineage.map(|it| match Kind::of(it) {
            Kind::Shot | Kind::Asset => Self::Part,
            Kind::Sequence => Self::Sequence,
            _ => Self::Film,
        });
        wholes.max().unwrap_or(Self::Film)
    }
}

/// Chooses the edits among products that are for review, or have the name of the edit. Gives back how
/// many of parts of the film are none.
///
/// What belongs to a sequence, a shot or an asset is an edit only if it has the name that was given, and
/// nothing of that name belongs to more of the film.
pub(super) fn choose(
    mut products: Vec<Product>,
    tree: &Tree<'_>,
    named: Option<Named<'_>>,
) -> (Vec<Product>, usize) {
    products.retain(|it| it.active != Some(false));
    if let Some(path) = named.and_then(|it| it.path) {
        products.retain(|it| {
            let folder = it.folder_id.as_deref().and_then(|id| tree.get(id));
            folder.is_some_and(|folder| tree.path(folder).eq_ignore_ascii_case(path))
        });
        return (products, 0);
    }
    let whole = match named {
        None => Some(Whole::Film),
        Some(_) => products.iter().map(|it| Whole::of(it, tree)).min(),
    };
    let all = products.len();
    products.retain(|it| Some(Whole::of(it, tree)) == whole);
    let others = all - products.len();
    (products, others)
}

/// Whether a product is called an edit, or was made in a task or a folder for that. Not everything for
/// review that belongs to the whole film is one.
pub(super) fn looks_like_one(
    product: &Product,
    folder: Option<&Folder>,
    task_type: Option<&str>,
) -> bool {
    let folder = folder.map(|it| it.name.as_str());
    let names = [Some(product.title()), folder, task_type];
    let mut words = names.into_iter().flatten().flat_map(words);
    words.any(|word| WORDS.contains(&word.as_str()))
}

/// The words of a name, in lower case: `editMain_v2` has `edit`, `main` and `v`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        let starts_one = c.is_uppercase() && was_lower;
        if starts_one || !c.is_alphabetic() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphabetic(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase();
    }
    words
}

/// The reviewable that is shown as the edit's movie: one that browsers play as it is, if there is
/// one, otherwise the first.
fn movie(reviewables: &Reviewables) -> Option<&Reviewable> {
    let all = reviewables.reviewables.iter();
    let movies = all.filter_map(|it| {
        let mimetype = it.mimetype.to_ascii_lowercase();
        let kind = MOVIES.iter().position(|movie| mimetype == *movie)?;
        let is_ready = it.availability.as_deref() == Some("ready");
        Some(((!is_ready, kind), it))
    });
    // The first of several that are equally good.
    movies.min_by_key(|(order, _)| *order).map(|(_, it)| it)
}

/// An edit as the site shows it. Its id is that of the product, which stays when a new version comes.
pub(super) fn edit(
    records: &EditRecords,
    project: &str,
    first_frame: Option<i64>,
    episode_id: Option<EpisodeId>,
    addresses: Addresses<'_>,
) -> Result<Edit, InvalidId> {
    let EditRecords {
        product,
        reviewables,
        ..
    } = records;
    let movie = records.movie();
    // An edit may count its frames from 1001 as any shot does. It is a place on the timeline only if
    // shots are there.
    let frame_start = reviewables.as_ref().and_then(|it| it.attrib.frame_start);
    let frame_offset = frame_start.filter(|start| first_frame.is_some_and(|first| *start <= first));
    Ok(Edit {
        id: EditId::new(product.id.as_str())?,
        movie: movie.map(|it| addresses.file(project, &it.file_id)),
        total_frames: movie.and_then(frames),
        frame_offset: frame_offset.unwrap_or(0),
        episode_id,
        ..Edit::new(product.title())
    })
}

/// What a person should know about the movie, or that there is none.
pub(super) fn note(records: &EditRecords) -> Option<String> {
    let version = &records.version.name;
    if records.movie().is_some() {
        let older = records.older.as_deref()?;
        return Some(format!(
            "its latest version {version} has no mp4 file for review, so the movie is that of {older}"
        ));
    }
    let reason = match &records.reviewables {
        Some(Reviewables { reviewables, .. }) if !reviewables.is_empty() => {
            let files: Vec<_> = reviewables.iter().map(|it| it.filename.as_str()).collect();
            format!("no mp4 file for review ({})", files.join(", "))
        }
        _ => "nothing for review".to_owned(),
    };
    Some(format!(
        "its latest version {version} has {reason}, so there is no movie"
    ))
}

/// How many frames a movie has, where AYON has looked.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Above 0, and a cast stops at the largest.
fn frames(movie: &Reviewable) -> Option<u64> {
    let frames = movie.media_info.duration? * movie.media_info.frame_rate?;
    (frames.is_finite() && frames >= 1.0).then(|| frames.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn chosen(reviewables: Value) -> Option<String> {
        let reviewables: Reviewables =
            serde_json::from_value(json!({"reviewables": reviewables})).unwrap();
        movie(&reviewables).map(|it| it.file_id.clone())
    }

    fn reviewable(id: &str, mimetype: &str, availability: &str) -> Value {
        json!({"fileId": id, "mimetype": mimetype, "availability": availability})
    }

    #[test]
    fn what_browsers_play_is_preferred() {
        let all = json!([
            reviewable("picture", "image/png", "ready"),
            reviewable("mov", "video/quicktime", "conversionRequired"),
            reviewable("mp4", "video/mp4", "conversionRecommended"),
            reviewable("second", "video/mp4", "conversionRecommended"),
        ]);
        assert_eq!(chosen(all.clone()).as_deref(), Some("mp4"));
        let mut all = all;
        let ready = reviewable("ready", "Video/MP4", "ready");
        all.as_array_mut().unwrap().push(ready);
        assert_eq!(chosen(all).as_deref(), Some("ready"));
        assert_eq!(chosen(json!([])), None);
        let other = json!([reviewable("webm", "video/webm", "ready"), {"fileId": "bare", "mimetype": null, "mediaInfo": null}]);
        assert_eq!(chosen(other), None);
    }

    #[test]
    fn an_edit_is_told_by_a_word_of_its_own() {
        let is_one = |name: &str| {
            let product = Product {
                name: name.to_owned(),
                ..Product::default()
            };
            looks_like_one(&product, None, None)
        };
        for name in [
            "edit",
            "editMain",
            "reel1Edit",
            "EDIT",
            "main_edit",
            "edit2",
            "Editorial",
        ] {
            assert!(is_one(name), "{name}");
        }
        for name in [
            "credits",
            "creditsMain",
            "endCredits",
            "reviewMain",
            "accredited",
        ] {
            assert!(!is_one(name), "{name}");
        }
    }

    #[test]
    fn the_server_is_asked_only_for_names_that_it_takes() {
        for name in ["editMain", "edit-main.v2", "_edit", "e", "/ep01/editMain"] {
            assert!(Named::new(name).is_possible(), "{name}");
        }
        for name in ["", "/", "ep01/", "an edit", "-edit", "edit.", "édit"] {
            assert!(!Named::new(name).is_possible(), "{name}");
        }
    }

    #[test]
    fn a_length_is_known_only_where_both_parts_are() {
        let length = |info: Value| {
            let it = json!({"fileId": "1", "mediaInfo": info});
            frames(&serde_json::from_value(it).unwrap())
        };
        assert_eq!(
            length(json!({"duration": 5.0, "frameRate": 24.0})),
            Some(120)
        );
        assert_eq!(
            length(json!({"duration": 10.01, "frameRate": 23.976})),
            Some(240)
        );
        for info in [
            json!({}),
            json!(null),
            json!({"duration": 5.0}),
            json!({"duration": 0.0, "frameRate": 24.0}),
        ] {
            assert_eq!(length(info), None);
        }
    }
}
