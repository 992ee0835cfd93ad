//! What a tracker holds at one moment: [`ProjectList`], which the projects share, and
//! [`ProjectSnapshot`], one project.

use std::fmt;

use rapidhash::RapidHashSet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Asset, AssetType, Edit, Episode, EpisodeId, Project, Sequence, Shot, ShotCasting, ShotId, Task,
    TaskStatus, TaskType, User,
};

/// The projects of a tracker, and what they refer to in common.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectList {
    /// The projects, in the order in which the client shows them.
    pub projects: Vec<Project>,
    /// All types of assets.
    #[serde(default)]
    pub asset_types: Vec<AssetType>,
    /// All types of tasks, in the order in which the client shows them.
    #[serde(default)]
    pub task_types: Vec<TaskType>,
    /// All statuses of tasks.
    #[serde(default)]
    pub task_statuses: Vec<TaskStatus>,
    /// Everybody.
    #[serde(default)]
    pub users: Vec<User>,
}

/// One project, read whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectSnapshot {
    /// The project itself.
    pub project: Project,
    /// Its episodes, in order. Films have none.
    #[serde(default)]
    pub episodes: Vec<Episode>,
    /// Its sequences, in the order of the story.
    #[serde(default)]
    pub sequences: Vec<Sequence>,
    /// Its assets.
    #[serde(default)]
    pub assets: Vec<Asset>,
    /// Its shots, in the order of the story, whatever is known of their places.
    #[serde(default)]
    pub shots: Vec<Shot>,
    /// From where the frame ranges of shots count.
    #[serde(default)]
    pub range_scope: RangeScope,
    /// Which assets appear in which shot, one entry for each shot that has any.
    #[serde(default)]
    pub casting: Vec<ShotCasting>,
    /// Its edits, the one to show first.
    #[serde(default)]
    pub edits: Vec<Edit>,
    /// Edits laid over it. Their ranges win over those of the shots.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cuts: Vec<Cut>,
    /// What the tracker holds and this does not, and why.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
    /// What else a person who reads the summary should know.
    #[serde(default)]
    pub notes: Vec<String>,
}

impl ProjectSnapshot {
    /// An empty project.
    pub fn new(project: Project) -> Self {
        Self {
            project,
            episodes: Vec::new(),
            sequences: Vec::new(),
            assets: Vec::new(),
            shots: Vec::new(),
            casting: Vec::new(),
            range_scope: RangeScope::default(),
            edits: Vec::new(),
            cuts: Vec::new(),
            left_out: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// All tasks, those of shots first.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        let shots = self.shots.iter().flat_map(|shot| &shot.tasks);
        shots.chain(self.assets.iter().flat_map(|asset| &asset.tasks))
    }
}

/// From where the frame ranges of shots count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RangeScope {
    /// From the start of the film, or of the episode in a series.
    #[default]
    Timeline,
    /// From the start of each sequence, as where only sequences are cut. The sequences follow each
    /// other in the order of the story.
    Sequence,
}

/// An edit that says where shots are, whatever the tracker says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cut {
    /// Its name, as people know it: that of the file.
    pub name: String,
    /// The episode it is the edit of. None for a film, or a whole series.
    #[serde(default)]
    pub episode_id: Option<EpisodeId>,
    /// Its length, in frames of the project.
    #[serde(deserialize_with = "crate::whole::required")]
    pub frames: i64,
    /// Where shots are.
    pub ranges: Vec<CutRange>,
    /// Whether it is a cut that the tracker itself knows of. Shots that it lacks and that have a length follow
    /// it then, and it is of the shots in no episode unless it is that of an episode.
    #[serde(default)]
    pub is_followed: bool,
}

/// Where an edit has a shot, in frames of the project from the start of the edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CutRange {
    /// The shot.
    pub shot_id: ShotId,
    /// The first frame.
    #[serde(deserialize_with = "crate::whole::required")]
    pub frame_in: i64,
    /// The frame at which the shot has ended.
    #[serde(deserialize_with = "crate::whole::required")]
    pub frame_out: i64,
}

/// Something the tracker holds and an export does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOut {
    /// What it is.
    pub kind: EntityKind,
    /// Its id on the tracker.
    pub id: String,
    /// Its name, with the sequence's in front for a shot.
    pub name: String,
    /// Why.
    pub reason: Reason,
}

/// What kind of thing something is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EntityKind {
    /// An [`Asset`].
    Asset,
    /// A [`Shot`].
    Shot,
    /// A [`Sequence`].
    Sequence,
    /// An [`Episode`].
    Episode,
    /// An entry of [`ShotCasting`].
    Casting,
    /// A [`Task`].
    Task,
    /// An [`Edit`].
    Edit,
}

impl fmt::Display for EntityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Asset => "asset",
            Self::Shot => "shot",
            Self::Sequence => "sequence",
            Self::Episode => "episode",
            Self::Casting => "casting",
            Self::Task => "task",
            Self::Edit => "edit",
        })
    }
}

/// Why something is left out.
///
/// In a document it is a text: `canceled`, `no_frame_range`, `dangling`, or anything else in words.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(into = "String", from = "String")]
#[non_exhaustive]
pub enum Reason {
    /// It is cancelled on the tracker.
    Canceled,
    /// A shot without a place on the timeline, where those are not wanted.
    NoFrameRange,
    /// A shot that the edit of this name, which is laid over the film, does not have.
    NotInEdit(String),
    /// It refers to something that is not there.
    Dangling,
    /// There is another that cannot be told from it, in these words.
    Duplicate(String),
    /// Anything else, in words.
    Other(String),
}

/// What kind of [`Reason`] it is, for programs: sentences change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ReasonCode {
    /// It is cancelled on the tracker.
    Canceled,
    /// A shot without a place on the timeline, where those are not wanted.
    NoFrameRange,
    /// A shot that an edit laid over the film does not have, where those are not wanted.
    NotInEdit,
    /// It refers to something that is not there.
    Dangling,
    /// There is another that cannot be told from it.
    Duplicate,
    /// Anything else, which the sentence says.
    Other,
}

impl Reason {
    /// What kind of reason it is.
    pub fn code(&self) -> ReasonCode {
        match self {
            Self::Canceled => ReasonCode::Canceled,
            Self::NoFrameRange => ReasonCode::NoFrameRange,
            Self::NotInEdit(_) => ReasonCode::NotInEdit,
            Self::Dangling => ReasonCode::Dangling,
            Self::Duplicate(_) => ReasonCode::Duplicate,
            Self::Other(_) => ReasonCode::Other,
        }
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        match &*text {
            "canceled" => Self::Canceled,
            "no_frame_range" => Self::NoFrameRange,
            "dangling" => Self::Dangling,
            _ => Self::Other(text),
        }
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Canceled => "canceled".to_owned(),
            Reason::NoFrameRange => "no_frame_range".to_owned(),
            Reason::Dangling => "dangling".to_owned(),
            Reason::Duplicate(text) | Reason::Other(text) => text,
            reason @ Reason::NotInEdit(_) => reason.to_string(),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Canceled => f.write_str("cancelled"),
            Self::NoFrameRange => f.write_str("no place on the timeline"),
            Self::Dangling => f.write_str("refers to something that is not there"),
            Self::NotInEdit(edit) => write!(f, "not in the edit {edit}"),
            Self::Duplicate(reason) | Self::Other(reason) => f.write_str(reason),
        }
    }
}

/// The ids that something refers to.
///
/// ```
/// use watchtower_model::{ProjectList, References, User};
///
/// let mut gone = User::new("Jade Doe");
/// gone.archived = true;
/// let mut list = ProjectList { users: vec![gone], ..ProjectList::default() };
/// list.drop_unused_archived(&References::default());
/// assert!(list.users.is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct References(RapidHashSet<String>);

impl References {
    /// Adds an id.
    pub fn add(&mut self, id: &str) {
        // Most ids recur many times; only the first is copied.
        if !self.0.contains(id) {
            self.0.insert(id.to_owned());
        }
    }

    /// Adds those of another.
    pub fn add_all(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Adds the types, statuses and people that a project refers to.
    pub fn add_project(&mut self, project: &Project) {
        project
            .asset_types
            .iter()
            .for_each(|id| self.add(id.as_str()));
        project
            .task_types
            .iter()
            .for_each(|id| self.add(id.as_str()));
        project
            .task_statuses
            .iter()
            .for_each(|id| self.add(id.as_str()));
        project.team.iter().for_each(|id| self.add(id.as_str()));
    }

    /// Adds the types, statuses and people that a snapshot refers to.
    pub fn add_snapshot(&mut self, snapshot: &ProjectSnapshot) {
        self.add_project(&snapshot.project);
        for asset in &snapshot.assets {
            self.add(asset.asset_type_id.as_str());
        }
        for task in snapshot.tasks() {
            self.add(task.task_type_id.as_str());
            self.add(task.task_status_id.as_str());
            task.assignees.iter().for_each(|id| self.add(id.as_str()));
        }
    }

    /// Whether something refers to an id.
    pub fn contains(&self, id: &str) -> bool {
        self.0.contains(id)
    }
}

impl ProjectList {
    /// Drops the archived types, statuses and people that nothing refers to.
    pub fn drop_unused_archived(&mut self, used: &References) {
        let stays = |archived: bool, id: &str| !archived || used.contains(id);
        self.asset_types
            .retain(|it| stays(it.archived, it.id.as_str()));
        self.task_types
            .retain(|it| stays(it.archived, it.id.as_str()));
        self.task_statuses
            .retain(|it| stays(it.archived, it.id.as_str()));
        self.users.retain(|it| stays(it.archived, it.id.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ShotData;

    #[test]
    fn archived_things_stay_only_where_something_refers_to_them() {
        let archived = |name: &str| User {
            archived: true,
            ..User::new(name)
        };
        let mut list = ProjectList {
            projects: vec![Project::new("Film")],
            users: vec![
                archived("Gone"),
                archived("Gone but assigned"),
                archived("Kept"),
                User::new("Here"),
            ],
            ..ProjectList::default()
        };
        let mut task = Task::new(TaskType::new("Animation").id, TaskStatus::new("Todo").id);
        task.assignees.push(User::new("Gone but assigned").id);
        let mut shot = Shot::new("0010", &Sequence::new("010").id, ShotData::new(0, 10));
        shot.tasks.push(task);
        let mut snapshot = ProjectSnapshot::new(list.projects[0].clone());
        snapshot.shots.push(shot);

        let mut used = References::default();
        used.add_snapshot(&snapshot);
        used.add(User::new("Kept").id.as_str());
        list.drop_unused_archived(&used);
        let names: Vec<_> = list.users.iter().map(|user| &*user.name).collect();
        assert_eq!(names, ["Gone but assigned", "Kept", "Here"]);
    }
}
