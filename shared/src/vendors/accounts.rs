//! The operator's accounts with the vendors, as their secret holds them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::dialects::{self, Dialect};
use crate::task::Vendor;

pub(super) struct Accounts(BTreeMap<Vendor, Account>);

struct Account {
    /// As the operator wrote it, to tell whether it changed.
    written: Value,
    dialect: Arc<dyn Dialect>,
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
            Ok((vendor, Account { written, dialect }))
        });
        Ok(Self(read.collect::<Result<_, _>>()?))
    }

    /// The same, but what did not change is still the account that it was before.
    pub(super) fn keeping(mut self, before: &Self) -> Self {
        for (vendor, account) in &mut self.0 {
            if let Some(before) = before.0.get(vendor)
                && before.written == account.written
            {
                account.dialect = before.dialect.clone();
            }
        }
        self
    }

    pub(super) fn dialect(&self, vendor: Vendor) -> Option<Arc<dyn Dialect>> {
        Some(self.0.get(&vendor)?.dialect.clone())
    }
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
    fn an_account_that_did_not_change_is_still_the_same() {
        let before = Accounts::read(r#"{"vidu":{"api_key":"a"},"kling":{"api_key":"k"}}"#).unwrap();
        let after = r#"{"vidu":{"api_key":"b"},"kling":{"api_key":"k"},"jimeng":{"access_key":"j","secret_key":"j"}}"#;
        let after = Accounts::read(after).unwrap().keeping(&before);
        let is_same = |vendor| match (before.dialect(vendor), after.dialect(vendor)) {
            (Some(before), Some(after)) => Arc::ptr_eq(&before, &after),
            _ => false,
        };
        assert!(is_same(Vendor::Kling));
        assert!(!is_same(Vendor::Vidu), "it has another key");
        assert!(!is_same(Vendor::Jimeng) && after.dialect(Vendor::Jimeng).is_some(), "new");
    }
}
