//! What whoever deploys and whoever is on call relies on: functions are built and allowed to do
//! what they are for, alarms, dashboard and runbook speak of what is deployed.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::yaml;

fn resources() -> Vec<(String, Value)> {
    let template = yaml::read(include_str!("../../../template.yaml")).unwrap();
    let resources = template["Resources"].as_object().expect("resources").clone();
    resources.into_iter().collect()
}

fn of_type(name: &str) -> Vec<(String, Value)> {
    let mut resources = resources();
    resources.retain(|(_, resource)| resource["Type"] == name);
    assert!(!resources.is_empty(), "{name}");
    resources
}

/// The words of an alarm, as a heading of the runbook is addressed.
fn slug(id: &str) -> String {
    let mut slug = String::new();
    for letter in id.chars() {
        if letter.is_uppercase() && !slug.is_empty() {
            slug.push('-');
        }
        slug.extend(letter.to_lowercase());
    }
    slug
}

#[test]
fn every_alarm_says_what_it_means_and_names_its_paragraph_of_the_runbook() {
    let runbook = include_str!("../../../docs/runbook.md");
    for (id, alarm) in of_type("AWS::CloudWatch::Alarm") {
        let description = alarm["Properties"]["AlarmDescription"].as_str().expect(&id);
        let paragraph = format!(". See docs/runbook.md#{}", slug(&id));
        assert!(description.ends_with(&paragraph), "{id}: {description}");
        let heading = format!("### {}", slug(&id).replace('-', " "));
        let mut lines = runbook.lines();
        assert!(lines.any(|line| line.eq_ignore_ascii_case(&heading)), "{heading}");
        assert!(runbook.contains(&format!("](#{})", slug(&id))), "{id} is in the list of alarms");
    }
}

/// The text of all source files in a folder.
fn sources(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("there"));
    let read = |path: PathBuf| match path.extension() {
        _ if path.is_dir() => sources(&path),
        Some(extension) if extension == "rs" => std::fs::read_to_string(path).expect("a text"),
        _ => String::new(),
    };
    entries.map(|entry| read(entry.path())).collect()
}

#[test]
fn every_alarm_on_a_metric_of_ours_is_on_one_that_is_reported_for_the_whole_stack() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let sources = ["shared/src", "functions"].map(|folder| sources(&root.join(folder))).concat();
    for (id, alarm) in of_type("AWS::CloudWatch::Alarm") {
        let alarm = &alarm["Properties"];
        if alarm["Namespace"] == "Filmgate" {
            let metric = alarm["MetricName"].as_str().expect(&id);
            let dimensions = json!([{ "Name": "stack", "Value": { "Ref": "AWS::StackName" } }]);
            assert_eq!(alarm["Dimensions"], dimensions, "{id}");
            assert!(sources.contains(&format!("(\"{metric}\", Unit::")), "{id}: {metric}");
        }
    }
}

#[test]
fn every_alarm_is_heard() {
    for (id, alarm) in of_type("AWS::CloudWatch::Alarm") {
        for when in ["AlarmActions", "OKActions"] {
            assert_eq!(alarm["Properties"][when][0]["Ref"], "AlarmTopic", "{id}");
        }
    }
}

#[test]
fn every_function_is_watched() {
    let alarms = of_type("AWS::CloudWatch::Alarm");
    let of = |id: &str| alarms.iter().find(|(name, _)| name == id).expect(id).1.to_string();
    let [(_, dashboard)] = &of_type("AWS::CloudWatch::Dashboard")[..] else {
        panic!("expected one dashboard");
    };
    let dashboard = dashboard["Properties"]["DashboardBody"]["Fn::Sub"].as_str().expect("a text");
    for (id, _) in of_type("AWS::Serverless::Function") {
        let named = format!("{{\"Ref\":\"{id}\"}}");
        assert!(of("FunctionErrors").contains(&named), "errors of {id}");
        assert!(of("FunctionsThrottled").contains(&named), "throttles of {id}");
        assert!(dashboard.contains(&format!("\"${{{id}}}\"")), "{id} on the dashboard");
    }
}

/// API Gateway refuses settings of a route that it does not have yet.
#[test]
fn every_route_with_a_throttle_of_its_own_is_there_before_it() {
    let routes = of_type("AWS::ApiGatewayV2::Route");
    let [(_, stage)] = &of_type("AWS::ApiGatewayV2::Stage")[..] else { panic!("one stage") };
    let settings = stage["Properties"]["RouteSettings"].as_object().expect("settings");
    let throttled = routes.iter().filter(|(_, route)| {
        settings.contains_key(route["Properties"]["RouteKey"].as_str().expect("a key"))
    });
    let mut throttled: Vec<_> = throttled.map(|(id, _)| json!(id)).collect();
    assert_eq!(throttled.len(), settings.len(), "each is a route of the template");
    let mut before = stage["DependsOn"].as_array().expect("a list").clone();
    before.sort_by_key(Value::to_string);
    throttled.sort_by_key(Value::to_string);
    assert_eq!(before, throttled);
}

/// Lambda would keep a run for hours, and then start many at once.
#[test]
fn a_run_on_a_schedule_is_neither_repeated_nor_kept() {
    let mut scheduled = of_type("AWS::Serverless::Function");
    scheduled
        .retain(|(_, function)| function["Properties"]["Events"].to_string().contains("rate("));
    assert!(!scheduled.is_empty());
    for (id, function) in scheduled {
        let config = &function["Properties"]["EventInvokeConfig"];
        let expected = json!({ "MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60 });
        assert_eq!(*config, expected, "{id}");
    }
}

/// The names of indexes that stand behind this, however deep.
fn indexes_named_in(place: &Value, named: &mut Vec<String>) {
    match place {
        Value::Object(members) => {
            if members.get("Name").is_some_and(|name| name == "GlobalSecondaryIndexName") {
                named.push(members["Value"].as_str().expect("a name").to_owned());
            }
            members.values().for_each(|inner| indexes_named_in(inner, named));
        }
        Value::Array(items) => items.iter().for_each(|inner| indexes_named_in(inner, named)),
        _ => {}
    }
}

#[test]
fn every_index_is_watched_by_its_own_name() {
    let tables = of_type("AWS::DynamoDB::Table");
    let indexes = tables
        .iter()
        .filter_map(|(_, table)| table["Properties"]["GlobalSecondaryIndexes"].as_array());
    let names = indexes.flatten().map(|index| index["IndexName"].as_str().expect("a name"));
    let names: Vec<String> = names.map(str::to_owned).collect();
    let mut watched = Vec::new();
    for (_, alarm) in of_type("AWS::CloudWatch::Alarm") {
        indexes_named_in(&alarm, &mut watched);
    }
    assert_eq!(watched, names);
    let [(_, dashboard)] = &of_type("AWS::CloudWatch::Dashboard")[..] else {
        panic!("expected one dashboard");
    };
    let dashboard = dashboard["Properties"]["DashboardBody"]["Fn::Sub"].as_str().expect("a text");
    for name in names {
        let shown = format!("\"GlobalSecondaryIndexName\", \"{name}\"");
        assert!(dashboard.contains(&shown), "{name} on the dashboard");
    }
}

/// Of the whole workspace it would get what others want of its crates.
#[test]
fn every_function_is_built_of_its_own_package() {
    for (id, function) in of_type("AWS::Serverless::Function") {
        let binary = function["Metadata"]["BuildProperties"]["Binary"].as_str().expect(&id);
        assert_eq!(function["Properties"]["CodeUri"], format!("functions/{binary}"), "{id}");
    }
}

#[test]
fn no_role_allows_everything_of_anything() {
    for (id, role) in of_type("AWS::IAM::Role") {
        for policy in role["Properties"]["Policies"].as_array().expect("a list") {
            let statements = &policy["PolicyDocument"]["Statement"];
            for statement in statements.as_array().expect("a list") {
                let text = statement.to_string();
                let without_streams = text.replace("${Tasks.Arn}/stream/*", "");
                assert!(!without_streams.contains('*'), "{id}: {text}");
            }
        }
    }
}

#[test]
fn every_function_writes_the_log_of_its_own() {
    let roles = of_type("AWS::IAM::Role");
    let functions = of_type("AWS::Serverless::Function");
    assert_eq!(roles.len(), functions.len());
    for (id, function) in functions {
        let role = format!("{id}Role");
        assert_eq!(function["Properties"]["Role"]["Fn::GetAtt"], format!("{role}.Arn"));
        let role = &roles.iter().find(|(name, _)| *name == role).expect(&id).1["Properties"];
        let trusted = &role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"];
        assert_eq!(trusted["Service"], "lambda.amazonaws.com", "{id}");
        let statements = role["Policies"][0]["PolicyDocument"]["Statement"].as_array();
        let log = json!({
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": { "Fn::GetAtt": format!("{id}Logs.Arn") },
        });
        assert!(statements.expect("a list").contains(&log), "{id}");
    }
}

#[test]
fn every_log_is_thrown_away_some_day() {
    for (id, group) in of_type("AWS::Logs::LogGroup") {
        assert_eq!(group["Properties"]["RetentionInDays"]["Ref"], "LogRetentionDays", "{id}");
    }
}

#[test]
fn every_function_logs_where_logs_are_thrown_away() {
    for (id, function) in of_type("AWS::Serverless::Function") {
        let group = &function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"];
        assert_eq!(group.as_str(), Some(format!("{id}Logs").as_str()), "{id}");
    }
}

#[test]
fn what_was_paid_for_outlives_the_stack_and_can_be_restored() {
    for (id, table) in of_type("AWS::DynamoDB::Table") {
        let properties = &table["Properties"];
        assert_eq!(table["DeletionPolicy"], "Retain", "{id}");
        assert_eq!(table["UpdateReplacePolicy"], "Retain", "{id}");
        assert_eq!(properties["DeletionProtectionEnabled"], true, "{id}");
        assert_eq!(properties["SSESpecification"]["SSEEnabled"], true, "{id}");
        let recovery = &properties["PointInTimeRecoverySpecification"];
        assert_eq!(recovery["PointInTimeRecoveryEnabled"], true, "{id}");
    }
}
