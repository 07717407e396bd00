//! `filmgate usage` over a table of usage that is written here by hand.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use crate::command_keys::run;
use crate::gateway::{Gateway, tide};

/// An item as the functions add it up.
async fn used(gateway: &Gateway, owner: &str, what: &str, numbers: &[(&str, &str)]) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let mut put = gateway.dynamodb().put_item().table_name("Usage");
    put = put.item("owner", text(owner)).item("what", text(what));
    for (name, number) in numbers {
        put = put.item(*name, AttributeValue::N((*number).to_owned()));
    }
    put.send().await.expect("it is stored");
}

async fn usage(gateway: &Gateway, arguments: &[&str]) -> String {
    let arguments: Vec<_> = ["usage", "--local", gateway.stack.database_url()]
        .iter()
        .chain(arguments)
        .copied()
        .collect();
    let output = run(&arguments, &[]).await;
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test]
async fn usage_is_added_up_by_key_day_vendor_and_model() {
    let gateway = Gateway::start().await;
    gateway.with_key("key_a", json!({ "name": "acme" })).await;
    gateway.with_key("key_b", json!({ "name": "other" })).await;
    gateway.with_key("key_c", json!({ "name": "idle" })).await;
    type Numbers = [(&'static str, &'static str)];
    let rows: &[(&str, &str, &Numbers)] = &[
        ("key_a", "2026-10-31/vidu/viduq1/0", &[("succeeded", "100")]),
        (
            "key_a",
            "2026-11-01/vidu/viduq1/0",
            &[("succeeded", "2"), ("seconds", "10"), ("credits", "8.5")],
        ),
        (
            "key_a",
            "2026-11-01/vidu/viduq1/7",
            &[("succeeded", "1"), ("failed", "1"), ("seconds", "5.04")],
        ),
        ("key_a", "2026-11-30/kling/a/b/3", &[("refused", "4"), ("credits", "0")]),
        ("key_a", "2026-12-01/vidu/viduq1/0", &[("succeeded", "100")]),
        ("key_a", "unfinished", &[("tasks", "9")]),
        ("key_a", "minute/2026-11-21T04:24Z", &[("creates", "9")]),
        ("key_b", "2026-11-02/vidu/viduq1/0", &[("failed", "1")]),
    ];
    for (owner, what, numbers) in rows {
        used(&gateway, owner, what, numbers).await;
    }
    let november = ["--from", "2026-11-01", "--to", "2026-11-30"];
    let report = usage(&gateway, &[&november as &[_], &["--json"]].concat()).await;
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let expected = json!({
        "from": "2026-11-01",
        "to": "2026-11-30",
        "keys": [
            {
                "key": "key_a",
                "name": "acme",
                "usage": [
                    { "day": "2026-11-01", "vendor": "vidu", "model": "viduq1", "succeeded": 3,
                      "failed": 1, "refused": 0, "seconds": 15.04, "credits": 8.5 },
                    { "day": "2026-11-30", "vendor": "kling", "model": "a/b", "succeeded": 0,
                      "failed": 0, "refused": 4, "seconds": 0.0, "credits": 0.0 },
                ],
                "total": { "succeeded": 3, "failed": 1, "refused": 4, "seconds": 15.04,
                           "credits": { "kling": 0.0, "vidu": 8.5 } },
            },
            {
                "key": "key_b",
                "name": "other",
                "usage": [
                    { "day": "2026-11-02", "vendor": "vidu", "model": "viduq1", "succeeded": 0,
                      "failed": 1, "refused": 0, "seconds": 0.0, "credits": 0.0 },
                ],
                "total": { "succeeded": 0, "failed": 1, "refused": 0, "seconds": 0.0,
                           "credits": { "vidu": 0.0 } },
            },
        ],
    });
    assert_eq!(report, expected);

    let table = usage(&gateway, &november).await;
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 6, "a head, three rows and two sums: {table}");
    assert!(lines[3].contains("sum") && lines[3].contains("kling 0, vidu 8.5"), "{table}");

    let one = usage(&gateway, &[&november as &[_], &["--key", "key_b"]].concat()).await;
    assert!(one.contains("other") && !one.contains("acme"), "{one}");
    let none = usage(&gateway, &[&november as &[_], &["--key", "key_c"]].concat()).await;
    assert!(none.contains("No task ended"), "{none}");
}

#[tokio::test]
async fn what_the_functions_add_up_is_what_the_command_reads() {
    let gateway = Gateway::start().await;
    let id = gateway.client.created(&tide()).await;
    gateway.client.wait_for(&id, "succeeded").await;
    let report = usage(&gateway, &["--from", "2026-01-01", "--key", "local", "--json"]).await;
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let row = &report["keys"][0]["usage"][0];
    assert_eq!((&row["vendor"], &row["model"]), (&json!("vidu"), &json!("viduq1")), "{report}");
    assert_eq!(row["succeeded"], 1, "{report}");
    assert!(row["seconds"].as_f64().expect("a number") > 0.0, "{report}");
}
