//! Reads the body of a create request, and refuses what Vidu refuses.
//! What Vidu takes and ignores for a model (`style`, `movement_amplitude` and `bgm` of newer ones)
//! is taken here too. Images are not fetched, and subjects are only counted: the gateway hands
//! them through as its client wrote them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::models::{self, AspectRatio, Endpoint, Resolution};
use super::refusal::{Reason, Refusal};
use crate::simulators::members::{Members, decode_base64, is_web_address};
use crate::simulators::misbehaviour::Behaviour;
use crate::simulators::prompt;
use crate::simulators::submissions::Submission;

const LONGEST_PROMPT: usize = 5000;
const LONGEST_PAYLOAD: usize = 1_048_576;

/// A generation that can be made, its defaults filled in; serialized it is the part of the answer
/// that repeats the request.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Generation {
    pub(super) model: String,
    pub(super) prompt: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) images: Vec<String>,
    pub(super) duration: u32,
    /// The seed asked for; the answer tells the one used.
    #[serde(skip_serializing)]
    pub(super) seed: Option<u32>,
    pub(super) resolution: Resolution,
    pub(super) movement_amplitude: MovementAmplitude,
    pub(super) payload: String,
    pub(super) off_peak: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) aspect_ratio: Option<AspectRatio>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bgm: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) audio: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) watermark: Option<bool>,
    #[serde(skip_serializing)]
    pub(super) callback_url: Option<String>,
    #[serde(skip_serializing)]
    pub(super) behaviour: Behaviour,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum MovementAmplitude {
    #[default]
    Auto,
    Small,
    Medium,
    Large,
}

/// The value of a member that makes no difference here.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Style {
    General,
    Anime,
}

impl Generation {
    pub(super) fn read(endpoint: Endpoint, body: &[u8]) -> Result<Self, Refusal> {
        let text = endpoint == Endpoint::Text;
        let reference = endpoint == Endpoint::Reference;
        let image_or_reference = reference || endpoint == Endpoint::Image;

        let mut members = Members::read(body)?;
        let model: Option<String> = members.take("model")?;
        let prompt: Option<String> = members.take("prompt")?;
        let duration: Option<u32> = members.take("duration")?;
        let seed: Option<u32> = members.take("seed")?;
        let resolution: Option<Resolution> = members.take("resolution")?;
        let movement_amplitude = members.take("movement_amplitude")?.unwrap_or_default();
        let bgm = members.take("bgm")?;
        let audio = members.take("audio")?;
        let payload: String = members.take("payload")?.unwrap_or_default();
        let off_peak = members.take("off_peak")?.unwrap_or_default();
        let watermark = members.take("watermark")?;
        let wm_position: Option<u8> = members.take("wm_position")?;
        let wm_url: Option<String> = members.take("wm_url")?;
        members.take::<String>("meta_data")?;
        let callback_url: Option<String> = members.take("callback_url")?;
        let aspect_ratio = members.take_if(text || reference, "aspect_ratio")?;
        members.take_if::<Style>(text, "style")?;
        let images: Option<Vec<String>> = members.take_if(!text, "images")?;
        members.take_if::<String>(image_or_reference, "voice_id")?;
        members.take_if::<bool>(image_or_reference, "is_rec")?;
        members.take_if::<String>(image_or_reference, "audio_type")?;
        let subjects: Option<Vec<Value>> = members.take_if(reference, "subjects")?;
        let videos: Option<Vec<String>> = members.take_if(reference, "videos")?;
        members.refuse_the_rest()?;

        let model = model.filter(|model| !model.is_empty());
        let model = model.ok_or_else(|| Refusal::lacking("model"))?;
        if !models::is_available(&model, endpoint) {
            return Err(Refusal::new(Reason::ModelUnavailable, "model unavailable"));
        }

        let mut prompt = prompt.unwrap_or_default();
        let behaviour = Behaviour::take_off(&mut prompt);
        if prompt.is_empty() && (text || reference) {
            return Err(Refusal::lacking("prompt"));
        }
        if prompt.chars().count() > LONGEST_PROMPT {
            return Err(Refusal::invalid("prompt"));
        }

        let images = match (endpoint, images, subjects) {
            (Endpoint::Text, ..) => Vec::new(),
            (_, None, None) => return Err(Refusal::lacking("images")),
            (_, Some(_), Some(_)) => return Err(Refusal::unwanted("images")),
            (_, None, Some(subjects)) if (1..=7).contains(&subjects.len()) => Vec::new(),
            (_, None, Some(_)) => return Err(Refusal::item_count("subjects")),
            (_, Some(images), None) => {
                check_images("images", &images, endpoint)?;
                images
            }
        };
        if let Some(videos) = videos
            && (model != "viduq2-pro" || !videos.iter().all(|video| is_web_address(video)))
        {
            return Err(Refusal::invalid("videos"));
        }

        let duration = duration.unwrap_or_else(|| models::default_duration(&model));
        let offered = models::resolutions(&model, endpoint, duration);
        let default = *offered.first().ok_or_else(|| Refusal::invalid("duration"))?;
        let resolution = resolution.unwrap_or(default);
        if !offered.contains(&resolution) {
            return Err(Refusal::invalid("resolution"));
        }

        let aspect_ratio = (text || reference).then(|| aspect_ratio.unwrap_or_default());
        if aspect_ratio.is_some_and(|ratio| !models::has_aspect_ratio(&model, ratio)) {
            return Err(Refusal::invalid("aspect_ratio"));
        }
        if payload.len() > LONGEST_PAYLOAD {
            return Err(Refusal::invalid("payload"));
        }
        if wm_position.is_some_and(|position| !(1..=4).contains(&position)) {
            return Err(Refusal::invalid("wm_position"));
        }
        for (name, address) in [("wm_url", &wm_url), ("callback_url", &callback_url)] {
            if address.as_deref().is_some_and(|url| !is_web_address(url)) {
                return Err(Refusal::invalid(name));
            }
        }
        if prompt::is_forbidden(&prompt) {
            return Err(Refusal::new(Reason::TaskPromptPolicyViolation, "prompt violates policy"));
        }

        Ok(Self {
            audio: audio.or(models::speaks_by_default(&model).then_some(true)),
            model,
            prompt,
            images,
            duration,
            seed: seed.filter(|seed| *seed != 0),
            resolution,
            movement_amplitude,
            payload,
            off_peak,
            aspect_ratio,
            bgm,
            watermark,
            callback_url,
            behaviour,
        })
    }

    pub(super) fn submission(&self) -> Submission<'_> {
        let Self { prompt, behaviour, .. } = self;
        Submission { name: self.callback_url.as_deref(), prompt, behaviour }
    }
}

fn check_images(name: &str, images: &[String], endpoint: Endpoint) -> Result<(), Refusal> {
    let count = match endpoint {
        Endpoint::Text => 0..=0,
        Endpoint::Image => 1..=1,
        Endpoint::StartEnd => 2..=2,
        Endpoint::Reference => 1..=7,
    };
    if !count.contains(&images.len()) {
        return Err(Refusal::item_count(name));
    }
    if images.iter().all(|image| is_image(image)) {
        return Ok(());
    }
    Err(Refusal::new(Reason::ImageFormatInvalid, "invalid image format"))
}

/// An address, or base64 as a data URL; base64 alone is neither.
fn is_image(image: &str) -> bool {
    let Some(data) = image.strip_prefix("data:image/") else {
        return is_web_address(image);
    };
    data.split_once(";base64,").is_some_and(|(format, base64)| {
        matches!(format, "png" | "jpeg" | "jpg" | "webp")
            && decode_base64(base64).is_some_and(|bytes| !bytes.is_empty())
    })
}
