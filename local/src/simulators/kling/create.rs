//! Reads the body of a create request, and refuses what Kling refuses: what both designs share.
//! Images are not fetched and not measured. Not here: `model`, the older name of `model_name`.

pub(super) mod new;
pub(super) mod old;

use serde::Deserialize;

use super::models::Quality;
use super::refusal::{Code, Refusal};
use crate::simulators::members::{Members, decode_base64, is_png_or_jpeg, is_web_address};
use crate::simulators::misbehaviour::Behaviour;
use crate::simulators::prompt;
use crate::simulators::submissions::Submission;

/// A generation that can be made, its defaults filled in.
#[derive(Debug, PartialEq)]
pub(super) struct Generation {
    pub(super) prompt: String,
    pub(super) seconds: u32,
    pub(super) quality: Quality,
    pub(super) watermark: bool,
    pub(super) callback_url: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) behaviour: Behaviour,
}

impl Generation {
    pub(super) fn submission(&self) -> Submission<'_> {
        let Self { prompt, behaviour, .. } = self;
        let name = self.external_id.as_deref().or(self.callback_url.as_deref());
        Submission { name, prompt, behaviour }
    }
}

/// What both designs have, though in different places.
struct Delivery {
    callback_url: Option<String>,
    external_id: Option<String>,
    watermark: bool,
}

impl Delivery {
    fn take(members: &mut Members) -> Result<Self, Refusal> {
        let callback_url: Option<String> = members.take("callback_url")?;
        let external_id: Option<String> = members.take("external_task_id")?;
        let watermark: Option<Watermark> = members.take("watermark_info")?;
        let callback_url = callback_url.filter(|url| !url.is_empty());
        if callback_url.as_deref().is_some_and(|url| !is_web_address(url)) {
            return Err(Refusal::invalid("callback_url"));
        }
        Ok(Self {
            callback_url,
            external_id: external_id.filter(|id| !id.is_empty()),
            watermark: watermark.is_some_and(|watermark| watermark.enabled),
        })
    }
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
    if prompt::is_forbidden(prompt) {
        let message = "Failure to pass the risk control system";
        return Err(Refusal::new(Code::ContentSafety, message));
    }
    Ok(())
}

/// An address, or the base64 of a PNG or JPEG file; a data URL is neither.
fn check_image(name: &str, image: &str, most_megabytes: usize) -> Result<(), Refusal> {
    if is_web_address(image) {
        return Ok(());
    }
    let Some(file) = decode_base64(image) else {
        let message = format!("{name} is not in a valid base64 encoding");
        return Err(Refusal::new(Code::InvalidParameter, message));
    };
    if !is_png_or_jpeg(&file) {
        let message = format!("{name} format is not supported");
        return Err(Refusal::new(Code::InvalidParameter, message));
    }
    if file.len() > most_megabytes << 20 {
        let message = format!("{name} is larger than {most_megabytes} MB");
        return Err(Refusal::new(Code::InvalidParameter, message));
    }
    Ok(())
}
