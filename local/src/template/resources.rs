//! The shape of the resources, key by key.
//!
//! A field of type [`DeployOnly`], like a variant without fields, is something that the local
//! stack has nothing to do with; a key that is not here at all is an error.

use std::{collections::BTreeMap, num::NonZeroUsize, time::Duration};

use serde::{Deserialize, de::IgnoredAny};

use super::{
    Filter,
    policies::RoleProperties,
    properties::{DeployOnly, RoleOf},
    route_key::RouteKey,
    tables::TableProperties,
    text::Text,
};

#[derive(Deserialize)]
#[serde(tag = "Type", rename_all_fields = "PascalCase", deny_unknown_fields)]
pub(super) enum Resource {
    #[serde(rename = "AWS::Serverless::Function")]
    Function { metadata: FunctionMetadata, properties: FunctionProperties },
    #[serde(rename = "AWS::IAM::Role")]
    Role { properties: RoleProperties },
    #[serde(rename = "AWS::DynamoDB::Table")]
    Table {
        properties: TableProperties,
        _deletion_policy: DeployOnly,
        _update_replace_policy: DeployOnly,
    },
    #[serde(rename = "AWS::SecretsManager::Secret")]
    Secret { _properties: SecretProperties },
    #[serde(rename = "AWS::ApiGatewayV2::Api")]
    Api { _properties: ApiProperties },
    #[serde(rename = "AWS::ApiGatewayV2::Stage")]
    Stage { _properties: StageProperties, _depends_on: DeployOnly },
    #[serde(rename = "AWS::ApiGatewayV2::Route")]
    Route { properties: RouteProperties },
    #[serde(rename = "AWS::ApiGatewayV2::Integration")]
    Integration { properties: IntegrationProperties },
    #[serde(rename = "AWS::Lambda::Permission")]
    Permission,
    #[serde(rename = "AWS::Logs::LogGroup")]
    LogGroup,
    #[serde(rename = "AWS::CloudWatch::Alarm")]
    Alarm,
    #[serde(rename = "AWS::CloudWatch::Dashboard")]
    Dashboard { _properties: DashboardProperties },
    #[serde(rename = "AWS::SNS::Topic")]
    Topic,
    /// The only resource that may have a condition: nothing played here depends on one.
    #[serde(rename = "AWS::SNS::Subscription")]
    Subscription,
    /// For events that a function could not take; none is played here.
    #[serde(rename = "AWS::SQS::Queue")]
    Queue { _properties: QueueProperties },
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct FunctionMetadata {
    pub(super) build_properties: BuildProperties,
    _build_method: DeployOnly,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct BuildProperties {
    pub(super) binary: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct FunctionProperties {
    #[serde(default)]
    pub(super) environment: Environment,
    /// In seconds.
    pub(super) timeout: Option<u64>,
    #[serde(default)]
    pub(super) events: BTreeMap<String, Event>,
    pub(super) role: Option<RoleOf>,
    _architectures: DeployOnly,
    _code_uri: DeployOnly,
    _event_invoke_config: DeployOnly,
    _handler: DeployOnly,
    _logging_config: DeployOnly,
    _memory_size: DeployOnly,
    _reserved_concurrent_executions: DeployOnly,
    _runtime: DeployOnly,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Environment {
    pub(super) variables: BTreeMap<String, Text>,
}

#[derive(Deserialize)]
#[serde(tag = "Type", content = "Properties", deny_unknown_fields)]
pub(super) enum Event {
    Schedule {
        #[serde(rename = "Schedule")]
        rate: Rate,
        #[serde(rename = "Description")]
        _description: DeployOnly,
        #[serde(rename = "RetryPolicy")]
        _retry_policy: DeployOnly,
    },
    ScheduleV2 {
        #[serde(rename = "ScheduleExpression")]
        rate: Rate,
        #[serde(rename = "OmitName")]
        _omit_name: DeployOnly,
        #[serde(rename = "Description")]
        _description: DeployOnly,
        #[serde(rename = "RetryPolicy")]
        _retry_policy: DeployOnly,
    },
    #[serde(rename = "DynamoDB")]
    Stream(StreamProperties),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct StreamProperties {
    pub(super) stream: StreamOf,
    pub(super) batch_size: NonZeroUsize,
    pub(super) filter_criteria: FilterCriteria,
    _bisect_batch_on_function_error: DeployOnly,
    _destination_config: DeployOnly,
    _maximum_record_age_in_seconds: DeployOnly,
    _maximum_retry_attempts: DeployOnly,
    _parallelization_factor: DeployOnly,
    _starting_position: StartingPosition,
}

/// The logical id of a table, from `!GetAtt Tasks.StreamArn`.
#[derive(Deserialize)]
#[serde(try_from = "Text")]
pub(super) struct StreamOf(pub(super) String);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct FilterCriteria {
    pub(super) filters: Vec<FilterPattern>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct FilterPattern {
    pub(super) pattern: Filter,
}

#[derive(Deserialize)]
enum StartingPosition {
    #[serde(rename = "LATEST")]
    Latest,
}

/// `rate(1 minute)`, `rate(6 hours)`.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Rate(pub(super) Duration);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct SecretProperties {
    _description: DeployOnly,
    _generate_secret_string: DeployOnly,
    _secret_string: DeployOnly,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct DashboardProperties {
    _dashboard_body: DashboardBody,
    _dashboard_name: DeployOnly,
}

/// JSON inside a text, in which no other tool looks for a missing comma.
#[derive(Deserialize)]
#[serde(try_from = "Text")]
struct DashboardBody;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct QueueProperties {
    _message_retention_period: DeployOnly,
    _sqs_managed_sse_enabled: DeployOnly,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ApiProperties {
    _name: DeployOnly,
    _protocol_type: ProtocolType,
}

#[derive(Deserialize)]
enum ProtocolType {
    #[serde(rename = "HTTP")]
    Http,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct StageProperties {
    _access_log_settings: DeployOnly,
    _api_id: DeployOnly,
    _auto_deploy: DeployOnly,
    _default_route_settings: DeployOnly,
    _route_settings: DeployOnly,
    _stage_name: StageName,
}

/// Any other stage would begin every path with its name.
#[derive(Deserialize)]
enum StageName {
    #[serde(rename = "$default")]
    Default,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RouteProperties {
    pub(super) route_key: RouteKey,
    pub(super) target: Text,
    _api_id: DeployOnly,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct IntegrationProperties {
    pub(super) integration_uri: Text,
    _api_id: DeployOnly,
    _integration_type: IntegrationType,
    _payload_format_version: PayloadFormatVersion,
}

#[derive(Deserialize)]
enum IntegrationType {
    #[serde(rename = "AWS_PROXY")]
    AwsProxy,
}

#[derive(Deserialize)]
enum PayloadFormatVersion {
    #[serde(rename = "2.0")]
    Two,
}

impl TryFrom<Text> for DashboardBody {
    type Error = String;

    fn try_from(text: Text) -> Result<DashboardBody, String> {
        let body = text.resolve(|reference| Some(reference.to_string())).unwrap_or_default();
        match serde_json::from_str::<IgnoredAny>(&body) {
            Ok(_) => Ok(DashboardBody),
            Err(error) => Err(format!("the dashboard is not JSON: {error}")),
        }
    }
}

impl TryFrom<Text> for StreamOf {
    type Error = &'static str;

    fn try_from(text: Text) -> Result<StreamOf, &'static str> {
        let stream = text.attribute("StreamArn").map(|table| StreamOf(table.to_owned()));
        stream.ok_or("expected `!GetAtt X.StreamArn` as stream, X being a table")
    }
}

impl TryFrom<String> for Rate {
    type Error = String;

    fn try_from(expression: String) -> Result<Rate, String> {
        let rate = expression
            .strip_prefix("rate(")
            .and_then(|rest| rest.strip_suffix(')')?.split_once(' '))
            .and_then(|(count, unit)| Some((count.parse::<u32>().ok()?, unit)));
        let (count, minutes) = match rate {
            Some((1, "minute")) => (1, 1),
            Some((count @ 2.., "minutes")) => (count, 1),
            Some((1, "hour")) => (1, 60),
            Some((count @ 2.., "hours")) => (count, 60),
            Some((1, "day")) => (1, 24 * 60),
            Some((count @ 2.., "days")) => (count, 24 * 60),
            _ => return Err(format!("the schedule `{expression}` is not understood")),
        };
        Ok(Rate(count * Duration::from_secs(60 * minutes)))
    }
}
