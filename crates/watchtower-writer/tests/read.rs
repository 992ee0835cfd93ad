//! Sites that validation finds no error in are read, whoever wrote them, and what is read otherwise than
//! it is written is told.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its files has failed"
)]

mod sites;

use std::fs;
use std::path::MAIN_SEPARATOR;

use serde_json::{Value, json};
use watchtower_model::format::Format;
use watchtower_model::{FrameRate, MediaRef, ProjectSnapshot};
use watchtower_writer::read::{self, Contents, Error};

use sites::{Site, remove};

fn contents(site: &Site) -> Contents {
    read::site(site.0.path(), None).unwrap()
}

/// What is told: notes, and what was left out.
fn told(contents: &Contents) -> Vec<String> {
    let projects = contents.projects.iter();
    let of_projects = projects.flat_map(|project| {
        let left_out = project.left_out.iter();
        let left_out =
            left_out.map(|it| format!("left out: {} {}, {}", it.kind, it.name, it.reason));
        left_out.chain(project.notes.iter().cloned())
    });
    of_projects.chain(contents.notes.iter().cloned()).collect()
}

/// The one film of a site.
fn film(contents: Contents) -> ProjectSnapshot {
    let mut projects = contents.projects;
    assert_eq!(projects.len(), 1);
    projects.remove(0)
}

#[test]
fn a_good_site_is_read_as_it_is() {
    let history = "the history of task counts, 9 readings, is left out";
    for (site, told_of) in [(Site::new(), &[][..]), (Site::of(Format::V1), &[history])] {
        let contents = contents(&site);
        assert_eq!(told(&contents), told_of);
        let list = &contents.list;
        assert_eq!(list.projects, [contents.projects[0].project.clone()]);
        let character = &list.asset_types[0];
        assert_eq!((&*character.name, character.archived), ("Character", false));
        let jade = &list.users.iter().find(|it| it.has_avatar).unwrap();
        assert!(jade.thumbnail.is_some());
        let film = film(contents);
        assert_eq!(film.project.name, "Small Film");
        assert_eq!(film.project.fps, FrameRate::default());
        assert_eq!(film.project.ratio.as_deref(), Some("2.35:1"));
        let shot = &film.shots[0];
        assert_eq!(shot.data.range(), Some((0, 131)));
        assert!(shot.thumbnail.is_some() && !shot.tasks.is_empty());
        assert!(shot.tasks.iter().all(|it| it.id.is_some()));
        assert!(!film.assets.is_empty() && !film.casting.is_empty());
        assert_eq!(film.edits[0].total_frames, Some(492));
    }
    let v0 = film(contents(&Site::new()));
    let path = format!("data/projects/{}/edit.mp4", sites::FILM);
    assert_eq!(v0.edits[0].movie, Some(MediaRef::key(path).changing()));
}

#[test]
fn a_series_is_read_with_its_episodes() {
    let site = Site::series();
    site.split_off_an_episode(100);
    let contents = contents(&site);
    let film = film(contents);
    let names: Vec<_> = film.episodes.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["E01", "E02"]);
    let first = film.sequences.first().unwrap();
    let last = film.sequences.last().unwrap();
    assert_eq!(first.episode_id.as_ref().unwrap().as_str(), "e1");
    assert_eq!(last.episode_id.as_ref().unwrap().as_str(), "e2");
    let of = |place: usize| film.edits[place].episode_id.as_ref().unwrap().as_str();
    assert_eq!((of(0), of(1)), ("e1", "e2"));
}

#[test]
fn what_the_python_packages_write_is_read() {
    for name in ["python-0.1.7", "python-1.0.0b3"] {
        let contents = contents(&Site::named(name));
        let told = told(&contents).join("\n");
        let film = film(contents);
        assert_eq!((film.shots.len(), film.assets.len()), (4, 3), "{name}");
        assert!(film.tasks().count() > 10, "{name}");
        insta::assert_snapshot!(name, told);
    }
}

/// One row for each thing that may be otherwise than we write it: the change, what is told, and what
/// must be so afterwards.
macro_rules! mended {
    ($($name:ident: $site:expr, $change:expr => [$($told:literal),*] $check:expr;)*) => {$(
        #[test]
        fn $name() {
            let site = $site;
            let change: fn(&Site) = $change;
            change(&site);
            let contents = contents(&site);
            let told = told(&contents);
            // That there are warnings is told last.
            let told: Vec<_> = told.iter().filter(|it| !it.contains("`watchtower validate`") && !it.contains("history")).collect();
            assert_eq!(told, [$($told),*] as [&str; _]);
            let check: fn(Contents) -> bool = $check;
            assert!(check(contents));
        }
    )*};
}

fn shots(site: &Site, change: fn(&mut Value)) {
    site.edit("shots.json", |it| {
        it.as_array_mut().unwrap().iter_mut().for_each(change);
    });
}

mended! {
    numbers_as_texts: Site::new(), |site| {
        shots(site, |it| {
            it["fps"] = json!("24");
            it["startFrame"] = json!(it["startFrame"].to_string());
        });
        site.edit("project.json", |it| it["fps"] = json!("24"));
    } => [
        "1 project with `fps` as a text: Small Film",
        "5 shots with `fps` as a text: 0010, 0020, 0060, 0030, 0040",
        "5 shots with numbers as texts: 0010, 0020, 0060, 0030, 0040"
    ] |it| {
        let film = film(it);
        film.project.fps == FrameRate::default() && film.shots[1].data.frame_in == Some(131)
    };
    keys_that_are_optional: Site::new(), |site| {
        shots(site, |it| {
            remove(it, "data");
            remove(it, "fps");
            remove(it, "thumbnailUrl");
        });
        site.edit("project.json", |it| remove(it, "ratio"));
    } => [
        "5 shots without a frame range, made from the timeline: 0010, 0020, 0060, 0030, 0040",
        "5 shots without a frame rate, which get the project's: 0010, 0020, 0060, 0030, 0040"
    ] |it| film(it).shots[0].data.frame_out == Some(131);
    keys_of_anybodys_own: Site::new(), |site| {
        shots(site, |it| {
            it["data"]["lens"] = json!({"mm": 35.1});
            it["description"] = json!("rain");
        });
        site.edit("context.json", |it| it["studio"] = json!("Blender"));
    } => [
        "5 shots with a key `description`, which is left out: 0010, 0020, 0060, 0030, 0040",
        "1 site with a key `studio`, which is left out: context.json"
    ] |it| film(it).shots[3].data.custom["lens"] == json!({"mm": 35.1});
    a_range_that_contradicts_the_timeline: Site::new(), |site| {
        site.edit("shots.json", |it| {
            it[1]["startFrame"] = json!(200);
            it[2]["durationSeconds"] = json!(1.0);
        });
    } => [
        "2 shots of a range that contradicts the place on the timeline, which is kept: 0020, 0060"
    ] |it| {
        let film = film(it);
        let range = |place: usize| film.shots[place].data.clone();
        range(1).frame_in == Some(200) && range(2).length() == Some(24)
    };
    seconds_that_are_rounded: Site::new(), |site| {
        site.edit("shots.json", |it| it[0]["durationSeconds"] = json!(5.46));
    } => [] |it| film(it).shots[0].data.frame_out == Some(131);
    references_to_nothing: Site::new(), |site| {
        site.edit("shots.json", |it| {
            it[0]["sequence_id"] = json!("sq");
            it[1]["tasks"][0]["task_type_id"] = json!("animation");
            it[1]["tasks"][0]["task_status_id"] = json!("done");
            it[1]["tasks"][0]["assignees"] = json!(["nobody"]);
        });
        site.edit("assets.json", |it| it[0]["asset_type_id"] = json!("prop"));
        site.edit("casting.json", |it| {
            it[0]["shot_id"] = json!("gone");
            it[1]["asset_ids"] = json!(["gone"]);
        });
        site.edit("project.json", |it| {
            it["team"].as_array_mut().unwrap().push(json!("nobody"));
            it["task_types"] = json!(["nothing"]);
        });
    } => [
        "left out: casting gone, refers to something that is not there",
        "left out: casting gone in 0020, refers to something that is not there",
        "1 assignee left out, who is nobody known: nobody",
        "1 task type listed by the project and not there: nothing",
        "1 user listed by the project and not there: nobody",
        "1 asset type without a name, called by the id: prop",
        "1 sequence without a name, called by the id: sq",
        "1 task status without a name, called by the id: done",
        "1 task type without a name, called by the id: animation"
    ] |it| {
        let named = |id: &str| it.list.task_types.iter().any(|it| it.for_shots && it.name == id);
        named("animation") && it.list.asset_types.iter().any(|it| it.name == "prop") && {
            let film = film(it);
            film.sequences.last().unwrap().name == "sq" && film.shots[1].tasks[0].assignees.is_empty()
        }
    };
    the_same_id_twice: Site::new(), |site| {
        site.edit("shots.json", |it| it[1]["id"] = it[0]["id"].clone());
        site.edit("casting.json", |it| it[1]["shot_id"] = it[0]["shot_id"].clone());
    } => [
        "left out: shot 0020, another has the same id",
        "left out: casting 0010, the shot is cast already"
    ] |it| film(it).shots.len() == 4;
    no_sequence_and_no_type: Site::new(), |site| {
        site.edit("shots.json", |it| remove(&mut it[0], "sequence_id"));
        site.edit("assets.json", |it| remove(&mut it[0], "asset_type_id"));
    } => [
        "1 shot without a sequence: 0010",
        "1 asset without a type: Asset 001"
    ] |it| {
        it.list.asset_types.iter().any(|it| it.name == "No Type")
            && film(it).sequences.iter().any(|it| it.name == "No sequence")
    };
    bytes_that_are_no_text: Site::new(), |site| {
        let text = fs::read(site.path("sequences.json")).unwrap();
        let text = String::from_utf8(text).unwrap().replacen("\"name\": \"", "\"name\": \"\u{1}", 1);
        site.write("sequences.json", [b"\xef\xbb\xbf".as_slice(), &text.into_bytes().into_iter().map(|it| if it == 1 { 0xff } else { it }).collect::<Vec<_>>()].concat());
    } => [] |it| film(it).sequences[0].name.starts_with('\u{fffd}');
    entries_that_cannot_be_read: Site::new(), |site| {
        let text = fs::read_to_string(site.path("shots.json")).unwrap();
        site.write("shots.json", text.replacen("\"data\": {", "\"data\": {\"x\": 1e999,", 1));
    } => [
        "left out: casting 95cdab4a-de13-4b7f-a247-1da70a42240d, refers to something that is not there",
        "1 entry left out of shots.json: the number is too large: number 1"
    ] |it| film(it).shots.len() == 4;
    an_edit_that_is_missing: Site::new(), |site| site.remove("edit.json")
        => [] |it| film(it).edits.is_empty();
    an_edit_without_keys: Site::new(), |site| site.write("edit.json", " {}\n")
        => [] |it| film(it).edits.is_empty();
    an_edit_without_text: Site::new(), |site| site.write("edit.json", "")
        => [] |it| film(it).edits.is_empty();
    edits_that_are_none: Site::of(Format::V1), |site| site.write("edits.json", "[]")
        => [] |it| film(it).edits.is_empty();
    a_history_that_is_missing: Site::of(Format::V1), |site| site.remove("task_counts.json")
        => [] |it| film(it).edits.len() == 1;
    an_edit_of_no_frames: Site::new(), |site| {
        site.edit("edit.json", |it| it["totalFrames"] = json!(0));
    } => [] |it| film(it).edits.len() == 1;
    a_timeline_without_a_movie: Site::new(), |site| {
        site.edit("edit.json", |it| {
            it["totalFrames"] = json!(1000);
            it["sourceName"] = json!("");
            it["sourceType"] = json!("");
        });
    } => [] |it| {
        let film = film(it);
        film.edits.is_empty() && film.cuts[0].frames == 1000
    };
    pictures_elsewhere: Site::new(), |site| {
        site.edit("shots.json", |it| {
            it[0]["thumbnailUrl"] = json!("/kitsu.example/1.png");
            it[1]["thumbnailUrl"] = json!("api/pictures/1.png");
            it[2]["thumbnailUrl"] = json!("https://kitsu.example/1.png");
            it[3]["thumbnailUrl"] = json!("../../etc/passwd");
        });
        for path in ["context.json", "project.json"] {
            site.edit(path, |it| {
                let project = match path {
                    "context.json" => &mut it["projects"][0],
                    _ => it,
                };
                project["thumbnailUrl"] = json!("//kitsu.example/2.png");
            });
        }
    } => [
        "1 shot with a full address, written as the client takes it: 0060",
        "1 shot with a placeholder, since the path `../../etc/passwd` goes up, and may leave the site: 0030"
    ] |it| {
        let film = film(it);
        let urls: Vec<_> = film.shots.iter().map(|it| it.thumbnail.clone()).collect();
        let url = |url| Some(MediaRef::url(url));
        film.project.thumbnail == url("/kitsu.example/2.png") && urls == [
            url("/kitsu.example/1.png"),
            url("api/pictures/1.png"),
            url("/kitsu.example/1.png"),
            None,
            film.shots[4].thumbnail.clone(),
        ]
    };
    a_name_in_the_list_and_another_in_the_folder: Site::new(), |site| {
        site.edit("project.json", |it| it["name"] = json!("Working Title"));
    } => [
        "1 project called `Working Title` in its own folder, and as here in the list: Small Film"
    ] |it| film(it).project.name == "Small Film";
    a_project_that_is_not_listed: Site::new(), |site| {
        let film = site.0.path().join("data/projects").join(sites::FILM);
        sites::copy(&film, &film.with_file_name("old"));
    } => [
        "1 project left out, which the list of projects does not have: old"
    ] |it| it.projects.len() == 1;
    a_project_that_is_listed_twice: Site::new(), |site| {
        site.edit("context.json", |it| {
            let project = it["projects"][0].clone();
            it["projects"].as_array_mut().unwrap().push(project);
        });
    } => [
        "1 project listed twice: Small Film"
    ] |it| it.list.projects.len() == 1;
    a_project_that_lists_none: Site::of(Format::V1), |site| {
        let film = site.0.path().join("data/projects").join(sites::FILM);
        let other = film.with_file_name("other");
        sites::copy(&film, &other);
        for name in ["shots", "assets", "casting", "task_counts"] {
            fs::write(other.join(format!("{name}.json")), "[]").unwrap();
        }
        site.edit("data/projects/other/project.json", |it| {
            it["id"] = json!("other");
            for key in ["asset_types", "task_types", "task_statuses"] {
                it[key] = json!([]);
            }
        });
        site.edit("index.json", |it| {
            let mut project = it["projects"][0].clone();
            project["id"] = json!("other");
            it["projects"].as_array_mut().unwrap().push(project);
        });
    } => [
        "1 project without any asset types, which means all of them from now on: Small Film",
        "1 project without any task statuses, which means all of them from now on: Small Film",
        "1 project without any task types, which means all of them from now on: Small Film"
    ] |it| it.projects[1].project.task_types.is_empty();
    people_without_full_name: Site::of(Format::V1), |site| {
        site.edit("project.json", |it| {
            for member in it["team"].as_array_mut().unwrap() {
                let name = member["full_name"].clone();
                remove(member, "full_name");
                member["name"] = name;
            }
        });
    } => [] |it| it.list.users.iter().all(|it| it.name.starts_with("First"));
    an_avatar_that_is_nowhere: Site::new(), |site| {
        site.edit("context.json", |it| remove(&mut it["users"][1], "thumbnailUrl"));
    } => [
        "1 user with an avatar that is nowhere: First0 Last0 Small Film"
    ] |it| it.list.users.iter().all(|it| !it.has_avatar || it.thumbnail.is_some());
    colours_that_are_none: Site::new(), |site| {
        site.edit("context.json", |it| {
            it["task_types"][0]["color"] = json!("#F80");
            it["task_status"][0]["color"] = json!("red");
        });
    } => [
        "1 task status without a colour that is one: Todo"
    ] |it| it.list.task_types[0].color.unwrap().to_string() == "#ff8800";
    episodes_that_lists_disagree_on: Site::series(), |site| {
        site.edit("index.json", |it| {
            let episodes = it["projects"][0]["episodes"].as_array_mut().unwrap();
            episodes[0]["name"] = json!("One");
            episodes.push(json!({"id": "e9", "name": "Nine"}));
        });
        site.edit("project.json", |it| {
            let sequences = it["episodes"][0]["sequences"].as_array_mut().unwrap();
            sequences.push(json!({"id": "new", "name": "New"}));
        });
        site.edit("edits.json", |it| it[0]["episodeId"] = json!("gone"));
    } => [
        "1 sequence known only from its episode: New",
        "1 edit of an episode that is not there: gone",
        "1 episode only in the list of projects: Nine"
    ] |it| {
        let film = film(it);
        let names: Vec<_> = film.episodes.iter().map(|it| &*it.name).collect();
        names == ["One", "Nine"] && film.edits[0].episode_id.is_none()
    };
    a_22nd_sequence: Site::new(), |site| {
        site.edit("sequences.json", |it| {
            for number in 2..22 {
                it.as_array_mut().unwrap().push(json!({"id": format!("sq{number}"), "name": "more"}));
            }
        });
        site.edit("shots.json", |it| it[0]["sequence_id"] = json!("sq21"));
    } => [] |it| film(it).sequences.len() == 22;
}

#[test]
fn what_is_not_valid_is_refused() {
    let refused = |change: &dyn Fn(&Site)| {
        let site = Site::new();
        change(&site);
        let error = read::site(site.0.path(), None).unwrap_err();
        let as_shown = |text: String| text.replace(MAIN_SEPARATOR, "/");
        let path = as_shown(site.0.path().display().to_string());
        as_shown(error.to_string()).replace(&path, "SITE")
    };
    let refusals = [
        refused(&|site| site.edit("shots.json", |it| it[2]["tasks"] = json!(null))),
        refused(&|site| {
            shots(site, |it| it["tasks"] = json!(null));
            site.edit("edit.json", |it| remove(it, "totalFrames"));
        }),
        refused(&|site| site.remove("shots.json")),
        refused(&|site| site.write("shots.json", "<html>")),
        refused(&|site| site.write("edit.json", "{\"totalFrames\": ")),
        refused(&|site| site.remove("context.json")),
        refused(&|site| fs::remove_dir_all(site.0.path().join("data")).unwrap()),
        refused(&|site| {
            site.edit("context.json", |it| {
                it["projects"][0]["id"] = json!("other");
            });
        }),
    ];
    insta::assert_snapshot!(refusals.join("\n"));
}

#[test]
fn the_format_that_is_asked_for_is_read() {
    let site = Site::new();
    let error = read::site(site.0.path(), Some(Format::V1)).unwrap_err();
    assert!(
        matches!(
            error,
            Error::OtherFormat {
                found: Format::V0,
                ..
            }
        ),
        "{error}"
    );

    // Both formats in one folder.
    sites::copy(Site::of(Format::V1).0.path(), site.0.path());
    for format in Format::ALL {
        let contents = read::site(site.0.path(), Some(*format)).unwrap();
        assert_eq!(contents.format, *format);
        assert_eq!(film(contents).shots.len(), 5);
    }
}

#[test]
fn the_folder_inside_a_site_is_not_the_site() {
    let site = Site::new();
    let error = read::site(&site.0.path().join("data"), None).unwrap_err();
    assert!(
        error.to_string().ends_with("give the folder around `data`"),
        "{error}"
    );
}
