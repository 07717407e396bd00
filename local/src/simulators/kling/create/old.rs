//! The old design: the model is a member of the body, and a duration is a string.
//! Not here: what camera movements, masks, shots, voices and elements consist of. The gateway
//! hands them through as its client wrote them.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::models::{self, Endpoint, LastFrame, OldModel, Quality};
use super::super::refusal::{Code, Refusal};
use super::{Delivery, Generation, check_image, check_prompt};
use crate::simulators::members::Members;
use crate::simulators::misbehaviour::Behaviour;

const LONGEST_PROMPT: usize = 2500;
const MOST_MEGABYTES: usize = 10;

#[derive(Clone, Copy, Deserialize, PartialEq)]
enum AspectRatio {
    #[serde(rename = "16:9")]
    Wide,
    #[serde(rename = "9:16")]
    Tall,
    #[serde(rename = "1:1")]
    Square,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Sound {
    On,
    Off,
}

pub(in super::super) fn read(endpoint: Endpoint, body: &[u8]) -> Result<Generation, Refusal> {
    let image = endpoint == Endpoint::OldImage;
    let mut members = Members::read(body)?;
    let name: Option<String> = members.take("model_name")?;
    let name = name.unwrap_or_else(|| "kling-v1".to_owned());
    let model = models::old(&name)
        .ok_or_else(|| Refusal::new(Code::NoSuchResource, "model is not supported"))?;
    if !image && !model.has_text {
        return Err(Refusal::invalid("model_name"));
    }

    let prompt: Option<String> = members.take("prompt")?;
    let negative_prompt: Option<String> = members.take("negative_prompt")?;
    let cfg_scale: Option<f64> = members.take_if(model.has_cfg_scale, "cfg_scale")?;
    let mode: Option<Quality> = members.take_if(!model.modes.is_empty(), "mode")?;
    members.take_if::<AspectRatio>(!image, "aspect_ratio")?;
    let duration: Option<String> = members.take("duration")?;
    let sound: Option<Sound> = members.take_if(model.has_sound, "sound")?;
    let camera: Option<Map<String, Value>> = members.take_if(model.has_camera, "camera_control")?;
    members.take_if::<bool>(model.has_shots, "multi_shot")?;
    members.take_if::<String>(model.has_shots, "shot_type")?;
    // Shots bring prompts of their own.
    let shots: Option<Vec<Value>> = members.take_if(model.has_shots, "multi_prompt")?;
    let frames = Frames::take(image, &mut members)?;
    members.take_if::<Vec<Value>>(image && model.has_voices, "voice_list")?;
    members.take_if::<Vec<Value>>(image && model.has_elements, "element_list")?;
    let delivery = Delivery::take(&mut members)?;
    members.refuse_the_rest()?;

    let mut prompt = prompt.unwrap_or_default();
    let behaviour = Behaviour::take_off(&mut prompt);
    if prompt.is_empty() && !image && shots.is_none_or(|shots| shots.is_empty()) {
        return Err(Refusal::lacking("prompt"));
    }
    check_prompt(&prompt, LONGEST_PROMPT)?;
    if negative_prompt.is_some_and(|text| text.chars().count() > LONGEST_PROMPT) {
        return Err(Refusal::invalid("negative_prompt"));
    }
    if cfg_scale.is_some_and(|scale| !(0.0..=1.0).contains(&scale)) {
        return Err(Refusal::invalid("cfg_scale"));
    }
    let quality = mode.unwrap_or_default();
    if mode.is_some_and(|mode| !model.modes.contains(&mode)) {
        return Err(Refusal::invalid("mode"));
    }
    let seconds = duration.as_deref().unwrap_or("5");
    let seconds =
        seconds.parse().ok().filter(|seconds| model.durations.allow(*seconds)).ok_or_else(
            || {
                let message = format!("duration value '{seconds}' is invalid");
                Refusal::new(Code::InvalidParameter, message)
            },
        )?;
    check_together(&model, &frames, quality, seconds, sound, camera.is_some())?;

    Ok(Generation {
        prompt,
        seconds,
        quality,
        watermark: delivery.watermark,
        callback_url: delivery.callback_url,
        external_id: delivery.external_id,
        behaviour,
    })
}

/// The images of a request.
#[derive(Default)]
struct Frames {
    first: bool,
    last: bool,
    masks: bool,
}

impl Frames {
    fn take(wanted: bool, members: &mut Members) -> Result<Self, Refusal> {
        let mut has_image = |name: &str| {
            let image: Option<String> = members.take_if(wanted, name)?;
            let image = image.filter(|image| !image.is_empty());
            image.as_deref().map_or(Ok(()), |image| check_image(name, image, MOST_MEGABYTES))?;
            Ok::<_, Refusal>(image.is_some())
        };
        let [first, last] = [has_image("image")?, has_image("image_tail")?];
        let has_mask = has_image("static_mask")?;
        if wanted && !first && !last {
            return Err(Refusal::lacking("image"));
        }
        let masks: Option<Vec<Value>> = members.take_if(wanted, "dynamic_masks")?;
        let masks = has_mask || masks.is_some_and(|masks| !masks.is_empty());
        Ok(Self { first, last, masks })
    }
}

/// What is fine alone and not together.
fn check_together(
    model: &OldModel,
    frames: &Frames,
    quality: Quality,
    seconds: u32,
    sound: Option<Sound>,
    camera: bool,
) -> Result<(), Refusal> {
    let pro = quality == Quality::High;
    let last_frame_fits = match model.last_frame {
        LastFrame::Never => false,
        LastFrame::Short => frames.first && seconds == 5,
        LastFrame::Pro => frames.first && pro,
        LastFrame::ProAlone => pro,
        LastFrame::Always => frames.first,
    };
    if frames.last && !last_frame_fits {
        return Err(Refusal::invalid("image_tail"));
    }
    if [frames.last, frames.masks, camera].iter().filter(|given| **given).count() > 1 {
        let message = "image_tail, masks and camera_control exclude each other";
        return Err(Refusal::new(Code::InvalidParameter, message));
    }
    // Of the models with a camera all move it in the smallest video only.
    let small = quality == Quality::Standard && seconds == 5;
    if camera && !small {
        return Err(Refusal::invalid("camera_control"));
    }
    // The newest model has no such limits.
    let frugal = model.last_frame == LastFrame::Pro;
    if sound == Some(Sound::On) && frugal && (!pro || frames.last) {
        return Err(Refusal::invalid("sound"));
    }
    Ok(())
}
