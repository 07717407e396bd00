//! Who may come in: an API key everywhere, the token of a key pair in the old design only.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::hmac;
use serde::Deserialize;

use super::models::Design;
use super::refusal::{Code, Refusal};

pub enum Credentials {
    ApiKey(String),
    KeyPair { access_key: String, secret_key: String },
}

impl Credentials {
    /// Judges the value of an `Authorization` header.
    pub(super) fn admit(
        &self,
        header: Option<&[u8]>,
        design: Design,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let header = header
            .filter(|header| !header.is_empty())
            .ok_or_else(|| Refusal::new(Code::NoAuthorization, "Authorization is empty"))?;
        let token = header
            .strip_prefix(b"Bearer ")
            .and_then(|token| std::str::from_utf8(token).ok())
            .ok_or_else(|| invalid("Authorization is invalid"))?;
        match self {
            Self::ApiKey(api_key) if token == api_key => Ok(()),
            Self::ApiKey(_) => Err(invalid("api key not found")),
            Self::KeyPair { .. } if design == Design::New => {
                Err(invalid("AK/SK not supported by this API"))
            }
            Self::KeyPair { access_key, secret_key } => {
                check_token(token, access_key, secret_key, now.as_second())
            }
        }
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    exp: i64,
    nbf: i64,
}

/// A JWT, whose members may stand in any order. The clock is given no leeway.
fn check_token(token: &str, access_key: &str, secret_key: &str, now: i64) -> Result<(), Refusal> {
    let parts: Vec<_> = token.split('.').collect();
    let &[header, claims, signature] = parts.as_slice() else {
        return Err(invalid("token malformed: 3 parts expected"));
    };
    let is_hs256 = read::<Header>(header).is_some_and(|header| header.alg == "HS256");
    let signed = format!("{}.{}", parts[0], claims);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret_key.as_bytes());
    let holds = BASE64_URL_SAFE_NO_PAD
        .decode(signature)
        .is_ok_and(|signature| hmac::verify(&key, signed.as_bytes(), &signature).is_ok());
    if !is_hs256 || !holds {
        return Err(invalid("signature is invalid"));
    }
    let claims = read::<Claims>(claims).ok_or_else(|| invalid("claims are invalid"))?;
    if claims.iss != access_key {
        return Err(invalid("access key not found"));
    }
    if now < claims.nbf {
        return Err(Refusal::new(Code::NotYetValid, "Authorization is not yet valid"));
    }
    if now >= claims.exp {
        return Err(Refusal::new(Code::Expired, "Authorization has expired"));
    }
    Ok(())
}

fn read<T: for<'a> Deserialize<'a>>(part: &str) -> Option<T> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn invalid(message: &str) -> Refusal {
    Refusal::new(Code::InvalidAuthorization, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulators::replay::fixture;

    const ACCESS_KEY: &str = "AkDummyShared0001";

    /// Tokens made and judged by JWT libraries that are none of ours.
    #[test]
    fn a_token_is_judged_as_others_judge_it() {
        let fixture = fixture("kling", "jwt");
        for case in fixture["verification"]["cases"].as_array().unwrap() {
            let [token, secret_key] =
                ["token", "secret_key"].map(|name| case[name].as_str().unwrap());
            let now = case["now_unix"].as_i64().unwrap();
            let verdict = check_token(token, ACCESS_KEY, secret_key, now);
            let code = verdict.err().map(|refusal| refusal.code as u64);
            assert_eq!(code, case["vendor_body_code_when_rejected"].as_u64(), "{}", case["name"]);
            if code.is_none() {
                let verdict = check_token(token, "another", secret_key, now);
                assert_eq!(verdict, Err(invalid("access key not found")));
            }
        }
    }
}
