//! From the unified request to Jimeng's: which `req_key`, which fields, which warnings.
//!
//! Jimeng has neither callbacks nor notes: the gateway's address and the client's
//! `payload` stay here.

use serde_json::{Map, Value};

use super::models;
use super::wire::Create;
use crate::api::{ApiError, Generation, Given, Image, LONGEST_MODEL, shortened};
use crate::dialects::contract::Meaning;
use crate::dialects::translate::{Common, Reader, Translation};
use crate::task::{Figures, whole};

const FPS: i64 = models::FPS as i64;

pub(super) fn translate(generation: Generation) -> Result<Translation, ApiError> {
    let mut reader = Reader::new(generation, models::MODELS);
    reader.own_images(&["image_urls", "binary_data_base64"])?;
    reader.last_frame()?;
    let common = reader.common_resolution()?;
    let class = class_asked_for(&reader, common.as_ref())?;
    let model = choose_key(&mut reader, class)?;
    reader.read_input(false)?;
    let prompt = reader.prompt()?;
    reader.fps();
    let seed = reader.seed()?;
    let aspect_ratio = reader.ratio()?;
    compare_resolution(&mut reader, common);
    let mut options = reader.options()?;
    let (frames, seconds) = read_frame_count(&mut reader, &mut options)?;
    let (image_urls, binary_data_base64) = encode_images(&mut reader)?;

    let req_key = reader.model.clone();
    let body = Create {
        req_key: req_key.clone(),
        prompt,
        image_urls,
        binary_data_base64,
        seed,
        frames,
        aspect_ratio,
        options,
    };
    let figures = Figures {
        #[expect(clippy::cast_precision_loss, reason = "a video has few seconds")]
        duration: seconds.map(|seconds| seconds as f64),
        seed: seed.filter(|seed| *seed >= 0),
        ..Figures::default()
    };
    // The key is the resolution.
    let class = reader.row.default_class();
    let read = reader.finish(&req_key.clone(), req_key, &body);
    let meaning = Meaning { seconds, class, ..read.meaning };
    Ok(Translation { model, figures, meaning, ..read })
}

/// The name that was asked for; the vendor's own `req_key` beats the model. What is read from
/// now on is read for the key that it stands for.
fn choose_key(reader: &mut Reader, class: Option<u32>) -> Result<String, ApiError> {
    let own = reader.take_text("req_key")?;
    if own.as_deref().is_some_and(|own| own.trim().is_empty()) {
        let param = reader.param("req_key");
        return Err(ApiError::invalid(&param, format!("`{param}` is empty.")));
    }
    if let Some(own) = own.as_deref().filter(|own| own.len() > LONGEST_MODEL) {
        let param = reader.param("req_key");
        let message = format!("`{param}` may have {LONGEST_MODEL} bytes, not {}.", own.len());
        return Err(ApiError::invalid(&param, message));
    }
    if own.as_deref().is_some_and(|own| own != reader.model) {
        reader.used_instead("model", "req_key");
    }
    let name = own.unwrap_or_else(|| reader.model.clone());
    let moves_camera = reader.has("template_id") || reader.has("camera_strength");
    let key = models::expand(&name, reader.images.len(), moves_camera, class);
    reader.set_model(key.unwrap_or(&name));
    Ok(name)
}

/// The quality class that the size or the resolution asks for.
fn class_asked_for(reader: &Reader, common: Option<&Common>) -> Result<Option<u32>, ApiError> {
    let of_size = reader.size.map(|(size, param)| (size, param, models::class_of(size)));
    match (common, of_size) {
        (Some(common), Some((size, param, class))) if common.class != class => {
            let message =
                format!("`resolution` says {}, `{param}` says {size}.", shortened(&common.word));
            Err(ApiError::invalid("resolution", message))
        }
        (Some(common), _) => Ok(common.class),
        (None, of_size) => Ok(of_size.and_then(|(_, _, class)| class)),
    }
}

/// The key is the resolution; one that asks for another one did not choose the key.
fn compare_resolution(reader: &mut Reader, common: Option<Common>) {
    let of_size =
        reader.size.map(|(size, param)| (param, size.to_string(), models::class_of(size)));
    let common = common.map(|Common { word, class }| ("resolution", word, class));
    let Some((param, asked, class)) = common.or(of_size) else { return };
    let (key, asked) = (&reader.model, shortened(&asked));
    let message = match reader.row.resolutions.values() {
        [own] if class == Some(own.class) => return,
        [own] => format!("{key} makes {own}, not {asked}."),
        _ => format!("{key} chooses the resolution itself, {asked} or another."),
    };
    reader.warn(param, message);
}

/// The number of frames to ask for, and the seconds that the video will have.
fn read_frame_count(
    reader: &mut Reader,
    options: &mut Map<String, Value>,
) -> Result<(Option<i64>, Option<i64>), ApiError> {
    if let Some(frames) = options.remove("frames").and_then(|frames| frames.as_i64()) {
        let seconds = (frames % FPS == 1).then_some(frames / FPS);
        if reader.duration.take().is_some_and(|duration| whole(duration) != seconds) {
            reader.used_instead(reader.duration_param, "frames");
        }
        return Ok((Some(frames), seconds));
    }
    let row = reader.row;
    let frames_in = |seconds: i64| seconds.saturating_mul(FPS).saturating_add(1);
    Ok(match reader.seconds(None)? {
        Some(seconds) => (row.takes("frames").then(|| frames_in(seconds)), Some(seconds)),
        None => (None, row.default_seconds),
    })
}

/// The frames as Jimeng takes them: all as addresses, or all as base64.
fn encode_images(reader: &mut Reader) -> Result<(Vec<String>, Vec<String>), ApiError> {
    let is_address = |frame: &Given| matches!(frame.image, Image::Url(_));
    let are_addresses = reader.images.first().is_some_and(is_address);
    if let Some(frame) = reader.images.iter().find(|frame| is_address(frame) != are_addresses) {
        let (model, param) = (&reader.model, &frame.param);
        let message = format!(
            "{model} takes both frames by address or both inline; `{param}` is not as the other."
        );
        return Err(ApiError::invalid(param, message));
    }
    let images = reader.encoded_images()?;
    Ok(if are_addresses { (images, Vec::new()) } else { (Vec::new(), images) })
}
