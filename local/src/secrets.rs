//! Secrets Manager in this process: reading a secret, and nothing else.
//!
//! A new text is put here by [`Secrets::put`] and not over HTTP; the labels of
//! the versions move as they do in AWS.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;

use crate::server::{Listener, Server};

/// Secrets by their names. Clones are the same secrets.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Arc<Mutex<BTreeMap<String, Versions>>>);

struct Versions {
    current: String,
    previous: Option<String>,
}

impl Secrets {
    /// What was current becomes the previous version, and what was previous is gone.
    pub(crate) fn put(&self, name: &str, text: String) {
        let mut secrets = self.0.lock().expect("nothing panics while holding the secrets");
        let previous = secrets.remove(name).map(|versions| versions.current);
        secrets.insert(name.to_owned(), Versions { current: text, previous });
    }

    pub(crate) fn get(&self, name: &str, stage: &str) -> Option<String> {
        let secrets = self.0.lock().expect("nothing panics while holding the secrets");
        let versions = secrets.get(name)?;
        match stage {
            "AWSCURRENT" => Some(versions.current.clone()),
            "AWSPREVIOUS" => versions.previous.clone(),
            _ => None,
        }
    }

    pub(crate) async fn serve(&self) -> io::Result<Server> {
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await?;
        Ok(listener.serve(Router::new().route("/", post(answer)).with_state(self.clone())))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetSecretValue {
    secret_id: String,
    #[serde(default = "current")]
    version_stage: String,
}

fn current() -> String {
    "AWSCURRENT".to_owned()
}

async fn answer(State(secrets): State<Secrets>, headers: HeaderMap, body: String) -> Response {
    if headers.get("x-amz-target").is_none_or(|target| target != "secretsmanager.GetSecretValue") {
        return refuse("UnknownOperationException", "only GetSecretValue is served here");
    }
    let Ok(GetSecretValue { secret_id, version_stage }) = serde_json::from_str(&body) else {
        return refuse("InvalidRequestException", "SecretId is missing");
    };
    match secrets.get(&secret_id, &version_stage) {
        Some(text) => {
            let stages = [version_stage];
            Json(json!({ "Name": secret_id, "SecretString": text, "VersionStages": stages }))
                .into_response()
        }
        None => refuse("ResourceNotFoundException", "there is no such version of such a secret"),
    }
}

fn refuse(kind: &str, message: &str) -> Response {
    let body = json!({ "__type": kind, "Message": message });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}
