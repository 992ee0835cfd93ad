//! The example's film and series through the contract, as an export sees them.

#![allow(clippy::unwrap_used, clippy::panic)] // Helpers of tests are tests, too.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;
use std::io::Cursor;

use futures_util::{StreamExt, TryStreamExt};
use mp4_atom::{Any, Decode, StszSamples};
use watchtower_connector::example::{Example, ExampleOptions};
use watchtower_connector::{ErrorKind, Media, MediaRequest, OpenedMedia, Tracker};
use watchtower_model::{MediaRef, ProjectList, ProjectSnapshot};

fn sized(sequences: usize, shots: usize, assets: usize) -> Example {
    Example::new(ExampleOptions {
        sequences,
        shots,
        assets,
        ..ExampleOptions::default()
    })
    .unwrap()
}

fn series(episodes: usize) -> Example {
    Example::new(ExampleOptions {
        episodes,
        ..ExampleOptions::default()
    })
    .unwrap()
}

async fn read(example: &Example) -> (ProjectList, ProjectSnapshot) {
    let list = example.project_list().await.unwrap();
    let film = example.project(&list.projects[0], &list).await.unwrap();
    (list, film)
}

async fn open(example: &Example, request: MediaRequest<'_>) -> Media {
    match example.open_media(request).await.unwrap() {
        OpenedMedia::Stream(media) => media,
        OpenedMedia::Unchanged => panic!("{request:?} is said to be unchanged"),
    }
}

async fn bytes(media: Media) -> Vec<u8> {
    let chunks: Vec<_> = media.bytes.try_collect().await.unwrap();
    chunks.concat()
}

fn pictures<'a>(list: &'a ProjectList, film: &'a ProjectSnapshot) -> Vec<&'a MediaRef> {
    let of_projects = list.projects.iter().map(|it| &it.thumbnail);
    let of_people = list.users.iter().map(|it| &it.thumbnail);
    let of_assets = film.assets.iter().map(|it| &it.thumbnail);
    let of_shots = film.shots.iter().map(|it| &it.thumbnail);
    let all = of_projects
        .chain(of_people)
        .chain(of_assets)
        .chain(of_shots);
    all.map(|it| it.as_ref().unwrap()).collect()
}

/// Checks that everything referred to exists, ids differ, and shots follow each other from frame 0 of
/// the film or their episode.
fn assert_sound(list: &ProjectList, film: &ProjectSnapshot) {
    fn ids<'a>(ids: impl IntoIterator<Item = &'a str>) -> HashSet<&'a str> {
        let mut seen = HashSet::new();
        for id in ids {
            assert!(seen.insert(id), "{id} is there twice");
        }
        seen
    }
    let asset_types = ids(list.asset_types.iter().map(|it| it.id.as_str()));
    let for_assets = list.task_types.iter().filter(|it| !it.for_shots);
    let for_assets = ids(for_assets.map(|it| it.id.as_str()));
    let for_shots = list.task_types.iter().filter(|it| it.for_shots);
    let for_shots = ids(for_shots.map(|it| it.id.as_str()));
    let statuses = ids(list.task_statuses.iter().map(|it| it.id.as_str()));
    let users = ids(list.users.iter().map(|it| it.id.as_str()));
    ids(film.sequences.iter().map(|it| it.id.as_str()));
    ids(film.edits.iter().map(|it| it.id.as_str()));
    let episodes = ids(film.episodes.iter().map(|it| it.id.as_str()));
    let assets = ids(film.assets.iter().map(|it| it.id.as_str()));
    let shots = ids(film.shots.iter().map(|it| it.id.as_str()));
    ids(film.casting.iter().map(|it| it.shot_id.as_str()));

    let project = &film.project;
    assert_eq!(project, &list.projects[0]);
    assert!(
        project
            .asset_types
            .iter()
            .all(|it| asset_types.contains(it.as_str()))
    );
    assert_eq!(project.task_types.len(), for_assets.len() + for_shots.len());
    assert!(
        project
            .task_statuses
            .iter()
            .all(|it| statuses.contains(it.as_str()))
    );
    assert!(project.team.iter().all(|it| users.contains(it.as_str())));

    for asset in &film.assets {
        assert!(asset_types.contains(asset.asset_type_id.as_str()));
        assert!(
            asset
                .tasks
                .iter()
                .all(|it| for_assets.contains(it.task_type_id.as_str()))
        );
    }
    let episode_ids = film.episodes.iter().map(|it| Some(it.id.clone()));
    let timelines: Vec<_> = match film.episodes[..] {
        [] => vec![None],
        _ => episode_ids.collect(),
    };
    let of_edits: Vec<_> = film.edits.iter().map(|it| it.episode_id.clone()).collect();
    assert_eq!(of_edits, timelines, "an edit for each");
    for sequence in &film.sequences {
        let episode = sequence.episode_id.as_ref().map(|it| it.as_str());
        assert_eq!(episode.is_some(), !episodes.is_empty());
        assert!(episode.is_none_or(|it| episodes.contains(it)));
    }
    let mut place = (None, 0);
    for shot in &film.shots {
        let mut of_shot = film.sequences.iter();
        let sequence = of_shot.find(|it| it.id == shot.sequence_id).unwrap();
        if place.0 != sequence.episode_id {
            place = (sequence.episode_id.clone(), 0);
        }
        let frame = &mut place.1;
        assert!(
            shot.tasks
                .iter()
                .all(|it| for_shots.contains(it.task_type_id.as_str()))
        );
        let (start, end) = shot.data.range().unwrap();
        assert_eq!(start, *frame);
        *frame = end;
    }
    for task in film.tasks() {
        assert!(statuses.contains(task.task_status_id.as_str()));
        assert!(task.assignees.iter().all(|it| users.contains(it.as_str())));
        ids(task.assignees.iter().map(|it| it.as_str()));
    }
    for casting in &film.casting {
        assert!(shots.contains(casting.shot_id.as_str()));
        let cast = ids(casting.asset_ids.iter().map(|it| it.as_str()));
        assert!(cast.is_subset(&assets) && !cast.is_empty());
    }
}

#[tokio::test]
async fn the_project_list() {
    let list = Example::default().project_list().await.unwrap();
    insta::assert_json_snapshot!(list);
}

#[tokio::test]
async fn the_film_at_a_glance() {
    let (list, film) = read(&Example::default()).await;
    let mut glance = String::new();
    let status_name = |id| {
        &*list
            .task_statuses
            .iter()
            .find(|it| &it.id == id)
            .unwrap()
            .name
    };
    let asset_name = |id| &*film.assets.iter().find(|it| &it.id == id).unwrap().name;
    for shot in &film.shots {
        let sequence = film
            .sequences
            .iter()
            .find(|it| it.id == shot.sequence_id)
            .unwrap();
        let casting = film
            .casting
            .iter()
            .find(|it| it.shot_id == shot.id)
            .unwrap();
        let cast: Vec<_> = casting.asset_ids.iter().map(asset_name).collect();
        writeln!(
            glance,
            "{} {} {}-{}: {}",
            sequence.name,
            shot.name,
            shot.data.frame_in.unwrap(),
            shot.data.frame_out.unwrap(),
            cast.join(", ")
        )
        .unwrap();
    }
    for asset in &film.assets {
        let mut types = list.asset_types.iter();
        let asset_type = types.find(|it| it.id == asset.asset_type_id).unwrap();
        writeln!(
            glance,
            "{} {}: {} tasks",
            asset_type.name,
            asset.name,
            asset.tasks.len()
        )
        .unwrap();
    }
    let mut statuses = BTreeMap::new();
    for task in film.tasks() {
        *statuses
            .entry(status_name(&task.task_status_id))
            .or_insert(0) += 1;
    }
    writeln!(glance, "tasks: {statuses:?}").unwrap();
    writeln!(glance, "edits: {:?}", film.edits).unwrap();
    insta::assert_snapshot!(glance);
}

/// The frames in a movie.
async fn frames(example: &Example, movie: &MediaRef) -> u64 {
    let media = open(example, MediaRequest::new(movie)).await;
    assert_eq!(media.content_type.as_deref(), Some("video/mp4"));
    let file = bytes(media).await;

    let mut rest = &file[..];
    let moov = loop {
        match Any::decode(&mut rest).unwrap() {
            Any::Moov(moov) => break moov,
            _ => assert!(!rest.is_empty(), "the movie has no `moov`"),
        }
    };
    let [track] = &moov.trak[..] else {
        panic!("the movie has {} tracks", moov.trak.len());
    };
    match &track.mdia.minf.stbl.stsz.samples {
        StszSamples::Identical { count, .. } => u64::from(*count),
        StszSamples::Different { sizes } => sizes.len() as u64,
    }
}

#[tokio::test]
async fn a_series_at_a_glance() {
    let (_, series) = read(&series(2)).await;
    let mut glance = format!("{}\n", series.project.name);
    for (episode, edit) in series.episodes.iter().zip(&series.edits) {
        writeln!(glance, "{}: {edit:?}", episode.name).unwrap();
        let sequences = series.sequences.iter();
        for sequence in sequences.filter(|it| it.episode_id.as_ref() == Some(&episode.id)) {
            writeln!(glance, "  {}", sequence.name).unwrap();
            let shots = series.shots.iter();
            for shot in shots.filter(|it| it.sequence_id == sequence.id) {
                let (start, end) = shot.data.range().unwrap();
                writeln!(glance, "    {} {start}-{end}", shot.name).unwrap();
            }
        }
    }
    insta::assert_snapshot!(glance);
}

#[tokio::test]
async fn the_movie_of_each_episode_shows_it_to_the_last_frame() {
    for episodes in 1..=5 {
        let example = series(episodes);
        let (list, series) = read(&example).await;
        assert_sound(&list, &series);
        assert_eq!(series.edits.len(), episodes);
        for edit in &series.edits {
            let total = edit.total_frames.unwrap();
            assert_eq!(frames(&example, edit.movie.as_ref().unwrap()).await, total);
            let sequences = series.sequences.iter();
            let sequences = sequences.filter(|it| it.episode_id == edit.episode_id);
            let sequences: HashSet<_> = sequences.map(|it| &it.id).collect();
            let shots = series.shots.iter();
            let shots = shots.filter(|it| sequences.contains(&it.sequence_id));
            let end = shots.filter_map(|it| it.data.frame_out).max().unwrap();
            assert_eq!(i64::try_from(total).unwrap() + edit.frame_offset, end);
        }
        let leads = series.edits.iter().map(|it| it.frame_offset);
        let leads: Vec<_> = leads.collect();
        assert_eq!(leads[0], 0);
        assert!(leads[1..].iter().all(|it| *it == -16), "{leads:?}");
    }
}

#[tokio::test]
async fn a_series_of_any_size_has_all_of_it_in_episodes() {
    for (episodes, sequences, shots) in [(1, 1, 1), (3, 3, 2), (4, 10, 100), (7, 50, 20)] {
        let example = Example::new(ExampleOptions {
            episodes,
            sequences,
            shots,
            assets: 10,
        });
        let (list, series) = read(&example.unwrap()).await;
        let counts = (
            series.episodes.len(),
            series.sequences.len(),
            series.shots.len(),
        );
        assert_eq!(counts, (episodes, sequences, shots));
        assert!(series.edits.iter().all(|it| it.movie.is_none()));
        assert_sound(&list, &series);
        let names: HashSet<_> = series.episodes.iter().map(|it| &it.name).collect();
        assert_eq!(names.len(), episodes);
    }
}

#[tokio::test]
async fn a_part_of_the_movie_is_there_in_its_own_series_alone() {
    for (episodes, key, is_there) in [
        (0, "movie", true),
        (0, "movie/0/592", false),
        (0, "series", false),
        (1, "movie", true),
        (2, "movie", false),
        (2, "movie/0/592", true),
        (2, "movie/576/960", true),
        (2, "movie/592/960", false),
        (2, "movie/0/99999", false),
        (2, "movie/960/0", false),
        (2, "series", true),
        (2, "project", false),
    ] {
        let example = series(episodes);
        let media = MediaRef::key(key);
        let answer = example.open_media(MediaRequest::new(&media)).await;
        assert_eq!(answer.is_ok(), is_there, "{key} of {episodes} episodes");
    }
}

#[tokio::test]
async fn two_readings_are_equal() {
    let example = sized(7, 100, 33);
    assert_eq!(read(&example).await, read(&example).await);
}

#[tokio::test]
async fn every_size_is_met_to_the_number_and_nothing_dangles() {
    for (sequences, shots, assets) in [
        (5, 24, 14),
        (7, 1000, 33),
        (30, 7, 1),
        (3, 3, 0),
        (2, 0, 5),
        (1, 1, 1),
        (0, 0, 0),
        (1000, 5000, 3000),
    ] {
        let (list, film) = read(&sized(sequences, shots, assets)).await;
        let counts = (film.sequences.len(), film.shots.len(), film.assets.len());
        assert_eq!(counts, (sequences, shots, assets));
        assert_eq!(film.casting.len(), if assets == 0 { 0 } else { shots });
        assert_sound(&list, &film);
    }
}

#[tokio::test]
async fn a_bigger_film_begins_like_a_smaller_one_and_is_numbered_on() {
    let (_, small) = read(&Example::default()).await;
    let (_, big) = read(&sized(50, 5000, 100)).await;
    assert_eq!(big.sequences[..5], small.sequences);
    let names: Vec<_> = big
        .sequences
        .iter()
        .map(|it| &*it.name)
        .skip(11)
        .take(2)
        .collect();
    assert_eq!(names, ["Dawn", "Low Tide 2"]);
    assert_eq!(big.shots[99].name, "1000");
}

/// Opens a picture, and gives its width, height and pixels.
async fn decoded(example: &Example, picture: &MediaRef) -> (u32, u32, Vec<u8>) {
    let media = open(example, MediaRequest::new(picture)).await;
    assert_eq!(media.content_type.as_deref(), Some("image/png"));
    let length = media.length;
    let file = bytes(media).await;
    assert_eq!(length, Some(file.len() as u64));

    let mut reader = png::Decoder::new(Cursor::new(&file)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgb);
    (info.width, info.height, pixels)
}

#[tokio::test]
async fn pictures_are_png_of_a_films_size_and_differ_by_name() {
    let example = Example::default();
    let (list, film) = read(&example).await;
    let mut seen = HashSet::new();
    for picture in pictures(&list, &film) {
        let (width, height, pixels) = decoded(&example, picture).await;
        let expected = match format!("{:?}", picture.location) {
            key if key.contains("people") => (400, 400),
            _ => (1500, 1000),
        };
        assert_eq!((width, height), expected, "{picture:?}");
        assert!(seen.insert(pixels), "{picture:?} looks like another");
    }
    assert_eq!(seen.len(), 1 + 8 + 14 + 24);
}

#[tokio::test]
async fn the_longest_names_are_not_cut() {
    let max = ExampleOptions::MAX;
    let last = max - 1;
    let longest = [
        (sized(1, max, 0), format!("shots/0/{last}")),
        (
            sized(max, max, 0),
            format!("shots/{}/0", last - last % 12 + 2),
        ),
        (sized(1, 1, max), format!("assets/{}", last - last % 14 + 4)),
        (sized(1, 1, max), format!("assets/{}", last - last % 14 + 9)),
    ];
    for (example, key) in longest {
        let (width, _, pixels) = decoded(&example, &MediaRef::key(&*key)).await;
        for row in pixels.chunks(3 * width as usize) {
            let edges = [&row[..3], &row[row.len() - 3..]];
            assert!(!edges.contains(&&[255, 255, 255][..]), "{key} is cut");
        }
    }
}

#[tokio::test]
async fn the_movie_is_as_long_as_the_timeline() {
    let example = Example::default();
    let (_, film) = read(&example).await;
    let movie = film.edits[0].movie.as_ref().unwrap();
    let frames = frames(&example, movie).await;
    assert_eq!(film.edits[0].total_frames, Some(frames));
    let last = film.shots.last().unwrap().data.frame_out;
    assert_eq!(u64::try_from(last.unwrap()), Ok(frames));
}

#[tokio::test]
async fn a_film_of_another_size_has_no_movie_and_says_so() {
    let example = sized(5, 25, 14);
    let (_, film) = read(&example).await;
    assert_eq!(film.edits[0].movie, None);
    insta::assert_snapshot!(
        film.notes.join("\n"),
        @"the example's movie shows 5 sequences with 24 shots; at another size there is no movie, and the timeline is as long as the shots"
    );
    let movie = MediaRef::key("movie");
    let error = example
        .open_media(MediaRequest::new(&movie))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);

    // Assets are not in the movie.
    let (_, film) = read(&sized(5, 24, 99)).await;
    assert!(film.edits[0].movie.is_some() && film.notes.is_empty());
}

#[tokio::test]
async fn media_that_is_held_already_is_not_sent_again() {
    let example = Example::default();
    for key in ["movie", "project", "people/0", "assets/0", "shots/0/0"] {
        let media = MediaRef::key(key);
        let whole = open(&example, MediaRequest::new(&media)).await;
        let (tag, length) = (whole.tag.clone().unwrap(), whole.length);
        let whole = bytes(whole).await;

        let known = MediaRequest {
            known: Some(&tag),
            ..MediaRequest::new(&media)
        };
        let answer = example.open_media(known).await.unwrap();
        assert!(matches!(answer, OpenedMedia::Unchanged), "{key}");
        let outdated = MediaRequest {
            known: Some("outdated"),
            ..MediaRequest::new(&media)
        };
        assert_eq!(bytes(open(&example, outdated).await).await, whole);

        let rest = MediaRequest {
            offset: 100,
            ..MediaRequest::new(&media)
        };
        let rest = open(&example, rest).await;
        assert_eq!((rest.offset, rest.length), (100, length));
        assert_eq!(bytes(rest).await, whole[100..]);

        let beyond = MediaRequest {
            offset: u64::MAX,
            ..MediaRequest::new(&media)
        };
        let mut beyond = open(&example, beyond).await;
        assert_eq!(Some(beyond.offset), length);
        assert!(
            beyond
                .bytes
                .next()
                .await
                .is_none_or(|it| it.unwrap().is_empty())
        );
    }
}

#[tokio::test]
async fn what_is_not_in_the_film_is_refused() {
    use ErrorKind::{NotFound, Unsupported};
    let example = Example::default();
    let mut errors = String::new();
    for (media, kind) in [
        (MediaRef::key(""), NotFound),
        (MediaRef::key("shots"), NotFound),
        (MediaRef::key("shots/0"), NotFound),
        (MediaRef::key("shots/0/5"), NotFound),
        (MediaRef::key("shots/5/0"), NotFound),
        (MediaRef::key("shots/-1/\n"), NotFound),
        (MediaRef::key("assets/14"), NotFound),
        (MediaRef::key("people/8"), NotFound),
        (MediaRef::url("https://tracker.example/1.png"), Unsupported),
        (MediaRef::file("shots/0/0"), Unsupported),
        (MediaRef::site("data/previews/1.png"), Unsupported),
    ] {
        let error = example
            .open_media(MediaRequest::new(&media))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        writeln!(errors, "{error}").unwrap();
    }
    let (list, _) = read(&example).await;
    let other = watchtower_model::Project::new("Another Film");
    for example in [example, series(1)] {
        let error = example.project(&other, &list).await.unwrap_err();
        assert_eq!(error.kind(), NotFound);
        writeln!(errors, "{error}").unwrap();
    }
    insta::assert_snapshot!(errors);
}

#[test]
fn sizes_that_cannot_be_are_refused() {
    let mut errors = String::new();
    for (episodes, sequences, shots, assets) in [
        (0, 0, 1, 1),
        (0, 1, usize::MAX, 1),
        (0, 1, 1, usize::MAX),
        (6, 5, 24, 14),
    ] {
        let options = ExampleOptions {
            episodes,
            sequences,
            shots,
            assets,
        };
        let error = Example::new(options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        writeln!(errors, "{error}\n  {}", error.help().unwrap()).unwrap();
    }
    insta::assert_snapshot!(errors.replace(&usize::MAX.to_string(), "[usize::MAX]"));
}

#[tokio::test]
async fn it_says_what_it_is() {
    let example = Example::default();
    insta::assert_debug_snapshot!((example.describe(), example.check().await.unwrap()));
    let capabilities = series(2).describe().capabilities;
    assert_eq!(capabilities, Example::CAPABILITIES);
}
