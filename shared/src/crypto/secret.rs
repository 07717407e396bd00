//! A key or secret as a value that nobody prints by mistake.

use std::fmt;

use serde::Deserialize;

/// A key or secret: used, never printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Secret(String);

impl Secret {
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Secret {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("a key must be printable ASCII without spaces");
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_fits_a_header_and_is_never_printed() {
        let secret = Secret::try_from("sk-hidden".to_owned()).unwrap();
        assert_eq!((secret.reveal(), format!("{secret:?}").as_str()), ("sk-hidden", "Secret(…)"));
        for text in ["", "a b", "a\n", "ä"] {
            assert!(Secret::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
