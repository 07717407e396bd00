//! A model that no vendor serves, and the names that its client may have meant.

use shared::api::{ApiError, routes, shortened};
use shared::dialects::{likely, listed};
use shared::task::{ApiKey, Vendor};

use super::Create;

impl Create {
    /// The refusal of a name that begins as no vendor's names do.
    pub(crate) fn unknown_model(&self, model: &str, key: &ApiKey) -> ApiError {
        let aliases = self.aliases.iter().map(|(alias, _)| alias.to_owned());
        let meant = likely(model).into_iter().flat_map(listed).map(str::to_owned);
        let names = aliases.chain(meant).filter(|name| key.may_use(name));
        let names: Vec<_> = names.filter(|_| likely(model).is_some()).collect();
        let known = match names.as_slice() {
            [] => {
                let beginnings = Vendor::ALL.map(|vendor| format!("{vendor}…")).join(", ");
                format!("names of models begin with {beginnings}")
            }
            names => format!("you may have meant one of {}", names.join(", ")),
        };
        let (model, list) = (shortened(model), routes::VIDEO_MODELS);
        ApiError::unknown_model(format!(
            "No vendor serves the model `{model}`; {known}. GET {list} lists all that there are."
        ))
    }
}
