//! The page that shows the contract: one answer, with its script and style inside.
//!
//! Its policy allows exactly these two, by their hashes, and reading from the
//! server that it came from; nothing of the document is ever read as HTML.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lambda_http::http::{HeaderName, HeaderValue, header};
use lambda_http::{Body, Response};
use ring::digest;

const FRAME: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

#[derive(Debug)]
pub(crate) struct Page {
    html: String,
    policy: HeaderValue,
}

impl Page {
    pub(crate) fn new() -> Self {
        let policy = format!(
            "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            allowed(SCRIPT),
            allowed(STYLE),
        );
        Self {
            html: FRAME.replace("/*style*/", STYLE).replace("/*script*/", SCRIPT),
            policy: policy.try_into().expect("hashes in base64 are visible ASCII"),
        }
    }

    pub(crate) fn answer(&self) -> Response<Body> {
        let mut response = Response::new(Body::Text(self.html.clone()));
        let headers: [(HeaderName, HeaderValue); 4] = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (header::CONTENT_SECURITY_POLICY, self.policy.clone()),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        ];
        response.headers_mut().extend(headers);
        response
    }
}

/// What a policy calls the text of an element.
fn allowed(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    format!("'sha256-{}'", STANDARD.encode(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside<'a>(html: &'a str, open: &str, close: &str) -> &'a str {
        let (_, rest) = html.split_once(open).expect(open);
        rest.split_once(close).expect(close).0
    }

    #[test]
    fn the_policy_allows_what_the_page_holds_and_the_page_loads_nothing() {
        let page = Page::new();
        let policy = page.policy.to_str().unwrap();
        for (open, close) in [("<script>", "</script>"), ("<style>", "</style>")] {
            let text = inside(&page.html, open, close);
            assert!(policy.contains(&allowed(text)), "{open} is another one than the policy's");
            assert_eq!(page.html.matches(open).count(), 1, "{open}");
        }
        for (text, word, reason) in [
            (FRAME, "src=", "nothing is loaded by an element"),
            (FRAME, "style=", "the policy would not allow it"),
            (STYLE, "@import", "nothing is loaded by the style"),
            (STYLE, "url(", "likewise"),
            (SCRIPT, "innerHTML", "the document is text, whatever it says"),
            (SCRIPT, "import", "nothing is loaded by the script"),
        ] {
            assert!(!text.contains(word), "{word}: {reason}");
        }
    }
}
