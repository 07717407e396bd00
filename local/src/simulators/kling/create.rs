//! Reads the body of a create request, and refuses what Kling refuses: what both designs share.
//! Images are not fetched and not measured. Not here: `model`, the older name of `model_name`.

pub(super) mod new;
pub(super) mod old;

use base64::Engine;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use http::Uri;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::models::Quality;
use super::refusal::{Code, Refusal};

/// A prompt with this word is refused at once.
pub const FORBIDDEN_WORD: &str = "forbidden";

/// A prompt with this word is accepted, and its film fails moderation.
pub const UNLUCKY_WORD: &str = "unlucky";

/// A generation that can be made, its defaults filled in.
#[derive(Debug, PartialEq)]
pub(super) struct Generation {
    pub(super) prompt: String,
    pub(super) seconds: u32,
    pub(super) quality: Quality,
    pub(super) watermark: bool,
    pub(super) callback_url: Option<String>,
    pub(super) external_id: Option<String>,
}

impl Generation {
    pub(super) fn is_unlucky(&self) -> bool {
        has_word(&self.prompt, UNLUCKY_WORD)
    }
}

/// A JSON object that is emptied member by member: serde's own errors tell that a member has the
/// wrong type, but not which.
struct Members {
    /// What stands before the name of a member in a message.
    within: &'static str,
    map: Map<String, Value>,
}

impl Members {
    fn read(body: &[u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(body)
            .map(|map| Self { within: "", map })
            .map_err(|_| Refusal::new(Code::InvalidRequest, "request body is not a JSON object"))
    }

    fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, Refusal> {
        let value = self.map.remove(name);
        value
            .map(serde_json::from_value)
            .transpose()
            .map_err(|_| Refusal::invalid(&format!("{}{name}", self.within)))
    }

    /// Takes a member that is not wanted everywhere; where it is not, it stays to be refused.
    fn take_if<T: DeserializeOwned>(
        &mut self,
        wanted: bool,
        name: &str,
    ) -> Result<Option<T>, Refusal> {
        if wanted { self.take(name) } else { Ok(None) }
    }

    /// A member that is an object, to be emptied likewise; an absent one is empty.
    fn take_members(&mut self, name: &str, within: &'static str) -> Result<Self, Refusal> {
        Ok(Self { within, map: self.take(name)?.unwrap_or_default() })
    }

    /// What both designs have, though in different places.
    fn take_delivery(&mut self) -> Result<Delivery, Refusal> {
        let callback_url: Option<String> = self.take("callback_url")?;
        let external_id: Option<String> = self.take("external_task_id")?;
        let watermark: Option<Watermark> = self.take("watermark_info")?;
        let callback_url = callback_url.filter(|url| !url.is_empty());
        if callback_url.as_deref().is_some_and(|url| !is_web_address(url)) {
            return Err(Refusal::invalid("callback_url"));
        }
        Ok(Delivery {
            callback_url,
            external_id: external_id.filter(|id| !id.is_empty()),
            watermark: watermark.is_some_and(|watermark| watermark.enabled),
        })
    }

    fn refuse_the_rest(&self) -> Result<(), Refusal> {
        match self.map.keys().next() {
            Some(name) => Err(Refusal::unwanted(&format!("{}{name}", self.within))),
            None => Ok(()),
        }
    }
}

struct Delivery {
    callback_url: Option<String>,
    external_id: Option<String>,
    watermark: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Watermark {
    enabled: bool,
}

fn check_prompt(prompt: &str, longest: usize) -> Result<(), Refusal> {
    if prompt.chars().count() > longest {
        return Err(Refusal::invalid("prompt"));
    }
    if has_word(prompt, FORBIDDEN_WORD) {
        let message = "Failure to pass the risk control system";
        return Err(Refusal::new(Code::ContentSafety, message));
    }
    Ok(())
}

/// An address, or the base64 of a PNG or JPEG file; a data URL is neither.
fn check_image(name: &str, image: &str, most_megabytes: usize) -> Result<(), Refusal> {
    // As Go's decoder does, this one overlooks bits behind the last byte.
    const BASE64: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    if is_web_address(image) {
        return Ok(());
    }
    let Ok(file) = BASE64.decode(image) else {
        let message = format!("{name} is not in a valid base64 encoding");
        return Err(Refusal::new(Code::InvalidParameter, message));
    };
    let is_picture = file.starts_with(b"\x89PNG\r\n\x1a\n") || file.starts_with(b"\xff\xd8\xff");
    if !is_picture {
        let message = format!("{name} format is not supported");
        return Err(Refusal::new(Code::InvalidParameter, message));
    }
    if file.len() > most_megabytes << 20 {
        let message = format!("{name} is larger than {most_megabytes} MB");
        return Err(Refusal::new(Code::InvalidParameter, message));
    }
    Ok(())
}

fn is_web_address(text: &str) -> bool {
    text.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
    })
}

fn has_word(prompt: &str, word: &str) -> bool {
    prompt
        .split(|character: char| !character.is_alphanumeric())
        .any(|found| found.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests;
