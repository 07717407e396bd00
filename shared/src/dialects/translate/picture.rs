//! What becomes of a size: the ratio and the resolution, in whatever fields a vendor has for them.

use std::fmt::Display;

use super::model::{Choice, Resolution, one_of};
use super::reader::Reader;
use crate::api::{ApiError, shortened};

impl Reader {
    /// The ratio: the vendor's own option, or else that of the size.
    pub fn ratio(&mut self) -> Result<Option<String>, ApiError> {
        let (row, model) = (self.row, self.model.clone());
        if !row.ratio_with.contains(&self.input) {
            if let Some((_, param)) = self.size {
                self.warn(param, format!("{model} takes the aspect ratio from the image."));
            }
            return Ok(None);
        }
        let field = "aspect_ratio";
        let allowed = row.ratios.values();
        let own = self.options.take_text(field)?.filter(|ratio| !ratio.is_empty());
        let of_size = self.size.and_then(|(size, _)| size.ratio_among(allowed));
        match (own, self.size) {
            (Some(own), _) if row.ratios.refuses(|it| *it == own) => {
                Err(self.is_none_of(&self.param(field), allowed, &own))
            }
            (Some(own), size) => {
                if let Some((_, param)) = size
                    && of_size != Some(own.as_str())
                {
                    self.used_instead(param, field);
                }
                Ok(Some(own))
            }
            (None, Some((size, param))) => match of_size {
                Some(ratio) => Ok(Some(ratio.to_owned())),
                None if matches!(row.ratios, Choice::Guessed(_)) => {
                    self.warn(param, format!("No aspect ratio that we know fits {size}."));
                    Ok(None)
                }
                None => Err(self.is_none_of(param, allowed, &size)),
            },
            (None, None) if row.needs_ratio => {
                let param = self.param(field);
                Err(ApiError::missing(&param, format!("{model} needs `{param}` or `size`.")))
            }
            (None, None) => Ok(None),
        }
    }

    /// The resolution in the vendor's own option, or else the best of the vendor's that the
    /// size reaches. A model that lets none choose is asked for none.
    pub fn resolution(
        &mut self,
        field: &str,
        vendors: &[Resolution],
    ) -> Result<Option<String>, ApiError> {
        let allowed = self.row.resolutions;
        if allowed.values().is_empty() {
            if let Some((size, param)) = self.size {
                let model = &self.model;
                let message = format!("{model} chooses the resolution itself, {size} or another.");
                self.warn(param, message);
            }
            return Ok(None);
        }
        let of_class =
            |class| vendors.iter().find(|resolution| Some(resolution.class) == class).copied();
        let classes: Vec<_> = vendors.iter().map(|resolution| resolution.class).collect();
        let own = self.options.take_text(field)?;
        let (param, name, got) = match (own, self.size) {
            (None, None) => return Ok(None),
            (Some(own), size) => {
                if let Some((size, param)) = size
                    && of_class(size.class_among(&classes)).is_none_or(|it| it.name != own)
                {
                    self.used_instead(param, field);
                }
                (self.param(field), own.clone(), own)
            }
            (None, Some((size, param))) => {
                let class = size.class_below(&classes);
                let name = of_class(class).map_or("", |resolution| resolution.name).to_owned();
                if !class.is_some_and(|class| size.has_class(class)) {
                    let model = &self.model;
                    let message =
                        format!("{model} has no {field} for {size}; {name} was asked for.");
                    self.warn(param, message);
                }
                (param.to_owned(), name, size.to_string())
            }
        };
        if allowed.refuses(|resolution| resolution.name == name) {
            return Err(self.is_none_of(&param, allowed.values(), &got));
        }
        Ok(Some(name))
    }

    fn is_none_of(&self, param: &str, allowed: &[impl Display], got: &dyn Display) -> ApiError {
        let got = got.to_string();
        let (model, allowed, got) = (&self.model, one_of(allowed), shortened(&got));
        let message = format!("{model} makes {allowed}, not {got}.");
        ApiError::invalid(param, message)
    }
}
