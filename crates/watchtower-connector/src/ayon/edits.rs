//! Edits: AYON has none, so they are found among what was published for review.

use watchtower_model::{Edit, EditId, EpisodeId, InvalidId};

use super::media::Addresses;
use super::records::{Folder, Product, Reviewable, Reviewables, Version};
use super::tree::{Kind, Tree};

/// The type of the products that are looked at.
const REVIEW: &str = "review";

/// Media types of the movies that the web client plays, the preferred one first.
const MOVIES: [&str; 3] = ["video/mp4", "video/x-m4v", "video/quicktime"];

/// The latest version of a product that is an edit, and what was uploaded for review with it.
#[derive(Clone, Debug)]
pub(super) struct EditRecords {
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

/// Whether a version is one of an edit: of the product that was named, or of any for review that
/// belongs neither to a shot nor to an asset nor to a sequence.
pub(super) fn is_edit(version: &Version, tree: &Tree<'_>, named: Option<&str>) -> bool {
    let Some(product) = &version.product else {
        return false;
    };
    if let Some(named) = named {
        return product.name.eq_ignore_ascii_case(named);
    }
    product.product_type.eq_ignore_ascii_case(REVIEW) && !is_of_a_part(product, tree)
}

/// Whether a version is for review, and of a part of the film.
pub(super) fn is_review_of_a_part(version: &Version, tree: &Tree<'_>) -> bool {
    version.product.as_ref().is_some_and(|product| {
        product.product_type.eq_ignore_ascii_case(REVIEW) && is_of_a_part(product, tree)
    })
}

fn is_of_a_part(product: &Product, tree: &Tree<'_>) -> bool {
    let folder = product.folder_id.as_deref().and_then(|id| tree.get(id));
    folder.is_some_and(|folder| {
        tree.lineage(folder)
            .any(|it| matches!(Kind::of(it), Kind::Shot | Kind::Asset | Kind::Sequence))
    })
}

/// Whether a version is called an edit, or was made in a task or a folder for that. Not everything for
/// review that belongs to the whole film is one.
pub(super) fn looks_like_one(
    version: &Version,
    folder: Option<&Folder>,
    task_type: Option<&str>,
) -> bool {
    let folder = folder.map(|it| it.name.as_str());
    let names = [Some(name(version)), folder, task_type];
    let mut names = names.into_iter().flatten();
    names.any(|name| name.to_lowercase().contains("edit"))
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
        version,
        reviewables,
        ..
    } = records;
    let movie = records.movie();
    // An edit may count its frames from 1001 as any shot does. It is a place on the timeline only if
    // shots are there.
    let frame_start = reviewables.as_ref().and_then(|it| it.attrib.frame_start);
    let frame_offset = frame_start.filter(|start| first_frame.is_some_and(|first| *start <= first));
    Ok(Edit {
        id: EditId::new(version.product_id.as_str())?,
        movie: movie.map(|it| addresses.file(project, &it.file_id)),
        total_frames: movie.and_then(frames),
        frame_offset: frame_offset.unwrap_or(0),
        episode_id,
        ..Edit::new(name(version))
    })
}

/// The name of the product.
pub(super) fn name(version: &Version) -> &str {
    let product = version.product.as_ref().map(|it| it.name.as_str());
    product.filter(|it| !it.is_empty()).unwrap_or("edit")
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
