//! From what a site's projects hold to a [`ProjectList`].

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use watchtower_model::{
    AssetType, FrameRate, HexColor, InvalidId, Project, ProjectId, ProjectList, TaskStatus,
    TaskStatusId, TaskType, TaskTypeId, User, UserId,
};

use super::call::CallError;
use super::cut::Cuts;
use super::media::picture;
use super::natural::{NaturalKey, by_name};
use super::query::{Query, Row, filter, of_project};
use super::records::{self, Link, as_number, fields, named};
use super::site::{Field, Schema};
use super::{EPISODE_FIELD, FPS_FIELDS, Flow, FlowSettings};
use crate::{Error, ErrorKind, Result};

/// What an asset without a type counts as.
const NO_TYPE: &str = "No type";
/// What a task without a status counts as.
const NO_STATUS: &str = "No status";

/// Statuses that mean omitted, by name or code.
const OMITTED: [&str; 6] = ["omt", "omit", "omitted", "cancelled", "canceled", "cancel"];

/// What all projects of a site share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub statuses: Vec<records::Status>,
    steps: Vec<records::Step>,
    people: Vec<records::Person>,
    /// The types that the account may not read.
    pub unseen: Vec<&'static str>,
}

/// What is read of a project to know what it shares with the others, and again for itself.
#[derive(Debug, Default)]
pub(super) struct Details {
    pub project: records::Project,
    pub episodes: Vec<records::Episode>,
    pub sequences: Vec<records::Sequence>,
    pub shots: Vec<records::Shot>,
    pub assets: Vec<records::Asset>,
    pub tasks: Vec<records::Task>,
    pub cuts: Cuts,
    /// What the project makes of the statuses of tasks.
    task_statuses: Field,
    pub omitted: Arc<Omitted>,
    /// What the account may not read.
    pub unseen: Vec<&'static str>,
}

/// Which statuses mean omitted.
#[derive(Clone, Debug, Default)]
pub(super) struct Omitted {
    words: HashSet<String>,
    codes: HashSet<String>,
}

impl Omitted {
    pub(super) fn new(statuses: &[records::Status], named: &[String]) -> Self {
        let words = OMITTED.iter().map(ToString::to_string);
        let words: HashSet<String> = words
            .chain(named.iter().map(|it| it.trim().to_lowercase()))
            .filter(|it| !it.is_empty())
            .collect();
        let statuses = statuses.iter().filter(|it| {
            let name = it.name.as_deref().unwrap_or_default();
            words.contains(&name.trim().to_lowercase())
        });
        let codes = statuses.filter_map(|it| it.code.clone()).collect();
        Self { words, codes }
    }

    /// Whether a status means omitted, by its code.
    pub(super) fn is(&self, code: Option<&str>) -> bool {
        code.is_some_and(|it| self.codes.contains(it) || self.words.contains(&it.to_lowercase()))
    }
}

impl Details {
    /// Shots that are in the film.
    pub(super) fn live_shots(&self) -> impl Iterator<Item = &records::Shot> {
        let shots = self.shots.iter();
        shots.filter(|it| !self.omitted.is(it.sg_status_list.as_deref()))
    }

    /// Assets that are in the film.
    pub(super) fn live_assets(&self) -> impl Iterator<Item = &records::Asset> {
        let assets = self.assets.iter();
        assets.filter(|it| !self.omitted.is(it.sg_status_list.as_deref()))
    }

    /// The tasks of those, and whether they are of a shot.
    fn live_tasks(&self) -> impl Iterator<Item = (&records::Task, bool)> {
        let shots: HashSet<i64> = self.live_shots().map(|it| it.id).collect();
        let assets: HashSet<i64> = self.live_assets().map(|it| it.id).collect();
        self.tasks.iter().filter_map(move |task| {
            let entity = task.entity.as_ref()?;
            match &*entity.entity {
                "Shot" => shots.contains(&entity.id).then_some((task, true)),
                "Asset" => assets.contains(&entity.id).then_some((task, false)),
                _ => None,
            }
        })
    }
}

pub(super) fn project_id(id: i64) -> ProjectId {
    ProjectId::new(format!("project-{id}")).unwrap_or_else(|_| ProjectId::derived(&[]))
}

/// The site's own id of a project.
pub(super) fn site_id(id: &ProjectId) -> Option<i64> {
    id.as_str().strip_prefix("project-")?.parse().ok()
}

/// Whether somebody means a project, by its name, code, folder name or id.
pub(super) fn is_called(project: &records::Project, asked: &str) -> bool {
    let asked = asked.to_lowercase();
    let names = [&project.name, &project.code, &project.tank_name];
    names
        .into_iter()
        .flatten()
        .any(|it| it.to_lowercase() == asked)
        || project.id.to_string() == asked
        || project_id(project.id).as_str() == asked
}

/// The id of a task's type: its step, or what it is called where it has none.
pub(super) fn task_type_id(task: &records::Task) -> String {
    match &task.step {
        Some(step) => format!("step-{}", step.id),
        None => format!("task-{}", task.content.as_deref().unwrap_or_default()),
    }
}

/// The id of a status, by its code.
pub(super) fn status_id(code: Option<&str>) -> String {
    format!("status-{}", code.unwrap_or_default())
}

/// The id of a person or group.
pub(super) fn user_id(link: &Link) -> String {
    let kind = if &*link.entity == "Group" {
        "group"
    } else {
        "person"
    };
    format!("{kind}-{}", link.id)
}

pub(super) fn asset_type(asset: &records::Asset) -> AssetType {
    AssetType::new(asset.sg_asset_type.as_deref().unwrap_or(NO_TYPE))
}

pub(super) fn invalid(operation: impl Into<String>, error: &InvalidId) -> Error {
    Error::new(ErrorKind::Invalid, operation, error.to_string())
}

/// A colour as sites have it, `253,94,99`. One that cannot be read is none.
fn color(text: Option<&str>) -> Option<HexColor> {
    let mut parts = text?.split(',').map(|it| it.trim().parse::<u8>());
    let mut part = || parts.next()?.ok();
    let color = HexColor::new(part()?, part()?, part()?);
    parts.next().is_none().then_some(color)
}

impl Flow {
    /// All projects, with the fields that studios have for their frame rate.
    pub(super) async fn projects(&self, schema: &Schema) -> Result<Vec<records::Project>> {
        let projects = self.read_projects("list the projects", schema, Vec::new());
        let mut projects = projects.await.map_err(|error| error.explained(self))?;
        projects.sort_by(|a, b| by_name(&a.title(), &b.title()).then_with(|| a.id.cmp(&b.id)));
        Ok(projects)
    }

    async fn read_projects(
        &self,
        operation: &str,
        schema: &Schema,
        filters: Vec<serde_json::Value>,
    ) -> Result<Vec<records::Project>, CallError> {
        let fps_fields: Vec<&str> = match &self.settings.fps_field {
            Some(field) => vec![field],
            None => FPS_FIELDS.to_vec(),
        };
        let mut fields = schema.present("Project", fields("Project"));
        fields.extend(schema.present("Project", &fps_fields));
        let query = Query::new("Project", fields, filters);
        self.read(operation, &query).await
    }

    /// What all projects share. What the account may not read of it is left to the links to name.
    pub(super) async fn shared(&self) -> Result<Shared> {
        let (statuses, steps, people) = tokio::try_join!(
            self.read_if_allowed("list the statuses", "Status"),
            self.read_if_allowed("list the pipeline steps", "Step"),
            self.read_if_allowed("list the people", "HumanUser"),
        )?;
        let unseen = [
            ("Status", statuses.is_none()),
            ("Step", steps.is_none()),
            ("HumanUser", people.is_none()),
        ];
        let unseen = unseen.into_iter().filter(|it| it.1).map(|it| it.0);
        let unseen: Vec<_> = unseen.collect();
        self.unseen().clone_from(&unseen);
        Ok(Shared {
            statuses: statuses.unwrap_or_default(),
            steps: steps.unwrap_or_default(),
            people: people.unwrap_or_default(),
            unseen,
        })
    }

    async fn read_if_allowed<R: Row>(
        &self,
        operation: &str,
        entity: &'static str,
    ) -> Result<Option<Vec<R>>> {
        let query = Query::new(entity, fields(entity).to_vec(), Vec::new());
        self.allowed(self.read(operation, &query).await)
    }

    /// None for what rules forbid to read.
    pub(super) fn allowed<T>(&self, read: Result<T, CallError>) -> Result<Option<T>> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(error) if error.is_forbidden() => {
                let error = error.explained(self);
                tracing::debug!(%error, "the account may not read it");
                self.sight.is_of_part("");
                Ok(None)
            }
            Err(error) => Err(error.explained(self)),
        }
    }

    /// Reads what a project holds, for the list. A project that the account may not read is listed without:
    /// who reads it is told why.
    pub(super) async fn details_for_list(
        &self,
        project: &records::Project,
        schema: &Schema,
    ) -> Result<Option<Details>> {
        self.allowed(self.read_details(project.clone(), schema).await)
    }

    /// Reads a project that was listed before.
    pub(super) async fn read_project(&self, project: &Project, schema: &Schema) -> Result<Details> {
        let operation = format!("read the project {}", project.name);
        let gone = || Error::new(ErrorKind::NotFound, &*operation, "it is not there any more");
        let id = site_id(&project.id).ok_or_else(gone)?;
        let filters = vec![filter("id", "is", serde_json::json!([id]))];
        let read = self.read_projects(&operation, schema, filters).await;
        let mut projects = read.map_err(|error| error.explained(self))?;
        let project = projects.pop().filter(|it| it.id == id).ok_or_else(gone)?;
        let details = self.read_details(project, schema).await;
        details.map_err(|error| error.explained(self))
    }

    async fn read_details(
        &self,
        project: records::Project,
        schema: &Schema,
    ) -> Result<Details, CallError> {
        let title = project.title();
        let (id, schema) = (project.id, schema);
        let (statuses, task_statuses, episodes, sequences, shots, assets, tasks, cuts) = tokio::try_join!(
            async { Ok(self.omitted().await?) },
            async { Ok(self.task_statuses_of(id).await?) },
            self.read_of::<records::Episode>("episodes", "Episode", &title, id, schema),
            self.read_with_episodes::<records::Sequence>(
                "sequences",
                "Sequence",
                &title,
                id,
                schema
            ),
            self.read_with_episodes::<records::Shot>("shots", "Shot", &title, id, schema),
            self.read_of_if_allowed("assets", "Asset", &title, id, schema),
            self.read_of_if_allowed("tasks", "Task", &title, id, schema),
            async { Ok(self.cuts(id, &title, schema).await?) },
        )?;
        let unseen = [("assets", assets.is_none()), ("tasks", tasks.is_none())];
        Ok(Details {
            project,
            episodes,
            sequences,
            shots,
            assets: assets.unwrap_or_default(),
            tasks: tasks.unwrap_or_default(),
            task_statuses,
            cuts,
            omitted: statuses,
            unseen: unseen
                .into_iter()
                .filter(|it| it.1)
                .map(|it| it.0)
                .collect(),
        })
    }

    /// Which statuses mean omitted; asked once for each list of projects.
    pub(super) async fn omitted(&self) -> Result<Arc<Omitted>> {
        let mut known = self.omitted.lock().await;
        if let Some(omitted) = &*known {
            return Ok(Arc::clone(omitted));
        }
        let statuses = self.read_if_allowed("list the statuses", "Status").await?;
        let statuses = statuses.unwrap_or_default();
        let omitted = Arc::new(Omitted::new(&statuses, &self.settings.omitted_statuses));
        *known = Some(Arc::clone(&omitted));
        Ok(omitted)
    }

    /// The same from statuses that were read already.
    pub(super) async fn note_omitted(&self, shared: &Shared) {
        let omitted = Omitted::new(&shared.statuses, &self.settings.omitted_statuses);
        *self.omitted.lock().await = Some(Arc::new(omitted));
    }

    async fn read_of<R: Row>(
        &self,
        what: &str,
        entity: &'static str,
        title: &str,
        project: i64,
        schema: &Schema,
    ) -> Result<Vec<R>, CallError> {
        if !schema.has_type(entity) {
            return Ok(Vec::new());
        }
        let query = Query::new(
            entity,
            schema.present(entity, fields(entity)),
            of_project(project),
        );
        self.read(&format!("read the {what} of {title}"), &query)
            .await
    }

    async fn read_of_if_allowed<R: Row>(
        &self,
        what: &str,
        entity: &'static str,
        title: &str,
        project: i64,
        schema: &Schema,
    ) -> Result<Option<Vec<R>>, CallError> {
        let read = self.read_of(what, entity, title, project, schema).await;
        Ok(self.allowed(read)?)
    }

    /// Reads rows with the field that links them to their episodes, where the studio has made one.
    async fn read_with_episodes<R: Row + InEpisode>(
        &self,
        what: &str,
        entity: &'static str,
        title: &str,
        project: i64,
        schema: &Schema,
    ) -> Result<Vec<R>, CallError> {
        if !schema.has_type(entity) {
            return Ok(Vec::new());
        }
        let operation = format!("read the {what} of {title}");
        let mut query = Query::new(
            entity,
            schema.present(entity, fields(entity)),
            of_project(project),
        );
        let field = self.settings.episode_field();
        let has_field = schema.has_type("Episode") && schema.has_link(entity, field);
        if has_field && field == EPISODE_FIELD {
            query.fields.push(field);
        }
        let rows = self.read::<R>(&operation, &query);
        if !has_field || field == EPISODE_FIELD {
            return rows.await;
        }
        let links = Query::new(entity, vec![field], of_project(project));
        let links = self.read::<records::Loose>(&operation, &links);
        let (mut rows, links) = tokio::try_join!(rows, links)?;
        let links = links.into_iter().map(|mut it| (it.id, it.link(field)));
        let mut links: HashMap<i64, Option<Link>> = links.collect();
        for row in &mut rows {
            let link = links.remove(&row.id()).flatten();
            row.set_episode(link);
        }
        Ok(rows)
    }
}

/// What a field of the studio's may link to an episode.
trait InEpisode {
    fn set_episode(&mut self, episode: Option<Link>);
}

impl InEpisode for records::Shot {
    fn set_episode(&mut self, episode: Option<Link>) {
        self.sg_episode = episode;
    }
}

impl InEpisode for records::Sequence {
    fn set_episode(&mut self, episode: Option<Link>) {
        self.sg_episode = episode;
    }
}

/// The list of projects: `details` has those that are going to be read.
pub(super) fn list(
    projects: &[records::Project],
    details: &[Details],
    shared: Shared,
    schema: &Schema,
    settings: &FlowSettings,
) -> Result<ProjectList> {
    let operation = "list the projects";
    let refuse = |error| invalid(operation, &error);
    let mut list = ProjectList {
        asset_types: asset_types(details, schema),
        task_types: task_types(details, &shared.steps).map_err(refuse)?,
        task_statuses: task_statuses(details, &shared.statuses, schema).map_err(refuse)?,
        users: users(details, shared.people).map_err(refuse)?,
        projects: Vec::new(),
    };
    let details: HashMap<i64, &Details> = details.iter().map(|it| (it.project.id, it)).collect();
    for project in projects {
        let mut listed = listed_project(project, settings);
        if let Some(details) = details.get(&project.id) {
            fill_in(&mut listed, details, &list);
        }
        list.projects.push(listed);
    }
    Ok(list)
}

/// Types of assets that are used: first those that people can choose, in the site's order.
fn asset_types(details: &[Details], schema: &Schema) -> Vec<AssetType> {
    let field = schema.field("Asset", "sg_asset_type");
    let chosen = field.into_iter().flat_map(Field::values);
    let order: HashMap<&str, usize> = chosen.zip(0..).collect();
    let mut known = HashSet::new();
    let used = details
        .iter()
        .flat_map(Details::live_assets)
        .map(asset_type);
    let mut types: Vec<AssetType> = used.filter(|it| known.insert(it.id.clone())).collect();
    types.sort_by_cached_key(|it| {
        let place = order.get(&*it.name).copied().unwrap_or(order.len());
        (it.name == NO_TYPE, place, NaturalKey::of(&it.name))
    });
    types
}

fn task_types(details: &[Details], steps: &[records::Step]) -> Result<Vec<TaskType>, InvalidId> {
    let mut steps: Vec<_> = steps.iter().collect();
    steps.sort_by_key(|it| (it.list_order.is_none(), it.list_order, it.id));
    let mut types = Vec::new();
    for step in steps {
        let entity = step.entity_type.as_deref();
        types.push(TaskType {
            id: TaskTypeId::new(format!("step-{}", step.id))?,
            color: color(step.color.as_deref()),
            for_shots: entity == Some("Shot"),
            archived: !matches!(entity, Some("Shot" | "Asset")),
            ..TaskType::new(named(step.code.as_deref(), "Step", step.id))
        });
    }
    let mut known: HashSet<String> = types.iter().map(|it| it.id.to_string()).collect();
    let listed = types.len();
    let mut of_shots: HashSet<String> = HashSet::new();
    for (task, is_of_shot) in details.iter().flat_map(Details::live_tasks) {
        let id = task_type_id(task);
        if is_of_shot && !of_shots.contains(&id) {
            of_shots.insert(id.clone());
        }
        if known.contains(&id) {
            continue;
        }
        let (name, is_step) = match &task.step {
            Some(step) => (named(step.name.as_deref(), "Step", step.id), true),
            None => (task.content.as_deref().unwrap_or("Task").to_owned(), false),
        };
        types.push(TaskType {
            id: TaskTypeId::new(id.as_str())?,
            // A step that the account may not see; a name that stands for one is as good as any.
            archived: is_step,
            ..TaskType::new(name)
        });
        known.insert(id);
    }
    for task_type in &mut types[listed..] {
        task_type.for_shots = of_shots.contains(task_type.id.as_str());
    }
    types[listed..].sort_by(|a, b| a.id.cmp(&b.id));
    Ok(types)
}

fn task_statuses(
    details: &[Details],
    statuses: &[records::Status],
    schema: &Schema,
) -> Result<Vec<TaskStatus>, InvalidId> {
    let mut list = Vec::new();
    let mut codes: Vec<&str> = Vec::new();
    for status in statuses {
        let Some(code) = status.code.as_deref() else {
            continue;
        };
        codes.push(code);
        list.push(TaskStatus {
            id: TaskStatusId::new(status_id(Some(code)))?,
            color: color(status.bg_color.as_deref()),
            ..TaskStatus::new(status.name.as_deref().unwrap_or(code))
        });
    }
    let mut known: HashSet<&str> = codes.iter().copied().collect();
    // A status that is in the trash stays on tasks.
    let field = schema.field("Task", "sg_status_list");
    let listed = list.len();
    for (task, _) in details.iter().flat_map(Details::live_tasks) {
        let code = task.sg_status_list.as_deref().unwrap_or_default();
        if known.insert(code) {
            codes.push(code);
            let name = match code {
                "" => NO_STATUS,
                code => field.and_then(|it| it.display(code)).unwrap_or(code),
            };
            list.push(TaskStatus {
                id: TaskStatusId::new(status_id(task.sg_status_list.as_deref()))?,
                archived: true,
                ..TaskStatus::new(name)
            });
        }
    }
    // Two of one name are told apart by their codes.
    let mut times: HashMap<String, usize> = HashMap::new();
    for status in &list {
        *times.entry(status.name.clone()).or_default() += 1;
    }
    for (status, code) in list.iter_mut().zip(codes) {
        if times.get(&status.name).is_some_and(|it| *it > 1) {
            status.name = format!("{} ({code})", status.name);
        }
    }
    list[listed..].sort_by(|a, b| a.id.cmp(&b.id));
    Ok(list)
}

/// Everybody, by name: those who are listed, and those whom only links name.
fn users(details: &[Details], people: Vec<records::Person>) -> Result<Vec<User>, InvalidId> {
    let mut users = Vec::new();
    let mut known = HashSet::new();
    for person in people {
        let thumbnail = picture("HumanUser", person.id, person.image.as_deref()).into_media();
        let id = format!("person-{}", person.id);
        users.push(User {
            id: UserId::new(id.as_str())?,
            has_avatar: thumbnail.is_some(),
            thumbnail,
            archived: person.sg_status_list.as_deref() != Some("act"),
            ..User::new(person.title())
        });
        known.insert(id);
    }
    let teams = details.iter().flat_map(|it| &it.project.users);
    let tasks = details.iter().flat_map(Details::live_tasks);
    for link in teams.chain(tasks.flat_map(|it| &it.0.task_assignees)) {
        let id = user_id(link);
        if known.contains(&id) {
            continue;
        }
        let kind = if &*link.entity == "Group" {
            "Group"
        } else {
            "Person"
        };
        users.push(User {
            id: UserId::new(id.as_str())?,
            archived: kind == "Person",
            ..User::new(named(link.name.as_deref(), kind, link.id))
        });
        known.insert(id);
    }
    users.sort_by(|a, b| by_name(&a.name, &b.name).then_with(|| a.id.cmp(&b.id)));
    Ok(users)
}

/// A project of which only the list's entry was read.
fn listed_project(project: &records::Project, settings: &FlowSettings) -> Project {
    Project {
        id: project_id(project.id),
        ratio: project.sg_aspect_ratio.clone(),
        resolution: project.sg_resolution.clone(),
        thumbnail: picture("Project", project.id, project.image.as_deref()).into_media(),
        fps: frame_rate(project, settings).unwrap_or_default(),
        ..Project::new(project.title())
    }
}

/// The frame rate in a field that the studio made: a number, or a text with one.
pub(super) fn frame_rate(project: &records::Project, settings: &FlowSettings) -> Option<FrameRate> {
    let mut fields = match &settings.fps_field {
        Some(field) => vec![field.as_str()],
        None => FPS_FIELDS.to_vec(),
    };
    fields.retain(|it| project.rest.contains_key(*it));
    let rates = fields.iter().filter_map(|it| as_number(&project.rest[*it]));
    rates.filter_map(|it| FrameRate::new(it).ok()).next()
}

/// Adds to a project what its details say. What the list does not have is left out of its own lists.
pub(super) fn fill_in(project: &mut Project, details: &Details, list: &ProjectList) {
    let used: HashSet<_> = details.live_assets().map(|it| asset_type(it).id).collect();
    let types = list.asset_types.iter().map(|it| &it.id);
    project.asset_types = types.filter(|it| used.contains(it)).cloned().collect();

    let mut types = HashSet::new();
    let mut statuses: HashSet<String> = HashSet::new();
    let mut people: HashSet<String> = details.project.users.iter().map(user_id).collect();
    for value in details.task_statuses.values() {
        statuses.insert(status_id(Some(value)));
    }
    for (task, _) in details.live_tasks() {
        types.insert(task_type_id(task));
        statuses.insert(status_id(task.sg_status_list.as_deref()));
        people.extend(task.task_assignees.iter().map(user_id));
    }
    let all = list.task_types.iter().map(|it| &it.id);
    project.task_types = all
        .filter(|it| types.contains(it.as_str()))
        .cloned()
        .collect();
    let all = list.task_statuses.iter().map(|it| &it.id);
    project.task_statuses = all
        .filter(|it| statuses.contains(it.as_str()))
        .cloned()
        .collect();
    let all = list.users.iter().map(|it| &it.id);
    project.team = all
        .filter(|it| people.contains(it.as_str()))
        .cloned()
        .collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_three_numbers_or_none() {
        let color = |text| color(Some(text)).map(|it| it.to_string());
        assert_eq!(color("253,94, 99").as_deref(), Some("#fd5e63"));
        for text in [
            "",
            "pipeline_step",
            "Black",
            "1,2",
            "1,2,3,4",
            "1,2,256",
            "-1,2,3",
        ] {
            assert_eq!(color(text), None, "{text}");
        }
    }

    #[test]
    fn a_project_is_meant_by_any_of_its_names() {
        let project = records::Project {
            id: 70,
            name: Some("Film With Cut".into()),
            code: Some("fwc".into()),
            tank_name: Some("film_with_cut".into()),
            ..records::Project::default()
        };
        for name in ["film with cut", "FWC", "film_with_cut", "70", "project-70"] {
            assert!(is_called(&project, name), "{name}");
        }
        assert!(!is_called(&project, "film"));
    }
}
