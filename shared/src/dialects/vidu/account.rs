//! The account: one key, for requests and under callbacks.

use crate::crypto::Secret;
use crate::dialects::address::BaseUrl;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    /// `https://api.vidu.cn` in China; relays put a path behind theirs.
    #[serde(default = "default_base_url")]
    pub(super) base_url: BaseUrl,
    pub(super) api_key: Secret,
}

fn default_base_url() -> BaseUrl {
    let address = "https://api.vidu.com".to_owned();
    BaseUrl::try_from(address).expect("a valid address")
}
