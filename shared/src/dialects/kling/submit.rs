//! From the unified request to Kling's: what both designs have in common.
//!
//! Refused here is only what Kling surely refuses. The designs differ in names
//! and shapes, so each has a file of its own that says what is sent.

mod new;
mod old;

use serde_json::Value;

use super::models::{Durations, NewModel};
use super::wire;
use crate::api::fields::prefer;
use crate::api::{ApiError, Fields, Format, Generation, Image, Size, Warning};
use crate::dialects::contract::Ticket;
use crate::task::whole;

const RATIOS: [&str; 3] = ["16:9", "9:16", "1:1"];
const LONGEST_NEGATIVE_PROMPT: usize = 2500;

/// A generation in Kling's words.
pub(super) struct Translation {
    /// `text2video` in the old design, `text-to-video/kling-3.0` in the new one.
    pub(super) endpoint: String,
    pub(super) body: wire::Create,
    pub(super) warnings: Vec<Warning>,
}

pub(super) fn translate(
    generation: Generation,
    ticket: &Ticket<'_>,
) -> Result<Translation, ApiError> {
    let mut warnings = Vec::new();
    let mut request = Request::new(generation, &mut warnings)?;
    let (endpoint, body) = match NewModel::named(&request.model) {
        Some(model) => new::translate(model, &mut request, ticket)?,
        None => old::translate(&mut request, ticket)?,
    };
    let Request { options, warnings: unread, .. } = request;
    options.warn_of_rest(&format!("Kling's {endpoint}"), unread);
    Ok(Translation { endpoint, body, warnings })
}

/// What a client asks for, sorted but not yet said in a design's words.
struct Request<'a> {
    model: String,
    prompt: String,
    prompt_param: String,
    first: Option<Frame>,
    last: Option<Frame>,
    size: Option<(Size, &'static str)>,
    duration: Option<(i64, String)>,
    options: Fields,
    warnings: &'a mut Vec<Warning>,
}

/// An image, and the field that it came in.
struct Frame {
    image: Image,
    param: String,
}

impl<'a> Request<'a> {
    fn new(generation: Generation, warnings: &'a mut Vec<Warning>) -> Result<Self, ApiError> {
        // The payload stays here: Kling echoes none.
        let Generation { model, prompt, images, size, size_param, mut options, .. } = generation;
        let (first, last) = read_frames(images, &mut options, warnings)?;
        let inner = options.take_text("prompt")?;
        let prompt_param =
            if inner.is_some() { options.param("prompt") } else { "prompt".to_owned() };
        let prompt = prefer(inner, Some(prompt), "prompt", warnings).unwrap_or_default();
        let duration = read_duration(generation.duration, &mut options, warnings)?;
        if generation.fps.is_some() {
            warnings.push(Warning::new("fps", "Kling chooses the frame rate itself."));
        }
        if generation.seed.is_some() {
            warnings.push(Warning::new("seed", "Kling takes no seed; it was left out."));
        }
        if options.take("seed").is_some() {
            let param = options.param("seed");
            warnings.push(Warning::new(param, "Kling takes no seed; it was left out."));
        }
        Ok(Self {
            model,
            prompt,
            prompt_param,
            first,
            last,
            size: size.map(|size| (size, size_param)),
            duration,
            options,
            warnings,
        })
    }

    fn has_images(&self) -> bool {
        self.first.is_some() || self.last.is_some()
    }

    fn take_prompt(&mut self, longest: usize) -> Result<String, ApiError> {
        check_length(&self.prompt, &self.prompt_param, longest)?;
        Ok(std::mem::take(&mut self.prompt))
    }

    /// The seconds, if the model makes videos that long; it makes any when its rule is not known.
    fn take_duration(&mut self, rule: Option<Durations>) -> Result<Option<i64>, ApiError> {
        let Some((seconds, param)) = self.duration.take() else {
            return Ok(None);
        };
        match rule {
            Some(allowed) if !allowed.allow(seconds) => {
                let message =
                    format!("{} makes videos of {allowed} seconds, not {seconds}.", self.model);
                Err(ApiError::invalid(&param, message))
            }
            _ if seconds < 1 => {
                let message = format!("`{param}` must be a positive number of seconds.");
                Err(ApiError::invalid(&param, message))
            }
            _ => Ok(Some(seconds)),
        }
    }

    /// The class of quality under the design's own name for it, which beats the size.
    fn take_quality(
        &mut self,
        field: &str,
        classes: &[(u32, &'static str)],
        allowed: Option<&[&str]>,
    ) -> Result<Option<String>, ApiError> {
        let is_allowed = |name: &str| allowed.is_none_or(|allowed| allowed.contains(&name));
        let sides: Vec<_> = classes.iter().map(|(side, _)| *side).collect();
        let name =
            |side| classes.iter().find(|(other, _)| Some(*other) == side).map(|(_, name)| *name);
        let inner = self.options.take_text(field)?;
        let (param, quality, message) = match (inner, self.size) {
            (None, None) => return Ok(None),
            (Some(inner), size) => {
                if let Some((size, param)) = size
                    && name(size.class_among(&sides)) != Some(&inner)
                {
                    let message = format!("`metadata.{field}` was used instead.");
                    self.warnings.push(Warning::new(param, message));
                }
                let names: Vec<_> = classes.iter().map(|(_, name)| *name).collect();
                let names = names.into_iter().filter(|name| is_allowed(name));
                let names = names.collect::<Vec<_>>().join(", ");
                let message = format!("The {field} of {} is one of {names}.", self.model);
                (self.options.param(field), Some(inner), message)
            }
            (None, Some((size, param))) => {
                let side = size.class_below(&sides);
                let quality = name(side).map(str::to_owned);
                if !side.is_some_and(|side| size.has_class(side)) {
                    let quality = quality.as_deref().unwrap_or_default();
                    let message = format!(
                        "{} has no {field} for {size}; {quality} was asked for.",
                        self.model
                    );
                    self.warnings.push(Warning::new(param, message));
                }
                let sides = classes.iter().filter(|(_, name)| is_allowed(name));
                let sides = sides.map(|(side, _)| side.to_string()).collect::<Vec<_>>().join(", ");
                let model = &self.model;
                let message =
                    format!("{model} has no {field} for {size}; short sides are {sides}.");
                (param.to_owned(), quality, message)
            }
        };
        match quality {
            Some(quality) if is_allowed(&quality) => Ok(Some(quality)),
            _ => Err(ApiError::invalid(&param, message)),
        }
    }

    /// Only for text: beside an image the ratio is the image's, and the size's is not sent.
    fn take_ratio(&mut self, is_known: bool) -> Result<Option<String>, ApiError> {
        if self.has_images() {
            if let Some((_, param)) = self.size {
                let message =
                    "Kling takes the aspect ratio from the image; the size's was left out.";
                self.warnings.push(Warning::new(param, message));
            }
            return Ok(None);
        }
        let allowed = RATIOS.join(", ");
        let inner = self.options.take_text("aspect_ratio")?;
        if let Some(inner) = inner {
            if is_known && !RATIOS.contains(&inner.as_str()) {
                let param = self.options.param("aspect_ratio");
                let message = format!("{} makes {allowed}, not {inner}.", self.model);
                return Err(ApiError::invalid(&param, message));
            }
            if let Some((size, param)) = self.size
                && size.ratio_among(&RATIOS) != Some(&inner)
            {
                let message = "`metadata.aspect_ratio` was used instead.";
                self.warnings.push(Warning::new(param, message));
            }
            return Ok(Some(inner));
        }
        let Some((size, param)) = self.size else {
            return Ok(None);
        };
        let ratio = size.ratio_among(&RATIOS).ok_or_else(|| {
            let message = format!("{} makes {allowed}; {size} is none of these.", self.model);
            ApiError::invalid(param, message)
        })?;
        Ok(Some(ratio.to_owned()))
    }

    /// One of a few words, where we know them.
    fn take_word(&mut self, field: &str, allowed: &[&str]) -> Result<Option<String>, ApiError> {
        let word = self.options.take_text(field)?;
        if let Some(word) = &word
            && !allowed.contains(&word.as_str())
        {
            let param = self.options.param(field);
            let message = format!("`{param}` must be one of {}, not {word:?}.", allowed.join(", "));
            return Err(ApiError::invalid(&param, message));
        }
        Ok(word)
    }

    /// A list of objects, not longer than Kling takes it.
    fn take_objects(&mut self, field: &str, most: usize) -> Result<Option<Vec<Value>>, ApiError> {
        let Some(items) = self.options.take_list(field)? else {
            return Ok(None);
        };
        let param = self.options.param(field);
        if items.len() > most {
            let message = format!("`{param}` takes up to {most}, not {}.", items.len());
            return Err(ApiError::invalid(&param, message));
        }
        if let Some(index) = items.iter().position(|item| !item.is_object()) {
            let param = format!("{param}[{index}]");
            return Err(ApiError::invalid(&param, format!("`{param}` must be an object.")));
        }
        Ok(Some(items))
    }
}

/// The first and the last frame, each in either spelling.
fn read_frames(
    outer: Vec<Image>,
    options: &mut Fields,
    warnings: &mut Vec<Warning>,
) -> Result<(Option<Frame>, Option<Frame>), ApiError> {
    if outer.len() > 2 {
        let message = format!("Kling takes a first and a last frame, not {} images.", outer.len());
        return Err(ApiError::invalid("images", message));
    }
    let mut outer = outer.into_iter();
    let mut first = outer.next().map(|image| Frame { image, param: "image".to_owned() });
    if let Some(inner) = read_frame(options, "image")? {
        if first.is_some_and(|outer| outer.image != inner.image) {
            warnings.push(Warning::new("image", "`metadata.image` was used instead."));
        }
        first = Some(inner);
    }
    let mut last = outer.next().map(|image| Frame { image, param: "images".to_owned() });
    if let Some(inner) = read_frame(options, "image_tail")? {
        if last.is_some_and(|outer| outer.image != inner.image) {
            let param = inner.param;
            let message =
                format!("A video has one last frame; the second image and `{param}` are two.");
            return Err(ApiError::invalid(&param, message));
        }
        last = Some(inner);
    }
    Ok((first, last))
}

fn read_frame(options: &mut Fields, field: &str) -> Result<Option<Frame>, ApiError> {
    let Some(text) = options.take_text(field)? else {
        return Ok(None);
    };
    let param = options.param(field);
    Ok(Some(Frame { image: Image::read(&text, &param)?, param }))
}

fn read_duration(
    outer: Option<f64>,
    options: &mut Fields,
    warnings: &mut Vec<Warning>,
) -> Result<Option<(i64, String)>, ApiError> {
    if let Some(inner) = options.take_whole("duration")? {
        if outer.is_some_and(|outer| whole(outer) != Some(inner)) {
            warnings.push(Warning::new("duration", "`metadata.duration` was used instead."));
        }
        return Ok(Some((inner, options.param("duration"))));
    }
    let Some(outer) = outer else {
        return Ok(None);
    };
    let seconds = whole(outer).ok_or_else(|| {
        let message = format!("Kling counts whole seconds; `duration` cannot be {outer}.");
        ApiError::invalid("duration", message)
    })?;
    Ok(Some((seconds, "duration".to_owned())))
}

/// An image as Kling takes it: an address, or base64 without the prefix of a data URL.
fn encode(frame: Frame, most_megabytes: usize) -> Result<String, ApiError> {
    let Frame { image, param } = frame;
    match image {
        Image::Url(url) => Ok(url),
        Image::Inline { format: Format::Webp, .. } => {
            let message = format!("`{param}` is WebP; Kling takes PNG and JPEG.");
            Err(ApiError::invalid(&param, message))
        }
        Image::Inline { bytes, .. } if bytes > most_megabytes << 20 => {
            let message =
                format!("`{param}` is larger than the {most_megabytes} MB that Kling takes.");
            Err(ApiError::too_large(&param, message))
        }
        Image::Inline { base64, .. } => Ok(base64),
    }
}

fn check_length(text: &str, param: &str, longest: usize) -> Result<(), ApiError> {
    let length = text.chars().count();
    if length > longest {
        let message =
            format!("`{param}` may have {longest} characters at this model; it has {length}.");
        return Err(ApiError::invalid(param, message));
    }
    Ok(())
}
