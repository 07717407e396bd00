//! The generation that is being read, and what becomes of it.

use bytes::Bytes;
use http::Request;
use jiff::SignedDuration;
use serde::Serialize;

use super::model::{Input, Model};
use crate::api::{ApiError, Fields, Generation, Given, Size, Warning};
use crate::dialects::contract::{Meaning, Submission};
use crate::task::Figures;

/// A generation that is being read: whoever reads a field takes it away.
#[derive(Debug)]
pub struct Reader {
    models: &'static [Model],
    /// The model that messages name.
    pub model: String,
    pub row: &'static Model,
    pub(super) input: Input,
    pub(super) prompt: String,
    pub images: Vec<Given>,
    /// A last frame without a first.
    pub last: Option<Given>,
    /// A size, and the field that messages about it name.
    pub size: Option<(Size, &'static str)>,
    pub duration: Option<f64>,
    /// The field that messages about the duration name.
    pub duration_param: &'static str,
    pub(super) fps: Option<f64>,
    pub(super) seed: Option<i64>,
    pub(super) options: Fields,
    /// What has been read so far.
    pub(super) meaning: Meaning,
    warnings: Vec<Warning>,
}

/// A generation in a vendor's words.
#[derive(Debug)]
pub struct Translation {
    pub model: String,
    pub endpoint: String,
    pub body: Vec<u8>,
    /// The figures that the request itself tells.
    pub figures: Figures,
    pub meaning: Meaning,
    pub warnings: Vec<Warning>,
}

impl Translation {
    /// The submission of it, sent by this request.
    pub fn submission(
        self,
        repeatable: bool,
        deadline: SignedDuration,
        request: impl FnOnce(&str, Bytes) -> Request<Bytes>,
    ) -> Submission {
        let Self { model, endpoint, body, figures, meaning, warnings } = self;
        let request = request(&endpoint, Bytes::from(body));
        Submission { request, repeatable, model, endpoint, deadline, figures, meaning, warnings }
    }
}

impl Reader {
    pub fn new(generation: Generation, models: &'static [Model]) -> Self {
        let Generation {
            model,
            prompt,
            images,
            size,
            size_param,
            duration,
            duration_param,
            fps,
            seed,
            options,
        } = generation;
        Self {
            models,
            row: Model::named(models, &model),
            model,
            input: Input::Text,
            prompt,
            images,
            last: None,
            size: size.map(|size| (size, size_param)),
            duration,
            duration_param,
            fps,
            seed,
            options,
            meaning: Meaning::default(),
            warnings: Vec::new(),
        }
    }

    /// Puts another model in the place of the one that the client named.
    pub fn set_model(&mut self, name: &str) {
        self.row = Model::named(self.models, name);
        name.clone_into(&mut self.model);
    }

    /// Whether an option is there that nobody has read yet.
    pub fn has(&self, field: &str) -> bool {
        self.options.has(field)
    }

    /// The full name of an option.
    pub fn param(&self, field: &str) -> String {
        self.options.param(field)
    }

    pub fn take_text(&mut self, field: &str) -> Result<Option<String>, ApiError> {
        self.options.take_text(field)
    }

    pub fn warn(&mut self, param: impl Into<String>, message: impl Into<String>) {
        self.warnings.push(Warning::new(param, message));
    }

    /// Warns that a field of the client's was beaten by an option of the vendor's.
    pub fn used_instead(&mut self, param: &str, field: &str) {
        let message = format!("`{}` was used instead.", self.param(field));
        self.warn(param, message);
    }

    /// Refuses the second of what is given, where one excludes the other.
    pub fn refuse_both(
        &self,
        given: impl IntoIterator<Item = Option<String>>,
    ) -> Result<(), ApiError> {
        let given: Vec<_> = given.into_iter().flatten().collect();
        let [one, .., other] = given.as_slice() else { return Ok(()) };
        let message = format!("{} takes `{one}` or `{other}`, not both.", self.model);
        Err(ApiError::invalid(other, message))
    }

    /// Reports what nobody has read, and ends the reading.
    pub fn finish(mut self, who: &str, endpoint: String, body: &impl Serialize) -> Translation {
        let unread = [
            ("image", self.last.is_some() || !self.images.is_empty()),
            (self.duration_param, self.duration.is_some()),
            ("fps", self.fps.is_some()),
            ("seed", self.seed.is_some()),
        ];
        for (field, _) in unread.into_iter().filter(|(_, is_there)| *is_there) {
            self.warn(field, format!("{who} has no `{field}`; it was left out."));
        }
        self.options.warn_of_rest(who, &mut self.warnings);
        Translation {
            model: self.model,
            endpoint,
            body: serde_json::to_vec(body).expect("the wire types have string keys only"),
            figures: Figures::default(),
            meaning: self.meaning,
            warnings: self.warnings,
        }
    }
}
