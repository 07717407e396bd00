//! The new design: the model is in the path, and a duration is a number.
//! Not here: reference images, elements and voices.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::models::{self, Endpoint, NewModel, Quality};
use super::super::refusal::{Code, Refusal};
use super::{Delivery, Generation, check_image, check_prompt};
use crate::simulators::members::Members;
use crate::simulators::misbehaviour::Behaviour;

const MOST_MEGABYTES: usize = 50;

pub(in super::super) fn read(
    endpoint: Endpoint,
    model: &str,
    body: &[u8],
) -> Result<Generation, Refusal> {
    let model = models::new(endpoint, model)
        .ok_or_else(|| Refusal::new(Code::NoSuchResource, "model is not supported"))?;
    let text = endpoint == Endpoint::NewText;
    let mut members = Members::read(body)?;
    let prompt: Option<String> = members.take_if(text, "prompt")?;
    let contents: Option<Vec<Map<String, Value>>> = members.take_if(!text, "contents")?;
    let mut settings = members.take_members("settings", "settings.")?;
    let mut options = members.take_members("options", "options.")?;
    members.refuse_the_rest()?;

    let settings = Settings::read(&model, endpoint, &mut settings)?;
    let delivery = Delivery::take(&mut options)?;
    options.refuse_the_rest()?;
    let contents = match contents {
        Some(contents) => Contents::read(&model, contents)?,
        None if text => Contents { prompt, ..Contents::default() },
        None => return Err(Refusal::lacking("contents")),
    };

    let prompt = contents.prompt.filter(|prompt| !prompt.is_empty());
    let mut prompt = prompt.ok_or_else(|| Refusal::lacking("prompt"))?;
    let behaviour = Behaviour::take_off(&mut prompt);
    check_prompt(&prompt, model.longest_prompt)?;
    let needs_first = endpoint == Endpoint::NewImage || contents.last_frame;
    if needs_first && !contents.first_frame {
        return Err(Refusal::lacking("first_frame"));
    }
    if model.is_frugal {
        let (two_frames, sound) = (contents.last_frame, settings.has_sound);
        if (two_frames || sound) && settings.quality != Quality::High {
            return Err(Refusal::invalid("settings.resolution"));
        }
        if sound && two_frames {
            return Err(Refusal::invalid("settings.audio"));
        }
    }

    Ok(Generation {
        prompt,
        seconds: settings.seconds,
        quality: settings.quality,
        watermark: delivery.watermark,
        callback_url: delivery.callback_url,
        external_id: delivery.external_id,
        behaviour,
    })
}

struct Settings {
    quality: Quality,
    seconds: u32,
    has_sound: bool,
}

impl Settings {
    fn read(model: &NewModel, endpoint: Endpoint, members: &mut Members) -> Result<Self, Refusal> {
        // Not in the words of the old design.
        let resolution: Option<String> = members.take("resolution")?;
        let quality = match resolution.as_deref() {
            None | Some("720p") => Quality::Standard,
            Some("1080p") => Quality::High,
            Some("4k") => Quality::Highest,
            Some(_) => return Err(Refusal::invalid("settings.resolution")),
        };
        if !model.resolutions.contains(&quality) {
            return Err(Refusal::invalid("settings.resolution"));
        }
        let with_ratio = endpoint != Endpoint::NewImage;
        let ratio: Option<String> = members.take_if(with_ratio, "aspect_ratio")?;
        if ratio.is_some_and(|ratio| !matches!(ratio.as_str(), "16:9" | "9:16" | "1:1")) {
            return Err(Refusal::invalid("settings.aspect_ratio"));
        }
        let seconds = members.take("duration")?.unwrap_or(5);
        if !model.durations.allow(seconds) {
            return Err(Refusal::invalid("settings.duration"));
        }
        let audio: Option<String> = members.take_if(!model.audio.is_empty(), "audio")?;
        let audio = audio.as_deref().unwrap_or("off");
        if !model.audio.is_empty() && !model.audio.contains(&audio) {
            return Err(Refusal::invalid("settings.audio"));
        }
        members.take_if::<bool>(model.has_multi_shot, "multi_shot")?;
        members.refuse_the_rest()?;
        Ok(Self { quality, seconds, has_sound: audio != "off" })
    }
}

#[derive(Default)]
struct Contents {
    prompt: Option<String>,
    first_frame: bool,
    last_frame: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
enum Content {
    Prompt { text: String },
    FirstFrame { url: String },
    LastFrame { url: String },
}

impl Contents {
    /// Of prompts and of either frame there may be one.
    fn read(model: &NewModel, items: Vec<Map<String, Value>>) -> Result<Self, Refusal> {
        let mut contents = Self::default();
        for item in items {
            let name = item.get("type").and_then(Value::as_str).unwrap_or_default();
            let invalid = Refusal::invalid(&format!("contents.{name}"));
            let content = serde_json::from_value(Value::Object(item));
            let is_first_of_its_kind = match content.map_err(|_| invalid.clone())? {
                Content::Prompt { text } => contents.prompt.replace(text).is_none(),
                Content::FirstFrame { url } => {
                    check_image("first_frame", &url, MOST_MEGABYTES)?;
                    !std::mem::replace(&mut contents.first_frame, true)
                }
                Content::LastFrame { .. } if !model.has_last_frame => return Err(invalid),
                Content::LastFrame { url } => {
                    check_image("last_frame", &url, MOST_MEGABYTES)?;
                    !std::mem::replace(&mut contents.last_frame, true)
                }
            };
            if !is_first_of_its_kind {
                return Err(invalid);
            }
        }
        Ok(contents)
    }
}
