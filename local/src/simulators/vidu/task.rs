//! A task as the ledger keeps it, and how it looks at a moment: its age decides, nothing runs.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::create::Generation;
use super::models;
use crate::simulators::course::{Course, Fate};
use crate::simulators::follow::{Call, Seal, Stage};
use crate::simulators::ids;

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) id: String,
    pub(super) course: Course,
    /// A failure that does not wait for the end.
    is_cancelled: bool,
    credits: u32,
    payload: String,
    bgm: bool,
    off_peak: bool,
    duration: u32,
    width: u32,
    height: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Created,
    Queueing,
    Processing,
    Success,
    Failed,
}

impl State {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Queueing => "queueing",
            Self::Processing => "processing",
            Self::Success => "success",
            Self::Failed => "failed",
        }
    }
}

/// The state of a task so old that needs `pace` from its creation to its end.
pub(super) fn state_at(age: Duration, pace: Duration, fate: Fate) -> State {
    match fate {
        Fate::Success if age >= pace => State::Success,
        Fate::Moderated if age >= pace => State::Failed,
        _ if age >= processing_from(pace) => State::Processing,
        _ if age >= pace / 4 => State::Queueing,
        _ => State::Created,
    }
}

pub(super) fn processing_from(pace: Duration) -> Duration {
    pace / 2
}

impl Task {
    pub(super) fn new(id: String, generation: &Generation, pace: Duration, now: Timestamp) -> Self {
        let (width, height) =
            models::size(generation.resolution, generation.aspect_ratio.unwrap_or_default());
        Self {
            id,
            course: Course::begin(&generation.prompt, &generation.manners, pace, now),
            is_cancelled: false,
            credits: models::credits(
                generation.duration,
                generation.resolution,
                generation.off_peak,
            ),
            payload: generation.payload.clone(),
            bgm: generation.bgm.unwrap_or_default(),
            off_peak: generation.off_peak,
            duration: generation.duration,
            width,
            height,
        }
    }

    pub(super) fn state(&self, now: Timestamp) -> State {
        self.state_at(self.course.age(now))
    }

    /// Whether it succeeded, once it has ended.
    pub(super) fn end(&self, now: Timestamp) -> Option<bool> {
        if self.is_cancelled { Some(false) } else { self.course.end(now) }
    }

    fn state_at(&self, age: Duration) -> State {
        if self.is_cancelled {
            return State::Failed;
        }
        state_at(age, self.course.pace, self.course.fate)
    }

    /// The state that its callback address is told; none when it never came to it.
    pub(super) fn told(&self, call: Call) -> Option<State> {
        if call.seal != Seal::Own {
            let is_success = self.state_at(self.course.pace) == State::Success;
            return Some(if is_success { State::Failed } else { State::Success });
        }
        match call.stage {
            Stage::Submitted => None,
            Stage::Processing => (!self.is_cancelled).then_some(State::Processing),
            Stage::Ended => Some(self.state_at(self.course.pace)),
        }
    }

    /// Cancels a task that has not begun; otherwise tells the state that prevents it.
    pub(super) fn cancel(&mut self, now: Timestamp) -> Result<(), State> {
        match self.state(now) {
            State::Created | State::Queueing => {
                self.is_cancelled = true;
                Ok(())
            }
            state => Err(state),
        }
    }

    /// What a failed task took is given back.
    pub(super) fn credits(&self, state: State) -> u32 {
        if state == State::Failed { 0 } else { self.credits }
    }

    /// What a query answers and a callback carries when the task is in `state`.
    pub(super) fn answer(&self, state: State, base_url: &str) -> Answer {
        let err_code = match state {
            State::Failed if self.is_cancelled => "UserCancelled",
            State::Failed => "CreationPolicyViolation",
            _ => "",
        };
        let creation = (state == State::Success).then(|| self.creation(base_url));
        Answer {
            id: self.id.clone(),
            state,
            err_code,
            credits: self.credits(state),
            payload: self.payload.clone(),
            bgm: self.bgm,
            off_peak: self.off_peak,
            creations: creation.into_iter().collect(),
        }
    }

    fn creation(&self, base_url: &str) -> Creation {
        let id = ids::film_of(&self.id);
        Creation {
            url: format!("{base_url}/films/{id}.mp4"),
            cover_url: format!("{base_url}/films/{id}.jpeg"),
            watermarked_url: format!("{base_url}/films/{id}.mp4?watermarked"),
            id,
            video: Video {
                // A film has one frame more than its seconds hold.
                duration: f64::from(self.duration * 100 + 4) / 100.0,
                fps: 24,
                resolution: Size { width: self.width, height: self.height },
            },
        }
    }
}

/// ```json
/// {"id":"839120458812739584","state":"processing","err_code":"","credits":80,"payload":"",
///  "bgm":false,"off_peak":false,"creations":[]}
/// ```
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    id: String,
    state: State,
    err_code: &'static str,
    credits: u32,
    payload: String,
    bgm: bool,
    off_peak: bool,
    creations: Vec<Creation>,
}

/// The cover is a dead link: there is only a film.
#[derive(Debug, Serialize)]
struct Creation {
    id: String,
    url: String,
    cover_url: String,
    watermarked_url: String,
    video: Video,
}

#[derive(Debug, Serialize)]
struct Video {
    duration: f64,
    fps: u32,
    resolution: Size,
}

#[derive(Debug, Serialize)]
struct Size {
    width: u32,
    height: u32,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::models::Endpoint;
    use super::*;

    #[test]
    fn a_state_follows_age_pace_and_fate() {
        let rows = [
            (0, 400, Fate::Success, State::Created, "new"),
            (99, 400, Fate::Success, State::Created, "still new"),
            (100, 400, Fate::Success, State::Queueing, "a quarter"),
            (199, 400, Fate::Success, State::Queueing, "under a half"),
            (200, 400, Fate::Success, State::Processing, "a half"),
            (399, 400, Fate::Success, State::Processing, "nearly"),
            (400, 400, Fate::Success, State::Success, "done"),
            (u64::MAX, 400, Fate::Success, State::Success, "long done"),
            (0, 0, Fate::Success, State::Success, "no pace, no wait"),
            (399, 400, Fate::Moderated, State::Processing, "not yet known"),
            (400, 400, Fate::Moderated, State::Failed, "found at the end"),
        ];
        for (age, pace, fate, expected, reason) in rows {
            let [age, pace] = [age, pace].map(Duration::from_millis);
            assert_eq!(state_at(age, pace, fate), expected, "{reason}");
        }
    }

    #[test]
    fn an_answer_is_what_vidu_answers() {
        let success = json!({
            "id": "839120458812739584", "state": "success", "err_code": "", "credits": 80,
            "payload": "vg-1", "bgm": false, "off_peak": false,
            "creations": [{
                "id": "839120458812739585",
                "url": "http://host/films/839120458812739585.mp4",
                "cover_url": "http://host/films/839120458812739585.jpeg",
                "watermarked_url": "http://host/films/839120458812739585.mp4?watermarked",
                "video": {"duration": 5.04, "fps": 24, "resolution": {"width": 1080, "height": 1920}},
            }],
        });
        assert_eq!(answer("rain", State::Success), success);

        let failed = json!({
            "id": "839120458812739584", "state": "failed", "err_code": "CreationPolicyViolation",
            "credits": 0, "payload": "vg-1", "bgm": false, "off_peak": false, "creations": [],
        });
        assert_eq!(answer("unlucky rain", State::Failed), failed);
    }

    fn answer(prompt: &str, state: State) -> serde_json::Value {
        let task = task(prompt);
        serde_json::to_value(task.answer(state, "http://host")).unwrap()
    }

    #[test]
    fn only_what_has_not_begun_can_be_cancelled() {
        let rows = [
            (0, Ok(()), State::Failed),
            (100, Ok(()), State::Failed),
            (200, Err(State::Processing), State::Processing),
            (400, Err(State::Success), State::Success),
        ];
        for (age, answer, then) in rows {
            let now = Timestamp::from_millisecond(age).unwrap();
            let mut task = task("rain");
            assert_eq!(task.cancel(now), answer, "{age}");
            assert_eq!(task.state(now), then, "{age}");
            assert_eq!(task.cancel(now), Err(then), "{age}: a second time");
        }
    }

    fn task(prompt: &str) -> Task {
        let body =
            json!({"model": "viduq1", "prompt": prompt, "payload": "vg-1", "aspect_ratio": "9:16"});
        let generation = Generation::read(Endpoint::Text, body.to_string().as_bytes()).unwrap();
        let pace = Duration::from_millis(400);
        let id = "839120458812739584".to_owned();
        Task::new(id, &generation, pace, Timestamp::UNIX_EPOCH)
    }
}
