//! A task as the ledger keeps it, and its state at a moment: its age decides, nothing runs.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::create::Generation;
use super::models;
use crate::simulators::callbacks::{Callback, Signature, Stage};
use crate::simulators::ids;
use crate::simulators::timeline::{Outcome, Timeline};

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) id: String,
    pub(super) timeline: Timeline,
    credits: u32,
    payload: String,
    bgm: bool,
    off_peak: bool,
    duration: u32,
    width: u32,
    height: u32,
    #[serde(default)]
    cancelled_at: Option<Timestamp>,
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

/// The state of a task so old that needs `pace` from its creation to its end.
pub(super) fn state_at(age: Duration, pace: Duration, outcome: Outcome) -> State {
    match outcome {
        Outcome::Success if age >= pace => State::Success,
        Outcome::Moderated if age >= pace => State::Failed,
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
            timeline: Timeline::begin(&generation.prompt, &generation.behaviour, pace, now),
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
            cancelled_at: None,
        }
    }

    pub(super) fn state(&self, now: Timestamp) -> State {
        if self.cancelled_at.is_some() {
            return State::Failed;
        }
        self.state_at(self.timeline.age(now))
    }

    /// Stops the task, or says what it is too late for.
    pub(super) fn cancel(&mut self, now: Timestamp) -> Result<(), State> {
        match self.state(now) {
            State::Created | State::Queueing => {
                self.cancelled_at = Some(now);
                Ok(())
            }
            state => Err(state),
        }
    }

    /// Whether the task succeeded, once it has ended.
    pub(super) fn end(&self, now: Timestamp) -> Option<bool> {
        if self.cancelled_at.is_some() { Some(false) } else { self.timeline.end(now) }
    }

    fn state_at(&self, age: Duration) -> State {
        state_at(age, self.timeline.pace, self.timeline.outcome)
    }

    /// The state that a callback carries; none where Vidu makes no callback.
    pub(super) fn state_of(&self, callback: Callback) -> Option<State> {
        if callback.signature != Signature::Valid {
            let is_success = self.state_at(self.timeline.pace) == State::Success;
            return Some(if is_success { State::Failed } else { State::Success });
        }
        match callback.stage {
            Stage::Processing if self.cancelled_at.is_some() => None,
            Stage::Ended if self.cancelled_at.is_some() => Some(State::Failed),
            Stage::Submitted => None,
            Stage::Processing => Some(State::Processing),
            Stage::Ended => Some(self.state_at(self.timeline.pace)),
        }
    }

    /// What a failed task took is given back.
    pub(super) fn credits(&self, state: State) -> u32 {
        if state == State::Failed { 0 } else { self.credits }
    }

    /// What a query answers and a callback carries when the task is in `state`.
    pub(super) fn answer(&self, state: State, base_url: &str) -> Answer {
        let err_code = match state {
            State::Failed if self.cancelled_at.is_some() => "UserCancelled",
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
        let id = ids::video_of(&self.id);
        Creation {
            url: format!("{base_url}/videos/{id}.mp4"),
            cover_url: format!("{base_url}/videos/{id}.jpeg"),
            watermarked_url: format!("{base_url}/videos/{id}.mp4?watermarked"),
            id,
            video: Video {
                // A video has one frame more than its seconds hold.
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

/// The cover is a dead link: there is only a video.
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
    use super::*;

    #[test]
    fn a_state_follows_age_pace_and_outcome() {
        let rows = [
            (0, 400, Outcome::Success, State::Created, "new"),
            (99, 400, Outcome::Success, State::Created, "still new"),
            (100, 400, Outcome::Success, State::Queueing, "a quarter"),
            (199, 400, Outcome::Success, State::Queueing, "under a half"),
            (200, 400, Outcome::Success, State::Processing, "a half"),
            (399, 400, Outcome::Success, State::Processing, "nearly"),
            (400, 400, Outcome::Success, State::Success, "done"),
            (u64::MAX, 400, Outcome::Success, State::Success, "long done"),
            (0, 0, Outcome::Success, State::Success, "no pace, no wait"),
            (399, 400, Outcome::Moderated, State::Processing, "not yet known"),
            (400, 400, Outcome::Moderated, State::Failed, "found at the end"),
        ];
        for (age, pace, outcome, expected, reason) in rows {
            let [age, pace] = [age, pace].map(Duration::from_millis);
            assert_eq!(state_at(age, pace, outcome), expected, "{reason}");
        }
    }
}
