//! The request that lines of the log belong to.

/// The request that a line belongs to, so that lines of one request are found together.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The function's name.
    pub function: &'static str,
    /// Lambda's id of the invocation.
    pub request_id: String,
    /// The header that traces carry.
    pub trace: Option<String>,
}

impl Origin {
    /// An invocation of this function that nobody has given an id.
    pub fn new(function: &'static str) -> Self {
        Self { function, ..Self::default() }
    }

    /// An invocation as Lambda describes it.
    pub fn of(function: &'static str, context: &lambda_http::Context) -> Self {
        let (request_id, trace) = (context.request_id.clone(), context.xray_trace_id.clone());
        Self { function, request_id, trace }
    }
}

tokio::task_local! {
    pub(super) static ORIGIN: Origin;
}

/// The request at hand, for lines that are written on the way.
pub fn current_origin() -> Option<Origin> {
    ORIGIN.try_with(Origin::clone).ok()
}
