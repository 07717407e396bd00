//! Reads the body of a create request, and refuses what Jimeng refuses.
//! Images by address are not fetched, and of inline ones nothing but type and size is looked at.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::answer::{Code, Refusal};
use super::products::{Product, STRENGTHS, TEMPLATES};
use crate::simulators::members::{Members, is_png_or_jpeg, is_web_address};
use crate::simulators::misbehaviour::Behaviour;
use crate::simulators::prompt;
use crate::simulators::submissions::Submission;

const LARGEST_IMAGE: usize = 4_928_307;

/// A generation that can be made.
#[derive(Debug, PartialEq)]
pub(super) struct Generation {
    pub(super) req_key: String,
    pub(super) prompt: String,
    pub(super) behaviour: Behaviour,
}

impl Generation {
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let mut members = Members::read(body)?;
        let req_key: String = members.take("req_key")?.ok_or_else(|| Refusal::input("req_key"))?;
        let product = Product::of(&req_key).ok_or_else(|| Refusal::input("req_key"))?;

        let mut prompt: String = members.take("prompt")?.unwrap_or_default();
        let behaviour = Behaviour::take_off(&mut prompt);
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
        if prompt::is_forbidden(&prompt) {
            return Err(Refusal::Service(Code::BlockedWords, String::new()));
        }
        Ok(Self { req_key, prompt, behaviour })
    }

    /// The client has no name for the task.
    pub(super) fn submission(&self) -> Submission<'_> {
        Submission { name: None, prompt: &self.prompt, behaviour: &self.behaviour }
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
    BASE64_STANDARD
        .decode(base64)
        .is_ok_and(|bytes| is_png_or_jpeg(&bytes) && bytes.len() <= LARGEST_IMAGE)
}
