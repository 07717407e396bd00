//! A stack of one's own, and the client's end of it.

use std::time::{Duration, Instant};

use http::{HeaderMap, StatusCode};
pub(crate) use local::client::tide;
use local::scripted_vidu::ScriptedVidu;
use local::{LOCAL_KEY, Options, Stack};
use serde_json::{Value, json};

use crate::contract::CONTRACT;

/// Longer than anything here takes; reaching it fails a test.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) struct Gateway {
    pub(crate) stack: Stack,
    pub(crate) client: Client,
}

impl Gateway {
    /// Everything simulated, and quickly.
    pub(crate) async fn start() -> Self {
        Self::with(Options::default()).await
    }

    /// With a vendor of the test's own in the place of Vidu.
    pub(crate) async fn calling(vidu: &ScriptedVidu) -> Self {
        Self::with(Options { accounts: vidu.accounts(), ..Options::default() }).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let pace = Duration::from_millis(100);
        // A test that wants a reconciler has one with a clock of its own.
        let every = options.every.or(Some(Duration::from_secs(3600)));
        let options = Options { pace, every, ..options };
        let stack = Stack::start(options).await.expect("the stack starts");
        let client = Client::new(stack.url(), LOCAL_KEY);
        Self { stack, client }
    }

    /// The gateway with another API key, which is put into the table.
    pub(crate) async fn with_key(&self, key: &str, attributes: Value) -> Client {
        let mut item = json!({ "id": owner(key), "name": "a test's", "models": ["*"] });
        for (name, value) in attributes.as_object().expect("attributes") {
            item[name] = value.clone();
        }
        let item = item.as_object().expect("an item").iter();
        let item = item.map(|(name, value)| (name.clone(), attribute(value)));
        self.dynamodb()
            .put_item()
            .table_name("Keys")
            .set_item(Some(item.collect()))
            .item("sha256", text(shared::task::KeyHash::of(key).as_str()))
            .send()
            .await
            .expect("a key is stored");
        Client::new(self.stack.url(), key)
    }

    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        local::client::dynamodb(&self.stack)
    }
}

/// The id of a key that a test puts into the table.
pub(crate) fn owner(key: &str) -> String {
    key.replace("sk-", "key_")
}

/// What AWS would refuse fails every test, also where the function makes the best of it.
impl Drop for Gateway {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.stack.refused(), [""; 0], "the template's policies are too strict");
        }
    }
}

pub(crate) fn text(text: &str) -> aws_sdk_dynamodb::types::AttributeValue {
    aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned())
}

fn attribute(value: &Value) -> aws_sdk_dynamodb::types::AttributeValue {
    use aws_sdk_dynamodb::types::AttributeValue;
    match value {
        Value::Bool(flag) => AttributeValue::Bool(*flag),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::Array(items) => AttributeValue::L(items.iter().map(attribute).collect()),
        Value::Object(members) => AttributeValue::M(
            members.iter().map(|(name, value)| (name.clone(), attribute(value))).collect(),
        ),
        other => text(other.as_str().expect("text")),
    }
}

/// Somebody with an API key.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) http: reqwest::Client,
    url: String,
    key: String,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Client {
    pub(crate) fn new(url: &str, key: &str) -> Self {
        // Plain HTTP only, but reqwest asks for a provider when it is made.
        drop(rustls::crypto::ring::default_provider().install_default());
        Self { http: reqwest::Client::new(), url: url.to_owned(), key: key.to_owned() }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.key)
    }

    pub(crate) async fn create(&self, body: &Value) -> Answer {
        send(self.create_request(body)).await
    }

    pub(crate) fn create_request(&self, body: &Value) -> reqwest::RequestBuilder {
        self.request("POST", "/v1/video/generations")
            .header("content-type", "application/json")
            .body(body.to_string())
    }

    /// Creates a task that is taken, and gives its id.
    pub(crate) async fn created(&self, body: &Value) -> String {
        let answer = self.create(body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["task_id"].as_str().expect("a task_id").to_owned()
    }

    pub(crate) async fn task(&self, id: &str) -> Answer {
        send(self.request("GET", &format!("/v1/video/generations/{id}"))).await
    }

    /// Asks until the task has this status.
    pub(crate) async fn wait_for(&self, id: &str, status: &str) -> Value {
        let began = Instant::now();
        loop {
            let answer = self.task(id).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            if answer.body["status"] == status {
                return answer.body;
            }
            assert!(began.elapsed() < DEADLINE, "never {status}: {answer:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Every answer is held against the contract, whatever the test is about.
pub(crate) async fn send(request: reqwest::RequestBuilder) -> Answer {
    let (http, request) = request.build_split();
    let request = request.expect("a request");
    let (method, path) = (request.method().clone(), request.url().path().to_owned());
    let response = http.execute(request).await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await.expect("a body");
    // An answer to HEAD has the headers of one to GET, and no body to look at.
    if method != "HEAD" {
        CONTRACT.check_answer((method.as_str(), &path), status, &headers, &bytes);
    }
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Answer { status, headers, body }
}

/// Asserts an error in both documented shapes at once, with equal values.
pub(crate) fn assert_error(answer: &Answer, status: u16, code: &str, param: Option<&str>) {
    assert_eq!(answer.status.as_u16(), status, "{answer:?}");
    assert_eq!(answer.headers["content-type"], "application/json", "{answer:?}");
    for field in ["code", "message", "param", "type"] {
        assert_eq!(answer.body[field], answer.body["error"][field], "{field}: {answer:?}");
    }
    assert_eq!(answer.body["code"], code, "{answer:?}");
    assert_eq!(answer.body["param"].as_str(), param, "{answer:?}");
    let error = &answer.body["error"];
    assert!(error["retryable"].is_boolean(), "{answer:?}");
    let charged = error["charged"].as_str();
    assert!(matches!(charged, Some("no" | "yes" | "unknown")), "{answer:?}");
    assert!(!answer.body["message"].as_str().expect("text").is_empty(), "{answer:?}");
}
