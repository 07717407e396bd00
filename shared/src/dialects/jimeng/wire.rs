//! Jimeng's wire types, field for field.
//!
//! What we send is exact. What we read is lenient: members that are missing,
//! `null` or of a kind nobody promised are no reason to lose a paid task.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::dialects::lenient::{lenient, text};

/// The body of `CVSync2AsyncSubmitTask`; an absent member is not sent.
#[derive(Debug, Serialize)]
pub(super) struct Create {
    pub(super) req_key: String,
    pub(super) prompt: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) image_urls: Vec<String>,
    /// Without a `data:` prefix.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) binary_data_base64: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) frames: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) aspect_ratio: Option<String>,
    /// Under the names of the model's row.
    #[serde(flatten)]
    pub(super) options: Map<String, Value>,
}

/// The body of `CVSync2AsyncGetResult`.
#[derive(Debug, Serialize)]
pub(super) struct Query<'a> {
    /// The key that the task was made with; with another it is not found.
    pub(super) req_key: &'a str,
    pub(super) task_id: &'a str,
}

/// Both shapes of an answer at once: the service's own
/// `{"code":10000,"data":{…},"message":"Success","request_id":"…","status":10000}`
/// and the one of the gateway before it,
/// `{"ResponseMetadata":{"RequestId":"…","Error":{"Code":"…","CodeN":100010,"Message":"…"}}}`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer {
    /// `status` repeats it.
    #[serde(deserialize_with = "text")]
    pub(super) code: String,
    #[serde(deserialize_with = "text")]
    pub(super) message: String,
    #[serde(deserialize_with = "text")]
    pub(super) request_id: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) data: Option<Data>,
    #[serde(rename = "ResponseMetadata", deserialize_with = "lenient")]
    pub(super) metadata: Option<Metadata>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Data {
    #[serde(deserialize_with = "text")]
    pub(super) task_id: String,
    #[serde(deserialize_with = "text")]
    pub(super) status: String,
    #[serde(deserialize_with = "text")]
    pub(super) video_url: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Metadata {
    #[serde(deserialize_with = "text")]
    pub(super) request_id: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) error: Option<GatewayError>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct GatewayError {
    #[serde(deserialize_with = "text")]
    pub(super) code: String,
    #[serde(deserialize_with = "text")]
    pub(super) code_n: String,
    #[serde(deserialize_with = "text")]
    pub(super) message: String,
}
