//! The ids of accounts at vendors.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const LONGEST: usize = 32;

/// An account at a vendor, by the name that its operator gave it: small letters,
/// digits and underscores. A task keeps the id of the account that it was made with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct AccountId(String);

impl AccountId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The one account of a vendor that has only one.
impl Default for AccountId {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl TryFrom<String> for AccountId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        if (1..=LONGEST).contains(&text.len()) && text.bytes().all(fits) {
            return Ok(Self(text));
        }
        Err("an account's id is 1 to 32 small letters, digits and underscores")
    }
}

impl FromStr for AccountId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_plain() {
        for text in ["default", "a", "eu_2", &"a".repeat(LONGEST)] {
            let id: AccountId = text.parse().expect(text);
            assert_eq!((id.as_str(), id.to_string().as_str()), (text, text));
        }
        for text in ["", "A", "a-b", "a b", "ä", &"a".repeat(LONGEST + 1)] {
            assert!(text.parse::<AccountId>().is_err(), "{text}");
            assert!(serde_json::from_value::<AccountId>(text.into()).is_err(), "{text}");
        }
        assert_eq!(AccountId::default().as_str(), "default");
    }
}
