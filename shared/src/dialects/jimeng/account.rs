//! The account: two keys that sign every request.

use serde::Deserialize;

use super::signature::Keys;
use crate::crypto::Secret;
use crate::dialects::address::BaseUrl;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    /// Not only where requests are sent, but also what they are signed for, path and all.
    #[serde(default = "default_base_url")]
    pub(super) base_url: BaseUrl,
    access_key: Secret,
    secret_key: Secret,
    /// Comes with temporary keys.
    session_token: Option<Secret>,
}

fn default_base_url() -> BaseUrl {
    let address = "https://visual.volcengineapi.com".to_owned();
    BaseUrl::try_from(address).expect("a valid address")
}

impl Account {
    pub(super) fn keys(&self) -> Keys<'_> {
        Keys {
            access_key: self.access_key.reveal(),
            secret_key: self.secret_key.reveal(),
            session_token: self.session_token.as_ref().map(Secret::reveal),
        }
    }
}
