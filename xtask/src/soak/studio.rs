//! The studio: changes what the server holds, and knows what it ever held.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::zou::{Refusal, Zou};

/// How a shot is named that counts.
pub(super) const CLOCK: &str = "clock-";

/// How long the server may be away.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// How many projects of its own it has at most.
const MOST_PROJECTS: usize = 6;

/// What was true at some time.
#[derive(Debug, Default)]
pub(super) struct Truth {
    /// The statuses that each task ever had, or was to have.
    pub(super) statuses: BTreeMap<String, BTreeSet<String>>,
    /// To what each shot that counts has counted, or was to count.
    pub(super) clocks: BTreeMap<String, u64>,
    /// What was to be removed: projects, shots and tasks, by their ids.
    pub(super) removed: BTreeSet<String>,
    /// How often the answer to something new got lost, so that its id is not known.
    pub(super) lost: usize,
}

/// Something that is done, and how often of a hundred times.
type Change<'a> = (usize, &'static str, fn(&mut Studio<'a>) -> Done);

/// Why a change was not made.
#[derive(Debug)]
enum Trouble {
    Refused(Refusal),
    /// There is nothing to change, or too much already.
    NotNow,
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

type Done = Result<(), Trouble>;

/// Somebody who works all the time.
#[derive(Debug)]
pub(super) struct Studio<'a> {
    zou: &'a Zou,
    truth: &'a Mutex<Truth>,
    rng: fastrand::Rng,
    statuses: Vec<String>,
    shot_task_type: String,
    open: String,
    closed: String,
    counts: BTreeMap<&'static str, usize>,
    /// Counts what is named.
    number: u64,
    picture: PathBuf,
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_default().to_owned()
}

impl<'a> Studio<'a> {
    const CHANGES: [Change<'a>; 15] = [
        (30, "statuses set", Self::set_status),
        (18, "shots that counted", Self::count),
        (6, "shots added", Self::add_shot),
        (5, "shots removed", Self::remove_shot),
        (8, "frame ranges", Self::move_shot),
        (6, "comments with a status", Self::comment),
        (6, "pictures of shots", Self::add_picture),
        (3, "pictures of projects", Self::change_project_picture),
        (2, "pictures of people", Self::change_avatar),
        (4, "castings", Self::cast),
        (2, "people renamed", Self::rename_person),
        (2, "statuses in another colour", Self::colour_status),
        (4, "projects added", Self::add_project),
        (
            2,
            "projects archived, or not any more",
            Self::archive_project,
        ),
        (2, "projects removed", Self::remove_project),
    ];

    pub(super) fn new(zou: &'a Zou, truth: &'a Mutex<Truth>, rng: fastrand::Rng) -> Result<Self> {
        let list = |path: &str| -> Result<Vec<Value>> {
            let answer = zou.ask("GET", path, &Value::Null)?;
            answer.as_array().cloned().context("a list")
        };
        let statuses = list("data/task-status")?;
        let statuses = statuses
            .iter()
            .filter(|it| it["archived"] != true && it["for_concept"] != true);
        let types = list("data/task-types")?;
        let shot_type = types
            .iter()
            .find(|it| it["for_entity"] == "Shot" && it["archived"] != true);
        let states = list("data/project-status")?;
        let state = |name: &str| {
            let same = |it: &&Value| {
                it["name"]
                    .as_str()
                    .is_some_and(|it| it.eq_ignore_ascii_case(name))
            };
            states
                .iter()
                .find(same)
                .map(id)
                .context("a status of projects")
        };
        let mut studio = Self {
            zou,
            truth,
            rng,
            statuses: statuses.map(id).collect(),
            shot_task_type: shot_type.map(id).context("a type of task")?,
            open: state("open")?,
            closed: state("closed")?,
            counts: BTreeMap::new(),
            number: 0,
            picture: std::env::temp_dir().join(format!("soak-{}.png", std::process::id())),
        };
        // What an earlier run left.
        for project in list("data/projects")? {
            if project["name"]
                .as_str()
                .is_some_and(|it| it.starts_with("Soak"))
            {
                let path = format!("data/projects/{}", id(&project));
                zou.ask("PUT", &path, &json!({"project_status_id": studio.closed}))?;
                zou.ask("DELETE", &format!("{path}?force=true"), &Value::Null)?;
            }
        }
        for project in list("data/projects")? {
            for task in list(&format!("data/projects/{}/tasks", id(&project)))? {
                studio.know_task(&task);
            }
        }
        for _ in 0..3 {
            studio
                .add_project()
                .map_err(|it| anyhow::anyhow!("{it:?}"))?;
        }
        Ok(studio)
    }

    /// How many changes were made.
    pub(super) fn done(&self) -> usize {
        self.counts.values().sum()
    }

    pub(super) fn counts(&self) -> &BTreeMap<&'static str, usize> {
        &self.counts
    }

    /// Changes one thing after the other until something is over, or it is late.
    pub(super) fn change_until(&mut self, is_over: impl Fn() -> bool, end: Instant) -> Result<()> {
        while !is_over() && Instant::now() < end {
            let mut place = self.rng.usize(..100);
            let change = Self::CHANGES
                .iter()
                .find(|(share, ..)| match place.checked_sub(*share) {
                    Some(rest) => {
                        place = rest;
                        false
                    }
                    None => true,
                });
            let Some((_, what, change)) = change else {
                continue;
            };
            match change(self) {
                Ok(()) => *self.counts.entry(what).or_default() += 1,
                Err(Trouble::NotNow) => continue,
                Err(Trouble::Refused(Refusal::Lost(_))) => {
                    thread::sleep(Duration::from_millis(300));
                }
                Err(Trouble::Refused(Refusal::Status(status))) => {
                    // A server that has just started is not itself yet.
                    *self.counts.entry("refused by the server").or_default() += 1;
                    println!("         {what}: the server said {status}");
                    thread::sleep(Duration::from_millis(300));
                }
            }
            // At times one thing a second is changed, at times as much as the server takes.
            thread::sleep(Duration::from_millis(self.rng.u64(0..700)));
        }
        Ok(())
    }

    fn truth(&self) -> MutexGuard<'a, Truth> {
        self.truth.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, path: &str) -> Result<Vec<Value>, Trouble> {
        let answer = self.zou.ask("GET", path, &Value::Null)?;
        Ok(answer.as_array().cloned().unwrap_or_default())
    }

    /// Asks until there is an answer, for what may be done twice.
    fn surely(&self, method: &str, path: &str, body: &Value) -> Done {
        let start = Instant::now();
        loop {
            match self.zou.ask(method, path, body) {
                Err(Refusal::Lost(_)) if start.elapsed() < LONGEST => {
                    thread::sleep(Duration::from_millis(300));
                }
                // It was done by the one whose answer got lost.
                Err(Refusal::Status(status)) if method == "DELETE" && status == "404" => {
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
                Ok(_) => return Ok(()),
            }
        }
    }

    /// Makes something. Where the answer is lost nobody knows its id.
    fn make(&self, path: &str, body: &Value) -> Result<Value, Trouble> {
        self.zou.ask("POST", path, body).map_err(|error| {
            self.truth().lost += 1;
            error.into()
        })
    }

    fn one_of<T: Clone>(&mut self, from: &[T]) -> Result<T, Trouble> {
        self.rng.choice(from).cloned().ok_or(Trouble::NotNow)
    }

    fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    /// Any project that is shown.
    fn any_project(&mut self) -> Result<String, Trouble> {
        let projects = self.get("data/projects/open")?;
        self.one_of(&projects).map(|it| id(&it))
    }

    /// The projects that are its own.
    fn own_projects(&self) -> Result<Vec<Value>, Trouble> {
        let mut projects = self.get("data/projects")?;
        projects.retain(|it| it["name"].as_str().is_some_and(|it| it.starts_with("Soak")));
        Ok(projects)
    }

    /// One of its own that is shown.
    fn own_project(&mut self) -> Result<String, Trouble> {
        let mut projects = self.own_projects()?;
        projects.retain(|it| it["project_status_id"] == *self.open);
        self.one_of(&projects).map(|it| id(&it))
    }

    /// A shot of one of its own projects that does not count, with the project.
    fn own_shot(&mut self) -> Result<(String, Value), Trouble> {
        let project = self.own_project()?;
        let mut shots = self.get(&format!("data/projects/{project}/shots"))?;
        shots.retain(|it| it["name"].as_str().is_some_and(|it| !it.starts_with(CLOCK)));
        Ok((project, self.one_of(&shots)?))
    }

    fn any_task(&mut self) -> Result<Value, Trouble> {
        let project = self.any_project()?;
        let tasks = self.get(&format!("data/projects/{project}/tasks"))?;
        self.one_of(&tasks)
    }

    fn know_task(&self, task: &Value) {
        let status = task["task_status_id"].as_str().unwrap_or_default();
        let mut truth = self.truth();
        let known = truth.statuses.entry(id(task)).or_default();
        known.insert(status.to_owned());
    }

    fn set_status(&mut self) -> Done {
        let mut task = self.any_task()?;
        task["task_status_id"] = json!(self.one_of(&self.statuses.clone())?);
        self.know_task(&task);
        let body = json!({"task_status_id": task["task_status_id"]});
        self.surely("PUT", &format!("data/tasks/{}", id(&task)), &body)
    }

    fn comment(&mut self) -> Done {
        let mut task = self.any_task()?;
        task["task_status_id"] = json!(self.one_of(&self.statuses.clone())?);
        self.know_task(&task);
        let body = json!({"task_status_id": task["task_status_id"], "comment": "new"});
        self.make(&format!("actions/tasks/{}/comment", id(&task)), &body)?;
        Ok(())
    }

    /// Counts on, in the first of a project's two shots that count, and then in the second.
    fn count(&mut self) -> Done {
        let project = self.own_project()?;
        let mut shots = self.get(&format!("data/projects/{project}/shots"))?;
        shots.retain(|it| it["name"].as_str().is_some_and(|it| it.starts_with(CLOCK)));
        shots.sort_by_key(|it| it["nb_frames"].as_u64());
        let next = {
            let truth = self.truth();
            shots
                .iter()
                .filter_map(|it| truth.clocks.get(&id(it)).copied())
                .max()
        };
        let next = next.ok_or(Trouble::NotNow)? + 1;
        for (place, shot) in shots.iter().enumerate() {
            self.truth().clocks.insert(id(shot), next);
            let body = json!({"name": clock_name(place, next)});
            self.surely("PUT", &format!("data/entities/{}", id(shot)), &body)?;
        }
        Ok(())
    }

    fn sequence(&mut self, project: &str) -> Result<String, Trouble> {
        let sequences = self.get(&format!("data/projects/{project}/sequences"))?;
        self.one_of(&sequences).map(|it| id(&it))
    }

    fn new_shot(&mut self, project: &str, name: &str, frames: u64) -> Result<Value, Trouble> {
        let sequence = self.sequence(project)?;
        let start = self.rng.u64(..200);
        let body = json!({
            "sequence_id": sequence,
            "name": name,
            "nb_frames": frames,
            "data": {"frame_in": start, "frame_out": start + frames},
        });
        let shot = self.make(&format!("data/projects/{project}/shots"), &body)?;
        let task = json!({
            "project_id": project,
            "entity_id": shot["id"],
            "task_type_id": self.shot_task_type,
            "task_status_id": self.one_of(&self.statuses.clone())?,
            "name": "main",
        });
        let task = self.make("data/tasks", &task)?;
        self.know_task(&task);
        Ok(shot)
    }

    fn add_shot(&mut self) -> Done {
        let project = self.own_project()?;
        let (number, frames) = (self.next_number(), self.rng.u64(1..50));
        self.new_shot(&project, &format!("shot-{number:06}"), frames)?;
        Ok(())
    }

    fn remove_shot(&mut self) -> Done {
        let (project, shot) = self.own_shot()?;
        let tasks = self.get(&format!("data/projects/{project}/tasks"))?;
        let tasks = tasks.iter().filter(|it| it["entity_id"] == shot["id"]);
        self.truth()
            .removed
            .extend(tasks.map(id).chain([id(&shot)]));
        let path = format!("data/shots/{}?force=true", id(&shot));
        self.surely("DELETE", &path, &Value::Null)
    }

    fn move_shot(&mut self) -> Done {
        let (_, shot) = self.own_shot()?;
        let (start, length) = (self.rng.u64(..200), self.rng.u64(1..50));
        let body = json!({
            "nb_frames": length,
            "data": {"frame_in": start, "frame_out": start + length},
        });
        self.surely("PUT", &format!("data/entities/{}", id(&shot)), &body)
    }

    fn cast(&mut self) -> Done {
        let (project, shot) = self.own_shot()?;
        let assets = self.get(&format!("data/projects/{project}/assets"))?;
        let cast = match self.rng.bool() {
            true => vec![json!({"asset_id": id(&self.one_of(&assets)?), "nb_occurences": 1})],
            false => Vec::new(),
        };
        let path = format!("data/projects/{project}/entities/{}/casting", id(&shot));
        self.surely("PUT", &path, &json!(cast))
    }

    fn draw(&mut self) -> Result<(), Trouble> {
        let colour = [self.rng.u8(..), self.rng.u8(..), self.rng.u8(..)];
        let picture = image::RgbImage::from_pixel(64, 36, image::Rgb(colour));
        let lost = |it: image::ImageError| Trouble::Refused(Refusal::Lost(it.to_string()));
        picture.save(&self.picture).map_err(lost)
    }

    fn add_picture(&mut self) -> Done {
        let (project, shot) = self.own_shot()?;
        let tasks = self.get(&format!("data/projects/{project}/tasks"))?;
        let task = tasks.iter().find(|it| it["entity_id"] == shot["id"]);
        let task = task.ok_or(Trouble::NotNow)?;
        self.know_task(task);
        self.draw()?;
        let body = json!({"task_status_id": task["task_status_id"], "comment": "picture"});
        let path = format!("actions/tasks/{}", id(task));
        let comment = self.make(&format!("{path}/comment"), &body)?;
        let path = format!("{path}/comments/{}/add-preview", id(&comment));
        let preview = id(&self.make(&path, &json!({}))?);
        let path = format!("pictures/preview-files/{preview}?no_job=true");
        self.zou.upload(&path, &self.picture)?;
        let path = format!("actions/preview-files/{preview}/set-main-preview");
        self.surely("PUT", &path, &json!({}))
    }

    fn change_project_picture(&mut self) -> Done {
        let project = self.own_project()?;
        self.draw()?;
        let path = format!("pictures/thumbnails/projects/{project}");
        self.zou.upload(&path, &self.picture)?;
        Ok(())
    }

    fn any_person(&mut self) -> Result<Value, Trouble> {
        let mut people = self.get("data/persons")?;
        // Not ourselves.
        people.retain(|it| it["is_bot"] != true && it["role"] == "user" && it["active"] == true);
        self.one_of(&people)
    }

    fn change_avatar(&mut self) -> Done {
        let person = id(&self.any_person()?);
        self.draw()?;
        let path = format!("pictures/thumbnails/persons/{person}");
        self.zou.upload(&path, &self.picture)?;
        Ok(())
    }

    fn rename_person(&mut self) -> Done {
        let person = id(&self.any_person()?);
        let name = format!("Last{}", self.next_number());
        let path = format!("data/persons/{person}");
        self.surely("PUT", &path, &json!({"last_name": name}))
    }

    fn colour_status(&mut self) -> Done {
        let status = self.one_of(&self.statuses.clone())?;
        let colour = format!("#{:06X}", self.rng.u32(..0x100_0000));
        let path = format!("data/task-status/{status}");
        self.surely("PUT", &path, &json!({"color": colour}))
    }

    fn add_project(&mut self) -> Done {
        if self.own_projects()?.len() >= MOST_PROJECTS {
            return Err(Trouble::NotNow);
        }
        let name = format!("Soak {:04}", self.next_number());
        let body = json!({"name": name, "production_type": "short", "fps": "24"});
        let project = id(&self.make("data/projects", &body)?);
        let path = format!("data/projects/{project}");
        self.make(
            &format!("{path}/sequences"),
            &json!({"name": "010", "episode_id": null}),
        )?;
        let types = self.get("data/asset-types")?;
        let kind = types
            .iter()
            .find(|it| it["archived"] != true)
            .ok_or(Trouble::NotNow)?;
        for asset in 0..2 {
            let path = format!("{path}/asset-types/{}/assets/new", id(kind));
            self.make(&path, &json!({"name": format!("asset-{asset}")}))?;
        }
        for place in 0..2 {
            // Their lengths tell the first from the second.
            let shot = self.new_shot(&project, &clock_name(place, 0), place as u64 + 1)?;
            self.truth().clocks.insert(id(&shot), 0);
        }
        for _ in 0..3 {
            let number = self.next_number();
            self.new_shot(&project, &format!("shot-{number:06}"), 10)?;
        }
        Ok(())
    }

    fn archive_project(&mut self) -> Done {
        let projects = self.own_projects()?;
        if projects.len() < 3 {
            return Err(Trouble::NotNow);
        }
        let project = self.one_of(&projects)?;
        let other = match project["project_status_id"] == *self.closed {
            true => &self.open,
            false => &self.closed,
        };
        let path = format!("data/projects/{}", id(&project));
        self.surely("PUT", &path, &json!({"project_status_id": other}))
    }

    fn remove_project(&mut self) -> Done {
        let projects = self.own_projects()?;
        if projects.len() < 3 {
            return Err(Trouble::NotNow);
        }
        let project = id(&self.one_of(&projects)?);
        let path = format!("data/projects/{project}");
        let body = json!({"project_status_id": self.closed});
        self.surely("PUT", &path, &body)?;
        self.truth().removed.insert(project);
        self.surely("DELETE", &format!("{path}?force=true"), &Value::Null)
    }
}

/// The name of one of a project's two shots that count.
fn clock_name(place: usize, count: u64) -> String {
    format!("{CLOCK}{place}-{count:06}")
}
