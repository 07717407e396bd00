//! The stack: everything the template names, started in one process.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;
use shared::runtime::Environment;
use shared::task::Vendor;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use url::Url;

use crate::accounts::Accounts;
use crate::clock::Clock;
use crate::database::Database;
use crate::front::{self, Front};
use crate::functions::Function;
use crate::guard::Guard;
use crate::random::random;
use crate::secrets::Secrets;
use crate::server::{Listener, Server};
use crate::simulators::ledger::{Ledger, open_private};
use crate::simulators::{AskedInVain, Record};
use crate::stream::{self, Events};
use crate::template::{Reference, Routes, Stream, Template};
use crate::{LOCAL_KEY, accounts, schedule};

/// The deployment; the binary carries it, so that it runs from anywhere.
const TEMPLATE: &str = include_str!("../../template.yaml");

/// The variable that names another DynamoDB for tests.
pub const TEST_DYNAMODB: &str = "FILMGATE_TEST_DYNAMODB";

/// How a local stack is to run. The default is the quickest to try.
#[derive(Clone, Debug)]
pub struct Options {
    pub listen: SocketAddr,
    /// As the deployed secret holds them; vendors that are not named are simulated.
    pub accounts: String,
    /// Where tasks survive a restart. `FILE.vendors` beside it is the simulated vendors'
    /// memory, and the secret under the addresses that vendors call.
    pub data: Option<PathBuf>,
    /// The address of a DynamoDB in the place of the embedded one, where no data is to survive.
    /// By default what [`TEST_DYNAMODB`] says, so that any test can be run against another.
    pub database: Option<String>,
    /// In the place of the template's schedules.
    pub every: Option<Duration>,
    /// What vendors are given to call back, when it is not the address listened on.
    pub public_url: Option<Url>,
    /// The deployed rule for clients' webhook addresses, instead of any.
    pub public_webhooks: bool,
    /// In the place of the template's parameter `ModelAliases`.
    pub model_aliases: Option<String>,
    /// Whether schedules and streams start functions, or only who uses this stack does.
    pub starts_functions: bool,
    /// Whether simulated vendors have other accounts besides the one in the secret, for who
    /// replaces that.
    pub other_accounts: bool,
    /// How long a simulated vendor takes over a video.
    pub pace: Duration,
    /// The time that simulated vendors live in.
    pub vendors_clock: Clock,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            accounts: "{}".to_owned(),
            data: None,
            database: std::env::var(TEST_DYNAMODB).ok(),
            every: None,
            public_url: None,
            public_webhooks: false,
            model_aliases: None,
            starts_functions: true,
            other_accounts: false,
            pace: Duration::from_secs(4),
            vendors_clock: Clock::Machine,
        }
    }
}

/// A running stack; dropping it stops everything.
pub struct Stack {
    front: Server,
    under_way: mpsc::Receiver<()>,
    database: Database,
    webhook_secret: String,
    routes: Arc<Routes>,
    /// What starts functions, by their logical ids.
    streams: BTreeMap<String, Vec<Stream>>,
    /// The functions' environments, by logical id.
    variables: BTreeMap<String, BTreeMap<String, String>>,
    accounts: Accounts,
    /// What runs on schedules and follows streams.
    background: JoinSet<()>,
    secrets: Secrets,
    guard: Arc<Guard>,
    /// Of the secrets, and what guards them and the database.
    _servers: [Server; 3],
    /// Of the data file, held as long as it is used.
    _lock: Option<File>,
}

/// Why a stack cannot start; one line.
#[derive(Debug)]
pub struct StackError(String);

impl fmt::Display for StackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StackError {}

impl Stack {
    pub async fn start(options: Options) -> Result<Self, StackError> {
        let template = Template::read(TEMPLATE).map_err(|error| StackError(error.to_string()))?;
        accounts::check(&options.accounts).map_err(|error| StackError(error.to_string()))?;
        let listener = Listener::bind(options.listen)
            .await
            .map_err(|error| StackError(format!("cannot listen on {}: {error}", options.listen)))?;

        let (data, other) = (options.data.as_deref(), options.database.as_deref());
        let database = Database::start(data, other, &template.tables)
            .await
            .map_err(|error| data_error(options.data.as_deref(), &error))?;
        let webhook_secret = database
            .ensure_key(LOCAL_KEY, format!("whsec_{}", STANDARD.encode(random::<32>())))
            .await
            .map_err(|error| data_error(options.data.as_deref(), &error))?;
        let (ledger, lock) = open_ledger(options.data.as_deref())?;
        let Options { accounts, other_accounts, pace, vendors_clock, .. } = &options;
        let accounts = Accounts::start(accounts, *other_accounts, *pace, &ledger, *vendors_clock)
            .await
            .map_err(|error| StackError(format!("cannot simulate the vendors: {error}")))?;
        let secrets = Secrets::default();
        secrets.put("Accounts", accounts.json(0));
        secrets.put("CallbackSecret", callback_secret(&ledger)?);
        let secrets_server = secrets
            .serve()
            .await
            .map_err(|error| StackError(format!("cannot serve secrets: {error}")))?;

        let guard = Arc::new(Guard::new(&template));
        let unguarded = |error| StackError(format!("cannot guard what functions call: {error}"));
        let guarded_database = guard.serve(database.url()).await.map_err(unguarded)?;
        let guarded_secrets = guard.serve(secrets_server.base_url()).await.map_err(unguarded)?;

        let surroundings = Surroundings {
            public_url: options.public_url.map_or(listener.base_url(), |url| url.to_string()),
            instead: [
                ("WEBHOOK_HOSTS", (!options.public_webhooks).then(|| "any".to_owned())),
                ("MODEL_ALIASES", options.model_aliases),
            ],
            database_url: guarded_database.base_url(),
            secrets_url: guarded_secrets.base_url(),
        };
        let (invocations, under_way) = mpsc::channel(1);
        let mut functions = BTreeMap::new();
        let mut variables = BTreeMap::new();
        let mut background = JoinSet::new();
        for function in &template.functions {
            let environment = surroundings.variables(function)?;
            let started = surroundings.start(function, &environment).await?;
            variables.insert(function.id.clone(), environment);
            if started.ignores_events_of(function) {
                let id = &function.id;
                return Err(StackError(format!("`{id}` cannot be started by all of its events")));
            }
            match started {
                Function::Scheduled(_) | Function::Streamed(_) if !options.starts_functions => {}
                Function::Http(started) => {
                    functions.insert(function.id.clone(), (started, function.timeout));
                }
                Function::Scheduled(started) => {
                    for every in &function.schedules {
                        let every = options.every.unwrap_or(*every);
                        background.spawn(schedule::run(started.clone(), every));
                    }
                }
                Function::Streamed(started) => {
                    for stream in &function.streams {
                        let changes = database
                            .follow(&stream.table)
                            .map_err(|error| data_error(options.data.as_deref(), &error))?;
                        let started = (started.clone(), function.timeout);
                        let invocations = invocations.clone();
                        background.spawn(stream::run(
                            stream.clone(),
                            changes,
                            started,
                            invocations,
                        ));
                    }
                }
            }
        }
        let (routes, simulated) = (Arc::new(template.routes), accounts.simulated.clone());
        let streams = template.functions.into_iter().map(|it| (it.id, it.streams)).collect();
        let front = Front { routes: routes.clone(), functions, simulated, invocations };
        let front = listener.serve(front::router(front));
        Ok(Self {
            front,
            under_way,
            database,
            webhook_secret,
            routes,
            streams,
            variables,
            accounts,
            background,
            secrets,
            guard,
            _servers: [secrets_server, guarded_database, guarded_secrets],
            _lock: lock,
        })
    }

    /// Takes no more requests, and waits for those under way: each may be about
    /// to store what a vendor has just been paid for.
    pub async fn stop(self) {
        let Self { front, background, mut under_way, .. } = self;
        drop((front, background));
        while under_way.recv().await.is_some() {}
    }

    /// The address of the API, without a slash at its end.
    pub fn url(&self) -> &str {
        self.front.base_url()
    }

    /// The address of the DynamoDB, whose tables are called as in the template. It is the
    /// operator's: no policy is asked here.
    pub fn database_url(&self) -> &str {
        self.database.url()
    }

    /// What the webhooks for [`LOCAL_KEY`]'s tasks are signed with.
    pub fn webhook_secret(&self) -> &str {
        &self.webhook_secret
    }

    /// The environment of a function, by its logical id in the template.
    pub fn variables(&self, function: &str) -> Option<&BTreeMap<String, String>> {
        self.variables.get(function)
    }

    /// The event that API Gateway makes of a request; none without a route.
    pub fn event(&self, request: http::Request<Bytes>) -> Option<Value> {
        let (parts, body) = request.into_parts();
        let found = self.routes.find(parts.method.as_str(), parts.uri.path())?;
        Some(front::event(&parts, &body, &found, ([127, 0, 0, 1], 0).into()))
    }

    /// The events that a function's stream makes from now on.
    pub fn stream_events(&self, function: &str) -> io::Result<Option<Events>> {
        let Some(stream) = self.streams.get(function).and_then(|streams| streams.first()) else {
            return Ok(None);
        };
        Ok(Some(Events::new(stream.clone(), self.database.follow(&stream.table)?)))
    }

    /// Gives a secret, by its logical id in the template, a new text.
    pub fn put_secret(&self, secret: &str, text: impl Into<String>) {
        self.secrets.put(secret, text.into());
    }

    /// The current text of a secret, by its logical id in the template.
    pub fn secret(&self, secret: &str) -> Option<String> {
        self.secrets.get(secret, "AWSCURRENT")
    }

    /// The accounts as the secret holds them, with the simulated ones of this number, of which
    /// the first is 0.
    pub fn accounts(&self, number: usize) -> String {
        self.accounts.json(number)
    }

    /// The submissions that each simulated vendor received for the account of this number; to
    /// hold the table against.
    pub fn vendor_records(&self, number: usize) -> io::Result<BTreeMap<Vendor, Vec<Record>>> {
        self.accounts.records(number)
    }

    /// The questions about tasks that each simulated vendor's account of this number does not
    /// have.
    pub fn asked_in_vain(&self, number: usize) -> BTreeMap<Vendor, Vec<AskedInVain>> {
        self.accounts.asked_in_vain(number)
    }

    /// How many calls of the database functions made so far.
    pub fn database_calls(&self) -> usize {
        self.guard.database_calls()
    }

    /// What functions tried to do and the template's policies do not allow, one line each.
    pub fn refused(&self) -> Vec<String> {
        self.guard.refused()
    }

    /// What the template's policies allow and no function needed so far, one line each.
    pub fn unused_permissions(&self) -> Vec<String> {
        self.guard.unused()
    }

    pub fn simulated(&self) -> &[Vendor] {
        &self.accounts.simulated
    }
}

/// What a function finds around it, in the place of AWS.
struct Surroundings<'a> {
    public_url: String,
    /// Variables in the place of what the template says.
    instead: [(&'static str, Option<String>); 2],
    database_url: &'a str,
    secrets_url: &'a str,
}

impl Surroundings<'_> {
    /// What the template gives a function, and what AWS and this stack add.
    fn variables(
        &self,
        function: &crate::template::Function,
    ) -> Result<BTreeMap<String, String>, StackError> {
        let mut variables = function
            .variables(|reference| self.resolve(reference))
            .map_err(|error| StackError(error.to_string()))?;
        variables.extend(
            [
                ("AWS_REGION", "local"),
                // Says whose policy it is that a call needs.
                ("AWS_ACCESS_KEY_ID", function.id.as_str()),
                ("AWS_SECRET_ACCESS_KEY", "local"),
                ("AWS_ENDPOINT_URL_DYNAMODB", self.database_url),
                ("AWS_ENDPOINT_URL_SECRETS_MANAGER", self.secrets_url),
                // The database and all functions share this machine.
                ("AWS_ATTEMPT_SECONDS", "20"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        for (name, instead) in &self.instead {
            if let (Some(own), Some(instead)) = (variables.get_mut(*name), instead) {
                instead.clone_into(own);
            }
        }
        Ok(variables)
    }

    async fn start(
        &self,
        function: &crate::template::Function,
        variables: &BTreeMap<String, String>,
    ) -> Result<Function, StackError> {
        let id = &function.id;
        let variable = |name: &str| variables.get(name).cloned();
        // Boxed, because the compiler gives up on futures that are nested too deeply.
        Box::pin(Function::start(&function.binary, &Environment::new(&variable)))
            .await
            .ok_or_else(|| StackError(format!("`{id}` is no function of this stack")))?
            .map_err(|error| StackError(format!("`{id}` cannot start: {error}")))
    }

    /// Resources are called by their logical ids here.
    fn resolve(&self, reference: &Reference) -> Option<String> {
        match (reference.resource.as_str(), reference.attribute.as_deref()) {
            ("Api", Some("ApiEndpoint")) => Some(self.public_url.clone()),
            ("AWS::StackName", None) => Some("local".to_owned()),
            (resource, None) => Some(resource.to_owned()),
            _ => None,
        }
    }
}

/// The ledger beside the data, and a lock on it: two processes would each work
/// on the same tasks.
fn open_ledger(data: Option<&Path>) -> Result<(Ledger, Option<File>), StackError> {
    let file = data.map(|data| {
        let mut name = data.as_os_str().to_owned();
        name.push(".vendors");
        PathBuf::from(name)
    });
    let open = || {
        let lock = file.as_deref().map(open_private).transpose()?;
        if lock.as_ref().is_some_and(|lock| lock.try_lock().is_err()) {
            return Err(io::Error::other("another process is using it"));
        }
        Ok((Ledger::open(file.as_deref())?, lock))
    };
    open().map_err(|error| data_error(file.as_deref(), &error))
}

fn data_error(file: Option<&Path>, error: &io::Error) -> StackError {
    match file {
        Some(file) => StackError(format!("cannot use {} for data: {error}", file.display())),
        None => StackError(format!("cannot keep data in memory: {error}")),
    }
}

/// The callback secret, which must be the same after a restart, or the callbacks of tasks under way would be refused.
fn callback_secret(ledger: &Ledger) -> Result<String, StackError> {
    const OWNER: &str = "local";
    const NAME: &str = "callback_secret";
    let kept = || {
        if let Some(secret) = ledger.get(OWNER, NAME)? {
            return Ok(secret);
        }
        let secret = STANDARD.encode(random::<32>());
        ledger.put(OWNER, NAME, &secret)?;
        Ok(secret)
    };
    kept().map_err(|error: io::Error| StackError(format!("cannot keep a secret: {error}")))
}
