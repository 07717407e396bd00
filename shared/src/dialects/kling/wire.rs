//! Kling's wire types, field for field, of both designs.
//!
//! What we send is exact. What we read is lenient, and either design's words
//! are understood in every answer: relays mix them.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::dialects::lenient::{lenient, list, number, object_in, text};
use crate::task::TaskId;

/// `POST /v1/videos/text2video` and `/v1/videos/image2video`; an absent member is not sent.
#[derive(Debug, Serialize)]
pub(super) struct OldCreate {
    pub(super) model_name: String,
    pub(super) prompt: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) image: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) image_tail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) aspect_ratio: Option<String>,
    /// In seconds, and a string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration: Option<String>,
    /// Under the names of the model's row.
    #[serde(flatten)]
    pub(super) options: Map<String, Value>,
    pub(super) callback_url: String,
    pub(super) external_task_id: String,
}

/// `POST /text-to-video/…` with a prompt, `/image-to-video/…` and `/omni-video/…` with contents.
#[derive(Debug, Serialize)]
pub(super) struct NewCreate {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prompt: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) contents: Vec<Content>,
    #[serde(skip_serializing_if = "Settings::is_empty")]
    pub(super) settings: Settings,
    pub(super) options: Options,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Content {
    Prompt { text: String },
    FirstFrame { url: String },
    LastFrame { url: String },
}

#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Settings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resolution: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) aspect_ratio: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration: Option<i64>,
    /// Under the names of the model's row.
    #[serde(flatten)]
    pub(super) options: Map<String, Value>,
}

impl Settings {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Options {
    pub(super) callback_url: String,
    pub(super) external_task_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) watermark_info: Option<Value>,
}

/// `{"code":0,"message":"SUCCEED","request_id":"…","data":…}`: every answer, good or bad.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer {
    /// A number; kept as text, because it may be anything.
    #[serde(deserialize_with = "text")]
    pub(super) code: String,
    #[serde(deserialize_with = "text")]
    pub(super) message: String,
    #[serde(deserialize_with = "text")]
    pub(super) request_id: String,
    #[serde(deserialize_with = "data")]
    pub(super) data: Data,
}

/// What an answer is about.
#[derive(Debug, Default)]
pub(super) enum Data {
    /// Nothing, or nothing that could be a task.
    #[default]
    Nothing,
    /// The old design answers a task.
    One(Box<Task>),
    /// The new one answers a list of those that were asked for; what cannot be read in it
    /// is a task without a name.
    List(Vec<Task>),
}

impl Data {
    pub(super) fn tasks(&self) -> &[Task] {
        match self {
            Self::Nothing => &[],
            Self::One(task) => std::slice::from_ref(task),
            Self::List(tasks) => tasks,
        }
    }
}

impl Answer {
    /// The task that was made of a submission. An answer may leave out our name for it,
    /// but not name another.
    pub(super) fn created(&self, task_id: &TaskId) -> Option<&Task> {
        let [task] = self.data.tasks() else { return None };
        let is_ours = task.external_id().is_empty() || task.external_id() == task_id.as_str();
        (is_ours && !task.id().is_empty()).then_some(task)
    }
}

/// A task in the words of both designs: the old one's first, then the new one's.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Task {
    #[serde(deserialize_with = "text")]
    task_id: String,
    #[serde(deserialize_with = "text")]
    id: String,
    #[serde(deserialize_with = "text")]
    task_status: String,
    #[serde(deserialize_with = "text")]
    status: String,
    #[serde(deserialize_with = "text")]
    task_status_msg: String,
    #[serde(deserialize_with = "text")]
    message: String,
    #[serde(deserialize_with = "lenient")]
    task_info: Option<TaskInfo>,
    #[serde(deserialize_with = "text")]
    external_id: String,
    #[serde(deserialize_with = "lenient")]
    task_result: Option<TaskResult>,
    #[serde(deserialize_with = "list")]
    outputs: Vec<Output>,
    /// Units of a prepaid pack.
    #[serde(deserialize_with = "number")]
    final_unit_deduction: Option<f64>,
    #[serde(deserialize_with = "lenient")]
    final_balance_deduction: Option<BalanceDeduction>,
    #[serde(deserialize_with = "list")]
    billing: Vec<Bill>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TaskInfo {
    #[serde(deserialize_with = "text")]
    external_task_id: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TaskResult {
    #[serde(deserialize_with = "list")]
    videos: Vec<Output>,
}

/// `{"type":"video","id":"…","url":"https://…","watermark_url":"","duration":"5.041"}`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Output {
    /// The old design has nothing but videos here, and does not say so.
    #[serde(deserialize_with = "text")]
    r#type: String,
    #[serde(deserialize_with = "text")]
    pub(super) url: String,
    #[serde(deserialize_with = "number")]
    pub(super) duration: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct BalanceDeduction {
    #[serde(deserialize_with = "number")]
    quota: Option<f64>,
}

/// `{"charge_type":"unit","amount":"3","package_type":"video"}`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Bill {
    #[serde(deserialize_with = "text")]
    charge_type: String,
    #[serde(deserialize_with = "number")]
    amount: Option<f64>,
}

impl Task {
    pub(super) fn id(&self) -> &str {
        either(&self.task_id, &self.id)
    }

    /// Our own name for the task.
    pub(super) fn external_id(&self) -> &str {
        let old = self.task_info.as_ref().map_or("", |info| &info.external_task_id);
        either(old, &self.external_id)
    }

    pub(super) fn status(&self) -> &str {
        either(&self.task_status, &self.status)
    }

    pub(super) fn message(&self) -> &str {
        either(&self.task_status_msg, &self.message)
    }

    pub(super) fn video(&self) -> Option<&Output> {
        let old = self.task_result.iter().flat_map(|result| &result.videos);
        let mut videos = old.chain(&self.outputs).filter(|output| !output.url.is_empty());
        videos.find(|output| matches!(output.r#type.as_str(), "" | "video"))
    }

    /// The units that were taken, where any are named.
    pub(super) fn units(&self) -> Option<f64> {
        let bills = self.billing.iter().filter(|bill| bill.charge_type != "cash");
        let sum = bills.filter_map(|bill| bill.amount).reduce(|sum, amount| sum + amount);
        self.final_unit_deduction.or(sum)
    }

    /// Whether anything at all was taken, units or money.
    pub(super) fn is_charged(&self) -> bool {
        let quota = self.final_balance_deduction.as_ref().and_then(|deduction| deduction.quota);
        let bills = self.billing.iter().map(|bill| bill.amount);
        let mut amounts = bills.chain([self.final_unit_deduction, quota]);
        amounts.any(|amount| amount.is_some_and(|amount| amount > 0.0))
    }
}

fn either<'a>(old: &'a str, new: &'a str) -> &'a str {
    if old.is_empty() { new } else { old }
}

fn data<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Data, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Array(tasks) => Data::List(tasks.into_iter().map(object_in).collect()),
        one @ Value::Object(_) => Data::One(Box::new(object_in(one))),
        _ => Data::Nothing,
    })
}
