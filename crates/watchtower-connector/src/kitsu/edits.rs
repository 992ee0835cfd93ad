//! Edits, and which of their previews is the movie.

use watchtower_model::{Edit, EditId, EpisodeId, InvalidId};

use super::frame_range::frame;
use super::media::Addresses;
use super::records::{self, Preview, Previews};

/// An edit and its previews.
#[derive(Debug)]
pub(super) struct EditRecords {
    pub edit: records::Edit,
    pub previews: Previews,
}

/// The preview that is shown as the edit's movie.
#[derive(Debug)]
pub(super) struct Movie<'a> {
    preview: &'a Preview,
    /// The newest preview of the same edit, where that is another one.
    newer: Option<&'a Preview>,
}

impl Movie<'_> {
    /// Whether there is a newer preview that cannot be shown.
    pub(super) fn is_outdated(&self) -> bool {
        self.newer.is_some()
    }
}

/// The newest movie over all task types that is ready to be seen.
pub(super) fn movie(previews: &Previews) -> Option<Movie<'_>> {
    let all = newest_first(previews);
    let (place, preview) = all.iter().enumerate().find(|(_, it)| is_movie(it))?;
    let newer = all.first().copied().filter(|_| place > 0);
    Some(Movie { preview, newer })
}

/// What a person should know about the choice.
pub(super) fn note(previews: &Previews, movie: Option<&Movie<'_>>) -> Option<String> {
    let Some(movie) = movie else {
        return Some(match newest_first(previews).first() {
            None => "it has no preview, so there is no movie".to_owned(),
            Some(newest) => format!("its preview {}, so there is no movie", flaw(newest)),
        });
    };
    let newer = movie.newer?;
    let revision = movie.preview.revision.unwrap_or_default();
    Some(format!(
        "its newest preview {}, so the movie is that of revision {revision}",
        flaw(newer)
    ))
}

/// An edit as the site shows it.
pub(super) fn edit(
    record: records::Edit,
    movie: Option<&Movie<'_>>,
    episode_id: Option<&EpisodeId>,
    addresses: Addresses<'_>,
) -> Result<Edit, InvalidId> {
    Ok(Edit {
        id: EditId::new(record.id)?,
        movie: movie.map(|movie| addresses.movie(&movie.preview.id)),
        frame_offset: frame(&record.data["frame_start"]).unwrap_or(0),
        episode_id: episode_id.cloned(),
        ..Edit::new(record.name)
    })
}

fn is_movie(preview: &Preview) -> bool {
    is_ready(preview) && extension(preview).eq_ignore_ascii_case("mp4")
}

fn is_ready(preview: &Preview) -> bool {
    // The oldest servers have no status.
    preview
        .status
        .as_deref()
        .is_none_or(|status| status == "ready")
}

fn extension(preview: &Preview) -> &str {
    preview.extension.as_deref().unwrap_or_default()
}

/// Why a preview is not the movie.
fn flaw(preview: &Preview) -> String {
    match preview.status.as_deref() {
        Some(status) if !is_ready(preview) => format!("is not ready (`{status}`)"),
        _ => format!("is no mp4 file (`{}`)", extension(preview)),
    }
}

/// The previews of all task types. A revision is as new as its newest preview; within it, the first
/// position is the one that Kitsu shows.
fn newest_first(previews: &Previews) -> Vec<&Preview> {
    let mut all = Vec::new();
    for previews in previews.values() {
        for preview in previews {
            let revision = previews.iter().filter(|it| it.revision == preview.revision);
            let created = revision.filter_map(|it| it.created_at.as_deref()).max();
            all.push((created.unwrap_or_default(), preview));
        }
    }
    all.sort_by(|(created_a, a), (created_b, b)| {
        let age = created_b
            .cmp(created_a)
            .then_with(|| b.revision.cmp(&a.revision));
        age.then_with(|| (a.position, &a.id).cmp(&(b.position, &b.id)))
    });
    all.into_iter().map(|(_, preview)| preview).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn previews(previews: Value) -> Previews {
        serde_json::from_value(previews).unwrap()
    }

    fn chosen(all: Value) -> (Option<String>, Option<String>) {
        let all = previews(all);
        let movie = movie(&all);
        let note = note(&all, movie.as_ref());
        (movie.map(|movie| movie.preview.id.clone()), note)
    }

    fn preview(id: &str, revision: i64, day: u8) -> Value {
        let created_at = format!("2026-01-{day:02}T00:00:00");
        json!({"id": id, "revision": revision, "position": 1, "status": "ready", "extension": "mp4", "created_at": created_at})
    }

    fn but(mut preview: Value, key: &str, value: Value) -> Value {
        preview[key] = value;
        preview
    }

    #[test]
    fn the_newest_movie_of_all_task_types_is_shown() {
        let all = json!({
            "edit": [preview("old", 8, 1)],
            "grading": [preview("newer", 2, 3), preview("new", 1, 2)],
        });
        assert_eq!(chosen(all), (Some("newer".into()), None));
    }

    #[test]
    fn what_is_not_ready_or_no_movie_is_passed_over() {
        let broken = but(preview("broken", 3, 3), "status", json!("broken"));
        let (movie, note) = chosen(json!({"edit": [broken, preview("movie", 2, 2)]}));
        assert_eq!(movie.as_deref(), Some("movie"));
        insta::assert_snapshot!(note.unwrap(), @"its newest preview is not ready (`broken`), so the movie is that of revision 2");
        let picture = but(preview("picture", 3, 3), "extension", json!("png"));
        let (movie, note) = chosen(json!({"edit": [preview("movie", 2, 2)], "grading": [picture]}));
        assert_eq!(movie.as_deref(), Some("movie"));
        insta::assert_snapshot!(note.unwrap(), @"its newest preview is no mp4 file (`png`), so the movie is that of revision 2");
        let bare = json!({"id": "bare", "status": "ready"});
        let (movie, note) = chosen(json!({"edit": [bare]}));
        assert_eq!(movie, None);
        insta::assert_snapshot!(note.unwrap(), @"its preview is no mp4 file (``), so there is no movie");
        let (movie, note) = chosen(json!({}));
        assert_eq!(movie, None);
        insta::assert_snapshot!(note.unwrap(), @"it has no preview, so there is no movie");
    }

    #[test]
    fn the_first_position_of_a_revision_is_the_one_to_show() {
        let second = but(preview("second", 2, 3), "position", json!(2));
        let all = json!({"edit": [second, preview("first", 2, 2), preview("old", 1, 1)]});
        assert_eq!(chosen(all), (Some("first".into()), None));
    }

    #[test]
    fn servers_without_a_status_mean_ready() {
        let all = json!({"edit": [{"id": "movie", "extension": "MP4"}]});
        assert_eq!(chosen(all), (Some("movie".into()), None));
    }
}
