//! Reads the body of a create request, and refuses what Jimeng refuses.
//! Images by address are not fetched, and of inline ones nothing but type and size is looked at.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::Uri;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::answer::{Code, Refusal};
use super::products::{Product, STRENGTHS, TEMPLATES};

/// A prompt with this word is refused at once.
pub const FORBIDDEN_WORD: &str = "forbidden";

/// A prompt with this word is accepted, and its film fails moderation.
pub const UNLUCKY_WORD: &str = "unlucky";

const LARGEST_IMAGE: usize = 4_928_307;

/// A generation that can be made.
#[derive(Debug, PartialEq)]
pub(super) struct Generation {
    pub(super) req_key: String,
    pub(super) is_unlucky: bool,
}

impl Generation {
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let mut members = Members::read(body)?;
        let req_key: String = members.take("req_key")?.ok_or_else(|| Refusal::input("req_key"))?;
        let product = Product::of(&req_key).ok_or_else(|| Refusal::input("req_key"))?;

        let prompt: String = members.take("prompt")?.unwrap_or_default();
        let seed: Option<i64> = members.take("seed")?;
        let urls = members.take_if(product.takes_images(), "image_urls")?;
        let inline = members.take_if(product.takes_images(), "binary_data_base64")?;
        let frames: Option<i64> = members.take_if(product.takes_frames(), "frames")?;
        let ratio: Option<String> =
            members.take_if(product.takes_aspect_ratio(), "aspect_ratio")?;
        let template: Option<String> = members.take_if(product.moves_camera(), "template_id")?;
        let strength: Option<String> =
            members.take_if(product.moves_camera(), "camera_strength")?;
        members.refuse_the_rest()?;

        let images = count_images(urls, inline)?;
        let has_ratio = ratio.as_deref().map(|ratio| product.has_aspect_ratio(ratio));
        let checks = [
            (product.images().contains(&images), "image_urls"),
            (!prompt.trim().is_empty() || !product.needs_prompt(images), "prompt"),
            (prompt.chars().count() <= product.longest_prompt(), "prompt"),
            (seed.is_none_or(|seed| (-1..=i64::from(i32::MAX)).contains(&seed)), "seed"),
            (matches!(frames, None | Some(121 | 241)), "frames"),
            (has_ratio.unwrap_or(!product.needs_aspect_ratio()), "aspect_ratio"),
            (is_chosen(product, template.as_deref(), &TEMPLATES), "template_id"),
            (is_chosen(product, strength.as_deref(), &STRENGTHS), "camera_strength"),
        ];
        if let Some((_, name)) = checks.iter().find(|(is_good, _)| !is_good) {
            return Err(Refusal::input(name));
        }
        if has_word(&prompt, FORBIDDEN_WORD) {
            return Err(Refusal::Service(Code::BlockedWords, String::new()));
        }
        Ok(Self { req_key, is_unlucky: has_word(&prompt, UNLUCKY_WORD) })
    }
}

/// Where the camera moves, both members are needed.
fn is_chosen(product: Product, value: Option<&str>, choices: &[&str]) -> bool {
    match value {
        Some(value) => choices.contains(&value),
        None => !product.moves_camera(),
    }
}

/// The images, all of them by address or all of them inline.
fn count_images(urls: Option<Vec<String>>, inline: Option<Vec<String>>) -> Result<usize, Refusal> {
    let count = match (urls, inline) {
        (None, None) => return Ok(0),
        (Some(_), Some(_)) => return Err(Refusal::input("image_urls and binary_data_base64")),
        (Some(urls), None) => {
            if !urls.iter().all(|url| is_web_address(url)) {
                return Err(Refusal::input("image_urls"));
            }
            urls.len()
        }
        (None, Some(inline)) => {
            if !inline.iter().all(|base64| is_image(base64)) {
                return Err(Refusal::input("binary_data_base64"));
            }
            inline.len()
        }
    };
    // An empty list is no way to say none.
    if count == 0 { Err(Refusal::input("image_urls")) } else { Ok(count) }
}

/// Base64 alone; a data URL is none.
fn is_image(base64: &str) -> bool {
    BASE64_STANDARD.decode(base64).is_ok_and(|bytes| {
        let is_png = bytes.starts_with(b"\x89PNG\r\n\x1a\n");
        let is_jpeg = bytes.starts_with(b"\xff\xd8\xff");
        (is_png || is_jpeg) && bytes.len() <= LARGEST_IMAGE
    })
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

/// A JSON object that is emptied member by member, so that what is wrong can be named.
struct Members(Map<String, Value>);

impl Members {
    fn read(body: &[u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(body).map(Self).map_err(|_| Refusal::input("no JSON object"))
    }

    fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, Refusal> {
        let value = self.0.remove(name);
        value.map(serde_json::from_value).transpose().map_err(|_| Refusal::input(name))
    }

    /// Takes a member that not every product has; where it has none, it stays to be refused.
    fn take_if<T: DeserializeOwned>(
        &mut self,
        has_it: bool,
        name: &str,
    ) -> Result<Option<T>, Refusal> {
        if has_it { self.take(name) } else { Ok(None) }
    }

    fn refuse_the_rest(&self) -> Result<(), Refusal> {
        self.0.keys().next().map_or(Ok(()), |name| Err(Refusal::input(name)))
    }
}

#[cfg(test)]
mod tests;
