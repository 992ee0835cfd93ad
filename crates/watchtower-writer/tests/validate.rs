//! Every way to break an export that is known to matter to the web client, applied to a good one.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its files has failed"
)]

mod sites;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use watchtower_model::format::Format;
use watchtower_writer::anonymise;
use watchtower_writer::validate::{self, Code, Error, Options, Report, Severity};

use sites::{FILM, Site, copy, remove};

impl Site {
    fn check_with(&self, options: &Options) -> Report {
        validate::site(self.0.path(), options).unwrap()
    }

    /// The findings: `error WT203 shots.json /0/tasks`.
    fn findings(&self) -> Vec<String> {
        let report = self.check_with(&Options::default());
        assert_eq!(report.left_out, []);
        let lines = lines(&report);
        self.anonymised_has(&lines);
        lines
    }

    /// A copy without anybody's names has the same findings, and none of the texts.
    fn anonymised_has(&self, due: &[String]) {
        let copy = tempfile::tempdir().unwrap();
        anonymise::site(self.0.path(), copy.path()).unwrap();
        let report = validate::site(copy.path(), &Options::default());
        // A project's folder has a stand-in for its id.
        let sorted = |lines: &[String]| {
            let lines = lines.iter().map(|line| {
                let mut words: Vec<_> = line.split(' ').collect();
                if !words[2].contains('.') {
                    words[2] = "folder";
                }
                words.join(" ")
            });
            let mut lines: Vec<_> = lines.collect();
            lines.sort();
            lines
        };
        let found = lines(&report.unwrap());
        assert_eq!(
            sorted(&found),
            sorted(due),
            "the copy without names has other findings"
        );
        for text in ["Sprite", "Animation", FILM] {
            for (path, bytes) in files(copy.path()) {
                let path = path.to_string_lossy();
                let is_in = bytes.windows(text.len()).any(|it| it == text.as_bytes());
                assert!(!is_in && !path.contains(text), "{text} is in {path}");
            }
        }
    }
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(self::files(&path)),
            false => files.push((path.clone(), fs::read(path).unwrap())),
        }
    }
    files
}

fn lines(report: &Report) -> Vec<String> {
    let line = |it: &validate::Finding| {
        let file = it.file.file_name().unwrap().to_str().unwrap();
        let line = format!("{} {} {file} {}", it.severity, it.code, it.pointer);
        line.trim_end().to_owned()
    };
    report.findings.iter().map(line).collect()
}

#[test]
fn the_good_export_has_no_finding() {
    let strict = Options {
        strict: true,
        ..Options::default()
    };
    for (site, format, documents) in [
        (Site::new(), Format::V0, 7),
        (Site::of(Format::V1), Format::V1, 8),
        (Site::series(), Format::V1, 8),
    ] {
        for options in [&strict, &Options::default()] {
            let report = site.check_with(options);
            assert_eq!(lines(&report), [] as [&str; 0]);
            assert_eq!((report.projects, report.documents), (1, documents));
            assert_eq!(report.format, Some(format));
        }
    }
}

/// One row for each fact about the client: what it is, the change, and the findings.
macro_rules! facts {
    ($($name:ident: $change:expr => [$($finding:literal),* $(,)?];)*) => {
        facts! { in Site::new(); $($name: $change => [$($finding),*];)* }
    };
    (in $site:expr; $($name:ident: $change:expr => [$($finding:literal),* $(,)?];)*) => {$(
        #[test]
        fn $name() {
            let site = $site;
            let change: fn(&Site) = $change;
            change(&site);
            assert_eq!(site.findings(), [$($finding),*] as [&str; _]);
        }
    )*};
}

// What is broken, and what the client makes of it.
facts! {
    context_missing_shows_no_projects:
        |site| site.remove("context.json")
        => ["error WT301 context.json"];
    shots_not_a_list_loads_nothing:
        |site| site.write("shots.json", "{\"shots\": []}")
        => ["error WT201 shots.json"];
    shots_with_nan_load_nothing:
        |site| {
            let text = fs::read_to_string(site.path("shots.json")).unwrap();
            site.write("shots.json", text.replacen("5.458333333333333", "NaN", 1));
        }
        => ["error WT103 shots.json"];
    shots_missing_stay_empty:
        |site| site.remove("shots.json")
        => ["error WT301 shots.json"];
    assets_missing_stay_empty:
        |site| site.remove("assets.json")
        => ["error WT301 assets.json"];
    sequences_missing_stay_empty:
        |site| site.remove("sequences.json")
        => ["error WT301 sequences.json"];
    casting_missing_stays_empty:
        |site| site.remove("casting.json")
        => ["error WT301 casting.json"];
    project_missing_stays_empty:
        |site| site.remove("project.json")
        => ["error WT301 project.json"];
    edit_missing_leaves_the_timeline_blank:
        |site| site.remove("edit.json")
        => ["error WT301 edit.json"];
    edit_without_keys_leaves_the_timeline_blank:
        |site| site.write("edit.json", "{}")
        => [
            "error WT202 edit.json",
            "error WT202 edit.json",
            "error WT202 edit.json",
            "warning WT202 edit.json"
        ];
    edit_empty_leaves_the_timeline_blank:
        |site| site.write("edit.json", "")
        => ["error WT106 edit.json"];
    no_frames_leave_the_timeline_blank:
        |site| site.edit("edit.json", |it| it["totalFrames"] = json!(0))
        => ["error WT507 edit.json /totalFrames"];
    shot_without_the_key_of_its_picture:
        |site| site.edit("shots.json", |it| remove(&mut it[1], "thumbnailUrl"))
        => ["warning WT202 shots.json /1"];
    asset_without_the_key_of_its_picture:
        |site| site.edit("assets.json", |it| remove(&mut it[2], "thumbnailUrl"))
        => ["warning WT202 assets.json /2"];
    pictures_that_are_null_give_a_placeholder:
        |site| {
            site.edit("shots.json", |it| it[0]["thumbnailUrl"] = json!(null));
            site.edit("assets.json", |it| it[0]["thumbnailUrl"] = json!(null));
        }
        => [];
    tasks_null_throw:
        |site| site.edit("shots.json", |it| it[2]["tasks"] = json!(null))
        => ["error WT203 shots.json /2/tasks"];
    tasks_missing_throw:
        |site| site.edit("assets.json", |it| remove(&mut it[1], "tasks"))
        => ["error WT202 assets.json /1"];
    assignees_null_throw:
        |site| site.edit("shots.json", |it| it[3]["tasks"][1]["assignees"] = json!(null))
        => ["error WT203 shots.json /3/tasks/1/assignees"];
    assignees_missing_throw:
        |site| site.edit("shots.json", |it| remove(&mut it[3]["tasks"][1], "assignees"))
        => ["error WT202 shots.json /3/tasks/1"];
    color_of_a_task_type_null_throws:
        |site| site.edit("context.json", |it| it["task_types"][0]["color"] = json!(null))
        => ["error WT203 context.json /task_types/0/color"];
    color_of_a_task_status_null_throws:
        |site| site.edit("context.json", |it| it["task_status"][1]["color"] = json!(null))
        => ["error WT203 context.json /task_status/1/color"];
    color_in_another_notation_is_wrong:
        |site| site.edit("context.json", |it| it["task_types"][0]["color"] = json!("#F00"))
        => ["warning WT206 context.json /task_types/0/color"];
    color_by_name_is_wrong:
        |site| site.edit("context.json", |it| it["task_status"][0]["color"] = json!("red"))
        => ["warning WT206 context.json /task_status/0/color"];
    team_of_people_who_should_be_ids:
        |site| site.edit("project.json", |it| it["team"][0] = json!({"id": "jade"}))
        => ["warning WT204 project.json /team/0"];
    team_null_throws:
        |site| site.edit("project.json", |it| it["team"] = json!(null))
        => ["error WT203 project.json /team"];
    task_types_null_throw:
        |site| site.edit("project.json", |it| it["task_types"] = json!(null))
        => ["error WT203 project.json /task_types"];
    task_types_of_all_null_throw:
        |site| site.edit("context.json", |it| it["task_types"] = json!(null))
        => ["error WT203 context.json /task_types"];
    frame_rate_null_leaves_shots_without_width:
        |site| site.edit("project.json", |it| it["fps"] = json!(null))
        => ["error WT203 project.json /fps"];
    frame_rate_zero_leaves_shots_without_width:
        |site| site.edit("project.json", |it| it["fps"] = json!(0))
        => ["error WT205 project.json /fps"];
    a_22nd_sequence_with_shots_throws:
        |site| {
            site.edit("sequences.json", |it| {
                let sequences = it.as_array_mut().unwrap();
                for number in 2..22 {
                    sequences.push(json!({"id": format!("sq{number}"), "name": "more"}));
                }
            });
            site.edit("shots.json", |it| it[0]["sequence_id"] = json!("sq21"));
        }
        => ["error WT508 sequences.json /21"];
    a_22nd_sequence_without_shots_is_fine:
        |site| site.edit("sequences.json", |it| {
            let sequences = it.as_array_mut().unwrap();
            for number in 2..30 {
                sequences.push(json!({"id": format!("sq{number}"), "name": "more"}));
            }
        })
        => [];
    casting_without_assets_throws:
        |site| site.edit("casting.json", |it| remove(&mut it[0], "asset_ids"))
        => ["error WT202 casting.json /0"];
    casting_null_throws:
        |site| site.edit("casting.json", |it| it[1] = json!(null))
        => ["error WT203 casting.json /1"];
    avatar_without_an_address:
        |site| site.edit("context.json", |it| remove(&mut it["users"][1], "thumbnailUrl"))
        => ["warning WT208 context.json /users/1"];
    avatar_without_an_address_but_the_key:
        |site| site.edit("context.json", |it| it["users"][1]["thumbnailUrl"] = json!(null))
        => ["warning WT208 context.json /users/1/thumbnailUrl"];
    no_avatar_and_no_address_is_fine:
        |site| site.edit("context.json", |it| remove(&mut it["users"][0], "thumbnailUrl"))
        => [];
    name_of_a_shot_null_is_shown:
        |site| site.edit("shots.json", |it| it[0]["name"] = json!(null))
        => ["warning WT203 shots.json /0/name"];
    name_of_an_asset_null_is_shown:
        |site| site.edit("assets.json", |it| it[0]["name"] = json!(null))
        => ["warning WT203 assets.json /0/name"];
    name_of_a_sequence_null_throws:
        |site| site.edit("sequences.json", |it| it[0]["name"] = json!(null))
        => ["error WT203 sequences.json /0/name"];
    sequence_unknown_makes_no_group:
        |site| site.edit("shots.json", |it| it[0]["sequence_id"] = json!("gone"))
        => ["warning WT401 shots.json /0/sequence_id"];
    task_type_unknown_is_not_shown:
        |site| site.edit("shots.json", |it| it[0]["tasks"][1]["task_type_id"] = json!("gone"))
        => ["warning WT402 shots.json /0/tasks/1/task_type_id"];
    task_status_unknown_is_not_shown:
        |site| site.edit("assets.json", |it| it[0]["tasks"][0]["task_status_id"] = json!("gone"))
        => ["warning WT403 assets.json /0/tasks/0/task_status_id"];
    assignee_unknown_is_not_shown:
        |site| site.edit("shots.json", |it| it[0]["tasks"][0]["assignees"] = json!(["gone"]))
        => ["warning WT404 shots.json /0/tasks/0/assignees/0"];
    shot_beyond_the_end_is_drawn_off_it:
        |site| site.edit("edit.json", |it| {
            it["totalFrames"] = json!(400);
            it["frameOffset"] = json!(100);
        })
        => ["warning WT608 edit.json /totalFrames", "warning WT505 shots.json /2/startFrame"];
    two_castings_of_a_shot_count_once:
        |site| site.edit("casting.json", |it| {
            let first = it[0].clone();
            it.as_array_mut().unwrap().push(first);
        })
        => ["warning WT410 casting.json /5/shot_id"];
    duration_null_throws:
        |site| site.edit("shots.json", |it| it[0]["durationSeconds"] = json!(null))
        => ["error WT203 shots.json /0/durationSeconds"];
    duration_as_text_throws_when_the_shot_is_chosen:
        |site| site.edit("shots.json", |it| it[0]["durationSeconds"] = json!("5.46"))
        => ["error WT204 shots.json /0/durationSeconds"];
    frame_offset_missing_leaves_no_seeking:
        |site| site.edit("edit.json", |it| remove(it, "frameOffset"))
        => ["error WT202 edit.json"];
    movie_null_is_asked_for:
        |site| site.edit("edit.json", |it| it["sourceName"] = json!(null))
        => ["error WT203 edit.json /sourceName"];
    no_movie_is_fine:
        |site| site.edit("edit.json", |it| {
            it["sourceName"] = json!("");
            it["sourceType"] = json!("");
        })
        => [];
    no_movie_of_a_type_is_asked_for:
        |site| site.edit("edit.json", |it| it["sourceName"] = json!(""))
        => ["warning WT514 edit.json /sourceType"];
    what_the_client_can_do_without_is_silent:
        |site| {
            site.edit("project.json", |it| {
                remove(it, "ratio");
                it["resolution"] = json!(null);
                remove(it, "thumbnailUrl");
            });
            site.edit("context.json", |it| remove(&mut it["users"][0], "has_avatar"));
            site.edit("shots.json", |it| {
                remove(&mut it[0], "data");
                remove(&mut it[1], "fps");
                it.as_array_mut().unwrap().reverse();
            });
            site.edit("sequences.json", |it| {
                it.as_array_mut().unwrap().push(json!({"id": "sq9", "name": "090"}));
            });
        }
        => [];
    lists_that_are_empty_are_fine:
        |site| for name in ["shots.json", "assets.json", "sequences.json", "casting.json"] {
            site.write(name, "[]");
        }
        => [];
    asset_type_null_makes_a_group_without_type:
        |site| site.edit("assets.json", |it| it[0]["asset_type_id"] = json!(null))
        => ["warning WT203 assets.json /0/asset_type_id"];
    frame_rate_as_text_is_coerced:
        |site| site.edit("project.json", |it| it["fps"] = json!("24"))
        => ["warning WT204 project.json /fps"];
    start_as_text_is_coerced:
        |site| site.edit("shots.json", |it| it[0]["startFrame"] = json!("10"))
        => ["warning WT204 shots.json /0/startFrame"];
}

// Media that are on the tracker.
facts! {
    full_address_of_a_picture_is_not_found:
        |site| site.edit("shots.json", |it| it[0]["thumbnailUrl"] = json!("http://tracker/x.png"))
        => ["warning WT607 shots.json /0/thumbnailUrl"];
    address_without_scheme_is_fine:
        |site| site.edit("shots.json", |it| it[0]["thumbnailUrl"] = json!("/tracker.example/x.png"))
        => [];
    path_on_the_same_host_is_fine:
        |site| site.edit("shots.json", |it| {
            it[0]["thumbnailUrl"] = json!("api/pictures/thumbnails/preview-files/1.png");
        })
        => [];
    full_address_in_the_list_of_projects_is_fine:
        |site| for (name, pointer) in [("context.json", "/projects/0"), ("project.json", "")] {
            site.edit(name, |it| {
                it.pointer_mut(pointer).unwrap()["thumbnailUrl"] = json!("http://tracker/x.png");
            });
        }
        => [];
    picture_that_is_not_there:
        |site| site.remove("data/previews/e0/e0445828.png")
        => ["warning WT601 shots.json /0/thumbnailUrl"];
    movie_that_is_not_there:
        |site| site.remove("edit.mp4")
        => ["error WT602 edit.json /sourceName"];
    absolute_path_of_a_picture:
        |site| site.edit("assets.json", |it| it[0]["thumbnailUrl"] = json!("/data/previews/1.png"))
        => ["warning WT603 assets.json /0/thumbnailUrl"];
    path_that_leaves_the_site:
        |site| site.edit("assets.json", |it| it[0]["thumbnailUrl"] = json!("data/../../1.png"))
        => ["warning WT604 assets.json /0/thumbnailUrl"];
    movie_that_is_a_picture:
        |site| {
            let picture = fs::read(site.path("data/previews/e0/e0445828.png")).unwrap();
            site.write("edit.mp4", picture);
        }
        => ["error WT606 edit.json /sourceName"];
    picture_that_is_too_small:
        |site| site.write("data/previews/e0/e0445828.png", png(149, 100))
        => ["warning WT609 shots.json /0/thumbnailUrl"];
    picture_that_is_too_large:
        |site| site.write("data/previews/e0/e0445828.png", png(1920, 1080))
        => ["warning WT609 shots.json /0/thumbnailUrl"];
    picture_that_is_too_low:
        |site| site.write("data/previews/19/19e6c9ad.png", png(400, 99))
        => ["warning WT609 assets.json /0/thumbnailUrl"];
    avatar_that_is_too_small:
        |site| site.write("data/previews/a1/a1122463.png", png(399, 400))
        => ["warning WT609 context.json /users/1/thumbnailUrl"];
    picture_of_a_shot_as_an_avatar:
        |site| site.edit("context.json", |it| {
            it["users"][1]["thumbnailUrl"] = json!("data/previews/e0/e0445828.png");
        })
        => ["warning WT609 context.json /users/1/thumbnailUrl"];
    picture_in_the_list_of_projects_has_any_size:
        |site| site.write("data/previews/df/df276e74.png", png(1, 1))
        => [];
    total_that_is_not_the_movies:
        |site| site.edit("edit.json", |it| it["totalFrames"] = json!(493))
        => ["warning WT608 edit.json /totalFrames"];
    movie_that_no_browser_plays:
        |site| {
            site.write("edit.mp4", include_bytes!("movies/mpeg4.mp4"));
        }
        => ["warning WT608 edit.json /totalFrames", "warning WT610 edit.json /sourceName"];
    movie_of_another_rate_than_the_project:
        |site| {
            site.write("edit.mp4", include_bytes!("movies/prores.mov"));
        }
        => [
            "warning WT608 edit.json /totalFrames",
            "warning WT610 edit.json /sourceName",
            "warning WT611 edit.json /sourceName",
        ];
    movie_cut_short:
        |site| {
            let movie = include_bytes!("movies/h264-moov-first.mp4");
            site.write("edit.mp4", &movie[..movie.len() - 1]);
        }
        => ["error WT606 edit.json /sourceName"];
    picture_cut_short:
        |site| {
            let picture = fs::read(site.path("data/previews/e0/e0445828.png")).unwrap();
            site.write("data/previews/e0/e0445828.png", &picture[..60]);
        }
        => ["warning WT605 shots.json /0/thumbnailUrl"];
    jpeg_cut_short:
        |site| site.write("data/previews/e0/e0445828.png", JPEG)
        => ["warning WT605 shots.json /0/thumbnailUrl"];
    jpeg_with_its_end:
        |site| site.write("data/previews/e0/e0445828.png", [JPEG, b"\xff\xd9"].concat())
        => [];
}

/// A JPEG of 150 × 100 pixels, as far as its head and some of what is drawn tell, without its end.
const JPEG: &[u8] = b"\xff\xd8\xff\xc0\0\x11\x08\0\x64\0\x96\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\
                      \xff\xda\0\x08\x01\x01\0\0\x3f\0drawn";

// What is known to go wrong in exports of the Python packages, as far as it leaves a trace.
facts! {
    frame_rate_of_a_shot_as_text:
        |site| site.edit("shots.json", |it| it[0]["fps"] = json!("24"))
        => ["warning WT204 shots.json /0/fps"];
    cast_of_a_shot_that_was_dropped:
        |site| site.edit("casting.json", |it| it[0] = json!({}))
        => ["error WT202 casting.json /0", "warning WT202 casting.json /0"];
    later_projects_are_lost_when_the_export_crashes:
        |site| site.edit("context.json", |it| {
            let mut later = it["projects"][0].clone();
            later["id"] = json!("later");
            it["projects"].as_array_mut().unwrap().push(later);
        })
        => ["error WT303 later"];
    servers_error_saved_as_a_picture:
        |site| site.write("data/previews/e0/e0445828.png", "{\"error\": true, \"message\": \"404\"}")
        => ["warning WT605 shots.json /0/thumbnailUrl"];
    half_written_file_is_served:
        |site| {
            let text = fs::read(site.path("shots.json")).unwrap();
            site.write("shots.json", &text[..text.len() / 2]);
        }
        => ["error WT106 shots.json"];
    avatar_dropped:
        |site| site.edit("context.json", |it| {
            for user in it["users"].as_array_mut().unwrap() {
                remove(user, "thumbnailUrl");
            }
        })
        => ["warning WT208 context.json /users/1"];
}

// The same in format v1, as far as it differs.
mod v1 {
    use super::*;

    facts! {
        in Site::of(Format::V1);
        index_missing_shows_no_projects:
            |site| site.remove("index.json")
            => ["error WT301 index.json"];
        shots_not_a_list_loads_nothing:
            |site| site.write("shots.json", "{\"shots\": []}")
            => ["error WT201 shots.json"];
        shots_with_nan_load_nothing:
            |site| {
                let text = fs::read_to_string(site.path("shots.json")).unwrap();
                site.write("shots.json", text.replacen("5.458333333333333", "NaN", 1));
            }
            => ["error WT103 shots.json"];
        project_missing_stays_empty:
            |site| site.remove("project.json")
            => ["error WT301 project.json"];
        edits_missing_leave_no_timeline:
            |site| site.remove("edits.json")
            => ["error WT301 edits.json"];
        assets_missing_stay_empty:
            |site| site.remove("assets.json")
            => ["error WT301 assets.json"];
        shots_missing_stay_empty:
            |site| site.remove("shots.json")
            => ["error WT301 shots.json"];
        sequences_missing_stay_empty:
            |site| site.remove("sequences.json")
            => ["error WT301 sequences.json"];
        casting_missing_stays_empty:
            |site| site.remove("casting.json")
            => ["error WT301 casting.json"];
        task_counts_missing_stay_empty:
            |site| site.remove("task_counts.json")
            => ["error WT301 task_counts.json"];
        no_edit_throws:
            |site| site.write("edits.json", "[]")
            => ["error WT511 edits.json"];
        edit_null_throws:
            |site| site.write("edits.json", "[null]")
            => ["error WT203 edits.json /0"];
        no_frames_leave_the_timeline_blank:
            |site| site.edit("edits.json", |it| it[0]["totalFrames"] = json!(0))
            => ["error WT507 edits.json /0/totalFrames"];
        shot_without_the_key_of_its_picture_has_a_placeholder:
            |site| site.edit("shots.json", |it| remove(&mut it[0], "thumbnailUrl"))
            => [];
        asset_without_the_key_of_its_picture:
            |site| site.edit("assets.json", |it| remove(&mut it[2], "thumbnailUrl"))
            => ["warning WT202 assets.json /2"];
        tasks_null_throw:
            |site| site.edit("shots.json", |it| it[2]["tasks"] = json!(null))
            => ["error WT203 shots.json /2/tasks"];
        tasks_missing_throw:
            |site| site.edit("assets.json", |it| remove(&mut it[1], "tasks"))
            => ["error WT202 assets.json /1"];
        assignees_null_throw:
            |site| site.edit("shots.json", |it| it[3]["tasks"][1]["assignees"] = json!(null))
            => ["error WT203 shots.json /3/tasks/1/assignees"];
        color_of_a_task_type_null_throws:
            |site| site.edit("project.json", |it| it["task_types"][0]["color"] = json!(null))
            => ["error WT203 project.json /task_types/0/color"];
        color_of_a_task_status_null_throws:
            |site| site.edit("project.json", |it| it["task_statuses"][1]["color"] = json!(null))
            => ["error WT203 project.json /task_statuses/1/color"];
        color_in_another_notation_is_wrong:
            |site| site.edit("project.json", |it| it["task_types"][0]["color"] = json!("#F00"))
            => ["warning WT206 project.json /task_types/0/color"];
        team_null_throws:
            |site| site.edit("project.json", |it| it["team"] = json!(null))
            => ["error WT203 project.json /team"];
        task_types_null_throw:
            |site| site.edit("project.json", |it| it["task_types"] = json!(null))
            => ["error WT203 project.json /task_types"];
        task_types_by_id_throw:
            |site| site.edit("project.json", |it| it["task_types"] = json!(["2a3cbdb7"]))
            => ["error WT204 project.json /task_types/0"];
        episodes_missing_throw:
            |site| site.edit("project.json", |it| remove(it, "episodes"))
            => ["error WT202 project.json"];
        episodes_missing_in_the_list_throw:
            |site| site.edit("index.json", |it| remove(&mut it["projects"][0], "episodes"))
            => ["error WT202 index.json /projects/0"];
        frame_rate_null_leaves_shots_without_width:
            |site| site.edit("project.json", |it| it["fps"] = json!(null))
            => ["error WT203 project.json /fps"];
        frame_rate_zero_leaves_shots_without_width:
            |site| site.edit("project.json", |it| it["fps"] = json!(0))
            => ["error WT205 project.json /fps"];
        a_22nd_sequence_with_shots_is_fine:
            |site| {
                site.edit("sequences.json", |it| {
                    let sequences = it.as_array_mut().unwrap();
                    for number in 2..22 {
                        sequences.push(json!({"id": format!("sq{number}"), "name": "more"}));
                    }
                });
                site.edit("shots.json", |it| it[0]["sequence_id"] = json!("sq21"));
            }
            => [];
        casting_without_assets_loads:
            |site| site.edit("casting.json", |it| it[0]["asset_ids"] = json!(null))
            => ["warning WT203 casting.json /0/asset_ids"];
        casting_null_throws:
            |site| site.edit("casting.json", |it| it[1] = json!(null))
            => ["error WT203 casting.json /1"];
        avatar_without_an_address:
            |site| site.edit("project.json", |it| {
                it["team"][0]["has_avatar"] = json!(true);
                remove(&mut it["team"][0], "thumbnailUrl");
            })
            => ["warning WT208 project.json /team/0"];
        avatar_null:
            |site| site.edit("project.json", |it| it["team"][1]["has_avatar"] = json!(true))
            => ["warning WT208 project.json /team/1/thumbnailUrl"];
        team_member_without_a_full_name:
            |site| site.edit("project.json", |it| remove(&mut it["team"][3], "full_name"))
            => ["warning WT202 project.json /team/3"];
        name_of_a_shot_null_is_shown:
            |site| site.edit("shots.json", |it| it[0]["name"] = json!(null))
            => ["warning WT203 shots.json /0/name"];
        name_of_a_sequence_null_throws:
            |site| site.edit("sequences.json", |it| it[0]["name"] = json!(null))
            => ["error WT203 sequences.json /0/name"];
        sequence_unknown_makes_no_group:
            |site| site.edit("shots.json", |it| it[0]["sequence_id"] = json!("gone"))
            => ["warning WT401 shots.json /0/sequence_id"];
        task_type_unknown_is_not_shown:
            |site| site.edit("shots.json", |it| it[0]["tasks"][1]["task_type_id"] = json!("gone"))
            => ["warning WT402 shots.json /0/tasks/1/task_type_id"];
        task_status_unknown_is_not_shown:
            |site| site.edit("assets.json", |it| it[0]["tasks"][0]["task_status_id"] = json!("gone"))
            => ["warning WT403 assets.json /0/tasks/0/task_status_id"];
        assignee_unknown_is_not_shown:
            |site| site.edit("shots.json", |it| it[0]["tasks"][0]["assignees"] = json!(["gone"]))
            => ["warning WT404 shots.json /0/tasks/0/assignees/0"];
        counts_of_an_unknown_task_type:
            |site| site.edit("task_counts.json", |it| it[0]["task_type_id"] = json!("gone"))
            => ["warning WT402 task_counts.json /0/task_type_id"];
        shot_beyond_the_end_is_drawn_off_it:
            |site| site.edit("edits.json", |it| {
                it[0]["totalFrames"] = json!(400);
                it[0]["frameOffset"] = json!(100);
            })
            => [
                "warning WT608 edits.json /0/totalFrames",
                "warning WT505 shots.json /2/startFrame"
            ];
        of_several_edits_of_a_film_the_first_counts:
            |site| site.edit("edits.json", |it| {
                let mut other = it[0].clone();
                other["id"] = json!("other");
                other["totalFrames"] = json!(100);
                other["sourceName"] = json!("");
                other["sourceType"] = json!("");
                it.as_array_mut().unwrap().push(other);
            })
            => [];
        two_castings_of_a_shot_count_once:
            |site| site.edit("casting.json", |it| {
                let first = it[0].clone();
                it.as_array_mut().unwrap().push(first);
            })
            => ["warning WT410 casting.json /5/shot_id"];
        start_as_text_is_misplaced:
            |site| site.edit("shots.json", |it| it[0]["startFrame"] = json!("10"))
            => ["warning WT204 shots.json /0/startFrame"];
        moment_that_is_none_stops_the_dashboard:
            |site| site.edit("task_counts.json", |it| {
                it[0]["task_statuses"][0]["data"][0]["timestamp"] = json!("yesterday");
            })
            => ["error WT211 task_counts.json /0/task_statuses/0/data/0/timestamp"];
        counts_null_stop_the_dashboard:
            |site| site.write("task_counts.json", "[null]")
            => ["error WT203 task_counts.json /0"];
        movie_that_is_not_there:
            |site| site.remove("edit-6b19fa9a-0104-422a-a9f4-42f486926ee9.mp4")
            => ["error WT602 edits.json /0/sourceName"];
        avatar_that_is_too_small:
            |site| site.write(&format!("data/projects/{FILM}/previews/a1/a1122463.png"), png(100, 100))
            => ["warning WT609 project.json /team/0/thumbnailUrl"];
    }

    // What is known to go wrong in exports of 1.0.0b3.
    facts! {
        in Site::of(Format::V1);
        frame_rate_as_text:
            |site| site.edit("project.json", |it| it["fps"] = json!("24"))
            => ["warning WT204 project.json /fps"];
        task_types_that_mean_all:
            |site| site.edit("project.json", |it| it["task_types"] = json!([]))
            => ["warning WT512 project.json /task_types"];
        task_types_that_nobody_uses_may_be_empty:
            |site| {
                site.edit("project.json", |it| it["task_types"] = json!([]));
                for name in ["shots.json", "assets.json", "task_counts.json"] {
                    site.write(name, "[]");
                }
                site.write("casting.json", "[]");
            }
            => [];
        cast_of_a_shot_that_was_dropped:
            |site| {
                site.edit("shots.json", |it| drop(it.as_array_mut().unwrap().remove(0)));
                site.edit("casting.json", |it| it[0] = json!({}));
            }
            => ["warning WT202 casting.json /0", "warning WT202 casting.json /0"];
        servers_error_saved_as_a_picture:
            |site| site.write(
                &format!("data/projects/{FILM}/previews/e0/e0445828.png"),
                "{\"error\": true, \"message\": \"404\"}"
            )
            => ["warning WT605 shots.json /0/thumbnailUrl"];
        half_written_file_is_served:
            |site| {
                let text = fs::read(site.path("task_counts.json")).unwrap();
                site.write("task_counts.json", &text[..text.len() / 2]);
            }
            => ["error WT106 task_counts.json"];
    }

    // A series.
    facts! {
        in Site::series();
        edit_of_an_unknown_episode:
            |site| site.edit("edits.json", |it| it[0]["episodeId"] = json!("gone"))
            => [
                "warning WT411 edits.json /0/episodeId",
                "error WT511 project.json /episodes/0"
            ];
        edit_of_no_episode:
            |site| site.edit("edits.json", |it| it[0]["episodeId"] = json!(null))
            => ["warning WT517 edits.json /0", "error WT511 project.json /episodes/0"];
        episode_that_the_project_does_not_have:
            |site| site.edit("index.json", |it| {
                let episodes = it["projects"][0]["episodes"].as_array_mut().unwrap();
                episodes.push(json!({"id": "e2", "name": "E02"}));
            })
            => ["warning WT411 index.json /projects/0/episodes/1"];
        episode_that_is_not_listed:
            |site| site.edit("index.json", |it| it["projects"][0]["episodes"] = json!([]))
            => ["warning WT413 project.json /episodes/0"];
        counts_of_no_episode:
            |site| site.edit("task_counts.json", |it| it[1]["episode_id"] = json!(null))
            => ["warning WT513 task_counts.json /1"];
        sequence_of_an_episode_that_is_unknown:
            |site| site.edit("project.json", |it| {
                let sequences = it["episodes"][0]["sequences"].as_array_mut().unwrap();
                sequences.push(json!({"id": "gone", "name": "090"}));
            })
            => ["warning WT401 project.json /episodes/0/sequences/2/id"];
        sequence_of_no_episode:
            |site| site.edit("project.json", |it| {
                drop(it["episodes"][0]["sequences"].as_array_mut().unwrap().pop());
            })
            => ["warning WT412 sequences.json /1"];
        each_episode_has_its_own_timeline:
            |site| {
                site.split_off_an_episode(158);
                // These two start anew: at frames at which there are shots of the first episode.
                site.edit("shots.json", |it| for shot in &mut it.as_array_mut().unwrap()[3..] {
                    for place in ["/startFrame", "/data/frame_in", "/data/frame_out"] {
                        let frame = shot.pointer_mut(place).unwrap();
                        *frame = json!(frame.as_i64().unwrap() - 218);
                    }
                });
            }
            => [];
        a_shot_may_be_too_long_for_its_episode_alone:
            |site| site.split_off_an_episode(300)
            => ["warning WT505 shots.json /4/startFrame"];
    }
}

#[test]
fn what_the_python_packages_write_gets_the_verdict_it_deserves() {
    let site = Site::of(Format::V1);
    site.edit("project.json", |it| {
        it["fps"] = json!("24");
        for list in ["asset_types", "task_types", "task_statuses"] {
            it[list] = json!([]);
        }
        for member in it["team"].as_array_mut().unwrap() {
            remove(member, "full_name");
        }
    });
    site.edit("edits.json", |it| it[0]["totalFrames"] = json!(400));
    assert_eq!(
        site.findings(),
        [
            "warning WT608 edits.json /0/totalFrames",
            "warning WT512 project.json /asset_types",
            "warning WT512 project.json /task_types",
            "warning WT512 project.json /task_statuses",
            "warning WT202 project.json /team/0",
            "warning WT202 project.json /team/1",
            "warning WT202 project.json /team/2",
            "warning WT202 project.json /team/3",
            "warning WT202 project.json /team/4",
            "warning WT202 project.json /team/5",
            "warning WT204 project.json /fps",
            "warning WT505 shots.json /2/startFrame",
        ]
    );
}

#[test]
fn a_site_of_another_format_says_which() {
    for (format, asked) in [(Format::V1, Format::V0), (Format::V0, Format::V1)] {
        let site = Site::of(format);
        let options = Options {
            format: Some(asked),
            ..Options::default()
        };
        for folder in ["", "data/projects", &format!("data/projects/{FILM}")] {
            let report = validate::site(&site.0.path().join(folder), &options).unwrap();
            assert_eq!(report.findings.len(), 1, "{folder}");
            assert_eq!(report.findings[0].code, Code::OtherFormat);
            let message = &report.findings[0].message;
            assert!(
                message.contains(&format!("of format {format}")),
                "{message}"
            );
            assert_eq!(report.format, Some(format));
        }
    }
    // Both may live in one folder, as long as one client reads each.
    let site = Site::of(Format::V1);
    copy(Site::new().0.path(), site.0.path());
    for format in Format::ALL {
        let options = Options {
            format: Some(*format),
            ..Options::default()
        };
        let report = site.check_with(&options);
        assert_eq!((report.format, report.projects), (Some(*format), 1));
        assert!(
            report
                .findings
                .iter()
                .all(|it| it.code != Code::OtherFormat)
        );
    }
}

/// The start of a PNG, and its end.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    file.extend(width.to_be_bytes());
    file.extend(height.to_be_bytes());
    file.extend(b"\x01\0\0\0\0\0\0\0\0\0\0\0\0IEND");
    file
}

// Syntax.
facts! {
    byte_order_mark:
        |site| site.write("sequences.json", "\u{feff}[]")
        => [
            "warning WT102 sequences.json",
            "warning WT401 shots.json /0/sequence_id",
            "warning WT401 shots.json /1/sequence_id",
            "warning WT401 shots.json /2/sequence_id",
            "warning WT401 shots.json /3/sequence_id",
            "warning WT401 shots.json /4/sequence_id"
        ];
    not_utf8:
        |site| {
            let text = fs::read(site.path("assets.json")).unwrap();
            let at = text.windows(9).position(|it| it == b"Asset 001").unwrap();
            site.write("assets.json", [&text[..at], b"Caf\xe9", &text[at + 9..]].concat());
        }
        => ["warning WT101 assets.json /0"];
    key_twice:
        |site| {
            let text = fs::read_to_string(site.path("assets.json")).unwrap();
            site.write("assets.json", text.replacen("\"name\"", "\"name\": \"A\", \"name\"", 1));
        }
        => ["warning WT104 assets.json /0/name"];
    text_behind_the_end:
        |site| {
            let text = fs::read_to_string(site.path("casting.json")).unwrap();
            site.write("casting.json", text + "]");
        }
        => ["error WT105 casting.json"];
    number_beyond_range:
        |site| {
            let text = fs::read_to_string(site.path("shots.json")).unwrap();
            site.write("shots.json", text.replacen("5.458333333333333", "1e999", 1));
        }
        => ["warning WT107 shots.json /0/durationSeconds"];
    web_page_in_the_place_of_a_document:
        |site| site.write("shots.json", "<html><title>502 Bad Gateway</title></html>")
        => ["error WT109 shots.json"];
    half_a_character:
        |site| {
            let text = fs::read_to_string(site.path("assets.json")).unwrap();
            site.write("assets.json", text.replacen("Asset 001", "\\ud83d", 1));
        }
        => ["warning WT111 assets.json /0/name"];
}

// Files of the site, references and meaning.
facts! {
    project_that_is_not_listed:
        |site| site.edit("context.json", |it| it["projects"] = json!([]))
        => ["warning WT302 bd2aba51-b77e-4eec-8442-015b60688e2e"];
    project_of_another_id:
        |site| site.edit("project.json", |it| it["id"] = json!("other"))
        => ["warning WT304 project.json /id"];
    project_id_that_leads_elsewhere:
        |site| site.edit("context.json", |it| {
            let mut other = it["projects"][0].clone();
            other["id"] = json!("../../etc");
            it["projects"].as_array_mut().unwrap().push(other);
        })
        => ["error WT307 context.json /projects/1/id"];
    folder_in_the_place_of_a_document:
        |site| {
            site.remove("casting.json");
            fs::create_dir(site.path("casting.json")).unwrap();
        }
        => ["error WT306 casting.json"];
    asset_type_unknown:
        |site| site.edit("assets.json", |it| it[0]["asset_type_id"] = json!("gone"))
        => ["warning WT405 assets.json /0/asset_type_id"];
    casting_of_an_unknown_shot:
        |site| site.edit("casting.json", |it| it[0]["shot_id"] = json!("gone"))
        => ["warning WT406 casting.json /0/shot_id"];
    casting_of_an_unknown_asset:
        |site| site.edit("casting.json", |it| it[0]["asset_ids"] = json!(["gone"]))
        => ["warning WT407 casting.json /0/asset_ids/0"];
    project_lists_what_is_unknown:
        |site| site.edit("project.json", |it| {
            it["team"].as_array_mut().unwrap().push(json!("gone"));
        })
        => ["warning WT404 project.json /team/6"];
    assignee_who_is_not_in_the_team:
        |site| {
            site.edit("project.json", |it| {
                it["team"].as_array_mut().unwrap().retain(|it| it != "30266c03-02fc-44ba-a7c1-93bd0f436c23");
            });
            site.edit("shots.json", |it| {
                for shot in it.as_array_mut().unwrap() {
                    shot["tasks"] = json!([]);
                }
            });
            site.edit("assets.json", |it| {
                for asset in it.as_array_mut().unwrap() {
                    asset["tasks"][0]["assignees"] = json!([]);
                }
                it[1]["tasks"][0]["assignees"] = json!(["30266c03-02fc-44ba-a7c1-93bd0f436c23"]);
            });
        }
        => ["warning WT408 assets.json /1/tasks/0/assignees/0"];
    id_of_two_shots:
        |site| {
            let shots: Value = serde_json::from_slice(&fs::read(site.path("shots.json")).unwrap()).unwrap();
            site.edit("shots.json", |it| it[1]["id"] = shots[0]["id"].clone());
            site.edit("casting.json", |it| {
                it.as_array_mut().unwrap().retain(|it| it["shot_id"] != shots[1]["id"]);
            });
        }
        => ["warning WT409 shots.json /1/id"];
    id_of_two_people:
        |site| site.edit("context.json", |it| {
            let user = it["users"][2].clone();
            it["users"].as_array_mut().unwrap().push(user);
        })
        => ["warning WT409 context.json /users/7/id"];
    range_that_ends_before_it_starts:
        |site| site.edit("shots.json", |it| it[0]["data"]["frame_out"] = json!(-131))
        => [
            "warning WT501 shots.json /0/data/frame_out",
            "warning WT504 shots.json /0/durationSeconds"
        ];
    range_without_frames:
        |site| site.edit("shots.json", |it| {
            it[0]["data"]["frame_out"] = json!(0);
            it[0]["durationSeconds"] = json!(0);
        })
        => ["warning WT502 shots.json /0/data/frame_out"];
    start_that_is_not_the_first_frame:
        |site| site.edit("shots.json", |it| it[0]["data"] = json!({"frame_in": 1001, "frame_out": 1132}))
        => ["warning WT503 shots.json /0/startFrame"];
    duration_in_frames:
        |site| site.edit("shots.json", |it| it[4]["durationSeconds"] = json!(2))
        => ["warning WT504 shots.json /4/durationSeconds"];
    duration_that_is_rounded_is_fine:
        |site| site.edit("shots.json", |it| it[0]["durationSeconds"] = json!(5.46))
        => [];
    shot_before_the_timeline:
        |site| site.edit("shots.json", |it| {
            it[0]["startFrame"] = json!(-10);
            it[0]["data"]["frame_in"] = json!(-10);
            it[0]["data"]["frame_out"] = json!(121);
        })
        => ["warning WT505 shots.json /0/startFrame"];
    shots_that_overlap:
        |site| site.edit("shots.json", |it| {
            it[1]["startFrame"] = json!(100);
            it[1]["data"]["frame_in"] = json!(100);
            it[1]["data"]["frame_out"] = json!(187);
        })
        => ["warning WT506 shots.json /1/startFrame"];
    task_type_that_is_for_shots_on_an_asset:
        |site| site.edit("context.json", |it| {
            for task_type in it["task_types"].as_array_mut().unwrap() {
                task_type["for_shots"] = json!(true);
            }
        })
        => [
            "warning WT515 assets.json /0/tasks/0/task_type_id",
            "warning WT515 assets.json /1/tasks/0/task_type_id",
            "warning WT515 assets.json /2/tasks/0/task_type_id",
            "warning WT515 assets.json /3/tasks/0/task_type_id",
        ];
    task_type_that_is_not_for_shots:
        |site| site.edit("shots.json", |it| {
            it[0]["tasks"][0]["task_type_id"] = json!("2cf2dbdc-5e75-4a50-92e1-59feab097799");
        })
        => ["warning WT509 shots.json /0/tasks/0/task_type_id"];
    name_that_is_empty:
        |site| site.edit("sequences.json", |it| it[1]["name"] = json!(" "))
        => ["warning WT510 sequences.json /1/name"];
    id_that_is_empty:
        |site| site.edit("shots.json", |it| it[0]["tasks"][0]["id"] = json!(""))
        => ["warning WT207 shots.json /0/tasks/0/id"];
    extras_are_silent:
        |site| {
            site.edit("shots.json", |it| {
                it[0]["data"]["lens"] = json!({"mm": 35});
                it[0]["description"] = json!("a chase");
            });
            site.write("notes.txt", "hello");
        }
        => [];
}

#[test]
fn more_pictures_than_the_client_draws_are_found() {
    let site = Site::new();
    site.edit("assets.json", |it| {
        let all = it.as_array_mut().unwrap();
        while all.len() <= 2048 {
            let mut asset = all[0].clone();
            asset["id"] = json!(format!("asset-{}", all.len()));
            asset["tasks"] = json!([]);
            all.push(asset);
        }
    });
    assert_eq!(site.findings(), ["warning WT516 assets.json"]);
}

#[test]
fn strict_names_unknown_keys_but_not_a_trackers_own_data() {
    let site = Site::new();
    site.edit("shots.json", |it| {
        it[0]["data"]["lens"] = json!({"mm": 35});
        it[1]["thumbnail_url"] = json!(null);
    });
    let strict = Options {
        strict: true,
        ..Options::default()
    };
    assert_eq!(
        lines(&site.check_with(&strict)),
        ["warning WT209 shots.json /1/thumbnail_url"]
    );
}

#[test]
fn media_are_looked_at_only_if_wanted() {
    let site = Site::new();
    site.remove("edit.mp4");
    let no_media = Options {
        media: false,
        ..Options::default()
    };
    assert_eq!(lines(&site.check_with(&no_media)), [] as [&str; 0]);
}

#[test]
fn any_folder_of_a_site_will_do() {
    let site = Site::new();
    site.edit("shots.json", |it| it[0]["sequence_id"] = json!("gone"));
    for folder in [
        "",
        "data",
        "data/projects",
        &format!("data/projects/{FILM}"),
    ] {
        let report = validate::site(&site.0.path().join(folder), &Options::default()).unwrap();
        assert_eq!(
            lines(&report),
            ["warning WT401 shots.json /0/sequence_id"],
            "in {folder:?}"
        );
    }
}

#[test]
fn one_file_is_checked_alone() {
    let site = Site::new();
    site.edit("shots.json", |it| {
        it[0]["sequence_id"] = json!("gone");
        it[1]["tasks"] = json!(null);
    });
    let report = validate::site(&site.path("shots.json"), &Options::default()).unwrap();
    assert_eq!(lines(&report), ["error WT203 shots.json /1/tasks"]);
    let renamed = site.path("my-shots.json");
    fs::rename(site.path("shots.json"), &renamed).unwrap();
    let error = validate::site(&renamed, &Options::default()).unwrap_err();
    assert!(matches!(error, Error::UnknownDocument(..)));
    let named = Options {
        document: Some("shots".to_owned()),
        ..Options::default()
    };
    let report = validate::site(&renamed, &named).unwrap();
    assert_eq!(report.count(Severity::Error), 1);
    let report = validate::read(Path::new("-"), fs::File::open(&renamed).unwrap(), &named).unwrap();
    let position = report.findings[0].position.unwrap();
    assert_eq!((position.line, position.column > 1), (40, true));
}

#[test]
fn what_is_no_site_is_refused_in_words() {
    let empty = tempfile::tempdir().unwrap();
    let error = validate::site(empty.path(), &Options::default()).unwrap_err();
    assert!(matches!(error, Error::NotASite(_)));
    let missing = empty.path().join("missing");
    let error = validate::site(&missing, &Options::default()).unwrap_err();
    assert!(matches!(error, Error::Unreadable { .. }));
}

#[test]
fn too_many_findings_are_counted() {
    let site = Site::new();
    site.edit("shots.json", |it| {
        for shot in it.as_array_mut().unwrap() {
            shot["sequence_id"] = json!("gone");
            shot["name"] = json!(null);
        }
    });
    let two = Options {
        limit: 2,
        ..Options::default()
    };
    let report = site.check_with(&two);
    assert_eq!(report.findings.len(), 4);
    assert_eq!(report.count(Severity::Warning), 10);
    let left_out: Vec<_> = report
        .left_out
        .iter()
        .map(|it| (it.code.to_string(), it.count))
        .collect();
    assert_eq!(left_out, [("WT203".to_owned(), 3), ("WT401".to_owned(), 3)]);
}

#[test]
fn of_many_projects_so_many_findings_are_kept_as_were_asked_for() {
    let site = Site::new();
    site.edit("shots.json", |it| {
        for shot in it.as_array_mut().unwrap() {
            shot["sequence_id"] = json!("gone");
        }
        it[4]["tasks"] = json!(null);
    });
    for number in 0..30 {
        let id = format!("film-{number:02}");
        let folder = site.path("data/projects").join(&id);
        copy(&site.path(&format!("data/projects/{FILM}")), &folder);
        site.edit(&format!("data/projects/{id}/project.json"), |it| {
            it["id"] = json!(id);
        });
        site.edit("context.json", |it| {
            let mut project = it["projects"][0].clone();
            project["id"] = json!(id);
            it["projects"].as_array_mut().unwrap().push(project);
        });
    }
    let options = Options {
        media: false,
        total: 33,
        ..Options::default()
    };
    let report = site.check_with(&options);
    // The errors of all, and the first two warnings.
    assert_eq!(report.findings.len(), 33);
    assert_eq!(report.count(Severity::Error), 31);
    assert_eq!(report.count(Severity::Warning), 31 * 5);
    let warnings = report
        .findings
        .iter()
        .filter(|it| it.severity == Severity::Warning);
    let warnings: Vec<_> = warnings.map(|it| it.pointer.as_str()).collect();
    assert_eq!(warnings, ["/0/sequence_id", "/1/sequence_id"]);
    for _ in 0..5 {
        let again = site.check_with(&options);
        assert_eq!(again.findings, report.findings);
        assert_eq!(again.left_out, report.left_out);
    }
}

#[test]
fn what_is_allowed_is_counted() {
    let site = Site::new();
    site.edit("shots.json", |it| {
        it[0]["sequence_id"] = json!("gone");
        it[1]["tasks"] = json!(null);
    });
    let options = Options {
        allow: vec![Code::Null],
        ..Options::default()
    };
    let report = site.check_with(&options);
    assert_eq!(lines(&report), ["warning WT401 shots.json /0/sequence_id"]);
    assert_eq!(report.left_out, []);
    assert_eq!(report.count(Severity::Error), 0);
    assert_eq!(report.count_allowed(Severity::Error), 1);
}

#[test]
#[cfg(target_os = "linux")] // All names are Unicode elsewhere.
fn a_path_that_is_not_unicode_can_be_serialised() {
    use std::os::unix::ffi::OsStrExt;

    let site = Site::new();
    site.edit("shots.json", |it| it[0]["tasks"] = json!(null));
    let folder = site.0.path().join(std::ffi::OsStr::from_bytes(b"s\xefte"));
    fs::create_dir(&folder).unwrap();
    fs::rename(site.0.path().join("data"), folder.join("data")).unwrap();
    let report = validate::site(&folder, &Options::default()).unwrap();
    let json = serde_json::to_value(&report).unwrap();
    let file = json["findings"][0]["file"].as_str().unwrap();
    assert!(file.contains("s\u{fffd}te"), "{file}");
}

/// What one document alone is told.
fn alone(document: &str, text: &[u8]) -> (Vec<String>, Report) {
    let options = Options {
        format: Some(Format::V0),
        document: Some(document.to_owned()),
        ..Options::default()
    };
    let report = validate::read(Path::new("it.json"), text, &options).unwrap();
    (lines(&report), report)
}

#[test]
fn what_is_odd_about_one_value_hides_nothing_else_in_its_entry() {
    let told = ["context", "shots", "project"].map(|document| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
        let name = match document {
            "context" => "huge-number.context.json",
            "shots" => "lone-surrogate.shots.json",
            _ => "nulls-beside-surrogate.project.json",
        };
        let (told, _) = alone(document, &fs::read(path.join(name)).unwrap());
        format!("{name}\n{}", told.join("\n"))
    });
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn what_is_nested_too_deep_hides_nothing_else_and_is_pointed_at() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let text = format!("[{{\"id\": \"a\", \"x\": {deep},\n \"name\": null}}]");
    let (told, report) = alone("sequences", text.as_bytes());
    let deepest = format!("warning WT108 it.json /0/x{}", "/0".repeat(126));
    assert_eq!(told, [&*deepest, "error WT203 it.json /0/name"]);
    let position = report.findings[0].position.unwrap();
    assert_eq!((position.line, position.column), (1, 19 + 126));
}

#[test]
fn values_that_are_no_json_for_others_are_pointed_at() {
    let text = b"[{\"id\": \"a\", \"name\": \"\\ud83d\", \"x\": \"\xff\",\n \"y\": [1, 2e400]}]";
    let (told, report) = alone("sequences", text);
    assert_eq!(
        told,
        [
            "warning WT111 it.json /0/name",
            "warning WT101 it.json /0",
            "warning WT107 it.json /0/y/1"
        ]
    );
    let places = report.findings.iter().filter_map(|it| it.position);
    let places: Vec<_> = places.map(|it| (it.line, it.column)).collect();
    assert_eq!(places, [(1, 22), (1, 38), (2, 11)]);
}

#[test]
fn a_value_that_cannot_be_read_raises_no_doubt_about_others() {
    let site = Site::new();
    // The first shot's id is lost: the casting may still be right.
    site.edit("shots.json", |it| it[0]["id"] = json!("LOST"));
    let text = fs::read_to_string(site.path("shots.json")).unwrap();
    site.write("shots.json", text.replacen("\"LOST\"", "\"\\ud83d\"", 1));
    assert_eq!(site.findings(), ["warning WT111 shots.json /0/id"]);
}

#[cfg(unix)] // Pipes have no place in folders elsewhere, and few accounts may make links.
mod files {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::process::Command;

    #[test]
    fn pipes_devices_and_circles_do_not_hang() {
        let site = Site::new();
        for name in ["shots.json", "assets.json", "edit.mp4", "casting.json"] {
            site.remove(name);
        }
        let pipe = Command::new("mkfifo").arg(site.path("shots.json")).status();
        assert!(pipe.unwrap().success());
        symlink("/dev/zero", site.path("assets.json")).unwrap();
        symlink("/dev/zero", site.path("edit.mp4")).unwrap();
        symlink("casting.json", site.path("casting.json")).unwrap();
        symlink(".", site.path("data/projects/circle")).unwrap();
        // A copy has no pipes and devices, so there these files are missing.
        assert_eq!(
            lines(&site.check_with(&Options::default())),
            [
                "error WT306 assets.json",
                "error WT305 casting.json",
                "error WT602 edit.json /sourceName",
                "error WT306 shots.json"
            ]
        );
        for pipe in [site.path("shots.json"), "/dev/null".into()] {
            let error = validate::site(&pipe, &Options::default()).unwrap_err();
            assert!(matches!(error, Error::NotAFile { .. }));
        }
    }
}

#[test]
fn findings_say_what_was_found_what_it_does_and_where() {
    let site = Site::new();
    site.edit("project.json", |it| it["fps"] = json!("24"));
    site.edit("context.json", |it| {
        it["task_types"][0]["color"] = json!("#F00");
        it["users"][1]["thumbnailUrl"] = json!(null);
    });
    site.edit("shots.json", |it| {
        it[0]["sequence_id"] = json!("gone");
        it[1]["durationSeconds"] = json!(3);
        it[2]["data"]["frame_in"] = json!("456");
        it[3]["data"] = json!([]);
        remove(&mut it[4], "tasks");
    });
    site.edit("edit.json", |it| it["totalFrames"] = json!(-1));
    let report = site.check_with(&Options::default());
    let mut text = String::new();
    for finding in &report.findings {
        let position = finding.position.unwrap();
        text += &format!(
            "{}:{}:{}: {} {}: {}\n",
            finding.file.file_name().unwrap().display(),
            position.line,
            position.column,
            finding.severity,
            finding.code,
            finding.message
        );
        if let Some(expected) = &finding.expected {
            text += &format!("  expected {expected}\n");
        }
        text += &format!("  {}\n  {}\n", finding.effect, finding.help);
    }
    insta::assert_snapshot!(text);
    let json = serde_json::to_value(&report.findings[0]).unwrap();
    assert_eq!(json["code"], "WT205");
    assert_eq!(json["severity"], "error");
    assert_eq!(json["position"]["line"], 2);
}
