//! What a client may write, and what it is told about the rest.

use serde_json::json;

use super::*;

#[test]
fn every_wrong_field_is_refused_by_name() {
    let rows = [
        ("", None, "invalid_json", "nothing at all"),
        ("{", None, "invalid_json", "not JSON"),
        ("[]", None, "invalid_json", "JSON, but no object"),
        ("{}", Some("model"), "missing_parameter", "no model"),
        (r#"{"model":1,"prompt":"x"}"#, Some("model"), "invalid_parameter", "a number"),
        (r#"{"model":"m"}"#, Some("prompt"), "missing_parameter", "no prompt"),
        (r#"{"model":"m","prompt":" "}"#, Some("prompt"), "invalid_parameter", "blank"),
        (r#"{"model":"m","prompt":null}"#, Some("prompt"), "missing_parameter", "null"),
        (r#"{"model":"m","prompt":"x","n":0}"#, Some("n"), "invalid_parameter", "none"),
        (r#"{"model":"m","prompt":"x","n":5}"#, Some("n"), "invalid_parameter", "too many"),
        (r#"{"model":"m","prompt":"x","n":1.5}"#, Some("n"), "invalid_parameter", "halves"),
        (
            r#"{"model":"m","prompt":"x","duration":"soon"}"#,
            Some("duration"),
            "invalid_parameter",
            "no number",
        ),
        (
            r#"{"model":"m","prompt":"x","duration":0}"#,
            Some("duration"),
            "invalid_parameter",
            "no time",
        ),
        (r#"{"model":"m","prompt":"x","fps":-1}"#, Some("fps"), "invalid_parameter", "backwards"),
        (
            r#"{"model":"m","prompt":"x","seed":1.5}"#,
            Some("seed"),
            "invalid_parameter",
            "not whole",
        ),
        (r#"{"model":"m","prompt":"x","seed":true}"#, Some("seed"), "invalid_parameter", "a flag"),
        (
            r#"{"model":"m","prompt":"x","size":"big"}"#,
            Some("size"),
            "invalid_parameter",
            "no size",
        ),
        (
            r#"{"model":"m","prompt":"x","width":1920}"#,
            Some("height"),
            "missing_parameter",
            "half a size",
        ),
        (
            r#"{"model":"m","prompt":"x","height":1080}"#,
            Some("width"),
            "missing_parameter",
            "the other half",
        ),
        (
            r#"{"model":"m","prompt":"x","width":-1,"height":1}"#,
            Some("width"),
            "invalid_parameter",
            "negative",
        ),
        (
            r#"{"model":"m","prompt":"x","size":"16x9","width":4,"height":3}"#,
            Some("size"),
            "invalid_parameter",
            "two sizes",
        ),
        (
            r#"{"model":"m","prompt":"x","image":["a"]}"#,
            Some("image"),
            "invalid_parameter",
            "a list",
        ),
        (
            r#"{"model":"m","prompt":"x","images":"a"}"#,
            Some("images"),
            "invalid_parameter",
            "no list",
        ),
        (
            r#"{"model":"m","prompt":"x","images":["https://a.example/1.png",2]}"#,
            Some("images[1]"),
            "invalid_parameter",
            "one of them",
        ),
        (
            r#"{"model":"m","prompt":"x","response_format":"b64_json"}"#,
            Some("response_format"),
            "invalid_parameter",
            "only addresses",
        ),
        (r#"{"model":"m","prompt":"x","user":7}"#, Some("user"), "invalid_parameter", "a number"),
        (
            r#"{"model":"m","prompt":"x","metadata":[]}"#,
            Some("metadata"),
            "invalid_parameter",
            "a list",
        ),
        (
            r#"{"model":"m","prompt":"x","metadata":"[]"}"#,
            Some("metadata"),
            "invalid_parameter",
            "a list in a string",
        ),
        (
            r#"{"model":"m","prompt":"x","metadata":{"payload":5}}"#,
            Some("metadata.payload"),
            "invalid_parameter",
            "a number",
        ),
        (
            r#"{"model":"m","prompt":"x","metadata":{"callback_url":5}}"#,
            Some("metadata.callback_url"),
            "invalid_parameter",
            "a number",
        ),
    ];
    for (body, param, code, reason) in rows {
        let error = read(&HeaderMap::new(), body.as_bytes()).expect_err(reason);
        assert_eq!(error.status(), 400, "{reason}: {body}");
        assert_eq!(error.body.param.as_deref(), param, "{reason}: {body}");
        assert_eq!(error.body.code.as_str(), code, "{reason}: {body}");
    }
}

#[test]
fn a_number_may_be_written_as_a_string_or_with_a_point() {
    for duration in ["5", "5.0", "\"5\"", "\"5.0\"", "\" 5 \""] {
        let body =
            format!(r#"{{"model":"m","prompt":"x","duration":{duration},"seed":{duration}}}"#);
        let request = read(&HeaderMap::new(), body.as_bytes()).expect(duration);
        assert_eq!(request.generation.duration, Some(5.0), "{duration}");
        assert_eq!(request.generation.seed, Some(5), "{duration}");
    }
}

#[test]
fn metadata_may_arrive_as_a_json_string() {
    let body =
        br#"{"model":"m","prompt":"x","metadata":"{\"payload\":\"p\",\"style\":\"anime\"}"}"#;
    let request = read(&HeaderMap::new(), body).unwrap();
    assert_eq!(request.payload.as_deref(), Some("p"));
    assert!(request.generation.options.has("style"));
}

#[test]
fn what_belongs_to_the_gateway_or_to_nobody_is_left_out_with_a_warning() {
    let body = br#"{"model":"m","prompt":"x","colour":"red","quality":null,"api_key":"k","callback_url":"https://b.example",
        "metadata":{"model":"other","external_task_id":"1","callback_url":"https://a.example"}}"#;
    let request = read(&HeaderMap::new(), body).unwrap();
    let params: Vec<_> = request.warnings.iter().map(|warning| warning.param.as_str()).collect();
    assert_eq!(params, ["metadata.model", "metadata.external_task_id", "api_key", "callback_url"]);
    assert_eq!(request.webhook, Some(("https://a.example".to_owned(), "metadata.callback_url")));
}

#[test]
fn a_field_that_is_written_twice_is_refused_and_not_decided_by_the_order() {
    for body in [
        r#"{"model":"viduq2","model":"viduq1","prompt":"x"}"#,
        r#"{"model":"viduq1","prompt":"x","metadata":{"seed":1,"seed":2}}"#,
        r#"{"model":"viduq1","prompt":"x","metadata":"{\"seed\":1,\"seed\":2}"}"#,
    ] {
        assert_eq!(read(&HeaderMap::new(), body.as_bytes()).expect_err(body).status(), 400);
    }
}

#[test]
fn nobody_has_so_many_fields_or_such_long_names() {
    let many: String = (0..200).map(|index| format!(r#","f{index}":1"#)).collect();
    let long = format!(r#","{}":1"#, "f".repeat(101));
    for more in [many, long] {
        let body = format!(r#"{{"model":"viduq1","prompt":"x"{more}}}"#);
        let error = read(&HeaderMap::new(), body.as_bytes()).expect_err("refused");
        assert_eq!(error.status(), 400);
        assert!(error.body.to_json().to_string().len() < 1_000, "the answer stays small");
    }
}

#[test]
fn a_text_may_be_as_long_as_its_limit() {
    for (param, most) in [("model", 256), ("user", 1024), ("metadata.payload", 256 * 1024)] {
        for (length, is_fine) in [(most, true), (most + 1, false)] {
            let text = "x".repeat(length);
            let mut body = json!({"model":"viduq1","prompt":"a tide","metadata":{}});
            match param.strip_prefix("metadata.") {
                Some(option) => body["metadata"][option] = text.into(),
                None => body[param] = text.into(),
            }
            let read = read(&HeaderMap::new(), body.to_string().as_bytes());
            let refused = read.err().and_then(|error| error.body.param);
            assert_eq!(refused.as_deref(), (!is_fine).then_some(param), "{length}");
        }
    }
}

#[test]
fn a_size_may_be_said_twice_if_it_is_the_same() {
    for (width, is_fine) in [(1280, true), (1281, false)] {
        let body = json!({"model":"viduq1","prompt":"a tide","size":"1280x720","width":width,"height":720});
        let read = read(&HeaderMap::new(), body.to_string().as_bytes());
        assert_eq!(read.is_ok(), is_fine, "{width}");
    }
}
