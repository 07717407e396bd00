//! DynamoDB in this process, with the template's tables, behind the real API.

use std::io;
use std::path::Path;

use dynoxide::{Database as Dynoxide, server};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::store::KeyHash;

use crate::server::{Door, Server};
use crate::template::Table;

pub(crate) struct Database {
    dynamodb: Dynoxide,
    server: Server,
}

impl Database {
    /// In a file, or in memory only.
    pub(crate) async fn start(file: Option<&Path>, tables: &[Table]) -> io::Result<Self> {
        let dynamodb = match file {
            None => Dynoxide::memory(),
            Some(file) => Dynoxide::new(file.to_str().ok_or_else(|| {
                io::Error::new(io::ErrorKind::InvalidInput, "the file's name is not UTF-8")
            })?),
        }
        .map_err(io::Error::other)?;
        let door = Door::bind(([127, 0, 0, 1], 0).into()).await?;
        let served = dynamodb.clone();
        let server = door
            .serve_by(|listener, stopped| server::serve_with_shutdown(listener, served, stopped));
        let database = Self { dynamodb, server };
        database.create_tables(tables)?;
        Ok(database)
    }

    pub(crate) fn url(&self) -> &str {
        self.server.base_url()
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
        Ok(())
    }

    /// Makes a key valid for everything, unless there is one already, and returns its webhook secret.
    pub(crate) fn ensure_key(&self, key: &str, webhook_secret: String) -> io::Result<String> {
        let sha256 = json!({ "S": KeyHash::of(key).as_str() });
        let get = json!({ "TableName": "Keys", "Key": { "sha256": sha256 } });
        let found = self.dynamodb.get_item(request(get)?).map_err(io::Error::other)?;
        let found = serde_json::to_value(found.item)?;
        if let Some(secret) = found.pointer("/webhook_secret/S").and_then(Value::as_str) {
            return Ok(secret.to_owned());
        }
        let put = json!({ "TableName": "Keys", "Item": {
            "sha256": sha256,
            "id": { "S": "local" },
            "name": { "S": "the local stack's own key" },
            "models": { "L": [{ "S": "*" }] },
            "webhook_secret": { "S": webhook_secret },
        }});
        self.dynamodb.put_item(request(put)?).map_err(io::Error::other)?;
        Ok(webhook_secret)
    }
}

/// A request as DynamoDB's own JSON has it.
fn request<T: DeserializeOwned>(json: Value) -> io::Result<T> {
    Ok(serde_json::from_value(json)?)
}
