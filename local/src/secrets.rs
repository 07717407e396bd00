//! Secrets Manager in this process: one operation, a handful of secrets.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;

use crate::server::{Door, Server};

/// The texts of secrets by their names.
pub(crate) type Secrets = BTreeMap<String, String>;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetSecretValue {
    secret_id: String,
}

pub(crate) async fn serve(secrets: Secrets) -> io::Result<Server> {
    let door = Door::bind(([127, 0, 0, 1], 0).into()).await?;
    Ok(door.serve(Router::new().route("/", post(answer)).with_state(Arc::new(secrets))))
}

async fn answer(State(secrets): State<Arc<Secrets>>, headers: HeaderMap, body: String) -> Response {
    if headers.get("x-amz-target").is_none_or(|target| target != "secretsmanager.GetSecretValue") {
        return refuse("UnknownOperationException", "only GetSecretValue is served here");
    }
    let Ok(GetSecretValue { secret_id }) = serde_json::from_str(&body) else {
        return refuse("InvalidRequestException", "SecretId is missing");
    };
    match secrets.get(&secret_id) {
        Some(text) => Json(json!({ "Name": secret_id, "SecretString": text })).into_response(),
        None => refuse("ResourceNotFoundException", "there is no such secret"),
    }
}

fn refuse(kind: &str, message: &str) -> Response {
    let body = json!({ "__type": kind, "Message": message });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}
