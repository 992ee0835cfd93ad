//! No export empties a wall: what a project would lose against what the site shows of it.
//!
//! A cleared column, an account that sees less, or a tracker that hides projects looks the same as work that
//! is gone. So a project that would lose all of its shots, or more than half of many things, keeps what the
//! site has until somebody says that the loss is right.

use std::fs;

use serde::{Deserialize, Serialize};
use watchtower_model::ProjectSnapshot;
use watchtower_model::place::Unplaced;

use crate::export::ExportOptions;
use crate::media::{MediaPolicy, ResolvedMedia};
use crate::site::Site;

/// How many things of a kind there must be before the loss of half of them is more than a change of plan.
const MANY: usize = 20;

/// How many projects a list must have before the loss of half of them is.
const MANY_PROJECTS: usize = 3;

/// The options of an export on which it depends how much a project shows. They are remembered, because what
/// follows from other options is no loss.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShownBy {
    media: bool,
    /// Whether shots without a picture have one from the movie of their edit.
    #[serde(default)]
    from_movies: bool,
    unplaced: Unplaced,
}

impl ShownBy {
    pub(crate) fn of(options: &ExportOptions) -> Self {
        Self {
            media: options.media != MediaPolicy::None,
            from_movies: options.pictures_from_movies,
            unplaced: options.unplaced,
        }
    }
}

/// How much a project shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    shots: usize,
    on_timeline: usize,
    assets: usize,
    pictures: usize,
}

/// As much of an entry of `shots.json` or `assets.json` as counts, in either format.
#[derive(Deserialize)]
struct Entry {
    #[serde(default, rename = "onTimeline")]
    on_timeline: Option<bool>,
    #[serde(default, rename = "thumbnailUrl")]
    picture: Option<serde::de::IgnoredAny>,
}

impl Shown {
    /// What the site shows of a project, by the path of its folder. What cannot be read shows nothing.
    pub(crate) fn in_site(site: &Site, folder: &str) -> Self {
        let entries = |name: &str| -> Vec<Entry> {
            let text = fs::read(site.path(&format!("{folder}/{name}")));
            let entries = text.ok().and_then(|it| serde_json::from_slice(&it).ok());
            entries.unwrap_or_default()
        };
        let (shots, assets) = (entries("shots.json"), entries("assets.json"));
        let pictures = shots.iter().chain(&assets);
        let on_timeline = shots.iter().filter(|it| it.on_timeline != Some(false));
        Self {
            shots: shots.len(),
            on_timeline: on_timeline.count(),
            assets: assets.len(),
            pictures: pictures.filter(|it| it.picture.is_some()).count(),
        }
    }

    /// What an export shows of it.
    pub(crate) fn of(snapshot: &ProjectSnapshot, media: &ResolvedMedia) -> Self {
        let shots = &snapshot.shots;
        let on_timeline = shots.iter().filter(|it| it.data.frame_in.is_some());
        let pictures = shots.iter().map(|it| &it.thumbnail);
        let pictures = pictures.chain(snapshot.assets.iter().map(|it| &it.thumbnail));
        let pictures = pictures.filter(|it| media.tile(it.as_ref()).is_some());
        Self {
            shots: shots.len(),
            on_timeline: on_timeline.count(),
            assets: snapshot.assets.len(),
            pictures: pictures.count(),
        }
    }

    /// What would be lost, in words, if there is too much of it. `was` are the options of the last export,
    /// where they are known.
    pub(crate) fn lost(self, after: Self, was: Option<&ShownBy>, now: &ShownBy) -> Option<String> {
        let same_media =
            was.is_some_and(|it| it.media == now.media && it.from_movies == now.from_movies);
        let same_unplaced = was.is_some_and(|it| it.unplaced == now.unplaced);
        let counts = [
            (
                "shots",
                self.shots,
                after.shots,
                was.is_none() || same_unplaced,
            ),
            (
                "shots on the timeline",
                self.on_timeline,
                after.on_timeline,
                was.is_some(),
            ),
            ("assets", self.assets, after.assets, was.is_some()),
            ("pictures", self.pictures, after.pictures, same_media),
        ];
        let lost = counts.into_iter().filter(|(what, before, after, counts)| {
            let all = *what == "shots" && *before > 0 && *after == 0;
            *counts && (all || is_loss(*before, *after, MANY))
        });
        let lost: Vec<_> = lost
            .map(|(what, before, after, _)| format!("{before} {what} would become {after}"))
            .collect();
        (!lost.is_empty()).then(|| lost.join(", "))
    }
}

/// Whether a list of projects would lose too many.
pub(crate) fn list_shrinks(before: usize, after: usize) -> bool {
    is_loss(before, after, MANY_PROJECTS)
}

fn is_loss(before: usize, after: usize, many: usize) -> bool {
    before >= many && 2 * after < before
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOW: ShownBy = ShownBy {
        media: true,
        from_movies: false,
        unplaced: Unplaced::Show,
    };

    fn shown(shots: usize, on_timeline: usize, assets: usize, pictures: usize) -> Shown {
        Shown {
            shots,
            on_timeline,
            assets,
            pictures,
        }
    }

    #[test]
    fn half_of_many_is_a_loss_and_all_of_few_shots() {
        let lost = |before: Shown, after: Shown| before.lost(after, Some(&SHOW), &SHOW);
        let film = shown(40, 40, 20, 50);
        assert_eq!(lost(film, film), None);
        assert_eq!(lost(film, shown(20, 20, 10, 25)), None, "half is left");
        let words = lost(film, shown(19, 19, 9, 24)).unwrap();
        assert_eq!(
            words,
            "40 shots would become 19, 40 shots on the timeline would become 19, 20 assets would become 9, 50 \
             pictures would become 24"
        );
        let few = shown(3, 3, 3, 3);
        assert_eq!(lost(few, shown(1, 0, 0, 0)), None);
        assert_eq!(
            lost(few, shown(0, 0, 3, 3)).unwrap(),
            "3 shots would become 0"
        );
        assert_eq!(lost(shown(0, 0, 0, 0), shown(0, 0, 0, 0)), None);
    }

    #[test]
    fn what_follows_from_other_options_is_no_loss() {
        let film = shown(40, 40, 20, 50);
        let no_media = ShownBy {
            media: false,
            ..SHOW
        };
        let from_movies = ShownBy {
            from_movies: true,
            ..SHOW
        };
        let without = shown(40, 40, 20, 0);
        assert_eq!(film.lost(without, Some(&from_movies), &SHOW), None);
        let leave_out = ShownBy {
            unplaced: Unplaced::LeaveOut,
            ..SHOW
        };
        assert_eq!(
            film.lost(shown(40, 40, 20, 0), Some(&SHOW), &no_media),
            None
        );
        assert_eq!(
            shown(40, 5, 0, 0).lost(shown(5, 5, 0, 0), Some(&SHOW), &leave_out),
            None
        );
        let nothing = film.lost(shown(40, 0, 0, 0), None, &SHOW);
        assert_eq!(nothing, None, "without a memory shots alone count");
        assert!(film.lost(shown(1, 1, 1, 1), None, &SHOW).is_some());
    }

    #[test]
    fn eight_projects_that_become_one_are_a_loss() {
        assert!(list_shrinks(8, 1));
        assert!(!list_shrinks(8, 4));
        assert!(list_shrinks(3, 1));
        assert!(!list_shrinks(2, 0));
    }
}
