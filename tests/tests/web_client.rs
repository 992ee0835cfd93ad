//! Sites in the real web clients, in a real browser.
//!
//! `cargo xtask services --pictures` takes the stored pictures anew.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

#[path = "../../crates/watchtower-connector/tests/ayon_server/mod.rs"]
#[allow(dead_code)] // It is part of the connector's tests.
mod ayon_server;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Cursor};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use ayon_server::RecordedAyon;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use watchtower_tests::flow::Counterpart;
use watchtower_tests::picture::{Picture, corner, is_close, patches};
use watchtower_tests::{Kitsu, Serving, browser_script, inspect, read, run, watchtower, wheel};
use wiremock::matchers::path_regex;
use wiremock::{Mock, ResponseTemplate};

const FORMATS: [&str; 2] = ["v0", "v1"];

/// What a client asks for by itself and no site can give, with the reason. The placeholders for missing
/// pictures, which both clients lack as well, are in the bundle.
const MISSED: [(&str, &str); 1] = [(
    "/24px_inconsolata_bitmap_font.png 404",
    "v0 loads a font for its canvases that its build left out, and writes without it",
)];

/// What the player of a client logs by itself when there is no movie. It asks for none.
const NO_MOVIE: &str =
    "VIDEOJS: ERROR: (CODE:4 MEDIA_ERR_SRC_NOT_SUPPORTED) No compatible source was found";

/// What v1 throws when another episode is chosen that has no movie.
const STALE_SHOT: &str = "TypeError: Cannot read properties of undefined (reading 'startFrame')";

/// How much of a canvas is drawn at least, of 1. A blank one has one colour, so nothing of it is.
const DRAWN: [(&str, f64); 4] = [
    ("canvas-thumb-grid", 0.05),
    ("canvas-thumb-grid-text", 0.002),
    ("canvas-timeline", 0.05),
    ("canvas-timeline-text", 0.002),
];

fn list(value: &Value) -> &Vec<Value> {
    value
        .as_array()
        .unwrap_or_else(|| panic!("{value} is no list"))
}

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

/// Where a format has its list of projects.
fn list_of(format: &str) -> &str {
    match format {
        "v0" => "data/projects/context.json",
        _ => "data/projects-list/index.json",
    }
}

/// A site, and its projects as the client of its format shows them.
struct Inspected {
    site: PathBuf,
    format: &'static str,
    /// Names the folder of its screenshots.
    name: String,
    report: Value,
}

/// A project, or an episode of one, as the client shows it.
#[derive(Clone, Copy)]
struct View<'a> {
    inspected: &'a Inspected,
    project: &'a Value,
    /// What `inspect.mjs` says of it.
    seen: &'a Value,
    /// The dashboard of it, which v1 alone has.
    dashboard: Option<&'a Value>,
    /// The episode's name, in a series of format v1.
    episode: Option<&'a str>,
}

impl Inspected {
    /// Opens every project, and goes through all the menus of those named.
    fn new(site: &Path, format: &'static str, name: &str, walk: &[&str]) -> Self {
        let projects = read(site, list_of(format));
        let is_walked = |it: &&Value| walk.contains(&text(&it["name"]));
        let walked = list(&projects["projects"]).iter().filter(is_walked);
        let walked = walked.flat_map(|it| ["--walk", text(&it["id"])]);
        let arguments: Vec<_> = walked.chain(["--seek"]).collect();
        Self {
            site: site.to_owned(),
            format,
            name: name.to_owned(),
            report: inspect(site, format, name, &arguments),
        }
    }

    /// Every project, first as it opens, then in each other episode.
    fn views(&self) -> Vec<View<'_>> {
        let mut views = Vec::new();
        for project in list(&self.report["projects"]) {
            let menu = list(&project["episodes_menu"]).iter().map(text);
            let others = list(&project["episodes"]).iter();
            let mut episodes = menu.map(Some);
            let mut dashboards = project["dashboards"].as_array().into_iter().flatten();
            for seen in [project].into_iter().chain(others) {
                views.push(View {
                    inspected: self,
                    project,
                    seen,
                    dashboard: dashboards.next(),
                    episode: episodes.next().flatten(),
                });
            }
        }
        views
    }

    fn projects(&self) -> impl Iterator<Item = View<'_>> {
        let views = self.views().into_iter();
        views.filter(|view| std::ptr::eq(view.seen, view.project))
    }

    /// The list of projects, with what they share in v0.
    fn list(&self) -> Value {
        read(&self.site, list_of(self.format))
    }

    /// Demands of the page of all projects that it names each, with its picture.
    fn home_works(&self) {
        let home = &self.report["home"];
        undisturbed(home, "home", &[]);
        let list_of = |value: &Value| -> Vec<String> {
            list(value)
                .iter()
                .map(|it| text(&it["name"]).to_owned())
                .collect()
        };
        assert_eq!(
            list_of(&home["projects"]),
            list_of(&self.list()["projects"])
        );
        for project in list(&home["projects"]) {
            let has_picture = !project["picture"].is_null();
            assert_eq!(project["loaded"], has_picture, "{project}");
        }
    }
}

/// Demands that nothing was thrown, no error logged but those expected, and no file missed but those
/// that the client itself lacks.
fn undisturbed(page: &Value, name: &str, expected: &[&str]) {
    let name = format!("{name} {}", page["step"]);
    let missed = |it: &&Value| MISSED.iter().all(|(url, _)| it != url);
    let failed: Vec<_> = list(&page["failed"]).iter().filter(missed).collect();
    assert!(failed.is_empty(), "{name}: {failed:?}");
    let unexpected = |it: &&Value| expected.iter().all(|start| !text(it).starts_with(start));
    let logged: Vec<_> = list(&page["console"]).iter().filter(unexpected).collect();
    assert!(logged.is_empty(), "{name}: {logged:?}");
    for problem in ["thrown", "caught"] {
        assert_eq!(page[problem], json!([]), "{name}: {problem}");
    }
    // A picture that does not fit the client's textures is not shown, and WebGL warns of it.
    let webgl = |it: &&Value| text(it).contains("INVALID_");
    let warnings: Vec<_> = list(&page["warnings"]).iter().filter(webgl).collect();
    assert!(warnings.is_empty(), "{name}: {warnings:?}");
    assert!(page["problem"].is_null(), "{name}: {}", page["problem"]);
    assert_ne!(page["settled"], false, "{name} never came to rest");
}

/// Whether a canvas shows something, so that it is no blank one.
fn is_drawn(canvas: &Value) -> bool {
    let id = text(&canvas["id"]);
    let least = DRAWN.iter().find(|(name, _)| *name == id);
    let (_, least) = least.unwrap_or_else(|| panic!("an unknown canvas {id}"));
    number(&canvas["drawn"]) >= *least
}

/// A shot's place on the timeline, and the colour of its picture.
struct Shot {
    name: String,
    start: f64,
    end: f64,
    /// Otherwise it is in the grid alone.
    on_timeline: bool,
    picture: Option<PathBuf>,
}

impl View<'_> {
    fn name(&self) -> String {
        let name = self.seen["state"]["name"].as_str().unwrap_or("nameless");
        format!(
            "{} {name}{}",
            self.inspected.format,
            self.episode.map(|it| format!(", {it}")).unwrap_or_default()
        )
    }

    fn document(&self, file: &str) -> Value {
        let id = text(&self.project["id"]);
        read(&self.inspected.site, &format!("data/projects/{id}/{file}"))
    }

    /// The episode as `project.json` has it.
    fn episode(&self) -> Option<Value> {
        let name = self.episode?;
        let project = self.document("project.json");
        let mut episodes = list(&project["episodes"]).iter();
        episodes.find(|it| it["name"] == name).cloned()
    }

    /// The edit that the client shows.
    fn edit(&self) -> Value {
        if self.inspected.format == "v0" {
            return self.document("edit.json");
        }
        let edits = self.document("edits.json");
        let mut edits = list(&edits).iter();
        let edit = match self.episode() {
            Some(episode) => edits.find(|it| it["episodeId"] == episode["id"]),
            None => edits.next(),
        };
        edit.unwrap_or_else(|| panic!("{}: no edit", self.name()))
            .clone()
    }

    /// The shots that the client shows, in the order of the timeline.
    fn shots(&self) -> Vec<Shot> {
        let shots = self.document("shots.json");
        let shown = self.episode().map(|episode| {
            let ids = list(&episode["sequences"])
                .iter()
                .map(|it| it["id"].clone());
            ids.collect::<Vec<_>>()
        });
        let is_shown = |it: &&Value| {
            shown
                .as_ref()
                .is_none_or(|ids| ids.contains(&it["sequence_id"]))
        };
        let mut shots: Vec<_> = list(&shots)
            .iter()
            .filter(is_shown)
            .map(|shot| {
                let start = number(&shot["startFrame"]);
                let fps = number(&self.seen["state"]["fps"]);
                Shot {
                    name: text(&shot["name"]).to_owned(),
                    start,
                    end: start + (number(&shot["durationSeconds"]) * fps).round(),
                    on_timeline: shot["onTimeline"] != false,
                    picture: shot["thumbnailUrl"]
                        .as_str()
                        .map(|it| self.inspected.site.join(it)),
                }
            })
            .collect();
        shots.sort_by(|a, b| a.start.total_cmp(&b.start));
        shots
    }

    /// Task types of shots, and people, as the documents name them.
    fn task_types_and_people(&self) -> (Vec<String>, Vec<String>) {
        let project = self.document("project.json");
        let (task_types, team) = if self.inspected.format == "v0" {
            let context = self.inspected.list();
            let of_project = |key: &str, all: &Value| -> Vec<Value> {
                let ids = list(&project[key]);
                let is_used = |it: &&Value| ids.is_empty() || ids.contains(&it["id"]);
                list(all).iter().filter(is_used).cloned().collect()
            };
            let task_types = of_project("task_types", &context["task_types"]);
            (task_types, of_project("team", &context["users"]))
        } else {
            (
                list(&project["task_types"]).clone(),
                list(&project["team"]).clone(),
            )
        };
        let for_shots = task_types.iter().filter(|it| it["for_shots"] == true);
        (
            for_shots.map(|it| text(&it["name"]).to_owned()).collect(),
            team.iter()
                .map(|it| text(&it["full_name"]).to_owned())
                .collect(),
        )
    }

    /// Demands of the page that the client works on it as it should: nothing thrown, nothing missing,
    /// everything drawn.
    fn works(&self) {
        if !self.seen["assignee_groups"].is_null() {
            assert!(!self.groups_of_people().is_empty(), "{}", self.name());
        }
        self.works_whoever_has_tasks();
    }

    /// The same where nobody may have a task of the last type.
    fn works_whoever_has_tasks(&self) {
        self.is_undisturbed(&[]);
        self.shows_menus_and_people();
        self.is_drawn();
        self.plays();
        self.counts_tasks();
    }

    /// Demands of the dashboard that it has a chart for each type of tasks on shots, of a site to which
    /// two exports were made.
    fn counts_tasks(&self) {
        let Some(dashboard) = self.dashboard else {
            assert_eq!(self.inspected.format, "v0");
            return;
        };
        let name = format!("{}, dashboard", self.name());
        undisturbed(dashboard, &name, &[]);
        let (task_types, _) = self.task_types_and_people();
        let charts = list(&dashboard["charts"]);
        assert_eq!(charts.len(), task_types.len(), "{name}");
        for (chart, task_type) in charts.iter().zip(&task_types) {
            let texts = list(&chart["texts"]);
            assert!(
                texts.contains(&json!(task_type)),
                "{name}: {task_type} in {texts:?}"
            );
            assert!(
                number(&chart["drawn"]) > 0.05,
                "{name}: {task_type} is blank"
            );
        }
        let episode = self.episode().map_or(Value::Null, |it| it["id"].clone());
        let counts = self.document("task_counts.json");
        let of_episode = list(&counts)
            .iter()
            .filter(|it| it["episode_id"] == episode);
        let mut readings = BTreeSet::new();
        for status in of_episode.flat_map(|it| list(&it["task_statuses"])) {
            readings.extend(
                list(&status["data"])
                    .iter()
                    .map(|it| text(&it["timestamp"])),
            );
        }
        assert_eq!(readings.len(), 2, "{name}");
    }

    /// The headings when shots are grouped by who works on them, but for what nobody does.
    fn groups_of_people(&self) -> Vec<&str> {
        let texts = list(&self.seen["assignee_groups"]).iter().map(text);
        let groups = texts.filter(|it| it.contains("(shots: "));
        groups.filter(|it| !it.starts_with("Unassigned")).collect()
    }

    fn is_undisturbed(&self, expected: &[&str]) {
        let name = self.name();
        undisturbed(self.seen, &name, expected);
        for step in self.seen["steps"].as_array().into_iter().flatten() {
            undisturbed(step, &name, expected);
        }
    }

    fn shows_menus_and_people(&self) {
        let name = self.name();
        let (task_types, team) = self.task_types_and_people();
        assert_eq!(self.seen["task_types_menu"], json!(task_types), "{name}");
        assert!(!task_types.is_empty(), "{name}: no task types");
        if !self.seen["asset_task_types_menu"].is_null() {
            assert!(
                !list(&self.seen["asset_task_types_menu"]).is_empty(),
                "{name}"
            );
            for group in self.groups_of_people() {
                assert!(
                    team.iter().any(|it| group.starts_with(it.as_str())),
                    "{name}: {group}"
                );
            }
        }
        let projects = self.inspected.list();
        let projects: Vec<_> = list(&projects["projects"])
            .iter()
            .map(|it| &it["name"])
            .collect();
        if !self.seen["projects_menu"].is_null() {
            assert_eq!(self.seen["projects_menu"], json!(projects), "{name}");
        }
        let people: BTreeSet<_> = list(&self.seen["people"])
            .iter()
            .map(|it| text(&it["name"]))
            .collect();
        assert_eq!(people, team.iter().map(String::as_str).collect(), "{name}");
        assert!(!people.is_empty(), "{name}: nobody");
        for person in list(&self.seen["people"]) {
            assert_eq!(person["loaded"], true, "{name}: {person}");
        }
    }

    /// Demands that no canvas is blank, and that pictures and timeline look as they are stored.
    fn is_drawn(&self) {
        let canvases = list(&self.seen["canvas"]);
        assert_eq!(canvases.len(), DRAWN.len(), "{}", self.name());
        for canvas in canvases {
            assert!(is_drawn(canvas), "{}: {canvas}", self.name());
        }
        for canvas in ["grid", "timeline", "assignees"] {
            let Some(screenshot) = self.seen[canvas].as_str() else {
                continue;
            };
            if canvas != "assignees" || self.inspected.name != "kitsu" {
                self.looks_as_stored(canvas, Path::new(screenshot));
            }
        }
    }

    /// Where the stored picture of a canvas is.
    fn stored(&self, canvas: &str) -> PathBuf {
        let project = text(&self.seen["state"]["name"])
            .to_lowercase()
            .replace(' ', "-");
        let episode = self.episode.map(|it| it.to_lowercase().replace(' ', "-"));
        let parts = [self.inspected.format, &project]
            .into_iter()
            .chain(episode.as_deref())
            .chain([canvas]);
        let file = format!("{}.png", parts.collect::<Vec<_>>().join("-"));
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("browser/reference")
            .join(file)
    }

    fn looks_as_stored(&self, canvas: &str, screenshot: &Path) {
        let seen = Picture::of_canvas(screenshot);
        let stored = self.stored(canvas);
        if std::env::var_os("WATCHTOWER_TEST_TAKE_PICTURES").is_some() {
            fs::create_dir_all(stored.parent().unwrap()).unwrap();
            seen.store(&stored);
        }
        if let Err(difference) = seen.shows(&Picture::stored(&stored)) {
            panic!(
                "{}: {} does not look like {}: {difference}",
                self.name(),
                screenshot.display(),
                stored.display()
            );
        }
    }

    /// Demands that the player has the movie of the edit, and shows what it is asked for.
    fn plays(&self) {
        let name = self.name();
        let edit = self.edit();
        let (state, player) = (&self.seen["state"], &self.seen["player"]);
        assert_eq!(state["totalFrames"], edit["totalFrames"], "{name}");
        assert_eq!(state["frameOffset"], edit["frameOffset"], "{name}");
        assert_eq!(
            player["source"],
            json!(format!("/{}", text(&edit["sourceName"]))),
            "{name}"
        );
        let fps = number(&state["fps"]);
        let expected = number(&edit["totalFrames"]) / fps;
        let duration = player["duration"].as_f64();
        let duration = duration.unwrap_or_else(|| panic!("{name}: no movie in {player}"));
        // The container's length may include the last sample of the sound.
        assert!(
            (duration - expected).abs() < 2.0 / fps,
            "{name}: {duration} s, expected {expected}"
        );
        if !self.seen["seek"].is_null() {
            self.seeks(number(&edit["frameOffset"]), fps);
        }
    }

    /// Demands that the player went to the frame that the timeline shows, whether a place in the timeline
    /// was chosen or the next shot.
    fn seeks(&self, offset: f64, fps: f64) {
        let name = self.name();
        let shots = self.shots();
        assert_eq!(list(&self.seen["seek"]).len(), 10, "{name}");
        for seek in list(&self.seen["seek"]) {
            assert_eq!(seek["arrived"], true, "{name}: {seek}");
            let frame = number(&seek["frame"]);
            let expected = ((frame - offset) / fps).max(0.0);
            let time = number(&seek["currentTime"]);
            assert!(
                (time - expected).abs() < 0.5 / fps,
                "{name}: {seek}, expected {expected} s"
            );

            let begun: Vec<_> = shots.iter().filter(|it| it.start <= frame).collect();
            let start = begun.last().map_or(f64::NAN, |it| it.start);
            let current: Vec<_> = begun.into_iter().filter(|it| it.start == start).collect();
            let shown = text(&seek["shown"]).rsplit('|').next().unwrap();
            assert!(current.iter().any(|it| it.name == shown), "{name}: {seek}");
            if text(&seek["by"]).starts_with("Arrow") {
                assert_eq!(frame, start, "{name}: {seek}");
            }
        }
    }

    /// Demands that the player shows each shot in the colour of the shot's picture. The example's movie
    /// is made like that; a movie that begins elsewhere shows another shot.
    fn shows_the_shots_chosen(&self) {
        let shots = self.shots();
        let mut checked = BTreeSet::new();
        for seek in list(&self.seen["seek"]) {
            let frame = number(&seek["frame"]);
            // At a cut, a time that is rounded down is still in the shot before.
            let Some(shot) = shots.iter().find(|it| it.start < frame && frame < it.end) else {
                continue;
            };
            let expected = corner(shot.picture.as_ref().unwrap());
            let seen: Vec<_> = list(&seek["corner"])
                .iter()
                .map(|it| u8::try_from(it.as_u64().unwrap()).unwrap())
                .collect();
            let seen = seen.try_into().unwrap();
            assert!(
                is_close(seen, expected, 12),
                "{}: {seek}, expected {expected:?}",
                self.name()
            );
            checked.insert(expected);
        }
        assert!(checked.len() > 1, "{}: {checked:?}", self.name());
    }

    /// Demands of a project without a movie that all but the player works. The player has nothing to play,
    /// and says so.
    fn works_without_a_movie(&self) {
        self.is_undisturbed(&[NO_MOVIE]);
        self.shows_menus_and_people();
        self.is_drawn();
        let placed = self.shots().into_iter().filter(|it| it.on_timeline);
        let last = placed.map(|it| it.end).fold(1.0, f64::max);
        assert_eq!(
            number(&self.seen["state"]["totalFrames"]),
            last,
            "{}",
            self.name()
        );
        let timeline = list(&self.seen["canvas"]).iter();
        let mut names = timeline.filter(|it| it["id"] == "canvas-timeline-text");
        let names = list(&names.next().unwrap()["texts"]);
        let sequences = self.document("sequences.json");
        for sequence in list(&sequences) {
            assert!(
                names.contains(&sequence["name"]),
                "{}: {names:?}",
                self.name()
            );
        }
    }
}

fn export(arguments: &[&str], format: &str, site: &Path) {
    let mut command = watchtower();
    command
        .arg("export")
        .args(arguments)
        .args(["--format", format])
        .arg("--output")
        .arg(site);
    run(&mut command, 0);
}

/// Exports twice: the second export adds to the history that v1 has, in which a moment is a whole second.
fn twice(format: &str, export: impl Fn()) {
    export();
    if format == "v1" {
        std::thread::sleep(Duration::from_millis(1_001));
    }
    export();
}

#[test]
fn the_example_works() {
    for format in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        twice(format, || export(&["example"], format, folder.path()));
        let inspected = Inspected::new(folder.path(), format, "example", &["The Salt Lantern"]);
        inspected.home_works();
        let views = inspected.views();
        assert_eq!(views.len(), 1);
        views[0].works();
        views[0].shows_the_shots_chosen();
        assert_eq!(views[0].seen["state"]["shots"], 24);
    }
}

#[test]
fn the_series_of_the_example_works() {
    for format in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        twice(format, || {
            export(&["example", "--episodes", "2"], format, folder.path());
        });
        let inspected = Inspected::new(folder.path(), format, "series", &[]);
        inspected.home_works();
        let views = inspected.views();
        match format {
            // All episodes follow each other on one timeline, which has the movie of none.
            "v0" => {
                assert_eq!(views.len(), 1);
                views[0].works_without_a_movie();
            }
            _ => {
                views.iter().for_each(View::works);
                assert_eq!(views.len(), 2);
                views.iter().for_each(View::shows_the_shots_chosen);
            }
        }
    }
}

/// Writes a folder for `watchtower export files`: the example's film, with its movie so many frames later
/// on the timeline, and without the shots that then begin before frame 0.
fn write_shifted(example: &Path, folder: &Path, offset: i64) {
    let context = read(example, "data/projects/context.json");
    let id = text(&context["projects"][0]["id"]);
    let document = |file: &str| read(example, &format!("data/projects/{id}/{file}"));
    let name = format!("Movie at {offset}");
    let project = json!({"id": "shifted", "name": name, "fps": 24.0});
    let shots = document("shots.json");
    let mut used = BTreeSet::new();
    let shots: Vec<_> = list(&shots)
        .iter()
        .filter_map(|shot| {
            let shifted = |frame: &str| shot["data"][frame].as_i64().unwrap() + offset;
            let (frame_in, frame_out) = (shifted("frame_in"), shifted("frame_out"));
            used.insert(shot["sequence_id"].to_string());
            let picture = example.join(text(&shot["thumbnailUrl"]));
            (frame_in >= 0).then(|| {
                json!({
                    "id": shot["id"],
                    "name": shot["name"],
                    "sequence_id": shot["sequence_id"],
                    "data": {"frame_in": frame_in, "frame_out": frame_out},
                    "thumbnail": {"file": picture},
                })
            })
        })
        .collect();
    let movie = example.join(format!("data/projects/{id}/edit.mp4"));
    let snapshot = json!({
        "watchtower_tracker": 1,
        "project": project,
        "sequences": document("sequences.json"),
        "shots": shots,
        "edits": [{"id": "edit", "name": "Edit", "movie": {"file": movie}, "frame_offset": offset}],
    });
    let listed = json!({"watchtower_tracker": 1, "projects": [project]});
    fs::create_dir_all(folder.join("projects")).unwrap();
    fs::write(folder.join("project-list.json"), listed.to_string()).unwrap();
    fs::write(folder.join("projects/shifted.json"), snapshot.to_string()).unwrap();
}

#[test]
fn a_movie_that_starts_elsewhere_is_sought_to_the_right_frame() {
    let folder = tempfile::tempdir().unwrap();
    let example = folder.path().join("example");
    export(&["example"], "v0", &example);
    for format in FORMATS {
        // A movie with a leader of 104 frames, and one whose first second is still to come.
        for offset in [-104, 24] {
            let documents = folder.path().join(offset.to_string());
            write_shifted(&example, &documents, offset);
            let site = folder.path().join(format!("{format}{offset}"));
            let media = example.to_str().unwrap();
            let documents = documents.to_str().unwrap();
            export(&["files", documents, "--media-root", media], format, &site);
            let inspected = Inspected::new(&site, format, &format!("shifted{offset}"), &[]);
            let views = inspected.views();
            // Ranges that count from the movie's own start are counted from 0, and the movie with them.
            assert_eq!(views[0].seen["state"]["frameOffset"], offset.min(0));
            views[0].is_undisturbed(&[]);
            views[0].plays();
            views[0].shows_the_shots_chosen();
        }
    }
}

/// The colours of a frame's corners, clockwise from the top left.
const CORNERS: [[u8; 3]; 4] = [[220, 30, 30], [30, 180, 60], [40, 60, 210], [230, 210, 40]];

/// A frame whose corners can be told apart.
fn frame(width: u32, height: u32) -> DynamicImage {
    let frame = RgbImage::from_fn(width, height, |x, y| {
        let (left, right) = (x < width / 4, x >= width - width / 4);
        let (top, bottom) = (y < height / 4, y >= height - height / 4);
        Rgb(match (left, right, top, bottom) {
            (true, _, true, _) => CORNERS[0],
            (_, true, true, _) => CORNERS[1],
            (_, true, _, true) => CORNERS[2],
            (true, _, _, true) => CORNERS[3],
            _ => [120; 3],
        })
    });
    frame.into()
}

/// Twelve pictures of twelve sizes and kinds, by the names of their files.
fn pictures() -> Vec<(&'static str, Vec<u8>)> {
    let file = |picture: DynamicImage, format| {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    };
    let mut lying = file(frame(1080, 1920).rotate180(), ImageFormat::Jpeg);
    // EXIF data that says to turn it upside down.
    let exif =
        b"\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0\0\0\0\0";
    lying.splice(2..2, exif.iter().copied());
    let light = |it: DynamicImage| {
        let mut light = it.into_rgb32f();
        for channel in light.iter_mut() {
            *channel = ((*channel + 0.055) / 1.055).powf(2.4);
        }
        DynamicImage::from(light)
    };
    let [red, green, blue, yellow] = CORNERS.map(|[r, g, b]| format!("fill='rgb({r},{g},{b})'"));
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 9'><rect width='16' height='9' fill='gray'/>\
         <rect width='4' height='2.25' {red}/><rect x='12' width='4' height='2.25' {green}/>\
         <rect x='12' y='6.75' width='4' height='2.25' {blue}/><rect y='6.75' width='4' height='2.25' {yellow}/></svg>"
    );
    vec![
        ("hd.png", file(frame(1920, 1080), ImageFormat::Png)),
        ("small.jpg", file(frame(100, 60), ImageFormat::Jpeg)),
        ("kitsu.png", file(frame(150, 100), ImageFormat::Png)),
        ("4k.jpg", file(frame(4096, 2160), ImageFormat::Jpeg)),
        ("old.webp", file(frame(640, 480), ImageFormat::WebP)),
        ("tall.gif", file(frame(500, 900), ImageFormat::Gif)),
        ("wide.tif", file(frame(2400, 1000), ImageFormat::Tiff)),
        ("thumb.bmp", file(frame(320, 180), ImageFormat::Bmp)),
        (
            "deep.png",
            file(frame(1024, 576).into_rgb16().into(), ImageFormat::Png),
        ),
        ("turned.jpg", lying),
        (
            "render.exr",
            file(light(frame(960, 540)), ImageFormat::OpenExr),
        ),
        ("drawn.svg", svg.into_bytes()),
    ]
}

#[test]
fn of_pictures_of_any_size_and_kind_all_four_corners_are_seen() {
    let folder = tempfile::tempdir().unwrap();
    let documents = folder.path().join("documents");
    fs::create_dir_all(documents.join("projects")).unwrap();
    let project = json!({"id": "corners", "name": "Corners", "fps": 24.0});
    let pictures = pictures();
    let shots = (0_i64..).zip(&pictures).map(|(place, (name, bytes))| {
        let file = folder.path().join(name);
        fs::write(&file, bytes).unwrap();
        json!({
            "id": name,
            "name": name,
            "sequence_id": "010",
            "data": {"frame_in": 24 * place, "frame_out": 24 * place + 24},
            "thumbnail": {"file": file},
        })
    });
    let snapshot = json!({
        "watchtower_tracker": 1,
        "project": project,
        "sequences": [{"id": "010", "name": "010"}],
        "shots": shots.collect::<Vec<_>>(),
    });
    let listed = json!({"watchtower_tracker": 1, "projects": [project]});
    fs::write(documents.join("project-list.json"), listed.to_string()).unwrap();
    fs::write(
        documents.join("projects/corners.json"),
        snapshot.to_string(),
    )
    .unwrap();
    for format in FORMATS {
        let seen = |how: &[&str], name: &str| {
            let site = folder.path().join(format!("{format}-{name}"));
            let (media, documents) = (folder.path().to_str(), documents.to_str());
            let files = ["files", documents.unwrap(), "--media-root", media.unwrap()];
            let arguments = [&files, how].concat();
            export(&arguments, format, &site);
            corners_seen(&site, format, &format!("corners-{name}")).0
        };
        assert_eq!(seen(&[], "contain"), [12; 4], "{format}");
        // As they are, the client cuts the large ones, and does not draw the small ones.
        let uncut = seen(&["--pictures-as-they-are"], "as-they-are");
        assert!(uncut[2] < 4, "{format}: {uncut:?}");
    }
}

/// How often each corner of the frame is seen in the grid of a site's first project, and how many shots have a
/// picture.
fn corners_seen(site: &Path, format: &'static str, name: &str) -> ([usize; 4], usize) {
    let inspected = Inspected::new(site, format, name, &[]);
    let views = inspected.views();
    let grid = PathBuf::from(text(&views[0].seen["grid"]));
    let shots = views[0].shots();
    let pictured = shots.iter().filter(|it| it.picture.is_some()).count();
    (CORNERS.map(|colour| patches(&grid, colour, 12)), pictured)
}

#[test]
fn pictures_of_a_sheet_and_of_a_program_are_seen_whole() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("sheet")).unwrap();
    let mut sheet = "Sequence,Name,Frame in,Frame out,Picture\n".to_owned();
    let mut shots = Vec::new();
    for (place, (name, bytes)) in (0_i64..).zip(&pictures()) {
        fs::write(at("sheet").join(name), bytes).unwrap();
        let (start, end) = (24 * place, 24 * place + 24);
        sheet += &format!("010,{:04},{start},{end},{name}\n", 10 * place);
        shots.push(json!({
            "id": name,
            "name": name,
            "sequence_id": "010",
            "data": {"frame_in": start, "frame_out": end},
            "thumbnail": {"file": at("sheet").join(name)},
        }));
    }
    fs::write(at("sheet/shots.csv"), sheet).unwrap();
    let project = json!({"id": "film", "name": "Film", "fps": 24.0});
    let told = json!({
        "watchtower_tracker": 1,
        "project": project,
        "sequences": [{"id": "010", "name": "010"}],
        "shots": shots,
    });
    let listed = json!({"watchtower_tracker": 1, "projects": [project]});
    fs::create_dir_all(at("told/projects")).unwrap();
    fs::write(at("told/project-list.json"), listed.to_string()).unwrap();
    fs::write(at("told/projects/film.json"), told.to_string()).unwrap();
    let (sheet, told) = (at("sheet"), at("told"));
    // It prints what it is asked for.
    let program = "cat \"$0/${2:+projects/}${2:-project-list}.json\"";
    let program = ["process", "--", "/bin/sh", "-c", program];
    for (name, arguments) in [
        ("sheet", &["spreadsheet", sheet.to_str().unwrap()][..]),
        (
            "program",
            &[&program[..], &[told.to_str().unwrap()]].concat(),
        ),
    ] {
        for format in FORMATS {
            let site = at(&format!("{format}-{name}"));
            let mut export = watchtower();
            export.args([
                "export",
                arguments[0],
                "--quiet",
                "--format",
                format,
                "--output",
            ]);
            run(export.arg(&site).args(&arguments[1..]), 0);
            let seen = corners_seen(&site, format, &format!("pictures-{name}"));
            assert_eq!(seen, ([12; 4], 12), "{name}, {format}");
        }
    }
}

#[test]
fn pictures_of_the_recorded_ayon_are_seen_whole() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // AYON makes pictures of at most 600 pixels.
    let mut picture = Cursor::new(Vec::new());
    let frame = frame(600, 338);
    frame.write_to(&mut picture, ImageFormat::Jpeg).unwrap();
    let thumbnail = ResponseTemplate::new(200).set_body_raw(picture.into_inner(), "image/jpeg");
    let ayon = runtime.block_on(async {
        let recorded = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../crates/watchtower-connector/tests/recorded/ayon"
        );
        let ayon = RecordedAyon::start(recorded).await;
        Mock::given(path_regex("^/api/projects/.*/thumbnail$"))
            .respond_with(thumbnail)
            .mount(ayon.server())
            .await;
        ayon
    });
    for format in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let mut export = watchtower();
        export.env("AYON_SERVER_URL", ayon.url());
        export.env("AYON_API_KEY", ayon_server::KEY);
        export.args(["export", "ayon", "--quiet", "--format", format]);
        run(export.arg("--output").arg(folder.path()), 0);
        let (seen, pictured) = corners_seen(folder.path(), format, "pictures-ayon");
        assert!(pictured > 0, "{format}");
        assert_eq!(seen, [pictured; 4], "{format}");
    }
}

/// Writes a folder for `watchtower export files`: the example's shots, of which `known` says what their tracker
/// knows.
fn write_known(example: &Path, folder: &Path, known: impl Fn(usize, &Value) -> Value) {
    let index = read(example, "data/projects-list/index.json");
    let id = text(&index["projects"][0]["id"]);
    let document = |file: &str| read(example, &format!("data/projects/{id}/{file}"));
    let told = document("project.json");
    let project = json!({"id": "film", "name": "Film", "fps": 24.0});
    let mut sequences = document("sequences.json");
    for episode in list(&told["episodes"]) {
        for of_episode in list(&episode["sequences"]) {
            let all = sequences.as_array_mut().unwrap().iter_mut();
            let sequence = all.into_iter().find(|it| it["id"] == of_episode["id"]);
            sequence.unwrap()["episode_id"] = episode["id"].clone();
        }
    }
    let episodes = list(&told["episodes"]).iter();
    let episodes: Vec<_> = episodes
        .map(|it| json!({"id": it["id"], "name": it["name"]}))
        .collect();
    let shots = document("shots.json");
    let shots = list(&shots).iter().enumerate().map(|(number, shot)| {
        json!({
            "id": shot["id"],
            "name": shot["name"],
            "sequence_id": shot["sequence_id"],
            "data": known(number, &shot["data"]),
            "thumbnail": {"file": example.join(text(&shot["thumbnailUrl"]))},
        })
    });
    let snapshot = json!({
        "watchtower_tracker": 1,
        "project": project,
        "episodes": episodes,
        "sequences": sequences,
        "shots": shots.collect::<Vec<_>>(),
    });
    let listed = json!({"watchtower_tracker": 1, "projects": [project]});
    fs::create_dir_all(folder.join("projects")).unwrap();
    fs::write(folder.join("project-list.json"), listed.to_string()).unwrap();
    fs::write(folder.join("projects/film.json"), snapshot.to_string()).unwrap();
}

impl View<'_> {
    /// Demands that the grid has every shot, and the timeline those that have a place on it.
    fn has_every_shot(&self, all: usize, on_timeline: usize) {
        self.is_undisturbed(&[NO_MOVIE]);
        self.shows_every_shot(all, on_timeline);
    }

    /// The same, whatever the client throws.
    fn shows_every_shot(&self, all: usize, on_timeline: usize) {
        let name = self.name();
        let shots = self.shots();
        assert_eq!(self.seen["state"]["shots"], all, "{name}");
        assert_eq!(shots.len(), all, "{name}");
        let total = number(&self.seen["state"]["totalFrames"]);
        let placed: Vec<_> = shots.iter().filter(|it| it.on_timeline).collect();
        assert_eq!(placed.len(), on_timeline, "{name}");
        assert!(placed.iter().all(|it| it.end <= total), "{name}");
        let others = shots.iter().filter(|it| !it.on_timeline);
        assert!(others.into_iter().all(|it| it.start > total), "{name}");
        for canvas in list(&self.seen["canvas"]) {
            // Without assets and names, there is little text.
            let drawn = number(&canvas["drawn"]);
            assert!(is_drawn(canvas) || drawn > 0.0005, "{name}: {canvas}");
        }
    }
}

#[test]
fn a_wall_has_every_shot_whatever_is_known_of_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let film = folder.path().join("example");
    export(&["example"], "v1", &film);
    let series = folder.path().join("series");
    export(&["example", "--episodes", "2"], "v1", &series);
    let nothing = |_: usize, _: &Value| json!({});
    let half = |number: usize, data: &Value| match number % 2 {
        0 => data.clone(),
        _ => json!({}),
    };
    let documents = |name: &str| folder.path().join(name);
    write_known(&film, &documents("nothing"), nothing);
    write_known(&film, &documents("half"), half);
    write_known(&series, &documents("episodes"), nothing);
    let cut = folder.path().join("cut.otio");
    run(
        watchtower()
            .args(["edit", "write"])
            .arg(&film)
            .arg("--output")
            .arg(&cut),
        0,
    );
    let (cut, index) = (
        cut.to_str().unwrap(),
        read(&film, "data/projects-list/index.json"),
    );
    let id = text(&index["projects"][0]["id"]);
    let movie = read(&film, &format!("data/projects/{id}/edits.json"));
    let movie = film.join(text(&movie[0]["sourceName"]));
    let movie = movie.to_str().unwrap();
    let with_edit = ["--edit", cut, "--edit-movie", movie];
    for format in FORMATS {
        for (name, documents, options, on_timeline) in [
            ("without-ranges", "nothing", &[][..], 24),
            ("half-ranges", "half", &[][..], 12),
            ("series-without-ranges", "episodes", &[][..], 24),
            ("edit-over-nothing", "nothing", &with_edit[..], 24),
            ("edit-over-half", "half", &with_edit[..], 24),
        ] {
            let site = folder.path().join(format!("{format}-{name}"));
            let from = folder.path().join(documents);
            let root = folder.path().to_str().unwrap();
            let files = ["files", from.to_str().unwrap(), "--media-root", root];
            let arguments = [&files[..], options].concat();
            export(&arguments, format, &site);
            let inspected = Inspected::new(&site, format, name, &[]);
            let views = inspected.views();
            match (name, format) {
                ("series-without-ranges", "v1") => {
                    assert_eq!(views.len(), 2);
                    let all = views.iter().map(|it| it.shots().len());
                    assert_eq!(all.sum::<usize>(), on_timeline);
                    views
                        .iter()
                        .for_each(|it| it.has_every_shot(it.shots().len(), it.shots().len()));
                }
                _ => views[0].has_every_shot(24, on_timeline),
            }
            if options.is_empty() {
                continue;
            }
            views[0].plays();
            views[0].shows_the_shots_chosen();
        }
    }
}

#[test]
fn the_kitsu_films_work() {
    let kitsu = Kitsu::running();
    for format in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        twice(format, || {
            // A beat in which nothing changed would add nothing to the history.
            let mut export = kitsu.export(folder.path());
            run(export.args(["--format", format, "--full-every", "0"]), 0);
        });
        let inspected = Inspected::new(
            folder.path(),
            format,
            "kitsu",
            &["Nasty Film", "Nasty No Edit"],
        );
        inspected.home_works();
        let mut met = BTreeSet::new();
        for view in inspected.views() {
            let name = text(&view.seen["state"]["name"]);
            match name {
                "Small Series" if format == "v0" => view.works_without_a_movie(),
                "Small Film" | "Nasty Film" | "Small Series" => view.works(),
                "Nasty No Edit" | "Lengths Only" => view.works_without_a_movie(),
                // It has no shots.
                "Asset Library" => view.is_undisturbed(&[NO_MOVIE]),
                _ => panic!("an unknown project {name}"),
            }
            met.insert(name.to_owned());
        }
        assert_eq!(met.len(), kitsu.project_count());
    }
}

#[test]
fn the_flow_films_work() {
    let counterpart = Counterpart::start(&[]);
    let films = ["Film With Cut", "Série — Été", "Names Only"];
    for format in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        twice(format, || {
            let mut export = counterpart.export(folder.path());
            export.args(["--format", format]);
            run(
                export.args(films.iter().flat_map(|it| ["--project", it])),
                0,
            );
        });
        let inspected = Inspected::new(folder.path(), format, "flow", &["Film With Cut"]);
        inspected.home_works();
        let mut met = BTreeSet::new();
        for view in inspected.views() {
            let name = text(&view.seen["state"]["name"]).to_owned();
            // Nobody works on the others, so they have no menus.
            match (&*name, view.episode) {
                ("Film With Cut", _) => view.works_whoever_has_tasks(),
                ("Names Only", _) => view.has_every_shot(3, 3),
                (_, None) => view.has_every_shot(7, 7),
                (_, Some("E101")) => {
                    view.has_every_shot(2, 2);
                    view.plays();
                }
                (_, Some("E102")) => {
                    // An episode without a movie keeps that of the one before, and the client looks for the
                    // shot that this one showed.
                    assert_eq!(view.seen["thrown"], json!([STALE_SHOT]));
                    view.shows_every_shot(4, 4);
                }
                (_, episode) => panic!("an unknown view {name} {episode:?}"),
            }
            met.insert(name);
        }
        assert_eq!(met, films.map(str::to_owned).into());
    }
}

#[test]
fn what_a_blank_canvas_or_another_project_shows_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let empty = [
        "example",
        "--sequences",
        "0",
        "--shots",
        "0",
        "--assets",
        "0",
    ];
    for format in FORMATS {
        let site = folder.path().join(format!("{format}-empty"));
        export(&empty, format, &site);
        let empty = Inspected::new(&site, format, "empty", &[]);
        let site = folder.path().join(format!("{format}-other"));
        export(
            &["example", "--sequences", "2", "--shots", "9"],
            format,
            &site,
        );
        let another = Inspected::new(&site, format, "another", &[]);

        let empty = empty.projects().next().unwrap();
        let grid = list(&empty.seen["canvas"]).iter();
        let mut grid = grid.filter(|it| it["id"] == "canvas-thumb-grid");
        assert!(!is_drawn(grid.next().unwrap()));
        // The empty project has the film's name, and so the film's stored pictures.
        for canvas in ["grid", "timeline"] {
            let film = Picture::stored(&empty.stored(canvas));
            for other in [&empty, &another.projects().next().unwrap()] {
                let seen = Picture::of_canvas(Path::new(text(&other.seen[canvas])));
                let difference = seen.shows(&film);
                assert!(difference.is_err(), "{}: {canvas}", other.name());
            }
        }
    }
}

#[test]
fn the_page_reloads_itself_when_an_export_lands() {
    for format in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let site = folder.path().join("site");
        export(&["example"], format, &site);
        let client = wheel(format);
        let server = Serving::start(&site, &["--client".as_ref(), client.as_os_str()]);
        let mut node = browser_script("reload.mjs");
        node.args(["--origin", &server.url]).stdout(Stdio::piped());
        let mut browser = node.spawn().unwrap();
        let mut lines = BufReader::new(browser.stdout.take().unwrap()).lines();
        let mut projects = || {
            let line = lines.next().expect("the page was not loaded anew");
            let page: Value = serde_json::from_str(&line.unwrap()).unwrap();
            undisturbed(&page, format, &[]);
            page["projects"].clone()
        };
        assert_eq!(projects(), json!(["The Salt Lantern"]));
        export(&["example", "--episodes", "2"], format, &site);
        assert_eq!(projects(), json!(["Salt Lantern Tales"]));
        assert!(browser.wait().unwrap().success());
    }
}

#[test]
fn an_edit_alone_is_a_wall_that_can_be_looked_at() {
    for format in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let movie = path("cut.mp4");
        let colours = ["red", "green", "blue", "yellow"];
        let mut arguments: Vec<String> = Vec::new();
        let mut inputs = String::new();
        for (at, colour) in colours.iter().enumerate() {
            let source = format!("color={colour}:size=320x180:rate=24:duration=2");
            arguments.extend(["-f".into(), "lavfi".into(), "-i".into(), source]);
            inputs += &format!("[{at}]");
        }
        let joined = format!("{inputs}concat=n={}", colours.len());
        let coded = "-c:v libx264 -pix_fmt yuv420p -g 12";
        arguments.extend(["-filter_complex".to_owned(), joined]);
        arguments.extend(coded.split(' ').map(str::to_owned));
        ffmpeg(
            arguments
                .into_iter()
                .chain([movie.to_str().unwrap().to_owned()]),
        );
        let event = |at: usize| {
            let time = |second: usize| format!("01:00:{second:02}:00");
            let (start, end) = (time(2 * at), time(2 * at + 2));
            let sequence = 10 * (at / 2 + 1);
            format!(
                "{:03}  AX  V  C  00:00:00:00 00:00:02:00 {start} {end}\n\
                 * FROM CLIP NAME: {sequence:03}_{:04}_anim_v003.mov\n",
                at + 1,
                10 * (at % 2 + 1),
            )
        };
        let list = (0..colours.len()).map(event).collect::<String>();
        fs::write(path("cut.edl"), format!("TITLE: Small Film\n{list}")).unwrap();
        let site = path("site");
        let mut view = watchtower();
        // Where `ffmpeg` is, which takes the pictures from the movie.
        view.env("PATH", std::env::var_os("PATH").unwrap());
        view.args([
            "view", "edit", "--port", "0", "--fps", "24", "--format", format,
        ]);
        view.arg(path("cut.edl")).arg("--movie").arg(&movie);
        view.arg("--client")
            .arg(wheel(format))
            .arg("--output")
            .arg(&site);
        let server = Serving::of(&mut view);
        let screenshots = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../target/screenshots/{format}-view-edit"));
        let mut node = browser_script("view.mjs");
        node.args(["--origin", &server.url, "--output"])
            .arg(screenshots);
        let seen = run(&mut node, 0);
        drop(server);
        let seen: Value = serde_json::from_slice(&seen.stdout).unwrap();
        undisturbed(&seen, format, &[]);
        let state = &seen["state"];
        assert_eq!(state["shots"], 4, "{seen}");
        assert_eq!(state["sequences"], 2, "{seen}");
        assert_eq!(state["totalFrames"], 192, "{seen}");
        assert!(seen["player"]["readyState"].as_u64() >= Some(2), "{seen}");
        let place = &seen["place"];
        let expected = number(&place["frame"]) / 24.0;
        assert!(number(&place["frame"]) > 0.0, "{seen}");
        assert!(
            (number(&place["currentTime"]) - expected).abs() < 0.5 / 24.0,
            "{seen}"
        );

        let inspected = Inspected::new(&site, format, "edit-alone", &[]);
        let views = inspected.views();
        assert_eq!(views.len(), 1);
        views[0].plays();
        let pictures = views[0].shots().into_iter().filter_map(|it| it.picture);
        assert_eq!(pictures.count(), 4, "each shot has its frame of the movie");
    }
}

/// A movie of each kind that comes from editors, cameras and phones: a name, and what ffmpeg makes of it.
const MOVIES: [(&str, &str); 30] = [
    ("av1.mp4", "-c:v libaom-av1 -cpu-used 8 -pix_fmt yuv420p"),
    ("cineform.mov", "-c:v cfhd"),
    (
        "dnxhd.mov",
        "-s 1920x1080 -c:v dnxhd -b:v 115M -pix_fmt yuv422p",
    ),
    (
        "dnxhr.mov",
        "-s 640x360 -c:v dnxhd -profile:v dnxhr_lb -pix_fmt yuv422p",
    ),
    ("dv.mov", "-s 720x576 -r 25 -c:v dvvideo -pix_fmt yuv420p"),
    ("h263.mov", "-s 176x144 -c:v h263"),
    ("h264-10-bit.mp4", "-c:v libx264 -pix_fmt yuv420p10le"),
    ("h264-422-10-bit.mp4", "-c:v libx264 -pix_fmt yuv422p10le"),
    ("h264-422.mp4", "-c:v libx264 -pix_fmt yuv422p"),
    ("h264-444.mp4", "-c:v libx264 -pix_fmt yuv444p"),
    (
        "h264-baseline.mp4",
        "-c:v libx264 -profile:v baseline -pix_fmt yuv420p",
    ),
    (
        "h264-fragments.mp4",
        "-c:v libx264 -pix_fmt yuv420p -movflags +frag_keyframe+empty_moov",
    ),
    ("h264-full-range.mp4", "-c:v libx264 -pix_fmt yuvj420p"),
    (
        "h264-interlaced.mp4",
        "-c:v libx264 -pix_fmt yuv420p -flags +ildct+ilme -x264opts tff=1",
    ),
    (
        "h264-pcm-16.mov",
        "-c:v libx264 -pix_fmt yuv420p -c:a pcm_s16le",
    ),
    (
        "h264-pcm-24.mov",
        "-c:v libx264 -pix_fmt yuv420p -c:a pcm_s24le",
    ),
    (
        "h264-timecode.mov",
        "-c:v libx264 -pix_fmt yuv420p -timecode 01:00:00:00",
    ),
    ("hap.mov", "-c:v hap"),
    (
        "hevc-10-bit.mp4",
        "-c:v libx265 -x265-params log-level=none -pix_fmt yuv420p10le",
    ),
    (
        "hevc.mp4",
        "-c:v libx265 -x265-params log-level=none -tag:v hvc1 -pix_fmt yuv420p",
    ),
    ("jpeg.mov", "-c:v mjpeg -pix_fmt yuvj420p"),
    ("jpeg.mp4", "-c:v mjpeg -pix_fmt yuvj420p"),
    ("mpeg-2.mov", "-c:v mpeg2video"),
    ("mpeg-4.mp4", "-c:v mpeg4"),
    (
        "prores-4444.mov",
        "-c:v prores_ks -profile:v 4 -pix_fmt yuva444p10le",
    ),
    ("prores-of-odd-size.mov", "-s 63x41 -c:v prores_ks"),
    (
        "prores.mov",
        "-c:v prores_ks -profile:v 3 -pix_fmt yuv422p10le",
    ),
    ("quicktime-animation.mov", "-c:v qtrle"),
    ("uncompressed.mov", "-c:v v210"),
    ("vp9.mp4", "-c:v libvpx-vp9 -pix_fmt yuv420p"),
];

fn ffmpeg(arguments: impl IntoIterator<Item = String>) {
    let mut command = std::process::Command::new("ffmpeg");
    command
        .args(["-nostdin", "-loglevel", "error", "-y"])
        .args(arguments);
    run(&mut command, 0);
}

/// What is known of a movie once a project with it was exported and opened.
struct Shown {
    /// What the summary says of it.
    note: Option<String>,
    plays: bool,
    /// Whether the browser says that it decodes HEVC.
    has_hevc: bool,
}

/// Exports a project for each movie, and opens them all in the client.
fn show_movies(folder: &Path, format: &str, name: &str, movies: &[PathBuf]) -> Vec<Shown> {
    let documents = folder.join(format!("{name}-documents"));
    fs::create_dir_all(documents.join("projects")).unwrap();
    let mut listed = Vec::new();
    for (place, movie) in movies.iter().enumerate() {
        let id = format!("movie-{place:02}");
        let title = movie.file_name().unwrap().to_str().unwrap();
        let fps = if title.contains("dv.mov") { 25 } else { 24 };
        let project = json!({"id": id, "name": title, "fps": fps});
        let snapshot = json!({
            "watchtower_tracker": 1,
            "project": project,
            "sequences": [{"id": "010", "name": "010"}],
            "shots": [{"id": "a", "name": "a", "sequence_id": "010",
                "data": {"frame_in": 0, "frame_out": 12}}],
            "edits": [{"id": "edit", "name": "Edit", "movie": {"file": movie}}],
        });
        let file = documents.join(format!("projects/{id}.json"));
        fs::write(file, snapshot.to_string()).unwrap();
        listed.push(project);
    }
    let listed = json!({"watchtower_tracker": 1, "projects": listed});
    fs::write(documents.join("project-list.json"), listed.to_string()).unwrap();
    let site = folder.join(format!("{name}-site"));
    let mut export = watchtower();
    export
        .args(["export", "files", "--json", "--format", format])
        .arg(&documents)
        .arg("--media-root")
        .arg(folder);
    let summary = run(export.arg("--output").arg(&site), 0);
    let summary: Value = serde_json::from_slice(&summary.stdout).unwrap();
    let report = inspect(&site, format, name, &[]);
    let notes = list_of_notes(&summary);
    let players = list(&report["projects"]).iter().map(|it| &it["player"]);
    assert_eq!(players.len(), movies.len());
    let shown = players.zip(notes).map(|(player, note)| Shown {
        note,
        // Enough is there to show a frame, and a frame has a size.
        plays: player["readyState"].as_u64() >= Some(2) && player["width"].as_u64() > Some(0),
        has_hevc: player["hevc"] == true,
    });
    shown.collect()
}

/// What the summary says of each project's movie.
fn list_of_notes(summary: &Value) -> impl Iterator<Item = Option<String>> {
    let projects = list(&summary["projects"]).iter();
    projects.map(|project| {
        let mut notes = list(&project["notes"]).iter().map(text);
        let note = notes.find(|it| it.starts_with("the movie of the edit"))?;
        Some(note.to_owned())
    })
}

#[test]
fn movies_play_as_the_warning_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let source =
        "-f lavfi -i testsrc=size=64x64:rate=24:duration=0.5 -f lavfi -i sine=duration=0.5";
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let movies: Vec<_> = MOVIES
        .iter()
        .map(|(name, codec)| {
            let output = path(name);
            let arguments = words(source).into_iter().chain(words(codec));
            ffmpeg(arguments.chain([output.to_str().unwrap().to_owned()]));
            output
        })
        .collect();
    let mut mended = Vec::new();
    for (
        Shown {
            note,
            plays,
            has_hevc,
        },
        (name, _),
    ) in show_movies(folder.path(), "v0", "codecs", &movies)
        .iter()
        .zip(MOVIES)
    {
        let said = note.as_deref().unwrap_or("nothing");
        match said {
            // This depends on the machine, which says whether it has one.
            _ if said.contains("only on machines that have a decoder") => {
                assert!(name.starts_with("hevc"), "{name}: {said}");
                assert_eq!(*plays, *has_hevc, "{name}: {said}");
            }
            _ if name.starts_with("hevc") => panic!("{name}: {said}"),
            _ if said.contains("no browser plays") => assert!(!plays, "{name} plays: {said}"),
            _ => assert!(plays, "{name} does not play: {said}"),
        }
        let Some((_, remedy)) = said.split_once("this makes one that plays: ffmpeg ") else {
            assert_eq!(note.as_deref(), None, "{name}");
            continue;
        };
        let output = path(&format!("mended-{name}.mp4"));
        let argument = |word: String| match word.as_str() {
            "INPUT" => path(name).to_str().unwrap().to_owned(),
            "OUTPUT.mp4" => output.to_str().unwrap().to_owned(),
            _ => word,
        };
        ffmpeg(words(remedy).into_iter().map(argument));
        mended.push(output);
    }
    assert_eq!(mended.len(), 22);
    for (shown, movie) in show_movies(folder.path(), "v1", "mended", &mended)
        .iter()
        .zip(&mended)
    {
        let name = movie.display();
        assert_eq!(shown.note, None, "{name}");
        assert!(shown.plays, "{name} does not play");
    }
}
