//! The vendors of the local stack: each speaks its vendor's wire protocol over a real socket, and
//! is as strict as the vendor.
//! The simulators share no type with the gateway, so a misspelt field cannot agree with itself.

pub mod jimeng;
pub mod kling;
pub mod ledger;
pub mod misbehaviour;
pub mod prompt;
pub mod sample;
pub mod script;
pub mod simulate;
pub mod vidu;

mod bad_answer;
mod callbacks;
mod ids;
mod members;
#[cfg(test)]
mod replay;
mod submissions;
#[cfg(test)]
mod testing;
mod timeline;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use shared::task::Vendor;

use self::ledger::Ledger;
pub use self::submissions::{Record, VendorTask};
use crate::clock::Clock;
use crate::server::Listener;

/// The key that the simulated Kling takes, in both of its designs.
const KLING_KEY: &str = "api-key-kling-simulated";
/// The secret under the callbacks of the simulated Kling.
const KLING_WEBHOOK_SECRET: &str = "whsec_c2ltdWxhdGVkLXdlYmhvb2stc2VjcmV0";

/// The key that the simulated Vidu takes.
const VIDU_KEY: &str = "vda_simulated";

/// The keys that the simulated Jimeng takes.
const JIMENG_KEYS: [&str; 2] = ["AKsimulated", "c2ltdWxhdGVk"];

/// A simulated vendor at work; dropping it stops it.
pub enum Simulator {
    Jimeng(jimeng::Jimeng),
    Kling(kling::Kling),
    Vidu(vidu::Vidu),
}

impl Simulator {
    pub async fn start(
        vendor: Vendor,
        pace: Duration,
        ledger: Ledger,
        clock: Clock,
    ) -> io::Result<Self> {
        Ok(match vendor {
            Vendor::Jimeng => {
                let [access_key, secret_key] = JIMENG_KEYS.map(str::to_owned);
                let session_token = None;
                let settings =
                    jimeng::Settings { access_key, secret_key, session_token, pace, ledger, clock };
                Self::Jimeng(jimeng::start(settings).await?)
            }
            Vendor::Kling => {
                let credentials = kling::Credentials::ApiKey(KLING_KEY.to_owned());
                let webhook_secret = Some(KLING_WEBHOOK_SECRET.to_owned());
                let settings = kling::Settings { credentials, webhook_secret, pace, ledger, clock };
                Self::Kling(kling::start(settings).await?)
            }
            Vendor::Vidu => {
                let (api_key, script) = (VIDU_KEY.to_owned(), None);
                Self::Vidu(
                    vidu::start(vidu::Settings { api_key, pace, ledger, clock, script }).await?,
                )
            }
        })
    }

    /// The submissions and what came of them, for those who check what the gateway says.
    pub fn records(&self) -> io::Result<Vec<Record>> {
        match self {
            Self::Jimeng(jimeng) => jimeng.records(),
            Self::Kling(kling) => kling.records(),
            Self::Vidu(vidu) => vidu.records(),
        }
    }

    /// The account that the gateway calls it with.
    pub fn account(&self) -> Value {
        match self {
            Self::Jimeng(jimeng) => {
                let [access_key, secret_key] = JIMENG_KEYS;
                let base_url = jimeng.base_url();
                json!({ "base_url": base_url, "access_key": access_key, "secret_key": secret_key })
            }
            Self::Kling(kling) => json!({
                "base_url": kling.base_url(),
                "api_key": KLING_KEY,
                "webhook_secret": KLING_WEBHOOK_SECRET,
            }),
            Self::Vidu(vidu) => vidu.account(),
        }
    }
}

/// The address that a vendor had before, or a free one: links to videos outlive a restart.
async fn listen(vendor: Vendor, ledger: &Ledger) -> io::Result<Listener> {
    const PORTS: &str = "ports";
    let before: Option<u16> = ledger.get(PORTS, vendor.as_str())?;
    let listener = match Listener::bind(([127, 0, 0, 1], before.unwrap_or(0)).into()).await {
        Err(_) if before.is_some() => Listener::bind(([127, 0, 0, 1], 0).into()).await?,
        listener => listener?,
    };
    ledger.put(PORTS, vendor.as_str(), &listener.address().port())?;
    Ok(listener)
}

/// A client for this machine alone: it trusts no certificate, so an https address is out of its
/// reach, and no proxy comes between.
pub(crate) fn http_client() -> reqwest::Client {
    // reqwest asks for TLS even when no address needs it.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports the default versions")
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(redirect::Policy::none())
        .build()
        .expect("a prepared TLS configuration makes a client")
}
