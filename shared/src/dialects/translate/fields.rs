//! The fields that every client has: prompt, duration, frame rate and seed.

use super::model::Numbers;
use super::reader::Reader;
use crate::api::ApiError;
use crate::task::whole;

impl Reader {
    pub fn prompt(&mut self) -> Result<String, ApiError> {
        let own = self.options.take_text("prompt")?;
        if own.as_ref().is_some_and(|own| *own != self.prompt) {
            self.used_instead("prompt", "prompt");
        }
        let param = self.given_as("prompt", own.is_some());
        let prompt = own.unwrap_or_else(|| std::mem::take(&mut self.prompt));
        if let Some(longest) = self.row.longest_prompt {
            self.check_length(&prompt, longest, &param)?;
        }
        Ok(prompt)
    }

    /// The seconds of the video: the vendor's own option, where it has one, or the duration.
    pub fn seconds(&mut self, field: Option<&str>) -> Result<Option<i64>, ApiError> {
        let outer = self.duration.take();
        let own = field.map_or(Ok(None), |field| self.options.take_whole(field))?;
        let field = field.unwrap_or("duration");
        if own.is_some() && outer.is_some_and(|outer| whole(outer) != own) {
            self.used_instead(self.duration_param, field);
        }
        let (param, seconds, given) = match (own, outer) {
            (Some(own), _) => (self.param(field), Some(own), own.to_string()),
            (None, Some(outer)) => {
                (self.duration_param.to_owned(), whole(outer), outer.to_string())
            }
            (None, None) => {
                self.meaning.seconds = self.row.default_seconds;
                return Ok(None);
            }
        };
        let allowed = self.row.seconds;
        if let Some(seconds) = seconds.filter(|seconds| allowed.allow(*seconds)) {
            self.meaning.seconds = Some(seconds);
            return Ok(Some(seconds));
        }
        let unit = match allowed {
            Numbers::Only(_) | Numbers::Range(..) => "seconds",
            Numbers::Any | Numbers::AtLeast(_) | Numbers::About(..) => "whole seconds",
        };
        let message = format!("{} makes videos of {allowed} {unit}, not {given}.", self.model);
        Err(ApiError::invalid(&param, message))
    }

    /// Reads the frame rate, which no model lets choose.
    pub fn fps(&mut self) {
        let Some(fps) = self.fps.take() else { return };
        let model = &self.model;
        let message = match self.row.fps {
            Some(own) if fps == f64::from(own) => return,
            Some(own) => format!("{model} makes {own} frames a second, not {fps}."),
            None => format!("{model} chooses the frame rate itself."),
        };
        self.warn("fps", message);
    }

    pub fn seed(&mut self) -> Result<Option<i64>, ApiError> {
        let outer = self.seed.take();
        let Some(allowed) = self.row.seed else {
            let own = self.options.take("seed").map(|_| self.param("seed"));
            for param in outer.map(|_| "seed".to_owned()).into_iter().chain(own) {
                self.warn(param, format!("{} takes no seed; it was left out.", self.model));
            }
            return Ok(None);
        };
        let own = self.options.take_whole("seed")?;
        if own.is_some() && outer.is_some() && own != outer {
            self.used_instead("seed", "seed");
        }
        let param = self.given_as("seed", own.is_some());
        match own.or(outer) {
            Some(seed) if !allowed.allow(seed) => {
                let message = format!("`{param}` must be {allowed}, not {seed}.");
                Err(ApiError::invalid(&param, message))
            }
            seed => {
                self.meaning.seed = seed;
                Ok(seed)
            }
        }
    }

    pub(super) fn check_length(
        &self,
        text: &str,
        longest: usize,
        param: &str,
    ) -> Result<(), ApiError> {
        let length = text.chars().count();
        if length <= longest {
            return Ok(());
        }
        let model = &self.model;
        let message = format!("`{param}` has {length} characters; {model} takes up to {longest}.");
        Err(ApiError::invalid(param, message))
    }

    /// The name of a field as it was given: an option of the vendor's, or the client's own.
    fn given_as(&self, field: &str, is_own: bool) -> String {
        if is_own { self.param(field) } else { field.to_owned() }
    }
}
