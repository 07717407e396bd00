//! From the unified request to Vidu's: which endpoint, which fields, which warnings.
//!
//! The client's `payload` stays here: Vidu echoes our own note.
//! Vidu answers `FieldUnwanted` to a field that its endpoint does not take, so what is
//! made of a video decides which options go with it.

use jiff::SignedDuration;
use serde_json::Value;

use super::facts::{FACTS, OFF_PEAK_DEADLINE};
use super::models;
use super::wire::Create;
use crate::api::{ApiError, Generation};
use crate::dialects::contract::SubmitContext;
use crate::dialects::translate::{Input, Reader, Translation};

/// The request, and how long its task may take.
pub(super) fn translate(
    generation: Generation,
    context: &SubmitContext<'_>,
) -> Result<(Translation, SignedDuration), ApiError> {
    let mut reader = Reader::new(generation, models::MODELS);
    reader.own_images(&["images"])?;
    reader.last_frame()?;
    refuse_two_kinds_of_reference(&reader)?;
    let input = reader.read_input(reader.has("subjects") || reader.has("videos"))?;
    let prompt = reader.prompt()?;
    let duration = reader.seconds(Some("duration"))?;
    reader.fps();
    let seed = reader.seed()?;
    let aspect_ratio = reader.ratio()?;
    let resolution = reader.resolution(models::RESOLUTIONS)?;
    let options = reader.options()?;

    let is_off_peak = options.get("off_peak") == Some(&Value::Bool(true));
    let deadline = if is_off_peak { OFF_PEAK_DEADLINE } else { FACTS.pace.deadline };
    let endpoint = endpoint(input);
    let body = Create {
        model: reader.model.clone(),
        prompt,
        images: reader.encoded_images()?,
        duration,
        seed,
        aspect_ratio,
        resolution,
        options,
        // Our note, never the client's: the task is found by it in Vidu's list.
        payload: context.task_id.to_string(),
        callback_url: context.callback_url.to_owned(),
    };
    Ok((reader.finish(&format!("Vidu's {endpoint}"), endpoint.to_owned(), &body), deadline))
}

fn endpoint(input: Input) -> &'static str {
    match input {
        Input::Text => "text2video",
        Input::FirstFrame => "img2video",
        Input::FirstAndLastFrame | Input::LastFrame => "start-end2video",
        Input::References => "reference2video",
    }
}

/// Subjects bring their own images.
fn refuse_two_kinds_of_reference(reader: &Reader) -> Result<(), ApiError> {
    let image = reader.images.first().map(|frame| frame.param.clone());
    let subjects = reader.has("subjects").then(|| reader.param("subjects"));
    reader.refuse_both([image, subjects])
}
