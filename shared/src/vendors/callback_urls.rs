//! Callback URLs: the addresses that vendors call, each with a token that only we can make.
//!
//! Nothing is stored: a token is the task's id, its account's id and a keyed hash
//! over them. It has
//! no query string, because vendors disagree about how to sign one.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use ring::hmac;
use url::Url;

use crate::api::routes;
use crate::platform::SetupError;
use crate::platform::secrets::{Renewable, Stage, StoredSecret};
use crate::task::{AccountId, TaskId, Vendor};

/// 128 bits are beyond guessing, and keep the address short.
const TAG_BYTES: usize = 16;

/// Anybody can call with a token that is not ours.
const REREAD_PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// The maker of callback URLs, with the current secret.
#[derive(Debug)]
pub struct CallbackUrls {
    key: Renewable<TokenKey>,
    secret: StoredSecret,
    /// The public address of this gateway.
    base: Url,
}

/// The reader of the tokens in callback URLs. Tasks outlive secrets, so the secret before
/// the current one is good as well; and the current one may be newer than we know.
#[derive(Debug)]
pub struct CallbackTokens {
    /// Enough for nearly all of them.
    current: Renewable<TokenKey>,
    /// The current one and the one before, when a token does not fit the first.
    both: Renewable<Vec<TokenKey>>,
    secret: StoredSecret,
    base: Url,
}

/// The task that a callback URL was made for, and the account that it was given to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressee {
    pub task: TaskId,
    pub account: AccountId,
}

/// The key that tokens are made and checked with.
#[derive(Debug)]
pub struct TokenKey(hmac::Key);

impl CallbackUrls {
    pub fn open(secret: StoredSecret, public_url: Url) -> Self {
        Self { key: Renewable::new(None, REREAD_PAUSE), secret, base: public_url }
    }

    /// The key that URLs are made with; the secret is read when it is first needed.
    pub async fn key(&self) -> Result<Arc<TokenKey>, SetupError> {
        let read = async || Ok(TokenKey::new(&self.secret.current().await?));
        self.key.ready(read).await
    }

    /// The address that a vendor is given for a task.
    pub fn url(
        &self,
        key: &TokenKey,
        vendor: Vendor,
        account: &AccountId,
        task: &TaskId,
    ) -> String {
        callback_url(&self.base, key, vendor, account, task)
    }
}

/// The address that a vendor is given for a task, at a gateway with this public address.
pub fn callback_url(
    base: &Url,
    key: &TokenKey,
    vendor: Vendor,
    account: &AccountId,
    task: &TaskId,
) -> String {
    let base = base.as_str().trim_end_matches('/');
    format!("{base}{}", route(vendor, &key.token(vendor, account, task)))
}

impl CallbackTokens {
    pub fn open(secret: StoredSecret, public_url: Url) -> Self {
        let current = Renewable::new(None, REREAD_PAUSE);
        Self { current, both: Renewable::new(None, REREAD_PAUSE), secret, base: public_url }
    }

    /// The task and the account that a token names, if we made it.
    pub async fn read(
        &self,
        vendor: Vendor,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<Addressee>, SetupError> {
        let read_current = async || Ok(TokenKey::new(&self.secret.current().await?));
        if let Some(task) = self.current.ready(read_current).await?.read(vendor, token) {
            return Ok(Some(task));
        }
        let read = |keys: &Vec<TokenKey>| keys.iter().find_map(|key| key.read(vendor, token));
        let read_both = || read_keys(&self.secret);
        if let Some(task) = read(&*self.both.ready(read_both).await?) {
            return Ok(Some(task));
        }
        let suffices = |keys: &Vec<TokenKey>| read(keys).is_some();
        let keys = self.both.renewed(suffices, now, read_both).await;
        Ok(keys.and_then(|keys| read(&keys)))
    }

    /// The path of an address of ours, as a vendor signs it: it may be longer than
    /// the one a function sees, when a proxy in front takes part of it away.
    pub fn path(&self, vendor: Vendor, token: &str) -> String {
        let base = self.base.path().trim_end_matches('/');
        format!("{base}{}", route(vendor, token))
    }
}

impl TokenKey {
    pub fn new(secret: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))
    }

    /// The task and the account that a token names, if it was made with this key.
    pub fn read(&self, vendor: Vendor, token: &str) -> Option<Addressee> {
        let (task, rest) = token.split_once('-')?;
        let (account, tag) = rest.split_once('-')?;
        let (task, account) = (task.parse().ok()?, account.parse().ok()?);
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        // Equal in constant time: the hash of both, under our key.
        let expected = self.tag(vendor, &account, &task);
        let tags_match = tag.len() == TAG_BYTES
            && hmac::verify(&self.0, &tag, hmac::sign(&self.0, &expected).as_ref()).is_ok();
        tags_match.then_some(Addressee { task, account })
    }

    fn token(&self, vendor: Vendor, account: &AccountId, task: &TaskId) -> String {
        format!("{task}-{account}-{}", URL_SAFE_NO_PAD.encode(self.tag(vendor, account, task)))
    }

    fn tag(&self, vendor: Vendor, account: &AccountId, task: &TaskId) -> [u8; TAG_BYTES] {
        let tag = hmac::sign(&self.0, format!("callback/{vendor}/{account}/{task}").as_bytes());
        let mut short = [0; TAG_BYTES];
        short.copy_from_slice(&tag.as_ref()[..TAG_BYTES]);
        short
    }
}

/// The keys that a token may have been made with, the current one first.
async fn read_keys(secret: &StoredSecret) -> Result<Vec<TokenKey>, SetupError> {
    let (current, previous) = tokio::try_join!(secret.current(), secret.read(Stage::Previous))?;
    Ok([Some(current), previous].iter().flatten().map(|text| TokenKey::new(text)).collect())
}

fn route(vendor: Vendor, token: &str) -> String {
    routes::CALLBACK.replace("{vendor}", vendor.as_str()).replace("{token}", token)
}

#[cfg(test)]
mod tests {
    use aws_sdk_secretsmanager::config::BehaviorVersion;
    use aws_sdk_secretsmanager::{Client, Config};

    use super::*;

    /// A secret that is never read.
    fn unread() -> StoredSecret {
        let config = Config::builder().behavior_version(BehaviorVersion::latest()).build();
        StoredSecret::new(Client::from_conf(config), "callbacks".to_owned(), "CALLBACK_SECRET")
    }

    #[test]
    fn an_address_is_given_out_and_its_path_is_known_again() {
        let (task, account) = (TaskId::new(Timestamp::UNIX_EPOCH, &[7; 10]), AccountId::default());
        let key = TokenKey::new("secret");
        for public_url in ["https://gw.example/", "https://gw.example/prod", "http://[::1]:9/a/"] {
            let base: Url = public_url.parse().unwrap();
            let urls = CallbackUrls::open(unread(), base.clone());
            let url = urls.url(&key, Vendor::Kling, &account, &task);
            assert_eq!(url, callback_url(&base, &key, Vendor::Kling, &account, &task));
            let (_, token) = url.rsplit_once('/').unwrap();
            let path = CallbackTokens::open(unread(), base).path(Vendor::Kling, token);
            assert_eq!(path, url.parse::<Url>().unwrap().path());
        }
    }

    #[test]
    fn a_token_names_its_task_and_nobody_else_can_make_one() {
        let task = TaskId::new(Timestamp::UNIX_EPOCH, &[7; 10]);
        let account: AccountId = "second_one".parse().unwrap();
        let ours = TokenKey::new("secret");
        let public_url = "https://gw.example/prod/".parse().unwrap();
        let url = callback_url(&public_url, &ours, Vendor::Vidu, &account, &task);
        let (base, token) = url.rsplit_once('/').unwrap();
        assert_eq!(base, "https://gw.example/prod/v1/callbacks/vidu");
        let addressee = Addressee { task: task.clone(), account };
        assert_eq!(ours.read(Vendor::Vidu, token), Some(addressee));

        assert_eq!(ours.read(Vendor::Kling, token), None, "another vendor's");
        assert_eq!(TokenKey::new("other").read(Vendor::Vidu, token), None, "another gateway's");
        let (id, rest) = token.split_once('-').unwrap();
        let (_, tag) = rest.split_once('-').unwrap();
        let other = TaskId::new(Timestamp::UNIX_EPOCH, &[8; 10]);
        for forged in [
            format!("{other}-second_one-{tag}"),
            format!("{id}-default-{tag}"),
            format!("{id}-second_one-{}", &tag[1..]),
            format!("{id}-second_one-{tag}A"),
            format!("{id}-second_one-"),
            format!("{id}--{tag}"),
            format!("{id}-{tag}"),
            format!("{id}{tag}"),
            id.to_owned(),
            String::new(),
        ] {
            assert_eq!(ours.read(Vendor::Vidu, &forged), None, "{forged}");
        }
    }
}
