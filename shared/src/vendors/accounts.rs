//! The operator's accounts with the vendors, as their secret holds them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::crypto::digest::sha256;
use crate::dialects::{self, Dialect};
use crate::task::{AccountId, Vendor};

/// The accounts that are known, by vendor and id.
pub(super) struct Accounts(BTreeMap<(Vendor, AccountId), Account>);

/// An account at a vendor, and the dialect that speaks with it.
#[derive(Clone)]
pub struct Account {
    pub id: AccountId,
    pub vendor: Vendor,
    /// Tells its credentials from others, and nothing about them.
    pub credentials: Arc<str>,
    dialect: Arc<dyn Dialect>,
}

impl Account {
    pub fn dialect(&self) -> &dyn Dialect {
        &*self.dialect
    }

    /// Whether the same account has other credentials here.
    pub(super) fn differs(&self, other: &Self) -> bool {
        self.credentials != other.credentials
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({}/{})", self.vendor, self.id)
    }
}

/// What is wrong with the accounts, without a word of what is in them.
#[derive(Debug)]
pub struct AccountsError(String);

impl fmt::Display for AccountsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AccountsError {}

/// Checks accounts as a function will read them.
pub fn check_accounts(text: &str) -> Result<(), AccountsError> {
    Accounts::read(text).map(drop)
}

impl Accounts {
    /// Reads the accounts: `{"vidu":{"api_key":"…"}}`.
    pub(super) fn read(text: &str) -> Result<Self, AccountsError> {
        let accounts: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
            // serde_json would quote the text, which is full of keys.
            let (line, column) = (error.line(), error.column());
            AccountsError(format!(
                "the accounts are no JSON object of vendors (line {line}, column {column})"
            ))
        })?;
        let read = accounts.into_iter().map(|(name, written)| {
            let vendor: Vendor = name.parse().map_err(|()| {
                let known = Vendor::ALL.map(Vendor::as_str).join(", ");
                AccountsError(format!("the accounts name `{name}`; known vendors are {known}"))
            })?;
            let dialect = dialects::open(vendor, written.clone()).map_err(|error| {
                AccountsError(format!("the account of `{name}` {}", without_values(&error)))
            })?;
            let (id, credentials) = (AccountId::default(), tag(&written).into());
            Ok(((vendor, id.clone()), Account { id, vendor, credentials, dialect }))
        });
        Ok(Self(read.collect::<Result<_, _>>()?))
    }

    /// The account for a new task.
    pub(super) fn choose(&self, vendor: Vendor) -> Option<&Account> {
        self.of(vendor, &AccountId::default())
    }

    pub(super) fn of(&self, vendor: Vendor, id: &AccountId) -> Option<&Account> {
        self.0.get(&(vendor, id.clone()))
    }
}

/// The tag of an account as the operator wrote it, its address included: short, so that
/// it may stand beside each task, and long enough never to be another's by chance.
fn tag(written: &Value) -> String {
    let mut tag = sha256(written.to_string().as_bytes());
    tag.truncate(16);
    tag
}

/// What is wrong with an account. serde quotes the values that it does not
/// like, and these are keys, so its words are passed on only without one.
fn without_values(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let expected = message.split_once("expected ").map(|(_, expected)| expected);
    match expected {
        Some(expected) if message.starts_with("unknown field") => {
            format!(
                "has a member that is none of these: {}",
                expected.trim_start_matches("one of ")
            )
        }
        _ if message.starts_with("invalid ") => {
            "is not as it should be: an object whose members are texts".to_owned()
        }
        _ => format!("is not good: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_differs_only_where_its_credentials_do() {
        let before = Accounts::read(r#"{"vidu":{"api_key":"a"},"kling":{"api_key":"k"}}"#).unwrap();
        let after = r#"{"vidu":{"api_key":"b"},"kling":{ "api_key":"k" },"jimeng":{"access_key":"j","secret_key":"j"}}"#;
        let after = Accounts::read(after).unwrap();
        let differs = |vendor| Some(after.choose(vendor)?.differs(before.choose(vendor)?));
        assert_eq!(differs(Vendor::Kling), Some(false));
        assert_eq!(differs(Vendor::Vidu), Some(true), "it has another key");
        assert!(before.choose(Vendor::Jimeng).is_none() && after.choose(Vendor::Jimeng).is_some());
        let other = "second".parse().unwrap();
        assert!(after.of(Vendor::Vidu, &other).is_none(), "there is one account");
    }
}
