//! Where the tables are: in a deployed stack, by name in AWS, or in a local stack.

use std::collections::BTreeMap;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_cloudformation::config::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::Client;
use clap::Args;
use shared::platform::aws::sdk_http_client;
use shared::platform::causes::{self, AwsError, causes};
use shared::platform::http_client::Roots;
use shared::runtime::Environment;
use url::Url;

use crate::addresses::read_url;
use crate::tables::{KeysTable, TableError, UsageTable};

/// The tables of a stack, and how to reach them.
#[derive(Debug, Args)]
pub(crate) struct DatabaseArguments {
    #[command(flatten)]
    tables: TableArguments,

    /// The region of AWS, unless the environment or the profile says it
    #[arg(long, value_name = "REGION", conflicts_with = "local")]
    region: Option<String>,

    /// A profile of the AWS command line's configuration
    #[arg(long, value_name = "PROFILE", conflicts_with = "local")]
    profile: Option<String>,

    /// Answer in JSON, for scripts
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct TableArguments {
    /// The deployed stack, whose outputs name the tables
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,

    /// The table that this command uses, by its own name
    #[arg(long, value_name = "NAME")]
    table: Option<String>,

    /// The database of a running local stack, at the address that it printed
    #[arg(long, value_name = "URL", value_parser = read_url)]
    local: Option<Url>,
}

impl DatabaseArguments {
    /// Whether only one table is known.
    pub(crate) fn is_one_table(&self) -> bool {
        self.tables.table.is_some()
    }
}

/// A table that a command uses.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Table {
    Keys,
    Tasks,
    Usage,
}

impl Table {
    /// The table's name in a local stack.
    fn resource(self) -> &'static str {
        match self {
            Self::Keys => "Keys",
            Self::Tasks => "Tasks",
            Self::Usage => "Usage",
        }
    }

    /// The output of a deployed stack that has the table's name.
    fn output(self) -> &'static str {
        match self {
            Self::Keys => "KeysTable",
            Self::Tasks => "TasksTable",
            Self::Usage => "UsageTable",
        }
    }
}

/// A database and the names of the tables in it.
pub(crate) struct Database {
    pub(crate) client: Client,
    tables: TableNames,
    /// A region of AWS, or an address.
    location: String,
}

enum TableNames {
    Local,
    One(String),
    Stack { name: String, outputs: BTreeMap<String, String> },
}

impl Database {
    pub(crate) async fn open(arguments: &DatabaseArguments) -> Result<Self, String> {
        let DatabaseArguments { tables, region, profile, .. } = arguments;
        if let Some(url) = &tables.local {
            let client = local_client(url)?;
            return Ok(Self { client, tables: TableNames::Local, location: url.to_string() });
        }
        let (config, location) = configure(region.as_deref(), profile.as_deref()).await?;
        let tables = match (&tables.table, &tables.stack) {
            (Some(table), _) => TableNames::One(table.clone()),
            (None, Some(name)) => {
                let outputs = outputs(&config, name, &location).await?;
                TableNames::Stack { name: name.clone(), outputs }
            }
            (None, None) => unreachable!("the command line wants one of --stack, --table, --local"),
        };
        Ok(Self { client: Client::new(&config), tables, location })
    }

    pub(crate) fn table(&self, table: Table) -> Result<String, String> {
        match &self.tables {
            TableNames::Local => Ok(table.resource().to_owned()),
            TableNames::One(name) => Ok(name.clone()),
            TableNames::Stack { name, outputs } => {
                outputs.get(table.output()).cloned().ok_or_else(|| {
                    let output = table.output();
                    format!(
                        "the stack {name} has no output {output}; it is not Filmgate's, or wants to be deployed anew"
                    )
                })
            }
        }
    }

    pub(crate) fn keys(&self) -> Result<KeysTable, String> {
        Ok(KeysTable::new(self.client.clone(), self.table(Table::Keys)?))
    }

    pub(crate) fn usage(&self) -> Result<UsageTable, String> {
        Ok(UsageTable::new(self.client.clone(), self.table(Table::Usage)?))
    }

    /// What went wrong with a table, and what to do about it.
    pub(crate) fn explain(&self, error: TableError) -> String {
        match error {
            TableError::Changed => {
                "somebody else changed this key at the same time; nothing was done, try again"
                    .to_owned()
            }
            TableError::Item(message) => message,
            TableError::Aws(error) => explain_aws(&error, &self.location),
        }
    }
}

/// As the functions of a local stack have it.
fn local_client(url: &Url) -> Result<Client, String> {
    let variable = |name: &str| match name {
        "AWS_ENDPOINT_URL_DYNAMODB" => Some(url.to_string()),
        "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("local".to_owned()),
        _ => None,
    };
    Environment::new(&variable).dynamodb().map_err(|error| error.to_string())
}

/// Credentials and a region as the AWS command line finds them.
async fn configure(
    region: Option<&str>,
    profile: Option<&str>,
) -> Result<(SdkConfig, String), String> {
    let http = sdk_http_client(Roots::default());
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http.clone());
    if let Some(region) = region {
        loader = loader.region(Region::new(region.to_owned()));
    }
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    }
    let mut config = loader.load().await;
    if let Some(profile) = profile {
        // The SDK would prefer credentials in the environment to a profile that was named.
        let around =
            ProviderConfig::default().with_http_client(http).with_region(config.region().cloned());
        let provider =
            ProfileFileCredentialsProvider::builder().configure(&around).profile_name(profile);
        let provider = SharedCredentialsProvider::new(provider.build());
        config = config.into_builder().credentials_provider(provider).build();
    }
    // Asked for now, so that their lack is not told as a table that cannot be read.
    let credentials = config.credentials_provider().ok_or("there are no AWS credentials")?;
    credentials.provide_credentials().await.map_err(|error| {
        let whose = profile.map_or_else(String::new, |profile| format!(" in the profile {profile}"));
        format!(
            "there are no AWS credentials{whose} ({}); log in as for the AWS command line, or choose others with --profile",
            causes(&error)
        )
    })?;
    let region = config
        .region()
        .filter(|region| !region.as_ref().is_empty())
        .ok_or("which region of AWS? Say it with --region, AWS_REGION or in the profile")?
        .to_string();
    Ok((config, region))
}

/// The outputs of a deployed stack.
async fn outputs(
    config: &SdkConfig,
    stack: &str,
    region: &str,
) -> Result<BTreeMap<String, String>, String> {
    let client = aws_sdk_cloudformation::Client::new(config);
    let answer = client.describe_stacks().stack_name(stack).send().await.map_err(|error| {
        let error = causes::aws(&error);
        let is_refused = error.code.as_deref() == Some("ValidationError");
        if is_refused && error.message.contains("does not exist") {
            return format!(
                "there is no stack {stack} in {region} with these credentials; check --stack, --region and --profile"
            );
        }
        explain_aws(&error, region)
    })?;
    let outputs = answer.stacks().iter().flat_map(|stack| stack.outputs());
    Ok(outputs
        .filter_map(|output| {
            Some((output.output_key()?.to_owned(), output.output_value()?.to_owned()))
        })
        .collect())
}

fn explain_aws(AwsError { code, message }: &AwsError, location: &str) -> String {
    match code.as_deref() {
        None => format!("{location} cannot be reached: {message}"),
        Some("ResourceNotFoundException") => format!(
            "there is no such table in {location}; check --stack, --table, --region and --profile"
        ),
        Some("AccessDenied" | "AccessDeniedException") => {
            format!("AWS denies it: {message}; choose credentials that may with --profile")
        }
        Some("ExpiredToken" | "ExpiredTokenException") => {
            "the AWS credentials have expired; log in again".to_owned()
        }
        Some(
            "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "SignatureDoesNotMatch"
            | "InvalidSignatureException"
            | "IncompleteSignature",
        ) => {
            format!("AWS does not know these credentials: {message}; choose others with --profile")
        }
        Some(code) => format!("AWS answered {code}: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_to_do() {
        let rows = [
            (None, "eu-west-1 cannot be reached"),
            (Some("ResourceNotFoundException"), "--table"),
            (Some("AccessDenied"), "--profile"),
            (Some("AccessDeniedException"), "User: me may not dynamodb:Scan"),
            (Some("ExpiredTokenException"), "log in again"),
            (Some("UnrecognizedClientException"), "--profile"),
            (Some("InternalServerError"), "InternalServerError"),
        ];
        for (code, expected) in rows {
            let message = "User: me may not dynamodb:Scan".to_owned();
            let error = AwsError { code: code.map(str::to_owned), message };
            let line = explain_aws(&error, "eu-west-1");
            assert!(line.contains(expected), "{code:?}: {line}");
            assert_eq!(line.lines().count(), 1, "{line}");
        }
    }
}
