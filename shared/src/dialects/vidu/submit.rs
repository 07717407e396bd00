//! From the unified request to Vidu's: which endpoint, which fields, which warnings.
//!
//! Vidu answers `FieldUnwanted` to a field that its endpoint does not take, so what is
//! made of a video decides which options go with it.

use super::models;
use super::wire::Create;
use crate::api::{ApiError, Generation};
use crate::dialects::contract::SubmitContext;
use crate::dialects::translate::{Input, Reader, Translation};

pub(super) fn translate(
    generation: Generation,
    context: &SubmitContext<'_>,
) -> Result<Translation, ApiError> {
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
    let resolution = reader.resolution("resolution", models::RESOLUTIONS)?;
    let options = reader.options()?;

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
        // Where the client has no note of its own, ours finds the task in Vidu's list.
        payload: reader.take_payload().unwrap_or_else(|| context.task_id.to_string()),
        callback_url: context.callback_url.to_owned(),
    };
    Ok(reader.finish(&format!("Vidu's {endpoint}"), endpoint.to_owned(), &body))
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
