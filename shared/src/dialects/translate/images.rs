//! The images of a generation: where clients write them, and how a vendor takes them.
//!
//! Not looked at: width, height and ratio of an image. The vendor sees them anyway.

use super::model::{Choice, Input, one_of};
use super::reader::Reader;
use crate::api::{ApiError, Format, Given, Image};

impl Reader {
    /// The images in lists of the vendor's own, which beat the client's. An empty list asks
    /// for nothing, and of several one may be given.
    pub fn own_images(&mut self, fields: &[&str]) -> Result<(), ApiError> {
        let mut given: Option<(&str, Vec<Given>)> = None;
        for field in fields {
            let own = self.take_frames(field)?;
            if own.is_empty() {
                continue;
            }
            if let Some((other, _)) = given {
                return self.refuse_both([other, field].map(|field| Some(self.param(field))));
            }
            given = Some((field, own));
        }
        let Some((field, own)) = given else { return Ok(()) };
        let are_kept = self.images.len() <= own.len()
            && self.images.iter().zip(&own).all(|(outer, own)| outer.image == own.image);
        if !are_kept {
            self.used_instead("image", field);
        }
        self.images = own;
        Ok(())
    }

    /// The first frame in a field of the vendor's own, which beats the client's.
    pub fn own_first_frame(&mut self, field: &str) -> Result<(), ApiError> {
        let Some(own) = self.take_frame(field)? else { return Ok(()) };
        match self.images.first_mut() {
            Some(first) if first.image == own.image => *first = own,
            Some(first) => {
                *first = own;
                self.used_instead("image", field);
            }
            None => self.images.push(own),
        }
        Ok(())
    }

    /// The last frame, in the field where other vendors have it, too.
    pub fn last_frame(&mut self) -> Result<(), ApiError> {
        let Some(last) = self.take_frame("image_tail")? else { return Ok(()) };
        match self.images.as_slice() {
            [] => self.last = Some(last),
            [_] => self.images.push(last),
            [_, second] if second.image == last.image => {}
            images => return Err(needs_one_before(&last.param, images.len())),
        }
        Ok(())
    }

    /// Finds out which input the video is made of. The images are references where something
    /// else says so.
    pub fn read_input(&mut self, are_references: bool) -> Result<Input, ApiError> {
        if let Some(surplus) = self.images.get(self.row.most_images) {
            let (most, count) = (self.row.most_images, self.images.len());
            let message = format!("{} takes up to {most} images, not {count}.", self.model);
            return Err(ApiError::invalid(&surplus.param, message));
        }
        self.input = match (self.images.len(), &self.last) {
            (0, Some(last)) if !self.row.inputs.values().contains(&Input::LastFrame) => {
                return Err(needs_one_before(&last.param, 0));
            }
            _ if are_references => Input::References,
            (0, None) => Input::Text,
            (0, Some(_)) => Input::LastFrame,
            (1 | 2, _) if self.takes_references_only() => {
                let message = "takes images as references, not as first or last frame.";
                self.warn("image", format!("{} {message}", self.model));
                Input::References
            }
            (1, _) => Input::FirstFrame,
            (2, _) => Input::FirstAndLastFrame,
            _ => Input::References,
        };
        self.check_input()?;
        Ok(self.input)
    }

    /// The images in their order, ready to be sent.
    pub fn encoded_images(&mut self) -> Result<Vec<String>, ApiError> {
        let images = std::mem::take(&mut self.images);
        images.into_iter().map(|Given { image, param }| self.encode(image, &param)).collect()
    }

    /// The first and the last frame, ready to be sent.
    pub fn encoded_frames(&mut self) -> Result<(Option<String>, Option<String>), ApiError> {
        let alone = self.last.take().map(|frame| self.encode(frame.image, &frame.param));
        let mut frames = self.encoded_images()?.into_iter();
        let (first, last) = (frames.next(), frames.next());
        Ok((first, last.or(alone.transpose()?)))
    }

    /// An image as the model takes it.
    pub fn encode(&self, image: Image, param: &str) -> Result<String, ApiError> {
        let (model, form) = (&self.model, self.row.image_form);
        if let Image::Inline { format, bytes, .. } = image {
            if format == Format::Webp && !form.webp {
                let message = format!("`{param}` is WebP; {model} takes PNG and JPEG.");
                return Err(ApiError::invalid(param, message));
            }
            if let Some((_, largest)) = form.largest.filter(|(largest, _)| bytes > *largest) {
                let message =
                    format!("`{param}` has {bytes} bytes; {model} takes images up to {largest}.");
                return Err(ApiError::too_large(param, message));
            }
        }
        Ok(match image {
            Image::Inline { .. } if form.data_url => image.to_url(),
            Image::Inline { base64, .. } => base64,
            Image::Url(url) => url,
        })
    }

    fn check_input(&self) -> Result<(), ApiError> {
        let Choice::Only(inputs) = self.row.inputs else { return Ok(()) };
        if inputs.contains(&self.input) {
            return Ok(());
        }
        let count = self.images.len();
        let given = match self.input {
            Input::References => format!("{count} images"),
            input => input.to_string(),
        };
        let message = format!("{} makes videos of {}, not of {given}.", self.model, one_of(inputs));
        let most = inputs.iter().map(|input| input.images()).max().unwrap_or_default();
        Err(match self.images.get(most) {
            Some(surplus) => ApiError::invalid(&surplus.param, message),
            None if count == 0 => ApiError::missing("image", message),
            None => ApiError::missing(&self.param("image_tail"), message),
        })
    }

    fn takes_references_only(&self) -> bool {
        let is_frame = |input: &Input| Input::FRAMES.contains(input);
        let inputs = self.row.inputs.values();
        inputs.contains(&Input::References) && !inputs.iter().any(is_frame)
    }

    fn take_frame(&mut self, field: &str) -> Result<Option<Given>, ApiError> {
        let Some(text) = self.options.take_text(field)? else { return Ok(None) };
        let param = self.param(field);
        Ok(Some(Given { image: Image::read(&text, &param)?, param }))
    }

    fn take_frames(&mut self, field: &str) -> Result<Vec<Given>, ApiError> {
        let texts = self.options.take_texts(field)?.unwrap_or_default();
        let frame = |(index, text): (usize, &String)| {
            let param = self.param(&format!("{field}[{index}]"));
            Ok(Given { image: Image::read(text, &param)?, param })
        };
        texts.iter().enumerate().map(frame).collect()
    }
}

fn needs_one_before(param: &str, count: usize) -> ApiError {
    let message =
        format!("`{param}` is a last frame; it needs one `image` before it, not {count}.");
    ApiError::invalid(param, message)
}
