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
pub use self::submissions::{AskedInVain, Record, VendorTask};
use crate::clock::Clock;
use crate::server::Listener;

/// The keys of one account at each of the simulated vendors.
struct Keys {
    /// Kling's, in both of its designs.
    kling: &'static str,
    /// The secret under Kling's callbacks.
    kling_webhook: &'static str,
    vidu: &'static str,
    jimeng: [&'static str; 2],
}

/// The accounts that there are at each vendor.
const KEYS: [Keys; 2] = [
    Keys {
        kling: "api-key-kling-simulated",
        kling_webhook: "whsec_c2ltdWxhdGVkLXdlYmhvb2stc2VjcmV0",
        vidu: "vda_simulated",
        jimeng: ["AKsimulated", "c2ltdWxhdGVk"],
    },
    Keys {
        kling: "api-key-kling-simulated-second",
        kling_webhook: "whsec_c2Vjb25kLXdlYmhvb2stc2VjcmV0",
        vidu: "vda_simulated_second",
        jimeng: ["AKsecond", "c2Vjb25k"],
    },
];

/// How many accounts there are at each vendor.
pub const ACCOUNTS: usize = KEYS.len();

/// An account at a simulated vendor, which knows no task of any other; dropping it stops it.
pub struct Simulator {
    vendor: Running,
    keys: &'static Keys,
}

enum Running {
    Jimeng(jimeng::Jimeng),
    Kling(kling::Kling),
    Vidu(vidu::Vidu),
}

impl Simulator {
    /// Starts the account of this number.
    pub async fn start(
        vendor: Vendor,
        number: usize,
        pace: Duration,
        ledger: Ledger,
        clock: Clock,
    ) -> io::Result<Self> {
        let keys = &KEYS[number];
        let vendor = match vendor {
            Vendor::Jimeng => {
                let [access_key, secret_key] = keys.jimeng.map(str::to_owned);
                let session_token = None;
                let settings =
                    jimeng::Settings { access_key, secret_key, session_token, pace, ledger, clock };
                Running::Jimeng(jimeng::start(settings).await?)
            }
            Vendor::Kling => {
                let credentials = kling::Credentials::ApiKey(keys.kling.to_owned());
                let webhook_secret = Some(keys.kling_webhook.to_owned());
                let settings = kling::Settings { credentials, webhook_secret, pace, ledger, clock };
                Running::Kling(kling::start(settings).await?)
            }
            Vendor::Vidu => {
                let (api_key, script) = (keys.vidu.to_owned(), None);
                let settings = vidu::Settings { api_key, pace, ledger, clock, script };
                Running::Vidu(vidu::start(settings).await?)
            }
        };
        Ok(Self { vendor, keys })
    }

    /// The submissions and what came of them, for those who check what the gateway says.
    pub fn records(&self) -> io::Result<Vec<Record>> {
        match &self.vendor {
            Running::Jimeng(jimeng) => jimeng.records(),
            Running::Kling(kling) => kling.records(),
            Running::Vidu(vidu) => vidu.records(),
        }
    }

    /// The questions about tasks that this account does not have, since it was started.
    pub fn asked_in_vain(&self) -> Vec<AskedInVain> {
        match &self.vendor {
            Running::Jimeng(jimeng) => jimeng.asked_in_vain(),
            Running::Kling(kling) => kling.asked_in_vain(),
            Running::Vidu(vidu) => vidu.asked_in_vain(),
        }
    }

    /// The account that the gateway calls it with.
    pub fn account(&self) -> Value {
        match &self.vendor {
            Running::Jimeng(jimeng) => {
                let [access_key, secret_key] = self.keys.jimeng;
                let base_url = jimeng.base_url();
                json!({ "base_url": base_url, "access_key": access_key, "secret_key": secret_key })
            }
            Running::Kling(kling) => json!({
                "base_url": kling.base_url(),
                "api_key": self.keys.kling,
                "webhook_secret": self.keys.kling_webhook,
            }),
            Running::Vidu(vidu) => vidu.account(),
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
