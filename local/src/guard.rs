//! IAM in this process: stands in front of the database and the secrets, and lets a function do
//! what the template's policy for it allows.
//!
//! A function is known by its access key, which is its logical id. Signatures are not checked, and
//! conditions on attributes or leading keys are not known; no policy here has any.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use crate::server::{Listener, Server};
use crate::simulators;
use crate::template::{Permission, Policy, Template};

/// What every function may do, and what it did so far.
pub(crate) struct Guard {
    policies: BTreeMap<String, Policy>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// A refusal, such as `Query: dynamodb:DeleteItem on Tasks`.
    refused: Vec<String>,
    /// How many calls of the database were allowed.
    database_calls: usize,
    used: BTreeSet<(String, Permission)>,
}

/// One service behind the guard.
struct Guarded {
    guard: Arc<Guard>,
    url: String,
    client: reqwest::Client,
}

impl Guard {
    pub(crate) fn new(template: &Template) -> Self {
        let policies = template.functions.iter();
        let policies = policies.map(|function| (function.id.clone(), function.policy.clone()));
        Self { policies: policies.collect(), seen: Mutex::default() }
    }

    pub(crate) fn refused(&self) -> Vec<String> {
        self.seen().refused.clone()
    }

    /// How many calls of the database functions made and were allowed.
    pub(crate) fn database_calls(&self) -> usize {
        self.seen().database_calls
    }

    /// What no function needed yet, of what it may do.
    pub(crate) fn unused(&self) -> Vec<String> {
        let seen = self.seen();
        let allowed = self.policies.iter().flat_map(|(function, policy)| {
            policy.permissions().map(move |permission| (function.clone(), permission.clone()))
        });
        let unused = allowed.filter(|one| !seen.used.contains(one));
        unused.map(|(function, permission)| format!("{function}: {permission}")).collect()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes on to `url` what functions may do there.
    pub(crate) async fn serve(self: &Arc<Self>, url: &str) -> io::Result<Server> {
        let guarded =
            Guarded { guard: self.clone(), url: url.to_owned(), client: simulators::http_client() };
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await?;
        Ok(listener.serve(Router::new().fallback(pass).with_state(Arc::new(guarded))))
    }

    /// Why not, if not.
    fn judge(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), String> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let who = text(header::AUTHORIZATION.as_str()).and_then(access_key).unwrap_or_default();
        let refuse = |what: String| {
            let refused = format!("{who}: {what}");
            tracing::error!(refused, "the template does not allow a function's call");
            self.seen().refused.push(refused.clone());
            Err(refused)
        };
        let Some(policy) = self.policies.get(who) else {
            return refuse("no such function".to_owned());
        };
        let body = serde_json::from_slice(body).unwrap_or_default();
        let target = text("x-amz-target").unwrap_or_default();
        let Some(needed) = permissions(target, &body) else {
            return refuse("a call that is not understood".to_owned());
        };
        if let Some(permission) = needed.iter().find(|permission| !policy.allows(permission)) {
            return refuse(permission.to_string());
        }
        let mut seen = self.seen();
        seen.database_calls += usize::from(target.starts_with("DynamoDB_"));
        seen.used.extend(needed.into_iter().map(|permission| (who.to_owned(), permission)));
        Ok(())
    }
}

async fn pass(
    State(guarded): State<Arc<Guarded>>,
    mut headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(message) = guarded.guard.judge(&headers, &body) {
        let body = json!({ "__type": "AccessDeniedException", "Message": message });
        return (StatusCode::BAD_REQUEST, axum::Json(body)).into_response();
    }
    headers.remove(header::HOST);
    let sent = guarded.client.post(&guarded.url).headers(headers).body(body).send().await;
    match sent {
        Ok(answer) => {
            let answer: http::Response<reqwest::Body> = answer.into();
            answer.map(Body::new).into_response()
        }
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

/// From `AWS4-HMAC-SHA256 Credential=Query/20261121/local/dynamodb/aws4_request, …`.
fn access_key(authorization: &str) -> Option<&str> {
    let (_, rest) = authorization.split_once("Credential=")?;
    Some(rest.split_once('/')?.0)
}

/// What a call needs; none if that is not known.
///
/// A transaction needs what its parts would need alone.
fn permissions(target: &str, body: &Value) -> Option<Vec<Permission>> {
    let (service, operation) = target.split_once('.')?;
    let on = |operation: &str, body: &Value| {
        let table = body["TableName"].as_str()?;
        let resource = match body["IndexName"].as_str() {
            Some(index) => format!("{table}/index/{index}"),
            None => table.to_owned(),
        };
        Some(Permission::new(format!("dynamodb:{operation}"), resource))
    };
    match (service, operation) {
        ("secretsmanager", "GetSecretValue") => {
            let secret = body["SecretId"].as_str()?;
            Some(vec![Permission::new("secretsmanager:GetSecretValue", secret)])
        }
        (
            "DynamoDB_20120810",
            "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem" | "Query" | "Scan",
        ) => Some(vec![on(operation, body)?]),
        ("DynamoDB_20120810", "BatchGetItem") => {
            let tables = body["RequestItems"].as_object()?.keys();
            let on = |table: &String| Permission::new("dynamodb:BatchGetItem", table);
            Some(tables.map(on).collect())
        }
        ("DynamoDB_20120810", "TransactWriteItems") => {
            let items = body["TransactItems"].as_array()?.iter();
            let items = items.map(|item| {
                let (kind, part) = item.as_object()?.iter().next()?;
                match kind.as_str() {
                    "ConditionCheck" => on("ConditionCheckItem", part),
                    kind => on(&format!("{kind}Item"), part),
                }
            });
            items.collect()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(who: &str, target: &str) -> HeaderMap {
        let credential = format!("AWS4-HMAC-SHA256 Credential={who}/20261121/local/dynamodb/x, S=");
        let mut headers = HeaderMap::new();
        headers.insert("authorization", credential.parse().unwrap());
        headers.insert("x-amz-target", target.parse().unwrap());
        headers
    }

    #[test]
    fn a_function_may_do_what_its_policy_says_and_nothing_else() {
        let template = Template::read(include_str!("../../template.yaml")).unwrap();
        let tasks = json!({ "TableName": "Tasks" });
        let due = json!({ "TableName": "Tasks", "IndexName": "vendor_due" });
        let transaction = |items: &[(&str, &str)]| {
            let items = items.iter().map(|(kind, table)| json!({*kind: { "TableName": table }}));
            json!({ "TransactItems": items.collect::<Vec<_>>() })
        };
        let (put_put, put_delete) = (
            transaction(&[("Put", "Tasks"), ("Put", "Tasks")]),
            transaction(&[("Put", "Tasks"), ("Delete", "Keys")]),
        );
        let check = transaction(&[("ConditionCheck", "Tasks")]);
        let batch = |table: &str| json!({ "RequestItems": { table: { "Keys": [] } } });
        let (tasks_batch, keys_batch) = (batch("Tasks"), batch("Keys"));
        let accounts = json!({ "SecretId": "Accounts" });
        for (who, target, body, refused, why) in [
            ("Query", "DynamoDB_20120810.GetItem", &tasks, None, "it may read"),
            (
                "Query",
                "DynamoDB_20120810.PutItem",
                &tasks,
                Some("Query: dynamodb:PutItem on Tasks"),
                "but not store",
            ),
            ("Query", "DynamoDB_20120810.BatchGetItem", &tasks_batch, None, "it lists"),
            (
                "Query",
                "DynamoDB_20120810.BatchGetItem",
                &keys_batch,
                Some("Query: dynamodb:BatchGetItem on Keys"),
                "not whatever there is",
            ),
            ("Reconcile", "DynamoDB_20120810.Query", &due, None, "the index"),
            (
                "Reconcile",
                "DynamoDB_20120810.Query",
                &tasks,
                Some("Reconcile: dynamodb:Query on Tasks"),
                "not the table behind it",
            ),
            ("Create", "DynamoDB_20120810.TransactWriteItems", &put_put, None, "each part"),
            (
                "Create",
                "DynamoDB_20120810.TransactWriteItems",
                &put_delete,
                Some("Create: dynamodb:DeleteItem on Keys"),
                "one part is not allowed",
            ),
            (
                "Create",
                "DynamoDB_20120810.TransactWriteItems",
                &check,
                Some("Create: dynamodb:ConditionCheckItem on Tasks"),
                "a check has a permission of its own",
            ),
            ("Query", "secretsmanager.GetSecretValue", &accounts, None, "its secret"),
            (
                "Notify",
                "secretsmanager.GetSecretValue",
                &accounts,
                Some("Notify: secretsmanager:GetSecretValue on Accounts"),
                "not its secret",
            ),
            (
                "Create",
                "DynamoDB_20120810.DeleteTable",
                &tasks,
                Some("Create: a call that is not understood"),
                "nothing that we do not know",
            ),
            (
                "local",
                "DynamoDB_20120810.GetItem",
                &tasks,
                Some("local: no such function"),
                "nobody else",
            ),
        ] {
            let guard = Guard::new(&template);
            let judged = guard.judge(&call(who, target), body.to_string().as_bytes());
            assert_eq!(judged.err().as_deref(), refused, "{why}");
            assert_eq!(guard.refused().first().map(String::as_str), refused, "{why}");
        }
    }
}
