//! TLS before a server on this machine, with a certificate chain as long as those of AWS.

use std::error::Error;
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// A certificate authority that signs for `localhost`; the root's certificate is in a file as long as this lives.
pub(super) struct Authority {
    root: PathBuf,
    acceptor: TlsAcceptor,
}

/// A server before another one; dropping it closes it.
pub(super) struct Front {
    pub(super) url: String,
    _tasks: JoinSet<()>,
}

impl Authority {
    /// A root, one between, and the server's own, as AWS presents them.
    pub(super) fn new() -> Result<Self, Box<dyn Error>> {
        let root_key = KeyPair::generate()?;
        let root_parameters = authority("benchmark root")?;
        let root = root_parameters.self_signed(&root_key)?;
        let root_issuer = Issuer::new(root_parameters, root_key);
        let between_key = KeyPair::generate()?;
        let between_parameters = authority("benchmark intermediate")?;
        let between = between_parameters.signed_by(&between_key, &root_issuer)?;
        let key = KeyPair::generate()?;
        let own = CertificateParams::new(["localhost".to_owned()])?
            .signed_by(&key, &Issuer::new(between_parameters, between_key))?;

        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![own.der().clone(), between.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der())?,
            )?;
        let file = format!("filmgate-bench-{}.pem", std::process::id());
        let file = std::env::temp_dir().join(file);
        std::fs::write(&file, root.pem())?;
        Ok(Self { root: file, acceptor: Arc::new(config).into() })
    }

    /// The file with the certificate to trust.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        // One file of some hundred bytes that is left behind harms nobody.
        drop(std::fs::remove_file(&self.root));
    }
}

fn authority(name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    Ok(parameters)
}

impl Front {
    /// A front of an address that begins with `http://`; with no authority, without TLS.
    pub(super) async fn start(url: &str, authority: Option<&Authority>) -> io::Result<Self> {
        let server = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let acceptor = authority.map(|authority| authority.acceptor.clone());
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (server, acceptor) = (server.clone(), acceptor.clone());
                connections.spawn(async move {
                    // A side that hangs up is a process that was ended.
                    drop(pass(client, &server, acceptor).await);
                });
            }
        });
        Ok(Self { url: format!("{scheme}://localhost:{port}"), _tasks: tasks })
    }
}

async fn pass(
    mut client: TcpStream,
    server: &str,
    acceptor: Option<TlsAcceptor>,
) -> io::Result<(u64, u64)> {
    client.set_nodelay(true)?;
    let mut server = TcpStream::connect(server).await?;
    server.set_nodelay(true)?;
    match acceptor {
        None => copy_bidirectional(&mut client, &mut server).await,
        Some(acceptor) => {
            copy_bidirectional(&mut acceptor.accept(client).await?, &mut server).await
        }
    }
}
