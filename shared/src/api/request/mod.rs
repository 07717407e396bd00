//! Reading what a client asks for, on either surface, into one [`Order`].
//!
//! A body is JSON or a form; both become one map of fields, which is read here and nowhere
//! else. The names that other APIs have for a field of ours are taken as that field, and
//! what stands at the top level beside them is an option of the vendor's.

mod body;
mod form;
mod images;

use http::HeaderMap;

use super::error::ApiError;
use super::fields::{Fields, shortened};
use super::idempotency::fingerprint;
use super::order::{Generation, LONGEST_MODEL, MOST_TASKS, Order};
use super::size::Size;
use super::warning::Warning;

/// The fields of a body that are ours, each under all of its names; others are the vendor's.
pub const FIELDS: [&str; 20] = [
    "model",
    "prompt",
    "image",
    "images",
    "input_reference",
    "input_references",
    "frame_images",
    "size",
    "width",
    "height",
    "duration",
    "seconds",
    "fps",
    "seed",
    "n",
    "response_format",
    "user",
    "callback_url",
    "metadata",
    "options",
];

/// What belongs to the gateway and cannot be set by a client.
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
pub fn read(headers: &HeaderMap, body: &[u8]) -> Result<Order, ApiError> {
    let map = body::read(headers, body)?;
    let fingerprint = fingerprint(&map);
    let mut body = Fields::new("", map)?;
    let others = body.take_unknown(&FIELDS);
    let mut warnings = Vec::new();

    let model = required(&mut body, "model", "the model to use, e.g. \"viduq1\"")?;
    let prompt = required(&mut body, "prompt", "what the video shows")?;
    limit(&model, LONGEST_MODEL, "model")?;
    let mut options = read_options(&mut body)?;
    if options.is_blank("prompt") {
        return Err(ApiError::invalid("metadata.prompt", "`metadata.prompt` is empty."));
    }
    options.adopt(others, &mut warnings);
    if options.has("dry_run") {
        let message = "`dry_run` is a query parameter: POST to `…?dry_run=true`.";
        return Err(ApiError::invalid(&options.param("dry_run"), message));
    }
    for name in RESERVED {
        let param = options.param(name);
        if options.take(name).is_some() {
            let message = format!("`{name}` belongs to the gateway; it was left out.");
            warnings.push(Warning::new(param, message));
        }
    }

    let payload = options.take_text("payload")?;
    let images = images::read(&mut body, &mut options)?;
    let (duration, duration_param) = read_duration(&mut body)?;
    let generation = Generation {
        model: model.clone(),
        prompt,
        images,
        size_param: if body.has("size") { "size" } else { "width" },
        size: read_size(&mut body)?,
        duration,
        duration_param,
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
        fingerprint,
        warnings,
    };
    limit(order.user.as_deref().unwrap_or_default(), LONGEST_USER, "user")?;
    let payload = order.payload.as_deref().unwrap_or_default();
    limit(payload, LONGEST_PAYLOAD, "metadata.payload")?;
    read_webhook(&mut order, &mut body)?;
    read_response_format(&mut body)?;
    debug_assert!(body.is_empty(), "each of the fields is read");
    Ok(order)
}

/// The vendor's own options: `metadata`, or `options` for clients that keep that name to
/// themselves.
fn read_options(body: &mut Fields) -> Result<Fields, ApiError> {
    let mut options = body.take_object("metadata")?.unwrap_or_default();
    for (name, value) in body.take_object("options")?.unwrap_or_default() {
        match options.get(&name) {
            Some(other) if *other != value => {
                let param = format!("options.{}", shortened(&name));
                let message = format!("`{param}` is not what `metadata` says.");
                return Err(ApiError::invalid(&param, message));
            }
            _ => drop(options.insert(name, value)),
        }
    }
    Fields::new("metadata", options)
}

/// `duration`, or `seconds` as others call it, and the name it was given by.
fn read_duration(body: &mut Fields) -> Result<(Option<f64>, &'static str), ApiError> {
    let duration = positive(body, "duration", "seconds")?;
    let seconds = positive(body, "seconds", "seconds")?;
    match (duration, seconds) {
        (Some(duration), Some(seconds)) if duration != seconds => {
            let message = format!("`seconds` says {seconds}, `duration` says {duration}.");
            Err(ApiError::invalid("seconds", message))
        }
        (None, Some(seconds)) => Ok((Some(seconds), "seconds")),
        (duration, _) => Ok((duration, "duration")),
    }
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
    let Some(wanted) = body.take_whole("n")? else { return Ok(1) };
    let count = u32::try_from(wanted).ok().filter(|count| (1..=MOST_TASKS).contains(count));
    count.ok_or_else(|| {
        ApiError::invalid("n", format!("`n` must be 1 to {MOST_TASKS}, not {wanted}."))
    })
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
