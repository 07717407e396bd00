//! What the table's stream says of tasks that changed.

use jiff::Timestamp;
use serde::Deserialize;
use serde_dynamo::{Item, from_item};

use super::due::Due;
use super::error::StoreError;
use crate::task::TaskId;

/// An event of DynamoDB Streams, as Lambda hands it over. Its images may be old
/// by now, so nothing but the timers is read from them.
#[derive(Deserialize)]
pub struct Changes {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    dynamodb: Change,
}

#[derive(Deserialize)]
struct Change {
    /// Absent of a task that was deleted.
    #[serde(rename = "NewImage")]
    new_image: Option<Item>,
}

/// The timer of the duty to tell the client, among whatever else a task has.
#[derive(Deserialize)]
struct Timer {
    id: TaskId,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    webhook_due_at: Timestamp,
}

impl Changes {
    /// The timers of webhooks that the tasks got. Whoever claims one of them is the first to
    /// do so, even when an event comes twice.
    pub fn timers(self) -> impl Iterator<Item = Result<Due, StoreError>> {
        let images = self.records.into_iter().filter_map(|record| record.dynamodb.new_image);
        images.map(|image| {
            let timer = from_item(image);
            let Timer { id, webhook_due_at } =
                timer.map_err(|error| StoreError::item("reading a change", &error))?;
            Ok(Due { id, due_at: webhook_due_at })
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_names_its_task_and_timer() {
        let id = "0198a1b2c3d47e5f8a9b0c1d2e3f4a5b";
        let change = |image| json!({ "eventName": "MODIFY", "dynamodb": { "NewImage": image } });
        let changes: Changes = serde_json::from_value(json!({ "Records": [
            change(json!({
                "id": { "S": id }, "webhook_due_at": { "N": "1784019600123" }, "polls": { "N": "0" },
                "figures": { "M": { "fps": { "N": "24" } } },
            })),
            change(json!({ "id": { "S": id } })),
            json!({ "eventName": "REMOVE", "dynamodb": { "OldImage": { "id": { "S": id } } } }),
        ]}))
        .unwrap();
        let timers: Vec<_> = changes.timers().collect();
        let due_at = Timestamp::from_millisecond(1_784_019_600_123).unwrap();
        assert_eq!(timers[0].as_ref().unwrap(), &Due { id: id.parse().unwrap(), due_at });
        assert!(timers[1].is_err(), "without a timer there is nothing to claim");
        assert_eq!(timers.len(), 2, "a task that is gone has none");
    }
}
