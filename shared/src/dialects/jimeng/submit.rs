//! From the unified request to Jimeng's: which `req_key`, which fields, which warnings.
//!
//! Refused here is only what Jimeng surely refuses, or would make another film
//! of than was asked for. Jimeng has neither callbacks nor notes: the gateway's
//! address and the client's `payload` stay here.

use super::images::{self, Frame};
use super::models::{self, Product, Ratio};
use super::wire;
use crate::api::fields::prefer;
use crate::api::{ApiError, Fields, Generation, Size, Warning};
use crate::task::Figures;
use crate::task::whole;

/// Every film has so many frames a second, and one more than its seconds hold.
pub(super) const FPS: i32 = 24;
const STRENGTHS: [&str; 3] = ["weak", "medium", "strong"];

/// What a generation becomes.
#[derive(Debug)]
pub(super) struct Translation {
    /// The model, or the name in `metadata.req_key` that beat it.
    pub(super) model: String,
    pub(super) create: wire::Create,
    /// What the request says of the film. Jimeng never tells.
    pub(super) figures: Figures,
    pub(super) warnings: Vec<Warning>,
}

/// What a generation is submitted to.
struct Target {
    /// As it was asked for; one name may stand for several keys.
    model: String,
    req_key: String,
    /// None for a key that we do not know: it has no hard rules.
    product: Option<Product>,
    images: usize,
}

/// A size, and the field that a message about it names.
type GivenSize = Option<(Size, &'static str)>;

pub(super) fn translate(generation: Generation) -> Result<Translation, ApiError> {
    let Generation {
        model,
        prompt,
        images,
        size,
        size_param,
        duration,
        fps,
        seed,
        payload: _,
        mut options,
    } = generation;
    let warnings = &mut Vec::new();

    let size = size.map(|size| (size, size_param));
    let frames = images::read(images, &mut options, warnings)?;
    let target = choose_target(model, &frames, size, &mut options, warnings)?;
    let prompt = read_prompt(&target, prompt, &mut options, warnings)?;
    let seed = read_seed(seed, &mut options, warnings)?;
    let (frame_count, seconds) = read_frame_count(&target, duration, &mut options, warnings)?;
    let aspect_ratio = read_ratio(&target, size, &mut options, warnings)?;
    compare_resolution(&target, size, warnings);
    let (template_id, camera_strength) = read_camera(&target, &mut options)?;
    if fps.is_some_and(|fps| fps != f64::from(FPS)) {
        let message = format!("Jimeng makes {FPS} frames a second.");
        warnings.push(Warning::new("fps", message));
    }
    let (image_urls, binary_data_base64) = images::write(frames)?;
    options.warn_of_rest(&target.req_key, warnings);

    let figures = Figures {
        #[expect(clippy::cast_precision_loss, reason = "a film has few seconds")]
        duration: seconds.map(|seconds| seconds as f64),
        seed: seed.filter(|seed| *seed >= 0),
        ..Figures::default()
    };
    let create = wire::Create {
        req_key: target.req_key,
        prompt,
        image_urls,
        binary_data_base64,
        seed,
        frames: frame_count,
        aspect_ratio,
        template_id,
        camera_strength,
    };
    Ok(Translation { model: target.model, create, figures, warnings: std::mem::take(warnings) })
}

/// The vendor's own `req_key` beats the model, and a name for several is made one.
fn choose_target(
    model: String,
    frames: &[Frame],
    size: GivenSize,
    options: &mut Fields,
    warnings: &mut Vec<Warning>,
) -> Result<Target, ApiError> {
    let inner = options.take_text("req_key")?;
    if inner.as_deref().is_some_and(|inner| inner.trim().is_empty()) {
        let param = options.param("req_key");
        return Err(ApiError::invalid(&param, format!("`{param}` is empty.")));
    }
    if inner.as_ref().is_some_and(|inner| *inner != model) {
        warnings.push(Warning::new("model", "`metadata.req_key` was used instead."));
    }
    let model = inner.unwrap_or(model);
    let moves_camera = options.has("template_id") || options.has("camera_strength");
    let class = size.and_then(|(size, _)| models::class_of(size));
    let req_key = models::expand(&model, frames.len(), moves_camera, class);
    let req_key = req_key.unwrap_or(&model).to_owned();
    let product = Product::of(&req_key);
    let target = Target { model, req_key, product, images: frames.len() };
    check_images(&target, frames)?;
    Ok(target)
}

/// An image that a product has no use for is never left out: the film would be another.
fn check_images(target: &Target, frames: &[Frame]) -> Result<(), ApiError> {
    let Some(product) = target.product else { return Ok(()) };
    let (req_key, allowed) = (&target.req_key, product.images());
    let (least, most) = (*allowed.start(), *allowed.end());
    if let Some(surplus) = frames.get(most) {
        let message = match most {
            0 => format!(
                "{req_key} makes films of text alone; `jimeng_v30` takes images, or name a \
                 `req_key` that does."
            ),
            _ => format!("{req_key} takes {most} image(s), not {}.", frames.len()),
        };
        return Err(ApiError::invalid(&surplus.param, message));
    }
    if frames.len() < least {
        let param = if frames.is_empty() { "image" } else { "metadata.image_tail" };
        let message = format!("{req_key} needs {least} image(s), not {}.", frames.len());
        return Err(ApiError::missing(param, message));
    }
    Ok(())
}

fn read_prompt(
    target: &Target,
    outer: String,
    options: &mut Fields,
    warnings: &mut Vec<Warning>,
) -> Result<Option<String>, ApiError> {
    let inner = options.take_text("prompt")?;
    let param = if inner.is_some() { options.param("prompt") } else { String::from("prompt") };
    let prompt =
        prefer(inner, Some(outer), "prompt", warnings).filter(|prompt| !prompt.trim().is_empty());
    let Some(product) = target.product else { return Ok(prompt) };
    let (req_key, longest) = (&target.req_key, product.longest_prompt());
    let length = prompt.as_deref().unwrap_or_default().chars().count();
    if length == 0 && product.needs_prompt(target.images) {
        return Err(ApiError::invalid(&param, format!("{req_key} needs a `{param}`.")));
    }
    if length > longest {
        let message =
            format!("`{param}` has {length} characters; {req_key} takes up to {longest}.");
        return Err(ApiError::invalid(&param, message));
    }
    Ok(prompt)
}

fn read_seed(
    outer: Option<i64>,
    options: &mut Fields,
    warnings: &mut Vec<Warning>,
) -> Result<Option<i64>, ApiError> {
    let inner = options.take_whole("seed")?;
    let param = if inner.is_some() { options.param("seed") } else { String::from("seed") };
    let seed = prefer(inner, outer, "seed", warnings);
    if seed.is_some_and(|seed| !(-1..=i64::from(i32::MAX)).contains(&seed)) {
        let message = format!("`{param}` must be 0 to {}, or -1 for any seed.", i32::MAX);
        return Err(ApiError::invalid(&param, message));
    }
    Ok(seed)
}

/// The number of frames to ask for, and the seconds that the film will have.
fn read_frame_count(
    target: &Target,
    duration: Option<f64>,
    options: &mut Fields,
    warnings: &mut Vec<Warning>,
) -> Result<(Option<i64>, Option<i64>), ApiError> {
    let req_key = &target.req_key;
    let takes_frames = target.product.is_none_or(Product::takes_frames);
    let inner = if takes_frames { options.take_whole("frames")? } else { None };
    let choices = target.product.map(Product::durations);
    if let Some(frames) = inner {
        let seconds = (frames % i64::from(FPS) == 1).then_some(frames / i64::from(FPS));
        let param = options.param("frames");
        if choices.is_some_and(|choices| !choices.iter().any(|it| frames_in(*it) == frames)) {
            let choices = choices.unwrap_or_default().iter().map(|it| frames_in(*it).to_string());
            let choices = choices.collect::<Vec<_>>().join(" or ");
            let message = format!("{req_key} makes films of {choices} frames, not {frames}.");
            return Err(ApiError::invalid(&param, message));
        }
        if frames < 1 {
            let message = format!("`{param}` must be a positive number.");
            return Err(ApiError::invalid(&param, message));
        }
        if duration.is_some_and(|duration| whole(duration) != seconds) {
            warnings.push(Warning::new("duration", "`metadata.frames` was used instead."));
        }
        return Ok((inner, seconds));
    }
    let Some(duration) = duration else {
        return Ok((None, choices.and_then(|choices| choices.first().copied())));
    };
    match (whole(duration), choices) {
        (Some(seconds), Some(choices)) if choices.contains(&seconds) => {
            Ok((takes_frames.then(|| frames_in(seconds)), Some(seconds)))
        }
        (Some(seconds), None) => Ok((Some(frames_in(seconds)), Some(seconds))),
        (_, choices) => {
            let choices = match choices {
                Some(choices) => {
                    choices.iter().map(i64::to_string).collect::<Vec<_>>().join(" or ")
                }
                None => String::from("whole"),
            };
            let message = format!("{req_key} makes films of {choices} seconds, not {duration}.");
            Err(ApiError::invalid("duration", message))
        }
    }
}

fn frames_in(seconds: i64) -> i64 {
    seconds.saturating_mul(i64::from(FPS)).saturating_add(1)
}

/// An empty ratio is refused by some products, and means as much as none.
fn read_ratio(
    target: &Target,
    size: GivenSize,
    options: &mut Fields,
    warnings: &mut Vec<Warning>,
) -> Result<Option<String>, ApiError> {
    let req_key = &target.req_key;
    let rule = target.product.map_or(Ratio::Requested, |product| product.ratio(target.images));
    if rule == Ratio::FromImage {
        if let Some((_, param)) = size {
            let message = format!("{req_key} takes the aspect ratio from the image.");
            warnings.push(Warning::new(param, message));
        }
        return Ok(None);
    }
    let ratios = target.product.map_or(models::RATIOS.as_slice(), Product::ratios);
    let inner = options.take_text("aspect_ratio")?.filter(|ratio| !ratio.is_empty());
    let param = options.param("aspect_ratio");
    let outer = size.and_then(|(size, _)| size.ratio_among(ratios));
    let refuse = |param: &str, got: &dyn std::fmt::Display| {
        let message = format!("{req_key} makes {}; {got} is none of these.", ratios.join(", "));
        ApiError::invalid(param, message)
    };
    match (inner, size) {
        (Some(inner), _) if target.product.is_some() && !ratios.contains(&inner.as_str()) => {
            Err(refuse(&param, &inner))
        }
        (Some(inner), size) => {
            if let Some((_, size_param)) = size
                && outer != Some(inner.as_str())
            {
                warnings.push(Warning::new(size_param, format!("`{param}` was used instead.")));
            }
            Ok(Some(inner))
        }
        (None, Some((size, size_param))) => match outer {
            Some(ratio) => Ok(Some(ratio.to_owned())),
            None if target.product.is_none() => {
                let message = format!("No aspect ratio that we know fits {size}.");
                warnings.push(Warning::new(size_param, message));
                Ok(None)
            }
            None => Err(refuse(size_param, &size)),
        },
        (None, None) if rule == Ratio::Required => {
            let message = format!("{req_key} needs `{param}` or `size`.");
            Err(ApiError::missing(&param, message))
        }
        (None, None) => Ok(None),
    }
}

/// The `req_key` is the resolution; a size that asks for another one did not choose the key.
fn compare_resolution(target: &Target, size: GivenSize, warnings: &mut Vec<Warning>) {
    let Some((size, param)) = size else { return };
    let req_key = &target.req_key;
    let message = match target.product {
        Some(product) if models::class_of(size) == Some(product.class) => return,
        Some(product) => format!("{req_key} makes {}p, not {size}.", product.class),
        None => format!("{req_key} chooses the resolution itself, {size} or another."),
    };
    warnings.push(Warning::new(param, message));
}

/// How the camera moves, both parts or none.
fn read_camera(
    target: &Target,
    options: &mut Fields,
) -> Result<(Option<String>, Option<String>), ApiError> {
    let input = target.product.map(|product| product.input);
    if input.is_some_and(|input| input != models::Input::CameraMove) {
        return Ok((None, None));
    }
    let mut take = |field| -> Result<Option<String>, ApiError> {
        let text = options.take_text(field)?.filter(|text| !text.is_empty());
        if text.is_none() && input.is_some() {
            let param = options.param(field);
            let message = format!("{} needs `{param}`.", target.req_key);
            return Err(ApiError::missing(&param, message));
        }
        Ok(text)
    };
    let (template_id, strength) = (take("template_id")?, take("camera_strength")?);
    let unknown = |strength: &String| !STRENGTHS.contains(&strength.as_str());
    if input.is_some()
        && let Some(strength) = strength.as_ref().filter(|strength| unknown(strength))
    {
        let param = options.param("camera_strength");
        let message = format!("`{param}` must be {}, not {strength:?}.", STRENGTHS.join(", "));
        return Err(ApiError::invalid(&param, message));
    }
    Ok((template_id, strength))
}
