//! Where tasks begin: stored before any vendor hears of them, together with the
//! record of their request and with what counts against their key's limits.
//!
//! One task of a key without limits is one plain write; everything else is one
//! transaction, so that nothing is counted that was not stored.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::builders::{PutBuilder, UpdateBuilder};
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use jiff::Timestamp;

use super::counts::{Counts, Found};
use super::error::StoreError;
use super::item::Item;
use super::tasks::Tasks;
use super::transaction::{self, TRIES, Transacted, rest, transact};
use crate::api::Record;
use crate::crypto::digest::sha256;
use crate::task::{Limits, Task};

const ACTION: &str = "storing new tasks";
/// DynamoDB takes no longer ones.
const LONGEST_TOKEN: usize = 36;

/// Tasks of one request and of one key, which begin together.
#[derive(Clone, Copy, Debug)]
pub struct NewTasks<'a> {
    pub tasks: &'a [Task],
    /// What is kept of the request, when it may come twice.
    pub record: Option<&'a Record>,
    pub limits: Limits,
}

/// What became of it.
#[derive(Debug, PartialEq)]
pub enum BeginOutcome {
    /// The tasks are stored, and counted.
    Stored,
    /// The request came before, and this is what is kept of it.
    Before(Box<Record>),
    /// The key has made as many tasks in this minute as it may.
    TooFast,
    /// The key has as many unfinished tasks as it may.
    TooMany,
    /// Too many requests at once count on the same limits.
    Busy,
}

impl Tasks {
    pub async fn begin(
        &self,
        beginning: &NewTasks<'_>,
        now: Timestamp,
    ) -> Result<BeginOutcome, StoreError> {
        match (beginning.tasks, beginning.record) {
            ([task], None) if beginning.limits.is_none() => {
                self.insert(task).await.map(|()| BeginOutcome::Stored)
            }
            _ => self.begin_together(beginning, now).await,
        }
    }

    /// Stores a new task that is counted nowhere.
    pub async fn insert(&self, task: &Task) -> Result<(), StoreError> {
        let mut first = Some(item(task)?);
        // Made a second time only for a second try: the item is large.
        let write = || {
            let put = self.client.put_item().table_name(&self.table);
            put.set_item(first.take().or_else(|| item(task).ok()))
                .condition_expression("attribute_not_exists(id)")
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                )
                .send()
        };
        let stored = transaction::write(ACTION, task.id.spread(), write);
        match stored.await?.map_err(SdkError::into_service_error) {
            Ok(_) => Ok(()),
            // The SDK has asked a second time because it lost the first answer.
            Err(PutItemError::ConditionalCheckFailedException(failed))
                if is_ours(failed.item.as_ref(), task) =>
            {
                Ok(())
            }
            Err(error) => Err(StoreError::service(ACTION, error)),
        }
    }

    async fn begin_together(
        &self,
        beginning: &NewTasks<'_>,
        now: Timestamp,
    ) -> Result<BeginOutcome, StoreError> {
        let NewTasks { tasks, record, limits } = *beginning;
        let Some(first) = tasks.first() else { return Ok(BeginOutcome::Stored) };
        let mut counts = Counts::new(tasks, &first.owner, limits, now);
        for tried in 0..TRIES {
            // A record that is found decides, whatever else is wrong; so it comes first.
            let mut writes = Vec::new();
            if let Some(record) = record {
                writes.push(self.put_record(record, now)?);
            }
            let minute = writes.len()..writes.len() + counts.minute_items();
            writes.extend(self.count(&counts).into_iter().map(Write::from));
            let unfinished = minute.end..writes.len();
            let first_task = writes.len();
            for task in tasks {
                writes.push(
                    self.put(item(task)?).condition_expression("attribute_not_exists(id)").into(),
                );
            }
            let writes = writes.into_iter().map(Write::build).collect::<Result<_, _>>()?;
            // What is tried next is another transaction, and its token must say so.
            let token = token(first, tried, now);
            let spread = first.id.spread();
            let transacted = transact(&self.client, ACTION, writes, Some(&token), spread);
            let mut refusals = match transacted.await? {
                Transacted::Done => return Ok(BeginOutcome::Stored),
                Transacted::Busy => return Ok(BeginOutcome::Busy),
                Transacted::Refused(refusals) => refusals,
            };
            if record.is_some() && refusals.is_busy(0) {
                // Whether the request came before decides, and somebody is just writing that.
                rest(tried, spread).await;
                continue;
            }
            if record.is_some() && refusals.at(0) {
                let found = refusals.item(0).map(serde_dynamo::from_item).transpose();
                let found = found.map_err(|error| StoreError::item(ACTION, &error))?;
                let found: Box<Record> = found.ok_or_else(|| StoreError::missing(ACTION))?;
                // Of the same ids there is one request, whose first answer was lost.
                let is_ours = record.is_some_and(|record| record.task_ids == found.task_ids);
                return Ok(if is_ours {
                    BeginOutcome::Stored
                } else {
                    BeginOutcome::Before(found)
                });
            }
            if is_ours(refusals.item(first_task).as_ref(), first) {
                return Ok(BeginOutcome::Stored);
            }
            let (fast, many) = (refusals.any(minute), refusals.any(unfinished));
            if !fast && !many {
                return Err(StoreError::missing(ACTION));
            }
            if fast && let Found::TooLittle = self.find_minute(&mut counts).await? {
                return Ok(BeginOutcome::TooFast);
            }
            if many {
                match self.find_unfinished(&mut counts).await? {
                    Found::Room => {}
                    Found::TooLittle => return Ok(BeginOutcome::TooMany),
                    Found::Moving => rest(tried, spread).await,
                }
            }
        }
        Ok(BeginOutcome::Busy)
    }

    /// The table forgets a record only some time after it is over.
    fn put_record(&self, record: &Record, now: Timestamp) -> Result<Write, StoreError> {
        Ok(self
            .put(item(record)?)
            .condition_expression("attribute_not_exists(id) OR #ttl <= :now")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":now", number(now.as_second()))
            .into())
    }

    fn put(&self, item: Item) -> PutBuilder {
        Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

/// A write of a transaction whose parts are all there.
enum Write {
    Put(PutBuilder),
    Update(UpdateBuilder),
}

impl Write {
    fn build(self) -> Result<TransactWriteItem, StoreError> {
        let failed = |error| StoreError::incomplete(ACTION, &error);
        let write = TransactWriteItem::builder();
        Ok(match self {
            Self::Put(put) => write.put(put.build().map_err(failed)?),
            Self::Update(update) => write.update(update.build().map_err(failed)?),
        }
        .build())
    }
}

impl From<PutBuilder> for Write {
    fn from(put: PutBuilder) -> Self {
        Self::Put(put)
    }
}

impl From<UpdateBuilder> for Write {
    fn from(update: UpdateBuilder) -> Self {
        Self::Update(update)
    }
}

/// The name of a try, by which DynamoDB knows it when it comes twice.
fn token(first: &Task, tried: u32, now: Timestamp) -> String {
    let mut token = sha256(format!("{} {tried} {now}", first.id).as_bytes());
    token.truncate(LONGEST_TOKEN);
    token
}

/// Whether what is in the way of a new task is the task itself. Ids are random: who
/// finds one of the same owner's there has stored it.
fn is_ours(found: Option<&Item>, task: &Task) -> bool {
    let is = |name: &str, text: &str| {
        found.and_then(|item| item.get(name)?.as_s().ok()).is_some_and(|found| found == text)
    };
    is("id", task.id.as_str()) && is("owner", &task.owner)
}

fn item(value: &impl serde::Serialize) -> Result<Item, StoreError> {
    serde_dynamo::to_item(value).map_err(|error| StoreError::item(ACTION, &error))
}

fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}
