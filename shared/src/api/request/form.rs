//! Forms, as stock SDKs send them: `multipart/form-data` with bracketed names.
//!
//! Everything in a form is text, so a number or a flag is told by the field that it is for.
//! A file is what its bytes are, whatever its name and type say; it is taken where an image
//! is, and becomes base64. An address sent as a file is an address.

use std::convert::Infallible;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{FutureExt, stream};
use multer::{Field, Multipart, parse_boundary};
use serde_json::{Map, Value};

use crate::api::error::ApiError;
use crate::api::fields::shortened;

const MOST_PARTS: usize = 100;
const LONGEST_NAME: usize = 200;
/// `metadata[camera][move][x]`
const DEEPEST: usize = 4;
/// The fields that may be files, whatever list or object of theirs it is in.
const FILES: [&str; 5] = ["image", "images", "input_reference", "input_references", "frame_images"];

/// The fields of a form.
pub(super) fn read(content_type: &str, body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let boundary = parse_boundary(content_type).map_err(|_| {
        let message = "The form's `Content-Type` names no boundary; leave it to the client that \
                       makes the form.";
        ApiError::invalid_json(message)
    })?;
    let body = Bytes::copy_from_slice(body);
    let whole = stream::once(async { Ok::<_, Infallible>(body) });
    // The whole body is there, so nothing is ever waited for.
    let parts = read_parts(Multipart::new(whole, boundary)).now_or_never();
    let parts = parts.unwrap_or_else(|| Err(broken(&"it has no end")))?;
    let mut fields = Map::new();
    for (name, text) in parts {
        let (first, path) = split(&name)?;
        put(fields.entry(first).or_insert(Value::Null), &path, text.into(), &name)?;
    }
    Ok(fields)
}

async fn read_parts(mut form: Multipart<'_>) -> Result<Vec<(String, String)>, ApiError> {
    let mut parts = Vec::new();
    while let Some(part) = form.next_field().await.map_err(|error| broken(&error))? {
        if parts.len() == MOST_PARTS {
            let message = format!("The form has more than {MOST_PARTS} parts.");
            return Err(ApiError::invalid_json(message));
        }
        let name = part.name().unwrap_or_default().to_owned();
        if name.is_empty() || name.len() > LONGEST_NAME {
            let message = format!(
                "Part {} of the form has no name, or one of over {LONGEST_NAME} bytes.",
                parts.len() + 1
            );
            return Err(ApiError::invalid_json(message));
        }
        let text = read_part(part, &name).await?;
        parts.push((name, text));
    }
    Ok(parts)
}

async fn read_part(part: Field<'_>, name: &str) -> Result<String, ApiError> {
    let is_file = part.file_name().is_some();
    let bytes = part.bytes().await.map_err(|error| broken(&error))?;
    let text = std::str::from_utf8(&bytes);
    if !is_file {
        let text = text.map_err(|_| {
            ApiError::invalid(name, format!("`{}` is not written in UTF-8.", shortened(name)))
        })?;
        return Ok(text.to_owned());
    }
    if !FILES.contains(&name.split('[').next().unwrap_or_default()) {
        let message = format!("`{}` takes no file.", shortened(name));
        return Err(ApiError::invalid(name, message));
    }
    if bytes.is_empty() {
        return Err(ApiError::invalid(name, format!("`{}` is an empty file.", shortened(name))));
    }
    let is_address = |text: &&str| {
        let beginning = text.trim_start().get(..8).unwrap_or_default().to_ascii_lowercase();
        ["http://", "https://", "data:"].iter().any(|scheme| beginning.starts_with(scheme))
    };
    Ok(match text.ok().filter(is_address) {
        Some(address) => address.trim().to_owned(),
        None => STANDARD.encode(&bytes),
    })
}

/// `a[b][]` as `a`, `b` and the end of a list.
fn split(name: &str) -> Result<(String, Vec<&str>), ApiError> {
    let malformed = || {
        let message = format!("`{}` is no name of a field, as `a[b]` is.", shortened(name));
        ApiError::invalid(name, message)
    };
    let Some((first, rest)) = name.split_once('[') else {
        return Ok((name.to_owned(), Vec::new()));
    };
    let rest = rest.strip_suffix(']').filter(|_| !first.is_empty()).ok_or_else(malformed)?;
    let path: Vec<_> = rest.split("][").collect();
    if path.len() >= DEEPEST || path.iter().any(|step| step.contains(['[', ']'])) {
        return Err(malformed());
    }
    Ok((first.to_owned(), path))
}

/// Puts a text where its name says.
fn put(place: &mut Value, path: &[&str], text: Value, name: &str) -> Result<(), ApiError> {
    let clash = || {
        let message = format!("`{}` is given twice, or as two kinds of things.", shortened(name));
        ApiError::invalid(name, message)
    };
    let Some((step, rest)) = path.split_first() else {
        if !place.is_null() {
            return Err(clash());
        }
        *place = text;
        return Ok(());
    };
    let index = step.parse::<usize>().ok();
    if step.is_empty() || index.is_some() {
        if place.is_null() {
            *place = Value::Array(Vec::new());
        }
        let items = place.as_array_mut().ok_or_else(clash)?;
        let index = index.unwrap_or(items.len());
        if index == items.len() {
            items.push(Value::Null);
        }
        return put(items.get_mut(index).ok_or_else(clash)?, rest, text, name);
    }
    if place.is_null() {
        *place = Value::Object(Map::new());
    }
    let members = place.as_object_mut().ok_or_else(clash)?;
    put(members.entry(*step).or_insert(Value::Null), rest, text, name)
}

fn broken(error: &dyn std::fmt::Display) -> ApiError {
    ApiError::invalid_json(format!("The form cannot be read: {error}."))
}

#[cfg(test)]
mod tests;
