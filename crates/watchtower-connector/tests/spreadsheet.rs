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
    settings.add_filter("`[^`]*/(\\.tmp\\w+)?/?", "`");
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
    insta::assert_snapshot!(left_out(film));
}
