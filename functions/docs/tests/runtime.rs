//! The binary that ships, as Lambda runs it.

use http::Request;
use local::runtime_api::{Outcome, Sandbox};
use local::{Options, Stack};
use serde_json::Value;

const DOCS: &str = env!("CARGO_BIN_EXE_docs");

#[tokio::test]
async fn the_contract_is_shown() {
    let stack = Stack::start(Options::default()).await.unwrap();
    let mut docs = Sandbox::start(DOCS, stack.variables("Docs").unwrap()).await.unwrap();
    for (path, content_type) in
        [("/openapi.json", "application/json"), ("/docs", "text/html; charset=utf-8")]
    {
        let event = stack.event(Request::get(path).body("".into()).unwrap()).unwrap();
        let outcome = docs.invoke(&event).await;
        let Outcome::Response(response) = outcome else { panic!("{path}: {outcome:?}") };
        assert_eq!((&response["statusCode"], path), (&Value::from(200), path));
        assert_eq!(response["headers"]["content-type"], content_type, "{path}");
    }
}
