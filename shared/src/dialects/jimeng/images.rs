//! The frames of a generation: where clients write them, and what Jimeng takes.
//!
//! Not looked at: width, height and ratio of an image. The vendor sees them anyway.

use crate::api::{ApiError, Fields, Format, Image, Warning};

/// 4.7 MB.
const LARGEST: usize = 4_700_000;

/// An image, and the field that a message about it names.
#[derive(Debug)]
pub(super) struct Frame {
    image: Image,
    pub(super) param: String,
}

/// The first and the last frame. The vendor's own fields beat the client's;
/// `image_tail` is the last frame, as other vendors call it.
pub(super) fn read(
    outer: Vec<Image>,
    options: &mut Fields,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Frame>, ApiError> {
    let (urls, inline) = (take(options, "image_urls")?, take(options, "binary_data_base64")?);
    if !urls.is_empty() && !inline.is_empty() {
        let (one, other) = (options.param("image_urls"), options.param("binary_data_base64"));
        let message = format!("Jimeng takes `{one}` or `{other}`, not both.");
        return Err(ApiError::invalid(&other, message));
    }
    let (field, inner) =
        if inline.is_empty() { ("image_urls", urls) } else { ("binary_data_base64", inline) };
    let mut frames = if inner.is_empty() {
        let param = |index| if index == 0 { "image" } else { "images" };
        let frame = |(index, image)| Frame { image, param: String::from(param(index)) };
        outer.into_iter().enumerate().map(frame).collect()
    } else {
        if outer.iter().any(|image| inner.iter().all(|frame| frame.image != *image)) {
            let message = format!("`{}` were used instead.", options.param(field));
            warnings.push(Warning::new("image", message));
        }
        inner
    };
    if let Some(text) = options.take_text("image_tail")? {
        let param = options.param("image_tail");
        let image = Image::read(&text, &param)?;
        match frames.as_slice() {
            [_] => frames.push(Frame { image, param }),
            [_, last] if last.image == image => {}
            _ => {
                let count = frames.len();
                let message = format!(
                    "`{param}` is a last frame; it needs one `image` before it, not {count}."
                );
                return Err(ApiError::invalid(&param, message));
            }
        }
    }
    Ok(frames)
}

/// A list of images in a field of the vendor's; an empty one asks for nothing.
fn take(options: &mut Fields, field: &str) -> Result<Vec<Frame>, ApiError> {
    let texts = options.take_texts(field)?.unwrap_or_default();
    let frame = |(index, text): (usize, &String)| {
        let param = options.param(&format!("{field}[{index}]"));
        Ok(Frame { image: Image::read(text, &param)?, param })
    };
    texts.iter().enumerate().map(frame).collect()
}

/// The frames as Jimeng takes them: all as addresses, or all as base64.
pub(super) fn write(frames: Vec<Frame>) -> Result<(Vec<String>, Vec<String>), ApiError> {
    let (mut urls, mut inline) = (Vec::new(), Vec::new());
    for Frame { image, param } in frames {
        match image {
            Image::Url(url) => urls.push(url),
            Image::Inline { format: Format::Webp, .. } => {
                let message = format!("`{param}` is WebP; Jimeng takes PNG and JPEG.");
                return Err(ApiError::invalid(&param, message));
            }
            Image::Inline { bytes, .. } if bytes > LARGEST => {
                let message =
                    format!("`{param}` has {bytes} bytes; Jimeng takes images up to 4.7 MB.");
                return Err(ApiError::too_large(&param, message));
            }
            Image::Inline { base64, .. } => inline.push(base64),
        }
        if !urls.is_empty() && !inline.is_empty() {
            let message = format!(
                "Jimeng takes both frames by address or both inline; `{param}` is not as the other."
            );
            return Err(ApiError::invalid(&param, message));
        }
    }
    Ok((urls, inline))
}
