//! What a client asked for, as the surface `/v1/videos` shows it again.

use serde::{Deserialize, Serialize};

/// The length and the size of a video as they were asked for; what nobody said is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// As asked for, or as the model makes it where nothing else was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
    /// `1280x720`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
}
