//! Who asks, may they, and how much: API keys and their limits, as clients meet them.
//!
//! Not here: where keys are stored and tasks are counted, which is the store's.

use ::http::HeaderMap;
use jiff::Timestamp;

use crate::api::{ApiError, http};
use crate::platform::telemetry;
use crate::store::{BeginOutcome, Keys, rest_of_minute};
use crate::task::{ApiKey, Code, Limits};

/// The good key that a request carries.
pub async fn admit(keys: &Keys, headers: &HeaderMap, now: Timestamp) -> Result<ApiKey, ApiError> {
    let secret = http::bearer(headers)?;
    let key = keys.find(secret, now).await.map_err(|error| {
        tracing::error!(%error, "an API key could not be looked up");
        ApiError::internal()
    })?;
    let key =
        key.ok_or_else(|| ApiError::new(Code::UnknownApiKey, "This API key is not known here."))?;
    telemetry::tell(|line| line.set("key", key.id.as_str()));
    check(&key, now)?;
    Ok(key)
}

/// Refuses a key that was known but is no longer good.
fn check(key: &ApiKey, now: Timestamp) -> Result<(), ApiError> {
    if key.disabled {
        return Err(ApiError::new(Code::KeyDisabled, "This API key is disabled."));
    }
    match key.expires_at {
        Some(expires_at) if expires_at <= now => {
            let message = format!("This API key expired at {expires_at}.");
            Err(ApiError::new(Code::KeyExpired, message))
        }
        _ => Ok(()),
    }
}

pub fn check_model(key: &ApiKey, model: &str) -> Result<(), ApiError> {
    if key.may_use(model) {
        return Ok(());
    }
    let message = format!("This API key may not use the model `{model}`.");
    Err(ApiError::new(Code::ModelNotAllowed, message).at("model"))
}

/// Refuses a number of tasks that could never begin together, however long their client waited.
pub fn check_count(limits: Limits, tasks: u32) -> Result<(), ApiError> {
    match limits.most_at_once() {
        Some(most) if tasks > most && tasks > 1 => {
            let message =
                format!("`n` is {tasks}, but this API key's limits allow {most} at once.");
            Err(ApiError::invalid("n", message))
        }
        _ => Ok(()),
    }
}

/// The answer to a client whose tasks did not begin.
pub fn refusal(limits: Limits, begun: &BeginOutcome, now: Timestamp) -> ApiError {
    let error = match begun {
        BeginOutcome::TooFast => ApiError::key_rate_limited(
            limits.creates_per_minute.unwrap_or_default(),
            rest_of_minute(now),
        ),
        BeginOutcome::TooMany => {
            ApiError::too_many_unfinished(limits.unfinished.unwrap_or_default())
        }
        BeginOutcome::Stored | BeginOutcome::Before(_) | BeginOutcome::Busy => ApiError::busy(),
    };
    error.with_limits(limits)
}
