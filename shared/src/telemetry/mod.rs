//! What is seen from outside: lines of JSON, one per invocation, look, ended task and so on,
//! from which CloudWatch also takes the metrics (its embedded metric format).
//!
//! Lines go through `tracing`, so that whoever runs the code decides where they end:
//! in AWS that is [`log`], on a developer's machine the terminal, in tests a test.
//! What a line holds are ids, names, codes and numbers: no prompt, image, key,
//! secret, address or vendor's sentence is ever a field.

pub mod http;
pub mod log;
mod waiting;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use waiting::Waiting;
pub(crate) use waiting::WaitsForVendor;

/// The target of the events that are lines.
pub const LINE: &str = "filmgate::line";

/// Where CloudWatch keeps the metrics.
const NAMESPACE: &str = "Filmgate";

#[derive(Clone, Copy, Debug, Serialize)]
pub enum Unit {
    Count,
    Milliseconds,
    Seconds,
}

/// A line to be written, with the metrics that are taken from it.
#[derive(Clone, Debug, Default)]
pub struct Line {
    fields: BTreeMap<&'static str, Value>,
    metrics: Vec<Metric>,
}

/// A field that is a metric, as CloudWatch wants it described.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    namespace: &'static str,
    dimensions: Vec<Vec<&'static str>>,
    metrics: [Measured; 1],
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Measured {
    name: &'static str,
    unit: Unit,
}

impl Line {
    /// What the line is about, always by the same words.
    pub fn new(message: &'static str) -> Self {
        Self::default().with("message", message)
    }

    pub fn with(mut self, field: &'static str, value: impl Into<Value>) -> Self {
        self.set(field, value);
        self
    }

    pub fn set(&mut self, field: &'static str, value: impl Into<Value>) {
        self.fields.insert(field, value.into());
    }

    /// A metric, once for the whole stack or once for each of the sets of fields by
    /// which it is divided.
    pub fn metric(
        mut self,
        name: &'static str,
        unit: Unit,
        value: impl Into<Value>,
        divided_by: &[&[&'static str]],
    ) -> Self {
        self.measure(name, unit, value, divided_by);
        self
    }

    pub fn measure(
        &mut self,
        name: &'static str,
        unit: Unit,
        value: impl Into<Value>,
        divided_by: &[&[&'static str]],
    ) {
        let dimensions = divided_by.iter().map(|fields| [&["stack"], *fields].concat()).collect();
        self.set(name, value);
        let metrics = [Measured { name, unit }];
        self.metrics.push(Metric { namespace: NAMESPACE, dimensions, metrics });
    }

    /// Writes it, with the request that it belongs to.
    pub fn write(mut self) {
        if let Ok(origin) = INVOCATION.try_with(|invocation| invocation.borrow().origin.clone()) {
            origin.sign(&mut self);
        }
        let Self { fields, metrics } = self;
        let (fields, metrics) = (json(&fields), json(&metrics));
        tracing::info!(target: LINE, fields, metrics);
    }
}

/// Which request it is, for lines that belong together.
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

    fn sign(&self, line: &mut Line) {
        line.set("function", self.function);
        if !self.request_id.is_empty() {
            line.set("request_id", self.request_id.as_str());
        }
        if let Some(trace) = &self.trace {
            line.set("trace", trace.as_str());
        }
    }
}

struct Invocation {
    origin: Origin,
    line: Line,
    waiting: Waiting,
}

tokio::task_local! {
    static INVOCATION: RefCell<Invocation>;
}

/// Does the work of one invocation, and writes its line at the end, with what the
/// work has told of itself on its way and `finish` makes of its result.
pub async fn invocation<T>(
    origin: Origin,
    message: &'static str,
    work: impl Future<Output = T>,
    finish: impl FnOnce(&T, &mut Line),
) -> T {
    let began = Instant::now();
    let invocation = Invocation { origin, line: Line::new(message), waiting: Waiting::default() };
    let scope = async {
        let result = work.await;
        let (mut line, vendors) = INVOCATION.with(|invocation| {
            let mut invocation = invocation.borrow_mut();
            (std::mem::take(&mut invocation.line), invocation.waiting.total())
        });
        finish(&result, &mut line);
        let (took, own) = (began.elapsed(), began.elapsed().saturating_sub(vendors));
        line.set("duration_ms", millis(took));
        line.set("vendor_ms", millis(vendors));
        line.metric("GatewayTime", Unit::Milliseconds, millis(own), &[&["function"]]).write();
        result
    };
    INVOCATION.scope(RefCell::new(invocation), scope).await
}

/// Writes that an invocation panicked, and so has no line of its own.
pub(crate) fn panicked(origin: &Origin) {
    let mut line = Line::new("panic");
    origin.sign(&mut line);
    line.metric("Panics", Unit::Count, 1, &[&[], &["function"]]).write();
}

/// Tells something of the invocation at hand, for its line.
pub fn tell(tell: impl FnOnce(&mut Line)) {
    // Outside of one, as in a test of a part, nobody listens.
    let _ = INVOCATION.try_with(|invocation| tell(&mut invocation.borrow_mut().line));
}

/// The request at hand, for lines that are written on the way.
fn origin() -> Option<Origin> {
    INVOCATION.try_with(|invocation| invocation.borrow().origin.clone()).ok()
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("names, texts and numbers are JSON")
}

/// In milliseconds, to the tenth.
pub fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_metric_is_divided_by_fields_of_its_line() {
        let line = Line::new("ended").with("vendor", "vidu").metric(
            "EndToEndTime",
            Unit::Milliseconds,
            4_200,
            &[&[], &["vendor"]],
        );
        assert_eq!(
            json!(line.metrics),
            json!([{
                "Namespace": "Filmgate",
                "Dimensions": [["stack"], ["stack", "vendor"]],
                "Metrics": [{ "Name": "EndToEndTime", "Unit": "Milliseconds" }],
            }])
        );
        assert_eq!(line.fields["EndToEndTime"], 4_200);
    }
}
