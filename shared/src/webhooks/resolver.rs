//! Looking up the hosts of clients' webhooks, and refusing those of private networks.
//!
//! A name that was public when its task was made may lead anywhere by now, so it
//! is judged where it is looked up, and what was judged is what is connected to.
//! Addresses that are written as such never come here: `webhook` judges them.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;

use super::address::is_public_address;

/// The system's resolver, restricted to the public internet.
pub(super) struct PublicHosts;

/// A name leads out of the public internet.
#[derive(Debug)]
pub(super) struct NotPublic;

impl Resolve for PublicHosts {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // The port is the address's own; reqwest puts it in.
            let found = lookup_host((name.as_str(), 0)).await?;
            let judged: Addrs = Box::new(judge(found)?.into_iter());
            Ok(judged)
        })
    }
}

/// All or nothing: one private address among public ones is an attempt at something.
fn judge(found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, NotPublic> {
    found.map(|found| is_public_address(found.ip()).then_some(found).ok_or(NotPublic)).collect()
}

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name leads to an address that is not public")
    }
}

impl Error for NotPublic {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_as_good_as_the_worst_of_its_addresses() {
        let rows: &[(&[&str], bool, &str)] = &[
            (&["93.184.216.34"], true, "a public address"),
            (&["93.184.216.34", "2606:2800:220:1::1"], true, "one of each family"),
            (&["127.0.0.1"], false, "loopback"),
            (&["::1"], false, "loopback"),
            (&["169.254.169.254"], false, "the metadata of an instance"),
            (&["fd00:ec2::254"], false, "the same by IPv6"),
            (&["10.0.0.5"], false, "private"),
            (&["100.64.0.1"], false, "carrier-grade NAT"),
            (&["::ffff:10.0.0.5"], false, "mapped"),
            (&["64:ff9b::a00:5"], false, "behind NAT64"),
            (&["2002:a00:5::1"], false, "in 6to4"),
            (&["2001:0:a00:5::1"], false, "in Teredo"),
            (&["93.184.216.34", "127.0.0.1"], false, "the second is private"),
            (&["127.0.0.1", "93.184.216.34"], false, "the first is private"),
        ];
        for (found, public, reason) in rows {
            let found = found.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0));
            let found: Vec<_> = found.collect();
            let judged = judge(found.iter().copied());
            assert_eq!(judged.is_ok(), *public, "{reason}");
            if let Ok(judged) = judged {
                assert_eq!(judged, found, "{reason}");
            }
        }
    }
}
