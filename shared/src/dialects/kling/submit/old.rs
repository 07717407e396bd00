//! The old design: <https://app.klingai.com/global/dev/document-api/apiReference/model/textToVideo>.
//!
//! One endpoint for text and one for images, each with members of its own.

use serde_json::Value;

use super::super::models::OldModel;
use super::super::wire::{Create, OldCreate};
use super::{Frame, LONGEST_NEGATIVE_PROMPT, Request, check_length, encode};
use crate::api::{ApiError, Image, Warning};
use crate::dialects::contract::Ticket;

const LONGEST_PROMPT: usize = 2500;
const LONGEST_SHOT_PROMPT: usize = 512;
const MOST_MEGABYTES: usize = 10;
const MODES: [(u32, &str); 3] = [(720, "std"), (1080, "pro"), (2160, "4k")];

pub(super) fn translate(
    request: &mut Request<'_>,
    ticket: &Ticket<'_>,
) -> Result<(String, Create), ApiError> {
    let name = request.model.clone();
    let rules = OldModel(&name);
    let endpoint = if request.has_images() { "image2video" } else { "text2video" };

    let prompt = request.take_prompt(LONGEST_PROMPT)?;
    let negative_prompt = request.options.take_text("negative_prompt")?;
    if let Some(text) = &negative_prompt {
        check_length(text, &request.options.param("negative_prompt"), LONGEST_NEGATIVE_PROMPT)?;
    }
    let mode = take_mode(&rules, request)?;
    let aspect_ratio = request.take_ratio(rules.is_known())?;
    refuse_two_ways_to_move(request)?;

    let mut create = OldCreate {
        prompt,
        negative_prompt,
        cfg_scale: take_cfg_scale(&rules, request)?,
        mode,
        aspect_ratio,
        duration: request.take_duration(rules.durations())?.map(|seconds| seconds.to_string()),
        sound: request.take_word("sound", &["on", "off"])?,
        camera_control: request.options.take_object("camera_control")?,
        multi_shot: request.options.take_flag("multi_shot")?,
        shot_type: request.options.take_text("shot_type")?,
        multi_prompt: take_shots(request)?,
        watermark_info: request.options.take_object("watermark_info")?,
        callback_url: ticket.callback_url.to_owned(),
        external_task_id: ticket.task_id.to_string(),
        ..OldCreate::default()
    };
    if request.has_images() {
        add_images(&mut create, request)?;
    }
    create.model_name = name;
    Ok((endpoint.to_owned(), Create::Old(Box::new(create))))
}

/// What only `image2video` takes.
fn add_images(create: &mut OldCreate, request: &mut Request<'_>) -> Result<(), ApiError> {
    let encode = |frame| encode(frame, MOST_MEGABYTES);
    create.image = request.first.take().map(encode).transpose()?;
    create.image_tail = request.last.take().map(encode).transpose()?;
    create.static_mask =
        super::read_frame(&mut request.options, "static_mask")?.map(encode).transpose()?;
    create.dynamic_masks = take_dynamic_masks(request)?;
    create.voice_list = request.take_objects("voice_list", 2)?;
    create.element_list = request.take_objects("element_list", 3)?;
    Ok(())
}

fn take_mode(rules: &OldModel<'_>, request: &mut Request<'_>) -> Result<Option<String>, ApiError> {
    let allowed = rules.modes();
    if !allowed.is_some_and(<[_]>::is_empty) {
        return request.take_quality("mode", &MODES, allowed);
    }
    let param = request.options.param("mode");
    let given = request.options.take_text("mode")?.map(|_| param.as_str());
    for param in given.into_iter().chain(request.size.map(|(_, param)| param)) {
        let message = format!("{} has one quality; no mode was sent.", rules.0);
        request.warnings.push(Warning::new(param, message));
    }
    Ok(None)
}

fn take_cfg_scale(
    rules: &OldModel<'_>,
    request: &mut Request<'_>,
) -> Result<Option<f64>, ApiError> {
    let param = request.options.param("cfg_scale");
    match request.options.take_number("cfg_scale")? {
        Some(_) if !rules.has_cfg_scale() => {
            let message = format!("{} has no `cfg_scale`; it was left out.", rules.0);
            request.warnings.push(Warning::new(param, message));
            Ok(None)
        }
        Some(scale) if !(0.0..=1.0).contains(&scale) => {
            let message = format!("`{param}` must be from 0 to 1, not {scale}.");
            Err(ApiError::invalid(&param, message))
        }
        scale => Ok(scale),
    }
}

/// A last frame, masks and a moving camera each say how the picture moves; Kling takes one of them.
fn refuse_two_ways_to_move(request: &Request<'_>) -> Result<(), ApiError> {
    let options = &request.options;
    let given = |field: &str| options.has(field).then(|| options.param(field));
    let masks = given("static_mask").or_else(|| given("dynamic_masks"));
    let last = request.last.as_ref().map(|frame| frame.param.clone());
    let ways: Vec<_> = [last, masks, given("camera_control")].into_iter().flatten().collect();
    match ways.as_slice() {
        [one, .., other] => {
            let message = format!("Kling takes `{one}` or `{other}`, not both.");
            Err(ApiError::invalid(other, message))
        }
        _ => Ok(()),
    }
}

/// `[{"index":1,"prompt":"…","duration":"3"}]`
fn take_shots(request: &mut Request<'_>) -> Result<Option<Vec<Value>>, ApiError> {
    let shots = request.take_objects("multi_prompt", 6)?;
    for (index, shot) in shots.iter().flatten().enumerate() {
        let param = request.options.param(&format!("multi_prompt[{index}].prompt"));
        match shot.get("prompt") {
            None => {}
            Some(Value::String(prompt)) => check_length(prompt, &param, LONGEST_SHOT_PROMPT)?,
            Some(_) => {
                return Err(ApiError::invalid(&param, format!("`{param}` must be a string.")));
            }
        }
    }
    Ok(shots)
}

/// `[{"mask":"…","trajectories":[{"x":1,"y":2}]}]`, whose masks may come in every form, too.
fn take_dynamic_masks(request: &mut Request<'_>) -> Result<Option<Vec<Value>>, ApiError> {
    let mut masks = request.take_objects("dynamic_masks", 6)?;
    for (index, mask) in masks.iter_mut().flatten().enumerate() {
        let param = request.options.param(&format!("dynamic_masks[{index}].mask"));
        match mask.get_mut("mask") {
            None => {}
            Some(Value::String(text)) => {
                let image = Image::read(text, &param)?;
                *text = encode(Frame { image, param }, MOST_MEGABYTES)?;
            }
            Some(_) => {
                return Err(ApiError::invalid(&param, format!("`{param}` must be a string.")));
            }
        }
    }
    Ok(masks)
}
