//! Volcengine's request signature, version 4: <https://www.volcengine.com/docs/6369/67269>.
//!
//! The `SignedHeaders` say what is signed; ours are those of the vendor's Python
//! SDK, sorted. Signed is what goes over the wire: an address is spelled and its
//! default port dropped as the HTTP client does it.

use bytes::Bytes;
use http::{Method, Request, header};
use jiff::Timestamp;
use ring::hmac;
use url::{Position, Url};

use crate::crypto::digest::{hex, sha256};

/// The only region and service that there are.
const REGION: &str = "cn-north-1";
const SERVICE: &str = "cv";
/// Without a charset: the value must be the same, signed and sent.
const CONTENT_TYPE: &str = "application/json";

/// The keys that a request is signed with.
#[derive(Clone, Copy)]
pub(super) struct Keys<'a> {
    pub(super) access_key: &'a str,
    pub(super) secret_key: &'a str,
    /// Comes with temporary keys.
    pub(super) session_token: Option<&'a str>,
}

/// A POST of this body, ready to be sent.
pub(super) fn signed_post(
    url: &Url,
    body: Bytes,
    keys: Keys<'_>,
    now: Timestamp,
) -> Request<Bytes> {
    let call = Call::new(url, &body, keys.session_token, now);
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(url.as_str())
        .header(header::AUTHORIZATION, call.authorization(keys));
    for (name, value) in call.headers {
        request = request.header(name, value);
    }
    request
        .body(body)
        .expect("the keys were checked to fit a header, and so does every part of an address")
}

/// A call as it is signed.
pub(super) struct Call<'a> {
    url: &'a Url,
    /// By their names, in the alphabet's order.
    headers: Vec<(&'static str, String)>,
    body_hash: String,
    /// `20250714T083015Z`
    date: String,
}

impl<'a> Call<'a> {
    pub(super) fn new(
        url: &'a Url,
        body: &[u8],
        session_token: Option<&str>,
        now: Timestamp,
    ) -> Self {
        let body_hash = sha256(body);
        let date = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let mut headers = vec![
            ("content-type", CONTENT_TYPE.to_owned()),
            ("host", url[Position::BeforeHost..Position::AfterPort].to_owned()),
            ("x-content-sha256", body_hash.clone()),
            ("x-date", date.clone()),
        ];
        headers.extend(session_token.map(|token| ("x-security-token", token.to_owned())));
        Self { url, headers, body_hash, date }
    }

    pub(super) fn authorization(&self, keys: Keys<'_>) -> String {
        let (access_key, scope, names) = (keys.access_key, self.scope(), self.signed_headers());
        let signature = hex(self.signature(keys.secret_key).as_ref());
        format!(
            "HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
    }

    /// The secret is the key as it is written; that it looks like base64 means nothing.
    fn signature(&self, secret_key: &str) -> hmac::Tag {
        let sign = |key: &[u8], text: &str| {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
        };
        let key = sign(secret_key.as_bytes(), self.day());
        let key = sign(key.as_ref(), REGION);
        let key = sign(key.as_ref(), SERVICE);
        let key = sign(key.as_ref(), "request");
        sign(key.as_ref(), &self.string_to_sign())
    }

    pub(super) fn string_to_sign(&self) -> String {
        let (date, scope) = (&self.date, self.scope());
        let request = sha256(self.canonical_request().as_bytes());
        format!("HMAC-SHA256\n{date}\n{scope}\n{request}")
    }

    /// The query is ours and needs neither sorting nor encoding.
    pub(super) fn canonical_request(&self) -> String {
        let (path, query) = (self.url.path(), self.url.query().unwrap_or_default());
        let mut request = format!("POST\n{path}\n{query}\n");
        for (name, value) in &self.headers {
            request.push_str(&format!("{name}:{value}\n"));
        }
        request.push_str(&format!("\n{}\n{}", self.signed_headers(), self.body_hash));
        request
    }

    fn signed_headers(&self) -> String {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| *name).collect();
        names.join(";")
    }

    fn scope(&self) -> String {
        format!("{}/{REGION}/{SERVICE}/request", self.day())
    }

    fn day(&self) -> &str {
        self.date.split('T').next().unwrap_or_default()
    }
}
