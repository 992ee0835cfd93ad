//! Fetches pictures and movies into a site that is being staged.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroUsize;
use std::path::Path;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};
use watchtower_model::{Edit, MediaLocation, MediaRef, Project, ProjectList, ProjectSnapshot};

use super::kind::HEAD;
use super::{
    MediaError, MediaKind, MediaPolicy, MediaRequest, MediaSource, MediaStream, Movie, Opened,
    ReferenceForm, ResolvedMedia, movie,
};
use crate::error::{IoContext, Result};
use crate::export::Progress;
use crate::render;
use crate::site::Transaction;
use crate::summary::MediaCounts;

/// How often a picture or movie that was cut is taken up again.
const ATTEMPTS: usize = 4;

/// A picture or movie to be had: what it is of, for messages, and where it goes.
struct Wanted<'a> {
    media: &'a MediaRef,
    kind: MediaKind,
    label: String,
    /// A movie has a place of its own; a picture's is made from its bytes.
    place: Option<String>,
}

impl<'a> Wanted<'a> {
    fn picture(media: &'a MediaRef, label: String) -> Self {
        Self {
            media,
            kind: MediaKind::Picture,
            label,
            place: None,
        }
    }
}

/// Where the site has a picture or movie.
enum Fetched {
    Picture(String),
    Movie(Movie),
}

/// Gets media for one export.
pub(crate) struct Fetcher<'a> {
    change: &'a Transaction,
    source: &'a dyn MediaSource,
    policy: &'a MediaPolicy,
    jobs: NonZeroUsize,
    progress: &'a dyn Progress,
}

impl<'a> Fetcher<'a> {
    pub(crate) fn new(
        change: &'a Transaction,
        source: &'a dyn MediaSource,
        policy: &'a MediaPolicy,
        jobs: NonZeroUsize,
        progress: &'a dyn Progress,
    ) -> Self {
        Self {
            change,
            source,
            policy,
            jobs,
            progress,
        }
    }

    /// Gets the pictures and the movie of a project.
    ///
    /// # Errors
    ///
    /// Only when the site cannot be written to: media that cannot be had is counted.
    pub(crate) async fn fetch_project(
        &self,
        snapshot: &ProjectSnapshot,
    ) -> Result<(ResolvedMedia, MediaCounts)> {
        let mut media = ResolvedMedia::default();
        let mut counts = MediaCounts::default();
        self.fetch(pictures(snapshot), &mut media, &mut counts)
            .await?;
        // There is room for one movie: the first edit's that can be had.
        for edit in &snapshot.edits {
            let movie = movie_of(edit, &snapshot.project);
            self.fetch(movie, &mut media, &mut counts).await?;
            if media.movie(edit.movie.as_ref()).is_some() {
                break;
            }
        }
        Ok((media, counts))
    }

    /// Gets the pictures of people, and of projects that are not in `media` yet.
    ///
    /// # Errors
    ///
    /// Only when the site cannot be written to: media that cannot be had is counted.
    pub(crate) async fn fetch_shared(
        &self,
        list: &ProjectList,
        media: &mut ResolvedMedia,
    ) -> Result<MediaCounts> {
        let mut counts = MediaCounts::default();
        self.fetch(shared_pictures(list), media, &mut counts)
            .await?;
        Ok(counts)
    }

    /// Gets everything wanted, several at a time, and counts what came and what could not be had.
    async fn fetch(
        &self,
        wanted: Vec<Wanted<'_>>,
        resolved: &mut ResolvedMedia,
        counts: &mut MediaCounts,
    ) -> Result<()> {
        if *self.policy == MediaPolicy::None {
            return Ok(());
        }
        // The same picture may stand for several things; it is fetched once.
        let mut seen = HashSet::new();
        let wanted: Vec<_> = wanted
            .into_iter()
            .filter(|it| seen.insert((it.media, it.kind)))
            .filter(|it| match it.kind {
                MediaKind::Picture => resolved.picture(Some(it.media)).is_none(),
                MediaKind::Movie => resolved.movie(Some(it.media)).is_none(),
            })
            .collect();
        self.progress.media_planned(wanted.len());
        let results: Vec<_> = stream::iter(&wanted)
            .map(|it| async move {
                let result = self.fetch_one(it).await;
                self.progress.media_done();
                result.map(|result| (it, result))
            })
            .buffered(self.jobs.get())
            .try_collect()
            .await?;
        for (it, result) in results {
            match result {
                Ok(fetched) => {
                    counts.count(it.kind);
                    match fetched {
                        Fetched::Picture(path) => resolved.add_picture(it.media.clone(), path),
                        Fetched::Movie(movie) => resolved.add_movie(it.media.clone(), movie),
                    }
                }
                Err(reason) => {
                    counts
                        .missing
                        .entry(reason)
                        .or_default()
                        .push(it.label.clone());
                }
            }
        }
        Ok(())
    }

    async fn fetch_one(&self, wanted: &Wanted<'_>) -> Result<Result<Fetched, String>> {
        let Wanted { media, kind, .. } = wanted;
        if let MediaPolicy::Reference(form) = self.policy {
            return self.refer(wanted, form).await;
        }
        if let (MediaLocation::Site(path), MediaKind::Movie) = (&media.location, kind) {
            return Ok(self.movie_in_site(path));
        }
        match self.download(media, *kind).await? {
            Err(reason) => Ok(Err(reason)),
            Ok(file) => self.place(wanted, file).map(Ok),
        }
    }

    /// Writes an address instead of fetching. A movie is fetched all the same, and thrown away: its
    /// length is in no address.
    async fn refer(
        &self,
        wanted: &Wanted<'_>,
        form: &ReferenceForm,
    ) -> Result<Result<Fetched, String>> {
        let MediaLocation::Url(url) = &wanted.media.location else {
            return Ok(Err("it has no address that a page could refer to".into()));
        };
        let Some(path) = form.apply(url) else {
            return Ok(Err("its address is not below the tracker's".into()));
        };
        if wanted.kind == MediaKind::Picture {
            return Ok(Ok(Fetched::Picture(path)));
        }
        match self.download(wanted.media, MediaKind::Movie).await? {
            Err(reason) => Ok(Err(reason)),
            Ok(Downloaded { frames, file, .. }) => {
                std::fs::remove_file(&file).during("remove", &file)?;
                Ok(Ok(Fetched::Movie(Movie { path, frames })))
            }
        }
    }

    /// The length of a movie that the site holds already.
    fn movie_in_site(&self, path: &str) -> Result<Fetched, String> {
        let place = self.change.site().path(path);
        let frames = count_frames(&place)?;
        Ok(Fetched::Movie(Movie {
            path: path.to_owned(),
            frames,
        }))
    }

    /// Moves a download to its place in the site.
    fn place(&self, wanted: &Wanted<'_>, downloaded: Downloaded) -> Result<Fetched> {
        let Downloaded {
            file,
            hash,
            extension,
            frames,
        } = downloaded;
        match &wanted.place {
            Some(path) => {
                self.change.adopt(path, &file)?;
                Ok(Fetched::Movie(Movie {
                    path: path.clone(),
                    frames,
                }))
            }
            None => {
                // The name comes from the bytes, so what stands under a name never changes.
                let path = format!("data/previews/{}/{hash}.{extension}", &hash[..2]);
                self.change.adopt(&path, &file)?;
                Ok(Fetched::Picture(path))
            }
        }
    }

    /// Fetches into a file beside the site, taking up what was cut, and checks what came.
    async fn download(
        &self,
        media: &MediaRef,
        kind: MediaKind,
    ) -> Result<Result<Downloaded, String>> {
        let path = self.change.scratch()?;
        let file = File::create(&path).during("create", &path)?;
        let mut download = Download::new(file);
        let mut failure = String::new();
        for _ in 0..ATTEMPTS {
            let request = MediaRequest {
                media,
                known: None,
                offset: download.length,
            };
            match self.open(request).await {
                Ok(Opened::Stream(stream)) => match download.receive(stream).await {
                    Ok(()) => {
                        let result = download.finish(kind, &path);
                        if result.is_err() {
                            std::fs::remove_file(&path).during("remove", &path)?;
                        }
                        return Ok(result);
                    }
                    Err(Interruption::Disk(error)) => return Err(error).during("write", &path),
                    Err(Interruption::Source(error)) => failure = error.message,
                },
                // Nothing was said to be known.
                Ok(Opened::Unchanged) => failure = "the tracker sent nothing".into(),
                Err(error) => {
                    failure = error.message;
                    if !error.transient {
                        break;
                    }
                }
            }
        }
        std::fs::remove_file(&path).during("remove", &path)?;
        Ok(Err(failure))
    }

    async fn open(&self, request: MediaRequest<'_>) -> Result<Opened, MediaError> {
        match &request.media.location {
            MediaLocation::File(path) => open_file(path).map(Opened::Stream),
            _ => self.source.open(request).await,
        }
    }
}

/// The pictures of people, and of the projects themselves.
fn shared_pictures(list: &ProjectList) -> Vec<Wanted<'_>> {
    let projects = list.projects.iter().filter_map(|project| {
        Some(Wanted::picture(
            project.thumbnail.as_ref()?,
            format!("project {}", project.name),
        ))
    });
    let users = list.users.iter().filter(|user| user.has_avatar);
    let users = users.filter_map(|user| {
        Some(Wanted::picture(
            user.thumbnail.as_ref()?,
            format!("user {}", user.name),
        ))
    });
    projects.chain(users).collect()
}

/// The pictures that a project refers to.
fn pictures(snapshot: &ProjectSnapshot) -> Vec<Wanted<'_>> {
    let sequences: HashMap<_, _> = snapshot
        .sequences
        .iter()
        .map(|it| (&it.id, &it.name))
        .collect();
    let project = snapshot.project.thumbnail.iter();
    let project = project.map(|media| Wanted::picture(media, "the project".to_owned()));
    let shots = snapshot.shots.iter().filter_map(|shot| {
        let sequence = sequences.get(&shot.sequence_id).map_or("?", |name| name);
        let label = format!("shot {sequence} / {}", shot.name);
        Some(Wanted::picture(shot.thumbnail.as_ref()?, label))
    });
    let assets = snapshot.assets.iter().filter_map(|asset| {
        Some(Wanted::picture(
            asset.thumbnail.as_ref()?,
            format!("asset {}", asset.name),
        ))
    });
    project.chain(shots).chain(assets).collect()
}

/// The movie of an edit.
fn movie_of<'a>(edit: &'a Edit, project: &Project) -> Vec<Wanted<'a>> {
    let movie = |media| Wanted {
        media,
        kind: MediaKind::Movie,
        label: format!("edit {}", edit.name),
        place: Some(render::v0::movie_path(&project.id)),
    };
    edit.movie.iter().map(movie).collect()
}

/// A finished download that was found to be what it should.
struct Downloaded {
    file: std::path::PathBuf,
    /// Of the bytes, in hexadecimal digits.
    hash: String,
    extension: &'static str,
    /// A movie's length; 0 for a picture.
    frames: u64,
}

/// A download that goes on, possibly over several openings.
struct Download {
    file: File,
    length: u64,
    hash: Sha256,
    head: Vec<u8>,
}

enum Interruption {
    Disk(std::io::Error),
    Source(MediaError),
}

impl Download {
    fn new(file: File) -> Self {
        Self {
            file,
            length: 0,
            hash: Sha256::new(),
            head: Vec::with_capacity(HEAD),
        }
    }

    async fn receive(&mut self, mut stream: MediaStream) -> Result<(), Interruption> {
        // A source that does not take up where the last opening ended sends what is here already.
        let mut skip = self.length.saturating_sub(stream.offset);
        if stream.offset > self.length {
            let message = "the tracker left a gap in what it sent".to_owned();
            return Err(Interruption::Source(MediaError::permanent(message)));
        }
        while let Some(block) = stream.bytes.next().await {
            let mut block = block.map_err(Interruption::Source)?;
            let here = usize::try_from(skip).map_or(block.len(), |skip| skip.min(block.len()));
            skip -= here as u64;
            block = block.slice(here..);
            self.append(&block).map_err(Interruption::Disk)?;
        }
        match stream.length {
            Some(length) if length != self.length => {
                let message = format!("{} of {length} bytes came", self.length);
                Err(Interruption::Source(MediaError::transient(message)))
            }
            _ => Ok(()),
        }
    }

    fn append(&mut self, block: &[u8]) -> std::io::Result<()> {
        self.file.write_all(block)?;
        self.hash.update(block);
        self.length += block.len() as u64;
        let head = HEAD - self.head.len();
        self.head.extend_from_slice(&block[..head.min(block.len())]);
        Ok(())
    }

    /// Checks that the bytes are what they should be.
    fn finish(self, kind: MediaKind, path: &Path) -> Result<Downloaded, String> {
        let extension = kind
            .extension(&self.head)
            .map_err(|found| format!("what came is no {}: {found}", kind.noun()))?;
        let frames = match kind {
            MediaKind::Picture => 0,
            MediaKind::Movie => count_frames(path)?,
        };
        // Half of the digest tells any two pictures apart, and keeps names as long as they are today.
        let digest = self.hash.finalize();
        let hash = digest[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(Downloaded {
            file: path.to_owned(),
            hash,
            extension,
            frames,
        })
    }
}

fn count_frames(path: &Path) -> Result<u64, String> {
    let file = File::open(path).map_err(|error| format!("it cannot be read: {error}"))?;
    movie::frame_count(std::io::BufReader::new(file)).map_err(|error| error.to_string())
}

fn open_file(path: &Path) -> Result<MediaStream, MediaError> {
    let error = |error: std::io::Error| {
        MediaError::permanent(format!("`{}` cannot be read: {error}", path.display()))
    };
    let found = std::fs::metadata(path).map_err(error)?;
    if !found.is_file() {
        let message = format!("`{}` is not a file", path.display());
        return Err(MediaError::permanent(message));
    }
    let mut file = File::open(path).map_err(error)?;
    let blocks = std::iter::from_fn(move || {
        let mut block = vec![0; 1 << 16];
        match file.read(&mut block) {
            Ok(0) => None,
            Ok(length) => {
                block.truncate(length);
                Some(Ok(Bytes::from(block)))
            }
            Err(error) => Some(Err(MediaError::permanent(error.to_string()))),
        }
    });
    Ok(MediaStream {
        bytes: Box::pin(stream::iter(blocks)),
        length: Some(found.len()),
        offset: 0,
        tag: None,
    })
}
