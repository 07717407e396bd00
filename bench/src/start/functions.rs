//! The functions with what they find when they start, and with a first event that takes one
//! call of the database, or as few as it can.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::Duration;

use http::Request;
use http::request::Builder;
use local::client::{self, tide};
use local::runtime_api::{Outcome, Sandbox};
use local::{Options, Receiver, Stack};
use serde_json::{Value, json};
use shared::task::{Status, TaskId};

use super::build::Binary;
use super::tls::{Authority, Front};

/// The variable that names whom to trust instead of those whom everybody trusts.
pub(super) const AUTHORITY: &str = "AWS_CA_BUNDLE";

const GENERATIONS: &str = "/v1/video/generations";

/// A binary with its environment and its first event.
pub(super) struct Function {
    pub(super) binary: Binary,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) event: Value,
    /// The status of its answer, when that is one over HTTP.
    pub(super) status: Option<u64>,
}

/// The stack that the functions call, with TLS before its database and its secrets.
pub(super) struct Services {
    stack: Stack,
    /// Called by vendors and webhooks, so that events can be made of their calls.
    receiver: Receiver,
    /// The variables by which functions find the services, in the place of the stack's own.
    endpoints: BTreeMap<String, String>,
    _fronts: [Front; 2],
    _authority: Option<Authority>,
}

/// A task that has ended, and the events of its end.
struct Ended {
    id: TaskId,
    /// The event of the vendor's last callback.
    callback: Value,
    /// The event of the change in the table.
    change: Value,
}

impl Function {
    /// The functions that ship, and before them the binary that only says hello.
    pub(super) async fn all(services: &mut Services) -> Result<Vec<Self>, Box<dyn Error>> {
        let binary = |name| Binary::build(name);
        let (bare, create, query) = (binary("bare")?, binary("create")?, binary("query")?);
        let (callback, reconcile) = (binary("callback")?, binary("reconcile")?);
        let (notify, docs) = (binary("notify")?, binary("docs")?);
        let withdraw = binary("withdraw")?;
        let ended = services.end_a_task(&callback.path, &notify.path).await?;

        let get = |path| services.event(Request::get(path), String::new());
        let creating = with_unknown_key(Request::post(GENERATIONS));
        let creating = services.event(creating, tide().to_string())?;
        let asking = with_unknown_key(Request::get(format!("{GENERATIONS}/{}", ended.id)));
        let asking = services.event(asking, String::new())?;
        let deleting = with_unknown_key(Request::delete(format!("{GENERATIONS}/{}", ended.id)));
        let deleting = services.event(deleting, String::new())?;
        let function = |binary: Binary, event, status| {
            let variables = services.variables(&binary.name)?;
            Ok(Self { binary, variables, event, status })
        };
        let (variables, event) = (BTreeMap::new(), get("/docs")?);
        [
            // Any request will do.
            Ok(Self { binary: bare, variables, event, status: Some(200) }),
            function(create, creating, Some(401)),
            function(query, asking, Some(401)),
            function(withdraw, deleting, Some(401)),
            // A callback after the end.
            function(callback, ended.callback, Some(200)),
            // Each lane's shards, in which nothing is due.
            function(reconcile, scheduled_event(), None),
            // A change that comes twice: its timer was claimed.
            function(notify, ended.change, None),
            // The contract, which is in the binary.
            function(docs, get("/openapi.json")?, Some(200)),
        ]
        .into_iter()
        .collect()
    }

    pub(super) fn expects(&self, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::Response(response) => response["statusCode"].as_u64() == self.status,
            _ => false,
        }
    }
}

impl Services {
    /// Services behind TLS, unless everything is to be plain.
    pub(super) async fn start(plain: bool) -> Result<Self, Box<dyn Error>> {
        let receiver = Receiver::start().await?;
        let options = Options {
            public_url: Some(receiver.url().parse()?),
            starts_functions: false,
            pace: Duration::from_millis(1),
            ..Options::default()
        };
        let stack = Stack::start(options).await?;
        let variables = stack.variables("Create").ok_or("the template has a Create")?;
        let authority = if plain { None } else { Some(Authority::new()?) };
        let services = ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SECRETS_MANAGER"];
        let [database, secrets] = services.map(|service| variables[service].clone());
        let fronts = [
            Front::start(&database, authority.as_ref()).await?,
            Front::start(&secrets, authority.as_ref()).await?,
        ];
        let urls = fronts.iter().map(|front| front.url.clone());
        let mut endpoints: BTreeMap<_, _> =
            services.map(str::to_owned).into_iter().zip(urls).collect();
        if let Some(authority) = &authority {
            endpoints.insert(AUTHORITY.to_owned(), authority.root().display().to_string());
        }
        Ok(Self { stack, receiver, endpoints, _fronts: fronts, _authority: authority })
    }

    pub(super) fn database_calls(&self) -> usize {
        self.stack.database_calls()
    }

    /// The environment of a function, whose logical id is its package's name with a capital.
    fn variables(&self, function: &str) -> Result<BTreeMap<String, String>, Box<dyn Error>> {
        let id = function[..1].to_uppercase() + &function[1..];
        let mut variables = self.stack.variables(&id).ok_or("it is in the template")?.clone();
        variables.extend(self.endpoints.clone());
        Ok(variables)
    }

    fn event(&self, request: Builder, body: String) -> Result<Value, Box<dyn Error>> {
        let event = self.stack.event(request.body(body.into())?);
        Ok(event.ok_or("the template has a route for it")?)
    }

    /// Takes one task to its end and its webhook, by the binaries that ship.
    async fn end_a_task(
        &mut self,
        callback: &Path,
        notify: &Path,
    ) -> Result<Ended, Box<dyn Error>> {
        let mut changes = self.stack.stream_events("Notify")?.ok_or("it has a stream")?;
        let mut callback = Sandbox::start(callback, &self.variables("callback")?).await?;
        let mut notify = Sandbox::start(notify, &self.variables("notify")?).await?;
        let mut video = tide();
        video["metadata"] = json!({ "callback_url": format!("{}/webhook", self.receiver.url()) });
        let id = client::create(&self.stack, &video).await;
        let tasks = client::tasks(&self.stack);
        let last_callback = loop {
            let call = self.receiver.called().await;
            let event = self.stack.event(call).ok_or("vendors call a route")?;
            answered(callback.invoke(&event).await)?;
            if tasks.get(&id).await?.ok_or("it is stored")?.status == Status::Succeeded {
                break event;
            }
        };
        let change = changes.next().await?;
        answered(notify.invoke(&change).await)?;
        Ok(Ended { id, callback: last_callback, change })
    }
}

/// A request with a key that nobody has, which costs one read and nothing else.
fn with_unknown_key(request: Builder) -> Builder {
    request.header("authorization", "Bearer sk-nobody").header("content-type", "application/json")
}

fn answered(outcome: Outcome) -> Result<(), String> {
    match outcome {
        Outcome::Response(_) => Ok(()),
        other => Err(format!("a task could not be taken to its end: {other:?}")),
    }
}

fn scheduled_event() -> Value {
    json!({
        "version": "0", "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": "Scheduled Event", "source": "aws.scheduler",
        "account": "000000000000", "time": "2026-11-21T02:11:00Z",
        "region": "local", "resources": [], "detail": "{}",
    })
}
