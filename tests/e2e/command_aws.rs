//! The command against what it takes for AWS: stacks, credentials, refusals.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::post;
use http::{HeaderMap, StatusCode};

use crate::command::TestFile;
use crate::command_keys::{complaint, run};
use crate::gateway::Gateway;

/// CloudFormation, with one stack.
struct FakeCloudFormation {
    url: String,
    /// What was signed with, by request.
    asked: Arc<Mutex<Vec<String>>>,
}

impl FakeCloudFormation {
    async fn start(outputs: &[(&str, &str)]) -> Self {
        let outputs: String = outputs
            .iter()
            .map(|(key, value)| {
                format!(
                    "<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>"
                )
            })
            .collect();
        let there = format!(
            "<DescribeStacksResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">\
             <DescribeStacksResult><Stacks><member><StackName>videos</StackName>\
             <CreationTime>2026-11-21T00:00:00Z</CreationTime>\
             <StackStatus>CREATE_COMPLETE</StackStatus><Outputs>{outputs}</Outputs>\
             </member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
        );
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = asked.clone();
        let answer = move |headers: HeaderMap, body: String| {
            let signed = headers["authorization"].to_str().expect("text").to_owned();
            heard.lock().expect("whole").push(signed);
            let answer = if body.contains("StackName=videos") {
                (StatusCode::OK, there)
            } else if body.contains("StackName=secret") {
                (StatusCode::FORBIDDEN, error("AccessDenied", "User: me is not authorized"))
            } else {
                (
                    StatusCode::BAD_REQUEST,
                    error("ValidationError", "Stack with id x does not exist"),
                )
            };
            async move { answer }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().route("/", post(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, asked }
    }
}

fn error(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><Error>\
         <Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>1</RequestId></ErrorResponse>"
    )
}

/// Nothing of the machine that the test runs on, and these addresses for AWS's.
fn environment<'a>(cloudformation: &'a str, dynamodb: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("AWS_ENDPOINT_URL_CLOUDFORMATION", cloudformation),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb),
        ("AWS_ACCESS_KEY_ID", "AKIAOPERATOR"),
        ("AWS_SECRET_ACCESS_KEY", "operator"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_PROFILE", "default"),
        ("AWS_CONFIG_FILE", "/nowhere/config"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]
}

const OUTPUTS: &[(&str, &str)] =
    &[("KeysTable", "Keys"), ("TasksTable", "Tasks"), ("UsageTable", "Usage")];

#[tokio::test]
async fn the_outputs_of_a_stack_name_its_tables() {
    let gateway = Gateway::start().await;
    let cloudformation = FakeCloudFormation::start(OUTPUTS).await;
    let environment = environment(&cloudformation.url, gateway.stack.database_url());
    let rows: &[(&[&str], &str)] = &[
        (&["keys", "list", "--stack", "videos"], "the local stack's own key"),
        (&["keys", "list", "--table", "Keys"], "the local stack's own key"),
        (&["usage", "--from", "2026-11-01", "--stack", "videos"], "No task ended"),
        (&["usage", "--from", "2026-11-01", "--table", "Usage", "--key", "x"], "No task ended"),
    ];
    for (arguments, expected) in rows {
        let output = run(arguments, &environment).await;
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && printed.contains(expected), "{output:?}");
    }
    let asked = cloudformation.asked.lock().expect("whole").len();
    assert_eq!(asked, 2, "a table's own name needs no stack");
}

#[tokio::test]
async fn what_aws_refuses_is_one_line_that_says_what_to_do() {
    let gateway = Gateway::start().await;
    let cloudformation = FakeCloudFormation::start(&OUTPUTS[..1]).await;
    let environment = environment(&cloudformation.url, gateway.stack.database_url());
    let rows: &[(&[&str], &[&str])] = &[
        (&["keys", "list", "--stack", "gone"], &["no stack gone", "eu-west-1", "--region"]),
        (&["keys", "list", "--stack", "gone", "--region", "us-east-1"], &["us-east-1"]),
        (&["keys", "list", "--stack", "secret"], &["not authorized", "--profile"]),
        (&["keys", "list", "--table", "Videos"], &["no such table", "--table"]),
        (&["task", &"0".repeat(32), "--table", "Videos"], &["no such table", "--table"]),
        (&["usage", "--from", "2026-11-01", "--stack", "videos"], &["UsageTable"]),
        (&["keys", "list", "--stack", "videos", "--profile", "nobody"], &["credentials", "nobody"]),
    ];
    for (arguments, expected) in rows {
        let message = complaint(&run(arguments, &environment).await, 1);
        for expected in *expected {
            assert!(message.contains(expected), "{arguments:?}: {message}");
        }
    }
}

#[tokio::test]
async fn without_credentials_or_a_region_nothing_is_asked() {
    let cloudformation = FakeCloudFormation::start(OUTPUTS).await;
    let rows = [("AWS_ACCESS_KEY_ID", "no AWS credentials"), ("AWS_REGION", "--region")];
    for (missing, expected) in rows {
        let mut environment = environment(&cloudformation.url, &cloudformation.url);
        for (name, value) in &mut environment {
            if *name == missing {
                *value = "";
            }
        }
        let output = run(&["keys", "list", "--stack", "videos"], &environment).await;
        let message = complaint(&output, 1);
        assert!(message.contains(expected), "{missing}: {message}");
        assert!(!message.contains("AKIA"), "{message}");
    }
    assert!(cloudformation.asked.lock().expect("whole").is_empty());
}

#[tokio::test]
async fn a_profile_that_is_named_beats_the_environment() {
    let gateway = Gateway::start().await;
    let cloudformation = FakeCloudFormation::start(OUTPUTS).await;
    let file = TestFile::new("profile");
    let profile = "[profile videos]\nregion = us-east-2\n\
        aws_access_key_id = AKIAFILMS\naws_secret_access_key = videos\n";
    std::fs::write(&file.0, profile).expect("written");
    let mut environment = environment(&cloudformation.url, gateway.stack.database_url());
    environment.retain(|(name, _)| !matches!(*name, "AWS_CONFIG_FILE" | "AWS_REGION"));
    environment.push(("AWS_CONFIG_FILE", file.0.to_str().expect("UTF-8")));
    let output =
        run(&["keys", "list", "--stack", "videos", "--profile", "videos"], &environment).await;
    assert!(output.status.success(), "{output:?}");
    let asked = cloudformation.asked.lock().expect("whole").concat();
    assert!(asked.contains("AKIAFILMS/") && asked.contains("/us-east-2/"), "{asked}");
}

#[tokio::test]
async fn a_local_stack_that_is_not_there_is_said_to_be_out_of_reach() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", free.local_addr().expect("an address"));
    drop(free);
    let message = complaint(&run(&["keys", "list", "--local", &url], &[]).await, 1);
    assert!(message.contains(&url) && message.contains("cannot be reached"), "{message}");
}
