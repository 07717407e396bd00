//! Where the tables are: in a deployed stack, by name in AWS, or in a local stack.

use std::collections::BTreeMap;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_cloudformation::config::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::Client;
use clap::Args;
use shared::platform::aws::sdk_http_client;
use shared::platform::causes::causes;
use shared::platform::http_client::Roots;
use shared::runtime::Environment;
use shared::store::operator::OperatorError;
use url::Url;

use crate::arguments::read_url;

/// Which tables, and how to reach them.
#[derive(Debug, Args)]
pub(crate) struct PlaceArguments {
    #[command(flatten)]
    tables: Tables,

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
struct Tables {
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

impl PlaceArguments {
    /// Whether only one table is known.
    pub(crate) fn is_one_table(&self) -> bool {
        self.tables.table.is_some()
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Which {
    Keys,
    Tasks,
    Usage,
}

impl Which {
    /// What the local stack calls it.
    fn resource(self) -> &'static str {
        match self {
            Self::Keys => "Keys",
            Self::Tasks => "Tasks",
            Self::Usage => "Usage",
        }
    }

    /// What the deployed stack calls its name.
    fn output(self) -> &'static str {
        match self {
            Self::Keys => "KeysTable",
            Self::Tasks => "TasksTable",
            Self::Usage => "UsageTable",
        }
    }
}

/// A database and the names of the tables in it.
pub(crate) struct Place {
    pub(crate) client: Client,
    names: Names,
    /// For people: where it is.
    at: String,
}

enum Names {
    Local,
    One(String),
    Stack { name: String, outputs: BTreeMap<String, String> },
}

impl Place {
    pub(crate) async fn open(arguments: &PlaceArguments) -> Result<Self, String> {
        let PlaceArguments { tables, region, profile, .. } = arguments;
        if let Some(url) = &tables.local {
            let client = local_client(url)?;
            return Ok(Self { client, names: Names::Local, at: url.to_string() });
        }
        let (config, at) = configure(region.as_deref(), profile.as_deref()).await?;
        let names = match (&tables.table, &tables.stack) {
            (Some(table), _) => Names::One(table.clone()),
            (None, Some(name)) => {
                let outputs = outputs(&config, name, &at).await?;
                Names::Stack { name: name.clone(), outputs }
            }
            (None, None) => unreachable!("the command line wants one of --stack, --table, --local"),
        };
        Ok(Self { client: Client::new(&config), names, at })
    }

    pub(crate) fn table(&self, which: Which) -> Result<String, String> {
        match &self.names {
            Names::Local => Ok(which.resource().to_owned()),
            Names::One(table) => Ok(table.clone()),
            Names::Stack { name, outputs } => {
                outputs.get(which.output()).cloned().ok_or_else(|| {
                    let output = which.output();
                    format!(
                        "the stack {name} has no output {output}; it is not Filmgate's, or wants to be deployed anew"
                    )
                })
            }
        }
    }

    /// What went wrong with a table, and what to do about it.
    pub(crate) fn explain(&self, error: OperatorError) -> String {
        match error {
            OperatorError::Changed => {
                "somebody else changed this key at the same time; nothing was done, try again"
                    .to_owned()
            }
            OperatorError::Item(message) => message,
            OperatorError::Service { code, message } => {
                explain_service(code.as_deref(), &message, &self.at)
            }
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
        match OperatorError::service(&error) {
            OperatorError::Service { code, message }
                if code.as_deref() == Some("ValidationError")
                    && message.contains("does not exist") =>
            {
                format!(
                    "there is no stack {stack} in {region} with these credentials; check --stack, --region and --profile"
                )
            }
            OperatorError::Service { code, message } => {
                explain_service(code.as_deref(), &message, region)
            }
            OperatorError::Changed | OperatorError::Item(_) => error.to_string(),
        }
    })?;
    let outputs = answer.stacks().iter().flat_map(|stack| stack.outputs());
    Ok(outputs
        .filter_map(|output| {
            Some((output.output_key()?.to_owned(), output.output_value()?.to_owned()))
        })
        .collect())
}

fn explain_service(code: Option<&str>, message: &str, at: &str) -> String {
    match code {
        None => format!("{at} cannot be reached: {message}"),
        Some("ResourceNotFoundException") => format!(
            "there is no such table in {at}; check --stack, --table, --region and --profile"
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
            let line = explain_service(code, "User: me may not dynamodb:Scan", "eu-west-1");
            assert!(line.contains(expected), "{code:?}: {line}");
            assert_eq!(line.lines().count(), 1, "{line}");
        }
    }
}
