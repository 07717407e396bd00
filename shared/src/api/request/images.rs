//! The images of a request, in all the fields in which other APIs have them.

use serde_json::Value;

use crate::api::error::ApiError;
use crate::api::fields::Fields;
use crate::api::image::{Given, Image};

/// The images in their order. A last frame without a first one is left among the options, as
/// the field where vendors have it.
pub(super) fn read(body: &mut Fields, options: &mut Fields) -> Result<Vec<Given>, ApiError> {
    let mut given: Option<(&str, Vec<Given>)> = None;
    for (field, images) in [
        ("image", ours(body)?),
        ("input_reference", references(body, "input_reference")?),
        ("input_references", references(body, "input_references")?),
        ("frame_images", frames(body, options)?),
    ] {
        if images.is_empty() {
            continue;
        }
        match &given {
            None => given = Some((field, images)),
            Some((other, earlier)) => {
                let same = earlier.iter().map(|it| &it.image).eq(images.iter().map(|it| &it.image));
                if !same {
                    let message = format!("`{field}` gives other images than `{other}`.");
                    return Err(ApiError::invalid(field, message));
                }
            }
        }
    }
    Ok(given.map(|(_, images)| images).unwrap_or_default())
}

/// `image`, and then `images`.
fn ours(body: &mut Fields) -> Result<Vec<Given>, ApiError> {
    let mut given = Vec::new();
    if let Some(text) = body.take_text("image")? {
        given.push(image(&text, "image".to_owned())?);
    }
    for (index, text) in body.take_texts("images")?.unwrap_or_default().iter().enumerate() {
        let image = Image::read(text, &format!("images[{index}]"))?;
        // What is wrong with it beside the others is wrong with the list.
        let param = if given.is_empty() { "image" } else { "images" };
        given.push(Given { image, param: param.to_owned() });
    }
    Ok(given)
}

/// One image or a list, each a text or an object with an address, as OpenAI and OpenRouter
/// have it.
fn references(body: &mut Fields, field: &str) -> Result<Vec<Given>, ApiError> {
    Ok(match body.take(field) {
        None => Vec::new(),
        Some(Value::Array(items)) => {
            let one = |(index, item): (usize, &Value)| reference(item, format!("{field}[{index}]"));
            items.iter().enumerate().map(one).collect::<Result<_, _>>()?
        }
        Some(item) => vec![reference(&item, field.to_owned())?],
    })
}

/// `[{"type":"image_url","image_url":{"url":"…"},"frame_type":"first_frame"}]`
fn frames(body: &mut Fields, options: &mut Fields) -> Result<Vec<Given>, ApiError> {
    let items = body.take_list("frame_images")?.unwrap_or_default();
    let (mut first, mut last) = (None, None);
    for (index, item) in items.iter().enumerate() {
        let param = format!("frame_images[{index}]");
        let frame = match item["frame_type"].as_str() {
            Some("first_frame") => &mut first,
            Some("last_frame") => &mut last,
            _ => {
                let param = format!("{param}.frame_type");
                let message = format!("`{param}` must be \"first_frame\" or \"last_frame\".");
                return Err(ApiError::invalid(&param, message));
            }
        };
        if frame.is_some() {
            let message = format!("`{param}` is a second frame of its type.");
            return Err(ApiError::invalid(&param, message));
        }
        *frame = Some(reference(item, param)?);
    }
    if first.is_none()
        && let Some(last) = last.take()
    {
        if options.has("image_tail") {
            let message = "`frame_images` has a last frame beside `image_tail`.";
            return Err(ApiError::invalid(&last.param, message));
        }
        options.put_outer("image_tail", last.image.to_url().into());
    }
    Ok(first.into_iter().chain(last).collect())
}

fn reference(item: &Value, param: String) -> Result<Given, ApiError> {
    if let Value::String(text) = item {
        return image(text, param);
    }
    if item["file_id"].is_string() {
        let param = format!("{param}.file_id");
        let message = format!(
            "`{param}` names a file that is not here; give the image itself, or its address."
        );
        return Err(ApiError::invalid(&param, message));
    }
    let url = &item["image_url"];
    match url.as_str().or_else(|| url["url"].as_str()) {
        Some(text) => image(text, format!("{param}.image_url")),
        None => {
            let message = format!(
                "`{param}` must be an image: an address, a data URL, base64, or an object with \
                 `image_url`."
            );
            Err(ApiError::invalid(&param, message))
        }
    }
}

fn image(text: &str, param: String) -> Result<Given, ApiError> {
    Ok(Given { image: Image::read(text, &param)?, param })
}
