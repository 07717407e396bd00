//! How often the database is called, and what that costs: numbers that do not
//! depend on the machine, and that the page on cost is made of.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use callback::Callback;
use create::Create;
use jiff::{SignedDuration, Timestamp};
use lambda_http::{Body, Request, RequestExt};
use local::Reply;
use local::client::{clock, variables};
use query::Query;
use reconcile::Reconcile;
use serde_json::{Value, json};
use shared::runtime::Environment;
use withdraw::Withdraw;

use crate::between::{Between, Call, Fault, serve};
use crate::gateway::{Gateway, tide};
use crate::scripted_vidu::{ScriptedVidu, ViduCallback, state, success};

/// Writes down each call with the units that it took: of the table, and of its indexes.
#[derive(Default)]
struct Meter(Mutex<String>);

impl Between for Meter {
    fn ask(&self, call: &mut Call) -> Fault {
        call.request["ReturnConsumedCapacity"] = "INDEXES".into();
        Fault::None
    }

    fn answered(&self, call: &Call, answer: &Value) {
        let consumed = match &answer["ConsumedCapacity"] {
            Value::Array(tables) => tables.clone(),
            one => vec![one.clone()],
        };
        let mut line = call.operation.clone();
        for table in consumed.into_iter().filter(Value::is_object) {
            let units = |place: &Value| place["CapacityUnits"].as_f64().unwrap_or_default();
            let name = table["TableName"].as_str().unwrap_or_default();
            write!(line, " {name} {}", units(&table["Table"])).expect("a text");
            let indexes = table["GlobalSecondaryIndexes"].as_object().into_iter().flatten();
            let written: Vec<_> = indexes.map(|(_, index)| units(index)).collect();
            if !written.is_empty() {
                write!(line, "+{}", written.iter().sum::<f64>()).expect("a text");
            }
        }
        self.0.lock().expect("nothing panics").push_str(&format!("{line}\n"));
    }
}

/// The functions of one gateway, whose calls are counted.
struct Metered {
    gateway: Gateway,
    vidu: ScriptedVidu,
    meter: Arc<Meter>,
    create: Create,
    query: Query,
    callback: Callback,
    reconcile: Reconcile,
    withdraw: Withdraw,
}

impl Metered {
    async fn start() -> Self {
        let vidu = ScriptedVidu::start().await;
        let gateway = Gateway::calling(&vidu).await;
        let meter = Arc::new(Meter::default());
        let database = serve(gateway.stack.database_url(), meter.clone()).await;
        let of = |function| variables(&gateway.stack, function, &database);
        let create = Create::start(&Environment::new(&of("Create"))).expect("it starts");
        let query = Query::start(&Environment::new(&of("Query"))).expect("it starts");
        let callback = Callback::start(&Environment::new(&of("Callback")));
        let callback = callback.expect("it starts");
        let reconcile = Reconcile::start(&Environment::new(&of("Reconcile")));
        let reconcile = reconcile.expect("it starts");
        let withdraw = Withdraw::start(&Environment::new(&of("Withdraw"))).expect("it starts");
        let metered = Self { gateway, vidu, meter, create, query, callback, reconcile, withdraw };
        // The first request of a function reads the key.
        let id = metered.create(&tide(), None).await;
        metered.get(&id, Timestamp::now()).await;
        // And its task is none of ours.
        metered.vidu.reply_to_polls(Reply::Json(200, success("https://videos.example/0.mp4")));
        metered.call_back().await;
        metered.vidu.reply_to_polls(Reply::Json(200, state("processing")));
        metered.meter.0.lock().expect("nothing panics").clear();
        metered
    }

    async fn create(&self, body: &Value, idempotency_key: Option<&str>) -> String {
        let mut request = self.gateway.client.create_request(body);
        if let Some(key) = idempotency_key {
            request = request.header("idempotency-key", key);
        }
        let answer = self.create.answer(&event(request, &[]), &clock(Timestamp::now())).await;
        let answer: Value = serde_json::from_slice(answer.body()).expect("JSON");
        answer["task_id"].as_str().expect("a task").to_owned()
    }

    /// A try of an SDK's, as it numbers them.
    async fn come(&self, number: &str) {
        let request = self.gateway.client.create_request(&tide());
        let request = event(request.header("x-stainless-retry-count", number), &[]);
        assert_eq!(self.create.answer(&request, &clock(Timestamp::now())).await.status(), 200);
    }

    async fn get(&self, id: &str, now: Timestamp) {
        let path = format!("/v1/video/generations/{id}");
        let request = event(self.gateway.client.request("GET", &path), &[("task_id", id)]);
        assert_eq!(self.query.answer(&request, now).await.status(), 200);
    }

    /// Cancels a task (`POST` and `/cancel`) or deletes it.
    async fn withdraw(&self, method: &str, id: &str, action: &str) -> u16 {
        let path = format!("/v1/video/generations/{id}{action}");
        let request = event(self.gateway.client.request(method, &path), &[("task_id", id)]);
        self.withdraw.answer(&request, Timestamp::now()).await.status().as_u16()
    }

    /// Holds the calls since the last time against these.
    fn assert(&self, what: &str, expected: &[&str]) {
        assert_eq!(self.calls(), expected, "{what}");
    }

    /// Of shards that are worked on side by side, so that the order of their calls is open.
    fn assert_run(&self, what: &str, expected: &[&str]) {
        let mut calls = self.calls();
        calls.sort();
        assert_eq!(calls, expected, "{what}");
    }

    /// The calls since the last time.
    fn calls(&self) -> Vec<String> {
        let calls = std::mem::take(&mut *self.meter.0.lock().expect("nothing panics"));
        calls.lines().map(str::to_owned).collect()
    }

    async fn call_back(&self) {
        let callback = ViduCallback::good(&self.vidu.callback_url());
        let token = callback.url.rsplit('/').next().expect("a token").to_owned();
        let parameters = [("vendor", "vidu"), ("token", token.as_str())];
        let request = event(callback.request(&json!({})), &parameters);
        assert_eq!(self.callback.answer(&request, Timestamp::now()).await.status(), 200);
    }

    /// Works on what is due by then.
    async fn reconcile(&self, now: Timestamp) {
        self.reconcile.run(&|| now, now + SignedDuration::from_millis(1)).await;
    }
}

/// A request as a function gets it, with its path's parameters.
fn event(request: reqwest::RequestBuilder, parameters: &[(&str, &str)]) -> Request {
    let request: http::Request<reqwest::Body> =
        request.build().and_then(TryFrom::try_from).expect("a request");
    let body = |body: reqwest::Body| Body::from(body.as_bytes().unwrap_or_default().to_vec());
    let parameters =
        parameters.iter().map(|(name, value)| (name.to_string(), vec![value.to_string()]));
    let query = request.uri().query().unwrap_or_default().to_owned();
    let query = url::form_urlencoded::parse(query.as_bytes());
    let query = query.map(|(name, value)| (name.into_owned(), vec![value.into_owned()]));
    request
        .map(body)
        .with_path_parameters(parameters.collect::<HashMap<_, _>>())
        .with_query_string_parameters(query.collect::<HashMap<_, _>>())
}

#[tokio::test]
async fn a_task_costs_so_many_calls_and_units_and_no_more() {
    let metered = Metered::start().await;
    let mut now = Timestamp::now();
    let id = metered.create(&tide(), None).await;
    metered.assert("a create", &["PutItem Tasks 1+2", "UpdateItem Tasks 1"]);
    metered.get(&id, now).await;
    metered.assert("a question soon after", &["GetItem Tasks 1"]);
    metered.call_back().await;
    metered.assert("a callback that brings progress", &["GetItem Tasks 1", "UpdateItem Tasks 1"]);
    metered.call_back().await;
    metered.assert("a callback without progress", &["GetItem Tasks 1", "UpdateItem Tasks 1"]);

    now += SignedDuration::from_mins(2);
    metered.reconcile(now).await;
    let mut run = vec!["Query Tasks 0+0.5"; 17];
    run.push("UpdateItem Tasks 1+2");
    metered.assert_run(
        "sixteen shards of which one has a task; a poll without progress; once more",
        &run,
    );
    metered.reconcile(now).await;
    metered.assert_run("a run in which nothing is due", &["Query Tasks 0+0.5"; 16]);

    metered.vidu.reply_to_polls(Reply::Json(200, success("https://videos.example/1.mp4")));
    metered.call_back().await;
    metered.assert(
        "a callback that tells the end",
        &["GetItem Tasks 1", "TransactWriteItems Tasks 2+1 Usage 2"],
    );
    metered.call_back().await;
    metered.assert("a callback after the end", &["GetItem Tasks 1"]);
    metered.get(&id, Timestamp::now()).await;
    metered.assert("a question after the end", &["GetItem Tasks 1"]);
}

#[tokio::test]
async fn a_list_costs_its_tasks_and_not_what_is_stored() {
    let metered = Metered::start().await;
    for _ in 0..4 {
        metered.create(&tide(), None).await;
    }
    metered.calls();
    for (query, calls, what) in [
        ("", &["Query Tasks 0+0.5", "BatchGetItem Tasks 5"][..], "five tasks"),
        ("?limit=2", &["Query Tasks 0+0.5", "BatchGetItem Tasks 2"], "two of them"),
        ("?status=failed", &["Query Tasks 0+0.5", "BatchGetItem Tasks 5"], "all are looked at"),
        ("?after=00000000000000000000000000000000", &["Query Tasks 0+0.5"], "none so old"),
    ] {
        let path = format!("/v1/video/generations{query}");
        let request = metered.gateway.client.request("GET", &path);
        let request = event(request, &[]);
        assert_eq!(metered.query.answer(&request, Timestamp::now()).await.status(), 200);
        metered.assert(what, calls);
    }
}

#[tokio::test]
async fn what_models_there_are_costs_nothing_but_the_key() {
    let metered = Metered::start().await;
    for path in ["/v1/models", "/v1/video/models", "/v1/videos/models"] {
        let request = event(metered.gateway.client.request("GET", path), &[]);
        assert_eq!(metered.query.answer(&request, Timestamp::now()).await.status(), 200);
        metered.assert("a list of models, with a key that is remembered", &[]);
    }
    let request =
        event(metered.gateway.client.request("GET", "/v1/models/viduq1"), &[("model", "viduq1")]);
    assert_eq!(metered.query.answer(&request, Timestamp::now()).await.status(), 200);
    metered.assert("a model", &[]);
}

#[tokio::test]
async fn a_delete_costs_its_task_and_a_tombstone() {
    let metered = Metered::start().await;
    let id = metered.create(&tide(), None).await;
    metered.calls();
    assert_eq!(metered.withdraw("DELETE", &id, "").await, 409);
    metered.assert("the first also reads the key", &["GetItem Keys 0.5", "GetItem Tasks 1"]);
    metered.vidu.reply_to_polls(Reply::Json(200, success("https://videos.example/1.mp4")));
    metered.call_back().await;
    metered.calls();
    assert_eq!(metered.withdraw("DELETE", &id, "").await, 200);
    let calls = ["GetItem Tasks 1", "PutItem Tasks 1", "DeleteItem Tasks 1+1"];
    metered.assert("a task that has ended", &calls);
    assert_eq!(metered.withdraw("DELETE", &id, "").await, 200);
    metered.assert("and once more", &["GetItem Tasks 1"; 2]);
}

#[tokio::test]
async fn a_cancel_costs_its_event_and_what_a_poll_costs() {
    let metered = Metered::start().await;
    let id = metered.create(&tide(), None).await;
    metered.calls();
    assert_eq!(metered.withdraw("POST", &id, "/cancel").await, 200);
    let calls = ["GetItem Keys 0.5", "GetItem Tasks 1", "UpdateItem Tasks 1", "UpdateItem Tasks 1"];
    metered.assert("the first also reads the key; the vendor works on it now", &calls);
    assert_eq!(metered.withdraw("POST", &id, "/cancel").await, 200);
    metered.assert("nothing new", &["GetItem Tasks 1", "UpdateItem Tasks 1"]);
    metered.vidu.reply_to_polls(Reply::Json(200, json!({ "state": "failed", "err_code": "" })));
    assert_eq!(metered.withdraw("POST", &id, "/cancel").await, 200);
    let calls = ["GetItem Tasks 1", "UpdateItem Tasks 1", "TransactWriteItems Tasks 2+1 Usage 2"];
    metered.assert("the end", &calls);
    assert_eq!(metered.withdraw("POST", &id, "/cancel").await, 200);
    metered.assert("after the end", &["GetItem Tasks 1"]);
}

#[tokio::test]
async fn a_dry_run_costs_nothing_but_a_look_at_the_limits() {
    let metered = Metered::start().await;
    let dry_run = |client: &crate::gateway::Client| {
        let request = client.request("POST", "/v1/video/generations?dry_run=true");
        event(request.body(tide().to_string()), &[])
    };
    let request = dry_run(&metered.gateway.client);
    let answer = metered.create.answer(&request, &clock(Timestamp::now())).await;
    assert_eq!(answer.status(), 200);
    metered.assert("of a key without limits", &[]);
    let limits = json!({ "unfinished": 9, "creates_per_minute": 9 });
    let client = metered.gateway.with_key("sk-limited", json!({ "limits": limits })).await;
    for calls in
        [&["GetItem Keys 0.5", "Query Usage 1", "Query Usage 1"][..], &["Query Usage 1"; 2]]
    {
        let request = dry_run(&client);
        let answer = metered.create.answer(&request, &clock(Timestamp::now())).await;
        assert_eq!(answer.status(), 200);
        metered.assert("of a key with both limits", calls);
    }
}

#[tokio::test]
async fn a_try_of_an_sdks_costs_a_small_write_and_its_retry_no_task() {
    let metered = Metered::start().await;
    metered.come("0").await;
    let first = ["UpdateItem Tasks 1", "PutItem Tasks 1+2", "UpdateItem Tasks 1"];
    metered.assert("a first try", &first);
    metered.come("1").await;
    let retry = ["GetItem Tasks 1", "GetItem Tasks 1", "UpdateItem Tasks 1"];
    metered.assert("a retry, whose answer was lost", &retry);
}

#[tokio::test]
async fn what_is_counted_costs_one_transaction_where_a_task_begins_and_one_where_it_ends() {
    let metered = Metered::start().await;
    metered.create(&tide(), Some("order-17")).await;
    metered.assert(
        "a create that may come twice",
        &["TransactWriteItems Tasks 4+2", "UpdateItem Tasks 1", "UpdateItem Tasks 1"],
    );
    metered.create(&tide(), Some("order-17")).await;
    metered.assert("and does: the record is in the way", &["TransactWriteItems"]);

    let limits = json!({ "unfinished": 9, "creates_per_minute": 9 });
    let client = metered.gateway.with_key("sk-limited", json!({ "limits": limits })).await;
    let create = event(client.create_request(&tide()), &[]);
    for calls in [
        &["GetItem Keys 0.5", "TransactWriteItems Tasks 2+2 Usage 4", "UpdateItem Tasks 1"][..],
        &["TransactWriteItems Tasks 2+2 Usage 4", "UpdateItem Tasks 1"],
    ] {
        metered.create.answer(&create, &clock(Timestamp::now())).await;
        metered.assert("a create of a key with both limits", calls);
    }
    metered.vidu.reply_to_polls(Reply::Json(200, success("https://videos.example/1.mp4")));
    metered.call_back().await;
    metered.assert("and its end", &["GetItem Tasks 1", "TransactWriteItems Tasks 2+1 Usage 4"]);
}
