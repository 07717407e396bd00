//! The models that a client may use, and what each can do: OpenAI's list of their names, and
//! OpenRouter's list of their abilities.
//!
//! Both are made from the rows that requests are checked against, of vendors that this gateway
//! has an account with, as far as the key may use them. Beside the key no table is read.

use jiff::Timestamp;
use lambda_http::http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Request, RequestExt, Response};
use serde::Serialize;
use shared::api::{ApiError, http, routes, shortened};
use shared::auth;
use shared::crypto::digest::sha256;
use shared::dialects::{Capability, listed, vendor_of};
use shared::task::{ApiKey, Vendor};
use shared::vendors::Account;

use super::Query;

/// How long a client may go by a list: an operator's change is seen that much later.
const FOR_A_MINUTE: HeaderValue = HeaderValue::from_static("private, max-age=60");

#[derive(Serialize)]
struct List<T> {
    object: &'static str,
    data: Vec<T>,
}

/// A model in OpenAI's words.
#[derive(Serialize)]
struct Model {
    id: String,
    object: &'static str,
    created: i64,
    owned_by: Vendor,
}

impl From<Capability> for Model {
    fn from(capability: Capability) -> Self {
        let Capability { id, created, filmgate, .. } = capability;
        Self { id, object: "model", created, owned_by: filmgate.vendor }
    }
}

/// The same with all that it can do.
#[derive(Serialize)]
struct FullModel {
    object: &'static str,
    owned_by: Vendor,
    #[serde(flatten)]
    capability: Capability,
}

impl Query {
    /// What a route of models shows.
    pub(crate) async fn models(
        &self,
        route: &str,
        request: &Request,
        now: Timestamp,
    ) -> Result<Response<Body>, ApiError> {
        http::require_method(request, "GET")?;
        http::refuse_query(request)?;
        let key = auth::admit(&self.keys, request.headers(), now).await?;
        let accounts = self.lifecycle.vendors.accounts(now).await;
        let accounts = accounts.map_err(|_| ApiError::internal())?;
        let shown = Shown { query: self, key: &key, accounts: &accounts };
        let response = match route {
            routes::MODEL => {
                let parameters = request.path_parameters();
                let name = parameters.first("model").unwrap_or_default();
                http::json(StatusCode::OK, &shown.one(name)?)
            }
            routes::MODELS => {
                let data = shown.all().into_iter().map(Model::from).collect::<Vec<_>>();
                http::json(StatusCode::OK, &List { object: "list", data })
            }
            _ => http::json(StatusCode::OK, &List { object: "list", data: shown.all() }),
        };
        Ok(cacheable(response, request))
    }
}

/// What one key sees.
struct Shown<'a> {
    query: &'a Query,
    key: &'a ApiKey,
    accounts: &'a [Account],
}

impl Shown<'_> {
    /// Every model by its name, the operator's own names first. One of those that is a vendor's
    /// name as well stands for what the operator says.
    fn all(&self) -> Vec<Capability> {
        let aliases = &self.query.aliases;
        let listed = self.accounts.iter().flat_map(|account| listed(account.vendor));
        let listed = listed.filter(|name| aliases.iter().all(|(alias, _)| alias != *name));
        let aliased = aliases.iter().filter_map(|(alias, _)| self.find(alias));
        aliased.chain(listed.filter_map(|name| self.find(name))).collect()
    }

    fn one(&self, name: &str) -> Result<FullModel, ApiError> {
        let capability =
            self.find(name).ok_or_else(|| ApiError::model_not_found(&shortened(name)))?;
        Ok(FullModel { object: "model", owned_by: capability.filmgate.vendor, capability })
    }

    /// A model under the name that a client has for it, known or passed on.
    fn find(&self, name: &str) -> Option<Capability> {
        let model = self.query.aliases.resolve(name);
        let vendor = vendor_of(model)?;
        let serves = |account: &&Account| account.dialect().serves(model);
        let of_vendor = |account: &&Account| account.vendor == vendor;
        self.accounts.iter().find(of_vendor).filter(serves)?;
        let capability = Capability::of(model).filter(|_| self.key.may_use(name))?;
        Some(if model == name { capability } else { capability.under(name) })
    }
}

/// The answer, or a word that the client has it already.
fn cacheable(mut response: Response<Body>, request: &Request) -> Response<Body> {
    let tag = format!("\"{}\"", &sha256(response.body())[..32]);
    let known = request.headers().get_all(header::IF_NONE_MATCH).iter();
    let mut known = known.filter_map(|tags| tags.to_str().ok()).flat_map(|tags| tags.split(','));
    let is_known = |known: &str| known == "*" || known.trim_start_matches("W/") == tag;
    if known.any(|known| is_known(known.trim())) {
        response = Response::new(Body::Empty);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag.parse().expect("a digest fits a header"));
    headers.insert(header::CACHE_CONTROL, FOR_A_MINUTE);
    // Another key may use other models.
    headers.insert(header::VARY, HeaderValue::from_static("authorization"));
    response
}
