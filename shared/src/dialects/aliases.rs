//! Public names of models, by which an operator hides the vendors' own.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::registry::vendor_of;
use crate::api::LONGEST_MODEL;

/// `{"my-video":"viduq1"}`
#[derive(Debug, Default)]
pub struct Aliases(BTreeMap<String, String>);

/// Why a text is no map of aliases.
#[derive(Debug)]
pub struct AliasError(String);

impl fmt::Display for AliasError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Aliases {
    /// The vendor's name for a model; a name without an alias is the vendor's own.
    pub fn resolve<'a>(&'a self, model: &'a str) -> &'a str {
        self.0.get(model).map_or(model, String::as_str)
    }

    /// Each alias with the vendor's name that it stands for.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(alias, model)| (alias.as_str(), model.as_str()))
    }
}

impl FromStr for Aliases {
    type Err = AliasError;

    fn from_str(json: &str) -> Result<Self, AliasError> {
        let aliases: BTreeMap<String, String> = serde_json::from_str(json).map_err(|error| {
            AliasError(format!("not a JSON object of model names to model names: {error}"))
        })?;
        if let Some((alias, _)) = aliases.iter().find(|(_, model)| model.len() > LONGEST_MODEL) {
            return Err(AliasError(format!("`{alias}` stands for a name of over 256 bytes")));
        }
        match aliases.iter().find(|(_, model)| vendor_of(model).is_none()) {
            Some((alias, model)) => {
                Err(AliasError(format!("`{alias}` stands for `{model}`, which no vendor serves")))
            }
            None => Ok(Self(aliases)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_stands_for_a_vendors_model_and_any_other_name_for_itself() {
        let aliases: Aliases = r#"{"my-video":"viduq1"}"#.parse().unwrap();
        assert_eq!(aliases.resolve("my-video"), "viduq1");
        assert_eq!(aliases.resolve("viduq2"), "viduq2");
        let long = |length: usize| format!(r#"{{"a":"vidu{}"}}"#, "x".repeat(length - 4));
        assert!(long(256).parse::<Aliases>().is_ok());
        for broken in ["", "[]", r#"{"a":1}"#, r#"{"a":"sora-2"}"#, &long(257)] {
            assert!(broken.parse::<Aliases>().is_err(), "{broken}");
        }
        let error = r#"{"a":"sora-2"}"#.parse::<Aliases>().expect_err("nobody's");
        assert_eq!(error.to_string(), "`a` stands for `sora-2`, which no vendor serves");
    }
}
