//! A DynamoDB that somebody else serves, such as another emulator, in the place of the embedded
//! one: a second opinion on what functions ask of it.
//!
//! Each stack has an account of its own there, so that its tables are called as in the template
//! and tests run side by side. Its calls come one after the other, through a proxy, because such
//! a server may know no locks. Nothing is removed afterwards: it is there for tests.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::random::random;
use crate::server::{Listener, Server};
use crate::simulators;
use crate::template::Table;

const DYNAMODB: &str = "DynamoDB_20120810";
const STREAMS: &str = "DynamoDBStreams_20120810";

pub(crate) struct OtherDatabase {
    client: Client,
    proxy: Server,
}

/// Who calls it, and by which account.
#[derive(Clone)]
struct Client {
    url: Arc<str>,
    /// Twelve digits, as AWS has them.
    account: Arc<str>,
    http: reqwest::Client,
    turn: Arc<Mutex<()>>,
}

impl OtherDatabase {
    pub(crate) async fn start(url: &str, tables: &[Table]) -> io::Result<Self> {
        let account = format!("{:012}", u64::from_be_bytes(random()) % 1_000_000_000_000);
        let http = simulators::http_client();
        let client =
            Client { url: url.into(), account: account.into(), http, turn: Arc::default() };
        for table in tables {
            client.call(DYNAMODB, "CreateTable", table.create_request(&table.id)).await?;
            if let Some(attribute) = &table.time_to_live {
                let specification = json!({ "AttributeName": attribute, "Enabled": true });
                let update =
                    json!({ "TableName": table.id, "TimeToLiveSpecification": specification });
                client.call(DYNAMODB, "UpdateTimeToLive", update).await?;
            }
        }
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await?;
        let proxy = listener.serve(Router::new().fallback(forward).with_state(client.clone()));
        Ok(Self { client, proxy })
    }

    /// Where the tables are called as in the template.
    pub(crate) fn url(&self) -> &str {
        self.proxy.base_url()
    }

    pub(crate) async fn put(&self, table: &str, item: Value) -> io::Result<()> {
        let put = json!({ "TableName": table, "Item": item });
        self.client.call(DYNAMODB, "PutItem", put).await.map(drop)
    }

    /// All changes of a table, from its making on.
    pub(crate) fn follow(&self, table: &str) -> OtherChanges {
        OtherChanges { client: self.client.clone(), table: table.to_owned(), at: None }
    }
}

/// What is read of a table's stream, and how far.
pub(crate) struct OtherChanges {
    client: Client,
    table: String,
    at: Option<Value>,
}

impl OtherChanges {
    /// The records since the last call, as the stream has them.
    pub(crate) async fn next(&mut self) -> io::Result<Vec<Value>> {
        let at = match self.at.take() {
            Some(at) => at,
            None => self.beginning().await?,
        };
        let records = json!({ "ShardIterator": at });
        let mut answer = self.client.call(STREAMS, "GetRecords", records).await?;
        self.at = Some(answer["NextShardIterator"].take());
        Ok(answer["Records"].as_array().cloned().unwrap_or_default())
    }

    async fn beginning(&self) -> io::Result<Value> {
        let list = json!({ "TableName": self.table });
        let mut streams = self.client.call(STREAMS, "ListStreams", list).await?;
        let stream = streams["Streams"][0]["StreamArn"].take();
        let describe = json!({ "StreamArn": stream });
        let shards = self.client.call(STREAMS, "DescribeStream", describe).await?;
        let begin = json!({
            "StreamArn": stream,
            "ShardId": shards["StreamDescription"]["Shards"][0]["ShardId"],
            "ShardIteratorType": "TRIM_HORIZON",
        });
        let mut iterator = self.client.call(STREAMS, "GetShardIterator", begin).await?;
        Ok(iterator["ShardIterator"].take())
    }
}

impl Client {
    async fn call(&self, service: &str, operation: &str, body: Value) -> io::Result<Value> {
        let target = format!("{service}.{operation}");
        let answer = self.send(&target, body.to_string().into()).await.map_err(io::Error::other)?;
        if !answer.status().is_success() {
            let (status, text) = (answer.status(), String::from_utf8_lossy(answer.body()));
            return Err(io::Error::other(format!("{operation}: {status}: {text}")));
        }
        Ok(serde_json::from_slice(answer.body())?)
    }

    async fn send(&self, target: &str, body: Bytes) -> reqwest::Result<http::Response<Bytes>> {
        // Signatures are not checked there; but the region, which has to be one of AWS's, and
        // elsewhere than at moto also the account, are read from what was signed.
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/20261121/us-east-1/dynamodb/aws4_request, \
             SignedHeaders=host, Signature=0",
            self.account
        );
        let request = self.http.post(&*self.url).body(body);
        let request = request
            .header("x-amz-target", target)
            .header("x-moto-account-id", &*self.account)
            .header(header::CONTENT_TYPE, "application/x-amz-json-1.0")
            .header(header::AUTHORIZATION, authorization);
        let _turn = self.turn.lock().await;
        let mut answer = request.send().await?;
        let mut response = http::Response::new(());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        let body = answer.bytes().await?;
        Ok(response.map(|()| body))
    }
}

async fn forward(State(client): State<Client>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let Some(target) = target else { return StatusCode::BAD_REQUEST.into_response() };
    match client.send(target, body).await {
        Ok(answer) => answer.map(Body::from).into_response(),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}
