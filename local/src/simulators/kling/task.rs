//! A task as the ledger keeps it, and how it looks at a moment: its age decides, nothing runs.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::create::Generation;
use super::models::{Design, Endpoint};
use crate::simulators::course::{Course, Fate};
use crate::simulators::follow::{Call, Seal, Stage};
use crate::simulators::ids;

const RISK_CONTROL: &str = "Failure to pass the risk control system";

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) id: String,
    /// The id that its client gave.
    pub(super) external_id: Option<String>,
    pub(super) endpoint: Endpoint,
    pub(super) course: Course,
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
pub(super) fn state_at(age: Duration, pace: Duration, fate: Fate) -> State {
    match fate {
        Fate::Success if age >= pace => State::Succeeded,
        Fate::Moderated if age >= pace => State::Failed,
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
            course: Course::begin(&generation.prompt, &generation.manners, pace, now),
            seconds: generation.seconds,
            price: generation.seconds * generation.quality.price_of_a_second(),
            watermark: generation.watermark,
            external_id: generation.external_id.clone(),
        }
    }

    pub(super) fn state(&self, now: Timestamp) -> State {
        state_at(self.course.age(now), self.course.pace, self.course.fate)
    }

    /// The state that its callback address is told.
    pub(super) fn told(&self, call: Call) -> State {
        let Course { pace, fate, .. } = self.course;
        if call.seal != Seal::Own {
            let is_success = fate == Fate::Success;
            return if is_success { State::Failed } else { State::Succeeded };
        }
        match call.stage {
            Stage::Submitted => State::Submitted,
            Stage::Processing => State::Processing,
            Stage::Ended => state_at(pace, pace, fate),
        }
    }

    /// What a create answers.
    pub(super) fn created(&self) -> Created {
        let at = self.course.created_at.as_millisecond();
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
            State::Processing => processing_from(self.course.pace),
            State::Succeeded | State::Failed => self.course.pace,
        };
        let created_at = self.course.created_at.as_millisecond();
        let updated_at = created_at + i64::try_from(since.as_millis()).unwrap_or_default();
        match design {
            Design::Old => Answer::Old {
                task_id: self.id.clone(),
                task_status: status,
                task_status_msg: message,
                task_info: TaskInfo { external_task_id: self.external_id.clone() },
                task_result: TaskResult { videos: video.map(|video| [video]) },
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
        let id = ids::film_of(&self.id);
        let url = format!("{base_url}/films/{id}.mp4");
        // A film is a little longer than was asked for, and the designs round differently.
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
    use serde_json::{Value, json};

    use super::super::create;
    use super::*;

    #[test]
    fn a_state_follows_age_pace_and_fate() {
        let rows = [
            (0, 400, Fate::Success, State::Submitted, "new"),
            (99, 400, Fate::Success, State::Submitted, "still new"),
            (100, 400, Fate::Success, State::Processing, "a quarter"),
            (399, 400, Fate::Moderated, State::Processing, "not yet known"),
            (400, 400, Fate::Moderated, State::Failed, "found at the end"),
            (400, 400, Fate::Success, State::Succeeded, "done"),
            (u64::MAX, 400, Fate::Success, State::Succeeded, "long done"),
            (0, 0, Fate::Success, State::Succeeded, "no pace, no wait"),
        ];
        for (age, pace, fate, expected, reason) in rows {
            let [age, pace] = [age, pace].map(Duration::from_millis);
            assert_eq!(state_at(age, pace, fate), expected, "{reason}");
        }
    }

    #[test]
    fn an_answer_is_what_the_design_answers() {
        let old = json!({
            "task_id": "871203945561284608", "task_status": "succeed", "task_status_msg": "",
            "task_info": {"external_task_id": "vg-1"},
            "task_result": {"videos": [{
                "id": "871203945561284609", "url": "http://host/films/871203945561284609.mp4",
                "watermark_url": "", "duration": "5.1",
            }]},
            "final_unit_deduction": "1.5",
            "final_balance_deduction": {"quota": "", "list_price": ""},
            "created_at": 0, "updated_at": 400,
        });
        assert_eq!(answer(Endpoint::OldText, "rain", State::Succeeded), old);
        let new = json!({
            "id": "871203945561284608", "status": "succeeded", "message": "",
            "create_time": 0, "update_time": 400, "external_id": "vg-1",
            "outputs": [{
                "type": "video", "id": "871203945561284609",
                "url": "http://host/films/871203945561284609.mp4",
                "watermark_url": "http://host/films/871203945561284609.mp4?watermarked",
                "duration": "10.041",
            }],
            "billing": [{"charge_type": "unit", "amount": "3", "package_type": "video"}],
        });
        assert_eq!(answer(Endpoint::NewText, "rain", State::Succeeded), new);

        let failed = answer(Endpoint::OldText, "unlucky rain", State::Failed);
        assert_eq!(failed["task_status_msg"], RISK_CONTROL);
        assert_eq!(failed["task_result"], json!({}));
        assert_eq!(failed["final_unit_deduction"], "");
        let failed = answer(Endpoint::NewText, "unlucky rain", State::Failed);
        assert_eq!(failed["message"], RISK_CONTROL);
        assert_eq!((&failed["outputs"], &failed["billing"]), (&json!([]), &json!([])));
    }

    fn answer(endpoint: Endpoint, prompt: &str, state: State) -> Value {
        let generation = match endpoint.design() {
            Design::Old => {
                let body = json!({"prompt": prompt, "external_task_id": "vg-1"});
                create::old::read(endpoint, body.to_string().as_bytes())
            }
            Design::New => {
                let options =
                    json!({"external_task_id": "vg-1", "watermark_info": {"enabled": true}});
                let body =
                    json!({"prompt": prompt, "settings": {"duration": 10}, "options": options});
                create::new::read(endpoint, "kling-3.0", body.to_string().as_bytes())
            }
        };
        let id = "871203945561284608".to_owned();
        let pace = Duration::from_millis(400);
        let task = Task::new(id, endpoint, &generation.unwrap(), pace, Timestamp::UNIX_EPOCH);
        serde_json::to_value(task.answer(state, "http://host")).unwrap()
    }
}
