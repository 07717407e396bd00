//! From the unified request to Kling's: which endpoint, which fields, which warnings.
//!
//! The old design: <https://app.klingai.com/global/dev/document-api/apiReference/model/textToVideo>,
//! the new one: <https://kling.ai/document-api/api/video/3-0-omni/text-to-video>.
//! The client's `payload` stays here: Kling echoes none.

use super::models::{self, Design};
use super::wire::{Content, NewCreate, OldCreate, Options, Settings};
use crate::api::{ApiError, Generation};
use crate::dialects::contract::SubmitContext;
use crate::dialects::translate::{Input, Reader, Translation};

pub(super) fn translate(
    generation: Generation,
    context: &SubmitContext<'_>,
) -> Result<Translation, ApiError> {
    let mut reader = Reader::new(generation, models::MODELS);
    let design = Design::of(&reader.model);
    reader.own_first_frame("image")?;
    reader.last_frame()?;
    let input = reader.read_input(false)?;
    let prompt = reader.prompt()?;
    let duration = reader.seconds(Some("duration"))?;
    reader.fps();
    reader.seed()?;
    let aspect_ratio = reader.ratio()?;
    let resolution = reader.resolution(match design {
        Design::Old => models::MODES,
        Design::New | Design::Omni => models::RESOLUTIONS,
    })?;
    if design == Design::Old {
        refuse_two_ways_to_move(&reader)?;
    }
    let mut options = reader.options()?;
    let (first, last) = reader.encoded_frames()?;

    let (callback_url, external_task_id) =
        (context.callback_url.to_owned(), context.task_id.to_string());
    let endpoint = endpoint(design, input, &reader.model);
    let who = format!("Kling's {endpoint}");
    if design == Design::Old {
        let body = OldCreate {
            model_name: reader.model.clone(),
            prompt,
            image: first,
            image_tail: last,
            mode: resolution,
            aspect_ratio,
            duration: duration.map(|seconds| seconds.to_string()),
            options,
            callback_url,
            external_task_id,
        };
        return Ok(reader.finish(&who, endpoint, &body));
    }
    let watermark_info = options.remove("watermark_info");
    let mut body = NewCreate {
        prompt: None,
        contents: Vec::new(),
        settings: Settings { resolution, aspect_ratio, duration, options },
        options: Options { callback_url, external_task_id, watermark_info },
    };
    if design == Design::New && input == Input::Text {
        body.prompt = Some(prompt);
    } else {
        body.contents.push(Content::Prompt { text: prompt });
        body.contents.extend(first.map(|url| Content::FirstFrame { url }));
        body.contents.extend(last.map(|url| Content::LastFrame { url }));
    }
    Ok(reader.finish(&who, endpoint, &body))
}

/// `text2video` in the old design, `text-to-video/kling-3.0` in the new one.
fn endpoint(design: Design, input: Input, model: &str) -> String {
    match (design, input) {
        (Design::Old, Input::Text) => "text2video".to_owned(),
        (Design::Old, _) => "image2video".to_owned(),
        (Design::New, Input::Text) => format!("text-to-video/{model}"),
        (Design::New, _) => format!("image-to-video/{model}"),
        (Design::Omni, _) => format!("omni-video/{model}"),
    }
}

/// A last frame, masks and a moving camera each say how the picture moves; Kling takes one of them.
fn refuse_two_ways_to_move(reader: &Reader) -> Result<(), ApiError> {
    let given = |field: &str| reader.has(field).then(|| reader.param(field));
    let last = reader.last.as_ref().or(reader.images.get(1)).map(|last| last.param.clone());
    let masks = given("static_mask").or_else(|| given("dynamic_masks"));
    reader.refuse_both([last, masks, given("camera_control")])
}
