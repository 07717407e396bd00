//! What a create came to, whatever the surface: kept for a request that comes
//! again, and rendered by the surface that it came in by.

use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::warning::Warning;
use crate::task::{Status, TaskId};

/// The tasks that were made of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    pub task_ids: Vec<TaskId>,
    /// Whether more than one was asked for.
    pub several: bool,
    pub status: Status,
    pub warnings: Vec<Warning>,
}

impl Created {
    /// The first of the tasks, or the only one.
    pub fn task_id(&self) -> Result<&TaskId, ApiError> {
        self.task_ids.first().ok_or_else(ApiError::internal)
    }
}
