//! Where shots go on the timeline, in every situation.
#![allow(clippy::unwrap_used)] // Outside the tests themselves, too, all of this is a test.

use proptest::prelude::*;
use watchtower_model::place::{
    PlaceOptions, Placement, Timelines, Unplaced, behind_the_end, end_on_timeline, place,
};
use watchtower_model::{
    Cut, CutRange, Edit, Episode, FrameRate, MediaRef, Project, ProjectSnapshot, RangeScope,
    Reason, Sequence, Shot, ShotCasting, ShotData,
};

const V0: PlaceOptions = PlaceOptions {
    timelines: Timelines::One,
    unplaced: Unplaced::Show,
    from_site: false,
};
const V1: PlaceOptions = PlaceOptions {
    timelines: Timelines::OfEpisodes,
    ..V0
};

/// A project from its shots as `sequence` or `episode/sequence`, and what is known of each.
fn project(shots: &[(&str, ShotData)]) -> ProjectSnapshot {
    let mut project = ProjectSnapshot::new(Project::new("Film"));
    for (number, (of, data)) in shots.iter().enumerate() {
        let (episode, name) = match of.split_once('/') {
            Some((episode, name)) => (Some(Episode::new(episode)), name),
            None => (None, *of),
        };
        let mut sequence = Sequence::new(*of);
        sequence.name = name.to_owned();
        sequence.episode_id = episode.as_ref().map(|it| it.id.clone());
        if let Some(episode) = episode.filter(|it| !project.episodes.contains(it)) {
            project.episodes.push(episode);
        }
        if !project.sequences.contains(&sequence) {
            project.sequences.push(sequence.clone());
        }
        project
            .shots
            .push(Shot::new(format!("sh{number}"), &sequence.id, data.clone()));
    }
    project
}

fn at(start: i64, end: i64) -> ShotData {
    ShotData::new(start, end)
}

fn long(frames: i64) -> ShotData {
    ShotData::of_length(frames)
}

fn unknown() -> ShotData {
    ShotData::default()
}

/// The places after `place`, by the shot's number.
fn places(project: &ProjectSnapshot) -> Vec<String> {
    let place = |it: &Shot| match it.data.range() {
        Some((start, end)) => format!("{} {start}-{end}", it.name),
        None => format!("{} nowhere", it.name),
    };
    project.shots.iter().map(place).collect()
}

/// One row for each situation: what the tracker knows, the places, and what a note says.
macro_rules! situations {
    ($($name:ident: $options:expr, $project:expr => $places:expr, $note:expr;)*) => {$(
        #[test]
        fn $name() {
            let mut project = $project;
            place(&mut project, $options);
            assert_eq!(places(&project), $places, "{:?}", project.notes);
            let note: &str = $note;
            let notes = project.notes.join("\n");
            assert_eq!(notes.is_empty(), note.is_empty(), "{notes}");
            assert!(notes.contains(note), "{notes}");
        }
    )*};
}

situations! {
    ranges_of_the_tracker_count: V0, project(&[("a", at(24, 48)), ("a", at(0, 24))])
        => ["sh1 0-24", "sh0 24-48"], "";
    nobody_knows_anything: V0, project(&[("a", unknown()), ("b", unknown())])
        => ["sh0 0-24", "sh1 24-48"], "a second each";
    lengths_are_laid_end_to_end: V0, project(&[("a", long(10)), ("b", long(5)), ("b", unknown())])
        => ["sh0 0-10", "sh1 10-15", "sh2 nowhere"], "laid end to end by their lengths";
    a_length_follows_the_last_range: V0, project(&[("a", long(5)), ("a", at(0, 10)), ("a", unknown())])
        => ["sh1 0-10", "sh0 10-15", "sh2 nowhere"], "1 shot has a length and no frame range";
    an_empty_range_does_not_hide_the_length: V0, project(&[
        ("a", ShotData { nb_frames: Some(100), ..at(0, 0) }), ("a", long(5)),
    ]) => ["sh0 0-100", "sh1 100-105"], "laid end to end";
    plates_that_start_alike_but_one: V0, {
        let mut shots = vec![("a", at(1001, 1011)); 9];
        shots.push(("a", at(1009, 1019)));
        project(&shots)
    } => [
        "sh0 0-10", "sh1 10-20", "sh2 20-30", "sh3 30-40", "sh4 40-50", "sh5 50-60", "sh6 60-70", "sh7 70-80",
        "sh8 80-90", "sh9 90-100",
    ], "they count as lengths";
    a_default_of_one_frame_is_no_range: V0, project(&[
        ("a", ShotData { nb_frames: Some(50), ..at(1, 2) }),
        ("a", ShotData { nb_frames: Some(25), ..at(1, 2) }),
    ]) => ["sh0 0-50", "sh1 50-75"], "laid end to end";
    a_timecode_counts_from_the_first: V0, project(&[("a", at(86400, 86424)), ("a", at(86424, 86448))])
        => ["sh0 0-24", "sh1 24-48"], "start at frame 86400";
    negative_ranges_count_from_the_first: V0, project(&[("a", at(-10, 14)), ("a", at(14, 20))])
        => ["sh0 0-24", "sh1 24-30"], "start at frame -10";
    a_gap_at_the_start_stays: V0, project(&[("a", at(10, 40)), ("a", at(40, 60))])
        => ["sh0 10-40", "sh1 40-60"], "";
    sequences_that_count_from_their_own_start_follow: V0, project(&[
        ("a", at(10, 30)), ("a", at(0, 10)), ("b", at(0, 40)), ("b", at(40, 50)), ("c", at(0, 5)),
    ]) => ["sh1 0-10", "sh0 10-30", "sh2 30-70", "sh3 70-80", "sh4 80-85"], "count from a start of its own";
    sequences_that_are_cut_into_each_other_stay: V0, project(&[
        ("a", at(0, 10)), ("b", at(10, 20)), ("a", at(20, 30)), ("b", at(30, 40)),
    ]) => ["sh0 0-10", "sh1 10-20", "sh2 20-30", "sh3 30-40"], "";
    one_shot_over_another_is_said: V0, project(&[("a", at(0, 20)), ("a", at(20, 40)), ("b", at(30, 50)), ("c", at(50, 60))])
        => ["sh0 0-20", "sh1 20-40", "sh2 30-50", "sh3 50-60"], "1 shot starts before the one in front has ended: sh2";
    cuts_of_sequences_follow_the_story: V0, {
        let mut film = project(&[("a", at(0, 10)), ("a", long(7)), ("b", long(5)), ("b", unknown()), ("c", at(2, 9))]);
        film.range_scope = RangeScope::Sequence;
        film
    } => ["sh0 0-10", "sh1 10-17", "sh2 17-22", "sh4 24-31", "sh3 nowhere"], "from the start of each sequence";
    episodes_have_timelines_of_their_own: V1, project(&[("E1/a", long(150)), ("E2/a", long(70))])
        => ["sh0 0-150", "sh1 0-70"], "E1: the shots are laid end to end";
    on_one_timeline_episodes_follow: V0, project(&[("E1/a", at(0, 150)), ("E2/a", at(0, 70))])
        => ["sh0 0-150", "sh1 150-220"], "";
    ranges_through_all_episodes_count_from_each: V1, project(&[("E1/a", at(0, 150)), ("E2/a", at(150, 220))])
        => ["sh0 0-150", "sh1 0-70"], "count through all episodes";
    ranges_through_all_episodes_stay_on_one_timeline: V0, project(&[("E1/a", at(150, 220)), ("E2/a", at(0, 150))])
        => ["sh1 0-150", "sh0 150-220"], "";
    an_episode_that_nobody_knows: V1, project(&[("E1/a", at(0, 50)), ("E2/a", unknown()), ("E2/a", unknown())])
        => ["sh0 0-50", "sh1 0-24", "sh2 24-48"], "E2: no shot has a frame range or a length";
}

fn cut(
    project: &ProjectSnapshot,
    episode: Option<usize>,
    ranges: &[(usize, i64, i64)],
    frames: i64,
) -> Cut {
    let range = |&(shot, frame_in, frame_out): &(usize, i64, i64)| CutRange {
        shot_id: project.shots[shot].id.clone(),
        frame_in,
        frame_out,
    };
    Cut {
        name: "cut.otio".into(),
        episode_id: episode.map(|it| project.episodes[it].id.clone()),
        frames,
        ranges: ranges.iter().map(range).collect(),
        is_followed: false,
    }
}

#[test]
fn shots_with_a_length_follow_a_cut_of_the_tracker() {
    let mut film = project(&[("a", unknown()), ("a", long(5)), ("b", unknown())]);
    film.cuts = vec![Cut {
        is_followed: true,
        ..cut(&film, None, &[(0, 4, 24)], 30)
    }];
    let placement = place(&mut film, V0);
    assert_eq!(places(&film), ["sh0 4-24", "sh1 30-35", "sh2 nowhere"]);
    assert_eq!(placement.length(None), 35);
}

#[test]
fn an_edit_wins_over_the_tracker() {
    let mut film = project(&[("a", at(0, 10)), ("a", unknown()), ("b", long(5))]);
    film.cuts = vec![cut(&film, None, &[(1, 24, 48), (0, 0, 24)], 60)];
    let placement = place(&mut film, V0);
    assert_eq!(places(&film), ["sh0 0-24", "sh1 24-48", "sh2 nowhere"]);
    assert_eq!(
        placement.length(None),
        60,
        "the edit goes on after its last shot"
    );
    assert_eq!((placement.counts.edit, placement.counts.none), (2, 1));
    assert_eq!(
        film.notes.len(),
        1,
        "no word of laying end to end: {:?}",
        film.notes
    );
}

#[test]
fn the_edit_of_an_episode_leaves_the_others_alone() {
    for (options, e2) in [
        (V1, ["sh1 0-30", "sh2 30-40"]),
        (V0, ["sh1 50-80", "sh2 80-90"]),
    ] {
        let mut series = project(&[("E1/a", unknown()), ("E2/a", at(0, 30)), ("E2/a", long(10))]);
        series.cuts = vec![cut(&series, Some(0), &[(0, 0, 48)], 50)];
        let placement = place(&mut series, options);
        assert_eq!(places(&series)[0], "sh0 0-48");
        assert_eq!(places(&series)[1..], e2);
        assert_eq!(placement.counts.edit, 1);
    }
}

#[test]
fn the_edit_of_a_series_is_its_one_timeline() {
    let series = || {
        let mut series = project(&[("E1/a", unknown()), ("E2/a", unknown())]);
        series.cuts = vec![cut(&series, None, &[(0, 0, 150), (1, 150, 220)], 220)];
        series
    };
    let mut one = series();
    assert_eq!(place(&mut one, V0).length(None), 220);
    assert_eq!(places(&one), ["sh0 0-150", "sh1 150-220"]);
    let mut of_episodes = series();
    place(&mut of_episodes, V1);
    assert_eq!(places(&of_episodes), ["sh0 0-150", "sh1 0-70"]);
}

#[test]
fn frame_offsets_follow_ranges() {
    let with_movie = |start: i64, offset: i64, frames: Option<u64>| {
        let mut film = project(&[
            ("a", at(start, start + 24)),
            ("a", at(start + 24, start + 48)),
            ("a", unknown()),
        ]);
        let mut edit = Edit::new("Edit");
        edit.movie = Some(MediaRef::file("edit.mp4"));
        (edit.frame_offset, edit.total_frames) = (offset, frames);
        film.edits.push(edit);
        place(&mut film, V0);
        (places(&film)[0].clone(), film.edits[0].frame_offset)
    };
    // The movie starts where the shots do.
    assert_eq!(with_movie(86400, 86400, None), ("sh0 0-24".into(), 0));
    assert_eq!(with_movie(110, 100, None), ("sh0 10-34".into(), 0));
    // It stood at 0 for want of a better number.
    assert_eq!(with_movie(86400, 0, None), ("sh0 0-24".into(), 0));
    // Shots from the middle of the movie, of which others are not known.
    assert_eq!(with_movie(200, 0, Some(1000)), ("sh0 200-224".into(), 0));
    assert_eq!(with_movie(200, 0, None), ("sh0 200-224".into(), 0));
    // A slate comes before frame 0.
    assert_eq!(with_movie(0, -24, None), ("sh0 0-24".into(), -24));
    assert_eq!(with_movie(-24, -24, None), ("sh0 0-24".into(), 0));
}

#[test]
fn an_edit_counts_at_the_rate_of_the_project() {
    let mut series = project(&[("E1/a", unknown())]);
    series.shots[0].fps = FrameRate::new(25.0).unwrap();
    series.cuts = vec![cut(&series, None, &[(0, 0, 25)], 25)];
    let placement = place(&mut series, V1);
    assert_eq!(placement.timelines[0].frames, 25);
}

#[test]
fn a_shot_of_another_rate_takes_the_time_it_lasts() {
    let mut film = project(&[("a", long(12)), ("a", long(5)), ("a", long(1))]);
    film.shots[0].fps = FrameRate::new(12.0).unwrap();
    film.shots[1].fps = FrameRate::new(25.0).unwrap();
    let placement = place(&mut film, V0);
    assert_eq!(places(&film), ["sh0 0-12", "sh1 24-29", "sh2 29-30"]);
    assert_eq!(placement.length(None), 30);
}

#[test]
fn what_has_no_place_starts_behind_the_end_or_is_left_out() {
    let mut film = project(&[("a", unknown()), ("a", at(0, 24)), ("a", unknown())]);
    let placement = place(&mut film, V0);
    let behind = behind_the_end(&film, Timelines::One, |_| 24);
    let starts: Vec<_> = film
        .shots
        .iter()
        .map(|it| behind.get(&it.id).copied())
        .collect();
    assert_eq!(starts, [None, Some(25), Some(26)]);
    assert_eq!(placement.counts.none, 2);

    let mut film = project(&[("a", unknown()), ("a", at(0, 24))]);
    film.casting.push(ShotCasting::new(&film.shots[0], []));
    let options = PlaceOptions {
        unplaced: Unplaced::LeaveOut,
        ..V0
    };
    place(&mut film, options);
    assert_eq!(places(&film), ["sh1 0-24"]);
    assert_eq!((film.left_out.len(), film.casting.len()), (1, 0));
    assert_eq!(film.left_out[0].reason, Reason::NoFrameRange);
    film.cuts = vec![cut(&film, None, &[], 10)];
    place(&mut film, options);
    assert_eq!(
        film.left_out[1].reason.to_string(),
        "not in the edit cut.otio"
    );
}

#[test]
fn what_was_read_from_a_site_stays_where_it_is() {
    let read = || {
        project(&[
            ("E1/a", at(1001, 1025)),
            ("E1/a", at(1001, 1025)),
            ("E2/a", at(10, 40)),
            ("E2/a", long(5)),
        ])
    };
    let mut same = read();
    let placement = place(
        &mut same,
        PlaceOptions {
            from_site: true,
            ..V1
        },
    );
    assert_eq!(same, read());
    assert_eq!(placement.counts.none, 1);
    let mut other = read();
    place(
        &mut other,
        PlaceOptions {
            from_site: true,
            ..V0
        },
    );
    assert_eq!(
        places(&other),
        [
            "sh0 1001-1025",
            "sh1 1001-1025",
            "sh2 1035-1065",
            "sh3 nowhere"
        ]
    );
    assert!(other.notes.is_empty());
}

fn any_data() -> impl Strategy<Value = ShotData> {
    let frame = || {
        prop_oneof![
            4 => -50..300_i64,
            1 => Just(1001_i64),
            1 => Just(86400_i64),
            1 => any::<i64>(),
        ]
    };
    let known = prop::option::weighted(0.7, frame());
    (
        known,
        prop::option::weighted(0.6, frame()),
        prop::option::weighted(0.5, frame()),
    )
        .prop_map(|(start, end, length)| ShotData {
            frame_in: start,
            frame_out: end,
            nb_frames: length,
            ..ShotData::default()
        })
}

prop_compose! {
    fn any_project()(
        shots in prop::collection::vec(
            (prop::sample::select(&["a", "b", "E1/a", "E1/b", "E2/a", "E3/x"][..]), any_data(), 0..4_usize),
            0..25,
        ),
        cuts in prop::collection::vec((0..4_usize, prop::collection::vec((0..25_usize, 0..500_i64, 0..90_i64), 0..6)), 0..3),
        by_sequence in prop::bool::weighted(0.2),
        offset in prop_oneof![Just(0_i64), -30..100_i64],
    ) -> ProjectSnapshot {
        let known: Vec<_> = shots.iter().map(|(of, data, _)| (*of, data.clone())).collect();
        let mut project = project(&known);
        for (shot, (_, _, rate)) in project.shots.iter_mut().zip(&shots) {
            shot.fps = FrameRate::new([24.0, 25.0, 12.0, 23.976][*rate]).unwrap();
        }
        if by_sequence {
            project.range_scope = RangeScope::Sequence;
        }
        for (episode, ranges) in cuts {
            let episode = Some(episode).filter(|it| *it < project.episodes.len());
            let ranges: Vec<_> = ranges
                .into_iter()
                .filter(|it| it.0 < project.shots.len())
                .map(|(shot, start, frames)| (shot, start, start + frames + 1))
                .collect();
            let end = ranges.iter().map(|it| it.2).max().unwrap_or(0);
            let cut = cut(&project, episode, &ranges, end);
            project.cuts.push(cut);
        }
        let mut edit = Edit::new("Edit");
        edit.movie = Some(MediaRef::file("edit.mp4"));
        edit.frame_offset = offset;
        project.edits.push(edit);
        project
    }
}

proptest! {
    #[test]
    fn no_shot_is_lost_or_counted_twice(
        before in any_project(),
        one in any::<bool>(),
        leave_out in any::<bool>(),
        from_site in prop::bool::weighted(0.2),
    ) {
        let options = PlaceOptions {
            timelines: if one { Timelines::One } else { Timelines::OfEpisodes },
            unplaced: if leave_out { Unplaced::LeaveOut } else { Unplaced::Show },
            from_site,
        };
        let mut after = before.clone();
        let placement = place(&mut after, options);
        let Placement { counts, .. } = &placement;
        let mut ids: Vec<_> = after.shots.iter().map(|it| it.id.as_str().to_owned()).collect();
        ids.extend(after.left_out.iter().map(|it| it.id.clone()));
        ids.sort_unstable();
        let mut due: Vec<_> = before.shots.iter().map(|it| it.id.as_str().to_owned()).collect();
        due.sort_unstable();
        prop_assert_eq!(ids, due);
        prop_assert_eq!(counts.edit + counts.tracker + counts.end_to_end + counts.none, before.shots.len());
        let placed = after.shots.iter().filter(|it| it.data.frame_in.is_some()).count();
        prop_assert_eq!(placed, before.shots.len() - counts.none);
        let behind = behind_the_end(&after, options.timelines, |episode| {
            u64::try_from(placement.length(episode)).unwrap_or(0)
        });
        for shot in &after.shots {
            prop_assert_eq!(shot.data.frame_in.is_none(), behind.contains_key(&shot.id));
            prop_assert_eq!(shot.data.frame_in.is_some(), shot.data.frame_out.is_some());
            if !from_site && let Some((start, end)) = shot.data.frame_in.zip(shot.data.frame_out) {
                prop_assert!(start >= 0 && start <= end, "{start} {end}");
                // On the timeline, as long as no number is beyond counting.
                let all = placement.timelines.iter().map(|it| it.frames).max().unwrap_or(0);
                let last = end_on_timeline(start, end - start, shot.fps, after.project.fps);
                prop_assert!(last <= all, "{last} of {all}");
            }
        }
        // The same again gives the same: nothing moves that has its place.
        let mut again = before.clone();
        place(&mut again, options);
        prop_assert_eq!(&again, &after);
    }
}
