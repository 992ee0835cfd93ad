//! Pictures and movies: where they come from, and what becomes of them in the site.

mod codec;
mod fetch;
mod kind;
pub mod movie;
mod ranges;
mod source;
mod state;

use std::collections::{BTreeMap, HashMap};

use watchtower_model::{MediaRef, ProjectSnapshot, User};

pub(crate) use fetch::{Answers, Fetcher};
pub use kind::MediaKind;
pub(crate) use kind::{HEAD, is_svg};
pub use source::{MediaError, MediaRequest, MediaSource, MediaStream, NoMedia, Opened};
pub(crate) use state::{MediaState, Stamp};

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
    /// assert_eq!(ReferenceForm::ProtocolRelative.apply(url).unwrap(), "/kitsu.example/api/pictures/x.png");
    /// ```
    pub fn apply(&self, url: &str) -> Option<String> {
        match self {
            Self::ProtocolRelative => {
                let rest = url.strip_prefix("https:/").or(url.strip_prefix("http:/"))?;
                Some(rest.to_owned())
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
    pictures: HashMap<MediaRef, String>,
    movies: HashMap<MediaRef, Movie>,
}

impl ResolvedMedia {
    /// Says where the site has a picture.
    pub fn add_picture(&mut self, media: MediaRef, path: String) {
        self.pictures.insert(media, path);
    }

    /// Says where the site has a movie.
    pub fn add_movie(&mut self, media: MediaRef, movie: Movie) {
        self.movies.insert(media, movie);
    }

    /// Where the site has a picture: what becomes its `thumbnailUrl`.
    pub fn picture(&self, media: Option<&MediaRef>) -> Option<&str> {
        self.pictures.get(media?).map(String::as_str)
    }

    /// Adds what is in another.
    pub(crate) fn extend(&mut self, other: Self) {
        self.pictures.extend(other.pictures);
        self.movies.extend(other.movies);
    }

    /// Every path and address of a picture or movie.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        let movies = self.movies.values().map(|it| it.path.as_str());
        self.pictures.values().map(String::as_str).chain(movies)
    }

    /// Where the site has a person's avatar.
    pub fn avatar(&self, user: &User) -> Option<&str> {
        self.picture(user.thumbnail.as_ref().filter(|_| user.has_avatar))
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
