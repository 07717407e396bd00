//! The rules of translation, one a row with its reason.

use http::HeaderMap;
use serde_json::{Value, json};

use super::{at, task_id};
use crate::api::{ApiError, request};
use crate::dialects::contract::{Dialect, Submission, SubmitContext};

pub(crate) const CALLBACK_URL: &str = "https://gw.example.com/v1/callbacks/vendor/token";
/// The least that passes for a PNG.
pub(crate) const PNG: &str = "iVBORw0KGgo=";
pub(crate) const WEBP: &str = "UklGRgAAAABXRUJQ";
pub(crate) const A: &str = "https://i.example/a.png";
pub(crate) const B: &str = "https://i.example/b.png";

/// One rule a row: the model, what is added to a minimal request, the endpoint that it goes
/// to, what then is in the body (`null`: the field is not sent), which fields are warned
/// about, and why.
pub(crate) type Rule<'a> = (&'a str, Value, &'a str, Value, &'a [&'a str], &'a str);

/// One refusal a row: the model, what is added to a minimal request, the field that is
/// named, and why.
pub(crate) type Refusal<'a> = (&'a str, Value, &'a str, &'a str);

/// A minimal request and what is added to it.
pub(crate) fn request(model: &str, added: &Value) -> Value {
    let mut body = json!({ "model": model, "prompt": "a tide" });
    let body_fields = body.as_object_mut().expect("an object");
    body_fields.extend(added.as_object().expect("an object").clone());
    body
}

/// The body that a vendor is sent for a client's, and the rest of the submission.
pub(crate) type Translated = Result<(Value, Submission), ApiError>;

pub(crate) fn translate(dialect: &dyn Dialect, body: &Value) -> Translated {
    let request = request::read(&HeaderMap::new(), body.to_string().as_bytes())?;
    let task_id = task_id();
    let context = SubmitContext { task_id: &task_id, callback_url: CALLBACK_URL, now: at(0) };
    let submission = dialect.submit(request.generation, &context)?;
    let sent = serde_json::from_slice(submission.request.body()).expect("JSON");
    Ok((sent, submission))
}

/// The fields that a submission warns about.
pub(crate) fn warned(submission: &Submission) -> Vec<&str> {
    submission.warnings.iter().map(|warning| warning.param.as_str()).collect()
}

/// Holds a dialect to rules. A dot leads into what is sent: `contents.1.url`.
pub(crate) fn check_rules(translate: impl Fn(&Value) -> Translated, rows: &[Rule<'_>]) {
    for (model, added, endpoint, fields, params, reason) in rows {
        let (sent, submission) =
            translate(&request(model, added)).unwrap_or_else(|error| panic!("{reason}: {error:?}"));
        assert_eq!(submission.endpoint, *endpoint, "{reason}");
        for (field, expected) in fields.as_object().expect("an object") {
            let sent = sent.pointer(&format!("/{}", field.replace('.', "/")));
            assert_eq!(sent.unwrap_or(&Value::Null), expected, "{field}: {reason}");
        }
        assert_eq!(warned(&submission), *params, "{reason}");
    }
}

/// Holds a dialect to refusals, each a 400 that names the field.
pub(crate) fn check_refused_fields(translate: impl Fn(&Value) -> Translated, rows: &[Refusal<'_>]) {
    for (model, added, param, reason) in rows {
        let error = translate(&request(model, added)).expect_err(reason);
        assert_eq!(error.status(), 400, "{param}: {reason}");
        assert_eq!(error.body.param.as_deref(), Some(*param), "{reason}");
    }
}
