//! Every way to break an export that is known to matter to the web client, applied to a good one.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its files has failed"
)]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use watchtower_model::format::Format;
use watchtower_writer::validate::{self, Error, Options, Report, Severity};

const FILM: &str = "bd2aba51-b77e-4eec-8442-015b60688e2e";

/// A copy of a good export of one film.
struct Site(TempDir);

impl Site {
    fn new() -> Self {
        let site = tempfile::tempdir().unwrap();
        let film = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/film");
        copy(&film, site.path());
        Self(site)
    }

    fn path(&self, name: &str) -> PathBuf {
        let root = self.0.path();
        match name {
            "context.json" => root.join("data/projects/context.json"),
            name if name.contains('/') => root.join(name),
            name => root.join("data/projects").join(FILM).join(name),
        }
    }

    fn edit(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let path = self.path(name);
        let mut document = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut document);
        fs::write(path, format!("{document:#}")).unwrap();
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    fn check_with(&self, options: &Options) -> Report {
        validate::site(self.0.path(), options).unwrap()
    }

    /// The findings: `error WT203 shots.json /0/tasks`.
    fn findings(&self) -> Vec<String> {
        let report = self.check_with(&Options::default());
        assert_eq!(report.left_out, []);
        lines(&report)
    }
}

fn lines(report: &Report) -> Vec<String> {
    let line = |it: &validate::Finding| {
        let file = it.file.file_name().unwrap().to_str().unwrap();
        let line = format!("{} {} {file} {}", it.severity, it.code, it.pointer);
        line.trim_end().to_owned()
    };
    report.findings.iter().map(line).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn remove(object: &mut Value, key: &str) {
    object.as_object_mut().unwrap().remove(key).unwrap();
}

#[test]
fn the_good_export_has_no_finding() {
    let report = Site::new().check_with(&Options::default());
    assert_eq!(lines(&report), [] as [&str; 0]);
    assert_eq!((report.projects, report.documents), (1, 7));
    assert_eq!(report.format, Some(Format::V0));
}

/// One row for each fact about the client: what it is, the change, and the findings.
macro_rules! facts {
    ($($name:ident: $change:expr => [$($finding:literal),*];)*) => {$(
        #[test]
        fn $name() {
            let site = Site::new();
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
        => ["warning WT505 shots.json /2/startFrame"];
    two_castings_of_a_shot_count_once:
        |site| site.edit("casting.json", |it| {
            let first = it[0].clone();
            it.as_array_mut().unwrap().push(first);
        })
        => ["warning WT410 casting.json /5/shot_id"];
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
    picture_cut_short:
        |site| {
            let picture = fs::read(site.path("data/previews/e0/e0445828.png")).unwrap();
            site.write("data/previews/e0/e0445828.png", &picture[..60]);
        }
        => ["warning WT605 shots.json /0/thumbnailUrl"];
}

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
        => ["warning WT107 shots.json /0"];
    nesting_without_end:
        |site| {
            let text = fs::read_to_string(site.path("shots.json")).unwrap();
            let deep = format!("{{\"x\": {}{},", "[".repeat(100_000), "]".repeat(100_000));
            site.write("shots.json", text.replacen('{', &deep, 1));
        }
        => ["warning WT108 shots.json /0"];
    web_page_in_the_place_of_a_document:
        |site| site.write("shots.json", "<html><title>502 Bad Gateway</title></html>")
        => ["error WT109 shots.json"];
    half_a_character:
        |site| {
            let text = fs::read_to_string(site.path("assets.json")).unwrap();
            site.write("assets.json", text.replacen("Asset 001", "\\ud83d", 1));
        }
        => ["warning WT111 assets.json /0"];
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
fn an_entry_that_cannot_be_read_raises_no_doubt_about_others() {
    let site = Site::new();
    // The first shot is lost, and with it its id: the casting may still be right.
    let text = fs::read_to_string(site.path("shots.json")).unwrap();
    site.write("shots.json", text.replacen("\"0010\"", "1e999", 1));
    assert_eq!(site.findings(), ["warning WT107 shots.json /0"]);
}

#[cfg(unix)]
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
        assert_eq!(
            site.findings(),
            [
                "error WT306 assets.json",
                "error WT305 casting.json",
                "error WT602 edit.json /sourceName",
                "error WT306 shots.json"
            ]
        );
        let error = validate::site(&site.path("shots.json"), &Options::default()).unwrap_err();
        assert!(matches!(error, Error::NotAFile { .. }));
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
