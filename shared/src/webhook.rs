//! Which addresses a client may have us call.
//!
//! Only what can be told from the address itself; names are looked up, and
//! judged again, by whoever connects.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::api::ApiError;

/// Longer addresses have no use, and each task stores its own.
const LONGEST: usize = 2048;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookHosts {
    /// The deployed rule: https, and hosts of the public internet.
    Public,
    /// For the local stack: a client there lives on the same machine.
    Any,
}

impl WebhookHosts {
    /// Refuses an address by the field it came in.
    pub fn check(self, address: &str, param: &str) -> Result<(), ApiError> {
        self.objection(address).map_or(Ok(()), |objection| {
            Err(ApiError::invalid(param, format!("`{param}` {objection}.")))
        })
    }

    fn objection(self, address: &str) -> Option<&'static str> {
        let Ok(url) = Url::parse(address) else {
            return Some("is no valid URL");
        };
        if address.len() > LONGEST {
            return Some("is longer than 2048 bytes");
        }
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Some("must be an http(s) URL");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Some("must not hold a user or a password");
        }
        match self {
            Self::Any => None,
            Self::Public if url.scheme() != "https" => Some("must be https"),
            Self::Public if !is_usable(url.port().unwrap_or(443)) => {
                Some("must use port 443 or one from 1024 that is not Lambda's own")
            }
            Self::Public if !url.host().is_some_and(|host| is_public(&host)) => {
                Some("must name a host of the public internet")
            }
            Self::Public => None,
        }
    }
}

impl std::str::FromStr for WebhookHosts {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "public" => Ok(Self::Public),
            "any" => Ok(Self::Any),
            _ => Err("must be `public` or `any`"),
        }
    }
}

/// Mail, shells and the like have the low ports; Lambda's runtime and extensions
/// listen on 9001, 9002 and 2773.
fn is_usable(port: u16) -> bool {
    match port {
        443 => true,
        9001 | 9002 | 2773 => false,
        _ => port >= 1024,
    }
}

fn is_public(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => is_public_address(IpAddr::V4(*address)),
        Host::Ipv6(address) => is_public_address(IpAddr::V6(*address)),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            let private = ["localhost", "local", "internal", "lan", "home.arpa", "localdomain"];
            name.contains('.')
                && !private
                    .iter()
                    .any(|suffix| name == *suffix || name.ends_with(&format!(".{suffix}")))
        }
    }
}

/// Whether an address belongs to the public internet, in whatever disguise.
pub fn is_public_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This network, private, loopback, multicast and all beyond it.
        (0 | 10 | 127 | 224.., _, _) => true,
        // Carrier-grade NAT.
        (100, 64..=127, _) => true,
        (169, 254, _) | (192, 168, _) | (172, 16..=31, _) => true,
        // Protocol assignments, documentation, 6to4 relays, benchmarks.
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) => true,
        (198, 51, 100) | (203, 0, 113) => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Only 2000::/3 is routed; within it are tunnels and documentation. Mapped,
    // compatible, NAT64, local and multicast addresses are all outside.
    let documentation = (a == 0x2001 && b == 0xdb8) || (a == 0x3fff && b < 0x1000);
    let special = a == 0x2001 && b < 0x0200;
    let tunnel_6to4 = a == 0x2002;
    (0x2000..0x4000).contains(&a) && !documentation && !special && !tunnel_6to4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_https_hosts_are_called() {
        let rows = [
            ("https://hooks.example.com/film", true, "an ordinary one"),
            ("https://hooks.example.com:8443/film?id=1", true, "the other https port"),
            ("https://8.8.8.8/", true, "a public address"),
            ("https://[2606:4700::1111]/", true, "likewise"),
            ("http://hooks.example.com/", false, "not encrypted"),
            ("ftp://hooks.example.com/", false, "not HTTP"),
            ("hooks.example.com", false, "no URL"),
            ("https://u:p@hooks.example.com/", false, "user and password"),
            ("https://hooks.example.com:9001/", false, "the port of Lambda's runtime"),
            ("https://hooks.example.com:25/", false, "mail"),
            ("https://localhost/", false, "this machine"),
            ("https://x.localhost./", false, "this machine, with a dot"),
            ("https://intranet/", false, "a name without a dot"),
            ("https://db.internal/", false, "a private zone"),
            ("https://127.0.0.1/", false, "loopback"),
            ("https://2130706433/", false, "loopback as one number"),
            ("https://0x7f.1/", false, "loopback in hexadecimal"),
            ("https://0177.0.0.1/", false, "loopback in octal"),
            ("https://0.0.0.0/", false, "this network"),
            ("https://10.1.2.3/", false, "private"),
            ("https://172.31.0.1/", false, "private"),
            ("https://192.168.1.1/", false, "private"),
            ("https://169.254.169.254/", false, "the metadata of an instance"),
            ("https://100.64.0.1/", false, "carrier-grade NAT"),
            ("https://224.0.0.1/", false, "multicast"),
            ("https://255.255.255.255/", false, "broadcast"),
            ("https://[::1]/", false, "loopback"),
            ("https://[::]/", false, "unspecified"),
            ("https://[::ffff:10.0.0.1]/", false, "a mapped address"),
            ("https://[64:ff9b::a00:1]/", false, "an address behind NAT64"),
            ("https://[2002:a00:1::]/", false, "an address in 6to4"),
            ("https://[2001:0:a00:1::]/", false, "an address in Teredo"),
            ("https://[fe80::1]/", false, "link-local"),
            ("https://[fd00:ec2::254]/", false, "unique local"),
            ("https://[ff02::1]/", false, "multicast"),
        ];
        for (address, fine, reason) in rows {
            let result = WebhookHosts::Public.check(address, "metadata.callback_url");
            assert_eq!(result.is_ok(), fine, "{address}: {reason}");
            if let Err(error) = result {
                assert_eq!(error.body.param.as_deref(), Some("metadata.callback_url"));
            }
        }
    }

    #[test]
    fn the_local_stack_may_call_its_neighbours() {
        let any = WebhookHosts::Any;
        assert!(any.check("http://127.0.0.1:9/", "callback_url").is_ok());
        assert!(any.check("file:///etc/passwd", "callback_url").is_err());
        assert!(any.check("nonsense", "callback_url").is_err());
    }
}
