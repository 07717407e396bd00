//! Secrets: read when they are first needed, and once more when they seem to have changed.
//!
//! Not here: what is in them. A function that never meets a refusal reads each
//! of its secrets once, and one that needs none of them does not wait for any.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use super::causes;
use super::setup_error::SetupError;

/// Somebody waits while a secret is read.
const PATIENCE: Duration = Duration::from_secs(3);

/// A version of a secret: a new text makes the current one the previous one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Current,
    Previous,
}

/// Where a secret is kept.
#[derive(Clone, Debug)]
pub struct StoredSecret {
    client: aws_sdk_secretsmanager::Client,
    id: String,
    /// The environment variable that names it, for messages.
    variable: &'static str,
}

impl StoredSecret {
    pub fn new(client: aws_sdk_secretsmanager::Client, id: String, variable: &'static str) -> Self {
        Self { client, id, variable }
    }

    pub async fn current(&self) -> Result<String, SetupError> {
        let text = self.read(Stage::Current).await?;
        text.ok_or_else(|| self.error("does not exist"))
    }

    /// None when there is no such version: a new secret has no previous one.
    pub async fn read(&self, stage: Stage) -> Result<Option<String>, SetupError> {
        let request = self.client.get_secret_value().secret_id(&self.id);
        let request = match stage {
            // What Secrets Manager gives when it is not asked for one.
            Stage::Current => request,
            Stage::Previous => request.version_stage("AWSPREVIOUS"),
        };
        let answer = tokio::time::timeout(PATIENCE, request.send()).await;
        match answer.map_err(|_| self.error("cannot be read: no answer in time"))? {
            Ok(secret) => secret.secret_string.map(Some).ok_or_else(|| self.error("holds no text")),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|it| it.is_resource_not_found_exception()) =>
            {
                Ok(None)
            }
            Err(error) => Err(self.error(&format!("cannot be read: {}", causes::aws(&error)))),
        }
    }

    /// What is wrong with it, without a word of what is in it.
    pub fn error(&self, what: &str) -> SetupError {
        SetupError::new(format!("the secret in {} {what}", self.variable))
    }
}

/// A value that was made of secrets, and can be made anew.
pub struct Renewable<T> {
    /// None as long as it was not needed.
    current: RwLock<Option<Arc<T>>>,
    /// When it was last tried. Held while it is tried, so that of many one does.
    tried_at: Mutex<Option<Timestamp>>,
    /// Between two tries.
    pause: SignedDuration,
}

impl<T> Renewable<T> {
    pub fn new(value: Option<T>, pause: SignedDuration) -> Self {
        let current = RwLock::new(value.map(Arc::new));
        Self { current, tried_at: Mutex::new(None), pause }
    }

    pub fn current(&self) -> Option<Arc<T>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, value: T) -> Arc<T> {
        let value = Arc::new(value);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(value.clone());
        value
    }

    /// The value, made now if nobody needed it before.
    pub async fn ready<F>(&self, make: impl FnOnce() -> F) -> Result<Arc<T>, SetupError>
    where
        F: Future<Output = Result<T, SetupError>>,
    {
        if let Some(current) = self.current() {
            return Ok(current);
        }
        let _alone = self.tried_at.lock().await;
        match self.current() {
            Some(current) => Ok(current),
            // Boxed, because making is rare, and large wherever it is waited for.
            None => Box::pin(make()).await.map(|value| self.keep(value)),
        }
    }

    /// The value after reading the secrets again, which is only done when the known
    /// value does not suffice, and not too often. A value that cannot be made anew stays.
    pub async fn renewed<F>(
        &self,
        suffices: impl Fn(&T) -> bool,
        now: Timestamp,
        make: impl FnOnce() -> F,
    ) -> Option<Arc<T>>
    where
        F: Future<Output = Result<T, SetupError>>,
    {
        let mut tried_at = self.tried_at.lock().await;
        let current = self.current();
        let too_soon = tried_at.is_some_and(|at| now.duration_since(at) < self.pause);
        if too_soon || current.as_deref().is_some_and(suffices) {
            return current;
        }
        *tried_at = Some(now);
        match Box::pin(make()).await {
            Ok(value) => {
                tracing::info!("a secret was read again");
                Some(self.keep(value))
            }
            Err(error) => {
                tracing::error!(%error, "a secret was read again in vain; what was read before stays");
                current
            }
        }
    }
}

impl<T> fmt::Debug for Renewable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Renewable(…)")
    }
}
