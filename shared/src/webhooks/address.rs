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

    /// What is wrong with an address, if anything; the end of a sentence.
    pub(crate) fn objection(self, address: &str) -> Option<&'static str> {
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
            ("https://hooks.example.com/video", true, "an ordinary one"),
            ("https://hooks.example.com:8443/video?id=1", true, "the other https port"),
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
            ("https://0/", false, "this network in one digit"),
            ("https://127.1/", false, "loopback, shortened"),
            ("https://127.0.0.1./", false, "loopback, with a dot"),
            ("https://0x7f000001/", false, "loopback in one hexadecimal number"),
            ("https://017700000001/", false, "loopback in one octal number"),
            ("https://0251.0376.0251.0376/", false, "metadata in octal"),
            ("https://0xa9.0xfe.43518/", false, "metadata, in three kinds of parts"),
            ("https://１２７.0.0.1/", false, "loopback in wide digits"),
            ("https://①②⑦.⓪.⓪.①/", false, "loopback in circled digits"),
            ("https://127。0。0。1/", false, "loopback with other peoples' dots"),
            ("https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", false, "this machine in circles"),
            ("https://ｌｏｃａｌｈｏｓｔ．/", false, "this machine, wide"),
            ("https://LOCALHOST/", false, "this machine, loudly"),
            ("https://loc\u{ad}alhost/", false, "this machine with a soft hyphen"),
            ("https://%6c%6f%63alhost/", false, "this machine, percent-encoded"),
            ("https://127%2e0.0.1/", false, "loopback, percent-encoded"),
            ("https://12\n7.0.\t0.1/", false, "loopback with white space that is left out"),
            (" https://127.0.0.1/ ", false, "loopback between spaces"),
            ("https:127.0.0.1", false, "loopback without slashes"),
            ("https:////127.0.0.1/", false, "loopback with too many"),
            ("https:\\\\127.0.0.1\\", false, "loopback with the wrong ones"),
            ("https://127.0.0.1\\@hooks.example.com/", false, "a host that looks like a user"),
            ("https://hooks.example.com@127.0.0.1/", false, "a user that looks like a host"),
            ("https://hooks.example.com:443@127.0.0.1/", false, "and with a port"),
            ("https://:p@hooks.example.com/", false, "only a password"),
            ("https://[::ffff:7f00:1]/", false, "a mapped address in hexadecimal"),
            ("https://[0:0:0:0:0:ffff:127.0.0.1]/", false, "a mapped address at full length"),
            ("https://[::127.0.0.1]/", false, "a compatible address"),
            ("https://[::ffff:0:127.0.0.1]/", false, "a translated address"),
            ("https://[64:ff9b:1::7f00:1]/", false, "behind local NAT64"),
            ("https://[2002:7f00:1::]/", false, "loopback in 6to4"),
            ("https://[2001:db8::1]/", false, "documentation"),
            ("https://[100::1]/", false, "the discard prefix"),
            ("https://[fec0::1]/", false, "site-local"),
            ("https://[fe80::1%25eth0]/", false, "a zone"),
            ("https://[fe80::1%eth0]/", false, "a zone"),
            ("https://[::1", false, "no end"),
            ("https://2606:4700::1111/", false, "no brackets"),
            ("https://192.0.0.192/", false, "protocol assignments"),
            ("https://198.18.0.1/", false, "benchmarks"),
            ("https://192.0.2.1/", false, "documentation"),
            ("https://198.51.100.7/", false, "documentation"),
            ("https://203.0.113.7/", false, "documentation"),
            ("https://[3fff::1]/", false, "documentation"),
            ("https://[3fff:fff::1]/", false, "the end of documentation"),
            ("https://[3fff:1000::1]/", true, "just above documentation"),
            ("https://[2001:db9::1]/", true, "just above documentation"),
            ("https://[2001:1ff::1]/", false, "the end of what is special"),
            ("https://[2001:200::1]/", true, "just above what is special"),
            ("https://198.51.101.1/", true, "just above documentation"),
            ("https://203.0.112.1/", true, "just below documentation"),
            ("https://198.20.0.1/", true, "just above benchmarks"),
            ("https://192.88.99.1/", false, "a relay of 6to4"),
            ("https://hooks.example.com:1024/", true, "the lowest port that is no system's"),
            ("https://hooks.example.com:1023/", false, "the highest that is"),
            ("https://240.0.0.1/", false, "reserved"),
            ("https://100.100.100.200/", false, "metadata in another cloud"),
            ("https://172.15.255.255/", true, "just below private"),
            ("https://100.128.0.1/", true, "just above carrier-grade NAT"),
            ("https://256.256.256.256/", false, "no address"),
            ("https://1.2.3.4.5/", false, "no address either"),
            ("https://metadata.google.internal/", false, "metadata in another cloud"),
            ("https://printer.local/", false, "this network"),
            ("https://a.localhost.localdomain/", false, "this machine"),
            ("https://nas.home.arpa/", false, "a home network"),
            ("https://./", false, "only a dot"),
            ("https://../", false, "two dots"),
            ("https:///", false, "no host"),
            ("https://?x", false, "no host"),
            ("", false, "nothing"),
            ("//hooks.example.com/", false, "no scheme"),
            ("javascript:alert(1)", false, "not HTTP"),
            ("data:text/plain,x", false, "not HTTP"),
            ("file:///etc/passwd", false, "not HTTP"),
            ("gopher://hooks.example.com/", false, "not HTTP"),
            ("wss://hooks.example.com/", false, "not HTTP"),
            ("blob:https://hooks.example.com/1", false, "not HTTP"),
            ("https+unix://hooks.example.com/", false, "not HTTP"),
            ("https://hooks.example.com:0/", false, "no port"),
            ("https://hooks.example.com:22/", false, "a shell"),
            ("https://hooks.example.com:80/", false, "not for https"),
            ("https://hooks.example.com:2773/", false, "an extension of Lambda's"),
            ("https://hooks.example.com:09001/", false, "the runtime's, with a zero"),
            ("https://hooks.example.com:99999/", false, "no port"),
            ("https://HOOKS.example.com./", true, "an ordinary one, in full"),
            ("https://münchen.example.com/", true, "a name in another script"),
            ("https://hooks.example.com/#@127.0.0.1/", true, "a fragment is no host"),
            ("https://hooks.example.com/?u=http://127.0.0.1/", true, "nor is a query"),
            ("https://hooks.example.com\\@127.0.0.1/", true, "a path, to us and who connects"),
            ("https://localhost.example.com/", true, "the end of a name counts"),
            ("https://notlocal/", false, "a name without a dot"),
            ("https://hooks.notlocal/", true, "not the suffix itself"),
        ];
        for (address, fine, reason) in rows {
            let result = WebhookHosts::Public.check(address, "metadata.callback_url");
            assert_eq!(result.is_ok(), fine, "{address}: {reason}");
            if let Err(error) = result {
                assert_eq!(error.body.param.as_deref(), Some("metadata.callback_url"));
            }
        }
        let long = |length: usize| {
            let base = "https://hooks.example.com/";
            format!("{base}{}", "a".repeat(length - base.len()))
        };
        assert!(WebhookHosts::Public.check(&long(LONGEST), "callback_url").is_ok());
        assert!(WebhookHosts::Public.check(&long(LONGEST + 1), "callback_url").is_err());
    }

    #[test]
    fn the_local_stack_may_call_its_neighbours() {
        let any = WebhookHosts::Any;
        assert!(any.check("http://127.0.0.1:9/", "callback_url").is_ok());
        assert!(any.check("file:///etc/passwd", "callback_url").is_err());
        assert!(any.check("ftp://127.0.0.1/", "callback_url").is_err());
        assert!(any.check("nonsense", "callback_url").is_err());
    }

    #[test]
    fn a_rule_is_named_by_its_operator() {
        assert_eq!("public".parse(), Ok(WebhookHosts::Public));
        assert_eq!("any".parse(), Ok(WebhookHosts::Any));
        assert!("".parse::<WebhookHosts>().is_err());
    }
}
