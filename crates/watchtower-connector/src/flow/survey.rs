//! What a person who tries the connection should know of a site: how people log in, how much it shows us, and
//! which types and fields it lacks.

use serde::Deserialize;
use serde_json::json;
use watchtower_model::Project;

use super::list::site_id;
use super::query::filter;
use super::records::fields;
use super::site::Schema;
use super::{FPS_FIELDS, Flow};
use crate::Result;
use crate::snapshot_builder::count;

/// What it costs when a site has no such type, or the account may not see it.
const TYPES: [(&str, &str); 8] = [
    ("Episode", "all projects are films, without episodes"),
    (
        "Sequence",
        "the project stands for the sequence of all shots",
    ),
    (
        "Scene",
        "no scene stands for the sequence of a shot in none",
    ),
    ("Asset", "there are no assets and no casting"),
    ("Task", "there are no tasks"),
    (
        "Cut",
        "no cut says where shots are, and none is the edit: shots are laid end to end by their lengths",
    ),
    (
        "CutItem",
        "cuts do not say where shots are: they are laid end to end by their lengths",
    ),
    ("Version", "no edit has a movie"),
];

/// What it costs when the account may not read such a type, which all projects share.
const SHARED: [(&str, &str, &str); 3] = [
    (
        "HumanUser",
        "people",
        "only those to whom a project or a task links are known, and by name alone",
    ),
    (
        "Step",
        "pipeline steps",
        "task types are named by the links of tasks, and have neither colours nor an order",
    ),
    (
        "Status",
        "statuses",
        "they go by their codes, without colours, and those count as omitted whose code says so",
    ),
];

/// What it costs when a site has no such field.
const FIELDS: [(&str, &str, &str); 8] = [
    ("Project", "image", "projects have no pictures"),
    ("Shot", "image", "shots have no pictures"),
    (
        "Shot",
        "sg_sequence",
        "the project stands for the sequence of all shots",
    ),
    (
        "Shot",
        "sg_cut_order",
        "shots are in the order of their names",
    ),
    (
        "Shot",
        "sg_cut_duration",
        "a shot without sg_cut_in and sg_cut_out has no length",
    ),
    ("Asset", "sg_asset_type", "all assets are of \"No type\""),
    ("Task", "step", "a task's type is its name"),
    (
        "Version",
        "sg_uploaded_movie_mp4",
        "only an upload that is an mp4 is the movie of an edit",
    ),
];

#[derive(Deserialize)]
struct Summary {
    summaries: Counts,
}

#[derive(Deserialize)]
struct Counts {
    id: u64,
}

impl Flow {
    /// What a person should know of the site, in sentences.
    pub(super) async fn survey(&self) -> Result<Vec<String>> {
        let (info, schema) = tokio::try_join!(self.site_info(), self.schema())?;
        let (projects, shared) = tokio::try_join!(self.projects(&schema), self.shared())?;
        let productions: Vec<i64> = projects
            .iter()
            .filter(|it| it.is_production())
            .map(|it| it.id)
            .collect();
        let mut told = vec![format!("people log in with {}", info.auth_method.about())];
        let others = projects.len() - productions.len();
        if others > 0 {
            told.push(format!(
                "{} archived or {}, and not exported",
                count(others, "project is", "projects are"),
                if others == 1 {
                    "a template"
                } else {
                    "templates"
                },
            ));
        }
        told.push(match self.shots_of(&productions).await? {
            Some(0) => format!(
                "it shows {} no shots, which may be for lack of permission",
                self.session.account()
            ),
            Some(shots) => format!("shots: {shots}"),
            None => format!("{} may not read shots", self.session.account()),
        });
        told.extend(unseen(&shared.unseen, &self.session.account()));
        told.extend(lacks(&schema));
        Ok(told)
    }

    /// What the account sees nothing of in a project.
    pub(super) async fn what_is_hidden(&self, project: &Project) -> Result<Vec<String>> {
        let Some(id) = site_id(&project.id) else {
            return Ok(Vec::new());
        };
        Ok(match self.shots_of(&[id]).await? {
            Some(0) => vec!["it shows no shots, which may be for lack of permission".to_owned()],
            Some(_) => Vec::new(),
            None => vec!["shots may not be read".to_owned()],
        })
    }

    /// How many shots some projects have, counted by the site.
    async fn shots_of(&self, projects: &[i64]) -> Result<Option<u64>> {
        if projects.is_empty() {
            return Ok(Some(0));
        }
        let projects: Vec<_> = projects
            .iter()
            .map(|id| json!({"type": "Project", "id": id}))
            .collect();
        let args = json!({
            "type": "Shot",
            "filters": {"logical_operator": "and", "conditions": [filter("project", "in", projects.into())]},
            "summaries": [{"field": "id", "type": "record_count"}],
        });
        let summary = self
            .call::<Summary>("count the shots", "summarize", &args)
            .await;
        Ok(self.allowed(summary)?.map(|it| it.summaries.id))
    }
}

/// What it costs that an account may not read some types that all projects share.
pub(super) fn unseen(types: &[&str], account: &str) -> Vec<String> {
    let unseen = SHARED.iter().filter(|it| types.contains(&it.0));
    let told = unseen.map(|(_, what, cost)| format!("{account} may not read {what}: {cost}"));
    told.collect()
}

/// Which types and fields a site lacks, and what that costs.
fn lacks(schema: &Schema) -> Vec<String> {
    let types = TYPES.iter().filter(|(entity, _)| !schema.has_type(entity));
    let mut told: Vec<String> = types
        .map(|(entity, cost)| format!("no type {entity}: {cost}"))
        .collect();
    let is_absent = |entity: &str, field: &str| {
        schema.has_type(entity) && schema.present(entity, &[field]).is_empty()
    };
    let absent = FIELDS
        .iter()
        .filter(|(entity, field, _)| is_absent(entity, field));
    told.extend(absent.map(|(entity, field, cost)| format!("no field {entity}.{field}: {cost}")));
    if FPS_FIELDS.iter().all(|it| is_absent("Project", it)) {
        told.push(format!(
            "no field of projects is called {}: without a cut the frame rate is 24, unless --fps-field names \
             another",
            FPS_FIELDS.join(", ")
        ));
    }
    let rest = [
        "Project", "Sequence", "Shot", "Asset", "Task", "Version", "Cut",
    ];
    for entity in rest.into_iter().filter(|it| schema.has_type(it)) {
        let known = |field: &&&str| FIELDS.iter().any(|it| it.0 == entity && it.1 == **field);
        // Those that studios make are no loss.
        let made =
            |field: &&&str| matches!(**field, "sg_aspect_ratio" | "sg_resolution" | "episode");
        let all = fields(entity).iter().filter(|it| !known(it) && !made(it));
        let absent: Vec<&str> = all.filter(|it| is_absent(entity, it)).copied().collect();
        if !absent.is_empty() {
            told.push(format!(
                "{entity} has no {}: taken for empty",
                absent.join(", ")
            ));
        }
    }
    told
}
