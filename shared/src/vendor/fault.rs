//! What goes wrong at vendors, and what it means to a client.
//!
//! Each dialect sorts its vendor's codes into a [`Kind`]; the one table here
//! says what a kind is worth: status, our own code, may it be asked again.

use http::StatusCode;

use super::Vendor;
use crate::api::error::VendorError;
use crate::api::{ApiError, Charged, ErrorBody};

/// A vendor's error in the vendor's words, sorted into a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub kind: Kind,
    pub code: Option<String>,
    pub message: Option<String>,
    pub request_id: Option<String>,
    /// Seconds that the vendor asked us to wait.
    pub retry_after: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request is wrong, e.g. a field, an image, a model.
    BadRequest,
    /// Input or output was refused by moderation.
    Moderation,
    /// What the request speaks of does not exist.
    NotFound,
    /// The operator's credentials are refused.
    Credentials,
    /// The operator's account may not do this.
    Permission,
    /// The operator's account has no money left.
    Balance,
    /// Too many requests.
    RateLimited,
    /// Too many tasks at once.
    Concurrency,
    /// The vendor cannot now, and surely did not.
    Unavailable,
    /// The vendor broke.
    Internal,
    /// Somebody cancelled the task at the vendor.
    Cancelled,
    /// The vendor no longer knows how the task ended.
    Expired,
    /// The answer made no sense, or none came.
    Unreadable,
}

/// What a kind means to a client: a row of the table of answers.
struct Meaning {
    status: StatusCode,
    kind: &'static str,
    code: &'static str,
    retryable: bool,
    message: &'static str,
}

impl Kind {
    fn meaning(self) -> Meaning {
        let row = |status, kind, code, retryable, message| Meaning {
            status,
            kind,
            code,
            retryable,
            message,
        };
        let (request, account, busy, vendor) =
            ("invalid_request_error", "vendor_account_error", "rate_limit_error", "vendor_error");
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        const GATEWAY: StatusCode = StatusCode::BAD_GATEWAY;
        const BUSY: StatusCode = StatusCode::TOO_MANY_REQUESTS;
        const DOWN: StatusCode = StatusCode::SERVICE_UNAVAILABLE;
        match self {
            Self::BadRequest => {
                row(BAD, request, "vendor_rejected_request", false, "refused the request")
            }
            Self::Moderation => {
                row(BAD, request, "content_policy_violation", false, "refused the content")
            }
            Self::NotFound => row(
                BAD,
                request,
                "vendor_resource_not_found",
                false,
                "does not know what the request names",
            ),
            Self::Credentials => row(
                GATEWAY,
                account,
                "vendor_credentials_refused",
                false,
                "refused this gateway's credentials; its operator has to act",
            ),
            Self::Permission => row(
                GATEWAY,
                account,
                "vendor_permission_denied",
                false,
                "does not allow this gateway's account to do that; its operator has to act",
            ),
            Self::Balance => row(
                GATEWAY,
                account,
                "vendor_balance_exhausted",
                false,
                "finds no balance in this gateway's account; its operator has to act",
            ),
            Self::RateLimited => row(
                BUSY,
                busy,
                "vendor_rate_limited",
                true,
                "has had too many requests; ask again later",
            ),
            Self::Concurrency => row(
                BUSY,
                busy,
                "vendor_concurrency_limited",
                true,
                "is working on as many tasks as it may; ask again later",
            ),
            Self::Unavailable => row(
                DOWN,
                vendor,
                "vendor_unavailable",
                true,
                "is not available now, and nothing was made; ask again later",
            ),
            Self::Internal => row(DOWN, vendor, "vendor_failed", true, "failed inside"),
            Self::Cancelled => row(
                BAD,
                vendor,
                "cancelled_at_vendor",
                false,
                "reports that the task was cancelled there",
            ),
            Self::Expired => {
                row(BAD, vendor, "expired_at_vendor", true, "no longer has the task or its film")
            }
            Self::Unreadable => {
                row(DOWN, vendor, "vendor_unreadable", true, "gave no answer that can be read")
            }
        }
    }

    /// Our word for it, the one in errors.
    pub fn code(self) -> &'static str {
        self.meaning().code
    }

    /// All there is to go by when the vendor's own code says nothing to us.
    pub fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 => Self::Credentials,
            402 => Self::Balance,
            403 => Self::Permission,
            404 => Self::NotFound,
            // Given up while it was being worked on: it may have been done.
            408 | 499 => Self::Internal,
            429 => Self::RateLimited,
            400..=498 => Self::BadRequest,
            _ => Self::Internal,
        }
    }

    /// Whether an operator, and nobody else, can mend it.
    pub fn is_operators(self) -> bool {
        matches!(self, Self::Credentials | Self::Permission | Self::Balance)
    }
}

impl Fault {
    pub fn new(kind: Kind) -> Self {
        Self { kind, code: None, message: None, request_id: None, retry_after: None }
    }

    pub fn with_message(kind: Kind, message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..Self::new(kind) }
    }

    /// Short enough to be kept, and without what nobody else may read.
    pub fn presentable(&self) -> Self {
        let short = |text: &String| text.chars().take(LONGEST_CODE).collect();
        Self {
            kind: self.kind,
            code: self.code.as_ref().map(short),
            // What is wrong with the operator's account is not the client's to read.
            message: self.message.as_deref().filter(|_| !self.kind.is_operators()).map(presentable),
            request_id: self.request_id.as_ref().map(short),
            retry_after: self.retry_after,
        }
    }

    /// The body of an error, as a failed task keeps it.
    pub fn body(&self, vendor: Vendor, charged: Charged) -> ErrorBody {
        let meaning = self.kind.meaning();
        let Self { code, message: vendor_message, request_id, .. } = self.presentable();
        let mut message = format!("{vendor} {}", meaning.message);
        if let Some(words) = &vendor_message {
            message.push_str(": ");
            message.push_str(words);
        }
        if let Some(code) = &code {
            message.push_str(&format!(" ({code})"));
        }
        ErrorBody {
            code: meaning.code.to_owned(),
            message,
            param: None,
            kind: meaning.kind.to_owned(),
            retryable: meaning.retryable,
            charged,
            vendor: Some(VendorError {
                name: vendor.to_string(),
                code,
                message: vendor_message,
                request_id,
            }),
        }
    }

    /// The answer to a client whose submission was refused: nothing was made of it.
    pub fn refusal(&self, vendor: Vendor) -> ApiError {
        let status = self.kind.meaning().status;
        let waits =
            status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE;
        ApiError {
            status,
            body: Box::new(self.body(vendor, Charged::No)),
            retry_after: waits.then(|| self.retry_after.unwrap_or(5).min(LONGEST_WAIT)),
            allow: None,
        }
    }
}

const LONGEST_CODE: usize = 100;
/// An hour; a client that is told to wait longer had better be told nothing.
const LONGEST_WAIT: u32 = 3600;

/// A vendor's words, fit for a client: addresses may hold tokens or signatures,
/// and long words are images or keys.
fn presentable(message: &str) -> String {
    const LONGEST: usize = 500;
    const LONGEST_WORD: usize = 60;
    let words: Vec<_> = message
        .split_whitespace()
        .map(|word| match word {
            word if word.contains("://") => "[address]",
            word if word.starts_with("data:") || word.len() > LONGEST_WORD => "[…]",
            word => word,
        })
        .collect();
    words.join(" ").chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendors_words_reach_the_client_without_addresses() {
        let fault = Fault {
            code: Some("FieldInvalid".to_owned()),
            ..Fault::with_message(
                Kind::BadRequest,
                "cannot call https://gw.example/v1/callbacks/x now",
            )
        };
        let body = fault.body(Vendor::Vidu, Charged::No);
        assert_eq!(
            body.message,
            "vidu refused the request: cannot call [address] now (FieldInvalid)"
        );
        assert!(!body.to_json().to_string().contains("gw.example"));
    }

    #[test]
    fn what_a_vendor_repeats_of_the_request_or_the_account_stays_inside() {
        let image = "A".repeat(10_000);
        let fault = Fault {
            code: Some("x".repeat(10_000)),
            request_id: Some("y".repeat(10_000)),
            retry_after: Some(u32::MAX),
            ..Fault::with_message(Kind::RateLimited, format!("{image} data:image/png;base64,AAAA"))
        };
        let refusal = fault.refusal(Vendor::Vidu);
        let body = refusal.body.to_json().to_string();
        assert!(!body.contains("AAAA") && body.len() < 2_000, "{body}");
        assert_eq!(refusal.retry_after, Some(3600));

        let fault = Fault::with_message(Kind::Credentials, "invalid token vda_mykey");
        assert!(!fault.body(Vendor::Vidu, Charged::No).to_json().to_string().contains("vda_mykey"));
    }

    #[test]
    fn the_operators_troubles_are_never_the_clients_401() {
        for kind in [Kind::Credentials, Kind::Permission, Kind::Balance] {
            let refusal = Fault::new(kind).refusal(Vendor::Vidu);
            assert_eq!(refusal.status, 502, "{kind:?}");
            assert!(!refusal.body.retryable, "{kind:?}: it needs a person first");
        }
    }

    #[test]
    fn a_busy_vendor_says_when_to_ask_again() {
        for (kind, status) in
            [(Kind::RateLimited, 429), (Kind::Concurrency, 429), (Kind::Unavailable, 503)]
        {
            let fault = Fault { retry_after: Some(7), ..Fault::new(kind) };
            let refusal = fault.refusal(Vendor::Vidu);
            assert_eq!(
                (refusal.status.as_u16(), refusal.retry_after),
                (status, Some(7)),
                "{kind:?}"
            );
            assert!(refusal.body.retryable, "{kind:?}");
        }
    }
}
