//! What answers and requests have in common, whatever the function.

use std::collections::HashMap;

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;

use super::*;

fn headers(name: &'static str, value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(name, value.parse().unwrap());
    headers
}

/// What an answer says besides its status and its JSON.
fn told<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

fn body(response: &Response<Body>) -> serde_json::Value {
    serde_json::from_slice(response.body()).unwrap()
}

#[test]
fn an_answer_is_json_and_says_so() {
    let made = json(StatusCode::CREATED, &serde_json::json!({ "id": 1 }));
    for (answer, status, expected) in
        [(made, 201, serde_json::json!({ "id": 1 })), (done(), 200, serde_json::json!({}))]
    {
        assert_eq!((answer.status().as_u16(), body(&answer)), (status, expected));
        assert_eq!(told(&answer, "content-type"), Some("application/json"));
    }
}

#[test]
fn an_error_has_the_headers_that_go_with_it() {
    let rows = [
        (ApiError::busy(), [Some("1"), None, None, None]),
        (ApiError::still_running(3), [Some("3"), Some("true"), None, None]),
        (ApiError::internal(), [None, Some("true"), None, None]),
        (ApiError::broken_off(), [None, Some("false"), None, None]),
        (ApiError::method_not_allowed("PUT", "POST"), [None, None, Some("POST"), None]),
        (ApiError::new(Code::UnknownApiKey, "No."), [None, None, None, Some("Bearer")]),
        (ApiError::invalid("n", "No."), [None; 4]),
    ];
    for (fault, headers) in rows {
        let answer = error(&fault, Some("r-1"));
        let names = ["retry-after", "x-should-retry", "allow", "www-authenticate"];
        assert_eq!(names.map(|name| told(&answer, name)), headers, "{}", fault.code());
        assert_eq!(answer.status(), fault.status());
        let mut expected = fault.body.to_json();
        expected["request_id"] = "r-1".into();
        expected["error"]["request_id"] = "r-1".into();
        assert_eq!(body(&answer), expected);
        assert_eq!(body(&error(&fault, None)), fault.body.to_json());
    }
}

fn request(method: &str, path: &str) -> Request {
    ::http::Request::builder().method(method).uri(path).body(Body::Empty).unwrap()
}

#[test]
fn a_route_is_the_gateways_or_that_of_the_path() {
    let by = |route_key: Option<&str>, path: &str| {
        let mut context = ApiGatewayV2httpRequestContext::default();
        context.route_key = route_key.map(str::to_owned);
        route(&request("GET", path).with_request_context(RequestContext::ApiGatewayV2(context)))
    };
    let key = Some("GET /v1/videos/{task_id}");
    assert_eq!(by(key, "/films/v1/videos/1"), Some(routes::VIDEO), "behind a prefix");
    assert_eq!(by(Some("$default"), "/v1/videos"), None, "no route of the template");
    assert_eq!(by(Some("GET /other"), "/v1/videos"), None, "likewise");
    assert_eq!(by(None, "/v1/videos"), None, "likewise");
    assert_eq!(route(&request("GET", "/v1/videos")), Some(routes::VIDEOS));
    assert_eq!(route(&request("GET", "/v1/nothing")), None);
}

#[test]
fn another_method_is_told_the_ones_there_are() {
    let rows = [
        ("GET", "GET", true),
        ("HEAD", "GET", true),
        ("POST", "GET", false),
        ("POST", "POST", true),
        ("HEAD", "POST", false),
        ("GET", "POST", false),
    ];
    for (asked, method, is_fine) in rows {
        let request = request(asked, "/");
        let allowed = if method == "GET" { "GET, HEAD" } else { "POST" };
        let refused = require_method(&request, method).err();
        let expected = (!is_fine).then(|| ApiError::method_not_allowed(asked, allowed));
        assert_eq!(refused, expected, "{asked} for {method}");
        let refused = require_method_at(routes::VIDEOS, &request, method).err();
        let all = routes::methods(routes::VIDEOS);
        let expected = (!is_fine).then(|| ApiError::method_not_allowed(asked, all));
        assert_eq!(refused, expected, "{asked} for {method}");
    }
}

#[test]
fn a_query_string_is_refused_by_its_name() {
    assert!(refuse_query(&request("POST", "/")).is_ok());
    let query = HashMap::from([("dry_run".to_owned(), vec!["1".to_owned()])]);
    let request = request("POST", "/").with_query_string_parameters(query);
    let error = refuse_query(&request).expect_err("nobody reads it");
    assert_eq!(error.body.param.as_deref(), Some("dry_run"));
}

#[test]
fn a_path_names_a_task_by_its_id() {
    let id = "a".repeat(32);
    let rows = [
        (Some(id.clone()), Some(id.as_str())),
        (Some(format!("video_{id}")), Some(id.as_str())),
        (Some("nonsense".to_owned()), None),
        (None, None),
    ];
    for (named, expected) in rows {
        let parameters: HashMap<_, _> =
            named.into_iter().map(|named| ("task_id".to_owned(), vec![named])).collect();
        let read = task_id(&request("GET", "/").with_path_parameters(parameters));
        assert_eq!(read.ok().as_ref().map(TaskId::as_str), expected);
    }
}

#[test]
fn a_bearer_key_is_read_however_it_is_spelt() {
    let rows = [
        ("Bearer sk-1", Some("sk-1"), "as documented"),
        ("bearer  sk-1 ", Some("sk-1"), "schemes have no case, spaces do no harm"),
        ("Bearer: sk-1", Some("sk-1"), "with a colon"),
        ("Bearer:sk-1", Some("sk-1"), "with a colon alone"),
        ("sk-1", Some("sk-1"), "no scheme"),
        ("Bearer", None, "no key"),
        ("Bearer ", None, "an empty key"),
        ("Bearer: ", None, "likewise"),
        ("Token sk-1", None, "another scheme"),
        ("Basic c2stMTo=", None, "likewise"),
        ("", None, "nothing"),
    ];
    for (value, key, reason) in rows {
        let headers = headers("authorization", value);
        assert_eq!(bearer(&headers).ok(), key, "{reason}");
    }
}

#[test]
fn only_handling_strict_is_strict() {
    let rows = [
        ("handling=strict", true),
        ("respond-async, Handling=\"strict\"", true),
        ("handling=lenient", false),
        ("strict", false),
        ("wait=10", false),
    ];
    for (value, strict) in rows {
        assert_eq!(prefers_strict(&headers("prefer", value)), strict, "{value}");
    }
}

#[test]
fn an_idempotency_key_is_visible_and_not_too_long() {
    for key in ["", " ", "a b", "\u{e9}", &"k".repeat(256)] {
        assert!(check_idempotency_key(key).is_err(), "{key:?}");
    }
    assert!(check_idempotency_key(&"k".repeat(255)).is_ok());
    let given = headers("idempotency-key", "order-17");
    assert_eq!((idempotency_key(&given), may_repeat(&given)), (Ok(Some("order-17")), true));
    let none = HeaderMap::new();
    assert_eq!((idempotency_key(&none), may_repeat(&none)), (Ok(None), false));
    assert!(idempotency_key(&headers("idempotency-key", "a b")).is_err());
}
