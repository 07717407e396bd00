//! What goes wrong at vendors, and what it means to a client.
//!
//! Each dialect sorts its vendor's codes into a [`Kind`]; the one table here
//! says which of our codes a kind is, and in which words.

use http::StatusCode;

use super::error::{Charged, Code, ErrorBody, VendorError};
use super::vendor::Vendor;

/// A vendor's error in the vendor's words, sorted into a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub kind: FaultKind,
    pub code: Option<String>,
    pub message: Option<String>,
    pub request_id: Option<String>,
    /// Seconds that the vendor asked us to wait.
    pub retry_after: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The request is wrong, e.g. a field, an image, a model.
    BadRequest,
    /// Moderation refused what was asked for, or what would always come of it.
    Moderation,
    /// Moderation refused what was made this time; the next may pass.
    OutputModeration,
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

impl FaultKind {
    /// Our code for it, and what a client reads after the vendor's name.
    fn meaning(self) -> (Code, &'static str) {
        match self {
            Self::BadRequest => (Code::VendorRejectedRequest, "refused the request"),
            Self::Moderation => (Code::ContentPolicyViolation, "refused the content"),
            Self::OutputModeration => {
                (Code::OutputRejected, "refused the video that it had made; another one may pass")
            }
            Self::NotFound => {
                (Code::VendorResourceNotFound, "does not know what the request names")
            }
            Self::Credentials => (
                Code::VendorCredentialsRefused,
                "refused this gateway's credentials; its operator has to act",
            ),
            Self::Permission => (
                Code::VendorPermissionDenied,
                "does not allow this gateway's account to do that; its operator has to act",
            ),
            Self::Balance => (
                Code::VendorBalanceExhausted,
                "finds no balance in this gateway's account; its operator has to act",
            ),
            Self::RateLimited => {
                (Code::VendorRateLimited, "has had too many requests; ask again later")
            }
            Self::Concurrency => (
                Code::VendorConcurrencyLimited,
                "is working on as many tasks as it may; ask again later",
            ),
            Self::Unavailable => (
                Code::VendorUnavailable,
                "is not available now, and nothing was made; ask again later",
            ),
            Self::Internal => (Code::VendorFailed, "failed inside"),
            Self::Cancelled => {
                (Code::CancelledAtVendor, "reports that the task was cancelled there")
            }
            Self::Expired => (Code::ExpiredAtVendor, "no longer has the task or its video"),
            Self::Unreadable => (Code::VendorUnreadable, "gave no answer that can be read"),
        }
    }

    /// Our code for it, the one in errors.
    pub fn code(self) -> Code {
        self.meaning().0
    }

    /// The meaning of a status that comes with a code of the vendor's own that is new to us.
    pub fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 => Self::Credentials,
            402 => Self::Balance,
            403 => Self::Permission,
            // Given up while it was being worked on: it may have been done.
            408 | 499 => Self::Internal,
            429 => Self::RateLimited,
            // That something does not exist, only the vendor's own words say.
            400..=498 => Self::BadRequest,
            _ => Self::Internal,
        }
    }

    /// The meaning of a status without a word of the vendor's: somebody between us may have
    /// answered. Only what nobody says of a request that was passed on is a refusal.
    pub fn of_status_alone(status: StatusCode) -> Self {
        match status.as_u16() {
            401 => Self::Credentials,
            403 => Self::Permission,
            405 | 413 => Self::BadRequest,
            429 => Self::RateLimited,
            408 | 499..=599 => Self::Internal,
            _ => Self::Unreadable,
        }
    }

    /// Whether the vendor may have made a task of a submission that was answered like this.
    pub fn leaves_it_open(self) -> bool {
        matches!(self, Self::Internal | Self::Unreadable)
    }

    /// Whether an operator, and nobody else, can mend it.
    pub fn is_operators(self) -> bool {
        matches!(self, Self::Credentials | Self::Permission | Self::Balance)
    }
}

impl Fault {
    pub fn new(kind: FaultKind) -> Self {
        Self { kind, code: None, message: None, request_id: None, retry_after: None }
    }

    pub fn with_message(kind: FaultKind, message: impl Into<String>) -> Self {
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
        let (our_code, words) = self.kind.meaning();
        let Self { code, message: vendor_message, request_id, .. } = self.presentable();
        let mut message = format!("{vendor} {words}");
        if let Some(words) = &vendor_message {
            message.push_str(": ");
            message.push_str(words);
        }
        if let Some(code) = &code {
            message.push_str(&format!(" ({code})"));
        }
        let vendor =
            VendorError { name: vendor.to_string(), code, message: vendor_message, request_id };
        ErrorBody { charged, vendor: Some(vendor), ..ErrorBody::new(our_code, message) }
    }
}

const LONGEST_CODE: usize = 100;
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
                FaultKind::BadRequest,
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
    fn a_long_word_is_an_image_or_a_key() {
        let words = |word: String| Fault::with_message(FaultKind::BadRequest, word).presentable();
        assert_eq!(words("x".repeat(60)).message, Some("x".repeat(60)));
        assert_eq!(words("x".repeat(61)).message.as_deref(), Some("[…]"));
        assert_eq!(words("x ".repeat(400)).message.map(|text| text.len()), Some(500));
        let code = Fault { code: Some("x".repeat(101)), ..Fault::new(FaultKind::BadRequest) };
        assert_eq!(code.presentable().code.map(|code| code.len()), Some(100));
    }

    /// What leaves it open may never be told as a refusal.
    #[test]
    fn a_status_alone_refuses_only_where_nobody_passed_the_request_on() {
        for status in 100..=599 {
            let status = StatusCode::from_u16(status).expect("a status");
            let is_plain = [401, 403, 405, 413, 429].contains(&status.as_u16());
            assert_eq!(!FaultKind::of_status_alone(status).leaves_it_open(), is_plain, "{status}");
            let is_clients = status.is_client_error() && ![408, 499].contains(&status.as_u16());
            assert_eq!(!FaultKind::of_status(status).leaves_it_open(), is_clients, "{status}");
            assert_ne!(FaultKind::of_status(status), FaultKind::NotFound, "{status}");
            assert_ne!(FaultKind::of_status_alone(status), FaultKind::NotFound, "{status}");
        }
    }

    #[test]
    fn a_status_has_its_meaning_with_and_without_the_vendors_word() {
        use FaultKind::{
            BadRequest, Balance, Credentials, Internal, Permission, RateLimited, Unreadable,
        };
        let rows = [
            (200, Internal, Unreadable),
            (302, Internal, Unreadable),
            (400, BadRequest, Unreadable),
            (401, Credentials, Credentials),
            (402, Balance, Unreadable),
            (403, Permission, Permission),
            (404, BadRequest, Unreadable),
            (405, BadRequest, BadRequest),
            (408, Internal, Internal),
            (413, BadRequest, BadRequest),
            (429, RateLimited, RateLimited),
            (498, BadRequest, Unreadable),
            (499, Internal, Internal),
            (500, Internal, Internal),
            (599, Internal, Internal),
        ];
        for (status, with, without) in rows {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(FaultKind::of_status(status), with, "{status}");
            assert_eq!(FaultKind::of_status_alone(status), without, "{status}");
        }
    }

    #[test]
    fn what_a_vendor_repeats_of_the_request_or_the_account_stays_inside() {
        let image = "A".repeat(10_000);
        let fault = Fault {
            code: Some("x".repeat(10_000)),
            request_id: Some("y".repeat(10_000)),
            ..Fault::with_message(
                FaultKind::RateLimited,
                format!("{image} data:image/png;base64,AAAA"),
            )
        };
        let body = fault.body(Vendor::Vidu, Charged::No).to_json().to_string();
        assert!(!body.contains("AAAA") && body.len() < 2_000, "{body}");

        let fault = Fault::with_message(FaultKind::Credentials, "invalid token vda_mykey");
        assert!(!fault.body(Vendor::Vidu, Charged::No).to_json().to_string().contains("vda_mykey"));
    }
}
