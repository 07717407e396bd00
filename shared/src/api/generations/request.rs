//! Reading the body of `POST /v1/video/generations`.

use serde_json::{Map, Value};

use crate::api::error::ApiError;
use crate::api::fields::{Fields, shortened};
use crate::api::image::Image;
use crate::api::json::Unrepeated;
use crate::api::order::{Generation, LONGEST_MODEL, Order};
use crate::api::size::Size;
use crate::api::warning::Warning;

/// The fields of a body; no other is looked at.
pub const FIELDS: [&str; 15] = [
    "model",
    "prompt",
    "image",
    "images",
    "size",
    "width",
    "height",
    "duration",
    "fps",
    "seed",
    "n",
    "response_format",
    "user",
    "callback_url",
    "metadata",
];

/// What belongs to the gateway and cannot be set through `metadata`.
const RESERVED: [&str; 11] = [
    "model",
    "model_name",
    "external_task_id",
    "base_url",
    "api_key",
    "access_key",
    "secret_key",
    "session_token",
    "webhook_secret",
    "authorization",
    "token",
];

/// What a task keeps has to fit into its item, 400 KB in all.
const LONGEST_USER: usize = 1024;
const LONGEST_PAYLOAD: usize = 256 * 1024;

/// Reads a body; what is wrong with it names the field.
pub fn read(body: &[u8]) -> Result<Order, ApiError> {
    let mut body = Fields::new("", read_object(body)?)?;
    let unknown = body.take_unknown(&FIELDS);
    let mut warnings = Vec::new();

    let model = required(&mut body, "model", "the model to use, e.g. \"viduq1\"")?;
    let prompt = required(&mut body, "prompt", "what the video shows")?;
    limit(&model, LONGEST_MODEL, "model")?;
    let metadata = body.take_object("metadata")?.unwrap_or_default();
    let mut options = Fields::new("metadata", metadata)?;
    if options.is_blank("prompt") {
        return Err(ApiError::invalid("metadata.prompt", "`metadata.prompt` is empty."));
    }
    for name in RESERVED {
        if options.take(name).is_some() {
            let message = format!("`{name}` belongs to the gateway; it was left out.");
            warnings.push(Warning::new(options.param(name), message));
        }
    }

    let payload = options.take_text("payload")?;
    let generation = Generation {
        model: model.clone(),
        prompt,
        images: read_images(&mut body)?,
        size_param: if body.has("size") { "size" } else { "width" },
        size: read_size(&mut body)?,
        duration: positive(&mut body, "duration", "seconds")?,
        fps: positive(&mut body, "fps", "frames a second")?,
        seed: body.take_whole("seed")?,
        options,
    };
    let mut order = Order {
        model,
        count: read_count(&mut body)?,
        webhook: None,
        payload,
        user: body.take_text("user")?,
        generation,
        warnings,
    };
    limit(order.user.as_deref().unwrap_or_default(), LONGEST_USER, "user")?;
    let payload = order.payload.as_deref().unwrap_or_default();
    limit(payload, LONGEST_PAYLOAD, "metadata.payload")?;
    read_webhook(&mut order, &mut body)?;
    read_response_format(&mut body)?;
    debug_assert!(body.is_empty(), "each of the fields is read");
    unknown.warn_of_rest("This API", &mut order.warnings);
    Ok(order)
}

fn read_webhook(order: &mut Order, body: &mut Fields) -> Result<(), ApiError> {
    let outer = body.take_text("callback_url")?.filter(|url| !url.is_empty());
    let inner = order.generation.options.take_text("callback_url")?.filter(|url| !url.is_empty());
    if let (Some(outer), Some(inner)) = (&outer, &inner)
        && outer != inner
    {
        let message = "`metadata.callback_url` says something else and was used.";
        order.warnings.push(Warning::new("callback_url", message));
    }
    order.webhook = match (outer, inner) {
        (_, Some(url)) => Some((url, "metadata.callback_url")),
        (Some(url), None) => Some((url, "callback_url")),
        (None, None) => None,
    };
    Ok(())
}

fn read_object(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(ApiError::invalid_json("The body is empty; it must be a JSON object."));
    }
    match serde_json::from_slice(body).map(|Unrepeated(value)| value) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(ApiError::invalid_json("The body must be a JSON object.")),
        Err(error) => Err(ApiError::invalid_json(format!("The body is not JSON: {error}."))),
    }
}

fn required(body: &mut Fields, field: &str, meaning: &str) -> Result<String, ApiError> {
    match body.take_text(field)? {
        Some(text) if !text.trim().is_empty() => Ok(text),
        Some(_) => Err(ApiError::invalid(field, format!("`{field}` is empty; it is {meaning}."))),
        None => Err(ApiError::missing(field, format!("`{field}` is required: {meaning}."))),
    }
}

fn limit(text: &str, most: usize, param: &str) -> Result<(), ApiError> {
    if text.len() <= most {
        return Ok(());
    }
    let message = format!("`{param}` may have {most} bytes, not {}.", text.len());
    Err(ApiError::invalid(param, message))
}

fn positive(body: &mut Fields, field: &str, unit: &str) -> Result<Option<f64>, ApiError> {
    match body.take_number(field)? {
        Some(number) if number <= 0.0 => {
            Err(ApiError::invalid(field, format!("`{field}` must be a positive number of {unit}.")))
        }
        other => Ok(other),
    }
}

fn read_images(body: &mut Fields) -> Result<Vec<Image>, ApiError> {
    let mut images = Vec::new();
    if let Some(text) = body.take_text("image")? {
        images.push(Image::read(&text, "image")?);
    }
    for (index, text) in body.take_texts("images")?.unwrap_or_default().iter().enumerate() {
        images.push(Image::read(text, &format!("images[{index}]"))?);
    }
    Ok(images)
}

fn read_size(body: &mut Fields) -> Result<Option<Size>, ApiError> {
    let size = match body.take_text("size")? {
        Some(text) => Some(Size::read(&text, "size")?),
        None => None,
    };
    let (width, height) = (body.take_whole("width")?, body.take_whole("height")?);
    let sides = match (width, height) {
        (None, None) => return Ok(size),
        (Some(width), Some(height)) => {
            let side = |side: i64| u32::try_from(side).ok();
            side(width)
                .zip(side(height))
                .and_then(|(width, height)| Size::of(width, height))
                .ok_or_else(|| {
                    ApiError::invalid("width", "`width` and `height` must be 1 to 65536 pixels.")
                })?
        }
        (Some(_), None) => {
            return Err(ApiError::missing("height", "`width` needs `height` beside it."));
        }
        (None, Some(_)) => {
            return Err(ApiError::missing("width", "`height` needs `width` beside it."));
        }
    };
    match size {
        Some(size) if size != sides => Err(ApiError::invalid(
            "size",
            format!("`size` says {size}, `width` and `height` say {sides}."),
        )),
        _ => Ok(Some(sides)),
    }
}

fn read_count(body: &mut Fields) -> Result<u32, ApiError> {
    match body.take_whole("n")? {
        None => Ok(1),
        Some(count @ 1..=4) => Ok(u32::try_from(count).expect("1 to 4 fits")),
        Some(other) => Err(ApiError::invalid("n", format!("`n` must be 1 to 4, not {other}."))),
    }
}

fn read_response_format(body: &mut Fields) -> Result<(), ApiError> {
    match body.take_text("response_format")?.as_deref() {
        None | Some("url") => Ok(()),
        Some(other) => Err(ApiError::invalid(
            "response_format",
            format!(
                "`response_format` must be \"url\", not {:?}: videos are given by address.",
                shortened(other)
            ),
        )),
    }
}

#[cfg(test)]
mod tests;
