//! Takes `metadata.simulate` out of a client's request and puts its words behind the prompt, when
//! the request is for a simulated vendor. For any other it stays, an option that nobody knows.

use serde_json::{Map, Value};
use shared::api::ApiError;
use shared::dialects::vendor_of;
use shared::task::Vendor;

use super::misbehaviour::{Behaviour, Misbehaviour};

const PARAM: &str = "metadata.simulate";

/// The body to go on with, where it is another one.
/// The vendor is known by the name of its model; an alias is not looked through.
pub fn rewrite(body: &[u8], simulated: &[Vendor]) -> Result<Option<Vec<u8>>, ApiError> {
    let Ok(Value::Object(mut request)) = serde_json::from_slice(body) else {
        return Ok(None);
    };
    let vendor = request.get("model").and_then(Value::as_str).and_then(vendor_of);
    if !vendor.is_some_and(|vendor| simulated.contains(&vendor)) {
        return Ok(None);
    }
    let metadata = request.get_mut("metadata").and_then(Value::as_object_mut);
    let Some(words) = metadata.and_then(|metadata| metadata.remove("simulate")) else {
        return Ok(None);
    };
    let behaviour = read(&words)?;
    // What is no prompt is left to be refused.
    if let Some(prompt) = prompt(&mut request).filter(|prompt| !prompt.trim().is_empty()) {
        behaviour.mark(prompt);
    }
    Ok(Some(Value::Object(request).to_string().into_bytes()))
}

/// One word, or a list of them.
fn read(words: &Value) -> Result<Behaviour, ApiError> {
    let words = match words {
        Value::Array(words) => words.as_slice(),
        word => std::slice::from_ref(word),
    };
    let behaviour: Option<Behaviour> =
        words.iter().map(|word| word.as_str()?.parse::<Misbehaviour>().ok()).collect();
    behaviour.ok_or_else(|| {
        let known = Misbehaviour::ALL.map(|(_, word, _)| word).join(", ");
        let message = format!("`{PARAM}` must be one of these words or a list of them: {known}.");
        ApiError::invalid(PARAM, message)
    })
}

/// The prompt that is sent to the vendor: one among its options beats the other.
fn prompt(request: &mut Map<String, Value>) -> Option<&mut String> {
    let is_option = request.get("metadata").and_then(|it| it.get("prompt")).is_some();
    let options = if is_option { request.get_mut("metadata")?.as_object_mut()? } else { request };
    match options.get_mut("prompt")? {
        Value::String(prompt) => Some(prompt),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_for_a_simulated_vendor_go_behind_the_prompt_that_it_is_sent() {
        let request = |prompt: &str, metadata: Value| json!({ "model": "viduq1", "prompt": prompt, "metadata": metadata });
        let rows = [
            (
                request("x", json!({ "simulate": "busy", "seed": 7 })),
                request("x\u{2063}simulate=busy", json!({ "seed": 7 })),
                "a word",
            ),
            (
                request("x", json!({ "simulate": ["endless", "busy", "busy"] })),
                request("x\u{2063}simulate=busy,endless", json!({})),
                "a list",
            ),
            (
                request("x", json!({ "simulate": "busy", "prompt": "y" })),
                request("x", json!({ "prompt": "y\u{2063}simulate=busy" })),
                "the option is what is sent",
            ),
            (request("x", json!({ "simulate": [] })), request("x", json!({})), "no word"),
            (request(" ", json!({ "simulate": "busy" })), request(" ", json!({})), "no prompt"),
        ];
        for (asked, expected, reason) in rows {
            let body = rewrite(asked.to_string().as_bytes(), &[Vendor::Vidu]).unwrap().unwrap();
            assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), expected, "{reason}");
        }
    }

    #[test]
    fn what_is_not_for_a_simulated_vendor_stays_as_it_is() {
        let rows = [
            (json!({ "model": "kling-v3", "metadata": { "simulate": "lazy" } }), "a real vendor"),
            (json!({ "model": "sora", "metadata": { "simulate": "busy" } }), "no vendor"),
            (json!({ "model": "viduq1", "prompt": "x", "metadata": {} }), "nothing is asked for"),
            (json!({ "model": "viduq1", "simulate": "busy" }), "in the wrong place"),
            (json!({ "model": "viduq1", "metadata": "simulate" }), "no options"),
            (json!(["simulate"]), "no object"),
        ];
        for (asked, reason) in rows {
            assert_eq!(
                rewrite(asked.to_string().as_bytes(), &[Vendor::Vidu]),
                Ok(None),
                "{reason}"
            );
        }
        assert_eq!(rewrite(b"{", &Vendor::ALL), Ok(None), "no JSON");
    }

    #[test]
    fn an_unknown_word_is_refused_with_the_known_ones() {
        for words in
            [json!("lazy"), json!(""), json!(null), json!(["busy", "lazy"]), json!([["busy"]])]
        {
            let asked =
                json!({ "model": "viduq1", "prompt": "x", "metadata": { "simulate": words } });
            let error = rewrite(asked.to_string().as_bytes(), &Vendor::ALL).unwrap_err();
            assert_eq!(error.body.param.as_deref(), Some("metadata.simulate"), "{words}");
            assert!(error.body.message.contains("lost-callbacks, late-callbacks"), "{words}");
        }
    }
}
