//! From the unified request to Vidu's: which endpoint, which fields, which warnings.
//!
//! Refused here is only what Vidu surely refuses. It answers `FieldUnwanted` to
//! a field that its endpoint does not take, so each endpoint has its own.

use std::fmt;

use serde_json::Value;

use super::wire;
use crate::api::fields::prefer;
use crate::api::{ApiError, Fields, Generation, Image, Size, Warning};
use crate::dialects::contract::Ticket;
use crate::task::whole;

const MOST_IMAGES: usize = 7;
const RESOLUTIONS: [u32; 4] = [1080, 720, 540, 360];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    Text,
    FirstFrame,
    FirstAndLastFrame,
    References,
}

impl Endpoint {
    /// The others take the ratio from their images.
    fn takes_ratio(self) -> bool {
        matches!(self, Self::Text | Self::References)
    }

    fn takes_voice(self) -> bool {
        matches!(self, Self::FirstFrame | Self::References)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text2video",
            Self::FirstFrame => "img2video",
            Self::FirstAndLastFrame => "start-end2video",
            Self::References => "reference2video",
        })
    }
}

/// The hard rules of the models we know; an unknown model has none.
struct Model<'a>(&'a str);

impl Model<'_> {
    fn durations(&self) -> Option<&'static [i64]> {
        match self.0 {
            "viduq1" | "viduq1-classic" => Some(&[5]),
            "vidu1.5" | "vidu2.0" => Some(&[4, 8]),
            _ => None,
        }
    }

    fn resolutions(&self) -> Option<&'static [&'static str]> {
        match self.0 {
            "viduq1" | "viduq1-classic" => Some(&["1080p"]),
            _ => None,
        }
    }

    fn ratios(&self) -> &'static [&'static str] {
        if self.0.starts_with("viduq2") || self.0.starts_with("viduq3") {
            &["16:9", "9:16", "1:1", "4:3", "3:4"]
        } else {
            &["16:9", "9:16", "1:1"]
        }
    }

    /// Whether images can only be references, never frames.
    fn has_no_frames(&self) -> bool {
        matches!(self.0, "viduq2" | "viduq3" | "viduq3-mix")
    }
}

pub(super) fn translate(
    generation: Generation,
    ticket: &Ticket<'_>,
) -> Result<(Endpoint, wire::Create, Vec<Warning>), ApiError> {
    let Generation {
        model,
        prompt,
        images,
        size,
        size_param,
        duration,
        fps,
        seed,
        payload,
        mut options,
    } = generation;
    let rules = Model(&model);
    let warnings = &mut Vec::new();

    let images = read_images(images, &mut options, warnings)?;
    let endpoint = choose_endpoint(&rules, &images, &options, warnings)?;
    let prompt = prefer(options.take_text("prompt")?, Some(prompt), "prompt", warnings);
    let duration = read_duration(&rules, duration, &mut options, warnings)?;
    let seed = prefer(options.take_whole("seed")?, seed, "seed", warnings);
    let size = size.map(|size| (size, size_param));
    let resolution = read_resolution(&rules, size, &mut options, warnings)?;
    let aspect_ratio = read_ratio(&rules, endpoint, size, &mut options, warnings)?;
    if fps.is_some() {
        warnings.push(Warning::new("fps", "Vidu chooses the frame rate itself."));
    }
    let (subjects, videos) = match endpoint {
        Endpoint::References => (read_subjects(&mut options)?, options.take_texts("videos")?),
        _ => (None, None),
    };
    let style = if endpoint == Endpoint::Text { options.take_text("style")? } else { None };
    let (voice_id, is_rec, audio_type) = if endpoint.takes_voice() {
        let voice_id = options.take_text("voice_id")?;
        (voice_id, options.take_flag("is_rec")?, options.take_text("audio_type")?)
    } else {
        (None, None, None)
    };

    let create = wire::Create {
        prompt: prompt.unwrap_or_default(),
        images: images.iter().map(Image::to_url).collect(),
        subjects,
        videos,
        duration,
        seed,
        aspect_ratio,
        resolution,
        movement_amplitude: options.take_text("movement_amplitude")?,
        style,
        bgm: options.take_flag("bgm")?,
        audio: options.take_flag("audio")?,
        audio_type,
        voice_id,
        is_rec,
        off_peak: options.take_flag("off_peak")?,
        watermark: options.take_flag("watermark")?,
        wm_position: options.take_whole("wm_position")?,
        wm_url: options.take_text("wm_url")?,
        meta_data: options.take_text("meta_data")?,
        // Where the client has no note of its own, ours finds the task in Vidu's list.
        payload: payload
            .filter(|payload| !payload.is_empty())
            .unwrap_or_else(|| ticket.task_id.to_string()),
        callback_url: ticket.callback_url.to_owned(),
        model,
    };
    options.warn_of_rest(&format!("Vidu's {endpoint}"), warnings);
    Ok((endpoint, create, std::mem::take(warnings)))
}

/// The frames or references: `images` of the vendor's own options beats the
/// client's, and `image_tail` is the last frame, as other vendors call it.
fn read_images(
    outer: Vec<Image>,
    options: &mut Fields,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Image>, ApiError> {
    let mut images = outer;
    if let Some(texts) = options.take_texts("images")? {
        let inner = texts
            .iter()
            .enumerate()
            .map(|(index, text)| Image::read(text, &options.param(&format!("images[{index}]"))))
            .collect::<Result<Vec<_>, _>>()?;
        if !images.is_empty() && images != inner {
            warnings.push(Warning::new("image", "`metadata.images` were used instead."));
        }
        images = inner;
    }
    if let Some(text) = options.take_text("image_tail")? {
        let param = options.param("image_tail");
        let tail = Image::read(&text, &param)?;
        if images.len() != 1 {
            let count = images.len();
            let message =
                format!("`{param}` is a last frame; it needs one `image` before it, not {count}.");
            return Err(ApiError::invalid(&param, message));
        }
        images.push(tail);
    }
    if images.len() > MOST_IMAGES {
        let count = images.len();
        let message = format!("Vidu takes up to {MOST_IMAGES} images, not {count}.");
        return Err(ApiError::invalid("images", message));
    }
    Ok(images)
}

fn choose_endpoint(
    rules: &Model<'_>,
    images: &[Image],
    options: &Fields,
    warnings: &mut Vec<Warning>,
) -> Result<Endpoint, ApiError> {
    if options.has("subjects") && !images.is_empty() {
        let param = options.param("subjects");
        let message = format!("`{param}` bring their own images; give those or `image`, not both.");
        return Err(ApiError::invalid(&param, message));
    }
    if options.has("subjects") || options.has("videos") {
        return Ok(Endpoint::References);
    }
    Ok(match images.len() {
        0 => Endpoint::Text,
        1 | 2 if rules.has_no_frames() => {
            let model = rules.0;
            let message =
                format!("{model} takes images as references, not as first or last frame.");
            warnings.push(Warning::new("image", message));
            Endpoint::References
        }
        1 => Endpoint::FirstFrame,
        2 => Endpoint::FirstAndLastFrame,
        _ => Endpoint::References,
    })
}

fn read_duration(
    rules: &Model<'_>,
    outer: Option<f64>,
    options: &mut Fields,
    warnings: &mut Vec<Warning>,
) -> Result<Option<i64>, ApiError> {
    let (param, seconds) = match (options.take_whole("duration")?, outer) {
        (Some(inner), outer) => {
            if outer.is_some_and(|outer| whole(outer) != Some(inner)) {
                warnings.push(Warning::new("duration", "`metadata.duration` was used instead."));
            }
            (options.param("duration"), inner)
        }
        (None, Some(outer)) => {
            let seconds = whole(outer).ok_or_else(|| {
                let message = format!("Vidu counts whole seconds; `duration` cannot be {outer}.");
                ApiError::invalid("duration", message)
            })?;
            ("duration".to_owned(), seconds)
        }
        (None, None) => return Ok(None),
    };
    match rules.durations() {
        Some(allowed) if !allowed.contains(&seconds) => {
            let allowed = allowed.iter().map(i64::to_string).collect::<Vec<_>>().join(" or ");
            let message = format!("{} makes videos of {allowed} seconds, not {seconds}.", rules.0);
            Err(ApiError::invalid(&param, message))
        }
        _ if seconds < 1 => {
            let message = format!("`{param}` must be a positive number of seconds.");
            Err(ApiError::invalid(&param, message))
        }
        _ => Ok(Some(seconds)),
    }
}

fn read_resolution(
    rules: &Model<'_>,
    size: Option<(Size, &'static str)>,
    options: &mut Fields,
    warnings: &mut Vec<Warning>,
) -> Result<Option<String>, ApiError> {
    let (param, resolution) = match (options.take_text("resolution")?, size) {
        (Some(inner), size) => {
            if let Some((size, param)) = size
                && size.class_among(&RESOLUTIONS).map(|class| format!("{class}p")).as_ref()
                    != Some(&inner)
            {
                warnings.push(Warning::new(param, "`metadata.resolution` was used instead."));
            }
            (options.param("resolution"), inner)
        }
        (None, Some((size, param))) => {
            let class = size.class_below(&RESOLUTIONS).expect("there are resolutions");
            if !size.has_class(class) {
                let message = format!("Vidu has no resolution for {size}; {class}p was asked for.");
                warnings.push(Warning::new(param, message));
            }
            (param.to_owned(), format!("{class}p"))
        }
        (None, None) => return Ok(None),
    };
    match rules.resolutions() {
        Some(allowed) if !allowed.contains(&resolution.as_str()) => {
            let message =
                format!("{} makes {} only, not {resolution}.", rules.0, allowed.join(" or "));
            Err(ApiError::invalid(&param, message))
        }
        _ => Ok(Some(resolution)),
    }
}

fn read_ratio(
    rules: &Model<'_>,
    endpoint: Endpoint,
    size: Option<(Size, &'static str)>,
    options: &mut Fields,
    warnings: &mut Vec<Warning>,
) -> Result<Option<String>, ApiError> {
    if !endpoint.takes_ratio() {
        if let Some((_, param)) = size {
            let message =
                "Vidu takes the aspect ratio from the image; only the resolution was sent.";
            warnings.push(Warning::new(param, message));
        }
        return Ok(None);
    }
    let inner = options.take_text("aspect_ratio")?;
    let Some((size, param)) = size else {
        return Ok(inner);
    };
    let ratio = size.ratio_among(rules.ratios());
    match (inner, ratio) {
        (Some(inner), ratio) => {
            if ratio != Some(inner.as_str()) {
                warnings.push(Warning::new(param, "`metadata.aspect_ratio` was used instead."));
            }
            Ok(Some(inner))
        }
        (None, Some(ratio)) => Ok(Some(ratio.to_owned())),
        (None, None) => {
            let allowed = rules.ratios().join(", ");
            let message = format!("{} makes {allowed}; {size} is none of these.", rules.0);
            Err(ApiError::invalid(param, message))
        }
    }
}

/// `[{"name":"cat","images":["…"]}]`, whose images may come in every form, too.
fn read_subjects(options: &mut Fields) -> Result<Option<Vec<Value>>, ApiError> {
    let Some(mut subjects) = options.take_list("subjects")? else {
        return Ok(None);
    };
    for (index, subject) in subjects.iter_mut().enumerate() {
        let param = options.param(&format!("subjects[{index}]"));
        let Value::Object(subject) = subject else {
            return Err(ApiError::invalid(&param, format!("`{param}` must be an object.")));
        };
        let Some(images) = subject.get_mut("images") else {
            continue;
        };
        let images = images.as_array_mut().ok_or_else(|| {
            let param = format!("{param}.images");
            ApiError::invalid(&param, format!("`{param}` must be a list of strings."))
        })?;
        for (index, image) in images.iter_mut().enumerate() {
            let param = format!("{param}.images[{index}]");
            let text = image
                .as_str()
                .ok_or_else(|| ApiError::invalid(&param, format!("`{param}` must be a string.")))?;
            *image = Value::String(Image::read(text, &param)?.to_url());
        }
    }
    Ok(Some(subjects))
}
