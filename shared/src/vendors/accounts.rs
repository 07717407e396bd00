//! The operator's accounts with the vendors, as their secret holds them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use http::Uri;
use serde_json::{Map, Value};

use crate::crypto::digest::sha256;
use crate::dialects::{self, Dialect};
use crate::task::{AccountId, Vendor};

/// The accounts of a secret, each read by itself: a slip in one breaks no other vendor.
pub(super) struct Accounts {
    good: BTreeMap<(Vendor, AccountId), Account>,
    /// What is wrong with the rest.
    bad: Vec<BadAccount>,
}

/// What a secret has under a name and cannot be used.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct BadAccount {
    /// None for a name that no known vendor has.
    pub(super) vendor: Option<Vendor>,
    pub(super) why: String,
}

/// An account at a vendor, and the dialect that speaks with it.
#[derive(Clone)]
pub struct Account {
    pub id: AccountId,
    pub vendor: Vendor,
    /// As the operator wrote it, to tell whether it changed.
    written: Arc<Value>,
    /// Tells its credentials from others, and nothing about them.
    pub credentials: Arc<str>,
    dialect: Arc<dyn Dialect>,
}

impl Account {
    pub fn dialect(&self) -> &dyn Dialect {
        &*self.dialect
    }

    /// The path of a request as the vendor documents it, without what the operator's own
    /// address may have before it.
    pub fn documented_path<'a>(&self, uri: &'a Uri) -> &'a str {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let base = self.written.get("base_url").and_then(Value::as_str);
        let base = base.and_then(|base| base.parse::<Uri>().ok());
        let before = base.as_ref().map_or("", |base| base.path().trim_end_matches('/'));
        path.strip_prefix(before).unwrap_or(path)
    }

    /// Whether the same account has other credentials here.
    pub(super) fn differs(&self, other: &Self) -> bool {
        self.written != other.written
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

/// Checks accounts as a function will read them, and refuses all when one is bad.
pub fn check_accounts(text: &str) -> Result<(), AccountsError> {
    match Accounts::read(text)?.bad.into_iter().next() {
        Some(bad) => Err(AccountsError(bad.why)),
        None => Ok(()),
    }
}

impl Accounts {
    /// Reads the accounts: `{"vidu":{"api_key":"…"}}`. An error when nothing can be made of
    /// the whole.
    pub(super) fn read(text: &str) -> Result<Self, AccountsError> {
        let accounts: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
            // serde_json would quote the text, which is full of keys.
            let (line, column) = (error.line(), error.column());
            AccountsError(format!(
                "the accounts are no JSON object of vendors (line {line}, column {column})"
            ))
        })?;
        let mut read = Self { good: BTreeMap::new(), bad: Vec::new() };
        for (name, written) in accounts {
            match read_account(&name, written) {
                Ok(account) => {
                    read.good.insert((account.vendor, account.id.clone()), account);
                }
                Err(bad) => read.bad.push(bad),
            }
        }
        Ok(read)
    }

    /// These accounts, and those of before in the place of what is bad now.
    pub(super) fn or_before(mut self, before: &Self) -> Self {
        for vendor in self.bad.iter().filter_map(|bad| bad.vendor) {
            let of_vendor = before.good.iter().filter(|(_, account)| account.vendor == vendor);
            self.good.extend(of_vendor.map(|(key, account)| (key.clone(), account.clone())));
        }
        self
    }

    pub(super) fn bad(&self) -> &[BadAccount] {
        &self.bad
    }

    /// Whether what a vendor has here cannot be used.
    pub(super) fn is_bad(&self, vendor: Vendor) -> bool {
        self.bad.iter().any(|bad| bad.vendor == Some(vendor))
    }

    /// The account for a new task.
    pub(super) fn choose(&self, vendor: Vendor) -> Option<&Account> {
        self.of(vendor, &AccountId::default())
    }

    /// The first account of a vendor's that fits.
    pub(super) fn find(&self, vendor: Vendor, fits: impl Fn(&Account) -> bool) -> Option<&Account> {
        self.good.values().find(|account| account.vendor == vendor && fits(account))
    }

    pub(super) fn of(&self, vendor: Vendor, id: &AccountId) -> Option<&Account> {
        self.good.get(&(vendor, id.clone()))
    }
}

/// The tag of an account's credentials as the operator wrote them, the address included: short,
/// so that it may stand beside each task, and long enough never to be another's by chance.
/// Secrets under callbacks say nothing about whose account it is.
fn tag(written: &Value) -> String {
    let mut asked_with = written.clone();
    if let Some(members) = asked_with.as_object_mut() {
        members.retain(|name, _| !name.starts_with("webhook"));
    }
    let mut tag = sha256(asked_with.to_string().as_bytes());
    tag.truncate(16);
    tag
}

fn read_account(name: &str, written: Value) -> Result<Account, BadAccount> {
    let vendor: Vendor = name.parse().map_err(|()| {
        let known = Vendor::ALL.map(Vendor::as_str).join(", ");
        let why = format!("the accounts name `{name}`; known vendors are {known}");
        BadAccount { vendor: None, why }
    })?;
    let dialect = dialects::open(vendor, written.clone()).map_err(|error| {
        let why = format!("the account of `{name}` {}", without_values(&error));
        BadAccount { vendor: Some(vendor), why }
    })?;
    let credentials = tag(&written).into();
    Ok(Account { id: AccountId::default(), vendor, written: written.into(), credentials, dialect })
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

    #[test]
    fn a_path_is_shown_without_what_the_operators_address_has_before_it() {
        for (base, asked) in [
            ("https://relay.example/secret/kling/", "https://relay.example/secret/kling/v1/a?b=c"),
            ("https://relay.example", "https://relay.example/v1/a?b=c"),
        ] {
            let text = serde_json::json!({ "kling": { "api_key": "k", "base_url": base } });
            let accounts = Accounts::read(&text.to_string()).unwrap();
            let account = accounts.choose(Vendor::Kling).unwrap();
            assert_eq!(account.documented_path(&asked.parse().unwrap()), "/v1/a?b=c", "{base}");
        }
    }

    #[test]
    fn a_bad_account_is_alone_in_being_bad() {
        const GOOD: &str = r#""vidu":{"api_key":"a"}"#;
        let rows = [
            (r#""kling":{"acces_key":"k"}"#, Some(Vendor::Kling), "a member is misspelt"),
            (r#""kling":{"api_key":["k"]}"#, Some(Vendor::Kling), "a member is no text"),
            (r#""kling":null"#, Some(Vendor::Kling), "it is nothing"),
            (r#""veo":{"api_key":"k"}"#, None, "there is no such vendor"),
        ];
        for (bad, vendor, reason) in rows {
            let text = format!("{{{bad},{GOOD}}}");
            let accounts = Accounts::read(&text).expect(reason);
            assert!(accounts.choose(Vendor::Vidu).is_some(), "{reason}");
            assert!(accounts.choose(Vendor::Kling).is_none(), "{reason}");
            assert_eq!(accounts.is_bad(Vendor::Kling), vendor.is_some(), "{reason}");
            assert!(!accounts.is_bad(Vendor::Vidu), "{reason}");
            let whys: Vec<_> = accounts.bad().iter().map(|bad| bad.why.as_str()).collect();
            assert_eq!(whys, [check_accounts(&text).expect_err(reason).to_string()], "{reason}");
        }
        assert!(check_accounts(&format!("{{{GOOD}}}")).is_ok());
        assert!(Accounts::read(r#"["vidu"]"#).is_err(), "nothing can be made of it");
    }

    #[test]
    fn what_was_good_before_stands_in_for_what_is_bad_now() {
        let read = |text| Accounts::read(text).unwrap();
        let before = read(r#"{"vidu":{"api_key":"a"},"kling":{"api_key":"k"}}"#);
        let after = read(r#"{"vidu":{"api_key":"b"},"kling":{"api_kye":"l"}}"#).or_before(&before);
        let differs = |vendor| Some(after.choose(vendor)?.differs(before.choose(vendor)?));
        assert_eq!(differs(Vendor::Kling), Some(false), "the one of before");
        assert_eq!(differs(Vendor::Vidu), Some(true), "the one of now");
        let gone = read(r#"{"vidu":{"api_key":"b"}}"#).or_before(&before);
        assert!(gone.choose(Vendor::Kling).is_none(), "what was taken away is gone");
    }
}
