//! What a function makes once per cold start: its clients, from its variables.
//!
//! The variables come in as a closure, so that the local stack can hand each
//! function exactly those that the template gives it.

use std::cell::OnceCell;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Region, SharedHttpClient, StalledStreamProtectionConfig,
};

use super::log::Log;
use crate::lifecycle::Lifecycle;
use crate::platform::SetupError;
use crate::platform::aws::{ATTEMPT, sdk_http_client, sdk_timeouts};
use crate::platform::http_client::Roots;
use crate::platform::secrets::StoredSecret;
use crate::store::{Keys, Tasks};
use crate::vendors::{CallbackTokens, CallbackUrls, Vendors};
use crate::webhooks::Deliveries;

/// The variables of a function.
pub struct Environment<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
    /// One for all services, so that they share connections.
    http: OnceCell<SharedHttpClient>,
}

impl<'a> Environment<'a> {
    pub fn new(variable: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { variable, http: OnceCell::new() }
    }

    pub fn text(&self, name: &str) -> Result<String, SetupError> {
        (self.variable)(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| SetupError::new(format!("the environment variable {name} is not set")))
    }

    pub fn parse<T>(&self, name: &str) -> Result<T, SetupError>
    where
        T: FromStr<Err: fmt::Display>,
    {
        self.text(name)?
            .parse()
            .map_err(|error| SetupError::new(format!("the environment variable {name}: {error}")))
    }

    /// Where a deployed function logs, and how much.
    pub fn log(&self) -> Result<Log, SetupError> {
        Ok(Log::new(self.text("STACK")?, self.parse("RUST_LOG")?))
    }

    pub fn tasks(&self) -> Result<Tasks, SetupError> {
        Ok(Tasks::new(self.dynamodb()?, self.text("TASKS_TABLE")?, self.text("USAGE_TABLE")?))
    }

    pub fn keys(&self) -> Result<Keys, SetupError> {
        Ok(Keys::new(self.dynamodb()?, self.text("KEYS_TABLE")?))
    }

    /// The tasks and the vendors, as those need them who work on both.
    pub fn lifecycle(&self) -> Result<Lifecycle, SetupError> {
        Ok(Lifecycle { tasks: self.tasks()?, vendors: self.vendors()? })
    }

    /// The vendors, with the accounts that their secret holds.
    pub fn vendors(&self) -> Result<Vendors, SetupError> {
        Ok(Vendors::open(self.secret("ACCOUNTS_SECRET")?))
    }

    /// The maker of addresses that vendors call.
    pub fn callback_urls(&self) -> Result<CallbackUrls, SetupError> {
        Ok(CallbackUrls::open(self.secret("CALLBACK_SECRET")?, self.parse("PUBLIC_URL")?))
    }

    /// The reader of such addresses.
    pub fn callback_tokens(&self) -> Result<CallbackTokens, SetupError> {
        Ok(CallbackTokens::open(self.secret("CALLBACK_SECRET")?, self.parse("PUBLIC_URL")?))
    }

    pub fn deliveries(&self) -> Result<Deliveries, SetupError> {
        Ok(Deliveries::new(self.keys()?, self.parse("WEBHOOK_HOSTS")?))
    }

    /// The secret whose name or ARN a variable holds.
    fn secret(&self, variable: &'static str) -> Result<StoredSecret, SetupError> {
        let id = self.text(variable)?;
        let mut config = aws_sdk_secretsmanager::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(self.region()?)
            .credentials_provider(self.credentials()?)
            .http_client(self.http_client()?)
            .timeout_config(sdk_timeouts(self.attempt()?))
            // An attempt's time is up, whether its answer stalls or never comes.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if let Some(url) = self.endpoint_url("AWS_ENDPOINT_URL_SECRETS_MANAGER") {
            config = config.endpoint_url(url);
        }
        let client = aws_sdk_secretsmanager::Client::from_conf(config.build());
        Ok(StoredSecret::new(client, id, variable))
    }

    pub fn dynamodb(&self) -> Result<aws_sdk_dynamodb::Client, SetupError> {
        let mut config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(self.region()?)
            .credentials_provider(self.credentials()?)
            .http_client(self.http_client()?)
            .timeout_config(sdk_timeouts(self.attempt()?))
            // An attempt's time is up, whether its answer stalls or never comes.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if let Some(url) = self.endpoint_url("AWS_ENDPOINT_URL_DYNAMODB") {
            config = config.endpoint_url(url);
        }
        Ok(aws_sdk_dynamodb::Client::from_conf(config.build()))
    }

    /// Where a service is, if not where AWS has it, by the variables that all SDKs read:
    /// the service's own, or the one for all.
    fn endpoint_url(&self, own: &str) -> Option<String> {
        let variable = |name: &str| (self.variable)(name).filter(|value| !value.is_empty());
        if variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(|it| it == "true") {
            return None;
        }
        variable(own).or_else(|| variable("AWS_ENDPOINT_URL"))
    }

    /// The time that an attempt at AWS may take. Where a whole stack shares one machine, it
    /// says itself how long its calls may take.
    fn attempt(&self) -> Result<Duration, SetupError> {
        match (self.variable)("AWS_ATTEMPT_SECONDS") {
            None => Ok(ATTEMPT),
            Some(_) => self.parse("AWS_ATTEMPT_SECONDS").map(Duration::from_secs),
        }
    }

    /// The way to AWS. Whom it trusts may be said as the SDKs have it, e.g. where a
    /// proxy looks into connections.
    fn http_client(&self) -> Result<SharedHttpClient, SetupError> {
        if let Some(client) = self.http.get() {
            return Ok(client.clone());
        }
        let roots = match (self.variable)("AWS_CA_BUNDLE") {
            None => Roots::default(),
            Some(file) => std::fs::read(&file)
                .map_err(|error| error.to_string())
                .and_then(|pem| Roots::read(&pem))
                .map_err(|error| SetupError::new(format!("the file in AWS_CA_BUNDLE: {error}")))?,
        };
        Ok(self.http.get_or_init(|| sdk_http_client(roots)).clone())
    }

    fn region(&self) -> Result<Region, SetupError> {
        Ok(Region::new(self.text("AWS_REGION")?))
    }

    /// Lambda gives each function its role's credentials by environment, and no
    /// other way; the SDK's whole chain of providers would be dead weight.
    fn credentials(&self) -> Result<Credentials, SetupError> {
        Ok(Credentials::new(
            self.text("AWS_ACCESS_KEY_ID")?,
            self.text("AWS_SECRET_ACCESS_KEY")?,
            self.text("AWS_SESSION_TOKEN").ok(),
            None,
            "environment",
        ))
    }
}
