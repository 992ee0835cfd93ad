//! Pictures and movies: where they come from, and what becomes of them in the site.

mod codec;
mod fetch;
mod fit;
mod frames;
mod kind;
mod maker;
pub mod movie;
mod ranges;
mod source;
mod state;

use std::collections::{BTreeMap, HashMap};

use watchtower_model::{MediaRef, Project, ProjectSnapshot, User};
use watchtower_pictures::{Fit, Place};

pub(crate) use fetch::{Answers, Fetcher};
pub use fit::{Fitted, fit_site};
pub use kind::MediaKind;
pub(crate) use kind::{HEAD, check_whole};
pub(crate) use maker::Maker;
pub use source::{MediaError, MediaRequest, MediaSource, MediaStream, NoMedia, Opened};
pub(crate) use state::{MediaState, Stamp, hex};
pub use watchtower_pictures as pictures;

/// What becomes of the tracker's pictures and movies: the specification's storage strategies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MediaPolicy {
    /// Fetch them into the site.
    #[default]
    Download,
    /// Refer to them where they are.
    Reference(ReferenceForm),
    /// Leave them out: the client shows its placeholders.
    None,
    /// For data that was [read](crate::read) from another site: fetch what that site holds, and refer
    /// to the rest by the addresses that stand in it.
    Copy,
}

/// What becomes of the pictures that are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PicturePolicy {
    /// Pictures are made that the client shows whole, fitted into their places like this.
    Make(Fit),
    /// They stay as they are. Of one that is larger than its place the client draws the top left corner,
    /// and of a smaller one nothing.
    AsTheyAre,
}

impl Default for PicturePolicy {
    /// Whole pictures are made, with black around them where they have other proportions than their place.
    fn default() -> Self {
        Self::Make(Fit::Contain)
    }
}

/// How an address on the tracker is written so that the client can load it.
///
/// The client puts `/` before every address, so a full URL does not work as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferenceForm {
    /// As a protocol-relative address, `/tracker.example/x.png`, which the client turns into
    /// `//tracker.example/x.png`. The tracker must let the site's pages load it.
    ProtocolRelative,
    /// As a path on the site's own host, where a reverse proxy puts the tracker beside the site:
    /// addresses below `tracker` become paths below `base`.
    SameHost {
        /// The tracker's base URL.
        tracker: String,
        /// The path under which the proxy offers it, without slashes at its ends, as in `api`.
        base: String,
    },
}

impl ReferenceForm {
    /// How the client should be told of a full URL; `None` where this form cannot say it.
    ///
    /// ```
    /// use watchtower_writer::media::ReferenceForm;
    ///
    /// let proxied = ReferenceForm::SameHost {
    ///     tracker: "https://kitsu.example/api".into(),
    ///     base: "api".into(),
    /// };
    /// let url = "https://kitsu.example/api/pictures/x.png";
    /// assert_eq!(proxied.apply(url).unwrap(), "api/pictures/x.png");
    /// let relative = ReferenceForm::ProtocolRelative;
    /// assert_eq!(relative.apply(url).unwrap(), "/kitsu.example/api/pictures/x.png");
    /// assert_eq!(relative.apply("HTTPS://kitsu.example/x.png").unwrap(), "/kitsu.example/x.png");
    /// ```
    pub fn apply(&self, url: &str) -> Option<String> {
        match self {
            Self::ProtocolRelative => {
                let (scheme, rest) = url.split_once(":/")?;
                let mut known = ["https", "http"].into_iter();
                let is_known = known.any(|it| scheme.eq_ignore_ascii_case(it));
                is_known.then(|| rest.to_owned())
            }
            Self::SameHost { tracker, base } => {
                let below = url.strip_prefix(tracker.trim_end_matches('/'))?;
                let below = below.strip_prefix('/')?;
                match base.trim_matches('/') {
                    "" => Some(below.to_owned()),
                    base => Some(format!("{base}/{below}")),
                }
            }
        }
    }
}

/// A movie as the site refers to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Movie {
    /// Its path from the site root, or its address.
    pub path: String,
    /// Its length in video frames.
    pub frames: u64,
    /// What else there is to know of it, if it was looked at.
    pub description: Option<movie::Description>,
}

/// What the site says of each picture and movie that the data refers to.
///
/// A reference that is not in it could not be had, and becomes `null`.
#[derive(Clone, Debug, Default)]
pub struct ResolvedMedia {
    /// One may stand in several places, and be another file in each.
    pictures: HashMap<MediaRef, Vec<(Place, String)>>,
    movies: HashMap<MediaRef, Movie>,
}

impl ResolvedMedia {
    /// Says where the site has a picture for a place of the client.
    pub fn add_picture(&mut self, media: MediaRef, place: Place, path: String) {
        let pictures = self.pictures.entry(media).or_default();
        pictures.retain(|(other, _)| *other != place);
        pictures.push((place, path));
    }

    /// Says where the site has a movie.
    pub fn add_movie(&mut self, media: MediaRef, movie: Movie) {
        self.movies.insert(media, movie);
    }

    /// Where the site has a picture for a place of the client: what becomes its `thumbnailUrl`.
    pub fn picture(&self, media: Option<&MediaRef>, place: Place) -> Option<&str> {
        let mut pictures = self.pictures.get(media?)?.iter();
        let (_, path) = pictures.find(|(other, _)| *other == place)?;
        Some(path)
    }

    /// Where the site has the picture of a shot or an asset.
    pub fn tile(&self, media: Option<&MediaRef>) -> Option<&str> {
        self.picture(media, Place::Tile)
    }

    /// Where the site has a project's picture.
    pub fn project(&self, project: &Project) -> Option<&str> {
        self.picture(project.thumbnail.as_ref(), Place::Project)
    }

    /// Adds what is in another.
    pub(crate) fn extend(&mut self, other: Self) {
        for (media, pictures) in other.pictures {
            for (place, path) in pictures {
                self.add_picture(media.clone(), place, path);
            }
        }
        self.movies.extend(other.movies);
    }

    /// Every path and address of a picture or movie.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        let movies = self.movies.values().map(|it| it.path.as_str());
        let pictures = self.pictures.values().flatten();
        pictures.map(|(_, path)| path.as_str()).chain(movies)
    }

    /// Where the site has a person's avatar.
    pub fn avatar(&self, user: &User) -> Option<&str> {
        let media = user.thumbnail.as_ref().filter(|_| user.has_avatar);
        self.picture(media, Place::Avatar)
    }

    /// What to know of the movies of a project's edits: which browsers do not play, and which run at
    /// another rate than the timeline.
    pub(crate) fn notes(&self, snapshot: &ProjectSnapshot) -> Vec<String> {
        let fps = snapshot.project.fps;
        let mut notes: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for edit in &snapshot.edits {
            let movie = self.movie(edit.movie.as_ref());
            let Some(movie) = movie.and_then(|it| it.description.as_ref()) else {
                continue;
            };
            let trouble = movie.trouble().map(|it| {
                let remedy = movie.remedy();
                format!(
                    "{}, {}; this makes one that plays: {remedy}",
                    it.what, it.who
                )
            });
            let rate = movie.other_rate(fps).map(|it| {
                let rate = movie::shown_rate(it);
                format!(
                    "has {rate} frames a second, and the project {fps}: the shots on the timeline are \
                     not those that the player shows"
                )
            });
            for note in trouble.into_iter().chain(rate) {
                notes.entry(note).or_default().push(&edit.name);
            }
        }
        let note = |(note, edits): (String, Vec<&str>)| match edits.as_slice() {
            [edit] => format!("the movie of the edit `{edit}` {note}"),
            [first, rest @ ..] => {
                format!(
                    "each movie of `{first}` and {} other edits {note}",
                    rest.len()
                )
            }
            [] => note,
        };
        notes.into_iter().map(note).collect()
    }

    /// Where the site has a movie, and how long it is.
    pub fn movie(&self, media: Option<&MediaRef>) -> Option<&Movie> {
        self.movies.get(media?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_does_not_reach_beyond_its_tracker() {
        let form = ReferenceForm::SameHost {
            tracker: "https://kitsu.example/api/".into(),
            base: "/tracker/".into(),
        };
        assert_eq!(
            form.apply("https://kitsu.example/api/x").unwrap(),
            "tracker/x"
        );
        assert_eq!(form.apply("https://kitsu.example/apixx/x"), None);
        assert_eq!(form.apply("https://elsewhere.example/x"), None);
        assert_eq!(ReferenceForm::ProtocolRelative.apply("file:///x"), None);
    }
}
