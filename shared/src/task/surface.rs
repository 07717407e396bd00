//! The surfaces of the API, of which a task remembers the one that it was made on.

use serde::{Deserialize, Serialize};

/// Two ways to ask for the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Surface {
    /// `/v1/video/generations`
    #[default]
    Generations,
    /// `/v1/videos`, as OpenAI had it.
    Videos,
}
