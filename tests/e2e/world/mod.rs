//! The whole service in the hands of a test: each function is started and killed by it, each call
//! of AWS seen, and time leaps from one thing that is waited for to the next.
//!
//! Needs tokio's time to stand still (`start_paused`): then whoever waits takes no time, and the
//! simulated vendors go by the same clock.

mod accounts;
mod clients;
mod functions;
mod rules;
mod settle;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use callback::Callback;
use create::Create;
use jiff::Timestamp;
use local::template::Template;
use local::{Clock, LOCAL_KEY, Options, Stack};
use notify::Notify;
use query::Query;
use reconcile::Reconcile;
use tokio::net::TcpListener;
use withdraw::Withdraw;

use self::accounts::Replaced;
pub(crate) use self::clients::{Told, Wanted};
use self::functions::Pool;
use self::rules::Rules;
pub(crate) use self::rules::{Kind, Rule, Step, recording};
use crate::between::{Call, Fault, serve};
use crate::gateway::{Client, Gateway};
use crate::scripted_vidu::ScriptedVidu;

/// Says what becomes of the calls of all that vendors, the stream and the schedule start.
type Faults = Arc<dyn Fn(&Call) -> Fault + Send + Sync>;

/// How long a vendor takes over a video.
const PACE: Duration = Duration::from_secs(50);

pub(crate) struct World {
    pub(crate) gateway: Gateway,
    clock: Clock,
    rules: Arc<Rules>,
    /// Where the functions find DynamoDB and Secrets Manager.
    aws: [(&'static str, String); 2],
    timeouts: BTreeMap<String, Duration>,
    creates: Pool<Create>,
    queries: Pool<Query>,
    withdraws: Pool<Withdraw>,
    callbacks: Pool<Callback>,
    notifies: Pool<Notify>,
    reconciles: Pool<Reconcile>,
    told: Mutex<Vec<Told>>,
    faults: Mutex<Faults>,
    cold_starts: AtomicUsize,
    replaced: Replaced,
}

impl World {
    /// A world in which nothing goes wrong that is not told to.
    pub(crate) async fn start() -> Arc<Self> {
        Self::with("{}".to_owned()).await
    }

    /// One with a vendor of the test's own in the place of Vidu.
    pub(crate) async fn calling(vidu: &ScriptedVidu) -> Arc<Self> {
        Self::with(vidu.accounts()).await
    }

    async fn with(accounts: String) -> Arc<Self> {
        let clock = Clock::tokio();
        let vendors_call = Callbacks::listen().await;
        let options = Options {
            accounts,
            other_accounts: true,
            pace: PACE,
            vendors_clock: clock,
            starts_functions: false,
            public_url: Some(vendors_call.url.parse().expect("an address")),
            ..Options::default()
        };
        let stack = Stack::start(options).await.expect("the stack starts");
        let client = Client::new(stack.url(), LOCAL_KEY);
        let gateway = Gateway { stack, client };
        let rules = Arc::new(Rules::new(clock));
        let variables = gateway.stack.variables("Create").expect("it is in the template");
        let mut aws = Vec::new();
        for name in ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SECRETS_MANAGER"] {
            aws.push((name, serve(&variables[name], rules.clone()).await));
        }
        let template = Template::read(include_str!("../../../template.yaml")).expect("good");
        let timeouts = template.functions.into_iter().map(|it| (it.id, it.timeout));
        let world = Arc::new(Self {
            gateway,
            clock,
            rules,
            aws: aws.try_into().expect("two"),
            timeouts: timeouts.collect(),
            creates: Pool::new("Create", Create::start),
            queries: Pool::new("Query", Query::start),
            withdraws: Pool::new("Withdraw", Withdraw::start),
            callbacks: Pool::new("Callback", Callback::start),
            notifies: Pool::new("Notify", Notify::start),
            reconciles: Pool::new("Reconcile", Reconcile::start),
            told: Mutex::default(),
            faults: Mutex::new(Arc::new(|_| Fault::None)),
            cold_starts: AtomicUsize::new(0),
            replaced: Replaced::since(clock.now()),
        });
        vendors_call.serve(&world);
        world.clone().follow_changes();
        world
    }

    /// From now on this becomes of the calls of all that runs by itself.
    pub(crate) fn set_faults(&self, faults: impl Fn(&Call) -> Fault + Send + Sync + 'static) {
        *self.faults.lock().expect("nothing panics holding it") = Arc::new(faults);
    }

    /// From now on writes take so long, and are in each other's way as in real DynamoDB.
    pub(crate) fn keep_writes_open(&self, time: Duration) {
        self.rules.keeps_open.set(time).expect("it is said once");
    }

    /// The faults of all as the rule of an invocation.
    pub(crate) fn faults(&self) -> Rule {
        let faults = self.faults.lock().expect("nothing panics holding it").clone();
        Box::new(move |call| faults(call))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Where vendors call: the port is known before the world is.
struct Callbacks {
    url: String,
    listener: TcpListener,
}

impl Callbacks {
    async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        Self { url, listener }
    }

    fn serve(self, world: &Arc<World>) {
        let router = axum::Router::new().fallback(call_back).with_state(Arc::downgrade(world));
        let serving = async move { axum::serve(self.listener, router).await.expect("it serves") };
        tokio::spawn(serving);
    }
}

async fn call_back(State(world): State<Weak<World>>, request: Request) -> Response {
    let Some(world) = world.upgrade() else {
        return http::StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    world.call_back(http::Request::from_parts(parts, body)).await
}
