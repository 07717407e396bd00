//! A line of the log, with the metrics that CloudWatch takes from it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::origin::{Origin, current_origin};

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
        if let Some(origin) = current_origin() {
            self.sign(&origin);
        }
        let Self { fields, metrics } = self;
        let (fields, metrics) = (json(&fields), json(&metrics));
        tracing::info!(target: LINE, fields, metrics);
    }

    /// Says which request the line belongs to.
    pub(super) fn sign(&mut self, origin: &Origin) {
        self.set("function", origin.function);
        if !origin.request_id.is_empty() {
            self.set("request_id", origin.request_id.as_str());
        }
        if let Some(trace) = &origin.trace {
            self.set("trace", trace.as_str());
        }
    }
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
