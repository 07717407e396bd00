//! The new design: <https://kling.ai/document-api/api/video/3-0-omni/text-to-video>.
//!
//! The model is in the path. No negative prompt, no camera, no masks: the
//! prompt says it all.

use super::super::models::NewModel;
use super::super::wire::{Content, Create, NewContents, NewText, Options, Settings};
use super::{Request, encode};
use crate::api::ApiError;
use crate::dialects::contract::Ticket;

const MOST_MEGABYTES: usize = 50;
const RESOLUTIONS: [(u32, &str); 3] = [(720, "720p"), (1080, "1080p"), (2160, "4k")];

pub(super) fn translate(
    model: &NewModel,
    request: &mut Request<'_>,
    ticket: &Ticket<'_>,
) -> Result<(String, Create), ApiError> {
    let family = match request.has_images() {
        _ if model.omni => "omni-video",
        true => "image-to-video",
        false => "text-to-video",
    };
    let endpoint = format!("{family}/{}", model.name);

    let prompt = request.take_prompt(model.longest_prompt)?;
    let audio = match model.audio {
        Some(allowed) => request.take_word("audio", allowed)?,
        None => None,
    };
    let multi_shot = if model.multi_shot { request.options.take_flag("multi_shot")? } else { None };
    let settings = Settings {
        resolution: request.take_quality("resolution", &RESOLUTIONS, Some(model.resolutions))?,
        aspect_ratio: request.take_ratio(true)?,
        duration: request.take_duration(Some(model.durations))?,
        audio,
        multi_shot,
    };
    let options = Options {
        callback_url: ticket.callback_url.to_owned(),
        external_task_id: ticket.task_id.to_string(),
        watermark_info: request.options.take_object("watermark_info")?,
    };
    if family == "text-to-video" {
        return Ok((endpoint, Create::NewText(NewText { prompt, settings, options })));
    }
    let mut contents = vec![Content::Prompt { text: prompt }];
    contents.extend(take_frames(model, request)?);
    Ok((endpoint, Create::NewContents(NewContents { contents, settings, options })))
}

fn take_frames(model: &NewModel, request: &mut Request<'_>) -> Result<Vec<Content>, ApiError> {
    let mut frames = Vec::new();
    if let Some(last) = &request.last {
        let param = &last.param;
        if !model.last_frame {
            let message = format!("{} takes a first frame, but no last one.", model.name);
            return Err(ApiError::invalid(param, message));
        }
        if request.first.is_none() {
            let message = format!("`{param}` is a last frame; it needs an `image` before it.");
            return Err(ApiError::invalid(param, message));
        }
    }
    if let Some(frame) = request.first.take() {
        frames.push(Content::FirstFrame { url: encode(frame, MOST_MEGABYTES)? });
    }
    if let Some(frame) = request.last.take() {
        frames.push(Content::LastFrame { url: encode(frame, MOST_MEGABYTES)? });
    }
    Ok(frames)
}
