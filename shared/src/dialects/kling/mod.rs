//! Kling: <https://kling.ai/document-api/api/get-started/quick-start>.
//!
//! Two designs live side by side, chosen by the model's name: the old one names
//! the model in the body, the new one in the path. Not here: several reference
//! images, extending, effects, lip-sync, motion control, balance.

mod account;
mod answer;
mod callback;
mod models;
mod submit;
mod wire;

use bytes::Bytes;
use http::{Method, Request, Response, header};
use jiff::Timestamp;
use serde::Deserialize;

use self::account::{Account, Credentials};
use self::models::NewModel;
use crate::api::{ApiError, Generation};
use crate::crypto::WebhookSecret;
use crate::dialects::address::{BaseUrl, path_segment};
use crate::dialects::contract::{
    Dialect, Forged, Found, Handle, Polled, Ring, Sought, Submission, Submitted, Ticket,
};
use crate::task::{Fault, Figures, Kind, Vendor};

/// The account, and with it the dialect.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Account")]
pub(super) struct Kling {
    base_url: BaseUrl,
    credentials: Credentials,
    webhook_secret: Option<WebhookSecret>,
}

impl TryFrom<Account> for Kling {
    type Error = &'static str;

    fn try_from(mut account: Account) -> Result<Self, Self::Error> {
        let credentials = account.credentials()?;
        let Account { base_url, webhook_secret, .. } = account;
        Ok(Self { base_url, credentials, webhook_secret })
    }
}

impl Dialect for Kling {
    fn submit(&self, generation: Generation, ticket: &Ticket<'_>) -> Result<Submission, ApiError> {
        self.require_key_for(&generation.model)?;
        let model = generation.model.clone();
        let translation = submit::translate(generation, ticket)?;
        let body =
            serde_json::to_vec(&translation.body).expect("the wire types have string keys only");
        let endpoint = translation.endpoint;
        let request = self.create(&endpoint, Bytes::from(body), ticket.now);
        Ok(Submission {
            request,
            // Our id for the task is in it, and Kling takes an id once.
            repeatable: true,
            model,
            endpoint,
            figures: Figures::default(),
            warnings: translation.warnings,
        })
    }

    fn read_submitted(&self, answer: &Response<Bytes>) -> Submitted {
        match answer::read(answer) {
            Ok(Some(task)) if !task.id().is_empty() => Submitted::Accepted {
                vendor_task_id: task.id().to_owned(),
                figures: Figures { credits: task.units(), ..Figures::default() },
            },
            Ok(_) => Submitted::Unknown(Fault::with_message(
                Kind::Unreadable,
                "the answer has no task_id",
            )),
            Err(fault) if answer::may_have_a_task(&fault) => Submitted::Unknown(fault),
            Err(fault) => Submitted::Refused(fault),
        }
    }

    fn poll(&self, handle: &Handle<'_>, now: Timestamp) -> Request<Bytes> {
        let id = path_segment(handle.vendor_task_id);
        let path = if is_new(handle.endpoint) {
            format!("/tasks?task_ids={id}")
        } else {
            format!("{}/{id}", create_path(handle.endpoint))
        };
        self.request(Method::GET, &path, now)
            .body(Bytes::new())
            .expect("the key was checked to fit a header, the id is encoded")
    }

    fn read_polled(&self, answer: &Response<Bytes>, now: Timestamp) -> Polled {
        match answer::read(answer) {
            Ok(Some(task)) if !task.status().is_empty() => {
                Polled::News(Box::new(answer::read_news(&task, now)))
            }
            Ok(Some(_)) => {
                Polled::Nothing(Fault::with_message(Kind::Unreadable, "the answer has no status"))
            }
            // The new design's way to say that it knows no such task.
            Ok(None) => {
                Polled::Missing(Fault::with_message(Kind::NotFound, "the answer has no task"))
            }
            Err(fault) if fault.kind == Kind::NotFound => Polled::Missing(fault),
            Err(fault) => Polled::Nothing(fault),
        }
    }

    fn verify_ring(&self, ring: &Ring<'_>, now: Timestamp) -> Result<(), Forged> {
        // Without a secret Kling signs nothing, and the token in the path protects.
        self.webhook_secret.as_ref().map_or(Ok(()), |secret| callback::verify(secret, ring, now))
    }

    fn find(&self, sought: &Sought<'_>, now: Timestamp) -> Option<Request<Bytes>> {
        let id = sought.task_id;
        let path = if is_new(sought.endpoint) {
            format!("/tasks?external_task_ids={id}")
        } else {
            format!("{}/{id}", create_path(sought.endpoint))
        };
        let request = self.request(Method::GET, &path, now).body(Bytes::new());
        Some(request.expect("the key was checked to fit a header, our ids are hexadecimal"))
    }

    fn read_found(&self, answer: &Response<Bytes>, _sought: &Sought<'_>) -> Found {
        match answer::read(answer) {
            Ok(Some(task)) if !task.id().is_empty() => Found::Task {
                vendor_task_id: task.id().to_owned(),
                figures: Figures { credits: task.units(), ..Figures::default() },
            },
            Ok(Some(_)) => {
                Found::Nothing(Fault::with_message(Kind::Unreadable, "the answer has no task_id"))
            }
            Ok(None) => Found::Absent,
            Err(fault) if fault.kind == Kind::NotFound => Found::Absent,
            Err(fault) => Found::Nothing(fault),
        }
    }

    fn repeat(&self, endpoint: &str, body: Bytes, now: Timestamp) -> Option<Request<Bytes>> {
        Some(self.create(endpoint, body, now))
    }
}

impl Kling {
    fn request(&self, method: Method, path: &str, now: Timestamp) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(self.base_url.join(path))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.credentials.token(now)))
            .header(header::ACCEPT, "application/json")
    }

    fn create(&self, endpoint: &str, body: Bytes, now: Timestamp) -> Request<Bytes> {
        self.request(Method::POST, &create_path(endpoint), now)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
            .expect("the key was checked to fit a header, the path is ours")
    }

    /// Kling answers 1002 to the token of a key pair here; its operator can be told before.
    fn require_key_for(&self, model: &str) -> Result<(), ApiError> {
        let is_pair = matches!(self.credentials, Credentials::KeyPair { .. });
        if !is_pair || NewModel::named(model).is_none() {
            return Ok(());
        }
        let fault = Fault::new(Kind::Credentials);
        let mut error = ApiError::refused_by(Vendor::Kling, &fault).at("model");
        error.body.message = format!(
            "{model} takes an API key only, and this gateway's account with Kling has access_key \
             and secret_key; its operator has to give it an api_key instead."
        );
        Err(error)
    }
}

/// The endpoints of the new design have their model behind a slash.
fn is_new(endpoint: &str) -> bool {
    endpoint.contains('/')
}

fn create_path(endpoint: &str) -> String {
    if is_new(endpoint) { format!("/{endpoint}") } else { format!("/v1/videos/{endpoint}") }
}

#[cfg(test)]
mod tests;
