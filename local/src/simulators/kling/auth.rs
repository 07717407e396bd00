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

    const ACCESS_KEY: &str = "AkDummyShared0001";
    const SECRET_KEY: &str = "SkDummyShared0001-not-a-real-secret";
    const ALG_FIRST: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
    const TYP_FIRST: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9";
    const CLAIMS: &str =
        "eyJpc3MiOiJBa0R1bW15U2hhcmVkMDAwMSIsImV4cCI6MTc1MjQ4MTgwMCwibmJmIjoxNzUyNDc5OTk1fQ";
    const SIGNATURE: &str = "IOveWDXT9CXhYXGhK_29O3-We00XaN0_J9WJ-sQLafY";

    /// Tokens made by JWT libraries that are none of ours.
    #[test]
    fn a_token_is_judged_as_others_judge_it() {
        let good = format!("{ALG_FIRST}.{CLAIMS}.{SIGNATURE}");
        let other_order =
            format!("{TYP_FIRST}.{CLAIMS}.OdyVW13MCIua6wYjWbMt_zHLpS4NmFEYL2s4tATBDx4");
        let without_exp = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJBa0R1bW15U2hhcmVkMDAwMSIsIm5iZiI6MTc1MjQ3OTk5NX0.E8JTQ5Kn-iQ40VcSOC3YxnWawX5QN3dGFbUmS8ejkS0";
        let (now, wrong) = (1_752_480_000, "SkDummyShared0001-not-a-real-secretx");
        let rows = [
            (good.as_str(), SECRET_KEY, now, None, "fresh"),
            (other_order.as_str(), SECRET_KEY, now, None, "members in another order"),
            (good.as_str(), SECRET_KEY, 1_752_479_995, None, "from this second on"),
            (good.as_str(), SECRET_KEY, 1_752_479_994, Some(1003), "not yet"),
            (good.as_str(), SECRET_KEY, 1_752_481_799, None, "the last second"),
            (good.as_str(), SECRET_KEY, 1_752_481_800, Some(1004), "too late"),
            (good.as_str(), SECRET_KEY, 1_752_487_200, Some(1004), "much too late"),
            (good.as_str(), wrong, now, Some(1002), "another secret"),
            (&good[..good.len() - 44], SECRET_KEY, now, Some(1002), "no signature"),
            ("not-a-jwt", SECRET_KEY, now, Some(1002), "no token"),
            (without_exp, SECRET_KEY, now, Some(1002), "a token for ever"),
        ];
        for (token, secret_key, now, code, reason) in rows {
            let verdict = check_token(token, ACCESS_KEY, secret_key, now);
            assert_eq!(verdict.err().map(|refusal| refusal.code as u16), code, "{reason}");
        }
        let verdict = check_token(&good, "another", SECRET_KEY, now);
        assert_eq!(verdict, Err(invalid("access key not found")));
    }

    #[test]
    fn a_header_is_judged_by_the_credentials_and_the_design() {
        let api_key = Credentials::ApiKey("key".to_owned());
        let pair = Credentials::KeyPair {
            access_key: ACCESS_KEY.to_owned(),
            secret_key: SECRET_KEY.to_owned(),
        };
        let token = format!("Bearer {ALG_FIRST}.{CLAIMS}.{SIGNATURE}");
        let rows = [
            (&api_key, Some("Bearer key"), Design::Old, None, "an API key opens the old design"),
            (&api_key, Some("Bearer key"), Design::New, None, "and the new one"),
            (&api_key, Some("Bearer other"), Design::New, Some(1002), "another's key"),
            (&api_key, Some("Token key"), Design::New, Some(1002), "another vendor's way"),
            (&api_key, Some("key"), Design::New, Some(1002), "the key alone"),
            (&api_key, Some(""), Design::New, Some(1001), "empty"),
            (&api_key, None, Design::New, Some(1001), "none at all"),
            (&pair, Some(token.as_str()), Design::Old, None, "a pair opens the old design"),
            (&pair, Some(token.as_str()), Design::New, Some(1002), "and nothing else"),
            (&pair, Some("Bearer key"), Design::Old, Some(1002), "no token"),
        ];
        let now = Timestamp::from_second(1_752_480_000).unwrap();
        for (credentials, header, design, code, reason) in rows {
            let verdict = credentials.admit(header.map(str::as_bytes), design, now);
            assert_eq!(verdict.err().map(|refusal| refusal.code as u16), code, "{reason}");
        }
    }
}
