//! Sheets: Kitsu's own, and those that people write.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use watchtower_connector::spreadsheet::{Spreadsheet, SpreadsheetSettings, init};
use watchtower_connector::{Error, ErrorKind, Tracker};
use watchtower_model::place::{PlaceOptions, Timelines, Unplaced, place};
use watchtower_model::{ProjectList, ProjectSnapshot};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sheets")
}

fn read(settings: SpreadsheetSettings) -> Result<(ProjectList, Vec<ProjectSnapshot>), Error> {
    let sheets = Spreadsheet::new(settings);
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.build().unwrap();
    runtime.block_on(async {
        sheets.check().await?;
        let list = sheets.project_list().await?;
        let mut films = Vec::new();
        for project in &list.projects {
            films.push(sheets.project(project, &list).await?);
        }
        Ok((list, films))
    })
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// One film from these files.
fn film(files: &[(&str, &str)]) -> (ProjectList, ProjectSnapshot) {
    let folder = folder(files);
    let (list, mut films) = read(SpreadsheetSettings::new(folder.path())).unwrap();
    assert_eq!(films.len(), 1);
    (list, films.remove(0))
}

fn error(files: &[(&str, &str)]) -> Error {
    let folder = folder(files);
    let error = read(SpreadsheetSettings::new(folder.path())).unwrap_err();
    assert!(error.help().is_some(), "{error}");
    error
}

/// The project with its shots on the timeline of each episode.
fn placed(film: &ProjectSnapshot) -> ProjectSnapshot {
    let mut film = film.clone();
    let options = PlaceOptions {
        timelines: Timelines::OfEpisodes,
        unplaced: Unplaced::Show,
        from_site: false,
    };
    place(&mut film, options);
    film
}

/// Shots as `sequence/name in-out`.
fn shots(film: &ProjectSnapshot) -> Vec<String> {
    let sequences: HashMap<_, _> = film
        .sequences
        .iter()
        .map(|it| (&it.id, &*it.name))
        .collect();
    let one = |it: &watchtower_model::Shot| {
        let sequence = sequences[&it.sequence_id];
        match it.data.range() {
            Some((start, end)) => format!("{sequence}/{} {start}-{end}", it.name),
            None => format!("{sequence}/{} nowhere", it.name),
        }
    };
    placed(film).shots.iter().map(one).collect()
}

/// What was left out, and why; the names of files are enough.
fn left_out(film: &ProjectSnapshot) -> String {
    let one = |it: &watchtower_model::LeftOut| format!("{} {}: {}\n", it.kind, it.name, it.reason);
    film.left_out.iter().map(one).collect()
}

#[test]
fn what_kitsu_exports_works_as_it_is() {
    let (list, films) = read(SpreadsheetSettings::new(fixtures().join("kitsu"))).unwrap();
    let [film] = &films[..] else {
        panic!("one film")
    };
    assert_eq!(film.project.name, "Small Film");
    assert_eq!(
        (film.sequences.len(), film.shots.len(), film.assets.len()),
        (4, 32, 20)
    );
    assert_eq!(film.left_out, []);
    // Every shot follows the one before.
    let mut end = 0;
    for shot in &film.shots {
        assert_eq!(shot.data.frame_in, Some(end), "{}", shot.name);
        end = shot.data.frame_out.unwrap();
    }
    assert_eq!(end, 2739);
    assert_eq!(
        film.casting
            .iter()
            .map(|it| it.asset_ids.len())
            .sum::<usize>(),
        96
    );
    assert_eq!(film.edits.len(), 1);
    // As many tasks as Kitsu lists, but for the edit's one, which has no place in a site.
    let tasks = fs::read_to_string(fixtures().join("kitsu/tasks.csv")).unwrap();
    let of_edit = tasks.lines().filter(|it| it.contains(";Edit;")).count();
    assert_eq!(film.tasks().count(), tasks.lines().count() - 1 - of_edit);
    insta::assert_json_snapshot!("kitsu_list", list);
    // The first two of each, so that people can read it.
    let mut film = film.clone();
    film.shots.truncate(2);
    film.assets.truncate(2);
    film.casting.truncate(2);
    insta::assert_json_snapshot!("kitsu_film", film);
}

#[test]
fn without_the_sheet_of_tasks_statuses_have_their_short_names() {
    let files = ["shots", "assets", "casting", "edits"].map(|name| {
        let text = fs::read_to_string(fixtures().join(format!("kitsu/{name}.csv"))).unwrap();
        (format!("small-film_{name}.csv"), text)
    });
    let files: Vec<_> = files
        .iter()
        .map(|(name, text)| (&**name, &**text))
        .collect();
    let (list, few) = film(&files);
    let names = |list: &ProjectList| -> Vec<String> {
        let names = list.task_statuses.iter().map(|it| it.name.clone());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    };
    let short = names(&list);
    assert!(short.contains(&"wip".into()), "{short:?}");
    let (whole, films) = read(SpreadsheetSettings::new(fixtures().join("kitsu"))).unwrap();
    let long = names(&whole);
    assert!(long.contains(&"Work In Progress".into()), "{long:?}");
    assert_eq!(short.len(), long.len());
    assert_eq!(few.shots.len(), films[0].shots.len());
    assert_eq!(few.tasks().count(), films[0].tasks().count());
    // Who does what is the same.
    let people = |film: &ProjectSnapshot| -> BTreeMap<String, usize> {
        let mut people = BTreeMap::new();
        for user in film.tasks().flat_map(|it| &it.assignees) {
            *people.entry(user.to_string()).or_default() += 1;
        }
        people
    };
    assert_eq!(people(&few), people(&films[0]));
}

#[test]
fn cells_that_cannot_be_read_are_left_out_with_their_place() {
    let (_, film) = film(&[(
        "shots.csv",
        "Sequence,Name,Frame In,Frame Out,Frames\n\
         010,0010,0,24,\n\
         010,0020,abc,48,\n\
         ,0030,48,60,\n\
         010,,48,60,\n\
         010,0010,0,24,\n\
         010,0040,\"1 001\",1024.0,\n\
         010,0050,90,60,\n\
         010,0060,10%,60,\n\
         ,,,,\n\
         010,0070,,2048,24\n\
         010,0080,,,\n",
    )]);
    assert_eq!(
        shots(&film),
        [
            "010/0010 0-24",
            "010/0040 1001-1024",
            "010/0070 2024-2048",
            "010/0020 nowhere",
            "010/0050 nowhere",
            "010/0060 nowhere",
            "010/0080 nowhere",
        ]
    );
    insta::assert_snapshot!(left_out(&film) + &film.notes.join("\n"));
}

#[test]
fn lengths_alone_are_laid_end_to_end_in_the_order_of_rows() {
    let (_, film) = film(&[(
        "shots.csv",
        "Sequence;Shot;Duration\n020;b;10\n010;a;5\n020;a;7.0\n",
    )]);
    assert_eq!(shots(&film), ["020/b 0-10", "010/a 10-15", "020/a 15-22"]);
    assert_eq!(film.notes.len(), 1, "{:?}", film.notes);
}

#[test]
fn several_projects_are_told_apart_by_their_column() {
    let folder = folder(&[
        (
            "shots.csv",
            "Project;Sequence;Name;Frames\nOne;010;0010;5\nTwo;010;0010;6\nTwo;010;0020;7\n",
        ),
        (
            "casting.csv",
            "Parent;Name;Asset Type;Asset\n010;0020;Prop;Cup\n",
        ),
        ("assets.csv", "Project;Type;Name\nTwo;Prop;Cup\n"),
    ]);
    let (list, films) = read(SpreadsheetSettings::new(folder.path())).unwrap();
    let names: Vec<_> = list.projects.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["One", "Two"]);
    assert_eq!((films[0].casting.len(), films[1].casting.len()), (0, 1));
    assert_eq!(films[1].left_out, []);
    let movie = SpreadsheetSettings {
        movie: Some("edit.mp4".into()),
        ..SpreadsheetSettings::new(folder.path())
    };
    let error = read(movie).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    insta::assert_snapshot!(error, @"cannot read the sheets: there is one movie for 2 projects: One, Two");
}

#[test]
fn castings_of_several_projects_are_told_apart_by_their_names_and_lend_assets() {
    const CASTING: &str = "Parent;Name;Asset Type;Asset;Occurences;Label\n";
    const SHOTS: &str = "Project;Sequence;Name;Time Spent;Frames\n";
    let shots = |name: &str| format!("{SHOTS}{name};010;0010;0;24\n");
    let casting = |asset: &str| format!("{CASTING}010;0010;Prop;{asset};1;\n");
    let files = [
        ("kitsu_film_shots.csv", shots("Film")),
        ("kitsu_small_film_shots.csv", shots("Small Film")),
        ("kitsu_film_casting.csv", casting("Cup")),
        ("kitsu_small_film_casting.csv", casting("Lamp")),
        // Whose it is nobody knows, and both have the shot.
        ("more_casting.csv", casting("Tree")),
    ];
    let files = files.each_ref().map(|(name, text)| (*name, &**text));
    let folder = folder(&files);
    let (_, films) = read(SpreadsheetSettings::new(folder.path())).unwrap();
    for (film, asset) in films.iter().zip(["Cup", "Lamp"]) {
        let assets: Vec<_> = film.assets.iter().map(|it| &*it.name).collect();
        assert_eq!(assets, [asset], "{}", film.project.name);
        assert_eq!(film.casting[0].asset_ids, [film.assets[0].id.clone()]);
        assert!(film.notes.iter().any(|it| it.contains("lent to it")));
        let left_out = left_out(film);
        assert!(left_out.contains("Tree in 010 / 0010"), "{left_out}");
    }
}

#[test]
fn ends_that_look_like_last_frames_are_told() {
    let told = |text: &str| {
        let (_, film) = film(&[("shots.csv", text)]);
        let mut notes = film.notes.iter();
        notes.any(|it| it.contains("frame_out_is_last"))
    };
    assert!(told("Sequence;Name;In;Out\n010;a;1;24\n010;b;25;48\n"));
    assert!(!told("Sequence;Name;In;Out\n010;a;0;24\n010;b;24;48\n"));
    assert!(!told("Sequence;Name;In;Out\n010;a;0;24\n"));
}

#[test]
fn a_sheet_that_only_has_the_name_of_what_a_film_can_do_without_is_passed_over() {
    let (_, film) = film(&[
        ("shots.csv", "Sequence;Name;Frames\n010;a;5\n"),
        ("tasks.csv", "Who;What\nJade;Milk\n"),
    ]);
    let told = film.notes.join("\n");
    assert!(
        told.contains("tasks.csv is not used") && told.contains("Who, What"),
        "{told}"
    );
}

#[test]
fn a_mapping_says_which_column_is_what() {
    let files = [
        (
            "list.csv",
            "My film\nSeq. no.;Bezeichnung;von;bis;Licht;wer;Licht 2;wer;Linse\n\
             1;a;1;24;fertig;Jade;;;35mm\n1;b;25;30;;;offen;Max, Jade;\n",
        ),
        (
            "watchtower.toml",
            "[project]\nname = \"Kurzfilm\"\nfps = 25\n\
             [statuses]\nfertig = { name = \"Done\", color = \"#0f0\" }\n\
             [task_types]\n\"Licht 2\" = { name = \"Grading\" }\n\
             [shots]\nsheet = \"list\"\nheader_row = 2\nsequence = \"Seq. no.\"\nname = \"Bezeichnung\"\n\
             frame_in = \"von\"\nframe_out = \"bis\"\nframe_out_is_last = true\n\
             [[shots.task_columns]]\nstatus = \"Licht\"\nassignees = \"wer\"\n\
             [[shots.task_columns]]\nstatus = \"Licht 2\"\nassignees = \"wer#2\"\n",
        ),
    ];
    let (list, film) = film(&files);
    assert_eq!(film.project.name, "Kurzfilm");
    assert_eq!(film.project.fps.as_f64(), 25.0);
    assert_eq!(shots(&film), ["1/a 1-25", "1/b 25-31"]);
    assert_eq!(film.shots[0].data.custom["Linse"], "35mm");
    let statuses: Vec<_> = list.task_statuses.iter().map(|it| &*it.name).collect();
    assert_eq!(statuses, ["Done", "offen"]);
    assert_eq!(list.task_statuses[0].color.unwrap().to_string(), "#00ff00");
    let types: Vec<_> = list.task_types.iter().map(|it| &*it.name).collect();
    assert_eq!(types, ["Licht", "Grading"]);
    assert_eq!(film.shots[1].tasks[0].assignees.len(), 2);
}

#[test]
fn init_writes_a_mapping_that_says_what_was_found_out() {
    let folder = folder(&[
        (
            "shots.csv",
            "Sequence;Name;Frames;Layout;Who;Lens;Note \"x\"\n\
             010;a;5;done;Jade;35;hm\n010;b;6;todo;Max;35;\n010;c;7;done;Max;50;\n010;d;8;done;Jade;50;\n",
        ),
        ("budget.csv", "What;Money\nCups;12\n"),
    ]);
    let before = read(SpreadsheetSettings::new(folder.path())).unwrap();
    let path = init(folder.path()).unwrap();
    insta::assert_snapshot!("init", fs::read_to_string(&path).unwrap());
    let after = read(SpreadsheetSettings::new(folder.path())).unwrap();
    assert_eq!(before, after);
    let error = init(folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    // What was written is not touched again.
    fs::write(&path, "# mine\n").unwrap();
    assert!(init(folder.path()).is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "# mine\n");
}

#[test]
fn kitsus_sheets_read_the_same_through_the_mapping_that_init_writes() {
    let folder = folder(&[]);
    for name in ["shots", "assets", "casting", "edits", "tasks"] {
        let file = format!("{name}.csv");
        fs::copy(
            fixtures().join("kitsu").join(&file),
            folder.path().join(file),
        )
        .unwrap();
    }
    let before = read(SpreadsheetSettings::new(folder.path())).unwrap();
    init(folder.path()).unwrap();
    assert_eq!(
        before,
        read(SpreadsheetSettings::new(folder.path())).unwrap()
    );
}

#[test]
fn what_cannot_be_used_is_told() {
    let shots = ("shots.csv", "Sequence;Name;Frames\n010;a;5\n");
    let mapping = |text: &'static str| error(&[shots, ("watchtower.toml", text)]);
    let told = [
        error(&[("shots.csv", "Sequence;Frames\n010;5\n")]),
        error(&[("assets.csv", "Type;Name\nProp;Cup\n")]),
        error(&[("shots.csv", "Sequence;Name\0\n")]),
        mapping("[shots]\nname = \"Shot\"\n"),
        mapping("[shots]\nnmae = \"Name\"\n"),
        mapping("[shots]\nname = 3\n"),
        mapping("[project]\nfps = 0\n"),
        mapping("[shots\n"),
        mapping("[assets]\nsheet = \"Assets\"\n"),
        error(&[("shots.xlsx", "no workbook")]),
    ];
    let told: Vec<_> = told.iter().map(ToString::to_string).collect();
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"`[^`]*[/\\](\.tmp\w+)?[/\\]?", "`");
    settings.bind(|| insta::assert_snapshot!("told", told.join("\n\n")));
    let nowhere = read(SpreadsheetSettings::new("/nowhere/at/all")).unwrap_err();
    assert_eq!(nowhere.kind(), ErrorKind::Config);
}

#[test]
fn pictures_and_the_movie_are_files() {
    let folder = folder(&[
        (
            "shots.csv",
            "Sequence;Name;Frames\n010;0010;5\n010;0020;5\n",
        ),
        ("assets.csv", "Type;Name\nProp;Cup\n"),
        ("pictures/010_0010.png", ""),
        ("pictures/assets/prop/cup.jpg", ""),
        ("pictures/lost.png", ""),
        (
            "watchtower.toml",
            "[project]\npictures = \"pictures\"\nmovie = \"edit.mp4\"\n",
        ),
        ("edit.mp4", "not really"),
    ]);
    let (_, films) = read(SpreadsheetSettings::new(folder.path())).unwrap();
    let film = &films[0];
    let has: Vec<_> = film.shots.iter().map(|it| it.thumbnail.is_some()).collect();
    assert_eq!(has, [true, false]);
    assert!(film.assets[0].thumbnail.is_some());
    assert!(film.edits[0].movie.is_some());
    assert!(
        film.notes.iter().any(|it| it.contains("lost.png")),
        "{:?}",
        film.notes
    );
}

#[test]
fn a_picture_with_the_name_of_several_is_of_none_and_said() {
    let folder = folder(&[
        (
            "shots.csv",
            "Sequence;Name;Frames\n010;0010;5\n020;0010;5\n020;0020;5\n",
        ),
        ("assets.csv", "Type;Name\nProp;Rex\nCharacter;Rex\n"),
        ("pictures/0010.png", ""),
        ("pictures/SEQ 020/lost.png", ""),
        ("pictures/020/0010.PNG", ""),
        ("pictures/0020.Jpeg", ""),
        ("pictures/rex.png", ""),
        ("pictures/character-rex.png", ""),
    ]);
    let mut settings = SpreadsheetSettings::new(folder.path());
    settings.pictures = Some(folder.path().join("pictures"));
    let (_, films) = read(settings).unwrap();
    let film = &films[0];
    let has: Vec<_> = film.shots.iter().map(|it| it.thumbnail.is_some()).collect();
    assert_eq!(has, [false, true, true]);
    let has: Vec<_> = film
        .assets
        .iter()
        .map(|it| it.thumbnail.is_some())
        .collect();
    assert_eq!(has, [false, true]);
    let told: Vec<_> = film
        .notes
        .iter()
        .filter(|it| it.contains("pictures"))
        .collect();
    assert_eq!(
        told,
        [
            "2 of the pictures are named after several shots or assets, and not shown: 0010.png, rex.png",
            "1 of the pictures are named after no shot or asset: lost.png",
        ]
    );
}

#[test]
fn workbooks_hold_what_csv_files_hold() {
    let (list, films) = read(SpreadsheetSettings::new(fixtures().join("kitsu"))).unwrap();
    for name in ["kitsu.xlsx", "kitsu.ods"] {
        let (in_book, films_in_book) =
            read(SpreadsheetSettings::new(fixtures().join(name))).unwrap();
        // Sheets are in the order of the workbook, files in that of names; both have the same.
        let (mut same, mut same_in_book) = (list.clone(), in_book);
        for list in [&mut same, &mut same_in_book] {
            list.users.sort_by(|a, b| a.name.cmp(&b.name));
            list.task_statuses.sort_by(|a, b| a.name.cmp(&b.name));
            list.projects.clear();
        }
        assert_eq!(same_in_book, same, "{name}");
        assert_eq!(films_in_book[0].shots, films[0].shots, "{name}");
        assert_eq!(films_in_book[0].assets, films[0].assets, "{name}");
        assert_eq!(films_in_book[0].casting, films[0].casting, "{name}");
        assert_eq!(films_in_book[0].left_out, [], "{name}");
    }
}

#[test]
fn a_workbook_as_people_make_them() {
    let (_, films) = read(SpreadsheetSettings::new(fixtures().join("people.xlsx"))).unwrap();
    let film = &films[0];
    assert_eq!(film.project.name, "people");
    assert_eq!(
        shots(film),
        [
            "010/10 0-24",
            "010/20 24-1048",
            "020/60 1100-1124",
            "010/30 nowhere",
            "020/40b nowhere",
            "020/50 nowhere",
            "020/70 nowhere",
        ]
    );
    assert_eq!(film.shots[0].data.custom["Progress"], 0.5);
    assert_eq!(film.shots[0].data.custom["Due"], "2026-03-01");
    insta::assert_snapshot!(left_out(film) + &film.notes.join("\n"));
}

/// A film from one of the sheets that once went wrong.
fn case(name: &str) -> (ProjectList, ProjectSnapshot) {
    let settings = SpreadsheetSettings {
        fps: Some("24".parse().unwrap()),
        ..SpreadsheetSettings::new(fixtures().join("cases").join(name))
    };
    let (list, mut films) = read(settings).unwrap();
    assert_eq!(films.len(), 1, "{name}");
    assert_eq!(films[0].left_out, [], "{name}");
    (list, films.remove(0))
}

/// The lengths of shots, and what is said of their frames.
fn lengths(film: &ProjectSnapshot) -> (Vec<i64>, String) {
    let placed = placed(film);
    let lengths = placed.shots.iter().map(|it| it.data.length().unwrap());
    let mut notes = placed.notes.iter();
    let note = notes.find(|it| it.contains("frame")).cloned();
    (lengths.collect(), note.unwrap_or_default())
}

#[test]
fn flows_own_headers_are_known_and_its_cuts_are_no_places() {
    let (_, film) = case("flow.csv");
    let (lengths, note) = lengths(&film);
    assert_eq!(lengths, [48, 24]);
    assert!(note.contains("the numbers of frames show"), "{note}");
    assert_eq!(shots(&film), ["S1/S1_0010 0-48", "S1/S1_0020 48-72"]);
    // What Flow has of tasks.
    let (list, film) = self::film(&[
        (
            "shots.csv",
            "Sequence,Shot Code,Cut Duration\nS1,S1_0010,48\n",
        ),
        (
            "tasks.csv",
            "Task Name,Link,Pipeline Step,Status,Assigned To\nAnim,S1_0010,Animation,ip,\"Jade, Max\"\n",
        ),
    ]);
    assert_eq!(list.task_types[0].name, "Animation");
    assert_eq!(film.shots[0].tasks[0].assignees.len(), 2);
}

#[test]
fn lengths_say_that_ends_are_within() {
    let (_, film) = case("inclusive.csv");
    assert_eq!(lengths(&film).0, [24, 48]);
    assert!(lengths(&film).1.contains("as the numbers of frames show"));
    assert_eq!(film.shots[1].data.range(), Some((30, 78)));
}

#[test]
fn timecodes_are_frames_of_the_film() {
    let (_, film) = case("timecodes.csv");
    assert_eq!(lengths(&film).0, [48, 36]);
    assert_eq!(shots(&film), ["S1/0010 0-48", "S1/0020 48-84"]);
    // At a rate that has no such frames they are not guessed.
    let (_, film) = self::film(&[(
        "shots.csv",
        "Sequence,Shot,TC In,TC Out\nS1,0010,00:00:01:03,00:00:10:24\nS1,0020,00:00:10:24,00:00:15:05\n",
    )]);
    let told = film.notes.join("\n");
    assert!(
        told.contains("the timecodes have frames up to :24") && told.contains("with `--fps`"),
        "{told}"
    );
    assert!(film.shots.iter().all(|it| it.data.length().is_none()));
}

#[test]
fn a_range_in_one_cell_is_read() {
    let (_, film) = case("frame-range.csv");
    let (lengths, note) = lengths(&film);
    assert_eq!(lengths, [50, 48]);
    assert!(note.contains("as the shots that follow show"), "{note}");
    let (_, alone) = self::film(&[("shots.csv", "Sequence,Shot,Frames\nS1,0010,1001-1050\n")]);
    assert_eq!(self::lengths(&alone).0, [50]);
    assert!(
        alone
            .notes
            .iter()
            .any(|it| it.contains("nothing in the sheets shows"))
    );
}

/// The tasks of each shot, by name.
fn tasks(list: &ProjectList, film: &ProjectSnapshot) -> Vec<String> {
    let name = |id| &*list.task_types.iter().find(|it| it.id == id).unwrap().name;
    let status = |id| {
        &*list
            .task_statuses
            .iter()
            .find(|it| it.id == id)
            .unwrap()
            .name
    };
    let one = |it: &watchtower_model::Task| {
        let people = it.assignees.len();
        format!(
            "{} {} {people}",
            name(it.task_type_id.clone()),
            status(it.task_status_id.clone())
        )
    };
    film.shots
        .iter()
        .map(|shot| shot.tasks.iter().map(one).collect::<Vec<_>>().join(", "))
        .collect()
}

#[test]
fn the_upper_of_two_rows_of_headers_names_the_task_types() {
    let (list, film) = case("two-header-rows.csv");
    assert_eq!(tasks(&list, &film), ["Layout Done 1, Animation WIP 1"]);
    assert_eq!(shots(&film), ["S1/0010 0-24"]);
    // The other way: names above, and only the parts of tasks below.
    let below = "Seq,Shot,Frames,Layout,,,Animation,,\n,,,Status,Artist,Due,Status,Artist,Due\n\
                 S1,0010,24,Done,Jade,1 May,WIP,Ravi,2 May\n";
    let (list, film) = self::film(&[("shots.csv", below)]);
    assert_eq!(tasks(&list, &film), ["Layout Done 1, Animation WIP 1"]);
    assert_eq!(film.left_out, []);
    let custom = &film.shots[0].data.custom;
    assert_eq!(
        (&custom["Layout Due"], &custom["Animation Due"]),
        (&"1 May".into(), &"2 May".into())
    );
    // A title is no name of columns.
    let titled = "My film\nSeq,Shot,Frames,Anim Status,Anim Artist\nS1,0010,24,Done,Jade\n";
    let (list, film) = self::film(&[("shots.csv", titled)]);
    assert_eq!(tasks(&list, &film), ["Anim Done 1"]);
}

#[test]
fn columns_of_statuses_without_people_are_tasks() {
    let (list, film) = case("statuses-alone.csv");
    assert_eq!(
        tasks(&list, &film),
        [
            "Layout Done 0, Anim WIP 0, Lighting Todo 0, Comp Todo 0",
            "Layout Done 0, Anim Done 0, Lighting WIP 0, Comp Todo 0",
        ]
    );
    // Words of a studio's own, and columns that are none.
    let own = "Seq,Shot,Frames,Layout,Comp,Location,Time,Status,Anim,Anim assignations\n\
               S1,0010,24,gruen,rot,Forest,Day,Done,,Jade\nS1,0020,24,rot,rot,Harbour,Night,Done,gruen,\n";
    let (list, film) = self::film(&[("shots.csv", own)]);
    assert_eq!(
        tasks(&list, &film),
        [
            "Layout gruen 0, Comp rot 0",
            "Layout rot 0, Comp rot 0, Anim gruen 0"
        ]
    );
    assert_eq!(film.shots[0].data.custom["Location"], "Forest");
    let none = "Seq,Shot,Frames,Vendor,Comp,Client\nS1,0010,24,tbd,tbd,approved\n\
                S1,0020,24,North,approved,more fog\nS1,0030,24,South,wip,darker sky\n";
    let (list, other) = self::film(&[("shots.csv", none)]);
    assert_eq!(
        tasks(&list, &other),
        ["Comp tbd 0", "Comp approved 0", "Comp wip 0"]
    );
    assert_eq!(film.shots[0].data.custom["Status"], "Done");
}

#[test]
fn shots_without_places_are_there() {
    let (_, film) = case("no-places.csv");
    assert!(
        film.shots
            .iter()
            .all(|it| it.data.range().is_none() && it.data.length().is_none())
    );
    assert_eq!(placed(&film).shots.len(), 3);
}

#[test]
fn links_of_notion_and_airtable_lose_their_addresses() {
    let (list, film) = self::film(&[(
        "shots.csv",
        "Name,Sequence,Frames,Anim,Artist,Still\n\
         0010 (https://www.notion.so/0010-1f2e?pvs=21),Harbour (https://www.notion.so/Harbour-ab),24,\
         Done (https://a.b/c),\"Jade (https://a.b/j), Max (https://a.b/m)\",x.png (https://v5.airtable/x)\n",
    )]);
    assert_eq!(shots(&film), ["Harbour/0010 0-24"]);
    assert_eq!(tasks(&list, &film), ["Anim Done 2"]);
    let names: Vec<_> = list.users.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["Jade", "Max"]);
}

#[test]
fn thousands_of_rows_of_a_kind_are_one_line() {
    let mut rows = String::from("Sequence,Shot,Frame In,Picture\n");
    for number in 0..2000 {
        rows.push_str(&format!(
            "010,{number},tbd,https://a.b/{number}.png\n,{number},,\n"
        ));
    }
    let (_, film) = self::film(&[("shots.csv", &rows)]);
    assert_eq!((film.shots.len(), film.left_out.len()), (2000, 2000));
    let reasons: std::collections::BTreeSet<_> = film
        .left_out
        .iter()
        .map(|it| it.reason.to_string())
        .collect();
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    assert_eq!(film.notes.len(), 3, "{:#?}", film.notes);
    assert!(film.notes.iter().all(|it| it.len() < 600));
}

#[test]
fn the_frame_rate_of_a_column_is_that_of_the_film() {
    let rows = "Sequence,Shot,Frames,FPS\n010,a,5,25\n010,b,5,25\n";
    let (_, film) = self::film(&[("shots.csv", rows)]);
    assert_eq!(film.project.fps.as_f64(), 25.0);
    assert_eq!(film.notes, [""; 0]);
}

/// Whatever a cell holds that is not taken, its row is named.
#[test]
fn numbers_that_cannot_be_meant_are_told_with_their_rows() {
    let shots = "Sequence,Shot,Frames,FPS\n010,a,-5,25\n010,b,5,fast\n010,c,5,24\n";
    let tasks = "Entity Type,Entity,Task Type,Task Status\nShot,010 / d,Animation,Done\n";
    let (_, film) = self::film(&[("shots.csv", shots), ("tasks.csv", tasks)]);
    for expected in [
        "shorter than nothing, so their lengths are ignored: 010 / a (shots.csv, line 2)",
        "no frame rate and are ignored: `fast` (shots.csv, line 3, column `FPS`)",
        "several numbers of frames per second (25, 24), and a film has one: 24 are taken",
        "1 row of the sheet of tasks is of what is no shot or asset: 010 / d (tasks.csv, line 2)",
    ] {
        let is_told = film.notes.iter().any(|it| it.contains(expected));
        assert!(is_told, "{expected}: {:#?}", film.notes);
    }
}

#[test]
fn tasks_are_of_the_shot_or_asset_in_their_own_columns() {
    let (list, film) = self::film(&[
        (
            "shots.csv",
            "Episode,Sequence,Name,Frames\nE01,SE01,S01,24\n",
        ),
        ("assets.csv", "Type,Name\nProp,Cassette\n"),
        (
            "tasks.csv",
            "Task Type,Episode,Sequence,Shot,Asset Type,Asset,Assignee,Task Status\n\
             Compositing,E01,SE01,S01,,,John Doe,WIP\nFX,,,S01,,,,TODO\nTexture,,,,Prop,Cassette,,WIP\n",
        ),
    ]);
    assert_eq!(tasks(&list, &film), ["Compositing WIP 1, FX TODO 0"]);
    assert_eq!(film.assets[0].tasks.len(), 1);
}

#[test]
fn init_proposes_what_the_sheets_mean() {
    for (name, expected) in [
        ("flow.csv", "frame_out_is_last = true"),
        (
            "timecodes.csv",
            "# Timecodes count at the fps of [project].\nframe_out_is_last = false",
        ),
        ("frame-range.csv", "frame_range = \"Frame Range\""),
        (
            "two-header-rows.csv",
            "status = \"Layout Status\"\ntask_type = \"Layout\"\nassignees = \"Layout Artist\"",
        ),
        (
            "statuses-alone.csv",
            "[[shots.task_columns]]\nstatus = \"Comp\"",
        ),
        ("inclusive.csv", "frame_out_is_last = true"),
    ] {
        let text = fs::read_to_string(fixtures().join("cases").join(name)).unwrap();
        let folder = folder(&[("shots.csv", &text)]);
        let before = read(SpreadsheetSettings::new(folder.path())).unwrap();
        let mapping = fs::read_to_string(init(folder.path()).unwrap()).unwrap();
        assert!(mapping.contains(expected), "{name}: {mapping}");
        let after = read(SpreadsheetSettings::new(folder.path())).unwrap();
        // A mapping decides, so nothing is said of how it was found out.
        let silent = |(list, mut films): (ProjectList, Vec<ProjectSnapshot>)| {
            films.iter_mut().for_each(|it| it.notes.clear());
            (list, films)
        };
        assert_eq!(silent(before), silent(after), "{name}");
    }
}

#[test]
fn what_has_the_status_omitted_is_left_out_and_assets_beside_a_shot_are_its_casting() {
    let shots_sheet = "Sequence,Shot Code,Status,Assets,Cut In,Cut Out\n\
                       S1,S1_0010,ip,\"Rex, Tree\",0,48\n\
                       S1,S1_0020,omt,Rex,48,72\n\
                       S1,S1_0030,fin,\"Rex (https://a.b/1), Nobody, Bin\",72,96\n";
    let assets = "Asset Name,Type,Status\nRex,Character,ip\nTree,Prop,fin\nBin,Prop,Omit\n";
    let (_, film_) = film(&[("shots.csv", shots_sheet), ("assets.csv", assets)]);
    assert_eq!(shots(&film_), ["S1/S1_0010 0-48", "S1/S1_0030 72-96"]);
    assert_eq!(
        left_out(&film_),
        "shot S1 / S1_0020: its status is `omt`\nasset Bin: its status is `Omit`\n"
    );
    let name = |id: &_| {
        let asset = film_.assets.iter().find(|it| it.id == *id);
        asset.unwrap().name.clone()
    };
    let cast = film_.casting.iter();
    let cast: Vec<Vec<_>> = cast
        .map(|it| it.asset_ids.iter().map(name).collect())
        .collect();
    assert_eq!(cast, [vec!["Rex", "Tree"], vec!["Rex"]]);
    let note = film_.notes.iter().find(|it| it.contains("Assets")).unwrap();
    insta::assert_snapshot!(note, @"the column `Assets` of shots.csv names assets that are not among those of the project: Nobody");

    // Without such assets the column is data of the studio's own, and that is said.
    let (_, film_) = film(&[("shots.csv", shots_sheet)]);
    assert!(film_.casting.is_empty());
    assert_eq!(film_.shots[0].data.custom["Assets"], "Rex, Tree");
    let note = film_.notes.iter().find(|it| it.contains("Assets")).unwrap();
    insta::assert_snapshot!(note, @"the column `Assets` of shots.csv is not read: no asset of the project has a name of those in it, as Rex, Tree, Nobody, Bin");
}
