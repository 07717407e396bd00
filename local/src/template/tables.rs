//! Tables and their indexes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::properties::DeployOnly;

/// A DynamoDB table.
#[derive(Debug)]
pub struct Table {
    /// The logical id of a table, such as `Tasks`.
    pub id: String,
    /// The attribute that says when an item expires.
    pub time_to_live: Option<String>,
    properties: TableProperties,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct TableProperties {
    billing_mode: BillingMode,
    attribute_definitions: Vec<AttributeDefinition>,
    key_schema: Vec<KeyElement>,
    #[serde(default)]
    global_secondary_indexes: Vec<Index>,
    stream_specification: Option<Stream>,
    time_to_live_specification: Option<TimeToLive>,
    _deletion_protection_enabled: DeployOnly,
    _point_in_time_recovery_specification: DeployOnly,
    #[serde(rename = "SSESpecification")]
    _sse_specification: DeployOnly,
}

#[derive(Debug, Deserialize, Serialize)]
enum BillingMode {
    #[serde(rename = "PAY_PER_REQUEST")]
    PayPerRequest,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AttributeDefinition {
    attribute_name: String,
    attribute_type: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct KeyElement {
    attribute_name: String,
    key_type: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Index {
    index_name: String,
    key_schema: Vec<KeyElement>,
    projection: Projection,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Projection {
    projection_type: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    non_key_attributes: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Stream {
    stream_view_type: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TimeToLive {
    attribute_name: String,
    enabled: bool,
}

/// DynamoDB's request; all but the stream is as in the template.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CreateTable<'a> {
    table_name: &'a str,
    billing_mode: &'a BillingMode,
    attribute_definitions: &'a [AttributeDefinition],
    key_schema: &'a [KeyElement],
    // DynamoDB refuses an empty list.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    global_secondary_indexes: &'a [Index],
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_specification: Option<StreamSpecification<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StreamSpecification<'a> {
    stream_enabled: bool,
    stream_view_type: &'a str,
}

impl Table {
    pub(super) fn read(id: String, properties: TableProperties) -> Table {
        let time_to_live = properties.time_to_live_specification.as_ref();
        let time_to_live = time_to_live.filter(|time_to_live| time_to_live.enabled);
        Table {
            id,
            time_to_live: time_to_live.map(|time_to_live| time_to_live.attribute_name.clone()),
            properties,
        }
    }

    /// Whether its changes can be followed.
    pub fn has_stream(&self) -> bool {
        self.properties.stream_specification.is_some()
    }

    pub(super) fn has_index(&self, name: &str) -> bool {
        self.properties.global_secondary_indexes.iter().any(|index| index.index_name == name)
    }

    /// The body of the `CreateTable` request that makes this table under the name `table_name`.
    ///
    /// The request lacks a time to live, which DynamoDB takes in a request of its own.
    pub fn create_request(&self, table_name: &str) -> Value {
        let stream = self.properties.stream_specification.as_ref();
        let request = CreateTable {
            table_name,
            billing_mode: &self.properties.billing_mode,
            attribute_definitions: &self.properties.attribute_definitions,
            key_schema: &self.properties.key_schema,
            global_secondary_indexes: &self.properties.global_secondary_indexes,
            stream_specification: stream.map(|stream| StreamSpecification {
                stream_enabled: true,
                stream_view_type: &stream.stream_view_type,
            }),
        };
        serde_json::to_value(request).expect("texts, lists and flags are always JSON")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::template::Template;

    #[test]
    fn the_deployed_tables_can_be_created() {
        let template = Template::read(include_str!("../../../template.yaml")).unwrap();
        let [keys, tasks, usage] = template.tables.as_slice() else {
            panic!("expected three tables, not {:?}", template.tables);
        };
        assert_eq!(keys.time_to_live, None);
        assert_eq!(
            keys.create_request("keys"),
            json!({
                "TableName": "keys",
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "sha256", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "sha256", "KeyType": "HASH"}],
            })
        );
        assert!(tasks.has_stream() && !keys.has_stream());
        assert_eq!(tasks.time_to_live.as_deref(), Some("ttl"));
        assert_eq!(
            tasks.create_request("tasks")["GlobalSecondaryIndexes"],
            json!(
                [
                    ("vendor_due", "vendor_due_shard", "vendor_due_at"),
                    ("webhook_due", "webhook_due_shard", "webhook_due_at"),
                    ("owner", "owner", "id"),
                ]
                .map(|(name, hash, range)| json!({
                    "IndexName": name,
                    "KeySchema": [
                        {"AttributeName": hash, "KeyType": "HASH"},
                        {"AttributeName": range, "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }))
            )
        );
        assert_eq!(usage.time_to_live.as_deref(), Some("ttl"));
        assert_eq!(
            usage.create_request("usage")["KeySchema"],
            json!([
                {"AttributeName": "owner", "KeyType": "HASH"},
                {"AttributeName": "what", "KeyType": "RANGE"},
            ])
        );
    }

    #[test]
    fn a_stream_is_switched_on_and_a_time_to_live_can_be_off() {
        let template = Template::read(
            "
Resources:
  Events:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: false}
",
        );
        let table = &template.unwrap().tables[0];
        assert_eq!(table.time_to_live, None);
        assert_eq!(
            table.create_request("events")["StreamSpecification"],
            json!({"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"})
        );
    }
}
