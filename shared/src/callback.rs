//! The addresses that vendors call, each with a token that only we can make.
//!
//! Nothing is stored: a token is the task's id and a keyed hash over it. It has
//! no query string, because vendors disagree about how to sign one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

use crate::task::TaskId;
use crate::vendor::Vendor;

/// 128 bits are beyond guessing, and keep the address short.
const TAG_BYTES: usize = 16;

#[derive(Debug)]
pub struct Callbacks {
    key: hmac::Key,
    /// The public address of this gateway, without a slash at its end.
    base: url::Url,
}

impl Callbacks {
    pub fn new(secret: &str, public_url: url::Url) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), base: public_url }
    }

    /// The address that a vendor is given for a task.
    pub fn url(&self, vendor: Vendor, task: &TaskId) -> String {
        let base = self.base.as_str().trim_end_matches('/');
        format!("{base}{}", route(vendor, &self.token(vendor, task)))
    }

    /// The path of that address, as a vendor signs it: it may be longer than
    /// the one a function sees, when a proxy in front takes part of it away.
    pub fn path(&self, vendor: Vendor, task: &TaskId) -> String {
        let base = self.base.path().trim_end_matches('/');
        format!("{base}{}", route(vendor, &self.token(vendor, task)))
    }

    /// The task that a token names, if we made it.
    pub fn read(&self, vendor: Vendor, token: &str) -> Option<TaskId> {
        let (id, tag) = token.split_once('-')?;
        let id: TaskId = id.parse().ok()?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        // Equal in constant time: the hash of both, under our key.
        let expected = self.tag(vendor, &id);
        let tags_match = tag.len() == TAG_BYTES
            && hmac::verify(&self.key, &tag, hmac::sign(&self.key, &expected).as_ref()).is_ok();
        tags_match.then_some(id)
    }

    fn token(&self, vendor: Vendor, task: &TaskId) -> String {
        format!("{task}-{}", URL_SAFE_NO_PAD.encode(self.tag(vendor, task)))
    }

    fn tag(&self, vendor: Vendor, task: &TaskId) -> [u8; TAG_BYTES] {
        let tag = hmac::sign(&self.key, format!("callback/{vendor}/{task}").as_bytes());
        let mut short = [0; TAG_BYTES];
        short.copy_from_slice(&tag.as_ref()[..TAG_BYTES]);
        short
    }
}

fn route(vendor: Vendor, token: &str) -> String {
    format!("/v1/callbacks/{vendor}/{token}")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn callbacks(secret: &str) -> Callbacks {
        Callbacks::new(secret, "https://gw.example/prod/".parse().unwrap())
    }

    #[test]
    fn a_token_names_its_task_and_nobody_else_can_make_one() {
        let task = TaskId::new(Timestamp::UNIX_EPOCH, &[7; 10]);
        let ours = callbacks("secret");
        let url = ours.url(Vendor::Vidu, &task);
        let (base, token) = url.rsplit_once('/').unwrap();
        assert_eq!(base, "https://gw.example/prod/v1/callbacks/vidu");
        assert_eq!(ours.path(Vendor::Vidu, &task), format!("/prod/v1/callbacks/vidu/{token}"));
        assert_eq!(ours.read(Vendor::Vidu, token), Some(task.clone()));

        assert_eq!(callbacks("other").read(Vendor::Vidu, token), None, "another gateway's");
        let (id, tag) = token.split_once('-').unwrap();
        let other = TaskId::new(Timestamp::UNIX_EPOCH, &[8; 10]);
        for forged in [
            format!("{other}-{tag}"),
            format!("{id}-{}", &tag[1..]),
            format!("{id}-{tag}A"),
            format!("{id}-"),
            format!("{id}{tag}"),
            id.to_owned(),
            String::new(),
        ] {
            assert_eq!(ours.read(Vendor::Vidu, &forged), None, "{forged}");
        }
    }
}
