//! Vidu's wire types, field for field.
//!
//! What we send is exact. What we read is lenient: members that are missing,
//! `null` or of a kind nobody promised are no reason to lose a paid task.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::dialects::lenient::{lenient, list, number, object_in, text};

/// The body of all four ways to create; an absent member is not sent.
#[derive(Debug, Serialize)]
pub(super) struct Create {
    pub(super) model: String,
    pub(super) prompt: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) images: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) aspect_ratio: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resolution: Option<String>,
    /// Under the names of the model's row.
    #[serde(flatten)]
    pub(super) options: Map<String, Value>,
    pub(super) payload: String,
    pub(super) callback_url: String,
}

/// The body of a cancel, which names the task once more.
#[derive(Debug, Serialize)]
pub(super) struct Cancel<'a> {
    pub(super) id: &'a str,
}

/// `{"task_id":"…","state":"created","seed":77,"duration":5,"credits":80}`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Created {
    #[serde(deserialize_with = "text")]
    pub(super) task_id: String,
    #[serde(deserialize_with = "number")]
    pub(super) duration: Option<f64>,
    /// The seed that is really used; no later answer repeats it.
    #[serde(deserialize_with = "lenient")]
    pub(super) seed: Option<i64>,
    #[serde(deserialize_with = "number")]
    pub(super) credits: Option<f64>,
    /// The note that the task was submitted with.
    #[serde(deserialize_with = "text")]
    pub(super) payload: String,
}

/// The answer to `GET /ent/v2/tasks/{id}/creations`:
/// `{"id":"…","state":"success","credits":80,"creations":[{"url":"https://…","video":{…}}]}`.
/// Whose it is, [`Listed`] reads.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Creations {
    /// The one member without which the answer says nothing.
    #[serde(deserialize_with = "text")]
    pub(super) state: String,
    #[serde(deserialize_with = "text")]
    pub(super) err_code: String,
    #[serde(deserialize_with = "number")]
    pub(super) credits: Option<f64>,
    #[serde(deserialize_with = "list")]
    pub(super) creations: Vec<Creation>,
}

/// The answer to `GET /ent/v2/tasks`: `{"tasks":[…],"next_page_token":""}`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct List {
    /// None where there is no list; what cannot be read in it is a task without an id.
    #[serde(deserialize_with = "tasks")]
    pub(super) tasks: Option<Vec<Listed>>,
    /// A text, empty on the last page.
    pub(super) next_page_token: Value,
}

/// A task in the list, in a callback or by itself: where it is called what.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Listed {
    #[serde(deserialize_with = "text")]
    id: String,
    #[serde(deserialize_with = "text")]
    task_id: String,
    #[serde(deserialize_with = "text")]
    pub(super) payload: String,
    #[serde(deserialize_with = "number")]
    pub(super) credits: Option<f64>,
}

impl Listed {
    pub(super) fn id(&self) -> &str {
        if self.id.is_empty() { &self.task_id } else { &self.id }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Creation {
    #[serde(deserialize_with = "text")]
    pub(super) url: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) video: Option<Video>,
}

/// `{"duration":5.04,"fps":24,"resolution":{"width":1920,"height":1080}}`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Video {
    #[serde(deserialize_with = "number")]
    pub(super) duration: Option<f64>,
    #[serde(deserialize_with = "number")]
    pub(super) fps: Option<f64>,
    #[serde(deserialize_with = "lenient")]
    pub(super) resolution: Option<Resolution>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Resolution {
    #[serde(deserialize_with = "lenient")]
    pub(super) width: Option<u32>,
    #[serde(deserialize_with = "lenient")]
    pub(super) height: Option<u32>,
}

/// `{"code":400,"reason":"BadRequest","message":"…","metadata":{"trace_id":"…"}}`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Error {
    #[serde(deserialize_with = "text")]
    pub(super) reason: String,
    #[serde(deserialize_with = "text")]
    pub(super) message: String,
    #[serde(deserialize_with = "lenient")]
    pub(super) metadata: Option<ErrorMetadata>,
    /// Of an answer that is no error in Vidu's words.
    #[serde(deserialize_with = "text")]
    pub(super) request_id: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ErrorMetadata {
    #[serde(deserialize_with = "lenient")]
    pub(super) trace_id: Option<String>,
}

fn tasks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Listed>>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Array(tasks) => Some(tasks.into_iter().map(object_in).collect()),
        _ => None,
    })
}
