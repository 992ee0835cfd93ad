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
    Some(format!("its newest preview {}, so the movie is that of revision {revision}", flaw(newer)))
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
    preview.status.as_deref().is_none_or(|status| status == "ready")
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
        let age = created_b.cmp(created_a).then_with(|| b.revision.cmp(&a.revision));
        age.then_with(|| (a.position, &a.id).cmp(&(b.position, &b.id)))
    });
    all.into_iter().map(|(_, preview)| preview).collect()
}
