//! Pictures and movies from one export to the next.

use std::collections::HashMap;
use std::fs;
use std::path::{MAIN_SEPARATOR, Path};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde_json::Value;
use watchtower_model::{
    Edit, FrameRate, MediaLocation, MediaRef, Project, ProjectList, ProjectSnapshot, Sequence,
    Shot, ShotData, User,
};
use watchtower_writer::media::pictures::Fit;
use watchtower_writer::media::{
    MediaError, MediaPolicy, MediaRequest, MediaSource, MediaStream, Opened, PicturePolicy,
    ReferenceForm,
};
use watchtower_writer::{
    Export, ExportOptions, FailureCode, MediaCode, MediaCounts, ProjectWriter, Site, Summary,
};

const MOVIE: &[u8] = include_bytes!("movies/h264.mp4");

/// A picture with something written on it.
fn picture(text: &str) -> Vec<u8> {
    format!("<svg xmlns='http://www.w3.org/2000/svg'><text>{text}</text></svg>").into_bytes()
}

/// The pictures of these tests are as small as can be, and stay so.
fn as_they_are() -> ExportOptions {
    ExportOptions {
        pictures: PicturePolicy::AsTheyAre,
        ..ExportOptions::default()
    }
}

/// Something that has media by address, and notes what it is asked for.
#[derive(Default)]
struct Source {
    name: &'static str,
    /// Bytes and tag by address.
    media: HashMap<String, (Vec<u8>, Option<&'static str>)>,
    /// The error it answers everything with.
    error: Option<MediaError>,
    /// The bytes after which the first opening of anything is cut.
    cut: Option<usize>,
    /// Whether it names nothing.
    tagless: bool,
    asked: Mutex<Vec<(String, Option<String>)>>,
}

impl Source {
    fn with(media: &[(&str, Vec<u8>, Option<&'static str>)]) -> Self {
        let media = media.iter().cloned();
        Self {
            media: media
                .map(|(address, bytes, tag)| (address.to_owned(), (bytes, tag)))
                .collect(),
            ..Self::default()
        }
    }

    /// What it was asked for since this was called last: address and known tag.
    fn asked(&self) -> Vec<(String, Option<String>)> {
        let mut asked = std::mem::take(&mut *self.asked.lock().expect("nobody panics"));
        asked.sort();
        asked
    }
}

#[async_trait]
impl MediaSource for Source {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    async fn open(&self, request: MediaRequest<'_>) -> Result<Opened, MediaError> {
        let MediaLocation::Url(url) = &request.media.location else {
            return Err(MediaError::permanent("no address"));
        };
        let known = request.known.map(str::to_owned);
        let mut asked = self.asked.lock().expect("nobody panics");
        let is_first = asked.iter().all(|(asked, _)| asked != url);
        asked.push((url.clone(), known));
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        let gone = || MediaError::permanent("it is gone");
        let (bytes, tag) = self.media.get(url).ok_or_else(gone)?;
        if tag.is_some() && request.known == *tag {
            return Ok(Opened::Unchanged);
        }
        let blocks = match self.cut {
            // The second opening is of something else.
            Some(cut) if is_first => vec![
                Ok(Bytes::from(bytes[..cut].to_ascii_uppercase())),
                Err(MediaError::transient("the connection was cut")),
            ],
            Some(_) => {
                let start = usize::try_from(request.offset).expect("it is a small file");
                vec![Ok(Bytes::from(bytes[start..].to_vec()))]
            }
            None => vec![Ok(Bytes::from(bytes.clone()))],
        };
        Ok(Opened::Stream(MediaStream {
            bytes: Box::pin(stream::iter(blocks)),
            length: Some(bytes.len() as u64),
            offset: self.cut.map_or(0, |_| request.offset),
            tag: match (self.cut, is_first) {
                _ if self.tagless => None,
                (Some(_), true) => Some("before the cut".to_owned()),
                _ => tag.map(str::to_owned),
            },
        }))
    }
}

/// A film whose shot, movie and one person have media at these addresses.
fn film(shot: &str) -> (ProjectList, ProjectSnapshot) {
    let mut film = ProjectSnapshot::new(Project::new("Film"));
    film.sequences = vec![Sequence::new("010")];
    let mut one = Shot::new("0010", &film.sequences[0].id, ShotData::new(0, 10));
    one.thumbnail = Some(MediaRef::url(shot));
    film.shots = vec![one];
    let mut edit = Edit::new("Edit");
    edit.movie = Some(MediaRef::url("movie"));
    film.edits = vec![edit];
    let mut jade = User::new("Jade");
    jade.has_avatar = true;
    jade.thumbnail = Some(MediaRef::url("jade").changing());
    let list = ProjectList {
        projects: vec![film.project.clone()],
        users: vec![jade],
        ..ProjectList::default()
    };
    (list, film)
}

fn source() -> Source {
    Source::with(&[
        ("shot", picture("shot"), None),
        ("movie", MOVIE.to_vec(), None),
        ("jade", picture("jade"), Some("jade-1")),
    ])
}

async fn export(
    site: &Site,
    source: &Source,
    options: &ExportOptions,
    (list, film): (ProjectList, ProjectSnapshot),
) -> Summary {
    let export = Export::begin(site, options.clone(), &list, source, &());
    let mut export = export.expect("nobody else exports");
    export.project(film).await.expect("the film is good");
    export.finish().await.expect("there is room")
}

/// Which file it is, where the system tells.
fn identity(about: &fs::Metadata) -> u64 {
    #[cfg(unix)]
    let identity = std::os::unix::fs::MetadataExt::ino(about);
    #[cfg(not(unix))]
    let identity = about.len();
    identity
}

/// Every file of the site with its inode and time.
fn files(folder: &Path) -> Vec<(String, u64, SystemTime)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let about = entry.metadata().expect("a file");
            let name = path.display().to_string().replace(MAIN_SEPARATOR, "/");
            found.push((name, identity(&about), about.modified().expect("a time")));
        }
    }
    found.sort();
    found
}

fn read(site: &Site, path: &str) -> Value {
    let text = fs::read(site.path(path)).expect("the document is there");
    serde_json::from_slice(&text).expect("JSON")
}

/// The picture of the film's shot, and its bytes.
fn shown(site: &Site) -> Option<(String, Vec<u8>)> {
    let id = Project::new("Film").id;
    let shots = read(site, &format!("data/projects/{id}/shots.json"));
    let path = shots[0]["thumbnailUrl"].as_str()?.to_owned();
    let bytes = fs::read(site.path(&path)).expect("the picture is there");
    Some((path, bytes))
}

fn pairs(expected: &[(&str, Option<&str>)]) -> Vec<(String, Option<String>)> {
    let pair =
        |(address, tag): &(&str, Option<&str>)| ((*address).to_owned(), tag.map(str::to_owned));
    expected.iter().map(pair).collect()
}

fn counted(counts: &MediaCounts) -> (usize, usize, u64) {
    (counts.fetched, counts.unchanged, counts.bytes)
}

#[tokio::test]
async fn what_never_changes_is_asked_for_once_and_what_may_with_its_tag() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let mut source = source();
    let options = as_they_are();
    let summary = export(&site, &source, &options, film("shot")).await;
    let bytes = (picture("shot").len() + MOVIE.len()) as u64;
    assert_eq!(counted(&summary.projects[0].media), (2, 0, bytes));
    let everything = pairs(&[("jade", None), ("movie", None), ("shot", None)]);
    assert_eq!(source.asked(), everything);
    let before = files(folder.path());

    let summary = export(&site, &source, &options, film("shot")).await;
    assert_eq!(source.asked(), pairs(&[("jade", Some("jade-1"))]));
    assert_eq!(counted(&summary.projects[0].media), (0, 2, 0));
    assert_eq!(counted(&summary.shared_media), (0, 1, 0));
    let after = files(folder.path());
    assert_eq!(
        before, after,
        "inodes and times of all files, the site's own too"
    );

    // A person has a new face: nothing but what says so changes.
    source
        .media
        .insert("jade".into(), (picture("jade smiles"), Some("jade-2")));
    let summary = export(&site, &source, &options, film("shot")).await;
    assert_eq!(summary.shared_media.fetched, 1);
    let is_data = |(name, ..): &&(String, u64, SystemTime)| name.contains("/data/");
    let after: Vec<_> = files(folder.path())
        .iter()
        .filter(is_data)
        .cloned()
        .collect();
    let new: Vec<_> = after.iter().filter(|it| !before.contains(it)).collect();
    assert_eq!(new.len(), 2, "context.json and the picture: {new:?}");
}

#[tokio::test]
async fn what_the_site_lost_is_fetched_again() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let source = source();
    let options = as_they_are();
    export(&site, &source, &options, film("shot")).await;
    let (path, bytes) = shown(&site).unwrap();
    let movie = site.path(&format!(
        "data/projects/{}/edit.mp4",
        Project::new("Film").id
    ));
    let state = site.path(".watchtower/media.json");
    let remembered = fs::read(&state).unwrap();
    source.asked();

    let damages: [(&str, &dyn Fn()); 6] = [
        ("the picture is gone", &|| {
            fs::remove_file(site.path(&path)).unwrap();
        }),
        ("the picture is cut", &|| {
            fs::write(site.path(&path), "<svg").unwrap();
        }),
        ("another movie of the same length", &|| {
            fs::write(&movie, MOVIE).unwrap();
        }),
        ("nothing is remembered", &|| {
            fs::remove_file(&state).unwrap();
        }),
        ("garbage is remembered", &|| {
            fs::write(&state, b"{\"folder\": \xff").unwrap();
        }),
        ("half is remembered", &|| {
            fs::write(&state, &remembered[..remembered.len() / 2]).unwrap();
        }),
    ];
    for (what, damage) in damages {
        damage();
        export(&site, &source, &options, film("shot")).await;
        assert_eq!(
            shown(&site).unwrap(),
            (path.clone(), bytes.clone()),
            "{what}"
        );
        assert_eq!(fs::read(&movie).unwrap(), MOVIE, "{what}");
        assert!(source.asked().len() > 1, "{what}: nothing was asked for");
        // And then it is remembered again.
        export(&site, &source, &options, film("shot")).await;
        assert_eq!(source.asked(), pairs(&[("jade", Some("jade-1"))]), "{what}");
    }
}

#[tokio::test]
async fn what_is_remembered_says_no_address() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let address = "https://tracker.example/x.png?signature=hunter2";
    let source = Source::with(&[(address, picture("shot"), None)]);
    export(&site, &source, &as_they_are(), film(address)).await;
    let state = fs::read_to_string(site.path(".watchtower/media.json")).unwrap();
    assert!(state.contains("data/previews/"), "{state}");
    assert!(
        !state.contains("tracker") && !state.contains("hunter2"),
        "{state}"
    );
}

#[tokio::test]
async fn the_same_reference_of_another_source_is_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let options = as_they_are();
    export(&site, &source(), &options, film("shot")).await;
    let mut other = source();
    other.name = "other";
    other.media.insert("shot".into(), (picture("other"), None));
    export(&site, &other, &options, film("shot")).await;
    assert_eq!(shown(&site).unwrap().1, picture("other"));
}

#[tokio::test]
async fn a_picture_stays_for_a_while_after_nothing_refers_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let source = Source::with(&[("one", picture("one"), None), ("two", picture("two"), None)]);
    let options = as_they_are();
    export(&site, &source, &options, film("one")).await;
    let (one, _) = shown(&site).unwrap();

    for address in ["two", "one", "two"] {
        export(&site, &source, &options, film(address)).await;
        assert!(site.path(&one).exists(), "{address}");
    }
    source.asked();
    export(&site, &source, &options, film("one")).await;
    let asked_for_it = source.asked().iter().any(|(address, _)| address == "one");
    assert!(!asked_for_it, "it was there all the time");

    // An hour and a minute later.
    export(&site, &source, &options, film("two")).await;
    let state = site.path(".watchtower/media.json");
    let mut remembered: Value = serde_json::from_slice(&fs::read(&state).unwrap()).unwrap();
    let since = &mut remembered["media"]["unused"][&one];
    *since = (since.as_u64().unwrap() - 61 * 60).into();
    fs::write(&state, remembered.to_string()).unwrap();
    export(&site, &source, &options, film("two")).await;
    assert!(!site.path(&one).exists());
    assert!(shown(&site).is_some());
    assert!(!fs::read_to_string(&state).unwrap().contains(&one));
}

#[tokio::test]
async fn without_a_grace_period_an_unused_picture_goes_with_the_step() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let source = Source::with(&[("one", picture("one"), None), ("two", picture("two"), None)]);
    let options = ExportOptions {
        keep_unused: Duration::ZERO,
        ..as_they_are()
    };
    export(&site, &source, &options, film("one")).await;
    let (one, _) = shown(&site).unwrap();
    export(&site, &source, &options, film("two")).await;
    assert!(!site.path(&one).exists());
}

#[tokio::test]
async fn the_pictures_of_a_project_that_is_kept_are_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let source = source();
    let options = ExportOptions {
        keep_unused: Duration::ZERO,
        ..as_they_are()
    };
    let (list, snapshot) = film("shot");
    export(&site, &source, &options, (list.clone(), snapshot)).await;
    let before = shown(&site).unwrap();

    let other = ProjectSnapshot::new(Project::new("Other"));
    let mut both = list;
    both.projects.push(other.project.clone());
    let mut export = Export::begin(&site, options.clone(), &both, &source, &()).unwrap();
    export.project(other.clone()).await.unwrap();
    export
        .fail(&both.projects[0], FailureCode::Other, "on fire".into())
        .unwrap();
    export.finish().await.unwrap();
    assert_eq!(shown(&site).unwrap(), before);

    // Whatever a document that cannot be understood refers to.
    let id = &both.projects[0].id;
    let shots = site.path(&format!("data/projects/{id}/shots.json"));
    fs::write(&shots, "not JSON").unwrap();
    let mut export = Export::begin(&site, options, &both, &source, &()).unwrap();
    export.keep_all_but(&[&other.project]).unwrap();
    export.project(other).await.unwrap();
    export.finish().await.unwrap();
    assert!(site.path(&before.0).exists());
}

#[tokio::test]
async fn what_fails_for_now_stays_and_what_is_gone_is_null() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let mut source = source();
    let options = as_they_are();
    export(&site, &source, &options, film("shot")).await;
    let jade = |site: &Site| read(site, "data/projects/context.json")["users"][0].clone();
    let before = jade(&site);
    assert_eq!(before["has_avatar"], true);

    source.error = Some(MediaError::transient("the server is on fire"));
    let summary = export(&site, &source, &options, film("shot")).await;
    assert_eq!(jade(&site), before);
    let outdated = &summary.shared_media.outdated;
    assert_eq!(outdated["the server is on fire"].of, ["user Jade"]);

    source.error = None;
    source.media.remove("jade");
    let summary = export(&site, &source, &options, film("shot")).await;
    assert_eq!(jade(&site)["has_avatar"], false);
    assert_eq!(summary.shared_media.missing["it is gone"].of, ["user Jade"]);
}

#[tokio::test]
async fn the_halves_of_two_pictures_are_not_joined() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let mut source = source();
    source.cut = Some(20);
    export(&site, &source, &as_they_are(), film("shot")).await;
    assert_eq!(shown(&site).unwrap().1, picture("shot"));
}

#[tokio::test]
async fn the_length_of_a_movie_that_stays_where_it_is_is_measured_once() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let address = "https://tracker.example/edit.mp4";
    let source = Source::with(&[(address, MOVIE.to_vec(), None)]);
    let options = ExportOptions {
        media: MediaPolicy::Reference(ReferenceForm::ProtocolRelative),
        ..as_they_are()
    };
    let (list, mut film) = film("shot");
    film.edits[0].movie = Some(MediaRef::url(address));
    let edit = format!("data/projects/{}/edit.json", film.project.id);
    export(&site, &source, &options, (list.clone(), film.clone())).await;
    let before = read(&site, &edit);
    assert_eq!(before["sourceName"], "/tracker.example/edit.mp4");
    assert_eq!(source.asked().len(), 1);
    export(&site, &source, &options, (list.clone(), film.clone())).await;
    assert_eq!(read(&site, &edit), before);
    assert_eq!(source.asked(), []);

    // To show it takes the movie itself.
    export(&site, &source, &as_they_are(), (list, film)).await;
    let movie = read(&site, &edit)["sourceName"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(fs::read(site.path(&movie)).unwrap(), MOVIE);
}

#[tokio::test]
async fn that_pictures_elsewhere_stay_as_they_are_is_said_once() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let options = |pictures| ExportOptions {
        media: MediaPolicy::Reference(ReferenceForm::ProtocolRelative),
        pictures,
        ..ExportOptions::default()
    };
    // A picture of a shot in each of two projects, beside whatever else has one.
    let (list, one) = film("https://tracker.example/shot.png");
    let mut two = one.clone();
    two.project.id = "two".parse().expect("an id");
    let list = ProjectList {
        projects: vec![one.project.clone(), two.project.clone()],
        ..list
    };
    let notes = async |options: ExportOptions| {
        let source = source();
        let export = Export::begin(&site, options, &list, &source, &());
        let mut export = export.expect("nobody else exports");
        for film in [&one, &two] {
            let exported = export.project(film.clone()).await;
            exported.expect("the film is good");
        }
        export.finish().await.expect("there is room").notes
    };
    let said = notes(options(PicturePolicy::Make(Fit::Contain))).await;
    let said: Vec<_> = said
        .iter()
        .filter(|it| it.starts_with("pictures that stay"))
        .collect();
    assert_eq!(said.len(), 1, "{said:?}");
    // Who wants them as they are need not be told.
    let said = notes(options(PicturePolicy::AsTheyAre)).await;
    assert!(
        !said.iter().any(|it| it.starts_with("pictures that stay")),
        "{said:?}"
    );
}

/// A source of one movie, of which it sends ranges.
struct Ranges {
    movie: Vec<u8>,
    /// Whether it starts where it is asked to.
    honours: bool,
    /// Where it was asked to start, and how many bytes were taken.
    taken: Arc<Mutex<Vec<(u64, usize)>>>,
}

#[async_trait]
impl MediaSource for Ranges {
    fn name(&self) -> String {
        "ranges".to_owned()
    }

    async fn open(&self, request: MediaRequest<'_>) -> Result<Opened, MediaError> {
        if request.known == Some("movie-1") {
            return Ok(Opened::Unchanged);
        }
        let offset = if self.honours { request.offset } else { 0 };
        let start = usize::try_from(offset).expect("it is a small file");
        let taken = Arc::clone(&self.taken);
        let opening = {
            let mut taken = taken.lock().expect("nobody panics");
            taken.push((request.offset, 0));
            taken.len() - 1
        };
        let blocks: Vec<_> = self.movie[start..]
            .chunks(1 << 16)
            .map(Bytes::copy_from_slice)
            .collect();
        let blocks = stream::iter(blocks).map(move |block| {
            taken.lock().expect("nobody panics")[opening].1 += block.len();
            Ok(block)
        });
        Ok(Opened::Stream(MediaStream {
            bytes: Box::pin(blocks),
            length: Some(self.movie.len() as u64),
            offset,
            tag: Some("movie-1".to_owned()),
        }))
    }
}

/// A movie of some megabytes whose index stands at its end.
fn large_movie() -> Vec<u8> {
    let moov = MOVIE.windows(4).position(|it| it == b"moov");
    let moov = moov.expect("a movie has one") - 4;
    let room = 5_000_000_u32;
    let room = [&room.to_be_bytes()[..], b"free", &vec![0; 4_999_992]].concat();
    [&MOVIE[..moov], &room, &MOVIE[moov..]].concat()
}

#[tokio::test]
async fn of_a_movie_that_stays_where_it_is_the_index_is_fetched() {
    let length = large_movie().len();
    for (honours, told) in [(true, None), (true, Some(1440)), (false, None)] {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path());
        let taken = Arc::default();
        let source = Ranges {
            movie: large_movie(),
            honours,
            taken: Arc::clone(&taken),
        };
        let options = ExportOptions {
            media: MediaPolicy::Reference(ReferenceForm::ProtocolRelative),
            ..ExportOptions::default()
        };
        let (list, mut film) = film("https://tracker.example/shot.png");
        film.edits[0].movie = Some(MediaRef::url("https://tracker.example/edit.mp4").changing());
        film.edits[0].total_frames = told;
        let edit = format!("data/projects/{}/edit.json", film.project.id);
        let list = ProjectList {
            users: Vec::new(),
            ..list
        };
        for _ in 0..2 {
            let mut export = Export::begin(&site, options.clone(), &list, &source, &()).unwrap();
            export.project(film.clone()).await.unwrap();
            export.finish().await.unwrap();
            assert_eq!(read(&site, &edit)["totalFrames"], told.unwrap_or(24));
        }
        let taken = std::mem::take(&mut *taken.lock().unwrap());
        let bytes: usize = taken.iter().map(|(_, bytes)| bytes).sum();
        match (honours, told) {
            // The tracker says how long it is.
            (_, Some(_)) => assert_eq!(taken, []),
            (true, None) => {
                assert_eq!(taken.len(), 2, "{taken:?}");
                assert!(bytes < 400_000, "{taken:?}");
            }
            (false, None) => assert!(bytes >= length, "{taken:?}"),
        }
    }
}

#[tokio::test]
async fn a_movie_that_does_not_play_or_drifts_is_said_each_time() {
    for (file, fps, expected) in [
        ("h264.mp4", 24.0, None),
        (
            "prores.mov",
            25.0,
            Some("is in Apple ProRes 422 (`apco`), which no browser plays; this makes"),
        ),
        (
            "mpeg4.mp4",
            24.0,
            Some("is in MPEG-4 Part 2 (`mp4v`), which no browser plays"),
        ),
        (
            "h264-10-bit.mp4",
            24.0,
            Some("is in 10-bit H.264 (`avc1`), which Chrome"),
        ),
        (
            "hevc.mp4",
            24.0,
            Some("is in HEVC (`hvc1`), which browsers play only on machines"),
        ),
        (
            "pcm-24.mov",
            24.0,
            Some("has sound in 24-bit PCM (`in24`), with which Firefox"),
        ),
        (
            "h264.mp4",
            23.976,
            Some("has 24 frames a second, and the project 23.976: the shots"),
        ),
        (
            "h264.mp4",
            25.0,
            Some("has 24 frames a second, and the project 25: the shots"),
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path().join("site"));
        let movie = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/movies")
            .join(file);
        let (list, mut film) = film("shot");
        film.project.fps = FrameRate::new(fps).unwrap();
        film.edits[0].movie = Some(MediaRef::file(&movie));
        for _ in 0..2 {
            let film = (list.clone(), film.clone());
            let summary = export(&site, &source(), &ExportOptions::default(), film).await;
            let notes = &summary.projects[0].notes;
            let mut notes = notes.iter().filter(|it| it.contains("movie of the edit"));
            let note = notes.next().map(String::as_str);
            assert_eq!(notes.next(), None);
            match expected {
                None => assert_eq!(note, None, "{file}"),
                Some(expected) => {
                    let expected = format!("the movie of the edit `Edit` {expected}");
                    assert!(note.unwrap().starts_with(&expected), "{file}: {note:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_file_that_changed_is_copied_again() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path().join("site"));
    let file = folder.path().join("shot.svg");
    let (list, mut film) = film("shot");
    film.shots[0].thumbnail = Some(MediaRef::file(&file));
    for text in ["one", "two"] {
        fs::write(&file, picture(text)).unwrap();
        for fetched in [1, 0] {
            let film = (list.clone(), film.clone());
            let summary = export(&site, &Source::default(), &as_they_are(), film).await;
            assert_eq!(summary.projects[0].media.fetched, fetched, "{text}");
            assert_eq!(shown(&site).unwrap().1, picture(text));
        }
    }
}

#[tokio::test]
async fn what_is_in_the_site_already_stays_there() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let (list, mut film) = film("shot");
    let (own, other) = ("data/previews/own.svg", "data/previews/not-there.svg");
    film.shots[0].thumbnail = Some(MediaRef::site(own));
    let sequence = film.sequences[0].id.clone();
    for (name, path) in [("0020", other), ("0030", "../secret.svg")] {
        let mut shot = Shot::new(name, &sequence, ShotData::new(10, 20));
        shot.thumbnail = Some(MediaRef::site(path));
        film.shots.push(shot);
    }
    fs::create_dir_all(site.path("data/previews")).unwrap();
    fs::write(site.path(own), picture("own")).unwrap();
    fs::write(folder.path().join("../secret.svg"), "x").unwrap();
    for _ in 0..2 {
        let film = (list.clone(), film.clone());
        let summary = export(&site, &source(), &as_they_are(), film).await;
        assert_eq!(shown(&site).unwrap(), (own.to_owned(), picture("own")));
        let missing = &summary.projects[0].media.missing;
        assert_eq!(missing.len(), 2, "{missing:?}");
        let reason = format!("the site does not hold `{other}`");
        assert_eq!(missing[&reason].of, ["shot 010 / 0020"]);
    }
}

#[tokio::test]
async fn a_movie_that_a_writer_replaced_is_not_taken_for_the_trackers() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let source = source();
    let options = as_they_are();
    let (list, snapshot) = film("shot");
    export(&site, &source, &options, (list.clone(), snapshot.clone())).await;
    let file = folder.path().join("cut.mp4");
    fs::write(&file, MOVIE).unwrap();
    let mut edit = Edit::new("Edit");
    edit.movie = Some(MediaRef::file(&file));
    let writer = ProjectWriter {
        project: snapshot.project.clone(),
        shots: Vec::new(),
        assets: Vec::new(),
        sequences: Vec::new(),
        edit,
        casting: Vec::new(),
        range_scope: watchtower_model::RangeScope::Timeline,
    };
    let hevc = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/movies/hevc.mp4");
    fs::copy(hevc, &file).unwrap();
    writer.write_as_json(&site).unwrap();
    source.asked();
    export(&site, &source, &options, (list, snapshot)).await;
    let asked: Vec<_> = source.asked().into_iter().map(|(it, _)| it).collect();
    assert_eq!(asked, ["jade", "movie"]);
}

/// A source whose one picture comes in openings: what each answers, the last one again and again.
struct Openings {
    /// Blocks, what the answer says of its length, and whether it then breaks off.
    each: Vec<(Vec<Bytes>, Option<u64>, bool)>,
    /// At which byte each was asked to start.
    asked: Mutex<Vec<u64>>,
}

impl Openings {
    fn new(each: Vec<(Vec<Bytes>, Option<u64>, bool)>) -> Self {
        let asked = Mutex::default();
        Self { each, asked }
    }

    fn whole(bytes: Vec<u8>) -> Self {
        let length = bytes.len() as u64;
        Self::new(vec![(vec![bytes.into()], Some(length), false)])
    }

    /// The picture that the site has in the end, and why it has none.
    async fn shown(&self) -> (Option<Vec<u8>>, Summary) {
        let folder = tempfile::tempdir().expect("room");
        let site = Site::new(folder.path());
        let (list, mut film) = film("shot");
        film.edits.clear();
        let list = ProjectList {
            users: Vec::new(),
            ..list
        };
        let options = as_they_are();
        let mut export =
            Export::begin(&site, options, &list, self, &()).expect("nobody else exports");
        export.project(film).await.expect("the film is good");
        let summary = export.finish().await.expect("there is room");
        (shown(&site).map(|(_, bytes)| bytes), summary)
    }
}

#[async_trait]
impl MediaSource for Openings {
    fn name(&self) -> String {
        "openings".to_owned()
    }

    async fn open(&self, request: MediaRequest<'_>) -> Result<Opened, MediaError> {
        let mut asked = self.asked.lock().expect("nobody panics");
        let opening = self.each.get(asked.len()).or(self.each.last());
        let (blocks, length, is_cut) = opening.expect("one at least").clone();
        let offset = if asked.is_empty() { 0 } else { request.offset };
        asked.push(request.offset);
        let cut = is_cut.then(|| Err(MediaError::transient("the connection was cut")));
        Ok(Opened::Stream(MediaStream {
            bytes: Box::pin(stream::iter(blocks.into_iter().map(Ok).chain(cut))),
            length,
            offset,
            tag: Some("the same".to_owned()),
        }))
    }
}

#[tokio::test]
async fn an_answer_that_did_not_say_its_length_is_taken_up_by_its_tag() {
    let bytes = picture("in blocks");
    let (first, rest) = bytes.split_at(9);
    let source = Openings::new(vec![
        (vec![Bytes::copy_from_slice(first)], None, true),
        (
            vec![Bytes::copy_from_slice(rest)],
            Some(bytes.len() as u64),
            false,
        ),
    ]);
    let (shown, _) = source.shown().await;
    assert_eq!(shown, Some(bytes));
    assert_eq!(*source.asked.lock().unwrap(), [0, 9]);
}

#[tokio::test]
async fn a_picture_that_is_half_there_is_none() {
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, 8, 8);
    encoder.set_color(png::ColorType::Grayscale);
    let mut encoder = encoder.write_header().unwrap();
    // Something that does not compress into a few bytes.
    let pixels: Vec<u8> = (0..64_u8).map(|it| it.wrapping_mul(151)).collect();
    encoder.write_image_data(&pixels).unwrap();
    encoder.finish().unwrap();
    // The frame of a JPEG: a head with a preview of its own in it, and a scan.
    let mut jpeg = b"\xff\xd8\xff\xe1\0\x08\xff\xda\xff\xd9..\xff\xda\0\x02".to_vec();
    jpeg.extend_from_slice(&[0x5a; 40]);
    jpeg.extend_from_slice(b"\xff\xd9 and what a camera adds");

    for whole in [png, jpeg] {
        let (shown, _) = Openings::whole(whole.clone()).shown().await;
        assert_eq!(shown.as_ref(), Some(&whole));
        let half = whole[..whole.len() * 5 / 9].to_vec();
        let (shown, summary) = Openings::whole(half).shown().await;
        assert_eq!(shown, None);
        let reasons: Vec<_> = summary.projects[0].media.missing.keys().collect();
        assert!(
            reasons[0].contains("PNG is cut") || reasons[0].contains("JPEG is cut"),
            "{reasons:?}"
        );
        assert!(summary.is_complete(), "it will be the same next time");
    }
}

#[tokio::test]
async fn a_picture_without_an_end_does_not_fill_the_disk() {
    let mut blocks = vec![Bytes::from(picture("endless"))];
    blocks.resize(66, Bytes::from(vec![b' '; 1 << 20]));
    for length in [None, Some(1 << 40)] {
        let source = Openings::new(vec![(blocks.clone(), length, false)]);
        let (shown, summary) = source.shown().await;
        assert_eq!(shown, None);
        let reasons: Vec<_> = summary.projects[0].media.missing.keys().collect();
        assert!(reasons[0].contains("larger than 64 MiB"), "{reasons:?}");
        assert_eq!(
            *source.asked.lock().unwrap(),
            [0],
            "asking again is in vain"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_opened_is_not_asked_for_again_and_makes_the_export_incomplete() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let mut source = source();
    source.error = Some(MediaError::transient("503 Service Unavailable"));
    let summary = export(&site, &source, &as_they_are(), film("shot")).await;
    // Whoever opens it has tried as often as makes sense.
    let once = pairs(&[("jade", None), ("movie", None), ("shot", None)]);
    assert_eq!(source.asked(), once);
    let unavailable = &summary.projects[0].media.unavailable["503 Service Unavailable"];
    assert_eq!(unavailable.of, ["shot 010 / 0010", "edit Edit"]);
    assert_eq!(unavailable.code, MediaCode::Unavailable);
    assert!(!summary.is_complete());
}

#[tokio::test]
async fn without_a_name_the_rest_is_not_taken_for_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    // Of the same length before and after, and something else.
    let mut source = source();
    source.cut = Some(20);
    source.tagless = true;
    export(&site, &source, &as_they_are(), film("shot")).await;
    assert_eq!(shown(&site).unwrap().1, picture("shot"));
}

#[tokio::test]
async fn what_goes_on_is_not_given_up_on_a_bad_line() {
    let bytes = picture(&"far ".repeat(2 << 20));
    let length = bytes.len() as u64;
    let mut openings: Vec<_> = bytes
        .chunks(1 << 20)
        .map(|block| (vec![Bytes::copy_from_slice(block)], Some(length), true))
        .collect();
    openings.last_mut().expect("there is one").2 = false;
    let source = Openings::new(openings);
    let (shown, _) = source.shown().await;
    assert_eq!(shown.map(|it| it.len() as u64), Some(length));
    assert!(source.asked.lock().unwrap().len() > 6);
}

#[tokio::test]
async fn while_a_file_is_copied_others_have_a_turn() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large.svg");
    fs::write(&file, picture(&"large ".repeat(2 << 20))).unwrap();
    let site = Site::new(folder.path().join("site"));
    let (list, mut film) = film("shot");
    film.edits.clear();
    film.shots[0].thumbnail = Some(MediaRef::file(&file));
    let source = source();
    let options = as_they_are();
    let mut export = Export::begin(&site, options, &list, &source, &()).unwrap();
    let mut project = Box::pin(export.project(film));
    let mut turns = 0;
    let mut context = Context::from_waker(Waker::noop());
    while project.as_mut().poll(&mut context).is_pending() {
        turns += 1;
    }
    assert!(turns > 5, "{turns}");
}

#[tokio::test]
async fn a_page_in_the_place_of_a_picture_does_not_take_it_away() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let options = as_they_are();
    export(&site, &source(), &options, film("shot")).await;
    let mut source = source();
    let page = b"<!DOCTYPE html><title>We are back at noon</title>".to_vec();
    source
        .media
        .insert("jade".to_owned(), (page, Some("jade-2")));
    let summary = export(&site, &source, &options, film("shot")).await;
    let (reason, page) = summary.shared_media.outdated.first_key_value().unwrap();
    assert!(reason.contains("what came is no picture"), "{reason}");
    assert_eq!(page.of, ["user Jade"]);
    assert_eq!(page.code, MediaCode::Unusable);
    assert!(summary.is_complete());
    let context = read(&site, "data/projects/context.json");
    assert!(context["users"][0]["thumbnailUrl"].is_string());
}

#[tokio::test]
async fn what_was_asked_ahead_is_not_asked_again_unless_it_changed() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let options = as_they_are();
    export(&site, &source(), &options, film("shot")).await;
    for (tag, times) in [("jade-1", 1), ("jade-2", 2)] {
        let mut source = source();
        let jade = (picture("jade"), Some(tag));
        source.media.insert("jade".to_owned(), jade);
        let (mut list, mut film) = film("shot");
        film.project.team = vec![list.users[0].id.clone()];
        list.projects = vec![film.project.clone()];
        let mut export = Export::begin(&site, options.clone(), &list, &source, &()).unwrap();
        export.ask_ahead(&[&film.project]).await;
        export.project(film).await.unwrap();
        export.finish().await.unwrap();
        let asked = pairs(&[("jade", Some("jade-1")); 2][..times]);
        assert_eq!(source.asked(), asked);
    }
}

/// A frame of a film's size, whose halves are of two colours.
fn frame(left: u8, right: u8) -> Vec<u8> {
    let (width, height) = (1920, 1080);
    let mut row = vec![left; width / 2];
    row.resize(width, right);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 1920, 1080);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().expect("it is in memory");
    writer
        .write_image_data(&row.repeat(height))
        .expect("it is in memory");
    drop(writer);
    bytes
}

/// The pixels of a picture of the site, and its width.
fn pixels(bytes: &[u8]) -> (u32, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
        .read_info()
        .expect("it is in memory");
    let mut pixels = vec![0; reader.output_buffer_size().expect("it is in memory")];
    reader.next_frame(&mut pixels).expect("it is in memory");
    (reader.info().width, pixels)
}

#[tokio::test]
async fn a_picture_is_made_for_its_place_and_remembered_by_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let mut source = source();
    source
        .media
        .insert("shot".into(), (frame(200, 40), Some("one")));
    source
        .media
        .insert("jade".into(), (frame(200, 40), Some("one")));
    let options = ExportOptions::default();
    let (list, mut snapshot) = film("shot");
    snapshot.shots[0].thumbnail = Some(MediaRef::url("shot").changing());
    let film = || (list.clone(), snapshot.clone());
    let summary = export(&site, &source, &options, film()).await;
    assert_eq!(summary.projects[0].media.pictures, 1);
    let (path, bytes) = shown(&site).unwrap();
    let (width, shot) = pixels(&bytes);
    // The whole frame, and black above and below it.
    let at = |x: usize, y: usize| shot[3 * (y * 150 + x)];
    assert_eq!(
        (width, at(5, 50), at(145, 50), at(75, 2), at(75, 97)),
        (150, 200, 40, 0, 0)
    );
    let context = read(&site, "data/projects/context.json");
    let avatar = context["users"][0]["thumbnailUrl"].as_str().unwrap();
    let (width, avatar) = pixels(&fs::read(site.path(avatar)).unwrap());
    assert_eq!(
        (width, avatar[0], avatar[3 * 399]),
        (400, 200, 40),
        "it is filled"
    );
    source.asked();

    // With nothing changed, nothing is made: the files keep their inodes.
    let before = files(folder.path());
    export(&site, &source, &options, film()).await;
    assert_eq!(files(folder.path()), before);
    // The same bytes under another name are not made again.
    let held = |site: &Site| fs::read_to_string(site.path(".watchtower/media.json")).unwrap();
    source
        .media
        .insert("shot".into(), (frame(200, 40), Some("two")));
    let summary = export(&site, &source, &options, film()).await;
    assert_eq!(summary.projects[0].media.fetched, 1);
    assert_eq!(shown(&site).unwrap().0, path);
    assert!(held(&site).contains("\"two\""));

    // Another way to fit it is another picture.
    let cover = ExportOptions {
        pictures: PicturePolicy::Make(Fit::Cover),
        ..ExportOptions::default()
    };
    export(&site, &source, &cover, film()).await;
    let (_, shot) = pixels(&shown(&site).unwrap().1);
    assert_eq!(shot[3 * 20], 200, "there is no black above it");
    // And as they are, they are.
    export(&site, &source, &as_they_are(), film()).await;
    assert_eq!(shown(&site).unwrap().1, frame(200, 40));
}

#[tokio::test]
async fn what_cannot_be_made_is_a_placeholder_with_its_kind_and_reason() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let options = ExportOptions::default();
    let mut bomb = frame(1, 2);
    bomb[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
    let jxl = b"\xff\x0a\0\0".to_vec();
    for (bytes, expected) in [
        (
            jxl,
            "it is a JPEG XL picture: PNG, JPEG, WebP, GIF, HEIC, TIFF, BMP, SVG and EXR are read",
        ),
        (b"II*\0\x08\0\0\0\0\0".to_vec(), "the TIFF is broken"),
        (
            b"{}".to_vec(),
            "what came is no picture: it is JSON, as in an answer that says what went wrong",
        ),
        (bomb, "the PNG is broken"),
    ] {
        let mut source = source();
        source.media.insert("shot".into(), (bytes, None));
        let summary = export(&site, &source, &options, film("shot")).await;
        let missing = &summary.projects[0].media.missing;
        assert_eq!(missing.keys().collect::<Vec<_>>(), [expected]);
        assert_eq!(missing[expected].of, ["shot 010 / 0010"]);
        assert_eq!(shown(&site), None);
    }
    // What the site has stays, where there is only something wrong with the new one.
    export(&site, &source(), &options, film("shot")).await;
    assert!(shown(&site).is_some());
}
