//! The addresses that requests to vendors are sent to.

use serde::Deserialize;

/// Where a vendor's API lives, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct BaseUrl(String);

impl BaseUrl {
    /// The address of an absolute path.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = text.parse::<http::Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some_and(|host| !host.is_empty())
                && uri.query().is_none()
        }) && url::Url::parse(&text).is_ok();
        if !fits {
            return Err("base_url must be an http(s) address without a query");
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

/// An id from outside as one segment of a path, so that it cannot lead elsewhere.
pub(super) fn path_segment(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_http_and_has_a_host_and_no_query() {
        let rows = [
            ("https://api.vidu.com", Some("https://api.vidu.com/x"), "as vendors write it"),
            ("http://127.0.0.1:9/vidu/", Some("http://127.0.0.1:9/vidu/x"), "a relay's path"),
            ("https://a.example//", Some("https://a.example/x"), "no slash stays at the end"),
            ("ftp://a.example", None, "not HTTP"),
            ("file:///etc", None, "not HTTP"),
            ("a.example", None, "no scheme"),
            ("/v1", None, "neither scheme nor host"),
            ("https://", None, "no host"),
            ("https://:443", None, "only a port"),
            ("https://a.example?key=1", None, "a query"),
            ("https://a.example:99999", None, "no port"),
            ("", None, "nothing"),
        ];
        for (text, joined, reason) in rows {
            let url = BaseUrl::try_from(text.to_owned()).ok().map(|url| url.join("/x"));
            assert_eq!(url.as_deref(), joined, "{text}: {reason}");
        }
    }
}
