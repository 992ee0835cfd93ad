//! Tasks, and the types and statuses they refer to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{HexColor, TaskId, TaskStatusId, TaskTypeId, UserId};

/// A kind of work: Animation, Lighting, Modeling.
///
/// ```
/// use watchtower_model::{TaskType, TaskTypeId};
///
/// let mut animation = TaskType::new("Animation");
/// animation.id = TaskTypeId::new("122f7c71-a865-4588-96e2-530b39deb7b8")?;
/// animation.color = Some("#FF0000".parse()?);
/// animation.for_shots = true;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskType {
    /// The type's id.
    pub id: TaskTypeId,
    /// The name in the client's menu of task types.
    pub name: String,
    /// The colour. Without one, it is shown in grey.
    #[serde(default)]
    pub color: Option<HexColor>,
    /// Whether shots have tasks of this type. Otherwise it is for assets.
    #[serde(default)]
    pub for_shots: bool,
    /// Whether the studio has retired it. It is written only where something refers to it.
    #[serde(default)]
    pub archived: bool,
}

impl TaskType {
    /// A type for assets, without a colour, with an id derived from the name.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            id: TaskTypeId::derived(&[&name]),
            name,
            color: None,
            for_shots: false,
            archived: false,
        }
    }
}

/// How far a task is: Todo, Work in progress, Done.
///
/// ```
/// use watchtower_model::{TaskStatus, TaskStatusId};
///
/// let mut todo = TaskStatus::new("Todo");
/// todo.id = TaskStatusId::new("d0b0f234-fef2-424e-899f-8a0e0e74d699")?;
/// todo.color = Some("#000000".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskStatus {
    /// The status's id.
    pub id: TaskStatusId,
    /// The name as people read it.
    pub name: String,
    /// The colour. Without one, it is shown in grey.
    #[serde(default)]
    pub color: Option<HexColor>,
    /// Whether the studio has retired it. It is written only where something refers to it.
    #[serde(default)]
    pub archived: bool,
}

impl TaskStatus {
    /// A status without a colour, with an id derived from the name.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            id: TaskStatusId::derived(&[&name]),
            name,
            color: None,
            archived: false,
        }
    }
}

/// A piece of work on a shot or an asset.
///
/// ```
/// use watchtower_model::{Task, TaskStatus, TaskType, User};
///
/// let (animation, todo, jade) = (TaskType::new("Animation"), TaskStatus::new("Todo"), User::new("Jade Doe"));
/// let mut task = Task::new(animation.id, todo.id);
/// task.assignees.push(jade.id);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// The task's id. For none, one is derived when the site is written, from the shot or asset the
    /// task belongs to, its type and its place among the tasks of that type.
    #[serde(default)]
    pub id: Option<TaskId>,
    /// What kind of work it is.
    pub task_type_id: TaskTypeId,
    /// How far it is.
    pub task_status_id: TaskStatusId,
    /// Who does it.
    #[serde(default)]
    pub assignees: Vec<UserId>,
}

impl Task {
    /// A task that nobody does yet.
    pub fn new(task_type_id: TaskTypeId, task_status_id: TaskStatusId) -> Self {
        Self {
            id: None,
            task_type_id,
            task_status_id,
            assignees: Vec::new(),
        }
    }
}
