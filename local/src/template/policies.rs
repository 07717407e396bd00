//! What functions may do: the statements of their roles.
//!
//! Only what these functions need is understood: actions by their full names, on a table, an
//! index or a secret. A wildcard is an error, and so is whatever else would allow more than it
//! says, such as a policy that AWS manages.
//!
//! What Lambda itself does in a function's name is left out, because here nothing does it: writing
//! the function's log, reading its stream, and putting aside what it could not take.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error},
};
use serde_json::Value;

use super::{
    Template, TemplateError,
    properties::{DeployOnly, RoleOf},
    text::{Part, Reference, Text},
};

/// What a function may do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy(BTreeSet<Permission>);

/// One action on one thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// An action, such as `dynamodb:GetItem`.
    pub action: String,
    /// By logical ids: `Tasks`, `Tasks/index/vendor_due`, `Accounts`.
    pub resource: String,
}

/// What the roles allow that no function has taken yet.
pub(super) struct Roles(BTreeMap<String, Policy>);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RoleProperties {
    policies: Vec<InlinePolicy>,
    _assume_role_policy_document: DeployOnly,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct InlinePolicy {
    policy_document: PolicyDocument,
    _policy_name: DeployOnly,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PolicyDocument {
    statement: Vec<Statement>,
    _version: DeployOnly,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[serde(rename = "Effect")]
    _effect: Effect,
    #[serde(deserialize_with = "one_or_many")]
    action: Vec<String>,
    #[serde(deserialize_with = "one_or_many")]
    resource: Vec<Text>,
}

#[derive(Deserialize)]
enum Effect {
    Allow,
}

impl Roles {
    pub(super) fn read<'a>(
        roles: impl Iterator<Item = (&'a String, &'a RoleProperties)>,
    ) -> Result<Roles, TemplateError> {
        let roles = roles.map(|(id, role)| match Policy::read(role) {
            Ok(policy) => Ok((id.clone(), policy)),
            Err(why) => Err(TemplateError::at(&format!("resource `{id}`"), why)),
        });
        Ok(Roles(roles.collect::<Result<_, _>>()?))
    }

    /// What its role lets a function do; no other function can have the same.
    pub(super) fn take(&mut self, role: Option<RoleOf>) -> Result<Policy, String> {
        let Some(RoleOf(role)) = role else {
            return Err("expected a role; without one, SAM makes one that allows more".into());
        };
        let policy = self.0.remove(&role);
        policy.ok_or(format!("its role `{role}` is none, or another function's"))
    }
}

impl Policy {
    pub fn allows(&self, permission: &Permission) -> bool {
        self.0.contains(permission)
    }

    pub fn permissions(&self) -> impl Iterator<Item = &Permission> {
        self.0.iter()
    }

    fn read(role: &RoleProperties) -> Result<Policy, String> {
        let mut permissions = BTreeSet::new();
        let documents = role.policies.iter().map(|policy| &policy.policy_document);
        for statement in documents.flat_map(|document| &document.statement) {
            for resource in &statement.resource {
                for action in &statement.action {
                    if !is_lambdas_own(action, resource) {
                        permissions.insert(Permission::read(action, resource)?);
                    }
                }
            }
        }
        Ok(Policy(permissions))
    }
}

impl Permission {
    pub fn new(action: impl Into<String>, resource: impl Into<String>) -> Permission {
        Permission { action: action.into(), resource: resource.into() }
    }

    fn read(action: &str, resource: &Text) -> Result<Permission, String> {
        if action.contains(['*', '?']) {
            return Err(format!("`{action}` allows more than one action"));
        }
        let place = match (action.split_once(':'), resource.0.as_slice()) {
            (Some(("dynamodb", _)), [Part::Reference(table)]) => arn_of(table),
            (Some(("dynamodb", _)), [Part::Reference(table), Part::Literal(index)]) => {
                arn_of(table)
                    .filter(|_| index.starts_with("/index/") && !index.contains(['*', '?']))
                    .map(|table| format!("{table}{index}"))
            }
            // What `!Ref` gives of a secret is its ARN, and of a table only its name.
            (
                Some(("secretsmanager", _)),
                [Part::Reference(Reference { resource, attribute: None })],
            ) => Some(resource.clone()),
            _ => None,
        };
        match place {
            Some(place) => Ok(Permission::new(action, place)),
            None => Err(format!(
                "`{action}` is understood on `!GetAtt X.Arn` and `!Sub ${{X.Arn}}/index/name`, X \
                 being a table, or on `!Ref X`, X being a secret"
            )),
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.action, self.resource)
    }
}

/// What is allowed must be there, and be what the action is for.
pub(super) fn check(template: &Template) -> Result<(), TemplateError> {
    for function in &template.functions {
        let unknown = function.policy.0.iter().find(|permission| {
            let resource = permission.resource.as_str();
            let is_known = if permission.action.starts_with("secretsmanager:") {
                template.secrets.iter().any(|secret| secret == resource)
            } else {
                let mut tables = template.tables.iter();
                match resource.split_once("/index/") {
                    None => tables.any(|table| table.id == resource),
                    Some((id, index)) => tables.any(|it| it.id == id && it.has_index(index)),
                }
            };
            !is_known
        });
        if let Some(permission) = unknown {
            let why = format!("`{permission}`, which is no such thing in the template");
            return Err(TemplateError::at(&format!("role of `{}`", function.id), why));
        }
    }
    Ok(())
}

/// Whether this is for Lambda itself: the log, the stream, and the queue of what failed.
fn is_lambdas_own(action: &str, resource: &Text) -> bool {
    let is_attribute = |name| resource.attribute(name).is_some();
    match action {
        "logs:CreateLogStream" | "logs:PutLogEvents" | "sqs:SendMessage" => is_attribute("Arn"),
        "dynamodb:DescribeStream" | "dynamodb:GetRecords" | "dynamodb:GetShardIterator" => {
            is_attribute("StreamArn")
        }
        // Before one is known: the streams of one table.
        "dynamodb:ListStreams" => match resource.0.as_slice() {
            [Part::Reference(table), Part::Literal(streams)] => {
                arn_of(table).is_some() && streams == "/stream/*"
            }
            _ => false,
        },
        _ => false,
    }
}

fn arn_of(reference: &Reference) -> Option<String> {
    (reference.attribute.as_deref() == Some("Arn")).then(|| reference.resource.clone())
}

fn one_or_many<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    let values = match Value::deserialize(from)? {
        Value::Array(values) => values,
        value => vec![value],
    };
    let read = values.into_iter().map(serde_json::from_value);
    read.collect::<Result<_, _>>().map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A template whose one function has this statement.
    fn template(statement: &str) -> Result<Template, TemplateError> {
        Template::read(&format!(
            "
Resources:
  Watch:
    Type: AWS::Serverless::Function
    Metadata: {{BuildProperties: {{Binary: watch}}}}
    Properties: {{Role: !GetAtt WatchRole.Arn}}
  WatchRole:
    Type: AWS::IAM::Role
    Properties: {{Policies: [{{PolicyDocument: {{Statement: [{{{statement}}}]}}}}]}}
  Events:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{{AttributeName: id, AttributeType: S}}]
      KeySchema: [{{AttributeName: id, KeyType: HASH}}]
      GlobalSecondaryIndexes:
        - IndexName: due
          KeySchema: [{{AttributeName: id, KeyType: HASH}}]
          Projection: {{ProjectionType: KEYS_ONLY}}
  Word: {{Type: AWS::SecretsManager::Secret, Properties: {{}}}}
"
        ))
    }

    #[test]
    fn a_statement_allows_each_of_its_actions_on_each_of_its_resources() {
        for (statement, allowed) in [
            (
                "Effect: Allow, Action: dynamodb:GetItem, Resource: !GetAtt Events.Arn",
                &["dynamodb:GetItem on Events"][..],
            ),
            (
                "Effect: Allow, Action: [dynamodb:GetItem, dynamodb:Query], \
                 Resource: [!GetAtt Events.Arn, !Sub '${Events.Arn}/index/due']",
                &[
                    "dynamodb:GetItem on Events",
                    "dynamodb:GetItem on Events/index/due",
                    "dynamodb:Query on Events",
                    "dynamodb:Query on Events/index/due",
                ],
            ),
            (
                "Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: !Ref Word",
                &["secretsmanager:GetSecretValue on Word"],
            ),
            (
                "Effect: Allow, Action: [logs:CreateLogStream, logs:PutLogEvents], \
                 Resource: !GetAtt Events.Arn",
                &[],
            ),
            ("Effect: Allow, Action: sqs:SendMessage, Resource: !GetAtt Events.Arn", &[]),
            ("Effect: Allow, Action: dynamodb:GetRecords, Resource: !GetAtt Events.StreamArn", &[]),
            (
                "Effect: Allow, Action: dynamodb:ListStreams, \
                 Resource: !Sub '${Events.Arn}/stream/*'",
                &[],
            ),
        ] {
            let template = template(statement).expect(statement);
            let policy = &template.functions[0].policy;
            let permissions: Vec<_> = policy.0.iter().map(Permission::to_string).collect();
            assert_eq!(permissions, allowed);
        }
    }

    #[test]
    fn nothing_else_is_allowed() {
        let template = Template::read(include_str!("../../../template.yaml")).unwrap();
        let query = template.functions.iter().find(|function| function.id == "Query");
        let policy = &query.expect("it is in the template").policy;
        for (action, resource, allowed, why) in [
            ("dynamodb:GetItem", "Tasks", true, "it reads tasks"),
            ("dynamodb:DeleteItem", "Tasks", false, "and deletes none"),
            ("dynamodb:PutItem", "Keys", false, "keys are the operator's"),
            ("dynamodb:Query", "Tasks/index/vendor_due", false, "what is due is reconcile's"),
            ("secretsmanager:GetSecretValue", "Accounts", true, "it asks vendors"),
            ("secretsmanager:GetSecretValue", "CallbackSecret", false, "it makes no tokens"),
        ] {
            assert_eq!(policy.allows(&Permission::new(action, resource)), allowed, "{why}");
        }
    }

    #[test]
    fn what_would_allow_too_much_or_nothing_is_an_error() {
        for (statement, message) in [
            (
                "Effect: Allow, Action: dynamodb:*, Resource: !GetAtt Events.Arn",
                "`dynamodb:*` allows more than one action",
            ),
            ("Effect: Allow, Action: dynamodb:GetItem, Resource: '*'", "is understood on"),
            (
                "Effect: Allow, Action: dynamodb:Query, Resource: !Sub '${Events.Arn}/index/*'",
                "is understood on",
            ),
            ("Effect: Allow, Action: dynamodb:GetItem, Resource: !Ref Events", "is understood on"),
            ("Effect: Allow, Action: sqs:SendMessage, Resource: !Ref Word", "is understood on"),
            ("Effect: Allow, Action: logs:PutLogEvents, Resource: '*'", "is understood on"),
            ("Effect: Allow, Action: logs:*, Resource: !GetAtt Events.Arn", "more than one action"),
            (
                "Effect: Allow, Action: dynamodb:GetRecords, \
                 Resource: !Sub '${Events.Arn}/stream/*'",
                "is understood on",
            ),
            ("Effect: Allow, Action: dynamodb:ListStreams, Resource: '*'", "is understood on"),
            (
                "Effect: Allow, Action: dynamodb:GetItem, Resource: !GetAtt Word.Arn",
                "`dynamodb:GetItem on Word`, which is no such thing",
            ),
            (
                "Effect: Allow, Action: dynamodb:Query, Resource: !Sub '${Events.Arn}/index/none'",
                "`dynamodb:Query on Events/index/none`, which is no such thing",
            ),
            (
                "Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: !Ref Events",
                "`secretsmanager:GetSecretValue on Events`, which is no such thing",
            ),
            (
                "Effect: Deny, Action: dynamodb:GetItem, Resource: !GetAtt Events.Arn",
                "unknown variant `Deny`",
            ),
            (
                "Effect: Allow, NotAction: dynamodb:GetItem, Resource: !GetAtt Events.Arn",
                "unknown field `NotAction`",
            ),
            (
                "Effect: Allow, Condition: {}, Action: dynamodb:GetItem, \
                 Resource: !GetAtt Events.Arn",
                "unknown field `Condition`",
            ),
        ] {
            let error = template(statement).expect_err(statement).to_string();
            assert!(error.contains(message), "{statement}\ngave: {error}");
        }
    }
}
