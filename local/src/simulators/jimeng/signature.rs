//! Checks who called: Volcengine's request signature, version 4.
//! What is signed is up to the caller, as with the vendor, whose own SDKs differ; the date and the
//! hash of the body must be among it.

use http::HeaderMap;
use http::request::Parts;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::digest::{SHA256, digest};
use ring::hmac::{HMAC_SHA256, Key, sign};
use url::form_urlencoded;

use super::answer::GatewayCode;

const ALGORITHM: &str = "HMAC-SHA256";
const DATE_FORMAT: &str = "%Y%m%dT%H%M%SZ";
const TOLERANCE: SignedDuration = SignedDuration::from_mins(15);

/// RFC 3986, 2.3: what stays as it is in a query.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) struct Keys {
    pub(super) access_key: String,
    pub(super) secret_key: String,
    pub(super) session_token: Option<String>,
}

/// The parts of `HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.
struct Authorization<'a> {
    access_key: &'a str,
    /// Day, region, service and `request`.
    scope: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

pub(super) fn verify(
    head: &Parts,
    body: &[u8],
    keys: &Keys,
    now: Timestamp,
) -> Result<(), GatewayCode> {
    let headers = &head.headers;
    let authorization =
        header(headers, "authorization").ok_or(GatewayCode::MissingAuthenticationToken)?;
    let authorization = Authorization::read(authorization)?;
    let date = header(headers, "x-date").ok_or(GatewayCode::MissingRequestInfo)?;
    check_date(date, now)?;
    if authorization.access_key != keys.access_key {
        return Err(GatewayCode::InvalidAccessKey);
    }
    let day = date.get(..8).unwrap_or_default();
    if authorization.scope != format!("{day}/cn-north-1/cv/request") {
        return Err(GatewayCode::InvalidCredential);
    }
    let token = header(headers, "x-security-token");
    if token != keys.session_token.as_deref() {
        return Err(GatewayCode::InvalidSecretToken);
    }

    let hash = hex(digest(&SHA256, body).as_ref());
    let is_signed = |name| authorization.signed_headers.split(';').any(|signed| signed == name);
    let is_bound = is_signed("x-date")
        && is_signed("x-content-sha256")
        && (token.is_none() || is_signed("x-security-token"));
    if !is_bound || header(headers, "x-content-sha256") != Some(&hash) {
        return Err(GatewayCode::SignatureDoesNotMatch);
    }
    let request = canonical_request(head, authorization.signed_headers, &hash)
        .ok_or(GatewayCode::SignatureDoesNotMatch)?;
    let expected = signature(&keys.secret_key, date, authorization.scope, &request);
    if authorization.signature != expected {
        return Err(GatewayCode::SignatureDoesNotMatch);
    }
    Ok(())
}

impl<'a> Authorization<'a> {
    fn read(header: &'a str) -> Result<Self, GatewayCode> {
        let parts = header
            .strip_prefix(ALGORITHM)
            .and_then(|rest| rest.strip_prefix(' '))
            .ok_or(GatewayCode::InvalidAuthorization)?;
        let part = |name| {
            let mut values = parts.split(',').filter_map(|part| part.trim().strip_prefix(name));
            values.next().filter(|value| !value.is_empty())
        };
        let (access_key, scope) = part("Credential=")
            .ok_or(GatewayCode::InvalidAuthorization)?
            .split_once('/')
            .ok_or(GatewayCode::InvalidCredential)?;
        let signed_headers = part("SignedHeaders=").ok_or(GatewayCode::InvalidAuthorization)?;
        let signature = part("Signature=").ok_or(GatewayCode::MissingSignature)?;
        Ok(Self { access_key, scope, signed_headers, signature })
    }
}

fn check_date(date: &str, now: Timestamp) -> Result<(), GatewayCode> {
    let date = DateTime::strptime(DATE_FORMAT, date)
        .and_then(|date| date.to_zoned(TimeZone::UTC))
        .map_err(|_| GatewayCode::InvalidTimestamp)?;
    if now.duration_since(date.timestamp()).abs() > TOLERANCE {
        return Err(GatewayCode::InvalidTimestamp);
    }
    Ok(())
}

/// The headers stand in the order in which their names are given; none may be missing.
fn canonical_request(head: &Parts, signed_headers: &str, hash: &str) -> Option<String> {
    let query = canonical_query(head.uri.query().unwrap_or_default());
    let mut lines = vec![head.method.to_string(), head.uri.path().to_owned(), query];
    for name in signed_headers.split(';') {
        let value = header(&head.headers, name)?;
        lines.push(format!("{name}:{}", value.trim()));
    }
    lines.push(String::new());
    lines.push(signed_headers.to_owned());
    lines.push(hash.to_owned());
    Some(lines.join("\n"))
}

fn canonical_query(query: &str) -> String {
    let encode = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
    let mut pairs: Vec<_> = form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| (encode(&name), encode(&value)))
        .collect();
    pairs.sort();
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

pub(super) fn signature(secret_key: &str, date: &str, scope: &str, request: &str) -> String {
    let hash = hex(digest(&SHA256, request.as_bytes()).as_ref());
    let text = [ALGORITHM, date, scope, &hash].join("\n");
    let mut key = secret_key.as_bytes().to_vec();
    // Each part of the scope is signed with what came of the one before it.
    for part in scope.split('/').chain([text.as_str()]) {
        key = sign(&Key::new(HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec();
    }
    hex(&key)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests;
