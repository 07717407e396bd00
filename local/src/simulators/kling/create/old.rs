//! The old design: the model is a member of the body, and a duration is a string.

use serde::Deserialize;
use serde_json::Value;

use super::super::models::{self, Endpoint, LastFrame, OldModel, Quality};
use super::super::refusal::{Code, Refusal};
use super::{Delivery, Generation, check_image, check_prompt};
use crate::simulators::members::Members;
use crate::simulators::misbehaviour::Manners;

const LONGEST_PROMPT: usize = 2500;
const LONGEST_SHOT_PROMPT: usize = 512;
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

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
enum CameraControl {
    Simple { config: Camera },
    DownBack {},
    ForwardUp {},
    RightTurnForward {},
    LeftTurnForward {},
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Camera {
    horizontal: f64,
    vertical: f64,
    pan: f64,
    tilt: f64,
    roll: f64,
    zoom: f64,
}

impl CameraControl {
    /// A simple camera moves along one axis.
    fn is_valid(&self) -> bool {
        let Self::Simple { config } = self else { return true };
        let Camera { horizontal, vertical, pan, tilt, roll, zoom } = config;
        let axes = [horizontal, vertical, pan, tilt, roll, zoom];
        axes.iter().all(|axis| (-10.0..=10.0).contains(*axis))
            && axes.iter().filter(|axis| ***axis != 0.0).count() == 1
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum ShotType {
    Customize,
    Intelligence,
}

/// The documentation does not tell how a shot's duration is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shot {
    #[serde(rename = "index")]
    _index: u32,
    prompt: String,
    #[serde(rename = "duration")]
    _duration: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DynamicMask {
    mask: String,
    trajectories: Vec<Point>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Point {
    #[serde(rename = "x")]
    _x: f64,
    #[serde(rename = "y")]
    _y: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Voice {
    #[serde(rename = "voice_id")]
    _voice_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Element {
    #[serde(rename = "element_id")]
    _element_id: Value,
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
    let camera: Option<CameraControl> = members.take_if(model.has_camera, "camera_control")?;
    let shots = read_shots(&model, &mut members)?;
    let frames = read_frames(image, &mut members)?;
    let voices: Option<Vec<Voice>> = members.take_if(image && model.has_voices, "voice_list")?;
    check_count("voice_list", voices.map_or(0, |voices| voices.len()), 2)?;
    let elements: Option<Vec<Element>> =
        members.take_if(image && model.has_elements, "element_list")?;
    check_count("element_list", elements.map_or(0, |elements| elements.len()), 3)?;
    let delivery = Delivery::take(&mut members)?;
    members.refuse_the_rest()?;

    let mut prompt = prompt.unwrap_or_default();
    let manners = Manners::take_off(&mut prompt);
    if prompt.is_empty() && !image && !shots {
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
    check_together(&model, &frames, quality, seconds, sound, camera.as_ref())?;

    Ok(Generation {
        prompt,
        seconds,
        quality,
        watermark: delivery.watermark,
        callback_url: delivery.callback_url,
        external_id: delivery.external_id,
        manners,
    })
}

/// Which images there are.
#[derive(Default)]
struct Frames {
    first: bool,
    last: bool,
    masks: bool,
}

fn read_frames(wanted: bool, members: &mut Members) -> Result<Frames, Refusal> {
    let mut has_image = |name: &str| {
        let image: Option<String> = members.take_if(wanted, name)?;
        let image = image.filter(|image| !image.is_empty());
        image.as_deref().map_or(Ok(()), |image| check_image(name, image, MOST_MEGABYTES))?;
        Ok::<_, Refusal>(image.is_some())
    };
    let mut frames = Frames {
        first: has_image("image")?,
        last: has_image("image_tail")?,
        masks: has_image("static_mask")?,
    };
    if wanted && !frames.first && !frames.last {
        return Err(Refusal::lacking("image"));
    }
    let masks: Option<Vec<DynamicMask>> = members.take_if(wanted, "dynamic_masks")?;
    for DynamicMask { mask, trajectories } in masks.iter().flatten() {
        check_image("dynamic_masks.mask", mask, MOST_MEGABYTES)?;
        if !(2..=77).contains(&trajectories.len()) {
            return Err(Refusal::invalid("dynamic_masks.trajectories"));
        }
    }
    let count = masks.map_or(0, |masks| masks.len());
    check_count("dynamic_masks", count, 6)?;
    frames.masks |= count > 0;
    Ok(frames)
}

/// Whether there are shots, which bring prompts of their own.
fn read_shots(model: &OldModel, members: &mut Members) -> Result<bool, Refusal> {
    let multi_shot: Option<bool> = members.take_if(model.has_shots, "multi_shot")?;
    let shot_type: Option<ShotType> = members.take_if(model.has_shots, "shot_type")?;
    let shots: Option<Vec<Shot>> = members.take_if(model.has_shots, "multi_prompt")?;
    let shots = shots.unwrap_or_default();
    check_count("multi_prompt", shots.len(), 6)?;
    for Shot { prompt, .. } in &shots {
        check_prompt(prompt, LONGEST_SHOT_PROMPT)?;
    }
    let is_custom = matches!(shot_type, Some(ShotType::Customize));
    if multi_shot == Some(true) && is_custom && shots.is_empty() {
        return Err(Refusal::lacking("multi_prompt"));
    }
    Ok(!shots.is_empty())
}

/// What is fine alone and not together.
fn check_together(
    model: &OldModel,
    frames: &Frames,
    quality: Quality,
    seconds: u32,
    sound: Option<Sound>,
    camera: Option<&CameraControl>,
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
    if [frames.last, frames.masks, camera.is_some()].iter().filter(|given| **given).count() > 1 {
        let message = "image_tail, masks and camera_control exclude each other";
        return Err(Refusal::new(Code::InvalidParameter, message));
    }
    // Of the models with a camera all move it in the smallest film only.
    let small = quality == Quality::Standard && seconds == 5;
    if camera.is_some_and(|camera| !small || !camera.is_valid()) {
        return Err(Refusal::invalid("camera_control"));
    }
    // The newest model has no such limits.
    let frugal = model.last_frame == LastFrame::Pro;
    if sound == Some(Sound::On) && frugal && (!pro || frames.last) {
        return Err(Refusal::invalid("sound"));
    }
    Ok(())
}

fn check_count(name: &str, count: usize, most: usize) -> Result<(), Refusal> {
    if count > most { Err(Refusal::invalid(name)) } else { Ok(()) }
}
