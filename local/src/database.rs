//! DynamoDB in this process, with the template's tables, behind the real API; or somebody
//! else's in its place.

use std::io;
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};

use dynoxide::storage::Storage;
use dynoxide::{Database as Dynoxide, server, streams};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::task::KeyHash;

use crate::other_database::{OtherChanges, OtherDatabase};
use crate::server::{Listener, Server};
use crate::template::Table;

/// Each write to a table with a stream asks for the greatest number in it. Without this
/// index all of the stream is read for that, and the more was written the longer it takes.
const NUMBERS_OF_STREAMS: &str = "CREATE INDEX IF NOT EXISTS filmgate_numbers_of_streams \
    ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

pub(crate) enum Database {
    Embedded(Embedded),
    Other(OtherDatabase),
}

impl Database {
    /// In a file, or in memory only, or where another one is served.
    pub(crate) async fn start(
        file: Option<&Path>,
        other: Option<&str>,
        tables: &[Table],
    ) -> io::Result<Self> {
        match (file, other) {
            (None, Some(url)) => Ok(Self::Other(OtherDatabase::start(url, tables).await?)),
            _ => Ok(Self::Embedded(Embedded::start(file, tables).await?)),
        }
    }

    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Embedded(database) => database.server.base_url(),
            Self::Other(database) => database.url(),
        }
    }

    /// The changes of a table, from now on.
    pub(crate) fn follow(&self, table: &str) -> io::Result<Changes> {
        match self {
            Self::Embedded(database) => database.follow(table).map(Changes::Embedded),
            Self::Other(database) => Ok(Changes::Other(database.follow(table))),
        }
    }

    /// Makes a key valid for everything, unless there is one already, and returns its webhook secret.
    pub(crate) async fn ensure_key(&self, key: &str, webhook_secret: String) -> io::Result<String> {
        match self {
            Self::Embedded(database) => database.ensure_key(key, webhook_secret),
            Self::Other(database) => {
                database.put("Keys", key_item(key, &webhook_secret)).await?;
                Ok(webhook_secret)
            }
        }
    }
}

pub(crate) struct Embedded {
    dynamodb: Dynoxide,
    server: Server,
}

impl Embedded {
    async fn start(file: Option<&Path>, tables: &[Table]) -> io::Result<Self> {
        let file = match file {
            None => in_memory(),
            Some(file) => file
                .to_str()
                .ok_or_else(|| {
                    io::Error::new(io::ErrorKind::InvalidInput, "the file's name is not UTF-8")
                })?
                .to_owned(),
        };
        let dynamodb = Dynoxide::new(&file).map_err(io::Error::other)?;
        let storage = Storage::new(&file).map_err(io::Error::other)?;
        storage.conn().execute_batch(NUMBERS_OF_STREAMS).map_err(io::Error::other)?;
        drop(storage);
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await?;
        let served = dynamodb.clone();
        let server = listener
            .serve_by(|listener, stopped| server::serve_with_shutdown(listener, served, stopped));
        let database = Self { dynamodb, server };
        database.create_tables(tables)?;
        Ok(database)
    }

    fn create_tables(&self, tables: &[Table]) -> io::Result<()> {
        let there = self.dynamodb.list_tables(request(json!({}))?).map_err(io::Error::other)?;
        for table in tables.iter().filter(|table| !there.table_names.contains(&table.id)) {
            let create = request(table.create_request(&table.id))?;
            self.dynamodb.create_table(create).map_err(io::Error::other)?;
            if let Some(attribute) = &table.time_to_live {
                let specification = json!({ "AttributeName": attribute, "Enabled": true });
                let update = json!({
                    "TableName": table.id,
                    "TimeToLiveSpecification": specification,
                });
                self.dynamodb.update_time_to_live(request(update)?).map_err(io::Error::other)?;
            }
        }
        for table in tables.iter().filter(|table| table.has_stream()) {
            self.ensure_stream(table)?;
        }
        Ok(())
    }

    /// A file may be older than the stream of a table in it.
    fn ensure_stream(&self, table: &Table) -> io::Result<()> {
        let list = request(json!({ "TableName": table.id }))?;
        if !self.dynamodb.list_streams(list).map_err(io::Error::other)?.streams.is_empty() {
            return Ok(());
        }
        let update = json!({
            "TableName": table.id,
            "StreamSpecification": table.create_request(&table.id)["StreamSpecification"],
        });
        self.dynamodb.update_table(request(update)?).map_err(io::Error::other)?;
        Ok(())
    }

    fn follow(&self, table: &str) -> io::Result<EmbeddedChanges> {
        let streams = self.dynamodb.list_streams(request(json!({ "TableName": table }))?);
        let streams = streams.map_err(io::Error::other)?.streams;
        let stream = streams.first().ok_or_else(|| io::Error::other("a table has no stream"))?;
        let latest = json!({
            "StreamArn": stream.stream_arn,
            "ShardId": streams::shard_id(table),
            "ShardIteratorType": "LATEST",
        });
        let at = self.dynamodb.get_shard_iterator(request(latest)?).map_err(io::Error::other)?;
        Ok(EmbeddedChanges { dynamodb: self.dynamodb.clone(), at: at.shard_iterator })
    }

    fn ensure_key(&self, key: &str, webhook_secret: String) -> io::Result<String> {
        let sha256 = json!({ "S": KeyHash::of(key).as_str() });
        let get = json!({ "TableName": "Keys", "Key": { "sha256": sha256 } });
        let found = self.dynamodb.get_item(request(get)?).map_err(io::Error::other)?;
        let found = serde_json::to_value(found.item)?;
        if let Some(secret) = found.pointer("/webhook_secret/S").and_then(Value::as_str) {
            return Ok(secret.to_owned());
        }
        let put = json!({ "TableName": "Keys", "Item": key_item(key, &webhook_secret) });
        self.dynamodb.put_item(request(put)?).map_err(io::Error::other)?;
        Ok(webhook_secret)
    }
}

/// The local stack's own key as an item of its table.
fn key_item(key: &str, webhook_secret: &str) -> Value {
    json!({
        "sha256": { "S": KeyHash::of(key).as_str() },
        "id": { "S": "local" },
        "name": { "S": "the local stack's own key" },
        "models": { "L": [{ "S": "*" }] },
        "webhook_secret": { "S": webhook_secret },
    })
}

/// What is read of a table's stream, and how far.
pub(crate) enum Changes {
    Embedded(EmbeddedChanges),
    Other(OtherChanges),
}

impl Changes {
    /// The records since the last call, as the stream has them.
    pub(crate) async fn next(&mut self) -> io::Result<Vec<Value>> {
        match self {
            Self::Embedded(changes) => changes.next(),
            Self::Other(changes) => changes.next().await,
        }
    }
}

pub(crate) struct EmbeddedChanges {
    dynamodb: Dynoxide,
    at: Option<String>,
}

impl EmbeddedChanges {
    fn next(&mut self) -> io::Result<Vec<Value>> {
        let records = request(json!({ "ShardIterator": self.at }))?;
        let answer = self.dynamodb.get_records(records).map_err(io::Error::other)?;
        self.at = answer.next_shard_iterator;
        answer.records.into_iter().map(|record| Ok(serde_json::to_value(record)?)).collect()
    }
}

/// A name for a database without a file, by which it can be opened twice.
fn in_memory() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("file:filmgate-{}-{count}?mode=memory&cache=shared", process::id())
}

/// A request as DynamoDB's own JSON has it.
fn request<T: DeserializeOwned>(json: Value) -> io::Result<T> {
    Ok(serde_json::from_value(json)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Template;

    #[tokio::test]
    async fn a_table_that_is_older_than_its_stream_gets_one() {
        let tables = |stream: &str| {
            let properties = "BillingMode: PAY_PER_REQUEST, \
                AttributeDefinitions: [{AttributeName: id, AttributeType: S}], \
                KeySchema: [{AttributeName: id, KeyType: HASH}]";
            let table = format!("Type: AWS::DynamoDB::Table, Properties: {{{properties}{stream}}}");
            Template::read(&format!("Resources: {{Tasks: {{{table}}}}}")).unwrap().tables
        };
        let database = Embedded::start(None, &tables("")).await.unwrap();
        assert!(database.follow("Tasks").is_err());
        database
            .create_tables(&tables(", StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}"))
            .unwrap();
        let mut changes = database.follow("Tasks").unwrap();
        let put = json!({ "TableName": "Tasks", "Item": { "id": { "S": "1" } } });
        database.dynamodb.put_item(request(put).unwrap()).unwrap();
        assert_eq!(changes.next().unwrap()[0]["dynamodb"]["NewImage"]["id"]["S"], "1");
        assert!(changes.next().unwrap().is_empty());
    }
}
