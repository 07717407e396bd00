//! How others are called over HTTP: vendors, clients' webhooks, and AWS.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Who is trusted to say who others are. Mozilla's list is part of the binary, so
/// that nothing is read or parsed at a cold start; it has those whom AWS and the
/// vendors are certified by.
#[derive(Clone, Debug)]
pub struct Roots(RootCertStore);

impl Default for Roots {
    fn default() -> Self {
        Self(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect())
    }
}

impl Roots {
    /// The authorities of a PEM file, and no others.
    pub fn read(pem: &[u8]) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(pem) {
            let root = root.map_err(|error| error.to_string())?;
            roots.add(root).map_err(|error| error.to_string())?;
        }
        if roots.is_empty() { Err("it has no certificate".to_owned()) } else { Ok(Self(roots)) }
    }
}

/// A client that goes where it is sent and nowhere else, with what its use adds.
pub fn http_client(
    roots: Roots,
    configure: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> reqwest::Client {
    prepared_client(tls(roots), configure)
}

/// How TLS is spoken with those whom somebody trusted vouches for. Preparing it takes a
/// while, and a copy takes none.
pub(super) fn tls(Roots(roots): Roots) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports the default versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// A client whose TLS is prepared already.
pub(super) fn prepared_client(
    tls: ClientConfig,
    configure: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> reqwest::Client {
    configure(reqwest::Client::builder())
        .tls_backend_preconfigured(tls)
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        // reqwest would look for one in the environment.
        .no_proxy()
        .user_agent(concat!("filmgate/", env!("CARGO_PKG_VERSION")))
        .build()
        .expect("a prepared TLS configuration makes a client")
}
