//! The account, and the two ways to prove it: <https://kling.ai/document-api/api/get-started/authentication>.
//!
//! An API key opens everything. A pair of access key and secret key opens the
//! old design only, with a token (a JWT) that is signed anew for each request.

use crate::crypto::{Secret, WebhookSecret};
use crate::dialects::address::BaseUrl;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::hmac;
use serde::{Deserialize, Serialize};

const TOKEN_LIFETIME: i64 = 1800;
/// Kling's clock may be this far behind ours.
const CLOCK_SKEW: i64 = 5;

#[derive(Debug, Deserialize)]
#[serde(try_from = "Written")]
pub(super) struct Account {
    pub(super) base_url: BaseUrl,
    pub(super) credentials: Credentials,
    /// From Kling's console; with it every callback has to be signed.
    pub(super) webhook_secret: Option<WebhookSecret>,
}

#[derive(Debug)]
pub(super) enum Credentials {
    ApiKey(Secret),
    KeyPair { access_key: Secret, secret_key: SecretKey },
}

/// An account as an operator writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// `https://api-beijing.klingai.com` in China; relays put a path behind theirs.
    #[serde(default = "default_base_url")]
    base_url: BaseUrl,
    api_key: Option<Secret>,
    access_key: Option<Secret>,
    secret_key: Option<SecretKey>,
    webhook_secret: Option<WebhookSecret>,
}

fn default_base_url() -> BaseUrl {
    let address = "https://api-singapore.klingai.com".to_owned();
    BaseUrl::try_from(address).expect("a valid address")
}

impl TryFrom<Written> for Account {
    type Error = &'static str;

    /// One kind of credentials has to be given, and that one whole.
    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let Written { base_url, api_key, access_key, secret_key, webhook_secret } = written;
        let credentials = match (api_key, access_key, secret_key) {
            (Some(api_key), None, None) => Credentials::ApiKey(api_key),
            (None, Some(access_key), Some(secret_key)) => {
                Credentials::KeyPair { access_key, secret_key }
            }
            (Some(_), _, _) => {
                return Err("give either api_key or access_key with secret_key, not both");
            }
            (None, Some(_), None) => return Err("access_key needs secret_key beside it"),
            (None, None, Some(_)) => return Err("secret_key needs access_key beside it"),
            (None, None, None) => {
                return Err("api_key, or access_key with secret_key, is missing");
            }
        };
        Ok(Self { base_url, credentials, webhook_secret })
    }
}

impl Credentials {
    /// The text behind `Bearer`.
    pub(super) fn token(&self, now: Timestamp) -> String {
        match self {
            Self::ApiKey(api_key) => api_key.reveal().to_owned(),
            Self::KeyPair { access_key, secret_key } => {
                secret_key.sign(&Claims::new(access_key.reveal(), now))
            }
        }
    }
}

/// The key that signs tokens. Unlike the others it fits into no header, so it may hold anything.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct SecretKey(hmac::Key);

impl TryFrom<String> for SecretKey {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.is_empty() {
            return Err("secret_key is empty");
        }
        // The bytes as they are: it looks like base64, but is not decoded.
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes())))
    }
}

impl SecretKey {
    fn sign(&self, claims: &Claims<'_>) -> String {
        let part = |json: serde_json::Result<String>| {
            URL_SAFE_NO_PAD.encode(json.expect("the parts of a token have string keys only"))
        };
        let header = part(serde_json::to_string(&Header { alg: "HS256", typ: "JWT" }));
        let claims = part(serde_json::to_string(claims));
        let signed = format!("{header}.{claims}");
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

#[derive(Serialize)]
struct Header {
    alg: &'static str,
    typ: &'static str,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    exp: i64,
    nbf: i64,
}

impl<'a> Claims<'a> {
    fn new(access_key: &'a str, now: Timestamp) -> Self {
        let now = now.as_second();
        Self { iss: access_key, exp: now + TOKEN_LIFETIME, nbf: now - CLOCK_SKEW }
    }
}
