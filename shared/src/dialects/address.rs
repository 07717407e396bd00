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
