//! A task as OpenAI's SDKs read it: thirteen members that are always there, and ours beside.

use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, Serializer};

use super::progress::percent;
use crate::api::created::Created;
use crate::api::error::ApiError;
use crate::api::figures::FiguresView;
use crate::api::warning::Warning;
use crate::task::{ErrorBody, Figures, Status, Task, TaskId};

/// The answer to every request for one video. What is not known is `null` or, where SDKs do
/// not take that, `"auto"`.
#[derive(Debug, Serialize)]
pub struct VideoView<'a> {
    #[serde(serialize_with = "with_prefix")]
    id: &'a TaskId,
    object: &'static str,
    /// Times are whole seconds since 1970.
    created_at: i64,
    completed_at: Option<i64>,
    /// When the video dies, where that is known.
    expires_at: Option<i64>,
    #[serde(serialize_with = "in_their_words")]
    status: Status,
    progress: u8,
    model: &'a str,
    /// Prompts are not kept.
    prompt: Option<&'a str>,
    seconds: String,
    size: String,
    remixed_from_video_id: Option<&'a str>,
    error: Option<&'a ErrorBody>,
    metadata: Metadata<'a>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    warnings: &'a [Warning],
}

#[derive(Debug, Serialize)]
struct Metadata<'a> {
    #[serde(flatten)]
    figures: FiguresView,
    url: Option<&'a str>,
    /// The client's own note.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a str>,
    /// All of the videos, when more than one was asked for.
    #[serde(skip_serializing_if = "<[_]>::is_empty", serialize_with = "all_with_prefix")]
    task_ids: &'a [TaskId],
}

impl<'a> VideoView<'a> {
    /// A task as it stands. The time that its vendor usually takes is for its progress.
    pub fn new(task: &'a Task, usual: SignedDuration, now: Timestamp) -> Self {
        let ended_at = task.status.is_final().then_some(task.updated_at);
        let age = ended_at.unwrap_or(now).duration_since(task.created_at);
        Self {
            id: &task.id,
            object: "video",
            created_at: task.created_at.as_second(),
            completed_at: ended_at.map(Timestamp::as_second),
            expires_at: task.url_expires_at.map(Timestamp::as_second),
            status: task.status,
            progress: percent(task.status, age, usual),
            model: &task.model,
            prompt: None,
            seconds: seconds(task.shape.seconds, &task.figures),
            size: size(task.shape.size.as_deref(), &task.figures),
            remixed_from_video_id: None,
            error: task.error.as_ref(),
            metadata: Metadata {
                figures: (&task.figures).into(),
                url: task.url.as_deref(),
                payload: task.payload.as_deref(),
                task_ids: &[],
            },
            warnings: &[],
        }
    }
}

/// What was just made of a request, or was when it came the first time.
impl<'a> TryFrom<&'a Created> for VideoView<'a> {
    type Error = ApiError;

    fn try_from(created: &'a Created) -> Result<Self, ApiError> {
        let nothing = Figures::default();
        let id = created.task_id()?;
        Ok(Self {
            id,
            object: "video",
            created_at: id.created_at().as_second(),
            completed_at: None,
            expires_at: None,
            status: created.status,
            progress: percent(created.status, SignedDuration::ZERO, SignedDuration::from_mins(1)),
            model: &created.model,
            prompt: None,
            seconds: seconds(created.shape.seconds, &nothing),
            size: size(created.shape.size.as_deref(), &nothing),
            remixed_from_video_id: None,
            error: None,
            metadata: Metadata {
                figures: (&nothing).into(),
                url: None,
                payload: None,
                task_ids: if created.several { &created.task_ids } else { &[] },
            },
            warnings: &created.warnings,
        })
    }
}

/// What a client's webhook is told on this surface: a video that ended.
#[derive(Debug, Serialize)]
pub struct Ended<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(serialize_with = "event_id")]
    id: &'a TaskId,
    object: &'static str,
    created_at: i64,
    /// The video, as `GET` shows it.
    data: VideoView<'a>,
}

impl<'a> Ended<'a> {
    pub fn new(task: &'a Task, usual: SignedDuration) -> Self {
        let kind = match task.status {
            Status::Succeeded => "video.completed",
            Status::Queued | Status::Processing | Status::Failed => "video.failed",
        };
        Self {
            kind,
            id: &task.id,
            object: "event",
            created_at: task.updated_at.as_second(),
            data: VideoView::new(task, usual, task.updated_at),
        }
    }
}

/// The status that a word of this surface means.
pub fn status_of(word: &str) -> Option<Status> {
    [Status::Queued, Status::Processing, Status::Succeeded, Status::Failed]
        .into_iter()
        .find(|status| word_of(*status) == word)
}

fn word_of(status: Status) -> &'static str {
    match status {
        Status::Queued => "queued",
        Status::Processing => "in_progress",
        Status::Succeeded => "completed",
        Status::Failed => "failed",
    }
}

/// As text, which the SDKs' types want.
fn seconds(asked: Option<i64>, figures: &Figures) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "a video has few seconds")]
    let reported = || figures.duration.map(|duration| duration.round() as i64);
    asked.or_else(reported).map_or_else(|| "auto".to_owned(), |seconds| seconds.to_string())
}

fn size(asked: Option<&str>, figures: &Figures) -> String {
    let reported = || Some(format!("{}x{}", figures.width?, figures.height?));
    asked.map(str::to_owned).or_else(reported).unwrap_or_else(|| "auto".to_owned())
}

fn with_prefix<S: Serializer>(id: &TaskId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&id.as_video())
}

fn all_with_prefix<S: Serializer>(ids: &[TaskId], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ids.iter().map(TaskId::as_video))
}

fn event_id<S: Serializer>(id: &TaskId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("evt_{id}"))
}

fn in_their_words<S: Serializer>(status: &Status, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(word_of(*status))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::task::{Charged, Code, Shape, Surface};

    fn view(task: &Task, seconds: i64) -> Value {
        let now = task.created_at + SignedDuration::from_secs(seconds);
        serde_json::to_value(VideoView::new(task, SignedDuration::from_mins(1), now)).unwrap()
    }

    fn task() -> Task {
        let mut task = crate::task::testing::task();
        task.created_at = Timestamp::from_second(1_784_019_600).unwrap();
        task.updated_at = task.created_at;
        task
    }

    #[test]
    fn all_thirteen_members_are_there_at_every_status_and_of_the_types_that_sdks_read() {
        let error =
            ErrorBody { charged: Charged::Yes, ..ErrorBody::new(Code::VendorFailed, "No.") };
        let figures = Figures {
            duration: Some(5.04),
            width: Some(1920),
            height: Some(1080),
            ..Figures::default()
        };
        let rows = [
            (Task { status: Status::Queued, ..task() }, "queued", 0),
            (Task { status: Status::Processing, ..task() }, "in_progress", 50),
            (
                Task {
                    status: Status::Succeeded,
                    url: Some("https://v.example/1.mp4".to_owned()),
                    url_expires_at: Some(task().created_at),
                    figures,
                    ..task()
                },
                "completed",
                100,
            ),
            (Task { status: Status::Failed, error: Some(error), ..task() }, "failed", 1),
        ];
        for (task, status, progress) in rows {
            let video = view(&task, 60);
            assert_eq!(video["id"], format!("video_{}", task.id));
            assert_eq!((&video["object"], &video["status"]), (&json!("video"), &json!(status)));
            assert_eq!(video["progress"], progress, "{status}");
            assert!(video["created_at"].is_i64() && video["model"].is_string());
            for member in ["completed_at", "expires_at"] {
                assert!(
                    video[member].is_i64() || video.get(member) == Some(&Value::Null),
                    "{member}"
                );
            }
            assert_eq!(video["completed_at"].is_i64(), task.status.is_final(), "{status}");
            for member in ["prompt", "remixed_from_video_id"] {
                assert_eq!(video.get(member), Some(&Value::Null), "{member}");
            }
            assert!(video["seconds"].is_string() && video["size"].is_string(), "{video}");
            assert_eq!(video["error"].is_object(), task.status == Status::Failed, "{video}");
            for member in ["duration", "fps", "width", "height", "seed", "url"] {
                assert!(video["metadata"].get(member).is_some(), "{member}: {video}");
            }
            assert_eq!(status_of(status), Some(task.status));
        }
    }

    #[test]
    fn seconds_and_size_are_what_was_asked_or_what_was_made_or_auto() {
        let figures = Figures {
            duration: Some(5.04),
            width: Some(1920),
            height: Some(1080),
            ..Figures::default()
        };
        let asked = Shape { seconds: Some(4), size: Some("1280x720".to_owned()) };
        let rows = [
            (Shape::default(), Figures::default(), ("auto", "auto")),
            (Shape::default(), figures.clone(), ("5", "1920x1080")),
            (asked, figures, ("4", "1280x720")),
        ];
        for (shape, figures, (seconds, size)) in rows {
            let video = view(&Task { shape, figures, ..task() }, 1);
            assert_eq!((&video["seconds"], &video["size"]), (&json!(seconds), &json!(size)));
        }
    }

    #[test]
    fn a_create_is_answered_with_the_video_and_with_its_siblings() {
        let id = task().id;
        let created = |several| Created {
            task_ids: vec![id.clone()],
            several,
            status: Status::Queued,
            warnings: vec![Warning::new("fps", "No.")],
            surface: Surface::Videos,
            model: "viduq1".to_owned(),
            shape: Shape { seconds: Some(5), size: None },
        };
        for several in [false, true] {
            let created = created(several);
            let view = serde_json::to_value(VideoView::try_from(&created).unwrap()).unwrap();
            assert_eq!(view["id"], format!("video_{id}"));
            assert_eq!((&view["seconds"], &view["size"]), (&json!("5"), &json!("auto")));
            assert_eq!(view["metadata"].get("task_ids").is_some(), several, "{view}");
            assert_eq!(view["warnings"][0]["param"], "fps");
            assert_eq!(view["created_at"], id.created_at().as_second());
        }
    }
}
