//! Reads a JSON body member by member, and judges values as more than one vendor judges them.
//! What a vendor says of a bad one is the vendor's own: each makes its refusal of a [`Wrong`].

use axum::extract::rejection::BytesRejection;
use base64::Engine;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Uri};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The body of a request, as axum hands it over.
pub(super) type Body = Result<Bytes, BytesRejection>;

/// The body of a request that says that it is JSON; otherwise what is wrong with it.
pub(super) fn read_body(headers: &HeaderMap, body: Body) -> Result<Bytes, String> {
    if !is_json(headers) {
        return Err("content type is not JSON".to_owned());
    }
    body.map_err(|rejection| rejection.body_text())
}

pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    content_type.is_some_and(|value| value.starts_with(b"application/json"))
}

/// A JSON object that is emptied member by member: serde's own errors tell that a member has the
/// wrong type, but not which.
pub(super) struct Members {
    /// What stands before the name of a member in a message.
    within: &'static str,
    map: Map<String, Value>,
}

/// What is wrong with a body; a member by its name.
pub(super) enum Wrong {
    NoObject,
    Invalid(String),
    Unwanted(String),
}

impl Members {
    pub(super) fn read(body: &[u8]) -> Result<Self, Wrong> {
        let map = serde_json::from_slice(body).map_err(|_| Wrong::NoObject)?;
        Ok(Self::of("", map))
    }

    pub(super) fn of(within: &'static str, map: Map<String, Value>) -> Self {
        Self { within, map }
    }

    pub(super) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, Wrong> {
        let value = self.map.remove(name);
        let value = value.map(serde_json::from_value).transpose();
        value.map_err(|_| Wrong::Invalid(self.full_name(name)))
    }

    /// Takes a member that is not wanted everywhere; where it is not, it stays to be refused.
    pub(super) fn take_if<T: DeserializeOwned>(
        &mut self,
        wanted: bool,
        name: &str,
    ) -> Result<Option<T>, Wrong> {
        if wanted { self.take(name) } else { Ok(None) }
    }

    /// A member that is an object, to be emptied likewise; an absent one is empty.
    pub(super) fn take_members(&mut self, name: &str, within: &'static str) -> Result<Self, Wrong> {
        Ok(Self::of(within, self.take(name)?.unwrap_or_default()))
    }

    pub(super) fn refuse_the_rest(&self) -> Result<(), Wrong> {
        match self.map.keys().next() {
            Some(name) => Err(Wrong::Unwanted(self.full_name(name))),
            None => Ok(()),
        }
    }

    fn full_name(&self, name: &str) -> String {
        format!("{}{name}", self.within)
    }
}

pub(super) fn is_web_address(text: &str) -> bool {
    text.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
    })
}

/// As Go's decoder does, this one overlooks bits behind the last byte.
pub(super) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    const BASE64: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    BASE64.decode(text).ok()
}

pub(super) fn is_png_or_jpeg(file: &[u8]) -> bool {
    file.starts_with(b"\x89PNG\r\n\x1a\n") || file.starts_with(b"\xff\xd8\xff")
}
