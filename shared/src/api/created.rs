//! What a create came to, whatever the surface: kept for a request that comes
//! again, and rendered by the surface that it came in by.

use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::warning::Warning;
use crate::task::{Shape, Status, Surface, Task, TaskId};

/// The tasks that were made of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    pub task_ids: Vec<TaskId>,
    /// Whether more than one was asked for.
    pub several: bool,
    pub status: Status,
    pub warnings: Vec<Warning>,
    /// The surface that they were made on, which every answer to the request speaks.
    pub surface: Surface,
    /// As the client wrote it.
    pub model: String,
    pub shape: Shape,
}

impl Created {
    /// What was made, of which this task is one.
    pub fn of(
        task: &Task,
        task_ids: Vec<TaskId>,
        several: bool,
        status: Status,
        warnings: Vec<Warning>,
    ) -> Self {
        let (surface, model, shape) = (task.surface, task.model.clone(), task.shape.clone());
        Self { task_ids, several, status, warnings, surface, model, shape }
    }

    /// The first of the tasks, or the only one.
    pub fn task_id(&self) -> Result<&TaskId, ApiError> {
        self.task_ids.first().ok_or_else(ApiError::internal)
    }
}
