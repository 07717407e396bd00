//! How functions call AWS: what they do after an answer that is none, and where they go.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use shared::runtime::Environment;
use shared::runtime::log::Log;
use tracing::level_filters::LevelFilter;

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Somebody who answers as DynamoDB does, and remembers by which connections requests came.
struct Service {
    address: String,
    /// The connection of each request, by the order in which they were made.
    connections: Arc<Mutex<Vec<usize>>>,
}

impl Service {
    /// Answers the first requests with these statuses, and all others well.
    fn start(statuses: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let connections = Arc::new(Mutex::new(Vec::new()));
        let requests = connections.clone();
        thread::spawn(move || {
            for (number, connection) in listener.incoming().enumerate() {
                let (connection, requests) = (connection.expect("a connection"), requests.clone());
                thread::spawn(move || answer(connection, number, &requests, statuses));
            }
        });
        Self { address, connections }
    }

    fn connections(&self) -> Vec<usize> {
        self.connections.lock().expect("nobody panics with it").clone()
    }
}

/// Answers all requests of a connection, until the other side closes it.
fn answer(
    connection: TcpStream,
    number: usize,
    requests: &Mutex<Vec<usize>>,
    statuses: &[&str],
) -> Option<()> {
    let mut reader = BufReader::new(connection.try_clone().ok()?);
    let mut writer = connection;
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a number");
            }
        }
        reader.read_exact(&mut vec![0; length]).ok()?;
        let request = {
            let mut requests = requests.lock().expect("nobody panics with it");
            requests.push(number);
            requests.len() - 1
        };
        let status = statuses.get(request).copied().unwrap_or("200 OK");
        let body =
            if status.starts_with('2') { "{}" } else { r#"{"__type":"InternalServerError"}"# };
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        writer.write_all(answer.as_bytes()).ok()?;
    }
}

/// A client as functions make it, with these variables besides.
fn client(variables: &[(&str, &str)]) -> Client {
    let always = [
        ("AWS_REGION", "local"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
    ];
    let variables: BTreeMap<_, _> = always.into_iter().chain(variables.iter().copied()).collect();
    let variable = |name: &str| variables.get(name).map(|value| (*value).to_owned());
    Environment::new(&variable).dynamodb().expect("all that it takes")
}

async fn ask(client: &Client) -> bool {
    client.list_tables().send().await.is_ok()
}

#[tokio::test]
async fn after_an_internal_error_the_next_attempt_goes_by_another_connection() {
    let keep = |line: &str| LINES.lock().expect("nobody panics with it").push(line.to_owned());
    Log::new("test".to_owned(), LevelFilter::INFO).to(keep).install();
    let service = Service::start(&["200 OK", "500 Internal Server Error"]);
    let client = client(&[("AWS_ENDPOINT_URL_DYNAMODB", &service.address)]);
    for _ in 0..3 {
        assert!(ask(&client).await, "the SDK tries again");
    }
    assert_eq!(service.connections(), [0, 0, 1, 1], "kept, given up, kept");
    let lines = LINES.lock().unwrap();
    assert!(!lines.iter().any(|line| line.contains("ERROR")), "{lines:#?}");
}

#[tokio::test]
async fn the_address_of_a_service_goes_before_that_of_all() {
    let (own, all) = (Service::start(&[]), Service::start(&[]));
    let own_url = ("AWS_ENDPOINT_URL_DYNAMODB", own.address.as_str());
    let all_url = ("AWS_ENDPOINT_URL", all.address.as_str());
    for (variables, asked, reason) in [
        (&[own_url, all_url][..], (1, 0), "its own"),
        (&[all_url], (1, 1), "that of all"),
        (&[("AWS_ENDPOINT_URL_DYNAMODB", ""), all_url], (1, 2), "an empty one is none"),
    ] {
        assert!(ask(&client(variables)).await, "{reason}");
        assert_eq!((own.connections().len(), all.connections().len()), asked, "{reason}");
    }
}

#[test]
fn no_attempt_takes_longer_than_two_seconds() {
    let client = client(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:1")]);
    let timeouts = client.config().timeout_config().expect("there are timeouts");
    assert_eq!(timeouts.operation_attempt_timeout(), Some(Duration::from_secs(2)));
}
