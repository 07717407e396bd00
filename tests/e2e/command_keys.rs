//! `filmgate keys` against the database of a local stack, and what its API then
//! thinks of the keys.

use std::process::Output;

use aws_sdk_dynamodb::types::AttributeValue;
use filmgate::tables::{KeysTable, TableError};
use http::header;
use serde_json::{Value, json};
use shared::auth;
use shared::task::{ApiKey, KeyHash};

use crate::command::filmgate;
use crate::gateway::{Client, Gateway, assert_error, tide};

/// Runs the command beside the stack, which lives in the test's own process.
pub(crate) async fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = filmgate();
    // Nothing of the machine's own.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    command.args(arguments).envs(environment.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output());
    output.await.expect("it is waited for").expect("it runs")
}

/// What the command says on its way out with this code: one line.
pub(crate) fn complaint(output: &Output, code: i32) -> String {
    let message = String::from_utf8(output.stderr.clone()).expect("text");
    assert_eq!(output.status.code(), Some(code), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.starts_with("filmgate: "), "{message}");
    assert!(output.stdout.is_empty(), "{output:?}");
    message
}

/// Runs a command about keys that works, and gives what it prints.
async fn keys(gateway: &Gateway, arguments: &[&str]) -> String {
    let place = ["--local", gateway.stack.database_url()];
    let arguments: Vec<_> = ["keys"].iter().chain(arguments).chain(&place).copied().collect();
    let output = run(&arguments, &[]).await;
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

async fn keys_json(gateway: &Gateway, arguments: &[&str]) -> Value {
    let arguments: Vec<_> = arguments.iter().chain(&["--json"]).copied().collect();
    serde_json::from_str(&keys(gateway, &arguments).await).expect("JSON")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

async fn create(gateway: &Gateway) -> Value {
    let arguments = ["create", "--name", "acme", "--models", "vidu*,kling-v3", "--expires", "90d"];
    keys_json(gateway, &arguments).await
}

/// Another function than any that has met the key: it knows what the table says now.
async fn admitted(gateway: &Gateway, api_key: &str) -> Result<(), String> {
    let keys = shared::store::Keys::new(gateway.dynamodb(), "Keys".to_owned());
    let now = jiff::Timestamp::now();
    let authorization = format!("Bearer {api_key}").parse().expect("a header");
    let headers = [(header::AUTHORIZATION, authorization)].into_iter().collect();
    let admitted = auth::admit(&keys, &headers, now).await;
    admitted.map(drop).map_err(|refusal| refusal.code().to_string())
}

#[tokio::test]
async fn a_new_key_works_for_its_models_and_its_secrets_are_told_once() {
    let gateway = Gateway::start().await;
    let made = create(&gateway).await;
    let (id, api_key, secret) =
        (text(&made["id"]), text(&made["api_key"]), text(&made["webhook_secret"]));
    assert!(id.starts_with("key_") && id.len() == 16, "{id}");
    assert!(api_key.starts_with("sk-") && api_key.len() == 51, "{api_key}");
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    assert_eq!((&made["status"], &made["name"]), (&json!("active"), &json!("acme")));

    let client = Client::new(gateway.stack.url(), api_key);
    assert_eq!(client.create(&tide()).await.status, 200);
    let other = json!({ "model": "jimeng_v30", "prompt": "x" });
    assert_error(&client.create(&other).await, 403, "model_not_allowed", Some("model"));

    let hash = KeyHash::of(api_key);
    for arguments in [&["list"] as &[_], &["show", id], &["disable", id], &["enable", id]] {
        let json = keys_json(&gateway, arguments).await.to_string();
        for answer in [json, keys(&gateway, arguments).await] {
            assert!(answer.contains(id) && answer.contains("acme"), "{answer}");
            for secret in [api_key, secret, hash.as_str()] {
                assert!(!answer.contains(secret), "{arguments:?}: {answer}");
            }
        }
    }
}

#[tokio::test]
async fn people_are_told_the_secrets_too_and_that_it_was_the_only_time() {
    let gateway = Gateway::start().await;
    let arguments = ["create", "--name", "acme", "--models", "*", "--unfinished", "3"];
    let printed = keys(&gateway, &arguments).await;
    for expected in ["sk-", "whsec_", "shown this once", "3 unfinished at once", "never"] {
        assert!(printed.contains(expected), "{expected}: {printed}");
    }
    let list = keys(&gateway, &["list"]).await;
    let lines: Vec<_> = list.lines().collect();
    assert_eq!(lines.len(), 3, "a head, the stack's own key and the new one: {list}");
    assert!(lines[0].starts_with("ID"), "{list}");
}

#[tokio::test]
async fn a_disabled_key_is_refused_until_it_is_enabled() {
    let gateway = Gateway::start().await;
    let made = create(&gateway).await;
    let (id, api_key) = (text(&made["id"]), text(&made["api_key"]));

    let disabled = keys_json(&gateway, &["disable", id]).await;
    assert_eq!(disabled["status"], "disabled");
    assert_eq!(disabled["effective_within_seconds"], 60);
    assert!(keys(&gateway, &["disable", id]).await.contains("up to a minute"));
    // The stack's functions meet it for the first time.
    let client = Client::new(gateway.stack.url(), api_key);
    assert_error(&client.create(&tide()).await, 403, "key_disabled", None);

    assert_eq!(keys_json(&gateway, &["enable", id]).await["status"], "active");
    assert_eq!(admitted(&gateway, api_key).await, Ok(()));
}

#[tokio::test]
async fn after_a_rotation_both_work_for_a_while_and_see_the_same_tasks() {
    let gateway = Gateway::start().await;
    let made = create(&gateway).await;
    let (id, old) = (text(&made["id"]), text(&made["api_key"]));
    let rotated = keys_json(&gateway, &["rotate", id, "--grace", "2h"]).await;
    let new = text(&rotated["api_key"]);
    assert_ne!(old, new);
    assert_eq!(rotated["api_keys"].as_array().expect("a list").len(), 2);
    assert_eq!(rotated.get("webhook_secret"), None, "that is another command");

    let (old, new) = (Client::new(gateway.stack.url(), old), Client::new(gateway.stack.url(), new));
    let task = old.created(&tide()).await;
    assert_eq!(new.task(&task).await.status, 200);
    assert_eq!(new.create(&tide()).await.status, 200);

    let list = keys_json(&gateway, &["list"]).await;
    let listed: Vec<_> =
        list["keys"].as_array().expect("a list").iter().filter(|key| key["id"] == id).collect();
    assert_eq!(listed.len(), 1, "{list}");
    assert_eq!(listed[0]["expires_at"], made["expires_at"], "the new one's, not the old one's");

    // What is done to the key is done to both.
    keys(&gateway, &["disable", id]).await;
    for client in [text(&made["api_key"]), text(&rotated["api_key"])] {
        assert!(admitted(&gateway, client).await.is_err());
    }
}

#[tokio::test]
async fn a_key_that_leaked_is_disabled_rotated_and_enabled() {
    let gateway = Gateway::start().await;
    let made = create(&gateway).await;
    let (id, leaked) = (text(&made["id"]), text(&made["api_key"]));
    keys(&gateway, &["disable", id]).await;
    let rotated = keys_json(&gateway, &["rotate", id]).await;
    let new = text(&rotated["api_key"]);
    assert_eq!(rotated["status"], "disabled");
    let list = keys(&gateway, &["list"]).await;
    let line = list.lines().find(|line| line.starts_with(id)).expect("a line");
    assert!(line.ends_with(" 1"), "the one that leaked is not counted: {line}");
    keys(&gateway, &["enable", id]).await;
    assert!(admitted(&gateway, leaked).await.expect_err("it ended").contains("key_expired"));
    assert_eq!(admitted(&gateway, new).await, Ok(()));
    let shown = keys_json(&gateway, &["show", id]).await;
    assert_eq!(shown["api_keys"].as_array().expect("a list").len(), 2, "{shown}");
    let list = keys_json(&gateway, &["list"]).await;
    let listed = list["keys"].as_array().expect("a list").iter().find(|key| key["id"] == id);
    assert_eq!(listed.expect("it")["api_keys"].as_array().expect("a list").len(), 1, "{list}");
}

#[tokio::test]
async fn a_change_leaves_what_it_does_not_name() {
    let gateway = Gateway::start().await;
    let made = create(&gateway).await;
    let id = text(&made["id"]);
    let arguments = ["change", id, "--creates-per-minute", "10", "--expires", "never"];
    let changed = keys_json(&gateway, &arguments).await;
    assert_eq!(changed["limits"], json!({ "creates_per_minute": 10, "unfinished": null }));
    assert_eq!(changed["expires_at"], Value::Null);
    assert_eq!(changed["models"], json!(["vidu*", "kling-v3"]));
    let arguments =
        ["change", id, "--name", "Acme", "--models", "jimeng*", "--creates-per-minute", "none"];
    keys(&gateway, &arguments).await;
    let shown = keys_json(&gateway, &["show", id]).await;
    assert_eq!(shown["limits"]["creates_per_minute"], Value::Null);
    assert_eq!((&shown["name"], &shown["models"]), (&json!("Acme"), &json!(["jimeng*"])));

    let client = Client::new(gateway.stack.url(), text(&made["api_key"]));
    assert_error(&client.create(&tide()).await, 403, "model_not_allowed", Some("model"));
}

#[tokio::test]
async fn both_webhook_secrets_are_kept_for_a_while() {
    let gateway = Gateway::start().await;
    let made = create(&gateway).await;
    let id = text(&made["id"]);
    let rotated = keys_json(&gateway, &["rotate-webhook-secret", id]).await;
    assert_ne!(made["webhook_secret"], rotated["webhook_secret"]);
    assert_eq!(rotated.get("api_key"), None);
    let item = item(&gateway, text(&made["api_key"])).await;
    let stored = |name: &str| item[name].as_s().expect("text").as_str();
    assert_eq!(stored("webhook_secret"), text(&rotated["webhook_secret"]));
    assert_eq!(stored("previous_webhook_secret"), text(&made["webhook_secret"]));
    let until = stored("previous_webhook_secret_until");
    assert_eq!(until, text(&rotated["previous_webhook_secret_until"]));
}

async fn item(
    gateway: &Gateway,
    api_key: &str,
) -> std::collections::HashMap<String, AttributeValue> {
    let hash = AttributeValue::S(KeyHash::of(api_key).as_str().to_owned());
    let get = gateway.dynamodb().get_item().table_name("Keys").key("sha256", hash);
    get.send().await.expect("a table").item.expect("an item")
}

#[tokio::test]
async fn a_key_that_was_made_by_hand_keeps_what_the_command_does_not_know() {
    let gateway = Gateway::start().await;
    let attributes = json!({ "note": "x", "expires_at": "2099-01-01T00:00:00.000+02:00" });
    gateway.with_key("sk-hand", attributes).await;
    let shown = keys_json(&gateway, &["change", "key_hand", "--name", "Hand"]).await;
    assert_eq!((&shown["name"], &shown["created_at"]), (&json!("Hand"), &Value::Null));
    assert_eq!(shown["has_webhook_secret"], false);
    let item = item(&gateway, "sk-hand").await;
    assert_eq!(item["note"].as_s().expect("text"), "x");
    assert_eq!(item["expires_at"].as_s().expect("text"), "2099-01-01T00:00:00.000+02:00");
}

#[tokio::test]
async fn a_key_is_found_behind_a_page_of_others() {
    let gateway = Gateway::start().await;
    let made = create(&gateway).await;
    // A page of a scan ends after a megabyte.
    let name = "x".repeat(100_000);
    for number in 0..25 {
        gateway.with_key(&format!("sk-{number}"), json!({ "name": name })).await;
    }
    let page = gateway.dynamodb().scan().table_name("Keys").send().await.expect("a page");
    assert!(page.last_evaluated_key.is_some(), "the table has several pages");
    let list = keys_json(&gateway, &["list"]).await;
    assert_eq!(list["keys"].as_array().expect("a list").len(), 27);
    for id in [text(&made["id"]), "key_0", "key_24"] {
        assert_eq!(keys_json(&gateway, &["show", id]).await["id"], id);
    }
}

#[tokio::test]
async fn of_two_who_change_a_key_at_once_the_second_writes_nothing() {
    let gateway = Gateway::start().await;
    let made = create(&gateway).await;
    let id = text(&made["id"]);
    let table = KeysTable::new(gateway.dynamodb(), "Keys".to_owned());
    let read = table.of(id).await.expect("a key");
    let rotated = keys_json(&gateway, &["rotate", id]).await;

    let disabled = ApiKey { disabled: true, ..read[0].key.clone() };
    let late = table.write(None, &[(&read[0], disabled)]).await;
    assert!(matches!(late, Err(TableError::Changed)), "{late:?}");
    for api_key in [&made["api_key"], &rotated["api_key"]] {
        assert_eq!(admitted(&gateway, text(api_key)).await, Ok(()));
    }
    let again = ApiKey { name: "twice".to_owned(), ..read[0].key.clone() };
    let again = table.write(Some(&again), &[]).await;
    assert!(matches!(again, Err(TableError::Changed)), "no key is overwritten: {again:?}");
    assert_eq!(keys_json(&gateway, &["show", id]).await["name"], "acme");
}

#[tokio::test]
async fn an_id_that_is_not_there_is_named() {
    let gateway = Gateway::start().await;
    let local = gateway.stack.database_url();
    for command in ["show", "disable", "enable", "rotate", "rotate-webhook-secret"] {
        let output = run(&["keys", command, "key_gone", "--local", local], &[]).await;
        assert!(complaint(&output, 1).contains("key_gone"), "{command}");
    }
    let change = ["keys", "change", "key_gone", "--name", "x", "--local", local];
    assert!(complaint(&run(&change, &[]).await, 1).contains("key_gone"));
    assert!(
        complaint(
            &run(&["usage", "--from", "2026-01-01", "--key", "key_gone", "--local", local], &[])
                .await,
            1
        )
        .contains("key_gone")
    );
}

#[tokio::test]
async fn a_key_that_expired_is_not_rotated() {
    let gateway = Gateway::start().await;
    gateway.with_key("sk-old", json!({ "expires_at": "2026-01-01T00:00:00Z" })).await;
    let local = ["--local", gateway.stack.database_url()];
    let output = run(&["keys", "rotate", "key_old", local[0], local[1]], &[]).await;
    assert!(complaint(&output, 1).contains("keys change key_old --expires"));
    assert_eq!(keys_json(&gateway, &["show", "key_old"]).await["status"], "expired");
}

#[tokio::test]
async fn wrong_usage_gets_one_line_that_names_what_is_wrong() {
    const CREATE: &[&str] = &["keys", "create", "--local", "http://127.0.0.1:1", "--name", "a"];
    let rows: &[(&[&str], &[&str], &str)] = &[
        (&["keys"], &[], "create"),
        (&["keys", "drop"], &[], "drop"),
        (&["keys", "list"], &[], "--stack"),
        (&["keys", "list", "--stack", "a", "--table", "b"], &[], "--table"),
        (&["keys", "list", "--local", "127.0.0.1"], &[], "127.0.0.1"),
        (&["keys", "list", "--local", "http://127.0.0.1:1", "--profile", "p"], &[], "--profile"),
        (&["keys", "show", "--table", "b"], &[], "<ID>"),
        (CREATE, &[], "--models"),
        (CREATE, &["--models", ""], "--models"),
        (CREATE, &["--models", "vidu*,,kling"], "--models"),
        (CREATE, &["--models", "*", "--expires", "soon"], "soon"),
        (CREATE, &["--models", "*", "--expires", "0d"], "0d"),
        (CREATE, &["--models", "*", "--unfinished", "0"], "--unfinished"),
        (CREATE, &["--models", "*", "--creates-per-minute", "many"], "many"),
        (&["keys", "change", "key_1", "--table", "b"], &[], "--name"),
        (&["keys", "change", "key_1", "--table", "b", "--unfinished", "0"], &[], "none"),
        (&["keys", "rotate", "key_1", "--table", "b", "--grace", "1w"], &[], "1w"),
        (&["usage", "--stack", "a"], &[], "--from"),
        (&["usage", "--stack", "a", "--from", "2026-11-31"], &[], "2026-11-31"),
        (&["usage", "--stack", "a", "--from", "2026-11-30", "--to", "2026-11-01"], &[], "--to"),
        (&["usage", "--table", "a", "--from", "2026-11-30"], &[], "--key"),
        (&["task", "x", "--stack", "a"], &[], "32"),
        (&["task", "--stack", "a"], &[], "<ID>"),
    ];
    for (arguments, more, named) in rows {
        let arguments: Vec<_> = arguments.iter().chain(*more).copied().collect();
        let message = complaint(&run(&arguments, &[]).await, 2);
        assert!(message.contains(named), "{arguments:?}: {message}");
        assert!(message.ends_with("; --help tells more\n"), "{arguments:?}: {message}");
    }
}
