//! What may become of a call, and how AWS says no.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::Call;

/// What becomes of a call. What is said of writes holds of reads, too.
#[derive(Debug)]
pub(crate) enum Fault {
    None,
    /// Refused, and nothing is written.
    Refuse(Refusal),
    /// Passed on when the test says so.
    Delay(oneshot::Receiver<()>),
    /// Neither passed on nor answered.
    Hang,
    /// The connection ends, and nothing is written.
    CutBefore,
    /// Written, and the connection ends without an answer.
    CutAfter,
    /// Written, and the answer is a 500.
    BreakAfter,
    /// The function dies, and nothing is written.
    KillBefore,
    /// Written, and the function dies before it hears of it.
    KillAfter,
}

/// Why AWS does not do what it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It has no capacity left.
    Throttled,
    /// It broke inside.
    Broken,
    /// The caller may not.
    Denied,
    /// The request is no good.
    Invalid,
    /// Somebody else writes the same at this moment: these of the writes of a transaction.
    Conflict(Vec<usize>),
}

impl Refusal {
    pub(super) fn response(&self, call: &Call) -> Response {
        let (status, body) = self.answer(call);
        super::json(status, body.to_string().into())
    }

    fn answer(&self, call: &Call) -> (StatusCode, Value) {
        let error = |kind: &str, message: &str| {
            let kind = format!("com.amazonaws.dynamodb.v20120810#{kind}");
            json!({ "__type": kind, "message": message, "Message": message })
        };
        let bad = StatusCode::BAD_REQUEST;
        match self {
            Self::Throttled => {
                (bad, error("ProvisionedThroughputExceededException", "no capacity left"))
            }
            Self::Broken => {
                let body = error("InternalServerError", "something broke inside");
                (StatusCode::INTERNAL_SERVER_ERROR, body)
            }
            Self::Denied => (bad, error("AccessDeniedException", "not allowed")),
            Self::Invalid => (bad, error("ValidationException", "no good request")),
            Self::Conflict(at) => match call.request["TransactItems"].as_array() {
                Some(writes) => {
                    let mut body = error("TransactionCanceledException", "cancelled");
                    let code = |index| {
                        if at.contains(&index) { "TransactionConflict" } else { "None" }
                    };
                    let reasons = (0..writes.len()).map(|index| json!({ "Code": code(index) }));
                    body["CancellationReasons"] = reasons.collect();
                    (bad, body)
                }
                None => (bad, error("TransactionConflictException", "a transaction is under way")),
            },
        }
    }
}
