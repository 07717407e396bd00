//! Tasks of one key, by their time: pages of an index that has nothing but keys, and the
//! tasks behind them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use serde::Deserialize;

use super::error::StoreError;
use super::item::{Item, read_task};
use super::tasks::Tasks;
use super::transaction::{TRIES, rest};
use crate::api::page::{Direction, Page};
use crate::task::{Task, TaskId};

const ACTION: &str = "listing tasks";

/// The index of all tasks by their owner and their id, which is their time.
const INDEX: &str = "owner";

/// How many pages of the index one request reads at most, looking for what is wanted.
const MOST_PAGES: usize = 5;

/// How many tasks are looked at together where not all are wanted; DynamoDB gives as many at once.
const AT_ONCE: usize = 100;

/// Tasks of one key, as far as they were looked at.
#[derive(Debug, Default, PartialEq)]
pub struct Listed {
    pub tasks: Vec<Task>,
    /// The last one that was looked at, wanted or not.
    pub last: Option<TaskId>,
    /// Whether there may be more behind it.
    pub has_more: bool,
}

/// What the index has of a task.
#[derive(Deserialize)]
struct Key {
    id: TaskId,
}

impl Tasks {
    /// A page of the owner's tasks. What was stored a moment ago may be missing, because the index
    /// follows the table; what is shown of a task is as it stands.
    pub async fn list(&self, owner: &str, page: &Page) -> Result<Listed, StoreError> {
        let at_once = if page.wants_all() { page.limit } else { AT_ONCE };
        let mut listed = Listed::default();
        for _ in 0..MOST_PAGES {
            // One more tells whether there are more.
            let after = listed.last.as_ref().or(page.after.as_ref());
            let (mut ids, is_cut) = self.ids(owner, page.direction, after, at_once + 1).await?;
            let is_last = ids.len() <= at_once && !is_cut;
            ids.truncate(at_once);
            let mut tasks = self.get_all(&ids).await?;
            let count = ids.len();
            for (number, id) in (1..).zip(ids) {
                // One that was deleted meanwhile is not there.
                let task = tasks.remove(&id);
                listed.last = Some(id);
                // The index is of owners; that nobody sees another's task, the task itself says.
                let is_wanted = |task: &Task| task.owner == owner && page.wants(task);
                listed.tasks.extend(task.filter(is_wanted));
                listed.has_more = number < count || !is_last;
                if listed.tasks.len() == page.limit {
                    return Ok(listed);
                }
            }
            if is_last || page.wants_all() {
                break;
            }
        }
        Ok(listed)
    }

    /// The ids of an owner's tasks behind this one, and whether DynamoDB stopped looking.
    async fn ids(
        &self,
        owner: &str,
        direction: Direction,
        after: Option<&TaskId>,
        limit: usize,
    ) -> Result<(Vec<TaskId>, bool), StoreError> {
        let (forward, behind) = match direction {
            Direction::NewestFirst => (false, "#owner = :owner AND id < :after"),
            Direction::OldestFirst => (true, "#owner = :owner AND id > :after"),
        };
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(INDEX)
            .scan_index_forward(forward)
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", AttributeValue::S(owner.to_owned()))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        query = match after {
            None => query.key_condition_expression("#owner = :owner"),
            Some(after) => query
                .key_condition_expression(behind)
                .expression_attribute_values(":after", AttributeValue::S(after.to_string())),
        };
        let answer = query.send().await.map_err(|error| StoreError::service(ACTION, error))?;
        let keys: Vec<Key> = serde_dynamo::from_items(answer.items.unwrap_or_default())
            .map_err(|error| StoreError::item(ACTION, &error))?;
        let is_cut = answer.last_evaluated_key.is_some();
        Ok((keys.into_iter().map(|key| key.id).collect(), is_cut))
    }

    /// The tasks that are there of these.
    async fn get_all(&self, ids: &[TaskId]) -> Result<HashMap<TaskId, Task>, StoreError> {
        let key = |id: &TaskId| Item::from([("id".to_owned(), AttributeValue::S(id.to_string()))]);
        let mut wanted: Vec<Item> = ids.iter().map(key).collect();
        let mut found = HashMap::new();
        for tried in 0..TRIES {
            if wanted.is_empty() {
                return Ok(found);
            }
            if tried > 0 {
                rest(tried - 1, ids.first().map_or(0, TaskId::spread)).await;
            }
            let keys = KeysAndAttributes::builder()
                .set_keys(Some(wanted))
                // A status that a client has seen never falls, here neither.
                .consistent_read(true)
                .build()
                .map_err(|error| StoreError::incomplete(ACTION, &error))?;
            let answer = self.client.batch_get_item().request_items(&self.table, keys).send().await;
            let answer = answer.map_err(|error| StoreError::service(ACTION, error))?;
            for item in answer.responses.into_iter().flatten().flat_map(|(_, items)| items) {
                let task = read_task(item)?;
                found.insert(task.id.clone(), task);
            }
            // What was too much for one answer, or too fast, comes with the next.
            let left = answer.unprocessed_keys.into_iter().flatten();
            wanted = left.flat_map(|(_, keys)| keys.keys).collect();
        }
        if wanted.is_empty() { Ok(found) } else { Err(StoreError::busy(ACTION)) }
    }
}
