//! Fetches pictures and movies into a site that is being staged.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::future::poll_fn;
use std::io::{self, Seek, Write};
use std::num::NonZeroUsize;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::task::Poll;

use futures_util::future::try_join;
use futures_util::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};
use watchtower_model::place::Placement;
use watchtower_model::{
    Edit, FrameRate, MediaLocation, MediaRef, Project, ProjectList, ProjectSnapshot, Shot, ShotId,
    User, counted,
};

use super::frames::{self, Frames, NoFrames};
use super::kind::{self, HEAD};
use super::maker::{Maker, Outcome};
use super::movie::Description;
use super::pictures::{self, Fit, Made, Place};
use super::ranges::{self, Measured};
use super::state::{Held, HeldFile, MediaKey, hex};
use super::{
    MediaError, MediaKind, MediaPolicy, MediaRequest, MediaSource, MediaStream, Movie, Opened,
    PicturePolicy, ReferenceForm, ResolvedMedia, Stamp, movie,
};
use crate::error::{IoContext, Result};
use crate::export::Progress;
use crate::layout::{Layout, Placed};
use crate::site::Transaction;
use crate::summary::{MediaCode, MediaCounts, Reasons, add_reason};

/// How often a picture or movie is opened whose stream is cut each time before much has come. A source
/// that cannot open it at all has tried often enough itself.
const ATTEMPTS: usize = 4;

/// How large a picture may be, in bytes: a stream without an end must not fill the disk, and the whole is
/// in memory while a picture is made of it.
const MAX_PICTURE: u64 = 64 << 20;

/// How many bytes are progress: after so many others have a turn, and a cut is no reason to give up.
const STRIDE: u64 = 1 << 20;

/// Whether an address names a user, as in `https://name:password@server/`.
///
/// It is read as browsers do, which drop line ends and tabs, take `\` for `/`, and need neither a scheme nor a
/// second slash: the client adds one itself.
fn has_user_info(url: &str) -> bool {
    let url: String = url.trim().replace(['\t', '\r', '\n'], "");
    let is_scheme = |it: &str| it.starts_with(|it: char| it.is_ascii_alphabetic());
    let behind = match url.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) && !scheme.contains(['/', '\\', '?', '#']) => {
            rest
        }
        _ if url.starts_with(['/', '\\']) => &url,
        // A path on the site's own host.
        _ => return false,
    };
    let behind = behind.trim_start_matches(['/', '\\']);
    let authority = behind.split(['/', '\\', '?', '#']).next();
    authority.is_some_and(|it| it.contains('@'))
}

/// Why an address with a name or password is not published.
const WITH_USER_INFO: &str =
    "its address holds a name or password, which everybody could read in the site";

/// What a page cannot refer to, and why.
fn unreferable<T>(why: &str) -> Result<T, Missing> {
    Err(MediaError::permanent(why).of_kind(MediaCode::NoAddress))
}

/// A picture or movie to be had: what it is of, for messages, and where it goes.
struct Wanted<'a> {
    media: &'a MediaRef,
    kind: MediaKind,
    /// Where the client shows a picture; none for a movie.
    place: Option<Place>,
    label: String,
    goes: Goes<'a>,
    /// How long a movie is that is not looked at; 0 for a picture.
    frames: u64,
    /// Whether the tracker says how long the movie is.
    is_told: bool,
}

/// Where a picture or movie goes, from the site root.
enum Goes<'a> {
    /// To a place of its own, as a movie does.
    To(String),
    /// Below a folder of pictures, under a name that is made from its bytes.
    Below(&'a str),
}

impl Goes<'_> {
    /// The place of what the site holds under a path, of this layout or another; none if it cannot be
    /// told.
    fn place_of(&self, held: &str) -> Option<String> {
        match self {
            Self::To(path) => Some(path.clone()),
            Self::Below(folder) => {
                let (_, name) = held.rsplit_once("/previews/")?;
                Some(format!("{folder}/{name}"))
            }
        }
    }
}

impl<'a> Wanted<'a> {
    fn picture(media: &'a MediaRef, place: Place, folder: &'a str, label: String) -> Self {
        Self {
            media,
            kind: MediaKind::Picture,
            place: Some(place),
            label,
            goes: Goes::Below(folder),
            frames: 0,
            is_told: false,
        }
    }
}

/// What a source has said in an export of what it is asked for each time, and what it could not give.
/// Several projects may show the same person, and it is asked once.
#[derive(Debug, Default)]
pub(crate) struct Answers(Mutex<BTreeMap<MediaKey, Result<(), MediaError>>>);

impl Answers {
    fn get(&self, key: &MediaKey) -> Option<Result<(), MediaError>> {
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(key).cloned()
    }

    fn add(&self, key: MediaKey, answer: Result<(), MediaError>) {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert(key, answer);
    }
}

/// How a picture or movie came to be in the site.
enum Arrival {
    /// So many bytes of it came.
    Fetched(u64),
    /// The site held it already.
    Unchanged,
    /// The site held it already, and whether it is still what the source has could not be found out.
    Outdated(MediaError),
    /// It stays where it is.
    Referred,
}

/// Where the site has a picture or movie.
struct Whereabouts {
    /// From the site root, or an address.
    path: String,
    /// A movie's length; 0 for a picture.
    frames: u64,
    /// What a movie is, if it was looked at.
    movie: Option<Description>,
}

impl Whereabouts {
    /// The place of a movie that was looked at, or of a picture.
    fn of(path: String, movie: Option<Description>) -> Self {
        let frames = movie.as_ref().map_or(0, |it| it.frames);
        Self {
            path,
            frames,
            movie,
        }
    }

    /// The place of something that was not looked at.
    fn unseen(path: String, wanted: &Wanted<'_>) -> Self {
        let frames = wanted.frames;
        Self {
            path,
            frames,
            movie: None,
        }
    }
}

/// Why something is not in the site.
type Missing = MediaError;

/// Gets media for one export.
pub(crate) struct Fetcher<'a> {
    pub(crate) change: &'a Transaction,
    pub(crate) layout: &'a dyn Layout,
    pub(crate) source: &'a dyn MediaSource,
    pub(crate) policy: &'a MediaPolicy,
    pub(crate) pictures: PicturePolicy,
    /// How many pictures are fetched at a time.
    pub(crate) jobs: NonZeroUsize,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) answers: &'a Answers,
    pub(crate) maker: &'a Maker,
}

impl Fetcher<'_> {
    /// Gets the pictures and the movies of a project, `list` being what projects share.
    ///
    /// # Errors
    ///
    /// Only when the site cannot be written to: media that cannot be had is counted.
    pub(crate) async fn fetch_project(
        &self,
        snapshot: &ProjectSnapshot,
        placement: &Placement,
        list: &ProjectList,
    ) -> Result<(ResolvedMedia, MediaCounts)> {
        let mut media = ResolvedMedia::default();
        let mut counts = MediaCounts::default();
        if *self.policy == MediaPolicy::None {
            return Ok((media, counts));
        }
        let folder = self.layout.previews(&snapshot.project.id);
        let people = self.layout.people(&snapshot.project, list);
        let mut wanted = pictures(snapshot, &folder);
        wanted.extend(pictures_of(people, &folder));
        // A movie takes as long as many pictures, so neither waits for the other.
        let pictures = self.fetch(wanted, &media);
        let (pictures, movies) = try_join(pictures, self.fetch_movies(snapshot, placement)).await?;
        for (fetched, counted) in [pictures, movies] {
            media.extend(fetched);
            counts.add(counted);
        }
        Ok((media, counts))
    }

    /// Asks of the pictures of people and of these projects that the site holds and that may change in
    /// their place, whether they are as they were. Whatever else the answer is comes again, when they are
    /// gotten.
    pub(crate) async fn ask_ahead(&self, projects: &[&Project], list: &ProjectList) {
        if *self.policy != MediaPolicy::Download {
            return;
        }
        let folders: Vec<_> = projects
            .iter()
            .map(|it| self.layout.previews(&it.id))
            .collect();
        let listed = self.layout.listed_people(list);
        let mut wanted: Vec<_> = pictures_of(listed, self.layout.list_previews()).collect();
        for (project, folder) in projects.iter().zip(&folders) {
            wanted.extend(pictures_of(self.layout.people(project, list), folder));
            let picture = project.thumbnail.iter();
            wanted.extend(
                picture.map(|it| Wanted::picture(it, Place::Project, folder, project.name.clone())),
            );
        }
        let mut seen = HashSet::new();
        wanted.retain(|it| it.media.changes && seen.insert(it.media));
        let ask = async |wanted: Wanted<'_>| {
            let key = self.key(&wanted, Use::Show)?;
            let tag = self.held(&wanted, &key)?.tag?;
            let request = MediaRequest {
                media: wanted.media,
                known: Some(&tag),
                offset: 0,
            };
            if let Ok(Opened::Unchanged) = self.open(request).await {
                self.answers.add(key, Ok(()));
            }
            Some(())
        };
        stream::iter(wanted)
            .map(ask)
            .buffer_unordered(self.jobs.get())
            .collect::<Vec<_>>()
            .await;
    }

    /// Gets the movies of as many edits as the layout has room for, the first that can be had.
    async fn fetch_movies(
        &self,
        snapshot: &ProjectSnapshot,
        placement: &Placement,
    ) -> Result<(ResolvedMedia, MediaCounts)> {
        let mut movies = ResolvedMedia::default();
        let mut counts = MediaCounts::default();
        let mut room = self.layout.movies();
        for edit in self.layout.edits(snapshot) {
            if room == 0 {
                break;
            }
            let movie = self.movie_of(edit, snapshot, placement);
            let (media, counted) = self.fetch(movie, &movies).await?;
            counts.add(counted);
            movies.extend(media);
            room -= usize::from(movies.movie(edit.movie.as_ref()).is_some());
        }
        Ok((movies, counts))
    }

    /// The movie of an edit.
    fn movie_of<'b>(
        &self,
        edit: &'b Edit,
        snapshot: &ProjectSnapshot,
        placement: &Placement,
    ) -> Vec<Wanted<'b>> {
        let project = &snapshot.project;
        let length = placement.length(edit.episode_id.as_ref());
        let shots_end = u64::try_from(length).unwrap_or(0).max(1);
        let movie = |media| Wanted {
            media,
            kind: MediaKind::Movie,
            place: None,
            label: format!("edit {}", edit.name),
            goes: Goes::To(self.layout.movie(&project.id, &edit.id)),
            frames: edit.total_frames.unwrap_or(shots_end),
            is_told: edit.total_frames.is_some(),
        };
        edit.movie.iter().map(movie).collect()
    }

    /// Gets the pictures of people, and of projects that are not in `media` yet.
    ///
    /// # Errors
    ///
    /// Only when the site cannot be written to: media that cannot be had is counted.
    pub(crate) async fn fetch_shared(
        &self,
        list: &ProjectList,
        people: &[User],
        media: &mut ResolvedMedia,
    ) -> Result<MediaCounts> {
        let folder = self.layout.list_previews();
        let mut wanted = project_pictures(list, folder);
        wanted.extend(pictures_of(people, folder));
        let (fetched, counts) = self.fetch(wanted, media).await?;
        media.extend(fetched);
        Ok(counts)
    }

    /// Gets everything wanted that is not there yet, several at a time, and counts what came and
    /// what could not be had.
    async fn fetch(
        &self,
        wanted: Vec<Wanted<'_>>,
        there: &ResolvedMedia,
    ) -> Result<(ResolvedMedia, MediaCounts)> {
        let mut resolved = ResolvedMedia::default();
        let mut counts = MediaCounts::default();
        if *self.policy == MediaPolicy::None {
            return Ok((resolved, counts));
        }
        // The same picture may stand for several things; it is fetched once.
        let mut seen = HashSet::new();
        let wanted: Vec<_> = wanted
            .into_iter()
            .filter(|it| seen.insert((it.media, it.place)))
            .filter(|it| match it.place {
                Some(place) => there.picture(Some(it.media), place).is_none(),
                None => there.movie(Some(it.media)).is_none(),
            })
            .collect();
        self.progress.media_planned(wanted.len());
        let fetch = async |place: usize| {
            let result = self.fetch_one(&wanted[place]).await;
            self.progress.media_done();
            result.map(|result| (place, result))
        };
        let mut results: Vec<_> = stream::iter(0..wanted.len())
            .map(fetch)
            .buffer_unordered(self.jobs.get())
            .try_collect()
            .await?;
        results.sort_unstable_by_key(|(place, _)| *place);
        for (place, result) in results {
            let Wanted {
                media,
                place,
                label,
                ..
            } = &wanted[place];
            let note = |reasons: &mut Reasons, error: MediaError| {
                add_reason(reasons, error.code, error.message, label.clone());
            };
            match result {
                Ok((
                    Whereabouts {
                        path,
                        frames,
                        movie,
                    },
                    arrival,
                )) => {
                    match *place {
                        Some(place) => {
                            counts.pictures += 1;
                            resolved.add_picture((*media).clone(), place, path);
                        }
                        None => {
                            counts.movies += 1;
                            let description = movie;
                            let movie = Movie {
                                path,
                                frames,
                                description,
                            };
                            resolved.add_movie((*media).clone(), movie);
                        }
                    }
                    match arrival {
                        Arrival::Fetched(bytes) => {
                            counts.fetched += 1;
                            counts.bytes += bytes;
                        }
                        Arrival::Unchanged => counts.unchanged += 1,
                        Arrival::Outdated(error) => {
                            let is_file = matches!(media.location, MediaLocation::File(_));
                            counts.stale_files += usize::from(is_file);
                            note(&mut counts.outdated, error);
                        }
                        Arrival::Referred => counts.referred += usize::from(place.is_some()),
                    }
                }
                Err(error) if error.transient => note(&mut counts.unavailable, error),
                Err(error) => note(&mut counts.missing, error),
            }
        }
        Ok((resolved, counts))
    }

    /// Gets a picture or movie, and says where the site has it.
    async fn fetch_one(
        &self,
        wanted: &Wanted<'_>,
    ) -> Result<Result<(Whereabouts, Arrival), Missing>> {
        match (&wanted.media.location, self.policy) {
            (MediaLocation::Url(address), MediaPolicy::Copy) => {
                if has_user_info(address) {
                    return Ok(unreferable(WITH_USER_INFO));
                }
                let place = Whereabouts::unseen(address.clone(), wanted);
                Ok(Ok((place, Arrival::Referred)))
            }
            (MediaLocation::Site(path), _) => self.in_site(path, wanted.kind),
            (_, MediaPolicy::Reference(form)) => self.refer(wanted, form).await,
            _ => {
                let had = self.have(wanted, Use::Show).await?;
                Ok(had.and_then(|(held, arrival)| {
                    let missing = || MediaError::permanent("the site does not hold it");
                    let path = held.file.ok_or_else(missing)?.path;
                    Ok((Whereabouts::of(path, held.movie), arrival))
                }))
            }
        }
    }

    /// Keeps what the site holds already under a path.
    fn in_site(
        &self,
        path: &str,
        kind: MediaKind,
    ) -> Result<Result<(Whereabouts, Arrival), Missing>> {
        let place = self.change.site().path(path);
        let below_root = Path::new(path)
            .components()
            .all(|it| matches!(it, Component::Normal(_)));
        if !below_root || !place.is_file() {
            let message = format!("the site does not hold `{}`", path.escape_debug());
            return Ok(Err(MediaError::permanent(message)));
        }
        if path.starts_with("data/") {
            self.change.keep(path)?;
        }
        let movie = match kind {
            MediaKind::Picture => Ok(None),
            MediaKind::Movie => describe(&place)
                .map(Some)
                .map_err(|it| MediaError::permanent(it).of_kind(MediaCode::Unusable)),
        };
        let path = path.to_owned();
        Ok(movie.map(|movie| (Whereabouts::of(path, movie), Arrival::Unchanged)))
    }

    /// Writes an address instead of fetching. Of a movie as much is fetched as tells its length, unless
    /// the tracker says how long it is.
    async fn refer(
        &self,
        wanted: &Wanted<'_>,
        form: &ReferenceForm,
    ) -> Result<Result<(Whereabouts, Arrival), Missing>> {
        let MediaLocation::Url(url) = &wanted.media.location else {
            return Ok(unreferable("it has no address that a page could refer to"));
        };
        if has_user_info(url) {
            return Ok(unreferable(WITH_USER_INFO));
        }
        let Some(path) = form.apply(url) else {
            return Ok(unreferable("its address is not below the tracker's"));
        };
        if wanted.kind == MediaKind::Picture || wanted.is_told {
            return Ok(Ok((Whereabouts::unseen(path, wanted), Arrival::Referred)));
        }
        let had = self.have(wanted, Use::Measure).await?;
        Ok(had.map(|(held, arrival)| (Whereabouts::of(path, held.movie), arrival)))
    }

    /// Has a picture or movie: as the site held it before, or else from the source.
    async fn have(
        &self,
        wanted: &Wanted<'_>,
        what_for: Use,
    ) -> Result<Result<(Held, Arrival), Missing>> {
        let media = wanted.media;
        let Some(key) = self.key(wanted, what_for) else {
            let received = self.obtain(wanted, None, what_for).await?;
            return self.receive(wanted, what_for, received, None);
        };
        let held = self.held(wanted, &key);
        // A file says itself whether it changed, for next to nothing.
        let may_change = media.changes || matches!(media.location, MediaLocation::File(_));
        let answer = self.answers.get(&key);
        let is_known = !may_change || matches!(answer, Some(Ok(())));
        let received = match (answer, &held) {
            (_, Some(_)) if is_known => Received::Unchanged,
            (Some(Err(error)), _) => Received::Nothing(error),
            _ => {
                let received = self.obtain(wanted, held.as_ref(), what_for).await?;
                match &received {
                    Received::Nothing(error) => self.answers.add(key.clone(), Err(error.clone())),
                    _ if may_change => self.answers.add(key.clone(), Ok(())),
                    _ => {}
                }
                received
            }
        };
        let had = self.receive(wanted, what_for, received, held)?;
        // What is to be shown and has no file cannot be shown the next time either.
        if let Ok((held, _)) = &had
            && (held.file.is_some() || matches!(what_for, Use::Measure))
        {
            self.change.media().remember(key, held.clone());
        }
        Ok(had)
    }

    /// Takes what the source gave, or keeps what the site holds.
    fn receive(
        &self,
        wanted: &Wanted<'_>,
        what_for: Use,
        received: Received,
        held: Option<Held>,
    ) -> Result<Result<(Held, Arrival), Missing>> {
        match (received, held) {
            (Received::New(downloaded), _) => {
                let arrival = Arrival::Fetched(downloaded.length);
                let held = self.take_in(wanted, what_for, downloaded)?;
                Ok(Ok((held, arrival)))
            }
            (Received::Measured(movie, tag, bytes), _) => {
                let held = Held {
                    file: None,
                    tag,
                    movie: Some(movie),
                    origin: None,
                };
                Ok(Ok((held, Arrival::Fetched(bytes))))
            }
            (Received::Same { length, tag }, Some(held)) => {
                let held = Held { tag, ..held };
                self.keep(wanted, held, Arrival::Fetched(length)).map(Ok)
            }
            (Received::Unchanged, Some(held)) => {
                self.keep(wanted, held, Arrival::Unchanged).map(Ok)
            }
            (Received::Unchanged | Received::Same { .. }, None) => {
                Ok(Err(MediaError::permanent("the tracker sent nothing")))
            }
            // What may be there again in a minute, or is a page that says what is wrong, is better as it
            // was than a placeholder.
            (Received::Nothing(error), Some(held)) if !error.gone => {
                self.keep(wanted, held, Arrival::Outdated(error)).map(Ok)
            }
            (Received::Nothing(error), _) => Ok(Err(error)),
        }
    }

    /// What the site holds of a reference, if it is there still. It may stand in another project's folder,
    /// or where another format has it.
    fn held(&self, wanted: &Wanted<'_>, key: &MediaKey) -> Option<Held> {
        let mut held = self.change.media().held(key)?.clone();
        if let Some(HeldFile { path, stamp }) = &held.file {
            let is_there = self.change.has(path, *stamp);
            wanted.goes.place_of(path).filter(|_| is_there)?;
            if wanted.kind == MediaKind::Movie && held.movie.is_none() {
                held.movie = describe(&self.change.site().path(path)).ok();
            }
        }
        Some(held)
    }

    /// Keeps what the site holds, in its place.
    fn keep(
        &self,
        wanted: &Wanted<'_>,
        mut held: Held,
        arrival: Arrival,
    ) -> Result<(Held, Arrival)> {
        if let Some(HeldFile { path, stamp }) = &mut held.file
            && let Some(place) = wanted.goes.place_of(path)
        {
            self.change.keep_as(path, *stamp, &place)?;
            *stamp = self.change.stamp(&place).unwrap_or(*stamp);
            *path = place;
        }
        Ok((held, arrival))
    }

    /// Moves a download to its place in the site, or throws it away when only its length was wanted.
    fn take_in(&self, wanted: &Wanted<'_>, what_for: Use, downloaded: Downloaded) -> Result<Held> {
        let Downloaded {
            file,
            extension,
            movie,
            tag,
            origin,
            ..
        } = downloaded;
        let file = match (what_for, &wanted.goes) {
            (Use::Measure, _) => {
                std::fs::remove_file(&file).during("remove", &file)?;
                None
            }
            (Use::Show, Goes::To(path)) => {
                self.change.adopt(path, &file)?;
                Some(path.clone())
            }
            (Use::Show, Goes::Below(folder)) => {
                // The name comes from the bytes, so what stands under a name never changes.
                let hash = hash_of(&file).during("read", &file)?;
                let path = format!("{folder}/{}/{hash}.{extension}", &hash[..2]);
                if self.change.stamp(&path).is_some() {
                    std::fs::remove_file(&file).during("remove", &file)?;
                } else {
                    self.change.adopt(&path, &file)?;
                }
                Some(path)
            }
        };
        let file = file.and_then(|path| {
            let stamp = self.change.stamp(&path)?;
            Some(HeldFile { path, stamp })
        });
        Ok(Held {
            file,
            tag,
            movie,
            origin,
        })
    }

    /// Fetches a picture or movie, or as much of it as is needed. `held` is what the site has.
    async fn obtain(
        &self,
        wanted: &Wanted<'_>,
        held: Option<&Held>,
        what_for: Use,
    ) -> Result<Received> {
        if matches!(what_for, Use::Measure) {
            let known = held.and_then(|it| it.tag.as_deref());
            match ranges::measure(self.source, wanted.media, known).await {
                Ok(Measured::Movie(movie, tag, bytes)) => {
                    return Ok(Received::Measured(movie, tag, bytes));
                }
                Ok(Measured::Unchanged) => return Ok(Received::Unchanged),
                Ok(Measured::Unknown) => {}
                Err(error) => return Ok(Received::Nothing(error)),
            }
        }
        self.download(wanted, held).await
    }

    /// The key under which a picture or movie is remembered. What is made of a picture depends on its
    /// place, and on how it is fitted there.
    fn key(&self, wanted: &Wanted<'_>, what_for: Use) -> Option<MediaKey> {
        let what = match (what_for, self.makes(wanted)) {
            (Use::Measure, _) => "length".into(),
            (Use::Show, None) => wanted.kind.noun().into(),
            (Use::Show, Some((place, fit))) => {
                let version = pictures::VERSION;
                Cow::from(format!("picture {place:?} {fit:?} {version}"))
            }
        };
        MediaKey::new(&self.source.name(), &what, &wanted.media.location)
    }

    /// Gives shots that have no picture a frame from their middle, of the movie that plays beside them. Says
    /// to how many, and what to know of the others.
    ///
    /// # Errors
    ///
    /// Only when the site cannot be written to.
    pub(crate) async fn pictures_from_movies(
        &self,
        snapshot: &mut ProjectSnapshot,
        media: &mut ResolvedMedia,
        placement: &Placement,
    ) -> Result<(usize, Vec<String>)> {
        let folder = self.layout.previews(&snapshot.project.id);
        let mut pictures = HashMap::new();
        let mut notes = Vec::new();
        let rate = snapshot.project.fps;
        let film = Placed {
            snapshot,
            media,
            placement,
        };
        for playing in self.layout.playing(&film) {
            let mut frames = BTreeMap::<_, Vec<_>>::new();
            let mut outside = 0;
            for shot in playing.shots {
                if media.tile(shot.thumbnail.as_ref()).is_some() {
                    continue;
                }
                match middle(shot, playing.frame_offset, rate) {
                    Some(frame) => frames.entry(frame).or_default().push(shot.id.clone()),
                    None => outside += 1,
                }
            }
            if outside > 0 {
                notes.push(format!(
                    "{} not in the movie of {}",
                    counted(
                        outside,
                        "shot without a picture is",
                        "shots without a picture are"
                    ),
                    playing.edit
                ));
            }
            let had = self.frames(playing.movie, rate.as_f64(), &mut frames, &folder);
            let (paths, reason) = had.await?;
            let missing: usize = frames.values().map(Vec::len).sum();
            if let Some(reason) = reason.filter(|_| missing > 0) {
                notes.push(format!(
                    "{} no picture, and none from the movie of {}: {reason}",
                    counted(missing, "shot has", "shots have"),
                    playing.edit
                ));
            }
            pictures.extend(paths);
        }
        let count = pictures.len();
        for shot in &mut snapshot.shots {
            if let Some(path) = pictures.remove(&shot.id) {
                let picture = MediaRef::site(&*path);
                media.add_picture(picture.clone(), Place::Tile, path);
                shot.thumbnail = Some(picture);
            }
        }
        if count > 0 {
            notes.push(format!(
                "{} a frame of the movie",
                counted(
                    count,
                    "shot has no picture and shows",
                    "shots have no picture and show"
                )
            ));
        }
        Ok((count, notes))
    }

    /// Has frames of a movie as pictures: those that the site held before, and then the others from the movie.
    /// What could not be had stays in `frames`, with the reason.
    async fn frames(
        &self,
        movie: &Movie,
        rate: f64,
        frames: &mut BTreeMap<u64, Vec<ShotId>>,
        folder: &str,
    ) -> Result<(Vec<(ShotId, String)>, Option<String>)> {
        let mut had = Vec::new();
        let Some(stamp) = self.change.stamp(&movie.path) else {
            return Ok((had, Some("the movie is not in the site".to_owned())));
        };
        let fit = match self.pictures {
            PicturePolicy::Make(fit) => fit,
            PicturePolicy::AsTheyAre => Fit::default(),
        };
        // The movie's file keeps its time as long as it is the same.
        let source = MediaLocation::Site(format!("{} {}", movie.path, stamp.tag()));
        let key = |frame: u64| {
            let version = pictures::VERSION;
            let what = format!("frame {frame} at {rate} {fit:?} {version}");
            MediaKey::new("movie", &what, &source)
        };
        let reference = MediaRef::site(&*movie.path);
        let picture = Wanted::picture(&reference, Place::Tile, folder, String::new());
        for frame in frames.keys().copied().collect::<Vec<_>>() {
            let Some(key) = key(frame) else { continue };
            let Some(held) = self.held(&picture, &key) else {
                continue;
            };
            let (held, _) = self.keep(&picture, held, Arrival::Unchanged)?;
            if let Some(file) = &held.file {
                let shots = frames.remove(&frame).unwrap_or_default();
                had.extend(shots.into_iter().map(|it| (it, file.path.clone())));
                self.change.media().remember(key, held);
            }
        }
        if frames.is_empty() {
            return Ok((had, None));
        }
        let Some(ffmpeg) = frames::ffmpeg() else {
            return Ok((had, Some("there is no `ffmpeg` in PATH".to_owned())));
        };
        let numbers: Vec<_> = frames.keys().copied().collect();
        let file = self.change.open(&movie.path)?;
        let mut taken = Frames::new(&ffmpeg, file, rate, &numbers);
        for frame in &numbers {
            let bitmap = match taken.next().await {
                Ok(Some(bitmap)) => bitmap,
                Ok(None) => return Ok((had, Some("it ends before".to_owned()))),
                Err(NoFrames(reason)) => return Ok((had, Some(reason))),
            };
            let path = self.change.scratch()?;
            std::fs::write(&path, &bitmap).during("write", &path)?;
            let downloaded = Downloaded {
                file: path,
                length: bitmap.len() as u64,
                extension: kind::NOT_SHOWN,
                movie: None,
                tag: None,
                origin: None,
            };
            let made = match self.make((Place::Tile, fit), None, downloaded).await? {
                Ok(Received::New(made)) => made,
                Ok(_) => continue,
                Err(reason) => return Ok((had, Some(reason))),
            };
            let held = self.take_in(&picture, Use::Show, made)?;
            if let Some(file) = &held.file {
                let shots = frames.remove(frame).unwrap_or_default();
                had.extend(shots.into_iter().map(|it| (it, file.path.clone())));
            }
            if let Some(key) = key(*frame) {
                self.change.media().remember(key, held);
            }
        }
        Ok((had, None))
    }

    /// The place for which a picture is made, and how it is fitted there; none for what stays as it is.
    fn makes(&self, wanted: &Wanted<'_>) -> Option<(Place, Fit)> {
        match self.pictures {
            PicturePolicy::Make(fit) => wanted.place.map(|place| (place, fit)),
            PicturePolicy::AsTheyAre => None,
        }
    }

    /// Fetches into a file beside the site, taking up what was cut, checks what came, and makes the
    /// picture that is shown. `held` is what the site has.
    async fn download(&self, wanted: &Wanted<'_>, held: Option<&Held>) -> Result<Received> {
        let Wanted { media, kind, .. } = *wanted;
        let known = held.and_then(|it| it.tag.as_deref());
        let path = self.change.scratch()?;
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(true);
        let file = options.open(&path).during("create", &path)?;
        let most = match kind {
            MediaKind::Picture => MAX_PICTURE,
            MediaKind::Movie => u64::MAX,
        };
        let mut download = Download::new(file, most);
        let mut failure = MediaError::permanent("the tracker sent nothing");
        let mut attempts = 0;
        let mut furthest = 0;
        while attempts < ATTEMPTS {
            attempts += 1;
            let request = MediaRequest {
                media,
                known: known.filter(|_| download.length == 0),
                // Without a name nobody can say that the rest is of the same bytes.
                offset: download.tag.as_ref().map_or(0, |_| download.length),
            };
            match self.open(request).await {
                Ok(Opened::Stream(stream)) => match download.receive(stream).await {
                    Ok(()) => {
                        let finished = match download.finish(kind, &path) {
                            Err(reason) => Err(reason),
                            Ok(downloaded) => match self.makes(wanted) {
                                Some(how) => self.make(how, held, downloaded).await?,
                                None => Ok(Received::New(downloaded)),
                            },
                        };
                        match finished {
                            Ok(received) => return Ok(received),
                            Err(reason) => {
                                failure = MediaError::unusable(reason);
                                break;
                            }
                        }
                    }
                    Err(Interruption::Disk(error)) => return Err(error).during("write", &path),
                    Err(Interruption::Source(error)) => failure = error,
                },
                Ok(Opened::Unchanged) if request.known.is_some() => {
                    std::fs::remove_file(&path).during("remove", &path)?;
                    return Ok(Received::Unchanged);
                }
                Ok(Opened::Unchanged) => {}
                Err(error) => {
                    failure = error;
                    break;
                }
            }
            if !failure.transient {
                break;
            }
            // A bad line is no reason to give up what goes on.
            if download.length >= furthest + STRIDE {
                furthest = download.length;
                attempts = 0;
            }
        }
        std::fs::remove_file(&path).during("remove", &path)?;
        Ok(Received::Nothing(failure))
    }

    /// Makes of a picture the one that is shown, unless that was made of the same bytes before.
    async fn make(
        &self,
        (place, fit): (Place, Fit),
        held: Option<&Held>,
        mut downloaded: Downloaded,
    ) -> Result<Result<Received, String>> {
        let path = &downloaded.file;
        let before = held.and_then(|it| it.origin.clone());
        let made = self.maker.make(path.clone(), place, fit, before).await;
        let (origin, outcome) = made.during("read", path)?;
        match outcome {
            Outcome::Same => {
                std::fs::remove_file(path).during("remove", path)?;
                let Downloaded { length, tag, .. } = downloaded;
                return Ok(Ok(Received::Same { length, tag }));
            }
            Outcome::Refused(reason) => return Ok(Err(reason)),
            Outcome::Made(Made::AsItIs(extension)) => downloaded.extension = extension,
            Outcome::Made(Made::New { bytes, extension }) => {
                std::fs::write(path, bytes).during("write", path)?;
                downloaded.extension = extension;
            }
        }
        downloaded.origin = Some(origin);
        Ok(Ok(Received::New(downloaded)))
    }

    async fn open(&self, request: MediaRequest<'_>) -> Result<Opened, MediaError> {
        match &request.media.location {
            MediaLocation::File(path) => open_file(path, request.known),
            _ => self.source.open(request).await,
        }
    }
}

/// What a picture or movie is had for.
#[derive(Clone, Copy)]
enum Use {
    /// To be shown from the site.
    Show,
    /// To know its length.
    Measure,
}

/// What a source gave.
enum Received {
    New(Downloaded),
    /// What a movie is, what names its bytes at the source, and how many of them came.
    Measured(Description, Option<String>, u64),
    /// So many bytes, of which the site's picture was made before, under this tag.
    Same {
        length: u64,
        tag: Option<String>,
    },
    Unchanged,
    Nothing(MediaError),
}

/// The frame of a movie that is shown in the middle of a shot; none if that is before the movie.
fn middle(shot: &Shot, frame_offset: i64, rate: FrameRate) -> Option<u64> {
    let (start, _) = shot.data.range()?;
    let half = (shot.duration_seconds() * rate.as_f64() / 2.0).floor();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a shot is no longer than an i64 has frames"
    )]
    let half = half as i64;
    let middle = start.checked_add(half)?.checked_sub(frame_offset)?;
    u64::try_from(middle).ok()
}

/// The pictures of projects.
fn project_pictures<'a>(list: &'a ProjectList, folder: &'a str) -> Vec<Wanted<'a>> {
    let picture = |project: &'a Project| {
        let label = format!("project {}", project.name);
        let media = project.thumbnail.as_ref()?;
        Some(Wanted::picture(media, Place::Project, folder, label))
    };
    list.projects.iter().filter_map(picture).collect()
}

/// The pictures of people.
fn pictures_of<'a>(
    people: impl IntoIterator<Item = &'a User>,
    folder: &'a str,
) -> impl Iterator<Item = Wanted<'a>> {
    let people = people.into_iter().filter(|user| user.has_avatar);
    people.filter_map(move |user| {
        let label = format!("user {}", user.name);
        let media = user.thumbnail.as_ref()?;
        Some(Wanted::picture(media, Place::Avatar, folder, label))
    })
}

/// The pictures that a project, its shots and its assets refer to.
fn pictures<'a>(snapshot: &'a ProjectSnapshot, folder: &'a str) -> Vec<Wanted<'a>> {
    let sequences: HashMap<_, _> = snapshot
        .sequences
        .iter()
        .map(|it| (&it.id, &it.name))
        .collect();
    let picture = |media, label| Wanted::picture(media, Place::Tile, folder, label);
    let project = snapshot.project.thumbnail.iter();
    let project = project
        .map(|media| Wanted::picture(media, Place::Project, folder, "the project".to_owned()));
    let shots = snapshot.shots.iter().filter_map(|shot| {
        let sequence = sequences.get(&shot.sequence_id).map_or("?", |name| name);
        let label = format!("shot {sequence} / {}", shot.name);
        Some(picture(shot.thumbnail.as_ref()?, label))
    });
    let assets = snapshot.assets.iter().filter_map(|asset| {
        let label = format!("asset {}", asset.name);
        Some(picture(asset.thumbnail.as_ref()?, label))
    });
    project.chain(shots).chain(assets).collect()
}

/// A finished download that was found to be what it should.
struct Downloaded {
    file: PathBuf,
    /// In bytes.
    length: u64,
    extension: &'static str,
    /// What a movie is; none for a picture.
    movie: Option<Description>,
    /// What names the bytes at the source.
    tag: Option<String>,
    /// The hash of the bytes of which a picture was made.
    origin: Option<String>,
}

/// A download that goes on, possibly over several openings.
struct Download {
    file: File,
    length: u64,
    head: Vec<u8>,
    /// What the source calls these bytes.
    tag: Option<String>,
    /// How many it says they are.
    total: Option<u64>,
    /// How many they may be.
    most: u64,
}

/// Lets whatever else waits in the same task have a turn.
async fn yield_now() {
    let mut waited = false;
    poll_fn(|context| {
        if waited {
            return Poll::Ready(());
        }
        waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

enum Interruption {
    Disk(io::Error),
    Source(MediaError),
}

impl Download {
    fn new(file: File, most: u64) -> Self {
        Self {
            file,
            length: 0,
            head: Vec::with_capacity(HEAD),
            tag: None,
            total: None,
            most,
        }
    }

    async fn receive(&mut self, mut stream: MediaStream) -> Result<(), Interruption> {
        let tag = stream.tag.take();
        // A source that does not take up where the last opening ended sends everything anew, and one
        // that has something else by now must not be joined to what is here.
        if stream.offset != self.length || (self.length > 0 && !self.is(&tag, stream.length)) {
            self.start_anew().map_err(Interruption::Disk)?;
        }
        if stream.offset != self.length {
            let message = "it changed while it was fetched".to_owned();
            return Err(Interruption::Source(MediaError::transient(message)));
        }
        self.tag = tag;
        self.total = stream.length.or(self.total);
        if self.total.is_some_and(|total| total > self.most) {
            return Err(self.too_large());
        }
        let mut yielded = self.length;
        while let Some(block) = stream.bytes.next().await {
            let block = block.map_err(Interruption::Source)?;
            // A file of this machine is always there, and others want to go on as well.
            if self.length - yielded >= STRIDE {
                yield_now().await;
                yielded = self.length;
            }
            if self.length + block.len() as u64 > self.most {
                return Err(self.too_large());
            }
            self.append(&block).map_err(Interruption::Disk)?;
        }
        match self.total {
            Some(length) if length != self.length => {
                let message = format!("{} of {length} bytes came", self.length);
                Err(Interruption::Source(MediaError::transient(message)))
            }
            _ => Ok(()),
        }
    }

    /// Whether an opening is of the bytes of which some are here: their tag says so, and how many they are
    /// may not contradict. An answer in blocks names its tag and no length, the rest of it names both.
    fn is(&self, tag: &Option<String>, length: Option<u64>) -> bool {
        let same_length = match (self.total, length) {
            (Some(before), Some(now)) => before == now,
            _ => true,
        };
        tag.is_some() && self.tag == *tag && same_length
    }

    fn too_large(&self) -> Interruption {
        let most = self.most >> 20;
        let message =
            format!("it is larger than {most} MiB, which is more than a picture may have");
        Interruption::Source(MediaError::permanent(message).of_kind(MediaCode::Unusable))
    }

    fn start_anew(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.length = 0;
        self.total = None;
        self.head.clear();
        Ok(())
    }

    fn append(&mut self, block: &[u8]) -> io::Result<()> {
        self.file.write_all(block)?;
        self.length += block.len() as u64;
        let head = HEAD - self.head.len();
        self.head.extend_from_slice(&block[..head.min(block.len())]);
        Ok(())
    }

    /// Checks that the bytes are what they should be.
    fn finish(mut self, kind: MediaKind, path: &Path) -> Result<Downloaded, String> {
        let extension = kind
            .extension(&self.head)
            .map_err(|found| format!("what came is no {}: {found}", kind.noun()))?;
        let rewound = self.file.rewind();
        rewound.map_err(|error| format!("it cannot be read: {error}"))?;
        let bytes = io::BufReader::new(self.file);
        let movie = match kind {
            MediaKind::Picture => {
                kind::check_whole(bytes, extension)?;
                None
            }
            MediaKind::Movie => Some(movie::describe(bytes).map_err(|error| error.to_string())?),
        };
        Ok(Downloaded {
            file: path.to_owned(),
            length: self.length,
            extension,
            movie,
            tag: self.tag,
            origin: None,
        })
    }
}

/// The hash of a file's bytes, in hexadecimal digits.
fn hash_of(path: &Path) -> io::Result<String> {
    let digest = Sha256::digest(std::fs::read(path)?);
    // Half of it tells any two pictures apart, and keeps names as long as they are today.
    Ok(hex(&digest[..16]))
}

fn describe(path: &Path) -> Result<Description, String> {
    let file = File::open(path).map_err(|error| format!("it cannot be read: {error}"))?;
    movie::describe(io::BufReader::new(file)).map_err(|error| error.to_string())
}

/// Opens a file of this machine. Its size and time are its tag.
fn open_file(path: &Path, known: Option<&str>) -> Result<Opened, MediaError> {
    let error = |error: io::Error| {
        let message = format!("`{}` cannot be read: {error}", path.display());
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                MediaError::transient(format!(
                    "`{}` is not there: is its disk mounted, and is this the right working folder?",
                    path.display()
                ))
            }
            // A disk that fails, a right that was taken: it may be there again in a minute.
            _ => MediaError::transient(message),
        }
    };
    let found = std::fs::metadata(path).map_err(error)?;
    if !found.is_file() {
        let message = format!("`{}` is not a file", path.display());
        return Err(MediaError::permanent(message));
    }
    // What is the same is not even opened: it may lie on a disk far away.
    if known.is_some() && known == Stamp::of_file(&found).map(Stamp::tag).as_deref() {
        return Ok(Opened::Unchanged);
    }
    let file = File::open(path).map_err(error)?;
    Opened::file(file, known).map_err(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_a_password_is_seen() {
        for url in [
            "http://me:secret@a.example/x.png",
            "https://me@a.example",
            "HTTPS://me@a.example/x.png",
            "//me:secret@a.example/x.png",
            // The client adds the slash that is missing.
            "/me@a.example/x.png",
            r"\\me@a.example/x.png",
            "https:me@a.example/x.png",
            "ht\ntps://me@a.example/x.png",
            " //me@a.example/x.png",
        ] {
            assert!(has_user_info(url), "{url}");
        }
        for url in [
            "https://a.example/@x.png",
            "https://a.example?u=me@b",
            "https://a.example#@",
            "//a.example/@x.png",
            "api/pictures/x@2x.png",
            "pictures:x/y@2x.png",
        ] {
            assert!(!has_user_info(url), "{url}");
        }
    }
}
