//! A task as the ledger keeps it, and its state at a moment: its age decides, nothing runs.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::create::Generation;
use super::models::{Design, Endpoint};
use crate::simulators::callbacks::{Callback, Signature, Stage};
use crate::simulators::ids;
use crate::simulators::timeline::{Outcome, Timeline};

const RISK_CONTROL: &str = "Failure to pass the risk control system";

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) id: String,
    /// The id that its client gave.
    pub(super) external_id: Option<String>,
    pub(super) endpoint: Endpoint,
    pub(super) timeline: Timeline,
    seconds: u32,
    /// Tenths of a unit, taken when it succeeds.
    price: u32,
    watermark: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    Submitted,
    Processing,
    Succeeded,
    Failed,
}

impl State {
    fn name(self, design: Design) -> &'static str {
        match (self, design) {
            (Self::Submitted, _) => "submitted",
            (Self::Processing, _) => "processing",
            (Self::Succeeded, Design::Old) => "succeed",
            (Self::Succeeded, Design::New) => "succeeded",
            (Self::Failed, _) => "failed",
        }
    }
}

/// The state of a task so old that needs `pace` from its creation to its end.
pub(super) fn state_at(age: Duration, pace: Duration, outcome: Outcome) -> State {
    match outcome {
        Outcome::Success if age >= pace => State::Succeeded,
        Outcome::Moderated if age >= pace => State::Failed,
        _ if age >= processing_from(pace) => State::Processing,
        _ => State::Submitted,
    }
}

pub(super) fn processing_from(pace: Duration) -> Duration {
    pace / 4
}

impl Task {
    pub(super) fn new(
        id: String,
        endpoint: Endpoint,
        generation: &Generation,
        pace: Duration,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            endpoint,
            timeline: Timeline::begin(&generation.prompt, &generation.behaviour, pace, now),
            seconds: generation.seconds,
            price: generation.seconds * generation.quality.price_of_a_second(),
            watermark: generation.watermark,
            external_id: generation.external_id.clone(),
        }
    }

    pub(super) fn state(&self, now: Timestamp) -> State {
        state_at(self.timeline.age(now), self.timeline.pace, self.timeline.outcome)
    }

    /// The state that a callback carries.
    pub(super) fn state_of(&self, callback: Callback) -> State {
        let Timeline { pace, outcome, .. } = self.timeline;
        if callback.signature != Signature::Valid {
            let is_success = outcome == Outcome::Success;
            return if is_success { State::Failed } else { State::Succeeded };
        }
        match callback.stage {
            Stage::Submitted => State::Submitted,
            Stage::Processing => State::Processing,
            Stage::Ended => state_at(pace, pace, outcome),
        }
    }

    /// What a create answers.
    pub(super) fn created(&self) -> Created {
        let at = self.timeline.created_at.as_millisecond();
        let status = State::Submitted.name(self.endpoint.design());
        let external_id = self.external_id.clone();
        match self.endpoint.design() {
            Design::Old => Created::Old {
                task_id: self.id.clone(),
                task_status: status,
                task_info: TaskInfo { external_task_id: external_id },
                created_at: at,
                updated_at: at,
            },
            Design::New => Created::New {
                id: self.id.clone(),
                status,
                create_time: at,
                update_time: at,
                external_id,
            },
        }
    }

    /// What a query answers and a callback carries when the task is in `state`.
    pub(super) fn answer(&self, state: State, base_url: &str) -> Answer {
        let design = self.endpoint.design();
        let status = state.name(design);
        let message = if state == State::Failed { RISK_CONTROL } else { "" };
        let video = (state == State::Succeeded).then(|| self.video(base_url));
        let units = (state == State::Succeeded).then(|| units(self.price));
        let since = match state {
            State::Submitted => Duration::ZERO,
            State::Processing => processing_from(self.timeline.pace),
            State::Succeeded | State::Failed => self.timeline.pace,
        };
        let created_at = self.timeline.created_at.as_millisecond();
        let updated_at = created_at + i64::try_from(since.as_millis()).unwrap_or_default();
        match design {
            Design::Old => Answer::Old {
                task_id: self.id.clone(),
                task_status: status,
                task_status_msg: message,
                task_info: TaskInfo { external_task_id: self.external_id.clone() },
                task_result: TaskResult { videos: video.map(|video| [video]) },
                watermark_info: WatermarkInfo { enabled: self.watermark },
                final_unit_deduction: units.unwrap_or_default(),
                final_balance_deduction: BalanceDeduction { quota: "", list_price: "" },
                created_at,
                updated_at,
            },
            Design::New => Answer::New {
                id: self.id.clone(),
                status,
                message,
                create_time: created_at,
                update_time: updated_at,
                external_id: self.external_id.clone(),
                outputs: video.into_iter().collect(),
                billing: units.into_iter().map(Bill::units).collect(),
            },
        }
    }

    fn video(&self, base_url: &str) -> Video {
        let id = ids::video_of(&self.id);
        let url = format!("{base_url}/videos/{id}.mp4");
        // A video is a little longer than was asked for, and the designs round differently.
        let (r#type, duration) = match self.endpoint.design() {
            Design::Old => (None, format!("{}.1", self.seconds)),
            Design::New => (Some("video"), format!("{}.041", self.seconds)),
        };
        let watermark_url =
            if self.watermark { format!("{url}?watermarked") } else { String::new() };
        Video { r#type, id, url, watermark_url, duration }
    }
}

/// `15` tenths are `"1.5"`, `30` are `"3"`.
fn units(tenths: u32) -> String {
    match (tenths / 10, tenths % 10) {
        (whole, 0) => whole.to_string(),
        (whole, tenth) => format!("{whole}.{tenth}"),
    }
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Created {
    Old {
        task_id: String,
        task_status: &'static str,
        task_info: TaskInfo,
        created_at: i64,
        updated_at: i64,
    },
    New {
        id: String,
        status: &'static str,
        create_time: i64,
        update_time: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        external_id: Option<String>,
    },
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Answer {
    Old {
        task_id: String,
        task_status: &'static str,
        task_status_msg: &'static str,
        task_info: TaskInfo,
        task_result: TaskResult,
        watermark_info: WatermarkInfo,
        final_unit_deduction: String,
        final_balance_deduction: BalanceDeduction,
        created_at: i64,
        updated_at: i64,
    },
    New {
        id: String,
        status: &'static str,
        message: &'static str,
        create_time: i64,
        update_time: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        external_id: Option<String>,
        outputs: Vec<Video>,
        billing: Vec<Bill>,
    },
}

#[derive(Serialize)]
pub(super) struct TaskInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    external_task_id: Option<String>,
}

#[derive(Serialize)]
pub(super) struct TaskResult {
    #[serde(skip_serializing_if = "Option::is_none")]
    videos: Option<[Video; 1]>,
}

#[derive(Serialize)]
pub(super) struct WatermarkInfo {
    enabled: bool,
}

#[derive(Serialize)]
pub(super) struct Video {
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'static str>,
    id: String,
    url: String,
    watermark_url: String,
    duration: String,
}

#[derive(Serialize)]
pub(super) struct BalanceDeduction {
    quota: &'static str,
    list_price: &'static str,
}

#[derive(Serialize)]
pub(super) struct Bill {
    charge_type: &'static str,
    amount: String,
    package_type: &'static str,
}

impl Bill {
    fn units(amount: String) -> Self {
        Self { charge_type: "unit", amount, package_type: "video" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_follows_age_pace_and_outcome() {
        let rows = [
            (0, 400, Outcome::Success, State::Submitted, "new"),
            (99, 400, Outcome::Success, State::Submitted, "still new"),
            (100, 400, Outcome::Success, State::Processing, "a quarter"),
            (399, 400, Outcome::Moderated, State::Processing, "not yet known"),
            (400, 400, Outcome::Moderated, State::Failed, "found at the end"),
            (400, 400, Outcome::Success, State::Succeeded, "done"),
            (u64::MAX, 400, Outcome::Success, State::Succeeded, "long done"),
            (0, 0, Outcome::Success, State::Succeeded, "no pace, no wait"),
        ];
        for (age, pace, outcome, expected, reason) in rows {
            let [age, pace] = [age, pace].map(Duration::from_millis);
            assert_eq!(state_at(age, pace, outcome), expected, "{reason}");
        }
    }
}
