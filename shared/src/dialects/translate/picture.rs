//! What becomes of a size: the ratio and the resolution, in whatever fields a vendor has for them.

use std::borrow::Cow;
use std::fmt::Display;

use super::model::{Choice, Resolution, one_of};
use super::reader::Reader;
use crate::api::{ApiError, shortened};

/// A resolution in the words that all APIs have for it.
#[derive(Debug)]
pub struct Common {
    pub word: String,
    /// The quality class: 1080 for 1080p. None for a word that nobody knows.
    pub class: Option<u32>,
}

impl Reader {
    /// The ratio: the vendor's own option, or else that of the size.
    pub fn ratio(&mut self) -> Result<Option<String>, ApiError> {
        let ratio = self.chosen_ratio()?;
        let (row, input) = (self.row, self.input);
        let usual =
            row.default_ratio.filter(|_| !row.is_family() && row.ratio_with.contains(&input));
        self.meaning.ratio = ratio.clone().map(Cow::Owned).or(usual.map(Cow::Borrowed));
        Ok(ratio)
    }

    fn chosen_ratio(&mut self) -> Result<Option<String>, ApiError> {
        let (row, model) = (self.row, self.model.clone());
        if !row.ratio_with.contains(&self.input) {
            if let Some((_, param)) = self.size {
                self.warn(param, format!("{model} takes the aspect ratio from the image."));
            }
            return Ok(None);
        }
        let field = "aspect_ratio";
        let allowed = row.ratios.values();
        let is_outer = self.options.is_outer(field);
        let own = self.options.take_text(field)?.filter(|ratio| !ratio.is_empty());
        let of_size = self.size.and_then(|(size, _)| size.ratio_among(allowed));
        match (own, self.size) {
            (Some(own), _) if row.ratios.refuses(|it| *it == own) => {
                Err(self.is_none_of(&self.param(field), allowed, &own))
            }
            (Some(own), size) => {
                if let Some((size, param)) = size
                    && of_size != Some(own.as_str())
                {
                    if is_outer {
                        return Err(contradiction(field, &own, param, &size));
                    }
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
    pub fn resolution(&mut self, vendors: &[Resolution]) -> Result<Option<String>, ApiError> {
        let allowed = self.row.resolutions;
        let field = self.row.resolution_field.filter(|_| !allowed.values().is_empty());
        let Some(field) = field else {
            if let Some((size, param)) = self.size {
                let model = &self.model;
                let message = format!("{model} chooses the resolution itself, {size} or another.");
                self.warn(param, message);
            }
            return Ok(None);
        };
        let of_class =
            |class| vendors.iter().find(|resolution| Some(resolution.class) == class).copied();
        let classes: Vec<_> = vendors.iter().map(|resolution| resolution.class).collect();
        let common = self.common_resolution()?;
        let own = self.options.take_text(field)?;
        if own.is_some() && common.is_some() {
            self.used_instead("resolution", field);
        }
        let (param, name, got) = match (own, common, self.size) {
            (None, None, None) => {
                self.meaning.class = self.row.default_class();
                return Ok(None);
            }
            (Some(own), _, size) => {
                if let Some((size, param)) = size
                    && of_class(size.class_among(&classes)).is_none_or(|it| it.name != own)
                {
                    self.used_instead(param, field);
                }
                (self.param(field), own.clone(), own)
            }
            (None, Some(Common { word, class }), size) => {
                if let Some((size, param)) = size
                    && !class.is_some_and(|class| size.has_class(class))
                {
                    return Err(contradiction("resolution", &word, param, &size));
                }
                let name = of_class(class).map_or(word.as_str(), |resolution| resolution.name);
                ("resolution".to_owned(), name.to_owned(), word)
            }
            (None, None, Some((size, param))) => {
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
        let known = vendors.iter().find(|resolution| resolution.name == name);
        self.meaning.class = known.map(|resolution| resolution.class);
        Ok(Some(name))
    }

    /// The resolution at the top level, where other APIs have it, whatever the vendor calls it.
    pub fn common_resolution(&mut self) -> Result<Option<Common>, ApiError> {
        if !self.options.is_outer("resolution") {
            return Ok(None);
        }
        let word = self.options.take_text("resolution")?.filter(|word| !word.trim().is_empty());
        Ok(word.map(|word| Common { class: class_of(&word), word }))
    }

    fn is_none_of(&self, param: &str, allowed: &[impl Display], got: &dyn Display) -> ApiError {
        let got = got.to_string();
        let (model, allowed, got) = (&self.model, one_of(allowed), shortened(&got));
        let message = format!("{model} makes {allowed}, not {got}.");
        ApiError::invalid(param, message)
    }
}

/// The quality class that a word means: `1080p`, `1080`, `4k`.
fn class_of(word: &str) -> Option<u32> {
    let word = word.trim().to_ascii_lowercase();
    match word.as_str() {
        "2k" => Some(1440),
        "4k" => Some(2160),
        word => word.strip_suffix('p').unwrap_or(word).parse().ok(),
    }
}

/// What is refused where two fields at the top level say two things.
pub(super) fn contradiction(
    field: &str,
    said: &str,
    other: &str,
    other_said: &dyn Display,
) -> ApiError {
    let said = shortened(said);
    ApiError::invalid(field, format!("`{field}` says {said}, `{other}` says {other_said}."))
}
