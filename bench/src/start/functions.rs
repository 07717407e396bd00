//! What the functions find when they start: a stack with one task that has ended, TLS before
//! its database and its secrets, and for each function an event that takes one call of the
//! database, or as few as it can.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use http::Request;
use local::runtime_api::{Outcome, Sandbox};
use local::{Options, Receiver, Stack, client};
use serde_json::{Value, json};
use shared::task::Status;

use super::build::Binary;
use super::tls::{Authority, Front};

/// The variable that names whom to trust instead of those whom everybody trusts.
pub(super) const AUTHORITY: &str = "AWS_CA_BUNDLE";

/// By the names of their packages, which are those of their binaries.
pub(super) const FUNCTIONS: [&str; 6] =
    ["create", "query", "callback", "reconcile", "notify", "docs"];

pub(super) struct Scene {
    pub(super) subjects: Vec<Subject>,
    database: Front,
    _secrets: Front,
    _authority: Option<Authority>,
    stack: Stack,
    _door: Receiver,
}

/// A function with its environment and its first event.
pub(super) struct Subject {
    pub(super) variables: BTreeMap<String, String>,
    pub(super) event: Value,
    /// Of its answer, when that is one over HTTP.
    pub(super) status: Option<u64>,
}

impl Scene {
    pub(super) async fn set(binaries: &[Binary], plain: bool) -> Result<Self, Box<dyn Error>> {
        // Vendors and webhooks call somebody who remembers it, so that events can be made of it.
        let mut door = Receiver::start().await?;
        let options = Options {
            public_url: Some(door.url().parse()?),
            starts_functions: false,
            pace: Duration::from_millis(1),
            ..Options::default()
        };
        let stack = Stack::start(options).await?;
        let variables = stack.variables("Create").ok_or("the template has a Create")?;
        let authority = if plain { None } else { Some(Authority::new()?) };
        let database =
            Front::start(&variables["AWS_ENDPOINT_URL_DYNAMODB"], authority.as_ref()).await?;
        let secrets =
            Front::start(&variables["AWS_ENDPOINT_URL_SECRETS_MANAGER"], authority.as_ref())
                .await?;

        let mut variables = BTreeMap::new();
        for function in FUNCTIONS {
            let of = stack.variables(&logical_id(function)).ok_or("it is in the template")?;
            let mut of = of.clone();
            of.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), database.url.clone());
            of.insert("AWS_ENDPOINT_URL_SECRETS_MANAGER".to_owned(), secrets.url.clone());
            if let Some(authority) = &authority {
                let root = authority.root().display().to_string();
                of.insert(AUTHORITY.to_owned(), root);
            }
            variables.insert(function, of);
        }
        let binary = |function: &str| {
            let of = binaries.iter().find(|binary| binary.name == function);
            of.map(|binary| &binary.path).ok_or("it was built")
        };

        let mut changes = stack.stream_events("Notify")?.ok_or("it has a stream")?;
        let mut callback = Sandbox::start(binary("callback")?, &variables["callback"]).await?;
        let video = json!({
            "model": "viduq1", "prompt": "the tide comes in",
            "metadata": { "callback_url": format!("{}/webhook", door.url()) },
        });
        let id = client::create(&stack, &video).await;
        let tasks = client::tasks(&stack);
        let ring = loop {
            let ring = stack.event(door.called().await).ok_or("vendors call a route")?;
            answered(callback.invoke(&ring).await)?;
            let task = tasks.get(&id).await?.ok_or("it is stored")?;
            if task.status == Status::Succeeded {
                break ring;
            }
        };
        let change = changes.next().await?;
        let mut notify = Sandbox::start(binary("notify")?, &variables["notify"]).await?;
        answered(notify.invoke(&change).await)?;

        let request = |request: Result<Request<_>, http::Error>| {
            stack.event(request?).ok_or_else(|| Box::<dyn Error>::from("there is a route"))
        };
        let stranger = ("authorization", "Bearer sk-nobody");
        let generations = "/v1/video/generations";
        let video = json!({ "model": "viduq1", "prompt": "the tide comes in" }).to_string();
        let subjects = [
            // A key that nobody has costs one read, and nothing else.
            (
                request(
                    Request::post(generations)
                        .header(stranger.0, stranger.1)
                        .header("content-type", "application/json")
                        .body(video.into()),
                )?,
                Some(401),
            ),
            (
                request(
                    Request::get(format!("{generations}/{id}"))
                        .header(stranger.0, stranger.1)
                        .body("".into()),
                )?,
                Some(401),
            ),
            // A callback after the end.
            (ring, Some(200)),
            // Each lane's shards, in which nothing is due.
            (
                json!({
                    "version": "0", "id": "17793124-05d4-b198-2fde-7ededc63b103",
                    "detail-type": "Scheduled Event", "source": "aws.scheduler",
                    "account": "000000000000", "time": "2026-11-21T02:11:00Z",
                    "region": "local", "resources": [], "detail": "{}",
                }),
                None,
            ),
            // A change that comes twice: its timer was claimed.
            (change, None),
            // The contract, which is in the binary.
            (request(Request::get("/openapi.json").body("".into()))?, Some(200)),
        ];
        let subjects = FUNCTIONS
            .iter()
            .zip(subjects)
            .map(|(function, (event, status))| {
                Ok(Subject {
                    variables: variables.remove(function).ok_or("each has its own")?,
                    event,
                    status,
                })
            })
            .collect::<Result<_, &str>>()?;
        Ok(Self {
            subjects,
            database,
            _secrets: secrets,
            _authority: authority,
            stack,
            _door: door,
        })
    }

    /// The binary that only says hello: any request will do.
    pub(super) fn bare(&self) -> Subject {
        let docs = Request::get("/docs").body("".into()).ok();
        let event = docs.and_then(|request| self.stack.event(request)).unwrap_or_default();
        Subject { variables: BTreeMap::new(), event, status: Some(200) }
    }

    pub(super) fn database_calls(&self) -> usize {
        self.database.calls()
    }
}

fn logical_id(function: &str) -> String {
    function[..1].to_uppercase() + &function[1..]
}

fn answered(outcome: Outcome) -> Result<(), String> {
    match outcome {
        Outcome::Response(_) => Ok(()),
        other => Err(format!("the scene could not be set: {other:?}")),
    }
}
