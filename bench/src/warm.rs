//! What a handler adds over its calls at the database and the vendor, measured beside the
//! same calls made bare: with the same clients, to the same servers, taking turns.
//!
//! Not here: the calls themselves, of which the embedded database makes something else
//! than DynamoDB does, and what API Gateway and Lambda add.

use std::pin::Pin;
use std::time::Duration;

use allocation_counter::AllocationInfo;
use aws_sdk_dynamodb::operation::get_item::builders::GetItemFluentBuilder;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure as OnFailure,
};
use create::Create;
use jiff::Timestamp;
use local::client;
use local::scripted_vidu::FIRST_KEY;
use query::Query;
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;
use shared::platform::http_client::{Roots, http_client};
use shared::runtime::log::Log;
use shared::task::{Figures, Task, TaskId};
use tokio::runtime::Runtime;
use tokio::time::Instant;
use tracing::level_filters::LevelFilter;

use crate::report::{Aim, Row, median};
use crate::stack::{BenchStack, finished, item, numbered, one_thread};

pub(crate) const GROUP: &str = "warm";

/// Requests that come first and are not counted.
const WARMING: usize = 100;

/// Requests whose allocations are counted, which differ a little: an answer comes in one piece
/// or two.
const COUNTED: usize = 40;

const AIM: Aim = Aim::RatioAtMost(1.25);

/// Measures each handler so many times.
pub(crate) fn run(times: usize) -> Vec<Row> {
    let bench = Bench::start();
    let mut rows = Vec::new();
    for (what, handler, bare) in
        [("query", Work::Query, Work::GetItem), ("create", Work::Create, Work::CallsOfCreate)]
    {
        let (mut handled, mut bared) = (Vec::new(), Vec::new());
        for round in 0..WARMING + times {
            let (one, other) = (bench.time(handler), bench.time(bare));
            if round >= WARMING {
                handled.push(one);
                bared.push(other);
            }
        }
        let wall = |times: &[Took]| median(times.iter().map(|it| micros(it.wall)).collect());
        let cpu = |times: &[Took]| median(times.iter().map(|it| micros(it.cpu)).collect());
        let row = |name: &str, unit, value| Row::new(GROUP, format!("{what}: {name}"), unit, value);
        rows.push(
            row("time, beside its calls alone", "µs", wall(&handled)).beside(wall(&bared)).aim(AIM),
        );
        rows.push(row("CPU time of its thread", "µs", cpu(&handled)).beside(cpu(&bared)));
        rows.push(
            row("requests per second and core", "1/s", 1e6 / cpu(&handled))
                .beside(1e6 / cpu(&bared)),
        );
        let (one, other) = (bench.allocations(handler), bench.allocations(bare));
        let counted = |name, unit, one, other| row(name, unit, one as f64).beside(other as f64);
        rows.push(counted("allocations", "", one.count_total, other.count_total));
        rows.push(counted("allocated", "bytes", one.bytes_total, other.bytes_total));
    }
    rows
}

#[derive(Clone, Copy)]
enum Work {
    Query,
    /// The call of the database that a query makes, and nothing else.
    GetItem,
    Create,
    /// The write of a create, its call of the vendor and its second write, and nothing else.
    CallsOfCreate,
}

/// One handler of each kind, and what it calls.
struct Bench {
    stack: BenchStack,
    runtime: Runtime,
    query: Query,
    create: Create,
    client: aws_sdk_dynamodb::Client,
    http: reqwest::Client,
    /// A task that its vendor has just taken.
    accepted: Task,
    /// The body by which it was submitted.
    submission: String,
    /// A task that has ended.
    finished: Task,
}

/// How long something took, and how much of that its thread worked.
#[derive(Clone, Copy)]
struct Took {
    wall: Duration,
    cpu: Duration,
}

impl Bench {
    fn start() -> Self {
        // As in Lambda, but for the last step: the lines are made, and go nowhere.
        Log::new("bench".to_owned(), LevelFilter::INFO).to(|_| {}).install();
        let stack = BenchStack::start(Duration::ZERO);
        let runtime = one_thread();
        let (query, create, accepted, finished) = runtime.block_on(async {
            let (query, create) = (stack.query(), stack.create());
            let accepted = stack.created(&create).await;
            let finished = finished(&accepted, numbered(Timestamp::now(), 1));
            stack.fill([finished.clone()].into_iter()).await;
            (query, create, accepted, finished)
        });
        let submissions = stack.vidu.submissions();
        let submission = submissions.last().expect("a submission").to_string();
        let client = client::dynamodb(&stack.stack);
        // As functions submit: a connection for each request.
        let http = http_client(Roots::default(), |http| http.pool_max_idle_per_host(0));
        Self { stack, runtime, query, create, client, http, accepted, submission, finished }
    }

    fn time(&self, work: Work) -> Took {
        self.prepared(work, |work| {
            let (began, worked) = (Instant::now(), thread_time());
            self.runtime.block_on(work);
            Took { wall: began.elapsed(), cpu: thread_time() - worked }
        })
    }

    /// The least that it allocates.
    fn allocations(&self, work: Work) -> AllocationInfo {
        let counted = |_| {
            self.prepared(work, |work| allocation_counter::measure(|| self.runtime.block_on(work)))
        };
        // The first ones open connections and fill pools.
        let counts = (0..WARMING + COUNTED).map(counted).skip(WARMING);
        counts.min_by_key(|it| it.count_total).expect("it was counted")
    }

    /// Does work whose arguments are made before.
    fn prepared<T>(
        &self,
        work: Work,
        does: impl FnOnce(Pin<Box<dyn Future<Output = ()> + '_>>) -> T,
    ) -> T {
        let now = Timestamp::now();
        match work {
            Work::Query => {
                let request = self.stack.query_request(&self.finished.id);
                does(Box::pin(async move {
                    assert_eq!(self.query.answer(&request, now).await.status(), 200);
                }))
            }
            Work::GetItem => {
                let get = self.get_item();
                does(Box::pin(async move {
                    assert!(get.send().await.expect("an answer").item.is_some());
                }))
            }
            Work::Create => {
                let request = self.stack.create_request();
                does(Box::pin(async move {
                    assert_eq!(
                        self.create.answer(&request, &client::clock(now)).await.status(),
                        200
                    );
                }))
            }
            Work::CallsOfCreate => {
                let id = numbered(now, now.as_nanosecond() as u64);
                let (put, submit, update) =
                    (self.put_item(&id), self.submission(), self.update_item(&id));
                does(Box::pin(async move {
                    put.send().await.expect("it is stored");
                    let answer = self.http.execute(submit).await.expect("an answer");
                    assert!(!answer.bytes().await.expect("a body").is_empty());
                    update.send().await.expect("it is changed");
                }))
            }
        }
    }

    fn get_item(&self) -> GetItemFluentBuilder {
        let id = AttributeValue::S(self.finished.id.to_string());
        self.client.get_item().table_name("Tasks").key("id", id).consistent_read(true)
    }

    /// The write before the vendor hears of a task.
    fn put_item(&self, id: &TaskId) -> PutItemFluentBuilder {
        let mut task = Task {
            id: id.clone(),
            vendor_task_id: None,
            figures: Figures::default(),
            ..self.accepted.clone()
        };
        task.events.truncate(1);
        self.client
            .put_item()
            .table_name("Tasks")
            .set_item(Some(item(&task)))
            .condition_expression("attribute_not_exists(id)")
            .return_values_on_condition_check_failure(OnFailure::AllOld)
    }

    /// The request that the handler made, once more.
    fn submission(&self) -> reqwest::Request {
        self.http
            .post(format!("{}/ent/v2/text2video", self.stack.vidu.base_url()))
            .header("authorization", format!("Token {FIRST_KEY}"))
            .header("content-type", "application/json")
            .body(self.submission.clone())
            .build()
            .expect("a request")
    }

    /// The write after its answer.
    fn update_item(&self, id: &TaskId) -> UpdateItemFluentBuilder {
        let task = &self.accepted;
        let expression = "SET #vendor_task_id = :vendor_task_id, #updated_at = :updated_at, \
            #figures.#seed = :seed, #figures.#credits = :credits, #vendor_duty = :vendor_duty, \
            #events = list_append(if_not_exists(#events, :no_events), :events) \
            REMOVE #submission, #missing";
        let condition = "attribute_not_exists(#vendor_task_id) AND #status IN (:from0, :from1)";
        let update = self
            .client
            .update_item()
            .table_name("Tasks")
            .key("id", AttributeValue::S(id.to_string()))
            .update_expression(expression)
            .condition_expression(condition)
            .expression_attribute_values(":vendor_task_id", value(&task.vendor_task_id))
            .expression_attribute_values(":updated_at", value(&task.updated_at))
            .expression_attribute_values(":seed", value(&task.figures.seed))
            .expression_attribute_values(":credits", value(&task.figures.credits))
            .expression_attribute_values(":vendor_duty", value(&task.vendor_duty))
            .expression_attribute_values(":no_events", AttributeValue::L(Vec::new()))
            .expression_attribute_values(
                ":events",
                value(&task.events.get(1..).unwrap_or_default()),
            )
            .expression_attribute_values(":from0", AttributeValue::S("queued".to_owned()))
            .expression_attribute_values(":from1", AttributeValue::S("processing".to_owned()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(OnFailure::AllOld);
        let named = [
            "vendor_task_id",
            "vendor_duty",
            "updated_at",
            "figures",
            "seed",
            "credits",
            "events",
            "submission",
            "missing",
            "status",
        ];
        named.into_iter().fold(update, |update, name| {
            update.expression_attribute_names(format!("#{name}"), name)
        })
    }
}

fn value(value: &impl Serialize) -> AttributeValue {
    serde_dynamo::to_attribute_value(value).expect("it is an attribute")
}

/// How long this thread has worked.
pub(crate) fn thread_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How far a count may be from the one written here; what is less should be written here.
    const MARGIN: f64 = 0.05;

    #[test]
    fn a_warm_request_allocates_so_much_and_no_more() {
        let bench = Bench::start();
        for (what, work, expected) in [("query", Work::Query, 527), ("create", Work::Create, 1333)]
        {
            let count = bench.allocations(work).count_total;
            let off = (count as f64 / f64::from(expected) - 1.0).abs();
            assert!(off <= MARGIN, "a {what} makes {count} allocations, not {expected}");
        }
    }
}
