//! Addresses as people type them.

use url::Url;

pub(crate) fn read_url(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") || !url.has_host() => {
            Err("not an http(s) address".to_owned())
        }
        Ok(url) if url.query().is_some() || url.fragment().is_some() => {
            Err("it must have neither a query nor a fragment".to_owned())
        }
        Ok(url) => Ok(url),
        Err(error) => Err(error.to_string()),
    }
}
